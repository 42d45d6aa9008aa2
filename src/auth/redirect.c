/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/queue.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "auth/redirect.h"
#include "base/mem.h"
#include "base/obj.h"

#define REDIRECT_MAGIC 0x72646972U
#define VISIT_MAGIC    0x76697369U

/* A request line with a code of some kilobytes, and a browser's headers. */
#define REQUEST_MAX    (32U << 10)
#define VISITS_MAX     16

struct redirect {
	unsigned int magic;
	uv_tcp_t listener;
	redirect_fn *fn;
	void *ctx;
	TAILQ_HEAD(visits, visit) visits;
	size_t n_visits;
	bool is_closed; /* no more calls */
	bool is_gone;   /* libuv has let go of the listener */
};

struct visit {
	unsigned int magic;
	struct redirect *redirect;
	TAILQ_ENTRY(visit) link;
	uv_tcp_t tcp;
	uv_write_t write;
	char *answer;
	size_t len;
	bool is_answered;
	char request[REQUEST_MAX];
};

static void
let_go(struct redirect *r)
{
	if (!r->is_gone || r->n_visits > 0)
		return;
	r->magic = 0;
	free(r);
}

static void
on_visit_closed(uv_handle_t *h)
{
	struct visit *v = h->data;
	struct redirect *r = v->redirect;

	explicit_bzero(v->request, sizeof(v->request));
	free(v->answer);
	TAILQ_REMOVE(&r->visits, v, link);
	free(v);
	r->n_visits--;
	let_go(r);
}

static void
end_visit(struct visit *v)
{
	if (!uv_is_closing((uv_handle_t *)&v->tcp))
		uv_close((uv_handle_t *)&v->tcp, on_visit_closed);
}

static void
on_written(uv_write_t *w, int status)
{
	(void)status;
	end_visit(w->data);
}

static void
answer(struct visit *v, const char *status, const char *words)
{
	uv_buf_t out;

	v->answer = xasprintf(
	    "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\n"
	    "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
	    "Connection: close\r\n\r\n"
	    "<!doctype html><title>cefwd</title><p>%s</p>\n",
	    status, words);
	out = uv_buf_init(v->answer, (unsigned int)strlen(v->answer));
	v->write.data = v;
	if (uv_write(&v->write, (uv_stream_t *)&v->tcp, &out, 1, on_written) !=
	    0)
		end_visit(v);
}

/* "GET /?QUERY HTTP/1.1": whatever else is asked for, a favicon say, is not
   there. */
static void
take_request(struct visit *v)
{
	static const char start[] = "GET /?";
	char *query = v->request + sizeof(start) - 1, *end;
	const char *words = NULL;

	v->is_answered = true; /* the call may close what is not */
	if (strncmp(v->request, start, sizeof(start) - 1) == 0 &&
	    (end = strpbrk(query, " \r\n")) != NULL) {
		*end = '\0';
		if (!v->redirect->is_closed)
			words = v->redirect->fn(v->redirect->ctx, query);
	}
	if (words == NULL)
		answer(v, "404 Not Found", "Nothing is here.");
	else
		answer(v, "200 OK", words);
}

static void
on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *out)
{
	struct visit *v;

	(void)hint;
	OBJ_CAST(v, h->data, VISIT_MAGIC);
	*out = uv_buf_init(v->request + v->len,
	    (unsigned int)(sizeof(v->request) - 1 - v->len));
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct visit *v;

	(void)buf;
	OBJ_CAST(v, s->data, VISIT_MAGIC);
	if (n < 0) { /* also ENOBUFS: too long */
		if (!v->is_answered)
			end_visit(v);
		(void)uv_read_stop(s);
		return;
	}
	v->len += (size_t)n;
	v->request[v->len] = '\0';
	if (v->is_answered || strstr(v->request, "\r\n\r\n") == NULL)
		return;
	(void)uv_read_stop(s);
	take_request(v);
}

static void
on_visit(uv_stream_t *s, int status)
{
	struct redirect *r;
	struct visit *v;

	OBJ_CAST(r, s->data, REDIRECT_MAGIC);
	if (status != 0)
		return;
	v = xcalloc(1, sizeof(*v));
	v->magic = VISIT_MAGIC;
	v->redirect = r;
	v->tcp.data = v;
	TAILQ_INSERT_TAIL(&r->visits, v, link);
	r->n_visits++;
	(void)uv_tcp_init(s->loop, &v->tcp);
	if (uv_accept(s, (uv_stream_t *)&v->tcp) != 0 ||
	    r->n_visits > VISITS_MAX ||
	    uv_read_start((uv_stream_t *)&v->tcp, on_alloc, on_read) != 0)
		end_visit(v);
}

static void
on_closed(uv_handle_t *h)
{
	struct redirect *r;

	OBJ_CAST(r, h->data, REDIRECT_MAGIC);
	r->is_gone = true;
	let_go(r);
}

struct redirect *
redirect_open(
    uv_loop_t *loop, redirect_fn *fn, void *ctx, int *port, struct err *e)
{
	struct redirect *r = xcalloc(1, sizeof(*r));
	struct sockaddr_in own;
	int len = (int)sizeof(own), rc;

	r->magic = REDIRECT_MAGIC;
	r->fn = fn;
	r->ctx = ctx;
	r->listener.data = r;
	TAILQ_INIT(&r->visits);
	(void)uv_ip4_addr("127.0.0.1", 0, &own);
	(void)uv_tcp_init(loop, &r->listener);
	rc = uv_tcp_bind(&r->listener, (const struct sockaddr *)&own, 0);
	if (rc == 0)
		rc = uv_listen((uv_stream_t *)&r->listener, 8, on_visit);
	if (rc == 0) {
		rc = uv_tcp_getsockname(
		    &r->listener, (struct sockaddr *)&own, &len);
	}
	if (rc != 0) {
		(void)err_set(e, ERR_NET,
		    "no port of 127.0.0.1 can be had for the browser to come "
		    "back to: %s; use --device-code",
		    uv_strerror(rc));
		redirect_close(r);
		return NULL;
	}
	*port = ntohs(own.sin_port);
	return r;
}

void
redirect_close(struct redirect *r)
{
	struct visit *v;

	if (r == NULL || r->is_closed)
		return;
	r->is_closed = true;
	/* Browsers connect ahead, and may say nothing for minutes. */
	TAILQ_FOREACH(v, &r->visits, link) {
		if (!v->is_answered)
			end_visit(v);
	}
	uv_close((uv_handle_t *)&r->listener, on_closed);
}
