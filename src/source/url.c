/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "base/stamp.h"

#include "source/source_priv.h"

static void
add_param(struct buf *url, const char *name, const char *value)
{
	buf_addc(url, strchr(url->p, '?') == NULL ? '?' : '&');
	buf_adds(url, name);
	buf_addc(url, '=');
	buf_add_urlenc(url, value, strlen(value));
}

static void
add_stamp_param(struct buf *url, const char *name, int64_t stamp)
{
	char text[STAMP_TEXT_MAX];

	stamp_format(stamp, text);
	add_param(url, name, text);
}

/* "member op time", joined to what stands there with and. */
static void
add_term(struct buf *filter, const char *member, const char *op, int64_t stamp)
{
	char text[STAMP_TEXT_MAX];

	stamp_format(stamp, text);
	buf_addf(filter, "%s%s %s %s", filter->len == 0 ? "" : " and ", member,
	    op, text);
}

static void
add_odata(struct buf *url, const struct source_options *o,
    const struct source_window *w, const struct slices *slice,
    unsigned int page_size)
{
	const struct api *api = o->api;
	struct buf filter;

	buf_init(&filter, URL_MAX_BYTES);
	if (api->filter_updated != NULL)
		add_term(&filter, api->filter_updated, "ge", w->updated_from);
	if (api->filter_created != NULL) {
		add_term(&filter, api->filter_created, "ge", slice->lo);
		if (slice->hi != STAMP_NONE)
			add_term(&filter, api->filter_created, "lt", slice->hi);
	}
	if (o->filter != NULL && o->filter[0] != '\0')
		buf_addf(
		    &filter, filter.len == 0 ? "%s" : " and (%s)", o->filter);
	if (filter.len != 0)
		add_param(url, "$filter", filter.p);
	if (!buf_ok(&filter))
		url->full = true;
	buf_fini(&filter);
	if (api->order_by != NULL)
		add_param(url, "$orderby", api->order_by);
	if (page_size != 0)
		buf_addf(url, "%s$top=%u",
		    strchr(url->p, '?') == NULL ? "?" : "&", page_size);
	if (api->count != NULL)
		add_param(url, "$count", "true");
}

int
source__url(const struct source *s, const struct source_window *w,
    const struct slices *slice, unsigned int page_size, struct buf *out,
    struct err *e)
{
	const struct api *api = s->o.api;

	buf_reset(out);
	buf_adds(out, s->o.origin);
	if (out->len != 0 && out->p[out->len - 1] == '/')
		buf_cut(out, out->len - 1);
	buf_adds(out, api->path);
	if (api->since_param == NULL) {
		add_odata(out, &s->o, w, slice, page_size);
	} else {
		/* Not documented whether the bound itself is in: one tick
		   earlier is right either way, records are checked again. */
		add_stamp_param(out, api->since_param, slice->lo - 1);
		if (slice->hi != STAMP_NONE && api->until_param != NULL)
			add_stamp_param(out, api->until_param, slice->hi);
	}
	if (buf_check(out, "the request's URL", e) == -1) {
		e->kind = ERR_CONFIG;
		return err_context(e, "the filter is too long");
	}
	return 0;
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
