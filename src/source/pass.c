/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "source/source_priv.h"

#define LOG_ROOM       "source"

/*
 *   WAIT --timer--> TOKEN --auth_get()--> REQUEST --+
 *    ^ ^              |                      |      |
 *    | +-- no token --+                      |      v
 *    +----- next page, next slice, again ----+    ENDED
 *
 * WAIT     the timer runs (0 ms: at once, but from the loop)
 * TOKEN    auth_get() has not answered
 * REQUEST  a page is being read; while paused the timer runs, to drop it
 * HELD     paused between two requests; resume goes back to WAIT
 * ENDED    done was called or the pass cancelled; the timer is being closed
 */

/* DESIGN promise 9: nobody's server has to hold a transfer for longer. */
#define PAUSE_MAX_MS   30000U

/* No answer makes us ask again sooner, whatever it names. */
#define WAIT_MIN_MS    1000U

/* What the peer asks for is obeyed, but one that names next year by mistake
   does not silence a feed for so long: it is asked once an hour. */
#define WAIT_MAX_MS    3600000U

/* DESIGN promise 2: a Date further off is not believed, nor is a missing one;
   then our clock, less what two clocks may differ by. */
#define DATE_OFF_MS    ((int64_t)86400 * 1000)
#define DATE_MARGIN_MS ((int64_t)300 * 1000)

void
source__enter(struct source_pass *p)
{
	p->inside++;
}

static void
on_closed(uv_handle_t *t)
{
	struct source_pass *p;

	OBJ_CAST(p, t->data, PASS_MAGIC);
	source__items_stop(p);
	split_free(p->split);
	split_free(p->item_split);
	hashset_fini(&p->bad);
	record_parser_free(p->parser);
	hashset_fini(&p->ids);
	hashset_fini(&p->links);
	buf_fini(&p->page.url);
	buf_fini(&p->page.link);
	p->magic = 0;
	free(p);
}

static void
close_if_gone(struct source_pass *p)
{
	if (p->inside == 0 && p->is_gone && p->state != PASS_ENDED) {
		p->state = PASS_ENDED;
		uv_close((uv_handle_t *)&p->timer, on_closed);
	}
}

void
source__leave(struct source_pass *p)
{
	assert(p->inside != 0);
	p->inside--;
	close_if_gone(p);
}

/* Nothing of the pass runs any more. */
static void
stop(struct source_pass *p)
{
	p->is_gone = true;
	http_cancel(p->page.req);
	p->page.req = NULL;
	auth_cancel(p->token);
	p->token = NULL;
	(void)uv_timer_stop(&p->timer);
	assert(p->source->passes != 0);
	p->source->passes--;
}

void
source_pass_cancel(struct source_pass *p)
{
	if (p == NULL)
		return;
	OBJ_CHECK(p, PASS_MAGIC);
	assert(!p->is_gone);
	stop(p);
	close_if_gone(p);
}

void
source__finish(struct source_pass *p, const struct err *e)
{
	if (p->is_gone)
		return;
	stop(p);
	p->h->done(p->ctx, &p->progress, e);
}

void
source__tell(struct source_pass *p, enum source_state state,
    const struct err *e, uint64_t wait_ms)
{
	int status = state == SOURCE_OK ? 0 : p->page.status;

	if (p->has_told && p->told == state && p->told_status == status)
		return;
	p->has_told = true;
	p->told = state;
	p->told_status = status;
	if (!p->is_gone && p->h->state != NULL)
		p->h->state(p->ctx, state, e, wait_ms);
}

void
source__give_up(
    struct source_pass *p, enum source_state state, const struct err *e)
{
	source__tell(p, state, e, 0);
	source__finish(p, e);
}

static void go(struct source_pass *p);

static void
on_timer(uv_timer_t *t)
{
	struct source_pass *p;

	OBJ_CAST(p, t->data, PASS_MAGIC);
	source__enter(p);
	if (p->state == PASS_WAIT) {
		go(p);
	} else if (p->state == PASS_REQUEST && p->is_paused) {
		http_cancel(p->page.req);
		p->page.req = NULL;
		p->state = PASS_HELD;
		source__slice_begin(p);
	}
	source__leave(p);
}

void
source__schedule(struct source_pass *p, uint64_t wait_ms)
{
	if (p->is_gone)
		return;
	p->state = PASS_WAIT;
	(void)uv_timer_start(&p->timer, on_timer, wait_ms, 0);
}

uint64_t
source__wait_ms(struct source_pass *p, int64_t asked_ms)
{
	uint64_t wait = backoff_next_ms(&p->backoff);

	if (asked_ms < 0)
		return wait;
	if (asked_ms > (int64_t)WAIT_MAX_MS)
		return WAIT_MAX_MS;
	return asked_ms > (int64_t)WAIT_MIN_MS ? (uint64_t)asked_ms :
						 WAIT_MIN_MS;
}

static void
no_token(struct source_pass *p, const struct err *e, uint64_t retry_ms)
{
	uint64_t wait;

	p->page.status = (int)e->kind; /* so that another reason is told */
	if (e->kind == ERR_REFUSED || e->kind == ERR_CONFIG) {
		source__give_up(p, SOURCE_NO_TOKEN, e);
		return;
	}
	wait = source__wait_ms(p, (int64_t)retry_ms);
	source__tell(p, SOURCE_NO_TOKEN, e, wait);
	source__schedule(p, wait);
}

static void
begin_request(struct source_pass *p, const char *bearer)
{
	struct err e = { .kind = ERR_NONE };
	uint64_t wait;

	p->state = PASS_REQUEST;
	p->progress.calls++;
	if (source__page_start(p, bearer, &e) == 0)
		return;
	if (!err_retries(e.kind)) {
		source__give_up(p, SOURCE_UNREACHABLE, &e);
		return;
	}
	wait = source__wait_ms(p, -1);
	source__tell(p, SOURCE_UNREACHABLE, &e, wait);
	source__schedule(p, wait);
}

static void
on_token(void *ctx, const struct auth_token *token, const struct err *e,
    uint64_t retry_ms)
{
	struct source_pass *p;

	OBJ_CAST(p, ctx, PASS_MAGIC);
	source__enter(p);
	p->token = NULL;
	if (token == NULL) {
		no_token(p, e, retry_ms);
	} else if (p->is_paused) {
		p->state = PASS_HELD;
	} else {
		p->serial = token->serial;
		begin_request(p, token->bearer);
	}
	source__leave(p);
}

/* The calls that are allowed are used up; or the API said so, maybe to another
   pass: this one may then have nothing else to tell for an hour. */
static void
tell_wait(struct source_pass *p, uint64_t wait_ms)
{
	struct err e = { .kind = ERR_NONE };
	uint64_t held;

	if (quota_is_held(p->source->quota, clk_ms())) {
		(void)err_set(
		    &e, ERR_BUSY, "the API told this application to wait");
		source__tell(p, SOURCE_THROTTLED, &e, wait_ms);
	} else if (log_may(&p->source->quota_log, &held)) {
		log_info("%s: the calls that the API allows this application "
			 "are used up for now wait_ms=%" PRIu64,
		    p->source->label, wait_ms);
	}
}

/* Whether the budget allows a call now; otherwise the timer runs. */
static bool
may_call(struct source_pass *p)
{
	struct source *s = p->source;
	uint64_t wait;

	wait = s->quota == NULL ? 0 : quota_call(s->quota, clk_ms());
	if (wait == 0)
		return true;
	tell_wait(p, wait);
	source__schedule(p, wait);
	return false;
}

static void
go(struct source_pass *p)
{
	if (p->is_paused) {
		p->state = PASS_HELD;
		return;
	}
	if (!may_call(p))
		return;
	p->state = PASS_TOKEN;
	p->token = auth_get(p->source->auth, on_token, p);
}

/* The first turn of the loop: nothing runs from inside source_pass_start(). */
static void
on_begin(uv_timer_t *t)
{
	struct source_pass *p;

	OBJ_CAST(p, t->data, PASS_MAGIC);
	source__enter(p);
	if (p->slices.hi != STAMP_NONE && p->slices.hi <= p->slices.lo) {
		source__finish(p, NULL); /* an empty window */
	} else {
		source__slice_begin(p);
		if (!p->is_gone)
			go(p);
	}
	source__leave(p);
}

/* Where creation times begin and end; where records never change, creation is
   the time of the window. */
static void
plan(struct source_pass *p)
{
	const struct source_options *o = &p->source->o;
	int64_t lo = 0, hi = STAMP_NONE;

	if (o->retention_ms != 0)
		lo = stamp_from_ms(clk_unix_ms() - (int64_t)o->retention_ms);
	if (o->api->is_final) {
		if (p->w.updated_from > lo)
			lo = p->w.updated_from;
		hi = p->w.updated_until;
	}
	if (p->w.created_from != STAMP_NONE && p->w.created_from > lo)
		lo = p->w.created_from;
	if (p->w.created_until > 0 &&
	    (hi == STAMP_NONE || p->w.created_until < hi))
		hi = p->w.created_until;
	slices_init(&p->slices, lo, hi);
	p->progress.created_done = lo;
}

void
source__pass_date(struct source_pass *p, int64_t date_unix_ms)
{
	int64_t ours = clk_unix_ms();
	uint64_t held;

	if (p->progress.server_date != STAMP_NONE)
		return;
	if (date_unix_ms >= 0 && date_unix_ms - ours < DATE_OFF_MS &&
	    ours - date_unix_ms < DATE_OFF_MS) {
		p->progress.server_date = stamp_from_ms(date_unix_ms);
		return;
	}
	p->progress.server_date = stamp_from_ms(ours - DATE_MARGIN_MS);
	if (log_may(&p->source->date_log, &held))
		log_warn(
		    "%s: the API's Date header %s, so this host's clock less "
		    "5 minutes is used; check the clock",
		    p->source->label,
		    date_unix_ms < 0 ?
			"is missing or unreadable" :
			"is a day or more off this host's clock");
}

struct source_pass *
source_pass_start(struct source *s, const struct source_window *w,
    const struct source_handlers *h, void *ctx)
{
	const struct split_options so = {
		.shape = SPLIT_PAGE,
		.array = s->o.api->array,
		.inner = s->inner,
		.max_element = s->o.max_element,
	};
	const struct split_options item = {
		.shape = SPLIT_ANY,
		.max_element = s->o.max_element,
	};
	struct source_pass *p = xcalloc(1, sizeof(*p));

	OBJ_CHECK(s, SOURCE_MAGIC);
	p->magic = PASS_MAGIC;
	p->source = s;
	p->w = *w;
	p->h = h;
	p->ctx = ctx;
	p->progress.newest = STAMP_NONE;
	p->progress.server_date = STAMP_NONE;
	p->gap_lo = STAMP_NONE;
	p->backoff = BACKOFF_API;
	p->page_size = source__page_size(s);
	p->split = split_new(&so, &source__split_handlers, p);
	if (s->o.api->item != NULL)
		p->item_split = split_new(&item, &source__split_handlers, p);
	p->parser = record_parser_new();
	buf_init(&p->page.url, URL_MAX_BYTES);
	buf_init(&p->page.link, URL_MAX_BYTES);
	plan(p);
	s->passes++;
	(void)uv_timer_init(s->loop, &p->timer);
	p->timer.data = p;
	p->state = PASS_WAIT;
	(void)uv_timer_start(&p->timer, on_begin, 0, 0);
	return p;
}

void
source_pass_pause(struct source_pass *p)
{
	OBJ_CHECK(p, PASS_MAGIC);
	if (p->is_paused || p->is_gone)
		return;
	p->is_paused = true;
	if (p->state == PASS_REQUEST && p->page.req != NULL) {
		http_pause(p->page.req);
		(void)uv_timer_start(&p->timer, on_timer, PAUSE_MAX_MS, 0);
	}
}

void
source_pass_resume(struct source_pass *p)
{
	OBJ_CHECK(p, PASS_MAGIC);
	if (!p->is_paused || p->is_gone)
		return;
	p->is_paused = false;
	if (p->state == PASS_HELD) {
		source__schedule(p, 0);
	} else if (p->state == PASS_REQUEST && p->page.req != NULL) {
		(void)uv_timer_stop(&p->timer);
		http_resume(p->page.req);
	}
}

const struct source_progress *
source_pass_progress(const struct source_pass *p)
{
	OBJ_CHECK(p, PASS_MAGIC);
	return &p->progress;
}
