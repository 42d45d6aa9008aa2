/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/store.h"
#include "base/mem.h"

static int
fail(const char *path, const char *what, struct err *e)
{
	return err_set_errno(e, ERR_STORE, errno, "%s: %s", path, what);
}

/* The folder, and whose the files in it are to be: those of the state. */
static int
make_folder(const char *folder, struct stat *owner, struct err *e)
{
	char *copy = xstrdup(folder);
	const char *above = dirname(copy);
	int rc = 0;

	if (stat(above, owner) == -1) {
		rc = fail(above, "is the state directory there?", e);
	} else if (mkdir(folder, S_IRWXU) == 0) {
		if (geteuid() == 0 &&
		    chown(folder, owner->st_uid, owner->st_gid) == -1)
			rc = fail(folder, "cannot be given to its owner", e);
	} else if (errno != EEXIST) {
		rc = fail(folder, "cannot be made", e);
	}
	free(copy);
	return rc;
}

static int
write_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* mkstemp(3) makes it 0600. */
static int
fill(int fd, const char *token, const struct stat *owner)
{
	if (write_all(fd, token, strlen(token)) == -1 ||
	    write_all(fd, "\n", 1) == -1)
		return -1;
	if (geteuid() == 0 && fchown(fd, owner->st_uid, owner->st_gid) == -1)
		return -1;
	return fsync(fd);
}

/* The rename itself is on disk once the folder is. */
static void
sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return;
	(void)fsync(fd);
	(void)close(fd);
}

int
token_store_write(const char *path, const char *token, struct err *e)
{
	char *copy = xstrdup(path), *temp = xasprintf("%s.XXXXXX", path);
	const char *folder = dirname(copy);
	struct stat owner;
	int rc = -1, fd = -1;

	if (make_folder(folder, &owner, e) == -1)
		goto out;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd == -1) {
		(void)fail(folder, "no file can be made in it", e);
		goto out;
	}
	rc = fill(fd, token, &owner);
	if (close(fd) == -1 || rc == -1 || rename(temp, path) == -1) {
		rc = fail(path, "the refresh token cannot be written", e);
		(void)unlink(temp);
		goto out;
	}
	sync_folder(folder);
out:
	free(temp);
	free(copy);
	return rc;
}
