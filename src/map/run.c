/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/obj.h"
#include "jsonpath/jsonpath.h"
#include "map/map_priv.h"

#define RUN_MAGIC 0x6d72756eU

/* What is known of a slot of the event under way. */
enum presence {
	UNKNOWN,
	PRESENT,
	ABSENT,
};

struct map_run {
	unsigned int magic;
	const struct map *map;
	struct work work;
	struct paths paths;
	struct jpath_nodes *each;    /* of the event under way */
	struct jpath_nodes *scratch; /* of "when" */
	struct buf path;             /* of the node under way */
	struct buf key, raw, value;
	uint64_t *keys; /* hashes of the event's keys so far in this record */
	size_t n_keys, cap_keys;
	struct buf why; /* a field has no value */
	struct cef_event *cef;
	enum presence *slots;
	struct map_field_count *counts; /* in order of first touch */
	size_t n_counts;
	size_t *count_of; /* row: index into counts and 1, or 0 */
	uint64_t unmatched, capped;
	/* of the record under way */
	map_event_fn *emit;
	void *ctx;
	const struct map_trace *trace;
	size_t emitted;
	bool was_left_out; /* by a when */
};

/* A field's value on its way to the event. */
struct outcome {
	bool has_raw; /* run->raw holds it */
	enum cef_fit fit;
	bool has_failed;
	const char *why;
};

struct map_run *
map_run_new(const struct map *m)
{
	struct map_run *r = xcalloc(1, sizeof(*r));

	OBJ_CHECK(m, MAP_MAGIC);
	r->magic = RUN_MAGIC;
	r->map = m;
	map__work_init(&r->work, m->stack + 1, m->groups, m->queries.n);
	map__paths_init(&r->paths);
	r->each = jpath_nodes_new();
	r->scratch = jpath_nodes_new();
	jpath_nodes_keep_paths(r->scratch, false);
	buf_init(&r->path, MAP_VALUE_MAX);
	buf_init(&r->key, MAP_VALUE_MAX);
	buf_init(&r->raw, MAP_VALUE_MAX);
	buf_init(&r->why, ERR_TEXT_MAX);
	buf_init(&r->value, 4 * (size_t)MAP_VALUE_MAX);
	r->cef = cef_event_new();
	r->slots = xcalloc(m->max_slots + 1, sizeof(*r->slots));
	r->counts = xcalloc(m->n_rows + 1, sizeof(*r->counts));
	r->count_of = xcalloc(m->n_rows + 1, sizeof(*r->count_of));
	return r;
}

void
map_run_free(struct map_run *r)
{
	if (r == NULL)
		return;
	OBJ_CHECK(r, RUN_MAGIC);
	map__work_fini(&r->work);
	map__paths_fini(&r->paths);
	jpath_nodes_free(r->each);
	jpath_nodes_free(r->scratch);
	buf_fini(&r->path);
	buf_fini(&r->key);
	buf_fini(&r->raw);
	buf_fini(&r->why);
	buf_fini(&r->value);
	cef_event_free(r->cef);
	free(r->keys);
	free(r->slots);
	free(r->counts);
	free(r->count_of);
	free(r);
}

size_t
map_run_counts(const struct map_run *r, const struct map_field_count **rows)
{
	*rows = r->counts;
	return r->n_counts;
}

uint64_t
map_run_unmatched(const struct map_run *r)
{
	return r->unmatched;
}

uint64_t
map_run_capped(const struct map_run *r)
{
	return r->capped;
}

/* ---- one field ---- */

static void
count(struct map_run *r, const struct map_field *f, const struct outcome *o)
{
	struct map_field_count *c;

	if (o->fit == CEF_FIT_OK && !o->has_failed)
		return;
	if (o->fit == CEF_FIT_EMPTY && !o->has_failed)
		return;
	if (r->count_of[f->row] == 0) {
		r->counts[r->n_counts].key = f->key;
		r->count_of[f->row] = ++r->n_counts;
	}
	c = &r->counts[r->count_of[f->row] - 1];
	if (o->has_failed)
		c->failed++;
	else if (o->fit == CEF_FIT_CUT)
		c->cut++;
	else if (o->fit == CEF_FIT_DROPPED_LONG)
		c->dropped_long++;
	else
		c->dropped_type++;
}

/* The program's value as one text in out; false: it has none. */
static bool
eval_text(struct map_run *r, const struct prog *p, const struct jpath_input *in,
    struct buf *out)
{
	struct work *w = &r->work;
	struct item it;

	map__work_reset(w);
	map__prog_run(p, w, in);
	if (w->has_failed || w->n_items == 0)
		return false;
	map__join(w, 0, w->n_items, ",", 1, &it);
	if (w->has_failed || it.len == 0)
		return false;
	buf_add(out, it.p, it.len);
	return buf_ok(out);
}

static const char *
fit_words(const struct map_field *f, enum cef_fit fit)
{
	switch (fit) {
	case CEF_FIT_OK:
		return NULL;
	case CEF_FIT_CUT:
		return "cut: longer than the field";
	case CEF_FIT_EMPTY:
		return "left out: only blanks";
	case CEF_FIT_DROPPED_LONG:
		return "left out: longer than the field";
	case CEF_FIT_DROPPED_TYPE:
		return f->key == cef_header_key(CEF_H_SEVERITY) ?
		    "left out: neither Low, Medium, High, Very-High nor "
		    "0 to 10" :
		    "left out: not of the field's type";
	}
	return NULL;
}

/* Why a field has no value. */
static void
explain_nothing(const struct work *w, struct buf *why, struct outcome *o)
{
	o->has_failed = w->has_failed;
	if (o->has_failed) {
		o->why = "left out: an evaluation limit was passed";
	} else if (w->refused != NULL) {
		o->fit = CEF_FIT_DROPPED_TYPE;
		o->why = w->refused;
	} else if (w->emptied != NULL) {
		if (w->paths != NULL) { /* somebody reads it */
			buf_reset(why);
			buf_addf(why, "no value is left by %s", w->emptied);
			o->why = why->p;
		}
	} else {
		o->why = "no value";
	}
}

/* Evaluate a field into r->raw and r->value. */
static struct outcome
eval_field(
    struct map_run *r, const struct map_field *f, const struct jpath_input *in)
{
	struct outcome o = { .fit = CEF_FIT_EMPTY };

	buf_reset(&r->raw);
	buf_reset(&r->value);
	if (f->constant != NULL) { /* held against its field already */
		map__work_reset(&r->work);
		buf_add(&r->raw, f->constant, f->constant_len);
		buf_add(&r->value, f->constant, f->constant_len);
		o.has_raw = true;
		o.fit = CEF_FIT_OK;
		return o;
	}
	o.has_raw = eval_text(r, &f->prog, in, &r->raw);
	if (!o.has_raw) {
		explain_nothing(&r->work, &r->why, &o);
		return o;
	}
	o.fit = cef_value(f->key, r->raw.p, r->raw.len, &r->value);
	if (o.fit == CEF_FIT_OK && r->work.is_cut)
		o.fit = CEF_FIT_CUT; /* by MAP_VALUE_MAX */
	o.why = fit_words(f, o.fit);
	return o;
}

/* Whether the outcome is written. */
static bool
is_written(const struct outcome *o)
{
	return o->fit == CEF_FIT_OK || o->fit == CEF_FIT_CUT;
}

static void
trace_field(struct map_run *r, const struct map_field *f,
    const struct outcome *o, bool is_in)
{
	struct map_trace_field t = {
		.key = f->key,
		.expr = f->en->value,
		.file = f->file,
		.line = f->line,
		.fit = o->fit,
		.why = o->why,
		.is_volatile = f->is_volatile,
	};

	if (o->has_raw) {
		t.raw = r->raw.p;
		t.raw_len = r->raw.len;
		t.paths =
		    map__paths_list(&r->work, 0, r->work.n_items, &t.n_paths);
	}
	if (is_in) {
		t.value = r->value.p;
		t.value_len = r->value.len;
	}
	r->trace->field(r->trace->ctx, &t);
}

/* Whether the field of slot i has a value in this event. */
static bool
is_present(struct map_run *r, const struct map_event_prog *ev, size_t i,
    const struct jpath_input *in)
{
	const struct map_field *f = ev->slots[i].field;

	if (r->slots[i] == UNKNOWN) { /* the label stands before its field */
		const struct outcome o = eval_field(r, f, in);

		r->slots[i] = is_written(&o) ? PRESENT : ABSENT;
	}
	return r->slots[i] == PRESENT;
}

static void
run_slot(struct map_run *r, const struct map_event_prog *ev, size_t i,
    const struct jpath_input *in)
{
	const struct map_slot *slot = &ev->slots[i];
	const struct map_field *f = slot->field;
	bool is_lone =
	    slot->labels != SLOT_NONE && !is_present(r, ev, slot->labels, in);
	struct outcome o = eval_field(r, f, in);
	bool is_in = !is_lone && is_written(&o);

	if (is_lone) {
		if (o.why == NULL)
			o.why = "left out: its field has no value";
	} else {
		count(r, f, &o);
	}
	if (is_in) {
		cef_event_set(
		    r->cef, f->key, r->value.p, r->value.len, f->is_volatile);
	}
	r->slots[i] = is_in ? PRESENT : ABSENT;
	if (r->trace != NULL)
		trace_field(r, f, &o, is_in);
}

/* ---- one event ---- */

static void
make_key(struct map_run *r, const struct map_event_prog *ev,
    const struct jpath_input *in)
{
	struct item mended;

	buf_reset(&r->key);
	if (ev->name[0] != '\0') {
		buf_adds(&r->key, ev->name);
		buf_addc(&r->key, ':');
	}
	if (!ev->has_key || !eval_text(r, &ev->key, in, &r->key)) {
		buf_adds(
		    &r->key, in->current_path == NULL ? "$" : in->current_path);
	}
	/* Bad UTF-8 of an alert must not reach the state. */
	mended = (struct item){ .p = r->key.p, .len = r->key.len };
	if (map__item_mend(&r->work, &mended) && mended.p != r->key.p) {
		buf_reset(&r->key);
		buf_add(&r->key, mended.p, mended.len);
	}
}

/* FNV-1a; equal hashes of different keys cost a mark too many. */
static uint64_t
hash_of(const struct buf *b)
{
	uint64_t h = 0xcbf29ce484222325U;

	for (size_t i = 0; i < b->len; i++)
		h = (h ^ (unsigned char)b->p[i]) * 0x100000001b3U;
	return h;
}

/* Nodes of one each may give the same key, and a lane takes what has the key
   of a line that it sent for that line: the second becomes "key#2". */
static void
tell_keys_apart(struct map_run *r)
{
	uint64_t h = hash_of(&r->key);
	size_t n = 1;

	for (size_t i = 0; i < r->n_keys; i++)
		n += r->keys[i] == h ? 1 : 0;
	r->keys = array_grow(r->keys, r->n_keys, &r->cap_keys, sizeof(h));
	r->keys[r->n_keys++] = h;
	if (n > 1)
		buf_addf(&r->key, "#%zu", n);
}

static void
run_event(struct map_run *r, const struct map_event_prog *ev,
    const struct jpath_input *in, bool is_unmatched)
{
	struct map_event event = { .cef = r->cef,
		.is_unmatched = is_unmatched };

	cef_event_reset(r->cef);
	map__work_node(&r->work);
	for (size_t i = 0; i < ev->n_slots; i++)
		r->slots[i] = UNKNOWN;
	make_key(r, ev, in);
	if (ev->has_key && ev->each != NULL)
		tell_keys_apart(r);
	if (r->trace != NULL)
		r->trace->event(
		    r->trace->ctx, ev->name, r->key.p, is_unmatched);
	for (size_t i = 0; i < ev->n_slots; i++)
		run_slot(r, ev, i, in);
	event.key = r->key.p;
	r->emit(r->ctx, &event);
	r->emitted++;
}

/* A "when" that cannot be evaluated lets the event through: better an alert
   too many. */
static bool
is_wanted(struct map_run *r, const struct map_event_prog *ev,
    const struct jpath_input *in)
{
	bool out = true;

	if (ev->when != NULL &&
	    jpath_logic_eval(ev->when, in, r->scratch, &out, NULL) == -1)
		out = true;
	if (!out)
		r->was_left_out = true;
	return out;
}

/* An event per node of each, or one bound to the record. */
static void
run_each(struct map_run *r, const struct map_event_prog *ev,
    struct json_object *record)
{
	struct jpath_input in = { .root = record };
	size_t n = 0;

	r->n_keys = 0;
	if (ev->each == NULL) {
		in.current = record;
		in.has_current = true;
		if (is_wanted(r, ev, &in))
			run_event(r, ev, &in, false);
		return;
	}
	in.current = record; /* "@" in each itself is the record */
	in.has_current = true;
	if (jpath_eval(ev->each, &in, r->each, NULL) == 0)
		n = jpath_nodes_count(r->each);
	if (n == 0) {
		in.current = NULL;
		in.has_current = false;
		(void)is_wanted(r, ev, &in);
	}
	for (size_t i = 0; i < n; i++) {
		if (r->emitted == MAP_EVENTS_MAX) {
			r->capped += n - i;
			return;
		}
		buf_reset(&r->path);
		jpath_nodes_path(r->each, i, &r->path);
		in.current = jpath_nodes_value(r->each, i);
		in.current_path = r->path.p;
		if (is_wanted(r, ev, &in))
			run_event(r, ev, &in, false);
	}
}

size_t
map_translate(struct map_run *r, struct json_object *record, map_event_fn *emit,
    void *ctx, const struct map_trace *trace)
{
	const struct map *m;
	const struct jpath_input unbound = { .root = record };

	OBJ_CHECK(r, RUN_MAGIC);
	m = r->map;
	r->emit = emit;
	r->ctx = ctx;
	r->trace = trace;
	r->work.paths = trace == NULL ? NULL : &r->paths;
	jpath_nodes_keep_paths(r->work.nodes, trace != NULL);
	r->emitted = 0;
	r->was_left_out = false;
	map__work_record(&r->work);
	for (size_t i = 0; i < m->n_events; i++)
		run_each(r, &m->events[i], record);
	if (r->emitted == 0 && !r->was_left_out) {
		r->unmatched++;
		run_event(r, &m->events[0], &unbound, true);
	}
	return r->emitted;
}
