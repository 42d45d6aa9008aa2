/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define LOG_ROOM "base"

static void *
check(void *p)
{
	if (p == NULL)
		log_fatal("out of memory");
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	return check(calloc(n == 0 ? 1 : n, size));
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	return check(reallocarray(p, n == 0 ? 1 : n, size));
}

char *
xstrdup(const char *s)
{
	return check(strdup(s));
}

char *
xstrndup(const char *s, size_t len)
{
	return check(strndup(s, len));
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return check(n == -1 ? NULL : s);
}

void
wipe_free(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

void *
array_grow(void *array, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return check(array);
	*cap = *cap == 0 ? 8 : *cap * 2;
	return xreallocarray(array, *cap, size);
}
