/*
 * conn.h - one connection at a time, for as long as the destination lives
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SYSLOG_CONN_H
#define CEFWD_SYSLOG_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/backoff.h"
#include "base/err.h"
#include "syslog/dest.h"
#include "syslog/scout.h"
#include "syslog/settle.h"
#include "syslog/spool.h"
#include "syslog/transport.h"

struct resolve;
struct state;

/* A firewall that drops our SYN is not waited for longer: two repeats of it
   have gone by then (RFC 6298: 1 s, 2 s, 4 s). */
#define CONNECT_MAX_MS 10000U

/* What the destination is told; all from the loop.  It may close the conn
   from inside. */
struct conn_owner {
	/* DEST_CONNECTING, DEST_UP or DEST_AWAY: an edge. */
	void (*told)(void *ctx, enum dest_state s, const struct err *e);
	/* Lines that end at or before offset "to" have settled; the receiver
	   has read nothing for still_ms. */
	void (*looked)(void *ctx, uint64_t to, uint64_t still_ms);
	void (*closed)(void *ctx);
};

struct conn {
	unsigned int magic;
	const struct dest_options *options;
	const struct transport *transport;
	struct spool *spool;
	struct dest_counts *counts; /* breaks */
	const struct conn_owner *owner;
	void *ctx;

	uv_loop_t *loop;
	uv_timer_t timer; /* the deadline or the tick of the state */
	uv_idle_t soon;   /* active: the state is to run */
	uv_timer_t pace;  /* the next line may go */
	int closing;      /* handles whose end is awaited */

	const struct state *state;
	size_t url;             /* which of the failover list */
	struct resolve *lookup; /* a name being resolved */
	struct addrinfo *addrs; /* of that URL */
	const struct addrinfo *addr;
	struct link *link;
	struct link *next; /* open: it is to be gone over to */
	struct settle settle;
	struct scout scout;
	struct backoff backoff;
	/* max_rate: */
	uint64_t rate_ms;    /* so far "allowed" is worked out */
	uint64_t rate_sent;  /* of counts->sent, so many are paid for */
	uint64_t rate_milli; /* thousandths of a line that may go */
	uint64_t up_ms;      /* when the link opened */
	/* An earlier receiver is well again; what was given is waited for. */
	bool is_returning;
	size_t next_url;
	uint64_t return_by_ms;  /* no longer */
	size_t said_url;        /* the log believes that it is in use */
	const char *settles_by; /* by the last look; NULL: not known yet */
	bool has_worked;        /* the link has settled something */
	bool is_probation;      /* it is not told as up before it has lasted */
	bool is_told_up;        /* the owner believes that it is up */
	bool is_told_away;
	struct err why;     /* what failed since the list was begun */
	uint64_t warned_ms; /* of a certificate's end; 0: not yet */
	size_t line_max;    /* of the link that is or was open last */
};

/* The row of a scheme. */
const struct transport *conn_transport(enum dest_scheme scheme);

/* c is zeroed but for options, spool, counts, owner, ctx, line_max.  Starts
   from the loop. */
void conn_start(struct conn *c, uv_loop_t *loop);

/* There may be lines to send. */
void conn_kick(struct conn *c);

/* The file may have been moved away. */
void conn_reopen(struct conn *c);

/* Nothing is told any more but owner->closed. */
void conn_close(struct conn *c);

#endif /* CEFWD_SYSLOG_CONN_H */
