/*
 * net_tls.h - a TLS peer for tests, on a thread of its own
 *
 * It makes its own CA and certificate, answers each connection's first
 * request, and can be wrong in the ways that clients must notice.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_TESTS_NET_TLS_H
#define CEFWD_TESTS_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>

struct tls_peer;

struct tls_peer_options {
	bool other_name;  /* the certificate is for another host */
	bool is_expired;  /* it ended yesterday */
	bool is_old;      /* TLS 1.1 at most */
	bool self_signed; /* no CA at all */
	bool h2;          /* HTTP/2 */
	size_t h2_body;   /* bytes of its answer, of 'a' to 'z' in turn */
	bool h2_reset;    /* RST_STREAM in the middle of it */
};

/* Listens on 127.0.0.1, until it is stopped and its thread has ended. */
struct tls_peer *tls_peer_start(const struct tls_peer_options *o);

/* Takes the peer and its CA file away. */
void tls_peer_stop(struct tls_peer *p);

/* Where it listens. */
unsigned int tls_peer_port(const struct tls_peer *p);

/* PEM file with the CA (or the self-signed certificate). */
const char *tls_peer_ca_file(const struct tls_peer *p);

#endif /* CEFWD_TESTS_NET_TLS_H */
