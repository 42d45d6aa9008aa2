/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/obj.h"
#include "map/expr.h"
#include "map/model_priv.h"

/* The line of an entry, for messages. */
static unsigned int
line_of(const struct kf_entry *en)
{
	struct fault_at at;

	kf_key_at(en, &at);
	return at.line;
}

/* ---- [event NAME] and [common] ---- */

/* The field's name without "!" and the blank before it, in out. */
static void
field_name(const char *key, struct buf *out, bool *is_volatile)
{
	size_t len = strlen(key);

	*is_volatile = len > 0 && key[len - 1] == '!';
	if (*is_volatile)
		len--;
	while (*is_volatile && len > 0 &&
	    (key[len - 1] == ' ' || key[len - 1] == '\t'))
		len--;
	buf_reset(out);
	buf_add(out, key, len);
}

static void
unknown_field(struct loader *ld, const struct kf_entry *en, const char *name)
{
	static const char *const own[] = { "when", "each", "key" };
	const char *near = near_name(name, own, NELEM(own));

	/* The short words first: many keys are near to anything. */
	if (near == NULL || strcasecmp(near, name) == 0)
		near = cef_key_near(name);
	if (near != NULL) {
		kf_fault_key(ld->faults, FAULT_ERROR, en,
		    "unknown field \"%s\"; did you mean \"%s\"?", name, near);
		return;
	}
	kf_fault_key(ld->faults, FAULT_ERROR, en,
	    "unknown field \"%s\"; declare a key of your own above the "
	    "sections: custom-keys = ...",
	    name);
}

/* Note en in *slot; a second time in one file is a fault. */
static bool
claim(struct loader *ld, struct model_entry *slot, const struct kf_entry *en,
    size_t file, const char *name)
{
	if (slot->en != NULL && slot->file == file) {
		if (strcasecmp(name, slot->en->key) == 0) {
			kf_fault_key(ld->faults, FAULT_ERROR, en,
			    "%s is set twice; first in line %u", name,
			    line_of(slot->en));
		} else {
			kf_fault_key(ld->faults, FAULT_ERROR, en,
			    "%s is set twice; first as %s in line %u", name,
			    slot->en->key, line_of(slot->en));
		}
		return false;
	}
	*slot = (struct model_entry){ .en = en, .file = file };
	return true;
}

static void
check_drop(struct loader *ld, const struct kf_entry *en,
    const struct cef_key *key, bool is_volatile)
{
	if (key->is_header) {
		kf_fault_key(ld->faults, FAULT_ERROR, en,
		    "a header field cannot be dropped; give %s a value",
		    key->key);
	} else if (is_volatile) {
		kf_fault_key(ld->faults, FAULT_ERROR, en,
		    "%s has no value; write \"%s =\" to drop the field",
		    en->key, key->key);
	}
}

static void
merge_field(struct loader *ld, struct model_fields *fields,
    const struct kf_entry *en, size_t file)
{
	const struct cef_key *key;
	struct model_field *f;
	bool is_volatile;
	struct buf name;

	buf_init(&name, KF_LINE_MAX);
	field_name(en->key, &name, &is_volatile);
	key = map__model_key(ld->model, name.p);
	if (key == NULL) {
		unknown_field(ld, en, name.p);
		goto out;
	}
	f = map__model_field(fields, key);
	if (f == NULL) {
		fields->v = array_grow(
		    fields->v, fields->n, &fields->cap, sizeof(*fields->v));
		f = &fields->v[fields->n++];
		*f = (struct model_field){ .key = key, .was_new = true };
	} else if (f->at.file != file) {
		f->was_new = false;
	}
	if (!claim(ld, &f->at, en, file, name.p))
		goto out;
	f->is_volatile = is_volatile;
	f->is_drop = en->value_len == 0;
	if (f->is_drop)
		check_drop(ld, en, key, is_volatile);
	if (key->direction == CEF_CONSUMER) {
		kf_fault_key(ld->faults, FAULT_WARNING, en,
		    "%s is written by ArcSight itself and may be overwritten "
		    "there",
		    key->key);
	}
out:
	buf_fini(&name);
}

static void
merge_event(struct loader *ld, struct model_event *ev,
    const struct kf_section *s, size_t file, bool is_common)
{
	for (size_t i = 0; i < s->n_entries; i++) {
		const struct kf_entry *en = s->entries[i];
		struct model_entry *slot = NULL;

		if (strcmp(en->key, "when") == 0)
			slot = &ev->when;
		else if (strcmp(en->key, "each") == 0)
			slot = &ev->each;
		else if (strcmp(en->key, "key") == 0)
			slot = &ev->key;
		if (slot == NULL) {
			merge_field(ld, &ev->fields, en, file);
		} else if (is_common) {
			kf_fault_key(ld->faults, FAULT_ERROR, en,
			    "%s belongs below an [event]", en->key);
		} else {
			(void)claim(ld, slot, en, file, en->key);
		}
	}
}

static struct model_event *
find_event(struct model *m, const char *name)
{
	struct model_event *ev;

	for (size_t i = 0; i < m->n_events; i++) {
		if (strcmp(m->events[i].name, name) == 0)
			return &m->events[i];
	}
	m->events = array_grow(
	    m->events, m->n_events, &m->events_cap, sizeof(*m->events));
	ev = &m->events[m->n_events++];
	*ev = (struct model_event){ .name = xstrdup(name) };
	return ev;
}

/* ---- [lookup NAME] ---- */

/* Read one key of a row at *pos of the entry's key: a word up to a comma, or
   a "string".  1, 0 at the end, -1 after a fault. */
static int
row_key(
    struct loader *ld, const struct kf_entry *en, size_t *pos, struct buf *out)
{
	const char *p = en->key + *pos;
	struct expr_fault fault = { .offset = 0 };
	size_t n;

	p += strspn(p, " \t,");
	if (*p == '\0')
		return 0;
	buf_reset(out);
	if (*p == '"') {
		n = map__plain_string(p, strlen(p), out, &fault);
		if (n == 0) {
			kf_fault_key(
			    ld->faults, FAULT_ERROR, en, "%s", fault.message);
			return -1;
		}
		p += n;
	} else {
		n = strcspn(p, ",");
		buf_add(out, p, n);
		p += n;
		while (out->len > 0 && strchr(" \t", out->p[out->len - 1]))
			buf_cut(out, out->len - 1);
		if (strcspn(out->p, " \t\"") < out->len) {
			kf_fault_key(ld->faults, FAULT_ERROR, en,
			    "keys with blanks or quotes stand in double "
			    "quotes, several with commas between them");
			return -1;
		}
	}
	p += strspn(p, " \t");
	if (*p != ',' && *p != '\0') {
		kf_fault_key(ld->faults, FAULT_ERROR, en,
		    "a comma is missing between the keys");
		return -1;
	}
	*pos = (size_t)(p - en->key);
	return 1;
}

/* The value of a row: @, a word or a "string".  0 or -1 after a fault. */
static int
row_value(struct loader *ld, const struct kf_entry *en, bool *is_input,
    struct buf *out)
{
	struct expr_fault fault = { .offset = 0 };
	size_t n;

	*is_input = strcmp(en->value, "@") == 0;
	if (en->value[0] == '"') {
		n = map__plain_string(en->value, en->value_len, out, &fault);
		if (n == 0) {
			kf_fault_value(ld->faults, FAULT_ERROR, en,
			    fault.offset, fault.len, "%s", fault.message);
			return -1;
		}
	} else {
		n = strcspn(en->value, " \t\"");
		buf_add(out, en->value, n);
	}
	if (n < en->value_len) {
		kf_fault_value(ld->faults, FAULT_ERROR, en, 0, en->value_len,
		    "the value of a lookup is one word, a \"text\" in double "
		    "quotes or @");
		return -1;
	}
	return 0;
}

static void
merge_row(
    struct loader *ld, struct lookup *l, const struct kf_entry *en, size_t file)
{
	struct lookup_row *row;
	struct buf key, value;
	bool is_input = false;
	size_t pos = 0;

	buf_init(&key, KF_LINE_MAX);
	buf_init(&value, KF_LINE_MAX);
	if (row_value(ld, en, &is_input, &value) == -1)
		goto out;
	while (row_key(ld, en, &pos, &key) == 1) {
		row = map__lookup_row(l, key.p, key.len);
		if (row != NULL && row->file == file) {
			kf_fault_key(ld->faults, FAULT_ERROR, en,
			    "\"%s\" is listed twice in [lookup %s]", key.p,
			    l->name);
			continue;
		}
		if (row == NULL && en->value_len == 0) {
			kf_fault_key(ld->faults, FAULT_ERROR, en,
			    "\"%s\" has no value; write \"\" for none", key.p);
			continue;
		}
		if (row != NULL)
			map__lookup_remove(l, row);
		if (en->value_len == 0)
			continue;
		map__lookup_add(l,
		    (struct lookup_row){
			.key = xstrndup(key.p, key.len),
			.key_len = key.len,
			.value = is_input ? NULL : xstrndup(value.p, value.len),
			.value_len = value.len,
			.file = file,
		    });
	}
out:
	buf_fini(&key);
	buf_fini(&value);
}

static size_t
find_lookup(struct model *m, const char *name)
{
	for (size_t i = 0; i < m->n_lookups; i++) {
		if (strcmp(m->lookups[i].name, name) == 0)
			return i;
	}
	m->lookups = array_grow(
	    m->lookups, m->n_lookups, &m->lookups_cap, sizeof(*m->lookups));
	m->lookups_at = array_grow(m->lookups_at, m->n_lookups,
	    &m->lookups_at_cap, sizeof(*m->lookups_at));
	m->lookups[m->n_lookups] = (struct lookup){ .name = xstrdup(name) };
	m->lookups_at[m->n_lookups] = (struct model_lookup){ .file = 0 };
	return m->n_lookups++;
}

/* ---- sections ---- */

/* Note that file has a part in a section; twice is a fault. */
static bool
claim_section(struct loader *ld, const struct kf_section **first, size_t *last,
    const struct kf_section *s, size_t file)
{
	struct fault_at at;

	if (*first != NULL && *last == file) {
		kf_section_at(*first, &at);
		kf_fault_section(ld->faults, FAULT_ERROR, s,
		    "[%s%s%s] stands twice in this file; put both into one",
		    s->kind, s->name[0] == '\0' ? "" : " ", s->name);
		return false;
	}
	if (*first == NULL)
		*first = s;
	*last = file;
	return true;
}

static void
merge_lookup(struct loader *ld, const struct kf_section *s, size_t file)
{
	struct model *m = ld->model;
	struct model_lookup *at;
	size_t i;

	if (s->name[0] == '\0') {
		kf_fault_section(ld->faults, FAULT_ERROR, s,
		    "a lookup has a name: [lookup severity]");
		return;
	}
	i = find_lookup(m, s->name);
	at = &m->lookups_at[i];
	if (!claim_section(ld, &at->section, &at->file, s, file))
		return;
	at->is_ours = at->is_ours || file == 0;
	for (size_t k = 0; k < s->n_entries; k++)
		merge_row(ld, &m->lookups[i], s->entries[k], file);
}

static void
unknown_kind(struct loader *ld, const struct kf_section *s)
{
	static const char *const kinds[] = { "event", "common", "lookup" };
	const char *near = near_name(s->kind, kinds, NELEM(kinds));

	if (near != NULL) {
		kf_fault_section(ld->faults, FAULT_ERROR, s,
		    "unknown section [%s]; did you mean [%s]?", s->kind, near);
		return;
	}
	kf_fault_section(ld->faults, FAULT_ERROR, s,
	    "unknown section [%s]; a map has [event], [common] and [lookup "
	    "NAME]",
	    s->kind);
}

void
map__model_section(struct loader *ld, const struct kf_section *s, size_t file)
{
	struct model *m = ld->model;
	struct model_event *ev;

	if (strcmp(s->kind, "lookup") == 0) {
		merge_lookup(ld, s, file);
		return;
	}
	if (strcmp(s->kind, "event") == 0) {
		ev = find_event(m, s->name);
	} else if (strcmp(s->kind, "common") == 0) {
		ev = &m->common;
		if (s->name[0] != '\0') {
			kf_fault_section(
			    ld->faults, FAULT_ERROR, s, "[common] has no name");
			return;
		}
	} else {
		unknown_kind(ld, s);
		return;
	}
	if (claim_section(ld, &ev->section, &ev->file, s, file))
		merge_event(ld, ev, s, file, ev == &m->common);
}
