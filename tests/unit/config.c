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

#define TENANT    "contoso.onmicrosoft.com"
#define CLIENT_ID "00001111-aaaa-2222-bbbb-3333cccc4444"

/* Six lines, one line. */
#define SOURCE                               \
	"[source a]\n"                       \
	"api = graph-alerts\n"               \
	"tenant = " TENANT "\n"              \
	"client-id = " CLIENT_ID "\n"        \
	"client-secret-file = good.secret\n" \
	"map = ./good.map\n"
#define DESTINATION         \
	"[destination d]\n" \
	"url = tcp://192.0.2.1:514\n"

static const char good_map[] = "[event]\n"
			       "deviceVendor = \"Microsoft\"\n"
			       "deviceProduct = \"Defender\"\n"
			       "deviceVersion = \"1\"\n"
			       "deviceEventClassId = $.id\n"
			       "name = $.title\n"
			       "severity = 5\n";

/* A folder with what the tests' configurations name. */
static char folder[] = "config.XXXXXX";

static char *
in_folder(const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

static void
write_file(const char *name, const char *text, mode_t mode)
{
	char *path = in_folder(name);
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

static int
set_up(void **state)
{
	char *more, *longer = xcalloc(4098, 1);

	(void)state;
	assert_non_null(mkdtemp(folder));
	more = in_folder("more");
	assert_int_equal(mkdir(more, 0700), 0);
	free(more);
	write_file("good.map", good_map, 0644);
	write_file("more/inner.map", good_map, 0644);
	write_file("bad.map", "[event]\ndname = 3\n", 0644);
	write_file("good.secret", "s3cret\n", 0600);
	write_file("crlf.secret", "s3cret\r\n", 0600);
	write_file("open.secret", "s3cret\n", 0644);
	write_file("group.secret", "s3cret", 0640);
	write_file("empty.secret", "\n", 0600);
	write_file("two.secret", "s3cret\ns3cret\n", 0600);
	write_file("guid.secret", CLIENT_ID "\n", 0600);
	memset(longer, 'x', 4096);
	write_file("long.secret", longer, 0600);
	longer[4096] = 'x';
	write_file("longer.secret", longer, 0600);
	write_file("ca.pem", "", 0644);
	free(longer);
	return 0;
}

static int
tear_down(void **state)
{
	char *more = in_folder("more");

	(void)state;
	for (size_t i = 0; i < NELEM(files); i++) {
		char *path = in_folder(files[i]);

		(void)unlink(path);
		free(path);
	}
	(void)rmdir(more);
	free(more);
	return rmdir(folder);
}

/* "line:col+len message", with the folder's name as DIR. */
static char *
fault_text(struct faults *f)
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
	while ((at = strstr(b.p, folder)) != NULL) {
		memcpy(at, "DIR", 3);
		memmove(at + 3, at + strlen(folder),
		    strlen(at + strlen(folder)) + 1);
	}
	return buf_take(&b);
}

static struct config *
load(const char *text, struct faults *faults)
{
	char *path = in_folder("cefwd.conf");
	struct config *c;

	write_file("cefwd.conf", text, 0644);
	c = config_load(path, faults);
	free(path);
	return c;
}

static struct config *
load_good(const char *text)
{
	struct faults *faults = faults_new();
	struct config *c = load(text, faults);
	char *told = fault_text(faults);

	assert_string_equal(told, "");
	assert_non_null(c);
	free(told);
	faults_free(faults);
	return c;
}

static void
defaults_are_the_manuals(void **state)
{
	struct config *c = load_good(SOURCE DESTINATION);
	const struct config_source *s = &c->sources[0];
	const struct dest_options *d = &c->destinations[0];

	(void)state;
	assert_string_equal(c->state_dir, "/var/lib/cefwd");
	assert_string_equal(c->listen, "unix:/run/cefwd/cefwd.sock");
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
every_option_reaches_its_struct(void **state)
{
	struct config *c = load_good(
	    "state-dir = st\n"
	    "listen = unix:/tmp/x.sock\n"
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
	    "filter = \"severity ne 'low'\" # both quotes\n"
	    "authority = http://127.0.0.1:8080/\n"
	    "base-url = https://proxy.example.com:8443\n"
	    "ca-file = ca.pem\nproxy = http://proxy.example.com:3128\n"
	    "proxy-user = u\nproxy-password-file = crlf.secret\n"
	    "[source b]\napi = graph-alerts\ncloud = gcc-high\n"
	    "tenant = b.example.com\nclient-id = " CLIENT_ID "\n"
	    "client-secret-file = long.secret\nmap = inner.map\n"
	    "page-size = 10\nupdates = first\nscope = api://x/.default\n"
	    "[destination d]\n"
	    "url = udp://192.0.2.1 tcp://[2001:db8::1]:601\n"
	    "framing = lf\nheader = rfc3164\nfacility = local7\n"
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
	assert_string_equal(c->listen, "unix:/tmp/x.sock");
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
	assert_string_equal(s->feeds[2].source.filter, "severity ne 'low'");
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
	assert_int_equal(d->urls[0].scheme, DEST_UDP);
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
		struct config *c = load_good(text);
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

struct fault_row {
	const char *text, *told;
};

static void
check_faults(const struct fault_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct faults *faults = faults_new();
		struct config *c = load(rows[i].text, faults);
		char *told = fault_text(faults);

		assert_string_equal(told, rows[i].told);
		assert_null(c);
		free(told);
		faults_free(faults);
	}
}

static void
keys_and_sections_are_told(void **state)
{
	static const struct fault_row rows[] = {
		{ "",
		    "0:0+1 no [source NAME] section: nothing to read from; "
		    "see cefwd.conf(5)\n"
		    "0:0+1 no [destination NAME] section: nowhere to send "
		    "to; see cefwd.conf(5)\n" },
		{ SOURCE "poll-intervall = 60s\nxyz = 1\n" DESTINATION,
		    "7:1+14 unknown key \"poll-intervall\"; did you mean "
		    "\"poll-interval\"?\n"
		    "8:1+3 unknown key \"xyz\" in [source NAME]; see "
		    "cefwd.conf(5)\n" },
		{ SOURCE "url = tcp://x\nheartbeat = 5m\n" DESTINATION
			 "tenant = x\n",
		    "7:1+3 \"url\" belongs in [destination NAME], not in "
		    "[source NAME]\n"
		    "8:1+9 \"heartbeat\" belongs in the part above the first "
		    "section, not in [source NAME]\n"
		    "11:1+6 \"tenant\" belongs in [source NAME], not in "
		    "[destination NAME]\n" },
		{ SOURCE "managed-identity = yes\n" DESTINATION
			 "max-rate = 5\n",
		    "7:1+16 \"managed-identity\" is not in this version yet; "
		    "remove the line\n"
		    "10:1+8 \"max-rate\" is not in this version yet; remove "
		    "the line\n" },
		{ SOURCE "start = 1h\nstart = 2h\n" DESTINATION,
		    "8:1+5 \"start\" stands twice; it is set in line 7\n" },
		{ SOURCE DESTINATION "[sourc b]\nx = 1\n[api x]\n[xyz]\n",
		    "9:1+9 unknown section [sourc]; did you mean [source]?\n"
		    "11:1+7 [api NAME] is not in this version yet; remove "
		    "the section\n"
		    "12:1+5 unknown section [xyz]; there are [source NAME], "
		    "[destination NAME] and [forward]\n" },
		{ SOURCE DESTINATION DESTINATION,
		    "9:1+15 [destination d] stands twice; the other is in "
		    "line 7\n" },
		{ SOURCE "[destination D_1]\nurl = tcp://x\n"
			 "[destination]\nurl = tcp://x\n",
		    "7:1+17 name \"D_1\" may hold a to z, 0 to 9 and \"-\" "
		    "only\n"
		    "9:1+13 [destination] lacks its name; write "
		    "[destination NAME]\n" },
		{ SOURCE "[destination "
			 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\nurl = tcp://x\n",
		    "7:1+78 a name of more than 63 letters\n" },
		{ SOURCE "[destination d]\n",
		    "7:1+15 [destination NAME] lacks \"url\": receivers, "
		    "tried in order\n" },
		{ "[source a]\n" DESTINATION,
		    "1:1+10 [source NAME] lacks \"api\": which alert API is "
		    "asked\n"
		    "1:1+10 [source NAME] lacks \"tenant\": domain or ID of "
		    "the tenant; several make a feed each\n"
		    "1:1+10 [source NAME] lacks \"client-id\": application "
		    "(client) ID of the app registration\n"
		    "1:1+10 [source a] has no secret; set "
		    "\"client-secret-file\", or CEFWD_A_CLIENT_SECRET in the "
		    "environment, or the systemd credential "
		    "a.client-secret\n" },
		/* faults of the syntax are told with the others */
		{ SOURCE "start\nstrat = 1h\n" DESTINATION,
		    "7:1+5 no \"=\" here; write key = value\n"
		    "8:1+5 unknown key \"strat\"; did you mean \"start\"?\n" },
		{ SOURCE DESTINATION "[forward]\nsource = b\n"
				     "destination = dd\n"
				     "[forward x]\nsource = a\n"
				     "destination = d\n"
				     "[forward]\nsource = a\n"
				     "destination = d\n",
		    "10:10+1 there is no [source b]; did you mean \"a\"?\n"
		    "11:15+2 there is no [destination dd]; did you mean "
		    "\"d\"?\n"
		    "12:1+11 [forward] has no name; write [forward]\n"
		    "15:1+9 \"a\" is forwarded to \"d\" twice; remove one "
		    "[forward]\n" },
	};

	(void)state;
	check_faults(rows, NELEM(rows));
}

static void
values_are_told_at_their_word(void **state)
{
	static const struct fault_row rows[] = {
		{ "heartbeat = 1x\nstop-timeout =\nlog-level = loud\n"
		  "listen = 127.0.0.1:9464\n" SOURCE DESTINATION,
		    "1:13+2 \"1x\": not a duration; write 500ms, 60s, 15m, "
		    "24h or 180d\n"
		    "2:1+12 \"stop-timeout\" has no value; write one, or "
		    "remove the line\n"
		    "3:13+4 unknown \"loud\"; \"log-level\" takes one of "
		    "error warning info debug\n"
		    "4:10+14 \"127.0.0.1:9464\": listening on TCP is not in "
		    "this version yet; write unix:/path\n" },
		{ "listen = unix:x\nlog-level = inof\nstate-dir = \"\"\n"
		  "map-path = a \"\\n\"\n" SOURCE DESTINATION,
		    "1:10+6 \"unix:x\": write unix: and a path from /\n"
		    "2:13+4 unknown \"inof\"; did you mean \"info\"?\n"
		    "3:13+2 \"state-dir\" is empty; write a value, or remove "
		    "the line\n"
		    "4:14+4 \"map-path\" holds neither line ends nor tabs\n" },
		/* at the limit is fine, one past it is not */
		{ SOURCE "poll-interval = 999ms\n" DESTINATION
			 "settle = 99ms\nmax-line = 479\n"
			 "window = 1048577k\ncef-version = 2\n",
		    "7:17+5 \"999ms\" is out of range; \"poll-interval\" "
		    "takes 1s to 1d\n"
		    "10:10+4 \"99ms\" is out of range; \"settle\" takes 100ms "
		    "to 10m\n"
		    "11:12+3 \"479\" is out of range; \"max-line\" takes 480 "
		    "to 1m\n"
		    "12:10+8 \"1048577k\" is out of range; \"window\" takes "
		    "64k to 1g\n"
		    "13:15+1 \"2\" is out of range; \"cef-version\" takes 0 "
		    "to 1\n" },
		{ SOURCE "page-size = -1\npoll-interval = 0\n"
			 "quiet-after = 59s\n" DESTINATION "max-line = 8kb\n",
		    "7:13+2 \"-1\" is out of range; \"page-size\" takes 1 to "
		    "10000, or 0\n"
		    "8:17+1 \"0\" is out of range; \"poll-interval\" takes 1s "
		    "to 1d\n"
		    "9:15+3 \"59s\" is out of range; \"quiet-after\" takes 1m "
		    "to 3650d, or 0\n"
		    "12:12+3 \"8kb\": not a size; write 512, 64k or 16m\n" },
		{ SOURCE "filter = severity ne 'low'\nscope = \"a b\"\n"
			 "updates = never\n" DESTINATION
			 "host-name = \"a b\"\nfacility = local8\n",
		    "7:19+2 \"filter\" takes one value; put text with blanks "
		    "into \"...\"\n"
		    "8:9+5 \"a b\": neither blanks nor letters beyond ASCII "
		    "may stand here\n"
		    "9:11+5 unknown \"never\"; \"updates\" takes one of first "
		    "changed all\n"
		    "12:13+5 \"a b\": not a host name; write 1 to 255 letters, "
		    "digits, \"-\" and \".\"\n"
		    "13:12+6 unknown \"local8\"; did you mean \"local0\"?\n" },
		{ SOURCE DESTINATION "framing = octet-counting\n"
				     "header = rfc5424\n",
		    "9:11+14 \"framing = octet-counting\" is not in this "
		    "version yet; use \"lf\"\n"
		    "10:10+7 \"header = rfc5424\" is not in this version yet; "
		    "use \"rfc3164\"\n" },
		{ SOURCE "[destination d]\nurl = tcp://192.0.2.1 tls://x:6514 "
			 "file:/tmp/x\n",
		    "8:23+12 url \"tls://x:6514\": tls is not in this version "
		    "yet: use tcp:// or udp://\n"
		    "8:36+11 url \"file:/tmp/x\": file is not in this version "
		    "yet: use tcp:// or udp://\n" },
		{ SOURCE DESTINATION "max-line = 128k\nwindow = 64k\n",
		    "10:10+3 \"window\" is smaller than \"max-line\": no line "
		    "would fit; make it larger\n" },
	};

	(void)state;
	check_faults(rows, NELEM(rows));
}

#define HEAD "[source a]\n"
#define TAIL                                 \
	"client-secret-file = good.secret\n" \
	"map = ./good.map\n" DESTINATION

static void
identities_and_endpoints_are_told(void **state)
{
	static const struct fault_row rows[] = {
		{ HEAD "api = graph-alert\ncloud = pubilc\ntenant = contoso\n"
		       "client-id = {" CLIENT_ID "}\n" TAIL,
		    "2:7+11 unknown api \"graph-alert\"; did you mean "
		    "\"graph-alerts\"?\n"
		    "3:9+6 unknown cloud \"pubilc\"; did you mean "
		    "\"public\"?\n"
		    "4:10+7 \"contoso\": not a tenant; write its domain "
		    "(contoso.onmicrosoft.com) or its \"Directory (tenant) "
		    "ID\"\n"
		    "5:13+38 \"{" CLIENT_ID "}\": not an application ID; "
		    "write the \"Application (client) ID\" of the app "
		    "registration, 8-4-4-4-12 hexadecimal digits\n" },
		{ HEAD "api = defender-alerts\ntenant = common -x.com\n"
		       "client-id = " CLIENT_ID "\n" TAIL,
		    "2:7+15 API \"defender-alerts\" is not in this version "
		    "yet\n"
		    "3:10+6 \"common\": an application signs in to one tenant; "
		    "write its domain or \"Directory (tenant) ID\"\n"
		    "3:17+6 \"-x.com\": not a tenant; write its domain "
		    "(contoso.onmicrosoft.com) or its \"Directory (tenant) "
		    "ID\"\n" },
		{ HEAD "api = graph-alerts\ncloud = china\n"
		       "tenant = b.example.com \"B.example.com\"\n"
		       "client-id = " CLIENT_ID "\n" TAIL,
		    "3:9+5 API \"graph-alerts\" does not exist in cloud "
		    "\"china\"; it does in public gcc gcc-high dod\n"
		    "4:24+15 tenant \"B.example.com\" stands twice\n" },
		{ HEAD "api = wdatp-siem\nregion = ue\npage-size = 10\n"
		       "tenant = b.example.com\nclient-id = " CLIENT_ID
		       "\n" TAIL,
		    "3:10+2 unknown region \"ue\"; did you mean \"eu\"?\n"
		    "4:13+2 API \"wdatp-siem\" has no pages; remove the "
		    "line\n" },
		{ SOURCE "base-url = http://graph.example.com\n"
			 "authority = https://login.example.com/x\n"
			 "scope = a\nresource = b\n" DESTINATION,
		    "7:12+24 \"http://graph.example.com\": "
		    "http://graph.example.com: plain http is for loopback "
		    "hosts only; write https://\n"
		    "8:13+27 \"https://login.example.com/x\": only scheme, "
		    "host and port stand here; leave \"/x\" out\n"
		    "10:12+1 \"scope\" (v2.0) and \"resource\" (v1) exclude "
		    "each other; remove one\n" },
		{ SOURCE "base-url = graph.example.com\n"
			 "authority = https://u:p@login.example.com\n"
			 "proxy = http://u:p@proxy.example.com\n" DESTINATION,
		    "7:12+17 \"graph.example.com\": not a URL; write "
		    "https://host:port\n"
		    "8:13+29 \"authority\": not a URL of scheme, host and "
		    "port; write https://host:port\n"
		    "9:9+28 \"proxy\": user and password have options of "
		    "their own: proxy-user and proxy-password-file\n" },
		{ SOURCE "proxy-user = u\nca-file = no.pem\n" DESTINATION,
		    "7:14+1 \"proxy-user\" without \"proxy\"\n"
		    "8:11+6 \"no.pem\": \"DIR/no.pem\" cannot be read: No "
		    "such file or directory\n" },
		{ SOURCE "proxy = socks5://x\n"
			 "proxy-password-file = open.secret\n" DESTINATION,
		    "7:9+10 \"socks5://x\": not a proxy; write "
		    "http://host:port\n"
		    "8:23+11 \"proxy-password-file\" without "
		    "\"proxy-user\"\n"
		    "8:23+11 DIR/open.secret has mode 0644: others can get at "
		    "the secret; chmod 600 DIR/open.secret\n" },
		{ SOURCE
		    "remember = 1h\noverlap = 2h\nretention = 1h\n" DESTINATION,
		    "7:12+2 \"remember\" is shorter than \"overlap\": alerts "
		    "would be sent twice; make it longer\n"
		    "9:13+2 \"start\" is longer than \"retention\": the API "
		    "cannot answer so far back; make it shorter\n" },
		{ SOURCE "region = eu\n" DESTINATION,
		    "7:10+2 API \"graph-alerts\" has one host for all "
		    "regions of cloud \"public\"; remove the line\n" },
		{ HEAD "api = wdatp-siem\ncloud = gcc\nregion = us\n"
		       "tenant = b.example.com\nclient-id = " CLIENT_ID
		       "\n" TAIL,
		    "4:10+2 API \"wdatp-siem\" has one host for all regions "
		    "of cloud \"gcc\"; remove the line\n" },
		{ SOURCE "page-size = 1001\n" DESTINATION,
		    "7:13+4 API \"graph-alerts\" takes at most 1000\n" },
	};

	(void)state;
	check_faults(rows, NELEM(rows));
}

#define SECRET(file)                                                   \
	"[source a]\napi = graph-alerts\ntenant = " TENANT             \
	"\nclient-id = " CLIENT_ID "\nclient-secret-file = " file "\n" \
	"map = ./good.map\n" DESTINATION

static void
secret_files_are_told(void **state)
{
	static const struct fault_row rows[] = {
		{ SECRET("./open.secret"),
		    "5:22+13 DIR/./open.secret has mode 0644: others can get "
		    "at the secret; chmod 600 DIR/./open.secret\n" },
		{ SECRET("./empty.secret"),
		    "5:22+14 DIR/./empty.secret is "
		    "empty\n" },
		{ SECRET("./two.secret"),
		    "5:22+12 DIR/./two.secret holds "
		    "more than one line of text\n" },
		{ SECRET("./longer.secret"),
		    "5:22+15 DIR/./longer.secret "
		    "holds more than 4096 bytes: not "
		    "a secret\n" },
		{ SECRET("./no.secret"),
		    "5:22+11 DIR/./no.secret cannot be "
		    "read: No such file or directory\n" },
		{ SECRET("./more"), "5:22+6 DIR/./more is not a file\n" },
		/* the secret itself: neither it nor its line is shown */
		{ SECRET("Abc8Q~x"),
		    "5:1+18 \"client-secret-file\" names no "
		    "file that can be used; write the path "
		    "of a file that holds the secret\n" },
		{ SOURCE "client-secret = Abc8Q~x\n" DESTINATION,
		    "7:1+13 unknown key \"client-secret\"; a secret stands in "
		    "a file of its own, which \"client-secret-file\" "
		    "names\n" },
		{ SECRET("./guid.secret") "x = 1\n",
		    "5:22+13 warning: this looks like the secret's ID; the "
		    "token service wants its \"Value\"\n"
		    "9:1+1 unknown key \"x\" in [destination NAME]; see "
		    "cefwd.conf(5)\n" },
	};

	(void)state;
	check_faults(rows, NELEM(rows));
}

static void
a_secret_is_never_shown(void **state)
{
	static const char *const rows[] = { SECRET("Abc8Q~x"),
		SOURCE "client-secret = Abc8Q~x\n" DESTINATION,
		SOURCE "proxy = http://u:Abc8Q~x@proxy\n" DESTINATION,
		SOURCE "base-url = https://u:Abc8Q~x@proxy\n" DESTINATION };

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct faults *faults = faults_new();

		assert_null(load(rows[i], faults));
		assert_int_equal(faults_len(faults), 1);
		assert_null(faults_get(faults, 0)->text);
		assert_null(strstr(faults_get(faults, 0)->message, "Abc8"));
		faults_free(faults);
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
	c = load_good(text);
	assert_string_equal(
	    c->sources[0].feeds[0].auth.client_secret, "from env");
	assert_null(c->sources[0].feeds[0].auth.client_secret_file);
	config_free(c);

	faults = faults_new();
	assert_null(load(SOURCE DESTINATION, faults));
	told = fault_text(faults);
	assert_string_equal(told,
	    "5:22+11 [source a] has more than one secret: "
	    "\"client-secret-file\" the environment's CEFWD_A_CLIENT_SECRET; "
	    "keep one\n");
	free(told);
	faults_free(faults);

	write_file("a.client-secret", "credential\n", 0400);
	set_env("CREDENTIALS_DIRECTORY", folder);
	faults = faults_new();
	assert_null(load(text, faults));
	told = fault_text(faults);
	assert_string_equal(told,
	    "1:1+10 [source a] has more than one secret: the environment's "
	    "CEFWD_A_CLIENT_SECRET the systemd credential "
	    "DIR/a.client-secret; keep one\n");
	free(told);
	faults_free(faults);

	set_env("CEFWD_A_CLIENT_SECRET", NULL);
	c = load_good(text);
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
		    "DIR/more; write its path, or see \"map-path\"\n" },
		{ "map = no.map\n",
		    "7:7+6 map \"no.map\" is in none of "
		    "DIR/more; write its path, or see "
		    "\"map-path\"\n" },
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
		assert_null(load(text, faults));
		told = fault_text(faults);
		assert_string_equal(told, rows[i].told);
		free(told);
		free(text);
		faults_free(faults);
	}
	/* Two sources, one faulty map: its faults are told once. */
	faults = faults_new();
	assert_null(load(
	    "[source a]\napi = graph-alerts\ntenant = " TENANT
	    "\nclient-id = " CLIENT_ID "\nclient-secret-file = good.secret\n"
	    "map = ./bad.map\n"
	    "[source b]\napi = graph-alerts\ntenant = " TENANT
	    "\nclient-id = " CLIENT_ID "\nclient-secret-file = good.secret\n"
	    "map = ./bad.map\nstrat = 1\n" DESTINATION,
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
	char *more = in_folder("more"), *from = in_folder("good.map");
	const char *ctx[] = { "/nonexistent", more, NULL };
	struct buf text, path;
	struct err e;

	(void)state;
	buf_init(&text, 4096);
	buf_init(&path, 4096);
	assert_int_equal(
	    config_map_load(ctx, "inner.map", NULL, &text, &path, &e), 0);
	assert_string_equal(text.p, good_map);
	assert_non_null(strstr(path.p, "/more/inner.map"));
	/* the including file's folder comes first */
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
	told = fault_text(faults);
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
	struct config *c =
	    load(SOURCE DESTINATION "[destination e]\nurl = tcp://192.0.2.2\n"
				    "[forward]\nsource = a\ndestination = d\n",
		faults);
	char *told = fault_text(faults);

	(void)state;
	assert_non_null(c);
	assert_string_equal(told,
	    "9:1+15 warning: no [forward] names this destination: it gets "
	    "nothing\n");
	free(told);
	faults_free(faults);
	config_free(c);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_the_manuals),
		cmocka_unit_test(every_option_reaches_its_struct),
		cmocka_unit_test(token_audiences_follow_row_and_override),
		cmocka_unit_test(keys_and_sections_are_told),
		cmocka_unit_test(values_are_told_at_their_word),
		cmocka_unit_test(identities_and_endpoints_are_told),
		cmocka_unit_test(secret_files_are_told),
		cmocka_unit_test(a_secret_is_never_shown),
		cmocka_unit_test(a_secret_comes_from_one_place),
		cmocka_unit_test(maps_are_found_and_told),
		cmocka_unit_test(the_map_loader_searches_folders),
		cmocka_unit_test(files_that_cannot_be_read_are_told),
		cmocka_unit_test(a_lane_that_goes_nowhere_is_warned_of),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
