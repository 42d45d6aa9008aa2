/*
 * lane.h - the way itself: feeds to lanes to destinations, nothing lost
 *
 * A forwarder owns feeds, destinations and the lanes between them.  A feed's
 * pass hands every record to the lanes that share it; a lane remembers what
 * it sent, puts new lines to its destination, and moves its cursor on disk
 * only when the pass was fetched whole and every line of it has settled.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_LANE_LANE_H
#define CEFWD_LANE_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <uv.h>

#include "auth/auth.h"
#include "base/err.h"
#include "source/source.h"
#include "syslog/dest.h"

struct map;

/* When an alert that was sent is sent again. */
enum lane_updates {
	UPDATES_FIRST,   /* never */
	UPDATES_CHANGED, /* where its line says something new */
	UPDATES_ALL,     /* at every update */
};

/* A source and one of its tenants. */
struct feed_options {
	struct source_options source;
	struct auth_options auth;
	const struct map *map;
	uint64_t poll_interval_ms;
	uint64_t start_ms;   /* how far back the very first pass looks */
	uint64_t overlap_ms; /* how far before its cursor a pass begins */
	enum lane_updates updates;
	uint64_t remember_ms;
	uint64_t quiet_after_ms; /* no alert for so long is told; 0: never */
	/* forwarder_apply(): equal, and source and auth are; and the map. */
	uint64_t print, map_print;
};

struct lane_pair {
	size_t feed; /* index */
	size_t dest; /* index */
};

enum forwarder_mode {
	FORWARD_RUN,     /* until it is stopped */
	FORWARD_ONCE,    /* one pass of every lane */
	FORWARD_DRY_RUN, /* as once, but lines are printed and nothing moves */
	FORWARD_REPLAY,  /* a window again; no state is read or written */
};

/* All of it is borrowed until the loop has ended. */
struct forwarder_options {
	enum forwarder_mode mode;
	bool is_printing; /* lines to standard output, not to the
	                          destinations */
	int64_t since;    /* FORWARD_REPLAY: a stamp */
	int64_t until;    /* STAMP_NONE: open */
	const char *state_dir;
	FILE *trace;           /* http_trace(); NULL: none */
	uint64_t heartbeat_ms; /* between two events that say so; 0: none */
	uint64_t stop_timeout_ms;
	const struct feed_options *feeds;
	size_t n_feeds;
	const struct dest_options *dests;
	size_t n_dests;
	const struct lane_pair *lanes;
	size_t n_lanes;
	/* Called once these options are borrowed no more; NULL is fine. */
	void (*unused)(void *ctx);
	void *unused_ctx;
};

struct forwarder;

/*
 * Called once, from the loop, when all has ended and every handle is closed
 * or closing; the forwarder frees itself after it.  e says why it could not
 * do all it should (once: refused, timed out with what remained), or has kind
 * ERR_NONE.
 */
typedef void forwarder_ended_fn(void *ctx, const struct err *e);

/* Opens the state and everything else; nothing is sent before the loop runs.
   NULL with e. */
struct forwarder *
forwarder_new(uv_loop_t *loop, const struct forwarder_options *o,
    forwarder_ended_fn *ended, void *ctx, struct err *e);

/*
 * forwarder_stop(fw, why): fetch no more, let what was sent settle (at most
 * stop-timeout), write the state, end.  why (may be NULL) is handed to ended
 * with what remained.  A second call ends at once.
 */
void forwarder_stop(struct forwarder *fw, const struct err *why);

/*
 * forwarder_apply(fw, o, applied, ctx, e): go on by other options; FORWARD_RUN
 * only.  What has the same name and print in both stays as it is: a
 * destination keeps its connection, a feed its pass, a lane its lines.
 * applied(ctx, e) runs once from the loop: e NULL, all of it holds; else none.
 * mode, state_dir and trace are those of the start.
 *
 * Returns -1 with e, and applied will not run, where it cannot begin: ERR_BUSY
 * while an earlier one is under way.  o->unused runs in all cases, at once or
 * later.
 */
typedef void forwarder_applied_fn(void *ctx, const struct err *e);
int forwarder_apply(struct forwarder *fw, const struct forwarder_options *o,
    forwarder_applied_fn *applied, void *ctx, struct err *e);

/* SIGHUP: the files of destinations may have been moved away. */
void forwarder_reopen(struct forwarder *fw);

/* Tell the destinations that it was refused before it came to that. */
void forwarder_refused(struct forwarder *fw, const char *why);

/* Totals of all lanes, for the closing line and for status. */
struct forwarder_counts {
	uint64_t records; /* handed over by the sources, repeats included */
	uint64_t refused; /* that could not be parsed */
	uint64_t known;   /* events sent before: not sent again */
	uint64_t put;     /* lines given to destinations */
	uint64_t settled;
	uint64_t held; /* lines not settled */
};
void forwarder_count(const struct forwarder *fw, struct forwarder_counts *out);

#endif /* CEFWD_LANE_LANE_H */
