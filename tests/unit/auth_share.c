/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/set.h"
#include "auth_peer.h"
#include "base/mem.h"
#include "base/obj.h"
#include "net_get.h"
#include "net_peer.h"

static void
feeds_of_one_identity_share_a_token(void **state)
{
	struct ask a = { .calls = 0 }, b = { .calls = 0 };
	struct auth *one, *two;
	struct auth_options o;
	struct auth_set *s;
	struct entra t;
	struct err e;
	char *tenant;

	(void)state;
	entra_up(&t);
	s = auth_set_new(&t.w.loop, t.w.http);
	one = auth_set_take(s, &t.o, &e);
	o = t.o;
	o.name = "another";
	/* The text counts, not where it stands. */
	tenant = xstrdup(t.o.tenant);
	o.tenant = tenant;
	two = auth_set_take(s, &o, &e);
	assert_ptr_equal(one, two);
	t.auth = one;
	ask_start(&t, &a);
	ask_start(&t, &b);
	ask_wait(&a);
	ask_wait(&b);
	assert_string_equal(a.bearer, TOKEN "1");
	assert_string_equal(b.bearer, TOKEN "1");
	assert_int_equal(peer_requests(t.peer), 1);
	/* One goes, the other goes on. */
	auth_set_give(s, two);
	free(tenant);
	ask(&t, &a);
	assert_int_equal(a.serial, 1);
	auth_set_give(s, one);
	t.auth = NULL;
	auth_set_give(s, NULL);
	auth_set_free(s);
	entra_down(&t, NULL);
}

static void
what_differs_is_another_identity(void **state)
{
	struct auth_options rows[12];
	struct auth *all[12];
	struct auth_set *s;
	struct entra t;
	struct err e;
	size_t n = 0;

	(void)state;
	entra_up(&t);
	for (size_t i = 0; i < NELEM(rows); i++)
		rows[i] = t.o;
	rows[++n].tenant = "fabrikam.example";
	rows[++n].authority = "https://login.example";
	rows[++n].client_id = "f7c1acd8-0458-48a0-a662-dba6de049d1d";
	rows[++n].client_secret = "another";
	rows[++n].scope = "https://api.example/.default";
	rows[++n].route.ca_file = "/ca.pem";
	rows[++n].route.proxy = "http://proxy.example:3128";
	rows[++n].route.proxy_user = "user";
	rows[++n].route.proxy_password = "password";
	rows[++n].scope = NULL;
	rows[n].resource = "https://graph.example/.default";
	s = auth_set_new(&t.w.loop, t.w.http);
	for (size_t i = 0; i <= n; i++) {
		all[i] = auth_set_take(s, &rows[i], &e);
		if (all[i] == NULL)
			fail_msg("%zu: %s", i, e.text);
		for (size_t k = 0; k < i; k++)
			assert_ptr_not_equal(all[i], all[k]);
	}
	rows[n + 1].tenant = "";
	assert_null(auth_set_take(s, &rows[n + 1], &e));
	assert_int_equal(e.kind, ERR_CONFIG);
	for (size_t i = 0; i <= n; i++)
		auth_set_give(s, all[i]);
	auth_set_free(s);
	entra_down(&t, NULL);
}

/* The API refuses every token: Entra must not be asked at every poll. */
static void
a_token_that_no_api_takes_is_not_fetched_again_and_again(void **state)
{
	struct ask a = { .calls = 0 };
	struct entra t;
	unsigned int asked;

	(void)state;
	entra_up(&t);
	auth_up(&t);
	for (int i = 0; i < 600; i++) {
		ask(&t, &a);
		auth_renew(t.auth, a.serial);
		ask(&t, &a);
		auth_renew(t.auth, a.serial);
		entra_clock.ms += 1000;
	}
	asked = peer_requests(t.peer);
	assert_in_range(asked, 3, 7);
	/* Once it is taken, a refusal is news again. */
	ask(&t, &a);
	auth_accept(t.auth, a.serial);
	auth_renew(t.auth, a.serial);
	ask(&t, &a);
	auth_accept(t.auth, a.serial);
	auth_renew(t.auth, a.serial);
	ask(&t, &a);
	assert_in_range(peer_requests(t.peer), asked + 2, asked + 3);
	entra_down(&t, NULL);
}

/* A role granted meanwhile is found, and Entra is left in peace. */
static void
a_clock_that_is_off_is_named_in_a_refusal(void **state)
{
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	entra_up(&t);
	entra_clock.ms += 3600000;
	t.status = 401;
	t.body = "{\"error\":\"invalid_client\",\"error_codes\":[700024]}";
	t.extra = "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n";
	auth_up(&t);
	ask(&t, &a);
	assert_int_equal(a.e.kind, ERR_REFUSED);
	assert_non_null(strstr(a.e.text, "min ahead of the token endpoint's"));
	assert_non_null(strstr(a.e.text, "AADSTS700024"));
	entra_down(&t, NULL);
}

static void
a_missing_role_is_looked_for_now_and_then(void **state)
{
	struct ask a = { .calls = 0 };
	struct entra t;

	(void)state;
	entra_up(&t);
	auth_up(&t);
	for (int i = 0; i < 600; i++) {
		ask(&t, &a);
		/* Another API may take the same token. */
		auth_accept(t.auth, a.serial);
		auth_doubt(t.auth, a.serial);
		entra_clock.ms += 1000;
	}
	assert_in_range(peer_requests(t.peer), 3, 7);
	entra_down(&t, NULL);
}

static void
the_endpoints_clock_is_known(void **state)
{
	struct ask a = { .calls = 0 };
	struct entra t;
	int64_t ms;

	(void)state;
	entra_up(&t);
	auth_up(&t);
	assert_false(auth_skew_ms(t.auth, &ms));
	/* The test's clock stands near 2023-11-14T22:30. */
	t.extra = "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n";
	ask(&t, &a);
	assert_true(auth_skew_ms(t.auth, &ms));
	assert_int_equal(ms, -(int64_t)entra_clock.ms);
	entra_down(&t, NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(feeds_of_one_identity_share_a_token),
		cmocka_unit_test(what_differs_is_another_identity),
		cmocka_unit_test(
		    a_token_that_no_api_takes_is_not_fetched_again_and_again),
		cmocka_unit_test(a_missing_role_is_looked_for_now_and_then),
		cmocka_unit_test(a_clock_that_is_off_is_named_in_a_refusal),
		cmocka_unit_test(the_endpoints_clock_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
