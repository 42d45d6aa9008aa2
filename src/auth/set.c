/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "auth/set.h"
#include "base/mem.h"
#include "base/obj.h"

struct member {
	struct auth *auth;
	struct auth_options o; /* its texts are ours */
	size_t taken;
};

struct auth_set {
	uv_loop_t *loop;
	struct http *http;
	struct member *v;
	size_t n, cap;
};

/* The texts that make an identity: all but the name. */
#define TEXT(field) offsetof(struct auth_options, field)
static const size_t texts[] = {
	TEXT(tenant),
	TEXT(authority),
	TEXT(token_url),
	TEXT(client_id),
	TEXT(client_secret),
	TEXT(client_secret_file),
	TEXT(client_certificate_file),
	TEXT(client_key_file),
	TEXT(client_key_password_file),
	TEXT(federated_token_file),
	TEXT(imds_origin),
	TEXT(token_file),
	TEXT(scope),
	TEXT(resource),
	TEXT(route.ca_file),
	TEXT(route.proxy),
	TEXT(route.proxy_user),
	TEXT(route.proxy_password),
};
#undef TEXT

static const char *
text_at(const struct auth_options *o, size_t offset)
{
	const char *text;

	memcpy(&text, (const char *)o + offset, sizeof(text));
	return text;
}

static void
set_text(struct auth_options *o, size_t offset, char *text)
{
	memcpy((char *)o + offset, &text, sizeof(text));
}

/* The configuration that the first one came from may be gone before the
   last. */
static void
copy(const struct auth_options *from, struct auth_options *to)
{
	*to = *from;
	to->name = xstrdup(from->name == NULL ? "" : from->name);
	for (size_t i = 0; i < NELEM(texts); i++) {
		const char *text = text_at(from, texts[i]);

		set_text(to, texts[i], text == NULL ? NULL : xstrdup(text));
	}
}

static void
wipe_text(struct auth_options *o, size_t offset)
{
	char *text;

	memcpy(&text, (char *)o + offset, sizeof(text));
	wipe_free(text);
}

static void
wipe(struct auth_options *o)
{
	for (size_t i = 0; i < NELEM(texts); i++)
		wipe_text(o, texts[i]);
	wipe_text(o, offsetof(struct auth_options, name));
}

static bool
are_equal(const struct auth_options *a, const struct auth_options *b)
{
	if (a->grant != b->grant ||
	    a->is_sha1_assertion != b->is_sha1_assertion)
		return false;
	for (size_t i = 0; i < NELEM(texts); i++) {
		const char *x = text_at(a, texts[i]), *y = text_at(b, texts[i]);

		if (x != y && (x == NULL || y == NULL || strcmp(x, y) != 0))
			return false;
	}
	return true;
}

struct auth_set *
auth_set_new(uv_loop_t *loop, struct http *http)
{
	struct auth_set *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->http = http;
	return s;
}

void
auth_set_free(struct auth_set *s)
{
	if (s == NULL)
		return;
	assert(s->n == 0);
	free(s->v);
	free(s);
}

struct auth *
auth_set_take(struct auth_set *s, const struct auth_options *o, struct err *e)
{
	struct auth_options own;
	struct auth *a;

	for (size_t i = 0; i < s->n; i++) {
		if (are_equal(&s->v[i].o, o)) {
			s->v[i].taken++;
			return s->v[i].auth;
		}
	}
	copy(o, &own);
	a = auth_new(s->loop, s->http, &own, e);
	if (a == NULL) {
		wipe(&own);
		return NULL;
	}
	s->v = array_grow(s->v, s->n, &s->cap, sizeof(*s->v));
	s->v[s->n++] = (struct member){ .auth = a, .o = own, .taken = 1 };
	return a;
}

void
auth_set_give(struct auth_set *s, struct auth *a)
{
	for (size_t i = 0; a != NULL && i < s->n; i++) {
		if (s->v[i].auth != a)
			continue;
		if (--s->v[i].taken > 0)
			return;
		auth_close(a);
		wipe(&s->v[i].o);
		s->v[i] = s->v[--s->n];
		return;
	}
	assert(a == NULL);
}

void
auth_set_reload(struct auth_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		auth_look(s->v[i].auth);
}
