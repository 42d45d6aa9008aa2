/*
 * input.h - maps and records for the commands that need no configuration
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CMD_INPUT_H
#define CEFWD_CMD_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct json_object;
struct map;

/*
 * input_map(name, is_quiet): compile a map from the working folder or the
 * built-in folders.  Its faults go to stderr (with is_quiet without the
 * warnings); NULL where one is an error.
 */
struct map *input_map(const char *name, bool is_quiet);

struct input_record {
	const char *file; /* "stdin" for it */
	uint64_t number;  /* 1-based in its file */
	struct json_object *json;
};

/* Return 0, or -1 to stop: output is no longer wanted. */
typedef int input_record_fn(void *ctx, const struct input_record *record);

/*
 * input_read(files, n, fn, ctx): every record of n files ("-" is stdin; with n
 * 0 stdin alone): API pages, arrays, single records, JSON lines.  Nothing is
 * held but the record under way.  What is wrong is logged with its place, and
 * reading goes on.  Returns EX_OK, EX_DATAERR (no record, bad JSON) or
 * EX_NOINPUT (also where both apply).
 */
int input_read(char *const *files, int n, input_record_fn *fn, void *ctx);

/* All of a file ("-" is stdin): 0, or -1 with ERR_NOINPUT (it cannot be read)
   or ERR_LIMIT (out does not hold it). */
int input_whole(const char *name, struct buf *out, struct err *e);

/* Write what stdio holds of the output: EX_OK or EX_TEMPFAIL, the reason
   logged.  A reader that has gone ("| head") is not worth a word. */
int output_flush(void);

#endif /* CEFWD_CMD_INPUT_H */
