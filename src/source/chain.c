/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "source/source_priv.h"

#define LOG_ROOM           "source"

/*
 * What follows a page: the next one, the next slice, the same again, less of
 * it, or the end.
 *
 * Invariants.  Every record created before progress.created_done was handed
 * over or lies in a gap that was told.  With gap_lo set, [gap_lo, slices.lo)
 * was stepped round but not told: only when the API answers for its neighbour
 * is it a gap; when it does not, the API itself is ill, and the slice is put
 * back.
 */

/* Failures in a row before less is asked for at a time. */
#define SHRINK_AFTER       3U

/* Smaller pages than this do not help where one record is the trouble. */
#define PAGE_SIZE_MIN      50U

/* What a restart repeats, and a drop after a pause: some ten pages. */
#define SLICE_RECORDS_MAX  10000U

/* Unpaged APIs hand out a slice in one answer: at most a day of it. */
#define SLICE_UNPAGED      ((int64_t)86400 * STAMP_PER_S)

/* Links without an end that bring nothing. */
#define SLICE_PAGES_MAX    10000U

/* Calls that bring nothing new are spaced after so many, so that an API that
   makes no sense is not asked without pause. */
#define IDLE_CALLS         60U
#define IDLE_CALLS_PER_MIN 150U

static int64_t
now(const struct source_pass *p)
{
	int64_t ours = stamp_now();

	/* A host clock far behind must not stop the halving. */
	return p->progress.server_date > ours ? p->progress.server_date : ours;
}

/* The API has times to cut by, and takes notice of them. */
static bool
has_slices(const struct source_pass *p)
{
	const struct api *api = p->source->o.api;

	return !p->is_unfiltered && api->query_until != NULL;
}

static bool
can_halve(const struct source_pass *p)
{
	return has_slices(p) && slices_can_halve(&p->slices, now(p));
}

bool
source__is_too_much(const struct source_pass *p, uint64_t records)
{
	return records > SLICE_RECORDS_MAX && can_halve(p);
}

void
source__slice_begin(struct source_pass *p)
{
	const struct api *api = p->source->o.api;
	struct err e = { .kind = ERR_NONE };

	if (api->paging == API_PAGING_NONE && has_slices(p))
		slices_clip(&p->slices, now(p), SLICE_UNPAGED);
	source__items_stop(p);
	if (p->source->plain_until_ms > clk_ms())
		p->is_plain = true;
	hashset_clear(&p->ids);
	hashset_clear(&p->links);
	p->records = 0;
	p->pages = 0;
	p->count = -1;
	p->offset = 0;
	p->is_behind = false;
	p->page.is_first = true;
	p->page.fresh = 0;
	if (source__url(p->source, &p->w, &p->slices, p->page_size, p->is_plain,
		&p->page.url, &e) == -1) {
		source__finish(p, &e);
		return;
	}
	(void)hashset_add(&p->links, p->page.url.p);
}

/* Ask for what page.url names. */
static void
ask(struct source_pass *p)
{
	unsigned int per_min = p->source->o.api->calls_per_min;

	p->page.fresh = 0;
	if (per_min == 0)
		per_min = IDLE_CALLS_PER_MIN;
	source__schedule(p, p->idle < IDLE_CALLS ? 0 : 60000 / per_min);
}

static void
ask_slice(struct source_pass *p)
{
	source__slice_begin(p);
	if (!p->is_gone)
		ask(p);
}

static void
tell_gap(struct source_pass *p, int64_t lo, int64_t hi, const char *why)
{
	char from[STAMP_TEXT_MAX], until[STAMP_TEXT_MAX], where[400];

	if (p->h->gap != NULL) {
		p->h->gap(p->ctx, lo, hi, why);
		return;
	}
	if (p->h->refused == NULL)
		return;
	stamp_format(lo, from);
	stamp_format(hi, until);
	(void)snprintf(where, sizeof(where), "created %s to %s", from, until);
	p->h->refused(p->ctx, where, why);
}

/* Go on behind the slice under way, of which all was said. */
static void
next_slice(struct source_pass *p)
{
	if (p->slices.hi == STAMP_NONE) {
		source__finish(p, NULL);
		return;
	}
	p->progress.created_done = p->slices.hi;
	if (p->h->slice != NULL)
		p->h->slice(p->ctx, &p->progress);
	if (p->is_gone)
		return;
	if (!slices_next(&p->slices)) {
		source__finish(p, NULL);
		return;
	}
	p->page_size = source__page_size(p->source);
	p->restarts = 0;
	p->is_plain = false;
	ask_slice(p);
}

/* The neighbour of what was stepped round can be read. */
static void
confirm_gap(struct source_pass *p)
{
	int64_t lo = p->gap_lo;

	if (lo == STAMP_NONE)
		return;
	p->gap_lo = STAMP_NONE;
	tell_gap(p, lo, p->slices.lo, p->gap_why.text);
	if (p->is_gone)
		return;
	p->progress.created_done = p->slices.lo;
	if (p->h->slice != NULL)
		p->h->slice(p->ctx, &p->progress);
}

/* Wait as told or by back-off, and ask again. */
static void
again(struct source_pass *p, enum source_state state, const struct err *e)
{
	uint64_t wait = source__wait_ms(p, p->page.retry_after_ms);

	if (state == SOURCE_THROTTLED && p->source->quota != NULL)
		quota_hold(p->source->quota, clk_ms(), wait);
	source__tell(p, state, e, wait);
	source__schedule(p, wait);
}

/* The slice cannot be made smaller: step round it, or come back to what was
   stepped round before. */
static void
step_round(struct source_pass *p, const struct err *e)
{
	if (p->slices.hi == STAMP_NONE)
		return; /* time will make it large enough to be cut */
	if (p->slices.n == 0) {
		/* No neighbour to try: earlier answers must do. */
		if (p->has_worked) {
			tell_gap(p, p->slices.lo, p->slices.hi, e->text);
			next_slice(p);
		}
		return;
	}
	p->gap_lo = p->slices.lo;
	p->gap_why = *e;
	(void)slices_next(&p->slices);
	source__slice_begin(p);
}

/* The same request has failed again and again: ask for less. */
static void
shrink(struct source_pass *p, const struct err *e)
{
	p->fails = 0;
	if (p->gap_lo != STAMP_NONE) {
		slices_back(&p->slices, p->gap_lo);
		p->gap_lo = STAMP_NONE;
	} else if (source__may_be_plain(p) && p->source->o.api->item != NULL &&
	    p->page.status >= 500) {
		p->is_plain = true;
	} else if (p->page_size > PAGE_SIZE_MIN) {
		p->page_size /= 4;
		if (p->page_size < PAGE_SIZE_MIN)
			p->page_size = PAGE_SIZE_MIN;
	} else if (!has_slices(p)) {
		return;
	} else if (!slices_halve(&p->slices, now(p))) {
		step_round(p, e);
		return;
	}
	source__slice_begin(p);
}

static void
failed(struct source_pass *p, const struct err *e)
{
	if (++p->fails >= SHRINK_AFTER)
		shrink(p, e);
	if (!p->is_gone)
		again(p, SOURCE_UNREACHABLE, e);
}

/* The API answered: what was wrong before is over. */
static void
works(struct source_pass *p)
{
	backoff_reset(&p->backoff);
	p->fails = 0;
	p->has_worked = true;
	p->is_renewed = false;
	auth_accept(p->source->auth, p->serial);
	source__plain_works(p);
	confirm_gap(p);
	/* Answers that lead nowhere are no good news. */
	if (!p->is_gone && p->idle < IDLE_CALLS)
		source__tell(p, SOURCE_OK, NULL, 0);
}

static uint64_t
distinct(const struct source_pass *p)
{
	return p->ids.n + p->records;
}

/* The API counts what it never hands out (records that this identity may not
   see, a count that takes no notice of the filter): it proves nothing then. */
static void
void_count(const struct source_pass *p)
{
	p->source->is_count_void = true;
	log_warn("%s: the API counts records where it hands out none, so "
		 "completeness is no longer checked against its count; some "
		 "may not be visible to this identity",
	    p->source->label);
}

/* It answers, but does not hand out all of the slice. */
static void
halve(struct source_pass *p, const struct err *e)
{
	bool is_empty =
	    distinct(p) == 0 && p->count > 0 && !p->source->is_count_void;
	int64_t hi = p->slices.hi;

	log_debug("%s", e->text);
	if (has_slices(p)) {
		if (slices_halve(&p->slices, now(p))) {
			if (p->idle >= IDLE_CALLS)
				source__tell(p, SOURCE_UNREACHABLE, e, 0);
			if (!p->is_gone)
				ask_slice(p);
			return;
		}
		if (hi == STAMP_NONE) {
			/* Time will make it large enough to be cut. */
			source__slice_begin(p);
			if (!p->is_gone)
				again(p, SOURCE_UNREACHABLE, e);
			return;
		}
	}
	if (is_empty)
		void_count(p);
	else
		tell_gap(
		    p, p->slices.lo, hi == STAMP_NONE ? now(p) : hi, e->text);
	if (!p->is_gone)
		next_slice(p);
}

static void __attribute__((format(printf, 2, 3)))
halve_for(struct source_pass *p, const char *fmt, ...)
{
	struct err e = { .kind = ERR_NONE };
	char why[300];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	(void)err_set(&e, ERR_PROTO, "%s", why);
	halve(p, &e);
}

/* The slice's first request with one more parameter: where to go on. */
static void
ask_from(struct source_pass *p, const char *text)
{
	const char *name = p->source->o.api->next_param;
	struct err e = { .kind = ERR_NONE };
	struct buf *url = &p->page.url;

	if (source__url(p->source, &p->w, &p->slices, p->page_size, p->is_plain,
		url, &e) == -1) {
		source__finish(p, &e);
		return;
	}
	buf_addf(url, "%c%s=", strchr(url->p, '?') == NULL ? '?' : '&', name);
	buf_add_urlenc(url, text, strlen(text));
	if (!buf_ok(url)) {
		halve_for(p, "the next page's URL is too long");
		return;
	}
	p->page.is_first = false;
	ask(p);
}

/* Ask for what lies behind the records that came. */
static void
ask_behind(struct source_pass *p)
{
	uint64_t most = p->source->o.api->offset_max;
	char text[24];

	if (most != 0 && p->offset > most) {
		halve_for(p, "more records than the API hands out, %llu",
		    (unsigned long long)most);
		return;
	}
	if (p->pages >= SLICE_PAGES_MAX) {
		halve_for(p, "the pages have no end");
		return;
	}
	(void)snprintf(
	    text, sizeof(text), "%llu", (unsigned long long)p->offset);
	p->is_behind = true;
	ask_from(p, text);
}

/* A page without link and count proves nothing: the API may hand out fewer
   records than the page size that it was asked for.  Nor does one whose link
   leads back to it, wherever it stands. */
static bool
needs_look_behind(const struct source_pass *p)
{
	const struct api *api = p->source->o.api;
	bool is_counted = p->count >= 0 &&
	    (!p->source->is_count_void || distinct(p) >= (uint64_t)p->count);

	if (is_counted || p->is_behind ||
	    (!p->page.is_first && !p->page.leads_back) ||
	    api->next_param == NULL || split_count(p->split) == 0)
		return false;
	if (api->paging == API_PAGING_OFFSET)
		return true;
	return api->paging == API_PAGING_LINK && p->page_size != 0 &&
	    can_halve(p);
}

/*
 * The pages have ended, and there is more.  What an offset counts shifts when
 * records change their places meanwhile, so it serves only where time cannot
 * be cut.
 */
static void
slice_goes_on(struct source_pass *p)
{
	const struct api *api = p->source->o.api;
	bool has_offset = api->next_param != NULL &&
	    (api->paging == API_PAGING_LINK ||
		api->paging == API_PAGING_OFFSET);

	if (has_offset && !can_halve(p))
		ask_behind(p);
	else if (api->query_until == NULL)
		next_slice(p); /* its word is all that there is */
	else
		halve_for(p, "a full page came without a way to the next");
}

/* The slice's pages have ended: is it whole (DESIGN promise 2)?  What a failed
   attempt at the page handed over counts as fresh, too: the page that is whole
   at last brings the same again. */
static void
slice_end(struct source_pass *p)
{
	bool is_counted = p->count >= 0 && !p->source->is_count_void;
	bool is_short = is_counted && distinct(p) < (uint64_t)p->count;
	bool is_full = p->page_size != 0 &&
	    p->source->o.api->paging != API_PAGING_NONE &&
	    split_count(p->split) >= p->page_size;

	/* The count proves it where the API has shown that it knows how to
	   link pages, and where nothing can be cut. */
	if (is_counted && !is_short && (!p->page.is_first || !can_halve(p)))
		is_full = false;
	if (p->is_behind && (!is_counted || is_short))
		is_full = p->page.fresh != 0;
	if (is_full || (is_short && !can_halve(p) && p->page.fresh != 0))
		slice_goes_on(p);
	else if (is_short)
		halve_for(p, "only %llu of %llu records came",
		    (unsigned long long)distinct(p),
		    (unsigned long long)p->count);
	else if (needs_look_behind(p))
		ask_behind(p);
	else
		next_slice(p);
}

/* Some APIs let their last page link to itself.  Whether it is the last, the
   count knows, or a look behind it. */
static bool
may_be_last(struct source_pass *p, const char *link)
{
	p->page.leads_back = strcmp(link, p->page.url.p) == 0;
	if (!p->page.leads_back)
		return false;
	if (split_count(p->split) == 0)
		return true;
	if (p->count >= 0 && !p->source->is_count_void)
		return distinct(p) >= (uint64_t)p->count;
	return p->is_behind || needs_look_behind(p);
}

/* A chain that is too long, or leads back: true, and the slice is halved. */
static bool
is_endless(struct source_pass *p, const char *link)
{
	if (source__is_too_much(p, distinct(p)))
		halve_for(
		    p, "a slice of more than %u records", SLICE_RECORDS_MAX);
	else if (strlen(link) >= URL_MAX_BYTES)
		halve_for(p, "the next page's link is too long");
	else if (p->pages >= SLICE_PAGES_MAX || !hashset_add(&p->links, link))
		halve_for(p, "the links from page to page have no end");
	else
		return false;
	return true;
}

static void
follow(struct source_pass *p, const char *link)
{
	struct err e = { .kind = ERR_NONE };
	struct buf url;

	buf_init(&url, URL_MAX_BYTES);
	if (source__link(p->source, link, &url, NULL) == -1) {
		halve_for(p, "the next page's link is too long");
	} else if (source__same_origin(p->source, url.p, &e) == -1) {
		source__give_up(p, SOURCE_REFUSED, &e);
	} else if (may_be_last(p, url.p)) {
		slice_end(p);
	} else if (!is_endless(p, url.p)) {
		buf_reset(&p->page.url);
		buf_adds(&p->page.url, url.p);
		p->page.is_first = false;
		ask(p);
	}
	buf_fini(&url);
}

static void
follow_cursor(struct source_pass *p, const char *cursor)
{
	/* Some go on naming the place where they ended. */
	if (split_count(p->split) == 0)
		slice_end(p);
	else if (!is_endless(p, cursor))
		ask_from(p, cursor);
}

static int64_t
page_count(const struct source_pass *p)
{
	const char *name = p->source->o.api->count;
	const char *text = name == NULL ? NULL : split_member(p->split, name);
	int64_t count;

	if (text == NULL || num_i64(text, strlen(text), &count, NULL) == -1)
		return -1;
	return count;
}

static void
page_ok(struct source_pass *p)
{
	const struct api *api = p->source->o.api;
	const char *next = NULL;

	p->pages++;
	p->records += p->page.refused;
	p->offset += split_count(p->split);
	p->idle = p->page.fresh + p->page.refused == 0 ? p->idle + 1 : 0;
	p->page.leads_back = false;
	if (p->page.is_first)
		p->count = page_count(p);
	if (api->paging == API_PAGING_HEADER)
		next = p->page.link.p;
	else if (api->next != NULL)
		next = split_member(p->split, api->next);
	if (next == NULL || next[0] == '\0')
		slice_end(p);
	else if (api->paging == API_PAGING_CURSOR)
		follow_cursor(p, next);
	else
		follow(p, next);
}

/* A link ended before the slice did.  Its first page can be read each time, so
   failures in a row do not tell: a slice of fewer pages may end sooner. */
static void
restart(struct source_pass *p, const struct err *e)
{
	if (++p->restarts >= SHRINK_AFTER) {
		p->restarts = 0;
		halve(p, e);
		return;
	}
	source__slice_begin(p);
	if (!p->is_gone)
		again(p, SOURCE_UNREACHABLE, e);
}

static void
final(struct source_pass *p, const struct err *e)
{
	bool is_refused = p->page.status == 401 || p->page.status == 403;

	if (p->page.status == 403)
		auth_doubt(p->source->auth, p->serial);
	source__give_up(p, is_refused ? SOURCE_REFUSED : SOURCE_UNREACHABLE, e);
}

/* What concerns the record alone; the rest is as with any request. */
static bool
item_failed(struct source_pass *p, enum verdict v, const struct err *e)
{
	switch (v) {
	case VERDICT_OK:
	case VERDICT_RENEW:
	case VERDICT_LATER:
	case VERDICT_THROTTLE:
	case VERDICT_FINAL:
		return false;
	case VERDICT_SMALLER:
	case VERDICT_RESTART:
	case VERDICT_HALVE:
		break;
	}
	if (source__item_failed(p, e))
		source__slice_begin(p);
	if (!p->is_gone)
		again(p, SOURCE_UNREACHABLE, e);
	return true;
}

void
source__page_done(struct source_pass *p, const struct err *why)
{
	struct err e = { .kind = ERR_NONE };
	enum verdict v = source__page_verdict(p, why, &e);

	if (p->is_item && item_failed(p, v, &e))
		return;
	if (v == VERDICT_OK || v == VERDICT_HALVE)
		works(p);
	if (p->is_gone)
		return;
	switch (v) {
	case VERDICT_OK:
		if (p->is_item ? !source__items_next(p) :
				 !source__items_begin(p))
			page_ok(p);
		break;
	case VERDICT_RENEW:
		p->is_renewed = true;
		auth_renew(p->source->auth, p->serial);
		source__schedule(p, 0);
		break;
	case VERDICT_LATER:
		again(p, SOURCE_UNREACHABLE, &e);
		break;
	case VERDICT_THROTTLE:
		p->progress.throttled++;
		again(p, SOURCE_THROTTLED, &e);
		break;
	case VERDICT_RESTART:
		restart(p, &e);
		break;
	case VERDICT_SMALLER:
		failed(p, &e);
		break;
	case VERDICT_HALVE:
		halve(p, &e);
		break;
	case VERDICT_FINAL:
		final(p, &e);
		break;
	}
}
