/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/obj.h"
#include "base/utf8.h"
#include "cef/cef.h"

/* Allocations are counted: the linker leads calls of the room here. */
static unsigned int n_allocations;

/* NOLINTBEGIN(bugprone-reserved-identifier): ld --wrap makes these names */
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *
__wrap_realloc(void *p, size_t size)
{
	n_allocations++;
	return __real_realloc(p, size);
}

void *
__wrap_reallocarray(void *p, size_t n, size_t size)
{
	n_allocations++;
	return __real_reallocarray(p, n, size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	n_allocations++;
	return __real_calloc(n, size);
}
/* NOLINTEND(bugprone-reserved-identifier) */

/*
 * A reader that takes nothing but what the standard allows: seven pipes, the
 * escapes of section 8 of the standard, one blank between pairs, each key
 * once, no control character.  What it read stands in read.
 */
struct reader {
	const char *s, *end;
	struct buf header[CEF_H_COUNT];
	struct buf key[256], value[256];
	size_t n;
};

static void
reader_init(struct reader *r)
{
	for (size_t i = 0; i < NELEM(r->header); i++)
		buf_init(&r->header[i], CEF_LINE_MAX);
	for (size_t i = 0; i < NELEM(r->key); i++) {
		buf_init(&r->key[i], CEF_LINE_MAX);
		buf_init(&r->value[i], CEF_LINE_MAX);
	}
}

static void
reader_fini(struct reader *r)
{
	for (size_t i = 0; i < NELEM(r->header); i++)
		buf_fini(&r->header[i]);
	for (size_t i = 0; i < NELEM(r->key); i++) {
		buf_fini(&r->key[i]);
		buf_fini(&r->value[i]);
	}
}

/* Take up to the unescaped pipe that ends a header field. */
static bool
read_header(struct reader *r, struct buf *out)
{
	buf_reset(out);
	for (; r->s < r->end; r->s++) {
		if (*r->s == '|') {
			r->s++;
			return out->len != 0 && out->p[0] != ' ' &&
			    out->p[out->len - 1] != ' ' &&
			    out->p[out->len - 1] != '\\';
		}
		if (*r->s == '\\') {
			r->s++;
			if (r->s == r->end || (*r->s != '\\' && *r->s != '|'))
				return false;
		}
		buf_addc(out, *r->s);
	}
	return false;
}

/* Where the value at s ends: before the last blank ahead of the next raw "=",
   or at the end of the line. */
static const char *
value_end(const struct reader *r)
{
	const char *blank = r->end;

	for (const char *s = r->s; s < r->end; s++) {
		if (*s == '\\')
			s++;
		else if (*s == ' ')
			blank = s;
		else if (*s == '=')
			return blank;
	}
	return r->end;
}

static bool
read_value(struct reader *r, struct buf *out)
{
	const char *stop = value_end(r);

	buf_reset(out);
	for (; r->s < stop; r->s++) {
		char c = *r->s;

		if (c == '=')
			return false;
		if (c == '\\') {
			if (++r->s == stop)
				return false;
			c = *r->s;
			if (c != '\\' && c != '=' && c != 'n')
				return false;
			if (c == 'n')
				c = '\n';
		}
		buf_addc(out, c);
	}
	/* Readers trim, or do not: nothing may stand at either end. */
	return out->len != 0 && strchr(" \n", out->p[0]) == NULL &&
	    strchr(" \n", out->p[out->len - 1]) == NULL;
}

static bool
read_pair(struct reader *r)
{
	struct buf *key = &r->key[r->n];

	if (r->n == NELEM(r->key) || *r->s++ != ' ')
		return false;
	buf_reset(key);
	while (r->s < r->end && *r->s != '=') {
		char c = *r->s++;

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '_'))
			return false;
		buf_addc(key, c);
	}
	if (key->len == 0 || r->s++ == r->end)
		return false;
	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->key[i].p, key->p) == 0)
			return false;
	}
	return read_value(r, &r->value[r->n++]);
}

static bool
read_line(struct reader *r, const char *line, size_t len)
{
	static const char prefix[] = "CEF:0|";

	r->n = 0;
	r->s = line;
	r->end = line + len;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c < 0x20 || c == 0x7f)
			return false;
	}
	if (!utf8_valid(line, len) || len < strlen(prefix) ||
	    memcmp(line, prefix, strlen(prefix)) != 0)
		return false;
	r->s += strlen(prefix);
	for (size_t h = 0; h < CEF_H_COUNT; h++) {
		if (!read_header(r, &r->header[h]))
			return false;
	}
	while (r->s < r->end) {
		if (!read_pair(r))
			return false;
	}
	return true;
}

/* What alerts of an enemy are made of. */
static const char *const hostile[] = { "\\", "=", "|", " ", "\n", "\r\n", "\r",
	"\t", "\x01", "\x7f", "\xff", "\xe2\x82", "\xc3\xa9",
	"\xf0\x9f\x94\xa5", "\xe2\x80\xa8", "\xc2\x85", "\xe2\x80\xae", "a",
	"Z9", "msg=", " act=", " cs1Label=x", "CEF:0|a|b|c|d|e|5|", "\"", "'",
	"\\n", "\\=", "\\|", "\\\\", "n", "[0]", "\xed\xa0\x80", "#015",
	"<14>Jan  1 00:00:00 h ", "%0a", "\xef\xbb\xbf" };

/* Numerical Recipes' generator: the same values in every run. */
static unsigned int
roll(uint32_t *seed, unsigned int sides)
{
	*seed = *seed * 1664525U + 1013904223U;
	return (*seed >> 8) % sides;
}

static void
hostile_text(uint32_t *seed, struct buf *out)
{
	unsigned int n = roll(seed, 12);

	if (roll(seed, 50) == 0)
		n = 3000;
	buf_reset(out);
	for (unsigned int i = 0; i < n; i++) {
		if (roll(seed, 40) == 0)
			buf_addc(out, '\0');
		buf_adds(out, hostile[roll(seed, NELEM(hostile))]);
	}
}

/* Set a field from raw text as a map does. */
static void
set(struct cef_event *ev, const char *name, const char *raw, size_t len)
{
	const struct cef_key *key = cef_key_find(name);
	struct buf value;

	assert_non_null(key);
	buf_init(&value, MAP_VALUE_MAX);
	(void)cef_value(key, raw, len, &value);
	cef_event_set(ev, key, value.p, value.len, false);
	buf_fini(&value);
}

static void
sets(struct cef_event *ev, const char *name, const char *raw)
{
	set(ev, name, raw, strlen(raw));
}

static void
hostile_event(uint32_t *seed, struct cef_event *ev, struct buf *raw)
{
	unsigned int n = roll(seed, 30);

	cef_event_reset(ev);
	for (size_t h = 0; h < CEF_H_COUNT; h++) {
		hostile_text(seed, raw);
		set(ev, cef_header_key((enum cef_header)h)->key, raw->p,
		    raw->len);
	}
	for (unsigned int i = 0; i < n; i++) {
		unsigned int k = CEF_H_COUNT +
		    roll(seed, (unsigned int)cef_key_count() - CEF_H_COUNT);

		if (cef_key_at(k)->is_v1)
			continue;
		hostile_text(seed, raw);
		if (roll(seed, 4) == 0)
			buf_addf(raw, "%u", roll(seed, 100000));
		set(ev, cef_key_at(k)->key, raw->p, raw->len);
	}
}

static void
assert_read_back(const struct reader *r, const struct cef_event *ev)
{
	const char *value;
	size_t len;

	for (size_t h = 0; h < CEF_H_COUNT; h++) {
		const char *want = cef_event_header(ev, (enum cef_header)h);

		if (want[0] == '\0')
			want = h == CEF_H_SEVERITY ? "Unknown" : "unknown";
		assert_string_equal(r->header[h].p, want);
	}
	assert_int_equal(r->n, cef_event_count(ev));
	for (size_t i = 0; i < r->n; i++) {
		const struct cef_key *key = cef_event_at(ev, i, &value, &len);

		assert_string_equal(r->key[i].p, key->key);
		assert_int_equal(r->value[i].len, len);
		assert_memory_equal(r->value[i].p, value, len);
	}
}

static void
hostile_values_are_read_back_exactly(void **state)
{
	const struct cef_line_options opts = { .version = CEF_VERSION_0 };
	struct cef_event *ev = cef_event_new();
	struct reader *r = calloc(1, sizeof(*r));
	struct buf raw, line;
	uint32_t seed = 20261125;

	(void)state;
	reader_init(r);
	buf_init(&raw, MAP_VALUE_MAX);
	buf_init(&line, CEF_LINE_MAX);
	for (int i = 0; i < 4000; i++) {
		size_t left_out = 1;

		hostile_event(&seed, ev, &raw);
		buf_reset(&line);
		cef_event_write(ev, &opts, &line, &left_out);
		assert_true(buf_ok(&line));
		assert_int_equal(left_out, 0);
		if (!read_line(r, line.p, line.len))
			fail_msg("event %d is no CEF: %s", i, line.p);
		assert_read_back(r, ev);
	}
	buf_fini(&line);
	buf_fini(&raw);
	reader_fini(r);
	free(r);
	cef_event_free(ev);
}

/* The pair of that key in what was read, or NULL. */
static const struct buf *
pair_read(const struct reader *r, const char *key)
{
	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->key[i].p, key) == 0)
			return &r->value[i];
	}
	return NULL;
}

/* Whatever was left out, what is there is whole and has its label. */
static void
assert_sound_part(
    const struct reader *r, const struct cef_event *ev, size_t left_out)
{
	size_t n_missing = 0, len;
	const char *value;

	for (size_t i = 0; i < cef_event_count(ev); i++) {
		const struct cef_key *key = cef_event_at(ev, i, &value, &len);
		const struct buf *got = pair_read(r, key->key);

		n_missing += got == NULL;
		if (got == NULL)
			continue;
		assert_int_equal(got->len, len);
		assert_memory_equal(got->p, value, len);
	}
	assert_int_equal(r->n, cef_event_count(ev) - n_missing);
	assert_true(left_out > 0 || n_missing == 0);
	for (size_t i = 0; i < cef_event_count(ev); i++) {
		const struct cef_key *key = cef_event_at(ev, i, &value, &len);
		const struct cef_key *of =
		    key->label_of == NULL ? NULL : cef_key_find(key->label_of);
		size_t k = 0;

		while (of != NULL && k < cef_event_count(ev) &&
		    cef_event_at(ev, k, &value, &len) != of)
			k++;
		if (of != NULL && k < cef_event_count(ev)) {
			assert_true((pair_read(r, of->key) == NULL) ==
			    (pair_read(r, key->key) == NULL));
		}
	}
}

static void
no_limit_breaks_a_line(void **state)
{
	struct cef_event *ev = cef_event_new();
	struct reader *r = calloc(1, sizeof(*r));
	struct buf raw, line;
	uint32_t seed = 17;

	(void)state;
	reader_init(r);
	buf_init(&raw, MAP_VALUE_MAX);
	buf_init(&line, CEF_LINE_MAX);
	for (int i = 0; i < 2000; i++) {
		struct cef_line_options opts = { .max_bytes =
						     64 + roll(&seed, 900) };
		size_t left_out = 0;

		hostile_event(&seed, ev, &raw);
		buf_reset(&line);
		cef_event_write(ev, &opts, &line, &left_out);
		assert_in_range(line.len, 1, opts.max_bytes);
		if (!read_line(r, line.p, line.len))
			fail_msg("event %d is no CEF: %s", i, line.p);
		assert_sound_part(r, ev, left_out);
	}
	buf_fini(&line);
	buf_fini(&raw);
	reader_fini(r);
	free(r);
	cef_event_free(ev);
}

static void
escapes_are_those_of_the_standard(void **state)
{
	static const struct {
		const char *name, *msg, *line;
	} rows[] = {
		{ "n", "m", "CEF:0|V|P|1|c|n|3| msg=m" },
		{ "a|b", "a|b", "CEF:0|V|P|1|c|a\\|b|3| msg=a|b" },
		{ "a=b", "a=b", "CEF:0|V|P|1|c|a=b|3| msg=a\\=b" },
		{ "=", "=a==", "CEF:0|V|P|1|c|=|3| msg=\\=a\\=\\=" },
		{ "a\\b", "a\\b", "CEF:0|V|P|1|c|a\\\\b|3| msg=a\\\\b" },
		{ "a\\", "a\\", "CEF:0|V|P|1|c|a|3| msg=a\\\\" },
		{ "a\nb", "a\nb", "CEF:0|V|P|1|c|a b|3| msg=a\\nb" },
		{ "a\r\nb", "a\r\nb\r", "CEF:0|V|P|1|c|a b|3| msg=a\\nb" },
		{ "n", "C:\\new", "CEF:0|V|P|1|c|n|3| msg=C:\\\\new" },
		{ "|", "\\=", "CEF:0|V|P|1|c|\\||3| msg=\\\\\\=" },
		{ "\"q\"", "\"q\"", "CEF:0|V|P|1|c|\"q\"|3| msg=\"q\"" },
		{ "n", "  a  b ", "CEF:0|V|P|1|c|n|3| msg=a  b" },
		{ "n", "\xff", "CEF:0|V|P|1|c|n|3| msg=\xef\xbf\xbd" },
		{ "n", " ", "CEF:0|V|P|1|c|n|3|" },
		{ " ", "m", "CEF:0|V|P|1|c|unknown|3| msg=m" },
	};
	const struct cef_line_options opts = { .version = CEF_VERSION_0 };
	struct cef_event *ev = cef_event_new();
	struct buf line;

	(void)state;
	buf_init(&line, CEF_LINE_MAX);
	for (size_t i = 0; i < NELEM(rows); i++) {
		cef_event_reset(ev);
		sets(ev, "deviceVendor", "V");
		sets(ev, "deviceProduct", "P");
		sets(ev, "deviceVersion", "1");
		sets(ev, "deviceEventClassId", "c");
		sets(ev, "name", rows[i].name);
		sets(ev, "severity", "3");
		sets(ev, "msg", rows[i].msg);
		buf_reset(&line);
		cef_event_write(ev, &opts, &line, NULL);
		assert_string_equal(line.p, rows[i].line);
	}
	buf_fini(&line);
	cef_event_free(ev);
}

static void
an_empty_event_has_its_seven_fields(void **state)
{
	struct cef_line_options opts = { .version = CEF_VERSION_0 };
	struct cef_event *ev = cef_event_new();
	struct buf line;

	(void)state;
	buf_init(&line, CEF_LINE_MAX);
	buf_adds(&line, "<14>");
	cef_event_write(ev, &opts, &line, NULL);
	assert_string_equal(line.p,
	    "<14>CEF:0|unknown|unknown|unknown|unknown|unknown|Unknown|");
	buf_fini(&line);
	cef_event_free(ev);
}

static void
keys_of_cef_1_are_sent_with_it_only(void **state)
{
	struct cef_line_options opts = { .version = CEF_VERSION_1 };
	struct cef_event *ev = cef_event_new();
	struct buf line;
	size_t left_out;

	(void)state;
	buf_init(&line, CEF_LINE_MAX);
	sets(ev, "threatAttackID", "T1110");
	sets(ev, "act", "blocked");
	cef_event_write(ev, &opts, &line, &left_out);
	assert_string_equal(line.p,
	    "CEF:1|unknown|unknown|unknown|unknown|unknown|Unknown|"
	    " threatAttackID=T1110 act=blocked");
	buf_reset(&line);
	opts.version = CEF_VERSION_0;
	cef_event_write(ev, &opts, &line, &left_out);
	assert_string_equal(line.p,
	    "CEF:0|unknown|unknown|unknown|unknown|unknown|Unknown|"
	    " act=blocked");
	assert_int_equal(left_out, 0);
	buf_fini(&line);
	cef_event_free(ev);
}

/* What stays of one event of 105 bytes at each limit. */
static void
pairs_are_left_out_whole_from_the_end(void **state)
{
#define HEAD "CEF:0|V|P|1|class|a 1234|3|"
	static const struct {
		size_t max_bytes;
		const char *line;
		size_t left_out;
	} rows[] = {
		/* clang-format off */
		{ 0, HEAD " rt=1 cs2Label=B src=192.0.2.1 cs1=x\\= cs1Label=A"
		     " cs2=y externalId=77 msg=m\\nn", 0 },
		{ 105, HEAD " rt=1 cs2Label=B src=192.0.2.1 cs1=x\\= cs1Label=A"
		     " cs2=y externalId=77 msg=m\\nn", 0 },
		{ 104, HEAD " rt=1 cs2Label=B src=192.0.2.1 cs1=x\\= cs1Label=A"
		     " cs2=y externalId=77", 1 },
		{ 96, HEAD " rt=1 cs2Label=B src=192.0.2.1 cs1=x\\= cs1Label=A"
		     " cs2=y externalId=77", 1 },
		/* cs2 goes with its label, externalId stays */
		{ 95, HEAD " rt=1 src=192.0.2.1 cs1=x\\= cs1Label=A"
		     " externalId=77", 2 },
		{ 79, HEAD " rt=1 src=192.0.2.1 cs1=x\\= cs1Label=A"
		     " externalId=77", 2 },
		{ 78, HEAD " rt=1 src=192.0.2.1 externalId=77", 3 },
		{ 60, HEAD " rt=1 src=192.0.2.1 externalId=77", 3 },
		{ 59, HEAD " rt=1 externalId=77", 4 },
		{ 46, HEAD " rt=1 externalId=77", 4 },
		{ 45, HEAD " rt=1", 5 },
		{ 32, HEAD " rt=1", 5 },
		{ 31, HEAD, 6 },
		{ 27, HEAD, 6 },
		/* then the header: name first, off its blank */
		{ 26, "CEF:0|V|P|1|class|a 123|3|", 7 },
		{ 24, "CEF:0|V|P|1|class|a 1|3|", 7 },
		{ 23, "CEF:0|V|P|1|class|a|3|", 7 },
		{ 22, "CEF:0|V|P|1|class|a|3|", 7 },
		{ 21, "CEF:0|V|P|1|clas|a|3|", 8 },
		{ 18, "CEF:0|V|P|1|c|a|3|", 8 },
		/* less is not possible */
		{ 1, "CEF:0|V|P|1|c|a|3|", 8 },
		/* clang-format on */
	};
#undef HEAD
	struct cef_event *ev = cef_event_new();
	struct buf line;

	(void)state;
	buf_init(&line, CEF_LINE_MAX);
	sets(ev, "deviceVendor", "V");
	sets(ev, "deviceProduct", "P");
	sets(ev, "deviceVersion", "1");
	sets(ev, "deviceEventClassId", "class");
	sets(ev, "name", "a 1234");
	sets(ev, "severity", "3");
	sets(ev, "rt", "1");
	sets(ev, "cs2Label", "B");
	sets(ev, "src", "192.0.2.1");
	sets(ev, "cs1", "x=");
	sets(ev, "cs1Label", "A");
	sets(ev, "cs2", "y");
	sets(ev, "externalId", "77");
	sets(ev, "msg", "m\nn");
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct cef_line_options opts = { .max_bytes =
						     rows[i].max_bytes };
		size_t left_out = 99;

		buf_reset(&line);
		cef_event_write(ev, &opts, &line, &left_out);
		assert_string_equal(line.p, rows[i].line);
		assert_int_equal(left_out, rows[i].left_out);
	}
	buf_fini(&line);
	cef_event_free(ev);
}

static void
a_header_is_cut_between_characters(void **state)
{
	struct cef_event *ev = cef_event_new();
	struct buf line;

	(void)state;
	buf_init(&line, CEF_LINE_MAX);
	sets(ev, "name", "\xe2\x82\xac|\xe2\x82\xac\xe2\x82\xac");
	for (size_t max = 40; max < 80; max++) {
		struct cef_line_options opts = { .max_bytes = max };

		buf_reset(&line);
		cef_event_write(ev, &opts, &line, NULL);
		assert_true(utf8_valid(line.p, line.len));
		assert_non_null(strstr(line.p, "|\xe2\x82\xac"));
	}
	buf_fini(&line);
	cef_event_free(ev);
}

static void
a_key_set_again_keeps_its_place(void **state)
{
	const struct cef_key *act = cef_key_find("act");
	struct cef_event *ev = cef_event_new();
	struct cef_key *own = cef_custom_key_new("ContosoRisk");
	const struct cef_key *key;
	const char *value;
	size_t len;

	(void)state;
	sets(ev, "act", "one");
	sets(ev, "msg", "m");
	cef_event_set(ev, own, "7", 1, false);
	sets(ev, "deviceAction", "two");
	assert_int_equal(cef_event_count(ev), 3);
	key = cef_event_at(ev, 0, &value, &len);
	assert_ptr_equal(key, act);
	assert_string_equal(value, "two");
	assert_int_equal(len, 3);
	key = cef_event_at(ev, 2, &value, &len);
	assert_ptr_equal(key, own);
	/* An empty value is no pair. */
	sets(ev, "act", "");
	assert_int_equal(cef_event_count(ev), 2);
	(void)cef_event_at(ev, 0, &value, &len);
	assert_string_equal(value, "m");
	sets(ev, "outcome", " ");
	assert_int_equal(cef_event_count(ev), 2);
	sets(ev, "name", "n");
	assert_string_equal(cef_event_header(ev, CEF_H_NAME), "n");
	sets(ev, "name", "");
	assert_string_equal(cef_event_header(ev, CEF_H_NAME), "");
	cef_event_reset(ev);
	assert_int_equal(cef_event_count(ev), 0);
	cef_event_free(ev);
	cef_event_free(NULL);
	free(own);
}

static void
the_severity_of_an_event_is_a_number(void **state)
{
	static const struct {
		const char *in;
		int number;
	} rows[] = { { "0", 0 }, { "10", 10 }, { "low", 3 }, { "Medium", 6 },
		{ "High", 8 }, { "very-high", 10 }, { "unknown", 5 },
		{ "purple", 5 }, { "", 5 } };
	struct cef_event *ev = cef_event_new();

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		cef_event_reset(ev);
		sets(ev, "severity", rows[i].in);
		assert_int_equal(cef_event_severity(ev), rows[i].number);
	}
	cef_event_free(ev);
}

static void
the_hash_tells_events_apart(void **state)
{
	struct cef_event *ev = cef_event_new();
	uint64_t h, bare = cef_event_hash(ev);

	(void)state;
	sets(ev, "name", "unknown");
	assert_true(cef_event_hash(ev) == bare); /* it is written so */
	sets(ev, "act", "a");
	sets(ev, "msg", "b");
	h = cef_event_hash(ev);
	/* The same everywhere, as it is kept on disk. */
	assert_true(h == UINT64_C(0x5a95be9459d199c2));
	/* What moves with an update does not count. */
	cef_event_set(ev, cef_key_find("end"), "1", 1, true);
	assert_true(cef_event_hash(ev) == h);
	cef_event_set(ev, cef_key_find("end"), "1", 1, false);
	assert_true(cef_event_hash(ev) != h);
	cef_event_set(ev, cef_key_find("end"), "", 0, false);
	assert_true(cef_event_hash(ev) == h);
	cef_event_set(ev, cef_key_find("name"), "x", 1, true);
	cef_event_set(ev, cef_key_find("name"), "y", 1, true);
	bare = cef_event_hash(ev);
	cef_event_set(ev, cef_key_find("name"), "z", 1, true);
	assert_true(cef_event_hash(ev) == bare);
	/* Order is nothing, the key is. */
	cef_event_reset(ev);
	sets(ev, "msg", "b");
	sets(ev, "act", "a");
	assert_true(cef_event_hash(ev) == h);
	sets(ev, "msg", "a");
	sets(ev, "act", "b");
	assert_true(cef_event_hash(ev) != h);
	cef_event_free(ev);
}

static void
a_second_event_allocates_nothing(void **state)
{
	const struct cef_line_options opts = { .max_bytes = 400 };
	struct cef_event *ev = cef_event_new();
	struct buf raw, line, value;
	unsigned int before = 0;

	(void)state;
	buf_init(&raw, MAP_VALUE_MAX);
	buf_init(&line, CEF_LINE_MAX);
	buf_init(&value, MAP_VALUE_MAX);
	for (int i = 0; i < 2; i++) {
		uint32_t seed = 3;

		before = n_allocations;
		cef_event_reset(ev);
		for (size_t k = 0; k < cef_key_count(); k++) {
			const struct cef_key *key = cef_key_at(k);

			hostile_text(&seed, &raw);
			(void)cef_value(key, raw.p, raw.len, &value);
			cef_event_set(ev, key, value.p, value.len, false);
		}
		buf_reset(&line);
		cef_event_write(ev, &opts, &line, NULL);
		(void)cef_event_hash(ev);
		assert_true(i == 1 || n_allocations > before);
	}
	assert_int_equal(n_allocations, before);
	buf_fini(&value);
	buf_fini(&line);
	buf_fini(&raw);
	cef_event_free(ev);
}

static void
an_event_is_bounded(void **state)
{
	const struct cef_line_options opts = { .version = CEF_VERSION_0 };
	const size_t len = MAP_VALUE_MAX;
	struct cef_event *ev = cef_event_new();
	char *big = calloc(1, len);
	struct buf line;
	size_t left_out;

	(void)state;
	buf_init(&line, CEF_LINE_MAX);
	memset(big, 'a', len);
	sets(ev, "act", "a");
	for (int i = 0; i < 100; i++)
		cef_event_set(ev, cef_key_find("catdt"), big, len, false);
	sets(ev, "msg", "m");
	cef_event_write(ev, &opts, &line, &left_out);
	assert_true(buf_ok(&line));
	assert_true(left_out > 0);
	assert_non_null(strstr(line.p, " act=a"));
	assert_non_null(strstr(line.p, " msg=m"));
	free(big);
	buf_fini(&line);
	cef_event_free(ev);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_values_are_read_back_exactly),
		cmocka_unit_test(no_limit_breaks_a_line),
		cmocka_unit_test(escapes_are_those_of_the_standard),
		cmocka_unit_test(an_empty_event_has_its_seven_fields),
		cmocka_unit_test(keys_of_cef_1_are_sent_with_it_only),
		cmocka_unit_test(pairs_are_left_out_whole_from_the_end),
		cmocka_unit_test(a_header_is_cut_between_characters),
		cmocka_unit_test(a_key_set_again_keeps_its_place),
		cmocka_unit_test(the_severity_of_an_event_is_a_number),
		cmocka_unit_test(the_hash_tells_events_apart),
		cmocka_unit_test(a_second_event_allocates_nothing),
		cmocka_unit_test(an_event_is_bounded),
	};

	return cmocka_run_group_tests_name("cef_line", tests, NULL, NULL);
}
