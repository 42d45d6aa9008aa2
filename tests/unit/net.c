/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/obj.h"
#include "net/http_priv.h"

static void
origins_compare(void **state)
{
	/* url, origin; NULL: a fault */
	static const struct {
		const char *url, *origin;
	} rows[] = {
		{ "https://graph.microsoft.com/v1.0/security/alerts_v2?$top=1",
		    "https://graph.microsoft.com:443" },
		{ "HTTPS://Graph.Microsoft.COM:443",
		    "https://graph.microsoft.com:443" },
		{ "https://graph.microsoft.com:8443/x",
		    "https://graph.microsoft.com:8443" },
		{ "http://localhost/x", "http://localhost:80" },
		{ "https://[2001:db8::1]/", "https://[2001:db8::1]:443" },
		/* the host that libcurl would connect to is what counts */
		{ "https://graph.microsoft.com%2eevil.example/",
		    "https://graph.microsoft.com.evil.example:443" },
		{ "https://evil.example/@graph.microsoft.com",
		    "https://evil.example:443" },
		{ "https://evil.example?@graph.microsoft.com",
		    "https://evil.example:443" },
		{ "https://evil.example#@graph.microsoft.com",
		    "https://evil.example:443" },
		/* credentials */
		{ "https://graph.microsoft.com@evil.example/", NULL },
		{ "https://graph.microsoft.com:443@evil.example/", NULL },
		{ "https://graph.microsoft.com\\@evil.example/", NULL },
		{ "https://:x@graph.microsoft.com/", NULL },
		/* not absolute, not a URL */
		{ "", NULL },
		{ "/v1.0/security", NULL },
		{ "graph.microsoft.com/x", NULL },
		{ "//graph.microsoft.com/x", NULL },
		{ "https://", NULL },
		{ "https://a b/", NULL },
		{ "https://a.example:99999/", NULL },
		{ "https://a.example:x/", NULL },
		{ "https://a.example/\r\nX: y", NULL },
	};
	struct buf out;

	(void)state;
	buf_init(&out, 1024);
	for (size_t i = 0; i < NELEM(rows); i++) {
		int rc = url_origin(rows[i].url, &out);

		if (rc != (rows[i].origin == NULL ? -1 : 0))
			fail_msg("%s: %d %s", rows[i].url, rc, out.p);
		if (rc == 0)
			assert_string_equal(out.p, rows[i].origin);
	}
	buf_fini(&out);
}

static void
only_https_or_loopback_is_allowed(void **state)
{
	/* url; what the refusal says, NULL: allowed */
	static const struct {
		const char *url, *says;
	} rows[] = {
		{ "https://graph.microsoft.com/x?y=z", NULL },
		{ "http://127.0.0.1:8080/", NULL },
		{ "http://127.8.9.10/", NULL },
		{ "http://[::1]:80/", NULL },
		{ "http://localhost:40342/metadata", NULL },
		{ "http://LOCALHOST/", NULL },
		{ "http://0x7f000001/", NULL },
		{ "http://128.0.0.1/", "loopback" },
		{ "http://126.255.255.255/", "loopback" },
		{ "http://169.254.169.254/metadata", "loopback" },
		{ "http://[::2]/", "loopback" },
		{ "http://[::ffff:127.0.0.1]/", "loopback" },
		{ "http://localhost.example/", "loopback" },
		{ "http://127.0.0.1.example/", "loopback" },
		{ "ftp://localhost/", "only https" },
		{ "file:///etc/passwd", "URL" },
		{ "https://me:pw@a.example/", "user name or password" },
		{ "a.example", "https://host" },
		{ "", "https://host" },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		int rc = url_is_allowed(rows[i].url, &e);

		if (rc != (rows[i].says == NULL ? 0 : -1))
			fail_msg("%s: %d", rows[i].url, rc);
		if (rc == 0)
			continue;
		assert_int_equal(e.kind, ERR_CONFIG);
		if (strstr(e.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].url, e.text);
		assert_null(strstr(e.text, "pw"));
	}
}

static void
a_url_has_a_limit(void **state)
{
	static const char start[] = "https://a.example/";
	char *url = xcalloc(1, URL_MAX_BYTES + 2);
	struct err e;

	(void)state;
	memset(url, 'a', URL_MAX_BYTES);
	memcpy(url, start, strlen(start));
	assert_int_equal(url_is_allowed(url, &e), 0);
	url[URL_MAX_BYTES] = 'a';
	assert_int_equal(url_is_allowed(url, &e), -1);
	assert_non_null(strstr(e.text, "bytes"));
	free(url);
}

static void
retry_after_is_read(void **state)
{
	/* 1994-11-06T08:49:37Z, the date of RFC 9110 5.6.7 */
	static const int64_t now = 784111777000;
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{ "0", 0 },
		{ "10", 10000 },
		{ "2.128", 2128 },
		{ "2.1", 2100 },
		{ "0.0001", 1 },
		{ "1.9999", 2000 },
		{ "31622400", 31622400000 },
		{ "31622401", 31622400000 },
		{ "20261125", 20261125000 }, /* no date */
		{ "99999999999999999999999", 31622400000 },
		{ "Sun, 06 Nov 1994 08:50:37 GMT", 60000 },
		{ "Sunday, 06-Nov-94 08:50:37 GMT", 60000 },
		{ "Sun Nov  6 08:50:37 1994", 60000 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 0 },
		{ "Sun, 06 Nov 1994 08:48:37 GMT", 0 },
		{ "Fri, 31 Dec 2100 00:00:00 GMT", 31622400000 },
		/* neither */
		{ "", -1 },
		{ "-1", -1 },
		{ "1.", -1 },
		{ "1s", -1 },
		{ "1,5", -1 },
		{ ".5", -1 },
		{ "soon", -1 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		int64_t ms = http__retry_after_ms(rows[i].text, now);

		if (ms != rows[i].ms)
			fail_msg("%s: %jd", rows[i].text, (intmax_t)ms);
	}
}

static void
lines(struct http_fields *f, const char *const *rows)
{
	struct err e;

	for (; *rows != NULL; rows++) {
		assert_int_equal(
		    http__fields_line(f, *rows, strlen(*rows), &e), 0);
	}
}

static void
the_last_head_counts(void **state)
{
	static const char *const rows[] = { "HTTP/1.1 100 Continue\r\n",
		"Location: /wrong\r\n", "\r\n", "HTTP/1.1 429 Too Many\r\n",
		"content-TYPE:\t application/json \r\n",
		"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
		"Retry-After: Sun, 06 Nov 1994 08:49:47 GMT\r\n",
		"Warning: 199 - \"A/B/504/10\"\r\n",
		"Warning: 199 - \"C/D/504/11\"\r\n", "request-id: r-1\r\n",
		"Locationx: /wrong\r\n", "X: Location: /wrong\r\n",
		"no colon\r\n", "\r\n", NULL };
	struct http_fields f = { .status = 0 };
	struct http_head head;

	(void)state;
	lines(&f, rows);
	http__fields_view(&f, &head);
	assert_int_equal(head.status, 429);
	assert_string_equal(head.content_type, "application/json");
	assert_string_equal(head.location, "");
	assert_string_equal(
	    head.warning, "199 - \"A/B/504/10\", 199 - \"C/D/504/11\"");
	assert_string_equal(head.request_id, "r-1");
	assert_int_equal(head.date_unix_ms, 784111777000);
	/* Against the server's date, not this host's. */
	assert_int_equal(head.retry_after_ms, 10000);
	http__fields_fini(&f);
}

static void
broken_heads_say_nothing(void **state)
{
	static const char *const rows[] = { "HTTP/2 200 \r\n",
		"Date: today\r\n", "Retry-After: later\r\n", "\r\n", NULL };
	struct http_fields f = { .status = 0 };
	struct http_head head;

	(void)state;
	lines(&f, rows);
	http__fields_view(&f, &head);
	assert_int_equal(head.status, 200);
	assert_int_equal(head.date_unix_ms, -1);
	assert_int_equal(head.retry_after_ms, -1);
	http__fields_fini(&f);
}

static void
a_header_has_a_limit(void **state)
{
	size_t n = strlen("Warning:");
	char *line = xcalloc(1, n + HTTP_HEADER_MAX + 2);
	struct http_fields f = { .status = 0 };
	struct err e;

	(void)state;
	memset(line, 'x', n + HTTP_HEADER_MAX + 1);
	memcpy(line, "Warning:", n);
	assert_int_equal(
	    http__fields_line(&f, line, n + HTTP_HEADER_MAX, &e), 0);
	/* The list grows no further either. */
	assert_int_equal(http__fields_line(&f, line, n + 1, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	http__fields_fini(&f);
	assert_int_equal(
	    http__fields_line(&f, line, n + HTTP_HEADER_MAX + 1, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_non_null(strstr(e.text, "warning"));
	http__fields_fini(&f);
	free(line);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(origins_compare),
		cmocka_unit_test(only_https_or_loopback_is_allowed),
		cmocka_unit_test(a_url_has_a_limit),
		cmocka_unit_test(retry_after_is_read),
		cmocka_unit_test(the_last_head_counts),
		cmocka_unit_test(broken_heads_say_nothing),
		cmocka_unit_test(a_header_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
