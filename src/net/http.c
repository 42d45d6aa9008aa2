/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <limits.h>
#include <stdlib.h>

#include <curl/curl.h>
#include <uv.h>

#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/obj.h"
#include "net/http_priv.h"

#define LOG_ROOM        "net"

/* Idle connections kept for the next poll: some tenants, API and login. */
#define CONNECTIONS_MAX 16L

/* One socket of libcurl's on the loop; freed by its close callback. */
#define SOCK_MAGIC      0x534f434bU
struct sock {
	unsigned int magic;
	uv_poll_t poll;
	struct http *http;
	curl_socket_t fd;
	int events;
};

static void finish_close(struct http *h);

/* The requests that libcurl is done with. */
static void
collect(struct http *h)
{
	struct http_request *r;
	CURLMsg *msg;
	int left;

	while (!h->is_closing &&
	    (msg = curl_multi_info_read(h->multi, &left)) != NULL) {
		char *p = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &p);
		OBJ_CAST(r, (void *)p, HTTP_REQUEST_MAGIC);
		http__request_finish(r, msg->data.result);
	}
}

/* Every call of libcurl that may run callbacks stands between these two. */
static void
enter(struct http *h)
{
	h->depth++;
}

static void
leave(struct http *h)
{
	assert(h->depth > 0);
	if (--h->depth > 0)
		return;
	collect(h);
	if (h->is_closing && h->multi != NULL)
		finish_close(h);
}

static void
socket_action(struct http *h, curl_socket_t fd, int flags)
{
	CURLMcode rc;
	int running;

	enter(h);
	rc = curl_multi_socket_action(h->multi, fd, flags, &running);
	if (rc != CURLM_OK)
		log_err(
		    "libcurl failed reason=\"%s\"", curl_multi_strerror(rc));
	leave(h);
}

static void
sock_closed(uv_handle_t *handle)
{
	struct sock *s;

	OBJ_CAST(s, handle->data, SOCK_MAGIC);
	s->magic = 0;
	free(s);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct sock *s;
	int flags = 0;

	OBJ_CAST(s, poll->data, SOCK_MAGIC);
	/* After an error libuv stops the handle.  Told to read and write,
	   libcurl finds the socket's own reason; CURL_CSELECT_ERR would be
	   all that it says. */
	if (status < 0)
		events = s->events;
	if ((events & UV_READABLE) != 0)
		flags |= CURL_CSELECT_IN;
	if ((events & UV_WRITABLE) != 0)
		flags |= CURL_CSELECT_OUT;
	socket_action(s->http, s->fd, flags);
}

static struct sock *
sock_new(struct http *h, curl_socket_t fd)
{
	struct sock *s = xcalloc(1, sizeof(*s));
	int rc;

	s->magic = SOCK_MAGIC;
	s->http = h;
	s->fd = fd;
	s->poll.data = s;
	rc = uv_poll_init_socket(h->loop, &s->poll, fd);
	if (rc != 0) {
		log_err("socket not watched reason=\"%s\"", uv_strerror(rc));
		free(s);
		return NULL;
	}
	(void)curl_multi_assign(h->multi, fd, s);
	return s;
}

/* CURLMOPT_SOCKETFUNCTION: what libcurl waits for on fd. */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *sock)
{
	struct http *h;
	struct sock *s = sock;
	int events = 0;

	(void)easy;
	OBJ_CAST(h, ctx, HTTP_MAGIC);
	if (what == CURL_POLL_REMOVE) {
		if (s == NULL)
			return 0;
		OBJ_CHECK(s, SOCK_MAGIC);
		(void)curl_multi_assign(h->multi, fd, NULL);
		uv_close((uv_handle_t *)&s->poll, sock_closed);
		return 0;
	}
	if (s == NULL && (s = sock_new(h, fd)) == NULL)
		return -1;
	OBJ_CHECK(s, SOCK_MAGIC);
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= UV_READABLE;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= UV_WRITABLE;
	s->events = events;
	if (events == 0)
		return uv_poll_stop(&s->poll) == 0 ? 0 : -1;
	return uv_poll_start(&s->poll, events, on_poll) == 0 ? 0 : -1;
}

static void
on_due(uv_timer_t *timer)
{
	struct http *h;

	OBJ_CAST(h, timer->data, HTTP_MAGIC);
	socket_action(h, CURL_SOCKET_TIMEOUT, 0);
}

/* CURLMOPT_TIMERFUNCTION: never act from inside it, only note the time. */
static int
on_timer(CURLM *multi, long timeout_ms, void *ctx)
{
	struct http *h;

	(void)multi;
	OBJ_CAST(h, ctx, HTTP_MAGIC);
	if (timeout_ms < 0) {
		(void)uv_timer_stop(&h->due);
		return 0;
	}
	uv_update_time(h->loop);
	(void)uv_timer_start(&h->due, on_due, (uint64_t)timeout_ms, 0);
	return 0;
}

static bool
is_due(const struct http_request *r, unsigned int sweep)
{
	if (r->sweep == sweep)
		return false;
	return r->is_cancelled || !r->is_added || (r->is_held && !r->is_paused);
}

static void
add(struct http *h, struct http_request *r)
{
	CURLMcode rc;

	r->is_added = true;
	enter(h);
	rc = curl_multi_add_handle(h->multi, r->easy);
	leave(h);
	if (rc == CURLM_OK)
		return;
	r->is_added = false;
	r->has_err = true;
	(void)err_set(
	    &r->err, ERR_NOMEM, "%s: %s", r->where, curl_multi_strerror(rc));
	http__request_finish(r, CURLE_OUT_OF_MEMORY);
}

/* Hand over what libcurl held and let it read on. */
static void
go_on(struct http *h, struct http_request *r)
{
	CURLcode rc;

	r->is_held = false;
	r->moved_ms = clk_ms();
	enter(h);
	rc = curl_easy_pause(r->easy, CURLPAUSE_CONT);
	h->depth--;
	/* It reports an error of the write callback to us alone. */
	if (rc != CURLE_OK && !r->is_cancelled)
		http__request_finish(r, rc);
	enter(h);
	leave(h);
}

/*
 * Each request is looked at once a turn.  The list may change under every
 * step (a callback starts and cancels at will), so each step starts anew.
 */
static void
on_soon(uv_timer_t *timer)
{
	struct http_request *r;
	struct http *h;

	OBJ_CAST(h, timer->data, HTTP_MAGIC);
	h->sweep++;
	for (;;) {
		TAILQ_FOREACH(r, &h->requests, link) {
			if (is_due(r, h->sweep))
				break;
		}
		if (r == NULL || h->is_closing)
			break;
		r->sweep = h->sweep;
		if (r->is_cancelled)
			http__request_free(r);
		else if (!r->is_added)
			add(h, r);
		else
			go_on(h, r);
	}
	if (h->is_closing)
		return;
	http__watch(h);
	TAILQ_FOREACH(r, &h->requests, link) {
		if (is_due(r, h->sweep + 1))
			http__soon(h);
	}
}

void
http__soon(struct http *h)
{
	if (!h->is_closing)
		(void)uv_timer_start(&h->soon, on_soon, 0, 0);
}

static bool
may_stall(const struct http_request *r)
{
	return r->is_sent && !r->is_paused && !r->is_cancelled;
}

/*
 * The next request that has been silent for too long.  If it was this process
 * that stood still, the bytes wait in the socket: a suspect has one more turn
 * of the loop.
 */
static struct http_request *
stalled(struct http *h, uint64_t now)
{
	struct http_request *r;

	TAILQ_FOREACH(r, &h->requests, link) {
		if (!may_stall(r) || now - r->moved_ms < r->stall_ms)
			continue;
		if (r->suspect_ms > r->moved_ms && r->suspect_ms < now)
			return r;
		if (r->suspect_ms <= r->moved_ms)
			r->suspect_ms = now;
	}
	return NULL;
}

static void
on_watch(uv_timer_t *timer)
{
	struct http_request *r;
	struct http *h;
	uint64_t now = clk_ms();

	OBJ_CAST(h, timer->data, HTTP_MAGIC);
	while (!h->is_closing && (r = stalled(h, now)) != NULL) {
		r->has_err = true;
		(void)err_set(&r->err, ERR_NET,
		    "%s sent nothing for %ju ms and was given up; is it, or "
		    "a proxy or firewall between, overloaded?",
		    r->where, (uintmax_t)r->stall_ms);
		http__request_finish(r, CURLE_OPERATION_TIMEDOUT);
	}
	if (!h->is_closing)
		http__watch(h);
}

void
http__watch(struct http *h)
{
	uint64_t now = clk_ms(), wait = UINT64_MAX;
	struct http_request *r;

	if (h->is_closing)
		return;
	TAILQ_FOREACH(r, &h->requests, link) {
		uint64_t gone = now - r->moved_ms;

		if (!may_stall(r))
			continue;
		if (gone >= r->stall_ms)
			wait = 1;
		else if (r->stall_ms - gone < wait)
			wait = r->stall_ms - gone;
	}
	if (wait == UINT64_MAX) {
		(void)uv_timer_stop(&h->watch);
		return;
	}
	uv_update_time(h->loop);
	(void)uv_timer_start(&h->watch, on_watch, wait, 0);
}

struct http_request *
http_start(struct http *h, const struct http_call *call,
    const struct http_handlers *handlers, void *ctx, struct err *e)
{
	struct http_request *r;

	OBJ_CHECK(h, HTTP_MAGIC);
	assert(!h->is_closing);
	r = http__request_new(h, call, handlers, ctx, e);
	if (r == NULL)
		return NULL;
	TAILQ_INSERT_TAIL(&h->requests, r, link);
	http__soon(h);
	return r;
}

void
http_cancel(struct http_request *r)
{
	if (r == NULL)
		return;
	OBJ_CHECK(r, HTTP_REQUEST_MAGIC);
	assert(!r->is_cancelled);
	r->is_cancelled = true;
	if (r->http->depth == 0)
		http__request_free(r);
	else
		http__soon(r->http);
}

void
http_pause(struct http_request *r)
{
	OBJ_CHECK(r, HTTP_REQUEST_MAGIC);
	r->is_paused = true;
}

void
http_resume(struct http_request *r)
{
	OBJ_CHECK(r, HTTP_REQUEST_MAGIC);
	if (!r->is_paused)
		return;
	r->is_paused = false;
	r->moved_ms = clk_ms();
	http__soon(r->http);
}

struct http *
http_new(uv_loop_t *loop, const char *user_agent, struct err *e)
{
	struct http *h;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		(void)err_set(e, ERR_NOMEM, "libcurl could not start");
		return NULL;
	}
	h = xcalloc(1, sizeof(*h));
	h->magic = HTTP_MAGIC;
	h->loop = loop;
	h->multi = curl_multi_init();
	if (h->multi == NULL) {
		(void)err_set(e, ERR_NOMEM, "libcurl: out of memory");
		free(h);
		curl_global_cleanup();
		return NULL;
	}
	h->user_agent = xstrdup(user_agent);
	TAILQ_INIT(&h->requests);
	(void)uv_timer_init(loop, &h->due);
	(void)uv_timer_init(loop, &h->soon);
	(void)uv_timer_init(loop, &h->watch);
	h->due.data = h;
	h->soon.data = h;
	h->watch.data = h;
	(void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	(void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	(void)curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	(void)curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	(void)curl_multi_setopt(
	    h->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_MAX);
	/* One transfer a connection, also with HTTP/2: streams that share one
	   share its window and its end, so a paused tenant would hold the
	   others (DESIGN 4.9). */
	(void)curl_multi_setopt(
	    h->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	return h;
}

static void
on_closed(uv_handle_t *handle)
{
	struct http *h;

	OBJ_CAST(h, handle->data, HTTP_MAGIC);
	if (--h->closing > 0)
		return;
	curl_global_cleanup();
	h->magic = 0;
	free(h->user_agent);
	free(h);
}

static void
finish_close(struct http *h)
{
	struct http_request *r;
	CURLM *multi;

	while ((r = TAILQ_FIRST(&h->requests)) != NULL) {
		assert(r->is_cancelled);
		http__request_free(r);
	}
	/* Closes the connections, and with them the poll handles. */
	multi = h->multi;
	(void)curl_multi_cleanup(multi);
	h->multi = NULL;
	h->closing = 3;
	uv_close((uv_handle_t *)&h->due, on_closed);
	uv_close((uv_handle_t *)&h->soon, on_closed);
	uv_close((uv_handle_t *)&h->watch, on_closed);
}

void
http_close(struct http *h)
{
	if (h == NULL)
		return;
	OBJ_CHECK(h, HTTP_MAGIC);
	assert(!h->is_closing);
	h->is_closing = true;
	if (h->depth == 0)
		finish_close(h);
}
