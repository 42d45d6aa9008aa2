/*
 * obj.h - typed passage through void pointers, always checked
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_BASE_OBJ_H
#define CEFWD_BASE_OBJ_H

/* Assertions catch our mistakes; they stay in every build. */
#ifdef NDEBUG
#error "cefwd is built with its assertions"
#endif

#include <assert.h>
#include <stddef.h>

#define OBJ_CHECK(p, m) assert((p) != NULL && (p)->magic == (m))

/* Take an object of known type out of a void pointer. */
#define OBJ_CAST(to, from, m)       \
	do {                        \
		(to) = (from);      \
		OBJ_CHECK((to), m); \
	} while (0)

#define CONTAINER_OF(ptr, type, member) \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

#endif /* CEFWD_BASE_OBJ_H */
