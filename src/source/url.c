/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "source/source_priv.h"

/* What a template's words stand for in one request. */
struct fill {
	const struct api *api;
	const struct source_window *w;
	const struct slices *slice;
	unsigned int page_size;
	const char *filter; /* NULL: none */
};

/* A time as the API takes it, rounded to its unit: down where records from it
   on are asked for, up where they end. */
static void
add_time(struct buf *out, enum api_time form, int64_t stamp, bool is_end)
{
	static const int64_t units[] = {
		[API_TIME_ISO] = 1,
		[API_TIME_ISO_MS] = STAMP_PER_MS,
		[API_TIME_ISO_S] = STAMP_PER_S,
		[API_TIME_EPOCH] = STAMP_PER_S,
		[API_TIME_EPOCH_MS] = STAMP_PER_MS,
	};
	char text[STAMP_TEXT_MAX];
	int64_t unit = units[form], rest;

	if (stamp < 0 && form != API_TIME_ISO)
		stamp = 0; /* before 1970 there are no alerts */
	rest = stamp % unit;
	if (rest != 0)
		stamp += is_end ? unit - rest : -rest;
	if (form == API_TIME_EPOCH || form == API_TIME_EPOCH_MS) {
		buf_addf(out, "%lld", (long long)(stamp / unit));
		return;
	}
	stamp_format(stamp, text);
	if (form == API_TIME_ISO) {
		buf_adds(out, text);
		return;
	}
	/* ".1234567Z" ends it. */
	buf_addf(out, "%.*sZ",
	    (int)strlen(text) - (form == API_TIME_ISO_MS ? 5 : 9), text);
}

/* The word at p in braces; the bytes it takes, 0 if it is none. */
static size_t
add_word(struct buf *out, const struct fill *f, const char *p)
{
	/* Not known whether the bound itself is in: one tick earlier is right
	   either way. */
	int64_t early = f->api->is_from_exact ? 0 : 1;
	static const char *const words[] = { API_UPDATED_FROM, API_CREATED_FROM,
		API_CREATED_UNTIL, API_PAGE_SIZE, API_FILTER };
	size_t i = 0;

	while (i < NELEM(words) && strncmp(p, words[i], strlen(words[i])) != 0)
		i++;
	if (i == NELEM(words))
		return 0;
	if (i == 0)
		add_time(out, f->api->time, f->w->updated_from - early, false);
	else if (i == 1)
		add_time(out, f->api->time, f->slice->lo - early, false);
	else if (i == 2)
		add_time(out, f->api->time, f->slice->hi, true);
	else if (i == 3)
		buf_addf(out, "%u", f->page_size);
	else if (f->filter != NULL)
		buf_addf(out, " and (%s)", f->filter);
	return strlen(words[i]);
}

/* "name=text" with its words filled in. */
static void
add_param(struct buf *url, const struct fill *f, const char *param)
{
	size_t name = strcspn(param, "=");
	const char *p = param + name + (param[name] == '=');
	struct buf text;

	if (f->page_size == 0 && strstr(p, API_PAGE_SIZE) != NULL)
		return;
	buf_init(&text, URL_MAX_BYTES);
	while (*p != '\0') {
		size_t used = *p == '{' ? add_word(&text, f, p) : 0;

		if (used == 0)
			buf_addc(&text, *p);
		p += used == 0 ? 1 : used;
	}
	buf_addc(url, strchr(url->p, '?') == NULL ? '?' : '&');
	buf_add(url, param, name);
	buf_addc(url, '=');
	buf_add_urlenc(url, text.p, text.len);
	if (!buf_ok(&text))
		url->full = true;
	buf_fini(&text);
}

/* The parameter of the list that has the name of param; NULL: none. */
static const char *
same_name(const char *const *list, const char *param)
{
	size_t len = strcspn(param, "=");

	for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
		if (strncmp(list[i], param, len) == 0 && list[i][len] == '=')
			return list[i];
	}
	return NULL;
}

static void
add_query(struct buf *url, const struct fill *f)
{
	const char *const *query = f->api->query;
	const char *const *until =
	    f->slice->hi == STAMP_NONE ? NULL : f->api->query_until;

	for (size_t i = 0; query != NULL && query[i] != NULL; i++) {
		const char *other = same_name(until, query[i]);

		add_param(url, f, other == NULL ? query[i] : other);
	}
	for (size_t i = 0; until != NULL && until[i] != NULL; i++) {
		if (same_name(query, until[i]) == NULL)
			add_param(url, f, until[i]);
	}
}

static void
add_path(struct buf *out, const struct source *s, const char *path)
{
	buf_reset(out);
	buf_adds(out, s->o.origin);
	if (out->len != 0 && out->p[out->len - 1] == '/')
		buf_cut(out, out->len - 1);
	buf_adds(out, path);
}

int
source__url(const struct source *s, const struct source_window *w,
    const struct slices *slice, unsigned int page_size, bool is_plain,
    struct buf *out, struct err *e)
{
	const char *filter = s->o.filter;
	const struct fill f = {
		.api = s->o.api,
		.w = w,
		.slice = slice,
		.page_size = page_size,
		.filter = filter == NULL || filter[0] == '\0' ? NULL : filter,
	};

	add_path(out, s, s->o.api->path);
	add_query(out, &f);
	if (s->o.api->expand != NULL && !is_plain)
		add_param(out, &f, s->o.api->expand);
	if (buf_check(out, "the request's URL", e) == -1) {
		e->kind = ERR_CONFIG;
		return err_context(e, "the filter is too long");
	}
	return 0;
}

int
source__item_url(
    const struct source *s, const char *id, struct buf *out, struct err *e)
{
	/* expand names no times. */
	static const struct source_window all = { .updated_from = 0 };
	static const struct slices any = { .lo = 0 };
	const struct fill f = { .api = s->o.api, .w = &all, .slice = &any };
	const char *item = s->o.api->item, *hole = strstr(item, "%s");

	assert(hole != NULL);
	add_path(out, s, "");
	buf_add(out, item, (size_t)(hole - item));
	buf_add_urlenc(out, id, strlen(id));
	buf_adds(out, hole + 2);
	add_param(out, &f, s->o.api->expand);
	return buf_check(out, "the request's URL", e);
}

/* A link may leave out what the request had (RFC 3986, 5.2.2); of relative
   ones those that begin with "/" or "?" are known. */
int
source__link(
    const struct source *s, const char *link, struct buf *out, struct err *e)
{
	if (link[0] == '/' && link[1] != '/') {
		add_path(out, s, link);
	} else if (link[0] == '?') {
		add_path(out, s, s->o.api->path);
		buf_cut(out, strcspn(out->p, "?"));
		buf_adds(out, link);
	} else {
		buf_reset(out);
		buf_adds(out, link);
	}
	return buf_check(out, "the next page's link", e);
}

int
source__same_origin(const struct source *s, const char *url, struct err *e)
{
	struct buf origin;
	int rc = 0;

	buf_init(&origin, URL_MAX_BYTES);
	if (url_origin(url, &origin) == -1)
		rc = err_set(e, ERR_PROTO,
		    "the next page's link is no absolute URL, so it was not "
		    "followed");
	else if (strcmp(origin.p, s->origin.p) != 0)
		rc = err_set(e, ERR_PROTO,
		    "the next page's link leads to %.200s instead of %.200s, "
		    "so it was refused: the token goes to the configured "
		    "origin only; if both are this API, set base-url",
		    origin.p, s->origin.p);
	buf_fini(&origin);
	return rc;
}
