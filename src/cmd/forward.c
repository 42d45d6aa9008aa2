/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/mem.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "cmd/forward.h"
#include "cmd/guard.h"
#include "cmd/input.h"
#include "cmd/plan.h"
#include "cmd/pulse.h"
#include "cmd/reload.h"
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
	struct reload reload;
	struct forwarder *fw; /* NULL before and after */
	struct forwarder_options options;
	struct forwarder_counts counts; /* at the end */
	struct status status;           /* what listeners answer from */
	struct listener **listeners;
	size_t n_listeners;
	struct err err;
};

static void
close_handles(struct session *s)
{
	for (size_t i = 0; i < NELEM(stop_signals); i++)
		uv_close((uv_handle_t *)&s->signals[i], NULL);
	uv_close((uv_handle_t *)&s->timeout, NULL);
	pulse_close(&s->pulse);
	reload_close(&s->reload);
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
	reload_init(&s->reload, &s->loop);
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
		    open_listeners(s, conf) == 0) {
			reload_start(&s->reload);
			pulse_ready(&s->pulse);
		}
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
		    .config_path = env->config_path,
		    .reload_at = STAMP_NONE },
		.reload = { .env = env, .args = args },
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
	guard_descriptors();
	/* One that comes before the loop runs finds what is read here. */
	if (args->mode == FORWARD_RUN)
		(void)signal(SIGHUP, SIG_IGN);
	conf = config_load(env->config_path, faults);
	faults_print(faults, stderr, env->is_quiet);
	faults_free(faults);
	if (conf == NULL)
		return EX_CONFIG;
	cmd_log_configure_as(env, conf->log_level, conf->log_format);
	status = guard_trace(args->trace, &trace);
	if (status == -1) {
		plan_init(&s.options, args, conf);
		s.options.trace = trace;
		s.reload.first = conf;
		s.reload.status = &s.status;
		s.reload.pulse = &s.pulse;
		status = forward(&s, conf);
		reload_fini(&s.reload);
		plan_fini(&s.options);
		if (trace != NULL)
			(void)fclose(trace);
	}
	config_free(conf);
	return status;
}
