/*
 * digest.h - the identity of a record that brings none
 *
 * Apart from the rest, as OpenSSL's headers have an ERR_STORE of their own.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SOURCE_DIGEST_H
#define CEFWD_SOURCE_DIGEST_H

#include <stddef.h>

#define DIGEST_MAX 40U /* bytes of "sha256:" and its text, NUL included */

/* "sha256:" and the first half of the SHA-256 in hexadecimal: nobody makes
   two texts with the same. */
void digest_text(const char *text, size_t len, char out[DIGEST_MAX]);

#endif /* CEFWD_SOURCE_DIGEST_H */
