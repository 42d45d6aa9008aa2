/*
 * redirect.h - the loopback address that a browser is sent back to
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_AUTH_REDIRECT_H
#define CEFWD_AUTH_REDIRECT_H

#include <uv.h>

#include "base/err.h"

struct redirect;

/* A query came, without its "?"; hostile bytes are possible.  Returns the
   words that the browser shows, or NULL: not for us, go on waiting. */
typedef const char *redirect_fn(void *ctx, const char *query);

/* Listen on a free port of 127.0.0.1.  NULL with ERR_NET. */
struct redirect *redirect_open(
    uv_loop_t *loop, redirect_fn *fn, void *ctx, int *port, struct err *e);

/* No more calls; what is being answered is finished.  NULL is fine. */
void redirect_close(struct redirect *r);

#endif /* CEFWD_AUTH_REDIRECT_H */
