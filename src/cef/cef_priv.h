/*
 * cef_priv.h - shared inside the room only
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CEF_CEF_PRIV_H
#define CEFWD_CEF_CEF_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "cef/cef.h"

/* Values of one event together; a map's fields are a few KiB. */
#define CEF_EVENT_MAX (16U << 20) /* bytes */

/*
 * cef__text(in, len, one_line, out): append in to out as valid UTF-8 without
 * control characters, outer blanks and newlines removed.  Newlines of any
 * kind become LF, with one_line a blank.
 */
void cef__text(const char *in, size_t len, bool one_line, struct buf *out);

/* Remove blanks and newlines, and with also_backslash those too, from the end
   of out, down to from. */
void cef__trim_end(struct buf *out, size_t from, bool also_backslash);

/*
 * cef__typed(type, out): rewrite the trimmed text in out into the one form of
 * its type.  false: it is not of that type.  type is not CEF_STRING.
 */
bool cef__typed(enum cef_type type, struct buf *out);

/* The address types: text of any common notation to the one that is written.
   s is NUL-terminated. */
bool cef__ip(enum cef_type type, const char *s, struct buf *out);
bool cef__mac(const char *s, struct buf *out);

/* An event, as event.c fills and write.c reads it.  Values stand in text, each
   followed by a NUL. */
struct cef_slot {
	const struct cef_key *key; /* NULL: a header field that is not set */
	size_t off, len;           /* of the value */
	size_t n_escapes;          /* bytes that escaping adds */
	bool is_volatile;
};

struct cef_event {
	unsigned int magic;
	struct cef_slot header[CEF_H_COUNT];
	struct cef_slot *pairs;
	size_t n, cap;
	uint64_t seen[4]; /* a bit a key that is among the pairs, or was */
	size_t n_refused; /* did not fit CEF_EVENT_MAX */
	struct buf text;
};

#define CEF_EVENT_MAGIC 0xce4e7e01U

/* The text of a header field as it is written: never empty. */
const char *
cef__header_text(const struct cef_event *ev, enum cef_header h, size_t *len);

#endif /* CEFWD_CEF_CEF_PRIV_H */
