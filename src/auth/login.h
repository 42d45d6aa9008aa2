/*
 * login.h - a user signs in once, and leaves a refresh token behind
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_AUTH_LOGIN_H
#define CEFWD_AUTH_LOGIN_H

#include <stdbool.h>
#include <uv.h>

#include "auth/auth.h"

struct login;

struct login_handlers {
	/* Where to go, for a person: url, and for a device code the code to
	   type there (else NULL). */
	void (*prompt)(void *ctx, const char *url, const char *code);
	/* The end, once: e NULL when the refresh token is in o->token_file;
	   then the handle is gone. */
	void (*done)(void *ctx, const struct err *e);
};

/*
 * login_start(loop, http, o, is_device_code, h, ctx, e): sign in to o's tenant
 * with o's client-id, scope and authority: by authorization code with PKCE on
 * a loopback redirect (RFC 7636, RFC 8252 7.3), or by device code (RFC 8628).
 * All is borrowed until the end.  NULL with e.
 */
struct login *login_start(uv_loop_t *loop, struct http *http,
    const struct auth_options *o, bool is_device_code,
    const struct login_handlers *h, void *ctx, struct err *e);

/* Give up; done is not called.  NULL is fine. */
void login_cancel(struct login *l);

#endif /* CEFWD_AUTH_LOGIN_H */
