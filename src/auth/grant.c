/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "auth/auth_priv.h"
#include "base/buf.h"
#include "base/obj.h"

static const struct auth_grant_row *const rows[] = {
	[AUTH_CLIENT_SECRET] = &auth__grant_secret,
	[AUTH_CERTIFICATE] = &auth__grant_certificate,
	[AUTH_FEDERATED] = &auth__grant_federated,
	[AUTH_MANAGED_IDENTITY] = &auth__grant_imds,
	[AUTH_REFRESH_TOKEN] = NULL, /* comes with cefwd login */
};

const struct auth_grant_row *
auth__grant(enum auth_grant grant)
{
	return (size_t)grant < NELEM(rows) ? rows[grant] : NULL;
}

void
auth__form_add(
    struct buf *form, const char *name, const char *value, size_t len)
{
	if (form->len > 0)
		buf_addc(form, '&');
	buf_adds(form, name);
	buf_addc(form, '=');
	buf_add_urlenc(form, value, len);
}

void
auth__form_assertion(struct buf *form, const char *jwt, size_t len)
{
	/* RFC 7523 2.2 */
	static const char type[] =
	    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

	auth__form_add(form, "grant_type", "client_credentials", 18);
	auth__form_add(form, "client_assertion_type", type, sizeof(type) - 1);
	auth__form_add(form, "client_assertion", jwt, len);
}
