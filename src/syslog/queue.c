/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/obj.h"

#include "syslog/queue.h"

/*
 * A chunk: lines grow from its front, their lengths from its back, and it is
 * full where they meet.  A line never straddles two chunks, so that a datagram
 * is one piece; neighbours lie side by side, so that a batch is one piece or
 * two, and is given to the kernel from where it lies.
 *
 *      +--------+--------+------+- - - - -+------+------+------+
 *      | line 0 | line 1 | ...  |  free   |  ... | len 1| len 0|
 *      +--------+--------+------+- - - - -+------+------+------+
 *       dropped  ^ start         ^ used
 *
 * What a held line costs beyond its bytes on the wire, measured as resident
 * memory with 200,000 lines behind a receiver that does not read: 6 bytes at
 * 300 bytes a line, 12 at 1,100 (its length, and its part of the gap at the
 * chunk's end); with lanes that take turns 8 at most for its place in the
 * order of sending.  With a window of 4 MiB the same 200,000 alerts leave the
 * process at 6.4 MiB, however long the receiver stands still.
 */
struct chunk {
	struct chunk *next;
	uint32_t size;    /* bytes of room[]; a multiple of 4 */
	uint32_t used;    /* bytes of lines, dropped ones too */
	uint32_t lines;   /* dropped ones too */
	uint32_t dropped; /* lines */
	uint32_t start;   /* the first byte that is not dropped */
	_Alignas(uint32_t) char room[];
};

/* With malloc's own head a page for a feed of a few lines an hour; and for a
   backlog so large that the gap at the end of a chunk, half a line on average,
   is lost in it. */
#define CHUNK_MIN (4096 - sizeof(struct chunk) - 16)
#define CHUNK_MAX (65536 - sizeof(struct chunk) - 16)

static uint32_t *
len_at(struct chunk *c, uint32_t line)
{
	return (uint32_t *)(void *)(c->room + c->size) - 1 - line;
}

static bool
has_space(const struct chunk *c, size_t len)
{
	size_t lens = (c->lines + (size_t)1) * sizeof(uint32_t);

	return c->size - c->used >= lens && c->size - c->used - lens >= len;
}

/* Chunks grow with the queue, within bounds. */
static void
chunk_add(struct queue *q, size_t len)
{
	size_t need = len + sizeof(uint32_t);
	size_t size = q->bytes / 4;
	struct chunk *c;

	assert(len <= UINT32_MAX / 2);
	if (size < CHUNK_MIN)
		size = CHUNK_MIN;
	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size < need)
		size = need;
	size = (size + 3) / 4 * 4;
	/* Not zeroed: pages that no line reaches are never touched. */
	c = xreallocarray(NULL, 1, sizeof(*c) + size);
	*c = (struct chunk){ .size = (uint32_t)size };
	if (q->tail != NULL)
		q->tail->next = c;
	else
		q->head = c;
	q->tail = c;
}

char *
queue_add(struct queue *q, size_t len)
{
	struct chunk *c;
	char *p;

	if (q->tail == NULL || !has_space(q->tail, len))
		chunk_add(q, len);
	c = q->tail;
	p = c->room + c->used;
	*len_at(c, c->lines) = (uint32_t)len;
	c->used += (uint32_t)len;
	c->lines++;
	q->lines++;
	q->bytes += len;
	return p;
}

size_t
queue_drop(struct queue *q)
{
	struct chunk *c = q->head;
	uint32_t len;

	assert(c != NULL && c->dropped < c->lines);
	len = *len_at(c, c->dropped);
	c->dropped++;
	c->start += len;
	q->lines--;
	q->bytes -= len;
	if (c->dropped < c->lines)
		return len;
	/* A mark in it is at its end: at the first line of what follows. */
	if (q->enter.chunk == c)
		q->enter = (struct queue_pos){ .chunk = NULL };
	if (q->give.chunk == c)
		q->give = (struct queue_pos){ .chunk = NULL };
	q->head = c->next;
	if (q->head == NULL)
		q->tail = NULL;
	free(c);
	return len;
}

bool
queue_peek(const struct queue *q, struct queue_pos *pos, struct queue_line *out)
{
	if (pos->chunk == NULL) {
		if (q->head == NULL)
			return false;
		*pos = (struct queue_pos){ .chunk = q->head,
			.line = q->head->dropped,
			.off = q->head->start };
	}
	while (pos->line == pos->chunk->lines) {
		if (pos->chunk->next == NULL)
			return false;
		*pos = (struct queue_pos){ .chunk = pos->chunk->next };
	}
	*out = (struct queue_line){ .p = pos->chunk->room + pos->off,
		.len = *len_at(pos->chunk, pos->line) };
	return true;
}

void
queue_step(struct queue_pos *pos)
{
	assert(pos->chunk != NULL && pos->line < pos->chunk->lines);
	pos->off += *len_at(pos->chunk, pos->line);
	pos->line++;
}

void
queue_fini(struct queue *q)
{
	struct chunk *next;

	for (struct chunk *c = q->head; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	*q = (struct queue){ .head = NULL };
}
