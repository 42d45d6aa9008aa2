/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/obj.h"
#include "syslog/sockdiag.h"
#include "syslog/spool.h"

#include "syslog/transport.h"

#define LOG_ROOM             "syslog"

/* Bytes in one call: five times fewer instructions a line than 4 KiB, and no
   more than 256 KiB (measured: 1956, 253, 268 ns a line of 1,100 bytes). */
#define BATCH                (64U << 10)

/* Pieces in one call.  With lanes that take turns each line is one. */
#define PIECES               128U

/* A peer that is silent for 60 s is asked, six times at 10 s. */
#define KEEPALIVE_IDLE_S     60
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_PROBES     6

/*
 * A peer that has answered neither data nor window probes for 30 s is gone.
 * TCP_USER_TIMEOUT would say it too, but also of a receiver that lives and
 * only does not read: the kernel counts the time that data waits for a window
 * (tcp_probe_timer()).  That one is held for, not broken with.
 */
#define SILENCE_MAX_MS       30000U

#define TCP_LINK_MAGIC       0x7463706cU

/* S8: whether the receiver's socket can be asked. */
enum reader {
	READER_UNDECIDED,
	READER_HERE,
	READER_ELSEWHERE,
};

struct tcp_link {
	struct link base;
	unsigned int magic;
	uv_tcp_t tcp;
	uv_connect_t connecting;
	uv_write_t writing;
	size_t writing_len;  /* bytes given to libuv; 0: none under way */
	size_t writing_took; /* of these, told to the spool */
	enum reader reader;
	int diag_fd; /* -1: none */
	struct sockaddr_storage own;
	struct sockaddr_storage peer;
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
	if (t->diag_fd != -1)
		(void)close(t->diag_fd);
	t->diag_fd = -1;
	uv_close((uv_handle_t *)&t->tcp, on_closed);
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

/* Addresses, and the options that a connection needs. */
static int
set_up(struct tcp_link *t)
{
	static const struct {
		int level, name, value;
	} rows[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES },
		/* Batches are made here; the last line does not wait. */
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
	};
	int len = (int)sizeof(t->own);
	int fd = -1, r;

	r = uv_tcp_getsockname(&t->tcp, (struct sockaddr *)&t->own, &len);
	len = (int)sizeof(t->peer);
	if (r == 0)
		r = uv_tcp_getpeername(
		    &t->tcp, (struct sockaddr *)&t->peer, &len);
	if (r == 0)
		r = uv_fileno((uv_handle_t *)&t->tcp, &fd);
	if (r != 0)
		return r;
	/* Where nobody listens on a port of the ephemeral range, the kernel
	   can join a socket to itself (RFC 9293, 3.5: simultaneous open): we
	   would read our own lines, and settle them. */
	if (memcmp(&t->own, &t->peer, sizeof(t->own)) == 0)
		return UV_ECONNREFUSED;
	for (size_t i = 0; i < NELEM(rows); i++) {
		if (setsockopt(fd, rows[i].level, rows[i].name, &rows[i].value,
			sizeof(rows[i].value)) != 0)
			return uv_translate_sys_error(errno);
	}
	return uv_read_start((uv_stream_t *)&t->tcp, on_alloc, on_read);
}

static void
on_connected(uv_connect_t *r, int status)
{
	struct tcp_link *t;

	OBJ_CAST(t, r->data, TCP_LINK_MAGIC);
	if (t->base.conn == NULL)
		return;
	if (status == 0)
		status = set_up(t);
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
	t->diag_fd = -1;
	t->reader = o->no_sock_diag ? READER_ELSEWHERE : READER_UNDECIDED;
	t->base = (struct link){
		.transport = &tcp_transport, .conn = c, .line_max = SIZE_MAX
	};
	r = uv_tcp_init(o->loop, &t->tcp);
	if (r != 0) {
		link_err(e, r, "cannot make a socket");
		free(t);
		return NULL;
	}
	t->tcp.data = t;
	t->connecting.data = t;
	t->writing.data = t;
	r = uv_tcp_connect(&t->connecting, &t->tcp, to, on_connected);
	if (r != 0) {
		link_err(e, r, "cannot connect");
		tcp_drop(&t->base);
		return NULL;
	}
	return &t->base;
}

/* Tell the spool how much of the write under way the kernel has taken. */
static void
writing_progress(struct tcp_link *t)
{
	size_t left = uv_stream_get_write_queue_size((uv_stream_t *)&t->tcp);
	size_t took = t->writing_len - left;

	if (t->writing_len == 0)
		return;
	spool_took(t->base.spool, took - t->writing_took);
	t->writing_took = took;
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
	writing_progress(t);
	t->writing_len = 0;
	t->writing_took = 0;
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
	uv_stream_t *s = (uv_stream_t *)&t->tcp;
	uv_buf_t bufs[PIECES];
	unsigned int n, first;
	size_t bytes;
	int r;

	(void)lines;
	if (t->writing_len > 0)
		return SENT_BLOCKED;
	n = spool_gather(k->spool, BATCH, bufs, PIECES, &bytes);
	if (n == 0)
		return SENT_ALL;
	r = uv_try_write(s, bufs, n);
	if (r < 0 && r != UV_EAGAIN) {
		link_err(e, r, "cannot send");
		return SENT_BROKEN;
	}
	if (r > 0)
		spool_took(k->spool, (size_t)r);
	if (r > 0 && (size_t)r == bytes)
		return SENT_ALL;
	/* The rest goes by a write that waits.  Its lines cannot settle before
	   they were taken (S3), so its pieces stay where they are. */
	first = skip_bytes(bufs, n, r > 0 ? (size_t)r : 0);
	t->writing_len = bytes - (r > 0 ? (size_t)r : 0);
	t->writing_took = 0;
	r = uv_write(&t->writing, s, bufs + first, n - first, on_written);
	if (r != 0) {
		t->writing_len = 0;
		link_err(e, r, "cannot send");
		return SENT_BROKEN;
	}
	return SENT_BLOCKED;
}

/* S5: ESTABLISHED, no error, no FIN; and somebody answers. */
static int
check_whole(int fd, struct err *e)
{
	struct tcp_info info = { .tcpi_state = 0 };
	socklen_t len = sizeof(info);
	int error = 0;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return err_set_errno(e, ERR_NET, errno, "TCP_INFO");
	if (info.tcpi_state != TCP_ESTABLISHED) {
		len = sizeof(error);
		(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
		link_err(e, error == 0 ? UV_EOF : uv_translate_sys_error(error),
		    "the connection ended");
		return -1;
	}
	if ((info.tcpi_retransmits > 0 || info.tcpi_probes > 0) &&
	    info.tcpi_last_ack_recv > SILENCE_MAX_MS) {
		link_err(e, UV_ETIMEDOUT, "the receiver no longer answers");
		return -1;
	}
	return 0;
}

/* S8: our own pair, then the reversed one. */
static void
decide_reader(struct tcp_link *t)
{
	const struct sockaddr *own = (const struct sockaddr *)&t->own;
	const struct sockaddr *peer = (const struct sockaddr *)&t->peer;
	uint64_t unread;

	t->diag_fd = sockdiag_open();
	t->reader = READER_ELSEWHERE;
	if (t->diag_fd == -1)
		return;
	if (sockdiag_ask(t->diag_fd, own, peer, &unread) == SOCKDIAG_FOUND &&
	    sockdiag_ask(t->diag_fd, peer, own, &unread) == SOCKDIAG_FOUND)
		t->reader = READER_HERE;
	log_debug("reader decided here=%d", t->reader == READER_HERE);
	if (t->reader == READER_HERE)
		return;
	(void)close(t->diag_fd);
	t->diag_fd = -1;
}

/* The last term of S2, and S8's break. */
static int
ask_reader(struct tcp_link *t, struct look *out, struct err *e)
{
	switch (sockdiag_ask(t->diag_fd, (const struct sockaddr *)&t->peer,
	    (const struct sockaddr *)&t->own, &out->unread)) {
	case SOCKDIAG_FOUND:
		out->read -= out->unread < out->read ? out->unread : out->read;
		return 0;
	case SOCKDIAG_NONE:
		link_err(e, UV_EOF, "the receiver's socket is gone");
		return -1;
	case SOCKDIAG_UNKNOWN:
		break;
	}
	/* Not known is not read. */
	*out = (struct look){ .read = 0, .unread = 1 };
	return 0;
}

static int
tcp_look(struct link *k, struct look *out, struct err *e)
{
	struct tcp_link *t = tcp_of(k);
	int fd = -1, outq = 0;

	writing_progress(t);
	*out = (struct look){ .read = k->spool->given };
	if (uv_fileno((uv_handle_t *)&t->tcp, &fd) != 0 ||
	    ioctl(fd, SIOCOUTQ, &outq) != 0) /* S2: before the query */
		return err_set_errno(e, ERR_NET, errno, "SIOCOUTQ");
	assert(outq >= 0);
	out->read -= (uint64_t)outq < out->read ? (uint64_t)outq : out->read;
	if (t->reader == READER_UNDECIDED && out->read > 0)
		decide_reader(t);
	if (t->reader == READER_HERE && ask_reader(t, out, e) == -1)
		return -1;
	return check_whole(fd, e); /* S5: after the queries */
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
