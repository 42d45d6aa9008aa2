/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>
#include <json-c/printbuf.h>

#include "auth/auth_priv.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"

/* A token answer is flat; Graph-like errors nest a little. */
#define ANSWER_DEPTH   8

/* Without expires_in and expires_on: what Entra gives as a rule. */
#define LIFE_DEFAULT_S 3600U

#define TITLE_MAX      80U /* bytes of a page's title worth a log line */

struct json_object *
auth__json_parse(const char *body, size_t len)
{
	struct json_object *obj;
	struct json_tokener *t;

	while (len > 0 && strchr(" \t\r\n", body[len - 1]) != NULL &&
	    body[len - 1] != '\0')
		len--;
	if (len == 0 || len > TOKEN_ANSWER_MAX ||
	    memchr(body, '\0', len) != NULL)
		return NULL;
	t = json_tokener_new_ex(ANSWER_DEPTH);
	if (t == NULL)
		return NULL;
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	/* Strings pass through this buffer: grown now, it need not move and
	   leave a token behind. */
	(void)printbuf_memset(t->pb, 0, 0, (int)len);
	printbuf_reset(t->pb);
	obj = json_tokener_parse_ex(t, body, (int)len);
	if (json_tokener_get_error(t) != json_tokener_success ||
	    json_tokener_get_parse_end(t) != len ||
	    !json_object_is_type(obj, json_type_object)) {
		json_object_put(obj);
		obj = NULL;
	}
	explicit_bzero(t->pb->buf, (size_t)t->pb->size);
	json_tokener_free(t);
	return obj;
}

const char *
auth__json_text(const struct json_object *obj, const char *name)
{
	struct json_object *v;

	if (!json_object_object_get_ex(obj, name, &v) ||
	    !json_object_is_type(v, json_type_string))
		return NULL;
	return json_object_get_string(v);
}

int
auth__json_number(const struct json_object *obj, const char *name, int64_t *out)
{
	struct json_object *v;
	double d;

	if (!json_object_object_get_ex(obj, name, &v) || v == NULL)
		return 0;
	switch (json_object_get_type(v)) {
	case json_type_int:
		*out = json_object_get_int64(v);
		return 1;
	case json_type_double:
		d = json_object_get_double(v);
		if (!(d > -1e15 && d < 1e15))
			return -1;
		*out = (int64_t)d;
		return 1;
	case json_type_string:
		return num_i64(json_object_get_string(v),
			   (size_t)json_object_get_string_len(v), out,
			   NULL) == 0 ?
		    1 :
		    -1;
	case json_type_null:
	case json_type_boolean:
	case json_type_object:
	case json_type_array:
		break;
	}
	return -1;
}

/* The text of <title>, to tell a proxy's page by. */
static void
add_title(const char *body, size_t len, struct buf *out)
{
	const char *end = body + len, *p = body, *stop;
	size_t n;

	for (;; p++) {
		p = memchr(p, '<', (size_t)(end - p));
		if (p == NULL || end - p < 7)
			return;
		if (strncasecmp(p, "<title>", 7) == 0)
			break;
	}
	p += 7;
	stop = memchr(p, '<', (size_t)(end - p));
	if (stop == NULL)
		return;
	while (p < stop && (unsigned char)*p <= ' ')
		p++;
	n = (size_t)(stop - p);
	while (n > 0 && (unsigned char)p[n - 1] <= ' ')
		n--;
	if (n > TITLE_MAX)
		n = TITLE_MAX;
	if (n == 0 || !utf8_valid(p, n))
		return;
	buf_adds(out, " titled \"");
	buf_add(out, p, n);
	buf_addc(out, '"');
}

void
auth__name_body(const char *body, size_t len, struct buf *out)
{
	while (len > 0 && (unsigned char)*body <= ' ') {
		body++;
		len--;
	}
	if (len == 0) {
		buf_adds(out, "nothing");
	} else if (*body == '<') {
		buf_adds(out, "an HTML page");
		add_title(body, len, out);
	} else if (*body == '{') {
		buf_adds(out, "broken JSON");
	} else {
		buf_adds(out, "text that is not a JSON object");
	}
}

/* RFC 6749 A.12: 1*VSCHAR; a line end would be a header of its own. */
static int
check_bearer(const char *bearer, size_t len, struct err *e)
{
	if (len == 0) {
		return err_set(e, ERR_PROTO,
		    "the token endpoint's answer holds an empty "
		    "access_token");
	}
	if (len > HTTP_HEADER_MAX) {
		return err_set(e, ERR_PROTO,
		    "the access_token is longer than %u bytes; is the "
		    "identity in too many groups?",
		    HTTP_HEADER_MAX);
	}
	for (size_t i = 0; i < len; i++) {
		if (bearer[i] < 0x20 || bearer[i] > 0x7e) {
			return err_set(e, ERR_PROTO,
			    "the access_token holds a byte that no token "
			    "has, at %zu",
			    i);
		}
	}
	return 0;
}

static int
parse_bearer(const struct json_object *obj, char **out, struct err *e)
{
	struct json_object *v;
	const char *type = auth__json_text(obj, "token_type");
	size_t len;

	/* RFC 6749 5.1: required; 7.1: an unknown type must not be used. */
	if (type == NULL) {
		return err_set(e, ERR_PROTO,
		    "the token endpoint's answer has no token_type");
	}
	if (strcasecmp(type, "Bearer") != 0) {
		return err_set(e, ERR_PROTO,
		    "the token endpoint gave a token whose token_type is not "
		    "Bearer");
	}
	if (!json_object_object_get_ex(obj, "access_token", &v) ||
	    !json_object_is_type(v, json_type_string)) {
		return err_set(e, ERR_PROTO,
		    "the token endpoint's answer has no access_token");
	}
	len = (size_t)json_object_get_string_len(v);
	if (check_bearer(json_object_get_string(v), len, e) == -1)
		return -1;
	*out = xstrndup(json_object_get_string(v), len);
	return 0;
}

/* RFC 6749 6: a new one may replace the one that was sent.  What no file
   would hold is none. */
static void
parse_refresh(const struct json_object *obj, struct auth_answer *out)
{
	const char *text = auth__json_text(obj, "refresh_token");
	size_t len = text == NULL ? 0 : strlen(text);

	if (len > 0 && len <= AUTH_TOKEN_MAX)
		out->refresh = xstrndup(text, len);
}

static int
bad_number(const char *name, struct err *e)
{
	return err_set(e, ERR_PROTO,
	    "the token endpoint's answer has a %s that is no number of "
	    "seconds ahead",
	    name);
}

static int
parse_life(const struct json_object *obj, int64_t now_unix_ms,
    struct auth_answer *out, struct err *e)
{
	const char *name = "expires_in";
	int64_t s = 0;
	int rc = auth__json_number(obj, name, &s);

	/* App Service gives the moment alone. */
	if (rc == 0) {
		name = "expires_on";
		rc = auth__json_number(obj, name, &s);
		if (rc == 1)
			s = s > INT32_MAX * INT64_C(1000) ?
			    AUTH_LIFE_MAX_S :
			    s - now_unix_ms / 1000;
	}
	if (rc == 0)
		s = LIFE_DEFAULT_S;
	if (rc == -1 || s <= 0)
		return bad_number(name, e);
	out->life_s = s > AUTH_LIFE_MAX_S ? AUTH_LIFE_MAX_S : (uint64_t)s;
	/* Advice only: what makes no sense is ignored. */
	if (auth__json_number(obj, "refresh_in", &s) == 1 && s > 0 &&
	    (uint64_t)s < out->life_s)
		out->refresh_s = (uint64_t)s;
	return 0;
}

/* Overwrite json-c's own copy; same length, so in place. */
static void
wipe_member(const struct json_object *obj, const char *name)
{
	struct json_object *v;
	char *stars;
	int len;

	if (!json_object_object_get_ex(obj, name, &v) ||
	    !json_object_is_type(v, json_type_string))
		return;
	len = json_object_get_string_len(v);
	stars = xcalloc(1, (size_t)len + 1);
	memset(stars, '*', (size_t)len);
	(void)json_object_set_string_len(v, stars, len);
	free(stars);
}

int
auth__answer_parse(const char *body, size_t len, int64_t now_unix_ms,
    struct auth_answer *out, struct err *e)
{
	struct json_object *obj = auth__json_parse(body, len);
	struct buf what;
	int rc;

	*out = (struct auth_answer){ .bearer = NULL };
	if (obj == NULL) {
		buf_init(&what, 256);
		auth__name_body(body, len, &what);
		rc = err_set(e, ERR_PROTO,
		    "the token endpoint answered 200 with %s instead of a "
		    "token; a proxy or captive portal in between?",
		    what.p);
		buf_fini(&what);
		return rc;
	}
	rc = parse_life(obj, now_unix_ms, out, e);
	if (rc == 0)
		rc = parse_bearer(obj, &out->bearer, e);
	if (rc == 0)
		parse_refresh(obj, out);
	wipe_member(obj, "access_token");
	wipe_member(obj, "refresh_token");
	wipe_member(obj, "id_token");
	json_object_put(obj);
	return rc;
}
