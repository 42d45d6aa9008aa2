/*
 * auth_priv.h - inside auth/: grants, token answers, advice
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_AUTH_AUTH_PRIV_H
#define CEFWD_AUTH_AUTH_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "auth/auth.h"

struct buf;
struct json_object;

/* Which file a credential came from; differs once it was replaced. */
struct auth_stamp {
	uint64_t device, inode, size;
	struct timespec changed;
};

/* A way to get a token.  All four are given the options alone, so that what
   is secret lives no longer than an exchange. */
struct auth_grant_row {
	/* Whether the options suffice; -1 with ERR_CONFIG. */
	int (*check)(const struct auth_options *o, struct err *e);
	/* Append "&name=value" for what the grant adds to the form. */
	int (*form)(
	    const struct auth_options *o, struct buf *form, struct err *e);
	/* Where the credential stands now; zeroed if in no file. */
	void (*stamp)(const struct auth_options *o, struct auth_stamp *out);
	/* What is visibly wrong with the credential that the answer with this
	   AADSTS code refused, or NULL. */
	const char *(*hint)(const struct auth_options *o, uint64_t code);
	/* Overwrite the credential in an answer that gives it back. */
	void (*redact)(const struct auth_options *o, char *p, size_t len);
};

const struct auth_grant_row *auth__grant(enum auth_grant grant);
extern const struct auth_grant_row auth__grant_secret;

/* Append "name=value" to a form, with "&" between; the value is encoded. */
void auth__form_add(
    struct buf *form, const char *name, const char *value, size_t len);

/* A buffer that holds room bytes without ever moving, so that wiping it
   leaves no copy behind. */
void auth__secret_init(struct buf *b, size_t room, size_t max);
void auth__secret_fini(struct buf *b);

#define AUTH_SECRET_MAX  4096U       /* bytes; Entra's have about 40 */
#define AUTH_FORM_MAX    (16U << 10) /* bytes; a signed assertion fits */
#define AUTH_ANSWER_ROOM (16U << 10) /* bytes; what an answer has */
#define AUTH_LIFE_MAX_S  100800U     /* 28 h, Entra's longest, with CAE */

/* What a good answer holds. */
struct auth_answer {
	char *bearer; /* wipe_free() it */
	uint64_t life_s;
	uint64_t refresh_s; /* 0: not said */
};

/*
 * auth__answer_parse(body, len, now, out, e): a token endpoint's 200 (RFC
 * 6749 5.1), with numbers as numbers or as strings.  now is the answer's
 * Date, for expires_on.  -1 with ERR_PROTO; nothing of the body's values is
 * in the text.
 */
int auth__answer_parse(const char *body, size_t len, int64_t now_unix_ms,
    struct auth_answer *out, struct err *e);

/* The body as a JSON object, or NULL; json_object_put() it. */
struct json_object *auth__json_parse(const char *body, size_t len);

/* A string member, or NULL. */
const char *auth__json_text(const struct json_object *obj, const char *name);

/* A member that is a whole number, written as number or string: 1, 0 where
   it is absent or null, -1 where it is something else. */
int auth__json_number(
    const struct json_object *obj, const char *name, int64_t *out);

/* "nothing", "an HTML page titled "Blocked"", "text that is not JSON". */
void auth__name_body(const char *body, size_t len, struct buf *out);

/* Advice for an AADSTS code; NULL if there is none. */
struct auth_advice {
	unsigned int code;
	const char *words; /* what it means; the mend */
};
const struct auth_advice *auth__advice(uint64_t code);
const struct auth_advice *auth__advice_at(size_t i); /* NULL past the end */

#endif /* CEFWD_AUTH_AUTH_PRIV_H */
