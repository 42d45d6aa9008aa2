/*
 * api.h - the alert APIs as rows of a table
 *
 * Facts: Microsoft's documentation, and what clients have seen.  A row of the
 * user's own ([api NAME]) is the same struct.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SOURCE_API_H
#define CEFWD_SOURCE_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cloud {
	CLOUD_PUBLIC,
	CLOUD_GCC,
	CLOUD_GCC_HIGH,
	CLOUD_DOD,
	CLOUD_CHINA,
	CLOUD_COUNT,
};

/* "public" "gcc" "gcc-high" "dod" "china", and the login origin. */
struct cloud_row {
	const char *name;
	const char *authority; /* https://login.microsoftonline.com */
};
const struct cloud_row *cloud_row(enum cloud c);
int cloud_parse(const char *name, enum cloud *out); /* 0 or -1 */

/* How the next page is asked for. */
enum api_paging {
	API_PAGING_NONE,   /* one answer holds all of a slice */
	API_PAGING_LINK,   /* the page's member next is a URL */
	API_PAGING_HEADER, /* the header Link, rel="next" (RFC 8288) */
	API_PAGING_OFFSET, /* next_param: how many records to leave out */
	API_PAGING_CURSOR, /* next_param: the text of the page's member next */
};

/* How times stand in requests, rounded so that no record is left out (records
   are checked again), and what their numbers are in records, where ISO 8601 is
   read whatever this is. */
enum api_time {
	API_TIME_ISO,      /* 2026-01-02T03:04:05.1234567Z */
	API_TIME_ISO_MS,   /* 2026-01-02T03:04:05.123Z */
	API_TIME_ISO_S,    /* 2026-01-02T03:04:05Z */
	API_TIME_EPOCH,    /* seconds since 1970, fractions are read */
	API_TIME_EPOCH_MS, /* milliseconds since 1970 */
};

/*
 * A parameter of a request: "name=text", where the text may hold
 *	{updated-from}   last update >= this
 *	{created-from}   creation >= this
 *	{created-until}  creation < this
 *	{page-size}      0: the parameter is left out
 *	{filter}         " and (...)" of the user's own; nothing without one
 * Names are sent as they are, text percent-encoded.
 */
#define API_UPDATED_FROM  "{updated-from}"
#define API_CREATED_FROM  "{created-from}"
#define API_CREATED_UNTIL "{created-until}"
#define API_PAGE_SIZE     "{page-size}"
#define API_FILTER        "{filter}"

/* In a header: the feed's tenant. */
#define API_TENANT        "{tenant}"

#define API_MEMBER_MAX    255U

struct api {
	const char *name;
	/* By cloud: origin, or NULL where the API does not exist.  A "%s" in
	   it is the region. */
	const char *origin[CLOUD_COUNT];
	/* Of the public cloud, if a region is set; "%s" is the region.  NULL:
	   origin tells. */
	const char *region_origin;
	const char *const *regions; /* NULL-terminated, the first the default
	                               where origin needs one; NULL: a global
	                               host */
	const char *path;           /* "/v1.0/security/alerts_v2" */
	const char *scope;          /* v2; "%s" is the origin; NULL: v1 only */
	const char *resource;       /* v1 token endpoint; NULL: v2 */
	const char *token_url;      /* of a server that is not Entra ID; NULL */
	const char *permission;     /* what a 403 means is missing, in words */

	/* Members; one inside another is "outer/inner", a name has at most
	   API_MEMBER_MAX bytes. */
	const char *array;     /* "value"; NULL: the body is the array */
	const char *const *id; /* members tried in turn; NULL-terminated */
	const char *updated;   /* last update; NULL: none */
	const char *created;   /* creation; NULL: none */
	enum api_time time;
	/* Records never change: the window of a pass is one of creation, late
	   ones are found in the overlap only. */
	bool is_final;

	enum api_paging paging;
	const char *next;       /* member of the page: link or cursor */
	const char *next_param; /* OFFSET, CURSOR; LINK: asks for what should
	                           lie behind a last page; NULL: nothing does */
	uint64_t offset_max;    /* the API's cap on the offset; 0: none */
	const char *count;      /* member of the page: all; NULL: none */
	unsigned int page_size; /* 0: not sent */
	unsigned int page_max;  /* the API's cap on it */

	const char *const *query; /* NULL-terminated; NULL: none */
	/* For slices with an end: instead of the parameters of the same name,
	   or added.  NULL: creation time cannot be cut. */
	const char *const *query_until;
	bool is_from_exact; /* query asks for >=, not for > */
	/* A parameter that brings what is inside the records, and that can
	   make the API fail for good.  Then it is left out of the list, and
	   each record asked for alone with it at item ("/incidents/%s"); item
	   NULL: it stays. */
	const char *expand;
	const char *item;

	/* "Prefer: ...", NULL-terminated; "{tenant}" is the feed's. */
	const char *const *headers;
	const char *quota; /* rows of one name share it; NULL: its own */
	unsigned int calls_per_min;  /* by application and tenant; */
	unsigned int calls_per_hour; /* 0: not known */
};

const struct api *api_find(const char *name); /* NULL if there is none */

/* Whether its query has a place for a filter of the user's own. */
bool api_takes_filter(const struct api *api);
const struct api *api_at(size_t i); /* NULL past the end */

#endif /* CEFWD_SOURCE_API_H */
