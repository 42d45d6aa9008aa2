/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <time.h>

#include "base/clk.h"
#include "base/obj.h"

#include "syslog/frame.h"

/* A host name is at most 255 bytes (RFC 5424, 6.2.4). */
#define HOST_MAX     255U
#define FACILITY_MAX 23U
#define PRI_MAX      191U

/* One row for each enum dest_header. */
struct header {
	size_t (*len)(const struct frame *, unsigned int pri);
	char *(*write)(struct frame *, unsigned int pri, char *out);
};

static size_t rfc3164_len(const struct frame *, unsigned int pri);
static char *rfc3164_write(struct frame *, unsigned int pri, char *out);

static const struct header headers[] = {
	[DEST_HEADER_RFC3164] = { rfc3164_len, rfc3164_write },
};

/* What ends a line; one row for each enum framing. */
static const struct {
	size_t len;
	char tail;
} tails[] = {
	[FRAMING_LF] = { 1, '\n' },
	[FRAMING_DATAGRAM] = { 0, '\0' },
};

int
frame_init(struct frame *f, const struct dest_options *o, enum framing framing,
    struct err *e)
{
	size_t len = o->host_name == NULL ? 0 : strlen(o->host_name);

	assert((size_t)o->header < NELEM(headers));
	if (o->facility > FACILITY_MAX) {
		return err_set(e, ERR_CONFIG,
		    "facility %u does not exist: use 0 to %u", o->facility,
		    FACILITY_MAX);
	}
	if (len == 0 || len > HOST_MAX) {
		return err_set(e, ERR_CONFIG,
		    "host-name has %zu bytes: use 1 to %u", len, HOST_MAX);
	}
	for (size_t i = 0; i < len; i++) {
		/* RFC 3164, 4.1.2: a blank ends it. */
		if (o->host_name[i] <= ' ' || o->host_name[i] > '~') {
			return err_set(e, ERR_CONFIG,
			    "host-name \"%s\" holds a blank or what is not "
			    "ASCII: use letters, digits, \"-\" and \".\"",
			    o->host_name);
		}
	}
	*f = (struct frame){ .header = &headers[o->header],
		.framing = framing,
		.facility = o->facility,
		.host = o->host_name,
		.host_len = len,
		.unix_s = INT64_MIN };
	return 0;
}

/* CEF's 0-3, 4-6, 7-8, 9-10 (low to very high) as syslog's severities. */
static unsigned int
pri_of(const struct frame *f, int severity)
{
	static const unsigned char syslog_severity[] = { 6, 6, 6, 6, 4, 4, 4, 3,
		3, 2, 2 };
	size_t i = severity < 0 ? 0 : (size_t)severity;

	if (i >= NELEM(syslog_severity))
		i = NELEM(syslog_severity) - 1;
	return f->facility * 8 + syslog_severity[i];
}

size_t
frame_header_max(const struct frame *f)
{
	return f->header->len(f, PRI_MAX);
}

size_t
frame_header_len(const struct frame *f, int severity)
{
	return f->header->len(f, pri_of(f, severity));
}

size_t
frame_tail_len(const struct frame *f)
{
	return tails[f->framing].len;
}

void
frame_write(
    struct frame *f, int severity, const char *line, size_t len, char *out)
{
	out = f->header->write(f, pri_of(f, severity), out);
	memcpy(out, line, len);
	if (tails[f->framing].len > 0)
		out[len] = tails[f->framing].tail;
}

static const char digits[] = "0123456789";

static char *
put_2(char *out, int number, char pad)
{
	*out = pad;
	if (number >= 10)
		*out = digits[number / 10 % 10];
	out++;
	*out++ = digits[number % 10];
	return out;
}

static size_t
pri_digits(unsigned int pri)
{
	return pri < 10 ? 1 : pri < 100 ? 2 : 3;
}

/* RFC 3164, 4.1.2: "Mmm dd hh:mm:ss", English, local time, the day padded
   with a blank.  Worked out once a second. */
static void
rfc3164_time(struct frame *f)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t unix_s = clk_unix_ms() / 1000;
	time_t t = (time_t)unix_s;
	struct tm tm;
	char *p = f->time;

	if (unix_s == f->unix_s)
		return;
	if (localtime_r(&t, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	f->unix_s = unix_s;
	memcpy(p, months + (size_t)tm.tm_mon * 3, 3);
	p[3] = ' ';
	p = put_2(p + 4, tm.tm_mday, ' ');
	*p = ' ';
	p = put_2(p + 1, tm.tm_hour, '0');
	*p = ':';
	p = put_2(p + 1, tm.tm_min, '0');
	*p = ':';
	(void)put_2(p + 1, tm.tm_sec, '0');
}

#define RFC3164_TIME_LEN 15 /* "Mmm dd hh:mm:ss" */

/* "<PRI>Mmm dd hh:mm:ss host " */
static size_t
rfc3164_len(const struct frame *f, unsigned int pri)
{
	return 1 + pri_digits(pri) + 1 + RFC3164_TIME_LEN + 1 + f->host_len + 1;
}

static char *
rfc3164_write(struct frame *f, unsigned int pri, char *out)
{
	size_t n = pri_digits(pri);

	rfc3164_time(f);
	*out++ = '<';
	for (size_t i = n; i > 0; i--, pri /= 10)
		out[i - 1] = digits[pri % 10];
	out += n;
	*out++ = '>';
	memcpy(out, f->time, RFC3164_TIME_LEN);
	out += RFC3164_TIME_LEN;
	*out++ = ' ';
	memcpy(out, f->host, f->host_len);
	out += f->host_len;
	*out++ = ' ';
	return out;
}
