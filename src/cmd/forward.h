/*
 * forward.h - what run and once share: configuration to a running forwarder
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CMD_FORWARD_H
#define CEFWD_CMD_FORWARD_H

#include <stdint.h>

#include "cmd/cmd.h"
#include "lane/lane.h"

struct forward_args {
	enum forwarder_mode mode;
	bool is_printing;
	int64_t since; /* FORWARD_REPLAY */
	int64_t until;
	uint64_t timeout_ms; /* 0: none */
	const char *trace;   /* --trace FILE; NULL: none */
	const char *user;    /* --user NAME; NULL: stay who started it */
};

/* Read the configuration, run until it ends or a signal ends it; returns the
   exit status. */
int cmd_forward(const struct cmd_env *env, const struct forward_args *args);

#endif /* CEFWD_CMD_FORWARD_H */
