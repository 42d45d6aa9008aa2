/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include "jsonpath/jsonpath_priv.h"

/* Of a text that is quoted in a message. */
#define SHOWN_MAX 60

/* NOLINTBEGIN(misc-no-recursion): jpath__enter() counts filters */

static int
shown(size_t len)
{
	return len > SHOWN_MAX ? SHOWN_MAX : (int)len;
}

static struct selector *
new_selector(struct parser *p, enum selector_kind kind)
{
	struct selector *s = jpath__alloc(p->pool, sizeof(*s));

	s->kind = kind;
	return s;
}

/* What stands at "at" is no plain name, or the name before it ends oddly;
   name is where it starts. */
static int
bad_name(struct parser *p, size_t name)
{
	size_t len = jpath__wished_len(p, name);

	return jpath__fault(p, p->at, 1,
	    "\"%c\" is not allowed in a plain name; write ['%.*s']",
	    p->text[p->at], shown(len), p->text + name);
}

static int
no_name(struct parser *p, bool is_descendant)
{
	const char *dots = is_descendant ? ".." : ".";
	int c = jpath__peek(p, 0);
	size_t len;

	if (jpath__is_wished(c) && jpath__wished_len(p, p->at) > 1)
		return bad_name(p, p->at);
	if (c >= '0' && c <= '9') {
		len = jpath__wished_len(p, p->at);
		return jpath__fault(p, p->at, len,
		    "a plain name may not begin with a digit; write ['%.*s'] "
		    "for a member, [%c] for an element",
		    shown(len), p->text + p->at, c);
	}
	if (c == '\'' || c == '"') {
		return jpath__fault(p, p->at, 1,
		    "a name in quotes stands in brackets, as in %s['name']",
		    is_descendant ? dots : "");
	}
	if (c == '[') {
		return jpath__fault(p, p->at - 1, 1,
		    "no \".\" may stand before \"[\"; remove it");
	}
	if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
		return jpath__fault(p, p->at, 1,
		    "no blank may stand behind \"%s\"; remove it", dots);
	}
	return jpath__unexpected(p,
	    is_descendant ? "a name, \"*\" or \"[\" behind \"..\"" :
			    "a name or \"*\" behind \".\"");
}

/* json-c salts its hash once a process, and all its objects share it. */
static unsigned long
hash_of(const char *name)
{
	struct json_object *any = json_object_new_object();
	unsigned long hash;

	if (any == NULL)
		abort();
	hash = lh_get_hash(json_object_get_object(any), name);
	(void)json_object_put(any);
	return hash;
}

/* RFC 9535, 2.5.1.1: wildcard-selector or member-name-shorthand. */
static struct selector *
shorthand(struct parser *p, bool is_descendant)
{
	size_t start = p->at, len = jpath__name_len(p, start);
	struct selector *s;
	char *name;

	if (jpath__accept(p, '*'))
		return new_selector(p, SELECT_WILDCARD);
	if (len == 0) {
		(void)no_name(p, is_descendant);
		return NULL;
	}
	p->at += len;
	if (jpath__is_wished(jpath__peek(p, 0))) {
		(void)bad_name(p, start);
		return NULL;
	}
	name = jpath__alloc(p->pool, len + 1);
	memcpy(name, p->text + start, len);
	s = new_selector(p, SELECT_NAME);
	s->as.name = name;
	s->hash = hash_of(name);
	return s;
}

static struct selector *
name_selector(struct parser *p)
{
	struct selector *s;
	size_t len;
	char *name = jpath__string(p, &len);

	if (name == NULL)
		return NULL;
	s = new_selector(p, SELECT_NAME);
	s->as.name = strlen(name) == len ? name : NULL;
	s->hash = hash_of(name);
	return s;
}

/* An int of a slice, where one stands.  0 or -1. */
static int
slice_part(struct parser *p, int64_t *out, bool *has)
{
	int c = jpath__peek(p, 0);

	*has = c == '-' || (c >= '0' && c <= '9');
	return *has ? jpath__int(p, out) : 0;
}

/* Behind blanks, a colon?  If not, the blanks are left. */
static bool
accept_colon(struct parser *p)
{
	size_t back = p->at;

	jpath__skip_blanks(p);
	if (!jpath__accept(p, ':')) {
		p->at = back;
		return false;
	}
	back = p->at;
	jpath__skip_blanks(p);
	/* What follows may be a part, or the end of the selector. */
	if (jpath__peek(p, 0) == ']' || jpath__peek(p, 0) == ',')
		p->at = back;
	return true;
}

/* RFC 9535, 2.3.4: slice-selector, or 2.3.3: index-selector. */
static struct selector *
number_selector(struct parser *p)
{
	struct slice slice = { .step = 1 };
	struct selector *s;
	bool has_step;

	if (slice_part(p, &slice.start, &slice.has_start) == -1)
		return NULL;
	if (!accept_colon(p)) {
		s = new_selector(p, SELECT_INDEX);
		s->as.index = slice.start;
		return s;
	}
	if (slice_part(p, &slice.end, &slice.has_end) == -1)
		return NULL;
	if (accept_colon(p) && slice_part(p, &slice.step, &has_step) == -1)
		return NULL;
	s = new_selector(p, SELECT_SLICE);
	s->as.slice = slice;
	return s;
}

static struct selector *
filter_selector(struct parser *p)
{
	struct selector *s = new_selector(p, SELECT_FILTER);

	if (jpath__enter(p, p->at) == -1)
		return NULL;
	p->at++;
	jpath__skip_blanks(p);
	s->as.filter = jpath__parse_logical(p);
	jpath__leave(p);
	return s->as.filter == NULL ? NULL : s;
}

static struct selector *
no_selector(struct parser *p)
{
	static const char what[] =
	    "a quoted name, an index, a slice, \"*\" or \"?\"";
	size_t len = jpath__wished_len(p, p->at);
	int c = jpath__peek(p, 0);

	if (c == '(' || ((c == '@' || c == '$') && len <= 1)) {
		(void)jpath__fault(p, p->at, 1,
		    "\"%c\" may not stand in brackets by itself; a filter "
		    "begins with \"?\", as in [?@.a == 1]",
		    c);
	} else if (c == '+') {
		(void)jpath__fault(
		    p, p->at, 1, "no \"+\" before a number; remove it");
	} else if (len > 0) {
		(void)jpath__fault(p, p->at, len,
		    "a name in brackets needs quotes; write ['%.*s']",
		    shown(len), p->text + p->at);
	} else {
		(void)jpath__unexpected(p, what);
	}
	return NULL;
}

static struct selector *
selector(struct parser *p)
{
	int c = jpath__peek(p, 0);

	if (c == '\'' || c == '"')
		return name_selector(p);
	if (c == '?')
		return filter_selector(p);
	if (c == '-' || c == ':' || (c >= '0' && c <= '9'))
		return number_selector(p);
	if (jpath__accept(p, '*'))
		return new_selector(p, SELECT_WILDCARD);
	return no_selector(p);
}

/* Behind a selector neither "," nor "]" came. */
static int
not_closed(struct parser *p, size_t open, const struct selector *last)
{
	int c = jpath__peek(p, 0);

	if (c == -1) {
		return jpath__fault(p, open, 1,
		    "the bracket is never closed; write \"]\" at its end");
	}
	if (last->kind == SELECT_FILTER) {
		return jpath__unexpected(
		    p, "\"&&\", \"||\", \",\" or \"]\" behind the condition");
	}
	if (last->kind == SELECT_INDEX && (c == '.' || c == 'e' || c == 'E')) {
		return jpath__fault(
		    p, p->at, 1, "an index is a whole number, as in [1]");
	}
	return jpath__unexpected(p, "\",\" or \"]\"");
}

/* RFC 9535, 2.5.1: bracketed-selection. */
static int
bracketed(struct parser *p, struct segment *g)
{
	struct selector **link = &g->selectors;
	size_t open = p->at++;

	for (;;) {
		struct selector *s;

		jpath__skip_blanks(p);
		s = *link = selector(p);
		if (s == NULL)
			return -1;
		link = &s->next;
		jpath__skip_blanks(p);
		if (jpath__accept(p, ']'))
			return 0;
		if (!jpath__accept(p, ','))
			return not_closed(p, open, s);
	}
}

/* At "." or "[". */
static struct segment *
segment(struct parser *p)
{
	struct segment *g = jpath__alloc(p->pool, sizeof(*g));

	if (jpath__accept(p, '.'))
		g->is_descendant = jpath__accept(p, '.');
	else if (bracketed(p, g) == -1)
		return NULL;
	if (g->selectors != NULL)
		return g;
	if (g->is_descendant && jpath__peek(p, 0) == '[')
		return bracketed(p, g) == -1 ? NULL : g;
	g->selectors = shorthand(p, g->is_descendant);
	return g->selectors == NULL ? NULL : g;
}

/* RFC 9535, 2.3.5.1: name-segment and index-segment. */
static bool
is_singular(const struct segment *g)
{
	const struct selector *s = g->selectors;

	return !g->is_descendant && s->next == NULL &&
	    (s->kind == SELECT_NAME || s->kind == SELECT_INDEX);
}

static int
no_query(struct parser *p)
{
	size_t blanks = p->at;

	jpath__skip_blanks(p);
	if (p->at > blanks && p->at < p->len) {
		return jpath__fault(p, blanks, p->at - blanks,
		    "no blanks may stand before a query; remove them");
	}
	p->at = blanks;
	return jpath__unexpected(p, "a query, from \"$\" or \"@\"");
}

struct query *
jpath__parse_query(struct parser *p)
{
	struct query *q = jpath__alloc(p->pool, sizeof(*q));
	struct segment **link = &q->segments;

	q->is_singular = true;
	q->is_relative = jpath__accept(p, '@');
	if (!q->is_relative && !jpath__accept(p, '$')) {
		(void)no_query(p);
		return NULL;
	}
	for (;;) {
		size_t back = p->at;

		jpath__skip_blanks(p);
		if (jpath__peek(p, 0) != '.' && jpath__peek(p, 0) != '[') {
			p->at = back;
			return q;
		}
		*link = segment(p);
		if (*link == NULL)
			return NULL;
		q->is_singular = q->is_singular && is_singular(*link);
		link = &(*link)->next;
	}
}

/* NOLINTEND(misc-no-recursion) */
