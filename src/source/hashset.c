/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include "source/hashset.h"

#define CAP_FIRST 64U

/* What a busy slice needed is given back before the next quiet one. */
#define CAP_KEEP  4096U

void
hashset_fini(struct hashset *h)
{
	free(h->slots);
	*h = (struct hashset){ .slots = NULL };
}

void
hashset_clear(struct hashset *h)
{
	if (h->cap > CAP_KEEP)
		hashset_fini(h);
	else if (h->n != 0)
		memset(h->slots, 0, h->cap * sizeof(*h->slots));
	h->n = 0;
}

/* FNV-1a, 64 bits. */
static uint64_t
hash(const char *text)
{
	uint64_t v = 0xcbf29ce484222325U;

	for (; *text != '\0'; text++) {
		v ^= (unsigned char)*text;
		v *= 0x100000001b3U;
	}
	return v == 0 ? 1 : v;
}

/* The slot of v, or the free one where it belongs. */
static uint64_t *
find(const struct hashset *h, uint64_t v)
{
	size_t i = (size_t)(v ^ v >> 32) & (h->cap - 1);

	while (h->slots[i] != 0 && h->slots[i] != v)
		i = (i + 1) & (h->cap - 1);
	return &h->slots[i];
}

static void
grow(struct hashset *h)
{
	struct hashset old = *h;

	h->cap = old.cap == 0 ? CAP_FIRST : old.cap * 2;
	h->slots = xcalloc(h->cap, sizeof(*h->slots));
	for (size_t i = 0; i < old.cap; i++) {
		if (old.slots[i] != 0)
			*find(h, old.slots[i]) = old.slots[i];
	}
	free(old.slots);
}

bool
hashset_add(struct hashset *h, const char *text)
{
	uint64_t v = hash(text);
	uint64_t *slot;

	if (h->n >= h->cap / 2)
		grow(h);
	slot = find(h, v);
	if (*slot == v)
		return false;
	*slot = v;
	h->n++;
	return true;
}

bool
hashset_has(const struct hashset *h, const char *text)
{
	return h->n != 0 && *find(h, hash(text)) != 0;
}
