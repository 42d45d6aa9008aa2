/*
 * notify.h - what systemd is told: sd_notify(3), the watchdog
 *
 * Without systemd, or where it started something else, nothing happens.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CMD_NOTIFY_H
#define CEFWD_CMD_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Whether anybody listens: else there is no need to find words. */
bool notify_is_wanted(void);

/* The line that "systemctl status" shows; no newline in it. */
void notify_status(const char *text);

void notify_ready(const char *status);

/* The configuration is read again; notify_ready() ends it. */
void notify_reloading(void);

/* It may take so long until the process is gone. */
void notify_stopping(uint64_t within_ms);

/* How often notify_watchdog() is due; 0: nobody watches. */
uint64_t notify_watchdog_ms(void);
void notify_watchdog(void);

#endif /* CEFWD_CMD_NOTIFY_H */
