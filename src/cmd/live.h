/*
 * live.h - check --live: every feed and destination tried for real
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CMD_LIVE_H
#define CEFWD_CMD_LIVE_H

#include "cmd/cmd.h"
#include "config/conf.h"

struct buf;

/*
 * live_check(env, c, trace): ask every tenant's authority for its endpoints
 * and a token and the API for its smallest page, open every URL of every
 * destination and send nothing; all at once.  Prints what came of it in the
 * order of the configuration (-q: failures only).  trace may be NULL.
 * Returns the exit status: 0, or the gravest of 78, 77 and 69.
 */
int live_check(const struct cmd_env *env, const struct config *c, FILE *trace);

/* A destination's URL as it is written; in check.c. */
void check_add_url(struct buf *out, const struct dest_url *u);

#endif /* CEFWD_CMD_LIVE_H */
