/*
 * stream.h - a TCP socket whose receiver is watched: what tcp and tls share
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SYSLOG_STREAM_H
#define CEFWD_SYSLOG_STREAM_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "syslog/transport.h"

/* S8: whether the receiver's socket can be asked. */
enum reader {
	READER_UNDECIDED,
	READER_HERE,
	READER_ELSEWHERE,
};

/* The handle's data is its owner's. */
struct stream {
	uv_tcp_t tcp;
	uv_write_t writing;
	size_t writing_len;  /* bytes that wait in libuv; 0: none */
	size_t writing_took; /* of these, told by stream_progress() */
	enum reader reader;
	int diag_fd;            /* -1: none */
	uint64_t unanswered_ms; /* clk_ms() since when each look found a
	                           repeat or a probe; 0: it did not */
	struct sockaddr_storage own;
	struct sockaddr_storage peer;
};

/* Start to connect; done is called from the loop.  With e: -1, there is no
   handle, or 1, it is to be closed. */
int stream_connect(struct stream *s, const struct link_options *o,
    const struct sockaddr *to, uv_connect_t *request, uv_connect_cb done,
    struct err *e);

/* A connection is there: learn its addresses, set its options.  A status of
   libuv. */
int stream_set_up(struct stream *s);

/* How many bytes the receiver has read of those that the kernel took, and how
   many lie unread there.  -1 with e: the connection is no longer whole. */
int
stream_look(struct stream *s, uint64_t took, struct look *out, struct err *e);

/*
 * stream_try(s, bufs, n, bytes, took, e): give the pieces, together so many
 * bytes, to the kernel; *took is what it has of them.  SENT_BLOCKED: the rest
 * is for stream_wait().
 */
enum sent stream_try(struct stream *s, const uv_buf_t *bufs, unsigned int n,
    size_t bytes, size_t *took, struct err *e);

/* The pieces wait for the kernel, where they are, until written is called.
   SENT_BLOCKED or SENT_BROKEN. */
enum sent stream_wait(struct stream *s, const uv_buf_t *bufs, unsigned int n,
    size_t bytes, uv_write_cb written, struct err *e);

/* Bytes of what waits that the kernel has taken since this was asked last. */
size_t stream_progress(struct stream *s);

/* The same from inside written(): nothing waits any more. */
size_t stream_written(struct stream *s);

/* No more calls; closed when the loop has run. */
void stream_close(struct stream *s, uv_close_cb closed);

#endif /* CEFWD_SYSLOG_STREAM_H */
