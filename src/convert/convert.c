/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "keyfile/fault.h"
#include "map/map.h"

#include "convert/convert.h"
#include "convert/convert_priv.h"

#define MAP_NAME "converted.map"

/* A map_load_fn; ctx is the map's text. */
static int
load(void *ctx, const char *name, const char *from, struct buf *text,
    struct buf *path, struct err *e)
{
	const struct buf *map = ctx;

	(void)e;
	(void)from;
	buf_add(text, map->p, map->len);
	buf_adds(path, name);
	return 0;
}

/* Give each field that a fault lies in its message; how many there are. */
static size_t
mark_faults(
    struct convert *c, struct faults *faults, const struct owners *owners)
{
	size_t n = 0;

	for (size_t i = 0; i < faults_len(faults); i++) {
		const struct fault *f = faults_get(faults, i);
		size_t owner = SIZE_MAX;

		if (f->level != FAULT_ERROR)
			continue;
		if (f->line > 0 && f->line <= owners->n)
			owner = owners->v[f->line - 1];
		if (owner >= c->n_fields || c->fields[owner].fault != NULL)
			continue;
		c->fields[owner].fault =
		    convert__str(&c->pool, f->message, strlen(f->message));
		n++;
	}
	return n;
}

/* Write the map; what the compiler refuses becomes a comment, until it has
   nothing to say. */
static int
write_valid(struct convert *c, const char *name, struct buf *map, struct err *e)
{
	struct owners owners = { .n = 0 };
	int result = 1;

	while (result == 1) {
		struct faults *faults = faults_new();
		struct map *m;

		convert__write(c, name, map, &owners);
		m = map_compile(MAP_NAME, load, map, faults);
		if (!buf_ok(map))
			result = buf_check(map, "the map", e);
		else if (m != NULL)
			result = 0;
		else if (mark_faults(c, faults, &owners) == 0)
			result = faults_to_err(faults, e);
		map_free(m);
		faults_free(faults);
	}
	free(owners.v);
	return result;
}

/* severity.map without event.deviceSeverity: a field all the same. */
static void
add_severity(struct convert *c)
{
	const struct cef_key *key = cef_header_key(CEF_H_SEVERITY);

	for (size_t i = 0; i < c->n_fields; i++) {
		if (c->fields[i].key == key)
			return;
	}
	if (c->n_severities == 0)
		return;
	c->fields = array_grow(
	    c->fields, c->n_fields, &c->fields_cap, sizeof(*c->fields));
	c->fields[c->n_fields++] =
	    (struct field){ .name = "agentSeverity", .key = key };
}

static void
count(const struct convert *c, struct convert_counts *counts)
{
	*counts = (struct convert_counts){ .carried = 0 };
	for (size_t i = 0; i < c->props.n; i++)
		counts->left += c->props.v[i].why != NULL ? 1 : 0;
	for (size_t i = 0; i < c->n_fields; i++) {
		const struct field *f = &c->fields[i];

		if (f->base != NULL && f->base->why == NULL)
			counts->carried++;
		for (size_t k = 0; k < f->n_choices; k++) {
			if (f->choices[k].prop->why == NULL)
				counts->carried++;
		}
	}
}

static void
fini(struct convert *c)
{
	for (size_t i = 0; i < c->n_fields; i++)
		free(c->fields[i].choices);
	free(c->fields);
	free(c->tokens);
	free(c->severities);
	free(c->selectors);
	free(c->mappings);
	free(c->tables);
	free(c->props.v);
	convert__pool_fini(&c->pool);
	convert__pool_fini(&c->work);
}

int
convert_parser(const char *name, const char *text, size_t len, struct buf *out,
    struct convert_counts *counts, struct err *e)
{
	struct convert c = { .work = { .max = CONVERT_WORK_MAX } };
	struct buf map;
	int result;

	if (len > CONVERT_FILE_MAX)
		return err_set(
		    e, ERR_DATA, "%s is larger than a parser can be", name);
	buf_init(&map, KF_FILE_MAX);
	if (!convert__props_read(&c.props, &c.pool, text, len)) {
		result = err_set(e, ERR_DATA,
		    "%s has more rules than a parser can have", name);
		goto out;
	}
	convert__rules_read(&c);
	if (c.n_fields == 0) {
		result = err_set(e, ERR_DATA,
		    "%s sets no field (event.NAME = ...) that CEF has; is it a "
		    "*.jsonparser.properties?",
		    name);
		goto out;
	}
	convert__trigger(&c);
	add_severity(&c);
	result = write_valid(&c, name, &map, e);
	if (result == 0) {
		count(&c, counts);
		buf_add(out, map.p, map.len);
		result = buf_check(out, "the map", e);
	}
out:
	buf_fini(&map);
	fini(&c);
	return result;
}
