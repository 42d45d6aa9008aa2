/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>

#include "base/mem.h"

#include "jsonpath/jsonpath_priv.h"

/* A query of a map takes some hundred bytes. */
#define BLOCK_BYTES 1024u

struct pool_block {
	struct pool_block *next;
	size_t used, size;
	max_align_t bytes[];
};

struct pool_owned {
	struct pool_owned *next;
	void *thing;
	void (*give)(void *);
};

void *
jpath__alloc(struct pool *p, size_t size)
{
	struct pool_block *b = p->blocks;
	void *at;

	size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (b == NULL || size > b->size - b->used) {
		size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;

		b = xcalloc(1, sizeof(*b) + room);
		b->size = room;
		b->next = p->blocks;
		p->blocks = b;
	}
	at = (char *)b->bytes + b->used;
	b->used += size;
	return at;
}

void
jpath__own(struct pool *p, void *thing, void (*give)(void *))
{
	struct pool_owned *o = jpath__alloc(p, sizeof(*o));

	o->thing = thing;
	o->give = give;
	o->next = p->owned;
	p->owned = o;
}

void
jpath__pool_fini(struct pool *p)
{
	struct pool_block *b;

	for (struct pool_owned *o = p->owned; o != NULL; o = o->next)
		o->give(o->thing);
	while ((b = p->blocks) != NULL) {
		p->blocks = b->next;
		free(b);
	}
	p->owned = NULL;
}
