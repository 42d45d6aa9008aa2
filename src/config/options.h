/*
 * options.h - the one table of the options of cefwd.conf
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CONFIG_OPTIONS_H
#define CEFWD_CONFIG_OPTIONS_H

#include "config/conf_priv.h"

enum option_type {
	OPTION_TEXT,     /* const char * */
	OPTION_PATH,     /* const char *, relative ones to the file's folder */
	OPTION_TEXTS,    /* struct conf_words */
	OPTION_PATHS,    /* struct conf_words */
	OPTION_DURATION, /* uint64_t, ms */
	OPTION_SIZE,     /* uint64_t, bytes */
	OPTION_NUMBER,   /* uint64_t */
	OPTION_CHOICE,   /* unsigned int, index into words */
};

/* What a changed value does when the files are read again. */
enum option_reload {
	RELOAD_SECTION, /* what the section describes starts over */
	RELOAD_LIVE,    /* it holds from now on, nothing starts over */
	RELOAD_NEVER,   /* a person must start the program anew */
};

struct option {
	enum conf_kind kind;
	const char *key;
	enum option_type type;
	size_t offset;   /* in the raw struct of the kind */
	const char *def; /* goes through the same parser; NULL: none */
	uint64_t min, max;
	bool allows_zero;         /* besides min to max: "never", "none" */
	bool is_required;         /* a fault where it is missing */
	const char *const *words; /* choices, NULL-terminated */
	conf_check_fn *check;     /* shape of each word; NULL: any */
	enum option_reload reload;
	bool is_reread; /* the file it names is read at each use anyway */
	const char *help;
};

/* By index; NULL past the end. */
const struct option *option_at(size_t i);
const struct option *option_find(enum conf_kind kind, const char *key);

/* A bound of the option as a person would write it: "15m", "64k". */
void option_add_number(struct buf *b, const struct option *o, uint64_t n);

/* The known key nearest to a misspelt one, NULL if none is near. */
const char *option_near(enum conf_kind kind, const char *key);

#endif /* CEFWD_CONFIG_OPTIONS_H */
