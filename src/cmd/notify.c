/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "cmd/notify.h"

#ifdef HAVE_LIBSYSTEMD

#include <systemd/sd-daemon.h>

bool
notify_is_wanted(void)
{
	return secure_getenv("NOTIFY_SOCKET") != NULL;
}

void
notify_status(const char *text)
{
	(void)sd_notifyf(0, "STATUS=%s", text);
}

void
notify_ready(const char *status)
{
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void
notify_reloading(void)
{
	struct timespec now = { .tv_sec = 0 };

	/* sd_notify(3): by it a READY=1 is known to belong to this reload,
	   Type=notify-reload wants it. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)sd_notifyf(0,
	    "RELOADING=1\nMONOTONIC_USEC=%" PRIu64
	    "\nSTATUS=reading the configuration again",
	    (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

void
notify_stopping(uint64_t within_ms)
{
	(void)sd_notifyf(0,
	    "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64
	    "\nSTATUS=stopping: what was sent is given time to settle",
	    within_ms * 1000);
}

uint64_t
notify_watchdog_ms(void)
{
	uint64_t usec = 0;

	if (sd_watchdog_enabled(0, &usec) <= 0)
		return 0;
	/* sd_watchdog_enabled(3): half of it. */
	return usec < 4000 ? 1 : usec / 2000;
}

void
notify_watchdog(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}

#else

bool
notify_is_wanted(void)
{
	return false;
}

void
notify_status(const char *text)
{
	(void)text;
}

void
notify_ready(const char *status)
{
	(void)status;
}

void
notify_reloading(void)
{
}

void
notify_stopping(uint64_t within_ms)
{
	(void)within_ms;
}

uint64_t
notify_watchdog_ms(void)
{
	return 0;
}

void
notify_watchdog(void)
{
}

#endif
