/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <time.h>

#include "base/clk.h"
#include "base/obj.h"
#include "base/stamp.h"

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
static size_t rfc5424_len(const struct frame *, unsigned int pri);
static char *rfc5424_write(struct frame *, unsigned int pri, char *out);
static size_t none_len(const struct frame *, unsigned int pri);
static char *none_write(struct frame *, unsigned int pri, char *out);

static const struct header headers[] = {
	[DEST_HEADER_RFC3164] = { rfc3164_len, rfc3164_write },
	[DEST_HEADER_RFC5424] = { rfc5424_len, rfc5424_write },
	[DEST_HEADER_NONE] = { none_len, none_write },
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
		.told_ms = INT64_MIN };
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

static const char digits[] = "0123456789";

static size_t
count_digits(size_t n)
{
	size_t count = 1;

	for (; n >= 10; n /= 10)
		count++;
	return count;
}

static char *
put_number(char *out, size_t n)
{
	size_t count = count_digits(n);

	for (size_t i = count; i > 0; i--, n /= 10)
		out[i - 1] = digits[n % 10];
	return out + count;
}

size_t
frame_divider_len(const struct frame *f, size_t len)
{
	switch (f->framing) {
	case FRAMING_LF:
		return 1;
	case FRAMING_OCTETS:
		return count_digits(len) + 1;
	case FRAMING_DATAGRAM:
		break;
	}
	return 0;
}

void
frame_write(
    struct frame *f, int severity, const char *line, size_t len, char *out)
{
	unsigned int pri = pri_of(f, severity);

	if (f->framing == FRAMING_OCTETS) {
		out = put_number(out, f->header->len(f, pri) + len);
		*out++ = ' ';
	}
	out = f->header->write(f, pri, out);
	memcpy(out, line, len);
	if (f->framing == FRAMING_LF)
		out[len] = '\n';
}

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

static char *
put_pri(char *out, unsigned int pri)
{
	*out++ = '<';
	out = put_number(out, pri);
	*out++ = '>';
	return out;
}

static char *
put_host(const struct frame *f, char *out)
{
	memcpy(out, f->host, f->host_len);
	out += f->host_len;
	*out++ = ' ';
	return out;
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

	if (unix_s * 1000 == f->told_ms)
		return;
	if (localtime_r(&t, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	f->told_ms = unix_s * 1000;
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
	return 1 + count_digits(pri) + 1 + RFC3164_TIME_LEN + 1 + f->host_len +
	    1;
}

static char *
rfc3164_write(struct frame *f, unsigned int pri, char *out)
{
	rfc3164_time(f);
	out = put_pri(out, pri);
	memcpy(out, f->time, RFC3164_TIME_LEN);
	out += RFC3164_TIME_LEN;
	*out++ = ' ';
	return put_host(f, out);
}

/* RFC 5424, 6: "<PRI>1 TIME HOST APP PROCID MSGID STRUCTURED-DATA MSG".  No
   BOM: readers of CEF do not expect one in front of it. */
static const char rfc5424_tail[] = "cefwd - - - ";
#define RFC5424_TIME_LEN 24 /* "2026-01-02T03:04:05.678Z" */

static void
rfc5424_time(struct frame *f)
{
	int64_t unix_ms = clk_unix_ms();
	char text[STAMP_TEXT_MAX];

	if (unix_ms == f->told_ms)
		return;
	f->told_ms = unix_ms;
	stamp_format(stamp_from_ms(unix_ms), text);
	/* The tail of the fraction is 0, and is left out. */
	memcpy(f->time, text, RFC5424_TIME_LEN - 1);
	f->time[RFC5424_TIME_LEN - 1] = 'Z';
}

static size_t
rfc5424_len(const struct frame *f, unsigned int pri)
{
	return 1 + count_digits(pri) + 1 + sizeof("1 ") - 1 + RFC5424_TIME_LEN +
	    1 + f->host_len + 1 + sizeof(rfc5424_tail) - 1;
}

static char *
rfc5424_write(struct frame *f, unsigned int pri, char *out)
{
	rfc5424_time(f);
	out = put_pri(out, pri);
	*out++ = '1';
	*out++ = ' ';
	memcpy(out, f->time, RFC5424_TIME_LEN);
	out += RFC5424_TIME_LEN;
	*out++ = ' ';
	out = put_host(f, out);
	memcpy(out, rfc5424_tail, sizeof(rfc5424_tail) - 1);
	return out + sizeof(rfc5424_tail) - 1;
}

static size_t
none_len(const struct frame *f, unsigned int pri)
{
	(void)f;
	(void)pri;
	return 0;
}

static char *
none_write(struct frame *f, unsigned int pri, char *out)
{
	(void)f;
	(void)pri;
	return out;
}
