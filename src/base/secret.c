/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

void
secret_buf_init(struct buf *b, size_t room, size_t max)
{
	static const char zeros[64];

	buf_init(b, max);
	for (size_t left = room; left > 0; left -= left < 64 ? left : 64)
		buf_add(b, zeros, left < 64 ? left : 64);
	buf_cut(b, 0);
}

void
secret_buf_fini(struct buf *b)
{
	if (b->cap > 0)
		explicit_bzero(b->p, b->cap);
	buf_fini(b);
}

struct source {
	const char *key, *path;
};

static int
fail_file(const struct source *f, const char *why, struct err *e)
{
	return err_set(e, ERR_CONFIG, "%s %s %s", f->key, f->path, why);
}

static int
read_all(const struct source *f, int fd, struct buf *out, struct err *e)
{
	char chunk[512];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == -1) {
		return err_set_errno(
		    e, ERR_CONFIG, errno, "%s %s", f->key, f->path);
	}
	if (!S_ISREG(st.st_mode))
		return fail_file(f, "is not a regular file", e);
	do {
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			buf_add(out, chunk, (size_t)n);
	} while (n > 0 || (n == -1 && errno == EINTR));
	explicit_bzero(chunk, sizeof(chunk));
	if (n == -1) {
		return err_set_errno(e, ERR_CONFIG, errno,
		    "%s %s could not be read", f->key, f->path);
	}
	return 0;
}

int
secret_file_read(const char *key, const char *path, size_t max, struct buf *out,
    struct err *e)
{
	const struct source f = { .key = key, .path = path };
	int fd, rc;

	/* O_NONBLOCK: a named pipe must not hold the loop. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1) {
		return err_set_errno(e, ERR_CONFIG, errno,
		    "%s %s could not be opened", key, path);
	}
	rc = read_all(&f, fd, out, e);
	(void)close(fd);
	if (rc == -1)
		return -1;
	if (!buf_ok(out) || out->len > max) {
		return err_set(e, ERR_CONFIG,
		    "%s %s holds more than %zu bytes; is it the right file?",
		    key, path, max);
	}
	if (out->len == 0)
		return fail_file(&f, "is empty", e);
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

/* Its end, CR LF, and one byte to see that there is more. */
#define LINE_EXTRA 3

void
secret_line_init(struct buf *b, size_t max)
{
	secret_buf_init(b, max + LINE_EXTRA, max + LINE_EXTRA);
}

int
secret_line_read(
    const char *key, const char *path, struct buf *out, struct err *e)
{
	const struct source f = { .key = key, .path = path };

	if (secret_file_read(key, path, out->max - 1, out, e) == -1)
		return -1;
	trim(out);
	if (out->len == 0)
		return fail_file(&f, "is empty", e);
	if (out->len > out->max - LINE_EXTRA) {
		return err_set(e, ERR_CONFIG,
		    "%s %s holds more than %zu bytes; is it the right file?",
		    key, path, out->max - LINE_EXTRA);
	}
	for (size_t i = 0; i < out->len; i++) {
		if ((unsigned char)out->p[i] < 0x20 || out->p[i] == 0x7f) {
			return fail_file(&f,
			    "holds more than one line or a control byte; it "
			    "must hold the secret alone",
			    e);
		}
	}
	return 0;
}
