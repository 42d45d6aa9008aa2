/*
 * claims.h - what a token says of itself, and what an API misses in it
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_AUTH_CLAIMS_H
#define CEFWD_AUTH_CLAIMS_H

#include <stdbool.h>

struct buf;

/*
 * auth_claims(www_authenticate, out): whether an API's WWW-Authenticate holds
 * a claims challenge (error="insufficient_claims"); out then gets which policy
 * refuses the token and the mend.  Printable text, some 400 bytes.
 */
bool auth_claims(const char *www_authenticate, struct buf *out);

/* Claims of a token, to be shown and never relied on: a token is opaque to
   who carries it.  NULL where there is none; printable. */
struct auth_hint {
	char *audience, *tenant, *scopes;
	char *roles; /* divided by blanks */
};

/* Whether the token could be read; auth_hint_fini() it either way. */
bool auth_hint(const char *bearer, struct auth_hint *out);
void auth_hint_fini(struct auth_hint *h);

#endif /* CEFWD_AUTH_CLAIMS_H */
