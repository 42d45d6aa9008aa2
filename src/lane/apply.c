/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "lane/lane_priv.h"

#define LOG_ROOM  "lane"

/*
 * Other options while the forwarder runs.  What is equal by name and print
 * stays as it is, with its connection, its pass and its lines:
 *
 *   PREPARE   new feeds and outlets are open, new lanes get their rows of the
 *      |      state; a fault here ends it, and nothing was touched
 *   DRAIN     lanes that go take no more lines; those of an outlet that goes
 *      |      are given time to settle, as at a stop
 *   WRITE     outlets that go are closed, what their lines left is written
 *      |
 *   swap()    all at once: the new ones begin where the state says
 *
 *  1. A lane stays with its outlet: its lines, its memory and its cursor are
 *     not touched, though its feed be another from then on.
 *  2. A lane whose outlet goes ends as in a crash: the cursor on disk is
 *     behind every line that had not settled, so its successor sends them.
 *  3. A lane that goes while its outlet stays lingers until its lines have
 *     settled and are written; if it is wanted again, it comes back.
 */

/* How often the stages look, and how often lingering lanes are looked at. */
#define STEP_MS   20
#define LINGER_MS 500

enum stage {
	STAGE_PREPARE,
	STAGE_DRAIN,
	STAGE_WRITE,
};

struct reload {
	enum stage stage;
	const struct forwarder_options *o;
	struct generation *gen;
	forwarder_applied_fn *applied;
	void *ctx;
	uint64_t deadline_ms; /* of the drain */
	/* By the indices of o: those that stay, and new ones. */
	struct feed **feeds;
	struct outlet **outlets;
	struct lane **lanes; /* made at the end of PREPARE */
	size_t n_lanes;      /* so far */
};

/* --- generations of options ------------------------------------------- */

struct generation *
generation__new(struct forwarder *fw, const struct forwarder_options *o)
{
	struct generation *g = xcalloc(1, sizeof(*g));

	g->o = o;
	g->refs = 1;
	LIST_INSERT_HEAD(&fw->generations, g, entry);
	return g;
}

struct generation *
generation__ref(struct generation *g)
{
	g->refs++;
	return g;
}

void
generation__unref(struct generation *g)
{
	const struct forwarder_options *o;

	if (g == NULL || --g->refs > 0)
		return;
	o = g->o;
	LIST_REMOVE(g, entry);
	free(g);
	if (o->unused != NULL)
		o->unused(o->unused_ctx);
}

/* --- what has ended ---------------------------------------------------- */

void
forwarder__bury(struct forwarder *fw)
{
	struct grave *g;

	while ((g = SLIST_FIRST(&fw->graves)) != NULL) {
		SLIST_REMOVE_HEAD(&fw->graves, entry);
		if (g->lane != NULL)
			lane__free(g->lane);
		if (g->feed != NULL)
			feed__free(g->feed);
		if (g->outlet != NULL) {
			generation__unref(g->outlet->gen);
			free(g->outlet);
		}
		free(g);
	}
}

static void
dig(struct forwarder *fw, struct lane *l, struct feed *f, struct outlet *out)
{
	struct grave *g = xcalloc(1, sizeof(*g));

	g->lane = l;
	g->feed = f;
	g->outlet = out;
	SLIST_INSERT_HEAD(&fw->graves, g, entry);
}

static void
end_lane(struct lane *l)
{
	if (l->out != NULL && l->dest != NULL)
		dest_lane_remove(l->out);
	l->out = NULL;
	feed__adopt(NULL, l);
	lane__close(l);
	dig(l->fw, l, NULL, NULL);
}

static void
end_feed(struct feed *f)
{
	feed__stop(f);
	feed__close(f);
	dig(f->fw, NULL, f, NULL);
}

static void
end_outlet(struct outlet *out)
{
	outlet__close(out);
	dig(out->fw, NULL, NULL, out);
}

/* --- the plan ---------------------------------------------------------- */

static bool
is_same_feed(const struct feed *f, const struct feed_options *o)
{
	return f->print == o->print &&
	    strcmp(f->o->source.name, o->source.name) == 0 &&
	    strcmp(f->o->source.tenant, o->source.tenant) == 0;
}

static void
plan(struct forwarder *fw, struct reload *r)
{
	const struct forwarder_options *o = r->o;

	for (size_t i = 0; i < fw->n_feeds; i++)
		fw->feeds[i]->is_kept = false;
	for (size_t i = 0; i < fw->n_outlets; i++)
		fw->outlets[i]->is_kept = false;
	for (size_t i = 0; i < o->n_feeds; i++) {
		for (size_t k = 0; k < fw->n_feeds; k++) {
			if (!is_same_feed(fw->feeds[k], &o->feeds[i]))
				continue;
			r->feeds[i] = fw->feeds[k];
			r->feeds[i]->is_kept = true;
			break;
		}
	}
	for (size_t i = 0; i < o->n_dests; i++) {
		for (size_t k = 0; k < fw->n_outlets; k++) {
			const struct dest_options *d = fw->outlets[k]->o;

			if (d->print != o->dests[i].print ||
			    strcmp(d->name, o->dests[i].name) != 0)
				continue;
			r->outlets[i] = fw->outlets[k];
			r->outlets[i]->is_kept = true;
			break;
		}
	}
}

static bool
is_lane(const struct lane *l, const struct outlet *out,
    const struct feed_options *o)
{
	return l->outlet == out &&
	    strcmp(lane__source(l), o->source.name) == 0 &&
	    strcmp(lane__tenant(l), o->source.tenant) == 0;
}

/* Rule 1 and 3: the lane of these that is there. */
static struct lane *
find_lane(const struct forwarder *fw, const struct outlet *out,
    const struct feed_options *o)
{
	struct lane *l;

	if (!out->is_kept)
		return NULL;
	for (size_t i = 0; i < fw->n_lanes; i++) {
		if (is_lane(fw->lanes[i], out, o))
			return fw->lanes[i];
	}
	LIST_FOREACH(l, &fw->leaving, leave_entry) {
		if (is_lane(l, out, o))
			return l;
	}
	return NULL;
}

static bool
is_new(struct forwarder *fw, const struct lane *l)
{
	return l->out == NULL && !fw->o->is_printing && l->dest != NULL;
}

static void
reload_free(struct forwarder *fw)
{
	struct reload *r = fw->reload;

	free(r->feeds);
	free(r->outlets);
	free(r->lanes);
	free(r);
	fw->reload = NULL;
}

/* Nothing was touched: what was made for it goes. */
static void
undo(struct forwarder *fw)
{
	struct reload *r = fw->reload;

	(void)uv_timer_stop(&fw->reload_timer);
	for (size_t i = 0; i < fw->n_lanes; i++)
		fw->lanes[i]->is_leaving = false;
	for (size_t i = 0; i < r->n_lanes; i++) {
		if (is_new(fw, r->lanes[i]))
			end_lane(r->lanes[i]);
	}
	for (size_t i = 0; i < r->o->n_feeds; i++) {
		if (r->feeds[i] != NULL && !r->feeds[i]->is_kept)
			end_feed(r->feeds[i]);
	}
	for (size_t i = 0; i < r->o->n_dests; i++) {
		if (r->outlets[i] != NULL && !r->outlets[i]->is_kept)
			end_outlet(r->outlets[i]);
	}
	generation__unref(r->gen);
	reload_free(fw);
	forwarder__linger(fw);
}

static int
open_new(struct forwarder *fw, struct reload *r, struct err *e)
{
	const struct forwarder_options *o = r->o;

	for (size_t i = 0; i < o->n_dests; i++) {
		if (r->outlets[i] != NULL)
			continue;
		r->outlets[i] = outlet__new(fw, &o->dests[i], r->gen);
		if (outlet__open(r->outlets[i], e) == -1)
			return -1;
	}
	for (size_t i = 0; i < o->n_feeds; i++) {
		if (r->feeds[i] != NULL)
			continue;
		r->feeds[i] = feed__new(fw, &o->feeds[i], r->gen);
		if (feed__open(r->feeds[i], e) == -1)
			return -1;
	}
	return 0;
}

/* --- the stages -------------------------------------------------------- */

static void
fail(struct forwarder *fw, const struct err *e)
{
	forwarder_applied_fn *applied = fw->reload->applied;
	void *ctx = fw->reload->ctx;

	undo(fw);
	applied(ctx, e);
}

/* Whether a lane, in its array or lingering, is none of the new options'. */
static bool
is_going(const struct reload *r, const struct lane *l)
{
	for (size_t i = 0; i < r->n_lanes; i++) {
		if (r->lanes[i] == l)
			return false;
	}
	return true;
}

/* While the state cannot be written a reload would wait for it, and so would
   the lanes that it holds. */
static bool
fail_unwritten(struct forwarder *fw)
{
	struct err e;

	if (fw->unwritten.kind == ERR_NONE)
		return false;
	(void)err_set(&e, fw->unwritten.kind,
	    "%.900s: mend that, then reload again", fw->unwritten.text);
	fail(fw, &e);
	return true;
}

/* Rows of the state are made on the loop's thread, while the pool has none to
   write. */
static bool
prepare(struct forwarder *fw)
{
	struct reload *r = fw->reload;
	struct err e;

	if (fail_unwritten(fw) ||
	    (fw->state != NULL && !state_is_idle(fw->state)))
		return false;
	for (size_t i = 0; i < r->o->n_lanes; i++) {
		const struct lane_pair *p = &r->o->lanes[i];
		struct outlet *out = r->outlets[p->dest];
		struct lane *l = find_lane(fw, out, &r->o->feeds[p->feed]);

		if (l == NULL) {
			l = lane__new(fw, r->feeds[p->feed], out);
			l->is_leaving = true; /* not yet there */
		}
		r->lanes[r->n_lanes++] = l;
		if (is_new(fw, l) && lane__prepare(l, &e) == -1) {
			fail(fw, &e);
			return false;
		}
	}
	for (size_t i = 0; i < fw->n_lanes; i++) {
		if (is_going(r, fw->lanes[i]))
			feed__drop(fw->lanes[i]);
	}
	return true;
}

static bool
has_drained(const struct lane *l)
{
	return l->outlet->is_kept || l->n_put == l->n_settled ||
	    l->outlet->dest == NULL || dest_state(l->outlet->dest) != DEST_UP;
}

static bool
drain(struct forwarder *fw)
{
	const struct lane *l;

	if (clk_ms() >= fw->reload->deadline_ms)
		return true;
	for (size_t i = 0; i < fw->n_lanes; i++) {
		if (!has_drained(fw->lanes[i]))
			return false;
	}
	LIST_FOREACH(l, &fw->leaving, leave_entry) {
		if (!has_drained(l))
			return false;
	}
	return true;
}

/* Rule 2. */
static void
cut_off(struct lane *l)
{
	if (l->outlet->is_kept)
		return;
	l->dest = NULL;
	l->out = NULL;
	lane__flush(l);
}

static void
close_outlets(struct forwarder *fw)
{
	struct lane *l;

	for (size_t i = 0; i < fw->n_outlets; i++) {
		struct outlet *out = fw->outlets[i];

		if (out->is_kept)
			continue;
		dest_close(out->dest);
		out->dest = NULL;
		(void)uv_timer_stop(&out->late);
		(void)uv_timer_stop(&out->lasts);
	}
	for (size_t i = 0; i < fw->n_lanes; i++)
		cut_off(fw->lanes[i]);
	LIST_FOREACH(l, &fw->leaving, leave_entry) {
		cut_off(l);
	}
}

static void
linger(struct lane *l)
{
	if (l->left_source == NULL) {
		l->left_source = xstrdup(l->feed->o->source.name);
		l->left_tenant = xstrdup(l->feed->o->source.tenant);
	}
	feed__adopt(NULL, l);
	LIST_INSERT_HEAD(&l->fw->leaving, l, leave_entry);
}

/* Old lanes: they stay, linger, or end. */
static void
part_lanes(struct forwarder *fw, const struct reload *r)
{
	struct lane *l, *next;

	for (l = LIST_FIRST(&fw->leaving); l != NULL; l = next) {
		next = LIST_NEXT(l, leave_entry);
		if (l->outlet->is_kept && is_going(r, l))
			continue;
		LIST_REMOVE(l, leave_entry);
		if (is_going(r, l))
			end_lane(l);
	}
	for (size_t i = 0; i < fw->n_lanes; i++) {
		l = fw->lanes[i];
		if (!is_going(r, l))
			continue;
		if (l->outlet->is_kept)
			linger(l);
		else
			end_lane(l);
	}
}

static void
take_lanes(struct forwarder *fw, const struct reload *r)
{
	for (size_t i = 0; i < r->n_lanes; i++) {
		struct lane *l = r->lanes[i];
		struct err e;

		feed__adopt(r->feeds[r->o->lanes[i].feed], l);
		l->index = i;
		l->is_leaving = false;
		/* The one before it has written since PREPARE. */
		if (is_new(fw, l) && lane__open(l, &e) == -1)
			log_fatal("%s", e.text);
	}
}

static void
take_feeds(struct forwarder *fw, const struct reload *r)
{
	for (size_t i = 0; i < fw->n_feeds; i++) {
		if (!fw->feeds[i]->is_kept)
			end_feed(fw->feeds[i]);
	}
	for (size_t i = 0; i < r->o->n_feeds; i++) {
		struct feed *f = r->feeds[i];

		f->index = i;
		if (f->is_kept)
			feed__renew(f, &r->o->feeds[i], r->gen);
	}
}

static void
take_outlets(struct forwarder *fw, const struct reload *r)
{
	for (size_t i = 0; i < fw->n_outlets; i++) {
		if (!fw->outlets[i]->is_kept)
			end_outlet(fw->outlets[i]);
	}
	for (size_t i = 0; i < r->o->n_dests; i++)
		r->outlets[i]->index = i;
}

static void
take_arrays(struct forwarder *fw, struct reload *r)
{
	free(fw->feeds);
	free(fw->outlets);
	free(fw->lanes);
	fw->feeds = r->feeds;
	fw->outlets = r->outlets;
	fw->lanes = r->lanes;
	fw->n_feeds = r->o->n_feeds;
	fw->n_outlets = r->o->n_dests;
	fw->n_lanes = r->n_lanes;
	r->feeds = NULL;
	r->outlets = NULL;
	r->lanes = NULL;
}

static void
swap(struct forwarder *fw)
{
	forwarder_applied_fn *applied = fw->reload->applied;
	struct generation *old = fw->gen;
	struct reload *r = fw->reload;
	void *ctx = r->ctx;

	(void)uv_timer_stop(&fw->reload_timer);
	for (size_t i = 0; i < fw->n_feeds; i++) {
		if (!fw->feeds[i]->is_kept)
			feed__stop(fw->feeds[i]);
	}
	part_lanes(fw, r);
	take_lanes(fw, r);
	take_feeds(fw, r);
	take_outlets(fw, r);
	fw->o = r->o;
	fw->gen = r->gen;
	take_arrays(fw, r);
	reload_free(fw);
	generation__unref(old);
	auth_set_reload(fw->auths);
	for (size_t i = 0; i < fw->n_lanes; i++) {
		if (is_new(fw, fw->lanes[i]))
			lane__start(fw->lanes[i]);
	}
	for (size_t i = 0; i < fw->n_feeds; i++) {
		if (!fw->feeds[i]->is_kept)
			feed__start(fw->feeds[i]);
	}
	forwarder__linger(fw);
	health__pace(fw);
	health_tell(fw, HEALTH_RELOADED, NULL);
	applied(ctx, NULL);
}

static void
step(struct forwarder *fw)
{
	struct reload *r = fw->reload;

	if (r->stage == STAGE_PREPARE) {
		if (!prepare(fw))
			return;
		r->stage = STAGE_DRAIN;
	}
	if (r->stage == STAGE_DRAIN) {
		if (!drain(fw) || fail_unwritten(fw))
			return;
		close_outlets(fw);
		r->stage = STAGE_WRITE;
	}
	if (fw->state == NULL || state_is_idle(fw->state))
		swap(fw);
}

/* Rule 3. */
static void
let_go(struct forwarder *fw)
{
	struct lane *l, *next;

	for (l = LIST_FIRST(&fw->leaving); l != NULL; l = next) {
		next = LIST_NEXT(l, leave_entry);
		if (l->n_put != l->n_settled)
			continue;
		lane__flush(l);
		if (!lane__is_idle(l))
			continue;
		LIST_REMOVE(l, leave_entry);
		end_lane(l);
	}
}

static void
on_reload_timer(uv_timer_t *t)
{
	struct forwarder *fw;

	OBJ_CAST(fw, t->data, FORWARDER_MAGIC);
	if (fw->is_closing)
		return;
	if (fw->closing == 0)
		forwarder__bury(fw);
	if (fw->reload != NULL) {
		step(fw);
		return;
	}
	let_go(fw);
	if (LIST_EMPTY(&fw->leaving) && SLIST_EMPTY(&fw->graves))
		(void)uv_timer_stop(&fw->reload_timer);
}

void
forwarder__linger(struct forwarder *fw)
{
	if (fw->reload == NULL)
		(void)uv_timer_start(
		    &fw->reload_timer, on_reload_timer, 0, LINGER_MS);
}

void
forwarder__give_reload_up(struct forwarder *fw)
{
	struct err e;

	if (fw->reload == NULL)
		return;
	(void)err_set(&e, ERR_BUSY, "the program is stopping");
	fail(fw, &e);
}

int
forwarder_apply(struct forwarder *fw, const struct forwarder_options *o,
    forwarder_applied_fn *applied, void *ctx, struct err *e)
{
	struct reload *r;

	OBJ_CHECK(fw, FORWARDER_MAGIC);
	if (fw->is_stopping || fw->is_closing)
		return err_set(e, ERR_BUSY, "the program is stopping");
	if (fw->reload != NULL)
		return err_set(e, ERR_BUSY, "an earlier one is under way");
	r = xcalloc(1, sizeof(*r));
	r->o = o;
	r->gen = generation__new(fw, o);
	r->applied = applied;
	r->ctx = ctx;
	r->deadline_ms = clk_ms() + o->stop_timeout_ms;
	r->feeds = xcalloc(o->n_feeds + 1, sizeof(struct feed *));
	r->outlets = xcalloc(o->n_dests + 1, sizeof(struct outlet *));
	r->lanes = xcalloc(o->n_lanes + 1, sizeof(struct lane *));
	fw->reload = r;
	plan(fw, r);
	if (open_new(fw, r, e) == -1) {
		undo(fw);
		return -1;
	}
	(void)uv_timer_start(&fw->reload_timer, on_reload_timer, 0, STEP_MS);
	return 0;
}

void
forwarder_reopen(struct forwarder *fw)
{
	OBJ_CHECK(fw, FORWARDER_MAGIC);
	for (size_t i = 0; !fw->is_closing && i < fw->n_outlets; i++) {
		if (fw->outlets[i]->dest != NULL)
			dest_reopen(fw->outlets[i]->dest);
	}
}

void
forwarder_refused(struct forwarder *fw, const char *why)
{
	const struct health_note note = { HEALTH_NOTE, .reason = why,
		.text = "mend the files and reload again; \"cefwd check\" "
			"tells all faults; a restart would not start" };

	OBJ_CHECK(fw, FORWARDER_MAGIC);
	health_tell(fw, HEALTH_RELOAD_REFUSED, &note);
}
