/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/obj.h"
#include "config/conf.h"

#include "config_rig.h"

struct prints {
	uint64_t source, map, destination;
};

static void
take(const char *text, struct prints *out)
{
	struct config *c = config_rig_load_good(text);

	out->source = c->sources[0].print;
	out->map = c->sources[0].map_print;
	out->destination = c->destinations[0].print;
	config_free(c);
}

/* What starts over when a line is added: the source, the destination. */
static void
a_print_changes_with_what_must_start_over(void **state)
{
	static const struct {
		const char *source, *destination, *above;
		bool changes_source, changes_destination;
	} rows[] = {
		{ "", "", "", false, false },
		{ "# a comment\n", "\n", "# another\n", false, false },
		{ "filter = \"severity eq 'high'\"\n", "", "", true, false },
		{ "page-size = 10\n", "", "", true, false },
		{ "ca-file = ca.pem\n", "", "", true, false },
		{ "poll-interval = 10s\n", "", "", false, false },
		{ "base-url = https://[::1]:8443\npoll-interval = 50ms\n", "",
		    "", true, false },
		{ "updates = all\n", "", "", false, false },
		{ "", "settle = 1s\n", "", false, true },
		{ "", "facility = local0\n", "", false, true },
		{ "", "", "log-level = debug\n", false, false },
	};
	struct prints was, is;

	(void)state;
	take(SOURCE DESTINATION, &was);
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct buf text;

		buf_init(&text, 4096);
		buf_addf(&text, "%s" SOURCE "%s" DESTINATION "%s",
		    rows[i].above, rows[i].source, rows[i].destination);
		take(text.p, &is);
		assert_int_equal(
		    is.source != was.source, rows[i].changes_source);
		assert_int_equal(is.destination != was.destination,
		    rows[i].changes_destination);
		assert_true(is.map == was.map);
		buf_fini(&text);
	}
}

static void
another_tenant_beside_it_changes_no_source(void **state)
{
	struct prints one, two;

	(void)state;
	take("[source a]\napi = graph-alerts\ntenant = x.example\n"
	     "client-id = " CLIENT_ID "\nclient-secret-file = good.secret\n"
	     "map = ./good.map\n" DESTINATION,
	    &one);
	take("[source a]\napi = graph-alerts\ntenant = x.example y.example\n"
	     "client-id = " CLIENT_ID "\nclient-secret-file = good.secret\n"
	     "map = ./good.map\n" DESTINATION,
	    &two);
	assert_true(one.source == two.source);
}

static void
contents_of_files_count(void **state)
{
	struct prints was, is;
	char *text = xasprintf("%smore\n", config_rig_ca);

	(void)state;
	take(SOURCE "ca-file = ca.pem\n" DESTINATION, &was);
	config_rig_write("ca.pem", text, 0644);
	free(text);
	take(SOURCE "ca-file = ca.pem\n" DESTINATION, &is);
	assert_true(is.source != was.source && is.map == was.map);
	config_rig_write("ca.pem", config_rig_ca, 0644);
	/* auth/ reads it at each use: no reason to start over. */
	config_rig_write("good.secret", "another\n", 0600);
	take(SOURCE "ca-file = ca.pem\n" DESTINATION, &is);
	assert_true(is.source == was.source);
	config_rig_write("good.secret", "s3cret\n", 0600);
	/* A map, and what it includes. */
	config_rig_write("bad.map", config_rig_map, 0644);
	config_rig_write("good.map", "include = bad.map\n", 0644);
	take(SOURCE "ca-file = ca.pem\n" DESTINATION, &was);
	assert_true(is.map != was.map && is.source == was.source);
	text = xasprintf("%s# more\n", config_rig_map);
	config_rig_write("bad.map", text, 0644);
	free(text);
	take(SOURCE "ca-file = ca.pem\n" DESTINATION, &is);
	assert_true(is.map != was.map);
	config_rig_write("good.map", config_rig_map, 0644);
}

static void
add_key(void *ctx, const char *key)
{
	buf_addf(ctx, "%s ", key);
}

static void
what_needs_a_restart_is_named(void **state)
{
	struct config *now = config_rig_load_good(SOURCE DESTINATION);
	struct config *then =
	    config_rig_load_good("state-dir = ./elsewhere\n"
				 "listen = none\n"
				 "log-level = debug\n" SOURCE DESTINATION);
	struct buf keys;

	(void)state;
	buf_init(&keys, 256);
	assert_int_equal(config_needs_restart(now, now, add_key, &keys), 0);
	assert_int_equal(config_needs_restart(now, then, add_key, &keys), 2);
	assert_string_equal(keys.p, "state-dir listen ");
	buf_fini(&keys);
	config_free(now);
	config_free(then);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_print_changes_with_what_must_start_over),
		cmocka_unit_test(another_tenant_beside_it_changes_no_source),
		cmocka_unit_test(contents_of_files_count),
		cmocka_unit_test(what_needs_a_restart_is_named),
	};

	return cmocka_run_group_tests(
	    tests, config_rig_set_up, config_rig_tear_down);
}
