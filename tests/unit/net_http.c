/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/obj.h"
#include "net/http.h"
#include "net_get.h"
#include "net_peer.h"
#include "net_tls.h"

#define BIG (8U << 20) /* more than the sockets between can hold */

/* A peer, and what it was asked last. */
struct site {
	struct world w;
	struct peer *peer;
	char url[64];
	char request[4096];
	struct peer_conn *conn;
	const char *answer; /* sent as it is, then the end */
	size_t answer_len;  /* 0: a string */
};

static void
on_request(void *ctx, struct peer_conn *c, const char *request, size_t len)
{
	struct site *s = ctx;

	(void)len;
	(void)snprintf(s->request, sizeof(s->request), "%s", request);
	s->conn = c;
	if (s->answer == NULL) {
		peer_answer(c, 200, "Content-Type: text/plain\r\n", "hello");
		return;
	}
	peer_send(c, s->answer,
	    s->answer_len == 0 ? strlen(s->answer) : s->answer_len);
	peer_end(c);
}

/* 'a' to 'z' in turn, BIG bytes; a second request gets a short answer. */
static void
on_big_request(void *ctx, struct peer_conn *c, const char *request, size_t len)
{
	struct site *s = ctx;
	char head[96];
	char *body;

	if (strstr(request, "/small") != NULL) {
		on_request(ctx, c, request, len);
		return;
	}
	s->conn = c;
	body = xcalloc(1, BIG);
	for (size_t i = 0; i < BIG; i++)
		body[i] = (char)('a' + i % 26);
	(void)snprintf(head, sizeof(head),
	    "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", BIG);
	peer_sends(c, head);
	peer_send(c, body, BIG);
	free(body);
}

static void
site_up(struct site *s, peer_fn *fn)
{
	*s = (struct site){ .peer = NULL };
	world_up(&s->w);
	s->peer = peer_open(&s->w.loop, fn, s);
	(void)snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u/x",
	    peer_port(s->peer));
}

static void
site_down(struct site *s)
{
	peer_close(s->peer);
	world_down(&s->w);
}

static void
check_big(const struct get *g, size_t len)
{
	assert_int_equal(g->body.len, len);
	for (size_t i = 0; i < len; i++) {
		if (g->body.p[i] != (char)('a' + i % 26))
			fail_msg("byte %zu is wrong", i);
	}
}

static void
a_client_never_used_closes(void **state)
{
	struct world w;

	(void)state;
	world_up(&w);
	world_down(&w);
}

static void
an_answer_comes_whole(void **state)
{
	struct get g = { .w = NULL };
	struct site s;

	(void)state;
	site_up(&s, on_request);
	get_start(&s.w, &g, &(struct http_call){ .url = s.url });
	assert_non_null(g.r);
	get_wait(&g);
	assert_false(g.failed);
	assert_int_equal(g.heads, 1);
	assert_int_equal(g.status, 200);
	assert_string_equal(g.type, "text/plain");
	assert_string_equal(g.body.p, "hello");
	assert_non_null(strstr(s.request, "User-Agent: cefwd/test\r\n"));
	assert_non_null(strstr(s.request, "gzip"));
	assert_null(strstr(s.request, "Authorization"));
	get_fini(&g);
	site_down(&s);
}

static void
a_form_is_posted(void **state)
{
	static const char *const headers[] = { "Accept: application/json",
		NULL };
	struct get g = { .w = NULL };
	char body[] = "a=1&b=%00";
	struct site s;

	(void)state;
	site_up(&s, on_request);
	get_start(&s.w, &g,
	    &(struct http_call){ .url = s.url,
		.method = "POST",
		.headers = headers,
		.bearer = "tok.en-~",
		.body = body,
		.body_len = strlen(body) });
	memset(body, 'x', strlen(body)); /* it was copied */
	get_wait(&g);
	assert_false(g.failed);
	assert_int_equal(strncmp(s.request, "POST /x HTTP/1.1\r\n", 18), 0);
	assert_non_null(strstr(s.request, "Accept: application/json\r\n"));
	assert_non_null(
	    strstr(s.request, "Authorization: Bearer tok.en-~\r\n"));
	assert_non_null(strstr(
	    s.request, "Content-Type: application/x-www-form-urlencoded"));
	assert_non_null(strstr(s.request, "Content-Length: 9\r\n"));
	assert_non_null(strstr(s.request, "\r\n\r\na=1&b=%00"));
	assert_null(strstr(s.request, "Expect"));
	get_fini(&g);
	site_down(&s);
}

static void
an_answer_is_decoded(void **state)
{
	/* gzip of "hello " ten times, 29 bytes */
	static const char answer[] =
	    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
	    "Content-Length: 29\r\n\r\n"
	    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9"
	    "\x57\xc8\x20\x8b\x04\x00\xe4\x4d\xd0\x59\x3c\x00\x00\x00";
	struct get g = { .w = NULL };
	struct site s;

	(void)state;
	site_up(&s, on_request);
	s.answer = answer;
	s.answer_len = sizeof(answer) - 1;
	get_start(
	    &s.w, &g, &(struct http_call){ .url = s.url, .max_bytes = 60 });
	get_wait(&g);
	assert_false(g.failed);
	assert_int_equal(g.body.len, 60);
	assert_memory_equal(g.body.p + 54, "hello ", 6);
	get_fini(&g);
	/* The limit is on what comes out. */
	get_start(
	    &s.w, &g, &(struct http_call){ .url = s.url, .max_bytes = 59 });
	get_wait(&g);
	assert_true(g.failed);
	assert_int_equal(g.err.kind, ERR_LIMIT);
	get_fini(&g);
	site_down(&s);
}

/* Odd but legal answers. */
static void
answers_of_all_shapes(void **state)
{
	static const struct {
		const char *answer;
		int status;
		const char *body;
	} rows[] = {
		{ "HTTP/1.1 204 None\r\n\r\n", 204, "" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "" },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"
		  "Content-Length: 2\r\n\r\nok",
		    200, "ok" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "2\r\nab\r\n1\r\nc\r\n0\r\nDate: trailer\r\n\r\n",
		    200, "abc" },
		{ "HTTP/1.0 200 OK\r\n\r\nuntil the end", 200,
		    "until the end" },
		{ "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy", 503,
		    "busy" },
		/* never followed */
		{ "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
		  "Content-Length: 0\r\n\r\n",
		    302, "" },
	};
	struct get g = { .w = NULL };
	struct site s;

	(void)state;
	site_up(&s, on_request);
	for (size_t i = 0; i < NELEM(rows); i++) {
		s.answer = rows[i].answer;
		get_start(&s.w, &g, &(struct http_call){ .url = s.url });
		get_wait(&g);
		if (g.failed)
			fail_msg("%zu: %s", i, g.err.text);
		assert_int_equal(g.heads, 1);
		assert_int_equal(g.status, rows[i].status);
		assert_string_equal(g.body.p, rows[i].body);
		if (rows[i].status == 302)
			assert_string_equal(g.location, "http://127.0.0.1:1/");
		get_fini(&g);
	}
	site_down(&s);
}

static void
a_connection_is_used_again(void **state)
{
	struct get g = { .w = NULL };
	struct site s;

	(void)state;
	site_up(&s, on_request);
	for (int i = 0; i < 3; i++) {
		get_start(&s.w, &g, &(struct http_call){ .url = s.url });
		get_wait(&g);
		assert_false(g.failed);
		get_fini(&g);
	}
	assert_int_equal(peer_requests(s.peer), 3);
	assert_int_equal(peer_accepted(s.peer), 1);
	site_down(&s);
}

static void
pause_here(struct get *g)
{
	http_pause(g->r);
}

static void
a_pause_closes_the_window(void **state)
{
	struct get g = { .on_data = pause_here }, small = { .w = NULL };
	char url[80];
	size_t unsent;
	struct site s;

	(void)state;
	site_up(&s, on_big_request);
	get_start(
	    &s.w, &g, &(struct http_call){ .url = s.url, .stall_ms = 100 });
	while (g.pieces == 0)
		(void)uv_run(&s.w.loop, UV_RUN_ONCE);
	world_run(&s.w, 250); /* a pause is no stall */
	assert_int_equal(g.pieces, 1);
	assert_int_equal(g.dones, 0);
	unsent = peer_unsent(s.conn);
	assert_true(unsent > 0);

	/* Another request to the same host does not wait for it. */
	(void)snprintf(url, sizeof(url), "%s/small", s.url);
	get_start(&s.w, &small, &(struct http_call){ .url = url });
	get_wait(&small);
	assert_string_equal(small.body.p, "hello");
	assert_int_equal(g.pieces, 1);

	g.on_data = NULL;
	http_resume(g.r);
	assert_int_equal(g.pieces, 1); /* not from inside */
	get_wait(&g);
	assert_false(g.failed);
	check_big(&g, BIG);
	get_fini(&g);
	get_fini(&small);
	site_down(&s);
}

static void
pause_and_resume_here(struct get *g)
{
	http_pause(g->r);
	http_resume(g->r);
	http_pause(g->r);
	http_pause(g->r);
	http_resume(g->r);
	if (g->pieces % 3 != 0)
		http_pause(g->r);
}

static void
pauses_lose_nothing(void **state)
{
	struct get g = { .on_data = pause_and_resume_here };
	struct site s;

	(void)state;
	site_up(&s, on_big_request);
	get_start(&s.w, &g, &(struct http_call){ .url = s.url });
	while (g.dones == 0) {
		(void)uv_run(&s.w.loop, UV_RUN_ONCE);
		if (g.r != NULL)
			http_resume(g.r);
	}
	assert_false(g.failed);
	check_big(&g, BIG);
	get_fini(&g);
	site_down(&s);
}

static void
http2_pauses_too(void **state)
{
	static const struct tls_peer_options o = { .h2 = true,
		.h2_body = 4U << 20 };
	struct tls_peer *p = tls_peer_start(&o);
	struct http_route route = { .ca_file = tls_peer_ca_file(p) };
	struct get g = { .on_data = pause_here };
	struct world w;
	char url[64];

	(void)state;
	world_up(&w);
	(void)snprintf(
	    url, sizeof(url), "https://localhost:%u/x", tls_peer_port(p));
	get_start(&w, &g, &(struct http_call){ .url = url, .route = &route });
	while (g.pieces == 0)
		(void)uv_run(&w.loop, UV_RUN_ONCE);
	world_run(&w, 50);
	assert_int_equal(g.pieces, 1);
	for (int i = 0; i < 20; i++) {
		http_resume(g.r);
		world_run(&w, 1);
		assert_int_equal(g.dones, 0);
	}
	assert_true(g.pieces > 1);
	g.on_data = pause_and_resume_here;
	while (g.dones == 0) {
		http_resume(g.r);
		(void)uv_run(&w.loop, UV_RUN_ONCE);
	}
	if (g.failed)
		fail_msg("%s", g.err.text);
	check_big(&g, o.h2_body);
	get_fini(&g);
	world_down(&w);
	tls_peer_stop(p);
}

static void
cancel_here(struct get *g)
{
	http_cancel(g->r);
	g->r = NULL;
}

static void
cancel_other(struct get *g)
{
	struct get *other = g->mine;

	if (other->r != NULL)
		cancel_here(other);
}

/* Nothing more may be heard of g. */
static void
check_silent(struct site *s, const struct get *g, unsigned int pieces)
{
	world_run(&s->w, 30);
	assert_int_equal(g->dones, 0);
	assert_int_equal(g->pieces, pieces);
}

static void
a_cancelled_request_is_silent(void **state)
{
	struct get g = { .w = NULL };
	struct site s;

	(void)state;
	site_up(&s, on_big_request);
	/* at once */
	get_start(&s.w, &g, &(struct http_call){ .url = s.url });
	cancel_here(&g);
	check_silent(&s, &g, 0);
	assert_int_equal(peer_accepted(s.peer), 0);
	get_fini(&g);
	/* inside head */
	g.on_head = cancel_here;
	get_start(&s.w, &g, &(struct http_call){ .url = s.url });
	check_silent(&s, &g, 0);
	assert_int_equal(g.heads, 1);
	get_fini(&g);
	/* inside data */
	g.on_data = cancel_here;
	get_start(&s.w, &g, &(struct http_call){ .url = s.url });
	check_silent(&s, &g, 1);
	get_fini(&g);
	/* paused */
	g.on_data = pause_here;
	get_start(&s.w, &g, &(struct http_call){ .url = s.url });
	world_run(&s.w, 30);
	cancel_here(&g);
	check_silent(&s, &g, 1);
	get_fini(&g);
	site_down(&s);
}

static void
a_head_without_a_body_can_cancel(void **state)
{
	struct get g = { .on_head = cancel_here };
	struct site s;

	(void)state;
	site_up(&s, on_request);
	s.answer = "HTTP/1.1 204 None\r\n\r\n";
	get_start(&s.w, &g, &(struct http_call){ .url = s.url });
	check_silent(&s, &g, 0);
	assert_int_equal(g.heads, 1);
	get_fini(&g);
	site_down(&s);
}

/* Cancelled while the bytes of a pause are handed over. */
static void
a_resumed_request_can_be_cancelled(void **state)
{
	struct get g = { .on_data = pause_here };
	struct site s;

	(void)state;
	site_up(&s, on_big_request);
	get_start(&s.w, &g, &(struct http_call){ .url = s.url });
	world_run(&s.w, 30);
	g.on_data = cancel_here;
	http_resume(g.r);
	check_silent(&s, &g, 2);
	get_fini(&g);
	/* and refused */
	g.on_data = pause_here;
	get_start(&s.w, &g, &(struct http_call){ .url = s.url });
	world_run(&s.w, 30);
	g.refuse_data = true;
	http_resume(g.r);
	get_wait(&g);
	assert_true(g.failed);
	assert_int_equal(g.err.kind, ERR_DATA);
	assert_string_equal(g.err.text, "not wanted");
	get_fini(&g);
	site_down(&s);
}

static void
a_callback_may_cancel_another(void **state)
{
	struct get a = { .on_done = cancel_other };
	struct get b = { .on_data = cancel_other };
	struct get c = { .w = NULL };
	char url[80];
	struct site s;

	(void)state;
	site_up(&s, on_big_request);
	a.mine = &c;
	b.mine = &a;
	(void)snprintf(url, sizeof(url), "%s/small", s.url);
	get_start(&s.w, &a, &(struct http_call){ .url = url });
	get_start(&s.w, &c, &(struct http_call){ .url = s.url });
	get_wait(&a);
	check_silent(&s, &c, c.pieces);
	get_fini(&a);
	get_start(&s.w, &a, &(struct http_call){ .url = s.url });
	get_start(&s.w, &b, &(struct http_call){ .url = s.url });
	get_wait(&b);
	assert_int_equal(a.dones, 0);
	assert_null(a.r);
	get_fini(&a);
	get_fini(&b);
	get_fini(&c);
	site_down(&s);
}

struct follow {
	struct get next;
	const char *url;
};

static void
start_next(struct get *g)
{
	struct follow *f = g->mine;

	if (f->next.w == NULL)
		get_start(g->w, &f->next, &(struct http_call){ .url = f->url });
}

static void
a_callback_may_start_another(void **state)
{
	struct follow one = { .url = NULL }, two = { .url = NULL };
	struct get g = { .on_data = start_next, .mine = &one };
	struct site s;

	(void)state;
	site_up(&s, on_request);
	one.url = s.url;
	two.url = s.url;
	one.next.on_done = start_next;
	one.next.mine = &two;
	get_start(&s.w, &g, &(struct http_call){ .url = s.url });
	get_wait(&g);
	get_wait(&one.next);
	get_wait(&two.next);
	assert_string_equal(two.next.body.p, "hello");
	get_fini(&g);
	get_fini(&one.next);
	get_fini(&two.next);
	site_down(&s);
}

static void
close_client(struct get *g)
{
	http_close(g->w->http);
	g->w->http = NULL;
}

static void
cancel_and_close(struct get *g)
{
	cancel_here(g);
	close_client(g);
}

static void
a_callback_may_close_the_client(void **state)
{
	struct get g = { .on_done = close_client };
	struct site s;

	(void)state;
	site_up(&s, on_request);
	get_start(&s.w, &g, &(struct http_call){ .url = s.url });
	get_wait(&g);
	get_fini(&g);
	site_down(&s);

	site_up(&s, on_big_request);
	g.on_data = cancel_and_close;
	get_start(&s.w, &g, &(struct http_call){ .url = s.url });
	check_silent(&s, &g, 1);
	get_fini(&g);
	site_down(&s);
}

static void
many_requests_at_once(void **state)
{
	struct get g[40] = { { .w = NULL } };
	struct site s;

	(void)state;
	site_up(&s, on_request);
	for (size_t i = 0; i < NELEM(g); i++)
		get_start(&s.w, &g[i], &(struct http_call){ .url = s.url });
	for (size_t i = 0; i < NELEM(g); i++) {
		get_wait(&g[i]);
		assert_false(g[i].failed);
		assert_string_equal(g[i].body.p, "hello");
		get_fini(&g[i]);
	}
	site_down(&s);
}

static void
what_may_not_go_out_does_not_start(void **state)
{
	static const char *const bad[] = { "X: a\r\nY: b", NULL };
	static const struct http_call rows[] = {
		{ .url = "http://192.0.2.1/" },
		{ .url = "nothing" },
		{ .url = "https://a.example/", .bearer = "s3cret\r\nX: y" },
		{ .url = "https://a.example/", .headers = bad },
	};
	struct get g = { .w = NULL };
	struct world w;

	(void)state;
	world_up(&w);
	for (size_t i = 0; i < NELEM(rows); i++) {
		get_start(&w, &g, &rows[i]);
		assert_null(g.r);
		assert_int_equal(g.err.kind, ERR_CONFIG);
		assert_null(strstr(g.err.text, "s3cret"));
		world_run(&w, 1);
		assert_int_equal(g.dones, 0);
		get_fini(&g);
	}
	world_down(&w);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_never_used_closes),
		cmocka_unit_test(an_answer_comes_whole),
		cmocka_unit_test(a_form_is_posted),
		cmocka_unit_test(an_answer_is_decoded),
		cmocka_unit_test(answers_of_all_shapes),
		cmocka_unit_test(a_connection_is_used_again),
		cmocka_unit_test(a_pause_closes_the_window),
		cmocka_unit_test(pauses_lose_nothing),
		cmocka_unit_test(http2_pauses_too),
		cmocka_unit_test(a_cancelled_request_is_silent),
		cmocka_unit_test(a_head_without_a_body_can_cancel),
		cmocka_unit_test(a_resumed_request_can_be_cancelled),
		cmocka_unit_test(a_callback_may_cancel_another),
		cmocka_unit_test(a_callback_may_start_another),
		cmocka_unit_test(a_callback_may_close_the_client),
		cmocka_unit_test(many_requests_at_once),
		cmocka_unit_test(what_may_not_go_out_does_not_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
