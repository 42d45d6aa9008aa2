/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/obj.h"
#include "convert/convert_priv.h"

/* A run of letters of SimpleDateFormat, at least min of them, and strptime's
   conversion.  Longest first. */
static const struct {
	char letter;
	size_t min;
	const char *conversion;
} letters[] = {
	{ 'y', 3, "%Y" },
	{ 'y', 2, "%y" },
	{ 'y', 1, "%Y" },
	{ 'Y', 1, "%Y" }, /* week years: hardly ever meant */
	{ 'M', 3, "%b" },
	{ 'M', 1, "%m" },
	{ 'd', 1, "%d" },
	{ 'D', 1, "%j" },
	{ 'E', 1, "%a" },
	{ 'a', 1, "%p" },
	{ 'H', 1, "%H" },
	{ 'h', 1, "%I" },
	{ 'm', 1, "%M" },
	{ 's', 1, "%S" },
	{ 'Z', 1, "%z" },
	{ 'X', 1, "%z" },
};

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Whether a letter stands outside the quotes. */
static bool
has_letter(const char *f, char letter)
{
	bool is_quoted = false;

	for (; *f != '\0'; f++) {
		if (*f == '\'')
			is_quoted = !is_quoted;
		else if (*f == letter && !is_quoted)
			return true;
	}
	return false;
}

/* A letter run at f into out; its length, 0: there is no conversion. */
static size_t
add_run(const char *f, struct buf *out)
{
	char run[] = { f[0], '\0' };
	size_t n = strspn(f, run);

	for (size_t i = 0; i < NELEM(letters); i++) {
		if (letters[i].letter == f[0] && n >= letters[i].min) {
			buf_adds(out, letters[i].conversion);
			return n;
		}
	}
	return 0;
}

/* Text outside letters; % is strptime's. */
static void
add_plain(struct buf *out, char c)
{
	if (c == '%')
		buf_addc(out, '%');
	buf_addc(out, c);
}

/* '...' at f, '' being the character itself; its length. */
static size_t
add_quoted(const char *f, struct buf *out)
{
	size_t i = 1;

	if (f[1] == '\'') {
		buf_addc(out, '\'');
		return 2;
	}
	for (; f[i] != '\0' && f[i] != '\''; i++)
		add_plain(out, f[i]);
	return f[i] == '\'' ? i + 1 : i;
}

/* f for strptime into out; *has_fraction: ":ss.SSS", which it cannot read. */
static bool
to_strptime(const char *f, struct buf *out, bool *has_fraction)
{
	/* Java reads 13 as an hour of "hh", too, and many write it so. */
	const bool is_half_day = has_letter(f, 'a');

	while (*f != '\0') {
		size_t n;

		if ((*f == '.' || *f == ',') && f[1] == 'S' && out->len >= 3 &&
		    strcmp(out->p + out->len - 3, ":%S") == 0) {
			*has_fraction = true;
			f += 1 + strspn(f + 1, "S");
		} else if (*f == '\'') {
			f += add_quoted(f, out);
		} else if (*f == 'h' && !is_half_day) {
			buf_adds(out, "%H");
			f += strspn(f, "h");
		} else if (is_letter(*f)) {
			n = add_run(f, out);
			if (n == 0)
				return false;
			f += n;
		} else {
			add_plain(out, *f++);
		}
	}
	return true;
}

const char *
convert__time_filters(struct convert *c, const char *format)
{
	struct buf strp, out;
	bool has_fraction = false, is_good;

	/* The filter reads ISO 8601 by itself. */
	if (format == NULL || format[0] == '\0' ||
	    strncasecmp(format, "yyyy-MM-dd", 10) == 0)
		return " | time";
	buf_init(&strp, CONVERT_EXPR_MAX);
	buf_init(&out, CONVERT_EXPR_MAX);
	is_good = to_strptime(format, &strp, &has_fraction);
	if (is_good) {
		if (has_fraction)
			buf_adds(
			    &out, " | replace(/(:\\d\\d)[.,]\\d+/, \"$1\")");
		buf_adds(&out, " | time(\"");
		convert__add_escaped(&out, strp.p);
		buf_adds(&out, "\")");
	}
	buf_fini(&strp);
	if (!is_good) {
		buf_fini(&out);
		c->why = convert__printf(&c->work,
		    "the time format %.64s has a letter that strptime(3) "
		    "cannot read",
		    format);
		return NULL;
	}
	return convert__take(&c->work, &out);
}
