/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include <uv.h>

#include "auth/claims.h"
#include "auth/set.h"
#include "auth/tenant.h"
#include "base/buf.h"
#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/stamp.h"

#include "cmd/live.h"

#define LOG_ROOM "main"

/* Who has not answered by then will not: connecting has 20 s. */
#define LIMIT_MS 60000U

/* Entra takes assertions that are some minutes off; so do we. */
#define SKEW_MS  (INT64_C(5) * 60000)

#define API_DAYS 1 /* the smallest page: what was updated since yesterday */
#define TEXT_MAX (64U << 10)

enum level {
	OK,
	WARN,
	FAIL,
};

/* What is known of one subject, a line a fact. */
struct report {
	char *subject;
	struct buf text;
	bool has_failed, is_over;
};

struct live {
	const struct cmd_env *env;
	uv_loop_t loop;
	uv_timer_t limit;
	struct http *http;
	struct auth_set *auths;
	struct feed *feeds;
	size_t n_feeds;
	struct outlet *outlets;
	size_t n_outlets;
	size_t running;
	int status;
	bool is_closing;
};

/*
 *   tenant --> token --> API --> over
 *      |         |        |
 *      +---------+--------+--> over, where going on would say it again
 */
struct feed {
	struct live *live;
	const struct config_feed *o;
	struct report report;
	struct auth *auth;
	struct auth_tenant_ask *tenant;
	struct auth_wait *token;
	struct source_options options; /* of the source: the smallest page */
	struct source *source;
	struct source_pass *pass;
	uint64_t records;
	bool is_answered;
	bool has_role; /* the token names one, or cannot be read */
};

/* One URL of a destination. */
struct outlet {
	struct live *live;
	struct report report;
	struct dest_options o;
	struct dest *dest;
};

/* From the gravest on. */
static const int statuses[] = { EX_CONFIG, EX_NOPERM, EX_UNAVAILABLE };

static int
graver(int a, int b)
{
	for (size_t i = 0; i < NELEM(statuses); i++) {
		if (a == statuses[i] || b == statuses[i])
			return statuses[i];
	}
	return a == EX_OK ? b : a;
}

static int
status_of(enum err_kind kind)
{
	int status = err_status(kind);

	/* Busy, broken, strange: it cannot be used now. */
	return status == EX_CONFIG || status == EX_NOPERM ? status :
							    EX_UNAVAILABLE;
}

static void __attribute__((format(printf, 5, 6))) fact(struct live *l,
    struct report *r, enum level level, const char *label, const char *fmt, ...)
{
	static const char *const words[] = { "ok", "warn", "FAIL" };
	va_list ap;
	char *text;

	if (level == FAIL)
		r->has_failed = true;
	if (l->env->is_quiet && level != FAIL)
		return;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	va_end(ap);
	if (l->env->is_quiet)
		buf_addf(&r->text, "%s: %s: ", r->subject, label);
	else
		buf_addf(&r->text, "  %-5s %-9s ", words[level], label);
	buf_adds(&r->text, text == NULL ? "" : text);
	buf_addc(&r->text, '\n');
	free(text);
}

static void
fact_failed(
    struct live *l, struct report *r, const char *label, const struct err *e)
{
	fact(l, r, FAIL, label, "%s", e->text);
	l->status = graver(l->status, status_of(e->kind));
}

static void close_all(struct live *l);

static void
over(struct live *l, struct report *r)
{
	assert(!r->is_over);
	r->is_over = true;
	if (--l->running == 0)
		close_all(l);
}

/* -- feeds ------------------------------------------------------------- */

/* "58 min", "2 h 5 min" */
static void
add_time(struct buf *out, uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (s < 120)
		buf_addf(out, "%" PRIu64 " s", s);
	else if (s < 7200)
		buf_addf(out, "%" PRIu64 " min", s / 60);
	else
		buf_addf(out, "%" PRIu64 " h %" PRIu64 " min", s / 3600,
		    s % 3600 / 60);
}

/* Warned of so long ahead. */
#define CERTIFICATE_SOON_MS (INT64_C(30) * 86400 * 1000)

static void
tell_certificate(struct feed *f)
{
	char day[STAMP_TEXT_MAX];
	int64_t end_ms, left_ms;
	struct err e;

	switch (auth_certificate_end(&f->o->auth, &end_ms, &e)) {
	case 0:
		return;
	case -1:
		fact(f->live, &f->report, WARN, "certificate", "%s", e.text);
		return;
	default:
		break;
	}
	left_ms = end_ms - clk_unix_ms();
	stamp_format(stamp_from_ms(end_ms), day);
	fact(f->live, &f->report, left_ms > CERTIFICATE_SOON_MS ? OK : WARN,
	    "certificate", "ends %.10s, in %" PRId64 " days%s", day,
	    left_ms / (INT64_C(86400) * 1000),
	    left_ms > CERTIFICATE_SOON_MS ?
		"" :
		"; renew it, and upload the new one to the app registration");
}

static void
tell_grant(struct feed *f)
{
	const struct auth_options *o = &f->o->auth;
	const char *file = o->client_secret_file;

	switch (o->grant) {
	case AUTH_CLIENT_SECRET:
		fact(f->live, &f->report, OK, "grant",
		    "client secret from %s%s, of application %s",
		    file == NULL ? "the environment" : "",
		    file == NULL ? "" : file, o->client_id);
		break;
	case AUTH_CERTIFICATE:
		fact(f->live, &f->report, OK, "grant",
		    "client certificate from %s, of application %s",
		    o->client_certificate_file, o->client_id);
		tell_certificate(f);
		break;
	case AUTH_FEDERATED:
		fact(f->live, &f->report, OK, "grant",
		    "federated token from %s, for application %s",
		    o->federated_token_file, o->client_id);
		break;
	case AUTH_MANAGED_IDENTITY:
		fact(f->live, &f->report, OK, "grant",
		    "managed identity of this machine%s%s",
		    o->client_id == NULL ? ", system-assigned" : ", client-id ",
		    o->client_id == NULL ? "" : o->client_id);
		break;
	case AUTH_REFRESH_TOKEN:
		fact(f->live, &f->report, OK, "grant",
		    "sign-in of a user, kept in %s", o->token_file);
		break;
	}
}

static void
tell_clock(struct feed *f)
{
	struct buf text;
	int64_t ms;

	if (f->auth == NULL || !auth_skew_ms(f->auth, &ms))
		return;
	buf_init(&text, 128);
	add_time(&text, (uint64_t)(ms < 0 ? -ms : ms));
	/* Date has whole seconds. */
	if (ms > -2000 && ms < 2000)
		fact(f->live, &f->report, OK, "clock",
		    "agrees with the token endpoint's");
	else
		fact(f->live, &f->report,
		    ms > SKEW_MS || ms < -SKEW_MS ? WARN : OK, "clock",
		    "this host's is %s %s the token endpoint's%s", text.p,
		    ms > 0 ? "behind" : "ahead of",
		    ms > SKEW_MS || ms < -SKEW_MS ?
			"; set it (NTP), or assertions will be refused" :
			"");
	buf_fini(&text);
}

/* Whether the two URLs have one host. */
static bool
same_origin(const char *a, const char *b)
{
	struct buf x, y;
	bool same;

	buf_init(&x, AUTH_URL_MAX);
	buf_init(&y, AUTH_URL_MAX);
	same = url_origin(a, &x) == 0 && url_origin(b, &y) == 0 &&
	    strcmp(x.p, y.p) == 0;
	buf_fini(&x);
	buf_fini(&y);
	return same;
}

static void
tell_cloud(struct feed *f, const struct auth_tenant *t)
{
	const char *right = auth_tenant_cloud(t), *ours = f->o->cloud;
	const char *region = t->region[0] == '\0' ? "unknown" : t->region;
	struct live *l = f->live;

	if (right == NULL || ours == NULL)
		return;
	if (strcmp(right, ours) == 0) {
		fact(l, &f->report, OK, "cloud",
		    "%s; the tenant's region is %s", ours, region);
	} else if (strcmp(right, "gcc") == 0 && strcmp(ours, "public") == 0) {
		/* They share Graph and the login. */
		fact(l, &f->report, WARN, "cloud",
		    "the tenant lives in gcc (region %s%s%s), not in public; "
		    "set cloud = gcc",
		    region, t->sub_region[0] == '\0' ? "" : ", ",
		    t->sub_region);
	} else if (strcmp(right, "public") == 0 && strcmp(ours, "gcc") == 0) {
		fact(l, &f->report, WARN, "cloud",
		    "the tenant lives in public (region %s), not in gcc; set "
		    "cloud = public",
		    region);
	} else {
		fact(l, &f->report, FAIL, "cloud",
		    "the tenant lives in %s (region %s%s%s), not in %s; set "
		    "cloud = %s",
		    right, region, t->sub_region[0] == '\0' ? "" : ", ",
		    t->sub_region, ours, right);
		l->status = graver(l->status, EX_CONFIG);
	}
}

static void
tell_tenant(struct feed *f, const struct auth_tenant *t)
{
	struct live *l = f->live;

	fact(l, &f->report, OK, "sign-in", "%s",
	    t->authorization_endpoint[0] == '\0' ? "none is published" :
						   t->authorization_endpoint);
	if (same_origin(t->token_endpoint, f->o->auth.authority))
		fact(l, &f->report, OK, "tokens", "%s", t->token_endpoint);
	else
		fact(l, &f->report, WARN, "tokens",
		    "%s is published, but %s is asked; check cloud and "
		    "authority",
		    t->token_endpoint[0] == '\0' ? "nothing" :
						   t->token_endpoint,
		    f->o->auth.authority);
	tell_cloud(f, t);
}

static bool
is_guid(const char *s)
{
	return strlen(s) == 36 && strspn(s, "0123456789abcdefABCDEF-") == 36;
}

/* The API by which the token is to be taken. */
static void
tell_audience(struct feed *f, const char *audience)
{
	const struct auth_options *o = &f->o->auth;
	const char *want = o->scope == NULL ? o->resource : o->scope;
	const char *end = strstr(want, "/.default");
	size_t len = end == NULL ? strlen(want) : (size_t)(end - want);
	size_t have = strlen(audience);

	while (len > 0 && want[len - 1] == '/')
		len--;
	while (have > 0 && audience[have - 1] == '/')
		have--;
	/* v2 tokens may name the API by its id. */
	if (is_guid(audience) ||
	    (len == have && strncasecmp(want, audience, len) == 0))
		fact(f->live, &f->report, OK, "audience", "%s", audience);
	else
		fact(f->live, &f->report, WARN, "audience",
		    "%s instead of %.*s; check scope (or resource) and cloud",
		    audience, (int)len, want);
}

static void
tell_token(struct feed *f, const struct auth_token *token)
{
	uint64_t now = clk_ms();
	struct live *l = f->live;
	struct auth_hint h;
	struct buf life;

	buf_init(&life, 64);
	add_time(&life, token->expires_ms > now ? token->expires_ms - now : 0);
	fact(l, &f->report, OK, "token", "got one that is good for %s", life.p);
	buf_fini(&life);
	f->has_role = true;
	if (!auth_hint(token->bearer, &h)) {
		fact(l, &f->report, OK, "claims",
		    "the token is opaque; the API's answer decides");
	} else {
		if (h.audience != NULL)
			tell_audience(f, h.audience);
		if (h.roles != NULL && *h.roles != '\0')
			fact(l, &f->report, OK, "roles", "%s", h.roles);
		else if (h.scopes != NULL)
			fact(l, &f->report, OK, "scopes", "%s", h.scopes);
		else {
			f->has_role = false;
			fact(l, &f->report, WARN, "roles",
			    "the token names none; permissions reach a token "
			    "some minutes after admin consent");
		}
	}
	auth_hint_fini(&h);
}

/* Not from inside the pass's own callbacks but for its end. */
static void
feed_over(struct feed *f)
{
	source_pass_cancel(f->pass);
	f->pass = NULL;
	over(f->live, &f->report);
}

static void
on_record(void *ctx, const struct source_record *rec)
{
	struct feed *f = ctx;

	(void)rec;
	f->records++;
}

static void
tell_api(struct feed *f)
{
	const struct source_options *o = &f->options;

	fact(f->live, &f->report, OK, "API", "GET %s%s: 200, %s", o->origin,
	    o->api->path,
	    f->records == 0 ? "no alert was updated since yesterday" :
			      "there are alerts");
}

static void
api_failed(struct feed *f, const struct err *e)
{
	struct live *l = f->live;

	fact(l, &f->report, FAIL, "API", "GET %s%s: %s%s", f->options.origin,
	    f->options.api->path, e->text,
	    e->kind == ERR_REFUSED && !f->has_role ?
		"; the token names no role" :
		"");
	l->status = graver(l->status, status_of(e->kind));
}

static void
on_state(
    void *ctx, enum source_state state, const struct err *e, uint64_t retry_ms)
{
	struct feed *f = ctx;

	(void)retry_ms;
	if (f->is_answered)
		return;
	f->is_answered = true;
	if (state == SOURCE_OK || e == NULL)
		tell_api(f);
	else
		api_failed(f, e);
	feed_over(f);
}

static void
on_done(void *ctx, const struct source_progress *p, const struct err *e)
{
	struct feed *f = ctx;

	(void)p;
	f->pass = NULL;
	if (!f->is_answered) {
		f->is_answered = true;
		if (e == NULL)
			tell_api(f);
		else
			api_failed(f, e);
	}
	over(f->live, &f->report);
}

static const struct source_handlers api_handlers = {
	.record = on_record,
	.state = on_state,
	.done = on_done,
};

static void
ask_api(struct feed *f)
{
	struct source_window w = {
		.updated_from =
		    stamp_now() - (int64_t)API_DAYS * 86400 * STAMP_PER_S,
		.updated_until = STAMP_NONE,
		.created_from = STAMP_NONE,
	};

	f->options = f->o->source;
	if (f->options.api->page_size != 0)
		f->options.page_size = 1;
	f->source =
	    source_new(&f->live->loop, f->live->http, f->auth, &f->options);
	f->pass = source_pass_start(f->source, &w, &api_handlers, f);
}

static void
on_token(void *ctx, const struct auth_token *token, const struct err *e,
    uint64_t retry_ms)
{
	struct feed *f = ctx;

	(void)retry_ms;
	f->token = NULL;
	if (token == NULL) {
		fact_failed(f->live, &f->report, "token", e);
		tell_clock(f);
		over(f->live, &f->report);
		return;
	}
	tell_token(f, token);
	tell_clock(f);
	ask_api(f);
}

static void
ask_token(struct feed *f)
{
	struct live *l = f->live;
	struct err e;

	tell_grant(f);
	f->auth = auth_set_take(l->auths, &f->o->auth, &e);
	if (f->auth == NULL) {
		fact_failed(l, &f->report, "token", &e);
		over(l, &f->report);
		return;
	}
	f->token = auth_get(f->auth, on_token, f);
}

static void
on_tenant(void *ctx, const struct auth_tenant *t, const struct err *e)
{
	struct feed *f = ctx;

	f->tenant = NULL;
	if (t != NULL) {
		tell_tenant(f, t);
		ask_token(f);
	} else if (e->kind == ERR_PROTO) {
		/* An authority of one's own need not publish any. */
		fact(f->live, &f->report, WARN, "sign-in",
		    "the endpoints could not be discovered: %s", e->text);
		ask_token(f);
	} else {
		/* The token endpoint is on the same host. */
		fact_failed(f->live, &f->report, "sign-in", e);
		over(f->live, &f->report);
	}
}

static void
feed_start(struct feed *f)
{
	struct err e;

	if (f->o->auth.token_url != NULL) {
		ask_token(f); /* there is nothing to discover */
		return;
	}
	f->tenant =
	    auth_tenant_start(f->live->http, &f->o->auth, on_tenant, f, &e);
	if (f->tenant == NULL) {
		fact_failed(f->live, &f->report, "sign-in", &e);
		over(f->live, &f->report);
	}
}

/* -- destinations ------------------------------------------------------ */

static void
on_dest(void *ctx, enum dest_state state, const struct err *e)
{
	struct outlet *out = ctx;

	if (out->report.is_over || state == DEST_CONNECTING)
		return;
	if (state == DEST_AWAY) {
		fact_failed(out->live, &out->report, "open", e);
	} else if (out->o.urls->scheme == DEST_UDP) {
		fact(out->live, &out->report, OK, "open",
		    "a datagram's receiver does not answer, so nothing can be "
		    "known of it");
	} else {
		fact(out->live, &out->report, OK, "open",
		    "could be opened; nothing was sent");
	}
	dest_close(out->dest);
	out->dest = NULL;
	over(out->live, &out->report);
}

static void
outlet_start(struct outlet *out)
{
	struct err e;

	out->dest = dest_new(&out->live->loop, &out->o, on_dest, out, &e);
	if (out->dest == NULL) {
		fact_failed(out->live, &out->report, "open", &e);
		over(out->live, &out->report);
	}
}

/* -- all of it --------------------------------------------------------- */

static void
close_all(struct live *l)
{
	l->is_closing = true;
	for (size_t i = 0; i < l->n_feeds; i++) {
		struct feed *f = &l->feeds[i];

		auth_tenant_cancel(f->tenant);
		auth_cancel(f->token);
		source_pass_cancel(f->pass);
		if (f->source != NULL)
			source_close(f->source);
		auth_set_give(l->auths, f->auth);
	}
	for (size_t i = 0; i < l->n_outlets; i++)
		dest_close(l->outlets[i].dest);
	auth_set_free(l->auths);
	http_close(l->http);
	uv_close((uv_handle_t *)&l->limit, NULL);
}

static void
late(struct live *l, struct report *r)
{
	struct err e;

	if (r->is_over)
		return;
	(void)err_set(&e, ERR_NET, "no answer within %u s", LIMIT_MS / 1000);
	fact_failed(l, r, "answer", &e);
	r->is_over = true;
}

static void
on_limit(uv_timer_t *timer)
{
	struct live *l = timer->data;

	for (size_t i = 0; i < l->n_feeds; i++)
		late(l, &l->feeds[i].report);
	for (size_t i = 0; i < l->n_outlets; i++)
		late(l, &l->outlets[i].report);
	l->running = 0;
	close_all(l);
}

static void
report_init(struct report *r, char *subject)
{
	r->subject = subject;
	buf_init(&r->text, TEXT_MAX);
}

static void
make_feeds(struct live *l, const struct config *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_sources; i++)
		n += c->sources[i].n_feeds;
	l->feeds = xcalloc(n, sizeof(*l->feeds));
	for (size_t i = 0; i < c->n_sources; i++) {
		for (size_t k = 0; k < c->sources[i].n_feeds; k++) {
			struct feed *f = &l->feeds[l->n_feeds++];

			f->live = l;
			f->o = &c->sources[i].feeds[k];
			report_init(&f->report,
			    xasprintf("source %s (%s)", c->sources[i].name,
				f->o->source.tenant));
		}
	}
}

/* Each URL by itself: a spare that does not work is no spare. */
static void
make_outlets(struct live *l, const struct config *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_destinations; i++)
		n += c->destinations[i].n_urls;
	l->outlets = xcalloc(n, sizeof(*l->outlets));
	for (size_t i = 0; i < c->n_destinations; i++) {
		const struct dest_options *d = &c->destinations[i];

		for (size_t k = 0; k < d->n_urls; k++) {
			struct outlet *out = &l->outlets[l->n_outlets++];
			struct buf url;

			out->live = l;
			out->o = *d;
			out->o.urls = &d->urls[k];
			out->o.n_urls = 1;
			buf_init(&url, 1024);
			check_add_url(&url, &d->urls[k]);
			report_init(&out->report,
			    xasprintf("destination %s (%s)", d->name, url.p));
			buf_fini(&url);
		}
	}
}

static size_t
print(const struct live *l, struct report *r)
{
	size_t failed = r->has_failed ? 1 : 0;

	if (!l->env->is_quiet)
		(void)printf("%s\n", r->subject);
	(void)fputs(r->text.p, stdout);
	free(r->subject);
	buf_fini(&r->text);
	return failed;
}

static void
print_all(struct live *l)
{
	size_t failed = 0, n = l->n_feeds + l->n_outlets;

	for (size_t i = 0; i < l->n_feeds; i++)
		failed += print(l, &l->feeds[i].report);
	for (size_t i = 0; i < l->n_outlets; i++)
		failed += print(l, &l->outlets[i].report);
	if (l->env->is_quiet)
		return;
	if (failed == 0)
		(void)printf("all of it works\n");
	else
		(void)printf("%zu of %zu failed\n", failed, n);
}

int
live_check(const struct cmd_env *env, const struct config *c, FILE *trace)
{
	struct live l = { .env = env };
	struct err e;

	if (uv_loop_init(&l.loop) != 0)
		log_fatal("no event loop could be made");
	l.http = http_new(&l.loop, PACKAGE_NAME "/" PACKAGE_VERSION, &e);
	if (l.http == NULL)
		log_fatal("%s", e.text);
	http_trace(l.http, trace);
	l.auths = auth_set_new(&l.loop, l.http);
	(void)uv_timer_init(&l.loop, &l.limit);
	l.limit.data = &l;
	(void)uv_timer_start(&l.limit, on_limit, LIMIT_MS, 0);
	make_feeds(&l, c);
	make_outlets(&l, c);
	l.running = l.n_feeds + l.n_outlets + 1;
	for (size_t i = 0; i < l.n_feeds; i++)
		feed_start(&l.feeds[i]);
	for (size_t i = 0; i < l.n_outlets; i++)
		outlet_start(&l.outlets[i]);
	if (--l.running == 0)
		close_all(&l);
	(void)uv_run(&l.loop, UV_RUN_DEFAULT);
	/* A handle that is left over is our mistake. */
	if (uv_loop_close(&l.loop) != 0)
		log_err("internal: a handle was left open");
	print_all(&l);
	free(l.feeds);
	free(l.outlets);
	return l.status;
}
