/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "map/map.h"

#include "cmd/explain.h"
#include "cmd/input.h"
#include "cmd/visible.h"

#define LOG_ROOM      "cmd"

#define JSON_TEXT_MAX (4 * (size_t)MAP_VALUE_MAX)

struct explain_json {
	struct json_object *record, *events, *fields, *lost;
	struct buf text;
	struct buf line;
};

struct explain_json *
explain_json_new(void)
{
	struct explain_json *j = xcalloc(1, sizeof(*j));

	buf_init(&j->text, JSON_TEXT_MAX);
	buf_init(&j->line, SIZE_MAX / 4);
	return j;
}

void
explain_json_free(struct explain_json *j)
{
	if (j == NULL)
		return;
	buf_fini(&j->text);
	buf_fini(&j->line);
	free(j);
}

static void
put(struct json_object *to, const char *name, struct json_object *v)
{
	if (v == NULL || json_object_object_add(to, name, v) == -1)
		log_fatal("out of memory");
}

static void
push(struct json_object *to, struct json_object *v)
{
	if (v == NULL || json_object_array_add(to, v) == -1)
		log_fatal("out of memory");
}

/* A text of an alert as valid UTF-8. */
static struct json_object *
mended(struct explain_json *j, const char *p, size_t len)
{
	buf_reset(&j->text);
	visible_add_utf8(&j->text, p, len);
	return json_object_new_string_len(j->text.p, (int)j->text.len);
}

/* NULL is left out. */
static void
put_text(struct explain_json *j, struct json_object *to, const char *name,
    const char *p, size_t len)
{
	if (p != NULL)
		put(to, name, mended(j, p, len));
}

static void
record(void *ctx, const struct input_record *r)
{
	struct explain_json *j = ctx;

	j->record = json_object_new_object();
	j->events = json_object_new_array();
	j->lost = json_object_new_array();
	put_text(j, j->record, "file", r->file, strlen(r->file));
	put(j->record, "record", json_object_new_uint64(r->number));
	put(j->record, "events", j->events);
	put(j->record, "not_carried", j->lost);
}

static void
event(void *ctx, const char *name, const char *key, bool is_unmatched)
{
	struct explain_json *j = ctx;
	struct json_object *ev = json_object_new_object();

	push(j->events, ev);
	if (name[0] != '\0')
		put_text(j, ev, "event", name, strlen(name));
	put_text(j, ev, "key", key, strlen(key));
	if (is_unmatched)
		put(ev, "unmatched", json_object_new_boolean(1));
	j->fields = json_object_new_array();
	put(ev, "fields", j->fields);
}

static void
field(void *ctx, const struct map_trace_field *f)
{
	struct explain_json *j = ctx;
	struct json_object *o = json_object_new_object(), *paths;
	char type[32];

	push(j->fields, o);
	explain_type(f->key, type);
	put_text(j, o, "key", f->key->key, strlen(f->key->key));
	put_text(
	    j, o, "full_name", f->key->full_name, strlen(f->key->full_name));
	put_text(j, o, "type", type, strlen(type));
	put_text(j, o, "file", f->file, strlen(f->file));
	put(o, "line", json_object_new_int64(f->line));
	put_text(j, o, "expression", f->expr, strlen(f->expr));
	put_text(j, o, "raw", f->raw, f->raw_len);
	put_text(j, o, "value", f->value, f->value_len);
	put_text(j, o, "why", f->why, f->why == NULL ? 0 : strlen(f->why));
	if (f->is_volatile)
		put(o, "volatile", json_object_new_boolean(1));
	if (f->n_paths == 0)
		return;
	paths = json_object_new_array();
	put(o, "paths", paths);
	for (size_t i = 0; i < f->n_paths; i++)
		push(paths, mended(j, f->paths[i], strlen(f->paths[i])));
}

static void
lost(void *ctx, const char *path, struct json_object *value)
{
	struct explain_json *j = ctx;
	struct json_object *o = json_object_new_object();

	push(j->lost, o);
	put_text(j, o, "path", path, strlen(path));
	if (json_object_is_type(value, json_type_string)) {
		put_text(j, o, "value", json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
	} else {
		put(o, "value", json_object_get(value));
	}
}

static void
end(void *ctx, size_t carried, size_t total, bool is_whole)
{
	struct explain_json *j = ctx;
	const char *text;
	size_t len = 0;

	if (is_whole) {
		put(j->record, "values", json_object_new_uint64(total));
		put(j->record, "carried", json_object_new_uint64(carried));
	}
	text = json_object_to_json_string_length(j->record,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	buf_reset(&j->line);
	if (text != NULL)
		visible_add_json(&j->line, text, len);
	if (text == NULL || !buf_ok(&j->line))
		log_fatal("out of memory");
	(void)fwrite(j->line.p, 1, j->line.len, stdout);
	(void)fputc('\n', stdout);
	(void)json_object_put(j->record);
}

const struct explain_view explain_json_view = {
	.record = record,
	.event = event,
	.field = field,
	.lost = lost,
	.end = end,
};
