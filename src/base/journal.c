/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/stat.h>
#include <sys/uio.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_LIBSYSTEMD
/* It would be the place below, of every message. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#endif

#include "base/log_line.h"

bool
journal_is_stderr(void)
{
	const char *stream = secure_getenv("JOURNAL_STREAM");
	char here[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) == -1)
		return false;
	(void)snprintf(here, sizeof(here), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return strcmp(stream, here) == 0;
}

#ifdef HAVE_LIBSYSTEMD

#define FIELDS_MAX (4 + 3 + LOG_PAIRS_MAX)

/* Fields one behind the other, and where each ends. */
struct fields {
	struct buf text;
	size_t end[FIELDS_MAX];
	size_t n;
};

static void
end_field(struct fields *f)
{
	f->end[f->n++] = f->text.len;
}

/* CEFWD_DOWN_S=312 */
static void
add_pair(struct fields *f, const struct log_pair *p)
{
	buf_adds(&f->text, "CEFWD_");
	for (size_t i = 0; i < p->key_len; i++) {
		const char c = p->key[i];

		if (c == '-')
			buf_addc(&f->text, '_');
		else if (c >= 'a' && c <= 'z')
			buf_addc(&f->text, (char)(c - 'a' + 'A'));
		else
			buf_addc(&f->text, c);
	}
	buf_addc(&f->text, '=');
	buf_add(&f->text, p->value, p->value_len);
	end_field(f);
}

bool
journal_is_there(void)
{
	/* sd_journal_sendv(3) says nothing where nobody listens. */
	return access("/run/systemd/journal/socket", W_OK) == 0;
}

int
journal_send(const struct log_line *l)
{
	struct iovec iov[FIELDS_MAX];
	struct fields f = { .n = 0 };
	size_t begin = 0;
	int rc = -1;

	buf_init(&f.text, (size_t)4 * 4096 * 3);
	buf_addf(&f.text, "MESSAGE=%s: %s", l->room, l->text);
	end_field(&f);
	buf_addf(&f.text, "PRIORITY=%d", l->priority);
	end_field(&f);
	buf_adds(&f.text, "SYSLOG_IDENTIFIER=" PACKAGE_NAME);
	end_field(&f);
	buf_addf(&f.text, "CEFWD_ROOM=%s", l->room);
	end_field(&f);
	for (size_t i = 0; i < l->n_subject; i++)
		add_pair(&f, &l->subject[i]);
	for (size_t i = 0; i < l->n_pairs; i++)
		add_pair(&f, &l->pairs[i]);
	for (size_t i = 0; i < f.n; i++) {
		iov[i].iov_base = f.text.p + begin;
		iov[i].iov_len = f.end[i] - begin;
		begin = f.end[i];
	}
	if (buf_ok(&f.text))
		rc = sd_journal_sendv(iov, (int)f.n);
	buf_fini(&f.text);
	return rc < 0 ? -1 : 0;
}

#else

bool
journal_is_there(void)
{
	return false;
}

int
journal_send(const struct log_line *l)
{
	(void)l;
	return -1;
}

#endif
