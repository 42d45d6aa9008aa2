/*
 * map.h - a mapping file compiled to a program, and records through it
 *
 * Pure: the text comes from a load() that the caller gives; no clock, no
 * globals.  The grammar is DESIGN's 3.2 as cefwd-map(5) tells it.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_MAP_MAP_H
#define CEFWD_MAP_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cef/cef.h"

struct buf;
struct faults;
struct json_object;

/*
 * Bring the text of the map or include called name into text, and the name to
 * show in messages into path.  from is the path of the including file, NULL
 * for the first.  0, or -1 with e.
 */
typedef int map_load_fn(void *ctx, const char *name, const char *from,
    struct buf *text, struct buf *path, struct err *e);

struct map;

/*
 * map_compile(name, load, ctx, faults): read and compile.  All faults go to
 * faults; NULL is returned when one of them is an error.  A compiled map is
 * const and may serve many struct map_run.
 */
struct map *map_compile(
    const char *name, map_load_fn *load, void *ctx, struct faults *faults);
void map_free(struct map *m);

/* How often a field was cut or left out, for the log and for status. */
struct map_field_count {
	const struct cef_key *key;
	uint64_t cut;
	uint64_t dropped_long;
	uint64_t dropped_type;
	uint64_t failed; /* an evaluation limit was passed */
};

/* The working memory of one user of a map: buffers, node lists, counts. */
struct map_run;

struct map_run *map_run_new(const struct map *m); /* borrows m */
void map_run_free(struct map_run *r);

/* What a record became.  Valid during the callback. */
struct map_event {
	struct cef_event *cef;
	const char *key;   /* identity inside its record: "name:key" of a named
	                     event, else the key; UTF-8 */
	bool is_unmatched; /* no event fitted: the first, with "@" unbound */
};
typedef void map_event_fn(void *ctx, const struct map_event *ev);

/* One step of explain: what a field's expression gave.  Valid during the
   callback.  Optional parts are NULL or 0. */
struct map_trace_field {
	const struct cef_key *key;
	const char *expr; /* as written in the map */
	const char *file; /* where it stands */
	unsigned int line;
	const char *raw; /* before the dictionary; NULL: no value */
	size_t raw_len;
	const char *value; /* final; NULL: left out */
	size_t value_len;
	enum cef_fit fit;
	const char *why; /* it was left out or cut, in words; NULL: it is not */
	bool is_volatile;
	const char *const *paths; /* normalized paths that gave the value */
	size_t n_paths;
};
struct map_trace {
	void *ctx;
	void (*event)(void *ctx, const char *event_name, const char *key,
	    bool is_unmatched); /* before its fields */
	void (*field)(void *ctx, const struct map_trace_field *f);
};

/*
 * map_translate(r, record, emit, ctx, trace): make the record's events and
 * hand each to emit.  trace may be NULL.  Returns how many events were
 * emitted; 0 is only possible where a "when" left the record out.  A field
 * whose evaluation fails is left out and counted; the record goes on.
 */
size_t map_translate(struct map_run *r, struct json_object *record,
    map_event_fn *emit, void *ctx, const struct map_trace *trace);

/* Counts since map_run_new(), one row per field that was ever touched. */
size_t
map_run_counts(const struct map_run *r, const struct map_field_count **rows);
uint64_t map_run_unmatched(const struct map_run *r);

/* Events that MAP_EVENTS_MAX kept out. */
uint64_t map_run_capped(const struct map_run *r);

#endif /* CEFWD_MAP_MAP_H */
