/*
 * cmd.h - the commands of the program, rows of one table
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CMD_CMD_H
#define CEFWD_CMD_CMD_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

/* What every command takes, before or behind its name. */
struct cmd_env {
	const char *config_path;    /* -c; default /etc/cefwd/cefwd.conf */
	bool is_verbose;            /* -v: level debug */
	bool is_quiet;              /* -q: level error */
	enum log_format log_format; /* auto: the configuration's */
};

struct cmd {
	const char *name;
	const char *args;    /* as in the usage line */
	const char *summary; /* one line */
	/* argv[0] is the command's name.  Returns the exit status. */
	int (*run)(int argc, char **argv, struct cmd_env *env);
};

/*
 * For a command's own getopt_long(): its short options begin with
 * CMD_COMMON_SHORT, its table with CMD_COMMON_LONG; what its switch does not
 * know goes to cmd_common_option(), which returns -1 to go on or the status
 * to exit with.
 */
#define CMD_COMMON_SHORT   "c:vqhV"
#define CMD_OPT_LOG_FORMAT 1000 /* own long options count from 1001 */
/* clang-format off */
#define CMD_COMMON_LONG                                                 \
	{ "config", required_argument, NULL, 'c' },                     \
	{ "verbose", no_argument, NULL, 'v' },                          \
	{ "quiet", no_argument, NULL, 'q' },                            \
	{ "log-format", required_argument, NULL, CMD_OPT_LOG_FORMAT },  \
	{ "help", no_argument, NULL, 'h' },                             \
	{ "version", no_argument, NULL, 'V' }
/* clang-format on */

int cmd_common_option(
    int c, const char *arg, const struct cmd *cmd, struct cmd_env *env);

/* Apply -v, -q and --log-format, which win over the configuration's. */
void cmd_log_configure(const struct cmd_env *env, enum log_level level);
void cmd_log_configure_as(
    const struct cmd_env *env, enum log_level level, enum log_format format);

/* Say what is wrong with the command line, in one line, on stderr; returns
   EX_USAGE. */
int cmd_usage(const struct cmd *cmd, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The command of that name, NULL if there is none; and by index. */
const struct cmd *cmd_find(const char *name);
const struct cmd *cmd_at(size_t i);

#endif /* CEFWD_CMD_CMD_H */
