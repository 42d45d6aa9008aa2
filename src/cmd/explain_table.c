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
#include "cmd/paper.h"
#include "cmd/visible.h"

#define TEXT_MAX_BYTES ((size_t)64 << 20) /* of one event's table */
#define EXPR_MAX       ((size_t)44)       /* columns; longer ones get a line */
#define EXPR_MIN       ((size_t)24)       /* with less: one below another */
#define VALUE_MIN      ((size_t)40)
#define GAP            ((size_t)2)
#define PATHS_MAX      ((size_t)16) /* of a field; --json tells all */

enum column {
	COL_KEY,
	COL_NAME,
	COL_TYPE,
	COL_LINE,
	COL_EXPR,
	COL_VALUE,
	COL_RAW, /* these stand below the value */
	COL_PATHS,
	COL_WHY,
	COL_COUNT,
};

static const char *const titles[] = { "KEY", "FULL NAME", "TYPE", "MAP",
	"EXPRESSION", "VALUE" };

/* Texts are offsets into the buffer; SIZE_MAX: none. */
struct row {
	size_t at[COL_COUNT];
	size_t n_paths; /* one behind the other, each with its NUL */
	size_t more_paths;
};

/* Fields are kept until the event's end: the columns fit their widest. */
struct explain_table {
	struct buf text;
	struct row *rows;
	size_t n, cap;
	struct paper paper;
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
	paper_init(&t->paper);
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

/* A text below the value, behind a word that says what it is. */
static void
print_note(struct explain_table *t, enum paper_style style, size_t indent,
    const char *word, const char *text)
{
	struct paper *p = &t->paper;

	paper_to(p, indent);
	paper_text(p, PAPER_QUIET, word);
	paper_wrap(p, style, indent + strlen(word), text);
	paper_line(p);
}

static void
print_paths(struct explain_table *t, const struct row *row, size_t indent)
{
	const char *path = text_of(t, row, COL_PATHS);
	char more[48];

	for (size_t i = 0; i < row->n_paths; i++) {
		print_note(t, PAPER_QUIET, indent, "at ", path);
		path += strlen(path) + 1;
	}
	if (row->more_paths == 0)
		return;
	(void)snprintf(
	    more, sizeof(more), "and %zu more places", row->more_paths);
	print_note(t, PAPER_QUIET, indent, "", more);
}

/* The value and what is to be said about it, from the present column on. */
static void
print_value(struct explain_table *t, const struct row *row, size_t indent)
{
	struct paper *p = &t->paper;
	const char *value = text_of(t, row, COL_VALUE);
	const char *raw = text_of(t, row, COL_RAW);
	const char *why = text_of(t, row, COL_WHY);

	if (value != NULL) {
		paper_wrap(p, PAPER_VALUE, indent, value);
	} else {
		paper_text(p, PAPER_QUIET, "- (");
		/* Absent is usual; left out is not. */
		paper_wrap(p, raw != NULL ? PAPER_TROUBLE : PAPER_QUIET, indent,
		    why == NULL ? "no value" : why);
		paper_text(p, PAPER_QUIET, ")");
	}
	paper_line(p);
	if (raw != NULL)
		print_note(t, PAPER_PLAIN, indent, "from ", raw);
	print_paths(t, row, indent);
	if (why != NULL && value != NULL) {
		paper_to(p, indent);
		paper_text(p, PAPER_QUIET, "(");
		paper_wrap(p, PAPER_TROUBLE, indent, why);
		paper_text(p, PAPER_QUIET, ")");
		paper_line(p);
	}
}

static void
print_wide(struct explain_table *t, const struct row *row,
    const size_t width[COL_COUNT])
{
	struct paper *p = &t->paper;
	size_t column = 0;

	for (size_t c = COL_KEY; c < COL_EXPR; c++) {
		paper_to(p, column);
		paper_text(p, c == COL_KEY ? PAPER_KEY : PAPER_PLAIN,
		    text_of(t, row, (enum column)c));
		column += width[c] + GAP;
	}
	paper_to(p, column);
	paper_wrap(p, PAPER_PLAIN, column, text_of(t, row, COL_EXPR));
	column += width[COL_EXPR] + GAP;
	if (width_of(t, row, COL_EXPR) > width[COL_EXPR])
		paper_line(p);
	paper_to(p, column);
	print_value(t, row, column);
}

/* For a narrow terminal: one below another. */
static void
print_narrow(struct explain_table *t, const struct row *row)
{
	struct paper *p = &t->paper;

	for (size_t c = COL_KEY; c < COL_EXPR; c++) {
		if (c > COL_KEY)
			paper_text(p, PAPER_PLAIN, "  ");
		paper_wrap(p, c == COL_KEY ? PAPER_KEY : PAPER_PLAIN, 4,
		    text_of(t, row, (enum column)c));
	}
	paper_line(p);
	paper_to(p, 4);
	paper_wrap(p, PAPER_PLAIN, 6, text_of(t, row, COL_EXPR));
	paper_line(p);
	paper_to(p, 4);
	paper_text(p, PAPER_QUIET, "= ");
	print_value(t, row, 6);
}

static void
print_titles(struct explain_table *t, const size_t width[COL_COUNT])
{
	size_t column = 0;

	for (size_t c = COL_KEY; c <= COL_VALUE; c++) {
		paper_to(&t->paper, column);
		paper_text(&t->paper, PAPER_TITLE, titles[c]);
		column += width[c] + GAP;
	}
	paper_line(&t->paper);
}

/* The widths of the columns before the value; false: too wide in all. */
static bool
fit_columns(const struct explain_table *t, size_t width[COL_COUNT])
{
	size_t terminal = t->paper.columns, before = 0, most = EXPR_MAX;

	for (size_t c = COL_KEY; c < COL_VALUE; c++) {
		width[c] = strlen(titles[c]);
		if (c == COL_EXPR && terminal > 0) {
			if (terminal < before + EXPR_MIN + GAP + VALUE_MIN)
				return false;
			most = terminal - before - GAP - VALUE_MIN;
			most = most < EXPR_MAX ? most : EXPR_MAX;
		}
		for (size_t i = 0; i < t->n; i++) {
			size_t w = width_of(t, &t->rows[i], (enum column)c);

			if (w > width[c] && (c != COL_EXPR || w <= most))
				width[c] = w;
		}
		before += width[c] + GAP;
	}
	width[COL_VALUE] = 0;
	return true;
}

/* Draw the event whose fields have come. */
static void
close_event(struct explain_table *t)
{
	size_t width[COL_COUNT];

	if (!t->is_open)
		return;
	t->is_open = false;
	if (!buf_ok(&t->text)) {
		(void)puts("too large for a table; --json shows it");
		return;
	}
	if (!fit_columns(t, width)) {
		for (size_t i = 0; i < t->n; i++)
			print_narrow(t, &t->rows[i]);
		return;
	}
	print_titles(t, width);
	for (size_t i = 0; i < t->n; i++)
		print_wide(t, &t->rows[i], width);
}

static void
record(void *ctx, const struct input_record *r)
{
	struct explain_table *t = ctx;

	t->record = r;
	t->events = 0;
	t->n_lost = 0;
}

/* A text from outside, in its visible form. */
static void
print_visible(struct explain_table *t, enum paper_style style, size_t indent,
    const char *s, size_t len)
{
	size_t at;

	buf_reset(&t->text);
	at = keep(t, s, len);
	if (at != SIZE_MAX)
		paper_wrap(&t->paper, style, indent, t->text.p + at);
	buf_reset(&t->text);
}

static void
print_record(struct explain_table *t)
{
	char text[64];

	print_visible(
	    t, PAPER_TITLE, 2, t->record->file, strlen(t->record->file));
	(void)snprintf(
	    text, sizeof(text), ", record %" PRIu64, t->record->number);
	paper_text(&t->paper, PAPER_TITLE, text);
}

static void
event(void *ctx, const char *name, const char *key, bool is_unmatched)
{
	struct explain_table *t = ctx;
	struct paper *p = &t->paper;
	char text[64];

	close_event(t);
	t->n = 0;
	t->is_open = true;
	t->events++;
	print_record(t);
	(void)snprintf(text, sizeof(text), ", event %zu", t->events);
	paper_text(p, PAPER_TITLE, text);
	if (name[0] != '\0') {
		paper_wrap(p, PAPER_TITLE, 2, " [event ");
		paper_wrap(p, PAPER_TITLE, 2, name);
		paper_text(p, PAPER_TITLE, "]");
	}
	paper_text(p, PAPER_PLAIN, ", key ");
	print_visible(t, PAPER_PLAIN, 2, key, strlen(key));
	if (is_unmatched)
		paper_wrap(
		    p, PAPER_TROUBLE, 2, " (no event of the map fitted)");
	paper_line(p);
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
keep_paths(
    struct explain_table *t, struct row *row, const struct map_trace_field *f)
{
	row->at[COL_PATHS] = t->text.len;
	while (row->n_paths < f->n_paths && row->n_paths < PATHS_MAX) {
		const char *path = f->paths[row->n_paths++];

		(void)keep(t, path, strlen(path));
	}
	row->more_paths = f->n_paths - row->n_paths;
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
	*row = (struct row){ .n_paths = 0 };
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
	keep_paths(t, row, f);
	if (f->why != NULL)
		row->at[COL_WHY] = keep(t, f->why, strlen(f->why));
}

static void
lost(void *ctx, const char *path, struct json_object *value)
{
	struct explain_table *t = ctx;
	struct paper *p = &t->paper;
	const char *s = json_object_get_string(value);

	close_event(t);
	if (t->n_lost++ == 0) {
		paper_line(p);
		paper_text(p, PAPER_TITLE, "No field carries:");
		paper_line(p);
	}
	paper_to(p, 2);
	print_visible(t, PAPER_QUIET, 6, path, strlen(path));
	paper_text(p, PAPER_QUIET, " = ");
	/* It may hold a NUL. */
	print_visible(t, PAPER_PLAIN, 6, s,
	    json_object_is_type(value, json_type_string) ?
		(size_t)json_object_get_string_len(value) :
		strlen(s));
	paper_line(p);
}

static void
end(void *ctx, size_t carried, size_t total, bool is_whole)
{
	struct explain_table *t = ctx;
	char text[96];

	close_event(t);
	if (t->events == 0) {
		print_record(t);
		paper_text(
		    &t->paper, PAPER_TROUBLE, ": left out by the map's when");
		paper_line(&t->paper);
	}
	(void)snprintf(text, sizeof(text),
	    "%zu of %zu values are carried (%zu %%).", carried, total,
	    total == 0 ? 100 : carried * 100 / total);
	paper_line(&t->paper);
	paper_text(&t->paper, PAPER_TITLE,
	    is_whole ? text : "Too many values to tell which are carried.");
	paper_line(&t->paper);
	paper_line(&t->paper);
}

const struct explain_view explain_table_view = {
	.record = record,
	.event = event,
	.field = field,
	.lost = lost,
	.end = end,
};
