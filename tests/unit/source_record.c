/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/obj.h"

#include "source/record.h"

struct seen {
	struct record_parser *parser;
	struct buf log;
	size_t records;
};

static int
on_element(void *ctx, const struct split_element *el, struct err *e)
{
	struct seen *seen = ctx;
	struct json_object *v;

	if (record_parse(seen->parser, el, &v, e) == -1)
		return -1;
	seen->records++;
	buf_adds(&seen->log,
	    json_object_to_json_string_ext(v, JSON_C_TO_STRING_SPACED));
	json_object_put(v);
	return 0;
}

static void
on_refused(void *ctx, uint64_t index, uint64_t offset, const char *why)
{
	struct seen *seen = ctx;

	(void)index;
	(void)offset;
	buf_addf(&seen->log, "!(%s)", why);
}

/* Split and parse text, in SPLIT_ANY, and say what came of it. */
static void
play(struct seen *seen, const char *text, size_t len)
{
	static const struct split_options any = { .shape = SPLIT_ANY };
	static const struct split_handlers handlers = { on_element,
		on_refused };
	struct err e = { .kind = ERR_NONE };
	struct split *s = split_new(&any, &handlers, seen);

	buf_reset(&seen->log);
	seen->records = 0;
	if (split_feed(s, text, len, &e) == -1 || split_finish(s, &e) == -1)
		buf_addf(&seen->log, "%s: %s", err_word(e.kind), e.text);
	split_free(s);
}

static int
set_up(void **state)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	assert_non_null(seen);
	seen->parser = record_parser_new();
	buf_init(&seen->log, 64u << 20);
	*state = seen;
	return 0;
}

static int
tear_down(void **state)
{
	struct seen *seen = *state;

	record_parser_free(seen->parser);
	buf_fini(&seen->log);
	free(seen);
	return 0;
}

static void
records_are_parsed_as_they_are_written(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "{\"a\":[1,true,null,\"x\"]}",
		    "{ \"a\": [ 1, true, null, \"x\" ] }" },
		/* Of two members of one name the last wins. */
		{ "{\"a\":1,\"a\":2}", "{ \"a\": 2 }" },
		/* Lone surrogates are legal JSON. */
		{ "{\"a\":\"\\ud800\"}", "{ \"a\": \"\xef\xbf\xbd\" }" },
		{ "{\"a\":\"x\\u0000y\"}", "{ \"a\": \"x\\u0000y\" }" },
		/* What json-c would saturate; the limit of what it does not. */
		{ "{\"a\":9223372036854775808}",
		    "{ \"a\": \"9223372036854775808\" }" },
		{ "{\"a\":[-12345678901234567890,1,\"\\\"1\"],"
		  "\"b\":{\"c\":123456789012345678}}",
		    "{ \"a\": [ \"-12345678901234567890\", 1, \"\\\"1\" ], "
		    "\"b\": { \"c\": 123456789012345678 } }" },
		{ "{\"1234567890123456789\":1234567890123456789,"
		  "\"d\":1234567890123456789.5,\"e\":1e5}",
		    "{ \"1234567890123456789\": \"1234567890123456789\", "
		    "\"d\": 1234567890123456789.5, \"e\": 1e5 }" },
		/* json-c refuses what the splitter leaves to it. */
		{ "{\"a\" 1}",
		    "data: byte 6: object property name separator "
		    "':' expected" },
		{ "{\"a\":1,}", "data: byte 8: unexpected character" },
		{ "{\"a\":[1,]}", "data: byte 9: unexpected character" },
		{ "{\"a\":\"\\x\"}", "data: byte 8: invalid string sequence" },
		{ "{\"a\":\"\\u12g4\"}",
		    "data: byte 11: invalid string sequence" },
		{ "{,}",
		    "data: byte 2: quoted object property name "
		    "expected" },
		{ "{\"a\":}", "data: byte 6: unexpected character" },
		/* Its quotes would make a name of it. */
		{ "{12345678901234567890 :1}",
		    "data: byte 2: quoted object property name "
		    "expected" },
	};
	struct seen *seen = *state;

	for (size_t i = 0; i < NELEM(rows); i++) {
		play(seen, rows[i].text, strlen(rows[i].text));
		assert_string_equal(seen->log.p, rows[i].want);
	}
}

static void
the_deepest_record_the_splitter_lets_through_is_parsed(void **state)
{
	struct seen *seen = *state;
	struct buf text;

	buf_init(&text, 4096);
	buf_adds(&text, "{\"a\":");
	for (int i = 1; i < JSON_DEPTH_MAX; i++)
		buf_addc(&text, '[');
	buf_adds(&text, "7");
	for (int i = 1; i < JSON_DEPTH_MAX; i++)
		buf_addc(&text, ']');
	buf_adds(&text, "}");
	play(seen, text.p, text.len);
	assert_int_equal(seen->records, 1);
	buf_fini(&text);
}

static void
read_file(const char *path, struct buf *out)
{
	char chunk[4096];
	size_t n;
	FILE *f;

	buf_reset(out);
	f = fopen(path, "re");
	assert_non_null(f);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(out, chunk, n);
	assert_int_equal(fclose(f), 0);
}

static void
real_answers_are_read_whole(void **state)
{
	static const struct {
		const char *name;
		size_t records;
	} rows[] = {
		{ "graph-alert-v2-email.json", 1 },
		{ "graph-alert-v2-minimal.json", 1 },
		{ "graph-alert-v2-oauthapp.json", 1 },
		{ "graph-alerts-v2-empty.json", 0 },
		{ "graph-alerts-v2-identity.json", 4 },
		{ "graph-alerts-v2-powershell.json", 1 },
		{ "graph-alerts-v2-sentinel.json", 1 },
		{ "graph-alerts-v2.json", 1 },
		{ "graph-incidents-expand-alerts.json", 1 },
		{ "graph-incidents.json", 2 },
		{ "m365-incidents.json", 3 },
		{ "mde-alerts.json", 2 },
		{ "mde-alerts-elastic.json", 3 },
		{ "wdatp-siem-alert-2017.json", 1 },
		{ "wdatp-siem-alerts-2018.json", 1 },
		{ "wdatp-siem-alerts.json", 1 },
	};
	const char *folder = getenv("CEFWD_SAMPLES");
	struct seen *seen = *state;
	char path[4096];
	struct buf text;
	DIR *d;

	if (folder == NULL) {
		(void)snprintf(path, sizeof(path), "%s/../shared/samples",
		    getenv("CEFWD_SRCDIR") == NULL ? "." :
						     getenv("CEFWD_SRCDIR"));
		folder = path;
	}
	d = opendir(folder);
	if (d == NULL) {
		print_message("no samples: set CEFWD_SAMPLES\n");
		skip();
	}
	(void)closedir(d);
	buf_init(&text, 64u << 20);
	for (size_t i = 0; i < NELEM(rows); i++) {
		char file[8192];

		(void)snprintf(
		    file, sizeof(file), "%s/%s", folder, rows[i].name);
		read_file(file, &text);
		play(seen, text.p, text.len);
		if (seen->records != rows[i].records)
			print_error("%s: %s\n", rows[i].name, seen->log.p);
		assert_int_equal(seen->records, rows[i].records);
	}
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_parsed_as_they_are_written),
		cmocka_unit_test(
		    the_deepest_record_the_splitter_lets_through_is_parsed),
		cmocka_unit_test(real_answers_are_read_whole),
	};

	return cmocka_run_group_tests_name(
	    "source: record", tests, set_up, tear_down);
}
