/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/obj.h"

#include "jsonpath/jsonpath_priv.h"

#define LOG_ROOM "jsonpath"

/* Since 10.34; before it, a text that is not UTF-8 matches nothing. */
#ifndef PCRE2_MATCH_INVALID_UTF
#define PCRE2_MATCH_INVALID_UTF 0u
#endif

/* A byte becomes at most three ("(" is "(?:"), and there is the envelope. */
#define REWRITTEN_MAX (3 * JPATH_REGEX_MAX + 16)

/* Patterns that come from documents are few, or they are hostile. */
#define CACHE_SLOTS   8

struct regex {
	pcre2_code *code;
};

struct cached {
	char *pattern; /* NULL: the slot is free */
	size_t len;
	bool is_anchored;
	enum regex_status status;
	struct regex *regex; /* NULL: none by status */
};

struct regex_scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
	struct cached cache[CACHE_SLOTS];
	size_t next; /* the slot that goes next */
};

static enum regex_status
too_big(struct regex_fault *f, size_t len, const char *why)
{
	*f = (struct regex_fault){ .len = len };
	(void)snprintf(f->message, sizeof(f->message),
	    "the pattern cannot be used: %s; write a simpler one", why);
	return REGEX_BIG;
}

/* RFC 9485, 5.3: "." is neither LF nor CR.  PCRE2 says so by ANYCRLF, which
   lets it see that a leading ".*" need not be tried at every character. */
static pcre2_code *
compile(const struct buf *b, char *why, size_t size)
{
	uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
	    PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *code;
	PCRE2_SIZE where;
	int error;

	if (context == NULL)
		log_fatal("out of memory");
	(void)pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
	code = pcre2_compile(
	    (PCRE2_SPTR)b->p, b->len, options, &error, &where, context);
	if (code == NULL)
		(void)pcre2_get_error_message(error, (PCRE2_UCHAR *)why, size);
	pcre2_compile_context_free(context);
	return code;
}

enum regex_status
jpath__regex_new(const char *pattern, size_t len, bool is_anchored,
    struct regex **out, struct regex_fault *f)
{
	pcre2_code *code = NULL;
	enum regex_status rc;
	char why[100] = "";
	struct buf b;

	*out = NULL;
	if (len > JPATH_REGEX_MAX)
		return too_big(f, len, "it is too long");
	buf_init(&b, REWRITTEN_MAX);
	/* RFC 9485, 5.3, but not with \A and \z or PCRE2_ANCHORED: in a text
	   that is not UTF-8 these hold for each valid part, ^ and $ do not. */
	buf_adds(&b, is_anchored ? "^(?:" : "");
	rc = jpath__iregexp(pattern, len, &b, f);
	buf_adds(&b, is_anchored ? ")$" : "");
	assert(!b.full);
	if (rc == REGEX_OK) {
		code = compile(&b, why, sizeof(why));
		if (code == NULL)
			rc = too_big(f, len, why);
	}
	buf_fini(&b);
	if (rc != REGEX_OK)
		return rc;
	*out = xcalloc(1, sizeof(**out));
	(*out)->code = code;
	return REGEX_OK;
}

void
jpath__regex_free(struct regex *r)
{
	if (r == NULL)
		return;
	pcre2_code_free(r->code);
	free(r);
}

struct regex_scratch *
jpath__regex_scratch_new(void)
{
	struct regex_scratch *s = xcalloc(1, sizeof(*s));

	/* No group captures: one pair holds the match. */
	s->data = pcre2_match_data_create(1, NULL);
	s->context = pcre2_match_context_create(NULL);
	if (s->data == NULL || s->context == NULL)
		log_fatal("out of memory");
	(void)pcre2_set_match_limit(s->context, JPATH_MATCH_MAX);
	(void)pcre2_set_heap_limit(s->context, JPATH_MATCH_HEAP_MAX >> 10);
	return s;
}

static void
forget(struct cached *c)
{
	free(c->pattern);
	jpath__regex_free(c->regex);
	*c = (struct cached){ .pattern = NULL };
}

void
jpath__regex_scratch_free(struct regex_scratch *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < CACHE_SLOTS; i++)
		forget(&s->cache[i]);
	pcre2_match_data_free(s->data);
	pcre2_match_context_free(s->context);
	free(s);
}

int
jpath__regex_match(const struct regex *r, struct regex_scratch *scratch,
    const char *text, size_t len)
{
	int rc = pcre2_match(r->code, (PCRE2_SPTR)text, len, 0, 0,
	    scratch->data, scratch->context);

	if (rc >= 0)
		return 1;
	switch (rc) {
	case PCRE2_ERROR_MATCHLIMIT:
	case PCRE2_ERROR_DEPTHLIMIT:
	case PCRE2_ERROR_HEAPLIMIT:
	case PCRE2_ERROR_NOMEMORY:
		return -1;
	default:
		return 0; /* no match, or not UTF-8 */
	}
}

static struct cached *
look_up(
    struct regex_scratch *s, const char *pattern, size_t len, bool is_anchored)
{
	struct regex_fault unseen;
	struct cached *c;

	for (size_t i = 0; i < CACHE_SLOTS; i++) {
		c = &s->cache[i];
		if (c->pattern != NULL && c->len == len &&
		    c->is_anchored == is_anchored &&
		    memcmp(c->pattern, pattern, len) == 0)
			return c;
	}
	c = &s->cache[s->next];
	s->next = (s->next + 1) % CACHE_SLOTS;
	forget(c);
	c->pattern = xcalloc(1, len + 1);
	memcpy(c->pattern, pattern, len);
	c->len = len;
	c->is_anchored = is_anchored;
	c->status =
	    jpath__regex_new(pattern, len, is_anchored, &c->regex, &unseen);
	return c;
}

int
jpath__regex_match_text(struct regex_scratch *scratch, const char *pattern,
    size_t pattern_len, bool is_anchored, const char *text, size_t len)
{
	const struct cached *c;

	if (pattern_len > JPATH_REGEX_MAX)
		return -1;
	c = look_up(scratch, pattern, pattern_len, is_anchored);
	switch (c->status) {
	case REGEX_OK:
		return jpath__regex_match(c->regex, scratch, text, len);
	case REGEX_BAD:
		return 0;
	case REGEX_BIG:
		return -1;
	}
	return -1;
}
