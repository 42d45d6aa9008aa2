/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/obj.h"
#include "config/conf.h"
#include "keyfile/fault.h"
#include "map/map.h"
#include "source/record.h"
#include "source/split.h"

#include "cmd/input.h"

#define LOG_ROOM   "cmd"

#define READ_BYTES 65536

/* One reading of all files. */
struct input {
	struct split *split;
	struct record_parser *parser;
	input_record_fn *fn;
	void *ctx;
	const char *file;
	uint64_t good; /* records of this file */
	bool is_stopped;
	bool has_missing;
	bool has_bad;
};

struct map *
input_map(const char *name, bool is_quiet)
{
	/* A map under work lies in the working folder. */
	const char *folders[8] = { "." };
	struct faults *faults = faults_new();
	struct map *m;

	for (size_t i = 0; i + 2 < NELEM(folders) && config_map_path[i]; i++)
		folders[i + 1] = config_map_path[i];
	m = map_compile(name, config_map_load, folders, faults);
	faults_print(faults, stderr, is_quiet);
	faults_free(faults);
	return m;
}

/* An API's error answer: nothing but the member "error". */
static bool
is_error_answer(struct json_object *json)
{
	struct json_object *error;

	return json_object_object_length(json) == 1 &&
	    json_object_object_get_ex(json, "error", &error) &&
	    json_object_is_type(error, json_type_object);
}

static void
refused(void *ctx, uint64_t index, uint64_t offset, const char *why)
{
	struct input *in = ctx;

	in->has_bad = true;
	log_err("%s: record %" PRIu64 " at byte %" PRIu64 ": %s", in->file,
	    index + 1, offset, why);
}

static int
element(void *ctx, const struct split_element *el, struct err *e)
{
	struct input *in = ctx;
	struct input_record record = {
		.file = in->file,
		.number = el->index + 1,
	};
	struct err why;

	if (record_parse(in->parser, el, &record.json, &why) == -1) {
		refused(in, el->index, el->offset, why.text);
		return 0;
	}
	if (is_error_answer(record.json)) {
		refused(in, el->index, el->offset,
		    "the error answer of an API, not a record");
	} else {
		in->good++;
		in->is_stopped = in->fn(in->ctx, &record) == -1;
	}
	(void)json_object_put(record.json);
	return in->is_stopped ? err_set(e, ERR_DATA, "stopped") : 0;
}

static void
log_missing(struct input *in, int errnum)
{
	struct err e;

	in->has_missing = true;
	(void)err_set_errno(
	    &e, ERR_NOINPUT, errnum, "%s cannot be read", in->file);
	log_err("%s", e.text);
}

/* Feed a file; 0, or -1 where it ended early with the reason logged. */
static int
feed(struct input *in, int fd)
{
	char bytes[READ_BYTES];
	struct err e;
	ssize_t n;

	for (;;) {
		n = read(fd, bytes, sizeof(bytes));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			log_missing(in, errno);
			return -1;
		}
		if (n == 0 && split_finish(in->split, &e) == 0)
			return 0;
		if (n > 0 && split_feed(in->split, bytes, (size_t)n, &e) == 0)
			continue;
		if (!in->is_stopped) {
			in->has_bad = true;
			log_err("%s: %s", in->file, e.text);
		}
		return -1;
	}
}

static void
read_file(struct input *in, const char *name)
{
	bool is_stdin = strcmp(name, "-") == 0;
	int fd = STDIN_FILENO, result;

	in->file = is_stdin ? "stdin" : name;
	in->good = 0;
	if (!is_stdin)
		fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd == -1) {
		log_missing(in, errno);
		return;
	}
	split_reset(in->split);
	result = feed(in, fd);
	if (!is_stdin)
		(void)close(fd);
	if (result == 0 && split_count(in->split) == 0) {
		in->has_bad = true;
		log_err("%s holds no record", in->file);
	}
}

int
input_read(char *const *files, int n, input_record_fn *fn, void *ctx)
{
	const struct split_options options = {
		.shape = SPLIT_ANY, .array = "value", .max_page = UINT64_MAX
	};
	const struct split_handlers handlers = {
		.element = element,
		.refused = refused,
	};
	struct input in = { .fn = fn, .ctx = ctx };

	in.split = split_new(&options, &handlers, &in);
	in.parser = record_parser_new();
	if (n == 0)
		read_file(&in, "-");
	for (int i = 0; i < n && !in.is_stopped; i++)
		read_file(&in, files[i]);
	split_free(in.split);
	record_parser_free(in.parser);
	if (in.has_missing)
		return EX_NOINPUT;
	return in.has_bad ? EX_DATAERR : EX_OK;
}

int
input_whole(const char *name, struct buf *out, struct err *e)
{
	const bool is_stdin = strcmp(name, "-") == 0;
	FILE *f = is_stdin ? stdin : fopen(name, "re");
	char bytes[8192];
	int result;
	size_t n;

	if (f == NULL) {
		return err_set_errno(
		    e, ERR_NOINPUT, errno, "%s cannot be read", name);
	}
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_add(out, bytes, n);
	if (ferror(f) != 0)
		result = err_set_errno(
		    e, ERR_NOINPUT, errno, "%s cannot be read", name);
	else
		result = buf_check(out, name, e);
	if (!is_stdin)
		(void)fclose(f);
	return result;
}

int
output_flush(void)
{
	struct err e;

	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return EX_OK;
	if (errno != EPIPE) {
		(void)err_set_errno(
		    &e, ERR_STORE, errno, "standard output cannot be written");
		log_err("%s", e.text);
	}
	return EX_TEMPFAIL;
}
