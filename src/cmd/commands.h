/*
 * commands.h - the commands, each in the file of its name
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CMD_COMMANDS_H
#define CEFWD_CMD_COMMANDS_H

#include "cmd/cmd.h"

extern const struct cmd cmd_run;
extern const struct cmd cmd_once;
extern const struct cmd cmd_translate;
extern const struct cmd cmd_explain;
extern const struct cmd cmd_check;
extern const struct cmd cmd_convert;
extern const struct cmd cmd_login;
extern const struct cmd cmd_status;

#endif /* CEFWD_CMD_COMMANDS_H */
