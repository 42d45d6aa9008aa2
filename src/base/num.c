/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "base/obj.h"

struct unit {
	const char *word;
	uint64_t factor;
};

static const struct unit durations[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60000 },
	{ "h", 3600000 },
	{ "d", 86400000 },
};

static const struct unit sizes[] = {
	{ "", 1 },
	{ "k", 1u << 10 },
	{ "m", 1u << 20 },
	{ "g", 1u << 30 },
};

/* Read the leading digits; returns how many, 0 also when they overflow. */
static size_t
digits(const char *s, size_t len, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < len && s[i] >= '0' && s[i] <= '9'; i++) {
		uint64_t d = (uint64_t)(s[i] - '0');

		if (v > (UINT64_MAX - d) / 10)
			return 0;
		v = v * 10 + d;
	}
	*out = v;
	return i;
}

int
num_u64(const char *s, size_t len, uint64_t min, uint64_t max, uint64_t *out,
    struct err *e)
{
	uint64_t v;
	size_t n = digits(s, len, &v);

	if (n == 0 || n != len || v < min || v > max) {
		return err_set(e, ERR_CONFIG,
		    "not a whole number from %" PRIu64 " to %" PRIu64, min,
		    max);
	}
	*out = v;
	return 0;
}

int
num_i64(const char *s, size_t len, int64_t *out, struct err *e)
{
	int minus = len > 0 && s[0] == '-';
	size_t skip = minus ? 1 : 0;
	uint64_t limit = (uint64_t)INT64_MAX + (minus ? 1 : 0);
	uint64_t v;

	if (num_u64(s + skip, len - skip, 0, limit, &v, NULL) == -1)
		return err_set(e, ERR_CONFIG, "not a 64-bit whole number");
	*out = minus ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

static int
with_unit(const char *s, size_t len, const struct unit *units, size_t n_units,
    uint64_t *out)
{
	uint64_t v;
	size_t n = digits(s, len, &v);

	if (n == 0)
		return -1;
	for (size_t i = 0; i < n_units; i++) {
		size_t word_len = strlen(units[i].word);

		if (word_len != len - n ||
		    strncasecmp(s + n, units[i].word, word_len) != 0)
			continue;
		if (v > UINT64_MAX / units[i].factor)
			return -1;
		*out = v * units[i].factor;
		return 0;
	}
	return -1;
}

size_t
num_write_i64(int64_t v, char out[NUM_I64_BYTES])
{
	/* The negative of INT64_MIN is no int64_t. */
	uint64_t rest = v < 0 ? -(uint64_t)v : (uint64_t)v;
	char digits[NUM_I64_BYTES];
	size_t n = 0, len = 0;

	do {
		digits[n++] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (v < 0)
		out[len++] = '-';
	while (n > 0)
		out[len++] = digits[--n];
	return len;
}

int
num_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int
num_duration(const char *s, size_t len, uint64_t *out_ms, struct err *e)
{
	if (len == 1 && s[0] == '0') {
		*out_ms = 0;
		return 0;
	}
	if (with_unit(s, len, durations, NELEM(durations), out_ms) == 0)
		return 0;
	return err_set(e, ERR_CONFIG,
	    "not a duration; write 500ms, 60s, 15m, 24h or 180d");
}

int
num_size(const char *s, size_t len, uint64_t *out_bytes, struct err *e)
{
	if (with_unit(s, len, sizes, NELEM(sizes), out_bytes) == 0)
		return 0;
	return err_set(e, ERR_CONFIG, "not a size; write 512, 64k or 16m");
}

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static size_t
min2(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t
near_miss(const char *word, const char *candidate)
{
	size_t rows[3][64];
	size_t *before = rows[0], *last = rows[1], *row = rows[2], *t;
	size_t n = strlen(word), m = strlen(candidate);

	if (n > 63 || m > 63)
		return SIZE_MAX;
	for (size_t j = 0; j <= m; j++)
		last[j] = j;
	memset(before, 0, sizeof(rows[0]));
	/* Damerau-Levenshtein distance, restricted to adjacent swaps. */
	for (size_t i = 1; i <= n; i++) {
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			unsigned char a = lower(word[i - 1]);
			unsigned char b = lower(candidate[j - 1]);

			row[j] = min2(last[j - 1] + (a == b ? 0 : 1),
			    min2(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a == lower(candidate[j - 2]) &&
			    lower(word[i - 2]) == b)
				row[j] = min2(row[j], before[j - 2] + 1);
		}
		t = before;
		before = last;
		last = row;
		row = t;
	}
	return last[m];
}
