/*
 * clk.h - the only place that asks what time it is; tests link another
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_BASE_CLK_H
#define CEFWD_BASE_CLK_H

#include <stdint.h>

/* Milliseconds of a clock that never jumps; 0 is some time before start. */
uint64_t clk_ms(void);

/* Milliseconds since 1970-01-01T00:00:00Z by the host's clock. */
int64_t clk_unix_ms(void);

#endif /* CEFWD_BASE_CLK_H */
