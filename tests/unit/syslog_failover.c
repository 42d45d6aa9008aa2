/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/obj.h"

#include "syslog_rig.h"

/* Longer than return_ms and settle_ms by far. */
#define LONG_TURNS 600

static struct rig rig;
static struct receiver one, two;

static int
setup(void **state)
{
	(void)state;
	receiver_init(&one, AF_INET, SOCK_STREAM);
	receiver_init(&two, AF_INET, SOCK_STREAM);
	rig_init(&rig, &two, 1);
	rig.options.return_ms = 100;
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

/* The first is away, the second serves. */
static void
open_to_second(void)
{
	receiver_listen(&two);
	rig_url(&rig, "tcp", &one);
	rig_url(&rig, "tcp", &two);
	rig_open(&rig);
	rig_put(&rig, 0, 10, 5);
	rig_run(&rig, is_settled, "ten lines to settle");
	assert_int_equal(receiver_lines(&two, 0), 10);
}

/* The rig steps one of them only. */
static bool
first_has_accepted(const struct rig *g)
{
	(void)g;
	receiver_step(&one);
	return one.fd != -1;
}

static bool
second_has_ended(const struct rig *g)
{
	receiver_step(&one);
	return g->receiver->fd == -1;
}

static bool
first_has_lines(const struct rig *g)
{
	receiver_step(&one);
	return receiver_lines(&one, 0) > 0 && is_settled(g);
}

static void
the_next_url_takes_over(void **state)
{
	(void)state;
	rig.options.return_ms = 0;
	receiver_listen(&two);
	rig_url(&rig, "tcp", &one);
	rig_url(&rig, "tcp", &two);
	rig_open(&rig);
	rig_put(&rig, 0, 10, 5);
	rig_run(&rig, is_settled, "ten lines to settle");
	/* It was never away. */
	assert_int_equal(rig.n_states, 1);
	assert_int_equal(rig.states[0], DEST_UP);
	/* After a break the first comes first again. */
	receiver_die(&two);
	receiver_listen(&one);
	rig.receiver = &one;
	rig_run(&rig, is_away, "the break");
	rig_put(&rig, 0, 10, 5);
	rig_run(&rig, is_settled, "ten more lines to settle");
	assert_int_equal(receiver_lines(&two, 0), 10);
	assert_int_equal(receiver_lines(&one, 0), 10);
}

static void
every_url_that_failed_is_named(void **state)
{
	(void)state;
	rig_url(&rig, "tcp", &one);
	rig_url(&rig, "tcp", &two);
	rig_open(&rig);
	rig_run(&rig, is_away, "two refusals");
	assert_non_null(strstr(rig.words, one.port));
	assert_non_null(strstr(rig.words, two.port));
}

static void
a_flapping_receiver_gives_way_to_the_next(void **state)
{
	(void)state;
	rig.options.return_ms = 0;
	receiver_listen(&one);
	receiver_listen(&two);
	rig_url(&rig, "tcp", &one);
	rig_url(&rig, "tcp", &two);
	rig_open(&rig);
	rig_put(&rig, 0, 10, 5);
	one.is_reading = false;
	rig_run(&rig, first_has_accepted, "a connection");
	receiver_die(&one);
	rig_run(&rig, is_settled, "ten lines to settle");
	assert_int_equal(receiver_lines(&two, 0), 10);
	assert_int_equal(one.accepted, 1);
}

static void
it_returns_to_the_first_that_is_well(void **state)
{
	(void)state;
	open_to_second();
	receiver_listen(&one);
	rig_run(&rig, first_has_accepted, "a look at the first");
	rig_run(&rig, second_has_ended, "the return");
	assert_int_equal(one.len, 0); /* nothing was due */
	rig_put(&rig, 0, 5, 5);
	rig_run(&rig, first_has_lines, "five lines to settle");
	assert_int_equal(receiver_lines(&one, 0), 5);
	assert_int_equal(receiver_lines(&two, 0), 10);
	assert_int_equal(receiver_repeats(&one), 0);
	/* It was never away, and it was no break. */
	assert_int_equal(rig.n_states, 1);
	assert_int_equal(dest_counts(rig.dest)->breaks, 0);
	assert_int_equal(dest_counts(rig.dest)->resent, 0);
	/* And it looks no further. */
	rig_turns(&rig, 30);
	assert_true(rig_is_quiet(&rig));
}

static void
what_hangs_at_the_second_is_sent_to_the_first(void **state)
{
	(void)state;
	open_to_second();
	two.is_reading = false;
	rig_put(&rig, 0, 100, 500);
	receiver_listen(&one);
	rig_run(&rig, first_has_lines, "the first to have lines");
	assert_int_equal(receiver_lines(&one, 0), 100);
	assert_int_equal(receiver_lines(&two, 0), 10);
	assert_int_equal(dest_counts(rig.dest)->resent, 100);
}

static void
a_first_that_flaps_is_not_returned_to(void **state)
{
	unsigned int cuts = 0;

	(void)state;
	open_to_second();
	receiver_listen(&one);
	for (int i = 0; i < LONG_TURNS && cuts < 2; i++) {
		rig_turns(&rig, 1);
		receiver_step(&one);
		if (one.fd != -1) {
			receiver_cut(&one);
			cuts++;
		}
	}
	assert_true(cuts > 0);
	assert_int_equal(two.accepted, 1);
	assert_true(two.fd != -1);
	rig_put(&rig, 0, 5, 5);
	rig_run(&rig, is_settled, "five lines to settle");
	assert_int_equal(receiver_lines(&two, 0), 15);
}

static void
a_first_that_breaks_while_waited_for_costs_nothing(void **state)
{
	(void)state;
	/* The second hangs, so that what it was given is waited for. */
	rig.options.settle_ms = 1000;
	rig.options.return_ms = 1;
	open_to_second();
	two.is_reading = false;
	rig_put(&rig, 0, 10, 5);
	receiver_listen(&one);
	rig_run(&rig, first_has_accepted, "a look at the first");
	rig_turns(&rig, 50);
	receiver_die(&one);
	rig_turns(&rig, 50);
	two.is_reading = true;
	rig_run(&rig, is_settled, "ten lines to settle");
	assert_int_equal(receiver_lines(&two, 0), 20);
	assert_int_equal(receiver_repeats(&two), 0);
	assert_int_equal(rig.n_states, 1);
}

static void
with_zero_it_stays(void **state)
{
	(void)state;
	rig.options.return_ms = 0;
	open_to_second();
	receiver_listen(&one);
	rig_turns(&rig, LONG_TURNS);
	receiver_step(&one);
	assert_int_equal(one.accepted, 0);
	assert_true(rig_is_quiet(&rig));
}

static void
a_break_at_the_second_begins_with_the_first(void **state)
{
	(void)state;
	rig.options.return_ms = 60000;
	open_to_second();
	receiver_listen(&one);
	two.is_reading = false;
	rig_put(&rig, 0, 10, 5);
	rig_turns(&rig, 50);
	receiver_die(&two);
	rig_run(&rig, first_has_lines, "the first to have lines");
	assert_int_equal(receiver_lines(&one, 0), 10);
}

static void
it_can_be_closed_at_any_moment(void **state)
{
	(void)state;
	open_to_second();
	receiver_listen(&one);
	for (int i = 0; i < 60; i++) {
		rig.n_states = 0;
		if (rig.dest == NULL)
			rig_open(&rig);
		rig_turns(&rig, i * 7);
		receiver_step(&one);
		if (i % 5 == 4)
			receiver_cut(&one);
		dest_close(rig.dest);
		rig.dest = NULL;
	}
}

static void
datagrams_go_to_the_first_again_and_back(void **state)
{
	(void)state;
	receiver_fini(&one);
	receiver_fini(&two);
	receiver_init(&one, AF_INET, SOCK_DGRAM);
	receiver_init(&two, AF_INET, SOCK_DGRAM);
	receiver_listen(&two);
	rig_url(&rig, "udp", &one);
	rig_url(&rig, "udp", &two);
	rig_open(&rig);
	rig_put(&rig, 0, 10, 5);
	rig_run(&rig, is_settled, "ten lines to settle");
	assert_int_equal(receiver_lines(&two, 0), 10);
	receiver_listen(&one);
	rig_turns(&rig, LONG_TURNS);
	rig_put(&rig, 0, 5, 5);
	rig_run(&rig, first_has_lines, "five lines to settle");
	assert_int_equal(receiver_lines(&one, 0), 5);
	assert_int_equal(rig.n_states, 1); /* never away */
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_next_url_takes_over),
		T(every_url_that_failed_is_named),
		T(a_flapping_receiver_gives_way_to_the_next),
		T(it_returns_to_the_first_that_is_well),
		T(what_hangs_at_the_second_is_sent_to_the_first),
		T(a_first_that_flaps_is_not_returned_to),
		T(a_first_that_breaks_while_waited_for_costs_nothing),
		T(with_zero_it_stays),
		T(a_break_at_the_second_begins_with_the_first),
		T(it_can_be_closed_at_any_moment),
		T(datagrams_go_to_the_first_again_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
