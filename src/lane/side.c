/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "lane/lane_priv.h"

#define LOG_ROOM    "feed"

/*
 * Passes beside the one that moves the cursors, one at a time for a feed:
 *
 *   gap   tries to fetch what could not be fetched
 *   head  while a long pass works off a backlog, fetches what is new since, so
 *         that no new alert waits behind old ones
 *
 * Neither writes a cursor.  What they hand over is put and remembered as any
 * alert is, so the pass that comes to it later finds it sent.
 */

/* An attempt that has not ended by then is given up: an answer that takes
   longer is none, and a new attempt costs one call. */
#define SIDE_MAX_MS 60000

/* No pass that takes less is worth another beside it. */
#define BEHIND_MS   5000

static void
leave(struct pass *p, struct lane *l)
{
	struct gap *g = p->kind == PASS_GAP ? gaps__same(l, &p->gap) : NULL;

	if (g != NULL)
		g->is_tried_now = false;
	l->side = NULL;
}

void
side__leave(struct lane *l)
{
	struct pass *p = l->side;

	if (p == NULL ||
	    (feed__pass_next(p, NULL) == l && feed__pass_next(p, l) == NULL))
		return;
	leave(p, l);
	feed__throttle(p);
}

static void
end(struct pass *p)
{
	struct feed *f = p->feed;

	(void)uv_timer_stop(&f->side_timer);
	f->side = NULL;
	feed__pass_free(p);
}

void
side__stop(struct feed *f)
{
	struct pass *p = f->side;

	if (p == NULL)
		return;
	for (struct lane *l = NULL; (l = feed__pass_next(p, l)) != NULL;)
		leave(p, l);
	source_pass_cancel(p->source);
	end(p);
}

static void
gap_failed(struct pass *p)
{
	for (struct lane *l = NULL; (l = feed__pass_next(p, l)) != NULL;) {
		struct gap *g = gaps__same(l, &p->gap);

		if (g != NULL)
			gaps__failed(l, g);
	}
}

static void
on_side_timer(uv_timer_t *t)
{
	struct feed *f;
	struct pass *p;

	OBJ_CAST(f, t->data, FEED_MAGIC);
	p = f->side;
	if (p->kind == PASS_GAP)
		gap_failed(p);
	side__stop(f);
	side__next(f);
	forwarder__check(f->fw);
}

/* Not all of it can be read yet. */
static void
on_gap(void *ctx, int64_t from, int64_t until, const char *why)
{
	struct pass *p;

	(void)from;
	(void)until;
	(void)why;
	OBJ_CAST(p, ctx, PASS_MAGIC);
	p->n_gaps++;
}

static void
gap_done(struct pass *p)
{
	if (p->n_gaps > 0) {
		gap_failed(p);
		return;
	}
	for (struct lane *l = NULL; (l = feed__pass_next(p, l)) != NULL;)
		lane__close_gap(l, &p->gap, p->n_records);
}

static void
head_done(struct pass *p, const struct source_progress *pr)
{
	struct feed *f = p->feed;

	f->head = lane__next_cursor(
	    f->head, pr->newest, pr->server_date, f->o->overlap_ms);
}

static void
on_done(void *ctx, const struct source_progress *pr, const struct err *e)
{
	struct feed *f;
	struct pass *p;

	OBJ_CAST(p, ctx, PASS_MAGIC);
	f = feed__pass_over(p, pr);
	if (p->kind == PASS_GAP && e == NULL)
		gap_done(p);
	else if (p->kind == PASS_GAP)
		gap_failed(p);
	else if (e == NULL)
		head_done(p, pr);
	end(p);
	side__next(f);
	forwarder__check(f->fw);
}

static const struct source_handlers side_handlers = {
	.record = feed__record,
	.refused = feed__refused,
	.gap = on_gap,
	.done = on_done,
};

static struct pass *
begin(struct feed *f, enum pass_kind kind, const struct source_window *w)
{
	struct pass *p = feed__pass_new(f, kind);

	p->window = *w;
	f->side = p;
	(void)uv_timer_start(&f->side_timer, on_side_timer, SIDE_MAX_MS, 0);
	return p;
}

static void
go(struct pass *p)
{
	p->source =
	    source_pass_start(p->feed->source, &p->window, &side_handlers, p);
}

static void
try_gap(struct feed *f, const struct state_gap *at)
{
	const struct source_window w = {
		.updated_from = at->updated_from,
		.updated_until = STAMP_NONE,
		.created_from = at->created_from,
		.created_until = at->created_until,
	};
	struct pass *p = begin(f, PASS_GAP, &w);

	p->gap = *at;
	p->gap.reason = NULL;
	for (struct lane *l = NULL; (l = feed__next(f, l)) != NULL;) {
		struct gap *g = gaps__same(l, at);

		if (g == NULL || g->is_tried_now || l->is_leaving ||
		    !lane__has_room(l))
			continue;
		g->is_tried_now = true;
		l->side = p;
	}
	go(p);
}

/* A pass that runs for longer than a poll interval, and brings something,
   works off a backlog.  One that waits for the API is another matter: asking
   twice would not help. */
static bool
is_behind(const struct lane *l)
{
	const struct pass *p = l->pass;
	uint64_t ms;

	if (p == NULL || p->source == NULL || l->feed->state != SOURCE_OK ||
	    p->n_records == 0)
		return false;
	ms = clk_ms() - p->began_ms;
	return ms >= BEHIND_MS && ms >= l->feed->o->poll_interval_ms;
}

/* What was updated before it is for the passes that are behind themselves. */
static int64_t
first_began(const struct feed *f)
{
	int64_t first = INT64_MAX;

	for (struct lane *l = NULL; (l = feed__next(f, l)) != NULL;) {
		if (is_behind(l) && l->pass->began < first)
			first = l->pass->began;
	}
	return first;
}

static void
read_head(struct feed *f)
{
	struct source_window w = {
		.updated_until = STAMP_NONE,
		.created_from = STAMP_NONE,
		.created_until = STAMP_NONE,
	};
	struct pass *p;

	if (f->head == STAMP_NONE)
		f->head = first_began(f);
	w.updated_from = f->head - stamp_from_ms((int64_t)f->o->overlap_ms);
	p = begin(f, PASS_HEAD, &w);
	for (struct lane *l = NULL; (l = feed__next(f, l)) != NULL;) {
		if (is_behind(l) && lane__has_room(l))
			l->side = p;
	}
	go(p);
}

void
side__poll(struct feed *f)
{
	bool behind = false, room = false;

	if (f->side != NULL || f->fw->is_stopping ||
	    f->fw->o->mode != FORWARD_RUN)
		return;
	for (struct lane *l = NULL; (l = feed__next(f, l)) != NULL;) {
		behind |= is_behind(l);
		room |= is_behind(l) && lane__has_room(l);
	}
	f->wants_head = behind && !room;
	if (room)
		read_head(f);
	else if (!behind) {
		f->head = STAMP_NONE;
		side__next(f);
	}
}

void
side__room(struct feed *f, struct lane *l)
{
	if (l->side != NULL)
		feed__throttle(l->side);
	if (f->wants_head)
		side__poll(f);
}

void
side__next(struct feed *f)
{
	if (f->side != NULL || f->fw->is_stopping || f->fw->state == NULL ||
	    f->fw->o->mode == FORWARD_DRY_RUN || f->state != SOURCE_OK)
		return;
	for (struct lane *l = NULL; (l = feed__next(f, l)) != NULL;) {
		const struct gap *g;

		if (l->is_leaving)
			continue;
		gaps__drop_old(l);
		g = gaps__due(l);
		if (g == NULL || !lane__has_room(l) || is_behind(l))
			continue;
		try_gap(f, &g->at);
		return;
	}
}
