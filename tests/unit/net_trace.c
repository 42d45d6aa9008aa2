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
#include "base/mem.h"
#include "base/obj.h"
#include "net/http.h"
#include "net/redact.h"
#include "net_get.h"
#include "net_peer.h"

static void
only_headers_of_the_table_are_shown(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{ "HTTP/1.1 200 OK", "HTTP/1.1 200 OK" },
		{ "Date: now", "Date: now" },
		{ "Authorization: Bearer t0ken.1", "Authorization: ***" },
		{ "authorization:x", "authorization: ***" },
		{ "Set-Cookie: a=b", "Set-Cookie: ***" },
		{ "Proxy-Authorization: Basic eA==",
		    "Proxy-Authorization: ***" },
		{ "X-Never-Heard-Of: v", "X-Never-Heard-Of: ***" },
		{ "x-ms-throttle-scope: a/b", "x-ms-throttle-scope: a/b" },
		{ "RateLimit-Limit: 5", "RateLimit-Limit: 5" },
		{ "Location: https://u:p@h.example/p?code=abc&a=1#id_token=x",
		    "Location: https://***@h.example/p?code=***&a=1" },
		{ "dates: x", "dates: ***" },
		{ "a line of something else", "***" },
		{ "", "" },
	};
	struct buf b;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		buf_init(&b, 1024);
		redact_header(rows[i].line, strlen(rows[i].line), &b);
		assert_string_equal(b.p, rows[i].want);
		buf_fini(&b);
	}
}

static void
a_query_hides_what_its_name_gives_away(void **state)
{
	static const struct {
		const char *url, *want;
	} rows[] = {
		{ "https://h/p", "https://h/p" },
		{ "https://h/p?", "https://h/p?" },
		{ "https://h/p?$top=1&$skiptoken=abc&%24skiptoken=d",
		    "https://h/p?$top=1&$skiptoken=abc&%24skiptoken=d" },
		{ "https://h/p?api_key=1&KEY=2&sig=3&x-token=4&a",
		    "https://h/p?api_key=***&KEY=***&sig=***&x-token=***&***" },
		{ "https://h/p?resource=r&client_id=c",
		    "https://h/p?resource=r&client_id=c" },
		{ "https://u@h/p?a=1#frag", "https://***@h/p?a=1" },
		{ "https://h?m=a@b", "https://h?m=a@b" },
		{ "no-url?code=x", "no-url?code=***" },
	};
	struct buf b;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		buf_init(&b, 1024);
		redact_url(rows[i].url, &b);
		assert_string_equal(b.p, rows[i].want);
		buf_fini(&b);
	}
}

static void
a_form_hides_all_but_what_is_known(void **state)
{
	static const char form[] =
	    "grant_type=refresh_token&client_id=c&refresh_token=ab%2Bcdef&"
	    "client_secret=&new=thing&lonely&scope=s";
	char echo[] = "you sent ab+cdef, that is ab%2Bcdef";
	struct redact_hidden h = { .n = 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 1024);
	redact_form(form, strlen(form), &b, &h);
	assert_string_equal(b.p,
	    "grant_type=refresh_token&client_id=c&refresh_token=***&"
	    "client_secret=***&new=***&***&scope=s");
	redact_blot(&h, echo, strlen(echo));
	assert_string_equal(echo, "you sent *******, that is *********");
	redact_fini(&h);
	buf_fini(&b);
}

static void
an_answer_shows_what_helps_and_no_more(void **state)
{
	static const struct {
		bool is_error;
		const char *body, *want;
	} rows[] = {
		{ false,
		    "{\"access_token\":\"t0ken\",\"expires_in\":3599,"
		    "\"n\":12345,\"id_token\":\"\"}",
		    "{\"access_token\":\"*** (5 bytes)\",\"expires_in\":3599,"
		    "\"n\":***,\"id_token\":\"*** (0 bytes)\"}" },
		/* a device code's message holds the code */
		{ false, "{\"message\":\"enter ABC\",\"interval\":\"5\"}",
		    "{\"message\":\"*** (9 bytes)\",\"interval\":\"5\"}" },
		{ true,
		    "{\"error\":{\"code\":\"Forbidden\",\"message\":\"No.\","
		    "\"x\":\"y\"},\"error_codes\":[1,2],\"l\":[\"z\"]}",
		    "{\"error\":{\"code\":\"Forbidden\",\"message\":\"No.\","
		    "\"x\":\"*** (1 bytes)\"},\"error_codes\":[1,2],"
		    "\"l\":[\"*** (1 bytes)\"]}" },
		{ true, "<html>secret</html>",
		    "(19 bytes that are no JSON object, not shown)" },
		{ true, "[\"a\"]",
		    "(5 bytes that are no JSON object, not shown)" },
		{ false, "{\"access_token\":\"cut",
		    "(20 bytes that are no JSON object, not shown)" },
		{ false,
		    "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
		    "{\"a\":\"deep\"}}}}}}}}}",
		    "(60 bytes that are no JSON object, not shown)" },
	};
	struct buf b;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		buf_init(&b, 1024);
		redact_json(
		    rows[i].body, strlen(rows[i].body), rows[i].is_error, &b);
		assert_string_equal(b.p, rows[i].want);
		buf_fini(&b);
	}
}

struct site {
	struct world w;
	struct peer *peer;
	const char *extra, *body;
	int status;
	char path[32];
	FILE *trace;
};

static void
on_request(void *ctx, struct peer_conn *c, const char *request, size_t len)
{
	const struct site *s = ctx;

	(void)request;
	(void)len;
	peer_answer(c, s->status, s->extra, s->body);
}

static void
site_up(struct site *s)
{
	struct err e;
	int fd;

	*s = (struct site){ .status = 200, .extra = "", .body = "{}" };
	(void)snprintf(s->path, sizeof(s->path), "cefwd-trace-XXXXXX");
	fd = mkstemp(s->path);
	assert_int_not_equal(fd, -1);
	(void)close(fd);
	s->trace = http_trace_open(s->path, &e);
	if (s->trace == NULL)
		fail_msg("%s", e.text);
	world_up(&s->w);
	http_trace(s->w.http, s->trace);
	s->peer = peer_open(&s->w.loop, on_request, s);
}

/* The trace so far; free() it. */
static char *
traced(const struct site *s)
{
	char *text = xcalloc(1, 65536);
	FILE *f = fopen(s->path, "re");

	assert_non_null(f);
	assert_true(fread(text, 1, 65535, f) > 0);
	(void)fclose(f);
	return text;
}

static void
site_down(struct site *s)
{
	peer_close(s->peer);
	world_down(&s->w);
	(void)fclose(s->trace);
	(void)unlink(s->path);
}

static void
call(struct site *s, const char *bearer, const char *form)
{
	static const char *const headers[] = { "Accept: application/json",
		"X-Secret: s3cret", NULL };
	struct http_call c = {
		.method = form == NULL ? "GET" : "POST",
		.headers = headers,
		.bearer = bearer,
		.body = form,
		.body_len = form == NULL ? 0 : strlen(form),
		.max_bytes = 1U << 20,
	};
	struct get g = { .w = NULL };
	char url[96];

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/x?state=s3cret",
	    peer_port(s->peer));
	c.url = url;
	get_start(&s->w, &g, &c);
	get_wait(&g);
	get_fini(&g);
}

static void
a_token_exchange_can_be_handed_on(void **state)
{
	struct site s;
	char *text;

	(void)state;
	site_up(&s);
	s.extra = "Set-Cookie: s3cret\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT"
		  "\r\n";
	s.body = "{\"token_type\":\"Bearer\",\"access_token\":\"t0ken\"}";
	call(&s, NULL, "grant_type=client_credentials&client_secret=s3cret");
	text = traced(&s);
	assert_null(strstr(text, "s3cret"));
	assert_null(strstr(text, "t0ken"));
	assert_non_null(strstr(text, "#1 > POST http://127.0.0.1:"));
	assert_non_null(strstr(text, "/x?state=***\n"));
	assert_non_null(strstr(text, "#1 > Accept: application/json\n"));
	assert_non_null(strstr(text, "#1 > X-Secret: ***\n"));
	assert_non_null(strstr(
	    text, "#1 > grant_type=client_credentials&client_secret=***\n"));
	assert_non_null(strstr(text, "#1 < HTTP/1.1 200"));
	assert_non_null(strstr(text, "#1 < Set-Cookie: ***\n"));
	assert_non_null(strstr(text, "\"access_token\":\"*** (5 bytes)\""));
	assert_non_null(strstr(text, "#1 = peer 127.0.0.1 port "));
	free(text);
	site_down(&s);
}

static void
what_an_endpoint_echoes_is_blotted_out(void **state)
{
	struct site s;
	char *text;

	(void)state;
	site_up(&s);
	s.status = 401;
	s.body = "{\"error\":\"invalid_client\",\"error_description\":"
		 "\"you sent s3cret~/+ that is s3cret~%2F%2B\"}";
	call(&s, NULL, "client_secret=s3cret~%2F%2B");
	s.body = "{\"error\":{\"message\":\"bad token t0ken.1\"}}";
	call(&s, "t0ken.1", NULL);
	text = traced(&s);
	assert_null(strstr(text, "s3cret"));
	assert_null(strstr(text, "t0ken"));
	assert_non_null(strstr(text, "invalid_client"));
	assert_non_null(strstr(text, "\"message\":\"bad token *******\""));
	assert_non_null(strstr(text, "#2 > Authorization: ***\n"));
	free(text);
	site_down(&s);
}

static void
alerts_are_counted_and_not_shown(void **state)
{
	struct site s;
	char *text;

	(void)state;
	site_up(&s);
	s.body = "{\"value\":[{\"title\":\"private\"}]}";
	call(&s, "t0ken.1", NULL);
	text = traced(&s);
	assert_null(strstr(text, "private"));
	assert_non_null(
	    strstr(text, "(31 bytes of the API's data, not shown)"));
	free(text);
	site_down(&s);
}

static void
a_failure_ends_in_its_words(void **state)
{
	struct get g = { .w = NULL };
	struct http_call c = { .method = "GET", .max_bytes = 1 };
	struct site s;
	char url[64], *text;

	(void)state;
	site_up(&s);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/",
	    peer_dead_port(&s.w.loop));
	c.url = url;
	get_start(&s.w, &g, &c);
	get_wait(&g);
	get_fini(&g);
	text = traced(&s);
	assert_non_null(strstr(text, "#1 ! 127.0.0.1:"));
	assert_non_null(strstr(text, "refused the connection"));
	free(text);
	site_down(&s);
}

static void
a_trace_is_nobody_elses(void **state)
{
	char path[] = "cefwd-trace-XXXXXX", link[] = "cefwd-link-XXXXXX";
	int fd = mkstemp(path), other = mkstemp(link);
	struct stat st;
	struct err e;
	FILE *f;

	(void)state;
	assert_true(fd != -1 && other != -1);
	(void)close(fd);
	(void)close(other);
	(void)unlink(link);
	assert_int_equal(symlink(path, link), 0);
	assert_null(http_trace_open(link, &e));
	assert_int_equal(e.kind, ERR_CONFIG);
	(void)unlink(link);
	assert_int_equal(chmod(path, 0644), 0);
	assert_null(http_trace_open(path, &e));
	assert_non_null(strstr(e.text, "0600"));
	(void)unlink(path);
	assert_null(http_trace_open("/dev/null", &e));
	assert_null(http_trace_open("no/such/folder", &e));
	f = http_trace_open(path, &e);
	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	(void)fclose(f);
	(void)unlink(path);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_headers_of_the_table_are_shown),
		cmocka_unit_test(a_query_hides_what_its_name_gives_away),
		cmocka_unit_test(a_form_hides_all_but_what_is_known),
		cmocka_unit_test(an_answer_shows_what_helps_and_no_more),
		cmocka_unit_test(a_token_exchange_can_be_handed_on),
		cmocka_unit_test(what_an_endpoint_echoes_is_blotted_out),
		cmocka_unit_test(alerts_are_counted_and_not_shown),
		cmocka_unit_test(a_failure_ends_in_its_words),
		cmocka_unit_test(a_trace_is_nobody_elses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
