/*
 * set.h - one struct auth for each identity, shared by all feeds that have it
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_AUTH_SET_H
#define CEFWD_AUTH_SET_H

#include "auth/auth.h"

struct auth_set;

struct auth_set *auth_set_new(uv_loop_t *loop, struct http *http);
void auth_set_free(struct auth_set *s); /* all were given back; NULL is fine */

/*
 * auth_set_take(s, o, e): the struct auth of that identity: the same where all
 * options but the name are equal, so that two sources ask for one token.
 * Copies o; messages bear the first one's name.  NULL with e as auth_new().
 */
struct auth *
auth_set_take(struct auth_set *s, const struct auth_options *o, struct err *e);
void auth_set_give(struct auth_set *s, struct auth *a); /* NULL is fine */

/* auth_look() of each. */
void auth_set_reload(struct auth_set *s);

#endif /* CEFWD_AUTH_SET_H */
