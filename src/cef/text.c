/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/utf8.h"
#include "cef/cef_priv.h"

/* What a character becomes. */
enum fate {
	FATE_KEEP,
	FATE_BLANK,
	FATE_NEWLINE,
	FATE_REPLACE, /* U+FFFD */
};

static enum fate
fate_of(unsigned long cp, bool one_line)
{
	if (cp == UTF8_BAD)
		return FATE_REPLACE;
	/* Unicode 15, 5.8: NEL, LINE and PARAGRAPH SEPARATOR end a line too,
	   and some readers split there. */
	if (cp == '\n' || cp == '\r' || cp == 0x85 || cp == 0x2028 ||
	    cp == 0x2029)
		return one_line ? FATE_BLANK : FATE_NEWLINE;
	if (cp <= 0x20 || (cp >= 0x7f && cp < 0xa0))
		return FATE_BLANK;
	return FATE_KEEP;
}

/* How many bytes at p are printable ASCII from "first" on. */
static size_t
plain_run(const char *p, size_t len, char first)
{
	size_t i = 0;

	while (i < len && p[i] >= first && p[i] < 0x7f)
		i++;
	return i;
}

/* Write the character in the n bytes at p, unless it is a blank that would be
   the first of the text. */
static void
add_fate(struct buf *out, enum fate fate, const char *p, size_t n, size_t from)
{
	switch (fate) {
	case FATE_REPLACE:
		buf_add_utf8(out, 0xfffd);
		break;
	case FATE_KEEP:
		buf_add(out, p, n);
		break;
	case FATE_BLANK:
	case FATE_NEWLINE:
		if (out->len != from)
			buf_addc(out, fate == FATE_BLANK ? ' ' : '\n');
		break;
	}
}

/* As much of a run as there is room for; the rest marks the buffer full. */
static void
add_run(struct buf *out, const char *p, size_t n)
{
	size_t room = out->max - out->len;
	size_t first = n < room ? n : room;

	buf_add(out, p, first);
	buf_add(out, p + first, n - first);
}

void
cef__text(const char *in, size_t len, bool one_line, struct buf *out)
{
	size_t from = out->len;

	for (size_t i = 0; i < len && buf_ok(out);) {
		size_t n =
		    plain_run(in + i, len - i, out->len == from ? '!' : ' ');
		unsigned long cp;

		if (n != 0) {
			add_run(out, in + i, n);
			i += n;
			continue;
		}
		n = utf8_decode(in + i, len - i, &cp);
		if (cp == '\r' && i + 1 < len && in[i + 1] == '\n')
			n = 2;
		add_fate(out, fate_of(cp, one_line), in + i, n, from);
		i += n;
	}
	cef__trim_end(out, from, false);
}

void
cef__trim_end(struct buf *out, size_t from, bool also_backslash)
{
	size_t n = out->len;

	while (n > from &&
	    (out->p[n - 1] == ' ' || out->p[n - 1] == '\n' ||
		(also_backslash && out->p[n - 1] == '\\')))
		n--;
	buf_cut(out, n);
}
