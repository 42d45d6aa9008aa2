/*
 * source_fake_http.h - HTTP, tokens, timers and clock as a script plays them
 *
 * Stands in for net/http.h, auth/auth.h, base/clk.h and libuv's timers in the
 * tests of source/.  Time moves only when nothing else can happen, so that an
 * outage of hours takes no time.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_TESTS_SOURCE_FAKE_HTTP_H
#define CEFWD_TESTS_SOURCE_FAKE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* The wall clock at the start: 2026-03-01T00:00:00Z. */
#define FAKE_EPOCH_MS INT64_C(1772323200000)

/* What the script says to one request.  Zeroed but for type and -1s. */
struct fake_answer {
	bool no_answer; /* ERR_NET before any head */
	int status;     /* 200 */
	const char *type;
	const char *location, *warning, *request_id;
	int64_t date_unix_ms; /* the fake clock */
	int64_t retry_after_ms;
	struct buf body;
	size_t chunk;  /* bytes a data callback; 0: 16 KiB */
	size_t cut_at; /* ERR_NET after so many bytes; SIZE_MAX: never */
};

struct fake_request {
	const char *url;
	const char *bearer;
	const char *const *headers;
};

typedef void
fake_serve_fn(void *ctx, const struct fake_request *r, struct fake_answer *a);

/* Forget everything; serve answers from now on. */
void fake_reset(fake_serve_fn *serve, void *ctx);

/* The next n calls of auth_get() fail so. */
void fake_token_fails(unsigned int n, const struct err *e, uint64_t retry_ms);

/* One thing happens: a piece of an answer, a token, or else the next timer,
   time moving on to it.  False when nothing is left. */
bool fake_step(void);

/* Only what happens within the next ms. */
bool fake_step_within(uint64_t ms);

uint64_t fake_ms(void);           /* of the clock, from 1,000,000 on */
void fake_wall_off(int64_t ms);   /* the host's wall clock is off by that */
unsigned int fake_renewals(void); /* calls of auth_renew() that counted */
size_t fake_open(void);           /* requests, waits and timers */

#endif /* CEFWD_TESTS_SOURCE_FAKE_HTTP_H */
