/*
 * http.h - HTTPS requests on the event loop (libcurl multi on libuv)
 *
 * One struct http serves the whole program: connections and the CA store are
 * shared.  TLS 1.2 or later, always verified; redirects are never followed; a
 * plain http URL is accepted for loopback hosts only, and where a call asks
 * for it for the address of a cloud's machine service.
 *
 * Contract of every call: http_start() returns a handle, or NULL and then
 * nothing will run.  The callbacks run from the loop, never from inside
 * http_start(), http_resume() or http_cancel(); done runs once, as the last.
 * After http_cancel() nothing runs.  A callback may start new requests and
 * may cancel its own (from data or head; in done the handle is already gone).
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_NET_HTTP_H
#define CEFWD_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <uv.h>

#include "base/err.h"

struct http;
struct http_request;

/* How a peer is reached; kept by the caller while requests run. */
struct http_route {
	const char *ca_file;    /* PEM; NULL: the system's */
	const char *proxy;      /* http://host:port; NULL: none; the
	                            environment's proxies are not used */
	const char *proxy_user; /* NULL: none */
	const char *proxy_password;
	const char *local_socket; /* connect there, whatever the URL's host;
	                              NULL: no */
};

struct http_call {
	const char *method;         /* "GET" or "POST" */
	const char *url;            /* copied */
	const char *const *headers; /* "Name: value", NULL at the end; copied */
	const char *bearer;         /* copied, wiped at the end; NULL: none */
	const char *body;           /* copied, wiped at the end; NULL: none */
	size_t body_len;
	const struct http_route *route; /* borrowed until the end */
	bool is_link_local;  /* plain http to 169.254.169.254 is fine */
	uint64_t connect_ms; /* limit for name, TCP, TLS; 0: 20 s */
	uint64_t stall_ms;   /* no byte for so long ends it; 0: 60 s;
	                               does not run while paused */
	uint64_t total_ms;   /* limit for all of it; 0: none */
	uint64_t max_bytes;  /* decoded body; more: ERR_LIMIT */
};

/* Status and headers; valid during the callback. */
struct http_head {
	int status;               /* 100-599 */
	const char *content_type; /* "" if none */
	const char *location;     /* "" if none */
	const char *www_authenticate;
	const char *warning;
	const char *link;       /* all of them, joined with commas (RFC 8288) */
	const char *request_id; /* request-id of Microsoft's answers */
	int64_t date_unix_ms;   /* Date; -1: none or unreadable */
	int64_t retry_after_ms; /* seconds, fraction or HTTP date (RFC 9110
	                             10.2.3, against Date where there is one);
	                             -1: none */
};

struct http_handlers {
	/* May be NULL.  Once, with the first data or else just before done:
	   only then is it known to be the last one. */
	void (*head)(void *ctx, const struct http_head *head);
	/* Decoded body bytes as they come, at most 16 KiB or so at a time.
	   Return 0, or -1 with e set to end the request with that error. */
	int (*data)(void *ctx, const char *p, size_t len, struct err *e);
	/* The end.  e is NULL when the answer was read whole (whatever its
	   status); otherwise ERR_NET (refused, reset, time-out, name, TLS: in
	   words with the mend), ERR_LIMIT, ERR_CONFIG (the CA file cannot be
	   read), ERR_NOMEM, or what data set. */
	void (*done)(void *ctx, const struct err *e);
};

/* NULL with e on failure.  user_agent is copied. */
struct http *http_new(uv_loop_t *loop, const char *user_agent, struct err *e);

/* Requires that no request runs.  Handles close on the loop; the last close
   callback frees. */
void http_close(struct http *h);

/*
 * http_trace_open(path, e): a file for a trace, 0600, appended to; never a
 * link, nor a file that others can read.  NULL with ERR_CONFIG; fclose() it.
 *
 * http_trace(h, f): from the next request on write to f what goes over the
 * wire, safe to hand on: secrets, tokens and the alerts themselves are left
 * out (redact.c has the table).  f is borrowed until h is closed; NULL: none.
 */
FILE *http_trace_open(const char *path, struct err *e);
void http_trace(struct http *h, FILE *f);

struct http_request *http_start(struct http *h, const struct http_call *call,
    const struct http_handlers *handlers, void *ctx, struct err *e);
void http_cancel(struct http_request *r); /* NULL is fine */

/* Stop and go on reading; data already handed over is done with.  Safe from
   inside data.  The peer sees a closed window. */
void http_pause(struct http_request *r);
void http_resume(struct http_request *r);

/*
 * url_origin(url, out): the origin (scheme://host:port, lower case, the port
 * always given) of an absolute URL, for comparing; 0 or -1.  Credentials in
 * the URL are a fault.
 */
struct buf;
int url_origin(const char *url, struct buf *out);

bool url_is_of_this_host(const char *url); /* its host is loopback */

/* Whether url is https, or http to a loopback host. */
int url_is_allowed(const char *url, struct err *e);

#endif /* CEFWD_NET_HTTP_H */
