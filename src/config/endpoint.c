/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/mem.h"
#include "base/obj.h"
#include "source/api.h"

#include "config/conf_priv.h"

/* The longest list of names that a message offers. */
#define NAMES_MAX 32

/* "not in ...; did you mean" or "write one of". */
static void
fault_name(struct conf *c, const struct kf_section *s, const char *key,
    const char *const *names, size_t n)
{
	const struct kf_entry *entry = kf_find(s, key);
	const char *near;
	struct buf all;

	near = near_name(entry->value, names, n);
	if (near != NULL) {
		conf__fault(c, s, key,
		    "unknown %s \"%s\"; did you mean \"%s\"?", key,
		    entry->value, near);
		return;
	}
	buf_init(&all, 1024);
	for (size_t i = 0; i < n; i++)
		buf_addf(&all, " %s", names[i]);
	conf__fault(c, s, key, "unknown %s \"%s\"; write one of%s", key,
	    entry->value, all.p);
	buf_fini(&all);
}

static const struct api *
find_api(struct conf *c, const struct conf_source *raw)
{
	const char *names[NAMES_MAX];
	const struct api *api;
	size_t n = 0;

	if (raw->api == NULL)
		return NULL;
	api = conf__api_find(c, raw->api);
	if (api != NULL)
		return api;
	for (; n < c->n_apis && n < NAMES_MAX / 2; n++)
		names[n] = c->apis[n].section->name;
	for (size_t i = 0; n < NAMES_MAX && api_at(i) != NULL; i++)
		names[n++] = api_at(i)->name;
	fault_name(c, raw->section, "api", names, n);
	return NULL;
}

static int
find_cloud(struct conf *c, const struct conf_source *raw, enum cloud *out)
{
	const char *names[CLOUD_COUNT];

	if (raw->cloud == NULL)
		return -1;
	if (cloud_parse(raw->cloud, out) == 0)
		return 0;
	for (int i = 0; i < CLOUD_COUNT; i++)
		names[i] = cloud_row((enum cloud)i)->name;
	fault_name(c, raw->section, "cloud", names, CLOUD_COUNT);
	return -1;
}

/* Put arg where the table's text says %s. */
static const char *
fill(struct conf *c, const char *text, const char *arg)
{
	const char *p = strstr(text, "%s");

	if (p == NULL || arg == NULL)
		return text;
	return conf__keep(
	    c, xasprintf("%.*s%s%s", (int)(p - text), text, arg, p + 2));
}

/* scheme://host:port as a person wrote it, a "/" at its end dropped. */
static const char *
as_origin(struct conf *c, const char *url)
{
	size_t len = strlen(url);

	if (url[len - 1] != '/')
		return url;
	return conf__keep(c, xstrndup(url, len - 1));
}

/* One of the row's regions; NULL where none is set, or there is no such. */
static const char *
find_region(
    struct conf *c, const struct conf_source *raw, const struct api *api)
{
	size_t n = 0;

	if (raw->region == NULL)
		return NULL;
	for (; api->regions[n] != NULL; n++) {
		if (strcmp(api->regions[n], raw->region) == 0)
			return api->regions[n];
	}
	fault_name(c, raw->section, "region", api->regions, n);
	return NULL;
}

/* The cloud's host of the API, or that of a region of it. */
static const char *
find_origin(struct conf *c, const struct conf_source *raw,
    const struct api *api, enum cloud cloud)
{
	const char *origin = api->origin[cloud], *region;
	bool is_regional = origin != NULL && strstr(origin, "%s") != NULL;
	bool may_be = api->region_origin != NULL && cloud == CLOUD_PUBLIC;

	if (origin == NULL)
		return NULL;
	if (api->regions == NULL || (!is_regional && !may_be)) {
		if (raw->region != NULL) {
			conf__fault(c, raw->section, "region",
			    "API \"%s\" has one host for all regions of "
			    "cloud \"%s\"; remove the line",
			    api->name, raw->cloud);
		}
		return origin;
	}
	region = find_region(c, raw, api);
	if (is_regional)
		return fill(
		    c, origin, region == NULL ? api->regions[0] : region);
	return region == NULL ? origin : fill(c, api->region_origin, region);
}

static void
fault_no_api(
    struct conf *c, const struct conf_source *raw, const struct api *api)
{
	const bool has_cloud = kf_find(raw->section, "cloud") != NULL;
	struct buf all;

	buf_init(&all, 256);
	for (int i = 0; i < CLOUD_COUNT; i++) {
		if (api->origin[i] != NULL)
			buf_addf(&all, " %s", cloud_row((enum cloud)i)->name);
	}
	/* Of one's own without a base-url that is told already. */
	if (all.len != 0)
		conf__fault(c, raw->section, has_cloud ? "cloud" : "api",
		    "API \"%s\" does not exist in cloud \"%s\"; it does in%s",
		    api->name, raw->cloud, all.p);
	buf_fini(&all);
}

/* The v2 scope or the v1 resource: the row's, or the user's own. */
static void
set_audience(struct conf *c, const struct conf_source *raw,
    const struct api *api, const char *origin, struct auth_options *o)
{
	if (raw->scope != NULL && raw->resource != NULL) {
		conf__fault(c, raw->section, "resource",
		    "\"scope\" (v2.0) and \"resource\" (v1) exclude each "
		    "other; remove one");
	} else if (raw->scope != NULL) {
		o->scope = raw->scope;
	} else if (raw->resource != NULL) {
		o->resource = raw->resource;
	} else if (api->resource != NULL) {
		o->resource = fill(c, api->resource, origin);
	} else if (api->scope != NULL) {
		o->scope = fill(c, api->scope, origin);
	} else {
		conf__fault(c, raw->section, "api",
		    "[api %s] has neither \"scope\" nor \"resource\": set the "
		    "one that its tokens are asked for with",
		    api->name);
	}
}

/* Entra's applications have a GUID, those of others any name. */
static void
check_client_id(
    struct conf *c, const struct conf_source *raw, const struct api *api)
{
	struct err e;

	if (raw->client_id != NULL && (api == NULL || api->token_url == NULL) &&
	    conf__check_guid(raw->client_id, &e) == -1)
		conf__fault(c, raw->section, "client-id", "\"%s\": %s",
		    raw->client_id, e.text);
}

void
conf__rules_endpoint(
    struct conf *c, const struct conf_source *raw, struct config_feed *o)
{
	enum cloud cloud = CLOUD_PUBLIC;
	int has_cloud = find_cloud(c, raw, &cloud);
	const struct api *api = find_api(c, raw);
	const char *origin, *audience;

	o->source.api = api;
	o->cloud = raw->cloud;
	if (raw->authority != NULL)
		o->auth.authority = as_origin(c, raw->authority);
	else
		o->auth.authority = cloud_row(cloud)->authority;
	check_client_id(c, raw, api);
	if (api == NULL)
		return;
	o->auth.token_url = api->token_url;
	if (has_cloud == -1)
		return;
	origin = find_origin(c, raw, api, cloud);
	if (origin == NULL && raw->base_url == NULL)
		fault_no_api(c, raw, api);
	/* Neither a gateway in front of the API nor a host of a region changes
	   whom the token is for. */
	audience = api->origin[cloud];
	if (audience == NULL && raw->base_url != NULL)
		audience = as_origin(c, raw->base_url);
	set_audience(c, raw, api, audience, &o->auth);
	o->source.origin =
	    raw->base_url == NULL ? origin : as_origin(c, raw->base_url);
}
