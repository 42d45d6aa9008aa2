/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "auth/auth_priv.h"
#include "base/buf.h"
#include "base/obj.h"

static const struct auth_grant_row *const rows[] = {
	[AUTH_CLIENT_SECRET] = &auth__grant_secret,
};

const struct auth_grant_row *
auth__grant(enum auth_grant grant)
{
	return (size_t)grant < NELEM(rows) ? rows[grant] : NULL;
}

void
auth__form_add(
    struct buf *form, const char *name, const char *value, size_t len)
{
	if (form->len > 0)
		buf_addc(form, '&');
	buf_adds(form, name);
	buf_addc(form, '=');
	buf_add_urlenc(form, value, len);
}

void
auth__secret_init(struct buf *b, size_t room, size_t max)
{
	static const char zeros[64];

	buf_init(b, max);
	for (size_t left = room; left > 0; left -= left < 64 ? left : 64)
		buf_add(b, zeros, left < 64 ? left : 64);
	buf_cut(b, 0);
}

void
auth__secret_fini(struct buf *b)
{
	if (b->cap > 0)
		explicit_bzero(b->p, b->cap);
	buf_fini(b);
}
