/*
 * settle.h - when a line is safe to forget; the rules are in settle.c
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SYSLOG_SETTLE_H
#define CEFWD_SYSLOG_SETTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A look is taken every twentieth of the time to settle, so no more than 21
   marks are younger than that; the rest is for timers that fire early. */
#define SETTLE_LOOKS 20
#define SETTLE_MARKS 32

/* One connection's.  All times are clk_ms(). */
struct settle {
	uint64_t settle_ms;
	uint64_t clock_ms; /* the settle clock */
	uint64_t seen_ms;  /* the last look */
	uint64_t moved_ms; /* when the read offset last moved */
	uint64_t read;     /* the read offset */
	uint64_t unread;   /* what waited at the receiver at the last look */
	uint64_t settled;  /* lines that end here or before are safe */
	struct settle_mark {
		uint64_t clock_ms;
		uint64_t read;
	} marks[SETTLE_MARKS]; /* a ring */
	size_t first;
	size_t n;
};

/* A new connection. */
void settle_start(struct settle *s, uint64_t settle_ms, uint64_t now_ms);

/* Looks begin again: the time since the last one does not count. */
void settle_resume(struct settle *s, uint64_t now_ms);

/* How long from one look to the next. */
uint64_t settle_tick_ms(const struct settle *s);

/*
 * settle_look(s, now, read, unread): the connection is whole, the receiver
 * has read "read" of its bytes, and "unread" more wait at the receiver.
 * Returns the offset up to which lines have settled.
 */
uint64_t
settle_look(struct settle *s, uint64_t now_ms, uint64_t read, uint64_t unread);

/* For how long the receiver has read nothing, as far as was looked. */
uint64_t settle_still_ms(const struct settle *s, uint64_t now_ms);

#endif /* CEFWD_SYSLOG_SETTLE_H */
