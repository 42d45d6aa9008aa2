/*
 * jsonpath.c - any text compiled, and what compiles evaluated
 *
 * What must hold: a fault lies inside the text; a prefix compiles as a whole
 * to the same nodes; a normalized path selects just its node.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/obj.h"
#include "base/utf8.h"

#include "jsonpath/jsonpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char document[] =
    "{\"a\": [3, 5.0, 1, -2, null, {\"b\": \"j\"}, {\"b\": \"k\"}, {\"b\":"
    "{}}, [true, [false]]], \"o\": {\"p\": 1, \"q'\": \"x\\u20acy\"},"
    "\"@odata.type\": \"#t\", \"\": 9223372036854775807, \"re\": \"j|k\"}";

static void
check_fault(const struct jpath_fault *f, size_t size)
{
	assert(f->offset <= size && f->len >= 1);
	assert(f->offset == size || f->len <= size - f->offset);
	assert(f->message[0] != '\0');
	assert(utf8_valid(f->message, strlen(f->message)));
}

static void
check_path(const struct jpath_nodes *n, size_t i, const struct jpath_input *in)
{
	struct jpath_nodes *one = jpath_nodes_new();
	struct jpath *q;
	struct buf b;

	buf_init(&b, 1U << 16);
	jpath_nodes_path(n, i, &b);
	q = jpath_compile(b.p, b.len, NULL, NULL);
	assert(q != NULL && jpath_is_singular(q));
	assert(jpath_eval(q, in, one, NULL) == 0);
	assert(jpath_nodes_count(one) == 1);
	assert(jpath_nodes_value(one, 0) == jpath_nodes_value(n, i));
	jpath_free(q);
	buf_fini(&b);
	jpath_nodes_free(one);
}

static void
check_again(const struct jpath *q, int rc, const struct jpath_nodes *n,
    const struct jpath_input *in)
{
	struct jpath_nodes *m = jpath_nodes_new();
	const char *text = jpath_text(q);
	struct jpath *again;

	again = jpath_compile(text, strlen(text), NULL, NULL);
	assert(again != NULL);
	assert(jpath_is_singular(again) == jpath_is_singular(q));
	assert(jpath_is_relative(again) == jpath_is_relative(q));
	assert(jpath_eval(again, in, m, NULL) == rc);
	assert(jpath_nodes_count(m) == jpath_nodes_count(n));
	for (size_t i = 0; i < jpath_nodes_count(n); i++)
		assert(jpath_nodes_value(m, i) == jpath_nodes_value(n, i));
	jpath_free(again);
	jpath_nodes_free(m);
}

static void
try_query(const char *text, size_t size, const struct jpath_input *in)
{
	struct jpath_nodes *n = jpath_nodes_new();
	struct jpath_fault f;
	struct jpath *q;
	size_t used;
	int rc;

	q = jpath_compile(text, size, &used, &f);
	if (q == NULL) {
		check_fault(&f, size);
	} else {
		assert(used <= size && strlen(jpath_text(q)) == used);
		rc = jpath_eval(q, in, n, NULL);
		check_again(q, rc, n, in);
		for (size_t i = 0; i < jpath_nodes_count(n) && i < 8; i++)
			check_path(n, i, in);
	}
	jpath_free(q);
	jpath_nodes_free(n);
}

static void
try_condition(const char *text, size_t size, const struct jpath_input *in)
{
	struct jpath_nodes *n = jpath_nodes_new();
	struct jpath_fault f;
	struct jpath_logic *l;
	bool is_true;

	l = jpath_logic_compile(text, size, &f);
	if (l == NULL)
		check_fault(&f, size);
	else
		(void)jpath_logic_eval(l, in, n, &is_true, NULL);
	jpath_logic_free(l);
	jpath_nodes_free(n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jpath_input in = { .has_current = true };

	in.root = json_tokener_parse(document);
	in.current = in.root;
	try_query((const char *)data, size, &in);
	try_condition((const char *)data, size, &in);
	json_object_put(in.root);
	return 0;
}
