/*
 * buf.h - a byte buffer with a limit and a sticky first error
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_BASE_BUF_H
#define CEFWD_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * "p" is never NULL and p[len] is always '\0', so it can be read as a string;
 * the bytes may hold NULs.  Once an append fails, every later append does
 * nothing until buf_reset(), so a run of appends needs one test, by buf_ok()
 * or buf_check(), at its end.
 */
struct buf {
	char *p;
	size_t len; /* bytes in use, without the NUL */
	size_t cap; /* bytes allocated; 0 before the first append */
	size_t max; /* bytes it may ever hold, without the NUL */
	bool nomem; /* an allocation failed */
	bool full;  /* max was reached */
};

/* buf_init(b, max): an empty buffer of at most max bytes; nothing allocated
   yet.  buf_fini() frees; the struct may then be initialised again. */
void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);

/* Empty it and forget errors; the memory stays for reuse. */
void buf_reset(struct buf *b);

/* Keep the first len bytes. */
void buf_cut(struct buf *b, size_t len);

void buf_add(struct buf *b, const void *p, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Append code point cp as UTF-8; a surrogate or one past U+10FFFF becomes
   U+FFFD. */
void buf_add_utf8(struct buf *b, unsigned long cp);

/* Append s percent-encoded for a query or form value (RFC 3986 2.3: all but
   the unreserved characters). */
void buf_add_urlenc(struct buf *b, const char *s, size_t len);

/* Remove the first n bytes. */
void buf_eat(struct buf *b, size_t n);

/* Give the string away (free() it); b is empty afterwards. */
char *buf_take(struct buf *b) __attribute__((warn_unused_result));

bool buf_ok(const struct buf *b);

/* 0, or -1 with ERR_LIMIT or ERR_NOMEM naming what. */
int buf_check(const struct buf *b, const char *what, struct err *e);

#endif /* CEFWD_BASE_BUF_H */
