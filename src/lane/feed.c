/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "lane/lane_priv.h"

#define LOG_ROOM     "feed"

#define FEED_FMT     "source %s (%s)"
#define FEED_ARGS(f) (f)->o->source.name, (f)->o->source.tenant

struct lane *
feed__next(const struct feed *f, struct lane *l)
{
	return l == NULL ? TAILQ_FIRST(&f->lanes) : TAILQ_NEXT(l, of_feed);
}

struct lane *
feed__pass_next(const struct pass *p, struct lane *l)
{
	do {
		l = feed__next(p->feed, l);
	} while (l != NULL && l->pass != p && l->side != p);
	return l;
}

/* A record on its way through the map to the lanes. */
struct taking {
	struct pass *pass;
	const struct source_record *rec;
};

static void
on_event(void *ctx, const struct map_event *ev)
{
	const struct taking *t = ctx;

	for (struct lane *l = NULL; (l = feed__pass_next(t->pass, l)) != NULL;)
		lane__take(l, t->pass, t->rec, ev);
}

/* Reading goes on only while every lane of the pass has room. */
void
feed__throttle(struct pass *p)
{
	bool want = false;

	for (struct lane *l = NULL; (l = feed__pass_next(p, l)) != NULL;)
		want |= !lane__has_room(l);
	if (want == p->is_paused)
		return;
	p->is_paused = want;
	if (want)
		source_pass_pause(p->source);
	else
		source_pass_resume(p->source);
}

void
feed__record(void *ctx, const struct source_record *rec)
{
	struct taking t = { .rec = rec };

	OBJ_CAST(t.pass, ctx, PASS_MAGIC);
	t.pass->feed->n_records++;
	t.pass->n_records++;
	(void)map_translate(t.pass->feed->run, rec->json, on_event, &t, NULL);
	feed__throttle(t.pass);
}

void
feed__refused(void *ctx, const char *where, const char *why)
{
	struct pass *p;
	uint64_t held;

	OBJ_CAST(p, ctx, PASS_MAGIC);
	p->feed->n_refused++;
	p->n_refused++;
	if (p->kind != PASS_HEAD)
		health__unparsable(p, where, why);
	if (!log_may(&p->feed->refusals, &held))
		return;
	log_err(FEED_FMT ": an alert could not be read and is left out: %s: "
			 "%s not-told=%llu",
	    FEED_ARGS(p->feed), where, why, (unsigned long long)held);
}

/* Promise 5: told with its bounds, kept, and never passed in silence. */
static void
on_gap(void *ctx, int64_t from, int64_t until, const char *why)
{
	char begin[STAMP_TEXT_MAX], end[STAMP_TEXT_MAX] = "open";
	struct health_note note = {
		.reason = why, .start = from, .end = until, .counts = { 1 }
	};
	struct pass *p;
	bool is_new = false, moves = false;

	OBJ_CAST(p, ctx, PASS_MAGIC);
	note.feed = p->feed;
	for (struct lane *l = NULL; (l = feed__pass_next(p, l)) != NULL;) {
		is_new |= lane__gap(l, p, from, until, why);
		moves |= lane__moves(l);
		if (l->n_gaps > note.counts[0])
			note.counts[0] = l->n_gaps;
	}
	/* The overlap meets it again and again. */
	if (moves && !is_new)
		return;
	stamp_format(from, begin);
	if (until != STAMP_NONE)
		stamp_format(until, end);
	log_err(FEED_FMT ": alerts created in a stretch of time could not be "
			 "read and are passed over: %s; they are tried again, "
			 "and \"cefwd status\" shows them from=%s until=%s",
	    FEED_ARGS(p->feed), why, begin, end);
	health_tell(p->feed->fw, HEALTH_GAP, &note);
}

static void
on_slice(void *ctx, const struct source_progress *pr)
{
	struct pass *p;

	OBJ_CAST(p, ctx, PASS_MAGIC);
	for (struct lane *l = NULL; (l = feed__pass_next(p, l)) != NULL;)
		lane__slice(l, p, pr);
}

/* Told on the edge, then seldom, then how long it took.  One illness has many
   faces (no token, no answer): going from one to another is no edge. */
static void
tell_state(struct feed *f, enum source_state state, const struct err *e,
    uint64_t retry_ms)
{
	uint64_t held = 0;

	f->state = state;
	if (state == SOURCE_OK) {
		if (f->ill_since_ms == 0)
			return;
		log_info(FEED_FMT ": answers again down_s=%llu failures=%llu",
		    FEED_ARGS(f),
		    (unsigned long long)(clk_ms() - f->ill_since_ms) / 1000,
		    (unsigned long long)f->ill_times);
		(void)log_over(&f->ill);
		health__feed_well(f);
		f->ill_since_ms = 0;
		f->ill_times = 0;
		return;
	}
	if (f->ill_since_ms == 0)
		f->ill_since_ms = clk_ms();
	f->ill_times++;
	f->n_failures++;
	if (e != NULL)
		f->why = *e;
	f->why_at = stamp_now();
	health__feed_ill(f);
	if (!log_may(&f->ill, &held))
		return;
	log_warn(FEED_FMT ": %s retry_ms=%llu failures=%llu", FEED_ARGS(f),
	    e == NULL ? "no answer" : e->text, (unsigned long long)retry_ms,
	    (unsigned long long)f->ill_times);
}

static void
on_state(
    void *ctx, enum source_state state, const struct err *e, uint64_t retry_ms)
{
	struct pass *p;

	OBJ_CAST(p, ctx, PASS_MAGIC);
	p->feed->is_token_refused =
	    state == SOURCE_NO_TOKEN && e->kind == ERR_REFUSED;
	/* What is final comes again as the end of the pass. */
	if (state == SOURCE_OK || retry_ms > 0)
		tell_state(p->feed, state, e, retry_ms);
}

static bool
was_told(const struct feed *f, const struct cef_key *key)
{
	for (size_t i = 0; i < f->n_told; i++) {
		if (f->told[i] == key)
			return true;
	}
	return false;
}

/* What did not fit its field: once per field. */
static void
tell_misfits(struct feed *f)
{
	const struct map_field_count *rows;
	size_t n = map_run_counts(f->run, &rows);

	for (size_t i = 0; i < n; i++) {
		const struct map_field_count *c = &rows[i];

		if (c->cut + c->dropped_long + c->dropped_type + c->failed ==
			0 ||
		    was_told(f, c->key))
			continue;
		f->told = array_grow(f->told, f->n_told, &f->cap_told,
		    sizeof(const struct cef_key *));
		f->told[f->n_told++] = c->key;
		log_warn(FEED_FMT
		    ": values did not fit field %s; \"cefwd explain\" shows "
		    "which cut=%llu too-long=%llu wrong-type=%llu "
		    "failed=%llu (told once)",
		    FEED_ARGS(f), c->key->key, (unsigned long long)c->cut,
		    (unsigned long long)c->dropped_long,
		    (unsigned long long)c->dropped_type,
		    (unsigned long long)c->failed);
	}
}

void
feed__pass_free(struct pass *p)
{
	for (struct lane *l = NULL; (l = feed__pass_next(p, l)) != NULL;) {
		if (l->pass == p)
			l->pass = NULL;
		else
			l->side = NULL;
	}
	LIST_REMOVE(p, entry);
	free(p);
}

struct feed *
feed__pass_over(struct pass *p, const struct source_progress *pr)
{
	struct feed *f = p->feed;

	p->source = NULL;
	f->n_calls += pr->calls;
	f->n_throttled += pr->throttled;
	return f;
}

static void
on_done(void *ctx, const struct source_progress *pr, const struct err *e)
{
	struct feed *f;
	struct pass *p;

	OBJ_CAST(p, ctx, PASS_MAGIC);
	f = feed__pass_over(p, pr);
	if (e == NULL) {
		f->n_passes++;
		f->unparsable_before = p->n_refused;
		f->passed = stamp_now();
		tell_state(f, SOURCE_OK, NULL, 0);
		for (struct lane *l = NULL;
		     (l = feed__pass_next(p, l)) != NULL;)
			lane__pass_ended(l, p, pr);
	} else if (f->fw->o->mode == FORWARD_RUN) {
		tell_state(f,
		    e->kind == ERR_REFUSED ? SOURCE_REFUSED :
					     SOURCE_UNREACHABLE,
		    e, f->o->poll_interval_ms);
	} else {
		struct err named = *e;

		for (struct lane *l = NULL;
		     (l = feed__pass_next(p, l)) != NULL;)
			l->is_done = true;
		(void)err_context(&named, FEED_FMT, FEED_ARGS(f));
		forwarder__failed(f->fw, &named);
	}
	tell_misfits(f);
	feed__pass_free(p);
	side__next(f);
	forwarder__check(f->fw);
}

static const struct source_handlers pass_handlers = {
	.record = feed__record,
	.refused = feed__refused,
	.gap = on_gap,
	.slice = on_slice,
	.state = on_state,
	.done = on_done,
};

static bool
wants_pass(const struct lane *l)
{
	return l->pass == NULL && !l->is_leaving && lane__has_room(l) &&
	    !(l->is_done && l->fw->o->mode != FORWARD_RUN);
}

/* Whether the two may read together: both fresh and not further apart than
   passes overlap, or both at the very same point of the same pass. */
static bool
is_level(const struct lane *a, const struct lane *b)
{
	int64_t apart = a->at.cursor - b->at.cursor;
	int64_t overlap = stamp_from_ms((int64_t)a->feed->o->overlap_ms);

	return a->at.pass_from == b->at.pass_from &&
	    a->at.pass_date == b->at.pass_date &&
	    a->at.pass_created == b->at.pass_created &&
	    a->at.pass_newest == b->at.pass_newest && apart <= overlap &&
	    apart >= -overlap;
}

static void
window_of(const struct lane *l, struct source_window *w)
{
	const struct forwarder_options *o = l->fw->o;

	*w = (struct source_window){
		.updated_from = l->at.pass_from,
		.updated_until = STAMP_NONE,
		.created_from = l->at.pass_created,
	};
	if (o->mode == FORWARD_REPLAY) {
		w->updated_from = o->since;
		w->updated_until = o->until;
		w->created_from = STAMP_NONE;
	} else if (w->updated_from == STAMP_NONE) {
		w->updated_from = l->at.cursor -
		    stamp_from_ms((int64_t)l->feed->o->overlap_ms);
		w->created_from = STAMP_NONE;
	}
}

struct pass *
feed__pass_new(struct feed *f, enum pass_kind kind)
{
	struct pass *p = xcalloc(1, sizeof(*p));

	p->magic = PASS_MAGIC;
	p->kind = kind;
	p->feed = f;
	p->began = stamp_now();
	p->began_ms = clk_ms();
	p->newest = STAMP_NONE;
	p->date = STAMP_NONE;
	LIST_INSERT_HEAD(&f->passes, p, entry);
	return p;
}

static void
pass_start(struct feed *f, struct lane *first)
{
	struct pass *p = feed__pass_new(f, PASS_MAIN);

	p->newest = first->at.pass_newest;
	p->date = first->at.pass_date;
	window_of(first, &p->window);
	for (struct lane *l = first; l != NULL; l = feed__next(f, l)) {
		struct source_window w;

		if (!wants_pass(l) || !is_level(first, l))
			continue;
		window_of(l, &w);
		if (w.updated_from < p->window.updated_from)
			p->window.updated_from = w.updated_from;
		l->pass = p;
		l->has_left = false;
		l->pass_put = 0;
		l->pass_known = 0;
	}
	p->source = source_pass_start(f->source, &p->window, &pass_handlers, p);
}

/* Start passes for the lanes that have none and have room. */
static void
start_passes(struct feed *f)
{
	if (f->fw->is_stopping)
		return;
	for (struct lane *l = NULL; (l = feed__next(f, l)) != NULL;) {
		if (wants_pass(l))
			pass_start(f, l);
	}
}

/* The next of its own points in time, also where the loop was late: feeds that
   were apart stay apart. */
static void
on_poll(uv_timer_t *t)
{
	uint64_t late, now = clk_ms();
	struct feed *f;

	OBJ_CAST(f, t->data, FEED_MAGIC);
	late = now > f->due_ms ? now - f->due_ms : 0;
	f->due_ms +=
	    (late / f->o->poll_interval_ms + 1) * f->o->poll_interval_ms;
	(void)uv_timer_start(t, on_poll, f->due_ms - now, 0);
	start_passes(f);
	side__poll(f);
}

void
feed__start(struct feed *f)
{
	uint64_t step = f->o->poll_interval_ms / f->fw->n_feeds;
	uint64_t first = f->index * (step < FEED_STEP_MS ? step : FEED_STEP_MS);

	f->due_ms = clk_ms() + first;
	(void)uv_timer_start(&f->poll, on_poll, first, 0);
}

void
feed__room(struct feed *f, struct lane *l)
{
	side__room(f, l);
	if (l->pass != NULL)
		feed__throttle(l->pass);
	else if (l->has_left || f->fw->o->mode != FORWARD_RUN)
		start_passes(f);
}

void
feed__leave(struct feed *f, struct lane *l)
{
	struct pass *p = l->pass;

	side__leave(l);
	/* The last one stays: there is nobody whom it delays. */
	if (feed__pass_next(p, NULL) == l && feed__pass_next(p, l) == NULL)
		return;
	log_info(LANE_FMT ": the destination has no room; the lane reads on "
			  "by itself when it has",
	    LANE_ARGS(l));
	l->pass = NULL;
	l->has_left = true;
	feed__throttle(p);
	(void)f;
}

struct feed *
feed__new(
    struct forwarder *fw, const struct feed_options *o, struct generation *gen)
{
	struct feed *f = xcalloc(1, sizeof(*f));

	f->magic = FEED_MAGIC;
	f->fw = fw;
	f->o = o;
	f->passed = STAMP_NONE;
	f->why_at = STAMP_NONE;
	f->head = STAMP_NONE;
	TAILQ_INIT(&f->lanes);
	LIST_INIT(&f->passes);
	(void)uv_timer_init(fw->loop, &f->side_timer);
	f->side_timer.data = f;
	(void)uv_timer_init(fw->loop, &f->poll);
	f->poll.data = f;
	health__feed_init(f);
	f->run = map_run_new(o->map);
	f->print = o->print;
	f->map_print = o->map_print;
	f->gen = generation__ref(gen);
	f->map_gen = generation__ref(gen);
	return f;
}

/* Records are translated one by one, so the next one goes by the new map. */
static void
renew_map(struct feed *f, const struct map *map, struct generation *gen)
{
	map_run_free(f->run);
	f->run = map_run_new(map);
	f->n_told = 0;
	generation__unref(f->map_gen);
	f->map_gen = generation__ref(gen);
}

void
feed__renew(
    struct feed *f, const struct feed_options *o, struct generation *gen)
{
	uint64_t interval_ms = f->o->poll_interval_ms;

	f->o = o;
	if (f->map_print != o->map_print)
		renew_map(f, o->map, gen);
	f->map_print = o->map_print;
	if (o->poll_interval_ms == interval_ms)
		return;
	f->due_ms = clk_ms() + o->poll_interval_ms;
	(void)uv_timer_start(&f->poll, on_poll, o->poll_interval_ms, 0);
}

void
feed__drop(struct lane *l)
{
	struct pass *p = l->pass;

	l->is_leaving = true;
	if (l->side != NULL)
		side__stop(l->feed);
	l->pass = NULL;
	if (p != NULL)
		feed__throttle(p);
}

void
feed__adopt(struct feed *f, struct lane *l)
{
	if (l->feed == f)
		return;
	if (l->feed != NULL) {
		feed__drop(l);
		TAILQ_REMOVE(&l->feed->lanes, l, of_feed);
	}
	l->feed = f;
	if (f != NULL)
		TAILQ_INSERT_TAIL(&f->lanes, l, of_feed);
}

int
feed__open(struct feed *f, struct err *e)
{
	struct source_options o = f->o->source;

	f->auth = auth_set_take(f->fw->auths, &f->o->auth, e);
	if (f->auth == NULL)
		return err_context(e, FEED_FMT, FEED_ARGS(f));
	o.quotas = f->fw->quotas;
	f->source = source_new(f->fw->loop, f->fw->http, f->auth, &o);
	return 0;
}

void
feed__stop(struct feed *f)
{
	struct pass *p, *next;

	(void)uv_timer_stop(&f->poll);
	(void)uv_timer_stop(&f->lasts);
	side__stop(f);
	for (p = LIST_FIRST(&f->passes); p != NULL; p = next) {
		next = LIST_NEXT(p, entry);
		source_pass_cancel(p->source);
		feed__pass_free(p);
	}
}

void
feed__close(struct feed *f)
{
	if (f->source != NULL)
		source_close(f->source);
	auth_set_give(f->fw->auths, f->auth);
	f->source = NULL;
	f->auth = NULL;
	forwarder__close_handle(f->fw, (uv_handle_t *)&f->poll);
	forwarder__close_handle(f->fw, (uv_handle_t *)&f->lasts);
	forwarder__close_handle(f->fw, (uv_handle_t *)&f->side_timer);
}

void
feed__free(struct feed *f)
{
	map_run_free(f->run);
	generation__unref(f->map_gen);
	generation__unref(f->gen);
	free(f->told);
	free(f);
}
