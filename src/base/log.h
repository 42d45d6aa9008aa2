/*
 * log.h - one line per event, for the person at 3 a.m.
 *
 * Each source file defines LOG_ROOM, its room's name, before it logs.  A
 * message says what happened in the past tense, the thing by name, the reason
 * and the mend, with values as key=value at its end.  Never in it: tokens,
 * secrets, URLs with their query, alert content above debug.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_BASE_LOG_H
#define CEFWD_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,   /* somebody must act */
	LOG_LEVEL_WARNING, /* it will be tried again */
	LOG_LEVEL_INFO,    /* a change of condition, start, stop */
	LOG_LEVEL_DEBUG,   /* everything else */
};

enum log_format {
	LOG_FORMAT_AUTO,    /* journal where standard error leads there, or
	                       text */
	LOG_FORMAT_TEXT,    /* time level room: text */
	LOG_FORMAT_JSON,    /* one object a line */
	LOG_FORMAT_JOURNAL, /* to the journal with fields; where none runs
	                       <priority>room: text, as sd-daemon(3) reads it */
};

/* Lines go to standard error, or to the journal.  Before the first call: info,
   text. */
void log_configure(enum log_level level, enum log_format format);
enum log_level log_get_level(void);

/* "error" "warning" "info" "debug"; "auto" "text" "json" "journal".  0 or
   -1. */
int log_level_parse(const char *word, enum log_level *out);
int log_format_parse(const char *word, enum log_format *out);

/* What would begin a line or steer a terminal is written as a blank.  errno is
   left alone. */
void log_write(enum log_level level, const char *room, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void log_die(const char *room, const char *fmt, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

#define log_err(...)   log_write(LOG_LEVEL_ERROR, LOG_ROOM, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_LEVEL_WARNING, LOG_ROOM, __VA_ARGS__)
#define log_info(...)  log_write(LOG_LEVEL_INFO, LOG_ROOM, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, LOG_ROOM, __VA_ARGS__)

/* Write an error line and end the process (status 75: a restart may help). */
#define log_fatal(...) log_die(LOG_ROOM, __VA_ARGS__)

/*
 * A repeating message: said once, then counted, said again with the count
 * after each doubling of the silence (1 min, up to 1 h).  Zeroed at first.
 */
struct log_throttle {
	uint64_t again_ms;   /* clk_ms() when it may be said again */
	uint64_t silence_ms; /* current silence */
	uint64_t held;       /* swallowed since it was last said */
};

/*
 * log_may(t, held): whether to say it now; *held is how many were swallowed
 * since the last time (put it into the message when it is not 0).
 */
bool log_may(struct log_throttle *t, uint64_t *held);

/* It ended: the next one is said at once.  Returns what was swallowed. */
uint64_t log_over(struct log_throttle *t);

#endif /* CEFWD_BASE_LOG_H */
