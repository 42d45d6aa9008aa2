/*
 * transport.h - what differs from one way of sending to another
 *
 * A transport is a row of functions; a link is one connection by it.  conn.c
 * opens a link, has it send the spool's lines and look what was read, and
 * drops it; the link tells what happens meanwhile.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SYSLOG_TRANSPORT_H
#define CEFWD_SYSLOG_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/backoff.h"
#include "base/err.h"
#include "syslog/frame.h"

struct sockaddr;
struct conn;
struct dest_tls;
struct spool;
struct transport;

/* The part of a link that conn.c knows; the first member of each kind. */
struct link {
	const struct transport *transport;
	struct conn *conn;   /* NULL: dropped; it only waits for its handle */
	struct spool *spool; /* the conn's */
	bool is_open;        /* link_opened() was called, or need not be */
	size_t line_max;     /* bytes of the longest line that fits */
};

enum sent {
	SENT_ALL,     /* what was taken up was taken; there may be more */
	SENT_BLOCKED, /* the kernel is full: link_writable() follows */
	SENT_BROKEN,  /* e says why */
};

/* What a look at a link found (settle.c). */
struct look {
	uint64_t read;   /* offset: bytes that the receiver has read */
	uint64_t unread; /* bytes that lie at the receiver */
	const char *by;  /* dest_settles_by(); NULL: not known yet */
};

struct link_options {
	uv_loop_t *loop;
	const char *host; /* of the URL; a file's path */
	const struct dest_tls *tls;
	bool no_sock_diag;
};

struct transport {
	const char *word; /* the URL's scheme */
	int socktype;     /* 0: no socket, no addresses */
	enum framing framing;
	struct backoff backoff;
	uint64_t settle_ms; /* 0: as the options say */
	/* After a break, hold all but one line until that line has settled. */
	bool is_probing;
	/* That a link opens says nothing of the receiver. */
	bool is_blind;
	/* Start a link; NULL with e set.  "to" is NULL where there are no
	   addresses. */
	struct link *(*open)(struct conn *c, const struct sockaddr *to,
	    const struct link_options *o, struct err *e);
	/* Give the kernel lines of the spool, at most "lines" of them. */
	enum sent (*send)(struct link *k, size_t lines, struct err *e);
	/* 0, or -1 when the connection is no longer whole. */
	int (*look)(struct link *k, struct look *out, struct err *e);
	/* NULL, or: the file was moved away, open it anew. */
	void (*reopen)(struct link *k);
	/* Let go.  Nothing more is told; the link frees itself. */
	void (*drop)(struct link *k);
};

extern const struct transport tcp_transport;
extern const struct transport tls_transport;
extern const struct transport udp_transport;
extern const struct transport file_transport;
extern const struct transport stdout_transport;

/*
 * A datagram of this many bytes crosses a link with an MTU of 1500 in one
 * piece (RFC 5426, 3.2); and no datagram is longer than the last.
 */
#define UDP_LINE_IP4  1472U
#define UDP_LINE_IP6  1452U
#define UDP_LINE_HARD 65507U

/* Bytes of the longest datagram to this address that is not cut in pieces;
   own is the address that it leaves from, NULL: not known. */
size_t udp_line_max(const struct sockaddr *to, const struct sockaddr *own);

/* Told by links to their conn, from the loop. */
void link_opened(struct link *k);
void link_writable(struct link *k);
void link_broke(struct link *k, const struct err *e);

/* The system's word for an error of libuv and what to do about it. */
void link_err(struct err *e, int uv_status, const char *what);

#endif /* CEFWD_SYSLOG_TRANSPORT_H */
