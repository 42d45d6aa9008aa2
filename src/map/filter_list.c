/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/obj.h"
#include "map/filter.h"

/* The top value becomes this one item. */
static void
set_one(struct work *w, struct item it)
{
	w->n_items = map__top(w);
	if (it.json != NULL || it.len > 0)
		map__push_item(w, &it);
}

void
map__f_join(struct work *w, const struct filter_arg *args)
{
	struct item it;

	map__join(w, map__top(w), w->n_items, args[0].text, args[0].len, &it);
	set_one(w, it);
}

void
map__f_first(struct work *w, const struct filter_arg *args)
{
	(void)args;
	w->n_items = map__top(w) + 1;
}

void
map__f_last(struct work *w, const struct filter_arg *args)
{
	(void)args;
	set_one(w, w->items[w->n_items - 1]);
}

void
map__f_count(struct work *w, const struct filter_arg *args)
{
	size_t first = map__top(w);
	struct item it = { .p = "" };
	char text[24], *p;
	int n;

	(void)args;
	n = snprintf(text, sizeof(text), "%zu", w->n_items - first);
	p = map__room(w, (size_t)n);
	if (p == NULL)
		return;
	memcpy(p, text, (size_t)n);
	it.p = p;
	it.len = (size_t)n;
	if (w->n_items > first) {
		it.path_from = w->items[first].path_from;
		it.path_to = w->items[w->n_items - 1].path_to;
	}
	set_one(w, it);
}

void
map__f_unique(struct work *w, const struct filter_arg *args)
{
	size_t first = map__top(w), kept = first;

	(void)args;
	for (size_t i = first; i < w->n_items; i++) {
		size_t j = first;

		map__item_text(w, i);
		while (j < kept &&
		    (w->items[j].len != w->items[i].len ||
			memcmp(w->items[j].p, w->items[i].p, w->items[i].len) !=
			    0))
			j++;
		if (j < kept)
			continue;
		if (kept - first == MAP_UNIQUE_MAX) {
			w->is_cut = true;
			break;
		}
		w->items[kept++] = w->items[i];
	}
	w->n_items = kept;
}

void
map__f_default(struct work *w, const struct filter_arg *args)
{
	if (w->n_items == map__top(w))
		map__push_text(w, args[0].text, args[0].len);
}

/* The start of the next separator in p from at on, else len. */
static size_t
next_separator(
    const char *p, size_t len, size_t at, const struct filter_arg *sep)
{
	const char *hit = memmem(p + at, len - at, sep->text, sep->len);

	return hit == NULL ? len : (size_t)(hit - p);
}

static int64_t
count_pieces(const struct item *it, const struct filter_arg *sep)
{
	int64_t n = 1;
	size_t at = next_separator(it->p, it->len, 0, sep);

	for (; at < it->len; n++)
		at = next_separator(it->p, it->len, at + sep->len, sep);
	return n;
}

/* Push the pieces of a text, or the n-th. */
static void
push_pieces(struct work *w, const struct filter_arg *args, struct item it)
{
	const struct filter_arg *sep = &args[0];
	int64_t wanted = args[1].kind == ARG_NONE ? 0 : args[1].number;
	size_t at = 0;

	if (wanted < 0)
		wanted += count_pieces(&it, sep) + 1;
	if (args[1].kind != ARG_NONE && wanted < 1)
		return;
	for (int64_t i = 1; !w->has_failed; i++) {
		size_t end = next_separator(it.p, it.len, at, sep);
		struct item piece = it;

		piece.p = it.p + at;
		piece.len = end - at;
		if (piece.len > 0 && (wanted == 0 || wanted == i))
			map__push_item(w, &piece);
		if (end == it.len || wanted == i)
			return;
		at = end + sep->len;
	}
}

void
map__f_split(struct work *w, const struct filter_arg *args)
{
	size_t first = map__top(w), end = w->n_items, n;

	for (size_t i = first; i < end && !w->has_failed; i++) {
		map__item_text(w, i);
		push_pieces(w, args, w->items[i]);
	}
	n = w->n_items - end;
	if (n > 0) {
		memmove(
		    w->items + first, w->items + end, n * sizeof(*w->items));
	}
	w->n_items = first + n;
}

int
map__check_split(struct filter_arg *args, const char **why)
{
	if (args[0].len == 0) {
		*why = "the separator is empty; give at least one character";
		return 0;
	}
	if (args[1].kind != ARG_NONE && args[1].number == 0) {
		*why = "pieces count from 1; -1 is the last";
		return 1;
	}
	return -1;
}
