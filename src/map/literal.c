/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "map/parse.h"

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
	char c = map__ahead(ps, 1);
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
			return map__fail(ps, ps->at, 2,
			    "\\u takes four hexadecimal digits of a character, "
			    "a pair of surrogates for one past U+FFFF");
		}
		buf_add_utf8(out, cp);
		ps->at += n;
		return 0;
	}
	return map__fail(ps, ps->at, 2,
	    "unknown escape; there are \\\\ \\\" \\{ \\} \\n \\t \\uXXXX "
	    "(a backslash itself is \\\\)");
}

static int
not_closed(struct parse *ps, size_t quote)
{
	return map__fail(
	    ps, quote, 1, "the string is not closed; its \" is missing");
}

int
map__literal(struct parse *ps, size_t quote, struct buf *out)
{
	buf_reset(out);
	while (ps->at < ps->len) {
		char c = ps->s[ps->at];

		if (c == '"' || c == '{')
			return 0;
		if (c == '}') {
			return map__fail(ps, ps->at, 1,
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

/* Whether an expression seems to be meant by the "{" at the current byte. */
static bool
is_expression(const struct parse *ps)
{
	size_t n = 1;

	while (map__ahead(ps, n) == ' ')
		n++;
	return map__ahead(ps, n) != '\0' &&
	    strchr("$@\"(", map__ahead(ps, n)) != NULL;
}

int
map__plain(struct parse *ps, struct buf *out)
{
	size_t quote = ps->at++;

	buf_reset(out);
	while (ps->at < ps->len && map__ahead(ps, 0) != '"') {
		if (map__ahead(ps, 0) == '\\') {
			if (escape(ps, out) == -1)
				return -1;
			continue;
		}
		if (map__ahead(ps, 0) == '{' && is_expression(ps)) {
			return map__fail(ps, ps->at, 1,
			    "no expressions in this string; write \\{ for "
			    "the character");
		}
		buf_addc(out, map__ahead(ps, 0));
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

	return map__plain(&ps, out) == -1 ? 0 : ps.at;
}
