/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "lane/lane_priv.h"

#define LOG_ROOM     "lane"

/*
 * What could not be fetched (DESIGN, promise 5): a lane keeps its gaps in
 * memory as the state has them.  A gap is told once, however often the overlap
 * meets it; it goes when what was in it has settled, or when no API can answer
 * for it any more.
 */

/* A gap is tried again after this, doubling: an API that fails for a record
   mostly does so until somebody mends it. */
#define AGAIN_MIN_MS ((int64_t)60 * 1000)
#define AGAIN_MAX_MS ((int64_t)6 * 3600 * 1000)

/* Gaps of a lane that are tried again; all stand in the state. */
#define KEPT_MAX     1000

static struct gap *
keep(struct lane *l, const struct state_gap *from)
{
	struct gap *g;

	l->n_gaps++;
	if (l->n_gaps > KEPT_MAX)
		return NULL;
	g = xcalloc(1, sizeof(*g));
	g->at = *from;
	g->reason = xstrdup(from->reason);
	g->at.reason = g->reason;
	TAILQ_INSERT_TAIL(&l->gaps, g, entry);
	return g;
}

static void
forget(struct lane *l, struct gap *g)
{
	l->n_gaps--;
	TAILQ_REMOVE(&l->gaps, g, entry);
	free(g->reason);
	free(g);
}

static void
on_stored(void *ctx, const struct state_gap *gap)
{
	(void)keep(ctx, gap);
}

int
gaps__load(struct lane *l, struct err *e)
{
	return state_gaps(l->fw->state, l->id, on_stored, l, e);
}

void
gaps__free(struct lane *l)
{
	struct gap *g, *next;

	for (g = TAILQ_FIRST(&l->gaps); g != NULL; g = next) {
		next = TAILQ_NEXT(g, entry);
		forget(l, g);
	}
}

static void
write_new(struct state_commit *c, const struct lane *l, const struct gap *g)
{
	state_commit_gap(c, l->id, g->at.updated_from, g->at.created_from,
	    g->at.created_until, g->reason);
}

static void
write_closed(struct state_commit *c, const struct lane *l, const struct gap *g)
{
	state_commit_gap_closed(c, l->id, g->at.updated_from,
	    g->at.created_from, g->at.created_until);
}

/* A gap with the bounds of this one, met while it was tried: the state has one
   row for both. */
static void
write_twins(struct state_commit *c, const struct lane *l, const struct gap *of)
{
	const struct gap *g;

	TAILQ_FOREACH(g, &l->gaps, entry) {
		if (g != of && g->at.updated_from == of->at.updated_from &&
		    g->at.created_from == of->at.created_from &&
		    g->at.created_until == of->at.created_until)
			write_new(c, l, g);
	}
}

bool
gaps__add(struct lane *l, int64_t updated_from, int64_t from, int64_t until,
    const char *why)
{
	struct state_gap at = { .updated_from = updated_from,
		.created_from = from,
		.created_until = until,
		.reason = why,
		.since = stamp_now(),
		.tried = STAMP_NONE };
	struct state_commit *c;
	struct gap *g, *met = NULL;
	bool is_known = false;

	if (!lane__moves(l))
		return false;
	TAILQ_FOREACH(g, &l->gaps, entry) {
		if (from >= g->at.created_until || until <= g->at.created_from)
			continue;
		is_known |=
		    from >= g->at.created_from && until <= g->at.created_until;
		if (!g->is_tried_now)
			met = g;
	}
	g = met;
	c = lane__commit(l);
	/* One that is tried now may be closed by what was read before this was
	   met: it is a gap of its own, if not news. */
	if (g == NULL) {
		g = keep(l, &at);
		if (g != NULL)
			write_new(c, l, g);
		else
			state_commit_gap(
			    c, l->id, updated_from, from, until, why);
		lane__committed(l);
		return !is_known;
	}
	/* The overlap meets it again, cut elsewhere: make it hold both. */
	if (from < g->at.created_from || until > g->at.created_until ||
	    updated_from < g->at.updated_from) {
		write_closed(c, l, g);
		if (from < g->at.created_from)
			g->at.created_from = from;
		if (until > g->at.created_until)
			g->at.created_until = until;
		if (updated_from < g->at.updated_from)
			g->at.updated_from = updated_from;
		write_new(c, l, g);
	}
	lane__committed(l);
	return false;
}

static bool
is_due(const struct gap *g, int64_t now)
{
	int64_t wait = AGAIN_MIN_MS;

	if (g->is_tried_now)
		return false;
	for (uint64_t i = 0; i < g->at.tries && wait < AGAIN_MAX_MS; i++)
		wait *= 2;
	if (wait > AGAIN_MAX_MS)
		wait = AGAIN_MAX_MS;
	return now - (g->at.tried != STAMP_NONE ? g->at.tried : g->at.since) >=
	    stamp_from_ms(wait);
}

struct gap *
gaps__due(struct lane *l)
{
	int64_t now = stamp_now();
	struct gap *g;

	TAILQ_FOREACH(g, &l->gaps, entry) {
		if (is_due(g, now))
			return g;
	}
	return NULL;
}

struct gap *
gaps__same(struct lane *l, const struct state_gap *at)
{
	struct gap *g;

	TAILQ_FOREACH(g, &l->gaps, entry) {
		if (g->at.updated_from == at->updated_from &&
		    g->at.created_from == at->created_from &&
		    g->at.created_until == at->created_until)
			return g;
	}
	return NULL;
}

static void
tell(const struct lane *l, enum health_event event, const struct gap *g,
    uint64_t alerts)
{
	const struct health_note note = { .feed = l->feed,
		.only = l->outlet,
		.destination = l->dest_options->name,
		.reason = g->reason,
		.start = g->at.created_from,
		.end = g->at.created_until,
		.counts = { l->n_gaps,
		    (uint64_t)(stamp_now() - g->at.since) / STAMP_PER_S,
		    g->at.tries, alerts } };

	health_tell(l->fw, event, &note);
}

void
gaps__failed(struct lane *l, struct gap *g)
{
	g->is_tried_now = false;
	g->at.tried = stamp_now();
	g->at.tries++;
	state_commit_gap_tried(lane__commit(l), l->id, g->at.updated_from,
	    g->at.created_from, g->at.created_until, g->at.tried);
	lane__committed(l);
}

void
gaps__closed(struct lane *l, struct gap *g, uint64_t alerts)
{
	char from[STAMP_TEXT_MAX], until[STAMP_TEXT_MAX];

	stamp_format(g->at.created_from, from);
	stamp_format(g->at.created_until, until);
	log_info(LANE_FMT ": a gap is closed from=%s until=%s alerts=%llu",
	    LANE_ARGS(l), from, until, (unsigned long long)alerts);
	write_closed(lane__commit(l), l, g);
	write_twins(lane__commit(l), l, g);
	lane__committed(l);
	g->at.tries++;
	l->n_gaps--; /* the event counts those that are left */
	tell(l, HEALTH_GAP_CLOSED, g, alerts);
	l->n_gaps++;
	forget(l, g);
}

void
gaps__drop_old(struct lane *l)
{
	uint64_t retention_ms = l->feed->o->source.retention_ms;
	int64_t edge = stamp_now() - stamp_from_ms((int64_t)retention_ms);
	struct gap *g, *next;

	if (retention_ms == 0)
		return;
	for (g = TAILQ_FIRST(&l->gaps); g != NULL; g = next) {
		char from[STAMP_TEXT_MAX], until[STAMP_TEXT_MAX];

		next = TAILQ_NEXT(g, entry);
		if (g->is_tried_now || g->at.created_until > edge)
			continue;
		stamp_format(g->at.created_from, from);
		stamp_format(g->at.created_until, until);
		log_err(LANE_FMT ": a gap is older than \"retention\": its "
				 "alerts cannot be fetched any more from=%s "
				 "until=%s",
		    LANE_ARGS(l), from, until);
		write_closed(lane__commit(l), l, g);
		lane__committed(l);
		l->n_gaps_lost++;
		tell(l, HEALTH_GAP_LOST, g, 0);
		forget(l, g);
	}
}
