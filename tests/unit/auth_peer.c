/* SPDX-License-Identifier: MIT */
#include "config.h"

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
#include "auth_peer.h"
#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/obj.h"
#include "net_get.h"
#include "net_peer.h"

struct entra_clock entra_clock = { 1000000 };

uint64_t
clk_ms(void)
{
	return entra_clock.ms;
}

int64_t
clk_unix_ms(void)
{
	return INT64_C(1700000000000) + (int64_t)entra_clock.ms;
}

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

void
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

void
auth_up(struct entra *t)
{
	struct err e;

	t->auth = auth_new(&t->w.loop, t->w.http, &t->o, &e);
	if (t->auth == NULL)
		fail_msg("%s", e.text);
}

void
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

void
ask_told(void *ctx, const struct auth_token *token, const struct err *e,
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
		assert_non_null(e);
		a->e = *e;
		assert_null(strstr(e->text, "s3cret"));
		assert_null(strstr(e->text, TOKEN));
	}
	if (a->then != NULL)
		a->then(a);
}

void
ask_start(struct entra *t, struct ask *a)
{
	a->t = t;
	a->calls = 0;
	a->wait = auth_get(t->auth, ask_told, a);
	assert_int_equal(a->calls, 0);
}

void
ask_wait(struct ask *a)
{
	while (a->calls == 0)
		(void)uv_run(&a->t->w.loop, UV_RUN_ONCE);
	assert_int_equal(a->calls, 1);
}

void
ask(struct entra *t, struct ask *a)
{
	ask_start(t, a);
	ask_wait(a);
}

void
settle(struct entra *t)
{
	world_run(&t->w, 30);
}
