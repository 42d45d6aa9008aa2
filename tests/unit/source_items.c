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

/* The list fails with $expand, as elastic/integrations issues 18144 and 18277
   tell; one incident, number ctx, fails alone, too. */
static bool
expand_fails(
    struct sim_api *sim, const struct fake_request *r, struct fake_answer *a)
{
	const char *item = strstr(sim->last_url, "/incidents/a");
	const size_t *bad = sim->ctx;
	char created[STAMP_TEXT_MAX];
	size_t i;

	(void)r;
	if (item == NULL) {
		a->status =
		    strstr(sim->last_url, "$expand") == NULL ? 200 : 500;
		return a->status == 500;
	}
	assert_non_null(strstr(item, "?$expand=alerts"));
	i = (size_t)strtoul(item + strlen("/incidents/a"), NULL, 10);
	if (i == *bad) {
		a->status = 500;
		return true;
	}
	stamp_format(sim->alerts[i].created, created);
	buf_addf(&a->body,
	    "{\"@odata.context\":\"x\",\"id\":\"a%zu\","
	    "\"createdDateTime\":\"%s\",\"lastUpdateDateTime\":\"%s\","
	    "\"alerts\":[{\"id\":\"i\"}]}",
	    i, created, created);
	return true;
}

static void
a_list_that_fails_with_expand_is_read_one_by_one(void **state)
{
	static const size_t bads[] = { SIZE_MAX, 0, 17, 69 };

	(void)state;
	for (size_t i = 0; i < NELEM(bads); i++) {
		size_t bad = bads[i];
		char where[32];
		struct world w;

		world_init(&w, "graph-incidents");
		w.o.page_size = 25;
		w.sim.before = expand_fails;
		w.sim.ctx = &bad;
		world_fill(&w, 70, now() - HOUR, SEC);
		run_whole(&w, 3);
		assert_memory_equal(w.states.p, "unreachable ok ", 15);
		(void)snprintf(where, sizeof(where), "[record a%zu: ", bad);
		if (bad == SIZE_MAX) {
			/* 3 with it, 3 pages, and each record. */
			assert_int_equal(w.sim.calls, 3 + 3 + 70);
			assert_string_equal(w.refused.p, "");
		} else {
			assert_memory_equal(w.refused.p, where, strlen(where));
		}
		/* The next pass does not try it again at once. */
		w.sim.calls = 0;
		bad = SIZE_MAX;
		run(&w);
		assert_whole(&w);
		assert_int_equal(w.sim.calls, 3 + 70);
		world_fini(&w);
	}
}

static bool
expand_fails_and_then_all(
    struct sim_api *sim, const struct fake_request *r, struct fake_answer *a)
{
	if (sim->calls > 30 && fake_ms() < 1000000 + 3600000) {
		a->status = 500;
		return true;
	}
	return expand_fails(sim, r, a);
}

static void
an_outage_among_single_records_loses_none(void **state)
{
	size_t bad = SIZE_MAX;
	struct world w;

	(void)state;
	world_init(&w, "graph-incidents");
	w.o.page_size = 25;
	w.sim.before = expand_fails_and_then_all;
	w.sim.ctx = &bad;
	world_fill(&w, 70, now() - HOUR, SEC);
	run_whole(&w, 100);
	world_fini(&w);
}

static void
single_records_can_be_cancelled_and_paused_anywhere(void **state)
{
	(void)state;
	for (size_t at = 0; at < 120; at++) {
		size_t bad = 4;
		struct world w;

		world_init(&w, "graph-incidents");
		w.o.page_size = 5;
		w.sim.before = expand_fails;
		w.sim.ctx = &bad;
		world_fill(&w, 12, now() - HOUR, SEC);
		start(&w);
		for (size_t i = 0; i < at && w.pass != NULL; i++)
			(void)fake_step();
		if (at % 2 == 0 && w.pass != NULL) {
			source_pass_pause(w.pass);
			while (fake_step_within(100000))
				continue;
			if (w.pass != NULL)
				source_pass_resume(w.pass);
			finish(&w);
			assert_whole(&w);
			assert_all_seen(&w, 9);
		} else {
			source_pass_cancel(w.pass);
			w.pass = NULL;
			(void)uv_run(&w.loop, UV_RUN_NOWAIT);
		}
		world_fini(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_list_that_fails_with_expand_is_read_one_by_one),
		cmocka_unit_test(an_outage_among_single_records_loses_none),
		cmocka_unit_test(
		    single_records_can_be_cancelled_and_paused_anywhere),
	};

	return cmocka_run_group_tests_name(
	    "source: records one by one", tests, NULL, NULL);
}
