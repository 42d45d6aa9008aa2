/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include <openssl/evp.h>

#include "auth/auth_priv.h"
#include "base/buf.h"
#include "base/obj.h"

static const struct auth_grant_row *const rows[] = {
	[AUTH_CLIENT_SECRET] = &auth__grant_secret,
	[AUTH_CERTIFICATE] = &auth__grant_certificate,
	[AUTH_FEDERATED] = &auth__grant_federated,
	[AUTH_MANAGED_IDENTITY] = &auth__grant_imds,
	[AUTH_REFRESH_TOKEN] = &auth__grant_refresh,
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

/* Whole triples, so that only the end is padded. */
#define B64_BLOCK 768

void
auth__add_base64url(struct buf *out, const unsigned char *p, size_t len)
{
	unsigned char text[B64_BLOCK / 3 * 4 + 1];
	size_t done = 0;

	while (done < len) {
		/* Whole triples, so that only the end is padded. */
		size_t n = len - done < B64_BLOCK ? len - done : B64_BLOCK;
		int m = EVP_EncodeBlock(text, p + done, (int)n);

		for (int i = 0; i < m && text[i] != '='; i++) {
			buf_addc(out,
			    text[i] == '+'     ? '-' :
				text[i] == '/' ? '_' :
						 (char)text[i]);
		}
		done += n;
	}
}
