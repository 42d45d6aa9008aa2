/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/obj.h"

#include "config/conf_priv.h"
#include "net/http.h"

/* Folder of a map's path, or its name on the search list. */
static const char *
map_of(struct conf *c, const struct conf_source *raw)
{
	/* The shipped maps are named as their APIs. */
	if (raw->map == NULL && raw->api != NULL)
		return conf__keep(c, xasprintf("%s.map", raw->api));
	if (raw->map == NULL || strchr(raw->map, '/') == NULL)
		return raw->map;
	return conf__path(c, raw->map);
}

/* Sources may share a map: it is compiled, and its faults are told, once. */
static struct map *
compile_map(struct conf *c, const struct conf_source *raw, const char *name,
    uint64_t *print)
{
	void *ctx = c->map_path;
	struct buf text, path;
	struct map *map = NULL;
	struct err e;

	for (size_t i = 0; i < c->n_maps; i++) {
		if (strcmp(c->maps[i].name, name) != 0)
			continue;
		*print = c->maps[i].print;
		return c->maps[i].map;
	}
	/* A missing map is told where it is named. */
	buf_init(&text, KF_FILE_MAX + 1);
	buf_init(&path, KF_LINE_MAX);
	if (config_map_load(ctx, name, NULL, &text, &path, &e) == -1)
		conf__fault(c, raw->section, "map", "%s", e.text);
	else
		map = conf__compile_map(c, name, print);
	buf_fini(&text);
	buf_fini(&path);
	c->maps =
	    array_grow(c->maps, c->n_maps, &c->maps_cap, sizeof(c->maps[0]));
	c->maps[c->n_maps++] =
	    (struct conf_map){ .name = name, .map = map, .print = *print };
	return map;
}

static void
rule_times(struct conf *c, const struct conf_source *raw)
{
	/* What lies in the overlap is read again and again: forgotten, it
	   would be sent again and again. */
	if (raw->remember < raw->overlap) {
		conf__fault(c, raw->section,
		    kf_find(raw->section, "remember") != NULL ? "remember" :
								"overlap",
		    "\"remember\" is shorter than \"overlap\": alerts would "
		    "be sent twice; make it longer");
	}
	if (raw->start > raw->retention) {
		conf__fault(c, raw->section,
		    kf_find(raw->section, "start") != NULL ? "start" :
							     "retention",
		    "\"start\" is longer than \"retention\": the API cannot "
		    "answer so far back; make it shorter");
	}
	/* What a test asks of its own server, Microsoft's throttles. */
	if (raw->poll_interval < 1000 &&
	    (raw->base_url == NULL || !url_is_of_this_host(raw->base_url))) {
		conf__fault(c, raw->section, "poll-interval",
		    "\"poll-interval\" is shorter than 1s, which only a "
		    "\"base-url\" of this host may be asked for; make it "
		    "longer");
	}
}

static void
rule_page_size(
    struct conf *c, const struct conf_source *raw, const struct api *api)
{
	if (api == NULL || raw->page_size == 0)
		return;
	if (api->page_size == 0) {
		conf__fault(c, raw->section, "page-size",
		    "API \"%s\" has no pages; remove the line", api->name);
	} else if (api->page_max != 0 && raw->page_size > api->page_max) {
		conf__fault(c, raw->section, "page-size",
		    "API \"%s\" takes at most %u", api->name, api->page_max);
	}
}

static void
rule_filter(
    struct conf *c, const struct conf_source *raw, const struct api *api)
{
	if (api == NULL || raw->filter == NULL || api_takes_filter(api))
		return;
	conf__fault(c, raw->section, "filter",
	    "API \"%s\" takes no filter; remove the line", api->name);
}

static void
rule_proxy(
    struct conf *c, const struct conf_source *raw, struct http_route *route)
{
	char *password = NULL;
	struct err e;

	route->ca_file = raw->ca_file;
	if (raw->ca_file != NULL &&
	    dest_tls_check(
		&(const struct dest_tls){ .ca_file = raw->ca_file }, &e) == -1)
		conf__fault(c, raw->section, "ca-file", "%s", e.text);
	route->proxy = raw->proxy;
	route->proxy_user = raw->proxy_user;
	if (raw->proxy_user != NULL && kf_find(raw->section, "proxy") == NULL) {
		conf__fault(c, raw->section, "proxy-user",
		    "\"proxy-user\" without \"proxy\"");
	}
	if (raw->proxy_password_file == NULL)
		return;
	if (kf_find(raw->section, "proxy-user") == NULL) {
		conf__fault(c, raw->section, "proxy-password-file",
		    "\"proxy-password-file\" without \"proxy-user\"");
	}
	if (conf__read_secret(raw->proxy_password_file, &password, &e) == -1) {
		conf__fault(
		    c, raw->section, "proxy-password-file", "%s", e.text);
		return;
	}
	route->proxy_password = conf__keep_secret(c, password);
}

static void
rule_tenants(struct conf *c, const struct conf_source *raw)
{
	for (size_t i = 1; i < raw->tenant.n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (strcasecmp(raw->tenant.v[i].text,
				raw->tenant.v[k].text) != 0)
				continue;
			conf__fault_word(c, raw->section, "tenant",
			    &raw->tenant.v[i], "tenant \"%s\" stands twice",
			    raw->tenant.v[i].text);
			break;
		}
	}
}

/* cefwd login knows Entra's endpoints only. */
static void
rule_user(struct conf *c, const struct conf_source *raw,
    const struct config_feed *feed)
{
	if (feed->auth.token_url != NULL &&
	    feed->auth.grant == AUTH_REFRESH_TOKEN)
		conf__fault(c, raw->section, "api",
		    "[api %s] has a token endpoint of its own, where an "
		    "application signs in and no user; set "
		    "\"client-secret-file\"",
		    raw->api);
}

static void
build_source(
    struct conf *c, const struct conf_source *raw, struct config_source *out)
{
	struct config_feed feed = { .source = {
					.name = raw->section->name,
					.filter = raw->filter,
					.retention_ms = raw->retention,
					.page_size =
					    (unsigned int)raw->page_size,
				    } };

	feed.auth.name = raw->section->name;
	feed.auth.client_id = raw->client_id;
	feed.source.client = raw->client_id;
	conf__rules_endpoint(c, raw, &feed);
	conf__rules_grant(c, raw, &feed.auth);
	rule_user(c, raw, &feed);
	rule_proxy(c, raw, &feed.source.route);
	feed.auth.route = feed.source.route;
	rule_page_size(c, raw, feed.source.api);
	rule_filter(c, raw, feed.source.api);
	rule_times(c, raw);
	rule_tenants(c, raw);
	*out = (struct config_source){
		.name = raw->section->name,
		.map_name = map_of(c, raw),
		.poll_interval_ms = raw->poll_interval,
		.start_ms = raw->start,
		.overlap_ms = raw->overlap,
		.updates = (enum lane_updates)raw->updates,
		.remember_ms = raw->remember,
		.quiet_after_ms = raw->quiet_after,
		.print = conf__print_section(c, CONF_SOURCE, raw->section),
	};
	/* Without the line, a faulty API names no map either. */
	if (out->map_name != NULL &&
	    (raw->map != NULL || feed.source.api != NULL))
		out->map = compile_map(c, raw, out->map_name, &out->map_print);
	out->feeds = xcalloc(raw->tenant.n + 1, sizeof(out->feeds[0]));
	for (size_t i = 0; i < raw->tenant.n; i++) {
		struct config_feed *f = &out->feeds[out->n_feeds++];

		*f = feed;
		f->source.tenant = raw->tenant.v[i].text;
		f->auth.tenant = raw->tenant.v[i].text;
		if (f->auth.token_url == NULL)
			conf__rules_sign_in(c, raw, &f->auth);
	}
}

void
conf__rules_sources(struct conf *c)
{
	struct config *pub = &c->pub;

	pub->sources = xcalloc(c->n_sources + 1, sizeof(pub->sources[0]));
	for (size_t i = 0; i < c->n_sources; i++)
		build_source(c, &c->sources[i], &pub->sources[i]);
	pub->n_sources = c->n_sources;
}

/* This host, as RFC 3164, 4.1.2 wants it: without its domain. */
static const char *
this_host(struct conf *c)
{
	char name[256];
	struct err e;

	if (gethostname(name, sizeof(name)) == -1)
		return "localhost";
	name[sizeof(name) - 1] = '\0';
	name[strcspn(name, ".")] = '\0';
	if (conf__check_host_name(name, &e) == -1)
		return "localhost";
	return conf__keep(c, xstrdup(name));
}

static void
build_urls(struct conf *c, struct conf_destination *raw)
{
	struct err e;

	raw->urls = xcalloc(raw->url.n + 1, sizeof(raw->urls[0]));
	for (size_t i = 0; i < raw->url.n; i++) {
		const struct conf_word *w = &raw->url.v[i];

		if (dest_url_parse(w->text, &raw->urls[raw->n_urls], &e) ==
		    -1) {
			conf__fault_word(
			    c, raw->section, "url", w, "%s", e.text);
		} else if (raw->urls[raw->n_urls].scheme !=
		    raw->urls[0].scheme) {
			/* A line is framed once, however often it is sent. */
			conf__fault_word(c, raw->section, "url", w,
			    "url mixes schemes: give all of them the same "
			    "scheme, or use two destinations");
			dest_url_fini(&raw->urls[raw->n_urls]);
		} else {
			raw->n_urls++;
		}
	}
}

/* Keys that say something of TLS alone; those that name files come first. */
static const char *const tls_keys[] = {
	"ca-file",
	"client-certificate-file",
	"client-key-file",
	"client-key-password-file",
	"server-name",
};

static bool
begins_with(const char *text, const char *word)
{
	size_t n = strlen(word);

	return strncmp(text, word, n) == 0 &&
	    (text[n] == ':' || text[n] == ' ');
}

/* Where a fault of the files is shown: at the key that names one; the text
   begins with the key or the file. */
static const char *
tls_key(const struct conf_destination *raw, const char *text)
{
	const char *const files[] = { raw->ca_file,
		raw->client_certificate_file, raw->client_key_file,
		raw->client_key_password_file };

	for (size_t i = 0; i < NELEM(files); i++) {
		if (files[i] != NULL &&
		    (begins_with(text, files[i]) ||
			begins_with(text, tls_keys[i])))
			return tls_keys[i];
	}
	return "url";
}

/* Whether a private file can be had only with another; told if not. */
static bool
lacks_file(struct conf *c, const struct conf_destination *raw, const char *key,
    const char *path)
{
	if (path == NULL || raw->client_certificate_file != NULL)
		return false;
	conf__fault(c, raw->section, key,
	    "\"%s\" without \"client-certificate-file\"", key);
	return true;
}

static void
rule_tls(struct conf *c, const struct conf_destination *raw,
    const struct dest_options *o)
{
	const char *key_file = raw->client_key_file != NULL ?
	    raw->client_key_file :
	    raw->client_certificate_file;
	const char *password_file = raw->client_key_password_file;
	struct err e;

	if (o->n_urls == 0)
		return;
	if (o->urls[0].scheme != DEST_TLS) {
		for (size_t i = 0; i < NELEM(tls_keys); i++) {
			if (kf_find(raw->section, tls_keys[i]) == NULL)
				continue;
			conf__fault(c, raw->section, tls_keys[i],
			    "\"%s\" is for tls:// alone; write url = "
			    "tls://..., or remove the line",
			    tls_keys[i]);
		}
		return;
	}
	if (lacks_file(c, raw, "client-key-file", raw->client_key_file) ||
	    lacks_file(c, raw, "client-key-password-file", password_file))
		return;
	if ((key_file != NULL && conf__check_private(key_file, &e) == -1) ||
	    (password_file != NULL &&
		conf__check_private(password_file, &e) == -1) ||
	    dest_tls_check(&o->tls, &e) == -1) {
		conf__fault(
		    c, raw->section, tls_key(raw, e.text), "%s", e.text);
	}
}

void
conf__rules_destinations(struct conf *c)
{
	struct config *pub = &c->pub;

	pub->destinations =
	    xcalloc(c->n_destinations + 1, sizeof(pub->destinations[0]));
	pub->n_destinations = c->n_destinations;
	for (size_t i = 0; i < c->n_destinations; i++) {
		struct conf_destination *raw = &c->destinations[i];
		struct dest_options *out = &pub->destinations[i];

		*out = (struct dest_options){
			.name = raw->section->name,
			.return_ms = raw->return_after,
			.tls = {
				.ca_file = raw->ca_file,
				.certificate_file =
				    raw->client_certificate_file,
				.key_file = raw->client_key_file,
				.password_file = raw->client_key_password_file,
				.server_name = raw->server_name,
			},
			.framing = (enum dest_framing)raw->framing,
			.header = (enum dest_header)raw->header,
			.facility = raw->facility,
			.host_name = raw->host_name,
			.max_line = raw->max_line,
			.max_rate = raw->max_rate,
			.settle_ms = raw->settle,
			.window_bytes = raw->window,
			.cef_version = (unsigned int)raw->cef_version,
			.print = conf__print_section(
			    c, CONF_DESTINATION, raw->section),
		};
		if (out->host_name == NULL)
			out->host_name = this_host(c);
		build_urls(c, raw);
		out->urls = raw->urls;
		out->n_urls = raw->n_urls;
		rule_tls(c, raw, out);
		if (raw->window < raw->max_line) {
			conf__fault(c, raw->section, "window",
			    "\"window\" is smaller than \"max-line\": no line "
			    "would fit; make it larger");
		}
	}
}

/* The index of a section of that name; n where there is none. */
static size_t
find_name(struct conf *c, const struct conf_forward *f, const char *key,
    const char *name, const char *const *names, size_t n)
{
	const char *near;

	if (name == NULL)
		return n;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0)
			return i;
	}
	near = near_name(name, names, n);
	if (near != NULL) {
		conf__fault(c, f->section, key,
		    "there is no [%s %s]; did you mean \"%s\"?", key, name,
		    near);
	} else {
		conf__fault(
		    c, f->section, key, "there is no [%s %s]", key, name);
	}
	return n;
}

static bool
is_forwarded(const struct config *pub, struct config_forward f)
{
	for (size_t i = 0; i < pub->n_forwards; i++) {
		if (pub->forwards[i].source == f.source &&
		    pub->forwards[i].destination == f.destination)
			return true;
	}
	return false;
}

static void
forward_all(struct config *pub)
{
	pub->forwards = xcalloc(
	    pub->n_sources * pub->n_destinations + 1, sizeof(pub->forwards[0]));
	for (size_t s = 0; s < pub->n_sources; s++) {
		for (size_t d = 0; d < pub->n_destinations; d++) {
			pub->forwards[pub->n_forwards++] =
			    (struct config_forward){ s, d };
		}
	}
}

static void
forward_some(
    struct conf *c, const char *const *sources, const char *const *dests)
{
	struct config *pub = &c->pub;

	pub->forwards = xcalloc(c->n_forwards, sizeof(pub->forwards[0]));
	for (size_t i = 0; i < c->n_forwards; i++) {
		const struct conf_forward *raw = &c->forwards[i];
		struct config_forward f = {
			.source = find_name(c, raw, "source", raw->source,
			    sources, c->n_sources),
			.destination = find_name(c, raw, "destination",
			    raw->destination, dests, c->n_destinations),
		};

		if (f.source == c->n_sources ||
		    f.destination == c->n_destinations)
			continue;
		if (is_forwarded(pub, f)) {
			kf_fault_section(c->faults, FAULT_ERROR, raw->section,
			    "\"%s\" is forwarded to \"%s\" twice; remove one "
			    "[forward]",
			    raw->source, raw->destination);
			continue;
		}
		pub->forwards[pub->n_forwards++] = f;
	}
}

/* A source that goes nowhere is hardly meant. */
static void
warn_unused(struct conf *c)
{
	const struct config *pub = &c->pub;

	for (size_t i = 0; i < c->n_sources; i++) {
		bool is_used = false;

		for (size_t k = 0; k < pub->n_forwards; k++)
			is_used |= pub->forwards[k].source == i;
		if (!is_used) {
			kf_fault_section(c->faults, FAULT_WARNING,
			    c->sources[i].section,
			    "no [forward] names this source: it is not read");
		}
	}
	for (size_t i = 0; i < c->n_destinations; i++) {
		bool is_used = false;

		for (size_t k = 0; k < pub->n_forwards; k++)
			is_used |= pub->forwards[k].destination == i;
		if (!is_used) {
			kf_fault_section(c->faults, FAULT_WARNING,
			    c->destinations[i].section,
			    "no [forward] names this destination: it gets "
			    "nothing");
		}
	}
}

void
conf__rules_forwards(struct conf *c)
{
	const char **sources, **dests;

	if (c->n_forwards == 0) {
		forward_all(&c->pub);
		return;
	}
	sources = xcalloc(c->n_sources + 1, sizeof(char *));
	dests = xcalloc(c->n_destinations + 1, sizeof(char *));
	for (size_t i = 0; i < c->n_sources; i++)
		sources[i] = c->sources[i].section->name;
	for (size_t i = 0; i < c->n_destinations; i++)
		dests[i] = c->destinations[i].section->name;
	forward_some(c, sources, dests);
	if (faults_count(c->faults, FAULT_ERROR) == 0)
		warn_unused(c);
	free(sources);
	free(dests);
}
