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
	FRAMING_OCTETS,   /* RFC 6587, 3.4.1; RFC 5425, 4.3: "LENGTH line" */
	FRAMING_DATAGRAM, /* RFC 5426, 3.1: one line, one datagram, no LF */
};

struct header;

struct frame {
	const struct header *header;
	enum framing framing;
	unsigned int facility;
	const char *host;
	size_t host_len;
	int64_t told_ms; /* the moment that "time" is, as fine as it tells */
	char time[24];   /* as the header has it */
};

/* Borrows o->host_name.  -1 with ERR_CONFIG for a name or facility that no
   header can carry. */
int frame_init(struct frame *f, const struct dest_options *o,
    enum framing framing, struct err *e);

/* Bytes of the longest header. */
size_t frame_header_max(const struct frame *f);

/* Bytes of the header of a line that is written now. */
size_t frame_header_len(const struct frame *f, int severity);

/* Bytes that divide header and line, together len bytes, from the next. */
size_t frame_divider_len(const struct frame *f, size_t len);

/* Write header, line and what divides to out; as many bytes as the lengths
   above say.  severity is CEF's. */
void frame_write(
    struct frame *f, int severity, const char *line, size_t len, char *out);

#endif /* CEFWD_SYSLOG_FRAME_H */
