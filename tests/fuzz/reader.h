/*
 * reader.h - a CEF line read back, by the standard and nothing else
 *
 * Written from the CEF Implementation Standard without a look at src/cef:
 * seven pipes; in a header "\\" and "\|" are the only escapes, in a value
 * "\\", "\=" and "\n"; a key stands behind a blank and before a bare "=".
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_TESTS_FUZZ_READER_H
#define CEFWD_TESTS_FUZZ_READER_H

#include <stdbool.h>
#include <stddef.h>

struct cef_event;

#define READER_HEADERS 7 /* the version is the first */
#define READER_PAIRS   256

struct reader_text {
	char *p; /* NUL-terminated */
	size_t len;
};

struct reader {
	struct reader_text header[READER_HEADERS];
	struct reader_text key[READER_PAIRS], value[READER_PAIRS];
	size_t n;
};

/* Read a line (no LF); whatever breaks a rule fails an assertion. */
void reader_read(struct reader *r, const char *line, size_t len);
void reader_free(struct reader *r);

/* The value of a key, NULL where it did not come. */
const struct reader_text *reader_find(const struct reader *r, const char *key);

/*
 * The line must hold just what the event holds: every pair once and in its
 * order, and every header field.  Keys of CEF 1.2 are left out for version 0.
 */
void reader_expect(
    const char *line, size_t len, const struct cef_event *ev, char version);

#endif /* CEFWD_TESTS_FUZZ_READER_H */
