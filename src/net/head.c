/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/obj.h"
#include "net/http_priv.h"

/* A year: no service means more, and no sum overflows. */
#define RETRY_AFTER_MAX_S 31622400U

/* name; where it goes; whether several are one list (RFC 9110 5.3), else the
   last one counts */
static const struct {
	const char *name;
	enum http_field field;
	bool joins;
} names[] = {
	{ "content-type", FIELD_CONTENT_TYPE, false },
	{ "location", FIELD_LOCATION, false },
	{ "www-authenticate", FIELD_WWW_AUTHENTICATE, true },
	{ "warning", FIELD_WARNING, true },
	{ "link", FIELD_LINK, true },
	{ "request-id", FIELD_REQUEST_ID, false },
	/* The token endpoint's spelling. */
	{ "x-ms-request-id", FIELD_REQUEST_ID, false },
	{ "date", FIELD_DATE, false },
	{ "retry-after", FIELD_RETRY_AFTER, false },
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* "HTTP/1.1 200 OK", "HTTP/2 200 ": 0 if it is none. */
static int
status_of(const char *p, size_t len)
{
	const char *blank;
	uint64_t status;

	if (len < 5 || memcmp(p, "HTTP/", 5) != 0)
		return 0;
	blank = memchr(p, ' ', len);
	if (blank == NULL || len - (size_t)(blank - p) < 4)
		return 0;
	if (num_u64(blank + 1, 3, 100, 599, &status, NULL) == -1)
		return 0;
	return (int)status;
}

void
http__fields_fini(struct http_fields *f)
{
	for (size_t i = 0; i < FIELD_COUNT; i++)
		free(f->text[i]);
	*f = (struct http_fields){ .status = 0 };
}

static int
too_long(const char *name, struct err *e)
{
	return err_set(e, ERR_LIMIT,
	    "the answer's header %s is longer than %u bytes", name,
	    HTTP_HEADER_MAX);
}

static int
keep(
    struct http_fields *f, size_t row, const char *p, size_t len, struct err *e)
{
	char **slot = &f->text[names[row].field];
	char *old = *slot;
	size_t had = old == NULL ? 0 : strlen(old);

	if (len > HTTP_HEADER_MAX)
		return too_long(names[row].name, e);
	if (!names[row].joins || old == NULL) {
		*slot = xstrndup(p, len);
	} else {
		if (had + 2 > HTTP_HEADER_MAX - len)
			return too_long(names[row].name, e);
		*slot = xasprintf("%s, %.*s", old, (int)len, p);
	}
	free(old);
	return 0;
}

int
http__fields_line(
    struct http_fields *f, const char *p, size_t len, struct err *e)
{
	int status = status_of(p, len);
	const char *colon;
	size_t name_len;

	if (status != 0) {
		http__fields_fini(f);
		f->status = status;
		return 0;
	}
	colon = memchr(p, ':', len);
	if (colon == NULL)
		return 0;
	name_len = (size_t)(colon - p);
	len -= name_len + 1;
	for (colon++; len > 0 && is_blank(*colon); len--)
		colon++;
	while (len > 0 && is_blank(colon[len - 1]))
		len--;
	for (size_t i = 0; i < NELEM(names); i++) {
		if (strlen(names[i].name) == name_len &&
		    strncasecmp(names[i].name, p, name_len) == 0)
			return keep(f, i, colon, len, e);
	}
	return 0;
}

/* Seconds with an optional fraction: Graph's documents show 2.128. */
static int64_t
seconds_ms(const char *text)
{
	size_t whole = strspn(text, "0123456789");
	const char *rest = text + whole;
	uint64_t s, ms = 0;

	if (*rest == '.') {
		static const unsigned int scale[] = { 100, 10, 1 };
		size_t digits = strspn(rest + 1, "0123456789");

		if (digits == 0)
			return -1;
		for (size_t i = 0; i < digits && i < NELEM(scale); i++)
			ms += (uint64_t)(rest[1 + i] - '0') * scale[i];
		/* What is finer than a millisecond rounds up: never early. */
		if (digits > NELEM(scale))
			ms++;
		rest += 1 + digits;
	}
	if (*rest != '\0')
		return -1;
	/* More digits than fit are a long time, not a fault. */
	if (num_u64(text, whole, 0, RETRY_AFTER_MAX_S, &s, NULL) == -1)
		return (int64_t)RETRY_AFTER_MAX_S * 1000;
	return (int64_t)(s * 1000 + ms);
}

static int64_t
date_ms(const char *text)
{
	time_t t;

	/* curl_getdate() takes bare numbers for dates, HTTP does not. */
	if (!((*text >= 'A' && *text <= 'Z') || (*text >= 'a' && *text <= 'z')))
		return -1;
	t = curl_getdate(text, NULL);
	return t <= 0 ? -1 : (int64_t)t * 1000;
}

int64_t
http__retry_after_ms(const char *text, int64_t now_unix_ms)
{
	int64_t when;

	if (*text >= '0' && *text <= '9')
		return seconds_ms(text);
	when = date_ms(text);
	if (when == -1)
		return -1;
	if (when <= now_unix_ms)
		return 0;
	if (when - now_unix_ms > (int64_t)RETRY_AFTER_MAX_S * 1000)
		return (int64_t)RETRY_AFTER_MAX_S * 1000;
	return when - now_unix_ms;
}

static const char *
text_of(const struct http_fields *f, enum http_field field)
{
	return f->text[field] == NULL ? "" : f->text[field];
}

void
http__fields_view(const struct http_fields *f, struct http_head *out)
{
	int64_t date = date_ms(text_of(f, FIELD_DATE));

	*out = (struct http_head){
		.status = f->status,
		.content_type = text_of(f, FIELD_CONTENT_TYPE),
		.location = text_of(f, FIELD_LOCATION),
		.www_authenticate = text_of(f, FIELD_WWW_AUTHENTICATE),
		.warning = text_of(f, FIELD_WARNING),
		.link = text_of(f, FIELD_LINK),
		.request_id = text_of(f, FIELD_REQUEST_ID),
		.date_unix_ms = date,
		.retry_after_ms =
		    http__retry_after_ms(text_of(f, FIELD_RETRY_AFTER),
			date == -1 ? clk_unix_ms() : date),
	};
}
