/*
 * regex.h - PCRE2 with bounds: a regex of a map, and its match memory
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_MAP_REGEX_H
#define CEFWD_MAP_REGEX_H

#include <stdbool.h>
#include <stddef.h>

struct map_regex;
struct map_regex_match; /* reused from match to match */

/* NULL with the byte of the fault in *at and PCRE2's words in message. */
struct map_regex *map__regex_new(
    const char *p, size_t len, size_t *at, char *message, size_t message_max);
void map__regex_free(struct map_regex *re);

/* Capturing groups, without the 0th. */
unsigned int map__regex_groups(const struct map_regex *re);

/* The number of a named group, -1 if there is none. */
int map__regex_group(const struct map_regex *re, const char *name);

struct map_regex_match *map__regex_match_new(unsigned int groups);
void map__regex_match_free(struct map_regex_match *m);

/*
 * map__regex_exec(re, m, p, len, from, is_again): search valid UTF-8 from byte
 * from on;
 * is_again: an empty match was found there, so only one that is not empty and
 * starts there counts.  1: found; 0: not; -1: MAP_REGEX_STEPS_MAX was passed.
 */
int map__regex_exec(const struct map_regex *re, struct map_regex_match *m,
    const char *p, size_t len, size_t from, bool is_again);

/* Group i of the last match: false where it took no part. */
bool map__regex_span(
    const struct map_regex_match *m, unsigned int i, size_t *from, size_t *to);

#endif /* CEFWD_MAP_REGEX_H */
