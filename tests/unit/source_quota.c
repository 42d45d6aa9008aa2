/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/obj.h"
#include "source/quota.h"

static const struct quota_key key = { "graph", "app", "contoso" };

static void
no_stretch_of_a_minute_or_an_hour_holds_more_than_its_limit(void **state)
{
	static const struct {
		unsigned int per_min, per_hour;
		uint64_t begin_ms, gap_ms; /* between two calls, at least */
	} rows[] = {
		{ 150, 0, 0, 0 },
		{ 100, 1500, 4999, 7 },
		{ 50, 1500, 1234567, 130 },
		{ 1, 0, 59999, 1 },
		{ 0, 3, 3599999, 1000 },
		{ 7, 100, 1, 777 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct quota_set *s = quota_set_new();
		struct quota *q =
		    quota_take(s, &key, rows[i].per_min, rows[i].per_hour);
		uint64_t *at = calloc(4000, sizeof(*at));
		uint64_t now = rows[i].begin_ms;
		size_t n = 0;

		assert_non_null(at);
		while (n < 4000 && now < rows[i].begin_ms + 7200000) {
			uint64_t wait = quota_call(q, now);

			if (wait == 0) {
				at[n++] = now;
				now += rows[i].gap_ms;
			}
			now += wait;
		}
		for (size_t k = 0; k < n; k++) {
			size_t min = rows[i].per_min, hour = rows[i].per_hour;

			if (min != 0 && k + min < n)
				assert_true(at[k + min] - at[k] >= 60000);
			if (hour != 0 && k + hour < n)
				assert_true(at[k + hour] - at[k] >= 3600000);
		}
		/* Nor are many of them given away. */
		if (rows[i].per_min > 1 && rows[i].per_hour == 0)
			assert_true(
			    n > 120 * rows[i].per_min * 9 / 10 || n == 4000);
		if (rows[i].per_hour == 1500)
			assert_true(n >= 2 * 1500 - 150);
		free(at);
		quota_give(s, q);
		quota_set_free(s);
	}
}

static void
a_budget_is_shared_by_application_and_tenant(void **state)
{
	static const struct {
		struct quota_key key;
		bool is_same;
	} rows[] = {
		{ { "graph", "app", "contoso" }, true },
		{ { "defender", "app", "contoso" }, false },
		{ { "graph", "other", "contoso" }, false },
		{ { "graph", NULL, "contoso" }, false },
		{ { "graph", "app", "fabrikam" }, false },
	};
	struct quota_set *s = quota_set_new();
	struct quota *q = quota_take(s, &key, 2, 0);

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct quota *r = quota_take(s, &rows[i].key, 0, 0);

		assert_int_equal(r == q, rows[i].is_same);
		quota_give(s, r);
	}
	assert_int_equal(quota_call(q, 0), 0);
	assert_int_equal(quota_call(q, 1), 0);
	assert_int_equal(quota_call(q, 2), 65000 - 2);
	/* The smaller limit holds. */
	assert_ptr_equal(quota_take(s, &key, 1, 0), q);
	assert_int_equal(quota_call(q, 66000), 0);
	assert_true(quota_call(q, 66001) != 0);
	quota_give(s, q);
	quota_give(s, q);
	quota_give(s, NULL);
	quota_set_free(s);
	quota_set_free(NULL);
}

static void
what_one_is_told_to_wait_holds_all_of_the_budget(void **state)
{
	struct quota_set *s = quota_set_new();
	struct quota *q = quota_take(s, &key, 0, 0);

	(void)state;
	assert_int_equal(quota_call(q, 1000), 0);
	assert_false(quota_is_held(q, 1000));
	quota_hold(q, 1000, 90000);
	assert_true(quota_is_held(q, 1000));
	assert_true(quota_is_held(q, 90999));
	assert_false(quota_is_held(q, 91000));
	quota_hold(q, 2000, 10);
	assert_int_equal(quota_call(q, 2000), 89000);
	assert_int_equal(quota_call(q, 91000), 0);
	quota_give(s, q);
	quota_set_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    no_stretch_of_a_minute_or_an_hour_holds_more_than_its_limit),
		cmocka_unit_test(a_budget_is_shared_by_application_and_tenant),
		cmocka_unit_test(
		    what_one_is_told_to_wait_holds_all_of_the_budget),
	};

	return cmocka_run_group_tests_name("source: quota", tests, NULL, NULL);
}
