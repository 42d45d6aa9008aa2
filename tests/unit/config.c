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

static void
defaults_are_the_manuals(void **state)
{
	struct config *c = config_rig_load_good(SOURCE DESTINATION);
	const struct config_source *s = &c->sources[0];
	const struct dest_options *d = &c->destinations[0];

	(void)state;
	assert_string_equal(c->state_dir, "/var/lib/cefwd");
	assert_string_equal(c->listen[0], "unix:/run/cefwd/cefwd.sock");
	assert_null(c->listen[1]);
	assert_false(c->is_listen_given);
	assert_null(c->listen_hosts[0]);
	assert_string_equal(c->map_path[0], config_map_path[0]);
	assert_string_equal(c->map_path[1], config_map_path[1]);
	assert_null(c->map_path[2]);
	assert_int_equal(c->log_level, LOG_LEVEL_INFO);
	assert_int_equal(c->heartbeat_ms, 300000);
	assert_int_equal(c->stop_timeout_ms, 15000);
	assert_int_equal(c->n_sources, 1);
	assert_string_equal(s->name, "a");
	assert_int_equal(s->poll_interval_ms, 60000);
	assert_int_equal(s->start_ms, 86400000);
	assert_int_equal(s->overlap_ms, 900000);
	assert_int_equal(s->updates, UPDATES_CHANGED);
	assert_int_equal(s->remember_ms, 15552000000);
	assert_int_equal(s->quiet_after_ms, 86400000);
	assert_non_null(s->map);
	assert_int_equal(s->n_feeds, 1);
	assert_string_equal(s->feeds[0].source.name, "a");
	assert_string_equal(s->feeds[0].source.tenant, TENANT);
	assert_string_equal(s->feeds[0].source.api->name, "graph-alerts");
	assert_string_equal(
	    s->feeds[0].source.origin, "https://graph.microsoft.com");
	assert_null(s->feeds[0].source.filter);
	assert_int_equal(s->feeds[0].source.retention_ms, 15552000000);
	assert_int_equal(s->feeds[0].source.page_size, 0);
	assert_null(s->feeds[0].source.route.proxy);
	assert_string_equal(s->feeds[0].auth.tenant, TENANT);
	assert_string_equal(s->feeds[0].auth.client_id, CLIENT_ID);
	assert_string_equal(
	    s->feeds[0].auth.authority, "https://login.microsoftonline.com");
	assert_string_equal(
	    s->feeds[0].auth.scope, "https://graph.microsoft.com/.default");
	assert_null(s->feeds[0].auth.resource);
	assert_null(s->feeds[0].auth.client_secret);
	assert_non_null(
	    strstr(s->feeds[0].auth.client_secret_file, "/good.secret"));
	assert_int_equal(c->n_destinations, 1);
	assert_string_equal(d->name, "d");
	assert_int_equal(d->n_urls, 1);
	assert_int_equal(d->urls[0].scheme, DEST_TCP);
	assert_int_equal(d->header, DEST_HEADER_RFC3164);
	assert_int_equal(d->facility, 1);
	assert_int_equal(d->cef_version, 0);
	assert_non_null(d->host_name);
	assert_null(strchr(d->host_name, '.'));
	assert_int_equal(d->max_line, 8191);
	assert_int_equal(d->settle_ms, 5000);
	assert_int_equal(d->window_bytes, 4 << 20);
	assert_int_equal(c->n_forwards, 1);
	config_free(c);
}

static void
hosts_and_audiences_follow_api_cloud_and_region(void **state)
{
	static const struct {
		const char *lines, *origin, *scope, *resource;
	} rows[] = {
		{ "api = graph-incidents\ncloud = dod\n",
		    "https://dod-graph.microsoft.us",
		    "https://dod-graph.microsoft.us/.default", NULL },
		{ "api = defender-alerts\n",
		    "https://api.securitycenter.microsoft.com",
		    "https://api.securitycenter.microsoft.com/.default", NULL },
		{ "api = defender-alerts\nregion = aea\n",
		    "https://aea.api.security.microsoft.com",
		    "https://api.securitycenter.microsoft.com/.default", NULL },
		{ "api = defender-alerts\ncloud = gcc\n",
		    "https://api-gcc.securitycenter.microsoft.us",
		    "https://api-gcc.securitycenter.microsoft.us/.default",
		    NULL },
		{ "api = defender-incidents\nregion = uk\n",
		    "https://uk.api.security.microsoft.com",
		    "https://api.security.microsoft.com/.default", NULL },
		{ "api = defender-incidents\ncloud = gcc-high\n",
		    "https://api-gov.security.microsoft.us",
		    "https://api-gov.security.microsoft.us/.default", NULL },
		{ "api = wdatp-siem\n",
		    "https://wdatp-alertexporter-eu.windows.com", NULL,
		    "https://graph.windows.net" },
		/* A host that the table does not know. */
		{ "api = graph-alerts\ncloud = china\n"
		  "base-url = https://graph.example.com/\n",
		    "https://graph.example.com",
		    "https://graph.example.com/.default", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char text[1024];
		struct config *c;

		(void)snprintf(text, sizeof(text),
		    "map-path = more\n[source a]\n%stenant = b.example.com\n"
		    "client-id = " CLIENT_ID "\nmap = inner.map\n"
		    "client-secret-file = group.secret\n"
		    "[destination d]\nurl = tcp://192.0.2.1\n",
		    rows[i].lines);
		c = config_rig_load_good(text);
		assert_string_equal(
		    c->sources[0].feeds[0].source.origin, rows[i].origin);
		if (rows[i].scope != NULL)
			assert_string_equal(
			    c->sources[0].feeds[0].auth.scope, rows[i].scope);
		else
			assert_string_equal(
			    c->sources[0].feeds[0].auth.resource,
			    rows[i].resource);
		config_free(c);
	}
}

static void
every_option_reaches_its_struct(void **state)
{
	struct config *c = config_rig_load_good(
	    "state-dir = st\n"
	    "listen = unix:/tmp/x.sock 127.0.0.1:9464\n"
	    "listen-host = soc.example.com\n"
	    "map-path = more \"/maps of ours\"\n"
	    "log-level = debug\nheartbeat = 0\nstop-timeout = 1m\n"
	    "[source a-1]\n"
	    "api = wdatp-siem\ncloud = public\nregion = eu\n"
	    "tenant = b.example.com " CLIENT_ID " \\\n   c.example.com\n"
	    "client-id = " CLIENT_ID "\n"
	    "client-secret-file = group.secret\n"
	    "map = inner.map\n"
	    "poll-interval = 5m\nstart = 0\noverlap = 1h\nretention = 30d\n"
	    "updates = all\nremember = 1h\nquiet-after = 0\n"
	    "authority = http://127.0.0.1:8080/\n"
	    "base-url = https://proxy.example.com:8443\n"
	    "ca-file = ca.pem\nproxy = http://proxy.example.com:3128\n"
	    "proxy-user = u\nproxy-password-file = crlf.secret\n"
	    "[source b]\napi = graph-alerts\ncloud = gcc-high\n"
	    "tenant = b.example.com\nclient-id = " CLIENT_ID "\n"
	    "client-secret-file = long.secret\nmap = inner.map\n"
	    "filter = \"severity ne 'low'\" # both quotes\n"
	    "page-size = 10\nupdates = first\nscope = api://x/.default\n"
	    "[destination d]\n"
	    "url = tcp://192.0.2.1 tcp://[2001:db8::1]:601\n"
	    "framing = octet-counting\nheader = rfc5424\nfacility = local7\n"
	    "cef-version = 1\nhost-name = h.example.com\nmax-line = 64k\n"
	    "settle = 100ms\nwindow = 64k\n"
	    "[destination e]\nurl = tcp://192.0.2.1\n"
	    "[forward]\nsource = b\ndestination = d\n"
	    "[forward]\nsource = a-1\ndestination = e\n");
	const struct config_source *s = &c->sources[0];
	const struct http_route *r = &s->feeds[2].auth.route;
	const struct dest_options *d = &c->destinations[0];

	(void)state;
	assert_non_null(strstr(c->state_dir, "/st"));
	assert_string_equal(c->listen[0], "unix:/tmp/x.sock");
	assert_string_equal(c->listen[1], "127.0.0.1:9464");
	assert_null(c->listen[2]);
	assert_true(c->is_listen_given);
	assert_string_equal(c->listen_hosts[0], "soc.example.com");
	assert_non_null(strstr(c->map_path[0], "/more"));
	assert_string_equal(c->map_path[1], "/maps of ours");
	assert_null(c->map_path[2]);
	assert_int_equal(c->log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(c->heartbeat_ms, 0);
	assert_int_equal(c->stop_timeout_ms, 60000);
	assert_int_equal(s->n_feeds, 3);
	assert_string_equal(s->feeds[0].source.tenant, "b.example.com");
	assert_string_equal(s->feeds[1].auth.tenant, CLIENT_ID);
	assert_string_equal(s->feeds[2].auth.tenant, "c.example.com");
	assert_string_equal(s->map_name, "inner.map");
	assert_int_equal(s->poll_interval_ms, 300000);
	assert_int_equal(s->start_ms, 0);
	assert_int_equal(s->overlap_ms, 3600000);
	assert_int_equal(s->updates, UPDATES_ALL);
	assert_int_equal(s->remember_ms, 3600000);
	assert_int_equal(s->quiet_after_ms, 0);
	assert_string_equal(
	    c->sources[1].feeds[0].source.filter, "severity ne 'low'");
	assert_int_equal(s->feeds[2].source.retention_ms, 2592000000);
	assert_string_equal(
	    s->feeds[2].source.origin, "https://proxy.example.com:8443");
	assert_string_equal(
	    s->feeds[2].auth.authority, "http://127.0.0.1:8080");
	assert_non_null(strstr(r->ca_file, "/ca.pem"));
	assert_string_equal(r->proxy, "http://proxy.example.com:3128");
	assert_string_equal(r->proxy_user, "u");
	assert_string_equal(r->proxy_password, "s3cret");
	assert_ptr_equal(s[0].map, s[1].map);
	s++;
	assert_int_equal(s->updates, UPDATES_FIRST);
	assert_int_equal(s->feeds[0].source.page_size, 10);
	assert_string_equal(
	    s->feeds[0].source.origin, "https://graph.microsoft.us");
	assert_string_equal(
	    s->feeds[0].auth.authority, "https://login.microsoftonline.us");
	assert_string_equal(s->feeds[0].auth.scope, "api://x/.default");
	assert_int_equal(d->n_urls, 2);
	assert_int_equal(d->urls[0].scheme, DEST_TCP);
	assert_int_equal(d->urls[1].scheme, DEST_TCP);
	assert_int_equal(d->facility, 23);
	assert_int_equal(d->cef_version, 1);
	assert_string_equal(d->host_name, "h.example.com");
	assert_int_equal(d->max_line, 65536);
	assert_int_equal(d->settle_ms, 100);
	assert_int_equal(d->window_bytes, 65536);
	assert_int_equal(c->n_forwards, 2);
	assert_int_equal(c->forwards[0].source, 1);
	assert_int_equal(c->forwards[0].destination, 0);
	assert_int_equal(c->forwards[1].source, 0);
	assert_int_equal(c->forwards[1].destination, 1);
	config_free(c);
}

static void
token_audiences_follow_row_and_override(void **state)
{
	static const struct {
		const char *lines, *scope, *resource;
	} rows[] = {
		{ "api = graph-alerts\n",
		    "https://graph.microsoft.com/.default", NULL },
		/* whom the token is for does not change with a gateway */
		{ "api = graph-alerts\nbase-url = http://localhost:8080\n",
		    "https://graph.microsoft.com/.default", NULL },
		{ "api = graph-alerts\ncloud = dod\n",
		    "https://dod-graph.microsoft.us/.default", NULL },
		{ "api = graph-alerts\nscope = x\n", "x", NULL },
		{ "api = graph-alerts\nresource = x\n", NULL, "x" },
		{ "api = wdatp-siem\n", NULL, "https://graph.windows.net" },
		{ "api = wdatp-siem\nscope = x\n", "x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char *text = xasprintf("[source a]\n%stenant = " TENANT
				       "\nclient-id = " CLIENT_ID
				       "\nclient-secret-file = good.secret\n"
				       "map = ./good.map\n" DESTINATION,
		    rows[i].lines);
		struct config *c = config_rig_load_good(text);
		const struct auth_options *o = &c->sources[0].feeds[0].auth;

		if (rows[i].scope == NULL)
			assert_null(o->scope);
		else
			assert_string_equal(o->scope, rows[i].scope);
		if (rows[i].resource == NULL)
			assert_null(o->resource);
		else
			assert_string_equal(o->resource, rows[i].resource);
		config_free(c);
		free(text);
	}
}

/* NULL: take it away. */
static void
set_env(const char *name, const char *value)
{
	/* NOLINTBEGIN(concurrency-mt-unsafe): there is one thread */
	if (value == NULL)
		assert_int_equal(unsetenv(name), 0);
	else
		assert_int_equal(setenv(name, value, 1), 0);
	/* NOLINTEND(concurrency-mt-unsafe) */
}

static void
a_secret_comes_from_one_place(void **state)
{
	static const char text[] = "[source a]\napi = graph-alerts\n"
				   "tenant = " TENANT "\nclient-id = " CLIENT_ID
				   "\nmap = ./good.map\n" DESTINATION;
	struct faults *faults;
	struct config *c;
	char *told;

	(void)state;
	set_env("CEFWD_A_CLIENT_SECRET", "from env");
	c = config_rig_load_good(text);
	assert_string_equal(
	    c->sources[0].feeds[0].auth.client_secret, "from env");
	assert_null(c->sources[0].feeds[0].auth.client_secret_file);
	config_free(c);

	faults = faults_new();
	assert_null(config_rig_load(SOURCE DESTINATION, faults));
	told = config_rig_faults(faults);
	assert_string_equal(told,
	    "5:22+11 [source a] has more than one way to sign in: "
	    "\"client-secret-file\" the environment's CEFWD_A_CLIENT_SECRET; "
	    "keep one\n");
	free(told);
	faults_free(faults);

	config_rig_write("a.client-secret", "credential\n", 0400);
	set_env("CREDENTIALS_DIRECTORY", config_rig_folder);
	faults = faults_new();
	assert_null(config_rig_load(text, faults));
	told = config_rig_faults(faults);
	assert_string_equal(told,
	    "1:1+10 [source a] has more than one way to sign in: the environment's "
	    "CEFWD_A_CLIENT_SECRET the systemd credential "
	    "DIR/a.client-secret; keep one\n");
	free(told);
	faults_free(faults);

	set_env("CEFWD_A_CLIENT_SECRET", NULL);
	c = config_rig_load_good(text);
	assert_non_null(strstr(c->sources[0].feeds[0].auth.client_secret_file,
	    "/a.client-secret"));
	assert_null(c->sources[0].feeds[0].auth.client_secret);
	config_free(c);
	set_env("CREDENTIALS_DIRECTORY", NULL);
}

static void
maps_are_found_and_told(void **state)
{
	static const char head[] = "map-path = more\n[source a]\n"
				   "api = graph-alerts\n"
				   "tenant = " TENANT "\nclient-id = " CLIENT_ID
				   "\nclient-secret-file = good.secret\n";
	/* the shipped map of the API's name is the default */
	static const struct {
		const char *line, *told;
	} rows[] = {
		{ "",
		    "2:1+10 map \"graph-alerts.map\" is in none of "
		    "DIR/more; write its path (./graph-alerts.map), or set "
		    "\"map-path\" in cefwd.conf\n" },
		{ "map = no.map\n",
		    "7:7+6 map \"no.map\" is in none of "
		    "DIR/more; write its path (./no.map), or set "
		    "\"map-path\" in cefwd.conf\n" },
		{ "map = ./no.map\n",
		    "7:7+8 DIR/./no.map cannot be read: No "
		    "such file or directory\n" },
	};
	struct faults *faults;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char *text = xasprintf("%s%s" DESTINATION, head, rows[i].line),
		     *told;

		faults = faults_new();
		assert_null(config_rig_load(text, faults));
		told = config_rig_faults(faults);
		assert_string_equal(told, rows[i].told);
		free(told);
		free(text);
		faults_free(faults);
	}
	/* Two sources, one faulty map: its faults are told once. */
	faults = faults_new();
	assert_null(config_rig_load(
	    "[source a]\napi = graph-alerts\ntenant = " TENANT
	    "\nclient-id = " CLIENT_ID "\nclient-secret-file = good.secret\n"
	    "map = ./bad.map\n"
	    "[source b]\napi = graph-alerts\ntenant = " TENANT
	    "\nclient-id = " CLIENT_ID "\nclient-secret-file = good.secret\n"
	    "map = ./bad.map\nsttart = 1\n" DESTINATION,
	    faults));
	for (size_t i = 0; i < faults_len(faults); i++) {
		const struct fault *a = faults_get(faults, i);

		for (size_t k = 0; k < i; k++) {
			const struct fault *b = faults_get(faults, k);

			assert_true(a->line != b->line || a->col != b->col ||
			    strcmp(a->message, b->message) != 0);
		}
	}
	assert_true(faults_len(faults) >= 2);
	assert_non_null(
	    strstr(faults_get(faults, faults_len(faults) - 1)->file, "bad"));
	faults_free(faults);
}

static void
the_map_loader_searches_folders(void **state)
{
	char *more = config_rig_path("more"),
	     *from = config_rig_path("good.map");
	const char *ctx[] = { "/nonexistent", more, NULL };
	struct buf text, path;
	struct err e;

	(void)state;
	buf_init(&text, 4096);
	buf_init(&path, 4096);
	assert_int_equal(
	    config_map_load(ctx, "inner.map", NULL, &text, &path, &e), 0);
	assert_string_equal(text.p, config_rig_map);
	assert_non_null(strstr(path.p, "/more/inner.map"));
	/* the including file's config_rig_folder comes first */
	assert_int_equal(
	    config_map_load(ctx, "bad.map", from, &text, &path, &e), 0);
	assert_non_null(strstr(path.p, "/bad.map"));
	assert_int_equal(
	    config_map_load(ctx, "bad.map", NULL, &text, &path, &e), -1);
	assert_int_equal(e.kind, ERR_NOINPUT);
	assert_int_equal(config_map_load(ctx, from, NULL, &text, &path, &e), 0);
	assert_string_equal(path.p, from);
	assert_int_equal(
	    config_map_load(ctx, "more", from, &text, &path, &e), -1);
	buf_fini(&text);
	buf_fini(&path);
	/* a text that does not fit is an error, not a part of a map */
	buf_init(&text, 10);
	buf_init(&path, 4096);
	assert_int_equal(
	    config_map_load(ctx, from, NULL, &text, &path, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	buf_fini(&text);
	buf_fini(&path);
	free(more);
	free(from);
}

static void
files_that_cannot_be_read_are_told(void **state)
{
	struct faults *faults = faults_new();
	char *told;

	(void)state;
	assert_null(config_load("/nonexistent/cefwd.conf", faults));
	told = config_rig_faults(faults);
	assert_string_equal(told,
	    "0:0+1 cannot be read: No such file or directory; write it as "
	    "cefwd.conf(5) shows, or name another with --config\n");
	free(told);
	faults_free(faults);
	config_free(NULL);
}

static void
a_lane_that_goes_nowhere_is_warned_of(void **state)
{
	struct faults *faults = faults_new();
	struct config *c = config_rig_load(SOURCE DESTINATION
	    "[destination e]\nurl = tcp://192.0.2.2\n"
	    "[forward]\nsource = a\ndestination = d\n",
	    faults);
	char *told = config_rig_faults(faults);

	(void)state;
	assert_non_null(c);
	assert_string_equal(told,
	    "9:1+15 warning: no [forward] names this destination: it gets "
	    "nothing\n");
	free(told);
	faults_free(faults);
	config_free(c);
}

/* "cefwd status" reads no secret, and is not kept from its answer by what is
   wrong elsewhere. */
static void
the_socket_is_found_whatever_else_is_wrong(void **state)
{
	static const struct {
		const char *text;
		const char *want; /* NULL: ERR_CONFIG */
	} rows[] = {
		{ "", "/run/cefwd/cefwd.sock" },
		{ "listen = unix:/a/b\n[source x]\nfoo\nclient-secret-file = "
		  "/nowhere\n",
		    "/a/b" },
		{ "listen = 127.0.0.1:1 \"unix:/a b\" unix:/c\n", "/a b" },
		{ "bogus\nlisten = unix:x unix:/c # why\n", "/c" },
		{ "[source x]\nlisten = unix:/c\n", "/run/cefwd/cefwd.sock" },
		{ "listen = none\n", NULL },
		{ "listen = 127.0.0.1:9464\n", NULL },
	};
	char *path = config_rig_path("socket.conf");
	struct err e;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char *got;

		config_rig_write("socket.conf", rows[i].text, 0600);
		got = config_socket(path, &e);
		if (rows[i].want != NULL) {
			assert_non_null(got);
			assert_string_equal(got, rows[i].want);
		} else {
			assert_null(got);
			assert_int_equal(e.kind, ERR_CONFIG);
		}
		free(got);
	}
	assert_int_equal(unlink(path), 0);
	assert_null(config_socket(path, &e));
	assert_int_equal(e.kind, ERR_NOINPUT);
	free(path);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_the_manuals),
		cmocka_unit_test(
		    hosts_and_audiences_follow_api_cloud_and_region),
		cmocka_unit_test(every_option_reaches_its_struct),
		cmocka_unit_test(token_audiences_follow_row_and_override),
		cmocka_unit_test(a_secret_comes_from_one_place),
		cmocka_unit_test(maps_are_found_and_told),
		cmocka_unit_test(the_map_loader_searches_folders),
		cmocka_unit_test(files_that_cannot_be_read_are_told),
		cmocka_unit_test(a_lane_that_goes_nowhere_is_warned_of),
		cmocka_unit_test(the_socket_is_found_whatever_else_is_wrong),
	};

	return cmocka_run_group_tests(
	    tests, config_rig_set_up, config_rig_tear_down);
}
