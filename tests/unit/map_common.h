/*
 * map_common.h - maps from memory, for the tests of the room
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_TESTS_MAP_COMMON_H
#define CEFWD_TESTS_MAP_COMMON_H

#include <stddef.h>

#include "base/buf.h"
#include "keyfile/fault.h"
#include "map/map.h"

/* Files by name; ends with a NULL name. */
struct test_file {
	const char *name, *text;
};

/* A map_load_fn; ctx is a pointer to a struct test_file array. */
map_load_fn test_load;

/* Compile files[0]; NULL where it has errors, which are in faults. */
struct map *test_compile(const struct test_file *files, struct faults *faults);

/* As above for one text; faults fail the test. */
struct map *test_map(const char *text);

/*
 * Translate a JSON text; out gets per event a line of its key, "!" where it is
 * unmatched, and the CEF line behind "CEF:0": "key|Vendor|...".
 */
void test_translate(struct map_run *r, const char *json, struct buf *out);

/* All faults as "file:line:col: message" lines, warnings with "warning: ". */
void test_faults(struct faults *faults, struct buf *out);

#endif /* CEFWD_TESTS_MAP_COMMON_H */
