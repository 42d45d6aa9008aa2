/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "base/num.h"
#include "cef/cef_priv.h"

/* 9999-12-31T23:59:59.999Z, the last time that readers' calendars take. */
#define TIME_MAX_MS      INT64_C(253402300799999)

/* Digits before and behind the point: readers keep a 32-bit float, which ends
   at 3.4e38. */
#define FLOAT_DIGITS_MAX 38

/* A decimal number in its parts; digits are borrowed. */
struct decimal {
	bool is_negative;
	const char *whole, *fraction;
	size_t n_whole, n_fraction;
	int exponent;
};

static size_t
digits(const char *s)
{
	return strspn(s, "0123456789");
}

/* [-] digits [. digits] [e [+-] digits], as JSON and printf() write it. */
static bool
decimal_parse(const char *s, struct decimal *d)
{
	int64_t exponent = 0;

	*d = (struct decimal){ .is_negative = *s == '-' };
	if (d->is_negative)
		s++;
	d->whole = s;
	d->n_whole = digits(s);
	s += d->n_whole;
	d->fraction = s;
	if (*s == '.') {
		d->fraction = ++s;
		d->n_fraction = digits(s);
		s += d->n_fraction;
	}
	if (d->n_whole + d->n_fraction == 0)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		if (*s == '+' && s[1] != '-')
			s++;
		if (num_i64(s, strlen(s), &exponent, NULL) == -1 ||
		    exponent > 1000 || exponent < -1000)
			return false;
		s += strlen(s);
	}
	d->exponent = (int)exponent;
	return *s == '\0';
}

/* The digit that stands at place i of all digits, 0 outside them. */
static char
digit_at(const struct decimal *d, long i)
{
	if (i < 0 || (size_t)i >= d->n_whole + d->n_fraction)
		return '0';
	if ((size_t)i < d->n_whole)
		return d->whole[i];
	return d->fraction[(size_t)i - d->n_whole];
}

/* The number without its exponent; what is finer than FLOAT_DIGITS_MAX digits
   is cut. */
static bool
decimal_write(const struct decimal *d, struct buf *out)
{
	char text[2 * FLOAT_DIGITS_MAX + 3];
	long point = (long)d->n_whole + d->exponent;
	long all = (long)(d->n_whole + d->n_fraction);
	long i = 0;
	size_t n = 0, first;

	text[n++] = '-';
	while (i < point && digit_at(d, i) == '0')
		i++;
	if (point - i > FLOAT_DIGITS_MAX)
		return false;
	if (i >= point)
		text[n++] = '0';
	for (; i < point; i++)
		text[n++] = digit_at(d, i);
	if (all > point) {
		text[n++] = '.';
		for (i = 0; i < FLOAT_DIGITS_MAX && point + i < all; i++)
			text[n++] = digit_at(d, point + i);
		while (text[n - 1] == '0')
			n--;
		if (text[n - 1] == '.')
			n--;
	}
	first = d->is_negative && !(n == 2 && text[1] == '0') ? 0 : 1;
	buf_reset(out);
	buf_add(out, text + first, n - first);
	return true;
}

/* A whole number from min to max; 5.0 is one, 5.5 is none. */
static bool
whole(struct buf *out, int64_t min, int64_t max)
{
	size_t len = out->len;
	const char *point = strchr(out->p, '.');
	char text[NUM_I64_BYTES];
	int64_t v;

	if (point != NULL) {
		len = (size_t)(point - out->p);
		if (point[1] == '\0' ||
		    point[1 + strspn(point + 1, "0")] != '\0')
			return false;
	}
	if (num_i64(out->p, len, &v, NULL) == -1 || v < min || v > max)
		return false;
	buf_reset(out);
	buf_add(out, text, num_write_i64(v, text));
	return true;
}

/* An address or MAC: the text is short, so a copy of it is too. */
static bool
address(enum cef_type type, struct buf *out)
{
	char text[128];

	if (out->len >= sizeof(text))
		return false;
	memcpy(text, out->p, out->len + 1);
	buf_reset(out);
	return type == CEF_MAC ? cef__mac(text, out) : cef__ip(type, text, out);
}

bool
cef__typed(enum cef_type type, struct buf *out)
{
	struct decimal d;
	char text[512];

	switch (type) {
	case CEF_INTEGER:
		return whole(out, INT32_MIN, INT32_MAX);
	case CEF_LONG:
		return whole(out, INT64_MIN, INT64_MAX);
	case CEF_TIME:
		/* Before 1970 there were no alerts: it is .NET's year 1, which
		   means "not set". */
		return whole(out, 0, TIME_MAX_MS);
	case CEF_FLOAT:
		if (out->len >= sizeof(text))
			return false;
		memcpy(text, out->p, out->len + 1);
		return decimal_parse(text, &d) && decimal_write(&d, out);
	case CEF_IPV4:
	case CEF_IPV6:
	case CEF_IP:
	case CEF_MAC:
		return address(type, out);
	case CEF_STRING:
		break;
	}
	return true;
}
