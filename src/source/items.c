/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/obj.h"

#include "source/source_priv.h"

#define LOG_ROOM   "source"

/*
 * Where an API fails for good with what is inside of its records (api.h:
 * expand), the list is asked for without it, and each record alone with it:
 *
 *   list fails --> list, plain --> record 1 --> ... --> record n --> next page
 *                      ^                | fails 3 times
 *                      +----------------+ and goes out as the list has it
 *
 * That the list is asked for again tells a record that fails from an API that
 * is ill.
 */

/* How long the list is not tried with it any more. */
#define PLAIN_MS   ((uint64_t)10 * 60 * 1000)

/* Failures of one record in a row. */
#define ITEM_FAILS 3U

void
items_clear(struct items *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->ids[i]);
	free(s->ids);
	*s = (struct items){ .ids = NULL };
}

int
items_add(struct items *s, const char *id)
{
	if (s->n == ITEMS_MAX)
		return -1;
	s->ids = array_grow(s->ids, s->n, &s->cap, sizeof(s->ids[0]));
	s->ids[s->n++] = xstrdup(id);
	return 0;
}

const char *
items_id(const struct items *s)
{
	return s->at < s->n ? s->ids[s->at] : NULL;
}

bool
source__may_be_plain(const struct source_pass *p)
{
	return p->source->o.api->expand != NULL && !p->is_plain;
}

void
source__plain_works(struct source_pass *p)
{
	const struct api *api = p->source->o.api;
	uint64_t held;

	if (!p->is_plain || api->item == NULL || p->is_item)
		return;
	if (clk_ms() >= p->source->plain_until_ms &&
	    log_may(&p->source->plain_log, &held))
		log_warn("%s: the API fails with %s, so its records are "
			 "fetched one by one for a while",
		    p->source->label, api->expand);
	if (clk_ms() >= p->source->plain_until_ms)
		p->source->plain_until_ms = clk_ms() + PLAIN_MS;
}

/* The page of the list comes back. */
static void
leave(struct source_pass *p)
{
	struct buf item = p->page.url, link = p->page.link;

	p->is_item = false;
	p->page = p->list;
	buf_fini(&item);
	buf_fini(&link);
	items_clear(&p->items);
}

void
source__items_stop(struct source_pass *p)
{
	if (p->is_item)
		leave(p);
	items_clear(&p->items);
}

static int
ask(struct source_pass *p, struct err *e)
{
	if (source__item_url(p->source, items_id(&p->items), &p->page.url, e) ==
	    -1)
		return -1;
	source__schedule(p, 0);
	return 0;
}

bool
source__items_begin(struct source_pass *p)
{
	struct err e;

	if (p->is_item || items_id(&p->items) == NULL)
		return false;
	p->list = p->page;
	p->is_item = true;
	p->page.is_first = false;
	buf_init(&p->page.url, URL_MAX_BYTES);
	buf_init(&p->page.link, URL_MAX_BYTES);
	p->item_fails = 0;
	/* An id has a bound, and so has a row's path. */
	if (ask(p, &e) == -1)
		leave(p);
	return p->is_item;
}

bool
source__items_next(struct source_pass *p)
{
	struct err e;

	p->item_fails = 0;
	p->items.at++;
	if (items_id(&p->items) != NULL && ask(p, &e) == 0)
		return true;
	leave(p);
	return false;
}

bool
source__item_failed(struct source_pass *p, const struct err *e)
{
	char id[SOURCE_ID_MAX + 1];

	if (++p->item_fails < ITEM_FAILS)
		return false;
	(void)snprintf(id, sizeof(id), "%s", items_id(&p->items));
	log_debug("%s", e->text);
	(void)hashset_add(&p->bad, id);
	p->bad_why = *e;
	return true;
}

bool
source__item_is_bad(struct source_pass *p, const char *id)
{
	char where[SOURCE_ID_MAX + 32];

	if (!hashset_has(&p->bad, id))
		return false;
	(void)snprintf(where, sizeof(where), "record %s", id);
	if (p->h->refused != NULL)
		p->h->refused(p->ctx, where, p->bad_why.text);
	return true;
}
