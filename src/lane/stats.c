/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "lane/lane_priv.h"

static uint64_t
ms_since(int64_t stamp, int64_t now)
{
	if (stamp == STAMP_NONE || stamp >= now)
		return 0;
	return (uint64_t)stamp_to_ms(now - stamp);
}

uint64_t
lane__lag_ms(const struct lane *l, int64_t now)
{
	return ms_since(
	    l->closed.as_of != STAMP_NONE ? l->closed.as_of : l->at.cursor,
	    now);
}

static void
lane_stats(const struct lane *l, struct lane_stats *out, int64_t now)
{
	*out = (struct lane_stats){
		.feed = l->feed->index,
		.dest = l->outlet->index,
		.cursor = l->at.cursor,
		.is_reading = l->pass != NULL && l->pass->source != NULL,
		.pass_from = STAMP_NONE,
		.pass_created = STAMP_NONE,
		.closed = l->closed,
		.n_closed = l->n_closed,
		.sum = l->sum,
		.put = l->n_put,
		.settled = l->n_settled,
		.held = l->n_put - l->n_settled,
		.known = l->n_known,
		.left_out = l->n_left_out,
	};
	out->lag_ms = lane__lag_ms(l, now);
	for (size_t i = 0; i < LANE_SEVERITIES; i++)
		out->severity[i] = l->n_severity[i];
	if (out->is_reading) {
		const struct source_progress *pr =
		    source_pass_progress(l->pass->source);

		out->pass_from = l->pass->window.updated_from;
		out->pass_created = pr->created_done;
		out->pass_records = pr->records;
	}
	if (l->out != NULL)
		out->lines = *dest_lane_counts(l->out);
}

/* 0 means well, so the first millisecond of an illness is its second. */
static uint64_t
ill_for(uint64_t since_ms, uint64_t now_ms)
{
	if (since_ms == 0)
		return 0;
	return now_ms > since_ms ? now_ms - since_ms : 1;
}

static void
feed_stats(const struct feed *f, struct feed_stats *out)
{
	uint64_t now = clk_ms(), ends = auth_expires_ms(f->auth);
	const struct pass *p;

	*out = (struct feed_stats){
		.source = f->o->source.name,
		.tenant = f->o->source.tenant,
		.api = f->o->source.api == NULL ? "" : f->o->source.api->name,
		.state = f->state,
		.ill_ms = ill_for(f->ill_since_ms, now),
		.why = f->why.text,
		.why_at = f->why_at,
		.passed = f->passed,
		.passes = f->n_passes,
		.failures = f->n_failures,
		.calls = f->n_calls,
		.throttled = f->n_throttled,
		.token_ms = ends > now ? ends - now : 0,
		.records = f->n_records,
		.refused = f->n_refused,
		.unmatched = map_run_unmatched(f->run),
		.capped = map_run_capped(f->run),
	};
	out->n_fields = map_run_counts(f->run, &out->fields);
	LIST_FOREACH(p, &f->passes, entry) {
		if (p->source == NULL)
			continue;
		out->calls += source_pass_progress(p->source)->calls;
		out->throttled += source_pass_progress(p->source)->throttled;
	}
}

static void
dest_stats(const struct outlet *o, struct dest_stats *out)
{
	*out = (struct dest_stats){
		.name = o->o->name,
		.url = o->o->n_urls == 0 ? NULL : &o->o->urls[0],
		.state = DEST_UP,
		.ill_ms = ill_for(o->away_since_ms, clk_ms()),
		.why = o->why.text,
		.why_at = o->why_at,
		.window_bytes = o->o->window_bytes,
	};
	if (o->dest == NULL)
		return; /* it is printed to */
	out->url = dest_url(o->dest);
	out->settles_by = dest_settles_by(o->dest);
	out->state = dest_state(o->dest);
	out->counts = *dest_counts(o->dest);
	out->held_bytes = out->counts.held_bytes;
}

static void
gap_stats(const struct forwarder *fw, struct forwarder_stats *out)
{
	size_t cap = 0;

	for (size_t i = 0; i < out->n_lanes; i++) {
		const struct gap *g;
		size_t listed = 0;

		out->lanes[i].n_gaps = fw->lanes[i]->n_gaps;
		out->lanes[i].n_gaps_lost = fw->lanes[i]->n_gaps_lost;
		TAILQ_FOREACH(g, &fw->lanes[i]->gaps, entry) {
			if (listed++ == LANE_GAPS_MAX)
				break;
			out->gaps = array_grow(
			    out->gaps, out->n_gaps, &cap, sizeof(*out->gaps));
			out->gaps[out->n_gaps++] = (struct lane_gap){
				.lane = i,
				.created_from = g->at.created_from,
				.created_until = g->at.created_until,
				.since = g->at.since,
				.tried = g->at.tried,
				.tries = g->at.tries,
				.reason = xstrdup(g->reason),
			};
		}
	}
}

int
forwarder_stats(struct forwarder *fw, struct forwarder_stats *out)
{
	OBJ_CHECK(fw, FORWARDER_MAGIC);
	if (fw->is_closing)
		return -1;
	*out = (struct forwarder_stats){
		.now = stamp_now(),
		.began = fw->began,
		.is_stopping = fw->is_stopping,
		.unwritten =
		    fw->unwritten.kind == ERR_NONE ? NULL : fw->unwritten.text,
		.lanes = xcalloc(fw->n_lanes, sizeof(*out->lanes)),
		.n_lanes = fw->n_lanes,
		.feeds = xcalloc(fw->n_feeds, sizeof(*out->feeds)),
		.n_feeds = fw->n_feeds,
		.dests = xcalloc(fw->n_outlets, sizeof(*out->dests)),
		.n_dests = fw->n_outlets,
	};
	for (size_t i = 0; i < out->n_dests; i++) {
		if (fw->outlets[i]->dest != NULL)
			dest_measure(fw->outlets[i]->dest);
		dest_stats(fw->outlets[i], &out->dests[i]);
	}
	for (size_t i = 0; i < out->n_feeds; i++)
		feed_stats(fw->feeds[i], &out->feeds[i]);
	for (size_t i = 0; i < out->n_lanes; i++)
		lane_stats(fw->lanes[i], &out->lanes[i], out->now);
	gap_stats(fw, out);
	return 0;
}

void
forwarder_stats_fini(struct forwarder_stats *s)
{
	for (size_t i = 0; i < s->n_gaps; i++)
		free(s->gaps[i].reason);
	free(s->gaps);
	free(s->lanes);
	free(s->feeds);
	free(s->dests);
	*s = (struct forwarder_stats){ .n_lanes = 0 };
}
