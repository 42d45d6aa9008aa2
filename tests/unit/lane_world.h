/*
 * lane_world.h - a forwarder among doubles, for the tests of lane/
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_TESTS_LANE_WORLD_H
#define CEFWD_TESTS_LANE_WORLD_H

#include "lane/lane_priv.h"

#include "lane_doubles.h"

#define ALERT(id, title, end) \
	"{\"id\":\"" id "\",\"title\":\"" title "\",\"end\":" end "}"

/* One source, up to two destinations, a state in a folder of its own. */
struct world {
	uv_loop_t loop;
	char dir[64];
	struct map *map;
	struct feed_options feed;
	struct dest_options dests[2];
	struct lane_pair lanes[2];
	struct forwarder_options o;
	struct forwarder *fw;
	bool has_ended;
	struct err err;
};

/* For cmocka; *state is the world. */
int lane_setup(void **state);
int lane_teardown(void **state);

/* Make the forwarder and wait for its first pass. */
struct source_pass *lane_begin(struct world *w);

/* Run the loop to its end. */
void lane_finish(struct world *w);

/* The next n lines of the lane have settled. */
void lane_settle(size_t lane, uint64_t n);

/* Seconds as a stamp. */
int64_t at(int64_t s);

#endif /* CEFWD_TESTS_LANE_WORLD_H */
