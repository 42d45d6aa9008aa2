/*
 * expr.h - expressions: text to a program of a small stack machine, and runs
 *
 *   $.a ?? "x {@.b}" | lower
 *
 *   0 PATH $.a
 *   1 ELSE 5          a value: go on behind; none: drop it
 *   2 TEXT "x "
 *   3 PATH @.b
 *   4 CONCAT 2        no value where a part has none
 *   5 FILTER lower
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_MAP_EXPR_H
#define CEFWD_MAP_EXPR_H

#include <stdbool.h>
#include <stddef.h>

#include "map/filter.h"

struct buf;
struct jpath;
struct jpath_input;
struct lookup;

enum op_kind {
	OP_TEXT,
	OP_PATH,
	OP_ELSE,
	OP_CONCAT,
	OP_FILTER,
};

struct op {
	enum op_kind kind;
	size_t n; /* OP_ELSE: where to go on; OP_CONCAT: parts */
	char *text;
	size_t len;
	const struct jpath *path; /* number "query" of the map's */
	size_t query;
	const struct filter *filter;
	struct filter_arg args[FILTER_ARGS_MAX];
	size_t at, at_len; /* where a text or a filter is written */
};

struct prog {
	struct op *ops;
	size_t n, cap;
	size_t stack;        /* the deepest it gets */
	unsigned int groups; /* the most of its regexes */
};

/* Where compiling stopped: bytes of the text; message: fault and mend. */
struct expr_fault {
	size_t offset, len;
	char message[512];
};

/* The queries of a map, each once: a record is searched once for all fields
   that ask the same. */
struct expr_queries {
	struct jpath **v;
	size_t n, cap;
};
void map__queries_fini(struct expr_queries *q);

/* What names in an expression mean, and where its queries go. */
struct expr_names {
	struct expr_queries *queries;
	struct lookup *lookups; /* marked as used when they are */
	size_t n_lookups;
};

/* map__prog_compile(p, text, len, names, fault): 0, or -1 with fault.  p is
   to be freed with map__prog_fini() either way. */
int map__prog_compile(struct prog *p, const char *text, size_t len,
    const struct expr_names *names, struct expr_fault *fault);
void map__prog_fini(struct prog *p);

/* The text of a program that is a constant, NULL for any other. */
const char *map__prog_constant(const struct prog *p, size_t *len);

/* "plain string" at text: escapes undone into out.  The bytes read, or 0 with
   fault.  Offsets of the fault count from text. */
size_t map__plain_string(
    const char *text, size_t len, struct buf *out, struct expr_fault *fault);

/* Whether a record's walk has to be told by path is w->paths != NULL.  Leaves
   one value on the stack of w, which map__work_reset() has emptied. */
void map__prog_run(
    const struct prog *p, struct work *w, const struct jpath_input *in);

#endif /* CEFWD_MAP_EXPR_H */
