/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net_tls.h"

#define FRAME_MAX 16384U

struct tls_peer {
	struct tls_peer_options o;
	SSL_CTX *ctx;
	pthread_t thread;
	int fd;
	unsigned int port;
	char ca_file[64];
};

/* A certificate for subject, signed by issuer (or itself). */
static X509 *
sign(EVP_PKEY *key, const char *subject, const char *san, X509 *issuer,
    EVP_PKEY *issuer_key, long days)
{
	X509 *x = X509_new();
	X509_NAME *name;
	X509_EXTENSION *ext;
	X509V3_CTX v3;

	assert(x != NULL);
	(void)X509_set_version(x, X509_VERSION_3);
	(void)ASN1_INTEGER_set(
	    X509_get_serialNumber(x), issuer == NULL ? 1 : 2);
	(void)X509_gmtime_adj(X509_getm_notBefore(x), -2L * 86400);
	(void)X509_gmtime_adj(X509_getm_notAfter(x), days * 86400);
	name = X509_get_subject_name(x);
	(void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)subject, -1, -1, 0);
	(void)X509_set_issuer_name(
	    x, issuer == NULL ? name : X509_get_subject_name(issuer));
	(void)X509_set_pubkey(x, key);
	X509V3_set_ctx(&v3, issuer == NULL ? x : issuer, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &v3,
	    san == NULL ? NID_basic_constraints : NID_subject_alt_name,
	    san == NULL ? "critical,CA:TRUE" : san);
	assert(ext != NULL);
	(void)X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
	assert(X509_sign(x, issuer_key == NULL ? key : issuer_key,
		   EVP_sha256()) != 0);
	return x;
}

static void
write_pem(struct tls_peer *p, X509 *x)
{
	FILE *f;
	int fd;

	(void)snprintf(p->ca_file, sizeof(p->ca_file), "cefwd-test-XXXXXX");
	fd = mkstemp(p->ca_file);
	assert(fd != -1);
	f = fdopen(fd, "w");
	assert(f != NULL && PEM_write_X509(f, x) == 1);
	assert(fclose(f) == 0);
}

static void
set_certificate(struct tls_peer *p)
{
	const char *san = p->o.other_name ? "DNS:other.example" :
					    "IP:127.0.0.1,DNS:localhost";
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	X509 *ca, *x;

	assert(ca_key != NULL && key != NULL);
	ca = sign(ca_key, "test CA", NULL, NULL, NULL, 30);
	x = p->o.self_signed ?
	    sign(key, "test", san, NULL, NULL, 30) :
	    sign(key, "test", san, ca, ca_key, p->o.is_expired ? -1 : 30);
	write_pem(p, p->o.self_signed ? x : ca);
	assert(SSL_CTX_use_certificate(p->ctx, x) == 1);
	assert(SSL_CTX_use_PrivateKey(p->ctx, key) == 1);
	X509_free(ca);
	X509_free(x);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(key);
}

static int
choose_h2(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned int in_len, void *arg)
{
	static const unsigned char h2[] = "\x02h2";

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len, h2,
		3, in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	return SSL_TLSEXT_ERR_OK;
}

static void
answer_http1(SSL *ssl)
{
	static const char answer[] =
	    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	char in[4096];
	int n, len = 0;

	do {
		n = SSL_read(ssl, in + len, (int)sizeof(in) - len - 1);
		if (n <= 0)
			return;
		len += n;
		in[len] = '\0';
	} while (strstr(in, "\r\n\r\n") == NULL);
	(void)SSL_write(ssl, answer, (int)strlen(answer));
}

static bool
read_all(SSL *ssl, unsigned char *p, size_t len)
{
	size_t got;

	for (; len > 0; p += got, len -= got) {
		if (SSL_read_ex(ssl, p, len, &got) != 1)
			return false;
	}
	return true;
}

/* RFC 9113 4.1: length, type, flags, stream */
static bool
send_frame(SSL *ssl, unsigned char type, unsigned char flags,
    unsigned char stream, const void *p, size_t len)
{
	unsigned char head[9] = { (unsigned char)(len >> 16),
		(unsigned char)(len >> 8), (unsigned char)len, type, flags, 0,
		0, 0, stream };
	size_t done;

	return SSL_write_ex(ssl, head, sizeof(head), &done) == 1 &&
	    (len == 0 || SSL_write_ex(ssl, p, len, &done) == 1);
}

static void
answer_h2(const struct tls_peer *p, SSL *ssl)
{
	static const unsigned char refused[4] = { 0, 0, 0, 2 };
	unsigned char head[24], data[FRAME_MAX];
	size_t len, sent = 0;

	if (!read_all(ssl, head, 24)) /* the preface */
		return;
	(void)send_frame(ssl, 4, 0, 0, NULL, 0); /* SETTINGS */
	do {
		if (!read_all(ssl, head, 9))
			return;
		len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
		if (len > sizeof(data) || !read_all(ssl, data, len))
			return;
		if (head[3] == 4 && (head[4] & 1) == 0)
			(void)send_frame(ssl, 4, 1, 0, NULL, 0);
	} while (head[3] != 1); /* HEADERS */
	/* ":status: 200" is entry 8 of the static table (RFC 7541 A). */
	(void)send_frame(ssl, 1, 4, head[8], "\x88", 1);
	while (sent < p->o.h2_body) {
		size_t n = p->o.h2_body - sent;

		n = n < sizeof(data) ? n : sizeof(data);
		for (size_t i = 0; i < n; i++)
			data[i] = (unsigned char)('a' + (sent + i) % 26);
		sent += n;
		if (!send_frame(ssl, 0, sent == p->o.h2_body && !p->o.h2_reset,
			head[8], data, n))
			return;
	}
	if (p->o.h2_reset)
		(void)send_frame(ssl, 3, 0, head[8], refused, 4);
	/* Until the client has had enough. */
	while (read_all(ssl, head, 1))
		continue;
}

static void *
serve(void *arg)
{
	struct tls_peer *p = arg;
	int fd;

	while ((fd = accept(p->fd, NULL, NULL)) != -1) {
		SSL *ssl = SSL_new(p->ctx);

		assert(ssl != NULL && SSL_set_fd(ssl, fd) == 1);
		if (SSL_accept(ssl) == 1) {
			if (p->o.h2)
				answer_h2(p, ssl);
			else
				answer_http1(ssl);
			(void)SSL_shutdown(ssl);
		}
		SSL_free(ssl);
		(void)close(fd);
	}
	return NULL;
}

struct tls_peer *
tls_peer_start(const struct tls_peer_options *o)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct tls_peer *p = calloc(1, sizeof(*p));
	socklen_t len = sizeof(any);

	assert(p != NULL);
	p->o = *o;
	p->ctx = SSL_CTX_new(TLS_server_method());
	assert(p->ctx != NULL);
	set_certificate(p);
	if (o->is_old) {
		(void)SSL_CTX_set_cipher_list(p->ctx, "DEFAULT@SECLEVEL=0");
		(void)SSL_CTX_set_min_proto_version(p->ctx, TLS1_VERSION);
		(void)SSL_CTX_set_max_proto_version(p->ctx, TLS1_1_VERSION);
	}
	if (o->h2)
		SSL_CTX_set_alpn_select_cb(p->ctx, choose_h2, NULL);
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(p->fd != -1);
	assert(bind(p->fd, (const struct sockaddr *)&any, len) == 0);
	assert(getsockname(p->fd, (struct sockaddr *)&any, &len) == 0);
	p->port = ntohs(any.sin_port);
	assert(listen(p->fd, 8) == 0);
	assert(pthread_create(&p->thread, NULL, serve, p) == 0);
	return p;
}

void
tls_peer_stop(struct tls_peer *p)
{
	(void)shutdown(p->fd, SHUT_RDWR);
	assert(pthread_join(p->thread, NULL) == 0);
	(void)close(p->fd);
	(void)unlink(p->ca_file);
	SSL_CTX_free(p->ctx);
	free(p);
}

unsigned int
tls_peer_port(const struct tls_peer *p)
{
	return p->port;
}

const char *
tls_peer_ca_file(const struct tls_peer *p)
{
	return p->ca_file;
}
