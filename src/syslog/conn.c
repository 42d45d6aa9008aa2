/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/socket.h>

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/obj.h"

#include "syslog/resolve.h"

#include "syslog/conn.h"

#define LOG_ROOM   "syslog"

#define CONN_MAGIC 0x636f6e6eU

/* A connection that lasted so long was one, even if nothing was sent on it;
   and so long a connection must last after one that did no work. */
#define PROVEN_MS  1000U

/* max-rate: from one batch to the next. */
#define PACE_MS    10U

/* Batches in one turn of the loop, so that other rooms get theirs. */
#define BATCHES    4

/*
 *            +------------------ next address ------------------+
 *            v                                                  |
 *  RESOLVE --+--> CONNECT --------> UP ----- failed() ----------+
 *     ^                |                         |
 *     |                +------ failed() ---------+
 *     +---- next URL, or the list anew ----------+--- BACKOFF
 *     ^                                                  |
 *     +--------------------------------------------------+
 *
 *  RESOLVE  asks for the addresses of the URL, each time anew.  Ended by
 *           on_resolved().
 *  CONNECT  opens a link to one address.  Ended by link_opened(),
 *           link_broke() or the timer, a deadline.
 *  UP       sends, and looks while anything has not settled: then, and while
 *           the connection is on probation, the timer ticks; otherwise nothing
 *           wakes us.  Ended by whatever calls failed().
 *           While a later URL of the list serves, a scout looks after the
 *           earlier ones; go_back() goes over to the one that it found.
 *  BACKOFF  every URL was tried, or a connection that had worked broke.  Ended
 *           by the timer.
 *  CLOSED   for ever.
 *
 * Outside UP the spool is rewound, and no link is open.
 */
enum next {
	NEXT_RUN,  /* run the new state now */
	NEXT_WAIT, /* return to the loop; a callback will call conn_run() */
};

struct state {
	const char *word;
	enum next (*run)(struct conn *);
};

/* clang-format off */
#define STATES(X)                      \
	X(RESOLVE, resolve, "resolve") \
	X(CONNECT, connect, "connect") \
	X(UP,      up,      "up")      \
	X(BACKOFF, backoff, "backoff") \
	X(CLOSED,  closed,  "closed")
/* clang-format on */

#define STATE(symbol, func, word)                  \
	static enum next st_##func(struct conn *); \
	static const struct state symbol = { word, st_##func };
STATES(STATE)
#undef STATE

static const struct transport *const transports[] = {
	[DEST_TCP] = &tcp_transport,
	[DEST_TLS] = &tls_transport,
	[DEST_UDP] = &udp_transport,
	[DEST_FILE] = &file_transport,
	[DEST_STDOUT] = &stdout_transport,
};

const struct transport *
conn_transport(enum dest_scheme scheme)
{
	assert((size_t)scheme < NELEM(transports));
	return transports[scheme];
}

/* The only place where the state changes. */
static void
go(struct conn *c, const struct state *to)
{
	log_debug("connection of %s from=%s to=%s", c->options->name,
	    c->state->word, to->word);
	c->state = to;
}

static void
conn_run(struct conn *c)
{
	enum next next;

	do
		next = c->state->run(c);
	while (next == NEXT_RUN);
}

static bool
is_closed(const struct conn *c)
{
	return c->state == &CLOSED;
}

static const struct dest_url *
url_of(const struct conn *c)
{
	return &c->options->urls[c->url];
}

/* "tcp://[::1]:514: " in front of what failed there. */
static void
name_url(const struct conn *c, struct err *e)
{
	struct buf b;

	buf_init(&b, ERR_TEXT_MAX / 2);
	dest_url_add(&b, url_of(c));
	(void)err_context(e, "%s", b.p);
	buf_fini(&b);
}

void
link_err(struct err *e, int uv_status, const char *what)
{
	static const struct {
		int status;
		const char *words; /* NULL: libuv's */
		const char *mend;
	} rows[] = {
		{ UV_ECONNREFUSED, NULL,
		    "start the receiver, or correct the port" },
		{ UV_ECONNRESET, NULL,
		    "the receiver died or restarted; its log says why" },
		{ UV_EPIPE, NULL,
		    "the receiver died or restarted; its log says why" },
		{ UV_EOF, "the receiver closed it",
		    "its log says why; a TLS port closes on plain text" },
		{ UV_ETIMEDOUT, NULL,
		    "see that the host is up and no firewall drops packets" },
		{ UV_EHOSTUNREACH, NULL, "see to the route to the host" },
		{ UV_ENETUNREACH, NULL, "see to the route to the host" },
		{ UV_EACCES, NULL, "see to the firewall of this host" },
		{ UV_EPERM, NULL, "see to the firewall of this host" },
		{ UV_EMFILE, NULL, "raise LimitNOFILE" },
	};

	for (size_t i = 0; i < NELEM(rows); i++) {
		if (rows[i].status != uv_status)
			continue;
		(void)err_set(e, ERR_NET, "%s: %s: %s", what,
		    rows[i].words != NULL ? rows[i].words :
					    uv_strerror(uv_status),
		    rows[i].mend);
		return;
	}
	(void)err_set(e, ERR_NET, "%s: %s", what, uv_strerror(uv_status));
}

static void
drop_link(struct conn *c)
{
	if (c->link != NULL)
		c->link->transport->drop(c->link);
	c->link = NULL;
	(void)uv_timer_stop(&c->timer);
	(void)uv_timer_stop(&c->pace);
}

/* Nobody looks for an earlier receiver, none has been found. */
static void
forget_next(struct conn *c)
{
	scout_stop(&c->scout);
	if (c->next != NULL)
		c->next->transport->drop(c->next);
	c->next = NULL;
	c->is_returning = false;
}

static void
free_addrs(struct conn *c)
{
	uv_freeaddrinfo(c->addrs);
	c->addrs = NULL;
	c->addr = NULL;
}

static void
tell_away(struct conn *c, const struct err *e)
{
	if (c->is_told_away)
		return;
	c->is_told_away = true;
	c->is_told_up = false;
	c->owner->told(c->ctx, DEST_AWAY, e);
}

/* Where connecting proves nothing, it is no news either. */
static void
tell_url(struct conn *c)
{
	if (c->transport->is_blind || c->url == c->said_url)
		return;
	c->said_url = c->url;
	log_info("destination %s uses url number %zu of its %zu",
	    c->options->name, c->url + 1, c->options->n_urls);
}

static void
tell_up(struct conn *c)
{
	c->is_probation = false;
	tell_url(c);
	if (c->is_told_up)
		return;
	c->is_told_up = true;
	c->is_told_away = false;
	c->owner->told(c->ctx, DEST_UP, NULL);
}

/* Begin the failover list anew, after a while. */
static void
retry(struct conn *c)
{
	free_addrs(c);
	c->url = 0;
	err_clear(&c->why);
	go(c, &BACKOFF);
}

/* What failed with one URL after the other is told as one. */
static void
add_reason(struct conn *c, const struct err *e)
{
	struct err before = c->why;

	if (before.kind == ERR_NONE)
		c->why = *e;
	else
		(void)err_set(
		    &c->why, e->kind, "%.700s; %.700s", before.text, e->text);
}

/* A connection has shown that it works: lines settled, or there was none to
   send and it lasted.  A balancer without a receiver behind it takes lines,
   and keeps the connection for some seconds. */
static bool
has_proven(const struct conn *c, uint64_t now_ms)
{
	if (!spool_idle(c->spool))
		return c->has_worked;
	return c->has_worked || now_ms - c->up_ms >= PROVEN_MS;
}

/*
 * A name, an address or a connection failed.  A connection that did its work
 * is tried again from the head of the list after a while; one that did not is
 * an address that failed, however well it opened: a balancer without a
 * receiver behind it takes everybody.
 */
static void
failed(struct conn *c, const struct err *why)
{
	bool was_up = c->state == &UP;
	bool was_good = was_up && has_proven(c, clk_ms());
	struct err e = *why;

	name_url(c, &e);
	drop_link(c);
	log_debug("connection of %s failed: %s", c->options->name, e.text);
	if (was_up) {
		forget_next(c);
		c->counts->breaks++;
		spool_rewind(c->spool); /* S1 */
		c->is_probation = !was_good || c->transport->is_probing;
	}
	if (was_good) {
		retry(c);
		tell_away(c, &e);
		return;
	}
	if (c->addr != NULL && c->addr->ai_next != NULL) {
		c->addr = c->addr->ai_next;
		go(c, &CONNECT);
		return;
	}
	free_addrs(c);
	add_reason(c, &e);
	if (c->url + 1 < c->options->n_urls) {
		c->url++;
		go(c, &RESOLVE);
		return;
	}
	e = c->why;
	retry(c);
	tell_away(c, &e);
}

/* RESOLVE */

static void
on_resolved(void *ctx, struct addrinfo *addrs, const struct err *e)
{
	struct conn *c;

	OBJ_CAST(c, ctx, CONN_MAGIC);
	c->lookup = NULL;
	assert(c->state == &RESOLVE && c->addrs == NULL);
	if (addrs != NULL) {
		c->addrs = addrs;
		c->addr = addrs;
		go(c, &CONNECT);
	} else {
		failed(c, e);
	}
	conn_run(c);
}

static enum next
st_resolve(struct conn *c)
{
	struct err e;

	if (c->lookup != NULL)
		return NEXT_WAIT;
	assert(c->link == NULL && c->addrs == NULL);
	if (c->transport->socktype == 0) {
		go(c, &CONNECT);
		return NEXT_RUN;
	}
	c->lookup = resolve_start(
	    c->loop, url_of(c), c->transport->socktype, on_resolved, c, &e);
	if (c->lookup != NULL)
		return NEXT_WAIT;
	failed(c, &e);
	return NEXT_RUN;
}

/* CONNECT */

static void
on_connect_deadline(uv_timer_t *h)
{
	struct conn *c;
	struct err e;

	OBJ_CAST(c, h->data, CONN_MAGIC);
	assert(c->state == &CONNECT);
	link_err(&e, UV_ETIMEDOUT, "cannot connect");
	failed(c, &e);
	conn_run(c);
}

static enum next
st_connect(struct conn *c)
{
	const struct link_options o = {
		.loop = c->loop,
		.host = url_of(c)->host,
		.tls = &c->options->tls,
		.no_sock_diag = c->options->no_sock_diag,
	};
	struct err e;

	if (c->link != NULL)
		return NEXT_WAIT;
	assert(c->addr != NULL || c->transport->socktype == 0);
	c->link = c->transport->open(
	    c, c->addr == NULL ? NULL : c->addr->ai_addr, &o, &e);
	if (c->link == NULL) {
		failed(c, &e);
		return NEXT_RUN;
	}
	c->link->spool = c->spool;
	if (c->link->is_open) {
		link_opened(c->link);
		return NEXT_WAIT;
	}
	/* A file system that hangs is waited for, by one thread of the pool. */
	if (c->transport->socktype != 0)
		(void)uv_timer_start(
		    &c->timer, on_connect_deadline, CONNECT_MAX_MS, 0);
	return NEXT_WAIT;
}

/* The link is there; everything counts from here. */
static void
begin(struct conn *c)
{
	uint64_t settle_ms = c->transport->settle_ms;

	c->up_ms = clk_ms();
	c->has_worked = false;
	c->settles_by = NULL;
	c->line_max = c->link->line_max;
	settle_start(&c->settle,
	    settle_ms != 0 ? settle_ms : c->options->settle_ms, c->up_ms);
	scout_start(&c->scout);
}

void
link_opened(struct link *k)
{
	struct conn *c = k->conn;

	OBJ_CHECK(c, CONN_MAGIC);
	if (k == c->scout.link) {
		scout_opened(&c->scout);
		return;
	}
	assert(c->state == &CONNECT && c->link == k);
	(void)uv_timer_stop(&c->timer);
	begin(c);
	go(c, &UP);
	if (!c->is_probation)
		tell_up(c);
	conn_kick(c);
}

/* UP */

static void on_tick(uv_timer_t *h);

/* Look as long as there is something to see; an idle destination does not
   wake the process. */
static void
watch(struct conn *c)
{
	uint64_t tick_ms = settle_tick_ms(&c->settle);

	if (spool_idle(c->spool) && !c->is_probation) {
		(void)uv_timer_stop(&c->timer);
		return;
	}
	if (uv_is_active((uv_handle_t *)&c->timer))
		return;
	settle_resume(&c->settle, clk_ms());
	(void)uv_timer_start(&c->timer, on_tick, tick_ms, tick_ms);
}

/*
 * max-rate: lines, repeats too, are paid for from what grows by so many a
 * second; what has gathered in an idle while is worth 100 ms at most, so that
 * no second sees more than a tenth above the rate.
 */
static size_t
allowed(struct conn *c, size_t most)
{
	uint64_t rate = c->options->max_rate;
	uint64_t now_ms = clk_ms();
	uint64_t spent = (c->counts->sent - c->rate_sent) * 1000;
	uint64_t cap = rate * 100 < 1000 ? 1000 : rate * 100;
	uint64_t passed_ms = now_ms - c->rate_ms;

	if (rate == 0)
		return most;
	c->rate_sent = c->counts->sent;
	c->rate_ms = now_ms;
	c->rate_milli -= spent < c->rate_milli ? spent : c->rate_milli;
	if (passed_ms > 1000) /* the cap is reached: no overflow */
		passed_ms = 1000;
	c->rate_milli += rate * passed_ms;
	if (c->rate_milli > cap)
		c->rate_milli = cap;
	return c->rate_milli / 1000 < most ? (size_t)(c->rate_milli / 1000) :
					     most;
}

static void
on_pace(uv_timer_t *h)
{
	struct conn *c;

	OBJ_CAST(c, h->data, CONN_MAGIC);
	assert(c->state == &UP);
	conn_run(c);
}

/* Come again when the next line may go. */
static void
pace(struct conn *c)
{
	uint64_t rate = c->options->max_rate;

	if (rate == 0 || !spool_has_more(c->spool) ||
	    uv_is_active((uv_handle_t *)&c->pace))
		return;
	(void)uv_timer_start(
	    &c->pace, on_pace, rate >= 100 ? PACE_MS : 1000 / rate + 1, 0);
}

/* Nothing is given any more, so that little is sent twice; but a receiver
   that hangs is not waited for. */
void
scout_found(struct conn *c, size_t url, struct link *link)
{
	assert(c->state == &UP && !c->is_returning && c->next == NULL);
	c->is_returning = true;
	c->return_by_ms = clk_ms() + 2 * c->settle.settle_ms;
	c->next_url = url;
	c->next = link;
	conn_run(c);
}

static bool
is_drained(const struct conn *c)
{
	return (c->spool->unsettled == 0 && c->spool->part == 0) ||
	    clk_ms() >= c->return_by_ms;
}

/* From a later receiver to an earlier one. */
static enum next
go_back(struct conn *c)
{
	struct link *next = c->next;

	c->next = NULL;
	forget_next(c);
	drop_link(c);
	free_addrs(c);
	spool_rewind(c->spool); /* S1 */
	c->url = c->next_url;
	if (next == NULL) {
		c->is_probation = c->transport->is_probing;
		go(c, &RESOLVE);
		return NEXT_RUN;
	}
	c->link = next;
	begin(c);
	tell_url(c);
	return NEXT_RUN;
}

static enum next
st_up(struct conn *c)
{
	struct err e;
	size_t most = SIZE_MAX;
	enum sent r = SENT_ALL;

	assert(c->link != NULL && c->link->is_open);
	if (c->is_returning && is_drained(c))
		return go_back(c);
	if (c->is_returning)
		most = 0;
	/* One probe at a time. */
	else if (c->is_probation && c->transport->is_probing)
		most = c->spool->unsettled == 0 ? 1 : 0;
	for (int i = 0; i < BATCHES && r == SENT_ALL; i++) {
		uint64_t before = c->spool->given;
		size_t lines = allowed(c, most);

		if (lines == 0)
			break;
		r = c->transport->send(c->link, lines, &e);
		if (r == SENT_BROKEN) {
			failed(c, &e);
			return NEXT_RUN;
		}
		if (c->spool->given == before || most == 1)
			break;
		if (i + 1 == BATCHES)
			conn_kick(c);
	}
	pace(c);
	watch(c);
	return NEXT_WAIT;
}

static void
on_tick(uv_timer_t *h)
{
	struct conn *c;
	struct look look;
	struct err e;
	uint64_t now_ms, to, still_ms = 0;

	OBJ_CAST(c, h->data, CONN_MAGIC);
	assert(c->state == &UP && c->link != NULL);
	if (c->transport->look(c->link, &look, &e) == -1) { /* S5 */
		failed(c, &e);
		conn_run(c);
		return;
	}
	c->settles_by = look.by;
	now_ms = clk_ms();
	to = settle_look(&c->settle, now_ms, look.read, look.unread);
	if (to > c->spool->settled) {
		c->has_worked = true;
		backoff_reset(&c->backoff);
	}
	if (c->is_probation && has_proven(c, now_ms))
		tell_up(c);
	if (is_closed(c))
		return;
	/* Who has read all that there was is not still. */
	if (look.read < c->spool->given)
		still_ms = settle_still_ms(&c->settle, now_ms);
	c->owner->looked(c->ctx, to, still_ms);
	if (!is_closed(c))
		conn_run(c);
}

void
link_writable(struct link *k)
{
	OBJ_CHECK(k->conn, CONN_MAGIC);
	if (k != k->conn->link)
		return;
	assert(k->conn->state == &UP);
	conn_run(k->conn);
}

void
link_broke(struct link *k, const struct err *e)
{
	struct conn *c = k->conn;

	OBJ_CHECK(c, CONN_MAGIC);
	if (k == c->scout.link) {
		scout_broke(&c->scout, e);
		return;
	}
	if (k == c->next) {
		forget_next(c);
		scout_start(&c->scout);
		return;
	}
	assert(c->link == k);
	failed(c, e);
	conn_run(c);
}

/* BACKOFF */

static void
on_backoff_over(uv_timer_t *h)
{
	struct conn *c;

	OBJ_CAST(c, h->data, CONN_MAGIC);
	assert(c->state == &BACKOFF);
	go(c, &RESOLVE);
	conn_run(c);
}

static enum next
st_backoff(struct conn *c)
{
	assert(c->link == NULL && c->lookup == NULL);
	if (!uv_is_active((uv_handle_t *)&c->timer)) {
		(void)uv_timer_start(&c->timer, on_backoff_over,
		    backoff_next_ms(&c->backoff), 0);
	}
	return NEXT_WAIT;
}

/* CLOSED */

static enum next
st_closed(struct conn *c)
{
	(void)c;
	return NEXT_WAIT;
}

/* Life */

static void
on_soon(uv_idle_t *h)
{
	struct conn *c;

	OBJ_CAST(c, h->data, CONN_MAGIC);
	(void)uv_idle_stop(h);
	conn_run(c);
}

void
conn_kick(struct conn *c)
{
	/* Outside UP, lines wait for the connection. */
	if (c->state == &UP)
		(void)uv_idle_start(&c->soon, on_soon);
}

void
conn_reopen(struct conn *c)
{
	if (c->link != NULL && c->transport->reopen != NULL)
		c->transport->reopen(c->link);
}

void
conn_start(struct conn *c, uv_loop_t *loop)
{
	c->magic = CONN_MAGIC;
	c->loop = loop;
	c->transport = conn_transport(c->options->urls[0].scheme);
	c->backoff = c->transport->backoff;
	c->state = &RESOLVE;
	(void)uv_timer_init(loop, &c->timer);
	(void)uv_idle_init(loop, &c->soon);
	(void)uv_timer_init(loop, &c->pace);
	c->timer.data = c;
	c->pace.data = c;
	c->soon.data = c;
	scout_init(&c->scout, c);
	(void)uv_idle_start(&c->soon, on_soon);
}

static void
on_handle_closed(uv_handle_t *h)
{
	struct conn *c;

	OBJ_CAST(c, h->data, CONN_MAGIC);
	if (--c->closing == 0)
		c->owner->closed(c->ctx);
}

void
conn_close(struct conn *c)
{
	if (is_closed(c))
		return;
	drop_link(c);
	free_addrs(c);
	forget_next(c);
	resolve_cancel(c->lookup);
	c->lookup = NULL;
	go(c, &CLOSED);
	c->closing = 4;
	uv_close((uv_handle_t *)&c->pace, on_handle_closed);
	uv_close((uv_handle_t *)&c->scout.timer, on_handle_closed);
	uv_close((uv_handle_t *)&c->timer, on_handle_closed);
	uv_close((uv_handle_t *)&c->soon, on_handle_closed);
}
