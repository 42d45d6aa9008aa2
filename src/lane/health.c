/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/stamp.h"
#include "lane/lane_priv.h"

#include "lane/health.h"

/* clang-format off */

/* event: class id, name, severity, ArcSight's counterpart, by once, counts */
const struct health_row health_rows[HEALTH_EVENTS] = {
	[HEALTH_NONE] = { .id = "" },
	[HEALTH_STARTED] = { "cefwd:started", "cefwd has started", 1,
	  "agent:030", false, { "sources", "destinations", "gaps" } },
	[HEALTH_STOPPING] = { "cefwd:stopping", "cefwd is stopping", 5,
	  "agent:031", false, { "lines held" } },
	[HEALTH_HEARTBEAT] = { "cefwd:heartbeat", "cefwd is alive", 1,
	  "agent:050", false,
	  { "served", "settled", "lag seconds", "sent before", "gaps" } },
	[HEALTH_RELOADED] = { "cefwd:reloaded",
	  "Configuration is in force", 1, NULL, false, { NULL } },
	[HEALTH_RELOAD_REFUSED] = { "cefwd:reload-refused",
	  "Configuration has faults, the old one stays", 6, NULL, false,
	  { NULL } },
	[HEALTH_SOURCE_UNREACHABLE] = { "cefwd:source-unreachable",
	  "Source cannot be reached", 6, "agent:017", false,
	  { "failures", "seconds" } },
	[HEALTH_SOURCE_REFUSED] = { "cefwd:source-refused",
	  "Source refuses access", 8, "agent:017", false,
	  { "failures", "seconds" } },
	[HEALTH_SIGN_IN_LAPSED] = { "cefwd:sign-in-lapsed",
	  "User must sign in again", 8, "agent:017", false,
	  { "failures", "seconds" } },
	[HEALTH_SECRET_ENDED] = { "cefwd:secret-ending",
	  "Client secret has ended", 8, "agent:017", false,
	  { "failures", "seconds" } },
	[HEALTH_SOURCE_RECOVERED] = { "cefwd:source-recovered",
	  "Source answers again", 1, "agent:016", false,
	  { "failures", "seconds" } },
	[HEALTH_DESTINATION_AWAY] = { "cefwd:destination-away",
	  "Destination is away", 6, "agent:019", false,
	  { "lines held", "seconds", "bytes held" } },
	[HEALTH_DESTINATION_BACK] = { "cefwd:destination-back",
	  "Destination is back", 1, NULL, false,
	  { "lines held", "seconds", "breaks" } },
	[HEALTH_HOLDING] = { "cefwd:holding",
	  "Destination reads nothing, lines are held", 6, "agent:019", false,
	  { "lines held", "seconds", "bytes held" } },
	[HEALTH_DRAINED] = { "cefwd:drained",
	  "Lines that were held are delivered", 1, "agent:020", false,
	  { "lines", "seconds" } },
	[HEALTH_GAP] = { "cefwd:gap", "Alerts of a time cannot be fetched", 8,
	  "agent:029", true, { "gaps" } },
	[HEALTH_GAP_CLOSED] = { "cefwd:gap-closed",
	  "Gap is closed", 1, NULL, true,
	  { "gaps", "seconds", "tries", "alerts" } },
	[HEALTH_GAP_LOST] = { "cefwd:gap-lost",
	  "Gap is older than the API can answer", 9, "agent:029", true,
	  { "gaps", "seconds", "tries" } },
	[HEALTH_UNPARSABLE] = { "cefwd:unparsable",
	  "Alert cannot be read", 7, "agent:029", true, { "alerts" } },
	[HEALTH_QUIET] = { "cefwd:quiet", "No alert for long", 5,
	  "agent:043", false, { "seconds" } },
	[HEALTH_QUIET_OVER] = { "cefwd:quiet-over", "Alerts come again", 1,
	  "agent:043", false, { "seconds" } },
	[HEALTH_LAG] = { "cefwd:lag",
	  "Lag nears what the API can answer", 8, NULL, false,
	  { "lag seconds", "retention seconds" } },
	[HEALTH_LAG_OVER] = { "cefwd:lag-over", "Lag is safe again", 1, NULL,
	  false, { "lag seconds", "retention seconds" } },
	[HEALTH_CERTIFICATE_ENDING] = { "cefwd:certificate-ending",
	  "Client certificate ends", 6, NULL, false, { "days left" } },
	[HEALTH_STATE_UNWRITABLE] = { "cefwd:state-unwritable",
	  "State cannot be written, a restart repeats", 7, NULL, false,
	  { NULL } },
	[HEALTH_STATE_WRITABLE] = { "cefwd:state-writable",
	  "State can be written again", 1, NULL, false, { "seconds" } },
};

/* clang-format on */

static void
set_key(struct cef_event *ev, const struct cef_key *key, const char *text,
    struct buf *b)
{
	if (text == NULL)
		return;
	buf_reset(b);
	(void)cef_value(key, text, strlen(text), b);
	cef_event_set(ev, key, b->p, b->len, false);
}

static void
set(struct cef_event *ev, const char *key, const char *text, struct buf *b)
{
	set_key(ev, cef_key_find(key), text, b);
}

static void
set_header(
    struct cef_event *ev, enum cef_header h, const char *text, struct buf *b)
{
	set_key(ev, cef_header_key(h), text, b);
}

static void
set_labelled(struct cef_event *ev, const char *key, const char *label,
    const char *text, struct buf *b)
{
	const char *label_key = cef_key_find(key)->label;

	if (text == NULL || text[0] == '\0')
		return;
	set(ev, key, text, b);
	set(ev, label_key, label, b);
}

static void
set_count(struct cef_event *ev, const char *key, const char *label, uint64_t n,
    struct buf *b)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64,
	    n > INT64_MAX ? (uint64_t)INT64_MAX : n);
	set_labelled(ev, key, label, text, b);
}

static void
set_stamp(struct cef_event *ev, const char *key, int64_t stamp, struct buf *b)
{
	char text[24];

	if (stamp == STAMP_NONE)
		return;
	(void)snprintf(text, sizeof(text), "%" PRId64, stamp_to_ms(stamp));
	set(ev, key, text, b);
}

static void
set_host(struct cef_event *ev, struct buf *b)
{
	char name[256], pid[24];
	size_t len = sizeof(name);

	if (uv_os_gethostname(name, &len) == 0)
		set(ev, "dvchost", name, b);
	(void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	set(ev, "dvcpid", pid, b);
}

static void
fill(struct cef_event *ev, const struct health_row *row,
    const struct health_note *note, struct buf *b)
{
	static const char *const numbers[HEALTH_COUNTS] = { "cn1", "cn2", "cn3",
		"flexNumber1", "flexNumber2" };
	char severity[8];

	(void)snprintf(severity, sizeof(severity), "%d", row->severity);
	set_header(ev, CEF_H_VENDOR, "cefwd", b);
	set_header(ev, CEF_H_PRODUCT, "cefwd", b);
	set_header(ev, CEF_H_VERSION, PACKAGE_VERSION, b);
	set_header(ev, CEF_H_CLASS_ID, row->id, b);
	set_header(ev, CEF_H_NAME, row->name, b);
	set_header(ev, CEF_H_SEVERITY, severity, b);
	set_stamp(ev, "rt", stamp_now(), b);
	set_host(ev, b);
	if (note->feed != NULL) {
		set_labelled(
		    ev, "cs1", "source", note->feed->o->source.name, b);
		set_labelled(
		    ev, "cs2", "tenant", note->feed->o->source.tenant, b);
	}
	set_labelled(ev, "cs3", "destination", note->destination, b);
	set_labelled(ev, "cs4", "ArcSight event", row->agent, b);
	for (size_t i = 0; i < HEALTH_COUNTS; i++) {
		if (row->counts[i] != NULL)
			set_count(
			    ev, numbers[i], row->counts[i], note->counts[i], b);
	}
	set_stamp(ev, "start", note->start, b);
	set_stamp(ev, "end", note->end, b);
	set(ev, "msg", note->text, b);
	set(ev, "reason", note->reason, b);
}

/* A tenant's name is no business of those who get none of its alerts. */
static bool
concerns(const struct forwarder *fw, const struct health_note *note, size_t out)
{
	if (note->only != NULL)
		return note->only == fw->outlets[out];
	if (note->feed == NULL)
		return true;
	for (size_t i = 0; i < fw->n_lanes; i++) {
		if (fw->lanes[i]->feed == note->feed &&
		    fw->lanes[i]->outlet == fw->outlets[out])
			return true;
	}
	return false;
}

static void
hand_out(struct forwarder *fw, const struct cef_event *ev,
    const struct health_note *note, struct buf *line)
{
	for (size_t i = 0; i < fw->n_outlets; i++) {
		const struct outlet *out = fw->outlets[i];
		struct cef_line_options lo = {
			.version = out->o->cef_version == 1 ? CEF_VERSION_1 :
							      CEF_VERSION_0,
		};

		if (out->dest == NULL || !concerns(fw, note, i))
			continue;
		lo.max_bytes = dest_line_max(out->dest);
		buf_reset(line);
		cef_event_write(ev, &lo, line, NULL);
		dest_tell(
		    out->dest, line->p, line->len, cef_event_severity(ev));
	}
}

static bool
is_told(const struct forwarder *fw, const struct health_row *row)
{
	switch (fw->o->mode) {
	case FORWARD_RUN:
		return !fw->is_closing;
	case FORWARD_ONCE:
		return row->is_of_once && !fw->is_closing;
	case FORWARD_DRY_RUN:
	case FORWARD_REPLAY:
		return false;
	}
	return false;
}

void
health_tell(struct forwarder *fw, enum health_event event,
    const struct health_note *note)
{
	static const struct health_note empty = { HEALTH_NOTE };
	const struct health_row *row = &health_rows[event];
	struct cef_event *ev;
	struct buf b;

	if (event == HEALTH_NONE || !is_told(fw, row))
		return;
	ev = cef_event_new();
	buf_init(&b, CEF_LINE_MAX);
	fill(ev, row, note == NULL ? &empty : note, &b);
	hand_out(fw, ev, note == NULL ? &empty : note, &b);
	buf_fini(&b);
	cef_event_free(ev);
}
