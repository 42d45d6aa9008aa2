/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <assert.h>

#include "base/stamp.h"

#include "source/slice.h"

void
slices_init(struct slices *s, int64_t lo, int64_t hi)
{
	*s = (struct slices){ .lo = lo, .hi = hi };
}

bool
slices_next(struct slices *s)
{
	if (s->n == 0)
		return false;
	s->lo = s->hi;
	s->hi = s->rest[--s->n];
	return true;
}

static bool
cut(struct slices *s, int64_t at)
{
	if (s->n == SLICES_MAX)
		return false;
	s->rest[s->n++] = s->hi;
	s->hi = at;
	return true;
}

bool
slices_can_halve(const struct slices *s, int64_t now)
{
	int64_t end = s->hi == STAMP_NONE ? now : s->hi;

	return s->n < SLICES_MAX && end > s->lo &&
	    (end - s->lo) / 2 >= SLICE_MIN;
}

bool
slices_halve(struct slices *s, int64_t now)
{
	int64_t end = s->hi == STAMP_NONE ? now : s->hi;

	if (!slices_can_halve(s, now))
		return false;
	return cut(s, s->lo + (end - s->lo) / 2);
}

void
slices_clip(struct slices *s, int64_t now, int64_t width)
{
	int64_t end = s->hi == STAMP_NONE ? now : s->hi;

	if (end > s->lo && end - s->lo > width)
		(void)cut(s, s->lo + width);
}

void
slices_back(struct slices *s, int64_t lo)
{
	int64_t hi = s->lo;

	assert(s->n < SLICES_MAX);
	s->rest[s->n++] = s->hi;
	s->lo = lo;
	s->hi = hi;
}
