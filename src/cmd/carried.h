/*
 * carried.h - which values of a record its events carry
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CMD_CARRIED_H
#define CEFWD_CMD_CARRIED_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;

struct carried;

struct carried *carried_new(void);
void carried_free(struct carried *c);

/* The next record. */
void carried_reset(struct carried *c);

/* A written field carries the value at that normalized path, and what lies
   below it. */
void carried_note(struct carried *c, const char *path);

/* Called for each value that no field carries. */
typedef void carried_fn(void *ctx, const char *path, struct json_object *value);

/*
 * carried_report(c, record, fn, ctx, total): walk the values of the record
 * (texts, numbers, booleans; nothing empty).  Returns how many are carried, of
 * *total.  False in *is_whole: the record has too many to look at all.
 */
size_t carried_report(struct carried *c, struct json_object *record,
    carried_fn *fn, void *ctx, size_t *total, bool *is_whole);

#endif /* CEFWD_CMD_CARRIED_H */
