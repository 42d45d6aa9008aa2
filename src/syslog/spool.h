/*
 * spool.h - every line that is held, and the order in which they are sent
 *
 * Each lane has a track, a queue of its own.  A line gets its place in the
 * order of sending when its track's turn comes, shortly before it is given to
 * the kernel, so that no line waits for another track's backlog; it keeps the
 * place until it has settled, through any number of connections.  Offsets
 * count the bytes of one connection:
 *
 *      settled           given               end of the order
 *         |  given, unsettled |  to be given  |
 *   ------+-------------------+---------------+--->
 *
 * Lines do not move: the order is a ring of runs (track, lines).
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SYSLOG_SPOOL_H
#define CEFWD_SYSLOG_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "syslog/queue.h"

struct dest_counts;
struct run;

struct spool {
	struct queue *tracks;
	size_t n_tracks;
	size_t turn;    /* the track whose turn it is */
	bool has_first; /* lines of track 0 go ahead of all others */

	struct run *runs; /* a ring of cap, a power of two */
	size_t cap;
	size_t first; /* the run with the oldest unsettled line */
	size_t n;
	size_t giving;  /* the run being given, counted from first */
	uint32_t whole; /* its unsettled lines that were given whole */
	size_t part;    /* bytes given of the line that comes next */

	uint64_t given;     /* offset: bytes that the kernel took */
	uint64_t settled;   /* offset: end of the last settled line */
	size_t waiting;     /* bytes in the order, not given */
	uint64_t unsettled; /* lines given whole, not settled */
	uint64_t again;     /* lines from "given" on that an earlier connection
	                       had been given */
	struct dest_counts *counts; /* sent, resent, held, held_bytes */
};

/* How far a track's unsettled lines have come; each counts in all that it
   has passed. */
struct spool_reached {
	uint64_t acknowledged;
	uint64_t read;
};

void spool_init(struct spool *s, struct dest_counts *counts);
void spool_fini(struct spool *s);

/* A track more; its number. */
uint32_t spool_track_add(struct spool *s);

/* Hold a line of len bytes, which the caller writes to the place returned
   before anything else happens to the spool. */
char *spool_add(struct spool *s, uint32_t track, size_t len);

/* Whether no line has a place in the order: none given, none to be. */
bool spool_idle(const struct spool *s);

/*
 * spool_gather(s, max, lines, bufs, n, bytes): about max bytes, and no more
 * than so many lines, that are to be given next, as up to n pieces; tracks
 * take turns where the order ends.  Returns
 * how many pieces, with *bytes set; 0 when every line was given.  The pieces
 * stay where they are until their lines settle.
 */
unsigned int spool_gather(struct spool *s, size_t max, size_t lines,
    uv_buf_t *bufs, unsigned int n, size_t *bytes);

/* Whether any line was not given whole. */
bool spool_has_more(const struct spool *s);

/* The line that is to be given next, for datagrams; false if there is none. */
bool spool_next(struct spool *s, struct queue_line *out);

/* The kernel took the next n bytes. */
void spool_took(struct spool *s, size_t n);

/* A new connection: whatever has not settled is to be given again. */
void spool_rewind(struct spool *s);

/* If the first line ends at or before offset "to", forget it: true, with its
   track. */
bool spool_settle(struct spool *s, uint64_t to, uint32_t *track);

/* Count, by track, the unsettled lines that end at or before these offsets;
   read <= acknowledged.  For whoever looks on: it walks through them. */
void spool_reached(const struct spool *s, uint64_t acknowledged, uint64_t read,
    struct spool_reached *out);

#endif /* CEFWD_SYSLOG_SPOOL_H */
