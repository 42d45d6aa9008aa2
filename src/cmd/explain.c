/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/log.h"
#include "map/map.h"

#include "cmd/carried.h"
#include "cmd/commands.h"
#include "cmd/explain.h"
#include "cmd/input.h"

#define LOG_ROOM "cmd"

enum {
	OPT_JSON = CMD_OPT_LOG_FORMAT + 1,
};

struct explain {
	const char *map_name;
	bool is_json;
	struct map_run *run;
	struct carried *carried;
	const struct explain_view *view;
	void *view_ctx;
};

void
explain_type(const struct cef_key *key, char text[32])
{
	static const char *const words[] = {
		[CEF_STRING] = "String",
		[CEF_INTEGER] = "Integer",
		[CEF_LONG] = "Long",
		[CEF_FLOAT] = "Float",
		[CEF_TIME] = "Time",
		[CEF_IPV4] = "IPv4",
		[CEF_IPV6] = "IPv6",
		[CEF_IP] = "IP",
		[CEF_MAC] = "MAC",
	};

	if (key == cef_header_key(CEF_H_SEVERITY))
		(void)snprintf(text, 32, "Severity");
	else if (key->max_chars > 0)
		(void)snprintf(
		    text, 32, "%s %u", words[key->type], key->max_chars);
	else
		(void)snprintf(text, 32, "%s", words[key->type]);
}

static void
trace_event(void *ctx, const char *name, const char *key, bool is_unmatched)
{
	const struct explain *x = ctx;

	x->view->event(x->view_ctx, name, key, is_unmatched);
}

static void
trace_field(void *ctx, const struct map_trace_field *f)
{
	const struct explain *x = ctx;

	for (size_t i = 0; f->value != NULL && i < f->n_paths; i++)
		carried_note(x->carried, f->paths[i]);
	x->view->field(x->view_ctx, f);
}

/* The trace tells all. */
static void
emit(void *ctx, const struct map_event *ev)
{
	(void)ctx;
	(void)ev;
}

static int
explain_record(void *ctx, const struct input_record *record)
{
	struct explain *x = ctx;
	const struct map_trace trace = {
		.ctx = x, .event = trace_event, .field = trace_field
	};
	size_t carried, total;
	bool is_whole;

	carried_reset(x->carried);
	x->view->record(x->view_ctx, record);
	(void)map_translate(x->run, record->json, emit, x, &trace);
	carried = carried_report(x->carried, record->json, x->view->lost,
	    x->view_ctx, &total, &is_whole);
	x->view->end(x->view_ctx, carried, total, is_whole);
	return ferror(stdout) != 0 ? -1 : 0;
}

static int
parse(int argc, char **argv, struct cmd_env *env, struct explain *x)
{
	static const struct option options[] = { CMD_COMMON_LONG,
		{ "map", required_argument, NULL, 'm' },
		{ "json", no_argument, NULL, OPT_JSON }, { NULL, 0, NULL, 0 } };
	int c, status;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
	while ((c = getopt_long(
		    argc, argv, CMD_COMMON_SHORT "m:", options, NULL)) != -1) {
		status = -1;
		if (c == 'm')
			x->map_name = optarg;
		else if (c == OPT_JSON)
			x->is_json = true;
		else
			status =
			    cmd_common_option(c, optarg, &cmd_explain, env);
		if (status != -1)
			return status;
	}
	if (x->map_name == NULL)
		return cmd_usage(&cmd_explain, "which map? give -m MAP");
	cmd_log_configure(env, LOG_LEVEL_INFO);
	return -1;
}

static int
run(int argc, char **argv, struct cmd_env *env)
{
	struct explain x = { .is_json = false };
	struct explain_table *table = NULL;
	struct explain_json *json = NULL;
	struct map *map;
	int status = parse(argc, argv, env, &x), written;

	if (status != -1)
		return status;
	map = input_map(x.map_name, env->is_quiet);
	if (map == NULL)
		return EX_CONFIG;
	x.run = map_run_new(map);
	x.carried = carried_new();
	if (x.is_json) {
		x.view = &explain_json_view;
		x.view_ctx = json = explain_json_new();
	} else {
		x.view = &explain_table_view;
		x.view_ctx = table = explain_table_new();
	}
	status = input_read(argv + optind, argc - optind, explain_record, &x);
	written = output_flush();
	explain_table_free(table);
	explain_json_free(json);
	carried_free(x.carried);
	map_run_free(x.run);
	map_free(map);
	return written != EX_OK ? written : status;
}

const struct cmd cmd_explain = {
	.name = "explain",
	.args = "-m MAP [--json] [FILE...]",
	.summary = "show how each CEF field of an alert came about",
	.run = run,
};
