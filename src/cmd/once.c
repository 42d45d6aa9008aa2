/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/num.h"
#include "base/stamp.h"

#include "cmd/commands.h"
#include "cmd/forward.h"

enum {
	OPT_SINCE = CMD_OPT_LOG_FORMAT + 1,
	OPT_UNTIL,
	OPT_DRY_RUN,
	OPT_TIMEOUT,
	OPT_TRACE,
	OPT_USER,
};

#define ONCE_TIMEOUT_MS 600000 /* 10 m: a day's alerts take seconds */

/* An ISO 8601 time, or a duration: so long ago. */
static int
parse_when(const char *text, int64_t *out)
{
	uint64_t ago_ms;

	if (stamp_parse(text, strlen(text), out) == 0)
		return 0;
	if (num_duration(text, strlen(text), &ago_ms, NULL) == -1 ||
	    ago_ms > INT64_MAX / STAMP_PER_MS)
		return -1;
	*out = stamp_now() - stamp_from_ms((int64_t)ago_ms);
	return 0;
}

static int
own_option(int c, const char *arg, struct forward_args *args)
{
	switch (c) {
	case OPT_SINCE:
		if (parse_when(arg, &args->since) == 0)
			return -1;
		return cmd_usage(&cmd_once,
		    "--since takes a time like 2026-01-02T03:04:05Z or a "
		    "duration ago like 24h, not \"%s\"",
		    arg);
	case OPT_UNTIL:
		if (parse_when(arg, &args->until) == 0)
			return -1;
		return cmd_usage(&cmd_once,
		    "--until takes a time like 2026-01-02T03:04:05Z or a "
		    "duration ago like 1h, not \"%s\"",
		    arg);
	case OPT_DRY_RUN:
		args->is_printing = true;
		return -1;
	case OPT_TRACE:
		args->trace = arg;
		return -1;
	case OPT_USER:
		args->user = arg;
		return -1;
	default:
		if (num_duration(arg, strlen(arg), &args->timeout_ms, NULL) ==
			0 &&
		    args->timeout_ms > 0)
			return -1;
		return cmd_usage(&cmd_once,
		    "--timeout takes a duration like 10m, not \"%s\"", arg);
	}
}

static int
finish_args(struct forward_args *args)
{
	if (args->since == STAMP_NONE && args->until != STAMP_NONE)
		return cmd_usage(&cmd_once, "--until needs --since");
	if (args->until != STAMP_NONE && args->until <= args->since)
		return cmd_usage(
		    &cmd_once, "--until must be later than --since");
	if (args->since != STAMP_NONE)
		args->mode = FORWARD_REPLAY;
	else if (args->is_printing)
		args->mode = FORWARD_DRY_RUN;
	return -1;
}

static int
once(int argc, char **argv, struct cmd_env *env)
{
	static const struct option options[] = { CMD_COMMON_LONG,
		{ "since", required_argument, NULL, OPT_SINCE },
		{ "until", required_argument, NULL, OPT_UNTIL },
		{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
		{ "timeout", required_argument, NULL, OPT_TIMEOUT },
		{ "trace", required_argument, NULL, OPT_TRACE },
		{ "user", required_argument, NULL, OPT_USER },
		{ NULL, 0, NULL, 0 } };
	struct forward_args args = {
		.mode = FORWARD_ONCE,
		.since = STAMP_NONE,
		.until = STAMP_NONE,
		.timeout_ms = ONCE_TIMEOUT_MS,
	};
	int c, status;

	while ((c = getopt_long(argc, argv, CMD_COMMON_SHORT, options, NULL)) !=
	    -1) {
		status = c >= OPT_SINCE ?
		    own_option(c, optarg, &args) :
		    cmd_common_option(c, optarg, &cmd_once, env);
		if (status != -1)
			return status;
	}
	if (optind < argc)
		return cmd_usage(
		    &cmd_once, "unexpected argument \"%s\"", argv[optind]);
	status = finish_args(&args);
	return status != -1 ? status : cmd_forward(env, &args);
}

const struct cmd cmd_once = {
	.name = "once",
	.args = "[--since T [--until T]] [--dry-run] [--timeout 10m] "
		"[--user NAME] [--trace FILE]",
	.summary = "one pass: fetch what is new, deliver, settle, exit",
	.run = once,
};
