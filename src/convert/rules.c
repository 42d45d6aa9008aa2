/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/obj.h"
#include "convert/convert_priv.h"

#define NUMBER_MAX 100000u /* of token[number] and its like */

/* What a key's pattern matched: numbers for "#", the rest for "*". */
struct match {
	size_t numbers[2];
	const char *rest;
};

typedef void take_fn(struct convert *, struct prop *, const struct match *);

static take_fn take_nothing, take_trigger, take_token, take_event,
    take_severity, take_selector, take_values, take_choice, take_additional;

/* A key, who takes it, or why nobody does. */
static const struct {
	const char *pattern;
	take_fn *take;
	const char *why;
} rows[] = {
	{ "trigger.node.location", take_trigger, NULL },
	{ "token.count", take_nothing, NULL },
	{ "token[#].*", take_token, NULL },
	{ "event.*", take_event, NULL },
	{ "severity.map.*", take_severity, NULL },
	{ "conditionalmap.count", take_nothing, NULL },
	{ "conditionalmap[#].field", take_selector, NULL },
	{ "conditionalmap[#].mappings.count", take_nothing, NULL },
	{ "conditionalmap[#].mappings[#].values", take_values, NULL },
	{ "conditionalmap[#].mappings[#].event.*", take_choice, NULL },
	{ "additionaldata.enabled", take_additional, NULL },
	{ "extraprocessor*", NULL,
	    "it hands a field to another parser file; convert that file, too, "
	    "and write its fields here" },
	{ "submessage*", NULL,
	    "sub-messages are taken apart by extract(/regex/) in the fields "
	    "that need them" },
	{ "*", NULL, "not a rule that gives a field" },
};

/* The levels of severity.map, and CEF's words for them. */
static const struct {
	const char *level, *word;
} levels[] = {
	{ "veryhigh", "Very-High" },
	{ "high", "High" },
	{ "medium", "Medium" },
	{ "low", "Low" },
	{ "unknown", "Unknown" },
};

static bool
matches(const char *pattern, const char *key, struct match *m)
{
	size_t n = 0;

	for (; *pattern != '\0'; pattern++) {
		size_t v = 0;

		if (*pattern == '*') {
			m->rest = key;
			return *key != '\0';
		}
		if (*pattern != '#') {
			if (*key++ != *pattern)
				return false;
			continue;
		}
		if (*key < '0' || *key > '9')
			return false;
		for (; *key >= '0' && *key <= '9' && v < NUMBER_MAX; key++)
			v = v * 10 + (size_t)(*key - '0');
		m->numbers[n++] = v;
	}
	return *key == '\0';
}

static void
take_nothing(struct convert *c, struct prop *prop, const struct match *m)
{
	(void)c;
	(void)prop;
	(void)m;
}

static void
take_trigger(struct convert *c, struct prop *prop, const struct match *m)
{
	(void)m;
	c->trigger = prop;
}

static void
take_token(struct convert *c, struct prop *prop, const struct match *m)
{
	struct token *t = NULL;

	for (size_t i = 0; i < c->n_tokens && t == NULL; i++) {
		if (c->tokens[i].number == m->numbers[0])
			t = &c->tokens[i];
	}
	if (t == NULL) {
		c->tokens = array_grow(
		    c->tokens, c->n_tokens, &c->tokens_cap, sizeof(*t));
		t = &c->tokens[c->n_tokens++];
		*t = (struct token){ .number = m->numbers[0] };
	}
	if (strcmp(m->rest, "name") == 0)
		t->name = prop;
	else if (strcmp(m->rest, "type") == 0)
		t->type = prop;
	else if (strcmp(m->rest, "format") == 0)
		t->format = prop;
	else if (strcmp(m->rest, "location") == 0)
		t->location = prop;
	else
		prop->unknown = "unknown property of a token";
}

/* The key of CEF for event.NAME; NULL with *why. */
static const struct cef_key *
key_of(struct convert *c, const char *name, const char **why)
{
	const struct cef_key *key;

	/* A consumer's field; what it says is the header's severity in CEF. */
	if (strcmp(name, "deviceSeverity") == 0)
		return cef_header_key(CEF_H_SEVERITY);
	key = cef_key_find(name);
	if (key == NULL) {
		*why = convert__printf(&c->pool,
		    "CEF has no key for %.64s; a custom key would carry it as "
		    "additional data",
		    name);
	} else if (key->direction == CEF_CONSUMER) {
		*why = "ArcSight writes this field itself";
		key = NULL;
	}
	return key;
}

struct field *
convert__field_find(const struct convert *c, const char *name)
{
	for (size_t i = 0; i < c->n_fields; i++) {
		if (strcasecmp(c->fields[i].name, name) == 0)
			return &c->fields[i];
	}
	return NULL;
}

/* The field of that name, a new one where there is none; NULL: prop has its
   why. */
static struct field *
field_of(struct convert *c, struct prop *prop, const char *name)
{
	struct field *f = convert__field_find(c, name);
	const struct cef_key *key;

	if (f != NULL)
		return f;
	key = key_of(c, name, &prop->unknown);
	if (key == NULL)
		return NULL;
	for (size_t i = 0; i < c->n_fields; i++) {
		if (c->fields[i].key == key) {
			prop->unknown = convert__printf(&c->pool,
			    "event.%.64s has filled %s already",
			    c->fields[i].name, key->key);
			return NULL;
		}
	}
	c->fields =
	    array_grow(c->fields, c->n_fields, &c->fields_cap, sizeof(*f));
	f = &c->fields[c->n_fields++];
	*f = (struct field){ .name = name, .key = key };
	return f;
}

static void
take_event(struct convert *c, struct prop *prop, const struct match *m)
{
	struct field *f = field_of(c, prop, m->rest);

	if (f == NULL)
		return;
	if (f->base != NULL)
		prop->unknown = "the field is set twice";
	else
		f->base = prop;
}

static void
take_severity(struct convert *c, struct prop *prop, const struct match *m)
{
	const char *dot = strchr(m->rest, '.');

	for (size_t i = 0; i < NELEM(levels) && dot != NULL; i++) {
		size_t len = strlen(levels[i].level);

		if ((size_t)(dot - m->rest) != len ||
		    strncasecmp(m->rest, levels[i].level, len) != 0 ||
		    strncmp(dot, ".if.", 4) != 0 || dot[4] == '\0')
			continue;
		c->severities = array_grow(c->severities, c->n_severities,
		    &c->severities_cap, sizeof(*c->severities));
		c->severities[c->n_severities++] = (struct severity_rule){
			.prop = prop, .level = levels[i].word, .field = dot + 4
		};
		return;
	}
	prop->unknown =
	    "severity.map.LEVEL.if.FIELD is understood, LEVEL being "
	    "veryhigh, high, medium or low";
}

static void
take_selector(struct convert *c, struct prop *prop, const struct match *m)
{
	c->selectors = array_grow(c->selectors, c->n_selectors,
	    &c->selectors_cap, sizeof(*c->selectors));
	c->selectors[c->n_selectors++] =
	    (struct selector){ .map = m->numbers[0], .prop = prop };
}

static void
take_values(struct convert *c, struct prop *prop, const struct match *m)
{
	c->mappings = array_grow(
	    c->mappings, c->n_mappings, &c->mappings_cap, sizeof(*c->mappings));
	c->mappings[c->n_mappings++] = (struct mapping){
		.map = m->numbers[0], .number = m->numbers[1], .values = prop
	};
}

static void
take_choice(struct convert *c, struct prop *prop, const struct match *m)
{
	struct field *f = field_of(c, prop, m->rest);

	if (f == NULL)
		return;
	f->choices = array_grow(
	    f->choices, f->n_choices, &f->choices_cap, sizeof(*f->choices));
	f->choices[f->n_choices++] = (struct choice){
		.map = m->numbers[0], .number = m->numbers[1], .prop = prop
	};
}

static void
take_additional(struct convert *c, struct prop *prop, const struct match *m)
{
	(void)c;
	(void)m;
	if (strcasecmp(prop->value, "true") == 0) {
		prop->unknown =
		    "a map sends what it names; give the values that "
		    "you miss (cefwd explain shows them) custom-keys";
	}
}

void
convert__rules_read(struct convert *c)
{
	/* The properties stay where they are from here on. */
	for (size_t i = 0; i < c->props.n; i++) {
		struct prop *prop = &c->props.v[i];
		struct match m = { .rest = "" };
		size_t row = 0;

		while (row < NELEM(rows) &&
		    !matches(rows[row].pattern, prop->key, &m))
			row++;
		if (row == NELEM(rows))
			prop->unknown = "it has no name";
		else if (rows[row].take != NULL)
			rows[row].take(c, prop, &m);
		else
			prop->unknown = rows[row].why;
	}
}

const struct token *
convert__token_find(const struct convert *c, const char *name)
{
	for (size_t i = 0; i < c->n_tokens; i++) {
		if (c->tokens[i].name != NULL &&
		    strcmp(c->tokens[i].name->value, name) == 0)
			return &c->tokens[i];
	}
	return NULL;
}
