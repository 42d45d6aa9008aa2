/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/obj.h"
#include "map/map.h"

#include "cmd/explain.h"
#include "cmd/input.h"
#include "cmd/visible.h"

#define TEXT_MAX_BYTES ((size_t)64 << 20) /* of one event's table */
#define EXPR_MAX       ((size_t)44)       /* columns; longer ones get a line */
#define VALUE_MIN      ((size_t)30) /* columns; with less: one below another */
#define GAP            ((size_t)2)

enum column {
	COL_KEY,
	COL_NAME,
	COL_TYPE,
	COL_LINE,
	COL_EXPR,
	COL_VALUE,
	COL_RAW, /* these two stand below the value */
	COL_WHY,
	COL_COUNT,
};

static const char *const titles[] = { "KEY", "FULL NAME", "TYPE", "MAP",
	"EXPRESSION", "VALUE" };

/* Texts are offsets into the buffer; SIZE_MAX: none. */
struct row {
	size_t at[COL_COUNT];
};

/* Fields are kept until the event's end: the columns fit their widest. */
struct explain_table {
	struct buf text;
	struct row *rows;
	size_t n, cap;
	size_t terminal; /* columns; 0: no terminal */
	const struct input_record *record;
	size_t events;
	bool is_open; /* an event's fields are coming */
	size_t n_lost;
};

struct explain_table *
explain_table_new(void)
{
	struct explain_table *t = xcalloc(1, sizeof(*t));

	buf_init(&t->text, TEXT_MAX_BYTES);
	t->terminal = visible_terminal();
	return t;
}

void
explain_table_free(struct explain_table *t)
{
	if (t == NULL)
		return;
	buf_fini(&t->text);
	free(t->rows);
	free(t);
}

/* Keep a text of the alert in its visible form; its offset. */
static size_t
keep(struct explain_table *t, const char *p, size_t len)
{
	size_t at = t->text.len;

	visible_add(&t->text, p, len);
	buf_addc(&t->text, '\0');
	return buf_ok(&t->text) ? at : SIZE_MAX;
}

static const char *
text_of(const struct explain_table *t, const struct row *row, enum column c)
{
	return row->at[c] == SIZE_MAX ? NULL : t->text.p + row->at[c];
}

static size_t
width_of(const struct explain_table *t, const struct row *row, enum column c)
{
	const char *s = text_of(t, row, c);

	return s == NULL ? 0 : visible_width(s, strlen(s));
}

static void
pad(size_t n)
{
	(void)printf("%*s", (int)n, "");
}

static void
print_value(const struct explain_table *t, const struct row *row)
{
	const char *value = text_of(t, row, COL_VALUE);
	const char *why = text_of(t, row, COL_WHY);

	if (value != NULL)
		(void)puts(value);
	else
		(void)printf("- (%s)\n", why == NULL ? "no value" : why);
}

/* What stands below the value, indented. */
static void
print_notes(const struct explain_table *t, const struct row *row, size_t indent)
{
	const char *raw = text_of(t, row, COL_RAW);
	const char *why = text_of(t, row, COL_WHY);

	if (raw != NULL) {
		pad(indent);
		(void)printf("from %s\n", raw);
	}
	if (why != NULL && text_of(t, row, COL_VALUE) != NULL) {
		pad(indent);
		(void)printf("(%s)\n", why);
	}
}

static void
print_wide(const struct explain_table *t, const struct row *row,
    const size_t width[COL_COUNT], size_t indent)
{
	size_t used = width_of(t, row, COL_EXPR);

	for (size_t c = COL_KEY; c < COL_EXPR; c++) {
		(void)fputs(text_of(t, row, (enum column)c), stdout);
		pad(width[c] - width_of(t, row, (enum column)c) + GAP);
	}
	(void)fputs(text_of(t, row, COL_EXPR), stdout);
	if (used > width[COL_EXPR]) {
		(void)fputc('\n', stdout);
		pad(indent);
	} else {
		pad(width[COL_EXPR] - used + GAP);
	}
	print_value(t, row);
	print_notes(t, row, indent);
}

/* For a narrow terminal: one below another. */
static void
print_narrow(const struct explain_table *t, const struct row *row)
{
	(void)printf("%s  %s  %s  %s\n    %s\n    = ", text_of(t, row, COL_KEY),
	    text_of(t, row, COL_NAME), text_of(t, row, COL_TYPE),
	    text_of(t, row, COL_LINE), text_of(t, row, COL_EXPR));
	print_value(t, row);
	print_notes(t, row, 4);
}

static void
print_titles(const size_t width[COL_COUNT])
{
	for (size_t c = COL_KEY; c < COL_VALUE; c++) {
		(void)fputs(titles[c], stdout);
		pad(width[c] - strlen(titles[c]) + GAP);
	}
	(void)puts(titles[COL_VALUE]);
}

/* Draw the event whose fields have come. */
static void
close_event(struct explain_table *t)
{
	size_t width[COL_COUNT], indent = 0;

	if (!t->is_open)
		return;
	t->is_open = false;
	if (!buf_ok(&t->text)) {
		(void)puts("too large for a table; --json shows it");
		return;
	}
	for (size_t c = COL_KEY; c < COL_VALUE; c++) {
		width[c] = strlen(titles[c]);
		for (size_t i = 0; i < t->n; i++) {
			size_t w = width_of(t, &t->rows[i], (enum column)c);

			if (w > width[c] && (c != COL_EXPR || w <= EXPR_MAX))
				width[c] = w;
		}
		indent += width[c] + GAP;
	}
	if (t->terminal > 0 && t->terminal < indent + VALUE_MIN) {
		for (size_t i = 0; i < t->n; i++)
			print_narrow(t, &t->rows[i]);
		return;
	}
	print_titles(width);
	for (size_t i = 0; i < t->n; i++)
		print_wide(t, &t->rows[i], width, indent);
}

static void
record(void *ctx, const struct input_record *r)
{
	struct explain_table *t = ctx;

	t->record = r;
	t->events = 0;
	t->n_lost = 0;
}

/* A line of text from outside, in its visible form. */
static void
print_visible(struct explain_table *t, const char *s)
{
	size_t at = keep(t, s, strlen(s));

	if (at != SIZE_MAX)
		(void)fputs(t->text.p + at, stdout);
}

static void
event(void *ctx, const char *name, const char *key, bool is_unmatched)
{
	struct explain_table *t = ctx;

	close_event(t);
	buf_reset(&t->text);
	t->n = 0;
	t->is_open = true;
	t->events++;
	print_visible(t, t->record->file);
	(void)printf(
	    ", record %" PRIu64 ", event %zu", t->record->number, t->events);
	if (name[0] != '\0')
		(void)printf(" [event %s]", name);
	(void)fputs(", key ", stdout);
	print_visible(t, key);
	(void)puts(is_unmatched ? " (no event of the map fitted)" : "");
	buf_reset(&t->text);
}

/* file:line with the file's last part: maps lie in few folders. */
static size_t
keep_place(struct explain_table *t, const struct map_trace_field *f)
{
	const char *slash = strrchr(f->file, '/');
	const char *name = slash == NULL ? f->file : slash + 1;
	size_t at = t->text.len;

	visible_add(&t->text, name, strlen(name));
	buf_addf(&t->text, ":%u", f->line);
	buf_addc(&t->text, '\0');
	return at;
}

static void
field(void *ctx, const struct map_trace_field *f)
{
	struct explain_table *t = ctx;
	const char *mark = f->is_volatile ? "!" : "";
	bool is_as_raw = f->raw != NULL && f->value != NULL &&
	    f->raw_len == f->value_len &&
	    memcmp(f->raw, f->value, f->raw_len) == 0;
	char type[32];
	struct row *row;

	t->rows = array_grow(t->rows, t->n, &t->cap, sizeof(*t->rows));
	row = &t->rows[t->n++];
	for (size_t c = 0; c < COL_COUNT; c++)
		row->at[c] = SIZE_MAX;
	explain_type(f->key, type);
	row->at[COL_KEY] = t->text.len;
	buf_addf(&t->text, "%s%s", f->key->key, mark);
	buf_addc(&t->text, '\0');
	row->at[COL_NAME] =
	    keep(t, f->key->is_header ? "(header)" : f->key->full_name,
		strlen(f->key->is_header ? "(header)" : f->key->full_name));
	row->at[COL_TYPE] = keep(t, type, strlen(type));
	row->at[COL_LINE] = keep_place(t, f);
	row->at[COL_EXPR] = keep(t, f->expr, strlen(f->expr));
	if (f->value != NULL)
		row->at[COL_VALUE] = keep(t, f->value, f->value_len);
	/* A label without its field has nothing to tell. */
	if (f->raw != NULL && !is_as_raw &&
	    (f->value != NULL || !f->key->is_label))
		row->at[COL_RAW] = keep(t, f->raw, f->raw_len);
	if (f->why != NULL)
		row->at[COL_WHY] = keep(t, f->why, strlen(f->why));
}

static void
lost(void *ctx, const char *path, struct json_object *value)
{
	struct explain_table *t = ctx;

	close_event(t);
	if (t->n_lost++ == 0)
		(void)puts("\nNo field carries:");
	buf_reset(&t->text);
	(void)fputs("  ", stdout);
	print_visible(t, path);
	buf_reset(&t->text);
	(void)fputs(" = ", stdout);
	print_visible(t, json_object_get_string(value));
	(void)fputc('\n', stdout);
}

static void
end(void *ctx, size_t carried, size_t total, bool is_whole)
{
	struct explain_table *t = ctx;

	close_event(t);
	if (t->events == 0) {
		print_visible(t, t->record->file);
		(void)printf(", record %" PRIu64
			     ": left out by the map's when\n",
		    t->record->number);
	}
	if (!is_whole) {
		(void)puts("\nToo many values to tell which are carried.\n");
		return;
	}
	(void)printf("\n%zu of %zu values are carried (%zu %%).\n\n", carried,
	    total, total == 0 ? 100 : carried * 100 / total);
}

const struct explain_view explain_table_view = {
	.record = record,
	.event = event,
	.field = field,
	.lost = lost,
	.end = end,
};
