/*
 * nodiag.c - preloaded, takes sock_diag away, as a receiver on another host
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <unistd.h>

#include <linux/netlink.h>

int socket(int domain, int type, int protocol);

int
socket(int domain, int type, int protocol)
{
	if (domain == AF_NETLINK && protocol == NETLINK_SOCK_DIAG) {
		errno = EPROTONOSUPPORT;
		return -1;
	}
	return (int)syscall(SYS_socket, domain, type, protocol);
}
