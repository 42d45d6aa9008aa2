/*
 * convert.h - a FlexConnector's JSON parser written anew as a map
 *
 * Pure: text in, text out.  The parser is a Java properties file,
 * *.jsonparser.properties: tokens, event.FIELD = operation, severity.map,
 * conditionalmap.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CONVERT_CONVERT_H
#define CEFWD_CONVERT_CONVERT_H

#include <stddef.h>

#include "base/err.h"

struct buf;

/* Rules of the parser: what gives a field, and what was left behind. */
struct convert_counts {
	size_t carried;
	size_t left; /* each stands in the map as a comment, with its reason */
};

/*
 * convert_parser(name, text, len, out, counts, e): append to out a map that
 * map_compile() takes.  name is the parser's, for the comment at the top; any
 * bytes may come as text.  Returns 0, or -1 with ERR_DATA where the text holds
 * no event field or is too large; ERR_LIMIT where out is full.
 */
int convert_parser(const char *name, const char *text, size_t len,
    struct buf *out, struct convert_counts *counts, struct err *e);

#endif /* CEFWD_CONVERT_CONVERT_H */
