/*
 * dest.h - a destination: one connection, one queue, lanes taking turns
 *
 * Lines are taken, framed with a syslog header, sent, and held until they are
 * settled: until it is as sure as any sender can be that the receiver has
 * read them.  On a break every unsettled line is sent again, in order.  The
 * rules are numbered above the code in settle.c.
 *
 * A line belongs to a lane of the destination; a lane's lines keep their
 * order and settle in it; a lane never waits for another lane's backlog.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SYSLOG_DEST_H
#define CEFWD_SYSLOG_DEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"

struct buf;

enum dest_scheme {
	DEST_TCP,
	DEST_TLS,
	DEST_UDP,
	DEST_FILE,
	DEST_STDOUT,
};

/* Host is a name, an IPv4 or a bare IPv6 address; a file's path; "". */
struct dest_url {
	enum dest_scheme scheme;
	const char *host;
	const char *port; /* decimal; "": none */
};

/* "tcp://host:port", "udp://[::1]:514" to its parts (strings malloc'ed;
   dest_url_fini()); 0, or -1 with e saying what the URL lacks.  Default port
   514, for tls 6514 (RFC 5425 4.1).  "file:/path", "stdout:". */
int dest_url_parse(const char *text, struct dest_url *out, struct err *e);
void dest_url_fini(struct dest_url *u);

/* As a person writes it. */
void dest_url_add(struct buf *b, const struct dest_url *u);

enum dest_header {
	DEST_HEADER_RFC3164,
	DEST_HEADER_RFC5424,
	DEST_HEADER_NONE, /* the line alone */
};

/* What divides lines on a stream. */
enum dest_framing {
	DEST_FRAMING_LF,
	DEST_FRAMING_OCTETS,
};

/* How a receiver is known, and how we are; PEM files, read at each connection,
   so that renewed ones need no restart. */
struct dest_tls {
	const char *ca_file;          /* NULL: those of the system */
	const char *certificate_file; /* with its chain; NULL: none is shown */
	const char *key_file;         /* NULL: in certificate_file */
	const char *password_file;    /* of the key, one line; NULL: none */
	const char *server_name;      /* NULL: the URL's host */
};

/* Whether the files can be used; -1 with ERR_CONFIG. */
int dest_tls_check(const struct dest_tls *o, struct err *e);

/* Borrowed for the life of the struct dest. */
struct dest_options {
	const char *name;            /* [destination NAME] */
	const struct dest_url *urls; /* failover list */
	size_t n_urls;
	uint64_t return_ms; /* so long an earlier URL must have been well before
	                       a later one gives way; 0: it never does */
	struct dest_tls tls;
	enum dest_framing framing;
	enum dest_header header;
	unsigned int facility; /* 0..23; user = 1 */
	const char *host_name; /* in the header */
	size_t max_line;       /* bytes: header and line, without LF */
	uint64_t max_rate;     /* lines a second; 0: no ceiling */
	uint64_t settle_ms;
	size_t window_bytes;      /* held, unsettled */
	unsigned int cef_version; /* 0 or 1: for whoever writes the lines */
	uint64_t print;           /* equal: the same in all that it does */
	bool no_sock_diag;        /* tests: as if the receiver were remote */
};

enum dest_state {
	DEST_CONNECTING,
	DEST_UP,      /* connected; for UDP: sending */
	DEST_AWAY,    /* broken or refused: e says why; tries again */
	DEST_HOLDING, /* connected, but window bytes are unsettled and the
	                 receiver has read nothing for settle_ms: e says so */
};

/*
 * Told on every change of state, from the loop; may close the destination.
 * A full window alone is no change: at first sync it paces the lanes.  After
 * a connection that did no work (nothing settled, and it broke within a
 * second), the next is told as up once it has lasted or worked.
 */
typedef void
dest_state_fn(void *ctx, enum dest_state state, const struct err *e);

struct dest_counts {
	uint64_t queued; /* lines taken */
	uint64_t sent;   /* lines given to the kernel, repeats included */
	uint64_t settled;
	uint64_t resent; /* sent again after a break */
	uint64_t breaks;
	size_t held_bytes; /* queued and unsettled now */
	uint64_t held;     /* lines */
	uint64_t
	    too_long; /* UDP: lines over dest_line_max(): sent in fragments,
	                      and cut where no datagram holds them */
};

struct dest;
struct dest_lane;

/*
 * dest_new(loop, o, state, ctx, e): connect, from the loop, and stay connected
 * until dest_close().  The URLs are of one scheme: a line is framed once.
 * They are tried in order, each with all of its addresses, resolved anew each
 * time; after a connection that worked has broken, from the first on.  While a
 * later one serves, the earlier ones are tried beside it (return_ms).
 * Returns NULL with e set to ERR_CONFIG.
 *
 * SIGPIPE must be ignored (main() does): libuv writes without MSG_NOSIGNAL.
 */
struct dest *dest_new(uv_loop_t *loop, const struct dest_options *o,
    dest_state_fn *state, void *ctx, struct err *e);

/* Break off, drop what is held (the lanes' cursors know), close handles; the
   memory goes when the loop has run.  d may be NULL.  Nothing is told any
   more.  May be called from every callback. */
void dest_close(struct dest *d);

/* A file may have been moved away (SIGHUP): it is opened anew.  That of a feed
   with lines is noticed without. */
void dest_reopen(struct dest *d);

/* Bytes a line of the lanes may have: max_line less the syslog header.  UDP:
   also what goes without fragments, 1472 or 1452 bytes, or 65507 to this host;
   it follows the address that is in use, so ask for each line. */
size_t dest_line_max(const struct dest *d);

/*
 * settled(ctx, n): the lane's next n oldest lines have settled.
 * room(ctx): dest_lane_has_room() has become true again.
 * Both from the loop, never from inside a dest_ call.
 */
struct dest_lane_handlers {
	void (*settled)(void *ctx, uint64_t n);
	void (*room)(void *ctx);
};

struct dest_lane *
dest_lane_add(struct dest *d, const struct dest_lane_handlers *h, void *ctx);

/* l is not used any more; it holds no line (dest_lane_held()). */
void dest_lane_remove(struct dest_lane *l);

/*
 * dest_put(l, line, len, severity): take a line (copied; no LF in it) for the
 * lane.  Always taken, also without room: the caller looks at
 * dest_lane_has_room() before it makes more.  severity is CEF's 0..10, for
 * the PRI.
 */
void dest_put(struct dest_lane *l, const char *line, size_t len, int severity);

/*
 * dest_tell(d, line, len, severity): take a line of cefwd's own (copied; no LF
 * in it): it belongs to no lane, goes ahead of everything that has no place in
 * the order of sending yet, and is sent again after a break.  At most
 * DEST_TOLD_MAX are held; more are dropped.
 */
#define DEST_TOLD_MAX 64
void dest_tell(struct dest *d, const char *line, size_t len, int severity);

/* Whether the kernel has taken every line of dest_tell(). */
bool dest_has_told(const struct dest *d);

/* Whether the lane's share of the window has space, and the destination is
   not away with the share full. */
bool dest_lane_has_room(const struct dest_lane *l);

/* Unsettled lines of the lane, queued or sent. */
uint64_t dest_lane_held(const struct dest_lane *l);

/* A lane's lines that are held, each in one of four states, and the lines
   that were ever given to the kernel. */
struct dest_lane_counts {
	uint64_t queued;       /* wait for their turn */
	uint64_t given;        /* the kernel took them; nobody has answered */
	uint64_t acknowledged; /* they lie at the receiver's kernel */
	uint64_t read;         /* and were read; they wait to settle */
	uint64_t sent;         /* ever, repeats included */
	uint64_t resent;       /* ever, after a break */
};

/* dest_measure(d): bring what dest_lane_counts() shows up to date: it walks
   through the window, so it is for whoever looks on, not for each line. */
void dest_measure(struct dest *d);
const struct dest_lane_counts *dest_lane_counts(const struct dest_lane *l);

const struct dest_counts *dest_counts(const struct dest *d);

/* The receiver in use, or tried: one of the options' list. */
const struct dest_url *dest_url(const struct dest *d);

/* What a line of the last connection settles by: "read" (the receiver's
   program has read it), "acknowledged" (its kernel has it), "sent" (nobody
   answers), "written" (to the file); NULL: not known yet. */
const char *dest_settles_by(const struct dest *d);
enum dest_state dest_state(const struct dest *d);

#endif /* CEFWD_SYSLOG_DEST_H */
