/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#include "config/conf_priv.h"

/* Entra ID's are 40 characters, others' may be passphrases. */
#define SECRET_MAX 4096u

/* As much of the file as fits, and one byte to see that there is more. */
static ssize_t
read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static int
check_mode(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_set_errno(e, ERR_CONFIG, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_CONFIG, "%s is not a file", path);
	if ((st.st_mode & S_IRWXO) != 0) {
		return err_set(e, ERR_CONFIG,
		    "%s has mode %04o: others can get at the secret; "
		    "chmod 600 %s",
		    path, (unsigned int)(st.st_mode & 07777), path);
	}
	return 0;
}

/* By what errno says. */
static int
cannot_open(const char *path, struct err *e)
{
	if (errno != EACCES)
		return err_set_errno(
		    e, ERR_CONFIG, errno, "%s cannot be read", path);
	return err_set(e, ERR_CONFIG,
	    "%s cannot be read by this user: run this as the service's user "
	    "(sudo -u cefwd), or make the file that user's with chown",
	    path);
}

/* The bytes of the file as one line of text. */
static int
check_text(const char *path, const char *s, size_t len, struct err *e)
{
	if (len == 0)
		return err_set(e, ERR_CONFIG, "%s is empty", path);
	if (len > SECRET_MAX) {
		return err_set(e, ERR_CONFIG,
		    "%s holds more than %u bytes: not a secret", path,
		    SECRET_MAX);
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f) {
			return err_set(e, ERR_CONFIG,
			    "%s holds more than one line of text", path);
		}
	}
	return 0;
}

int
conf__check_private(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int status;

	if (fd == -1)
		return cannot_open(path, e);
	status = check_mode(fd, path, e);
	(void)close(fd);
	return status;
}

int
conf__read_secret(const char *path, char **out, struct err *e)
{
	/* The line end, and one byte too many. */
	char buf[SECRET_MAX + 3];
	ssize_t n = -1;
	size_t len;
	int fd, status = -1;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1)
		return cannot_open(path, e);
	if (check_mode(fd, path, e) == -1)
		goto out;
	n = read_all(fd, buf, sizeof(buf));
	if (n == -1) {
		(void)err_set_errno(
		    e, ERR_CONFIG, errno, "%s cannot be read", path);
		goto out;
	}
	len = (size_t)n;
	if (len > 0 && buf[len - 1] == '\n')
		len--;
	if (len > 0 && buf[len - 1] == '\r')
		len--;
	status = check_text(path, buf, len, e);
	if (status == 0)
		*out = xstrndup(buf, len);
out:
	explicit_bzero(buf, sizeof(buf));
	(void)close(fd);
	return status;
}

/* CEFWD_DEFENDER_EU_CLIENT_SECRET for [source defender-eu]. */
char *
conf__env_name(const char *source)
{
	char *name = xasprintf("CEFWD_%s_CLIENT_SECRET", source);

	for (char *p = name; *p != '\0'; p++) {
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
		else if (*p == '-')
			*p = '_';
	}
	return name;
}

/* $CREDENTIALS_DIRECTORY/defender.client-secret, if it is there. */
static char *
credential_path(const char *source)
{
	/* systemd.exec(5), LoadCredential= */
	const char *dir = secure_getenv("CREDENTIALS_DIRECTORY");
	char *path;

	if (dir == NULL || dir[0] == '\0')
		return NULL;
	path = xasprintf("%s/%s.client-secret", dir, source);
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

/* What a secret that was pasted into the wrong place must not lead to. */
static void
fault_file(struct conf *c, const struct conf_source *raw, const struct err *e)
{
	const struct kf_entry *entry =
	    kf_find(raw->section, "client-secret-file");
	struct fault_at at;

	if (strchr(entry->value, '/') != NULL ||
	    access(raw->client_secret_file, F_OK) == 0) {
		conf__fault(c, raw->section, entry->key, "%s", e->text);
		return;
	}
	kf_key_at(entry, &at);
	at.text = NULL;
	fault_add(c->faults, FAULT_ERROR, &at,
	    "\"%s\" names no file that can be used; write the path of a file "
	    "that holds the secret",
	    entry->key);
}

/* The ID of a secret is shown beside its value, and often copied for it. */
static void
check_value(struct conf *c, const struct conf_source *raw, const char *secret)
{
	const struct kf_entry *entry =
	    kf_find(raw->section, "client-secret-file");

	if (!conf__is_guid(secret))
		return;
	if (entry != NULL) {
		kf_fault_value(c->faults, FAULT_WARNING, entry, 0,
		    entry->value_len,
		    "this looks like the secret's ID; the token service wants "
		    "its \"Value\"");
	} else {
		kf_fault_section(c->faults, FAULT_WARNING, raw->section,
		    "the client secret looks like the secret's ID; the token "
		    "service wants its \"Value\"");
	}
}

static void
use_file(struct conf *c, const struct conf_source *raw, const char *path,
    struct auth_options *o)
{
	char *secret = NULL;
	struct err e;

	if (conf__read_secret(path, &secret, &e) == 0) {
		check_value(c, raw, secret);
		/* auth/ reads it anew before each use. */
		o->client_secret_file = path;
	} else if (path == raw->client_secret_file) {
		fault_file(c, raw, &e);
	} else {
		kf_fault_section(
		    c->faults, FAULT_ERROR, raw->section, "%s", e.text);
	}
	wipe_free(secret);
}

static void
use_env(struct conf *c, const struct conf_source *raw, const char *name,
    const char *value, struct auth_options *o)
{
	struct err e;

	if (check_text(name, value, strlen(value), &e) == -1) {
		kf_fault_section(
		    c->faults, FAULT_ERROR, raw->section, "%s", e.text);
		return;
	}
	check_value(c, raw, value);
	o->client_secret = conf__keep_secret(c, xstrdup(value));
}

int
conf__secret_ways(
    struct conf *c, const struct conf_source *raw, struct buf *list)
{
	const char *name = conf__keep(c, conf__env_name(raw->section->name));
	char *path = credential_path(raw->section->name);
	int ways = 0;

	if (kf_find(raw->section, "client-secret-file") != NULL) {
		buf_adds(list, " \"client-secret-file\"");
		ways++;
	}
	if (secure_getenv(name) != NULL) {
		buf_addf(list, " the environment's %s", name);
		ways++;
	}
	if (path != NULL) {
		buf_addf(list, " the systemd credential %s", path);
		ways++;
	}
	free(path);
	return ways;
}

void
conf__rules_secret(
    struct conf *c, const struct conf_source *raw, struct auth_options *o)
{
	const char *name = conf__keep(c, conf__env_name(raw->section->name));
	const char *value = secure_getenv(name);
	char *path = credential_path(raw->section->name);

	o->grant = AUTH_CLIENT_SECRET;
	if (value != NULL)
		use_env(c, raw, name, value, o);
	else if (path != NULL)
		use_file(c, raw, conf__keep(c, path), o);
	else if (raw->client_secret_file != NULL)
		use_file(c, raw, raw->client_secret_file, o);
}
