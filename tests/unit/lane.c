/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/obj.h"
#include "base/stamp.h"

#include "lane_world.h"

#define H1 0x1111u
#define H2 0x2222u

static void
an_alert_is_sent_again_only_by_policy(void **state)
{
	static const struct state_memory row = { .updated = 100, .hash = H1 };
	static const struct state_memory timeless = { .updated = STAMP_NONE,
		.hash = H1 };
	static const struct {
		enum lane_updates policy;
		const struct state_memory *known;
		int64_t updated;
		uint64_t hash;
		enum lane_verdict want;
	} rows[] = {
		/* never seen */
		{ UPDATES_FIRST, NULL, 100, H1, LANE_SEND },
		{ UPDATES_CHANGED, NULL, STAMP_NONE, H1, LANE_SEND },
		/* the same update: never again */
		{ UPDATES_FIRST, &row, 100, H1, LANE_SKIP },
		{ UPDATES_CHANGED, &row, 100, H2, LANE_SKIP },
		{ UPDATES_ALL, &row, 100, H2, LANE_SKIP },
		/* a stale answer */
		{ UPDATES_CHANGED, &row, 99, H2, LANE_SKIP },
		{ UPDATES_ALL, &row, 99, H2, LANE_SKIP },
		/* an update that says something new */
		{ UPDATES_FIRST, &row, 101, H2, LANE_SKIP },
		{ UPDATES_CHANGED, &row, 101, H2, LANE_SEND },
		{ UPDATES_ALL, &row, 101, H2, LANE_SEND },
		/* one that does not */
		{ UPDATES_CHANGED, &row, 101, H1, LANE_TOUCH },
		{ UPDATES_ALL, &row, 101, H1, LANE_SEND },
		/* an API without update times */
		{ UPDATES_CHANGED, &timeless, STAMP_NONE, H1, LANE_SKIP },
		{ UPDATES_CHANGED, &timeless, STAMP_NONE, H2, LANE_SEND },
		{ UPDATES_ALL, &timeless, STAMP_NONE, H1, LANE_SKIP },
		/* it has got one since */
		{ UPDATES_CHANGED, &timeless, 5, H1, LANE_TOUCH },
		{ UPDATES_ALL, &timeless, 5, H1, LANE_SEND },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_int_equal(lane__decide(rows[i].policy, rows[i].known,
				     rows[i].updated, rows[i].hash),
		    rows[i].want);
	}
}

static void
the_cursor_follows_promise_2(void **state)
{
	/* in seconds; overlap 10 s */
	static const struct {
		int64_t cursor, newest, date, want;
	} rows[] = {
		{ 100, 150, 200, 150 }, /* newest seen */
		{ 100, 250, 200, 200 }, /* a record from the future */
		{ 100, -1, 200, 190 },  /* nothing: Date - overlap */
		{ 100, -1, 105, 100 },  /* but never back */
		{ 100, 95, 200, 190 },  /* repeats only */
		{ 100, 100, 200, 190 }, /* likewise, at the edge */
		{ 100, 101, 200, 101 }, /* one new: no further */
		{ 100, 150, 50, 100 },  /* a server clock gone back */
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		int64_t newest = rows[i].newest == -1 ?
		    STAMP_NONE :
		    rows[i].newest * STAMP_PER_S;

		assert_int_equal(lane__next_cursor(rows[i].cursor * STAMP_PER_S,
				     newest, rows[i].date * STAMP_PER_S, 10000),
		    rows[i].want * STAMP_PER_S);
	}
}

static void
a_cursor_waits_for_its_lines(void **state)
{
	struct world *w = *state;
	struct source_pass *p = lane_begin(w);
	int64_t first = p->window.updated_from, now = stamp_now();

	fake_record(p, "a", now - at(60), ALERT("a", "A", "1"));
	fake_record(p, "b", now - at(50), ALERT("b", "B", "1"));
	assert_int_equal(fakes.lanes[0].n_lines, 2);
	fake_end(p, now - at(50), now, NULL);
	lane_settle(0, 1);
	/* One line has not settled: as after a crash, all is asked again. */
	forwarder_stop(w->fw, NULL);
	forwarder_stop(w->fw, NULL);
	lane_finish(w);

	p = lane_begin(w);
	assert_true(p->window.updated_from == first);
	fake_record(p, "a", now - at(60), ALERT("a", "A", "1"));
	fake_record(p, "b", now - at(50), ALERT("b", "B", "1"));
	assert_int_equal(fakes.lanes[0].n_lines, 1);
	assert_non_null(strstr(fakes.lanes[0].lines[0], "externalId=b"));
	fake_end(p, now - at(50), now, NULL);
	lane_settle(0, 1);
	lane_finish(w);
	assert_int_equal(w->err.kind, ERR_NONE);

	p = lane_begin(w);
	assert_true(p->window.updated_from == now - at(50) - at(900));
	fake_end(p, STAMP_NONE, now, NULL);
	lane_finish(w);
}

static void
what_is_under_way_is_not_sent_twice(void **state)
{
	struct world *w = *state;
	struct source_pass *p = lane_begin(w);
	int64_t now = stamp_now();

	/* A page that is asked for again hands its records over again. */
	for (int i = 0; i < 3; i++)
		fake_record(p, "a", now, ALERT("a", "A", "1"));
	assert_int_equal(fakes.lanes[0].n_lines, 1);
	lane_settle(0, 1);
	fake_record(p, "a", now, ALERT("a", "A", "1"));
	assert_int_equal(fakes.lanes[0].n_lines, 1);
	/* An update that changes only what is marked with "!"... */
	fake_record(p, "a", now + 1, ALERT("a", "A", "2"));
	assert_int_equal(fakes.lanes[0].n_lines, 1);
	/* ...and one that says something new, twice, out of order. */
	fake_record(p, "a", now + 3, ALERT("a", "A3", "2"));
	fake_record(p, "a", now + 2, ALERT("a", "A2", "2"));
	assert_int_equal(fakes.lanes[0].n_lines, 2);
	fake_end(p, now + 3, now, NULL);
	lane_settle(0, 1);
	lane_finish(w);

	p = lane_begin(w);
	fake_record(p, "a", now + 3, ALERT("a", "A3", "2"));
	assert_int_equal(fakes.lanes[0].n_lines, 0);
	fake_record(p, "a", now + 4, ALERT("a", "A4", "2"));
	assert_int_equal(fakes.lanes[0].n_lines, 1);
	fake_end(p, now + 4, now, NULL);
	lane_settle(0, 1);
	lane_finish(w);
}

/* "Seen" is renewed once a day, and "remember" may be an hour. */
static void
what_is_still_seen_is_not_forgotten(void **state)
{
	struct world *w = *state;
	int64_t now = stamp_now();
	char path[128];
	sqlite3 *db;

	w->feed.remember_ms = 3600000;
	for (size_t i = 0; i < 3; i++) {
		struct source_pass *p = lane_begin(w);

		fake_record(p, "a", now, ALERT("a", "A", "1"));
		assert_int_equal(fakes.lanes[0].n_lines, i == 0 ? 1 : 0);
		fake_end(p, now, now, NULL);
		if (i == 0)
			lane_settle(0, 1);
		lane_finish(w);
		/* Two hours go by. */
		(void)snprintf(path, sizeof(path), "%s/state.db", w->dir);
		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		assert_int_equal(
		    sqlite3_exec(db, "UPDATE memory SET seen = seen - 7200",
			NULL, NULL, NULL),
		    SQLITE_OK);
		assert_int_equal(sqlite3_close(db), SQLITE_OK);
	}
}

static void
a_pass_goes_on_behind_its_last_settled_slice(void **state)
{
	struct world *w = *state;
	struct source_pass *p = lane_begin(w);
	int64_t first = p->window.updated_from, now = stamp_now();

	fake_record(p, "a", now - at(9), ALERT("a", "A", "1"));
	p->progress.newest = now - at(9);
	p->progress.server_date = now;
	p->progress.created_done = now - at(500);
	p->h->slice(p->ctx, &p->progress);
	lane_settle(0, 1);
	fake_record(p, "b", now - at(8), ALERT("b", "B", "1"));
	p->progress.created_done = now - at(100);
	p->h->slice(p->ctx, &p->progress); /* b is not settled */
	forwarder_stop(w->fw, NULL);
	forwarder_stop(w->fw, NULL);
	lane_finish(w);

	p = lane_begin(w);
	assert_true(p->window.updated_from == first);
	assert_true(p->window.created_from == now - at(500));
	/* Nothing but repeats: the newest of before counts. */
	fake_end(p, STAMP_NONE, now + at(100), NULL);
	lane_finish(w);
	p = lane_begin(w);
	assert_true(p->window.updated_from == now - at(9) - at(900));
	fake_end(p, STAMP_NONE, now, NULL);
	lane_finish(w);
}

static void
what_could_not_be_read_is_kept_as_a_gap(void **state)
{
	struct world *w = *state;
	struct source_pass *p = lane_begin(w);
	int64_t now = stamp_now();
	sqlite3_stmt *st;
	char path[128];
	sqlite3 *db;

	p->h->gap(p->ctx, at(1000), at(2000), "500 again and again");
	fake_end(p, now, now, NULL);
	lane_finish(w);
	(void)snprintf(path, sizeof(path), "%s/state.db", w->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
			     "SELECT created_from || created_until || reason "
			     "FROM gap",
			     -1, &st, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_string_equal(sqlite3_column_text(st, 0),
	    "1970-01-01T00:16:40.0000000Z1970-01-01T00:33:20.0000000Z"
	    "500 again and again");
	assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
lanes_share_a_pass_and_keep_their_own_cursors(void **state)
{
	struct world *w = *state;
	struct source_pass *p;
	int64_t now = stamp_now();

	w->o.n_dests = 2;
	w->o.n_lanes = 2;
	p = lane_begin(w);
	assert_int_equal(fakes.n_passes, 1);
	fake_record(p, "a", now, ALERT("a", "A", "1"));
	assert_int_equal(fakes.lanes[0].n_lines, 1);
	assert_int_equal(fakes.lanes[1].n_lines, 1);
	fake_end(p, now, now, NULL);
	lane_settle(0, 1);
	forwarder_stop(w->fw, NULL);
	forwarder_stop(w->fw, NULL);
	lane_finish(w);

	/* They are not level any more. */
	p = lane_begin(w);
	assert_int_equal(fakes.n_passes, 2);
	for (size_t i = 0; i < 2; i++)
		fake_record(fakes.passes[i], "a", now, ALERT("a", "A", "1"));
	assert_int_equal(fakes.lanes[0].n_lines, 0);
	assert_int_equal(fakes.lanes[1].n_lines, 1);
	fake_end(fakes.passes[0], now, now, NULL);
	fake_end(fakes.passes[0], now, now, NULL);
	lane_settle(1, 1);
	lane_finish(w);
	p = lane_begin(w);
	assert_int_equal(fakes.n_passes, 1);
	fake_end(p, STAMP_NONE, now, NULL);
	lane_finish(w);
}

static void
without_room_the_reading_pauses(void **state)
{
	struct world *w = *state;
	struct source_pass *p = lane_begin(w);
	int64_t now = stamp_now();

	fakes.lanes[0].has_room = false;
	fake_record(p, "a", now, ALERT("a", "A", "1"));
	assert_true(p->is_paused);
	lane_settle(0, 1);
	assert_true(p->is_paused);
	fakes.lanes[0].has_room = true;
	fakes.lanes[0].h->room(fakes.lanes[0].ctx);
	assert_false(p->is_paused);
	fake_end(p, now, now, NULL);
	lane_finish(w);
}

static void
a_lane_without_room_leaves_the_others_alone(void **state)
{
	struct world *w = *state;
	struct source_pass *p;
	int64_t now = stamp_now();

	w->o.n_dests = 2;
	w->o.n_lanes = 2;
	p = lane_begin(w);
	fakes.lanes[1].has_room = false;
	fake_record(p, "a", now, ALERT("a", "A", "1"));
	assert_true(p->is_paused);
	/* LANE_NO_ROOM_MS later it is out of the pass. */
	while (p->is_paused)
		(void)uv_run(&w->loop, UV_RUN_ONCE);
	fake_record(p, "b", now, ALERT("b", "B", "1"));
	assert_int_equal(fakes.lanes[0].n_lines, 2);
	assert_int_equal(fakes.lanes[1].n_lines, 1);
	fake_end(p, now, now, NULL);
	lane_settle(0, 2);
	/* With room it reads by itself, and gets what it missed. */
	lane_settle(1, 1);
	fakes.lanes[1].has_room = true;
	fakes.lanes[1].h->room(fakes.lanes[1].ctx);
	assert_int_equal(fakes.n_passes, 1);
	p = fakes.passes[0];
	fake_record(p, "a", now, ALERT("a", "A", "1"));
	fake_record(p, "b", now, ALERT("b", "B", "1"));
	assert_int_equal(fakes.lanes[0].n_lines, 2);
	assert_int_equal(fakes.lanes[1].n_lines, 2);
	fake_end(p, now, now, NULL);
	lane_settle(1, 1);
	lane_finish(w);
}

static void
a_refused_pass_ends_once_with_its_reason(void **state)
{
	struct world *w = *state;
	struct source_pass *p = lane_begin(w);
	struct err e;

	(void)err_set(&e, ERR_REFUSED, "AADSTS7000215: wrong secret");
	fake_end(p, STAMP_NONE, stamp_now(), &e);
	lane_finish(w);
	assert_int_equal(w->err.kind, ERR_REFUSED);
	assert_string_equal(
	    w->err.text, "source s (t): AADSTS7000215: wrong secret");
}

static void
a_replay_reads_and_writes_no_state(void **state)
{
	struct world *w = *state;
	struct source_pass *p;
	char path[128];

	w->o.mode = FORWARD_REPLAY;
	w->o.since = at(1000);
	w->o.until = at(2000);
	p = lane_begin(w);
	assert_true(p->window.updated_from == at(1000));
	assert_true(p->window.updated_until == at(2000));
	fake_record(p, "a", at(1500), ALERT("a", "A", "1"));
	fake_record(p, "a", at(1500), ALERT("a", "A", "1"));
	assert_int_equal(fakes.lanes[0].n_lines, 1);
	lane_settle(0, 1);
	fake_record(p, "a", at(1500), ALERT("a", "A", "1"));
	assert_int_equal(fakes.lanes[0].n_lines, 1);
	fake_end(p, at(1500), at(3000), NULL);
	lane_finish(w);
	(void)snprintf(path, sizeof(path), "%s/state.db", w->dir);
	assert_int_equal(access(path, F_OK), -1);
}

static void
status_counts_what_was_served_and_what_settled(void **state)
{
	struct world *w = *state;
	const struct err broken = { .kind = ERR_NET, .text = "no answer" };
	int64_t now = stamp_now();
	struct forwarder_stats st;
	struct source_pass *p;

	w->o.mode = FORWARD_RUN;
	p = lane_begin(w);
	fake_record(p, "a", now - at(60), ALERT("a", "A", "1"));
	fake_record(p, "b", now - at(50), ALERT("b", "B", "1"));
	fake_record(p, "b", now - at(50), ALERT("b", "B", "1"));
	p->h->state(p->ctx, SOURCE_UNREACHABLE, &broken, 1000);
	p->h->gap(p->ctx, now - at(9), now - at(8), "too many");
	p->progress.records = 3;
	p->progress.calls = 2;
	assert_int_equal(forwarder_stats(w->fw, &st), 0);
	assert_int_equal(st.n_lanes, 1);
	assert_true(st.lanes[0].is_reading);
	assert_int_equal(st.lanes[0].pass_records, 3);
	assert_int_equal(st.lanes[0].put, 2);
	assert_int_equal(st.lanes[0].held, 2);
	assert_int_equal(st.lanes[0].known, 1);
	assert_int_equal(st.lanes[0].severity[1], 2); /* unknown: 5 */
	assert_int_equal(st.lanes[0].lines.read, 7);
	assert_int_equal(st.lanes[0].n_closed, 0);
	assert_true(st.lanes[0].closed.as_of == STAMP_NONE);
	/* It began a day ago, and nothing has settled since. */
	assert_true(st.lanes[0].lag_ms > 80000000);
	assert_int_equal(st.feeds[0].state, SOURCE_UNREACHABLE);
	assert_string_equal(st.feeds[0].why, "no answer");
	assert_int_equal(st.feeds[0].calls, 2);
	assert_int_equal(st.feeds[0].failures, 1);
	assert_true(st.feeds[0].passed == STAMP_NONE);
	assert_string_equal(st.dests[0].name, "one");
	forwarder_stats_fini(&st);

	fake_end(p, now - at(50), now, NULL);
	lane_settle(0, 1);
	assert_int_equal(forwarder_stats(w->fw, &st), 0);
	assert_int_equal(st.lanes[0].n_closed, 0); /* a line is missing */
	forwarder_stats_fini(&st);
	lane_settle(0, 1);
	while (forwarder_stats(w->fw, &st) == 0 && st.n_gaps == 0) {
		forwarder_stats_fini(&st);
		(void)uv_run(&w->loop, UV_RUN_ONCE);
	}
	assert_int_equal(st.lanes[0].n_closed, 1);
	assert_int_equal(st.lanes[0].closed.records, 3);
	assert_int_equal(st.lanes[0].closed.lines, 2);
	assert_int_equal(st.lanes[0].closed.known, 1);
	assert_true(st.lanes[0].lag_ms < 60000);
	assert_int_equal(st.lanes[0].n_gaps, 1);
	assert_string_equal(st.gaps[0].reason, "too many");
	assert_true(st.gaps[0].created_until == now - at(8));
	assert_int_equal(st.feeds[0].state, SOURCE_OK);
	assert_int_equal(st.feeds[0].passes, 1);
	assert_string_equal(st.feeds[0].why, "no answer"); /* the last */
	forwarder_stats_fini(&st);
	forwarder_stop(w->fw, NULL);
	lane_finish(w);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, lane_setup, lane_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alert_is_sent_again_only_by_policy),
		cmocka_unit_test(the_cursor_follows_promise_2),
		T(a_cursor_waits_for_its_lines),
		T(what_is_under_way_is_not_sent_twice),
		T(what_is_still_seen_is_not_forgotten),
		T(a_pass_goes_on_behind_its_last_settled_slice),
		T(what_could_not_be_read_is_kept_as_a_gap),
		T(lanes_share_a_pass_and_keep_their_own_cursors),
		T(without_room_the_reading_pauses),
		T(a_lane_without_room_leaves_the_others_alone),
		T(a_refused_pass_ends_once_with_its_reason),
		T(a_replay_reads_and_writes_no_state),
		T(status_counts_what_was_served_and_what_settled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
