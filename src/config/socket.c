/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/mem.h"

#include "config/conf_priv.h"

/* The first word of "listen" that is a socket's path; free() it. */
static char *
find_socket(const struct kf_entry *entry, struct faults *faults)
{
	static const char prefix[] = "unix:";
	char *path = NULL;
	struct buf word;
	size_t pos = 0;
	int rc;

	buf_init(&word, KF_LINE_MAX);
	do {
		rc = kf_word(entry, &pos, &word, NULL, NULL, faults);
		if (rc == 1 &&
		    strncmp(word.p, prefix, sizeof(prefix) - 1) == 0 &&
		    conf__check_listen(word.p, NULL) == 0)
			path = xstrdup(word.p + sizeof(prefix) - 1);
	} while (rc != 0 && path == NULL);
	buf_fini(&word);
	return path;
}

char *
config_socket(const char *path, struct err *e)
{
	struct faults *faults = faults_new();
	const struct kf_entry *entry;
	char *found = NULL;
	struct buf text;
	struct kf *kf;

	buf_init(&text, (size_t)KF_FILE_MAX + 1);
	if (conf__read_file(path, &text, e) == -1) {
		buf_fini(&text);
		faults_free(faults);
		return NULL;
	}
	kf = kf_parse(path, text.p, text.len, KF_CONF, faults);
	buf_fini(&text);
	entry = kf_find(kf_section(kf, 0), "listen");
	found =
	    entry == NULL ? xstrdup(CONFIG_SOCKET) : find_socket(entry, faults);
	if (found == NULL) {
		(void)err_set(e, ERR_CONFIG,
		    "%s: \"listen\" names no socket to ask; add unix:/path, or "
		    "name one with --socket",
		    path);
	}
	kf_free(kf);
	faults_free(faults);
	return found;
}
