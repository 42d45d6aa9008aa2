/*
 * health.h - CEF events of our own: the feed tells when it is ill, and why
 *
 * One table of events.  An event is told when a condition begins or ends,
 * once to every destination that it concerns, ahead of the alerts; what
 * passes within seconds is not told.  "Nothing new" and "cannot see" are
 * different events.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_LANE_HEALTH_H
#define CEFWD_LANE_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct forwarder;
struct feed;
struct outlet;

enum health_event {
	HEALTH_NONE, /* nothing is told */
	HEALTH_STARTED,
	HEALTH_STOPPING,
	HEALTH_HEARTBEAT,
	HEALTH_RELOADED,
	HEALTH_RELOAD_REFUSED,
	HEALTH_SOURCE_UNREACHABLE,
	HEALTH_SOURCE_REFUSED,
	HEALTH_SIGN_IN_LAPSED,
	HEALTH_SECRET_ENDED,
	HEALTH_SOURCE_RECOVERED,
	HEALTH_DESTINATION_AWAY,
	HEALTH_DESTINATION_BACK,
	HEALTH_HOLDING,
	HEALTH_DRAINED,
	HEALTH_GAP,
	HEALTH_GAP_CLOSED,
	HEALTH_GAP_LOST,
	HEALTH_UNPARSABLE,
	HEALTH_QUIET,
	HEALTH_QUIET_OVER,
	HEALTH_LAG,
	HEALTH_LAG_OVER,
	HEALTH_CERTIFICATE_ENDING,
	HEALTH_STATE_UNWRITABLE,
	HEALTH_STATE_WRITABLE,
	HEALTH_EVENTS, /* how many */
};

#define HEALTH_COUNTS 5

struct health_row {
	const char *id; /* deviceEventClassId */
	const char *name;
	int severity;      /* 0..10 */
	const char *agent; /* ArcSight's own event that it stands for; NULL */
	bool is_of_once;   /* told by "cefwd once", too */
	/* What note.counts are: cn1 to cn3, flexNumber1, flexNumber2. */
	const char *counts[HEALTH_COUNTS];
};

/* By enum health_event. */
extern const struct health_row health_rows[HEALTH_EVENTS];

/* What an event says.  Texts may be NULL, stamps STAMP_NONE; counts that the
   row does not name are not written. */
struct health_note {
	const struct feed *feed;   /* it concerns its destinations only */
	const char *destination;   /* a name */
	const struct outlet *only; /* tell no other; NULL: see feed */
	const char *reason;        /* why, in words */
	const char *text;          /* what it means, and the mend */
	int64_t start, end;        /* stamps */
	uint64_t counts[HEALTH_COUNTS];
};

#define HEALTH_NOTE .start = STAMP_NONE, .end = STAMP_NONE

/*
 * health_tell(fw, event, note): make the line and hand it to the destinations
 * it concerns.  note may be NULL.  Without destinations, in a dry run, in a
 * replay, and by "once" if the row does not say so, nothing is told.
 */
void health_tell(struct forwarder *fw, enum health_event event,
    const struct health_note *note);

#endif /* CEFWD_LANE_HEALTH_H */
