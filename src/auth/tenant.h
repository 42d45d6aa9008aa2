/*
 * tenant.h - what an authority publishes of a tenant: its discovery document
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_AUTH_TENANT_H
#define CEFWD_AUTH_TENANT_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/auth.h"

#define AUTH_WORD_MAX 64U
#define AUTH_URL_MAX  512U

/* Members of the document; "" where it has none.  Printable. */
struct auth_tenant {
	char authorization_endpoint[AUTH_URL_MAX];
	char token_endpoint[AUTH_URL_MAX];
	char region[AUTH_WORD_MAX];     /* tenant_region_scope: EU, USG ... */
	char sub_region[AUTH_WORD_MAX]; /* tenant_region_sub_scope: GCC ... */
	char instance[AUTH_WORD_MAX];   /* cloud_instance_name */
};

/* Exactly one of t and e is non-NULL; e as for a token. */
typedef void
auth_tenant_fn(void *ctx, const struct auth_tenant *t, const struct err *e);

struct auth_tenant_ask;

/*
 * auth_tenant_start(http, o, fn, ctx, e): fetch the document (OpenID Connect
 * Discovery 1.0, 4) of o's tenant, of the version whose token endpoint o
 * uses.  fn runs once, from the loop, after which the handle is gone.  Borrows
 * o until then.  NULL with e.
 */
struct auth_tenant_ask *auth_tenant_start(struct http *http,
    const struct auth_options *o, auth_tenant_fn *fn, void *ctx, struct err *e);
void auth_tenant_cancel(struct auth_tenant_ask *a); /* NULL is fine */

/*
 * auth_tenant_cloud(t): the name of the cloud ("public" "gcc" "gcc-high" "dod"
 * "china") that the tenant lives in; NULL where the document does not tell.
 */
const char *auth_tenant_cloud(const struct auth_tenant *t);

#endif /* CEFWD_AUTH_TENANT_H */
