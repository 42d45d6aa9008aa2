/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/obj.h"
#include "cef/cef_priv.h"

/* A short or full name in lower case, and its row. */
struct name {
	/* cppcheck-suppress unusedStructMember ; the table is made */
	const char *name;
	/* cppcheck-suppress unusedStructMember */
	size_t row;
};

#include "cef/dictionary.inc"

/* Header fields that the dictionary has no row for, as readers call them:
   logstash and ParCEFone let a pair of that name overwrite the header. */
static const char *const reserved[] = { "version", "cefVersion",
	"signatureId" };

const struct cef_key *
cef_key_find(const char *name)
{
	size_t lo = 0, hi = NELEM(names);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcasecmp(name, names[mid].name);

		if (order == 0)
			return &rows[names[mid].row];
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

const char *
cef_key_near(const char *name)
{
	const char *best = NULL;
	size_t best_miss = SIZE_MAX;

	for (size_t i = 0; i < NELEM(rows); i++) {
		const char *both[2] = { rows[i].key, rows[i].full_name };

		for (size_t k = 0; k < 2; k++) {
			size_t miss = near_miss(name, both[k]);

			if (miss < best_miss) {
				best_miss = miss;
				best = both[k];
			}
		}
	}
	/* One letter of a short word, a third of a long one. */
	return best_miss > (strlen(name) + 2) / 3 ? NULL : best;
}

const struct cef_key *
cef_header_key(enum cef_header h)
{
	/* The dictionary begins with them, in this order. */
	assert(h < CEF_H_COUNT && rows[h].is_header);
	return &rows[h];
}

size_t
cef_key_count(void)
{
	return NELEM(rows);
}

const struct cef_key *
cef_key_at(size_t i)
{
	assert(i < NELEM(rows));
	return &rows[i];
}

static bool
is_free_name(const char *name)
{
	size_t i;

	/* Standard v27, "Custom extension keys": letters and digits. */
	for (i = 0; name[i] != '\0'; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9')))
			return false;
	}
	if (i == 0 || cef_key_find(name) != NULL)
		return false;
	for (i = 0; i < NELEM(reserved); i++) {
		if (strcasecmp(name, reserved[i]) == 0)
			return false;
	}
	return true;
}

struct cef_key *
cef_custom_key_new(const char *name)
{
	size_t size = strlen(name) + 1;
	struct cef_key *k;
	char *own;

	if (!is_free_name(name))
		return NULL;
	/* One block, so that free() takes the name along. */
	k = xcalloc(1, sizeof(*k) + size);
	own = (char *)(k + 1);
	memcpy(own, name, size);
	*k = (struct cef_key){
		.key = own,
		.full_name = own,
		.type = CEF_STRING,
		.direction = CEF_PRODUCER,
		.overflow = CEF_OVERFLOW_CUT,
		.meaning = "A key of your own.",
	};
	return k;
}
