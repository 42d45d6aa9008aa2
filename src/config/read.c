/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/obj.h"
#include "config/options.h"

/* A value on its way into a raw struct. */
struct value {
	struct conf *c;
	const struct option *option;
	const struct kf_entry *entry; /* NULL: the default */
	void *raw;
	struct conf_words words;
};

static const struct {
	const char *word, *header;
} kinds[] = {
	[CONF_GLOBAL] = { "", "the part above the first section" },
	[CONF_SOURCE] = { "source", "[source NAME]" },
	[CONF_DESTINATION] = { "destination", "[destination NAME]" },
	[CONF_FORWARD] = { "forward", "[forward]" },
	[CONF_API] = { "api", "[api NAME]" },
};

int
conf__kind(const char *word)
{
	for (size_t i = 0; i < NELEM(kinds); i++) {
		if (strcmp(kinds[i].word, word) == 0)
			return (int)i;
	}
	return -1;
}

const char *
conf__kind_header(enum conf_kind kind)
{
	return kinds[kind].header;
}

unsigned int
conf__line(const struct kf_entry *en)
{
	struct fault_at at;

	kf_key_at(en, &at);
	return at.line;
}

void
conf__fault_word(struct conf *c, const struct kf_section *s, const char *key,
    const struct conf_word *word, const char *fmt, ...)
{
	const struct kf_entry *entry = kf_find(s, key);
	struct fault_at at;
	va_list ap;

	if (entry == NULL)
		kf_section_at(s, &at);
	else if (word == NULL)
		kf_value_at(entry, 0, entry->value_len, &at);
	else
		kf_value_at(entry, word->at, word->len, &at);
	va_start(ap, fmt);
	fault_add_va(c->faults, FAULT_ERROR, &at, fmt, ap);
	va_end(ap);
}

void
conf__fault(struct conf *c, const struct kf_section *s, const char *key,
    const char *fmt, ...)
{
	const struct kf_entry *entry = kf_find(s, key);
	struct fault_at at;
	va_list ap;

	if (entry == NULL)
		kf_section_at(s, &at);
	else
		kf_value_at(entry, 0, entry->value_len, &at);
	va_start(ap, fmt);
	fault_add_va(c->faults, FAULT_ERROR, &at, fmt, ap);
	va_end(ap);
}

void
conf__words_free(struct conf_words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->v[i].text);
	free(w->v);
	*w = (struct conf_words){ .v = NULL };
}

static void
words_add(struct conf_words *w, const char *text, size_t at, size_t len)
{
	w->v = array_grow(w->v, w->n, &w->cap, sizeof(w->v[0]));
	w->v[w->n++] =
	    (struct conf_word){ .text = xstrdup(text), .at = at, .len = len };
}

/* Give a word's text to the configuration. */
static const char *
take(struct conf *c, struct conf_word *w)
{
	char *text = w->text;

	w->text = NULL;
	return conf__keep(c, text);
}

/* A default is right: only what a person wrote can be at fault. */
static void __attribute__((format(printf, 3, 4)))
bad(const struct value *v, const struct conf_word *w, const char *fmt, ...)
{
	struct fault_at at;
	va_list ap;

	assert(v->entry != NULL);
	kf_value_at(v->entry, w->at, w->len, &at);
	va_start(ap, fmt);
	fault_add_va(v->c->faults, FAULT_ERROR, &at, fmt, ap);
	va_end(ap);
}

/* Escapes bring in what no value of cefwd.conf holds: LF and TAB. */
static int
read_words(struct value *v, struct faults *faults)
{
	struct buf word;
	size_t pos = 0, at, len;
	int status, result = 0;

	buf_init(&word, KF_LINE_MAX);
	while (
	    (status = kf_word(v->entry, &pos, &word, &at, &len, faults)) != 0) {
		if (status == -1) {
			result = -1;
			continue;
		}
		words_add(&v->words, word.p, at, len);
		if (strpbrk(word.p, "\n\t") != NULL) {
			bad(v, &v->words.v[v->words.n - 1],
			    "\"%s\" holds neither line ends nor tabs",
			    v->option->key);
			result = -1;
		}
	}
	buf_fini(&word);
	return result;
}

static void
default_words(struct value *v)
{
	const char *p = v->option->def;

	while (*p != '\0') {
		size_t len = strcspn(p, " ");
		char *word = xstrndup(p, len);

		words_add(&v->words, word, 0, 0);
		free(word);
		p += len;
		p += strspn(p, " ");
	}
}

/* In the unit that a person would write. */
static void
add_duration(struct buf *b, uint64_t ms)
{
	static const struct {
		uint64_t ms;
		const char *unit;
	} units[] = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "m" },
		{ 1000, "s" }, { 1, "ms" } };

	for (size_t i = 0; i < NELEM(units); i++) {
		if (ms % units[i].ms == 0) {
			buf_addf(b, "%" PRIu64 "%s", ms / units[i].ms,
			    units[i].unit);
			return;
		}
	}
}

static void
add_size(struct buf *b, uint64_t bytes)
{
	static const char units[] = "\0kmg";
	size_t i = 0;

	while (i < 3 && bytes != 0 && bytes % 1024 == 0) {
		bytes /= 1024;
		i++;
	}
	buf_addf(b, "%" PRIu64, bytes);
	if (i > 0)
		buf_addc(b, units[i]);
}

void
option_add_number(struct buf *b, const struct option *o, uint64_t n)
{
	if (o->type == OPTION_DURATION)
		add_duration(b, n);
	else if (o->type == OPTION_SIZE)
		add_size(b, n);
	else
		buf_addf(b, "%" PRIu64, n);
}

static void
set_number(struct value *v, uint64_t *field)
{
	const struct option *o = v->option;
	const struct conf_word *w = &v->words.v[0];
	size_t len = strlen(w->text);
	struct buf range;
	struct err e;
	uint64_t n = 0;
	int status;

	if (o->type == OPTION_DURATION)
		status = num_duration(w->text, len, &n, &e);
	else if (o->type == OPTION_SIZE)
		status = num_size(w->text, len, &n, &e);
	else
		status = num_u64(w->text, len, 0, UINT64_MAX, &n, &e);
	if (status == 0 &&
	    ((n >= o->min && n <= o->max) || (n == 0 && o->allows_zero))) {
		*field = n;
		return;
	}
	if (status == -1 && o->type != OPTION_NUMBER) {
		bad(v, w, "\"%s\": %s", w->text, e.text);
		return;
	}
	buf_init(&range, 128);
	option_add_number(&range, o, o->min);
	buf_adds(&range, " to ");
	option_add_number(&range, o, o->max);
	bad(v, w, "\"%s\" is out of range; \"%s\" takes %s%s", w->text, o->key,
	    range.p, o->allows_zero ? ", or 0" : "");
	buf_fini(&range);
}

static void
set_choice(struct value *v, unsigned int *field)
{
	const struct option *o = v->option;
	const struct conf_word *w = &v->words.v[0];
	const char *near;
	struct buf all;
	size_t n = 0;

	for (; o->words[n] != NULL; n++) {
		if (strcmp(o->words[n], w->text) == 0) {
			*field = (unsigned int)n;
			return;
		}
	}
	near = near_name(w->text, o->words, n);
	if (near != NULL) {
		bad(v, w, "unknown \"%s\"; did you mean \"%s\"?", w->text,
		    near);
		return;
	}
	buf_init(&all, 512);
	for (size_t i = 0; i < n; i++)
		buf_addf(&all, " %s", o->words[i]);
	bad(v, w, "unknown \"%s\"; \"%s\" takes%s%s", w->text, o->key,
	    n > 1 ? " one of" : "", all.p);
	buf_fini(&all);
}

static void
set_text(struct value *v, const char **field)
{
	struct conf_word *w = &v->words.v[0];

	*field = take(v->c, w);
	if (v->option->type == OPTION_PATH)
		*field = conf__path(v->c, *field);
}

static void
set_texts(struct value *v, struct conf_words *field)
{
	if (v->option->type == OPTION_PATHS) {
		for (size_t i = 0; i < v->words.n; i++) {
			struct conf_word *w = &v->words.v[i];
			const char *path = conf__path(v->c, take(v->c, w));

			w->text = xstrdup(path);
		}
	}
	*field = v->words;
	v->words = (struct conf_words){ .v = NULL };
}

/* A URL with a user and, maybe, a password in it must not be shown. */
static bool
holds_secret(const char *text)
{
	return strstr(text, "://") != NULL && strchr(text, '@') != NULL;
}

static void
bad_shape(const struct value *v, const struct conf_word *w, const struct err *e)
{
	struct fault_at at;

	if (!holds_secret(w->text)) {
		bad(v, w, "\"%s\": %s", w->text, e->text);
		return;
	}
	kf_value_at(v->entry, w->at, w->len, &at);
	at.text = NULL;
	fault_add(v->c->faults, FAULT_ERROR, &at, "\"%s\": %s", v->option->key,
	    e->text);
}

/* The shape of each word. */
static int
check_words(const struct value *v)
{
	const struct option *o = v->option;
	struct err e;
	int status = 0;

	if (o->check == NULL)
		return 0;
	for (size_t i = 0; i < v->words.n; i++) {
		const struct conf_word *w = &v->words.v[i];
		const char *text = w->text;

		if (o->type == OPTION_PATH)
			text =
			    conf__path(v->c, conf__keep(v->c, xstrdup(text)));
		if (o->check(text, &e) == 0)
			continue;
		bad_shape(v, w, &e);
		status = -1;
	}
	return status;
}

static void
set(struct value *v)
{
	void *field = (char *)v->raw + v->option->offset;

	assert(v->words.n > 0);
	switch (v->option->type) {
	case OPTION_TEXT:
	case OPTION_PATH:
		set_text(v, field);
		return;
	case OPTION_TEXTS:
	case OPTION_PATHS:
		set_texts(v, field);
		return;
	case OPTION_DURATION:
	case OPTION_SIZE:
	case OPTION_NUMBER:
		set_number(v, field);
		return;
	case OPTION_CHOICE:
		set_choice(v, field);
		return;
	}
}

static bool
takes_several(const struct option *o)
{
	return o->type == OPTION_TEXTS || o->type == OPTION_PATHS;
}

/* How many words there are, and none of them empty. */
static int
check_count(const struct value *v)
{
	const struct conf_words *w = &v->words;

	if (w->n == 0) {
		kf_fault_key(v->c->faults, FAULT_ERROR, v->entry,
		    "\"%s\" has no value; write one, or remove the line",
		    v->option->key);
		return -1;
	}
	for (size_t i = 0; i < w->n; i++) {
		if (w->v[i].text[0] != '\0')
			continue;
		bad(v, &w->v[i],
		    "\"%s\" is empty; write a value, or remove "
		    "the line",
		    v->option->key);
		return -1;
	}
	if (w->n > 1 && !takes_several(v->option)) {
		bad(v, &w->v[1],
		    "\"%s\" takes one value; put text with blanks into "
		    "\"...\"",
		    v->option->key);
		return -1;
	}
	return 0;
}

static void
set_default(struct conf *c, const struct option *o, void *raw)
{
	struct value v = { .c = c, .option = o, .raw = raw };

	if (o->def == NULL)
		return;
	default_words(&v);
	set(&v);
	conf__words_free(&v.words);
}

static void
read_entry(struct conf *c, const struct option *o, const struct kf_entry *entry,
    void *raw)
{
	struct value v = { .c = c, .option = o, .entry = entry, .raw = raw };

	if (read_words(&v, c->faults) == 0 && check_count(&v) == 0 &&
	    check_words(&v) == 0) {
		/* The default goes. */
		if (takes_several(o)) {
			void *field = (char *)raw + o->offset;

			conf__words_free(field);
		}
		set(&v);
	}
	conf__words_free(&v.words);
}

/* A secret that was written here: its line is not shown. */
static bool
is_secret_key(const char *key)
{
	return strstr(key, "secret") != NULL || strstr(key, "password") != NULL;
}

static void
secret_here(struct conf *c, const struct kf_entry *entry, const char *near)
{
	struct fault_at at;

	kf_key_at(entry, &at);
	at.text = NULL;
	fault_add(c->faults, FAULT_ERROR, &at,
	    "unknown key \"%s\"; a secret stands in a file of its own, which "
	    "\"%s\" names",
	    entry->key, near == NULL ? "client-secret-file" : near);
}

/* What is wrong with a key that the section's kind does not have. */
static void
unknown_key(struct conf *c, enum conf_kind kind, const struct kf_entry *entry)
{
	const char *key = entry->key, *near;

	for (size_t i = 0; i < NELEM(kinds); i++) {
		if (option_find((enum conf_kind)i, key) == NULL)
			continue;
		kf_fault_key(c->faults, FAULT_ERROR, entry,
		    "\"%s\" belongs in %s, not in %s", key, kinds[i].header,
		    kinds[kind].header);
		return;
	}
	near = option_near(kind, key);
	if (is_secret_key(key)) {
		secret_here(c, entry, near);
	} else if (near != NULL) {
		kf_fault_key(c->faults, FAULT_ERROR, entry,
		    "unknown key \"%s\"; did you mean \"%s\"?", key, near);
	} else {
		kf_fault_key(c->faults, FAULT_ERROR, entry,
		    "unknown key \"%s\" in %s; see cefwd.conf(5)", key,
		    kinds[kind].header);
	}
}

void
conf__read_section(
    struct conf *c, enum conf_kind kind, const struct kf_section *s, void *raw)
{
	const struct option *o;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
		if (o->kind != kind)
			continue;
		set_default(c, o, raw);
		if (o->is_required && kf_find(s, o->key) == NULL) {
			kf_fault_section(c->faults, FAULT_ERROR, s,
			    "%s lacks \"%s\": %s", kinds[kind].header, o->key,
			    o->help);
		}
	}
	for (size_t i = 0; i < s->n_entries; i++) {
		const struct kf_entry *entry = s->entries[i];
		const struct kf_entry *first = kf_find(s, entry->key);

		o = option_find(kind, entry->key);
		if (o == NULL) {
			unknown_key(c, kind, entry);
		} else if (first != entry) {
			kf_fault_key(c->faults, FAULT_ERROR, entry,
			    "\"%s\" stands twice; it is set in line %u",
			    entry->key, conf__line(first));
		} else {
			read_entry(c, o, entry, raw);
		}
	}
}
