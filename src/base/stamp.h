/*
 * stamp.h - points in time as the alert APIs write them
 *
 * A stamp counts ticks of 100 ns since 1970-01-01T00:00:00Z: the seven
 * fraction digits of Microsoft's times exactly, so that a cursor never rounds
 * up past a record.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_BASE_STAMP_H
#define CEFWD_BASE_STAMP_H

#include <stddef.h>
#include <stdint.h>

#define STAMP_NONE     INT64_MIN
#define STAMP_PER_MS   10000
#define STAMP_PER_S    10000000
#define STAMP_TEXT_MAX 32 /* bytes of the longest text, NUL included */

/*
 * stamp_parse(s, len, out): ISO 8601 date and time: "T", "t" or a blank
 * between them, seconds optional, any number of fraction digits (what is
 * finer than a tick is cut, never rounded), then Z, an offset (+hh, +hhmm,
 * +hh:mm) or nothing (UTC).  A date alone is its midnight.  Returns 0, or -1
 * with *out untouched (.NET's zero, year 1, is a valid time).
 */
int stamp_parse(const char *s, size_t len, int64_t *out);

/* Write a stamp as 2026-01-02T03:04:05.1234567Z (always seven digits). */
void stamp_format(int64_t stamp, char out[STAMP_TEXT_MAX]);

/* Milliseconds since the epoch, rounded towards the past; and back. */
int64_t stamp_to_ms(int64_t stamp);
int64_t stamp_from_ms(int64_t unix_ms);

/* The host's clock as a stamp. */
int64_t stamp_now(void);

#endif /* CEFWD_BASE_STAMP_H */
