/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stamp.h"
#include "net/http_priv.h"
#include "net/redact.h"

#define LOG_ROOM       "net"

/* Of an answer of the login service, or an API's error; kept until its end,
   so that nothing is judged by a piece of it. */
#define BODY_MAX       (64U << 10)
#define LINE_MAX_BYTES (128U << 10)

struct http_trace {
	unsigned int id;
	bool has_bearer;
	bool is_dropped; /* the body was longer */
	size_t len;
	struct redact_hidden hidden;
	char body[BODY_MAX]; /* may hold tokens: wiped */
};

FILE *
http_trace_open(const char *path, struct err *e)
{
	struct stat st;
	FILE *f;
	int fd;

	fd = open(path,
	    O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY |
		O_NONBLOCK,
	    0600);
	if (fd == -1) {
		(void)err_set_errno(e, ERR_CONFIG, errno,
		    "--trace %s could not be opened", path);
		return NULL;
	}
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
		(void)close(fd);
		(void)err_set(e, ERR_CONFIG,
		    "--trace %s exists and is not a regular file of this "
		    "user's alone (mode 0600); name a new file",
		    path);
		return NULL;
	}
	f = fdopen(fd, "a");
	if (f == NULL) {
		(void)close(fd);
		(void)err_set_errno(e, ERR_NOMEM, errno, "--trace %s", path);
	}
	return f;
}

void
http_trace(struct http *h, FILE *f)
{
	h->trace = f;
}

/* One line, whatever a peer put into it, and flushed: a trace is read after a
   crash too. */
static void
put(struct http_request *r, char mark, struct buf *text)
{
	char now[STAMP_TEXT_MAX];
	FILE *f = r->http->trace;

	redact_blot(&r->trace->hidden, text->p, text->len);
	for (size_t i = 0; i < text->len; i++) {
		if ((unsigned char)text->p[i] < 0x20 || text->p[i] == 0x7f)
			text->p[i] = ' ';
	}
	stamp_format(stamp_from_ms(clk_unix_ms()), now);
	if (f != NULL &&
	    (fprintf(f, "%s #%u %c %s\n", now, r->trace->id, mark, text->p) <
		    0 ||
		fflush(f) != 0)) {
		log_warn("the trace could not be written and ends here "
			 "reason=\"%s\"",
		    strerror(errno));
		r->http->trace = NULL;
	}
	buf_fini(text);
}

static void __attribute__((format(printf, 3, 4)))
say(struct http_request *r, char mark, const char *fmt, ...)
{
	struct buf b;
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	va_end(ap);
	buf_init(&b, LINE_MAX_BYTES);
	buf_adds(&b, text == NULL ? "" : text);
	free(text);
	put(r, mark, &b);
}

static void
say_request(struct http_request *r, const struct http_call *call)
{
	struct buf b;

	buf_init(&b, LINE_MAX_BYTES);
	buf_addf(&b, "%s ", call->method);
	redact_url(call->url, &b);
	if (r->proxy != NULL)
		buf_addf(&b, " through proxy %s", r->proxy);
	put(r, '>', &b);
	for (const struct curl_slist *h = r->headers; h != NULL; h = h->next) {
		buf_init(&b, LINE_MAX_BYTES);
		redact_header(h->data, strlen(h->data), &b);
		put(r, '>', &b);
	}
}

void
http__trace_begin(struct http_request *r, const struct http_call *call)
{
	struct buf b;

	if (r->http->trace == NULL)
		return;
	r->trace = xcalloc(1, sizeof(*r->trace));
	r->trace->id = ++r->http->traced;
	r->trace->has_bearer = call->bearer != NULL;
	if (call->bearer != NULL)
		redact_hide(
		    &r->trace->hidden, call->bearer, strlen(call->bearer));
	buf_init(&b, LINE_MAX_BYTES);
	if (call->body != NULL) {
		/* First, so that the URL cannot show what the form hides. */
		redact_form(call->body, call->body_len, &b, &r->trace->hidden);
	}
	say_request(r, call);
	if (call->body != NULL)
		put(r, '>', &b);
	else
		buf_fini(&b);
}

void
http__trace_header(struct http_request *r, const char *p, size_t len)
{
	struct buf b;

	if (r->trace == NULL)
		return;
	while (len > 0 && (p[len - 1] == '\r' || p[len - 1] == '\n'))
		len--;
	if (len == 0)
		return;
	buf_init(&b, LINE_MAX_BYTES);
	redact_header(p, len, &b);
	put(r, '<', &b);
}

/* What an API answered well is the customer's: only its size is told. */
static bool
is_kept(const struct http_request *r)
{
	return !r->trace->has_bearer || r->fields.status >= 400;
}

void
http__trace_data(struct http_request *r, const char *p, size_t len)
{
	struct http_trace *t = r->trace;

	if (t == NULL || !is_kept(r) || t->is_dropped)
		return;
	if (len > BODY_MAX - t->len) {
		t->is_dropped = true;
		return;
	}
	memcpy(t->body + t->len, p, len);
	t->len += len;
}

static void
say_body(struct http_request *r)
{
	struct http_trace *t = r->trace;
	struct buf b;

	if (r->got == 0)
		return;
	if (!is_kept(r)) {
		say(r, '<', "(%ju bytes of the API's data, not shown)",
		    (uintmax_t)r->got);
	} else if (t->is_dropped) {
		say(r, '<', "(%ju bytes, too long to be shown)",
		    (uintmax_t)r->got);
	} else {
		buf_init(&b, LINE_MAX_BYTES);
		redact_json(t->body, t->len, r->fields.status >= 400, &b);
		put(r, '<', &b);
	}
}

static double
seconds(const struct http_request *r, CURLINFO what)
{
	curl_off_t us = 0;

	(void)curl_easy_getinfo(r->easy, what, &us);
	return (double)us / 1e6;
}

static void
say_times(struct http_request *r)
{
	const char *peer = NULL;
	long port = 0, fresh = 0;

	(void)curl_easy_getinfo(r->easy, CURLINFO_PRIMARY_IP, &peer);
	(void)curl_easy_getinfo(r->easy, CURLINFO_PRIMARY_PORT, &port);
	(void)curl_easy_getinfo(r->easy, CURLINFO_NUM_CONNECTS, &fresh);
	say(r, '=',
	    "peer %s port %ld, %s; seconds: name %.3f, connected %.3f, TLS "
	    "%.3f, first byte %.3f, all %.3f",
	    peer == NULL || *peer == '\0' ? "none" : peer, port,
	    fresh > 0 ? "new connection" : "connection used again",
	    seconds(r, CURLINFO_NAMELOOKUP_TIME_T),
	    seconds(r, CURLINFO_CONNECT_TIME_T),
	    seconds(r, CURLINFO_APPCONNECT_TIME_T),
	    seconds(r, CURLINFO_STARTTRANSFER_TIME_T),
	    seconds(r, CURLINFO_TOTAL_TIME_T));
}

void
http__trace_end(struct http_request *r, const struct err *e)
{
	if (r->trace == NULL)
		return;
	say_body(r);
	say_times(r);
	if (e != NULL)
		say(r, '!', "%s", e->text);
	http__trace_free(r);
}

void
http__trace_free(struct http_request *r)
{
	struct http_trace *t = r->trace;

	if (t == NULL)
		return;
	r->trace = NULL;
	redact_fini(&t->hidden);
	explicit_bzero(t->body, t->len);
	free(t);
}
