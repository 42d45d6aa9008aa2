/*
 * status_table.h - the answer of a running service, drawn for a person
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CMD_STATUS_TABLE_H
#define CEFWD_CMD_STATUS_TABLE_H

struct json_object;

/* Draw the document of /status on standard output.  Members that are missing
   or of another kind, as from another version, are left out. */
void status_table(struct json_object *doc);

#endif /* CEFWD_CMD_STATUS_TABLE_H */
