/*
 * record.h - the text of one record to a json-c value
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SOURCE_RECORD_H
#define CEFWD_SOURCE_RECORD_H

#include "base/err.h"
#include "source/split.h"

struct json_object;

struct record_parser; /* a reused json-c tokener */

struct record_parser *record_parser_new(void);
void record_parser_free(struct record_parser *p);

/*
 * record_parse(p, el, out, e): parse an element as the splitter gave it
 * (strict, depth JSON_DEPTH_MAX).  Integers of more than 18 digits become
 * strings of their digits, since json-c would saturate them.  *out is the
 * caller's (json_object_put()).  0, or -1 with ERR_DATA naming the byte.
 */
int record_parse(struct record_parser *p, const struct split_element *el,
    struct json_object **out, struct err *e);

#endif /* CEFWD_SOURCE_RECORD_H */
