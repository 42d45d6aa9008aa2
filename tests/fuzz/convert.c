/*
 * convert.c - any bytes converted as a FlexConnector's parser
 *
 * What must hold: what comes out compiles as a map without an error, is UTF-8,
 * and is the same at a second time; every rule that was left behind has its
 * line.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/obj.h"
#include "base/utf8.h"
#include "convert/convert.h"
#include "keyfile/fault.h"
#include "map/map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
load(void *ctx, const char *name, const char *from, struct buf *text,
    struct buf *path, struct err *e)
{
	const struct buf *map = ctx;

	(void)from;
	(void)e;
	buf_add(text, map->p, map->len);
	buf_adds(path, name);
	return 0;
}

static size_t
count_left(const struct buf *map)
{
	static const char mark[] = "\n# left out, line ";
	const char *hit = map->p;
	size_t n = 0;

	for (; (hit = strstr(hit, mark)) != NULL; hit++)
		n++;
	return n;
}

static void
check_map(struct buf *map, const struct convert_counts *counts)
{
	struct faults *faults = faults_new();
	struct map *m = map_compile("c.map", load, map, faults);

	assert(m != NULL);
	assert(strlen(map->p) == map->len);
	assert(utf8_valid(map->p, map->len));
	assert(count_left(map) == counts->left);
	map_free(m);
	faults_free(faults);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct convert_counts counts, again;
	struct buf map, second;
	struct err e;

	buf_init(&map, KF_FILE_MAX);
	buf_init(&second, KF_FILE_MAX);
	if (convert_parser("p\n", text, size, &map, &counts, &e) == 0) {
		check_map(&map, &counts);
		assert(convert_parser("p\n", text, size, &second, &again, &e) ==
		    0);
		assert(counts.carried == again.carried);
		assert(strcmp(map.p, second.p) == 0);
	} else {
		assert(e.kind == ERR_DATA && e.text[0] != '\0');
		assert(map.len == 0);
	}
	buf_fini(&map);
	buf_fini(&second);
	return 0;
}
