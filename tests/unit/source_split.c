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

#include "base/buf.h"
#include "base/limits.h"
#include "base/obj.h"

#include "source/split.h"

/* What the splitter said, one line: elements as they are (a '+' in front of
   one with a long integer), refusals as !offset(why), then "." or the error. */
static int
on_element(void *ctx, const struct split_element *el, struct err *e)
{
	struct buf *log = ctx;

	assert_int_equal(el->text[el->len], '\0');
	if (strcmp(el->text, "{\"stop\":1}") == 0)
		return err_set(e, ERR_BUSY, "told to stop");
	buf_addf(log, "%s%s@%llu ", el->has_big_int ? "+" : "", el->text,
	    (unsigned long long)el->offset);
	return 0;
}

static void
on_refused(void *ctx, uint64_t index, uint64_t offset, const char *why)
{
	(void)index;
	buf_addf(ctx, "!%llu(%s) ", (unsigned long long)offset, why);
}

static const struct split_handlers handlers = { on_element, on_refused };

static int
feed_cut(struct split *s, const char *p, size_t len, size_t cut, struct err *e)
{
	for (size_t i = 0; i < len; i += cut) {
		if (split_feed(s, p + i, cut < len - i ? cut : len - i, e) ==
		    -1)
			return -1;
	}
	return split_finish(s, e);
}

/* Feed the text in pieces of cut bytes and say what came of it. */
static void
play(const struct split_options *o, const char *p, size_t len, size_t cut,
    struct buf *log)
{
	struct err e = { .kind = ERR_NONE };
	struct split *s = split_new(o, &handlers, log);

	if (feed_cut(s, p, len, cut, &e) == -1)
		buf_addf(log, "%s: %s", err_word(e.kind), e.text);
	else
		buf_adds(log, ".");
	split_free(s);
}

/* Every way of cutting gives the same. */
static void
expect_bytes(
    const struct split_options *o, const char *p, size_t len, const char *want)
{
	static const size_t cuts[] = { SIZE_MAX / 2, 1, 2, 3, 7, 64 };

	for (size_t i = 0; i < NELEM(cuts); i++) {
		struct buf log;

		buf_init(&log, 1u << 20);
		play(o, p, len, cuts[i], &log);
		if (strcmp(log.p, want) != 0)
			print_error("cut %zu of %.*s\n", cuts[i],
			    (int)(len < 200 ? len : 200), p);
		assert_string_equal(log.p, want);
		buf_fini(&log);
	}
}

static void
expect(const struct split_options *o, const char *text, const char *want)
{
	expect_bytes(o, text, strlen(text), want);
}

static const struct split_options page = { .shape = SPLIT_PAGE,
	.array = "value" };
static const struct split_options bare = { .shape = SPLIT_PAGE };
static const struct split_options any = { .shape = SPLIT_ANY };

struct row {
	const char *text, *want;
};

static void
pages_are_cut_into_records(void **state)
{
	static const struct row rows[] = {
		{ "{\"value\":[]}", "." },
		{ " { \"value\" : [ ] } \r\n", "." },
		{ "\xef\xbb\xbf{\"value\":[{}]}", "{}@13 ." },
		{ "{\"value\":[{\"a\":1},{\"b\":[2,{}]}]}",
		    "{\"a\":1}@10 {\"b\":[2,{}]}@18 ." },
		{ "{\"value\":[ {\"a\":1}\n,\t{\"b\":2} ]}",
		    "{\"a\":1}@11 {\"b\":2}@21 ." },
		/* Members before and after, in any order. */
		{ "{\"@odata.context\":\"x\",\"n\":[1,{\"value\":[{}]}],"
		  "\"value\":[{\"a\":1}],\"@odata.nextLink\":\"y\"}",
		    "{\"a\":1}@54 ." },
		/* An array of that name elsewhere is none. */
		{ "{\"x\":{\"value\":[{\"a\":1}]},\"value\":[]}", "." },
		/* Two of them: nothing is lost. */
		{ "{\"value\":[{\"a\":1}],\"value\":[{\"b\":2}]}",
		    "{\"a\":1}@10 {\"b\":2}@28 ." },
		/* Brackets, quotes and backslashes inside strings. */
		{ "{\"value\":[{\"a\":\"}]\\\"{[\\\\\"}]}",
		    "{\"a\":\"}]\\\"{[\\\\\"}@10 ." },
		{ "{\"v\\u0061lue\":[{\"a\":1}]}", "{\"a\":1}@15 ." },
		/* Legal, though it looks odd. */
		{ "{\"value\":[{\"a\":\"\\u0000\"}]}",
		    "{\"a\":\"\\u0000\"}@10 ." },
		{ "{\"value\":[{\"a\":-0.5e+3,\"b\":[true,false,null,0]}]}",
		    "{\"a\":-0.5e+3,\"b\":[true,false,null,0]}@10 ." },
		{ "{\"value\":[{\"a\":\"\xff\xc0\"}]}",
		    "{\"a\":\"\xff\xc0\"}@10 ." },
		/* A name that only ends like a NUL. */
		{ "{\"value\":[{\"\\u00001\":1},{\"\\\\u0000\":1}]}",
		    "!10(byte 18: a NUL (\\u0000) in a member name) "
		    "{\"\\\\u0000\":1}@24 ." },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		expect(&page, rows[i].text, rows[i].want);
	expect(&bare, "[{\"a\":1},{\"b\":2}]", "{\"a\":1}@1 {\"b\":2}@9 .");
	expect(&bare, " [ ] ", ".");
}

static void
a_refused_record_does_not_stop_the_page(void **state)
{
	/* In place of X of {"value":[{"a":1},X,{"b":2}]}; the record begins at
	   byte 18 counted from 0. */
	static const struct row rows[] = {
		{ "{\"id\\u0000\":1}",
		    "byte 28: a NUL (\\u0000) in a member "
		    "name" },
		{ "{\"a\":{\"x\":1,\"id\\u0000x\":2}}",
		    "byte 39: a NUL (\\u0000) in a member name" },
		{ "{\"a\":[{\"\\u0000\":2}]}",
		    "byte 32: a NUL (\\u0000) in a member name" },
		{ "{\"a\":\"x\ny\"}",
		    "byte 26: a raw control byte in a "
		    "string" },
		{ "{\"a\":\"x\\\ty\"}",
		    "byte 27: a raw control byte in a string" },
		{ "{\"a\":\"\\u00\x1f\"}",
		    "byte 29: a raw control byte in a string" },
		{ "{\"a\":'x'}", "byte 24: a string in single quotes" },
		{ "{'a':\"x]}\"}", "byte 20: a string in single quotes" },
		{ "{\"a\":'x]}\"'}", "byte 24: a string in single quotes" },
		{ "7", "byte 19: a record must be an object" },
		{ "null", "byte 19: a record must be an object" },
		{ "\"text ]\"", "byte 19: a record must be an object" },
		{ "[{\"a\":1}]", "byte 19: a record must be an object" },
	};
	static const struct {
		const char *word;
		int at;
	} words[] = {
		{ "NaN", 27 },
		{ "-Infinity", 33 },
		{ "Infinity", 32 },
		{ "nul", 27 },
		{ "nulll", 29 },
		{ "True", 28 },
		{ "01", 26 },
		{ "1.", 26 },
		{ ".5", 26 },
		{ "+1", 26 },
		{ "-", 25 },
		{ "1e", 26 },
		{ "0x10", 28 },
		{ "/**/1", 29 },
		{ "\x01", 25 },
	};
	char text[256], want[512];

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		(void)snprintf(text, sizeof(text),
		    "{\"value\":[{\"a\":1},%s,{\"b\":2}]}", rows[i].text);
		(void)snprintf(want, sizeof(want),
		    "{\"a\":1}@10 !18(%s) {\"b\":2}@%zu .", rows[i].want,
		    19 + strlen(rows[i].text));
		expect(&page, text, want);
	}
	for (size_t i = 0; i < NELEM(words); i++) {
		(void)snprintf(text, sizeof(text),
		    "{\"value\":[{\"a\":1},{\"a\":%s},{\"b\":2}]}",
		    words[i].word);
		(void)snprintf(want, sizeof(want),
		    "{\"a\":1}@10 !18(byte %d: a word that JSON does not know "
		    "(NaN, Infinity, a number with a leading 0 or the like)) "
		    "{\"b\":2}@%zu .",
		    words[i].at, 25 + strlen(words[i].word));
		expect(&page, text, want);
	}
}

static void
a_raw_nul_byte_is_refused(void **state)
{
	static const char in_string[] = "[{\"a\":\"x\0y\"},{}]";
	static const char in_name[] = "[{\"id\0y\":1},{}]";
	static const char outside[] = "[{\"a\":\0},{}]";

	(void)state;
	expect_bytes(&bare, in_string, sizeof(in_string) - 1,
	    "!1(byte 9: a raw control byte in a string) {}@13 .");
	expect_bytes(&bare, in_name, sizeof(in_name) - 1,
	    "!1(byte 6: a raw control byte in a string) {}@12 .");
	expect_bytes(&bare, outside, sizeof(outside) - 1,
	    "!1(byte 8: a word that JSON does not know (NaN, Infinity, a "
	    "number with a leading 0 or the like)) {}@9 .");
}

static void
what_is_no_page_is_an_error_with_its_byte(void **state)
{
	static const struct row rows[] = {
		{ "", "data: it is empty" },
		{ "  \n", "data: it holds nothing but blanks" },
		{ "<html><body>",
		    "data: byte 1: expected an object or an "
		    "array, found '<' (this is HTML or XML, not "
		    "JSON)" },
		{ "\n\nOops",
		    "data: byte 3: expected an object or an array, "
		    "found 'O'" },
		{ "\"x\"",
		    "data: byte 1: expected an object or an array, "
		    "found '\"'" },
		{ "[{}]",
		    "data: byte 1: expected an object or an array, "
		    "found '['" },
		{ "{}", "data: it holds no array \"value\" of records" },
		{ "{\"value\":null}",
		    "data: it holds no array \"value\" of records" },
		{ "{\"value\":{\"value\":[]}}",
		    "data: it holds no array \"value\" of records" },
		{ "{\"value\":[{}]}x",
		    "{}@10 data: byte 15: expected nothing more, found 'x'" },
		{ "{\"value\":[{}]}{}",
		    "{}@10 data: byte 15: expected nothing more, found '{'" },
		/* Cut. */
		{ "{",
		    "data: it ended at byte 1, where a member name or '}' "
		    "was expected" },
		{ "{\"val",
		    "data: it ended at byte 5, where the rest of a "
		    "value was expected" },
		{ "{\"value\":",
		    "data: it ended at byte 9, where a value "
		    "was expected" },
		{ "{\"value\":[",
		    "data: it ended at byte 10, where a record "
		    "or ']' was expected" },
		{ "{\"value\":[{\"a\":\"x",
		    "data: it ended at byte 17, inside the record that "
		    "begins at byte 11" },
		{ "{\"value\":[{}",
		    "{}@10 data: it ended at byte 12, where "
		    "',' or ']' was expected" },
		{ "{\"value\":[{}]",
		    "{}@10 data: it ended at byte 13, where "
		    "',' or '}' was expected" },
		/* Grammar of the page. */
		{ "{\"value\":[{},]}",
		    "{}@10 data: byte 14: expected a record, found ']'" },
		{ "{\"value\":[,{}]}",
		    "data: byte 11: expected a record or ']', found ','" },
		{ "{\"value\":[{}{}]}",
		    "{}@10 data: byte 13: expected ',' or ']', found '{'" },
		{ "{\"value\":[{}}}",
		    "{}@10 data: byte 13: expected ',' or ']', found '}'" },
		{ "{\"value\" [{}]}",
		    "data: byte 10: expected ':', found '['" },
		{ "{\"value\":[{}],}",
		    "{}@10 data: byte 15: expected a "
		    "member name, found '}'" },
		{ "{value:[{}]}",
		    "data: byte 2: expected a member name or "
		    "'}', found 'v'" },
		{ "{\"a\":,\"value\":[{}]}",
		    "data: byte 6: expected a value, found ','" },
		/* Nesting that cannot be followed. */
		{ "{\"value\":[{\"a\":[}]}",
		    "data: byte 17: a bracket closes "
		    "what another kind opened" },
		{ "{\"value\":[{\"a\":1]}",
		    "data: byte 17: a bracket closes "
		    "what another kind opened" },
		/* The page's own members. */
		{ "{\"x\":NaN,\"value\":[]}",
		    "data: byte 9: a word that JSON does not know (NaN, "
		    "Infinity, a number with a leading 0 or the like)" },
		{ "{\"@odata.nextLink\":\"a\tb\",\"value\":[]}",
		    "data: byte 22: a raw control byte in a string" },
		{ "{\"@odata.nextLink\":\"a\\u0000b\",\"value\":[]}",
		    "data: byte 20: a NUL (\\u0000) in a name or member of "
		    "the page" },
		{ "{\"@odata.nextLink\\u0000\":\"a\",\"value\":[]}",
		    "data: byte 2: a NUL (\\u0000) in a name or member of "
		    "the page" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		expect(&page, rows[i].text, rows[i].want);
	expect(&bare, "{\"value\":[]}", "data: it is no array of records");
	expect(&any, "", "data: it is empty");
	expect(&any, " ", "data: it holds no array \"value\" of records");
}

static void
anything_that_holds_records_can_be_translated(void **state)
{
	static const struct row rows[] = {
		/* One record. */
		{ "{\"id\":\"x\"}", "{\"id\":\"x\"}@0 ." },
		{ "\xef\xbb\xbf {}", "{}@4 ." },
		/* JSON lines, records in a row. */
		{ "{\"a\":1}\n{\"b\":2}\r\n\n{\"c\":3}\n",
		    "{\"a\":1}@0 {\"b\":2}@8 {\"c\":3}@18 ." },
		{ "{\"a\":1}{\"b\":2}", "{\"a\":1}@0 {\"b\":2}@7 ." },
		/* An array, several of them. */
		{ "[{\"a\":1},{\"b\":2}]", "{\"a\":1}@1 {\"b\":2}@9 ." },
		{ "[{\"a\":1}]\n[]\n{\"b\":2}", "{\"a\":1}@1 {\"b\":2}@13 ." },
		/* Pages. */
		{ "{\"value\":[{\"a\":1},{\"b\":2}]}",
		    "{\"a\":1}@10 {\"b\":2}@18 ." },
		{ "{\"@odata.context\":\"x\",\"value\" : [ \n {\"a\":1}],"
		  "\"@odata.nextLink\":\"y\"}\n{\"value\":[]}\n"
		  "{\"value\":[{\"b\":2}],\"n\":NaN}",
		    "{\"a\":1}@36 {\"b\":2}@91 ." },
		{ "{\"value\":[{\"value\":[{}]}]}", "{\"value\":[{}]}@10 ." },
		/* Records that only look like pages. */
		{ "{\"value\":5}", "{\"value\":5}@0 ." },
		{ "{\"value\":{\"a\":[{}]}}", "{\"value\":{\"a\":[{}]}}@0 ." },
		{ "{\"value\":[1,2]}", "{\"value\":[1,2]}@0 ." },
		{ "{\"value\":[\"x\"],\"a\":1}",
		    "{\"value\":[\"x\"],\"a\":1}@0 ." },
		{ "{\"id\":\"x\",\"value\":[{}]}",
		    "{\"id\":\"x\",\"value\":[{}]}@0 ." },
		{ "{\"a\":\"value\",\"b\":[{}]}",
		    "{\"a\":\"value\",\"b\":[{}]}@0 ." },
		{ "{\"a\":{\"value\":[{}]}}", "{\"a\":{\"value\":[{}]}}@0 ." },
		{ "{\"values\":[{}]}", "{\"values\":[{}]}@0 ." },
		/* Refused ones, and what is none. */
		{ "{\"a\":NaN}\n{\"b\":2}",
		    "!0(byte 9: a word that JSON does not know (NaN, "
		    "Infinity, a number with a leading 0 or the like)) "
		    "{\"b\":2}@10 ." },
		{ "[1]", "!1(byte 2: a record must be an object) ." },
		{ "{\"a\":1}\noops",
		    "{\"a\":1}@0 data: byte 9: expected an "
		    "object or an array, found 'o'" },
		{ "{\"a\":1}\n{\"b\":",
		    "{\"a\":1}@0 data: it ended at byte "
		    "13, inside the record that begins "
		    "at byte 9" },
		{ "5",
		    "data: byte 1: expected an object or an array, found "
		    "'5'" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		expect(&any, rows[i].text, rows[i].want);
}

static void
long_integers_are_marked(void **state)
{
	static const struct row rows[] = {
		{ "[{\"a\":123456789012345678}]",
		    "{\"a\":123456789012345678}@1 ." },
		{ "[{\"a\":-123456789012345678}]",
		    "{\"a\":-123456789012345678}@1 ." },
		{ "[{\"a\":1234567890123456789}]",
		    "+{\"a\":1234567890123456789}@1 ." },
		{ "[{\"a\":[-1234567890123456789]}]",
		    "+{\"a\":[-1234567890123456789]}@1 ." },
		/* No integers, and text. */
		{ "[{\"a\":1234567890123456789.5}]",
		    "{\"a\":1234567890123456789.5}@1 ." },
		{ "[{\"a\":1234567890123456789e1}]",
		    "{\"a\":1234567890123456789e1}@1 ." },
		{ "[{\"a\":\"1234567890123456789\"}]",
		    "{\"a\":\"1234567890123456789\"}@1 ." },
		/* The mark does not leak into the next. */
		{ "[{\"a\":1234567890123456789},{\"b\":1}]",
		    "+{\"a\":1234567890123456789}@1 {\"b\":1}@27 ." },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		expect(&bare, rows[i].text, rows[i].want);
}

/* [{"a":[[[...]]]},{}] with the object the first of n levels. */
static void
nest(struct buf *text, int n)
{
	buf_reset(text);
	buf_adds(text, "[{\"a\":");
	for (int i = 1; i < n; i++)
		buf_addc(text, '[');
	if (n == 1)
		buf_addc(text, '1');
	for (int i = 1; i < n; i++)
		buf_addc(text, ']');
	buf_adds(text, "},{}]");
}

static void
nesting_is_bounded(void **state)
{
	struct buf text, log;

	(void)state;
	buf_init(&text, 1u << 20);
	buf_init(&log, 1u << 20);
	nest(&text, JSON_DEPTH_MAX);
	play(&bare, text.p, text.len, 5, &log);
	assert_non_null(strstr(log.p, "{\"a\":[[["));
	assert_null(strstr(log.p, "!"));
	nest(&text, JSON_DEPTH_MAX + 1);
	expect(&bare, text.p,
	    "!1(byte 70: nested deeper than 64 levels) {}@136 .");
	/* Far past it the levels are still counted. */
	nest(&text, 100000);
	expect(&bare, text.p,
	    "!1(byte 70: nested deeper than 64 levels) {}@200006 .");
	buf_fini(&text);
	buf_fini(&log);
}

static void
an_array_may_lie_inside_of_objects(void **state)
{
	static const char *const inner[] = { "a/b/next", "c/d/e", NULL };
	static const struct split_options o = {
		.shape = SPLIT_PAGE, .array = "a/b/v", .inner = inner
	};
	static const struct row rows[] = {
		{ "{\"a\":{\"b\":{\"v\":[{\"x\":1}]}}}", "{\"x\":1}@16 ." },
		{ "{\"v\":[{}],\"b\":{\"v\":[{}]},\"a\":{\"v\":[{}],\"c\":{"
		  "\"v\":[{}]},\"b\":{\"n\":[],\"v\":[{\"x\":1}],\"w\":2},"
		  "\"d\":1},\"e\":3}",
		    "{\"x\":1}@71 ." },
		{ "{\"a\":{\"b\":{\"v\":[]}}}", "." },
		{ "{\"a\":[{\"b\":{\"v\":[{}]}}]}",
		    "no array \"a/b/v\" of records" },
		{ "{\"a\":{\"b\":{}}}", "no array \"a/b/v\" of records" },
		{ "{\"a\":{\"b\":{\"v\":[{}]}}", "ended at byte 21" },
		{ "{\"a\":{\"b\":{\"v\":[]}}}}", "expected nothing more" },
	};
	static const char members[] =
	    "{\"c\":{\"d\":{\"e\":7}},\"a\":{\"n\":1,\"b\":{\"next\":\"x\","
	    "\"v\":[]},\"c\":{\"d\":{\"e\":8}}},\"n\":2}";

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		for (size_t cut = 1; cut <= 64; cut *= 2) {
			struct buf log;

			buf_init(&log, 4096);
			play(&o, rows[i].text, strlen(rows[i].text), cut, &log);
			if (rows[i].want[0] == '{' || rows[i].want[0] == '.')
				assert_string_equal(log.p, rows[i].want);
			else
				assert_non_null(strstr(log.p, rows[i].want));
			buf_fini(&log);
		}
	}
	for (size_t cut = 1; cut <= 64; cut *= 2) {
		struct split *s = split_new(&o, &handlers, NULL);

		for (int round = 0; round < 2; round++) {
			assert_int_equal(feed_cut(s, members,
					     sizeof(members) - 1, cut, NULL),
			    0);
			assert_string_equal(split_member(s, "a/b/next"), "x");
			assert_string_equal(split_member(s, "c/d/e"), "7");
			assert_string_equal(split_member(s, "a/n"), "1");
			assert_string_equal(split_member(s, "n"), "2");
			assert_null(split_member(s, "next"));
			split_reset(s);
		}
		split_free(s);
	}
}

static void
sizes_are_bounded(void **state)
{
	static const struct split_options small = { .shape = SPLIT_PAGE,
		.max_element = 10 };
	static const struct split_options short_page = { .shape = SPLIT_PAGE,
		.max_page = 16 };

	(void)state;
	expect(&small, "[{\"a\":\"bc\"},{\"a\":\"bcd\"},{}]",
	    "{\"a\":\"bc\"}@1 "
	    "!12(byte 23: the record is longer than 10 bytes) {}@24 .");
	/* The first fault is the one that is told. */
	expect(&small, "[{\"a\":NaN,\"b\":1},{}]",
	    "!1(byte 10: a word that JSON does not know (NaN, Infinity, a "
	    "number with a leading 0 or the like)) {}@17 .");
	expect(&small, "[{\"abcdefg\":NaN},{}]",
	    "!1(byte 12: the record is longer than 10 bytes) {}@17 .");
	expect(&small, "[{\"abcd\":1234567890123456789},{}]",
	    "!1(byte 12: the record is longer than 10 bytes) {}@30 .");
	expect(&short_page, "[{\"a\":\"bcdefg\"}]", "{\"a\":\"bcdefg\"}@1 .");
}

static void
a_page_that_is_too_long_is_an_error(void **state)
{
	static const struct split_options o = { .shape = SPLIT_PAGE,
		.max_page = 16 };
	struct err e = { .kind = ERR_NONE };
	struct buf log;
	struct split *s;

	(void)state;
	buf_init(&log, 1000);
	s = split_new(&o, &handlers, &log);
	assert_int_equal(split_feed(s, "[{\"a\":\"bcdefg\"}]", 16, &e), 0);
	assert_int_equal(split_feed(s, " ", 1, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	split_free(s);
	buf_fini(&log);
}

static void
the_pages_own_members_are_kept(void **state)
{
	static const char text[] =
	    "{\"@odata.context\":\"https:\\/\\/x\",\"@odata.count\":12,"
	    "\"n\":-1.50,\"long\":12345678901234567890,\"flag\":true,"
	    "\"nothing\":null,\"twice\":\"a\",\"list\":[\"x\"],"
	    "\"error\":{\"code\":\"Bad\",\"message\":\"no \\u00e9\","
	    "\"innerError\":{\"code\":\"x\"},\"status\":400},\"value\":[],"
	    "\"twice\":\"b\",\"@odata.nextLink\":\"https://y?$skip=1\"}";
	static const struct {
		const char *name, *want;
	} rows[] = {
		{ "@odata.context", "https://x" },
		{ "@odata.count", "12" },
		{ "n", "-1.50" },
		{ "long", "12345678901234567890" },
		{ "flag", NULL },
		{ "nothing", NULL },
		{ "list", NULL },
		{ "value", NULL },
		{ "twice", "b" },
		{ "@odata.nextLink", "https://y?$skip=1" },
		{ "error", NULL },
		{ "error/code", "Bad" },
		{ "error/message", "no \xc3\xa9" },
		{ "error/innerError", NULL },
		{ "error/status", "400" },
	};
	struct err e = { .kind = ERR_NONE };
	struct buf log;
	struct split *s;

	(void)state;
	buf_init(&log, 1000);
	s = split_new(&page, &handlers, &log);
	for (size_t cut = 1; cut < 4; cut++) {
		split_reset(s);
		assert_null(split_member(s, "n"));
		assert_int_equal(
		    feed_cut(s, text, sizeof(text) - 1, cut, &e), 0);
		for (size_t i = 0; i < NELEM(rows); i++) {
			const char *got = split_member(s, rows[i].name);

			if (rows[i].want == NULL)
				assert_null(got);
			else
				assert_string_equal(got, rows[i].want);
		}
	}
	split_free(s);
	buf_fini(&log);
}

static void
an_error_answer_can_be_read_though_it_is_no_page(void **state)
{
	static const char text[] = "{\"error\":{\"code\":\"\",\"message\":"
				   "\"$skip=600 cannot exceed 500\"}}";
	struct err e = { .kind = ERR_NONE };
	struct buf log;
	struct split *s;

	(void)state;
	buf_init(&log, 1000);
	s = split_new(&page, &handlers, &log);
	assert_int_equal(feed_cut(s, text, sizeof(text) - 1, 9, &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
	assert_string_equal(split_member(s, "error/code"), "");
	assert_string_equal(
	    split_member(s, "error/message"), "$skip=600 cannot exceed 500");
	split_free(s);
	buf_fini(&log);
}

/* {"x":"aaa...","value":[]} with a string of len bytes, its quotes counted. */
static int
with_member(struct split *s, size_t len, struct err *e)
{
	struct buf text;
	int rc;

	buf_init(&text, 1u << 20);
	buf_adds(&text, "{\"x\":\"");
	for (size_t i = 2; i < len; i++)
		buf_addc(&text, 'a');
	buf_adds(&text, "\",\"value\":[]}");
	split_reset(s);
	rc = feed_cut(s, text.p, text.len, 1000, e);
	buf_fini(&text);
	return rc;
}

static void
members_of_the_page_are_bounded(void **state)
{
	struct err e = { .kind = ERR_NONE };
	struct buf log, text;
	struct split *s;

	(void)state;
	buf_init(&log, 1000);
	buf_init(&text, 1u << 20);
	s = split_new(&page, &handlers, &log);
	assert_int_equal(with_member(s, JSON_MEMBER_MAX, &e), 0);
	assert_int_equal(strlen(split_member(s, "x")), JSON_MEMBER_MAX - 2);
	assert_int_equal(with_member(s, JSON_MEMBER_MAX + 1, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	/* All together. */
	buf_adds(&text, "{");
	for (int i = 0; i < 90000; i++)
		buf_adds(&text, "\"x\":\"y\",");
	buf_adds(&text, "\"value\":[]}");
	split_reset(s);
	assert_int_equal(-1, feed_cut(s, text.p, text.len, 1000, &e));
	assert_int_equal(e.kind, ERR_LIMIT);
	/* What is not kept may be long. */
	buf_reset(&text);
	buf_adds(&text, "{\"x\":[\"");
	for (int i = 0; i < 200000; i++)
		buf_addc(&text, 'a');
	buf_adds(&text, "\"],\"value\":[]}");
	split_reset(s);
	assert_int_equal(0, feed_cut(s, text.p, text.len, 1000, &e));
	split_free(s);
	buf_fini(&log);
	buf_fini(&text);
}

static void
the_receiver_of_records_can_stop_it(void **state)
{
	(void)state;
	expect(&bare, "[{\"a\":1},{\"stop\":1},{\"b\":2}]",
	    "{\"a\":1}@1 busy: told to stop");
}

static void
counts_include_what_was_refused(void **state)
{
	struct err e = { .kind = ERR_NONE };
	struct buf log;
	struct split *s;

	(void)state;
	buf_init(&log, 1000);
	s = split_new(&bare, &handlers, &log);
	assert_int_equal(feed_cut(s, "[{},NaN,{}]", 11, 1, &e), 0);
	assert_int_equal(split_count(s), 3);
	split_reset(s);
	assert_int_equal(split_count(s), 0);
	assert_int_equal(feed_cut(s, "[{}]", 4, 1, &e), 0);
	assert_int_equal(split_count(s), 1);
	split_free(s);
	buf_fini(&log);
}

/* Not whether it is right, but that it is the same, and no crash. */
static void
broken_bytes_give_the_same_however_they_are_cut(void **state)
{
	static const char seed[] =
	    "{\"@odata.count\":12,\"error\":{\"code\":\"x\"},\"value\":[{\"id\""
	    ":\"a\\u00e9\\n\",\"n\":[-1.5e3,12345678901234567890,null]},"
	    "{\"value\":[{\"x\":true}]}],\"@odata.nextLink\":\"https://y\"}";
	static const char bytes[] = "{}[],:\"\\'u0019-+.eEtfnN \n\t\x01\x80x";
	static const struct split_options *const shapes[] = { &page, &any };
	static const size_t cuts[] = { 1, 2, 5 };
	uint64_t random = 1;

	(void)state;
	for (int round = 0; round < 4000; round++) {
		const struct split_options *o = shapes[round % 2];
		char text[sizeof(seed)];
		struct buf whole, cut;

		memcpy(text, seed, sizeof(seed));
		for (int i = 0; i <= round % 4; i++) {
			random = random * 6364136223846793005U + 1442695U;
			text[(random >> 33) % (sizeof(seed) - 1)] =
			    bytes[(random >> 13) % (sizeof(bytes) - 1)];
		}
		buf_init(&whole, 1U << 20);
		buf_init(&cut, 1U << 20);
		play(o, text, sizeof(seed) - 1, SIZE_MAX / 2, &whole);
		for (size_t i = 0; i < NELEM(cuts); i++) {
			buf_reset(&cut);
			play(o, text, sizeof(seed) - 1, cuts[i], &cut);
			assert_string_equal(cut.p, whole.p);
		}
		buf_fini(&whole);
		buf_fini(&cut);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_cut_into_records),
		cmocka_unit_test(a_refused_record_does_not_stop_the_page),
		cmocka_unit_test(a_raw_nul_byte_is_refused),
		cmocka_unit_test(what_is_no_page_is_an_error_with_its_byte),
		cmocka_unit_test(anything_that_holds_records_can_be_translated),
		cmocka_unit_test(long_integers_are_marked),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(an_array_may_lie_inside_of_objects),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(a_page_that_is_too_long_is_an_error),
		cmocka_unit_test(the_pages_own_members_are_kept),
		cmocka_unit_test(
		    an_error_answer_can_be_read_though_it_is_no_page),
		cmocka_unit_test(members_of_the_page_are_bounded),
		cmocka_unit_test(the_receiver_of_records_can_stop_it),
		cmocka_unit_test(counts_include_what_was_refused),
		cmocka_unit_test(
		    broken_bytes_give_the_same_however_they_are_cut),
	};

	return cmocka_run_group_tests_name("source: split", tests, NULL, NULL);
}
