/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/obj.h"
#include "cef/cef_priv.h"

struct cef_event *
cef_event_new(void)
{
	struct cef_event *ev = xcalloc(1, sizeof(*ev));

	ev->magic = CEF_EVENT_MAGIC;
	buf_init(&ev->text, CEF_EVENT_MAX);
	return ev;
}

void
cef_event_free(struct cef_event *ev)
{
	if (ev == NULL)
		return;
	OBJ_CHECK(ev, CEF_EVENT_MAGIC);
	buf_fini(&ev->text);
	free(ev->pairs);
	ev->magic = 0;
	free(ev);
}

void
cef_event_reset(struct cef_event *ev)
{
	OBJ_CHECK(ev, CEF_EVENT_MAGIC);
	memset(ev->header, 0, sizeof(ev->header));
	memset(ev->seen, 0, sizeof(ev->seen));
	ev->n = 0;
	ev->n_refused = 0;
	buf_reset(&ev->text);
}

/* Note that key is among the pairs; false: it cannot have been there yet, so
   that most need not be searched for. */
static bool
note(struct cef_event *ev, const struct cef_key *key)
{
	/* Fibonacci hashing: keys lie in rows of one size. */
	uint64_t h =
	    (uint64_t)(uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15) >> 56;
	uint64_t bit = UINT64_C(1) << (h & 63);
	bool was_noted = (ev->seen[h >> 6] & bit) != 0;

	ev->seen[h >> 6] |= bit;
	return was_noted;
}

/* The slot of a key, or NULL. */
static struct cef_slot *
find(struct cef_event *ev, const struct cef_key *key)
{
	if (key->is_header) {
		size_t h = 0;

		/* It is in the dictionary, or cef_header_key() asserts. */
		while (key != cef_header_key((enum cef_header)h))
			h++;
		return &ev->header[h];
	}
	if (!note(ev, key))
		return NULL;
	for (size_t i = 0; i < ev->n; i++) {
		if (ev->pairs[i].key == key)
			return &ev->pairs[i];
	}
	return NULL;
}

static size_t
count_escapes(const struct cef_key *key, const char *value, size_t len)
{
	/* Bit 0: escaped in a header; bit 1: in an extension. */
	static const unsigned int special[256] = {
		['\\'] = 3, ['|'] = 1, ['='] = 2, ['\n'] = 2
	};
	unsigned int shift = key->is_header ? 0 : 1;
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += (special[(unsigned char)value[i]] >> shift) & 1U;
	return n;
}

static void
unset(struct cef_event *ev, struct cef_slot *slot)
{
	size_t i;

	if (slot->key == NULL || slot->key->is_header) {
		*slot = (struct cef_slot){ .key = NULL };
		return;
	}
	i = (size_t)(slot - ev->pairs);
	memmove(slot, slot + 1, (ev->n - i - 1) * sizeof(*slot));
	ev->n--;
}

void
cef_event_set(struct cef_event *ev, const struct cef_key *key,
    const char *value, size_t len, bool is_volatile)
{
	struct cef_slot *slot;
	size_t off;

	OBJ_CHECK(ev, CEF_EVENT_MAGIC);
	slot = find(ev, key);
	if (len == 0) {
		if (slot != NULL)
			unset(ev, slot);
		return;
	}
	if (len >= ev->text.max - ev->text.len) {
		ev->n_refused++;
		return;
	}
	off = ev->text.len;
	buf_add(&ev->text, value, len);
	buf_addc(&ev->text, '\0');
	if (!buf_ok(&ev->text)) {
		buf_cut(&ev->text, off);
		ev->text.nomem = false;
		ev->n_refused++;
		return;
	}
	if (slot == NULL) {
		ev->pairs =
		    array_grow(ev->pairs, ev->n, &ev->cap, sizeof(*ev->pairs));
		slot = &ev->pairs[ev->n++];
	}
	*slot = (struct cef_slot){
		.key = key,
		.off = off,
		.len = len,
		.n_escapes = count_escapes(key, value, len),
		.is_volatile = is_volatile,
	};
}

size_t
cef_event_count(const struct cef_event *ev)
{
	return ev->n;
}

const struct cef_key *
cef_event_at(
    const struct cef_event *ev, size_t i, const char **value, size_t *len)
{
	assert(i < ev->n);
	*value = ev->text.p + ev->pairs[i].off;
	*len = ev->pairs[i].len;
	return ev->pairs[i].key;
}

const char *
cef_event_header(const struct cef_event *ev, enum cef_header h)
{
	assert(h < CEF_H_COUNT);
	return ev->header[h].key == NULL ? "" : ev->text.p + ev->header[h].off;
}

const char *
cef__header_text(const struct cef_event *ev, enum cef_header h, size_t *len)
{
	const char *s;

	if (ev->header[h].key != NULL) {
		*len = ev->header[h].len;
		return ev->text.p + ev->header[h].off;
	}
	s = h == CEF_H_SEVERITY ? "Unknown" : "unknown";
	*len = strlen(s);
	return s;
}

int
cef_event_severity(const struct cef_event *ev)
{
	static const struct {
		const char *word;
		int number;
	} words[] = { { "Low", 3 }, { "Medium", 6 }, { "High", 8 },
		{ "Very-High", 10 } };
	const char *s = cef_event_header(ev, CEF_H_SEVERITY);
	uint64_t v;

	if (num_u64(s, strlen(s), 0, 10, &v, NULL) == 0)
		return (int)v;
	for (size_t i = 0; i < NELEM(words); i++) {
		if (strcmp(s, words[i].word) == 0)
			return words[i].number;
	}
	return 5;
}

/* FNV-1a, 64 bits, over one string and its end. */
static uint64_t
fnv(uint64_t h, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * UINT64_C(0x100000001b3);
	/* No value holds this byte: it is not UTF-8. */
	return (h ^ 0xff) * UINT64_C(0x100000001b3);
}

/* The last step of MurmurHash3: every bit of h reaches all of them. */
static uint64_t
mix(uint64_t h)
{
	h = (h ^ (h >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ (h >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ (h >> 33);
}

/* Pairs may stand in any order: their hashes are added up. */
uint64_t
cef_event_hash(const struct cef_event *ev)
{
	static const uint64_t basis = UINT64_C(0xcbf29ce484222325);
	uint64_t h = basis;
	size_t len;

	OBJ_CHECK(ev, CEF_EVENT_MAGIC);
	for (size_t i = 0; i < CEF_H_COUNT; i++) {
		const char *s = cef__header_text(ev, (enum cef_header)i, &len);

		h = fnv(h, ev->header[i].is_volatile ? "" : s,
		    ev->header[i].is_volatile ? 0 : len);
	}
	h = mix(h);
	for (size_t i = 0; i < ev->n; i++) {
		const struct cef_slot *p = &ev->pairs[i];
		uint64_t one;

		if (p->is_volatile)
			continue;
		one = fnv(basis, p->key->key, strlen(p->key->key));
		h += mix(fnv(one, ev->text.p + p->off, p->len));
	}
	return h;
}
