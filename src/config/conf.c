/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/obj.h"
#include "config/options.h"

#define CONF_MAGIC     0xc0f1c0f1

/* State files and metrics carry these names. */
#define NAME_MAX_CHARS 63

const char *
conf__keep(struct conf *c, char *s)
{
	c->strings = array_grow(
	    c->strings, c->n_strings, &c->strings_cap, sizeof(c->strings[0]));
	c->strings[c->n_strings++] = s;
	return s;
}

const char *
conf__keep_secret(struct conf *c, char *s)
{
	c->secrets = array_grow(
	    c->secrets, c->n_secrets, &c->secrets_cap, sizeof(c->secrets[0]));
	c->secrets[c->n_secrets++] = s;
	return s;
}

const char *
conf__path(struct conf *c, const char *path)
{
	if (path[0] == '/' || c->dir[0] == '\0')
		return path;
	return conf__keep(c, xasprintf("%s%s", c->dir, path));
}

static struct conf *
conf_new(const char *path, struct faults *faults)
{
	struct conf *c = xcalloc(1, sizeof(*c));
	const char *slash = strrchr(path, '/');

	c->magic = CONF_MAGIC;
	c->faults = faults;
	c->dir = slash == NULL ? xstrdup("") :
				 xstrndup(path, (size_t)(slash - path) + 1);
	return c;
}

static void
free_built(struct config *pub)
{
	for (size_t i = 0; i < pub->n_sources; i++)
		free(pub->sources[i].feeds);
	free(pub->sources);
	free(pub->destinations);
	free(pub->forwards);
}

static void
conf_free(struct conf *c)
{
	free_built(&c->pub);
	conf__words_free(&c->global.map_path);
	conf__words_free(&c->global.listen);
	conf__words_free(&c->global.listen_host);
	free(c->listen);
	free(c->listen_hosts);
	for (size_t i = 0; i < c->n_sources; i++)
		conf__words_free(&c->sources[i].tenant);
	for (size_t i = 0; i < c->n_destinations; i++) {
		struct conf_destination *d = &c->destinations[i];

		conf__words_free(&d->url);
		for (size_t k = 0; k < d->n_urls; k++)
			dest_url_fini(&d->urls[k]);
		free(d->urls);
	}
	for (size_t i = 0; i < c->n_apis; i++)
		conf__api_free(&c->apis[i]);
	free(c->apis);
	for (size_t i = 0; i < c->n_maps; i++)
		map_free(c->maps[i].map);
	for (size_t i = 0; i < c->n_secrets; i++)
		wipe_free(c->secrets[i]);
	for (size_t i = 0; i < c->n_strings; i++)
		free(c->strings[i]);
	free(c->sources);
	free(c->destinations);
	free(c->forwards);
	free(c->maps);
	free(c->map_path);
	free(c->secrets);
	free(c->strings);
	free(c->dir);
	kf_free(c->kf);
	free(c);
}

void
config_free(struct config *c)
{
	struct conf *owner;

	if (c == NULL)
		return;
	owner = CONTAINER_OF(c, struct conf, pub);
	OBJ_CHECK(owner, CONF_MAGIC);
	conf_free(owner);
}

/* [a-z0-9-]+: they key the state, and stand in the environment's names. */
static void
check_name(struct conf *c, const struct kf_section *s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t len = strlen(s->name);

	if (len == 0) {
		kf_fault_section(c->faults, FAULT_ERROR, s,
		    "[%s] lacks its name; write [%s NAME]", s->kind, s->kind);
	} else if (strspn(s->name, allowed) != len) {
		kf_fault_section(c->faults, FAULT_ERROR, s,
		    "name \"%s\" may hold a to z, 0 to 9 and \"-\" only",
		    s->name);
	} else if (len > NAME_MAX_CHARS) {
		kf_fault_section(c->faults, FAULT_ERROR, s,
		    "a name of more than %d letters", NAME_MAX_CHARS);
	}
}

/* Of several of a name the first holds. */
static bool
is_again(struct conf *c, size_t index)
{
	const struct kf_section *s = kf_section(c->kf, index);
	struct fault_at at;

	if (s->name[0] == '\0')
		return false;
	for (size_t i = 1; i < index; i++) {
		const struct kf_section *t = kf_section(c->kf, i);

		if (strcmp(s->kind, t->kind) != 0 ||
		    strcmp(s->name, t->name) != 0)
			continue;
		kf_section_at(t, &at);
		kf_fault_section(c->faults, FAULT_ERROR, s,
		    "[%s %s] stands twice; the other is in line %u", s->kind,
		    s->name, at.line);
		return true;
	}
	return false;
}

static void
unknown_section(struct conf *c, const struct kf_section *s)
{
	static const char *const names[] = { "source", "destination", "forward",
		"api" };
	const char *near = near_name(s->kind, names, NELEM(names));

	if (near != NULL) {
		kf_fault_section(c->faults, FAULT_ERROR, s,
		    "unknown section [%s]; did you mean [%s]?", s->kind, near);
	} else {
		kf_fault_section(c->faults, FAULT_ERROR, s,
		    "unknown section [%s]; there are [source NAME], "
		    "[destination NAME], [forward] and [api NAME]",
		    s->kind);
	}
}

static void
read_source(struct conf *c, const struct kf_section *s)
{
	struct conf_source *raw;

	c->sources = array_grow(
	    c->sources, c->n_sources, &c->sources_cap, sizeof(c->sources[0]));
	raw = &c->sources[c->n_sources++];
	*raw = (struct conf_source){ .section = s };
	conf__read_section(c, CONF_SOURCE, s, raw);
}

static void
read_destination(struct conf *c, const struct kf_section *s)
{
	struct conf_destination *raw;

	c->destinations = array_grow(c->destinations, c->n_destinations,
	    &c->destinations_cap, sizeof(c->destinations[0]));
	raw = &c->destinations[c->n_destinations++];
	*raw = (struct conf_destination){ .section = s };
	conf__read_section(c, CONF_DESTINATION, s, raw);
}

static void
read_api(struct conf *c, const struct kf_section *s)
{
	struct conf_api *raw;

	c->apis =
	    array_grow(c->apis, c->n_apis, &c->apis_cap, sizeof(c->apis[0]));
	raw = &c->apis[c->n_apis++];
	*raw = (struct conf_api){ .section = s };
	conf__read_section(c, CONF_API, s, raw);
}

static void
read_forward(struct conf *c, const struct kf_section *s)
{
	struct conf_forward *raw;

	if (s->name[0] != '\0') {
		kf_fault_section(c->faults, FAULT_ERROR, s,
		    "[forward] has no name; write [forward]");
	}
	c->forwards = array_grow(c->forwards, c->n_forwards, &c->forwards_cap,
	    sizeof(c->forwards[0]));
	raw = &c->forwards[c->n_forwards++];
	*raw = (struct conf_forward){ .section = s };
	conf__read_section(c, CONF_FORWARD, s, raw);
}

static void
read_sections(struct conf *c)
{
	c->global.section = kf_section(c->kf, 0);
	conf__read_section(c, CONF_GLOBAL, c->global.section, &c->global);
	for (size_t i = 1; i < kf_n_sections(c->kf); i++) {
		const struct kf_section *s = kf_section(c->kf, i);
		int kind = conf__kind(s->kind);

		if (kind == CONF_FORWARD) {
			read_forward(c, s);
			continue;
		}
		if (kind == -1) {
			unknown_section(c, s);
			continue;
		}
		check_name(c, s);
		if (is_again(c, i))
			continue;
		if (kind == CONF_SOURCE)
			read_source(c, s);
		else if (kind == CONF_API)
			read_api(c, s);
		else
			read_destination(c, s);
	}
}

static void
need_sections(struct conf *c)
{
	const struct fault_at at = { .file = kf_file(c->kf) };

	if (c->n_sources == 0) {
		fault_add(c->faults, FAULT_ERROR, &at,
		    "no [source NAME] section: nothing to read from; see "
		    "cefwd.conf(5)");
	}
	if (c->n_destinations == 0) {
		fault_add(c->faults, FAULT_ERROR, &at,
		    "no [destination NAME] section: nowhere to send to; see "
		    "cefwd.conf(5)");
	}
}

/* The words as a list that ends in NULL. */
static const char **
list_of(const struct conf_words *w)
{
	const char **list = xcalloc(w->n + 1, sizeof(char *));

	for (size_t i = 0; i < w->n; i++)
		list[i] = w->v[i].text;
	return list;
}

static void
build_listen(struct conf *c)
{
	const struct conf_words *w = &c->global.listen;
	bool has_none = false;

	for (size_t i = 0; i < w->n; i++)
		has_none |= strcmp(w->v[i].text, "none") == 0;
	if (has_none && w->n > 1) {
		conf__fault(c, c->global.section, "listen",
		    "\"none\" stands alone; remove it, or the addresses");
	}
	c->listen = list_of(w);
	if (has_none)
		c->listen[0] = NULL;
	c->listen_hosts = list_of(&c->global.listen_host);
	c->pub.listen = c->listen;
	c->pub.listen_hosts = c->listen_hosts;
	c->pub.is_listen_given = kf_find(c->global.section, "listen") != NULL;
}

static void
build_global(struct conf *c)
{
	c->map_path = list_of(&c->global.map_path);
	c->pub.state_dir = c->global.state_dir;
	build_listen(c);
	c->pub.map_path = c->map_path;
	c->pub.log_level = (enum log_level)c->global.log_level;
	c->pub.log_format = (enum log_format)c->global.log_format;
	c->pub.heartbeat_ms = c->global.heartbeat;
	c->pub.stop_timeout_ms = c->global.stop_timeout;
}

/* The text of the file; -1 after a fault. */
static int
read_text(const char *path, struct buf *text, struct faults *faults)
{
	const struct fault_at at = { .file = path };
	const size_t len = strlen(path);
	const char *mend;
	struct err e;

	if (conf__read_file(path, text, &e) == 0)
		return 0;
	/* The reader of keys tells how large a file may be. */
	if (e.kind == ERR_LIMIT)
		return 0;
	mend = access(path, R_OK) == -1 && errno == EACCES ?
	    "run this as the service's user (sudo -u cefwd), or let this user "
	    "read it" :
	    "write it as cefwd.conf(5) shows, or name another with --config";
	/* The place of a fault begins with the path, too. */
	fault_add(faults, FAULT_ERROR, &at, "%s; %s",
	    strncmp(e.text, path, len) == 0 ? e.text + len + 1 : e.text, mend);
	return -1;
}

static struct config *
load(const char *path, bool is_signing_in, struct faults *faults)
{
	size_t before = faults_count(faults, FAULT_ERROR);
	struct conf *c;
	struct buf text;

	buf_init(&text, (size_t)KF_FILE_MAX + 1);
	if (read_text(path, &text, faults) == -1) {
		buf_fini(&text);
		return NULL;
	}
	c = conf_new(path, faults);
	c->is_signing_in = is_signing_in;
	c->kf = kf_parse(path, text.p, text.len, KF_CONF, faults);
	buf_fini(&text);
	read_sections(c);
	need_sections(c);
	build_global(c);
	conf__rules_apis(c);
	conf__rules_sources(c);
	conf__rules_destinations(c);
	conf__rules_forwards(c);
	c->faults = NULL;
	if (faults_count(faults, FAULT_ERROR) > before) {
		conf_free(c);
		return NULL;
	}
	return &c->pub;
}

struct config *
config_load(const char *path, struct faults *faults)
{
	return load(path, false, faults);
}

struct config *
config_load_sign_in(const char *path, struct faults *faults)
{
	return load(path, true, faults);
}

static void
list_option(const struct option *o, FILE *out)
{
	static const char *const kinds[] = { "global", "source", "destination",
		"forward", "api" };
	const bool has_range = o->type == OPTION_DURATION ||
	    o->type == OPTION_SIZE || o->type == OPTION_NUMBER;
	struct buf range;

	buf_init(&range, 256);
	if (has_range) {
		option_add_number(&range, o, o->min);
		buf_addc(&range, ' ');
		option_add_number(&range, o, o->max);
		buf_adds(&range, o->allows_zero ? " 0" : "");
	}
	for (size_t i = 0; o->words != NULL && o->words[i] != NULL; i++)
		buf_addf(&range, "%s%s", i > 0 ? " " : "", o->words[i]);
	(void)fprintf(out, "%s\t%s\t%s\t%s\t%s\n", kinds[o->kind], o->key,
	    o->is_required     ? "!" :
		o->def == NULL ? "" :
				 o->def,
	    range.p, o->help);
	buf_fini(&range);
}

void
config_list_options(FILE *out)
{
	const struct option *o;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++)
		list_option(o, out);
}
