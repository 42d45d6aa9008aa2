/*
 * keyfile.h - the one syntax of cefwd.conf and *.map, with every position
 *
 *   key = value            # comment: a '#' at line start or after a blank,
 *   [kind name]            #   outside quotes
 *   key = "quoted # text"  \
 *         continued        # a '\' as the very last character joins the next
 *                          #   line, whose indent is dropped
 *
 * UTF-8; LF or CRLF; a BOM is skipped; lines of at most KF_LINE_MAX bytes.
 * "..." quotes everywhere (in it \ takes the next character along); '...'
 * quotes only in the values of KF_MAP.  There, too, the braces of a "...{}..."
 * may hold quotes of their own, and a \ outside quotes takes the next
 * character along, so that a /regex/ can hold \".  A comment is never joined
 * to the next line.
 *
 * The reader does no I/O, and keeps going after a fault, so that all are told
 * in one go.  The entries of a section with a faulty header are left out with
 * it: they would only be told as unknown elsewhere.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_KEYFILE_KEYFILE_H
#define CEFWD_KEYFILE_KEYFILE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "keyfile/fault.h"

struct buf;

enum kf_flavour {
	KF_CONF, /* ' is an ordinary character */
	KF_MAP,  /* ' quotes as " does: values are expressions */
};

/* key = value.  The value has no comment, no outer blanks, continuation
   lines joined; its quotes stand as written. */
struct kf_entry {
	const char *key; /* as written, NUL-terminated */
	const char *value;
	size_t value_len;
	const struct kf_section *section;
	const void *priv; /* positions; see kf_key_at(), kf_value_at() */
};

/* The entries above the first section form section 0: kind "", name "". */
struct kf_section {
	const char *kind; /* "source" of [source defender] */
	const char *name; /* "defender"; "" where there is none */
	const struct kf_entry *const *entries;
	size_t n_entries;
	const void *priv;
};

struct kf;

/*
 * kf_parse(file, text, len, flavour, faults): read len bytes of text; file is
 * its name in messages.  Copies all it needs.  Never NULL: what is faulty is
 * told to faults and left out.  Names of sections and keys keep their case.
 */
struct kf *kf_parse(const char *file, const char *text, size_t len,
    enum kf_flavour flavour, struct faults *faults);
void kf_free(struct kf *kf);

const char *kf_file(const struct kf *kf);
size_t kf_n_sections(const struct kf *kf); /* at least 1 */
const struct kf_section *kf_section(const struct kf *kf, size_t i);

/* The first entry with that key, NULL if there is none. */
const struct kf_entry *kf_find(const struct kf_section *s, const char *key);

/*
 * Where things stand.  kf_value_at() takes byte offsets into the value (past
 * its end: just behind it) and finds the line they were written on, also
 * across joined lines.  The at->text stays valid as long as the kf.
 */
void kf_section_at(const struct kf_section *s, struct fault_at *at);
void kf_key_at(const struct kf_entry *en, struct fault_at *at);
void kf_value_at(
    const struct kf_entry *en, size_t offset, size_t len, struct fault_at *at);

/* Add a fault at an entry's key, or at a part of its value. */
void kf_fault_key(struct faults *f, enum fault_level level,
    const struct kf_entry *en, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void kf_fault_value(struct faults *f, enum fault_level level,
    const struct kf_entry *en, size_t offset, size_t len, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
void kf_fault_section(struct faults *f, enum fault_level level,
    const struct kf_section *s, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * kf_word(en, pos, out, faults): read the next word or "quoted text" of a
 * value from *pos into out, which is emptied first: quotes are taken off and
 * the escapes \\ \" \n \t undone.  Returns 1, with *word_at (may be NULL) at
 * its first byte and *word_len (may be NULL) its length as written; 0 at the
 * end; -1 after a fault.  *pos is behind the word in all cases, so that the
 * caller can go on.
 */
int kf_word(const struct kf_entry *en, size_t *pos, struct buf *out,
    size_t *word_at, size_t *word_len, struct faults *faults);

/*
 * near_name(name, names, n): the nearest of n names (at most a third of the
 * letters wrong), or NULL: for "did you mean".
 */
const char *near_name(const char *name, const char *const *names, size_t n);

#endif /* CEFWD_KEYFILE_KEYFILE_H */
