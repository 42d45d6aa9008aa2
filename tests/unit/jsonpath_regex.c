/*
 * jsonpath_regex.c - match() and search(): I-Regexp (RFC 9485) by PCRE2
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/obj.h"

#include "jsonpath/jsonpath.h"

enum answer {
	NO,
	YES,
	REFUSED, /* when compiled: no I-Regexp */
	TOO_BIG, /* when evaluated: ERR_LIMIT */
};

struct row {
	const char *pattern; /* as RFC 9485 reads it: no JSON escapes */
	const char *text;
	enum answer match, search;
};

/* clang-format off */
static const struct row rows[] = {
	{ "a.*b", "axxb", YES, YES },
	{ "a.*b", "xaxxbx", NO, YES },
	{ "", "", YES, YES },
	{ "", "a", NO, YES },
	{ "a|bc", "bc", YES, YES },
	{ "a|b", "ab", NO, YES },
	{ "(a|b)+c?", "abab", YES, YES },
	{ "(ab|a)(bc)?", "abc", YES, YES },
	{ "a{2}", "aa", YES, YES },
	{ "a{2,}", "aaaa", YES, YES },
	{ "a{2,3}", "aaaa", NO, YES },
	{ "a{0}", "", YES, YES },
	/* "." (RFC 9485, 5.3) */
	{ ".", "\n", NO, NO },
	{ ".", "\r", NO, NO },
	{ ".", "\xe2\x80\xa8", YES, YES },
	{ ".", "\xc2\x85", YES, YES },
	{ ".", "\xf0\x9f\x98\x80", YES, YES },
	{ "a.b", "a\r\nb", NO, NO },
	{ "[.]", "x", NO, NO },
	{ "\\.", "x", NO, NO },
	{ "[^a]", "\n", YES, YES },
	/* anchors */
	{ "^ab$", "ab", YES, YES },
	{ "^b", "ab", NO, NO },
	{ "b$", "ab\n", NO, NO },
	{ "^b", "a\nb", NO, NO },
	{ "a[$]", "a$", YES, YES },
	{ "\\^a", "^a", YES, YES },
	/* escapes and classes */
	{ "\\(\\)\\*\\+\\-\\.\\?\\[\\\\\\]\\^\\{\\|\\}", "()*+-.?[\\]^{|}",
	    YES, YES },
	{ "\\n\\r\\t", "\n\r\t", YES, YES },
	{ "[a-c]+", "abc", YES, YES },
	{ "[-a]+", "a-", YES, YES },
	{ "[a-]+", "a-", YES, YES },
	{ "[--]", "-", YES, YES },
	{ "[^-a]", "b", YES, YES },
	{ "[\\-\\]\\[\\\\^]+", "-][\\^", YES, YES },
	{ "[a^]+", "a^", YES, YES },
	{ "[&&~~]+", "&~", YES, YES },
	{ "[:a:]+", ":a", YES, YES },
	{ "[\\p{Lu}\\P{L}]+", "A1", YES, YES },
	{ "\\p{Lu}\\p{Nd}\\p{Sc}\\p{Zs}\\p{C}", "A1$ \001", YES, YES },
	{ "\xc3\xa4+", "\xc3\xa4\xc3\xa4", YES, YES },
	{ "[\xc3\xa4-\xc3\xbc]", "\xc3\xb6", YES, YES },
	/* PCRE2's own meaning of plain characters must not show */
	{ "a#b c", "a#b c", YES, YES },
	{ "/<>=!:'\"%&,;@_`~", "/<>=!:'\"%&,;@_`~", YES, YES },
	{ "\001", "\001", YES, YES },
	/* not I-Regexp */
	{ "\\d", "1", REFUSED, REFUSED },
	{ "\\w", "1", REFUSED, REFUSED },
	{ "\\s", "1", REFUSED, REFUSED },
	{ "\\b", "1", REFUSED, REFUSED },
	{ "\\$", "$", REFUSED, REFUSED },
	{ "\\", "", REFUSED, REFUSED },
	{ "\\u0041", "A", REFUSED, REFUSED },
	{ "\\1", "", REFUSED, REFUSED },
	{ "(?i)a", "A", REFUSED, REFUSED },
	{ "(?:a)", "a", REFUSED, REFUSED },
	{ "(*FAIL)", "", REFUSED, REFUSED },
	{ "a*?", "a", REFUSED, REFUSED },
	{ "a++", "a", REFUSED, REFUSED },
	{ "*a", "a", REFUSED, REFUSED },
	{ "a|*", "a", REFUSED, REFUSED },
	{ "a{,3}", "a", REFUSED, REFUSED },
	{ "a{}", "a", REFUSED, REFUSED },
	{ "a{1", "a", REFUSED, REFUSED },
	{ "a{1,2", "a", REFUSED, REFUSED },
	{ "a{3,2}", "a", REFUSED, REFUSED },
	{ "a}", "a}", REFUSED, REFUSED },
	{ "]", "]", REFUSED, REFUSED },
	{ "(a", "a", REFUSED, REFUSED },
	{ "a)", "a", REFUSED, REFUSED },
	{ "[", "[", REFUSED, REFUSED },
	{ "[]", "", REFUSED, REFUSED },
	{ "[^]", "", REFUSED, REFUSED },
	{ "[]a]", "]", REFUSED, REFUSED },
	{ "[[:alpha:]]", "a", REFUSED, REFUSED },
	{ "[a-c-e]", "a", REFUSED, REFUSED },
	{ "[a--]", "a", REFUSED, REFUSED },
	{ "[c-a]", "b", REFUSED, REFUSED },
	{ "[a-\\p{L}]", "b", REFUSED, REFUSED },
	{ "[a-z&&[^b]]", "b", REFUSED, REFUSED },
	{ "\\p{Lx}", "b", REFUSED, REFUSED },
	{ "\\p{Cs}", "b", REFUSED, REFUSED },
	{ "\\p{Greek}", "b", REFUSED, REFUSED },
	{ "\\pL", "b", REFUSED, REFUSED },
	{ "\\p{", "b", REFUSED, REFUSED },
	{ "\\p{L", "b", REFUSED, REFUSED },
	/* I-Regexp, but more than we take */
	{ "a{65535}", "a", NO, NO },
	{ "a{65536}", "a", TOO_BIG, TOO_BIG },
	{ "(((a{900}){900}){900})", "a", TOO_BIG, TOO_BIG },
};
/* clang-format on */

/* {"p": pattern, "t": text} */
static struct json_object *
document(
    const char *pattern, size_t pattern_len, const char *text, size_t text_len)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(
	    o, "p", json_object_new_string_len(pattern, (int)pattern_len));
	json_object_object_add(
	    o, "t", json_object_new_string_len(text, (int)text_len));
	return o;
}

static enum answer
ask(const char *condition, struct json_object *root, struct jpath_nodes *n)
{
	const struct jpath_input in = { .root = root };
	struct jpath_fault f;
	struct jpath_logic *l;
	enum answer a;
	struct err e;
	bool is_true;

	l = jpath_logic_compile(condition, strlen(condition), &f);
	if (l == NULL) {
		assert_true(f.offset + f.len <= strlen(condition));
		return REFUSED;
	}
	if (jpath_logic_eval(l, &in, n, &is_true, &e) == -1) {
		assert_int_equal(e.kind, ERR_LIMIT);
		a = TOO_BIG;
	} else {
		a = is_true ? YES : NO;
	}
	jpath_logic_free(l);
	return a;
}

/* f($.t, 'pattern') */
static void
call(struct buf *b, const char *function, const char *pattern)
{
	buf_reset(b);
	buf_addf(b, "%s($.t, '", function);
	for (; *pattern != '\0'; pattern++) {
		if (*pattern == '\\' || *pattern == '\'')
			buf_addc(b, '\\');
		if ((unsigned char)*pattern < 0x20)
			buf_addf(b, "\\u%04x", (unsigned int)*pattern);
		else
			buf_addc(b, *pattern);
	}
	buf_adds(b, "')");
}

static void
check(const struct row *row, const char *how, enum answer got, enum answer want)
{
	if (got != want)
		fail_msg("%s, %s: %d", row->pattern, how, (int)got);
}

/* As a literal a refused pattern is a fault of the query; in the document it
   matches nothing (RFC 9535, 2.4.6). */
static void
patterns_mean_what_rfc_9485_says(void **state)
{
	struct jpath_nodes *n = jpath_nodes_new();
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < NELEM(rows); i++) {
		const struct row *r = &rows[i];
		struct json_object *d = document(
		    r->pattern, strlen(r->pattern), r->text, strlen(r->text));
		bool is_literal_bad = r->match >= REFUSED;

		call(&b, "match", r->pattern);
		check(r, "match", ask(b.p, d, n),
		    is_literal_bad ? REFUSED : r->match);
		call(&b, "search", r->pattern);
		check(r, "search", ask(b.p, d, n),
		    is_literal_bad ? REFUSED : r->search);
		check(r, "match from the document",
		    ask("match($.t, $.p)", d, n),
		    r->match == REFUSED ? NO : r->match);
		check(r, "search from the document",
		    ask("search($.t, $.p)", d, n),
		    r->search == REFUSED ? NO : r->search);
		json_object_put(d);
	}
	buf_fini(&b);
	jpath_nodes_free(n);
}

static enum answer
ask_bytes(const char *condition, const char *text, size_t len)
{
	struct json_object *d = document("", 0, text, len);
	struct jpath_nodes *n = jpath_nodes_new();
	enum answer a = ask(condition, d, n);

	jpath_nodes_free(n);
	json_object_put(d);
	return a;
}

/* No pattern matches such bytes; what is around them can be found. */
static void
a_text_that_is_not_utf8_is_no_error(void **state)
{
	static const struct {
		const char *condition;
		enum answer answer;
	} of_ab[] = {
		{ "search($.t, 'b')", YES },
		{ "search($.t, 'c')", NO },
		{ "search($.t, '^a')", YES },
		{ "search($.t, '^b')", NO },
		{ "search($.t, 'a$')", NO },
		{ "search($.t, 'b$')", YES },
		{ "match($.t, 'a')", NO },
		{ "match($.t, 'b')", NO },
		{ "match($.t, 'a.b')", NO },
		{ "match($.t, '(a|b)*')", NO },
		{ "length($.t) == 3", YES },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(of_ab); i++) {
		if (ask_bytes(of_ab[i].condition, "a\xff\x62", 3) !=
		    of_ab[i].answer)
			fail_msg("%s", of_ab[i].condition);
	}
}

static void
a_text_may_hold_nul(void **state)
{
	(void)state;
	assert_int_equal(ask_bytes("match($.t, 'a.b')", "a\0b", 3), YES);
	assert_int_equal(ask_bytes("match($.t, 'a\\u0000b')", "a\0b", 3), YES);
	assert_int_equal(ask_bytes("match($.t, 'a')", "a\0b", 3), NO);
	assert_int_equal(ask_bytes("length($.t) == 3", "a\0b", 3), YES);
}

static void
a_pattern_has_a_limit(void **state)
{
	static char pattern[JPATH_REGEX_MAX + 1];
	struct jpath_nodes *n = jpath_nodes_new();
	struct json_object *d;

	(void)state;
	memset(pattern, 'a', sizeof(pattern));
	d = document(pattern, JPATH_REGEX_MAX, pattern, JPATH_REGEX_MAX);
	assert_int_equal(ask("match($.t, $.p)", d, n), YES);
	json_object_put(d);
	d = document(pattern, JPATH_REGEX_MAX + 1, "a", 1);
	assert_int_equal(ask("match($.t, $.p)", d, n), TOO_BIG);
	json_object_put(d);
	/* the longest rewriting */
	memset(pattern, '(', JPATH_DEPTH_MAX);
	memset(
	    pattern + JPATH_DEPTH_MAX, '-', JPATH_REGEX_MAX - JPATH_DEPTH_MAX);
	memset(
	    pattern + JPATH_REGEX_MAX - JPATH_DEPTH_MAX, ')', JPATH_DEPTH_MAX);
	d = document(pattern, JPATH_REGEX_MAX, "-", 1);
	assert_int_equal(ask("match($.t, $.p)", d, n), NO);
	json_object_put(d);
	/* one group more */
	memset(pattern, '(', JPATH_DEPTH_MAX + 1);
	memset(pattern + JPATH_REGEX_MAX - JPATH_DEPTH_MAX - 1, ')',
	    JPATH_DEPTH_MAX + 1);
	d = document(pattern, JPATH_REGEX_MAX, "-", 1);
	assert_int_equal(ask("match($.t, $.p)", d, n), TOO_BIG);
	json_object_put(d);
	jpath_nodes_free(n);
}

static void
a_pattern_that_explodes_is_stopped(void **state)
{
	char text[40];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(
	    ask_bytes("match($.t, '(a*)*b|(a|aa)+c')", text, 10), NO);
	text[39] = '!';
	assert_int_equal(
	    ask_bytes("search($.t, '(a|aa)+$')", text, 40), TOO_BIG);
}

/* A leading ".*" costs no more than a line's length each. */
static void
a_leading_dot_star_is_cheap(void **state)
{
	static char text[200000];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[100] = 'b';
	assert_int_equal(
	    ask_bytes("search($.t, '.*bc.*')", text, sizeof(text)), NO);
	text[100] = 'x';
	text[sizeof(text) - 2] = 'b';
	text[sizeof(text) - 1] = 'c';
	assert_int_equal(
	    ask_bytes("search($.t, '.*bc.*')", text, sizeof(text)), YES);
}

/* More patterns than the cache has slots, in turn, anchored and not. */
static void
patterns_of_documents_take_turns(void **state)
{
	struct jpath_nodes *n = jpath_nodes_new();
	char pattern[] = "a", text[] = "ax";

	(void)state;
	for (int i = 0; i < 60; i++) {
		struct json_object *d;

		pattern[0] = text[0] = (char)('a' + i % 20);
		d = document(pattern, 1, text, 2);
		assert_int_equal(ask("search($.t, $.p)", d, n), YES);
		assert_int_equal(ask("match($.t, $.p)", d, n), NO);
		json_object_put(d);
	}
	jpath_nodes_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_mean_what_rfc_9485_says),
		cmocka_unit_test(a_text_that_is_not_utf8_is_no_error),
		cmocka_unit_test(a_text_may_hold_nul),
		cmocka_unit_test(a_pattern_has_a_limit),
		cmocka_unit_test(a_pattern_that_explodes_is_stopped),
		cmocka_unit_test(a_leading_dot_star_is_cheap),
		cmocka_unit_test(patterns_of_documents_take_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
