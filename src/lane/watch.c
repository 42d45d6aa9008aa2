/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clk.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "lane/lane_priv.h"

#define LOG_ROOM       "health"

/*
 * The edges: when a condition is told, and when its end is.
 *
 * What a source or a destination suffers for less than LASTS_MS is no news:
 * the next try mends it.  A refusal is told at once, for it does not mend
 * itself.  While something is told, another face of it is told at most once
 * in AGAIN_MS.
 */
#define LASTS_MS       5000
#define AGAIN_MS       60000

/* How often quiet, lag and certificates are looked at, and of how many
   certificates the files are read each time. */
#define WATCH_MS       60000
#define WATCH_FILES    16
#define CERTIFICATE_MS ((uint64_t)86400 * 1000)

/* At the end: when to look again whether the kernel has the last line. */
#define LINGER_MS      20

/* Lag nears retention, in percent of it; it is safe again below the other. */
#define LAG_NEAR       75
#define LAG_SAFE       50

/* Unreadable alerts that are told one by one in a pass. */
#define UNPARSABLE_MAX 10

static uint64_t
seconds_since(uint64_t ms)
{
	return ms == 0 ? 0 : (clk_ms() - ms) / 1000;
}

static bool
is_active(const struct forwarder *fw)
{
	return fw->o->mode == FORWARD_RUN && !fw->is_stopping;
}

/* --- sources ---------------------------------------------------------- */

static enum health_event
feed_refusal(const struct feed *f)
{
	if (f->is_token_refused && f->o->auth.grant == AUTH_REFRESH_TOKEN)
		return HEALTH_SIGN_IN_LAPSED;
	/* Entra alone knows when a secret ends, and says so when it has. */
	if (strstr(f->why.text, "AADSTS7000222") != NULL)
		return HEALTH_SECRET_ENDED;
	return HEALTH_SOURCE_REFUSED;
}

static enum health_event
feed_illness(const struct feed *f)
{
	switch (f->state) {
	case SOURCE_OK:
	case SOURCE_THROTTLED: /* told to wait: lag tells when it is too long */
		return HEALTH_NONE;
	case SOURCE_REFUSED:
		return feed_refusal(f);
	case SOURCE_NO_TOKEN:
	case SOURCE_UNREACHABLE:
		break;
	}
	/* A request that can never be answered, a credential that is none. */
	if (f->why.kind == ERR_REFUSED || f->why.kind == ERR_CONFIG ||
	    f->why.kind == ERR_DATA)
		return feed_refusal(f);
	return HEALTH_SOURCE_UNREACHABLE;
}

static void
tell_feed(struct feed *f, enum health_event event)
{
	const struct health_note note = { HEALTH_NOTE, .feed = f,
		.reason = f->why.text,
		.counts = { f->ill_times, seconds_since(f->ill_since_ms) } };

	f->told_ill = event;
	f->told_ill_ms = clk_ms();
	health_tell(f->fw, event, &note);
}

static void on_feed_lasts(uv_timer_t *t);

static void
look_at_feed(struct feed *f, bool has_lasted)
{
	enum health_event now = feed_illness(f);

	if (!is_active(f->fw) || now == HEALTH_NONE || now == f->told_ill)
		return;
	if (f->told_ill != HEALTH_NONE) {
		if (clk_ms() - f->told_ill_ms >= AGAIN_MS)
			tell_feed(f, now);
	} else if (has_lasted || now != HEALTH_SOURCE_UNREACHABLE) {
		tell_feed(f, now);
	} else if (!uv_is_active((const uv_handle_t *)&f->lasts)) {
		(void)uv_timer_start(&f->lasts, on_feed_lasts, LASTS_MS, 0);
	}
}

static void
on_feed_lasts(uv_timer_t *t)
{
	struct feed *f;

	OBJ_CAST(f, t->data, FEED_MAGIC);
	look_at_feed(f, true);
}

void
health__feed_ill(struct feed *f)
{
	look_at_feed(f, false);
}

void
health__feed_well(struct feed *f)
{
	(void)uv_timer_stop(&f->lasts);
	f->is_token_refused = false;
	if (f->told_ill == HEALTH_NONE)
		return;
	tell_feed(f, HEALTH_SOURCE_RECOVERED);
	f->told_ill = HEALTH_NONE;
}

void
health__unparsable(const struct pass *p, const char *where, const char *why)
{
	struct feed *f = p->feed;
	struct health_note note = { HEALTH_NOTE, .feed = f, .reason = why,
		.text = where, .counts = { p->n_refused } };
	/* The overlap shows the same ones again and again; a gap does not. */
	uint64_t before = p->kind == PASS_MAIN ? f->unparsable_before : 0;

	if (p->n_refused > before && p->n_refused <= before + UNPARSABLE_MAX)
		health_tell(f->fw, HEALTH_UNPARSABLE, &note);
}

static void
look_at_quiet(struct feed *f)
{
	struct health_note note = { HEALTH_NOTE, .feed = f,
		.text = "the source answers and has nothing new; if that is "
			"unlikely, look for what the identity may not see "
			"with \"cefwd check --live\"",
		.counts = { seconds_since(f->fresh_ms) } };

	/* A source that does not answer is another story. */
	if (f->o->quiet_after_ms == 0 || f->is_quiet || f->state != SOURCE_OK ||
	    f->passed == STAMP_NONE ||
	    clk_ms() - f->fresh_ms < f->o->quiet_after_ms)
		return;
	f->is_quiet = true;
	log_warn(
	    "source %s (%s): no alert for long, though it answers s=%" PRIu64,
	    f->o->source.name, f->o->source.tenant, note.counts[0]);
	health_tell(f->fw, HEALTH_QUIET, &note);
}

void
health__fresh(struct feed *f)
{
	struct health_note note = { HEALTH_NOTE, .feed = f,
		.counts = { seconds_since(f->fresh_ms) } };

	f->fresh_ms = clk_ms();
	if (!f->is_quiet)
		return;
	f->is_quiet = false;
	health_tell(f->fw, HEALTH_QUIET_OVER, &note);
}

/* Days before the end at which it is told; severity cannot rise in a table,
   so the count says how urgent it is. */
static const int64_t certificate_days[] = { 30, 7, 1, 0 };

static void
look_at_certificate(struct feed *f)
{
	struct health_note note = { HEALTH_NOTE, .feed = f };
	int64_t end_ms, left_ms, now_ms = clk_unix_ms();
	struct err e;
	size_t level = 0;

	f->certificate_ms = clk_ms();
	/* A file that cannot be used is told by the sign-in that fails. */
	if (auth_certificate_end(&f->o->auth, &end_ms, &e) != 1)
		return;
	left_ms = end_ms - now_ms;
	while (level < NELEM(certificate_days) &&
	    left_ms <= certificate_days[level] * 86400000)
		level++;
	if (level <= f->certificate_level) {
		f->certificate_level = level; /* it may have been renewed */
		return;
	}
	f->certificate_level = level;
	note.end = stamp_from_ms(end_ms);
	note.counts[0] = left_ms > 0 ? (uint64_t)left_ms / 86400000 : 0;
	note.text = left_ms > 0 ?
	    "renew the client certificate, upload it to the application and "
	    "replace the file; it is read again by itself" :
	    "the client certificate has ended: renew it, upload it to the "
	    "application and replace the file";
	log_warn("source %s (%s): the client certificate ends days=%" PRIu64,
	    f->o->source.name, f->o->source.tenant, note.counts[0]);
	health_tell(f->fw, HEALTH_CERTIFICATE_ENDING, &note);
}

/* --- lanes ------------------------------------------------------------ */

static void
tell_lag(struct lane *l, bool is_near, uint64_t lag_ms, uint64_t retention_ms)
{
	struct health_note note = { HEALTH_NOTE, .feed = l->feed,
		.destination = l->dest_options->name,
		.text = is_near ? "what is older than retention cannot be "
				  "fetched any more: mend the source or the "
				  "destination now" :
				  NULL,
		.counts = { lag_ms / 1000, retention_ms / 1000 } };

	l->is_lagging = is_near;
	if (is_near) {
		log_err(LANE_FMT ": lag nears what the API can answer; %s "
				 "lag_s=%" PRIu64 " retention_s=%" PRIu64,
		    LANE_ARGS(l), note.text, note.counts[0], note.counts[1]);
	}
	health_tell(l->fw, is_near ? HEALTH_LAG : HEALTH_LAG_OVER, &note);
}

static void
look_at_lag(struct lane *l)
{
	uint64_t retention = l->feed->o->source.retention_ms;
	uint64_t lag = lane__lag_ms(l, stamp_now());
	bool is_stuck = l->feed->state != SOURCE_OK ||
	    (l->outlet->dest != NULL && dest_state(l->outlet->dest) != DEST_UP);

	if (retention == 0)
		return;
	/* A first sync begins far back, and comes nearer. */
	if (!l->is_lagging && lag / LAG_NEAR >= retention / 100 &&
	    (l->n_closed > 0 || is_stuck))
		tell_lag(l, true, lag, retention);
	else if (l->is_lagging && lag / LAG_SAFE < retention / 100)
		tell_lag(l, false, lag, retention);
}

static void
on_watch(uv_timer_t *t)
{
	struct forwarder *fw;
	size_t files = 0;

	OBJ_CAST(fw, t->data, FORWARDER_MAGIC);
	if (!is_active(fw))
		return;
	for (size_t i = 0; i < fw->n_feeds; i++) {
		struct feed *f = fw->feeds[i];

		look_at_quiet(f);
		look_at_feed(
		    f, seconds_since(f->ill_since_ms) >= LASTS_MS / 1000);
		if (f->o->auth.grant == AUTH_CERTIFICATE &&
		    files < WATCH_FILES &&
		    (f->certificate_ms == 0 ||
			clk_ms() - f->certificate_ms >= CERTIFICATE_MS)) {
			files++;
			look_at_certificate(f);
		}
	}
	for (size_t i = 0; i < fw->n_lanes; i++)
		look_at_lag(fw->lanes[i]);
}

/* --- destinations ----------------------------------------------------- */

static uint64_t
held_lines(const struct outlet *out)
{
	const struct forwarder *fw = out->fw;
	uint64_t n = 0;

	for (size_t i = 0; i < fw->n_lanes; i++) {
		if (fw->lanes[i]->outlet == out)
			n += fw->lanes[i]->n_put - fw->lanes[i]->n_settled;
	}
	return n;
}

static void
tell_outlet(struct outlet *out, enum health_event event)
{
	const struct dest_counts *c = dest_counts(out->dest);
	bool is_back = event == HEALTH_DESTINATION_BACK;
	const struct health_note note = { HEALTH_NOTE,
		.destination = out->o->name, .reason = out->why.text,
		.text = is_back ? NULL :
				  "nothing is lost: reading pauses when "
				  "the window is full",
		.counts = { held_lines(out), seconds_since(out->away_since_ms),
		    is_back ? c->breaks : c->held_bytes } };

	out->told_ill = event;
	out->told_ill_ms = clk_ms();
	out->is_told_away |= event == HEALTH_DESTINATION_AWAY;
	out->is_told_holding |= event == HEALTH_HOLDING;
	health_tell(out->fw, event, &note);
}

static enum health_event
outlet_illness(const struct outlet *out)
{
	if (out->away_since_ms == 0)
		return HEALTH_NONE;
	return dest_state(out->dest) == DEST_HOLDING ? HEALTH_HOLDING :
						       HEALTH_DESTINATION_AWAY;
}

static void on_outlet_lasts(uv_timer_t *t);

static void
look_at_outlet(struct outlet *out, bool has_lasted)
{
	enum health_event now = outlet_illness(out);

	if (!is_active(out->fw) || now == HEALTH_NONE || now == out->told_ill)
		return;
	if (out->told_ill == HEALTH_NONE ?
		has_lasted :
		clk_ms() - out->told_ill_ms >= AGAIN_MS)
		tell_outlet(out, now);
	else if (!uv_is_active((const uv_handle_t *)&out->lasts))
		(void)uv_timer_start(&out->lasts, on_outlet_lasts, LASTS_MS, 0);
}

static void
on_outlet_lasts(uv_timer_t *t)
{
	struct outlet *out;

	OBJ_CAST(out, t->data, OUTLET_MAGIC);
	look_at_outlet(out, true);
}

void
health__outlet_ill(struct outlet *out)
{
	look_at_outlet(out, false);
}

static void
tell_drained(struct outlet *out)
{
	const struct health_note note = { HEALTH_NOTE,
		.destination = out->o->name,
		.counts = {
		    out->drain_lines, seconds_since(out->drain_since_ms) } };

	out->drain_lines = 0;
	out->drain_left = 0;
	health_tell(out->fw, HEALTH_DRAINED, &note);
}

void
health__outlet_well(struct outlet *out)
{
	(void)uv_timer_stop(&out->lasts);
	if (out->told_ill == HEALTH_NONE)
		return;
	out->drain_since_ms = out->away_since_ms;
	out->drain_lines = held_lines(out);
	out->drain_left = out->drain_lines;
	/* Each event that told a beginning has its end, whichever came last. */
	if (out->is_told_away)
		tell_outlet(out, HEALTH_DESTINATION_BACK);
	if (out->is_told_holding && out->drain_lines == 0)
		tell_drained(out);
	out->is_told_away = out->is_told_holding = false;
	out->told_ill = HEALTH_NONE;
}

void
health__settled(struct outlet *out, uint64_t n)
{
	if (out->drain_left == 0)
		return;
	out->drain_left -= n < out->drain_left ? n : out->drain_left;
	if (out->drain_left == 0)
		tell_drained(out);
}

/* --- the whole -------------------------------------------------------- */

/* What has settled of windows that closed since the last heartbeat. */
static void
add_lane(struct lane *l, struct health_note *note, uint64_t *windows,
    const struct lane **worst)
{
	int64_t now = stamp_now();

	note->counts[0] += l->sum.records - l->sum_told.records;
	note->counts[1] += l->sum.lines - l->sum_told.lines;
	note->counts[3] += l->sum.known - l->sum_told.known;
	note->counts[4] += l->n_gaps;
	*windows += l->n_closed - l->n_closed_told;
	if (*worst == NULL || lane__lag_ms(l, now) > lane__lag_ms(*worst, now))
		*worst = l;
	l->sum_told = l->sum;
	l->n_closed_told = l->n_closed;
}

static void
beat(struct forwarder *fw, struct outlet *out)
{
	struct health_note note = { HEALTH_NOTE, .only = out,
		.destination = out->o->name };
	const struct lane *worst = NULL;
	uint64_t windows = 0;
	char text[200];

	/* A heartbeat that comes late says nothing. */
	if (out->dest == NULL || dest_state(out->dest) != DEST_UP)
		return;
	for (size_t i = 0; i < fw->n_lanes; i++) {
		if (fw->lanes[i]->outlet == out)
			add_lane(fw->lanes[i], &note, &windows, &worst);
	}
	if (worst != NULL) {
		note.feed = worst->feed;
		note.end = worst->closed.as_of;
		note.counts[2] = lane__lag_ms(worst, stamp_now()) / 1000;
	}
	(void)snprintf(text, sizeof(text),
	    "windows closed since the last heartbeat: %" PRIu64
	    "; lines held: %" PRIu64
	    "; source and tenant are those that lag most",
	    windows, held_lines(out));
	note.text = text;
	health_tell(fw, HEALTH_HEARTBEAT, &note);
}

static void
on_heartbeat(uv_timer_t *t)
{
	struct forwarder *fw;

	OBJ_CAST(fw, t->data, FORWARDER_MAGIC);
	if (!is_active(fw))
		return;
	for (size_t i = 0; i < fw->n_outlets; i++)
		beat(fw, fw->outlets[i]);
}

void
health__state(struct forwarder *fw, const struct err *e)
{
	struct health_note note = { HEALTH_NOTE };

	if (e != NULL) {
		fw->unwritten_ms = clk_ms();
		note.reason = e->text;
		note.text = "alerts go on; make room or mend the permissions "
			    "of the state directory";
		health_tell(fw, HEALTH_STATE_UNWRITABLE, &note);
		return;
	}
	note.counts[0] = seconds_since(fw->unwritten_ms);
	health_tell(fw, HEALTH_STATE_WRITABLE, &note);
}

void
health__feed_init(struct feed *f)
{
	f->fresh_ms = clk_ms();
	(void)uv_timer_init(f->fw->loop, &f->lasts);
	f->lasts.data = f;
}

void
health__outlet_init(struct outlet *out)
{
	(void)uv_timer_init(out->fw->loop, &out->lasts);
	out->lasts.data = out;
}

void
health__init(struct forwarder *fw)
{
	(void)uv_timer_init(fw->loop, &fw->heartbeat);
	(void)uv_timer_init(fw->loop, &fw->watch);
	(void)uv_timer_init(fw->loop, &fw->linger);
	fw->heartbeat.data = fw;
	fw->watch.data = fw;
	fw->linger.data = fw;
}

void
health__start(struct forwarder *fw)
{
	struct health_note note = { HEALTH_NOTE,
		.counts = { fw->n_feeds, fw->n_outlets } };

	if (fw->o->mode != FORWARD_RUN)
		return;
	for (size_t i = 0; i < fw->n_lanes; i++)
		note.counts[2] += fw->lanes[i]->n_gaps;
	health_tell(fw, HEALTH_STARTED, &note);
	(void)uv_timer_start(&fw->watch, on_watch, WATCH_MS, WATCH_MS);
	health__pace(fw);
}

void
health__pace(struct forwarder *fw)
{
	uint64_t ms = fw->o->heartbeat_ms;

	if (ms == fw->paced_ms)
		return;
	fw->paced_ms = ms;
	(void)uv_timer_stop(&fw->heartbeat);
	if (ms > 0)
		(void)uv_timer_start(&fw->heartbeat, on_heartbeat, ms, ms);
}

void
health__stop(struct forwarder *fw, const struct err *why)
{
	struct health_note note = { HEALTH_NOTE,
		.reason = why == NULL ? "it was told to" : why->text };

	for (size_t i = 0; i < fw->n_lanes; i++)
		note.counts[0] += fw->lanes[i]->n_put - fw->lanes[i]->n_settled;
	health_tell(fw, HEALTH_STOPPING, &note);
	(void)uv_timer_stop(&fw->watch);
	(void)uv_timer_stop(&fw->heartbeat);
}

static void
on_linger(uv_timer_t *t)
{
	struct forwarder *fw;

	OBJ_CAST(fw, t->data, FORWARDER_MAGIC);
	forwarder__check(fw);
}

bool
health__is_told(struct forwarder *fw)
{
	for (size_t i = 0; i < fw->n_outlets; i++) {
		const struct dest *d = fw->outlets[i]->dest;

		if (d == NULL || dest_state(d) != DEST_UP || dest_has_told(d))
			continue;
		(void)uv_timer_start(&fw->linger, on_linger, LINGER_MS, 0);
		return false;
	}
	return true;
}
