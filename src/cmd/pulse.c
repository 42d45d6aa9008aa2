/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#include "cmd/notify.h"
#include "cmd/pulse.h"
#include "lane/stats.h"
#include "status/status.h"

/* The status line is for a person who looks now and then. */
#define STATUS_MS       10000U
#define STATUS_LINE_MAX 4096U

/* How the service does in a line; "" where it is ending. */
static void
find_words(const struct pulse *p, struct buf *out)
{
	struct forwarder_stats st;

	if (p->status->fw == NULL || forwarder_stats(p->status->fw, &st) == -1)
		return;
	status_line(p->status, &st, out);
	forwarder_stats_fini(&st);
}

static void
beat(struct pulse *p)
{
	struct buf words;

	if (p->is_watched)
		notify_watchdog();
	if (!p->is_ready || p->is_stopping || !notify_is_wanted())
		return;
	buf_init(&words, STATUS_LINE_MAX);
	find_words(p, &words);
	if (words.len > 0 && strcmp(words.p, p->said) != 0) {
		free(p->said);
		p->said = xstrdup(words.p);
		notify_status(words.p);
	}
	buf_fini(&words);
}

static void
on_timer(uv_timer_t *t)
{
	beat(t->data);
}

void
pulse_init(struct pulse *p, uv_loop_t *loop, const struct status *status)
{
	uint64_t ms = notify_watchdog_ms();

	*p = (struct pulse){
		.status = status,
		.said = xstrdup(""),
		.is_watched = ms > 0,
	};
	if (ms == 0 || ms > STATUS_MS)
		ms = STATUS_MS;
	(void)uv_timer_init(loop, &p->timer);
	p->timer.data = p;
	if (!p->is_watched && !notify_is_wanted())
		return;
	(void)uv_timer_start(&p->timer, on_timer, ms, ms);
	uv_unref((uv_handle_t *)&p->timer);
}

void
pulse_ready(struct pulse *p)
{
	struct buf words;

	if (p->is_stopping || !notify_is_wanted())
		return;
	buf_init(&words, STATUS_LINE_MAX);
	find_words(p, &words);
	p->is_ready = true;
	free(p->said);
	p->said = xstrdup(words.p);
	notify_ready(words.p);
	buf_fini(&words);
}

void
pulse_stopping(struct pulse *p, uint64_t within_ms)
{
	p->is_stopping = true;
	notify_stopping(within_ms);
}

void
pulse_close(struct pulse *p)
{
	free(p->said);
	p->said = NULL;
	uv_close((uv_handle_t *)&p->timer, NULL);
}
