/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "auth/auth_priv.h"
#include "base/buf.h"
#include "base/secret.h"

#define ENCODED_MAX ((size_t)3 * AUTH_SECRET_MAX)

/* A secret and its file's last line end. */
static void
secret_init(struct buf *b)
{
	secret_line_init(b, AUTH_SECRET_MAX);
}

static int
load(const struct auth_options *o, struct buf *out, struct err *e)
{
	if (o->client_secret_file == NULL) {
		buf_adds(out, o->client_secret);
		return buf_check(out, "client secret", e);
	}
	return secret_line_read(
	    "client-secret-file", o->client_secret_file, out, e);
}

static int
check_secret(const struct auth_options *o, struct err *e)
{
	if (o->client_secret != NULL && o->client_secret_file != NULL) {
		return err_set(e, ERR_CONFIG,
		    "two client secrets, one given and one in a file; keep "
		    "one of them");
	}
	if (o->client_secret == NULL && o->client_secret_file == NULL) {
		return err_set(
		    e, ERR_CONFIG, "no client secret; set client-secret-file");
	}
	if (o->client_secret != NULL && o->client_secret[0] == '\0') {
		return err_set(
		    e, ERR_CONFIG, "the client secret is empty; set its Value");
	}
	if (o->client_secret != NULL &&
	    strlen(o->client_secret) > AUTH_SECRET_MAX) {
		return err_set(e, ERR_CONFIG,
		    "the client secret is longer than %u bytes",
		    AUTH_SECRET_MAX);
	}
	return 0;
}

static int
secret_check(const struct auth_options *o, struct err *e)
{
	if (auth__check_application(o, e) == -1)
		return -1;
	return check_secret(o, e);
}

static int
secret_form(const struct auth_options *o, const struct auth_moment *m,
    struct buf *form, struct err *e)
{
	struct buf secret;
	int rc;

	(void)m;
	secret_init(&secret);
	rc = load(o, &secret, e);
	if (rc == 0) {
		auth__form_add(form, "grant_type", "client_credentials", 18);
		auth__form_add(form, "client_secret", secret.p, secret.len);
	}
	secret_buf_fini(&secret);
	return rc;
}

static void
secret_stamp(const struct auth_options *o, struct auth_stamp out[AUTH_FILES])
{
	auth__file_stamp(o->client_secret_file, &out[0]);
}

/* 8-4-4-4-12 hex digits */
static bool
is_guid(const char *s, size_t len)
{
	if (len != 36)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' :
			   strchr("0123456789abcdefABCDEF", s[i]) == NULL)
			return false;
	}
	return true;
}

static const char *
secret_hint(const struct auth_options *o, int status, uint64_t code)
{
	const char *hint = NULL;
	struct buf b;

	(void)status;
	if (code != 7000215 || check_secret(o, NULL) == -1)
		return NULL;
	secret_init(&b);
	if (load(o, &b, NULL) == 0 && b.len > 0) {
		if (is_guid(b.p, b.len)) {
			hint = "what is configured has the form of a Secret "
			       "ID, so it is the wrong one of the two";
		} else if (b.p[0] == ' ' || b.p[b.len - 1] == ' ') {
			hint = "what is configured begins or ends with a "
			       "blank";
		}
	}
	secret_buf_fini(&b);
	return hint;
}

/* As it is, and as the form had it. */
static void
secret_redact(const struct auth_options *o, char *p, size_t len)
{
	struct buf raw, form;

	secret_init(&raw);
	/* Every byte may become three. */
	secret_buf_init(&form, ENCODED_MAX, ENCODED_MAX);
	if (load(o, &raw, NULL) == 0) {
		auth__blot(p, len, &raw);
		buf_add_urlenc(&form, raw.p, raw.len);
		auth__blot(p, len, &form);
	}
	secret_buf_fini(&raw);
	secret_buf_fini(&form);
}

const struct auth_grant_row auth__grant_secret = {
	.peer = "the token endpoint",
	.check = secret_check,
	.url = auth__token_url,
	.form = secret_form,
	.stamp = secret_stamp,
	.hint = secret_hint,
	.redact = secret_redact,
};
