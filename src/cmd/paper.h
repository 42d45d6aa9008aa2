/*
 * paper.h - text for people on standard output, as wide as its terminal
 *
 * Texts are in their visible form (visible.h) before they come here.  On
 * anything but a terminal nothing is wrapped, cut or coloured.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CMD_PAPER_H
#define CEFWD_CMD_PAPER_H

#include <stdbool.h>
#include <stddef.h>

enum paper_style {
	PAPER_PLAIN,
	PAPER_TITLE,
	PAPER_KEY,
	PAPER_VALUE,
	PAPER_QUIET,
	PAPER_TROUBLE,
};

struct paper {
	size_t columns;  /* 0: no terminal */
	bool has_colour; /* a terminal that takes it, and no NO_COLOR */
	size_t at;       /* the column to be written next */
};

void paper_init(struct paper *p);

/* Write s on the present line, however wide it is. */
void paper_text(struct paper *p, enum paper_style style, const char *s);

/* Write s from here on; what passes the width goes on below, from column
   indent, preferably behind a blank.  Of a giant only the beginning is
   shown. */
void paper_wrap(
    struct paper *p, enum paper_style style, size_t indent, const char *s);

/* Blanks up to column; none where it is passed already. */
void paper_to(struct paper *p, size_t column);

void paper_line(struct paper *p);

#endif /* CEFWD_CMD_PAPER_H */
