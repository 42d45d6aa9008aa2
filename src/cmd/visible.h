/*
 * visible.h - text of an alert as a terminal may show it
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CMD_VISIBLE_H
#define CEFWD_CMD_VISIBLE_H

#include <stddef.h>

struct buf;

/*
 * visible_add(out, p, len): append len bytes of text, where what would move
 * the cursor, change colours, turn the reading direction or hide is written
 * as <U+XXXX>, and bytes that are no UTF-8 as U+FFFD.
 */
void visible_add(struct buf *out, const char *p, size_t len);

/* As above with such characters taken over: valid UTF-8 and no more. */
void visible_add_utf8(struct buf *out, const char *p, size_t len);

/* JSON text with such characters as \uXXXX: another spelling of the same. */
void visible_add_json(struct buf *out, const char *p, size_t len);

/* Columns that such a text takes. */
size_t visible_width(const char *s, size_t len);

/* The bytes of its first character with the marks over it, and its columns;
   len is not 0. */
size_t visible_next(const char *s, size_t len, size_t *width);

/* Columns of the terminal on standard output; 0: it is none. */
size_t visible_terminal(void);

#endif /* CEFWD_CMD_VISIBLE_H */
