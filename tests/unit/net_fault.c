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

struct site {
	struct world w;
	struct peer *peer;
	char url[96];
	char request[4096];
	const char *answer; /* NULL: silence */
	bool resets;        /* after the answer */
	bool stays;         /* no end after it */
};

static void
on_request(void *ctx, struct peer_conn *c, const char *request, size_t len)
{
	struct site *s = ctx;

	(void)len;
	(void)snprintf(s->request, sizeof(s->request), "%s", request);
	if (s->answer == NULL)
		return;
	peer_sends(c, s->answer);
	if (s->resets)
		peer_reset(c);
	else if (!s->stays)
		peer_end(c);
}

static void
site_up(struct site *s, peer_fn *fn, const char *scheme)
{
	*s = (struct site){ .peer = NULL };
	world_up(&s->w);
	s->peer = peer_open(&s->w.loop, fn, s);
	(void)snprintf(s->url, sizeof(s->url), "%s://127.0.0.1:%u/x?q=1",
	    scheme, peer_port(s->peer));
}

static void
site_down(struct site *s)
{
	peer_close(s->peer);
	world_down(&s->w);
}

/* It failed, in these words, naming the peer but not its query. */
static void
check_fault(const struct get *g, enum err_kind kind, const char *says)
{
	if (!g->failed)
		fail_msg("no fault; expected: %s", says);
	if (g->err.kind != kind || strstr(g->err.text, says) == NULL)
		fail_msg("%s: %s", err_word(g->err.kind), g->err.text);
	assert_null(strstr(g->err.text, "q=1"));
	assert_null(strchr(g->err.text, '\n'));
}

static void
broken_answers_are_told(void **state)
{
	static const struct {
		const char *answer;
		bool resets, stays;
		const char *says;
	} rows[] = {
		{ "", false, false, "closed without an answer" },
		{ "", true, false, "cut within the answer" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", false,
		    false, "cut within the answer" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", true,
		    false, "cut within the answer" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "5\r\nab",
		    false, false, "cut within the answer" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "2\r\nab\r\n",
		    false, false, "cut within the answer" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "zz\r\nab\r\n",
		    false, true, "" },
		{ "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
		  "Content-Length: 5\r\n\r\nhello",
		    false, true, "compressed answer is broken" },
		{ "220 mail.example ESMTP\r\n", false, true, "not HTTP" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", false, true,
		    "" },
		{ NULL, false, true, "sent nothing for 60 ms" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", false,
		    true, "sent nothing for 60 ms" },
	};
	struct get g = { .w = NULL };
	struct site s;

	(void)state;
	site_up(&s, on_request, "http");
	for (size_t i = 0; i < NELEM(rows); i++) {
		s.answer = rows[i].answer;
		s.resets = rows[i].resets;
		s.stays = rows[i].stays;
		get_start(&s.w, &g,
		    &(struct http_call){ .url = s.url, .stall_ms = 60 });
		get_wait(&g);
		check_fault(&g, ERR_NET, rows[i].says);
		assert_non_null(strstr(g.err.text, "127.0.0.1:"));
		get_fini(&g);
	}
	site_down(&s);
}

static void
limits_hold(void **state)
{
	static const char answer[] =
	    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	struct get g = { .w = NULL };
	char *long_head;
	struct site s;

	(void)state;
	site_up(&s, on_request, "http");
	s.answer = answer;
	get_start(
	    &s.w, &g, &(struct http_call){ .url = s.url, .max_bytes = 5 });
	get_wait(&g);
	assert_false(g.failed);
	get_fini(&g);
	get_start(
	    &s.w, &g, &(struct http_call){ .url = s.url, .max_bytes = 4 });
	get_wait(&g);
	check_fault(&g, ERR_LIMIT, "longer than 4 bytes");
	get_fini(&g);

	long_head = xasprintf("HTTP/1.1 200 OK\r\nWarning: %*d\r\n\r\n",
	    (int)HTTP_HEADER_MAX + 1, 1);
	memset(strstr(long_head, ": ") + 2, 'x', HTTP_HEADER_MAX);
	s.answer = long_head;
	get_start(&s.w, &g, &(struct http_call){ .url = s.url });
	get_wait(&g);
	check_fault(&g, ERR_LIMIT, "header warning");
	get_fini(&g);
	free(long_head);

	s.answer = answer;
	g.refuse_data = true;
	get_start(&s.w, &g, &(struct http_call){ .url = s.url });
	get_wait(&g);
	check_fault(&g, ERR_DATA, "not wanted");
	get_fini(&g);
	site_down(&s);
}

static void
times_run_out(void **state)
{
	struct get g = { .w = NULL };
	struct site s;

	(void)state;
	site_up(&s, on_request, "http");
	get_start(
	    &s.w, &g, &(struct http_call){ .url = s.url, .total_ms = 50 });
	get_wait(&g);
	check_fault(&g, ERR_NET, "not whole after 50 ms");
	get_fini(&g);
	site_down(&s);
	/* It takes the connection and never says a word of TLS; the time for
	   connecting counts, not the stall. */
	site_up(&s, NULL, "https");
	get_start(&s.w, &g,
	    &(struct http_call){
		.url = s.url, .connect_ms = 100, .stall_ms = 10 });
	get_wait(&g);
	check_fault(&g, ERR_NET, "TLS was not ready within 100 ms");
	get_fini(&g);
	site_down(&s);
}

static void
nobody_there(void **state)
{
	struct get g = { .w = NULL };
	struct world w;
	char url[128];

	(void)state;
	world_up(&w);
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/x?q=1",
	    peer_dead_port(&w.loop));
	get_start(&w, &g, &(struct http_call){ .url = url });
	get_wait(&g);
	check_fault(&g, ERR_NET, "refused the connection");
	get_fini(&g);
	/* A label of 64 letters cannot be looked up (RFC 1035 2.3.4). */
	(void)snprintf(url, sizeof(url), "https://%064d.example/x?q=1", 0);
	get_start(&w, &g, &(struct http_call){ .url = url });
	get_wait(&g);
	check_fault(&g, ERR_NET, "name not found");
	get_fini(&g);
	world_down(&w);
}

/* A look-up that takes long holds nobody up. */
static void
a_look_up_can_be_cancelled(void **state)
{
	struct get g = { .w = NULL };
	struct world w;

	(void)state;
	world_up(&w);
	get_start(
	    &w, &g, &(struct http_call){ .url = "https://slow.invalid/" });
	(void)uv_run(&w.loop, UV_RUN_NOWAIT);
	(void)uv_run(&w.loop, UV_RUN_NOWAIT);
	if (g.r != NULL)
		http_cancel(g.r);
	get_fini(&g);
	world_down(&w);
}

static void
certificates_are_verified(void **state)
{
	static const struct {
		const char *host;
		struct tls_peer_options o;
		bool has_ca;
		enum err_kind kind;
		const char *says; /* NULL: it works */
	} rows[] = {
		{ "127.0.0.1", { .h2 = false }, true, ERR_NONE, NULL },
		{ "localhost", { .h2 = false }, true, ERR_NONE, NULL },
		{ "127.0.0.1", { .h2 = false }, false, ERR_NET,
		    "TLS-inspecting proxy? give its CA in ca-file" },
		{ "127.0.0.1", { .self_signed = true }, false, ERR_NET,
		    "self-signed" },
		{ "127.0.0.1", { .other_name = true }, true, ERR_NET,
		    "another host name" },
		{ "localhost", { .other_name = true }, true, ERR_NET,
		    "another host name" },
		{ "127.0.0.1", { .is_expired = true }, true, ERR_NET,
		    "has expired" },
		{ "127.0.0.1", { .is_old = true }, true, ERR_NET,
		    "TLS 1.2 or later" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct tls_peer *p = tls_peer_start(&rows[i].o);
		struct http_route route = {
			.ca_file = rows[i].has_ca ? tls_peer_ca_file(p) : NULL
		};
		struct get g = { .w = NULL };
		struct world w;
		char url[64];

		world_up(&w);
		(void)snprintf(url, sizeof(url), "https://%s:%u/x?q=1",
		    rows[i].host, tls_peer_port(p));
		get_start(
		    &w, &g, &(struct http_call){ .url = url, .route = &route });
		get_wait(&g);
		if (rows[i].says != NULL)
			check_fault(&g, rows[i].kind, rows[i].says);
		else if (g.failed)
			fail_msg("%zu: %s", i, g.err.text);
		else
			assert_string_equal(g.body.p, "hello");
		get_fini(&g);
		world_down(&w);
		tls_peer_stop(p);
	}
}

static void
a_ca_file_must_be_there(void **state)
{
	struct tls_peer *p =
	    tls_peer_start(&(struct tls_peer_options){ .h2 = false });
	struct http_route route = { .ca_file = "no-such-file.pem" };
	struct get g = { .w = NULL };
	struct world w;
	char url[64];

	(void)state;
	world_up(&w);
	(void)snprintf(
	    url, sizeof(url), "https://127.0.0.1:%u/", tls_peer_port(p));
	get_start(&w, &g, &(struct http_call){ .url = url, .route = &route });
	get_wait(&g);
	check_fault(&g, ERR_CONFIG, "ca-file no-such-file.pem");
	get_fini(&g);
	world_down(&w);
	tls_peer_stop(p);
}

static void
plain_text_is_no_tls(void **state)
{
	struct get g = { .w = NULL };
	struct site s;

	(void)state;
	site_up(&s, on_request, "https");
	s.answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
	get_start(
	    &s.w, &g, &(struct http_call){ .url = s.url, .connect_ms = 300 });
	get_wait(&g);
	/* The peer waits for a blank line that TLS may never send. */
	check_fault(&g, ERR_NET, "TLS");
	get_fini(&g);
	site_down(&s);
}

static void
http2_is_offered_and_its_faults_told(void **state)
{
	static const struct tls_peer_options rows[] = {
		{ .h2 = true, .h2_body = 1 },
		{ .h2 = true, .h2_body = 100000 },
		{ .h2 = true, .h2_body = 100000, .h2_reset = true },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct tls_peer *p = tls_peer_start(&rows[i]);
		struct http_route route = { .ca_file = tls_peer_ca_file(p) };
		struct get g = { .w = NULL };
		struct world w;
		char url[64];

		world_up(&w);
		(void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/x?q=1",
		    tls_peer_port(p));
		get_start(
		    &w, &g, &(struct http_call){ .url = url, .route = &route });
		get_wait(&g);
		if (rows[i].h2_reset) {
			check_fault(&g, ERR_NET, "HTTP/2 stream");
		} else {
			assert_false(g.failed);
			assert_int_equal(g.body.len, rows[i].h2_body);
		}
		assert_int_equal(g.status, 200);
		get_fini(&g);
		world_down(&w);
		tls_peer_stop(p);
	}
}

static void
a_proxy_is_used_only_when_configured(void **state)
{
	struct http_route route = { .ca_file = NULL };
	struct get g = { .w = NULL };
	char proxy[64], dead[64];
	struct site s;

	(void)state;
	site_up(&s, on_request, "http");
	s.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	(void)snprintf(dead, sizeof(dead), "http://127.0.0.1:%u",
	    peer_dead_port(&s.w.loop));
	(void)setenv("http_proxy", dead, 1);
	(void)setenv("all_proxy", dead, 1);
	(void)setenv("no_proxy", "*", 1);
	get_start(&s.w, &g, &(struct http_call){ .url = s.url });
	get_wait(&g);
	assert_false(g.failed);
	get_fini(&g);

	(void)snprintf(
	    proxy, sizeof(proxy), "http://127.0.0.1:%u", peer_port(s.peer));
	route.proxy = proxy;
	get_start(&s.w, &g,
	    &(struct http_call){
		.url = "http://localhost:1/y", .route = &route });
	get_wait(&g);
	if (g.failed)
		fail_msg("%s", g.err.text);
	assert_int_equal(
	    strncmp(s.request, "GET http://localhost:1/y HTTP/1.1", 33), 0);
	get_fini(&g);

	route.proxy = dead;
	get_start(
	    &s.w, &g, &(struct http_call){ .url = s.url, .route = &route });
	get_wait(&g);
	check_fault(&g, ERR_NET, "proxy 127.0.0.1:");
	get_fini(&g);
	(void)unsetenv("http_proxy");
	(void)unsetenv("all_proxy");
	(void)unsetenv("no_proxy");
	site_down(&s);
}

static void
a_proxy_may_refuse(void **state)
{
	static const struct {
		const char *answer, *says;
	} rows[] = {
		{ "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\n"
		  "Content-Length: 0\r\n\r\n",
		    "wants a login (407)" },
		{ "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
		    "refused to connect to a.example:443 (403)" },
		{ "HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n", "(502)" },
		/* connected, and then cut: TLS fails */
		{ "HTTP/1.1 200 Yes\r\n\r\n", "a.example:443" },
		{ "", "a.example:443" },
	};
	struct http_route route = { .proxy_user = "me",
		.proxy_password = "pw-s3cret" };
	struct get g = { .w = NULL };
	char proxy[64];
	struct site s;

	(void)state;
	site_up(&s, on_request, "http");
	(void)snprintf(
	    proxy, sizeof(proxy), "http://127.0.0.1:%u", peer_port(s.peer));
	route.proxy = proxy;
	for (size_t i = 0; i < NELEM(rows); i++) {
		s.answer = rows[i].answer;
		get_start(&s.w, &g,
		    &(struct http_call){ .url = "https://a.example/x?q=1",
			.bearer = "t0ken",
			.route = &route });
		get_wait(&g);
		check_fault(&g, ERR_NET, rows[i].says);
		assert_int_equal(
		    strncmp(s.request, "CONNECT a.example:443 ", 22), 0);
		/* The token is for the origin, not for the proxy. */
		assert_null(strstr(s.request, "t0ken"));
		assert_null(strstr(g.err.text, "s3cret"));
		get_fini(&g);
	}
	site_down(&s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_answers_are_told),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(times_run_out),
		cmocka_unit_test(nobody_there),
		cmocka_unit_test(a_look_up_can_be_cancelled),
		cmocka_unit_test(certificates_are_verified),
		cmocka_unit_test(a_ca_file_must_be_there),
		cmocka_unit_test(plain_text_is_no_tls),
		cmocka_unit_test(http2_is_offered_and_its_faults_told),
		cmocka_unit_test(a_proxy_is_used_only_when_configured),
		cmocka_unit_test(a_proxy_may_refuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
