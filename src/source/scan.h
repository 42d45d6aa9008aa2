/*
 * scan.h - one JSON value followed byte by byte to its end
 *
 * The lexer below the splitter: strings, escapes, words and nesting, fed in
 * pieces of any size.  It stores the value and finds what a record must not
 * hold, but leaves the grammar between the tokens to json-c.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SOURCE_SCAN_H
#define CEFWD_SOURCE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum scan_lex {
	SCAN_LEX_BETWEEN, /* tokens */
	SCAN_LEX_STRING,
	SCAN_LEX_ESCAPE, /* after a backslash */
	SCAN_LEX_HEX,    /* in the four digits of \uXXXX */
	SCAN_LEX_WORD,   /* a number, true, false, null or what is none */
};

/* Why scan_run() returned. */
enum scan_step {
	SCAN_MORE,   /* every byte was used, the value goes on */
	SCAN_DONE,   /* the value has ended */
	SCAN_NAME,   /* watching: a member name of the outermost object ended */
	SCAN_ARRAY,  /* watching: '[' opened a member of the outermost object */
	SCAN_BROKEN, /* a bracket closes what another opened; see fault */
};

/* What a record must not hold; the first one found is kept. */
enum scan_fault {
	SCAN_FAULT_NONE,
	SCAN_FAULT_NUL_NAME, /* json-c cuts the name there */
	SCAN_FAULT_CONTROL,
	SCAN_FAULT_WORD, /* NaN, Infinity, 01, comments, ... */
	SCAN_FAULT_QUOTE,
	SCAN_FAULT_DEPTH,
	SCAN_FAULT_SIZE,
	SCAN_FAULT_NOMEM,
	SCAN_FAULT_BRACKET,
};

struct scan {
	enum scan_lex lex;
	struct buf *out;       /* NULL: nothing is stored (any more) */
	enum scan_fault fault; /* once set, nothing is stored */
	uint64_t fault_at;     /* byte of the page */
	uint64_t depth;        /* open containers */
	uint64_t objects;      /* bit n: container n + 1 is an object */
	size_t name;           /* watching: where the name begins in out */
	bool watch;            /* report SCAN_NAME and SCAN_ARRAY */
	bool wants_name;       /* in an object, after '{' or ',' */
	bool in_name;          /* the string under way is a name */
	bool has_big_int;
	unsigned char quote; /* that ends the string */
	unsigned char hex;   /* digits of \uXXXX still to come */
	bool hex_zero;       /* all of them were 0 so far */
	unsigned char word;  /* state of the number; see scan.c */
	const char *literal; /* what is left of true, false, null */
	size_t digits;       /* of an integer */
};

/* Begin a value; its first byte is the next that scan_run() sees, and is none
   of blank , : ] }.  out is borrowed; NULL: follow it only. */
void scan_begin(struct scan *s, struct buf *out);

/*
 * scan_run(s, p, end, at): go on until the value ends or end is reached.  *p is
 * left behind the last byte used; at is the page's offset of *p.
 */
enum scan_step
scan_run(struct scan *s, const char **p, const char *end, uint64_t at);

/* The fault in words: "a raw control byte in a string". */
const char *scan_fault_text(enum scan_fault f);

#endif /* CEFWD_SOURCE_SCAN_H */
