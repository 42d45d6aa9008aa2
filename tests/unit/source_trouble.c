/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/obj.h"

#include "source_world.h"

/* ---- trouble ---- */

/* Every second request fails as ctx says. */
static bool
fail_every_second(
    struct sim_api *sim, const struct fake_request *r, struct fake_answer *a)
{
	const struct fake_answer *how = sim->ctx;

	if (sim->calls % 2 == 0)
		return false;
	a->status = how->status;
	a->no_answer = how->no_answer;
	a->cut_at = how->cut_at;
	if (how->type != NULL)
		a->type = how->type;
	a->retry_after_ms = how->retry_after_ms;
	a->warning = how->warning;
	if (how->status == 206 || how->cut_at != SIZE_MAX) {
		sim->before = NULL;
		sim->calls--;
		sim_serve(sim, r, a);
		sim->before = fail_every_second;
		a->status = how->status;
	} else if (how->location != NULL) {
		buf_adds(&a->body, how->location); /* the body, here */
	}
	return true;
}

static void
passing_trouble_is_waited_out(void **state)
{
	static const struct {
		struct fake_answer how;
		const char *states;
	} rows[] = {
		{ { .no_answer = true, .cut_at = SIZE_MAX },
		    "unreachable ok " },
		{ { .status = 500, .cut_at = SIZE_MAX }, "unreachable ok " },
		{ { .status = 502,
		      .cut_at = SIZE_MAX,
		      .type = "text/html",
		      .location = "<html>bad gateway" },
		    "unreachable ok " },
		{ { .status = 503, .cut_at = SIZE_MAX }, "unreachable ok " },
		{ { .status = 504, .cut_at = SIZE_MAX }, "unreachable ok " },
		{ { .status = 408, .cut_at = SIZE_MAX }, "unreachable ok " },
		{ { .status = 206,
		      .cut_at = SIZE_MAX,
		      .warning = "199 - \"Microsoft/MCAS/504/10000\"" },
		    "unreachable ok " },
		{ { .status = 200, .cut_at = 0 }, "unreachable ok " },
		{ { .status = 200, .cut_at = 1 }, "unreachable ok " },
		{ { .status = 200, .cut_at = 700 }, "unreachable ok " },
		{ { .status = 200, .cut_at = SIZE_MAX }, "unreachable ok " },
		{ { .status = 200, .cut_at = SIZE_MAX, .location = "{}" },
		    "unreachable ok " },
		{ { .status = 200,
		      .cut_at = SIZE_MAX,
		      .location = "{\"value\":[{\"id\":\"x0\"},{\"i" },
		    "unreachable ok " },
		{ { .status = 200,
		      .cut_at = SIZE_MAX,
		      .location = "<html>sign in" },
		    "unreachable ok " },
		{ { .status = 200,
		      .cut_at = SIZE_MAX,
		      .type = "text/html",
		      .location = "<html>sign in" },
		    "unreachable ok " },
		{ { .status = 200, .cut_at = SIZE_MAX, .type = "text/html" },
		    "unreachable ok " },
		{ { .status = 429,
		      .cut_at = SIZE_MAX,
		      .retry_after_ms = 600000 },
		    "throttled(600000) ok " },
		{ { .status = 429,
		      .cut_at = SIZE_MAX,
		      .retry_after_ms = 86400000 },
		    "throttled(3600000) ok " },
		{ { .status = 509, .cut_at = SIZE_MAX, .retry_after_ms = 2128 },
		    "throttled(2128) ok " },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct fake_answer how = rows[i].how;
		struct world w;

		world_init(&w, "graph-alerts");
		w.o.page_size = 25;
		if (how.retry_after_ms == 0)
			how.retry_after_ms = -1;
		w.sim.before = fail_every_second;
		w.sim.ctx = &how;
		world_fill(&w, 70, now() - HOUR, SEC);
		run(&w);
		assert_whole(&w);
		assert_all_seen(&w, 2);
		assert_int_equal(w.sim.calls, 6);
		if (strncmp(w.states.p, rows[i].states,
			strlen(rows[i].states)) != 0)
			print_error("row %zu: %s\n", i, w.states.p);
		assert_memory_equal(
		    w.states.p, rows[i].states, strlen(rows[i].states));
		/* Three waits of at least three quarters of a second, or as
		   long as it was told. */
		assert_true(fake_ms() - 1000000 >= 3 * 750);
		if (how.retry_after_ms > 3600000)
			assert_int_equal(fake_ms() - 1000000, 3 * 3600000);
		else if (how.retry_after_ms > 0)
			assert_int_equal(fake_ms() - 1000000,
			    3 * (uint64_t)how.retry_after_ms);
		assert_string_equal(w.gaps.p, "");
		world_fini(&w);
	}
}

/* No answer until an hour has gone. */
static bool
down_for_an_hour(
    struct sim_api *sim, const struct fake_request *r, struct fake_answer *a)
{
	(void)sim;
	(void)r;
	if (fake_ms() > 1000000 + 3600000)
		return false;
	a->no_answer = true;
	return true;
}

static bool
ill_for_an_hour(
    struct sim_api *sim, const struct fake_request *r, struct fake_answer *a)
{
	(void)r;
	if (sim->calls < 3 || fake_ms() > 1000000 + 3600000)
		return false;
	a->status = 500;
	return true;
}

static void
an_outage_is_no_gap_and_no_storm(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct world w;

		world_init(&w, "graph-alerts");
		w.o.page_size = 60;
		w.sim.before = i == 0 ? down_for_an_hour : ill_for_an_hour;
		world_fill(&w, 300, now() - 20 * HOUR, 60 * SEC);
		run_whole(&w, 100);
		/* One a minute, and the slices that the outage left small. */
		assert_in_range(w.sim.calls, 50, 200);
		world_fini(&w);
	}
}

static void
what_always_fails_is_stepped_round(void **state)
{
	static const size_t rows[] = { 0, 150, 299 };

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char from[STAMP_TEXT_MAX];
		struct world w;

		world_init(&w, "graph-alerts");
		world_fill(&w, 300, now() - 20 * HOUR, 60 * SEC);
		w.sim.alerts[rows[i]].is_poison = true;
		run(&w);
		assert_whole(&w);
		assert_all_seen(&w, 100);
		/* One gap, a second or so long, around it. */
		assert_non_null(strstr(w.gaps.p, "oops"));
		assert_null(strstr(w.gaps.p, "]["));
		stamp_format(w.sim.alerts[rows[i]].created, from);
		assert_true(strncmp(w.gaps.p + 1, from, 28) <= 0);
		assert_true(strncmp(w.gaps.p + 30, from, 28) > 0);
		world_fini(&w);
	}
}

/* Links live too shortly to be followed. */
static bool
links_have_ended(
    struct sim_api *sim, const struct fake_request *r, struct fake_answer *a)
{
	(void)sim;
	if (strstr(r->url, "$skip=") == NULL)
		return false;
	a->status = 410;
	return true;
}

static void
links_that_always_end_are_not_needed_in_the_end(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	w.o.page_size = 60;
	w.sim.before = links_have_ended;
	world_fill(&w, 300, now() - 20 * HOUR, 60 * SEC);
	run_whole(&w, 100);
	world_fini(&w);
}

/* Each page behind a first one comes in part, then whole. */
static bool
fail_behind_once(
    struct sim_api *sim, const struct fake_request *r, struct fake_answer *a)
{
	char *before = sim->ctx;

	if (strstr(r->url, "$skip=") == NULL || strcmp(before, r->url) == 0)
		return false;
	(void)snprintf(before, 4096, "%s", r->url);
	sim->before = NULL;
	sim_serve(sim, r, a);
	sim->before = fail_behind_once;
	a->status = 206;
	return true;
}

static void
a_part_that_came_twice_is_no_sign_of_the_end(void **state)
{
	char before[4096] = "";
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	w.o.page_size = 60;
	w.sim.top_max = 25;
	w.sim.no_links = true;
	w.sim.no_count = true;
	w.sim.before = fail_behind_once;
	w.sim.ctx = before;
	world_fill(&w, 300, now() - 20 * HOUR, 60 * SEC);
	run_whole(&w, 100);
	world_fini(&w);
}

static bool
always_500(
    struct sim_api *sim, const struct fake_request *r, struct fake_answer *a)
{
	(void)sim;
	(void)r;
	a->status = 500;
	return true;
}

static void
an_api_that_never_answers_is_asked_slowly(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	w.sim.before = always_500;
	start(&w);
	while (fake_ms() < 1000000 + 86400000u)
		assert_true(fake_step());
	assert_in_range(w.sim.calls, 1000, 2000);
	assert_string_equal(w.states.p, "unreachable ");
	assert_string_equal(w.gaps.p, "");
	source_pass_cancel(w.pass);
	w.pass = NULL;
	world_fini(&w);
}

/* ---- tokens and refusals ---- */

static bool
refuse_old_token(
    struct sim_api *sim, const struct fake_request *r, struct fake_answer *a)
{
	if (sim->calls < 3 || strcmp(r->bearer, "token-1") != 0)
		return false;
	a->status = 401;
	return true;
}

static bool
refuse_any_token(
    struct sim_api *sim, const struct fake_request *r, struct fake_answer *a)
{
	(void)sim;
	(void)r;
	a->status = 401;
	buf_adds(&a->body,
	    "{\"error\":{\"code\":\"InvalidAuthenticationToken\","
	    "\"message\":\"Invalid audience.\"}}");
	return true;
}

static void
a_token_that_dies_on_the_way_is_renewed_once(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	w.o.page_size = 10;
	w.sim.before = refuse_old_token;
	world_fill(&w, 50, now() - HOUR, SEC);
	run(&w);
	assert_whole(&w);
	assert_all_seen(&w, 1);
	assert_int_equal(fake_renewals(), 1);
	assert_string_equal(w.states.p, "ok ");
	world_fini(&w);

	world_init(&w, "graph-alerts");
	w.sim.before = refuse_any_token;
	run(&w);
	assert_true(w.is_done);
	assert_int_equal(w.err.kind, ERR_REFUSED);
	assert_int_equal(w.sim.calls, 2);
	/* The caller names the source; the words do not. */
	assert_null(strstr(w.err.text, "contoso"));
	assert_non_null(strstr(w.err.text,
	    "InvalidAuthenticationToken: "
	    "\"Invalid audience.\""));
	assert_string_equal(w.states.p, "refused ");
	world_fini(&w);
}

static bool
answer_with(
    struct sim_api *sim, const struct fake_request *r, struct fake_answer *a)
{
	const struct fake_answer *how = sim->ctx;

	(void)r;
	a->status = how->status;
	a->location = how->location;
	a->request_id = "11111111-2222";
	buf_adds(&a->body,
	    "{\"error\":{\"code\":\"Code\",\"message\":\"What it says.\","
	    "\"innerError\":{\"code\":\"no\"}}}");
	return true;
}

static void
what_trying_again_cannot_mend_ends_the_pass_in_words(void **state)
{
	static const struct {
		struct fake_answer how;
		const char *filter;
		enum err_kind kind;
		const char *mend;
	} rows[] = {
		{ { .status = 403 }, NULL, ERR_REFUSED,
		    "SecurityAlert.Read.All" },
		{ { .status = 400 }, NULL, ERR_DATA, "does not take" },
		{ { .status = 400 }, "nonsense", ERR_CONFIG,
		    "check the source's filter" },
		{ { .status = 404 }, NULL, ERR_PROTO, "check api, cloud" },
		{ { .status = 302, .location = "https://evil.example/x?y=z" },
		    NULL, ERR_PROTO,
		    "redirect to https://evil.example:443 was refused" },
		{ { .status = 302, .location = "" }, NULL, ERR_PROTO,
		    "redirect to elsewhere was refused" },
		{ { .status = 405 }, NULL, ERR_PROTO, "405 Code" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct fake_answer how = rows[i].how;
		struct world w;

		world_init(&w, "graph-alerts");
		w.o.filter = rows[i].filter;
		w.sim.before = answer_with;
		w.sim.ctx = &how;
		run(&w);
		assert_true(w.is_done);
		if (w.err.kind != rows[i].kind ||
		    strstr(w.err.text, rows[i].mend) == NULL)
			print_error("%d: %s\n", how.status, w.err.text);
		assert_int_equal(w.err.kind, rows[i].kind);
		assert_non_null(strstr(w.err.text, rows[i].mend));
		assert_non_null(strstr(w.err.text, "Code: \"What it says.\""));
		assert_non_null(strstr(w.err.text, "client-request-id "));
		assert_non_null(
		    strstr(w.err.text, ", request-id 11111111-2222)"));
		assert_null(strstr(w.err.text, "y=z"));
		assert_int_equal(w.sim.calls, 1);
		world_fini(&w);
	}
}

static void
a_link_to_another_origin_is_refused(void **state)
{
	static const char *const rows[] = { "https://evil.example",
		"http://graph.microsoft.com",
		"https://graph.microsoft.com:8443",
		"https://graph.microsoft.com@evil.example",
		"https://graph.microsoft.com.evil.example", "//evil.example",
		"x" };

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct world w;

		world_init(&w, "graph-alerts");
		w.o.page_size = 10;
		w.sim.link_origin = rows[i];
		world_fill(&w, 50, now() - HOUR, SEC);
		run(&w);
		assert_true(w.is_done);
		assert_int_equal(w.err.kind, ERR_PROTO);
		assert_int_equal(err_status(w.err.kind), 69);
		assert_non_null(strstr(w.err.text, "the next page's link"));
		assert_int_equal(w.sim.calls, 1);
		world_fini(&w);
	}
}

static void
a_missing_token_is_waited_for(void **state)
{
	struct world w;
	struct err e;

	(void)state;
	world_init(&w, "graph-alerts");
	(void)err_set(&e, ERR_BUSY, "throttled");
	fake_token_fails(2, &e, 90000);
	run(&w);
	assert_whole(&w);
	assert_string_equal(w.states.p, "no-token ok ");
	assert_int_equal(fake_ms() - 1000000, 180000);
	world_fini(&w);

	world_init(&w, "graph-alerts");
	(void)err_set(&e, ERR_REFUSED, "AADSTS7000215");
	fake_token_fails(1, &e, 60000);
	run(&w);
	assert_true(w.is_done);
	assert_int_equal(w.err.kind, ERR_REFUSED);
	assert_string_equal(w.err.text, "AADSTS7000215");
	assert_string_equal(w.states.p, "no-token ");
	assert_int_equal(w.sim.calls, 0);
	world_fini(&w);
}

/* ---- pause, resume, cancel ---- */

static void
a_pause_holds_what_is_under_way(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	w.sim.chunk = 1000;
	w.pause_after = 5;
	world_fill(&w, 100, now() - HOUR, SEC);
	start(&w);
	while (fake_step_within(29999))
		continue;
	/* No more than the piece of the body that was there. */
	assert_in_range(w.records, 5, 15);
	source_pass_resume(w.pass);
	finish(&w);
	assert_whole(&w);
	assert_all_seen(&w, 1);
	assert_int_equal(w.sim.calls, 1);
	world_fini(&w);
}

static void
a_long_pause_drops_the_transfer_and_asks_again(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "graph-alerts");
	w.sim.chunk = 1000;
	w.pause_after = 5;
	world_fill(&w, 100, now() - HOUR, SEC);
	start(&w);
	while (fake_step_within(3600000))
		continue;
	assert_int_equal(fake_ms(), 1000000 + 30000);
	assert_int_equal(fake_open(), 0);
	assert_int_equal(w.sim.calls, 1);
	source_pass_resume(w.pass);
	finish(&w);
	assert_whole(&w);
	assert_all_seen(&w, 2);
	assert_int_equal(w.sim.calls, 2);
	/* Not an error. */
	assert_string_equal(w.states.p, "ok ");
	world_fini(&w);
}

static void
a_pass_can_be_paused_anywhere(void **state)
{
	/* Paused and resumed before each of its steps. */
	(void)state;
	for (size_t at = 0; at < 40; at++) {
		struct world w;

		world_init(&w, "graph-alerts");
		w.o.page_size = 10;
		world_fill(&w, 50, now() - HOUR, SEC);
		start(&w);
		for (size_t i = 0; i < at && w.pass != NULL; i++)
			(void)fake_step();
		if (w.pass != NULL) {
			source_pass_pause(w.pass);
			source_pass_pause(w.pass);
			while (fake_step_within(at % 2 == 0 ? 100 : 100000))
				continue;
		}
		if (w.pass != NULL) {
			source_pass_resume(w.pass);
			source_pass_resume(w.pass);
		}
		finish(&w);
		assert_whole(&w);
		assert_all_seen(&w, 2);
		world_fini(&w);
	}
}

static void
a_pass_can_be_cancelled_anywhere(void **state)
{
	(void)state;
	/* From outside, before each of its steps. */
	for (size_t at = 0; at < 60; at++) {
		struct world w;

		world_init(&w, "graph-alerts");
		w.o.page_size = 10;
		w.sim.skip_max = 15;
		world_fill(&w, 50, now() - HOUR, SEC);
		start(&w);
		for (size_t i = 0; i < at && w.pass != NULL; i++)
			(void)fake_step();
		source_pass_cancel(w.pass);
		w.pass = NULL;
		(void)fake_step();
		(void)uv_run(&w.loop, UV_RUN_NOWAIT);
		world_fini(&w);
	}
	source_pass_cancel(NULL);
}

static void
a_pass_can_be_cancelled_from_each_of_its_callbacks(void **state)
{
	bool is_over = false;

	(void)state;
	for (size_t at = 1; !is_over; at++) {
		struct fake_answer how = {
			.status = 500, .cut_at = SIZE_MAX, .retry_after_ms = -1
		};
		struct world w;

		world_init(&w, "graph-alerts");
		w.o.page_size = 10;
		w.sim.before = fail_every_second;
		w.sim.ctx = &how;
		w.sim.no_links = true;
		world_fill(&w, 40, now() - HOUR, SEC / 20);
		w.sim.alerts[7].raw = "{\"id\":NaN}";
		w.sim.alerts[8].raw = "{\"id\":NaN}";
		w.cancel_at = at;
		run(&w);
		is_over = w.is_done;
		assert_true(at < 2000);
		world_fini(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passing_trouble_is_waited_out),
		cmocka_unit_test(an_outage_is_no_gap_and_no_storm),
		cmocka_unit_test(what_always_fails_is_stepped_round),
		cmocka_unit_test(
		    links_that_always_end_are_not_needed_in_the_end),
		cmocka_unit_test(a_part_that_came_twice_is_no_sign_of_the_end),
		cmocka_unit_test(an_api_that_never_answers_is_asked_slowly),
		cmocka_unit_test(a_token_that_dies_on_the_way_is_renewed_once),
		cmocka_unit_test(
		    what_trying_again_cannot_mend_ends_the_pass_in_words),
		cmocka_unit_test(a_link_to_another_origin_is_refused),
		cmocka_unit_test(a_missing_token_is_waited_for),
		cmocka_unit_test(a_pause_holds_what_is_under_way),
		cmocka_unit_test(
		    a_long_pause_drops_the_transfer_and_asks_again),
		cmocka_unit_test(a_pass_can_be_paused_anywhere),
		cmocka_unit_test(a_pass_can_be_cancelled_anywhere),
		cmocka_unit_test(
		    a_pass_can_be_cancelled_from_each_of_its_callbacks),
	};

	return cmocka_run_group_tests_name(
	    "source: trouble", tests, NULL, NULL);
}
