/*
 * fault.h - what is wrong in a file that a person wrote: all of it, in one go
 *
 * A fault is printed as
 *
 *   cefwd.conf:12:1: unknown key "poll-intervall"; did you mean
 *   "poll-interval"?                            (on one line)
 *      12 | poll-intervall = 60s
 *         | ^~~~~~~~~~~~~~
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_KEYFILE_FAULT_H
#define CEFWD_KEYFILE_FAULT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct err;

enum fault_level {
	FAULT_ERROR,
	FAULT_WARNING,
};

/* A place in a file.  Copies of the strings are kept by fault_add(). */
struct fault_at {
	const char *file;  /* as the person named it */
	unsigned int line; /* 1-based; 0: the file as a whole */
	unsigned int col;  /* 1-based, in characters; 0: the whole line */
	unsigned int len;  /* characters to underline; 0 or 1: one */
	const char *text;  /* that source line, NUL-terminated; NULL: none */
};

struct fault {
	enum fault_level level;
	char *file;
	unsigned int line, col, len;
	char *text;    /* source line or NULL */
	char *message; /* one line: what is wrong, and the mend */
};

struct faults;

struct faults *faults_new(void);
void faults_free(struct faults *f); /* NULL is fine */

/*
 * Add one; past KF_FAULTS_MAX of a level they are only counted.  Control
 * characters in the message become "?"; it is cut at ERR_TEXT_MAX.
 */
void
fault_add(struct faults *f, enum fault_level level, const struct fault_at *at,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void fault_add_va(struct faults *f, enum fault_level level,
    const struct fault_at *at, const char *fmt, va_list ap)
    __attribute__((format(printf, 4, 0)));

/* How many were added, and how many of both levels were kept. */
size_t faults_count(const struct faults *f, enum fault_level level);
size_t faults_len(const struct faults *f);

/* The i-th, in order of file (first come), line and column once
   faults_sort() has run; of arrival before. */
const struct fault *faults_get(const struct faults *f, size_t i);
void faults_sort(struct faults *f);

/*
 * Print all, sorted, with source line and underline: TABs of the source are
 * kept so that the marks stand under the text; control characters are shown
 * as "?"; of a long line the part round the place is shown.  With is_quiet,
 * warnings are left out.
 */
void faults_print(struct faults *f, FILE *out, bool is_quiet);

/* Write the first error as "file:line:col: message" (and how many more) into
   e as ERR_CONFIG; returns -1, or 0 where there is no error. */
int faults_to_err(struct faults *f, struct err *e);

#endif /* CEFWD_KEYFILE_FAULT_H */
