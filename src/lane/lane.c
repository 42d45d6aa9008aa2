/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "lane/lane_priv.h"

#define LOG_ROOM "lane"

/*
 * What keeps an alert from getting lost here, by number:
 *
 *  1. A line is put to the destination and enters "unsettled" in one step;
 *     lines settle in the order in which they were put.
 *  2. A memory row is written only after its line has settled.
 *  3. A mark carries a cursor and the number of lines put before it; its
 *     cursor is written only when that many lines have settled, in or after
 *     the transaction that holds the row of the last of them.
 *  4. Between put and the end of that transaction the line stands in
 *     "known", so that no pass sends it twice meanwhile.
 *  5. A lane that leaves a pass gets no mark from it.
 *
 * A crash at any point therefore repeats (lines settled whose rows were not
 * yet written), and never skips.
 */

enum lane_verdict
lane__decide(enum lane_updates policy, const struct state_memory *known,
    int64_t updated, uint64_t hash)
{
	if (known == NULL)
		return LANE_SEND;
	if (policy == UPDATES_FIRST)
		return LANE_SKIP;
	if (updated != STAMP_NONE) {
		/* An older one than what was sent is a stale answer. */
		if (known->updated != STAMP_NONE && updated <= known->updated)
			return LANE_SKIP;
		if (policy == UPDATES_ALL)
			return LANE_SEND;
		return known->hash == hash ? LANE_TOUCH : LANE_SEND;
	}
	return known->hash == hash ? LANE_SKIP : LANE_SEND;
}

int64_t
lane__next_cursor(
    int64_t cursor, int64_t newest, int64_t date, uint64_t overlap_ms)
{
	int64_t next = newest < date ? newest : date;

	/* Nothing new: what comes late comes within the overlap. */
	if (newest == STAMP_NONE || newest <= cursor)
		next = date - stamp_from_ms((int64_t)overlap_ms);
	return next > cursor ? next : cursor;
}

static int
compare_sent(const void *a, const void *b)
{
	const struct sent *x = a, *y = b;
	int c = strcmp(x->record, y->record);

	return c != 0 ? c : strcmp(x->event, y->event);
}

static struct sent *
sent_new(
    const char *record, const char *event, const struct state_memory *memory)
{
	size_t n = strlen(record) + 1, m = strlen(event) + 1;
	struct sent *s = xcalloc(1, sizeof(*s) + n + m);

	memcpy(s->texts, record, n);
	memcpy(s->texts + n, event, m);
	s->record = s->texts;
	s->event = s->texts + n;
	s->memory = *memory;
	return s;
}

/* Take it out of "known", unless a newer line of the same event is there. */
static void
sent_forget(struct lane *l, struct sent *s)
{
	struct sent *const *node = tfind(s, &l->known, compare_sent);

	if (node != NULL && *node == s)
		(void)tdelete(s, &l->known, compare_sent);
	free(s);
}

static void
sent_know(struct lane *l, struct sent *s)
{
	struct sent **node = tsearch(s, &l->known, compare_sent);

	if (node == NULL)
		log_fatal("out of memory");
	*node = s;
}

static struct sent *
sent_find(struct lane *l, const char *record, const char *event)
{
	const struct sent probe = { .record = record, .event = event };
	struct sent *const *node = tfind(&probe, &l->known, compare_sent);

	return node == NULL ? NULL : *node;
}

struct lane *
lane__new(struct forwarder *fw, struct feed *f, struct outlet *out)
{
	struct lane *l = xcalloc(1, sizeof(*l));

	l->magic = LANE_MAGIC;
	l->fw = fw;
	l->feed = f;
	l->outlet = out;
	l->dest_options = out->o;
	l->dest = out->dest;
	STAILQ_INIT(&l->unsettled);
	STAILQ_INIT(&l->kept);
	STAILQ_INIT(&l->marks);
	STAILQ_INIT(&l->submitted);
	TAILQ_INIT(&l->gaps);
	TAILQ_INSERT_TAIL(&f->lanes, l, of_feed);
	buf_init(&l->line, CEF_LINE_MAX);
	(void)uv_timer_init(fw->loop, &l->commit_timer);
	(void)uv_timer_init(fw->loop, &l->room_timer);
	l->commit_timer.data = l;
	l->room_timer.data = l;
	l->window.as_of = STAMP_NONE;
	l->closed.as_of = STAMP_NONE;
	l->at = (struct state_cursor){ STAMP_NONE, STAMP_NONE, STAMP_NONE,
		STAMP_NONE, STAMP_NONE };
	return l;
}

/* The open batch. */
static struct batch *
batch_open(struct lane *l)
{
	struct batch *b = l->batch;

	if (b != NULL)
		return b;
	b = xcalloc(1, sizeof(*b));
	b->lane = l;
	b->commit = state_commit_new(l->fw->state);
	STAILQ_INIT(&b->written);
	l->batch = b;
	return b;
}

static void
batch_free(struct batch *b)
{
	struct sent *s;

	while ((s = STAILQ_FIRST(&b->written)) != NULL) {
		STAILQ_REMOVE_HEAD(&b->written, entry);
		sent_forget(b->lane, s);
	}
	free(b);
}

/* Rule 4: only now does the disk know. */
static void
on_written(void *ctx)
{
	struct batch *b = ctx;
	struct lane *l = b->lane;

	OBJ_CHECK(l, LANE_MAGIC);
	assert(b == STAILQ_FIRST(&l->submitted));
	STAILQ_REMOVE_HEAD(&l->submitted, entry);
	batch_free(b);
	forwarder__check(l->fw);
}

void
lane__flush(struct lane *l)
{
	struct batch *b = l->batch;

	(void)uv_timer_stop(&l->commit_timer);
	if (b == NULL)
		return;
	l->batch = NULL;
	STAILQ_INSERT_TAIL(&l->submitted, b, entry);
	state_commit_submit(b->commit, on_written, b);
}

static void
on_commit_timer(uv_timer_t *t)
{
	struct lane *l;

	OBJ_CAST(l, t->data, LANE_MAGIC);
	lane__flush(l);
}

static void
batch_added(struct lane *l)
{
	if (++l->batch->n >= LANE_COMMIT_LINES)
		lane__flush(l);
	else if (!uv_is_active((const uv_handle_t *)&l->commit_timer))
		(void)uv_timer_start(
		    &l->commit_timer, on_commit_timer, LANE_COMMIT_MS, 0);
}

/* Whether what is sent is remembered, and the cursor moves. */
bool
lane__moves(const struct lane *l)
{
	return l->fw->state != NULL && l->fw->o->mode != FORWARD_DRY_RUN;
}

/* Write a row for which no line is under way. */
static void
remember(struct lane *l, const char *record, const char *event,
    const struct state_memory *m)
{
	if (!lane__moves(l))
		return;
	state_commit_memory(batch_open(l)->commit, l->id, record, event, m);
	batch_added(l);
}

struct state_commit *
lane__commit(struct lane *l)
{
	return batch_open(l)->commit;
}

void
lane__committed(struct lane *l)
{
	batch_added(l);
}

static void
close_gap(struct lane *l, const struct mark *m)
{
	struct gap *g = gaps__same(l, &m->gap);

	if (g != NULL)
		gaps__closed(l, g, m->alerts);
}

/* Rule 3. */
static void
process_marks(struct lane *l)
{
	struct mark *m;

	while (
	    (m = STAILQ_FIRST(&l->marks)) != NULL && l->n_settled >= m->after) {
		bool ends_pass = m->ends_pass;

		STAILQ_REMOVE_HEAD(&l->marks, entry);
		if (m->closes_gap) {
			close_gap(l, m);
			free(m);
			continue;
		}
		if (ends_pass && m->window.as_of != STAMP_NONE) {
			l->closed = m->window;
			l->n_closed++;
			l->sum.records += m->window.records;
			l->sum.known += m->window.known;
			l->sum.lines += m->window.lines;
		}
		state_commit_cursor(batch_open(l)->commit, l->id, &m->cursor);
		free(m);
		batch_added(l);
		if (ends_pass)
			lane__flush(l);
	}
}

static void
add_mark(struct lane *l, bool ends_pass)
{
	struct mark *m;

	if (!lane__moves(l))
		return;
	m = xcalloc(1, sizeof(*m));
	m->after = l->n_put;
	m->cursor = l->at;
	m->ends_pass = ends_pass;
	m->window = l->window;
	STAILQ_INSERT_TAIL(&l->marks, m, entry);
	process_marks(l);
}

void
lane__close_gap(struct lane *l, const struct state_gap *gap, uint64_t alerts)
{
	struct mark *m = xcalloc(1, sizeof(*m));

	m->after = l->n_put;
	m->closes_gap = true;
	m->gap = *gap;
	m->alerts = alerts;
	STAILQ_INSERT_TAIL(&l->marks, m, entry);
	process_marks(l);
}

static void
settle_one(struct lane *l)
{
	struct sent *s = STAILQ_FIRST(&l->unsettled);
	struct batch *b;

	assert(s != NULL);
	STAILQ_REMOVE_HEAD(&l->unsettled, entry);
	s->is_settled = true;
	l->n_settled++;
	if (!lane__moves(l)) {
		STAILQ_INSERT_TAIL(&l->kept, s, entry);
		return;
	}
	/* Rule 2. */
	b = batch_open(l);
	state_commit_memory(b->commit, l->id, s->record, s->event, &s->memory);
	STAILQ_INSERT_TAIL(&b->written, s, entry);
	batch_added(l);
}

static void
on_settled(void *ctx, uint64_t n)
{
	struct lane *l;

	OBJ_CAST(l, ctx, LANE_MAGIC);
	for (uint64_t i = 0; i < n; i++) {
		settle_one(l);
		process_marks(l);
	}
	health__settled(l->outlet, n);
	forwarder__check(l->fw);
}

bool
lane__has_room(const struct lane *l)
{
	return l->out == NULL || dest_lane_has_room(l->out);
}

static void
on_no_room(uv_timer_t *t)
{
	struct lane *l;

	OBJ_CAST(l, t->data, LANE_MAGIC);
	if (l->pass != NULL && !lane__has_room(l))
		feed__leave(l->feed, l);
}

static void
on_room(void *ctx)
{
	struct lane *l;

	OBJ_CAST(l, ctx, LANE_MAGIC);
	(void)uv_timer_stop(&l->room_timer);
	if (l->feed != NULL)
		feed__room(l->feed, l);
}

/* A lane that was never here begins "start" ago, from now on: the cursor is
   written at once, so that a crash in the first pass does not move it. */
static void
begin_cursor(struct lane *l)
{
	const struct feed_options *o = l->feed->o;

	l->at.cursor = stamp_now() -
	    stamp_from_ms((int64_t)o->start_ms - (int64_t)o->overlap_ms);
	add_mark(l, true);
}

const char *
lane__source(const struct lane *l)
{
	return l->feed != NULL ? l->feed->o->source.name : l->left_source;
}

const char *
lane__tenant(const struct lane *l)
{
	return l->feed != NULL ? l->feed->o->source.tenant : l->left_tenant;
}

int
lane__prepare(struct lane *l, struct err *e)
{
	const struct feed_options *o = l->feed->o;

	if (l->fw->state == NULL)
		return 0;
	return state_lane(l->fw->state, o->source.name, o->source.tenant,
	    l->dest_options->name, &l->id, e);
}

int
lane__open(struct lane *l, struct err *e)
{
	if (l->fw->state == NULL)
		return 0;
	if (lane__prepare(l, e) == -1)
		return -1;
	if (gaps__load(l, e) == -1)
		return -1;
	return state_cursor_get(l->fw->state, l->id, &l->at, e);
}

void
lane__start(struct lane *l)
{
	static const struct dest_lane_handlers handlers = {
		.settled = on_settled,
		.room = on_room,
	};

	if (l->dest != NULL)
		l->out = dest_lane_add(l->dest, &handlers, l);
	if (l->at.cursor == STAMP_NONE)
		begin_cursor(l);
}

/* The row of an event: from the lines under way, else from the disk. */
static const struct state_memory *
recall(struct lane *l, const char *record, const char *event,
    struct state_memory *row, struct sent **sent)
{
	struct err e = { .kind = ERR_NONE };
	uint64_t held;
	int rc;

	*sent = sent_find(l, record, event);
	if (*sent != NULL)
		return &(*sent)->memory;
	if (l->fw->state == NULL)
		return NULL;
	rc = state_memory_get(l->fw->state, l->id, record, event, row, &e);
	if (rc == -1 && log_may(&l->memory_faults, &held)) {
		/* A repeat is better than a loss. */
		log_err(LANE_FMT ": the memory of what was sent could not be "
				 "read, alerts may repeat: %s not-told=%llu",
		    LANE_ARGS(l), e.text, (unsigned long long)held);
	}
	return rc == 1 ? row : NULL;
}

/* Sent before: keep its row from being pruned while the alert is seen, and
   note an update that changed nothing. */
static void
touch(struct lane *l, const char *record, const char *event, int64_t updated,
    const struct state_memory *known, struct sent *sent, bool is_update)
{
	struct state_memory m = *known;

	l->n_known++;
	if (sent != NULL && !sent->is_settled) {
		if (is_update)
			sent->memory.updated = updated;
		return;
	}
	m.seen = stamp_now();
	if (is_update)
		m.updated = updated;
	else if (m.seen - known->seen < stamp_from_ms(LANE_SEEN_MS))
		return;
	remember(l, record, event, &m);
}

static void
print_line(const struct buf *line)
{
	(void)fwrite(line->p, 1, line->len, stdout);
	(void)fputc('\n', stdout);
}

/* The words of CEF for 0..3, 4..6, 7..8, 9..10. */
static size_t
severity_band(int severity)
{
	return severity < 4 ? 0 : severity < 7 ? 1 : severity < 9 ? 2 : 3;
}

static void
put(struct lane *l, const struct source_record *rec, const struct map_event *ev,
    uint64_t hash)
{
	const struct state_memory m = {
		.updated = rec->updated, .hash = hash, .seen = stamp_now()
	};
	struct cef_line_options lo = {
		.version = l->dest_options->cef_version == 1 ? CEF_VERSION_1 :
							       CEF_VERSION_0,
	};
	struct sent *s = sent_new(rec->id, ev->key, &m);
	size_t left_out = 0;

	if (l->dest != NULL)
		lo.max_bytes = dest_line_max(l->dest);
	buf_reset(&l->line);
	cef_event_write(ev->cef, &lo, &l->line, &left_out);
	if (left_out > 0 && l->n_left_out++ == 0) {
		log_warn(LANE_FMT ": a line was longer than max-line allows; "
				  "fields were left out from its end "
				  "alert=%s fields=%zu (told once)",
		    LANE_ARGS(l), rec->id, left_out);
	}
	/* Rule 1. */
	sent_know(l, s);
	STAILQ_INSERT_TAIL(&l->unsettled, s, entry);
	l->n_put++;
	health__fresh(l->feed);
	l->n_severity[severity_band(cef_event_severity(ev->cef))]++;
	if (l->out != NULL) {
		dest_put(l->out, l->line.p, l->line.len,
		    cef_event_severity(ev->cef));
	} else {
		print_line(&l->line);
		settle_one(l);
	}
}

void
lane__take(struct lane *l, const struct pass *p,
    const struct source_record *rec, const struct map_event *ev)
{
	uint64_t hash = cef_event_hash(ev->cef);
	const struct state_memory *known;
	struct state_memory row;
	struct sent *sent;
	uint64_t put_before = l->n_put, known_before = l->n_known;

	known = recall(l, rec->id, ev->key, &row, &sent);
	switch (lane__decide(l->feed->o->updates, known, rec->updated, hash)) {
	case LANE_SEND:
		put(l, rec, ev, hash);
		break;
	case LANE_SKIP:
		touch(l, rec->id, ev->key, rec->updated, known, sent, false);
		break;
	case LANE_TOUCH:
		touch(l, rec->id, ev->key, rec->updated, known, sent, true);
		break;
	}
	if (p == l->pass) {
		l->pass_put += l->n_put - put_before;
		l->pass_known += l->n_known - known_before;
	}
	if (!lane__has_room(l) &&
	    !uv_is_active((const uv_handle_t *)&l->room_timer))
		(void)uv_timer_start(
		    &l->room_timer, on_no_room, LANE_NO_ROOM_MS, 0);
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b; /* STAMP_NONE is the smallest */
}

void
lane__slice(
    struct lane *l, const struct pass *p, const struct source_progress *pr)
{
	l->at.pass_from = p->window.updated_from;
	l->at.pass_date = p->date != STAMP_NONE ? p->date : pr->server_date;
	l->at.pass_created = pr->created_done;
	l->at.pass_newest = later(p->newest, pr->newest);
	add_mark(l, false);
}

bool
lane__gap(struct lane *l, const struct pass *p, int64_t from, int64_t until,
    const char *why)
{
	return gaps__add(l, p->window.updated_from, from, until, why);
}

/* Rows live for "remember" after the alert was last seen; once a day is
   often enough to look. */
static void
prune(struct lane *l)
{
	uint64_t now = clk_ms();

	if (!lane__moves(l) ||
	    (l->pruned_ms != 0 && now - l->pruned_ms < LANE_SEEN_MS))
		return;
	l->pruned_ms = now;
	/* A row may say "seen" so much too early. */
	state_commit_prune(batch_open(l)->commit, l->id,
	    stamp_now() - stamp_from_ms(LANE_SEEN_MS) -
		stamp_from_ms((int64_t)l->feed->o->remember_ms));
	batch_added(l);
}

void
lane__pass_ended(
    struct lane *l, const struct pass *p, const struct source_progress *pr)
{
	int64_t date = p->date != STAMP_NONE ? p->date : pr->server_date;

	l->at.cursor = lane__next_cursor(l->at.cursor,
	    later(p->newest, pr->newest), date, l->feed->o->overlap_ms);
	l->at.pass_from = STAMP_NONE;
	l->at.pass_date = STAMP_NONE;
	l->at.pass_created = STAMP_NONE;
	l->at.pass_newest = STAMP_NONE;
	l->is_done = true;
	l->window = (struct lane_window){
		.from = p->window.updated_from,
		.as_of = p->date != STAMP_NONE ? p->date : p->began,
		.records = pr->records,
		.known = l->pass_known,
		.lines = l->pass_put,
	};
	prune(l);
	add_mark(l, true);
	l->window.as_of = STAMP_NONE;
	log_debug(LANE_FMT ": a pass has ended records=%llu put=%llu "
			   "known=%llu unsettled=%llu",
	    LANE_ARGS(l), (unsigned long long)pr->records,
	    (unsigned long long)l->n_put, (unsigned long long)l->n_known,
	    (unsigned long long)(l->n_put - l->n_settled));
}

bool
lane__is_idle(const struct lane *l)
{
	return l->n_put == l->n_settled && l->batch == NULL &&
	    STAILQ_EMPTY(&l->submitted);
}

void
lane__close(struct lane *l)
{
	forwarder__close_handle(l->fw, (uv_handle_t *)&l->commit_timer);
	forwarder__close_handle(l->fw, (uv_handle_t *)&l->room_timer);
}

static void
free_queue(struct lane *l, struct sent_queue *q)
{
	struct sent *s;

	while ((s = STAILQ_FIRST(q)) != NULL) {
		STAILQ_REMOVE_HEAD(q, entry);
		sent_forget(l, s);
	}
}

void
lane__free(struct lane *l)
{
	struct batch *b;
	struct mark *m;

	if (l->feed != NULL)
		TAILQ_REMOVE(&l->feed->lanes, l, of_feed);
	gaps__free(l);
	free_queue(l, &l->unsettled);
	free_queue(l, &l->kept);
	/* Submitted commits are the state's; an open one is ours. */
	while ((b = STAILQ_FIRST(&l->submitted)) != NULL) {
		STAILQ_REMOVE_HEAD(&l->submitted, entry);
		batch_free(b);
	}
	if (l->batch != NULL) {
		state_commit_free(l->batch->commit);
		batch_free(l->batch);
	}
	while ((m = STAILQ_FIRST(&l->marks)) != NULL) {
		STAILQ_REMOVE_HEAD(&l->marks, entry);
		free(m);
	}
	buf_fini(&l->line);
	free(l->left_source);
	free(l->left_tenant);
	free(l);
}
