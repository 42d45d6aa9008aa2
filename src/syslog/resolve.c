/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/socket.h>

#include <netdb.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/obj.h"
#include "syslog/transport.h"

#include "syslog/resolve.h"

#define RESOLVE_MAGIC 0x7265736fU

struct resolve {
	unsigned int magic;
	uv_getaddrinfo_t req;
	resolve_fn *done; /* NULL: nobody waits any more */
	void *ctx;
};

static void
on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *addrs)
{
	struct resolve *r;
	resolve_fn *done;
	void *ctx;
	struct err e;

	OBJ_CAST(r, req->data, RESOLVE_MAGIC);
	done = r->done;
	ctx = r->ctx;
	free(r);
	if (done == NULL) {
		uv_freeaddrinfo(addrs);
		return;
	}
	if (status == 0 && addrs != NULL) {
		done(ctx, addrs, NULL);
		return;
	}
	(void)err_set(&e, ERR_NET,
	    "cannot resolve the name: %s: correct the host in url, or "
	    "see to the resolver",
	    uv_strerror(status));
	done(ctx, NULL, &e);
}

struct resolve *
resolve_start(uv_loop_t *loop, const struct dest_url *u, int socktype,
    resolve_fn *done, void *ctx, struct err *e)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICSERV,
		.ai_family = AF_UNSPEC,
		.ai_socktype = socktype,
	};
	struct resolve *r = xcalloc(1, sizeof(*r));
	int status;

	*r = (struct resolve){
		.magic = RESOLVE_MAGIC, .done = done, .ctx = ctx
	};
	r->req.data = r;
	status = uv_getaddrinfo(
	    loop, &r->req, on_resolved, u->host, u->port, &hints);
	if (status == 0)
		return r;
	free(r);
	link_err(e, status, "cannot resolve the name");
	return NULL;
}

void
resolve_cancel(struct resolve *r)
{
	if (r == NULL)
		return;
	OBJ_CHECK(r, RESOLVE_MAGIC);
	r->done = NULL;
	/* If a thread is at it already, it comes to its end. */
	(void)uv_cancel((uv_req_t *)&r->req);
}
