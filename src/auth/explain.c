/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include <json-c/json.h>

#include "auth/auth_priv.h"
#include "base/buf.h"
#include "base/num.h"
#include "base/obj.h"
#include "base/utf8.h"

/* Bytes of the text: leaves room for advice and ids in ERR_TEXT_MAX. */
#define SAID_MAX 480U
#define WORD_MAX 64

/* What an error answer says, borrowed from its JSON. */
struct said {
	const char *error;       /* RFC 6749 5.2; NULL: none */
	const char *suberror;    /* NULL: none */
	const char *description; /* NULL: none */
	uint64_t code;           /* AADSTS; 0: none */
	char trace[WORD_MAX + 1], correlation[WORD_MAX + 1];
};

/*
 * error (RFC 6749 5.2, RFC 8628 3.5, OpenID Connect Core 3.1.2.6), what the
 * caller does, and advice where the number has none.  An unknown word is a
 * refusal: that is tried again, slowly.
 */
static const struct {
	const char *error;
	enum err_kind kind;
	const char *words;
} errors[] = {
	{ "invalid_client", ERR_REFUSED,
	    "the credentials are wrong; check client-id and the secret or "
	    "certificate" },
	{ "unauthorized_client", ERR_REFUSED,
	    "this application may not do this; check client-id and tenant" },
	{ "access_denied", ERR_REFUSED, "the request was denied" },
	{ "invalid_grant", ERR_REFUSED,
	    "the sign-in is no longer valid; run cefwd login" },
	{ "interaction_required", ERR_REFUSED,
	    "a person must sign in; run cefwd login, or use an application "
	    "identity" },
	{ "login_required", ERR_REFUSED,
	    "a person must sign in; run cefwd login" },
	{ "consent_required", ERR_REFUSED,
	    "consent is missing; grant admin consent under API permissions" },
	{ "authorization_declined", ERR_REFUSED,
	    "the user declined the sign-in" },
	{ "expired_token", ERR_REFUSED,
	    "the code has expired; run cefwd login again" },
	{ "bad_verification_code", ERR_REFUSED,
	    "the code is not known; run cefwd login again" },
	{ "authorization_pending", ERR_BUSY,
	    "the user has not entered the code yet" },
	{ "slow_down", ERR_BUSY, "the question was asked too often" },
	{ "temporarily_unavailable", ERR_BUSY,
	    "the service is not available; it is tried again" },
	{ "server_error", ERR_BUSY,
	    "a passing fault of the service; it is tried again" },
	{ "invalid_request", ERR_CONFIG,
	    "the request is not one that this endpoint takes; check tenant, "
	    "client-id and scope" },
	{ "invalid_scope", ERR_CONFIG,
	    "the scope is not valid; write scope as "
	    "https://API-HOST/.default" },
	{ "invalid_resource", ERR_CONFIG,
	    "the API is not known in this tenant; check scope or resource" },
	{ "invalid_target", ERR_CONFIG,
	    "the API is not known in this tenant; check scope or resource" },
	{ "invalid_tenant", ERR_CONFIG,
	    "the tenant is not known; check tenant and cloud" },
	{ "unsupported_grant_type", ERR_CONFIG,
	    "this endpoint does not take this kind of credential" },
};

/* What the service asks to be left alone with (RFC 9110 15.5.9, 15.6; RFC
   6585 4). */
static bool
is_busy(int status)
{
	return status == 408 || status == 429 || status >= 500;
}

static enum err_kind
kind_of(int status, const char *error)
{
	if (is_busy(status))
		return ERR_BUSY;
	for (size_t i = 0; error != NULL && i < NELEM(errors); i++) {
		if (strcmp(errors[i].error, error) == 0)
			return errors[i].kind;
	}
	return ERR_REFUSED;
}

static const char *
words_of(const struct said *s)
{
	const struct auth_advice *advice = auth__advice(s->code);

	if (advice != NULL)
		return advice->words;
	for (size_t i = 0; s->error != NULL && i < NELEM(errors); i++) {
		if (strcmp(errors[i].error, s->error) == 0)
			return errors[i].words;
	}
	return NULL;
}

/* An id that is safe to print; anything else stays away. */
static void
take_id(char out[WORD_MAX + 1], const char *p)
{
	size_t len = p == NULL ? 0 : strspn(p, "0123456789abcdefABCDEF-");

	if (len == 0 || len > WORD_MAX)
		return;
	memcpy(out, p, len);
	out[len] = '\0';
}

/* "Trace ID: x" inside the description. */
static const char *
after(const char *text, const char *label)
{
	const char *p = text == NULL ? NULL : strstr(text, label);

	if (p == NULL)
		return NULL;
	p += strlen(label);
	return p + strspn(p, " ");
}

/* The first code that has advice, or else the first. */
static uint64_t
code_of(const struct json_object *obj, const char *description)
{
	struct json_object *list, *v;
	uint64_t first = 0, code;
	size_t n;

	if (json_object_object_get_ex(obj, "error_codes", &list) &&
	    json_object_is_type(list, json_type_array)) {
		n = json_object_array_length(list);
		for (size_t i = 0; i < n && i < 16; i++) {
			const char *text;

			v = json_object_array_get_idx(list, i);
			text = json_object_get_string(v);
			if (text == NULL ||
			    num_u64(text, strlen(text), 1, UINT32_MAX, &code,
				NULL) == -1)
				continue;
			if (auth__advice(code) != NULL)
				return code;
			if (first == 0)
				first = code;
		}
	}
	description = after(description, "AADSTS");
	if (first == 0 && description != NULL &&
	    num_u64(description, strspn(description, "0123456789"), 1,
		UINT32_MAX, &code, NULL) == 0)
		first = code;
	return first;
}

static void
read_error(const struct json_object *obj, struct said *s)
{
	struct json_object *inner;

	*s = (struct said){ .error = auth__json_text(obj, "error") };
	s->suberror = auth__json_text(obj, "suberror");
	s->description = auth__json_text(obj, "error_description");
	/* As Graph, and some gateways, write it. */
	if (json_object_object_get_ex(obj, "error", &inner) &&
	    json_object_is_type(inner, json_type_object)) {
		s->error = auth__json_text(inner, "code");
		s->description = auth__json_text(inner, "message");
	}
	if (s->description == NULL)
		/* As App Service writes it. */
		s->description = auth__json_text(obj, "message");
	s->code = code_of(obj, s->description);
	take_id(s->trace, auth__json_text(obj, "trace_id"));
	if (s->trace[0] == '\0')
		take_id(s->trace, after(s->description, "Trace ID:"));
	take_id(s->correlation, auth__json_text(obj, "correlation_id"));
	if (s->correlation[0] == '\0')
		take_id(
		    s->correlation, after(s->description, "Correlation ID:"));
}

/* The description without its number and without the lines for support. */
static void
add_description(struct buf *b, const char *text)
{
	static const char *const ends[] = {
		"Trace ID:", "Correlation ID:", "Timestamp:"
	};
	const char *start = text;
	size_t len, at;

	if (strncmp(text, "AADSTS", 6) == 0) {
		start += 6 + strspn(text + 6, "0123456789");
		start += strspn(start, ": ");
	}
	len = strlen(start);
	for (size_t i = 0; i < NELEM(ends); i++) {
		const char *end = strstr(start, ends[i]);

		if (end != NULL && (size_t)(end - start) < len)
			len = (size_t)(end - start);
	}
	while (len > 0 && (unsigned char)start[len - 1] <= ' ')
		len--;
	if (len == 0)
		return;
	at = len;
	if (len > SAID_MAX) {
		at = SAID_MAX;
		while ((start[at] & 0xc0) == 0x80)
			at--;
	}
	buf_adds(b, "; the endpoint said: \"");
	if (utf8_valid(start, at))
		buf_add(b, start, at);
	buf_adds(b, at < len ? "...\"" : "\"");
}

static void
add_ids(struct buf *b, const struct said *s, const struct auth_options *o)
{
	buf_addf(b, " [client-id %.80s, tenant %.80s",
	    o->client_id == NULL ? "none" : o->client_id,
	    o->tenant == NULL ? "none" : o->tenant);
	if (s->trace[0] != '\0')
		buf_addf(b, ", trace %s", s->trace);
	if (s->correlation[0] != '\0')
		buf_addf(b, ", correlation %s", s->correlation);
	buf_addc(b, ']');
}

static const char *
verb_of(enum err_kind kind)
{
	if (kind == ERR_BUSY)
		return "asked for patience";
	return kind == ERR_CONFIG ? "did not take the request" : "refused";
}

static int
explain_json(int status, const struct json_object *obj,
    const struct auth_options *o, struct err *e)
{
	const struct auth_grant_row *grant = auth__grant(o->grant);
	const char *words, *hint;
	enum err_kind kind;
	struct said s;
	struct buf b;
	int rc;

	read_error(obj, &s);
	kind = kind_of(status, s.error);
	words = words_of(&s);
	hint = grant == NULL ? NULL : grant->hint(o, status, s.code);
	buf_init(&b, ERR_TEXT_MAX - 1);
	buf_addf(&b, "%s %s (%d",
	    grant == NULL ? "the token endpoint" : grant->peer, verb_of(kind),
	    status);
	if (s.error != NULL)
		buf_addf(&b, " %.*s", WORD_MAX, s.error);
	if (s.suberror != NULL && s.suberror[0] != '\0')
		buf_addf(&b, "/%.*s", WORD_MAX, s.suberror);
	if (s.code != 0)
		buf_addf(&b, ", AADSTS%ju", (uintmax_t)s.code);
	buf_addc(&b, ')');
	if (words != NULL)
		buf_addf(&b, ": %s", words);
	if (hint != NULL)
		buf_addf(&b, " (%s)", hint);
	if (s.description != NULL)
		add_description(&b, s.description);
	if (words == NULL && s.code != 0) {
		buf_addf(&b,
		    "; see https://login.microsoftonline.com/error?code=%ju",
		    (uintmax_t)s.code);
	}
	add_ids(&b, &s, o);
	rc = err_set(e, kind, "%s", b.p);
	buf_fini(&b);
	return rc;
}

/* Not from a token endpoint at all, so nothing about the credentials. */
static int
explain_page(int status, const char *body, size_t len, struct err *e)
{
	enum err_kind kind = is_busy(status) ? ERR_BUSY : ERR_PROTO;
	const char *mend = "is authority right, or does a proxy or firewall "
			   "answer in its place?";
	struct buf what;
	int rc;

	if (status == 407)
		mend = "a proxy wants a login; set proxy-user";
	else if (status >= 300 && status < 400)
		mend = "it is a redirect, which is not followed; set authority "
		       "to where it leads";
	else if (is_busy(status))
		mend = "it is tried again";
	buf_init(&what, 256);
	auth__name_body(body, len, &what);
	rc = err_set(e, kind, "the token endpoint answered %d with %s; %s",
	    status, what.p, mend);
	buf_fini(&what);
	return rc;
}

int
auth_explain(int status, const char *body, size_t len,
    const struct auth_options *o, struct err *e)
{
	struct json_object *obj = auth__json_parse(body, len);
	int rc;

	if (obj == NULL)
		return explain_page(status, body, len, e);
	rc = explain_json(status, obj, o, e);
	json_object_put(obj);
	return rc;
}
