/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "auth/auth_priv.h"
#include "auth/login.h"
#include "auth/redirect.h"
#include "auth/store.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/obj.h"
#include "base/secret.h"

#define LOGIN_MAGIC    0x6c6f6769U

#define ANSWER_MAX     (64U << 10)
#define EXCHANGE_MS    30000U
#define VERIFIER_BYTES 32 /* 43 letters, as RFC 7636 4.1 advises */
#define INTERVAL_S     5  /* RFC 8628 3.2: where the server names none */
#define INTERVAL_MAX_S 300
#define SLOW_DOWN_S    5 /* RFC 8628 3.5 */

#define DEVICE_GRANT   "urn:ietf:params:oauth:grant-type:device_code"

enum step {
	STEP_BROWSER, /* waits for the browser to come back */
	STEP_DEVICE,  /* asks for a device code */
	STEP_POLL,    /* asks whether the user has typed it */
	STEP_CODE,    /* exchanges the authorization code */
};

struct login {
	unsigned int magic;
	uv_loop_t *loop;
	struct http *http;
	const struct auth_options *o;
	const struct login_handlers *h;
	void *ctx;
	char *origin;
	char *redirect_uri;
	enum step step;
	struct redirect *redirect;
	struct http_request *request;
	uv_timer_t timer;
	uint64_t interval_s;
	struct buf answer;
	int status;
	int64_t date_unix_ms;
	struct buf verifier;
	struct buf state;
	struct buf code; /* authorization or device code */
};

static void
on_closed(uv_handle_t *h)
{
	struct login *l = h->data;

	free(l->origin);
	free(l->redirect_uri);
	secret_buf_fini(&l->answer);
	secret_buf_fini(&l->verifier);
	secret_buf_fini(&l->state);
	secret_buf_fini(&l->code);
	l->magic = 0;
	free(l);
}

void
login_cancel(struct login *l)
{
	if (l == NULL)
		return;
	http_cancel(l->request);
	l->request = NULL;
	redirect_close(l->redirect);
	l->redirect = NULL;
	if (!uv_is_closing((uv_handle_t *)&l->timer))
		uv_close((uv_handle_t *)&l->timer, on_closed);
}

static void
end(struct login *l, const struct err *e)
{
	const struct login_handlers *h = l->h;
	void *ctx = l->ctx;

	login_cancel(l);
	h->done(ctx, e);
}

static void
add_random(struct buf *out, struct err *e)
{
	unsigned char random[VERIFIER_BYTES];

	if (RAND_bytes(random, sizeof(random)) != 1) {
		(void)err_set(e, ERR_CONFIG, "OpenSSL has no random bytes");
		return;
	}
	auth__add_base64url(out, random, sizeof(random));
	explicit_bzero(random, sizeof(random));
}

static void
add_scope(const struct auth_options *o, struct buf *form)
{
	char *scope = o->scope != NULL ?
	    xasprintf("%s offline_access", o->scope) :
	    xasprintf("%s/.default offline_access", o->resource);

	auth__form_add(form, "scope", scope, strlen(scope));
	free(scope);
}

static void
add_text(struct buf *form, const char *name, const char *value)
{
	auth__form_add(form, name, value, strlen(value));
}

static void on_done(void *ctx, const struct err *transport);

static void
on_head(void *ctx, const struct http_head *head)
{
	struct login *l;

	OBJ_CAST(l, ctx, LOGIN_MAGIC);
	l->status = head->status;
	l->date_unix_ms = head->date_unix_ms;
}

static int
on_data(void *ctx, const char *p, size_t len, struct err *e)
{
	struct login *l;

	OBJ_CAST(l, ctx, LOGIN_MAGIC);
	buf_add(&l->answer, p, len);
	return buf_check(&l->answer, "the answer", e);
}

/* POST the form to the tenant's endpoint of that name. */
static void
post(struct login *l, const char *endpoint, const struct buf *form)
{
	static const struct http_handlers handlers = {
		.head = on_head,
		.data = on_data,
		.done = on_done,
	};
	static const char *const headers[] = { "Accept: application/json",
		NULL };
	char *url = xasprintf(
	    "%s/%s/oauth2/v2.0/%s", l->origin, l->o->tenant, endpoint);
	const struct http_call call = {
		.method = "POST",
		.url = url,
		.headers = headers,
		.body = form->p,
		.body_len = form->len,
		.route = &l->o->route,
		.total_ms = EXCHANGE_MS,
		.max_bytes = ANSWER_MAX,
	};
	struct err e;

	assert(l->request == NULL);
	buf_cut(&l->answer, 0);
	l->status = 0;
	l->request = http_start(l->http, &call, &handlers, l, &e);
	free(url);
	if (l->request == NULL)
		end(l, &e);
}

static void
form_init(struct buf *form)
{
	secret_buf_init(form, AUTH_FORM_MAX, AUTH_FORM_MAX);
}

static void
ask_device_code(struct login *l)
{
	struct buf form;

	l->step = STEP_DEVICE;
	form_init(&form);
	add_text(&form, "client_id", l->o->client_id);
	add_scope(l->o, &form);
	post(l, "devicecode", &form);
	secret_buf_fini(&form);
}

static void
poll_device(struct login *l)
{
	struct buf form;

	l->step = STEP_POLL;
	form_init(&form);
	add_text(&form, "grant_type", DEVICE_GRANT);
	add_text(&form, "client_id", l->o->client_id);
	auth__form_add(&form, "device_code", l->code.p, l->code.len);
	post(l, "token", &form);
	secret_buf_fini(&form);
}

static void
exchange_code(struct login *l)
{
	struct buf form;

	l->step = STEP_CODE;
	form_init(&form);
	add_text(&form, "grant_type", "authorization_code");
	add_text(&form, "client_id", l->o->client_id);
	auth__form_add(&form, "code", l->code.p, l->code.len);
	add_text(&form, "redirect_uri", l->redirect_uri);
	auth__form_add(&form, "code_verifier", l->verifier.p, l->verifier.len);
	add_scope(l->o, &form);
	post(l, "token", &form);
	secret_buf_fini(&form);
}

static void
on_timer(uv_timer_t *t)
{
	struct login *l;

	OBJ_CAST(l, t->data, LOGIN_MAGIC);
	if (l->step == STEP_DEVICE)
		ask_device_code(l);
	else if (l->step == STEP_POLL)
		poll_device(l);
	else
		exchange_code(l);
}

static void
wait_poll(struct login *l)
{
	l->step = STEP_POLL;
	(void)uv_timer_start(&l->timer, on_timer, l->interval_s * 1000, 0);
}

static int
read_device_code(struct login *l, struct err *e)
{
	struct json_object *obj = auth__json_parse(l->answer.p, l->answer.len);
	const char *device = auth__json_text(obj, "device_code");
	const char *user = auth__json_text(obj, "user_code");
	const char *url = auth__json_text(obj, "verification_uri");
	struct json_object *interval;
	int rc = 0;

	if (device == NULL || user == NULL || url == NULL) {
		rc = err_set(e, ERR_PROTO,
		    "the device code endpoint's answer lacks a code or a URL");
	} else {
		buf_adds(&l->code, device);
		rc = buf_check(&l->code, "the device code", e);
		l->interval_s = INTERVAL_S;
		if (json_object_object_get_ex(obj, "interval", &interval)) {
			int64_t s = json_object_get_int64(interval);

			if (s > 0 && s < INTERVAL_MAX_S)
				l->interval_s = (uint64_t)s;
		}
		if (rc == 0)
			l->h->prompt(l->ctx, url, user);
	}
	json_object_put(obj);
	return rc;
}

/* RFC 8628 3.5: what is no end. */
static bool
is_pending(struct login *l)
{
	struct json_object *obj;
	const char *error;
	bool is_slow, is_open;

	if (l->step != STEP_POLL || l->status != 400)
		return false;
	obj = auth__json_parse(l->answer.p, l->answer.len);
	error = auth__json_text(obj, "error");
	is_slow = error != NULL && strcmp(error, "slow_down") == 0;
	is_open = error != NULL && strcmp(error, "authorization_pending") == 0;
	json_object_put(obj);
	if (is_slow)
		l->interval_s += SLOW_DOWN_S;
	return is_slow || is_open;
}

static int
take_tokens(struct login *l, struct err *e)
{
	struct auth_answer answer = { .bearer = NULL };
	int rc = auth__answer_parse(
	    l->answer.p, l->answer.len, l->date_unix_ms, &answer, e);

	if (rc == 0 && answer.refresh == NULL) {
		rc = err_set(e, ERR_REFUSED,
		    "the sign-in brought no refresh token; the scope "
		    "offline_access must be granted to the application");
	}
	if (rc == 0)
		rc = token_store_write(l->o->token_file, answer.refresh, e);
	wipe_free(answer.bearer);
	wipe_free(answer.refresh);
	return rc;
}

static void
on_done(void *ctx, const struct err *transport)
{
	struct login *l;
	struct err e;
	int rc;

	OBJ_CAST(l, ctx, LOGIN_MAGIC);
	l->request = NULL;
	if (transport != NULL) {
		e = *transport;
		end(l, &e);
		return;
	}
	if (is_pending(l)) {
		wait_poll(l);
		return;
	}
	if (l->status != 200) {
		auth__blot_jwt(l->answer.p, l->answer.len);
		(void)auth_explain(
		    l->status, l->answer.p, l->answer.len, l->o, &e);
		end(l, &e);
		return;
	}
	if (l->step == STEP_DEVICE) {
		rc = read_device_code(l, &e);
		if (rc == 0)
			wait_poll(l);
		else
			end(l, &e);
		return;
	}
	rc = take_tokens(l, &e);
	end(l, rc == 0 ? NULL : &e);
}

/* The value of a parameter, decoded (WHATWG URL, 5.1). */
static bool
param(const char *query, const char *name, struct buf *out)
{
	size_t len = strlen(name);
	const char *p = query;

	while (p != NULL && (strncmp(p, name, len) != 0 || p[len] != '=')) {
		p = strchr(p, '&');
		p = p == NULL ? NULL : p + 1;
	}
	if (p == NULL)
		return false;
	for (p += len + 1; *p != '\0' && *p != '&'; p++) {
		if (*p == '%' && num_hex(p[1]) != -1 && num_hex(p[2]) != -1) {
			buf_addc(
			    out, (char)(num_hex(p[1]) * 16 + num_hex(p[2])));
			p += 2;
		} else {
			buf_addc(out, (char)(*p == '+' ? ' ' : *p));
		}
	}
	return buf_ok(out);
}

/* What a browser brought is shown printable, and not all of it. */
static void
explain_redirect(const char *query, struct err *e)
{
	struct buf error, text;

	buf_init(&error, 512);
	buf_init(&text, 4096);
	(void)param(query, "error", &error);
	(void)param(query, "error_description", &text);
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.p[i] < 0x20 ||
		    (unsigned char)text.p[i] >= 0x7f)
			text.p[i] = ' ';
	}
	(void)err_set(e, ERR_REFUSED, "the sign-in was refused (%.60s): %.400s",
	    error.len == 0 ? "no reason" : error.p,
	    text.len == 0 ? "no words" : text.p);
	buf_fini(&error);
	buf_fini(&text);
}

static const char *
on_redirect(void *ctx, const char *query)
{
	struct buf state;
	struct login *l;
	bool is_ours;
	struct err e;

	OBJ_CAST(l, ctx, LOGIN_MAGIC);
	buf_init(&state, 512);
	/* RFC 6749 10.12: whoever does not know the state is not our browser,
	   and must not end the sign-in. */
	is_ours = l->step == STEP_BROWSER && param(query, "state", &state) &&
	    state.len == l->state.len &&
	    memcmp(state.p, l->state.p, state.len) == 0;
	buf_fini(&state);
	if (!is_ours)
		return NULL;
	if (!param(query, "code", &l->code)) {
		explain_redirect(query, &e);
		end(l, &e);
		return "The sign-in was refused; cefwd says more. This page "
		       "may be closed.";
	}
	/* From the loop, so that the browser has its page first. */
	l->step = STEP_CODE;
	(void)uv_timer_start(&l->timer, on_timer, 0, 0);
	return "The sign-in has reached cefwd, which goes on in its terminal. "
	       "This page may be closed.";
}

static int
open_browser_way(struct login *l, struct err *e)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	struct buf url, form;
	int port, rc;

	l->step = STEP_BROWSER;
	err_clear(e);
	add_random(&l->verifier, e);
	add_random(&l->state, e);
	if (e->kind != ERR_NONE)
		return -1;
	l->redirect = redirect_open(l->loop, on_redirect, l, &port, e);
	if (l->redirect == NULL)
		return -1;
	l->redirect_uri = xasprintf("http://localhost:%d/", port);
	(void)EVP_Digest(
	    l->verifier.p, l->verifier.len, digest, &len, EVP_sha256(), NULL);
	buf_init(&form, 4096);
	buf_init(&url, 8192);
	add_text(&form, "client_id", l->o->client_id);
	add_text(&form, "response_type", "code");
	add_text(&form, "redirect_uri", l->redirect_uri);
	add_text(&form, "response_mode", "query");
	add_scope(l->o, &form);
	auth__form_add(&form, "state", l->state.p, l->state.len);
	buf_adds(&form, "&code_challenge=");
	auth__add_base64url(&form, digest, len);
	add_text(&form, "code_challenge_method", "S256");
	add_text(&form, "prompt", "select_account");
	buf_addf(&url, "%s/%s/oauth2/v2.0/authorize?", l->origin, l->o->tenant);
	buf_add(&url, form.p, form.len);
	rc = buf_check(&form, "the sign-in's URL", e);
	if (rc == 0)
		l->h->prompt(l->ctx, url.p, NULL);
	buf_fini(&form);
	buf_fini(&url);
	return rc;
}

struct login *
login_start(uv_loop_t *loop, struct http *http, const struct auth_options *o,
    bool is_device_code, const struct login_handlers *h, void *ctx,
    struct err *e)
{
	struct login *l;

	if (auth__check_application(o, e) == -1)
		return NULL;
	l = xcalloc(1, sizeof(*l));
	l->magic = LOGIN_MAGIC;
	l->loop = loop;
	l->http = http;
	l->o = o;
	l->h = h;
	l->ctx = ctx;
	secret_buf_init(&l->answer, ANSWER_MAX, ANSWER_MAX);
	secret_buf_init(&l->verifier, 64, 64);
	secret_buf_init(&l->state, 64, 64);
	secret_buf_init(&l->code, AUTH_TOKEN_MAX, AUTH_TOKEN_MAX);
	(void)uv_timer_init(loop, &l->timer);
	l->timer.data = l;
	l->origin = auth__origin(o->authority, e);
	if (l->origin == NULL) {
		login_cancel(l);
		return NULL;
	}
	if (is_device_code) {
		l->step = STEP_DEVICE;
		(void)uv_timer_start(&l->timer, on_timer, 0, 0);
	} else if (open_browser_way(l, e) == -1) {
		login_cancel(l);
		return NULL;
	}
	return l;
}
