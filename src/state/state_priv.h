/*
 * state_priv.h - shared inside the room: connections and commits
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_STATE_STATE_PRIV_H
#define CEFWD_STATE_STATE_PRIV_H

#include <sqlite3.h>
#include <sys/queue.h>

#include "state/state.h"

#define STATE_MAGIC    0x57a7e001U
#define COMMIT_MAGIC   0x57a7e002U

/* A failed commit is tried again after this: a disk that was full seldom
   stays full for a shorter time, and trying costs nothing. */
#define STATE_RETRY_MS 5000

enum op_kind {
	OP_MEMORY,
	OP_CURSOR,
	OP_GAP,
	OP_GAP_TRIED,
	OP_GAP_CLOSED,
	OP_PRUNE,
};

/* One change of a commit; texts lie in the commit's buffer. */
struct op {
	enum op_kind kind;
	int64_t lane;
	size_t record; /* offsets of NUL-terminated texts; gap: its reason */
	size_t event;
	union {
		struct state_memory memory;
		struct state_cursor cursor;
		struct {
			int64_t updated_from, from, until, tried;
		} gap;
		int64_t before;
	} u;
};

TAILQ_HEAD(commit_queue, state_commit);

struct state {
	unsigned int magic;
	uv_loop_t *loop;
	char *path;      /* of the database */
	sqlite3 *reader; /* only on the loop */
	sqlite3 *writer; /* only in the pool, or before the loop runs */
	sqlite3_stmt *get_cursor, *get_memory;
	int lock_fd;
	state_report_fn *report;
	void *ctx;
	bool is_failing; /* report was told so */
	bool is_closing;
	bool is_writing; /* the first of the queue is in the pool */
	struct commit_queue queue;
	uv_work_t work;
	uv_timer_t retry;
	struct err work_err; /* written in the pool */
};

/* state__write(db, c, e): carry a commit out in one transaction; in the
   pool. */
int state__write(sqlite3 *db, const struct state_commit *c, struct err *e);

struct state_commit {
	unsigned int magic;
	struct state *state;
	struct op *ops;
	size_t n, cap;
	char *texts;
	size_t texts_len, texts_cap;
	state_done_fn *done;
	void *ctx;
	TAILQ_ENTRY(state_commit) entry;
};

#endif /* CEFWD_STATE_STATE_PRIV_H */
