/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/buf.h"

#include "cmd/commands.h"
#include "cmd/guard.h"
#include "cmd/live.h"
#include "config/conf.h"

enum {
	OPT_LIVE = 1001,
	OPT_LIST_OPTIONS,
	OPT_TRACE,
};

struct check_args {
	bool is_live;
	const char *trace;
};

static void
print_source(const struct config_source *s)
{
	const struct config_feed *f = &s->feeds[0];
	const char *login = f->auth.token_url;

	(void)printf("source %s\n"
		     "  api     %s at %s\n"
		     "  login   %s\n"
		     "  map     %s\n",
	    s->name, f->source.api->name, f->source.origin,
	    login != NULL ? login : f->auth.authority, s->map_name);
	for (size_t i = 0; i < s->n_feeds; i++)
		(void)printf("  tenant  %s\n", s->feeds[i].source.tenant);
}

void
check_add_url(struct buf *out, const struct dest_url *u)
{
	dest_url_add(out, u);
}

static void
print_destination(const struct dest_options *d)
{
	struct buf url;

	(void)printf("destination %s\n", d->name);
	for (size_t i = 0; i < d->n_urls; i++) {
		buf_init(&url, 1024);
		check_add_url(&url, &d->urls[i]);
		(void)printf("  url     %s\n", url.p);
		buf_fini(&url);
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

static void
print_config(const struct cmd_env *env, const struct config *c)
{
	for (size_t i = 0; i < c->n_sources; i++)
		print_source(&c->sources[i]);
	for (size_t i = 0; i < c->n_destinations; i++)
		print_destination(&c->destinations[i]);
	print_lanes(c);
	(void)printf("%s: no fault\n", env->config_path);
}

static int
check_live(const struct cmd_env *env, const struct config *c, const char *path)
{
	FILE *trace;
	int status;

	status = guard_trace(path, &trace);
	if (status != -1)
		return status;
	status = live_check(env, c, trace);
	if (trace != NULL)
		(void)fclose(trace);
	return status;
}

static int
check_config(const struct cmd_env *env, const struct check_args *args)
{
	struct faults *faults = faults_new();
	struct config *c;
	int status = EX_OK;

	if (args->is_live)
		guard_memory();
	c = config_load(env->config_path, faults);
	faults_print(faults, stderr, env->is_quiet);
	faults_free(faults);
	if (c == NULL)
		return EX_CONFIG;
	if (args->is_live)
		status = check_live(env, c, args->trace);
	else if (!env->is_quiet)
		print_config(env, c);
	config_free(c);
	return status;
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
		{ "trace", required_argument, NULL, OPT_TRACE },
		/* for the test that holds the manual against the table */
		{ "list-options", no_argument, NULL, OPT_LIST_OPTIONS },
		{ NULL, 0, NULL, 0 } };
	struct check_args args = { .is_live = false };
	int c, status;

	while ((c = getopt_long(argc, argv, CMD_COMMON_SHORT, options, NULL)) !=
	    -1) {
		if (c == OPT_LIVE) {
			args.is_live = true;
			continue;
		}
		if (c == OPT_TRACE) {
			args.trace = optarg;
			continue;
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
	if (args.is_live && optind < argc)
		return cmd_usage(
		    &cmd_check, "--live takes a configuration, not maps");
	if (args.trace != NULL && !args.is_live)
		return cmd_usage(&cmd_check, "--trace needs --live");
	cmd_log_configure(env, args.is_live ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO);
	if (optind < argc)
		return check_maps(env, argv + optind);
	return check_config(env, &args);
}

const struct cmd cmd_check = {
	.name = "check",
	.args = "[-c FILE] [--live [--trace FILE]] | MAP.map ...",
	.summary = "reads configuration and maps, tells every fault",
	.run = check,
};
