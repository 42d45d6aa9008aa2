/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/num.h"
#include "cef/cef_priv.h"

/* ::ffff:0:0/96 (RFC 4291, 2.5.5.2) */
static bool
is_mapped(const unsigned char a[16])
{
	static const unsigned char prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(a, prefix, sizeof(prefix)) == 0;
}

static void
write_ipv4(const unsigned char a[4], struct buf *out)
{
	buf_addf(out, "%d.%d.%d.%d", a[0], a[1], a[2], a[3]);
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952,
   4.2); at 8: none. */
static void
longest_zeros(const unsigned char a[16], size_t *at, size_t *n)
{
	*at = 8;
	*n = 1;
	for (size_t i = 0; i < 8;) {
		size_t k = i;

		while (k < 8 && a[2 * k] == 0 && a[2 * k + 1] == 0)
			k++;
		if (k - i > *n) {
			*at = i;
			*n = k - i;
		}
		i = k + 1;
	}
}

static void
write_ipv6(const unsigned char a[16], struct buf *out)
{
	size_t zeros, n;

	if (is_mapped(a)) {
		/* RFC 5952, 5: dotted where the prefix is well known. */
		buf_adds(out, "::ffff:");
		write_ipv4(a + 12, out);
		return;
	}
	longest_zeros(a, &zeros, &n);
	for (size_t i = 0; i < 8; i++) {
		if (i == zeros) {
			buf_adds(out, "::");
			i += n - 1;
			continue;
		}
		buf_addf(out, "%s%x", i == 0 || i == zeros + n ? "" : ":",
		    (unsigned int)(a[2 * i] << 8 | a[2 * i + 1]));
	}
}

bool
cef__ip(enum cef_type type, const char *s, struct buf *out)
{
	unsigned char a[16];
	char bare[INET6_ADDRSTRLEN];
	size_t len = strcspn(s, "%");

	if (inet_pton(AF_INET, s, a) == 1) {
		if (type == CEF_IPV6)
			return false;
		write_ipv4(a, out);
		return true;
	}
	/* RFC 4007, 11: a zone means something on its own host only. */
	if (len >= sizeof(bare))
		return false;
	memcpy(bare, s, len);
	bare[len] = '\0';
	if (inet_pton(AF_INET6, bare, a) != 1)
		return false;
	if (type != CEF_IPV6 && is_mapped(a)) {
		write_ipv4(a + 12, out);
		return true;
	}
	if (type == CEF_IPV4)
		return false;
	write_ipv6(a, out);
	return true;
}

/*
 * Read one group of at most "width" hex digits, padded with zeros on the left,
 * into digit[].  Returns how many characters it had.
 */
static size_t
mac_group(const char *s, size_t width, int *digit)
{
	size_t n = 0;

	while (n < width && num_hex(s[n]) != -1)
		n++;
	for (size_t i = 0; i < width; i++)
		digit[i] = i + n < width ? 0 : num_hex(s[i + n - width]);
	return n;
}

/* How many digits a group has by the separator and where it first stands; 0:
   no notation of ours. */
static size_t
mac_width(const char *s, char *separator)
{
	size_t at = strcspn(s, ":-. ");

	*separator = s[at];
	if (s[at] == '\0')
		return 12; /* 000d60af1b61 */
	if (at <= 2)
		return 2; /* 00:0d:60:af:1b:61, 0:d:60:af:1b:61 */
	if (at == 4)
		return 4;       /* 000d.60af.1b61 */
	return at == 6 ? 6 : 0; /* 000d60-af1b61 */
}

bool
cef__mac(const char *s, struct buf *out)
{
	int digit[12] = { 0 };
	char separator;
	size_t width = mac_width(s, &separator);

	if (width == 0)
		return false;
	for (size_t i = 0; i < 12; i += width) {
		size_t n = mac_group(s, width, digit + i);

		/* Only pairs are written without their leading zero. */
		if (n == 0 || (n != width && width != 2))
			return false;
		s += n;
		if (i + width < 12 && *s++ != separator)
			return false;
	}
	if (*s != '\0')
		return false;
	for (size_t i = 0; i < 12; i += 2) {
		buf_addf(out, "%s%X%X", i == 0 ? "" : ":",
		    (unsigned int)digit[i], (unsigned int)digit[i + 1]);
	}
	return true;
}
