/*
 * source_world.h - a feed, its simulated API and all that a pass tells
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_TESTS_SOURCE_WORLD_H
#define CEFWD_TESTS_SOURCE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
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

/* The wall clock at the start, as a stamp. */
int64_t now(void);

void world_init(struct world *w, const char *api);
void world_fini(struct world *w);

/* n alerts, the i-th created and updated at from + i * step. */
void world_fill(struct world *w, size_t n, int64_t from, int64_t step);

/* Begin a pass; play it to its end; both. */
void start(struct world *w);
void finish(struct world *w);
void run(struct world *w);

/* It ended without an error. */
void assert_whole(const struct world *w);

/* All alerts came, none more than max times. */
void assert_all_seen(const struct world *w, unsigned int max);

/* run(), and both of it, without a gap. */
void run_whole(struct world *w, unsigned int max);

#endif /* CEFWD_TESTS_SOURCE_WORLD_H */
