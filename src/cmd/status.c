/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>
#include <uv.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/obj.h"

#include "cmd/commands.h"
#include "cmd/input.h"
#include "cmd/status_table.h"
#include "config/conf.h"
#include "net/http.h"

#define LOG_ROOM  "status"

#define ANSWER_MS 15000U
#define WATCH_MS  2000U
#define DEPTH_MAX 16

enum {
	OPT_JSON = CMD_OPT_LOG_FORMAT + 1,
	OPT_WATCH,
	OPT_SOCKET,
};

struct asking {
	uv_loop_t loop;
	struct http *http;
	int status;
	struct buf body;
	struct err err;
};

static void
on_head(void *ctx, const struct http_head *head)
{
	struct asking *a = ctx;

	a->status = head->status;
}

static int
on_data(void *ctx, const char *p, size_t len, struct err *e)
{
	struct asking *a = ctx;

	buf_add(&a->body, p, len);
	return buf_check(&a->body, "the answer", e);
}

static void
on_done(void *ctx, const struct err *e)
{
	struct asking *a = ctx;

	if (e != NULL)
		a->err = *e;
	http_close(a->http);
}

/* Whether somebody answers there, in words that name the mend. */
static int
knock(const char *path, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd, saved;

	if (strlen(path) >= sizeof(to.sun_path)) {
		return err_set(e, ERR_USAGE,
		    "the path of a socket has at most %zu bytes",
		    sizeof(to.sun_path) - 1);
	}
	memcpy(to.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0) {
		if (fd != -1)
			(void)close(fd);
		return 0;
	}
	saved = errno;
	(void)close(fd);
	if (saved == EACCES || saved == EPERM) {
		return err_set(e, ERR_REFUSED,
		    "%s may not be asked by this user; become a member of "
		    "its group (usermod -aG), or use sudo",
		    path);
	}
	if (saved == ENOENT || saved == ECONNREFUSED || saved == ENOTDIR) {
		return err_set(e, ERR_NET,
		    "no service answers at %s; is it running (systemctl "
		    "status cefwd)?",
		    path);
	}
	return err_set_errno(e, ERR_NET, saved, "%s", path);
}

static int
ask(const char *path, struct buf *body, struct err *e)
{
	static const struct http_handlers handlers = {
		.head = on_head,
		.data = on_data,
		.done = on_done,
	};
	const struct http_route route = { .local_socket = path };
	const struct http_call call = {
		.method = "GET",
		.url = "http://localhost/status",
		.route = &route,
		.connect_ms = ANSWER_MS,
		.total_ms = ANSWER_MS,
		.max_bytes = LISTENER_BODY_MAX,
	};
	struct asking a = { .status = 0 };

	if (knock(path, e) == -1)
		return -1;
	if (uv_loop_init(&a.loop) != 0)
		log_fatal("no event loop could be made");
	buf_init(&a.body, LISTENER_BODY_MAX);
	a.http = http_new(&a.loop, PACKAGE_NAME "/" PACKAGE_VERSION, &a.err);
	if (a.http != NULL &&
	    http_start(a.http, &call, &handlers, &a, &a.err) == NULL)
		http_close(a.http);
	(void)uv_run(&a.loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&a.loop);
	*body = a.body;
	if (a.err.kind != ERR_NONE) {
		*e = a.err;
		return err_context(e, "%s", path);
	}
	if (a.status == 503)
		return err_set(e, ERR_NET, "%s: the service is stopping", path);
	if (a.status != 200) {
		return err_set(e, ERR_PROTO,
		    "%s: answered with status %d; is it cefwd's?", path,
		    a.status);
	}
	return 0;
}

static struct json_object *
parse(const char *path, const struct buf *body, struct err *e)
{
	struct json_tokener *tok = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *doc = NULL;

	if (tok != NULL && body->len < INT32_MAX)
		doc = json_tokener_parse_ex(tok, body->p, (int)body->len + 1);
	if (!json_object_is_type(doc, json_type_object)) {
		(void)err_set(e, ERR_PROTO,
		    "%s: the answer is no object; is it cefwd's?", path);
		json_object_put(doc);
		doc = NULL;
	}
	json_tokener_free(tok);
	return doc;
}

static void
print_json(const struct buf *body)
{
	(void)fwrite(body->p, 1, body->len, stdout);
	if (body->len == 0 || body->p[body->len - 1] != '\n')
		(void)fputc('\n', stdout);
}

/* A picture over the last one, on a terminal. */
static void
print_table(struct json_object *doc, bool is_watching)
{
	if (is_watching && isatty(STDOUT_FILENO))
		(void)fputs("\033[H\033[2J", stdout);
	status_table(doc);
	if (is_watching && !isatty(STDOUT_FILENO))
		(void)fputc('\n', stdout);
}

static int
show(const char *path, bool is_json, bool is_watching, struct err *e)
{
	struct json_object *doc = NULL;
	struct buf body;
	int rc;

	buf_init(&body, LISTENER_BODY_MAX);
	rc = ask(path, &body, e);
	if (rc == 0) {
		doc = parse(path, &body, e);
		rc = doc == NULL ? -1 : 0;
	}
	if (rc == 0 && is_json)
		print_json(&body);
	else if (rc == 0)
		print_table(doc, is_watching);
	json_object_put(doc);
	buf_fini(&body);
	return rc;
}

static void
nap(uint64_t ms)
{
	const struct timespec t = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000,
	};

	(void)nanosleep(&t, NULL);
}

struct status_args {
	const char *socket; /* --socket PATH; NULL: the configuration's */
	bool is_json;
	uint64_t watch_ms; /* 0: once */
};

/* A configuration that this user may not read need not name another socket
   than the usual one; one that was named and is not there is a mistake. */
static char *
find_socket(
    const struct cmd_env *env, const struct status_args *args, struct err *e)
{
	char *path;

	if (args->socket != NULL)
		return xstrdup(args->socket);
	path = config_socket(env->config_path, e);
	if (path == NULL && e->kind == ERR_NOINPUT &&
	    access(env->config_path, R_OK) == -1 &&
	    (errno == EACCES ||
		strcmp(env->config_path, CEFWD_SYSCONFDIR "/cefwd.conf") == 0))
		path = xstrdup(CONFIG_SOCKET);
	return path;
}

static int
status(const struct cmd_env *env, const struct status_args *args)
{
	struct err e = { .kind = ERR_NONE };
	char *path = find_socket(env, args, &e);
	int rc = path == NULL ? -1 : 0, unwritten = EX_OK;

	while (rc == 0) {
		rc = show(path, args->is_json, args->watch_ms > 0, &e);
		if (rc == 0 && (unwritten = output_flush()) != EX_OK)
			break;
		if (args->watch_ms == 0)
			break;
		if (rc == 0)
			nap(args->watch_ms);
	}
	free(path);
	if (rc == 0)
		return unwritten;
	log_err("%s", e.text);
	return err_status(e.kind);
}

static int
watch_option(const char *arg, uint64_t *out_ms)
{
	uint64_t s;

	*out_ms = WATCH_MS;
	if (arg == NULL)
		return 0;
	if (num_u64(arg, strlen(arg), 1, 86400, &s, NULL) == -1)
		return -1;
	*out_ms = s * 1000;
	return 0;
}

static int
run(int argc, char **argv, struct cmd_env *env)
{
	static const struct option options[] = { CMD_COMMON_LONG,
		{ "json", no_argument, NULL, OPT_JSON },
		{ "watch", optional_argument, NULL, OPT_WATCH },
		{ "socket", required_argument, NULL, OPT_SOCKET },
		{ NULL, 0, NULL, 0 } };
	struct status_args args = { .is_json = false };
	int c, rc;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
	while ((c = getopt_long(argc, argv, CMD_COMMON_SHORT, options, NULL)) !=
	    -1) {
		switch (c) {
		case OPT_JSON:
			args.is_json = true;
			break;
		case OPT_SOCKET:
			args.socket = optarg;
			break;
		case OPT_WATCH:
			if (watch_option(optarg, &args.watch_ms) == 0)
				break;
			return cmd_usage(&cmd_status,
			    "--watch takes 1 to 86400 seconds, not \"%s\"",
			    optarg);
		default:
			rc = cmd_common_option(c, optarg, &cmd_status, env);
			if (rc != -1)
				return rc;
		}
	}
	if (optind < argc)
		return cmd_usage(
		    &cmd_status, "unexpected argument \"%s\"", argv[optind]);
	cmd_log_configure(env, LOG_LEVEL_INFO);
	return status(env, &args);
}

const struct cmd cmd_status = {
	.name = "status",
	.args = "[--json] [--watch[=SECONDS]] [--socket PATH]",
	.summary = "ask the running service how far it is and how it does",
	.run = run,
};
