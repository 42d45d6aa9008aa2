/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/obj.h"
#include "base/stamp.h"
#include "state/schema.h"
#include "state/state_priv.h"

/*
 * The lock of promise 10: a POSIX record lock, so that it goes with the
 * process however that ends.  The process id in the file is for people.
 */
static int
take_lock(const char *dir, struct err *e)
{
	struct flock want = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct flock held = want;
	char *path = xasprintf("%s/lock", dir);
	char pid[32];
	int fd, saved, len;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd == -1) {
		saved = errno;
		(void)err_set_errno(e, ERR_STORE, saved,
		    "%s: cannot be opened; state-dir must be writable for "
		    "the service's user",
		    path);
		free(path);
		return -1;
	}
	if (fcntl(fd, F_SETLK, &want) == -1) {
		long holder = 0;

		if (fcntl(fd, F_GETLK, &held) == 0 && held.l_type != F_UNLCK)
			holder = (long)held.l_pid;
		(void)err_set(e, ERR_BUSY,
		    "%s: another forwarder uses this state directory "
		    "(process %ld); stop it, or set another state-dir",
		    path, holder);
		(void)close(fd);
		free(path);
		return -1;
	}
	len = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) == -1 || write(fd, pid, (size_t)len) == -1)
		errno = 0; /* the lock holds without it */
	free(path);
	return fd;
}

/* The library's words for what failed last, and the mend. */
static int
db_err(sqlite3 *db, const char *path, struct err *e)
{
	static const char anew[] =
	    "; move it away to start anew: the last \"start\" is read then, "
	    "so set that to more than the time since the last delivery";
	static const struct {
		int code;
		const char *mend;
	} rows[] = {
		{ SQLITE_CORRUPT, anew },
		{ SQLITE_NOTADB, anew },
		{ SQLITE_FULL, "; make room there, or set another state-dir" },
		{ SQLITE_CANTOPEN,
		    "; the user must be able to read and write the file and "
		    "its folder" },
		{ SQLITE_READONLY,
		    "; the user must be able to read and write the file and "
		    "its folder" },
	};
	const char *mend = "";

	for (size_t i = 0; i < NELEM(rows); i++) {
		if (rows[i].code == (sqlite3_errcode(db) & 0xff))
			mend = rows[i].mend;
	}
	return err_set(
	    e, ERR_STORE, "%s: %s%s", path, sqlite3_errmsg(db), mend);
}

static sqlite3 *
open_db(const char *path, int flags, struct err *e)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK) {
		(void)db_err(db, path, e); /* NULL: no memory */
		(void)sqlite3_close(db);
		return NULL;
	}
	/* Somebody may look with sqlite3(1): wait for that. */
	(void)sqlite3_busy_timeout(db, 5000);
	return db;
}

static int
read_int(sqlite3 *db, const char *sql, int *out)
{
	sqlite3_stmt *st = NULL;
	int rc = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW) {
		*out = sqlite3_column_int(st, 0);
		rc = 0;
	}
	(void)sqlite3_finalize(st);
	return rc;
}

static int
check_version(sqlite3 *db, const char *path, struct err *e)
{
	int version = 0;

	if (read_int(db, "PRAGMA user_version", &version) == -1)
		return db_err(db, path, e);
	if (version > STATE_VERSION) {
		return err_set(e, ERR_STORE,
		    "%s: written by a newer cefwd (version %d, this one "
		    "knows %d); run that one",
		    path, version, STATE_VERSION);
	}
	return version;
}

static int
open_writer(struct state *s, const char *path, struct err *e)
{
	int version;

	s->writer =
	    open_db(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e);
	if (s->writer == NULL)
		return -1;
	version = check_version(s->writer, path, e);
	if (version == -1)
		return -1;
	/* NORMAL: after power loss the last commits may be gone, which costs
	   repeats and never a loss. */
	if (sqlite3_exec(s->writer,
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
		"PRAGMA locking_mode = NORMAL; PRAGMA foreign_keys = ON;",
		NULL, NULL, NULL) != SQLITE_OK)
		goto fail;
	if (version == 0 &&
	    sqlite3_exec(s->writer, state_schema, NULL, NULL, NULL) !=
		SQLITE_OK)
		goto fail;
	return 0;
fail:
	return db_err(s->writer, path, e);
}

static int
open_reader(struct state *s, const char *path, struct err *e)
{
	int version;

	s->reader = open_db(path, SQLITE_OPEN_READWRITE, e);
	if (s->reader == NULL)
		return -1;
	version = check_version(s->reader, path, e);
	if (version == -1)
		return -1;
	/* A first start that was killed before it made the tables. */
	if (version == 0)
		return err_set(e, ERR_NOINPUT, "%s: empty", path);
	(void)sqlite3_exec(
	    s->reader, "PRAGMA query_only = ON", NULL, NULL, NULL);
	if (sqlite3_prepare_v3(s->reader,
		"SELECT cursor, updated_from, server_date, created_done,"
		" newest FROM lane LEFT JOIN pass ON pass.lane = lane.id"
		" WHERE lane.id = ?",
		-1, SQLITE_PREPARE_PERSISTENT, &s->get_cursor,
		NULL) != SQLITE_OK ||
	    sqlite3_prepare_v3(s->reader,
		"SELECT updated, hash, seen FROM memory"
		" WHERE lane = ? AND record = ? AND event = ?",
		-1, SQLITE_PREPARE_PERSISTENT, &s->get_memory,
		NULL) != SQLITE_OK)
		return db_err(s->reader, path, e);
	return 0;
}

/* Takes path. */
static struct state *
make(uv_loop_t *loop, char *path)
{
	struct state *s = xcalloc(1, sizeof(*s));

	s->magic = STATE_MAGIC;
	s->loop = loop;
	s->path = path;
	s->lock_fd = -1;
	TAILQ_INIT(&s->queue);
	return s;
}

static void
destroy(struct state *s)
{
	struct state_commit *c;

	while ((c = TAILQ_FIRST(&s->queue)) != NULL) {
		TAILQ_REMOVE(&s->queue, c, entry);
		state_commit_free(c);
	}
	(void)sqlite3_finalize(s->get_cursor);
	(void)sqlite3_finalize(s->get_memory);
	(void)sqlite3_close(s->reader);
	(void)sqlite3_close(s->writer);
	if (s->lock_fd != -1)
		(void)close(s->lock_fd);
	free(s->path);
	free(s);
}

struct state *
state_open(uv_loop_t *loop, const char *dir, state_report_fn *report, void *ctx,
    struct err *e)
{
	char *path = xasprintf("%s/state.db", dir);
	struct state *s = make(loop, path);

	s->report = report;
	s->ctx = ctx;
	if (mkdir(dir, 0750) == -1 && errno != EEXIST) {
		(void)err_set_errno(e, ERR_STORE, errno,
		    "%s: cannot be made; create it for the service's user",
		    dir);
		goto fail;
	}
	s->lock_fd = take_lock(dir, e);
	if (s->lock_fd == -1 || open_writer(s, path, e) == -1 ||
	    open_reader(s, path, e) == -1)
		goto fail;
	(void)uv_timer_init(loop, &s->retry);
	s->retry.data = s;
	return s;
fail:
	destroy(s);
	return NULL;
}

struct state *
state_open_reading(uv_loop_t *loop, const char *dir, struct err *e)
{
	char *path = xasprintf("%s/state.db", dir);
	struct state *s = make(loop, path);

	if (access(path, R_OK) == -1) {
		(void)err_set_errno(e,
		    errno == ENOENT ? ERR_NOINPUT : ERR_STORE, errno,
		    "%s: cannot be read; become the service's user", path);
		goto fail;
	}
	if (open_reader(s, path, e) == -1)
		goto fail;
	(void)uv_timer_init(loop, &s->retry);
	s->retry.data = s;
	return s;
fail:
	destroy(s);
	return NULL;
}

static void
on_closed(uv_handle_t *h)
{
	struct state *s;

	OBJ_CAST(s, h->data, STATE_MAGIC);
	destroy(s);
}

void
state_close(struct state *s)
{
	if (s == NULL)
		return;
	OBJ_CHECK(s, STATE_MAGIC);
	s->is_closing = true;
	if (!s->is_writing)
		uv_close((uv_handle_t *)&s->retry, on_closed);
}

bool
state_is_idle(const struct state *s)
{
	return TAILQ_EMPTY(&s->queue);
}

/* One statement with the lane's three names: its row id, 0 if none came. */
static int
lane_query(sqlite3 *db, const char *path, const char *sql,
    const char *const names[3], int64_t *id, struct err *e)
{
	sqlite3_stmt *st = NULL;

	*id = 0;
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK) {
		for (int i = 0; i < 3; i++)
			(void)sqlite3_bind_text(
			    st, i + 1, names[i], -1, SQLITE_STATIC);
		if (sqlite3_step(st) == SQLITE_ROW)
			*id = sqlite3_column_int64(st, 0);
	}
	if (sqlite3_finalize(st) == SQLITE_OK)
		return 0;
	return db_err(db, path, e);
}

int
state_lane(struct state *s, const char *source, const char *tenant,
    const char *destination, int64_t *id, struct err *e)
{
	const char *const names[3] = { source, tenant, destination };

	OBJ_CHECK(s, STATE_MAGIC);
	assert(!s->is_writing);
	/* A known lane needs no write: a disk that is full at the start must
	   not keep the service from it. */
	if (lane_query(s->reader, s->path,
		"SELECT id FROM lane WHERE source = ? AND tenant = ?"
		" AND destination = ?",
		names, id, e) == -1)
		return -1;
	if (*id != 0 || s->writer == NULL)
		return 0;
	return lane_query(s->writer, s->path,
	    "INSERT INTO lane (source, tenant, destination)"
	    " VALUES (?, ?, ?) RETURNING id",
	    names, id, e);
}

static int64_t
column_stamp(sqlite3_stmt *st, int i)
{
	const unsigned char *text = sqlite3_column_text(st, i);
	int64_t stamp;

	if (text == NULL ||
	    stamp_parse(
		(const char *)text, strlen((const char *)text), &stamp) == -1)
		return STAMP_NONE;
	return stamp;
}

int
state_cursor_get(
    struct state *s, int64_t lane, struct state_cursor *out, struct err *e)
{
	sqlite3_stmt *st = s->get_cursor;
	int rc;

	*out = (struct state_cursor){ STAMP_NONE, STAMP_NONE, STAMP_NONE,
		STAMP_NONE, STAMP_NONE };
	(void)sqlite3_bind_int64(st, 1, lane);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		out->cursor = column_stamp(st, 0);
		out->pass_from = column_stamp(st, 1);
		out->pass_date = column_stamp(st, 2);
		out->pass_created = column_stamp(st, 3);
		out->pass_newest = column_stamp(st, 4);
	}
	(void)sqlite3_reset(st);
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return 0;
	return db_err(s->reader, s->path, e);
}

int
state_gaps(
    struct state *s, int64_t lane, state_gap_fn *fn, void *ctx, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc;

	OBJ_CHECK(s, STATE_MAGIC);
	rc = sqlite3_prepare_v2(s->reader,
	    "SELECT updated_from, created_from, created_until, reason, since,"
	    " tried, tries FROM gap WHERE lane = ? ORDER BY id",
	    -1, &st, NULL);
	if (rc == SQLITE_OK)
		(void)sqlite3_bind_int64(st, 1, lane);
	while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const unsigned char *reason = sqlite3_column_text(st, 3);
		const struct state_gap gap = {
			.updated_from = column_stamp(st, 0),
			.created_from = column_stamp(st, 1),
			.created_until = column_stamp(st, 2),
			.reason = reason == NULL ? "" : (const char *)reason,
			.since = column_stamp(st, 4),
			.tried = column_stamp(st, 5),
			.tries = (uint64_t)sqlite3_column_int64(st, 6),
		};

		fn(ctx, &gap);
		rc = SQLITE_OK;
	}
	(void)sqlite3_finalize(st);
	return rc == SQLITE_DONE ? 0 : db_err(s->reader, s->path, e);
}

int
state_memory_get(struct state *s, int64_t lane, const char *record,
    const char *event, struct state_memory *out, struct err *e)
{
	sqlite3_stmt *st = s->get_memory;
	int rc;

	(void)sqlite3_bind_int64(st, 1, lane);
	(void)sqlite3_bind_text(st, 2, record, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 3, event, -1, SQLITE_STATIC);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		out->updated = sqlite3_column_int64(st, 0);
		out->hash = (uint64_t)sqlite3_column_int64(st, 1);
		out->seen = sqlite3_column_int64(st, 2) * STAMP_PER_S;
	}
	(void)sqlite3_reset(st);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	return db_err(s->reader, s->path, e);
}

static void start_writing(struct state *s);

static void
work(uv_work_t *w)
{
	struct state *s = w->data;

	err_clear(&s->work_err);
	(void)state__write(s->writer, TAILQ_FIRST(&s->queue), &s->work_err);
}

static void
on_retry(uv_timer_t *t)
{
	struct state *s;

	OBJ_CAST(s, t->data, STATE_MAGIC);
	start_writing(s);
}

static void
after_work(uv_work_t *w, int status)
{
	bool failed;
	struct state_commit *c;
	struct state *s;

	(void)status; /* the work is never cancelled */
	OBJ_CAST(s, w->data, STATE_MAGIC);
	s->is_writing = false;
	failed = s->work_err.kind != ERR_NONE;
	if (s->is_closing && failed) {
		uv_close((uv_handle_t *)&s->retry, on_closed);
		return;
	}
	if (failed != s->is_failing && !s->is_closing) {
		s->is_failing = failed;
		s->report(s->ctx, failed ? &s->work_err : NULL);
	}
	if (failed) {
		(void)uv_timer_start(&s->retry, on_retry, STATE_RETRY_MS, 0);
		return;
	}
	c = TAILQ_FIRST(&s->queue);
	TAILQ_REMOVE(&s->queue, c, entry);
	if (c->done != NULL && !s->is_closing)
		c->done(c->ctx);
	state_commit_free(c);
	start_writing(s);
	if (s->is_closing && !s->is_writing)
		uv_close((uv_handle_t *)&s->retry, on_closed);
}

static void
start_writing(struct state *s)
{
	if (s->is_writing || TAILQ_EMPTY(&s->queue) ||
	    uv_is_active((const uv_handle_t *)&s->retry))
		return;
	s->is_writing = true;
	s->work.data = s;
	(void)uv_queue_work(s->loop, &s->work, work, after_work);
}

void
state_commit_submit(struct state_commit *c, state_done_fn *done, void *ctx)
{
	struct state *s = c->state;

	OBJ_CHECK(c, COMMIT_MAGIC);
	assert(s->writer != NULL);
	c->done = done;
	c->ctx = ctx;
	TAILQ_INSERT_TAIL(&s->queue, c, entry);
	start_writing(s);
}
