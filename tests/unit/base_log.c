/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/log_line.h"
#include "base/obj.h"

#define LOG_ROOM "test"

/* What standard error got while fn ran. */
static void
capture(enum log_format format, void (*fn)(void), char *out, size_t size)
{
	int fds[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	log_configure(LOG_LEVEL_INFO, format);
	fn();
	(void)fflush(stderr);
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
	(void)close(fds[1]);
	n = read(fds[0], out, size - 1);
	(void)close(fds[0]);
	assert_true(n >= 0);
	out[n] = '\0';
}

static void
say_ill(void)
{
	log_warn("source defender (contoso.com): the answer was \"no\" and "
		 "a=b; call somebody retry_ms=%d by=\"a person\" (told once)",
	    500);
}

static void
say_hostile(void)
{
	log_info("x\n2026 error: forged \x1b[2J\xff \xe2\x80\xae \xc2\x85 end");
}

static void
say_debug(void)
{
	log_debug("not at this level");
}

static void
json_tells_subject_and_values_apart(void **state)
{
	static const char want[] =
	    "\",\"level\":\"warning\",\"room\":\"test\","
	    "\"source\":\"defender\",\"tenant\":\"contoso.com\","
	    "\"text\":\"source defender (contoso.com): the answer was "
	    "\\\"no\\\" and a=b; call somebody retry_ms=500 by=\\\"a "
	    "person\\\" (told once)\","
	    "\"values\":{\"retry_ms\":\"500\",\"by\":\"a person\"}}\n";
	char got[8192];

	(void)state;
	capture(LOG_FORMAT_JSON, say_ill, got, sizeof(got));
	assert_memory_equal(got, "{\"time\":\"2", 10);
	assert_string_equal(
	    got + strlen("{\"time\":\"2026-01-02T03:04:05Z"), want);
}

static void
text_is_one_line_whatever_a_peer_said(void **state)
{
	char got[8192];

	(void)state;
	capture(LOG_FORMAT_TEXT, say_hostile, got, sizeof(got));
	assert_string_equal(got + strlen("2026-01-02T03:04:05"),
	    "Z info: test: x 2026 error: forged  [2J\xef\xbf\xbd     end\n");
}

static void
what_is_below_the_level_is_not_said(void **state)
{
	char got[64];

	(void)state;
	capture(LOG_FORMAT_TEXT, say_debug, got, sizeof(got));
	assert_string_equal(got, "");
}

static void
set_stream(unsigned long more)
{
	char text[64];
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	(void)snprintf(text, sizeof(text), "%lu:%lu", (unsigned long)st.st_dev,
	    (unsigned long)st.st_ino + more);
	assert_int_equal(setenv("JOURNAL_STREAM", text, 1), 0);
}

static void
the_journal_is_known_by_its_stream(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
	assert_false(journal_is_stderr());
	set_stream(0);
	assert_true(journal_is_stderr());
	/* An inherited one that standard error no longer leads to. */
	set_stream(1);
	assert_false(journal_is_stderr());
	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
}

static void
assert_pairs(const struct log_pair *v, size_t n, const char *want)
{
	struct buf got;

	buf_init(&got, 256);
	for (size_t i = 0; i < n; i++) {
		buf_add(&got, v[i].key, v[i].key_len);
		buf_addc(&got, '=');
		buf_add(&got, v[i].value, v[i].value_len);
		buf_addc(&got, ';');
	}
	assert_string_equal(got.p, want);
	buf_fini(&got);
}

static void
subjects_and_pairs_are_found(void **state)
{
	static const struct {
		const char *text, *subject, *pairs;
	} rows[] = {
		{ "destination arcsight: away held=3", "destination=arcsight;",
		    "held=3;" },
		{ "source x: token got serial=1 life_s=3599", "source=x;",
		    "serial=1;life_s=3599;" },
		{ "source x (t", "source=x;", "" },
		{ "source x (t): y", "source=x;tenant=t;", "" },
		{ "source x (t) to d: y n=1",
		    "source=x;tenant=t;destination=d;", "n=1;" },
		{ "source x (t) to d", "source=x;tenant=t;", "" },
		{ "source x (t) to : y", "source=x;tenant=t;", "" },
		{ "sources (x): y", "", "" },
		{ "destination : y", "", "" },
		{ "started", "", "" },
		{ "k=v", "", "k=v;" },
		{ "k=v behind", "", "" },
		{ "=v K=v k=", "", "k=;" },
		{ "k=\"open", "", "k=\"open;" },
		{ "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct log_line l = { .text = rows[i].text };

		log_line_split(&l);
		assert_pairs(l.subject, l.n_subject, rows[i].subject);
		assert_pairs(l.pairs, l.n_pairs, rows[i].pairs);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_tells_subject_and_values_apart),
		cmocka_unit_test(text_is_one_line_whatever_a_peer_said),
		cmocka_unit_test(what_is_below_the_level_is_not_said),
		cmocka_unit_test(the_journal_is_known_by_its_stream),
		cmocka_unit_test(subjects_and_pairs_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
