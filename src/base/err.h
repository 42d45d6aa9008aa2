/*
 * err.h - errors as values: a kind for the program, a text for the person
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_BASE_ERR_H
#define CEFWD_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/limits.h"

enum err_kind {
#define ERR(symbol, word, status, retry, meaning) ERR_##symbol,
#include "base/err.def"
#undef ERR
};

/* The kind says what the caller does, the text what happened, where, and the
   mend: one line, no newline, no secrets. */
struct err {
	enum err_kind kind;
	char text[ERR_TEXT_MAX];
};

/*
 * err_set(e, kind, fmt, ...): fill *e (e may be NULL) and return -1, so that
 * a function can end in it.  Control bytes in the text become blanks.
 */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set(), with ": " and the words of the errno value at the end. */
int err_set_errno(struct err *e, enum err_kind kind, int errnum,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * err_context(e, fmt, ...): put "context: " before the text already in *e;
 * the kind stays.  Returns -1.
 */
int err_context(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* err_clear(e): back to ERR_NONE and "". */
void err_clear(struct err *e);

/* The kind's word, exit status (sysexits.h), and whether trying again without
   a person's help can succeed. */
const char *err_word(enum err_kind kind);
int err_status(enum err_kind kind);
bool err_retries(enum err_kind kind);

#endif /* CEFWD_BASE_ERR_H */
