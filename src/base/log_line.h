/*
 * log_line.h - a log line as an object: for JSON and for the journal
 *
 * A message is text that begins with its subject ("source NAME (TENANT): ",
 * "source NAME (TENANT) to DESTINATION: ", "destination NAME: ") and ends in
 * key=value pairs.  Both can be told as members of their own, so that a person
 * can search by them.
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_BASE_LOG_LINE_H
#define CEFWD_BASE_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* A message that the log takes has no more; the rest stays text. */
#define LOG_PAIRS_MAX 16

struct log_pair {
	const char *key, *value; /* into the text, not terminated */
	size_t key_len, value_len;
};

struct log_line {
	const char *level; /* its word */
	int priority;      /* syslog(3) */
	const char *room;
	const char *text;
	struct log_pair subject[3]; /* source, tenant, destination */
	size_t n_subject;
	struct log_pair pairs[LOG_PAIRS_MAX];
	size_t n_pairs;
};

/* Fill subject and pairs from the text, which l borrows. */
void log_line_split(struct log_line *l);

/* Text from a peer must neither start a line of its own nor steer a terminal:
   what is no character becomes U+FFFD, what is no sign a blank. */
void log_clean(const char *text, size_t len, struct buf *out);

/* One object, without a newline. */
void log_line_json(const struct log_line *l, const char *when, struct buf *out);

/*
 * The journal.  Is standard error a stream to it (systemd.exec(5),
 * JOURNAL_STREAM)?  Does it run here?  journal_send() hands a line over with
 * its fields; -1 where there is none to take it.
 */
bool journal_is_stderr(void);
bool journal_is_there(void);
int journal_send(const struct log_line *l);

#endif /* CEFWD_BASE_LOG_LINE_H */
