/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/obj.h"
#include "keyfile/keyfile.h"
#include "syslog/dest.h"

/* A name of RFC 1035 is at most 255 bytes; a scope id (RFC 4007) fits too. */
#define URL_HOST_MAX 255U

/* A file's path, as the system has it (PATH_MAX). */
#define URL_PATH_MAX 4095U

struct scheme;

static int parse_host(const char *text, const char *rest,
    const struct scheme *scheme, struct dest_url *out, struct err *e);
static int parse_file(const char *text, const char *rest,
    const struct scheme *scheme, struct dest_url *out, struct err *e);
static int parse_stdout(const char *text, const char *rest,
    const struct scheme *scheme, struct dest_url *out, struct err *e);

/* In the order of enum dest_scheme. */
static const struct scheme {
	const char *word;
	enum dest_scheme scheme;
	const char *port; /* default */
	/* rest: what follows the colon */
	int (*parse)(const char *text, const char *rest,
	    const struct scheme *scheme, struct dest_url *out, struct err *e);
} schemes[] = {
	{ "tcp", DEST_TCP, "514", parse_host },
	{ "tls", DEST_TLS, "6514", parse_host },
	{ "udp", DEST_UDP, "514", parse_host },
	{ "file", DEST_FILE, "", parse_file },
	{ "stdout", DEST_STDOUT, "", parse_stdout },
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
	    "tls://host:port, udp://host:port, file:/path or stdout:",
	    (int)len, text, text);
}

static const struct scheme *
parse_scheme(const char *text, size_t len, struct err *e)
{
	for (size_t i = 0; i < NELEM(schemes); i++) {
		if (strlen(schemes[i].word) == len &&
		    strncasecmp(schemes[i].word, text, len) == 0)
			return &schemes[i];
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

static int
parse_host(const char *text, const char *rest, const struct scheme *scheme,
    struct dest_url *out, struct err *e)
{
	const char *host, *end, *port;
	bool is_bracketed;

	if (strncmp(rest, "//", 2) != 0) {
		return err_set(e, ERR_CONFIG,
		    "url \"%s\" lacks \"//\" after \"%.*s\"", text,
		    (int)(rest - text), text);
	}
	host = rest + 2;
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

/* "file:/path" and, as a browser writes it, "file:///path". */
static int
parse_file(const char *text, const char *rest, const struct scheme *scheme,
    struct dest_url *out, struct err *e)
{
	size_t len;

	if (strncmp(rest, "///", 3) == 0)
		rest += 2;
	len = strlen(rest);
	if (*rest != '/' || rest[1] == '/' || rest[len - 1] == '/') {
		return err_set(e, ERR_CONFIG,
		    "url \"%s\" names no file: write file:/path, from the root "
		    "on",
		    text);
	}
	if (len > URL_PATH_MAX) {
		return err_set(e, ERR_CONFIG,
		    "the path in url \"%.40s...\" has %zu bytes: at most %u",
		    text, len, URL_PATH_MAX);
	}
	*out = (struct dest_url){ .scheme = scheme->scheme,
		.host = xstrdup(rest),
		.port = xstrdup(scheme->port) };
	return 0;
}

static int
parse_stdout(const char *text, const char *rest, const struct scheme *scheme,
    struct dest_url *out, struct err *e)
{
	if (*rest != '\0') {
		return err_set(
		    e, ERR_CONFIG, "url \"%s\": nothing follows stdout:", text);
	}
	*out = (struct dest_url){ .scheme = scheme->scheme,
		.host = xstrdup(""),
		.port = xstrdup(scheme->port) };
	return 0;
}

int
dest_url_parse(const char *text, struct dest_url *out, struct err *e)
{
	const char *colon = strchr(text, ':');
	const struct scheme *scheme;

	if (text[0] == '/') {
		return err_set(e, ERR_CONFIG,
		    "url \"%s\" has no scheme: write file:%s", text, text);
	}
	if (strcmp(text, "stdout") == 0) {
		return err_set(e, ERR_CONFIG,
		    "url \"stdout\" has no scheme: write stdout:");
	}
	/* "host:514": a port, not a scheme. */
	if (colon == NULL || (colon[1] >= '0' && colon[1] <= '9')) {
		return err_set(e, ERR_CONFIG,
		    "url \"%s\" has no scheme: write tcp://%s", text, text);
	}
	scheme = parse_scheme(text, (size_t)(colon - text), e);
	if (scheme == NULL)
		return -1;
	return scheme->parse(text, colon + 1, scheme, out, e);
}

void
dest_url_add(struct buf *b, const struct dest_url *u)
{
	const struct scheme *s = &schemes[u->scheme];
	bool is_ip6 = strchr(u->host, ':') != NULL;

	assert(s->scheme == u->scheme);
	if (s->parse != parse_host) {
		buf_addf(b, "%s:%s", s->word, u->host);
		return;
	}
	buf_addf(b, "%s://%s%s%s:%s", s->word, is_ip6 ? "[" : "", u->host,
	    is_ip6 ? "]" : "", u->port);
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
