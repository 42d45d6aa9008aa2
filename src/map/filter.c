/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/obj.h"
#include "keyfile/keyfile.h"
#include "map/filter.h"

/* clang-format off */
#define TEXT(name, min, a0, a1, check) \
	#name, FILTER_ON_TEXT, false, min, { a0, a1 }, map__f_##name, NULL, check
#define LIST(name, nothing, min, a0, a1, check) \
	#name, FILTER_ON_LIST, nothing, min, { a0, a1 }, NULL, map__f_##name, check

/* How it acts, its arguments (the first "min" of them needed), the check of
   their values, and what the manual says.  Ordered as the manual is. */
static const struct filter filters[] = {
	{ TEXT(time, 0, ARG_TEXT, ARG_NONE, map__check_time),
	    "A time (ISO 8601, epoch seconds or milliseconds, or by a "
	    "strptime(3) format) to epoch milliseconds." },
	{ TEXT(lookup, 1, ARG_LOOKUP, ARG_NONE, NULL),
	    "What the table [lookup NAME] holds for it." },
	{ LIST(join, false, 1, ARG_TEXT, ARG_NONE, NULL),
	    "All values as one text, with a separator between them." },
	{ LIST(split, false, 1, ARG_TEXT, ARG_NUMBER, map__check_split),
	    "The pieces between separators, or the N-th of them; -1 is the "
	    "last." },
	{ LIST(first, false, 0, ARG_NONE, ARG_NONE, NULL),
	    "The first value." },
	{ LIST(last, false, 0, ARG_NONE, ARG_NONE, NULL),
	    "The last value." },
	{ LIST(count, true, 0, ARG_NONE, ARG_NONE, NULL),
	    "How many values there are; 0 where there is none." },
	{ LIST(unique, false, 0, ARG_NONE, ARG_NONE, NULL),
	    "Each different value once, in the order of first coming." },
	{ TEXT(lower, 0, ARG_NONE, ARG_NONE, NULL),
	    "ASCII letters in lower case." },
	{ TEXT(upper, 0, ARG_NONE, ARG_NONE, NULL),
	    "ASCII letters in upper case." },
	{ TEXT(trim, 0, ARG_NONE, ARG_NONE, NULL),
	    "Without blanks, tabs and newlines at either end." },
	{ TEXT(replace, 2, ARG_REGEX, ARG_TEXT, map__check_replace),
	    "Every match of the regex replaced; in the text $1 is its first "
	    "group, $0 the match, $$ a dollar." },
	{ TEXT(extract, 1, ARG_REGEX, ARG_GROUP, map__check_extract),
	    "The first match of the regex: its group by number or name, else "
	    "its first group, else all of it." },
	{ TEXT(truncate, 1, ARG_NUMBER, ARG_NONE, map__check_truncate),
	    "The first N characters." },
	{ TEXT(basename, 0, ARG_NONE, ARG_NONE, NULL),
	    "The last part of a path with / or \\." },
	{ TEXT(dirname, 0, ARG_NONE, ARG_NONE, NULL),
	    "A path with / or \\ without its last part." },
	{ TEXT(host, 0, ARG_NONE, ARG_NONE, NULL),
	    "The host of a URL, a mail address or host:port." },
	{ TEXT(domain, 0, ARG_NONE, ARG_NONE, NULL),
	    "What follows the first dot of a host name (also in a URL), "
	    "what follows the @ of a mail address, or what stands before the "
	    "\\ of DOMAIN\\user." },
	{ TEXT(ip4, 0, ARG_NONE, ARG_NONE, NULL),
	    "The value if it is an IPv4 address." },
	{ TEXT(ip6, 0, ARG_NONE, ARG_NONE, NULL),
	    "The value if it is an IPv6 address, without its zone." },
	{ TEXT(mac, 0, ARG_NONE, ARG_NONE, NULL),
	    "A MAC address in any notation as AA:BB:CC:DD:EE:FF." },
	{ TEXT(number, 0, ARG_NONE, ARG_NONE, NULL),
	    "The value if it is a number; true is 1, false is 0." },
	{ "json", FILTER_ON_JSON, false, 0, { ARG_NONE, ARG_NONE },
	    map__f_json, NULL, NULL,
	    "Its JSON text." },
	{ LIST(default, true, 1, ARG_VALUE, ARG_NONE, NULL),
	    "The given value where there is none." },
};
/* clang-format on */

const struct filter *
map__filter_at(size_t i)
{
	return i < NELEM(filters) ? &filters[i] : NULL;
}

const struct filter *
map__filter_find(const char *name)
{
	for (size_t i = 0; i < NELEM(filters); i++) {
		if (strcmp(filters[i].name, name) == 0)
			return &filters[i];
	}
	return NULL;
}

const char *
map__filter_near(const char *name)
{
	const char *names[NELEM(filters)];

	for (size_t i = 0; i < NELEM(filters); i++)
		names[i] = filters[i].name;
	return near_name(name, names, NELEM(filters));
}

void
map__filter_apply(
    struct work *w, const struct filter *f, const struct filter_arg *args)
{
	size_t first = map__top(w), kept = first;

	if (f->on != FILTER_ON_JSON)
		map__spread(w);
	if (w->n_items == first && !f->takes_nothing)
		return;
	if (f->on == FILTER_ON_LIST) {
		f->list(w, args);
		if (w->n_items == first)
			w->emptied = f->name;
		return;
	}
	for (size_t i = first; i < w->n_items && !w->has_failed; i++) {
		struct item it;

		if (f->on == FILTER_ON_TEXT)
			map__item_scalar(w, i);
		else
			map__item_json(w, i);
		it = w->items[i];
		if (f->each(w, args, &it) && it.len > 0)
			w->items[kept++] = it;
	}
	w->n_items = kept;
	if (kept == first)
		w->emptied = f->name;
}
