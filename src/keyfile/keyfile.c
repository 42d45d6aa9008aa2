/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/utf8.h"
#include "keyfile/keyfile_priv.h"

/* One reading of a file. */
struct reader {
	struct kf *kf;
	struct faults *faults;
	enum kf_flavour flavour;
	size_t next; /* index of the next line */
	/* Where entries go; NULL below a faulty header. */
	struct kf_section_row *section;
};

/* A logical line under way. */
struct logical {
	struct buf text;
	struct kf_seg *segs;
	size_t n_segs, cap;
	struct kf_scan nested; /* knows the braces of a map's strings */
	struct kf_scan flat;   /* does not: for a string with a lone brace */
	bool is_bad;
};

/* A stretch of text. */
struct span {
	size_t at, len;
};

static void __attribute__((format(printf, 4, 5))) fault_line(
    struct reader *r, size_t line, struct span bytes, const char *fmt, ...)
{
	const struct kf_seg seg = { .line = line };
	struct fault_at at;
	va_list ap;

	kf__locate(r->kf, &seg, 1, bytes.at, bytes.len, &at);
	r->kf->lines[line].is_bad = true;
	va_start(ap, fmt);
	fault_add_va(r->faults, FAULT_ERROR, &at, fmt, ap);
	va_end(ap);
}

static void __attribute__((format(printf, 4, 5)))
fault_logical(struct reader *r, const struct logical *l, struct span bytes,
    const char *fmt, ...)
{
	struct fault_at at;
	va_list ap;

	kf__locate(r->kf, l->segs, l->n_segs, bytes.at, bytes.len, &at);
	va_start(ap, fmt);
	fault_add_va(r->faults, FAULT_ERROR, &at, fmt, ap);
	va_end(ap);
}

static void
fault_file(struct reader *r, const char *message)
{
	const struct fault_at at = { .file = r->kf->file };

	fault_add(r->faults, FAULT_ERROR, &at, "%s", message);
}

/* Replace NULs, which would end the text of a fault early. */
static bool
hide_nuls(const struct kf_line *line)
{
	bool had_one = false;

	for (size_t i = 0; i < line->len; i++) {
		if (line->text[i] == '\0') {
			line->text[i] = '\x01';
			had_one = true;
		}
	}
	return had_one;
}

/* The first thing in a line that no text file has, if any. */
static void
check_line(struct reader *r, size_t i)
{
	const struct kf_line *line = &r->kf->lines[i];
	bool had_nul = hide_nuls(line);
	unsigned long cp;
	size_t n;

	if (line->len > KF_LINE_MAX) {
		fault_line(r, i, (struct span){ 0, 1 },
		    "a line of more than %u bytes", KF_LINE_MAX);
		return;
	}
	for (size_t k = 0; k < line->len; k += n) {
		n = utf8_decode(line->text + k, line->len - k, &cp);
		if (cp == UTF8_BAD) {
			fault_line(r, i, (struct span){ k, n },
			    "not UTF-8 (byte 0x%02x); save the file as UTF-8",
			    (unsigned int)(unsigned char)line->text[k]);
			return;
		}
		if (cp == '\t' || (cp >= 0x20 && cp != 0x7f))
			continue;
		fault_line(r, i, (struct span){ k, n },
		    "control byte 0x%02lx in a text file; remove it",
		    had_nul && cp == 1 ? 0 : cp);
		return;
	}
}

/* Keep a copy, cut into lines. */
static void
cut_lines(struct kf *kf, const char *text, size_t len)
{
	size_t cap = 0;
	char *p, *end, *lf;

	kf->text = xcalloc(len + 1, 1);
	if (len > 0)
		memcpy(kf->text, text, len);
	end = kf->text + len;
	for (p = kf->text; p < end; p = lf + 1) {
		size_t n;

		lf = memchr(p, '\n', (size_t)(end - p));
		if (lf == NULL)
			lf = end;
		n = (size_t)(lf - p);
		if (n > 0 && p[n - 1] == '\r')
			n--;
		p[n] = '\0';
		kf->lines = array_grow(
		    kf->lines, kf->n_lines, &cap, sizeof(kf->lines[0]));
		kf->lines[kf->n_lines++] =
		    (struct kf_line){ .text = p, .len = n };
	}
}

static struct kf_section_row *
section_add(struct kf *kf, char *kind, char *name)
{
	struct kf_section_row *row = xcalloc(1, sizeof(*row));

	row->kind = kind;
	row->name = name;
	row->pub.kind = kind;
	row->pub.name = name;
	row->pub.priv = &row->place;
	row->place.kf = kf;
	kf->sections = array_grow(
	    kf->sections, kf->n_sections, &kf->sections_cap, sizeof(void *));
	kf->sections[kf->n_sections++] = row;
	return row;
}

static void
entry_add(struct kf *kf, struct kf_section_row *section,
    const struct kf_place *place, char *key, char *value)
{
	struct kf_entry_row *row = xcalloc(1, sizeof(*row));

	row->key = key;
	row->value = value;
	row->place = *place;
	row->pub.key = key;
	row->pub.value = value;
	row->pub.value_len = place->value_len;
	row->pub.section = &section->pub;
	row->pub.priv = &row->place;
	kf->entries = array_grow(
	    kf->entries, kf->n_entries, &kf->entries_cap, sizeof(void *));
	kf->entries[kf->n_entries++] = row;
	section->entries = array_grow(section->entries, section->pub.n_entries,
	    &section->cap, sizeof(void *));
	section->entries[section->pub.n_entries++] = &row->pub;
	section->pub.entries = section->entries;
}

/* Append line i to the logical line; returns whether it asks for the next. */
static bool
join_line(struct reader *r, struct logical *l, size_t i)
{
	const struct kf_line *line = &r->kf->lines[i];
	size_t off = 0, len = line->len, at = l->text.len;
	bool joins = len > 0 && line->text[len - 1] == '\\';

	if (joins)
		len--;
	while (off < len && kf__is_blank(line->text[off]))
		off++;
	l->segs = array_grow(l->segs, l->n_segs, &l->cap, sizeof(l->segs[0]));
	l->segs[l->n_segs++] =
	    (struct kf_seg){ .at = at, .line = i, .off = off };
	if (line->is_bad)
		l->is_bad = true;
	if (l->is_bad)
		return joins;
	buf_add(&l->text, line->text + off, len - off);
	if (!buf_ok(&l->text)) {
		fault_line(r, i, (struct span){ 0, line->len },
		    "joined lines of more than %u bytes", KF_LINE_MAX);
		l->is_bad = true;
		return joins;
	}
	kf__scan_segment(&l->nested, line->text + off, len - off, at);
	kf__scan_segment(&l->flat, line->text + off, len - off, at);
	return joins && l->nested.comment == KF_NONE;
}

/* The next logical line, faulty ones left out; 0 at the end. */
static int
read_logical(struct reader *r, struct logical *l)
{
	do {
		bool joins = true;

		buf_reset(&l->text);
		l->n_segs = 0;
		l->is_bad = false;
		kf__scan_init(&l->nested, r->flavour, true);
		kf__scan_init(&l->flat, r->flavour, false);
		while (joins && r->next < r->kf->n_lines)
			joins = join_line(r, l, r->next++);
		if (l->n_segs == 0)
			return 0;
		if (joins) {
			const size_t last = r->kf->n_lines - 1;

			fault_line(r, last,
			    (struct span){ r->kf->lines[last].len - 1, 1 },
			    "a \"\\\" that joins nothing: the file ends here");
			l->is_bad = true;
		}
	} while (l->is_bad);
	return 1;
}

static struct span
trim(const struct logical *l, size_t from, size_t to)
{
	while (from < to && kf__is_blank(l->text.p[from]))
		from++;
	while (to > from && kf__is_blank(l->text.p[to - 1]))
		to--;
	return (struct span){ from, to - from };
}

static char *
copy(const struct logical *l, struct span s)
{
	return xstrndup(l->text.p + s.at, s.len);
}

static struct kf_place
place_of(const struct reader *r, const struct logical *l, struct span head,
    struct span value)
{
	struct kf_place p = {
		.kf = r->kf,
		.n_segs = l->n_segs,
		.head_at = head.at,
		.head_len = head.len,
		.value_at = value.at,
		.value_len = value.len,
	};

	p.segs = xcalloc(l->n_segs, sizeof(p.segs[0]));
	memcpy(p.segs, l->segs, l->n_segs * sizeof(p.segs[0]));
	return p;
}

/* A letter of a section's kind or name; rooms above may be stricter. */
static bool
is_name_byte(char c)
{
	return (unsigned char)c >= 0x80 || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
	    c == '_' || c == '.';
}

static struct span
next_name(const struct logical *l, size_t at, size_t end)
{
	size_t to;

	while (at < end && kf__is_blank(l->text.p[at]))
		at++;
	to = at;
	while (to < end && is_name_byte(l->text.p[to]))
		to++;
	return (struct span){ at, to - at };
}

/* [kind] or [kind name]; -1 after a fault. */
static int
split_header(struct reader *r, const struct logical *l, struct span all,
    struct span *kind, struct span *name)
{
	const char *p = l->text.p;
	const size_t end = all.at + all.len;
	size_t at;

	*kind = next_name(l, all.at + 1, end);
	*name = next_name(l, kind->at + kind->len, end);
	at = name->at + name->len;
	while (at < end && kf__is_blank(p[at]))
		at++;
	if (at == end) {
		fault_logical(r, l, all,
		    "section header without \"]\"; write [kind] or "
		    "[kind name]");
	} else if (p[at] != ']') {
		size_t len = utf8_prefix(p + at, end - at, 1);

		fault_logical(r, l, (struct span){ at, len },
		    is_name_byte(p[at]) ?
			"section header of more than two words; a name is "
			"one word: [kind name]" :
			"\"%.*s\" in a section header; a name is letters, "
			"digits and \"-\", without quotes",
		    (int)len, p + at);
	} else if (kind->len == 0) {
		fault_logical(r, l, all,
		    "section header without a kind; write [kind] or "
		    "[kind name]");
	} else if (at + 1 < end) {
		fault_logical(r, l, trim(l, at + 1, end),
		    "text behind a section header; begin a new line");
	} else {
		return 0;
	}
	return -1;
}

static void
take_header(struct reader *r, const struct logical *l, struct span all)
{
	struct span kind, name;

	if (split_header(r, l, all, &kind, &name) == -1) {
		r->section = NULL;
		return;
	}
	r->section = section_add(r->kf, copy(l, kind), copy(l, name));
	r->section->place = place_of(r, l, all, all);
}

static void
take_entry(struct reader *r, const struct logical *l, size_t eq, size_t end)
{
	struct span key = trim(l, 0, eq);
	struct span value = trim(l, eq + 1, end);
	struct kf_place place;

	if (key.len == 0) {
		fault_logical(r, l, (struct span){ eq, 1 },
		    "nothing before \"=\"; write key = value");
		return;
	}
	if (r->section == NULL)
		return;
	if (value.len == 0)
		value.at = eq + 1;
	place = place_of(r, l, key, value);
	entry_add(r->kf, r->section, &place, copy(l, key), copy(l, value));
}

/* Which reading of the quotes holds; NULL after a fault. */
static const struct kf_scan *
settle_quotes(struct reader *r, const struct logical *l)
{
	struct span open;

	if (l->nested.depth == 0)
		return &l->nested;
	/* A string whose brace stands for itself, as in split("{"). */
	if (l->flat.depth == 0)
		return &l->flat;
	open = (struct span){ l->nested.opened, 1 };
	if (r->flavour == KF_MAP) {
		fault_logical(r, l, open,
		    "a quote that is not closed; in a /regex/ write \\%c",
		    l->text.p[open.at]);
	} else {
		fault_logical(
		    r, l, open, "a quote that is not closed on its line");
	}
	return NULL;
}

static void
fault_odd(struct reader *r, const struct logical *l, size_t at, size_t end)
{
	const char *p = l->text.p + at;
	const unsigned long cp = kf__is_odd(p, end - at);
	const bool is_quote = cp >= 0x201c && cp <= 0x201f;

	fault_logical(r, l, (struct span){ at, utf8_prefix(p, end - at, 1) },
	    "%s (U+%04lX) that only looks like one; write a plain %s",
	    is_quote ? "a quote" : "a blank", cp, is_quote ? "\"" : "blank");
	if (l->text.p[0] == '[')
		r->section = NULL;
}

static void
take_logical(struct reader *r, const struct logical *l)
{
	const struct kf_scan *scan = settle_quotes(r, l);
	struct span all;

	if (scan == NULL) {
		/* What follows belongs to a section that nobody knows. */
		if (l->text.p[0] == '[')
			r->section = NULL;
		return;
	}
	all =
	    trim(l, 0, scan->comment == KF_NONE ? l->text.len : scan->comment);
	if (all.len == 0)
		return;
	if (scan->odd < all.at + all.len)
		fault_odd(r, l, scan->odd, all.at + all.len);
	else if (l->text.p[all.at] == '[')
		take_header(r, l, all);
	else if (scan->eq != KF_NONE)
		take_entry(r, l, scan->eq, all.at + all.len);
	else
		fault_logical(r, l, all, "no \"=\" here; write key = value");
}

static bool
is_utf16(const char *text, size_t len)
{
	return len >= 2 &&
	    (memcmp(text, "\xff\xfe", 2) == 0 ||
		memcmp(text, "\xfe\xff", 2) == 0);
}

struct kf *
kf_parse(const char *file, const char *text, size_t len,
    enum kf_flavour flavour, struct faults *faults)
{
	struct kf *kf = xcalloc(1, sizeof(*kf));
	struct reader r = { .kf = kf, .faults = faults, .flavour = flavour };
	struct logical l = { .n_segs = 0 };

	kf->file = xstrdup(file);
	r.section = section_add(kf, xstrdup(""), xstrdup(""));
	if (len > KF_FILE_MAX) {
		fault_file(&r, "larger than 4 MiB: not a file to read here");
		return kf;
	}
	if (is_utf16(text, len)) {
		fault_file(&r, "is UTF-16; save it as UTF-8");
		return kf;
	}
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	cut_lines(kf, text, len);
	for (size_t i = 0; i < kf->n_lines; i++)
		check_line(&r, i);
	buf_init(&l.text, KF_LINE_MAX);
	while (read_logical(&r, &l))
		take_logical(&r, &l);
	buf_fini(&l.text);
	free(l.segs);
	return kf;
}

void
kf_free(struct kf *kf)
{
	if (kf == NULL)
		return;
	for (size_t i = 0; i < kf->n_entries; i++) {
		free(kf->entries[i]->place.segs);
		free(kf->entries[i]->key);
		free(kf->entries[i]->value);
		free(kf->entries[i]);
	}
	for (size_t i = 0; i < kf->n_sections; i++) {
		free(kf->sections[i]->place.segs);
		free(kf->sections[i]->kind);
		free(kf->sections[i]->name);
		free(kf->sections[i]->entries);
		free(kf->sections[i]);
	}
	free(kf->entries);
	free(kf->sections);
	free(kf->lines);
	free(kf->text);
	free(kf->file);
	free(kf);
}

const char *
kf_file(const struct kf *kf)
{
	return kf->file;
}

size_t
kf_n_sections(const struct kf *kf)
{
	return kf->n_sections;
}

const struct kf_section *
kf_section(const struct kf *kf, size_t i)
{
	return i < kf->n_sections ? &kf->sections[i]->pub : NULL;
}

const struct kf_entry *
kf_find(const struct kf_section *s, const char *key)
{
	for (size_t i = 0; i < s->n_entries; i++) {
		if (strcmp(s->entries[i]->key, key) == 0)
			return s->entries[i];
	}
	return NULL;
}
