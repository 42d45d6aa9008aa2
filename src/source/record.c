/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/obj.h"

#include "source/record.h"

#define RECORD_MAGIC 0x2ec02d00U

/* Digits that always fit an int64; json-c saturates longer integers. */
#define SAFE_DIGITS  18

/* A rewritten record of some MiB is rare: its memory is given back. */
#define KEEP_BYTES   ((size_t)1 << 20)

struct record_parser {
	unsigned int magic;
	struct json_tokener *tok;
	struct buf quoted; /* the text with its long integers in quotes */
};

struct record_parser *
record_parser_new(void)
{
	struct record_parser *p = xcalloc(1, sizeof(*p));

	p->magic = RECORD_MAGIC;
	/* json-c counts the scalars inside the innermost container too. */
	p->tok = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
	if (p->tok == NULL)
		abort();
	json_tokener_set_flags(p->tok, JSON_TOKENER_STRICT);
	buf_init(&p->quoted, SIZE_MAX / 4);
	return p;
}

void
record_parser_free(struct record_parser *p)
{
	if (p == NULL)
		return;
	OBJ_CHECK(p, RECORD_MAGIC);
	json_tokener_free(p->tok);
	buf_fini(&p->quoted);
	p->magic = 0;
	free(p);
}

/* The end of the string that begins at p. */
static const char *
string_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
	}
	return p < end ? p + 1 : end;
}

static bool
is_number_byte(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' ||
	    c == 'e' || c == 'E';
}

/* Whether the token that ends at p stands where a name should: quotes would
   make a good name of a number. */
static bool
is_name(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p < end && *p == ':';
}

/* Copy the number at p, in quotes where it is a long integer. */
static const char *
copy_number(struct buf *out, const char *p, const char *end)
{
	const char *from = p;
	size_t digits = 0;
	bool is_integer = true;
	bool is_long;

	for (; p < end && is_number_byte(*p); p++) {
		if (*p >= '0' && *p <= '9')
			digits++;
		else if (*p != '-' || p != from)
			is_integer = false;
	}
	is_long = is_integer && digits > SAFE_DIGITS && !is_name(p, end);
	if (is_long)
		buf_addc(out, '"');
	buf_add(out, from, (size_t)(p - from));
	if (is_long)
		buf_addc(out, '"');
	return p;
}

static void
quote_long_integers(struct buf *out, const char *p, size_t len)
{
	const char *end = p + len;

	while (p < end) {
		const char *from = p;

		if (*p == '"') {
			p = string_end(p, end);
			buf_add(out, from, (size_t)(p - from));
		} else if (*p == '-' || (*p >= '0' && *p <= '9')) {
			p = copy_number(out, p, end);
		} else {
			while (p < end && *p != '"' && *p != '-' &&
			    !(*p >= '0' && *p <= '9'))
				p++;
			buf_add(out, from, (size_t)(p - from));
		}
	}
}

static int
parse(struct record_parser *p, const char *text, size_t len, uint64_t offset,
    struct json_object **out, struct err *e)
{
	enum json_tokener_error why;
	size_t end;

	json_tokener_reset(p->tok);
	*out = json_tokener_parse_ex(p->tok, text, (int)len);
	why = json_tokener_get_error(p->tok);
	end = json_tokener_get_parse_end(p->tok);
	if (why == json_tokener_success && end == len &&
	    json_object_is_type(*out, json_type_object))
		return 0;
	json_object_put(*out);
	*out = NULL;
	return err_set(e, ERR_DATA, "byte %llu: %s",
	    (unsigned long long)offset + end + 1,
	    why == json_tokener_success      ? "a record must be one object" :
		why == json_tokener_continue ? "the record ends too early" :
					       json_tokener_error_desc(why));
}

int
record_parse(struct record_parser *p, const struct split_element *el,
    struct json_object **out, struct err *e)
{
	int rc;

	OBJ_CHECK(p, RECORD_MAGIC);
	*out = NULL;
	if (el->len > INT_MAX / 4)
		return err_set(e, ERR_LIMIT,
		    "the record is longer than %d bytes", INT_MAX / 4);
	if (!el->has_big_int)
		return parse(p, el->text, el->len, el->offset, out, e);
	buf_reset(&p->quoted);
	quote_long_integers(&p->quoted, el->text, el->len);
	if (buf_check(&p->quoted, "a record", e) == -1)
		return -1;
	/* Positions behind the first long integer are off by its quotes. */
	rc = parse(p, p->quoted.p, p->quoted.len, el->offset, out, e);
	if (p->quoted.cap > KEEP_BYTES)
		buf_fini(&p->quoted);
	return rc;
}
