/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/obj.h"
#include "map_common.h"

#define HEAD                       \
	"[event]\n"                \
	"deviceVendor = \"v\"\n"   \
	"deviceProduct = \"p\"\n"  \
	"deviceEventClassId = 1\n" \
	"name = $.n\n"

/* Text behind HEAD (its first line is 6), and all that is said about it; ""
   is nothing. */
struct row {
	const char *text, *faults;
};

static void
check_text(const char *head, const struct row *row)
{
	struct faults *faults = faults_new();
	struct buf text, out;
	struct map *m;

	buf_init(&text, KF_FILE_MAX);
	buf_init(&out, KF_FILE_MAX);
	buf_addf(&text, "%s%s", head, row->text);
	{
		const struct test_file files[] = {
			{ "t.map", text.p },
			{ "self.map", "include = self.map\n" },
			{ "a.map", "include = b.map\n" },
			{ "b.map", "include = a.map\n" },
			{ "bad.map", "[event]\nnme = $.a\n" },
			{ NULL, NULL },
		};

		m = test_compile(files, faults);
	}
	test_faults(faults, &out);
	assert_string_equal(out.p, row->faults);
	assert_true((m == NULL) == (faults_count(faults, FAULT_ERROR) > 0));
	map_free(m);
	faults_free(faults);
	buf_fini(&out);
	buf_fini(&text);
}

static void
expressions_are_held_to_their_grammar(void **state)
{
	/* clang-format off */
	static const struct row rows[] = {
		{ "msg = $.a", "" },
		{ "msg = $.a |", "t.map:6:12: a | is followed by the name of a filter\n" },
		{ "msg = $.a | lowr", "t.map:6:13: unknown filter; did you mean \"lower\"?\n" },
		{ "msg = $.a | xyzzy(1)", "t.map:6:13: unknown filter\n" },
		{ "msg = $.a | lower(1)", "t.map:6:19: lower takes 0 arguments at most\n" },
		{ "msg = $.a | join", "t.map:6:13: join needs a \"string\": join(...)\n" },
		{ "msg = $.a | join()", "t.map:6:13: join needs a \"string\": join(...)\n" },
		{ "msg = $.a | join(x)", "t.map:6:18: join takes a \"string\" here\n" },
		{ "msg = $.a | join(\"a\", \"b\")", "t.map:6:23: join takes 1 argument at most\n" },
		{ "msg = $.a | join(\"a\"", "t.map:6:21: the arguments of join end with a )\n" },
		{ "msg = $.a | split(\"\")", "t.map:6:19: split: the separator is empty; give at least one character\n" },
		{ "msg = $.a | split(\",\", 0)", "t.map:6:24: split: pieces count from 1; -1 is the last\n" },
		{ "msg = $.a | truncate(0)", "t.map:6:22: truncate: a length is 1 or more\n" },
		{ "msg = $.a | truncate(\"1\")", "t.map:6:22: truncate takes a whole number here\n" },
		{ "msg = $.a | truncate(99999999999999999999)", "t.map:6:22: truncate takes a whole number here\n" },
		{ "msg = $.a | replace(/a/)", "t.map:6:13: replace needs a /regex/ and a \"string\": replace(..., ...)\n" },
		{ "msg = $.a | replace(\"a\", \"b\")", "t.map:6:21: replace takes a /regex/ here\n" },
		{ "msg = $.a | replace(/a/, \"$1\")", "t.map:6:26: replace: the regex has no such group\n" },
		{ "msg = $.a | replace(/a/, \"$\")", "t.map:6:26: replace: a $ names a group of the regex: $1; a dollar itself is $$\n" },
		{ "msg = $.a | extract(/(a/)", "t.map:6:24: regex: missing closing parenthesis\n" },
		{ "msg = $.a | extract(/a[/)", "t.map:6:24: regex: missing terminating ] for character class\n" },
		{ "msg = $.a | extract(/a", "t.map:6:21: the regex is not closed; its / is missing (a # after a blank begins a comment: write \\x23)\n" },
		{ "msg = $.a | extract(/a/i)", "t.map:6:24: nothing follows the / of a regex; options stand at its start: /(?i).../\n" },
		{ "msg = $.a | extract(/a/, 1)", "t.map:6:26: extract: the regex has no such group; put ( ) round what you want\n" },
		{ "msg = $.a | extract(/(a)/, x)", "t.map:6:28: extract: the regex has no such group; put ( ) round what you want\n" },
		{ "msg = $.a | time(\"now\")", "t.map:6:18: time: a format holds conversions of strptime(3), such as \"%d.%m.%Y %H:%M\"; epoch and ISO times need none\n" },
		{ "msg = $.a | time(\"%s\")", "t.map:6:18: time: epoch seconds need no format: time alone reads them\n" },
		{ "msg = $.a || $.b", "t.map:6:11: a choice is written ??\n" },
		{ "msg = $.a ? $.b", "t.map:6:11: a choice is written ??\n" },
		{ "msg = $.a ?? ", "t.map:6:13: the expression ends too early; a path, a \"text\" or a number is missing\n" },
		{ "msg = $.a $.b", "t.map:6:11: unexpected here; values are put together in one string: \"{$.a} and {$.b}\"\n" },
		{ "msg = $.a lower", "t.map:6:11: unexpected here; a filter follows a |\n" },
		{ "msg = $.a)", "t.map:6:10: unexpected here\n" },
		{ "msg = ($.a", "t.map:6:7: the parenthesis is not closed\n" },
		{ "msg = text", "t.map:6:7: a path ($...), a \"text\" in double quotes or a number is expected here\n" },
		{ "msg = 'text'", "t.map:6:7: texts stand in double quotes; single ones belong into paths\n" },
		{ "msg = ?", "t.map:6:7: unexpected here; a path ($...), a \"text\", a number or a ( is expected\n" },
		{ "msg = 12x", "t.map:6:7: not a number; texts stand in double quotes\n" },
		{ "msg = $.a[0]x", "t.map:6:13: the path ends here; a name with other characters than letters, digits and _ is written ['...']\n" },
		{ "msg = \"\xc3\xa4 {$.a\"", "t.map:6:10: the brace is not closed; write \\{ for the character\n" },
		{ "msg = \"a}\"", "t.map:6:9: a brace without its opening one; write \\} for the character\n" },
		{ "msg = \"{}\"", "t.map:6:8: nothing between the braces; write \\{\\} for the characters\n" },
		{ "msg = \"\\q\"", "t.map:6:8: unknown escape; there are \\\\ \\\" \\{ \\} \\n \\t \\uXXXX (a backslash itself is \\\\)\n" },
		{ "msg = \"\\u12g4\"", "t.map:6:8: \\u takes four hexadecimal digits of a character, a pair of surrogates for one past U+FFFF\n" },
		{ "msg = \"\\ud800\"", "t.map:6:8: \\u takes four hexadecimal digits of a character, a pair of surrogates for one past U+FFFF\n" },
		{ "msg = $.a | default(\"{ $.b}\")", "t.map:6:22: no expressions in this string; write \\{ for the character\n" },
		{ "msg = \"x\" ?? \\\n   $.a | nope", "t.map:7:10: unknown filter\n" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		check_text(HEAD, &rows[i]);
}

static void
fields_are_held_against_the_dictionary(void **state)
{
	/* clang-format off */
	static const struct row rows[] = {
		{ "shst = $.a", "t.map:6:1: unknown field \"shst\"; did you mean \"shost\"?\n" },
		{ "whxn = $.a", "t.map:6:1: unknown field \"whxn\"; did you mean \"when\"?\n" },
		{ "ContosoRisk = $.a", "t.map:6:1: unknown field \"ContosoRisk\"; declare a key of your own above the sections: custom-keys = ...\n" },
		{ "shost = $.a\nsourceHostName = $.b", "t.map:7:1: sourceHostName is set twice; first as shost in line 6\n" },
		{ "shost = $.a\nshost! = $.b", "t.map:7:1: shost is set twice; first in line 6\n" },
		{ "when = $.a\nwhen = $.b", "t.map:7:1: when is set twice; first in line 6\n" },
		{ "cs1 = $.a", "t.map:6:1: cs1 has no label; add cs1Label = \"what it holds\"\n" },
		{ "cs1Label = \"x\"", "t.map:6:1: cs1Label labels nothing: this event does not set cs1\n" },
		{ "DEVICECUSTOMSTRING1 = $.a\nCs1Label = \"x\"", "" },
		{ "[common]\ncs1 = $.a\n[event b]\ndeviceVendor = \"v\"\ndeviceProduct = \"p\"\ndeviceEventClassId = 1\nname = $.n\n", "t.map:7:1: cs1 has no label; add cs1Label = \"what it holds\"\n" },
		{ "eventId = $.a", "t.map:6:1: warning: eventId is written by ArcSight itself and may be overwritten there\n" },
		{ "src = \"host\"", "t.map:6:7: not a value for src, which holds IPv4 addresses\n" },
		{ "cn1 = \"1.5\"\ncn1Label = \"x\"", "t.map:6:7: not a value for cn1, which holds whole numbers of 64 bits\n" },
		{ "proto = \"12345678901234567890123456789012\"", "t.map:6:9: proto holds 31 characters at most\n" },
		{ "proto = \"1234567890123456789012345678901\"", "" },
		{ "msg = \" \"", "t.map:6:7: the text is empty; msg would never be written\n" },
		{ "severity = \"grave\"", "t.map:6:12: not a value for severity, which holds Low, Medium, High, Very-High or 0 to 10\n" },
		{ "msg =", "t.map:6:1: msg has no value, and there is nothing to drop\n" },
		{ "severity =", "t.map:6:1: a header field cannot be dropped; give severity a value\n" },
		{ "msg! =", "t.map:6:1: msg! has no value; write \"msg =\" to drop the field\n" },
		{ "[common]\nwhen = $.a", "t.map:7:1: when belongs below an [event]\n" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		check_text(HEAD, &rows[i]);
}

/* What no record can change is told when the map is read. */
static void
types_are_held_against_fields_without_data(void **state)
{
#define LOOKUP "\n[lookup l]\nx = abc\ny = 2\nz = @\n"
	/* clang-format off */
	static const struct row rows[] = {
		{ "rt = $.a ?? \"x\"", "t.map:6:13: \"x\" is not a value for rt, which holds times (epoch milliseconds; see the filter time)\n" },
		{ "rt = (\"x\" ?? $.a) ?? $.b", "t.map:6:7: \"x\" is not a value for rt, which holds times (epoch milliseconds; see the filter time)\n" },
		{ "rt = ($.a ?? $.b | time) ?? 12", "" },
		{ "cnt = $.a ?? 2147483647", "" },
		{ "cnt = $.a ?? 2147483648", "t.map:6:14: \"2147483648\" is not a value for cnt, which holds whole numbers of 32 bits\n" },
		{ "cnt = $.a | default(\"many\")", "t.map:6:21: \"many\" is not a value for cnt, which holds whole numbers of 32 bits\n" },
		{ "cnt = $.a ?? \"\"", "" },
		{ "cnt = $.a ?? \"x\" | extract(/y/)", "" },
		{ "cnt = \"{$.a}{$.b}\"", "" },
		{ "cnt = \"{$.a ?? \"x\"}.0\"", "" },
		{ "cnt = \"{$.a}th\"", "t.map:6:7: with \"th\" in it this is never a value for cnt, which holds whole numbers of 32 bits\n" },
		{ "cnt = ($.a ?? \"{$.b} or more\") | first", "t.map:6:15: with \" or more\" in it this is never a value for cnt, which holds whole numbers of 32 bits\n" },
		{ "dmac = \"{$.a}-{$.b}\"", "" },
		{ "c6a3 = \"{$.a}%eth0\"\nc6a3Label = \"Destination IPv6 Address\"", "" },
		{ "cnt = $.a | lookup(l)" LOOKUP, "t.map:6:20: \"abc\" of [lookup l] is not a value for cnt, which holds whole numbers of 32 bits\n" },
		{ "cnt = $.a | lookup(l) | unique | join(\",\")" LOOKUP, "t.map:6:20: \"abc\" of [lookup l] is not a value for cnt, which holds whole numbers of 32 bits\n" },
		{ "cnt = $.a | lookup(l) | number" LOOKUP, "" },
		{ "msg = $.a | lookup(l)" LOOKUP, "" },
		{ "severity = $.a | lookup(l)" LOOKUP, "t.map:6:25: \"abc\" of [lookup l] is not a value for severity, which holds Low, Medium, High, Very-High or 0 to 10\n" },
		{ "proto = $.a ?? \"1234567890123456789012345678901\"", "" },
		{ "proto = $.a ?? \"12345678901234567890123456789012\"", "t.map:6:16: \"12345678901234567890123456789012\" is too long: proto holds 31 characters at most\n" },
		{ "rt = $.a | time\ncn1 = $.a | time\ncn1Label = \"x\"", "" },
		{ "cnt = $.a | time", "t.map:6:13: time gives epoch milliseconds, and cnt holds whole numbers of 32 bits\n" },
		{ "msg = $.a | time", "t.map:6:13: warning: time gives epoch milliseconds, and msg holds text; without it the time stays readable\n" },
		{ "msg = \"since {$.a | time}\"", "" },
		{ "msg = $.a | ip4 | mac | count", "" },
		{ "src = $.a | ip4\ndmac = $.a | mac\nc6a2 = $.a | ip6\nc6a2Label = \"Source IPv6 Address\"", "" },
		{ "src = $.a | ip6", "t.map:6:13: ip6 gives IPv6 addresses, and src holds IPv4 addresses\n" },
		{ "c6a2 = ($.a | ip4) ?? $.b\nc6a2Label = \"Source IPv6 Address\"", "t.map:6:15: ip4 gives IPv4 addresses, and c6a2 holds IPv6 addresses\n" },
		{ "agt = ($.a | ip4) ?? ($.a | ip6)", "t.map:6:1: warning: agt is written by ArcSight itself and may be overwritten there\n" },
		{ "rt = $.a | count", "t.map:6:12: count gives a count, and rt holds times (epoch milliseconds; see the filter time)\n" },
		{ "src = $.a | ip4 | default(\"none\")", "t.map:6:27: \"none\" is not a value for src, which holds IPv4 addresses\n" },
	};
	/* clang-format on */
#undef LOOKUP

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		check_text(HEAD, &rows[i]);
}

static void
labels_say_what_readers_expect(void **state)
{
	/* clang-format off */
	static const struct row rows[] = {
		{ "c6a1 = $.a\nc6a1Label = \"Device IPv6 Address\"", "" },
		{ "c6a1 = $.a", "t.map:6:1: c6a1 has no label; add c6a1Label = \"Device IPv6 Address\"\n" },
		{ "c6a2 = $.a", "t.map:6:1: c6a2 has no label; add c6a2Label = \"Source IPv6 Address\"\n" },
		{ "c6a3 = $.a\nc6a3Label = \"Target\"", "t.map:7:13: warning: the standard gives c6a3 its meaning; its label is \"Destination IPv6 Address\"\n" },
		{ "c6a3 = $.a\nc6a3Label = $.b", "" },
		{ "c6a4 = $.a\nc6a4Label = \"Agent IPv6 Address\"", "" },
		{ "cs1 = $.a\ncs1Label = \"x\"\ncn1 = $.a\ncn1Label = \"x\"", "t.map:9:12: warning: cs1Label says the same in line 7; some readers keep only one of two fields with one label\n" },
		{ "cs1 = $.a\ncs1Label = \"x\"\ncn1 = $.a\ncn1Label = \"X\"", "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		check_text(HEAD, &rows[i]);
}

static void
sections_and_lookups_are_checked(void **state)
{
	/* clang-format off */
	static const struct row rows[] = {
		{ "[evnt]\na = b", "t.map:6:1: unknown section [evnt]; did you mean [event]?\n" },
		{ "[source x]\na = b", "t.map:6:1: unknown section [source]; a map has [event], [common] and [lookup NAME]\n" },
		{ "[event]\nmsg = $.a", "t.map:6:1: [event] stands twice in this file; put both into one\n" },
		{ "[event x.y]\ndeviceVendor = \"v\"\ndeviceProduct = \"p\"\nname = $.n\ndeviceEventClassId = 1", "t.map:6:1: a name is ASCII letters, digits, - and _\n" },
		{ "[event b]\nmsg = $.a", "t.map:6:1: the event has no deviceVendor; add deviceVendor = ...\nt.map:6:1: the event has no deviceProduct; add deviceProduct = ...\nt.map:6:1: the event has no deviceEventClassId; add deviceEventClassId = ...\nt.map:6:1: the event has no name; add name = ...\n" },
		{ "[common x]", "t.map:6:1: [common] has no name\n" },
		{ "[lookup]\na = 1", "t.map:6:1: a lookup has a name: [lookup severity]\n" },
		{ "[lookup s]\na = 1", "t.map:6:1: warning: no expression uses [lookup s]\n" },
		{ "msg = $.a | lookup(severety)\n[lookup severity]\na = 1", "t.map:6:20: no [lookup severety]; did you mean \"severity\"?\nt.map:7:1: warning: no expression uses [lookup severity]\n" },
		{ "msg = $.a | lookup(x)", "t.map:6:20: no [lookup x]; add that section to the map\n" },
		{ "msg = $.a | lookup(\"x\")", "t.map:6:20: lookup takes the name of a lookup, without quotes here\n" },
		{ "msg = $.a | lookup(x)\n[lookup x]\na, A = 1", "t.map:8:1: \"A\" is listed twice in [lookup x]\n" },
		{ "msg = $.a | lookup(x)\n[lookup x]\na b = 1", "t.map:8:1: keys with blanks or quotes stand in double quotes, several with commas between them\n" },
		{ "msg = $.a | lookup(x)\n[lookup x]\n\"a\" b = 1", "t.map:8:1: a comma is missing between the keys\n" },
		{ "msg = $.a | lookup(x)\n[lookup x]\na = b c", "t.map:8:5: the value of a lookup is one word, a \"text\" in double quotes or @\n" },
		{ "msg = $.a | lookup(x)\n[lookup x]\na = \"{$.a}\"", "t.map:8:6: no expressions in this string; write \\{ for the character\n" },
		{ "msg = $.a | lookup(x)\n[lookup x]\na =", "t.map:8:1: \"a\" has no value; write \"\" for none\n" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		check_text(HEAD, &rows[i]);
}

static void
the_top_and_includes_are_checked(void **state)
{
	/* clang-format off */
	static const struct row rows[] = {
		{ "includes = a.map\n" HEAD, "t.map:1:1: unknown key \"includes\" above the sections; did you mean \"include\"?\n" },
		{ "shost = $.a\n" HEAD, "t.map:1:1: only include and custom-keys stand above the sections; fields belong below [event] or [common]\n" },
		{ "custom-keys = shost Ok a_b\n" HEAD, "t.map:1:15: shost is in the dictionary; use it without declaring it\nt.map:1:24: a custom key is one word of ASCII letters and digits, no dictionary or header name, such as ContosoRisk\n" },
		{ "custom-keys =\n" HEAD, "t.map:1:1: custom-keys names the keys that this map adds\n" },
		{ "include =\n" HEAD, "t.map:1:1: include takes the name of a map\n" },
		{ "include = none.map\n" HEAD, "t.map:1:11: no map \"none.map\"\n" },
		{ "include = t.map\n" HEAD, "t.map:1:11: t.map includes itself; remove one of the includes\n" },
		{ "include = a.map\n" HEAD, "b.map:1:11: a.map includes itself; remove one of the includes\n" },
		{ "include = bad.map\n" HEAD, "bad.map:2:1: unknown field \"nme\"; did you mean \"name\"?\n" },
		{ "# nothing\n", "t.map:0:0: the map has no [event]; add one\n" },
		{ "", "t.map:0:0: the map has no [event]; add one\n" },
		{ "shost\n" HEAD "msg = 'x\nsrc = 1\n", "t.map:1:1: no \"=\" here; write key = value\nt.map:7:7: a quote that is not closed; in a /regex/ write \\'\nt.map:8:7: not a value for src, which holds IPv4 addresses\n" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		check_text("", &rows[i]);
}

static void
paths_are_told_where_they_stand(void **state)
{
	static const struct {
		const char *text;
		unsigned int line, col;
	} rows[] = {
		{ "msg = \"\xc3\xa4 {$.a[?@.b = 1]}\"", 6, 20 },
		{ "when = $.a && ", 6, 0 },
		{ "each = $.a |", 6, 0 },
		{ "each = $.a[", 6, 0 },
		{ "msg = $.a ??\\\n  $.b[01]", 7, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct faults *faults = faults_new();
		struct buf text;

		buf_init(&text, KF_FILE_MAX);
		buf_addf(&text, "%s%s", HEAD, rows[i].text);
		{
			const struct test_file files[] = { { "t.map", text.p },
				{ NULL, NULL } };

			assert_null(test_compile(files, faults));
		}
		assert_int_equal(faults_len(faults), 1);
		assert_int_equal(faults_get(faults, 0)->line, rows[i].line);
		if (rows[i].col != 0) {
			assert_int_equal(
			    faults_get(faults, 0)->col, rows[i].col);
		}
		faults_free(faults);
		buf_fini(&text);
	}
}

/* At the limit and one past it. */
static void
nesting_is_bounded(void **state)
{
	(void)state;
	for (unsigned int depth = MAP_EXPR_DEPTH_MAX - 1;
	     depth <= MAP_EXPR_DEPTH_MAX; depth++) {
		struct faults *faults = faults_new();
		struct buf text;
		struct map *m;

		buf_init(&text, KF_FILE_MAX);
		buf_adds(&text, HEAD "msg = ");
		for (unsigned int i = 0; i < depth; i++)
			buf_addc(&text, '(');
		buf_adds(&text, "$.a");
		for (unsigned int i = 0; i < depth; i++)
			buf_addc(&text, ')');
		{
			const struct test_file files[] = { { "t.map", text.p },
				{ NULL, NULL } };

			m = test_compile(files, faults);
		}
		assert_true((m != NULL) == (depth < MAP_EXPR_DEPTH_MAX));
		map_free(m);
		faults_free(faults);
		buf_fini(&text);
	}
}

/* 0.map includes 1.map, and so on: 8 deep is the most. */
static int
load_chain(void *ctx, const char *name, const char *from, struct buf *text,
    struct buf *path, struct err *e)
{
	const unsigned int *last = ctx;
	unsigned int i = (unsigned int)(name[0] - '0');

	(void)from;
	(void)e;
	if (i < *last)
		buf_addf(text, "include = %c.map\n", name[0] + 1);
	if (i == 0)
		buf_adds(text, HEAD);
	buf_adds(path, name);
	return 0;
}

static void
includes_nest_eight_deep(void **state)
{
	(void)state;
	for (unsigned int last = MAP_INCLUDE_MAX; last <= MAP_INCLUDE_MAX + 1;
	     last++) {
		struct faults *faults = faults_new();
		struct map *m = map_compile("0.map", load_chain, &last, faults);

		assert_true((m != NULL) == (last == MAP_INCLUDE_MAX));
		map_free(m);
		faults_free(faults);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_are_held_to_their_grammar),
		cmocka_unit_test(fields_are_held_against_the_dictionary),
		cmocka_unit_test(types_are_held_against_fields_without_data),
		cmocka_unit_test(labels_say_what_readers_expect),
		cmocka_unit_test(sections_and_lookups_are_checked),
		cmocka_unit_test(the_top_and_includes_are_checked),
		cmocka_unit_test(paths_are_told_where_they_stand),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(includes_nest_eight_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
