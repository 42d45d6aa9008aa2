/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <uv.h>

#include "base/stamp.h"
#include "state/state.h"

struct fixture {
	uv_loop_t loop;
	char dir[64];
	int failures; /* reports of failing */
	int mended;
	int done;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	(void)snprintf(f->dir, sizeof(f->dir), "state-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	*state = f;
	return 0;
}

static void
remove_file(const struct fixture *f, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	(void)unlink(path);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(uv_loop_close(&f->loop), 0);
	remove_file(f, "state.db");
	remove_file(f, "state.db-wal");
	remove_file(f, "state.db-shm");
	remove_file(f, "lock");
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static void
on_report(void *ctx, const struct err *e)
{
	struct fixture *f = ctx;

	if (e != NULL)
		f->failures++;
	else
		f->mended++;
}

static void
on_done(void *ctx)
{
	struct fixture *f = ctx;

	f->done++;
}

static struct state *
open_state(struct fixture *f)
{
	struct err e = { .kind = ERR_NONE };
	struct state *s;

	s = state_open(&f->loop, f->dir, on_report, f, &e);
	assert_string_equal(e.text, "");
	assert_non_null(s);
	return s;
}

static void
close_state(struct fixture *f, struct state *s)
{
	state_close(s);
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
}

static void
what_is_committed_is_there_after_a_restart(void **state)
{
	const struct state_cursor cur = { .cursor = 123456789012345678,
		.pass_from = 17000000000000001,
		.pass_date = 5,
		.pass_created = STAMP_NONE,
		.pass_newest = -1 };
	const struct state_memory m = { .updated = INT64_MAX,
		.hash = 0xfedcba9876543210u,
		.seen = 20 * STAMP_PER_S };
	struct fixture *f = *state;
	struct state *s = open_state(f);
	struct state_commit *c;
	struct state_cursor got;
	struct state_memory mem;
	int64_t lane, again;

	assert_int_equal(state_lane(s, "a", "t", "d", &lane, NULL), 0);
	assert_int_equal(state_cursor_get(s, lane, &got, NULL), 0);
	assert_true(got.cursor == STAMP_NONE && got.pass_from == STAMP_NONE);
	c = state_commit_new(s);
	state_commit_memory(c, lane, "id'1", "$", &m);
	state_commit_cursor(c, lane, &cur);
	state_commit_submit(c, on_done, f);
	assert_false(state_is_idle(s));
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_true(state_is_idle(s));
	assert_int_equal(f->done, 1);
	close_state(f, s);

	s = open_state(f);
	assert_int_equal(state_lane(s, "a", "t", "d", &again, NULL), 0);
	assert_int_equal(again, lane);
	assert_int_equal(state_cursor_get(s, lane, &got, NULL), 0);
	assert_memory_equal(&got, &cur, sizeof(cur));
	assert_int_equal(state_memory_get(s, lane, "id'1", "$", &mem, NULL), 1);
	assert_memory_equal(&mem, &m, sizeof(m));
	assert_int_equal(state_memory_get(s, lane, "id'1", "", &mem, NULL), 0);
	assert_int_equal(
	    state_memory_get(s, lane + 1, "id'1", "$", &mem, NULL), 0);
	close_state(f, s);
}

static void
commits_are_carried_out_in_their_order(void **state)
{
	struct fixture *f = *state;
	struct state *s = open_state(f);
	struct state_cursor got;
	int64_t lane;

	assert_int_equal(state_lane(s, "a", "t", "d", &lane, NULL), 0);
	for (int64_t i = 1; i <= 50; i++) {
		struct state_cursor cur = { i, STAMP_NONE, STAMP_NONE,
			STAMP_NONE, STAMP_NONE };
		struct state_commit *c = state_commit_new(s);

		state_commit_cursor(c, lane, &cur);
		state_commit_submit(c, on_done, f);
	}
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(f->done, 50);
	assert_int_equal(state_cursor_get(s, lane, &got, NULL), 0);
	assert_int_equal(got.cursor, 50);
	close_state(f, s);
}

static void
memory_is_pruned_by_when_it_was_seen(void **state)
{
	struct fixture *f = *state;
	struct state *s = open_state(f);
	struct state_commit *c = state_commit_new(s);
	struct state_memory m = { .updated = 1, .hash = 2 };
	int64_t lane;

	assert_int_equal(state_lane(s, "a", "t", "d", &lane, NULL), 0);
	m.seen = 99 * STAMP_PER_S;
	state_commit_memory(c, lane, "old", "$", &m);
	m.seen = 100 * STAMP_PER_S;
	state_commit_memory(c, lane, "new", "$", &m);
	state_commit_memory(c, lane + 1, "other lane", "$",
	    &(struct state_memory){ .seen = 0 });
	state_commit_prune(c, lane, 100 * STAMP_PER_S);
	state_commit_submit(c, NULL, NULL);
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(state_memory_get(s, lane, "old", "$", &m, NULL), 0);
	assert_int_equal(state_memory_get(s, lane, "new", "$", &m, NULL), 1);
	assert_int_equal(
	    state_memory_get(s, lane + 1, "other lane", "$", &m, NULL), 1);
	close_state(f, s);
}

static void
a_second_forwarder_is_refused_and_told_who_holds(void **state)
{
	struct fixture *f = *state;
	struct state *s = open_state(f);
	int status;
	pid_t pid;

	/* A POSIX lock holds against other processes only. */
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		struct err e = { .kind = ERR_NONE };
		char want[32];
		uv_loop_t loop;

		(void)uv_loop_init(&loop);
		(void)snprintf(
		    want, sizeof(want), "(process %ld)", (long)getppid());
		if (state_open(&loop, f->dir, on_report, f, &e) != NULL)
			_exit(1);
		if (e.kind != ERR_BUSY || strstr(e.text, want) == NULL)
			_exit(2);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close_state(f, s);
}

static void
exec_beside(const struct fixture *f, const char *sql)
{
	char path[128];
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/state.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
a_database_of_a_newer_version_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err e = { .kind = ERR_NONE };

	close_state(f, open_state(f));
	exec_beside(f, "PRAGMA user_version = 2");
	assert_null(state_open(&f->loop, f->dir, on_report, f, &e));
	assert_int_equal(e.kind, ERR_STORE);
	assert_non_null(strstr(e.text, "newer cefwd"));
	/* Also where it could not be asked for what this one knows. */
	exec_beside(f, "DROP TABLE pass");
	err_clear(&e);
	assert_null(state_open_reading(&f->loop, f->dir, &e));
	assert_int_equal(e.kind, ERR_STORE);
	assert_non_null(strstr(e.text, "newer cefwd"));
}

static void
what_is_no_database_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err e = { .kind = ERR_NONE };
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/state.db", f->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		(void)fputs("this is no database", file);
	(void)fclose(file);
	assert_null(state_open(&f->loop, f->dir, on_report, f, &e));
	assert_int_equal(e.kind, ERR_STORE);
	assert_non_null(strstr(e.text, "move it away"));
	err_clear(&e);
	assert_null(state_open_reading(&f->loop, f->dir, &e));
	assert_int_equal(e.kind, ERR_STORE);
	assert_non_null(strstr(e.text, "move it away"));
}

static void
a_commit_that_fails_is_told_once_and_kept(void **state)
{
	struct fixture *f = *state;
	struct state *s = open_state(f);
	struct state_commit *c = state_commit_new(s);
	int64_t lane;

	assert_int_equal(state_lane(s, "a", "t", "d", &lane, NULL), 0);
	/* As a full disk would: the write fails, later it does not. */
	exec_beside(f,
	    "CREATE TRIGGER full BEFORE UPDATE ON lane BEGIN"
	    " SELECT RAISE(FAIL, 'disk full'); END");
	state_commit_cursor(c, lane,
	    &(struct state_cursor){
		1, STAMP_NONE, STAMP_NONE, STAMP_NONE, STAMP_NONE });
	state_commit_submit(c, on_done, f);
	while (f->failures == 0)
		(void)uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(f->done, 0);
	assert_false(state_is_idle(s));
	/* It is given up at the end: no hang, no leak. */
	close_state(f, s);
	assert_int_equal(f->failures, 1);
	assert_int_equal(f->done, 0);
}

static void
looking_makes_nothing(void **state)
{
	struct fixture *f = *state;
	struct err e = { .kind = ERR_NONE };
	struct state *s;
	int64_t lane;

	assert_null(state_open_reading(&f->loop, f->dir, &e));
	assert_int_equal(e.kind, ERR_NOINPUT);
	close_state(f, open_state(f));
	s = state_open_reading(&f->loop, f->dir, &e);
	assert_non_null(s);
	assert_int_equal(state_lane(s, "new", "t", "d", &lane, NULL), 0);
	assert_int_equal(lane, 0);
	close_state(f, s);
}

static void
only_a_database_that_is_not_there_means_that_nothing_was_sent(void **state)
{
	struct fixture *f = *state;
	struct err e = { .kind = ERR_NONE };
	char file[128];

	/* Killed before the first start had made its tables. */
	exec_beside(f, "PRAGMA user_version = 0");
	assert_null(state_open_reading(&f->loop, f->dir, &e));
	assert_int_equal(e.kind, ERR_NOINPUT);
	/* Something else is in the way. */
	(void)snprintf(file, sizeof(file), "%s/state.db", f->dir);
	err_clear(&e);
	assert_null(state_open_reading(&f->loop, file, &e));
	assert_int_equal(e.kind, ERR_STORE);
	assert_non_null(strstr(e.text, file));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(what_is_committed_is_there_after_a_restart),
		T(commits_are_carried_out_in_their_order),
		T(memory_is_pruned_by_when_it_was_seen),
		T(a_second_forwarder_is_refused_and_told_who_holds),
		T(a_database_of_a_newer_version_is_refused),
		T(what_is_no_database_is_refused),
		T(a_commit_that_fails_is_told_once_and_kept),
		T(looking_makes_nothing),
		T(only_a_database_that_is_not_there_means_that_nothing_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
