/*
 * convert_priv.h - the parser as read, and the expressions made of it
 *
 * All memory comes from two pools and is freed with them.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CONVERT_CONVERT_PRIV_H
#define CEFWD_CONVERT_CONVERT_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "cef/cef.h"

struct pool {
	void **v;
	size_t n, cap;
	size_t bytes, max; /* of texts; 0: no limit */
};

void *convert__alloc(struct pool *p, size_t size); /* zeroed */
char *convert__str(struct pool *p, const char *s, size_t len);
/* The text of b, which is emptied; "" where it or the pool is too large. */
char *convert__take(struct pool *p, struct buf *b);
char *convert__printf(struct pool *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void convert__pool_fini(struct pool *p);

/* ---- the file (props.c) ---- */

struct prop {
	const char *key, *value; /* escapes undone, blanks round it dropped */
	unsigned int line;
	const char *unknown; /* it is no rule, for that reason */
	const char *why;     /* it is left behind, by this writing; NULL: not */
	bool is_told;        /* the map has its comment */
};

struct props {
	struct prop *v; /* in the order of the file, each key once */
	size_t n, cap;
};

/* Read a properties file (java.util.Properties, load()); false where there
   are more than CONVERT_PROPS_MAX. */
bool convert__props_read(
    struct props *props, struct pool *pool, const char *text, size_t len);

/* ---- its rules (rules.c) ---- */

struct token {
	size_t number; /* of token[number] */
	struct prop *name, *type, *format, *location;
};

/* severity.map.LEVEL.if.FIELD */
struct severity_rule {
	struct prop *prop;
	const char *level; /* "Very-High" */
	const char *field;
};

/* conditionalmap[map].mappings[number].values */
struct mapping {
	size_t map, number;
	struct prop *values;
};

/* conditionalmap[map].mappings[number].event.FIELD */
struct choice {
	size_t map, number;
	struct prop *prop;
};

/* conditionalmap[map].field */
struct selector {
	size_t map;
	struct prop *prop;
};

/* A field of the map, from event.NAME and the choices for it. */
struct field {
	const char *name; /* "deviceAction" */
	const struct cef_key *key;
	struct prop *base; /* NULL: choices only */
	struct choice *choices;
	size_t n_choices, choices_cap;
	const char *fault; /* the map's compiler refused it */
	const char *expr;  /* NULL: it is left behind */
};

/* [lookup NAME] and the field that needs it. */
struct table {
	const char *name;
	const char *rows; /* whole lines */
	size_t field;
};

struct convert {
	struct pool pool; /* what the parser holds */
	struct pool work; /* what one writing makes of it */
	struct props props;
	struct prop *trigger;
	struct token *tokens;
	size_t n_tokens, tokens_cap;
	struct severity_rule *severities;
	size_t n_severities, severities_cap;
	struct selector *selectors;
	size_t n_selectors, selectors_cap;
	struct mapping *mappings;
	size_t n_mappings, mappings_cap;
	struct field *fields;
	size_t n_fields, fields_cap;

	const char *each; /* NULL: an event is a record */

	/* Of one writing. */
	struct table *tables;
	size_t n_tables, tables_cap;
	bool has_if, has_else; /* [lookup if], [lookup else] are used */
	size_t field;          /* at work */
	unsigned int steps;    /* of its expression so far */
	const char *why;       /* the last one that failed */
};

/* Sort the properties into the struct; what is no rule gets its why. */
void convert__rules_read(struct convert *c);

const struct token *
convert__token_find(const struct convert *c, const char *name);
struct field *convert__field_find(const struct convert *c, const char *name);

/* ---- paths (path.c) ---- */

/* The "each" of the trigger node, into c->each. */
void convert__trigger(struct convert *c);
/* The token's query; NULL with c->why. */
const char *convert__token_path(struct convert *c, const struct token *t);

/* ---- times (time.c) ---- */

/* The filters that read a time of that SimpleDateFormat (NULL or "": none is
   told), as " | time(...)"; NULL with c->why. */
const char *convert__time_filters(struct convert *c, const char *format);

/* ---- operations (parse.c, ops.c) ---- */

enum node_kind {
	NODE_TOKEN, /* a bare word */
	NODE_TEXT,  /* "..." */
	NODE_CALL,
};

struct node {
	enum node_kind kind;
	const char *text; /* token, text, or the operation's name */
	struct node **args;
	size_t n_args;
};

/* The right side of event.X = ...; NULL with c->why. */
struct node *convert__parse(struct convert *c, const char *s);

/* A part of a map's expression. */
enum level {
	LEVEL_OPERAND, /* path, string, (...) */
	LEVEL_CHOICE,  /* a ?? b */
	LEVEL_PIPE,    /* a | b */
};
struct text {
	const char *s;
	enum level level;
	const char *constant; /* its text, where it is one */
};

/* What node n becomes; is_time: as epoch milliseconds.  false with c->why. */
bool convert__render(
    struct convert *c, const struct node *n, bool is_time, struct text *out);

/* ---- text of a map (text.c) ---- */

/* For what stands between the quotes of a string. */
void convert__add_escaped(struct buf *b, const char *s);
/* A regex of Java between slashes. */
void convert__add_regex(struct buf *b, const char *re);
/* A text as a regex that is matched by it alone. */
void convert__add_literal(struct buf *b, const char *s);
/* For a comment: one line, no control characters, of a bearable length. */
void convert__add_comment(struct buf *b, const char *s);

struct text convert__constant(struct convert *c, const char *s);
struct text
convert__pipe(struct convert *c, struct text left, const char *filter);
struct text
convert__either(struct convert *c, struct text first, struct text second);
/* value where test has a value (or, with is_not, where it has none). */
struct text convert__pick(
    struct convert *c, struct text test, bool is_not, struct text value);
/* What the table rows holds for the value of left. */
struct text convert__lookup(
    struct convert *c, struct text left, const char *prefix, const char *rows);
/* A row "key = value", key NULL being what is not listed; one that is there
   already is not added. */
void convert__add_row(struct buf *rows, const char *key, const char *value);

/* ---- fields (field.c) ---- */

/* The expression of a field into f->expr; NULL with c->why. */
void convert__field(struct convert *c, struct field *f);

/* ---- the map (write.c) ---- */

/* Which field each line of the map came of; SIZE_MAX: of none. */
struct owners {
	size_t *v; /* v[0] is line 1 */
	size_t n, cap;
};
void convert__write(struct convert *c, const char *name, struct buf *out,
    struct owners *owners);

#endif /* CEFWD_CONVERT_CONVERT_PRIV_H */
