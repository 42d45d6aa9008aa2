/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/obj.h"
#include "source/quota.h"

#include "source_world.h"

/* ---- what is asked for ---- */

static void
calls_are_spread_as_the_budget_allows(void **state)
{
	struct quota_set *quotas = quota_set_new();
	struct api row = *api_find("graph-alerts");
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	row.calls_per_min = 10;
	w.o.api = &row;
	w.o.quotas = quotas;
	w.o.page_size = 10;
	world_fill(&w, 350, now() - HOUR, SEC);
	run(&w);
	assert_whole(&w);
	assert_all_seen(&w, 1);
	assert_int_equal(w.sim.calls, 35);
	/* The last of them is behind three full minutes. */
	assert_in_range(fake_ms() - 1000000, 180000, 200000);
	assert_string_equal(w.states.p, "ok ");
	world_fini(&w);
	quota_set_free(quotas);
}

static void
a_quiet_feed_costs_one_request(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	w.o.filter = "severity ne 'informational' or status eq 'new'";
	run(&w);
	assert_whole(&w);
	assert_int_equal(w.sim.calls, 1);
	assert_string_equal(w.sim.last_url,
	    "https://graph.microsoft.com/v1.0/security/alerts_v2"
	    "?$filter=lastUpdateDateTime ge 2026-02-28T00:00:00.0000000Z"
	    " and createdDateTime ge 2025-09-02T00:00:00.0000000Z"
	    " and (severity ne 'informational' or status eq 'new')"
	    "&$orderby=createdDateTime&$top=1000&$count=true");
	assert_string_equal(w.states.p, "ok ");
	assert_int_equal(w.end.newest, STAMP_NONE);
	assert_int_equal(w.end.server_date, now());
	assert_int_equal(w.end.records, 0);
	assert_int_equal(w.end.calls, 1);
	world_fini(&w);
}

static bool
check_headers(
    struct sim_api *sim, const struct fake_request *r, struct fake_answer *a)
{
	(void)sim;
	(void)a;
	assert_string_equal(r->bearer, "token-1");
	assert_string_equal(r->headers[0], "Accept: application/json");
	assert_memory_equal(r->headers[1], "client-request-id: ", 19);
	assert_int_equal(strlen(r->headers[1]), 19 + 36);
	assert_string_equal(
	    r->headers[2], "Prefer: include-unknown-enum-members");
	assert_null(r->headers[3]);
	return false;
}

static void
a_request_names_itself(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	w.sim.before = check_headers;
	run(&w);
	assert_whole(&w);
	assert_int_equal(w.sim.calls, 1);
	world_fini(&w);
}

static void
records_come_with_their_times(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	world_fill(&w, 3, now() - HOUR, SEC);
	run(&w);
	assert_whole(&w);
	assert_string_equal(w.ids.p, "a0 a1 a2 ");
	assert_int_equal(w.end.newest, now() - HOUR + 2 * SEC);
	assert_int_equal(w.end.records, 3);
	world_fini(&w);
}

static void
records_outside_the_window_are_dropped_here_too(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	world_fill(&w, 6, now() - HOUR, SEC);
	w.sim.ignores_updated = true;
	w.sim.ignores_created = true;
	w.w.updated_from = now() - HOUR + 2 * SEC;
	w.w.updated_until = now() - HOUR + 5 * SEC;
	w.sim.alerts[3].created = now() - 200 * DAY;
	/* Unset times are no reason to drop it. */
	w.sim.alerts[4].raw = "{\"id\":\"a4\",\"createdDateTime\":"
			      "\"0001-01-01T00:00:00Z\"}";
	run(&w);
	assert_whole(&w);
	assert_string_equal(w.ids.p, "a2 a4 ");
	assert_int_equal(w.end.outside, 4);
	world_fini(&w);
}

/* ---- pages and slices ---- */

static void
pages_are_followed_to_their_end(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	w.o.page_size = 7;
	world_fill(&w, 40, now() - HOUR, SEC);
	run(&w);
	assert_whole(&w);
	assert_all_seen(&w, 1);
	assert_int_equal(w.sim.calls, 6);
	world_fini(&w);
}

static void
every_kind_of_bad_paging_ends_with_all_records(void **state)
{
	static const struct {
		const char *what;
		struct sim_api sim;
		size_t n;
		int64_t step; /* between two alerts */
	} rows[] = {
		{ "no links", { .no_links = true }, 300, 60 * SEC },
		{ "no links, no count", { .no_links = true, .no_count = true },
		    300, 60 * SEC },
		{ "no links, clamped", { .no_links = true, .top_max = 13 }, 300,
		    60 * SEC },
		{ "no links, no count, clamped",
		    { .no_links = true, .no_count = true, .top_max = 13 }, 300,
		    60 * SEC },
		{ "a cap on $skip", { .skip_max = 45 }, 300, 60 * SEC },
		{ "a circle", { .is_circle = true }, 300, 60 * SEC },
		{ "a circle, no count", { .is_circle = true, .no_count = true },
		    300, 60 * SEC },
		{ "descending, capped",
		    { .is_descending = true, .skip_max = 45 }, 300, 60 * SEC },
		{ "crowded into two minutes",
		    { .no_links = true, .top_max = 10 }, 300, SEC / 3 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct world w;

		world_init(&w, "graph-alerts");
		w.o.page_size = 20;
		w.sim = rows[i].sim;
		world_fill(&w, rows[i].n, now() - 20 * HOUR, rows[i].step);
		run(&w);
		if (!w.is_done || w.gaps.len != 0)
			print_error("%s: %s\n", rows[i].what, w.gaps.p);
		assert_whole(&w);
		assert_all_seen(&w, 1000);
		assert_string_equal(w.gaps.p, "");
		assert_in_range(w.sim.calls, 15, 400);
		world_fini(&w);
	}
}

static void
a_filter_that_is_ignored_does_no_harm(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	w.o.page_size = 20;
	w.sim.ignores_created = true;
	world_fill(&w, 300, now() - 20 * HOUR, 60 * SEC);
	run(&w);
	assert_whole(&w);
	assert_all_seen(&w, 1);
	assert_int_equal(w.sim.calls, 15);
	world_fini(&w);
}

static void
more_of_one_second_than_is_handed_out_is_a_gap(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	w.o.page_size = 20;
	w.sim.no_links = true;
	w.sim.skip_max = 19;
	world_fill(&w, 100, now() - 20 * HOUR, 60 * SEC);
	for (size_t i = 50; i < 80; i++)
		w.sim.alerts[i].created = w.sim.alerts[50].created;
	run(&w);
	assert_whole(&w);
	assert_non_null(strstr(w.gaps.p, "$skip=20 cannot exceed 19"));
	assert_null(strstr(w.gaps.p, "]["));
	for (size_t i = 0; i < 100; i++)
		assert_true(w.seen[i] > 0 || (i >= 70 && i < 80));
	world_fini(&w);
}

static void
more_of_one_second_than_a_page_is_read_by_offset(void **state)
{
	static const struct {
		const char *api;
		struct sim_api sim;
	} rows[] = {
		{ "graph-alerts", { .no_links = true } },
		{ "graph-alerts", { .no_links = true, .no_count = true } },
		{ "graph-alerts", { .no_links = true, .top_max = 7 } },
		{ "defender-alerts", { .no_links = true } },
		{ "defender-alerts", { .no_links = true, .top_max = 7 } },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct world w;

		world_init(&w, rows[i].api);
		w.sim = rows[i].sim;
		w.o.page_size = 20;
		world_fill(&w, 100, now() - 20 * HOUR, 60 * SEC);
		for (size_t k = 30; k < 95; k++)
			w.sim.alerts[k].created = w.sim.alerts[30].created;
		run_whole(&w, 100);
		world_fini(&w);
	}
}

static void
a_stretch_of_creation_time_is_read_alone(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	world_fill(&w, 100, now() - 20 * HOUR, 60 * SEC);
	w.w.created_from = w.sim.alerts[40].created;
	w.w.created_until = w.sim.alerts[45].created;
	run(&w);
	assert_whole(&w);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(w.seen[i], i >= 40 && i < 45 ? 1 : 0);
	world_fini(&w);
}

static void
exactly_a_full_page_of_one_second_is_no_gap(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	w.o.page_size = 20;
	world_fill(&w, 20, now() - 20 * HOUR, 0);
	run_whole(&w, 100);
	world_fini(&w);
}

static void
a_count_of_hidden_records_is_not_trusted_for_ever(void **state)
{
	struct world w;
	size_t calls;

	(void)state;
	world_init(&w, "graph-alerts");
	world_fill(&w, 100, now() - 20 * HOUR, 60 * SEC);
	for (size_t i = 0; i < 100; i += 10)
		w.sim.alerts[i].is_hidden = true;
	run(&w);
	assert_whole(&w);
	assert_all_seen(&w, 100);
	calls = w.sim.calls;
	assert_in_range(calls, 2, 80);
	w.sim.calls = 0;
	run(&w);
	assert_whole(&w);
	/* The page, and a look behind it instead of the count. */
	assert_int_equal(w.sim.calls, 2);
	world_fini(&w);
}

static void
a_first_sync_goes_in_slices(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	w.w.updated_from = now() - 170 * DAY;
	world_fill(&w, 35000, now() - 170 * DAY, 400 * SEC);
	run(&w);
	assert_whole(&w);
	/* The count is seen before the first record is handed over. */
	assert_all_seen(&w, 1);
	assert_in_range(w.sim.calls, 35, 60);
	assert_true(w.slices.len > 0);
	world_fini(&w);
}

static void
without_a_count_a_long_chain_is_cut_as_well(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	w.w.updated_from = now() - 170 * DAY;
	w.sim.no_count = true;
	world_fill(&w, 35000, now() - 170 * DAY, 400 * SEC);
	run(&w);
	assert_whole(&w);
	assert_all_seen(&w, 4);
	assert_true(w.slices.len > 0);
	world_fini(&w);
}

/* The alert under the reader's finger is updated while pages are read. */
static bool
update_while_read(
    struct sim_api *sim, const struct fake_request *r, struct fake_answer *a)
{
	(void)r;
	(void)a;
	if (sim->calls > 1)
		sim->alerts[(sim->calls * 37) % sim->n].updated = now();
	return false;
}

static void
updates_while_pages_are_read_lose_nothing(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	w.o.page_size = 10;
	w.sim.before = update_while_read;
	world_fill(&w, 300, now() - 20 * HOUR, 60 * SEC);
	run(&w);
	assert_whole(&w);
	assert_all_seen(&w, 1);
	world_fini(&w);
}

static void
an_interrupted_pass_goes_on_at_its_edge(void **state)
{
	struct world w;
	size_t passes = 0;

	(void)state;
	world_init(&w, "graph-alerts");
	w.o.page_size = 20;
	w.sim.no_links = true;
	world_fill(&w, 300, now() - 20 * HOUR, 60 * SEC);
	for (;;) {
		size_t had = w.slices.len;

		w.sim.calls = 0;
		start(&w);
		while (w.pass != NULL && w.slices.len == had && fake_step())
			continue;
		if (w.pass == NULL)
			break;
		/* Killed behind its first slice. */
		w.w.created_from = source_pass_progress(w.pass)->created_done;
		source_pass_cancel(w.pass);
		w.pass = NULL;
		passes++;
		assert_true(passes < 100);
	}
	finish(&w);
	assert_whole(&w);
	assert_true(passes > 10);
	assert_all_seen(&w, 1000);
	world_fini(&w);
}

/* ---- records ---- */

static void
records_that_cannot_be_parsed_are_told_and_do_not_stop_it(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	world_fill(&w, 5, now() - HOUR, SEC);
	w.sim.alerts[1].raw = "{\"id\":NaN}";
	w.sim.alerts[3].raw = "{\"id\" 3}";
	run(&w);
	assert_whole(&w);
	assert_string_equal(w.ids.p, "a0 a2 a4 ");
	assert_int_equal(w.end.refused, 2);
	assert_int_equal(w.sim.calls, 1);
	assert_non_null(strstr(w.refused.p,
	    "[created 2025-09-02T00:00:00.0000000Z to now, "
	    "page 1, record 2, byte "));
	assert_non_null(strstr(w.refused.p, "page 1, record 4, byte "));
	world_fini(&w);
}

/* ---- the unpaged API ---- */

static bool
serve_wdatp(
    struct sim_api *sim, const struct fake_request *r, struct fake_answer *a)
{
	struct buf *urls = sim->ctx;

	(void)r;
	buf_addf(urls, "%s\n", strchr(sim->last_url, '?') + 1);
	if (strstr(sim->last_url, "untilTimeUtc") != NULL)
		buf_adds(&a->body, "[]");
	else
		buf_adds(&a->body,
		    "[{\"FullId\":\"x:y\",\"AlertId\":\"x\","
		    "\"LastProcessedTimeUtc\":\"2026-02-28T23:00:00Z\"},"
		    "{\"AlertId\":\"x\","
		    "\"LastProcessedTimeUtc\":\"2026-02-28T23:00:00.5Z\"},"
		    "{\"FullId\":\"old\","
		    "\"LastProcessedTimeUtc\":\"2026-02-20T23:00:00Z\"}]");
	return true;
}

static void
the_unpaged_api_is_read_a_day_at_a_time(void **state)
{
	struct world w;
	struct buf urls;

	(void)state;
	world_init(&w, "wdatp-siem");
	w.o.origin = "https://wdatp-alertexporter-eu.windows.com";
	buf_init(&urls, 100000);
	w.sim.before = serve_wdatp;
	w.sim.ctx = &urls;
	w.w.updated_from = now() - 2 * DAY - HOUR;
	run(&w);
	assert_whole(&w);
	assert_string_equal(urls.p,
	    "sinceTimeUtc=2026-02-26T22:59:59.9999999Z"
	    "&untilTimeUtc=2026-02-27T23:00:00.0000000Z\n"
	    "sinceTimeUtc=2026-02-27T22:59:59.9999999Z"
	    "&untilTimeUtc=2026-02-28T23:00:00.0000000Z\n"
	    "sinceTimeUtc=2026-02-28T22:59:59.9999999Z\n");
	assert_int_equal(w.records, 2);
	assert_memory_equal(w.ids.p, "x:y sha256:", 11);
	assert_int_equal(w.end.outside, 1);
	assert_int_equal(w.end.newest, now() - HOUR + SEC / 2);
	/* Steady state. */
	buf_reset(&urls);
	w.w.updated_from = now() - HOUR;
	w.sim.calls = 0;
	run(&w);
	assert_whole(&w);
	assert_string_equal(
	    urls.p, "sinceTimeUtc=2026-02-28T22:59:59.9999999Z\n");
	/* A closed window ends at its end; an empty one asks nothing. */
	buf_reset(&urls);
	w.w.updated_until = now() - HOUR / 2;
	w.sim.calls = 0;
	run(&w);
	assert_whole(&w);
	assert_string_equal(urls.p,
	    "sinceTimeUtc=2026-02-28T22:59:59.9999999Z"
	    "&untilTimeUtc=2026-02-28T23:30:00.0000000Z\n");
	w.w.updated_until = w.w.updated_from;
	w.sim.calls = 0;
	run(&w);
	assert_whole(&w);
	assert_int_equal(w.sim.calls, 0);
	buf_fini(&urls);
	world_fini(&w);
}

/* ---- the server's date ---- */

static bool
with_date(
    struct sim_api *sim, const struct fake_request *r, struct fake_answer *a)
{
	const int64_t *date = sim->ctx;

	(void)r;
	a->date_unix_ms = *date;
	return false;
}

static void
the_date_of_the_first_answer_is_believed_within_a_day(void **state)
{
	static const struct {
		int64_t date, want; /* ms after the host's clock */
	} rows[] = {
		{ 0, 0 }, { -86399999, -86399999 }, { 86399999, 86399999 },
		{ -86400000, -300000 }, { 86400000, -300000 },
		{ -1 - FAKE_EPOCH_MS, -300000 }, /* none */
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		int64_t date = FAKE_EPOCH_MS + rows[i].date;
		struct world w;

		world_init(&w, "graph-alerts");
		w.sim.before = with_date;
		w.sim.ctx = &date;
		run(&w);
		assert_whole(&w);
		assert_int_equal(w.end.server_date,
		    stamp_from_ms(FAKE_EPOCH_MS + rows[i].want));
		world_fini(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_spread_as_the_budget_allows),
		cmocka_unit_test(a_quiet_feed_costs_one_request),
		cmocka_unit_test(a_request_names_itself),
		cmocka_unit_test(records_come_with_their_times),
		cmocka_unit_test(
		    records_outside_the_window_are_dropped_here_too),
		cmocka_unit_test(pages_are_followed_to_their_end),
		cmocka_unit_test(
		    every_kind_of_bad_paging_ends_with_all_records),
		cmocka_unit_test(a_filter_that_is_ignored_does_no_harm),
		cmocka_unit_test(
		    more_of_one_second_than_is_handed_out_is_a_gap),
		cmocka_unit_test(
		    more_of_one_second_than_a_page_is_read_by_offset),
		cmocka_unit_test(a_stretch_of_creation_time_is_read_alone),
		cmocka_unit_test(exactly_a_full_page_of_one_second_is_no_gap),
		cmocka_unit_test(
		    a_count_of_hidden_records_is_not_trusted_for_ever),
		cmocka_unit_test(a_first_sync_goes_in_slices),
		cmocka_unit_test(without_a_count_a_long_chain_is_cut_as_well),
		cmocka_unit_test(updates_while_pages_are_read_lose_nothing),
		cmocka_unit_test(an_interrupted_pass_goes_on_at_its_edge),
		cmocka_unit_test(
		    records_that_cannot_be_parsed_are_told_and_do_not_stop_it),
		cmocka_unit_test(the_unpaged_api_is_read_a_day_at_a_time),
		cmocka_unit_test(
		    the_date_of_the_first_answer_is_believed_within_a_day),
	};

	return cmocka_run_group_tests_name("source: pass", tests, NULL, NULL);
}
