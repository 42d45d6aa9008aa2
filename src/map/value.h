/*
 * value.h - the values that an expression is made of while it is evaluated
 *
 * A value is a list of items, and "no value" is the empty list: what is
 * absent, null, "", [] or {} never becomes an item.  Values under evaluation
 * stand on a stack, their items one behind the other in one array; the text
 * that filters make lies in an arena.  Both keep their memory, so that a
 * record after the first few allocates nothing.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_MAP_VALUE_H
#define CEFWD_MAP_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct json_object;
struct jpath_nodes;
struct map_regex_match;

/* One item: a value of the record as it came, or a text.  The text is
   borrowed from the record, the program or the arena; it has no NUL. */
struct item {
	struct json_object *json; /* NULL: a text */
	const char *p;
	size_t len;
	unsigned int path_from; /* normalized paths that gave it: from */
	unsigned int path_to;   /* inclusive to exclusive, when traced */
};

struct chunk;

/* Memory for the texts of one expression: grows by chunks that never move. */
struct arena {
	struct chunk *first, *current;
	size_t total;
};

/* Normalized paths, for explain only. */
struct paths {
	struct buf text; /* each with its NUL */
	size_t *at;      /* offsets into text */
	size_t n, cap;
	const char **list; /* made by map__paths_list() */
	size_t list_cap;
};

/* What a query gave: values from..from+n-1 of work's "found". */
struct memo {
	uint64_t pass; /* when; 0: never */
	size_t from, n;
	bool has_failed;
};

struct work {
	struct item *items;
	size_t n_items, cap_items;
	size_t *starts; /* of each value on the stack */
	size_t n_values, max_values;
	struct arena arena;
	struct jpath_nodes *nodes;
	struct memo *memos; /* of each query of the map */
	struct json_object **found;
	size_t n_found, cap_found;
	struct json_object *written; /* whose JSON was asked for last */
	const char *written_text;
	size_t written_len;
	uint64_t passes;    /* counts records and nodes */
	uint64_t record_at; /* memos of "$" are good from then on, */
	uint64_t node_at;   /* and those of "@" */
	struct map_regex_match *match;
	struct buf scratch;  /* what replace() is at work on */
	struct paths *paths; /* NULL: not traced */
	size_t searched;     /* bytes given to regexes, at most MAP_VALUE_MAX */
	const char *emptied; /* the filter that left nothing of a value */
	const char *refused; /* why a value was refused by a filter */
	bool is_cut;         /* a text passed MAP_VALUE_MAX */
	bool has_failed;     /* an evaluation limit was passed */
};

/* max_values: the deepest stack of the programs to come; groups: the most
   capturing groups of their regexes; n_queries: of the map. */
void map__work_init(
    struct work *w, size_t max_values, unsigned int groups, size_t n_queries);
void map__work_fini(struct work *w);

/* Another record; another node in it: what "$" and "@" gave is forgotten. */
void map__work_record(struct work *w);
void map__work_node(struct work *w);

/* Ready for the next expression. */
void map__work_reset(struct work *w);

/* Open an empty value on the stack; drop the top one; where it starts. */
void map__open(struct work *w);
void map__close(struct work *w);
size_t map__top(const struct work *w);

/* Add an item to the top value; what is no value is left out.  A limit passed
   sets has_failed. */
void map__push_text(struct work *w, const char *p, size_t len);
void map__push_json(struct work *w, struct json_object *json);
void map__push_item(struct work *w, const struct item *it);

/* len bytes of the arena, or NULL with has_failed set. */
char *map__room(struct work *w, size_t len);

/* Whether json is a value (DESIGN 3.2). */
bool map__is_value(struct json_object *json);

/* Make item i a text; an array becomes its elements, joined with ",". */
void map__item_text(struct work *w, size_t i);

/* Make item i a text; an array becomes its JSON. */
void map__item_scalar(struct work *w, size_t i);

/* Make item i its JSON text. */
void map__item_json(struct work *w, size_t i);

/* What is no UTF-8 in a text item becomes U+FFFD; false: a limit. */
bool map__item_mend(struct work *w, struct item *it);

/* Arrays in the top value become their elements. */
void map__spread(struct work *w);

/* The items from..to-1 as one text. */
void map__join(struct work *w, size_t from, size_t to, const char *sep,
    size_t sep_len, struct item *out);

/* The bytes of the longest text of whole characters in max bytes. */
size_t map__cut(const char *p, size_t len, size_t max);

void map__paths_init(struct paths *p);
void map__paths_fini(struct paths *p);
void map__paths_reset(struct paths *p);

/* The paths of the items from..to-1, in order; *n how many. */
const char *const *
map__paths_list(const struct work *w, size_t from, size_t to, size_t *n);

#endif /* CEFWD_MAP_VALUE_H */
