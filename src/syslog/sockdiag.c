/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>

#include "base/obj.h"

#include "syslog/sockdiag.h"

struct question {
	struct nlmsghdr head;
	struct inet_diag_req_v2 req;
};

/* An answer to an exact question is one message: the socket with the few
   attributes that come unasked, or an error with our question in it. */
union answer {
	struct nlmsghdr head;
	char bytes[1024];
};

int
sockdiag_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    NETLINK_SOCK_DIAG);
}

/* Address, port and scope of a socket address as sock_diag has them. */
static uint32_t
address(const struct sockaddr *sa, __be32 out[4], __be16 *port)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	memset(out, 0, 4 * sizeof(*out));
	if (sa->sa_family == AF_INET) {
		memcpy(&in4, sa, sizeof(in4));
		out[0] = in4.sin_addr.s_addr;
		*port = in4.sin_port;
		return 0;
	}
	memcpy(&in6, sa, sizeof(in6));
	memcpy(out, &in6.sin6_addr, sizeof(in6.sin6_addr));
	*port = in6.sin6_port;
	return in6.sin6_scope_id;
}

/*
 * Whether the socket found is the one asked for.  The kernel falls back to a
 * listening socket where no connection has the addresses (inet_lookup());
 * that one knows no peer, and its queue counts connections, not bytes.
 * Addresses are not compared: an IPv6 socket that serves an IPv4 peer answers
 * with mapped ones.
 */
static bool
is_the_one(const struct inet_diag_msg *m, const struct inet_diag_req_v2 *req)
{
	return m->id.idiag_sport == req->id.idiag_sport &&
	    m->id.idiag_dport == req->id.idiag_dport &&
	    (m->idiag_state == TCP_ESTABLISHED ||
		m->idiag_state == TCP_SYN_RECV);
}

static enum sockdiag_answer
read_answer(const union answer *a, size_t len, const struct question *q,
    uint64_t *unread)
{
	struct inet_diag_msg m;
	struct nlmsgerr err;

	if (len < NLMSG_HDRLEN || a->head.nlmsg_len > len)
		return SOCKDIAG_UNKNOWN;
	if (a->head.nlmsg_type == NLMSG_ERROR &&
	    a->head.nlmsg_len >= NLMSG_LENGTH(sizeof(err))) {
		memcpy(&err, a->bytes + NLMSG_HDRLEN, sizeof(err));
		return err.error == -ENOENT ? SOCKDIAG_NONE : SOCKDIAG_UNKNOWN;
	}
	if (a->head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    a->head.nlmsg_len < NLMSG_LENGTH(sizeof(m)))
		return SOCKDIAG_UNKNOWN;
	memcpy(&m, a->bytes + NLMSG_HDRLEN, sizeof(m));
	if (!is_the_one(&m, &q->req))
		return SOCKDIAG_NONE;
	*unread = m.idiag_rqueue;
	return SOCKDIAG_FOUND;
}

enum sockdiag_answer
sockdiag_ask(int fd, const struct sockaddr *own, const struct sockaddr *peer,
    uint64_t *unread)
{
	struct question q = {
		.head = { .nlmsg_len = sizeof(q),
		    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		    .nlmsg_flags = NLM_F_REQUEST },
		.req = { .sdiag_protocol = IPPROTO_TCP,
		    .idiag_states = UINT32_MAX },
	};
	union answer a;
	ssize_t n;

	assert(own->sa_family == peer->sa_family);
	/* What a question of before left behind is not the answer to this. */
	do
		n = recv(fd, &a, sizeof(a), MSG_DONTWAIT);
	while (n >= 0);
	q.req.sdiag_family = (__u8)own->sa_family;
	q.req.id.idiag_if =
	    address(own, q.req.id.idiag_src, &q.req.id.idiag_sport);
	(void)address(peer, q.req.id.idiag_dst, &q.req.id.idiag_dport);
	q.req.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	q.req.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	if (send(fd, &q, sizeof(q), 0) != (ssize_t)sizeof(q))
		return SOCKDIAG_UNKNOWN;
	n = recv(fd, &a, sizeof(a), MSG_DONTWAIT);
	if (n < 0)
		return SOCKDIAG_UNKNOWN;
	return read_answer(&a, (size_t)n, &q, unread);
}
