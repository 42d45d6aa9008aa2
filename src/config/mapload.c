/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#include "config/conf_priv.h"

const char *const config_map_path[] = { CEFWD_SYSCONFDIR "/maps",
	CEFWD_DATADIR "/maps", NULL };

static int
fill(int fd, const char *path, struct buf *text, struct err *e)
{
	char part[16384];

	for (;;) {
		ssize_t n = read(fd, part, sizeof(part));

		if (n == 0)
			return buf_check(text, path, e);
		if (n > 0) {
			buf_add(text, part, (size_t)n);
			if (!buf_ok(text))
				return buf_check(text, path, e);
		} else if (errno != EINTR) {
			return err_set_errno(
			    e, ERR_NOINPUT, errno, "%s cannot be read", path);
		}
	}
}

int
conf__read_file(const char *path, struct buf *text, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int status;

	buf_reset(text);
	if (fd == -1)
		return err_set_errno(
		    e, ERR_NOINPUT, errno, "%s cannot be read", path);
	status = fill(fd, path, text, e);
	(void)close(fd);
	return status;
}

/* The folder of a path with its "/", "" where it has none. */
static int
folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? 0 : (int)(slash - path) + 1;
}

/* Whether path names the file, be it readable or not. */
static bool
is_there(struct buf *path)
{
	return buf_ok(path) && access(path->p, F_OK) == 0;
}

/* Where a map of that name lies. */
static int
find(const char *const *folders, const char *name, const char *from,
    struct buf *path, struct err *e)
{
	struct buf all;
	int status;

	if (strchr(name, '/') != NULL) {
		buf_adds(path, name);
		return buf_check(path, "path of a map", e);
	}
	if (from != NULL) {
		buf_addf(path, "%.*s%s", folder_len(from), from, name);
		if (is_there(path))
			return 0;
	}
	for (size_t i = 0; folders != NULL && folders[i] != NULL; i++) {
		buf_reset(path);
		if (strcmp(folders[i], ".") == 0)
			buf_adds(path, name);
		else
			buf_addf(path, "%s/%s", folders[i], name);
		if (is_there(path))
			return 0;
	}
	buf_init(&all, ERR_TEXT_MAX);
	if (from != NULL && folder_len(from) > 0)
		buf_addf(&all, " %.*s", folder_len(from), from);
	for (size_t i = 0; folders != NULL && folders[i] != NULL; i++)
		buf_addf(&all, " %s", folders[i]);
	status = err_set(e, ERR_NOINPUT,
	    "map \"%s\" is in none of%s; write its path (./%s), or set "
	    "\"map-path\" in cefwd.conf",
	    name, all.p, name);
	buf_fini(&all);
	return status;
}

int
config_map_load(void *ctx, const char *name, const char *from, struct buf *text,
    struct buf *path, struct err *e)
{
	buf_reset(path);
	if (find(ctx, name, from, path, e) == -1)
		return -1;
	return conf__read_file(path->p, text, e);
}
