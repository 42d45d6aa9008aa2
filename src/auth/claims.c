/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>
#include <openssl/evp.h>

#include "auth/auth_priv.h"
#include "auth/claims.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/obj.h"
#include "base/stamp.h"

/* Bytes of a challenge or of a token's claims: a header's, decoded. */
#define DECODED_MAX HTTP_HEADER_MAX
#define VALUE_MAX   120U /* of what is shown of one value */

/* base64 of either alphabet, padded or not (RFC 4648 4, 5); free() it. */
static char *
decode(const char *p, size_t len, size_t *out_len)
{
	size_t padded;
	char *text, *out;
	int n;

	while (len > 0 && p[len - 1] == '=')
		len--;
	if (len == 0 || len > DECODED_MAX)
		return NULL;
	padded = (len + 3) / 4 * 4;
	text = xcalloc(1, padded + 1);
	out = xcalloc(1, padded);
	for (size_t i = 0; i < padded; i++) {
		text[i] = '=';
		if (i < len)
			text[i] = p[i];
		if (text[i] == '-')
			text[i] = '+';
		else if (text[i] == '_')
			text[i] = '/';
	}
	n = EVP_DecodeBlock(
	    (unsigned char *)out, (const unsigned char *)text, (int)padded);
	free(text);
	if (n < 0 || (size_t)n < padded - len) {
		free(out);
		return NULL;
	}
	/* It counts the padding. */
	*out_len = (size_t)n - (padded - len);
	return out;
}

static struct json_object *
decode_json(const char *p, size_t len)
{
	struct json_object *obj;
	char *text;
	size_t n;

	text = decode(p, len, &n);
	if (text == NULL)
		return NULL;
	obj = auth__json_parse(text, n);
	free(text);
	return obj;
}

/* The value of an auth-param (RFC 9110 11.2): token or quoted-string. */
static bool
param(const char *header, const char *name, const char **out, size_t *out_len)
{
	size_t n = strlen(name);
	const char *p = header;

	for (; (p = strcasestr(p, name)) != NULL; p += n) {
		const char *at = p + n + strspn(p + n, " \t");

		if (p != header && strchr(" ,\t", p[-1]) == NULL)
			continue;
		if (*at != '=')
			continue;
		at++;
		at += strspn(at, " \t");
		if (*at == '"')
			at++;
		*out = at;
		*out_len = strcspn(at, at[-1] == '"' ? "\"" : ", \t");
		return true;
	}
	return false;
}

/* Printable and bounded: it comes from a peer. */
static void
add_text(struct buf *out, const char *p)
{
	size_t n = strnlen(p, VALUE_MAX);

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)p[i] >= 0x20 && p[i] < 0x7f)
			buf_addc(out, p[i]);
		else
			buf_addc(out, '?');
	}
}

/* "value" of {"essential":true,"value":"x"}, or the first of "values". */
static const char *
value_of(struct json_object *claim)
{
	const char *text = auth__json_text(claim, "value");
	struct json_object *list;

	if (text == NULL && json_object_object_get_ex(claim, "values", &list) &&
	    json_object_is_type(list, json_type_array) &&
	    json_object_array_length(list) > 0)
		text =
		    json_object_get_string(json_object_array_get_idx(list, 0));
	return text == NULL ? "" : text;
}

/* claim; what it means, its value in between; the mend */
static const struct {
	const char *name, *before, *after;
	bool is_time;
} claims[] = {
	{ "xms_rp_ipaddr", "a location policy refuses the address ",
	    " that the API sees; add that address (this host's way out, or "
	    "its proxy's) to the policy's named locations, or exempt this "
	    "identity",
	    false },
	{ "acrs", "a policy wants authentication context ",
	    ", which only an interactive sign-in gives; exempt this identity "
	    "from it, or run cefwd login with a user who can satisfy it",
	    false },
	{ "nbf",
	    "the session was revoked or a policy has changed: a token "
	    "issued after ",
	    " is wanted; a new one is asked for; if it is refused too, look "
	    "at the sign-in log of this identity",
	    true },
};

static void
add_claim(struct buf *out, size_t row, struct json_object *claim)
{
	const char *value = value_of(claim);
	char text[STAMP_TEXT_MAX];
	uint64_t s;

	buf_adds(out, claims[row].before);
	if (claims[row].is_time &&
	    num_u64(value, strlen(value), 1, UINT32_MAX, &s, NULL) == 0) {
		stamp_format(stamp_from_ms((int64_t)s * 1000), text);
		/* Whole seconds. */
		buf_addf(out, "%.19sZ", text);
	} else {
		add_text(out, *value == '\0' ? "it does not name" : value);
	}
	buf_adds(out, claims[row].after);
}

static void
add_challenge(struct buf *out, struct json_object *obj)
{
	struct json_object *token, *claim;

	if (json_object_object_get_ex(obj, "access_token", &token) &&
	    json_object_is_type(token, json_type_object)) {
		for (size_t i = 0; i < NELEM(claims); i++) {
			if (json_object_object_get_ex(
				token, claims[i].name, &claim)) {
				add_claim(out, i, claim);
				return;
			}
		}
		json_object_object_foreach(token, name, v)
		{
			(void)v;
			buf_adds(out, "the token must satisfy ");
			add_text(out, name);
			buf_adds(out,
			    "; look at the Conditional Access policies of this "
			    "identity");
			return;
		}
	}
	buf_adds(out,
	    "what it wants cannot be read; look at the sign-in log of this "
	    "identity");
}

bool
auth_claims(const char *www_authenticate, struct buf *out)
{
	static const char insufficient[] = "insufficient_claims";
	struct json_object *obj = NULL;
	const char *p;
	size_t len;

	/* learn.microsoft.com: claims-challenge */
	if (!param(www_authenticate, "error", &p, &len) ||
	    len != strlen(insufficient) ||
	    strncasecmp(p, insufficient, len) != 0)
		return false;
	if (param(www_authenticate, "claims", &p, &len))
		obj = decode_json(p, len);
	buf_adds(out, "Conditional Access refuses this token: ");
	add_challenge(out, obj);
	json_object_put(obj);
	return true;
}

static char *
copy_text(struct json_object *obj, const char *name)
{
	const char *text = auth__json_text(obj, name);
	struct buf b;

	if (text == NULL)
		return NULL;
	buf_init(&b, 4096);
	add_text(&b, text);
	return buf_take(&b);
}

static char *
copy_roles(struct json_object *obj)
{
	struct json_object *list;
	struct buf b;

	if (!json_object_object_get_ex(obj, "roles", &list) ||
	    !json_object_is_type(list, json_type_array))
		return NULL;
	buf_init(&b, 4096);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *text =
		    json_object_get_string(json_object_array_get_idx(list, i));

		if (i > 0)
			buf_addc(&b, ' ');
		add_text(&b, text == NULL ? "?" : text);
	}
	return buf_take(&b);
}

bool
auth_hint(const char *bearer, struct auth_hint *out)
{
	const char *p = strchr(bearer, '.');
	struct json_object *obj;
	size_t len;

	*out = (struct auth_hint){ .audience = NULL };
	if (p == NULL)
		return false;
	p++;
	len = strcspn(p, ".");
	if (p[len] != '.')
		return false; /* RFC 7515 3.1: three parts */
	obj = decode_json(p, len);
	if (obj == NULL)
		return false;
	out->audience = copy_text(obj, "aud");
	out->tenant = copy_text(obj, "tid");
	out->scopes = copy_text(obj, "scp");
	out->roles = copy_roles(obj);
	json_object_put(obj);
	return true;
}

void
auth_hint_fini(struct auth_hint *h)
{
	free(h->audience);
	free(h->tenant);
	free(h->scopes);
	free(h->roles);
	*h = (struct auth_hint){ .audience = NULL };
}
