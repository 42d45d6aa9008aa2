/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <netdb.h>

#include "base/log.h"
#include "base/obj.h"
#include "syslog/conn.h"
#include "syslog/resolve.h"
#include "syslog/transport.h"

#include "syslog/scout.h"

#define LOG_ROOM "syslog"

/*
 *            +------- next address -------+
 *            v                            |
 *  resolve --+--> connect --> wait --> broke()
 *     ^                         |         |
 *     +---- next earlier URL, or all of   |
 *     |     them anew after a while ------+
 *     |                         |
 *                               +--> scout_found()
 */

static void resolve_next(struct scout *s);

void
scout_init(struct scout *s, struct conn *c)
{
	*s = (struct scout){ .conn = c };
	(void)uv_timer_init(c->loop, &s->timer);
	s->timer.data = c;
}

static void
let_go(struct scout *s)
{
	(void)uv_timer_stop(&s->timer);
	resolve_cancel(s->lookup);
	s->lookup = NULL;
	if (s->link != NULL)
		s->link->transport->drop(s->link);
	s->link = NULL;
}

static void
free_addrs(struct scout *s)
{
	uv_freeaddrinfo(s->addrs);
	s->addrs = NULL;
	s->addr = NULL;
}

void
scout_stop(struct scout *s)
{
	let_go(s);
	free_addrs(s);
	s->is_out = false;
}

static struct scout *
scout_of(uv_timer_t *h)
{
	struct scout *s = CONTAINER_OF(h, struct scout, timer);

	assert(s->is_out && s->conn == h->data);
	return s;
}

static void
on_again(uv_timer_t *h)
{
	resolve_next(scout_of(h));
}

/* It failed; what comes next does not, however deep the list is: each step
   waits for the loop. */
static void
step_on(struct scout *s)
{
	uint64_t wait_ms = 0;

	free_addrs(s);
	s->url++;
	if (s->url >= s->conn->url) {
		s->url = 0;
		wait_ms = backoff_next_ms(&s->backoff);
	}
	(void)uv_timer_start(&s->timer, on_again, wait_ms, 0);
}

static void
on_deadline(uv_timer_t *h)
{
	struct err e;

	link_err(&e, UV_ETIMEDOUT, "cannot connect");
	scout_broke(scout_of(h), &e);
}

static void
connect_next(struct scout *s)
{
	struct conn *c = s->conn;
	const struct link_options o = {
		.loop = c->loop,
		.host = c->options->urls[s->url].host,
		.tls = &c->options->tls,
		.no_sock_diag = c->options->no_sock_diag,
	};
	struct err e;

	for (; s->addr != NULL; s->addr = s->addr->ai_next) {
		s->link = c->transport->open(c, s->addr->ai_addr, &o, &e);
		if (s->link == NULL)
			continue;
		s->link->spool = c->spool;
		(void)uv_timer_start(&s->timer, on_deadline, CONNECT_MAX_MS, 0);
		return;
	}
	step_on(s);
}

static void
on_resolved(void *ctx, struct addrinfo *addrs, const struct err *e)
{
	struct conn *c = ctx;
	struct scout *s = &c->scout;

	(void)e;
	assert(s->is_out && s->addrs == NULL);
	s->lookup = NULL;
	s->addrs = addrs;
	s->addr = addrs;
	connect_next(s);
}

static void
resolve_next(struct scout *s)
{
	struct conn *c = s->conn;
	struct err e;

	s->lookup = resolve_start(c->loop, &c->options->urls[s->url],
	    c->transport->socktype, on_resolved, c, &e);
	if (s->lookup == NULL)
		step_on(s);
}

void
scout_broke(struct scout *s, const struct err *e)
{
	log_debug("scout of %s failed: %s", s->conn->options->name, e->text);
	let_go(s);
	if (s->addr != NULL)
		s->addr = s->addr->ai_next;
	connect_next(s);
}

static void
on_well(uv_timer_t *h)
{
	struct scout *s = scout_of(h);
	struct link *link = s->link;

	s->link = NULL;
	scout_stop(s);
	scout_found(s->conn, s->url, link);
}

void
scout_opened(struct scout *s)
{
	log_debug("scout of %s connected; return_ms=%llu",
	    s->conn->options->name,
	    (unsigned long long)s->conn->options->return_ms);
	(void)uv_timer_start(
	    &s->timer, on_well, s->conn->options->return_ms, 0);
}

void
scout_start(struct scout *s)
{
	struct conn *c = s->conn;

	scout_stop(s);
	if (c->url == 0 || c->options->return_ms == 0)
		return;
	s->is_out = true;
	s->url = 0;
	s->backoff = c->transport->backoff;
	if (c->transport->is_blind)
		(void)uv_timer_start(
		    &s->timer, on_well, c->options->return_ms, 0);
	else
		(void)uv_timer_start(
		    &s->timer, on_again, backoff_next_ms(&s->backoff), 0);
}
