/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/obj.h"
#include "syslog/spool.h"

#include "syslog/transport.h"

/*
 * A file that grows, and standard output.  Whatever may block is a job in the
 * thread pool, one at a time: the link belongs to the job while that is at
 * work.
 *
 *      OPEN --> WRITE <-> idle --> CLOSE
 *
 * A write ends with fdatasync(), and its lines were given only then: what was
 * given is read (S2), so they settle at the next looks.
 */

#define BATCH           (64U << 10) /* as tcp.c; a sync for each */
#define PIECES          128U

/* A pipe takes so much without blocking once it says that it is writable
   (POSIX, write(2): PIPE_BUF is 4096 here). */
#define PIPE_CHUNK      4096U

/* How often a job that waits for a pipe's reader looks whether it is to end. */
#define PATIENCE_MS     100

#define FILE_LINK_MAGIC 0x66696c65U

enum job {
	JOB_OPEN,
	JOB_WRITE,
	JOB_CLOSE,
};

struct file_link {
	struct link base;
	unsigned int magic;
	uv_loop_t *loop;
	uv_work_t work;
	bool is_working;
	bool wants_reopen;   /* the next write opens the file anew */
	atomic_bool is_over; /* the job need not go on */

	/* A job's own while it is at work. */
	enum job job;
	char *path; /* NULL: standard output */
	int fd;     /* -1: none */
	bool is_regular, is_pipe;
	bool does_reopen;
	char *batch;
	size_t len;
	bool has_failed;
	struct err err;
};

static struct file_link *
file_of(struct link *k)
{
	struct file_link *f = CONTAINER_OF(k, struct file_link, base);

	OBJ_CHECK(f, FILE_LINK_MAGIC);
	return f;
}

/* -- in the thread pool -------------------------------------------------- */

static void
say(struct file_link *f, int error, const char *what)
{
	static const struct {
		int error;
		const char *mend;
	} rows[] = {
		{ ENOSPC, "make space" },
		{ EDQUOT, "raise the quota" },
		{ ENOENT, "create the folder" },
		{ ENOTDIR, "correct the path" },
		{ EISDIR, "name a file in it" },
		{ EACCES, "let the user that cefwd runs as write there" },
		{ EPERM, "let the user that cefwd runs as write there" },
		{ EROFS,
		    "mount it for writing, or name it in ReadWritePaths= of "
		    "the unit" },
		{ EIO, "see to the disk" },
		{ EPIPE, "whoever read standard output has ended" },
	};
	const char *mend = NULL;

	for (size_t i = 0; i < NELEM(rows) && mend == NULL; i++) {
		if (rows[i].error == error)
			mend = rows[i].mend;
	}
	f->has_failed = true;
	(void)err_set_errno(&f->err, ERR_NET, error, "%s", what);
	if (mend != NULL) {
		struct err e = f->err;

		(void)err_set(&f->err, ERR_NET, "%s: %s", e.text, mend);
	}
}

static void
close_fd(struct file_link *f)
{
	if (f->fd != -1 && f->path != NULL)
		(void)close(f->fd);
	f->fd = -1;
}

static void
write_all(struct file_link *f, const char *p, size_t len)
{
	while (len > 0 && !atomic_load(&f->is_over)) {
		struct pollfd ready = { .fd = f->fd, .events = POLLOUT };
		size_t chunk = len;
		ssize_t n;

		if (!f->is_regular) {
			n = poll(&ready, 1, PATIENCE_MS);
			if (n == 0 || (n < 0 && errno == EINTR))
				continue;
			if (chunk > PIPE_CHUNK)
				chunk = PIPE_CHUNK;
		}
		n = write(f->fd, p, chunk);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0) {
			say(f, errno, "cannot write");
			return;
		}
		p += n;
		len -= (size_t)n;
	}
}

/* What a crash or a full disk left of a line is no line: it is ended, and the
   line comes again whole.  Nothing is cut off, for others may read along. */
static void
end_half_line(struct file_link *f, off_t size)
{
	char last;

	if (size > 0 && pread(f->fd, &last, 1, size - 1) == 1 && last != '\n')
		write_all(f, "\n", 1);
}

/* What root makes, by "once" or "check --live", the service must be able to
   write: it belongs to whom the folder belongs to. */
static void
give_to_owner(const struct file_link *f)
{
	struct stat st;
	size_t len = (size_t)(strrchr(f->path, '/') - f->path);
	char *folder = xstrndup(f->path, len == 0 ? 1 : len);

	if (geteuid() == 0 && stat(folder, &st) == 0 &&
	    fchown(f->fd, st.st_uid, st.st_gid) == -1)
		errno = 0; /* it is written to all the same */
	free(folder);
}

/* O_NONBLOCK: a FIFO without a reader is refused, not waited for.  0640:
   alerts are not for everybody. */
static int
open_path(struct file_link *f)
{
	const int flags = O_RDWR | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;

	f->fd = open(f->path, flags);
	if (f->fd != -1 || errno != ENOENT)
		return f->fd;
	/* O_EXCL: never through a link into a folder of somebody else's. */
	f->fd = open(f->path, flags | O_CREAT | O_EXCL, 0640);
	if (f->fd != -1)
		give_to_owner(f);
	return f->fd;
}

static void
open_fd(struct file_link *f)
{
	struct stat st;

	f->fd = f->path == NULL ? STDOUT_FILENO : open_path(f);
	if (f->fd == -1 || fstat(f->fd, &st) == -1) {
		say(f, errno, "cannot open");
		return;
	}
	f->is_regular = S_ISREG(st.st_mode);
	f->is_pipe = S_ISFIFO(st.st_mode);
	if (f->path == NULL)
		return;
	if (!f->is_regular) {
		f->has_failed = true;
		(void)err_set(&f->err, ERR_NET,
		    "it is no regular file: name one that can be appended to");
		return;
	}
	end_half_line(f, st.st_size);
}

/* Rotated away, or removed. */
static bool
is_replaced(const struct file_link *f)
{
	struct stat there, here;

	if (f->path == NULL)
		return false;
	return stat(f->path, &there) == -1 || fstat(f->fd, &here) == -1 ||
	    there.st_ino != here.st_ino || there.st_dev != here.st_dev;
}

static void
write_batch(struct file_link *f)
{
	if ((f->does_reopen && f->path != NULL) || is_replaced(f)) {
		close_fd(f);
		open_fd(f);
	}
	if (!f->has_failed)
		write_all(f, f->batch, f->len);
	if (!f->has_failed && f->is_regular && fdatasync(f->fd) == -1)
		say(f, errno, "cannot write");
}

static void
do_job(uv_work_t *w)
{
	struct file_link *f;

	OBJ_CAST(f, w->data, FILE_LINK_MAGIC);
	switch (f->job) {
	case JOB_OPEN:
		open_fd(f);
		break;
	case JOB_WRITE:
		write_batch(f);
		break;
	case JOB_CLOSE:
		close_fd(f);
		break;
	}
}

/* -- on the loop --------------------------------------------------------- */

static void on_job_done(uv_work_t *w, int status);

static void
start_job(struct file_link *f, enum job job)
{
	int r;

	assert(!f->is_working);
	f->is_working = true;
	f->job = job;
	f->does_reopen = f->wants_reopen;
	f->wants_reopen = false;
	r = uv_queue_work(f->loop, &f->work, do_job, on_job_done);
	assert(r == 0); /* it fails for want of a function alone */
}

static void
on_job_done(uv_work_t *w, int status)
{
	struct file_link *f;
	enum job job;

	OBJ_CAST(f, w->data, FILE_LINK_MAGIC);
	(void)status; /* no job is cancelled */
	job = f->job;
	f->is_working = false;
	if (job == JOB_CLOSE) {
		free(f->batch);
		free(f->path);
		free(f);
		return;
	}
	if (f->base.conn == NULL) {
		start_job(f, JOB_CLOSE);
		return;
	}
	if (f->has_failed) {
		struct err e = f->err;

		link_broke(&f->base, &e);
		return;
	}
	if (job == JOB_OPEN) {
		f->base.is_open = true;
		link_opened(&f->base);
		return;
	}
	spool_took(f->base.spool, f->len);
	f->len = 0;
	link_writable(&f->base);
}

static void
file_drop(struct link *k)
{
	struct file_link *f = file_of(k);

	k->conn = NULL;
	k->spool = NULL;
	atomic_store(&f->is_over, true);
	if (!f->is_working)
		start_job(f, JOB_CLOSE);
}

static struct link *
link_new(struct conn *c, const struct transport *t, const char *path,
    uv_loop_t *loop)
{
	struct file_link *f = xcalloc(1, sizeof(*f));

	f->magic = FILE_LINK_MAGIC;
	f->base =
	    (struct link){ .transport = t, .conn = c, .line_max = SIZE_MAX };
	f->loop = loop;
	f->path = path == NULL ? NULL : xstrdup(path);
	f->fd = -1;
	f->work.data = f;
	atomic_init(&f->is_over, false);
	start_job(f, JOB_OPEN);
	return &f->base;
}

static struct link *
file_open(struct conn *c, const struct sockaddr *to,
    const struct link_options *o, struct err *e)
{
	(void)to;
	(void)e;
	return link_new(c, &file_transport, o->host, o->loop);
}

static struct link *
stdout_open(struct conn *c, const struct sockaddr *to,
    const struct link_options *o, struct err *e)
{
	(void)to;
	(void)e;
	return link_new(c, &stdout_transport, NULL, o->loop);
}

static enum sent
file_send(struct link *k, size_t lines, struct err *e)
{
	struct file_link *f = file_of(k);
	uv_buf_t bufs[PIECES];
	unsigned int n;
	size_t bytes;

	(void)e;
	if (f->is_working)
		return SENT_BLOCKED;
	n = spool_gather(k->spool, BATCH, lines, bufs, PIECES, &bytes);
	if (n == 0)
		return SENT_ALL;
	/* Copied: a job can outlive the spool. */
	f->batch = xreallocarray(f->batch, bytes, 1);
	f->len = 0;
	for (unsigned int i = 0; i < n; i++) {
		memcpy(f->batch + f->len, bufs[i].base, bufs[i].len);
		f->len += bufs[i].len;
	}
	start_job(f, JOB_WRITE);
	return SENT_BLOCKED;
}

static int
file_look(struct link *k, struct look *out, struct err *e)
{
	struct file_link *f = file_of(k);
	int unread = 0;

	(void)e;
	*out = (struct look){ .read = k->spool->given, .by = "written" };
	/* Linux tells at both ends of a pipe what lies in it. */
	if (!f->is_working && f->is_pipe &&
	    ioctl(f->fd, FIONREAD, &unread) == 0 && unread > 0) {
		out->unread = (uint64_t)unread;
		if (out->unread > out->read)
			out->unread = out->read;
		out->read -= out->unread;
	}
	return 0;
}

static void
file_reopen(struct link *k)
{
	struct file_link *f = file_of(k);

	f->wants_reopen = true;
	if (!f->is_working && k->is_open)
		start_job(f, JOB_WRITE); /* of nothing */
}

const struct transport file_transport = {
	.word = "file",
	.socktype = 0,
	.framing = FRAMING_LF,
	.backoff = { .first_ms = 250, .max_ms = 5000 }, /* DESIGN 7 */
	.settle_ms = 1, /* DESIGN, promise 4: when synced */
	.is_probing = false,
	.is_blind = true,
	.open = file_open,
	.send = file_send,
	.look = file_look,
	.reopen = file_reopen,
	.drop = file_drop,
};

const struct transport stdout_transport = {
	.word = "stdout",
	.socktype = 0,
	.framing = FRAMING_LF,
	.backoff = { .first_ms = 250, .max_ms = 5000 },
	.settle_ms = 1,
	.is_probing = false,
	.is_blind = true,
	.open = stdout_open,
	.send = file_send,
	.look = file_look,
	.drop = file_drop,
};
