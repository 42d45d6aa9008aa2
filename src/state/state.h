/*
 * state.h - cursors, passes, memory and gaps on disk (SQLite)
 *
 * One writing connection, used only in libuv's pool; one reading connection,
 * used only on the loop.  WAL, synchronous=NORMAL: power loss costs repeats,
 * never loss.  The schema is legible with sqlite3(1) while the service runs.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_STATE_STATE_H
#define CEFWD_STATE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"

struct state;

/* Told on edges: e says why nothing can be written (disk full, permission);
   NULL: it can again.  From the loop. */
typedef void state_report_fn(void *ctx, const struct err *e);

/*
 * state_open(loop, dir, report, ctx, e): take the POSIX lock on dir/lock
 * (ERR_BUSY names the holder if another forwarder has it), then open or
 * create dir/state.db.  A database of a newer version is refused (ERR_STORE).
 * dir is made where only its last part is missing.  NULL with e.
 */
struct state *state_open(uv_loop_t *loop, const char *dir,
    state_report_fn *report, void *ctx, struct err *e);

/*
 * state_open_reading(loop, dir, e): only look: no lock, no writing, and no
 * database made: NULL with ERR_NOINPUT where there is none yet.
 */
struct state *
state_open_reading(uv_loop_t *loop, const char *dir, struct err *e);

/*
 * Write what was submitted (what cannot be written is given up: repeats after
 * the next start), close the handles on the loop; the last close callback
 * frees.  No callback runs any more.
 */
void state_close(struct state *s);
bool state_is_idle(const struct state *s); /* all commits are written */

/*
 * state_lane(s, source, tenant, destination, id, e): the lane's row id, made
 * if new.  Called before the loop runs: the one write on the loop's thread.
 */
int state_lane(struct state *s, const char *source, const char *tenant,
    const char *destination, int64_t *id, struct err *e);

/* A lane's cursor and its pass under way.  Stamps; STAMP_NONE: none. */
struct state_cursor {
	int64_t cursor;       /* newest update settled whole */
	int64_t pass_from;    /* A of the pass under way; STAMP_NONE: no pass */
	int64_t pass_date;    /* server's Date at its start */
	int64_t pass_created; /* creation edge done */
	int64_t pass_newest;  /* newest update seen */
};
int state_cursor_get(
    struct state *s, int64_t lane, struct state_cursor *out, struct err *e);

/* A stretch of creation time that could not be fetched.  Stamps; the text is
   valid during the callback. */
struct state_gap {
	int64_t updated_from; /* of the pass that met it */
	int64_t created_from; /* STAMP_NONE: open */
	int64_t created_until;
	const char *reason;
	int64_t since; /* when it was found */
	int64_t tried; /* STAMP_NONE: not since */
	uint64_t tries;
};
typedef void state_gap_fn(void *ctx, const struct state_gap *gap);

/* Hand each gap of the lane to fn, the oldest first.  0 or -1 with e. */
int state_gaps(
    struct state *s, int64_t lane, state_gap_fn *fn, void *ctx, struct err *e);

/* What was sent: the row of a record's event. */
struct state_memory {
	int64_t updated; /* last-update stamp of what was sent */
	uint64_t hash;   /* cef_event_hash() of it */
	int64_t seen;    /* stamp: when the record was last seen */
};
/* 1 found, 0 not, -1 with e. */
int state_memory_get(struct state *s, int64_t lane, const char *record,
    const char *event, struct state_memory *out, struct err *e);

/*
 * A commit: rows and cursors written in one transaction, in the pool.  Make
 * one, add to it, submit it; done runs from the loop once it is written.  A
 * commit that cannot be written is kept and tried again every few seconds,
 * the ones behind it wait: forwarding goes on, a restart repeats (DESIGN,
 * promise 11).  Commits are carried out in order of submission.
 */
struct state_commit;
typedef void state_done_fn(void *ctx);

struct state_commit *state_commit_new(struct state *s);
void state_commit_free(struct state_commit *c); /* instead of submitting */
void state_commit_memory(struct state_commit *c, int64_t lane,
    const char *record, const char *event, const struct state_memory *m);
void state_commit_cursor(
    struct state_commit *c, int64_t lane, const struct state_cursor *cur);
/* Creation times [from, until) (STAMP_NONE: open) that could not be fetched in
   a pass of updates since updated_from; reason in words. */
void state_commit_gap(struct state_commit *c, int64_t lane,
    int64_t updated_from, int64_t from, int64_t until, const char *reason);
/* The gap of just these bounds was tried again at that stamp, in vain; or it
   is closed and forgotten. */
void state_commit_gap_tried(struct state_commit *c, int64_t lane,
    int64_t updated_from, int64_t from, int64_t until, int64_t tried);
void state_commit_gap_closed(struct state_commit *c, int64_t lane,
    int64_t updated_from, int64_t from, int64_t until);
/* Forget the lane's rows seen before that stamp. */
void state_commit_prune(struct state_commit *c, int64_t lane, int64_t before);
/* Takes c.  done may be NULL. */
void
state_commit_submit(struct state_commit *c, state_done_fn *done, void *ctx);

#endif /* CEFWD_STATE_STATE_H */
