/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <math.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/json_object_iterator.h>

#include "jsonpath/jsonpath_priv.h"

/* Comparing so many bytes is a step. */
#define STEP_BYTES 64u

enum order {
	ORDER_LESS,
	ORDER_EQUAL,
	ORDER_GREATER,
	ORDER_NONE, /* neither is before the other (RFC 9535, 2.3.5.2.2) */
};

/* A number, exactly: a sign and 64 bits, or a double. */
struct number {
	bool is_real;
	bool is_negative; /* and magnitude is not 0 */
	uint64_t magnitude;
	double real;
};

static bool
number(const struct value *v, struct number *out)
{
	int64_t i;

	*out = (struct number){ .is_real = false };
	if (v->kind == VALUE_COUNT) {
		out->magnitude = v->count;
		return true;
	}
	switch (json_object_get_type(v->json)) {
	case json_type_double:
		out->is_real = true;
		out->real = json_object_get_double(v->json);
		return true;
	case json_type_int:
		i = json_object_get_int64(v->json);
		out->is_negative = i < 0;
		out->magnitude = i < 0 ? (uint64_t) - (i + 1) + 1 :
					 json_object_get_uint64(v->json);
		return true;
	case json_type_null:
	case json_type_boolean:
	case json_type_object:
	case json_type_array:
	case json_type_string:
		return false;
	}
	return false;
}

static enum order
flip(enum order o)
{
	if (o == ORDER_LESS)
		return ORDER_GREATER;
	return o == ORDER_GREATER ? ORDER_LESS : o;
}

/* An unsigned integer and a double, without rounding either. */
static enum order
order_mixed(uint64_t u, double d)
{
	uint64_t whole;

	if (isnan(d))
		return ORDER_NONE;
	if (d < 0)
		return ORDER_GREATER;
	if (d >= 0x1p64)
		return ORDER_LESS;
	whole = (uint64_t)d;
	if (u != whole)
		return u < whole ? ORDER_LESS : ORDER_GREATER;
	/* Where a double has a fraction, its whole part is exact. */
	return d > (double)whole ? ORDER_LESS : ORDER_EQUAL;
}

/* An integer and a double. */
static enum order
order_real(const struct number *a, double d)
{
	if (a->is_negative)
		return flip(order_mixed(a->magnitude, -d));
	return order_mixed(a->magnitude, d);
}

static enum order
order_magnitudes(uint64_t a, uint64_t b)
{
	if (a == b)
		return ORDER_EQUAL;
	return a < b ? ORDER_LESS : ORDER_GREATER;
}

static enum order
order_numbers(const struct number *a, const struct number *b)
{
	if (a->is_real && b->is_real) {
		if (isnan(a->real) || isnan(b->real))
			return ORDER_NONE;
		if (a->real < b->real)
			return ORDER_LESS;
		return a->real > b->real ? ORDER_GREATER : ORDER_EQUAL;
	}
	if (a->is_real)
		return flip(order_real(b, a->real));
	if (b->is_real)
		return order_real(a, b->real);
	if (a->is_negative != b->is_negative)
		return a->is_negative ? ORDER_LESS : ORDER_GREATER;
	if (a->is_negative)
		return order_magnitudes(b->magnitude, a->magnitude);
	return order_magnitudes(a->magnitude, b->magnitude);
}

static bool
is_type(const struct value *v, enum json_type type)
{
	return v->kind == VALUE_JSON && json_object_is_type(v->json, type);
}

/* The order of UTF-8 bytes is that of code points. */
static int
order_strings(struct eval *ev, struct json_object *a, struct json_object *b,
    enum order *out)
{
	size_t a_len = (size_t)json_object_get_string_len(a);
	size_t b_len = (size_t)json_object_get_string_len(b);
	size_t both = a_len < b_len ? a_len : b_len;
	int c;

	if (jpath__step(ev, both / STEP_BYTES) == -1)
		return -1;
	c = memcmp(json_object_get_string(a), json_object_get_string(b), both);
	if (c == 0 && a_len == b_len)
		*out = ORDER_EQUAL;
	else if (c < 0 || (c == 0 && a_len < b_len))
		*out = ORDER_LESS;
	else
		*out = ORDER_GREATER;
	return 0;
}

/* NOLINTBEGIN(misc-no-recursion): jpath__down() counts the levels */

static int
equal(struct eval *ev, const struct value *a, const struct value *b, bool *out);

/* An element or member of each. */
static int
equal_parts(
    struct eval *ev, struct json_object *a, struct json_object *b, bool *out)
{
	const struct value left = { .kind = VALUE_JSON, .json = a };
	const struct value right = { .kind = VALUE_JSON, .json = b };
	int rc;

	if (jpath__down(ev) == -1)
		return -1;
	rc = equal(ev, &left, &right, out);
	jpath__up(ev);
	return rc;
}

static int
equal_arrays(
    struct eval *ev, struct json_object *a, struct json_object *b, bool *out)
{
	size_t n = json_object_array_length(a);

	*out = n == json_object_array_length(b);
	for (size_t i = 0; *out && i < n; i++) {
		if (equal_parts(ev, json_object_array_get_idx(a, i),
			json_object_array_get_idx(b, i), out) == -1)
			return -1;
	}
	return 0;
}

static int
equal_objects(
    struct eval *ev, struct json_object *a, struct json_object *b, bool *out)
{
	struct json_object_iterator it = json_object_iter_begin(a);
	struct json_object_iterator end = json_object_iter_end(a);
	struct json_object *other;

	*out = json_object_object_length(a) == json_object_object_length(b);
	while (*out && !json_object_iter_equal(&it, &end)) {
		*out = json_object_object_get_ex(
		    b, json_object_iter_peek_name(&it), &other);
		if (*out &&
		    equal_parts(
			ev, json_object_iter_peek_value(&it), other, out) == -1)
			return -1;
		json_object_iter_next(&it);
	}
	return 0;
}

/* RFC 9535, 2.3.5.2.2, for two values. */
static int
equal(struct eval *ev, const struct value *a, const struct value *b, bool *out)
{
	struct number x, y;
	enum order order;

	*out = false;
	if (number(a, &x)) {
		*out = number(b, &y) && order_numbers(&x, &y) == ORDER_EQUAL;
		return 0;
	}
	if (b->kind == VALUE_COUNT ||
	    json_object_get_type(a->json) != json_object_get_type(b->json))
		return 0;
	switch (json_object_get_type(a->json)) {
	case json_type_null:
		*out = true;
		return 0;
	case json_type_boolean:
		*out = json_object_get_boolean(a->json) ==
		    json_object_get_boolean(b->json);
		return 0;
	case json_type_string:
		if (json_object_get_string_len(a->json) !=
		    json_object_get_string_len(b->json))
			return 0;
		if (order_strings(ev, a->json, b->json, &order) == -1)
			return -1;
		*out = order == ORDER_EQUAL;
		return 0;
	case json_type_array:
		return equal_arrays(ev, a->json, b->json, out);
	case json_type_object:
		return equal_objects(ev, a->json, b->json, out);
	case json_type_int:
	case json_type_double:
		break;
	}
	return 0;
}

/* NOLINTEND(misc-no-recursion) */

/* a == b, where either may be Nothing. */
static int
same(struct eval *ev, const struct value *a, const struct value *b, bool *out)
{
	if (a->kind == VALUE_NOTHING || b->kind == VALUE_NOTHING) {
		*out = a->kind == b->kind;
		return 0;
	}
	return equal(ev, a, b, out);
}

/* a < b: two numbers or two strings, otherwise it is false. */
static int
less(struct eval *ev, const struct value *a, const struct value *b, bool *out)
{
	enum order order = ORDER_NONE;
	struct number x, y;

	*out = false;
	if (a->kind == VALUE_NOTHING || b->kind == VALUE_NOTHING)
		return 0;
	if (is_type(a, json_type_string) && is_type(b, json_type_string)) {
		if (order_strings(ev, a->json, b->json, &order) == -1)
			return -1;
	} else if (number(a, &x) && number(b, &y)) {
		order = order_numbers(&x, &y);
	}
	*out = order == ORDER_LESS;
	return 0;
}

static int
less_or_same(
    struct eval *ev, const struct value *a, const struct value *b, bool *out)
{
	if (less(ev, a, b, out) == -1)
		return -1;
	return *out ? 0 : same(ev, a, b, out);
}

int
jpath__compare(struct eval *ev, const struct value *a, enum compare_op op,
    const struct value *b, bool *out)
{
	switch (op) {
	case COMPARE_EQ:
		return same(ev, a, b, out);
	case COMPARE_NE:
		if (same(ev, a, b, out) == -1)
			return -1;
		*out = !*out;
		return 0;
	case COMPARE_LT:
		return less(ev, a, b, out);
	case COMPARE_LE:
		return less_or_same(ev, a, b, out);
	case COMPARE_GT:
		return less(ev, b, a, out);
	case COMPARE_GE:
		return less_or_same(ev, b, a, out);
	}
	return -1;
}
