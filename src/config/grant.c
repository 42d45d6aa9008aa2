/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/obj.h"

#include "config/conf_priv.h"

/* A key of the section that alone makes a grant. */
struct way {
	const char *key;
	enum auth_grant grant;
};

static const struct way ways[] = {
	{ "client-certificate-file", AUTH_CERTIFICATE },
	{ "federated-token-file", AUTH_FEDERATED },
	{ "managed-identity", AUTH_MANAGED_IDENTITY },
};

/* Keys that say more about one way, and that way. */
static const struct way details[] = {
	{ "client-key-file", AUTH_CERTIFICATE },
	{ "client-key-password-file", AUTH_CERTIFICATE },
	{ "client-assertion", AUTH_CERTIFICATE },
	{ "imds-url", AUTH_MANAGED_IDENTITY },
};

static const char *
key_of(enum auth_grant grant)
{
	size_t i = 0;

	while (ways[i].grant != grant)
		i++;
	return ways[i].key;
}

static bool
is_set(const struct conf_source *raw, const struct way *w)
{
	if (w->grant == AUTH_MANAGED_IDENTITY)
		return raw->managed_identity != 0;
	return kf_find(raw->section, w->key) != NULL;
}

/* A faulty file is told at the key that names it. */
static void
check_private(struct conf *c, const struct conf_source *raw, const char *key,
    const char *path)
{
	struct err e;

	if (path != NULL && conf__check_private(path, &e) == -1)
		conf__fault(c, raw->section, key, "%s", e.text);
}

/* The credential of that name that systemd handed over, or NULL. */
static const char *
password_credential(struct conf *c, const char *source)
{
	const char *dir = secure_getenv("CREDENTIALS_DIRECTORY");
	const char *path;

	if (dir == NULL || dir[0] == '\0')
		return NULL;
	path =
	    conf__keep(c, xasprintf("%s/%s.client-key-password", dir, source));
	return access(path, F_OK) == 0 ? path : NULL;
}

static void
use_certificate(
    struct conf *c, const struct conf_source *raw, struct auth_options *o)
{
	int64_t end_ms;
	struct err e;

	o->client_certificate_file = raw->client_certificate_file;
	o->client_key_file = raw->client_key_file;
	o->client_key_password_file = raw->client_key_password_file;
	if (o->client_key_password_file == NULL) {
		o->client_key_password_file =
		    password_credential(c, raw->section->name);
	}
	o->is_sha1_assertion = raw->client_assertion != 0;
	check_private(c, raw, "client-key-file", raw->client_key_file);
	check_private(
	    c, raw, "client-key-password-file", raw->client_key_password_file);
	/* Without a file of its own the key stands in this one. */
	if (raw->client_key_file == NULL) {
		check_private(c, raw, "client-certificate-file",
		    raw->client_certificate_file);
	}
	if (faults_count(c->faults, FAULT_ERROR) == 0 &&
	    auth_certificate_end(o, &end_ms, &e) == -1) {
		conf__fault(
		    c, raw->section, "client-certificate-file", "%s", e.text);
	}
}

static void
use(struct conf *c, const struct conf_source *raw, struct auth_options *o)
{
	if (o->grant == AUTH_CERTIFICATE) {
		use_certificate(c, raw, o);
	} else if (o->grant == AUTH_FEDERATED) {
		/* Kubernetes mounts it for all to read, in a place that only
		   the pod sees: its mode is the issuer's affair. */
		o->federated_token_file = raw->federated_token_file;
	} else if (o->grant == AUTH_MANAGED_IDENTITY) {
		o->imds_origin = raw->imds_url;
	}
}

/* One way may be set, and no more. */
static void
fault_ways(
    struct conf *c, const struct conf_source *raw, const struct buf *list)
{
	conf__fault(c, raw->section, "client-secret-file",
	    "[source %s] has more than one way to sign in:%s; keep one",
	    raw->section->name, list->p);
}

void
conf__rules_sign_in(
    struct conf *c, const struct conf_source *raw, struct auth_options *o)
{
	const char *name = raw->section->name;
	char *upper;
	struct err e;

	if (o->grant != AUTH_REFRESH_TOKEN)
		return;
	o->token_file = conf__keep(c,
	    xasprintf("%s/tokens/%s@%s", c->global.state_dir, name, o->tenant));
	if (c->is_signing_in)
		return;
	if (access(o->token_file, F_OK) == 0) {
		if (conf__check_private(o->token_file, &e) == -1) {
			kf_fault_section(
			    c->faults, FAULT_ERROR, raw->section, "%s", e.text);
		}
		return;
	}
	/* A folder that we may not look into is the service's. */
	if (errno != ENOENT)
		return;
	upper = conf__env_name(name);
	kf_fault_section(c->faults, FAULT_ERROR, raw->section,
	    "nobody has signed in for tenant %s of [source %s]; run \"cefwd "
	    "login %s\", or set \"client-certificate-file\", "
	    "\"client-secret-file\", \"federated-token-file\" or "
	    "\"managed-identity\", or %s in the environment, or the systemd "
	    "credential %s.client-secret (which only the service can see)",
	    o->tenant, name, name, upper, name);
	free(upper);
}

static void
check_details(
    struct conf *c, const struct conf_source *raw, enum auth_grant grant)
{
	for (size_t i = 0; i < NELEM(details); i++) {
		if (details[i].grant == grant ||
		    kf_find(raw->section, details[i].key) == NULL)
			continue;
		conf__fault(c, raw->section, details[i].key,
		    "\"%s\" without \"%s\"", details[i].key,
		    key_of(details[i].grant));
	}
}

void
conf__rules_grant(
    struct conf *c, const struct conf_source *raw, struct auth_options *o)
{
	struct buf list;
	int n;

	buf_init(&list, 4096);
	n = conf__secret_ways(c, raw, &list);
	o->grant = n > 0 ? AUTH_CLIENT_SECRET : AUTH_REFRESH_TOKEN;
	for (size_t i = 0; i < NELEM(ways); i++) {
		if (!is_set(raw, &ways[i]))
			continue;
		buf_addf(&list, " \"%s\"", ways[i].key);
		o->grant = ways[i].grant;
		n++;
	}
	/* The system-assigned managed identity needs no name. */
	if (o->grant != AUTH_MANAGED_IDENTITY &&
	    kf_find(raw->section, "client-id") == NULL) {
		kf_fault_section(c->faults, FAULT_ERROR, raw->section,
		    "[source NAME] lacks \"client-id\": application (client) "
		    "ID of the app registration");
	}
	check_details(c, raw, o->grant);
	if (n > 1)
		fault_ways(c, raw, &list);
	else if (o->grant == AUTH_CLIENT_SECRET)
		conf__rules_secret(c, raw, o);
	else
		use(c, raw, o);
	buf_fini(&list);
}
