/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "source/source_priv.h"

/*
 * Link: <https://api.example.com/alerts?page=2>; rel="next", <...>; rel=last
 *
 * RFC 8288, 3: parameters after each target, in any order, values as tokens
 * or quoted; rel may name several relations.
 */

static const char *
skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* A quoted string or a token: where it begins and how long it is; the text
   behind it. */
static const char *
value(const char *p, const char **out, size_t *len)
{
	if (*p != '"') {
		*out = p;
		*len = strcspn(p, ";, \t");
		return p + *len;
	}
	*out = ++p;
	while (*p != '\0' && *p != '"')
		p += p[0] == '\\' && p[1] != '\0' ? 2 : 1;
	*len = (size_t)(p - *out);
	return *p == '"' ? p + 1 : p;
}

static bool
has_next(const char *rel, size_t len)
{
	static const char next[] = "next";
	const char *end = rel + len;

	while (rel < end) {
		size_t word = strcspn(rel, " \t\"");

		if (word > (size_t)(end - rel))
			word = (size_t)(end - rel);
		if (word == sizeof(next) - 1 &&
		    strncasecmp(rel, next, word) == 0)
			return true;
		rel += word + 1;
	}
	return false;
}

/* The parameters of one target; the text behind them. */
static const char *
params(const char *p, bool *is_next)
{
	*is_next = false;
	for (p = skip_blanks(p); *p == ';'; p = skip_blanks(p)) {
		const char *name = skip_blanks(p + 1), *text = "";
		size_t name_len = strcspn(name, "=;, \t"), len = 0;

		p = skip_blanks(name + name_len);
		if (*p == '=')
			p = value(skip_blanks(p + 1), &text, &len);
		if (name_len == 3 && strncasecmp(name, "rel", 3) == 0 &&
		    has_next(text, len))
			*is_next = true;
	}
	return p;
}

void
source__link_next(const char *header, struct buf *out)
{
	const char *p = header == NULL ? "" : header;

	buf_reset(out);
	for (;;) {
		const char *url, *end;
		bool is_next;

		p = strchr(p, '<');
		if (p == NULL)
			return;
		url = p + 1;
		end = strchr(url, '>');
		if (end == NULL)
			return;
		p = params(end + 1, &is_next);
		if (is_next) {
			buf_add(out, url, (size_t)(end - url));
			return;
		}
	}
}
