/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/resource.h>

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include <uv.h>

#include "base/obj.h"
#include "base/stamp.h"
#include "map/map.h"

#include "status/status_priv.h"

enum scope {
	SCOPE_ALL,  /* struct forwarder_stats */
	SCOPE_LANE, /* struct lane_stats */
	SCOPE_FEED,
	SCOPE_DEST,
};

enum value {
	VALUE_COUNT,   /* uint64_t */
	VALUE_SECONDS, /* uint64_t of ms */
	VALUE_STAMP,   /* int64_t; STAMP_NONE: no sample */
	VALUE_GIVEN,   /* from is */
};

struct metric {
	const char *name; /* without the prefix */
	bool is_counter;
	enum scope scope;
	enum value value;
	size_t offset;
	const char *help;
	/* Values that stand one behind the other, told apart by a label. */
	const char *label;
	const char *const *words;
	size_t n_words;
	bool (*is)(const void *row);
};

static bool
is_writable(const void *row)
{
	const struct forwarder_stats *st = row;

	return st->unwritten == NULL;
}

static bool
is_feed_up(const void *row)
{
	const struct feed_stats *f = row;

	return f->state == SOURCE_OK || f->state == SOURCE_THROTTLED;
}

static bool
is_dest_up(const void *row)
{
	const struct dest_stats *d = row;

	return d->state == DEST_UP;
}

/* As struct dest_lane_counts begins. */
static const char *const line_states[] = { "queued", "sent", "acknowledged",
	"read" };

static_assert(offsetof(struct dest_lane_counts, read) ==
	3 * sizeof(uint64_t) + offsetof(struct dest_lane_counts, queued),
    "the states stand one behind the other");

#define AT_ALL(f)  offsetof(struct forwarder_stats, f)
#define AT_LANE(f) offsetof(struct lane_stats, f)
#define AT_FEED(f) offsetof(struct feed_stats, f)
#define AT_DEST(f) offsetof(struct dest_stats, f)

/* clang-format off */

/* name, counter, scope, value, where, help; label and its words */
static const struct metric metrics[] = {
	{ "state_writable", false, SCOPE_ALL, VALUE_GIVEN, 0,
	  .help = "Whether cursors can be written; 0: a restart would repeat.",
	  .is = is_writable },

	{ "lag_seconds", false, SCOPE_LANE, VALUE_SECONDS, AT_LANE(lag_ms),
	  .help = "Age of the moment up to which every alert has settled." },
	{ "cursor_timestamp_seconds", false, SCOPE_LANE, VALUE_STAMP,
	  AT_LANE(cursor),
	  .help = "The cursor: newest update that was fetched whole." },
	{ "lines", false, SCOPE_LANE, VALUE_COUNT, AT_LANE(lines.queued),
	  .help = "Lines that have not settled, by how far they have come.",
	  .label = "state", .words = line_states,
	  .n_words = NELEM(line_states) },
	{ "alerts_total", true, SCOPE_LANE, VALUE_COUNT, AT_LANE(severity),
	  .help = "Lines made of alerts, by severity in CEF's words.",
	  .label = "severity", .words = status__severities,
	  .n_words = LANE_SEVERITIES },
	{ "lines_sent_total", true, SCOPE_LANE, VALUE_COUNT,
	  AT_LANE(lines.sent),
	  .help = "Lines given to the network, repeats included." },
	{ "lines_resent_total", true, SCOPE_LANE, VALUE_COUNT,
	  AT_LANE(lines.resent), .help = "Lines sent again after a break." },
	{ "lines_settled_total", true, SCOPE_LANE, VALUE_COUNT,
	  AT_LANE(settled), .help = "Lines that have settled." },
	{ "lines_shortened_total", true, SCOPE_LANE, VALUE_COUNT,
	  AT_LANE(left_out), .help = "Lines that lost fields to max-line." },
	{ "events_known_total", true, SCOPE_LANE, VALUE_COUNT, AT_LANE(known),
	  .help = "Events that had been sent before and were not sent again." },
	{ "windows_closed_total", true, SCOPE_LANE, VALUE_COUNT,
	  AT_LANE(n_closed), .help = "Passes whose every line has settled." },
	{ "windows_served_total", true, SCOPE_LANE, VALUE_COUNT,
	  AT_LANE(sum.records),
	  .help = "Records that the API served in these passes." },
	{ "windows_known_total", true, SCOPE_LANE, VALUE_COUNT,
	  AT_LANE(sum.known),
	  .help = "Events in them that had been sent before." },
	{ "windows_settled_total", true, SCOPE_LANE, VALUE_COUNT,
	  AT_LANE(sum.lines), .help = "Lines of them that have settled." },
	{ "gaps", false, SCOPE_LANE, VALUE_COUNT, AT_LANE(n_gaps),
	  .help = "Stretches of time that the API could not give." },
	{ "gaps_lost_total", true, SCOPE_LANE, VALUE_COUNT,
	  AT_LANE(n_gaps_lost),
	  .help = "Gaps that were given up: older than the API keeps." },

	{ "source_up", false, SCOPE_FEED, VALUE_GIVEN, 0,
	  .help = "Whether the API answers.", .is = is_feed_up },
	{ "source_calls_total", true, SCOPE_FEED, VALUE_COUNT, AT_FEED(calls),
	  .help = "Requests to the API." },
	{ "source_throttled_total", true, SCOPE_FEED, VALUE_COUNT,
	  AT_FEED(throttled), .help = "Answers of the API that asked for patience." },
	{ "source_failures_total", true, SCOPE_FEED, VALUE_COUNT,
	  AT_FEED(failures), .help = "Failures of API or token endpoint." },
	{ "source_passes_total", true, SCOPE_FEED, VALUE_COUNT,
	  AT_FEED(passes), .help = "Complete readings of what is new." },
	{ "source_last_pass_timestamp_seconds", false, SCOPE_FEED, VALUE_STAMP,
	  AT_FEED(passed), .help = "When the last complete reading ended." },
	{ "source_records_total", true, SCOPE_FEED, VALUE_COUNT,
	  AT_FEED(records), .help = "Records that the API served, repeats included." },
	{ "source_records_unreadable_total", true, SCOPE_FEED, VALUE_COUNT,
	  AT_FEED(refused), .help = "Records that could not be parsed." },
	{ "source_records_unmatched_total", true, SCOPE_FEED, VALUE_COUNT,
	  AT_FEED(unmatched), .help = "Records that no event of the map fitted." },
	{ "token_life_seconds", false, SCOPE_FEED, VALUE_SECONDS,
	  AT_FEED(token_ms), .help = "Remaining life of the access token; 0: none." },

	{ "destination_up", false, SCOPE_DEST, VALUE_GIVEN, 0,
	  .help = "Whether the receiver is connected and reads.", .is = is_dest_up },
	{ "destination_held_bytes", false, SCOPE_DEST, VALUE_COUNT,
	  AT_DEST(held_bytes), .help = "Bytes held until they have settled." },
	{ "destination_window_bytes", false, SCOPE_DEST, VALUE_COUNT,
	  AT_DEST(window_bytes), .help = "Bytes that may be held." },
	{ "destination_breaks_total", true, SCOPE_DEST, VALUE_COUNT,
	  AT_DEST(counts.breaks), .help = "Connections that broke." },
	{ "destination_lines_oversize_total", true, SCOPE_DEST, VALUE_COUNT,
	  AT_DEST(counts.too_long),
	  .help = "Datagrams that were longer than one packet." },
};

/* clang-format on */

/* Text exposition format: in a label value \, " and the line end. */
static void
add_escaped(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\n')
			buf_adds(out, "\\n");
		else if (*s == '\\' || *s == '"')
			buf_addf(out, "\\%c", *s);
		else
			buf_addc(out, *s);
	}
}

static void
add_label(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, "%s%s=\"", out->p[out->len - 1] == '{' ? "" : ",", name);
	add_escaped(out, value);
	buf_addc(out, '"');
}

static void
add_head(struct buf *out, const char *name, bool is_counter, const char *help)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
	    is_counter ? "counter" : "gauge");
}

static void
add_feed_labels(struct buf *out, const struct feed_stats *f)
{
	add_label(out, "source", f->source);
	add_label(out, "tenant", f->tenant);
}

static void
add_labels(struct buf *out, const struct forwarder_stats *st, enum scope scope,
    const void *row)
{
	const struct lane_stats *l = row;
	const struct dest_stats *d = row;

	switch (scope) {
	case SCOPE_ALL:
		break;
	case SCOPE_LANE:
		add_feed_labels(out, &st->feeds[l->feed]);
		add_label(out, "destination", st->dests[l->dest].name);
		break;
	case SCOPE_FEED:
		add_feed_labels(out, row);
		break;
	case SCOPE_DEST:
		add_label(out, "destination", d->name);
		break;
	}
}

/* value of the i-th word; false: there is no sample */
static bool
add_value(struct buf *out, const struct metric *m, const void *row, size_t i)
{
	const void *at = (const char *)row + m->offset + i * sizeof(uint64_t);
	uint64_t n;
	int64_t stamp;

	switch (m->value) {
	case VALUE_COUNT:
		memcpy(&n, at, sizeof(n));
		buf_addf(out, " %" PRIu64 "\n", n);
		return true;
	case VALUE_SECONDS:
		memcpy(&n, at, sizeof(n));
		buf_addf(out, " %.3f\n", (double)n / 1000);
		return true;
	case VALUE_STAMP:
		memcpy(&stamp, at, sizeof(stamp));
		buf_addf(out, " %.3f\n", (double)stamp / STAMP_PER_S);
		return stamp != STAMP_NONE;
	case VALUE_GIVEN:
		buf_addf(out, " %d\n", m->is(row) ? 1 : 0);
		return true;
	}
	return false;
}

static void
add_samples(struct buf *out, const struct forwarder_stats *st,
    const struct metric *m, const void *row)
{
	for (size_t i = 0; i < (m->label == NULL ? 1 : m->n_words); i++) {
		size_t start = out->len;

		buf_addf(out, "cefwd_%s{", m->name);
		add_labels(out, st, m->scope, row);
		if (m->label != NULL)
			add_label(out, m->label, m->words[i]);
		if (out->p[out->len - 1] == '{')
			buf_cut(out, out->len - 1);
		else
			buf_addc(out, '}');
		if (!add_value(out, m, row, i))
			buf_cut(out, start);
	}
}

static void
add_metric(
    struct buf *out, const struct forwarder_stats *st, const struct metric *m)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "cefwd_%s", m->name);
	add_head(out, name, m->is_counter, m->help);
	switch (m->scope) {
	case SCOPE_ALL:
		add_samples(out, st, m, st);
		break;
	case SCOPE_LANE:
		for (size_t i = 0; i < st->n_lanes; i++)
			add_samples(out, st, m, &st->lanes[i]);
		break;
	case SCOPE_FEED:
		for (size_t i = 0; i < st->n_feeds; i++)
			add_samples(out, st, m, &st->feeds[i]);
		break;
	case SCOPE_DEST:
		for (size_t i = 0; i < st->n_dests; i++)
			add_samples(out, st, m, &st->dests[i]);
		break;
	}
}

static void
add_field(struct buf *out, const struct feed_stats *f, const char *name,
    const struct map_field_count *c, const char *reason, uint64_t n)
{
	if (n == 0)
		return; /* hundreds of fields, few that ever misfit */
	buf_addf(out, "%s{", name);
	add_feed_labels(out, f);
	add_label(out, "field", c->key->key);
	if (reason != NULL)
		add_label(out, "reason", reason);
	buf_addf(out, "} %" PRIu64 "\n", n);
}

static void
add_fields(struct buf *out, const struct forwarder_stats *st)
{
	static const char cut[] = "cefwd_fields_cut_total";
	static const char dropped[] = "cefwd_fields_dropped_total";

	add_head(out, cut, true, "Values that were cut to their field.");
	for (size_t i = 0; i < st->n_feeds; i++) {
		const struct feed_stats *f = &st->feeds[i];

		for (size_t k = 0; k < f->n_fields; k++)
			add_field(
			    out, f, cut, &f->fields[k], NULL, f->fields[k].cut);
	}
	add_head(out, dropped, true, "Values that were left out.");
	for (size_t i = 0; i < st->n_feeds; i++) {
		const struct feed_stats *f = &st->feeds[i];

		for (size_t k = 0; k < f->n_fields; k++) {
			const struct map_field_count *c = &f->fields[k];

			add_field(
			    out, f, dropped, c, "too-long", c->dropped_long);
			add_field(
			    out, f, dropped, c, "wrong-type", c->dropped_type);
			add_field(out, f, dropped, c, "failed", c->failed);
		}
	}
}

static double
seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

/* Names that Prometheus's own libraries use for every process. */
static void
add_process(struct buf *out, const struct forwarder_stats *st)
{
	struct rusage ru;
	size_t rss = 0;

	add_head(out, "process_start_time_seconds", false,
	    "Start of the process since the epoch.");
	buf_addf(out, "process_start_time_seconds %.3f\n",
	    (double)st->began / STAMP_PER_S);
	if (uv_resident_set_memory(&rss) == 0) {
		add_head(out, "process_resident_memory_bytes", false,
		    "Resident memory.");
		buf_addf(out, "process_resident_memory_bytes %zu\n", rss);
	}
	if (getrusage(RUSAGE_SELF, &ru) == 0) {
		add_head(out, "process_cpu_seconds_total", true,
		    "User and system time spent.");
		buf_addf(out, "process_cpu_seconds_total %.3f\n",
		    seconds(&ru.ru_utime) + seconds(&ru.ru_stime));
	}
}

void
status_metrics(
    const struct status *s, const struct forwarder_stats *st, struct buf *out)
{
	add_head(out, "cefwd_build_info", false, "The version that runs.");
	buf_adds(out, "cefwd_build_info{");
	add_label(out, "version", s->version);
	buf_adds(out, "} 1\n");
	add_head(out, "cefwd_reload_ok", false,
	    "Whether the configuration as last read is in force.");
	buf_addf(out, "cefwd_reload_ok %d\n", s->reload_fault == NULL ? 1 : 0);
	for (size_t i = 0; i < NELEM(metrics); i++)
		add_metric(out, st, &metrics[i]);
	add_fields(out, st);
	add_process(out, st);
}
