/*
 * map.c - any text compiled as a map, and what compiles run
 *
 * What must hold: a fault is told with its place; every line reads back as its
 * event; the trace shows the very values of the line; a second run gives the
 * same lines.
 *
 * The text may include "base.map", which sets the header fields.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/obj.h"
#include "base/utf8.h"
#include "keyfile/fault.h"
#include "map/map.h"

#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char base_map[] = "custom-keys = MyRisk MyOwner\n"
			       "[event]\n"
			       "deviceVendor = \"v\"\n"
			       "deviceProduct = \"p\"\n"
			       "deviceVersion = \"1\"\n"
			       "deviceEventClassId = $.c\n"
			       "name = $.t\n"
			       "severity = $.s | lookup(l)\n"
			       "externalId = $.id\n"
			       "[common]\n"
			       "rt = $.when | time\n"
			       "[lookup l]\n"
			       "low, \"a b\" = 3\n"
			       "* = @\n";

static const char record[] =
    "{\"id\": \"a=b|c\\\\\", \"t\": \" x\\r\\ny \\u0000|\\\\\", \"c\": null,"
    "\"s\": \"Low\", \"when\": \"2024-02-29T23:59:60.1234567Z\", \"n\": 1e3,"
    "\"big\": 9223372036854775807, \"l\": [1, \"two\", \"\", [], {\"a\": \"A "
    "cs1=x CEF:0|\"}, null, true, 1.5], \"ip\": \"::ffff:192.0.2.7\","
    "\"url\": \"https://u@h.example:1/p?a=b\", \"path\": \"C:\\\\new\\\\f\","
    "\"e\": [{\"k\": \"1\", \"h\": \"h1\"}, {\"k\": \"2\"}], \"u\": "
    "\"\\ud83d\\ude00\\u2028\\u202e\\ufeff\", \"bad\": \"\\ud800 x\"}";

struct run {
	const char *text;
	size_t len;
	struct buf out;           /* all lines */
	struct cef_event *traced; /* what the trace said of the event */
	size_t n;
};

static int
load(void *ctx, const char *name, const char *from, struct buf *text,
    struct buf *path, struct err *e)
{
	const struct run *r = ctx;

	(void)from;
	if (strcmp(name, "f.map") == 0)
		buf_add(text, r->text, r->len);
	else if (strcmp(name, "base.map") == 0)
		buf_adds(text, base_map);
	else
		return err_set(e, ERR_NOINPUT, "no map of that name");
	buf_adds(path, name);
	return 0;
}

static void
check_faults(struct faults *faults, const struct map *m)
{
	assert((m == NULL) == (faults_count(faults, FAULT_ERROR) > 0));
	faults_sort(faults);
	for (size_t i = 0; i < faults_len(faults); i++) {
		const struct fault *f = faults_get(faults, i);

		assert(f->file != NULL && f->message[0] != '\0');
		assert(utf8_valid(f->message, strlen(f->message)));
		assert(strchr(f->message, '\n') == NULL);
		if (f->text != NULL) {
			assert(f->line > 0);
			assert(
			    f->col <= utf8_count(f->text, strlen(f->text)) + 1);
		}
	}
}

static void
emit(void *ctx, const struct map_event *ev)
{
	const struct cef_line_options o = { CEF_VERSION_1, SIZE_MAX / 4 };
	struct run *r = ctx;
	struct buf line;
	size_t left_out = 0;

	buf_init(&line, SIZE_MAX / 4);
	cef_event_write(ev->cef, &o, &line, &left_out);
	assert(utf8_valid(ev->key, strlen(ev->key)));
	if (left_out == 0)
		reader_expect(line.p, line.len, ev->cef, '1');
	if (r->traced != NULL)
		assert(cef_event_hash(r->traced) == cef_event_hash(ev->cef));
	buf_add(&r->out, line.p, line.len);
	buf_addc(&r->out, '\n');
	r->n++;
	buf_fini(&line);
}

static void
trace_event(void *ctx, const char *name, const char *key, bool is_unmatched)
{
	struct run *r = ctx;

	(void)is_unmatched;
	assert(name != NULL && key != NULL);
	cef_event_reset(r->traced);
}

static void
trace_field(void *ctx, const struct map_trace_field *f)
{
	struct run *r = ctx;

	assert((f->value == NULL || f->fit != CEF_FIT_OK) == (f->why != NULL));
	assert(f->expr != NULL && f->file != NULL && f->line > 0);
	for (size_t i = 0; i < f->n_paths; i++)
		assert(f->paths[i][0] == '$');
	if (f->value != NULL) {
		cef_event_set(
		    r->traced, f->key, f->value, f->value_len, f->is_volatile);
	}
}

static void
run_map(struct run *r, const struct map *m)
{
	const struct map_trace trace = { r, trace_event, trace_field };
	struct json_object *json = json_tokener_parse(record);
	struct map_run *mr = map_run_new(m);
	struct buf first;
	size_t n;

	assert(json != NULL);
	buf_init(&first, SIZE_MAX / 4);
	n = map_translate(mr, json, emit, r, NULL);
	assert(n == r->n);
	buf_add(&first, r->out.p, r->out.len);
	buf_reset(&r->out);
	r->n = 0;
	r->traced = cef_event_new();
	assert(map_translate(mr, json, emit, r, &trace) == n);
	assert(r->out.len == first.len);
	assert(memcmp(r->out.p, first.p, first.len) == 0);
	cef_event_free(r->traced);
	buf_fini(&first);
	map_run_free(mr);
	json_object_put(json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run r = { .text = (const char *)data, .len = size };
	struct faults *faults = faults_new();
	struct map *m = map_compile("f.map", load, &r, faults);

	check_faults(faults, m);
	buf_init(&r.out, SIZE_MAX / 4);
	if (m != NULL)
		run_map(&r, m);
	map_free(m);
	faults_free(faults);
	buf_fini(&r.out);
	return 0;
}
