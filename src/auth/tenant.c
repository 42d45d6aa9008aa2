/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

#include "auth/auth_priv.h"
#include "auth/tenant.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/obj.h"

#define EXCHANGE_MS 30000U

#define ASK_MAGIC   0x41534b54U
struct auth_tenant_ask {
	unsigned int magic;
	const struct auth_options *o;
	auth_tenant_fn *fn;
	void *ctx;
	struct http_request *request;
	int status;
	struct buf body;
};

/* instance, region, sub-region (NULL: any); cloud.  The first that fits. */
static const struct {
	const char *instance, *region, *sub_region, *cloud;
} clouds[] = {
	{ "partner.microsoftonline.cn", NULL, NULL, "china" },
	{ "chinacloudapi.cn", NULL, NULL, "china" },
	{ NULL, NULL, "DODCON", "gcc-high" },
	{ NULL, NULL, "DOD", "dod" },
	{ NULL, NULL, "GCC", "gcc" },
	{ "microsoftonline.us", NULL, NULL, "gcc-high" },
	{ NULL, "USG", NULL, "gcc-high" },
	{ NULL, "USGov", NULL, "gcc-high" },
	{ "microsoftonline.com", NULL, NULL, "public" },
};

static bool
fits(const char *want, const char *have)
{
	return want == NULL || strcasecmp(want, have) == 0;
}

const char *
auth_tenant_cloud(const struct auth_tenant *t)
{
	for (size_t i = 0; i < NELEM(clouds); i++) {
		if (fits(clouds[i].instance, t->instance) &&
		    fits(clouds[i].region, t->region) &&
		    fits(clouds[i].sub_region, t->sub_region))
			return clouds[i].cloud;
	}
	return NULL;
}

static void
copy(struct json_object *obj, const char *name, char *out, size_t size)
{
	const char *text = auth__json_text(obj, name);
	size_t n = 0;

	for (; text != NULL && text[n] != '\0' && n < size - 1; n++) {
		out[n] = text[n];
		if (text[n] <= 0x20 || text[n] >= 0x7f)
			out[n] = '?';
	}
	out[n] = '\0';
}

static int
read_document(struct auth_tenant_ask *a, struct auth_tenant *t, struct err *e)
{
	struct json_object *obj;
	struct buf what;

	if (a->status != 200) {
		(void)auth_explain(a->status, a->body.p, a->body.len, a->o, e);
		return -1;
	}
	obj = auth__json_parse(a->body.p, a->body.len);
	if (obj == NULL) {
		buf_init(&what, 256);
		auth__name_body(a->body.p, a->body.len, &what);
		(void)err_set(e, ERR_PROTO,
		    "the discovery document is %s; a proxy or captive portal "
		    "in between?",
		    what.p);
		buf_fini(&what);
		return -1;
	}
	copy(obj, "authorization_endpoint", t->authorization_endpoint,
	    sizeof(t->authorization_endpoint));
	copy(obj, "token_endpoint", t->token_endpoint,
	    sizeof(t->token_endpoint));
	copy(obj, "tenant_region_scope", t->region, sizeof(t->region));
	copy(obj, "tenant_region_sub_scope", t->sub_region,
	    sizeof(t->sub_region));
	copy(obj, "cloud_instance_name", t->instance, sizeof(t->instance));
	json_object_put(obj);
	return 0;
}

static void
ask_free(struct auth_tenant_ask *a)
{
	buf_fini(&a->body);
	a->magic = 0;
	free(a);
}

static void
on_head(void *ctx, const struct http_head *head)
{
	struct auth_tenant_ask *a;

	OBJ_CAST(a, ctx, ASK_MAGIC);
	a->status = head->status;
}

static int
on_data(void *ctx, const char *p, size_t len, struct err *e)
{
	struct auth_tenant_ask *a;

	OBJ_CAST(a, ctx, ASK_MAGIC);
	buf_add(&a->body, p, len);
	return buf_check(&a->body, "the discovery document", e);
}

static void
on_done(void *ctx, const struct err *failed)
{
	struct auth_tenant t = { .region = "" };
	struct auth_tenant_ask *a;
	auth_tenant_fn *fn;
	struct err e;
	int rc = -1;

	OBJ_CAST(a, ctx, ASK_MAGIC);
	fn = a->fn;
	ctx = a->ctx;
	if (failed != NULL)
		e = *failed;
	else
		rc = read_document(a, &t, &e);
	ask_free(a);
	fn(ctx, rc == 0 ? &t : NULL, rc == 0 ? NULL : &e);
}

struct auth_tenant_ask *
auth_tenant_start(struct http *http, const struct auth_options *o,
    auth_tenant_fn *fn, void *ctx, struct err *e)
{
	static const struct http_handlers handlers = {
		.head = on_head,
		.data = on_data,
		.done = on_done,
	};
	size_t len = strlen(o->authority);
	struct auth_tenant_ask *a = xcalloc(1, sizeof(*a));
	struct http_call call = {
		.method = "GET",
		.route = &o->route,
		.total_ms = EXCHANGE_MS,
		.max_bytes = TOKEN_ANSWER_MAX,
	};
	char *url;

	if (len > 0 && o->authority[len - 1] == '/')
		len--;
	url = xasprintf("%.*s/%s/%s.well-known/openid-configuration", (int)len,
	    o->authority, o->tenant, o->scope == NULL ? "" : "v2.0/");
	a->magic = ASK_MAGIC;
	a->o = o;
	a->fn = fn;
	a->ctx = ctx;
	buf_init(&a->body, TOKEN_ANSWER_MAX);
	call.url = url;
	a->request = http_start(http, &call, &handlers, a, e);
	free(url);
	if (a->request == NULL) {
		ask_free(a);
		return NULL;
	}
	return a;
}

void
auth_tenant_cancel(struct auth_tenant_ask *a)
{
	if (a == NULL)
		return;
	OBJ_CHECK(a, ASK_MAGIC);
	http_cancel(a->request);
	ask_free(a);
}
