/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <cmocka.h>

#include "base/obj.h"
#include "map_common.h"

#define COMMON                     \
	"[common]\n"               \
	"deviceVendor = \"v\"\n"   \
	"deviceProduct = \"p\"\n"  \
	"deviceEventClassId = 1\n" \
	"name = \"n\"\n"

/* A line of test_translate() for these header fields. */
#define LINE "|v|p|unknown|1|n|Unknown|"

struct row {
	const char *json, *lines;
};

static void
check(const struct test_file *files, const struct row *rows, size_t n)
{
	struct faults *faults = faults_new();
	struct map *m = test_compile(files, faults);
	struct map_run *r;
	struct buf out;

	buf_init(&out, CEF_LINE_MAX);
	test_faults(faults, &out);
	assert_string_equal(out.p, "");
	assert_non_null(m);
	r = map_run_new(m);
	for (size_t i = 0; i < n; i++) {
		buf_reset(&out);
		test_translate(r, rows[i].json, &out);
		assert_string_equal(out.p, rows[i].lines);
	}
	map_run_free(r);
	map_free(m);
	faults_free(faults);
	buf_fini(&out);
}

static void
check_text(const char *text, const struct row *rows, size_t n)
{
	const struct test_file files[] = { { "t.map", text }, { NULL, NULL } };

	check(files, rows, n);
}

static void
an_event_has_a_line_per_node_of_each(void **state)
{
	static const char map[] = "[event]\n"
				  "each = $.e[?@.t == 'd']\n"
				  "when = @.ok != false\n"
				  "key = @.id\n"
				  "shost = @.h ?? $.h\n"
				  "[event user]\n"
				  "each = $.u[*]\n"
				  "suser = @\n" COMMON "msg = $.m\n";
	static const struct row rows[] = {
		{ "{\"m\":\"M\",\"h\":\"H\",\"e\":[{\"t\":\"d\",\"id\":\"i\","
		  "\"h\":\"h1\"},{\"t\":\"x\"},{\"t\":\"d\",\"ok\":false},"
		  "{\"t\":\"d\",\"id\":\"\"}],\"u\":[\"a\",null]}",
		    "i" LINE " shost=h1 msg=M\n"
		    "$['e'][3]" LINE " shost=H msg=M\n"
		    "user:$['u'][0]" LINE " suser=a msg=M\n"
		    "user:$['u'][1]" LINE " msg=M\n" },
		/* Nothing fits: once, with "@" unbound. */
		{ "{\"m\":\"M\",\"h\":\"H\"}", "$!" LINE " shost=H msg=M\n" },
		/* Left out by a when: nothing. */
		{ "{\"e\":[{\"t\":\"d\",\"ok\":false}]}", "" },
		{ "{\"e\":[{\"t\":\"d\",\"ok\":false}],\"u\":[\"a\"]}",
		    "user:$['u'][0]" LINE " suser=a\n" },
		{ "17", "$!" LINE "\n" },
	};

	(void)state;
	check_text(map, rows, NELEM(rows));
}

/* Equal queries share one search: of the record, or of the node. */
static void
a_query_asked_again_gives_the_same(void **state)
{
	static const char map[] = "[event]\n"
				  "each = $.e[*]\n"
				  "key = @.id\n"
				  "shost = @.h ?? $.h\n"
				  "dhost = @.h ?? $.h\n"
				  "suser = $.u[*] | first\n"
				  "duser = \"{$.u[*]} {@.h}\" ?? $.u[*]\n"
				  "fname = @.f | json\n"
				  "oldFileName = @.f | json | upper\n"
				  "cnt = $.u[*] | count\n" COMMON;
	static const struct row rows[] = {
		{ "{\"h\":\"H\",\"u\":[\"a\",null,\"b\"],\"e\":["
		  "{\"id\":1,\"h\":\"h1\"},{\"id\":2,\"f\":{\"x\":1}},"
		  "{\"id\":3,\"h\":\"h3\",\"f\":[\"y\"]}]}",
		    "1" LINE " shost=h1 dhost=h1 suser=a duser=a,b h1 cnt=2\n"
		    "2" LINE " shost=H dhost=H suser=a duser=a,b "
		    "fname={\"x\":1} oldFileName={\"X\":1} cnt=2\n"
		    "3" LINE " shost=h3 dhost=h3 suser=a duser=a,b h3 "
		    "fname=[\"y\"] oldFileName=[\"Y\"] cnt=2\n" },
		{ "{\"e\":[{\"id\":1}]}", "1" LINE " cnt=0\n" },
		{ "{\"u\":[\"c\"]}", "$!" LINE " suser=c duser=c cnt=1\n" },
	};

	(void)state;
	check_text(map, rows, NELEM(rows));
}

static void
nodes_of_one_key_are_told_apart(void **state)
{
	static const char map[] = "[event]\n"
				  "each = $.e[*]\n"
				  "key = @.id\n" COMMON;
	static const struct row rows[] = {
		{ "{\"e\":[{\"id\":\"x\"},{\"id\":\"y\"},{\"id\":\"x\"},"
		  "{\"id\":\"x\"}]}",
		    "x" LINE "\ny" LINE "\nx#2" LINE "\nx#3" LINE "\n" },
		/* The next record begins anew. */
		{ "{\"e\":[{\"id\":\"x\"}]}", "x" LINE "\n" },
	};

	(void)state;
	check_text(map, rows, NELEM(rows));
}

static void
a_when_leaves_records_out(void **state)
{
	static const char map[] = "[event]\n"
				  "when = $.s != 'resolved'\n"
				  "msg = @.m\n" COMMON;
	static const char each[] = "[event]\n"
				   "when = $.s != 'resolved'\n"
				   "each = $.e[*]\n"
				   "msg = @.m\n" COMMON;
	static const char bound[] = "[event]\n"
				    "when = @.x\n"
				    "each = $.e[*]\n" COMMON;
	static const struct row rows[] = {
		{ "{\"s\":\"new\",\"m\":1}", "$" LINE " msg=1\n" },
		{ "{\"s\":\"resolved\",\"m\":1}", "" },
	};
	/* Without a node, "when" decides with "@" unbound. */
	static const struct row each_rows[] = {
		{ "{\"s\":\"new\",\"e\":[]}", "$!" LINE "\n" },
		{ "{\"s\":\"resolved\",\"e\":[]}", "" },
	};
	static const struct row bound_rows[] = {
		{ "{\"x\":1,\"e\":[]}", "" },
		{ "{\"e\":[{\"x\":1}]}", "$['e'][0]" LINE "\n" },
	};

	(void)state;
	check_text(map, rows, NELEM(rows));
	check_text(each, each_rows, NELEM(each_rows));
	check_text(bound, bound_rows, NELEM(bound_rows));
}

static void
labels_go_with_their_fields(void **state)
{
	static const char map[] = "[event]\n"
				  "cs1Label = \"L1\"\n"
				  "cs1 = $.a\n"
				  "cn1 = $.b\n"
				  "cn1Label = \"L2\"\n" COMMON;
	static const struct row rows[] = {
		{ "{\"a\":\"x\",\"b\":1}",
		    "$" LINE " cs1Label=L1 cs1=x cn1=1 cn1Label=L2\n" },
		{ "{\"a\":\"x\",\"b\":\"y\"}",
		    "$" LINE " cs1Label=L1 cs1=x\n" },
		{ "{\"b\":1}", "$" LINE " cn1=1 cn1Label=L2\n" },
	};

	(void)state;
	check_text(map, rows, NELEM(rows));
}

static void
an_event_wins_over_common(void **state)
{
	static const char map[] = "[event]\n"
				  "msg = \"own\"\n"
				  "cs1 =\n" COMMON "cs1 = $.a\n"
				  "cs1Label = \"L\"\n"
				  "msg = \"common\"\n"
				  "reason = $.a\n";
	static const struct row rows[] = {
		{ "{\"a\":1}", "$" LINE " msg=own reason=1\n" },
	};

	(void)state;
	check_text(map, rows, NELEM(rows));
}

static void
an_including_file_wins_entry_by_entry(void **state)
{
	static const struct test_file files[] = {
		{ "t.map",
		    "include = a.map b.map\n"
		    "custom-keys = OwnKey\n"
		    "[event]\n"
		    "when =\n"
		    "msg = \"own\"\n"
		    "cs2 =\n"
		    "ownkey = $.a\n"
		    "[lookup l]\n"
		    "B, c = 22\n"
		    "d =\n"
		    "[event two]\n"
		    "msg = \"two\"\n" },
		{ "a.map",
		    "include = base.map\n"
		    "[event]\n"
		    "reason = $.k | lookup(l)\n" },
		/* base.map is read once: what a.map says of it stays. */
		{ "b.map",
		    "include = base.map\n"
		    "[event]\n"
		    "BKey = $.b\n" },
		{ "base.map",
		    "custom-keys = BKey\n"
		    "[event]\n"
		    "when = $.x\n"
		    "cs2 = $.a\n"
		    "cs2Label = \"L\"\n"
		    "msg = \"base\"\n"
		    "reason = \"base\"\n" COMMON "[lookup l]\n"
		    "a = 1\n"
		    "b = 2\n"
		    "d = 4\n"
		    "* = 9\n" },
		{ NULL, NULL },
	};
	static const struct row rows[] = {
		{ "{\"a\":1,\"b\":2,\"k\":\"b\"}",
		    "$" LINE " msg=own reason=22 BKey=2 OwnKey=1\n"
		    "two:$" LINE " msg=two\n" },
		{ "{\"k\":\"C\"}",
		    "$" LINE " msg=own reason=22\ntwo:$" LINE " msg=two\n" },
		{ "{\"k\":\"d\"}",
		    "$" LINE " msg=own reason=9\ntwo:$" LINE " msg=two\n" },
		{ "{\"k\":\"a\"}",
		    "$" LINE " msg=own reason=1\ntwo:$" LINE " msg=two\n" },
	};

	(void)state;
	check(files, rows, NELEM(rows));
}

static void
take_hash(void *ctx, const struct map_event *ev)
{
	uint64_t *out = ctx;

	*out = cef_event_hash(ev->cef);
}

static uint64_t
hash_of(struct map_run *r, const char *json)
{
	struct json_object *record = json_tokener_parse(json);
	uint64_t hash = 0;

	assert_int_equal(map_translate(r, record, take_hash, &hash, NULL), 1);
	(void)json_object_put(record);
	return hash;
}

static void
marked_fields_do_not_make_an_update(void **state)
{
	struct map *m = test_map("[event]\n"
				 "end! = $.t | time\n"
				 "msg = $.m\n" COMMON);
	struct map_run *r = map_run_new(m);
	uint64_t first = hash_of(r, "{\"t\":1700000000,\"m\":1}");

	(void)state;
	assert_true(hash_of(r, "{\"t\":1800000000,\"m\":1}") == first);
	assert_false(hash_of(r, "{\"t\":1700000000,\"m\":2}") == first);
	map_run_free(r);
	map_free(m);
}

static void
what_does_not_fit_is_counted(void **state)
{
	static const struct {
		const char *key;
		uint64_t cut, dropped_long, dropped_type, failed;
	} expected[] = {
		{ "name", 1, 0, 0, 0 },
		{ "externalId", 0, 1, 0, 0 },
		{ "cnt", 0, 0, 2, 0 },
		{ "rt", 0, 0, 1, 0 },
		{ "msg", 0, 0, 0, 1 },
	};
	struct map *m = test_map("[event]\n"
				 "deviceVendor = \"v\"\n"
				 "deviceProduct = \"p\"\n"
				 "deviceEventClassId = 1\n"
				 "name = $.long\n"
				 "externalId = $.id\n"
				 "cnt = $.cnt\n"
				 "rt = $.t | time\n"
				 "msg = $.a | extract(/^(a+)+$/)\n");
	struct map_run *r = map_run_new(m);
	const struct map_field_count *rows;
	struct buf json, out;

	(void)state;
	buf_init(&json, 10000);
	buf_init(&out, CEF_LINE_MAX);
	buf_adds(&json, "{\"cnt\":\"x\",\"t\":\"soon\",\"long\":\"");
	for (size_t i = 0; i < 513; i++)
		buf_addc(&json, 'n');
	buf_adds(&json,
	    "\",\"id\":\"12345678901234567890123456789012345678901"
	    "\",\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"}");
	test_translate(r, json.p, &out);
	test_translate(r, "{\"cnt\":2147483648,\"id\":1,\"a\":\"b\"}", &out);
	assert_int_equal(map_run_counts(r, &rows), NELEM(expected));
	for (size_t i = 0; i < NELEM(expected); i++) {
		assert_string_equal(rows[i].key->key, expected[i].key);
		assert_int_equal(rows[i].cut, expected[i].cut);
		assert_int_equal(
		    rows[i].dropped_long, expected[i].dropped_long);
		assert_int_equal(
		    rows[i].dropped_type, expected[i].dropped_type);
		assert_int_equal(rows[i].failed, expected[i].failed);
	}
	assert_int_equal(map_run_unmatched(r), 0);
	map_run_free(r);
	map_free(m);
	buf_fini(&json);
	buf_fini(&out);
}

static void
count_events(void *ctx, const struct map_event *ev)
{
	size_t *n = ctx;

	(void)ev;
	(*n)++;
}

static void
a_record_makes_so_many_events_at_most(void **state)
{
	struct map *m = test_map("[event]\neach = $[*]\n" COMMON);
	struct map_run *r = map_run_new(m);

	(void)state;
	for (unsigned int over = 0; over < 2; over++) {
		struct json_object *record = json_object_new_array();
		size_t n = 0;

		for (unsigned int i = 0; i < MAP_EVENTS_MAX + over; i++)
			(void)json_object_array_add(
			    record, json_object_new_int(1));
		assert_int_equal(
		    map_translate(r, record, count_events, &n, NULL),
		    MAP_EVENTS_MAX);
		assert_int_equal(n, MAP_EVENTS_MAX);
		assert_int_equal(map_run_capped(r), over);
		(void)json_object_put(record);
	}
	map_run_free(r);
	map_free(m);
}

static void
trace_event(void *ctx, const char *name, const char *key, bool is_unmatched)
{
	buf_addf(ctx, "%s %s%s\n", name, key, is_unmatched ? "!" : "");
}

static void
trace_field(void *ctx, const struct map_trace_field *f)
{
	buf_addf(ctx, "%s%s %u <%s> %s > %s%s%s", f->key->key,
	    f->is_volatile ? "!" : "", f->line, f->expr,
	    f->raw == NULL ? "-" : f->raw, f->value == NULL ? "-" : f->value,
	    f->why == NULL ? "" : ": ", f->why == NULL ? "" : f->why);
	for (size_t i = 0; i < f->n_paths; i++)
		buf_addf(ctx, " %s", f->paths[i]);
	buf_adds(ctx, "\n");
}

static void
a_trace_tells_each_field(void **state)
{
	struct map *m = test_map("[event d]\n"
				 "each = $.e[*]\n"
				 "key = @.id\n"
				 "name = \"{$.n} on {@.h ?? $.h}\"\n"
				 "end! = $.t | time\n"
				 "reason = $.l | first\n"
				 "msg = $.l[*] | unique | join(\" \")\n"
				 "cs1 = $.none\n"
				 "cs1Label = \"L\"\n"
				 "cnt = $.n\n"
				 "[common]\n"
				 "deviceVendor = \"v\"\n"
				 "deviceProduct = \"p\"\n"
				 "deviceEventClassId = 1\n");
	static const char expected[] =
	    "d d:i\n"
	    "name 4 <\"{$.n} on {@.h ?? $.h}\"> N on H > N on H"
	    " $['n'] $['h']\n"
	    "end! 5 <$.t | time> - > -: time: not a time of the expected form\n"
	    "reason 6 <$.l | first> a > a $['l']\n"
	    "msg 7 <$.l[*] | unique | join(\" \")> a b > a b"
	    " $['l'][0] $['l'][1]\n"
	    "cs1 8 <$.none> - > -: no value\n"
	    "cs1Label 9 <\"L\"> L > -: left out: its field has no value\n"
	    "cnt 10 <$.n> N > -: left out: not of the field's type $['n']\n"
	    "deviceVendor 12 <\"v\"> v > v\n"
	    "deviceProduct 13 <\"p\"> p > p\n"
	    "deviceEventClassId 14 <1> 1 > 1\n";
	struct json_object *record =
	    json_tokener_parse("{\"n\":\"N\",\"h\":\"H\",\"t\":\"soon\","
			       "\"l\":[\"a\",\"b\"],\"e\":[{\"id\":\"i\"}]}");
	struct map_run *r = map_run_new(m);
	struct buf out;
	const struct map_trace trace = {
		.ctx = &out, .event = trace_event, .field = trace_field
	};
	size_t n = 0;

	(void)state;
	buf_init(&out, CEF_LINE_MAX);
	(void)map_translate(r, record, count_events, &n, &trace);
	assert_string_equal(out.p, expected);
	(void)json_object_put(record);
	map_run_free(r);
	map_free(m);
	buf_fini(&out);
}

/* NOLINTBEGIN(bugprone-reserved-identifier): ld --wrap makes these names */
static size_t allocations;

void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);

void *
__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	allocations++;
	return __real_realloc(p, size);
}

void *
__wrap_reallocarray(void *p, size_t n, size_t size)
{
	allocations++;
	return __real_reallocarray(p, n, size);
}

/* NOLINTEND(bugprone-reserved-identifier) */

static void
translating_allocates_nothing_after_the_first(void **state)
{
	static const char map[] =
	    "[event]\n"
	    "each = $.e[?@.t == 'd']\n"
	    "when = $.s != 'x' && @.h\n"
	    "key = @.h | lower\n"
	    "shost = @.h ?? $.h\n"
	    "msg = \"{$.a} {$.b | join(\"; \")} {$.c}\"\n"
	    "reason = $.a | replace(/a/, \"bb\") | extract(/b+/) | upper\n"
	    "rt = $.t | time\n"
	    "cs1 = $.b[*] | unique | join(\" \")\n"
	    "cs1Label = \"L\"\n"
	    "cs2 = $.b | split(\"x\") | last\n"
	    "cs2Label = \"M\"\n"
	    "cn1 = $.b | count\n"
	    "cn1Label = \"N\"\n"
	    "src = $.ip | ip4\n"
	    "smac = $.mac | mac\n"
	    "act = $.a | lookup(l)\n" COMMON "[lookup l]\n* = @\n";
	static const char json[] =
	    "{\"a\":\"aaa\",\"b\":[1,2,\"2x3\"],\"c\":12345,\"s\":\"y\","
	    "\"t\":\"2021-01-26T20:31:32.9562661Z\",\"ip\":\"192.0.2.1\","
	    "\"mac\":\"000d60af1b61\",\"e\":[{\"t\":\"d\",\"h\":\"H\"},"
	    "{\"t\":\"d\",\"h\":\"I\"}]}";
	struct map *m = test_map(map);
	struct map_run *r = map_run_new(m);
	struct json_object *record = json_tokener_parse(json);
	size_t n = 0, before;

	(void)state;
	for (int i = 0; i < 3; i++)
		(void)map_translate(r, record, count_events, &n, NULL);
	before = allocations;
	for (int i = 0; i < 100; i++)
		(void)map_translate(r, record, count_events, &n, NULL);
	assert_int_equal(allocations - before, 0);
	assert_int_equal(n, 206);
	assert_true(before > 0);
	(void)json_object_put(record);
	map_run_free(r);
	map_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_has_a_line_per_node_of_each),
		cmocka_unit_test(a_query_asked_again_gives_the_same),
		cmocka_unit_test(nodes_of_one_key_are_told_apart),
		cmocka_unit_test(a_when_leaves_records_out),
		cmocka_unit_test(labels_go_with_their_fields),
		cmocka_unit_test(an_event_wins_over_common),
		cmocka_unit_test(an_including_file_wins_entry_by_entry),
		cmocka_unit_test(marked_fields_do_not_make_an_update),
		cmocka_unit_test(what_does_not_fit_is_counted),
		cmocka_unit_test(a_record_makes_so_many_events_at_most),
		cmocka_unit_test(a_trace_tells_each_field),
		cmocka_unit_test(translating_allocates_nothing_after_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
