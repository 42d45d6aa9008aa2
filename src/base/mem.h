/*
 * mem.h - memory for program-sized objects: exhaustion ends the process
 *
 * Anything whose size comes from outside goes through a bounded struct buf
 * instead.  The cursor on disk makes a restart cheap.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_BASE_MEM_H
#define CEFWD_BASE_MEM_H

#include <stddef.h>

/* Zeroed memory for n objects of size bytes.  Never NULL. */
void *xcalloc(size_t n, size_t size)
    __attribute__((malloc, returns_nonnull, warn_unused_result));

/* reallocarray(3) that cannot fail; the added part is not zeroed. */
void *xreallocarray(void *p, size_t n, size_t size)
    __attribute__((returns_nonnull, warn_unused_result));

char *xstrdup(const char *s)
    __attribute__((malloc, returns_nonnull, warn_unused_result));
char *xstrndup(const char *s, size_t len)
    __attribute__((malloc, returns_nonnull, warn_unused_result));
char *xasprintf(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), returns_nonnull, warn_unused_result));

/* Wipe a string that held a secret, and free it.  s may be NULL. */
void wipe_free(char *s);

/*
 * array_grow(array, n, cap, size): make room for one element more in an array
 * of *cap elements of which n are in use.  Returns the array.
 */
void *array_grow(void *array, size_t n, size_t *cap, size_t size)
    __attribute__((returns_nonnull, warn_unused_result));

#endif /* CEFWD_BASE_MEM_H */
