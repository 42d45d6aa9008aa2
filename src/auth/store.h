/*
 * store.h - refresh tokens, a file each: STATE_DIR/tokens/SOURCE@TENANT
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_AUTH_STORE_H
#define CEFWD_AUTH_STORE_H

#include "base/err.h"

/*
 * token_store_write(path, token, e): replace the file by rename, so that a
 * reader sees the old one or the new one whole; mode 0600, and as root owned
 * by the owner of the state directory, for the service to read.  The folder
 * of path is made (0700) where only it is missing.  -1 with ERR_STORE.
 */
int token_store_write(const char *path, const char *token, struct err *e);

#endif /* CEFWD_AUTH_STORE_H */
