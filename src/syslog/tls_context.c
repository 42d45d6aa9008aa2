/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/secret.h"
#include "base/stamp.h"
#include "syslog/dest.h"

#include "syslog/tls.h"

#define PASSWORD_MAX 1023 /* bytes; OpenSSL takes no longer one */

/* Without this function an encrypted key would make OpenSSL ask on the
   terminal. */
static int
give_password(char *buf, int size, int is_writing, void *ctx)
{
	const struct buf *password = ctx;

	(void)is_writing;
	if (password == NULL || password->len > (size_t)size)
		return -1;
	memcpy(buf, password->p, password->len);
	return (int)password->len;
}

/* What OpenSSL says of a file, and no more than that. */
static int
bad_file(const char *path, const char *what, struct err *e)
{
	unsigned long code = ERR_peek_error();
	const char *reason = ERR_reason_error_string(code);

	if (ERR_SYSTEM_ERROR(code))
		(void)err_set_errno(
		    e, ERR_CONFIG, ERR_GET_REASON(code), "%s: %s", path, what);
	else
		(void)err_set(e, ERR_CONFIG, "%s: %s: %s", path, what,
		    reason == NULL ? "unknown reason" : reason);
	ERR_clear_error();
	return -1;
}

static int
use_authorities(SSL_CTX *ctx, const struct dest_tls *o, struct err *e)
{
	if (o->ca_file == NULL) {
		if (SSL_CTX_set_default_verify_paths(ctx) == 1)
			return 0;
		return err_set(e, ERR_CONFIG,
		    "the system's certificates cannot be used; set ca-file");
	}
	if (SSL_CTX_load_verify_file(ctx, o->ca_file) == 1)
		return 0;
	return bad_file(
	    o->ca_file, "holds no certificates in PEM that can be read", e);
}

static int
use_key(
    SSL_CTX *ctx, const char *path, const char *password_file, struct err *e)
{
	struct buf password;
	int rc = 0;

	secret_line_init(&password, PASSWORD_MAX);
	if (password_file != NULL)
		rc = secret_line_read(
		    "client-key-password-file", password_file, &password, e);
	if (rc == 0) {
		SSL_CTX_set_default_passwd_cb_userdata(ctx, &password);
		if (SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM) !=
		    1)
			rc = bad_file(path,
			    password_file == NULL ?
				"holds no private key in PEM that fits the "
				"certificate; for one with a password set "
				"client-key-password-file" :
				"holds no private key in PEM that fits the "
				"certificate and that the password in "
				"client-key-password-file opens",
			    e);
		SSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
	}
	secret_buf_fini(&password);
	return rc;
}

static int
use_certificate(SSL_CTX *ctx, const struct dest_tls *o, struct err *e)
{
	const char *key =
	    o->key_file != NULL ? o->key_file : o->certificate_file;

	if (o->certificate_file == NULL)
		return 0;
	if (SSL_CTX_use_certificate_chain_file(ctx, o->certificate_file) != 1) {
		return bad_file(o->certificate_file,
		    "holds no certificate in PEM that can be used", e);
	}
	return use_key(ctx, key, o->password_file, e);
}

SSL_CTX *
tls_context_new(const struct dest_tls *o, struct err *e)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL) {
		(void)err_set(e, ERR_CONFIG, "OpenSSL cannot make a context");
		return NULL;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_default_passwd_cb(ctx, give_password);
	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	/* A receiver has no reason for it, and a write would have to wait for
	   a read. */
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	/* No session is resumed: a connection lasts for weeks. */
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	if (use_authorities(ctx, o, e) == -1 ||
	    use_certificate(ctx, o, e) == -1) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

int
dest_tls_check(const struct dest_tls *o, struct err *e)
{
	SSL_CTX *ctx = tls_context_new(o, e);

	if (ctx == NULL)
		return -1;
	SSL_CTX_free(ctx);
	return 0;
}

SSL *
tls_session_new(
    SSL_CTX *ctx, const struct dest_tls *o, const char *host, struct err *e)
{
	const char *name = o->server_name != NULL ? o->server_name : host;
	SSL *ssl = SSL_new(ctx);
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
	bool is_address = address != NULL;
	int ok;

	ASN1_OCTET_STRING_free(address);
	if (ssl == NULL)
		goto fail;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (is_address) {
		/* RFC 6066, 3: SNI has names only. */
		ok = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name);
	} else {
		ok = SSL_set1_host(ssl, name) == 1 &&
		    SSL_set_tlsext_host_name(ssl, name) == 1;
	}
	if (ok == 1)
		return ssl;
fail:
	SSL_free(ssl);
	ERR_clear_error();
	(void)err_set(
	    e, ERR_CONFIG, "\"%s\" is no name that TLS can check", name);
	return NULL;
}

/* What a person can do about it. */
static const char *
verify_mend(long result)
{
	switch (result) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return "write the name that its certificate has into url, or "
		       "set server-name";
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return "set ca-file to the certificate of the authority that "
		       "issued the receiver's";
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "renew the receiver's certificate";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "see to this host's clock";
	default:
		return "see to the receiver's certificate";
	}
}

/* Alerts and other reasons that tell what to do. */
static const struct {
	int reason;
	const char *words;
} reasons[] = {
	{ SSL_R_WRONG_VERSION_NUMBER,
	    "no TLS is spoken there; use tcp://, or the receiver's TLS port" },
	{ SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
	    "the receiver wants a client certificate; set "
	    "client-certificate-file" },
	{ SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
	    "the receiver refused; it may want a client certificate, or has "
	    "no cipher in common" },
	{ SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
	    "the receiver refused our client certificate; its log says why" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
	    "our client certificate has expired; renew it" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
	    "the receiver refused our client certificate; its log says why" },
	{ SSL_R_TLSV1_ALERT_UNKNOWN_CA,
	    "the receiver does not know the authority of our client "
	    "certificate; give it to the receiver" },
	{ SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
	    "the receiver has no TLS 1.2 or later; update it" },
	{ SSL_R_UNSUPPORTED_PROTOCOL,
	    "the receiver has no TLS 1.2 or later; update it" },
};

void
tls_err(struct err *e, const SSL *ssl, const char *what)
{
	long verified = SSL_get_verify_result(ssl);
	unsigned long code = ERR_peek_error();
	const char *words = ERR_reason_error_string(code);

	ERR_clear_error();
	if (verified != X509_V_OK) {
		(void)err_set(e, ERR_NET,
		    "%s: the receiver's certificate: %s: %s", what,
		    X509_verify_cert_error_string(verified),
		    verify_mend(verified));
		return;
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (ERR_GET_LIB(code) == ERR_LIB_SSL &&
		    ERR_GET_REASON(code) == reasons[i].reason) {
			(void)err_set(
			    e, ERR_NET, "%s: %s", what, reasons[i].words);
			return;
		}
	}
	(void)err_set(e, ERR_NET, "%s: TLS: %s: the receiver's log says why",
	    what, words == NULL ? "it ended" : words);
}

int64_t
tls_end_unix_ms(const X509 *cert)
{
	const ASN1_TIME *end = cert == NULL ? NULL : X509_get0_notAfter(cert);
	struct tm tm;

	if (end == NULL || ASN1_TIME_to_tm(end, &tm) != 1)
		return INT64_MAX;
	return (int64_t)timegm(&tm) * 1000;
}
