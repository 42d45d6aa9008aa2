/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

/* What p points to before the first allocation; never written. */
static char nothing[1];

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .p = nothing, .max = max };
}

void
buf_fini(struct buf *b)
{
	if (b->cap != 0)
		free(b->p);
	buf_init(b, b->max);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->nomem = false;
	b->full = false;
	if (b->cap != 0)
		b->p[0] = '\0';
}

void
buf_cut(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->p[len] = '\0';
}

/* Make room for len more bytes and the NUL, as reserve() found none. */
static bool
grow(struct buf *b, size_t len)
{
	size_t cap = b->cap == 0 ? 64 : b->cap;
	char *p;

	if (!buf_ok(b))
		return false;
	if (len > b->max - b->len) {
		b->full = true;
		return false;
	}
	while (cap - b->len <= len) {
		if (cap > SIZE_MAX / 2) {
			b->nomem = true;
			return false;
		}
		cap *= 2;
	}
	p = realloc(b->cap == 0 ? NULL : b->p, cap);
	if (p == NULL) {
		b->nomem = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

static inline bool
reserve(struct buf *b, size_t len)
{
	if (b->cap != 0 && len < b->cap - b->len && len <= b->max - b->len &&
	    buf_ok(b))
		return true;
	return grow(b, len);
}

void
buf_add(struct buf *b, const void *p, size_t len)
{
	if (len == 0 || !reserve(b, len))
		return;
	memcpy(b->p + b->len, p, len);
	b->len += len;
	b->p[b->len] = '\0';
}

void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_addc(struct buf *b, char c)
{
	if (!reserve(b, 1))
		return;
	b->p[b->len++] = c;
	b->p[b->len] = '\0';
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	size_t room = b->cap == 0 ? 0 : b->cap - b->len;
	va_list ap;
	int n;

	if (!buf_ok(b))
		return;
	/* Most texts fit at once. */
	va_start(ap, fmt);
	n = vsnprintf(room == 0 ? NULL : b->p + b->len, room, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < room && (size_t)n <= b->max - b->len) {
		b->len += (size_t)n;
		return;
	}
	if (room > 0)
		b->p[b->len] = '\0';
	if (n <= 0 || !reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void
buf_add_utf8(struct buf *b, unsigned long cp)
{
	char out[4];

	buf_add(b, out, utf8_encode(cp, out));
}

void
buf_add_urlenc(struct buf *b, const char *s, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		char enc[3] = { '%', hex[c >> 4], hex[c & 15] };

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '.' ||
		    c == '_' || c == '~')
			buf_addc(b, s[i]);
		else
			buf_add(b, enc, sizeof(enc));
	}
}

void
buf_eat(struct buf *b, size_t n)
{
	if (n == 0)
		return;
	if (n >= b->len) {
		buf_cut(b, 0);
		return;
	}
	memmove(b->p, b->p + n, b->len - n + 1);
	b->len -= n;
}

char *
buf_take(struct buf *b)
{
	char *s;

	s = b->cap == 0 ? xstrdup("") : b->p;
	buf_init(b, b->max);
	return s;
}

bool
buf_ok(const struct buf *b)
{
	return !b->nomem && !b->full;
}

int
buf_check(const struct buf *b, const char *what, struct err *e)
{
	if (b->nomem)
		return err_set(e, ERR_NOMEM, "%s: out of memory", what);
	if (b->full) {
		return err_set(
		    e, ERR_LIMIT, "%s: longer than %zu bytes", what, b->max);
	}
	return 0;
}
