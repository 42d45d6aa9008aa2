/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clk.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "lane_world.h"

#define T(f) cmocka_unit_test_setup_teardown(f, lane_setup, lane_teardown)

static struct source_pass *
run(struct world *w)
{
	w->o.mode = FORWARD_RUN;
	w->o.heartbeat_ms = 3600000;
	return lane_begin(w);
}

static void
stop(struct world *w)
{
	forwarder_stop(w->fw, NULL);
	lane_finish(w);
}

/* As if the time of the timer had come. */
static void
fire(uv_timer_t *t)
{
	assert_true(uv_is_active((const uv_handle_t *)t));
	t->timer_cb(t);
}

/* The last event told: its class id, and a piece of it. */
static void
assert_last(const char *id, const char *piece)
{
	const char *line;

	assert_int_not_equal(fakes.n_told, 0);
	line = fakes.told[fakes.n_told - 1];
	if (strstr(line, id) == NULL || strstr(line, piece) == NULL)
		fail_msg("not %s with \"%s\": %s", id, piece, line);
}

static void
fail_with(struct source_pass *p, enum source_state s, enum err_kind kind,
    const char *text)
{
	struct err e = { .kind = ERR_NONE };

	(void)err_set(&e, kind, "%s", text);
	p->h->state(p->ctx, s, &e, 1000);
}

static void
rows_are_whole_and_differ(void **state)
{
	(void)state;
	for (size_t i = 1; i < HEALTH_EVENTS; i++) {
		const struct health_row *r = &health_rows[i];

		assert_int_equal(strncmp(r->id, "cefwd:", 6), 0);
		assert_true(r->name[0] != '\0' && strlen(r->name) < 60);
		assert_in_range(r->severity, 1, 10);
		for (size_t j = 1; j < i; j++)
			assert_string_not_equal(r->id, health_rows[j].id);
	}
}

static void
start_and_stop_are_told(void **state)
{
	struct world *w = *state;
	struct source_pass *p = run(w);
	int64_t now = stamp_now();

	assert_int_equal(fakes.n_told, 1);
	assert_last("CEF:0|cefwd|cefwd|" PACKAGE_VERSION
		    "|cefwd:started|cefwd has started|1| rt=",
	    " cn1=1 cn1Label=sources");
	assert_last("dvcpid=", "cs4=agent:030 cs4Label=ArcSight event");
	fake_record(p, "a", now, ALERT("a", "A", "1"));
	fake_end(p, now, now, NULL);
	forwarder_stop(w->fw, NULL);
	assert_last("cefwd:stopping", "cn1=1 cn1Label=lines held");
	lane_settle(0, 1);
	lane_finish(w);
	assert_int_equal(fakes.n_told, 2);
}

static void
one_pass_of_once_says_nothing(void **state)
{
	struct world *w = *state;
	struct source_pass *p = lane_begin(w);

	fake_end(p, STAMP_NONE, stamp_now(), NULL);
	lane_finish(w);
	assert_int_equal(fakes.n_told, 0);
}

static void
what_the_next_try_mends_is_not_told(void **state)
{
	struct world *w = *state;
	struct source_pass *p = run(w);

	for (int i = 0; i < 3; i++) {
		fail_with(p, SOURCE_UNREACHABLE, ERR_NET, "no route");
		p->h->state(p->ctx, SOURCE_OK, NULL, 0);
	}
	fail_with(p, SOURCE_THROTTLED, ERR_BUSY, "429");
	assert_int_equal(fakes.n_told, 1);
	p->h->state(p->ctx, SOURCE_OK, NULL, 0);
	stop(w);
}

static void
a_source_that_stays_away_is_told_once_and_its_return(void **state)
{
	struct world *w = *state;
	struct source_pass *p = run(w);
	struct feed *f = w->fw->feeds[0];

	fail_with(p, SOURCE_UNREACHABLE, ERR_NET, "no route");
	fire(&f->lasts);
	assert_last("cefwd:source-unreachable|Source cannot be reached|6|",
	    "reason=no route");
	assert_last("cs1=s cs1Label=source cs2=t cs2Label=tenant",
	    "cn1=1 cn1Label=failures");
	fail_with(p, SOURCE_UNREACHABLE, ERR_NET, "no route");
	fail_with(p, SOURCE_REFUSED, ERR_REFUSED, "403");
	assert_int_equal(fakes.n_told, 2);
	/* Another face of it, a minute later. */
	f->told_ill_ms -= 60000;
	fail_with(p, SOURCE_REFUSED, ERR_REFUSED, "403");
	assert_last("cefwd:source-refused", "reason=403");
	p->h->state(p->ctx, SOURCE_OK, NULL, 0);
	assert_last("cefwd:source-recovered", "cn1=4 cn1Label=failures");
	p->h->state(p->ctx, SOURCE_OK, NULL, 0);
	assert_int_equal(fakes.n_told, 4);
	stop(w);
}

static void
a_refusal_is_told_at_once_by_its_reason(void **state)
{
	static const struct {
		enum auth_grant grant;
		enum source_state state;
		const char *text, *id;
	} rows[] = {
		{ AUTH_CLIENT_SECRET, SOURCE_REFUSED, "403",
		    "|cefwd:source-refused|" },
		{ AUTH_CLIENT_SECRET, SOURCE_NO_TOKEN, "AADSTS7000222: ended",
		    "|cefwd:secret-ending|" },
		{ AUTH_REFRESH_TOKEN, SOURCE_NO_TOKEN, "AADSTS50173: again",
		    "|cefwd:sign-in-lapsed|" },
		/* the API's own refusal needs no new sign-in */
		{ AUTH_REFRESH_TOKEN, SOURCE_REFUSED, "403",
		    "|cefwd:source-refused|" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < NELEM(rows); i++) {
		struct err e = { .kind = ERR_NONE };
		struct source_pass *p;

		w->feed.auth.grant = rows[i].grant;
		p = run(w);
		(void)err_set(&e, ERR_REFUSED, "%s", rows[i].text);
		p->h->state(p->ctx, rows[i].state, &e, 0);
		fake_end(p, STAMP_NONE, stamp_now(), &e);
		assert_int_equal(fakes.n_told, 2);
		assert_last(rows[i].id, rows[i].text);
		stop(w);
	}
}

static void
a_destination_that_reads_nothing_is_told_until_it_is_drained(void **state)
{
	struct world *w = *state;
	struct source_pass *p = run(w);
	struct outlet *out = w->fw->outlets[0];
	struct err e = { .kind = ERR_NONE };
	int64_t now = stamp_now();

	(void)err_set(&e, ERR_NET, "connection refused");
	fakes.dest_told(fakes.dest_ctx, DEST_UP, NULL);
	/* Gone and back: no news. */
	fakes.dest_state = DEST_AWAY;
	fakes.dest_told(fakes.dest_ctx, DEST_AWAY, &e);
	fakes.dest_state = DEST_UP;
	fakes.dest_told(fakes.dest_ctx, DEST_UP, NULL);
	assert_int_equal(fakes.n_told, 1);

	fake_record(p, "a", now, ALERT("a", "A", "1"));
	fake_record(p, "b", now, ALERT("b", "B", "1"));
	fakes.dest_state = DEST_AWAY;
	fakes.dest_told(fakes.dest_ctx, DEST_AWAY, &e);
	fire(&out->lasts);
	assert_last("|cefwd:destination-away|",
	    "cs3=one cs3Label=destination cs4=agent:019");
	assert_last("cn1=2 cn1Label=lines held", "reason=connection refused");
	fakes.dest_state = DEST_UP;
	fakes.dest_told(fakes.dest_ctx, DEST_UP, NULL);
	assert_last("|cefwd:destination-back|", "cn1=2 cn1Label=lines held");
	lane_settle(0, 1);
	assert_int_equal(fakes.n_told, 3);
	lane_settle(0, 1);
	assert_last("|cefwd:drained|", "cn1=2 cn1Label=lines");
	assert_int_equal(fakes.n_told, 4);

	fakes.dest_state = DEST_HOLDING;
	fakes.dest_told(fakes.dest_ctx, DEST_HOLDING, &e);
	fire(&out->lasts);
	assert_last("|cefwd:holding|", "cn1=0");
	fakes.dest_state = DEST_UP;
	fakes.dest_told(fakes.dest_ctx, DEST_UP, NULL);
	assert_last("|cefwd:drained|", "cn1=0");

	/* Away, then back but hanging: both ends are told. */
	fakes.dest_state = DEST_AWAY;
	fakes.dest_told(fakes.dest_ctx, DEST_AWAY, &e);
	fire(&out->lasts);
	assert_last("|cefwd:destination-away|", "");
	out->told_ill_ms = 0;
	fakes.dest_state = DEST_HOLDING;
	fakes.dest_told(fakes.dest_ctx, DEST_HOLDING, &e);
	assert_last("|cefwd:holding|", "");
	assert_int_equal(fakes.n_told, 8);
	fakes.dest_state = DEST_UP;
	fakes.dest_told(fakes.dest_ctx, DEST_UP, NULL);
	assert_last("|cefwd:drained|", "");
	assert_int_equal(fakes.n_told, 10);
	stop(w);
}

static void
a_heartbeat_counts_served_against_settled(void **state)
{
	struct world *w = *state;
	struct source_pass *p = run(w);
	int64_t now = stamp_now();

	fake_record(p, "a", now, ALERT("a", "A", "1"));
	fake_record(p, "a", now, ALERT("a", "A", "1"));
	fake_record(p, "b", now, ALERT("b", "B", "1"));
	p->progress.records = 3;
	fake_end(p, now, now, NULL);
	/* Nothing of a window that is not closed. */
	fire(&w->fw->heartbeat);
	assert_last("|cefwd:heartbeat|",
	    " cn1=0 cn1Label=served cn2=0 cn2Label=settled");
	lane_settle(0, 2);
	fire(&w->fw->heartbeat);
	assert_last("|cefwd:heartbeat|",
	    " cn1=3 cn1Label=served cn2=2 cn2Label=settled cn3=");
	assert_last("flexNumber1=1 flexNumber1Label=sent before",
	    "windows closed since the last heartbeat: 1");
	fire(&w->fw->heartbeat);
	assert_last("|cefwd:heartbeat|", " cn1=0 ");
	/* A destination that is away gets none late. */
	fakes.dest_state = DEST_AWAY;
	fire(&w->fw->heartbeat);
	assert_int_equal(fakes.n_told, 4);
	fakes.dest_state = DEST_UP;
	stop(w);
}

static void
quiet_is_told_where_the_source_answers(void **state)
{
	struct world *w = *state;
	struct source_pass *p;
	struct feed *f;
	int64_t now = stamp_now();

	w->feed.quiet_after_ms = 1000;
	p = run(w);
	f = w->fw->feeds[0];
	f->fresh_ms -= 5000;
	fail_with(p, SOURCE_UNREACHABLE, ERR_NET, "no route");
	fire(&w->fw->watch);
	assert_int_equal(fakes.n_told, 1);
	fake_end(p, STAMP_NONE, now, NULL);
	fire(&w->fw->watch);
	assert_last("|cefwd:quiet|", "cn1=5 cn1Label=seconds");
	fire(&w->fw->watch);
	assert_int_equal(fakes.n_told, 2);
	fire(&f->poll);
	fake_record(fakes.passes[0], "a", now, ALERT("a", "A", "1"));
	assert_last("|cefwd:quiet-over|", "cn1=");
	lane_settle(0, 1);
	stop(w);
}

static void
lag_is_told_near_retention(void **state)
{
	struct world *w = *state;
	struct source_pass *p;
	struct lane *l;
	int64_t now = stamp_now();

	w->feed.source.retention_ms = 100 * 3600000;
	p = run(w);
	l = w->fw->lanes[0];
	/* A first sync begins far back; that is no lag. */
	l->at.cursor = now - at(80 * 3600);
	fire(&w->fw->watch);
	assert_int_equal(fakes.n_told, 1);
	fake_end(p, STAMP_NONE, now, NULL);
	fire(&w->fw->watch);
	assert_int_equal(fakes.n_told, 1);
	l->closed.as_of = now - at(76 * 3600);
	fire(&w->fw->watch);
	assert_last("|cefwd:lag|", "cn2=360000 cn2Label=retention seconds");
	l->closed.as_of = now - at(60 * 3600);
	fire(&w->fw->watch);
	assert_int_equal(fakes.n_told, 2);
	l->closed.as_of = now;
	fire(&w->fw->watch);
	assert_last("|cefwd:lag-over|", "cs3=one");
	stop(w);
}

static void
a_certificate_is_told_at_each_step_towards_its_end(void **state)
{
	static const struct {
		int64_t hours;
		const char *days; /* NULL: nothing new */
	} rows[] = { { 40 * 24, NULL }, { 29 * 24 + 1, "cn1=29 " },
		{ 20 * 24, NULL }, { 6 * 24 + 1, "cn1=6 " }, { 1, "cn1=0 " },
		{ -1, "cn1=0 " }, { -2, NULL }, { 300 * 24, NULL },
		{ 29 * 24 + 1, "cn1=29 " } };
	struct world *w = *state;
	struct source_pass *p;
	size_t n;

	w->feed.auth.grant = AUTH_CERTIFICATE;
	p = run(w);
	n = fakes.n_told;
	for (size_t i = 0; i < NELEM(rows); i++) {
		fakes.certificate_end_ms =
		    clk_unix_ms() + rows[i].hours * 3600000;
		w->fw->feeds[0]->certificate_ms = 0;
		fire(&w->fw->watch);
		n += rows[i].days != NULL;
		assert_int_equal(fakes.n_told, n);
		if (rows[i].days != NULL)
			assert_last("|cefwd:certificate-ending|", rows[i].days);
	}
	/* The file is not read again before a day is over. */
	fakes.certificate_end_ms = clk_unix_ms() + 3600000;
	fire(&w->fw->watch);
	assert_int_equal(fakes.n_told, n);
	fake_end(p, STAMP_NONE, stamp_now(), NULL);
	stop(w);
}

static void
unreadable_alerts_are_told_once_and_ten_at_most(void **state)
{
	struct world *w = *state;
	struct source_pass *p = run(w);
	int64_t now = stamp_now();

	p->h->refused(p->ctx, "page 1, record 2", "NaN is no JSON");
	assert_last("|cefwd:unparsable|", "reason=NaN is no JSON");
	assert_last("msg=page 1, record 2", "cn1=1 cn1Label=alerts");
	fake_end(p, now, now, NULL);
	/* The overlap shows it again. */
	fire(&w->fw->feeds[0]->poll);
	p = fakes.passes[0];
	p->h->refused(p->ctx, "page 1, record 2", "NaN is no JSON");
	assert_int_equal(fakes.n_told, 2);
	for (int i = 0; i < 20; i++)
		p->h->refused(p->ctx, "page 1, record 3", "another");
	assert_int_equal(fakes.n_told, 12);
	stop(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_whole_and_differ),
		T(start_and_stop_are_told),
		T(one_pass_of_once_says_nothing),
		T(what_the_next_try_mends_is_not_told),
		T(a_source_that_stays_away_is_told_once_and_its_return),
		T(a_refusal_is_told_at_once_by_its_reason),
		T(a_destination_that_reads_nothing_is_told_until_it_is_drained),
		T(a_heartbeat_counts_served_against_settled),
		T(quiet_is_told_where_the_source_answers),
		T(lag_is_told_near_retention),
		T(a_certificate_is_told_at_each_step_towards_its_end),
		T(unreadable_alerts_are_told_once_and_ten_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
