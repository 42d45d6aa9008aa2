/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "base/obj.h"
#include "base/utf8.h"
#include "cef/cef_priv.h"

/* What of an event goes into one line: pairs before "end", and of those
   behind it only the protected ones. */
struct plan {
	const struct cef_event *ev;
	enum cef_version version;
	size_t end;
	bool keeps_id, keeps_time;
	const char *header[CEF_H_COUNT];
	size_t header_len[CEF_H_COUNT]; /* bytes of it that are written */
	size_t pairs_bytes;             /* of what is taken */
	size_t left_out;
};

/* Write s with a backslash before each byte of special; LF as "\n". */
static void
escape(struct buf *out, const char *s, size_t len, const char *special)
{
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		char pair[2] = { '\\', s[i] };

		if (s[i] != special[0] && s[i] != special[1] && s[i] != '\n')
			continue;
		if (s[i] == '\n')
			pair[1] = 'n';
		buf_add(out, s + from, i - from);
		buf_add(out, pair, 2);
		from = i + 1;
	}
	buf_add(out, s + from, len - from);
}

/* The pair that the label at i belongs to, or i itself. */
static size_t
owner(const struct cef_event *ev, size_t i)
{
	const char *label_of = ev->pairs[i].key->label_of;

	for (size_t k = 0; label_of != NULL && k < ev->n; k++) {
		if (strcmp(ev->pairs[k].key->key, label_of) == 0)
			return k;
	}
	return i;
}

static bool
is_protected(const struct plan *p, size_t i)
{
	const char *key = p->ev->pairs[i].key->key;

	return (p->keeps_id && strcmp(key, "externalId") == 0) ||
	    (p->keeps_time && strcmp(key, "rt") == 0);
}

/* Whether this version of CEF knows the pair's key. */
static bool
is_known(const struct plan *p, size_t i)
{
	return p->version != CEF_VERSION_0 || !p->ev->pairs[i].key->is_v1;
}

static bool
is_taken(const struct plan *p, size_t i)
{
	if (!is_known(p, i))
		return false;
	/* Most lines are whole: no owner to look for. */
	return p->end == p->ev->n || is_protected(p, i) ||
	    owner(p->ev, i) < p->end;
}

static size_t
pair_bytes(const struct plan *p, size_t i)
{
	const struct cef_slot *s = &p->ev->pairs[i];

	return strlen(" =") + strlen(s->key->key) + s->len + s->n_escapes;
}

static size_t
header_escapes(const struct plan *p, enum cef_header h)
{
	size_t n = 0;

	if (p->ev->header[h].n_escapes == 0)
		return 0;
	for (size_t i = 0; i < p->header_len[h]; i++)
		n += p->header[h][i] == '\\' || p->header[h][i] == '|';
	return n;
}

static size_t
header_bytes(const struct plan *p)
{
	size_t bytes = strlen("CEF:0|");

	for (size_t h = 0; h < CEF_H_COUNT; h++) {
		bytes += p->header_len[h] +
		    header_escapes(p, (enum cef_header)h) + strlen("|");
	}
	return bytes;
}

/* The bytes of a pair and of the label that goes with it. */
static size_t
unit_bytes(const struct plan *p, size_t i)
{
	size_t bytes = pair_bytes(p, i);

	for (size_t k = 0; k < p->ev->n; k++) {
		if (k != i && owner(p->ev, k) == i)
			bytes += pair_bytes(p, k);
	}
	return bytes;
}

/* Leave out the pairs that are protected now and were not to be. */
static void
drop_protected(struct plan *p, bool *keeps, const char *key)
{
	*keeps = false;
	for (size_t i = 0; i < p->ev->n; i++) {
		if (strcmp(p->ev->pairs[i].key->key, key) != 0)
			continue;
		p->pairs_bytes -= pair_bytes(p, i);
		p->left_out++;
	}
}

/* Leave pairs out from the end, the protected ones last. */
static void
drop_pairs(struct plan *p, size_t room)
{
	while (p->pairs_bytes > room && p->end > 0) {
		size_t i = --p->end;

		/* A label goes with its owner. */
		if (!is_known(p, i) || is_protected(p, i) ||
		    owner(p->ev, i) != i)
			continue;
		p->pairs_bytes -= unit_bytes(p, i);
		p->left_out++;
	}
	if (p->pairs_bytes > room)
		drop_protected(p, &p->keeps_id, "externalId");
	if (p->pairs_bytes > room)
		drop_protected(p, &p->keeps_time, "rt");
}

/* Cut a header field by "over" bytes, but keep a character of it. */
static void
cut_header(struct plan *p, enum cef_header h, size_t over)
{
	const char *s = p->header[h];
	size_t len = p->header_len[h];
	size_t n = len > over ? len - over : 1;

	/* Back to the start of a character, then off the blanks. */
	while (n > 1 && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	if (((unsigned char)s[n] & 0xc0) == 0x80)
		n = utf8_prefix(s, len, 1);
	while (n > 1 && (s[n - 1] == ' ' || s[n - 1] == '\\'))
		n--;
	if (n < len)
		p->left_out++;
	if (n < len && s[n - 1] == '\\')
		p->header[h] = "?"; /* it was nothing but backslashes */
	p->header_len[h] = n;
}

/* Decide what goes into max_bytes. */
static void
plan_line(struct plan *p, size_t max_bytes)
{
	/* The long one first; what rules rest on last.  Severity is short. */
	static const enum cef_header order[] = { CEF_H_NAME, CEF_H_CLASS_ID,
		CEF_H_VERSION, CEF_H_PRODUCT, CEF_H_VENDOR };
	size_t bytes = header_bytes(p);

	for (size_t i = 0; i < p->ev->n; i++)
		p->pairs_bytes += is_taken(p, i) ? pair_bytes(p, i) : 0;
	if (p->pairs_bytes > max_bytes || bytes > max_bytes - p->pairs_bytes)
		drop_pairs(p, bytes < max_bytes ? max_bytes - bytes : 0);
	for (size_t i = 0; i < NELEM(order) && bytes > max_bytes; i++) {
		cut_header(p, order[i], bytes - max_bytes);
		bytes = header_bytes(p);
	}
}

void
cef_event_write(const struct cef_event *ev, const struct cef_line_options *opts,
    struct buf *out, size_t *left_out)
{
	struct plan p = {
		.ev = ev,
		.version = opts->version,
		.end = ev->n,
		.keeps_id = true,
		.keeps_time = true,
		.left_out = ev->n_refused,
	};

	OBJ_CHECK(ev, CEF_EVENT_MAGIC);
	for (size_t h = 0; h < CEF_H_COUNT; h++) {
		p.header[h] =
		    cef__header_text(ev, (enum cef_header)h, &p.header_len[h]);
	}
	plan_line(&p, opts->max_bytes == 0 ? CEF_LINE_MAX : opts->max_bytes);
	buf_adds(out, opts->version == CEF_VERSION_1 ? "CEF:1|" : "CEF:0|");
	for (size_t h = 0; h < CEF_H_COUNT; h++) {
		escape(out, p.header[h], p.header_len[h], "\\|");
		buf_addc(out, '|');
	}
	for (size_t i = 0; i < ev->n; i++) {
		const struct cef_slot *s = &ev->pairs[i];

		if (!is_taken(&p, i))
			continue;
		/* Behind the seventh pipe too, as ArcSight writes it. */
		buf_addc(out, ' ');
		buf_adds(out, s->key->key);
		buf_addc(out, '=');
		if (s->n_escapes == 0)
			buf_add(out, ev->text.p + s->off, s->len);
		else
			escape(out, ev->text.p + s->off, s->len, "\\=");
	}
	if (left_out != NULL)
		*left_out = p.left_out;
}
