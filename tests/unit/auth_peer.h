/*
 * auth_peer.h - a token endpoint that does as it is told, and who asks
 *
 * It brings a clock of its own in place of base/clk.c: time stands still
 * unless a test moves it.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_TESTS_AUTH_PEER_H
#define CEFWD_TESTS_AUTH_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/auth.h"
#include "base/err.h"
#include "net_get.h"

struct peer;

#define SECRET "s3cret~value/+="
#define TOKEN  "t0ken."

/* What clk_ms() says. */
extern struct entra_clock {
	uint64_t ms;
} entra_clock;

/* The endpoint, and one identity. */
struct entra {
	struct world w;
	struct peer *peer;
	struct auth *auth;
	struct auth_options o;
	char authority[64];
	char request[8192]; /* the last */
	int status;         /* of the answers; 0: silence */
	const char *extra;  /* header lines */
	const char *body;   /* NULL: a token */
	unsigned int expires_in;
	bool echoes; /* the request is the error_description */
	int log_fd, stderr_fd;
};

struct ask {
	struct entra *t;
	struct auth_wait *wait;
	unsigned int calls;
	char bearer[64]; /* "": failed */
	uint64_t serial, retry_ms;
	struct err e;
	void (*then)(struct ask *);
	struct ask *other;
};

/* Everything but the identity, whose options are ready to be changed. */
void entra_up(struct entra *t);
void auth_up(struct entra *t);

/* The loop must end empty.  What was logged holds no secret and no token,
   but the words of logged; with NULL no warning. */
void entra_down(struct entra *t, const char *logged);

/* Start to ask, wait for the answer, or both. */
void ask_start(struct entra *t, struct ask *a);
void ask_wait(struct ask *a);
void ask(struct entra *t, struct ask *a);

/* The callback of ask_start(). */
void ask_told(void *ctx, const struct auth_token *token, const struct err *e,
    uint64_t retry_ms);

/* Let what runs in the background come to its end. */
void settle(struct entra *t);

#endif /* CEFWD_TESTS_AUTH_PEER_H */
