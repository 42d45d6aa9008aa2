/*
 * json.h - whether bytes are JSON by the grammar of RFC 8259
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_TESTS_FUZZ_JSON_H
#define CEFWD_TESTS_FUZZ_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* One object with no blanks around it; bytes above 127 are taken as they
   are. */
bool json_is_object(const char *p, size_t len);

/* As above, with no NUL in a name, and no deeper than JSON_DEPTH_MAX. */
bool json_is_plain_object(const char *p, size_t len);

#endif /* CEFWD_TESTS_FUZZ_JSON_H */
