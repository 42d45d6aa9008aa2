/*
 * eval.c - the walk through a document
 *
 * RFC 9535, 2.1.2 applies each segment to the whole list of nodes that the
 * one before it made, and joins the results.  Joining is associative, so
 * going depth first (all segments from one node, then the next node) gives
 * the same list in the same order, and no list is kept in between.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include <json-c/json_object.h>
#include <json-c/json_object_iterator.h>
#include <json-c/linkhash.h>

#include "base/limits.h"

#include "jsonpath/jsonpath_priv.h"

/* What a walk may say: go on, stop (enough was found), or fail (-1). */
enum {
	GO_ON = 0,
	ENOUGH = 1
};

/* Where the nodes of a walk go. */
struct sink {
	struct jpath_nodes *list; /* NULL: they are only counted */
	size_t count, enough;
	struct json_object *first;
};

int
jpath__step(struct eval *ev, size_t n)
{
	if (n <= JPATH_STEPS_MAX - ev->steps) {
		ev->steps += n;
		return 0;
	}
	return err_set(ev->e, ERR_LIMIT,
	    "%.200s: visited more than %u values; name the members on the way "
	    "in place of \"..\" or \"*\"",
	    ev->text, JPATH_STEPS_MAX);
}

int
jpath__down(struct eval *ev)
{
	if (ev->levels == JPATH_LEVELS_MAX) {
		return err_set(ev->e, ERR_LIMIT,
		    "%.200s: went down more than %u levels; the document is "
		    "nested too deep",
		    ev->text, JPATH_LEVELS_MAX);
	}
	ev->levels++;
	return jpath__step(ev, 1);
}

void
jpath__up(struct eval *ev)
{
	ev->levels--;
}

/* ---- children ---- */

/* The elements or members of a value, in document order. */
struct children {
	struct json_object *of;
	bool is_array;
	size_t i, n;
	struct json_object_iterator it;
};

static struct children
children_of(struct json_object *v)
{
	struct children c = { .of = v };

	if (json_object_is_type(v, json_type_array)) {
		c.is_array = true;
		c.n = json_object_array_length(v);
	} else if (json_object_is_type(v, json_type_object)) {
		c.n = (size_t)json_object_object_length(v);
		c.it = json_object_iter_begin(v);
	}
	return c;
}

static bool
next_child(struct children *c, struct frame *up, struct frame *out)
{
	if (c->i == c->n)
		return false;
	*out = (struct frame){ .up = up, .index = c->i };
	if (c->is_array) {
		out->value = json_object_array_get_idx(c->of, c->i);
	} else {
		out->name = json_object_iter_peek_name(&c->it);
		out->value = json_object_iter_peek_value(&c->it);
		json_object_iter_next(&c->it);
	}
	c->i++;
	return true;
}

static bool
member(struct json_object *of, const struct selector *s, struct frame *up,
    struct frame *out)
{
	struct lh_table *table = json_object_get_object(of);
	struct lh_entry *entry = NULL;

	if (table != NULL && s->as.name != NULL) {
		entry =
		    lh_table_lookup_entry_w_hash(table, s->as.name, s->hash);
	}
	if (entry == NULL)
		return false;
	*out = (struct frame){ .up = up };
	out->name = lh_entry_k(entry);
	out->value = lh_entry_v(entry);
	return true;
}

/* RFC 9535, 2.3.3.2: a negative index counts from the end. */
static bool
element(
    struct json_object *of, int64_t index, struct frame *up, struct frame *out)
{
	int64_t n;

	if (!json_object_is_type(of, json_type_array))
		return false;
	n = (int64_t)json_object_array_length(of);
	if (index < 0)
		index += n;
	if (index < 0 || index >= n)
		return false;
	*out = (struct frame){ .up = up, .index = (size_t)index };
	out->value = json_object_array_get_idx(of, out->index);
	return true;
}

static bool
one_child(const struct selector *s, struct json_object *of, struct frame *up,
    struct frame *out)
{
	if (s->kind == SELECT_NAME)
		return member(of, s, up, out);
	return element(of, s->as.index, up, out);
}

/* NOLINTBEGIN(misc-no-recursion): jpath__down() counts the levels */

static int walk(struct eval *ev, struct sink *sink, const struct segment *g,
    struct frame *at);

static int
emit(struct eval *ev, struct sink *sink, struct frame *f)
{
	if (sink->count == 0)
		sink->first = f->value;
	if (sink->list != NULL) {
		if (sink->count == JPATH_NODES_MAX) {
			return err_set(ev->e, ERR_LIMIT,
			    "%.200s: found more than %u values; write a "
			    "narrower query",
			    ev->text, JPATH_NODES_MAX);
		}
		jpath__nodes_add(sink->list, f);
	}
	return ++sink->count == sink->enough ? ENOUGH : GO_ON;
}

/* The rest of the query from a child on. */
static int
into(struct eval *ev, struct sink *sink, const struct segment *g,
    struct frame *child)
{
	int rc;

	if (jpath__down(ev) == -1)
		return -1;
	rc = walk(ev, sink, g->next, child);
	jpath__up(ev);
	return rc;
}

/* ---- selectors ---- */

/* RFC 9535, 2.3.4.2.2: the indexes from *i to end, step by step. */
static void
slice_bounds(const struct slice *s, int64_t n, int64_t *i, int64_t *end)
{
	bool is_up = s->step > 0;
	int64_t low = is_up ? 0 : -1, high = is_up ? n : n - 1;
	int64_t a = s->start, b = s->end;

	if (a < 0)
		a += n;
	if (b < 0)
		b += n;
	if (!s->has_start)
		a = is_up ? 0 : n - 1;
	if (!s->has_end)
		b = is_up ? n : -1;
	a = a < low ? low : a;
	b = b < low ? low : b;
	*i = a > high ? high : a;
	*end = b > high ? high : b;
}

static int
select_slice(struct eval *ev, struct sink *sink, const struct segment *g,
    const struct slice *s, struct frame *at)
{
	struct frame child;
	int64_t i, end;
	int rc = GO_ON;

	if (s->step == 0 || !json_object_is_type(at->value, json_type_array))
		return GO_ON;
	slice_bounds(s, (int64_t)json_object_array_length(at->value), &i, &end);
	for (; rc == GO_ON && (s->step > 0 ? i < end : i > end); i += s->step) {
		if (element(at->value, i, at, &child))
			rc = into(ev, sink, g, &child);
	}
	return rc;
}

static int
select_all(struct eval *ev, struct sink *sink, const struct segment *g,
    struct frame *at)
{
	struct children c = children_of(at->value);
	struct frame child;
	int rc = GO_ON;

	while (rc == GO_ON && next_child(&c, at, &child))
		rc = into(ev, sink, g, &child);
	return rc;
}

/* Whether the condition holds with "@" bound to the value. */
static int
holds(struct eval *ev, const struct logical *l, struct json_object *value,
    bool *out)
{
	struct json_object *current = ev->current;
	bool has_current = ev->has_current;
	int rc;

	ev->current = value;
	ev->has_current = true;
	rc = jpath__test(ev, l, out);
	ev->current = current;
	ev->has_current = has_current;
	return rc;
}

static int
select_filtered(struct eval *ev, struct sink *sink, const struct segment *g,
    const struct logical *filter, struct frame *at)
{
	struct children c = children_of(at->value);
	struct frame child;
	int rc = GO_ON;
	bool is_true;

	while (rc == GO_ON && next_child(&c, at, &child)) {
		if (jpath__step(ev, 1) == -1 ||
		    holds(ev, filter, child.value, &is_true) == -1)
			return -1;
		if (is_true)
			rc = into(ev, sink, g, &child);
	}
	return rc;
}

static int
select_by(struct eval *ev, struct sink *sink, const struct segment *g,
    const struct selector *s, struct frame *at)
{
	struct frame child;

	switch (s->kind) {
	case SELECT_NAME:
	case SELECT_INDEX:
		if (!one_child(s, at->value, at, &child))
			return GO_ON;
		return into(ev, sink, g, &child);
	case SELECT_SLICE:
		return select_slice(ev, sink, g, &s->as.slice, at);
	case SELECT_WILDCARD:
		return select_all(ev, sink, g, at);
	case SELECT_FILTER:
		return select_filtered(ev, sink, g, s->as.filter, at);
	}
	return -1;
}

static int
select_from(struct eval *ev, struct sink *sink, const struct segment *g,
    struct frame *at)
{
	int rc = GO_ON;

	for (const struct selector *s = g->selectors; rc == GO_ON && s != NULL;
	     s = s->next)
		rc = select_by(ev, sink, g, s, at);
	return rc;
}

/* RFC 9535, 2.5.2.2: from the node itself and all below it, parents before
   children, elements in their order. */
static int
descend(struct eval *ev, struct sink *sink, const struct segment *g,
    struct frame *at)
{
	struct children c = children_of(at->value);
	struct frame child;
	int rc = select_from(ev, sink, g, at);

	while (rc == GO_ON && next_child(&c, at, &child)) {
		if (!json_object_is_type(child.value, json_type_array) &&
		    !json_object_is_type(child.value, json_type_object)) {
			rc = jpath__step(ev, 1);
			continue;
		}
		if (jpath__down(ev) == -1)
			return -1;
		rc = descend(ev, sink, g, &child);
		jpath__up(ev);
	}
	return rc;
}

static int
walk(struct eval *ev, struct sink *sink, const struct segment *g,
    struct frame *at)
{
	if (g == NULL)
		return emit(ev, sink, at);
	if (g->is_descendant)
		return descend(ev, sink, g, at);
	return select_from(ev, sink, g, at);
}

/* ---- queries within conditions ---- */

/* Where a query starts; false: at "@", and there is none. */
static bool
start(const struct eval *ev, const struct query *q, struct frame *out)
{
	*out = (struct frame){
		.value = q->is_relative ? ev->current : ev->in->root,
	};
	return !q->is_relative || ev->has_current;
}

/* The node of a singular query, without the way to it. */
static int
only(
    struct eval *ev, const struct query *q, bool *has, struct json_object **out)
{
	struct frame at;

	*has = start(ev, q, &at);
	for (const struct segment *g = q->segments; *has && g != NULL;
	     g = g->next) {
		if (jpath__step(ev, 1) == -1)
			return -1;
		*has = one_child(g->selectors, at.value, NULL, &at);
	}
	*out = at.value;
	return 0;
}

int
jpath__count(struct eval *ev, const struct query *q, size_t enough,
    size_t *count, struct json_object **first)
{
	struct sink sink = { .enough = enough };
	struct frame at;
	bool has;

	if (q->is_singular) {
		if (only(ev, q, &has, first) == -1)
			return -1;
		*count = has;
		return 0;
	}
	if (start(ev, q, &at) && walk(ev, &sink, q->segments, &at) == -1)
		return -1;
	*count = sink.count;
	*first = sink.first;
	return 0;
}

int
jpath__operand(struct eval *ev, const struct operand *o, struct value *out)
{
	bool has;

	switch (o->kind) {
	case OPERAND_LITERAL:
		*out = (struct value){
			.kind = VALUE_JSON,
			.json = o->as.literal,
		};
		return 0;
	case OPERAND_QUERY:
		*out = (struct value){ .kind = VALUE_NOTHING };
		if (only(ev, o->as.query, &has, &out->json) == -1)
			return -1;
		if (has)
			out->kind = VALUE_JSON;
		return 0;
	case OPERAND_CALL:
		return o->as.call->function->run(ev, o->as.call, out);
	}
	return -1;
}

/* ---- conditions ---- */

static int
test_list(struct eval *ev, const struct logical *l, bool *out)
{
	bool is_or = l->kind == LOGICAL_OR;

	for (const struct logical *c = l->as.list; c != NULL; c = c->next) {
		if (jpath__test(ev, c, out) == -1)
			return -1;
		if (*out == is_or)
			break;
	}
	return 0;
}

int
jpath__test(struct eval *ev, const struct logical *l, bool *out)
{
	struct json_object *first;
	struct value a, b;
	size_t count;

	switch (l->kind) {
	case LOGICAL_OR:
	case LOGICAL_AND:
		return test_list(ev, l, out);
	case LOGICAL_NOT:
		if (jpath__test(ev, l->as.list, out) == -1)
			return -1;
		*out = !*out;
		return 0;
	case LOGICAL_COMPARE:
		if (jpath__operand(ev, l->as.compare.left, &a) == -1 ||
		    jpath__operand(ev, l->as.compare.right, &b) == -1)
			return -1;
		return jpath__compare(ev, &a, l->as.compare.op, &b, out);
	case LOGICAL_EXISTS:
		if (jpath__count(ev, l->as.query, 1, &count, &first) == -1)
			return -1;
		*out = count > 0;
		return 0;
	case LOGICAL_CALL:
		if (l->as.call->function->run(ev, l->as.call, &a) == -1)
			return -1;
		*out = a.truth;
		return 0;
	}
	return -1;
}

/* NOLINTEND(misc-no-recursion) */

/* ---- the door ---- */

static struct eval
eval_of(const char *text, const struct jpath_input *in,
    struct jpath_nodes *scratch, struct err *e)
{
	return (struct eval){
		.in = in,
		.text = text,
		.scratch = scratch,
		.e = e,
		.current = in->current,
		.has_current = in->has_current,
	};
}

int
jpath_eval(const struct jpath *q, const struct jpath_input *in,
    struct jpath_nodes *out, struct err *e)
{
	struct eval ev = eval_of(q->text, in, out, e);
	struct sink sink = { .list = out };
	const char *base = "$";
	struct frame at;

	if (q->query->is_relative && in->current_path != NULL)
		base = in->current_path;
	if (jpath__nodes_reset(out, base, e) == -1)
		return -1;
	if (!start(&ev, q->query, &at))
		return 0;
	if (walk(&ev, &sink, q->query->segments, &at) == -1) {
		(void)jpath__nodes_reset(out, "$", NULL);
		return -1;
	}
	return 0;
}

int
jpath_logic_eval(const struct jpath_logic *l, const struct jpath_input *in,
    struct jpath_nodes *scratch, bool *out, struct err *e)
{
	struct eval ev = eval_of(l->text, in, scratch, e);

	if (jpath__nodes_reset(scratch, "$", e) == -1)
		return -1;
	return jpath__test(&ev, l->logical, out);
}
