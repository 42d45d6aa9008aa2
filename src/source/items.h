/*
 * items.h - records that a list names and that are fetched one by one
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SOURCE_ITEMS_H
#define CEFWD_SOURCE_ITEMS_H

#include <stdbool.h>
#include <stddef.h>

/* Of one page; more are no page that was asked for. */
#define ITEMS_MAX 10000U

struct items {
	char **ids;
	size_t n, cap;
	size_t at; /* the one under way */
};

void items_clear(struct items *s); /* a zeroed one is empty; frees */
int items_add(struct items *s, const char *id); /* 0, or -1: too many */

/* The id under way; NULL: all were fetched. */
const char *items_id(const struct items *s);

#endif /* CEFWD_SOURCE_ITEMS_H */
