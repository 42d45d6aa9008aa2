/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <arpa/inet.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/http_priv.h"

/*
 * URLs are read by libcurl's own parser, the one that will also choose the
 * host to connect to, so that a URL cannot mean one host here and another
 * there.
 */
struct parts {
	char *scheme, *host, *port; /* curl_free() */
	bool has_credentials;
};

static void
parts_fini(struct parts *p)
{
	curl_free(p->scheme);
	curl_free(p->host);
	curl_free(p->port);
	*p = (struct parts){ .scheme = NULL };
}

static bool
has_part(CURLU *u, CURLUPart what)
{
	char *s = NULL;
	bool found;

	found = curl_url_get(u, what, &s, 0) == CURLUE_OK;
	curl_free(s);
	return found;
}

static void
lower(char *s)
{
	for (; *s != '\0'; s++) {
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
	}
}

/* Any scheme that libcurl knows a port for. */
static CURLUcode
split(const char *url, struct parts *p)
{
	CURLUcode rc = CURLUE_OUT_OF_MEMORY;
	CURLU *u;

	*p = (struct parts){ .scheme = NULL };
	if (strlen(url) > URL_MAX_BYTES)
		return CURLUE_MALFORMED_INPUT;
	u = curl_url();
	if (u == NULL)
		return rc;
	rc = curl_url_set(u, CURLUPART_URL, url, 0);
	if (rc == CURLUE_OK)
		rc = curl_url_get(u, CURLUPART_SCHEME, &p->scheme, 0);
	if (rc == CURLUE_OK)
		rc = curl_url_get(u, CURLUPART_HOST, &p->host, 0);
	if (rc == CURLUE_OK) {
		rc = curl_url_get(
		    u, CURLUPART_PORT, &p->port, CURLU_DEFAULT_PORT);
	}
	if (rc == CURLUE_OK) {
		p->has_credentials = has_part(u, CURLUPART_USER) ||
		    has_part(u, CURLUPART_PASSWORD);
		lower(p->scheme);
		lower(p->host);
	} else {
		parts_fini(p);
	}
	curl_url_cleanup(u);
	return rc;
}

int
url_origin(const char *url, struct buf *out)
{
	struct parts p = { .scheme = NULL };
	int rc = -1;

	buf_reset(out);
	if (split(url, &p) != CURLUE_OK)
		return -1;
	if (!p.has_credentials) {
		buf_addf(out, "%s://%s:%s", p.scheme, p.host, p.port);
		rc = buf_ok(out) ? 0 : -1;
	}
	parts_fini(&p);
	return rc;
}

/* The name is libcurl's to resolve: it never asks DNS for localhost. */
static bool
is_loopback(const char *host)
{
	struct in6_addr six;
	struct in_addr four;
	char inner[INET6_ADDRSTRLEN];
	size_t len = strlen(host);

	if (strcasecmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &four) == 1)
		return (ntohl(four.s_addr) >> 24) == 127; /* RFC 1122 3.2.1.3 */
	if (len < 3 || host[0] != '[' || len - 2 >= sizeof(inner))
		return false;
	memcpy(inner, host + 1, len - 2);
	inner[len - 2] = '\0';
	return inet_pton(AF_INET6, inner, &six) == 1 &&
	    IN6_IS_ADDR_LOOPBACK(&six);
}

bool
url_is_of_this_host(const char *url)
{
	struct parts p;
	bool is;

	if (split(url, &p) != CURLUE_OK)
		return false;
	is = is_loopback(p.host);
	parts_fini(&p);
	return is;
}

/* Where clouds tell a machine about itself.  Link-local: no router forwards
   it (RFC 3927 7), so that plain http does not leave the host's hypervisor. */
static bool
is_machine_service(const char *host)
{
	return strcmp(host, "169.254.169.254") == 0;
}

/* The parts of a URL that may be asked for. */
static int
split_allowed(
    const char *url, bool is_link_local, struct parts *p, struct err *e)
{
	CURLUcode rc;

	if (strlen(url) > URL_MAX_BYTES) {
		return err_set(e, ERR_CONFIG, "a URL of more than %u bytes",
		    URL_MAX_BYTES);
	}
	rc = split(url, p);
	if (rc == CURLUE_OUT_OF_MEMORY)
		return err_set(e, ERR_NOMEM, "URL: out of memory");
	/* The text of the URL stays out: its query may say too much. */
	if (rc != CURLUE_OK) {
		return err_set(e, ERR_CONFIG,
		    "not a URL that can be used (%s); write it as "
		    "https://host or https://host:port",
		    curl_url_strerror(rc));
	}
	if (p->has_credentials) {
		(void)err_set(e, ERR_CONFIG,
		    "the URL of %s holds a user name or password; take it out",
		    p->host);
	} else if (strcmp(p->scheme, "https") != 0 &&
	    strcmp(p->scheme, "http") != 0) {
		(void)err_set(e, ERR_CONFIG,
		    "%s://%s: only https can be used; write https://",
		    p->scheme, p->host);
	} else if (strcmp(p->scheme, "http") == 0 && !is_loopback(p->host) &&
	    !(is_link_local && is_machine_service(p->host))) {
		(void)err_set(e, ERR_CONFIG,
		    "http://%s: plain http is for loopback hosts only; "
		    "write https://",
		    p->host);
	} else {
		return 0;
	}
	parts_fini(p);
	return -1;
}

int
url_is_allowed(const char *url, struct err *e)
{
	struct parts p = { .scheme = NULL };

	if (split_allowed(url, false, &p, e) == -1)
		return -1;
	parts_fini(&p);
	return 0;
}

char *
http__where(const struct http_call *call, struct err *e)
{
	struct parts p = { .scheme = NULL };
	char *where;

	if (split_allowed(call->url, call->is_link_local, &p, e) == -1)
		return NULL;
	where = xasprintf("%s:%s", p.host, p.port);
	parts_fini(&p);
	return where;
}
