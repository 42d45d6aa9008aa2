/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/socket.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/obj.h"
#include "syslog/conn.h"
#include "syslog/frame.h"
#include "syslog/spool.h"
#include "syslog/transport.h"

#include "syslog/dest.h"

#define DEST_MAGIC 0x64657374U
#define LANE_MAGIC 0x6c616e65U

/* Whose lines belong to no lane: cefwd's own.  The spool's first track. */
#define TRACK_OWN  0

/* A lane's share of the window is never less: one alert with evidence. */
#define SHARE_MIN  (16U << 10)

struct dest_lane {
	unsigned int magic;
	struct dest *dest;
	uint32_t track;
	const struct dest_lane_handlers *handlers;
	void *ctx;
	/* While lines settle: */
	uint64_t settling;
	bool had_room;
	struct dest_lane_counts counts; /* dest_measure() */
	bool is_free;                   /* removed: nothing of it is told */
};

struct dest {
	unsigned int magic;
	const struct dest_options *options;
	dest_state_fn *told;
	void *ctx;
	enum dest_state state;
	bool is_closing;
	struct frame frame;
	struct spool spool;
	struct dest_counts counts;
	struct dest_lane **lanes; /* by track, the first one our own */
	size_t n_lanes;
	size_t n_free;       /* of these */
	bool is_shared_anew; /* a lane left: the others' shares have grown */
	struct conn conn;
};

static void
tell(struct dest *d, enum dest_state s, const struct err *e)
{
	if (d->state == s)
		return;
	d->state = s;
	d->told(d->ctx, s, e);
}

static void
on_told(void *ctx, enum dest_state s, const struct err *e)
{
	struct dest *d;

	OBJ_CAST(d, ctx, DEST_MAGIC);
	tell(d, s, e);
}

static bool
is_full(const struct dest *d)
{
	return d->counts.held_bytes >= d->options->window_bytes;
}

/* Whether some lane has to wait: its share is full, or all of the window. */
static bool
is_holding_up(const struct dest *d)
{
	for (size_t i = 0; i < d->n_lanes; i++) {
		if (!d->lanes[i]->is_free && !dest_lane_has_room(d->lanes[i]))
			return true;
	}
	return is_full(d);
}

/* Tell lanes of the lines that are gone and of the space they left.  A lane
   may close the destination. */
static void
tell_lanes(struct dest *d)
{
	for (size_t i = 0; i < d->n_lanes && !d->is_closing; i++) {
		struct dest_lane *l = d->lanes[i];
		uint64_t n = l->settling;

		l->settling = 0;
		if (n > 0)
			l->handlers->settled(l->ctx, n);
	}
	for (size_t i = 0; i < d->n_lanes && !d->is_closing; i++) {
		struct dest_lane *l = d->lanes[i];

		if (!l->is_free && !l->had_room && dest_lane_has_room(l))
			l->handlers->room(l->ctx);
	}
}

/*
 * A full window is no fault while lines settle: at first sync it paces the
 * lanes.  Held is what a receiver does that reads nothing for as long as a
 * line takes to settle.
 */
static void
hold_or_go_on(struct dest *d, bool has_settled, uint64_t still_ms)
{
	struct err e;

	if (d->state == DEST_HOLDING && has_settled) {
		tell(d, DEST_UP, NULL);
		return;
	}
	if (d->state != DEST_UP || !is_holding_up(d) ||
	    still_ms < d->options->settle_ms)
		return;
	(void)err_set(&e, ERR_BUSY,
	    "the receiver is connected but reads nothing: %zu bytes are held "
	    "until it does; see to the receiver",
	    d->counts.held_bytes);
	tell(d, DEST_HOLDING, &e);
}

static void
on_looked(void *ctx, uint64_t to, uint64_t still_ms)
{
	struct dest *d;
	bool has_settled = false, is_shared_anew;
	uint32_t track;

	OBJ_CAST(d, ctx, DEST_MAGIC);
	is_shared_anew = d->is_shared_anew;
	d->is_shared_anew = false;
	for (size_t i = 0; i < d->n_lanes; i++)
		d->lanes[i]->had_room =
		    !is_shared_anew && dest_lane_has_room(d->lanes[i]);
	while (spool_settle(&d->spool, to, &track)) {
		d->lanes[track]->settling++;
		has_settled = true;
	}
	hold_or_go_on(d, has_settled, still_ms);
	if (has_settled || is_shared_anew)
		tell_lanes(d);
}

static void
on_closed(void *ctx)
{
	struct dest *d;

	OBJ_CAST(d, ctx, DEST_MAGIC);
	for (size_t i = 0; i < d->n_lanes; i++)
		free(d->lanes[i]);
	free(d->lanes);
	spool_fini(&d->spool);
	d->magic = 0;
	free(d);
}

static void
on_own_settled(void *ctx, uint64_t n)
{
	(void)ctx;
	(void)n;
}

static void
on_own_room(void *ctx)
{
	(void)ctx;
}

/* Nobody waits for what is said on the side. */
static const struct dest_lane_handlers own_handlers = {
	.settled = on_own_settled,
	.room = on_own_room,
};

static const struct conn_owner conn_owner = {
	.told = on_told,
	.looked = on_looked,
	.closed = on_closed,
};

/* Before a connection says more: what an address in the URL tells, and for a
   name the least. */
static size_t
line_max_of(const struct dest_url *u)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	if (u->scheme != DEST_UDP)
		return SIZE_MAX;
	if (uv_ip4_addr(u->host, 0, &in4) == 0)
		return udp_line_max((const struct sockaddr *)&in4, NULL);
	if (uv_ip6_addr(u->host, 0, &in6) == 0)
		return udp_line_max((const struct sockaddr *)&in6, NULL);
	return UDP_LINE_IP6;
}

static int
check_options(const struct dest_options *o, struct err *e)
{
	if (o->n_urls == 0) {
		return err_set(e, ERR_CONFIG,
		    "no url: name the receiver, as in tcp://host:514");
	}
	for (size_t i = 1; i < o->n_urls; i++) {
		/* A line is framed once, however often it is sent. */
		if (o->urls[i].scheme != o->urls[0].scheme) {
			return err_set(e, ERR_CONFIG,
			    "url mixes schemes: give all of them the same "
			    "scheme, or use two destinations");
		}
	}
	return 0;
}

/* A datagram is a line whatever the option says. */
static enum framing
framing_of(const struct dest_options *o)
{
	enum framing framing = conn_transport(o->urls[0].scheme)->framing;

	/* Only a stream of the network has octets to count. */
	if (conn_transport(o->urls[0].scheme)->socktype == SOCK_STREAM &&
	    o->framing == DEST_FRAMING_OCTETS)
		return FRAMING_OCTETS;
	return framing;
}

struct dest *
dest_new(uv_loop_t *loop, const struct dest_options *o, dest_state_fn *state,
    void *ctx, struct err *e)
{
	struct dest *d;

	if (check_options(o, e) == -1) {
		(void)err_context(e, "destination \"%s\"", o->name);
		return NULL;
	}
	d = xcalloc(1, sizeof(*d));
	d->magic = DEST_MAGIC;
	d->options = o;
	d->told = state;
	d->ctx = ctx;
	d->state = DEST_CONNECTING;
	if (frame_init(&d->frame, o, framing_of(o), e) == -1)
		goto fail;
	if (o->max_line <= frame_header_max(&d->frame)) {
		(void)err_set(e, ERR_CONFIG,
		    "max-line %zu leaves no space behind the syslog header of "
		    "%zu bytes: use 1024 or more",
		    o->max_line, frame_header_max(&d->frame));
		goto fail;
	}
	spool_init(&d->spool, &d->counts);
	d->spool.has_first = true;
	(void)dest_lane_add(d, &own_handlers, NULL);
	d->conn = (struct conn){ .options = o,
		.spool = &d->spool,
		.counts = &d->counts,
		.owner = &conn_owner,
		.ctx = d,
		.line_max = SIZE_MAX };
	for (size_t i = 0; i < o->n_urls; i++) {
		size_t max = line_max_of(&o->urls[i]);

		if (max < d->conn.line_max)
			d->conn.line_max = max;
	}
	conn_start(&d->conn, loop);
	return d;

fail:
	(void)err_context(e, "destination \"%s\"", o->name);
	free(d);
	return NULL;
}

void
dest_close(struct dest *d)
{
	if (d == NULL)
		return;
	OBJ_CHECK(d, DEST_MAGIC);
	d->is_closing = true;
	conn_close(&d->conn);
}

void
dest_reopen(struct dest *d)
{
	OBJ_CHECK(d, DEST_MAGIC);
	conn_reopen(&d->conn);
}

/* Header and line. */
static size_t
wire_max(const struct dest *d)
{
	size_t max = d->options->max_line;

	return d->conn.line_max < max ? d->conn.line_max : max;
}

size_t
dest_line_max(const struct dest *d)
{
	size_t max = wire_max(d);
	size_t header = frame_header_max(&d->frame);

	return max > header ? max - header : 0;
}

/* One that was removed: its track is empty, and its place free. */
static struct dest_lane *
find_free(struct dest *d)
{
	for (size_t i = 0; i < d->n_lanes; i++) {
		if (d->lanes[i]->is_free)
			return d->lanes[i];
	}
	return NULL;
}

struct dest_lane *
dest_lane_add(struct dest *d, const struct dest_lane_handlers *h, void *ctx)
{
	struct dest_lane *l;

	OBJ_CHECK(d, DEST_MAGIC);
	l = find_free(d);
	if (l == NULL) {
		l = xcalloc(1, sizeof(*l));
		l->track = spool_track_add(&d->spool);
		d->lanes = xreallocarray(
		    d->lanes, d->n_lanes + 1, sizeof(struct dest_lane *));
		d->lanes[d->n_lanes++] = l;
	} else {
		d->n_free--;
	}
	*l = (struct dest_lane){
		.magic = LANE_MAGIC,
		.dest = d,
		.track = l->track,
		.handlers = h,
		.ctx = ctx,
		.had_room = true,
	};
	return l;
}

void
dest_lane_remove(struct dest_lane *l)
{
	OBJ_CHECK(l, LANE_MAGIC);
	assert(dest_lane_held(l) == 0 && !l->is_free);
	l->is_free = true;
	l->dest->n_free++;
	l->dest->is_shared_anew = true;
}

/* A datagram that the writer made too long for its route goes in fragments;
   what no datagram can hold is cut, between characters. */
static size_t
fit_datagram(struct dest *d, size_t header, const char *line, size_t len)
{
	if (d->frame.framing != FRAMING_DATAGRAM || header + len <= wire_max(d))
		return len;
	d->counts.too_long++;
	if (len <= UDP_LINE_HARD - header)
		return len;
	len = UDP_LINE_HARD - header;
	for (int i = 0; i < 3 && ((unsigned char)line[len] & 0xc0) == 0x80; i++)
		len--;
	return len;
}

void
dest_put(struct dest_lane *l, const char *line, size_t len, int severity)
{
	struct dest *d;
	size_t header;
	char *p;

	OBJ_CHECK(l, LANE_MAGIC);
	d = l->dest;
	/* A LF would end the line, and begin a forged one. */
	assert(memchr(line, '\n', len) == NULL);
	header = frame_header_len(&d->frame, severity);
	len = fit_datagram(d, header, line, len);
	p = spool_add(&d->spool, l->track,
	    header + len + frame_divider_len(&d->frame, header + len));
	/* With the header of now: a line that is sent again is, byte for
	   byte, the same. */
	frame_write(&d->frame, severity, line, len, p);
	d->counts.queued++;
	conn_kick(&d->conn);
}

void
dest_tell(struct dest *d, const char *line, size_t len, int severity)
{
	OBJ_CHECK(d, DEST_MAGIC);
	if (d->spool.tracks[TRACK_OWN].lines < DEST_TOLD_MAX)
		dest_put(d->lanes[TRACK_OWN], line, len, severity);
}

bool
dest_has_told(const struct dest *d)
{
	const struct queue *q = &d->spool.tracks[TRACK_OWN];

	return q->lines == q->given;
}

bool
dest_lane_has_room(const struct dest_lane *l)
{
	const struct dest *d = l->dest;
	size_t held = d->spool.tracks[l->track].bytes;
	size_t n = d->n_lanes - d->n_free;
	/* Not our own track. */
	size_t share = d->options->window_bytes / (n > 1 ? n - 1 : 1);

	if (share < SHARE_MIN)
		share = SHARE_MIN;
	return held == 0 || (held < share && !is_full(d));
}

uint64_t
dest_lane_held(const struct dest_lane *l)
{
	return l->dest->spool.tracks[l->track].lines;
}

void
dest_measure(struct dest *d)
{
	const struct settle *st = &d->conn.settle;
	struct spool_reached *reached;

	OBJ_CHECK(d, DEST_MAGIC);
	reached = xcalloc(d->n_lanes, sizeof(*reached));
	spool_reached(&d->spool, st->read + st->unread, st->read, reached);
	for (size_t i = 0; i < d->n_lanes; i++) {
		struct dest_lane *l = d->lanes[i];
		const struct queue *q = &d->spool.tracks[l->track];
		const struct spool_reached *r = &reached[l->track];
		/* After a break the offsets are those of the old connection
		   until there is a new one. */
		uint64_t acknowledged =
		    r->acknowledged < q->given ? r->acknowledged : q->given;
		uint64_t read = r->read < acknowledged ? r->read : acknowledged;

		l->counts = (struct dest_lane_counts){
			.queued = q->lines - q->given,
			.given = q->given - acknowledged,
			.acknowledged = acknowledged - read,
			.read = read,
			.sent = q->sent,
			.resent = q->resent,
		};
	}
	free(reached);
}

const struct dest_lane_counts *
dest_lane_counts(const struct dest_lane *l)
{
	return &l->counts;
}

const struct dest_counts *
dest_counts(const struct dest *d)
{
	return &d->counts;
}

const struct dest_url *
dest_url(const struct dest *d)
{
	return &d->options->urls[d->conn.url];
}

const char *
dest_settles_by(const struct dest *d)
{
	return d->conn.settles_by;
}

enum dest_state
dest_state(const struct dest *d)
{
	return d->state;
}
