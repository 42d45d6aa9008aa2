/*
 * keyfile_priv.h - what the files of the room share
 *
 * A logical line is one or more lines of the file, joined.  All offsets below
 * "at" are bytes of its text; its segments say where each stretch of it was
 * written.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_KEYFILE_KEYFILE_PRIV_H
#define CEFWD_KEYFILE_KEYFILE_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"
#include "keyfile/keyfile.h"

#define KF_NONE ((size_t)-1)

/* A line of the file, in kf's own copy; NULs are replaced. */
struct kf_line {
	char *text; /* NUL-terminated, without LF or CRLF */
	size_t len;
	bool is_bad; /* a fault in it was told */
};

struct kf {
	char *file;
	char *text;
	struct kf_line *lines;
	size_t n_lines;
	struct kf_section_row **sections;
	size_t n_sections, sections_cap;
	struct kf_entry_row **entries; /* of all sections */
	size_t n_entries, entries_cap;
};

struct kf_seg {
	size_t at;   /* where it begins in the logical text */
	size_t line; /* index of the line */
	size_t off;  /* its first byte in that line */
};

/* Where the parts of an entry or a section header stand. */
struct kf_place {
	const struct kf *kf;
	struct kf_seg *segs;
	size_t n_segs;
	size_t head_at, head_len;   /* the key; the section header */
	size_t value_at, value_len; /* entries only */
};

struct kf_entry_row {
	struct kf_entry pub;
	struct kf_place place;
	char *key, *value; /* owns what pub shows */
};

struct kf_section_row {
	struct kf_section pub;
	struct kf_place place;
	char *kind, *name;
	const struct kf_entry **entries;
	size_t cap;
};

/*
 * The quotes of a logical line, byte by byte.  With follows_braces, "{" in a
 * "..." of a map's value opens an expression, which may hold quotes.
 */
struct kf_scan {
	enum kf_flavour flavour;
	bool follows_braces;
	bool is_escaped;
	bool after_blank;
	size_t eq;      /* the first "=" outside quotes; KF_NONE */
	size_t comment; /* its "#"; KF_NONE */
	size_t odd;     /* the first kf__is_odd() outside quotes; KF_NONE */
	size_t depth;
	size_t opened; /* the outermost quote */
	char open[2 * MAP_EXPR_DEPTH_MAX + 2];
};

void
kf__scan_init(struct kf_scan *s, enum kf_flavour flavour, bool follows_braces);

/* Feed the bytes of a segment; at is where it begins. */
void kf__scan_segment(struct kf_scan *s, const char *p, size_t len, size_t at);

/* Where a stretch of a logical line stands in the file. */
void kf__locate(const struct kf *kf, const struct kf_seg *segs, size_t n_segs,
    size_t at, size_t len, struct fault_at *out);

bool kf__is_blank(char c);

/*
 * Whether a character begins at p that looks like a blank or a quote and is
 * none, as text processors and web pages have them: its code point, 0 if not.
 */
unsigned long kf__is_odd(const char *p, size_t len);

#endif /* CEFWD_KEYFILE_KEYFILE_PRIV_H */
