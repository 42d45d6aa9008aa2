/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "auth/auth_priv.h"
#include "base/buf.h"
#include "base/mem.h"

/*
 * The managed identity of an Azure virtual machine, from its instance
 * metadata service (azure-docs, how-to-use-vm-token.md).
 */
#define IMDS_ORIGIN "http://169.254.169.254"
#define IMDS_PATH \
	"/metadata/identity/oauth2/token?api-version=2018-02-01&resource="

/* Off Azure nobody answers there. */
#define IMDS_CONNECT_MS 3000

static const char *const headers[] = { "Metadata: true", NULL };

/* 404: the service is being updated; 410: it is back within 70 s. */
static const int passing[] = { 404, 410, 0 };

static int
imds_check(const struct auth_options *o, struct err *e)
{
	if (o->imds_origin != NULL && url_is_allowed(o->imds_origin, e) == -1)
		return err_context(e, "imds-url");
	return 0;
}

/* What v2 calls a scope names a resource and "/.default". */
static size_t
resource_len(const char *scope)
{
	static const char tail[] = "/.default";
	size_t len = strlen(scope), n = sizeof(tail) - 1;

	return len > n && strcmp(scope + len - n, tail) == 0 ? len - n : len;
}

static char *
imds_url(const struct auth_options *o, struct err *e)
{
	const char *origin = o->imds_origin;
	struct buf url;

	buf_init(&url, URL_MAX_BYTES);
	buf_adds(&url, origin == NULL ? IMDS_ORIGIN : origin);
	if (url.p[url.len - 1] == '/')
		buf_cut(&url, url.len - 1);
	buf_adds(&url, IMDS_PATH);
	if (o->scope == NULL)
		buf_add_urlenc(&url, o->resource, strlen(o->resource));
	else
		buf_add_urlenc(&url, o->scope, resource_len(o->scope));
	if (o->client_id != NULL) {
		buf_adds(&url, "&client_id=");
		buf_add_urlenc(&url, o->client_id, strlen(o->client_id));
	}
	if (buf_check(&url, "the URL of the metadata service", e) == -1) {
		buf_fini(&url);
		return NULL;
	}
	return buf_take(&url);
}

static void
imds_stamp(const struct auth_options *o, struct auth_stamp out[AUTH_FILES])
{
	(void)o;
	(void)out;
}

static const char *
imds_hint(const struct auth_options *o, int status, uint64_t code)
{
	if (status != 400 || code != 0)
		return NULL;
	if (o->client_id == NULL)
		return "this machine may have no system-assigned identity, or "
		       "several others; assign one, or set client-id";
	return "client-id may be no identity that is assigned to this machine";
}

static void
imds_redact(const struct auth_options *o, char *p, size_t len)
{
	(void)o;
	auth__blot_jwt(p, len);
}

const struct auth_grant_row auth__grant_imds = {
	.peer = "the metadata service",
	.check = imds_check,
	.url = imds_url,
	.headers = headers,
	.is_link_local = true,
	.connect_ms = IMDS_CONNECT_MS,
	.passing = passing,
	.stamp = imds_stamp,
	.hint = imds_hint,
	.redact = imds_redact,
};
