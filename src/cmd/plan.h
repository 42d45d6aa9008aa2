/*
 * plan.h - a configuration as the options of a forwarder
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CMD_PLAN_H
#define CEFWD_CMD_PLAN_H

#include "cmd/forward.h"
#include "config/conf.h"

/* Borrows from conf and args until plan_fini(). */
void plan_init(struct forwarder_options *o, const struct forward_args *args,
    const struct config *conf);
void plan_fini(const struct forwarder_options *o);

#endif /* CEFWD_CMD_PLAN_H */
