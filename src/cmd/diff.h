/*
 * diff.h - a unified diff of two texts
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CMD_DIFF_H
#define CEFWD_CMD_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct diff_text {
	const char *name;
	const char *p;
	size_t len;
};

/* Print what leads from a to b, with three lines around each change; whether
   they differ. */
bool
diff_print(const struct diff_text *a, const struct diff_text *b, FILE *out);

#endif /* CEFWD_CMD_DIFF_H */
