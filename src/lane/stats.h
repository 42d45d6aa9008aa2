/*
 * stats.h - the figures of a forwarder, for whoever looks on
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_LANE_STATS_H
#define CEFWD_LANE_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/auth.h"
#include "source/source.h"
#include "syslog/dest.h"

struct forwarder;
struct map_field_count;

/* CEF's words: Low (0-3), Medium (4-6), High (7-8), Very-High (9-10). */
#define LANE_SEVERITIES 4

/* Times are stamps, STAMP_NONE where there is none; counts run since the
   start of the program unless they are said to be of now. */

/* A pass whose every line has settled.  records >= known + lines but for what
   the map leaves out or makes several lines of. */
struct lane_window {
	int64_t from;     /* it asked for updates from here on */
	int64_t as_of;    /* when it began: all that was there has settled */
	uint64_t records; /* the API served, repeats included */
	uint64_t known;   /* events of them that had been sent before */
	uint64_t lines;   /* lines of them that settled */
};

struct lane_gap {
	size_t lane; /* index */
	int64_t created_from, created_until;
	int64_t since, tried;
	uint64_t tries;
	char *reason;
};

struct lane_stats {
	size_t feed, dest; /* index */
	int64_t cursor;
	uint64_t lag_ms; /* how old the moment is up to which all has settled:
	                    closed.as_of, before the first such pass cursor */
	/* The pass under way. */
	bool is_reading;
	int64_t pass_from;    /* updates from here on; valid while reading */
	int64_t pass_created; /* records created before it are fetched */
	uint64_t pass_records;
	struct lane_window closed; /* as_of STAMP_NONE: none yet */
	uint64_t n_closed;
	struct lane_window sum; /* of all that closed: the counts alone */
	uint64_t put;           /* lines given to the destination */
	uint64_t settled;       /* of these */
	uint64_t held;          /* of now: put and not settled */
	uint64_t known;         /* events sent before, not sent again */
	uint64_t left_out;      /* lines shortened to max-line */
	uint64_t severity[LANE_SEVERITIES];
	struct dest_lane_counts lines; /* queued to read are of now */
	uint64_t n_gaps;               /* of now */
	uint64_t n_gaps_lost;          /* given up: older than retention */
};

struct feed_stats {
	const char *source, *tenant, *api;
	enum source_state state;
	uint64_t ill_ms; /* for so long; 0: well */
	const char *why; /* the last failure, mended or not; "" */
	int64_t why_at;  /* when */
	int64_t passed;  /* the last whole pass ended */
	uint64_t passes; /* whole ones */
	uint64_t failures;
	uint64_t calls;
	uint64_t throttled;
	uint64_t token_ms; /* its remaining life; 0: there is none */
	uint64_t records;
	uint64_t refused; /* records that could not be parsed */
	uint64_t unmatched;
	uint64_t capped;
	const struct map_field_count *fields; /* values that did not fit */
	size_t n_fields;
};

struct dest_stats {
	const char *name;
	const struct dest_url *url; /* the one in use, or tried */
	const char *settles_by;     /* dest_settles_by() */
	enum dest_state state;
	uint64_t ill_ms;
	const char *why;
	int64_t why_at;
	uint64_t window_bytes;
	uint64_t held_bytes; /* of now */
	struct dest_counts counts;
};

struct forwarder_stats {
	int64_t now, began;
	bool is_stopping;
	const char
	    *unwritten; /* why the state cannot be written; NULL: it can */
	struct lane_stats *lanes;
	size_t n_lanes;
	struct feed_stats *feeds;
	size_t n_feeds;
	struct dest_stats *dests;
	size_t n_dests;
	struct lane_gap *gaps; /* by lane; LANE_GAPS_MAX of each */
	size_t n_gaps;
};

/* Gaps of one lane that are listed; all are counted. */
#define LANE_GAPS_MAX 50

/*
 * forwarder_stats(fw, out): take the figures.  Strings are borrowed until the
 * loop runs on; the arrays are out's, until forwarder_stats_fini().  0, or -1
 * where it is ending and there are none.
 */
int forwarder_stats(struct forwarder *fw, struct forwarder_stats *out);
void forwarder_stats_fini(struct forwarder_stats *s);

#endif /* CEFWD_LANE_STATS_H */
