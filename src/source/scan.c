/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"

#include "source/scan.h"

/* One bit of scan.objects per level. */
_Static_assert(JSON_DEPTH_MAX <= 64, "a container's kind has no bit");

enum class {
	CLASS_WORD, /* any byte that is nothing else */
	CLASS_BLANK,
	CLASS_QUOTE,
	CLASS_OPEN,
	CLASS_CLOSE,
	CLASS_COMMA,
	CLASS_COLON,
};

static const unsigned char classes[256] = {
	[' '] = CLASS_BLANK,
	['\t'] = CLASS_BLANK,
	['\n'] = CLASS_BLANK,
	['\r'] = CLASS_BLANK,
	['"'] = CLASS_QUOTE,
	['{'] = CLASS_OPEN,
	['['] = CLASS_OPEN,
	['}'] = CLASS_CLOSE,
	[']'] = CLASS_CLOSE,
	[','] = CLASS_COMMA,
	[':'] = CLASS_COLON,
};

/* RFC 8259, 6: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
enum word {
	WORD_BAD,
	WORD_LITERAL, /* true, false, null: see scan.literal */
	WORD_START,
	WORD_MINUS,
	WORD_ZERO, /* complete */
	WORD_INT,  /* complete */
	WORD_DOT,
	WORD_FRACTION, /* complete */
	WORD_E,
	WORD_E_SIGN,
	WORD_EXPONENT, /* complete */
};

enum {
	COL_ZERO,
	COL_DIGIT,
	COL_DOT,
	COL_E,
	COL_MINUS,
	COL_PLUS,
	COL_COUNT
};

/* clang-format off */
static const unsigned char words[][COL_COUNT] = {
	/*                  0              1-9            .         e       -            + */
	[WORD_START]    = { WORD_ZERO,     WORD_INT,      0,        0,      WORD_MINUS,  0 },
	[WORD_MINUS]    = { WORD_ZERO,     WORD_INT,      0,        0,      0,           0 },
	[WORD_ZERO]     = { 0,             0,             WORD_DOT, WORD_E, 0,           0 },
	[WORD_INT]      = { WORD_INT,      WORD_INT,      WORD_DOT, WORD_E, 0,           0 },
	[WORD_DOT]      = { WORD_FRACTION, WORD_FRACTION, 0,        0,      0,           0 },
	[WORD_FRACTION] = { WORD_FRACTION, WORD_FRACTION, 0,        WORD_E, 0,           0 },
	[WORD_E]        = { WORD_EXPONENT, WORD_EXPONENT, 0,        0,      WORD_E_SIGN, WORD_E_SIGN },
	[WORD_E_SIGN]   = { WORD_EXPONENT, WORD_EXPONENT, 0,        0,      0,           0 },
	[WORD_EXPONENT] = { WORD_EXPONENT, WORD_EXPONENT, 0,        0,      0,           0 },
};

static const char *const fault_texts[] = {
	[SCAN_FAULT_NONE]     = "no fault",
	[SCAN_FAULT_NUL_NAME] = "a NUL (\\u0000) in a member name",
	[SCAN_FAULT_CONTROL]  = "a raw control byte in a string",
	[SCAN_FAULT_WORD]     = "a word that JSON does not know (NaN, Infinity, a number with a leading 0 or the like)",
	[SCAN_FAULT_QUOTE]    = "a string in single quotes",
	[SCAN_FAULT_DEPTH]    = "nested too deeply",
	[SCAN_FAULT_SIZE]     = "too long",
	[SCAN_FAULT_NOMEM]    = "out of memory",
	[SCAN_FAULT_BRACKET]  = "a bracket closes what another kind opened",
};
/* clang-format on */

const char *
scan_fault_text(enum scan_fault f)
{
	return fault_texts[f];
}

void
scan_begin(struct scan *s, struct buf *out)
{
	*s = (struct scan){ .lex = SCAN_LEX_BETWEEN, .out = out };
}

static void
fault(struct scan *s, enum scan_fault f, uint64_t at)
{
	if (s->fault == SCAN_FAULT_NONE) {
		s->fault = f;
		s->fault_at = at;
	}
	s->out = NULL;
}

static void
store(struct scan *s, const char *from, const char *to, uint64_t at)
{
	if (s->out == NULL)
		return;
	buf_add(s->out, from, (size_t)(to - from));
	if (!buf_ok(s->out))
		fault(s, SCAN_FAULT_NOMEM, at);
}

#define ONES   0x0101010101010101U
#define HIGHS  0x8080808080808080U
#define ALL(c) (ONES * (unsigned char)(c))

/*
 * The first byte of a string body that needs a look: the quote, a backslash or
 * a control byte.  Eight bytes a step: the texts of an alert are most of it.
 */
static const char *
plain_end(const char *p, const char *end, unsigned char quote)
{
	while (end - p >= 8) {
		uint64_t v, q, b;

		memcpy(&v, p, sizeof(v));
		q = v ^ ALL(quote);
		b = v ^ ALL('\\');
		/* x - c borrows into the high bit of a byte below c. */
		if (((((v - ALL(0x20)) & ~v) | ((q - ONES) & ~q) |
			 ((b - ONES) & ~b)) &
			HIGHS) != 0)
			break;
		p += 8;
	}
	while (p < end && (unsigned char)*p >= 0x20 && *p != '\\' &&
	    (unsigned char)*p != quote)
		p++;
	return p;
}

static void
word_byte(struct scan *s, char c)
{
	int col;

	if (s->word == WORD_LITERAL) {
		/* A NUL of the page is not the end of the literal. */
		if (c == '\0' || *s->literal != c)
			s->word = WORD_BAD;
		else
			s->literal++;
		return;
	}
	if (c >= '1' && c <= '9')
		col = COL_DIGIT;
	else if (c == '0')
		col = COL_ZERO;
	else if (c == '.')
		col = COL_DOT;
	else if (c == 'e' || c == 'E')
		col = COL_E;
	else if (c == '-')
		col = COL_MINUS;
	else if (c == '+')
		col = COL_PLUS;
	else
		col = COL_COUNT;
	if (s->word == WORD_BAD || col == COL_COUNT) {
		s->word = WORD_BAD;
		return;
	}
	s->word = words[s->word][col];
	if (s->word == WORD_INT)
		s->digits++;
}

static void
word_begin(struct scan *s, char c)
{
	static const char *const literals[] = { "true", "false", "null" };

	s->lex = SCAN_LEX_WORD;
	s->word = WORD_START;
	s->digits = 0;
	for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
		if (c == literals[i][0]) {
			s->word = WORD_LITERAL;
			s->literal = literals[i];
		}
	}
}

static void
word_end(struct scan *s, uint64_t at)
{
	s->lex = SCAN_LEX_BETWEEN;
	switch ((enum word)s->word) {
	case WORD_LITERAL:
		if (*s->literal != '\0')
			fault(s, SCAN_FAULT_WORD, at);
		break;
	case WORD_INT:
		/* 19 digits may not fit an int64, which json-c saturates. */
		if (s->digits > 18)
			s->has_big_int = true;
		break;
	case WORD_ZERO:
	case WORD_FRACTION:
	case WORD_EXPONENT:
		break;
	case WORD_BAD:
	case WORD_START:
	case WORD_MINUS:
	case WORD_DOT:
	case WORD_E:
	case WORD_E_SIGN:
		fault(s, SCAN_FAULT_WORD, at);
		break;
	}
}

static bool
in_object(const struct scan *s)
{
	return s->depth != 0 && s->depth <= JSON_DEPTH_MAX &&
	    (s->objects >> (s->depth - 1) & 1) != 0;
}

static void
open_container(struct scan *s, bool is_object, uint64_t at)
{
	s->depth++;
	s->wants_name = is_object;
	if (s->depth > JSON_DEPTH_MAX) {
		/* Refused; from here on the levels are only counted. */
		fault(s, SCAN_FAULT_DEPTH, at);
		return;
	}
	if (is_object)
		s->objects |= (uint64_t)1 << (s->depth - 1);
	else
		s->objects &= ~((uint64_t)1 << (s->depth - 1));
}

/* A byte between tokens. */
static enum scan_step
between(struct scan *s, char c, uint64_t at)
{
	switch ((enum class)classes[(unsigned char)c]) {
	case CLASS_BLANK:
	case CLASS_COLON:
		break;
	case CLASS_COMMA:
		s->wants_name = in_object(s);
		break;
	case CLASS_QUOTE:
		s->lex = SCAN_LEX_STRING;
		s->quote = (unsigned char)c;
		s->in_name = s->wants_name;
		s->wants_name = false;
		break;
	case CLASS_OPEN:
		open_container(s, c == '{', at);
		if (s->watch && s->depth == 2 && c == '[')
			return SCAN_ARRAY;
		break;
	case CLASS_CLOSE:
		assert(s->depth != 0);
		if (s->depth <= JSON_DEPTH_MAX && in_object(s) != (c == '}')) {
			fault(s, SCAN_FAULT_BRACKET, at);
			s->fault = SCAN_FAULT_BRACKET;
			s->fault_at = at;
			return SCAN_BROKEN;
		}
		s->wants_name = false;
		if (--s->depth == 0)
			return SCAN_DONE;
		break;
	case CLASS_WORD:
		if (c == '\'') {
			/* json-c takes it as a string: follow it as one. */
			fault(s, SCAN_FAULT_QUOTE, at);
			s->lex = SCAN_LEX_STRING;
			s->quote = (unsigned char)c;
			s->in_name = false;
			break;
		}
		word_begin(s, c);
		word_byte(s, c);
		break;
	}
	return SCAN_MORE;
}

/* The quote, backslash or control byte that plain_end() found. */
static enum scan_step
in_string(struct scan *s, char c, uint64_t at)
{
	if (c == '\\') {
		s->lex = SCAN_LEX_ESCAPE;
	} else if ((unsigned char)c == s->quote) {
		s->lex = SCAN_LEX_BETWEEN;
		if (s->depth == 0)
			return SCAN_DONE;
		if (s->watch && s->in_name && s->depth == 1)
			return SCAN_NAME;
	} else {
		fault(s, SCAN_FAULT_CONTROL, at);
	}
	return SCAN_MORE;
}

static void
escape(struct scan *s, char c, uint64_t at)
{
	s->lex = SCAN_LEX_STRING;
	if (c == 'u') {
		s->lex = SCAN_LEX_HEX;
		s->hex = 4;
		s->hex_zero = true;
	} else if ((unsigned char)c < 0x20) {
		fault(s, SCAN_FAULT_CONTROL, at);
	}
}

/* One digit of \uXXXX.  What is no digit ends the escape and is looked at
   again as a byte of the string: json-c will refuse the escape. */
static bool
hex(struct scan *s, char c, uint64_t at)
{
	bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F');

	if (!is_digit) {
		s->lex = SCAN_LEX_STRING;
		return false;
	}
	if (c != '0')
		s->hex_zero = false;
	if (--s->hex == 0) {
		s->lex = SCAN_LEX_STRING;
		if (s->in_name && s->hex_zero)
			fault(s, SCAN_FAULT_NUL_NAME, at);
	}
	return true;
}

/* A byte of a word, or the one behind it, which is not used. */
static bool
in_word(struct scan *s, char c, uint64_t at)
{
	if (classes[(unsigned char)c] == CLASS_WORD) {
		word_byte(s, c);
		return true;
	}
	word_end(s, at);
	return false;
}

/* Where the name that begins here will stand in out. */
static void
note_name(struct scan *s, const char *from, const char *p)
{
	if (s->watch && s->depth == 1 && s->wants_name && *p == '"' &&
	    s->out != NULL)
		s->name = s->out->len + (size_t)(p - from);
}

static enum scan_step
run(struct scan *s, const char **pp, const char *end, uint64_t at)
{
	const char *from = *pp, *p = from;
	enum scan_step step = SCAN_MORE;

	while (p < end && step == SCAN_MORE) {
		uint64_t here = at + (uint64_t)(p - from);

		switch (s->lex) {
		case SCAN_LEX_BETWEEN:
			note_name(s, from, p);
			step = between(s, *p, here);
			p++;
			break;
		case SCAN_LEX_STRING:
			p = plain_end(p, end, s->quote);
			if (p < end) {
				here = at + (uint64_t)(p - from);
				step = in_string(s, *p, here);
				p++;
			}
			break;
		case SCAN_LEX_ESCAPE:
			escape(s, *p, here);
			p++;
			break;
		case SCAN_LEX_HEX:
			if (hex(s, *p, here))
				p++;
			break;
		case SCAN_LEX_WORD:
			if (in_word(s, *p, here))
				p++;
			else if (s->depth == 0)
				step = SCAN_DONE;
			break;
		}
	}
	store(s, from, p, at + (uint64_t)(p - from));
	*pp = p;
	return step;
}

enum scan_step
scan_run(struct scan *s, const char **p, const char *end, uint64_t at)
{
	const char *begin = *p;
	enum scan_step step;
	size_t room;

	/* Stop at the limit first, so that the verdict does not depend on how
	   the bytes were cut. */
	if (s->out != NULL) {
		room = s->out->max - s->out->len;
		if (room < (size_t)(end - begin)) {
			step = run(s, p, begin + room, at);
			if (step != SCAN_MORE)
				return step;
			fault(s, SCAN_FAULT_SIZE, at + room);
		}
	}
	return run(s, p, end, at + (uint64_t)(*p - begin));
}
