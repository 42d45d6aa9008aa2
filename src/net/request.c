/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/obj.h"
#include "net/http_priv.h"

#define CONNECT_MS_DEFAULT 20000U
#define STALL_MS_DEFAULT   60000U

/* Parsing a bundle takes some 10 ms; a new one is seen after this time. */
#define CA_CACHE_S         60L

static struct http_request *
request_of(void *ctx)
{
	struct http_request *r;

	OBJ_CAST(r, ctx, HTTP_REQUEST_MAGIC);
	return r;
}

/* The head goes out with the first byte or the end: only then is it known
   to be the last one. */
static void
tell_head(struct http_request *r)
{
	struct http_head head;

	if (r->head_told)
		return;
	r->head_told = true;
	if (r->on.head == NULL)
		return;
	http__fields_view(&r->fields, &head);
	r->on.head(r->ctx, &head);
}

/* CURLOPT_HEADERFUNCTION */
static size_t
on_header(char *p, size_t size, size_t n, void *ctx)
{
	struct http_request *r = request_of(ctx);

	r->moved_ms = clk_ms();
	if (r->is_cancelled)
		return CURL_WRITEFUNC_ERROR;
	/* After the head come trailers, which nobody here wants. */
	if (r->head_told)
		return size * n;
	http__trace_header(r, p, size * n);
	if (http__fields_line(&r->fields, p, size * n, &r->err) == -1) {
		r->has_err = true;
		return CURL_WRITEFUNC_ERROR;
	}
	return size * n;
}

/* CURLOPT_WRITEFUNCTION */
static size_t
on_write(char *p, size_t size, size_t n, void *ctx)
{
	struct http_request *r = request_of(ctx);
	size_t len = size * n;
	int rc = 0;

	r->moved_ms = clk_ms();
	if (!r->is_cancelled && !r->is_paused)
		tell_head(r);
	if (r->is_cancelled)
		return CURL_WRITEFUNC_ERROR;
	if (r->is_paused) {
		r->is_held = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (len > r->max_bytes - r->got) {
		r->has_err = true;
		(void)err_set(&r->err, ERR_LIMIT,
		    "%s: the answer is longer than %ju bytes", r->where,
		    (uintmax_t)r->max_bytes);
		return CURL_WRITEFUNC_ERROR;
	}
	r->got += len;
	http__trace_data(r, p, len);
	if (r->on.data != NULL && len > 0)
		rc = r->on.data(r->ctx, p, len, &r->err);
	if (rc == -1)
		r->has_err = true;
	return rc == -1 || r->is_cancelled ? CURL_WRITEFUNC_ERROR : len;
}

/* CURLOPT_PREREQFUNCTION: connected and shaken hands; from here on silence
   counts. */
static int
on_ready(void *ctx,
    char *peer,  /* NOLINT(readability-non-const-parameter): libcurl's type */
    char *local, /* NOLINT(readability-non-const-parameter): libcurl's type */
    int peer_port, int local_port)
{
	struct http_request *r = request_of(ctx);

	(void)peer;
	(void)local;
	(void)peer_port;
	(void)local_port;
	r->is_sent = true;
	r->moved_ms = clk_ms();
	http__watch(r->http);
	return r->is_cancelled ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static void
free_headers(struct http_request *r)
{
	/* One of them is the bearer token. */
	for (struct curl_slist *h = r->headers; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(r->headers);
	r->headers = NULL;
}

void
http__request_free(struct http_request *r)
{
	if (r == NULL)
		return;
	OBJ_CHECK(r, HTTP_REQUEST_MAGIC);
	if (r->is_added) {
		assert(r->http->depth == 0);
		(void)curl_multi_remove_handle(r->http->multi, r->easy);
	}
	if (r->link.tqe_prev != NULL)
		TAILQ_REMOVE(&r->http->requests, r, link);
	http__trace_free(r);
	curl_easy_cleanup(r->easy);
	free_headers(r);
	if (r->body != NULL)
		explicit_bzero(r->body, r->body_len);
	free(r->body);
	free(r->where);
	free(r->proxy);
	free(r->ca_file);
	http__fields_fini(&r->fields);
	r->magic = 0;
	free(r);
}

void
http__request_finish(struct http_request *r, CURLcode code)
{
	struct http_handlers on = r->on;
	struct err e = { .kind = ERR_NONE };
	void *ctx = r->ctx;
	bool has_err;

	OBJ_CHECK(r, HTTP_REQUEST_MAGIC);
	if (code == CURLE_OK && !r->is_cancelled && !r->has_err) {
		/* The callback may cancel: this request must outlast it. */
		r->http->depth++;
		tell_head(r);
		r->http->depth--;
	}
	if (r->is_cancelled) {
		http__request_free(r);
		return;
	}
	has_err = code != CURLE_OK || r->has_err;
	if (r->has_err)
		e = r->err;
	else if (has_err)
		(void)http__fail(r, code, &e);
	http__trace_end(r, has_err ? &e : NULL);
	http__request_free(r);
	on.done(ctx, has_err ? &e : NULL);
}

/* A header with a line end in it would be two (RFC 9110 5.5). */
static bool
is_clean(const char *s)
{
	for (; *s != '\0'; s++) {
		if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
			return false;
	}
	return true;
}

/* The text itself stays out of the message: it may be a token. */
static int
add_header(struct http_request *r, const char *text, struct err *e)
{
	struct curl_slist *list;

	if (!is_clean(text)) {
		return err_set(e, ERR_CONFIG,
		    "%s: a request header holds a control byte", r->where);
	}
	list = curl_slist_append(r->headers, text);
	if (list == NULL)
		return err_set(e, ERR_NOMEM, "%s: out of memory", r->where);
	r->headers = list;
	return 0;
}

static int
add_headers(struct http_request *r, const struct http_call *call, struct err *e)
{
	char *text;
	int rc;

	for (const char *const *h = call->headers; h != NULL && *h != NULL;
	     h++) {
		if (add_header(r, *h, e) == -1)
			return -1;
	}
	/* No waiting for 100 Continue before a small form. */
	if (add_header(r, "Expect:", e) == -1)
		return -1;
	if (call->bearer == NULL)
		return 0;
	/* RFC 6750 2.1 */
	text = xasprintf("Authorization: Bearer %s", call->bearer);
	rc = add_header(r, text, e);
	wipe_free(text);
	return rc;
}

/* Milliseconds as libcurl takes them. */
static long
to_long(uint64_t ms)
{
	return ms > LONG_MAX ? LONG_MAX : (long)ms;
}

/* Go on only while nothing has failed. */
#define SET(option, value)                                               \
	do {                                                             \
		if (rc == CURLE_OK)                                      \
			rc = curl_easy_setopt(r->easy, (option), value); \
	} while (0)

static CURLcode
set_callbacks(struct http_request *r)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_PRIVATE, (void *)r);
	SET(CURLOPT_ERRORBUFFER, r->errbuf);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, (void *)r);
	SET(CURLOPT_WRITEFUNCTION, on_write);
	SET(CURLOPT_WRITEDATA, (void *)r);
	SET(CURLOPT_PREREQFUNCTION, on_ready);
	SET(CURLOPT_PREREQDATA, (void *)r);
	SET(CURLOPT_NOSIGNAL, 1L);
	/* The end of a request must not wait for a name server that does not
	   answer; the look-up's thread ends by itself. */
	SET(CURLOPT_QUICK_EXIT, 1L);
	return rc;
}

static CURLcode
set_request(struct http_request *r, const struct http_call *call)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_URL, call->url);
	SET(CURLOPT_PROTOCOLS_STR, r->is_tls ? "https" : "http");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_USERAGENT, r->http->user_agent);
	SET(CURLOPT_ACCEPT_ENCODING, ""); /* all that libcurl can decode */
	SET(CURLOPT_HTTPHEADER, r->headers);
	if (strcmp(call->method, "POST") == 0) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
		/* Not copied by libcurl: ours is wiped. */
		SET(CURLOPT_POSTFIELDS, r->body == NULL ? "" : r->body);
	} else {
		SET(CURLOPT_HTTPGET, 1L);
	}
	SET(CURLOPT_CONNECTTIMEOUT_MS, to_long(r->connect_ms));
	SET(CURLOPT_TIMEOUT_MS, to_long(r->total_ms));
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	return rc;
}

static CURLcode
set_tls(struct http_request *r)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	if (r->ca_file != NULL) {
		SET(CURLOPT_CAINFO, r->ca_file);
		/* libcurl keeps a parsed store only where no directory could
		   add to it; parsing costs about 10 ms a connection. */
		SET(CURLOPT_CAPATH, NULL);
		SET(CURLOPT_CA_CACHE_TIMEOUT, CA_CACHE_S);
	}
	return rc;
}

static CURLcode
set_proxy(struct http_request *r, const struct http_route *route)
{
	const char *proxy = route == NULL ? NULL : route->proxy;
	CURLcode rc = CURLE_OK;

	/* "": neither the environment's proxies nor its exceptions. */
	SET(CURLOPT_PROXY, proxy == NULL ? "" : proxy);
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (route == NULL)
		return rc;
	if (route->local_socket != NULL)
		SET(CURLOPT_UNIX_SOCKET_PATH, route->local_socket);
	if (proxy == NULL || route->proxy_user == NULL)
		return rc;
	SET(CURLOPT_PROXYAUTH,
	    (long)(CURLAUTH_BASIC | CURLAUTH_DIGEST | CURLAUTH_NTLM));
	SET(CURLOPT_PROXYUSERNAME, route->proxy_user);
	SET(CURLOPT_PROXYPASSWORD,
	    route->proxy_password == NULL ? "" : route->proxy_password);
	return rc;
}

/* The proxy without scheme and credentials, for messages. */
static char *
proxy_name(const char *proxy)
{
	const char *p = strstr(proxy, "://");
	const char *at;

	p = p == NULL ? proxy : p + 3;
	at = strrchr(p, '@');
	p = at == NULL ? p : at + 1;
	return xstrndup(p, strcspn(p, "/"));
}

static void
take_call(struct http_request *r, const struct http_call *call)
{
	const struct http_route *route = call->route;
	const char *ca = route == NULL ? NULL : route->ca_file;

	r->is_tls = strncasecmp(call->url, "https:", 6) == 0;
	r->has_ca_file = ca != NULL;
	if (ca == NULL)
		ca = curl_version_info(CURLVERSION_NOW)->cainfo;
	if (ca != NULL)
		r->ca_file = xstrdup(ca);
	if (route != NULL && route->proxy != NULL)
		r->proxy = proxy_name(route->proxy);
	r->connect_ms =
	    call->connect_ms == 0 ? CONNECT_MS_DEFAULT : call->connect_ms;
	r->stall_ms = call->stall_ms == 0 ? STALL_MS_DEFAULT : call->stall_ms;
	r->total_ms = call->total_ms;
	r->max_bytes = call->max_bytes;
	r->moved_ms = clk_ms();
	if (call->body != NULL && call->body_len > 0) {
		r->body = xcalloc(1, call->body_len);
		r->body_len = call->body_len;
		memcpy(r->body, call->body, call->body_len);
	}
}

static int
set_up(struct http_request *r, const struct http_call *call, struct err *e)
{
	CURLcode rc;

	if (add_headers(r, call, e) == -1)
		return -1;
	r->easy = curl_easy_init();
	if (r->easy == NULL)
		return err_set(e, ERR_NOMEM, "%s: out of memory", r->where);
	rc = set_callbacks(r);
	if (rc == CURLE_OK)
		rc = set_request(r, call);
	if (rc == CURLE_OK && r->is_tls)
		rc = set_tls(r);
	if (rc == CURLE_OK)
		rc = set_proxy(r, call->route);
	if (rc == CURLE_OK)
		return 0;
	return err_set(e, rc == CURLE_OUT_OF_MEMORY ? ERR_NOMEM : ERR_CONFIG,
	    "%s: %s", r->where, curl_easy_strerror(rc));
}

struct http_request *
http__request_new(struct http *h, const struct http_call *call,
    const struct http_handlers *on, void *ctx, struct err *e)
{
	struct http_request *r;
	char *where;

	assert(strcmp(call->method, "GET") == 0 ||
	    strcmp(call->method, "POST") == 0);
	where = http__where(call, e);
	if (where == NULL)
		return NULL;
	r = xcalloc(1, sizeof(*r));
	r->magic = HTTP_REQUEST_MAGIC;
	r->http = h;
	r->on = *on;
	r->ctx = ctx;
	r->where = where;
	take_call(r, call);
	if (set_up(r, call, e) == -1) {
		http__request_free(r);
		return NULL;
	}
	http__trace_begin(r, call);
	return r;
}
