/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "base/num.h"
#include "keyfile/keyfile.h"

const char *
near_name(const char *name, const char *const *names, size_t n)
{
	const char *best = NULL;
	size_t best_miss = SIZE_MAX;

	for (size_t i = 0; i < n; i++) {
		size_t miss = near_miss(name, names[i]);

		if (miss < best_miss) {
			best_miss = miss;
			best = names[i];
		}
	}
	/* One letter of a short word, a third of a long one. */
	if (best == NULL || best_miss > (strlen(name) + 2) / 3)
		return NULL;
	return best;
}
