/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "keyfile/keyfile.h"
#include "map/lookup.h"
#include "map/parse.h"
#include "map/regex.h"

#define NAME_TEXT_MAX 64 /* bytes of a filter's, lookup's or group's name */

/* A whole number at the current byte. */
static int
whole_number(struct parse *ps, int64_t *out, size_t *len)
{
	size_t n = map__ahead(ps, 0) == '-' ? 1 : 0;

	while (is_digit(map__ahead(ps, n)))
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
		return map__fail(ps, open, 1,
		    "the regex is not closed; its / is missing (a # after a "
		    "blank begins a comment: write \\x23)");
	}
	arg->regex = map__regex_new(
	    ps->s + ps->at, end - ps->at, &fault_at, why, sizeof(why));
	if (arg->regex == NULL) {
		return map__fail(ps, ps->at + fault_at, 1, "regex: %s", why);
	}
	if (map__regex_groups(arg->regex) > ps->prog->groups)
		ps->prog->groups = map__regex_groups(arg->regex);
	ps->at = end + 1;
	if (is_alpha(map__ahead(ps, 0))) {
		return map__fail(ps, ps->at, 1,
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
		return map__fail(ps, ps->at, 1, "the name of a [lookup NAME]");
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
		(void)map__fail(ps, ps->at, n,
		    "no [lookup %s]; did you mean \"%s\"?", name, near);
	} else {
		(void)map__fail(ps, ps->at, n,
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
	result = map__plain(ps, &text);
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
	size_t n = map__name_len(ps), start = ps->at;
	char c = map__ahead(ps, 0);
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
		return map__fail(ps, start, n > 0 ? n : 1, "%s takes %s here",
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
		return map__fail(ps, at, len, "%s needs %s: %s(...)", f->name,
		    arg_words(f->args[0]), f->name);
	}
	return map__fail(ps, at, len, "%s needs %s and %s: %s(..., ...)",
	    f->name, arg_words(f->args[0]), arg_words(f->args[1]), f->name);
}

/* "(" arg { "," arg } ")" behind the filter's name at "at". */
static int
arguments(struct parse *ps, struct op *op, size_t at)
{
	const struct filter *f = op->filter;
	size_t name = strlen(f->name);
	unsigned int n = 0;

	map__skip_blanks(ps);
	if (map__ahead(ps, 0) != '(')
		return f->min_args > 0 ? too_few(ps, at, name, f) : 0;
	ps->at++;
	for (;;) {
		map__skip_blanks(ps);
		if (n == 0 && map__ahead(ps, 0) == ')')
			break;
		if (n == max_args(f)) {
			return map__fail(ps, ps->at, 1,
			    "%s takes %u argument%s at most", f->name, n,
			    n == 1 ? "" : "s");
		}
		if (argument(ps, f, n, &op->args[n]) == -1)
			return -1;
		n++;
		map__skip_blanks(ps);
		if (map__ahead(ps, 0) != ',')
			break;
		ps->at++;
	}
	if (map__ahead(ps, 0) != ')') {
		return map__fail(
		    ps, ps->at, 1, "the arguments of %s end with a )", f->name);
	}
	if (n < f->min_args)
		return too_few(ps, at, name, f);
	ps->at++;
	return 0;
}

int
map__parse_filter(struct parse *ps)
{
	size_t at, n;
	const char *why = NULL, *near;
	const struct filter *f = NULL;
	char name[NAME_TEXT_MAX];
	struct op *op;
	int bad;

	map__skip_blanks(ps);
	at = ps->at;
	n = map__name_len(ps);
	if (n == 0) {
		return map__fail(
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
			return map__fail(ps, at, n, "unknown filter");
		return map__fail(
		    ps, at, n, "unknown filter; did you mean \"%s\"?", near);
	}
	ps->at += n;
	op = map__add_op(ps, OP_FILTER, 0);
	op->filter = f;
	op->at = at;
	op->at_len = n;
	if (arguments(ps, op, at) == -1)
		return -1;
	bad = f->check == NULL ? -1 : f->check(op->args, &why);
	if (bad == -1)
		return 0;
	return map__fail(
	    ps, op->args[bad].at, op->args[bad].at_len, "%s: %s", f->name, why);
}
