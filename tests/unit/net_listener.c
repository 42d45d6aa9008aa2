/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>
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

#include "base/clk.h"
#include "base/limits.h"
#include "base/obj.h"
#include "net/listener.h"

#define DEADLINE_MS 20000U

struct world {
	uv_loop_t loop;
	char dir[64];
	char address[128];
	union {
		struct sockaddr any;
		struct sockaddr_un local;
		struct sockaddr_in in4;
	} at;
	socklen_t at_len;
	struct listener *l;
	unsigned int rendered;
	char path[256]; /* the last one asked for */
	bool close_inside;
};

static void
on_render(void *ctx, const char *path, bool is_tcp, struct listener_answer *out)
{
	struct world *w = ctx;

	w->rendered++;
	(void)snprintf(w->path, sizeof(w->path), "%s", path);
	buf_addf(&out->body, "hello %s\n", is_tcp ? "tcp" : "unix");
	if (strcmp(path, "/big") == 0) {
		for (int i = 0; i < 200000; i++)
			buf_adds(&out->body, "0123456789");
	} else if (strcmp(path, "/huge") == 0) {
		for (unsigned int i = 0; i <= LISTENER_BODY_MAX / 1024; i++) {
			static const char kib[1024];

			buf_add(&out->body, kib, sizeof(kib));
		}
	}
	if (w->close_inside) {
		listener_close(w->l);
		w->l = NULL;
	}
}

static void
open_at(struct world *w, const char *const *hosts)
{
	const struct listener_options o = {
		.address = w->address,
		.hosts = hosts,
		.render = on_render,
		.ctx = w,
	};
	struct err e = { .kind = ERR_NONE };

	w->l = listener_open(&w->loop, &o, &e);
	assert_string_equal(e.text, "");
	assert_non_null(w->l);
}

static void
open_unix(struct world *w)
{
	(void)snprintf(w->address, sizeof(w->address), "unix:%s/sock", w->dir);
	w->at.local.sun_family = AF_UNIX;
	(void)strcpy(w->at.local.sun_path, w->address + 5);
	w->at_len = sizeof(w->at.local);
	open_at(w, NULL);
}

/* A port that was free a moment ago. */
static void
open_tcp(struct world *w, const char *const *hosts)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	w->at.in4 = (struct sockaddr_in){ .sin_family = AF_INET };
	w->at.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	w->at_len = sizeof(w->at.in4);
	assert_int_equal(bind(fd, &w->at.any, w->at_len), 0);
	assert_int_equal(getsockname(fd, &w->at.any, &w->at_len), 0);
	(void)close(fd);
	(void)snprintf(w->address, sizeof(w->address), "127.0.0.1:%u",
	    (unsigned int)ntohs(w->at.in4.sin_port));
	open_at(w, hosts);
}

static int
dial(const struct world *w)
{
	int fd = socket(w->at.any.sa_family, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, &w->at.any, w->at_len), 0);
	return fd;
}

/* Turn the loop until the peer closes or, with want, that text has come.  What
   came is returned, to be freed. */
static char *
hear(struct world *w, int fd, const char *want)
{
	uint64_t end = clk_ms() + DEADLINE_MS;
	struct buf b;

	buf_init(&b, (size_t)128 << 20);
	for (;;) {
		char part[65536];
		ssize_t n;

		(void)uv_run(&w->loop, UV_RUN_NOWAIT);
		n = recv(fd, part, sizeof(part), MSG_DONTWAIT);
		if (n > 0)
			buf_add(&b, part, (size_t)n);
		if (n == 0 || (want != NULL && strstr(b.p, want) != NULL))
			return buf_take(&b);
		if (n < 0)
			(void)usleep(1000);
		assert_true(clk_ms() < end);
	}
}

/* One request, its answer; the connection is to be closed behind it. */
static char *
ask(struct world *w, const char *request)
{
	int fd = dial(w);
	char *got;

	assert_int_equal(
	    send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	got = hear(w, fd, NULL);
	(void)close(fd);
	return got;
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(uv_loop_init(&w->loop), 0);
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/listener-test-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	listener_close(w->l);
	(void)uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	/* nothing is left behind */
	assert_int_equal(rmdir(w->dir), 0);
	free(w);
	return 0;
}

static void
addresses_are_checked(void **state)
{
	static const char *const good[] = { "unix:/run/x.sock",
		"127.0.0.1:9464", "localhost:1", "[::1]:65535", "0.0.0.0:80" };
	static const char *const bad[] = { "", "unix:", "unix:x", "/run/x",
		"127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "::1:80",
		"[::1]", "[127.0.0.1:80", "example.com:80", ":80", "tcp://x:1",
		"127.0.0.1:80x", "[]:80" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < NELEM(good); i++)
		assert_int_equal(listener_check(good[i], &e), 0);
	for (size_t i = 0; i < NELEM(bad); i++)
		assert_int_equal(listener_check(bad[i], &e), -1);
}

static void
a_local_socket_answers_and_leaves_no_file(void **state)
{
	struct world *w = *state;
	struct stat st;
	char *got;

	open_unix(w);
	assert_int_equal(lstat(w->at.local.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	/* Host says nothing here. */
	got = ask(w,
	    "GET /status?x=1 HTTP/1.1\r\nHost: evil.example\r\n"
	    "Connection: close\r\n\r\n");
	assert_non_null(strstr(got, "HTTP/1.1 200 "));
	assert_non_null(strstr(got, "\r\n\r\nhello unix\n"));
	assert_non_null(strstr(got, "no-store"));
	assert_string_equal(w->path, "/status");
	free(got);
}

static void
a_dead_socket_is_replaced_and_a_live_one_is_not(void **state)
{
	struct world *w = *state;
	struct listener_options o = { .render = on_render, .ctx = w };
	struct err e;
	int fd;

	open_unix(w);
	o.address = w->address;
	assert_null(listener_open(&w->loop, &o, &e));
	assert_int_equal(e.kind, ERR_BUSY);
	assert_non_null(strstr(e.text, "another process answers"));
	listener_close(w->l);
	(void)uv_run(&w->loop, UV_RUN_DEFAULT);
	/* As after a kill -9. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, &w->at.any, w->at_len), 0);
	(void)close(fd);
	open_at(w, NULL);
	listener_close(w->l);
	w->l = NULL;
	/* What is no socket is somebody's. */
	(void)fclose(fopen(w->at.local.sun_path, "w"));
	assert_null(listener_open(&w->loop, &o, &e));
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_int_equal(unlink(w->at.local.sun_path), 0);
	/* A folder that is not there. */
	o.address = "unix:/nowhere/at/all";
	assert_null(listener_open(&w->loop, &o, &e));
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_non_null(strstr(e.text, "make its folder"));
}

static void
a_port_in_use_is_told(void **state)
{
	struct world *w = *state;
	struct listener_options o = { .render = on_render, .ctx = w };
	struct err e;

	open_tcp(w, NULL);
	o.address = w->address;
	assert_null(listener_open(&w->loop, &o, &e));
	assert_int_equal(e.kind, ERR_BUSY);
	assert_non_null(strstr(e.text, "another process uses it"));
}

static void
on_tcp_the_host_must_be_ours(void **state)
{
	static const char *const hosts[] = { "soc.example.com", NULL };
	static const struct {
		const char *host; /* header lines */
		bool is_served;
	} rows[] = {
		{ "Host: localhost\r\n", true },
		{ "Host: LOCALHOST:9464\r\n", true },
		{ "Host: 127.0.0.1:1\r\n", true },
		{ "Host: [::1]:9464\r\n", true },
		{ "Host: soc.example.com\r\n", true },
		{ "Host: evil.example\r\n", false },
		{ "Host: evil.example:9464\r\n", false },
		{ "Host: localhost.evil.example\r\n", false },
		{ "Host: localhost@evil.example\r\n", false },
		{ "Host: localhost:x\r\n", false },
		{ "Host: [::1\r\n", false },
		{ "Host: [::1]x\r\n", false },
		{ "Host: \r\n", false },
		{ "Host: localhost\r\nHost: evil.example\r\n", false },
		{ "", false },
	};
	struct world *w = *state;

	open_tcp(w, hosts);
	for (size_t i = 0; i < NELEM(rows); i++) {
		char request[256], *got;

		w->rendered = 0;
		(void)snprintf(request, sizeof(request),
		    "GET /metrics HTTP/1.1\r\n%sConnection: close\r\n\r\n",
		    rows[i].host);
		got = ask(w, request);
		assert_int_equal(w->rendered, rows[i].is_served ? 1 : 0);
		/* 400 is the library's, for no Host at all. */
		assert_true(strstr(got, "hello") == NULL || rows[i].is_served);
		assert_non_null(strstr(got,
		    rows[i].is_served           ? "HTTP/1.1 200 " :
			rows[i].host[0] == '\0' ? "HTTP/1.1 40" :
						  "HTTP/1.1 403 "));
		free(got);
	}
}

static void
only_get_and_head_are_answered(void **state)
{
	static const char *const words[] = { "DELETE", "OPTIONS", "PUT", "POST",
		"CONNECT", "BREW" };
	struct world *w = *state;
	char *got;

	open_unix(w);
	for (size_t i = 0; i < NELEM(words); i++) {
		char request[128];

		(void)snprintf(request, sizeof(request),
		    "%s /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
		    "\r\n",
		    words[i]);
		got = ask(w, request);
		assert_non_null(strstr(got, "HTTP/1.1 405 "));
		assert_non_null(strstr(got, "Allow: GET, HEAD"));
		free(got);
	}
	assert_int_equal(w->rendered, 0);
	got = ask(w,
	    "HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	assert_non_null(strstr(got, "Content-Length: 11\r\n"));
	assert_null(strstr(got, "hello"));
	free(got);
}

static void
hostile_requests_end_their_connection_only(void **state)
{
	static const char *const rows[] = {
		"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
		"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n"
		"\r\nhello",
		"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
		"\r\n5\r\nhello\r\n0\r\n\r\n",
		"\x16\x03\x01\x02\x01\x01\r\n\r\n",
		"GET / HTTP/9.9\r\n\r\n",
		"GET\r\n\r\n",
		" \r\n \r\n\r\n",
	};
	struct world *w = *state;
	static char giant[262144];
	char *got;
	int fd;

	open_unix(w);
	for (size_t i = 0; i < NELEM(rows); i++) {
		fd = dial(w);
		(void)send(fd, rows[i], strlen(rows[i]), MSG_NOSIGNAL);
		(void)shutdown(fd, SHUT_WR);
		free(hear(w, fd, NULL));
		(void)close(fd);
	}
	/* A head that is larger than what a connection may have. */
	memset(giant, 'a', sizeof(giant) - 1);
	memcpy(giant, "GET /", 5);
	fd = dial(w);
	(void)send(fd, giant, sizeof(giant) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)shutdown(fd, SHUT_WR);
	for (int i = 0; i < 50; i++)
		(void)uv_run(&w->loop, UV_RUN_NOWAIT);
	(void)close(fd);
	assert_int_equal(w->rendered, 0);
	got = ask(w, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	assert_non_null(strstr(got, "HTTP/1.1 200 "));
	free(got);
}

static void
too_many_connections_wait_for_the_others(void **state)
{
	struct world *w = *state;
	int idle[LISTENER_CONNECTIONS];
	char *got;
	int fd;

	open_unix(w);
	for (size_t i = 0; i < NELEM(idle); i++) {
		idle[i] = dial(w);
		(void)send(idle[i], "GET / HT", 8, MSG_NOSIGNAL);
		(void)uv_run(&w->loop, UV_RUN_NOWAIT);
	}
	fd = dial(w);
	(void)send(fd, "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL);
	for (int i = 0; i < 50; i++)
		(void)uv_run(&w->loop, UV_RUN_NOWAIT);
	assert_int_equal(w->rendered, 0);
	for (size_t i = 0; i < NELEM(idle); i++)
		(void)close(idle[i]);
	got = hear(w, fd, NULL);
	assert_non_null(strstr(got, " 200 "));
	free(got);
	(void)close(fd);
}

static void
a_connection_serves_one_request_after_another(void **state)
{
	struct world *w = *state;
	int fd;

	open_tcp(w, NULL);
	fd = dial(w);
	for (unsigned int i = 1; i <= 3; i++) {
		static const char request[] =
		    "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";

		(void)send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
		free(hear(w, fd, "hello tcp\n"));
		assert_int_equal(w->rendered, i);
	}
	(void)close(fd);
}

static void
large_answers_come_whole_or_not_at_all(void **state)
{
	struct world *w = *state;
	char *got;

	open_unix(w);
	got = ask(w, "GET /big HTTP/1.0\r\n\r\n");
	assert_true(strlen(got) > 2000000);
	free(got);
	got = ask(w, "GET /huge HTTP/1.0\r\n\r\n");
	assert_non_null(strstr(got, " 500 "));
	free(got);
	/* A peer that goes in the middle. */
	for (int i = 0; i < 3; i++) {
		int fd = dial(w);

		(void)send(fd, "GET /big HTTP/1.0\r\n\r\n", 21, MSG_NOSIGNAL);
		free(hear(w, fd, "hello"));
		(void)close(fd);
	}
	got = ask(w, "GET / HTTP/1.0\r\n\r\n");
	assert_non_null(strstr(got, " 200 "));
	free(got);
}

static void
it_can_be_closed_from_inside(void **state)
{
	struct world *w = *state;
	int fd;

	open_unix(w);
	w->close_inside = true;
	fd = dial(w);
	(void)send(fd, "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL);
	free(hear(w, fd, NULL));
	assert_null(w->l);
	(void)close(fd);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_checked),
		T(a_local_socket_answers_and_leaves_no_file),
		T(a_dead_socket_is_replaced_and_a_live_one_is_not),
		T(a_port_in_use_is_told),
		T(on_tcp_the_host_must_be_ours),
		T(only_get_and_head_are_answered),
		T(hostile_requests_end_their_connection_only),
		T(too_many_connections_wait_for_the_others),
		T(a_connection_serves_one_request_after_another),
		T(large_answers_come_whole_or_not_at_all),
		T(it_can_be_closed_from_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
