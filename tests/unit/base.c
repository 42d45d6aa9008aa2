/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/backoff.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/num.h"
#include "base/obj.h"
#include "base/stamp.h"
#include "base/utf8.h"

static void
stamps_keep_every_tick(void **state)
{
	static const struct {
		const char *text, *back;
	} rows[] = {
		{ "2021-01-26T20:31:32.9562661Z",
		    "2021-01-26T20:31:32.9562661Z" },
		{ "2021-01-26T20:31:59.2Z", "2021-01-26T20:31:59.2000000Z" },
		{ "2021-01-26T20:31:00Z", "2021-01-26T20:31:00.0000000Z" },
		{ "2021-01-26T20:31Z", "2021-01-26T20:31:00.0000000Z" },
		{ "2021-01-26 20:31:00", "2021-01-26T20:31:00.0000000Z" },
		{ "2021-01-26", "2021-01-26T00:00:00.0000000Z" },
		{ "2021-01-26T20:31:00.123456789Z",
		    "2021-01-26T20:31:00.1234567Z" },
		{ "2021-01-26T20:31:00+02:00", "2021-01-26T18:31:00.0000000Z" },
		{ "2021-01-26T20:31:00-0230", "2021-01-26T23:01:00.0000000Z" },
		{ "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000Z" },
		{ "1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59.9000000Z" },
		{ "2024-02-29T23:59:60Z", "2024-02-29T23:59:59.0000000Z" },
	};
	char out[STAMP_TEXT_MAX];
	int64_t stamp;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_int_equal(
		    stamp_parse(rows[i].text, strlen(rows[i].text), &stamp), 0);
		stamp_format(stamp, out);
		assert_string_equal(out, rows[i].back);
	}
}

static void
stamps_refuse_what_is_no_time(void **state)
{
	static const char *const rows[] = { "", "2021", "2021-13-01",
		"2023-02-29", "2021-01-26T", "2021-01-26T25:00:00Z",
		"2021-01-26T20:31:00.Z", "2021-01-26T20:31:00Zx",
		"2021-01-26T20:31:00+1", "0000-01-01", "20210126" };
	int64_t stamp;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_int_equal(
		    stamp_parse(rows[i], strlen(rows[i]), &stamp), -1);
	}
}

static void
stamps_round_to_the_past(void **state)
{
	(void)state;
	assert_int_equal(stamp_to_ms(19999), 1);
	assert_int_equal(stamp_to_ms(-1), -1);
	assert_int_equal(stamp_to_ms(-10000), -1);
}

static void
utf8_follows_rfc_3629(void **state)
{
	static const struct {
		const char *bytes;
		size_t used;
		unsigned long cp;
	} rows[] = {
		{ "a", 1, 'a' },
		{ "\xc3\xa9", 2, 0xe9 },
		{ "\xe2\x82\xac", 3, 0x20ac },
		{ "\xf0\x9f\x98\x80", 4, 0x1f600 },
		{ "\xc0\x80", 1, UTF8_BAD },     /* overlong */
		{ "\xe0\x80\x80", 1, UTF8_BAD }, /* overlong */
		{ "\xed\xa0\x80", 1, UTF8_BAD }, /* surrogate */
		{ "\xf4\x90\x80\x80", 1, UTF8_BAD },
		{ "\xe2\x82", 2, UTF8_BAD }, /* cut: one part */
		{ "\xff", 1, UTF8_BAD },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		unsigned long cp;
		char out[4];

		assert_int_equal(
		    utf8_decode(rows[i].bytes, strlen(rows[i].bytes), &cp),
		    rows[i].used);
		assert_int_equal(cp, rows[i].cp);
		if (cp == UTF8_BAD)
			continue;
		assert_int_equal(utf8_encode(cp, out), rows[i].used);
		assert_memory_equal(out, rows[i].bytes, rows[i].used);
	}
	assert_int_equal(utf8_prefix("a\xc3\xa9z", 4, 2), 3);
	assert_int_equal(utf8_count("a\xc3\xa9z", 4), 3);
}

static void
a_full_buffer_stays_full_until_reset(void **state)
{
	struct err e = { .kind = ERR_NONE };
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	buf_adds(&b, "abcd");
	assert_true(buf_ok(&b));
	buf_addc(&b, 'e');
	buf_cut(&b, 0);
	buf_adds(&b, "x");
	assert_string_equal(b.p, "");
	assert_int_equal(buf_check(&b, "value", &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	buf_reset(&b);
	buf_addf(&b, "%d", 42);
	assert_string_equal(b.p, "42");
	buf_eat(&b, 1);
	assert_string_equal(b.p, "2");
	buf_fini(&b);
}

/* At once, after growing, at the limit and one past it. */
static void
a_formatted_text_goes_whole_or_not_at_all(void **state)
{
	struct buf b;

	(void)state;
	for (int n = 1; n < 200; n++) {
		buf_init(&b, 150);
		buf_addf(&b, "%*d", n / 2, 1);
		buf_addf(&b, "%s%*d", "", n - n / 2, 1);
		assert_int_equal(buf_ok(&b), n <= 150);
		assert_int_equal(b.len, strlen(b.p));
		if (n > 150)
			assert_int_equal(b.len, n / 2);
		buf_fini(&b);
	}
}

static void
form_values_are_encoded(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_add_urlenc(&b, "a~+/=&% \xc3\xa9", 10);
	assert_string_equal(b.p, "a~%2B%2F%3D%26%25%20%C3%A9");
	buf_fini(&b);
}

static void
durations_and_sizes_have_units(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(num_duration("500ms", 5, &v, NULL), 0);
	assert_int_equal(v, 500);
	assert_int_equal(num_duration("180d", 4, &v, NULL), 0);
	assert_int_equal(v, 15552000000ull);
	assert_int_equal(num_duration("0", 1, &v, NULL), 0);
	assert_int_equal(v, 0);
	assert_int_equal(num_duration("5", 1, &v, NULL), -1);
	assert_int_equal(
	    num_duration("99999999999999999999d", 21, &v, NULL), -1);
	assert_int_equal(num_size("64K", 3, &v, NULL), 0);
	assert_int_equal(v, 65536);
	assert_int_equal(num_size("x", 1, &v, NULL), -1);
}

static void
integers_reach_both_ends(void **state)
{
	static const int64_t whole[] = { 0, 7, -7, 10, -2147483648, INT64_MAX,
		INT64_MIN };
	int64_t v;

	(void)state;
	assert_int_equal(num_hex('0'), 0);
	assert_int_equal(num_hex('9'), 9);
	assert_int_equal(num_hex('a'), 10);
	assert_int_equal(num_hex('F'), 15);
	assert_int_equal(num_hex('g'), -1);
	assert_int_equal(num_hex('/'), -1);
	assert_int_equal(num_hex('\0'), -1);
	assert_int_equal(num_i64("-9223372036854775808", 20, &v, NULL), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(num_i64("9223372036854775807", 19, &v, NULL), 0);
	assert_true(v == INT64_MAX);
	assert_int_equal(num_i64("9223372036854775808", 19, &v, NULL), -1);
	for (size_t i = 0; i < NELEM(whole); i++) {
		char text[NUM_I64_BYTES];
		size_t n = num_write_i64(whole[i], text);

		assert_int_equal(num_i64(text, n, &v, NULL), 0);
		assert_true(v == whole[i]);
	}
	assert_int_equal(num_i64("-", 1, &v, NULL), -1);
}

static void
near_misses_are_counted(void **state)
{
	(void)state;
	assert_int_equal(near_miss("poll-intervall", "poll-interval"), 1);
	assert_int_equal(near_miss("tenatn", "tenant"), 1);
	assert_int_equal(near_miss("SHOST", "shost"), 0);
	assert_int_equal(near_miss("", "abc"), 3);
}

static void
errors_are_one_line(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(err_set(&e, ERR_NET, "a\r\nb"), -1);
	assert_int_equal(err_context(&e, "tcp://h"), -1);
	assert_string_equal(e.text, "tcp://h: a  b");
	assert_int_equal(err_status(e.kind), 69);
}

static void
backoff_doubles_to_its_ceiling(void **state)
{
	struct backoff b = BACKOFF_RECEIVER;

	(void)state;
	for (uint64_t step = 250; step < 5000; step *= 2) {
		uint64_t ms = backoff_next_ms(&b);

		/* a quarter of it either way, rounded */
		assert_in_range(ms, step - step / 4, step + step / 4 + 1);
	}
	assert_in_range(backoff_next_ms(&b), 3750, 6250);
	assert_in_range(backoff_next_ms(&b), 3750, 6250);
	backoff_reset(&b);
	assert_in_range(backoff_next_ms(&b), 187, 313);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamps_keep_every_tick),
		cmocka_unit_test(stamps_refuse_what_is_no_time),
		cmocka_unit_test(stamps_round_to_the_past),
		cmocka_unit_test(utf8_follows_rfc_3629),
		cmocka_unit_test(a_full_buffer_stays_full_until_reset),
		cmocka_unit_test(a_formatted_text_goes_whole_or_not_at_all),
		cmocka_unit_test(form_values_are_encoded),
		cmocka_unit_test(durations_and_sizes_have_units),
		cmocka_unit_test(integers_reach_both_ends),
		cmocka_unit_test(near_misses_are_counted),
		cmocka_unit_test(errors_are_one_line),
		cmocka_unit_test(backoff_doubles_to_its_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
