/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/obj.h"
#include "base/stamp.h"
#include "lane/lane_priv.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alert_is_sent_again_only_by_policy),
		cmocka_unit_test(the_cursor_follows_promise_2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
