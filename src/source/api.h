/*
 * api.h - the alert APIs as rows of a table
 *
 * Facts: Microsoft's documentation, and what clients have seen.  A row of the
 * user's own ([api NAME]) will be the same struct.
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

enum api_paging {
	API_PAGING_NONE,      /* one answer holds all (wdatp-siem) */
	API_PAGING_NEXT_LINK, /* member names the next page's URL */
};

struct api {
	const char *name;
	/* By cloud: origin, or NULL where the API does not exist.  A "%s" in
	   it is the region. */
	const char *origin[CLOUD_COUNT];
	const char *const *regions; /* NULL-terminated, the first the default;
	                               NULL: a global host */
	const char *path;           /* "/v1.0/security/alerts_v2" */
	const char *scope;          /* v2; "%s" is the origin; NULL: v1 only */
	const char *resource;       /* v1 token endpoint; NULL: v2 */
	const char *permission;     /* what a 403 means is missing, in words */

	const char *array;     /* "value"; NULL: the body is the array */
	const char *const *id; /* members tried in turn; NULL-terminated */
	const char *updated;   /* member: last update */
	const char *created;   /* member: creation; NULL: none */
	bool is_final;         /* records never change (no update times) */

	enum api_paging paging;
	const char *next_link;  /* "@odata.nextLink" */
	const char *count;      /* "@odata.count"; NULL: none */
	unsigned int page_size; /* $top; 0: not sent */
	unsigned int page_max;  /* the API's cap on it */

	/* Query: OData ($filter on the members above), or a since parameter. */
	const char
	    *filter_updated; /* OData: "lastUpdateDateTime"; NULL: none */
	const char *filter_created;
	const char *order_by;    /* "createdDateTime"; NULL: none */
	const char *since_param; /* "sinceTimeUtc"; NULL: OData */
	const char *until_param;
	const char *const *headers; /* "Prefer: ...", NULL-terminated */
	unsigned int calls_per_min; /* quota per application and tenant; 0: ? */
};

const struct api *api_find(const char *name); /* NULL if there is none */
const struct api *api_at(size_t i);           /* NULL past the end */

#endif /* CEFWD_SOURCE_API_H */
