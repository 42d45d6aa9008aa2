/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include <uv.h>

#include "auth/login.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/obj.h"

#include "cmd/commands.h"
#include "cmd/guard.h"
#include "config/conf.h"
#include "keyfile/keyfile.h"

#define LOG_ROOM "auth"

/* The life of Entra's device codes: who is not there by then starts anew. */
#define LOGIN_MS (UINT64_C(15) * 60 * 1000)

enum {
	OPT_TENANT = CMD_OPT_LOG_FORMAT + 1,
	OPT_DEVICE_CODE,
	OPT_NO_BROWSER,
	OPT_TIMEOUT,
	OPT_TRACE,
};

struct login_args {
	const char *source, *tenant, *trace;
	bool is_device_code, has_no_browser;
	uint64_t timeout_ms;
};

struct session {
	const struct login_args *args;
	const struct cmd_env *env;
	const struct auth_options *o;
	uv_loop_t loop;
	uv_timer_t limit;
	uv_signal_t interrupt;
	struct http *http;
	struct login *login;
	uv_process_t browser;
	bool has_browser;
	int status;
};

/* -- the browser --------------------------------------------------------- */

/* What has our secrets in it is nobody else's. */
static bool
is_ours(const char *name)
{
	return strncmp(name, "CEFWD_", 6) == 0 ||
	    strcmp(name, "CREDENTIALS_DIRECTORY") == 0;
}

static char **
foreign_environment(void)
{
	uv_env_item_t *items;
	int count, n = 0;
	char **env;

	if (uv_os_environ(&items, &count) != 0)
		return NULL;
	env = xcalloc((size_t)count + 1, sizeof(*env));
	for (int i = 0; i < count; i++) {
		if (!is_ours(items[i].name))
			env[n++] =
			    xasprintf("%s=%s", items[i].name, items[i].value);
	}
	uv_os_free_environ(items, count);
	return env;
}

static bool
has_screen(void)
{
	return getenv("DISPLAY") != NULL || getenv("WAYLAND_DISPLAY") != NULL;
}

static void
on_browser_exit(uv_process_t *p, int64_t status, int signal)
{
	(void)status;
	(void)signal;
	uv_close((uv_handle_t *)p, NULL);
}

/* The URL is printed as well, so that nothing is lost where this fails. */
static void
open_browser(struct session *s, const char *url)
{
	char name[] = "xdg-open", *copy = xstrdup(url);
	char *argv[] = { name, copy, NULL }, **env = foreign_environment();
	const uv_process_options_t options = {
		.exit_cb = on_browser_exit,
		.file = name,
		.args = argv,
		.env = env,
		.flags = UV_PROCESS_DETACHED,
	};

	s->has_browser = uv_spawn(&s->loop, &s->browser, &options) == 0;
	if (s->has_browser)
		uv_unref((uv_handle_t *)&s->browser);
	else
		uv_close((uv_handle_t *)&s->browser, NULL);
	for (size_t i = 0; env != NULL && env[i] != NULL; i++)
		free(env[i]);
	free(env);
	free(copy);
}

/* -- the session --------------------------------------------------------- */

static void
close_all(struct session *s)
{
	login_cancel(s->login);
	s->login = NULL;
	http_close(s->http);
	uv_close((uv_handle_t *)&s->limit, NULL);
	uv_close((uv_handle_t *)&s->interrupt, NULL);
	if (s->has_browser && !uv_is_closing((uv_handle_t *)&s->browser))
		uv_close((uv_handle_t *)&s->browser, NULL);
}

static void
on_prompt(void *ctx, const char *url, const char *code)
{
	struct session *s = ctx;

	if (code != NULL) {
		(void)fprintf(stderr,
		    "open %s in any browser and type the code %s\n", url, code);
		return;
	}
	(void)fprintf(stderr,
	    "open this address in a browser on this machine:\n%s\n", url);
	if (!s->args->has_no_browser && has_screen())
		open_browser(s, url);
}

static void
on_done(void *ctx, const struct err *e)
{
	struct session *s = ctx;

	s->login = NULL;
	if (e != NULL) {
		log_err("source %s: tenant %s: %s", s->o->name, s->o->tenant,
		    e->text);
		s->status = err_status(e->kind);
	} else if (!s->env->is_quiet) {
		(void)fprintf(stderr,
		    "signed in to tenant %s; the refresh token is in %s, and a "
		    "running service takes it from there\n",
		    s->o->tenant, s->o->token_file);
	}
	close_all(s);
}

static void
give_up(struct session *s, const char *why)
{
	log_err("source %s: tenant %s: %s; nothing was stored", s->o->name,
	    s->o->tenant, why);
	s->status = EX_TEMPFAIL;
	close_all(s);
}

static void
on_limit(uv_timer_t *t)
{
	give_up(t->data, "nobody signed in within --timeout; try again");
}

static void
on_interrupt(uv_signal_t *h, int signum)
{
	(void)signum;
	give_up(h->data, "interrupted");
}

static void
start(struct session *s)
{
	static const struct login_handlers handlers = {
		.prompt = on_prompt,
		.done = on_done,
	};
	struct err e;

	s->login = login_start(
	    &s->loop, s->http, s->o, s->args->is_device_code, &handlers, s, &e);
	if (s->login == NULL)
		on_done(s, &e);
}

static int
sign_in(const struct cmd_env *env, const struct login_args *args,
    const struct auth_options *o, FILE *trace)
{
	struct session s = { .args = args, .env = env, .o = o };
	struct err e;

	if (uv_loop_init(&s.loop) != 0)
		log_fatal("no event loop could be made");
	s.http = http_new(&s.loop, PACKAGE_NAME "/" PACKAGE_VERSION, &e);
	if (s.http == NULL)
		log_fatal("%s", e.text);
	http_trace(s.http, trace);
	(void)uv_timer_init(&s.loop, &s.limit);
	s.limit.data = &s;
	(void)uv_timer_start(&s.limit, on_limit, args->timeout_ms, 0);
	(void)uv_signal_init(&s.loop, &s.interrupt);
	s.interrupt.data = &s;
	(void)uv_signal_start(&s.interrupt, on_interrupt, SIGINT);
	start(&s);
	(void)uv_run(&s.loop, UV_RUN_DEFAULT);
	/* A handle that is left over is our mistake. */
	if (uv_loop_close(&s.loop) != 0)
		log_err("internal: a handle was left open");
	return s.status;
}

/* -- what is signed in to ------------------------------------------------ */

static const struct config_source *
find_source(const struct config *c, const char *name)
{
	const char *names[64], *near;
	size_t n = 0;

	for (size_t i = 0; i < c->n_sources; i++) {
		if (strcmp(c->sources[i].name, name) == 0)
			return &c->sources[i];
		if (n < NELEM(names))
			names[n++] = c->sources[i].name;
	}
	near = near_name(name, names, n);
	(void)cmd_usage(&cmd_login, "there is no [source %s]%s%s%s", name,
	    near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near,
	    near == NULL ? "" : "\"?");
	return NULL;
}

static const struct auth_options *
find_tenant(const struct config_source *s, const char *tenant)
{
	if (tenant == NULL && s->n_feeds == 1)
		return &s->feeds[0].auth;
	for (size_t i = 0; tenant != NULL && i < s->n_feeds; i++) {
		if (strcasecmp(s->feeds[i].auth.tenant, tenant) == 0)
			return &s->feeds[i].auth;
	}
	if (tenant == NULL)
		(void)cmd_usage(&cmd_login,
		    "[source %s] has %zu tenants; name one with --tenant",
		    s->name, s->n_feeds);
	else
		(void)cmd_usage(&cmd_login, "[source %s] has no tenant \"%s\"",
		    s->name, tenant);
	return NULL;
}

static int
login_config(const struct cmd_env *env, const struct login_args *args,
    const struct config *c)
{
	const struct config_source *source = find_source(c, args->source);
	const struct auth_options *o;
	FILE *trace;
	int status;

	o = source == NULL ? NULL : find_tenant(source, args->tenant);
	if (o == NULL)
		return EX_USAGE;
	if (o->grant != AUTH_REFRESH_TOKEN) {
		log_err("[source %s] signs in by itself: no user needs to; "
			"remove its credential from %s to sign in as a user",
		    args->source, env->config_path);
		return EX_CONFIG;
	}
	status = guard_trace(args->trace, &trace);
	if (status != -1)
		return status;
	status = sign_in(env, args, o, trace);
	if (trace != NULL)
		(void)fclose(trace);
	return status;
}

static int
load_and_login(const struct cmd_env *env, const struct login_args *args)
{
	struct faults *faults = faults_new();
	struct config *c;
	int status;

	guard_memory();
	c = config_load_sign_in(env->config_path, faults);
	faults_print(faults, stderr, env->is_quiet);
	faults_free(faults);
	if (c == NULL)
		return EX_CONFIG;
	status = login_config(env, args, c);
	config_free(c);
	return status;
}

/* -- the command line ---------------------------------------------------- */

/* Returns -1 to go on, or the status to exit with. */
static int
take(int c, const char *arg, struct cmd_env *env, struct login_args *args)
{
	switch (c) {
	case OPT_TENANT:
		args->tenant = arg;
		return -1;
	case OPT_DEVICE_CODE:
		args->is_device_code = true;
		return -1;
	case OPT_NO_BROWSER:
		args->has_no_browser = true;
		return -1;
	case OPT_TRACE:
		args->trace = arg;
		return -1;
	case OPT_TIMEOUT:
		if (num_duration(arg, strlen(arg), &args->timeout_ms, NULL) ==
			0 &&
		    args->timeout_ms > 0)
			return -1;
		return cmd_usage(&cmd_login,
		    "--timeout takes a duration like 10m, not \"%s\"", arg);
	default:
		return cmd_common_option(c, arg, &cmd_login, env);
	}
}

static int
login(int argc, char **argv, struct cmd_env *env)
{
	static const struct option options[] = { CMD_COMMON_LONG,
		{ "tenant", required_argument, NULL, OPT_TENANT },
		{ "device-code", no_argument, NULL, OPT_DEVICE_CODE },
		{ "no-browser", no_argument, NULL, OPT_NO_BROWSER },
		{ "timeout", required_argument, NULL, OPT_TIMEOUT },
		{ "trace", required_argument, NULL, OPT_TRACE },
		{ NULL, 0, NULL, 0 } };
	struct login_args args = { .timeout_ms = LOGIN_MS };
	int c, status;

	while ((c = getopt_long(argc, argv, CMD_COMMON_SHORT, options, NULL)) !=
	    -1) {
		status = take(c, optarg, env, &args);
		if (status != -1)
			return status;
	}
	if (argc - optind != 1)
		return cmd_usage(&cmd_login, "one source is to be named");
	args.source = argv[optind];
	cmd_log_configure(env, LOG_LEVEL_ERROR);
	return load_and_login(env, &args);
}

const struct cmd cmd_login = {
	.name = "login",
	.args = "[--tenant T] [--device-code] [--no-browser] [--timeout 15m] "
		"[--trace FILE] SOURCE",
	.summary = "signs in as a user, and stores the refresh token",
	.run = login,
};
