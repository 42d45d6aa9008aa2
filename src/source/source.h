/*
 * source.h - a feed's side of the API: passes, slices, pages, records
 *
 * A pass asks for last update >= A with no upper bound, cut into slices of
 * creation time, and hands over every record that lies in its window.  It
 * does not decide what is sent: what it reads twice (a page asked for again,
 * a slice halved) it hands over twice, and the lanes know what they sent.
 *
 * A struct source is one feed: an API, an identity, a tenant.  Several passes
 * may run at once (lanes that are not level).
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SOURCE_SOURCE_H
#define CEFWD_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "auth/auth.h"
#include "base/err.h"
#include "net/http.h"
#include "source/api.h"

struct json_object;
struct quota_set;

/* Strings are borrowed for the life of the struct source. */
struct source_options {
	const char *name; /* [source NAME] */
	const char *tenant;
	const struct api *api;
	const char *origin; /* https://graph.microsoft.com: row or base-url */
	const char *filter; /* the user's own, joined with and; NULL: none */
	uint64_t retention_ms;  /* how far back the API can answer */
	unsigned int page_size; /* 0: the row's */
	size_t max_element;     /* bytes; 0: JSON_ELEMENT_MAX */
	/* Calls are taken from the budget of the row, client and tenant; NULL:
	   they are not counted.  Closed after the last source. */
	struct quota_set *quotas;
	const char *client; /* the application; NULL: none of a name */
	struct http_route route;
};

/* What a pass asks for, and where it goes on after a restart. */
struct source_window {
	int64_t updated_from;  /* A, a stamp: last update >= A */
	int64_t updated_until; /* last update < this; STAMP_NONE: open */
	int64_t created_from;  /* slices whose records were created before this
	                          are done; STAMP_NONE: from retention on */
	int64_t created_until; /* and no slice goes further; STAMP_NONE or 0:
	                          open */
};

/* One record, valid during the callback. */
struct source_record {
	struct json_object *json;
	const char *id;  /* its identity; UTF-8, at most 512 bytes */
	int64_t updated; /* stamps; STAMP_NONE where it has none */
	int64_t created;
	size_t bytes; /* of its JSON text */
};

struct source_progress {
	int64_t newest; /* newest last update seen in this pass; STAMP_NONE:
	                         no record */
	int64_t server_date;  /* Date of the pass's first answer, or our clock
	                         less 5 min where it is missing or a day off */
	int64_t created_done; /* creation edge: slices before it are whole */
	uint64_t records;     /* handed over, repeats included */
	uint64_t refused;     /* could not be parsed */
	uint64_t outside;     /* dropped: the API had been asked for others */
	uint64_t calls;       /* API requests */
	uint64_t throttled;   /* of these answered with "not so fast" */
};

/* What a pass is doing when it does not progress; told on every change. */
enum source_state {
	SOURCE_OK,          /* the last request was answered */
	SOURCE_NO_TOKEN,    /* the token endpoint refuses or fails */
	SOURCE_REFUSED,     /* the API said 401 or 403 */
	SOURCE_THROTTLED,   /* 429: waiting as told */
	SOURCE_UNREACHABLE, /* no connection, 5xx, broken answers */
};

/* Their words do not name the source: the caller knows which it is. */
struct source_handlers {
	void (*record)(void *ctx, const struct source_record *rec);
	/* A record that cannot be parsed: where and why, in words.  May be
	   NULL. */
	void (*refused)(void *ctx, const char *where, const char *why);
	/*
	 * Records created in [from, until) could not be read, or not all of
	 * them: the API fails for that time alone, or has more of one second
	 * than it hands out.  The pass goes on behind it.  NULL: refused is
	 * told instead.
	 */
	void (*gap)(void *ctx, int64_t created_from, int64_t created_until,
	    const char *why);
	/* A slice is whole: all records created before p->created_done were
	   handed over or lie in a gap.  May be NULL. */
	void (*slice)(void *ctx, const struct source_progress *p);
	/* May be NULL.  e is NULL for SOURCE_OK; retry_ms is the wait. */
	void (*state)(void *ctx, enum source_state state, const struct err *e,
	    uint64_t retry_ms);
	/*
	 * The end, once, after which the handle is gone.  e NULL: everything
	 * in the window was handed over.  Otherwise what trying again alone
	 * cannot mend: ERR_REFUSED (401 after a renewal, 403, credentials),
	 * ERR_CONFIG or ERR_DATA (400), ERR_PROTO (a nextLink or redirect to
	 * another origin, 404).  Everything else (network, 429, 5xx,
	 * truncated or broken answers) is tried again inside the pass, with
	 * Retry-After or back-off.
	 */
	void (*done)(
	    void *ctx, const struct source_progress *p, const struct err *e);
};

struct source;
struct source_pass;

struct source *source_new(uv_loop_t *loop, struct http *http, struct auth *auth,
    const struct source_options *o);
void source_close(struct source *s); /* no pass may run */

/*
 * source_pass_start(s, w, h, ctx): begin.  Callbacks run from the loop, never
 * from inside this call.  Copies w; borrows h until the end.  Never NULL.
 */
struct source_pass *source_pass_start(struct source *s,
    const struct source_window *w, const struct source_handlers *h, void *ctx);
void source_pass_cancel(struct source_pass *p); /* NULL is fine */

/*
 * Back-pressure.  After pause at most what one data callback of the transfer
 * holds is still handed over.  A transfer paused for 30 s is dropped without
 * an error, and its slice asked for again after resume.
 */
void source_pass_pause(struct source_pass *p);
void source_pass_resume(struct source_pass *p);

const struct source_progress *source_pass_progress(const struct source_pass *p);

#endif /* CEFWD_SOURCE_SOURCE_H */
