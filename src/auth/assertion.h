/*
 * assertion.h - a client certificate, and what is signed with its key
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_AUTH_ASSERTION_H
#define CEFWD_AUTH_ASSERTION_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "auth/auth_priv.h"

struct auth_pair {
	X509 *certificate;
	EVP_PKEY *key;
};

/*
 * auth__pair_load(o, out, e): certificate and private key as their files
 * stand now (PEM or PKCS#12; of a chain, the one that the key belongs to).
 * RSA of 2048 bits or more: Entra takes no other.  -1 with ERR_CONFIG.
 */
int auth__pair_load(
    const struct auth_options *o, struct auth_pair *out, struct err *e);
void auth__pair_free(struct auth_pair *p);

/*
 * auth__assertion(pair, o, m, out, e): append the signed JWT of RFC 7523 3:
 * PS256 with x5t#S256, or RS256 with x5t.  ERR_CONFIG where the certificate is
 * not valid at m.
 */
int auth__assertion(const struct auth_pair *pair, const struct auth_options *o,
    const struct auth_moment *m, struct buf *out, struct err *e);

#endif /* CEFWD_AUTH_ASSERTION_H */
