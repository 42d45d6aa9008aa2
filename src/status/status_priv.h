/*
 * status_priv.h - inside status/: words that the documents share
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_STATUS_STATUS_PRIV_H
#define CEFWD_STATUS_STATUS_PRIV_H

#include "lane/stats.h"
#include "status/status.h"

const char *status__feed_word(const struct feed_stats *f);
const char *status__dest_word(const struct dest_stats *d);

/* "low" "medium" "high" "very-high" */
extern const char *const status__severities[LANE_SEVERITIES];

#endif /* CEFWD_STATUS_STATUS_PRIV_H */
