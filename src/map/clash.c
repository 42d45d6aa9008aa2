/*
 * clash.c - values that cannot fit their field, seen without a record
 *
 * The program is walked as if it ran, with "what may be here" in place of
 * values: constants, rows of lookups, and what filters give.  A path may give
 * anything.  Only what no record can change is told.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/obj.h"
#include "keyfile/keyfile.h"
#include "map/map_priv.h"

#define BIT(type) (1U << (unsigned int)(type))
#define NUMBERS   (BIT(CEF_INTEGER) | BIT(CEF_LONG) | BIT(CEF_FLOAT))

/* A filter that gives one kind of value, the types that take it, and those
   that take it but show what nobody wants to read. */
struct giver {
	const char *filter, *what;
	unsigned int fits, odd;
};

static const struct giver givers[] = {
	{ "time", "epoch milliseconds",
	    BIT(CEF_TIME) | BIT(CEF_LONG) | BIT(CEF_FLOAT), BIT(CEF_STRING) },
	{ "count", "a count", NUMBERS | BIT(CEF_STRING), 0 },
	{ "number", "numbers", NUMBERS | BIT(CEF_TIME) | BIT(CEF_STRING), 0 },
	{ "ip4", "IPv4 addresses",
	    BIT(CEF_IPV4) | BIT(CEF_IP) | BIT(CEF_STRING), 0 },
	{ "ip6", "IPv6 addresses",
	    BIT(CEF_IPV6) | BIT(CEF_IP) | BIT(CEF_STRING), 0 },
	{ "mac", "MAC addresses", BIT(CEF_MAC) | BIT(CEF_STRING), 0 },
};

/* A value that may be here: one of giver, lookup and text is set. */
struct maybe {
	const struct giver *giver;
	const struct lookup *lookup;
	const char *text;
	size_t len;
	bool is_part; /* of a string with braces */
	size_t at, at_len;
};

/* A value on the stack: its maybes are those from "from" on; a path adds
   none. */
struct entry {
	size_t from;
	size_t target;    /* of its ELSE */
	bool is_constant; /* a text, and nothing else */
};

struct walk {
	const struct map_field *field;
	struct faults *faults;
	struct maybe *maybes;
	struct entry *entries;
	size_t n_maybes, n_entries;
	bool is_good;
};

const char *
map__type_words(const struct cef_key *key)
{
	if (key == cef_header_key(CEF_H_SEVERITY))
		return "Low, Medium, High, Very-High or 0 to 10";
	switch (key->type) {
	case CEF_STRING:
		return "text";
	case CEF_INTEGER:
		return "whole numbers of 32 bits";
	case CEF_LONG:
		return "whole numbers of 64 bits";
	case CEF_FLOAT:
		return "numbers";
	case CEF_TIME:
		return "times (epoch milliseconds; see the filter time)";
	case CEF_IPV4:
		return "IPv4 addresses";
	case CEF_IPV6:
		return "IPv6 addresses";
	case CEF_IP:
		return "IP addresses";
	case CEF_MAC:
		return "MAC addresses";
	}
	return "";
}

/* ---- the walk ---- */

static void
open_entry(struct walk *w)
{
	w->entries[w->n_entries++] = (struct entry){ .from = w->n_maybes };
}

static void
add_maybe(struct walk *w, struct maybe m)
{
	w->maybes[w->n_maybes++] = m;
}

/* The sides of choices that end here become one value. */
static void
end_choices(struct walk *w, size_t pc)
{
	while (w->n_entries >= 2 && w->entries[w->n_entries - 2].target == pc) {
		w->n_entries--;
		w->entries[w->n_entries - 1].is_constant = false;
	}
}

/* Whether a text in a string with braces makes it unfit whatever the braces
   give: it has a character that no value of the type has. */
static bool
is_alien(enum cef_type type, const char *text, size_t len)
{
	static const char *const letters[] = {
		[CEF_INTEGER] = " \n\t-0123456789.",
		[CEF_LONG] = " \n\t-0123456789.",
		[CEF_FLOAT] = " \n\t+-0123456789.eE",
		[CEF_TIME] = " \n\t-0123456789.",
		[CEF_MAC] = " \n\t:-.0123456789abcdefABCDEF",
	};

	/* The zone of an address may hold anything. */
	if (type >= NELEM(letters) || letters[type] == NULL)
		return false;
	return strspn(text, letters[type]) < len;
}

static void
concat(struct walk *w, size_t n)
{
	enum cef_type type = w->field->key->type;
	size_t base = w->n_entries - n;
	struct maybe alien = { .is_part = true };

	for (size_t i = base; i < w->n_entries && alien.text == NULL; i++) {
		const struct entry *e = &w->entries[i];
		const struct maybe *m = &w->maybes[e->from];

		if (e->is_constant && is_alien(type, m->text, m->len)) {
			alien = *m;
			alien.is_part = true;
		}
	}
	w->n_maybes = w->entries[base].from;
	w->n_entries = base;
	open_entry(w);
	if (alien.text != NULL)
		add_maybe(w, alien);
}

static bool
is_one_of(const char *name, const char *const *names)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

static void
filter(struct walk *w, const struct op *op)
{
	/* What they give was there before. */
	static const char *const keep[] = { "first", "last", "unique", "join",
		NULL };
	const char *name = op->filter->name;
	const struct filter_arg *arg = &op->args[0];
	struct entry *top = &w->entries[w->n_entries - 1];

	top->is_constant = false;
	if (is_one_of(name, keep))
		return;
	if (strcmp(name, "default") == 0) {
		add_maybe(w,
		    (struct maybe){ .text = arg->text,
			.len = arg->len,
			.at = arg->at,
			.at_len = arg->at_len });
		return;
	}
	w->n_maybes = top->from;
	if (arg->lookup != NULL) {
		add_maybe(w,
		    (struct maybe){ .lookup = arg->lookup,
			.at = arg->at,
			.at_len = arg->at_len });
		return;
	}
	for (size_t i = 0; i < NELEM(givers); i++) {
		if (strcmp(name, givers[i].filter) != 0)
			continue;
		add_maybe(w,
		    (struct maybe){ .giver = &givers[i],
			.at = op->at,
			.at_len = op->at_len });
	}
}

static void
step(struct walk *w, const struct op *op)
{
	switch (op->kind) {
	case OP_TEXT:
		open_entry(w);
		w->entries[w->n_entries - 1].is_constant = true;
		add_maybe(w,
		    (struct maybe){ .text = op->text,
			.len = op->len,
			.at = op->at,
			.at_len = op->at_len });
		break;
	case OP_PATH:
		open_entry(w);
		break;
	case OP_ELSE:
		w->entries[w->n_entries - 1].target = op->n;
		break;
	case OP_CONCAT:
		concat(w, op->n);
		break;
	case OP_FILTER:
		filter(w, op);
		break;
	}
}

/* ---- what was found, against the field ---- */

/* A constant, or a row of lookup l. */
static void
check_text(struct walk *w, const struct maybe *m, const struct lookup *l,
    const char *text, size_t len)
{
	const struct cef_key *key = w->field->key;
	const struct kf_entry *en = w->field->en;
	enum cef_fit fit;
	struct buf value;
	char from[80] = "";

	buf_init(&value, MAP_VALUE_MAX);
	fit = cef_value(key, text, len, &value);
	buf_fini(&value);
	if (fit == CEF_FIT_OK || fit == CEF_FIT_EMPTY)
		return;
	if (l != NULL)
		(void)snprintf(from, sizeof(from), " of [lookup %s]", l->name);
	w->is_good = false;
	if (fit == CEF_FIT_DROPPED_TYPE) {
		kf_fault_value(w->faults, FAULT_ERROR, en, m->at, m->at_len,
		    "\"%.60s\"%s is not a value for %s, which holds %s", text,
		    from, key->key, map__type_words(key));
	} else {
		kf_fault_value(w->faults, FAULT_ERROR, en, m->at, m->at_len,
		    "\"%.60s\"%s is too long: %s holds %u characters at most",
		    text, from, key->key, key->max_chars);
	}
}

static void
check_giver(struct walk *w, const struct maybe *m)
{
	const struct cef_key *key = w->field->key;
	const struct kf_entry *en = w->field->en;

	if ((m->giver->fits & BIT(key->type)) != 0)
		return;
	if ((m->giver->odd & BIT(key->type)) != 0) {
		kf_fault_value(w->faults, FAULT_WARNING, en, m->at, m->at_len,
		    "%s gives %s, and %s holds text; without it the time "
		    "stays readable",
		    m->giver->filter, m->giver->what, key->key);
		return;
	}
	w->is_good = false;
	kf_fault_value(w->faults, FAULT_ERROR, en, m->at, m->at_len,
	    "%s gives %s, and %s holds %s", m->giver->filter, m->giver->what,
	    key->key, map__type_words(key));
}

static void
check_maybe(struct walk *w, const struct maybe *m)
{
	if (m->giver != NULL) {
		check_giver(w, m);
	} else if (m->is_part) {
		w->is_good = false;
		kf_fault_value(w->faults, FAULT_ERROR, w->field->en, m->at,
		    m->at_len,
		    "with \"%.60s\" in it this is never a value for %s, which "
		    "holds %s",
		    m->text, w->field->key->key,
		    map__type_words(w->field->key));
	} else if (m->lookup != NULL) {
		for (size_t i = 0; i < m->lookup->n_rows && w->is_good; i++) {
			const struct lookup_row *row = &m->lookup->rows[i];

			if (row->value != NULL)
				check_text(w, m, m->lookup, row->value,
				    row->value_len);
		}
	} else {
		check_text(w, m, NULL, m->text, m->len);
	}
}

bool
map__check_types(const struct map_field *f, struct faults *faults)
{
	const struct prog *p = &f->prog;
	struct walk w = { .field = f, .faults = faults, .is_good = true };

	if (p->n < 2)
		return true;
	/* No op adds more than one of each. */
	w.maybes = xcalloc(p->n, sizeof(*w.maybes));
	w.entries = xcalloc(p->n, sizeof(*w.entries));
	for (size_t pc = 0; pc < p->n; pc++) {
		end_choices(&w, pc);
		step(&w, &p->ops[pc]);
	}
	for (size_t i = 0; i < w.n_maybes; i++)
		check_maybe(&w, &w.maybes[i]);
	free(w.maybes);
	free(w.entries);
	return w.is_good;
}
