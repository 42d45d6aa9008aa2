/*
 * cef.c - any values in any fields, encoded and read back
 *
 * What must hold: a value that fits is clean text of its field and stays as it
 * is when it is normalised again; a line gives back every pair and header
 * field; with max_bytes it is no longer, and what it holds is whole.
 *
 * Input: a byte for the version and the limit, then fields: a byte that
 * chooses the key, a byte for the length, the value.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/obj.h"
#include "base/utf8.h"
#include "cef/cef.h"

#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VALUES_MAX ((size_t)8 << 20)
#define FIELDS_MAX 64U /* an input must not take long */

static void
check_value(const struct cef_key *key, const struct buf *v)
{
	size_t len = v->len;

	assert(len > 0 && utf8_valid(v->p, len));
	for (size_t i = 0; i < len; i++) {
		assert((unsigned char)v->p[i] >= ' ' ||
		    (v->p[i] == '\n' && !key->is_header));
		assert(v->p[i] != 0x7f);
	}
	assert(v->p[0] != ' ' && v->p[0] != '\n');
	assert(v->p[len - 1] != ' ' && v->p[len - 1] != '\n');
	assert(!key->is_header || v->p[len - 1] != '\\');
	if (key->type == CEF_STRING && key->max_chars != 0)
		assert(utf8_count(v->p, len) <= key->max_chars);
}

/* A value into the event, and a copy of it into again. */
static void
set(struct cef_event *ev, const struct cef_key *key, const char *p, size_t len)
{
	struct buf v, again;
	enum cef_fit fit;

	buf_init(&v, VALUES_MAX);
	buf_init(&again, VALUES_MAX);
	fit = cef_value(key, p, len, &v);
	if (fit == CEF_FIT_OK || fit == CEF_FIT_CUT) {
		check_value(key, &v);
		assert(cef_value(key, v.p, v.len, &again) == CEF_FIT_OK);
		assert(again.len == v.len);
		assert(memcmp(again.p, v.p, v.len) == 0);
		cef_event_set(ev, key, v.p, v.len, false);
	} else {
		assert(v.len == 0);
	}
	buf_fini(&v);
	buf_fini(&again);
}

/* Repeated up to the length that the two bytes ask for, so that limits of
   fields are passed by short inputs. */
static size_t
take_field(struct cef_event *ev, const uint8_t *p, size_t size)
{
	const struct cef_key *key = cef_key_at(p[0] % cef_key_count());
	static const size_t times[] = { 1, 4, 30, 100 };
	size_t len = p[1] % 64U;
	struct buf b;

	if (len > size - 2)
		len = size - 2;
	buf_init(&b, VALUES_MAX);
	for (size_t i = 0; i < times[p[1] / 64U]; i++)
		buf_add(&b, p + 2, len);
	set(ev, key, b.p, b.len);
	buf_fini(&b);
	return 2 + len;
}

/* The same pairs from the last to the first. */
static void
check_hash(const struct cef_event *ev)
{
	struct cef_event *back = cef_event_new();
	const char *value;
	size_t len;

	for (size_t h = 0; h < CEF_H_COUNT; h++) {
		value = cef_event_header(ev, (enum cef_header)h);
		cef_event_set(back, cef_header_key((enum cef_header)h), value,
		    strlen(value), false);
	}
	for (size_t i = cef_event_count(ev); i > 0; i--) {
		const struct cef_key *key =
		    cef_event_at(ev, i - 1, &value, &len);

		cef_event_set(back, key, value, len, false);
	}
	assert(cef_event_hash(back) == cef_event_hash(ev));
	cef_event_free(back);
}

static bool
is_in_event(const struct cef_event *ev, const char *key)
{
	const char *value;
	size_t len;

	for (size_t i = 0; i < cef_event_count(ev); i++) {
		if (strcmp(cef_event_at(ev, i, &value, &len)->key, key) == 0)
			return true;
	}
	return false;
}

/* A label goes with its field. */
static void
check_labels(const struct reader *r, const struct cef_event *ev)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct cef_key *key = cef_key_find(r->key[i].p);
		const char *mate = key->is_label ? key->label_of : key->label;

		if (mate != NULL && is_in_event(ev, mate))
			assert(reader_find(r, mate) != NULL);
	}
}

static void
check_limited(const struct cef_event *ev, enum cef_version version, size_t max)
{
	const struct cef_line_options o = { version, max };
	struct buf line;
	struct reader r;
	size_t left_out = 0, n = 0;

	buf_init(&line, CEF_LINE_MAX);
	cef_event_write(ev, &o, &line, &left_out);
	reader_read(&r, line.p, line.len);
	assert(line.len <= max || r.n == 0);
	for (size_t i = 0; i < cef_event_count(ev); i++) {
		const char *value;
		size_t len;
		const struct cef_key *key = cef_event_at(ev, i, &value, &len);

		if (n == r.n || strcmp(r.key[n].p, key->key) != 0) {
			assert(left_out > 0 || key->is_v1);
			continue;
		}
		assert(r.value[n].len == len);
		assert(memcmp(r.value[n].p, value, len) == 0);
		n++;
	}
	assert(n == r.n);
	check_labels(&r, ev);
	reader_free(&r);
	buf_fini(&line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cef_line_options o = { .version = CEF_VERSION_0 };
	struct cef_event *ev = cef_event_new();
	struct buf line;
	size_t left_out = 0, at = 1;

	if (size > 0 && (data[0] & 1) != 0)
		o.version = CEF_VERSION_1;
	for (size_t n = 0; at + 2 <= size && n < FIELDS_MAX; n++)
		at += take_field(ev, data + at, size - at);
	buf_init(&line, VALUES_MAX);
	o.max_bytes = VALUES_MAX;
	cef_event_write(ev, &o, &line, &left_out);
	assert(left_out == 0 && buf_ok(&line));
	reader_expect(
	    line.p, line.len, ev, o.version == CEF_VERSION_0 ? '0' : '1');
	check_hash(ev);
	if (size > 0)
		check_limited(ev, o.version, 8 * (size_t)data[0] + 1);
	if (line.len < CEF_LINE_MAX) {
		check_limited(ev, o.version, line.len - 1);
		check_limited(ev, o.version, line.len);
	}
	buf_fini(&line);
	cef_event_free(ev);
	return 0;
}
