/*
 * frame.h - what stands before and behind a line on the wire
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SYSLOG_FRAME_H
#define CEFWD_SYSLOG_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "syslog/dest.h"

/* How a receiver finds the end of a line. */
enum framing {
	FRAMING_LF,       /* RFC 6587, 3.4.2: a LF ends every line */
	FRAMING_DATAGRAM, /* RFC 5426, 3.1: one line, one datagram, no LF */
};

struct header;

struct frame {
	const struct header *header;
	enum framing framing;
	unsigned int facility;
	const char *host;
	size_t host_len;
	int64_t unix_s; /* the second that "time" is */
	char time[16];  /* "Mmm dd hh:mm:ss" */
};

/* Borrows o->host_name.  -1 with ERR_CONFIG for a name or facility that no
   header can carry. */
int frame_init(struct frame *f, const struct dest_options *o,
    enum framing framing, struct err *e);

/* Bytes of the longest header. */
size_t frame_header_max(const struct frame *f);

/* Bytes of the header of a line that is written now. */
size_t frame_header_len(const struct frame *f, int severity);

/* Bytes behind each line: 0 or 1. */
size_t frame_tail_len(const struct frame *f);

/* Write header, line and tail to out; as many bytes as the lengths above
   say.  severity is CEF's. */
void frame_write(
    struct frame *f, int severity, const char *line, size_t len, char *out);

#endif /* CEFWD_SYSLOG_FRAME_H */
