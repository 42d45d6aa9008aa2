/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/socket.h>

#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/obj.h"
#include "syslog/sockdiag.h"

#include "syslog_rig.h"

/* Longer than settle_ms by far. */
#define LONG_TURNS 300

static struct rig rig;
static struct receiver one, two;

static int
setup(void **state)
{
	(void)state;
	receiver_init(&one, AF_INET, SOCK_STREAM);
	receiver_init(&two, AF_INET, SOCK_STREAM);
	rig_init(&rig, &one, 1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_fini(&rig);
	receiver_fini(&one);
	receiver_fini(&two);
	return 0;
}

static void
open_to_one(void)
{
	rig_url(&rig, "tcp", &one);
	rig_open(&rig);
}

static bool
has_accepted(const struct rig *g)
{
	return g->receiver->fd != -1;
}

static const struct dest_counts *
counts(void)
{
	return dest_counts(rig.dest);
}

/* A connection to a listening socket, from one end to the other. */
struct pair {
	int client, server;
	struct sockaddr_storage own, peer;
};

static void
pair_open(struct pair *p, int family, const char *listen_on, const char *to)
{
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in4;
	socklen_t len = sizeof(any6);
	int l, zero = 0;

	l = socket(AF_INET6, SOCK_STREAM, 0);
	assert_true(l >= 0);
	(void)setsockopt(l, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	assert_int_equal(uv_ip6_addr(listen_on, 0, &any6), 0);
	assert_int_equal(bind(l, (struct sockaddr *)&any6, len), 0);
	assert_int_equal(listen(l, 1), 0);
	assert_int_equal(getsockname(l, (struct sockaddr *)&any6, &len), 0);
	p->client = socket(family, SOCK_STREAM, 0);
	if (family == AF_INET) {
		assert_int_equal(
		    uv_ip4_addr(to, ntohs(any6.sin6_port), &in4), 0);
		assert_int_equal(
		    connect(p->client, (struct sockaddr *)&in4, sizeof(in4)),
		    0);
	} else {
		assert_int_equal(
		    uv_ip6_addr(to, ntohs(any6.sin6_port), &any6), 0);
		assert_int_equal(
		    connect(p->client, (struct sockaddr *)&any6, sizeof(any6)),
		    0);
	}
	p->server = accept(l, NULL, NULL);
	assert_true(p->server >= 0);
	len = sizeof(p->own);
	(void)getsockname(p->client, (struct sockaddr *)&p->own, &len);
	len = sizeof(p->peer);
	(void)getpeername(p->client, (struct sockaddr *)&p->peer, &len);
	(void)close(l);
}

static enum sockdiag_answer
ask(int fd, const struct sockaddr_storage *own,
    const struct sockaddr_storage *peer, uint64_t *unread)
{
	return sockdiag_ask(fd, (const struct sockaddr *)own,
	    (const struct sockaddr *)peer, unread);
}

/* Where a sandbox keeps netlink from us, what rests on it is skipped. */
static bool
has_sock_diag(void)
{
	static int has = -1;
	struct pair p;
	uint64_t unread;
	int fd;

	if (has == -1) {
		fd = sockdiag_open();
		pair_open(&p, AF_INET, "::", "127.0.0.1");
		has = fd != -1 &&
		    ask(fd, &p.own, &p.peer, &unread) == SOCKDIAG_FOUND;
		(void)close(p.client);
		(void)close(p.server);
		if (fd != -1)
			(void)close(fd);
	}
	return has == 1;
}

static void
sock_diag_knows_what_was_not_read(void **state)
{
	static const struct {
		int family;
		const char *listen_on, *to;
	} rows[] = {
		{ AF_INET, "::", "127.0.0.1" },
		{ AF_INET6, "::", "::1" },
		{ AF_INET6, "::1", "::1" },
		{ AF_INET6, "::", "::ffff:127.0.0.1" },
	};
	char bytes[1000] = "";
	uint64_t unread = 99;
	int fd = sockdiag_open();

	(void)state;
	if (!has_sock_diag())
		skip();
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct pair p;

		pair_open(&p, rows[i].family, rows[i].listen_on, rows[i].to);
		assert_int_equal(
		    ask(fd, &p.own, &p.peer, &unread), SOCKDIAG_FOUND);
		assert_int_equal(unread, 0);
		assert_int_equal(send(p.client, bytes, sizeof(bytes), 0), 1000);
		assert_int_equal(
		    ask(fd, &p.peer, &p.own, &unread), SOCKDIAG_FOUND);
		assert_int_equal(unread, 1000);
		assert_int_equal(recv(p.server, bytes, 300, 0), 300);
		assert_int_equal(
		    ask(fd, &p.peer, &p.own, &unread), SOCKDIAG_FOUND);
		assert_int_equal(unread, 700);
		(void)close(p.server);
		assert_int_equal(
		    ask(fd, &p.peer, &p.own, &unread), SOCKDIAG_NONE);
		(void)close(p.client);
	}
	(void)close(fd);
}

static void
sock_diag_does_not_take_a_listener_for_a_receiver(void **state)
{
	struct sockaddr_storage listening, nobody;
	struct sockaddr_in *in4 = (struct sockaddr_in *)&nobody;
	socklen_t len = sizeof(listening);
	uint64_t unread;
	int fd = sockdiag_open();

	(void)state;
	if (!has_sock_diag())
		skip();
	receiver_listen(&one);
	assert_int_equal(
	    getsockname(one.listening, (struct sockaddr *)&listening, &len), 0);
	assert_int_equal(uv_ip4_addr("127.0.0.1", 1, in4), 0);
	assert_int_equal(ask(fd, &listening, &nobody, &unread), SOCKDIAG_NONE);
	(void)close(fd);
}

static void
lines_arrive_framed_and_in_order(void **state)
{
	char wanted[64];
	const char *p;

	(void)state;
	receiver_listen(&one);
	open_to_one();
	assert_int_equal(dest_state(rig.dest), DEST_CONNECTING);
	rig_put(&rig, 0, 3, 5);
	assert_int_equal(dest_lane_held(rig.lanes[0]), 3);
	rig_run(&rig, is_settled, "three lines to settle");
	p = one.got;
	for (int i = 0; i < 3; i++) {
		(void)snprintf(
		    wanted, sizeof(wanted), " fw lane 0 line %08d xxxxx\n", i);
		assert_memory_equal(p, "<14>", 4);
		assert_memory_equal(p + 4 + 15, wanted, strlen(wanted));
		p += 4 + 15 + strlen(wanted);
	}
	assert_ptr_equal(p, one.got + one.len);
	assert_int_equal(one.strange, 0);
	assert_int_equal(counts()->queued, 3);
	assert_int_equal(counts()->sent, 3);
	assert_int_equal(counts()->settled, 3);
	assert_int_equal(counts()->resent, 0);
	assert_int_equal(counts()->held, 0);
	assert_int_equal(counts()->held_bytes, 0);
	assert_int_equal(rig.n_states, 1);
	assert_int_equal(rig.states[0], DEST_UP);
	assert_int_equal(dest_line_max(rig.dest), 8191 - (5 + 16 + 3));
}

static void
nothing_ticks_while_nothing_is_unsettled(void **state)
{
	(void)state;
	receiver_listen(&one);
	open_to_one();
	rig_run(&rig, is_up, "the connection");
	rig_turns(&rig, 3);
	assert_true(rig_is_quiet(&rig));
	rig_put(&rig, 0, 1, 5);
	rig_turns(&rig, 3);
	assert_false(rig_is_quiet(&rig));
	rig_run(&rig, is_settled, "a line to settle");
	rig_turns(&rig, 3);
	assert_true(rig_is_quiet(&rig));
}

static void
ipv6_works_too(void **state)
{
	(void)state;
	receiver_fini(&one);
	receiver_init(&one, AF_INET6, SOCK_STREAM);
	receiver_listen(&one);
	open_to_one();
	one.is_reading = false;
	rig_put(&rig, 0, 3, 5);
	if (has_sock_diag()) {
		rig_turns(&rig, LONG_TURNS);
		assert_int_equal(rig.lane[0].settled, 0);
	}
	one.is_reading = true;
	rig_run(&rig, is_settled, "three lines to settle");
	assert_int_equal(receiver_lines(&one, 0), 3);
}

static void
lines_settle_when_they_are_read(void **state)
{
	(void)state;
	if (!has_sock_diag())
		skip();
	receiver_listen(&one);
	open_to_one();
	one.is_reading = false;
	rig_put(&rig, 0, 10, 100);
	rig_turns(&rig, LONG_TURNS);
	assert_int_equal(counts()->sent, 10);
	assert_int_equal(rig.lane[0].settled, 0);
	/* Four lines and a half. */
	one.is_reading = true;
	one.read_max = counts()->held_bytes / 10 * 9 / 2;
	rig_turns(&rig, LONG_TURNS);
	assert_int_equal(rig.lane[0].settled, 0); /* S6: it hangs again */
	one.read_max = counts()->held_bytes - 1;
	rig_turns(&rig, LONG_TURNS);
	assert_int_equal(rig.lane[0].settled, 0);
	one.read_max = 0;
	rig_run(&rig, is_settled, "ten lines to settle");
	assert_int_equal(counts()->resent, 0);
	assert_int_equal(receiver_repeats(&one), 0);
}

/* What no sender can see: DESIGN, promise 4. */
static void
a_receiver_elsewhere_settles_by_acknowledgement(void **state)
{
	(void)state;
	rig.options.no_sock_diag = true;
	receiver_listen(&one);
	open_to_one();
	one.is_reading = false;
	rig_put(&rig, 0, 10, 100);
	rig_run(&rig, is_settled, "ten lines to settle unread");
	assert_int_equal(one.len, 0);
}

static void
a_fin_settles_nothing(void **state)
{
	(void)state;
	receiver_listen(&one);
	open_to_one();
	rig_put(&rig, 0, 10, 100);
	rig_run(&rig, has_received, "ten lines");
	assert_int_equal(rig.lane[0].settled, 0);
	receiver_half_close(&one);
	rig_run(&rig, is_away, "the break");
	assert_non_null(strstr(rig.words, "the receiver closed it"));
	assert_non_null(strstr(rig.words, one.port));
	receiver_cut(&one);
	rig_run(&rig, is_settled, "ten lines to settle");
	assert_int_equal(counts()->breaks, 1);
	assert_int_equal(counts()->resent, 10);
	assert_int_equal(counts()->sent, 20);
	assert_int_equal(receiver_repeats(&one), 10);
}

static void
unread_lines_come_again_after_a_reset(void **state)
{
	unsigned int before;

	(void)state;
	receiver_listen(&one);
	open_to_one();
	one.is_reading = false;
	rig_put(&rig, 0, 10, 100);
	rig_run(&rig, has_accepted, "a connection");
	rig_turns(&rig, 30);
	before = one.accepted;
	receiver_cut(&one); /* with bytes unread: RST */
	one.is_reading = true;
	rig_run(&rig, is_settled, "ten lines to settle");
	assert_int_equal(one.accepted, before + 1);
	assert_int_equal(receiver_repeats(&one), 0);
	assert_int_equal(receiver_lines(&one, 0), 10);
	assert_int_equal(counts()->breaks, 1);
	assert_non_null(strstr(rig.words, "reset"));
}

static void
a_restarted_receiver_gets_what_is_unsettled_first(void **state)
{
	(void)state;
	receiver_listen(&one);
	open_to_one();
	rig_put(&rig, 0, 5, 100);
	rig_run(&rig, is_settled, "five lines to settle");
	one.is_reading = false;
	rig_put(&rig, 0, 5, 100);
	rig_turns(&rig, 30);
	receiver_die(&one);
	rig_run(&rig, is_away, "the break");
	one.first[0] = '\0';
	one.is_reading = true;
	rig_put(&rig, 0, 5, 100);
	rig_turns(&rig, 30);
	receiver_listen(&one);
	rig_run(&rig, is_settled, "fifteen lines to settle");
	assert_non_null(strstr(one.first, "line 00000005 "));
	assert_int_equal(receiver_lines(&one, 0), 15);
	assert_int_equal(receiver_repeats(&one), 0);
	assert_int_equal(counts()->resent, 5);
	assert_true(is_up(&rig));
}

static void
nothing_is_lost_over_many_breaks(void **state)
{
	(void)state;
	rig.n_lanes = 3;
	rig.options.window_bytes = 128U << 10;
	one.rcvbuf = 4096;
	receiver_listen(&one);
	open_to_one();
	for (unsigned int i = 0; i < 40; i++) {
		rig_put(&rig, 0, 30, 100 + i * 20);
		rig_put(&rig, 1, 10, 300);
		rig_put(&rig, 2, 10, 10);
		one.is_reading = i % 3 != 0;
		rig_turns(&rig, (int)(i % 7) * 5);
		switch (i % 8) {
		case 1:
			receiver_cut(&one);
			break;
		case 3:
			if (one.fd != -1)
				receiver_half_close(&one);
			rig_turns(&rig, 2);
			receiver_cut(&one);
			break;
		case 6:
			receiver_die(&one);
			rig_turns(&rig, 5);
			receiver_listen(&one);
			break;
		default:
			break;
		}
	}
	one.is_reading = true;
	rig_run(&rig, is_settled, "2,000 lines to settle");
	assert_int_equal(receiver_lines(&one, 0), 1200);
	assert_int_equal(receiver_lines(&one, 1), 400);
	assert_int_equal(receiver_lines(&one, 2), 400);
	assert_int_equal(one.strange, 0);
	assert_int_equal(counts()->settled, 2000);
	assert_int_equal(counts()->queued, 2000);
	assert_int_equal(counts()->sent - counts()->resent, 2000);
	assert_true(receiver_repeats(&one) <= counts()->resent);
	assert_true(counts()->breaks > 0);
}

static void
a_slow_receiver_gets_every_byte(void **state)
{
	unsigned int n = 0;

	(void)state;
	rig.n_lanes = 2;
	one.rcvbuf = 4096;
	receiver_listen(&one);
	open_to_one();
	one.is_reading = false;
	/* More than the kernel takes: writes are partial. */
	for (; n < 4000 && dest_lane_has_room(rig.lanes[0]); n++) {
		rig_put(&rig, 0, 1, 1000);
		rig_put(&rig, 1, 1, n % 900);
		if (n % 100 == 0)
			rig_turns(&rig, 1);
	}
	rig_turns(&rig, 50);
	assert_true(counts()->sent < counts()->queued);
	one.is_reading = true;
	rig_run(&rig, is_settled, "all lines to settle");
	assert_int_equal(one.strange, 0);
	assert_int_equal(receiver_lines(&one, 0), n);
	assert_int_equal(receiver_lines(&one, 1), n);
	assert_int_equal(receiver_repeats(&one), 0);
}

static bool
has_read_all(const struct rig *g)
{
	(void)g;
	return receiver_lines(&one, 0) == counts()->queued;
}

static void
a_full_window_holds_until_the_receiver_reads(void **state)
{
	size_t window = 64U << 10;

	(void)state;
	if (!has_sock_diag())
		skip();
	rig.options.window_bytes = window;
	receiver_listen(&one);
	open_to_one();
	one.is_reading = false;
	while (dest_lane_has_room(rig.lanes[0]))
		rig_put(&rig, 0, 1, 500);
	assert_true(counts()->held_bytes >= window);
	assert_true(counts()->held_bytes < window + 600);
	rig_run(&rig, is_holding, "holding");
	rig_turns(&rig, LONG_TURNS);
	assert_int_equal(rig.n_states, 2); /* up, holding: told once */
	assert_int_equal(rig.lane[0].rooms, 0);
	assert_non_null(strstr(rig.words, "reads nothing"));
	one.is_reading = true;
	rig_run(&rig, is_settled, "all lines to settle");
	assert_int_equal(rig.n_states, 3);
	assert_true(is_up(&rig));
	assert_true(dest_lane_has_room(rig.lanes[0]));
	assert_int_equal(rig.lane[0].rooms, 1);
	/* Not when it was read, though a stall makes the settle clock late. */
	while (dest_lane_has_room(rig.lanes[0]))
		rig_put(&rig, 0, 1, 500);
	rig_run(&rig, has_read_all, "all lines to be read");
	rig_turns(&rig, 10);
	(void)usleep((useconds_t)rig.options.settle_ms * 2000);
	rig_run(&rig, is_settled, "all lines to settle");
	assert_int_equal(rig.n_states, 3);
	assert_int_equal(counts()->breaks, 0);
}

static void
a_lane_with_a_backlog_leaves_space_for_others(void **state)
{
	(void)state;
	rig.n_lanes = 4;
	rig.options.window_bytes = 128U << 10;
	open_to_one(); /* nobody listens */
	while (dest_lane_has_room(rig.lanes[0]))
		rig_put(&rig, 0, 1, 500);
	assert_in_range(counts()->held_bytes, 32U << 10, (32U << 10) + 600);
	assert_true(dest_lane_has_room(rig.lanes[1]));
	/* The sum is the window; one that holds nothing may begin. */
	while (dest_lane_has_room(rig.lanes[1]))
		rig_put(&rig, 1, 1, 500);
	rig_put(&rig, 2, 100, 620);
	assert_true(counts()->held_bytes > 128U << 10);
	assert_true(dest_lane_has_room(rig.lanes[3]));
	rig_put(&rig, 3, 1, 5);
	assert_false(dest_lane_has_room(rig.lanes[3]));
	receiver_listen(&one);
	rig_run(&rig, is_settled, "all lines to settle");
	/* Its one line did not wait for the others'. */
	assert_non_null(memmem(one.got, 4000, "lane 3 line 00000000", 20));
	for (size_t i = 0; i < 4; i++)
		assert_true(dest_lane_has_room(rig.lanes[i]));
	assert_int_equal(rig.lane[3].rooms, 1);
}

static bool
has_room_told(const struct rig *g)
{
	return g->lane[0].rooms > 0;
}

static void
a_lane_that_leaves_makes_room_for_the_others(void **state)
{
	(void)state;
	if (!has_sock_diag())
		skip();
	rig.n_lanes = 4;
	rig.options.window_bytes = 128U << 10;
	receiver_listen(&one);
	open_to_one();
	one.is_reading = false;
	while (dest_lane_has_room(rig.lanes[0]))
		rig_put(&rig, 0, 1, 500);
	/* The one that waits is enough: that is all of the receiver's doing. */
	rig_run(&rig, is_holding, "holding");
	assert_int_equal(rig.lane[0].rooms, 0);
	for (size_t i = 1; i < 4; i++)
		dest_lane_remove(rig.lanes[i]);
	rig_run(&rig, has_room_told, "room, though nothing was read");
	assert_true(dest_lane_has_room(rig.lanes[0]));
	one.is_reading = true;
	rig_run(&rig, is_settled, "all lines to settle");
}

static void
what_is_told_goes_ahead_and_is_bounded(void **state)
{
	(void)state;
	open_to_one(); /* nobody listens */
	rig_put(&rig, 0, 5, 100);
	for (unsigned int i = 0; i < DEST_TOLD_MAX + 3; i++)
		dest_tell(rig.dest, "told", 4, 9);
	assert_int_equal(counts()->held, DEST_TOLD_MAX + 5);
	assert_int_equal(dest_lane_held(rig.lanes[0]), 5);
	assert_false(dest_has_told(rig.dest));
	receiver_listen(&one);
	one.is_reading = false;
	rig_run(&rig, has_accepted, "a connection");
	rig_turns(&rig, 30);
	assert_true(dest_has_told(rig.dest));
	receiver_cut(&one); /* with bytes unread: RST */
	one.is_reading = true;
	rig_run(&rig, is_settled, "all lines to settle");
	assert_int_equal(one.strange, DEST_TOLD_MAX);
	assert_int_equal(receiver_lines(&one, 0), 5);
	assert_int_equal(rig.lane[0].settled, 5);
	assert_memory_equal(one.got + 4 + 15, " fw told", 8);
}

static void
a_refused_connection_is_tried_again(void **state)
{
	(void)state;
	open_to_one();
	rig_put(&rig, 0, 1, 5);
	rig_run(&rig, is_away, "a refusal");
	assert_non_null(strstr(rig.words, "tcp://127.0.0.1:"));
	assert_non_null(strstr(rig.words, one.port));
	assert_non_null(strstr(rig.words, "refused"));
	assert_non_null(strstr(rig.words, "start the receiver"));
	receiver_listen(&one);
	rig_run(&rig, is_settled, "a line to settle");
	assert_int_equal(rig.n_states, 2);
	assert_int_equal(counts()->breaks, 0);
}

static void
a_name_that_does_not_resolve_is_said_in_words(void **state)
{
	struct err e;

	(void)state;
	/* RFC 6761, 6.4: there is no such name. */
	assert_int_equal(
	    dest_url_parse("tcp://siem.invalid:514", &rig.urls[0], &e), 0);
	rig.options.n_urls = 1;
	rig_open(&rig);
	rig_run(&rig, is_away, "the resolver's answer");
	assert_non_null(strstr(
	    rig.words, "tcp://siem.invalid:514: cannot resolve the name"));
	assert_non_null(strstr(rig.words, "correct the host in url"));
}

/* "localhost" can be ::1 first, where nobody listens. */
static void
every_address_of_a_name_is_tried(void **state)
{
	struct addrinfo *found = NULL;

	/* A bare root may be without a hosts file. */
	if (getaddrinfo("localhost", NULL, NULL, &found) != 0)
		skip();
	freeaddrinfo(found);
	receiver_listen(&one);
	one.address = "localhost";
	(void)state;
	open_to_one();
	rig_put(&rig, 0, 10, 5);
	rig_run(&rig, is_settled, "ten lines to settle");
	assert_int_equal(rig.n_states, 1);
}

static void
a_ceiling_delays_and_drops_nothing(void **state)
{
	uint64_t began_ms, took_ms;

	(void)state;
	receiver_listen(&one);
	rig.options.max_rate = 200;
	open_to_one();
	rig_put(&rig, 0, 100, 5);
	began_ms = uv_hrtime() / 1000000;
	rig_run(&rig, has_received, "100 lines");
	took_ms = uv_hrtime() / 1000000 - began_ms;
	/* 20 at once, 80 at 200 a second. */
	assert_true(took_ms >= 390);
	rig_run(&rig, is_settled, "100 lines to settle");
	assert_int_equal(receiver_repeats(&one), 0);
	rig_turns(&rig, 30);
	assert_true(rig_is_quiet(&rig));
}

/* Accept and close, as a balancer does that has nobody behind it. */
static bool
flaps_thrice(const struct rig *g)
{
	receiver_cut(g->receiver);
	return g->receiver->accepted >= 3;
}

static void
a_flapping_receiver_is_not_spun_on(void **state)
{
	uint64_t began_ms, took_ms;

	(void)state;
	one.is_reading = false;
	receiver_listen(&one);
	open_to_one();
	rig_put(&rig, 0, 10, 5);
	began_ms = uv_hrtime() / 1000000;
	rig_run(&rig, flaps_thrice, "three connections");
	took_ms = uv_hrtime() / 1000000 - began_ms;
	/* 250 ms and 500 ms lie between them, less a quarter. */
	assert_true(took_ms >= 560);
	/* Up, away; and not up again before it has done some work. */
	rig_run(&rig, is_away, "the break");
	assert_int_equal(rig.n_states, 2);
	one.is_reading = true;
	rig_run(&rig, is_settled, "ten lines to settle");
	assert_int_equal(rig.n_states, 3);
	assert_true(is_up(&rig));
}

static void
what_a_receiver_says_is_ignored(void **state)
{
	char text[10000];

	(void)state;
	memset(text, 'y', sizeof(text));
	receiver_listen(&one);
	open_to_one();
	rig_run(&rig, has_accepted, "a connection");
	assert_true(send(one.fd, text, sizeof(text), 0) > 0);
	rig_put(&rig, 0, 10, 5);
	rig_run(&rig, is_settled, "ten lines to settle");
	assert_int_equal(counts()->breaks, 0);
}

static void
it_can_be_closed_at_any_moment(void **state)
{
	(void)state;
	receiver_listen(&one);
	for (int turns = 0; turns < 12; turns++) {
		rig_url(&rig, "tcp", &one);
		rig_open(&rig);
		rig_put(&rig, 0, 50, 1000);
		rig_turns(&rig, turns);
		rig_fini(&rig);
		receiver_cut(&one);
		rig_init(&rig, &one, 1);
	}
	receiver_die(&one);
	for (int turns = 0; turns < 5; turns++) {
		rig_url(&rig, "tcp", &one);
		rig_open(&rig);
		rig_turns(&rig, turns);
		rig_fini(&rig);
		rig_init(&rig, &one, 1);
	}
}

static bool
is_gone(const struct rig *g)
{
	return g->dest == NULL;
}

static void
it_can_be_closed_from_its_callbacks(void **state)
{
	(void)state;
	rig.close_when_told = true;
	open_to_one(); /* refused */
	rig_run(&rig, is_gone, "away");
	rig_fini(&rig);

	rig_init(&rig, &one, 1);
	rig.close_when_told = true;
	receiver_listen(&one);
	open_to_one();
	rig_run(&rig, is_gone, "up");
	rig_fini(&rig);
	receiver_cut(&one);

	rig_init(&rig, &one, 2);
	rig.close_when_settled = true;
	open_to_one();
	rig_put(&rig, 0, 10, 5);
	rig_put(&rig, 1, 10, 5);
	rig_run(&rig, is_gone, "settled");
	rig_turns(&rig, 10);
}

static void
options_that_cannot_work_are_refused(void **state)
{
	struct dest_options o;
	struct err e;

	(void)state;
	rig_url(&rig, "tcp", &one);
	rig_url(&rig, "udp", &one);
	o = rig.options;
	assert_null(dest_new(&rig.loop, &o, NULL, NULL, &e));
	assert_non_null(strstr(e.text, "mixes schemes"));
	assert_non_null(strstr(e.text, "destination \"test\""));
	o.n_urls = 0;
	assert_null(dest_new(&rig.loop, &o, NULL, NULL, &e));
	assert_non_null(strstr(e.text, "no url"));
	o.n_urls = 1;
	o.max_line = 24; /* "<191>Mmm dd hh:mm:ss fw " */
	assert_null(dest_new(&rig.loop, &o, NULL, NULL, &e));
	assert_non_null(strstr(e.text, "max-line 24"));
	o.max_line = 8191;
	o.host_name = "";
	assert_null(dest_new(&rig.loop, &o, NULL, NULL, &e));
	assert_int_equal(e.kind, ERR_CONFIG);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(sock_diag_knows_what_was_not_read),
		T(sock_diag_does_not_take_a_listener_for_a_receiver),
		T(lines_arrive_framed_and_in_order),
		T(nothing_ticks_while_nothing_is_unsettled),
		T(ipv6_works_too),
		T(lines_settle_when_they_are_read),
		T(a_receiver_elsewhere_settles_by_acknowledgement),
		T(a_fin_settles_nothing),
		T(unread_lines_come_again_after_a_reset),
		T(a_restarted_receiver_gets_what_is_unsettled_first),
		T(nothing_is_lost_over_many_breaks),
		T(a_slow_receiver_gets_every_byte),
		T(a_full_window_holds_until_the_receiver_reads),
		T(a_lane_with_a_backlog_leaves_space_for_others),
		T(a_lane_that_leaves_makes_room_for_the_others),
		T(what_is_told_goes_ahead_and_is_bounded),
		T(a_refused_connection_is_tried_again),
		T(a_name_that_does_not_resolve_is_said_in_words),
		T(every_address_of_a_name_is_tried),
		T(a_ceiling_delays_and_drops_nothing),
		T(a_flapping_receiver_is_not_spun_on),
		T(what_a_receiver_says_is_ignored),
		T(it_can_be_closed_at_any_moment),
		T(it_can_be_closed_from_its_callbacks),
		T(options_that_cannot_work_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
