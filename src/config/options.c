/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/obj.h"
#include "config/options.h"

#define S           ((uint64_t)1000)
#define M           (60 * S)
#define H           (60 * M)
#define D           (24 * H)

#define AT_G(field) offsetof(struct conf_global, field)
#define AT_S(field) offsetof(struct conf_source, field)
#define AT_D(field) offsetof(struct conf_destination, field)
#define AT_F(field) offsetof(struct conf_forward, field)
#define AT_A(field) offsetof(struct conf_api, field)

/* In the order of enum log_level. */
static const char *const log_levels[] = { "error", "warning", "info", "debug",
	NULL };

static const char *const switches[] = { "no", "yes", NULL };

/* PS256 with x5t#S256, RS256 with x5t. */
static const char *const assertions[] = { "sha256", "sha1", NULL };

/* In the order of enum log_format. */
static const char *const log_formats[] = { "auto", "text", "json", "journal",
	NULL };

/* In the order of enum api_time; of enum api_paging. */
static const char *const times[] = { "iso", "iso-ms", "iso-s", "epoch",
	"epoch-ms", NULL };
static const char *const pagings[] = { "none", "link", "header", "offset",
	"cursor", NULL };

/* In the order of enum lane_updates. */
static const char *const updates[] = { "first", "changed", "all", NULL };

/* In the order of enum dest_framing. */
static const char *const framings[] = { "lf", "octet-counting", NULL };

/* In the order of enum dest_header. */
static const char *const headers[] = { "rfc3164", "rfc5424", "none", NULL };

/* RFC 5424, table 1: the index is the code. */
static const char *const facilities[] = { "kern", "user", "mail", "daemon",
	"auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "audit", "alert", "clock", "local0", "local1", "local2",
	"local3", "local4", "local5", "local6", "local7", NULL };

/* clang-format off */

/* kind, key, type, field: default, range, rules; the help line. */
static const struct option options[] = {
	{ CONF_GLOBAL, "state-dir", OPTION_PATH, AT_G(state_dir),
	  .def = "/var/lib/cefwd",
	  .reload = RELOAD_NEVER,
	  .help = "folder of the cursors and of what was sent" },
	{ CONF_GLOBAL, "listen", OPTION_TEXTS, AT_G(listen),
	  .def = "unix:" CONFIG_SOCKET, .check = conf__check_listen,
	  .reload = RELOAD_NEVER,
	  .help = "where status, metrics and health are answered" },
	{ CONF_GLOBAL, "listen-host", OPTION_TEXTS, AT_G(listen_host),
	  .check = conf__check_host_name,
	  .reload = RELOAD_NEVER,
	  .help = "further names of this host in requests over TCP" },
	{ CONF_GLOBAL, "map-path", OPTION_PATHS, AT_G(map_path),
	  .def = CEFWD_SYSCONFDIR "/maps " CEFWD_DATADIR "/maps",
	  .reload = RELOAD_LIVE,
	  .help = "folders where maps are looked for, in order" },
	{ CONF_GLOBAL, "log-level", OPTION_CHOICE, AT_G(log_level),
	  .def = "info", .words = log_levels,
	  .reload = RELOAD_LIVE,
	  .help = "how much is logged" },
	{ CONF_GLOBAL, "log-format", OPTION_CHOICE, AT_G(log_format),
	  .def = "auto", .words = log_formats,
	  .reload = RELOAD_LIVE,
	  .help = "how log lines look" },
	{ CONF_GLOBAL, "heartbeat", OPTION_DURATION, AT_G(heartbeat),
	  .def = "5m", .min = 1 * S, .max = 1 * D, .allows_zero = true,
	  .reload = RELOAD_LIVE,
	  .help = "time between two CEF events that say cefwd is alive" },
	{ CONF_GLOBAL, "stop-timeout", OPTION_DURATION, AT_G(stop_timeout),
	  .def = "15s", .min = 1 * S, .max = 1 * H, .allows_zero = true,
	  .reload = RELOAD_LIVE,
	  .help = "how long a stop waits for lines to settle" },

	{ CONF_SOURCE, "api", OPTION_TEXT, AT_S(api), .is_required = true,
	  .help = "which alert API is asked" },
	{ CONF_SOURCE, "cloud", OPTION_TEXT, AT_S(cloud), .def = "public",
	  .help = "which Microsoft cloud the tenant lives in" },
	{ CONF_SOURCE, "tenant", OPTION_TEXTS, AT_S(tenant),
	  .is_required = true, .check = conf__check_tenant,
	  .reload = RELOAD_LIVE,
	  .help = "domain or ID of the tenant; several make a feed each" },
	{ CONF_SOURCE, "client-id", OPTION_TEXT, AT_S(client_id),
	  .check = conf__check_word,
	  .help = "application (client) ID of the app registration" },
	{ CONF_SOURCE, "client-secret-file", OPTION_PATH,
	  AT_S(client_secret_file),
	  .is_reread = true,
	  .help = "file with the client secret's value" },
	{ CONF_SOURCE, "client-certificate-file", OPTION_PATH,
	  AT_S(client_certificate_file),
	  .is_reread = true,
	  .help = "certificate, PEM or PKCS#12, instead of a secret" },
	{ CONF_SOURCE, "client-key-file", OPTION_PATH, AT_S(client_key_file),
	  .is_reread = true,
	  .help = "its private key, if that stands in another file" },
	{ CONF_SOURCE, "client-key-password-file", OPTION_PATH,
	  AT_S(client_key_password_file),
	  .help = "file with the password of the key or the PKCS#12 file" },
	{ CONF_SOURCE, "client-assertion", OPTION_CHOICE,
	  AT_S(client_assertion), .def = "sha256", .words = assertions,
	  .help = "how the certificate's assertion is signed" },
	{ CONF_SOURCE, "federated-token-file", OPTION_PATH,
	  AT_S(federated_token_file),
	  .is_reread = true,
	  .help = "token of another issuer, instead of a secret" },
	{ CONF_SOURCE, "managed-identity", OPTION_CHOICE,
	  AT_S(managed_identity), .def = "no", .words = switches,
	  .help = "sign in as this Azure machine, without a secret" },
	{ CONF_SOURCE, "imds-url", OPTION_TEXT, AT_S(imds_url),
	  .check = conf__check_origin,
	  .help = "stand-in for Azure's metadata service, for tests" },
	{ CONF_SOURCE, "map", OPTION_TEXT, AT_S(map),
	  .reload = RELOAD_LIVE,
	  .help = "mapping from alert to CEF" },
	{ CONF_SOURCE, "poll-interval", OPTION_DURATION, AT_S(poll_interval),
	  .def = "60s", .min = 50, .max = 1 * D,
	  .reload = RELOAD_LIVE,
	  .help = "time between two passes" },
	{ CONF_SOURCE, "start", OPTION_DURATION, AT_S(start),
	  .def = "24h", .min = 1 * S, .max = 3650 * D, .allows_zero = true,
	  .reload = RELOAD_LIVE,
	  .help = "how far back the very first pass looks" },
	{ CONF_SOURCE, "overlap", OPTION_DURATION, AT_S(overlap),
	  .def = "15m", .min = 1 * S, .max = 30 * D, .allows_zero = true,
	  .reload = RELOAD_LIVE,
	  .help = "how far before the cursor each pass begins" },
	{ CONF_SOURCE, "retention", OPTION_DURATION, AT_S(retention),
	  .def = "180d", .min = 1 * H, .max = 3650 * D,
	  .help = "how far back the API can answer" },
	{ CONF_SOURCE, "updates", OPTION_CHOICE, AT_S(updates),
	  .def = "changed", .words = updates,
	  .reload = RELOAD_LIVE,
	  .help = "when an alert that was sent is sent again" },
	{ CONF_SOURCE, "remember", OPTION_DURATION, AT_S(remember),
	  .def = "180d", .min = 1 * H, .max = 3650 * D,
	  .reload = RELOAD_LIVE,
	  .help = "how long what was sent is remembered" },
	{ CONF_SOURCE, "quiet-after", OPTION_DURATION, AT_S(quiet_after),
	  .def = "24h", .min = 1 * M, .max = 3650 * D, .allows_zero = true,
	  .reload = RELOAD_LIVE,
	  .help = "time without an alert that is told as a health event" },
	{ CONF_SOURCE, "filter", OPTION_TEXT, AT_S(filter),
	  .help = "OData filter that is joined to cefwd's own with and" },
	{ CONF_SOURCE, "authority", OPTION_TEXT, AT_S(authority),
	  .check = conf__check_origin,
	  .help = "scheme, host and port of the login service" },
	{ CONF_SOURCE, "base-url", OPTION_TEXT, AT_S(base_url),
	  .check = conf__check_origin,
	  .help = "scheme, host and port of the alert API" },
	{ CONF_SOURCE, "scope", OPTION_TEXT, AT_S(scope),
	  .check = conf__check_word,
	  .help = "scope asked of the v2.0 token endpoint" },
	{ CONF_SOURCE, "resource", OPTION_TEXT, AT_S(resource),
	  .check = conf__check_word,
	  .help = "resource asked of the v1 token endpoint" },
	{ CONF_SOURCE, "region", OPTION_TEXT, AT_S(region),
	  .help = "where the tenant's data is kept" },
	{ CONF_SOURCE, "ca-file", OPTION_PATH, AT_S(ca_file),
	  .help = "certificates trusted for the API and the login service" },
	{ CONF_SOURCE, "proxy", OPTION_TEXT, AT_S(proxy),
	  .check = conf__check_proxy,
	  .help = "HTTP proxy on the way to Microsoft" },
	{ CONF_SOURCE, "proxy-user", OPTION_TEXT, AT_S(proxy_user),
	  .help = "user name at the proxy" },
	{ CONF_SOURCE, "proxy-password-file", OPTION_PATH,
	  AT_S(proxy_password_file),
	  .help = "file with the password at the proxy" },
	{ CONF_SOURCE, "page-size", OPTION_NUMBER, AT_S(page_size),
	  .def = "0", .min = 1, .max = 10000, .allows_zero = true,
	  .help = "alerts asked for in one call" },

	{ CONF_DESTINATION, "url", OPTION_TEXTS, AT_D(url),
	  .is_required = true,
	  .help = "receivers, tried in order" },
	{ CONF_DESTINATION, "return-after", OPTION_DURATION, AT_D(return_after),
	  .def = "1m", .min = 1 * S, .max = 1 * D, .allows_zero = true,
	  .help = "how long an earlier url must be well to be used again" },
	{ CONF_DESTINATION, "ca-file", OPTION_PATH, AT_D(ca_file),
	  .help = "certificates trusted for a tls:// receiver" },
	{ CONF_DESTINATION, "client-certificate-file", OPTION_PATH,
	  AT_D(client_certificate_file),
	  .help = "certificate shown to a tls:// receiver" },
	{ CONF_DESTINATION, "client-key-file", OPTION_PATH,
	  AT_D(client_key_file),
	  .help = "its private key, where it stands in a file of its own" },
	{ CONF_DESTINATION, "client-key-password-file", OPTION_PATH,
	  AT_D(client_key_password_file),
	  .help = "file with the password of that key" },
	{ CONF_DESTINATION, "server-name", OPTION_TEXT, AT_D(server_name),
	  .check = conf__check_host_name,
	  .help = "name that the certificate of a tls:// receiver has" },
	{ CONF_DESTINATION, "framing", OPTION_CHOICE, AT_D(framing),
	  .def = "lf", .words = framings,
	  .help = "what divides lines on a stream" },
	{ CONF_DESTINATION, "header", OPTION_CHOICE, AT_D(header),
	  .def = "rfc3164", .words = headers,
	  .help = "syslog header before each line" },
	{ CONF_DESTINATION, "facility", OPTION_CHOICE, AT_D(facility),
	  .def = "user", .words = facilities,
	  .help = "syslog facility of each line" },
	{ CONF_DESTINATION, "cef-version", OPTION_NUMBER, AT_D(cef_version),
	  .def = "0", .min = 0, .max = 1,
	  .help = "version of CEF that each line names" },
	{ CONF_DESTINATION, "host-name", OPTION_TEXT, AT_D(host_name),
	  .check = conf__check_host_name,
	  .help = "host in the syslog header" },
	{ CONF_DESTINATION, "max-line", OPTION_SIZE, AT_D(max_line),
	  .def = "8191", .min = 480, .max = CEF_LINE_MAX,
	  .help = "longest line, syslog header included" },
	{ CONF_DESTINATION, "max-rate", OPTION_NUMBER, AT_D(max_rate),
	  .def = "0", .min = 1, .max = 1000000, .allows_zero = true,
	  .help = "lines a second, at most" },
	{ CONF_DESTINATION, "settle", OPTION_DURATION, AT_D(settle),
	  .def = "5s", .min = 100, .max = 10 * M,
	  .help = "how long a line must have been read to be settled" },
	{ CONF_DESTINATION, "window", OPTION_SIZE, AT_D(window),
	  .def = "4m", .min = 64 << 10, .max = 1 << 30,
	  .help = "bytes held until they have settled" },

	{ CONF_FORWARD, "source", OPTION_TEXT, AT_F(source),
	  .is_required = true,
	  .help = "name of a source" },
	{ CONF_FORWARD, "destination", OPTION_TEXT, AT_F(destination),
	  .is_required = true,
	  .help = "name of the destination that gets its alerts" },

	{ CONF_API, "base-url", OPTION_TEXT, AT_A(base_url),
	  .is_required = true, .check = conf__check_origin,
	  .help = "scheme, host and port of the API" },
	{ CONF_API, "path", OPTION_TEXT, AT_A(path),
	  .is_required = true, .check = conf__check_url_path,
	  .help = "path of its list of alerts" },
	{ CONF_API, "token-url", OPTION_TEXT, AT_A(token_url),
	  .check = conf__check_token_url,
	  .help = "token endpoint, if that is not Entra ID's" },
	{ CONF_API, "scope", OPTION_TEXT, AT_A(scope),
	  .check = conf__check_word,
	  .help = "scope that a token is asked for with" },
	{ CONF_API, "resource", OPTION_TEXT, AT_A(resource),
	  .check = conf__check_word,
	  .help = "resource, instead of a scope" },
	{ CONF_API, "headers", OPTION_TEXTS, AT_A(headers),
	  .check = conf__check_header,
	  .help = "further headers of each request" },
	{ CONF_API, "permission", OPTION_TEXT, AT_A(permission),
	  .def = "\"the permission to read alerts\"",
	  .help = "what is missing where the API answers 403, in words" },
	{ CONF_API, "parameters", OPTION_TEXTS, AT_A(parameters),
	  .help = "query of each request" },
	{ CONF_API, "until-parameters", OPTION_TEXTS, AT_A(until_parameters),
	  .help = "query of requests for a time that has an end" },
	{ CONF_API, "time-format", OPTION_CHOICE, AT_A(time),
	  .def = "iso", .words = times,
	  .help = "how times are written in queries" },
	{ CONF_API, "records", OPTION_TEXT, AT_A(records),
	  .check = conf__check_member,
	  .help = "member of the answer that holds the alerts" },
	{ CONF_API, "id", OPTION_TEXTS, AT_A(id), .def = "id",
	  .check = conf__check_member,
	  .help = "member that is an alert's identity" },
	{ CONF_API, "updated", OPTION_TEXT, AT_A(updated),
	  .check = conf__check_member,
	  .help = "member with the time of its last update" },
	{ CONF_API, "created", OPTION_TEXT, AT_A(created),
	  .check = conf__check_member,
	  .help = "member with the time of its creation" },
	{ CONF_API, "final", OPTION_CHOICE, AT_A(is_final),
	  .def = "no", .words = switches,
	  .help = "whether an alert never changes" },
	{ CONF_API, "paging", OPTION_CHOICE, AT_A(paging),
	  .def = "none", .words = pagings,
	  .help = "how the next page is asked for" },
	{ CONF_API, "next", OPTION_TEXT, AT_A(next),
	  .check = conf__check_member,
	  .help = "member of the answer that names the next page" },
	{ CONF_API, "next-parameter", OPTION_TEXT, AT_A(next_parameter),
	  .check = conf__check_word,
	  .help = "parameter that asks for the next page" },
	{ CONF_API, "offset-max", OPTION_NUMBER, AT_A(offset_max),
	  .def = "0", .min = 1, .max = 1000000000, .allows_zero = true,
	  .help = "largest offset that the API takes" },
	{ CONF_API, "count", OPTION_TEXT, AT_A(count),
	  .check = conf__check_member,
	  .help = "member of the answer that counts all alerts" },
	{ CONF_API, "page-size", OPTION_NUMBER, AT_A(page_size),
	  .def = "0", .min = 1, .max = 10000, .allows_zero = true,
	  .help = "alerts asked for in one call" },
	{ CONF_API, "page-size-max", OPTION_NUMBER, AT_A(page_max),
	  .def = "0", .min = 1, .max = 10000, .allows_zero = true,
	  .help = "largest page-size that the API takes" },
	{ CONF_API, "calls-per-minute", OPTION_NUMBER, AT_A(calls_per_minute),
	  .def = "0", .min = 1, .max = 1000000, .allows_zero = true,
	  .help = "calls that the API allows in a minute" },
	{ CONF_API, "calls-per-hour", OPTION_NUMBER, AT_A(calls_per_hour),
	  .def = "0", .min = 1, .max = 100000000, .allows_zero = true,
	  .help = "calls that the API allows in an hour" },
};

/* clang-format on */

const struct option *
option_at(size_t i)
{
	return i < NELEM(options) ? &options[i] : NULL;
}

const struct option *
option_find(enum conf_kind kind, const char *key)
{
	for (size_t i = 0; i < NELEM(options); i++) {
		if (options[i].kind == kind && strcmp(options[i].key, key) == 0)
			return &options[i];
	}
	return NULL;
}

const char *
option_near(enum conf_kind kind, const char *key)
{
	const char *names[NELEM(options)];
	size_t n = 0;

	for (size_t i = 0; i < NELEM(options); i++) {
		if (options[i].kind == kind)
			names[n++] = options[i].key;
	}
	return near_name(key, names, n);
}
