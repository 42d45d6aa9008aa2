/*
 * slice.h - creation time cut into slices, read from left to right
 *
 *      lo     hi      rest[1]            rest[0]
 *   ---|======|-------|------------------|-----> open
 *      under way        still to come
 *
 * A slice that cannot be read whole gives its right half back to the rest.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SOURCE_SLICE_H
#define CEFWD_SOURCE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Halving all of 64-bit time down to a second takes 40 edges. */
#define SLICES_MAX 64U

/* Not halved below it: one bulk import can stamp any number alike. */
#define SLICE_MIN  STAMP_PER_S

struct slices {
	int64_t lo, hi;           /* stamps; hi STAMP_NONE: open */
	int64_t rest[SLICES_MAX]; /* right edges, the next one last */
	size_t n;
};

/* One slice from lo to hi. */
void slices_init(struct slices *s, int64_t lo, int64_t hi);

/* The slice under way is done: go on to the next.  False: it was the last. */
bool slices_next(struct slices *s);

/* Cut it in two (an open one between lo and now) and stay with the left half.
   False where it is too small. */
bool slices_halve(struct slices *s, int64_t now);
bool slices_can_halve(const struct slices *s, int64_t now);

/* Keep it at most width long; the rest follows. */
void slices_clip(struct slices *s, int64_t now, int64_t width);

/* Put [lo, s->lo) back in front of the slice under way. */
void slices_back(struct slices *s, int64_t lo);

#endif /* CEFWD_SOURCE_SLICE_H */
