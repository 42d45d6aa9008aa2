/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/obj.h"

#include "net/listen.h"
#include "net/listener.h"

#define BACKLOG  16
#define PORT_MAX 65535U

static const char unix_prefix[] = "unix:";

static int
parse_local(const char *path, struct listen_address *out, struct err *e)
{
	const size_t max = sizeof(out->u.local.sun_path) - 1;

	if (path[0] != '/')
		return err_set(e, ERR_CONFIG, "write unix: and a path from /");
	if (strlen(path) > max) {
		return err_set(e, ERR_CONFIG,
		    "the path of a socket has at most %zu bytes", max);
	}
	out->u.local.sun_family = AF_UNIX;
	memcpy(out->u.local.sun_path, path, strlen(path) + 1);
	out->len = sizeof(out->u.local);
	return 0;
}

/* The host of "host:port" without brackets into text; the port. */
static int
split_port(const char *s, char *text, size_t size, in_port_t *port)
{
	const char *colon = strrchr(s, ':');
	uint64_t n;
	size_t len;

	if (colon == NULL ||
	    num_u64(colon + 1, strlen(colon + 1), 1, PORT_MAX, &n, NULL) == -1)
		return -1;
	len = (size_t)(colon - s);
	if (len >= 2 && s[0] == '[' && s[len - 1] == ']') {
		s++;
		len -= 2;
	} else if (memchr(s, ':', len) != NULL) {
		return -1; /* IPv6 without brackets */
	}
	if (len == 0 || len >= size)
		return -1;
	memcpy(text, s, len);
	text[len] = '\0';
	*port = htons((in_port_t)n);
	return 0;
}

int
listen__parse(const char *text, struct listen_address *out, struct err *e)
{
	char host[INET6_ADDRSTRLEN];
	in_port_t port;

	*out = (struct listen_address){ .len = 0 };
	if (strncmp(text, unix_prefix, sizeof(unix_prefix) - 1) == 0)
		return parse_local(text + sizeof(unix_prefix) - 1, out, e);
	if (split_port(text, host, sizeof(host), &port) == -1)
		goto bad;
	if (strcmp(host, "localhost") == 0)
		(void)snprintf(host, sizeof(host), "127.0.0.1");
	if (inet_pton(AF_INET, host, &out->u.in4.sin_addr) == 1) {
		out->u.in4.sin_family = AF_INET;
		out->u.in4.sin_port = port;
		out->len = sizeof(out->u.in4);
		if (out->u.in4.sin_addr.s_addr != htonl(INADDR_ANY))
			memcpy(out->host, host, sizeof(host));
		return 0;
	}
	if (inet_pton(AF_INET6, host, &out->u.in6.sin6_addr) == 1) {
		out->u.in6.sin6_family = AF_INET6;
		out->u.in6.sin6_port = port;
		out->len = sizeof(out->u.in6);
		if (!IN6_IS_ADDR_UNSPECIFIED(&out->u.in6.sin6_addr))
			memcpy(out->host, host, sizeof(host));
		return 0;
	}
bad:
	return err_set(e, ERR_CONFIG,
	    "no address to listen at; write unix:/path, 127.0.0.1:9464 or "
	    "[::1]:9464");
}

int
listener_check(const char *text, struct err *e)
{
	struct listen_address a;

	return listen__parse(text, &a, e);
}

static const char *
path_of(const struct listen_address *a)
{
	return a->u.any.sa_family == AF_UNIX ? a->u.local.sun_path : NULL;
}

/* A socket's file outlives a process that was killed.  Nobody answers at such
   a one; where somebody does, it is not ours to take. */
static int
remove_dead(const struct listen_address *a, struct err *e)
{
	const char *path = path_of(a);
	struct stat st;
	int fd, status, saved;

	if (lstat(path, &st) == -1)
		return 0; /* bind() says what else is wrong */
	if (!S_ISSOCK(st.st_mode)) {
		return err_set(e, ERR_CONFIG,
		    "%s is there and no socket; name another path", path);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return err_set_errno(e, ERR_BUSY, errno, "%s", path);
	status = connect(fd, &a->u.any, a->len);
	saved = errno;
	(void)close(fd);
	/* EAGAIN: it lives, and has a full queue. */
	if (status == 0 || saved == EAGAIN) {
		return err_set(e, ERR_BUSY,
		    "another process answers at %s; stop it, or set another "
		    "\"listen\"",
		    path);
	}
	if (saved == ECONNREFUSED && unlink(path) == 0)
		return 0;
	return err_set_errno(e, ERR_CONFIG,
	    saved == ECONNREFUSED ? errno : saved,
	    "%s is left over and cannot be replaced; remove it", path);
}

static int
cannot_bind(const struct listen_address *a, int errnum, struct err *e)
{
	static const struct {
		int errnum;
		enum err_kind kind;
		const char *mend;
	} rows[] = {
		{ ENOENT, ERR_CONFIG,
		    "make its folder (systemd's RuntimeDirectory does)" },
		{ EACCES, ERR_CONFIG,
		    "the user must be able to write its folder; for a port, "
		    "take one from 1024 on" },
		{ EROFS, ERR_CONFIG, "name a folder that can be written" },
		{ EADDRINUSE, ERR_BUSY,
		    "another process uses it; stop that, or set another "
		    "\"listen\"" },
		{ EADDRNOTAVAIL, ERR_CONFIG,
		    "it is no address of this host; name one that is" },
		{ EAFNOSUPPORT, ERR_CONFIG,
		    "this host has no such addresses; name another" },
	};
	const char *path = path_of(a);
	const char *mend = "set another \"listen\"";
	enum err_kind kind = ERR_CONFIG;

	for (size_t i = 0; i < NELEM(rows); i++) {
		if (rows[i].errnum == errnum) {
			mend = rows[i].mend;
			kind = rows[i].kind;
		}
	}
	if (path != NULL) {
		return err_set(e, kind, "cannot listen at unix:%s: %s: %s",
		    path, strerrordesc_np(errnum), mend);
	}
	/* The port is at the same place in both families. */
	return err_set(e, kind, "cannot listen at %s%sport %u: %s: %s", a->host,
	    a->host[0] == '\0' ? "" : ", ",
	    (unsigned int)ntohs(a->u.in4.sin_port), strerrordesc_np(errnum),
	    mend);
}

int
listen__open(const struct listen_address *a, struct stat *made, struct err *e)
{
	const char *path = path_of(a);
	const int on = 1;
	int fd;

	if (path != NULL && remove_dead(a, e) == -1)
		return -1;
	fd = socket(
	    a->u.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return cannot_bind(a, errno, e);
	/* The file is never more open than it is meant to be: Linux makes it
	   with the socket's mode. */
	if (path != NULL)
		(void)fchmod(fd, 0660);
	else
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &a->u.any, a->len) == -1 || listen(fd, BACKLOG) == -1 ||
	    (path != NULL &&
		(chmod(path, 0660) == -1 || lstat(path, made) == -1))) {
		(void)cannot_bind(a, errno, e);
		(void)close(fd);
		return -1;
	}
	return fd;
}

void
listen__remove(const struct listen_address *a, const struct stat *made)
{
	const char *path = path_of(a);
	struct stat st;

	if (path != NULL && lstat(path, &st) == 0 &&
	    st.st_dev == made->st_dev && st.st_ino == made->st_ino)
		(void)unlink(path);
}
