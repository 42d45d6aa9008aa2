/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include <curl/curl.h>
#include <json-c/json.h>
#include <json-c/json_visit.h>
#include <json-c/printbuf.h>

#include "base/mem.h"
#include "base/obj.h"
#include "net/redact.h"

/* A value shorter than this is not looked for: it would blot out words. */
#define BLOT_MIN   6U

#define VALUE_MAX  (16U << 10) /* bytes of a hidden value: an assertion fits */
#define JSON_DEPTH 8
#define JSON_MAX   (256U << 10)

enum {
	HEADER = 1, /* of requests and answers */
	FORM = 2,   /* a parameter of a form */
	ANSWER = 4, /* a member of a good answer that is no alert */
	ERROR = 8,  /* a member of an error */
};

/*
 * What is shown, and where.  A "*" at the end stands for any more.  Not here,
 * so hidden: authorization, proxy-authorization, set-cookie, client_secret,
 * client_assertion, refresh_token, code, code_verifier, device_code,
 * user_code, access_token, id_token, and all that nobody thought of.
 */
static const struct {
	const char *name;
	unsigned int where;
} shown[] = {
	/* requests */
	{ "accept", HEADER },
	{ "content-type", HEADER },
	{ "expect", HEADER },
	{ "metadata", HEADER },
	{ "prefer", HEADER },
	{ "user-agent", HEADER },
	{ "client-request-id", HEADER | ERROR },
	/* answers */
	{ "age", HEADER },
	{ "allow", HEADER },
	{ "cache-control", HEADER },
	{ "connection", HEADER },
	{ "content-encoding", HEADER },
	{ "content-length", HEADER },
	{ "date", HEADER | ERROR },
	{ "expires", HEADER },
	{ "odata-version", HEADER },
	{ "ratelimit-*", HEADER },
	{ "x-ratelimit-*", HEADER },
	{ "request-id", HEADER | ERROR },
	{ "retry-after", HEADER },
	{ "server", HEADER },
	{ "strict-transport-security", HEADER },
	{ "transfer-encoding", HEADER },
	{ "vary", HEADER },
	{ "via", HEADER },
	{ "warning", HEADER },
	/* a claims challenge stands in it; no secret */
	{ "www-authenticate", HEADER },
	{ "x-ms-ags-diagnostic", HEADER },
	{ "x-ms-clitelem", HEADER },
	{ "x-ms-ests-server", HEADER },
	{ "x-ms-request-id", HEADER },
	{ "x-ms-resource-unit", HEADER },
	{ "x-ms-throttle-*", HEADER },
	{ "x-ms-srs", HEADER },
	/* token requests */
	{ "api-version", FORM },
	{ "client_assertion_type", FORM },
	{ "client_id", FORM | ANSWER },
	{ "code_challenge_method", FORM },
	{ "grant_type", FORM },
	{ "redirect_uri", FORM },
	{ "resource", FORM | ANSWER },
	{ "response_type", FORM },
	{ "scope", FORM | ANSWER },
	/* token answers */
	{ "expires_in", ANSWER },
	{ "expires_on", ANSWER },
	{ "ext_expires_in", ANSWER },
	{ "interval", ANSWER },
	{ "not_before", ANSWER },
	{ "refresh_in", ANSWER },
	{ "token_type", ANSWER },
	{ "verification_uri", ANSWER },
	/* discovery */
	{ "authorization_endpoint", ANSWER },
	{ "cloud_graph_host_name", ANSWER },
	{ "cloud_instance_name", ANSWER },
	{ "device_authorization_endpoint", ANSWER },
	{ "issuer", ANSWER },
	{ "jwks_uri", ANSWER },
	{ "msgraph_host", ANSWER },
	{ "tenant_region_scope", ANSWER },
	{ "tenant_region_sub_scope", ANSWER },
	{ "token_endpoint", ANSWER },
	/* errors: RFC 6749 5.2 with Entra's members; Graph's */
	{ "error", ERROR },
	{ "error_codes", ERROR },
	{ "error_description", ERROR },
	{ "error_uri", ERROR },
	{ "suberror", ERROR },
	{ "claims", ERROR },
	{ "timestamp", ERROR },
	{ "trace_id", ERROR },
	{ "correlation_id", ERROR },
	{ "code", ERROR },
	{ "message", ERROR },
	{ "target", ERROR },
	{ "status", ERROR },
};

/* Parts of names of a query's parameters whose values are hidden.  Here the
   rule is turned: [api NAME] may page by any name. */
static const char *const hidden_query[] = { "assertion", "auth", "code",
	"cookie", "credential", "key", "pass", "pwd", "secret", "session",
	"sig", "state", "token" };

/* Microsoft's place in a list, which opens nothing. */
static const char *const shown_query[] = { "$skiptoken", "$deltatoken" };

static bool
may_show(unsigned int where, const char *name, size_t len)
{
	for (size_t i = 0; i < NELEM(shown); i++) {
		size_t n = strlen(shown[i].name);
		bool is_family = shown[i].name[n - 1] == '*';

		if ((shown[i].where & where) == 0)
			continue;
		if (is_family)
			n--;
		if ((is_family ? len >= n : len == n) &&
		    strncasecmp(shown[i].name, name, n) == 0)
			return true;
	}
	return false;
}

static bool
has_part(const char *name, size_t len, const char *part)
{
	size_t n = strlen(part);

	for (size_t i = 0; n <= len && i <= len - n; i++) {
		if (strncasecmp(name + i, part, n) == 0)
			return true;
	}
	return false;
}

static bool
may_show_query(const char *name, size_t len)
{
	for (size_t i = 0; i < NELEM(shown_query); i++) {
		if (strlen(shown_query[i]) == len &&
		    strncasecmp(shown_query[i], name, len) == 0)
			return true;
	}
	/* %24skiptoken: as a link may write it */
	if (len > 3 && strncmp(name, "%24", 3) == 0)
		return len == 12 && strncasecmp(name, "%24skiptoken", 12) == 0;
	for (size_t i = 0; i < NELEM(hidden_query); i++) {
		if (has_part(name, len, hidden_query[i]))
			return false;
	}
	return true;
}

void
redact_hide(struct redact_hidden *h, const char *p, size_t len)
{
	if (len < BLOT_MIN || len > VALUE_MAX || h->n == REDACT_HIDDEN_MAX)
		return;
	buf_init(&h->v[h->n], VALUE_MAX);
	buf_add(&h->v[h->n], p, len);
	if (buf_ok(&h->v[h->n]))
		h->n++;
	else
		buf_fini(&h->v[h->n]);
}

void
redact_blot(const struct redact_hidden *h, char *p, size_t len)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct buf *v = &h->v[i];
		char *at = p;

		while ((at = memmem(
			    at, len - (size_t)(at - p), v->p, v->len)) != NULL)
			memset(at, '*', v->len);
	}
}

void
redact_fini(struct redact_hidden *h)
{
	for (size_t i = 0; i < h->n; i++) {
		explicit_bzero(h->v[i].p, h->v[i].cap);
		buf_fini(&h->v[i]);
	}
	h->n = 0;
}

/* As it stands in the form, and as it was before. */
static void
hide_value(struct redact_hidden *h, const char *p, size_t len)
{
	char *plain;
	int n = 0;

	redact_hide(h, p, len);
	plain = curl_easy_unescape(NULL, p, (int)len, &n);
	if (plain != NULL && n > 0) {
		redact_hide(h, plain, (size_t)n);
		explicit_bzero(plain, (size_t)n);
	}
	curl_free(plain);
}

/* "name=value&..." in place, names and shown values as they stand. */
static void
add_pairs(const char *p, size_t len, bool is_form, struct buf *out,
    struct redact_hidden *h)
{
	const char *end = p + len;

	while (p < end) {
		const char *stop = memchr(p, '&', (size_t)(end - p));
		const char *eq;
		bool is_shown;

		if (stop == NULL)
			stop = end;
		eq = memchr(p, '=', (size_t)(stop - p));
		is_shown = eq != NULL &&
		    (is_form ? may_show(FORM, p, (size_t)(eq - p)) :
			       may_show_query(p, (size_t)(eq - p)));
		if (eq == NULL) {
			buf_adds(out, "***");
		} else if (is_shown) {
			buf_add(out, p, (size_t)(stop - p));
		} else {
			buf_add(out, p, (size_t)(eq - p));
			buf_adds(out, "=***");
			if (h != NULL)
				hide_value(h, eq + 1, (size_t)(stop - eq - 1));
		}
		if (stop < end)
			buf_addc(out, '&');
		p = stop + 1;
	}
}

void
redact_form(
    const char *body, size_t len, struct buf *out, struct redact_hidden *h)
{
	add_pairs(body, len, true, out, h);
}

void
redact_url(const char *url, struct buf *out)
{
	size_t len = strcspn(url, "#");
	const char *query = memchr(url, '?', len);
	size_t path = query == NULL ? len : (size_t)(query - url);
	const char *host = strstr(url, "://");
	const char *at;

	host = host == NULL || (size_t)(host - url) > path ? url : host + 3;
	at = memchr(host, '@', strcspn(host, "/?#"));
	buf_add(out, url, (size_t)(host - url));
	if (at != NULL) {
		buf_adds(out, "***");
		host = at;
	}
	buf_add(out, host, path - (size_t)(host - url));
	if (query == NULL)
		return;
	buf_addc(out, '?');
	add_pairs(query + 1, len - path - 1, false, out, NULL);
}

void
redact_header(const char *line, size_t len, struct buf *out)
{
	const char *colon = memchr(line, ':', len);
	const char *value;
	size_t name_len;
	char *text;

	if (colon == NULL) {
		/* A status line; anything else is no header. */
		if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
			buf_add(out, line, len);
		else if (len > 0)
			buf_adds(out, "***");
		return;
	}
	name_len = (size_t)(colon - line);
	if (may_show(HEADER, line, name_len)) {
		buf_add(out, line, len);
		return;
	}
	buf_add(out, line, name_len + 1);
	value = colon + 1;
	if (name_len != 8 || strncasecmp(line, "location", 8) != 0) {
		buf_adds(out, " ***");
		return;
	}
	while (value < line + len && *value == ' ')
		value++;
	text = xstrndup(value, len - (size_t)(value - line));
	buf_addc(out, ' ');
	redact_url(text, out);
	wipe_free(text);
}

static void add_value(
    struct json_object *v, bool is_shown, unsigned int where, struct buf *out);

static void /* NOLINTNEXTLINE(misc-no-recursion): JSON_DEPTH */
add_object(struct json_object *obj, unsigned int where, struct buf *out)
{
	const char *sep = "";

	buf_addc(out, '{');
	json_object_object_foreach(obj, name, v)
	{
		buf_addf(out, "%s\"%s\":", sep, name);
		add_value(v, may_show(where, name, strlen(name)), where, out);
		sep = ",";
	}
	buf_addc(out, '}');
}

static void /* NOLINTNEXTLINE(misc-no-recursion): JSON_DEPTH */
add_array(
    struct json_object *v, bool is_shown, unsigned int where, struct buf *out)
{
	size_t n = json_object_array_length(v);

	buf_addc(out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_addc(out, ',');
		add_value(
		    json_object_array_get_idx(v, i), is_shown, where, out);
	}
	buf_addc(out, ']');
}

static void /* NOLINTNEXTLINE(misc-no-recursion): JSON_DEPTH */
add_value(
    struct json_object *v, bool is_shown, unsigned int where, struct buf *out)
{
	switch (json_object_get_type(v)) {
	case json_type_object:
		add_object(v, where, out);
		break;
	case json_type_array:
		add_array(v, is_shown, where, out);
		break;
	case json_type_string:
		if (!is_shown) {
			buf_addf(out, "\"*** (%d bytes)\"",
			    json_object_get_string_len(v));
			break;
		}
		buf_adds(out,
		    json_object_to_json_string_ext(v,
			JSON_C_TO_STRING_PLAIN |
			    JSON_C_TO_STRING_NOSLASHESCAPE));
		break;
	case json_type_null:
	case json_type_boolean:
	case json_type_double:
	case json_type_int:
		buf_adds(out, is_shown ? json_object_get_string(v) : "***");
		break;
	}
}

/* json-c's copies of what was hidden (json_c_visit()). */
static int
wipe(json_object *v, int flags, json_object *parent, const char *name,
    size_t *index, /* NOLINT(readability-non-const-parameter): json-c's */
    void *ctx)
{
	char *stars;
	int len;

	(void)flags;
	(void)parent;
	(void)name;
	(void)index;
	(void)ctx;
	if (!json_object_is_type(v, json_type_string))
		return JSON_C_VISIT_RETURN_CONTINUE;
	len = json_object_get_string_len(v);
	stars = xcalloc(1, (size_t)len + 1);
	/* The same length, so in place. */
	memset(stars, '*', (size_t)len);
	(void)json_object_set_string_len(v, stars, len);
	free(stars);
	return JSON_C_VISIT_RETURN_CONTINUE;
}

void
redact_json(const char *body, size_t len, bool is_error, struct buf *out)
{
	struct json_tokener *t = json_tokener_new_ex(JSON_DEPTH);
	struct json_object *obj = NULL;

	if (t != NULL && len > 0 && len < JSON_MAX &&
	    memchr(body, '\0', len) == NULL) {
		(void)printbuf_memset(t->pb, 0, 0, (int)len);
		printbuf_reset(t->pb);
		obj = json_tokener_parse_ex(t, body, (int)len);
	}
	if (json_object_is_type(obj, json_type_object))
		add_object(obj, is_error ? ERROR | ANSWER : ANSWER, out);
	else
		buf_addf(
		    out, "(%zu bytes that are no JSON object, not shown)", len);
	if (obj != NULL)
		(void)json_c_visit(obj, 0, wipe, NULL);
	json_object_put(obj);
	if (t == NULL)
		return;
	explicit_bzero(t->pb->buf, (size_t)t->pb->size);
	json_tokener_free(t);
}
