/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include <json-c/json.h>

#include "base/stamp.h"
#include "base/utf8.h"

#include "source/digest.h"
#include "source/source_priv.h"

/* The first of the API's id members that has a value, as text. */
static struct json_object *
id_member(const struct api *api, struct json_object *json)
{
	for (const char *const *name = api->id; *name != NULL; name++) {
		struct json_object *v;

		if (!json_object_object_get_ex(json, *name, &v))
			continue;
		if (json_object_is_type(v, json_type_int) ||
		    (json_object_is_type(v, json_type_string) &&
			json_object_get_string_len(v) != 0))
			return v;
	}
	return NULL;
}

static void
identify(const struct api *api, const struct split_element *el,
    struct json_object *json, char id[SOURCE_ID_MAX + 1])
{
	struct json_object *v = id_member(api, json);
	const char *text;
	size_t len;

	if (v == NULL) {
		digest_text(el->text, el->len, id);
		return;
	}
	text = json_object_get_string(v);
	len = json_object_is_type(v, json_type_string) ?
	    (size_t)json_object_get_string_len(v) :
	    strlen(text);
	if (len > SOURCE_ID_MAX || memchr(text, '\0', len) != NULL ||
	    !utf8_valid(text, len))
		digest_text(text, len, id);
	else
		memcpy(id, text, len + 1);
}

static int64_t
time_member(struct json_object *json, const char *name)
{
	struct json_object *v;
	int64_t stamp;

	if (name == NULL || !json_object_object_get_ex(json, name, &v) ||
	    !json_object_is_type(v, json_type_string))
		return STAMP_NONE;
	if (stamp_parse(json_object_get_string(v),
		(size_t)json_object_get_string_len(v), &stamp) == -1)
		return STAMP_NONE;
	/* .NET's unset time is in the year 1. */
	return stamp < 0 ? STAMP_NONE : stamp;
}

void
source__identify(const struct api *api, const struct split_element *el,
    struct json_object *json, char id[SOURCE_ID_MAX + 1],
    struct source_record *rec)
{
	identify(api, el, json, id);
	*rec = (struct source_record){
		.json = json,
		.id = id,
		.updated = time_member(json, api->updated),
		.created = time_member(json, api->created),
		.bytes = el->len,
	};
}
