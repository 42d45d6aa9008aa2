/*
 * resolve.h - the addresses of a host, asked for in the thread pool
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SYSLOG_RESOLVE_H
#define CEFWD_SYSLOG_RESOLVE_H

#include <uv.h>

#include "base/err.h"
#include "syslog/dest.h"

struct addrinfo;
struct resolve;

/* One of addrs (the caller's: uv_freeaddrinfo()) and e is not NULL. */
typedef void resolve_fn(void *ctx, struct addrinfo *addrs, const struct err *e);

/* Ask for all addresses of the URL's host; done is called once, from the loop.
   NULL with e set. */
struct resolve *resolve_start(uv_loop_t *loop, const struct dest_url *u,
    int socktype, resolve_fn *done, void *ctx, struct err *e);

/* done will not run.  r may be NULL. */
void resolve_cancel(struct resolve *r);

#endif /* CEFWD_SYSLOG_RESOLVE_H */
