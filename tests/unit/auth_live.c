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
#include "base/mem.h"
#include "base/obj.h"
#include "net_get.h"
#include "net_peer.h"

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
	assert_int_equal(auth_expires_ms(t.auth), entra_clock.ms + 3599000);
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
		entra_clock.ms += (uint64_t)rows[i].early * 1000;
		ask(&t, &a);
		settle(&t);
		assert_int_equal(peer_requests(t.peer), 1);
		entra_clock.ms +=
		    (uint64_t)(rows[i].late - rows[i].early) * 1000;
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
	entra_clock.ms += 5900;
	ask(&t, &a);
	assert_int_equal(peer_requests(t.peer), 1);
	entra_clock.ms += 100; /* three quarters are gone */
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
	entra_clock.ms += 3599000 - 200000;
	t.status = 503;
	ask(&t, &a);
	settle(&t);
	assert_int_equal(peer_requests(t.peer), 2);
	/* The old token serves; nothing is asked while it is held back. */
	ask(&t, &a);
	settle(&t);
	assert_string_equal(a.bearer, TOKEN "1");
	assert_int_equal(peer_requests(t.peer), 2);
	entra_clock.ms += 1300;
	ask(&t, &a);
	settle(&t);
	assert_string_equal(a.bearer, TOKEN "1");
	assert_int_equal(peer_requests(t.peer), 3);
	/* Its last minute: now the failure is everybody's. */
	entra_clock.ms += 140000;
	ask(&t, &a);
	assert_string_equal(a.bearer, "");
	assert_int_equal(a.e.kind, ERR_BUSY);
	t.status = 200;
	entra_clock.ms += a.retry_ms;
	ask(&t, &a);
	assert_int_equal(a.serial, 2);
	entra_down(&t,
	    "source defender: token not renewed, the old one still "
	    "works");
}

static void
ask_again(struct ask *a)
{
	if (a->calls < 3)
		a->wait = auth_get(a->t->auth, ask_told, a);
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
		cmocka_unit_test(callbacks_may_do_as_they_like),
		cmocka_unit_test(it_closes_in_the_middle),
		cmocka_unit_test(options_that_do_not_fit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
