/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "convert/convert_priv.h"

/* ---- memory ---- */

static void *
keep(struct pool *p, void *v)
{
	p->v = array_grow(p->v, p->n, &p->cap, sizeof(*p->v));
	p->v[p->n++] = v;
	return v;
}

void *
convert__alloc(struct pool *p, size_t size)
{
	return keep(p, xcalloc(1, size == 0 ? 1 : size));
}

char *
convert__str(struct pool *p, const char *s, size_t len)
{
	return keep(p, xstrndup(s, len));
}

char *
convert__take(struct pool *p, struct buf *b)
{
	bool is_good =
	    buf_ok(b) && (p->max == 0 || b->len <= p->max - p->bytes);
	char *s = keep(p, xstrdup(is_good ? b->p : ""));

	p->bytes += is_good ? b->len : 0;
	buf_fini(b);
	return s;
}

char *
convert__printf(struct pool *p, const char *fmt, ...)
{
	struct buf b;
	char *s = NULL;
	va_list ap;

	buf_init(&b, CONVERT_EXPR_MAX);
	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) != -1)
		buf_adds(&b, s);
	va_end(ap);
	free(s);
	return convert__take(p, &b);
}

void
convert__pool_fini(struct pool *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i]);
	free(p->v);
	*p = (struct pool){ .max = p->max };
}

/* ---- java.util.Properties, load() ---- */

/* Reading position; line counts natural lines from 1. */
struct reader {
	const char *p;
	size_t len, at;
	unsigned int line;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f';
}

static bool
is_end(char c)
{
	return c == '\n' || c == '\r';
}

static void
skip_blanks(struct reader *r)
{
	while (r->at < r->len && is_blank(r->p[r->at]))
		r->at++;
}

static void
skip_line_end(struct reader *r)
{
	if (r->at == r->len)
		return;
	if (r->p[r->at] == '\r' && r->at + 1 < r->len &&
	    r->p[r->at + 1] == '\n')
		r->at++;
	r->at++;
	r->line++;
}

/* The natural line's rest into out, and those that it is joined to. */
static void
logical_line(struct reader *r, struct buf *out)
{
	buf_reset(out);
	while (r->at < r->len && !is_end(r->p[r->at])) {
		char c = r->p[r->at++];

		if (c != '\\' || r->at == r->len) {
			buf_addc(out, c);
		} else if (is_end(r->p[r->at])) {
			skip_line_end(r);
			skip_blanks(r);
		} else {
			buf_addc(out, c);
			buf_addc(out, r->p[r->at++]);
		}
	}
	skip_line_end(r);
}

/* \uXXXX at p: the unit, or -1. */
static long
unit(const char *p, size_t len)
{
	long v = 0;

	if (len < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (size_t i = 2; i < 6; i++) {
		int digit = num_hex(p[i]);

		if (digit == -1)
			return -1;
		v = v * 16 + digit;
	}
	return v;
}

/* Undo the escape at p into out; its length. */
static size_t
unescape(const char *p, size_t len, struct buf *out)
{
	static const char from[] = "tnrf", to[] = "\t\n\r\f";
	long high = unit(p, len);
	const char *hit;

	if (high == -1) {
		if (len < 2 || p[1] == '\0')
			return 1;
		hit = strchr(from, p[1]);
		if (hit == NULL)
			buf_addc(out, p[1]);
		else
			buf_addc(out, to[hit - from]);
		return 2;
	}
	if (high >= 0xd800 && high <= 0xdbff) {
		long low = unit(p + 6, len - 6);

		if (low >= 0xdc00 && low <= 0xdfff) {
			buf_add_utf8(out,
			    0x10000UL + ((unsigned long)(high - 0xd800) << 10) +
				(unsigned long)(low - 0xdc00));
			return 12;
		}
	}
	buf_add_utf8(out, high == 0 ? UTF8_BAD : (unsigned long)high);
	return 6;
}

/* Len bytes at p with escapes undone; no blanks at the end. */
static char *
decode(struct pool *pool, const char *p, size_t len)
{
	struct buf out;

	buf_init(&out, CONVERT_FILE_MAX);
	for (size_t i = 0; i < len;) {
		if (p[i] == '\\')
			i += unescape(p + i, len - i, &out);
		else
			buf_addc(&out, p[i++]);
	}
	while (out.len > 0 && is_blank(out.p[out.len - 1]))
		buf_cut(&out, out.len - 1);
	return convert__take(pool, &out);
}

static struct prop *
prop_of(struct props *props, const char *key)
{
	for (size_t i = 0; i < props->n; i++) {
		if (strcmp(props->v[i].key, key) == 0)
			return &props->v[i];
	}
	props->v =
	    array_grow(props->v, props->n, &props->cap, sizeof(*props->v));
	props->v[props->n] = (struct prop){ .key = key };
	return &props->v[props->n++];
}

/* A logical line: the key ends at the first =, : or blank that no \ stands
   before.  Of two with one key the last one counts. */
static void
add_line(struct props *props, struct pool *pool, const struct buf *line,
    unsigned int number)
{
	struct reader r = { .p = line->p, .len = line->len };
	struct prop *prop;
	char *key;

	while (r.at < r.len && !is_blank(r.p[r.at]) && r.p[r.at] != '=' &&
	    r.p[r.at] != ':')
		r.at += r.p[r.at] == '\\' && r.at + 1 < r.len ? 2 : 1;
	key = decode(pool, r.p, r.at);
	skip_blanks(&r);
	if (r.at < r.len && (r.p[r.at] == '=' || r.p[r.at] == ':'))
		r.at++;
	skip_blanks(&r);
	prop = prop_of(props, key);
	prop->value = decode(pool, r.p + r.at, r.len - r.at);
	prop->line = number;
}

/* As UTF-8 without NUL: what is not valid is Latin-1, as Java reads it. */
static void
to_utf8(const char *text, size_t len, struct buf *out)
{
	bool is_utf8 = utf8_valid(text, len);

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\0')
			buf_add_utf8(out, UTF8_BAD);
		else if (c < 0x80 || is_utf8)
			buf_addc(out, text[i]);
		else
			buf_add_utf8(out, c);
	}
}

bool
convert__props_read(
    struct props *props, struct pool *pool, const char *text, size_t len)
{
	struct reader r = { .line = 1 };
	struct buf all, line;
	bool is_small = true;

	buf_init(&all, 3 * (size_t)CONVERT_FILE_MAX);
	buf_init(&line, 3 * (size_t)CONVERT_FILE_MAX);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		to_utf8(text + 3, len - 3, &all);
	else
		to_utf8(text, len, &all);
	r.p = all.p;
	r.len = all.len;
	while (r.at < r.len && is_small) {
		unsigned int number = r.line;

		skip_blanks(&r);
		if (r.at < r.len && (r.p[r.at] == '#' || r.p[r.at] == '!')) {
			while (r.at < r.len && !is_end(r.p[r.at]))
				r.at++;
			skip_line_end(&r);
			continue;
		}
		logical_line(&r, &line);
		if (line.len > 0)
			add_line(props, pool, &line, number);
		is_small = props->n <= CONVERT_PROPS_MAX;
	}
	buf_fini(&all);
	buf_fini(&line);
	return is_small;
}
