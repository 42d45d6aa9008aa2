/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/auth_priv.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/obj.h"

/* Domain names and GUIDs; nothing that could change the URL's shape. */
static int
check_tenant(const char *tenant, struct err *e)
{
	static const char *const shared[] = { "common", "organizations",
		"consumers" };
	size_t len = tenant == NULL ? 0 : strlen(tenant);

	if (len == 0)
		return err_set(
		    e, ERR_CONFIG, "no tenant; set tenant to its id");
	for (size_t i = 0; i < NELEM(shared); i++) {
		if (strcasecmp(tenant, shared[i]) == 0) {
			return err_set(e, ERR_CONFIG,
			    "tenant %s is no single tenant; set tenant to its "
			    "id or domain",
			    tenant);
		}
	}
	if (strspn(tenant,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789.-") != len ||
	    tenant[0] == '.') {
		return err_set(e, ERR_CONFIG,
		    "tenant %.80s is neither an id nor a domain", tenant);
	}
	return 0;
}

int
auth__check_application(const struct auth_options *o, struct err *e)
{
	if (check_tenant(o->tenant, e) == -1)
		return -1;
	if (o->client_id == NULL || o->client_id[0] == '\0') {
		return err_set(e, ERR_CONFIG,
		    "no client-id; set it to the application's id");
	}
	if (o->authority == NULL)
		return err_set(e, ERR_CONFIG, "no authority");
	if (url_is_allowed(o->authority, e) == -1)
		return err_context(e, "authority");
	return 0;
}

int
auth__check_options(const struct auth_options *o, struct err *e)
{
	const struct auth_grant_row *grant = auth__grant(o->grant);

	if (grant == NULL)
		return err_set(e, ERR_CONFIG, "no such way to get a token");
	if ((o->scope == NULL) == (o->resource == NULL)) {
		return err_set(e, ERR_CONFIG,
		    "a token is asked for with either scope or resource; "
		    "set one of them");
	}
	return grant->check(o, e);
}

/* What servers compare a URL with, letter by letter, has no default port
   (RFC 3986 6.2.3). */
static void
drop_default_port(struct buf *origin)
{
	static const char *const defaults[][2] = { { "https://", ":443" },
		{ "http://", ":80" } };

	for (size_t i = 0; i < NELEM(defaults); i++) {
		const char *scheme = defaults[i][0], *port = defaults[i][1];
		size_t n = strlen(port);

		if (strncmp(origin->p, scheme, strlen(scheme)) == 0 &&
		    strcmp(origin->p + origin->len - n, port) == 0) {
			buf_cut(origin, origin->len - n);
			return;
		}
	}
}

char *
auth__origin(const char *url, struct err *e)
{
	const char *path = strstr(url, "://");
	struct buf origin;

	buf_init(&origin, URL_MAX_BYTES);
	path = path == NULL ? "" : path + 3;
	path += strcspn(path, "/?#");
	if (url_origin(url, &origin) == -1 ||
	    (*path != '\0' && strcmp(path, "/") != 0)) {
		(void)err_set(e, ERR_CONFIG,
		    "authority is scheme and host alone, such as "
		    "https://login.microsoftonline.com");
		buf_fini(&origin);
		return NULL;
	}
	drop_default_port(&origin);
	return buf_take(&origin);
}

char *
auth__token_url(const struct auth_options *o, struct err *e)
{
	char *origin, *url;

	if (o->token_url != NULL)
		return xstrdup(o->token_url);
	origin = auth__origin(o->authority, e);
	if (origin == NULL)
		return NULL;
	/* RFC 6749 3.2; v1 names a resource, v2 a scope */
	url = xasprintf("%s/%s/oauth2/%stoken", origin, o->tenant,
	    o->scope == NULL ? "" : "v2.0/");
	free(origin);
	return url;
}
