/*
 * iregexp.c - the grammar of RFC 9485, and the same pattern for PCRE2
 *
 * Every character is checked against the grammar, and what reaches PCRE2 is
 * written anew from it, so that none of PCRE2's own syntax can slip in.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/obj.h"
#include "base/utf8.h"

#include "jsonpath/jsonpath_priv.h"

/* PCRE2's ceiling for a repeat. */
#define REPEAT_MAX 65535u

struct reader {
	const char *p;
	size_t len, at;
	size_t groups; /* open parentheses */
	struct buf *out;
	struct regex_fault *fault;
};

static enum regex_status bad(struct reader *r, size_t at, size_t len,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static enum regex_status
bad(struct reader *r, size_t at, size_t len, const char *fmt, ...)
{
	va_list ap;

	r->fault->offset = at;
	r->fault->len = len;
	va_start(ap, fmt);
	(void)vsnprintf(r->fault->message, sizeof(r->fault->message), fmt, ap);
	va_end(ap);
	return REGEX_BAD;
}

static int
peek(const struct reader *r, size_t ahead)
{
	if (ahead >= r->len - r->at)
		return -1;
	return (unsigned char)r->p[r->at + ahead];
}

/* A character that stands for itself: PCRE2 takes a backslash before any
   ASCII character but letters and digits as that. */
static void
put_char(struct reader *r, unsigned long cp)
{
	bool is_plain = cp <= ' ' || cp >= 0x7f || (cp >= '0' && cp <= '9') ||
	    (cp >= 'A' && cp <= 'Z') || (cp >= 'a' && cp <= 'z');

	if (!is_plain)
		buf_addc(r->out, '\\');
	buf_add_utf8(r->out, cp);
}

/* What people write for what RFC 9485 leaves out. */
static const struct {
	char letter;
	const char *mend;
} foreign[] = {
	{ 'd', "[0-9]" },
	{ 'D', "[^0-9]" },
	{ 'w', "[A-Za-z0-9_]" },
	{ 'W', "[^A-Za-z0-9_]" },
	{ 's', "[ \\t\\n\\r]" },
	{ 'S', "[^ \\t\\n\\r]" },
	{ '$', "[$]" },
	{ '/', "/" },
	{ '"', "the quote alone" },
	{ '\'', "the quote alone" },
};

static enum regex_status
bad_escape(struct reader *r)
{
	int c = peek(r, 1);

	for (size_t i = 0; i < NELEM(foreign); i++) {
		if (c == foreign[i].letter) {
			return bad(r, r->at, 2,
			    "\\%c is not part of I-Regexp (RFC 9485); write "
			    "%s",
			    c, foreign[i].mend);
		}
	}
	if (c > ' ' && c < 0x7f) {
		return bad(
		    r, r->at, 2, "\\%c is not part of I-Regexp (RFC 9485)", c);
	}
	return bad(r, r->at, 1, "a backslash alone; write \\\\ for one");
}

/* SingleCharEsc. */
static enum regex_status
single_escape(struct reader *r, unsigned long *cp)
{
	static const char from[] = "()*+-.?[\\]^{|}nrt";
	static const char to[] = "()*+-.?[\\]^{|}\n\r\t";
	int c = peek(r, 1);
	const char *at = c > 0 ? strchr(from, c) : NULL;

	if (at == NULL)
		return bad_escape(r);
	*cp = (unsigned char)to[at - from];
	r->at += 2;
	return REGEX_OK;
}

/* charClassEsc: \p{Lu}, \P{Lu}.  PCRE2 writes them the same. */
static enum regex_status
category(struct reader *r)
{
	static const char *const kinds[] = { "Llmotu", "Mcen", "Ndlo",
		"Pcdefios", "Zlps", "Sckmo", "Ccfno" };
	size_t start = r->at;
	int kind = peek(r, 3), sub = peek(r, 4);

	if (peek(r, 2) != '{' || kind == -1)
		goto fail;
	for (size_t i = 0; i < NELEM(kinds); i++) {
		if (kind != kinds[i][0])
			continue;
		r->at += 5;
		if (sub > 0 && strchr(kinds[i] + 1, sub) != NULL) {
			sub = peek(r, 0);
			r->at++;
		}
		if (sub != '}')
			break;
		buf_add(r->out, r->p + start, r->at - start);
		return REGEX_OK;
	}

fail:
	return bad(r, start, 2,
	    "\\%c needs a Unicode category in braces, as in \\%c{Lu}",
	    r->p[start + 1], r->p[start + 1]);
}

static bool
is_category(const struct reader *r)
{
	return peek(r, 0) == '\\' && (peek(r, 1) == 'p' || peek(r, 1) == 'P');
}

/* One character of the pattern.  It is no error of the pattern's grammar not
   to be UTF-8, but nothing could match it. */
static enum regex_status
character(struct reader *r, unsigned long *cp)
{
	size_t n;

	if (peek(r, 0) == '\\')
		return single_escape(r, cp);
	n = utf8_decode(r->p + r->at, r->len - r->at, cp);
	if (*cp == UTF8_BAD)
		return bad(r, r->at, n, "the pattern is not UTF-8");
	r->at += n;
	return REGEX_OK;
}

/* CCchar. */
static enum regex_status
class_char(struct reader *r, unsigned long *cp)
{
	int c = peek(r, 0);

	if (c == '[') {
		return bad(r, r->at, 1,
		    "\"[\" in a character class needs a backslash");
	}
	if (c == '-') {
		return bad(r, r->at, 1,
		    "\"-\" stands first or last in a character class, or "
		    "needs a backslash");
	}
	return character(r, cp);
}

/* CCE1. */
static enum regex_status
class_item(struct reader *r)
{
	size_t start = r->at;
	unsigned long low = 0, high = 0;
	enum regex_status rc;

	if (is_category(r))
		return category(r);
	rc = class_char(r, &low);
	if (rc != REGEX_OK)
		return rc;
	put_char(r, low);
	if (peek(r, 0) != '-' || peek(r, 1) == ']')
		return REGEX_OK;
	r->at++;
	if (r->at == r->len)
		return REGEX_OK;
	if (is_category(r))
		return bad(r, r->at, 2, "a range ends in a character");
	rc = class_char(r, &high);
	if (rc != REGEX_OK)
		return rc;
	if (high < low) {
		return bad(r, start, r->at - start,
		    "the range is upside down; write the smaller first");
	}
	buf_addc(r->out, '-');
	put_char(r, high);
	return REGEX_OK;
}

/* charClassExpr. */
static enum regex_status class(struct reader *r) {
	size_t open = r->at++,
	first; enum regex_status rc;

	    buf_addc(r->out, '[');
	    if (peek(r, 0) == '^'){ buf_addc(r->out, '^'); r->at++;
}
first = r->at;
for (;;) {
	int c = peek(r, 0);

	if (c == -1) {
		return bad(r, open, 1,
		    "the character class is never closed; write "
		    "\"]\" at its end");
	}
	if (c == ']' && r->at > first)
		break;
	if (c == ']') {
		return bad(r, open, r->at + 1 - open,
		    "an empty character class; write \\\\] for the "
		    "bracket");
	}
	if (c == '-' && (r->at == first || peek(r, 1) == ']')) {
		put_char(r, '-');
		r->at++;
		continue;
	}
	rc = class_item(r);
	if (rc != REGEX_OK)
		return rc;
}
r->at++;
buf_addc(r->out, ']');
return REGEX_OK;
}

/* QuantExact. */
static enum regex_status
repeat_count(struct reader *r, unsigned int *out)
{
	size_t start = r->at;
	int c;

	*out = 0;
	while ((c = peek(r, 0)) >= '0' && c <= '9') {
		if (*out <= REPEAT_MAX)
			*out = *out * 10 + (unsigned int)(c - '0');
		r->at++;
	}
	if (r->at == start)
		return bad(r, start, 1, "a repeat is written {2} or {2,5}");
	if (*out > REPEAT_MAX) {
		(void)bad(r, start, r->at - start,
		    "a repeat goes to %u at most", REPEAT_MAX);
		return REGEX_BIG;
	}
	return REGEX_OK;
}

static enum regex_status
range_quantifier(struct reader *r)
{
	size_t open = r->at++;
	unsigned int low, high;
	enum regex_status rc = repeat_count(r, &low);

	if (rc != REGEX_OK)
		return rc;
	high = low;
	if (peek(r, 0) == ',') {
		r->at++;
		if (peek(r, 0) != '}') {
			rc = repeat_count(r, &high);
			if (rc != REGEX_OK)
				return rc;
		}
	}
	if (peek(r, 0) != '}')
		return bad(r, open, 1, "a repeat is written {2} or {2,5}");
	if (high < low) {
		return bad(r, open, r->at + 1 - open,
		    "the repeat is upside down; write the smaller first");
	}
	r->at++;
	buf_add(r->out, r->p + open, r->at - open);
	return REGEX_OK;
}

/* What may follow an atom, once. */
static enum regex_status
quantifier(struct reader *r)
{
	int c = peek(r, 0);

	if (c == '{')
		return range_quantifier(r);
	if (c == '*' || c == '+' || c == '?') {
		buf_addc(r->out, (char)c);
		r->at++;
	}
	return REGEX_OK;
}

/*
 * An atom of one character.  RFC 9485, 5.3 hands "^" and "$" on as they are,
 * and the compliance suite of RFC 9535 wants them to be anchors.
 */
static enum regex_status
plain(struct reader *r)
{
	int c = peek(r, 0);
	unsigned long cp = 0;
	enum regex_status rc;

	if (c == '^' || c == '$') {
		buf_addc(r->out, (char)c);
		r->at++;
		return REGEX_OK;
	}
	if (c == ']' || c == '}') {
		return bad(r, r->at, 1,
		    "\"%c\" alone needs a backslash, or [%c]", c,
		    c == ']' ? '\\' : c);
	}
	rc = character(r, &cp);
	if (rc == REGEX_OK)
		put_char(r, cp);
	return rc;
}

static enum regex_status
atom(struct reader *r)
{
	int c = peek(r, 0);

	switch (c) {
	case '*':
	case '+':
	case '?':
	case '{':
		return bad(r, r->at, 1,
		    "nothing stands before \"%c\" that it could repeat; "
		    "write [%c] for itself",
		    c, c);
	case '.':
		buf_addc(r->out, '.');
		r->at++;
		return REGEX_OK;
	case '[':
		return class(r);
	case '\\':
		if (is_category(r))
			return category(r);
		return plain(r);
	default:
		return plain(r);
	}
}

static enum regex_status
open_group(struct reader *r)
{
	if (r->groups == JPATH_DEPTH_MAX) {
		(void)bad(r, r->at, 1, "parentheses nested deeper than %d",
		    JPATH_DEPTH_MAX);
		return REGEX_BIG;
	}
	r->groups++;
	r->at++;
	buf_adds(r->out, "(?:");
	return REGEX_OK;
}

static enum regex_status
close_group(struct reader *r)
{
	if (r->groups == 0) {
		return bad(r, r->at, 1,
		    "no \"(\" for this \")\"; write [)] for itself");
	}
	r->groups--;
	r->at++;
	buf_addc(r->out, ')');
	return quantifier(r);
}

enum regex_status
jpath__iregexp(
    const char *pattern, size_t len, struct buf *out, struct regex_fault *f)
{
	struct reader r = { .p = pattern, .len = len, .out = out, .fault = f };
	enum regex_status rc = REGEX_OK;

	while (rc == REGEX_OK && r.at < len) {
		int c = peek(&r, 0);

		if (c == '(') {
			rc = open_group(&r);
		} else if (c == ')') {
			rc = close_group(&r);
		} else if (c == '|') {
			buf_addc(out, '|');
			r.at++;
		} else {
			rc = atom(&r);
			if (rc == REGEX_OK)
				rc = quantifier(&r);
		}
	}
	if (rc == REGEX_OK && r.groups > 0) {
		rc = bad(&r, len > 0 ? len - 1 : 0, 1,
		    "a \"(\" is never closed; write \")\" at its end");
	}
	return rc;
}
