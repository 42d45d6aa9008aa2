/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "auth/auth.h"
#include "auth/set.h"
#include "base/mem.h"
#include "base/stamp.h"

#include "source/quota.h"

#include "lane_doubles.h"

struct fakes fakes;

static int nothing; /* what handles of the doubles point to */

void
fakes_reset(void)
{
	for (size_t i = 0; i < fakes.n_lanes; i++) {
		for (size_t j = 0; j < fakes.lanes[i].n_lines; j++)
			free(fakes.lanes[i].lines[j]);
	}
	for (size_t i = 0; i < fakes.n_passes; i++)
		free(fakes.passes[i]);
	memset(&fakes, 0, sizeof(fakes));
	fakes.dest_state = DEST_UP;
}

void
fake_record(
    struct source_pass *p, const char *id, int64_t updated, const char *json)
{
	struct source_record rec = {
		.json = json_tokener_parse(json),
		.id = id,
		.updated = updated,
		.created = updated,
		.bytes = strlen(json),
	};

	p->h->record(p->ctx, &rec);
	json_object_put(rec.json);
}

static void
forget(struct source_pass *p)
{
	size_t i = 0;

	while (fakes.passes[i] != p)
		i++;
	memmove(&fakes.passes[i], &fakes.passes[i + 1],
	    (--fakes.n_passes - i) * sizeof(fakes.passes[0]));
	free(p);
}

void
fake_end(
    struct source_pass *p, int64_t newest, int64_t date, const struct err *e)
{
	p->progress.newest = newest;
	p->progress.server_date = date;
	p->h->done(p->ctx, &p->progress, e);
	forget(p);
}

void
http_trace(struct http *h, FILE *f)
{
	(void)h;
	(void)f;
}

struct http *
http_new(uv_loop_t *loop, const char *user_agent, struct err *e)
{
	(void)loop;
	(void)user_agent;
	(void)e;
	return (struct http *)(void *)&nothing;
}

void
http_close(struct http *h)
{
	(void)h;
}

struct auth_set *
auth_set_new(uv_loop_t *loop, struct http *http)
{
	(void)loop;
	(void)http;
	return NULL;
}

void
auth_set_free(struct auth_set *s)
{
	(void)s;
}

struct auth *
auth_set_take(struct auth_set *s, const struct auth_options *o, struct err *e)
{
	(void)s;
	(void)o;
	(void)e;
	return (struct auth *)(void *)&nothing;
}

uint64_t
auth_expires_ms(const struct auth *a)
{
	(void)a;
	return 0;
}

const struct source_progress *
source_pass_progress(const struct source_pass *p)
{
	return &p->progress;
}

void
dest_measure(struct dest *d)
{
	(void)d;
}

const struct dest_lane_counts *
dest_lane_counts(const struct dest_lane *l)
{
	static const struct dest_lane_counts counts = { .read = 7 };

	(void)l;
	return &counts;
}

int
auth_certificate_end(
    const struct auth_options *o, int64_t *end_unix_ms, struct err *e)
{
	(void)o;
	(void)e;
	*end_unix_ms = fakes.certificate_end_ms;
	return fakes.certificate_end_ms != 0;
}

void
dest_tell(struct dest *d, const char *line, size_t len, int severity)
{
	(void)d;
	(void)severity;
	if (fakes.n_told < FAKE_TOLD)
		(void)snprintf(fakes.told[fakes.n_told++],
		    sizeof(fakes.told[0]), "%.*s", (int)len, line);
}

bool
dest_has_told(const struct dest *d)
{
	(void)d;
	return true;
}

enum dest_state
dest_state(const struct dest *d)
{
	(void)d;
	return fakes.dest_state;
}

struct quota_set *
quota_set_new(void)
{
	return NULL;
}

void
quota_set_free(struct quota_set *s)
{
	(void)s;
}

void
auth_set_give(struct auth_set *s, struct auth *a)
{
	(void)s;
	(void)a;
}

void
auth_set_reload(struct auth_set *s)
{
	(void)s;
}

struct source *
source_new(uv_loop_t *loop, struct http *http, struct auth *auth,
    const struct source_options *o)
{
	(void)loop;
	(void)http;
	(void)auth;
	(void)o;
	return (struct source *)(void *)&nothing;
}

void
source_close(struct source *s)
{
	(void)s;
}

struct source_pass *
source_pass_start(struct source *s, const struct source_window *w,
    const struct source_handlers *h, void *ctx)
{
	struct source_pass *p = xcalloc(1, sizeof(*p));

	(void)s;
	p->window = *w;
	p->h = h;
	p->ctx = ctx;
	p->progress.newest = STAMP_NONE;
	p->progress.created_done = STAMP_NONE;
	fakes.passes[fakes.n_passes++] = p;
	fakes.n_started++;
	return p;
}

void
source_pass_cancel(struct source_pass *p)
{
	if (p != NULL)
		forget(p);
}

void
source_pass_pause(struct source_pass *p)
{
	p->is_paused = true;
}

void
source_pass_resume(struct source_pass *p)
{
	p->is_paused = false;
}

struct dest *
dest_new(uv_loop_t *loop, const struct dest_options *o, dest_state_fn *state,
    void *ctx, struct err *e)
{
	(void)loop;
	(void)o;
	(void)e;
	fakes.dest_told = state;
	fakes.dest_ctx = ctx;
	return (struct dest *)(void *)&nothing;
}

void
dest_close(struct dest *d)
{
	(void)d;
}

void
dest_reopen(struct dest *d)
{
	(void)d;
}

size_t
dest_line_max(const struct dest *d)
{
	(void)d;
	return 8000;
}

const struct dest_counts *
dest_counts(const struct dest *d)
{
	static const struct dest_counts counts;

	(void)d;
	return &counts;
}

const struct dest_url *
dest_url(const struct dest *d)
{
	(void)d;
	return NULL;
}

const char *
dest_settles_by(const struct dest *d)
{
	(void)d;
	return NULL;
}

struct dest_lane *
dest_lane_add(struct dest *d, const struct dest_lane_handlers *h, void *ctx)
{
	struct dest_lane *l = &fakes.lanes[fakes.n_lanes++];

	(void)d;
	l->h = h;
	l->ctx = ctx;
	l->has_room = true;
	return l;
}

void
dest_lane_remove(struct dest_lane *l)
{
	l->h = NULL;
}

void
dest_put(struct dest_lane *l, const char *line, size_t len, int severity)
{
	(void)severity;
	l->lines[l->n_lines++] = xstrndup(line, len);
}

bool
dest_lane_has_room(const struct dest_lane *l)
{
	return l->has_room;
}
