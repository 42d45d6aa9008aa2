/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <stddef.h>

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
