/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "base/obj.h"

#include "source/quota.h"

#define MINUTE_MS 60000U
#define HOUR_MS   3600000U

/* A span is counted in so many parts, and the one under way: no stretch of
   that length holds more calls than its limit, wherever it begins. */
#define PARTS     12U
#define SLOTS     (PARTS + 1U)

struct window {
	uint64_t part_ms;
	uint64_t newest;    /* number of its part since the clock's 0 */
	unsigned int limit; /* 0: none */
	unsigned int sum;
	unsigned int calls[SLOTS]; /* by number modulo SLOTS */
};

struct quota {
	LIST_ENTRY(quota) entry;
	char *api, *client, *tenant;
	size_t taken;
	uint64_t held_until_ms;
	struct window minute, hour;
};

struct quota_set {
	LIST_HEAD(quota_list, quota) list;
};

struct quota_set *
quota_set_new(void)
{
	struct quota_set *s = xcalloc(1, sizeof(*s));

	LIST_INIT(&s->list);
	return s;
}

void
quota_set_free(struct quota_set *s)
{
	if (s == NULL)
		return;
	assert(LIST_EMPTY(&s->list));
	free(s);
}

static const char *
text(const char *s)
{
	return s == NULL ? "" : s;
}

static bool
is_of(const struct quota *q, const struct quota_key *key)
{
	return strcmp(q->api, text(key->api)) == 0 &&
	    strcmp(q->client, text(key->client)) == 0 &&
	    strcmp(q->tenant, text(key->tenant)) == 0;
}

static void
limit(struct window *w, unsigned int calls)
{
	if (calls != 0 && (w->limit == 0 || calls < w->limit))
		w->limit = calls;
}

struct quota *
quota_take(struct quota_set *s, const struct quota_key *key,
    unsigned int per_min, unsigned int per_hour)
{
	struct quota *q;

	LIST_FOREACH(q, &s->list, entry) {
		if (is_of(q, key))
			break;
	}
	if (q == NULL) {
		q = xcalloc(1, sizeof(*q));
		q->api = xstrdup(text(key->api));
		q->client = xstrdup(text(key->client));
		q->tenant = xstrdup(text(key->tenant));
		q->minute.part_ms = MINUTE_MS / PARTS;
		q->hour.part_ms = HOUR_MS / PARTS;
		LIST_INSERT_HEAD(&s->list, q, entry);
	}
	q->taken++;
	limit(&q->minute, per_min);
	limit(&q->hour, per_hour);
	return q;
}

void
quota_give(struct quota_set *s, struct quota *q)
{
	(void)s;
	if (q == NULL)
		return;
	assert(q->taken != 0);
	if (--q->taken != 0)
		return;
	LIST_REMOVE(q, entry);
	free(q->api);
	free(q->client);
	free(q->tenant);
	free(q);
}

/* Forget the parts that are over. */
static void
advance(struct window *w, uint64_t now_ms)
{
	uint64_t part = now_ms / w->part_ms;

	for (uint64_t i = 0; w->newest < part && i < SLOTS; i++) {
		unsigned int *calls = &w->calls[++w->newest % SLOTS];

		w->sum -= *calls;
		*calls = 0;
	}
	if (w->newest < part)
		w->newest = part; /* all of them are empty */
}

/* Until the oldest part with calls in it is over; 0 where one more fits. */
static uint64_t
wait_ms(struct window *w, uint64_t now_ms)
{
	advance(w, now_ms);
	if (w->limit == 0 || w->sum < w->limit)
		return 0;
	for (uint64_t age = PARTS; age > 0; age--) {
		uint64_t part = w->newest - age;

		if (w->newest >= age && w->calls[part % SLOTS] != 0)
			return (part + SLOTS) * w->part_ms - now_ms;
	}
	return (w->newest + SLOTS) * w->part_ms - now_ms;
}

static void
count(struct window *w)
{
	w->calls[w->newest % SLOTS]++;
	w->sum++;
}

uint64_t
quota_call(struct quota *q, uint64_t now_ms)
{
	uint64_t a = wait_ms(&q->minute, now_ms);
	uint64_t b = wait_ms(&q->hour, now_ms);

	if (a < b)
		a = b;
	if (q->held_until_ms > now_ms && q->held_until_ms - now_ms > a)
		a = q->held_until_ms - now_ms;
	if (a != 0)
		return a;
	count(&q->minute);
	count(&q->hour);
	return 0;
}

void
quota_hold(struct quota *q, uint64_t now_ms, uint64_t for_ms)
{
	if (now_ms + for_ms > q->held_until_ms)
		q->held_until_ms = now_ms + for_ms;
}

bool
quota_is_held(const struct quota *q, uint64_t now_ms)
{
	return q->held_until_ms > now_ms;
}
