/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/obj.h"
#include "base/utf8.h"
#include "jsonpath/jsonpath.h"
#include "keyfile/keyfile.h"
#include "map/expr.h"
#include "map/lookup.h"
#include "map/regex.h"

#define NAME_TEXT_MAX 64 /* bytes of a filter's, lookup's or group's name */

struct parse {
	const char *s;
	size_t len;
	size_t at;
	unsigned int depth;
	size_t stack; /* values on it at this point of the program */
	struct prog *prog;
	const struct expr_names *names;
	struct expr_fault *fault;
};

static int fail(struct parse *ps, size_t offset, size_t len, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));

static int
fail(struct parse *ps, size_t offset, size_t len, const char *fmt, ...)
{
	va_list ap;

	ps->fault->offset = offset;
	ps->fault->len = len;
	va_start(ap, fmt);
	(void)vsnprintf(
	    ps->fault->message, sizeof(ps->fault->message), fmt, ap);
	va_end(ap);
	return -1;
}

static void
skip_blanks(struct parse *ps)
{
	while (
	    ps->at < ps->len && (ps->s[ps->at] == ' ' || ps->s[ps->at] == '\t'))
		ps->at++;
}

/* The byte n ahead, '\0' past the end. */
static char
ahead(const struct parse *ps, size_t n)
{
	if (n >= ps->len - ps->at)
		return '\0';
	return ps->s[ps->at + n];
}

static bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The length of a name at the current byte. */
static size_t
name_len(const struct parse *ps)
{
	size_t n = 0;

	while (is_alpha(ahead(ps, n)) || is_digit(ahead(ps, n)) ||
	    ahead(ps, n) == '-')
		n++;
	return n;
}

/* Add an op that changes the stack by grow values. */
static struct op *
add_op(struct parse *ps, enum op_kind kind, int grow)
{
	struct prog *p = ps->prog;
	struct op *op;

	p->ops = array_grow(p->ops, p->n, &p->cap, sizeof(*p->ops));
	op = &p->ops[p->n++];
	*op = (struct op){ .kind = kind };
	ps->stack = (size_t)((ptrdiff_t)ps->stack + grow);
	if (ps->stack > p->stack)
		p->stack = ps->stack;
	return op;
}

static void
add_text(struct parse *ps, const char *p, size_t len)
{
	struct op *op = add_op(ps, OP_TEXT, 1);

	op->text = xcalloc(1, len + 1);
	memcpy(op->text, p, len);
	op->len = len;
}

/* ---- strings ---- */

/* \uXXXX, where a pair of surrogates is one character (RFC 8259, 7). */
static size_t
unicode_escape(const char *p, size_t len, unsigned long *cp)
{
	unsigned long half[2] = { 0, 0 };
	size_t n = 0;

	for (; n < 2; n++) {
		const char *q = p + n * 6;

		if (len < (n + 1) * 6 || q[0] != '\\' || q[1] != 'u')
			break;
		for (size_t i = 2; i < 6; i++) {
			static const char digits[] = "0123456789abcdef";
			const char *hit;

			hit = q[i] == '\0' ? NULL : strchr(digits, q[i] | 0x20);
			if (hit == NULL || (!is_digit(q[i]) && !is_alpha(q[i])))
				return 0;
			half[n] = half[n] * 16 + (unsigned long)(hit - digits);
		}
		if (n == 0 && (half[0] < 0xd800 || half[0] > 0xdbff))
			break;
	}
	*cp = half[0];
	if (half[0] < 0xd800 || half[0] > 0xdfff)
		return 6;
	if (n < 2 || half[1] < 0xdc00 || half[1] > 0xdfff)
		return 0;
	*cp = 0x10000 + ((half[0] - 0xd800) << 10) + (half[1] - 0xdc00);
	return 12;
}

/* Undo the escape at the current byte into out. */
static int
escape(struct parse *ps, struct buf *out)
{
	static const char from[] = "\\\"{}nt", to[] = "\\\"{}\n\t";
	char c = ahead(ps, 1);
	const char *hit = c == '\0' ? NULL : strchr(from, c);
	unsigned long cp;
	size_t n;

	if (hit != NULL) {
		buf_addc(out, to[hit - from]);
		ps->at += 2;
		return 0;
	}
	if (c == 'u') {
		n = unicode_escape(ps->s + ps->at, ps->len - ps->at, &cp);
		if (n == 0) {
			return fail(ps, ps->at, 2,
			    "\\u takes four hexadecimal digits of a character, "
			    "a pair of surrogates for one past U+FFFF");
		}
		buf_add_utf8(out, cp);
		ps->at += n;
		return 0;
	}
	return fail(ps, ps->at, 2,
	    "unknown escape; there are \\\\ \\\" \\{ \\} \\n \\t \\uXXXX "
	    "(a backslash itself is \\\\)");
}

static int
not_closed(struct parse *ps, size_t quote)
{
	return fail(
	    ps, quote, 1, "the string is not closed; its \" is missing");
}

/* Characters and escapes up to the closing quote or a brace. */
static int
literal(struct parse *ps, size_t quote, struct buf *out)
{
	buf_reset(out);
	while (ps->at < ps->len) {
		char c = ps->s[ps->at];

		if (c == '"' || c == '{')
			return 0;
		if (c == '}') {
			return fail(ps, ps->at, 1,
			    "a brace without its opening one; "
			    "write \\} for the character");
		}
		if (c == '\\') {
			if (escape(ps, out) == -1)
				return -1;
			continue;
		}
		buf_addc(out, c);
		ps->at++;
	}
	return not_closed(ps, quote);
}

static int expr(struct parse *ps);

/* "{" expr "}" */
static int
braces(struct parse *ps) /* NOLINT(misc-no-recursion): by expr() */
{
	size_t open = ps->at++;

	skip_blanks(ps);
	if (ahead(ps, 0) == '}') {
		return fail(ps, open, 2,
		    "nothing between the braces; write \\{\\} for the "
		    "characters");
	}
	if (expr(ps) == -1)
		return -1;
	if (ahead(ps, 0) != '}') {
		return fail(ps, open, 1,
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
	while ((result = literal(ps, quote, &text)) == 0) {
		bool is_end = ahead(ps, 0) == '"';

		if (text.len > 0 || (is_end && parts == 0)) {
			add_text(ps, text.p, text.len);
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
		add_op(ps, OP_CONCAT, 1 - (int)parts)->n = parts;
	return 0;
}

/* Whether an expression seems to be meant by the "{" at the current byte. */
static bool
is_expression(const struct parse *ps)
{
	size_t n = 1;

	while (ahead(ps, n) == ' ')
		n++;
	return ahead(ps, n) != '\0' && strchr("$@\"(", ahead(ps, n)) != NULL;
}

/* A string whose braces are characters, escaped or not: "${1}". */
static int
plain_string(struct parse *ps, struct buf *out)
{
	size_t quote = ps->at++;

	buf_reset(out);
	while (ps->at < ps->len && ahead(ps, 0) != '"') {
		if (ahead(ps, 0) == '\\') {
			if (escape(ps, out) == -1)
				return -1;
			continue;
		}
		if (ahead(ps, 0) == '{' && is_expression(ps)) {
			return fail(ps, ps->at, 1,
			    "no expressions in this string; write \\{ for "
			    "the character");
		}
		buf_addc(out, ahead(ps, 0));
		ps->at++;
	}
	if (ps->at == ps->len)
		return not_closed(ps, quote);
	ps->at++;
	return 0;
}

size_t
map__plain_string(
    const char *text, size_t len, struct buf *out, struct expr_fault *fault)
{
	struct parse ps = { .s = text, .len = len, .fault = fault };

	return plain_string(&ps, out) == -1 ? 0 : ps.at;
}

/* ---- arguments of filters ---- */

/* A whole number at the current byte. */
static int
whole_number(struct parse *ps, int64_t *out, size_t *len)
{
	size_t n = ahead(ps, 0) == '-' ? 1 : 0;

	while (is_digit(ahead(ps, n)))
		n++;
	*len = n;
	if (n == 0 || num_i64(ps->s + ps->at, n, out, NULL) == -1)
		return -1;
	ps->at += n;
	return 0;
}

static int
regex_arg(struct parse *ps, struct filter_arg *arg)
{
	size_t open = ps->at++, end = ps->at, fault_at = 0;
	char why[160];

	while (end < ps->len && ps->s[end] != '/')
		end += ps->s[end] == '\\' ? 2 : 1;
	if (end >= ps->len) {
		return fail(ps, open, 1,
		    "the regex is not closed; its / is missing (a # after a "
		    "blank begins a comment: write \\x23)");
	}
	arg->regex = map__regex_new(
	    ps->s + ps->at, end - ps->at, &fault_at, why, sizeof(why));
	if (arg->regex == NULL) {
		return fail(ps, ps->at + fault_at, 1, "regex: %s", why);
	}
	if (map__regex_groups(arg->regex) > ps->prog->groups)
		ps->prog->groups = map__regex_groups(arg->regex);
	ps->at = end + 1;
	if (is_alpha(ahead(ps, 0))) {
		return fail(ps, ps->at, 1,
		    "nothing follows the / of a regex; options stand at its "
		    "start: /(?i).../");
	}
	return 0;
}

static int
lookup_arg(struct parse *ps, struct filter_arg *arg, size_t n)
{
	const struct expr_names *names = ps->names;
	const char *near = NULL, **all;
	char name[NAME_TEXT_MAX];

	if (n == 0 || n >= sizeof(name))
		return fail(ps, ps->at, 1, "the name of a [lookup NAME]");
	memcpy(name, ps->s + ps->at, n);
	name[n] = '\0';
	for (size_t i = 0; i < names->n_lookups; i++) {
		if (strcmp(names->lookups[i].name, name) == 0) {
			arg->lookup = &names->lookups[i];
			arg->lookup->is_used = true;
			ps->at += n;
			return 0;
		}
	}
	all = xcalloc(names->n_lookups + 1, sizeof(*all));
	for (size_t i = 0; i < names->n_lookups; i++)
		all[i] = names->lookups[i].name;
	near = near_name(name, all, names->n_lookups);
	if (near != NULL) {
		(void)fail(ps, ps->at, n,
		    "no [lookup %s]; did you mean \"%s\"?", name, near);
	} else {
		(void)fail(ps, ps->at, n,
		    "no [lookup %s]; add that section to the map", name);
	}
	free(all);
	return -1;
}

/* Take n bytes from p as the argument's text. */
static void
set_arg_text(struct filter_arg *arg, const char *p, size_t n)
{
	arg->text = xcalloc(1, n + 1);
	memcpy(arg->text, p, n);
	arg->len = n;
}

static int
text_arg(struct parse *ps, struct filter_arg *arg)
{
	struct buf text;
	int result;

	buf_init(&text, KF_LINE_MAX);
	result = plain_string(ps, &text);
	if (result == 0)
		set_arg_text(arg, text.p, text.len);
	buf_fini(&text);
	return result;
}

/* What an argument of that kind begins with, for the message. */
static const char *
arg_words(enum arg_kind kind)
{
	switch (kind) {
	case ARG_NONE:
		return "nothing";
	case ARG_TEXT:
		return "a \"string\"";
	case ARG_NUMBER:
		return "a whole number";
	case ARG_REGEX:
		return "a /regex/";
	case ARG_LOOKUP:
		return "the name of a lookup, without quotes";
	case ARG_VALUE:
		return "a \"string\" or a number";
	case ARG_GROUP:
		return "a group, by number or name";
	}
	return "";
}

/* Read one argument.  0, or -1 with fault. */
static int
argument(struct parse *ps, const struct filter *f, unsigned int i,
    struct filter_arg *arg)
{
	enum arg_kind kind = f->args[i];
	size_t n = name_len(ps), start = ps->at;
	char c = ahead(ps, 0);
	bool is_number = c == '-' || is_digit(c);
	int result = -2;

	if (c == '"' && (kind == ARG_TEXT || kind == ARG_VALUE))
		result = text_arg(ps, arg);
	else if (c == '/' && kind == ARG_REGEX)
		result = regex_arg(ps, arg);
	else if (kind == ARG_LOOKUP && n > 0)
		result = lookup_arg(ps, arg, n);
	else if (is_number && (kind == ARG_NUMBER || kind == ARG_GROUP))
		result = whole_number(ps, &arg->number, &n) == 0 ? 0 : -2;
	else if (is_number && kind == ARG_VALUE) {
		result = whole_number(ps, &arg->number, &n) == 0 ? 0 : -2;
		if (result == 0)
			set_arg_text(arg, ps->s + start, n);
	} else if (kind == ARG_GROUP && is_alpha(c)) {
		set_arg_text(arg, ps->s + start, n);
		ps->at += n;
		result = 0;
	}
	arg->kind = kind;
	arg->at = start;
	arg->at_len = ps->at > start ? ps->at - start : 1;
	if (result == -2) {
		return fail(ps, start, n > 0 ? n : 1, "%s takes %s here",
		    f->name, arg_words(kind));
	}
	return result;
}

static unsigned int
max_args(const struct filter *f)
{
	unsigned int n = 0;

	while (n < FILTER_ARGS_MAX && f->args[n] != ARG_NONE)
		n++;
	return n;
}

static int
too_few(struct parse *ps, size_t at, size_t len, const struct filter *f)
{
	if (f->min_args == 1) {
		return fail(ps, at, len, "%s needs %s: %s(...)", f->name,
		    arg_words(f->args[0]), f->name);
	}
	return fail(ps, at, len, "%s needs %s and %s: %s(..., ...)", f->name,
	    arg_words(f->args[0]), arg_words(f->args[1]), f->name);
}

/* "(" arg { "," arg } ")" behind the filter's name at "at". */
static int
arguments(struct parse *ps, struct op *op, size_t at)
{
	const struct filter *f = op->filter;
	size_t name = strlen(f->name);
	unsigned int n = 0;

	skip_blanks(ps);
	if (ahead(ps, 0) != '(')
		return f->min_args > 0 ? too_few(ps, at, name, f) : 0;
	ps->at++;
	for (;;) {
		skip_blanks(ps);
		if (n == 0 && ahead(ps, 0) == ')')
			break;
		if (n == max_args(f)) {
			return fail(ps, ps->at, 1,
			    "%s takes %u argument%s at most", f->name, n,
			    n == 1 ? "" : "s");
		}
		if (argument(ps, f, n, &op->args[n]) == -1)
			return -1;
		n++;
		skip_blanks(ps);
		if (ahead(ps, 0) != ',')
			break;
		ps->at++;
	}
	if (ahead(ps, 0) != ')') {
		return fail(
		    ps, ps->at, 1, "the arguments of %s end with a )", f->name);
	}
	if (n < f->min_args)
		return too_few(ps, at, name, f);
	ps->at++;
	return 0;
}

/* name [ "(" ... ")" ] behind a "|" */
static int
filter(struct parse *ps)
{
	size_t at, n;
	const char *why = NULL, *near;
	const struct filter *f = NULL;
	char name[NAME_TEXT_MAX];
	struct op *op;
	int bad;

	skip_blanks(ps);
	at = ps->at;
	n = name_len(ps);
	if (n == 0) {
		return fail(
		    ps, at, 1, "a | is followed by the name of a filter");
	}
	if (n < sizeof(name)) {
		memcpy(name, ps->s + at, n);
		name[n] = '\0';
		f = map__filter_find(name);
	}
	if (f == NULL) {
		near = n < sizeof(name) ? map__filter_near(name) : NULL;
		if (near == NULL)
			return fail(ps, at, n, "unknown filter");
		return fail(
		    ps, at, n, "unknown filter; did you mean \"%s\"?", near);
	}
	ps->at += n;
	op = add_op(ps, OP_FILTER, 0);
	op->filter = f;
	if (arguments(ps, op, at) == -1)
		return -1;
	bad = f->check == NULL ? -1 : f->check(op->args, &why);
	if (bad == -1)
		return 0;
	return fail(
	    ps, op->args[bad].at, op->args[bad].at_len, "%s: %s", f->name, why);
}

/* ---- operands ---- */

static int
path(struct parse *ps)
{
	struct jpath_fault fault = { .offset = 0 };
	size_t used = 0;
	struct jpath *q;
	char c;

	q = jpath_compile(ps->s + ps->at, ps->len - ps->at, &used, &fault);
	if (q == NULL) {
		return fail(
		    ps, ps->at + fault.offset, fault.len, "%s", fault.message);
	}
	add_op(ps, OP_PATH, 1)->path = q;
	ps->at += used;
	c = ahead(ps, 0);
	if (c == '-' || c == '@' || c == '.' || c == '[' || c == '#' ||
	    c == ':' || is_digit(c) || is_alpha(c)) {
		return fail(ps, ps->at, 1,
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

	while (is_digit(ahead(ps, n)) || is_alpha(ahead(ps, n)) ||
	    ahead(ps, n) == '.' || ahead(ps, n) == '-' || ahead(ps, n) == '+')
		n++;
	it.len = n;
	if (!map__f_number(NULL, NULL, &it)) {
		return fail(ps, ps->at, n,
		    "not a number; texts stand in double quotes");
	}
	add_text(ps, ps->s + ps->at, n);
	ps->at += n;
	return 0;
}

/* Say what stands where an operand should. */
static int
no_operand(struct parse *ps)
{
	size_t n = name_len(ps);
	char c = ahead(ps, 0);

	if (c == '\'') {
		return fail(ps, ps->at, 1,
		    "texts stand in double quotes; single ones belong into "
		    "paths");
	}
	if (n > 0) {
		return fail(ps, ps->at, n,
		    "a path ($...), a \"text\" in double quotes or a number "
		    "is expected here");
	}
	if (ps->at == ps->len) {
		return fail(ps, ps->at, 1,
		    "the expression ends too early; a path, a \"text\" or a "
		    "number is missing");
	}
	return fail(ps, ps->at, 1,
	    "unexpected here; a path ($...), a \"text\", a number or a ( is "
	    "expected");
}

static int
parentheses(struct parse *ps) /* NOLINT(misc-no-recursion): by expr() */
{
	size_t open = ps->at++;

	if (expr(ps) == -1)
		return -1;
	if (ahead(ps, 0) != ')')
		return fail(ps, open, 1, "the parenthesis is not closed");
	ps->at++;
	return 0;
}

static int
operand(struct parse *ps) /* NOLINT(misc-no-recursion): by expr() */
{
	char c = ahead(ps, 0);

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
		skip_blanks(ps);
		if (operand(ps) == -1)
			return -1;
		skip_blanks(ps);
		if (ahead(ps, 0) != '?' || ahead(ps, 1) != '?')
			break;
		ps->at += 2;
		add_op(ps, OP_ELSE, -1)->n = last;
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
		return fail(ps, ps->at, 1,
		    "nested more than %d deep; take it apart",
		    MAP_EXPR_DEPTH_MAX);
	}
	ps->depth++;
	if (choice(ps) == -1)
		return -1;
	for (;;) {
		skip_blanks(ps);
		if (ahead(ps, 0) != '|' || ahead(ps, 1) == '|')
			break;
		ps->at++;
		if (filter(ps) == -1)
			return -1;
	}
	ps->depth--;
	return 0;
}

/* Say what stands behind the end of an expression. */
static int
no_end(struct parse *ps)
{
	char c = ahead(ps, 0);
	size_t n = name_len(ps);

	if (c == '|')
		return fail(ps, ps->at, 2, "a choice is written ??");
	if (c == '?')
		return fail(ps, ps->at, 1, "a choice is written ??");
	if (c == '+' || c == '"' || c == '$' || c == '@') {
		return fail(ps, ps->at, 1,
		    "unexpected here; values are put together in one string: "
		    "\"{$.a} and {$.b}\"");
	}
	if (n > 0)
		return fail(ps, ps->at, n,
		    "unexpected here; a filter follows "
		    "a |");
	return fail(ps, ps->at, 1, "unexpected here");
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
		jpath_free(op->path);
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
