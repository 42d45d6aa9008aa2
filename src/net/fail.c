/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <curl/curl.h>

#include "base/obj.h"
#include "net/http_priv.h"
#include "net/verify.h"

static int
fail_certificate(const struct http_request *r, struct err *e)
{
	const char *words;
	long code = 0; /* X509_V_OK */

	(void)curl_easy_getinfo(r->easy, CURLINFO_SSL_VERIFYRESULT, &code);
	words = http__verify_words(code);
	if (words != NULL)
		return err_set(e, ERR_NET, "%s: TLS: %s", r->where, words);
	/* libcurl looks at the name first, and has no code for it. */
	if (strstr(r->errbuf, "name") != NULL) {
		return err_set(e, ERR_NET,
		    "%s: TLS: its certificate is for another host name (%s); "
		    "is the URL right, or a proxy in between?",
		    r->where, r->errbuf);
	}
	return err_set(e, ERR_NET, "%s: TLS: its certificate was refused: %s",
	    r->where, r->errbuf);
}

static int
fail_ca_file(const struct http_request *r, struct err *e)
{
	if (r->has_ca_file) {
		return err_set(e, ERR_CONFIG,
		    "ca-file %s could not be read; it must exist and hold "
		    "certificates in PEM",
		    r->ca_file);
	}
	return err_set(e, ERR_CONFIG,
	    "the system's CA certificates%s%s could not be read; install "
	    "the package ca-certificates or set ca-file",
	    r->ca_file == NULL ? "" : " ",
	    r->ca_file == NULL ? "" : r->ca_file);
}

/* By the system's reason. */
static int
fail_connect(const struct http_request *r, struct err *e)
{
	const char *peer = r->proxy == NULL ? r->where : r->proxy;
	const char *kind = r->proxy == NULL ? "" : "proxy ";
	long errnum = 0;

	(void)curl_easy_getinfo(r->easy, CURLINFO_OS_ERRNO, &errnum);
	switch (errnum) {
	case ECONNREFUSED:
		return err_set(e, ERR_NET,
		    "%s%s refused the connection; is the port right and the "
		    "service up?",
		    kind, peer);
	case ENETUNREACH:
	case EHOSTUNREACH:
		return err_set(e, ERR_NET,
		    "%s%s: no route to it; look at this host's network, or "
		    "set proxy",
		    kind, peer);
	case EACCES:
	case EPERM:
		return err_set_errno(e, ERR_NET, (int)errnum,
		    "%s%s: the connection was forbidden on this host (look at "
		    "its firewall and at the unit's sandbox)",
		    kind, peer);
	default:
		return err_set(e, ERR_NET, "%s%s: %s", kind, peer, r->errbuf);
	}
}

/* Nobody said no; how far did it get? */
static int
fail_time(const struct http_request *r, struct err *e)
{
	const char *peer = r->proxy == NULL ? r->where : r->proxy;
	curl_off_t name = 0, tcp = 0;
	uintmax_t ms;

	if (r->is_sent) {
		return err_set(e, ERR_NET,
		    "%s: the answer was not whole after %ju ms", r->where,
		    (uintmax_t)r->total_ms);
	}
	ms = r->total_ms != 0 && r->total_ms < r->connect_ms ? r->total_ms :
							       r->connect_ms;
	(void)curl_easy_getinfo(r->easy, CURLINFO_NAMELOOKUP_TIME_T, &name);
	(void)curl_easy_getinfo(r->easy, CURLINFO_CONNECT_TIME_T, &tcp);
	if (name == 0) {
		return err_set(e, ERR_NET,
		    "%s: no name server answered within %ju ms; look at this "
		    "host's DNS (/etc/resolv.conf)",
		    peer, ms);
	}
	/* Some versions set the time of TCP only once TLS is through. */
	if (tcp == 0 && strstr(r->errbuf, "SSL") == NULL) {
		return err_set(e, ERR_NET,
		    "%s: no answer to the connection within %ju ms; does a "
		    "firewall drop it, or is a proxy needed?",
		    peer, ms);
	}
	return err_set(e, ERR_NET,
	    "%s: connected, but %s was not ready within %ju ms; a proxy or "
	    "firewall in between?",
	    r->where, r->is_tls ? "TLS" : "it", ms);
}

/* The proxy answered CONNECT with a refusal. */
static int
fail_tunnel(const struct http_request *r, long status, struct err *e)
{
	if (status == 407) {
		return err_set(e, ERR_NET,
		    "proxy %s wants a login (407) for %s; set proxy-user and "
		    "proxy-password-file",
		    r->proxy, r->where);
	}
	return err_set(e, ERR_NET,
	    "proxy %s refused to connect to %s (%ld); allow that host and "
	    "port there",
	    r->proxy, r->where, status);
}

static int
fail_name(const char *kind, const char *where, struct err *e)
{
	return err_set(e, ERR_NET,
	    "%s%s: name not found; check its spelling and this host's DNS%s",
	    kind, where,
	    *kind == '\0' ? ", or set proxy if only a proxy knows it" : "");
}

/* code; words between "host:port: " and libcurl's own in parentheses */
static const struct {
	CURLcode code;
	const char *words;
} transfer_words[] = {
	{ CURLE_SSL_CONNECT_ERROR,
	    "TLS handshake failed; does that port speak TLS 1.2 or later?" },
	{ CURLE_GOT_NOTHING, "the connection was closed without an answer" },
	{ CURLE_PARTIAL_FILE, "the connection was cut within the answer" },
	{ CURLE_RECV_ERROR, "the connection was cut within the answer" },
	{ CURLE_SEND_ERROR, "the connection was cut within the request" },
	{ CURLE_HTTP2, "HTTP/2 was broken by the peer" },
	{ CURLE_HTTP2_STREAM, "the peer ended the HTTP/2 stream early" },
	{ CURLE_BAD_CONTENT_ENCODING, "the compressed answer is broken" },
	{ CURLE_WEIRD_SERVER_REPLY, "the answer is not HTTP" },
	{ CURLE_UNSUPPORTED_PROTOCOL, "the answer is not HTTP" },
	{ CURLE_PROXY, "the proxy failed" },
};

int
http__fail(const struct http_request *r, CURLcode code, struct err *e)
{
	const char *words = "the request failed";
	const char *cause =
	    r->errbuf[0] == '\0' ? curl_easy_strerror(code) : r->errbuf;
	long tunnel = 0;

	(void)curl_easy_getinfo(r->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
	if (r->proxy != NULL && tunnel >= 300)
		return fail_tunnel(r, tunnel, e);
	if (code == CURLE_OUT_OF_MEMORY)
		return err_set(e, ERR_NOMEM, "%s: out of memory", r->where);
	if (code == CURLE_COULDNT_RESOLVE_HOST)
		return fail_name("", r->where, e);
	if (code == CURLE_COULDNT_RESOLVE_PROXY)
		return fail_name("proxy ", r->proxy, e);
	if (code == CURLE_COULDNT_CONNECT)
		return fail_connect(r, e);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return fail_time(r, e);
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return fail_certificate(r, e);
	if (code == CURLE_SSL_CACERT_BADFILE)
		return fail_ca_file(r, e);
	for (size_t i = 0; i < NELEM(transfer_words); i++) {
		if (transfer_words[i].code == code)
			words = transfer_words[i].words;
	}
	return err_set(e, ERR_NET, "%s: %s (%s)", r->where, words, cause);
}
