/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/stamp.h"
#include "source/source.h"

#include "source_api.h"
#include "source_fake_http.h"

#define DAY  ((int64_t)86400 * STAMP_PER_S)
#define HOUR ((int64_t)3600 * STAMP_PER_S)
#define SEC  ((int64_t)STAMP_PER_S)

/* A pass, the API that it asks, and all that it told. */
struct world {
	uv_loop_t loop;
	struct source_options o;
	struct source *source;
	struct source_pass *pass;
	struct source_window w;
	struct sim_api sim;

	unsigned int *seen; /* by number of the alert */
	size_t seen_max;
	size_t records;
	struct buf states, refused, gaps, slices, ids;
	bool is_done;
	struct err err; /* ERR_NONE: none */
	struct source_progress end;

	size_t pause_after, cancel_after; /* records; 0: never */
	size_t cancel_at;                 /* callbacks; 0: never */
	size_t callbacks;
};

static int64_t
now(void)
{
	return stamp_from_ms(FAKE_EPOCH_MS);
}

/* Cancels at the n-th callback of any kind. */
static bool
counted(struct world *w)
{
	if (++w->callbacks != w->cancel_at)
		return false;
	source_pass_cancel(w->pass);
	w->pass = NULL;
	return true;
}

static void
on_record(void *ctx, const struct source_record *rec)
{
	struct world *w = ctx;

	assert_non_null(w->pass);
	w->records++;
	if (rec->id[0] == 'a') {
		size_t i = (size_t)strtoul(rec->id + 1, NULL, 10);

		assert_true(i < w->seen_max);
		w->seen[i]++;
	}
	if (w->records <= 20)
		buf_addf(&w->ids, "%s ", rec->id);
	if (counted(w))
		return;
	if (w->records == w->pause_after)
		source_pass_pause(w->pass);
	if (w->records == w->cancel_after) {
		source_pass_cancel(w->pass);
		w->pass = NULL;
	}
}

static void
on_refused(void *ctx, const char *where, const char *why)
{
	struct world *w = ctx;

	assert_non_null(w->pass);
	buf_addf(&w->refused, "[%s: %s]", where, why);
	(void)counted(w);
}

static void
on_gap(void *ctx, int64_t from, int64_t until, const char *why)
{
	char a[STAMP_TEXT_MAX], b[STAMP_TEXT_MAX];
	struct world *w = ctx;

	assert_non_null(w->pass);
	stamp_format(from, a);
	stamp_format(until, b);
	buf_addf(&w->gaps, "[%s %s %s]", a, b, why);
	(void)counted(w);
}

static void
on_slice(void *ctx, const struct source_progress *p)
{
	struct world *w = ctx;

	assert_non_null(w->pass);
	buf_addf(&w->slices, "%lld ", (long long)p->created_done);
	(void)counted(w);
}

static void
on_state(
    void *ctx, enum source_state state, const struct err *e, uint64_t retry_ms)
{
	static const char *const words[] = { "ok", "no-token", "refused",
		"throttled", "unreachable" };
	struct world *w = ctx;

	assert_non_null(w->pass);
	assert_true((e == NULL) == (state == SOURCE_OK));
	buf_addf(&w->states, "%s", words[state]);
	if (state == SOURCE_THROTTLED)
		buf_addf(&w->states, "(%llu)", (unsigned long long)retry_ms);
	buf_addc(&w->states, ' ');
	(void)counted(w);
}

static void
on_done(void *ctx, const struct source_progress *p, const struct err *e)
{
	struct world *w = ctx;

	assert_non_null(w->pass);
	assert_false(w->is_done);
	w->is_done = true;
	w->end = *p;
	if (e != NULL)
		w->err = *e;
	w->pass = NULL;
}

static const struct source_handlers handlers = {
	.record = on_record,
	.refused = on_refused,
	.gap = on_gap,
	.slice = on_slice,
	.state = on_state,
	.done = on_done,
};

static void
world_init(struct world *w, const char *api)
{
	memset(w, 0, sizeof(*w));
	assert_int_equal(uv_loop_init(&w->loop), 0);
	fake_reset(sim_serve, &w->sim);
	w->o = (struct source_options){
		.name = "defender",
		.tenant = "contoso",
		.api = api_find(api),
		.origin = "https://graph.microsoft.com",
		.retention_ms = (uint64_t)180 * 86400000,
	};
	w->w = (struct source_window){ .updated_from = now() - DAY,
		.updated_until = STAMP_NONE,
		.created_from = STAMP_NONE };
	buf_init(&w->states, 1u << 20);
	buf_init(&w->refused, 1u << 20);
	buf_init(&w->gaps, 1u << 20);
	buf_init(&w->slices, 1u << 20);
	buf_init(&w->ids, 1u << 20);
}

/* Alerts over the last day, an even number of seconds apart. */
static void
world_fill(struct world *w, size_t n, int64_t from, int64_t step)
{
	sim_fill(&w->sim, n, from, step);
	w->seen = xcalloc(n + 1, sizeof(*w->seen));
	w->seen_max = n;
}

static void
start(struct world *w)
{
	size_t calls = w->sim.calls;

	if (w->source == NULL)
		w->source = source_new(&w->loop, NULL, NULL, &w->o);
	w->is_done = false;
	w->err.kind = ERR_NONE;
	w->pass = source_pass_start(w->source, &w->w, &handlers, w);
	assert_int_equal(w->sim.calls, calls); /* only from the loop */
}

static void
finish(struct world *w)
{
	size_t steps = 0;

	while (w->pass != NULL && fake_step())
		assert_true(++steps < 20000000);
	(void)uv_run(&w->loop, UV_RUN_NOWAIT);
}

static void
run(struct world *w)
{
	start(w);
	finish(w);
}

static void
world_fini(struct world *w)
{
	assert_null(w->pass);
	assert_int_equal(fake_open(), 0);
	source_close(w->source);
	(void)uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	free(w->sim.alerts);
	free(w->seen);
	buf_fini(&w->states);
	buf_fini(&w->refused);
	buf_fini(&w->gaps);
	buf_fini(&w->slices);
	buf_fini(&w->ids);
}

/* All of them came, none more than max times. */
static void
assert_all_seen(const struct world *w, unsigned int max)
{
	for (size_t i = 0; i < w->seen_max; i++) {
		if (w->sim.alerts[i].is_hidden || w->sim.alerts[i].is_poison)
			continue;
		if (w->seen[i] == 0 || w->seen[i] > max)
			print_error("alert %zu came %u times\n", i, w->seen[i]);
		assert_in_range(w->seen[i], 1, max);
	}
}

static void
assert_whole(const struct world *w)
{
	if (w->is_done && w->err.kind != ERR_NONE)
		print_error("%s\n", w->err.text);
	assert_true(w->is_done);
	assert_int_equal(w->err.kind, ERR_NONE);
}

/* ---- what is asked for ---- */

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
	world_fill(&w, 100, now() - 20 * HOUR, 60 * SEC);
	for (size_t i = 50; i < 80; i++) {
		w.sim.alerts[i].created = w.sim.alerts[50].created;
		w.sim.alerts[i].is_poison = false;
	}
	run(&w);
	assert_whole(&w);
	assert_non_null(strstr(w.gaps.p, "only 20 of 30 records came"));
	assert_null(strstr(w.gaps.p, "]["));
	for (size_t i = 0; i < 100; i++)
		assert_true(w.seen[i] > 0 || (i >= 70 && i < 80));
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
	run(&w);
	assert_whole(&w);
	assert_all_seen(&w, 100);
	assert_string_equal(w.gaps.p, "");
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
	assert_int_equal(w.sim.calls, 1);
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
		if (how.retry_after_ms > 0)
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
		run(&w);
		assert_whole(&w);
		assert_all_seen(&w, 100);
		assert_string_equal(w.gaps.p, "");
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
	assert_non_null(strstr(w.err.text, "defender/contoso: "));
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
		"https://graph.microsoft.com.evil.example", "" };

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
	    "[defender/contoso: created 2025-09-02T00:00:00.0000000Z to now, "
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
		cmocka_unit_test(exactly_a_full_page_of_one_second_is_no_gap),
		cmocka_unit_test(
		    a_count_of_hidden_records_is_not_trusted_for_ever),
		cmocka_unit_test(a_first_sync_goes_in_slices),
		cmocka_unit_test(without_a_count_a_long_chain_is_cut_as_well),
		cmocka_unit_test(updates_while_pages_are_read_lose_nothing),
		cmocka_unit_test(an_interrupted_pass_goes_on_at_its_edge),
		cmocka_unit_test(passing_trouble_is_waited_out),
		cmocka_unit_test(an_outage_is_no_gap_and_no_storm),
		cmocka_unit_test(what_always_fails_is_stepped_round),
		cmocka_unit_test(an_api_that_never_answers_is_asked_slowly),
		cmocka_unit_test(a_token_that_dies_on_the_way_is_renewed_once),
		cmocka_unit_test(
		    what_trying_again_cannot_mend_ends_the_pass_in_words),
		cmocka_unit_test(a_link_to_another_origin_is_refused),
		cmocka_unit_test(a_missing_token_is_waited_for),
		cmocka_unit_test(
		    records_that_cannot_be_parsed_are_told_and_do_not_stop_it),
		cmocka_unit_test(the_unpaged_api_is_read_a_day_at_a_time),
		cmocka_unit_test(
		    the_date_of_the_first_answer_is_believed_within_a_day),
		cmocka_unit_test(a_pause_holds_what_is_under_way),
		cmocka_unit_test(
		    a_long_pause_drops_the_transfer_and_asks_again),
		cmocka_unit_test(a_pass_can_be_paused_anywhere),
		cmocka_unit_test(a_pass_can_be_cancelled_anywhere),
		cmocka_unit_test(
		    a_pass_can_be_cancelled_from_each_of_its_callbacks),
	};

	return cmocka_run_group_tests_name("source: pass", tests, NULL, NULL);
}
