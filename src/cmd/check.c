/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cmd/commands.h"
#include "config/conf.h"

enum {
	OPT_LIVE = 1001,
	OPT_LIST_OPTIONS,
};

static void
print_source(const struct config_source *s)
{
	const struct config_feed *f = &s->feeds[0];

	(void)printf("source %s\n"
		     "  api     %s at %s\n"
		     "  login   %s\n"
		     "  map     %s\n",
	    s->name, f->source.api->name, f->source.origin, f->auth.authority,
	    s->map_name);
	for (size_t i = 0; i < s->n_feeds; i++)
		(void)printf("  tenant  %s\n", s->feeds[i].source.tenant);
}

static void
print_destination(const struct dest_options *d)
{
	static const char *const schemes[] = {
		[DEST_TCP] = "tcp",
		[DEST_UDP] = "udp",
	};

	(void)printf("destination %s\n", d->name);
	for (size_t i = 0; i < d->n_urls; i++) {
		const struct dest_url *u = &d->urls[i];
		const bool is_v6 = strchr(u->host, ':') != NULL;

		(void)printf("  url     %s://%s%s%s:%s\n", schemes[u->scheme],
		    is_v6 ? "[" : "", u->host, is_v6 ? "]" : "", u->port);
	}
}

static void
print_lanes(const struct config *c)
{
	(void)printf("lanes (their names key the state: under a new name one "
		     "starts anew)\n");
	for (size_t i = 0; i < c->n_forwards; i++) {
		const struct config_forward *f = &c->forwards[i];
		const struct config_source *s = &c->sources[f->source];

		for (size_t k = 0; k < s->n_feeds; k++) {
			(void)printf("  %s / %s / %s\n", s->name,
			    s->feeds[k].source.tenant,
			    c->destinations[f->destination].name);
		}
	}
}

static int
check_config(const struct cmd_env *env)
{
	struct faults *faults = faults_new();
	struct config *c = config_load(env->config_path, faults);

	faults_print(faults, stderr, env->is_quiet);
	faults_free(faults);
	if (c == NULL)
		return EX_CONFIG;
	if (!env->is_quiet) {
		for (size_t i = 0; i < c->n_sources; i++)
			print_source(&c->sources[i]);
		for (size_t i = 0; i < c->n_destinations; i++)
			print_destination(&c->destinations[i]);
		print_lanes(c);
		(void)printf("%s: no fault\n", env->config_path);
	}
	config_free(c);
	return EX_OK;
}

static bool
is_map(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".map") == 0;
}

/* Maps alone; a plain name is looked for in the working folder first. */
static int
check_maps(const struct cmd_env *env, char **names)
{
	const char *folders[] = { ".", config_map_path[0], config_map_path[1],
		NULL };
	struct faults *faults = faults_new();
	int status;

	for (size_t i = 0; names[i] != NULL; i++) {
		struct map *m =
		    map_compile(names[i], config_map_load, folders, faults);

		if (m != NULL && !env->is_quiet)
			(void)printf("%s: no fault\n", names[i]);
		map_free(m);
	}
	faults_print(faults, stderr, env->is_quiet);
	status = faults_count(faults, FAULT_ERROR) > 0 ? EX_CONFIG : EX_OK;
	faults_free(faults);
	return status;
}

static int
check(int argc, char **argv, struct cmd_env *env)
{
	static const struct option options[] = { CMD_COMMON_LONG,
		{ "live", no_argument, NULL, OPT_LIVE },
		/* for the test that holds the manual against the table */
		{ "list-options", no_argument, NULL, OPT_LIST_OPTIONS },
		{ NULL, 0, NULL, 0 } };
	int c, status;

	while ((c = getopt_long(argc, argv, CMD_COMMON_SHORT, options, NULL)) !=
	    -1) {
		if (c == OPT_LIVE) {
			return cmd_usage(
			    &cmd_check, "--live is not in this version yet");
		}
		if (c == OPT_LIST_OPTIONS) {
			config_list_options(stdout);
			return EX_OK;
		}
		status = cmd_common_option(c, optarg, &cmd_check, env);
		if (status != -1)
			return status;
	}
	for (int i = optind; i < argc; i++) {
		if (!is_map(argv[i])) {
			return cmd_usage(&cmd_check,
			    "\"%s\" is not named *.map; a configuration is "
			    "named with --config",
			    argv[i]);
		}
	}
	cmd_log_configure(env, LOG_LEVEL_INFO);
	if (optind < argc)
		return check_maps(env, argv + optind);
	return check_config(env);
}

const struct cmd cmd_check = {
	.name = "check",
	.args = "[-c FILE | MAP.map ...]",
	.summary = "reads configuration and maps, tells every fault",
	.run = check,
};
