/*
 * filter.h - the filters of expressions, as a table
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_MAP_FILTER_H
#define CEFWD_MAP_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "map/value.h"

struct lookup;
struct map_regex;

#define FILTER_ARGS_MAX 2

enum arg_kind {
	ARG_NONE,
	ARG_TEXT,   /* "plain string" */
	ARG_NUMBER, /* whole number */
	ARG_REGEX,  /* /regex/ */
	ARG_LOOKUP, /* NAME of a [lookup NAME] */
	ARG_VALUE,  /* a string or a number, taken as text */
	ARG_GROUP,  /* a group of the regex before it: number or name */
};

struct filter_arg {
	enum arg_kind kind; /* ARG_NONE: not given */
	char *text;
	size_t len;
	int64_t number;
	struct map_regex *regex;
	struct lookup *lookup;
	size_t at, at_len; /* where it is written */
};

enum filter_on {
	FILTER_ON_TEXT, /* each element as a text */
	FILTER_ON_JSON, /* each element as it came; arrays are not spread */
	FILTER_ON_LIST, /* all elements at once */
};

struct filter {
	const char *name;
	enum filter_on on;
	bool takes_nothing; /* acts on no value too */
	unsigned int min_args;
	enum arg_kind args[FILTER_ARGS_MAX];
	/* One element; false: it has no value.  For FILTER_ON_TEXT it->p,
	   it->len come in and go out. */
	bool (*each)(
	    struct work *w, const struct filter_arg *args, struct item *it);
	/* The top value. */
	void (*list)(struct work *w, const struct filter_arg *args);
	/* Look at the arguments when the map is read: the index of the faulty
	   one with why set, or -1. */
	int (*check)(struct filter_arg *args, const char **why);
	const char *help; /* one sentence, as in the manual */
};

const struct filter *map__filter_find(const char *name);
const struct filter *map__filter_at(size_t i); /* NULL past the last */
const char *map__filter_near(const char *name);

/* Apply a filter to the top value. */
void map__filter_apply(
    struct work *w, const struct filter *f, const struct filter_arg *args);

/* filter_text.c */
bool map__f_lookup(struct work *, const struct filter_arg *, struct item *);
bool map__f_lower(struct work *, const struct filter_arg *, struct item *);
bool map__f_upper(struct work *, const struct filter_arg *, struct item *);
bool map__f_trim(struct work *, const struct filter_arg *, struct item *);
bool map__f_replace(struct work *, const struct filter_arg *, struct item *);
bool map__f_extract(struct work *, const struct filter_arg *, struct item *);
bool map__f_truncate(struct work *, const struct filter_arg *, struct item *);
bool map__f_basename(struct work *, const struct filter_arg *, struct item *);
bool map__f_dirname(struct work *, const struct filter_arg *, struct item *);
bool map__f_json(struct work *, const struct filter_arg *, struct item *);
int map__check_replace(struct filter_arg *, const char **why);
int map__check_extract(struct filter_arg *, const char **why);
int map__check_truncate(struct filter_arg *, const char **why);

/* filter_net.c */
bool map__f_host(struct work *, const struct filter_arg *, struct item *);
bool map__f_domain(struct work *, const struct filter_arg *, struct item *);
bool map__f_ip4(struct work *, const struct filter_arg *, struct item *);
bool map__f_ip6(struct work *, const struct filter_arg *, struct item *);
bool map__f_mac(struct work *, const struct filter_arg *, struct item *);

/* filter_number.c */
bool map__f_time(struct work *, const struct filter_arg *, struct item *);
bool map__f_number(struct work *, const struct filter_arg *, struct item *);
int map__check_time(struct filter_arg *, const char **why);

/* filter_list.c */
void map__f_join(struct work *, const struct filter_arg *);
void map__f_split(struct work *, const struct filter_arg *);
void map__f_first(struct work *, const struct filter_arg *);
void map__f_last(struct work *, const struct filter_arg *);
void map__f_count(struct work *, const struct filter_arg *);
void map__f_unique(struct work *, const struct filter_arg *);
void map__f_default(struct work *, const struct filter_arg *);
int map__check_split(struct filter_arg *, const char **why);

#endif /* CEFWD_MAP_FILTER_H */
