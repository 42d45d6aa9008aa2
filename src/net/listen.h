/*
 * listen.h - inside net/: a socket that listens at a listener's address
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_NET_LISTEN_H
#define CEFWD_NET_LISTEN_H

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>
#include <stdbool.h>

#include "base/err.h"

struct listen_address {
	union {
		struct sockaddr any;
		struct sockaddr_un local;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	} u;
	socklen_t len;
	char host[INET6_ADDRSTRLEN]; /* as a URL has it, "" for a wildcard */
};

/* 0, or -1 with e (ERR_CONFIG): no address of those of listener_open(). */
int listen__parse(const char *text, struct listen_address *out, struct err *e);

/* A descriptor, or -1 with e.  made: what its file is, to know it again. */
int
listen__open(const struct listen_address *a, struct stat *made, struct err *e);

/* Remove the file if it is still that one. */
void listen__remove(const struct listen_address *a, const struct stat *made);

#endif /* CEFWD_NET_LISTEN_H */
