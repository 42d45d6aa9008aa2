/*
 * jsonpath.h - queries by RFC 9535 on json-c values, compiled once
 *
 * Pure: no I/O, no clock, no globals.  JSON null is a NULL json_object, as in
 * json-c; "no value" is an empty node list.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_JSONPATH_JSONPATH_H
#define CEFWD_JSONPATH_JSONPATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct buf;
struct json_object;

struct jpath;       /* a compiled query */
struct jpath_logic; /* a compiled logical expression (RFC 9535, 2.3.5) */
struct jpath_nodes; /* a node list with its scratch memory, made for reuse */

/*
 * Where compiling stopped: byte offset into the text, and in how many bytes
 * the fault lies (at least 1); the message says what is wrong and the mend.
 */
struct jpath_fault {
	size_t offset;
	size_t len;
	char message[256];
};

/*
 * jpath_compile(text, len, used, fault): compile the query that starts at
 * text: "$" (the record) or, as an extension for maps, "@" (the current node)
 * and its segments.
 *
 * With used NULL the query must be the whole text (RFC 9535: no blanks around
 * it).  Otherwise the longest query that starts there is taken and *used is
 * its length; blanks behind it are not part of it.
 *
 * Returns NULL with *fault filled.  Well-typedness is checked here.
 */
struct jpath *jpath_compile(
    const char *text, size_t len, size_t *used, struct jpath_fault *fault);
void jpath_free(struct jpath *q);

/* Whether the query can yield at most one node (RFC 9535, 2.3.5.1). */
bool jpath_is_singular(const struct jpath *q);

/* Whether it starts at "@". */
bool jpath_is_relative(const struct jpath *q);

/* The text it was compiled from. */
const char *jpath_text(const struct jpath *q);

/*
 * jpath_logic_compile(text, len, fault): a logical expression as it stands
 * behind "?" in a filter selector; blanks around it are allowed.
 */
struct jpath_logic *
jpath_logic_compile(const char *text, size_t len, struct jpath_fault *fault);
void jpath_logic_free(struct jpath_logic *l);

/* What a query is evaluated against.  Borrowed during the call. */
struct jpath_input {
	struct json_object *root;    /* "$" */
	struct json_object *current; /* "@" at the top level */
	bool has_current;            /* false: "@" at the top yields nothing */
	const char *current_path;    /* normalized path of "@"; NULL: "$" */
};

struct jpath_nodes *jpath_nodes_new(void);
void jpath_nodes_free(struct jpath_nodes *n);

/*
 * jpath_eval(q, in, out, e): fill out (emptied first) in document order.
 * Returns 0, or -1 with ERR_LIMIT when JPATH_STEPS_MAX or JPATH_NODES_MAX was
 * passed.  The nodes borrow from in->root and in->current.  In steady state
 * nothing is allocated.
 */
int jpath_eval(const struct jpath *q, const struct jpath_input *in,
    struct jpath_nodes *out, struct err *e);

/*
 * jpath_logic_eval(l, in, scratch, out, e): evaluate to *out; scratch is
 * overwritten.  0 or -1 as jpath_eval().
 */
int jpath_logic_eval(const struct jpath_logic *l, const struct jpath_input *in,
    struct jpath_nodes *scratch, bool *out, struct err *e);

/* Whether paths will be asked for; yes at first.  Without them nothing but
   the values is noted.  To be said before jpath_eval(). */
void jpath_nodes_keep_paths(struct jpath_nodes *n, bool keeps_paths);

size_t jpath_nodes_count(const struct jpath_nodes *n);

/* The i-th value; NULL is JSON null.  Borrowed. */
struct json_object *jpath_nodes_value(const struct jpath_nodes *n, size_t i);

/* Append the i-th node's normalized path (RFC 9535, 2.7) to out; paths were
   kept. */
void jpath_nodes_path(const struct jpath_nodes *n, size_t i, struct buf *out);

#endif /* CEFWD_JSONPATH_JSONPATH_H */
