/*
 * map_priv.h - a compiled map
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_MAP_MAP_PRIV_H
#define CEFWD_MAP_MAP_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "map/expr.h"
#include "map/map.h"
#include "map/model.h"

#define SLOT_NONE ((size_t)-1)

/* A field as it is written once in the map. */
struct map_field {
	const struct cef_key *key;
	size_t row; /* of its key in the counts */
	bool is_volatile;
	bool is_faulty; /* told already */
	struct prog prog;
	char *constant; /* its value, where it is always the same */
	size_t constant_len;
	const struct kf_entry *en;
	const char *file;
	unsigned int line;
};

/* A field's place in an event's order. */
struct map_slot {
	struct map_field *field;
	size_t labels; /* the slot that it labels, or SLOT_NONE */
};

struct map_event_prog {
	const char *name; /* "" for the unnamed */
	struct jpath_logic *when;
	struct jpath *each;
	bool has_key;
	struct prog key;
	struct map_slot *slots;
	size_t n_slots, cap_slots;
};

struct map {
	unsigned int magic;
	struct model model; /* owns the texts, the custom keys, the lookups */
	struct expr_queries queries;
	struct map_field **fields;
	size_t n_fields, cap_fields;
	struct map_event_prog *events;
	size_t n_events;
	const struct cef_key **rows;
	size_t n_rows, cap_rows;
	size_t stack;
	size_t max_slots;
	unsigned int groups;
};

/* What a field of that key holds, for messages. */
const char *map__type_words(const struct cef_key *key);

/* Tell to faults which values of the field's expression can never stand in
   it, as far as that is visible without a record.  A text alone is not looked
   at.  Returns false where one is an error. */
bool map__check_types(const struct map_field *f, struct faults *faults);

#define MAP_MAGIC 0x6d61703bU

#endif /* CEFWD_MAP_MAP_PRIV_H */
