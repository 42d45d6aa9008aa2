/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include <json-c/json.h>

#include "source/api.h"
#include "source/member.h"

struct json_object *
member_at(struct json_object *v, const char *path)
{
	while (v != NULL && *path != '\0') {
		size_t len = strcspn(path, "/");
		char name[API_MEMBER_MAX + 1];

		if (len > API_MEMBER_MAX)
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		if (!json_object_object_get_ex(v, name, &v))
			return NULL;
		path += len + (path[len] == '/');
	}
	return v;
}
