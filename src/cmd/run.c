/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/stamp.h"

#include "cmd/commands.h"
#include "cmd/forward.h"

enum {
	OPT_TRACE = CMD_OPT_LOG_FORMAT + 1,
	OPT_USER,
};

static int
run(int argc, char **argv, struct cmd_env *env)
{
	static const struct option options[] = { CMD_COMMON_LONG,
		{ "trace", required_argument, NULL, OPT_TRACE },
		{ "user", required_argument, NULL, OPT_USER },
		{ NULL, 0, NULL, 0 } };
	struct forward_args args = {
		.mode = FORWARD_RUN,
		.since = STAMP_NONE,
		.until = STAMP_NONE,
	};
	int c, status;

	while ((c = getopt_long(argc, argv, CMD_COMMON_SHORT, options, NULL)) !=
	    -1) {
		if (c == OPT_TRACE) {
			args.trace = optarg;
			continue;
		}
		if (c == OPT_USER) {
			args.user = optarg;
			continue;
		}
		status = cmd_common_option(c, optarg, &cmd_run, env);
		if (status != -1)
			return status;
	}
	if (optind < argc)
		return cmd_usage(
		    &cmd_run, "unexpected argument \"%s\"", argv[optind]);
	return cmd_forward(env, &args);
}

const struct cmd cmd_run = {
	.name = "run",
	.args = "[--user NAME] [--trace FILE]",
	.summary = "the service: fetch, translate, deliver, until stopped",
	.run = run,
};
