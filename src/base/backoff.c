/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/random.h>

#include "base/backoff.h"

uint64_t
jitter_ms(uint64_t v)
{
	uint64_t r = 0;

	/* Without entropy the middle will do: jitter is no secret. */
	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != (ssize_t)sizeof(r))
		return v;
	return v - v / 4 + r % (v / 2 + 1);
}

uint64_t
backoff_next_ms(struct backoff *b)
{
	uint64_t step = b->next_ms == 0 ? b->first_ms : b->next_ms;

	b->next_ms = step >= b->max_ms / 2 ? b->max_ms : step * 2;
	return jitter_ms(step);
}

void
backoff_reset(struct backoff *b)
{
	b->next_ms = 0;
}
