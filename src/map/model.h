/*
 * model.h - a map and its includes, merged; nothing is compiled yet
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_MAP_MODEL_H
#define CEFWD_MAP_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "keyfile/keyfile.h"
#include "map/lookup.h"
#include "map/map.h"

struct model_file {
	struct kf *kf;
	char *path;
	bool is_open; /* its includes are being read */
};

/* A setting and the file that set it last. */
struct model_entry {
	const struct kf_entry *en; /* NULL: not set */
	size_t file;
};

struct model_field {
	const struct cef_key *key;
	struct model_entry at;
	bool is_volatile; /* "!" */
	bool is_drop;     /* "cs2 =" */
	bool was_new;     /* no included file sets it */
};

struct model_fields {
	struct model_field *v;
	size_t n, cap;
};

/* [event NAME]; [common] is one too, without when, each and key. */
struct model_event {
	char *name;
	const struct kf_section *section; /* the first one; NULL: none */
	size_t file;                      /* that set it last */
	struct model_entry when, each, key;
	struct model_fields fields;
};

struct model_lookup {
	const struct kf_section *section;
	size_t file;
	bool is_ours; /* the file to compile has a part in it */
};

struct model {
	struct model_file *files; /* 0: the file to compile */
	size_t n_files, files_cap;
	struct cef_key **customs;
	size_t n_customs, customs_cap;
	struct model_event *events;
	size_t n_events, events_cap;
	struct model_event common;
	struct lookup *lookups; /* and, row by row, */
	struct model_lookup *lookups_at;
	size_t n_lookups, lookups_cap, lookups_at_cap;
};

/* map__model_load(m, name, load, ctx, faults): fill *m; what is faulty is told
   to faults and left out.  map__model_fini() either way. */
void map__model_load(struct model *m, const char *name, map_load_fn *load,
    void *ctx, struct faults *faults);
void map__model_fini(struct model *m);

/* The field that sets key, NULL if there is none. */
struct model_field *
map__model_field(const struct model_fields *fields, const struct cef_key *key);

#endif /* CEFWD_MAP_MODEL_H */
