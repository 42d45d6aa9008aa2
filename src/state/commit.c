/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/obj.h"
#include "base/stamp.h"
#include "state/state_priv.h"

struct state_commit *
state_commit_new(struct state *s)
{
	struct state_commit *c = xcalloc(1, sizeof(*c));

	c->magic = COMMIT_MAGIC;
	c->state = s;
	return c;
}

void
state_commit_free(struct state_commit *c)
{
	if (c == NULL)
		return;
	free(c->ops);
	free(c->texts);
	free(c);
}

static struct op *
add(struct state_commit *c, enum op_kind kind, int64_t lane)
{
	struct op *op;

	OBJ_CHECK(c, COMMIT_MAGIC);
	c->ops = array_grow(c->ops, c->n, &c->cap, sizeof(*c->ops));
	op = &c->ops[c->n++];
	*op = (struct op){ .kind = kind, .lane = lane };
	return op;
}

static size_t
add_text(struct state_commit *c, const char *s)
{
	size_t len = strlen(s) + 1, at = c->texts_len;

	if (len > c->texts_cap - c->texts_len) {
		c->texts_cap = (c->texts_cap + len) * 2;
		c->texts = xreallocarray(c->texts, c->texts_cap, 1);
	}
	memcpy(c->texts + at, s, len);
	c->texts_len += len;
	return at;
}

void
state_commit_memory(struct state_commit *c, int64_t lane, const char *record,
    const char *event, const struct state_memory *m)
{
	struct op *op = add(c, OP_MEMORY, lane);

	op->u.memory = *m;
	op->record = add_text(c, record);
	op->event = add_text(c, event);
}

void
state_commit_cursor(
    struct state_commit *c, int64_t lane, const struct state_cursor *cur)
{
	add(c, OP_CURSOR, lane)->u.cursor = *cur;
}

void
state_commit_gap(struct state_commit *c, int64_t lane, int64_t updated_from,
    int64_t from, int64_t until, const char *reason)
{
	struct op *op = add(c, OP_GAP, lane);

	op->u.gap.updated_from = updated_from;
	op->u.gap.from = from;
	op->u.gap.until = until;
	op->record = add_text(c, reason);
}

static void
add_gap(struct state_commit *c, enum op_kind kind, int64_t lane,
    int64_t updated_from, int64_t from, int64_t until, int64_t tried)
{
	struct op *op = add(c, kind, lane);

	op->u.gap.updated_from = updated_from;
	op->u.gap.from = from;
	op->u.gap.until = until;
	op->u.gap.tried = tried;
}

void
state_commit_gap_tried(struct state_commit *c, int64_t lane,
    int64_t updated_from, int64_t from, int64_t until, int64_t tried)
{
	add_gap(c, OP_GAP_TRIED, lane, updated_from, from, until, tried);
}

void
state_commit_gap_closed(struct state_commit *c, int64_t lane,
    int64_t updated_from, int64_t from, int64_t until)
{
	add_gap(c, OP_GAP_CLOSED, lane, updated_from, from, until, STAMP_NONE);
}

void
state_commit_prune(struct state_commit *c, int64_t lane, int64_t before)
{
	add(c, OP_PRUNE, lane)->u.before = before;
}

/* The statements of a commit, prepared once for it. */
struct statements {
	sqlite3_stmt *memory, *cursor, *pass, *no_pass, *gap, *gap_tried,
	    *gap_closed, *prune;
};

static void
bind_stamp(sqlite3_stmt *st, int i, int64_t stamp)
{
	char text[STAMP_TEXT_MAX];

	if (stamp == STAMP_NONE) {
		(void)sqlite3_bind_null(st, i);
		return;
	}
	stamp_format(stamp, text);
	(void)sqlite3_bind_text(st, i, text, -1, SQLITE_TRANSIENT);
}

static int
step(sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	(void)sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

static int
write_memory(const struct statements *st, const struct state_commit *c,
    const struct op *op)
{
	(void)sqlite3_bind_int64(st->memory, 1, op->lane);
	(void)sqlite3_bind_text(
	    st->memory, 2, c->texts + op->record, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(
	    st->memory, 3, c->texts + op->event, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st->memory, 4, op->u.memory.updated);
	(void)sqlite3_bind_int64(st->memory, 5, (int64_t)op->u.memory.hash);
	(void)sqlite3_bind_int64(
	    st->memory, 6, op->u.memory.seen / STAMP_PER_S);
	return step(st->memory);
}

static int
write_cursor(const struct statements *st, const struct op *op)
{
	const struct state_cursor *cur = &op->u.cursor;

	bind_stamp(st->cursor, 1, cur->cursor);
	(void)sqlite3_bind_int64(st->cursor, 2, op->lane);
	if (step(st->cursor) == -1)
		return -1;
	if (cur->pass_from == STAMP_NONE) {
		(void)sqlite3_bind_int64(st->no_pass, 1, op->lane);
		return step(st->no_pass);
	}
	(void)sqlite3_bind_int64(st->pass, 1, op->lane);
	bind_stamp(st->pass, 2, cur->pass_from);
	bind_stamp(st->pass, 3, cur->pass_date);
	bind_stamp(st->pass, 4, cur->pass_created);
	bind_stamp(st->pass, 5, cur->pass_newest);
	return step(st->pass);
}

static int
write_gap(const struct statements *st, const struct state_commit *c,
    const struct op *op)
{
	(void)sqlite3_bind_int64(st->gap, 1, op->lane);
	bind_stamp(st->gap, 2, op->u.gap.updated_from);
	bind_stamp(st->gap, 3, op->u.gap.from);
	bind_stamp(st->gap, 4, op->u.gap.until);
	(void)sqlite3_bind_text(
	    st->gap, 5, c->texts + op->record, -1, SQLITE_STATIC);
	bind_stamp(st->gap, 6, stamp_now());
	return step(st->gap);
}

/* The row of the gap's bounds; IS, for an open one is NULL. */
static int
write_gap_change(sqlite3_stmt *st, const struct op *op)
{
	bind_stamp(st, 1, op->u.gap.tried); /* ?1 is not in the DELETE */
	(void)sqlite3_bind_int64(st, 2, op->lane);
	bind_stamp(st, 3, op->u.gap.updated_from);
	bind_stamp(st, 4, op->u.gap.from);
	bind_stamp(st, 5, op->u.gap.until);
	return step(st);
}

static int
write_prune(const struct statements *st, const struct op *op)
{
	(void)sqlite3_bind_int64(st->prune, 1, op->lane);
	(void)sqlite3_bind_int64(st->prune, 2, op->u.before / STAMP_PER_S);
	return step(st->prune);
}

static int
write_op(const struct statements *st, const struct state_commit *c,
    const struct op *op)
{
	switch (op->kind) {
	case OP_MEMORY:
		return write_memory(st, c, op);
	case OP_CURSOR:
		return write_cursor(st, op);
	case OP_GAP:
		return write_gap(st, c, op);
	case OP_GAP_TRIED:
		return write_gap_change(st->gap_tried, op);
	case OP_GAP_CLOSED:
		return write_gap_change(st->gap_closed, op);
	case OP_PRUNE:
		return write_prune(st, op);
	}
	abort();
}

static int
prepare(sqlite3 *db, struct statements *st)
{
	const struct {
		sqlite3_stmt **out;
		const char *sql;
	} rows[] = {
		{ &st->memory,
		    "INSERT OR REPLACE INTO memory VALUES (?,?,?,?,?,?)" },
		{ &st->cursor, "UPDATE lane SET cursor = ? WHERE id = ?" },
		{ &st->pass, "INSERT OR REPLACE INTO pass VALUES (?,?,?,?,?)" },
		{ &st->no_pass, "DELETE FROM pass WHERE lane = ?" },
		{ &st->gap,
		    "INSERT INTO gap (lane, updated_from, created_from,"
		    " created_until, reason, since)"
		    " VALUES (?, ?, ?, ?, ?, ?)" },
		{ &st->gap_tried,
		    "UPDATE gap SET tried = ?1, tries = tries + 1"
		    " WHERE lane = ?2 AND updated_from IS ?3"
		    " AND created_from IS ?4 AND created_until IS ?5" },
		{ &st->gap_closed,
		    "DELETE FROM gap"
		    " WHERE lane = ?2 AND updated_from IS ?3"
		    " AND created_from IS ?4 AND created_until IS ?5" },
		{ &st->prune,
		    "DELETE FROM memory WHERE lane = ? AND seen < ?" },
	};

	for (size_t i = 0; i < NELEM(rows); i++) {
		if (sqlite3_prepare_v2(
			db, rows[i].sql, -1, rows[i].out, NULL) != SQLITE_OK)
			return -1;
	}
	return 0;
}

static void
finalize(struct statements *st)
{
	(void)sqlite3_finalize(st->memory);
	(void)sqlite3_finalize(st->cursor);
	(void)sqlite3_finalize(st->pass);
	(void)sqlite3_finalize(st->no_pass);
	(void)sqlite3_finalize(st->gap);
	(void)sqlite3_finalize(st->gap_tried);
	(void)sqlite3_finalize(st->gap_closed);
	(void)sqlite3_finalize(st->prune);
}

int
state__write(sqlite3 *db, const struct state_commit *c, struct err *e)
{
	struct statements st = { .memory = NULL };
	int rc = -1;

	if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return err_set(e, ERR_STORE, "%s", sqlite3_errmsg(db));
	if (prepare(db, &st) == -1)
		goto out;
	for (size_t i = 0; i < c->n; i++) {
		if (write_op(&st, c, &c->ops[i]) == -1)
			goto out;
	}
	rc = 0;
out:
	if (rc == -1)
		(void)err_set(e, ERR_STORE, "%s", sqlite3_errmsg(db));
	finalize(&st);
	if (rc == 0 &&
	    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		rc = err_set(e, ERR_STORE, "%s", sqlite3_errmsg(db));
	if (rc == -1)
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}
