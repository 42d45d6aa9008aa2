/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/obj.h"
#include "convert/convert.h"
#include "map_common.h"

#define TOKENS                               \
	"token[0].name=a\n"                  \
	"token[0].location=x/y\n"            \
	"token[1].name=b c\n"                \
	"token[1].location=b/0/@type\n"      \
	"token[2].name=t\n"                  \
	"token[2].type=TimeStamp\n"          \
	"token[2].format=dd.MM.yyyy HH:mm\n" \
	"token[2].location=t\n"

/* Convert a parser to a map, which must compile; its text. */
static char *
converted(const char *parser, struct convert_counts *counts)
{
	struct buf out;
	struct err e;
	char *map;

	buf_init(&out, KF_FILE_MAX);
	if (convert_parser("p", parser, strlen(parser), &out, counts, &e) == -1)
		fail_msg("%s", e.text);
	map = buf_take(&out);
	map_free(test_map(map));
	return map;
}

/* The line of the map that begins so, without it; free() it. */
static char *
line_of(const char *map, const char *start)
{
	const char *hit = map;

	while ((hit = strstr(hit, start)) != NULL) {
		if (hit == map || hit[-1] == '\n') {
			hit += strlen(start);
			return strndup(hit, strcspn(hit, "\n"));
		}
		hit++;
	}
	fail_msg("no line begins with \"%s\" in\n%s", start, map);
	return NULL;
}

struct row {
	const char *from, *to;
};

/* event.FIELD=from gives "key = to" for each row. */
static void
check(const char *field, const char *key, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *parser = NULL, *start = NULL, *map, *line;
		struct convert_counts counts;

		assert_int_not_equal(asprintf(&parser, TOKENS "event.%s=%s\n",
					 field, rows[i].from),
		    -1);
		assert_int_not_equal(asprintf(&start, "%-18s = ", key), -1);
		map = converted(parser, &counts);
		line = line_of(map, start);
		assert_string_equal(line, rows[i].to);
		assert_int_equal(counts.carried, 1);
		assert_int_equal(counts.left, 0);
		free(line);
		free(map);
		free(start);
		free(parser);
	}
}

static void
each_operation_becomes_an_expression(void **state)
{
	static const struct row rows[] = {
		{ "a", "$.x.y" },
		{ "b c", "$.b[0]['@type']" },
		{ "__stringConstant(\"x {y} \\\\\"z\\\\\" \\\\w\")",
		    "\"x \\{y\\} \\\"z\\\" \\\\w\"" },
		{ "__getVendor(\"Example\")", "\"Example\"" },
		{ "__oneOf(a, b c,\"none\")",
		    "$.x.y ?? $.b[0]['@type'] ?? \"none\"" },
		{ "__concatenate(\"n{\",a)", "\"n\\{{$.x.y}\"" },
		{ "__concatenate(a,\"-\",b c)",
		    "\"{$.x.y | default(\"\\u0001\")}-{$.b[0]['@type'] | "
		    "default(\"\\u0001\")}\" | replace(/\\x01/, \"\")" },
		{ "__regexToken(a,\"^/(\\\\w+)#\\\\\"'\")",
		    "$.x.y | extract(/^\\/(\\w+)\\x23\\x22\\x27/)" },
		{ "__regexToken(a,\"\\\\Qa.b\\\\E(.)\")",
		    "$.x.y | extract(/a\\.b(.)/)" },
		{ "__replaceAll(a,\"(b)\",\"$1{\\\\$}\")",
		    "$.x.y | replace(/(b)/, \"$1\\{$$\\}\")" },
		{ "__replaceFirst(a,\"b|c\",\"\")",
		    "$.x.y | replace(/\\A(?s:.*?)\\K(?:b|c)/, \"\")" },
		{ "__split(a,\":\",2)", "$.x.y | split(\":\", 2)" },
		{ "__split(__toUpperCase(__toLowerCase(__stringTrim(a))),"
		  "\"\\\\\",1)",
		    "$.x.y | trim | lower | upper | split(\"\\\\\", 1)" },
		{ "__oneOf(__toLowerCase(a),__stringTrim(b c))",
		    "($.x.y | lower) ?? ($.b[0]['@type'] | trim)" },
		{ "__extractNTDomain(a)",
		    "$.x.y | extract(/^([^\\\\]+)\\\\/)" },
		{ "__extractNTUser(a)", "$.x.y | split(\"\\\\\", -1)" },
		{ "__ifThenElse(a,\"x.\",\"is\",b c)",
		    "(\"{$.x.y | extract(/^x\\.$/) | lookup(if)}is\" | "
		    "replace(/^=/, \"\")) ?? (\"{$.x.y | extract(/^x\\.$/) | "
		    "count | lookup(else)}{$.b[0]['@type']}\" | "
		    "replace(/^=/, \"\"))" },
		{ "__ifThenElse(a,\"\",b c,\"\")",
		    "\"{$.x.y | count | lookup(else)}{$.b[0]['@type']}\" | "
		    "replace(/^=/, \"\")" },
		{ "__ifTrueThenElse(__contains(a,\"b/c\"),\"yes\",\"\")",
		    "\"{$.x.y | extract(/b\\/c/) | lookup(if)}yes\" | "
		    "replace(/^=/, \"\")" },
		{ "__ifTrueThenElse(a,\"\",\"no\")",
		    "\"{$.x.y | extract(/^(?i:true|1)$/) | count | "
		    "lookup(else)}no\" | replace(/^=/, \"\")" },
		{ "__simpleMap(a,\"b=c\")", "$.x.y | lookup(map)" },
		{ "__getProtocolName(a)", "$.x.y | lookup(protocol)" },
		/* as text a time stays as it is */
		{ "t", "$.t" },
		{ "__longToTimeStamp(a)", "$.x.y" },
	};

	(void)state;
	check("deviceAction", "act", rows, NELEM(rows));
}

static void
a_field_s_type_adds_its_filter(void **state)
{
	static const struct row number[] = {
		{ "a", "$.x.y | number" },
		{ "__toInteger(a)", "$.x.y | number" },
		{ "__safeToLong(a)", "$.x.y | number" },
		{ "__regexTokenAsInteger(a,\"(1)\")",
		    "$.x.y | extract(/(1)/) | number" },
		{ "__splitAsLong(a,\",\",3)",
		    "$.x.y | split(\",\", 3) | number" },
		{ "__integerConstant(\"3\")", "\"3\"" },
		{ "__integerConstant(3)", "\"3\"" },
	};
	static const struct row ip4[] = {
		{ "a", "$.x.y | ip4" },
		{ "__regexTokenAsAddress(a,\"(.*):\")",
		    "$.x.y | extract(/(.*):/) | ip4" },
		{ "__ifThenElseAddress(a,\"\",\"192.0.2.1\",a)",
		    "(\"{$.x.y | lookup(if)}{$.x.y}\" | replace(/^=/, \"\")) "
		    "?? (\"{$.x.y | count | lookup(else)}192.0.2.1\" | "
		    "replace(/^=/, \"\")) | ip4" },
	};
	static const struct row ip6[] = {
		{ "__stringToIPv6Address(a)", "$.x.y | ip6" },
	};
	static const struct row mac[] = { { "a", "$.x.y | mac" } };
	static const struct row direction[] = {
		{ "__getDeviceDirection(a)",
		    "$.x.y | lookup(direction) | number" },
	};

	(void)state;
	check("baseEventCount", "cnt", number, NELEM(number));
	check("sourceAddress", "src", ip4, NELEM(ip4));
	check("deviceCustomIPv6Address2", "c6a2", ip6, NELEM(ip6));
	check("sourceMacAddress", "smac", mac, NELEM(mac));
	check(
	    "deviceDirection", "deviceDirection", direction, NELEM(direction));
}

static void
times_are_read_by_their_format(void **state)
{
#define OF(format) "__createOptionalTimeStampFromString(a,\"" format "\")"
	static const struct row rows[] = {
		{ "a", "$.x.y | time" },
		{ "t", "$.t | time(\"%d.%m.%Y %H:%M\")" },
		{ "__oneOf(t,a)",
		    "($.t | time(\"%d.%m.%Y %H:%M\")) ?? ($.x.y | time)" },
		{ "__split(a,\";\",1)", "$.x.y | split(\";\", 1) | time" },
		{ OF("yyyy-MM-dd'T'HH:mm:ss.SSSX"), "$.x.y | time" },
		{ OF("YYYY-MM-DDThh:mm:ss.SSSX"), "$.x.y | time" },
		{ OF("MMM d, yyyy hh:mm:ss.SSS a Z"),
		    "$.x.y | replace(/(:\\d\\d)[.,]\\d+/, \"$1\") | "
		    "time(\"%b %d, %Y %I:%M:%S %p %z\")" },
		{ OF("EEE dd/MM/yy 'at' HH''mm 100%"),
		    "$.x.y | time(\"%a %d/%m/%y at %H'%M 100%%\")" },
		{ OF("dd-MM-yyyy hh:mm"), "$.x.y | time(\"%d-%m-%Y %H:%M\")" },
		{ "__safeToDate(a,\"dd.MM.yyyy\")",
		    "$.x.y | time(\"%d.%m.%Y\")" },
		{ "__createLocalTimeStampFromSecondsSinceEpoch(a)",
		    "$.x.y | time" },
		{ "__longToTimeStamp(a)", "$.x.y | time" },
		{ "__parseMutableTimeStamp(a)", "$.x.y | time" },
	};
#undef OF

	(void)state;
	check("deviceReceiptTime", "rt", rows, NELEM(rows));
}

static void
what_a_map_cannot_do_is_left_out_with_its_reason(void **state)
{
	static const struct row rows[] = {
		{ "event.bytesIn=__sum(a,\"3\")",
		    "__sum: a map does not calculate" },
		{ "event.deviceAction=__length(a)",
		    "__length: a map does not count letters" },
		{ "event.deviceAction=__BASE64Decode(a)",
		    "__BASE64Decode: a map does not decode" },
		{ "event.deviceAction=__contains(a,\"b\")",
		    "__contains: it is understood as the first argument of "
		    "__ifTrueThenElse" },
		{ "event.deviceAction=__frobnicate(a)",
		    "unknown operation __frobnicate" },
		{ "event.deviceAction=__split(a)",
		    "__split takes 3 arguments" },
		{ "event.deviceAction=__concatenate(a,nosuch)",
		    "there is no token \"nosuch\"" },
		{ "event.deviceAction=__oneOf(a", "a , or ) is missing" },
		{ "event.deviceAction=__stringConstant(\"a)",
		    "a quote is not closed" },
		{ "event.deviceAction=a)", "more follows where it should end" },
		{ "event.deviceAction=", "nothing stands behind the =" },
		{ "event.deviceAction==a", "there are two = in a row" },
		{ "event.deviceAction=__ifThenElse(a,b c,a,a)",
		    "a map compares with constants only" },
		{ "event.startTime=__safeToDate(a,\"dd.MM.yyyy z\")",
		    "the time format dd.MM.yyyy z has a letter that "
		    "strptime(3) cannot read" },
		/* what the map's own compiler says */
		{ "event.deviceAction=__regexToken(a,\"(\")",
		    "regex: missing closing parenthesis" },
		{ "event.deviceAction=__split(a,\"\",1)",
		    "split: the separator is empty; give at least one character" },
		{ "event.baseEventCount=__stringConstant(\"many\")",
		    "not a value for cnt, which holds whole numbers of 32 "
		    "bits" },
		{ "event.deviceCustomString1Label=__stringConstant(\"x\")",
		    "the field that it labels is not in the map" },
		/* rules that are no field's */
		{ "event.categoryOutcome=a",
		    "ArcSight writes this field itself" },
		{ "event.requestUrlHost=a",
		    "CEF has no key for requestUrlHost; a custom key would "
		    "carry it as additional data" },
		{ "event.agentSeverity=a\nevent.deviceSeverity=a",
		    "event.agentSeverity has filled severity already" },
		{ "extraprocessor[0].type=regex",
		    "it hands a field to another parser file; convert that "
		    "file, too, and write its fields here" },
		{ "severity.map.high.if.deviceSeverity=x",
		    "event.deviceSeverity is not set" },
		{ "event.deviceSeverity=a\n"
		  "severity.map.high.if.deviceSeverity=1..9999",
		    "the range is too wide for a lookup, which lists every "
		    "value" },
		{ "some.other=rule", "not a rule that gives a field" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char *parser = NULL, *expected = NULL, *map;
		const char *last = strrchr(rows[i].from, '\n');
		struct convert_counts counts;

		assert_int_not_equal(asprintf(&parser,
					 TOKENS "event.name=a\n"
						"%s\n",
					 rows[i].from),
		    -1);
		map = converted(parser, &counts);
		assert_int_equal(counts.left, 1);
		assert_int_not_equal(
		    asprintf(&expected, ": %s  # %s\n",
			last == NULL ? rows[i].from : last + 1, rows[i].to),
		    -1);
		if (strstr(map, expected) == NULL)
			fail_msg("\"%s\" is not in\n%s", expected, map);
		free(map);
		free(expected);
		free(parser);
	}
}

/* A parser, a record, and the line that comes of it. */
struct whole {
	const char *parser, *record, *line;
};

static void
check_whole(const struct whole *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct convert_counts counts;
		char *text = converted(rows[i].parser, &counts);
		struct map *m = test_map(text);
		struct map_run *r = map_run_new(m);
		struct buf out;

		buf_init(&out, CEF_LINE_MAX);
		test_translate(r, rows[i].record, &out);
		assert_string_equal(out.p, rows[i].line);
		buf_fini(&out);
		map_run_free(r);
		map_free(m);
		free(text);
	}
}

#define HEAD                                                   \
	TOKENS "event.deviceVendor=__getVendor(\"v\")\n"       \
	       "event.deviceProduct=__stringConstant(\"p\")\n" \
	       "event.name=__stringConstant(\"n\")\n"
#define LINE "|v|p|unknown|n|n|"

static void
severities_and_conditional_maps_work(void **state)
{
	static const char severity[] =
	    HEAD "event.deviceSeverity=a\n"
		 "severity.map.veryhigh.if.deviceSeverity=Critical, 9..10\n"
		 "severity.map.low.if.deviceSeverity=low\n"
		 "severity.map.high.if.deviceAction=kill\n"
		 "event.deviceAction=b c\n";
	static const char choice[] =
	    HEAD "event.deviceAction=a\n"
		 "event.externalId=b c\n"
		 "conditionalmap.count=1\n"
		 "conditionalmap[0].field=event.externalId\n"
		 "conditionalmap[0].mappings.count=2\n"
		 "conditionalmap[0].mappings[0].values=1,2\n"
		 "conditionalmap[0].mappings[0].event.deviceAction="
		 "__stringConstant(\"one\")\n"
		 "conditionalmap[0].mappings[1].values=x.y\n"
		 "conditionalmap[0].mappings[1].event.deviceAction="
		 "__concatenate(\"was \",a)\n"
		 "conditionalmap[0].mappings[1].event.startTime=t\n";
	static const struct whole rows[] = {
		{ severity, "{\"x\":{\"y\":\"critical\"}}",
		    "$" LINE "Very-High|\n" },
		{ severity, "{\"x\":{\"y\":10}}", "$" LINE "Very-High|\n" },
		{ severity, "{\"x\":{\"y\":8}}", "$" LINE "Unknown|\n" },
		{ severity, "{\"b\":[{\"@type\":\"kill\"}]}",
		    "$" LINE "High| act=kill\n" },
		{ choice, "{\"x\":{\"y\":\"q\"},\"b\":[{\"@type\":2}]}",
		    "$" LINE "Unknown| act=one externalId=2\n" },
		{ choice, "{\"x\":{\"y\":\"q\"},\"b\":[{\"@type\":3}]}",
		    "$" LINE "Unknown| act=q externalId=3\n" },
		{ choice,
		    "{\"x\":{\"y\":\"q\"},\"b\":[{\"@type\":\"x.y\"}],"
		    "\"t\":\"02.01.1970 00:00\"}",
		    "$" LINE "Unknown| act=was q externalId=x.y "
		    "start=86400000\n" },
		{ choice, "{\"x\":{\"y\":\"q\"},\"b\":[{\"@type\":\"xzy\"}]}",
		    "$" LINE "Unknown| act=q externalId=xzy\n" },
	};

	(void)state;
	check_whole(rows, NELEM(rows));
}

static void
conditions_choose_by_the_record(void **state)
{
	static const char parser[] =
	    HEAD "event.deviceAction=__ifThenElse(a,\"x\",\"is x\",b c)\n"
		 "event.reason=__ifThenElse(a,\"\",\"none\",\"some\")\n"
		 "event.message=__concatenate(a,\"-\",b c)\n"
		 "event.deviceFacility="
		 "__ifTrueThenElse(__contains(a,\"x\"),a,\"without\")\n"
		 "event.destinationServiceName=__replaceFirst(a,\"x\",\"1\")\n";
	static const struct whole rows[] = {
		{ parser, "{\"x\":{\"y\":\"x\"}}",
		    "$" LINE "Unknown| act=is x reason=some msg=x- "
		    "deviceFacility=x destinationServiceName=1\n" },
		{ parser, "{\"x\":{\"y\":\"axx\"},\"b\":[{\"@type\":\"b\"}]}",
		    "$" LINE "Unknown| act=b reason=some msg=axx-b "
		    "deviceFacility=axx destinationServiceName=a1x\n" },
		{ parser, "{}",
		    "$" LINE "Unknown| reason=none msg=- "
		    "deviceFacility=without\n" },
	};

	(void)state;
	check_whole(rows, NELEM(rows));
}

static void
a_trigger_below_the_records_makes_a_line_a_node(void **state)
{
	static const char parser[] =
	    "trigger.node.location=/value/list/inner\n"
	    "token[0].name=i\ntoken[0].location=id\n"
	    "token[1].name=up\ntoken[1].location=../../id\n"
	    "token[2].name=abs\ntoken[2].location=/value/at[1]/z\n"
	    "token[3].name=mid\ntoken[3].location=../id\n"
	    "event.deviceVendor=__getVendor(\"v\")\n"
	    "event.deviceProduct=__getVendor(\"p\")\n"
	    "event.name=__getVendor(\"n\")\n"
	    "event.externalId=i\nevent.deviceExternalId=up\n"
	    "event.deviceAction=abs\nevent.reason=mid\n";
	static const struct whole rows[] = {
		{ parser,
		    "{\"id\":1,\"at\":[0,{\"z\":\"two\"}],\"list\":[{\"inner\":"
		    "[{\"id\":2},{\"id\":3}]}]}",
		    "$['list'][0]['inner'][0]" LINE
		    "Unknown| externalId=2 deviceExternalId=1 act=two\n"
		    "$['list'][0]['inner'][1]" LINE
		    "Unknown| externalId=3 deviceExternalId=1 act=two\n" },
	};
	struct convert_counts counts;
	char *map = converted(parser, &counts);

	(void)state;
	check_whole(rows, NELEM(rows));
	assert_int_equal(counts.left, 1); /* ../id: a node between */
	assert_non_null(strstr(map, "leads to a place that a map has no"));
	free(map);
}

static void
properties_are_read_as_java_reads_them(void **state)
{
	static const char parser[] =
	    "\xef\xbb\xbf! a comment \\\n"
	    "  # another\r\n"
	    "token[0].name : a\r"
	    "token[0].location   first\n"
	    "token[0].location=sec\\\n   on\\u0064\n"
	    "event.name = __stringConstant(\"caf\\u00e9 \\ud83d\\ude00\\t\")\n"
	    "event.deviceVendor=__getVendor(\"\\v\")\n"
	    "event.deviceProduct=a   \n"
	    "event.deviceAction\\==lost";
	static const struct whole rows[] = {
		{ parser, "{\"second\":\"2\"}",
		    "$|v|2|unknown|caf\xc3\xa9 \xf0\x9f\x98\x80|caf\xc3\xa9 "
		    "\xf0\x9f\x98\x80|Unknown|\n" },
		/* Latin-1 where it is no UTF-8 */
		{ "event.name=__getVendor(\"caf\xe9\")\n", "{}",
		    "$|unknown|unknown|unknown|caf\xc3\xa9|caf\xc3\xa9|"
		    "Unknown|\n" },
	};

	(void)state;
	check_whole(rows, NELEM(rows));
}

static void
what_is_no_parser_is_refused(void **state)
{
	struct convert_counts counts;
	char *large = calloc(1, CONVERT_FILE_MAX + 2);
	struct buf out;
	struct err e;

	(void)state;
	assert_non_null(large);
	buf_init(&out, KF_FILE_MAX);
	assert_int_equal(
	    convert_parser("p", "a=b\n", 4, &out, &counts, &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
	assert_string_equal(e.text,
	    "p sets no field (event.NAME = ...) that CEF has; is it a "
	    "*.jsonparser.properties?");
	memset(large, '\n', CONVERT_FILE_MAX + 1);
	assert_int_equal(
	    convert_parser("p", large, CONVERT_FILE_MAX + 1, &out, &counts, &e),
	    -1);
	assert_string_equal(e.text, "p is larger than a parser can be");
	for (size_t i = 0, at = 0; i <= CONVERT_PROPS_MAX; i++)
		at += (size_t)sprintf(large + at, "k%zu=v\n", i);
	assert_int_equal(
	    convert_parser("p", large, strlen(large), &out, &counts, &e), -1);
	assert_string_equal(e.text, "p has more rules than a parser can have");
	buf_fini(&out);
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_operation_becomes_an_expression),
		cmocka_unit_test(a_field_s_type_adds_its_filter),
		cmocka_unit_test(times_are_read_by_their_format),
		cmocka_unit_test(
		    what_a_map_cannot_do_is_left_out_with_its_reason),
		cmocka_unit_test(severities_and_conditional_maps_work),
		cmocka_unit_test(conditions_choose_by_the_record),
		cmocka_unit_test(
		    a_trigger_below_the_records_makes_a_line_a_node),
		cmocka_unit_test(properties_are_read_as_java_reads_them),
		cmocka_unit_test(what_is_no_parser_is_refused),
	};

	return cmocka_run_group_tests_name("convert", tests, NULL, NULL);
}
