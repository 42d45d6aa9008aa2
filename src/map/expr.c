/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/obj.h"
#include "jsonpath/jsonpath.h"
#include "map/parse.h"
#include "map/regex.h"

/* A text that is written from byte "at" to the current one. */
static void
add_text(struct parse *ps, size_t at, const char *p, size_t len)
{
	struct op *op = map__add_op(ps, OP_TEXT, 1);

	op->at = at;
	op->at_len = ps->at - at;
	op->text = xcalloc(1, len + 1);
	memcpy(op->text, p, len);
	op->len = len;
}

static int expr(struct parse *ps);

/* "{" expr "}" */
static int
braces(struct parse *ps) /* NOLINT(misc-no-recursion): by expr() */
{
	size_t open = ps->at++;

	map__skip_blanks(ps);
	if (map__ahead(ps, 0) == '}') {
		return map__fail(ps, open, 2,
		    "nothing between the braces; write \\{\\} for the "
		    "characters");
	}
	if (expr(ps) == -1)
		return -1;
	if (map__ahead(ps, 0) != '}') {
		return map__fail(ps, open, 1,
		    "the brace is not closed; write \\{ for the character");
	}
	ps->at++;
	return 0;
}

static int
string(struct parse *ps) /* NOLINT(misc-no-recursion): by expr() */
{
	size_t quote = ps->at++, parts = 0;
	bool has_braces = false;
	struct buf text;
	int result;

	buf_init(&text, KF_LINE_MAX);
	while ((result = map__literal(ps, quote, &text)) == 0) {
		bool is_end = map__ahead(ps, 0) == '"';

		if (text.len > 0 || (is_end && parts == 0)) {
			add_text(ps, quote, text.p, text.len);
			ps->prog->ops[ps->prog->n - 1].at_len += is_end;
			parts++;
		}
		if (is_end)
			break;
		result = braces(ps);
		if (result == -1)
			break;
		parts++;
		has_braces = true;
	}
	buf_fini(&text);
	if (result == -1)
		return -1;
	ps->at++;
	if (has_braces)
		map__add_op(ps, OP_CONCAT, 1 - (int)parts)->n = parts;
	return 0;
}

/* ---- operands ---- */

void
map__queries_fini(struct expr_queries *q)
{
	for (size_t i = 0; i < q->n; i++)
		jpath_free(q->v[i]);
	free(q->v);
}

/* Take q over; its number, that of an equal one where there is one. */
static size_t
add_query(struct expr_queries *all, struct jpath *q)
{
	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(jpath_text(all->v[i]), jpath_text(q)) == 0) {
			jpath_free(q);
			return i;
		}
	}
	all->v = array_grow(all->v, all->n, &all->cap, sizeof(void *));
	all->v[all->n] = q;
	return all->n++;
}

static int
path(struct parse *ps)
{
	struct jpath_fault fault = { .offset = 0 };
	size_t used = 0;
	struct op *op;
	struct jpath *q;
	char c;

	q = jpath_compile(ps->s + ps->at, ps->len - ps->at, &used, &fault);
	if (q == NULL) {
		return map__fail(
		    ps, ps->at + fault.offset, fault.len, "%s", fault.message);
	}
	op = map__add_op(ps, OP_PATH, 1);
	op->query = add_query(ps->names->queries, q);
	op->path = ps->names->queries->v[op->query];
	ps->at += used;
	c = map__ahead(ps, 0);
	if (c == '-' || c == '@' || c == '.' || c == '[' || c == '#' ||
	    c == ':' || is_digit(c) || is_alpha(c)) {
		return map__fail(ps, ps->at, 1,
		    "the path ends here; a name with other characters than "
		    "letters, digits and _ is written ['...']");
	}
	return 0;
}

/* RFC 8259, 6; the text stays as written. */
static int
number(struct parse *ps)
{
	struct item it = { .p = ps->s + ps->at };
	size_t n = 0;

	while (is_digit(map__ahead(ps, n)) || is_alpha(map__ahead(ps, n)) ||
	    map__ahead(ps, n) == '.' || map__ahead(ps, n) == '-' ||
	    map__ahead(ps, n) == '+')
		n++;
	it.len = n;
	if (!map__f_number(NULL, NULL, &it)) {
		return map__fail(ps, ps->at, n,
		    "not a number; texts stand in double quotes");
	}
	ps->at += n;
	add_text(ps, ps->at - n, it.p, n);
	return 0;
}

/* Say what stands where an operand should. */
static int
no_operand(struct parse *ps)
{
	size_t n = map__name_len(ps);
	char c = map__ahead(ps, 0);

	if (c == '\'') {
		return map__fail(ps, ps->at, 1,
		    "texts stand in double quotes; single ones belong into "
		    "paths");
	}
	if (n > 0) {
		return map__fail(ps, ps->at, n,
		    "a path ($...), a \"text\" in double quotes or a number "
		    "is expected here");
	}
	if (ps->at == ps->len) {
		return map__fail(ps, ps->at, 1,
		    "the expression ends too early; a path, a \"text\" or a "
		    "number is missing");
	}
	return map__fail(ps, ps->at, 1,
	    "unexpected here; a path ($...), a \"text\", a number or a ( is "
	    "expected");
}

static int
parentheses(struct parse *ps) /* NOLINT(misc-no-recursion): by expr() */
{
	size_t open = ps->at++;

	if (expr(ps) == -1)
		return -1;
	if (map__ahead(ps, 0) != ')')
		return map__fail(ps, open, 1, "the parenthesis is not closed");
	ps->at++;
	return 0;
}

static int
operand(struct parse *ps) /* NOLINT(misc-no-recursion): by expr() */
{
	char c = map__ahead(ps, 0);

	if (c == '$' || c == '@')
		return path(ps);
	if (c == '"')
		return string(ps);
	if (c == '(')
		return parentheses(ps);
	if (is_digit(c) || c == '-')
		return number(ps);
	return no_operand(ps);
}

/* operand { "??" operand } */
static int
choice(struct parse *ps) /* NOLINT(misc-no-recursion): by expr() */
{
	size_t first = ps->prog->n;
	size_t last = SIZE_MAX; /* the ELSEs of this choice, chained by n */

	for (;;) {
		map__skip_blanks(ps);
		if (operand(ps) == -1)
			return -1;
		map__skip_blanks(ps);
		if (map__ahead(ps, 0) != '?' || map__ahead(ps, 1) != '?')
			break;
		ps->at += 2;
		map__add_op(ps, OP_ELSE, -1)->n = last;
		last = ps->prog->n - 1;
	}
	while (last != SIZE_MAX) {
		size_t next = ps->prog->ops[last].n;

		assert(last >= first);
		ps->prog->ops[last].n = ps->prog->n;
		last = next;
	}
	return 0;
}

/* choice { "|" filter } */
static int
expr(struct parse *ps) /* NOLINT(misc-no-recursion): MAP_EXPR_DEPTH_MAX */
{
	if (ps->depth == MAP_EXPR_DEPTH_MAX) {
		return map__fail(ps, ps->at, 1,
		    "nested more than %d deep; take it apart",
		    MAP_EXPR_DEPTH_MAX);
	}
	ps->depth++;
	if (choice(ps) == -1)
		return -1;
	for (;;) {
		map__skip_blanks(ps);
		if (map__ahead(ps, 0) != '|' || map__ahead(ps, 1) == '|')
			break;
		ps->at++;
		if (map__parse_filter(ps) == -1)
			return -1;
	}
	ps->depth--;
	return 0;
}

/* Say what stands behind the end of an expression. */
static int
no_end(struct parse *ps)
{
	char c = map__ahead(ps, 0);
	size_t n = map__name_len(ps);

	if (c == '|')
		return map__fail(ps, ps->at, 2, "a choice is written ??");
	if (c == '?')
		return map__fail(ps, ps->at, 1, "a choice is written ??");
	if (c == '+' || c == '"' || c == '$' || c == '@') {
		return map__fail(ps, ps->at, 1,
		    "unexpected here; values are put together in one string: "
		    "\"{$.a} and {$.b}\"");
	}
	if (n > 0)
		return map__fail(ps, ps->at, n,
		    "unexpected here; a filter follows "
		    "a |");
	return map__fail(ps, ps->at, 1, "unexpected here");
}

int
map__prog_compile(struct prog *p, const char *text, size_t len,
    const struct expr_names *names, struct expr_fault *fault)
{
	struct parse ps = {
		.s = text, .len = len, .prog = p, .names = names, .fault = fault
	};

	*p = (struct prog){ .n = 0 };
	if (expr(&ps) == -1)
		return -1;
	assert(ps.stack == 1);
	return ps.at < len ? no_end(&ps) : 0;
}

void
map__prog_fini(struct prog *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct op *op = &p->ops[i];

		free(op->text);
		for (size_t j = 0; j < FILTER_ARGS_MAX; j++) {
			free(op->args[j].text);
			map__regex_free(op->args[j].regex);
		}
	}
	free(p->ops);
	*p = (struct prog){ .n = 0 };
}

const char *
map__prog_constant(const struct prog *p, size_t *len)
{
	if (p->n != 1 || p->ops[0].kind != OP_TEXT)
		return NULL;
	*len = p->ops[0].len;
	return p->ops[0].text;
}
