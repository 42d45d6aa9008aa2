/*
 * source_priv.h - what the files of source/ share: a feed, a pass, a page
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SOURCE_SOURCE_PRIV_H
#define CEFWD_SOURCE_SOURCE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/backoff.h"
#include "base/buf.h"
#include "base/log.h"

#include "source/hashset.h"
#include "source/items.h"
#include "source/quota.h"
#include "source/record.h"
#include "source/slice.h"
#include "source/source.h"
#include "source/split.h"

#define SOURCE_MAGIC       0x50c3feedU
#define PASS_MAGIC         0x9a55e5e5U

#define SOURCE_ID_MAX      512U /* bytes: source_record.id */
#define SOURCE_WORD_MAX    128U /* bytes of a request id, a content type */
#define SOURCE_HEADERS_MAX 13U
#define SOURCE_CLAIMS_MAX  512U
#define SOURCE_UUID_MAX    37U /* with its NUL */

struct source {
	unsigned int magic;
	uv_loop_t *loop;
	struct http *http;
	struct auth *auth;
	struct source_options o;
	struct buf origin;   /* as url_origin() writes it */
	char *label;         /* "source NAME (TENANT)", for its log lines */
	size_t passes;       /* running */
	struct quota *quota; /* NULL: calls are not counted */
	struct log_throttle quota_log;
	uint64_t plain_until_ms; /* expand is left out until then */
	struct log_throttle plain_log;
	const char *inner[3]; /* what pages hold inside of objects */
	char *headers[SOURCE_HEADERS_MAX + 1]; /* the row's, filled in */
	/* Its $count tells of records that nobody gets to see. */
	bool is_count_void;
	struct log_throttle date_log;
};

/* What came of a page; pass.c decides what follows. */
enum verdict {
	VERDICT_OK,
	VERDICT_RENEW,    /* 401: another token, once */
	VERDICT_LATER,    /* the same again after a wait */
	VERDICT_THROTTLE, /* the same, as told */
	VERDICT_SMALLER,  /* the same, then less at a time */
	VERDICT_RESTART,  /* the link has ended: the slice again */
	VERDICT_HALVE,    /* it answers, but not with all of the slice */
	VERDICT_FINAL,    /* trying again cannot mend it */
};

/* One request and its answer. */
struct page {
	struct http_request *req;
	struct buf url;
	bool is_first;   /* of its slice */
	bool leads_back; /* its link to the next page leads to itself */
	char client_id[SOURCE_UUID_MAX];

	bool has_head;
	int status;
	int64_t retry_after_ms; /* -1: none */
	char type[SOURCE_WORD_MAX];
	char request_id[SOURCE_WORD_MAX];
	char location[SOURCE_WORD_MAX];
	char warning[SOURCE_WORD_MAX];
	char claims[SOURCE_CLAIMS_MAX]; /* a claims challenge in words; "" */
	struct buf link;                /* the header's next page; "" */
	bool is_cut; /* ended by us: the slice holds too much */
	uint64_t bytes;
	uint64_t fresh;   /* wanted records not seen in this slice before the
	                     first attempt at this page */
	uint64_t refused; /* records that could not be parsed */
};

enum pass_state {
	PASS_WAIT,    /* the timer runs */
	PASS_TOKEN,   /* auth_get() */
	PASS_REQUEST, /* http_start() */
	PASS_HELD,    /* paused between requests */
	PASS_ENDED,
};

struct source_pass {
	unsigned int magic;
	struct source *source;
	struct source_window w;
	const struct source_handlers *h;
	void *ctx;
	struct source_progress progress;

	enum pass_state state;
	uv_timer_t timer; /* the wait; while paused, the drop */
	bool is_paused;
	bool is_gone;        /* cancelled or done: no callback any more */
	unsigned int inside; /* callbacks of the loop under way */

	struct auth_wait *token;
	uint64_t serial;
	bool is_renewed; /* since the last answer */

	/* The slice under way, and what was read of it. */
	struct slices slices;
	struct hashset ids;
	struct hashset links;
	uint64_t records; /* that could not be parsed, of whole pages */
	uint64_t pages;
	int64_t count;      /* the API's $count of its first page; -1: none */
	uint64_t offset;    /* records of its pages so far */
	bool is_behind;     /* the page under way lies behind the last */
	bool is_unfiltered; /* it takes no notice of creation times */
	unsigned int page_size;

	/* Trouble. */
	struct backoff backoff;
	unsigned int fails;    /* in a row */
	unsigned int restarts; /* of the slice under way */
	bool has_worked;       /* an answer was whole in this pass */
	int64_t gap_lo;        /* stepped round, not yet told; STAMP_NONE */
	struct err gap_why;    /* why */
	unsigned int idle;     /* calls in a row that brought nothing new */
	bool has_told;         /* told and told_status are what state() knows */
	enum source_state told;
	int told_status;

	/* expand is left out of the slice's list, and its records are fetched
	   one by one; meanwhile the list's page waits. */
	bool is_plain;
	bool is_item; /* page is that of one record */
	struct items items;
	struct page list;
	unsigned int item_fails; /* in a row */
	struct hashset bad;      /* ids that cannot be fetched so */
	struct err bad_why;

	struct page page;
	struct split *split;
	struct split *item_split;
	struct record_parser *parser;
};

/* ident.c: fill rec from a record.  id is the room for its identity. */
void source__identify(const struct api *api, const struct split_element *el,
    struct json_object *json, char id[SOURCE_ID_MAX + 1],
    struct source_record *rec);

/* url.c: the first request of a slice; is_plain: without the row's expand. */
int source__url(const struct source *s, const struct source_window *w,
    const struct slices *slice, unsigned int page_size, bool is_plain,
    struct buf *out, struct err *e);

/* The request of one record alone, with expand. */
int source__item_url(
    const struct source *s, const char *id, struct buf *out, struct err *e);

/* items.c: records fetched one by one. */
bool source__may_be_plain(const struct source_pass *p);
void source__plain_works(struct source_pass *p); /* the plain list answered */
void source__items_stop(struct source_pass *p);

/* After a page of the list, after a record: whether another was asked for.
   When there is none, the list's page is back in page. */
bool source__items_begin(struct source_pass *p);
bool source__items_next(struct source_pass *p);

/* The record under way could not be had: whether it has failed for good, so
   that the list is to be asked for again. */
bool source__item_failed(struct source_pass *p, const struct err *e);

/* It has: it is told, and goes out as the list has it. */
bool source__item_is_bad(struct source_pass *p, const char *id);

/* Where a link leads, in full. */
int source__link(
    const struct source *s, const char *link, struct buf *out, struct err *e);

/* link.c: the URL of rel="next" of a header Link (RFC 8288); "" if none. */
void source__link_next(const char *header, struct buf *out);

/* Whether a link leads to the configured origin; e says where it leads. */
int source__same_origin(const struct source *s, const char *url, struct err *e);

/*
 * page.c: begin the request of p->page.url; source__page_done() is called from
 * the loop when it has ended.  0, or -1 with e.
 */
int
source__page_start(struct source_pass *p, const char *bearer, struct err *e);
enum verdict source__page_verdict(
    struct source_pass *p, const struct err *failed, struct err *e);

/* Whether a status comes with records. */
bool source__has_records(const struct page *page);

/* element.c: the splitter's handlers; ctx is the pass. */
extern const struct split_handlers source__split_handlers;

/* chain.c: what follows a page. */
void source__page_done(struct source_pass *p, const struct err *why);
void source__slice_begin(struct source_pass *p); /* may end the pass */

/* More records than a slice should hold, and it can be halved. */
bool source__is_too_much(const struct source_pass *p, uint64_t records);

/* pass.c: the Date of an answer. */
void source__pass_date(struct source_pass *p, int64_t date_unix_ms);

/* Ask for page.url after a wait. */
void source__schedule(struct source_pass *p, uint64_t wait_ms);

/* How long: what the peer asks for, or (-1) the next back-off. */
uint64_t source__wait_ms(struct source_pass *p, int64_t asked_ms);

/* Tell the state where it changed; the end; both. */
void source__tell(struct source_pass *p, enum source_state state,
    const struct err *e, uint64_t wait_ms);
void source__finish(struct source_pass *p, const struct err *e);
void source__give_up(
    struct source_pass *p, enum source_state state, const struct err *e);

/* source.c: $top; 0: not sent. */
unsigned int source__page_size(const struct source *s);

/* Callbacks of the loop enter and leave, so that a pass can be cancelled from
   inside its own handlers. */
void source__enter(struct source_pass *p);
void source__leave(struct source_pass *p);

#endif /* CEFWD_SOURCE_SOURCE_PRIV_H */
