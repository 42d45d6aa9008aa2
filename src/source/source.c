/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/obj.h"

#include "source/source_priv.h"

/* A member of the page that is inside of an object. */
static void
add_inner(struct source *s, const char *path)
{
	size_t n = 0;

	if (path == NULL || strchr(path, '/') == NULL)
		return;
	while (s->inner[n] != NULL)
		n++;
	s->inner[n] = path;
}

static char *
header_of(const struct source_options *o, const char *header)
{
	const char *p = strstr(header, API_TENANT);

	if (p == NULL)
		return xstrdup(header);
	return xasprintf("%.*s%s%s", (int)(p - header), header, o->tenant,
	    p + strlen(API_TENANT));
}

struct source *
source_new(uv_loop_t *loop, struct http *http, struct auth *auth,
    const struct source_options *o)
{
	struct source *s = xcalloc(1, sizeof(*s));

	s->magic = SOURCE_MAGIC;
	s->loop = loop;
	s->http = http;
	s->auth = auth;
	s->o = *o;
	s->label = xasprintf("source %s (%s)", o->name, o->tenant);
	for (size_t i = 0; i < SOURCE_HEADERS_MAX && o->api->headers != NULL &&
	     o->api->headers[i] != NULL;
	     i++)
		s->headers[i] = header_of(o, o->api->headers[i]);
	add_inner(s, o->api->next);
	add_inner(s, o->api->count);
	buf_init(&s->origin, URL_MAX_BYTES);
	if (o->quotas != NULL) {
		const struct quota_key key = {
			.api = o->api->quota == NULL ? o->api->name :
						       o->api->quota,
			.client = o->client,
			.tenant = o->tenant,
		};

		s->quota = quota_take(o->quotas, &key, o->api->calls_per_min,
		    o->api->calls_per_hour);
	}
	/* Where it is none, no link is ever followed. */
	if (url_origin(o->origin, &s->origin) == -1)
		buf_reset(&s->origin);
	return s;
}

void
source_close(struct source *s)
{
	if (s == NULL)
		return;
	OBJ_CHECK(s, SOURCE_MAGIC);
	assert(s->passes == 0);
	quota_give(s->o.quotas, s->quota);
	for (size_t i = 0; i < SOURCE_HEADERS_MAX; i++)
		free(s->headers[i]);
	buf_fini(&s->origin);
	free(s->label);
	s->magic = 0;
	free(s);
}

unsigned int
source__page_size(const struct source *s)
{
	return s->o.page_size != 0 ? s->o.page_size : s->o.api->page_size;
}
