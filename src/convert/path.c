/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "convert/convert_priv.h"

#define SEGMENTS_MAX 64u /* of a location */

struct segment {
	const char *p;
	size_t len;
};

/* A location's names between slashes. */
struct location {
	struct segment v[SEGMENTS_MAX];
	size_t n;
	size_t ups; /* ".." at its start */
	bool is_absolute;
};

/* Split s; "." counts for nothing, "a/.." neither.  false: too many. */
static bool
split(const char *s, struct location *l)
{
	*l = (struct location){ .is_absolute = s[0] == '/' };
	while (*s != '\0') {
		size_t len = strcspn(s, "/");

		if (len == 2 && memcmp(s, "..", 2) == 0) {
			if (l->n > 0)
				l->n--;
			else
				l->ups++;
		} else if (len > 0 && !(len == 1 && s[0] == '.')) {
			if (l->n == SEGMENTS_MAX)
				return false;
			l->v[l->n++] = (struct segment){ s, len };
		}
		s += len;
		s += *s == '/' ? 1 : 0;
	}
	return true;
}

static size_t
digits(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] >= '0' && p[n] <= '9')
		n++;
	return n;
}

/* RFC 9535, 2.5.1.1: a member-name-shorthand (of ASCII). */
static bool
is_plain(const char *p, size_t len)
{
	if (len == 0 || digits(p, 1) == 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!((p[i] >= 'a' && p[i] <= 'z') ||
			(p[i] >= 'A' && p[i] <= 'Z') || p[i] == '_' ||
			digits(p + i, 1) == 1))
			return false;
	}
	return true;
}

static void
add_name(struct buf *out, const char *p, size_t len)
{
	if (is_plain(p, len)) {
		buf_addc(out, '.');
		buf_add(out, p, len);
		return;
	}
	buf_adds(out, "['");
	for (size_t i = 0; i < len; i++) {
		unsigned char ch = (unsigned char)p[i];

		if (ch < 0x20 || ch == 0x7f)
			buf_addf(out, "\\u%04x", ch);
		else if (ch == '\'' || ch == '\\')
			buf_addf(out, "\\%c", ch);
		else
			buf_addc(out, p[i]);
	}
	buf_adds(out, "']");
}

/* name, 0 or name[0] */
static void
add_segment(struct buf *out, const struct segment *s)
{
	const char *open = memchr(s->p, '[', s->len);
	size_t name = open == NULL ? s->len : (size_t)(open - s->p);
	size_t n = open == NULL ? 0 : digits(open + 1, s->len - name - 1);

	if (digits(s->p, s->len) == s->len) {
		buf_addc(out, '[');
		buf_add(out, s->p, s->len);
		buf_addc(out, ']');
	} else if (name > 0 && n > 0 && name + n + 2 == s->len &&
	    open[n + 1] == ']') {
		add_name(out, s->p, name);
		buf_add(out, open, n + 2);
	} else {
		add_name(out, s->p, s->len);
	}
}

static const char *
no_path(struct convert *c, const char *why)
{
	c->why = why;
	return NULL;
}

/* How many segments of the trigger lie inside the record: the first ones are
   the array that the API's pages hold the records in.  Microsoft's is called
   "value", and what follows it is a list inside the record. */
static size_t
inner_from(const struct location *trigger)
{
	if (trigger->n > 0 && trigger->v[0].len == 5 &&
	    memcmp(trigger->v[0].p, "value", 5) == 0)
		return 1;
	return trigger->n;
}

void
convert__trigger(struct convert *c)
{
	struct location trigger;
	struct buf out;
	size_t from;

	if (c->trigger == NULL)
		return;
	if (!split(c->trigger->value, &trigger)) {
		c->trigger->unknown = "the path is too long";
		return;
	}
	from = inner_from(&trigger);
	if (from == trigger.n)
		return;
	buf_init(&out, CONVERT_EXPR_MAX);
	buf_addc(&out, '$');
	for (size_t i = from; i < trigger.n; i++) {
		add_segment(&out, &trigger.v[i]);
		buf_adds(&out, "[*]");
	}
	c->each = convert__take(&c->pool, &out);
}

const char *
convert__token_path(struct convert *c, const struct token *t)
{
	struct location trigger = { .n = 0 }, l;
	size_t from = 0, inner, levels;
	struct buf out;

	if (t->location == NULL)
		return no_path(c, "its token has no location");
	if (t->format != NULL && strncmp(t->format->value, "__", 2) == 0) {
		return no_path(c,
		    "its token's format is an operation; a query of its own "
		    "would do that, such as $.list[*].name");
	}
	if (!split(t->location->value, &l))
		return no_path(c, "its token's location is too long");
	if (c->trigger != NULL)
		(void)split(c->trigger->value, &trigger);
	inner = inner_from(&trigger);
	levels = trigger.n - inner;
	if (l.is_absolute) { /* from the page's root: drop the array's name */
		while (from < inner && from < l.n &&
		    l.v[from].len == trigger.v[from].len &&
		    memcmp(l.v[from].p, trigger.v[from].p, l.v[from].len) == 0)
			from++;
	} else if (l.ups > 0 && l.ups != levels) {
		return no_path(
		    c, "\"..\" leads to a place that a map has no name for");
	}
	buf_init(&out, CONVERT_EXPR_MAX);
	buf_addc(
	    &out, c->each != NULL && !l.is_absolute && l.ups == 0 ? '@' : '$');
	for (size_t i = from; i < l.n; i++)
		add_segment(&out, &l.v[i]);
	return convert__take(&c->work, &out);
}
