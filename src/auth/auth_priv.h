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

struct auth_answer;
struct buf;
struct json_object;

/* Which file a credential came from; differs once it was replaced. */
struct auth_stamp {
	uint64_t device, inode, size;
	struct timespec changed;
};

/* A credential is in so many files at most: certificate, key, password. */
#define AUTH_FILES 3

/* What a grant is told of the exchange that it adds to. */
struct auth_moment {
	const char *url; /* where the form goes */
	int64_t unix_ms; /* now, by the endpoint's clock where it is known */
};

/* A way to get a token.  All are given the options alone, so that what is
   secret lives no longer than an exchange. */
struct auth_grant_row {
	/* Whom it asks, for messages: "the token endpoint". */
	const char *peer;
	/* Whether the options suffice; -1 with ERR_CONFIG. */
	int (*check)(const struct auth_options *o, struct err *e);
	/* The URL to ask; free() it.  NULL with e. */
	char *(*url)(const struct auth_options *o, struct err *e);
	/* Append "&name=value" for what the grant adds to the form.  NULL: no
	   form at all, but a GET of the URL. */
	int (*form)(const struct auth_options *o, const struct auth_moment *m,
	    struct buf *form, struct err *e);
	/* What follows the scope: " offline_access"; NULL: nothing. */
	const char *more_scope;
	/* Besides Accept; ends in NULL. */
	const char *const *headers;
	/* Never through a proxy; and to the link-local address in plain
	   http (RFC 3927 7: no router forwards it). */
	bool is_link_local;
	/* The form holds our time. */
	bool is_timed;
	uint64_t connect_ms; /* 0: as for any other peer */
	/* Statuses that pass by themselves, besides 408, 429 and 5xx; ends in
	   0.  NULL: none. */
	const int *passing;
	/* Keep the refresh token that an answer brings in token_file, before
	   the access token is used; called in the thread pool, as it waits
	   for the disk.  NULL: none comes. */
	int (*keep)(const char *token_file, const char *refresh, struct err *e);
	/* Where the credential stands now; zeroed if in no file. */
	void (*stamp)(
	    const struct auth_options *o, struct auth_stamp out[AUTH_FILES]);
	/* What is visibly wrong with the credential that was refused with
	   this status and AADSTS code (0: none), or NULL. */
	const char *(*hint)(
	    const struct auth_options *o, int status, uint64_t code);
	/* Overwrite the credential in an answer that gives it back. */
	void (*redact)(const struct auth_options *o, char *p, size_t len);
};

const struct auth_grant_row *auth__grant(enum auth_grant grant);
extern const struct auth_grant_row auth__grant_secret, auth__grant_certificate,
    auth__grant_federated, auth__grant_imds, auth__grant_refresh;

/* Whether tenant, client-id and authority can be asked with; ERR_CONFIG. */
int auth__check_application(const struct auth_options *o, struct err *e);

/* Whether the options fit together; ERR_CONFIG. */
int auth__check_options(const struct auth_options *o, struct err *e);

/* The tenant's token endpoint, v1 or v2; free() it.  NULL with e. */
char *auth__token_url(const struct auth_options *o, struct err *e);

/* The authority's scheme, host and port without the default one, as servers
   write it; free() it.  NULL with e: it has more than these. */
char *auth__origin(const char *authority, struct err *e);

/* Append "name=value" to a form, with "&" between; the value is encoded. */
void auth__form_add(
    struct buf *form, const char *name, const char *value, size_t len);

/* RFC 7515, appendix C: base64url without padding. */
void auth__add_base64url(struct buf *out, const unsigned char *p, size_t len);

/* path may be NULL. */
void auth__file_stamp(const char *path, struct auth_stamp *out);

/* Overwrite a secret wherever it stands in p. */
void auth__blot(char *p, size_t len, const struct buf *secret);

/* Overwrite whatever has the form of a JSON Web Token. */
void auth__blot_jwt(char *p, size_t len);

/* The two parameters of RFC 7523 2.2 and the grant type. */
void auth__form_assertion(struct buf *form, const char *jwt, size_t len);

#define AUTH_SECRET_MAX  4096U       /* bytes; Entra's have about 40 */
#define AUTH_TOKEN_MAX   (16U << 10) /* bytes of a token in a file */
#define AUTH_FORM_MAX    (64U << 10) /* bytes; a token, encoded, fits */
#define AUTH_ANSWER_ROOM (16U << 10) /* bytes; what an answer has */
#define AUTH_LIFE_MAX_S  100800U     /* 28 h, Entra's longest, with CAE */

/* What a good answer holds. */
struct auth_answer {
	char *bearer;  /* wipe_free() it */
	char *refresh; /* the next refresh token; NULL: none; wipe_free() it */
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
