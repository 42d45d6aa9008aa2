/*
 * quota.h - the calls that an API allows, shared by who shares them
 *
 * APIs count the calls of one application in one tenant, whichever of its
 * feeds makes them: alerts and incidents of Graph have one quota together.
 * So do the budgets here.  A feed asks before each call; what is used up is
 * waited for on our side, and a 429 of one feed holds the others of its
 * budget, since refused calls count as well (microsoft-graph-docs:
 * throttling.md).
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SOURCE_QUOTA_H
#define CEFWD_SOURCE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

struct quota;     /* one budget */
struct quota_set; /* of all feeds of the program */

struct quota_set *quota_set_new(void);
void quota_set_free(struct quota_set *s); /* all budgets were given back */

/* What makes a budget; texts are copied, NULL is as good as "". */
struct quota_key {
	const char *api; /* its name, or one that several share */
	const char *client;
	const char *tenant;
};

/*
 * quota_take(s, key, per_min, per_hour): the budget of key, made if there is
 * none; a limit of 0 is none.  Where two differ the smaller one holds.  Give
 * it back with quota_give().
 */
struct quota *quota_take(struct quota_set *s, const struct quota_key *key,
    unsigned int per_min, unsigned int per_hour);
void quota_give(struct quota_set *s, struct quota *q); /* NULL is fine */

/* A call is to be made: 0, and it counts; or how long to wait before asking
   again, in ms.  now_ms is clk_ms(). */
uint64_t quota_call(struct quota *q, uint64_t now_ms);

/* No call of this budget for so long. */
void quota_hold(struct quota *q, uint64_t now_ms, uint64_t for_ms);
bool quota_is_held(const struct quota *q, uint64_t now_ms);

#endif /* CEFWD_SOURCE_QUOTA_H */
