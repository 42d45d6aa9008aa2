/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/obj.h"
#include "base/utf8.h"
#include "cef/cef.h"

/* clang-format off */
struct row {
	const char *key, *in, *out;
	enum cef_fit fit;
};

static const struct row text_rows[] = {
	{ "msg", "plain", "plain", CEF_FIT_OK },
	{ "msg", "two  blanks inside", "two  blanks inside", CEF_FIT_OK },
	/* outer blanks and newlines */
	{ "msg", "  a \r\n", "a", CEF_FIT_OK },
	{ "msg", "\n\n a\n b \n", "a\n b", CEF_FIT_OK },
	{ "msg", "\t\ta\t", "a", CEF_FIT_OK },
	{ "msg", "", "", CEF_FIT_EMPTY },
	{ "msg", " \t\r\n\x01\x7f", "", CEF_FIT_EMPTY },
	{ "src", "  ", "", CEF_FIT_EMPTY },
	/* newlines of every kind */
	{ "msg", "a\r\nb\rc\nd", "a\nb\nc\nd", CEF_FIT_OK },
	{ "msg", "a\r\r\nb\n\rc", "a\n\nb\n\nc", CEF_FIT_OK },
	{ "msg", "a\r", "a", CEF_FIT_OK },
	{ "msg", "a\xc2\x85""b\xe2\x80\xa8""c\xe2\x80\xa9""d", "a\nb\nc\nd",
	    CEF_FIT_OK },
	/* in a header they are blanks */
	{ "name", "a\r\nb\nc\x0b""d", "a b c d", CEF_FIT_OK },
	{ "deviceVendor", "a\xe2\x80\xa8""b", "a b", CEF_FIT_OK },
	/* controls, C1 too */
	{ "msg", "a\tb\x1b[0m\x7f""c\xc2\x9b""d", "a b [0m c d", CEF_FIT_OK },
	/* characters that are special to CEF stay: the writer escapes */
	{ "msg", "a=b|c\\d\"e\"", "a=b|c\\d\"e\"", CEF_FIT_OK },
	{ "cs1", "C:\\new\\", "C:\\new\\", CEF_FIT_OK },
	/* a header ends in no backslash */
	{ "name", "C:\\new\\", "C:\\new", CEF_FIT_OK },
	{ "name", "a \\ \\\\ ", "a", CEF_FIT_OK },
	{ "name", "\\", "", CEF_FIT_EMPTY },
	{ "name", "a|=b", "a|=b", CEF_FIT_OK },
	/* UTF-8, not UTF-8, a bidi control */
	{ "msg", "\xc3\xa9\xf0\x9f\x94\xa5", "\xc3\xa9\xf0\x9f\x94\xa5",
	    CEF_FIT_OK },
	{ "msg", "a\xff""b\xe2\x82", "a\xef\xbf\xbd""b\xef\xbf\xbd",
	    CEF_FIT_OK },
	{ "msg", "\xed\xa0\x80",
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", CEF_FIT_OK },
	{ "msg", "a\xe2\x80\xae""b", "a\xe2\x80\xae""b", CEF_FIT_OK },
	{ "msg", "\xef\xbf\xbd", "\xef\xbf\xbd", CEF_FIT_OK },
};

static const struct row number_rows[] = {
	{ "dpt", "443", "443", CEF_FIT_OK },
	{ "dpt", " 0443\n", "443", CEF_FIT_OK },
	{ "dpt", "-0", "0", CEF_FIT_OK },
	{ "dpt", "443.0", "443", CEF_FIT_OK },
	{ "dpt", "443.5", "", CEF_FIT_DROPPED_TYPE },
	{ "dpt", "443.", "", CEF_FIT_DROPPED_TYPE },
	{ "dpt", "+443", "", CEF_FIT_DROPPED_TYPE },
	{ "dpt", "4 43", "", CEF_FIT_DROPPED_TYPE },
	{ "dpt", "0x1bb", "", CEF_FIT_DROPPED_TYPE },
	{ "dpt", "https", "", CEF_FIT_DROPPED_TYPE },
	{ "dpt", "-", "", CEF_FIT_DROPPED_TYPE },
	{ "fsize", "2147483647", "2147483647", CEF_FIT_OK },
	{ "fsize", "2147483648", "", CEF_FIT_DROPPED_TYPE },
	{ "fsize", "-2147483648", "-2147483648", CEF_FIT_OK },
	{ "fsize", "-2147483649", "", CEF_FIT_DROPPED_TYPE },
	{ "cn1", "9223372036854775807", "9223372036854775807", CEF_FIT_OK },
	{ "cn1", "9223372036854775808", "", CEF_FIT_DROPPED_TYPE },
	{ "cn1", "-9223372036854775808", "-9223372036854775808", CEF_FIT_OK },
	{ "cn1", "-9223372036854775809", "", CEF_FIT_DROPPED_TYPE },
	{ "cn1", "true", "", CEF_FIT_DROPPED_TYPE },
	{ "cn1", "99999999999999999999999999", "", CEF_FIT_DROPPED_TYPE },
	{ "sZoneKey", "9223372036854775807", "9223372036854775807",
	    CEF_FIT_OK },
	/* times: milliseconds of this epoch */
	{ "rt", "1700000000123", "1700000000123", CEF_FIT_OK },
	{ "rt", "1700000000123.0", "1700000000123", CEF_FIT_OK },
	{ "rt", "0", "0", CEF_FIT_OK },
	{ "rt", "-1", "", CEF_FIT_DROPPED_TYPE },
	{ "rt", "-62135596800000", "", CEF_FIT_DROPPED_TYPE },
	{ "rt", "253402300799999", "253402300799999", CEF_FIT_OK },
	{ "rt", "253402300800000", "", CEF_FIT_DROPPED_TYPE },
	{ "rt", "2021-01-26T20:31:32Z", "", CEF_FIT_DROPPED_TYPE },
	/* fractions */
	{ "cfp1", "1.50", "1.5", CEF_FIT_OK },
	{ "cfp1", "001", "1", CEF_FIT_OK },
	{ "cfp1", ".5", "0.5", CEF_FIT_OK },
	{ "cfp1", "5.", "5", CEF_FIT_OK },
	{ "cfp1", "-0.0", "0", CEF_FIT_OK },
	{ "cfp1", "-12.25", "-12.25", CEF_FIT_OK },
	{ "cfp1", "1e3", "1000", CEF_FIT_OK },
	{ "cfp1", "1.25E+1", "12.5", CEF_FIT_OK },
	{ "cfp1", "12.5e-3", "0.0125", CEF_FIT_OK },
	{ "cfp1", "-1.5e-7", "-0.00000015", CEF_FIT_OK },
	{ "cfp1", "1e-300", "0", CEF_FIT_OK },
	{ "cfp1", "0e999", "0", CEF_FIT_OK },
	{ "cfp1", "1e37", "10000000000000000000000000000000000000",
	    CEF_FIT_OK },
	{ "cfp1", "1e38", "", CEF_FIT_DROPPED_TYPE },
	{ "cfp1", "1e1001", "", CEF_FIT_DROPPED_TYPE },
	{ "cfp1", "1e", "", CEF_FIT_DROPPED_TYPE },
	{ "cfp1", "1e+-3", "", CEF_FIT_DROPPED_TYPE },
	{ "cfp1", "n/a", "", CEF_FIT_DROPPED_TYPE },
	{ "cfp1", "NaN", "", CEF_FIT_DROPPED_TYPE },
	{ "cfp1", ".", "", CEF_FIT_DROPPED_TYPE },
	{ "cfp1", "1,5", "", CEF_FIT_DROPPED_TYPE },
	{ "dlat", "48.137", "48.137", CEF_FIT_OK },
};

static const struct row address_rows[] = {
	{ "src", "192.0.2.1", "192.0.2.1", CEF_FIT_OK },
	{ "src", " 192.0.2.1 ", "192.0.2.1", CEF_FIT_OK },
	{ "src", "::ffff:192.0.2.1", "192.0.2.1", CEF_FIT_OK },
	{ "src", "0:0:0:0:0:FFFF:C000:201", "192.0.2.1", CEF_FIT_OK },
	{ "src", "2001:db8::1", "", CEF_FIT_DROPPED_TYPE },
	{ "src", "192.0.2.256", "", CEF_FIT_DROPPED_TYPE },
	{ "src", "192.0.2", "", CEF_FIT_DROPPED_TYPE },
	{ "src", "192.0.2.1.", "", CEF_FIT_DROPPED_TYPE },
	{ "src", "192.0.02.1", "", CEF_FIT_DROPPED_TYPE },
	{ "src", "192.0.2.1:443", "", CEF_FIT_DROPPED_TYPE },
	{ "src", "192.0.2.1%eth0", "", CEF_FIT_DROPPED_TYPE },
	{ "src", "host.example.com", "", CEF_FIT_DROPPED_TYPE },
	{ "src", "192.0.2.1 192.0.2.2", "", CEF_FIT_DROPPED_TYPE },
	/* RFC 5952, 4.1, 4.2, 4.3 and 5 */
	{ "c6a2", "2001:db8::1", "2001:db8::1", CEF_FIT_OK },
	{ "c6a2", "2001:0DB8:0:0:0:0:0002:1", "2001:db8::2:1", CEF_FIT_OK },
	{ "c6a2", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1",
	    CEF_FIT_OK },
	{ "c6a2", "2001:0:0:1:0:0:0:1", "2001:0:0:1::1", CEF_FIT_OK },
	{ "c6a2", "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", CEF_FIT_OK },
	{ "c6a2", "2001:db8::", "2001:db8::", CEF_FIT_OK },
	{ "c6a2", "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::", CEF_FIT_OK },
	{ "c6a2", "0:0:3:4:5:6:7:8", "::3:4:5:6:7:8", CEF_FIT_OK },
	{ "c6a2", "::", "::", CEF_FIT_OK },
	{ "c6a2", "::1", "::1", CEF_FIT_OK },
	{ "c6a2", "::0.1.0.2", "::1:2", CEF_FIT_OK },
	{ "c6a2", "::FFFF:192.0.2.1", "::ffff:192.0.2.1", CEF_FIT_OK },
	{ "c6a2", "fe80::1%eth0", "fe80::1", CEF_FIT_OK },
	{ "c6a2", "fe80::1%", "fe80::1", CEF_FIT_OK },
	{ "c6a2", "192.0.2.1", "", CEF_FIT_DROPPED_TYPE },
	{ "c6a2", "[2001:db8::1]", "", CEF_FIT_DROPPED_TYPE },
	{ "c6a2", "1::2::3", "", CEF_FIT_DROPPED_TYPE },
	{ "c6a2", "%eth0", "", CEF_FIT_DROPPED_TYPE },
	/* either */
	{ "agt", "192.0.2.1", "192.0.2.1", CEF_FIT_OK },
	{ "agt", "2001:DB8::1", "2001:db8::1", CEF_FIT_OK },
	{ "agt", "::ffff:192.0.2.1", "192.0.2.1", CEF_FIT_OK },
	{ "agt", "here", "", CEF_FIT_DROPPED_TYPE },
	/* MAC, in the notations of IEEE, Windows, Cisco, HP, Solaris, none */
	{ "smac", "00:0d:60:af:1b:61", "00:0D:60:AF:1B:61", CEF_FIT_OK },
	{ "smac", "00-0D-60-AF-1B-61", "00:0D:60:AF:1B:61", CEF_FIT_OK },
	{ "smac", "000d.60af.1b61", "00:0D:60:AF:1B:61", CEF_FIT_OK },
	{ "smac", "000d60-af1b61", "00:0D:60:AF:1B:61", CEF_FIT_OK },
	{ "smac", "0:d:60:af:1b:61", "00:0D:60:AF:1B:61", CEF_FIT_OK },
	{ "smac", "000D60AF1B61", "00:0D:60:AF:1B:61", CEF_FIT_OK },
	{ "smac", "00 0D 60 AF 1B 61", "00:0D:60:AF:1B:61", CEF_FIT_OK },
	{ "smac", "00:0d-60:af:1b:61", "", CEF_FIT_DROPPED_TYPE },
	{ "smac", "00:0d:60:af:1b", "", CEF_FIT_DROPPED_TYPE },
	{ "smac", "00:0d:60:af:1b:61:02", "", CEF_FIT_DROPPED_TYPE },
	{ "smac", "00::60:af:1b:61", "", CEF_FIT_DROPPED_TYPE },
	{ "smac", "000d.60a.1b61", "", CEF_FIT_DROPPED_TYPE },
	{ "smac", "000D60AF1B6", "", CEF_FIT_DROPPED_TYPE },
	{ "smac", "000D60AF1B6G", "", CEF_FIT_DROPPED_TYPE },
	{ "smac", "00:0d:60:af:1b:6g", "", CEF_FIT_DROPPED_TYPE },
};

static const struct row severity_rows[] = {
	{ "severity", "0", "0", CEF_FIT_OK },
	{ "severity", "10", "10", CEF_FIT_OK },
	{ "severity", "08", "8", CEF_FIT_OK },
	{ "severity", "11", "", CEF_FIT_DROPPED_TYPE },
	{ "severity", "-1", "", CEF_FIT_DROPPED_TYPE },
	{ "severity", "5.5", "", CEF_FIT_DROPPED_TYPE },
	{ "severity", "high", "High", CEF_FIT_OK },
	{ "severity", " MEDIUM ", "Medium", CEF_FIT_OK },
	{ "severity", "very high", "Very-High", CEF_FIT_OK },
	{ "severity", "Very-High", "Very-High", CEF_FIT_OK },
	{ "severity", "unknown", "Unknown", CEF_FIT_OK },
	{ "severity", "informational", "", CEF_FIT_DROPPED_TYPE },
};
/* clang-format on */

static void
run_rows(const struct row *rows, size_t n)
{
	struct buf out;

	buf_init(&out, MAP_VALUE_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct cef_key *key = cef_key_find(rows[i].key);
		enum cef_fit fit;

		assert_non_null(key);
		buf_adds(&out, "what was there before");
		fit = cef_value(key, rows[i].in, strlen(rows[i].in), &out);
		if (fit != rows[i].fit || strcmp(out.p, rows[i].out) != 0) {
			fail_msg("%s of \"%s\" gives \"%s\" (%s)", rows[i].key,
			    rows[i].in, out.p, cef_fit_word(fit));
		}
		assert_int_equal(out.len, strlen(rows[i].out));
	}
	buf_fini(&out);
}

static void
text_is_made_fit_for_a_line(void **state)
{
	(void)state;
	run_rows(text_rows, NELEM(text_rows));
}

static void
numbers_are_of_their_type(void **state)
{
	(void)state;
	run_rows(number_rows, NELEM(number_rows));
}

static void
addresses_are_written_one_way(void **state)
{
	(void)state;
	run_rows(address_rows, NELEM(address_rows));
}

static void
severity_is_a_number_or_a_word_of_cef(void **state)
{
	(void)state;
	run_rows(severity_rows, NELEM(severity_rows));
	assert_string_equal(cef_severity("none", 4), "Unknown");
	assert_string_equal(cef_severity("", 0), "Unknown");
	assert_string_equal(cef_severity("lowest", 3), "Low");
}

static void
a_nul_is_a_control_like_others(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_int_equal(
	    cef_value(cef_key_find("msg"), "a\0b", 3, &out), CEF_FIT_OK);
	assert_string_equal(out.p, "a b");
	assert_int_equal(
	    cef_value(cef_key_find("src"), "192.0.2.1\0x", 11, &out),
	    CEF_FIT_DROPPED_TYPE);
	buf_fini(&out);
}

/* Every String of the dictionary: max_chars fit, one more does not; of
   characters of 1 to 4 bytes. */
static void
lengths_are_counted_in_characters(void **state)
{
	static const char *const chars[] = { "a", "\xc3\xa9", "\xe2\x82\xac",
		"\xf0\x9f\x94\xa5" };
	struct buf in, out;

	(void)state;
	buf_init(&in, MAP_VALUE_MAX);
	buf_init(&out, MAP_VALUE_MAX);
	for (size_t i = 0; i < cef_key_count(); i++) {
		const struct cef_key *key = cef_key_at(i);

		if (key->type != CEF_STRING || key->max_chars == 0)
			continue;
		for (size_t c = 0; c < NELEM(chars); c++) {
			bool is_cut = key->overflow == CEF_OVERFLOW_CUT;

			buf_reset(&in);
			for (size_t k = 0; k < key->max_chars; k++)
				buf_adds(&in, chars[c]);
			assert_int_equal(
			    cef_value(key, in.p, in.len, &out), CEF_FIT_OK);
			assert_memory_equal(out.p, in.p, in.len + 1);
			buf_adds(&in, chars[c]);
			assert_int_equal(cef_value(key, in.p, in.len, &out),
			    is_cut ? CEF_FIT_CUT : CEF_FIT_DROPPED_LONG);
			assert_int_equal(utf8_count(out.p, out.len),
			    is_cut ? key->max_chars : 0);
			assert_true(utf8_valid(out.p, out.len));
		}
	}
	buf_fini(&in);
	buf_fini(&out);
}

static void
a_cut_leaves_no_blank_behind(void **state)
{
	const struct cef_key *act = cef_key_find("act");
	const struct cef_key *vendor = cef_key_find("deviceVendor");
	char in[80];
	struct buf out;

	(void)state;
	buf_init(&out, MAP_VALUE_MAX);
	memset(in, 'a', sizeof(in));
	in[61] = '\\';
	in[62] = ' ';
	assert_int_equal(cef_value(act, in, sizeof(in), &out), CEF_FIT_CUT);
	assert_int_equal(out.len, 62);
	assert_int_equal(cef_value(vendor, in, sizeof(in), &out), CEF_FIT_CUT);
	assert_int_equal(out.len, 61);
	/* Blanks that are trimmed do not count. */
	memset(in + 63, ' ', sizeof(in) - 63);
	assert_int_equal(cef_value(act, in, sizeof(in), &out), CEF_FIT_OK);
	/* A header field that ends in backslashes all the way is empty. */
	memset(in, '\\', sizeof(in));
	in[63] = 'a';
	assert_int_equal(cef_value(vendor, in, 63, &out), CEF_FIT_EMPTY);
	assert_int_equal(cef_value(vendor, in, 64, &out), CEF_FIT_EMPTY);
	assert_int_equal(out.len, 0);
	buf_fini(&out);
}

static void
a_full_buffer_cuts_or_drops(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 5);
	assert_int_equal(
	    cef_value(cef_key_find("msg"), "ab\xe2\x82\xac", 5, &out),
	    CEF_FIT_OK);
	assert_int_equal(
	    cef_value(cef_key_find("msg"), "abc\xe2\x82\xac", 6, &out),
	    CEF_FIT_CUT);
	assert_string_equal(out.p, "abc");
	assert_int_equal(
	    cef_value(cef_key_find("request"), "abc\xe2\x82\xac", 6, &out),
	    CEF_FIT_DROPPED_LONG);
	assert_int_equal(cef_value(cef_key_find("cn1"), "123456", 6, &out),
	    CEF_FIT_DROPPED_TYPE);
	assert_int_equal(out.len, 0);
	buf_fini(&out);
}

static void
keys_are_found_by_both_names_in_any_case(void **state)
{
	static const struct {
		const char *name, *key;
	} rows[] = {
		{ "shost", "shost" },
		{ "SHOST", "shost" },
		{ "sourceHostName", "shost" },
		{ "sourcehostname", "shost" },
		{ "deviceCustomString6Label", "cs6Label" },
		{ "name", "name" },
		{ "Severity", "severity" },
		{ "agentSeverity", "severity" },
		{ "message", "msg" },
		{ "_cefVer", "_cefVer" },
		{ "act", "act" },
		{ "type", "type" },
		{ "shos", NULL },
		{ "shostt", NULL },
		{ "", NULL },
		{ "zzz", NULL },
		{ "0", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		const struct cef_key *key = cef_key_find(rows[i].name);

		if (rows[i].key == NULL)
			assert_null(key);
		else
			assert_string_equal(key->key, rows[i].key);
	}
	for (size_t i = 0; i < cef_key_count(); i++) {
		const struct cef_key *key = cef_key_at(i);

		assert_ptr_equal(cef_key_find(key->key), key);
		assert_ptr_equal(cef_key_find(key->full_name), key);
	}
}

static void
a_near_miss_is_named(void **state)
{
	(void)state;
	assert_string_equal(cef_key_near("shsot"), "shost");
	assert_string_equal(cef_key_near("sourceHostnam"), "sourceHostName");
	assert_string_equal(cef_key_near("devicevendr"), "deviceVendor");
	assert_null(cef_key_near("contosoRiskScore"));
	assert_null(cef_key_near("qqq"));
}

/* Counts of the standard's tables with what its readers and ArcSight's own
   lines add; see the dictionary's columns. */
static void
the_dictionary_is_whole(void **state)
{
	size_t labels = 0, v1 = 0, headers = 0, consumer = 0;

	(void)state;
	for (size_t i = 0; i < cef_key_count(); i++) {
		const struct cef_key *key = cef_key_at(i);

		labels += key->is_label;
		v1 += key->is_v1;
		headers += key->is_header;
		consumer += key->direction == CEF_CONSUMER;
		assert_true(strlen(key->meaning) > 5);
		assert_true(key->is_header == (i < CEF_H_COUNT));
		if (key->type != CEF_STRING)
			assert_int_equal(key->overflow, CEF_OVERFLOW_DROP);
		if (key->label != NULL) {
			const struct cef_key *label = cef_key_find(key->label);

			assert_true(label->is_label);
			assert_string_equal(label->label_of, key->key);
		}
		assert_true(key->is_label == (key->label_of != NULL));
	}
	assert_int_equal(headers, CEF_H_COUNT);
	assert_int_equal(v1, 17);
	assert_int_equal(labels, 24);
	assert_int_equal(consumer, 55);
	assert_int_equal(cef_key_count(), 201 + CEF_H_COUNT);
	assert_string_equal(cef_header_key(CEF_H_NAME)->key, "name");
	assert_string_equal(
	    cef_header_key(CEF_H_CLASS_ID)->key, "deviceEventClassId");
	assert_int_equal(cef_key_find("externalId")->max_chars, 40);
	assert_int_equal(cef_key_find("dvchost")->max_chars, 100);
	assert_int_equal(cef_key_find("cs1")->max_chars, 4000);
}

static void
custom_keys_are_new_words_of_letters_and_digits(void **state)
{
	static const char *const bad[] = { "", "contoso-risk", "contoso.risk",
		"contoso_risk", "a b", "a=b", "caf\xc3\xa9", "msg", "MSG",
		"message", "name", "Severity", "version", "cs1Label" };
	struct cef_key *key = cef_custom_key_new("ContosoRisk2");

	(void)state;
	assert_non_null(key);
	assert_string_equal(key->key, "ContosoRisk2");
	assert_int_equal(key->type, CEF_STRING);
	assert_int_equal(key->max_chars, 0);
	free(key);
	for (size_t i = 0; i < NELEM(bad); i++)
		assert_null(cef_custom_key_new(bad[i]));
}

static void
every_fit_has_its_word(void **state)
{
	(void)state;
	for (int fit = CEF_FIT_OK; fit <= CEF_FIT_DROPPED_TYPE; fit++)
		assert_string_not_equal(cef_fit_word((enum cef_fit)fit), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_made_fit_for_a_line),
		cmocka_unit_test(numbers_are_of_their_type),
		cmocka_unit_test(addresses_are_written_one_way),
		cmocka_unit_test(severity_is_a_number_or_a_word_of_cef),
		cmocka_unit_test(a_nul_is_a_control_like_others),
		cmocka_unit_test(lengths_are_counted_in_characters),
		cmocka_unit_test(a_cut_leaves_no_blank_behind),
		cmocka_unit_test(a_full_buffer_cuts_or_drops),
		cmocka_unit_test(keys_are_found_by_both_names_in_any_case),
		cmocka_unit_test(a_near_miss_is_named),
		cmocka_unit_test(the_dictionary_is_whole),
		cmocka_unit_test(
		    custom_keys_are_new_words_of_letters_and_digits),
		cmocka_unit_test(every_fit_has_its_word),
	};

	return cmocka_run_group_tests_name("cef_value", tests, NULL, NULL);
}
