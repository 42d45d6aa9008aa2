/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <time.h>

#include "base/num.h"
#include "base/obj.h"
#include "base/stamp.h"
#include "map/filter.h"

#define TIME_TEXT_MAX 128 /* bytes: the longest time is some 40 */

/* Seconds below, milliseconds above: the year 5138, or March 1973. */
#define EPOCH_MS_FROM INT64_C(100000000000)

static size_t
count_digits(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] >= '0' && p[n] <= '9')
		n++;
	return n;
}

/* RFC 8259, 6, with leading zeros: -12, 0.5, 1e3. */
static bool
is_number(const char *p, size_t len)
{
	size_t i = len > 0 && p[0] == '-' ? 1 : 0;
	size_t n = count_digits(p + i, len - i);

	if (n == 0)
		return false;
	i += n;
	if (i < len && p[i] == '.') {
		n = count_digits(p + i + 1, len - i - 1);
		if (n == 0)
			return false;
		i += 1 + n;
	}
	if (i < len && (p[i] == 'e' || p[i] == 'E')) {
		i++;
		if (i < len && (p[i] == '-' || p[i] == '+'))
			i++;
		n = count_digits(p + i, len - i);
		if (n == 0)
			return false;
		i += n;
	}
	return i == len;
}

bool
map__f_number(struct work *w, const struct filter_arg *args, struct item *it)
{
	(void)map__f_trim(w, args, it);
	if (it->len == 4 && memcmp(it->p, "true", 4) == 0) {
		it->p = "1";
		it->len = 1;
	} else if (it->len == 5 && memcmp(it->p, "false", 5) == 0) {
		it->p = "0";
		it->len = 1;
	}
	return is_number(it->p, it->len);
}

/* 1700000000, 1700000000.5, 1700000000000. */
static bool
epoch_ms(const char *p, size_t len, int64_t *out)
{
	const char *dot = memchr(p, '.', len);
	size_t whole = dot == NULL ? len : (size_t)(dot - p);
	size_t digits;
	int64_t v, ms = 0;

	if (num_i64(p, whole, &v, NULL) == -1)
		return false;
	if (dot != NULL) {
		digits = count_digits(dot + 1, len - whole - 1);
		if (digits == 0 || digits != len - whole - 1)
			return false;
		for (size_t i = 0; i < 3; i++)
			ms = ms * 10 + (i < digits ? dot[1 + i] - '0' : 0);
	}
	if (v > -EPOCH_MS_FROM && v < EPOCH_MS_FROM)
		v = v * 1000 + (p[0] == '-' ? -ms : ms);
	*out = v;
	return true;
}

static bool
formatted_ms(const char *text, const char *format, int64_t *out)
{
	/* What the format leaves out is the first of its kind. */
	struct tm tm = { .tm_year = 70, .tm_mday = 1 };
	const char *end = strptime(text, format, &tm);
	long offset_s;

	if (end == NULL || *end != '\0')
		return false;
	offset_s = tm.tm_gmtoff; /* timegm() clears it */
	*out = ((int64_t)timegm(&tm) - offset_s) * 1000;
	return true;
}

bool
map__f_time(struct work *w, const struct filter_arg *args, struct item *it)
{
	char text[TIME_TEXT_MAX], *p;
	int64_t stamp, ms;
	bool is_time;

	(void)map__f_trim(w, NULL, it);
	if (it->len == 0)
		return false;
	w->refused = "time: not a time of the expected form";
	if (it->len >= sizeof(text) || memchr(it->p, '\0', it->len) != NULL)
		return false;
	memcpy(text, it->p, it->len);
	text[it->len] = '\0';
	if (args[0].kind != ARG_NONE) {
		is_time = formatted_ms(text, args[0].text, &ms);
	} else if (stamp_parse(text, it->len, &stamp) == 0) {
		ms = stamp_to_ms(stamp);
		is_time = true;
	} else {
		is_time = epoch_ms(text, it->len, &ms);
	}
	if (!is_time)
		return false;
	w->refused = NULL;
	p = map__room(w, NUM_I64_BYTES);
	if (p == NULL)
		return false;
	it->p = p;
	it->len = num_write_i64(ms, p);
	return true;
}

int
map__check_time(struct filter_arg *args, const char **why)
{
	if (args[0].kind == ARG_NONE)
		return -1;
	if (strchr(args[0].text, '%') == NULL) {
		*why = "a format holds conversions of strptime(3), such as "
		       "\"%d.%m.%Y %H:%M\"; epoch and ISO times need none";
		return 0;
	}
	/* %s would be read in the host's time zone. */
	if (strstr(args[0].text, "%s") != NULL) {
		*why = "epoch seconds need no format: time alone reads them";
		return 0;
	}
	return -1;
}
