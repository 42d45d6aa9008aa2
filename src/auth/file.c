/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/stat.h>

#include <string.h>

#include "auth/auth_priv.h"
#include "base/buf.h"

/* A secret shorter than this is not looked for in answers: it would blot
   out words. */
#define REDACT_MIN 6U

void
auth__file_stamp(const char *path, struct auth_stamp *out)
{
	struct stat st;

	*out = (struct auth_stamp){ .device = 0 };
	if (path == NULL || stat(path, &st) == -1)
		return;
	out->device = (uint64_t)st.st_dev;
	out->inode = (uint64_t)st.st_ino;
	out->size = (uint64_t)st.st_size;
	out->changed = st.st_mtim;
}

void
auth__blot(char *p, size_t len, const struct buf *secret)
{
	size_t left = len;
	char *at = p;

	if (secret->len < REDACT_MIN || !buf_ok(secret))
		return;
	while ((at = memmem(at, left, secret->p, secret->len)) != NULL) {
		memset(at, '*', secret->len);
		left = len - (size_t)(at - p);
	}
}

void
auth__blot_jwt(char *p, size_t len)
{
	/* {" in base64url: how every JOSE header begins (RFC 7515 3). */
	static const char start[] = "eyJ";
	const char *end = p + len;
	char *at = p;

	while ((at = memmem(at, (size_t)(end - at), start,
		    sizeof(start) - 1)) != NULL) {
		while (at < end &&
		    ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
			(*at >= '0' && *at <= '9') || *at == '-' ||
			*at == '_' || *at == '.'))
			*at++ = '*';
	}
}
