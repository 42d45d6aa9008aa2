/*
 * model_priv.h - shared by the files of the model
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_MAP_MODEL_PRIV_H
#define CEFWD_MAP_MODEL_PRIV_H

#include "map/model.h"

struct loader {
	struct model *model;
	map_load_fn *load;
	void *ctx;
	struct faults *faults;
};

/* Where an include is written. */
struct include_at {
	const struct kf_entry *en;
	size_t at, len;
};

/* Merge one section of a file into the model. */
void
map__model_section(struct loader *ld, const struct kf_section *s, size_t file);

/* A dictionary, header or custom key by name, any case; NULL: none. */
const struct cef_key *map__model_key(const struct model *m, const char *name);

#endif /* CEFWD_MAP_MODEL_PRIV_H */
