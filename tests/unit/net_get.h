/*
 * net_get.h - a loop, a client, and requests that record what they are told
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_TESTS_NET_GET_H
#define CEFWD_TESTS_NET_GET_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/http.h"

struct world {
	uv_loop_t loop;
	uv_timer_t guard; /* a test that hangs ends here */
	struct http *http;
};

struct get {
	struct world *w;
	struct http_request *r; /* NULL when done */
	unsigned int heads, pieces, dones;
	int status;
	char type[64], location[64];
	struct buf body;
	bool failed;
	struct err err;
	bool refuse_data;              /* data returns -1 */
	void (*on_head)(struct get *); /* what the test does inside */
	void (*on_data)(struct get *);
	void (*on_done)(struct get *);
	void *mine;
};

void world_up(struct world *w);
void world_down(struct world *w); /* the loop must end empty */

/* Run the loop for ms. */
void world_run(struct world *w, uint64_t ms);

/* g must be zeroed or have been through get_fini(). */
void get_start(struct world *w, struct get *g, const struct http_call *call);
void get_wait(struct get *g);
void get_fini(struct get *g);

#endif /* CEFWD_TESTS_NET_GET_H */
