/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <uv.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/obj.h"
#include "net_peer.h"

#define REQUEST_MAX (4U << 20)

struct peer_conn {
	uv_tcp_t tcp;
	struct peer *peer;
	struct peer_conn *next;
	struct buf in;
	char chunk[65536];
	uv_shutdown_t shutdown;
	bool is_ending;
	bool is_closed;
};

struct peer {
	uv_tcp_t tcp;
	peer_fn *fn;
	void *ctx;
	struct peer_conn *conns;
	unsigned int port, accepted, requests;
	unsigned int handles;
};

struct sending {
	uv_write_t req;
	char data[];
};

static void
release(struct peer *p)
{
	if (--p->handles == 0)
		free(p);
}

static void
conn_closed(uv_handle_t *handle)
{
	struct peer_conn *c = handle->data;
	struct peer_conn **at = &c->peer->conns;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	buf_fini(&c->in);
	release(c->peer);
	free(c);
}

static void
conn_close(struct peer_conn *c)
{
	if (!c->is_closed)
		uv_close((uv_handle_t *)&c->tcp, conn_closed);
	c->is_closed = true;
}

static void
on_sent(uv_write_t *req, int status)
{
	(void)status;
	free(req->data);
}

void
peer_send(struct peer_conn *c, const void *p, size_t len)
{
	struct sending *s = xcalloc(1, sizeof(*s) + len);
	uv_buf_t b;

	memcpy(s->data, p, len);
	s->req.data = s;
	b = uv_buf_init(s->data, (unsigned int)len);
	if (c->is_closed ||
	    uv_write(&s->req, (uv_stream_t *)&c->tcp, &b, 1, on_sent) != 0)
		free(s);
}

void
peer_sends(struct peer_conn *c, const char *s)
{
	peer_send(c, s, strlen(s));
}

void
peer_answer(
    struct peer_conn *c, int status, const char *extra, const char *body)
{
	char *s = xasprintf("HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n%s",
	    status, strlen(body), extra, body);

	peer_sends(c, s);
	free(s);
}

size_t
peer_unsent(const struct peer_conn *c)
{
	return uv_stream_get_write_queue_size((const uv_stream_t *)&c->tcp);
}

static void
on_shutdown(uv_shutdown_t *req, int status)
{
	(void)status;
	conn_close(req->data);
}

void
peer_end(struct peer_conn *c)
{
	if (c->is_closed || c->is_ending)
		return;
	c->is_ending = true;
	c->shutdown.data = c;
	if (uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp, on_shutdown) != 0)
		conn_close(c);
}

void
peer_reset(struct peer_conn *c)
{
	if (c->is_closed)
		return;
	c->is_closed = true;
	if (uv_tcp_close_reset(&c->tcp, conn_closed) != 0)
		uv_close((uv_handle_t *)&c->tcp, conn_closed);
}

/* Bytes of the first whole request, 0 if there is none yet. */
static size_t
whole(const struct buf *in)
{
	const char *end = strstr(in->p, "\r\n\r\n");
	const char *length;
	uint64_t n = 0;

	if (end == NULL)
		return 0;
	length = strcasestr(in->p, "\r\ncontent-length:");
	if (length != NULL && length < end) {
		length += strlen("\r\ncontent-length:");
		length += strspn(length, " ");
		(void)num_u64(length, strspn(length, "0123456789"), 0,
		    REQUEST_MAX, &n, NULL);
	}
	n += (size_t)(end - in->p) + 4;
	return in->len >= n ? (size_t)n : 0;
}

static void
on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
	struct peer_conn *c = handle->data;

	(void)size;
	*out = uv_buf_init(c->chunk, sizeof(c->chunk));
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
	struct peer_conn *c = stream->data;
	size_t len;

	if (n < 0) {
		conn_close(c);
		return;
	}
	buf_add(&c->in, b->base, (size_t)n);
	while (!c->is_closed && (len = whole(&c->in)) > 0) {
		char *request = xstrndup(c->in.p, len);

		buf_eat(&c->in, len);
		c->peer->requests++;
		c->peer->fn(c->peer->ctx, c, request, len);
		free(request);
	}
}

static void
on_connection(uv_stream_t *stream, int status)
{
	struct peer *p = stream->data;
	struct peer_conn *c;

	assert(status == 0);
	c = xcalloc(1, sizeof(*c));
	c->peer = p;
	c->next = p->conns;
	p->conns = c;
	p->handles++;
	p->accepted++;
	buf_init(&c->in, REQUEST_MAX);
	assert(uv_tcp_init(stream->loop, &c->tcp) == 0);
	c->tcp.data = c;
	assert(uv_accept(stream, (uv_stream_t *)&c->tcp) == 0);
	if (p->fn != NULL)
		(void)uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}

static unsigned int
bind_any(uv_tcp_t *tcp)
{
	struct sockaddr_storage bound = { .ss_family = AF_INET };
	struct sockaddr_in any;
	int len = sizeof(bound);

	assert(uv_ip4_addr("127.0.0.1", 0, &any) == 0);
	assert(uv_tcp_bind(tcp, (const struct sockaddr *)&any, 0) == 0);
	assert(uv_tcp_getsockname(tcp, (struct sockaddr *)&bound, &len) == 0);
	memcpy(&any, &bound, sizeof(any));
	return ntohs(any.sin_port);
}

struct peer *
peer_open(uv_loop_t *loop, peer_fn *fn, void *ctx)
{
	struct peer *p = xcalloc(1, sizeof(*p));

	p->fn = fn;
	p->ctx = ctx;
	p->handles = 1;
	assert(uv_tcp_init(loop, &p->tcp) == 0);
	p->tcp.data = p;
	p->port = bind_any(&p->tcp);
	assert(uv_listen((uv_stream_t *)&p->tcp, 16, on_connection) == 0);
	return p;
}

static void
listener_closed(uv_handle_t *handle)
{
	release(handle->data);
}

void
peer_close(struct peer *p)
{
	if (p == NULL)
		return;
	for (struct peer_conn *c = p->conns; c != NULL; c = c->next)
		conn_close(c);
	uv_close((uv_handle_t *)&p->tcp, listener_closed);
}

unsigned int
peer_port(const struct peer *p)
{
	return p->port;
}

unsigned int
peer_accepted(const struct peer *p)
{
	return p->accepted;
}

unsigned int
peer_requests(const struct peer *p)
{
	return p->requests;
}

static void
dead_closed(uv_handle_t *handle)
{
	handle->data = NULL;
}

unsigned int
peer_dead_port(uv_loop_t *loop)
{
	uv_tcp_t tcp;
	unsigned int port;

	assert(uv_tcp_init(loop, &tcp) == 0);
	port = bind_any(&tcp);
	tcp.data = &tcp;
	uv_close((uv_handle_t *)&tcp, dead_closed);
	while (tcp.data != NULL)
		(void)uv_run(loop, UV_RUN_NOWAIT);
	return port;
}
