/*
 * lane_priv.h - shared inside the room
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_LANE_LANE_PRIV_H
#define CEFWD_LANE_LANE_PRIV_H

#include <sys/queue.h>

#include "auth/set.h"
#include "base/buf.h"
#include "base/log.h"
#include "lane/health.h"
#include "lane/lane.h"
#include "lane/stats.h"
#include "map/map.h"
#include "source/quota.h"
#include "state/state.h"

#define FORWARDER_MAGIC   0x1a9e0001U
#define FEED_MAGIC        0x1a9e0002U
#define LANE_MAGIC        0x1a9e0003U
#define PASS_MAGIC        0x1a9e0004U
#define OUTLET_MAGIC      0x1a9e0005U

/* A batch of memory rows is written after this, or at so many lines
   (DESIGN, promise 3). */
#define LANE_COMMIT_MS    1000
#define LANE_COMMIT_LINES 1000

/* A lane without room for so long leaves its pass (DESIGN, promise 9). */
#define LANE_NO_ROOM_MS   5000

/* Feeds begin so far apart, less where there are very many: all at once each
   would need a connection, and its 100 KiB, of its own, where a few do. */
#define FEED_STEP_MS      20

/* Breaks of a destination that come more often are counted, not told. */
#define OUTLET_QUIET_MS   60000

/* "Last seen" of a row is renewed when it is older than this: precise enough
   for "remember", which counts in days, and seldom enough for the disk. */
#define LANE_SEEN_MS      86400000

struct feed;
struct lane;
struct pass;

/* A stretch of time that could not be fetched, as the state has it. */
struct gap {
	TAILQ_ENTRY(gap) entry;
	struct state_gap at;
	char *reason;
	bool is_tried_now; /* a pass reads it, or its lines have not settled */
};
TAILQ_HEAD(gap_list, gap);

/* A line on its way: put, settled, written.  It is what the lane remembers
   until the disk does. */
struct sent {
	STAILQ_ENTRY(sent) entry;
	struct state_memory memory;
	bool is_settled;
	const char *record; /* its id */
	const char *event;
	char texts[]; /* of these two */
};
STAILQ_HEAD(sent_queue, sent);

/* When the lane's first "after" lines have settled, this may be written. */
struct mark {
	STAILQ_ENTRY(mark) entry;
	uint64_t after;
	struct state_cursor cursor;
	bool ends_pass;
	struct lane_window window; /* ends_pass: what the pass was */
	bool closes_gap;           /* instead of writing a cursor */
	struct state_gap gap;
	uint64_t alerts; /* that were in it */
};
STAILQ_HEAD(mark_queue, mark);

/* An open or submitted batch of rows, and the lines whose rows are in it. */
struct batch {
	STAILQ_ENTRY(batch) entry;
	struct lane *lane;
	struct state_commit *commit;
	struct sent_queue written;
	size_t n;
};
STAILQ_HEAD(batch_queue, batch);

/* Options that something was made of; the owner is told of the last. */
struct generation {
	LIST_ENTRY(generation) entry;
	const struct forwarder_options *o;
	size_t refs;
};

struct lane {
	unsigned int magic;
	struct forwarder *fw;
	size_t index;                    /* among the lanes */
	bool is_leaving;                 /* apply.c: it takes no more lines */
	char *left_source, *left_tenant; /* of a lingering one */
	LIST_ENTRY(lane) leave_entry;
	struct feed *feed;
	struct outlet *outlet;
	const struct dest_options *dest_options;
	struct dest *dest; /* NULL: lines are printed */
	struct dest_lane *out;
	int64_t id;             /* row of the state */
	struct state_cursor at; /* cursor and pass as fetched */
	struct pass *pass;      /* the one it takes part in, or NULL */
	struct pass *side;      /* likewise, of a gap or of the head */
	TAILQ_ENTRY(lane) of_feed;
	bool has_left; /* a pass, for want of room */
	bool is_done;  /* once: its pass has ended */

	void *known; /* tsearch(3) tree of struct sent */
	struct sent_queue unsettled;
	struct sent_queue kept; /* without a state: until the end */
	struct mark_queue marks;
	uint64_t n_put, n_settled, n_known, n_left_out;
	uint64_t n_severity[LANE_SEVERITIES]; /* of the lines put */
	uint64_t pass_put, pass_known;        /* of the pass under way */
	struct lane_window window;            /* the pass that is ending */
	struct lane_window closed;            /* the last pass that settled */
	uint64_t n_closed;                    /* such passes */
	struct lane_window sum, sum_told;     /* of all such; at the last
	                                         heartbeat */
	uint64_t n_closed_told;
	bool is_lagging; /* and it was told */
	uint64_t n_gaps; /* of now */
	uint64_t n_gaps_lost;
	struct gap_list gaps;
	uint64_t pruned_ms;           /* clk_ms() of the last time; 0: never */
	struct batch *batch;          /* open, or NULL */
	struct batch_queue submitted; /* not yet written */
	uv_timer_t commit_timer;
	uv_timer_t room_timer;
	struct buf line;
	struct log_throttle memory_faults;
};

TAILQ_HEAD(lane_list, lane);

enum pass_kind {
	PASS_MAIN, /* what moves the cursors */
	PASS_GAP,  /* what could not be fetched, again */
	PASS_HEAD, /* what is new while a backlog is worked off */
};

/* Lanes that read together. */
struct pass {
	unsigned int magic;
	enum pass_kind kind;
	LIST_ENTRY(pass) entry;
	struct feed *feed;
	struct source_pass *source;
	struct source_window window;
	int64_t newest;    /* of the slices before a restart */
	int64_t date;      /* of its first answer before a restart, or NONE */
	int64_t began;     /* our clock's, for who looks on */
	uint64_t began_ms; /* clk_ms() */
	uint64_t n_refused;
	uint64_t n_records;
	struct state_gap gap; /* PASS_GAP: its bounds */
	uint64_t n_gaps;      /* PASS_GAP: met inside it */
	bool is_paused;
};
LIST_HEAD(pass_list, pass);

struct feed {
	unsigned int magic;
	struct forwarder *fw;
	size_t index; /* among the feeds */
	bool is_kept; /* apply.c */
	uint64_t print, map_print;
	struct generation *gen, *map_gen; /* what source and run borrow */
	const struct feed_options *o;
	struct auth *auth;
	struct source *source;
	struct map_run *run;
	struct lane_list lanes;
	struct pass_list passes;
	uv_timer_t poll;
	uint64_t due_ms;   /* clk_ms() of the next one */
	struct pass *side; /* of a gap or of the head; among the passes */
	uv_timer_t side_timer;
	bool wants_head; /* when a lane has room */
	int64_t head;    /* updates since then are the head's; STAMP_NONE */

	enum source_state state; /* as last told */
	uint64_t ill_since_ms;   /* clk_ms(); 0: well */
	uint64_t ill_times;
	struct log_throttle ill;
	struct log_throttle refusals;
	bool is_token_refused;      /* by the token endpoint, not the API */
	enum health_event told_ill; /* HEALTH_NONE: nothing */
	uint64_t told_ill_ms;
	uv_timer_t lasts;           /* to tell what lasts */
	uint64_t unparsable_before; /* in the last whole pass */
	uint64_t fresh_ms;          /* clk_ms() of the last new alert */
	bool is_quiet;              /* and it was told */
	uint64_t certificate_ms;    /* clk_ms() when it was looked at; 0 */
	size_t certificate_level;   /* of nearness to its end, told */
	uint64_t n_records, n_refused;
	uint64_t n_calls, n_throttled; /* of passes that have ended */
	uint64_t n_passes, n_failures;
	int64_t passed; /* stamp: the last whole pass ended; STAMP_NONE */
	struct err why; /* the last failure, mended or not */
	int64_t why_at; /* stamp of it; STAMP_NONE: never */
	const struct cef_key **told; /* fields whose cuts were logged */
	size_t n_told, cap_told;
};

/* A destination and what the log knows of it. */
struct outlet {
	unsigned int magic;
	struct forwarder *fw;
	size_t index;           /* among the outlets */
	bool is_kept;           /* apply.c */
	struct generation *gen; /* what dest borrows */
	const struct dest_options *o;
	struct dest *dest;
	uint64_t away_since_ms;
	uint64_t told_ms;   /* clk_ms() of the last trouble told; 0: none */
	uint64_t not_told;  /* troubles since */
	bool is_told;       /* the one that lasts is among those told */
	bool was_connected; /* ever */
	struct err why;     /* of the one that lasts, or was last */
	int64_t why_at;     /* stamp of it; STAMP_NONE: never */
	uv_timer_t late;    /* to tell one that lasted after all */
	enum health_event told_ill; /* HEALTH_NONE: nothing */
	uint64_t told_ill_ms;
	bool is_told_away;    /* by an event whose end is owed */
	bool is_told_holding; /* the same */
	uv_timer_t lasts;     /* to tell what lasts by an event */
	uint64_t drain_lines; /* held when it came back */
	uint64_t drain_left;  /* of these, not settled */
	uint64_t drain_since_ms;
};

/* What has ended, until its handles are closed; one of them. */
struct grave {
	SLIST_ENTRY(grave) entry;
	struct lane *lane;
	struct feed *feed;
	struct outlet *outlet;
};

struct reload;

struct forwarder {
	unsigned int magic;
	uv_loop_t *loop;
	const struct forwarder_options *o; /* of the newest generation */
	struct generation *gen;
	LIST_HEAD(generations, generation) generations;
	struct reload *reload; /* the one under way, or NULL */
	LIST_HEAD(leaving, lane) leaving;
	SLIST_HEAD(graves, grave) graves;
	uv_timer_t reload_timer;
	struct http *http;
	struct auth_set *auths;
	struct quota_set *quotas;
	struct state *state; /* NULL: none is read or written */
	struct feed **feeds;
	size_t n_feeds;
	struct outlet **outlets;
	size_t n_outlets;
	struct lane **lanes;
	size_t n_lanes;
	forwarder_ended_fn *ended;
	void *ctx;
	bool is_stopping;
	bool is_closing;
	struct err err;
	struct err unwritten;  /* why the state cannot be written; ERR_NONE */
	int64_t began;         /* stamp */
	uint64_t unwritten_ms; /* clk_ms() when that was told */
	uv_timer_t heartbeat, watch;
	uint64_t paced_ms; /* of the heartbeat; 0: there is none */
	uv_timer_t linger; /* the end waits for the last event to go */
	uv_timer_t stop_timer;
	uv_idle_t step; /* ends from the loop, not from inside a callback */
	size_t closing;
};

/* lane.c */
struct lane *
lane__new(struct forwarder *fw, struct feed *f, struct outlet *out);
int lane__prepare(struct lane *l, struct err *e); /* its row of the state */
int lane__open(struct lane *l, struct err *e);    /* and what stands there */
void lane__start(struct lane *l);                 /* after all are open */
void lane__take(struct lane *l, const struct pass *p,
    const struct source_record *rec, const struct map_event *ev);
void lane__slice(
    struct lane *l, const struct pass *p, const struct source_progress *pr);
/* Creation times [from, until) could not be read: written no later than the
   cursor that passes them. */
bool lane__gap(struct lane *l, const struct pass *p, int64_t from,
    int64_t until, const char *why); /* whether it was not known */
/* What was in the gap has been put: it is closed when that has settled. */
void
lane__close_gap(struct lane *l, const struct state_gap *gap, uint64_t alerts);
bool lane__moves(const struct lane *l); /* it has a state and writes it */
/* The commit under way; after adding to it, lane__committed(). */
struct state_commit *lane__commit(struct lane *l);
void lane__committed(struct lane *l);
void lane__pass_ended(
    struct lane *l, const struct pass *p, const struct source_progress *pr);
bool lane__has_room(const struct lane *l);
bool lane__is_idle(const struct lane *l); /* settled and written */
void lane__flush(struct lane *l);
void lane__close(struct lane *l);
void lane__free(struct lane *l);
/* Also of one whose feed is gone. */
const char *lane__source(const struct lane *l);
const char *lane__tenant(const struct lane *l);
/* The lane in words: "defender contoso.com to arcsight". */
#define LANE_FMT     "source %s (%s) to %s"
#define LANE_ARGS(l) lane__source(l), lane__tenant(l), (l)->dest_options->name

/* What to do with an event that the memory knows or not. */
enum lane_verdict {
	LANE_SEND,  /* it is new, or says something new */
	LANE_SKIP,  /* sent before */
	LANE_TOUCH, /* updated, but its line is the same */
};
/* known: NULL if the memory has no row. */
enum lane_verdict lane__decide(enum lane_updates policy,
    const struct state_memory *known, int64_t updated, uint64_t hash);

/* The cursor after a pass (DESIGN, promise 2). */
int64_t lane__next_cursor(
    int64_t cursor, int64_t newest, int64_t date, uint64_t overlap_ms);

/* feed.c */
struct feed *feed__new(
    struct forwarder *fw, const struct feed_options *o, struct generation *gen);
/* o and gen are of another generation, but the prints are equal. */
void feed__renew(
    struct feed *f, const struct feed_options *o, struct generation *gen);
void feed__drop(struct lane *l); /* it takes no more lines */
/* l is one of f's from now on, in no pass; NULL: of nobody's. */
void feed__adopt(struct feed *f, struct lane *l);
int feed__open(struct feed *f, struct err *e);
void feed__start(struct feed *f);
void feed__stop(struct feed *f);
void feed__room(struct feed *f, struct lane *l);
void feed__leave(struct feed *f, struct lane *l);
void feed__close(struct feed *f);
void feed__free(struct feed *f);

/* Of all lanes; of those that take part; NULL begins and ends. */
struct lane *feed__next(const struct feed *f, struct lane *l);
struct lane *feed__pass_next(const struct pass *p, struct lane *l);
struct pass *feed__pass_new(struct feed *f, enum pass_kind kind);
void feed__pass_free(struct pass *p);

/* The source's pass has ended: count its calls. */
struct feed *feed__pass_over(struct pass *p, const struct source_progress *pr);
void feed__throttle(struct pass *p);
/* Handlers of a source's pass. */
void feed__record(void *ctx, const struct source_record *rec);
void feed__refused(void *ctx, const char *where, const char *why);

/* side.c: passes beside */
void side__poll(struct feed *f); /* begin what is due */
void side__next(struct feed *f); /* the next gap that is due */
void side__room(struct feed *f, struct lane *l);
void side__leave(struct lane *l);
void side__stop(struct feed *f);

/* gaps.c: the gaps of a lane */
int gaps__load(struct lane *l, struct err *e);
void gaps__free(struct lane *l);
/* True where it is a new one. */
bool gaps__add(struct lane *l, int64_t updated_from, int64_t from,
    int64_t until, const char *why);
struct gap *gaps__due(struct lane *l);
struct gap *gaps__same(struct lane *l, const struct state_gap *at);
void gaps__failed(struct lane *l, struct gap *g);
void gaps__closed(struct lane *l, struct gap *g, uint64_t alerts);
void gaps__drop_old(struct lane *l); /* what no API answers for any more */

/* stats.c: how old the moment is up to which all has settled */
uint64_t lane__lag_ms(const struct lane *l, int64_t now);

/* watch.c: the edges of health; what lasts is told with health_tell() */
void health__init(struct forwarder *fw); /* timers of the three */
void health__feed_init(struct feed *f);
void health__outlet_init(struct outlet *out);
void health__start(struct forwarder *fw);
void health__stop(struct forwarder *fw, const struct err *why);
/* Whether what was told has gone; if not, the end is checked again soon. */
bool health__is_told(struct forwarder *fw);
void health__pace(struct forwarder *fw); /* heartbeat may be another */
void health__state(struct forwarder *fw, const struct err *e); /* NULL: well */
void health__feed_ill(struct feed *f);
void health__feed_well(struct feed *f);
void health__fresh(struct feed *f); /* a new alert */
/* The last one of those that p->n_refused counts. */
void
health__unparsable(const struct pass *p, const char *where, const char *why);
void health__outlet_ill(struct outlet *out);
void health__outlet_well(struct outlet *out);
void health__settled(struct outlet *out, uint64_t n);

/* apply.c */
struct generation *
generation__new(struct forwarder *fw, const struct forwarder_options *o);
struct generation *generation__ref(struct generation *g);
void generation__unref(struct generation *g); /* NULL is fine */
void forwarder__bury(struct forwarder *fw);
void forwarder__linger(struct forwarder *fw);
void forwarder__give_reload_up(struct forwarder *fw);

/* forwarder.c */
struct outlet *outlet__new(
    struct forwarder *fw, const struct dest_options *o, struct generation *gen);
int outlet__open(struct outlet *out, struct err *e);
void outlet__close(struct outlet *out);
void forwarder__check(struct forwarder *fw); /* is there anything left? */
void forwarder__failed(struct forwarder *fw, const struct err *e);
void forwarder__close_handle(struct forwarder *fw, uv_handle_t *h);

#endif /* CEFWD_LANE_LANE_PRIV_H */
