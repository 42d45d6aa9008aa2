/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "convert/convert.h"

#include "cmd/commands.h"
#include "cmd/input.h"

#define LOG_ROOM "cmd"

static int
convert(const char *name, struct err *e)
{
	struct convert_counts counts;
	struct buf text, map;
	int result;

	buf_init(&text, CONVERT_FILE_MAX);
	buf_init(&map, KF_FILE_MAX);
	result = input_whole(name, &text, e);
	if (result == -1 && e->kind == ERR_LIMIT) {
		(void)err_set(
		    e, ERR_DATA, "%s is larger than a parser can be", name);
	}
	if (result == 0) {
		result =
		    convert_parser(name, text.p, text.len, &map, &counts, e);
	}
	if (result == 0) {
		(void)fwrite(map.p, 1, map.len, stdout);
		if (counts.left > 0) {
			log_warn("some rules were not carried over; the map "
				 "says why at \"left out\" carried=%zu "
				 "left-out=%zu",
			    counts.carried, counts.left);
		} else {
			log_info("every rule was carried over carried=%zu",
			    counts.carried);
		}
	}
	buf_fini(&text);
	buf_fini(&map);
	return result;
}

static int
run(int argc, char **argv, struct cmd_env *env)
{
	static const struct option options[] = { CMD_COMMON_LONG,
		{ NULL, 0, NULL, 0 } };
	struct err e;
	int c, status;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
	while ((c = getopt_long(argc, argv, CMD_COMMON_SHORT, options, NULL)) !=
	    -1) {
		status = cmd_common_option(c, optarg, &cmd_convert, env);
		if (status != -1)
			return status;
	}
	if (argc - optind != 1) {
		return cmd_usage(&cmd_convert,
		    "give one parser, NAME.jsonparser.properties");
	}
	cmd_log_configure(env, LOG_LEVEL_INFO);
	if (convert(argv[optind], &e) == 0)
		return output_flush();
	log_err("%s", e.text);
	return err_status(e.kind);
}

const struct cmd cmd_convert = {
	.name = "convert",
	.args = "FILE",
	.summary = "print the map that a FlexConnector's JSON parser becomes",
	.run = run,
};
