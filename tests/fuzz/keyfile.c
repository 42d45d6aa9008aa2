/*
 * keyfile.c - any bytes as a configuration or a map
 *
 * What must hold: every key and every byte of every value stands in the file
 * where the reader says; a fault lies inside the file; words end.
 *
 * Input: a byte for the flavour, the file.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/obj.h"
#include "base/utf8.h"
#include "keyfile/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file as it was given. */
struct file {
	const char *p;
	size_t len;
	size_t n_lines;
};

static void
file_init(struct file *f, const char *p, size_t len)
{
	if (len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
		p += 3;
		len -= 3;
	}
	*f = (struct file){ .p = p, .len = len, .n_lines = 1 };
	for (size_t i = 0; i < len; i++)
		f->n_lines += p[i] == '\n';
}

/* Line n, 1 being the first, without its LF. */
static const char *
file_line(const struct file *f, unsigned int n, size_t *len)
{
	const char *p = f->p, *end = f->p + f->len, *lf;

	while (--n > 0)
		p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
	lf = p == end ? NULL : memchr(p, '\n', (size_t)(end - p));
	*len = (size_t)((lf == NULL ? end : lf) - p);
	return p;
}

/* The source line that a place shows is that of the file. */
static void
check_text(const struct file *f, unsigned int line, const char *text)
{
	size_t len, n = strlen(text);
	const char *p;

	assert(line >= 1 && line <= f->n_lines);
	p = file_line(f, line, &len);
	assert(n <= len && len - n <= 1);
	for (size_t i = 0; i < n; i++)
		assert(text[i] == p[i] || p[i] == '\0');
}

/* The bytes from the place on. */
static const char *
at_place(const struct fault_at *at)
{
	return at->text + utf8_prefix(at->text, strlen(at->text), at->col - 1);
}

static bool
is_inner(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static void
check_entry(const struct file *f, const struct kf_entry *en)
{
	struct fault_at at, last = { .line = 0 };
	size_t n;

	assert(strlen(en->value) == en->value_len);
	kf_key_at(en, &at);
	check_text(f, at.line, at.text);
	/* A key may go on behind a joined line. */
	n = utf8_prefix(at_place(&at), strlen(at_place(&at)), at.len);
	assert(n > 0 && strncmp(at_place(&at), en->key, n) == 0);
	for (size_t i = 0; i < en->value_len; i++) {
		if (is_inner(en->value[i]))
			continue;
		kf_value_at(en, i, 1, &at);
		if (i < 4 || at.line != last.line)
			check_text(f, at.line, at.text);
		assert(*at_place(&at) == en->value[i]);
		assert(at.line > last.line ||
		    (at.line == last.line && at.col > last.col));
		last = at;
	}
	kf_value_at(en, en->value_len, 1, &at);
	check_text(f, at.line, at.text);
}

static void
check_words(const struct kf_entry *en, struct faults *faults)
{
	struct buf word;
	size_t pos = 0, at, len, from = 0;
	int rc;

	buf_init(&word, KF_LINE_MAX);
	while ((rc = kf_word(en, &pos, &word, &at, &len, faults)) != 0) {
		assert(pos > from && pos <= en->value_len);
		if (rc == 1)
			assert(at >= from && at + len <= pos);
		from = pos;
	}
	buf_fini(&word);
}

static void
check_faults(const struct file *f, struct faults *faults)
{
	faults_sort(faults);
	for (size_t i = 0; i < faults_len(faults); i++) {
		const struct fault *x = faults_get(faults, i);

		assert(x->message[0] != '\0');
		assert(utf8_valid(x->message, strlen(x->message)));
		if (x->line == 0)
			continue;
		assert(x->line <= f->n_lines);
		if (x->text == NULL)
			continue;
		check_text(f, x->line, x->text);
		assert(x->col <= utf8_count(x->text, strlen(x->text)) + 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct faults *faults = faults_new();
	struct file f;
	struct kf *kf;
	FILE *null = fopen("/dev/null", "we");

	assert(null != NULL);
	if (size == 0) {
		data = (const uint8_t *)"c";
		size = 1;
	}
	file_init(&f, (const char *)data + 1, size - 1);
	kf = kf_parse("f", (const char *)data + 1, size - 1,
	    data[0] == 'm' ? KF_MAP : KF_CONF, faults);
	for (size_t i = 0; i < kf_n_sections(kf); i++) {
		const struct kf_section *s = kf_section(kf, i);
		struct fault_at at;

		kf_section_at(s, &at);
		if (i > 0)
			check_text(&f, at.line, at.text);
		for (size_t k = 0; k < s->n_entries; k++) {
			check_entry(&f, s->entries[k]);
			check_words(s->entries[k], faults);
		}
	}
	check_faults(&f, faults);
	faults_print(faults, null, false);
	(void)fclose(null);
	kf_free(kf);
	faults_free(faults);
	return 0;
}
