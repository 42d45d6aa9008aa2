/*
 * source_api.h - an alert API of tests/unit: it filters, counts and pages
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_TESTS_SOURCE_API_H
#define CEFWD_TESTS_SOURCE_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source_fake_http.h"

struct sim_alert {
	int64_t created, updated; /* stamps */
	bool is_hidden;           /* counted, never handed out */
	bool is_poison;           /* a page that holds it answers 500 */
	const char *raw;          /* instead of the record; NULL: none */
};

/* What is wrong with it: all of it zero, and it is the documented one. */
struct sim_api {
	struct sim_alert *alerts;
	size_t n;
	unsigned int top_max;  /* larger $top are clamped; 0: 1000 */
	unsigned int skip_max; /* larger $skip answer 400; 0: none */
	bool no_links;         /* a full page comes without one */
	bool no_count;
	bool ignores_created; /* the filter */
	bool ignores_updated;
	bool is_circle;          /* each link leads back to the same page */
	bool is_descending;      /* whatever $orderby says */
	const char *link_origin; /* NULL: the right one */
	size_t chunk;            /* of the answers */
	/* Called before an answer is made; true: it made the answer. */
	bool (*before)(struct sim_api *sim, const struct fake_request *r,
	    struct fake_answer *a);
	void *ctx;

	size_t calls;
	char last_url[4096]; /* percent-decoded */
	size_t served;       /* records */
};

/* A fake_serve_fn; ctx is a struct sim_api. */
void sim_serve(void *ctx, const struct fake_request *r, struct fake_answer *a);

/* n alerts, the i-th created and updated at from + i * step. */
void sim_fill(struct sim_api *sim, size_t n, int64_t from, int64_t step);

#endif /* CEFWD_TESTS_SOURCE_API_H */
