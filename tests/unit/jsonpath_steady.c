/*
 * jsonpath_steady.c - no allocation once the scratch memory has grown
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

#include <cmocka.h>
#include <json-c/json.h>

#include "base/buf.h"
#include "base/obj.h"

#include "jsonpath/jsonpath.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#endif

#if defined(__GLIBC__) && !defined(IS_SANITIZED)
#define CAN_COUNT 1

static size_t allocations;

/* glibc's own, behind the names that every library of the process uses. */
/* NOLINTBEGIN(bugprone-reserved-identifier): they are glibc's */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
/* NOLINTEND(bugprone-reserved-identifier) */

void *
malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	allocations++;
	return __libc_calloc(n, size);
}

void *
realloc(void *p, size_t size)
{
	allocations++;
	return __libc_realloc(p, size);
}

static const char document[] =
    "{\"title\": \"Suspicious \\u20ac\", \"n\": 12, \"pattern\": \"[a-z]+\","
    "\"evidence\": [{\"@odata.type\": \"#a\", \"host\": \"h1\", \"risk\": 1.5},"
    "{\"@odata.type\": \"#b\", \"host\": \"h2\", \"roles\": [\"x\", \"y\"]},"
    "{\"@odata.type\": \"#a\", \"host\": \"\\u0441\", \"parent\": {\"host\":"
    "\"h3\"}}]}";

static const char *const queries[] = {
	"$",
	"$.title",
	"$['evidence'][1].roles[-1]",
	"$..host",
	"$.evidence[?@['@odata.type'] == '#a'].host",
	"$.evidence[?match(@.host, 'h[0-9]+') && !@.roles].host",
	"$.evidence[?search(@.host, $.pattern)]",
	"$.evidence[?count(@..host) > 1 || length(@.roles) == 2]",
	"$.evidence[::-1]['host','risk']",
	"$.evidence[?@ == $.evidence[2]]",
	"@.host",
	"@..*",
};

static void
evaluate(struct jpath *const *q, size_t n_q, const struct jpath_input *in,
    struct jpath_nodes *n, struct buf *path)
{
	struct err e;

	for (size_t i = 0; i < n_q; i++) {
		assert_int_equal(jpath_eval(q[i], in, n, &e), 0);
		buf_reset(path);
		for (size_t k = 0; k < jpath_nodes_count(n); k++)
			jpath_nodes_path(n, k, path);
	}
}

static void
a_second_evaluation_allocates_nothing(void **state)
{
	struct jpath *q[NELEM(queries)];
	struct jpath_nodes *n = jpath_nodes_new();
	struct jpath_fault f;
	struct jpath_input in;
	struct buf path;
	size_t before;

	(void)state;
	buf_init(&path, 4096);
	for (size_t i = 0; i < NELEM(q); i++) {
		q[i] = jpath_compile(queries[i], strlen(queries[i]), NULL, &f);
		assert_non_null(q[i]);
	}
	in = (struct jpath_input){
		.root = json_tokener_parse(document),
		.has_current = true,
		.current_path = "$['evidence'][2]",
	};
	in.current = json_object_array_get_idx(
	    json_object_object_get(in.root, "evidence"), 2);
	evaluate(q, NELEM(q), &in, n, &path);
	before = allocations;
	assert_true(before > 0);
	for (int i = 0; i < 3; i++)
		evaluate(q, NELEM(q), &in, n, &path);
	assert_int_equal(allocations, before);
	for (size_t i = 0; i < NELEM(q); i++)
		jpath_free(q[i]);
	json_object_put(in.root);
	jpath_nodes_free(n);
	buf_fini(&path);
}
#endif

int
main(void)
{
#ifdef CAN_COUNT
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_evaluation_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
#else
	puts("1..0 # SKIP this build cannot count allocations");
	return 0;
#endif
}
