/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/ioctl.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "base/clk.h"
#include "base/log.h"
#include "base/obj.h"
#include "syslog/sockdiag.h"
#include "syslog/transport.h"

#include "syslog/stream.h"

#define LOG_ROOM             "syslog"

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

int
stream_set_up(struct stream *s)
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
	int len = (int)sizeof(s->own);
	int fd = -1, r;

	r = uv_tcp_getsockname(&s->tcp, (struct sockaddr *)&s->own, &len);
	len = (int)sizeof(s->peer);
	if (r == 0)
		r = uv_tcp_getpeername(
		    &s->tcp, (struct sockaddr *)&s->peer, &len);
	if (r == 0)
		r = uv_fileno((uv_handle_t *)&s->tcp, &fd);
	if (r != 0)
		return r;
	/* Where nobody listens on a port of the ephemeral range, the kernel
	   can join a socket to itself (RFC 9293, 3.5: simultaneous open): we
	   would read our own lines, and settle them. */
	if (memcmp(&s->own, &s->peer, sizeof(s->own)) == 0)
		return UV_ECONNREFUSED;
	for (size_t i = 0; i < NELEM(rows); i++) {
		if (setsockopt(fd, rows[i].level, rows[i].name, &rows[i].value,
			sizeof(rows[i].value)) != 0)
			return uv_translate_sys_error(errno);
	}
	return 0;
}

/* S5: ESTABLISHED, no error, no FIN; and somebody answers. */
static int
check_whole(struct stream *s, int fd, struct err *e)
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
	/* The last answer may be old because nothing was asked for long, and
	   one lost packet is no silence. */
	if (info.tcpi_retransmits == 0 && info.tcpi_probes == 0)
		s->unanswered_ms = 0;
	else if (s->unanswered_ms == 0)
		s->unanswered_ms = clk_ms();
	if (s->unanswered_ms != 0 &&
	    clk_ms() - s->unanswered_ms > SILENCE_MAX_MS &&
	    info.tcpi_last_ack_recv > SILENCE_MAX_MS) {
		link_err(e, UV_ETIMEDOUT, "the receiver no longer answers");
		return -1;
	}
	return 0;
}

static const char *const reader_words[] = {
	[READER_UNDECIDED] = NULL,
	[READER_HERE] = "read",
	[READER_ELSEWHERE] = "acknowledged",
};

/* S8: our own pair, then the reversed one. */
static void
decide_reader(struct stream *s)
{
	const struct sockaddr *own = (const struct sockaddr *)&s->own;
	const struct sockaddr *peer = (const struct sockaddr *)&s->peer;
	uint64_t unread;

	s->diag_fd = sockdiag_open();
	s->reader = READER_ELSEWHERE;
	if (s->diag_fd == -1)
		return;
	if (sockdiag_ask(s->diag_fd, own, peer, &unread) == SOCKDIAG_FOUND &&
	    sockdiag_ask(s->diag_fd, peer, own, &unread) == SOCKDIAG_FOUND)
		s->reader = READER_HERE;
	log_debug("reader decided here=%d", s->reader == READER_HERE);
	if (s->reader == READER_HERE)
		return;
	(void)close(s->diag_fd);
	s->diag_fd = -1;
}

/* The last term of S2, and S8's break. */
static int
ask_reader(struct stream *s, struct look *out, struct err *e)
{
	switch (sockdiag_ask(s->diag_fd, (const struct sockaddr *)&s->peer,
	    (const struct sockaddr *)&s->own, &out->unread)) {
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
	out->read = 0;
	out->unread = 1;
	return 0;
}

int
stream_look(struct stream *s, uint64_t took, struct look *out, struct err *e)
{
	int fd = -1, outq = 0;

	*out = (struct look){ .read = took };
	if (uv_fileno((uv_handle_t *)&s->tcp, &fd) != 0 ||
	    ioctl(fd, SIOCOUTQ, &outq) != 0) /* S2: before the query */
		return err_set_errno(e, ERR_NET, errno, "SIOCOUTQ");
	assert(outq >= 0);
	out->read -= (uint64_t)outq < out->read ? (uint64_t)outq : out->read;
	if (s->reader == READER_UNDECIDED && out->read > 0)
		decide_reader(s);
	out->by = reader_words[s->reader];
	if (s->reader == READER_HERE && ask_reader(s, out, e) == -1)
		return -1;
	return check_whole(s, fd, e); /* S5: after the queries */
}

int
stream_connect(struct stream *s, const struct link_options *o,
    const struct sockaddr *to, uv_connect_t *request, uv_connect_cb done,
    struct err *e)
{
	int r;

	s->diag_fd = -1;
	s->reader = o->no_sock_diag ? READER_ELSEWHERE : READER_UNDECIDED;
	r = uv_tcp_init(o->loop, &s->tcp);
	if (r != 0) {
		link_err(e, r, "cannot make a socket");
		return -1;
	}
	r = uv_tcp_connect(request, &s->tcp, to, done);
	if (r != 0)
		link_err(e, r, "cannot connect");
	return r == 0 ? 0 : 1;
}

enum sent
stream_try(struct stream *s, const uv_buf_t *bufs, unsigned int n, size_t bytes,
    size_t *took, struct err *e)
{
	int r = uv_try_write((uv_stream_t *)&s->tcp, bufs, n);

	*took = r > 0 ? (size_t)r : 0;
	if (r < 0 && r != UV_EAGAIN) {
		link_err(e, r, "cannot send");
		return SENT_BROKEN;
	}
	return *took == bytes ? SENT_ALL : SENT_BLOCKED;
}

enum sent
stream_wait(struct stream *s, const uv_buf_t *bufs, unsigned int n,
    size_t bytes, uv_write_cb written, struct err *e)
{
	int r;

	assert(s->writing_len == 0 && bytes > 0);
	s->writing.data = s->tcp.data;
	r = uv_write(&s->writing, (uv_stream_t *)&s->tcp, bufs, n, written);
	if (r != 0) {
		link_err(e, r, "cannot send");
		return SENT_BROKEN;
	}
	s->writing_len = bytes;
	s->writing_took = 0;
	return SENT_BLOCKED;
}

size_t
stream_progress(struct stream *s)
{
	size_t before = s->writing_took;

	if (s->writing_len == 0)
		return 0;
	s->writing_took = s->writing_len -
	    uv_stream_get_write_queue_size((const uv_stream_t *)&s->tcp);
	return s->writing_took - before;
}

size_t
stream_written(struct stream *s)
{
	size_t took = stream_progress(s);

	s->writing_len = 0;
	return took;
}

void
stream_close(struct stream *s, uv_close_cb closed)
{
	if (s->diag_fd != -1)
		(void)close(s->diag_fd);
	s->diag_fd = -1;
	uv_close((uv_handle_t *)&s->tcp, closed);
}
