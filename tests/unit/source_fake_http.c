/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "auth/auth.h"
#include "base/clk.h"
#include "base/mem.h"
#include "base/obj.h"
#include "net/http.h"

#include "source_fake_http.h"

#define CLOCK_FIRST 1000000u
#define ANY_MAX     16

enum phase {
	PHASE_HEAD,
	PHASE_DATA,
	PHASE_DONE
};

struct http_request {
	bool is_used;
	bool is_paused;
	enum phase phase;
	const struct http_handlers *h;
	void *ctx;
	struct fake_answer a;
	size_t sent;
};

struct auth_wait {
	bool is_used;
	auth_token_fn *fn;
	void *ctx;
};

struct timer {
	uv_timer_t *t;
	uv_timer_cb cb;
	uint64_t due;
};

/* One script at a time, as clocks have no context. */
static struct {
	fake_serve_fn *serve;
	void *ctx;
	uint64_t ms;
	int64_t wall_off;
	struct http_request requests[ANY_MAX];
	struct auth_wait waits[ANY_MAX];
	struct timer timers[ANY_MAX];
	uint64_t serial;
	unsigned int renewals;
	unsigned int token_fails;
	struct err token_err;
	uint64_t token_retry_ms;
} fake;

void
fake_reset(fake_serve_fn *serve, void *ctx)
{
	assert_int_equal(fake_open(), 0);
	memset(&fake, 0, sizeof(fake));
	fake.serve = serve;
	fake.ctx = ctx;
	fake.ms = CLOCK_FIRST;
	fake.serial = 1;
}

void
fake_token_fails(unsigned int n, const struct err *e, uint64_t retry_ms)
{
	fake.token_fails = n;
	fake.token_err = *e;
	fake.token_retry_ms = retry_ms;
}

uint64_t
fake_ms(void)
{
	return fake.ms;
}

void
fake_wall_off(int64_t ms)
{
	fake.wall_off = ms;
}

unsigned int
fake_renewals(void)
{
	return fake.renewals;
}

size_t
fake_open(void)
{
	size_t n = 0;

	for (size_t i = 0; i < ANY_MAX; i++) {
		n += fake.requests[i].is_used;
		n += fake.waits[i].is_used;
		n += fake.timers[i].t != NULL;
	}
	return n;
}

/* base/clk.h */

uint64_t
clk_ms(void)
{
	return fake.ms;
}

int64_t
clk_unix_ms(void)
{
	return FAKE_EPOCH_MS + (int64_t)(fake.ms - CLOCK_FIRST) + fake.wall_off;
}

/* libuv's timers, which libuv itself never sees running. */

int
uv_timer_stop(uv_timer_t *t)
{
	for (size_t i = 0; i < ANY_MAX; i++) {
		if (fake.timers[i].t == t)
			fake.timers[i].t = NULL;
	}
	return 0;
}

int
uv_timer_start(uv_timer_t *t, uv_timer_cb cb, uint64_t ms, uint64_t repeat)
{
	assert_int_equal(repeat, 0);
	(void)uv_timer_stop(t);
	for (size_t i = 0; i < ANY_MAX; i++) {
		if (fake.timers[i].t == NULL) {
			fake.timers[i] = (struct timer){
				.t = t, .cb = cb, .due = fake.ms + ms
			};
			return 0;
		}
	}
	fail_msg("too many timers");
	return -1;
}

/* net/http.h */

struct http_request *
http_start(struct http *h, const struct http_call *call,
    const struct http_handlers *handlers, void *ctx, struct err *e)
{
	const struct fake_request seen = { call->url, call->bearer,
		call->headers };
	struct http_request *r;
	size_t slot = 0;

	(void)h;
	(void)e;
	while (slot < ANY_MAX - 1 && fake.requests[slot].is_used)
		slot++;
	r = &fake.requests[slot];
	assert_false(r->is_used);
	*r = (struct http_request){
		.is_used = true,
		.h = handlers,
		.ctx = ctx,
		.a = { .status = 200,
		    .type = "application/json;odata.metadata=minimal",
		    .date_unix_ms =
			FAKE_EPOCH_MS + (int64_t)(fake.ms - CLOCK_FIRST),
		    .retry_after_ms = -1,
		    .cut_at = SIZE_MAX },
	};
	buf_init(&r->a.body, 256u << 20);
	assert_string_equal(call->method, "GET");
	fake.serve(fake.ctx, &seen, &r->a);
	assert_true(buf_ok(&r->a.body));
	return r;
}

static void
drop(struct http_request *r)
{
	r->is_used = false;
	buf_fini(&r->a.body);
}

void
http_cancel(struct http_request *r)
{
	if (r == NULL)
		return;
	assert_true(r->is_used);
	drop(r);
}

void
http_pause(struct http_request *r)
{
	assert_true(r->is_used);
	r->is_paused = true;
}

void
http_resume(struct http_request *r)
{
	assert_true(r->is_used);
	r->is_paused = false;
}

static void
finish(struct http_request *r, const struct err *e)
{
	const struct http_handlers *h = r->h;
	void *ctx = r->ctx;

	drop(r);
	h->done(ctx, e);
}

static void
send_head(struct http_request *r)
{
	const struct http_head head = {
		.status = r->a.status,
		.content_type = r->a.type,
		.location = r->a.location == NULL ? "" : r->a.location,
		.www_authenticate = "",
		.warning = r->a.warning == NULL ? "" : r->a.warning,
		.request_id = r->a.request_id == NULL ? "" : r->a.request_id,
		.date_unix_ms = r->a.date_unix_ms,
		.retry_after_ms = r->a.retry_after_ms,
	};
	struct err e;

	if (r->a.no_answer) {
		(void)err_set(&e, ERR_NET, "connection refused");
		finish(r, &e);
		return;
	}
	r->phase = PHASE_DATA;
	r->h->head(r->ctx, &head);
}

static void
send_data(struct http_request *r)
{
	size_t len = r->a.body.len - r->sent, at = r->sent;
	struct err e = { .kind = ERR_NONE };
	char *copy;
	int rc;

	if (r->sent >= r->a.cut_at) {
		(void)err_set(&e, ERR_NET, "connection reset");
		finish(r, &e);
		return;
	}
	if (len == 0) {
		finish(r, NULL);
		return;
	}
	if (len > (r->a.chunk == 0 ? 16384 : r->a.chunk))
		len = r->a.chunk == 0 ? 16384 : r->a.chunk;
	if (len > r->a.cut_at - r->sent)
		len = r->a.cut_at - r->sent;
	r->sent += len;
	/* Valid during the callback only, even when it cancels. */
	copy = xcalloc(1, len);
	memcpy(copy, r->a.body.p + at, len);
	rc = r->h->data(r->ctx, copy, len, &e);
	free(copy);
	if (rc == -1 && r->is_used)
		finish(r, &e);
}

/* auth/auth.h */

struct auth_wait *
auth_get(struct auth *a, auth_token_fn *fn, void *ctx)
{
	(void)a;
	for (size_t i = 0; i < ANY_MAX; i++) {
		struct auth_wait *w = &fake.waits[i];

		if (!w->is_used) {
			*w = (struct auth_wait){ true, fn, ctx };
			return w;
		}
	}
	fail_msg("too many waits");
	return NULL;
}

void
auth_cancel(struct auth_wait *w)
{
	if (w == NULL)
		return;
	assert_true(w->is_used);
	w->is_used = false;
}

void
auth_renew(struct auth *a, uint64_t serial)
{
	(void)a;
	if (serial == fake.serial) {
		fake.serial++;
		fake.renewals++;
	}
}

void
auth_doubt(struct auth *a, uint64_t serial)
{
	(void)a;
	(void)serial;
}

void
auth_accept(struct auth *a, uint64_t serial)
{
	(void)a;
	(void)serial;
}

static void
hand_token(struct auth_wait *w)
{
	struct auth_wait was = *w;
	char bearer[32];

	w->is_used = false;
	if (fake.token_fails != 0) {
		fake.token_fails--;
		was.fn(was.ctx, NULL, &fake.token_err, fake.token_retry_ms);
		return;
	}
	(void)snprintf(bearer, sizeof(bearer), "token-%llu",
	    (unsigned long long)fake.serial);
	was.fn(was.ctx,
	    &(const struct auth_token){ .bearer = bearer,
		.serial = fake.serial,
		.expires_ms = fake.ms + 3600000 },
	    NULL, 0);
}

/* The order of things. */

static bool
step_io(void)
{
	for (size_t i = 0; i < ANY_MAX; i++) {
		struct http_request *r = &fake.requests[i];

		if (!r->is_used || r->is_paused)
			continue;
		if (r->phase == PHASE_HEAD)
			send_head(r);
		else
			send_data(r);
		return true;
	}
	for (size_t i = 0; i < ANY_MAX; i++) {
		if (fake.waits[i].is_used) {
			hand_token(&fake.waits[i]);
			return true;
		}
	}
	return false;
}

bool
fake_step_within(uint64_t ms)
{
	struct timer *next = NULL;
	struct timer was;

	if (step_io())
		return true;
	for (size_t i = 0; i < ANY_MAX; i++) {
		struct timer *t = &fake.timers[i];

		if (t->t != NULL && (next == NULL || t->due < next->due))
			next = t;
	}
	if (next == NULL || next->due > fake.ms + ms)
		return false;
	was = *next;
	next->t = NULL;
	if (was.due > fake.ms)
		fake.ms = was.due;
	was.cb(was.t);
	return true;
}

bool
fake_step(void)
{
	return fake_step_within(UINT64_MAX / 2);
}
