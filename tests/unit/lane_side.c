/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/obj.h"
#include "base/stamp.h"

#include "lane_world.h"

#define T(f) cmocka_unit_test_setup_teardown(f, lane_setup, lane_teardown)

static struct source_pass *
run(struct world *w)
{
	w->o.mode = FORWARD_RUN;
	return lane_begin(w);
}

static void
stop(struct world *w)
{
	forwarder_stop(w->fw, NULL);
	lane_finish(w);
}

static void
fire(uv_timer_t *t)
{
	assert_true(uv_is_active((const uv_handle_t *)t));
	t->timer_cb(t);
}

static size_t
told(const char *id)
{
	size_t n = 0;

	for (size_t i = 0; i < fakes.n_told; i++)
		n += strstr(fakes.told[i], id) != NULL;
	return n;
}

static struct gap *
only_gap(const struct world *w)
{
	struct lane *l = w->fw->lanes[0];

	assert_int_equal(l->n_gaps, 1);
	return TAILQ_FIRST(&l->gaps);
}

/* Seconds go by for the lane's one gap. */
static void
age(const struct world *w, int64_t s)
{
	struct gap *g = only_gap(w);

	g->at.since -= at(s);
	if (g->at.tried != STAMP_NONE)
		g->at.tried -= at(s);
}

static int
rows(const struct world *w, const char *where)
{
	char path[128], sql[200];
	sqlite3_stmt *st;
	sqlite3 *db;
	int n;

	(void)snprintf(path, sizeof(path), "%s/state.db", w->dir);
	(void)snprintf(
	    sql, sizeof(sql), "SELECT count(*) FROM gap WHERE %s", where);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int(st, 0);
	assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return n;
}

static void
a_gap_is_told_once_and_closed_when_its_alerts_have_settled(void **state)
{
	struct world *w = *state;
	struct source_pass *p = run(w);
	struct feed *f = w->fw->feeds[0];
	int64_t now = stamp_now(), from = now - at(100), until = now - at(99);
	int64_t began = p->window.updated_from;

	p->h->gap(p->ctx, from, until, "oops");
	fake_end(p, now, now, NULL);
	assert_int_equal(told("|cefwd:gap|"), 1);
	/* The overlap meets it again, cut elsewhere. */
	fire(&f->poll);
	p = fakes.passes[0];
	p->h->gap(p->ctx, from - 5, until - 5, "oops");
	fake_end(p, now, now, NULL);
	assert_int_equal(told("|cefwd:gap|"), 1);
	assert_true(only_gap(w)->at.created_from == from - 5);
	assert_true(only_gap(w)->at.created_until == until);
	/* Not at once... */
	fire(&f->poll);
	assert_int_equal(fakes.n_passes, 1);
	fake_end(fakes.passes[0], now, now, NULL);
	/* ...but by and by, beside the pass. */
	age(w, 61);
	fire(&f->poll);
	assert_int_equal(fakes.n_passes, 2);
	p = fakes.passes[1];
	assert_true(p->window.updated_from == began);
	assert_true(p->window.created_from == from - 5);
	assert_true(p->window.created_until == until);
	fake_record(p, "a", now, ALERT("a", "A", "1"));
	fake_end(p, now, now, NULL);
	assert_int_equal(told("|cefwd:gap-closed|"), 0);
	fire(&f->poll);
	assert_int_equal(fakes.n_passes, 1); /* it is not read twice */
	lane_settle(0, 1);
	assert_int_equal(told("|cefwd:gap-closed|"), 1);
	assert_non_null(strstr(fakes.told[fakes.n_told - 1],
	    "flexNumber1=1 flexNumber1Label=alerts"));
	assert_int_equal(w->fw->lanes[0]->n_gaps, 0);
	fake_end(fakes.passes[0], now, now, NULL);
	stop(w);
	assert_int_equal(rows(w, "1"), 0);
}

/* What the pass has read by then may be older than what it failed to read. */
static void
a_gap_that_is_met_while_it_is_tried_stays(void **state)
{
	struct world *w = *state;
	struct source_pass *p = run(w);
	struct feed *f = w->fw->feeds[0];
	int64_t now = stamp_now();
	int64_t from = now - at(100), until = now - at(99);

	p->h->gap(p->ctx, from, until, "oops");
	fake_end(p, now, now, NULL);
	age(w, 61);
	fire(&f->poll);
	assert_int_equal(fakes.n_passes, 2);
	p = fakes.passes[0];
	p->h->gap(p->ctx, from, until, "oops");
	assert_int_equal(told("|cefwd:gap|"), 1); /* no news */
	fake_end(fakes.passes[1], now, now, NULL);
	assert_int_equal(told("|cefwd:gap-closed|"), 1);
	fake_end(p, now, now, NULL);
	assert_true(only_gap(w)->at.created_from == from);
	stop(w);
	assert_int_equal(rows(w, "1"), 1);
}

static void
a_gap_that_stays_is_tried_less_and_less_often(void **state)
{
	static const struct {
		int64_t s;
		bool is_due;
	} steps[] = { { 59, false }, { 2, true }, { 119, false }, { 2, true },
		{ 239, false }, { 2, true } };
	struct world *w = *state;
	struct source_pass *p = run(w);
	struct feed *f = w->fw->feeds[0];
	struct err e = { .kind = ERR_NONE };
	int64_t now = stamp_now();
	uint64_t tries = 0;

	(void)err_set(&e, ERR_REFUSED, "no");
	p->h->gap(p->ctx, now - at(100), now - at(99), "oops");
	for (size_t i = 0; i < NELEM(steps); i++) {
		fake_end(fakes.passes[0], now, now, NULL);
		age(w, steps[i].s);
		fire(&f->poll);
		assert_int_equal(fakes.n_passes, steps[i].is_due ? 2 : 1);
		if (!steps[i].is_due)
			continue;
		p = fakes.passes[1];
		/* It ends, cannot be read still, or has no end. */
		if (tries == 0) {
			fake_end(p, STAMP_NONE, STAMP_NONE, &e);
		} else if (tries == 1) {
			p->h->gap(p->ctx, now - at(100), now - at(99), "o");
			fake_end(p, now, now, NULL);
		} else {
			fire(&f->side_timer);
		}
		assert_int_equal(only_gap(w)->at.tries, ++tries);
		assert_int_equal(fakes.n_passes, 1);
	}
	assert_int_equal(told("|cefwd:gap|"), 1);
	assert_int_equal(told("|cefwd:source-"), 0);
	stop(w);
	assert_int_equal(rows(w, "tries = 3 AND tried IS NOT NULL"), 1);

	/* A new start knows it, and says so. */
	p = run(w);
	assert_int_equal(told("cn3=1 cn3Label=gaps"), 1);
	assert_int_equal(only_gap(w)->at.tries, 3);
	fake_end(p, now, now, NULL);
	stop(w);
}

static void
once_tries_what_is_due(void **state)
{
	struct world *w = *state;
	struct source_pass *p = lane_begin(w);
	int64_t now = stamp_now();

	p->h->gap(p->ctx, now - at(100), now - at(99), "oops");
	assert_int_equal(told("|cefwd:gap|"), 1);
	age(w, 61);
	fake_end(p, now, now, NULL);
	assert_int_equal(fakes.n_passes, 1);
	p = fakes.passes[0];
	assert_true(p->window.created_until == now - at(99));
	fake_record(p, "a", now, ALERT("a", "A", "1"));
	fake_end(p, now, now, NULL);
	lane_settle(0, 1);
	lane_finish(w);
	assert_int_equal(told("|cefwd:gap-closed|"), 1);
	assert_int_equal(rows(w, "1"), 0);
}

static void
a_gap_older_than_retention_is_told_as_lost(void **state)
{
	struct world *w = *state;
	struct source_pass *p;
	int64_t now = stamp_now();

	w->feed.source.retention_ms = 3600000;
	p = run(w);
	p->h->gap(p->ctx, now - at(3700), now - at(3601), "oops");
	fake_end(p, now, now, NULL);
	assert_int_equal(told("|cefwd:gap-lost|"), 1);
	assert_int_equal(told("cs3=one"), 1);
	assert_int_equal(w->fw->lanes[0]->n_gaps, 0);
	assert_int_equal(w->fw->lanes[0]->n_gaps_lost, 1);
	stop(w);
	assert_int_equal(rows(w, "1"), 0);
}

static void
new_alerts_do_not_wait_behind_a_backlog(void **state)
{
	struct world *w = *state;
	struct source_pass *p = run(w), *head;
	struct feed *f = w->fw->feeds[0];
	struct lane *l = w->fw->lanes[0];
	int64_t now = stamp_now(), before = l->at.cursor;

	fire(&f->poll);
	assert_int_equal(fakes.n_passes, 1); /* it is not long yet */
	l->pass->began_ms -= w->feed.poll_interval_ms;
	fire(&f->poll);
	assert_int_equal(fakes.n_passes, 1); /* it brought nothing */
	fake_record(p, "old", now - at(5000), ALERT("old", "O", "1"));
	f->state = SOURCE_THROTTLED;
	fire(&f->poll);
	assert_int_equal(fakes.n_passes, 1); /* who is told to wait waits */
	f->state = SOURCE_OK;
	fire(&f->poll);
	assert_int_equal(fakes.n_passes, 2);
	head = fakes.passes[1];
	assert_true(head->window.updated_from == l->pass->began - at(900));
	assert_true(head->window.created_from == STAMP_NONE);
	fake_record(head, "new", now, ALERT("new", "N", "1"));
	assert_int_equal(fakes.lanes[0].n_lines, 2);
	fake_end(head, now + at(1000), now + at(2000), NULL);
	assert_true(l->at.cursor == before);
	/* The next one goes on where it was. */
	fire(&f->poll);
	assert_int_equal(fakes.n_passes, 2);
	head = fakes.passes[1];
	assert_true(head->window.updated_from == now + at(1000) - at(900));
	fake_end(head, STAMP_NONE, now + at(2000), NULL);
	/* The backlog's pass meets the new one in the end: it is known. */
	fake_record(p, "new", now, ALERT("new", "N", "1"));
	assert_int_equal(fakes.lanes[0].n_lines, 2);
	p->progress.records = 2;
	fake_end(p, now, now, NULL);
	lane_settle(0, 2);
	assert_true(l->at.cursor == now);
	/* served is what was known and what settled, of this pass alone */
	assert_int_equal(l->closed.records, 2);
	assert_int_equal(l->closed.known, 1);
	assert_int_equal(l->closed.lines, 1);
	fire(&f->poll);
	assert_int_equal(fakes.n_passes, 1);
	fake_end(fakes.passes[0], now, now, NULL);
	stop(w);
}

static void
without_room_the_head_waits_for_it(void **state)
{
	struct world *w = *state;
	struct source_pass *p = run(w);
	struct feed *f = w->fw->feeds[0];
	int64_t now = stamp_now();

	w->fw->lanes[0]->pass->began_ms -= w->feed.poll_interval_ms;
	fakes.lanes[0].has_room = false;
	fake_record(p, "old", now, ALERT("old", "O", "1"));
	assert_true(p->is_paused);
	fire(&f->poll);
	assert_int_equal(fakes.n_passes, 1);
	fakes.lanes[0].has_room = true;
	fakes.lanes[0].h->room(fakes.lanes[0].ctx);
	assert_int_equal(fakes.n_passes, 2);
	assert_false(p->is_paused);
	/* Both pause, both go on. */
	fakes.lanes[0].has_room = false;
	fake_record(fakes.passes[1], "new", now, ALERT("new", "N", "1"));
	fake_record(p, "old2", now, ALERT("old2", "O", "1"));
	assert_true(p->is_paused && fakes.passes[1]->is_paused);
	fakes.lanes[0].has_room = true;
	fakes.lanes[0].h->room(fakes.lanes[0].ctx);
	assert_false(p->is_paused || fakes.passes[1]->is_paused);
	/* One that has no end is given up. */
	fire(&f->side_timer);
	assert_int_equal(fakes.n_passes, 1);
	lane_settle(0, 3);
	stop(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_gap_is_told_once_and_closed_when_its_alerts_have_settled),
		T(a_gap_that_is_met_while_it_is_tried_stays),
		T(a_gap_that_stays_is_tried_less_and_less_often),
		T(once_tries_what_is_due),
		T(a_gap_older_than_retention_is_told_as_lost),
		T(new_alerts_do_not_wait_behind_a_backlog),
		T(without_room_the_head_waits_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
