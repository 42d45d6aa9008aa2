/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/mem.h"
#include "jsonpath/jsonpath.h"

#include "cmd/carried.h"

#define PATHS_MAX ((size_t)64 << 20) /* bytes of one record's paths */

struct carried {
	struct jpath *all; /* $..* */
	struct jpath_nodes *nodes;
	struct buf text; /* paths, each with its NUL */
	size_t *at;      /* offsets into text */
	size_t n, cap;
	const char **sorted;
	size_t sorted_cap;
	struct buf path;
};

struct carried *
carried_new(void)
{
	struct carried *c = xcalloc(1, sizeof(*c));
	struct jpath_fault fault;

	c->all = jpath_compile("$..*", 4, NULL, &fault);
	c->nodes = jpath_nodes_new();
	buf_init(&c->text, PATHS_MAX);
	buf_init(&c->path, PATHS_MAX);
	return c;
}

void
carried_free(struct carried *c)
{
	if (c == NULL)
		return;
	jpath_free(c->all);
	jpath_nodes_free(c->nodes);
	buf_fini(&c->text);
	buf_fini(&c->path);
	free(c->at);
	free(c->sorted);
	free(c);
}

void
carried_reset(struct carried *c)
{
	buf_reset(&c->text);
	c->n = 0;
}

void
carried_note(struct carried *c, const char *path)
{
	size_t at = c->text.len;

	buf_add(&c->text, path, strlen(path) + 1);
	if (!buf_ok(&c->text))
		return;
	c->at = array_grow(c->at, c->n, &c->cap, sizeof(*c->at));
	c->at[c->n++] = at;
}

static int
compare(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Whether the first len bytes of path were noted.  A normalized path that is
   the beginning of another ends before a "[". */
static bool
is_noted(struct carried *c, char *path, size_t len)
{
	char end = path[len];
	const char *key = path;
	bool found;

	path[len] = '\0';
	found = c->n > 0 &&
	    bsearch(&key, c->sorted, c->n, sizeof(*c->sorted), compare) != NULL;
	path[len] = end;
	return found;
}

static bool
is_carried(struct carried *c)
{
	for (size_t i = 1; i <= c->path.len; i++) {
		if ((i == c->path.len || c->path.p[i] == '[') &&
		    is_noted(c, c->path.p, i))
			return true;
	}
	return false;
}

/* A value that could stand in a field of its own. */
static bool
is_leaf(struct json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_null:
	case json_type_object:
	case json_type_array:
		return false;
	case json_type_string:
		return json_object_get_string_len(v) > 0;
	case json_type_boolean:
	case json_type_int:
	case json_type_double:
		return true;
	}
	return false;
}

static void
sort(struct carried *c)
{
	while (c->sorted_cap < c->n) {
		c->sorted = array_grow(
		    c->sorted, c->sorted_cap, &c->sorted_cap, sizeof(void *));
	}
	for (size_t i = 0; i < c->n; i++)
		c->sorted[i] = c->text.p + c->at[i];
	if (c->n > 0)
		qsort(c->sorted, c->n, sizeof(void *), compare);
}

size_t
carried_report(struct carried *c, struct json_object *record, carried_fn *fn,
    void *ctx, size_t *total, bool *is_whole)
{
	const struct jpath_input in = {
		.root = record, .current = record, .has_current = true
	};
	size_t carried = 0;

	*total = 0;
	*is_whole = jpath_eval(c->all, &in, c->nodes, NULL) == 0;
	sort(c);
	for (size_t i = 0; *is_whole && i < jpath_nodes_count(c->nodes); i++) {
		struct json_object *v = jpath_nodes_value(c->nodes, i);

		if (!is_leaf(v))
			continue;
		(*total)++;
		buf_reset(&c->path);
		jpath_nodes_path(c->nodes, i, &c->path);
		if (is_carried(c))
			carried++;
		else
			fn(ctx, c->path.p, v);
	}
	return carried;
}
