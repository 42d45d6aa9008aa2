/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"

struct err_row {
	const char *word;
	int status;
	bool retries;
};

static const struct err_row rows[] = {
#define ERR(symbol, word, status, retry, meaning) \
	[ERR_##symbol] = { word, status, retry },
#include "base/err.def"
#undef ERR
};

/* One line, whatever a peer put into its error message. */
static void
flatten(char *s)
{
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = ' ';
	}
}

static void __attribute__((format(printf, 3, 0)))
set_va(struct err *e, enum err_kind kind, const char *fmt, va_list ap)
{
	if (e == NULL)
		return;
	e->kind = kind;
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	flatten(e->text);
}

int
err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_va(e, kind, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_set_errno(
    struct err *e, enum err_kind kind, int errnum, const char *fmt, ...)
{
	char word[128];
	size_t len;
	va_list ap;

	va_start(ap, fmt);
	set_va(e, kind, fmt, ap);
	va_end(ap);
	if (e == NULL)
		return -1;
	/* The GNU form: it may return a static text and leave word alone. */
	len = strlen(e->text);
	(void)snprintf(e->text + len, sizeof(e->text) - len, ": %s",
	    strerror_r(errnum, word, sizeof(word)));
	return -1;
}

int
err_context(struct err *e, const char *fmt, ...)
{
	char old[ERR_TEXT_MAX];
	size_t len;
	va_list ap;

	if (e == NULL)
		return -1;
	memcpy(old, e->text, sizeof(old));
	va_start(ap, fmt);
	set_va(e, e->kind, fmt, ap);
	va_end(ap);
	len = strlen(e->text);
	(void)snprintf(e->text + len, sizeof(e->text) - len, ": %s", old);
	return -1;
}

void
err_clear(struct err *e)
{
	e->kind = ERR_NONE;
	e->text[0] = '\0';
}

const char *
err_word(enum err_kind kind)
{
	return rows[kind].word;
}

int
err_status(enum err_kind kind)
{
	return rows[kind].status;
}

bool
err_retries(enum err_kind kind)
{
	return rows[kind].retries;
}
