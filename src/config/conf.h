/*
 * conf.h - cefwd.conf to the options structs of the rooms below
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CONFIG_CONF_H
#define CEFWD_CONFIG_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "auth/auth.h"
#include "base/err.h"
#include "base/log.h"
#include "keyfile/fault.h"
#include "lane/lane.h"
#include "map/map.h"
#include "source/source.h"
#include "syslog/dest.h"

/* [source NAME] with one of its tenants: one feed. */
struct config_feed {
	struct source_options source;
	struct auth_options auth;
	const char *cloud; /* its name */
};

struct config_source {
	const char *name;
	struct config_feed *feeds; /* one per tenant */
	size_t n_feeds;
	const char *map_name; /* as written; a path from the file's folder */
	struct map *map;      /* compiled; sources may share one */
	uint64_t map_print;
	uint64_t print;
	uint64_t poll_interval_ms;
	uint64_t start_ms; /* how far back the very first pass looks */
	uint64_t overlap_ms;
	enum lane_updates updates;
	uint64_t remember_ms;
	uint64_t quiet_after_ms; /* 0: never */
};

/* A pair of [forward]; without any, all pairs are listed. */
struct config_forward {
	size_t source;      /* index */
	size_t destination; /* index */
};

struct config {
	const char *state_dir;
	const char *const *listen;       /* addresses, NULL-terminated */
	bool is_listen_given;            /* it stands in the file */
	const char *const *listen_hosts; /* NULL-terminated */
	const char *const *map_path;     /* NULL-terminated */
	enum log_level log_level;
	enum log_format log_format;
	uint64_t heartbeat_ms;
	uint64_t stop_timeout_ms;
	struct config_source *sources;
	size_t n_sources;
	struct dest_options *destinations;
	size_t n_destinations;
	struct config_forward *forwards;
	size_t n_forwards;
};

/*
 * config_load(path, faults): read the file, the maps that it names, and check
 * all of it; every fault goes to faults (a missing file too).  NULL where one
 * is an error.
 */
struct config *config_load(const char *path, struct faults *faults);

/* The same for who is about to sign in: that nobody has is no fault. */
struct config *config_load_sign_in(const char *path, struct faults *faults);
void config_free(struct config *c); /* wipes the secrets */

/*
 * Two readings of a file, compared.  Where the print of a source, of its map
 * or of a destination (struct dest_options) is the same in both, that is the
 * same in all that it does.  config_needs_restart(now, then, fn, ctx) hands fn
 * the key of each option that differs and is only read at the start; how many.
 */
size_t config_needs_restart(struct config *now, struct config *then,
    void (*fn)(void *ctx, const char *key), void *ctx);

/*
 * config_socket(path, e): the path of the socket where the service of that
 * configuration answers "cefwd status"; free() it.  Only "listen" is looked
 * at, and faults elsewhere are overlooked: who asks need not be allowed to
 * read secrets.  NULL with ERR_NOINPUT (the file cannot be read) or
 * ERR_CONFIG (it names no socket).
 */
char *config_socket(const char *path, struct err *e);
#define CONFIG_SOCKET "/run/cefwd/cefwd.sock" /* where none is named */

/*
 * A map_load_fn: looks for a name without "/" first in the folder of the
 * including file, then in the folders of the search list (ctx: a
 * NULL-terminated array of folders; "." for the working folder); a name with
 * "/" is a path.
 */
map_load_fn config_map_load;

/* The built-in search list: /etc/cefwd/maps, DATADIR/maps. */
extern const char *const config_map_path[];

/* Write the table of options, a line each of section, key, default ("!": must
   be set), range or words, and help, divided by TABs: for tests of the
   manual. */
void config_list_options(FILE *out);

#endif /* CEFWD_CONFIG_CONF_H */
