/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/obj.h"
#include "source/api.h"

#include "config/conf_priv.h"

/* [api NAME]: a row of the user's own. */

/* What the requests have room for beside the program's own. */
#define HEADERS_MAX 12U

struct word {
	const char *text;
	bool is_until; /* stands in until-parameters only */
	bool is_time;
};

static const struct word words[] = {
	{ API_UPDATED_FROM, false, true },
	{ API_CREATED_FROM, false, true },
	{ API_CREATED_UNTIL, true, true },
	{ API_PAGE_SIZE, false, false },
	{ API_FILTER, false, false },
};

/* The word at p in braces; NULL where there is none. */
static const struct word *
find_word(const char *p)
{
	for (size_t i = 0; i < NELEM(words); i++) {
		if (strncmp(p, words[i].text, strlen(words[i].text)) == 0)
			return &words[i];
	}
	return NULL;
}

/* "{cretaed-from}" would be sent as it stands. */
static void
fault_unknown(struct conf *c, const struct conf_api *raw, const char *key,
    const struct conf_word *w, const char *p)
{
	const char *names[NELEM(words)];
	size_t len = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz-");
	const char *near;
	char *name;

	if (len == 0 || p[1 + len] != '}')
		return; /* braces of the API's own language */
	for (size_t i = 0; i < NELEM(words); i++)
		names[i] = words[i].text;
	name = xstrndup(p, len + 2);
	near = near_name(name, names, NELEM(words));
	if (near != NULL)
		conf__fault_word(c, raw->section, key, w,
		    "unknown %s; did you mean %s?", name, near);
	free(name);
}

static void
check_parameter(struct conf *c, const struct conf_api *raw, const char *key,
    const struct conf_word *w, bool is_until)
{
	if (strchr(w->text, '=') == NULL || w->text[0] == '=') {
		conf__fault_word(c, raw->section, key, w,
		    "\"%s\" is no parameter; write name=value", w->text);
		return;
	}
	for (const char *p = w->text; (p = strchr(p, '{')) != NULL; p++) {
		const struct word *word = find_word(p);

		if (word == NULL)
			fault_unknown(c, raw, key, w, p);
		else if (word->is_until && !is_until)
			conf__fault_word(c, raw->section, key, w,
			    "%s belongs in \"until-parameters\": most requests "
			    "have no end",
			    word->text);
		else if (word->is_time &&
		    strcmp(word->text, API_UPDATED_FROM) == 0 &&
		    raw->updated == NULL && raw->is_final == 0)
			conf__fault_word(c, raw->section, key, w,
			    "%s needs \"updated\": which member of a record "
			    "tells that time",
			    word->text);
		else if (word->is_time &&
		    strcmp(word->text, API_UPDATED_FROM) != 0 &&
		    raw->created == NULL)
			conf__fault_word(c, raw->section, key, w,
			    "%s needs \"created\": which member of a record "
			    "tells that time",
			    word->text);
	}
}

/* What a way of paging needs; what it has no use for. */
static void
check_paging(struct conf *c, const struct conf_api *raw)
{
	static const struct {
		const char *word;
		bool needs_next, needs_param, takes_param;
	} rows[] = {
		[API_PAGING_NONE] = { "none", false, false, false },
		[API_PAGING_LINK] = { "link", true, false, true },
		[API_PAGING_HEADER] = { "header", false, false, false },
		[API_PAGING_OFFSET] = { "offset", false, true, true },
		[API_PAGING_CURSOR] = { "cursor", true, true, true },
	};
	const struct kf_section *s = raw->section;

	if (rows[raw->paging].needs_next && raw->next == NULL)
		conf__fault(c, s, "paging",
		    "\"paging = %s\" needs \"next\": which member of a page "
		    "names the next one",
		    rows[raw->paging].word);
	if (!rows[raw->paging].needs_next && raw->next != NULL)
		conf__fault(c, s, "next",
		    "\"paging = %s\" has no use for it; remove the line",
		    rows[raw->paging].word);
	if (rows[raw->paging].needs_param && raw->next_parameter == NULL)
		conf__fault(c, s, "paging",
		    "\"paging = %s\" needs \"next-parameter\": which parameter "
		    "asks for the next page",
		    rows[raw->paging].word);
	if (!rows[raw->paging].takes_param && raw->next_parameter != NULL)
		conf__fault(c, s, "next-parameter",
		    "\"paging = %s\" has no use for it; remove the line",
		    rows[raw->paging].word);
}

static void
check_row(struct conf *c, const struct conf_api *raw)
{
	const struct kf_section *s = raw->section;

	if (api_find(s->name) != NULL)
		kf_fault_section(c->faults, FAULT_ERROR, s,
		    "\"%s\" is the name of an API that cefwd knows; choose "
		    "another",
		    s->name);
	for (size_t i = 0; i < raw->parameters.n; i++)
		check_parameter(
		    c, raw, "parameters", &raw->parameters.v[i], false);
	for (size_t i = 0; i < raw->until_parameters.n; i++)
		check_parameter(c, raw, "until-parameters",
		    &raw->until_parameters.v[i], true);
	check_paging(c, raw);
	if (raw->is_final != 0 && raw->created == NULL)
		conf__fault(c, s, "final",
		    "\"final = yes\" needs \"created\": records that never "
		    "change are read by that time");
	if (raw->page_max != 0 && raw->page_size > raw->page_max)
		conf__fault(c, s, "page-size",
		    "it is larger than \"page-size-max\"; make it smaller");
	if (raw->headers.n > HEADERS_MAX)
		conf__fault_word(c, s, "headers", &raw->headers.v[HEADERS_MAX],
		    "more than %u headers", HEADERS_MAX);
}

/* The words as a list that ends in NULL; NULL where there are none. */
static const char *const *
list_of(struct conf_api *raw, size_t at, const struct conf_words *w)
{
	if (w->n == 0)
		return NULL;
	raw->lists[at] = xcalloc(w->n + 1, sizeof(char *));
	for (size_t i = 0; i < w->n; i++)
		raw->lists[at][i] = w->v[i].text;
	return raw->lists[at];
}

static void
build_row(struct conf_api *raw)
{
	struct api *row = &raw->row;

	*row = (struct api){
		.name = raw->section->name,
		.path = raw->path,
		.token_url = raw->token_url,
		.scope = raw->scope,
		.resource = raw->resource,
		.permission = raw->permission,
		.array = raw->records,
		.id = list_of(raw, 0, &raw->id),
		.updated = raw->updated,
		.created = raw->created,
		.time = (enum api_time)raw->time,
		/* Without update times only creation tells what is new. */
		.is_final = raw->is_final != 0 ||
		    (raw->updated == NULL && raw->created != NULL),
		.paging = (enum api_paging)raw->paging,
		.next = raw->next,
		.next_param = raw->next_parameter,
		.offset_max = raw->offset_max,
		.count = raw->count,
		.page_size = (unsigned int)raw->page_size,
		.page_max = (unsigned int)raw->page_max,
		.query = list_of(raw, 1, &raw->parameters),
		.query_until = list_of(raw, 2, &raw->until_parameters),
		.headers = list_of(raw, 3, &raw->headers),
		.calls_per_min = (unsigned int)raw->calls_per_minute,
		.calls_per_hour = (unsigned int)raw->calls_per_hour,
	};
	for (int i = 0; i < CLOUD_COUNT; i++)
		row->origin[i] = raw->base_url;
}

void
conf__rules_apis(struct conf *c)
{
	for (size_t i = 0; i < c->n_apis; i++) {
		check_row(c, &c->apis[i]);
		build_row(&c->apis[i]);
	}
}

const struct api *
conf__api_find(const struct conf *c, const char *name)
{
	const struct api *known = api_find(name);

	for (size_t i = 0; known == NULL && i < c->n_apis; i++) {
		if (strcmp(c->apis[i].section->name, name) == 0)
			known = &c->apis[i].row;
	}
	return known;
}

void
conf__api_free(struct conf_api *raw)
{
	conf__words_free(&raw->id);
	conf__words_free(&raw->headers);
	conf__words_free(&raw->parameters);
	conf__words_free(&raw->until_parameters);
	for (size_t i = 0; i < NELEM(raw->lists); i++)
		free(raw->lists[i]);
}
