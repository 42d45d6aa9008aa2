/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "lane/lane_priv.h"

#define LOG_ROOM "lane"

static void
on_state_report(void *ctx, const struct err *e)
{
	struct forwarder *fw;

	OBJ_CAST(fw, ctx, FORWARDER_MAGIC);
	health__state(fw, e);
	if (e != NULL) {
		fw->unwritten = *e;
		log_err("the state could not be written: %s; forwarding goes "
			"on, a restart will repeat what is sent meanwhile; "
			"is the disk full?",
		    e->text);
	} else {
		err_clear(&fw->unwritten);
		log_info("the state can be written again");
	}
}

static void
tell_trouble(struct outlet *out)
{
	const struct dest_counts *c = dest_counts(out->dest);

	log_warn("destination %s: %s; nothing is lost held=%" PRIu64
		 " bytes=%zu not-told=%" PRIu64,
	    out->o->name, out->why.text, c->held, c->held_bytes, out->not_told);
	out->told_ms = clk_ms();
	out->not_told = 0;
	out->is_told = true;
}

static void
on_late(uv_timer_t *t)
{
	struct outlet *out;

	OBJ_CAST(out, t->data, OUTLET_MAGIC);
	out->not_told--; /* it is told now */
	tell_trouble(out);
}

/* A receiver that comes and goes must not fill the log; one that stays away
   must not go untold. */
static void
dest_ill(struct outlet *out, const struct err *e)
{
	uint64_t now = clk_ms();

	if (out->away_since_ms == 0)
		out->away_since_ms = now;
	out->why = *e;
	out->why_at = stamp_now();
	health__outlet_ill(out);
	if (out->is_told || out->told_ms == 0 ||
	    now - out->told_ms >= OUTLET_QUIET_MS) {
		tell_trouble(out);
		return;
	}
	out->not_told++;
	(void)uv_timer_start(
	    &out->late, on_late, out->told_ms + OUTLET_QUIET_MS - now, 0);
}

static void
dest_well(struct outlet *out)
{
	(void)uv_timer_stop(&out->late);
	health__outlet_well(out);
	if (out->is_told || !out->was_connected) {
		log_info("destination %s: %s held=%" PRIu64 " down_s=%" PRIu64,
		    out->o->name, out->was_connected ? "back" : "connected",
		    dest_counts(out->dest)->held,
		    out->away_since_ms == 0 ?
			0 :
			(clk_ms() - out->away_since_ms) / 1000);
	}
	out->is_told = false;
	out->was_connected = true;
	out->away_since_ms = 0;
}

static void
on_dest_state(void *ctx, enum dest_state state, const struct err *e)
{
	struct outlet *out;

	OBJ_CAST(out, ctx, OUTLET_MAGIC);
	switch (state) {
	case DEST_CONNECTING:
		break;
	case DEST_UP:
		dest_well(out);
		break;
	case DEST_AWAY:
	case DEST_HOLDING:
		dest_ill(out, e);
		break;
	}
}

static void
destroy(struct forwarder *fw)
{
	struct lane *l;

	for (size_t i = 0; i < fw->n_lanes; i++)
		lane__free(fw->lanes[i]);
	for (size_t i = 0; i < fw->n_feeds; i++)
		feed__free(fw->feeds[i]);
	for (size_t i = 0; i < fw->n_outlets; i++) {
		generation__unref(fw->outlets[i]->gen);
		free(fw->outlets[i]);
	}
	while ((l = LIST_FIRST(&fw->leaving)) != NULL) {
		LIST_REMOVE(l, leave_entry);
		lane__free(l);
	}
	forwarder__bury(fw);
	free(fw->lanes);
	free(fw->feeds);
	free(fw->outlets);
	auth_set_free(fw->auths);
	quota_set_free(fw->quotas);
	generation__unref(fw->gen);
	free(fw);
}

/* The last handle of ours is closed. */
static void
on_closed(uv_handle_t *h)
{
	struct forwarder *fw;

	OBJ_CAST(fw, h->data, FORWARDER_MAGIC);
	/* What a reload has ended is buried by its timer. */
	if (--fw->closing > 0 || !fw->is_closing)
		return;
	if (fw->ended != NULL)
		fw->ended(fw->ctx, &fw->err);
	destroy(fw);
}

void
forwarder__close_handle(struct forwarder *fw, uv_handle_t *h)
{
	h->data = fw;
	fw->closing++;
	uv_close(h, on_closed);
}

void
outlet__close(struct outlet *out)
{
	dest_close(out->dest);
	forwarder__close_handle(out->fw, (uv_handle_t *)&out->late);
	forwarder__close_handle(out->fw, (uv_handle_t *)&out->lasts);
}

static void
close_own_handles(struct forwarder *fw)
{
	forwarder__close_handle(fw, (uv_handle_t *)&fw->stop_timer);
	forwarder__close_handle(fw, (uv_handle_t *)&fw->step);
	forwarder__close_handle(fw, (uv_handle_t *)&fw->heartbeat);
	forwarder__close_handle(fw, (uv_handle_t *)&fw->watch);
	forwarder__close_handle(fw, (uv_handle_t *)&fw->linger);
	forwarder__close_handle(fw, (uv_handle_t *)&fw->reload_timer);
}

static void
close_all(struct forwarder *fw)
{
	struct lane *l;

	fw->is_closing = true;
	close_own_handles(fw);
	for (size_t i = 0; i < fw->n_feeds; i++)
		feed__close(fw->feeds[i]);
	for (size_t i = 0; i < fw->n_lanes; i++)
		lane__close(fw->lanes[i]);
	LIST_FOREACH(l, &fw->leaving, leave_entry) {
		lane__close(l);
	}
	for (size_t i = 0; i < fw->n_outlets; i++)
		outlet__close(fw->outlets[i]);
	state_close(fw->state);
	http_close(fw->http);
}

static bool
feeds_have_ended(const struct forwarder *fw)
{
	if (fw->o->mode == FORWARD_RUN && !fw->is_stopping)
		return false;
	for (size_t i = 0; i < fw->n_feeds; i++) {
		if (!LIST_EMPTY(&fw->feeds[i]->passes))
			return false;
	}
	if (fw->is_stopping)
		return true;
	for (size_t i = 0; i < fw->n_lanes; i++) {
		if (!fw->lanes[i]->is_done)
			return false;
	}
	return true;
}

static bool
is_written(struct lane *l)
{
	if (l->n_put == l->n_settled)
		lane__flush(l);
	return lane__is_idle(l);
}

static void
on_step(uv_idle_t *h)
{
	bool is_idle = true;
	struct forwarder *fw;
	struct lane *l;

	OBJ_CAST(fw, h->data, FORWARDER_MAGIC);
	(void)uv_idle_stop(h);
	if (fw->is_closing || !feeds_have_ended(fw))
		return;
	for (size_t i = 0; i < fw->n_lanes; i++)
		is_idle = is_written(fw->lanes[i]) && is_idle;
	LIST_FOREACH(l, &fw->leaving, leave_entry) {
		is_idle = is_written(l) && is_idle;
	}
	if (is_idle && health__is_told(fw))
		close_all(fw);
}

/* Not at once: the caller may be inside a callback of what is closed. */
void
forwarder__check(struct forwarder *fw)
{
	if (!fw->is_closing && feeds_have_ended(fw))
		(void)uv_idle_start(&fw->step, on_step);
}

void
forwarder__failed(struct forwarder *fw, const struct err *e)
{
	/* The first one decides and is told at the end, the others now. */
	if (fw->err.kind == ERR_NONE)
		fw->err = *e;
	else
		log_err("%s", e->text);
}

struct outlet *
outlet__new(
    struct forwarder *fw, const struct dest_options *o, struct generation *gen)
{
	struct outlet *out = xcalloc(1, sizeof(*out));

	out->magic = OUTLET_MAGIC;
	out->fw = fw;
	out->o = o;
	out->why_at = STAMP_NONE;
	(void)uv_timer_init(fw->loop, &out->late);
	out->late.data = out;
	health__outlet_init(out);
	out->gen = generation__ref(gen);
	return out;
}

int
outlet__open(struct outlet *out, struct err *e)
{
	if (out->fw->o->is_printing)
		return 0;
	out->dest = dest_new(out->fw->loop, out->o, on_dest_state, out, e);
	if (out->dest == NULL)
		return err_context(e, "destination %s", out->o->name);
	return 0;
}

/* All of them, not yet open, so that a fault leaves none half made. */
static void
make_all(struct forwarder *fw)
{
	const struct forwarder_options *o = fw->o;

	fw->outlets = xcalloc(o->n_dests, sizeof(struct outlet *));
	fw->feeds = xcalloc(o->n_feeds, sizeof(struct feed *));
	fw->lanes = xcalloc(o->n_lanes, sizeof(struct lane *));
	for (size_t i = 0; i < o->n_dests; i++) {
		fw->outlets[i] = outlet__new(fw, &o->dests[i], fw->gen);
		fw->outlets[i]->index = fw->n_outlets++;
	}
	for (size_t i = 0; i < o->n_feeds; i++) {
		fw->feeds[i] = feed__new(fw, &o->feeds[i], fw->gen);
		fw->feeds[i]->index = fw->n_feeds++;
	}
}

static void
make_lanes(struct forwarder *fw)
{
	for (size_t i = 0; i < fw->o->n_lanes; i++) {
		const struct lane_pair *pair = &fw->o->lanes[i];

		fw->lanes[i] = lane__new(
		    fw, fw->feeds[pair->feed], fw->outlets[pair->dest]);
		fw->lanes[i]->index = fw->n_lanes++;
	}
}

static int
open_state(struct forwarder *fw, struct err *e)
{
	switch (fw->o->mode) {
	case FORWARD_REPLAY:
		return 0;
	case FORWARD_DRY_RUN:
		fw->state = state_open_reading(fw->loop, fw->o->state_dir, e);
		if (fw->state == NULL && e->kind == ERR_NOINPUT) {
			/* Nothing was ever sent: all of it is new. */
			err_clear(e);
			return 0;
		}
		break;
	case FORWARD_RUN:
	case FORWARD_ONCE:
		fw->state = state_open(
		    fw->loop, fw->o->state_dir, on_state_report, fw, e);
		break;
	}
	return fw->state == NULL ? -1 : 0;
}

static int
open_all(struct forwarder *fw, struct err *e)
{
	make_all(fw);
	if (open_state(fw, e) == -1)
		return -1;
	fw->http = http_new(fw->loop, PACKAGE_NAME "/" PACKAGE_VERSION, e);
	if (fw->http == NULL)
		return -1;
	for (size_t i = 0; i < fw->n_outlets; i++) {
		if (outlet__open(fw->outlets[i], e) == -1)
			return -1;
	}
	http_trace(fw->http, fw->o->trace);
	fw->auths = auth_set_new(fw->loop, fw->http);
	fw->quotas = quota_set_new();
	for (size_t i = 0; i < fw->n_feeds; i++) {
		if (feed__open(fw->feeds[i], e) == -1)
			return -1;
	}
	make_lanes(fw);
	for (size_t i = 0; i < fw->n_lanes; i++) {
		if (lane__open(fw->lanes[i], e) == -1)
			return -1;
	}
	for (size_t i = 0; i < fw->n_lanes; i++)
		lane__start(fw->lanes[i]);
	return 0;
}

/* The loop is turned by the caller's uv_run(); what was opened before the
   fault closes there. */
static void
close_half(struct forwarder *fw)
{
	fw->is_closing = true;
	fw->ended = NULL;
	close_own_handles(fw);
	for (size_t i = 0; i < fw->n_feeds; i++)
		feed__close(fw->feeds[i]);
	for (size_t i = 0; i < fw->n_lanes; i++)
		lane__close(fw->lanes[i]);
	for (size_t i = 0; i < fw->n_outlets; i++)
		outlet__close(fw->outlets[i]);
	state_close(fw->state);
	if (fw->http != NULL)
		http_close(fw->http);
}

struct forwarder *
forwarder_new(uv_loop_t *loop, const struct forwarder_options *o,
    forwarder_ended_fn *ended, void *ctx, struct err *e)
{
	struct forwarder *fw = xcalloc(1, sizeof(*fw));

	fw->magic = FORWARDER_MAGIC;
	fw->loop = loop;
	fw->o = o;
	LIST_INIT(&fw->generations);
	LIST_INIT(&fw->leaving);
	SLIST_INIT(&fw->graves);
	fw->gen = generation__new(fw, o);
	fw->ended = ended;
	fw->ctx = ctx;
	fw->began = stamp_now();
	(void)uv_timer_init(loop, &fw->stop_timer);
	(void)uv_idle_init(loop, &fw->step);
	(void)uv_timer_init(loop, &fw->reload_timer);
	fw->stop_timer.data = fw;
	fw->step.data = fw;
	fw->reload_timer.data = fw;
	health__init(fw);
	if (open_all(fw, e) == -1) {
		close_half(fw);
		return NULL;
	}
	for (size_t i = 0; i < fw->n_feeds; i++)
		feed__start(fw->feeds[i]);
	health__start(fw);
	return fw;
}

/* Time is up: what has not settled is sent again at the next start. */
static void
give_up(struct forwarder *fw)
{
	struct forwarder_counts c;
	struct lane *l;

	if (fw->is_closing)
		return;
	forwarder_count(fw, &c);
	if (c.held > 0) {
		log_warn("%" PRIu64 " lines had not settled; they are sent "
			 "again at the next start",
		    c.held);
	}
	for (size_t i = 0; i < fw->n_lanes; i++)
		lane__flush(fw->lanes[i]);
	LIST_FOREACH(l, &fw->leaving, leave_entry) {
		lane__flush(l);
	}
	close_all(fw);
}

static void
on_stop_timer(uv_timer_t *t)
{
	struct forwarder *fw;

	OBJ_CAST(fw, t->data, FORWARDER_MAGIC);
	give_up(fw);
}

void
forwarder_stop(struct forwarder *fw, const struct err *why)
{
	OBJ_CHECK(fw, FORWARDER_MAGIC);
	if (fw->is_closing)
		return; /* it was done already */
	if (fw->is_stopping) {
		give_up(fw);
		return;
	}
	fw->is_stopping = true;
	forwarder__give_reload_up(fw);
	if (why != NULL)
		forwarder__failed(fw, why);
	health__stop(fw, why);
	for (size_t i = 0; i < fw->n_feeds; i++)
		feed__stop(fw->feeds[i]);
	(void)uv_timer_start(
	    &fw->stop_timer, on_stop_timer, fw->o->stop_timeout_ms, 0);
	forwarder__check(fw);
}

static void
count_lane(const struct lane *l, struct forwarder_counts *out)
{
	out->known += l->n_known;
	out->put += l->n_put;
	out->settled += l->n_settled;
	out->held += l->n_put - l->n_settled;
}

void
forwarder_count(const struct forwarder *fw, struct forwarder_counts *out)
{
	const struct lane *l;

	*out = (struct forwarder_counts){ .records = 0 };
	for (size_t i = 0; i < fw->n_feeds; i++) {
		out->records += fw->feeds[i]->n_records;
		out->refused += fw->feeds[i]->n_refused;
	}
	for (size_t i = 0; i < fw->n_lanes; i++)
		count_lane(fw->lanes[i], out);
	LIST_FOREACH(l, &fw->leaving, leave_entry) {
		count_lane(l, out);
	}
}
