/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/obj.h"
#include "syslog/spool.h"

#include "syslog/transport.h"

#define UDP_LINK_MAGIC 0x7564706cU

struct udp_link {
	struct link base;
	unsigned int magic;
	uv_udp_t udp;
	uv_udp_send_t sending;
	size_t sending_len; /* bytes of the datagram under way; 0: none */
	char drain[64];     /* nobody answers syslog */
};

static struct udp_link *
udp_of(struct link *k)
{
	struct udp_link *u = CONTAINER_OF(k, struct udp_link, base);

	OBJ_CHECK(u, UDP_LINK_MAGIC);
	return u;
}

static void
on_closed(uv_handle_t *h)
{
	struct udp_link *u;

	OBJ_CAST(u, h->data, UDP_LINK_MAGIC);
	free(u);
}

static void
udp_drop(struct link *k)
{
	struct udp_link *u = udp_of(k);

	k->conn = NULL;
	k->spool = NULL;
	uv_close((uv_handle_t *)&u->udp, on_closed);
}

static void
on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *out)
{
	struct udp_link *u;

	(void)hint;
	OBJ_CAST(u, h->data, UDP_LINK_MAGIC);
	*out = uv_buf_init(u->drain, sizeof(u->drain));
}

/* An ICMP refusal comes as an error of receiving. */
static void
on_received(uv_udp_t *h, ssize_t n, const uv_buf_t *buf,
    const struct sockaddr *from, unsigned int flags)
{
	struct udp_link *u;
	struct err e;

	(void)buf;
	(void)from;
	(void)flags;
	OBJ_CAST(u, h->data, UDP_LINK_MAGIC);
	if (n >= 0 || u->base.conn == NULL)
		return;
	link_err(&e, (int)n, "a datagram was refused");
	link_broke(&u->base, &e);
}

static bool
is_loopback(const struct sockaddr *a)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	if (a->sa_family == AF_INET) {
		memcpy(&in4, a, sizeof(in4));
		return ntohl(in4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	memcpy(&in6, a, sizeof(in6));
	return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
}

static bool
same_host(const struct sockaddr *a, const struct sockaddr *b)
{
	struct sockaddr_in in4[2];
	struct sockaddr_in6 in6[2];

	if (a->sa_family == AF_INET) {
		memcpy(&in4[0], a, sizeof(in4[0]));
		memcpy(&in4[1], b, sizeof(in4[1]));
		return in4[0].sin_addr.s_addr == in4[1].sin_addr.s_addr;
	}
	memcpy(&in6[0], a, sizeof(in6[0]));
	memcpy(&in6[1], b, sizeof(in6[1]));
	return memcmp(&in6[0].sin6_addr, &in6[1].sin6_addr,
		   sizeof(in6[0].sin6_addr)) == 0;
}

size_t
udp_line_max(const struct sockaddr *to, const struct sockaddr *own)
{
	/* What goes to this host takes no link with an MTU. */
	if (is_loopback(to) || (own != NULL && same_host(to, own)))
		return UDP_LINE_HARD;
	return to->sa_family == AF_INET ? UDP_LINE_IP4 : UDP_LINE_IP6;
}

static int
set_up(
    struct udp_link *u, const struct sockaddr *to, const struct link_options *o)
{
	struct sockaddr_storage own;
	int len = (int)sizeof(own);
	int r;

	r = uv_udp_init(o->loop, &u->udp);
	if (r != 0)
		return r;
	u->udp.data = u;
	u->sending.data = u;
	/* Connected, so that refusals find us. */
	r = uv_udp_connect(&u->udp, to);
	if (r == 0)
		r = uv_udp_recv_start(&u->udp, on_alloc, on_received);
	if (r == 0)
		r = uv_udp_getsockname(&u->udp, (struct sockaddr *)&own, &len);
	if (r != 0)
		return r;
	u->base.line_max = udp_line_max(to, (struct sockaddr *)&own);
	u->base.is_open = true;
	return 0;
}

static struct link *
udp_open(struct conn *c, const struct sockaddr *to,
    const struct link_options *o, struct err *e)
{
	struct udp_link *u = xcalloc(1, sizeof(*u));
	int r;

	u->magic = UDP_LINK_MAGIC;
	u->base = (struct link){ .transport = &udp_transport, .conn = c };
	r = set_up(u, to, o);
	if (r == 0)
		return &u->base;
	link_err(e, r, "cannot send there");
	if (u->udp.data != NULL)
		udp_drop(&u->base);
	else
		free(u);
	return NULL;
}

static void
on_sent(uv_udp_send_t *s, int status)
{
	struct udp_link *u;
	struct err e;
	size_t len;

	OBJ_CAST(u, s->data, UDP_LINK_MAGIC);
	if (u->base.conn == NULL)
		return;
	len = u->sending_len;
	u->sending_len = 0;
	if (status != 0) {
		link_err(&e, status, "cannot send");
		link_broke(&u->base, &e);
		return;
	}
	spool_took(u->base.spool, len);
	link_writable(&u->base);
}

/* Datagrams a turn: as many as fill a batch over TCP, and no other room of
   the program waits for longer. */
#define TURN 64U

static enum sent
udp_send(struct link *k, size_t lines, struct err *e)
{
	struct udp_link *u = udp_of(k);
	struct queue_line line;
	uv_buf_t buf;
	int fd, r;

	if (u->sending_len > 0)
		return SENT_BLOCKED;
	r = uv_fileno((uv_handle_t *)&u->udp, &fd);
	assert(r == 0);
	for (size_t i = 0; i < lines && i < TURN; i++) {
		if (!spool_next(k->spool, &line))
			return SENT_ALL;
		/* One call a datagram: sendmmsg(2) forgets an error that comes
		   in the middle, and that is how refusals come. */
		if (send(fd, line.p, line.len, MSG_DONTWAIT | MSG_NOSIGNAL) >=
		    0) {
			spool_took(k->spool, line.len);
			continue;
		}
		if (errno != EAGAIN && errno != ENOBUFS) {
			link_err(e, uv_translate_sys_error(errno),
			    "a datagram was refused");
			return SENT_BROKEN;
		}
		buf = uv_buf_init(line.p, (unsigned int)line.len);
		r = uv_udp_send(&u->sending, &u->udp, &buf, 1, NULL, on_sent);
		if (r != 0) {
			link_err(e, r, "cannot send");
			return SENT_BROKEN;
		}
		u->sending_len = line.len;
		return SENT_BLOCKED;
	}
	return SENT_ALL;
}

static int
udp_look(struct link *k, struct look *out, struct err *e)
{
	int error = 0;
	socklen_t len = sizeof(error);
	int fd;

	/* A refusal that has come, and that the loop has not seen yet. */
	if (uv_fileno((uv_handle_t *)&udp_of(k)->udp, &fd) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return err_set_errno(e, ERR_NET, errno, "SO_ERROR");
	if (error != 0) {
		link_err(
		    e, uv_translate_sys_error(error), "a datagram was refused");
		return -1;
	}
	*out = (struct look){ .read = k->spool->given, .by = "sent" };
	return 0;
}

const struct transport udp_transport = {
	.word = "udp",
	.socktype = SOCK_DGRAM,
	.framing = FRAMING_DATAGRAM,
	.backoff = { .first_ms = 1000,
	    .max_ms = 1000 }, /* one probe a second */
	.settle_ms = 1000,    /* DESIGN, promise 4 */
	.is_probing = true,
	.is_blind = true,
	.open = udp_open,
	.send = udp_send,
	.look = udp_look,
	.drop = udp_drop,
};
