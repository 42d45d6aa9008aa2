/*
 * replay.c - a plain main for a fuzz target
 *
 * Feeds the lines of tests/fuzz/NAME.seeds, NAME being that of the program,
 * each of their beginnings, and each with one byte left out.  With a fuzzer
 * the target is built without this file:
 *
 *   clang -g -fsanitize=fuzzer,address,undefined -I. -Isrc \
 *       tests/fuzz/jsonpath.c libjsonpath.a libkeyfile.a libbase.a \
 *       -ljson-c -lpcre2-8
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of just its size, so that a sanitizer sees a step beyond. */
static void
feed(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t len = a_len + b_len;
	uint8_t *data = malloc(len == 0 ? 1 : len);

	if (data == NULL)
		return;
	memcpy(data, a, a_len);
	memcpy(data + a_len, b, b_len);
	(void)LLVMFuzzerTestOneInput(data, len);
	free(data);
}

static size_t
feed_line(const char *s, size_t len)
{
	feed(s, len, s, 0);
	for (size_t i = 1; i < len; i++)
		feed(s, i, s, 0);
	for (size_t i = 0; i < len; i++)
		feed(s, i, s + i + 1, len - i - 1);
	return 2 * len;
}

int
main(int argc, char **argv)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	const char *srcdir = getenv("CEFWD_SRCDIR"), *name;
	char *path, *line = NULL;
	size_t cap = 0, inputs = 0;
	ssize_t len;
	FILE *f;

	name = argc > 0 ? strrchr(argv[0], '/') : NULL;
	path = xasprintf("%s/tests/fuzz/%s.seeds",
	    srcdir != NULL ? srcdir : ".", name != NULL ? name + 1 : argv[0]);
	f = fopen(path, "re");
	if (f == NULL) {
		printf("Bail out! %s is missing\n", path);
		free(path);
		return 1;
	}
	while ((len = getline(&line, &cap, f)) > 0)
		inputs += feed_line(line, (size_t)len - 1);
	(void)fclose(f);
	free(line);
	free(path);
	printf("1..1\nok 1 - %zu inputs keep the promises\n", inputs);
	return 0;
}
