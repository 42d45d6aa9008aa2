/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include <json-c/json_object.h>

#include "base/num.h"
#include "base/obj.h"
#include "base/utf8.h"

#include "jsonpath/jsonpath_priv.h"

/* A match costs so many steps, and one more for so many bytes of text. */
#define MATCH_STEPS      10u
#define MATCH_STEP_BYTES 16u

/* RFC 9535, 2.4.4: characters, elements or members. */
static int
run_length(struct eval *ev, const struct call *c, struct value *out)
{
	struct value v;
	size_t n;

	if (jpath__operand(ev, c->args[0], &v) == -1)
		return -1;
	*out = (struct value){ .kind = VALUE_NOTHING };
	if (v.kind != VALUE_JSON)
		return 0;
	if (json_object_is_type(v.json, json_type_string)) {
		n = (size_t)json_object_get_string_len(v.json);
		if (jpath__step(ev, n / MATCH_STEP_BYTES) == -1)
			return -1;
		n = utf8_count(json_object_get_string(v.json), n);
	} else if (json_object_is_type(v.json, json_type_array)) {
		n = json_object_array_length(v.json);
	} else if (json_object_is_type(v.json, json_type_object)) {
		n = (size_t)json_object_object_length(v.json);
	} else {
		return 0;
	}
	*out = (struct value){ .kind = VALUE_COUNT, .count = n };
	return 0;
}

/* RFC 9535, 2.4.5. */
static int
run_count(struct eval *ev, const struct call *c, struct value *out)
{
	struct json_object *first;
	size_t n;

	if (jpath__count(ev, c->args[0]->as.query, SIZE_MAX, &n, &first) == -1)
		return -1;
	*out = (struct value){ .kind = VALUE_COUNT, .count = n };
	return 0;
}

/* RFC 9535, 2.4.8: the value of one node, Nothing for none or several. */
static int
run_value(struct eval *ev, const struct call *c, struct value *out)
{
	struct json_object *first;
	size_t n;

	if (jpath__count(ev, c->args[0]->as.query, 2, &n, &first) == -1)
		return -1;
	*out = (struct value){ .kind = VALUE_NOTHING };
	if (n == 1)
		*out = (struct value){ .kind = VALUE_JSON, .json = first };
	return 0;
}

static bool
is_text(const struct value *v)
{
	return v->kind == VALUE_JSON &&
	    json_object_is_type(v->json, json_type_string);
}

static size_t
text_len(const struct value *v)
{
	return (size_t)json_object_get_string_len(v->json);
}

/* RFC 9535, 2.4.6 and 2.4.7. */
static int
run_regex(struct eval *ev, const struct call *c, struct value *out)
{
	struct value text, pattern;
	int rc = 0;

	if (jpath__operand(ev, c->args[0], &text) == -1 ||
	    jpath__operand(ev, c->args[1], &pattern) == -1)
		return -1;
	*out = (struct value){ .truth = false };
	if (!is_text(&text) || !is_text(&pattern))
		return 0;
	if (jpath__step(ev, MATCH_STEPS + text_len(&text) / MATCH_STEP_BYTES) ==
	    -1)
		return -1;
	if (c->regex != NULL) {
		rc = jpath__regex_match(c->regex,
		    jpath__nodes_regex(ev->scratch),
		    json_object_get_string(text.json), text_len(&text));
	} else {
		rc = jpath__regex_match_text(jpath__nodes_regex(ev->scratch),
		    json_object_get_string(pattern.json), text_len(&pattern),
		    c->function->is_anchored, json_object_get_string(text.json),
		    text_len(&text));
	}
	if (rc == -1) {
		return err_set(ev->e, ERR_LIMIT,
		    "%.200s: %s() took too long on a value; write a simpler "
		    "pattern",
		    ev->text, c->function->name);
	}
	out->truth = rc == 1;
	return 0;
}

/* clang-format off */
static const struct function functions[] = {
	/* name, result, arguments, regex, anchored, example, run */
	{ "length", TYPE_VALUE, 1, { TYPE_VALUE }, false, false,
	    "length(@.a)", run_length },
	{ "count", TYPE_VALUE, 1, { TYPE_NODES }, false, false,
	    "count(@.a[*])", run_count },
	{ "match", TYPE_LOGICAL, 2, { TYPE_VALUE, TYPE_VALUE }, true, true,
	    "match(@.a, 'x.*')", run_regex },
	{ "search", TYPE_LOGICAL, 2, { TYPE_VALUE, TYPE_VALUE }, true, false,
	    "search(@.a, 'x')", run_regex },
	{ "value", TYPE_VALUE, 1, { TYPE_NODES }, false, false,
	    "value(@..a)", run_value },
};
/* clang-format on */

const struct function *
jpath__function(const char *name, size_t len, const char **near)
{
	char word[16] = "";
	size_t best = 3, d;

	*near = NULL;
	if (len >= sizeof(word))
		return NULL;
	memcpy(word, name, len);
	for (size_t i = 0; i < NELEM(functions); i++) {
		if (strcmp(word, functions[i].name) == 0)
			return &functions[i];
		d = near_miss(word, functions[i].name);
		if (d < best) {
			best = d;
			*near = functions[i].name;
		}
	}
	return NULL;
}
