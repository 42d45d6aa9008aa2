/*
 * lookup.h - [lookup NAME]: rows found by key, without case
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_MAP_LOOKUP_H
#define CEFWD_MAP_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

struct lookup_row {
	char *key;
	size_t key_len;
	char *value; /* NULL: "@", the input as it came */
	size_t value_len;
	size_t file; /* which file of the map set it last */
};

struct lookup {
	char *name;
	struct lookup_row *rows; /* sorted by map__lookup_sort() */
	size_t n_rows, cap_rows;
	bool is_used;
};

void map__lookup_fini(struct lookup *l);

/* The row of that key in an unsorted lookup, NULL if there is none. */
struct lookup_row *
map__lookup_row(const struct lookup *l, const char *key, size_t len);

/* Take key and value (NULL: "@") over as a new row. */
void map__lookup_add(struct lookup *l, struct lookup_row row);
void map__lookup_remove(struct lookup *l, struct lookup_row *row);
void map__lookup_sort(struct lookup *l);

/* The row for an input: its own, else that of "*", else NULL. */
const struct lookup_row *
map__lookup_find(const struct lookup *l, const char *key, size_t len);

#endif /* CEFWD_MAP_LOOKUP_H */
