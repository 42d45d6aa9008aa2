/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/obj.h"

#include "jsonpath/jsonpath_priv.h"

#define NODES_MAGIC 0x4a4e4f44U

/* More than this is given back at the next reset: one huge record is no
   steady state (512 KiB). */
#define KEEP_MAX    16384U

/* A node and how it hangs on its parent; parents stand before children. */
struct node {
	struct json_object *value;
	const char *name; /* borrowed from the document; NULL: index */
	size_t index;
	size_t parent;
};

struct jpath_nodes {
	unsigned int magic;
	struct node *arena; /* results and their ancestors; [0]: the start */
	size_t n_arena, cap_arena;
	size_t *results; /* into the arena */
	size_t n_results, cap_results;
	struct buf base;  /* normalized path of arena[0] */
	bool is_pathless; /* the arena holds the results alone */
	struct regex_scratch *regex;
};

struct jpath_nodes *
jpath_nodes_new(void)
{
	struct jpath_nodes *n = xcalloc(1, sizeof(*n));

	n->magic = NODES_MAGIC;
	buf_init(&n->base, JSON_ELEMENT_MAX);
	return n;
}

void
jpath_nodes_free(struct jpath_nodes *n)
{
	if (n == NULL)
		return;
	OBJ_CHECK(n, NODES_MAGIC);
	jpath__regex_scratch_free(n->regex);
	buf_fini(&n->base);
	free(n->results);
	free(n->arena);
	free(n);
}

void
jpath_nodes_keep_paths(struct jpath_nodes *n, bool keeps_paths)
{
	OBJ_CHECK(n, NODES_MAGIC);
	n->n_arena = n->n_results = 0;
	n->is_pathless = !keeps_paths;
}

int
jpath__nodes_reset(struct jpath_nodes *n, const char *base, struct err *e)
{
	OBJ_CHECK(n, NODES_MAGIC);
	if (n->cap_arena > KEEP_MAX || n->cap_results > KEEP_MAX) {
		free(n->arena);
		free(n->results);
		n->arena = NULL;
		n->results = NULL;
		n->cap_arena = n->cap_results = 0;
	}
	n->n_arena = n->n_results = 0;
	if (n->is_pathless)
		return 0;
	buf_reset(&n->base);
	buf_adds(&n->base, base);
	return buf_check(&n->base, "the path of a node", e);
}

struct regex_scratch *
jpath__nodes_regex(struct jpath_nodes *n)
{
	if (n->regex == NULL)
		n->regex = jpath__regex_scratch_new();
	return n->regex;
}

static size_t
store(struct jpath_nodes *n, const struct frame *f, size_t parent)
{
	n->arena =
	    array_grow(n->arena, n->n_arena, &n->cap_arena, sizeof(*n->arena));
	n->arena[n->n_arena] = (struct node){
		.value = f->value,
		.name = f->name,
		.index = f->index,
		.parent = parent,
	};
	return ++n->n_arena;
}

static void
add_result(struct jpath_nodes *n, size_t at)
{
	n->results = array_grow(
	    n->results, n->n_results, &n->cap_results, sizeof(*n->results));
	n->results[n->n_results++] = at;
}

void
jpath__nodes_add(struct jpath_nodes *n, struct frame *f)
{
	struct frame *way[JPATH_LEVELS_MAX + 1];
	size_t deep = 0;

	assert(f != NULL);
	if (n->is_pathless) {
		add_result(n, store(n, f, 0) - 1);
		return;
	}
	for (struct frame *g = f; g != NULL && g->stored == 0; g = g->up) {
		assert(deep < NELEM(way));
		way[deep++] = g;
	}
	while (deep > 0) {
		deep--;
		way[deep]->stored = store(n, way[deep],
		    way[deep]->up == NULL ? 0 : way[deep]->up->stored - 1);
	}
	add_result(n, f->stored - 1);
}

size_t
jpath_nodes_count(const struct jpath_nodes *n)
{
	OBJ_CHECK(n, NODES_MAGIC);
	return n->n_results;
}

struct json_object *
jpath_nodes_value(const struct jpath_nodes *n, size_t i)
{
	OBJ_CHECK(n, NODES_MAGIC);
	assert(i < n->n_results);
	return n->arena[n->results[i]].value;
}

/* RFC 9535, 2.7: normal-single-quoted. */
static void
add_name(struct buf *out, const char *name)
{
	static const char from[] = "\b\t\n\f\r'\\", to[] = "btnfr'\\";

	buf_adds(out, "['");
	for (; *name != '\0'; name++) {
		unsigned char c = (unsigned char)*name;
		size_t i = 0;

		while (from[i] != '\0' && from[i] != *name)
			i++;
		if (from[i] != '\0') {
			buf_addc(out, '\\');
			buf_addc(out, to[i]);
		} else if (c < 0x20) {
			buf_addf(out, "\\u%04x", c);
		} else {
			buf_addc(out, *name);
		}
	}
	buf_adds(out, "']");
}

void
jpath_nodes_path(const struct jpath_nodes *n, size_t i, struct buf *out)
{
	size_t way[JPATH_LEVELS_MAX + 1];
	size_t deep = 0;

	OBJ_CHECK(n, NODES_MAGIC);
	assert(i < n->n_results && !n->is_pathless);
	for (size_t at = n->results[i]; at != 0; at = n->arena[at].parent) {
		assert(deep < NELEM(way));
		way[deep++] = at;
	}
	buf_add(out, n->base.p, n->base.len);
	while (deep > 0) {
		const struct node *node = &n->arena[way[--deep]];

		if (node->name != NULL)
			add_name(out, node->name);
		else
			buf_addf(out, "[%zu]", node->index);
	}
}
