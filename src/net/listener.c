/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/obj.h"

#include "net/listen.h"
#include "net/listener.h"

#define LOG_ROOM       "net"
#define LISTENER_MAGIC 0x4c49534eU

/* Its name differs between versions of the library. */
#define HTTP_TOO_LARGE 413U

struct listener {
	unsigned int magic;
	struct listener_options o;
	struct listen_address at;
	struct stat made; /* the socket's file */
	struct MHD_Daemon *daemon;
	uv_poll_t poll;       /* the daemon's epoll descriptor */
	uv_timer_t timer;     /* what the daemon asked for */
	unsigned int closing; /* handles that still close */
};

static bool
is_tcp(const struct listener *l)
{
	return l->at.u.any.sa_family != AF_UNIX;
}

/* The daemon's complaints are about what peers do. */
static void on_daemon_log(void *ctx, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
on_daemon_log(void *ctx, const char *fmt, va_list ap)
{
	char text[256];

	(void)ctx;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	log_debug("listener: %s", text);
}

static enum MHD_Result
answer(struct MHD_Connection *c, unsigned int status, const char *type,
    struct buf *body)
{
	size_t len = body->len;
	struct MHD_Response *r;
	enum MHD_Result result;

	r = MHD_create_response_from_buffer(
	    len, buf_take(body), MHD_RESPMEM_MUST_FREE);
	if (r == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	(void)MHD_add_response_header(
	    r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	(void)MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(
		    r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result
refuse(struct MHD_Connection *c, unsigned int status, const char *why)
{
	struct buf body;

	buf_init(&body, ERR_TEXT_MAX);
	buf_addf(&body, "%s\n", why);
	return answer(c, status, "text/plain; charset=utf-8", &body);
}

struct hosts {
	const char *host;
	unsigned int n;
	bool has_body;
};

static enum MHD_Result
on_header(
    void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct hosts *h = ctx;

	(void)kind;
	if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0) {
		h->n++;
		h->host = value;
	} else if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0 ||
	    (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0 &&
		(value == NULL || strcmp(value, "0") != 0))) {
		h->has_body = true;
	}
	return MHD_YES;
}

static bool
is_name(const char *host, size_t len, const char *name)
{
	return strlen(name) == len && strncasecmp(host, name, len) == 0;
}

/* Whether a Host header (RFC 9110, 7.2) names us; its port may be any: a
   tunnel has its own. */
static bool
is_our_host(const struct listener *l, const char *host)
{
	static const char *const loopback[] = { "localhost", "127.0.0.1",
		"::1" };
	size_t len = strcspn(host, ":");
	const char *port = host + len;

	if (host[0] == '[') {
		host++;
		len = strcspn(host, "]");
		if (host[len] == '\0')
			return false;
		port = host + len + 1;
	}
	if (port[0] != '\0' &&
	    (port[0] != ':' ||
		strspn(port + 1, "0123456789") != strlen(port + 1)))
		return false;
	for (size_t i = 0; i < NELEM(loopback); i++) {
		if (is_name(host, len, loopback[i]))
			return true;
	}
	if (l->at.host[0] != '\0' && is_name(host, len, l->at.host))
		return true;
	for (size_t i = 0; l->o.hosts != NULL && l->o.hosts[i] != NULL; i++) {
		if (is_name(host, len, l->o.hosts[i]))
			return true;
	}
	return false;
}

static enum MHD_Result
render(struct listener *l, struct MHD_Connection *c, const char *path)
{
	struct listener_answer a = {
		.status = MHD_HTTP_OK,
		.type = "text/plain; charset=utf-8",
	};

	buf_init(&a.body, LISTENER_BODY_MAX);
	l->o.render(l->o.ctx, path, is_tcp(l), &a);
	if (buf_ok(&a.body))
		return answer(c, a.status, a.type, &a.body);
	buf_fini(&a.body);
	return refuse(
	    c, MHD_HTTP_INTERNAL_SERVER_ERROR, "the answer is too long");
}

/* Called once when the head of a request is there, then again when its body
   has ended. */
static enum MHD_Result
on_request(void *ctx, struct MHD_Connection *c, const char *path,
    const char *method, const char *version, const char *upload,
    /* cppcheck-suppress constParameter ; the library's type */
    /* NOLINTNEXTLINE(readability-non-const-parameter): likewise */
    size_t *upload_len, void **seen)
{
	struct hosts h = { .n = 0 };
	struct listener *l;

	(void)version;
	(void)upload;
	OBJ_CAST(l, ctx, LISTENER_MAGIC);
	if (*upload_len > 0)
		return MHD_NO; /* a body behind our back */
	(void)MHD_get_connection_values(c, MHD_HEADER_KIND, on_header, &h);
	if (*seen == NULL) {
		*seen = l;
		/* Before any of it comes: the connection is closed then. */
		return h.has_body ?
		    refuse(c, HTTP_TOO_LARGE, "a request has no body here") :
		    MHD_YES;
	}
	if (is_tcp(l) &&
	    (h.n != 1 || h.host == NULL || !is_our_host(l, h.host)))
		return refuse(c, MHD_HTTP_FORBIDDEN,
		    "the Host header names another host; use a name of "
		    "loopback, or set \"listen-host\"");
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse(c, MHD_HTTP_METHOD_NOT_ALLOWED,
		    "only GET and HEAD are answered");
	return render(l, c, path);
}

static void turn(struct listener *l);

static void
on_timer(uv_timer_t *t)
{
	struct listener *l;

	OBJ_CAST(l, t->data, LISTENER_MAGIC);
	turn(l);
}

static bool
is_at_limit(const struct listener *l)
{
	const union MHD_DaemonInfo *info =
	    MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

	return info != NULL && info->num_connections >= LISTENER_CONNECTIONS;
}

/* Let the daemon work, and wake it when it asks. */
static void
turn(struct listener *l)
{
	bool was_at_limit = is_at_limit(l);
	MHD_UNSIGNED_LONG_LONG ms;

	(void)MHD_run(l->daemon);
	/* At its limit it does not look for new connections, and takes that up
	   again in a turn of its own, for which nothing would wake it. */
	if (was_at_limit && l->closing == 0 && !is_at_limit(l))
		(void)MHD_run(l->daemon);
	if (l->closing > 0)
		return; /* from inside */
	if (MHD_get_timeout(l->daemon, &ms) == MHD_YES)
		(void)uv_timer_start(&l->timer, on_timer, ms, 0);
	else
		(void)uv_timer_stop(&l->timer);
}

static void
on_poll(uv_poll_t *p, int status, int events)
{
	struct listener *l;

	(void)status;
	(void)events;
	OBJ_CAST(l, p->data, LISTENER_MAGIC);
	turn(l);
}

/* Takes fd. */
static struct MHD_Daemon *
start_daemon(struct listener *l, int fd)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL,
	    NULL, on_request, l, MHD_OPTION_EXTERNAL_LOGGER, on_daemon_log,
	    NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
	    LISTENER_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
	    LISTENER_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)LISTENER_MEMORY, MHD_OPTION_END);
}

static void
start_handles(struct listener *l, uv_loop_t *loop)
{
	const union MHD_DaemonInfo *info =
	    MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	assert(info != NULL);
	if (uv_poll_init(loop, &l->poll, info->epoll_fd) != 0 ||
	    uv_timer_init(loop, &l->timer) != 0)
		log_fatal("the event loop takes no more descriptors");
	l->poll.data = l;
	l->timer.data = l;
	(void)uv_poll_start(&l->poll, UV_READABLE, on_poll);
}

struct listener *
listener_open(uv_loop_t *loop, const struct listener_options *o, struct err *e)
{
	struct listener *l = xcalloc(1, sizeof(*l));
	int fd;

	l->magic = LISTENER_MAGIC;
	l->o = *o;
	if (listen__parse(o->address, &l->at, e) == -1 ||
	    (fd = listen__open(&l->at, &l->made, e)) == -1) {
		free(l);
		return NULL;
	}
	l->daemon = start_daemon(l, fd);
	if (l->daemon == NULL) {
		(void)err_set(e, ERR_BUSY,
		    "%s: no server could be started; are there descriptors "
		    "left (LimitNOFILE)?",
		    o->address);
		(void)close(fd);
		listen__remove(&l->at, &l->made);
		free(l);
		return NULL;
	}
	start_handles(l, loop);
	return l;
}

static void
on_closed(uv_handle_t *h)
{
	struct listener *l;

	OBJ_CAST(l, h->data, LISTENER_MAGIC);
	if (--l->closing > 0)
		return;
	MHD_stop_daemon(l->daemon);
	l->magic = 0;
	free(l);
}

void
listener_close(struct listener *l)
{
	if (l == NULL)
		return;
	OBJ_CHECK(l, LISTENER_MAGIC);
	assert(l->closing == 0);
	listen__remove(&l->at, &l->made);
	l->closing = 2;
	uv_close((uv_handle_t *)&l->poll, on_closed);
	uv_close((uv_handle_t *)&l->timer, on_closed);
}
