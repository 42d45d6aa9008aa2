/*
 * sockdiag.h - what the kernel knows of a TCP socket of this host
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SYSLOG_SOCKDIAG_H
#define CEFWD_SYSLOG_SOCKDIAG_H

#include <stdint.h>

struct sockaddr;

enum sockdiag_answer {
	SOCKDIAG_FOUND,
	SOCKDIAG_NONE,    /* no such connection in our network namespace */
	SOCKDIAG_UNKNOWN, /* the kernel would not say, this time */
};

/* A netlink socket for sockdiag_ask(), for close(2); -1 where the system has
   none to give. */
int sockdiag_open(void);

/*
 * sockdiag_ask(fd, own, peer, unread): look for the socket whose own address
 * and port are "own" and whose peer's are "peer", both IPv4 or both IPv6
 * (sock_diag(7); needs no privilege).  When found, *unread is the number of
 * bytes that wait to be read from it.  Answers at once: the kernel does the
 * work inside our call.
 */
enum sockdiag_answer sockdiag_ask(int fd, const struct sockaddr *own,
    const struct sockaddr *peer, uint64_t *unread);

#endif /* CEFWD_SYSLOG_SOCKDIAG_H */
