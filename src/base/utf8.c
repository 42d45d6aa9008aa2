/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/*
 * What may follow a first byte (RFC 3629, 4):
 *
 *   C2..DF  80..BF
 *   E0      A0..BF  80..BF       ED      80..9F  80..BF
 *   E1..EF  80..BF  80..BF       (but ED)
 *   F0      90..BF  80..BF  80..BF
 *   F1..F3  80..BF  80..BF  80..BF
 *   F4      80..8F  80..BF  80..BF
 */
static size_t
shape(unsigned char c, unsigned char *lo, unsigned char *hi)
{
	*lo = 0x80;
	*hi = 0xbf;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef) {
		if (c == 0xe0)
			*lo = 0xa0;
		else if (c == 0xed)
			*hi = 0x9f;
		return 3;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		if (c == 0xf0)
			*lo = 0x90;
		else if (c == 0xf4)
			*hi = 0x8f;
		return 4;
	}
	return 0;
}

size_t
utf8_decode(const char *p, size_t len, unsigned long *cp)
{
	const unsigned char *s = (const unsigned char *)p;
	unsigned char lo, hi;
	size_t want, i;
	unsigned long v;

	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	*cp = UTF8_BAD;
	want = shape(s[0], &lo, &hi);
	if (want == 0)
		return 1;
	v = s[0] & (0x7fu >> want);
	for (i = 1; i < want; i++) {
		if (i >= len || s[i] < lo || s[i] > hi)
			return i;
		v = (v << 6) | (s[i] & 0x3fu);
		lo = 0x80;
		hi = 0xbf;
	}
	*cp = v;
	return want;
}

size_t
utf8_encode(unsigned long cp, char out[4])
{
	if (cp > 0x10fffful || (cp >= 0xd800 && cp <= 0xdfff))
		cp = 0xfffd;
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | (cp >> 6));
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | (cp >> 12));
		out[1] = (char)(0x80 | ((cp >> 6) & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | (cp >> 18));
	out[1] = (char)(0x80 | ((cp >> 12) & 0x3f));
	out[2] = (char)(0x80 | ((cp >> 6) & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

bool
utf8_valid(const char *p, size_t len)
{
	unsigned long cp;
	uint64_t eight;

	for (size_t i = 0; i < len;) {
		/* Most texts are ASCII: eight bytes at once. */
		if (len - i >= sizeof(eight)) {
			memcpy(&eight, p + i, sizeof(eight));
			if ((eight & UINT64_C(0x8080808080808080)) == 0) {
				i += sizeof(eight);
				continue;
			}
		}
		i += utf8_decode(p + i, len - i, &cp);
		if (cp == UTF8_BAD)
			return false;
	}
	return true;
}

size_t
utf8_count(const char *p, size_t len)
{
	unsigned long cp;
	size_t n = 0;

	for (size_t i = 0; i < len; n++)
		i += utf8_decode(p + i, len - i, &cp);
	return n;
}

size_t
utf8_prefix(const char *p, size_t len, size_t chars)
{
	unsigned long cp;
	size_t i = 0;

	for (; i < len && chars > 0; chars--)
		i += utf8_decode(p + i, len - i, &cp);
	return i;
}
