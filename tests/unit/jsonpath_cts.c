/*
 * jsonpath_cts.c - the compliance suite of RFC 9535, where it is at hand
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "base/buf.h"
#include "base/mem.h"

#include "jsonpath/jsonpath.h"

static char *
suite_path(void)
{
	/* NOLINTBEGIN(concurrency-mt-unsafe): one thread */
	const char *samples = getenv("CEFWD_SAMPLES");
	const char *srcdir = getenv("CEFWD_SRCDIR");
	/* NOLINTEND(concurrency-mt-unsafe) */

	if (samples != NULL)
		return xasprintf("%s/jsonpath-cts.json", samples);
	return xasprintf("%s/../shared/samples/jsonpath-cts.json",
	    srcdir != NULL ? srcdir : ".");
}

static struct json_object *
get(struct json_object *of, const char *name)
{
	return json_object_object_get(of, name);
}

static struct json_object *
values_of(const struct jpath_nodes *n)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < jpath_nodes_count(n); i++) {
		json_object_array_add(
		    a, json_object_get(jpath_nodes_value(n, i)));
	}
	return a;
}

static struct json_object *
paths_of(const struct jpath_nodes *n)
{
	struct json_object *a = json_object_new_array();
	struct buf b;

	buf_init(&b, 4096);
	for (size_t i = 0; i < jpath_nodes_count(n); i++) {
		buf_reset(&b);
		jpath_nodes_path(n, i, &b);
		json_object_array_add(a, json_object_new_string(b.p));
	}
	buf_fini(&b);
	return a;
}

/* Whether "got" is the one wanted, or one of several. */
static bool
is_wanted(struct json_object *test, const char *one, const char *several,
    struct json_object *got)
{
	struct json_object *all = get(test, several);

	if (all == NULL)
		return json_object_equal(get(test, one), got);
	for (size_t i = 0; i < json_object_array_length(all); i++) {
		if (json_object_equal(json_object_array_get_idx(all, i), got))
			return true;
	}
	return false;
}

static bool
selects(struct json_object *test, const struct jpath *q, struct jpath_nodes *n)
{
	const struct jpath_input in = { .root = get(test, "document") };
	struct json_object *values, *paths;
	struct err e;
	bool is_right;

	if (jpath_eval(q, &in, n, &e) == -1) {
		print_error("%s\n", e.text);
		return false;
	}
	values = values_of(n);
	paths = paths_of(n);
	is_right = is_wanted(test, "result", "results", values) &&
	    is_wanted(test, "result_paths", "results_paths", paths);
	if (!is_right) {
		print_error("got %s at %s\n",
		    json_object_to_json_string(values),
		    json_object_to_json_string(paths));
	}
	json_object_put(values);
	json_object_put(paths);
	return is_right;
}

static bool
passes(struct json_object *test, struct jpath_nodes *n)
{
	struct json_object *selector = get(test, "selector");
	bool is_invalid =
	    json_object_get_boolean(get(test, "invalid_selector"));
	struct jpath_fault fault = { .message = "" };
	struct jpath *q;
	bool is_right;

	q = jpath_compile(json_object_get_string(selector),
	    (size_t)json_object_get_string_len(selector), NULL, &fault);
	if (is_invalid)
		is_right = q == NULL;
	else
		is_right = q != NULL && selects(test, q, n);
	if (!is_right) {
		print_error("%s: %s: %s\n",
		    json_object_get_string(get(test, "name")),
		    json_object_get_string(selector), fault.message);
	}
	jpath_free(q);
	return is_right;
}

static void
the_compliance_suite_passes(void **state)
{
	char *path = suite_path();
	struct json_object *suite, *tests;
	struct jpath_nodes *n;
	size_t passed = 0, count;

	(void)state;
	suite = json_object_from_file(path);
	free(path);
	assert_non_null(suite);
	tests = get(suite, "tests");
	count = json_object_array_length(tests);
	n = jpath_nodes_new();
	for (size_t i = 0; i < count; i++)
		passed += passes(json_object_array_get_idx(tests, i), n);
	print_message("# %zu of %zu cases pass\n", passed, count);
	jpath_nodes_free(n);
	json_object_put(suite);
	assert_int_equal(passed, count);
	assert_true(count > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_compliance_suite_passes),
	};
	char *path = suite_path();
	bool is_there = access(path, R_OK) == 0;

	free(path);
	if (!is_there) {
		puts("1..0 # SKIP jsonpath-cts.json is not there; set "
		     "CEFWD_SAMPLES");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
