/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/obj.h"
#include "base/utf8.h"
#include "cef/cef.h"

#include "reader.h"

/* Letters and digits, and the "_" of ArcSight's own "_cefVer". */
static bool
is_key_byte(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/* Undo the escapes of len bytes; escapes lists "from", "to" pairs. */
static struct reader_text
unescape(const char *p, size_t len, const char *escapes)
{
	struct reader_text t = { .p = xcalloc(len + 1, 1) };

	for (size_t i = 0; i < len; i++) {
		const char *e = escapes;

		if (p[i] != '\\') {
			t.p[t.len++] = p[i];
			continue;
		}
		assert(++i < len);
		while (*e != '\0' && *e != p[i])
			e += 2;
		assert(*e != '\0'); /* no such escape */
		t.p[t.len++] = e[1];
	}
	return t;
}

/* The first c at or behind from that no backslash stands before; len if there
   is none. */
static size_t
find_bare(const char *p, size_t len, size_t from, char c)
{
	for (size_t i = from; i < len; i++) {
		if (p[i] == '\\')
			i++;
		else if (p[i] == c)
			return i;
	}
	return len;
}

static size_t
read_header(struct reader *r, const char *line, size_t len)
{
	size_t at = 4;

	assert(len > 4 && memcmp(line, "CEF:", 4) == 0);
	for (size_t h = 0; h < READER_HEADERS; h++) {
		size_t end = find_bare(line, len, at, '|');

		assert(end < len);
		r->header[h] = unescape(line + at, end - at, "\\\\||");
		assert(r->header[h].len > 0);
		at = end + 1;
	}
	return at;
}

void
reader_read(struct reader *r, const char *line, size_t len)
{
	size_t at;

	memset(r, 0, sizeof(*r));
	assert(utf8_valid(line, len));
	for (size_t i = 0; i < len; i++)
		assert((unsigned char)line[i] >= ' ' && line[i] != 0x7f);
	at = read_header(r, line, len);
	while (at < len) {
		size_t eq = find_bare(line, len, at, '='), next, end;

		assert(line[at] == ' ' && eq < len && eq > at + 1);
		assert(r->n < READER_PAIRS);
		for (size_t i = at + 1; i < eq; i++)
			assert(is_key_byte(line[i]));
		/* The value ends before the blank of the next key. */
		next = find_bare(line, len, eq + 1, '=');
		end = next;
		if (next < len) {
			while (is_key_byte(line[end - 1]))
				end--;
			assert(line[end - 1] == ' ' && end < next);
			end--;
		}
		assert(end > eq + 1); /* no value is empty */
		r->key[r->n] = unescape(line + at + 1, eq - at - 1, "");
		assert(reader_find(r, r->key[r->n].p) == NULL);
		r->value[r->n] =
		    unescape(line + eq + 1, end - eq - 1, "\\\\==n\n");
		r->n++;
		at = end;
	}
}

void
reader_free(struct reader *r)
{
	for (size_t i = 0; i < READER_HEADERS; i++)
		free(r->header[i].p);
	for (size_t i = 0; i < r->n; i++) {
		free(r->key[i].p);
		free(r->value[i].p);
	}
}

const struct reader_text *
reader_find(const struct reader *r, const char *key)
{
	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->key[i].p, key) == 0)
			return &r->value[i];
	}
	return NULL;
}

static void
expect_header(const struct reader *r, const struct cef_event *ev, char version)
{
	assert(r->header[0].len == 1 && r->header[0].p[0] == version);
	for (size_t h = 0; h < CEF_H_COUNT; h++) {
		const char *want = cef_event_header(ev, (enum cef_header)h);

		if (want[0] == '\0')
			want = h == CEF_H_SEVERITY ? "Unknown" : "unknown";
		assert(r->header[h + 1].len == strlen(want));
		assert(strcmp(r->header[h + 1].p, want) == 0);
	}
}

void
reader_expect(
    const char *line, size_t len, const struct cef_event *ev, char version)
{
	struct reader r;
	size_t n = 0;

	reader_read(&r, line, len);
	expect_header(&r, ev, version);
	for (size_t i = 0; i < cef_event_count(ev); i++) {
		const char *value;
		size_t value_len;
		const struct cef_key *key =
		    cef_event_at(ev, i, &value, &value_len);

		if (key->is_v1 && version == '0')
			continue;
		assert(n < r.n && strcmp(r.key[n].p, key->key) == 0);
		assert(r.value[n].len == value_len);
		assert(memcmp(r.value[n].p, value, value_len) == 0);
		n++;
	}
	assert(n == r.n);
	reader_free(&r);
}
