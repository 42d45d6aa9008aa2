/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "auth/claims.h"
#include "base/limits.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "source/source_priv.h"

/* An error's body is read for its code and message; it is short. */
#define ERROR_BODY_MAX (256U << 10)

/* Accept, the request id and what a row adds. */
#define HEADERS_MAX    (2U + SOURCE_HEADERS_MAX)

/* RFC 9562, 5.4: random; support finds the request by it. */
static void
make_uuid(char out[SOURCE_UUID_MAX])
{
	unsigned char b[16] = { 0 };

	(void)!getrandom(b, sizeof(b), GRND_NONBLOCK);
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	(void)snprintf(out, SOURCE_UUID_MAX,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x",
	    b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
	    b[11], b[12], b[13], b[14], b[15]);
}

static void
copy_word(char out[SOURCE_WORD_MAX], const char *from)
{
	(void)snprintf(out, SOURCE_WORD_MAX, "%s", from == NULL ? "" : from);
}

/* A record alone is no page. */
static struct split *
splitter(const struct source_pass *p)
{
	return p->is_item ? p->item_split : p->split;
}

bool
source__has_records(const struct page *page)
{
	return page->status == 200 || page->status == 206;
}

/* "application/json", "application/problem+json", any parameters; a peer that
   names no type is given the benefit of the doubt. */
static bool
is_json(const char *type)
{
	size_t len = strcspn(type, "; \t");

	if (len == 0)
		return true;
	return len >= 4 && strncasecmp(type + len - 4, "json", 4) == 0;
}

/* What policy refuses the token, where the API says so. */
static void
read_claims(struct page *page, const char *www_authenticate)
{
	struct buf words;

	buf_init(&words, SOURCE_CLAIMS_MAX - 1);
	if (auth_claims(www_authenticate, &words))
		(void)snprintf(
		    page->claims, sizeof(page->claims), "%s", words.p);
	buf_fini(&words);
}

static void
on_head(void *ctx, const struct http_head *head)
{
	struct source_pass *p;
	struct page *page;

	OBJ_CAST(p, ctx, PASS_MAGIC);
	page = &p->page;
	source__enter(p);
	page->has_head = true;
	page->status = head->status;
	page->retry_after_ms = head->retry_after_ms;
	copy_word(page->type, head->content_type);
	copy_word(page->request_id, head->request_id);
	copy_word(page->location, head->location);
	copy_word(page->warning, head->warning);
	source__link_next(head->link, &page->link);
	read_claims(page, head->www_authenticate);
	if (source__has_records(page))
		source__pass_date(p, head->date_unix_ms);
	source__leave(p);
}

static int
on_data(void *ctx, const char *bytes, size_t len, struct err *e)
{
	struct source_pass *p;
	int rc;

	OBJ_CAST(p, ctx, PASS_MAGIC);
	source__enter(p);
	p->page.bytes += len;
	if (!source__has_records(&p->page) && p->page.bytes > ERROR_BODY_MAX)
		rc = err_set(e, ERR_LIMIT, "its error answer is too long");
	else if (is_json(p->page.type))
		rc = split_feed(splitter(p), bytes, len, e);
	else if (source__has_records(&p->page))
		rc = err_set(e, ERR_PROTO,
		    "the body is %s, not JSON: is there a proxy or a portal "
		    "in between?",
		    p->page.type);
	else
		rc = 0; /* a gateway's words: the status tells enough */
	if (rc == 0 && p->is_gone)
		rc = err_set(e, ERR_BUSY, "cancelled");
	source__leave(p);
	return rc;
}

static void
on_done(void *ctx, const struct err *failed)
{
	struct source_pass *p;

	OBJ_CAST(p, ctx, PASS_MAGIC);
	source__enter(p);
	p->page.req = NULL;
	source__page_done(p, failed);
	source__leave(p);
}

int
source__page_start(struct source_pass *p, const char *bearer, struct err *e)
{
	static const struct http_handlers handlers = { on_head, on_data,
		on_done };
	const struct source_options *o = &p->source->o;
	char id[sizeof("client-request-id: ") + SOURCE_UUID_MAX];
	const char *headers[HEADERS_MAX + 1] = { "Accept: application/json",
		id };
	size_t n = 2;
	struct http_call call = {
		.method = "GET",
		.url = p->page.url.p,
		.headers = headers,
		.bearer = bearer,
		.route = &o->route,
		.max_bytes = JSON_PAGE_MAX,
	};

	make_uuid(p->page.client_id);
	(void)snprintf(
	    id, sizeof(id), "client-request-id: %s", p->page.client_id);
	for (size_t i = 0; p->source->headers[i] != NULL; i++)
		headers[n++] = p->source->headers[i];
	split_reset(splitter(p));
	p->page.has_head = false;
	p->page.status = 0;
	p->page.retry_after_ms = -1;
	p->page.is_cut = false;
	p->page.bytes = 0;
	p->page.refused = 0;
	p->page.type[0] = '\0';
	p->page.request_id[0] = '\0';
	p->page.location[0] = '\0';
	p->page.warning[0] = '\0';
	p->page.claims[0] = '\0';
	buf_reset(&p->page.link);
	p->page.req = http_start(p->source->http, &call, &handlers, p, e);
	return p->page.req == NULL ? -1 : 0;
}

/* What the API said of its own error; "" if it said nothing. */
static void
error_words(const struct source_pass *p, struct buf *out)
{
	static const char *const members[] = { "error/message", "Message",
		"message", "error_description", "error" };
	const char *code = split_member(splitter(p), "error/code");
	const char *text = NULL;

	for (size_t i = 0; i < NELEM(members) && text == NULL; i++)
		text = split_member(splitter(p), members[i]);
	if (code != NULL && code[0] != '\0')
		buf_addf(out, " %.100s:", code);
	if (text != NULL && text[0] != '\0')
		buf_addf(out, " \"%.600s\"", text);
}

/* "the API answered 403 Code: "message" (request-id ..., ...)". */
static void
answer_words(const struct source_pass *p, struct buf *out)
{
	buf_addf(out, "the API answered %d", p->page.status);
	error_words(p, out);
	buf_addf(out, " (client-request-id %s", p->page.client_id);
	if (p->page.request_id[0] != '\0')
		buf_addf(out, ", request-id %s", p->page.request_id);
	buf_addc(out, ')');
}

/* The answer's words, the mend behind them. */
static int __attribute__((format(printf, 4, 5)))
answered(const struct source_pass *p, struct err *e, enum err_kind kind,
    const char *fmt, ...)
{
	char mend[SOURCE_CLAIMS_MAX];
	struct buf words;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(mend, sizeof(mend), fmt, ap);
	va_end(ap);
	buf_init(&words, ERR_TEXT_MAX);
	answer_words(p, &words);
	(void)err_set(
	    e, kind, "%s%s%s", words.p, mend[0] == '\0' ? "" : "; ", mend);
	buf_fini(&words);
	return -1;
}

/* Scheme and host of a Location, without the query that may hold secrets. */
static enum verdict
redirected(const struct source_pass *p, struct err *e)
{
	struct buf origin;

	buf_init(&origin, SOURCE_WORD_MAX);
	if (url_origin(p->page.location, &origin) == -1) {
		buf_reset(&origin);
		buf_adds(&origin, "elsewhere");
	}
	(void)answered(p, e, ERR_PROTO,
	    "a redirect to %s was refused: check base-url and proxy", origin.p);
	buf_fini(&origin);
	return VERDICT_FINAL;
}

/* 400: the query of the first page is ours to mend; that of a next link is the
   API's own, as where it caps $skip. */
static enum verdict
bad_request(const struct source_pass *p, struct err *e)
{
	const struct source_options *o = &p->source->o;

	if (!p->page.is_first) {
		(void)answered(p, e, ERR_PROTO, "%s", "");
		return VERDICT_HALVE;
	}
	if (o->filter != NULL && o->filter[0] != '\0')
		(void)answered(p, e, ERR_CONFIG,
		    "it does not take the query: check the source's filter");
	else if (o->page_size != 0)
		(void)answered(p, e, ERR_CONFIG,
		    "it does not take the query: check page-size (at most %u)",
		    o->api->page_max);
	else
		(void)answered(p, e, ERR_DATA, "it does not take the query");
	return VERDICT_FINAL;
}

static enum verdict
not_found(const struct source_pass *p, struct err *e)
{
	if (!p->page.is_first) {
		(void)answered(p, e, ERR_PROTO, "the next page's link ended");
		return VERDICT_RESTART;
	}
	(void)answered(p, e, ERR_PROTO,
	    "there is no such API there: check api, cloud and base-url");
	return VERDICT_FINAL;
}

/* Any status but 200 and 206. */
static enum verdict
status_verdict(const struct source_pass *p, struct err *e)
{
	int status = p->page.status;

	if (status >= 300 && status < 400)
		return redirected(p, e);
	if (p->page.claims[0] != '\0') {
		(void)answered(p, e, ERR_REFUSED, "%s", p->page.claims);
		return p->is_renewed || status != 401 ? VERDICT_FINAL :
							VERDICT_RENEW;
	}
	switch (status) {
	case 400:
		return bad_request(p, e);
	case 401:
		(void)answered(p, e, ERR_REFUSED,
		    "the token was refused%s: check that scope and cloud "
		    "belong to this API",
		    p->is_renewed ? ", a new one too" : "");
		return p->is_renewed ? VERDICT_FINAL : VERDICT_RENEW;
	case 403:
		(void)answered(p, e, ERR_REFUSED, "missing is %s",
		    p->source->o.api->permission);
		return VERDICT_FINAL;
	case 404:
	case 410:
		return not_found(p, e);
	case 429:
	case 509: /* Graph: bandwidth */
		(void)answered(p, e, ERR_BUSY, "%s", "");
		return VERDICT_THROTTLE;
	case 503:
		(void)answered(p, e, ERR_NET, "%s", "");
		return VERDICT_LATER;
	case 408:
		(void)answered(p, e, ERR_NET, "%s", "");
		return VERDICT_SMALLER;
	default:
		break;
	}
	(void)answered(p, e, status >= 500 ? ERR_NET : ERR_PROTO, "%s", "");
	if (status < 300 || status >= 500)
		return VERDICT_SMALLER;
	return p->page.is_first ? VERDICT_FINAL : VERDICT_HALVE;
}

/* No whole answer of 200 or 206. */
static enum verdict
broken(const struct source_pass *p, const struct err *failed, struct err *e)
{
	*e = *failed;
	if (failed->kind == ERR_CONFIG)
		return VERDICT_FINAL;
	if (!p->page.has_head)
		return VERDICT_SMALLER; /* it may be slow for this slice */
	(void)err_context(e, "the answer broke off (client-request-id %s%s%s)",
	    p->page.client_id,
	    p->page.request_id[0] == '\0' ? "" :
					    ", "
					    "request-id ",
	    p->page.request_id);
	return failed->kind == ERR_PROTO ? VERDICT_LATER : VERDICT_SMALLER;
}

/* A page of type JSON that was read to its end. */
static enum verdict
page_verdict(const struct source_pass *p, struct err *e)
{
	if (!is_json(p->page.type)) {
		(void)err_set(e, ERR_PROTO,
		    "the body is %s, not JSON: is there a proxy or a portal "
		    "in between?",
		    p->page.type);
		return VERDICT_LATER;
	}
	if (split_finish(splitter(p), e) == -1) {
		(void)err_context(e,
		    "the answer is no page of records (client-request-id %s)",
		    p->page.client_id);
		return VERDICT_SMALLER;
	}
	if (p->page.status == 206) {
		(void)answered(p, e, ERR_NET,
		    "a part of the data is missing: %s", p->page.warning);
		return VERDICT_SMALLER;
	}
	return VERDICT_OK;
}

enum verdict
source__page_verdict(
    struct source_pass *p, const struct err *failed, struct err *e)
{
	enum verdict v;

	if (p->page.is_cut) {
		(void)err_set(e, ERR_LIMIT, "the slice holds too much");
		return VERDICT_HALVE;
	}
	if (p->page.has_head && !source__has_records(&p->page)) {
		/* The error object is kept even where the rest broke off. */
		v = status_verdict(p, e);
	} else if (failed != NULL) {
		v = broken(p, failed, e);
	} else {
		v = page_verdict(p, e);
	}
	return v;
}
