/*
 * split.h - an API's page cut into its records as the bytes arrive
 *
 * A page is never held whole: only the element under way is.  The splitter
 * sees every byte and refuses what json-c would quietly mend or mangle: an
 * element with a NUL in a member name (json-c cuts the name there, and an
 * alert could overwrite its own id), a raw control byte in a string,
 * NaN/Infinity, single quotes, depth over JSON_DEPTH_MAX, size over its
 * limit.  A refused element is told with its position; the page goes on.  A
 * page that is no JSON is an error.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SOURCE_SPLIT_H
#define CEFWD_SOURCE_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Where the records are.
 *
 * SPLIT_ANY decides as the bytes come: an object is a page if it has a member
 * "value" (the array's name) whose value is an array of objects, or an empty
 * one, and no member "id" stands before it; any other object is a record.
 */
enum split_shape {
	SPLIT_PAGE, /* the API's: an object with the array member, or a bare
	                array where array is NULL */
	SPLIT_ANY,  /* translate's: such a page, an array, one record, or
	                several of these in a row (JSON lines) */
};

struct split_options {
	enum split_shape shape;
	const char *array; /* "value"; "data/items": inside of objects; NULL:
	                       the body is the array (SPLIT_ANY: "value") */
	/* SPLIT_PAGE: members inside of objects that split_member() is asked
	   for, "links/next"; NULL-terminated, NULL: none. */
	const char *const *inner;
	size_t max_element; /* bytes; 0: JSON_ELEMENT_MAX */
	uint64_t max_page;  /* bytes; 0: JSON_PAGE_MAX */
};

struct split_element {
	const char *text; /* len bytes and a NUL */
	size_t len;
	uint64_t offset;  /* of its first byte in the page */
	uint64_t index;   /* 0-based in the page, refused ones counted */
	bool has_big_int; /* an integer of more than 18 digits is in it */
};

struct split_handlers {
	/* Return 0, or -1 with e to stop. */
	int (*element)(
	    void *ctx, const struct split_element *el, struct err *e);
	/* An element was refused; why says what and where: "byte 812: a raw
	   control byte in a string" (bytes are told from 1 on).  May be NULL.
	 */
	void (*refused)(
	    void *ctx, uint64_t index, uint64_t offset, const char *why);
};

struct split;

struct split *split_new(
    const struct split_options *o, const struct split_handlers *h, void *ctx);
void split_free(struct split *s);
void split_reset(struct split *s); /* ready for the next page */

/* 0, or -1 with ERR_DATA (no JSON, with the byte), ERR_LIMIT, or what element
   set.  After -1 only split_member(), split_reset() and split_free() may
   follow. */
int split_feed(struct split *s, const char *p, size_t len, struct err *e);

/* The body has ended: 0, or -1 with ERR_DATA where it ended too early or held
   no array of records (a page of the API without its array). */
int split_finish(struct split *s, struct err *e);

/* The text of a string or number member of the page's own object, decoded
   ("@odata.nextLink"); NULL if it did not come.  Names with a "." are names.
   "error/code" and "error/message" reach into an error object, and what inner
   or array names into theirs. */
const char *split_member(const struct split *s, const char *name);

uint64_t split_count(const struct split *s); /* elements, refused too */

#endif /* CEFWD_SOURCE_SPLIT_H */
