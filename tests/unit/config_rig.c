/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/obj.h"
#include "config/conf.h"

#include "config_rig.h"

/* Of nobody: openssl req -x509 -newkey ec -nodes -days 36500. */
const char config_rig_ca[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBdjCCARugAwIBAgIUK9Vas1OsYaf0/dKEBrSRreS+8sowCgYIKoZIzj0EAwIw\n"
    "DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjUxNzM5MTBaGA8yMTI2MTEwMTE3Mzkx\n"
    "MFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCtu\n"
    "NoPj2Tsu+kubiN5o7/3iLQwQiStbAX6sXJQVT9MOvXoYnSVG0Flds0j0bwCYDVCe\n"
    "fzPf2RnUbt3KinlUdtOjUzBRMB0GA1UdDgQWBBRcDrBFo/xzahl60KJsTVjVDSne\n"
    "2jAfBgNVHSMEGDAWgBRcDrBFo/xzahl60KJsTVjVDSne2jAPBgNVHRMBAf8EBTAD\n"
    "AQH/MAoGCCqGSM49BAMCA0kAMEYCIQDLF/bmwqZriEn3xV0KIxWu4+/pUG0f59cH\n"
    "R8nNJkPH1QIhANT3GPkxMujN/FPPbGEB0yx3x7r6qPGUX6B071kgGzYV\n"
    "-----END CERTIFICATE-----\n";

const char config_rig_map[] = "[event]\n"
			      "deviceVendor = \"Microsoft\"\n"
			      "deviceProduct = \"Defender\"\n"
			      "deviceVersion = \"1\"\n"
			      "deviceEventClassId = $.id\n"
			      "name = $.title\n"
			      "severity = 5\n";

/* A config_rig_folder with what the tests' configurations name. */
char config_rig_folder[] = "config.XXXXXX";

char *
config_rig_path(const char *name)
{
	return xasprintf("%s/%s", config_rig_folder, name);
}

void
config_rig_write(const char *name, const char *text, mode_t mode)
{
	char *path = config_rig_path(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
	free(path);
}

static const char *const files[] = { "good.map", "bad.map", "more/inner.map",
	"good.secret", "crlf.secret", "open.secret", "group.secret",
	"empty.secret", "two.secret", "guid.secret", "long.secret",
	"longer.secret", "ca.pem", "cefwd.conf", "a.client-secret" };

int
config_rig_set_up(void **state)
{
	char *more, *longer = xcalloc(4098, 1);

	(void)state;
	assert_non_null(mkdtemp(config_rig_folder));
	more = config_rig_path("more");
	assert_int_equal(mkdir(more, 0700), 0);
	free(more);
	config_rig_write("good.map", config_rig_map, 0644);
	config_rig_write("more/inner.map", config_rig_map, 0644);
	config_rig_write("bad.map", "[event]\ndname = 3\n", 0644);
	config_rig_write("good.secret", "s3cret\n", 0600);
	config_rig_write("crlf.secret", "s3cret\r\n", 0600);
	config_rig_write("open.secret", "s3cret\n", 0644);
	config_rig_write("group.secret", "s3cret", 0640);
	config_rig_write("empty.secret", "\n", 0600);
	config_rig_write("two.secret", "s3cret\ns3cret\n", 0600);
	config_rig_write("guid.secret", CLIENT_ID "\n", 0600);
	memset(longer, 'x', 4096);
	config_rig_write("long.secret", longer, 0600);
	longer[4096] = 'x';
	config_rig_write("longer.secret", longer, 0600);
	config_rig_write("ca.pem", config_rig_ca, 0644);
	free(longer);
	return 0;
}

int
config_rig_tear_down(void **state)
{
	char *more = config_rig_path("more");

	(void)state;
	for (size_t i = 0; i < NELEM(files); i++) {
		char *path = config_rig_path(files[i]);

		(void)unlink(path);
		free(path);
	}
	(void)rmdir(more);
	free(more);
	return rmdir(config_rig_folder);
}

/* "line:col+len message", with the config_rig_folder's name as DIR. */
char *
config_rig_faults(struct faults *f)
{
	struct buf b;
	char *at;

	buf_init(&b, (size_t)1 << 20);
	faults_sort(f);
	for (size_t i = 0; i < faults_len(f); i++) {
		const struct fault *fault = faults_get(f, i);

		buf_addf(&b, "%u:%u+%u %s%s\n", fault->line, fault->col,
		    fault->len,
		    fault->level == FAULT_WARNING ? "warning: " : "",
		    fault->message);
	}
	while ((at = strstr(b.p, config_rig_folder)) != NULL) {
		memcpy(at, "DIR", 3);
		memmove(at + 3, at + strlen(config_rig_folder),
		    strlen(at + strlen(config_rig_folder)) + 1);
	}
	return buf_take(&b);
}

struct config *
config_rig_load(const char *text, struct faults *faults)
{
	char *path = config_rig_path("cefwd.conf");
	struct config *c;

	config_rig_write("cefwd.conf", text, 0644);
	c = config_load(path, faults);
	free(path);
	return c;
}

struct config *
config_rig_load_good(const char *text)
{
	struct faults *faults = faults_new();
	struct config *c = config_rig_load(text, faults);
	char *told = config_rig_faults(faults);

	assert_string_equal(told, "");
	assert_non_null(c);
	free(told);
	faults_free(faults);
	return c;
}
