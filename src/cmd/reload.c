/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "cmd/notify.h"
#include "cmd/plan.h"
#include "cmd/pulse.h"
#include "cmd/reload.h"
#include "status/status.h"

#define LOG_ROOM "main"

/* A configuration that was read again, until nothing borrows from it. */
struct reading {
	SLIST_ENTRY(reading) entry;
	struct reload *r;
	struct config *conf;
	struct forwarder_options options;
};

static void
free_unused(struct reload *r)
{
	struct reading *g;

	while ((g = SLIST_FIRST(&r->unused)) != NULL) {
		SLIST_REMOVE_HEAD(&r->unused, entry);
		plan_fini(&g->options);
		config_free(g->conf);
		free(g);
	}
}

/* Not freed at once: handles that still close may look at names. */
static void
on_unused(void *ctx)
{
	struct reading *g = ctx;

	SLIST_INSERT_HEAD(&g->r->unused, g, entry);
}

static void
ended(struct reload *r, const struct err *e)
{
	struct status *s = r->status;

	free(r->fault);
	r->fault = e == NULL ? NULL : xstrdup(e->text);
	s->reload_fault = r->fault;
	s->reload_at = stamp_now();
	if (e == NULL)
		s->reloads++;
	pulse_ready(r->pulse);
}

/* Each in a line of its own: the log may be JSON. */
static void
tell_faults(struct faults *faults)
{
	faults_sort(faults);
	for (size_t i = 0; i < faults_len(faults); i++) {
		const struct fault *f = faults_get(faults, i);
		struct buf place;

		buf_init(&place, 8192);
		buf_adds(&place, f->file);
		if (f->line > 0)
			buf_addf(&place, ":%u:%u", f->line, f->col);
		if (f->level == FAULT_ERROR)
			log_err("%s: %s", place.p, f->message);
		else
			log_warn("%s: %s", place.p, f->message);
		buf_fini(&place);
	}
}

#define REFUSED "the configuration was not taken, the old one stays in force"

static void
keep_old(struct reload *r, const struct err *e)
{
	if (r->status->fw != NULL)
		forwarder_refused(r->status->fw, e->text);
	ended(r, e);
}

static void
refused(struct reload *r, const struct err *e)
{
	log_err(REFUSED ": %s", e->text);
	keep_old(r, e);
}

static void
tell_restart(void *ctx, const char *key)
{
	(void)ctx;
	log_warn("\"%s\" has changed: it holds from the next restart on", key);
}

static void begin(struct reload *r);

static void
on_applied(void *ctx, const struct err *e)
{
	struct reading *g = ctx;
	struct reload *r = g->r;

	r->reading = NULL;
	if (e != NULL) {
		refused(r, e);
	} else {
		cmd_log_configure_as(
		    r->env, g->conf->log_level, g->conf->log_format);
		log_info("the configuration was read again and is in force "
			 "feeds=%zu destinations=%zu lanes=%zu",
		    g->options.n_feeds, g->options.n_dests, g->options.n_lanes);
		(void)config_needs_restart(
		    r->first, g->conf, tell_restart, NULL);
		ended(r, NULL);
	}
	if (r->is_again) {
		r->is_again = false;
		begin(r);
	}
}

/* Nothing of what runs is touched before all of it is known to be right. */
static void
begin(struct reload *r)
{
	struct faults *faults = faults_new();
	struct reading *g;
	struct err e;

	free_unused(r);
	notify_reloading();
	g = xcalloc(1, sizeof(*g));
	g->r = r;
	g->conf = config_load(r->env->config_path, faults);
	tell_faults(faults);
	if (g->conf == NULL) {
		(void)faults_to_err(faults, &e);
		free(g);
		log_err(
		    REFUSED " faults=%zu", faults_count(faults, FAULT_ERROR));
		keep_old(r, &e);
	} else {
		plan_init(&g->options, r->args, g->conf);
		g->options.unused = on_unused;
		g->options.unused_ctx = g;
		r->reading = g;
		if (forwarder_apply(
			r->status->fw, &g->options, on_applied, g, &e) == -1) {
			r->reading = NULL;
			refused(r, &e);
		}
	}
	faults_free(faults);
}

static void
on_hup(uv_signal_t *h, int signum)
{
	struct reload *r = h->data;

	(void)signum;
	if (r->status->fw == NULL)
		return;
	/* Also with a fault in the files: logs are rotated all the same. */
	forwarder_reopen(r->status->fw);
	if (r->reading != NULL)
		r->is_again = true;
	else
		begin(r);
}

void
reload_init(struct reload *r, uv_loop_t *loop)
{
	SLIST_INIT(&r->unused);
	(void)uv_signal_init(loop, &r->hup);
	r->hup.data = r;
}

void
reload_start(struct reload *r)
{
	(void)uv_signal_start(&r->hup, on_hup, SIGHUP);
}

void
reload_close(struct reload *r)
{
	uv_close((uv_handle_t *)&r->hup, NULL);
}

void
reload_fini(struct reload *r)
{
	free_unused(r);
	free(r->fault);
}
