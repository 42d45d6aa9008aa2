/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/log.h"
#include "base/stamp.h"
#include "map/map.h"

#include "status/status_priv.h"

#define LOG_ROOM "status"

static void
add(struct json_object *o, const char *key, struct json_object *v)
{
	if (json_object_object_add(o, key, v) != 0)
		log_fatal("out of memory");
}

static void
add_text(struct json_object *o, const char *key, const char *s)
{
	add(o, key, s == NULL ? NULL : json_object_new_string(s));
}

static void
add_count(struct json_object *o, const char *key, uint64_t n)
{
	add(o, key, json_object_new_uint64(n));
}

static void
add_flag(struct json_object *o, const char *key, bool is)
{
	add(o, key, json_object_new_boolean(is));
}

/* null where there is none */
static void
add_stamp(struct json_object *o, const char *key, int64_t stamp)
{
	char text[STAMP_TEXT_MAX];

	if (stamp == STAMP_NONE) {
		add(o, key, NULL);
		return;
	}
	stamp_format(stamp, text);
	add_text(o, key, text);
}

static void
add_seconds(struct json_object *o, const char *key, uint64_t ms)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%llu.%03u",
	    (unsigned long long)(ms / 1000), (unsigned int)(ms % 1000));
	add(o, key, json_object_new_double_s((double)ms / 1000, text));
}

static void
add_error(struct json_object *o, const char *key, const char *text, int64_t at)
{
	struct json_object *err;

	if (at == STAMP_NONE) {
		add(o, key, NULL);
		return;
	}
	err = json_object_new_object();
	add_stamp(err, "at", at);
	add_text(err, "text", text);
	add(o, key, err);
}

static struct json_object *
object_in(struct json_object *o, const char *key)
{
	struct json_object *inner = json_object_new_object();

	add(o, key, inner);
	return inner;
}

static struct json_object *
array_in(struct json_object *o, const char *key)
{
	struct json_object *inner = json_object_new_array();

	add(o, key, inner);
	return inner;
}

static struct json_object *
object_at_end(struct json_object *array)
{
	struct json_object *o = json_object_new_object();

	if (json_object_array_add(array, o) != 0)
		log_fatal("out of memory");
	return o;
}

/* The later one of its two ends. */
static void
add_lane_error(struct json_object *o, const struct feed_stats *f,
    const struct dest_stats *d)
{
	if (f->why_at > d->why_at) /* STAMP_NONE is the smallest */
		add_error(o, "last_error", f->why, f->why_at);
	else
		add_error(o, "last_error", d->why, d->why_at);
}

static void
add_pass(struct json_object *o, const struct lane_stats *l)
{
	struct json_object *p;

	if (!l->is_reading) {
		add(o, "pass", NULL);
		return;
	}
	p = object_in(o, "pass");
	add_stamp(p, "updated_from", l->pass_from);
	add_stamp(p, "created_done", l->pass_created);
	add_count(p, "served", l->pass_records);
}

static void
add_closed(struct json_object *o, const struct lane_stats *l)
{
	const struct lane_window *w = &l->closed;
	struct json_object *c;

	add_count(o, "windows_closed", l->n_closed);
	c = object_in(o, "windows");
	add_count(c, "served", l->sum.records);
	add_count(c, "known", l->sum.known);
	add_count(c, "settled", l->sum.lines);
	if (w->as_of == STAMP_NONE) {
		add(o, "window", NULL);
		return;
	}
	c = object_in(o, "window");
	add_stamp(c, "updated_from", w->from);
	add_stamp(c, "as_of", w->as_of);
	add_count(c, "served", w->records);
	add_count(c, "known", w->known);
	add_count(c, "settled", w->lines);
}

static void
add_gaps(struct json_object *o, const struct forwarder_stats *st, size_t lane)
{
	struct json_object *list;

	add_count(o, "gaps", st->lanes[lane].n_gaps);
	add_count(o, "gaps_lost", st->lanes[lane].n_gaps_lost);
	list = array_in(o, "gap_list");
	for (size_t i = 0; i < st->n_gaps; i++) {
		const struct lane_gap *g = &st->gaps[i];
		struct json_object *gap;

		if (g->lane != lane)
			continue;
		gap = object_at_end(list);
		add_stamp(gap, "created_from", g->created_from);
		add_stamp(gap, "created_until", g->created_until);
		add_text(gap, "reason", g->reason);
		add_stamp(gap, "since", g->since);
		add_stamp(gap, "tried", g->tried);
		add_count(gap, "tries", g->tries);
	}
}

static void
add_lane(struct json_object *array, const struct forwarder_stats *st, size_t i)
{
	const struct lane_stats *l = &st->lanes[i];
	const struct feed_stats *f = &st->feeds[l->feed];
	const struct dest_stats *d = &st->dests[l->dest];
	struct json_object *o = object_at_end(array), *in;

	add_text(o, "source", f->source);
	add_text(o, "tenant", f->tenant);
	add_text(o, "destination", d->name);
	add_stamp(o, "cursor", l->cursor);
	add_seconds(o, "lag_seconds", l->lag_ms);
	in = object_in(o, "lines");
	add_count(in, "put", l->put);
	add_count(in, "held", l->held);
	add_count(in, "queued", l->lines.queued);
	add_count(in, "sent", l->lines.given);
	add_count(in, "acknowledged", l->lines.acknowledged);
	add_count(in, "read", l->lines.read);
	add_count(in, "settled", l->settled);
	add_count(in, "resent", l->lines.resent);
	add_count(in, "shortened", l->left_out);
	add_count(o, "known", l->known);
	in = object_in(o, "severity");
	for (size_t k = 0; k < LANE_SEVERITIES; k++)
		add_count(in, status__severities[k], l->severity[k]);
	add_pass(o, l);
	add_closed(o, l);
	add_gaps(o, st, i);
	add_lane_error(o, f, d);
}

static void
add_fields(struct json_object *o, const struct feed_stats *f)
{
	struct json_object *list = array_in(o, "fields");

	for (size_t i = 0; i < f->n_fields; i++) {
		const struct map_field_count *c = &f->fields[i];
		struct json_object *row;

		if (c->cut + c->dropped_long + c->dropped_type + c->failed == 0)
			continue;
		row = object_at_end(list);
		add_text(row, "field", c->key->key);
		add_count(row, "cut", c->cut);
		add_count(row, "too_long", c->dropped_long);
		add_count(row, "wrong_type", c->dropped_type);
		add_count(row, "failed", c->failed);
	}
}

static void
add_feed(struct json_object *array, const struct feed_stats *f)
{
	struct json_object *o = object_at_end(array);

	add_text(o, "source", f->source);
	add_text(o, "tenant", f->tenant);
	add_text(o, "api", f->api);
	add_text(o, "state", status__feed_word(f));
	add_seconds(o, "ill_seconds", f->ill_ms);
	add_error(o, "last_error", f->why, f->why_at);
	add_stamp(o, "last_pass", f->passed);
	add_count(o, "passes", f->passes);
	add_count(o, "failures", f->failures);
	add_count(o, "calls", f->calls);
	add_count(o, "throttled", f->throttled);
	add_seconds(o, "token_seconds", f->token_ms);
	add_count(o, "served", f->records);
	add_count(o, "unreadable", f->refused);
	add_count(o, "unmatched", f->unmatched);
	add_fields(o, f);
}

static void
add_url(struct json_object *o, const struct dest_url *u)
{
	if (u == NULL) {
		add(o, "host", NULL);
		add(o, "port", NULL);
		return;
	}
	add_text(o, "host", u->host == NULL ? "" : u->host);
	add_text(o, "port", u->port == NULL ? "" : u->port);
}

static void
add_dest(struct json_object *array, const struct dest_stats *d)
{
	struct json_object *o = object_at_end(array);

	add_text(o, "destination", d->name);
	add_url(o, d->url);
	add_text(o, "state", status__dest_word(d));
	add_text(o, "settles_by", d->settles_by);
	add_seconds(o, "ill_seconds", d->ill_ms);
	add_error(o, "last_error", d->why, d->why_at);
	add_count(o, "taken", d->counts.queued);
	add_count(o, "sent", d->counts.sent);
	add_count(o, "settled", d->counts.settled);
	add_count(o, "resent", d->counts.resent);
	add_count(o, "held", d->counts.held);
	add_count(o, "held_bytes", d->held_bytes);
	add_count(o, "window_bytes", d->window_bytes);
	add_count(o, "breaks", d->counts.breaks);
	add_count(o, "too_long", d->counts.too_long);
}

static void
add_reason(void *ctx, const char *text)
{
	struct json_object *s = json_object_new_string(text);

	if (json_object_array_add(ctx, s) != 0)
		log_fatal("out of memory");
}

static struct json_object *
document(const struct status *s, const struct forwarder_stats *st)
{
	struct json_object *o = json_object_new_object(), *list, *reasons;
	struct json_object *reload;

	if (o == NULL)
		log_fatal("out of memory");
	add_text(o, "version", s->version);
	add_count(o, "pid", (uint64_t)getpid());
	add_text(o, "configuration", s->config_path);
	add_stamp(o, "started", st->began);
	add_stamp(o, "now", st->now);
	add_flag(o, "stopping", st->is_stopping);
	reload = object_in(o, "reload");
	add_stamp(reload, "at", s->reload_at);
	add_count(reload, "taken", s->reloads);
	if (s->reload_fault == NULL)
		add(reload, "fault", NULL);
	else
		add_text(reload, "fault", s->reload_fault);
	reasons = json_object_new_array();
	add_flag(o, "healthy", status_reasons(st, add_reason, reasons) == 0);
	add(o, "reasons", reasons);
	list = array_in(o, "lanes");
	for (size_t i = 0; i < st->n_lanes; i++)
		add_lane(list, st, i);
	list = array_in(o, "sources");
	for (size_t i = 0; i < st->n_feeds; i++)
		add_feed(list, &st->feeds[i]);
	list = array_in(o, "destinations");
	for (size_t i = 0; i < st->n_dests; i++)
		add_dest(list, &st->dests[i]);
	return o;
}

void
status_json(
    const struct status *s, const struct forwarder_stats *st, struct buf *out)
{
	struct json_object *o = document(s, st);
	size_t len;
	const char *p = json_object_to_json_string_length(
	    o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

	buf_add(out, p, len);
	(void)json_object_put(o);
}
