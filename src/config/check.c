/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/num.h"
#include "net/http.h"
#include "net/listener.h"
#include "source/api.h"

#include "config/conf_priv.h"

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F');
}

bool
conf__is_guid(const char *text)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(text) != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; i < sizeof(shape) - 1; i++) {
		if (shape[i] == '-' ? text[i] != '-' : !is_hex(text[i]))
			return false;
	}
	return true;
}

int
conf__check_guid(const char *text, struct err *e)
{
	if (conf__is_guid(text))
		return 0;
	return err_set(e, ERR_CONFIG,
	    "not an application ID; write the \"Application (client) ID\" of "
	    "the app registration, 8-4-4-4-12 hexadecimal digits");
}

/* Letters, digits, "-" and "." as a DNS name has them; not at its ends. */
static bool
is_domain(const char *text)
{
	size_t len = strlen(text);

	/* RFC 1035, 2.3.4 */
	if (len == 0 || len > 253 || !is_alnum(text[0]) ||
	    !is_alnum(text[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_alnum(text[i]) && text[i] != '-' && text[i] != '.')
			return false;
		if (text[i] == '.' && text[i + 1] == '.')
			return false;
	}
	return true;
}

int
conf__check_tenant(const char *text, struct err *e)
{
	/* The application's own token exists only in a tenant. */
	static const char *const shared[] = { "common", "organizations",
		"consumers" };

	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		if (strcmp(text, shared[i]) == 0) {
			return err_set(e, ERR_CONFIG,
			    "an application signs in to one tenant; write its "
			    "domain or \"Directory (tenant) ID\"");
		}
	}
	if (conf__is_guid(text) ||
	    (is_domain(text) && strchr(text, '.') != NULL))
		return 0;
	return err_set(e, ERR_CONFIG,
	    "not a tenant; write its domain (contoso.onmicrosoft.com) or its "
	    "\"Directory (tenant) ID\"");
}

int
conf__check_host_name(const char *text, struct err *e)
{
	size_t len = strlen(text);

	/* RFC 5424, 6.2.4: 1 to 255 printable ASCII characters. */
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			len = 0;
	}
	if (len > 0 && len <= 255)
		return 0;
	return err_set(e, ERR_CONFIG,
	    "not a host name; write 1 to 255 letters, digits, \"-\" and "
	    "\".\"");
}

int
conf__check_word(const char *text, struct err *e)
{
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] <= ' ' || text[i] > '~') {
			return err_set(e, ERR_CONFIG,
			    "neither blanks nor letters beyond ASCII may "
			    "stand here");
		}
	}
	return 0;
}

int
conf__check_listen(const char *text, struct err *e)
{
	if (strcmp(text, "none") == 0)
		return 0;
	return listener_check(text, e);
}

/* Where the authority of a URL begins; NULL where text is no URL. */
static const char *
behind_scheme(const char *text)
{
	const char *p = strstr(text, "://");

	return p == NULL ? NULL : p + 3;
}

int
conf__check_origin(const char *text, struct err *e)
{
	const char *p = behind_scheme(text);
	struct buf origin;
	int status;

	if (p == NULL) {
		return err_set(
		    e, ERR_CONFIG, "not a URL; write https://host:port");
	}
	p += strcspn(p, "/?#");
	if (p[0] != '\0' && strcmp(p, "/") != 0) {
		return err_set(e, ERR_CONFIG,
		    "only scheme, host and port stand here; leave \"%s\" out",
		    p);
	}
	buf_init(&origin, URL_MAX_BYTES);
	status = url_origin(text, &origin);
	buf_fini(&origin);
	if (status == -1) {
		return err_set(e, ERR_CONFIG,
		    "not a URL of scheme, host and port; write "
		    "https://host:port");
	}
	return url_is_allowed(text, e);
}

int
conf__check_proxy(const char *text, struct err *e)
{
	const char *p = behind_scheme(text);
	struct buf origin;
	int status;

	if (p == NULL || strncmp(text, "http://", 7) != 0) {
		return err_set(
		    e, ERR_CONFIG, "not a proxy; write http://host:port");
	}
	if (strchr(p, '@') != NULL) {
		return err_set(e, ERR_CONFIG,
		    "user and password have options of their own: proxy-user "
		    "and proxy-password-file");
	}
	p += strcspn(p, "/?#");
	buf_init(&origin, URL_MAX_BYTES);
	status = url_origin(text, &origin);
	buf_fini(&origin);
	if (status == -1 || (p[0] != '\0' && strcmp(p, "/") != 0)) {
		return err_set(
		    e, ERR_CONFIG, "not a proxy; write http://host:port");
	}
	return 0;
}

int
conf__check_url_path(const char *text, struct err *e)
{
	if (text[0] != '/' || text[1] == '/' || strchr(text, '#') != NULL)
		return err_set(e, ERR_CONFIG,
		    "not the path of a URL; write /path, without host");
	return conf__check_word(text, e);
}

int
conf__check_token_url(const char *text, struct err *e)
{
	struct buf origin;
	int status;

	buf_init(&origin, URL_MAX_BYTES);
	status = url_origin(text, &origin);
	buf_fini(&origin);
	if (status == -1 || conf__check_word(text, e) == -1)
		return err_set(
		    e, ERR_CONFIG, "not a URL; write https://host/path");
	return url_is_allowed(text, e);
}

/* RFC 9110, 5.1 and 5.5; the token's own header is not the user's. */
int
conf__check_header(const char *text, struct err *e)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	size_t len = strspn(text, name);

	for (size_t i = len; text[i] != '\0'; i++) {
		if (text[i] < ' ' || text[i] > '~')
			len = 0;
	}
	if (len == 0 || text[len] != ':' || text[len + 1] != ' ')
		return err_set(
		    e, ERR_CONFIG, "not a header; write \"Name: value\"");
	if (strncasecmp(text, "authorization:", 14) == 0)
		return err_set(e, ERR_CONFIG,
		    "the token is sent without being told; a secret of "
		    "another kind must not stand here");
	return 0;
}

/* "name" or "outer/inner". */
int
conf__check_member(const char *text, struct err *e)
{
	size_t len = strlen(text);

	if (text[0] == '/' || text[len - 1] == '/' ||
	    strstr(text, "//") != NULL || text[0] == '$')
		return err_set(e, ERR_CONFIG,
		    "not the name of a member; write name or outer/inner");
	for (const char *p = text; *p != '\0'; p += strcspn(p, "/")) {
		p += *p == '/';
		if (strcspn(p, "/") > API_MEMBER_MAX)
			return err_set(e, ERR_CONFIG,
			    "a name of more than %u bytes", API_MEMBER_MAX);
	}
	return 0;
}
