/*
 * jsonpath_priv.h - the compiled tree, and what the room's files share
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_JSONPATH_JSONPATH_PRIV_H
#define CEFWD_JSONPATH_JSONPATH_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#include "jsonpath/jsonpath.h"

struct json_object;
struct regex; /* a compiled I-Regexp */

/*
 * Memory of one compiled text: freed as a whole, so a parser that stops half
 * way has nothing to undo.
 */
struct pool {
	struct pool_block *blocks;
	struct pool_owned *owned;
};

/* Zeroed memory that lives as long as the pool. */
void *jpath__alloc(struct pool *p, size_t size)
    __attribute__((malloc, returns_nonnull));

/* Call give(thing) when the pool goes. */
void jpath__own(struct pool *p, void *thing, void (*give)(void *));
void jpath__pool_fini(struct pool *p);

/* ---- the tree ---- */

/* The types of RFC 9535, 2.4.1. */
enum type {
	TYPE_VALUE,
	TYPE_LOGICAL,
	TYPE_NODES,
};

struct query {
	bool is_relative;         /* starts at "@" */
	bool is_singular;         /* RFC 9535, 2.3.5.1 */
	struct segment *segments; /* NULL: "$" or "@" alone */
};

struct segment {
	bool is_descendant;
	struct selector *selectors; /* at least one */
	struct segment *next;
};

enum selector_kind {
	SELECT_NAME,
	SELECT_INDEX,
	SELECT_SLICE,
	SELECT_WILDCARD,
	SELECT_FILTER,
};

struct slice {
	int64_t start, end, step;
	bool has_start, has_end;
};

struct selector {
	enum selector_kind kind;
	struct selector *next;
	unsigned long hash; /* of the name, as json-c's tables have it */
	union {
		const char *name; /* NULL: holds U+0000, and no member of
		                     json-c's can */
		int64_t index;
		struct slice slice;
		struct logical *filter;
	} as;
};

enum logical_kind {
	LOGICAL_OR,
	LOGICAL_AND,
	LOGICAL_NOT,
	LOGICAL_COMPARE,
	LOGICAL_EXISTS,
	LOGICAL_CALL,
};

enum compare_op {
	COMPARE_EQ,
	COMPARE_NE,
	COMPARE_LT,
	COMPARE_LE,
	COMPARE_GT,
	COMPARE_GE,
};

/* Chains of && and || are flat lists: a long one is no deep one. */
struct logical {
	enum logical_kind kind;
	struct logical *next; /* in the list of its parent */
	union {
		struct logical *list; /* OR, AND: two or more; NOT: one */
		struct query *query;  /* EXISTS */
		struct call *call;    /* CALL */
		struct {
			enum compare_op op;
			struct operand *left, *right;
		} compare;
	} as;
};

enum operand_kind {
	OPERAND_LITERAL,
	OPERAND_QUERY,
	OPERAND_CALL,
};

/* A comparable or an argument of a function. */
struct operand {
	enum operand_kind kind;
	union {
		struct json_object *literal;
		struct query *query;
		struct call *call;
	} as;
};

#define FUNCTION_ARGS_MAX 2

struct call {
	const struct function *function;
	struct operand *args[FUNCTION_ARGS_MAX];
	struct regex *regex; /* of a literal pattern; NULL: not one */
};

struct jpath {
	unsigned int magic;
	struct pool pool;
	char *text;
	struct query *query;
};

struct jpath_logic {
	unsigned int magic;
	struct pool pool;
	char *text;
	struct logical *logical;
};

/* ---- parsing ---- */

struct parser {
	const char *text;
	size_t len;
	size_t at;
	size_t depth; /* open filters, parentheses and functions */
	struct pool *pool;
	struct jpath_fault *fault;
};

/* Fill the fault; returns -1. */
int jpath__fault(struct parser *p, size_t offset, size_t len, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));

/* "expected what, found …" at the current place; returns -1. */
int jpath__unexpected(struct parser *p, const char *what);

/* The byte so many places on; -1 behind the end. */
int jpath__peek(const struct parser *p, size_t ahead);
bool jpath__accept(struct parser *p, char c);
bool jpath__accept_text(struct parser *p, const char *s);
void jpath__skip_blanks(struct parser *p);

/* Bytes of the plain name (member-name-shorthand) at "at"; 0: none. */
size_t jpath__name_len(const struct parser *p, size_t at);

/* The same, with what people write into names although it needs quotes, as in
   @odata.type; 0: nothing of the kind. */
size_t jpath__wished_len(const struct parser *p, size_t at);

/* Whether c makes a name one that needs quotes. */
bool jpath__is_wished(int c);

/* A string literal: NULL, or its decoded bytes, with a NUL behind them. */
char *jpath__string(struct parser *p, size_t *len);

/* The offset in the text of the n-th decoded byte of the literal at "at". */
size_t jpath__string_offset(const struct parser *p, size_t at, size_t n);

/* An int (RFC 9535, 2.3.3.1) in the range of I-JSON. */
int jpath__int(struct parser *p, int64_t *out);

/* A number literal; owned by the pool. */
struct json_object *jpath__number(struct parser *p);

/* One more filter, parenthesis or function is open.  0 or -1. */
int jpath__enter(struct parser *p, size_t offset);
void jpath__leave(struct parser *p);

/* From "$" or "@" to the last segment. */
struct query *jpath__parse_query(struct parser *p);

/* Blanks around it are left to the caller. */
struct logical *jpath__parse_logical(struct parser *p);

/* ---- evaluation ---- */

/* A place on the way down, on the C stack. */
struct frame {
	struct frame *up; /* NULL: where the query starts */
	struct json_object *value;
	const char *name; /* NULL: an element, by its index */
	size_t index;
	size_t stored; /* its node in the arena + 1; 0: not there yet */
};

struct eval {
	const struct jpath_input *in;
	const char *text; /* for error messages */
	struct jpath_nodes *scratch;
	struct err *e;
	size_t steps;
	size_t levels;               /* values entered, all queries together */
	struct json_object *current; /* "@" */
	bool has_current;
};

enum value_kind {
	VALUE_NOTHING,
	VALUE_JSON,
	VALUE_COUNT,
};

/* What an operand or a function comes to. */
struct value {
	enum value_kind kind;
	struct json_object *json;
	uint64_t count;
	bool truth; /* of a function whose type is TYPE_LOGICAL */
};

/* Count work; -1 with ERR_LIMIT when it is too much. */
int jpath__step(struct eval *ev, size_t n);
int jpath__down(struct eval *ev);
void jpath__up(struct eval *ev);

int jpath__test(struct eval *ev, const struct logical *l, bool *out);
int jpath__operand(struct eval *ev, const struct operand *o, struct value *out);

/* How many nodes a query yields, at most enough, and the first one's value. */
int jpath__count(struct eval *ev, const struct query *q, size_t enough,
    size_t *count, struct json_object **first);

int jpath__compare(struct eval *ev, const struct value *a, enum compare_op op,
    const struct value *b, bool *out);

/* ---- functions (RFC 9535, 2.4) ---- */

struct function {
	const char *name;
	enum type result;
	size_t n_args;
	enum type args[FUNCTION_ARGS_MAX];
	bool has_regex;      /* the second argument is an I-Regexp */
	bool is_anchored;    /* … for the whole text */
	const char *example; /* shown in faults */
	int (*run)(struct eval *ev, const struct call *c, struct value *out);
};

/* NULL: unknown; *near is then the name that was meant, or NULL. */
const struct function *
jpath__function(const char *name, size_t len, const char **near);

/* ---- I-Regexp (RFC 9485) ---- */

enum regex_status {
	REGEX_OK,
	REGEX_BAD, /* not an I-Regexp */
	REGEX_BIG, /* one that PCRE2 or we refuse for its size */
};

struct regex_fault {
	size_t offset; /* into the pattern */
	size_t len;
	char message[160];
};

enum regex_status jpath__iregexp(
    const char *pattern, size_t len, struct buf *out, struct regex_fault *f);

enum regex_status jpath__regex_new(const char *pattern, size_t len,
    bool is_anchored, struct regex **out, struct regex_fault *f);
void jpath__regex_free(struct regex *r);

struct regex_scratch;
struct regex_scratch *jpath__regex_scratch_new(void);
void jpath__regex_scratch_free(struct regex_scratch *s);

/* 1, 0, or -1 when the match limit was passed. */
int jpath__regex_match(const struct regex *r, struct regex_scratch *scratch,
    const char *text, size_t len);

/* The same for a pattern from the document, kept for the next time.  What is
   no I-Regexp matches nothing (RFC 9535, 2.4.6); -1 for REGEX_BIG too. */
int jpath__regex_match_text(struct regex_scratch *scratch, const char *pattern,
    size_t pattern_len, bool is_anchored, const char *text, size_t len);

/* ---- node lists ---- */

/* Empty it; base is the normalized path of the node that frames start at.
   0, or -1 when that is beyond reason. */
int jpath__nodes_reset(struct jpath_nodes *n, const char *base, struct err *e);

/* Append the frame, and what of its way down is not in the arena yet. */
void jpath__nodes_add(struct jpath_nodes *n, struct frame *f);

struct regex_scratch *jpath__nodes_regex(struct jpath_nodes *n);

#endif /* CEFWD_JSONPATH_JSONPATH_PRIV_H */
