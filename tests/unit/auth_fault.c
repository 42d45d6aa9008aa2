/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/auth.h"
#include "auth_peer.h"
#include "base/mem.h"
#include "base/obj.h"
#include "net_get.h"
#include "net_peer.h"

static void
failures_are_answered_with_patience(void **state)
{
	/* answer; what comes of it; bounds of the wait in ms */
	static const struct {
		int status;
		const char *extra, *body;
		enum err_kind kind;
		uint64_t low, high;
	} rows[] = {
		{ 500, "", "<html><title>x</title>", ERR_BUSY, 750, 1250 },
		{ 503, "Retry-After: 120\r\n", "", ERR_BUSY, 120000, 121250 },
		{ 429, "Retry-After: 2.128\r\n", "{\"error\":\"x\"}", ERR_BUSY,
		    2128, 4000 },
		{ 429, "Retry-After: 60\r\n", "{}", ERR_BUSY, 60000, 61250 },
		{ 429,
		    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
		    "Retry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n",
		    "{}", ERR_BUSY, 30000, 31250 },
		{ 429, "Retry-After: 99999999\r\n", "{}", ERR_BUSY, 3600000,
		    3601250 },
		{ 429, "Retry-After: soon\r\n", "{}", ERR_BUSY, 750, 1250 },
		{ 200, "", "<html>", ERR_PROTO, 750, 1250 },
		{ 200, "", "", ERR_PROTO, 750, 1250 },
		{ 403, "", "<html>", ERR_PROTO, 750, 1250 },
		{ 401, "", "{\"error\":\"invalid_client\"}", ERR_REFUSED, 60000,
		    100000 },
		{ 400, "", "{\"error\":\"invalid_scope\"}", ERR_CONFIG, 60000,
		    100000 },
	};
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		entra_up(&t);
		t.status = rows[i].status;
		t.extra = rows[i].extra;
		t.body = rows[i].body;
		auth_up(&t);
		ask(&t, &a);
		assert_string_equal(a.bearer, "");
		if (a.e.kind != rows[i].kind || a.retry_ms < rows[i].low ||
		    a.retry_ms > rows[i].high)
			fail_msg(
			    "%zu: %s %ju", i, a.e.text, (uintmax_t)a.retry_ms);
		/* Until then the same is told without asking. */
		entra_clock.ms += a.retry_ms - 1;
		ask(&t, &a);
		assert_int_equal(a.retry_ms, 1);
		assert_int_equal(a.e.kind, rows[i].kind);
		assert_int_equal(peer_requests(t.peer), 1);
		entra_clock.ms += 1;
		t.status = 200;
		t.body = NULL;
		ask(&t, &a);
		assert_string_equal(a.bearer, TOKEN "2");
		entra_down(&t, "renewed after failures");
	}
}

static void
waits_grow(void **state)
{
	struct ask a = { .calls = 0 };
	uint64_t step = 80000;
	struct entra t;

	(void)state;
	entra_up(&t);
	t.status = 401;
	t.body = "{\"error\":\"invalid_client\"}";
	auth_up(&t);
	for (int i = 0; i < 5; i++) {
		ask(&t, &a);
		assert_in_range(a.retry_ms, step * 3 / 4, step * 5 / 4);
		entra_clock.ms += a.retry_ms;
		step = step * 2 > 400000 ? 400000 : step * 2;
	}
	assert_int_equal(peer_requests(t.peer), 5);
	entra_down(&t, NULL);
}

static void
no_network_is_no_refusal(void **state)
{
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	entra_up(&t);
	(void)snprintf(t.authority, sizeof(t.authority), "http://127.0.0.1:%u",
	    peer_dead_port(&t.w.loop));
	auth_up(&t);
	ask(&t, &a);
	assert_int_equal(a.e.kind, ERR_NET);
	assert_non_null(strstr(a.e.text, "token endpoint: 127.0.0.1:"));
	assert_in_range(a.retry_ms, 750, 1250);
	entra_down(&t, NULL);
}

static void
a_flood_is_cut_off(void **state)
{
	char *body = xcalloc(1, (2U << 20) + 1);
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	memset(body, ' ', 2U << 20);
	entra_up(&t);
	t.body = body;
	auth_up(&t);
	ask(&t, &a);
	assert_int_equal(a.e.kind, ERR_PROTO);
	assert_non_null(strstr(a.e.text, "longer than"));
	free(body);
	entra_down(&t, NULL);
}

static void
write_file(const char *path, const char *text)
{
	char tmp[64];
	FILE *f;

	(void)snprintf(tmp, sizeof(tmp), "%s.new", path);
	f = fopen(tmp, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(tmp, path), 0);
}

static void
a_new_secret_needs_no_restart(void **state)
{
	char path[] = "cefwd-test-XXXXXX";
	struct ask a = { .calls = 0 };
	int fd = mkstemp(path);
	struct entra t;

	(void)state;
	assert_int_not_equal(fd, -1);
	(void)close(fd);
	entra_up(&t);
	t.o.client_secret = NULL;
	t.o.client_secret_file = path;
	write_file(path, "old s3cret\r\n");
	t.status = 401;
	t.body = "{\"error\":\"invalid_client\",\"error_codes\":[7000222]}";
	auth_up(&t);
	ask(&t, &a);
	assert_int_equal(a.e.kind, ERR_REFUSED);
	assert_non_null(strstr(t.request, "client_secret=old%20s3cret&"));
	entra_clock.ms += 1000;
	ask(&t, &a);
	assert_int_equal(peer_requests(t.peer), 1);
	/* Replaced: at once. */
	write_file(path, "new s3cret\n");
	t.status = 200;
	t.body = NULL;
	ask(&t, &a);
	assert_string_equal(a.bearer, TOKEN "2");
	assert_non_null(strstr(t.request, "client_secret=new%20s3cret&"));
	entra_down(&t, NULL);
	(void)unlink(path);
}

static void
a_bad_secret_file_is_named(void **state)
{
	/* the file's text; what is said, NULL: it is good */
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "s3cret", NULL },
		{ "s3cret\n", NULL },
		{ "s3cret\r\n", NULL },
		{ "", "is empty" },
		{ "\n", "is empty" },
		{ "s3cret\n\n", "more than one line" },
		{ "s3cret\nmore\n", "more than one line" },
		{ "s3\tcret", "control byte" },
	};
	char path[] = "cefwd-test-XXXXXX";
	struct ask a = { .calls = 0 };
	int fd = mkstemp(path);
	char *long_text;
	struct entra t;

	(void)state;
	assert_int_not_equal(fd, -1);
	(void)close(fd);
	entra_up(&t);
	t.o.client_secret = NULL;
	t.o.client_secret_file = path;
	auth_up(&t);
	for (size_t i = 0; i < NELEM(rows); i++) {
		write_file(path, rows[i].text);
		ask(&t, &a);
		if (rows[i].says == NULL) {
			assert_int_equal(a.serial, i + 1);
			auth_accept(t.auth, a.serial);
			auth_renew(t.auth, a.serial);
			continue;
		}
		assert_int_equal(a.e.kind, ERR_CONFIG);
		assert_non_null(strstr(a.e.text, path));
		if (strstr(a.e.text, rows[i].says) == NULL)
			fail_msg("%zu: %s", i, a.e.text);
	}
	long_text = xcalloc(1, 4100);
	memset(long_text, 'x', 4096);
	write_file(path, long_text);
	ask(&t, &a);
	assert_int_equal(a.serial, 4);
	auth_accept(t.auth, a.serial);
	auth_renew(t.auth, a.serial);
	long_text[4096] = 'x';
	write_file(path, long_text);
	ask(&t, &a);
	assert_non_null(strstr(a.e.text, "holds more than"));
	free(long_text);
	(void)unlink(path);
	ask(&t, &a);
	assert_non_null(strstr(a.e.text, "could not be opened"));
	assert_int_equal(peer_requests(t.peer), 4);
	entra_down(&t, NULL);
}

static void
an_echoed_secret_is_blotted_out(void **state)
{
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	entra_up(&t);
	t.status = 401;
	t.echoes = true;
	auth_up(&t);
	ask(&t, &a); /* ask_told() looks for the secret */
	assert_non_null(strstr(a.e.text, "client_secret=***"));
	entra_down(&t, NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_are_answered_with_patience),
		cmocka_unit_test(waits_grow),
		cmocka_unit_test(no_network_is_no_refusal),
		cmocka_unit_test(a_flood_is_cut_off),
		cmocka_unit_test(a_new_secret_needs_no_restart),
		cmocka_unit_test(a_bad_secret_file_is_named),
		cmocka_unit_test(an_echoed_secret_is_blotted_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
