/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/json_tokener.h>

#include "base/limits.h"
#include "base/utf8.h"

#include "jsonpath/jsonpath_priv.h"

/* RFC 9535, 2.1: numbers are exact in the range of I-JSON. */
#define INT_EXACT_MAX ((INT64_C(1) << 53) - 1)

/* The message is one line of whole characters, whatever was quoted in it. */
static void
tidy(char *s)
{
	unsigned long cp;
	size_t len = strlen(s);

	for (size_t i = 0; i < len;) {
		size_t n = utf8_decode(s + i, len - i, &cp);

		if (cp == UTF8_BAD && i + n == len) {
			s[i] = '\0';
			return;
		}
		if (cp == UTF8_BAD || cp < 0x20 || cp == 0x7f)
			memset(s + i, '?', n);
		i += n;
	}
}

int
jpath__fault(struct parser *p, size_t offset, size_t len, const char *fmt, ...)
{
	va_list ap;

	p->fault->offset = offset;
	p->fault->len = len == 0 ? 1 : len;
	va_start(ap, fmt);
	(void)vsnprintf(p->fault->message, sizeof(p->fault->message), fmt, ap);
	va_end(ap);
	tidy(p->fault->message);
	return -1;
}

int
jpath__unexpected(struct parser *p, const char *what)
{
	unsigned long cp;
	size_t n;

	if (p->at >= p->len) {
		return jpath__fault(
		    p, p->at, 1, "expected %s, but the text ends here", what);
	}
	n = utf8_decode(p->text + p->at, p->len - p->at, &cp);
	if (cp == UTF8_BAD || cp < 0x20 || cp == 0x7f) {
		return jpath__fault(p, p->at, n,
		    "expected %s, found the byte 0x%02x", what,
		    (unsigned char)p->text[p->at]);
	}
	return jpath__fault(p, p->at, n, "expected %s, found \"%.*s\"", what,
	    (int)n, p->text + p->at);
}

int
jpath__peek(const struct parser *p, size_t ahead)
{
	if (ahead >= p->len - p->at)
		return -1;
	return (unsigned char)p->text[p->at + ahead];
}

bool
jpath__accept(struct parser *p, char c)
{
	if (jpath__peek(p, 0) != (unsigned char)c)
		return false;
	p->at++;
	return true;
}

bool
jpath__accept_text(struct parser *p, const char *s)
{
	size_t len = strlen(s);

	if (len > p->len - p->at || memcmp(p->text + p->at, s, len) != 0)
		return false;
	p->at += len;
	return true;
}

void
jpath__skip_blanks(struct parser *p)
{
	int c;

	while ((c = jpath__peek(p, 0)) == ' ' || c == '\t' || c == '\n' ||
	    c == '\r')
		p->at++;
}

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Bytes of the name-char at i (RFC 9535, 2.5.1.1); 0: none. */
static size_t
name_char(const struct parser *p, size_t i, bool is_first)
{
	unsigned long cp;
	unsigned char c;
	size_t n;

	if (i >= p->len)
		return 0;
	c = (unsigned char)p->text[i];
	if (c < 0x80)
		return is_letter(c) || c == '_' || (!is_first && is_digit(c));
	n = utf8_decode(p->text + i, p->len - i, &cp);
	return cp == UTF8_BAD ? 0 : n;
}

size_t
jpath__name_len(const struct parser *p, size_t at)
{
	size_t i = at, n;

	while ((n = name_char(p, i, i == at)) > 0)
		i += n;
	return i - at;
}

bool
jpath__is_wished(int c)
{
	return c > 0 && strchr("-@:$#/", c) != NULL;
}

size_t
jpath__wished_len(const struct parser *p, size_t at)
{
	/* OData: [property]@namespace.term */
	enum {
		PLAIN,
		AT,
		NAMESPACE
	} state = PLAIN;
	size_t i = at, n;

	for (; i < p->len; i += n) {
		n = name_char(p, i, false);
		if (n > 0) {
			if (state == AT)
				state = NAMESPACE;
		} else if (jpath__is_wished((unsigned char)p->text[i])) {
			if (p->text[i] == '@')
				state = AT;
			n = 1;
		} else if (state == NAMESPACE && p->text[i] == '.' &&
		    name_char(p, i + 1, true) > 0) {
			state = PLAIN;
			n = 1;
		} else {
			break;
		}
	}
	return i - at;
}

static int
hex4(const struct parser *p, size_t i, unsigned long *out)
{
	static const char hex[] = "0123456789abcdef";

	*out = 0;
	for (size_t k = i; k < i + 4; k++) {
		int c = k < p->len ? (unsigned char)p->text[k] : '\0';
		const char *d;

		if (c >= 'A' && c <= 'F')
			c += 'a' - 'A';
		d = c == '\0' ? NULL : strchr(hex, c);
		if (d == NULL)
			return -1;
		*out = *out << 4 | (unsigned long)(d - hex);
	}
	return 0;
}

/* "\uXXXX" at i, or two for a surrogate pair (RFC 9535, 2.3.1.1: hexchar).
   Bytes used; 0: it is none. */
static size_t
unicode_escape(const struct parser *p, size_t i, unsigned long *cp)
{
	unsigned long low;

	if (hex4(p, i + 2, cp) == -1)
		return 0;
	if (*cp < 0xd800 || *cp > 0xdfff)
		return 6;
	if (*cp > 0xdbff || p->len - i < 12 || p->text[i + 6] != '\\' ||
	    p->text[i + 7] != 'u' || hex4(p, i + 8, &low) == -1 ||
	    low < 0xdc00 || low > 0xdfff)
		return 0;
	*cp = 0x10000 + ((*cp - 0xd800) << 10) + (low - 0xdc00);
	return 12;
}

/* The escape at i of a literal in such quotes.  Bytes used; 0: it is none. */
static size_t
escape(const struct parser *p, size_t i, char quote, unsigned long *cp)
{
	static const char from[] = "bfnrt/\\", to[] = "\b\f\n\r\t/\\";
	const char *at;
	char c;

	if (p->len - i < 2 || (c = p->text[i + 1]) == '\0')
		return 0;
	if (c == 'u')
		return unicode_escape(p, i, cp);
	if (c == quote) {
		*cp = (unsigned char)c;
		return 2;
	}
	at = strchr(from, c);
	if (at == NULL)
		return 0;
	*cp = (unsigned char)to[at - from];
	return 2;
}

static int
bad_escape(struct parser *p, char quote)
{
	int c = jpath__peek(p, 1);
	unsigned long cp;

	if (c == 'u' && hex4(p, p->at + 2, &cp) == 0) {
		return jpath__fault(p, p->at, 6,
		    "half of a surrogate pair; write both, as in "
		    "\\ud83d\\ude00");
	}
	if (c == 'u') {
		return jpath__fault(p, p->at, 2,
		    "\\u needs four hexadecimal digits, as in \\u263a");
	}
	if (c == '"' || c == '\'') {
		return jpath__fault(p, p->at, 2,
		    "\\%c is no escape between %c; write %c alone", c, quote,
		    c);
	}
	if (c > 0x20 && c < 0x7f) {
		return jpath__fault(p, p->at, 2,
		    "\\%c is no escape; write \\\\%c for a backslash in the "
		    "text",
		    c, c);
	}
	return jpath__fault(p, p->at, 1,
	    "a backslash begins an escape; write \\\\ for a backslash");
}

/* Decode what stands at "at" into out; bytes used, *n written; 0: a fault. */
static size_t
string_unit(struct parser *p, char quote, char out[4], size_t *n)
{
	unsigned long cp;
	size_t used;

	if (p->text[p->at] == '\\') {
		used = escape(p, p->at, quote, &cp);
		if (used == 0)
			(void)bad_escape(p, quote);
		else
			*n = utf8_encode(cp, out);
		return used;
	}
	used = utf8_decode(p->text + p->at, p->len - p->at, &cp);
	if (cp == UTF8_BAD) {
		(void)jpath__fault(
		    p, p->at, used, "not UTF-8; save the text as UTF-8");
		return 0;
	}
	if (cp < 0x20) {
		(void)jpath__fault(p, p->at, 1,
		    "a control character may not stand in quotes; write "
		    "\\u%04lx",
		    cp);
		return 0;
	}
	memcpy(out, p->text + p->at, used);
	*n = used;
	return used;
}

char *
jpath__string(struct parser *p, size_t *len)
{
	size_t open = p->at, used, n, raw = 0;
	char quote = p->text[p->at++];
	char unit[4], *s;

	/* No unit grows when it is decoded. */
	while (open + 1 + raw < p->len && p->text[open + 1 + raw] != quote)
		raw += p->text[open + 1 + raw] == '\\' ? 2 : 1;
	s = jpath__alloc(p->pool, raw + 1);
	*len = 0;
	while (p->at < p->len) {
		if (jpath__accept(p, quote))
			return s;
		used = string_unit(p, quote, unit, &n);
		if (used == 0)
			return NULL;
		memcpy(s + *len, unit, n);
		*len += n;
		p->at += used;
	}
	(void)jpath__fault(p, open, 1,
	    "the quote is never closed; write %c at its end", quote);
	return NULL;
}

size_t
jpath__string_offset(const struct parser *p, size_t at, size_t n)
{
	struct parser at_it = *p;
	char quote = p->text[at], unit[4];
	size_t len = 0, used;

	at_it.at = at + 1;
	for (size_t done = 0; done < n && at_it.text[at_it.at] != quote;
	     done += len) {
		used = string_unit(&at_it, quote, unit, &len);
		if (used == 0)
			break;
		at_it.at += used;
	}
	return at_it.at;
}

/* Digits at "at": RFC 9535 allows no leading zero. */
static int
digits(struct parser *p, size_t start)
{
	if (!is_digit(jpath__peek(p, 0)))
		return jpath__unexpected(p, "a digit");
	if (jpath__peek(p, 0) == '0' && is_digit(jpath__peek(p, 1))) {
		return jpath__fault(p, start, p->at + 1 - start,
		    "a number may not begin with 0; remove it");
	}
	while (is_digit(jpath__peek(p, 0)))
		p->at++;
	return 0;
}

int
jpath__int(struct parser *p, int64_t *out)
{
	size_t start = p->at;
	bool is_negative = jpath__accept(p, '-');
	size_t first = p->at;
	int64_t v = 0;

	if (digits(p, start) == -1)
		return -1;
	if (is_negative && p->text[first] == '0') {
		return jpath__fault(p, start, 2, "-0 is no index; write 0");
	}
	for (size_t i = first; i < p->at; i++) {
		v = v * 10 + (p->text[i] - '0');
		if (v > INT_EXACT_MAX) {
			while (is_digit(jpath__peek(p, 0)))
				p->at++;
			return jpath__fault(p, start, p->at - start,
			    "beyond 9007199254740991 (2^53 - 1), the largest "
			    "index that RFC 9535 allows");
		}
	}
	*out = is_negative ? -v : v;
	return 0;
}

static void
put_json(void *o)
{
	(void)json_object_put(o);
}

/* The integer from first on; false: it needs more than 64 bits. */
static bool
exact(const struct parser *p, size_t first, bool is_negative, uint64_t *out)
{
	uint64_t max = is_negative ? (uint64_t)INT64_MAX + 1 : UINT64_MAX;

	*out = 0;
	for (size_t i = first; i < p->at; i++) {
		uint64_t digit = (uint64_t)(p->text[i] - '0');

		if (*out > (max - digit) / 10)
			return false;
		*out = *out * 10 + digit;
	}
	return true;
}

static struct json_object *
new_int(bool is_negative, uint64_t v)
{
	if (!is_negative)
		return json_object_new_uint64(v);
	return json_object_new_int64(v == 0 ? 0 : -(int64_t)(v - 1) - 1);
}

/* json-c reads the others as it reads those of documents, whatever the
   locale; "e0" makes it take a large integer for a real number. */
static struct json_object *
new_real(struct parser *p, size_t start, bool is_integer)
{
	size_t len = p->at - start;
	char *s = jpath__alloc(p->pool, len + 3);

	memcpy(s, p->text + start, len);
	if (is_integer) {
		s[len] = 'e';
		s[len + 1] = '0';
	}
	return json_tokener_parse(s);
}

struct json_object *
jpath__number(struct parser *p)
{
	size_t start = p->at;
	bool is_negative = jpath__accept(p, '-'), is_integer = true;
	size_t first = p->at;
	struct json_object *o;
	uint64_t v;

	if (digits(p, start) == -1)
		return NULL;
	if (jpath__accept(p, '.')) {
		is_integer = false;
		if (!is_digit(jpath__peek(p, 0))) {
			(void)jpath__unexpected(p, "a digit behind \".\"");
			return NULL;
		}
		while (is_digit(jpath__peek(p, 0)))
			p->at++;
	}
	if (jpath__accept(p, 'e') || jpath__accept(p, 'E')) {
		is_integer = false;
		if (!jpath__accept(p, '-'))
			(void)jpath__accept(p, '+');
		if (!is_digit(jpath__peek(p, 0))) {
			(void)jpath__unexpected(p, "a digit of the exponent");
			return NULL;
		}
		while (is_digit(jpath__peek(p, 0)))
			p->at++;
	}
	if (is_integer && exact(p, first, is_negative, &v))
		o = new_int(is_negative, v);
	else
		o = new_real(p, start, is_integer);
	jpath__own(p->pool, o, put_json);
	return o;
}

int
jpath__enter(struct parser *p, size_t offset)
{
	if (p->depth == JPATH_DEPTH_MAX) {
		return jpath__fault(p, offset, 1,
		    "nested deeper than %d; write a simpler condition",
		    JPATH_DEPTH_MAX);
	}
	p->depth++;
	return 0;
}

void
jpath__leave(struct parser *p)
{
	p->depth--;
}
