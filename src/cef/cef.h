/*
 * cef.h - the CEF dictionary, typed values, and events to bytes
 *
 * Pure: no I/O, no clock, no globals.  Rules: CEF Implementation Standard
 * v27, and what real readers accept.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CEF_CEF_H
#define CEFWD_CEF_CEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum cef_type {
	CEF_STRING,
	CEF_INTEGER, /* 32-bit signed */
	CEF_LONG,    /* 64-bit signed */
	CEF_FLOAT,
	CEF_TIME, /* epoch milliseconds */
	CEF_IPV4,
	CEF_IPV6,
	CEF_IP, /* either */
	CEF_MAC,
};

/* What happens to a value that is too long: dictionary column "overflow". */
enum cef_overflow {
	CEF_OVERFLOW_CUT,  /* free text: cut at a character boundary */
	CEF_OVERFLOW_DROP, /* identifiers, URLs, hashes: left out */
};

enum cef_direction {
	CEF_PRODUCER,
	CEF_CONSUMER, /* written by ArcSight itself: a map is warned */
	CEF_BOTH,
};

enum cef_version {
	CEF_VERSION_0 = 0,
	CEF_VERSION_1 = 1, /* 17 keys more */
};

/* A row of the dictionary, or a header field (is_header; key is then the
   full name, such as deviceVendor, name, severity). */
struct cef_key {
	const char *key;       /* short key as written: "shost" */
	const char *full_name; /* "sourceHostName" */
	enum cef_type type;
	unsigned int max_chars; /* of the unescaped value; 0: no limit */
	enum cef_direction direction;
	enum cef_overflow overflow;
	bool is_header;
	bool is_v1;           /* only with CEF:1 */
	bool is_label;        /* cs1Label and its like */
	const char *label_of; /* "cs1" for cs1Label, else NULL */
	const char *label;    /* "cs1Label" for cs1, else NULL */
	const char *meaning;  /* one sentence */
};

/* The seven header fields in their order (Version is the writer's). */
enum cef_header {
	CEF_H_VENDOR,
	CEF_H_PRODUCT,
	CEF_H_VERSION,
	CEF_H_CLASS_ID,
	CEF_H_NAME,
	CEF_H_SEVERITY,
	CEF_H_COUNT,
};

/* Find by short key or full name, any case; NULL if there is none. */
const struct cef_key *cef_key_find(const char *name);

/* The nearest short key or full name to a misspelt one, or NULL. */
const char *cef_key_near(const char *name);

const struct cef_key *cef_header_key(enum cef_header h);
size_t cef_key_count(void);
const struct cef_key *cef_key_at(size_t i);

/*
 * cef_custom_key_new(name): a key of the user's own (String, no limit, CUT),
 * or NULL where the name is no CEF key ([A-Za-z0-9]+), or is a dictionary or
 * header name.  free() it; it owns its name.
 */
struct cef_key *cef_custom_key_new(const char *name);

/* How a value fitted its field. */
enum cef_fit {
	CEF_FIT_OK,
	CEF_FIT_CUT,          /* shortened to max_chars */
	CEF_FIT_EMPTY,        /* nothing left after trimming: field left out */
	CEF_FIT_DROPPED_LONG, /* too long, overflow = drop */
	CEF_FIT_DROPPED_TYPE, /* not of the field's type */
};
const char *cef_fit_word(enum cef_fit fit); /* "ok" "cut" ... */

/*
 * cef_value(key, in, len, out): normalise the text of a value for its field:
 * invalid UTF-8 to U+FFFD, CR, CRLF and Unicode's line ends to LF (in a
 * header: newlines to a blank), other controls to a blank, outer blanks and
 * newlines trimmed, in a header backslashes at the end too; then the type:
 * IPv4 dotted quad, also from an IPv4-mapped IPv6 address, IPv6 by RFC 5952
 * without zone, MAC as AA:BB:CC:DD:EE:FF, integers in their range without
 * leading zeros, floats without exponent, times as epoch ms from 1970 to 9999,
 * severity as cef_severity(); then the length.
 *
 * out is replaced by the value as a conforming reader would read it back
 * (unescaped); in must not lie in it.  Where out is full, free text is cut and
 * anything else dropped.
 */
enum cef_fit cef_value(
    const struct cef_key *key, const char *in, size_t len, struct buf *out);

/* Severity word or number to 0..10 or a word of CEF ("Unknown", "Low",
   "Medium", "High", "Very-High"); "Unknown" for anything else. */
const char *cef_severity(const char *in, size_t len);

/* One event: header fields and ordered extension pairs, made for reuse. */
struct cef_event;

struct cef_event *cef_event_new(void);
void cef_event_free(struct cef_event *ev);
void cef_event_reset(struct cef_event *ev);

/*
 * cef_event_set(ev, key, value, len, is_volatile): add a pair or set a header
 * field from an already normalised value (copied).  is_volatile: the map's
 * "!", kept out of cef_event_hash().  A key that is set already is replaced in
 * place; an empty value is no pair and removes it.  Keys are told apart by
 * their address, which must last until the event is reset.
 */
void cef_event_set(struct cef_event *ev, const struct cef_key *key,
    const char *value, size_t len, bool is_volatile);

/* Reading back, in order; values are normalised, not escaped, and hold until
   the next set or reset.  A header field that is not set is "". */
size_t cef_event_count(const struct cef_event *ev);
const struct cef_key *cef_event_at(
    const struct cef_event *ev, size_t i, const char **value, size_t *len);
const char *cef_event_header(const struct cef_event *ev, enum cef_header h);

/* 0..10: the severity as a number (words: Low 3, Medium 6, High 8,
   Very-High 10, Unknown 5 - for the syslog PRI). */
int cef_event_severity(const struct cef_event *ev);

struct cef_line_options {
	enum cef_version version;
	size_t max_bytes; /* of the line, without LF; 0: CEF_LINE_MAX */
};

/*
 * cef_event_write(ev, opts, out, left_out): append the line "CEF:0|...| k=v
 * k=v" to out: escapes, a blank after the seventh pipe, one between pairs, no
 * newline.  Empty header fields are written "unknown", severity "Unknown".
 * Pairs that do not fit max_bytes are left out whole from the end (with their
 * label), externalId and rt last; then header fields are cut, name first, down
 * to a character each.  *left_out (may be NULL) counts what is missing, a pair
 * and its label as one.  Keys of CEF 1.2 are left out, uncounted, unless
 * version is CEF_VERSION_1.
 */
void cef_event_write(const struct cef_event *ev,
    const struct cef_line_options *opts, struct buf *out, size_t *left_out);

/* A 64-bit hash of header and pairs without the volatile ones: equal for two
   events that a reader could not tell apart, whatever the order of their
   pairs.  It is kept on disk: it never changes between versions. */
uint64_t cef_event_hash(const struct cef_event *ev);

#endif /* CEFWD_CEF_CEF_H */
