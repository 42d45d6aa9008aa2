/*
 * explain.h - the two ways in which explain tells a record
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CMD_EXPLAIN_H
#define CEFWD_CMD_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

struct input_record;
struct json_object;
struct map_trace_field;

/* Calls come in this order: record, for each event: event, its fields; then
   lost for each value that no field carries, and end. */
struct explain_view {
	void (*record)(void *ctx, const struct input_record *record);
	void (*event)(
	    void *ctx, const char *name, const char *key, bool is_unmatched);
	void (*field)(void *ctx, const struct map_trace_field *f);
	void (*lost)(void *ctx, const char *path, struct json_object *value);
	void (*end)(void *ctx, size_t carried, size_t total, bool is_whole);
};

/* "String 1023" into text: the type, and the length where there is one. */
struct cef_key;
void explain_type(const struct cef_key *key, char text[32]);

struct explain_table;
struct explain_table *explain_table_new(void);
void explain_table_free(struct explain_table *t);
extern const struct explain_view explain_table_view;

/* One JSON object a record, one line each. */
struct explain_json;
struct explain_json *explain_json_new(void);
void explain_json_free(struct explain_json *j);
extern const struct explain_view explain_json_view;

#endif /* CEFWD_CMD_EXPLAIN_H */
