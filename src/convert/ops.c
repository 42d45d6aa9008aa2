/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/obj.h"
#include "convert/convert_priv.h"

/* In place of a part without a value, until the text is whole. */
#define GAP "\\u0001"

struct op;
typedef bool op_fn(struct convert *, const struct op *, const struct node *,
    bool is_time, struct text *out);

/* What becomes of a time where one is wanted. */
enum op_time {
	OP_TEXT,   /* its result is read as one */
	OP_PASSES, /* its arguments are */
	OP_TIME,   /* it gives one */
};

struct op {
	const char *name;
	size_t min, max; /* arguments */
	op_fn *render;   /* NULL: a map cannot do it, for the reason arg */
	enum op_time time;
	const char *arg;
};

static op_fn constant, filter, regex, replace, split_n, one_of, concatenate,
    if_equal, if_true, simple_map, table_of, time_of;

/* IANA, Assigned Internet Protocol Numbers: those that logs hold. */
static const char protocols[] = "1 = \"ICMP\"\n"
				"2 = \"IGMP\"\n"
				"4 = \"IPv4\"\n"
				"6 = \"TCP\"\n"
				"17 = \"UDP\"\n"
				"41 = \"IPv6\"\n"
				"47 = \"GRE\"\n"
				"50 = \"ESP\"\n"
				"51 = \"AH\"\n"
				"58 = \"IPv6-ICMP\"\n"
				"89 = \"OSPF\"\n"
				"132 = \"SCTP\"\n";
static const char directions[] = "inbound, in = 0\n"
				 "outbound, out = 1\n";

#define TOO_MANY "a lookup would have too many rows"
#define NO_SUMS  "a map does not calculate"
#define NO_BYTES "a map does not decode"

/* clang-format off */
static const struct op ops[] = {
	{ "__stringConstant", 1, 1, constant, OP_TEXT, NULL },
	{ "__integerConstant", 1, 1, constant, OP_TEXT, NULL },
	{ "__longConstant", 1, 1, constant, OP_TEXT, NULL },
	{ "__getVendor", 1, 1, constant, OP_TEXT, NULL },
	{ "__concatenate", 1, CONVERT_ARGS_MAX, concatenate, OP_TEXT, NULL },
	{ "__oneOf", 1, CONVERT_ARGS_MAX, one_of, OP_PASSES, NULL },
	{ "__regexToken", 2, 2, regex, OP_TEXT, "" },
	{ "__regexTokenAsAddress", 2, 2, regex, OP_TEXT, "" },
	{ "__regexTokenAsInteger", 2, 2, regex, OP_TEXT, " | number" },
	{ "__regexTokenAsLong", 2, 2, regex, OP_TEXT, " | number" },
	{ "__replaceAll", 3, 3, replace, OP_TEXT, "" },
	{ "__replaceFirst", 3, 3, replace, OP_TEXT, "\\A(?s:.*?)\\K" },
	{ "__split", 3, 3, split_n, OP_TEXT, "" },
	{ "__splitAsAddress", 3, 3, split_n, OP_TEXT, "" },
	{ "__splitAsInteger", 3, 3, split_n, OP_TEXT, " | number" },
	{ "__splitAsLong", 3, 3, split_n, OP_TEXT, " | number" },
	{ "__toUpperCase", 1, 1, filter, OP_TEXT, " | upper" },
	{ "__toLowerCase", 1, 1, filter, OP_TEXT, " | lower" },
	{ "__stringTrim", 1, 1, filter, OP_TEXT, " | trim" },
	{ "__toInteger", 1, 1, filter, OP_TEXT, " | number" },
	{ "__toLong", 1, 1, filter, OP_TEXT, " | number" },
	{ "__safeToInteger", 1, 1, filter, OP_TEXT, " | number" },
	{ "__safeToLong", 1, 1, filter, OP_TEXT, " | number" },
	{ "__stringToIPv6Address", 1, 1, filter, OP_TEXT, " | ip6" },
	{ "__extractNTDomain", 1, 1, filter, OP_TEXT,
	    " | extract(/^([^\\\\]+)\\\\/)" },
	{ "__extractNTUser", 1, 1, filter, OP_TEXT, " | split(\"\\\\\", -1)" },
	{ "__safeToDate", 1, 2, time_of, OP_TIME, NULL },
	{ "__createOptionalTimeStampFromString", 2, 2, time_of, OP_TIME,
	    NULL },
	{ "__createLocalTimeStampFromSecondsSinceEpoch", 1, 1, time_of,
	    OP_TIME, NULL },
	{ "__longToTimeStamp", 1, 1, time_of, OP_TIME, NULL },
	{ "__parseMutableTimeStamp", 1, 1, time_of, OP_TIME, NULL },
	{ "__ifThenElse", 4, 4, if_equal, OP_PASSES, NULL },
	{ "__ifThenElseAddress", 4, 4, if_equal, OP_PASSES, NULL },
	{ "__ifTrueThenElse", 3, 3, if_true, OP_PASSES, NULL },
	{ "__simpleMap", 2, CONVERT_ARGS_MAX, simple_map, OP_TEXT, NULL },
	{ "__getProtocolName", 1, 1, table_of, OP_TEXT, protocols },
	{ "__getDeviceDirection", 1, 1, table_of, OP_TEXT, directions },
	{ "__contains", 2, 2, NULL, OP_TEXT,
	    "it is understood as the first argument of __ifTrueThenElse" },
	{ "__length", 1, 1, NULL, OP_TEXT, "a map does not count letters" },
	{ "__getTimeZone", 0, 1, NULL, OP_TEXT,
	    "a map knows no zone of the host; times go out in UTC" },
	{ "__hexStringToLong", 1, 1, NULL, OP_TEXT, NO_BYTES },
	{ "__BASE64Decode", 1, 1, NULL, OP_TEXT, NO_BYTES },
	{ "__numberToAddress", 1, 1, NULL, OP_TEXT, NO_BYTES },
	{ "__sum", 1, CONVERT_ARGS_MAX, NULL, OP_TEXT, NO_SUMS },
	{ "__subtract", 1, CONVERT_ARGS_MAX, NULL, OP_TEXT, NO_SUMS },
	{ "__divide", 1, CONVERT_ARGS_MAX, NULL, OP_TEXT, NO_SUMS },
	{ "__product", 1, CONVERT_ARGS_MAX, NULL, OP_TEXT, NO_SUMS },
};
/* clang-format on */

static bool
fail(struct convert *c, const char *why)
{
	c->why = why;
	return false;
}

/* The text of an argument that must be one: a "string" or a number. */
static const char *
plain(struct convert *c, const struct node *n)
{
	if (n->kind == NODE_TEXT)
		return n->text;
	if (n->kind == NODE_TOKEN &&
	    strspn(n->text, "-0123456789.") == strlen(n->text))
		return n->text;
	if (n->kind == NODE_CALL && n->n_args == 1 &&
	    (strcmp(n->text, "__stringConstant") == 0 ||
		strcmp(n->text, "__integerConstant") == 0) &&
	    n->args[0]->kind != NODE_CALL)
		return n->args[0]->text;
	c->why = "a map takes only a constant there";
	return NULL;
}

/* ---- the rows' functions ---- */

static bool
constant(struct convert *c, const struct op *op, const struct node *n,
    bool is_time, struct text *out)
{
	const char *s = plain(c, n->args[0]);

	(void)op;
	(void)is_time;
	if (s == NULL)
		return false;
	*out = convert__constant(c, s);
	return true;
}

static bool
filter(struct convert *c, const struct op *op, const struct node *n,
    bool is_time, struct text *out)
{
	(void)is_time;
	if (!convert__render(c, n->args[0], false, out))
		return false;
	*out = convert__pipe(c, *out, op->arg);
	return true;
}

static bool
regex(struct convert *c, const struct op *op, const struct node *n,
    bool is_time, struct text *out)
{
	const char *re = plain(c, n->args[1]);
	struct buf b;

	(void)is_time;
	if (re == NULL || !convert__render(c, n->args[0], false, out))
		return false;
	buf_init(&b, CONVERT_EXPR_MAX);
	buf_adds(&b, " | extract(/");
	convert__add_regex(&b, re);
	buf_addf(&b, "/)%s", op->arg);
	*out = convert__pipe(c, *out, convert__take(&c->work, &b));
	return true;
}

/* Java's replacement: \ takes the next character along; $1 as in a map. */
static void
add_replacement(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		char one[] = { *s, '\0' };

		if (*s == '\\' && s[1] == '$') {
			buf_adds(b, "$$");
			s++;
		} else if (*s == '\\' && s[1] != '\0') {
			one[0] = *++s;
			convert__add_escaped(b, one);
		} else {
			convert__add_escaped(b, one);
		}
	}
}

static bool
replace(struct convert *c, const struct op *op, const struct node *n,
    bool is_time, struct text *out)
{
	const char *re = plain(c, n->args[1]), *to = plain(c, n->args[2]);
	struct buf b;

	(void)is_time;
	if (re == NULL || to == NULL ||
	    !convert__render(c, n->args[0], false, out))
		return false;
	buf_init(&b, CONVERT_EXPR_MAX);
	buf_addf(&b, " | replace(/%s", op->arg);
	if (op->arg[0] != '\0')
		buf_adds(&b, "(?:");
	convert__add_regex(&b, re);
	if (op->arg[0] != '\0')
		buf_addc(&b, ')');
	buf_adds(&b, "/, \"");
	add_replacement(&b, to);
	buf_adds(&b, "\")");
	*out = convert__pipe(c, *out, convert__take(&c->work, &b));
	return true;
}

static bool
split_n(struct convert *c, const struct op *op, const struct node *n,
    bool is_time, struct text *out)
{
	const char *by = plain(c, n->args[1]), *which = plain(c, n->args[2]);
	struct buf b;
	int64_t number;

	(void)is_time;
	if (by == NULL || which == NULL ||
	    !convert__render(c, n->args[0], false, out))
		return false;
	if (num_i64(which, strlen(which), &number, NULL) == -1)
		return fail(c, "the part to take is not a number");
	buf_init(&b, CONVERT_EXPR_MAX);
	buf_adds(&b, " | split(\"");
	convert__add_escaped(&b, by);
	buf_addf(&b, "\", %s)%s", which, op->arg);
	*out = convert__pipe(c, *out, convert__take(&c->work, &b));
	return true;
}

static bool
time_of(struct convert *c, const struct op *op, const struct node *n,
    bool is_time, struct text *out)
{
	const char *format = "", *filters;

	(void)op;
	if (n->n_args > 1)
		format = plain(c, n->args[1]);
	if (format == NULL || !convert__render(c, n->args[0], false, out))
		return false;
	if (!is_time) /* as text a time is best left readable */
		return true;
	filters = convert__time_filters(c, format);
	if (filters == NULL)
		return false;
	*out = convert__pipe(c, *out, filters);
	return true;
}

static bool
one_of(struct convert *c, const struct op *op, const struct node *n,
    bool is_time, struct text *out)
{
	(void)op;
	for (size_t i = 0; i < n->n_args; i++) {
		struct text next;

		if (!convert__render(c, n->args[i], is_time, &next))
			return false;
		*out = i == 0 ? next : convert__either(c, *out, next);
	}
	return true;
}

/* A part that has no value leaves the others.  Where there is only one that
   may have none, the constants round it would say nothing. */
static bool
concatenate(struct convert *c, const struct op *op, const struct node *n,
    bool is_time, struct text *out)
{
	struct text parts[CONVERT_ARGS_MAX];
	size_t n_open = 0;
	struct buf b;

	(void)op;
	(void)is_time;
	for (size_t i = 0; i < n->n_args; i++) {
		if (!convert__render(c, n->args[i], false, &parts[i]))
			return false;
		n_open += parts[i].constant == NULL ? 1 : 0;
	}
	buf_init(&b, CONVERT_EXPR_MAX);
	buf_addc(&b, '"');
	for (size_t i = 0; i < n->n_args; i++) {
		if (parts[i].constant != NULL)
			convert__add_escaped(&b, parts[i].constant);
		else
			buf_addf(&b, "{%s%s}", parts[i].s,
			    n_open > 1 ? " | default(\"" GAP "\")" : "");
	}
	buf_addc(&b, '"');
	*out = (struct text){ .s = convert__take(&c->work, &b) };
	if (n_open > 1)
		*out = convert__pipe(c, *out, " | replace(/\\x01/, \"\")");
	return true;
}

/* then where test has a value, else otherwise; an empty constant is none. */
static void
if_else(struct convert *c, struct text test, struct text then,
    struct text otherwise, struct text *out)
{
	bool has_then = then.constant == NULL || then.constant[0] != '\0';
	bool has_else =
	    otherwise.constant == NULL || otherwise.constant[0] != '\0';
	struct text a = convert__constant(c, ""), b = a;

	if (has_then)
		a = convert__pick(c, test, false, then);
	if (has_else)
		b = convert__pick(c, test, true, otherwise);
	if (has_then && has_else)
		*out = convert__either(c, a, b);
	else
		*out = has_then ? a : b;
}

/* __ifThenElse(a, b, c, d): c where a equals b, else d. */
static bool
if_equal(struct convert *c, const struct op *op, const struct node *n,
    bool is_time, struct text *out)
{
	const char *b = plain(c, n->args[1]);
	struct text a, then, otherwise;
	struct buf test;

	(void)op;
	if (b == NULL)
		return fail(c, "a map compares with constants only");
	if (!convert__render(c, n->args[0], false, &a) ||
	    !convert__render(c, n->args[2], is_time, &then) ||
	    !convert__render(c, n->args[3], is_time, &otherwise))
		return false;
	if (b[0] == '\0') { /* then where a is empty */
		if_else(c, a, otherwise, then, out);
		return true;
	}
	buf_init(&test, CONVERT_EXPR_MAX);
	buf_adds(&test, " | extract(/^");
	convert__add_literal(&test, b);
	buf_adds(&test, "$/)");
	a = convert__pipe(c, a, convert__take(&c->work, &test));
	if_else(c, a, then, otherwise, out);
	return true;
}

/* The test of __ifTrueThenElse: __contains(), or what holds true or 1. */
static bool
truth(struct convert *c, const struct node *n, struct text *out)
{
	bool is_contains =
	    n->kind == NODE_CALL && strcmp(n->text, "__contains") == 0;
	const char *part;
	struct buf test;

	if (!is_contains) {
		if (!convert__render(c, n, false, out))
			return false;
		*out = convert__pipe(c, *out, " | extract(/^(?i:true|1)$/)");
		return true;
	}
	if (n->n_args != 2)
		return fail(c, "__contains takes 2 arguments");
	part = plain(c, n->args[1]);
	if (part == NULL || !convert__render(c, n->args[0], false, out))
		return false;
	buf_init(&test, CONVERT_EXPR_MAX);
	buf_adds(&test, " | extract(/");
	convert__add_literal(&test, part);
	buf_adds(&test, "/)");
	*out = convert__pipe(c, *out, convert__take(&c->work, &test));
	return true;
}

static bool
if_true(struct convert *c, const struct op *op, const struct node *n,
    bool is_time, struct text *out)
{
	struct text test, then, otherwise;

	(void)op;
	if (!truth(c, n->args[0], &test) ||
	    !convert__render(c, n->args[1], is_time, &then) ||
	    !convert__render(c, n->args[2], is_time, &otherwise))
		return false;
	if_else(c, test, then, otherwise, out);
	return true;
}

/* __simpleMap(token, "key=value", ...) */
static bool
simple_map(struct convert *c, const struct op *op, const struct node *n,
    bool is_time, struct text *out)
{
	struct buf rows;

	(void)op;
	(void)is_time;
	if (!convert__render(c, n->args[0], false, out))
		return false;
	buf_init(&rows, CONVERT_ROWS_MAX);
	for (size_t i = 1; i < n->n_args; i++) {
		const char *row = plain(c, n->args[i]);
		const char *eq = row == NULL ? NULL : strchr(row, '=');

		if (eq == NULL) {
			buf_fini(&rows);
			return fail(c, "an argument is not \"key=value\"");
		}
		convert__add_row(&rows,
		    convert__str(&c->work, row, (size_t)(eq - row)), eq + 1);
	}
	if (!buf_ok(&rows)) {
		buf_fini(&rows);
		return fail(c, TOO_MANY);
	}
	*out = convert__lookup(c, *out, "map", convert__take(&c->work, &rows));
	return true;
}

static bool
table_of(struct convert *c, const struct op *op, const struct node *n,
    bool is_time, struct text *out)
{
	(void)is_time;
	if (!convert__render(c, n->args[0], false, out))
		return false;
	*out = convert__lookup(
	    c, *out, op->arg == protocols ? "protocol" : "direction", op->arg);
	return true;
}

/* ---- nodes ---- */

static bool
token(struct convert *c, const struct node *n, bool is_time, struct text *out)
{
	const struct token *t = convert__token_find(c, n->text);
	const char *filters = "";

	if (t == NULL) {
		return fail(c,
		    convert__printf(
			&c->work, "there is no token \"%.64s\"", n->text));
	}
	out->s = convert__token_path(c, t);
	if (out->s == NULL)
		return false;
	if (!is_time)
		return true;
	filters = convert__time_filters(
	    c, t->format == NULL ? NULL : t->format->value);
	if (filters == NULL)
		return false;
	*out = convert__pipe(c, *out, filters);
	return true;
}

static bool
call(struct convert *c, const struct node *n, bool is_time, struct text *out)
{
	const struct op *op = NULL;

	for (size_t i = 0; i < NELEM(ops) && op == NULL; i++) {
		if (strcmp(ops[i].name, n->text) == 0)
			op = &ops[i];
	}
	if (op == NULL) {
		return fail(c,
		    convert__printf(
			&c->work, "unknown operation %.64s", n->text));
	}
	if (op->render == NULL) {
		return fail(
		    c, convert__printf(&c->work, "%s: %s", op->name, op->arg));
	}
	if (n->n_args < op->min || n->n_args > op->max) {
		return fail(c,
		    convert__printf(&c->work, "%s takes %zu argument%s%s",
			op->name, op->min, op->min == 1 ? "" : "s",
			op->max > op->min ? " or more" : ""));
	}
	if (!op->render(c, op, n, is_time, out))
		return false;
	if (is_time && op->time == OP_TEXT)
		*out = convert__pipe(c, *out, " | time");
	return true;
}

bool
convert__render(
    struct convert *c, const struct node *n, bool is_time, struct text *out)
{
	bool is_good = false;

	*out = (struct text){ .s = "", .level = LEVEL_OPERAND };
	if (++c->steps > CONVERT_STEPS_MAX)
		return fail(c, "it is too large for one line of a map");
	switch (n->kind) {
	case NODE_TEXT:
		*out = convert__constant(c, n->text);
		is_good = true;
		break;
	case NODE_TOKEN:
		is_good = token(c, n, is_time, out);
		break;
	case NODE_CALL:
		is_good = call(c, n, is_time, out);
		break;
	}
	if (is_good && out->s[0] == '\0')
		return fail(c, "it is too large for one line of a map");
	return is_good;
}
