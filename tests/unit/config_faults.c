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

struct fault_row {
	const char *text, *told;
};

static void
check_faults(const struct fault_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct faults *faults = faults_new();
		struct config *c = config_rig_load(rows[i].text, faults);
		char *told = config_rig_faults(faults);

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
		{ SOURCE "managed-identity = yes\n"
			 "client-assertion = sha1\n" DESTINATION
			 "client-key-password-file = x\n",
		    "5:22+11 [source a] has more than one way to sign in: "
		    "\"client-secret-file\" \"managed-identity\"; keep one\n"
		    "8:20+4 \"client-assertion\" without "
		    "\"client-certificate-file\"\n"
		    "11:28+1 \"client-key-password-file\" is for tls:// "
		    "alone; write url = tls://..., or remove the line\n" },
		{ SOURCE "start = 1h\nstart = 2h\n" DESTINATION,
		    "8:1+5 \"start\" stands twice; it is set in line 7\n" },
		{ SOURCE DESTINATION "[sourcex b]\nx = 1\n[api x]\n[xyz]\n",
		    "9:1+11 unknown section [sourcex]; did you mean [source]?\n"
		    "11:1+7 [api NAME] lacks \"base-url\": scheme, host and "
		    "port of the API\n"
		    "11:1+7 [api NAME] lacks \"path\": path of its list of "
		    "alerts\n"
		    "12:1+5 unknown section [xyz]; there are [source NAME], "
		    "[destination NAME], [forward] and [api NAME]\n" },
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
		    "(client) ID of the app registration\n" },
		/* faults of the syntax are told with the others */
		{ SOURCE "start\nsttart = 1h\n" DESTINATION,
		    "7:1+5 no \"=\" here; write key = value\n"
		    "8:1+6 unknown key \"sttart\"; did you mean \"start\"?\n" },
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
		  "listen = example.com:9464\n" SOURCE DESTINATION,
		    "1:13+2 \"1x\": not a duration; write 500ms, 60s, 15m, "
		    "24h or 180d\n"
		    "2:1+12 \"stop-timeout\" has no value; write one, or "
		    "remove the line\n"
		    "3:13+4 unknown \"loud\"; \"log-level\" takes one of "
		    "error warning info debug\n"
		    "4:10+16 \"example.com:9464\": no address to listen at; "
		    "write unix:/path, 127.0.0.1:9464 or [::1]:9464\n" },
		{ "listen = unix:/a none\n" SOURCE DESTINATION,
		    "1:10+12 \"none\" stands alone; remove it, or the "
		    "addresses\n" },
		{ "listen = unix:x\nlog-level = inof\nstate-dir = \"\"\n"
		  "map-path = a \"\\n\"\n" SOURCE DESTINATION,
		    "1:10+6 \"unix:x\": write unix: and a path from /\n"
		    "2:13+4 unknown \"inof\"; did you mean \"info\"?\n"
		    "3:13+2 \"state-dir\" is empty; write a value, or remove "
		    "the line\n"
		    "4:14+4 \"map-path\" holds neither line ends nor tabs\n" },
		/* at the limit is fine, one past it is not */
		{ SOURCE "poll-interval = 49ms\n" DESTINATION
			 "settle = 99ms\nmax-line = 479\n"
			 "window = 1048577k\ncef-version = 2\n",
		    "7:17+4 \"49ms\" is out of range; \"poll-interval\" "
		    "takes 50ms to 1d\n"
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
		    "8:17+1 \"0\" is out of range; \"poll-interval\" takes "
		    "50ms to 1d\n"
		    "9:15+3 \"59s\" is out of range; \"quiet-after\" takes 1m "
		    "to 3650d, or 0\n"
		    "12:12+3 \"8kb\": not a size; write 512, 64k or 16m\n" },
		{ SOURCE "poll-interval = 999ms\n" DESTINATION,
		    "7:17+5 \"poll-interval\" is shorter than 1s, which only "
		    "a \"base-url\" of this host may be asked for; make it "
		    "longer\n" },
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
		{ SOURCE DESTINATION "framing = octets\n"
				     "header = rfc5425\n",
		    "9:11+6 unknown \"octets\"; \"framing\" takes one "
		    "of lf octet-counting\n"
		    "10:10+7 unknown \"rfc5425\"; did you mean "
		    "\"rfc5424\"?\n" },
		{ SOURCE "[destination d]\nurl = tcp://192.0.2.1 tls://x:6514 "
			 "file:x\n",
		    "8:23+12 url mixes schemes: give all of them the same "
		    "scheme, or use two destinations\n"
		    "8:36+6 url \"file:x\" names no file: write file:/path, "
		    "from the root on\n" },
		{ SOURCE DESTINATION "server-name = x\n",
		    "9:15+1 \"server-name\" is for tls:// alone; write url = "
		    "tls://..., or remove the line\n" },
		{ SOURCE "[destination d]\nurl = tls://x\n"
			 "ca-file = /nonexistent\n",
		    "9:11+12 /nonexistent: holds no certificates in PEM that "
		    "can be read: No such file or directory\n" },
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
		{ HEAD "api = defender-alert\ntenant = common -x.com\n"
		       "client-id = " CLIENT_ID "\n" TAIL,
		    "2:7+14 unknown api \"defender-alert\"; did you mean "
		    "\"defender-alerts\"?\n"
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
		{ HEAD "api = wdatp-siem\nregion = ux\npage-size = 10\n"
		       "tenant = b.example.com\nclient-id = " CLIENT_ID
		       "\n" TAIL,
		    "3:10+2 unknown region \"ux\"; did you mean \"us\"?\n"
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
		    "8:11+6 DIR/no.pem: holds no certificates in PEM that can "
		    "be read: No such file or directory\n" },
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

		assert_null(config_rig_load(rows[i], faults));
		assert_int_equal(faults_len(faults), 1);
		assert_null(faults_get(faults, 0)->text);
		assert_null(strstr(faults_get(faults, 0)->message, "Abc8"));
		faults_free(faults);
	}
}

static void
apis_of_ones_own_are_checked(void **state)
{
#define OWN "[api own]\nbase-url = https://a.example.com\npath = /x\n"
	static const struct fault_row rows[] = {
		{ SOURCE DESTINATION OWN
		    "parameters = since={cretaed-from} =x {y}\n"
		    "until-parameters = a={created-until}\n",
		    "12:14+20 unknown {cretaed-from}; did you mean "
		    "{created-from}?\n"
		    "12:35+2 \"=x\" is no parameter; write name=value\n"
		    "12:38+3 \"{y}\" is no parameter; write name=value\n"
		    "13:20+17 {created-until} needs \"created\": which member "
		    "of a record tells that time\n" },
		{ SOURCE DESTINATION OWN
		    "parameters = a={updated-from} b={created-until}\n"
		    "paging = cursor\nfinal = yes\npage-size = 9\n"
		    "page-size-max = 8\n",
		    "12:31+17 {created-until} belongs in "
		    "\"until-parameters\": most requests have no end\n"
		    "13:10+6 \"paging = cursor\" needs \"next\": which member "
		    "of a page names the next one\n"
		    "13:10+6 \"paging = cursor\" needs \"next-parameter\": "
		    "which parameter asks for the next page\n"
		    "14:9+3 \"final = yes\" needs \"created\": records that "
		    "never change are read by that time\n"
		    "15:13+1 it is larger than \"page-size-max\"; make it "
		    "smaller\n" },
		{ SOURCE DESTINATION OWN
		    "next = a\nnext-parameter = b\n"
		    "headers = \"Authorization: x\" x \"A: b\"\n"
		    "token-url = \"https://x y\"\nrecords = /a\n"
		    "[api graph-alerts]\nbase-url = https://b/c\n"
		    "path = x\n",
		    "12:8+1 \"paging = none\" has no use for it; remove the "
		    "line\n"
		    "13:18+1 \"paging = none\" has no use for it; remove the "
		    "line\n"
		    "14:11+18 \"Authorization: x\": the token is sent without "
		    "being told; a secret of another kind must not stand "
		    "here\n"
		    "14:30+1 \"x\": not a header; write \"Name: value\"\n"
		    "15:13+13 \"https://x y\": not a URL; write "
		    "https://host/path\n"
		    "16:11+2 \"/a\": not the name of a member; write name or "
		    "outer/inner\n"
		    "17:1+18 \"graph-alerts\" is the name of an API that cefwd "
		    "knows; choose another\n"
		    "18:12+11 \"https://b/c\": only scheme, host and port "
		    "stand here; leave \"/c\" out\n"
		    "19:8+1 \"x\": not the path of a URL; write /path, without "
		    "host\n" },
		{ HEAD
		    "api = own\ntenant = b.example.com\nclient-id = any\n" TAIL
			OWN "token-url = https://l.example.com/t\n",
		    "2:7+3 [api own] has neither \"scope\" nor \"resource\": "
		    "set the one that its tokens are asked for with\n" },
	};

	(void)state;
	check_faults(rows, NELEM(rows));
#undef OWN
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(apis_of_ones_own_are_checked),
		cmocka_unit_test(keys_and_sections_are_told),
		cmocka_unit_test(values_are_told_at_their_word),
		cmocka_unit_test(identities_and_endpoints_are_told),
		cmocka_unit_test(secret_files_are_told),
		cmocka_unit_test(a_secret_is_never_shown),
	};

	return cmocka_run_group_tests(
	    tests, config_rig_set_up, config_rig_tear_down);
}
