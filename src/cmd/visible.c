/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/obj.h"
#include "base/utf8.h"

#include "cmd/visible.h"

struct range {
	unsigned long from, to;
};

/* Controls, line ends, directions, what has no ink (Unicode 15, classes Cc,
   Cf, Zl, Zp and the fillers). */
static const struct range hidden[] = {
	{ 0x0, 0x1f },
	{ 0x7f, 0x9f },
	{ 0xad, 0xad },
	{ 0x34f, 0x34f },
	{ 0x61c, 0x61c },
	{ 0x115f, 0x1160 },
	{ 0x17b4, 0x17b5 },
	{ 0x180b, 0x180f },
	{ 0x200b, 0x200f },
	{ 0x2028, 0x202e },
	{ 0x2060, 0x206f },
	{ 0x3164, 0x3164 },
	{ 0xfe00, 0xfe0f },
	{ 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 },
	{ 0xfff0, 0xfffb },
	{ 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff },
};

/* East Asian wide and emoji: two columns (Unicode 15, W and F, in blocks). */
static const struct range wide[] = {
	{ 0x1100, 0x115f },
	{ 0x2e80, 0x303e },
	{ 0x3041, 0xa4cf },
	{ 0xa960, 0xa97c },
	{ 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },
	{ 0xfe30, 0xfe6f },
	{ 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 },
	{ 0x1f300, 0x1f64f },
	{ 0x1f680, 0x1f6ff },
	{ 0x1f900, 0x1f9ff },
	{ 0x20000, 0x3fffd },
};

/* Marks that stand over the character before: no column. */
static const struct range marks[] = {
	{ 0x300, 0x36f },
	{ 0x483, 0x489 },
	{ 0x591, 0x5bd },
	{ 0x610, 0x61a },
	{ 0x64b, 0x65f },
	{ 0x1ab0, 0x1aff },
	{ 0x1dc0, 0x1dff },
	{ 0x20d0, 0x20ff },
	{ 0xfe20, 0xfe2f },
};

static bool
is_in(unsigned long cp, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n && cp >= ranges[i].from; i++) {
		if (cp <= ranges[i].to)
			return true;
	}
	return false;
}

/* How a character that would not be seen is spelled. */
typedef void spell_fn(struct buf *out, unsigned long cp);

static void
spell_point(struct buf *out, unsigned long cp)
{
	buf_addf(out, "<U+%04lX>", cp);
}

/* RFC 8259, 7: what passes U+FFFF is a pair of surrogates. */
static void
spell_json(struct buf *out, unsigned long cp)
{
	if (cp > 0xffff) {
		buf_addf(out, "\\u%04lx", 0xd7c0 + (cp >> 10));
		cp = 0xdc00 + (cp & 0x3ff);
	}
	buf_addf(out, "\\u%04lx", cp);
}

static void
add(struct buf *out, const char *p, size_t len, spell_fn *spell)
{
	for (size_t i = 0; i < len;) {
		unsigned long cp;
		size_t n = utf8_decode(p + i, len - i, &cp);

		if (cp == UTF8_BAD)
			buf_add_utf8(out, 0xfffd);
		else if (is_in(cp, hidden, NELEM(hidden)))
			spell(out, cp);
		else
			buf_add(out, p + i, n);
		i += n;
	}
}

void
visible_add(struct buf *out, const char *p, size_t len)
{
	add(out, p, len, spell_point);
}

void
visible_add_json(struct buf *out, const char *p, size_t len)
{
	add(out, p, len, spell_json);
}

void
visible_add_utf8(struct buf *out, const char *p, size_t len)
{
	for (size_t i = 0; i < len;) {
		unsigned long cp;

		i += utf8_decode(p + i, len - i, &cp);
		buf_add_utf8(out, cp == UTF8_BAD ? 0xfffd : cp);
	}
}

size_t
visible_next(const char *s, size_t len, size_t *width)
{
	unsigned long cp;
	size_t n = utf8_decode(s, len, &cp);

	*width = is_in(cp, wide, NELEM(wide)) ? 2 : 1;
	while (n < len) {
		size_t more = utf8_decode(s + n, len - n, &cp);

		if (!is_in(cp, marks, NELEM(marks)))
			break;
		n += more;
	}
	return n;
}

size_t
visible_width(const char *s, size_t len)
{
	size_t width = 0, one;

	for (size_t i = 0; i < len; width += one)
		i += visible_next(s + i, len - i, &one);
	return width;
}

size_t
visible_terminal(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) == 0)
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}
