/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/log.h"
#include "base/log_line.h"
#include "base/obj.h"
#include "base/stamp.h"

#define LOG_LINE_MAX 4096u /* bytes: an error text and its context */

/* The sink: the one writable global of the program. */
static struct {
	enum log_level level;
	enum log_format format; /* never auto */
	bool has_journal;       /* lines go there with fields */
} sink = { LOG_LEVEL_INFO, LOG_FORMAT_TEXT, false };

/* By level: word, and syslog(3) priority for the journal. */
static const struct {
	const char *word;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", 3 },
	[LOG_LEVEL_WARNING] = { "warning", 4 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};

static const char *const formats[] = {
	[LOG_FORMAT_AUTO] = "auto",
	[LOG_FORMAT_TEXT] = "text",
	[LOG_FORMAT_JSON] = "json",
	[LOG_FORMAT_JOURNAL] = "journal",
};

void
log_configure(enum log_level level, enum log_format format)
{
	if (format == LOG_FORMAT_AUTO) {
		format =
		    journal_is_stderr() ? LOG_FORMAT_JOURNAL : LOG_FORMAT_TEXT;
	}
	sink.level = level;
	sink.format = format;
	sink.has_journal = format == LOG_FORMAT_JOURNAL && journal_is_there();
}

enum log_level
log_get_level(void)
{
	return sink.level;
}

int
log_level_parse(const char *word, enum log_level *out)
{
	for (size_t i = 0; i < NELEM(levels); i++) {
		if (strcmp(word, levels[i].word) == 0) {
			*out = (enum log_level)i;
			return 0;
		}
	}
	return -1;
}

int
log_format_parse(const char *word, enum log_format *out)
{
	for (size_t i = 0; i < NELEM(formats); i++) {
		if (strcmp(word, formats[i]) == 0) {
			*out = (enum log_format)i;
			return 0;
		}
	}
	return -1;
}

static void
write_line(const struct log_line *l, const char *when)
{
	struct buf line;

	buf_init(&line, (size_t)4 * 3 * LOG_LINE_MAX);
	if (sink.format == LOG_FORMAT_JSON)
		log_line_json(l, when, &line);
	else if (sink.format == LOG_FORMAT_JOURNAL)
		buf_addf(&line, "<%d>%s: %s", l->priority, l->room, l->text);
	else
		buf_addf(
		    &line, "%s %s: %s: %s", when, l->level, l->room, l->text);
	buf_addc(&line, '\n');
	/* A log that cannot be written must not stop the forwarding. */
	if (write(STDERR_FILENO, line.p, line.len) == -1)
		errno = 0;
	buf_fini(&line);
}

static void __attribute__((format(printf, 3, 0)))
write_va(enum log_level level, const char *room, const char *fmt, va_list ap)
{
	struct log_line l = {
		.level = levels[level].word,
		.priority = levels[level].priority,
		.room = room,
	};
	char text[LOG_LINE_MAX], when[STAMP_TEXT_MAX];
	int saved = errno;
	struct buf clean;

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	/* A bad byte becomes three. */
	buf_init(&clean, 3 * sizeof(text));
	log_clean(text, strlen(text), &clean);
	l.text = clean.p;
	log_line_split(&l);
	stamp_format(stamp_now(), when);
	when[19] = 'Z'; /* whole seconds */
	when[20] = '\0';
	if (!sink.has_journal || journal_send(&l) == -1)
		write_line(&l, when);
	buf_fini(&clean);
	errno = saved;
}

void
log_write(enum log_level level, const char *room, const char *fmt, ...)
{
	va_list ap;

	if (level > sink.level)
		return;
	va_start(ap, fmt);
	write_va(level, room, fmt, ap);
	va_end(ap);
}

void
log_die(const char *room, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_va(LOG_LEVEL_ERROR, room, fmt, ap);
	va_end(ap);
	exit(EX_TEMPFAIL);
}

bool
log_may(struct log_throttle *t, uint64_t *held)
{
	uint64_t now = clk_ms();

	*held = t->held;
	if (t->silence_ms != 0 && now < t->again_ms) {
		t->held++;
		return false;
	}
	if (t->silence_ms == 0)
		t->silence_ms = 60000;
	else if (t->silence_ms < 3600000)
		t->silence_ms *= 2;
	t->again_ms = now + t->silence_ms;
	t->held = 0;
	return true;
}

uint64_t
log_over(struct log_throttle *t)
{
	uint64_t held = t->held;

	*t = (struct log_throttle){ .held = 0 };
	return held;
}
