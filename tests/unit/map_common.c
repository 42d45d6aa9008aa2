/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <cmocka.h>

#include "map_common.h"

int
test_load(void *ctx, const char *name, const char *from, struct buf *text,
    struct buf *path, struct err *e)
{
	const struct test_file *f = *(const struct test_file **)ctx;

	(void)from;
	for (; f->name != NULL; f++) {
		if (strcmp(f->name, name) != 0)
			continue;
		buf_adds(text, f->text);
		buf_adds(path, f->name);
		return 0;
	}
	return err_set(e, ERR_NOINPUT, "no map \"%s\"", name);
}

struct map *
test_compile(const struct test_file *files, struct faults *faults)
{
	return map_compile(files[0].name, test_load, &files, faults);
}

struct map *
test_map(const char *text)
{
	const struct test_file files[] = { { "t.map", text }, { NULL, NULL } };
	struct faults *faults = faults_new();
	struct map *m = test_compile(files, faults);

	if (m == NULL)
		faults_print(faults, stderr, false);
	assert_non_null(m);
	faults_free(faults);
	return m;
}

static void
emit(void *ctx, const struct map_event *ev)
{
	const struct cef_line_options options = { .version = CEF_VERSION_0 };
	struct buf *out = ctx;
	struct buf line;

	buf_init(&line, CEF_LINE_MAX);
	cef_event_write(ev->cef, &options, &line, NULL);
	assert_memory_equal(line.p, "CEF:0|", 6);
	buf_addf(
	    out, "%s%s|%s\n", ev->key, ev->is_unmatched ? "!" : "", line.p + 6);
	buf_fini(&line);
}

void
test_translate(struct map_run *r, const char *json, struct buf *out)
{
	struct json_object *record = json_tokener_parse(json);

	(void)map_translate(r, record, emit, out, NULL);
	(void)json_object_put(record);
}

void
test_faults(struct faults *faults, struct buf *out)
{
	faults_sort(faults);
	for (size_t i = 0; i < faults_len(faults); i++) {
		const struct fault *f = faults_get(faults, i);

		buf_addf(out, "%s:%u:%u: %s%s\n", f->file, f->line, f->col,
		    f->level == FAULT_WARNING ? "warning: " : "", f->message);
	}
}
