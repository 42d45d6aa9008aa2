/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/paper.h"
#include "cmd/visible.h"

#define LINES_MAX ((size_t)12) /* of a text: a screen holds two giants */
#define ROOM_MIN  ((size_t)12) /* columns that are worth beginning in */

void
paper_init(struct paper *p)
{
	const char *no_color = secure_getenv("NO_COLOR");
	const char *term = secure_getenv("TERM");

	*p = (struct paper){ .columns = visible_terminal() };
	/* no-color.org: set and not empty, whatever it says. */
	p->has_colour = p->columns > 0 &&
	    (no_color == NULL || no_color[0] == '\0') && term != NULL &&
	    term[0] != '\0' && strcmp(term, "dumb") != 0;
}

/* Only what every terminal has: bold, faint and the eight colours. */
static const char *
escape_of(enum paper_style style)
{
	switch (style) {
	case PAPER_PLAIN:
		return NULL;
	case PAPER_TITLE:
		return "\033[1m";
	case PAPER_KEY:
		return "\033[1;36m";
	case PAPER_VALUE:
		return "\033[32m";
	case PAPER_QUIET:
		return "\033[2m";
	case PAPER_TROUBLE:
		return "\033[33m";
	}
	return NULL;
}

static void
put(struct paper *p, enum paper_style style, const char *s, size_t len)
{
	const char *on = p->has_colour ? escape_of(style) : NULL;

	if (len == 0)
		return;
	if (on != NULL)
		(void)fputs(on, stdout);
	(void)fwrite(s, 1, len, stdout);
	if (on != NULL)
		(void)fputs("\033[0m", stdout);
	p->at += visible_width(s, len);
}

void
paper_text(struct paper *p, enum paper_style style, const char *s)
{
	put(p, style, s, strlen(s));
}

void
paper_to(struct paper *p, size_t column)
{
	if (p->at >= column)
		return;
	(void)printf("%*s", (int)(column - p->at), "");
	p->at = column;
}

void
paper_line(struct paper *p)
{
	(void)fputc('\n', stdout);
	p->at = 0;
}

/* How many bytes of s stand in room columns: all of it, or up to a blank, or,
   where a word is longer than that, whole characters. */
static size_t
fitting(const char *s, size_t len, size_t room)
{
	size_t n = 0, width = 0, blank = 0;

	while (n < len) {
		size_t w, bytes = visible_next(s + n, len - n, &w);

		if (width + w > room)
			break;
		n += bytes;
		width += w;
		if (s[n - 1] == ' ')
			blank = n;
	}
	if (n == len || blank <= n / 2)
		return n;
	return blank;
}

void
paper_wrap(
    struct paper *p, enum paper_style style, size_t indent, const char *s)
{
	size_t len = strlen(s), lines = 1;

	if (p->columns == 0) {
		put(p, style, s, len);
		return;
	}
	if (indent + ROOM_MIN > p->columns)
		indent = 0;
	while (len > 0) {
		size_t room = p->at < p->columns ? p->columns - p->at : 0;
		size_t n = 0;

		if (room >= ROOM_MIN || p->at <= indent ||
		    visible_width(s, len) <= room)
			n = fitting(s, len, room);
		if (n == 0 && p->at <= indent) /* two columns in one */
			n = visible_next(s, len, &room);
		put(p, style, s, n);
		s += n;
		len -= n;
		if (len == 0)
			break;
		paper_line(p);
		paper_to(p, indent);
		if (n > 0 && ++lines > LINES_MAX) {
			char more[64];

			(void)snprintf(
			    more, sizeof(more), "... and %zu bytes more", len);
			paper_text(p, PAPER_QUIET, more);
			break;
		}
	}
}
