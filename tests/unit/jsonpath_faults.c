/*
 * jsonpath_faults.c - where a query ends, and what is said of a wrong one
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/obj.h"
#include "base/utf8.h"

#include "jsonpath/jsonpath.h"

struct wrong {
	const char *text;
	size_t offset, len;
	const char *message;
};

static void
check_fault(const struct wrong *row, const struct jpath_fault *f)
{
	if (f->offset != row->offset || f->len != row->len ||
	    strcmp(f->message, row->message) != 0) {
		fail_msg("%s: got %zu+%zu: %s", row->text, f->offset, f->len,
		    f->message);
	}
}

static const struct wrong queries[] = {
	/* how it begins and ends */
	{ "", 0, 1,
	    "expected a query, from \"$\" or \"@\", but the text ends here" },
	{ "a.b", 0, 1, "expected a query, from \"$\" or \"@\", found \"a\"" },
	{ " $", 0, 1, "no blanks may stand before a query; remove them" },
	{ "$.a \t", 3, 2, "no blanks may stand behind a query; remove them" },
	{ "$.a)", 3, 1,
	    "expected \".\", \"[\" or the end of the query, found \")\"" },
	{ "$\xff", 1, 1,
	    "expected \".\", \"[\" or the end of the query, found the byte "
	    "0xff" },
	/* names */
	{ "$.mde-id", 5, 1,
	    "\"-\" is not allowed in a plain name; write ['mde-id']" },
	{ "$.@odata.type", 2, 1,
	    "\"@\" is not allowed in a plain name; write ['@odata.type']" },
	{ "$.a.alerts@odata.context.b", 10, 1,
	    "\"@\" is not allowed in a plain name; write "
	    "['alerts@odata.context']" },
	{ "$..x:y", 4, 1,
	    "\":\" is not allowed in a plain name; write ['x:y']" },
	{ "$.0a", 2, 2,
	    "a plain name may not begin with a digit; write ['0a'] for a "
	    "member, [0] for an element" },
	{ "$.'a'", 2, 1,
	    "a name in quotes stands in brackets, as in ['name']" },
	{ "$..\"a\"", 3, 1,
	    "a name in quotes stands in brackets, as in ..['name']" },
	{ "$.[0]", 1, 1, "no \".\" may stand before \"[\"; remove it" },
	{ "$. a", 2, 1, "no blank may stand behind \".\"; remove it" },
	{ "$.a.", 4, 1,
	    "expected a name or \"*\" behind \".\", but the text ends here" },
	{ "$...a", 3, 1,
	    "expected a name, \"*\" or \"[\" behind \"..\", found \".\"" },
	{ "$.a\xc3\x28", 3, 1,
	    "expected \".\", \"[\" or the end of the query, found the byte "
	    "0xc3" },
	/* brackets */
	{ "$[a]", 2, 1, "a name in brackets needs quotes; write ['a']" },
	{ "$[@odata.type]", 2, 11,
	    "a name in brackets needs quotes; write ['@odata.type']" },
	{ "$[@.a]", 2, 1,
	    "\"@\" may not stand in brackets by itself; a filter begins with "
	    "\"?\", as in [?@.a == 1]" },
	{ "$[0", 1, 1, "the bracket is never closed; write \"]\" at its end" },
	{ "$[0 1]", 4, 1, "expected \",\" or \"]\", found \"1\"" },
	{ "$[]", 2, 1,
	    "expected a quoted name, an index, a slice, \"*\" or \"?\", found "
	    "\"]\"" },
	{ "$[+1]", 2, 1, "no \"+\" before a number; remove it" },
	{ "$[-0]", 2, 2, "-0 is no index; write 0" },
	{ "$[007]", 2, 1, "a number may not begin with 0; remove it" },
	{ "$[1.5]", 3, 1, "an index is a whole number, as in [1]" },
	{ "$[9007199254740992]", 2, 16,
	    "beyond 9007199254740991 (2^53 - 1), the largest index that RFC "
	    "9535 allows" },
	/* strings */
	{ "$['a", 2, 1, "the quote is never closed; write ' at its end" },
	{ "$['a\n']", 4, 1,
	    "a control character may not stand in quotes; write \\u000a" },
	{ "$['a\xed\xa0\x80']", 4, 1, "not UTF-8; save the text as UTF-8" },
	{ "$['a\\d']", 4, 2,
	    "\\d is no escape; write \\\\d for a backslash in the text" },
	{ "$['\\\"']", 3, 2, "\\\" is no escape between '; write \" alone" },
	{ "$['\\u12g4']", 3, 2,
	    "\\u needs four hexadecimal digits, as in \\u263a" },
	{ "$['\\udc00']", 3, 6,
	    "half of a surrogate pair; write both, as in \\ud83d\\ude00" },
	/* conditions */
	{ "$[?]", 3, 1,
	    "expected a condition: a query, a literal, a function, \"!\" or "
	    "\"(\", found \"]\"" },
	{ "$[?@.a=1]", 6, 1, "\"=\" is no operator; write ==" },
	{ "$[?@.a===1]", 6, 3, "\"===\" is no operator; write ==" },
	{ "$[?@.a =~ 'x']", 7, 2,
	    "\"=~\" is no operator; write match(@.a, 'pattern') or search(@.a, "
	    "'pattern')" },
	{ "$[?@.a and @.b]", 7, 3, "\"and\" is no operator; write &&" },
	{ "$[?@.a | @.b]", 7, 1, "\"|\" is no operator; write ||" },
	{ "$[?not @.a]", 3, 3, "\"not\" is unknown; write !(…)" },
	{ "$[?!@.a == 1]", 4, 6,
	    "\"!\" negates no comparison; write !(…) around it" },
	{ "$[?(@.a) == 1]", 3, 5,
	    "a condition in parentheses cannot be compared; compare inside "
	    "them" },
	{ "$[?(@.a]", 7, 1, "expected \"&&\", \"||\" or \")\", found \"]\"" },
	{ "$[?(@.a", 3, 1,
	    "the parenthesis is never closed; write \")\" at its end" },
	{ "$[?@.a == x]", 10, 1,
	    "\"x\" is unknown; write 'x' for a text, @.x for a member" },
	{ "$[?@.a == TRUE]", 10, 4, "\"TRUE\" is unknown; write true" },
	{ "$[?'a']", 3, 3,
	    "a literal alone is no condition; compare it, as in @.a == 'a'" },
	{ "$[?@.a[*] == 1]", 3, 6,
	    "@.a[*] can yield several values, one is needed here; name one, "
	    "as in [0], or write value(@.a[*])" },
	{ "$[?1 == @..a]", 8, 4,
	    "@..a can yield several values, one is needed here; name one, as "
	    "in [0], or write value(@..a)" },
	{ "$[?@.a b]", 7, 1,
	    "expected \"&&\", \"||\", \",\" or \"]\" behind the condition, "
	    "found \"b\"" },
	{ "$[?@.a-1 == 2]", 6, 1,
	    "\"-\" is not allowed in a plain name; write ['a-1']" },
	/* functions */
	{ "$[?mach(@.a, 'b')]", 3, 4,
	    "there is no function \"mach\"; did you mean \"match\"?" },
	{ "$[?contains(@.a, 'b')]", 3, 8,
	    "there is no function \"contains\"; there are length, count, "
	    "match, search and value" },
	{ "$[?count (@.a) == 1]", 8, 1,
	    "no blank may stand behind \"count\"; remove it" },
	{ "$[?length() == 1]", 3, 8,
	    "length() takes one argument, as in length(@.a)" },
	{ "$[?match(@.a) ]", 3, 10,
	    "match() takes two arguments, as in match(@.a, 'x.*')" },
	{ "$[?match(@.a, ]", 14, 1,
	    "expected a literal, a query or a function, found \"]\"" },
	{ "$[?match(@.a,)]", 13, 1, "expected an argument, found \")\"" },
	{ "$[?match(@.a", 8, 1,
	    "the parenthesis is never closed; write \")\" at its end" },
	{ "$[?length(@.a == 1)]", 14, 1,
	    "expected \",\" or \")\", found \"=\"" },
	{ "$[?count('a') == 1]", 9, 3,
	    "count() takes a query, as in count(@.a[*])" },
	{ "$[?length(match(@.a, 'b')) == 1]", 10, 15,
	    "match() is a condition already, no value; write it alone, or "
	    "with ! before it" },
	{ "$[?length(@.a)]", 3, 11,
	    "length() yields a value, no condition; compare it, as in "
	    "length(@.a) == 1" },
	/* patterns: the place is that in the query, behind its escapes */
	{ "$[?match(@.a, '\\\\d+')]", 15, 3,
	    "\\d is not part of I-Regexp (RFC 9485); write [0-9]" },
	{ "$[?match(@.a, 'x\\\\.[a')]", 19, 1,
	    "the character class is never closed; write \"]\" at its end" },
	{ "$[?search(@.a, \"a**\")]", 18, 1,
	    "nothing stands before \"*\" that it could repeat; write [*] for "
	    "itself" },
};

static void
faults_name_place_reason_and_mend(void **state)
{
	struct jpath_fault f;

	(void)state;
	for (size_t i = 0; i < NELEM(queries); i++) {
		const char *s = queries[i].text;

		assert_null(jpath_compile(s, strlen(s), NULL, &f));
		check_fault(&queries[i], &f);
	}
}

static const struct wrong conditions[] = {
	{ "", 0, 1,
	    "expected a condition: a query, a literal, a function, \"!\" or "
	    "\"(\", but the text ends here" },
	{ " $.a == 'x' or $.b", 12, 2, "\"or\" is no operator; write ||" },
	{ "$.a == 1 )", 9, 1,
	    "expected \"&&\", \"||\" or the end of the condition, found \")\"" },
	{ "$.status != resolved", 12, 8,
	    "\"resolved\" is unknown; write 'resolved' for a text, @.resolved "
	    "for a member" },
};

static void
conditions_have_faults_too(void **state)
{
	struct jpath_fault f;

	(void)state;
	for (size_t i = 0; i < NELEM(conditions); i++) {
		const char *s = conditions[i].text;

		assert_null(jpath_logic_compile(s, strlen(s), &f));
		check_fault(&conditions[i], &f);
	}
}

static void
a_long_name_leaves_a_whole_message(void **state)
{
	struct jpath_fault f;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	buf_adds(&b, "$.");
	for (int i = 0; i < 200; i++)
		buf_adds(&b, "\xe2\x82\xac");
	buf_adds(&b, "-x");
	assert_null(jpath_compile(b.p, b.len, NULL, &f));
	assert_true(strlen(f.message) < sizeof(f.message));
	assert_true(utf8_valid(f.message, strlen(f.message)));
	buf_fini(&b);
}

/* What is left of the text when the longest query was taken; NULL: refused. */
static void
the_longest_query_is_taken(void **state)
{
	static const struct {
		const char *text, *rest;
	} rows[] = {
		{ "$.a ?? $.b", " ?? $.b" },
		{ "$.a??$.b", "??$.b" },
		{ "$.a | time", " | time" },
		{ "$.a|time", "|time" },
		{ "$.a} and more", "} and more" },
		{ "$.a)", ")" },
		{ "$", "" },
		{ "@", "" },
		{ "@ ", " " },
		{ "@.deviceDnsName ?? @.hostName", " ?? @.hostName" },
		{ "$.a \t# a comment", " \t# a comment" },
		{ "$.a .b\n[0] | x", " | x" },
		{ "$['a b'][?@.c | d", NULL },
		{ "$.evidence[?@['@odata.type'] == '#x'].y | z", " | z" },
		{ "$.a[?@.b == '|}'] ?? x", " ?? x" },
		{ "$.a, $.b", ", $.b" },
		{ "$.a == 1", " == 1" },
		{ "$.a\"", "\"" },
		{ "$.mde-id ?? x", NULL },
		{ "$.@odata.type | x", NULL },
		{ "$.a. | x", NULL },
		{ "$.a[0 | x", NULL },
		{ " $.a", NULL },
		{ "x", NULL },
	};
	struct jpath_fault f;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		size_t len = strlen(rows[i].text), used = 0;
		struct jpath *q = jpath_compile(rows[i].text, len, &used, &f);

		if (rows[i].rest == NULL) {
			assert_null(q);
			continue;
		}
		assert_non_null(q);
		assert_string_equal(rows[i].text + used, rows[i].rest);
		assert_int_equal(strlen(jpath_text(q)), used);
		jpath_free(q);
	}
}

static void
only_len_bytes_are_read(void **state)
{
	static const char *const rows[] = { "$['\\u12", "$['\\ud83d\\u",
		"$[?match(@.a", "$[?@.a =", "$.a-", "$[1:", "$[?1e", "$..",
		"$[?tru", "$['\\", "$[?@.a &", "$[?!" };
	struct jpath_fault f;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		size_t len = strlen(rows[i]);
		char *exact = malloc(len);

		/* Without a NUL: a sanitizer sees any step beyond. */
		assert_non_null(exact);
		memcpy(exact, rows[i], len);
		assert_null(jpath_compile(exact, len, NULL, &f));
		free(exact);
	}
}

static void
add_times(struct buf *b, const char *s, size_t n)
{
	while (n-- > 0)
		buf_adds(b, s);
}

/* A query of a condition in so many levels. */
static bool
compiles(const char *open, const char *middle, const char *close, size_t n)
{
	struct jpath_fault f;
	struct jpath *q;
	struct buf b;

	buf_init(&b, 1u << 20);
	buf_adds(&b, "$");
	add_times(&b, open, n);
	buf_adds(&b, middle);
	add_times(&b, close, n);
	q = jpath_compile(b.p, b.len, NULL, &f);
	if (q == NULL)
		assert_non_null(strstr(f.message, "nested deeper than 64"));
	buf_fini(&b);
	jpath_free(q);
	return q != NULL;
}

static void
nesting_has_a_limit(void **state)
{
	(void)state;
	assert_true(compiles("[?@", "", "]", JPATH_DEPTH_MAX));
	assert_false(compiles("[?@", "", "]", JPATH_DEPTH_MAX + 1));
	/* the filter is one of them */
	assert_true(compiles("[?(@", "", ")]", JPATH_DEPTH_MAX / 2));
	assert_false(compiles("[?(@", "", ")]", JPATH_DEPTH_MAX / 2 + 1));
	/* length is no depth */
	assert_true(compiles(".a", "", "", 10000));
	assert_true(compiles("[?@.a && @.b || !@.c]", "", "", 2000));
}

static void
a_long_chain_is_not_deep(void **state)
{
	struct jpath_fault f;
	struct jpath_logic *l;
	struct buf b;

	(void)state;
	buf_init(&b, 1u << 20);
	buf_adds(&b, "$.a");
	add_times(&b, "||$.b&&$.c", 20000);
	l = jpath_logic_compile(b.p, b.len, &f);
	assert_non_null(l);
	jpath_logic_free(l);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_name_place_reason_and_mend),
		cmocka_unit_test(conditions_have_faults_too),
		cmocka_unit_test(a_long_name_leaves_a_whole_message),
		cmocka_unit_test(the_longest_query_is_taken),
		cmocka_unit_test(only_len_bytes_are_read),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(a_long_chain_is_not_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
