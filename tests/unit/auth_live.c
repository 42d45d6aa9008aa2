/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/auth.h"
#include "base/buf.h"
#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/obj.h"
#include "net_get.h"
#include "net_peer.h"

#define SECRET "s3cret~value/+="
#define TOKEN  "t0ken."

/* Time stands still unless a test moves it; this replaces base/clk.c. */
static struct {
	uint64_t ms;
} now = { 1000000 };

uint64_t
clk_ms(void)
{
	return now.ms;
}

int64_t
clk_unix_ms(void)
{
	return INT64_C(1700000000000) + (int64_t)now.ms;
}

/* A token endpoint that does as it is told, and one identity. */
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

static void
on_request(void *ctx, struct peer_conn *c, const char *request, size_t len)
{
	struct entra *t = ctx;
	char body[8300];

	(void)len;
	(void)snprintf(t->request, sizeof(t->request), "%s", request);
	if (t->status == 0)
		return;
	if (t->echoes) {
		(void)snprintf(body, sizeof(body),
		    "{\"error\":\"invalid_client\",\"error_description\":"
		    "\"%s\"}",
		    strstr(request, "\r\n\r\n") + 4);
	} else {
		(void)snprintf(body, sizeof(body),
		    "{\"token_type\":\"Bearer\",\"expires_in\":%u,"
		    "\"access_token\":\"" TOKEN "%u\"}",
		    t->expires_in, peer_requests(t->peer));
	}
	peer_answer(c, t->status, t->extra == NULL ? "" : t->extra,
	    t->body == NULL ? body : t->body);
}

static void
log_catch(struct entra *t)
{
	char name[] = "cefwd-test-XXXXXX";

	t->log_fd = mkstemp(name);
	assert_int_not_equal(t->log_fd, -1);
	(void)unlink(name);
	t->stderr_fd = dup(STDERR_FILENO);
	assert_int_equal(dup2(t->log_fd, STDERR_FILENO), STDERR_FILENO);
	log_configure(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
}

/* What was logged: no secret, no token; says in it (NULL: nothing). */
static void
log_check(struct entra *t, const char *says)
{
	char *text = xcalloc(1, 65536);
	ssize_t n = pread(t->log_fd, text, 65535, 0);

	assert_true(n >= 0);
	if (strstr(text, "s3cret") != NULL || strstr(text, TOKEN) != NULL)
		fail_msg("a secret is in the log: %s", text);
	if (says != NULL && strstr(text, says) == NULL)
		fail_msg("no \"%s\" in the log: %s", says, text);
	if (says == NULL && strstr(text, "warning") != NULL)
		fail_msg("an unexpected warning: %s", text);
	free(text);
}

static void
entra_up(struct entra *t)
{
	*t = (struct entra){ .status = 200, .expires_in = 3599 };
	world_up(&t->w);
	t->peer = peer_open(&t->w.loop, on_request, t);
	(void)snprintf(t->authority, sizeof(t->authority),
	    "http://127.0.0.1:%u", peer_port(t->peer));
	t->o = (struct auth_options){
		.name = "defender",
		.tenant = "contoso.example",
		.authority = t->authority,
		.client_id = "f7c1acd8-0458-48a0-a662-dba6de049d1c",
		.client_secret = SECRET,
		.scope = "https://graph.example/.default",
	};
	log_catch(t);
}

static void
auth_up(struct entra *t)
{
	struct err e;

	t->auth = auth_new(&t->w.loop, t->w.http, &t->o, &e);
	if (t->auth == NULL)
		fail_msg("%s", e.text);
}

static void
entra_down(struct entra *t, const char *logged)
{
	if (t->auth != NULL)
		auth_close(t->auth);
	peer_close(t->peer);
	world_down(&t->w);
	assert_int_equal(dup2(t->stderr_fd, STDERR_FILENO), STDERR_FILENO);
	(void)close(t->stderr_fd);
	log_check(t, logged);
	(void)close(t->log_fd);
}

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

static void
on_token(void *ctx, const struct auth_token *token, const struct err *e,
    uint64_t retry_ms)
{
	struct ask *a = ctx;

	uv_stop(&a->t->w.loop);
	a->calls++;
	a->wait = NULL;
	a->retry_ms = retry_ms;
	a->bearer[0] = '\0';
	assert_true((token == NULL) != (e == NULL));
	if (token != NULL) {
		(void)snprintf(
		    a->bearer, sizeof(a->bearer), "%s", token->bearer);
		a->serial = token->serial;
		assert_int_equal(
		    token->expires_ms, auth_expires_ms(a->t->auth));
	} else {
		a->e = *e;
		assert_null(strstr(e->text, "s3cret"));
		assert_null(strstr(e->text, TOKEN));
	}
	if (a->then != NULL)
		a->then(a);
}

static void
ask_start(struct entra *t, struct ask *a)
{
	a->t = t;
	a->calls = 0;
	a->wait = auth_get(t->auth, on_token, a);
	assert_int_equal(a->calls, 0);
}

static void
ask_wait(struct ask *a)
{
	while (a->calls == 0)
		(void)uv_run(&a->t->w.loop, UV_RUN_ONCE);
	assert_int_equal(a->calls, 1);
}

static void
ask(struct entra *t, struct ask *a)
{
	ask_start(t, a);
	ask_wait(a);
}

/* Let what runs in the background come to its end. */
static void
settle(struct entra *t)
{
	world_run(&t->w, 30);
}

static void
the_request_is_as_entra_wants_it(void **state)
{
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	entra_up(&t);
	auth_up(&t);
	ask(&t, &a);
	assert_string_equal(a.bearer, TOKEN "1");
	assert_int_equal(a.serial, 1);
	assert_int_equal(auth_expires_ms(t.auth), now.ms + 3599000);
	assert_int_equal(
	    strncmp(t.request,
		"POST /contoso.example/oauth2/v2.0/token HTTP/1.1\r\n", 50),
	    0);
	assert_non_null(strstr(t.request, "x-www-form-urlencoded"));
	assert_string_equal(strstr(t.request, "\r\n\r\n"),
	    "\r\n\r\ngrant_type=client_credentials"
	    "&client_secret=s3cret~value%2F%2B%3D"
	    "&client_id=f7c1acd8-0458-48a0-a662-dba6de049d1c"
	    "&scope=https%3A%2F%2Fgraph.example%2F.default");
	entra_down(&t, NULL);
}

static void
a_resource_is_asked_for_at_v1(void **state)
{
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	entra_up(&t);
	t.o.scope = NULL;
	t.o.resource = "https://graph.windows.example";
	t.body = "{\"token_type\":\"Bearer\",\"expires_in\":\"3599\","
		 "\"access_token\":\"" TOKEN "v1\"}";
	auth_up(&t);
	ask(&t, &a);
	assert_string_equal(a.bearer, TOKEN "v1");
	assert_int_equal(
	    strncmp(t.request,
		"POST /contoso.example/oauth2/token HTTP/1.1\r\n", 45),
	    0);
	assert_non_null(
	    strstr(t.request, "&resource=https%3A%2F%2Fgraph.windows.example"));
	assert_null(strstr(t.request, "scope="));
	entra_down(&t, NULL);
}

static void
all_who_ask_share_one_request(void **state)
{
	struct ask a[5] = { { .calls = 0 } };
	struct entra t;

	(void)state;
	entra_up(&t);
	auth_up(&t);
	for (size_t i = 0; i < NELEM(a); i++)
		ask_start(&t, &a[i]);
	auth_cancel(a[3].wait);
	for (size_t i = 0; i < NELEM(a); i++) {
		if (i == 3)
			continue;
		ask_wait(&a[i]);
		assert_string_equal(a[i].bearer, TOKEN "1");
	}
	assert_int_equal(a[3].calls, 0);
	/* and from the cache */
	ask(&t, &a[0]);
	assert_int_equal(a[0].serial, 1);
	assert_int_equal(peer_requests(t.peer), 1);
	entra_down(&t, NULL);
}

static void
a_refused_token_is_renewed_once(void **state)
{
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	entra_up(&t);
	auth_up(&t);
	ask(&t, &a);
	/* Three passes meet the 401 of the same token. */
	auth_renew(t.auth, 1);
	assert_int_equal(auth_expires_ms(t.auth), 0);
	auth_renew(t.auth, 1);
	ask(&t, &a);
	assert_string_equal(a.bearer, TOKEN "2");
	assert_int_equal(a.serial, 2);
	auth_renew(t.auth, 1);
	ask(&t, &a);
	assert_int_equal(a.serial, 2);
	assert_int_equal(peer_requests(t.peer), 2);
	entra_down(&t, NULL);
}

static void
a_token_is_renewed_ahead(void **state)
{
	/* life, no renewal yet, renewal surely by then (seconds) */
	static const struct {
		unsigned int life, early, late;
		const char *body;
	} rows[] = {
		{ 3599, 3599 - 376, 3599 - 224, NULL },
		{ 600, 449, 450, NULL },
		{ 86399, 86399 / 2 - 95, 86399 / 2 + 1, NULL },
		{ 3599, 1799, 1800,
		    "{\"token_type\":\"Bearer\",\"expires_in\":3599,"
		    "\"refresh_in\":1800,\"access_token\":\"" TOKEN "x\"}" },
	};
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		entra_up(&t);
		t.expires_in = rows[i].life;
		t.body = rows[i].body;
		auth_up(&t);
		ask(&t, &a);
		now.ms += (uint64_t)rows[i].early * 1000;
		ask(&t, &a);
		settle(&t);
		assert_int_equal(peer_requests(t.peer), 1);
		now.ms += (uint64_t)(rows[i].late - rows[i].early) * 1000;
		/* The old one is still handed out, at once. */
		ask(&t, &a);
		assert_int_equal(a.serial, 1);
		settle(&t);
		assert_int_equal(peer_requests(t.peer), 2);
		ask(&t, &a);
		assert_int_equal(a.serial, 2);
		entra_down(&t, NULL);
	}
}

static void
a_short_life_is_no_loop(void **state)
{
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	entra_up(&t);
	t.expires_in = 8;
	auth_up(&t);
	ask(&t, &a);
	assert_string_equal(a.bearer, TOKEN "1");
	now.ms += 5900;
	ask(&t, &a);
	assert_int_equal(peer_requests(t.peer), 1);
	now.ms += 100; /* three quarters are gone */
	ask(&t, &a);
	assert_string_equal(a.bearer, TOKEN "2");
	assert_int_equal(peer_requests(t.peer), 2);
	entra_down(&t, NULL);
}

static void
a_failed_renewal_is_told_once(void **state)
{
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	entra_up(&t);
	auth_up(&t);
	ask(&t, &a);
	now.ms += 3599000 - 200000;
	t.status = 503;
	ask(&t, &a);
	settle(&t);
	assert_int_equal(peer_requests(t.peer), 2);
	/* The old token serves; nothing is asked while it is held back. */
	ask(&t, &a);
	settle(&t);
	assert_string_equal(a.bearer, TOKEN "1");
	assert_int_equal(peer_requests(t.peer), 2);
	now.ms += 1300;
	ask(&t, &a);
	settle(&t);
	assert_string_equal(a.bearer, TOKEN "1");
	assert_int_equal(peer_requests(t.peer), 3);
	/* Its last minute: now the failure is everybody's. */
	now.ms += 140000;
	ask(&t, &a);
	assert_string_equal(a.bearer, "");
	assert_int_equal(a.e.kind, ERR_BUSY);
	t.status = 200;
	now.ms += a.retry_ms;
	ask(&t, &a);
	assert_int_equal(a.serial, 2);
	entra_down(&t,
	    "source defender: token not renewed, the old one still "
	    "works");
}

static void
failures_are_answered_with_patience(void **state)
{
	/* answer; what comes of it; bounds of the wait in ms */
	static const struct {
		int status;
		const char *extra, *body;
		enum err_kind kind;
		uint64_t low, high;
	} rows[] = {
		{ 500, "", "<html><title>x</title>", ERR_BUSY, 750, 1250 },
		{ 503, "Retry-After: 120\r\n", "", ERR_BUSY, 120000, 121250 },
		{ 429, "Retry-After: 2.128\r\n", "{\"error\":\"x\"}", ERR_BUSY,
		    2128, 4000 },
		{ 429, "Retry-After: 60\r\n", "{}", ERR_BUSY, 60000, 61250 },
		{ 429,
		    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
		    "Retry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n",
		    "{}", ERR_BUSY, 30000, 31250 },
		{ 429, "Retry-After: 99999999\r\n", "{}", ERR_BUSY, 3600000,
		    3601250 },
		{ 429, "Retry-After: soon\r\n", "{}", ERR_BUSY, 750, 1250 },
		{ 200, "", "<html>", ERR_PROTO, 750, 1250 },
		{ 200, "", "", ERR_PROTO, 750, 1250 },
		{ 403, "", "<html>", ERR_PROTO, 750, 1250 },
		{ 401, "", "{\"error\":\"invalid_client\"}", ERR_REFUSED, 60000,
		    100000 },
		{ 400, "", "{\"error\":\"invalid_scope\"}", ERR_CONFIG, 60000,
		    100000 },
	};
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		entra_up(&t);
		t.status = rows[i].status;
		t.extra = rows[i].extra;
		t.body = rows[i].body;
		auth_up(&t);
		ask(&t, &a);
		assert_string_equal(a.bearer, "");
		if (a.e.kind != rows[i].kind || a.retry_ms < rows[i].low ||
		    a.retry_ms > rows[i].high)
			fail_msg(
			    "%zu: %s %ju", i, a.e.text, (uintmax_t)a.retry_ms);
		/* Until then the same is told without asking. */
		now.ms += a.retry_ms - 1;
		ask(&t, &a);
		assert_int_equal(a.retry_ms, 1);
		assert_int_equal(a.e.kind, rows[i].kind);
		assert_int_equal(peer_requests(t.peer), 1);
		now.ms += 1;
		t.status = 200;
		t.body = NULL;
		ask(&t, &a);
		assert_string_equal(a.bearer, TOKEN "2");
		entra_down(&t, "renewed after failures");
	}
}

static void
waits_grow(void **state)
{
	struct ask a = { .calls = 0 };
	uint64_t step = 80000;
	struct entra t;

	(void)state;
	entra_up(&t);
	t.status = 401;
	t.body = "{\"error\":\"invalid_client\"}";
	auth_up(&t);
	for (int i = 0; i < 5; i++) {
		ask(&t, &a);
		assert_in_range(a.retry_ms, step * 3 / 4, step * 5 / 4);
		now.ms += a.retry_ms;
		step = step * 2 > 400000 ? 400000 : step * 2;
	}
	assert_int_equal(peer_requests(t.peer), 5);
	entra_down(&t, NULL);
}

static void
no_network_is_no_refusal(void **state)
{
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	entra_up(&t);
	(void)snprintf(t.authority, sizeof(t.authority), "http://127.0.0.1:%u",
	    peer_dead_port(&t.w.loop));
	auth_up(&t);
	ask(&t, &a);
	assert_int_equal(a.e.kind, ERR_NET);
	assert_non_null(strstr(a.e.text, "token endpoint: 127.0.0.1:"));
	assert_in_range(a.retry_ms, 750, 1250);
	entra_down(&t, NULL);
}

static void
a_flood_is_cut_off(void **state)
{
	char *body = xcalloc(1, (2u << 20) + 1);
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	memset(body, ' ', 2u << 20);
	entra_up(&t);
	t.body = body;
	auth_up(&t);
	ask(&t, &a);
	assert_int_equal(a.e.kind, ERR_PROTO);
	assert_non_null(strstr(a.e.text, "longer than"));
	free(body);
	entra_down(&t, NULL);
}

static void
write_file(const char *path, const char *text)
{
	char tmp[64];
	FILE *f;

	(void)snprintf(tmp, sizeof(tmp), "%s.new", path);
	f = fopen(tmp, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(tmp, path), 0);
}

static void
a_new_secret_needs_no_restart(void **state)
{
	char path[] = "cefwd-test-XXXXXX";
	struct ask a = { .calls = 0 };
	int fd = mkstemp(path);
	struct entra t;

	(void)state;
	assert_int_not_equal(fd, -1);
	(void)close(fd);
	entra_up(&t);
	t.o.client_secret = NULL;
	t.o.client_secret_file = path;
	write_file(path, "old s3cret\r\n");
	t.status = 401;
	t.body = "{\"error\":\"invalid_client\",\"error_codes\":[7000222]}";
	auth_up(&t);
	ask(&t, &a);
	assert_int_equal(a.e.kind, ERR_REFUSED);
	assert_non_null(strstr(t.request, "client_secret=old%20s3cret&"));
	now.ms += 1000;
	ask(&t, &a);
	assert_int_equal(peer_requests(t.peer), 1);
	/* Replaced: at once. */
	write_file(path, "new s3cret\n");
	t.status = 200;
	t.body = NULL;
	ask(&t, &a);
	assert_string_equal(a.bearer, TOKEN "2");
	assert_non_null(strstr(t.request, "client_secret=new%20s3cret&"));
	entra_down(&t, NULL);
	(void)unlink(path);
}

static void
a_bad_secret_file_is_named(void **state)
{
	/* the file's text; what is said, NULL: it is good */
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "s3cret", NULL },
		{ "s3cret\n", NULL },
		{ "s3cret\r\n", NULL },
		{ "", "is empty" },
		{ "\n", "is empty" },
		{ "s3cret\n\n", "more than one line" },
		{ "s3cret\nmore\n", "more than one line" },
		{ "s3\tcret", "control byte" },
	};
	char path[] = "cefwd-test-XXXXXX";
	struct ask a = { .calls = 0 };
	int fd = mkstemp(path);
	char *long_text;
	struct entra t;

	(void)state;
	assert_int_not_equal(fd, -1);
	(void)close(fd);
	entra_up(&t);
	t.o.client_secret = NULL;
	t.o.client_secret_file = path;
	auth_up(&t);
	for (size_t i = 0; i < NELEM(rows); i++) {
		write_file(path, rows[i].text);
		ask(&t, &a);
		if (rows[i].says == NULL) {
			assert_int_equal(a.serial, i + 1);
			auth_renew(t.auth, a.serial);
			continue;
		}
		assert_int_equal(a.e.kind, ERR_CONFIG);
		assert_non_null(strstr(a.e.text, path));
		if (strstr(a.e.text, rows[i].says) == NULL)
			fail_msg("%zu: %s", i, a.e.text);
	}
	long_text = xcalloc(1, 4100);
	memset(long_text, 'x', 4096);
	write_file(path, long_text);
	ask(&t, &a);
	assert_int_equal(a.serial, 4);
	auth_renew(t.auth, a.serial);
	long_text[4096] = 'x';
	write_file(path, long_text);
	ask(&t, &a);
	assert_non_null(strstr(a.e.text, "too long"));
	free(long_text);
	(void)unlink(path);
	ask(&t, &a);
	assert_non_null(strstr(a.e.text, "could not be opened"));
	assert_int_equal(peer_requests(t.peer), 4);
	entra_down(&t, NULL);
}

static void
an_echoed_secret_is_blotted_out(void **state)
{
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	entra_up(&t);
	t.status = 401;
	t.echoes = true;
	auth_up(&t);
	ask(&t, &a); /* on_token() looks for the secret */
	assert_non_null(strstr(a.e.text, "client_secret=***"));
	entra_down(&t, NULL);
}

static void
ask_again(struct ask *a)
{
	if (a->calls < 3)
		a->wait = auth_get(a->t->auth, on_token, a);
}

static void
cancel_other(struct ask *a)
{
	auth_cancel(a->other->wait);
	a->other->wait = NULL;
}

static void
renew_and_close(struct ask *a)
{
	auth_renew(a->t->auth, a->serial);
	auth_close(a->t->auth);
	a->t->auth = NULL;
}

static void
callbacks_may_do_as_they_like(void **state)
{
	struct ask b = { .calls = 0 };
	struct ask a = { .then = cancel_other, .other = &b };
	struct entra t;

	(void)state;
	entra_up(&t);
	auth_up(&t);
	ask_start(&t, &a);
	ask_start(&t, &b);
	ask_wait(&a);
	settle(&t);
	assert_int_equal(b.calls, 0);
	a.then = ask_again;
	ask_start(&t, &a);
	settle(&t);
	assert_int_equal(a.calls, 3);
	a.then = renew_and_close;
	ask(&t, &a);
	assert_string_equal(a.bearer, TOKEN "1");
	entra_down(&t, NULL);
}

static void
it_closes_in_the_middle(void **state)
{
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	entra_up(&t);
	t.status = 0;
	auth_up(&t);
	ask_start(&t, &a);
	settle(&t);
	assert_int_equal(peer_requests(t.peer), 1);
	auth_cancel(a.wait);
	entra_down(&t, NULL);
	assert_int_equal(a.calls, 0);
}

static void
options_that_do_not_fit_are_refused(void **state)
{
	static const struct auth_options good = {
		.tenant = "t",
		.authority = "https://login.example/",
		.client_id = "c",
		.client_secret = "s",
		.scope = "x",
	};
	struct auth_options rows[16];
	static const char *const says[] = { NULL, "scope or resource",
		"scope or resource", "no tenant", "no single tenant",
		"neither an id nor a domain", "neither an id nor a domain",
		"no client-id", "no client secret", "two client secrets",
		"is empty", "loopback", "scheme and host alone",
		"no authority" };
	size_t n = 0;
	struct world w;
	struct auth *a;
	struct err e;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		rows[i] = good;
	rows[++n].scope = NULL;
	rows[++n].resource = "y";
	rows[++n].tenant = "";
	rows[++n].tenant = "Common";
	rows[++n].tenant = "a/../b";
	rows[++n].tenant = "..";
	rows[++n].client_id = "";
	rows[++n].client_secret = NULL;
	rows[++n].client_secret_file = "f";
	rows[++n].client_secret = "";
	rows[++n].authority = "http://login.example";
	rows[++n].authority = "https://login.example/common";
	rows[++n].authority = NULL;
	assert_int_equal(n + 1, NELEM(says));
	world_up(&w);
	for (size_t i = 0; i <= n; i++) {
		a = auth_new(&w.loop, w.http, &rows[i], &e);
		if ((a == NULL) != (says[i] != NULL))
			fail_msg("%zu", i);
		auth_close(a);
		if (a != NULL)
			continue;
		assert_int_equal(e.kind, ERR_CONFIG);
		if (strstr(e.text, says[i]) == NULL)
			fail_msg("%zu: %s", i, e.text);
	}
	world_down(&w);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_is_as_entra_wants_it),
		cmocka_unit_test(a_resource_is_asked_for_at_v1),
		cmocka_unit_test(all_who_ask_share_one_request),
		cmocka_unit_test(a_refused_token_is_renewed_once),
		cmocka_unit_test(a_token_is_renewed_ahead),
		cmocka_unit_test(a_short_life_is_no_loop),
		cmocka_unit_test(a_failed_renewal_is_told_once),
		cmocka_unit_test(failures_are_answered_with_patience),
		cmocka_unit_test(waits_grow),
		cmocka_unit_test(no_network_is_no_refusal),
		cmocka_unit_test(a_flood_is_cut_off),
		cmocka_unit_test(a_new_secret_needs_no_restart),
		cmocka_unit_test(a_bad_secret_file_is_named),
		cmocka_unit_test(an_echoed_secret_is_blotted_out),
		cmocka_unit_test(callbacks_may_do_as_they_like),
		cmocka_unit_test(it_closes_in_the_middle),
		cmocka_unit_test(options_that_do_not_fit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
