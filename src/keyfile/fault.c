/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "keyfile/fault.h"

/* Characters of a source line that are shown, of them before the place. */
#define SHOW_CHARS  ((size_t)160)
#define SHOW_BEFORE ((size_t)60)

struct row {
	struct fault fault;
	size_t file_no; /* in order of first arrival */
	size_t arrival;
};

struct faults {
	struct row *rows;
	size_t n, cap;
	size_t kept[2];  /* by level */
	size_t count[2]; /* by level, those that were not kept included */
	char **files;
	size_t n_files, files_cap;
};

struct faults *
faults_new(void)
{
	return xcalloc(1, sizeof(struct faults));
}

void
faults_free(struct faults *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->n; i++) {
		free(f->rows[i].fault.text);
		free(f->rows[i].fault.message);
	}
	for (size_t i = 0; i < f->n_files; i++)
		free(f->files[i]);
	free(f->files);
	free(f->rows);
	free(f);
}

/* The number of that file name, which is kept once for all its faults. */
static size_t
file_no(struct faults *f, const char *file)
{
	for (size_t i = 0; i < f->n_files; i++) {
		if (strcmp(f->files[i], file) == 0)
			return i;
	}
	f->files = array_grow(
	    f->files, f->n_files, &f->files_cap, sizeof(f->files[0]));
	f->files[f->n_files] = xstrdup(file);
	return f->n_files++;
}

/* Append a character of hostile text so that it moves no cursor. */
static void
add_shown(struct buf *out, const char *p, size_t len, unsigned long cp)
{
	if (cp == UTF8_BAD || cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		buf_addc(out, '?');
	else
		buf_add(out, p, len);
}

/* The message as one line of printable text. */
static char *
clean(const char *s)
{
	size_t len = strlen(s);
	unsigned long cp;
	struct buf out;

	buf_init(&out, ERR_TEXT_MAX);
	for (size_t i = 0; i < len;) {
		size_t n = utf8_decode(s + i, len - i, &cp);

		/* What vsnprintf() cut inside a character. */
		if (cp == UTF8_BAD && i + n == len)
			break;
		add_shown(&out, s + i, n, cp);
		i += n;
	}
	return buf_take(&out);
}

void
fault_add_va(struct faults *f, enum fault_level level,
    const struct fault_at *at, const char *fmt, va_list ap)
{
	char message[ERR_TEXT_MAX];
	struct row *r;

	f->count[level]++;
	if (f->kept[level] == KF_FAULTS_MAX)
		return;
	f->kept[level]++;
	(void)vsnprintf(message, sizeof(message), fmt, ap);
	f->rows = array_grow(f->rows, f->n, &f->cap, sizeof(f->rows[0]));
	r = &f->rows[f->n];
	*r = (struct row){
		.file_no = file_no(f, at->file),
		.arrival = f->n,
		.fault = {
			.level = level,
			.line = at->line,
			.col = at->col,
			.len = at->len == 0 ? 1 : at->len,
			.text = at->text == NULL ? NULL : xstrdup(at->text),
			.message = clean(message),
		},
	};
	r->fault.file = f->files[r->file_no];
	f->n++;
}

void
fault_add(struct faults *f, enum fault_level level, const struct fault_at *at,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fault_add_va(f, level, at, fmt, ap);
	va_end(ap);
}

size_t
faults_count(const struct faults *f, enum fault_level level)
{
	return f->count[level];
}

size_t
faults_len(const struct faults *f)
{
	return f->n;
}

const struct fault *
faults_get(const struct faults *f, size_t i)
{
	return i < f->n ? &f->rows[i].fault : NULL;
}

static int
order(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

static int
compare(const void *p, const void *q)
{
	const struct row *a = p, *b = q;
	int c = order(a->file_no, b->file_no);

	if (c == 0)
		c = order(a->fault.line, b->fault.line);
	if (c == 0)
		c = order(a->fault.col, b->fault.col);
	return c != 0 ? c : order(a->arrival, b->arrival);
}

void
faults_sort(struct faults *f)
{
	if (f->n != 0)
		qsort(f->rows, f->n, sizeof(f->rows[0]), compare);
}

/* Bytes of s up to the given character. */
static size_t
skip_chars(const char *s, size_t chars)
{
	return utf8_prefix(s, strlen(s), chars);
}

/*
 * The source line, and under it blanks up to the place and the marks:
 *
 *    12 | poll-intervall = 60s
 *       | ^~~~~~~~~~~~~~
 */
static void
add_source(struct buf *out, const struct fault *fault)
{
	size_t before = fault->col - 1; /* characters */
	size_t first =
	    before > SHOW_BEFORE + SHOW_BEFORE / 2 ? before - SHOW_BEFORE : 0;
	const char *s = fault->text + skip_chars(fault->text, first);
	size_t len = skip_chars(s, SHOW_CHARS);
	size_t room = SHOW_CHARS - (before - first);
	size_t marks = fault->len < room ? fault->len : room;
	unsigned long cp;
	struct buf pad;

	buf_init(&pad, 2 * SHOW_CHARS);
	buf_addf(out, "%5u | %s", fault->line, first > 0 ? "..." : "");
	buf_adds(&pad, first > 0 ? "   " : "");
	for (size_t i = 0, k = first; i < len; k++) {
		size_t n = utf8_decode(s + i, len - i, &cp);

		if (cp == '\t')
			buf_addc(out, '\t');
		else
			add_shown(out, s + i, n, cp);
		if (k < before)
			buf_addc(&pad, cp == '\t' ? '\t' : ' ');
		i += n;
	}
	buf_addf(out, "%s\n      | %s^", s[len] != '\0' ? "..." : "", pad.p);
	for (size_t i = 1; i < marks; i++)
		buf_addc(out, '~');
	buf_addc(out, '\n');
	buf_fini(&pad);
}

/* file:line:col: */
static void
add_place(struct buf *out, const struct fault *fault)
{
	const char *file = fault->file;
	size_t len = strlen(file);
	unsigned long cp;

	for (size_t i = 0; i < len;) {
		size_t n = utf8_decode(file + i, len - i, &cp);

		add_shown(out, file + i, n, cp);
		i += n;
	}
	if (fault->line > 0)
		buf_addf(out, ":%u", fault->line);
	if (fault->line > 0 && fault->col > 0)
		buf_addf(out, ":%u", fault->col);
	buf_adds(out, ": ");
}

void
faults_print(struct faults *f, FILE *out, bool is_quiet)
{
	size_t more = 0;
	struct buf b;

	faults_sort(f);
	buf_init(&b, (size_t)16 * KF_LINE_MAX);
	for (size_t i = 0; i < f->n; i++) {
		const struct fault *fault = &f->rows[i].fault;

		if (fault->level == FAULT_WARNING && is_quiet)
			continue;
		buf_reset(&b);
		add_place(&b, fault);
		buf_addf(&b, "%s%s\n",
		    fault->level == FAULT_WARNING ? "warning: " : "",
		    fault->message);
		if (fault->text != NULL && fault->line > 0 && fault->col > 0)
			add_source(&b, fault);
		(void)fwrite(b.p, 1, b.len, out);
	}
	more = f->count[FAULT_ERROR] - f->kept[FAULT_ERROR];
	if (!is_quiet)
		more += f->count[FAULT_WARNING] - f->kept[FAULT_WARNING];
	if (more > 0)
		(void)fprintf(out, "and %zu more\n", more);
	buf_fini(&b);
}

int
faults_to_err(struct faults *f, struct err *e)
{
	size_t more = f->count[FAULT_ERROR];
	struct buf place;

	if (more == 0)
		return 0;
	more--;
	faults_sort(f);
	buf_init(&place, ERR_TEXT_MAX);
	for (size_t i = 0; i < f->n; i++) {
		const struct fault *fault = &f->rows[i].fault;

		if (fault->level != FAULT_ERROR)
			continue;
		add_place(&place, fault);
		if (more == 0) {
			(void)err_set(
			    e, ERR_CONFIG, "%s%s", place.p, fault->message);
		} else {
			(void)err_set(e, ERR_CONFIG, "%s%s (and %zu more)",
			    place.p, fault->message, more);
		}
		break;
	}
	buf_fini(&place);
	return -1;
}
