/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/obj.h"
#include "convert/convert_priv.h"

#define NO_FIELD SIZE_MAX

/* The lines that were added to out since the last call came of that field. */
static void
own(struct owners *o, const struct buf *out, size_t *from, size_t field)
{
	for (; *from < out->len; (*from)++) {
		if (out->p[*from] != '\n')
			continue;
		o->v = array_grow(o->v, o->n, &o->cap, sizeof(*o->v));
		o->v[o->n++] = field;
	}
}

/* ---- what comes of each field ---- */

static struct field *
live_field(struct convert *c, const char *key)
{
	const struct cef_key *wanted = cef_key_find(key);

	for (size_t i = 0; i < c->n_fields; i++) {
		if (c->fields[i].key == wanted && c->fields[i].expr != NULL)
			return &c->fields[i];
	}
	return NULL;
}

static void
leave(struct field *f, const char *why)
{
	f->expr = NULL;
	if (f->base != NULL && f->base->why == NULL)
		f->base->why = why;
	for (size_t i = 0; i < f->n_choices; i++) {
		if (f->choices[i].prop->why == NULL)
			f->choices[i].prop->why = why;
	}
}

static void
make_fields(struct convert *c)
{
	c->n_tables = 0;
	c->has_if = c->has_else = false;
	for (size_t i = 0; i < c->n_fields; i++) {
		struct field *f = &c->fields[i];

		if (f->fault != NULL)
			leave(f, f->fault);
		else
			convert__field(c, f);
	}
	for (size_t i = 0; i < c->n_fields; i++) {
		struct field *f = &c->fields[i];

		if (f->key->label_of != NULL &&
		    live_field(c, f->key->label_of) == NULL)
			leave(f, "the field that it labels is not in the map");
	}
}

/* ---- lines ---- */

static void
add_left(struct buf *out, struct prop *prop)
{
	if (prop->why == NULL || prop->is_told)
		return;
	prop->is_told = true;
	buf_addf(out, "# left out, line %u: ", prop->line);
	convert__add_comment(out, prop->key);
	buf_addc(out, '=');
	convert__add_comment(out, prop->value);
	buf_adds(out, "  # ");
	convert__add_comment(out, prop->why);
	buf_addc(out, '\n');
}

static void
add_entry(struct buf *out, const char *key, const char *expr)
{
	buf_addf(out, "%-18s = %s\n", key, expr);
}

/* The label that the parser did not give: the token's name or the field's. */
static void
add_label(struct convert *c, struct buf *out, const struct field *f)
{
	const char *label = f->name;

	if (f->base != NULL && convert__token_find(c, f->base->value) != NULL)
		label = f->base->value;
	add_entry(out, f->key->label, convert__constant(c, label).s);
}

static void
add_field(struct convert *c, struct buf *out, const struct field *f)
{
	if (f->expr != NULL) {
		add_entry(out, f->key->key, f->expr);
		if (f->key->label != NULL &&
		    live_field(c, f->key->label) == NULL)
			add_label(c, out, f);
	}
	if (f->base != NULL)
		add_left(out, f->base);
	for (size_t i = 0; i < f->n_choices; i++)
		add_left(out, f->choices[i].prop);
}

/* An event needs its header; what the parser does not set is filled in. */
static void
add_header(struct convert *c, struct buf *out)
{
	static const char *const needed[] = { "deviceVendor", "deviceProduct",
		"name" };
	const struct field *name = live_field(c, "name");

	for (size_t i = 0; i < NELEM(needed); i++) {
		if (live_field(c, needed[i]) != NULL)
			continue;
		buf_addf(out, "# The parser does not set %s: fill it in.\n",
		    needed[i]);
		add_entry(out, needed[i], "\"unknown\"");
	}
	if (live_field(c, "deviceEventClassId") != NULL)
		return;
	buf_adds(out,
	    "# The parser does not set deviceEventClassId, on which "
	    "ArcSight's rules rest.\n");
	add_entry(out, "deviceEventClassId",
	    name == NULL ? "\"unknown\"" : name->expr);
}

static void
add_top(const struct convert *c, struct buf *out, const char *name)
{
	buf_adds(out, "# Made by cefwd convert from ");
	convert__add_comment(out, name);
	buf_adds(out,
	    "\n#\n"
	    "# What could not be carried over stands here as \"left out\".\n"
	    "# Mark with ! (end! = ...) the times that move with each "
	    "update of an alert.\n");
	if (c->trigger != NULL && c->each == NULL &&
	    strcmp(c->trigger->value, "/") != 0) {
		buf_adds(out, "# The parser's events are the elements of ");
		convert__add_comment(out, c->trigger->value);
		buf_adds(out, ": here, the records of the API.\n");
	}
	buf_adds(out, "\n[event]\n");
	if (c->each != NULL) {
		add_entry(out, "each", c->each);
		buf_adds(out,
		    "# key = @.id: name here what tells these nodes apart.\n");
	}
}

static void
add_tables(
    struct convert *c, struct buf *out, struct owners *owners, size_t *from)
{
	for (size_t i = 0; i < c->n_tables; i++) {
		const struct table *t = &c->tables[i];

		if (c->fields[t->field].expr == NULL)
			continue;
		buf_addf(out, "\n[lookup %s]\n%s", t->name, t->rows);
		own(owners, out, from, t->field);
	}
	if (c->has_if)
		buf_adds(out,
		    "\n# A value, whatever it is: a condition holds."
		    "\n[lookup if]\n* = \"=\"\n");
	if (c->has_else)
		buf_adds(out,
		    "\n# No value: a condition does not hold."
		    "\n[lookup else]\n0 = \"=\"\n");
	own(owners, out, from, NO_FIELD);
}

void
convert__write(
    struct convert *c, const char *name, struct buf *out, struct owners *owners)
{
	size_t from = 0;

	buf_reset(out);
	owners->n = 0;
	convert__pool_fini(&c->work);
	for (size_t i = 0; i < c->props.n; i++) {
		c->props.v[i].is_told = false;
		c->props.v[i].why = c->props.v[i].unknown;
	}
	make_fields(c);
	add_top(c, out, name);
	own(owners, out, &from, NO_FIELD);
	add_header(c, out);
	own(owners, out, &from,
	    live_field(c, "name") == NULL ?
		NO_FIELD :
		(size_t)(live_field(c, "name") - c->fields));
	for (size_t i = 0; i < c->n_fields; i++) {
		add_field(c, out, &c->fields[i]);
		own(owners, out, &from, i);
	}
	add_tables(c, out, owners, &from);
	for (size_t i = 0, first = 1; i < c->props.n; i++) {
		if (c->props.v[i].why == NULL || c->props.v[i].is_told)
			continue;
		if (first == 1)
			buf_addc(out, '\n');
		first = 0;
		add_left(out, &c->props.v[i]);
	}
	own(owners, out, &from, NO_FIELD);
}
