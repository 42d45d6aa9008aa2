/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "base/clk.h"
#include "base/stamp.h"

struct reader {
	const char *p;
	const char *end;
};

static bool
digit(const struct reader *r)
{
	return r->p < r->end && *r->p >= '0' && *r->p <= '9';
}

/* Exactly n digits. */
static bool
take_num(struct reader *r, int n, int *out)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (!digit(r))
			return false;
		v = v * 10 + (*r->p++ - '0');
	}
	*out = v;
	return true;
}

static bool
take(struct reader *r, char c)
{
	if (r->p >= r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar. */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? (int64_t)year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t mp = (month + 9) % 12;
	int64_t doy = (153 * mp + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

static int
month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

static bool
take_date(struct reader *r, int64_t *days)
{
	int y, m, d;

	if (!take_num(r, 4, &y) || !take(r, '-') || !take_num(r, 2, &m) ||
	    !take(r, '-') || !take_num(r, 2, &d))
		return false;
	if (y < 1 || m < 1 || m > 12 || d < 1 || d > month_days(y, m))
		return false;
	*days = days_of(y, m, d);
	return true;
}

/* hh:mm[:ss[.fraction]]; a leap second is the second before it. */
static bool
take_time(struct reader *r, int64_t *ticks)
{
	int h, m, s = 0;
	int64_t fraction = 0, unit = STAMP_PER_S;

	if (!take_num(r, 2, &h) || !take(r, ':') || !take_num(r, 2, &m))
		return false;
	if (take(r, ':')) {
		if (!take_num(r, 2, &s))
			return false;
		if (take(r, '.') || take(r, ',')) {
			if (!digit(r))
				return false;
			for (; digit(r); r->p++) {
				unit /= 10;
				fraction += (*r->p - '0') * unit;
			}
		}
	}
	if (h > 23 || m > 59 || s > 60)
		return false;
	if (s == 60)
		s = 59;
	*ticks = ((int64_t)h * 3600 + m * 60 + s) * STAMP_PER_S + fraction;
	return true;
}

static bool
take_zone(struct reader *r, int64_t *ticks)
{
	int h, m = 0, sign;

	*ticks = 0;
	if (r->p == r->end || take(r, 'Z') || take(r, 'z'))
		return true;
	if (take(r, '+'))
		sign = 1;
	else if (take(r, '-'))
		sign = -1;
	else
		return false;
	if (!take_num(r, 2, &h))
		return false;
	if (take(r, ':')) {
		if (!take_num(r, 2, &m))
			return false;
	} else if (digit(r) && !take_num(r, 2, &m)) {
		return false;
	}
	if (h > 14 || m > 59)
		return false;
	*ticks = (int64_t)sign * (h * 3600 + m * 60) * STAMP_PER_S;
	return true;
}

int
stamp_parse(const char *s, size_t len, int64_t *out)
{
	struct reader r = { .p = s, .end = s + len };
	int64_t days, ticks = 0, zone = 0;

	if (!take_date(&r, &days))
		return -1;
	if (r.p < r.end) {
		if (!take(&r, 'T') && !take(&r, 't') && !take(&r, ' '))
			return -1;
		if (!take_time(&r, &ticks) || !take_zone(&r, &zone))
			return -1;
	}
	if (r.p != r.end)
		return -1;
	*out = days * 86400 * STAMP_PER_S + ticks - zone;
	return 0;
}

void
stamp_format(int64_t stamp, char out[STAMP_TEXT_MAX])
{
	int64_t s = stamp / STAMP_PER_S;
	int64_t frac = stamp % STAMP_PER_S;
	struct tm tm;
	size_t len;
	time_t t;

	if (frac < 0) {
		frac += STAMP_PER_S;
		s--;
	}
	t = (time_t)s;
	if (gmtime_r(&t, &tm) == NULL || tm.tm_year > 9999 - 1900 ||
	    tm.tm_year < 0 - 1900) {
		(void)snprintf(out, STAMP_TEXT_MAX, "%lld", (long long)stamp);
		return;
	}
	/* %Y has no leading zeros: year 1 is .NET's zero. */
	len = (size_t)snprintf(out, STAMP_TEXT_MAX, "%04d", tm.tm_year + 1900);
	len +=
	    strftime(out + len, STAMP_TEXT_MAX - len, "-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(out + len, STAMP_TEXT_MAX - len, ".%07dZ", (int)frac);
}

int64_t
stamp_to_ms(int64_t stamp)
{
	int64_t ms = stamp / STAMP_PER_MS;

	return stamp % STAMP_PER_MS < 0 ? ms - 1 : ms;
}

int64_t
stamp_from_ms(int64_t unix_ms)
{
	return unix_ms * STAMP_PER_MS;
}

int64_t
stamp_now(void)
{
	return stamp_from_ms(clk_unix_ms());
}
