/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/obj.h"

#include "syslog_rig.h"

/* Loop turns of a millisecond or more: far beyond what any test needs. */
#define PATIENCE 60000

/* Receiver */

static int
bound_socket(const struct receiver *r)
{
	struct sockaddr_storage a;
	socklen_t len;
	uint64_t port = 0;
	int one = 1;
	int fd;

	memset(&a, 0, sizeof(a));
	if (r->port[0] != '\0')
		(void)num_u64(r->port, strlen(r->port), 1, 65535, &port, NULL);
	if (r->family == AF_INET) {
		len = sizeof(struct sockaddr_in);
		assert_int_equal(uv_ip4_addr(r->address, (int)port,
				     (struct sockaddr_in *)&a),
		    0);
	} else {
		len = sizeof(struct sockaddr_in6);
		assert_int_equal(uv_ip6_addr(r->address, (int)port,
				     (struct sockaddr_in6 *)&a),
		    0);
	}
	fd = socket(r->family, r->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	return fd;
}

void
receiver_init(struct receiver *r, int family, int socktype)
{
	struct sockaddr_storage a;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
	socklen_t len = sizeof(a);
	unsigned int port;
	int fd;

	memset(r, 0, sizeof(*r));
	r->family = family;
	r->socktype = socktype;
	r->address = family == AF_INET ? "127.0.0.1" : "::1";
	r->listening = -1;
	r->fd = -1;
	r->is_reading = true;
	r->got = xcalloc(1, RECEIVER_MAX);
	fd = bound_socket(r);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	memcpy(&in4, &a, sizeof(in4));
	memcpy(&in6, &a, sizeof(in6));
	port = ntohs(family == AF_INET ? in4.sin_port : in6.sin6_port);
	(void)snprintf(r->port, sizeof(r->port), "%u", port);
	(void)close(fd);
}

void
receiver_listen(struct receiver *r)
{
	int fd = bound_socket(r);

	if (r->rcvbuf != 0) {
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF,
				     &r->rcvbuf, sizeof(r->rcvbuf)),
		    0);
	}
	if (r->socktype == SOCK_DGRAM) {
		r->fd = fd;
		return;
	}
	assert_int_equal(listen(fd, 8), 0);
	r->listening = fd;
}

/* "<14>Mmm dd hh:mm:ss host lane 1 line 00000023 xxx" */
static void
take_line(struct receiver *r, const char *p, size_t len)
{
	const char *lane = memmem(p, len, " lane ", 6);
	uint64_t track, number;

	if (lane == NULL || len - (size_t)(lane - p) < 22 ||
	    num_u64(lane + 6, 1, 0, RIG_LANES - 1, &track, NULL) == -1 ||
	    num_u64(lane + 13, 8, 0, RIG_LINES - 1, &number, NULL) == -1) {
		r->strange++;
		return;
	}
	if (r->first[0] == '\0')
		(void)snprintf(r->first, sizeof(r->first), "%.*s", (int)len, p);
	r->seen[track][number]++;
}

static void
take_lines(struct receiver *r)
{
	const char *p = r->got + r->begun;
	const char *end = r->got + r->len;
	const char *lf;

	if (r->socktype == SOCK_DGRAM && p < end) {
		take_line(r, p, (size_t)(end - p));
		r->begun = r->len;
		return;
	}
	while ((lf = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		take_line(r, p, (size_t)(lf - p));
		p = lf + 1;
	}
	r->begun = (size_t)(p - r->got);
}

/* The connection has ended; half a line is none. */
static void
ended(struct receiver *r)
{
	(void)close(r->fd);
	r->fd = -1;
	r->begun = r->len;
}

static void
read_some(struct receiver *r)
{
	for (;;) {
		size_t space = RECEIVER_MAX - r->len;
		ssize_t n;

		if (r->read_max != 0 && r->len >= r->read_max)
			return;
		if (r->read_max != 0 && space > r->read_max - r->len)
			space = r->read_max - r->len;
		if (space == 0) {
			/* Lines were counted; the text is not needed. */
			assert_true(r->begun > 0);
			memmove(r->got, r->got + r->begun, r->len - r->begun);
			r->len -= r->begun;
			r->begun = 0;
			continue;
		}
		n = recv(r->fd, r->got + r->len, space, 0);
		if (n > 0) {
			r->len += (size_t)n;
			take_lines(r);
			continue;
		}
		if (r->socktype == SOCK_STREAM &&
		    (n == 0 || (errno != EAGAIN && errno != EINTR)))
			ended(r);
		return;
	}
}

void
receiver_step(struct receiver *r)
{
	if (r->fd == -1 && r->listening != -1) {
		r->fd = accept4(
		    r->listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (r->fd != -1)
			r->accepted++;
	}
	if (r->fd != -1 && r->is_reading)
		read_some(r);
}

void
receiver_half_close(struct receiver *r)
{
	assert_int_equal(shutdown(r->fd, SHUT_WR), 0);
}

void
receiver_cut(struct receiver *r)
{
	if (r->fd != -1)
		ended(r);
}

void
receiver_die(struct receiver *r)
{
	if (r->listening != -1)
		(void)close(r->listening);
	r->listening = -1;
	receiver_cut(r);
}

void
receiver_fini(struct receiver *r)
{
	receiver_die(r);
	free(r->got);
}

unsigned int
receiver_lines(const struct receiver *r, size_t lane)
{
	unsigned int n = 0;

	for (size_t i = 0; i < RIG_LINES; i++)
		n += r->seen[lane][i] > 0 ? 1 : 0;
	return n;
}

unsigned int
receiver_repeats(const struct receiver *r)
{
	unsigned int n = 0;

	for (size_t lane = 0; lane < RIG_LANES; lane++) {
		for (size_t i = 0; i < RIG_LINES; i++)
			n += r->seen[lane][i] > 1 ? r->seen[lane][i] - 1 : 0;
	}
	return n;
}

/* Rig */

static void
on_state(void *ctx, enum dest_state s, const struct err *e)
{
	struct rig *g = ctx;

	assert_true(g->n_states < RIG_STATES);
	/* Edges only. */
	if (g->n_states > 0)
		assert_int_not_equal(g->states[g->n_states - 1], s);
	g->states[g->n_states++] = s;
	if (e != NULL)
		(void)snprintf(g->words, sizeof(g->words), "%s", e->text);
	assert_true(s != DEST_AWAY || e != NULL);
	if (g->close_when_told) {
		dest_close(g->dest);
		g->dest = NULL;
	}
}

static void
on_settled(void *ctx, uint64_t n)
{
	struct rig_lane *l = ctx;
	struct rig *g = l->rig;

	assert_true(n > 0);
	assert_non_null(g->dest);
	l->settled += n;
	assert_true(l->settled <= l->put);
	if (g->close_when_settled) {
		dest_close(g->dest);
		g->dest = NULL;
	}
}

static void
on_room(void *ctx)
{
	struct rig_lane *l = ctx;

	assert_non_null(l->rig->dest);
	assert_true(dest_lane_has_room(l->rig->lanes[l - l->rig->lane]));
	l->rooms++;
}

static const struct dest_lane_handlers handlers = {
	.settled = on_settled,
	.room = on_room,
};

static void
on_guard(uv_timer_t *h)
{
	(void)h;
}

void
rig_init(struct rig *g, struct receiver *r, size_t n_lanes)
{
	memset(g, 0, sizeof(*g));
	/* As the program does. */
	assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	assert_int_equal(uv_loop_init(&g->loop), 0);
	assert_int_equal(uv_timer_init(&g->loop, &g->guard), 0);
	g->receiver = r;
	g->n_lanes = n_lanes;
	g->options = (struct dest_options){ .name = "test",
		.urls = g->urls,
		.facility = 1,
		.host_name = "fw",
		.max_line = 8191,
		.settle_ms = 100,
		.window_bytes = 4U << 20 };
}

void
rig_url(struct rig *g, const char *scheme, const struct receiver *r)
{
	char text[64];
	struct err e;

	(void)snprintf(text, sizeof(text),
	    r->family == AF_INET ? "%s://%s:%s" : "%s://[%s]:%s", scheme,
	    r->address, r->port);
	assert_true(g->options.n_urls < NELEM(g->urls));
	assert_int_equal(
	    dest_url_parse(text, &g->urls[g->options.n_urls++], &e), 0);
}

void
rig_open(struct rig *g)
{
	struct err e;

	g->dest = dest_new(&g->loop, &g->options, on_state, g, &e);
	if (g->dest == NULL)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < g->n_lanes; i++) {
		g->lane[i].rig = g;
		g->lanes[i] = dest_lane_add(g->dest, &handlers, &g->lane[i]);
	}
}

void
rig_put(struct rig *g, size_t lane, unsigned int n, size_t len)
{
	char line[70000];

	assert_true(len < sizeof(line) - 64);
	for (; n > 0; n--) {
		int head = snprintf(line, sizeof(line), "lane %zu line %08u ",
		    lane, g->lane[lane].put++);

		memset(line + head, 'x', len);
		dest_put(g->lanes[lane], line, (size_t)head + len, 3);
	}
}

void
rig_turns(struct rig *g, int n)
{
	assert_int_equal(uv_timer_start(&g->guard, on_guard, 1, 1), 0);
	for (; n > 0; n--) {
		(void)uv_run(&g->loop, UV_RUN_ONCE);
		if (g->receiver != NULL)
			receiver_step(g->receiver);
	}
	(void)uv_timer_stop(&g->guard);
}

void
rig_run(struct rig *g, bool (*cond)(const struct rig *), const char *what)
{
	for (int i = 0; i < PATIENCE; i++) {
		if (cond(g))
			return;
		rig_turns(g, 1);
	}
	fail_msg("waited in vain for: %s (last error: %s)", what, g->words);
}

bool
rig_is_quiet(struct rig *g)
{
	/* No timer, nothing to be done at once. */
	return uv_backend_timeout(&g->loop) == -1;
}

void
rig_fini(struct rig *g)
{
	dest_close(g->dest);
	g->dest = NULL;
	uv_close((uv_handle_t *)&g->guard, NULL);
	assert_int_equal(uv_run(&g->loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(uv_loop_close(&g->loop), 0);
	for (size_t i = 0; i < g->options.n_urls; i++)
		dest_url_fini(&g->urls[i]);
}

bool
is_up(const struct rig *g)
{
	return dest_state(g->dest) == DEST_UP;
}

bool
is_away(const struct rig *g)
{
	return dest_state(g->dest) == DEST_AWAY;
}

bool
is_holding(const struct rig *g)
{
	return dest_state(g->dest) == DEST_HOLDING;
}

bool
is_settled(const struct rig *g)
{
	for (size_t i = 0; i < g->n_lanes; i++) {
		if (g->lane[i].settled < g->lane[i].put)
			return false;
	}
	return true;
}

bool
has_received(const struct rig *g)
{
	for (size_t i = 0; i < g->n_lanes; i++) {
		if (receiver_lines(g->receiver, i) < g->lane[i].put)
			return false;
	}
	return true;
}
