/*
 * syslog_rig.h - a destination and receivers in one process, on one loop
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_TESTS_SYSLOG_RIG_H
#define CEFWD_TESTS_SYSLOG_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "syslog/dest.h"

#define RIG_LANES    4
#define RIG_STATES   64
#define RIG_LINES    4096
#define RECEIVER_MAX (1U << 22)

/* A receiver that does what a test says.  Its clients come one at a time. */
struct receiver {
	int family;
	int socktype;
	const char *address;
	char port[8];
	int listening;
	int fd; /* the connection; for UDP the socket itself */
	bool is_reading;
	int rcvbuf;      /* bytes; 0: the system's choice */
	size_t read_max; /* bytes that it reads before it stops; 0: no limit */
	unsigned int accepted;
	char *got; /* everything, connections one after the other */
	size_t len;
	size_t begun;                            /* of this connection */
	unsigned int seen[RIG_LANES][RIG_LINES]; /* whole lines, by number */
	unsigned int strange;                    /* lines that nobody sent */
	char first[256];                         /* the first line */
};

struct rig {
	uv_loop_t loop;
	uv_timer_t guard;
	struct dest_url urls[4];
	struct dest_options options;
	struct dest *dest;
	struct dest_lane *lanes[RIG_LANES];
	struct rig_lane {
		struct rig *rig;
		uint64_t settled;
		unsigned int rooms;
		unsigned int put;
	} lane[RIG_LANES];
	size_t n_lanes;
	enum dest_state states[RIG_STATES];
	size_t n_states;
	char words[2048]; /* of the last error told */
	struct receiver *receiver;
	bool close_when_told;
	bool close_when_settled;
};

/* A port on which nobody listens yet is chosen and kept. */
void receiver_init(struct receiver *r, int family, int socktype);
void receiver_listen(struct receiver *r);
void receiver_step(struct receiver *r);
/* Say that it will send nothing, and go on reading. */
void receiver_half_close(struct receiver *r);
/* Close the connection: with bytes unread this is a reset. */
void receiver_cut(struct receiver *r);
/* As if the process had died: connection and listening socket. */
void receiver_die(struct receiver *r);
void receiver_fini(struct receiver *r);
/* How many different lines of the lane it has; how many twice. */
unsigned int receiver_lines(const struct receiver *r, size_t lane);
unsigned int receiver_repeats(const struct receiver *r);

void rig_init(struct rig *g, struct receiver *r, size_t n_lanes);
void rig_url(struct rig *g, const char *scheme, const struct receiver *r);
void rig_open(struct rig *g);
/* Put n lines of the lane: "lane LANE line NUMBER" and len bytes more. */
void rig_put(struct rig *g, size_t lane, unsigned int n, size_t len);
/* Run the loop until cond; the test fails after a long while. */
void rig_run(struct rig *g, bool (*cond)(const struct rig *), const char *what);
/* Turns of the loop, a millisecond each or longer. */
void rig_turns(struct rig *g, int n);
/* Nothing would wake the loop by itself. */
bool rig_is_quiet(struct rig *g);
/* Close; the loop must come to its end. */
void rig_fini(struct rig *g);

bool is_up(const struct rig *g);
bool is_away(const struct rig *g);
bool is_holding(const struct rig *g);
bool is_settled(const struct rig *g);
bool has_received(const struct rig *g);

#endif /* CEFWD_TESTS_SYSLOG_RIG_H */
