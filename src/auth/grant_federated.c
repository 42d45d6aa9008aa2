/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "auth/auth_priv.h"
#include "base/buf.h"
#include "base/secret.h"

/*
 * Workload identity federation: a token of another issuer (Kubernetes, a CI
 * service) is the assertion.  Whoever issues it replaces the file, so it is
 * read at each exchange.
 */

static int
federated_check(const struct auth_options *o, struct err *e)
{
	if (auth__check_application(o, e) == -1)
		return -1;
	if (o->federated_token_file == NULL)
		return err_set(e, ERR_CONFIG, "no federated-token-file");
	return 0;
}

static bool
is_jwt(const struct buf *b)
{
	size_t dots = 0;

	for (size_t i = 0; i < b->len; i++)
		dots += b->p[i] == '.' ? 1 : 0;
	return dots == 2;
}

static int
federated_form(const struct auth_options *o, const struct auth_moment *m,
    struct buf *form, struct err *e)
{
	struct buf token;
	int rc;

	(void)m;
	secret_line_init(&token, AUTH_TOKEN_MAX);
	rc = secret_line_read(
	    "federated-token-file", o->federated_token_file, &token, e);
	if (rc == 0 && !is_jwt(&token)) {
		rc = err_set(e, ERR_CONFIG,
		    "federated-token-file %s holds no JSON Web Token; is it "
		    "the file that the issuer writes?",
		    o->federated_token_file);
	}
	if (rc == 0)
		auth__form_assertion(form, token.p, token.len);
	secret_buf_fini(&token);
	return rc;
}

static void
federated_stamp(const struct auth_options *o, struct auth_stamp out[AUTH_FILES])
{
	auth__file_stamp(o->federated_token_file, &out[0]);
}

static const char *
federated_hint(const struct auth_options *o, int status, uint64_t code)
{
	(void)o;
	(void)status;
	(void)code;
	return NULL;
}

static void
federated_redact(const struct auth_options *o, char *p, size_t len)
{
	(void)o;
	auth__blot_jwt(p, len);
}

const struct auth_grant_row auth__grant_federated = {
	.peer = "the token endpoint",
	.check = federated_check,
	.url = auth__token_url,
	.form = federated_form,
	.stamp = federated_stamp,
	.hint = federated_hint,
	.redact = federated_redact,
};
