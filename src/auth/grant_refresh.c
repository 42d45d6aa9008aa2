/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth_priv.h"
#include "auth/store.h"
#include "base/buf.h"
#include "base/secret.h"

/*
 * The refresh token of a user who signed in with cefwd login (RFC 6749 6).
 * It is read at each exchange, so that a new sign-in needs no restart, and
 * replaced by what an answer brings.
 */

static void
token_init(struct buf *b)
{
	secret_line_init(b, AUTH_TOKEN_MAX);
}

static int
refresh_check(const struct auth_options *o, struct err *e)
{
	if (auth__check_application(o, e) == -1)
		return -1;
	if (o->token_file == NULL)
		return err_set(e, ERR_CONFIG, "no place for the refresh token");
	return 0;
}

static int
load(const struct auth_options *o, struct buf *out, struct err *e)
{
	if (access(o->token_file, F_OK) == -1 && errno == ENOENT) {
		return err_set(e, ERR_REFUSED,
		    "nobody has signed in for it; run \"cefwd login %s\", or "
		    "set client-secret-file or another way to sign in",
		    o->name);
	}
	return secret_line_read("refresh token", o->token_file, out, e);
}

static int
refresh_form(const struct auth_options *o, const struct auth_moment *m,
    struct buf *form, struct err *e)
{
	struct buf token;
	int rc;

	(void)m;
	token_init(&token);
	rc = load(o, &token, e);
	if (rc == 0) {
		auth__form_add(form, "grant_type", "refresh_token", 13);
		auth__form_add(form, "refresh_token", token.p, token.len);
	}
	secret_buf_fini(&token);
	return rc;
}

static void
refresh_stamp(const struct auth_options *o, struct auth_stamp out[AUTH_FILES])
{
	auth__file_stamp(o->token_file, &out[0]);
}

static const char *
refresh_hint(const struct auth_options *o, int status, uint64_t code)
{
	(void)o;
	(void)code;
	return status == 400 || status == 401 ?
	    "sign in again with \"cefwd login\"; the service goes on without "
	    "a restart" :
	    NULL;
}

static void
refresh_redact(const struct auth_options *o, char *p, size_t len)
{
	struct buf token;

	token_init(&token);
	if (load(o, &token, NULL) == 0)
		auth__blot(p, len, &token);
	secret_buf_fini(&token);
	auth__blot_jwt(p, len);
}

const struct auth_grant_row auth__grant_refresh = {
	.peer = "the token endpoint",
	.check = refresh_check,
	.url = auth__token_url,
	.form = refresh_form,
	.more_scope = " offline_access",
	/* A server that rotates takes the old one no more: the new one is on
	   disk before the token that came with it is used. */
	.keep = token_store_write,
	.stamp = refresh_stamp,
	.hint = refresh_hint,
	.redact = refresh_redact,
};
