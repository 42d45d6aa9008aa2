/*
 * redact.h - inside net/: what of the wire a trace may show
 *
 * Only what a table names is shown; whatever else comes along, today or in a
 * later version of the peer, is "***".
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_NET_REDACT_H
#define CEFWD_NET_REDACT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define REDACT_HIDDEN_MAX 8U /* a request has two or three */

/* Values that a request kept from the trace, looked for in all that is
   written of it: a peer may echo them. */
struct redact_hidden {
	struct buf v[REDACT_HIDDEN_MAX];
	size_t n;
};

void redact_hide(struct redact_hidden *h, const char *p, size_t len);
void redact_blot(const struct redact_hidden *h, char *p, size_t len);
void redact_fini(struct redact_hidden *h); /* wipes */

/* "Name: value" without the line end. */
void redact_header(const char *line, size_t len, struct buf *out);

/* A URL: values of its query are hidden by their names, credentials and the
   fragment always. */
void redact_url(const char *url, struct buf *out);

/* A form (application/x-www-form-urlencoded); its hidden values go to h. */
void redact_form(
    const char *body, size_t len, struct buf *out, struct redact_hidden *h);

/* A JSON body, written anew on one line; of an error's more is shown.
   Anything else is named by its size alone. */
void redact_json(const char *body, size_t len, bool is_error, struct buf *out);

#endif /* CEFWD_NET_REDACT_H */
