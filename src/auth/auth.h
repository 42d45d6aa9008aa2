/*
 * auth.h - access tokens from Entra ID: one cache per identity
 *
 * A token is fetched when first asked for, shared by all who ask, renewed
 * ahead of its end, and never fetched twice at once.  Failures meet
 * Retry-After or back-off with jitter; while the old token still lives a
 * failed renewal is only reported.  Grants are rows of one table, a file
 * each.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_AUTH_AUTH_H
#define CEFWD_AUTH_AUTH_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "net/http.h"

enum auth_grant {
	AUTH_CLIENT_SECRET,
	AUTH_CERTIFICATE,      /* private_key_jwt: RFC 7523, OIDC Core 9 */
	AUTH_FEDERATED,        /* another issuer's token as the assertion */
	AUTH_MANAGED_IDENTITY, /* the machine's own, from Azure's IMDS */
	AUTH_REFRESH_TOKEN,    /* of a user who signed in with cefwd login */
};

/* All strings are borrowed for the life of the struct auth. */
struct auth_options {
	const char *name;      /* for messages: the source's name */
	const char *tenant;    /* GUID or domain */
	const char *authority; /* origin: https://login.microsoftonline.com */
	const char *token_url; /* another server's; NULL: the tenant's at the
	                          authority */
	const char *client_id; /* NULL: the system-assigned managed identity */
	enum auth_grant grant;
	const char *client_secret; /* the value itself; wiped by its owner */
	const char *client_secret_file; /* re-read before each exchange, so
	                                   that a new secret needs no restart;
	                                   NULL: client_secret is used */
	/* Files are read at each exchange: a renewed one needs no restart. */
	const char *client_certificate_file;  /* PEM or PKCS#12 */
	const char *client_key_file;          /* PEM; NULL: in that file */
	const char *client_key_password_file; /* NULL: no password */
	bool is_sha1_assertion; /* RS256 and x5t instead of PS256 and x5t#S256:
	                           for AD FS and other old endpoints */
	const char *federated_token_file;
	const char *imds_origin; /* NULL: http://169.254.169.254 */
	const char *token_file;  /* where the refresh token is kept */
	const char *scope;    /* v2: "https://graph.microsoft.com/.default" */
	const char *resource; /* v1 token endpoint instead of scope */
	struct http_route route;
};

struct auth_token {
	const char *bearer;  /* borrowed until auth's next callback */
	uint64_t serial;     /* counts exchanges; for auth_renew() */
	uint64_t expires_ms; /* clk_ms() of its end */
};

/*
 * Exactly one of token and e is non-NULL.  e: ERR_REFUSED (the credentials
 * are wrong: AADSTS code, meaning and mend in the text), ERR_CONFIG, ERR_NET,
 * ERR_PROTO, ERR_BUSY; retry_ms is then when a next try may succeed.
 */
typedef void auth_token_fn(void *ctx, const struct auth_token *token,
    const struct err *e, uint64_t retry_ms);

struct auth;
struct auth_wait;

/* NULL with e (ERR_CONFIG) where the options do not fit together. */
struct auth *auth_new(uv_loop_t *loop, struct http *http,
    const struct auth_options *o, struct err *e);
void auth_close(struct auth *a); /* no wait may be open */

/*
 * auth_get(a, fn, ctx): hand a token that is good for at least a minute to
 * fn, once, from the loop, never from inside this call.  While an endpoint is
 * backing off, the last error is handed out at once (from the loop) rather
 * than after the wait, with the time left in retry_ms.
 */
struct auth_wait *auth_get(struct auth *a, auth_token_fn *fn, void *ctx);
void auth_cancel(struct auth_wait *w); /* NULL is fine */

/*
 * auth_renew(a, serial): an API answered 401 to the token of that serial: it
 * is dropped if it is still the current one, so that the next auth_get()
 * fetches anew.  A token that no API took since, like the one before it, is
 * kept for a while: fetching another would only be the same question again,
 * which Entra throttles.
 */
void auth_renew(struct auth *a, uint64_t serial);

/*
 * auth_doubt(a, serial): an API answered 403.  A role that is granted now
 * stands in new tokens only, so the token is dropped now and then.
 */
void auth_doubt(struct auth *a, uint64_t serial);

/* An API took the token of that serial. */
void auth_accept(struct auth *a, uint64_t serial);

/* Where the files of the credential are others than those that were sent, the
   token is renewed now; it serves until then. */
void auth_look(struct auth *a);

/*
 * auth_skew_ms(a, out): how far the endpoint's clock (Date of its last answer)
 * is ahead of ours.  False where it has not told.
 */
bool auth_skew_ms(const struct auth *a, int64_t *out);

/* When the current token ends: clk_ms(), 0 if there is none. */
uint64_t auth_expires_ms(const struct auth *a);

/*
 * auth_certificate_end(o, end, e): when the client certificate's validity
 * ends, as its file stands now.  1, or 0 where the grant has no certificate,
 * or -1 with e: the file cannot be used.
 */
int auth_certificate_end(
    const struct auth_options *o, int64_t *end_unix_ms, struct err *e);

/*
 * auth_explain(status, body, len, o, e): words for a token endpoint's error
 * answer: what Entra said (without the trace lines), "AADSTS7000215", the
 * meaning, the mend, trace and correlation ids.  Decides the kind on status
 * and "error"; AADSTS numbers only choose the advice.  Returns -1.
 */
int auth_explain(int status, const char *body, size_t len,
    const struct auth_options *o, struct err *e);

#endif /* CEFWD_AUTH_AUTH_H */
