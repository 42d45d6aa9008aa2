/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include <json-c/json_object.h>

#include "base/obj.h"

#include "jsonpath/jsonpath_priv.h"

#define SHOWN_MAX 60

/* NOLINTBEGIN(misc-no-recursion): jpath__enter() counts the nesting */

static struct logical *
new_logical(struct parser *p, enum logical_kind kind)
{
	struct logical *l = jpath__alloc(p->pool, sizeof(*l));

	l->kind = kind;
	return l;
}

/* What stood from start on, for a message. */
static int
shown(const struct parser *p, size_t start)
{
	size_t len = p->at - start;

	return len > SHOWN_MAX ? SHOWN_MAX : (int)len;
}

/* ---- comparables and arguments ---- */

static bool
is_word(const struct parser *p, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(p->text + p->at, word, len) == 0;
}

/* A word that is no literal and has no "(" right behind it. */
static int
bad_word(struct parser *p, size_t len)
{
	static const char *const literals[] = { "true", "false", "null" };
	const char *s = p->text + p->at, *near;
	int n = len > SHOWN_MAX ? SHOWN_MAX : (int)len;

	for (size_t i = 0; i < NELEM(literals); i++) {
		if (strlen(literals[i]) == len &&
		    strncasecmp(s, literals[i], len) == 0) {
			return jpath__fault(p, p->at, len,
			    "\"%.*s\" is unknown; write %s", n, s, literals[i]);
		}
	}
	if (is_word(p, len, "not") || is_word(p, len, "NOT")) {
		return jpath__fault(
		    p, p->at, len, "\"not\" is unknown; write !(…)");
	}
	if (jpath__function(s, len, &near) != NULL &&
	    jpath__peek(p, len) == ' ') {
		return jpath__fault(p, p->at + len, 1,
		    "no blank may stand behind \"%.*s\"; remove it", n, s);
	}
	return jpath__fault(p, p->at, len,
	    "\"%.*s\" is unknown; write '%.*s' for a text, @.%.*s for a "
	    "member",
	    n, s, n, s, n, s);
}

static void
put_json(void *o)
{
	(void)json_object_put(o);
}

/* true, false, null. */
static int
word(struct parser *p, struct operand *o)
{
	size_t len = jpath__name_len(p, p->at);
	bool is_true = is_word(p, len, "true");

	o->kind = OPERAND_LITERAL;
	if (is_true || is_word(p, len, "false")) {
		o->as.literal = json_object_new_boolean(is_true);
		jpath__own(p->pool, o->as.literal, put_json);
	} else if (!is_word(p, len, "null")) {
		return bad_word(p, len);
	}
	p->at += len;
	return 0;
}

static int
text_literal(struct parser *p, struct operand *o)
{
	size_t len;
	const char *s = jpath__string(p, &len);

	if (s == NULL)
		return -1;
	if (len > INT32_MAX) {
		return jpath__fault(p, p->at, 1, "a text of 2 GiB is too long");
	}
	o->as.literal = json_object_new_string_len(s, (int)len);
	jpath__own(p->pool, o->as.literal, put_json);
	return 0;
}

static struct call *call(struct parser *p, size_t len);

/* RFC 9535, 2.3.5.1: literal, query or function-expr. */
static struct operand *
operand(struct parser *p, const char *expected)
{
	struct operand *o = jpath__alloc(p->pool, sizeof(*o));
	int c = jpath__peek(p, 0);
	size_t len = jpath__name_len(p, p->at);
	bool is_done;

	if (c == '$' || c == '@') {
		o->kind = OPERAND_QUERY;
		o->as.query = jpath__parse_query(p);
		is_done = o->as.query != NULL;
	} else if (c == '\'' || c == '"') {
		is_done = text_literal(p, o) == 0;
	} else if (c == '-' || (c >= '0' && c <= '9')) {
		o->as.literal = jpath__number(p);
		is_done = o->as.literal != NULL;
	} else if (len > 0 && jpath__peek(p, len) == '(') {
		o->kind = OPERAND_CALL;
		o->as.call = call(p, len);
		is_done = o->as.call != NULL;
	} else if (len > 0) {
		is_done = word(p, o) == 0;
	} else {
		is_done = false;
		(void)jpath__unexpected(p, expected);
	}
	return is_done ? o : NULL;
}

/* RFC 9535, 2.4.3: what compares, or is an argument of ValueType. */
static int
check_value(struct parser *p, const struct operand *o, size_t start)
{
	int n = shown(p, start);

	switch (o->kind) {
	case OPERAND_LITERAL:
		return 0;
	case OPERAND_QUERY:
		if (o->as.query->is_singular)
			return 0;
		return jpath__fault(p, start, p->at - start,
		    "%.*s can yield several values, one is needed here; name "
		    "one, as in [0], or write value(%.*s)",
		    n, p->text + start, n, p->text + start);
	case OPERAND_CALL:
		if (o->as.call->function->result == TYPE_VALUE)
			return 0;
		return jpath__fault(p, start, p->at - start,
		    "%s() is a condition already, no value; write it alone, "
		    "or with ! before it",
		    o->as.call->function->name);
	}
	return -1;
}

static int
check_argument(struct parser *p, const struct function *f, size_t i,
    const struct operand *o, size_t start)
{
	if (f->args[i] == TYPE_VALUE)
		return check_value(p, o, start);
	if (o->kind == OPERAND_QUERY)
		return 0;
	return jpath__fault(p, start, p->at - start,
	    "%s() takes a query, as in %s", f->name, f->example);
}

/* ---- functions ---- */

static int
wrong_count(struct parser *p, const struct function *f, size_t start)
{
	return jpath__fault(p, start, p->at - start, "%s() takes %s, as in %s",
	    f->name, f->n_args == 1 ? "one argument" : "two arguments",
	    f->example);
}

static int
argument(struct parser *p, struct call *c, size_t i)
{
	size_t start = p->at;

	c->args[i] = operand(p, "a literal, a query or a function");
	if (c->args[i] == NULL)
		return -1;
	return check_argument(p, c->function, i, c->args[i], start);
}

static void
free_regex(void *r)
{
	jpath__regex_free(r);
}

/*
 * RFC 9535, 2.4.6 lets a pattern that is no I-Regexp match nothing.  Where it
 * is written in the query itself, that serves nobody: it is a fault.
 */
static int
literal_regex(struct parser *p, struct call *c, size_t start)
{
	const struct operand *o = c->args[1];
	struct regex_fault f;
	size_t at;

	if (!c->function->has_regex || o->kind != OPERAND_LITERAL ||
	    !json_object_is_type(o->as.literal, json_type_string))
		return 0;
	if (jpath__regex_new(json_object_get_string(o->as.literal),
		(size_t)json_object_get_string_len(o->as.literal),
		c->function->is_anchored, &c->regex, &f) != REGEX_OK) {
		at = jpath__string_offset(p, start, f.offset);
		return jpath__fault(p, at,
		    jpath__string_offset(p, start, f.offset + f.len) - at, "%s",
		    f.message);
	}
	jpath__own(p->pool, c->regex, free_regex);
	return 0;
}

/* From "(" to ")".  last is where the last argument starts. */
static int
arguments(struct parser *p, struct call *c, size_t start, size_t *last)
{
	size_t open = p->at++;

	jpath__skip_blanks(p);
	for (size_t i = 0; !jpath__accept(p, ')'); i++) {
		if (i == c->function->n_args)
			return wrong_count(p, c->function, start);
		*last = p->at;
		if (argument(p, c, i) == -1)
			return -1;
		jpath__skip_blanks(p);
		if (jpath__peek(p, 0) == ')')
			continue;
		if (jpath__peek(p, 0) == -1) {
			return jpath__fault(p, open, 1,
			    "the parenthesis is never closed; write \")\" at "
			    "its end");
		}
		if (!jpath__accept(p, ','))
			return jpath__unexpected(p, "\",\" or \")\"");
		jpath__skip_blanks(p);
		if (jpath__peek(p, 0) == ')')
			return jpath__unexpected(p, "an argument");
	}
	if (c->args[c->function->n_args - 1] == NULL)
		return wrong_count(p, c->function, start);
	return 0;
}

/* A function's name of len bytes stands here, and "(". */
static struct call *
call(struct parser *p, size_t len)
{
	struct call *c = jpath__alloc(p->pool, sizeof(*c));
	size_t start = p->at, last = 0;
	int n = len > SHOWN_MAX ? SHOWN_MAX : (int)len;
	const char *near;

	c->function = jpath__function(p->text + start, len, &near);
	if (c->function == NULL && near != NULL) {
		(void)jpath__fault(p, start, len,
		    "there is no function \"%.*s\"; did you mean \"%s\"?", n,
		    p->text + start, near);
		return NULL;
	}
	if (c->function == NULL) {
		(void)jpath__fault(p, start, len,
		    "there is no function \"%.*s\"; there are length, count, "
		    "match, search and value",
		    n, p->text + start);
		return NULL;
	}
	if (jpath__enter(p, start) == -1)
		return NULL;
	p->at += len;
	if (arguments(p, c, start, &last) == -1 ||
	    literal_regex(p, c, last) == -1)
		return NULL;
	jpath__leave(p);
	return c;
}

/* ---- conditions ---- */

static const struct {
	const char *text;
	enum compare_op op;
} ops[] = {
	{ "==", COMPARE_EQ },
	{ "!=", COMPARE_NE },
	{ "<=", COMPARE_LE },
	{ ">=", COMPARE_GE },
	{ "<", COMPARE_LT },
	{ ">", COMPARE_GT },
};

static bool
accept_op(struct parser *p, enum compare_op *op)
{
	for (size_t i = 0; i < NELEM(ops); i++) {
		if (jpath__accept_text(p, ops[i].text)) {
			*op = ops[i].op;
			return true;
		}
	}
	return false;
}

/* Operators of other languages, where ours would stand. */
static const struct {
	const char *text, *mend;
	bool is_word;
} slips[] = {
	{ "===", "==", false },
	{ "!==", "!=", false },
	{ "=~", "match(@.a, 'pattern') or search(@.a, 'pattern')", false },
	{ "<>", "!=", false },
	{ "=>", ">=", false },
	{ "=<", "<=", false },
	{ "==", NULL, false },
	{ "=", "==", false },
	{ "&&", NULL, false },
	{ "&", "&&", false },
	{ "||", NULL, false },
	{ "|", "||", false },
	{ "and", "&&", true },
	{ "AND", "&&", true },
	{ "or", "||", true },
	{ "OR", "||", true },
	{ "eq", "==", true },
	{ "ne", "!=", true },
	{ "lt", "<", true },
	{ "le", "<=", true },
	{ "gt", ">", true },
	{ "ge", ">=", true },
};

/* 0, or -1 when a foreign operator stands here. */
static int
check_slip(struct parser *p)
{
	size_t name = jpath__name_len(p, p->at);

	for (size_t i = 0; i < NELEM(slips); i++) {
		size_t len = strlen(slips[i].text);

		if (slips[i].is_word && name != len)
			continue;
		if (len > p->len - p->at ||
		    memcmp(p->text + p->at, slips[i].text, len) != 0)
			continue;
		if (slips[i].mend == NULL)
			return 0;
		return jpath__fault(p, p->at, len,
		    "\"%s\" is no operator; write %s", slips[i].text,
		    slips[i].mend);
	}
	return 0;
}

static struct logical *
negate(struct parser *p, struct logical *l)
{
	struct logical *outer;

	if (l == NULL)
		return NULL;
	outer = new_logical(p, LOGICAL_NOT);
	outer->as.list = l;
	return outer;
}

static struct logical *
compare(struct parser *p, struct operand *left, size_t start, size_t end,
    enum compare_op op)
{
	struct logical *l = new_logical(p, LOGICAL_COMPARE);
	size_t back = p->at;

	p->at = end;
	if (check_value(p, left, start) == -1)
		return NULL;
	p->at = back;
	jpath__skip_blanks(p);
	start = p->at;
	l->as.compare.op = op;
	l->as.compare.left = left;
	l->as.compare.right =
	    operand(p, "a literal, a query or a function to compare with");
	if (l->as.compare.right == NULL ||
	    check_value(p, l->as.compare.right, start) == -1)
		return NULL;
	return l;
}

/* RFC 9535, 2.3.5.1: test-expr. */
static struct logical *
test(struct parser *p, const struct operand *o, size_t start)
{
	struct logical *l;

	switch (o->kind) {
	case OPERAND_LITERAL:
		(void)jpath__fault(p, start, p->at - start,
		    "a literal alone is no condition; compare it, as in @.a "
		    "== %.*s",
		    shown(p, start), p->text + start);
		return NULL;
	case OPERAND_QUERY:
		l = new_logical(p, LOGICAL_EXISTS);
		l->as.query = o->as.query;
		return l;
	case OPERAND_CALL:
		if (o->as.call->function->result == TYPE_VALUE) {
			(void)jpath__fault(p, start, p->at - start,
			    "%s() yields a value, no condition; compare it, as "
			    "in %s == 1",
			    o->as.call->function->name,
			    o->as.call->function->example);
			return NULL;
		}
		l = new_logical(p, LOGICAL_CALL);
		l->as.call = o->as.call;
		return l;
	}
	return NULL;
}

/* comparison-expr, or test-expr without its "!". */
static struct logical *
condition(struct parser *p, bool is_negated)
{
	static const char expected[] =
	    "a condition: a query, a literal, a function, \"!\" or \"(\"";
	size_t start = p->at, end;
	enum compare_op op;
	struct operand *o;

	o = operand(p, expected);
	if (o == NULL)
		return NULL;
	end = p->at;
	jpath__skip_blanks(p);
	if (check_slip(p) == -1)
		return NULL;
	if (!accept_op(p, &op)) {
		p->at = end;
		return test(p, o, start);
	}
	if (is_negated) {
		(void)jpath__fault(p, start, p->at - start,
		    "\"!\" negates no comparison; write !(…) around it");
		return NULL;
	}
	return compare(p, o, start, end, op);
}

static struct logical *
parenthesis(struct parser *p)
{
	size_t open = p->at, back;
	struct logical *l;
	enum compare_op op;

	if (jpath__enter(p, open) == -1)
		return NULL;
	p->at++;
	jpath__skip_blanks(p);
	l = jpath__parse_logical(p);
	if (l == NULL)
		return NULL;
	jpath__skip_blanks(p);
	if (jpath__peek(p, 0) == -1) {
		(void)jpath__fault(p, open, 1,
		    "the parenthesis is never closed; write \")\" at its end");
		return NULL;
	}
	if (!jpath__accept(p, ')')) {
		(void)jpath__unexpected(p, "\"&&\", \"||\" or \")\"");
		return NULL;
	}
	back = p->at;
	jpath__skip_blanks(p);
	if (accept_op(p, &op)) {
		(void)jpath__fault(p, open, back - open,
		    "a condition in parentheses cannot be compared; compare "
		    "inside them");
		return NULL;
	}
	p->at = back;
	jpath__leave(p);
	return l;
}

/* RFC 9535, 2.3.5.1: basic-expr. */
static struct logical *
basic(struct parser *p)
{
	bool is_negated = jpath__accept(p, '!');
	struct logical *l;

	if (is_negated)
		jpath__skip_blanks(p);
	if (jpath__peek(p, 0) == '(')
		l = parenthesis(p);
	else
		l = condition(p, is_negated);
	return is_negated ? negate(p, l) : l;
}

/* logical-or-expr of logical-and-exprs, or the latter of basic-exprs. */
static struct logical *
chain(struct parser *p, enum logical_kind kind)
{
	bool is_or = kind == LOGICAL_OR;
	struct logical *first = NULL, **link = &first, *group;

	for (;;) {
		size_t back;

		*link = is_or ? chain(p, LOGICAL_AND) : basic(p);
		if (*link == NULL)
			return NULL;
		link = &(*link)->next;
		back = p->at;
		jpath__skip_blanks(p);
		if (check_slip(p) == -1)
			return NULL;
		if (!jpath__accept_text(p, is_or ? "||" : "&&")) {
			p->at = back;
			break;
		}
		jpath__skip_blanks(p);
	}
	if (first->next == NULL)
		return first;
	group = new_logical(p, kind);
	group->as.list = first;
	return group;
}

struct logical *
jpath__parse_logical(struct parser *p)
{
	return chain(p, LOGICAL_OR);
}

/* NOLINTEND(misc-no-recursion) */
