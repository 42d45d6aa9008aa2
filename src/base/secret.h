/*
 * secret.h - what is wiped after use, and the files that it comes from
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_BASE_SECRET_H
#define CEFWD_BASE_SECRET_H

#include <stddef.h>

struct buf;
struct err;

/* A buffer that holds room bytes without ever moving, so that wiping it
   leaves no copy behind. */
void secret_buf_init(struct buf *b, size_t room, size_t max);
void secret_buf_fini(struct buf *b);

/*
 * secret_file_read(key, path, max, out, e): a regular file of at most max
 * bytes, which key of the configuration names.  Read on the loop: it is tiny,
 * local, and seldom read (a token is fetched every hour, a connection lasts
 * for weeks), which no thread would make cheaper.  out is of
 * secret_buf_init(), with room for max + 1.  -1 with ERR_CONFIG, which begins
 * with key.
 */
int secret_file_read(const char *key, const char *path, size_t max,
    struct buf *out, struct err *e);

/* The one line of such a file, without its end: a secret, a password; out is
   of secret_line_init(), with max the bytes that it may have. */
void secret_line_init(struct buf *b, size_t max);
int secret_line_read(
    const char *key, const char *path, struct buf *out, struct err *e);

#endif /* CEFWD_BASE_SECRET_H */
