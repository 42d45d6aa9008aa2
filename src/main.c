/*
 * cefwd - forwards Microsoft Defender alerts to ArcSight as CEF
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/cmd.h"
#include "keyfile/keyfile.h"

/* "did you mean" for a misspelt command. */
static int
unknown_command(const char *name)
{
	const char *names[16];
	const char *near;
	size_t n = 0;

	for (; n < sizeof(names) / sizeof(names[0]) && cmd_at(n) != NULL; n++)
		names[n] = cmd_at(n)->name;
	near = near_name(name, names, n);
	if (near != NULL) {
		return cmd_usage(NULL,
		    "unknown command \"%s\"; did you mean \"%s\"?", name, near);
	}
	return cmd_usage(NULL, "unknown command \"%s\"", name);
}

/* Descriptors 0 to 2 exist: what is opened later must not become the log. */
static void
open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = { CMD_COMMON_LONG,
		{ NULL, 0, NULL, 0 } };
	struct cmd_env env = {
		.config_path = CEFWD_SYSCONFDIR "/cefwd.conf",
		.log_format = LOG_FORMAT_AUTO,
	};
	const struct cmd *cmd;
	int c, status;

	open_standard();
	/* A closed pipe is an error of write(), not the end of the process. */
	(void)signal(SIGPIPE, SIG_IGN);
	/* "+": stop at the command's name; its options are its own. */
	while ((c = getopt_long(
		    argc, argv, "+" CMD_COMMON_SHORT, options, NULL)) != -1) {
		status = cmd_common_option(c, optarg, NULL, &env);
		if (status != -1)
			return status;
	}
	if (optind == argc)
		return cmd_usage(NULL, "which command?");
	cmd = cmd_find(argv[optind]);
	if (cmd == NULL)
		return unknown_command(argv[optind]);
	argc -= optind;
	argv += optind;
	optind = 0; /* GNU: start afresh */
	return cmd->run(argc, argv, &env);
}
