/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/obj.h"

#include "cmd/forward.h"
#include "cmd/guard.h"
#include "cmd/input.h"
#include "cmd/pulse.h"
#include "config/conf.h"
#include "net/listener.h"
#include "status/status.h"

#define LOG_ROOM "main"

static const int stop_signals[] = { SIGTERM, SIGINT };

/* After stop-timeout: to write the state and close. */
#define STOP_MARGIN_MS 10000U

struct session {
	const struct forward_args *args;
	uv_loop_t loop;
	uv_signal_t signals[NELEM(stop_signals)];
	uv_timer_t timeout;
	struct pulse pulse;
	struct forwarder *fw; /* NULL before and after */
	struct forwarder_options options;
	struct forwarder_counts counts; /* at the end */
	struct status status;           /* what listeners answer from */
	struct listener **listeners;
	size_t n_listeners;
	struct err err;
};

/* The configuration's sources by tenant, and the lanes between them and the
   destinations. */
static void
fill_feeds(
    struct forwarder_options *o, const struct config *conf, size_t *first_feed)
{
	struct feed_options *feeds;
	size_t n = 0;

	for (size_t i = 0; i < conf->n_sources; i++)
		n += conf->sources[i].n_feeds;
	feeds = xcalloc(n, sizeof(*feeds));
	o->feeds = feeds;
	for (size_t i = 0; i < conf->n_sources; i++) {
		const struct config_source *s = &conf->sources[i];

		first_feed[i] = o->n_feeds;
		for (size_t j = 0; j < s->n_feeds; j++) {
			feeds[o->n_feeds++] = (struct feed_options){
				.source = s->feeds[j].source,
				.auth = s->feeds[j].auth,
				.map = s->map,
				.poll_interval_ms = s->poll_interval_ms,
				.start_ms = s->start_ms,
				.overlap_ms = s->overlap_ms,
				.updates = s->updates,
				.remember_ms = s->remember_ms,
				.quiet_after_ms = s->quiet_after_ms,
			};
		}
	}
}

static bool
is_forwarded(const struct config *conf, size_t source, size_t dest)
{
	if (conf->n_forwards == 0)
		return true;
	for (size_t i = 0; i < conf->n_forwards; i++) {
		if (conf->forwards[i].source == source &&
		    conf->forwards[i].destination == dest)
			return true;
	}
	return false;
}

static void
fill_lanes(struct forwarder_options *o, const struct config *conf,
    const size_t *first_feed)
{
	struct lane_pair *lanes;

	lanes = xcalloc(o->n_feeds * conf->n_destinations, sizeof(*lanes));
	o->lanes = lanes;
	for (size_t i = 0; i < conf->n_sources; i++) {
		for (size_t d = 0; d < conf->n_destinations; d++) {
			if (!is_forwarded(conf, i, d))
				continue;
			for (size_t j = 0; j < conf->sources[i].n_feeds; j++)
				lanes[o->n_lanes++] = (struct lane_pair){
					.feed = first_feed[i] + j,
					.dest = d,
				};
		}
	}
}

static void
options_init(struct forwarder_options *o, const struct forward_args *args,
    const struct config *conf)
{
	size_t *first_feed = xcalloc(conf->n_sources, sizeof(*first_feed));

	*o = (struct forwarder_options){
		.mode = args->mode,
		.is_printing = args->is_printing,
		.since = args->since,
		.until = args->until,
		.state_dir = conf->state_dir,
		.heartbeat_ms = conf->heartbeat_ms,
		.stop_timeout_ms = conf->stop_timeout_ms,
		.dests = conf->destinations,
		.n_dests = conf->n_destinations,
	};
	fill_feeds(o, conf, first_feed);
	fill_lanes(o, conf, first_feed);
	free(first_feed);
}

static void
options_fini(const struct forwarder_options *o)
{
	free((void *)(uintptr_t)o->feeds);
	free((void *)(uintptr_t)o->lanes);
}

static void
close_handles(struct session *s)
{
	for (size_t i = 0; i < NELEM(stop_signals); i++)
		uv_close((uv_handle_t *)&s->signals[i], NULL);
	uv_close((uv_handle_t *)&s->timeout, NULL);
	pulse_close(&s->pulse);
}

static void
close_listeners(struct session *s)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		listener_close(s->listeners[i]);
	free(s->listeners);
	s->listeners = NULL;
	s->n_listeners = 0;
	s->status.fw = NULL;
}

static void
on_ended(void *ctx, const struct err *e)
{
	struct session *s = ctx;

	s->err = *e;
	forwarder_count(s->fw, &s->counts);
	s->fw = NULL;
	close_handles(s);
	close_listeners(s);
}

/*
 * What was asked for and cannot be had ends the start; that nobody may be able
 * to ask at the place which was not named, as where the program is tried out
 * by hand, does not.
 */
static int
open_listeners(struct session *s, const struct config *conf)
{
	struct listener_options o = {
		.hosts = conf->listen_hosts,
		.render = status_render,
		.ctx = &s->status,
	};
	size_t n = 0;
	struct err e;

	while (conf->listen[n] != NULL)
		n++;
	s->listeners = xcalloc(n + 1, sizeof(struct listener *));
	for (size_t i = 0; i < n; i++) {
		struct listener *l;

		o.address = conf->listen[i];
		l = listener_open(&s->loop, &o, &e);
		if (l != NULL) {
			s->listeners[s->n_listeners++] = l;
		} else if (conf->is_listen_given) {
			forwarder_stop(s->fw, &e);
			return -1;
		} else {
			log_warn("\"cefwd status\" will get no answer: %s, or "
				 "set \"listen\" (none for no status)",
			    e.text);
		}
	}
	return 0;
}

static void
on_signal(uv_signal_t *h, int signum)
{
	struct session *s = h->data;

	log_info("stopping signal=%d", signum);
	pulse_stopping(&s->pulse, s->options.stop_timeout_ms + STOP_MARGIN_MS);
	if (s->fw != NULL)
		forwarder_stop(s->fw, NULL);
}

static void
on_timeout(uv_timer_t *t)
{
	struct forwarder_counts c;
	struct session *s = t->data;
	struct err e;

	if (s->fw == NULL)
		return;
	forwarder_count(s->fw, &c);
	(void)err_set(&e, ERR_BUSY,
	    "gave up: --timeout %.15g s is over; %" PRIu64
	    " lines had settled, %" PRIu64 " had not, and not all alerts may "
	    "have been fetched; the next run goes on from there",
	    (double)s->args->timeout_ms / 1000, c.settled, c.held);
	forwarder_stop(s->fw, &e);
	if (s->fw != NULL)
		forwarder_stop(s->fw, NULL); /* at once */
}

static void
init_handles(struct session *s)
{
	if (uv_loop_init(&s->loop) != 0)
		log_fatal("no event loop could be made");
	for (size_t i = 0; i < NELEM(stop_signals); i++) {
		(void)uv_signal_init(&s->loop, &s->signals[i]);
		s->signals[i].data = s;
		(void)uv_signal_start(
		    &s->signals[i], on_signal, stop_signals[i]);
	}
	(void)uv_timer_init(&s->loop, &s->timeout);
	s->timeout.data = s;
	pulse_init(&s->pulse, &s->loop, &s->status);
	if (s->args->timeout_ms > 0)
		(void)uv_timer_start(
		    &s->timeout, on_timeout, s->args->timeout_ms, 0);
}

static void
tell_end(const struct session *s)
{
	const struct forwarder_counts *c = &s->counts;

	log_info("ended alerts=%" PRIu64 " lines=%" PRIu64 " settled=%" PRIu64
		 " sent-before=%" PRIu64 " unreadable=%" PRIu64,
	    c->records, c->put, c->settled, c->known, c->refused);
}

static int
forward(struct session *s, const struct config *conf)
{
	init_handles(s);
	s->fw = forwarder_new(&s->loop, &s->options, on_ended, s, &s->err);
	if (s->fw == NULL) {
		close_handles(s);
	} else {
		s->status.fw = s->fw;
		log_info("started version=%s feeds=%zu destinations=%zu "
			 "lanes=%zu",
		    PACKAGE_VERSION, s->options.n_feeds, s->options.n_dests,
		    s->options.n_lanes);
		if (s->args->mode == FORWARD_RUN &&
		    open_listeners(s, conf) == 0)
			pulse_ready(&s->pulse);
	}
	(void)uv_run(&s->loop, UV_RUN_DEFAULT);
	/* A handle that is left over is our mistake. */
	if (uv_loop_close(&s->loop) != 0)
		log_err("internal: a handle was left open");
	if (s->err.kind != ERR_NONE) {
		log_err("%s", s->err.text);
		return err_status(s->err.kind);
	}
	tell_end(s);
	return s->args->is_printing ? output_flush() : EX_OK;
}

int
cmd_forward(const struct cmd_env *env, const struct forward_args *args)
{
	struct faults *faults = faults_new();
	struct session s = {
		.args = args,
		.status = { .version = PACKAGE_VERSION,
		    .config_path = env->config_path },
	};
	struct config *conf;
	FILE *trace;
	int status;

	cmd_log_configure(env, LOG_LEVEL_INFO);
	status = guard_user(args->user);
	if (status != -1) {
		faults_free(faults);
		return status;
	}
	guard_memory();
	conf = config_load(env->config_path, faults);
	faults_print(faults, stderr, env->is_quiet);
	faults_free(faults);
	if (conf == NULL)
		return EX_CONFIG;
	cmd_log_configure_as(env, conf->log_level, conf->log_format);
	status = guard_trace(args->trace, &trace);
	if (status == -1) {
		options_init(&s.options, args, conf);
		s.options.trace = trace;
		status = forward(&s, conf);
		options_fini(&s.options);
		if (trace != NULL)
			(void)fclose(trace);
	}
	config_free(conf);
	return status;
}
