/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/num.h"
#include "base/obj.h"
#include "map/filter.h"

/* Narrow it to what stands behind its first n bytes. */
static void
eat(struct item *it, size_t n)
{
	it->p += n;
	it->len -= n;
}

static size_t
find(const struct item *it, const char *any)
{
	size_t i = 0;

	while (i < it->len && strchr(any, it->p[i]) == NULL)
		i++;
	return i;
}

/* scheme://user@host:port/path, user@host, host:port, [v6]:port, host. */
static void
narrow_to_host(struct item *it)
{
	const char *scheme = memmem(it->p, it->len, "://", 3);
	const char *at;
	size_t end;

	if (scheme != NULL)
		eat(it, (size_t)(scheme - it->p) + 3);
	it->len = find(it, "/?#\\");
	at = memrchr(it->p, '@', it->len);
	if (at != NULL)
		eat(it, (size_t)(at - it->p) + 1);
	if (it->len > 0 && it->p[0] == '[') {
		eat(it, 1);
		it->len = find(it, "]");
		return;
	}
	end = find(it, ":");
	/* A bare IPv6 address has more colons than one. */
	if (end < it->len &&
	    memchr(it->p + end + 1, ':', it->len - end - 1) == NULL)
		it->len = end;
}

/* An address to its shortest text of family af in the arena. */
static bool
set_address(struct work *w, struct item *it, int af, const void *address)
{
	char text[INET6_ADDRSTRLEN], *p;
	size_t len;

	if (inet_ntop(af, address, text, sizeof(text)) == NULL)
		return false;
	len = strlen(text);
	p = map__room(w, len);
	if (p == NULL)
		return false;
	memcpy(p, text, len);
	it->p = p;
	it->len = len;
	return true;
}

/* The text, blanks and an IPv6 zone taken off, as a string for inet_pton(). */
static bool
address_text(const struct item *it, char text[INET6_ADDRSTRLEN])
{
	struct item part = *it;

	(void)map__f_trim(NULL, NULL, &part);
	part.len = find(&part, "%");
	if (part.len == 0 || part.len >= INET6_ADDRSTRLEN ||
	    memchr(part.p, '\0', part.len) != NULL)
		return false;
	memcpy(text, part.p, part.len);
	text[part.len] = '\0';
	return true;
}

static bool
is_address(const struct item *it)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr any;

	return address_text(it, text) &&
	    (inet_pton(AF_INET, text, &any) == 1 ||
		inet_pton(AF_INET6, text, &any) == 1);
}

bool
map__f_host(struct work *w, const struct filter_arg *args, struct item *it)
{
	(void)w;
	(void)args;
	narrow_to_host(it);
	return it->len > 0;
}

bool
map__f_domain(struct work *w, const struct filter_arg *args, struct item *it)
{
	size_t end = find(it, "\\/:@");
	bool is_mail = memchr(it->p, '@', it->len) != NULL;
	size_t dot;

	(void)w;
	(void)args;
	if (end < it->len && it->p[end] == '\\') { /* DOMAIN\user */
		it->len = end;
		return end > 0;
	}
	is_mail = is_mail && memmem(it->p, it->len, "://", 3) == NULL;
	narrow_to_host(it);
	if (is_mail || is_address(it))
		return is_mail && it->len > 0;
	dot = find(it, ".");
	if (dot == it->len)
		return false;
	eat(it, dot + 1);
	return it->len > 0;
}

/* RFC 4291, 2.5.5.2: ::ffff:a.b.c.d is an IPv4 address on its way. */
static bool
is_mapped(const struct in6_addr *a)
{
	static const unsigned char prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(a->s6_addr, prefix, sizeof(prefix)) == 0;
}

bool
map__f_ip4(struct work *w, const struct filter_arg *args, struct item *it)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr v6;
	struct in_addr v4;

	(void)args;
	if (!address_text(it, text))
		return false;
	if (inet_pton(AF_INET, text, &v4) == 1)
		return set_address(w, it, AF_INET, &v4);
	if (inet_pton(AF_INET6, text, &v6) == 1 && is_mapped(&v6))
		return set_address(w, it, AF_INET, v6.s6_addr + 12);
	return false;
}

bool
map__f_ip6(struct work *w, const struct filter_arg *args, struct item *it)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr v6;

	(void)args;
	return address_text(it, text) && inet_pton(AF_INET6, text, &v6) == 1 &&
	    !is_mapped(&v6) && set_address(w, it, AF_INET6, &v6);
}

/* AABBCCDDEEFF, aa:bb:..., aa-bb-..., aabb.ccdd.eeff. */
bool
map__f_mac(struct work *w, const struct filter_arg *args, struct item *it)
{
	static const char upper[] = "0123456789ABCDEF";
	char out[17], *p;
	size_t n = 0;

	(void)args;
	(void)map__f_trim(w, NULL, it);
	for (size_t i = 0; i < it->len; i++) {
		int digit = num_hex(it->p[i]);

		if (digit == -1) {
			if (strchr(":-.", it->p[i]) == NULL || n % 2 != 0 ||
			    it->p[i] == '\0')
				return false;
			continue;
		}
		if (n == 12)
			return false;
		if (n > 0 && n % 2 == 0)
			out[n / 2 * 3 - 1] = ':';
		out[n / 2 * 3 + n % 2] = upper[digit];
		n++;
	}
	if (n != 12 || (p = map__room(w, sizeof(out))) == NULL)
		return false;
	memcpy(p, out, sizeof(out));
	it->p = p;
	it->len = sizeof(out);
	return true;
}
