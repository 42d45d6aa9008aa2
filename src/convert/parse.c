/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "convert/convert_priv.h"

struct source {
	struct convert *c;
	const char *at;
	unsigned int depth;
};

static struct node *
fail(struct source *s, const char *why)
{
	s->c->why = why;
	return NULL;
}

static void
skip_blanks(struct source *s)
{
	while (*s->at == ' ' || *s->at == '\t')
		s->at++;
}

static struct node *
new_node(struct source *s, enum node_kind kind, const char *text)
{
	struct node *n = convert__alloc(&s->c->work, sizeof(*n));

	n->kind = kind;
	n->text = text;
	return n;
}

/* "\" as an argument: the backslash between a domain and its user. */
static bool
is_backslash(const char *p)
{
	if (strncmp(p, "\"\\\"", 3) != 0)
		return false;
	p += 3;
	p += strspn(p, " \t");
	return *p == ',' || *p == ')';
}

/* "...", in which \" is a quote and any other \ itself: regexes have their
   backslashes doubled for the properties file alone. */
static struct node *
quoted(struct source *s)
{
	struct buf text;

	if (is_backslash(s->at)) {
		s->at += 3;
		return new_node(s, NODE_TEXT, "\\");
	}
	buf_init(&text, CONVERT_FILE_MAX);
	for (s->at++; *s->at != '\0' && *s->at != '"'; s->at++) {
		if (s->at[0] == '\\' && s->at[1] == '"')
			s->at++;
		buf_addc(&text, *s->at);
	}
	if (*s->at == '\0') {
		buf_fini(&text);
		return fail(s, "a quote is not closed");
	}
	s->at++;
	return new_node(s, NODE_TEXT, convert__take(&s->c->work, &text));
}

static struct node *operand(struct source *s);

/* What stands in the parentheses of an operation, and the closing one. */
static struct node *
arguments(/* NOLINT(misc-no-recursion): CONVERT_DEPTH_MAX */
    struct source *s, struct node *call)
{
	struct node *args[CONVERT_ARGS_MAX];
	size_t n = 0;

	skip_blanks(s);
	while (*s->at != ')') {
		if (n == CONVERT_ARGS_MAX)
			return fail(s, "it has too many arguments");
		args[n] = operand(s);
		if (args[n++] == NULL)
			return NULL;
		skip_blanks(s);
		if (*s->at == ',')
			s->at++;
		else if (*s->at != ')')
			return fail(s, "a , or ) is missing");
	}
	s->at++;
	call->args = convert__alloc(&s->c->work, n * sizeof(struct node *));
	if (n > 0)
		memcpy(call->args, args, n * sizeof(struct node *));
	call->n_args = n;
	return call;
}

/* An operation, or a token's name, which may hold blanks. */
static struct node *
bare(/* NOLINT(misc-no-recursion): CONVERT_DEPTH_MAX */
    struct source *s)
{
	bool is_call = s->at[0] == '_' && s->at[1] == '_';
	size_t len = strcspn(s->at, is_call ? "(,)" : ",)");
	size_t end = len;
	struct node *n;

	while (end > 0 && (s->at[end - 1] == ' ' || s->at[end - 1] == '\t'))
		end--;
	if (end == 0)
		return fail(s, "an argument is missing");
	n = new_node(s, NODE_TOKEN, convert__str(&s->c->work, s->at, end));
	s->at += len;
	if (!is_call || *s->at != '(')
		return n;
	s->at++;
	n->kind = NODE_CALL;
	return arguments(s, n);
}

static struct node *
operand(/* NOLINT(misc-no-recursion): CONVERT_DEPTH_MAX */
    struct source *s)
{
	struct node *n;

	if (s->depth == CONVERT_DEPTH_MAX)
		return fail(s, "it is nested too deeply");
	s->depth++;
	skip_blanks(s);
	n = *s->at == '"' ? quoted(s) : bare(s);
	s->depth--;
	return n;
}

struct node *
convert__parse(struct convert *c, const char *s)
{
	struct source from = { .c = c, .at = s };
	struct node *n;

	if (s[0] == '\0')
		return fail(&from, "nothing stands behind the =");
	if (s[0] == '=')
		return fail(&from, "there are two = in a row");
	n = operand(&from);
	if (n == NULL)
		return NULL;
	skip_blanks(&from);
	if (*from.at != '\0')
		return fail(&from, "more follows where it should end");
	return n;
}
