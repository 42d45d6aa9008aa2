/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "base/limits.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "source/source_priv.h"

#define SEC ((int64_t)STAMP_PER_S)

/* ---- rows ---- */

static void
every_api_can_be_found_and_makes_sense(void **state)
{
	const struct api *api;
	size_t n = 0;

	(void)state;
	for (; (api = api_at(n)) != NULL; n++) {
		assert_ptr_equal(api_find(api->name), api);
		assert_non_null(api->origin[CLOUD_PUBLIC]);
		assert_int_equal(api->path[0], '/');
		assert_true((api->scope == NULL) != (api->resource == NULL));
		assert_non_null(api->permission);
		assert_non_null(api->id[0]);
		assert_non_null(api->updated);
		assert_true(api->page_size <= api->page_max);
		assert_true((api->paging == API_PAGING_LINK ||
				api->paging == API_PAGING_CURSOR) ==
		    (api->next != NULL));
		assert_true((api->paging != API_PAGING_OFFSET &&
				api->paging != API_PAGING_CURSOR) ||
		    api->next_param != NULL);
		assert_non_null(api->query);
		assert_non_null(api->query_until);
		/* A region is named where the origin asks for one. */
		assert_true(
		    (strstr(api->origin[CLOUD_PUBLIC], "%s") != NULL ||
			api->region_origin != NULL) == (api->regions != NULL));
	}
	assert_int_equal(n, 5);
	assert_null(api_find("graph"));
	assert_null(api_find("graph-alerts")->origin[CLOUD_CHINA]);
	assert_string_equal(api_find("graph-alerts")->origin[CLOUD_DOD],
	    "https://dod-graph.microsoft.us");
}

static void
clouds_have_names_and_authorities(void **state)
{
	static const struct {
		const char *name, *authority;
	} rows[] = {
		{ "public", "https://login.microsoftonline.com" },
		{ "gcc", "https://login.microsoftonline.com" },
		{ "gcc-high", "https://login.microsoftonline.us" },
		{ "dod", "https://login.microsoftonline.us" },
		{ "china", "https://login.partner.microsoftonline.cn" },
	};
	enum cloud c = CLOUD_COUNT;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_int_equal(cloud_parse(rows[i].name, &c), 0);
		assert_string_equal(cloud_row(c)->name, rows[i].name);
		assert_string_equal(cloud_row(c)->authority, rows[i].authority);
	}
	assert_int_equal(cloud_parse("Public", &c), -1);
	assert_int_equal(cloud_parse("", &c), -1);
}

/* ---- slices ---- */

static void
slices_cover_all_of_it_in_order(void **state)
{
	struct slices s;
	int64_t edge = 0;
	unsigned int bits = 0x5a;

	(void)state;
	slices_init(&s, 0, STAMP_NONE);
	/* Halve or go on by a pattern; no time is left out or comes twice. */
	for (;;) {
		assert_int_equal(s.lo, edge);
		bits = bits * 1103515245u + 12345u;
		if ((bits >> 16 & 3) != 0 && slices_halve(&s, 1000 * SEC)) {
			assert_true(s.hi != STAMP_NONE && s.hi > s.lo);
			continue;
		}
		if (s.hi == STAMP_NONE)
			break;
		edge = s.hi;
		assert_true(slices_next(&s));
	}
	assert_int_equal(s.n, 0);
	assert_false(slices_next(&s));
}

static void
a_slice_is_not_halved_below_a_second(void **state)
{
	static const struct {
		int64_t lo, hi, now;
		bool can;
	} rows[] = {
		{ 0, 2 * SEC, 0, true }, { 0, 2 * SEC - 1, 0, false },
		{ 0, STAMP_NONE, 2 * SEC, true },
		{ 0, STAMP_NONE, 2 * SEC - 1, false },
		{ 10 * SEC, STAMP_NONE, 5 * SEC, false }, /* the future */
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct slices s;

		slices_init(&s, rows[i].lo, rows[i].hi);
		assert_int_equal(
		    slices_can_halve(&s, rows[i].now), rows[i].can);
		assert_int_equal(slices_halve(&s, rows[i].now), rows[i].can);
		assert_int_equal(s.hi, rows[i].can ? SEC : rows[i].hi);
	}
}

static void
slices_are_bounded(void **state)
{
	struct slices s;
	size_t n = 0;

	(void)state;
	slices_init(&s, 0, INT64_MAX);
	while (slices_halve(&s, 0))
		n++;
	assert_in_range(n, 38, SLICES_MAX);
	/* Clipped again and again. */
	slices_init(&s, 0, STAMP_NONE);
	for (n = 0; n < 1000; n++) {
		slices_clip(&s, 1000 * SEC, SEC);
		slices_clip(&s, 1000 * SEC, SEC);
		if (!slices_next(&s))
			break;
	}
	assert_int_equal(n, 999);
	assert_int_equal(s.lo, 999 * SEC);
	assert_int_equal(s.hi, STAMP_NONE);
}

static void
a_slice_can_be_put_back(void **state)
{
	struct slices s;

	(void)state;
	slices_init(&s, 0, STAMP_NONE);
	assert_true(slices_halve(&s, 8 * SEC));
	assert_true(slices_next(&s));
	slices_back(&s, 0);
	assert_int_equal(s.lo, 0);
	assert_int_equal(s.hi, 4 * SEC);
	assert_true(slices_next(&s));
	assert_int_equal(s.lo, 4 * SEC);
	assert_int_equal(s.hi, STAMP_NONE);
}

/* ---- identities ---- */

static void
different_ids_are_counted_once(void **state)
{
	struct hashset h = { .slots = NULL };
	char id[32];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 20000; i++) {
			(void)snprintf(id, sizeof(id), "id-%d", i);
			assert_int_equal(hashset_add(&h, id), round == 0);
		}
		assert_int_equal(h.n, 20000);
	}
	hashset_clear(&h);
	assert_int_equal(h.n, 0);
	assert_true(hashset_add(&h, ""));
	assert_false(hashset_add(&h, ""));
	hashset_clear(&h);
	assert_true(hashset_add(&h, ""));
	hashset_fini(&h);
}

/* The identity and times of a record, "id updated created". */
static void
identify_by(const struct api *api, const char *text, char out[1024])
{
	const struct split_element el = { .text = text, .len = strlen(text) };
	char id[SOURCE_ID_MAX + 1], times[2][STAMP_TEXT_MAX] = { "-", "-" };
	struct json_object *json = json_tokener_parse(text);
	struct source_record rec;

	assert_non_null(json);
	source__identify(api, &el, json, id, &rec);
	if (rec.updated != STAMP_NONE)
		stamp_format(rec.updated, times[0]);
	if (rec.created != STAMP_NONE)
		stamp_format(rec.created, times[1]);
	assert_ptr_equal(rec.id, id);
	assert_int_equal(rec.bytes, strlen(text));
	(void)snprintf(out, 1024, "%s %s %s", rec.id, times[0], times[1]);
	json_object_put(json);
}

static void
identify(const char *api, const char *text, char out[1024])
{
	identify_by(api_find(api), text, out);
}

static void
records_have_an_identity_and_times(void **state)
{
	static const struct {
		const char *api, *text, *want;
	} rows[] = {
		{ "graph-alerts",
		    "{\"id\":\"da1_-2\",\"createdDateTime\":"
		    "\"2026-01-02T03:04:05.1234567Z\",\"lastUpdateDateTime\":"
		    "\"2026-01-02T03:04:06Z\"}",
		    "da1_-2 2026-01-02T03:04:06.0000000Z "
		    "2026-01-02T03:04:05.1234567Z" },
		{ "graph-alerts", "{\"id\":12}", "12 - -" },
		{ "wdatp-siem",
		    "{\"AlertId\":\"a\",\"FullId\":\"a:b\","
		    "\"LastProcessedTimeUtc\":\"2026-01-02T03:04:05Z\"}",
		    "a:b 2026-01-02T03:04:05.0000000Z "
		    "2026-01-02T03:04:05.0000000Z" },
		/* Times that are none. */
		{ "graph-alerts",
		    "{\"id\":\"x\",\"createdDateTime\":null,"
		    "\"lastUpdateDateTime\":\"0001-01-01T00:00:00Z\"}",
		    "x - -" },
		{ "graph-alerts",
		    "{\"id\":\"x\",\"createdDateTime\":\"soon\","
		    "\"lastUpdateDateTime\":5}",
		    "x - -" },
		/* Without an id the text is the identity: printf '{}' |
		   sha256sum | head -c 32 */
		{ "graph-alerts", "{}",
		    "sha256:44136fa355b3678a1146ad16f7e8649e - -" },
		{ "graph-alerts", "{\"id\":\"\"}",
		    "sha256:72d427b7264997760074a94dcc1c9e54 - -" },
		{ "graph-alerts", "{\"id\":null}",
		    "sha256:185486091df0b98cd0497e3989191220 - -" },
		/* One that cannot be written: printf 'a\0b', a raw byte ff. */
		{ "graph-alerts", "{\"id\":\"a\\u0000b\"}",
		    "sha256:59b271ae1bbcb1d31d41929817f4b16f - -" },
		{ "graph-alerts", "{\"id\":\"\xff\"}",
		    "sha256:a8100ae6aa1940d0b663bb31cd466142 - -" },
	};
	char got[1024];

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		identify(rows[i].api, rows[i].text, got);
		assert_string_equal(got, rows[i].want);
	}
}

static void
make_url(const struct api *api, const char *origin, const char *filter,
    const struct slices *slice, unsigned int top, struct buf *out)
{
	const struct source s = {
		.o = { .api = api, .origin = origin, .filter = filter }
	};
	const struct source_window w = { .updated_from = 5 * SEC,
		.updated_until = STAMP_NONE };

	assert_int_equal(source__url(&s, &w, slice, top, false, out, NULL), 0);
}

static void
ids_and_times_are_found_inside_of_objects(void **state)
{
	static const char *const id[] = { "meta/key/id", "n", NULL };
	static const struct {
		enum api_time time;
		const char *text, *want;
	} rows[] = {
		{ API_TIME_EPOCH,
		    "{\"meta\":{\"key\":{\"id\":\"x\"}},\"t\":{\"up\":1,"
		    "\"c\":\"2.12345678\"}}",
		    "x 1970-01-01T00:00:01.0000000Z "
		    "1970-01-01T00:00:02.1234567Z" },
		{ API_TIME_EPOCH,
		    "{\"meta\":{\"key\":7},\"n\":5,\"t\":{\"up\":"
		    "1767323045.5,\"c\":-1}}",
		    "5 2026-01-02T03:04:05.5000000Z -" },
		{ API_TIME_EPOCH_MS,
		    "{\"n\":\"a\",\"t\":{\"up\":1767323045678,\"c\":"
		    "9223372036854775807}}",
		    "a 2026-01-02T03:04:05.6780000Z -" },
		{ API_TIME_EPOCH_MS,
		    "{\"n\":\"a\",\"t\":{\"up\":\"\","
		    "\"c\":\"5x\"}}",
		    "a - -" },
		{ API_TIME_ISO_S,
		    "{\"n\":\"a\",\"t\":{\"up\":\"2026-01-02T03:04:05Z\","
		    "\"c\":1}}",
		    "a 2026-01-02T03:04:05.0000000Z -" },
		{ API_TIME_ISO, "{\"n\":\"a\",\"t\":[]}", "a - -" },
	};
	struct api own = {
		.name = "own", .id = id, .updated = "t/up", .created = "t/c"
	};
	char got[1024];

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		own.time = rows[i].time;
		identify_by(&own, rows[i].text, got);
		assert_string_equal(got, rows[i].want);
	}
}

static void
times_are_asked_for_in_the_apis_own_words(void **state)
{
	static const char *const query[] = { "u={updated-from}",
		"c={created-from}", NULL };
	static const char *const until[] = { "e={created-until}", NULL };
	static const struct {
		enum api_time time;
		const char *want;
	} rows[] = {
		/* From: a tick earlier, rounded down; until: rounded up. */
		{ API_TIME_ISO,
		    "u=1970-01-01T00%3A00%3A04.9999999Z"
		    "&c=1970-01-01T00%3A00%3A10.1234566Z"
		    "&e=1970-01-01T00%3A00%3A20.0000001Z" },
		{ API_TIME_ISO_MS,
		    "u=1970-01-01T00%3A00%3A04.999Z"
		    "&c=1970-01-01T00%3A00%3A10.123Z"
		    "&e=1970-01-01T00%3A00%3A20.001Z" },
		{ API_TIME_ISO_S,
		    "u=1970-01-01T00%3A00%3A04Z"
		    "&c=1970-01-01T00%3A00%3A10Z"
		    "&e=1970-01-01T00%3A00%3A21Z" },
		{ API_TIME_EPOCH, "u=4&c=10&e=21" },
		{ API_TIME_EPOCH_MS, "u=4999&c=10123&e=20001" },
	};
	static const struct slices slice = { .lo = 10 * SEC + 1234567,
		.hi = 20 * SEC + 1 };
	struct api own = { .name = "own",
		.path = "/a",
		.query = query,
		.query_until = until };
	struct buf url;

	(void)state;
	buf_init(&url, URL_MAX_BYTES);
	for (size_t i = 0; i < NELEM(rows); i++) {
		own.time = rows[i].time;
		make_url(&own, "https://o", NULL, &slice, 0, &url);
		assert_string_equal(
		    url.p + strlen("https://o/a?"), rows[i].want);
	}
	buf_fini(&url);
}

static void
the_next_page_is_found_in_a_link_header(void **state)
{
	static const char *const rows[][2] = {
		{ "<https://a/x?p=2>; rel=\"next\"", "https://a/x?p=2" },
		{ "<https://a/1>; rel=prev, <https://a/3>;rel=next",
		    "https://a/3" },
		{ "</x?a=1,2;3>; title=\"a, <b>; rel=next\"; REL=\"last "
		  "Next\"",
		    "/x?a=1,2;3" },
		{ "<a>; rel = \"next\" ; type=x , <b>; rel=next", "a" },
		{ "<a>; rel=\"nextish\", <b>; rel=\"a-next\"", "" },
		{ "<a>; title=\"\\\"; rel=next\"; rel=up", "" },
		{ "", "" },
		{ "<a", "" },
		{ "<a>", "" },
		{ "<a>;", "" },
		{ "<a>;;;=;\"", "" },
		{ "<a>; rel=\"next", "a" },
		{ "<a>; rel", "" },
	};
	struct buf url;

	(void)state;
	buf_init(&url, URL_MAX_BYTES);
	for (size_t i = 0; i < NELEM(rows); i++) {
		source__link_next(rows[i][0], &url);
		assert_string_equal(url.p, rows[i][1]);
	}
	source__link_next(NULL, &url);
	assert_string_equal(url.p, "");
	buf_fini(&url);
}

static void
a_long_id_is_shortened_to_its_hash(void **state)
{
	char text[SOURCE_ID_MAX + 64], got[1024];

	(void)state;
	for (size_t len = SOURCE_ID_MAX; len <= SOURCE_ID_MAX + 1; len++) {
		(void)snprintf(
		    text, sizeof(text), "{\"id\":\"%0*d\"}", (int)len, 7);
		identify("graph-alerts", text, got);
		if (len == SOURCE_ID_MAX)
			assert_int_equal(strlen(got), SOURCE_ID_MAX + 4);
		else
			assert_memory_equal(got, "sha256:", 7);
	}
}

/* ---- requests ---- */

static void
requests_are_percent_encoded(void **state)
{
	static const struct slices open = { .lo = 10 * SEC, .hi = STAMP_NONE };
	static const struct slices closed = { .lo = 10 * SEC, .hi = 20 * SEC };
	const struct api *graph = api_find("graph-alerts");
	const struct api *wdatp = api_find("wdatp-siem");
	static const char *const query[] = { "q=b={c}{filter}", "n={page-size}",
		NULL };
	static const char *const until[] = { "before={created-until}", NULL };
	struct api own = *graph;
	struct buf url;

	(void)state;
	buf_init(&url, URL_MAX_BYTES);
	make_url(graph, "https://g", "title eq 'a&b=c+d%20'", &closed, 7, &url);
	assert_string_equal(url.p,
	    "https://g/v1.0/security/alerts_v2?$filter="
	    "lastUpdateDateTime%20ge%201970-01-01T00%3A00%3A05.0000000Z"
	    "%20and%20"
	    "createdDateTime%20ge%201970-01-01T00%3A00%3A10.0000000Z%20and%20"
	    "createdDateTime%20lt%201970-01-01T00%3A00%3A20.0000000Z%20and%20"
	    "%28title%20eq%20%27a%26b%3Dc%2Bd%2520%27%29"
	    "&$orderby=createdDateTime&$top=7&$count=true");
	make_url(wdatp, "https://w/", NULL, &closed, 0, &url);
	assert_string_equal(url.p,
	    "https://w/api/alerts?sinceTimeUtc=1970-01-01T00%3A00%3A09.9999999Z"
	    "&untilTimeUtc=1970-01-01T00%3A00%3A20.0000000Z");
	make_url(wdatp, "https://w", NULL, &open, 0, &url);
	assert_string_equal(url.p,
	    "https://w/api/alerts?"
	    "sinceTimeUtc=1970-01-01T00%3A00%3A09.9999999Z");
	/* An API of one's own that can do less. */
	own.query = query;
	own.time = API_TIME_EPOCH;
	own.query_until = until;
	own.path = "/x?api-version=1";
	make_url(&own, "https://o", "a eq 1", &open, 0, &url);
	assert_string_equal(url.p,
	    "https://o/x?api-version=1&q=b%3D%7Bc%7D%20and%20%28a%20eq%201%29");
	make_url(&own, "https://o", "", &closed, 3, &url);
	assert_string_equal(
	    url.p, "https://o/x?api-version=1&q=b%3D%7Bc%7D&n=3&before=20");
	own.path = "/x";
	own.query = query + 1;
	make_url(&own, "https://o", NULL, &open, 3, &url);
	assert_string_equal(url.p, "https://o/x?n=3");
	buf_fini(&url);
}

static void
a_filter_that_is_too_long_is_a_fault(void **state)
{
	static const struct slices open = { .lo = 0, .hi = STAMP_NONE };
	const struct source_window w = { .updated_from = 0,
		.updated_until = STAMP_NONE };
	struct source s = { .o = { .api = api_find("graph-alerts"),
				.origin = "https://g" } };
	char *filter = calloc(1, URL_MAX_BYTES + 1);
	struct err e = { .kind = ERR_NONE };
	struct buf url;

	(void)state;
	assert_non_null(filter);
	memset(filter, 'x', URL_MAX_BYTES);
	s.o.filter = filter;
	buf_init(&url, URL_MAX_BYTES);
	assert_int_equal(source__url(&s, &w, &open, 7, false, &url, &e), -1);
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_non_null(strstr(e.text, "the filter is too long"));
	/* It fits, encoded it does not. */
	memset(filter, ' ', URL_MAX_BYTES);
	filter[URL_MAX_BYTES / 3] = '\0';
	assert_int_equal(source__url(&s, &w, &open, 7, false, &url, &e), -1);
	assert_int_equal(e.kind, ERR_CONFIG);
	buf_fini(&url);
	free(filter);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_api_can_be_found_and_makes_sense),
		cmocka_unit_test(clouds_have_names_and_authorities),
		cmocka_unit_test(slices_cover_all_of_it_in_order),
		cmocka_unit_test(a_slice_is_not_halved_below_a_second),
		cmocka_unit_test(slices_are_bounded),
		cmocka_unit_test(a_slice_can_be_put_back),
		cmocka_unit_test(different_ids_are_counted_once),
		cmocka_unit_test(records_have_an_identity_and_times),
		cmocka_unit_test(ids_and_times_are_found_inside_of_objects),
		cmocka_unit_test(times_are_asked_for_in_the_apis_own_words),
		cmocka_unit_test(the_next_page_is_found_in_a_link_header),
		cmocka_unit_test(a_long_id_is_shortened_to_its_hash),
		cmocka_unit_test(requests_are_percent_encoded),
		cmocka_unit_test(a_filter_that_is_too_long_is_a_fault),
	};

	return cmocka_run_group_tests_name("source: parts", tests, NULL, NULL);
}
