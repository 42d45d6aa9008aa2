/*
 * tls.h - inside syslog/: what a TLS link has from OpenSSL
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SYSLOG_TLS_H
#define CEFWD_SYSLOG_TLS_H

#include <stdint.h>

#include <openssl/ssl.h>

#include "base/err.h"

struct dest_tls;

/*
 * tls_context_new(o, e): TLS 1.2 or later, the peer always verified, with the
 * files as they stand now.  SSL_CTX_free() it.  NULL with ERR_CONFIG.
 */
SSL_CTX *tls_context_new(const struct dest_tls *o, struct err *e);

/* A client's session with that host, whose name is checked (RFC 9525).
   SSL_free() it.  NULL with ERR_CONFIG. */
SSL *tls_session_new(
    SSL_CTX *ctx, const struct dest_tls *o, const char *host, struct err *e);

/* What OpenSSL's last failure means, with the mend; clears its errors. */
void tls_err(struct err *e, const SSL *ssl, const char *what);

/* When its validity ends; INT64_MAX where it does not say. */
int64_t tls_end_unix_ms(const X509 *cert);

#endif /* CEFWD_SYSLOG_TLS_H */
