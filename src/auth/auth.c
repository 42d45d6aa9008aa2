/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <uv.h>

#include "auth/auth_priv.h"
#include "base/backoff.h"
#include "base/buf.h"
#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/secret.h"

#define LOG_ROOM           "auth"

/* A token is handed out only if it is good for so long. */
#define MARGIN_MS          60000U

/* How long before its end a token is renewed: a retry or two and an
   incident at Entra's must fit. */
#define AHEAD_MS           300000U

/* From this life on half of it is early enough (as Microsoft's libraries). */
#define LONG_LIFE_MS       7200000U

/* Microsoft's libraries wait no longer whatever Retry-After says. */
#define RETRY_AFTER_MAX_MS 3600000

/* A refusal is asked for again after 60 to 100 s, then slower: Entra punishes
   the same request again and again, and a person must act first. */
#define BACKOFF_REFUSED \
	((struct backoff){ .first_ms = 80000, .max_ms = 400000 })

/* Entra takes an assertion that is some minutes off. */
#define SKEW_MAX_MS INT64_C(300000)

#define EXCHANGE_MS 60000U

#define WAIT_MAGIC  0x57414954U
struct auth_wait {
	unsigned int magic;
	TAILQ_ENTRY(auth_wait) link;
	struct auth *auth;
	auth_token_fn *fn;
	void *ctx;
};

TAILQ_HEAD(auth_waits, auth_wait);

/* An answer whose refresh token is being written in the thread pool. */
struct keeping {
	uv_work_t work;
	struct auth *auth; /* NULL: closed meanwhile */
	const struct auth_grant_row *grant;
	char *token_file;
	struct auth_answer answer;
	int rc;
	struct err err;
};

/*
 * One identity.  At most one exchange is on its way (request).  After a
 * failure none starts before retry_ms, and last says why; a replaced
 * credential file lifts that.  A token outlives failed renewals.
 */
#define AUTH_MAGIC 0x41555448U
struct auth {
	unsigned int magic;
	uv_loop_t *loop;
	struct http *http;
	struct auth_options o;
	const struct auth_grant_row *grant;
	struct http_route route;
	char *url;
	uv_timer_t soon;  /* waits are served from the loop */
	uv_timer_t ahead; /* the next renewal */
	struct auth_waits waits;

	struct http_request *request;
	struct keeping *keeping; /* the answer's refresh token */
	struct buf answer;
	int status;
	int64_t date_unix_ms, retry_after_ms;
	struct auth_stamp stamps[AUTH_FILES]; /* of the credential last sent */
	int64_t clock_off_ms; /* the endpoint's clock less ours; 0: not known */
	bool is_again;        /* it goes out anew by that clock */

	char *bearer; /* NULL: none */
	uint64_t serial, expires_ms, margin_ms, renew_ms;

	struct err last;
	uint64_t retry_ms; /* clk_ms(); 0: nothing has failed */
	struct backoff backoff, refused;
	/* Of tokens that no API takes; is_taken is the current one's. */
	struct backoff renewals;
	uint64_t drop_ms; /* clk_ms(): none is dropped before */
	bool is_taken;
	bool has_skew;
	int64_t skew_ms;
	struct log_throttle throttle;

	unsigned int closing;
	bool is_closing;
};

static void exchange(struct auth *a);

static bool
is_exchanging(const struct auth *a)
{
	return a->request != NULL || a->keeping != NULL;
}

static bool
is_good(const struct auth *a, uint64_t now)
{
	return a->bearer != NULL && now + a->margin_ms < a->expires_ms;
}

static bool
stamps_equal(const struct auth_stamp *a, const struct auth_stamp *b)
{
	return a->device == b->device && a->inode == b->inode &&
	    a->size == b->size && a->changed.tv_sec == b->changed.tv_sec &&
	    a->changed.tv_nsec == b->changed.tv_nsec;
}

static void
read_stamps(const struct auth *a, struct auth_stamp out[AUTH_FILES])
{
	for (size_t i = 0; i < AUTH_FILES; i++)
		out[i] = (struct auth_stamp){ .device = 0 };
	a->grant->stamp(&a->o, out);
}

/* Whether the credential's files are those that were sent. */
static bool
is_unchanged(const struct auth *a)
{
	struct auth_stamp now[AUTH_FILES];

	read_stamps(a, now);
	for (size_t i = 0; i < AUTH_FILES; i++) {
		if (!stamps_equal(&now[i], &a->stamps[i]))
			return false;
	}
	return true;
}

/* Whether a failure still holds the next exchange back. */
static bool
is_held_back(const struct auth *a, uint64_t now)
{
	if (now >= a->retry_ms)
		return false;
	if (a->last.kind != ERR_REFUSED && a->last.kind != ERR_CONFIG)
		return true;
	return is_unchanged(a);
}

static void
hand_out(struct auth *a, uint64_t now)
{
	struct auth_wait *w = TAILQ_FIRST(&a->waits);
	struct auth_token token = {
		.bearer = a->bearer,
		.serial = a->serial,
		.expires_ms = a->expires_ms,
	};
	bool good = is_good(a, now);
	auth_token_fn *fn = w->fn;
	struct err e = a->last;
	void *ctx = w->ctx;

	TAILQ_REMOVE(&a->waits, w, link);
	w->magic = 0;
	free(w);
	if (good)
		fn(ctx, &token, NULL, 0);
	else
		fn(ctx, NULL, &e, a->retry_ms > now ? a->retry_ms - now : 0);
}

static void on_soon(uv_timer_t *timer);

static void
soon(struct auth *a)
{
	(void)uv_timer_start(&a->soon, on_soon, 0, 0);
}

/* Answer those who wait now; who asks again meanwhile has the next turn. */
static void
serve(struct auth *a)
{
	struct auth_wait *w;
	size_t n = 0;
	uint64_t now;

	TAILQ_FOREACH(w, &a->waits, link)
		n++;
	for (; n > 0 && !a->is_closing && !TAILQ_EMPTY(&a->waits); n--) {
		now = clk_ms();
		if (!is_good(a, now)) {
			if (!is_exchanging(a) && !is_held_back(a, now))
				exchange(a);
			if (is_exchanging(a))
				return;
		}
		hand_out(a, now);
	}
	if (a->is_closing)
		return;
	now = clk_ms();
	if (a->bearer != NULL && !is_exchanging(a) && now >= a->renew_ms &&
	    !is_held_back(a, now))
		exchange(a);
	if (!TAILQ_EMPTY(&a->waits) && (!is_exchanging(a) || is_good(a, now)))
		soon(a);
}

static void
on_soon(uv_timer_t *timer)
{
	struct auth *a;

	OBJ_CAST(a, timer->data, AUTH_MAGIC);
	serve(a);
}

static void on_ahead(uv_timer_t *timer);

/* The timer never counts on being right: on_ahead() looks at the clock. */
static void
schedule(struct auth *a)
{
	uint64_t now = clk_ms(), at = a->renew_ms;

	if (a->bearer == NULL) {
		(void)uv_timer_stop(&a->ahead);
		return;
	}
	if (at < a->retry_ms)
		at = a->retry_ms;
	uv_update_time(a->loop);
	(void)uv_timer_start(&a->ahead, on_ahead, at > now ? at - now : 1, 0);
	/* A renewal alone keeps no program running. */
	uv_unref((uv_handle_t *)&a->ahead);
}

static void
on_ahead(uv_timer_t *timer)
{
	uint64_t now = clk_ms();
	struct auth *a;

	OBJ_CAST(a, timer->data, AUTH_MAGIC);
	if (a->bearer == NULL || is_exchanging(a))
		return;
	if (now < a->renew_ms || is_held_back(a, now))
		schedule(a);
	else
		exchange(a);
}

static uint64_t
wait_after(struct auth *a, enum err_kind kind)
{
	int64_t asked = a->retry_after_ms;

	if (kind == ERR_BUSY && asked >= 0) {
		if (asked > RETRY_AFTER_MAX_MS)
			asked = RETRY_AFTER_MAX_MS;
		/* Never earlier, and not all at once. */
		return (uint64_t)asked + jitter_ms(1000);
	}
	if (a->status != 0 && (kind == ERR_REFUSED || kind == ERR_CONFIG))
		return backoff_next_ms(&a->refused);
	return backoff_next_ms(&a->backoff);
}

/* The exchange failed; e may be a->last itself. */
static void
failed(struct auth *a, const struct err *e)
{
	uint64_t now = clk_ms(), wait = wait_after(a, e->kind), held;

	a->last = *e;
	a->is_again = false;
	a->retry_ms = now + wait;
	/* Whoever waits is told.  Without anybody waiting the old token still
	   works, and only the log hears of it. */
	if (is_good(a, now) && log_may(&a->throttle, &held)) {
		log_warn("source %s: token not renewed, the old one still "
			 "works; %s left_s=%ju retry_s=%ju untold=%ju",
		    a->o.name, e->text,
		    (uintmax_t)((a->expires_ms - now) / 1000),
		    (uintmax_t)(wait / 1000), (uintmax_t)held);
	}
	schedule(a);
}

/* When to renew: from the life's length, or as the endpoint advises. */
static uint64_t
renew_after(const struct auth_answer *answer)
{
	uint64_t life = answer->life_s * 1000;
	uint64_t ahead = jitter_ms(AHEAD_MS);

	if (answer->refresh_s > 0)
		return answer->refresh_s * 1000;
	if (life >= LONG_LIFE_MS)
		return life / 2 - ahead / 4;
	if (life < 4 * (uint64_t)AHEAD_MS)
		return life / 4 * 3;
	return life - ahead;
}

static void
drop(struct auth *a)
{
	wipe_free(a->bearer);
	a->bearer = NULL;
}

static void
succeeded(struct auth *a, struct auth_answer *answer)
{
	uint64_t now = clk_ms(), life = answer->life_s * 1000;

	drop(a);
	a->bearer = answer->bearer;
	answer->bearer = NULL;
	a->serial++;
	a->is_taken = false;
	a->expires_ms = now + life;
	a->margin_ms = life / 4 < MARGIN_MS ? life / 4 : MARGIN_MS;
	a->renew_ms = now + renew_after(answer);
	if (a->retry_ms != 0) {
		log_info("source %s: token renewed after failures "
			 "serial=%ju untold=%ju",
		    a->o.name, (uintmax_t)a->serial,
		    (uintmax_t)log_over(&a->throttle));
	} else {
		log_debug("source %s: token got serial=%ju life_s=%ju",
		    a->o.name, (uintmax_t)a->serial, (uintmax_t)answer->life_s);
	}
	a->retry_ms = 0;
	a->is_again = false;
	err_clear(&a->last);
	backoff_reset(&a->backoff);
	backoff_reset(&a->refused);
	schedule(a);
}

static void
on_head(void *ctx, const struct http_head *head)
{
	struct auth *a;

	OBJ_CAST(a, ctx, AUTH_MAGIC);
	a->status = head->status;
	a->date_unix_ms = head->date_unix_ms;
	a->retry_after_ms = head->retry_after_ms;
	a->has_skew = head->date_unix_ms != -1;
	if (a->has_skew)
		a->skew_ms = head->date_unix_ms - clk_unix_ms();
}

static int
on_data(void *ctx, const char *p, size_t len, struct err *e)
{
	struct auth *a;

	OBJ_CAST(a, ctx, AUTH_MAGIC);
	buf_add(&a->answer, p, len);
	return buf_check(&a->answer, "the token endpoint's answer", e);
}

/* What is signed here is refused by a clock that is far from ours. */
static void
tell_skew(const struct auth *a, struct err *e)
{
	int64_t ms = a->skew_ms < 0 ? -a->skew_ms : a->skew_ms;

	if (ms <= SKEW_MAX_MS)
		return;
	(void)err_context(e,
	    "this host's clock is %jd min %s the token endpoint's, set it "
	    "(NTP)",
	    (intmax_t)(ms / 60000), a->skew_ms > 0 ? "behind" : "ahead of");
}

/* An assertion that is wrong by more is refused: Entra allows five minutes,
   others less. */
#define CLOCK_OFF_MS 60000

/*
 * Learn the endpoint's clock from its Date (TLS vouches for it), so that a
 * host without NTP can sign in.  Whether our time was wrong in what was just
 * sent.
 */
static bool
learn_clock(struct auth *a)
{
	int64_t off, moved;

	if (a->date_unix_ms == -1)
		return false;
	off = a->date_unix_ms - clk_unix_ms();
	if (off > -CLOCK_OFF_MS && off < CLOCK_OFF_MS)
		off = 0;
	moved = off - a->clock_off_ms;
	if (moved > -CLOCK_OFF_MS && moved < CLOCK_OFF_MS)
		return false;
	a->clock_off_ms = off;
	if (off != 0) {
		log_warn("source %s: this host's clock is wrong, going by the "
			 "token endpoint's; set up NTP off_s=%jd",
		    a->o.name, (intmax_t)(off / 1000));
	}
	return true;
}

/* A status that this peer has for what passes by itself. */
static bool
is_passing(const struct auth *a)
{
	const int *status = a->grant->passing;

	while (status != NULL && *status != 0 && *status != a->status)
		status++;
	return status != NULL && *status != 0;
}

static int
read_answer(struct auth *a, struct auth_answer *answer, struct err *e)
{
	int64_t now = a->date_unix_ms == -1 ? clk_unix_ms() : a->date_unix_ms;

	if (a->status == 200) {
		return auth__answer_parse(
		    a->answer.p, a->answer.len, now, answer, e);
	}
	/* Whatever echoes the request must not reach a message. */
	a->grant->redact(&a->o, a->answer.p, a->answer.len);
	(void)auth_explain(a->status, a->answer.p, a->answer.len, &a->o, e);
	if (is_passing(a))
		e->kind = ERR_BUSY;
	if (e->kind == ERR_REFUSED && a->has_skew)
		tell_skew(a, e);
	return -1;
}

static void
answer_fini(struct auth_answer *answer)
{
	wipe_free(answer->bearer);
	wipe_free(answer->refresh);
}

static void
do_keep(uv_work_t *w)
{
	struct keeping *k = w->data;

	k->rc = k->grant->keep(k->token_file, k->answer.refresh, &k->err);
}

static void
on_kept(uv_work_t *w, int status)
{
	struct keeping *k = w->data;
	struct auth *a = k->auth;

	(void)status; /* never cancelled */
	if (a != NULL) {
		OBJ_CHECK(a, AUTH_MAGIC);
		a->keeping = NULL;
		if (k->rc == 0)
			succeeded(a, &k->answer);
		else
			failed(a, &k->err);
		serve(a);
	}
	answer_fini(&k->answer);
	free(k->token_file);
	free(k);
}

/* The answer is the job's from now on. */
static void
keep(struct auth *a, struct auth_answer *answer)
{
	struct keeping *k = xcalloc(1, sizeof(*k));

	k->work.data = k;
	k->auth = a;
	k->grant = a->grant;
	/* A copy: the options may be gone before the disk has answered. */
	k->token_file = xstrdup(a->o.token_file);
	k->answer = *answer;
	*answer = (struct auth_answer){ .bearer = NULL };
	a->keeping = k;
	(void)uv_queue_work(a->loop, &k->work, do_keep, on_kept);
}

static void
on_done(void *ctx, const struct err *transport)
{
	struct auth_answer answer = { .bearer = NULL };
	bool was_wrong = false;
	struct auth *a;
	struct err e;
	int rc = -1;

	OBJ_CAST(a, ctx, AUTH_MAGIC);
	a->request = NULL;
	if (transport == NULL) {
		was_wrong = a->grant->is_timed && learn_clock(a);
		rc = read_answer(a, &answer, &e);
	} else {
		e = *transport;
		/* Too long, so no token answer. */
		if (e.kind == ERR_LIMIT)
			e.kind = ERR_PROTO;
		a->status = 0;
		(void)err_context(&e, "%s", a->grant->peer + strlen("the "));
	}
	secret_buf_fini(&a->answer);
	if (rc == 0 && a->grant->keep != NULL && answer.refresh != NULL) {
		keep(a, &answer);
	} else if (rc == 0) {
		succeeded(a, &answer);
	} else if (was_wrong && !a->is_again && e.kind != ERR_BUSY) {
		a->is_again = true;
		exchange(a);
	} else {
		failed(a, &e);
	}
	answer_fini(&answer);
	serve(a);
}

static int
build_form(struct auth *a, struct buf *form, struct err *e)
{
	const struct auth_options *o = &a->o;
	const struct auth_moment moment = {
		.url = a->url,
		.unix_ms = clk_unix_ms() + a->clock_off_ms,
	};
	char *what;

	if (a->grant->form(o, &moment, form, e) == -1)
		return -1;
	auth__form_add(form, "client_id", o->client_id, strlen(o->client_id));
	what = xasprintf("%s%s", o->scope == NULL ? o->resource : o->scope,
	    o->scope == NULL || a->grant->more_scope == NULL ?
		"" :
		a->grant->more_scope);
	auth__form_add(
	    form, o->scope == NULL ? "resource" : "scope", what, strlen(what));
	free(what);
	return buf_check(form, "the token request", e);
}

#define HEADERS_MAX 4

static int
start(struct auth *a, const struct buf *form, struct err *e)
{
	static const struct http_handlers handlers = {
		.head = on_head,
		.data = on_data,
		.done = on_done,
	};
	const char *headers[HEADERS_MAX + 2] = { "Accept: application/json" };
	const struct auth_grant_row *grant = a->grant;
	const struct http_call call = {
		.method = grant->form == NULL ? "GET" : "POST",
		.url = a->url,
		.headers = headers,
		.body = grant->form == NULL ? NULL : form->p,
		.body_len = form->len,
		.route = &a->route,
		.is_link_local = grant->is_link_local,
		.connect_ms = grant->connect_ms,
		.total_ms = EXCHANGE_MS,
		.max_bytes = TOKEN_ANSWER_MAX,
	};

	for (size_t i = 0; grant->headers != NULL && grant->headers[i] != NULL;
	     i++) {
		assert(i < HEADERS_MAX);
		headers[i + 1] = grant->headers[i];
	}
	a->request = http_start(a->http, &call, &handlers, a, e);
	return a->request == NULL ? -1 : 0;
}

static void
exchange(struct auth *a)
{
	struct buf form;
	struct err e;
	int rc = 0;

	assert(!is_exchanging(a));
	a->status = 0;
	a->retry_after_ms = -1;
	a->date_unix_ms = -1;
	/* Before the files are read: a change in between is then seen. */
	read_stamps(a, a->stamps);
	secret_buf_init(&form, AUTH_FORM_MAX, AUTH_FORM_MAX);
	if (a->grant->form != NULL)
		rc = build_form(a, &form, &e);
	if (rc == 0)
		rc = start(a, &form, &e);
	secret_buf_fini(&form);
	if (rc == -1) {
		failed(a, &e);
		return;
	}
	secret_buf_init(&a->answer, AUTH_ANSWER_ROOM, TOKEN_ANSWER_MAX);
}

struct auth_wait *
auth_get(struct auth *a, auth_token_fn *fn, void *ctx)
{
	struct auth_wait *w = xcalloc(1, sizeof(*w));

	OBJ_CHECK(a, AUTH_MAGIC);
	assert(!a->is_closing);
	w->magic = WAIT_MAGIC;
	w->auth = a;
	w->fn = fn;
	w->ctx = ctx;
	TAILQ_INSERT_TAIL(&a->waits, w, link);
	soon(a);
	return w;
}

void
auth_cancel(struct auth_wait *w)
{
	if (w == NULL)
		return;
	OBJ_CHECK(w, WAIT_MAGIC);
	TAILQ_REMOVE(&w->auth->waits, w, link);
	w->magic = 0;
	free(w);
}

/* Drop the token, at most as often as the back-off lets. */
static void
refuse(struct auth *a, uint64_t serial)
{
	uint64_t now = clk_ms();

	if (a->bearer == NULL || a->serial != serial || now < a->drop_ms)
		return;
	a->drop_ms = now + backoff_next_ms(&a->renewals);
	log_debug("source %s: token dropped, the API refused it serial=%ju",
	    a->o.name, (uintmax_t)serial);
	drop(a);
	schedule(a);
}

void
auth_renew(struct auth *a, uint64_t serial)
{
	OBJ_CHECK(a, AUTH_MAGIC);
	if (a->serial == serial && a->is_taken) {
		backoff_reset(&a->renewals);
		a->drop_ms = 0;
	}
	refuse(a, serial);
}

void
auth_doubt(struct auth *a, uint64_t serial)
{
	OBJ_CHECK(a, AUTH_MAGIC);
	refuse(a, serial);
}

void
auth_accept(struct auth *a, uint64_t serial)
{
	OBJ_CHECK(a, AUTH_MAGIC);
	if (a->serial == serial)
		a->is_taken = true;
}

void
auth_look(struct auth *a)
{
	OBJ_CHECK(a, AUTH_MAGIC);
	if (a->bearer == NULL || a->request != NULL || a->keeping != NULL ||
	    is_unchanged(a))
		return;
	log_debug("source %s: the credential's file is another", a->o.name);
	a->renew_ms = clk_ms();
	a->retry_ms = 0;
	schedule(a);
}

bool
auth_skew_ms(const struct auth *a, int64_t *out)
{
	OBJ_CHECK(a, AUTH_MAGIC);
	*out = a->skew_ms;
	return a->has_skew;
}

uint64_t
auth_expires_ms(const struct auth *a)
{
	OBJ_CHECK(a, AUTH_MAGIC);
	return a->bearer == NULL ? 0 : a->expires_ms;
}

struct auth *
auth_new(uv_loop_t *loop, struct http *http, const struct auth_options *o,
    struct err *e)
{
	struct auth *a;
	char *url;

	if (auth__check_options(o, e) == -1)
		return NULL;
	url = auth__grant(o->grant)->url(o, e);
	if (url == NULL)
		return NULL;
	a = xcalloc(1, sizeof(*a));
	a->magic = AUTH_MAGIC;
	a->loop = loop;
	a->http = http;
	a->o = *o;
	if (a->o.name == NULL)
		a->o.name = "";
	a->grant = auth__grant(o->grant);
	a->url = url;
	a->route = o->route;
	if (a->grant->is_link_local)
		a->route.proxy = NULL;
	a->backoff = BACKOFF_API;
	a->refused = BACKOFF_REFUSED;
	a->renewals = BACKOFF_REFUSED;
	TAILQ_INIT(&a->waits);
	buf_init(&a->answer, TOKEN_ANSWER_MAX);
	(void)uv_timer_init(loop, &a->soon);
	(void)uv_timer_init(loop, &a->ahead);
	a->soon.data = a;
	a->ahead.data = a;
	return a;
}

static void
on_closed(uv_handle_t *handle)
{
	struct auth *a;

	OBJ_CAST(a, handle->data, AUTH_MAGIC);
	if (--a->closing > 0)
		return;
	a->magic = 0;
	free(a->url);
	free(a);
}

void
auth_close(struct auth *a)
{
	if (a == NULL)
		return;
	OBJ_CHECK(a, AUTH_MAGIC);
	assert(!a->is_closing && TAILQ_EMPTY(&a->waits));
	a->is_closing = true;
	http_cancel(a->request);
	a->request = NULL;
	if (a->keeping != NULL)
		a->keeping->auth = NULL; /* it is written to the end */
	secret_buf_fini(&a->answer);
	drop(a);
	a->closing = 2;
	uv_close((uv_handle_t *)&a->soon, on_closed);
	uv_close((uv_handle_t *)&a->ahead, on_closed);
}
