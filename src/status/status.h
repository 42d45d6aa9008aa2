/*
 * status.h - what the running service tells of itself: JSON, metrics, health
 *
 *   /status   JSON for "cefwd status", on the local socket only
 *   /metrics  Prometheus text exposition format 0.0.4
 *   /healthz  200 "ok", or 503 and the reasons, one a line
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_STATUS_STATUS_H
#define CEFWD_STATUS_STATUS_H

#include "net/listener.h"

struct buf;
struct forwarder;
struct forwarder_stats;

/* What a listener's render is given as ctx; borrowed. */
struct status {
	const char *version;
	const char *config_path;
	struct forwarder *fw; /* NULL: not yet, or no more */
	/* The last time that the configuration was read again. */
	int64_t reload_at; /* stamp; STAMP_NONE: never */
	const char
	    *reload_fault; /* why the old one stays; NULL: it was taken */
	uint64_t reloads;  /* that were taken */
};

/* A listener_render_fn: ctx is a struct status. */
listener_render_fn status_render;

/* The three documents, of figures that were taken. */
void status_json(
    const struct status *s, const struct forwarder_stats *st, struct buf *out);
void status_metrics(
    const struct status *s, const struct forwarder_stats *st, struct buf *out);

/* Hand every reason why this is not healthy to fn, in words; how many. */
typedef void status_reason_fn(void *ctx, const char *text);
size_t status_reasons(
    const struct forwarder_stats *st, status_reason_fn *fn, void *ctx);

/* How the service does in one line: how far it is, or the first reason. */
void status_line(
    const struct status *s, const struct forwarder_stats *st, struct buf *out);

#endif /* CEFWD_STATUS_STATUS_H */
