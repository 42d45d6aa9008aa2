/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth_priv.h"
#include "base/buf.h"

/* A secret shorter than this is not looked for in answers: it would blot
   out words. */
#define REDACT_MIN  6U

#define ENCODED_MAX ((size_t)3 * AUTH_SECRET_MAX)

/* A secret and its file's last line end. */
static void
secret_init(struct buf *b)
{
	auth__secret_init(b, AUTH_SECRET_MAX + 2, AUTH_SECRET_MAX + 2);
}

static int
fail_file(const struct auth_options *o, const char *why, struct err *e)
{
	return err_set(e, ERR_CONFIG, "client-secret-file %s %s",
	    o->client_secret_file, why);
}

static int
read_all(const struct auth_options *o, int fd, struct buf *out, struct err *e)
{
	char chunk[512];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == -1) {
		return err_set_errno(e, ERR_CONFIG, errno,
		    "client-secret-file %s", o->client_secret_file);
	}
	if (!S_ISREG(st.st_mode))
		return fail_file(o, "is not a regular file", e);
	do {
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			buf_add(out, chunk, (size_t)n);
	} while (n > 0 || (n == -1 && errno == EINTR));
	explicit_bzero(chunk, sizeof(chunk));
	if (n == -1) {
		return err_set_errno(e, ERR_CONFIG, errno,
		    "client-secret-file %s could not be read",
		    o->client_secret_file);
	}
	return 0;
}

/* One line end at the file's end is the editor's, not the secret's. */
static void
trim(struct buf *b)
{
	if (b->len > 0 && b->p[b->len - 1] == '\n')
		buf_cut(b, b->len - 1);
	if (b->len > 0 && b->p[b->len - 1] == '\r')
		buf_cut(b, b->len - 1);
}

static int
check_bytes(const struct auth_options *o, const struct buf *b, struct err *e)
{
	if (!buf_ok(b) || b->len > AUTH_SECRET_MAX) {
		return fail_file(
		    o, "is too long for a secret; is it the right file?", e);
	}
	if (b->len == 0) {
		return fail_file(
		    o, "is empty; put the secret's Value in it", e);
	}
	for (size_t i = 0; i < b->len; i++) {
		if ((unsigned char)b->p[i] < 0x20 || b->p[i] == 0x7f) {
			return fail_file(o,
			    "holds more than one line or a control byte; it "
			    "must hold the secret alone",
			    e);
		}
	}
	return 0;
}

/*
 * The file is read on the loop: it is tiny, local, and read once an exchange
 * (about every hour), which no thread would make cheaper.  O_NONBLOCK: a
 * named pipe must not hold the loop.
 */
static int
load(const struct auth_options *o, struct buf *out, struct err *e)
{
	int fd, rc;

	if (o->client_secret_file == NULL) {
		buf_adds(out, o->client_secret);
		return buf_check(out, "client secret", e);
	}
	fd = open(o->client_secret_file,
	    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1) {
		return err_set_errno(e, ERR_CONFIG, errno,
		    "client-secret-file %s could not be opened",
		    o->client_secret_file);
	}
	rc = read_all(o, fd, out, e);
	(void)close(fd);
	if (rc == -1)
		return -1;
	trim(out);
	return check_bytes(o, out, e);
}

static int
secret_check(const struct auth_options *o, struct err *e)
{
	if (o->client_secret != NULL && o->client_secret_file != NULL) {
		return err_set(e, ERR_CONFIG,
		    "two client secrets, one given and one in a file; keep "
		    "one of them");
	}
	if (o->client_secret == NULL && o->client_secret_file == NULL) {
		return err_set(
		    e, ERR_CONFIG, "no client secret; set client-secret-file");
	}
	if (o->client_secret != NULL && o->client_secret[0] == '\0') {
		return err_set(
		    e, ERR_CONFIG, "the client secret is empty; set its Value");
	}
	if (o->client_secret != NULL &&
	    strlen(o->client_secret) > AUTH_SECRET_MAX) {
		return err_set(e, ERR_CONFIG,
		    "the client secret is longer than %u bytes",
		    AUTH_SECRET_MAX);
	}
	return 0;
}

static int
secret_form(const struct auth_options *o, struct buf *form, struct err *e)
{
	struct buf secret;
	int rc;

	secret_init(&secret);
	rc = load(o, &secret, e);
	if (rc == 0) {
		auth__form_add(form, "grant_type", "client_credentials", 18);
		auth__form_add(form, "client_secret", secret.p, secret.len);
	}
	auth__secret_fini(&secret);
	return rc;
}

static void
secret_stamp(const struct auth_options *o, struct auth_stamp *out)
{
	struct stat st;

	*out = (struct auth_stamp){ .device = 0 };
	if (o->client_secret_file == NULL ||
	    stat(o->client_secret_file, &st) == -1)
		return;
	out->device = (uint64_t)st.st_dev;
	out->inode = (uint64_t)st.st_ino;
	out->size = (uint64_t)st.st_size;
	out->changed = st.st_mtim;
}

/* 8-4-4-4-12 hex digits */
static bool
is_guid(const char *s, size_t len)
{
	if (len != 36)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' :
			   strchr("0123456789abcdefABCDEF", s[i]) == NULL)
			return false;
	}
	return true;
}

static const char *
secret_hint(const struct auth_options *o, uint64_t code)
{
	const char *hint = NULL;
	struct buf b;

	if (code != 7000215 || secret_check(o, NULL) == -1)
		return NULL;
	secret_init(&b);
	if (load(o, &b, NULL) == 0 && b.len > 0) {
		if (is_guid(b.p, b.len)) {
			hint = "what is configured has the form of a Secret "
			       "ID, so it is the wrong one of the two";
		} else if (b.p[0] == ' ' || b.p[b.len - 1] == ' ') {
			hint = "what is configured begins or ends with a "
			       "blank";
		}
	}
	auth__secret_fini(&b);
	return hint;
}

static void
blot(char *p, size_t len, const struct buf *secret)
{
	size_t left = len;
	char *at = p;

	if (secret->len < REDACT_MIN || !buf_ok(secret))
		return;
	while ((at = memmem(at, left, secret->p, secret->len)) != NULL) {
		memset(at, '*', secret->len);
		left = len - (size_t)(at - p);
	}
}

/* As it is, and as the form had it. */
static void
secret_redact(const struct auth_options *o, char *p, size_t len)
{
	struct buf raw, form;

	secret_init(&raw);
	/* Every byte may become three. */
	auth__secret_init(&form, ENCODED_MAX, ENCODED_MAX);
	if (load(o, &raw, NULL) == 0) {
		blot(p, len, &raw);
		buf_add_urlenc(&form, raw.p, raw.len);
		blot(p, len, &form);
	}
	auth__secret_fini(&raw);
	auth__secret_fini(&form);
}

const struct auth_grant_row auth__grant_secret = {
	.check = secret_check,
	.form = secret_form,
	.stamp = secret_stamp,
	.hint = secret_hint,
	.redact = secret_redact,
};
