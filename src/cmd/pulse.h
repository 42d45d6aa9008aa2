/*
 * pulse.h - the loop turns: systemd's watchdog, and how the service does
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CMD_PULSE_H
#define CEFWD_CMD_PULSE_H

#include <uv.h>

struct status;

struct pulse {
	uv_timer_t timer;
	const struct status *status;
	char *said; /* the status as last told */
	bool is_watched;
	bool is_ready;
	bool is_stopping;
};

/* Both timers of the watchdog and of the status are one; it keeps no loop
   running.  status is borrowed until pulse_close(). */
void pulse_init(struct pulse *p, uv_loop_t *loop, const struct status *status);
void pulse_ready(struct pulse *p); /* also the end of a reload */
void pulse_stopping(struct pulse *p, uint64_t within_ms);
void pulse_close(struct pulse *p);

#endif /* CEFWD_CMD_PULSE_H */
