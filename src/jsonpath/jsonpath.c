/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/obj.h"

#include "jsonpath/jsonpath_priv.h"

#define JPATH_MAGIC 0x4a504154U
#define LOGIC_MAGIC 0x4a4c4f47U

static struct parser
parser_at(
    const char *text, size_t len, struct pool *pool, struct jpath_fault *fault)
{
	return (struct parser){
		.text = text, .len = len, .pool = pool, .fault = fault
	};
}

/* The whole text must have been used. */
static int
at_end(struct parser *p, const char *what)
{
	size_t blanks;

	if (p->at == p->len)
		return 0;
	blanks = p->at;
	jpath__skip_blanks(p);
	if (p->at == p->len) {
		return jpath__fault(p, blanks, p->len - blanks,
		    "no blanks may stand behind a query; remove them");
	}
	return jpath__unexpected(p, what);
}

struct jpath *
jpath_compile(
    const char *text, size_t len, size_t *used, struct jpath_fault *fault)
{
	struct jpath_fault unseen;
	struct parser p;
	struct jpath *q;

	q = xcalloc(1, sizeof(*q));
	q->magic = JPATH_MAGIC;
	p = parser_at(text, len, &q->pool, fault != NULL ? fault : &unseen);
	q->query = jpath__parse_query(&p);
	if (q->query == NULL)
		goto fail;
	if (used == NULL &&
	    at_end(&p, "\".\", \"[\" or the end of the query") == -1)
		goto fail;
	q->text = xstrndup(text, p.at);
	if (used != NULL)
		*used = p.at;
	return q;

fail:
	jpath_free(q);
	return NULL;
}

void
jpath_free(struct jpath *q)
{
	if (q == NULL)
		return;
	OBJ_CHECK(q, JPATH_MAGIC);
	jpath__pool_fini(&q->pool);
	free(q->text);
	free(q);
}

bool
jpath_is_singular(const struct jpath *q)
{
	return q->query->is_singular;
}

bool
jpath_is_relative(const struct jpath *q)
{
	return q->query->is_relative;
}

const char *
jpath_text(const struct jpath *q)
{
	return q->text;
}

struct jpath_logic *
jpath_logic_compile(const char *text, size_t len, struct jpath_fault *fault)
{
	struct jpath_fault unseen;
	struct parser p;
	struct jpath_logic *l;

	l = xcalloc(1, sizeof(*l));
	l->magic = LOGIC_MAGIC;
	p = parser_at(text, len, &l->pool, fault != NULL ? fault : &unseen);
	jpath__skip_blanks(&p);
	l->logical = jpath__parse_logical(&p);
	if (l->logical == NULL)
		goto fail;
	jpath__skip_blanks(&p);
	if (at_end(&p, "\"&&\", \"||\" or the end of the condition") == -1)
		goto fail;
	l->text = xstrndup(text, len);
	return l;

fail:
	jpath_logic_free(l);
	return NULL;
}

void
jpath_logic_free(struct jpath_logic *l)
{
	if (l == NULL)
		return;
	OBJ_CHECK(l, LOGIC_MAGIC);
	jpath__pool_fini(&l->pool);
	free(l->text);
	free(l);
}
