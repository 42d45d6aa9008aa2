/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

#include "source_world.h"

int64_t
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

void
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

void
world_fill(struct world *w, size_t n, int64_t from, int64_t step)
{
	sim_fill(&w->sim, n, from, step);
	w->seen = xcalloc(n + 1, sizeof(*w->seen));
	w->seen_max = n;
}

void
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

void
finish(struct world *w)
{
	size_t steps = 0;

	while (w->pass != NULL && fake_step())
		assert_true(++steps < 20000000);
	(void)uv_run(&w->loop, UV_RUN_NOWAIT);
}

void
run(struct world *w)
{
	start(w);
	finish(w);
}

void
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

void
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

void
assert_whole(const struct world *w)
{
	if (w->is_done && w->err.kind != ERR_NONE)
		print_error("%s\n", w->err.text);
	assert_true(w->is_done);
	assert_int_equal(w->err.kind, ERR_NONE);
}

void
run_whole(struct world *w, unsigned int max)
{
	run(w);
	assert_whole(w);
	assert_all_seen(w, max);
	assert_string_equal(w->gaps.p, "");
}
