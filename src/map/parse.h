/*
 * parse.h - an expression being read; shared by the files of its parser
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_MAP_PARSE_H
#define CEFWD_MAP_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "map/expr.h"

struct parse {
	const char *s;
	size_t len;
	size_t at;
	unsigned int depth;
	size_t stack; /* values on it at this point of the program */
	struct prog *prog;
	const struct expr_names *names;
	struct expr_fault *fault;
};

/* Note the fault at len bytes from offset on; returns -1. */
int map__fail(struct parse *ps, size_t offset, size_t len, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

void map__skip_blanks(struct parse *ps);

/* The byte n ahead, '\0' past the end. */
char map__ahead(const struct parse *ps, size_t n);

static inline bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The length of a name at the current byte. */
size_t map__name_len(const struct parse *ps);

/* Add an op that changes the stack by grow values. */
struct op *map__add_op(struct parse *ps, enum op_kind kind, int grow);

/* Characters and escapes, into out, up to the closing quote or a brace; quote
   is where the string began. */
int map__literal(struct parse *ps, size_t quote, struct buf *out);

/* A string whose braces are characters, escaped or not: "${1}". */
int map__plain(struct parse *ps, struct buf *out);

/* name [ "(" argument { "," argument } ")" ] behind a "|". */
int map__parse_filter(struct parse *ps);

#endif /* CEFWD_MAP_PARSE_H */
