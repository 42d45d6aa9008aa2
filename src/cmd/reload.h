/*
 * reload.h - SIGHUP: the files are read again, and all of it holds or none
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CMD_RELOAD_H
#define CEFWD_CMD_RELOAD_H

#include <sys/queue.h>

#include <stdbool.h>
#include <uv.h>

#include "cmd/forward.h"
#include "config/conf.h"

struct pulse;
struct reading;
struct status;

struct reload {
	const struct cmd_env *env;
	const struct forward_args *args;
	struct config *first; /* of the start: what only a restart changes */
	struct status *status;
	struct pulse *pulse;

	uv_signal_t hup;
	struct reading *reading; /* that is being applied, or NULL */
	bool is_again;           /* another SIGHUP came meanwhile */
	char *fault;             /* status->reload_fault is this */
	SLIST_HEAD(readings, reading)
	unused; /* to be freed with the next one */
};

/* The five fields above are set by the caller, and borrowed. */
void reload_init(struct reload *r, uv_loop_t *loop);
void reload_start(struct reload *r); /* from now on SIGHUP is heard */
void reload_close(struct reload *r); /* its handle */
void reload_fini(struct reload *r);  /* after the loop */

#endif /* CEFWD_CMD_RELOAD_H */
