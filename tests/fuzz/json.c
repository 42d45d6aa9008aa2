/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "base/limits.h"

#include "json.h"

/* Above what json-c is told to take. */
#define DEPTH_MAX (JSON_DEPTH_MAX + 8)

/* p moves on as rules match; a rule that does not returns false. */
struct text {
	const char *p, *end;
	int depth, deepest;
	bool has_nul_name;
};

static bool value(struct text *t);

static void
blanks(struct text *t)
{
	while (t->p < t->end && memchr(" \t\r\n", *t->p, 4) != NULL)
		t->p++;
}

static bool
take(struct text *t, char c)
{
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

static bool
is_digit(const struct text *t)
{
	return t->p < t->end && *t->p >= '0' && *t->p <= '9';
}

static bool
digits(struct text *t)
{
	if (!is_digit(t))
		return false;
	while (is_digit(t))
		t->p++;
	return true;
}

static bool
number(struct text *t)
{
	(void)take(t, '-');
	if (!take(t, '0') && !digits(t))
		return false;
	if (take(t, '.') && !digits(t))
		return false;
	if (!take(t, 'e') && !take(t, 'E'))
		return true;
	if (!take(t, '+'))
		(void)take(t, '-');
	return digits(t);
}

static bool
hex4(struct text *t, bool *is_zero)
{
	static const char hex[] = "0123456789abcdefABCDEF";

	*is_zero = true;
	for (int i = 0; i < 4; i++, t->p++) {
		if (t->p == t->end ||
		    memchr(hex, *t->p, sizeof(hex) - 1) == NULL)
			return false;
		*is_zero = *is_zero && *t->p == '0';
	}
	return true;
}

static bool
string(struct text *t, bool *has_nul)
{
	bool is_zero;

	if (!take(t, '"'))
		return false;
	while (t->p < t->end && *t->p != '"') {
		unsigned char c = (unsigned char)*t->p++;

		if (c < 0x20)
			return false;
		if (c != '\\')
			continue;
		if (t->p == t->end)
			return false;
		c = (unsigned char)*t->p++;
		if (c == 'u') {
			if (!hex4(t, &is_zero))
				return false;
			*has_nul = *has_nul || is_zero;
		} else if (memchr("\"\\/bfnrt", c, 8) == NULL) {
			return false;
		}
	}
	return take(t, '"');
}

static bool
word(struct text *t, const char *s)
{
	size_t len = strlen(s);

	if ((size_t)(t->end - t->p) < len || memcmp(t->p, s, len) != 0)
		return false;
	t->p += len;
	return true;
}

/* What stands between the brackets; is_object: names too. */
static bool
members(struct text *t, char close, bool is_object)
{
	blanks(t);
	if (take(t, close))
		return true;
	do {
		blanks(t);
		if (is_object) {
			if (!string(t, &t->has_nul_name))
				return false;
			blanks(t);
			if (!take(t, ':'))
				return false;
		}
		if (!value(t))
			return false;
		blanks(t);
	} while (take(t, ','));
	return take(t, close);
}

/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX */
static bool
container(struct text *t, char close, bool is_object)
{
	bool is_good;

	if (++t->depth > t->deepest)
		t->deepest = t->depth;
	is_good = t->depth <= DEPTH_MAX && members(t, close, is_object);
	t->depth--;
	return is_good;
}

static bool
value(struct text *t)
{
	bool has_nul = false;

	blanks(t);
	if (take(t, '{'))
		return container(t, '}', true);
	if (take(t, '['))
		return container(t, ']', false);
	if (t->p < t->end && *t->p == '"')
		return string(t, &has_nul);
	return word(t, "true") || word(t, "false") || word(t, "null") ||
	    number(t);
}

static bool
object(struct text *t)
{
	return t->p < t->end && *t->p == '{' && value(t) && t->p == t->end;
}

bool
json_is_object(const char *p, size_t len)
{
	struct text t = { .p = p, .end = p + len };

	return object(&t);
}

bool
json_is_plain_object(const char *p, size_t len)
{
	struct text t = { .p = p, .end = p + len };

	return object(&t) && !t.has_nul_name && t.deepest <= JSON_DEPTH_MAX;
}
