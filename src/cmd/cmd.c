/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/obj.h"
#include "cmd/commands.h"

/* Rows stand in the order of the manual. */
static const struct cmd *const commands[] = {
	&cmd_run,
	&cmd_once,
	&cmd_translate,
	&cmd_explain,
	&cmd_check,
	&cmd_convert,
	&cmd_login,
	&cmd_status,
	NULL,
};

const struct cmd *
cmd_at(size_t i)
{
	return i + 1 < NELEM(commands) ? commands[i] : NULL;
}

const struct cmd *
cmd_find(const char *name)
{
	for (size_t i = 0; cmd_at(i) != NULL; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

static void
help(const struct cmd *cmd)
{
	if (cmd != NULL) {
		(void)printf("usage: cefwd %s %s\n\n%s\n", cmd->name, cmd->args,
		    cmd->summary);
	} else {
		(void)printf("usage: cefwd command [options]\n\n"
			     "Forwards Microsoft Defender alerts to ArcSight "
			     "as CEF over syslog.\n\n");
		for (size_t i = 0; cmd_at(i) != NULL; i++) {
			(void)printf("  %-10s %s\n", commands[i]->name,
			    commands[i]->summary);
		}
	}
	(void)printf("\nFor all commands:\n"
		     "  -c, --config FILE      "
		     "default: " CEFWD_SYSCONFDIR "/cefwd.conf\n"
		     "  -v, --verbose          log everything\n"
		     "  -q, --quiet            log errors only\n"
		     "      --log-format WORD  auto, text, json or journal\n"
		     "  -h, --help\n"
		     "  -V, --version\n\n"
		     "The manual: man 8 cefwd, man 5 cefwd.conf, "
		     "man 5 cefwd-map, man 7 cefwd-entra\n");
}

int
cmd_common_option(
    int c, const char *arg, const struct cmd *cmd, struct cmd_env *env)
{
	switch (c) {
	case 'c':
		env->config_path = arg;
		return -1;
	case 'v':
		env->is_verbose = true;
		return -1;
	case 'q':
		env->is_quiet = true;
		return -1;
	case CMD_OPT_LOG_FORMAT:
		if (log_format_parse(arg, &env->log_format) == 0)
			return -1;
		return cmd_usage(cmd,
		    "--log-format takes auto, text, json or journal, not \"%s\"",
		    arg);
	case 'h':
		help(cmd);
		return EX_OK;
	case 'V':
		(void)printf("cefwd %s\n", PACKAGE_VERSION);
		return EX_OK;
	default: /* getopt_long() has said what is wrong */
		(void)fprintf(stderr, "cefwd: try \"cefwd %s%s--help\"\n",
		    cmd == NULL ? "" : cmd->name, cmd == NULL ? "" : " ");
		return EX_USAGE;
	}
}

void
cmd_log_configure_as(
    const struct cmd_env *env, enum log_level level, enum log_format format)
{
	if (env->is_verbose)
		level = LOG_LEVEL_DEBUG;
	else if (env->is_quiet)
		level = LOG_LEVEL_ERROR;
	if (env->log_format != LOG_FORMAT_AUTO)
		format = env->log_format;
	log_configure(level, format);
}

void
cmd_log_configure(const struct cmd_env *env, enum log_level level)
{
	cmd_log_configure_as(env, level, LOG_FORMAT_AUTO);
}

int
cmd_usage(const struct cmd *cmd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fprintf(stderr, "cefwd%s%s: ", cmd == NULL ? "" : " ",
	    cmd == NULL ? "" : cmd->name);
	(void)vfprintf(stderr, fmt, ap);
	(void)fprintf(stderr, "; try \"cefwd %s%s--help\"\n",
	    cmd == NULL ? "" : cmd->name, cmd == NULL ? "" : " ");
	va_end(ap);
	return EX_USAGE;
}
