/*
 * guard.h - what a command that holds secrets does first
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CMD_GUARD_H
#define CEFWD_CMD_GUARD_H

#include <stdio.h>

/* Keep the memory of this process to itself: no core dump, no debugger. */
void guard_memory(void);

/* As many descriptors as this host allows: hundreds of feeds that read in the
   same moment have hundreds of connections. */
void guard_descriptors(void);

/*
 * guard_user(name): give root's privileges up for good and become that user,
 * with its groups.  Returns -1 to go on, or the exit status once the fault was
 * told.  NULL: stay.
 */
int guard_user(const char *name);

/* Open --trace FILE; *out is NULL where there is none.  Returns -1 to go on,
   or the exit status once the fault was told. */
int guard_trace(const char *path, FILE **out);

#endif /* CEFWD_CMD_GUARD_H */
