/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/obj.h"
#include "keyfile/keyfile.h"

/* The faults as they are printed, without the source lines. */
static char *
fault_text(struct faults *f)
{
	struct buf b;

	buf_init(&b, (size_t)1 << 20);
	faults_sort(f);
	for (size_t i = 0; i < faults_len(f); i++) {
		const struct fault *fault = faults_get(f, i);

		buf_addf(&b, "%u:%u+%u %s\n", fault->line, fault->col,
		    fault->len, fault->message);
	}
	return buf_take(&b);
}

/* What a file was read as: "[kind|name]" and "key|value" lines. */
static char *
dump(const struct kf *kf)
{
	struct buf b;

	buf_init(&b, (size_t)8 << 20);
	for (size_t i = 0; i < kf_n_sections(kf); i++) {
		const struct kf_section *s = kf_section(kf, i);

		if (i > 0)
			buf_addf(&b, "[%s|%s]\n", s->kind, s->name);
		for (size_t k = 0; k < s->n_entries; k++) {
			const struct kf_entry *en = s->entries[k];

			assert_ptr_equal(en->section, s);
			assert_int_equal(en->value_len, strlen(en->value));
			buf_addf(&b, "%s|%s\n", en->key, en->value);
		}
	}
	return buf_take(&b);
}

struct read_row {
	const char *text, *read, *faults;
};

static void
check_rows(const struct read_row *rows, size_t n, enum kf_flavour flavour)
{
	for (size_t i = 0; i < n; i++) {
		struct faults *f = faults_new();
		struct kf *kf = kf_parse(
		    "f", rows[i].text, strlen(rows[i].text), flavour, f);
		char *read = dump(kf), *told = fault_text(f);

		assert_string_equal(read, rows[i].read);
		assert_string_equal(
		    told, rows[i].faults == NULL ? "" : rows[i].faults);
		free(read);
		free(told);
		kf_free(kf);
		faults_free(f);
	}
}

static void
configurations_are_read(void **state)
{
	static const struct read_row rows[] = {
		{ "", "", NULL },
		{ "\n\n", "", NULL },
		{ "a = b", "a|b\n", NULL },
		{ "a=b\n", "a|b\n", NULL },
		{ " \ta\t = \t b c \t\n", "a|b c\n", NULL },
		{ "\xef\xbb\xbf"
		  "a = b\r\n[k n]\r\nc = d\r\n",
		    "a|b\n[k|n]\nc|d\n", NULL },
		/* the first "=" splits */
		{ "a = b = c", "a|b = c\n", NULL },
		{ "\"a = b\" = c", "\"a = b\"|c\n", NULL },
		{ "a =", "a|\n", NULL },
		{ "a = # c", "a|\n", NULL },
		/* comments */
		{ "# a = b\n  # c\n#\na = b", "a|b\n", NULL },
		{ "a = b # c \" d", "a|b\n", NULL },
		{ "a = b#c", "a|b#c\n", NULL },
		{ "a = b\t#c", "a|b\n", NULL },
		{ "a = \"b # c\" # d", "a|\"b # c\"\n", NULL },
		{ "a = \"b \\\" # c\" # d", "a|\"b \\\" # c\"\n", NULL },
		{ "[k] # c\na = b", "[k|]\na|b\n", NULL },
		/* here ' is a letter like others */
		{ "a = it's # c", "a|it's\n", NULL },
		{ "a = b\\c # d", "a|b\\c\n", NULL },
		/* joined lines */
		{ "a = b \\\n   c\nd = e", "a|b c\nd|e\n", NULL },
		{ "a = b\\\r\n\tc\\\r\nd", "a|bcd\n", NULL },
		{ "a = \"b\\\n  c\"", "a|\"bc\"\n", NULL },
		{ "a \\\n = \\\n b", "a|b\n", NULL },
		{ "[k \\\n n]", "[k|n]\n", NULL },
		{ "a = b \\\n\nc = d", "a|b\nc|d\n", NULL },
		{ "a = b \\ \nc = d", "a|b \\\nc|d\n", NULL },
		{ "a = b\\\n#c", "a|b\n", NULL },
		/* a comment is not joined */
		{ "# a \\\nb = c", "b|c\n", NULL },
		{ "a = b # c \\\nd = e", "a|b\nd|e\n", NULL },
		{ "a = \"b # \\\n c\"", "a|\"b # c\"\n", NULL },
		/* sections */
		{ "[  k\tn-1 ]\n[k]\n[K.a N_2]", "[k|n-1]\n[k|]\n[K.a|N_2]\n",
		    NULL },
		{ "[k n]\na = 1\n[k n]\na = 2\na = 3",
		    "[k|n]\na|1\n[k|n]\na|2\na|3\n", NULL },
		{ "a = \xc3\xbc # \xe2\x82\xac", "a|\xc3\xbc\n", NULL },
	};

	(void)state;
	check_rows(rows, NELEM(rows), KF_CONF);
}

static void
maps_are_read(void **state)
{
	static const struct read_row rows[] = {
		{ "when = $.a != ' # ' # c", "when|$.a != ' # '\n", NULL },
		{ "each = $.e[?@['@odata.type'] == '#m.g']",
		    "each|$.e[?@['@odata.type'] == '#m.g']\n", NULL },
		{ "a = 'it\\'s # \"' # c", "a|'it\\'s # \"'\n", NULL },
		/* a key is no expression */
		{ "don't = 3\nwon't = 4", "don't|3\nwon't|4\n", NULL },
		{ "\"a, b = c\", d = 4 # e", "\"a, b = c\", d|4\n", NULL },
		/* strings inside the braces of strings */
		{ "a = \"{$.a ?? \"x # y\"} # z\" # c",
		    "a|\"{$.a ?? \"x # y\"} # z\"\n", NULL },
		{ "a = \"{$.a ?? \"x {$.b ?? \"# }\"}\"} # z\" # c",
		    "a|\"{$.a ?? \"x {$.b ?? \"# }\"}\"} # z\"\n", NULL },
		{ "a = \"{$['}\"']} # z\" # c", "a|\"{$['}\"']} # z\"\n",
		    NULL },
		{ "a = \"\\{ # z\" # c", "a|\"\\{ # z\"\n", NULL },
		{ "a = \"{$.a | replace(/a{2}\\\"/, \"\")} # z\" # c",
		    "a|\"{$.a | replace(/a{2}\\\"/, \"\")} # z\"\n", NULL },
		/* a brace that stands for itself */
		{ "a = $.a | split(\"{\") # c", "a|$.a | split(\"{\")\n",
		    NULL },
		{ "a = \"}\" # c", "a|\"}\"\n", NULL },
		/* in a regex \ takes the next character along */
		{ "a = $.a | replace(/\\\"\\'\\ #/, \"\") # c",
		    "a|$.a | replace(/\\\"\\'\\ #/, \"\")\n", NULL },
		{ "a = $.a | join(\"\\\\\") # c", "a|$.a | join(\"\\\\\")\n",
		    NULL },
		{ "end! = $.a", "end!|$.a\n", NULL },
		/* what a regex holds is the map's business */
		{ "a = $.a | replace(/\xc2\xa0/, \"\")",
		    "a|$.a | replace(/\xc2\xa0/, \"\")\n", NULL },
		{ "a = 'x", "",
		    "1:5+1 a quote that is not closed; in a "
		    "/regex/ write \\'\n" },
		{ "a = \"{$.a ?? \"x}\"", "",
		    "1:5+1 a quote that is not closed; in a /regex/ write "
		    "\\\"\n" },
	};

	(void)state;
	check_rows(rows, NELEM(rows), KF_MAP);
}

static void
faulty_lines_are_told_and_left_out(void **state)
{
	static const struct read_row rows[] = {
		{ "a\nb = c\n  d e # f", "b|c\n",
		    "1:1+1 no \"=\" here; write key = value\n"
		    "3:3+3 no \"=\" here; write key = value\n" },
		{ "= c\nb = c", "b|c\n",
		    "1:1+1 nothing before \"=\"; write key = value\n" },
		{ "a = \"b\nb = c", "b|c\n",
		    "1:5+1 a quote that is not closed on its line\n" },
		{ "a = \"b\" \"c # d", "",
		    "1:9+1 a quote that is not closed on its line\n" },
		{ "a = b \\", "",
		    "1:7+1 a \"\\\" that joins nothing: the file ends here\n" },
		{ "a = b\\\n\\\n", "",
		    "2:1+1 a \"\\\" that joins nothing: the file ends here\n" },
		/* headers; what stands below them goes too */
		{ "a = 1\n[k n\nb = 2\n[k]\nc = 3", "a|1\n[k|]\nc|3\n",
		    "2:1+4 section header without \"]\"; write [kind] or "
		    "[kind name]\n" },
		{ "[k # n]", "",
		    "1:1+2 section header without \"]\"; write [kind] or "
		    "[kind name]\n" },
		{ "[ ]", "",
		    "1:1+3 section header without a kind; write [kind] or "
		    "[kind name]\n" },
		{ "[k n m]", "",
		    "1:6+1 section header of more than two words; a name is "
		    "one word: [kind name]\n" },
		{ "[k \"n\"]", "",
		    "1:4+1 \"\"\" in a section header; a name is letters, "
		    "digits and \"-\", without quotes\n" },
		{ "[k n] a = b", "",
		    "1:7+5 text behind a section header; begin a new line\n" },
		{ "[k \"n]\na = b", "",
		    "1:4+1 a quote that is not closed on its line\n" },
		/* what only looks like a blank or a quote */
		{ "a\xc2\xa0= b\n\xe2\x80\x8b"
		  "a = b\n[k\xc2\xa0n]\nc = d",
		    "",
		    "1:2+1 a blank (U+00A0) that only looks like one; write "
		    "a plain blank\n"
		    "2:1+1 a blank (U+200B) that only looks like one; write "
		    "a plain blank\n"
		    "3:3+1 a blank (U+00A0) that only looks like one; write "
		    "a plain blank\n" },
		{ "a = \xe2\x80\x9c"
		  "b c\xe2\x80\x9d",
		    "",
		    "1:5+1 a quote (U+201C) that only looks like one; write "
		    "a plain \"\n" },
		{ "a = \"\xe2\x80\x9c\xc2\xa0\"\n"
		  "b = c # \xc2\xa0",
		    "a|\"\xe2\x80\x9c\xc2\xa0\"\nb|c\n", "" },
		/* what no text file holds */
		{ "a = \xff\nb = c", "b|c\n",
		    "1:5+1 not UTF-8 (byte 0xff); save the file as UTF-8\n" },
		{ "a = \xc3\xbc\xe4 b", "",
		    "1:6+1 not UTF-8 (byte 0xe4); save the file as UTF-8\n" },
		{ "# \xe4\nb = c", "b|c\n",
		    "1:3+1 not UTF-8 (byte 0xe4); save the file as UTF-8\n" },
		{ "a = b\x1b[1m", "",
		    "1:6+1 control byte 0x1b in a text file; remove it\n" },
		{ "a = b\rb = c\r", "",
		    "1:6+1 control byte 0x0d in a text file; remove it\n" },
		{ "a = b \\\n\x7f \\\n c\nd = e", "d|e\n",
		    "2:1+1 control byte 0x7f in a text file; remove it\n" },
	};

	(void)state;
	check_rows(rows, NELEM(rows), KF_CONF);
}

static void
a_nul_is_told_with_its_whole_line(void **state)
{
	static const char text[] = "a = b\0c\nd = e\n";
	struct faults *f = faults_new();
	struct kf *kf = kf_parse("f", text, sizeof(text) - 1, KF_CONF, f);
	char *read = dump(kf);
	const struct fault *fault = faults_get(f, 0);

	(void)state;
	assert_string_equal(read, "d|e\n");
	assert_int_equal(faults_len(f), 1);
	assert_string_equal(
	    fault->message, "control byte 0x00 in a text file; remove it");
	assert_int_equal(fault->col, 6);
	assert_string_equal(fault->text,
	    "a = b\x01"
	    "c");
	free(read);
	kf_free(kf);
	faults_free(f);
}

static void
utf16_is_told_once(void **state)
{
	static const char text[] = "\xff\xfe"
				   "a\0=\0b\0";
	struct faults *f = faults_new();
	struct kf *kf = kf_parse("f", text, sizeof(text) - 1, KF_CONF, f);
	char *told = fault_text(f);

	(void)state;
	assert_string_equal(told, "0:0+1 is UTF-16; save it as UTF-8\n");
	assert_int_equal(kf_n_sections(kf), 1);
	free(told);
	kf_free(kf);
	faults_free(f);
}

/* A line "k = xxx" of len bytes. */
static void
add_line(struct buf *b, size_t len)
{
	buf_adds(b, "k = ");
	for (size_t i = 4; i < len; i++)
		buf_addc(b, 'x');
}

static char *
told_of(const struct buf *b, size_t n_entries)
{
	struct faults *f = faults_new();
	struct kf *kf = kf_parse("f", b->p, b->len, KF_CONF, f);
	char *told = fault_text(f);

	assert_int_equal(kf_section(kf, 0)->n_entries, n_entries);
	kf_free(kf);
	faults_free(f);
	return told;
}

static void
lines_end_at_their_limit(void **state)
{
	struct buf b;
	char *told;

	(void)state;
	buf_init(&b, (size_t)4 * KF_LINE_MAX);
	add_line(&b, KF_LINE_MAX);
	buf_adds(&b, "\r\nb = c");
	told = told_of(&b, 2);
	assert_string_equal(told, "");
	free(told);

	buf_reset(&b);
	add_line(&b, KF_LINE_MAX + 1);
	buf_adds(&b, "\nb = c");
	told = told_of(&b, 1);
	assert_string_equal(told, "1:1+1 a line of more than 65536 bytes\n");
	free(told);

	/* Joined: the limit holds for what they become. */
	buf_reset(&b);
	add_line(&b, KF_LINE_MAX - 1);
	buf_adds(&b, "\\\n y\nb = c");
	told = told_of(&b, 2);
	assert_string_equal(told, "");
	free(told);

	buf_reset(&b);
	add_line(&b, KF_LINE_MAX - 1);
	buf_adds(&b, "\\\n yz\\\nw\nb = c");
	told = told_of(&b, 1);
	assert_string_equal(
	    told, "2:1+4 joined lines of more than 65536 bytes\n");
	free(told);
	buf_fini(&b);
}

static void
files_end_at_their_limit(void **state)
{
	struct buf b;
	char *told;

	(void)state;
	buf_init(&b, (size_t)2 * KF_FILE_MAX);
	while (b.len < KF_FILE_MAX)
		buf_adds(&b, "k=1\n");
	told = told_of(&b, KF_FILE_MAX / 4);
	assert_string_equal(told, "");
	free(told);
	buf_addc(&b, '\n');
	told = told_of(&b, 0);
	assert_string_equal(
	    told, "0:0+1 larger than 4 MiB: not a file to read here\n");
	free(told);
	buf_fini(&b);
}

static void
positions_map_back_through_joined_lines(void **state)
{
	static const char text[] = "\xef\xbb\xbf# 1\r\n"
				   "  \xc3\xbc\xc3\xbc = ab \\\r\n"
				   "\t\xe2\x82\xac"
				   "d\\\r\n"
				   "\\\r\n"
				   "    ef # x\r\n"
				   "[ k\tn ]\r\n"
				   "e =\r\n";
	/* value: "ab €def", bytes 0-2, 3-6, 7-8 */
	static const struct {
		size_t off, len;
		unsigned int line, col, chars;
	} rows[] = {
		{ 0, 2, 2, 8, 2 },
		{ 1, 1, 2, 9, 1 },
		{ 0, 99, 2, 8, 3 }, /* marks what stands on the first line */
		{ 3, 3, 3, 2, 1 },
		{ 3, 4, 3, 2, 2 },
		{ 6, 1, 3, 3, 1 },
		{ 7, 2, 5, 5, 2 },
		{ 7, 99, 5, 5, 2 },
		{ 8, 1, 5, 6, 1 },
		{ 9, 1, 5, 7, 0 },
		{ 1000, 1, 5, 7, 0 },
	};
	struct faults *f = faults_new();
	struct kf *kf = kf_parse("f", text, sizeof(text) - 1, KF_CONF, f);
	const struct kf_entry *en = kf_section(kf, 0)->entries[0];
	struct fault_at at;

	(void)state;
	assert_int_equal(faults_len(f), 0);
	assert_string_equal(en->value,
	    "ab \xe2\x82\xac"
	    "def");
	for (size_t i = 0; i < NELEM(rows); i++) {
		kf_value_at(en, rows[i].off, rows[i].len, &at);
		assert_string_equal(at.file, "f");
		assert_int_equal(at.line, rows[i].line);
		assert_int_equal(at.col, rows[i].col);
		assert_int_equal(at.len, rows[i].chars);
	}
	assert_string_equal(at.text, "    ef # x");
	kf_key_at(en, &at);
	assert_int_equal(at.line, 2);
	assert_int_equal(at.col, 3);
	assert_int_equal(at.len, 2);
	kf_section_at(kf_section(kf, 1), &at);
	assert_int_equal(at.line, 6);
	assert_int_equal(at.col, 1);
	assert_int_equal(at.len, 7);
	kf_section_at(kf_section(kf, 0), &at);
	assert_int_equal(at.line, 0);
	kf_value_at(kf_section(kf, 1)->entries[0], 0, 0, &at);
	assert_int_equal(at.line, 7);
	assert_int_equal(at.col, 4);
	assert_ptr_equal(kf_find(kf_section(kf, 0), "\xc3\xbc\xc3\xbc"), en);
	assert_null(kf_find(kf_section(kf, 0), "e"));
	kf_free(kf);
	faults_free(f);
}

static void
words_lose_their_quotes(void **state)
{
	/* words: each as <text@offset+length>, "!" for a faulty one */
	static const struct {
		const char *value, *words, *faults;
	} rows[] = {
		{ "", "", NULL },
		{ "a  b\tc", "<a@0+1><b@3+1><c@5+1>", NULL },
		{ "\"a b\" c", "<a b@0+5><c@6+1>", NULL },
		{ "\"\" \"\"", "<@0+2><@3+2>", NULL },
		{ "\"\\\\ \\\" \\n \\t\"", "<\\ \" \n \t@0+13>", NULL },
		{ "a\\nb it's", "<a\\nb@0+4><it's@5+4>", NULL },
		{ "\"a\\x\" b", "!<b@6+1>",
		    "1:7+2 no escape \"\\x\"; there are \\\\ \\\" \\n \\t\n" },
		{ "\"\\\xc3\xbc\"", "!",
		    "1:6+2 no escape \"\\\xc3\xbc\"; there are \\\\ \\\" \\n "
		    "\\t\n" },
		{ "\"a\"b c", "!<c@5+1>",
		    "1:8+1 text right behind a quote; put a blank between "
		    "them\n" },
		{ "\"a\"\"b\" c", "!<c@7+1>",
		    "1:8+3 text right behind a quote; put a blank between "
		    "them\n" },
		{ "a\"b c\" d", "!",
		    "1:6+1 a quote inside a word; quote the whole word\n" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char *text = xasprintf("k = %s", rows[i].value), *told;
		struct faults *f = faults_new();
		struct kf *kf = kf_parse("f", text, strlen(text), KF_CONF, f);
		const struct kf_entry *en = kf_find(kf_section(kf, 0), "k");
		size_t pos = 0, at, len;
		struct buf word, all;
		int status;

		buf_init(&word, KF_LINE_MAX);
		buf_init(&all, KF_LINE_MAX);
		while ((status = kf_word(en, &pos, &word, &at, &len, f)) != 0) {
			if (status == -1)
				buf_addc(&all, '!');
			else
				buf_addf(&all, "<%s@%zu+%zu>", word.p, at, len);
		}
		told = fault_text(f);
		assert_string_equal(all.p, rows[i].words);
		assert_string_equal(
		    told, rows[i].faults == NULL ? "" : rows[i].faults);
		buf_fini(&word);
		buf_fini(&all);
		free(told);
		free(text);
		kf_free(kf);
		faults_free(f);
	}
}

static char *
printed(struct faults *f, bool is_quiet)
{
	char *p = NULL, *text;
	size_t len;
	FILE *out = open_memstream(&p, &len);

	assert_non_null(out);
	faults_print(f, out, is_quiet);
	(void)fclose(out);
	text = xstrndup(p, len);
	free(p);
	return text;
}

static void
faults_are_printed_with_their_text(void **state)
{
	static const char text[] = "poll-intervall = 60s\n"
				   "\ta =\t\xc3\xbc b\n";
	struct faults *f = faults_new();
	struct kf *kf =
	    kf_parse("cefwd.conf", text, sizeof(text) - 1, KF_CONF, f);
	const struct kf_section *s = kf_section(kf, 0);
	const struct fault_at whole = { .file = "other\n", .line = 0 };
	const struct fault_at line = { .file = "other\n", .line = 3 };
	struct err e;
	char *p;

	(void)state;
	assert_int_equal(faults_to_err(f, &e), 0);
	fault_add(f, FAULT_WARNING, &line, "w");
	assert_int_equal(faults_to_err(f, &e), 0);
	kf_fault_value(f, FAULT_ERROR, s->entries[1], 3, 1, "bad \"%s\"", "b");
	kf_fault_key(f, FAULT_ERROR, s->entries[0], "unknown\x1b key");
	kf_fault_section(f, FAULT_ERROR, s, "no section");
	fault_add(f, FAULT_ERROR, &whole, "missing");
	/* The file that was first told of comes first. */
	p = printed(f, false);
	assert_string_equal(p,
	    "other?: missing\n"
	    "other?:3: warning: w\n"
	    "cefwd.conf: no section\n"
	    "cefwd.conf:1:1: unknown? key\n"
	    "    1 | poll-intervall = 60s\n"
	    "      | ^~~~~~~~~~~~~~\n"
	    "cefwd.conf:2:8: bad \"b\"\n"
	    "    2 | \ta =\t\xc3\xbc b\n"
	    "      | \t   \t  ^\n");
	free(p);
	p = printed(f, true);
	assert_null(strstr(p, "warning"));
	free(p);
	assert_int_equal(faults_to_err(f, &e), -1);
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_string_equal(e.text, "other?: missing (and 3 more)");
	kf_free(kf);
	faults_free(f);
}

static void
a_long_line_is_shown_round_the_place(void **state)
{
	struct faults *f = faults_new();
	struct buf b;
	struct fault_at at = { .file = "f", .line = 7, .col = 301, .len = 999 };
	char *p, *mark;

	(void)state;
	buf_init(&b, 4096);
	for (size_t i = 0; i < 1000; i++)
		buf_adds(&b, i == 300 ? "X" : "\xc3\xbc");
	at.text = b.p;
	fault_add(f, FAULT_ERROR, &at, "m");
	p = printed(f, false);
	mark = strchr(p, '^');
	assert_non_null(mark);
	assert_int_equal(strspn(mark + 1, "~"), 99);
	/* "X" is the character above the mark: each before it is two bytes. */
	assert_memory_equal(p, "f:7:301: m\n    7 | ...\xc3\xbc", 24);
	assert_int_equal(strchr(p, 'X') - p, 11 + 8 + 3 + 2 * 60);
	mark = strstr(p, "\n      | ");
	assert_int_equal(strcspn(mark, "^"), 9 + 3 + 60);
	free(p);
	buf_fini(&b);
	faults_free(f);
}

static void
faults_past_the_limit_are_counted(void **state)
{
	struct faults *f = faults_new();
	const struct fault_at at = { .file = "f", .line = 1 };
	struct err e;
	char *p;

	(void)state;
	for (size_t i = 0; i < KF_FAULTS_MAX; i++)
		fault_add(f, FAULT_WARNING, &at, "w");
	p = printed(f, false);
	assert_null(strstr(p, "more"));
	free(p);
	/* Warnings do not crowd an error out. */
	fault_add(f, FAULT_WARNING, &at, "w");
	fault_add(f, FAULT_ERROR, &at, "e");
	assert_int_equal(faults_count(f, FAULT_WARNING), KF_FAULTS_MAX + 1);
	assert_int_equal(faults_len(f), KF_FAULTS_MAX + 1);
	assert_int_equal(faults_to_err(f, &e), -1);
	assert_string_equal(e.text, "f:1: e");
	p = printed(f, false);
	assert_non_null(strstr(p, "\nand 1 more\n"));
	free(p);
	p = printed(f, true);
	assert_string_equal(p, "f:1: e\n");
	free(p);
	assert_null(faults_get(f, KF_FAULTS_MAX + 1));
	faults_free(f);
}

static void
a_near_name_is_found(void **state)
{
	static const char *const names[] = { "poll-interval", "map", "tenant" };
	static const struct {
		const char *word, *near;
	} rows[] = {
		{ "poll-intervall", "poll-interval" },
		{ "pol-intreval", "poll-interval" },
		{ "poll_interval", "poll-interval" },
		{ "Tenant", "tenant" },
		{ "mpa", "map" },
		{ "xyz", NULL },
		{ "", NULL },
		{ "interval", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		const char *near = near_name(rows[i].word, names, NELEM(names));

		if (rows[i].near == NULL)
			assert_null(near);
		else
			assert_string_equal(near, rows[i].near);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(configurations_are_read),
		cmocka_unit_test(maps_are_read),
		cmocka_unit_test(faulty_lines_are_told_and_left_out),
		cmocka_unit_test(a_nul_is_told_with_its_whole_line),
		cmocka_unit_test(utf16_is_told_once),
		cmocka_unit_test(lines_end_at_their_limit),
		cmocka_unit_test(files_end_at_their_limit),
		cmocka_unit_test(positions_map_back_through_joined_lines),
		cmocka_unit_test(words_lose_their_quotes),
		cmocka_unit_test(faults_are_printed_with_their_text),
		cmocka_unit_test(a_long_line_is_shown_round_the_place),
		cmocka_unit_test(faults_past_the_limit_are_counted),
		cmocka_unit_test(a_near_name_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
