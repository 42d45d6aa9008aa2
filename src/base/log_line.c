/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/log_line.h"
#include "base/utf8.h"

static bool
is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	    c == '_';
}

/* A word of the text as a pair: its end, or NULL if it is none. */
static const char *
read_pair(const char *p, struct log_pair *out)
{
	const char *end;

	out->key = p;
	while (is_key_char(*p))
		p++;
	out->key_len = (size_t)(p - out->key);
	if (out->key_len == 0 || *p != '=')
		return NULL;
	p++;
	if (*p == '"' && (end = strchr(p + 1, '"')) != NULL) {
		out->value = p + 1;
		out->value_len = (size_t)(end - out->value);
		return end + 1;
	}
	out->value = p;
	out->value_len = strcspn(p, " ");
	return p + out->value_len;
}

/* Only what ends the message: "a=b" in the words of a peer is text. */
static void
split_pairs(struct log_line *l)
{
	const char *p = l->text;

	l->n_pairs = 0;
	while (*p != '\0') {
		struct log_pair pair;
		const char *end;

		if (*p == '(' && l->n_pairs > 0)
			return; /* "(told once)" */
		end = read_pair(p, &pair);
		if (end == NULL || (*end != ' ' && *end != '\0')) {
			l->n_pairs = 0;
			end = p + strcspn(p, " ");
		} else if (l->n_pairs < LOG_PAIRS_MAX) {
			l->pairs[l->n_pairs++] = pair;
		}
		p = end + strspn(end, " ");
	}
}

static size_t
name_len(const char *p)
{
	size_t n = 0;

	while (is_key_char(p[n]))
		n++;
	return n;
}

static void
add_subject(struct log_line *l, const char *key, const char *value, size_t len)
{
	l->subject[l->n_subject++] = (struct log_pair){
		.key = key,
		.key_len = strlen(key),
		.value = value,
		.value_len = len,
	};
}

/* A name that a colon ends. */
static void
add_last(struct log_line *l, const char *key, const char *p)
{
	size_t n = name_len(p);

	if (n > 0 && p[n] == ':')
		add_subject(l, key, p, n);
}

/* "destination NAME:", or "source NAME (TENANT) to DESTINATION:" of which the
   end may be missing, part by part. */
static void
split_subject(struct log_line *l)
{
	static const char source[] = "source ", dest[] = "destination ",
			  to[] = ") to ";
	const char *p = l->text;
	size_t n;

	l->n_subject = 0;
	if (strncmp(p, dest, sizeof(dest) - 1) == 0)
		add_last(l, "destination", p + sizeof(dest) - 1);
	if (strncmp(p, source, sizeof(source) - 1) != 0)
		return;
	p += sizeof(source) - 1;
	n = name_len(p);
	if (n == 0 || (p[n] != ':' && strncmp(p + n, " (", 2) != 0))
		return;
	add_subject(l, "source", p, n);
	if (p[n] == ':')
		return;
	p += n + 2;
	n = strcspn(p, ") ");
	if (n == 0 || p[n] != ')')
		return;
	add_subject(l, "tenant", p, n);
	p += n;
	if (strncmp(p, to, sizeof(to) - 1) == 0)
		add_last(l, "destination", p + sizeof(to) - 1);
}

void
log_line_split(struct log_line *l)
{
	split_subject(l);
	split_pairs(l);
}

/* Controls, line and paragraph ends, and what turns the direction. */
static bool
is_no_sign(unsigned long cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) ||
	    (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

void
log_clean(const char *text, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len;) {
		unsigned long cp;
		size_t n = utf8_decode(text + i, len - i, &cp);

		if (cp == UTF8_BAD)
			buf_adds(out, "\xef\xbf\xbd");
		else if (is_no_sign(cp))
			buf_addc(out, ' ');
		else
			buf_add(out, text + i, n);
		i += n;
	}
}

/* Of text that log_clean() has seen. */
static void
add_string(struct buf *b, const char *s, size_t len)
{
	buf_addc(b, '"');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"' || s[i] == '\\')
			buf_addc(b, '\\');
		buf_addc(b, s[i]);
	}
	buf_addc(b, '"');
}

static void
add_member(struct buf *b, const struct log_pair *p)
{
	add_string(b, p->key, p->key_len);
	buf_addc(b, ':');
	add_string(b, p->value, p->value_len);
}

void
log_line_json(const struct log_line *l, const char *when, struct buf *out)
{
	buf_addf(out, "{\"time\":\"%s\",\"level\":\"%s\",\"room\":\"%s\"", when,
	    l->level, l->room);
	for (size_t i = 0; i < l->n_subject; i++) {
		buf_addc(out, ',');
		add_member(out, &l->subject[i]);
	}
	buf_adds(out, ",\"text\":");
	add_string(out, l->text, strlen(l->text));
	if (l->n_pairs > 0) {
		buf_adds(out, ",\"values\":{");
		for (size_t i = 0; i < l->n_pairs; i++) {
			if (i > 0)
				buf_addc(out, ',');
			add_member(out, &l->pairs[i]);
		}
		buf_addc(out, '}');
	}
	buf_addc(out, '}');
}
