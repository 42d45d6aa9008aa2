/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/mem.h"
#include "base/obj.h"
#include "jsonpath/jsonpath.h"
#include "map/expr.h"

/* Note the path of node i; its index. */
static unsigned int
note_path(struct paths *p, const struct jpath_nodes *nodes, size_t i)
{
	p->at = array_grow(p->at, p->n, &p->cap, sizeof(*p->at));
	p->at[p->n] = p->text.len;
	jpath_nodes_path(nodes, i, &p->text);
	buf_addc(&p->text, '\0');
	if (!buf_ok(&p->text)) { /* a giant: its later paths are not told */
		buf_cut(&p->text, p->at[p->n]);
		return (unsigned int)p->n;
	}
	return (unsigned int)p->n++;
}

/* Keep the values that a query has just pushed from item "first" on. */
static void
keep(struct work *w, struct memo *m, size_t first, uint64_t pass)
{
	size_t n = w->n_items - first;

	if (n > MAP_ITEMS_MAX - w->n_found)
		return;
	*m = (struct memo){ .pass = pass, .from = w->n_found, .n = n };
	m->has_failed = w->has_failed;
	for (size_t i = first; i < w->n_items; i++) {
		w->found = array_grow(
		    w->found, w->n_found, &w->cap_found, sizeof(void *));
		w->found[w->n_found++] = w->items[i].json;
	}
}

static void
search(struct work *w, const struct jpath *path, const struct jpath_input *in)
{
	size_t n;

	if (jpath_eval(path, in, w->nodes, NULL) == -1) {
		w->has_failed = true;
		return;
	}
	n = jpath_nodes_count(w->nodes);
	for (size_t i = 0; i < n && !w->has_failed; i++) {
		struct item it = { .json = jpath_nodes_value(w->nodes, i) };

		if (!map__is_value(it.json))
			continue;
		if (w->paths != NULL) {
			it.path_from = note_path(w->paths, w->nodes, i);
			it.path_to = it.path_from + 1;
		}
		map__push_item(w, &it);
	}
}

/* What the query of op gives; the record is searched for it once. */
static void
push_path(struct work *w, const struct op *op, const struct jpath_input *in)
{
	struct memo *m = &w->memos[op->query];
	uint64_t pass = jpath_is_relative(op->path) ? w->node_at : w->record_at;

	map__open(w);
	if (w->paths != NULL) { /* memos have no paths */
		search(w, op->path, in);
		return;
	}
	if (m->pass != pass) {
		search(w, op->path, in);
		keep(w, m, map__top(w), pass);
		return;
	}
	w->has_failed = w->has_failed || m->has_failed;
	for (size_t i = m->from; i < m->from + m->n; i++) {
		const struct item it = { .json = w->found[i] };

		map__push_item(w, &it);
	}
}

/* The top n values become one text, or no value where one has none. */
static void
concat(struct work *w, size_t n)
{
	size_t base = w->n_values - n;
	struct item whole = { .p = "" };
	bool has_all = true;

	for (size_t v = base; v < w->n_values; v++) {
		size_t from = w->starts[v];
		size_t to = v + 1 < w->n_values ? w->starts[v + 1] : w->n_items;
		struct item part;

		if (from == to) {
			has_all = false;
			break;
		}
		/* In place: a part becomes one item. */
		map__join(w, from, to, ",", 1, &part);
		w->items[w->starts[base] + (v - base)] = part;
	}
	if (has_all && !w->has_failed) {
		map__join(
		    w, w->starts[base], w->starts[base] + n, "", 0, &whole);
	}
	w->n_values = base + 1;
	w->n_items = w->starts[base];
	if (whole.len > 0)
		map__push_item(w, &whole);
}

void
map__prog_run(
    const struct prog *p, struct work *w, const struct jpath_input *in)
{
	for (size_t pc = 0; pc < p->n && !w->has_failed;) {
		const struct op *op = &p->ops[pc++];

		switch (op->kind) {
		case OP_TEXT:
			map__open(w);
			map__push_text(w, op->text, op->len);
			break;
		case OP_PATH:
			push_path(w, op, in);
			break;
		case OP_ELSE:
			if (w->n_items > map__top(w))
				pc = op->n;
			else
				map__close(w);
			break;
		case OP_CONCAT:
			concat(w, op->n);
			break;
		case OP_FILTER:
			map__filter_apply(w, op->filter, op->args);
			break;
		}
	}
}
