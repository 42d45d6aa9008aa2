/*
 * jsonpath_eval.c - what queries and conditions find, and what stops them
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

static struct jpath *
compile(const char *s)
{
	struct jpath_fault f;
	struct jpath *q = jpath_compile(s, strlen(s), NULL, &f);

	if (q == NULL)
		fail_msg("%s: %s", s, f.message);
	return q;
}

/* The paths of a query's nodes, one a line; or the error. */
static const char *
paths(const char *query, const struct jpath_input *in, struct buf *out)
{
	struct jpath_nodes *n = jpath_nodes_new();
	struct jpath *q = compile(query);
	struct err e;

	buf_reset(out);
	if (jpath_eval(q, in, n, &e) == -1) {
		buf_addf(out, "%s: %s", err_word(e.kind), e.text);
		assert_int_equal(jpath_nodes_count(n), 0);
	}
	for (size_t i = 0; i < jpath_nodes_count(n); i++) {
		if (i > 0)
			buf_addc(out, '\n');
		jpath_nodes_path(n, i, out);
	}
	jpath_free(q);
	jpath_nodes_free(n);
	return out->p;
}

static void
values_come_without_their_paths_too(void **state)
{
	struct json_object *doc =
	    json_tokener_parse("{\"a\":[1,{\"b\":2},null]}");
	const struct jpath_input in = { .root = doc };
	struct jpath *q = compile("$..['b',0,2,0]");
	struct jpath_nodes *with = jpath_nodes_new();
	struct jpath_nodes *without = jpath_nodes_new();
	struct buf path;

	(void)state;
	buf_init(&path, 100);
	jpath_nodes_keep_paths(without, false);
	/* Twice: the second run begins anew. */
	for (int run = 0; run < 2; run++) {
		assert_int_equal(jpath_eval(q, &in, with, NULL), 0);
		assert_int_equal(jpath_eval(q, &in, without, NULL), 0);
		assert_int_equal(jpath_nodes_count(with), 4);
		assert_int_equal(jpath_nodes_count(without), 4);
		for (size_t i = 0; i < 4; i++) {
			assert_ptr_equal(jpath_nodes_value(with, i),
			    jpath_nodes_value(without, i));
		}
	}
	jpath_nodes_keep_paths(without, true);
	assert_int_equal(jpath_nodes_count(without), 0);
	assert_int_equal(jpath_eval(q, &in, without, NULL), 0);
	jpath_nodes_path(without, 3, &path);
	assert_string_equal(path.p, "$['a'][1]['b']");
	buf_fini(&path);
	jpath_nodes_free(with);
	jpath_nodes_free(without);
	jpath_free(q);
	json_object_put(doc);
}

static int
truth(const char *condition, const struct jpath_input *in)
{
	struct jpath_nodes *n = jpath_nodes_new();
	struct jpath_logic *l;
	struct jpath_fault f;
	struct err e;
	bool is_true;
	int rc;

	l = jpath_logic_compile(condition, strlen(condition), &f);
	if (l == NULL)
		fail_msg("%s: %s", condition, f.message);
	rc = jpath_logic_eval(l, in, n, &is_true, &e);
	if (rc == -1)
		assert_int_equal(e.kind, ERR_LIMIT);
	jpath_logic_free(l);
	jpath_nodes_free(n);
	return rc == -1 ? -1 : is_true;
}

/* ---- conditions ---- */

static const char doc[] =
    "{\"i\": 1, \"r\": 1.0, \"z\": -0.0, \"neg\": -1,"
    "\"big\": 9007199254740993, \"bigr\": 9007199254740992.0,"
    "\"max\": 9223372036854775807, \"min\": -9223372036854775808,"
    "\"u\": 18446744073709551615, \"half\": 0.5, \"huge\": 1e300,"
    "\"s\": \"a\", \"e\": \"\", \"euro\": \"\\u20ac\","
    "\"smile\": \"\\ud83d\\ude00\", \"priv\": \"\\uffee\","
    "\"t\": true, \"f\": false, \"n\": null,"
    "\"o\": {\"a\": 1, \"b\": [1, 2.0, {\"c\": null}]},"
    "\"p\": {\"b\": [1.0, 2, {\"c\": null}], \"a\": 1},"
    "\"q\": {\"b\": [1, 2, {\"c\": false}], \"a\": 1},"
    "\"l\": [1, 2], \"m\": [2, 1]}";

static void
conditions_compare_by_value(void **state)
{
	static const struct {
		const char *condition;
		bool is_true;
	} rows[] = {
		/* numbers, whatever their form */
		{ "$.i == $.r", true },
		{ "$.i == 1", true },
		{ "$.i == 1.0", true },
		{ "$.i == 10e-1", true },
		{ "$.r == 1", true },
		{ "$.z == 0", true },
		{ "-0 == 0", true },
		{ "$.i < 1.5", true },
		{ "$.neg < -0.5", true },
		{ "$.neg > -1.5", true },
		{ "$.neg >= -1.0", true },
		{ "$.half < 1", true },
		{ "$.half > 0", true },
		{ "$.half > -1", true },
		/* 64 bits, exactly */
		{ "$.big == 9007199254740993", true },
		{ "$.big == 9007199254740992", false },
		{ "$.big > 9007199254740992", true },
		{ "$.big == $.bigr", false },
		{ "$.big > $.bigr", true },
		{ "$.bigr < $.big", true },
		{ "$.bigr == 9007199254740992", true },
		{ "$.max == 9223372036854775807", true },
		{ "$.max < 9223372036854775808", true },
		{ "$.min == -9223372036854775808", true },
		{ "$.min > -9223372036854775809", false },
		{ "$.min == -9223372036854775808.0", true },
		{ "$.u == 18446744073709551615", true },
		{ "$.u > $.max", true },
		{ "$.u > $.min", true },
		{ "$.min < $.u", true },
		{ "$.u < 18446744073709551616", true },
		{ "$.u < $.huge", true },
		{ "$.min > -1e300", true },
		{ "$.neg < $.u", true },
		{ "18446744073709551616 == 18446744073709551616.0", true },
		/* texts by code point, not by UTF-16 unit */
		{ "$.s == 'a'", true },
		{ "$.s == \"a\"", true },
		{ "$.s < 'aa'", true },
		{ "$.e < 'a'", true },
		{ "$.e <= ''", true },
		{ "$.euro < $.smile", true },
		{ "$.priv < $.smile", true },
		{ "$.smile == '\\ud83d\\ude00'", true },
		{ "'A' < 'a'", true },
		/* no order between types */
		{ "$.s < 1", false },
		{ "$.s >= 1", false },
		{ "$.i == '1'", false },
		{ "$.t == 1", false },
		{ "$.f < $.t", false },
		{ "$.f <= $.f", true },
		{ "$.n <= null", true },
		{ "$.n < null", false },
		{ "$.n == false", false },
		/* deep */
		{ "$.o == $.p", true },
		{ "$.o == $.q", false },
		{ "$.o <= $.p", true },
		{ "$.o < $.p", false },
		{ "$.l == $.m", false },
		{ "$.l == $.o", false },
		/* Nothing (RFC 9535, 2.3.5.2.2) */
		{ "$.x == $.y", true },
		{ "$.x == $.n", false },
		{ "$.x < 1", false },
		{ "$.x != 1", true },
		{ "$.x <= $.y", true },
		{ "$.x >= $.n", false },
		{ "length($.i) == $.x", true },
		{ "length($.i) == null", false },
		{ "value($.l[*]) == $.x", true },
		{ "value($.l[:1]) == 1", true },
		/* functions */
		{ "length($.euro) == 1", true },
		{ "length($.smile) == 1", true },
		{ "length($.l) == 2", true },
		{ "length($.o) == 2.0", true },
		{ "length('abc') > length($.l)", true },
		{ "count($.l[*]) == 2", true },
		{ "count($..*) > 20", true },
		{ "count($.x) == 0", true },
		{ "count($) == 1", true },
		{ "length(value($.o.b)) == 3", true },
		/* existence */
		{ "$.n", true },
		{ "$.f", true },
		{ "$.x", false },
		{ "!$.x", true },
		{ "$..c", true },
		{ "$.l[?@ == 2]", true },
		{ "$.l[?@ == 3]", false },
		/* && before ||, ! before both */
		{ "$.i || $.x && $.x", true },
		{ "($.i || $.x) && $.x", false },
		{ "!$.x && $.i", true },
		{ "!($.i && $.x)", true },
		{ "! ( $.i )", false },
		{ "$.x || $.x || $.i", true },
		{ " \t$.i == 1 \r\n", true },
		/* "@" at the top, here not bound */
		{ "@", false },
		{ "@.i == 1", false },
		{ "@.i == $.x", true },
	};
	const struct jpath_input in = { .root = json_tokener_parse(doc) };

	(void)state;
	assert_non_null(in.root);
	for (size_t i = 0; i < NELEM(rows); i++) {
		if (truth(rows[i].condition, &in) != rows[i].is_true)
			fail_msg("%s", rows[i].condition);
	}
	json_object_put(in.root);
}

/* ---- "@" ---- */

static void
a_relative_query_starts_at_the_current_node(void **state)
{
	struct json_object *root = json_tokener_parse(
	    "{\"list\": [{\"a\": 1}, {\"a\": 2, \"b\": null}]}");
	struct jpath_input in = { .root = root };
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_string_equal(paths("@.a", &in, &b), "");
	assert_string_equal(paths("$.list[*].a", &in, &b),
	    "$['list'][0]['a']\n$['list'][1]['a']");
	in.has_current = true;
	in.current =
	    json_object_array_get_idx(json_object_object_get(root, "list"), 1);
	assert_string_equal(paths("@.*", &in, &b), "$['a']\n$['b']");
	in.current_path = "$['list'][1]";
	assert_string_equal(paths("@", &in, &b), "$['list'][1]");
	assert_string_equal(
	    paths("@.*", &in, &b), "$['list'][1]['a']\n$['list'][1]['b']");
	assert_string_equal(paths("$.list[?@.a < 2]", &in, &b), "$['list'][0]");
	assert_int_equal(truth("@.a == 2 && $.list", &in), 1);
	/* the current node may be JSON null */
	in.current = NULL;
	assert_string_equal(paths("@", &in, &b), "$['list'][1]");
	assert_int_equal(truth("@ == null", &in), 1);
	buf_fini(&b);
	json_object_put(root);
}

static void
queries_know_their_kind(void **state)
{
	static const struct {
		const char *query;
		bool is_singular, is_relative;
	} rows[] = {
		{ "$", true, false },
		{ "@", true, true },
		{ "$.a['b'][-1]", true, false },
		{ "@.a", true, true },
		{ "$.a.*", false, false },
		{ "$..a", false, false },
		{ "$['a','b']", false, false },
		{ "$[0:1]", false, false },
		{ "@[?@.a]", false, true },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct jpath *q = compile(rows[i].query);

		assert_int_equal(jpath_is_singular(q), rows[i].is_singular);
		assert_int_equal(jpath_is_relative(q), rows[i].is_relative);
		jpath_free(q);
	}
}

static void
odd_names_are_written_so_that_they_read_back(void **state)
{
	static const struct {
		const char *name, *path;
	} rows[] = {
		{ "", "$['']" },
		{ "a'b\"c\\d", "$['a\\'b\"c\\\\d']" },
		{ "\b\t\n\f\r\x01\x1f\x7f",
		    "$['\\b\\t\\n\\f\\r\\u0001\\u001f"
		    "\x7f']" },
		{ "\xc3\xa4\xf0\x9f\x98\x80/",
		    "$['\xc3\xa4\xf0\x9f\x98\x80/"
		    "']" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct jpath_input in = { .root = json_object_new_object() };
		struct jpath_nodes *n = jpath_nodes_new();
		struct jpath *q;
		struct err e;

		json_object_object_add(
		    in.root, rows[i].name, json_object_new_int(7));
		assert_string_equal(paths("$.*", &in, &b), rows[i].path);
		q = compile(b.p);
		assert_int_equal(jpath_eval(q, &in, n, &e), 0);
		assert_int_equal(jpath_nodes_count(n), 1);
		assert_int_equal(
		    json_object_get_int(jpath_nodes_value(n, 0)), 7);
		jpath_free(q);
		jpath_nodes_free(n);
		json_object_put(in.root);
	}
	buf_fini(&b);
}

/* json-c cuts a member's name at U+0000; a query must not find it by that. */
static void
a_name_with_nul_selects_nothing(void **state)
{
	const struct jpath_input in = {
		.root = json_tokener_parse("{\"a\": 1, \"\": 2}"),
	};
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_string_equal(paths("$['a\\u0000']", &in, &b), "");
	assert_string_equal(paths("$['\\u0000']", &in, &b), "");
	buf_fini(&b);
	json_object_put(in.root);
}

/* ---- limits ---- */

static struct json_object *
zeros(size_t n)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(a, json_object_new_int(0));
	return a;
}

/* An array in an array … so many of them. */
static struct json_object *
nested(size_t n)
{
	struct json_object *a = json_object_new_array();

	while (n-- > 1) {
		struct json_object *b = json_object_new_array();

		json_object_array_add(b, a);
		a = b;
	}
	return a;
}

static void
results_have_a_limit(void **state)
{
	struct jpath_input in = { .root = zeros(JPATH_NODES_MAX) };
	struct jpath_nodes *n = jpath_nodes_new();
	struct jpath *q = compile("$[*]");
	struct err e;

	(void)state;
	assert_int_equal(jpath_eval(q, &in, n, &e), 0);
	assert_int_equal(jpath_nodes_count(n), JPATH_NODES_MAX);
	json_object_array_add(in.root, NULL);
	assert_int_equal(jpath_eval(q, &in, n, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_string_equal(e.text,
	    "$[*]: found more than 100000 values; write a narrower query");
	assert_int_equal(jpath_nodes_count(n), 0);
	/* counting keeps no nodes */
	assert_int_equal(truth("count($[*]) == 100001", &in), 1);
	jpath_free(q);
	jpath_nodes_free(n);
	json_object_put(in.root);
}

static void
steps_have_a_limit(void **state)
{
	struct jpath_input in = { .root = json_object_new_array() };
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < JPATH_STEPS_MAX; i++)
		json_object_array_add(in.root, NULL);
	assert_int_equal(truth("count($[*]) == 1000000", &in), 1);
	json_object_array_add(in.root, NULL);
	assert_int_equal(truth("count($[*]) == 1000001", &in), -1);
	assert_string_equal(paths("$[?count($[*]) == 0]", &in, &b),
	    "limit: $[?count($[*]) == 0]: visited more than 1000000 values; "
	    "name the members on the way in place of \"..\" or \"*\"");
	buf_fini(&b);
	json_object_put(in.root);
}

static void
levels_have_a_limit(void **state)
{
	struct jpath_input in = { .root = nested(JPATH_LEVELS_MAX + 1) };
	struct json_object *deeper;
	struct buf b;

	(void)state;
	buf_init(&b, 1u << 20);
	assert_null(strstr(paths("$..[0]", &in, &b), "limit"));
	assert_int_equal(truth("$ == $", &in), 1);
	deeper = json_object_new_array();
	json_object_array_add(deeper, in.root);
	in.root = deeper;
	assert_string_equal(paths("$..[0]", &in, &b),
	    "limit: $..[0]: went down more than 256 levels; the document is "
	    "nested too deep");
	assert_int_equal(truth("$ == $", &in), -1);
	buf_fini(&b);
	json_object_put(in.root);
}

/* A singular query of so many segments stays within the same bound. */
static void
a_long_way_has_the_same_limit(void **state)
{
	struct jpath_input in = { .root = nested(JPATH_LEVELS_MAX + 2) };
	struct buf b, q;

	(void)state;
	buf_init(&b, 1u << 20);
	buf_init(&q, 1u << 20);
	buf_addc(&q, '$');
	for (size_t i = 0; i < JPATH_LEVELS_MAX; i++)
		buf_adds(&q, "[0]");
	assert_string_equal(paths(q.p, &in, &b), q.p);
	buf_adds(&q, "[0]");
	assert_null(strstr(paths(q.p, &in, &b), "$[0]\n"));
	assert_non_null(strstr(b.p, "went down more than 256 levels"));
	buf_fini(&b);
	buf_fini(&q);
	json_object_put(in.root);
}

static void
long_texts_cost_steps(void **state)
{
	struct jpath_input in = { .root = json_object_new_object() };
	size_t len = 128000;
	char *text = calloc(1, len + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', len);
	json_object_object_add(in.root, "s", json_object_new_string(text));
	json_object_object_add(in.root, "t", json_object_new_string(text));
	json_object_object_add(in.root, "l", zeros(1000));
	free(text);
	assert_int_equal(truth("$.s == $.t", &in), 1);
	assert_int_equal(truth("$.l[?$.s != $.t]", &in), -1);
	assert_int_equal(truth("$.l[?length($.s) == 1]", &in), -1);
	assert_int_equal(truth("$.l[?match($.s, 'b')]", &in), -1);
	json_object_put(in.root);
}

static void
a_slice_stays_inside_whatever_its_numbers(void **state)
{
	static const struct {
		const char *query, *want;
	} rows[] = {
		{ "$[-9007199254740991:9007199254740991:9007199254740991]",
		    "$[0]" },
		{ "$[9007199254740991:-9007199254740991:-9007199254740991]",
		    "$[2]" },
		{ "$[::0]", "" },
		{ "$[5:]", "" },
		{ "$[:-1]", "$[0]\n$[1]" },
		{ "$[-1::-1]", "$[2]\n$[1]\n$[0]" },
		{ "$[2:0]", "" },
		{ "$[0:2:-1]", "" },
		{ "$[9007199254740991]", "" },
		{ "$[-3]", "$[0]" },
		{ "$[-4]", "" },
	};
	const struct jpath_input in = { .root = zeros(3) };
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < NELEM(rows); i++)
		assert_string_equal(
		    paths(rows[i].query, &in, &b), rows[i].want);
	buf_fini(&b);
	json_object_put(in.root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_without_their_paths_too),
		cmocka_unit_test(conditions_compare_by_value),
		cmocka_unit_test(a_relative_query_starts_at_the_current_node),
		cmocka_unit_test(queries_know_their_kind),
		cmocka_unit_test(odd_names_are_written_so_that_they_read_back),
		cmocka_unit_test(a_name_with_nul_selects_nothing),
		cmocka_unit_test(results_have_a_limit),
		cmocka_unit_test(steps_have_a_limit),
		cmocka_unit_test(levels_have_a_limit),
		cmocka_unit_test(a_long_way_has_the_same_limit),
		cmocka_unit_test(long_texts_cost_steps),
		cmocka_unit_test(a_slice_stays_inside_whatever_its_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
