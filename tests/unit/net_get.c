/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "base/obj.h"
#include "net_get.h"

#define GUARD_MS 20000U

static void
on_guard(uv_timer_t *timer)
{
	(void)timer;
	(void)fprintf(stderr, "the test hangs\n");
	abort();
}

void
world_up(struct world *w)
{
	struct err e;

	(void)signal(SIGPIPE, SIG_IGN);
	assert(uv_loop_init(&w->loop) == 0);
	assert(uv_timer_init(&w->loop, &w->guard) == 0);
	(void)uv_timer_start(&w->guard, on_guard, GUARD_MS, 0);
	uv_unref((uv_handle_t *)&w->guard);
	w->http = http_new(&w->loop, "cefwd/test", &e);
	assert(w->http != NULL);
}

void
world_down(struct world *w)
{
	http_close(w->http);
	w->http = NULL;
	while (uv_run(&w->loop, UV_RUN_DEFAULT) != 0)
		continue;
	uv_close((uv_handle_t *)&w->guard, NULL);
	(void)uv_run(&w->loop, UV_RUN_DEFAULT);
	assert(uv_loop_close(&w->loop) == 0);
}

static void
on_timer(uv_timer_t *timer)
{
	uv_stop(timer->loop);
	uv_close((uv_handle_t *)timer, NULL);
}

void
world_run(struct world *w, uint64_t ms)
{
	uv_timer_t timer;

	assert(uv_timer_init(&w->loop, &timer) == 0);
	uv_update_time(&w->loop);
	(void)uv_timer_start(&timer, on_timer, ms, 0);
	while (uv_is_active((uv_handle_t *)&timer))
		(void)uv_run(&w->loop, UV_RUN_ONCE);
	/* Its close callback belongs to this frame too. */
	(void)uv_run(&w->loop, UV_RUN_NOWAIT);
}

/*
 * Each callback ends the turn of the loop (uv_stop()): UV_RUN_ONCE would wait
 * for one event more if this one came from a timer.
 */

static void
on_head(void *ctx, const struct http_head *head)
{
	struct get *g = ctx;

	assert(g->dones == 0 && g->pieces == 0);
	uv_stop(&g->w->loop);
	g->heads++;
	g->status = head->status;
	(void)snprintf(g->type, sizeof(g->type), "%s", head->content_type);
	(void)snprintf(g->location, sizeof(g->location), "%s", head->location);
	if (g->on_head != NULL)
		g->on_head(g);
}

static int
on_data(void *ctx, const char *p, size_t len, struct err *e)
{
	struct get *g = ctx;

	assert(g->heads == 1 && g->dones == 0);
	assert(len > 0);
	uv_stop(&g->w->loop);
	g->pieces++;
	if (g->refuse_data)
		return err_set(e, ERR_DATA, "not wanted");
	buf_add(&g->body, p, len);
	assert(buf_ok(&g->body));
	if (g->on_data != NULL)
		g->on_data(g);
	return 0;
}

static void
on_done(void *ctx, const struct err *e)
{
	struct get *g = ctx;

	uv_stop(&g->w->loop);
	g->dones++;
	g->r = NULL;
	g->failed = e != NULL;
	if (e != NULL)
		g->err = *e;
	if (g->on_done != NULL)
		g->on_done(g);
}

void
get_start(struct world *w, struct get *g, const struct http_call *call)
{
	static const struct http_handlers handlers = {
		.head = on_head,
		.data = on_data,
		.done = on_done,
	};
	struct http_call mine = *call;

	g->w = w;
	buf_init(&g->body, 64U << 20);
	if (mine.method == NULL)
		mine.method = "GET";
	if (mine.max_bytes == 0)
		mine.max_bytes = 64U << 20;
	g->r = http_start(w->http, &mine, &handlers, g, &g->err);
	assert(g->heads == 0 && g->dones == 0);
}

void
get_wait(struct get *g)
{
	while (g->dones == 0)
		(void)uv_run(&g->w->loop, UV_RUN_ONCE);
	assert(g->dones == 1);
}

void
get_fini(struct get *g)
{
	buf_fini(&g->body);
	*g = (struct get){ .w = NULL };
}
