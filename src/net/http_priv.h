/*
 * http_priv.h - inside net/: a request's parts, headers, URLs, error words
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_NET_HTTP_PRIV_H
#define CEFWD_NET_HTTP_PRIV_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>
#include <uv.h>

#include "net/http.h"

/* Headers that callers want; see the table in head.c. */
enum http_field {
	FIELD_CONTENT_TYPE,
	FIELD_LOCATION,
	FIELD_WWW_AUTHENTICATE,
	FIELD_WARNING,
	FIELD_LINK,
	FIELD_REQUEST_ID,
	FIELD_DATE,
	FIELD_RETRY_AFTER,
	FIELD_COUNT,
};

struct http_fields {
	int status; /* 0 before the first status line */
	char *text[FIELD_COUNT];
};

/*
 * http__fields_line(f, p, len, e): take one header line as libcurl hands it
 * over.  A status line starts anew: after 1xx, or a proxy's own answer, the
 * last head counts.  Returns 0, or -1 with ERR_LIMIT (HTTP_HEADER_MAX).
 */
int http__fields_line(
    struct http_fields *f, const char *p, size_t len, struct err *e);

/* Borrow what was collected; valid until f changes. */
void http__fields_view(const struct http_fields *f, struct http_head *out);
void http__fields_fini(struct http_fields *f);

/* Retry-After (RFC 9110 10.2.3) in ms from now_unix_ms, 0 for the past,
   RETRY_AFTER_MAX_S at most; -1 if it is neither seconds nor a date. */
int64_t http__retry_after_ms(const char *text, int64_t now_unix_ms);

#define HTTP_REQUEST_MAGIC 0x4e525131U

/*
 *   start -> NEW -> ADDED -> done
 *             |       |
 *             +-------+--> cancelled, then gone
 *
 * NEW: waits for the loop, so that nothing runs inside http_start().
 * ADDED: libcurl has it.  A cancelled one is silent and leaves as soon as no
 * libcurl call is on the stack.
 */
struct http_request {
	unsigned int magic;
	TAILQ_ENTRY(http_request) link;
	struct http *http;
	CURL *easy;
	struct curl_slist *headers;
	char *body; /* wiped */
	size_t body_len;
	struct http_handlers on;
	void *ctx;
	char *where;      /* host:port, for messages */
	char *proxy;      /* host:port of the proxy; NULL: none */
	char *ca_file;    /* for messages; NULL: libcurl's own */
	bool has_ca_file; /* the caller named it */
	bool is_tls;
	bool is_added;
	bool is_cancelled;
	bool is_paused; /* what the caller wants */
	bool is_held;   /* libcurl holds bytes since data was paused */
	bool is_sent;   /* connected; the request is on its way */
	bool head_told;
	bool has_err;        /* err is the reason why we ended it */
	unsigned int sweep;  /* the last round that looked at it */
	uint64_t moved_ms;   /* clk_ms() of the last byte */
	uint64_t suspect_ms; /* when its silence was first too long */
	uint64_t stall_ms;
	uint64_t connect_ms;
	uint64_t total_ms;
	uint64_t max_bytes;
	uint64_t got;
	struct http_fields fields;
	struct http_trace *trace; /* NULL: none is written */
	struct err err;
	char errbuf[CURL_ERROR_SIZE];
};

TAILQ_HEAD(http_requests, http_request);

#define HTTP_MAGIC 0x48545031U

struct http {
	unsigned int magic;
	uv_loop_t *loop;
	CURLM *multi;
	char *user_agent;
	uv_timer_t due;   /* what libcurl asked for */
	uv_timer_t soon;  /* work put off to the loop's next turn */
	uv_timer_t watch; /* the next stall */
	struct http_requests requests;
	unsigned int depth; /* libcurl calls on the stack */
	unsigned int sweep;
	FILE *trace;          /* borrowed; NULL: none */
	unsigned int traced;  /* requests so far */
	unsigned int closing; /* handles that still close */
	bool is_closing;
};

/* Build the easy handle; nothing runs yet.  NULL with e. */
struct http_request *
http__request_new(struct http *h, const struct http_call *call,
    const struct http_handlers *on, void *ctx, struct err *e);

/* Out of the multi and gone; no callback.  NULL is fine. */
void http__request_free(struct http_request *r);

/* libcurl's verdict becomes the request's last callbacks. */
void http__request_finish(struct http_request *r, CURLcode code);

/* Put off to the loop what cannot be done under libcurl. */
void http__soon(struct http *h);

/* Set the stall timer to the next deadline. */
void http__watch(struct http *h);

/* Words for a failed transfer: what, where, the mend.  Returns -1. */
int http__fail(const struct http_request *r, CURLcode code, struct err *e);

/* trace.c: what the trace says of a request; nothing without one. */
void http__trace_begin(struct http_request *r, const struct http_call *call);
void http__trace_header(struct http_request *r, const char *p, size_t len);
void http__trace_data(struct http_request *r, const char *p, size_t len);
void http__trace_end(struct http_request *r, const struct err *e);
void http__trace_free(struct http_request *r);

/* "host:port" of a call's URL, if it is allowed; free() it.  NULL with e. */
char *http__where(const struct http_call *call, struct err *e);

#endif /* CEFWD_NET_HTTP_PRIV_H */
