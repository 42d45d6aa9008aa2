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

#include "auth/auth_priv.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/obj.h"

#define NOW 1488717084000 /* 3599 s before aad-token-success-v1's end */

static const struct auth_options options = {
	.name = "defender",
	.tenant = "contoso.example",
	.authority = "https://login.example",
	.client_id = "f7c1acd8-0458-48a0-a662-dba6de049d1c",
	.client_secret = "s3cret~value",
	.scope = "https://graph.example/.default",
};

static void
good_answers(void **state)
{
	static const struct {
		const char *body;
		uint64_t life_s, refresh_s;
		const char *bearer;
	} rows[] = {
		{ "{\"token_type\":\"Bearer\",\"expires_in\":3599,"
		  "\"ext_expires_in\":3599,\"access_token\":\"a.b.c\"}",
		    3599, 0, "a.b.c" },
		{ "{\"token_type\":\"bearer\",\"expires_in\":\"3599\","
		  "\"expires_on\":\"1\",\"access_token\":\"x\"}\r\n",
		    3599, 0, "x" },
		{ "{\"token_type\":\"Bearer\",\"access_token\":\"x\","
		  "\"expires_on\":\"1488720683\"}",
		    3599, 0, "x" },
		{ "{\"token_type\":\"Bearer\",\"access_token\":\"x\","
		  "\"expires_on\":1488720683,\"expires_in\":null}",
		    3599, 0, "x" },
		{ "{\"token_type\":\"Bearer\",\"access_token\":\"x\"}", 3600, 0,
		    "x" },
		{ "{\"token_type\":\"Bearer\",\"access_token\":\"x\","
		  "\"expires_in\":86399,\"refresh_in\":43199}",
		    86399, 43199, "x" },
		{ "{\"token_type\":\"Bearer\",\"access_token\":\"x\","
		  "\"expires_in\":3599.9,\"refresh_in\":\"1800\"}",
		    3599, 1800, "x" },
		/* advice that makes no sense */
		{ "{\"token_type\":\"Bearer\",\"access_token\":\"x\","
		  "\"expires_in\":3599,\"refresh_in\":3599}",
		    3599, 0, "x" },
		{ "{\"token_type\":\"Bearer\",\"access_token\":\"x\","
		  "\"expires_in\":3599,\"refresh_in\":[]}",
		    3599, 0, "x" },
		{ "{\"token_type\":\"Bearer\",\"access_token\":\"x\","
		  "\"expires_in\":1}",
		    1, 0, "x" },
		/* longer than any: the longest */
		{ "{\"token_type\":\"Bearer\",\"access_token\":\"x\","
		  "\"expires_in\":99999999999999999999}",
		    AUTH_LIFE_MAX_S, 0, "x" },
		{ "{\"token_type\":\"Bearer\",\"access_token\":\"x\","
		  "\"expires_on\":\"9000000000000000000\"}",
		    AUTH_LIFE_MAX_S, 0, "x" },
		{ "{\"token_type\":\"Bearer\",\"access_token\":\" ~x\"}", 3600,
		    0, " ~x" },
	};
	struct auth_answer a;
	struct err e;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		if (auth__answer_parse(
			rows[i].body, strlen(rows[i].body), NOW, &a, &e) == -1)
			fail_msg("%zu: %s", i, e.text);
		assert_int_equal(a.life_s, rows[i].life_s);
		assert_int_equal(a.refresh_s, rows[i].refresh_s);
		assert_string_equal(a.bearer, rows[i].bearer);
		wipe_free(a.bearer);
	}
}

static void
broken_answers_are_refused(void **state)
{
#define T "\"token_type\":\"Bearer\","
#define A "\"access_token\":\"t0ken\""
	static const struct {
		const char *body, *says;
	} rows[] = {
		{ "", "with nothing" },
		{ " \r\n", "with nothing" },
		{ "<!DOCTYPE html><html><head><TITLE> Access denied\n</TITLE>",
		    "an HTML page titled \"Access denied\"" },
		{ "<html><body>t0ken", "an HTML page" },
		{ "t0ken", "not a JSON object" },
		{ "[]", "not a JSON object" },
		{ "null", "not a JSON object" },
		{ "{" T A, "broken JSON" },
		{ "{" T "\"expires_in\":35", "broken JSON" },
		{ "{" T A "}}", "broken JSON" },
		{ "{" T A "} x", "broken JSON" },
		{ "{'token_type':'Bearer'}", "broken JSON" },
		{ "{\"a\":[[[[[[[[[[1]]]]]]]]]]," T A "}", "broken JSON" },
		{ "{}", "no token_type" },
		{ "{" A "}", "no token_type" },
		{ "{\"token_type\":5," A "}", "no token_type" },
		{ "{\"token_type\":\"pop\"," A "}", "not Bearer" },
		{ "{\"token_type\":\"Bearer \"," A "}", "not Bearer" },
		{ "{\"token_type\":\"Bearer\"}", "no access_token" },
		{ "{" T "\"access_token\":null}", "no access_token" },
		{ "{" T "\"access_token\":[\"t0ken\"]}", "no access_token" },
		{ "{" T "\"access_token\":\"\"}", "empty access_token" },
		{ "{" T "\"access_token\":\"t0ken\\r\\nX: y\"}",
		    "no token has, at 5" },
		{ "{" T "\"access_token\":\"t0ken\\u0000\"}",
		    "no token has, at 5" },
		{ "{" T "\"access_token\":\"t0ken\\u00e9\"}",
		    "no token has, at 5" },
		{ "{" T "\"access_token\":\"t0ken\\u007f\"}",
		    "no token has, at 5" },
		{ "{" T A ",\"expires_in\":-1}", "expires_in" },
		{ "{" T A ",\"expires_in\":0}", "expires_in" },
		{ "{" T A ",\"expires_in\":\"soon\"}", "expires_in" },
		{ "{" T A ",\"expires_in\":\"\"}", "expires_in" },
		{ "{" T A ",\"expires_in\":\"99999999999999999999\"}",
		    "expires_in" },
		{ "{" T A ",\"expires_in\":1e300}", "expires_in" },
		{ "{" T A ",\"expires_in\":true}", "expires_in" },
		{ "{" T A ",\"expires_in\":{}}", "expires_in" },
		{ "{" T A ",\"expires_on\":\"1488717084\"}", "expires_on" },
		{ "{" T A ",\"expires_on\":[]}", "expires_on" },
	};
	struct auth_answer a;
	struct err e;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		if (auth__answer_parse(
			rows[i].body, strlen(rows[i].body), NOW, &a, &e) == 0)
			fail_msg("%s", rows[i].body);
		assert_null(a.bearer);
		assert_int_equal(e.kind, ERR_PROTO);
		if (strstr(e.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].body, e.text);
		assert_null(strstr(e.text, "t0ken"));
	}
	/* A NUL in the middle, which a string would hide. */
	assert_int_equal(auth__answer_parse("{}\0", 3, NOW, &a, &e), -1);
#undef A
#undef T
}

static void
a_token_has_a_limit(void **state)
{
	static const char head[] = "{\"token_type\":\"Bearer\","
				   "\"access_token\":\"";
	struct auth_answer a;
	struct buf b;
	struct err e;

	(void)state;
	buf_init(&b, 1U << 20);
	for (size_t over = 0; over < 2; over++) {
		buf_reset(&b);
		buf_adds(&b, head);
		for (size_t i = 0; i < HTTP_HEADER_MAX + over; i++)
			buf_addc(&b, 'x');
		buf_adds(&b, "\"}");
		assert_int_equal(auth__answer_parse(b.p, b.len, NOW, &a, &e),
		    over == 0 ? 0 : -1);
		wipe_free(a.bearer);
	}
	assert_non_null(strstr(e.text, "longer than"));
	buf_fini(&b);
}

static void
errors_are_explained(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum err_kind kind;
		const char *says;
	} rows[] = {
		/* kind: by status, then by error, never by number */
		{ 401, "{\"error\":\"invalid_client\"}", ERR_REFUSED,
		    "check client-id" },
		{ 400, "{\"error\":\"invalid_scope\"}", ERR_CONFIG,
		    "/.default" },
		{ 400, "{\"error\":\"temporarily_unavailable\"}", ERR_BUSY,
		    "tried again" },
		{ 429, "{\"error\":\"invalid_client\"}", ERR_BUSY, "429" },
		{ 500, "{\"error\":\"invalid_client\"}", ERR_BUSY, "500" },
		{ 400, "{\"error\":\"a_new_word\"}", ERR_REFUSED,
		    "a_new_word" },
		{ 400, "{}", ERR_REFUSED, "(400)" },
		{ 400, "{\"error\":7}", ERR_REFUSED, "(400)" },
		{ 400,
		    "{\"error\":\"invalid_request\",\"error_codes\":[7000215]}",
		    ERR_CONFIG, "Secret ID" },
		{ 400,
		    "{\"error\":\"invalid_request\","
		    "\"error_description\":\"Identity not found\"}",
		    ERR_CONFIG, "said: \"Identity not found\"" },
		/* numbers in all places */
		{ 401,
		    "{\"error\":\"invalid_client\",\"error_codes\":"
		    "[\"7000222\"]}",
		    ERR_REFUSED, "AADSTS7000222" },
		{ 401, "{\"error\":\"x\",\"error_codes\":[1,7000222]}",
		    ERR_REFUSED, "has expired" },
		{ 401,
		    "{\"error\":\"x\",\"error_codes\":\"7000222\","
		    "\"error_description\":\"AADSTS50196: Loop.\"}",
		    ERR_REFUSED, "AADSTS50196" },
		{ 401, "{\"error\":\"x\",\"error_codes\":[-1,null,{},1e9]}",
		    ERR_REFUSED, "(401 x)" },
		{ 400, "{\"error\":\"x\",\"error_codes\":[99999]}", ERR_REFUSED,
		    "error?code=99999" },
		/* somebody else's shape */
		{ 403,
		    "{\"error\":{\"code\":\"Forbidden\",\"message\":\"No.\"}}",
		    ERR_REFUSED, "403 Forbidden" },
		{ 400, "{\"error\":\"invalid_grant\",\"suberror\":\"basic\"}",
		    ERR_REFUSED, "invalid_grant/basic" },
		/* a machine's own endpoint (IMDS), v1, App Service */
		{ 400,
		    "{\"error\":\"invalid_request\",\"error_description\":"
		    "\"Required metadata header not specified\"}",
		    ERR_CONFIG, "metadata header" },
		{ 404, "{\"error\":\"not_found\",\"error_description\":\"x\"}",
		    ERR_REFUSED, "404 not_found" },
		{ 429, "{\"error\":\"Too many requests\"}", ERR_BUSY, "429" },
		{ 400,
		    "{\"error\":\"unauthorized_client\",\"error_description\":"
		    "\"AADSTS700016: Application not found.\\r\\nTrace ID: "
		    "0a\\r\\nCorrelation ID: 0b\\r\\nTimestamp: "
		    "2020-04-06 10:06:52Z\",\"error_codes\":[\"700016\"],"
		    "\"timestamp\":\"2020-04-06 10:06:52Z\"}",
		    ERR_REFUSED, "trace 0a, correlation 0b" },
		{ 400,
		    "{\"statusCode\":400,\"message\":\"No User Assigned "
		    "identity found\"}",
		    ERR_REFUSED, "said: \"No User Assigned" },
		/* no JSON */
		{ 500, "<html><title>Oops</title>", ERR_BUSY,
		    "titled \"Oops\"" },
		{ 503, "", ERR_BUSY, "503 with nothing" },
		{ 429, "slow", ERR_BUSY, "429" },
		{ 403, "<html><title>Blocked</title>", ERR_PROTO,
		    "proxy or firewall" },
		{ 407, "", ERR_PROTO, "proxy-user" },
		{ 302, "", ERR_PROTO, "redirect" },
		{ 404, "Not found", ERR_PROTO, "authority" },
		{ 400, "{\"error\":", ERR_PROTO, "broken JSON" },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_int_equal(auth_explain(rows[i].status, rows[i].body,
				     strlen(rows[i].body), &options, &e),
		    -1);
		if (e.kind != rows[i].kind ||
		    strstr(e.text, rows[i].says) == NULL)
			fail_msg("%s: %s %s", rows[i].body, err_word(e.kind),
			    e.text);
		assert_null(strstr(e.text, "s3cret"));
	}
}

static void
every_code_of_note_has_its_mend(void **state)
{
	static const struct {
		unsigned int code;
		const char *says;
	} rows[] = {
		{ 7000215, "not its Secret ID" },
		{ 7000222, "expired" },
		{ 700016, "client-id" },
		{ 90002, "tenant" },
		{ 700027, "upload" },
		{ 50034, "does not exist" },
		{ 50076, "multi-factor" },
		{ 65001, "consent" },
		{ 70043, "sign-in frequency" },
		{ 700082, "cefwd login" },
		{ 53003, "Conditional Access" },
		{ 530035, "security defaults" },
		{ 7000218, "public client flows" },
		{ 700024, "clock" },
		{ 7000112, "disabled" },
		{ 500011, "not present" },
		{ 70011, "/.default" },
		{ 901002, "set scope" },
		{ 50194, "common" },
		{ 900382, "set cloud" },
		{ 900432, "set cloud" },
		{ 7000216, "client-secret-file" },
		{ 700025, "public client" },
		{ 50012, "clock" },
		{ 50013, "federated token" },
		{ 500133, "clock" },
		{ 1000502, "renew it" },
		{ 7000214, "revoked" },
		{ 7000274, "renew it" },
		{ 7000277, "renew it" },
		{ 70021, "letter by letter" },
		{ 700211, "issuer" },
		{ 700212, "audience" },
		{ 700213, "subject" },
		{ 7002131, "subject" },
		{ 70001, "client-id" },
		{ 700011, "client-id" },
		{ 7000229, "service principal" },
		{ 900023, "Directory (tenant) ID" },
		{ 90038, "set cloud" },
		{ 900439, "set cloud" },
		{ 9001023, "common" },
		{ 650052, "licence" },
		{ 650056, "admin consent" },
		{ 650057, "admin consent" },
		{ 90094, "admin consent" },
		{ 90095, "approval" },
		{ 28002, "/.default" },
		{ 700022, "several APIs" },
		{ 700023, "several APIs" },
		{ 1002012, "/.default" },
		{ 50011, "http://localhost" },
		{ 50020, "another tenant" },
		{ 50053, "locked" },
		{ 50055, "expired" },
		{ 50056, "password" },
		{ 50057, "disabled" },
		{ 50105, "Users and groups" },
		{ 501051, "Assignment required" },
		{ 50126, "wrong" },
		{ 50074, "multi-factor" },
		{ 50078, "too old" },
		{ 50079, "enrol" },
		{ 500121, "multi-factor" },
		{ 50158, "further proof" },
		{ 50132, "revoked" },
		{ 50133, "password" },
		{ 50173, "revoked" },
		{ 53000, "compliant device" },
		{ 53001, "joined device" },
		{ 53002, "approve" },
		{ 530032, "security policy" },
		{ 530036, "device code" },
		{ 54005, "used already" },
		{ 70000, "cefwd login" },
		{ 501481, "proof key" },
		{ 70008, "expired" },
		{ 70016, "not entered" },
		{ 50033, "tried again" },
		{ 50087, "tried again" },
		{ 50196, "identical" },
		{ 90006, "tried again" },
		{ 90012, "tried again" },
		{ 90024, "tried again" },
		{ 90033, "tried again" },
		{ 90055, "tried again" },
		{ 90090, "tried again" },
	};
	struct err e;
	char body[96];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		const struct auth_advice *a = auth__advice(rows[i].code);

		if (a == NULL || strstr(a->words, rows[i].says) == NULL)
			fail_msg("%u", rows[i].code);
		/* The number chooses words; what to do is the word's. */
		(void)snprintf(body, sizeof(body),
		    "{\"error\":\"invalid_scope\",\"error_codes\":[%u]}",
		    rows[i].code);
		(void)auth_explain(400, body, strlen(body), &options, &e);
		if (e.kind != ERR_CONFIG ||
		    strstr(e.text, rows[i].says) == NULL)
			fail_msg("%u: %s", rows[i].code, e.text);
	}
	/* Each row of the table is one above. */
	while (auth__advice_at(n) != NULL)
		n++;
	assert_int_equal(n, NELEM(rows));
	assert_null(auth__advice(0));
	assert_null(auth__advice(1));
}

/* What a person reads at night, whole. */
static void
an_explanation_reads_well(void **state)
{
	static const char body[] =
	    "{\"error\":\"invalid_client\",\"error_description\":"
	    "\"AADSTS7000215: Wrong \\u00e9 secret.\\r\\nTrace ID: 0a-1\\r\\n"
	    "Correlation ID: 0b-2\\r\\nTimestamp: 2026-01-02 03:04:05Z\","
	    "\"error_codes\":[7000215],\"trace_id\":\"0a-1\"}";
	struct auth_options o = options;
	struct err e;

	(void)state;
	(void)auth_explain(401, body, strlen(body), &o, &e);
	assert_string_equal(e.text,
	    "the token endpoint refused (401 invalid_client, AADSTS7000215): "
	    "the client secret is wrong; copy the secret's Value (not its "
	    "Secret ID) from Certificates & secrets of this very application; "
	    "the endpoint said: \"Wrong \xc3\xa9 secret.\" "
	    "[client-id f7c1acd8-0458-48a0-a662-dba6de049d1c, "
	    "tenant contoso.example, trace 0a-1, correlation 0b-2]");
	o.client_secret = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f";
	(void)auth_explain(401, body, strlen(body), &o, &e);
	assert_non_null(strstr(e.text, "has the form of a Secret ID"));
	assert_null(strstr(e.text, "0a1b2c3d"));
	o.client_secret = "blank-at-end ";
	(void)auth_explain(401, body, strlen(body), &o, &e);
	assert_non_null(strstr(e.text, "ends with a blank"));
}

static void
a_long_description_leaves_room_for_the_ids(void **state)
{
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, 1U << 16);
	buf_adds(&b,
	    "{\"error\":\"invalid_client\",\"error_codes\":[7000215],"
	    "\"trace_id\":\"0a-1\",\"error_description\":\"x");
	for (int i = 0; i < 2000; i++)
		buf_adds(&b, "\xc3\xa9");
	buf_adds(&b, "\"}");
	(void)auth_explain(401, b.p, b.len, &options, &e);
	assert_non_null(strstr(e.text, "..."));
	assert_non_null(strstr(e.text, "trace 0a-1]"));
	buf_fini(&b);
}

/* file under CEFWD_SAMPLES, or NULL. */
static char *
read_sample(const char *name, size_t *len)
{
	const char *folder = getenv("CEFWD_SAMPLES");
	const char *src = getenv("CEFWD_SRCDIR");
	char chunk[4096], *path;
	struct buf b;
	FILE *f;

	path = folder != NULL ?
	    xasprintf("%s/%s", folder, name) :
	    xasprintf("%s/../shared/samples/%s", src == NULL ? "." : src, name);
	f = fopen(path, "re");
	free(path);
	if (f == NULL)
		return NULL;
	buf_init(&b, 1U << 20);
	while ((*len = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&b, chunk, *len);
	(void)fclose(f);
	*len = b.len;
	return buf_take(&b);
}

static void
skip_without(size_t seen)
{
	if (seen > 0)
		return;
	print_message("# CEFWD_SAMPLES names no samples\n");
	skip();
}

static void
real_errors_are_explained(void **state)
{
	static const struct {
		const char *name;
		int status;
		enum err_kind kind;
		const char *says;
	} rows[] = {
		{ "50076", 400, ERR_REFUSED, "multi-factor" },
		{ "65001", 400, ERR_REFUSED, "admin consent" },
		{ "700016", 400, ERR_REFUSED, "check client-id" },
		{ "7000215", 401, ERR_REFUSED, "Secret ID" },
		{ "7000222", 401, ERR_REFUSED, "make a new one" },
		{ "700027", 401, ERR_REFUSED, "upload this certificate" },
		{ "700082", 400, ERR_REFUSED, "cefwd login" },
		{ "70011", 400, ERR_CONFIG, "/.default" },
		{ "70016-pending", 400, ERR_BUSY, "not entered the code" },
		{ "70043", 400, ERR_REFUSED, "sign-in frequency" },
		{ "90002", 400, ERR_CONFIG, "check tenant" },
	};
	size_t seen = 0, len;
	char name[64], code[32];
	struct err e;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char *body;

		(void)snprintf(name, sizeof(name), "aad-token-error-%s.json",
		    rows[i].name);
		body = read_sample(name, &len);
		if (body == NULL) {
			print_message("# %s is not there\n", name);
			continue;
		}
		seen++;
		(void)auth_explain(rows[i].status, body, len, &options, &e);
		(void)snprintf(code, sizeof(code), "AADSTS%.*s)",
		    (int)strspn(rows[i].name, "0123456789"), rows[i].name);
		if (e.kind != rows[i].kind || strstr(e.text, code) == NULL ||
		    strstr(e.text, rows[i].says) == NULL)
			fail_msg("%s: %s %s", name, err_word(e.kind), e.text);
		/* Once, as an id at the end. */
		assert_null(strstr(e.text, "Trace ID"));
		assert_null(strstr(e.text, "Timestamp"));
		if (strstr(body, "trace_id") != NULL)
			assert_non_null(strstr(e.text, ", trace "));
		free(body);
	}
	skip_without(seen);
}

static void
real_tokens_are_read(void **state)
{
	static const char *const rows[] = { "", "-delegated", "-devicecode",
		"-ext", "-imds", "-v1" };
	struct auth_answer a;
	size_t seen = 0, len;
	char name[64];
	struct err e;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char *body;

		(void)snprintf(
		    name, sizeof(name), "aad-token-success%s.json", rows[i]);
		body = read_sample(name, &len);
		if (body == NULL) {
			print_message("# %s is not there\n", name);
			continue;
		}
		seen++;
		if (auth__answer_parse(body, len, NOW, &a, &e) == -1)
			fail_msg("%s: %s", name, e.text);
		assert_int_equal(a.life_s, 3599);
		assert_int_equal(strncmp(a.bearer, "eyJ0eX", 6), 0);
		wipe_free(a.bearer);
		free(body);
	}
	skip_without(seen);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_answers),
		cmocka_unit_test(broken_answers_are_refused),
		cmocka_unit_test(a_token_has_a_limit),
		cmocka_unit_test(errors_are_explained),
		cmocka_unit_test(every_code_of_note_has_its_mend),
		cmocka_unit_test(an_explanation_reads_well),
		cmocka_unit_test(a_long_description_leaves_room_for_the_ids),
		cmocka_unit_test(real_errors_are_explained),
		cmocka_unit_test(real_tokens_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
