/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "convert/convert_priv.h"

#define COMMENT_CHARS 400u /* of the parser's own words in a comment */

void
convert__add_escaped(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char ch = (unsigned char)*s;

		if (ch == '\n')
			buf_adds(b, "\\n");
		else if (ch == '\t')
			buf_adds(b, "\\t");
		else if (ch < 0x20 || ch == 0x7f)
			buf_addf(b, "\\u%04x", ch);
		else if (strchr("\\\"{}", ch) != NULL)
			buf_addf(b, "\\%c", ch);
		else
			buf_addc(b, *s);
	}
}

/* A character that a map would take for its own, or nobody could see. */
static bool
is_odd_in_regex(char ch)
{
	return (unsigned char)ch < 0x20 || ch == 0x7f || ch == '"' ||
	    ch == '\'' || ch == '#';
}

static void
add_regex_char(struct buf *b, char ch)
{
	if (is_odd_in_regex(ch))
		buf_addf(b, "\\x%02x", (unsigned int)(unsigned char)ch);
	else if (ch == '/')
		buf_adds(b, "\\/");
	else
		buf_addc(b, ch);
}

static void
add_literal_char(struct buf *b, char ch)
{
	if (ch != '\0' && strchr("\\^$.[]|()?*+{}-", ch) != NULL)
		buf_addc(b, '\\');
	add_regex_char(b, ch);
}

void
convert__add_literal(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++)
		add_literal_char(b, *s);
}

void
convert__add_regex(struct buf *b, const char *re)
{
	bool is_literal = false; /* \Q...\E */

	for (; *re != '\0'; re++) {
		if (is_literal) {
			is_literal = strncmp(re, "\\E", 2) != 0;
			if (is_literal)
				add_literal_char(b, *re);
			else
				re++;
		} else if (re[0] != '\\' || re[1] == '\0') {
			add_regex_char(b, *re);
		} else if (re[1] == 'Q') {
			is_literal = true;
			re++;
		} else if (is_odd_in_regex(re[1]) || re[1] == '/') {
			add_regex_char(b, *++re);
		} else {
			buf_addc(b, *re++);
			buf_addc(b, *re);
		}
	}
}

void
convert__add_comment(struct buf *b, const char *s)
{
	size_t len = strlen(s);
	size_t n = utf8_prefix(s, len, COMMENT_CHARS);

	for (size_t i = 0; i < n;) {
		unsigned long cp;
		size_t bytes = utf8_decode(s + i, n - i, &cp);

		/* A reason may hold the beginning of a name. */
		if (cp == UTF8_BAD || cp < 0x20 || cp == 0x7f)
			buf_addc(b, '?');
		else
			buf_add(b, s + i, bytes);
		i += bytes;
	}
	if (n < len)
		buf_adds(b, " [...]");
}

/* ---- expressions ---- */

struct text
convert__constant(struct convert *c, const char *s)
{
	struct buf b;
	struct text t = { .level = LEVEL_OPERAND, .constant = s };

	buf_init(&b, CONVERT_EXPR_MAX);
	buf_addc(&b, '"');
	convert__add_escaped(&b, s);
	buf_addc(&b, '"');
	t.s = convert__take(&c->work, &b);
	return t;
}

struct text
convert__pipe(struct convert *c, struct text left, const char *filter)
{
	return (struct text){
		.s = convert__printf(&c->work, "%s%s", left.s, filter),
		.level = LEVEL_PIPE,
	};
}

struct text
convert__either(struct convert *c, struct text first, struct text second)
{
	const char *open = first.level == LEVEL_PIPE ? "(" : "";
	const char *close = first.level == LEVEL_PIPE ? ")" : "";
	bool is_operand = second.level == LEVEL_OPERAND;

	return (struct text){
		.s = convert__printf(&c->work, "%s%s%s ?? %s%s%s", open,
		    first.s, close, is_operand ? "" : "(", second.s,
		    is_operand ? "" : ")"),
		.level = LEVEL_CHOICE,
	};
}

struct text
convert__pick(
    struct convert *c, struct text test, bool is_not, struct text value)
{
	struct buf b;
	struct text t = { .level = LEVEL_PIPE };

	if (is_not)
		c->has_else = true;
	else
		c->has_if = true;
	buf_init(&b, CONVERT_EXPR_MAX);
	/* The "=" that the lookup gives makes the string stand or fall. */
	buf_addf(&b, "\"{%s%s}", test.s,
	    is_not ? " | count | lookup(else)" : " | lookup(if)");
	if (value.constant != NULL)
		convert__add_escaped(&b, value.constant);
	else
		buf_addf(&b, "{%s}", value.s);
	buf_adds(&b, "\" | replace(/^=/, \"\")");
	t.s = convert__take(&c->work, &b);
	return t;
}

void
convert__add_row(struct buf *rows, const char *key, const char *value)
{
	struct buf start;
	const char *hit = rows->p;

	buf_init(&start, CONVERT_ROWS_MAX);
	if (key == NULL) {
		buf_addc(&start, '*');
	} else {
		buf_addc(&start, '"');
		convert__add_escaped(&start, key);
		buf_addc(&start, '"');
	}
	buf_adds(&start, " = ");
	while (hit != NULL && (hit = strcasestr(hit, start.p)) != NULL &&
	    hit != rows->p && hit[-1] != '\n')
		hit++;
	if (hit == NULL && buf_ok(&start)) {
		buf_addf(rows, "%s\"", start.p);
		convert__add_escaped(rows, value);
		buf_adds(rows, "\"\n");
	}
	buf_fini(&start);
}

struct text
convert__lookup(
    struct convert *c, struct text left, const char *prefix, const char *rows)
{
	size_t same = 0;
	struct table t = { .rows = rows, .field = c->field };

	for (size_t i = 0; i < c->n_tables; i++) {
		if (strcmp(c->tables[i].name, prefix) == 0)
			same = 1;
	}
	t.name = same == 0 ?
	    prefix :
	    convert__printf(&c->work, "%s-%zu", prefix, c->n_tables + 1);
	c->tables = array_grow(
	    c->tables, c->n_tables, &c->tables_cap, sizeof(*c->tables));
	c->tables[c->n_tables++] = t;
	return convert__pipe(
	    c, left, convert__printf(&c->work, " | lookup(%s)", t.name));
}
