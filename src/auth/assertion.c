/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "auth/assertion.h"
#include "base/buf.h"

/* Entra advises five to ten minutes. */
#define LIFE_S        300
/* Before now, for a server whose clock is a little behind. */
#define EARLY_S       60
#define JTI_BYTES     16
#define DIGEST_MAX    32
#define B64_ROOM(n)   (4 * (((n) + 2) / 3) + 1)
/* RSA of 16384 bits, OpenSSL's limit */
#define SIGNATURE_MAX 2048

static void
add_json(struct buf *out, struct json_object *obj)
{
	const char *text = json_object_to_json_string_ext(
	    obj, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	auth__add_base64url(out, (const unsigned char *)text, strlen(text));
	json_object_put(obj);
}

static void
set_text(struct json_object *obj, const char *name, const char *value)
{
	(void)json_object_object_add(obj, name, json_object_new_string(value));
}

static int
add_header(
    const struct auth_pair *pair, bool is_sha1, struct buf *out, struct err *e)
{
	struct json_object *obj;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	struct buf thumb;

	if (X509_digest(pair->certificate, is_sha1 ? EVP_sha1() : EVP_sha256(),
		digest, &len) != 1) {
		return err_set(e, ERR_CONFIG,
		    "the client certificate's thumbprint cannot be taken: "
		    "OpenSSL lacks %s here",
		    is_sha1 ? "SHA-1" : "SHA-256");
	}
	buf_init(&thumb, 2 * DIGEST_MAX);
	auth__add_base64url(&thumb, digest, len);
	obj = json_object_new_object();
	set_text(obj, "alg", is_sha1 ? "RS256" : "PS256");
	set_text(obj, "typ", "JWT");
	/* RFC 7515 4.1.7, 4.1.8 */
	set_text(obj, is_sha1 ? "x5t" : "x5t#S256", thumb.p);
	buf_fini(&thumb);
	add_json(out, obj);
	return 0;
}

static int
add_claims(const struct auth_options *o, const struct auth_moment *m,
    struct buf *out, struct err *e)
{
	int64_t now_s = m->unix_ms / 1000;
	unsigned char random[JTI_BYTES];
	char jti[2 * JTI_BYTES + 1];
	struct json_object *obj;

	if (RAND_bytes(random, sizeof(random)) != 1)
		return err_set(e, ERR_CONFIG, "OpenSSL has no random bytes");
	for (size_t i = 0; i < sizeof(random); i++)
		(void)snprintf(jti + 2 * i, 3, "%02x", random[i]);
	obj = json_object_new_object();
	set_text(obj, "aud", m->url);
	set_text(obj, "iss", o->client_id);
	set_text(obj, "sub", o->client_id);
	set_text(obj, "jti", jti);
	(void)json_object_object_add(
	    obj, "iat", json_object_new_int64(now_s - EARLY_S));
	(void)json_object_object_add(
	    obj, "nbf", json_object_new_int64(now_s - EARLY_S));
	(void)json_object_object_add(
	    obj, "exp", json_object_new_int64(now_s + LIFE_S));
	add_json(out, obj);
	return 0;
}

/* RFC 7518 3.3 and 3.5: of PSS, the salt is as long as the hash. */
static bool
set_padding(EVP_PKEY_CTX *ctx, bool is_sha1)
{
	if (is_sha1)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) ==
		    1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static int
sign(const struct auth_pair *pair, bool is_sha1, const struct buf *text,
    struct buf *out, struct err *e)
{
	unsigned char signature[SIGNATURE_MAX];
	size_t len = sizeof(signature);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	bool is_good;

	is_good = md != NULL &&
	    EVP_DigestSignInit_ex(
		md, &ctx, "SHA256", NULL, NULL, pair->key, NULL) == 1 &&
	    set_padding(ctx, is_sha1) &&
	    EVP_DigestSign(md, signature, &len, (const unsigned char *)text->p,
		text->len) == 1;
	EVP_MD_CTX_free(md);
	if (!is_good) {
		return err_set(
		    e, ERR_CONFIG, "the client certificate's key cannot sign");
	}
	buf_addc(out, '.');
	auth__add_base64url(out, signature, len);
	return 0;
}

static int
check_validity(const X509 *cert, int64_t unix_ms, struct err *e)
{
	time_t now = (time_t)(unix_ms / 1000);
	int after = X509_cmp_time(X509_get0_notAfter(cert), &now);
	int before = X509_cmp_time(X509_get0_notBefore(cert), &now);

	if (after < 0) {
		return err_set(e, ERR_CONFIG,
		    "the client certificate has expired; renew it, and upload "
		    "the new one to the app registration");
	}
	if (before > 0) {
		return err_set(e, ERR_CONFIG,
		    "the client certificate is not valid yet; see to this "
		    "host's clock, or wait");
	}
	return 0;
}

int
auth__assertion(const struct auth_pair *pair, const struct auth_options *o,
    const struct auth_moment *m, struct buf *out, struct err *e)
{
	struct buf text;
	int rc;

	if (check_validity(pair->certificate, m->unix_ms, e) == -1)
		return -1;
	buf_init(&text, AUTH_TOKEN_MAX);
	rc = add_header(pair, o->is_sha1_assertion, &text, e);
	buf_addc(&text, '.');
	if (rc == 0)
		rc = add_claims(o, m, &text, e);
	if (rc == 0)
		rc = buf_check(&text, "the client assertion", e);
	if (rc == 0) {
		buf_add(out, text.p, text.len);
		rc = sign(pair, o->is_sha1_assertion, &text, out, e);
	}
	buf_fini(&text);
	return rc == 0 ? buf_check(out, "the client assertion", e) : -1;
}
