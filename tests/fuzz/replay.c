/*
 * replay.c - a plain main for a fuzz target
 *
 * Feeds the lines of tests/fuzz/NAME.seeds and the files of
 * tests/fuzz/corpus/NAME, NAME being that of the program, each of their
 * beginnings, and each with one byte left out.  With --enable-fuzz the targets
 * are built without this file:
 *
 *   ../configure CC=clang-14 --enable-fuzz && make
 *   mkdir found && tests/fuzz/map -dict=../tests/fuzz/dict/map found \
 *       ../tests/fuzz/corpus/map
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_MAX ((size_t)64 << 10) /* bytes: a corpus is made of small files */

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
feed_input(const char *s, size_t len)
{
	feed(s, len, s, 0);
	for (size_t i = 1; i < len; i++)
		feed(s, i, s, 0);
	for (size_t i = 0; i < len; i++)
		feed(s, i, s + i + 1, len - i - 1);
	return 2 * len;
}

static const char *
srcdir(void)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	const char *s = getenv("CEFWD_SRCDIR");

	return s != NULL ? s : ".";
}

static size_t
feed_lines(const char *name)
{
	char *path = xasprintf("%s/tests/fuzz/%s.seeds", srcdir(), name);
	char *line = NULL;
	size_t cap = 0, inputs = 0;
	ssize_t len;
	FILE *f = fopen(path, "re");

	while (f != NULL && (len = getline(&line, &cap, f)) > 0)
		inputs += feed_input(line, (size_t)len - 1);
	if (f != NULL)
		(void)fclose(f);
	free(line);
	free(path);
	return inputs;
}

static size_t
feed_file(const char *folder, const char *name)
{
	char *path = xasprintf("%s/%s", folder, name);
	FILE *f = fopen(path, "re");
	char *data = xcalloc(1, FILE_MAX);
	size_t inputs = 0;

	if (f != NULL) {
		inputs = feed_input(data, fread(data, 1, FILE_MAX, f));
		(void)fclose(f);
	}
	free(data);
	free(path);
	return inputs;
}

static size_t
feed_corpus(const char *name)
{
	char *folder = xasprintf("%s/tests/fuzz/corpus/%s", srcdir(), name);
	DIR *d = opendir(folder);
	size_t inputs = 0;

	if (d != NULL) {
		const struct dirent *e;

		/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
		while ((e = readdir(d)) != NULL) {
			if (e->d_name[0] != '.')
				inputs += feed_file(folder, e->d_name);
		}
		(void)closedir(d);
	}
	free(folder);
	return inputs;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 0 ? strrchr(argv[0], '/') : NULL;
	size_t inputs;

	if (name == NULL)
		return 1;
	inputs = feed_lines(name + 1);
	inputs += feed_corpus(name + 1);
	if (inputs == 0)
		printf("1..1\nnot ok 1 - nothing to replay for %s\n", name + 1);
	else
		printf("1..1\nok 1 - %zu inputs keep the promises\n", inputs);
	return 0;
}
