/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/guard.h"
#include "net/http.h"

#define LOG_ROOM "main"

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

/*
 * A core dump holds the client secret and every token.  RLIMIT_CORE stops the
 * kernel from writing the file; it does not stop a core_pattern that is a
 * pipe (systemd-coredump, apport): core(5).  PR_SET_DUMPABLE stops both, and
 * other processes of the same user from reading /proc/PID/mem and the
 * environment, where the secret may have come from.
 */
void
guard_memory(void)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
#ifndef IS_SANITIZED /* the leak check attaches to the process */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* The soft limit is 1024 nearly everywhere, for the sake of select(2), which
   nothing here uses: systemd.exec(5), LimitNOFILE. */
void
guard_descriptors(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return;
	rl.rlim_cur = rl.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &rl);
}

static int
refuse(enum err_kind kind, const char *why, const char *name)
{
	log_err("--user %s: %s", name, why);
	return err_status(kind);
}

int
guard_user(const char *name)
{
	const struct passwd *pw;

	if (name == NULL)
		return -1;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet */
	pw = getpwnam(name);
	if (pw == NULL)
		return refuse(ERR_USAGE, "there is no such user", name);
	if (pw->pw_uid == 0)
		return refuse(ERR_USAGE, "that is root; name another", name);
	if (geteuid() == pw->pw_uid && getuid() == pw->pw_uid)
		return -1; /* it is already */
	if (geteuid() != 0)
		return refuse(
		    ERR_REFUSED, "only root can become another user", name);
	if (initgroups(name, pw->pw_gid) == -1 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == -1 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == -1)
		return refuse(ERR_REFUSED, "the system does not let it", name);
	/* Neither back, nor up by a program that is started. */
	if (setuid(0) == 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return refuse(
		    ERR_REFUSED, "the privileges did not go away", name);
	return -1;
}

int
guard_trace(const char *path, FILE **out)
{
	struct err e;

	*out = NULL;
	if (path == NULL)
		return -1;
	*out = http_trace_open(path, &e);
	if (*out != NULL)
		return -1;
	log_err("%s", e.text);
	return err_status(e.kind);
}
