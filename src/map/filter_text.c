/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/obj.h"
#include "base/utf8.h"
#include "map/filter.h"
#include "map/lookup.h"
#include "map/regex.h"

bool
map__f_lookup(struct work *w, const struct filter_arg *args, struct item *it)
{
	const struct lookup_row *row =
	    map__lookup_find(args[0].lookup, it->p, it->len);

	(void)w;
	if (row == NULL)
		return false;
	if (row->value != NULL) {
		it->p = row->value;
		it->len = row->value_len;
	}
	return true;
}

/* Move the letters of one case, that begins at from, by distance. */
static bool
change_case(struct work *w, struct item *it, char from, int distance)
{
	char *p = map__room(w, it->len);

	if (p == NULL)
		return false;
	for (size_t i = 0; i < it->len; i++) {
		char c = it->p[i];

		if (c >= from && c <= from + ('z' - 'a'))
			c = (char)(c + distance);
		p[i] = c;
	}
	it->p = p;
	return true;
}

bool
map__f_lower(struct work *w, const struct filter_arg *args, struct item *it)
{
	(void)args;
	return change_case(w, it, 'A', 'a' - 'A');
}

bool
map__f_upper(struct work *w, const struct filter_arg *args, struct item *it)
{
	(void)args;
	return change_case(w, it, 'a', 'A' - 'a');
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool
map__f_trim(struct work *w, const struct filter_arg *args, struct item *it)
{
	(void)w;
	(void)args;
	for (; it->len > 0 && is_blank(it->p[0]); it->len--)
		it->p++;
	while (it->len > 0 && is_blank(it->p[it->len - 1]))
		it->len--;
	return true;
}

/* Read "$1", "${12}" or "$$" at p: its length, or 0; *group is -1 for "$$". */
static size_t
reference(const char *p, size_t len, int *group)
{
	bool is_braced = len > 1 && p[1] == '{';
	size_t i = is_braced ? 2 : 1;
	size_t first = i;

	*group = -1;
	if (len > 1 && p[1] == '$')
		return 2;
	for (*group = 0; i < len && i < first + 3; i++) {
		if (p[i] < '0' || p[i] > '9')
			break;
		*group = *group * 10 + (p[i] - '0');
	}
	if (i == first || (is_braced && (i == len || p[i] != '}')))
		return 0;
	return is_braced ? i + 1 : i;
}

int
map__check_replace(struct filter_arg *args, const char **why)
{
	const struct filter_arg *text = &args[1];

	for (size_t i = 0; i < text->len; i++) {
		size_t n;
		int group;

		if (text->text[i] != '$')
			continue;
		n = reference(text->text + i, text->len - i, &group);
		if (n == 0) {
			*why = "a $ names a group of the regex: $1; "
			       "a dollar itself is $$";
			return 1;
		}
		if (group > (int)map__regex_groups(args[0].regex)) {
			*why = "the regex has no such group";
			return 1;
		}
		i += n - 1;
	}
	return -1;
}

/* Append the replacement for the last match. */
static void
add_replacement(struct work *w, const struct filter_arg *text, const char *p)
{
	for (size_t i = 0; i < text->len; i++) {
		size_t from, to;
		int group;

		if (text->text[i] != '$') {
			buf_addc(&w->scratch, text->text[i]);
			continue;
		}
		i += reference(text->text + i, text->len - i, &group) - 1;
		if (group == -1)
			buf_addc(&w->scratch, '$');
		else if (map__regex_span(
			     w->match, (unsigned int)group, &from, &to))
			buf_add(&w->scratch, p + from, to - from);
	}
}

/* Write p with every match replaced to w->scratch; false: limit passed. */
static bool
replace_all(
    struct work *w, const struct filter_arg *args, const char *p, size_t len)
{
	size_t at = 0, copied = 0;
	bool is_again = false;

	while (at <= len && buf_ok(&w->scratch)) {
		size_t from, to;
		int found = map__regex_exec(
		    args[0].regex, w->match, p, len, at, is_again);

		if (found == -1)
			return false;
		if (found == 0 && !is_again)
			break;
		if (found == 0) { /* behind an empty match: one character on */
			at += at < len ? utf8_prefix(p + at, len - at, 1) : 1;
			is_again = false;
			continue;
		}
		if (!map__regex_span(w->match, 0, &from, &to) || from < copied)
			break;
		buf_add(&w->scratch, p + copied, from - copied);
		add_replacement(w, &args[1], p);
		at = copied = to;
		is_again = from == to;
	}
	buf_add(&w->scratch, p + copied, len - copied);
	return true;
}

/* Make a text one that a regex may be let loose on. */
static bool
make_subject(struct work *w, struct item *it)
{
	size_t len = map__cut(it->p, it->len, MAP_REGEX_TEXT_MAX);

	w->is_cut = w->is_cut || len < it->len;
	it->len = len;
	/* A field is short: who searches more for it is under attack. */
	if (len > MAP_VALUE_MAX - w->searched) {
		w->has_failed = true;
		return false;
	}
	w->searched += len;
	return map__item_mend(w, it);
}

bool
map__f_replace(struct work *w, const struct filter_arg *args, struct item *it)
{
	char *p;

	if (!make_subject(w, it))
		return false;
	buf_reset(&w->scratch);
	if (!replace_all(w, args, it->p, it->len)) {
		w->has_failed = true;
		return false;
	}
	w->is_cut = w->is_cut || !buf_ok(&w->scratch);
	p = map__room(w, w->scratch.len);
	if (p == NULL)
		return false;
	memcpy(p, w->scratch.p, w->scratch.len);
	it->p = p;
	it->len = w->scratch.len;
	return true;
}

int
map__check_extract(struct filter_arg *args, const char **why)
{
	struct filter_arg *group = &args[1];
	const struct map_regex *re = args[0].regex;

	if (group->kind == ARG_NONE) {
		group->number = map__regex_groups(re) > 0 ? 1 : 0;
		return -1;
	}
	if (group->text != NULL)
		group->number = map__regex_group(re, group->text);
	if (group->number >= 0 && group->number <= map__regex_groups(re))
		return -1;
	*why = "the regex has no such group; put ( ) round what you want";
	return 1;
}

bool
map__f_extract(struct work *w, const struct filter_arg *args, struct item *it)
{
	size_t from, to;
	int found;

	if (!make_subject(w, it))
		return false;
	found =
	    map__regex_exec(args[0].regex, w->match, it->p, it->len, 0, false);
	if (found == -1)
		w->has_failed = true;
	if (found != 1 ||
	    !map__regex_span(
		w->match, (unsigned int)args[1].number, &from, &to))
		return false;
	it->p += from;
	it->len = to - from;
	return true;
}

int
map__check_truncate(struct filter_arg *args, const char **why)
{
	if (args[0].number > 0)
		return -1;
	*why = "a length is 1 or more";
	return 0;
}

bool
map__f_truncate(struct work *w, const struct filter_arg *args, struct item *it)
{
	(void)w;
	it->len = utf8_prefix(it->p, it->len, (size_t)args[0].number);
	return true;
}

static bool
is_separator(char c)
{
	return c == '/' || c == '\\';
}

/* The length of a path without its last part and the separators before it. */
static size_t
parent(const char *p, size_t len)
{
	while (len > 0 && !is_separator(p[len - 1]))
		len--;
	while (len > 1 && is_separator(p[len - 1]) && p[len - 2] != ':')
		len--;
	return len;
}

bool
map__f_basename(struct work *w, const struct filter_arg *args, struct item *it)
{
	size_t from;

	(void)w;
	(void)args;
	while (it->len > 1 && is_separator(it->p[it->len - 1]))
		it->len--;
	for (from = it->len; from > 0 && !is_separator(it->p[from - 1]);)
		from--;
	if (from < it->len) {
		it->p += from;
		it->len -= from;
	}
	return true;
}

bool
map__f_dirname(struct work *w, const struct filter_arg *args, struct item *it)
{
	(void)w;
	(void)args;
	while (it->len > 1 && is_separator(it->p[it->len - 1]))
		it->len--;
	it->len = parent(it->p, it->len);
	return it->len > 0;
}

bool
map__f_json(struct work *w, const struct filter_arg *args, struct item *it)
{
	(void)w; /* the item came as its JSON text */
	(void)args;
	return it->len > 0;
}
