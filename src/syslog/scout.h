/*
 * scout.h - looks whether an earlier receiver of the list is well again
 *
 * While a later one serves, the earlier ones are tried in order, each with all
 * of its addresses.  A connection to one of them is kept, without sending on
 * it; when it has been whole for return_ms, scout_found() hands it over.
 * Where connecting proves nothing (udp, file) only the time passes, and the
 * list is tried from its head.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SYSLOG_SCOUT_H
#define CEFWD_SYSLOG_SCOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/backoff.h"
#include "base/err.h"

struct addrinfo;
struct conn;
struct link;
struct resolve;

struct scout {
	struct conn *conn;
	bool is_out;
	size_t url; /* which of the list is being tried */
	struct resolve *lookup;
	struct addrinfo *addrs;
	const struct addrinfo *addr;
	struct link *link;
	uv_timer_t timer; /* a deadline, or until it has been well for a
	                     while, or until the next try */
	struct backoff backoff;
};

/* Its timer is closed by whoever closes the conn's, after scout_stop(). */
void scout_init(struct scout *s, struct conn *c);

/* A later URL serves: set out.  Nothing to do for the first one. */
void scout_start(struct scout *s);
void scout_stop(struct scout *s);

/* What became of its link. */
void scout_opened(struct scout *s);
void scout_broke(struct scout *s, const struct err *e);

/*
 * Called once, from the loop: URL "url" is well again.  The link is open and
 * now the conn's; NULL: nothing is known, it is to be tried.
 */
void scout_found(struct conn *c, size_t url, struct link *link);

#endif /* CEFWD_SYSLOG_SCOUT_H */
