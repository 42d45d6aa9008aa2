/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/utf8.h"
#include "keyfile/keyfile_priv.h"

bool
kf__is_blank(char c)
{
	return c == ' ' || c == '\t';
}

unsigned long
kf__is_odd(const char *p, size_t len)
{
	unsigned long cp;

	if ((unsigned char)p[0] < 0x80)
		return 0;
	(void)utf8_decode(p, len, &cp);
	/* No-break and zero-width spaces, a BOM, double quotes.  Single ones
	   are apostrophes in names. */
	if (cp == 0xa0 || cp == 0x200b || cp == 0x202f || cp == 0xfeff ||
	    (cp >= 0x201c && cp <= 0x201f))
		return cp;
	return 0;
}

void
kf__scan_init(struct kf_scan *s, enum kf_flavour flavour, bool follows_braces)
{
	*s = (struct kf_scan){
		.flavour = flavour,
		.follows_braces = follows_braces,
		.eq = KF_NONE,
		.comment = KF_NONE,
		.odd = KF_NONE,
	};
}

static void
push(struct kf_scan *s, char c, size_t at)
{
	/* Deeper than a map may nest: leave the text to the map's parser. */
	if (s->depth == sizeof(s->open))
		return;
	if (s->depth == 0)
		s->opened = at;
	s->open[s->depth++] = c;
}

static bool
in_expression(const struct kf_scan *s)
{
	return s->flavour == KF_MAP && s->eq != KF_NONE;
}

static void
in_quotes(struct kf_scan *s, char quote, char c, size_t at)
{
	if (c == '\\')
		s->is_escaped = true;
	else if (c == quote)
		s->depth--;
	else if (c == '{' && quote == '"' && s->follows_braces &&
	    in_expression(s))
		push(s, '{', at);
}

static void
outside(struct kf_scan *s, char c, size_t at)
{
	bool in_braces = s->depth > 0;

	if (c == '"' || (c == '\'' && in_expression(s)) ||
	    (c == '{' && in_braces))
		push(s, c, at);
	else if (c == '\\' && in_expression(s))
		s->is_escaped = true;
	else if (in_braces && c == '}')
		s->depth--;
	else if (!in_braces && c == '#' && s->after_blank)
		s->comment = at;
	else if (c == '=' && s->eq == KF_NONE)
		s->eq = at;
}

void
kf__scan_segment(struct kf_scan *s, const char *p, size_t len, size_t at)
{
	s->after_blank = true; /* a "#" that begins a line */
	for (size_t i = 0; i < len && s->comment == KF_NONE; i++) {
		bool was_escaped = s->is_escaped;
		char top = '{';

		if (s->depth > 0)
			top = s->open[s->depth - 1];
		/* What a regex may hold is the map's business. */
		else if (s->odd == KF_NONE && !in_expression(s) &&
		    kf__is_odd(p + i, len - i) != 0)
			s->odd = at + i;
		if (was_escaped)
			s->is_escaped = false;
		else if (top == '{')
			outside(s, p[i], at + i);
		else
			in_quotes(s, top, p[i], at + i);
		s->after_blank = !was_escaped && kf__is_blank(p[i]);
	}
}
