/*
 * conf_priv.h - what the files of the room share
 *
 *   text -> kf_parse() -> [options.c, one table] -> the raw structs below
 *        -> [rules_*.c, between options] -> struct config of the door
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_CONFIG_CONF_PRIV_H
#define CEFWD_CONFIG_CONF_PRIV_H

#include "base/buf.h"
#include "config/conf.h"
#include "keyfile/keyfile.h"

/* Several words of one value, with where they stand. */
struct conf_word {
	char *text;
	size_t at, len; /* in the value, as written */
};
struct conf_words {
	struct conf_word *v;
	size_t n, cap;
};

/*
 * The options as they stand in the file, defaults filled in.  What is missing
 * or faulty is NULL, 0 or empty: the rules go on with what there is, so that
 * all faults are told in one go.
 */
struct conf_global {
	const struct kf_section *section;
	const char *state_dir;
	struct conf_words listen;
	struct conf_words listen_host;
	struct conf_words map_path;
	unsigned int log_level;
	unsigned int log_format;
	uint64_t heartbeat;
	uint64_t stop_timeout;
};

struct conf_source {
	const struct kf_section *section;
	const char *api;
	const char *cloud;
	struct conf_words tenant;
	const char *client_id;
	const char *client_secret_file;
	const char *client_certificate_file;
	const char *client_key_file;
	const char *client_key_password_file;
	unsigned int client_assertion;
	const char *federated_token_file;
	unsigned int managed_identity;
	const char *imds_url;
	const char *map;
	uint64_t poll_interval;
	uint64_t start;
	uint64_t overlap;
	uint64_t retention;
	unsigned int updates;
	uint64_t remember;
	uint64_t quiet_after;
	const char *filter;
	const char *authority;
	const char *base_url;
	const char *scope;
	const char *resource;
	const char *region;
	const char *ca_file;
	const char *proxy;
	const char *proxy_user;
	const char *proxy_password_file;
	uint64_t page_size;
};

struct conf_destination {
	const struct kf_section *section;
	struct conf_words url;
	uint64_t return_after;
	const char *ca_file;
	const char *client_certificate_file;
	const char *client_key_file;
	const char *client_key_password_file;
	const char *server_name;
	unsigned int framing;
	unsigned int header;
	unsigned int facility;
	uint64_t cef_version;
	const char *host_name;
	uint64_t max_line;
	uint64_t max_rate;
	uint64_t settle;
	uint64_t window;
	struct dest_url *urls; /* parsed */
	size_t n_urls;
};

struct conf_forward {
	const struct kf_section *section;
	const char *source;
	const char *destination;
};

struct conf_api {
	const struct kf_section *section;
	const char *base_url;
	const char *path;
	const char *token_url;
	const char *scope;
	const char *resource;
	struct conf_words headers;
	const char *permission;
	const char *records;
	struct conf_words id;
	const char *updated;
	const char *created;
	unsigned int time;
	unsigned int is_final;
	unsigned int paging;
	const char *next;
	const char *next_parameter;
	uint64_t offset_max;
	const char *count;
	uint64_t page_size;
	uint64_t page_max;
	struct conf_words parameters;
	struct conf_words until_parameters;
	uint64_t calls_per_minute;
	uint64_t calls_per_hour;
	struct api row; /* built of it */
	const char **lists[4];
};

struct conf_map {
	const char *name;
	struct map *map;
	uint64_t print; /* of its text and that of what it includes */
};

/* A configuration under way, and the owner of all that the door shows. */
struct conf {
	unsigned int magic;
	struct config pub;
	struct kf *kf;
	char *dir; /* of the file, with its "/"; "" for the working folder */
	struct faults *faults;
	bool is_signing_in; /* no fault that nobody has */

	struct conf_global global;
	struct conf_source *sources;
	size_t n_sources, sources_cap;
	struct conf_api *apis; /* those of the user's own */
	size_t n_apis, apis_cap;
	struct conf_destination *destinations;
	size_t n_destinations, destinations_cap;
	struct conf_forward *forwards;
	size_t n_forwards, forwards_cap;

	char **strings; /* what the structs above point to */
	size_t n_strings, strings_cap;
	char **secrets; /* the same, wiped at the end */
	size_t n_secrets, secrets_cap;
	struct conf_map *maps; /* each compiled once */
	size_t n_maps, maps_cap;
	const char **map_path;
	const char **listen, **listen_hosts;
};

/* c owns s from now on; returns it. */
const char *conf__keep(struct conf *c, char *s);
const char *conf__keep_secret(struct conf *c, char *s);

/* A path of the configuration: relative ones begin at its folder. */
const char *conf__path(struct conf *c, const char *path);

enum conf_kind {
	CONF_GLOBAL,
	CONF_SOURCE,
	CONF_DESTINATION,
	CONF_FORWARD,
	CONF_API,
};

/* "", "source", ...; -1 if there is none. */
int conf__kind(const char *word);
const char *conf__kind_header(enum conf_kind kind); /* "[source NAME]" */

/* Read a section's entries into the raw struct of its kind. */
void conf__read_section(
    struct conf *c, enum conf_kind kind, const struct kf_section *s, void *raw);
void conf__words_free(struct conf_words *w);

/* The line of an entry, for "see line 7". */
unsigned int conf__line(const struct kf_entry *en);

/* A fault of the value of a key, or of a word of it; at the section's header
   where it has no such key. */
void conf__fault(struct conf *c, const struct kf_section *s, const char *key,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void conf__fault_word(struct conf *c, const struct kf_section *s,
    const char *key, const struct conf_word *word, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Shapes of values: 0, or -1 with e. */
typedef int conf_check_fn(const char *text, struct err *e);
conf_check_fn conf__check_listen, conf__check_tenant, conf__check_guid,
    conf__check_origin, conf__check_proxy, conf__check_word,
    conf__check_host_name, conf__check_url_path, conf__check_token_url,
    conf__check_header, conf__check_member;
bool conf__is_guid(const char *text);

/*
 * Fingerprints.  Of a section: all its options but those of which a change
 * starts nothing over, the contents of files that they name, and its [api].
 */
uint64_t conf__print_section(
    struct conf *c, enum conf_kind kind, const struct kf_section *s);
struct map *
conf__compile_map(struct conf *c, const char *name, uint64_t *print);

/* The rows of the user's own: built before the sources that name them. */
void conf__rules_apis(struct conf *c);
void conf__api_free(struct conf_api *raw);

/* The row of that name, the user's own or not; NULL. */
const struct api *conf__api_find(const struct conf *c, const char *name);

/* Rules between options; they fill c->pub. */
void conf__rules_sources(struct conf *c);
void conf__rules_destinations(struct conf *c);
void conf__rules_forwards(struct conf *c);

/*
 * The endpoints of a source: api, origin, authority, scope or resource.
 * o->api stays NULL where there is no such API.
 */
void conf__rules_endpoint(
    struct conf *c, const struct conf_source *raw, struct config_feed *o);

/*
 * How the source signs in: one of the ways, or else a user.
 * conf__secret_ways() adds those of a client secret to the list, "the
 * environment's X", and returns how many.
 */
void conf__rules_grant(
    struct conf *c, const struct conf_source *raw, struct auth_options *o);
int conf__secret_ways(
    struct conf *c, const struct conf_source *raw, struct buf *list);

/* Where a user signs in: the tenant's refresh token, a fault if absent. */
void conf__rules_sign_in(
    struct conf *c, const struct conf_source *raw, struct auth_options *o);
/* CEFWD_DEFENDER_EU_CLIENT_SECRET for "defender-eu"; free() it. */
char *conf__env_name(const char *source);
void conf__rules_secret(
    struct conf *c, const struct conf_source *raw, struct auth_options *o);

/*
 * conf__read_secret(path, out, e): the one line of a file that others cannot
 * read, its newline taken off.  *out is the caller's, for wipe_free().
 */
int conf__read_secret(const char *path, char **out, struct err *e);

/* Whether nobody but owner and group can read it; the words name the mend. */
int conf__check_private(const char *path, struct err *e);

/* Read a file of at most max bytes into text; ERR_NOINPUT. */
int conf__read_file(const char *path, struct buf *text, struct err *e);

#endif /* CEFWD_CONFIG_CONF_PRIV_H */
