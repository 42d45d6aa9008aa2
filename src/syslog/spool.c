/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/obj.h"
#include "syslog/dest.h"

#include "syslog/spool.h"

/* Lines of one track, one after the other in the order. */
struct run {
	uint32_t track;
	uint32_t lines;
};

#define RUNS_MIN 16

void
spool_init(struct spool *s, struct dest_counts *counts)
{
	*s = (struct spool){ .counts = counts };
}

void
spool_fini(struct spool *s)
{
	for (size_t i = 0; i < s->n_tracks; i++)
		queue_fini(&s->tracks[i]);
	free(s->tracks);
	free(s->runs);
	*s = (struct spool){ .counts = NULL };
}

uint32_t
spool_track_add(struct spool *s)
{
	s->tracks =
	    xreallocarray(s->tracks, s->n_tracks + 1, sizeof(*s->tracks));
	s->tracks[s->n_tracks] = (struct queue){ .head = NULL };
	return (uint32_t)s->n_tracks++;
}

char *
spool_add(struct spool *s, uint32_t track, size_t len)
{
	s->counts->held++;
	s->counts->held_bytes += len;
	return queue_add(&s->tracks[track], len);
}

bool
spool_idle(const struct spool *s)
{
	return s->n == 0;
}

static struct run *
run_at(const struct spool *s, size_t i)
{
	return &s->runs[(s->first + i) & (s->cap - 1)];
}

static void
runs_grow(struct spool *s)
{
	size_t cap = s->cap == 0 ? RUNS_MIN : s->cap * 2;
	struct run *runs = xreallocarray(NULL, cap, sizeof(*runs));

	for (size_t i = 0; i < s->n; i++)
		runs[i] = *run_at(s, i);
	free(s->runs);
	s->runs = runs;
	s->cap = cap;
	s->first = 0;
}

/* One line more of the track at the end of the order. */
static void
order_add(struct spool *s, uint32_t track)
{
	struct run *last = s->n == 0 ? NULL : run_at(s, s->n - 1);

	if (last != NULL && last->track == track && last->lines < UINT32_MAX) {
		last->lines++;
		return;
	}
	if (s->n == s->cap)
		runs_grow(s);
	*run_at(s, s->n++) = (struct run){ .track = track, .lines = 1 };
}

/* The track's next line gets its place in the order; false: it has none. */
static bool
enter(struct spool *s, size_t track)
{
	struct queue *q = &s->tracks[track];
	struct queue_line line;

	if (!queue_peek(q, &q->enter, &line))
		return false;
	queue_step(&q->enter);
	order_add(s, (uint32_t)track);
	s->waiting += line.len;
	return true;
}

/* Let tracks take turns, a line each, until max bytes are to be given. */
static void
take_turns(struct spool *s, size_t max)
{
	size_t empty = 0;

	while (s->has_first && s->waiting < max && enter(s, 0))
		;
	while (s->waiting < max && empty < s->n_tracks) {
		empty = enter(s, s->turn) ? 0 : empty + 1;
		s->turn = (s->turn + 1) % s->n_tracks;
	}
}

/* Add a piece, or make the last one longer if it lies right behind it.
   Returns how many pieces there are now; n + 1: no place for one more. */
static unsigned int
piece_add(
    uv_buf_t *bufs, unsigned int used, unsigned int n, char *p, size_t len)
{
	if (used > 0 && bufs[used - 1].base + bufs[used - 1].len == p) {
		bufs[used - 1].len += len;
		return used;
	}
	if (used == n)
		return n + 1;
	bufs[used].base = p;
	bufs[used].len = len;
	return used + 1;
}

bool
spool_has_more(const struct spool *s)
{
	return s->counts->held > s->unsettled;
}

unsigned int
spool_gather(struct spool *s, size_t max, size_t lines, uv_buf_t *bufs,
    unsigned int n, size_t *bytes)
{
	struct queue_pos few[8];
	struct queue_pos *pos = few;
	size_t skip = s->part;
	unsigned int used = 0;

	*bytes = 0;
	take_turns(s, max);
	if (s->waiting == 0)
		return 0;
	if (s->n_tracks > NELEM(few))
		pos = xcalloc(s->n_tracks, sizeof(*pos));
	for (size_t i = 0; i < s->n_tracks; i++)
		pos[i] = s->tracks[i].give;
	for (size_t i = s->giving; i < s->n && *bytes < max; i++) {
		const struct run *r = run_at(s, i);
		uint32_t left = r->lines - (i == s->giving ? s->whole : 0);

		for (; left > 0 && *bytes < max && lines > 0; left--, lines--) {
			struct queue_line line;
			unsigned int now;

			if (!queue_peek(
				&s->tracks[r->track], &pos[r->track], &line))
				abort(); /* the order names lines that are */
			now = piece_add(
			    bufs, used, n, line.p + skip, line.len - skip);
			if (now > n)
				goto full;
			used = now;
			*bytes += line.len - skip;
			skip = 0;
			queue_step(&pos[r->track]);
		}
	}
full:
	if (pos != few)
		free(pos);
	return used;
}

/* The track of the line that comes next; NULL if every line was given.  The
   order's last run stays the one being given: it may grow. */
static struct queue *
giving_track(struct spool *s)
{
	if (s->n == 0)
		return NULL;
	while (s->whole == run_at(s, s->giving)->lines) {
		if (s->giving + 1 == s->n)
			return NULL;
		s->giving++;
		s->whole = 0;
	}
	return &s->tracks[run_at(s, s->giving)->track];
}

bool
spool_next(struct spool *s, struct queue_line *out)
{
	struct queue *q;

	take_turns(s, 1);
	q = giving_track(s);
	return q != NULL && queue_peek(q, &q->give, out);
}

void
spool_took(struct spool *s, size_t n)
{
	struct queue_line line;
	struct queue *q;

	assert(n <= s->waiting);
	s->waiting -= n;
	s->given += n;
	s->part += n;
	while ((q = giving_track(s)) != NULL &&
	    queue_peek(q, &q->give, &line) && s->part >= line.len) {
		s->part -= line.len;
		queue_step(&q->give);
		s->whole++;
		s->unsettled++;
		s->counts->sent++;
		q->given++;
		q->sent++;
		if (s->again > 0) {
			s->again--;
			s->counts->resent++;
			q->resent++;
		}
	}
}

void
spool_rewind(struct spool *s)
{
	/* What was to be sent again and was not still is, behind what was. */
	s->again += s->unsettled;
	s->waiting += (size_t)(s->given - s->settled);
	s->giving = 0;
	s->whole = 0;
	s->part = 0;
	s->given = 0;
	s->settled = 0;
	s->unsettled = 0;
	for (size_t i = 0; i < s->n_tracks; i++) {
		s->tracks[i].give = (struct queue_pos){ .chunk = NULL };
		s->tracks[i].given = 0;
	}
}

/* The first run has lost its last line. */
static void
run_done(struct spool *s)
{
	if (s->giving > 0)
		s->giving--;
	else
		s->whole = 0;
	s->first = (s->first + 1) & (s->cap - 1);
	if (--s->n > 0 || s->cap == RUNS_MIN)
		return;
	/* A backlog's ring is not kept for a quiet feed. */
	free(s->runs);
	s->runs = NULL;
	s->cap = 0;
	s->first = 0;
}

bool
spool_settle(struct spool *s, uint64_t to, uint32_t *track)
{
	struct queue_pos pos = { .chunk = NULL };
	struct queue_line line;
	struct run *r;

	/* S3: what was not given cannot settle. */
	assert(to <= s->given);
	if (s->n == 0)
		return false;
	r = run_at(s, 0);
	if (!queue_peek(&s->tracks[r->track], &pos, &line) ||
	    s->settled + line.len > to)
		return false;
	*track = r->track;
	s->settled += line.len;
	s->unsettled--;
	s->counts->settled++;
	s->counts->held--;
	s->counts->held_bytes -= line.len;
	(void)queue_drop(&s->tracks[r->track]);
	s->tracks[r->track].given--;
	r->lines--;
	if (s->giving == 0)
		s->whole--;
	if (r->lines == 0)
		run_done(s);
	return true;
}

void
spool_reached(const struct spool *s, uint64_t acknowledged, uint64_t read,
    struct spool_reached *out)
{
	struct queue_pos *pos = xcalloc(s->n_tracks, sizeof(*pos));
	uint64_t end = s->settled;

	for (size_t i = 0; i < s->n_tracks; i++)
		out[i] = (struct spool_reached){ .read = 0 };
	for (size_t i = 0; i < s->n && end < acknowledged; i++) {
		const struct run *r = run_at(s, i);

		for (uint32_t n = r->lines; n > 0; n--) {
			struct queue_line line;

			if (!queue_peek(
				&s->tracks[r->track], &pos[r->track], &line))
				abort(); /* the order names lines that are */
			end += line.len;
			if (end > acknowledged)
				break;
			out[r->track].acknowledged++;
			if (end <= read)
				out[r->track].read++;
			queue_step(&pos[r->track]);
		}
	}
	free(pos);
}
