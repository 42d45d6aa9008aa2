/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/obj.h"
#include "base/stamp.h"
#include "keyfile/fault.h"

#include "lane_world.h"

static int
load_map(void *ctx, const char *name, const char *from, struct buf *text,
    struct buf *path, struct err *e)
{
	(void)ctx;
	(void)from;
	(void)e;
	buf_adds(path, name);
	buf_adds(text,
	    "[event]\n"
	    "deviceVendor = \"V\"\ndeviceProduct = \"P\"\n"
	    "deviceVersion = \"1\"\ndeviceEventClassId = \"c\"\n"
	    "name = $.title\nseverity = 5\n"
	    "externalId = $.id\nend! = $.end\n");
	return 0;
}

int
lane_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct faults *faults = faults_new();

	assert_non_null(w);
	assert_int_equal(uv_loop_init(&w->loop), 0);
	(void)snprintf(w->dir, sizeof(w->dir), "lane-test-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->map = map_compile("test.map", load_map, NULL, faults);
	assert_non_null(w->map);
	faults_free(faults);
	w->feed = (struct feed_options){
		.source = { .name = "s", .tenant = "t" },
		.map = w->map,
		.poll_interval_ms = 3600000,
		.start_ms = 86400000,
		.overlap_ms = 900000,
		.updates = UPDATES_CHANGED,
		.remember_ms = 86400000,
	};
	w->dests[0].name = "one";
	w->dests[1].name = "two";
	w->lanes[1].dest = 1;
	w->o = (struct forwarder_options){
		.mode = FORWARD_ONCE,
		.state_dir = w->dir,
		.stop_timeout_ms = 60000,
		.feeds = &w->feed,
		.n_feeds = 1,
		.dests = w->dests,
		.n_dests = 1,
		.lanes = w->lanes,
		.n_lanes = 1,
	};
	*state = w;
	return 0;
}

int
lane_teardown(void **state)
{
	static const char *const files[] = { "state.db", "state.db-wal",
		"state.db-shm", "lock" };
	struct world *w = *state;
	char path[128];

	fakes_reset();
	map_free(w->map);
	for (size_t i = 0; i < NELEM(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", w->dir, files[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(w->dir), 0);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	free(w);
	return 0;
}

static void
on_ended(void *ctx, const struct err *e)
{
	struct world *w = ctx;

	w->has_ended = true;
	w->err = *e;
}

/* Turn the loop until the first pass has begun. */
struct source_pass *
lane_begin(struct world *w)
{
	struct err e = { .kind = ERR_NONE };

	fakes_reset();
	w->has_ended = false;
	w->fw = forwarder_new(&w->loop, &w->o, on_ended, w, &e);
	assert_string_equal(e.text, "");
	assert_non_null(w->fw);
	while (fakes.n_passes == 0)
		(void)uv_run(&w->loop, UV_RUN_NOWAIT);
	return fakes.passes[0];
}

void
lane_finish(struct world *w)
{
	(void)uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_true(w->has_ended);
}

void
lane_settle(size_t lane, uint64_t n)
{
	fakes.lanes[lane].h->settled(fakes.lanes[lane].ctx, n);
}

int64_t
at(int64_t s)
{
	return s * STAMP_PER_S;
}
