/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "map/lookup.h"

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Order of keys: by bytes, ASCII letters without case.  Keys may hold NULs. */
static int
compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t n = a_len < b_len ? a_len : b_len;

	for (size_t i = 0; i < n; i++) {
		int d = lower(a[i]) - lower(b[i]);

		if (d != 0)
			return d;
	}
	return (a_len > b_len) - (a_len < b_len);
}

static int
compare_rows(const void *a, const void *b)
{
	const struct lookup_row *x = a, *y = b;

	return compare(x->key, x->key_len, y->key, y->key_len);
}

static void
row_fini(struct lookup_row *row)
{
	free(row->key);
	free(row->value);
}

void
map__lookup_fini(struct lookup *l)
{
	for (size_t i = 0; i < l->n_rows; i++)
		row_fini(&l->rows[i]);
	free(l->rows);
	free(l->name);
}

struct lookup_row *
map__lookup_row(const struct lookup *l, const char *key, size_t len)
{
	for (size_t i = 0; i < l->n_rows; i++) {
		struct lookup_row *row = &l->rows[i];

		if (compare(row->key, row->key_len, key, len) == 0)
			return row;
	}
	return NULL;
}

void
map__lookup_add(struct lookup *l, struct lookup_row row)
{
	l->rows = array_grow(l->rows, l->n_rows, &l->cap_rows, sizeof(row));
	l->rows[l->n_rows++] = row;
}

void
map__lookup_remove(struct lookup *l, struct lookup_row *row)
{
	row_fini(row);
	*row = l->rows[--l->n_rows];
}

void
map__lookup_sort(struct lookup *l)
{
	if (l->n_rows > 0)
		qsort(l->rows, l->n_rows, sizeof(*l->rows), compare_rows);
}

static const struct lookup_row *
search(const struct lookup *l, const char *key, size_t len)
{
	size_t from = 0, to = l->n_rows;

	while (from < to) {
		size_t mid = from + (to - from) / 2;
		const struct lookup_row *row = &l->rows[mid];
		int d = compare(key, len, row->key, row->key_len);

		if (d == 0)
			return row;
		if (d < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return NULL;
}

const struct lookup_row *
map__lookup_find(const struct lookup *l, const char *key, size_t len)
{
	const struct lookup_row *row = search(l, key, len);

	return row != NULL ? row : search(l, "*", 1);
}
