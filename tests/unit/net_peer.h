/*
 * net_peer.h - a plain HTTP peer for tests, as rude as the test wants
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_TESTS_NET_PEER_H
#define CEFWD_TESTS_NET_PEER_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct peer;
struct peer_conn;

/* A whole request has come: NUL-terminated, valid during the call. */
typedef void
peer_fn(void *ctx, struct peer_conn *c, const char *request, size_t len);

/* Listens on 127.0.0.1.  With fn NULL it accepts and stays silent. */
struct peer *peer_open(uv_loop_t *loop, peer_fn *fn, void *ctx);
void peer_close(struct peer *p);
unsigned int peer_port(const struct peer *p);
unsigned int peer_accepted(const struct peer *p); /* connections so far */
unsigned int peer_requests(const struct peer *p); /* requests so far */

void peer_send(struct peer_conn *c, const void *p, size_t len);
void peer_sends(struct peer_conn *c, const char *s);

/* A whole answer; extra is further header lines, each with CR LF. */
void peer_answer(
    struct peer_conn *c, int status, const char *extra, const char *body);

size_t peer_unsent(const struct peer_conn *c); /* bytes that wait */
void peer_end(struct peer_conn *c);            /* close once all is sent */
void peer_reset(struct peer_conn *c);          /* RST */

/* A port of 127.0.0.1 where nobody listens. */
unsigned int peer_dead_port(uv_loop_t *loop);

#endif /* CEFWD_TESTS_NET_PEER_H */
