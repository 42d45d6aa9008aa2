/*
 * split.c - any bytes as a page, cut in any way
 *
 * What must hold: elements, refusals and the verdict are the same however the
 * bytes arrive; what json-c takes of an element is JSON by RFC 8259; an object
 * that is JSON, and holds nothing forbidden, is an element.
 *
 * Input: a byte for the shape, a byte for the cuts, the page.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/obj.h"
#include "source/record.h"
#include "source/split.h"

#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LOG_MAX   ((size_t)16 << 20)
#define LIMIT_LOW 64 /* bytes of an element, for some shapes */

static const struct split_options shapes[] = {
	{ .shape = SPLIT_PAGE, .array = "value" },
	{ .shape = SPLIT_PAGE },
	{ .shape = SPLIT_ANY },
	{ .shape = SPLIT_PAGE, .array = "value", .max_element = LIMIT_LOW },
	{ .shape = SPLIT_ANY, .max_element = LIMIT_LOW, .max_page = 4096 },
	{ .shape = SPLIT_PAGE, .array = "data/items" },
};

struct watcher {
	struct buf log; /* all that was told */
	struct record_parser *parser;
	size_t n;
};

static void
check_element(struct watcher *w, const struct split_element *el)
{
	struct json_object *o = NULL;
	struct err e;

	assert(el->text[el->len] == '\0' && el->text[0] == '{');
	assert(memchr(el->text, '\0', el->len) == NULL);
	if (record_parse(w->parser, el, &o, &e) == -1) {
		assert(e.kind == ERR_DATA && e.text[0] != '\0');
		return;
	}
	assert(json_object_is_type(o, json_type_object));
	assert(json_is_object(el->text, el->len));
	json_object_put(o);
}

static int
on_element(void *ctx, const struct split_element *el, struct err *e)
{
	struct watcher *w = ctx;

	(void)e;
	check_element(w, el);
	buf_addf(&w->log, "[%llu %llu %d ", (unsigned long long)el->index,
	    (unsigned long long)el->offset, el->has_big_int);
	buf_add(&w->log, el->text, el->len);
	buf_addc(&w->log, ']');
	w->n++;
	return 0;
}

static void
on_refused(void *ctx, uint64_t index, uint64_t offset, const char *why)
{
	struct watcher *w = ctx;

	buf_addf(&w->log, "<%llu %llu %s>", (unsigned long long)index,
	    (unsigned long long)offset, why);
}

static const struct split_handlers handlers = { on_element, on_refused };

/* The length of the next piece: fixed, or by a generator that starts at
   seed. */
struct cuts {
	size_t fixed;
	uint32_t seed;
};

static size_t
next_cut(struct cuts *c)
{
	if (c->fixed != 0)
		return c->fixed;
	c->seed = c->seed * 1664525U + 1013904223U;
	return 1 + (c->seed >> 24) % 17;
}

static int
feed(struct split *s, const char *p, size_t len, struct cuts c, struct err *e)
{
	for (size_t i = 0, n; i < len; i += n) {
		/* Pieces of their own size: a sanitizer sees a step beyond. */
		char *piece;
		int rc;

		n = next_cut(&c);
		if (n > len - i)
			n = len - i;
		piece = malloc(n);
		assert(piece != NULL);
		memcpy(piece, p + i, n);
		rc = split_feed(s, piece, n, e);
		free(piece);
		if (rc == -1)
			return -1;
	}
	return split_finish(s, e);
}

static void
play(struct watcher *w, const struct split_options *o, const char *p,
    size_t len, struct cuts c)
{
	static const char *const names[] = { "@odata.nextLink", "@odata.count",
		"error/code" };
	struct split *s = split_new(o, &handlers, w);
	struct err e = { .kind = ERR_NONE };

	buf_reset(&w->log);
	w->n = 0;
	if (feed(s, p, len, c, &e) == -1) {
		assert(e.text[0] != '\0');
		buf_addf(&w->log, "%s: %s", err_word(e.kind), e.text);
	}
	assert(split_count(s) >= w->n);
	for (size_t i = 0; i < NELEM(names); i++) {
		const char *text = split_member(s, names[i]);

		buf_addf(&w->log, " %s", text == NULL ? "-" : text);
	}
	split_free(s);
}

/* An object that is JSON, alone in an array, must come out as it is. */
static void
check_alone(struct watcher *w, const char *p, size_t len)
{
	static const struct split_options o = { .shape = SPLIT_PAGE };
	struct buf page;

	if (!json_is_plain_object(p, len))
		return;
	buf_init(&page, LOG_MAX);
	buf_addc(&page, '[');
	buf_add(&page, p, len);
	buf_addc(&page, ']');
	play(w, &o, page.p, page.len, (struct cuts){ .fixed = 3 });
	assert(w->n == 1);
	assert(strncmp(w->log.p, "[0 1 ", 5) == 0);
	assert(memcmp(w->log.p + strlen("[0 1 0 "), p, len) == 0);
	buf_fini(&page);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct watcher w = { .n = 0 };
	const struct split_options *o;
	struct cuts cuts[] = { { .fixed = 1 }, { .fixed = 2 }, { .fixed = 0 } };
	const char *p;
	struct buf whole;

	if (size < 2)
		return 0;
	o = &shapes[data[0] % NELEM(shapes)];
	cuts[2].seed = data[1] * 2654435761U;
	p = (const char *)data + 2;
	size -= 2;
	w.parser = record_parser_new();
	buf_init(&w.log, LOG_MAX);
	buf_init(&whole, LOG_MAX);
	play(&w, o, p, size, (struct cuts){ .fixed = size + 1 });
	buf_add(&whole, w.log.p, w.log.len);
	for (size_t i = 0; i < NELEM(cuts); i++) {
		play(&w, o, p, size, cuts[i]);
		assert(whole.len == w.log.len);
		assert(memcmp(whole.p, w.log.p, whole.len) == 0);
	}
	check_alone(&w, p, size);
	buf_fini(&whole);
	buf_fini(&w.log);
	record_parser_free(w.parser);
	return 0;
}
