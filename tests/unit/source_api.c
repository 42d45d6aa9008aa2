/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/stamp.h"

#include "source_api.h"

static void
decode(const char *url, char *out, size_t max)
{
	size_t n = 0;

	for (; *url != '\0'; url++) {
		assert_true(n + 1 < max);
		if (*url == '%') {
			char hex[3] = { url[1], url[2], '\0' };

			out[n++] = (char)strtoul(hex, NULL, 16);
			url += 2;
		} else {
			out[n++] = *url;
		}
	}
	out[n] = '\0';
}

/* The number behind name, or otherwise. */
static uint64_t
number(const char *url, const char *name, uint64_t otherwise)
{
	const char *p = strstr(url, name);
	uint64_t v = 0;
	size_t len;

	if (p == NULL)
		return otherwise;
	p += strlen(name);
	len = strspn(p, "0123456789");
	assert_int_equal(num_u64(p, len, 0, UINT64_MAX, &v, NULL), 0);
	return v;
}

static int64_t
stamp(const char *url, const char *name, int64_t otherwise)
{
	const char *p = strstr(url, name);
	int64_t v = 0;

	if (p == NULL)
		return otherwise;
	p += strlen(name);
	assert_int_equal(stamp_parse(p, strcspn(p, " &"), &v), 0);
	return v;
}

struct query {
	int64_t updated, from, until;
	uint64_t top, skip;
};

/* The first of the two that stands in the URL: Graph's word, Defender's. */
static int64_t
stamp_of(
    const char *url, const char *graph, const char *defender, int64_t otherwise)
{
	return stamp(url, graph, stamp(url, defender, otherwise));
}

static void
read_query(const struct sim_api *sim, const char *url, struct query *q)
{
	q->updated = sim->ignores_updated ?
	    INT64_MIN :
	    stamp_of(
		url, "lastUpdateDateTime ge ", "lastUpdateTime ge ", INT64_MIN);
	q->from = stamp_of(
	    url, "createdDateTime ge ", "alertCreationTime ge ", INT64_MIN);
	q->until = stamp_of(
	    url, "createdDateTime lt ", "alertCreationTime lt ", INT64_MAX);
	if (sim->ignores_created) {
		q->from = INT64_MIN;
		q->until = INT64_MAX;
	}
	q->top = number(url, "$top=", 100);
	q->skip = number(url, "$skip=", 0);
	if (q->top > (sim->top_max == 0 ? 1000 : sim->top_max))
		q->top = sim->top_max == 0 ? 1000 : sim->top_max;
}

static void
add_alert(struct sim_api *sim, size_t i, struct buf *body)
{
	const struct sim_alert *a = &sim->alerts[i];
	char created[STAMP_TEXT_MAX], updated[STAMP_TEXT_MAX];
	bool is_graph = strstr(sim->last_url, "/v1.0/") != NULL;

	sim->served++;
	if (a->raw != NULL) {
		buf_adds(body, a->raw);
		return;
	}
	stamp_format(a->created, created);
	stamp_format(a->updated, updated);
	buf_addf(body,
	    "{\"id\":\"a%zu\",\"%s\":\"%s\",\"%s\":\"%s\","
	    "\"title\":\"x\"}",
	    i, is_graph ? "createdDateTime" : "alertCreationTime", created,
	    is_graph ? "lastUpdateDateTime" : "lastUpdateTime", updated);
}

static bool
matches(const struct sim_alert *a, const struct query *q)
{
	return a->updated >= q->updated && a->created >= q->from &&
	    a->created < q->until;
}

/* The n-th alert in the order of the answers. */
static size_t
nth(const struct sim_api *sim, size_t n)
{
	return sim->is_descending ? sim->n - 1 - n : n;
}

static void
add_link(
    const struct sim_api *sim, const char *url, uint64_t skip, struct buf *body)
{
	const char *path = strstr(url, "/v1.0/"), *old = strstr(url, "&$skip=");

	if (sim->is_circle)
		skip = 0;
	buf_addf(body, ",\"@odata.nextLink\":\"%s%.*s&$skip=%llu\"",
	    sim->link_origin == NULL ? "https://graph.microsoft.com" :
				       sim->link_origin,
	    (int)(old == NULL ? strlen(path) : (size_t)(old - path)), path,
	    (unsigned long long)skip);
}

static void
answer(struct sim_api *sim, const char *raw, struct fake_answer *a)
{
	uint64_t total = 0, sent = 0, seen = 0;
	struct query q;

	read_query(sim, sim->last_url, &q);
	if (sim->skip_max != 0 && q.skip > sim->skip_max) {
		a->status = 400;
		buf_addf(&a->body,
		    "{\"error\":{\"code\":\"\",\"message\":\"$skip=%llu "
		    "cannot exceed %u\"}}",
		    (unsigned long long)q.skip, sim->skip_max);
		return;
	}
	for (size_t i = 0; i < sim->n; i++)
		total += matches(&sim->alerts[i], &q);
	buf_adds(&a->body, "{\"@odata.context\":\"x\",");
	if (!sim->no_count && strstr(sim->last_url, "$count=true") != NULL)
		buf_addf(&a->body, "\"@odata.count\":%llu,",
		    (unsigned long long)total);
	buf_adds(&a->body, "\"value\":[");
	for (size_t n = 0; n < sim->n && sent < q.top; n++) {
		size_t i = nth(sim, n);

		if (!matches(&sim->alerts[i], &q) || seen++ < q.skip)
			continue;
		if (sim->alerts[i].is_hidden)
			continue;
		if (sim->alerts[i].is_poison) {
			a->status = 500;
			buf_reset(&a->body);
			buf_adds(&a->body,
			    "{\"error\":{\"code\":\"Internal\","
			    "\"message\":\"oops\"}}");
			return;
		}
		if (sent++ > 0)
			buf_addc(&a->body, ',');
		add_alert(sim, i, &a->body);
	}
	buf_addc(&a->body, ']');
	if (!sim->no_links && q.skip + sent < total && sent == q.top)
		add_link(sim, raw, q.skip + sent, &a->body);
	buf_addc(&a->body, '}');
}

void
sim_serve(void *ctx, const struct fake_request *r, struct fake_answer *a)
{
	struct sim_api *sim = ctx;

	sim->calls++;
	decode(r->url, sim->last_url, sizeof(sim->last_url));
	a->chunk = sim->chunk;
	if (sim->before == NULL || !sim->before(sim, r, a))
		answer(sim, r->url, a);
}

void
sim_fill(struct sim_api *sim, size_t n, int64_t from, int64_t step)
{
	sim->n = n;
	sim->alerts = xcalloc(n, sizeof(*sim->alerts));
	for (size_t i = 0; i < n; i++) {
		sim->alerts[i].created = from + (int64_t)i * step;
		sim->alerts[i].updated = sim->alerts[i].created;
	}
}
