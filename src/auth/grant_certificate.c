/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <time.h>

#include "auth/assertion.h"
#include "base/buf.h"
#include "base/secret.h"

/* OIDC Core 9, private_key_jwt; RFC 7523. */

static int
certificate_check(const struct auth_options *o, struct err *e)
{
	struct auth_pair pair;

	if (auth__check_application(o, e) == -1)
		return -1;
	if (o->client_certificate_file == NULL)
		return err_set(e, ERR_CONFIG, "no client-certificate-file");
	if (auth__pair_load(o, &pair, e) == -1)
		return -1;
	auth__pair_free(&pair);
	return 0;
}

static int
certificate_form(const struct auth_options *o, const struct auth_moment *m,
    struct buf *form, struct err *e)
{
	struct auth_pair pair;
	struct buf jwt;
	int rc;

	if (auth__pair_load(o, &pair, e) == -1)
		return -1;
	secret_buf_init(&jwt, AUTH_TOKEN_MAX, AUTH_TOKEN_MAX);
	rc = auth__assertion(&pair, o, m, &jwt, e);
	if (rc == 0)
		auth__form_assertion(form, jwt.p, jwt.len);
	secret_buf_fini(&jwt);
	auth__pair_free(&pair);
	return rc;
}

static void
certificate_stamp(
    const struct auth_options *o, struct auth_stamp out[AUTH_FILES])
{
	auth__file_stamp(o->client_certificate_file, &out[0]);
	auth__file_stamp(o->client_key_file, &out[1]);
	auth__file_stamp(o->client_key_password_file, &out[2]);
}

static const char *
certificate_hint(const struct auth_options *o, int status, uint64_t code)
{
	(void)o;
	(void)status;
	(void)code;
	return NULL;
}

/* An assertion is good for five minutes, wherever it turns up. */
static void
certificate_redact(const struct auth_options *o, char *p, size_t len)
{
	(void)o;
	auth__blot_jwt(p, len);
}

int
auth_certificate_end(
    const struct auth_options *o, int64_t *end_unix_ms, struct err *e)
{
	struct auth_pair pair;
	struct tm tm = { .tm_year = 0 };
	int rc;

	if (o->grant != AUTH_CERTIFICATE)
		return 0;
	if (auth__pair_load(o, &pair, e) == -1)
		return -1;
	rc = ASN1_TIME_to_tm(X509_get0_notAfter(pair.certificate), &tm);
	auth__pair_free(&pair);
	if (rc != 1) {
		return err_set(e, ERR_CONFIG,
		    "client-certificate-file %s: its end cannot be read",
		    o->client_certificate_file);
	}
	*end_unix_ms = (int64_t)timegm(&tm) * 1000;
	return 1;
}

const struct auth_grant_row auth__grant_certificate = {
	.peer = "the token endpoint",
	.check = certificate_check,
	.url = auth__token_url,
	.form = certificate_form,
	.is_timed = true,
	.stamp = certificate_stamp,
	.hint = certificate_hint,
	.redact = certificate_redact,
};
