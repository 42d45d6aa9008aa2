/*
 * jsonpath_standard.c - the examples of RFC 9535, tests/data/rfc9535.json
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
#include <json-c/json.h>

#include "base/buf.h"
#include "base/mem.h"

#include "jsonpath/jsonpath.h"

static struct json_object *
get(struct json_object *of, const char *name)
{
	return json_object_object_get(of, name);
}

static const char *
text(struct json_object *of, const char *name)
{
	return json_object_get_string(get(of, name));
}

static int
load(void **state)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	const char *srcdir = getenv("CEFWD_SRCDIR");
	char *path = xasprintf(
	    "%s/tests/data/rfc9535.json", srcdir != NULL ? srcdir : ".");

	*state = json_object_from_file(path);
	free(path);
	return *state == NULL ? -1 : 0;
}

static int
unload(void **state)
{
	json_object_put(*state);
	return 0;
}

static struct json_object *
document(struct json_object *data, struct json_object *row)
{
	return get(get(data, "documents"), text(row, "document"));
}

static struct jpath *
compile(const char *query)
{
	struct jpath_fault fault;
	struct jpath *q = jpath_compile(query, strlen(query), NULL, &fault);

	if (q == NULL)
		fail_msg("%s: %s", query, fault.message);
	return q;
}

static void
check_values(struct json_object *row, const struct jpath_nodes *n)
{
	struct json_object *want = get(row, "values");

	assert_int_equal(jpath_nodes_count(n), json_object_array_length(want));
	for (size_t i = 0; i < jpath_nodes_count(n); i++) {
		if (!json_object_equal(json_object_array_get_idx(want, i),
			jpath_nodes_value(n, i))) {
			fail_msg("%s [%zu]: %s", text(row, "query"), i,
			    json_object_to_json_string(
				jpath_nodes_value(n, i)));
		}
	}
}

static void
check_paths(struct json_object *row, const struct jpath_nodes *n)
{
	struct json_object *want = get(row, "paths");
	struct buf b;

	buf_init(&b, 1000);
	for (size_t i = 0; want != NULL && i < jpath_nodes_count(n); i++) {
		buf_reset(&b);
		jpath_nodes_path(n, i, &b);
		assert_string_equal(b.p,
		    json_object_get_string(json_object_array_get_idx(want, i)));
	}
	buf_fini(&b);
}

/* RFC 9535, 2.7: a normalized path selects just its node. */
static void
check_round_trip(const struct jpath_input *in, const struct jpath_nodes *n)
{
	struct jpath_nodes *one = jpath_nodes_new();
	struct jpath *q;
	struct buf b;
	struct err e;

	buf_init(&b, 1000);
	for (size_t i = 0; i < jpath_nodes_count(n); i++) {
		buf_reset(&b);
		jpath_nodes_path(n, i, &b);
		q = compile(b.p);
		assert_true(jpath_is_singular(q));
		assert_int_equal(jpath_eval(q, in, one, &e), 0);
		assert_int_equal(jpath_nodes_count(one), 1);
		assert_ptr_equal(
		    jpath_nodes_value(one, 0), jpath_nodes_value(n, i));
		jpath_free(q);
	}
	buf_fini(&b);
	jpath_nodes_free(one);
}

static void
queries_select_what_the_tables_say(void **state)
{
	struct json_object *rows = get(*state, "queries");
	struct jpath_nodes *n = jpath_nodes_new();
	struct err e;

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		const struct jpath_input in = { .root = document(*state, row) };
		struct jpath *q = compile(text(row, "query"));

		assert_int_equal(jpath_eval(q, &in, n, &e), 0);
		check_values(row, n);
		check_paths(row, n);
		check_round_trip(&in, n);
		assert_string_equal(jpath_text(q), text(row, "query"));
		jpath_free(q);
	}
	jpath_nodes_free(n);
}

static void
comparisons_follow_their_table(void **state)
{
	struct json_object *rows = get(*state, "conditions");
	struct jpath_nodes *n = jpath_nodes_new();
	struct jpath_fault fault;
	struct err e;

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		const struct jpath_input in = { .root = document(*state, row) };
		const char *s = text(row, "condition");
		struct jpath_logic *l;
		bool is_true;

		l = jpath_logic_compile(s, strlen(s), &fault);
		assert_non_null(l);
		assert_int_equal(jpath_logic_eval(l, &in, n, &is_true, &e), 0);
		if (is_true != json_object_get_boolean(get(row, "is_true")))
			fail_msg("%s is %d", s, is_true);
		jpath_logic_free(l);
	}
	jpath_nodes_free(n);
}

static void
ill_typed_queries_are_refused(void **state)
{
	struct json_object *rows = get(*state, "types");
	struct jpath_fault fault;

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		const char *s = text(row, "query");
		struct jpath *q = jpath_compile(s, strlen(s), NULL, &fault);

		if ((q != NULL) !=
		    json_object_get_boolean(get(row, "is_well_typed")))
			fail_msg("%s", s);
		jpath_free(q);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_select_what_the_tables_say),
		cmocka_unit_test(comparisons_follow_their_table),
		cmocka_unit_test(ill_typed_queries_are_refused),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
