/*
 * lane_doubles.h - stand-ins for the rooms below lane/ that touch the
 * network: the test is the source and the destination
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_TESTS_LANE_DOUBLES_H
#define CEFWD_TESTS_LANE_DOUBLES_H

#include "source/source.h"
#include "syslog/dest.h"

#define FAKE_MAX  8
#define FAKE_TOLD 64

/* The passes under way, in order of their start. */
struct source_pass {
	struct source_window window;
	const struct source_handlers *h;
	void *ctx;
	bool is_paused;
	struct source_progress progress;
};

struct dest_lane {
	const struct dest_lane_handlers *h;
	void *ctx;
	bool has_room;
	size_t n_lines;
	char *lines[4096];
};

struct fakes {
	struct source_pass *passes[FAKE_MAX];
	size_t n_passes;
	struct dest_lane lanes[FAKE_MAX];
	size_t n_lanes;
	unsigned int n_started;
	/* What was told of health, and how the destinations are. */
	char told[FAKE_TOLD][2048];
	size_t n_told;
	enum dest_state dest_state;
	dest_state_fn *dest_told; /* of the last one */
	void *dest_ctx;
	int64_t certificate_end_ms; /* 0: none */
};
extern struct fakes fakes;

/* Free lines, forget everything. */
void fakes_reset(void);

/* Hand a record of that JSON text to the pass. */
void fake_record(
    struct source_pass *p, const char *id, int64_t updated, const char *json);

/* End the pass; e NULL: whole, with those figures. */
void fake_end(
    struct source_pass *p, int64_t newest, int64_t date, const struct err *e);

#endif /* CEFWD_TESTS_LANE_DOUBLES_H */
