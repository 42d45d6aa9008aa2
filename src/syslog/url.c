/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/obj.h"
#include "keyfile/keyfile.h"
#include "syslog/dest.h"

/* A name of RFC 1035 is at most 255 bytes; a scope id (RFC 4007) fits too. */
#define URL_HOST_MAX 255U

static const struct scheme {
	const char *word;
	enum dest_scheme scheme;
	const char *port; /* default; NULL: a later version's */
} schemes[] = {
	{ "tcp", DEST_TCP, "514" },
	{ "tls", DEST_TLS, "6514" },
	{ "udp", DEST_UDP, "514" },
	{ "file", DEST_TCP, NULL },
	{ "stdout", DEST_TCP, NULL },
};

static int
bad_scheme(const char *text, size_t len, struct err *e)
{
	const char *words[NELEM(schemes)];
	char word[16] = "";
	const char *near;

	for (size_t i = 0; i < NELEM(schemes); i++)
		words[i] = schemes[i].word;
	if (len < sizeof(word))
		memcpy(word, text, len);
	near = near_name(word, words, NELEM(words));
	if (near != NULL) {
		return err_set(e, ERR_CONFIG,
		    "unknown scheme \"%.*s\" in url \"%s\"; did you mean "
		    "\"%s\"?",
		    (int)len, text, text, near);
	}
	return err_set(e, ERR_CONFIG,
	    "unknown scheme \"%.*s\" in url \"%s\": use tcp://host:port, "
	    "tls://host:port or udp://host:port",
	    (int)len, text, text);
}

static const struct scheme *
parse_scheme(const char *text, size_t len, struct err *e)
{
	for (size_t i = 0; i < NELEM(schemes); i++) {
		if (strlen(schemes[i].word) != len ||
		    strncasecmp(schemes[i].word, text, len) != 0)
			continue;
		if (schemes[i].port != NULL)
			return &schemes[i];
		(void)err_set(e, ERR_CONFIG,
		    "url \"%s\": %s is not in this version yet: use tcp://, "
		    "tls:// or udp://",
		    text, schemes[i].word);
		return NULL;
	}
	(void)bad_scheme(text, len, e);
	return NULL;
}

/* Names, IPv4 and IPv6 addresses; what no resolver takes is refused here,
   where the person who wrote it is told. */
static int
check_host(const char *text, const char *host, size_t len, bool is_bracketed,
    struct err *e)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	if (len == 0) {
		return err_set(e, ERR_CONFIG,
		    "url \"%s\" has no host: write tcp://host:port", text);
	}
	if (len > URL_HOST_MAX) {
		return err_set(e, ERR_CONFIG,
		    "the host in url \"%.40s...\" has %zu bytes: at most %u",
		    text, len, URL_HOST_MAX);
	}
	for (size_t i = 0; i < len; i++) {
		char c = host[i];

		if (strchr(plain, c) != NULL ||
		    (is_bracketed && (c == ':' || c == '%')))
			continue;
		return err_set(e, ERR_CONFIG,
		    "the host in url \"%s\" holds \"%c\": write "
		    "tcp://host:port, without user, path or query",
		    text, c >= ' ' && c <= '~' ? c : '?');
	}
	if (is_bracketed && memchr(host, ':', len) == NULL) {
		return err_set(e, ERR_CONFIG,
		    "url \"%s\": brackets are for IPv6 addresses, "
		    "tcp://[::1]:514",
		    text);
	}
	return 0;
}

static int
check_port(const char *text, const char *port, struct err *e)
{
	uint64_t value;

	if (num_u64(port, strlen(port), 1, 65535, &value, NULL) == 0)
		return 0;
	return err_set(e, ERR_CONFIG,
	    "the port in url \"%s\" is \"%s\": use 1 to 65535", text, port);
}

int
dest_url_parse(const char *text, struct dest_url *out, struct err *e)
{
	const char *colon = strchr(text, ':');
	const char *host, *end, *port;
	const struct scheme *scheme;
	bool is_bracketed;

	if (colon == NULL) {
		return err_set(e, ERR_CONFIG,
		    "url \"%s\" has no scheme: write tcp://%s", text, text);
	}
	/* "host:514": a port, not a scheme. */
	if (colon[1] >= '0' && colon[1] <= '9') {
		return err_set(e, ERR_CONFIG,
		    "url \"%s\" has no scheme: write tcp://%s", text, text);
	}
	scheme = parse_scheme(text, (size_t)(colon - text), e);
	if (scheme == NULL)
		return -1;
	if (strncmp(colon, "://", 3) != 0) {
		return err_set(e, ERR_CONFIG,
		    "url \"%s\" lacks \"//\" after \"%.*s\"", text,
		    (int)(colon - text) + 1, text);
	}
	host = colon + 3;
	is_bracketed = *host == '[';
	if (is_bracketed) {
		host++;
		end = strchr(host, ']');
		if (end == NULL) {
			return err_set(e, ERR_CONFIG,
			    "url \"%s\" lacks the \"]\" of its address", text);
		}
		port = end + 1;
		if (*port != '\0' && *port != ':') {
			return err_set(e, ERR_CONFIG,
			    "url \"%s\": only a port can follow the address, "
			    "as in tcp://[::1]:514",
			    text);
		}
	} else {
		end = host + strcspn(host, ":");
		port = end;
		if (*port == ':' && strchr(port + 1, ':') != NULL) {
			return err_set(e, ERR_CONFIG,
			    "url \"%s\": an IPv6 address stands in brackets, "
			    "as in tcp://[::1]:514",
			    text);
		}
	}
	if (check_host(text, host, (size_t)(end - host), is_bracketed, e) == -1)
		return -1;
	port = *port == ':' ? port + 1 : scheme->port;
	if (check_port(text, port, e) == -1)
		return -1;
	*out = (struct dest_url){ .scheme = scheme->scheme,
		.host = xstrndup(host, (size_t)(end - host)),
		.port = xstrdup(port) };
	return 0;
}

/* The struct shows its strings as const: nobody else may change them. */
static void
free_text(const char *s)
{
	char *owned;

	memcpy(&owned, &s, sizeof(owned));
	free(owned);
}

void
dest_url_fini(struct dest_url *u)
{
	free_text(u->host);
	free_text(u->port);
	*u = (struct dest_url){ .host = NULL };
}
