/*
 * member.h - a value inside of a record or a page, by the path of its names
 *
 * SPDX-License-Identifier: MIT
 */

#ifndef CEFWD_SOURCE_MEMBER_H
#define CEFWD_SOURCE_MEMBER_H

struct json_object;

/* The member at the end of "outer/inner" (a name alone is a path, too), of
   v's; borrowed.  NULL where there is none, or it is null. */
struct json_object *member_at(struct json_object *v, const char *path);

#endif /* CEFWD_SOURCE_MEMBER_H */
