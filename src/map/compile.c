/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/obj.h"
#include "jsonpath/jsonpath.h"
#include "map/map_priv.h"

struct compiler {
	struct map *map;
	struct faults *faults;
};

void
map_free(struct map *m)
{
	if (m == NULL)
		return;
	OBJ_CHECK(m, MAP_MAGIC);
	for (size_t i = 0; i < m->n_events; i++) {
		jpath_logic_free(m->events[i].when);
		jpath_free(m->events[i].each);
		map__prog_fini(&m->events[i].key);
		free(m->events[i].slots);
	}
	free(m->events);
	for (size_t i = 0; i < m->n_fields; i++) {
		map__prog_fini(&m->fields[i]->prog);
		free(m->fields[i]->constant);
		free(m->fields[i]);
	}
	free(m->fields);
	free(m->rows);
	map__queries_fini(&m->queries);
	map__model_fini(&m->model);
	free(m);
}

/* ---- expressions ---- */

static int
compile_prog(struct compiler *c, struct prog *p, const struct kf_entry *en)
{
	struct map *m = c->map;
	const struct expr_names names = {
		.queries = &m->queries,
		.lookups = m->model.lookups,
		.n_lookups = m->model.n_lookups,
	};
	struct expr_fault fault = { .offset = 0 };

	if (map__prog_compile(p, en->value, en->value_len, &names, &fault) ==
	    -1) {
		kf_fault_value(c->faults, FAULT_ERROR, en, fault.offset,
		    fault.len, "%s", fault.message);
		return -1;
	}
	if (p->stack > m->stack)
		m->stack = p->stack;
	if (p->groups > m->groups)
		m->groups = p->groups;
	return 0;
}

/* A constant can be held against its field at once. */
static void
check_constant(struct compiler *c, struct map_field *f)
{
	const struct cef_key *key = f->key;
	enum cef_fit fit = CEF_FIT_OK;
	struct buf value;
	const char *text;
	size_t len = 0;

	text = map__prog_constant(&f->prog, &len);
	if (text == NULL)
		return;
	buf_init(&value, MAP_VALUE_MAX);
	fit = cef_value(key, text, len, &value);
	if (fit == CEF_FIT_OK) {
		f->constant = xstrndup(value.p, value.len);
		f->constant_len = value.len;
	}
	buf_fini(&value);
	switch (fit) {
	case CEF_FIT_OK:
		return;
	case CEF_FIT_EMPTY:
		kf_fault_value(c->faults, FAULT_ERROR, f->en, 0,
		    f->en->value_len,
		    "the text is empty; %s would never be "
		    "written",
		    key->key);
		return;
	case CEF_FIT_CUT:
	case CEF_FIT_DROPPED_LONG:
		kf_fault_value(c->faults, FAULT_ERROR, f->en, 0,
		    f->en->value_len, "%s holds %u characters at most",
		    key->key, key->max_chars);
		return;
	case CEF_FIT_DROPPED_TYPE:
		kf_fault_value(c->faults, FAULT_ERROR, f->en, 0,
		    f->en->value_len, "not a value for %s, which holds %s",
		    key->key, map__type_words(key));
		return;
	}
}

static size_t
count_row(struct map *m, const struct cef_key *key)
{
	for (size_t i = 0; i < m->n_rows; i++) {
		if (m->rows[i] == key)
			return i;
	}
	m->rows = array_grow(m->rows, m->n_rows, &m->cap_rows, sizeof(void *));
	m->rows[m->n_rows] = key;
	return m->n_rows++;
}

static struct map_field *
compile_field(struct compiler *c, const struct model_field *mf)
{
	struct map *m = c->map;
	struct map_field *f = xcalloc(1, sizeof(*f));
	struct fault_at at;

	m->fields =
	    array_grow(m->fields, m->n_fields, &m->cap_fields, sizeof(void *));
	m->fields[m->n_fields++] = f;
	kf_key_at(mf->at.en, &at);
	f->key = mf->key;
	f->row = count_row(m, mf->key);
	f->is_volatile = mf->is_volatile;
	f->en = mf->at.en;
	f->file = kf_file(m->model.files[mf->at.file].kf);
	f->line = at.line;
	if (compile_prog(c, &f->prog, f->en) == -1 ||
	    !map__check_types(f, c->faults))
		f->is_faulty = true;
	else
		check_constant(c, f);
	return f;
}

/* ---- events ---- */

static void
add_slot(struct map_event_prog *ev, struct map_field *f)
{
	ev->slots = array_grow(
	    ev->slots, ev->n_slots, &ev->cap_slots, sizeof(*ev->slots));
	ev->slots[ev->n_slots++] =
	    (struct map_slot){ .field = f, .labels = SLOT_NONE };
}

/* Whether including files or the event itself took that field out. */
static bool
is_dropped(const struct model_fields *fields, const struct cef_key *key)
{
	const struct cef_key *main = NULL;
	const struct model_field *f;

	f = map__model_field(fields, key);
	if (f != NULL && f->is_drop)
		return true;
	if (f != NULL || key->label_of == NULL)
		return false;
	/* "cs2 =" drops its label too, where that is not set anew. */
	main = cef_key_find(key->label_of);
	f = main == NULL ? NULL : map__model_field(fields, main);
	return f != NULL && f->is_drop;
}

/* As is_dropped() for a label of the same section: it goes with its field
   unless the file that drops the field sets the label. */
static bool
goes_with_field(const struct model_fields *fields, const struct model_field *f)
{
	const struct cef_key *main;
	const struct model_field *of;

	if (f->key->label_of == NULL)
		return false;
	main = cef_key_find(f->key->label_of);
	of = main == NULL ? NULL : map__model_field(fields, main);
	return of != NULL && of->is_drop && of->at.file != f->at.file;
}

static void
compile_when_each_key(
    struct compiler *c, struct map_event_prog *ev, const struct model_event *me)
{
	struct jpath_fault fault = { .offset = 0 };
	const struct kf_entry *en = me->when.en;

	if (en != NULL && en->value_len > 0) {
		ev->when =
		    jpath_logic_compile(en->value, en->value_len, &fault);
		if (ev->when == NULL) {
			kf_fault_value(c->faults, FAULT_ERROR, en, fault.offset,
			    fault.len, "%s", fault.message);
		}
	}
	en = me->each.en;
	if (en != NULL && en->value_len > 0) {
		ev->each =
		    jpath_compile(en->value, en->value_len, NULL, &fault);
		if (ev->each == NULL) {
			kf_fault_value(c->faults, FAULT_ERROR, en, fault.offset,
			    fault.len, "%s", fault.message);
		}
	}
	en = me->key.en;
	if (en != NULL && en->value_len > 0)
		ev->has_key = compile_prog(c, &ev->key, en) == 0;
}

/* Own fields in their order, then those of [common]. */
static void
compile_event(struct compiler *c, struct map_event_prog *ev,
    const struct model_event *me, struct map_field *const *common)
{
	const struct model_fields *own = &me->fields;
	const struct model_fields *shared = &c->map->model.common.fields;

	ev->name = me->name;
	compile_when_each_key(c, ev, me);
	for (size_t i = 0; i < own->n; i++) {
		if (!own->v[i].is_drop && !goes_with_field(own, &own->v[i]))
			add_slot(ev, compile_field(c, &own->v[i]));
	}
	for (size_t i = 0; i < shared->n; i++) {
		const struct cef_key *key = shared->v[i].key;

		if (common[i] != NULL && map__model_field(own, key) == NULL &&
		    !is_dropped(own, key))
			add_slot(ev, common[i]);
	}
	if (ev->n_slots > c->map->max_slots)
		c->map->max_slots = ev->n_slots;
}

/* ---- checks ---- */

static size_t
find_slot(const struct map_event_prog *ev, const char *name)
{
	const struct cef_key *key = cef_key_find(name);

	for (size_t i = 0; key != NULL && i < ev->n_slots; i++) {
		if (ev->slots[i].field->key == key)
			return i;
	}
	return SLOT_NONE;
}

/* Standard v27, "IPv6": which end of the event each field means. */
static const char *
standard_label(const struct cef_key *key)
{
	static const struct {
		const char *key, *label;
	} rows[] = {
		{ "c6a1", "Device IPv6 Address" },
		{ "c6a2", "Source IPv6 Address" },
		{ "c6a3", "Destination IPv6 Address" },
	};

	for (size_t i = 0; i < NELEM(rows); i++) {
		if (strcmp(rows[i].key, key->key) == 0)
			return rows[i].label;
	}
	return NULL;
}

/* The text of a label is another one than the standard's, or that of a field
   before it: then jc and pycef, which go by labels, keep one of the two. */
static void
check_label_text(
    struct compiler *c, const struct map_event_prog *ev, size_t slot)
{
	struct map_field *f = ev->slots[slot].field;
	const struct map_field *of = ev->slots[ev->slots[slot].labels].field;
	const char *standard = standard_label(of->key);

	if (f->constant == NULL)
		return;
	if (standard != NULL && strcmp(f->constant, standard) != 0) {
		f->is_faulty = true;
		kf_fault_value(c->faults, FAULT_WARNING, f->en, 0,
		    f->en->value_len,
		    "the standard gives %s its meaning; its label is \"%s\"",
		    of->key->key, standard);
	}
	for (size_t i = 0; i < slot && !f->is_faulty; i++) {
		const struct map_field *other = ev->slots[i].field;

		if (!other->key->is_label || other->constant == NULL ||
		    strcmp(other->constant, f->constant) != 0)
			continue;
		f->is_faulty = true;
		kf_fault_value(c->faults, FAULT_WARNING, f->en, 0,
		    f->en->value_len,
		    "%s says the same in line %u; some readers keep only one "
		    "of two fields with one label",
		    other->key->key, other->line);
	}
}

static void
no_label(struct compiler *c, struct map_field *f)
{
	const char *standard = standard_label(f->key);

	f->is_faulty = true;
	kf_fault_key(c->faults, FAULT_ERROR, f->en,
	    "%s has no label; add %s = \"%s\"", f->key->key, f->key->label,
	    standard == NULL ? "what it holds" : standard);
}

/* CEF dictionary: a custom field carries its label, and no label goes
   without its field. */
static void
check_labels(struct compiler *c, struct map_event_prog *ev)
{
	for (size_t i = 0; i < ev->n_slots; i++) {
		struct map_slot *slot = &ev->slots[i];
		struct map_field *f = slot->field;
		const struct cef_key *key = f->key;

		if (key->label_of != NULL)
			slot->labels = find_slot(ev, key->label_of);
		if (f->is_faulty)
			continue;
		if (key->label_of != NULL && slot->labels == SLOT_NONE) {
			f->is_faulty = true;
			kf_fault_key(c->faults, FAULT_ERROR, f->en,
			    "%s labels nothing: this event does not set %s",
			    key->key, key->label_of);
		} else if (key->label_of != NULL) {
			check_label_text(c, ev, i);
		} else if (key->label != NULL &&
		    find_slot(ev, key->label) == SLOT_NONE) {
			no_label(c, f);
		}
	}
}

/* What correlation rules and every parser rely on. */
static void
check_header(struct compiler *c, const struct map_event_prog *ev,
    const struct kf_section *section)
{
	static const enum cef_header needed[] = { CEF_H_VENDOR, CEF_H_PRODUCT,
		CEF_H_CLASS_ID, CEF_H_NAME };

	for (size_t i = 0; i < NELEM(needed); i++) {
		const struct cef_key *key = cef_header_key(needed[i]);

		if (find_slot(ev, key->key) == SLOT_NONE) {
			kf_fault_section(c->faults, FAULT_ERROR, section,
			    "the event has no %s; add %s = ...", key->key,
			    key->key);
		}
	}
}

/* An event's name stands before the ":" of its key. */
static void
check_name(struct compiler *c, const struct kf_section *section)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_";

	if (section->name[strspn(section->name, letters)] != '\0') {
		kf_fault_section(c->faults, FAULT_ERROR, section,
		    "a name is ASCII letters, digits, - and _");
	}
}

static void
check_drops(struct compiler *c, const struct model_event *me)
{
	const struct model_fields *shared = &c->map->model.common.fields;

	for (size_t i = 0; i < me->fields.n; i++) {
		const struct model_field *f = &me->fields.v[i];

		/* Only the file itself can know that it drops nothing. */
		if (f->is_drop && f->was_new && !f->is_volatile &&
		    !f->key->is_header &&
		    (me == &c->map->model.common ||
			map__model_field(shared, f->key) == NULL)) {
			kf_fault_key(c->faults, FAULT_ERROR, f->at.en,
			    "%s has no value, and there is nothing to drop",
			    f->key->key);
		}
	}
}

static void
check_lookups(struct compiler *c)
{
	const struct model *model = &c->map->model;

	for (size_t i = 0; i < model->n_lookups; i++) {
		const struct model_lookup *at = &model->lookups_at[i];

		if (!model->lookups[i].is_used && at->is_ours) {
			kf_fault_section(c->faults, FAULT_WARNING, at->section,
			    "no expression uses [lookup %s]",
			    model->lookups[i].name);
		}
	}
}

static void
compile_all(struct compiler *c)
{
	struct map *m = c->map;
	struct model *model = &m->model;
	struct map_field **common;

	for (size_t i = 0; i < model->n_lookups; i++)
		map__lookup_sort(&model->lookups[i]);
	common = xcalloc(model->common.fields.n + 1, sizeof(void *));
	for (size_t i = 0; i < model->common.fields.n; i++) {
		const struct model_field *f = &model->common.fields.v[i];

		if (!f->is_drop && !goes_with_field(&model->common.fields, f))
			common[i] = compile_field(c, f);
	}
	check_drops(c, &model->common);
	m->events = xcalloc(model->n_events + 1, sizeof(*m->events));
	for (size_t i = 0; i < model->n_events; i++) {
		const struct model_event *me = &model->events[i];
		struct map_event_prog *ev = &m->events[m->n_events++];

		compile_event(c, ev, me, common);
		check_name(c, me->section);
		check_header(c, ev, me->section);
		check_labels(c, ev);
		check_drops(c, me);
	}
	free(common);
	check_lookups(c);
}

struct map *
map_compile(
    const char *name, map_load_fn *load, void *ctx, struct faults *faults)
{
	size_t before = faults_count(faults, FAULT_ERROR);
	struct map *m = xcalloc(1, sizeof(*m));
	struct compiler c = { .map = m, .faults = faults };

	m->magic = MAP_MAGIC;
	map__model_load(&m->model, name, load, ctx, faults);
	if (m->model.n_files > 0)
		compile_all(&c);
	if (m->model.n_files > 0 && m->model.n_events == 0) {
		const struct fault_at whole = { .file = kf_file(
						    m->model.files[0].kf) };

		fault_add(faults, FAULT_ERROR, &whole,
		    "the map has no [event]; add one");
	}
	if (faults_count(faults, FAULT_ERROR) == before)
		return m;
	map_free(m);
	return NULL;
}
