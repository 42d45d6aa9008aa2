/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <cmocka.h>

#include "base/obj.h"
#include "map_common.h"

/* What an expression gives; NULL: no value. */
struct row {
	const char *expr, *json, *value;
};

static const char head[] = "custom-keys = Result\n"
			   "[lookup sev]\n"
			   "informational = 1\n"
			   "high, critical, \"very high\" = 8\n"
			   "none = \"\"\n"
			   "same = @\n"
			   "true = yes\n"
			   "7 = \"a \\u20ac \\{\\}\"\n"
			   "[lookup star]\n"
			   "a = b\n"
			   "* = @\n"
			   "[lookup rest]\n"
			   "* = \"?\"\n"
			   "[event]\n"
			   "deviceVendor = \"v\"\n"
			   "deviceProduct = \"p\"\n"
			   "deviceEventClassId = \"c\"\n"
			   "name = \"{$ | lookup(star) | lookup(rest)}"
			   "{1 | lookup(sev)| default(0)}\"\n"
			   "Result = ";

static void
emit_out(void *ctx, const struct map_event *ev)
{
	struct buf *out = ctx;

	for (size_t i = 0; i < cef_event_count(ev->cef); i++) {
		const char *value;
		size_t len;

		if (strcmp(cef_event_at(ev->cef, i, &value, &len)->key,
			"Result") == 0)
			buf_add(out, value, len);
	}
}

static void
check(const struct row *row)
{
	struct json_object *record = json_tokener_parse(row->json);
	struct buf text, out;
	struct map_run *r;
	struct map *m;

	buf_init(&text, KF_LINE_MAX);
	buf_init(&out, MAP_VALUE_MAX);
	buf_adds(&text, head);
	buf_adds(&text, row->expr);
	m = test_map(text.p);
	r = map_run_new(m);
	(void)map_translate(r, record, emit_out, &out, NULL);
	if (strcmp(out.p, row->value == NULL ? "" : row->value) != 0)
		print_error("%s of %s\n", row->expr, row->json);
	assert_string_equal(out.p, row->value == NULL ? "" : row->value);
	map_run_free(r);
	map_free(m);
	buf_fini(&out);
	buf_fini(&text);
	(void)json_object_put(record);
}

static void
check_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(&rows[i]);
}

static void
values_are_all_but_nothing(void **state)
{
	static const struct row rows[] = {
		{ "$.a", "{\"a\":\"x\"}", "x" },
		{ "$.a", "{\"b\":\"x\"}", NULL },
		{ "$.a", "{\"a\":null}", NULL },
		{ "$.a", "{\"a\":\"\"}", NULL },
		{ "$.a", "{\"a\":[]}", NULL },
		{ "$.a", "{\"a\":{}}", NULL },
		{ "$.a", "{\"a\":[null,\"\",[]]}", NULL },
		{ "$.a", "{\"a\":false}", "false" },
		{ "$.a", "{\"a\":true}", "true" },
		{ "$.a", "{\"a\":0}", "0" },
		{ "$.a", "{\"a\":-9223372036854775808}",
		    "-9223372036854775808" },
		{ "$.a", "{\"a\":123456789012345678}", "123456789012345678" },
		{ "$.a", "{\"a\":1.50}", "1.50" },
		{ "$.a", "{\"a\":1e3}", "1e3" },
		{ "$.a", "{\"a\":{\"b\":[1,\"/\"]}}", "{\"b\":[1,\"/\"]}" },
		{ "$.a", "{\"a\":[1,\"x\",null,{\"b\":2},[3,4]]}",
		    "1,x,{\"b\":2},[3,4]" },
		{ "$.a[*]", "{\"a\":[1,\"x\",null,\"\",true]}", "1,x,true" },
		{ "@.a", "{\"a\":\"x\"}", "x" },
		{ "12", "{}", "12" },
		{ "-1.5e3", "{}", "-1.5e3" },
		{ "\"x\"", "{}", "x" },
		{ "$..x", "{\"a\":{\"x\":1},\"b\":[{\"x\":2}]}", "1,2" },
	};

	(void)state;
	check_all(rows, NELEM(rows));
}

static void
choices_take_the_first_value(void **state)
{
	static const struct row rows[] = {
		{ "$.a ?? $.b", "{\"a\":\"x\",\"b\":\"y\"}", "x" },
		{ "$.a ?? $.b", "{\"a\":\"\",\"b\":\"y\"}", "y" },
		{ "$.a??$.b??\"z\"", "{}", "z" },
		{ "$.a ?? $.b", "{}", NULL },
		{ "$.a ?? $.b ?? $.c", "{\"b\":1,\"c\":2}", "1" },
		{ "($.a | lower) ?? ($.b | upper)", "{\"b\":\"y\"}", "Y" },
		{ "$.a ?? $.b | upper", "{\"a\":\"x\"}", "X" },
		{ "\"{$.a}-{$.b}\" ?? $.b", "{\"b\":\"y\"}", "y" },
		{ "\"{$.a}-{$.b}\" ?? $.b", "{\"a\":1,\"b\":\"y\"}", "1-y" },
		{ "(($.a ?? ($.b ?? $.c)))", "{\"c\":3}", "3" },
	};

	(void)state;
	check_all(rows, NELEM(rows));
}

static void
strings_hold_expressions(void **state)
{
	static const struct row rows[] = {
		{ "\"a\\\\b\\\"c\\{\\}\\n\\t\\u20ac\"", "{}",
		    "a\\b\"c{}\n \xe2\x82\xac" },
		{ "\"\\ud83d\\ude00\"", "{}", "\xf0\x9f\x98\x80" },
		{ "\"{$.a}\"", "{\"a\":[1,2]}", "1,2" },
		{ "\"{$.a}\" | count", "{\"a\":[1,2]}", "1" },
		{ "\"<{$.a[*]}>\"", "{\"a\":[1,2]}", "<1,2>" },
		{ "\"<{$.a}>\"", "{\"a\":[]}", NULL },
		{ "\"{ $.a ?? \"no {$.b}\" }!\"", "{\"b\":7}", "no 7!" },
		{ "\"{$.a['x}y']}\"", "{\"a\":{\"x}y\":1}}", "1" },
		{ "\"{$.d}\\\\{$.u}\"", "{\"d\":\"D\",\"u\":\"U\"}", "D\\U" },
		{ "\"{\"{\"{\"deep\"}\"}\"}\"", "{}", "deep" },
		{ "\"{$.a | join(\"; \")}.\"", "{\"a\":[1,2]}", "1; 2." },
	};

	(void)state;
	check_all(rows, NELEM(rows));
}

static void
filters_of_lists(void **state)
{
	static const struct row rows[] = {
		{ "$.a | join(\" \")", "{\"a\":[1,null,\"x\"]}", "1 x" },
		{ "$.a[*] | join(\"\")", "{\"a\":[1,2]}", "12" },
		{ "$.a | join(\" \")", "{\"a\":[]}", NULL },
		{ "$.a | split(\",\")", "{\"a\":\"x,,y\"}", "x,y" },
		{ "$.a | split(\",\") | count", "{\"a\":\"x,,y\"}", "2" },
		{ "$.a | split(\"::\", 2)", "{\"a\":\"x::y::z\"}", "y" },
		{ "$.a | split(\",\", 2)", "{\"a\":\"x,,y\"}", NULL },
		{ "$.a | split(\",\", -1)", "{\"a\":\"x,,y\"}", "y" },
		{ "$.a | split(\",\", -3)", "{\"a\":\"x,,y\"}", "x" },
		{ "$.a | split(\",\", -4)", "{\"a\":\"x,,y\"}", NULL },
		{ "$.a | split(\",\", 4)", "{\"a\":\"x,,y\"}", NULL },
		{ "$.a | split(\",\", 1)", "{\"a\":[\"x,y\",\"z\"]}", "x,z" },
		{ "$.a | first", "{\"a\":[null,\"x\",\"y\"]}", "x" },
		{ "$.a | last", "{\"a\":[\"x\",\"y\",\"\"]}", "y" },
		{ "$.a | first", "{\"a\":[{\"b\":1}]}", "{\"b\":1}" },
		{ "$.a | count", "{\"a\":[null,\"x\",\"y\"]}", "2" },
		{ "$.a | count", "{}", "0" },
		{ "$.a[*].b | count", "{\"a\":[{\"b\":1},{},{\"b\":2}]}", "2" },
		{ "$.a | unique", "{\"a\":[1,\"1\",2,\"x\",\"X\",\"x\"]}",
		    "1,2,x,X" },
		{ "$.a | default(\"-\")", "{}", "-" },
		{ "$.a | default(5)", "{\"a\":null}", "5" },
		{ "$.a | default(\"-\")", "{\"a\":0}", "0" },
		{ "$.a | time | default(\"-\")", "{\"a\":\"later\"}", "-" },
	};

	(void)state;
	check_all(rows, NELEM(rows));
}

static void
filters_of_text(void **state)
{
	static const struct row rows[] = {
		{ "$.a | lower", "{\"a\":[\"ABC\",\"D\xc3\x84\"]}",
		    "abc,d\xc3\x84" },
		{ "$.a | upper", "{\"a\":\"abz{\"}", "ABZ{" },
		{ "$.a | trim | count", "{\"a\":[\" \\t\\n\",\" x \"]}", "1" },
		{ "$.a | replace(/o/, \"0\")", "{\"a\":\"foo\"}", "f00" },
		{ "$.a | replace(/(\\w)(\\d)/, \"$2$1$$$0\")",
		    "{\"a\":\"a1 b2\"}", "1a$a1 2b$b2" },
		{ "$.a | replace(/x*/, \"-\")", "{\"a\":\"a\xc3\xa4xb\"}",
		    "-a-\xc3\xa4--b-" },
		{ "$.a | replace(/\\/.*$/, \"\")", "{\"a\":\"a/b\"}", "a" },
		{ "$.a | replace(/\xc3\xa4/, \"-\")",
		    "{\"a\":\"\xff\xc3\xa4\xc3\"}",
		    "\xef\xbf\xbd-\xef\xbf\xbd" },
		{ "$.a | extract(/(?<=b)./)", "{\"a\":\"b\xff\"}",
		    "\xef\xbf\xbd" },
		{ "$.a | replace(/.*/, \"\")", "{\"a\":\"x\"}", NULL },
		{ "$.a | replace(/(a)|b/, \"<$1>\")", "{\"a\":\"ab\"}",
		    "<a><>" },
		{ "$.a | replace(/a/, \"${0}1\")", "{\"a\":\"a\"}", "a1" },
		{ "$.a | extract(/\\d+/)", "{\"a\":\"ab12cd3\"}", "12" },
		{ "$.a | extract(/b(\\d)/)", "{\"a\":\"ab12\"}", "1" },
		{ "$.a | extract(/b(\\d)(\\d)/, 2)", "{\"a\":\"ab12\"}", "2" },
		{ "$.a | extract(/b(\\d)/, 0)", "{\"a\":\"ab12\"}", "b1" },
		{ "$.a | extract(/(?<d>\\d)/, d)", "{\"a\":\"ab12\"}", "1" },
		{ "$.a | extract(/(?i)AB(x)?/)", "{\"a\":\"ab12\"}", NULL },
		{ "$.a | extract(/z/)", "{\"a\":[\"az\",\"b\",\"cz\"]}",
		    "z,z" },
		{ "$.a | truncate(2)", "{\"a\":\"\xc3\xa4\xc3\xb6\xc3\xbc\"}",
		    "\xc3\xa4\xc3\xb6" },
		{ "$.a | basename", "{\"a\":\"C:\\\\w\\\\x.exe\"}", "x.exe" },
		{ "$.a | basename", "{\"a\":\"/a/b/\"}", "b" },
		{ "$.a | basename", "{\"a\":\"x\"}", "x" },
		{ "$.a | basename", "{\"a\":\"/\"}", "/" },
		{ "$.a | dirname", "{\"a\":\"C:\\\\w\\\\x.exe\"}", "C:\\w" },
		{ "$.a | dirname", "{\"a\":\"C:\\\\x.exe\"}", "C:\\" },
		{ "$.a | dirname", "{\"a\":\"/a/b/\"}", "/a" },
		{ "$.a | dirname", "{\"a\":\"/a\"}", "/" },
		{ "$.a | dirname", "{\"a\":\"x\"}", NULL },
		{ "$.a | json", "{\"a\":[1,\"x\"]}", "[1,\"x\"]" },
		{ "$.a | json", "{\"a\":\"x\\\"y\"}", "\"x\\\"y\"" },
		{ "\"x\\\"\" | json", "{}", "\"x\\\"\"" },
		{ "$.a[*] | json | join(\" \")", "{\"a\":[1,\"x\"]}",
		    "1 \"x\"" },
		{ "$.a | lookup(sev)", "{\"a\":\"HIGH\"}", "8" },
		{ "$.a | lookup(sev)", "{\"a\":\"very High\"}", "8" },
		{ "$.a | lookup(sev)", "{\"a\":\"low\"}", NULL },
		{ "$.a | lookup(sev)", "{\"a\":\"none\"}", NULL },
		{ "$.a | lookup(sev)", "{\"a\":\"Same\"}", "Same" },
		{ "$.a | lookup(sev)", "{\"a\":true}", "yes" },
		{ "$.a | lookup(sev)", "{\"a\":7}", "a \xe2\x82\xac {}" },
		{ "$.a | lookup(star)", "{\"a\":[\"A\",\"Zz\"]}", "b,Zz" },
		{ "$.a | lookup(rest)", "{}", NULL },
	};

	(void)state;
	check_all(rows, NELEM(rows));
}

static void
filters_of_names_and_addresses(void **state)
{
	static const struct row rows[] = {
		{ "$.a | host",
		    "{\"a\":\"https://u:p@h.example.com:8443/x?y\"}",
		    "h.example.com" },
		{ "$.a | host", "{\"a\":\"h:80\"}", "h" },
		{ "$.a | host", "{\"a\":\"u@example.com\"}", "example.com" },
		{ "$.a | host", "{\"a\":\"http://[2001:db8::1]:80/\"}",
		    "2001:db8::1" },
		{ "$.a | host", "{\"a\":\"2001:db8::1\"}", "2001:db8::1" },
		{ "$.a | host", "{\"a\":\"https:///x\"}", NULL },
		{ "$.a | domain", "{\"a\":\"h.corp.example.com\"}",
		    "corp.example.com" },
		{ "$.a | domain", "{\"a\":\"http://h.example.com:80/a.b\"}",
		    "example.com" },
		{ "$.a | domain", "{\"a\":\"http://u@h.example.com/\"}",
		    "example.com" },
		{ "$.a | domain", "{\"a\":\"u@example.com\"}", "example.com" },
		{ "$.a | domain", "{\"a\":\"CORP\\\\u.x\"}", "CORP" },
		{ "$.a | domain", "{\"a\":\"h\"}", NULL },
		{ "$.a | domain", "{\"a\":\"192.0.2.1\"}", NULL },
		{ "$.a | ip4", "{\"a\":[\"192.0.2.1\",\"::1\",\"x\",\"1\"]}",
		    "192.0.2.1" },
		{ "$.a | ip4", "{\"a\":\"::ffff:192.0.2.1\"}", "192.0.2.1" },
		{ "$.a | ip4", "{\"a\":\"192.0.2.256\"}", NULL },
		{ "$.a | ip6", "{\"a\":[\"192.0.2.1\",\"2001:DB8:0::1\"]}",
		    "2001:db8::1" },
		{ "$.a | ip6", "{\"a\":\"fe80::1%eth0\"}", "fe80::1" },
		{ "$.a | ip6", "{\"a\":\"::ffff:192.0.2.1\"}", NULL },
		{ "$.a | ip6", "{\"a\":\"1::2::3\"}", NULL },
		{ "$.a | mac", "{\"a\":\"00-0d-60-af-1b-61\"}",
		    "00:0D:60:AF:1B:61" },
		{ "$.a | mac", "{\"a\":\"000D.60AF.1B61\"}",
		    "00:0D:60:AF:1B:61" },
		{ "$.a | mac", "{\"a\":\"000d60af1b61\"}",
		    "00:0D:60:AF:1B:61" },
		{ "$.a | mac", "{\"a\":\"000d60af1b6\"}", NULL },
		{ "$.a | mac", "{\"a\":\"000d60af1b6100\"}", NULL },
		{ "$.a | mac", "{\"a\":\"0-00d60af1b61\"}", NULL },
		{ "$.a | number",
		    "{\"a\":[\" 12 \",\"x\",true,false,1.5,"
		    "\"1.\",\"-\",\"1e5\",\"0x1\"]}",
		    "12,1,0,1.5,1e5" },
	};

	(void)state;
	check_all(rows, NELEM(rows));
}

static void
times_become_epoch_milliseconds(void **state)
{
	static const struct row rows[] = {
		{ "$.a | time", "{\"a\":\"2021-01-26T20:31:32.9562661Z\"}",
		    "1611693092956" },
		{ "$.a | time", "{\"a\":\"2021-01-26T20:31:32.9999999Z\"}",
		    "1611693092999" },
		{ "$.a | time", "{\"a\":\"2021-01-26T22:31:32+02:00\"}",
		    "1611693092000" },
		{ "$.a | time", "{\"a\":1611693092}", "1611693092000" },
		{ "$.a | time", "{\"a\":\"1611693092.9569\"}",
		    "1611693092956" },
		{ "$.a | time", "{\"a\":1611693092956}", "1611693092956" },
		{ "$.a | time", "{\"a\":99999999999}", "99999999999000" },
		{ "$.a | time", "{\"a\":100000000000}", "100000000000" },
		{ "$.a | time", "{\"a\":\"yesterday\"}", NULL },
		{ "$.a | time", "{\"a\":\"\"}", NULL },
		{ "$.a | time(\"%d.%m.%Y %H:%M\")",
		    "{\"a\":\"26.01.2021 20:31\"}", "1611693060000" },
		{ "$.a | time(\"%Y-%m-%dT%H:%M:%S%z\")",
		    "{\"a\":\"2021-01-26T22:31:32+0200\"}", "1611693092000" },
		{ "$.a | time(\"%Y\")", "{\"a\":\"2021x\"}", NULL },
		{ "$.a | time(\"%Y\")", "{\"a\":\"1970\"}", "0" },
	};

	(void)state;
	check_all(rows, NELEM(rows));
}

/* At a bound and one past it. */
static void
long_values_are_cut_at_a_character(void **state)
{
	static const char map[] = "custom-keys = Result\n[event]\n"
				  "deviceVendor = \"v\"\n"
				  "deviceProduct = \"p\"\n"
				  "deviceEventClassId = \"c\"\n"
				  "name = \"n\"\n"
				  "Result = $.a\n";
	const struct map_field_count *counts = NULL;
	struct map *m = test_map(map);
	struct map_run *r = map_run_new(m);
	struct buf json, out;

	(void)state;
	buf_init(&json, MAP_VALUE_MAX + 100);
	buf_init(&out, MAP_VALUE_MAX + 100);
	for (size_t over = 0; over < 2; over++) {
		struct json_object *record;

		buf_reset(&json);
		buf_reset(&out);
		buf_adds(&json, "{\"a\":\"");
		for (size_t i = 0; i < MAP_VALUE_MAX - 2 + over; i++)
			buf_addc(&json, 'a');
		buf_adds(&json, "\xc3\xa4\"}");
		record = json_tokener_parse(json.p);
		(void)map_translate(r, record, emit_out, &out, NULL);
		(void)json_object_put(record);
		assert_int_equal(
		    out.len, over == 0 ? MAP_VALUE_MAX : MAP_VALUE_MAX - 1);
		assert_int_equal(map_run_counts(r, &counts), over);
	}
	assert_int_equal(counts[0].cut, 1);
	map_run_free(r);
	map_free(m);
	buf_fini(&json);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_all_but_nothing),
		cmocka_unit_test(choices_take_the_first_value),
		cmocka_unit_test(strings_hold_expressions),
		cmocka_unit_test(filters_of_lists),
		cmocka_unit_test(filters_of_text),
		cmocka_unit_test(filters_of_names_and_addresses),
		cmocka_unit_test(times_become_epoch_milliseconds),
		cmocka_unit_test(long_values_are_cut_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
