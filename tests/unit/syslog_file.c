/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/obj.h"

#include "syslog_rig.h"

#define TEXT_MAX (1U << 20)

static struct rig rig;
static char folder[] = "/tmp/cefwd-file-XXXXXX";
static char path[64], old[64], other[64];
static char text[TEXT_MAX];

static void
use(size_t i, const char *name)
{
	char url[128];
	struct err e;

	(void)snprintf(url, sizeof(url), "file:%s", name);
	assert_int_equal(dest_url_parse(url, &rig.urls[i], &e), 0);
	rig.options.n_urls = i + 1;
}

static int
setup(void **state)
{
	(void)state;
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 7);
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/cef.log", folder);
	(void)snprintf(old, sizeof(old), "%s/cef.log.1", folder);
	(void)snprintf(other, sizeof(other), "%s/other.log", folder);
	rig_init(&rig, NULL, 1);
	use(0, path);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_fini(&rig);
	(void)unlink(path);
	(void)unlink(old);
	(void)unlink(other);
	assert_int_equal(rmdir(folder), 0);
	return 0;
}

/* How many lines the file has; all of them end, and look as they should. */
static unsigned int
lines_of(const char *name)
{
	FILE *f = fopen(name, "re");
	unsigned int n = 0;
	size_t len;

	if (f == NULL)
		return 0;
	len = fread(text, 1, sizeof(text) - 1, f);
	text[len] = '\0';
	(void)fclose(f);
	for (char *p = text, *lf; *p != '\0'; p = lf + 1) {
		lf = strchr(p, '\n');
		assert_non_null(lf);
		assert_int_equal(*p, '<');
		n++;
	}
	return n;
}

static void
write_text(const char *name, const char *what)
{
	FILE *f = fopen(name, "we");

	assert_non_null(f);
	assert_true(fputs(what, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static bool
has_nothing_to_do(const struct rig *g)
{
	return !uv_loop_alive(&g->loop);
}

static void
lines_are_appended_and_settle(void **state)
{
	(void)state;
	write_text(path, "<14>what was there\n");
	rig_open(&rig);
	rig_put(&rig, 0, 500, 300);
	rig_run(&rig, is_settled, "500 lines to settle");
	assert_int_equal(lines_of(path), 501);
	assert_true(is_up(&rig));
	/* Nothing wakes the loop, or keeps it. */
	rig_run(&rig, has_nothing_to_do, "rest");
}

static void
a_new_file_is_not_for_everybody(void **state)
{
	struct stat st;

	(void)state;
	rig_open(&rig);
	rig_run(&rig, is_up, "the file to be opened");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0027, 0);
}

static void
what_root_makes_belongs_to_whom_the_folder_does(void **state)
{
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(folder, 12345, 54321), 0);
	rig_open(&rig);
	rig_run(&rig, is_up, "the file to be opened");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 12345);
	assert_int_equal(st.st_gid, 54321);
}

static void
octets_are_not_counted_in_a_file(void **state)
{
	(void)state;
	rig.options.framing = DEST_FRAMING_OCTETS;
	rig_open(&rig);
	rig_put(&rig, 0, 2, 5);
	rig_run(&rig, is_settled, "two lines to settle");
	assert_int_equal(lines_of(path), 2);
}

static void
a_file_that_was_moved_is_made_anew(void **state)
{
	(void)state;
	rig_open(&rig);
	rig_put(&rig, 0, 3, 5);
	rig_run(&rig, is_settled, "three lines to settle");
	assert_int_equal(rename(path, old), 0);
	rig_put(&rig, 0, 4, 5);
	rig_run(&rig, is_settled, "four lines to settle");
	assert_int_equal(lines_of(old), 3);
	assert_int_equal(lines_of(path), 4);
	assert_int_equal(rig.n_states, 1);
}

static bool
path_is_there(const struct rig *g)
{
	(void)g;
	return access(path, F_OK) == 0;
}

static void
an_idle_file_is_opened_anew_when_told(void **state)
{
	(void)state;
	rig_open(&rig);
	rig_put(&rig, 0, 3, 5);
	rig_run(&rig, is_settled, "three lines to settle");
	assert_int_equal(rename(path, old), 0);
	rig_turns(&rig, 30);
	assert_int_not_equal(access(path, F_OK), 0);
	dest_reopen(rig.dest);
	rig_run(&rig, path_is_there, "the new file");
}

static void
a_truncated_file_grows_from_its_start(void **state)
{
	(void)state;
	rig_open(&rig);
	rig_put(&rig, 0, 3, 5);
	rig_run(&rig, is_settled, "three lines to settle");
	assert_int_equal(truncate(path, 0), 0);
	rig_put(&rig, 0, 2, 5);
	rig_run(&rig, is_settled, "two lines to settle");
	assert_int_equal(lines_of(path), 2);
	assert_int_equal(text[0], '<');
}

static void
half_a_line_is_ended(void **state)
{
	(void)state;
	write_text(path, "<14>half a li");
	rig_open(&rig);
	rig_put(&rig, 0, 1, 5);
	rig_run(&rig, is_settled, "a line to settle");
	assert_int_equal(lines_of(path), 2);
	assert_memory_equal(text, "<14>half a li\n<", 15);
}

static void
what_cannot_be_written_is_said_and_tried_again(void **state)
{
	char moved[80];

	(void)state;
	(void)snprintf(moved, sizeof(moved), "%s/no/such", folder);
	dest_url_fini(&rig.urls[0]);
	use(0, moved);
	rig_open(&rig);
	rig_put(&rig, 0, 2, 5);
	rig_run(&rig, is_away, "the failure");
	assert_non_null(strstr(rig.words, moved));
	assert_non_null(strstr(rig.words, "create the folder"));
	(void)snprintf(moved, sizeof(moved), "%s/no", folder);
	assert_int_equal(mkdir(moved, 0700), 0);
	rig_run(&rig, is_settled, "two lines to settle");
	(void)snprintf(moved, sizeof(moved), "%s/no/such", folder);
	assert_int_equal(lines_of(moved), 2);
	(void)unlink(moved);
	(void)snprintf(moved, sizeof(moved), "%s/no", folder);
	assert_int_equal(rmdir(moved), 0);
}

/* As a full disk: the last line that goes in goes in half. */
static void
a_file_that_cannot_grow_is_gone_on_with_later(void **state)
{
	struct rlimit now, less;

	(void)state;
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &now), 0);
	less = now;
	less.rlim_cur = 1000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
	rig_open(&rig);
	rig_put(&rig, 0, 10, 150);
	rig_run(&rig, is_away, "the failure");
	assert_non_null(strstr(rig.words, "cannot write"));
	assert_int_equal(rig.lane[0].settled, 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	rig_run(&rig, is_settled, "ten lines to settle");
	/* Five whole, a half, and then all. */
	assert_int_equal(lines_of(path), 16);
}

static void
a_device_is_refused(void **state)
{
	(void)state;
	assert_int_equal(symlink("/dev/null", path), 0);
	rig_open(&rig);
	rig_put(&rig, 0, 2, 5);
	rig_run(&rig, is_away, "the failure");
	assert_non_null(strstr(rig.words, "no regular file"));
	assert_int_equal(rig.lane[0].settled, 0);
}

static void
a_fifo_is_not_waited_for(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	rig_open(&rig);
	rig_run(&rig, is_away, "the failure");
	assert_non_null(strstr(rig.words, "no regular file"));
}

static void
the_next_file_takes_over(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	use(1, other);
	rig.options.return_ms = 50;
	rig_open(&rig);
	rig_put(&rig, 0, 2, 5);
	rig_run(&rig, is_settled, "two lines to settle");
	assert_int_equal(lines_of(other), 2);
	assert_int_equal(rmdir(path), 0);
	rig_run(&rig, path_is_there, "the first to be tried again");
	rig_put(&rig, 0, 3, 5);
	rig_run(&rig, is_settled, "three lines to settle");
	assert_int_equal(lines_of(path), 3);
}

static void
it_can_be_closed_at_any_moment(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		rig.n_states = 0;
		rig_open(&rig);
		rig_put(&rig, 0, 50, 500);
		rig_turns(&rig, i / 2);
		dest_close(rig.dest);
		rig.dest = NULL;
	}
}

/* Standard output */

static void
lines_go_to_standard_output(void **state)
{
	int ends[2], keep = dup(STDOUT_FILENO);
	struct err e;
	ssize_t n;

	(void)state;
	(void)fflush(stdout);
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(dup2(ends[1], STDOUT_FILENO) >= 0);
	dest_url_fini(&rig.urls[0]);
	assert_int_equal(dest_url_parse("stdout:", &rig.urls[0], &e), 0);
	rig_open(&rig);
	rig_put(&rig, 0, 5, 10);
	rig_turns(&rig, 100);
	/* In the pipe is not read. */
	assert_int_equal(rig.lane[0].settled, 0);
	n = read(ends[0], text, sizeof(text));
	assert_true(n > 0 && text[n - 1] == '\n');
	rig_run(&rig, is_settled, "five lines to settle");
	/* A pipe that nobody reads does not keep the program from its end. */
	rig_put(&rig, 0, 1000, 1000);
	rig_turns(&rig, 100);
	dest_close(rig.dest);
	rig.dest = NULL;
	rig_run(&rig, has_nothing_to_do, "the end of its job");
	assert_true(dup2(keep, STDOUT_FILENO) >= 0);
	(void)close(keep);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(lines_are_appended_and_settle),
		T(a_new_file_is_not_for_everybody),
		T(what_root_makes_belongs_to_whom_the_folder_does),
		T(octets_are_not_counted_in_a_file),
		T(a_file_that_was_moved_is_made_anew),
		T(an_idle_file_is_opened_anew_when_told),
		T(a_truncated_file_grows_from_its_start),
		T(half_a_line_is_ended),
		T(what_cannot_be_written_is_said_and_tried_again),
		T(a_file_that_cannot_grow_is_gone_on_with_later),
		T(a_device_is_refused),
		T(a_fifo_is_not_waited_for),
		T(the_next_file_takes_over),
		T(it_can_be_closed_at_any_moment),
		T(lines_go_to_standard_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
