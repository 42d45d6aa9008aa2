/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/obj.h"
#include "map/model_priv.h"

void
map__model_fini(struct model *m)
{
	for (size_t i = 0; i < m->n_events; i++) {
		free(m->events[i].name);
		free(m->events[i].fields.v);
	}
	free(m->events);
	free(m->common.fields.v);
	for (size_t i = 0; i < m->n_lookups; i++)
		map__lookup_fini(&m->lookups[i]);
	free(m->lookups);
	free(m->lookups_at);
	for (size_t i = 0; i < m->n_customs; i++)
		free(m->customs[i]);
	free(m->customs);
	for (size_t i = 0; i < m->n_files; i++) {
		kf_free(m->files[i].kf);
		free(m->files[i].path);
	}
	free(m->files);
}

struct model_field *
map__model_field(const struct model_fields *fields, const struct cef_key *key)
{
	for (size_t i = 0; i < fields->n; i++) {
		if (fields->v[i].key == key)
			return &fields->v[i];
	}
	return NULL;
}

/* ---- the keys above the sections ---- */

static const struct cef_key *
custom_find(const struct model *m, const char *name)
{
	for (size_t i = 0; i < m->n_customs; i++) {
		if (strcasecmp(m->customs[i]->key, name) == 0)
			return m->customs[i];
	}
	return NULL;
}

const struct cef_key *
map__model_key(const struct model *m, const char *name)
{
	const struct cef_key *key = cef_key_find(name);

	return key != NULL ? key : custom_find(m, name);
}

static void
custom_fault(struct loader *ld, const struct kf_entry *en, size_t at,
    size_t len, const char *name)
{
	const struct cef_key *known = cef_key_find(name);

	if (known != NULL) {
		kf_fault_value(ld->faults, FAULT_ERROR, en, at, len,
		    "%s is in the dictionary; use it without declaring it",
		    known->key);
	} else {
		kf_fault_value(ld->faults, FAULT_ERROR, en, at, len,
		    "a custom key is one word of ASCII letters and digits, "
		    "no dictionary or header name, such as ContosoRisk");
	}
}

/* custom-keys = ContosoRisk ContosoOwner */
static void
load_customs(struct loader *ld, const struct kf_entry *en)
{
	struct model *m = ld->model;
	size_t pos = 0, at, len;
	struct buf word;

	buf_init(&word, KF_LINE_MAX);
	while (kf_word(en, &pos, &word, &at, &len, ld->faults) == 1) {
		struct cef_key *key;

		if (custom_find(m, word.p) != NULL)
			continue;
		key = cef_custom_key_new(word.p);
		if (key == NULL) {
			custom_fault(ld, en, at, len, word.p);
			continue;
		}
		m->customs = array_grow(
		    m->customs, m->n_customs, &m->customs_cap, sizeof(void *));
		m->customs[m->n_customs++] = key;
	}
	if (m->n_customs == 0 && en->value_len == 0) {
		kf_fault_key(ld->faults, FAULT_ERROR, en,
		    "custom-keys names the keys that this map adds");
	}
	buf_fini(&word);
}

static int load_file(struct loader *ld, const char *name, const char *from,
    const struct include_at *at, unsigned int depth);

/* include = graph-alerts.map */
static void
load_includes(/* NOLINT(misc-no-recursion): MAP_INCLUDE_MAX */
    struct loader *ld, const struct kf_entry *en, const char *path,
    unsigned int depth)
{
	struct include_at at = { .en = en };
	size_t pos = 0, n = 0;
	struct buf word;

	buf_init(&word, KF_LINE_MAX);
	while (kf_word(en, &pos, &word, &at.at, &at.len, ld->faults) == 1) {
		(void)load_file(ld, word.p, path, &at, depth + 1);
		n++;
	}
	if (n == 0 && en->value_len == 0) {
		kf_fault_key(ld->faults, FAULT_ERROR, en,
		    "include takes the name of a map");
	}
	buf_fini(&word);
}

static void
load_top(/* NOLINT(misc-no-recursion): MAP_INCLUDE_MAX */
    struct loader *ld, const struct kf_section *top, const char *path,
    unsigned int depth)
{
	static const char *const keys[] = { "include", "custom-keys" };

	for (size_t i = 0; i < top->n_entries; i++) {
		const struct kf_entry *en = top->entries[i];
		const char *near;

		if (strcmp(en->key, "include") == 0) {
			load_includes(ld, en, path, depth);
			continue;
		}
		if (strcmp(en->key, "custom-keys") == 0)
			continue;
		near = near_name(en->key, keys, NELEM(keys));
		if (near != NULL) {
			kf_fault_key(ld->faults, FAULT_ERROR, en,
			    "unknown key \"%s\" above the sections; did you "
			    "mean \"%s\"?",
			    en->key, near);
		} else {
			kf_fault_key(ld->faults, FAULT_ERROR, en,
			    "only include and custom-keys stand above the "
			    "sections; fields belong below [event] or "
			    "[common]");
		}
	}
	for (size_t i = 0; i < top->n_entries; i++) {
		if (strcmp(top->entries[i]->key, "custom-keys") == 0)
			load_customs(ld, top->entries[i]);
	}
}

/* ---- files ---- */

static void __attribute__((format(printf, 4, 5))) load_fault(struct loader *ld,
    const struct include_at *at, const char *name, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (at != NULL) {
		kf_fault_value(ld->faults, FAULT_ERROR, at->en, at->at, at->len,
		    "%s", text);
	} else {
		const struct fault_at whole = { .file = name };

		fault_add(ld->faults, FAULT_ERROR, &whole, "%s", text);
	}
}

/* Whether a file is to be read: not when it is read already. */
static bool
is_new(struct loader *ld, const char *name, const char *path,
    const struct include_at *at)
{
	struct model *m = ld->model;

	for (size_t i = 0; i < m->n_files; i++) {
		if (strcmp(m->files[i].path, path) != 0)
			continue;
		if (m->files[i].is_open) {
			load_fault(ld, at, name,
			    "%s includes itself; remove one of the includes",
			    path);
		}
		return false;
	}
	if (m->n_files == MAP_FILES_MAX) {
		load_fault(ld, at, name, "more than %u files in one map",
		    MAP_FILES_MAX);
		return false;
	}
	return true;
}

static void
merge_file(/* NOLINT(misc-no-recursion): MAP_INCLUDE_MAX */
    struct loader *ld, const char *text, size_t len, const char *path,
    unsigned int depth)
{
	struct model *m = ld->model;
	size_t file = m->n_files;
	struct kf *kf;

	kf = kf_parse(path, text, len, KF_MAP, ld->faults);
	m->files =
	    array_grow(m->files, m->n_files, &m->files_cap, sizeof(*m->files));
	m->files[m->n_files++] = (struct model_file){
		.kf = kf, .path = xstrdup(path), .is_open = true
	};
	load_top(ld, kf_section(kf, 0), path, depth);
	for (size_t i = 1; i < kf_n_sections(kf); i++)
		map__model_section(ld, kf_section(kf, i), file);
	m->files[file].is_open = false;
}

static int
load_file(/* NOLINT(misc-no-recursion): MAP_INCLUDE_MAX */
    struct loader *ld, const char *name, const char *from,
    const struct include_at *at, unsigned int depth)
{
	struct err e = { .kind = ERR_NONE };
	struct buf text, path;
	int result = -1;

	if (depth > MAP_INCLUDE_MAX) {
		load_fault(ld, at, name, "includes nest more than %d deep",
		    MAP_INCLUDE_MAX);
		return -1;
	}
	buf_init(&text, KF_FILE_MAX + 1);
	buf_init(&path, KF_LINE_MAX);
	result = ld->load(ld->ctx, name, from, &text, &path, &e);
	if (result == 0)
		result = buf_check(&text, name, &e);
	if (result == -1)
		load_fault(ld, at, name, "%s", e.text);
	else if (is_new(ld, name, path.p, at))
		merge_file(ld, text.p, text.len, path.p, depth);
	buf_fini(&text);
	buf_fini(&path);
	return result;
}

void
map__model_load(struct model *m, const char *name, map_load_fn *load, void *ctx,
    struct faults *faults)
{
	struct loader ld = {
		.model = m,
		.load = load,
		.ctx = ctx,
		.faults = faults,
	};

	*m = (struct model){ .n_files = 0 };
	(void)load_file(&ld, name, NULL, NULL, 0);
}
