/*
 * num.h - numbers, durations and sizes from text, with their bounds
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_BASE_NUM_H
#define CEFWD_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* All of these take exactly len bytes, return 0 with *out set, or -1 with e
   (ERR_CONFIG; may be NULL) saying what is wrong with the text. */

/* Decimal digits only, min <= *out <= max. */
int num_u64(const char *s, size_t len, uint64_t min, uint64_t max,
    uint64_t *out, struct err *e);
int num_i64(const char *s, size_t len, int64_t *out, struct err *e);

/* v in decimal digits, without a NUL; how many bytes it took. */
#define NUM_I64_BYTES 20 /* -9223372036854775808 */
size_t num_write_i64(int64_t v, char out[NUM_I64_BYTES]);

/* The value of one hexadecimal digit in either case, or -1. */
int num_hex(char c);

/* A duration as 500ms, 60s, 15m, 24h, 180d (0 needs no unit); in ms. */
int num_duration(const char *s, size_t len, uint64_t *out_ms, struct err *e);

/* A size as 512, 64k, 16m, 1g (powers of 1024); in bytes. */
int num_size(const char *s, size_t len, uint64_t *out_bytes, struct err *e);

/*
 * near_miss(word, candidate): how many letters differ (insert, delete,
 * replace, swap of neighbours; ASCII case ignored); for "did you mean".
 * SIZE_MAX for words over 63 bytes.
 */
size_t near_miss(const char *word, const char *candidate);

#endif /* CEFWD_BASE_NUM_H */
