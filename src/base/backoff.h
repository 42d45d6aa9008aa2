/*
 * backoff.h - waits that double to a ceiling, with jitter
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_BASE_BACKOFF_H
#define CEFWD_BASE_BACKOFF_H

#include <stdint.h>

struct backoff {
	uint64_t first_ms;
	uint64_t max_ms;
	uint64_t next_ms; /* before jitter; 0: first_ms */
};

/* DESIGN 7: a receiver after 250 ms, doubling to 5 s; an API without
   Retry-After after 1 s, doubling to 60 s. */
#define BACKOFF_RECEIVER ((struct backoff){ .first_ms = 250, .max_ms = 5000 })
#define BACKOFF_API      ((struct backoff){ .first_ms = 1000, .max_ms = 60000 })

/* The next wait: the current step with up to a quarter less or more, so that
   many clients of one outage do not return as one. */
uint64_t backoff_next_ms(struct backoff *b);

/* Work was done (bytes accepted, a page parsed): start over. */
void backoff_reset(struct backoff *b);

/* v with up to a quarter less or more. */
uint64_t jitter_ms(uint64_t v);

#endif /* CEFWD_BASE_BACKOFF_H */
