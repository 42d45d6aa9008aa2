/*
 * queue.h - lines in a row, in few and large pieces of memory
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SYSLOG_QUEUE_H
#define CEFWD_SYSLOG_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chunk;

/* A line's place in a queue.  Zeroed: the first line. */
struct queue_pos {
	struct chunk *chunk; /* NULL: the queue's first */
	uint32_t line;       /* index in it */
	uint32_t off;        /* its first byte */
};

/* First in, first out.  Zeroed: empty. */
struct queue {
	struct chunk *head;
	struct chunk *tail;
	uint64_t lines;
	size_t bytes;
	uint64_t given;        /* lines that this connection was given whole */
	uint64_t sent, resent; /* lines ever given, and given once more */
	/* Marks of whoever sends; good as long as no line at or behind them
	   is dropped. */
	struct queue_pos enter; /* the first line without a place in the order
	                           of sending */
	struct queue_pos give;  /* the first line not given to the kernel */
};

/* A line of the queue; valid until it is dropped. */
struct queue_line {
	char *p; /* not to be written to */
	size_t len;
};

/* Add a line of len bytes, which the caller writes to the place returned
   before anything else happens to the queue. */
char *queue_add(struct queue *q, size_t len);

/* Forget the first line.  Returns its length. */
size_t queue_drop(struct queue *q);

/* The line at pos; false at the end of the queue. */
bool queue_peek(
    const struct queue *q, struct queue_pos *pos, struct queue_line *out);

/* To the next line.  queue_peek() found one at pos. */
void queue_step(struct queue_pos *pos);

void queue_fini(struct queue *q);

#endif /* CEFWD_SYSLOG_QUEUE_H */
