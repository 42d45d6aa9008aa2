/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clk.h"
#include "base/obj.h"
#include "syslog/dest.h"
#include "syslog/frame.h"
#include "syslog/queue.h"
#include "syslog/settle.h"
#include "syslog/spool.h"

/* The program's clock, as the tests set it. */
static int64_t unix_ms;

uint64_t
clk_ms(void)
{
	return (uint64_t)unix_ms;
}

int64_t
clk_unix_ms(void)
{
	return unix_ms;
}

static void
zone(const char *tz)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
	(void)setenv("TZ", tz, 1);
	tzset();
}

/* URLs */

static void
urls_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *host, *port;
		enum dest_scheme scheme;
	} rows[] = {
		{ "tcp://a.example.com:6514", "a.example.com", "6514",
		    DEST_TCP },
		{ "udp://192.0.2.1", "192.0.2.1", "514", DEST_UDP },
		{ "udp://[::1]:514", "::1", "514", DEST_UDP },
		{ "TCP://[2001:db8::1]", "2001:db8::1", "514", DEST_TCP },
		{ "file:/var/log/cef", "/var/log/cef", "", DEST_FILE },
		{ "file:///var/log/cef", "/var/log/cef", "", DEST_FILE },
		{ "stdout:", "", "", DEST_STDOUT },
		{ "tcp://[fe80::1%eth0]:1", "fe80::1%eth0", "1", DEST_TCP },
		{ "tcp://siem_1:65535", "siem_1", "65535", DEST_TCP },
	};
	struct dest_url u;
	struct err e;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_int_equal(dest_url_parse(rows[i].text, &u, &e), 0);
		assert_int_equal(u.scheme, rows[i].scheme);
		assert_string_equal(u.host, rows[i].host);
		assert_string_equal(u.port, rows[i].port);
		dest_url_fini(&u);
	}
}

static void
faulty_urls_are_refused_with_the_mend(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "", "no scheme" },
		{ "siem.example.com", "write tcp://siem.example.com" },
		{ "siem.example.com:514", "write tcp://siem.example.com:514" },
		{ "tpc://a", "did you mean \"tcp\"" },
		{ "https://a", "use tcp://host:port, tls://host:port, udp" },
		{ "averyveryverylongscheme://a", "unknown scheme" },
		{ "file:", "names no file" },
		{ "file:cef.log", "write file:/path" },
		{ "file:cef/", "names no file" },
		{ "file://host/cef.log", "names no file" },
		{ "file:/var/log/", "names no file" },
		{ "stdout:x", "nothing follows" },
		{ "tcp:a", "lacks \"//\"" },
		{ "tcp://", "no host" },
		{ "tcp://:514", "no host" },
		{ "tcp://a:", "the port in url \"tcp://a:\" is \"\"" },
		{ "tcp://a:0", "use 1 to 65535" },
		{ "tcp://a:65536", "use 1 to 65535" },
		{ "tcp://a:syslog", "is \"syslog\"" },
		{ "tcp://a:514/", "is \"514/\"" },
		{ "tcp://a/b", "without user, path or query" },
		{ "tcp://u@a", "holds \"@\"" },
		{ "tcp://a b", "holds \" \"" },
		{ "tcp://a\x01", "holds \"?\"" },
		{ "tcp://::1", "stands in brackets" },
		{ "tcp://[::1", "lacks the \"]\"" },
		{ "tcp://[]:1", "no host" },
		{ "tcp://[::1]514", "only a port can follow" },
		{ "tcp://[192.0.2.1]:514", "brackets are for IPv6" },
	};
	char text[300];
	struct dest_url u;
	struct err e;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_int_equal(dest_url_parse(rows[i].text, &u, &e), -1);
		assert_int_equal(e.kind, ERR_CONFIG);
		if (strstr(e.text, rows[i].words) == NULL)
			fail_msg("%s: %s", rows[i].text, e.text);
	}
	memcpy(text, "tcp://", 6);
	memset(text + 6, 'a', 256);
	text[6 + 255] = '\0';
	assert_int_equal(dest_url_parse(text, &u, &e), 0);
	dest_url_fini(&u);
	text[6 + 255] = 'a';
	text[6 + 256] = '\0';
	assert_int_equal(dest_url_parse(text, &u, &e), -1);
	assert_non_null(strstr(e.text, "at most 255"));
}

/* Frames */

static struct dest_options
options_with(unsigned int facility, const char *host)
{
	return (struct dest_options){ .facility = facility, .host_name = host };
}

static void
headers_follow_rfc_3164(void **state)
{
	static const struct {
		unsigned int facility;
		int severity;
		int64_t unix_s;
		const char *out;
	} rows[] = {
		/* cef.md 6: the day padded with a blank */
		{ 1, 0, 1725868799, "<14>Sep  9 07:59:59 fw x\n" },
		{ 1, 3, 1725868800, "<14>Sep  9 08:00:00 fw x\n" },
		{ 1, 4, 1726473600, "<12>Sep 16 08:00:00 fw x\n" },
		{ 1, 6, 0, "<12>Jan  1 00:00:00 fw x\n" },
		{ 16, 7, 951782400, "<131>Feb 29 00:00:00 fw x\n" },
		{ 16, 8, 951782400, "<131>Feb 29 00:00:00 fw x\n" },
		{ 23, 9, 1767225599, "<186>Dec 31 23:59:59 fw x\n" },
		{ 0, 10, 1767225599, "<2>Dec 31 23:59:59 fw x\n" },
		{ 0, 99, 1767225599, "<2>Dec 31 23:59:59 fw x\n" },
		{ 0, -1, 1767225599, "<6>Dec 31 23:59:59 fw x\n" },
	};
	struct frame f;
	struct err e;
	char out[64];

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct dest_options o = options_with(rows[i].facility, "fw");
		size_t len;

		unix_ms = rows[i].unix_s * 1000 + 999;
		assert_int_equal(frame_init(&f, &o, FRAMING_LF, &e), 0);
		len = frame_header_len(&f, rows[i].severity) + 1;
		len += frame_divider_len(&f, len);
		assert_int_equal(len, strlen(rows[i].out));
		assert_true(len <= frame_header_max(&f) + 2);
		frame_write(&f, rows[i].severity, "x", 1, out);
		assert_memory_equal(out, rows[i].out, len);
	}
}

static void
header_time_is_local_and_follows_the_clock(void **state)
{
	struct dest_options o = options_with(1, "fw");
	struct frame f;
	struct err e;
	char out[64];

	(void)state;
	zone("ABC-05:30");
	unix_ms = 1725868800000;
	assert_int_equal(frame_init(&f, &o, FRAMING_DATAGRAM, &e), 0);
	frame_write(&f, 0, "x", 1, out);
	assert_memory_equal(out, "<14>Sep  9 13:30:00 fw x", 24);
	assert_int_equal(frame_divider_len(&f, 24), 0);
	unix_ms += 1000;
	frame_write(&f, 0, "x", 1, out);
	assert_memory_equal(out, "<14>Sep  9 13:30:01 fw x", 24);
	zone("UTC0");
}

static void
headers_and_framings_go_together(void **state)
{
	static const struct {
		enum dest_header header;
		enum framing framing;
		const char *out;
	} rows[] = {
		/* RFC 5424, 6; always three digits of a second */
		{ DEST_HEADER_RFC5424, FRAMING_LF,
		    "<14>1 2024-09-09T08:00:00.007Z fw cefwd - - - x\n" },
		{ DEST_HEADER_RFC5424, FRAMING_OCTETS,
		    "47 <14>1 2024-09-09T08:00:00.007Z fw cefwd - - - x" },
		{ DEST_HEADER_RFC5424, FRAMING_DATAGRAM,
		    "<14>1 2024-09-09T08:00:00.007Z fw cefwd - - - x" },
		{ DEST_HEADER_RFC3164, FRAMING_OCTETS,
		    "24 <14>Sep  9 08:00:00 fw x" },
		{ DEST_HEADER_NONE, FRAMING_LF, "x\n" },
		{ DEST_HEADER_NONE, FRAMING_OCTETS, "1 x" },
	};
	struct frame f;
	struct err e;
	char out[80];

	(void)state;
	unix_ms = 1725868800007;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct dest_options o = options_with(1, "fw");
		size_t len;

		o.header = rows[i].header;
		assert_int_equal(frame_init(&f, &o, rows[i].framing, &e), 0);
		len = frame_header_len(&f, 0) + 1;
		len += frame_divider_len(&f, len);
		assert_int_equal(len, strlen(rows[i].out));
		frame_write(&f, 0, "x", 1, out);
		assert_memory_equal(out, rows[i].out, len);
	}
	/* every length of a count */
	for (size_t len = 1; len < 2000; len++) {
		char text[16];

		f.framing = FRAMING_OCTETS;
		assert_int_equal(frame_divider_len(&f, len),
		    snprintf(text, sizeof(text), "%zu ", len));
	}
}

static void
host_and_facility_have_limits(void **state)
{
	char host[257];
	struct dest_options o = options_with(23, host);
	struct frame f;
	struct err e;

	(void)state;
	memset(host, 'h', sizeof(host));
	host[255] = '\0';
	assert_int_equal(frame_init(&f, &o, FRAMING_LF, &e), 0);
	host[255] = 'h';
	host[256] = '\0';
	assert_int_equal(frame_init(&f, &o, FRAMING_LF, &e), -1);
	assert_non_null(strstr(e.text, "use 1 to 255"));
	host[0] = '\0';
	assert_int_equal(frame_init(&f, &o, FRAMING_LF, &e), -1);
	o.host_name = "a b";
	assert_int_equal(frame_init(&f, &o, FRAMING_LF, &e), -1);
	assert_non_null(strstr(e.text, "blank"));
	o = options_with(24, "fw");
	assert_int_equal(frame_init(&f, &o, FRAMING_LF, &e), -1);
	assert_non_null(strstr(e.text, "0 to 23"));
}

/* Queue and spool */

static void
put(struct spool *s, uint32_t track, const char *text)
{
	memcpy(spool_add(s, track, strlen(text)), text, strlen(text));
}

/* Everything that is to be given next, as one string. */
static size_t
gather(struct spool *s, size_t max, unsigned int pieces, char *out)
{
	uv_buf_t bufs[64];
	size_t bytes, len = 0;
	unsigned int n;

	assert_true(pieces <= NELEM(bufs));
	n = spool_gather(s, max, SIZE_MAX, bufs, pieces, &bytes);
	assert_true(n <= pieces);
	for (unsigned int i = 0; i < n; i++) {
		memcpy(out + len, bufs[i].base, bufs[i].len);
		len += bufs[i].len;
	}
	assert_int_equal(len, bytes);
	out[len] = '\0';
	return len;
}

static void
tracks_take_turns_by_lines(void **state)
{
	struct dest_counts counts = { .queued = 0 };
	struct spool s;
	char out[256];
	uint32_t track;

	(void)state;
	spool_init(&s, &counts);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(spool_track_add(&s), i);
	put(&s, 0, "a1\n");
	put(&s, 0, "a2\n");
	put(&s, 0, "a3\n");
	put(&s, 0, "a4\n");
	put(&s, 2, "c1\n");
	put(&s, 2, "c2\n");
	(void)gather(&s, 6, 64, out);
	assert_string_equal(out, "a1\nc1\n");
	/* One that comes late does not wait for the backlog of the first. */
	put(&s, 1, "b1\n");
	(void)gather(&s, 100, 64, out);
	assert_string_equal(out, "a1\nc1\na2\nb1\nc2\na3\na4\n");
	spool_took(&s, 7);
	(void)gather(&s, 100, 64, out);
	assert_string_equal(out, "2\nb1\nc2\na3\na4\n");
	assert_int_equal(counts.sent, 2);
	/* Nothing settles in part, nor beyond what was given. */
	assert_false(spool_settle(&s, 2, &track));
	assert_true(spool_settle(&s, 3, &track));
	assert_int_equal(track, 0);
	assert_false(spool_settle(&s, 5, &track));
	/* A break: the rest again, whole and in the same order. */
	spool_rewind(&s);
	put(&s, 1, "b2\n");
	(void)gather(&s, 100, 64, out);
	assert_string_equal(out, "c1\na2\nb1\nc2\na3\na4\nb2\n");
	spool_took(&s, 9);
	assert_int_equal(counts.resent, 1);
	assert_int_equal(counts.sent, 5);
	assert_int_equal(counts.held, 7);
	spool_fini(&s);
}

/* What "cefwd status" shows: queued, given, acknowledged, read. */
static void
lines_are_counted_by_how_far_they_came(void **state)
{
	struct dest_counts counts = { .queued = 0 };
	struct spool_reached r[2];
	struct spool s;
	char out[256];
	uint32_t track;

	(void)state;
	spool_init(&s, &counts);
	(void)spool_track_add(&s);
	(void)spool_track_add(&s);
	put(&s, 0, "a1\n");
	put(&s, 1, "b1\n");
	put(&s, 0, "a2\n");
	put(&s, 0, "a3\n");
	(void)gather(&s, 100, 64, out);
	assert_string_equal(out, "a1\nb1\na2\na3\n");
	spool_took(&s, 10); /* three lines and a part */
	assert_int_equal(s.tracks[0].given, 2);
	assert_int_equal(s.tracks[1].given, 1);
	spool_reached(&s, 8, 5, r); /* both in the middle of a line */
	assert_int_equal(r[0].acknowledged, 1);
	assert_int_equal(r[0].read, 1);
	assert_int_equal(r[1].acknowledged, 1);
	assert_int_equal(r[1].read, 0);
	assert_true(spool_settle(&s, 3, &track));
	spool_reached(&s, 9, 6, r);
	assert_int_equal(r[0].acknowledged, 1);
	assert_int_equal(r[0].read, 0);
	assert_int_equal(r[1].read, 1);
	assert_int_equal(s.tracks[0].given, 1);
	/* A new connection has been given nothing. */
	spool_rewind(&s);
	spool_reached(&s, 0, 0, r);
	assert_int_equal(r[0].acknowledged + r[1].acknowledged, 0);
	assert_int_equal(s.tracks[0].given + s.tracks[1].given, 0);
	(void)gather(&s, 100, 64, out);
	spool_took(&s, 6);
	assert_int_equal(s.tracks[0].resent, 1);
	assert_int_equal(s.tracks[1].resent, 1);
	assert_int_equal(s.tracks[0].sent, 3);
	spool_fini(&s);
}

static void
few_pieces_are_enough(void **state)
{
	struct dest_counts counts = { .queued = 0 };
	struct spool s;
	char out[256];

	(void)state;
	spool_init(&s, &counts);
	(void)spool_track_add(&s);
	(void)spool_track_add(&s);
	put(&s, 0, "a1\n");
	put(&s, 0, "a2\n");
	put(&s, 1, "b1\n");
	put(&s, 1, "b2\n");
	(void)gather(&s, 100, 2, out);
	assert_string_equal(out, "a1\nb1\n");
	spool_took(&s, 6);
	(void)gather(&s, 100, 1, out);
	assert_string_equal(out, "a2\n");
	spool_fini(&s);
}

/* A small generator, the same at each run. */
static uint32_t
rnd(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525U + 1013904223U;
	return (*seed >> 8) % below;
}

#define MODEL_TRACKS 3
#define MODEL_LINES  4000

/* Random puts, partial writes, breaks and settlements: each track's lines
   leave in order, the bytes given are always the unsettled lines in a fixed
   order, and nothing is left. */
static void
nothing_is_lost_or_reordered(void **state)
{
	static char out[1U << 20];
	struct dest_counts counts = { .queued = 0 };
	uint32_t put_n[MODEL_TRACKS] = { 0 }, got[MODEL_TRACKS] = { 0 };
	uint32_t seed = 42, track, total = 0, gone = 0;
	struct spool s;

	(void)state;
	spool_init(&s, &counts);
	for (int i = 0; i < MODEL_TRACKS; i++)
		(void)spool_track_add(&s);
	while (gone < MODEL_LINES) {
		switch (rnd(&seed, 5)) {
		case 0:
		case 1:
			for (uint32_t n = rnd(&seed, 20);
			     n > 0 && total < MODEL_LINES; n--, total++) {
				size_t len = 16 + rnd(&seed, 500);
				char *p;

				track = rnd(&seed, MODEL_TRACKS);
				p = spool_add(&s, track, len);
				memset(p, 'x', len);
				p[len - 1] = '\n';
				(void)snprintf(
				    p, 12, "%u %08u", track, put_n[track]++);
			}
			break;
		case 2: {
			size_t n = gather(&s, 1 + rnd(&seed, 4000), 64, out);

			spool_took(&s, n > 0 ? rnd(&seed, (uint32_t)n + 1) : 0);
			break;
		}
		case 3:
			if (rnd(&seed, 4) == 0)
				spool_rewind(&s);
			break;
		default:
			while (rnd(&seed, 8) > 0 &&
			    spool_settle(&s, s.given, &track)) {
				got[track]++;
				gone++;
			}
			break;
		}
		/* What comes next is a line's begin or the rest of one. */
		if (s.part == 0 && gather(&s, 1, 1, out) > 0) {
			track = (uint32_t)(out[0] - '0');
			assert_in_range(track, 0, MODEL_TRACKS - 1);
			assert_true(strtoul(out + 2, NULL, 10) >= got[track]);
		}
		assert_int_equal(counts.held, total - gone);
	}
	for (int i = 0; i < MODEL_TRACKS; i++)
		assert_int_equal(got[i], put_n[i]);
	assert_int_equal(counts.held_bytes, 0);
	assert_true(spool_idle(&s));
	assert_true(counts.sent >= MODEL_LINES);
	assert_int_equal(counts.sent - counts.resent, MODEL_LINES);
	spool_fini(&s);
}

static void
a_long_line_gets_a_chunk_of_its_own(void **state)
{
	struct queue q = { .head = NULL };
	struct queue_pos pos = { .chunk = NULL };
	struct queue_line line;
	static const size_t lens[] = { 1, 4000, 5000, 65000, 66000, 1U << 20,
		1 };

	(void)state;
	for (size_t i = 0; i < NELEM(lens); i++)
		memset(queue_add(&q, lens[i]), (int)('a' + i), lens[i]);
	for (size_t i = 0; i < NELEM(lens); i++) {
		assert_true(queue_peek(&q, &pos, &line));
		assert_int_equal(line.len, lens[i]);
		assert_int_equal(line.p[0], 'a' + i);
		assert_int_equal(line.p[line.len - 1], 'a' + i);
		queue_step(&pos);
	}
	assert_false(queue_peek(&q, &pos, &line));
	for (size_t i = 0; i < NELEM(lens); i++)
		assert_int_equal(queue_drop(&q), lens[i]);
	assert_int_equal(q.bytes, 0);
	assert_null(q.head);
	queue_fini(&q);
}

/* Settlement: each row is a look 10 ms after the one before. */

struct look_row {
	uint64_t read, unread, settled;
};

static void
looks(struct settle *s, uint64_t *now, const struct look_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t got;

		*now += 10;
		got = settle_look(s, *now, rows[i].read, rows[i].unread);
		if (got != rows[i].settled)
			fail_msg("look %zu: settled %llu", i,
			    (unsigned long long)got);
	}
}

static void
a_line_settles_once_it_was_read_long_enough_ago(void **state)
{
	static const struct look_row rows[] = {
		{ 100, 0, 0 },   /* clock 10: the mark */
		{ 100, 0, 0 },   /* 20 */
		{ 150, 0, 0 },   /* 30: another */
		{ 150, 0, 0 },   /* 40 */
		{ 150, 0, 100 }, /* 50: 40 after the first */
		{ 150, 0, 100 },
		{ 150, 0, 150 },
	};
	struct settle s;
	uint64_t now = 1000;

	(void)state;
	settle_start(&s, 40, now);
	looks(&s, &now, rows, NELEM(rows));
}

static void
a_receiver_that_hangs_ages_nothing(void **state)
{
	static const struct look_row rows[] = {
		{ 100, 900, 0 }, /* moved: clock 10 */
		{ 100, 900, 0 },
		{ 100, 900, 0 },
		{ 100, 900, 0 },
		{ 100, 900, 0 },
		{ 100, 900, 0 },
		{ 100, 900, 0 },
		{ 200, 800, 0 }, /* moved: 20 */
		{ 300, 700, 0 },
		{ 400, 600, 0 },
		{ 500, 500, 100 }, /* 50 */
		{ 500, 500, 100 },
		{ 500, 500, 100 },
		{ 1000, 0, 200 }, /* 60 */
		{ 1000, 0, 300 },
		{ 1000, 0, 400 },
		{ 1000, 0, 500 },
		{ 1000, 0, 1000 },
	};
	struct settle s;
	uint64_t now = 0;

	(void)state;
	settle_start(&s, 40, now);
	looks(&s, &now, rows, NELEM(rows));
	assert_int_equal(settle_still_ms(&s, now), 40);
}

static void
the_read_offset_never_falls(void **state)
{
	static const struct look_row rows[] = {
		{ 100, 0, 0 },
		{ 50, 1, 0 }, /* neither falls nor ages */
		{ 0, 1, 0 },
		{ 100, 0, 0 }, /* back at 100 is no movement */
		{ 100, 0, 0 },
		{ 100, 0, 0 },
		{ 100, 0, 100 },
	};
	struct settle s;
	uint64_t now = 0;

	(void)state;
	settle_start(&s, 40, now);
	looks(&s, &now, rows, NELEM(rows));
}

static void
time_that_was_not_watched_does_not_count(void **state)
{
	struct settle s;

	(void)state;
	settle_start(&s, 400, 0);
	assert_int_equal(settle_look(&s, 20, 100, 0), 0);
	/* Our own process stood still for an hour: a quarter at most. */
	assert_int_equal(settle_look(&s, 3600000, 100, 0), 0);
	assert_int_equal(settle_look(&s, 7200000, 100, 0), 0);
	settle_resume(&s, 9000000);
	assert_int_equal(settle_look(&s, 9000099, 100, 0), 0);
	assert_int_equal(settle_look(&s, 9000199, 100, 0), 0);
	assert_int_equal(settle_look(&s, 9000200, 100, 0), 100);
}

/* More marks than the ring has: lines settle late, never early. */
static void
a_full_ring_settles_late(void **state)
{
	struct settle s;
	uint64_t settled = 0, now = 0;

	(void)state;
	settle_start(&s, 1000, now);
	for (uint64_t i = 1; i <= 2000; i++) {
		now += 1;
		settled = settle_look(&s, now, i, 0);
		if (i > 1000)
			assert_true(settled <= i - 1000);
		else
			assert_int_equal(settled, 0);
	}
	assert_true(settled > 0);
	for (uint64_t i = 0; i < 1000; i++)
		settled = settle_look(&s, ++now, 2000, 0);
	assert_int_equal(settled, 2000);
	assert_int_equal(settle_tick_ms(&s), 50);
	settle_start(&s, 0, now);
	assert_int_equal(settle_tick_ms(&s), 5);
	assert_int_equal(settle_look(&s, now, 7, 0), 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_taken_apart),
		cmocka_unit_test(faulty_urls_are_refused_with_the_mend),
		cmocka_unit_test(headers_follow_rfc_3164),
		cmocka_unit_test(header_time_is_local_and_follows_the_clock),
		cmocka_unit_test(headers_and_framings_go_together),
		cmocka_unit_test(host_and_facility_have_limits),
		cmocka_unit_test(tracks_take_turns_by_lines),
		cmocka_unit_test(lines_are_counted_by_how_far_they_came),
		cmocka_unit_test(few_pieces_are_enough),
		cmocka_unit_test(nothing_is_lost_or_reordered),
		cmocka_unit_test(a_long_line_gets_a_chunk_of_its_own),
		cmocka_unit_test(
		    a_line_settles_once_it_was_read_long_enough_ago),
		cmocka_unit_test(a_receiver_that_hangs_ages_nothing),
		cmocka_unit_test(the_read_offset_never_falls),
		cmocka_unit_test(time_that_was_not_watched_does_not_count),
		cmocka_unit_test(a_full_ring_settles_late),
	};

	zone("UTC0");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
