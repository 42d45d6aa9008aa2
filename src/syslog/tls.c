/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/socket.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>

#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/obj.h"
#include "syslog/conn.h"
#include "syslog/spool.h"
#include "syslog/stream.h"
#include "syslog/tls.h"

#include "syslog/transport.h"

#define LOG_ROOM       "syslog"

/*
 * Syslog over TLS (RFC 5425).  OpenSSL sees memory only: what comes from the
 * socket goes into its BIO, what it makes goes to the socket.
 *
 *     lines --> record (16 KiB) --> SSL_write --> out --> socket
 *
 * The kernel counts ciphertext, the spool lines.  Each record notes where it
 * ends in both, and its lines count as given, or as read, once all of the
 * record was: a receiver can make nothing of a part.
 */

#define BATCH          (64U << 10) /* as tcp.c */
#define PIECES         128U
#define RECORD         (16U << 10) /* RFC 8446 5.1: no record holds more */

/* A certificate that ends so soon is warned of, once a day. */
#define SOON_MS        (INT64_C(30) * 86400 * 1000)
#define DAY_MS         (UINT64_C(86400) * 1000)

#define TLS_LINK_MAGIC 0x746c736cU

/* Where a record ends: bytes of the connection, and of the spool. */
struct mark {
	uint64_t cipher;
	uint64_t plain;
};

/* A ring of the records that the receiver has not read. */
struct marks {
	struct mark *v;
	size_t cap; /* a power of two */
	size_t first, n;
	size_t taken; /* of these, the kernel has */
};

struct tls_link {
	struct link base;
	unsigned int magic;
	struct stream stream;
	uv_connect_t connecting;
	char *rest; /* what waits for the kernel */
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *in, *out;        /* the ssl's */
	uint64_t cipher_made; /* bytes that left "out" */
	uint64_t cipher_took; /* of these, the kernel has */
	uint64_t plain_made;  /* bytes in records */
	uint64_t plain_took;  /* of these, told to the spool */
	uint64_t plain_read;
	struct marks marks;
	char record[RECORD];
	size_t record_len;
	char net[RECORD + 512]; /* what comes from the socket */
};

static struct tls_link *
tls_of(struct link *k)
{
	struct tls_link *t = CONTAINER_OF(k, struct tls_link, base);

	OBJ_CHECK(t, TLS_LINK_MAGIC);
	return t;
}

/* -- records ------------------------------------------------------------- */

static struct mark *
mark_at(const struct marks *m, size_t i)
{
	return &m->v[(m->first + i) & (m->cap - 1)];
}

static void
mark_add(struct marks *m, uint64_t cipher, uint64_t plain)
{
	if (m->n == m->cap) {
		size_t cap = m->cap == 0 ? 16 : m->cap * 2;
		struct mark *v = xreallocarray(NULL, cap, sizeof(*v));

		for (size_t i = 0; i < m->n; i++)
			v[i] = *mark_at(m, i);
		free(m->v);
		m->v = v;
		m->cap = cap;
		m->first = 0;
	}
	*mark_at(m, m->n++) = (struct mark){ .cipher = cipher, .plain = plain };
}

/* The kernel has so much of the connection's bytes: tell the spool. */
static void
took(struct tls_link *t, size_t bytes)
{
	struct marks *m = &t->marks;

	t->cipher_took += bytes;
	while (
	    m->taken < m->n && mark_at(m, m->taken)->cipher <= t->cipher_took) {
		uint64_t plain = mark_at(m, m->taken)->plain;

		m->taken++;
		spool_took(t->base.spool, (size_t)(plain - t->plain_took));
		t->plain_took = plain;
	}
}

/* Records that end there or before were read, and are forgotten. */
static void
forget_read(struct tls_link *t, uint64_t cipher)
{
	struct marks *m = &t->marks;

	while (m->taken > 0 && mark_at(m, 0)->cipher <= cipher) {
		t->plain_read = mark_at(m, 0)->plain;
		m->first = (m->first + 1) & (m->cap - 1);
		m->n--;
		m->taken--;
	}
}

/* The spool's offset of what the receiver's kernel has. */
static uint64_t
plain_of(const struct tls_link *t, uint64_t cipher)
{
	const struct marks *m = &t->marks;
	uint64_t plain = t->plain_read;

	for (size_t i = 0; i < m->taken && mark_at(m, i)->cipher <= cipher; i++)
		plain = mark_at(m, i)->plain;
	return plain;
}

/* -- the socket ---------------------------------------------------------- */

static void
on_closed(uv_handle_t *h)
{
	struct tls_link *t;

	OBJ_CAST(t, h->data, TLS_LINK_MAGIC);
	free(t->rest);
	free(t->marks.v);
	free(t);
}

static void
broke(struct tls_link *t, int status, const char *what)
{
	struct err e;

	link_err(&e, status, what);
	link_broke(&t->base, &e);
}

/* The words of TLS; before the handshake's end nothing was sent. */
static void
broke_tls(struct tls_link *t)
{
	struct err e;

	tls_err(&e, t->ssl,
	    t->base.is_open ? "the connection ended" : "cannot connect");
	link_broke(&t->base, &e);
}

static void on_written(uv_write_t *w, int status);

/* Whatever OpenSSL has made goes to the kernel, or waits for it: in a copy,
   since OpenSSL may make more meanwhile. */
static enum sent
flush(struct tls_link *t, struct err *e)
{
	uv_buf_t buf;
	size_t n;
	char *p;
	enum sent r;

	if (t->stream.writing_len > 0)
		return SENT_BLOCKED;
	buf.len = (size_t)BIO_get_mem_data(t->out, &buf.base);
	if (buf.len == 0)
		return SENT_ALL;
	r = stream_try(&t->stream, &buf, 1, buf.len, &n, e);
	if (r == SENT_BROKEN)
		return r;
	t->cipher_made += buf.len;
	took(t, n);
	if (r == SENT_BLOCKED) {
		p = buf.base + n;
		buf.len -= n;
		t->rest = xreallocarray(t->rest, buf.len, 1);
		memcpy(t->rest, p, buf.len);
		buf.base = t->rest;
	}
	(void)BIO_reset(t->out);
	if (r == SENT_ALL)
		return r;
	return stream_wait(&t->stream, &buf, 1, buf.len, on_written, e);
}

static void
on_written(uv_write_t *w, int status)
{
	struct tls_link *t;
	struct err e;

	OBJ_CAST(t, w->data, TLS_LINK_MAGIC);
	if (t->base.conn == NULL)
		return;
	if (status != 0) {
		broke(t, status, "cannot send");
		return;
	}
	took(t, stream_written(&t->stream));
	/* An answer of the handshake, or to a new key, may have come since. */
	if (flush(t, &e) == SENT_BROKEN)
		link_broke(&t->base, &e);
	else if (t->base.is_open && t->stream.writing_len == 0)
		link_writable(&t->base);
}

/* -- TLS ----------------------------------------------------------------- */

static void
warn_of_end(const struct tls_link *t, const X509 *cert, const char *whose)
{
	int64_t left_ms = tls_end_unix_ms(cert);

	if (left_ms == INT64_MAX)
		return;
	left_ms -= clk_unix_ms();
	if (left_ms > SOON_MS)
		return;
	log_warn("destination %s: %s certificate ends in %" PRId64
		 " days; renew it",
	    t->base.conn->options->name, whose,
	    left_ms / (INT64_C(86400) * 1000));
}

static void
look_at_certificates(struct tls_link *t)
{
	struct conn *c = t->base.conn;
	uint64_t now_ms = clk_ms();

	if (c->warned_ms != 0 && now_ms - c->warned_ms < DAY_MS)
		return;
	c->warned_ms = now_ms;
	warn_of_end(t, SSL_get0_peer_certificate(t->ssl), "the receiver's");
	warn_of_end(t, SSL_get_certificate(t->ssl), "the client");
}

/* Whether the handshake is over; -1 after a break. */
static int
shake_hands(struct tls_link *t)
{
	struct err e;
	int r;

	ERR_clear_error();
	r = SSL_do_handshake(t->ssl);
	if (r != 1 && SSL_get_error(t->ssl, r) != SSL_ERROR_WANT_READ) {
		(void)flush(t, &e); /* the alert that says why */
		broke_tls(t);
		return -1;
	}
	if (flush(t, &e) == SENT_BROKEN) {
		link_broke(&t->base, &e);
		return -1;
	}
	if (r != 1)
		return 0;
	log_debug("TLS of destination %s version=%s cipher=%s",
	    t->base.conn->options->name, SSL_get_version(t->ssl),
	    SSL_get_cipher_name(t->ssl));
	look_at_certificates(t);
	t->base.is_open = true;
	link_opened(&t->base);
	return t->base.conn == NULL ? -1 : 1;
}

/* Reading never stops, so that an alert, a FIN or a reset is seen at once.
   What a receiver says is no part of the protocol. */
static void
discard(struct tls_link *t)
{
	char said[4096];
	struct err e;
	size_t n;

	ERR_clear_error();
	while (SSL_read_ex(t->ssl, said, sizeof(said), &n) == 1)
		;
	switch (SSL_get_error(t->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		if (flush(t, &e) == SENT_BROKEN)
			link_broke(&t->base, &e);
		break;
	case SSL_ERROR_ZERO_RETURN: /* close_notify settles nothing: S5 */
		broke(t, UV_EOF, "the connection ended");
		break;
	default:
		broke_tls(t);
		break;
	}
}

static void
on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *out)
{
	struct tls_link *t;

	(void)hint;
	OBJ_CAST(t, h->data, TLS_LINK_MAGIC);
	*out = uv_buf_init(t->net, sizeof(t->net));
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct tls_link *t;

	OBJ_CAST(t, s->data, TLS_LINK_MAGIC);
	if (n == 0 || t->base.conn == NULL)
		return;
	if (n < 0) {
		broke(t, (int)n,
		    t->base.is_open ? "the connection ended" :
				      "cannot connect");
		return;
	}
	if (BIO_write(t->in, buf->base, (int)n) != n)
		log_fatal("out of memory");
	if (!t->base.is_open && shake_hands(t) != 1)
		return;
	discard(t);
}

static void
on_connected(uv_connect_t *r, int status)
{
	struct tls_link *t;

	OBJ_CAST(t, r->data, TLS_LINK_MAGIC);
	if (t->base.conn == NULL)
		return;
	if (status == 0)
		status = stream_set_up(&t->stream);
	if (status == 0) {
		status = uv_read_start(
		    (uv_stream_t *)&t->stream.tcp, on_alloc, on_read);
	}
	if (status != 0)
		broke(t, status, "cannot connect");
	else
		(void)shake_hands(t);
}

/* -- the transport ------------------------------------------------------- */

static int
make_session(struct tls_link *t, const struct link_options *o, struct err *e)
{
	t->ctx = tls_context_new(o->tls, e);
	if (t->ctx == NULL)
		return -1;
	t->ssl = tls_session_new(t->ctx, o->tls, o->host, e);
	if (t->ssl == NULL)
		return -1;
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	if (t->in == NULL || t->out == NULL)
		log_fatal("out of memory");
	SSL_set_bio(t->ssl, t->in, t->out);
	SSL_set_connect_state(t->ssl);
	return 0;
}

static void
free_session(struct tls_link *t)
{
	SSL_free(t->ssl); /* and its BIOs */
	SSL_CTX_free(t->ctx);
	t->ssl = NULL;
	t->ctx = NULL;
}

/* RFC 5246 7.2.1, as far as the kernel takes it at once: no receiver then
   tells of a connection that was cut. */
static void
say_goodbye(struct tls_link *t)
{
	uv_buf_t buf;
	char *p;
	long n;

	if (!t->base.is_open || t->stream.writing_len > 0)
		return;
	ERR_clear_error();
	(void)SSL_shutdown(t->ssl);
	ERR_clear_error();
	n = BIO_get_mem_data(t->out, &p);
	if (n <= 0)
		return;
	buf = uv_buf_init(p, (unsigned int)n);
	(void)uv_try_write((uv_stream_t *)&t->stream.tcp, &buf, 1);
}

static void
tls_drop(struct link *k)
{
	struct tls_link *t = tls_of(k);

	k->conn = NULL;
	k->spool = NULL;
	say_goodbye(t);
	free_session(t);
	stream_close(&t->stream, on_closed);
}

static struct link *
tls_open(struct conn *c, const struct sockaddr *to,
    const struct link_options *o, struct err *e)
{
	struct tls_link *t = xcalloc(1, sizeof(*t));
	int r;

	t->magic = TLS_LINK_MAGIC;
	t->base = (struct link){
		.transport = &tls_transport, .conn = c, .line_max = SIZE_MAX
	};
	t->stream.tcp.data = t;
	t->connecting.data = t;
	if (make_session(t, o, e) == -1) {
		free_session(t);
		free(t);
		return NULL;
	}
	r = stream_connect(&t->stream, o, to, &t->connecting, on_connected, e);
	if (r == 1) {
		tls_drop(&t->base);
	} else if (r == -1) {
		free_session(t);
		free(t);
	}
	return r == 0 ? &t->base : NULL;
}

/* What has gathered becomes a record. */
static int
seal(struct tls_link *t, struct err *e)
{
	size_t n;

	if (t->record_len == 0)
		return 0;
	ERR_clear_error();
	if (SSL_write_ex(t->ssl, t->record, t->record_len, &n) != 1 ||
	    n != t->record_len) {
		tls_err(e, t->ssl, "cannot send");
		return -1;
	}
	t->record_len = 0;
	t->plain_made += n;
	mark_add(&t->marks, t->cipher_made + BIO_ctrl_pending(t->out),
	    t->plain_made);
	return 0;
}

static int
add_piece(struct tls_link *t, const uv_buf_t *piece, struct err *e)
{
	const char *p = piece->base;
	size_t left = piece->len;

	while (left > 0) {
		size_t n = sizeof(t->record) - t->record_len;

		if (n > left)
			n = left;
		memcpy(t->record + t->record_len, p, n);
		t->record_len += n;
		p += n;
		left -= n;
		if (t->record_len == sizeof(t->record) && seal(t, e) == -1)
			return -1;
	}
	return 0;
}

static enum sent
tls_send(struct link *k, size_t lines, struct err *e)
{
	struct tls_link *t = tls_of(k);
	uv_buf_t bufs[PIECES];
	unsigned int n;
	size_t bytes;

	if (t->stream.writing_len > 0)
		return SENT_BLOCKED;
	n = spool_gather(k->spool, BATCH, lines, bufs, PIECES, &bytes);
	for (unsigned int i = 0; i < n; i++) {
		if (add_piece(t, &bufs[i], e) == -1)
			return SENT_BROKEN;
	}
	if (seal(t, e) == -1)
		return SENT_BROKEN;
	return flush(t, e);
}

static int
tls_look(struct link *k, struct look *out, struct err *e)
{
	struct tls_link *t = tls_of(k);
	uint64_t acknowledged;

	took(t, stream_progress(&t->stream));
	if (stream_look(&t->stream, t->cipher_took, out, e) == -1)
		return -1;
	acknowledged = out->read + out->unread;
	forget_read(t, out->read);
	out->read = t->plain_read;
	/* S6: a part of a record is unread, too. */
	if (out->unread > 0) {
		out->unread = plain_of(t, acknowledged) - out->read;
		if (out->unread == 0)
			out->unread = 1;
	}
	return 0;
}

const struct transport tls_transport = {
	.word = "tls",
	.socktype = SOCK_STREAM,
	.framing = FRAMING_LF,
	.backoff = { .first_ms = 250, .max_ms = 5000 }, /* DESIGN 7 */
	.settle_ms = 0,
	.is_probing = false,
	.open = tls_open,
	.send = tls_send,
	.look = tls_look,
	.drop = tls_drop,
};
