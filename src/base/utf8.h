/*
 * utf8.h - UTF-8 by RFC 3629: no overlong forms, no surrogates
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_BASE_UTF8_H
#define CEFWD_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#define UTF8_BAD ((unsigned long)-1)

/*
 * utf8_decode(p, len, cp): read one character of the len > 0 bytes at p.
 * Returns its length in bytes, 1 to 4, with *cp set.  Where the bytes are no
 * valid character, *cp is UTF8_BAD and the length is that of the maximal
 * invalid part (Unicode 15, table 3-8), so each such part is one U+FFFD.
 */
size_t utf8_decode(const char *p, size_t len, unsigned long *cp);

/* Write cp to out; returns 1 to 4.  What is no character becomes U+FFFD. */
size_t utf8_encode(unsigned long cp, char out[4]);

bool utf8_valid(const char *p, size_t len);

/* Characters in len bytes; each invalid part counts as one. */
size_t utf8_count(const char *p, size_t len);

/* Bytes of the first "chars" characters, at most len. */
size_t utf8_prefix(const char *p, size_t len, size_t chars);

#endif /* CEFWD_BASE_UTF8_H */
