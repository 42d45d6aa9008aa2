/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/buf.h"
#include "base/log.h"
#include "map/map.h"

#include "cmd/commands.h"
#include "cmd/diff.h"
#include "cmd/input.h"

#define LOG_ROOM "cmd"

enum {
	OPT_CEF_VERSION = CMD_OPT_LOG_FORMAT + 1,
	OPT_EXPECT,
};

#define EXPECT_MAX ((size_t)256 << 20) /* bytes: a test's output is small */
#define OUT_BYTES  ((size_t)256 << 10) /* of output a write() */

struct translate {
	const char *map_name;
	const char *expect; /* NULL: lines go to stdout */
	struct cef_line_options options;
	struct map_run *run;
	struct buf line;
	struct buf all; /* with expect */
	bool has_failed;
};

static void
emit(void *ctx, const struct map_event *ev)
{
	struct translate *t = ctx;

	buf_reset(&t->line);
	cef_event_write(ev->cef, &t->options, &t->line, NULL);
	buf_addc(&t->line, '\n');
	if (t->expect != NULL)
		buf_add(&t->all, t->line.p, t->line.len);
	else if (fwrite(t->line.p, 1, t->line.len, stdout) != t->line.len)
		t->has_failed = true;
}

static int
translate_record(void *ctx, const struct input_record *record)
{
	struct translate *t = ctx;

	(void)map_translate(t->run, record->json, emit, t, NULL);
	return t->has_failed ? -1 : 0;
}

/* What a person should know of a run, once a field. */
static void
log_counts(const struct map_run *run)
{
	const struct map_field_count *rows;
	size_t n = map_run_counts(run, &rows);

	for (size_t i = 0; i < n; i++) {
		const struct map_field_count *c = &rows[i];

		log_warn("%s did not always fit (see cefwd explain) "
			 "cut=%" PRIu64 " too-long=%" PRIu64
			 " wrong-type=%" PRIu64 " limit=%" PRIu64,
		    c->key->key, c->cut, c->dropped_long, c->dropped_type,
		    c->failed);
	}
	if (map_run_unmatched(run) > 0) {
		log_warn("no event of the map fitted records=%" PRIu64,
		    map_run_unmatched(run));
	}
	if (map_run_capped(run) > 0) {
		log_warn("events left out of records with more than %u "
			 "events=%" PRIu64,
		    MAP_EVENTS_MAX, map_run_capped(run));
	}
}

/* Compare with the expected output: 0, or the status of what is wrong. */
static int
compare(const struct translate *t)
{
	struct diff_text want = { .name = t->expect };
	const struct diff_text have = {
		.name = "translated", .p = t->all.p, .len = t->all.len
	};
	struct buf text;
	struct err e;
	int status = EX_OK;

	if (!buf_ok(&t->all)) {
		log_err("the output is too large to be compared");
		return EX_DATAERR;
	}
	buf_init(&text, EXPECT_MAX);
	if (input_whole(t->expect, &text, &e) == -1) {
		log_err("%s", e.text);
		status = EX_NOINPUT;
	} else {
		want.p = text.p;
		want.len = text.len;
		if (diff_print(&want, &have, stdout))
			status = EX_DATAERR;
	}
	buf_fini(&text);
	return status;
}

static int
own_option(int c, const char *arg, struct translate *t)
{
	switch (c) {
	case 'm':
		t->map_name = arg;
		return -1;
	case OPT_EXPECT:
		t->expect = arg;
		return -1;
	default:
		if (strcmp(arg, "0") == 0)
			t->options.version = CEF_VERSION_0;
		else if (strcmp(arg, "1") == 0)
			t->options.version = CEF_VERSION_1;
		else
			return cmd_usage(&cmd_translate,
			    "--cef-version takes 0 or 1, not \"%s\"", arg);
		return -1;
	}
}

static int
parse(int argc, char **argv, struct cmd_env *env, struct translate *t)
{
	static const struct option options[] = { CMD_COMMON_LONG,
		{ "map", required_argument, NULL, 'm' },
		{ "cef-version", required_argument, NULL, OPT_CEF_VERSION },
		{ "expect", required_argument, NULL, OPT_EXPECT },
		{ NULL, 0, NULL, 0 } };
	int c, status;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
	while ((c = getopt_long(
		    argc, argv, CMD_COMMON_SHORT "m:", options, NULL)) != -1) {
		status = c == 'm' || c > CMD_OPT_LOG_FORMAT ?
		    own_option(c, optarg, t) :
		    cmd_common_option(c, optarg, &cmd_translate, env);
		if (status != -1)
			return status;
	}
	if (t->map_name == NULL)
		return cmd_usage(&cmd_translate, "which map? give -m MAP");
	cmd_log_configure(env, LOG_LEVEL_INFO);
	return -1;
}

static int
run(int argc, char **argv, struct cmd_env *env)
{
	struct translate t = { .options = { .version = CEF_VERSION_0 } };
	struct map *map;
	int status = parse(argc, argv, env, &t), written;

	if (status != -1)
		return status;
	map = input_map(t.map_name, env->is_quiet);
	if (map == NULL)
		return EX_CONFIG;
	(void)setvbuf(stdout, NULL, _IOFBF, OUT_BYTES);
	buf_init(&t.line, CEF_LINE_MAX + 1);
	buf_init(&t.all, EXPECT_MAX);
	t.run = map_run_new(map);
	status = input_read(argv + optind, argc - optind, translate_record, &t);
	if (t.expect != NULL) {
		int same = compare(&t);

		status = status == EX_OK ? same : status;
	}
	written = output_flush();
	log_counts(t.run);
	map_run_free(t.run);
	map_free(map);
	buf_fini(&t.line);
	buf_fini(&t.all);
	return written != EX_OK ? written : status;
}

const struct cmd cmd_translate = {
	.name = "translate",
	.args = "-m MAP [--cef-version 0|1] [--expect FILE] [FILE...]",
	.summary = "print the CEF lines of alerts in JSON files or stdin",
	.run = run,
};
