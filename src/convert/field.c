/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/obj.h"
#include "convert/convert_priv.h"

#define EVENT     "event."
#define EVENT_LEN (sizeof(EVENT) - 1)
#define TOO_MANY  "a lookup would have too many rows"

static const char *
type_filter(const struct cef_key *key)
{
	switch (key->type) {
	case CEF_INTEGER:
	case CEF_LONG:
	case CEF_FLOAT:
		return " | number";
	case CEF_IPV4:
		return " | ip4";
	case CEF_IPV6:
		return " | ip6";
	case CEF_MAC:
		return " | mac";
	case CEF_TIME: /* see convert__render() */
	case CEF_STRING:
	case CEF_IP:
		break;
	}
	return "";
}

static bool
ends_in(const char *s, const char *end)
{
	size_t len = strlen(s), n = strlen(end);

	return n <= len && strcmp(s + len - n, end) == 0;
}

/* Property prop as an expression for the field; false with prop->why. */
static bool
expression(struct convert *c, struct prop *prop, bool is_time, struct text *out)
{
	const struct node *n = convert__parse(c, prop->value);

	if (n != NULL && convert__render(c, n, is_time, out))
		return true;
	prop->why = c->why;
	return false;
}

/* The value of a token or of event.NAME, without what choices make of it. */
static bool
reference(struct convert *c, const char *name, struct text *out)
{
	const struct field *f = NULL;
	const struct node *n;

	if (strncmp(name, EVENT, EVENT_LEN) == 0)
		name += EVENT_LEN;
	else if (convert__token_find(c, name) != NULL) {
		n = convert__parse(c, name);
		return n != NULL && convert__render(c, n, false, out);
	}
	f = convert__field_find(c, name);
	if (f == NULL || f->base == NULL) {
		c->why = convert__printf(&c->work,
		    "event.%.64s, which it looks at, is not set", name);
		return false;
	}
	n = convert__parse(c, f->base->value);
	return n != NULL && convert__render(c, n, false, out);
}

/* ---- conditionalmap ---- */

static struct prop *
selector_of(const struct convert *c, size_t map)
{
	for (size_t i = 0; i < c->n_selectors; i++) {
		if (c->selectors[i].map == map)
			return c->selectors[i].prop;
	}
	return NULL;
}

static const struct prop *
values_of(const struct convert *c, const struct choice *ch)
{
	for (size_t i = 0; i < c->n_mappings; i++) {
		if (c->mappings[i].map == ch->map &&
		    c->mappings[i].number == ch->number)
			return c->mappings[i].values;
	}
	return NULL;
}

/* The next word of a list with commas, blanks round it dropped; NULL: none. */
static const char *
next_word(struct convert *c, const char **list)
{
	const char *p = *list;
	size_t len;

	p += strspn(p, " \t,");
	len = strcspn(p, ",");
	*list = p + len;
	while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t'))
		len--;
	return len == 0 ? NULL : convert__str(&c->work, p, len);
}

/* The choice's value where the selector holds one of its values.  All
   constants of one conditionalmap stand in one lookup. */
struct chooser {
	struct text selector;
	struct buf rows; /* of the constants */
	struct text others;
	bool has_others;
};

static void
choose(struct convert *c, struct chooser *ch, const char *values,
    struct text value)
{
	const char *word;
	struct text test;
	struct buf re;

	if (value.constant != NULL) {
		while ((word = next_word(c, &values)) != NULL)
			convert__add_row(&ch->rows, word, value.constant);
		return;
	}
	buf_init(&re, CONVERT_EXPR_MAX);
	buf_adds(&re, " | extract(/^(?i:");
	for (bool is_first = true; (word = next_word(c, &values)) != NULL;
	     is_first = false) {
		if (!is_first)
			buf_addc(&re, '|');
		convert__add_literal(&re, word);
	}
	buf_adds(&re, ")$/)");
	test = convert__pipe(c, ch->selector, convert__take(&c->work, &re));
	value = convert__pick(c, test, false, value);
	ch->others =
	    ch->has_others ? convert__either(c, ch->others, value) : value;
	ch->has_others = true;
}

/* What conditionalmap[map] gives the field; false: nothing. */
static bool
choices(struct convert *c, struct field *f, size_t map, struct text *out)
{
	struct prop *selector = selector_of(c, map);
	const bool is_time = f->key->type == CEF_TIME;
	struct chooser ch = { .has_others = false };
	const char *why = "its conditionalmap has no field";
	bool has_selector = selector != NULL &&
	    reference(c, selector->value, &ch.selector),
	     has_rows;

	if (selector != NULL && !has_selector)
		why = c->why;
	buf_init(&ch.rows, CONVERT_ROWS_MAX);
	for (size_t i = 0; i < f->n_choices; i++) {
		struct choice *one = &f->choices[i];
		const struct prop *values = values_of(c, one);
		struct text value;

		if (one->map != map)
			continue;
		if (!has_selector)
			one->prop->why = why;
		else if (values == NULL)
			one->prop->why = "its mapping has no values";
		else if (expression(c, one->prop, is_time, &value))
			choose(c, &ch, values->value, value);
		if (!buf_ok(&ch.rows) && one->prop->why == NULL)
			one->prop->why = TOO_MANY;
	}
	has_rows = ch.rows.len > 0 && buf_ok(&ch.rows);
	if (has_rows) {
		*out = convert__lookup(c, ch.selector, "choice",
		    convert__take(&c->work, &ch.rows));
		if (ch.has_others)
			*out = convert__either(c, *out, ch.others);
	} else {
		buf_fini(&ch.rows);
		*out = ch.others;
	}
	return has_rows || ch.has_others;
}

/* All conditionalmaps of the field, then event.NAME itself. */
static bool
value_of(struct convert *c, struct field *f, struct text *out)
{
	const bool is_time = f->key->type == CEF_TIME;
	bool has_any = false;
	struct text next;

	for (size_t i = 0; i < f->n_choices; i++) {
		size_t map = f->choices[i].map, first = 0;

		while (f->choices[first].map != map)
			first++;
		if (first < i || !choices(c, f, map, &next))
			continue;
		*out = has_any ? convert__either(c, *out, next) : next;
		has_any = true;
	}
	if (f->base != NULL && expression(c, f->base, is_time, &next)) {
		*out = has_any ? convert__either(c, *out, next) : next;
		has_any = true;
	}
	return has_any;
}

/* ---- severity.map ---- */

/* The words of a rule as rows; a..b is every whole number between. */
static void
add_levels(
    struct convert *c, const struct severity_rule *rule, struct buf *rows)
{
	const char *list = rule->prop->value, *word;

	while ((word = next_word(c, &list)) != NULL) {
		const char *dots = strstr(word, "..");
		int64_t from = 0, to = 0;
		char key[NUM_I64_BYTES + 1];

		if (dots == NULL ||
		    num_i64(word, (size_t)(dots - word), &from, NULL) == -1 ||
		    num_i64(dots + 2, strlen(dots + 2), &to, NULL) == -1) {
			convert__add_row(rows, word, rule->level);
			continue;
		}
		if (from < 0 || to < from || to - from >= CONVERT_RANGE_MAX) {
			rule->prop->why =
			    "the range is too wide for a lookup, which lists "
			    "every value";
			continue;
		}
		for (; from <= to; from++) {
			key[num_write_i64(from, key)] = '\0';
			convert__add_row(rows, key, rule->level);
		}
	}
}

/* What the rules of the i-th one's field make of its value; value is
   event.deviceSeverity's, if any. */
static bool
severity_by(
    struct convert *c, size_t i, const struct text *value, struct text *out)
{
	const char *name = c->severities[i].field;
	struct buf rows;
	bool is_good;

	if (strcasecmp(name, "deviceSeverity") != 0) {
		is_good = reference(c, name, out);
	} else {
		is_good = value != NULL;
		*out = is_good ? *value : *out;
		c->why = "event.deviceSeverity is not set";
	}
	buf_init(&rows, CONVERT_ROWS_MAX);
	for (size_t k = i; k < c->n_severities; k++) {
		struct severity_rule *rule = &c->severities[k];

		if (strcmp(rule->field, name) != 0)
			continue;
		if (is_good)
			add_levels(c, rule, &rows);
		else
			rule->prop->why = c->why;
		if (!buf_ok(&rows))
			rule->prop->why = TOO_MANY;
	}
	if (!is_good || rows.len == 0 || !buf_ok(&rows)) {
		buf_fini(&rows);
		return false;
	}
	*out = convert__lookup(
	    c, *out, "severity", convert__take(&c->work, &rows));
	return true;
}

/* By all rules, into *value, which has one already if has_value. */
static bool
severity(struct convert *c, bool has_value, struct text *value)
{
	const struct text own = *value;
	bool has_any = false;

	for (size_t i = 0; i < c->n_severities; i++) {
		struct text next = own;
		size_t first = 0;

		while (strcmp(c->severities[first].field,
			   c->severities[i].field) != 0)
			first++;
		if (first < i ||
		    !severity_by(c, i, has_value ? &own : NULL, &next))
			continue;
		*value = has_any ? convert__either(c, *value, next) : next;
		has_any = true;
	}
	return has_any;
}

void
convert__field(struct convert *c, struct field *f)
{
	struct text value = { .s = "", .level = LEVEL_OPERAND };
	const char *filter = type_filter(f->key);
	bool has_value;

	c->steps = 0;
	c->field = (size_t)(f - c->fields);
	f->expr = NULL;
	has_value = value_of(c, f, &value);
	if (f->key == cef_header_key(CEF_H_SEVERITY) &&
	    severity(c, has_value, &value))
		has_value = true;
	if (!has_value)
		return;
	if (value.constant == NULL && !ends_in(value.s, filter))
		value = convert__pipe(c, value, filter);
	if (value.s[0] != '\0')
		f->expr = value.s;
}
