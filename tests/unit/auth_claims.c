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
#include <openssl/evp.h>

#include "auth/claims.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/obj.h"

/* base64 of text, url: of the other alphabet and without padding; free(). */
static char *
encode(const char *text, bool url)
{
	char *out = xcalloc(1, strlen(text) * 2 + 8);

	(void)EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)text,
	    (int)strlen(text));
	for (char *p = out; url && *p != '\0'; p++) {
		if (*p == '+')
			*p = '-';
		else if (*p == '/')
			*p = '_';
		else if (*p == '=')
			*p = '\0';
	}
	return out;
}

static void
a_challenge_is_told_in_words(void **state)
{
	static const struct {
		const char *claims, *says;
	} rows[] = {
		{ "{\"access_token\":{\"nbf\":{\"essential\":true,"
		  "\"value\":\"1604106651\"}}}",
		    "issued after 2020-10-31T01:10:51Z is wanted" },
		{ "{\"access_token\":{\"nbf\":{\"value\":\"1604106651\"},"
		  "\"xms_rp_ipaddr\":{\"value\":\"192.0.2.7\"}}}",
		    "the address 192.0.2.7 that the API sees" },
		{ "{\"access_token\":{\"acrs\":{\"essential\":true,"
		  "\"value\":\"c1\"}}}",
		    "authentication context c1, which" },
		{ "{\"access_token\":{\"acrs\":{\"values\":[\"c2\",\"c3\"]}}}",
		    "authentication context c2, which" },
		{ "{\"access_token\":{\"acrs\":{}}}", "it does not name" },
		{ "{\"access_token\":{\"acrs\":null}}", "it does not name" },
		{ "{\"access_token\":{\"nbf\":{\"value\":\"x\\ny\"}}}",
		    "after x?y is wanted" },
		{ "{\"access_token\":{\"new\":{}}}", "must satisfy new;" },
		{ "{\"access_token\":{}}", "cannot be read" },
		{ "{\"access_token\":7}", "cannot be read" },
		{ "{}", "cannot be read" },
		{ "not JSON", "cannot be read" },
	};
	struct buf b;

	(void)state;
	for (size_t i = 0; i < NELEM(rows) * 2; i++) {
		char *code = encode(rows[i / 2].claims, i % 2 == 1);
		char *header = xasprintf(
		    "Bearer realm=\"\", authorization_uri=\"https://login."
		    "example/error=/authorize\", error=\"insufficient_claims\""
		    ", claims=\"%s\"",
		    code);

		buf_init(&b, 1024);
		assert_true(auth_claims(header, &b));
		if (strstr(b.p, rows[i / 2].says) == NULL ||
		    strstr(b.p, "Conditional Access") == NULL)
			fail_msg("%s: %s", rows[i / 2].claims, b.p);
		buf_fini(&b);
		free(header);
		free(code);
	}
}

static void
other_refusals_are_no_challenge(void **state)
{
	static const char *const rows[] = { "", "Bearer",
		"Bearer realm=\"\", error=\"invalid_token\"",
		"Bearer claims=\"e30=\"", "Bearer error",
		"Bearer error=", "Bearer myerror=\"insufficient_claims\"",
		"Bearer error=\"insufficient_claims_not\"" };
	struct buf b;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		buf_init(&b, 1024);
		if (auth_claims(rows[i], &b))
			fail_msg("%s", rows[i]);
		assert_int_equal(b.len, 0);
	}
	buf_init(&b, 1024);
	assert_true(auth_claims("bearer ERROR=insufficient_claims", &b));
	assert_non_null(strstr(b.p, "cannot be read"));
	buf_fini(&b);
}

static void
a_token_is_read_as_a_hint(void **state)
{
	static const char claims[] =
	    "{\"aud\":\"https://graph.example\",\"tid\":\"t\",\"roles\":"
	    "[\"A.Read\",\"B.Read\",null],\"scp\":\"x y\",\"n\":1}";
	char *code = encode(claims, true);
	char *token = xasprintf("eyJ0.%s.signature", code);
	struct auth_hint h;

	(void)state;
	assert_true(auth_hint(token, &h));
	assert_string_equal(h.audience, "https://graph.example");
	assert_string_equal(h.tenant, "t");
	assert_string_equal(h.roles, "A.Read B.Read ?");
	assert_string_equal(h.scopes, "x y");
	auth_hint_fini(&h);
	free(token);
	free(code);
}

static void
an_opaque_token_stays_opaque(void **state)
{
	static const char *const rows[] = { "", "opaque", "a.b", "..", "a..b",
		"a.b.c", "a.e30", "a.!!!!.c", "a.WzFd.c" /* [1] */ };
	char *huge = xcalloc(1, 40000);
	struct auth_hint h;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		if (auth_hint(rows[i], &h))
			fail_msg("%s", rows[i]);
		auth_hint_fini(&h);
	}
	memset(huge, 'A', 39999);
	huge[1] = '.';
	huge[39990] = '.';
	assert_false(auth_hint(huge, &h));
	free(huge);
	/* readable, and says nothing of use */
	assert_true(auth_hint("a.e30.c", &h));
	assert_null(h.audience);
	assert_null(h.roles);
	auth_hint_fini(&h);
	assert_true(auth_hint("a.eyJhdWQiOjEsInJvbGVzIjp7fX0.c", &h));
	assert_null(h.audience);
	assert_null(h.roles);
	auth_hint_fini(&h);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_challenge_is_told_in_words),
		cmocka_unit_test(other_refusals_are_no_challenge),
		cmocka_unit_test(a_token_is_read_as_a_hint),
		cmocka_unit_test(an_opaque_token_stays_opaque),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
