/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/obj.h"

#include "source/member.h"
#include "source/scan.h"
#include "source/split.h"

#define SPLIT_MAGIC 0x5370c171U

/* All of a page's own members together, with what it takes to keep them. */
#define MEMBERS_MAX ((size_t)4 * JSON_MEMBER_MAX)

/* An incident of some MiB is rare: its memory is given back after the page. */
#define TEXT_KEEP   ((size_t)1 << 20)

/*
 * The page, outside its values.  VALUE is inside one: a name or a value of the
 * page's object, an element, or a candidate (an object of SPLIT_ANY that may
 * yet turn out to be a page).
 *
 *             +---------------- , ---------------+
 *             v                                  |
 *   TOP -{-> NAME_OR_END --> COLON --> MEMBER --> MEMBER_END -}-> TOP or END
 *             (then NAME)               | "value": [      ^
 *                                       v                 |
 *   TOP -[-> ELEMENT_OR_END --> ELEMENT_END -----]--------+--> TOP or END
 *             (then ELEMENT) <----- , ---+
 *
 *   TOP -{-> candidate --"value": [--> PEEK --> ELEMENT_OR_END
 *                 ^---------------------+
 */
enum mode {
	MODE_TOP,
	MODE_NAME_OR_END,
	MODE_NAME,
	MODE_COLON,
	MODE_MEMBER,
	MODE_MEMBER_END,
	MODE_ELEMENT_OR_END,
	MODE_ELEMENT,
	MODE_ELEMENT_END,
	MODE_PEEK,
	MODE_VALUE,
	MODE_END,
};

static const char *const expected[] = {
	[MODE_TOP] = "an object or an array",
	[MODE_NAME_OR_END] = "a member name or '}'",
	[MODE_NAME] = "a member name",
	[MODE_COLON] = "':'",
	[MODE_MEMBER] = "a value",
	[MODE_MEMBER_END] = "',' or '}'",
	[MODE_ELEMENT_OR_END] = "a record or ']'",
	[MODE_ELEMENT] = "a record",
	[MODE_ELEMENT_END] = "',' or ']'",
	[MODE_PEEK] = "a record or ']'",
	[MODE_VALUE] = "the rest of a value",
	[MODE_END] = "nothing more",
};

enum what {
	WHAT_NAME,
	WHAT_MEMBER,
	WHAT_ELEMENT,
	WHAT_CANDIDATE
};

struct member {
	char *name;
	char *text;
};

struct split {
	unsigned int magic;
	struct split_options o;
	const struct split_handlers *h;
	void *ctx;

	enum mode mode;
	enum what what; /* MODE_VALUE */
	struct scan scan;
	struct buf text;     /* the element under way */
	struct buf member;   /* the name or member under way */
	struct buf name;     /* of the member under way */
	uint64_t at;         /* bytes of the page so far */
	uint64_t begin;      /* offset of the value under way */
	char first;          /* its first byte */
	uint64_t count;      /* elements */
	bool is_bare;        /* the array is not inside an object */
	bool has_array;      /* an array of records, or a record, came */
	bool is_value_next;  /* the candidate's last name was the array's */
	bool is_dead;        /* an error was returned */
	size_t tail;         /* of array: what is looked for in this object */
	struct member *list; /* the page's own members */
	size_t n, cap;
	size_t list_bytes;
};

struct split *
split_new(
    const struct split_options *o, const struct split_handlers *h, void *ctx)
{
	struct split *s = xcalloc(1, sizeof(*s));

	s->magic = SPLIT_MAGIC;
	s->o = *o;
	if (s->o.max_element == 0)
		s->o.max_element = JSON_ELEMENT_MAX;
	if (s->o.max_page == 0)
		s->o.max_page = JSON_PAGE_MAX;
	if (s->o.array == NULL && s->o.shape == SPLIT_ANY)
		s->o.array = "value";
	s->h = h;
	s->ctx = ctx;
	buf_init(&s->text, s->o.max_element);
	buf_init(&s->member, JSON_MEMBER_MAX);
	buf_init(&s->name, JSON_MEMBER_MAX);
	return s;
}

static void
forget_members(struct split *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->list[i].name);
		free(s->list[i].text);
	}
	s->n = 0;
	s->list_bytes = 0;
}

void
split_free(struct split *s)
{
	if (s == NULL)
		return;
	OBJ_CHECK(s, SPLIT_MAGIC);
	forget_members(s);
	free(s->list);
	buf_fini(&s->text);
	buf_fini(&s->member);
	buf_fini(&s->name);
	s->magic = 0;
	free(s);
}

void
split_reset(struct split *s)
{
	OBJ_CHECK(s, SPLIT_MAGIC);
	forget_members(s);
	buf_reset(&s->text);
	buf_reset(&s->member);
	if (s->text.cap > TEXT_KEEP)
		buf_fini(&s->text);
	s->mode = MODE_TOP;
	s->at = 0;
	s->count = 0;
	s->has_array = false;
	s->is_dead = false;
	s->tail = 0;
}

/* The position is told from 1 on, as editors and head -c count. */
static int
unexpected(const struct split *s, char c, uint64_t at, struct err *e)
{
	unsigned char u = (unsigned char)c;
	char found[16];

	if (u > 0x20 && u < 0x7f)
		(void)snprintf(found, sizeof(found), "'%c'", c);
	else
		(void)snprintf(found, sizeof(found), "0x%02x", u);
	return err_set(e, ERR_DATA, "byte %llu: expected %s, found %s%s",
	    (unsigned long long)at + 1, expected[s->mode], found,
	    s->mode == MODE_TOP && c == '<' ?
		" (this is HTML or XML, not JSON)" :
		"");
}

static void
begin_value(
    struct split *s, enum what what, struct buf *out, char c, uint64_t at)
{
	if (out != NULL)
		buf_reset(out);
	scan_begin(&s->scan, out);
	s->what = what;
	s->begin = at;
	s->first = c;
	s->mode = MODE_VALUE;
}

static void
refuse(struct split *s, const char *reason, uint64_t at)
{
	char why[160];

	if (s->h->refused == NULL)
		return;
	(void)snprintf(why, sizeof(why), "byte %llu: %s",
	    (unsigned long long)at + 1, reason);
	s->h->refused(s->ctx, s->count, s->begin, why);
}

static void
refuse_fault(struct split *s)
{
	char reason[128];

	switch (s->scan.fault) {
	case SCAN_FAULT_SIZE:
		(void)snprintf(reason, sizeof(reason),
		    "the record is longer than %zu bytes", s->o.max_element);
		break;
	case SCAN_FAULT_DEPTH:
		(void)snprintf(reason, sizeof(reason),
		    "nested deeper than %d levels", JSON_DEPTH_MAX);
		break;
	case SCAN_FAULT_NONE:
	case SCAN_FAULT_NUL_NAME:
	case SCAN_FAULT_CONTROL:
	case SCAN_FAULT_WORD:
	case SCAN_FAULT_QUOTE:
	case SCAN_FAULT_NOMEM:
	case SCAN_FAULT_BRACKET:
		(void)snprintf(reason, sizeof(reason), "%s",
		    scan_fault_text(s->scan.fault));
		break;
	}
	refuse(s, reason, s->scan.fault_at);
}

static int
element_ended(struct split *s, struct err *e)
{
	const struct split_element el = {
		.text = s->text.p,
		.len = s->text.len,
		.offset = s->begin,
		.index = s->count,
		.has_big_int = s->scan.has_big_int,
	};
	int rc = 0;

	if (s->scan.fault == SCAN_FAULT_NOMEM)
		return err_set(e, ERR_NOMEM, "a record: out of memory");
	s->has_array = true;
	if (s->scan.fault != SCAN_FAULT_NONE)
		refuse_fault(s);
	else if (s->first != '{')
		refuse(s, "a record must be an object", s->begin);
	else
		rc = s->h->element(s->ctx, &el, e);
	s->count++;
	return rc;
}

/* A string whose text C would cut short. */
static bool
has_nul(struct json_object *v)
{
	return json_object_is_type(v, json_type_string) &&
	    strlen(json_object_get_string(v)) !=
	    (size_t)json_object_get_string_len(v);
}

/* A page's name or member as json-c reads it: *out is NULL for null. */
static int
read_small(const struct split *s, struct json_object **out, struct err *e)
{
	unsigned long long at = (unsigned long long)s->begin + 1;
	enum json_tokener_error why = json_tokener_success;

	/* Small and few: a tokener of its own for each is cheap enough. */
	*out = json_tokener_parse_verbose(s->member.p, &why);
	if (why != json_tokener_success)
		return err_set(e, ERR_DATA, "byte %llu: %s", at,
		    json_tokener_error_desc(why));
	if (has_nul(*out)) {
		json_object_put(*out);
		return err_set(e, ERR_DATA,
		    "byte %llu: a NUL (\\u0000) in a name or member of the "
		    "page",
		    at);
	}
	return 0;
}

/* What scan_run() found in the page's own object. */
static int
page_fault(const struct split *s, struct err *e)
{
	unsigned long long at = (unsigned long long)s->scan.fault_at + 1;

	switch (s->scan.fault) {
	case SCAN_FAULT_NONE:
	case SCAN_FAULT_DEPTH:
		return 0;
	case SCAN_FAULT_SIZE:
		return err_set(e, ERR_LIMIT,
		    "byte %llu: a name or member of the page is longer than "
		    "%u bytes",
		    at, JSON_MEMBER_MAX);
	case SCAN_FAULT_NOMEM:
		return err_set(e, ERR_NOMEM, "a page: out of memory");
	case SCAN_FAULT_NUL_NAME:
	case SCAN_FAULT_CONTROL:
	case SCAN_FAULT_WORD:
	case SCAN_FAULT_QUOTE:
	case SCAN_FAULT_BRACKET:
		break;
	}
	return err_set(
	    e, ERR_DATA, "byte %llu: %s", at, scan_fault_text(s->scan.fault));
}

static int
name_ended(struct split *s, struct err *e)
{
	struct json_object *v;

	if (page_fault(s, e) == -1 || read_small(s, &v, e) == -1)
		return -1;
	buf_reset(&s->name);
	buf_adds(&s->name, json_object_get_string(v));
	json_object_put(v);
	s->mode = MODE_COLON;
	return buf_check(&s->name, "a member name of the page", e);
}

static int
keep(struct split *s, const char *prefix, const char *name, const char *text,
    struct err *e)
{
	size_t bytes =
	    strlen(prefix) + strlen(name) + strlen(text) + sizeof(*s->list);

	if (bytes > MEMBERS_MAX - s->list_bytes)
		return err_set(e, ERR_LIMIT,
		    "byte %llu: the page's own members are longer than %zu "
		    "bytes together",
		    (unsigned long long)s->begin + 1, MEMBERS_MAX);
	s->list = array_grow(s->list, s->n, &s->cap, sizeof(*s->list));
	s->list[s->n++] = (struct member){
		.name = xasprintf("%s%s", prefix, name),
		.text = xstrdup(text),
	};
	s->list_bytes += bytes;
	return 0;
}

static bool
is_plain(struct json_object *v)
{
	return json_object_is_type(v, json_type_string) ||
	    json_object_is_type(v, json_type_int) ||
	    json_object_is_type(v, json_type_double);
}

/* The strings and numbers inside the object "error". */
static int
keep_error(struct split *s, struct json_object *v, struct err *e)
{
	struct json_object_iterator at = json_object_iter_begin(v);
	struct json_object_iterator end = json_object_iter_end(v);

	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		struct json_object *inner = json_object_iter_peek_value(&at);

		if (!is_plain(inner) || has_nul(inner))
			continue;
		if (keep(s, "error/", json_object_iter_peek_name(&at),
			json_object_get_string(inner), e) == -1)
			return -1;
	}
	return 0;
}

/* What the path goes on with inside of the member under way; NULL where it
   does not lead there. */
static const char *
inside(const struct split *s, const char *path)
{
	size_t len = strlen(s->name.p);

	if (strncmp(path, s->o.array == NULL ? "" : s->o.array, s->tail) != 0)
		return NULL;
	path += s->tail;
	return strncmp(path, s->name.p, len) == 0 && path[len] == '/' ?
	    path + len + 1 :
	    NULL;
}

static bool
is_inner(const struct split *s)
{
	for (size_t i = 0; s->o.inner != NULL && s->o.inner[i] != NULL; i++) {
		if (inside(s, s->o.inner[i]) != NULL)
			return true;
	}
	return false;
}

/* The members inside of an object that were asked for; one that cannot be read
   may name the next page, so it is a fault. */
static int
keep_inner(struct split *s, struct err *e)
{
	struct json_object *v;
	int rc = 0;

	if (page_fault(s, e) == -1 || read_small(s, &v, e) == -1)
		return -1;
	for (size_t i = 0; s->o.inner[i] != NULL && rc == 0; i++) {
		const char *path = inside(s, s->o.inner[i]);
		struct json_object *found =
		    path == NULL ? NULL : member_at(v, path);

		if (found != NULL && is_plain(found) && !has_nul(found))
			rc = keep(s, "", s->o.inner[i],
			    json_object_get_string(found), e);
	}
	json_object_put(v);
	return rc;
}

/* A string or number of the object under way. */
static int
keep_plain(struct split *s, const char *text, struct err *e)
{
	char *prefix;
	int rc;

	if (s->tail == 0)
		return keep(s, "", s->name.p, text, e);
	prefix = xstrndup(s->o.array, s->tail);
	rc = keep(s, prefix, s->name.p, text, e);
	free(prefix);
	return rc;
}

static int
member_ended(struct split *s, struct err *e)
{
	struct json_object *v;
	int rc;

	s->mode = MODE_MEMBER_END;
	if (s->o.shape == SPLIT_ANY)
		return 0;
	if (s->first == '{' && is_inner(s))
		return keep_inner(s, e);
	if (s->first == '{' || s->first == '[') {
		/* An error object that cannot be read tells nothing. */
		if (s->scan.out == NULL || read_small(s, &v, NULL) == -1)
			return 0;
		rc = keep_error(s, v, e);
		json_object_put(v);
		return rc;
	}
	if (page_fault(s, e) == -1)
		return -1;
	if (s->first != '"')
		return s->first == '-' || (s->first >= '0' && s->first <= '9') ?
		    keep_plain(s, s->member.p, e) :
		    0;
	if (read_small(s, &v, e) == -1)
		return -1;
	rc = keep_plain(s, json_object_get_string(v), e);
	json_object_put(v);
	return rc;
}

static int
value_ended(struct split *s, struct err *e)
{
	switch (s->what) {
	case WHAT_NAME:
		return name_ended(s, e);
	case WHAT_MEMBER:
		return member_ended(s, e);
	case WHAT_ELEMENT:
		s->mode = MODE_ELEMENT_END;
		return element_ended(s, e);
	case WHAT_CANDIDATE:
		s->mode = MODE_TOP;
		return element_ended(s, e);
	}
	return 0;
}

/* A member name of a candidate: the text behind scan.name, in quotes. */
static void
candidate_name(struct split *s)
{
	size_t len = strlen(s->o.array);
	const char *name;

	s->is_value_next = false;
	if (s->scan.out == NULL)
		return;
	name = s->text.p + s->scan.name;
	if (strcmp(name, "\"id\"") == 0)
		s->scan.watch = false; /* a record: read it in one go */
	else if (strncmp(name + 1, s->o.array, len) == 0 &&
	    strcmp(name + 1 + len, "\"") == 0)
		s->is_value_next = true;
}

/* Go on with the value under way. */
static int
in_value(struct split *s, const char **p, const char *end, uint64_t at,
    struct err *e)
{
	switch (scan_run(&s->scan, p, end, at)) {
	case SCAN_MORE:
		break;
	case SCAN_DONE:
		return value_ended(s, e);
	case SCAN_NAME:
		candidate_name(s);
		break;
	case SCAN_ARRAY:
		if (s->is_value_next && s->scan.fault == SCAN_FAULT_NONE)
			s->mode = MODE_PEEK;
		break;
	case SCAN_BROKEN:
		return page_fault(s, e);
	}
	return 0;
}

/* The end of the page's array, or of its object. */
static void
close_array(struct split *s)
{
	if (!s->is_bare)
		s->mode = MODE_MEMBER_END;
	else
		s->mode = s->o.shape == SPLIT_ANY ? MODE_TOP : MODE_END;
}

static void
close_object(struct split *s)
{
	if (s->tail != 0) {
		/* Back to the object around it. */
		s->tail--;
		while (s->tail != 0 && s->o.array[s->tail - 1] != '/')
			s->tail--;
		s->mode = MODE_MEMBER_END;
		return;
	}
	s->mode = s->o.shape == SPLIT_ANY ? MODE_TOP : MODE_END;
}

static int
at_top(struct split *s, char c, uint64_t at, struct err *e)
{
	static const char bom[] = "\xef\xbb\xbf";

	if (at < 3 && c == bom[at])
		return 1;
	if (c == '[' && (s->o.shape == SPLIT_ANY || s->o.array == NULL)) {
		s->is_bare = true;
		s->has_array = true;
		s->mode = MODE_ELEMENT_OR_END;
		return 1;
	}
	if (c == '{' && s->o.shape == SPLIT_PAGE) {
		s->is_bare = false;
		s->mode = MODE_NAME_OR_END;
		return 1;
	}
	if (c == '{') {
		begin_value(s, WHAT_CANDIDATE, &s->text, c, at);
		s->scan.watch = true;
		s->is_value_next = false;
		return 0;
	}
	return unexpected(s, c, at, e);
}

static int
at_name(struct split *s, char c, uint64_t at, struct err *e)
{
	if (c != '"')
		return unexpected(s, c, at, e);
	begin_value(s, WHAT_NAME, &s->member, c, at);
	return 0;
}

static int
at_member(struct split *s, char c, uint64_t at, struct err *e)
{
	bool is_kept = c == '"' || c == '-' || (c >= '0' && c <= '9') ||
	    (c == '{' && (strcmp(s->name.p, "error") == 0 || is_inner(s)));
	const char *array = s->o.array == NULL ? "" : s->o.array + s->tail;
	const char *rest = s->o.array == NULL ? NULL : inside(s, s->o.array);

	if (c == ',' || c == ':' || c == '}' || c == ']')
		return unexpected(s, c, at, e);
	if (c == '[' && s->o.array != NULL && strcmp(s->name.p, array) == 0) {
		s->has_array = true;
		s->mode = MODE_ELEMENT_OR_END;
		return 1;
	}
	if (c == '{' && rest != NULL && s->o.shape == SPLIT_PAGE) {
		s->tail = (size_t)(rest - s->o.array);
		s->mode = MODE_NAME_OR_END;
		return 1;
	}
	begin_value(s, WHAT_MEMBER, is_kept ? &s->member : NULL, c, at);
	return 0;
}

static int
at_element(struct split *s, char c, uint64_t at, struct err *e)
{
	if (c == ',' || c == ':' || c == '}' || c == ']')
		return unexpected(s, c, at, e);
	begin_value(s, WHAT_ELEMENT, &s->text, c, at);
	return 0;
}

/* The byte behind a candidate's "value": [ decides. */
static int
at_peek(struct split *s, char c)
{
	if (c == '{' || c == ']') {
		s->is_bare = false;
		s->has_array = true;
		s->mode = MODE_ELEMENT_OR_END;
	} else {
		s->mode = MODE_VALUE;
	}
	return 0;
}

/* One byte outside values that is no blank.  1 when it was used, 0 when the
   new mode wants it, -1 with e. */
static int
at_byte(struct split *s, char c, uint64_t at, struct err *e)
{
	switch (s->mode) {
	case MODE_TOP:
		return at_top(s, c, at, e);
	case MODE_NAME_OR_END:
		if (c != '}')
			return at_name(s, c, at, e);
		close_object(s);
		return 1;
	case MODE_NAME:
		return at_name(s, c, at, e);
	case MODE_COLON:
		if (c != ':')
			break;
		s->mode = MODE_MEMBER;
		return 1;
	case MODE_MEMBER:
		return at_member(s, c, at, e);
	case MODE_MEMBER_END:
		if (c == ',')
			s->mode = MODE_NAME;
		else if (c == '}')
			close_object(s);
		else
			break;
		return 1;
	case MODE_ELEMENT_OR_END:
		if (c != ']')
			return at_element(s, c, at, e);
		close_array(s);
		return 1;
	case MODE_ELEMENT:
		return at_element(s, c, at, e);
	case MODE_ELEMENT_END:
		if (c == ',')
			s->mode = MODE_ELEMENT;
		else if (c == ']')
			close_array(s);
		else
			break;
		return 1;
	case MODE_PEEK:
		return at_peek(s, c);
	case MODE_VALUE:
	case MODE_END:
		break;
	}
	return unexpected(s, c, at, e);
}

static int
feed(struct split *s, const char *p, size_t len, struct err *e)
{
	const char *begin = p, *end = p + len;

	if (len > s->o.max_page - s->at)
		return err_set(e, ERR_LIMIT,
		    "the page is longer than %llu bytes",
		    (unsigned long long)s->o.max_page);
	while (p < end) {
		uint64_t at = s->at + (uint64_t)(p - begin);
		int used;

		if (s->mode == MODE_VALUE) {
			if (in_value(s, &p, end, at, e) == -1)
				return -1;
			continue;
		}
		if (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r') {
			p++;
			continue;
		}
		used = at_byte(s, *p, at, e);
		if (used == -1)
			return -1;
		p += used;
	}
	s->at += len;
	return 0;
}

int
split_feed(struct split *s, const char *p, size_t len, struct err *e)
{
	int rc;

	OBJ_CHECK(s, SPLIT_MAGIC);
	assert(!s->is_dead);
	rc = feed(s, p, len, e);
	s->is_dead = rc == -1;
	return rc;
}

int
split_finish(struct split *s, struct err *e)
{
	unsigned long long at = (unsigned long long)s->at;
	int rc = 0;

	OBJ_CHECK(s, SPLIT_MAGIC);
	assert(!s->is_dead);
	if (s->mode == MODE_TOP && s->at == 0)
		rc = err_set(e, ERR_DATA, "it is empty");
	else if (s->mode == MODE_TOP && s->o.shape == SPLIT_PAGE)
		rc = err_set(e, ERR_DATA, "it holds nothing but blanks");
	else if (s->mode == MODE_VALUE && s->what != WHAT_NAME &&
	    s->what != WHAT_MEMBER)
		rc = err_set(e, ERR_DATA,
		    "it ended at byte %llu, inside the record that begins at "
		    "byte %llu",
		    at, (unsigned long long)s->begin + 1);
	else if (s->mode != MODE_TOP && s->mode != MODE_END)
		rc = err_set(e, ERR_DATA,
		    "it ended at byte %llu, where %s was expected", at,
		    expected[s->mode]);
	else if (!s->has_array && s->o.array != NULL)
		rc = err_set(e, ERR_DATA, "it holds no array \"%s\" of records",
		    s->o.array);
	else if (!s->has_array)
		rc = err_set(e, ERR_DATA, "it is no array of records");
	s->is_dead = rc == -1;
	return rc;
}

const char *
split_member(const struct split *s, const char *name)
{
	OBJ_CHECK(s, SPLIT_MAGIC);
	/* Of two of one name the last wins, as in json-c. */
	for (size_t i = s->n; i > 0; i--) {
		if (strcmp(s->list[i - 1].name, name) == 0)
			return s->list[i - 1].text;
	}
	return NULL;
}

uint64_t
split_count(const struct split *s)
{
	OBJ_CHECK(s, SPLIT_MAGIC);
	return s->count;
}
