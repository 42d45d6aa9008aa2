/*
 * hashset.h - how many different ids, and whether a link came before
 *
 * Keeps 64-bit hashes, not texts.  Two ids of one hash make a slice look a
 * record short, so that it is halved: work, never loss.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SOURCE_HASHSET_H
#define CEFWD_SOURCE_HASHSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hashset {
	uint64_t *slots; /* 0: free */
	size_t n, cap;   /* cap is a power of two */
};

void hashset_fini(struct hashset *h); /* a zeroed one is empty */
void hashset_clear(struct hashset *h);

bool hashset_has(const struct hashset *h, const char *text);

/* Whether it is new. */
bool hashset_add(struct hashset *h, const char *text);

#endif /* CEFWD_SOURCE_HASHSET_H */
