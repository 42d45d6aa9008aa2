/*
 * listener.h - a small HTTP server on the loop (libmicrohttpd): one address,
 * GET and HEAD, answers made at once by whoever owns it
 *
 * For a person's tools on the same host, so it is stingy: few connections,
 * small requests, no bodies, no long waits.  On TCP the Host header must name
 * this host, so that no web page can read it through a browser (DNS
 * rebinding).
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_NET_LISTENER_H
#define CEFWD_NET_LISTENER_H

#include <stdbool.h>
#include <uv.h>

#include "base/buf.h"
#include "base/err.h"

struct listener;

struct listener_answer {
	unsigned int status; /* 200 at first */
	const char *type;    /* Content-Type; text/plain at first */
	struct buf body;     /* LISTENER_BODY_MAX bytes at most */
};

/* Make the answer for a path; from the loop. */
typedef void listener_render_fn(
    void *ctx, const char *path, bool is_tcp, struct listener_answer *out);

struct listener_options {
	const char *address; /* "unix:/path", "127.0.0.1:9464", "[::1]:9464",
	                        "localhost:9464" */
	/* Names that Host may have besides those of loopback and the address
	   itself, NULL-terminated; NULL: none.  Borrowed until the end. */
	const char *const *hosts;
	listener_render_fn *render;
	void *ctx;
};

/* Whether text is such an address: 0, or -1 with e (ERR_CONFIG). */
int listener_check(const char *text, struct err *e);

/*
 * listener_open(loop, o, e): answer from the loop until listener_close().  A
 * socket's file gets mode 0660 and the process's group; a dead one is
 * replaced, one where somebody answers is not.  NULL with ERR_BUSY (the
 * address is in use) or ERR_CONFIG (it cannot be had: no such folder, no
 * permission, not of this host).
 */
struct listener *
listener_open(uv_loop_t *loop, const struct listener_options *o, struct err *e);

/* Stop, remove the socket's file; the memory goes when the loop has run.  May
   be called from render.  NULL is fine. */
void listener_close(struct listener *l);

#endif /* CEFWD_NET_LISTENER_H */
