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
#include "base/stamp.h"

#include "cmd/paper.h"
#include "cmd/status_table.h"
#include "cmd/visible.h"

#define CELL_MAX    ((size_t)8 << 10)
#define COLUMNS_MAX 16
#define GAP         ((size_t)2)

/* How a member is shown. */
enum show {
	SHOW_TEXT,
	SHOW_COUNT,
	SHOW_SPAN,  /* seconds as "3m 20s" */
	SHOW_BYTES, /* as "4.0m" */
	SHOW_TIME,  /* to the second */
	SHOW_AGO,   /* time since then */
	SHOW_STATE, /* text; all but "ok" and "up" is trouble */
};

/* title, path of the member ("lines.read"), how */
struct column {
	const char *title;
	const char *path;
	enum show show;
};

/* clang-format off */

static const struct column lane_columns[] = {
	{ "SOURCE", "source", SHOW_TEXT },
	{ "TENANT", "tenant", SHOW_TEXT },
	{ "DESTINATION", "destination", SHOW_TEXT },
	{ "CURSOR", "cursor", SHOW_TIME },
	{ "LAG", "lag_seconds", SHOW_SPAN },
	{ "QUEUED", "lines.queued", SHOW_COUNT },
	{ "SENT", "lines.sent", SHOW_COUNT },
	{ "ACKED", "lines.acknowledged", SHOW_COUNT },
	{ "READ", "lines.read", SHOW_COUNT },
	{ "SETTLED", "lines.settled", SHOW_COUNT },
	{ "RESENT", "lines.resent", SHOW_COUNT },
	{ "GAPS", "gaps", SHOW_COUNT },
};

static const struct column source_columns[] = {
	{ "SOURCE", "source", SHOW_TEXT },
	{ "TENANT", "tenant", SHOW_TEXT },
	{ "API", "api", SHOW_TEXT },
	{ "STATE", "state", SHOW_STATE },
	{ "LAST PASS", "last_pass", SHOW_AGO },
	{ "CALLS", "calls", SHOW_COUNT },
	{ "THROTTLED", "throttled", SHOW_COUNT },
	{ "SERVED", "served", SHOW_COUNT },
	{ "UNREADABLE", "unreadable", SHOW_COUNT },
	{ "TOKEN", "token_seconds", SHOW_SPAN },
};

static const struct column destination_columns[] = {
	{ "DESTINATION", "destination", SHOW_TEXT },
	{ "HOST", "host", SHOW_TEXT },
	{ "PORT", "port", SHOW_TEXT },
	{ "STATE", "state", SHOW_STATE },
	{ "SETTLES BY", "settles_by", SHOW_TEXT },
	{ "HELD", "held_bytes", SHOW_BYTES },
	{ "WINDOW", "window_bytes", SHOW_BYTES },
	{ "SENT", "sent", SHOW_COUNT },
	{ "SETTLED", "settled", SHOW_COUNT },
	{ "RESENT", "resent", SHOW_COUNT },
	{ "BREAKS", "breaks", SHOW_COUNT },
};

/* clang-format on */

static const struct {
	const char *title;
	const char *member; /* an array of the document */
	const struct column *columns;
	size_t n;
} tables[] = {
	{ "Lanes", "lanes", lane_columns, NELEM(lane_columns) },
	{ "Sources", "sources", source_columns, NELEM(source_columns) },
	{ "Destinations", "destinations", destination_columns,
	    NELEM(destination_columns) },
};

/* The member at a path of names with "." between; NULL. */
static struct json_object *
member(struct json_object *o, const char *path)
{
	while (o != NULL) {
		size_t len = strcspn(path, ".");
		char name[64];
		struct json_object *next = NULL;

		if (len >= sizeof(name) ||
		    !json_object_is_type(o, json_type_object))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		(void)json_object_object_get_ex(o, name, &next);
		o = next;
		if (path[len] == '\0')
			break;
		path += len + 1;
	}
	return o;
}

/* A text, "" where it is none. */
static const char *
text_at(struct json_object *o, const char *path)
{
	struct json_object *v = member(o, path);

	return json_object_is_type(v, json_type_string) ?
	    json_object_get_string(v) :
	    "";
}

static void
add_span(struct buf *b, int64_t s)
{
	static const struct {
		int64_t s;
		const char *unit;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "m" }, { 1, "s" } };
	int shown = 0;

	if (s < 0)
		s = 0;
	for (size_t i = 0; i < NELEM(units) && shown < 2; i++) {
		if (s < units[i].s && i + 1 < NELEM(units) && shown == 0)
			continue;
		if (shown > 0 && s < units[i].s)
			break;
		buf_addf(b, "%s%" PRId64 "%s", shown > 0 ? " " : "",
		    s / units[i].s, units[i].unit);
		s %= units[i].s;
		shown++;
	}
}

/* Seconds from a time of the document to its "now". */
static bool
seconds_ago(struct json_object *doc, const char *time, int64_t *s)
{
	const char *now = text_at(doc, "now");
	int64_t a, b;

	if (stamp_parse(time, strlen(time), &a) == -1 ||
	    stamp_parse(now, strlen(now), &b) == -1)
		return false;
	*s = (b - a) / STAMP_PER_S;
	return true;
}

static void
add_bytes(struct buf *b, int64_t n)
{
	if (n < 1024)
		buf_addf(b, "%" PRId64, n);
	else if (n < (int64_t)1024 * 1024)
		buf_addf(b, "%.1fk", (double)n / 1024);
	else
		buf_addf(b, "%.1fm", (double)n / (1024.0 * 1024.0));
}

static void
add_cell(struct buf *b, struct json_object *doc, struct json_object *row,
    const struct column *c)
{
	struct json_object *v = member(row, c->path);
	const char *text = text_at(row, c->path);
	int64_t s;

	if (v == NULL) {
		buf_addc(b, '-');
		return;
	}
	switch (c->show) {
	case SHOW_TEXT:
	case SHOW_STATE:
		visible_add(b, text, strlen(text));
		break;
	case SHOW_COUNT:
		buf_addf(b, "%" PRIu64, json_object_get_uint64(v));
		break;
	case SHOW_SPAN:
		add_span(b, json_object_get_int64(v));
		break;
	case SHOW_BYTES:
		add_bytes(b, json_object_get_int64(v));
		break;
	case SHOW_TIME:
		visible_add(b, text, strcspn(text, "."));
		break;
	case SHOW_AGO:
		if (seconds_ago(doc, text, &s)) {
			add_span(b, s);
			buf_adds(b, " ago");
		} else {
			buf_addc(b, '-');
		}
		break;
	}
	if (b->len == 0)
		buf_addc(b, '-');
}

static bool
is_right(const struct column *c)
{
	return c->show == SHOW_COUNT || c->show == SHOW_SPAN ||
	    c->show == SHOW_BYTES;
}

struct drawing {
	struct paper paper;
	struct json_object *doc;
	struct buf cell;
};

static const char *
cell_of(struct drawing *d, struct json_object *row, const struct column *c)
{
	buf_reset(&d->cell);
	add_cell(&d->cell, d->doc, row, c);
	return d->cell.p;
}

static enum paper_style
style_of(const struct column *c, const char *cell)
{
	if (c->show == SHOW_STATE)
		return strcmp(cell, "ok") == 0 || strcmp(cell, "up") == 0 ?
		    PAPER_VALUE :
		    PAPER_TROUBLE;
	return strcmp(c->path, "gaps") == 0 && strcmp(cell, "0") != 0 ?
	    PAPER_TROUBLE :
	    PAPER_PLAIN;
}

static void
draw_cell(struct drawing *d, enum paper_style style, const char *s,
    size_t start, size_t width, bool is_right_side)
{
	size_t own = visible_width(s, strlen(s));

	paper_to(&d->paper,
	    start + (is_right_side && own < width ? width - own : 0));
	paper_text(&d->paper, style, s);
}

/* One row of the list below another. */
static void
draw_wide(struct drawing *d, struct json_object *rows,
    const struct column *columns, size_t n, const size_t *widths)
{
	struct paper *p = &d->paper;

	for (size_t i = 0; i <= json_object_array_length(rows); i++) {
		struct json_object *row =
		    i == 0 ? NULL : json_object_array_get_idx(rows, i - 1);
		size_t start = GAP;

		for (size_t k = 0; k < n; k++) {
			const char *cell = i == 0 ?
			    columns[k].title :
			    cell_of(d, row, &columns[k]);

			draw_cell(d,
			    i == 0 ? PAPER_QUIET : style_of(&columns[k], cell),
			    cell, start, widths[k], is_right(&columns[k]));
			start += widths[k] + GAP;
		}
		paper_line(p);
	}
}

/* A terminal that is too narrow: each member on a line of its own. */
static void
draw_narrow(struct drawing *d, struct json_object *rows,
    const struct column *columns, size_t n, size_t title_width)
{
	struct paper *p = &d->paper;

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (i > 0)
			paper_line(p);
		for (size_t k = 0; k < n; k++) {
			const char *cell = cell_of(d, row, &columns[k]);

			paper_to(p, GAP);
			paper_text(p, PAPER_QUIET, columns[k].title);
			paper_to(p, GAP + title_width + GAP);
			paper_wrap(p, style_of(&columns[k], cell),
			    GAP + title_width + GAP, cell);
			paper_line(p);
		}
	}
}

static void
draw_rows(struct drawing *d, const char *title, struct json_object *rows,
    const struct column *columns, size_t n)
{
	size_t widths[COLUMNS_MAX], total = GAP, title_width = 0;

	assert(n <= COLUMNS_MAX);
	if (!json_object_is_type(rows, json_type_array))
		return;
	for (size_t k = 0; k < n; k++) {
		widths[k] = strlen(columns[k].title);
		if (widths[k] > title_width)
			title_width = widths[k];
		for (size_t i = 0; i < json_object_array_length(rows); i++) {
			const char *cell = cell_of(
			    d, json_object_array_get_idx(rows, i), &columns[k]);
			size_t w = visible_width(cell, strlen(cell));

			if (w > widths[k])
				widths[k] = w;
		}
		total += widths[k] + (k > 0 ? GAP : 0);
	}
	paper_line(&d->paper);
	paper_text(&d->paper, PAPER_TITLE, title);
	paper_line(&d->paper);
	if (d->paper.columns > 0 && total > d->paper.columns)
		draw_narrow(d, rows, columns, n, title_width);
	else
		draw_wide(d, rows, columns, n, widths);
}

/* "who: text", wrapped. */
static void
draw_note(struct drawing *d, enum paper_style style, const char *who,
    const char *text)
{
	buf_reset(&d->cell);
	visible_add(&d->cell, text, strlen(text));
	paper_to(&d->paper, GAP);
	paper_text(&d->paper, PAPER_KEY, who);
	paper_wrap(&d->paper, style, GAP + GAP, d->cell.p);
	paper_line(&d->paper);
}

static void
draw_errors(struct drawing *d, struct json_object *rows, bool *has_title)
{
	if (!json_object_is_type(rows, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		const char *at = text_at(row, "last_error.at");
		struct buf who;
		int64_t s;

		if (!seconds_ago(d->doc, at, &s))
			continue;
		if (!*has_title) {
			paper_line(&d->paper);
			paper_text(&d->paper, PAPER_TITLE, "Last errors");
			paper_line(&d->paper);
			*has_title = true;
		}
		buf_init(&who, CELL_MAX);
		buf_adds(&who,
		    member(row, "tenant") != NULL ? "source " : "destination ");
		visible_add(&who,
		    text_at(row,
			member(row, "tenant") != NULL ? "source" :
							"destination"),
		    strlen(text_at(row,
			member(row, "tenant") != NULL ? "source" :
							"destination")));
		if (member(row, "tenant") != NULL) {
			buf_adds(&who, " (");
			visible_add(&who, text_at(row, "tenant"),
			    strlen(text_at(row, "tenant")));
			buf_addc(&who, ')');
		}
		buf_adds(&who, ", ");
		add_span(&who, s);
		buf_adds(&who, " ago: ");
		draw_note(
		    d, PAPER_PLAIN, who.p, text_at(row, "last_error.text"));
		buf_fini(&who);
	}
}

static const char *
or_open(const char *time)
{
	return time[0] == '\0' ? "open" : time;
}

static void
draw_gaps(struct drawing *d, struct json_object *lanes)
{
	bool has_title = false;

	if (!json_object_is_type(lanes, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(lanes); i++) {
		struct json_object *lane = json_object_array_get_idx(lanes, i);
		struct json_object *list = member(lane, "gap_list");

		if (!json_object_is_type(list, json_type_array))
			continue;
		for (size_t k = 0; k < json_object_array_length(list); k++) {
			struct json_object *g =
			    json_object_array_get_idx(list, k);
			struct buf who;

			if (!has_title) {
				paper_line(&d->paper);
				paper_text(&d->paper, PAPER_TITLE,
				    "Gaps: alerts created from, until");
				paper_line(&d->paper);
				has_title = true;
			}
			buf_init(&who, CELL_MAX);
			buf_addf(&who,
			    "%s %s to %s: %s to %s: ", text_at(lane, "source"),
			    text_at(lane, "tenant"),
			    text_at(lane, "destination"),
			    or_open(text_at(g, "created_from")),
			    or_open(text_at(g, "created_until")));
			buf_reset(&d->cell);
			visible_add(&d->cell, who.p, who.len);
			buf_reset(&who);
			buf_add(&who, d->cell.p, d->cell.len);
			draw_note(
			    d, PAPER_TROUBLE, who.p, text_at(g, "reason"));
			buf_fini(&who);
		}
	}
}

/* What runs is well, but it is not what the files say. */
static void
draw_refused(struct drawing *d)
{
	const char *fault = text_at(d->doc, "reload.fault");

	if (fault[0] != '\0') {
		draw_note(
		    d, PAPER_TROUBLE, "the old configuration runs: ", fault);
	}
}

static void
draw_head(struct drawing *d)
{
	struct json_object *reasons = member(d->doc, "reasons");
	bool is_healthy =
	    json_object_get_boolean(member(d->doc, "healthy")) != 0;
	const char *conf = text_at(d->doc, "configuration");
	struct buf b;
	int64_t s;

	buf_init(&b, CELL_MAX);
	buf_adds(&b, "cefwd ");
	visible_add(
	    &b, text_at(d->doc, "version"), strlen(text_at(d->doc, "version")));
	if (seconds_ago(d->doc, text_at(d->doc, "started"), &s)) {
		buf_adds(&b, ", up ");
		add_span(&b, s);
	}
	buf_addf(&b, ", process %" PRId64 ", ",
	    json_object_get_int64(member(d->doc, "pid")));
	visible_add(&b, conf, strlen(conf));
	paper_wrap(&d->paper, PAPER_PLAIN, GAP, b.p);
	paper_line(&d->paper);
	buf_fini(&b);
	paper_text(&d->paper, is_healthy ? PAPER_VALUE : PAPER_TROUBLE,
	    is_healthy ? "healthy" : "not healthy");
	paper_line(&d->paper);
	draw_refused(d);
	if (!json_object_is_type(reasons, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(reasons); i++) {
		struct json_object *r = json_object_array_get_idx(reasons, i);

		if (json_object_is_type(r, json_type_string))
			draw_note(
			    d, PAPER_TROUBLE, "", json_object_get_string(r));
	}
}

void
status_table(struct json_object *doc)
{
	struct drawing d = { .doc = doc };
	bool has_title = false;

	paper_init(&d.paper);
	buf_init(&d.cell, CELL_MAX);
	draw_head(&d);
	for (size_t i = 0; i < NELEM(tables); i++)
		draw_rows(&d, tables[i].title, member(doc, tables[i].member),
		    tables[i].columns, tables[i].n);
	draw_gaps(&d, member(doc, "lanes"));
	draw_errors(&d, member(doc, "sources"), &has_title);
	draw_errors(&d, member(doc, "destinations"), &has_title);
	buf_fini(&d.cell);
}
