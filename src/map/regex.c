/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "map/regex.h"

#define LOG_ROOM "map"

struct map_regex {
	pcre2_code *code;
	uint32_t groups;
};

struct map_regex_match {
	pcre2_match_context *context;
	pcre2_match_data *data;
	int groups; /* set by the last match */
};

struct map_regex *
map__regex_new(
    const char *p, size_t len, size_t *at, char *message, size_t message_max)
{
	/* \C could split a character. */
	const uint32_t options =
	    PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
	struct map_regex *re;
	pcre2_code *code;
	int number = 0;
	PCRE2_SIZE offset = 0;

	code =
	    pcre2_compile((PCRE2_SPTR)p, len, options, &number, &offset, NULL);
	if (code == NULL) {
		*at = offset;
		(void)pcre2_get_error_message(
		    number, (PCRE2_UCHAR *)message, message_max);
		return NULL;
	}
	re = xcalloc(1, sizeof(*re));
	re->code = code;
	(void)pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &re->groups);
	return re;
}

void
map__regex_free(struct map_regex *re)
{
	if (re == NULL)
		return;
	pcre2_code_free(re->code);
	free(re);
}

unsigned int
map__regex_groups(const struct map_regex *re)
{
	return re->groups;
}

int
map__regex_group(const struct map_regex *re, const char *name)
{
	int i = pcre2_substring_number_from_name(re->code, (PCRE2_SPTR)name);

	return i < 0 ? -1 : i;
}

struct map_regex_match *
map__regex_match_new(unsigned int groups)
{
	struct map_regex_match *m = xcalloc(1, sizeof(*m));

	m->context = pcre2_match_context_create(NULL);
	m->data = pcre2_match_data_create(groups + 1, NULL);
	if (m->context == NULL || m->data == NULL)
		log_fatal("out of memory");
	(void)pcre2_set_match_limit(m->context, MAP_REGEX_STEPS_MAX);
	/* In KiB: what the steps above can use at most. */
	(void)pcre2_set_heap_limit(m->context, MAP_WORK_MAX >> 10);
	return m;
}

void
map__regex_match_free(struct map_regex_match *m)
{
	if (m == NULL)
		return;
	pcre2_match_data_free(m->data);
	pcre2_match_context_free(m->context);
	free(m);
}

int
map__regex_exec(const struct map_regex *re, struct map_regex_match *m,
    const char *p, size_t len, size_t from, bool is_again)
{
	/* A check at every match of a long text would take its square. */
	uint32_t options = PCRE2_NO_UTF_CHECK;

	if (is_again)
		options |= PCRE2_NOTEMPTY_ATSTART | PCRE2_ANCHORED;

	m->groups = pcre2_match(
	    re->code, (PCRE2_SPTR)p, len, from, options, m->data, m->context);
	if (m->groups > 0)
		return 1;
	return m->groups == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

bool
map__regex_span(
    const struct map_regex_match *m, unsigned int i, size_t *from, size_t *to)
{
	const PCRE2_SIZE *v = pcre2_get_ovector_pointer(m->data);
	size_t at = 2 * (size_t)i;

	if (m->groups <= 0 || i >= (unsigned int)m->groups ||
	    v[at] == PCRE2_UNSET)
		return false;
	*from = v[at];
	*to = v[at + 1];
	/* \K in a lookahead can end a match before its start. */
	return *from <= *to;
}
