/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "auth/assertion.h"
#include "base/buf.h"
#include "base/secret.h"

#define FILE_MAX_BYTES (64U << 10) /* a chain and a key */
#define RSA_MIN_BITS   2048        /* Entra's least */

/* Of a failed call of OpenSSL, without the queue that it leaves. */
static const char *
why_openssl(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = ERR_reason_error_string(code);

	ERR_clear_error();
	return why == NULL ? "unknown format" : why;
}

static int
ask_password(char *out, int size, int is_writing, void *ctx)
{
	const struct buf *password = ctx;

	(void)is_writing;
	if (password->len == 0 || password->len > (size_t)size)
		return -1;
	memcpy(out, password->p, password->len);
	return (int)password->len;
}

static bool
is_pem(const struct buf *b)
{
	static const char begin[] = "-----BEGIN ";

	return memmem(b->p, b->len, begin, sizeof(begin) - 1) != NULL;
}

static int
read_key(const char *key, const char *path, const struct buf *file,
    struct buf *password, struct auth_pair *out, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(file->p, (int)file->len);

	ERR_clear_error();
	out->key = PEM_read_bio_PrivateKey(bio, NULL, ask_password, password);
	(void)BIO_free(bio);
	if (out->key != NULL)
		return 0;
	return err_set(e, ERR_CONFIG,
	    "%s %s holds no private key that can be read (%s); %s", key, path,
	    why_openssl(),
	    password->len == 0 ?
		"put the key in PEM there, or set client-key-password-file" :
		"is client-key-password-file the right one?");
}

/* Of all certificates in the file, the one that the key belongs to. */
static int
read_certificate(const char *path, const struct buf *file,
    struct auth_pair *out, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(file->p, (int)file->len);
	size_t n = 0;
	X509 *cert;

	while (out->certificate == NULL &&
	    (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		n++;
		if (EVP_PKEY_eq(X509_get0_pubkey(cert), out->key) == 1)
			out->certificate = cert;
		else
			X509_free(cert);
	}
	(void)BIO_free(bio);
	ERR_clear_error();
	if (out->certificate != NULL)
		return 0;
	if (n == 0) {
		return err_set(e, ERR_CONFIG,
		    "client-certificate-file %s holds no certificate", path);
	}
	return err_set(e, ERR_CONFIG,
	    "client-certificate-file %s: the private key is not that of the "
	    "certificate; put the two that belong together",
	    path);
}

static int
load_pem(const struct auth_options *o, const struct buf *file,
    struct buf *password, struct auth_pair *out, struct err *e)
{
	struct buf other;
	int rc;

	if (o->client_key_file == NULL) {
		rc = read_key("client-certificate-file",
		    o->client_certificate_file, file, password, out, e);
	} else {
		secret_buf_init(&other, FILE_MAX_BYTES + 1, FILE_MAX_BYTES + 1);
		rc = secret_file_read("client-key-file", o->client_key_file,
		    FILE_MAX_BYTES, &other, e);
		if (rc == 0) {
			rc = read_key("client-key-file", o->client_key_file,
			    &other, password, out, e);
		}
		secret_buf_fini(&other);
	}
	if (rc == 0) {
		rc = read_certificate(o->client_certificate_file, file, out, e);
	}
	return rc;
}

static int
load_pkcs12(const struct auth_options *o, const struct buf *file,
    const struct buf *password, struct auth_pair *out, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(file->p, (int)file->len);
	PKCS12 *p12 = d2i_PKCS12_bio(bio, NULL);
	const char *why = "it is neither PEM nor PKCS#12";
	int rc = 0;

	(void)BIO_free(bio);
	if (p12 == NULL) {
		ERR_clear_error();
	} else if (PKCS12_parse(p12, password->len == 0 ? "" : password->p,
		       &out->key, &out->certificate, NULL) != 1) {
		/* RC2 and the like, which OpenSSL 3 leaves to a provider that
		   is not loaded. */
		why = PKCS12_verify_mac(
			  p12, password->len == 0 ? "" : password->p, -1) == 1 ?
		    "its encryption is too old; export it anew with "
		    "\"openssl pkcs12 -export -keypbe AES-256-CBC -certpbe "
		    "AES-256-CBC\"" :
		    "client-key-password-file does not open it";
		ERR_clear_error();
	} else if (out->key == NULL || out->certificate == NULL) {
		why = "it lacks the private key or its certificate";
	} else {
		why = NULL;
	}
	PKCS12_free(p12);
	if (why != NULL) {
		rc = err_set(e, ERR_CONFIG, "client-certificate-file %s: %s",
		    o->client_certificate_file, why);
	}
	return rc;
}

static int
check_key(
    const struct auth_options *o, const struct auth_pair *p, struct err *e)
{
	if (EVP_PKEY_is_a(p->key, "RSA") != 1) {
		return err_set(e, ERR_CONFIG,
		    "client-certificate-file %s: the key is no RSA key, and "
		    "Entra ID takes no other; make an RSA certificate",
		    o->client_certificate_file);
	}
	if (EVP_PKEY_get_bits(p->key) < RSA_MIN_BITS) {
		return err_set(e, ERR_CONFIG,
		    "client-certificate-file %s: the RSA key has %d bits; "
		    "make one of %d or more",
		    o->client_certificate_file, EVP_PKEY_get_bits(p->key),
		    RSA_MIN_BITS);
	}
	return 0;
}

int
auth__pair_load(
    const struct auth_options *o, struct auth_pair *out, struct err *e)
{
	struct buf file, password;
	int rc;

	*out = (struct auth_pair){ .key = NULL };
	secret_buf_init(&file, FILE_MAX_BYTES + 1, FILE_MAX_BYTES + 1);
	secret_line_init(&password, AUTH_SECRET_MAX);
	rc = secret_file_read("client-certificate-file",
	    o->client_certificate_file, FILE_MAX_BYTES, &file, e);
	if (rc == 0 && o->client_key_password_file != NULL) {
		rc = secret_line_read("client-key-password-file",
		    o->client_key_password_file, &password, e);
	}
	if (rc == 0) {
		rc = is_pem(&file) ? load_pem(o, &file, &password, out, e) :
				     load_pkcs12(o, &file, &password, out, e);
	}
	secret_buf_fini(&file);
	secret_buf_fini(&password);
	if (rc == 0)
		rc = check_key(o, out, e);
	if (rc == -1)
		auth__pair_free(out);
	return rc;
}

void
auth__pair_free(struct auth_pair *p)
{
	X509_free(p->certificate);
	EVP_PKEY_free(p->key);
	*p = (struct auth_pair){ .key = NULL };
}
