/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/obj.h"
#include "base/utf8.h"
#include "jsonpath/jsonpath.h"
#include "map/regex.h"
#include "map/value.h"

#define CHUNK_BYTES (64u << 10) /* a typical field makes some 100 bytes */

struct chunk {
	struct chunk *next;
	size_t used, cap;
	char bytes[];
};

static struct chunk *
chunk_new(size_t len)
{
	size_t cap = len > CHUNK_BYTES ? len : CHUNK_BYTES;
	struct chunk *c = xcalloc(1, sizeof(*c) + cap);

	c->cap = cap;
	return c;
}

/* Empty it, and give back what a rare giant left behind. */
static void
arena_reset(struct arena *a)
{
	size_t kept = 0;
	struct chunk *c, **link = &a->first;

	while ((c = *link) != NULL) {
		if (kept + c->cap > MAP_KEEP_MAX) {
			*link = c->next;
			free(c);
			continue;
		}
		kept += c->cap;
		c->used = 0;
		link = &c->next;
	}
	a->current = a->first;
	a->total = 0;
}

char *
map__room(struct work *w, size_t len)
{
	struct arena *a = &w->arena;
	struct chunk *c = a->current;
	char *p;

	if (len > MAP_WORK_MAX - a->total) {
		w->has_failed = true;
		return NULL;
	}
	while (c != NULL && len > c->cap - c->used && c->next != NULL)
		c = c->next;
	if (c == NULL) {
		a->first = c = chunk_new(len);
	} else if (len > c->cap - c->used) {
		c->next = chunk_new(len);
		c = c->next;
	}
	a->current = c;
	p = c->bytes + c->used;
	c->used += len;
	a->total += len;
	return p;
}

void
map__work_init(
    struct work *w, size_t max_values, unsigned int groups, size_t n_queries)
{
	*w = (struct work){ .max_values = max_values };
	w->starts = xcalloc(max_values + 1, sizeof(*w->starts));
	w->nodes = jpath_nodes_new();
	w->memos = xcalloc(n_queries + 1, sizeof(*w->memos));
	w->match = map__regex_match_new(groups);
	buf_init(&w->scratch, MAP_VALUE_MAX);
}

void
map__work_fini(struct work *w)
{
	struct chunk *c;

	while ((c = w->arena.first) != NULL) {
		w->arena.first = c->next;
		free(c);
	}
	free(w->items);
	free(w->starts);
	free(w->memos);
	free(w->found);
	jpath_nodes_free(w->nodes);
	map__regex_match_free(w->match);
	buf_fini(&w->scratch);
}

void
map__work_record(struct work *w)
{
	w->n_found = 0;
	w->written = NULL;
	w->record_at = ++w->passes;
}

void
map__work_node(struct work *w)
{
	w->node_at = ++w->passes;
}

void
map__work_reset(struct work *w)
{
	w->n_items = 0;
	w->n_values = 0;
	arena_reset(&w->arena);
	w->searched = 0;
	w->emptied = NULL;
	w->refused = NULL;
	w->is_cut = false;
	w->has_failed = false;
	if (w->paths != NULL)
		map__paths_reset(w->paths);
}

void
map__open(struct work *w)
{
	assert(w->n_values < w->max_values);
	w->starts[w->n_values++] = w->n_items;
}

size_t
map__top(const struct work *w)
{
	assert(w->n_values > 0);
	return w->starts[w->n_values - 1];
}

void
map__close(struct work *w)
{
	w->n_items = map__top(w);
	w->n_values--;
}

void
map__push_item(struct work *w, const struct item *it)
{
	if (w->n_items == MAP_ITEMS_MAX) {
		w->has_failed = true;
		return;
	}
	w->items =
	    array_grow(w->items, w->n_items, &w->cap_items, sizeof(*w->items));
	w->items[w->n_items++] = *it;
}

void
map__push_text(struct work *w, const char *p, size_t len)
{
	const struct item it = { .p = p, .len = len };

	if (len > 0)
		map__push_item(w, &it);
}

void
map__push_json(struct work *w, struct json_object *json)
{
	const struct item it = { .json = json };

	if (map__is_value(json))
		map__push_item(w, &it);
}

bool
map__is_value(struct json_object *json)
{
	switch (json_object_get_type(json)) {
	case json_type_null:
		return false;
	case json_type_string:
		return json_object_get_string_len(json) > 0;
	case json_type_array:
		return json_object_array_length(json) > 0;
	case json_type_object:
		return json_object_object_length(json) > 0;
	case json_type_boolean:
	case json_type_int:
	case json_type_double:
		return true;
	}
	return false;
}

size_t
map__cut(const char *p, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)p[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static void
set_text(struct work *w, size_t i, const char *p, size_t len)
{
	struct item *it = &w->items[i];

	if (len > MAP_VALUE_MAX) {
		w->is_cut = true;
		len = map__cut(p, len, MAP_VALUE_MAX);
	}
	it->json = NULL;
	it->p = p;
	it->len = len;
}

/* json-c's own number conversions would allocate. */
static void
set_int(struct work *w, size_t i, struct json_object *json)
{
	int64_t v = json_object_get_int64(json);
	size_t room = NUM_I64_BYTES + 1, len;
	char *p = map__room(w, room);

	if (p == NULL) {
		set_text(w, i, "", 0);
		return;
	}
	/* json-c keeps what passes int64 as uint64, and saturates here. */
	if (v == INT64_MAX) {
		len = (size_t)snprintf(
		    p, room, "%" PRIu64, json_object_get_uint64(json));
	} else {
		len = num_write_i64(v, p);
	}
	set_text(w, i, p, len);
}

/* A text as a JSON string; json-c escapes it. */
static void
text_json(struct work *w, size_t i)
{
	struct json_object *json =
	    json_object_new_string_len(w->items[i].p, (int)w->items[i].len);
	const char *text;
	size_t len = 0;
	char *p;

	text = json_object_to_json_string_length(json,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	p = text == NULL ? NULL : map__room(w, len);
	if (p == NULL) {
		w->has_failed = true;
		set_text(w, i, "", 0);
	} else {
		memcpy(p, text, len);
		set_text(w, i, p, len);
	}
	(void)json_object_put(json);
}

void
map__item_json(struct work *w, size_t i)
{
	struct json_object *json = w->items[i].json;
	const char *p;
	size_t len;

	if (json == NULL) {
		text_json(w, i);
		return;
	}
	if (json == w->written) { /* json-c keeps the text with the object */
		set_text(w, i, w->written_text, w->written_len);
		return;
	}
	p = json_object_to_json_string_length(json,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	if (p == NULL) {
		w->has_failed = true;
		p = "";
		len = 0;
	} else {
		w->written = json;
		w->written_text = p;
		w->written_len = len;
	}
	set_text(w, i, p, len);
}

void
map__item_scalar(struct work *w, size_t i)
{
	struct json_object *json = w->items[i].json;

	if (json == NULL)
		return;
	switch (json_object_get_type(json)) {
	case json_type_null:
		set_text(w, i, "", 0);
		break;
	case json_type_string:
		set_text(w, i, json_object_get_string(json),
		    (size_t)json_object_get_string_len(json));
		break;
	case json_type_boolean:
		if (json_object_get_boolean(json))
			set_text(w, i, "true", 4);
		else
			set_text(w, i, "false", 5);
		break;
	case json_type_int:
		set_int(w, i, json);
		break;
	case json_type_double:
	case json_type_array:
	case json_type_object:
		map__item_json(w, i);
		break;
	}
}

/* Join texts and scalars. */
static void
join_scalars(struct work *w, size_t from, size_t to, const char *sep,
    size_t sep_len, struct item *out)
{
	size_t total = 0, at = 0;
	char *p;

	*out = (struct item){ .p = "" };
	for (size_t i = from; i < to; i++) {
		const struct item *it;

		map__item_scalar(w, i);
		it = &w->items[i];
		total += it->len + (i > from ? sep_len : 0);
		if (it->path_to == it->path_from)
			continue;
		if (out->path_to == out->path_from) {
			out->path_from = it->path_from;
			out->path_to = it->path_to;
		} else {
			if (it->path_from < out->path_from)
				out->path_from = it->path_from;
			if (it->path_to > out->path_to)
				out->path_to = it->path_to;
		}
	}
	if (to - from == 1) {
		out->p = w->items[from].p;
		out->len = w->items[from].len;
		return;
	}
	/* 200,000 items of 256 KiB do not pass a size_t. */
	p = map__room(w, total);
	if (p == NULL)
		return;
	for (size_t i = from; i < to; i++) {
		const struct item *it = &w->items[i];

		if (i > from && sep_len > 0) {
			memcpy(p + at, sep, sep_len);
			at += sep_len;
		}
		if (it->len > 0)
			memcpy(p + at, it->p, it->len);
		at += it->len;
	}
	out->p = p;
	out->len = map__cut(p, total, MAP_VALUE_MAX);
	w->is_cut = w->is_cut || out->len < total;
}

/* Push the elements of an array that are values; paths are the array's. */
static void
push_elements(struct work *w, const struct item *array)
{
	size_t n = json_object_array_length(array->json);

	for (size_t i = 0; i < n && !w->has_failed; i++) {
		struct item it = *array;

		it.json = json_object_array_get_idx(array->json, i);
		if (map__is_value(it.json))
			map__push_item(w, &it);
	}
}

static bool
is_array(const struct item *it)
{
	return it->json != NULL &&
	    json_object_is_type(it->json, json_type_array);
}

void
map__item_text(struct work *w, size_t i)
{
	size_t end = w->n_items;
	const struct item array = w->items[i];
	struct item text;

	if (!is_array(&array)) {
		map__item_scalar(w, i);
		return;
	}
	push_elements(w, &array);
	join_scalars(w, end, w->n_items, ",", 1, &text);
	w->n_items = end;
	set_text(w, i, text.p, text.len);
}

void
map__join(struct work *w, size_t from, size_t to, const char *sep,
    size_t sep_len, struct item *out)
{
	for (size_t i = from; i < to; i++)
		map__item_text(w, i);
	join_scalars(w, from, to, sep, sep_len, out);
}

void
map__spread(struct work *w)
{
	size_t first = map__top(w), end = w->n_items, n;
	bool has_array = false;

	for (size_t i = first; i < end && !has_array; i++)
		has_array = is_array(&w->items[i]);
	if (!has_array)
		return;
	for (size_t i = first; i < end && !w->has_failed; i++) {
		const struct item it = w->items[i];

		if (is_array(&it))
			push_elements(w, &it);
		else
			map__push_item(w, &it);
	}
	n = w->n_items - end;
	memmove(w->items + first, w->items + end, n * sizeof(*w->items));
	w->n_items = first + n;
}

bool
map__item_mend(struct work *w, struct item *it)
{
	size_t n = 0;
	char *p;

	if (utf8_valid(it->p, it->len))
		return true;
	/* A bad byte becomes three. */
	p = map__room(w, it->len * 3);
	if (p == NULL)
		return false;
	for (size_t i = 0; i < it->len;) {
		unsigned long cp;

		i += utf8_decode(it->p + i, it->len - i, &cp);
		n += utf8_encode(cp, p + n);
	}
	it->p = p;
	it->len = n;
	return true;
}

void
map__paths_init(struct paths *p)
{
	*p = (struct paths){ .n = 0 };
	buf_init(&p->text, MAP_WORK_MAX);
}

void
map__paths_fini(struct paths *p)
{
	buf_fini(&p->text);
	free(p->at);
	free(p->list);
}

void
map__paths_reset(struct paths *p)
{
	buf_reset(&p->text);
	p->n = 0;
}

const char *const *
map__paths_list(const struct work *w, size_t from, size_t to, size_t *n)
{
	struct paths *p = w->paths;
	unsigned int next = 0;

	*n = 0;
	for (size_t i = from; i < to; i++) {
		unsigned int path = w->items[i].path_from;

		/* The pieces of one value share its path. */
		if (path < next)
			path = next;
		for (; path < w->items[i].path_to && path < p->n; path++) {
			p->list = array_grow(
			    p->list, *n, &p->list_cap, sizeof(*p->list));
			p->list[(*n)++] = p->text.p + p->at[path];
			next = path + 1;
		}
	}
	return p->list;
}
