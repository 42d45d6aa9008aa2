/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/obj.h"
#include "lane/lane.h"

#include "status/status_priv.h"

static void
route_json(const struct status *s, const struct forwarder_stats *st,
    struct listener_answer *out)
{
	status_json(s, st, &out->body);
	buf_addc(&out->body, '\n');
}

static void
route_metrics(const struct status *s, const struct forwarder_stats *st,
    struct listener_answer *out)
{
	status_metrics(s, st, &out->body);
}

static void
add_reason(void *ctx, const char *text)
{
	struct buf *b = ctx;

	buf_addf(b, "%s\n", text);
}

static void
route_healthz(const struct status *s, const struct forwarder_stats *st,
    struct listener_answer *out)
{
	(void)s;
	if (status_reasons(st, add_reason, &out->body) > 0)
		out->status = 503;
	else
		buf_adds(&out->body, "ok\n");
}

/* path, on TCP too, type, document */
static const struct route {
	const char *path;
	bool is_public;
	const char *type;
	void (*render)(const struct status *s, const struct forwarder_stats *st,
	    struct listener_answer *out);
} routes[] = {
	{ "/status", false, "application/json", route_json },
	{ "/metrics", true, "text/plain; version=0.0.4; charset=utf-8",
	    route_metrics },
	{ "/healthz", true, "text/plain; charset=utf-8", route_healthz },
};

static const struct route *
find_route(const char *path, bool is_tcp)
{
	for (size_t i = 0; i < NELEM(routes); i++) {
		if (strcmp(routes[i].path, path) == 0 &&
		    (routes[i].is_public || !is_tcp))
			return &routes[i];
	}
	return NULL;
}

void
status_render(
    void *ctx, const char *path, bool is_tcp, struct listener_answer *out)
{
	const struct status *s = ctx;
	const struct route *r = find_route(path, is_tcp);
	struct forwarder_stats st;

	if (r == NULL) {
		out->status = 404;
		buf_adds(&out->body, "there are");
		for (size_t i = 0; i < NELEM(routes); i++) {
			if (routes[i].is_public || !is_tcp)
				buf_addf(&out->body, " %s", routes[i].path);
		}
		buf_addc(&out->body, '\n');
		return;
	}
	if (s->fw == NULL || forwarder_stats(s->fw, &st) == -1) {
		out->status = 503;
		buf_adds(&out->body, "stopping\n");
		return;
	}
	out->type = r->type;
	r->render(s, &st, out);
	forwarder_stats_fini(&st);
}
