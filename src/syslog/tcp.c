/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/socket.h>

#include <stdlib.h>

#include "base/mem.h"
#include "base/obj.h"
#include "syslog/spool.h"
#include "syslog/stream.h"

#include "syslog/transport.h"

/* Bytes in one call: five times fewer instructions a line than 4 KiB, and no
   more than 256 KiB (measured: 1956, 253, 268 ns a line of 1,100 bytes). */
#define BATCH          (64U << 10)

/* Pieces in one call.  With lanes that take turns each line is one. */
#define PIECES         128U

#define TCP_LINK_MAGIC 0x7463706cU

struct tcp_link {
	struct link base;
	unsigned int magic;
	struct stream stream;
	uv_connect_t connecting;
	char drain[4096]; /* whatever a receiver says */
};

static struct tcp_link *
tcp_of(struct link *k)
{
	struct tcp_link *t = CONTAINER_OF(k, struct tcp_link, base);

	OBJ_CHECK(t, TCP_LINK_MAGIC);
	return t;
}

static void
on_closed(uv_handle_t *h)
{
	struct tcp_link *t;

	OBJ_CAST(t, h->data, TCP_LINK_MAGIC);
	free(t);
}

static void
tcp_drop(struct link *k)
{
	struct tcp_link *t = tcp_of(k);

	k->conn = NULL;
	k->spool = NULL;
	stream_close(&t->stream, on_closed);
}

static void
broke(struct tcp_link *t, int status, const char *what)
{
	struct err e;

	link_err(&e, status, what);
	link_broke(&t->base, &e);
}

static void
on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *out)
{
	struct tcp_link *t;

	(void)hint;
	OBJ_CAST(t, h->data, TCP_LINK_MAGIC);
	*out = uv_buf_init(t->drain, sizeof(t->drain));
}

/* Reading never stops, so that a FIN or a reset is seen at once.  What a
   receiver says is no part of the protocol. */
static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct tcp_link *t;

	(void)buf;
	OBJ_CAST(t, s->data, TCP_LINK_MAGIC);
	if (n < 0 && t->base.conn != NULL)
		broke(t, (int)n, "the connection ended");
}

static void
on_connected(uv_connect_t *r, int status)
{
	struct tcp_link *t;

	OBJ_CAST(t, r->data, TCP_LINK_MAGIC);
	if (t->base.conn == NULL)
		return;
	if (status == 0)
		status = stream_set_up(&t->stream);
	if (status == 0) {
		status = uv_read_start(
		    (uv_stream_t *)&t->stream.tcp, on_alloc, on_read);
	}
	if (status != 0) {
		broke(t, status, "cannot connect");
		return;
	}
	t->base.is_open = true;
	link_opened(&t->base);
}

static struct link *
tcp_open(struct conn *c, const struct sockaddr *to,
    const struct link_options *o, struct err *e)
{
	struct tcp_link *t = xcalloc(1, sizeof(*t));
	int r;

	t->magic = TCP_LINK_MAGIC;
	t->base = (struct link){
		.transport = &tcp_transport, .conn = c, .line_max = SIZE_MAX
	};
	t->stream.tcp.data = t;
	t->connecting.data = t;
	r = stream_connect(&t->stream, o, to, &t->connecting, on_connected, e);
	if (r == 1)
		tcp_drop(&t->base);
	else if (r == -1)
		free(t);
	if (r != 0)
		return NULL;
	return &t->base;
}

static void
on_written(uv_write_t *w, int status)
{
	struct tcp_link *t;

	OBJ_CAST(t, w->data, TCP_LINK_MAGIC);
	if (t->base.conn == NULL)
		return;
	if (status != 0) {
		broke(t, status, "cannot send");
		return;
	}
	spool_took(t->base.spool, stream_written(&t->stream));
	link_writable(&t->base);
}

/* The first n bytes of the pieces are gone. */
static unsigned int
skip_bytes(uv_buf_t *bufs, unsigned int n, size_t bytes)
{
	unsigned int first = 0;

	while (first < n && bufs[first].len <= bytes)
		bytes -= bufs[first++].len;
	if (first < n) {
		bufs[first].base += bytes;
		bufs[first].len -= bytes;
	}
	return first;
}

static enum sent
tcp_send(struct link *k, size_t lines, struct err *e)
{
	struct tcp_link *t = tcp_of(k);
	uv_buf_t bufs[PIECES];
	unsigned int n, first;
	size_t bytes, took;
	enum sent r;

	if (t->stream.writing_len > 0)
		return SENT_BLOCKED;
	n = spool_gather(k->spool, BATCH, lines, bufs, PIECES, &bytes);
	if (n == 0)
		return SENT_ALL;
	r = stream_try(&t->stream, bufs, n, bytes, &took, e);
	spool_took(k->spool, took);
	if (r != SENT_BLOCKED)
		return r;
	/* Lines cannot settle before they were taken (S3), so their pieces
	   stay where they are. */
	first = skip_bytes(bufs, n, took);
	return stream_wait(
	    &t->stream, bufs + first, n - first, bytes - took, on_written, e);
}

static int
tcp_look(struct link *k, struct look *out, struct err *e)
{
	struct tcp_link *t = tcp_of(k);

	spool_took(k->spool, stream_progress(&t->stream));
	return stream_look(&t->stream, k->spool->given, out, e);
}

const struct transport tcp_transport = {
	.word = "tcp",
	.socktype = SOCK_STREAM,
	.framing = FRAMING_LF,
	.backoff = { .first_ms = 250, .max_ms = 5000 }, /* DESIGN 7 */
	.settle_ms = 0,
	.is_probing = false,
	.open = tcp_open,
	.send = tcp_send,
	.look = tcp_look,
	.drop = tcp_drop,
};
