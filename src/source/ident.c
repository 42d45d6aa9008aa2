/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include <json-c/json.h>

#include "base/num.h"
#include "base/stamp.h"
#include "base/utf8.h"

#include "source/digest.h"
#include "source/member.h"
#include "source/source_priv.h"

/* The first of the API's id members that has a value, as text. */
static struct json_object *
id_member(const struct api *api, struct json_object *json)
{
	for (const char *const *name = api->id; *name != NULL; name++) {
		struct json_object *v = member_at(json, *name);

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

/* Seconds or milliseconds, a number or its text; what is finer than a tick is
   cut, never rounded. */
static int
epoch_parse(const char *text, int64_t unit, int64_t *out)
{
	size_t whole = strspn(text, "0123456789");
	const char *p = text + whole;
	uint64_t v;

	if (num_u64(text, whole, 0, (uint64_t)(INT64_MAX / unit - 1), &v,
		NULL) == -1)
		return -1;
	*out = (int64_t)v * unit;
	if (*p != '.')
		return *p == '\0' ? 0 : -1;
	for (p++; *p >= '0' && *p <= '9'; p++) {
		unit /= 10;
		*out += (*p - '0') * unit;
	}
	return *p == '\0' ? 0 : -1;
}

static int64_t
time_member(const struct api *api, struct json_object *json, const char *path)
{
	struct json_object *v = path == NULL ? NULL : member_at(json, path);
	int64_t stamp;
	int rc;

	if (v == NULL)
		return STAMP_NONE;
	rc = !json_object_is_type(v, json_type_string) ?
	    -1 :
	    stamp_parse(json_object_get_string(v),
		(size_t)json_object_get_string_len(v), &stamp);
	if (rc == -1 && api->time == API_TIME_EPOCH)
		rc =
		    epoch_parse(json_object_get_string(v), STAMP_PER_S, &stamp);
	else if (rc == -1 && api->time == API_TIME_EPOCH_MS)
		rc = epoch_parse(
		    json_object_get_string(v), STAMP_PER_MS, &stamp);
	/* .NET's unset time is in the year 1. */
	return rc == -1 || stamp < 0 ? STAMP_NONE : stamp;
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
		.updated = time_member(api, json,
		    api->updated == NULL && api->is_final ? api->created :
							    api->updated),
		.created = time_member(api, json, api->created),
		.bytes = el->len,
	};
}
