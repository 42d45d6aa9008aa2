/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/socket.h>

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clk.h"
#include "base/obj.h"
#include "syslog/transport.h"

#include "syslog_rig.h"

/* "<14>Mmm dd hh:mm:ss fw lane 0 line 00000000 " */
#define HEAD 44

/* A clock that is ten times as fast: a second to settle takes a tenth. */
uint64_t
clk_ms(void)
{
	return uv_hrtime() / 100000;
}

int64_t
clk_unix_ms(void)
{
	return (int64_t)time(NULL) * 1000;
}

static struct rig rig;
static struct receiver one, two;

static int
setup(void **state)
{
	(void)state;
	receiver_init(&one, AF_INET, SOCK_DGRAM);
	receiver_init(&two, AF_INET, SOCK_DGRAM);
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
	rig_url(&rig, "udp", &one);
	rig_open(&rig);
}

static void
a_datagram_is_a_line(void **state)
{
	(void)state;
	receiver_listen(&one);
	open_to_one();
	rig_put(&rig, 0, 3, 5);
	rig_run(&rig, has_received, "three datagrams");
	assert_int_equal(rig.lane[0].settled, 0); /* not before a second */
	rig_run(&rig, is_settled, "three lines to settle");
	assert_int_equal(one.len, 3 * (HEAD + 5));
	assert_null(memchr(one.got, '\n', one.len));
	assert_int_equal(rig.n_states, 1);
	assert_true(is_up(&rig));
	rig_turns(&rig, 3);
	assert_true(rig_is_quiet(&rig));
}

static void
ipv6_works_too(void **state)
{
	(void)state;
	receiver_fini(&one);
	receiver_init(&one, AF_INET6, SOCK_DGRAM);
	receiver_listen(&one);
	open_to_one();
	/* As many as the usual receive buffer holds. */
	rig_put(&rig, 0, 100, 500);
	rig_run(&rig, is_settled, "100 lines to settle");
	assert_int_equal(receiver_lines(&one, 0), 100);
	assert_int_equal(receiver_repeats(&one), 0);
}

static void
a_refusal_puts_lines_back_and_probes(void **state)
{
	uint64_t sent;

	(void)state;
	open_to_one(); /* nobody is there */
	rig_put(&rig, 0, 10, 5);
	rig_run(&rig, is_away, "a refusal");
	assert_non_null(strstr(rig.words, "udp://127.0.0.1:"));
	assert_non_null(strstr(rig.words, "refused"));
	assert_int_equal(dest_counts(rig.dest)->settled, 0);
	assert_int_equal(dest_counts(rig.dest)->held, 10);
	/* One probe a second, more or less, and no more than one. */
	sent = dest_counts(rig.dest)->sent;
	rig_turns(&rig, 600);
	assert_true(dest_counts(rig.dest)->sent <= sent + 1);
	assert_int_equal(rig.n_states, 2); /* up, away */
	receiver_listen(&one);
	rig_run(&rig, is_settled, "ten lines to settle");
	assert_true(is_up(&rig));
	assert_int_equal(rig.n_states, 3);
	assert_int_equal(receiver_lines(&one, 0), 10);
	assert_int_equal(receiver_repeats(&one), 0);
	assert_int_equal(
	    dest_counts(rig.dest)->sent - dest_counts(rig.dest)->resent, 10);
	rig_turns(&rig, 3);
	assert_true(rig_is_quiet(&rig));
}

static void
a_receiver_that_goes_away_loses_nothing(void **state)
{
	(void)state;
	receiver_listen(&one);
	open_to_one();
	rig_put(&rig, 0, 10, 5);
	rig_run(&rig, is_settled, "ten lines to settle");
	receiver_die(&one);
	rig_put(&rig, 0, 10, 5);
	rig_run(&rig, is_away, "a refusal");
	rig_put(&rig, 0, 10, 5);
	receiver_listen(&one);
	rig_run(&rig, is_settled, "thirty lines to settle");
	assert_int_equal(receiver_lines(&one, 0), 30);
	assert_true(dest_counts(rig.dest)->breaks >= 1);
}

static void
the_next_url_takes_over(void **state)
{
	(void)state;
	receiver_listen(&two);
	rig.receiver = &two;
	rig_url(&rig, "udp", &one);
	rig_url(&rig, "udp", &two);
	rig_open(&rig);
	rig_put(&rig, 0, 10, 5);
	rig_run(&rig, is_settled, "ten lines to settle");
	assert_int_equal(receiver_lines(&two, 0), 10);
}

static void
datagrams_are_not_fragmented_unless_local(void **state)
{
	static const struct {
		const char *to, *own;
		size_t max;
	} rows[] = {
		{ "192.0.2.1", NULL, 1472 },
		{ "192.0.2.1", "192.0.2.7", 1472 },
		{ "192.0.2.1", "192.0.2.1", 65507 },
		{ "127.0.0.1", NULL, 65507 },
		{ "127.9.9.9", "127.0.0.1", 65507 },
		{ "2001:db8::1", NULL, 1452 },
		{ "2001:db8::1", "2001:db8::2", 1452 },
		{ "2001:db8::1", "2001:db8::1", 65507 },
		{ "::1", NULL, 65507 },
	};
	struct sockaddr_storage to, own;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		bool is_ip6 = strchr(rows[i].to, ':') != NULL;
		const char *const texts[] = { rows[i].to, rows[i].own };
		struct sockaddr_storage *const as[] = { &to, &own };

		for (size_t j = 0; j < 2 && texts[j] != NULL; j++) {
			if (is_ip6) {
				(void)uv_ip6_addr(texts[j], 514,
				    (struct sockaddr_in6 *)as[j]);
			} else {
				(void)uv_ip4_addr(
				    texts[j], 514, (struct sockaddr_in *)as[j]);
			}
		}
		assert_int_equal(
		    udp_line_max((struct sockaddr *)&to,
			rows[i].own == NULL ? NULL : (struct sockaddr *)&own),
		    rows[i].max);
	}
}

static void
a_line_leaves_space_for_its_header(void **state)
{
	static const struct {
		const char *url;
		size_t max_line, out;
	} rows[] = {
		{ "udp://192.0.2.1", 8191, 1472 - 24 },
		{ "udp://192.0.2.1", 1000, 1000 - 24 },
		{ "udp://[2001:db8::1]", 8191, 1452 - 24 },
		{ "udp://siem.invalid", 8191, 1452 - 24 },
		{ "udp://127.0.0.1", 8191, 8191 - 24 },
		{ "udp://127.0.0.1", 1U << 20, 65507 - 24 },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_int_equal(
		    dest_url_parse(rows[i].url, &rig.urls[0], &e), 0);
		rig.options.n_urls = 1;
		rig.options.max_line = rows[i].max_line;
		rig_open(&rig);
		assert_int_equal(dest_line_max(rig.dest), rows[i].out);
		rig_fini(&rig);
		rig_init(&rig, &one, 1);
	}
}

static void
what_no_datagram_holds_is_cut_between_characters(void **state)
{
	static char line[66000];
	size_t fits = 65507 - 23; /* "<14>Mmm dd hh:mm:ss fw " */

	(void)state;
	receiver_listen(&one);
	rig.options.max_line = 2000;
	open_to_one();
	rig_put(&rig, 0, 1, 1900);
	assert_int_equal(dest_counts(rig.dest)->too_long, 0);
	rig_run(&rig, is_settled, "the connection");
	/* Over the limit, and yet whole. */
	rig_put(&rig, 0, 1, 3000);
	assert_int_equal(dest_counts(rig.dest)->too_long, 1);
	rig_run(&rig, is_settled, "a long line");
	assert_int_equal(one.len, 2 * HEAD + 1900 + 3000);
	/* U+20AC, three bytes, across the end. */
	memset(line, 'x', sizeof(line));
	(void)snprintf(line, 22, "lane 0 line 00000002 ");
	line[21] = 'x';
	(void)snprintf(line + fits - 2, 4, "\xe2\x82\xac");
	line[fits + 1] = 'x';
	rig.lane[0].put++;
	dest_put(rig.lanes[0], line, fits + 100, 3);
	assert_int_equal(dest_counts(rig.dest)->too_long, 2);
	assert_int_equal(dest_counts(rig.dest)->held_bytes, 65507 - 2);
	rig_run(&rig, is_settled, "a cut line");
	assert_int_equal(receiver_lines(&one, 0), 3);
	assert_int_equal(one.got[one.len - 1], 'x');
}

static bool
is_gone(const struct rig *g)
{
	return g->dest == NULL;
}

static void
it_can_be_closed_at_any_moment(void **state)
{
	(void)state;
	for (int turns = 0; turns < 6; turns++) {
		rig_url(&rig, "udp", &one);
		rig_open(&rig);
		rig_put(&rig, 0, 100, 100);
		rig_turns(&rig, turns);
		rig_fini(&rig);
		rig_init(&rig, &one, 1);
	}
	rig.close_when_told = true;
	open_to_one();
	rig_run(&rig, is_gone, "up");
	rig_turns(&rig, 3);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_datagram_is_a_line),
		T(ipv6_works_too),
		T(a_refusal_puts_lines_back_and_probes),
		T(a_receiver_that_goes_away_loses_nothing),
		T(the_next_url_takes_over),
		T(datagrams_are_not_fragmented_unless_local),
		T(a_line_leaves_space_for_its_header),
		T(what_no_datagram_holds_is_cut_between_characters),
		T(it_can_be_closed_at_any_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
