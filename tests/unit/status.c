/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "base/buf.h"
#include "base/obj.h"
#include "base/stamp.h"
#include "lane/stats.h"
#include "map/map.h"
#include "status/status.h"

/* 2026-01-02T03:04:05Z */
#define NOW ((int64_t)1767323045 * STAMP_PER_S)

static const struct status service = {
	.version = "1.2.3",
	.config_path = "/etc/cefwd/cefwd.conf",
};

/* One of each, ill, with names as no configuration has them. */
struct world {
	struct lane_stats lane;
	struct feed_stats feed;
	struct dest_stats dest;
	struct map_field_count field;
	struct lane_gap gap;
	struct forwarder_stats st;
	char reason[16];
};

static void
world_init(struct world *w)
{
	*w = (struct world){
		.lane = {
			.cursor = NOW - 90 * (int64_t)STAMP_PER_S,
			.lag_ms = 61500,
			.pass_from = STAMP_NONE,
			.pass_created = STAMP_NONE,
			.closed = { .from = NOW, .as_of = NOW, .records = 9,
			    .known = 2, .lines = 7 },
			.n_closed = 4,
			.put = 20,
			.settled = 10,
			.held = 10,
			.severity = { 1, 2, 3, 14 },
			.lines = { .queued = 1, .given = 2, .acknowledged = 3,
			    .read = 4, .sent = 25, .resent = 6 },
			.n_gaps = 1,
		},
		.feed = {
			.source = "s",
			.tenant = "a\\b\"c\nd",
			.api = "graph-alerts",
			.state = SOURCE_REFUSED,
			.ill_ms = 1500,
			.why = "403 \"Forbidden\"\x1b[2J",
			.why_at = NOW,
			.passed = STAMP_NONE,
			.calls = UINT64_MAX,
			.n_fields = 1,
		},
		.dest = { .name = "d", .state = DEST_AWAY, .ill_ms = 1,
		    .why = "gone", .why_at = NOW, .held_bytes = 77 },
		.field = { .key = cef_key_find("msg"), .cut = 5, .failed = 1 },
		.gap = { .created_from = NOW, .created_until = STAMP_NONE,
		    .since = NOW, .tried = STAMP_NONE },
		.reason = "too many",
	};
	w->feed.fields = &w->field;
	w->gap.reason = w->reason;
	w->st = (struct forwarder_stats){ .now = NOW,
		.began = NOW - STAMP_PER_S,
		.lanes = &w->lane,
		.n_lanes = 1,
		.feeds = &w->feed,
		.n_feeds = 1,
		.dests = &w->dest,
		.n_dests = 1,
		.gaps = &w->gap,
		.n_gaps = 1 };
}

static void
metrics_have_names_labels_and_units_of_the_convention(void **state)
{
#define FEED "source=\"s\",tenant=\"a\\\\b\\\"c\\nd\""
	static const char *const lines[] = {
		"cefwd_build_info{version=\"1.2.3\"} 1\n",
		"# TYPE cefwd_lag_seconds gauge\n",
		"cefwd_lag_seconds{" FEED ",destination=\"d\"} 61.500\n",
		"cefwd_cursor_timestamp_seconds{" FEED
		",destination=\"d\"} 1767322955.000\n",
		"cefwd_lines{" FEED
		",destination=\"d\",state=\"acknowledged\"} 3\n",
		"cefwd_lines{" FEED ",destination=\"d\",state=\"read\"} 4\n",
		"# TYPE cefwd_alerts_total counter\n",
		"cefwd_alerts_total{" FEED
		",destination=\"d\",severity=\"very-high\"} 14\n",
		"cefwd_gaps{" FEED ",destination=\"d\"} 1\n",
		"cefwd_source_up{" FEED "} 0\n",
		"cefwd_source_calls_total{" FEED "} 18446744073709551615\n",
		"cefwd_fields_cut_total{" FEED ",field=\"msg\"} 5\n",
		"cefwd_fields_dropped_total{" FEED
		",field=\"msg\",reason=\"failed\"} 1\n",
		"cefwd_destination_up{destination=\"d\"} 0\n",
		"cefwd_destination_held_bytes{destination=\"d\"} 77\n",
		"cefwd_state_writable 1\n",
		"process_start_time_seconds 1767323044.000\n",
	};
	struct world w;
	struct buf out;

	(void)state;
	world_init(&w);
	buf_init(&out, 1 << 20);
	status_metrics(&service, &w.st, &out);
	assert_true(buf_ok(&out));
	for (size_t i = 0; i < NELEM(lines); i++) {
		const char *at = strstr(out.p, lines[i]);

		if (at == NULL)
			print_message("lacks %s", lines[i]);
		assert_non_null(at);
		assert_true(at == out.p || at[-1] == '\n');
	}
	/* What never was has no sample, and nothing that is 0 is listed for
	   hundreds of fields. */
	assert_null(strstr(out.p, "last_pass_timestamp_seconds{"));
	assert_null(strstr(out.p, "too-long"));
	buf_fini(&out);
}

static struct json_object *
member(struct json_object *o, const char *name)
{
	struct json_object *v = NULL;

	assert_true(json_object_object_get_ex(o, name, &v));
	return v;
}

static void
json_is_valid_and_says_the_same(void **state)
{
	struct json_object *doc, *lane, *gap, *lines;
	struct world w;
	struct buf out;

	(void)state;
	world_init(&w);
	buf_init(&out, 1 << 20);
	status_json(&service, &w.st, &out);
	assert_true(buf_ok(&out));
	assert_null(strchr(out.p, '\n')); /* one line, whatever a text holds */
	assert_null(strchr(out.p, '\x1b'));
	doc = json_tokener_parse(out.p);
	assert_non_null(doc);
	lane = json_object_array_get_idx(member(doc, "lanes"), 0);
	assert_string_equal(
	    json_object_get_string(member(lane, "tenant")), "a\\b\"c\nd");
	assert_string_equal(json_object_get_string(member(lane, "cursor")),
	    "2026-01-02T03:02:35.0000000Z");
	assert_string_equal(
	    json_object_to_json_string(member(lane, "lag_seconds")), "61.500");
	lines = member(lane, "lines");
	assert_int_equal(json_object_get_int(member(lines, "sent")), 2);
	assert_int_equal(json_object_get_int(member(lines, "read")), 4);
	assert_int_equal(json_object_get_int(member(lines, "resent")), 6);
	assert_null(member(lane, "pass"));
	assert_int_equal(
	    json_object_get_int(member(member(lane, "window"), "served")), 9);
	gap = json_object_array_get_idx(member(lane, "gap_list"), 0);
	assert_null(member(gap, "created_until"));
	assert_string_equal(
	    json_object_get_string(member(gap, "reason")), "too many");
	assert_false(json_object_get_boolean(member(doc, "healthy")));
	assert_int_equal(json_object_array_length(member(doc, "reasons")), 2);
	json_object_put(doc);
	buf_fini(&out);
}

static void
add_line(void *ctx, const char *text)
{
	buf_addf(ctx, "%s|", text);
}

static void
health_names_every_reason_and_no_other(void **state)
{
	static const struct {
		enum source_state feed;
		enum dest_state dest;
		uint64_t away_ms;
		const char *unwritten;
		bool is_stopping;
		const char *want;
	} rows[] = {
		{ SOURCE_OK, DEST_UP, 0, NULL, false, "" },
		/* told to wait is no illness */
		{ SOURCE_THROTTLED, DEST_UP, 0, NULL, false, "" },
		{ SOURCE_NO_TOKEN, DEST_UP, 0, NULL, false,
		    "source s (t): no-token: because|" },
		{ SOURCE_UNREACHABLE, DEST_CONNECTING, 0, NULL, false,
		    "source s (t): unreachable: because|"
		    "destination d: connecting|" },
		{ SOURCE_OK, DEST_CONNECTING, 5, NULL, false,
		    "destination d: away: gone|" },
		{ SOURCE_OK, DEST_HOLDING, 5, "disk full", true,
		    "stopping|destination d: holding: gone|"
		    "state: cannot be written: disk full|" },
	};
	struct world w;
	struct buf out;

	(void)state;
	world_init(&w);
	buf_init(&out, 65536);
	w.feed.tenant = "t";
	w.feed.why = "because";
	for (size_t i = 0; i < NELEM(rows); i++) {
		buf_reset(&out);
		w.feed.state = rows[i].feed;
		w.dest.state = rows[i].dest;
		w.dest.ill_ms = rows[i].away_ms;
		w.st.unwritten = rows[i].unwritten;
		w.st.is_stopping = rows[i].is_stopping;
		(void)status_reasons(&w.st, add_line, &out);
		assert_string_equal(out.p, rows[i].want);
	}
	buf_fini(&out);
}

static void
before_and_after_there_is_no_more_than_a_word(void **state)
{
	static const struct {
		const char *path;
		bool is_tcp;
		unsigned int status;
	} rows[] = {
		{ "/status", false, 503 },
		{ "/healthz", true, 503 },
		{ "/status", true, 404 },
		{ "/", false, 404 },
		{ "/metrics/", false, 404 },
		{ "", false, 404 },
	};
	struct status s = service;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct listener_answer a = { .status = 200 };

		buf_init(&a.body, 4096);
		status_render(&s, rows[i].path, rows[i].is_tcp, &a);
		assert_int_equal(a.status, rows[i].status);
		if (rows[i].is_tcp)
			assert_null(strstr(a.body.p, "/status"));
		buf_fini(&a.body);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    metrics_have_names_labels_and_units_of_the_convention),
		cmocka_unit_test(json_is_valid_and_says_the_same),
		cmocka_unit_test(health_names_every_reason_and_no_other),
		cmocka_unit_test(before_and_after_there_is_no_more_than_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
