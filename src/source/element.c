/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "base/num.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "source/source_priv.h"

/* Further outside the slice than rounding explains. */
#define STRAY (60 * (int64_t)STAMP_PER_S)

/* Filters have been ignored by the API: security-api-solutions issues 23, 56.
   Then cutting would go on for ever and bring nothing. */
static bool
is_in_slice(struct source_pass *p, int64_t created)
{
	const struct slices *s = &p->slices;

	if (created == STAMP_NONE)
		return true;
	if (created < s->lo - STRAY ||
	    (s->hi != STAMP_NONE && created >= s->hi + STRAY))
		p->is_unfiltered = true;
	return created >= s->lo && (s->hi == STAMP_NONE || created < s->hi);
}

static bool
is_wanted(struct source_pass *p, const struct source_record *rec)
{
	const struct source_window *w = &p->w;

	if (rec->updated != STAMP_NONE &&
	    (rec->updated < w->updated_from ||
		(w->updated_until != STAMP_NONE &&
		    rec->updated >= w->updated_until)))
		return false;
	return is_in_slice(p, rec->created);
}

static int
hand_over(struct source_pass *p, const struct source_record *rec, struct err *e)
{
	/* A record alone was counted when the list named it. */
	bool is_fresh = !p->is_item && hashset_add(&p->ids, rec->id);

	if (!is_wanted(p, rec)) {
		p->progress.outside++;
		return 0;
	}
	if (is_fresh)
		p->page.fresh++;
	if (p->is_plain && !p->is_item && p->source->o.api->item != NULL &&
	    !source__item_is_bad(p, rec->id)) {
		if (items_add(&p->items, rec->id) == 0)
			return 0;
		p->page.is_cut = true;
		return err_set(e, ERR_BUSY, "the page holds too much");
	}
	if (p->is_gone)
		return 0;
	p->progress.records++;
	if (rec->updated != STAMP_NONE && rec->updated > p->progress.newest)
		p->progress.newest = rec->updated;
	p->h->record(p->ctx, rec);
	return 0;
}

static void
refuse(struct source_pass *p, uint64_t index, uint64_t offset, const char *why)
{
	char where[400], lo[STAMP_TEXT_MAX], hi[STAMP_TEXT_MAX] = "now";

	p->progress.refused++;
	p->page.refused++;
	if (p->h->refused == NULL)
		return;
	stamp_format(p->slices.lo, lo);
	if (p->slices.hi != STAMP_NONE)
		stamp_format(p->slices.hi, hi);
	(void)snprintf(where, sizeof(where),
	    "created %s to %s, page %llu, record %llu, byte %llu", lo, hi,
	    (unsigned long long)p->pages + 1, (unsigned long long)index + 1,
	    (unsigned long long)offset + 1);
	p->h->refused(p->ctx, where, why);
}

/* The count of the slice's first page says at once that it is too long a
   chain: cut it before its pages are read for nothing. */
static bool
is_too_much(const struct source_pass *p)
{
	const struct api *api = p->source->o.api;
	const char *text;
	uint64_t count;

	if (!p->page.is_first || api->count == NULL || p->source->is_count_void)
		return false;
	text = split_member(p->split, api->count);
	return text != NULL &&
	    num_u64(text, strlen(text), 0, UINT64_MAX, &count, NULL) == 0 &&
	    source__is_too_much(p, count);
}

static int
on_element(void *ctx, const struct split_element *el, struct err *e)
{
	char id[SOURCE_ID_MAX + 1];
	struct source_record rec;
	struct json_object *json;
	struct source_pass *p;
	struct err why;
	int rc = 0;

	OBJ_CAST(p, ctx, PASS_MAGIC);
	if (p->is_gone) /* since a refused record before this one */
		return err_set(e, ERR_BUSY, "cancelled");
	if (!source__has_records(&p->page))
		return 0;
	if (el->index == 0 && !p->is_item && is_too_much(p)) {
		p->page.is_cut = true;
		return err_set(e, ERR_BUSY, "the slice holds too much");
	}
	if (record_parse(p->parser, el, &json, &why) == -1) {
		refuse(p, el->index, el->offset, why.text);
	} else {
		source__identify(p->source->o.api, el, json, id, &rec);
		rc = hand_over(p, &rec, e);
		json_object_put(json);
	}
	return p->is_gone ? err_set(e, ERR_BUSY, "cancelled") : rc;
}

static void
on_refused(void *ctx, uint64_t index, uint64_t offset, const char *why)
{
	struct source_pass *p;

	OBJ_CAST(p, ctx, PASS_MAGIC);
	/* Several may stand in one piece of the body. */
	if (!p->is_gone && source__has_records(&p->page))
		refuse(p, index, offset, why);
}

const struct split_handlers source__split_handlers = { on_element, on_refused };
