/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "map/parse.h"

int
map__fail(struct parse *ps, size_t offset, size_t len, const char *fmt, ...)
{
	va_list ap;

	ps->fault->offset = offset;
	ps->fault->len = len;
	va_start(ap, fmt);
	(void)vsnprintf(
	    ps->fault->message, sizeof(ps->fault->message), fmt, ap);
	va_end(ap);
	return -1;
}

void
map__skip_blanks(struct parse *ps)
{
	while (
	    ps->at < ps->len && (ps->s[ps->at] == ' ' || ps->s[ps->at] == '\t'))
		ps->at++;
}

char
map__ahead(const struct parse *ps, size_t n)
{
	if (n >= ps->len - ps->at)
		return '\0';
	return ps->s[ps->at + n];
}

size_t
map__name_len(const struct parse *ps)
{
	size_t n = 0;

	while (is_alpha(map__ahead(ps, n)) || is_digit(map__ahead(ps, n)) ||
	    map__ahead(ps, n) == '-')
		n++;
	return n;
}

struct op *
map__add_op(struct parse *ps, enum op_kind kind, int grow)
{
	struct prog *p = ps->prog;
	struct op *op;

	p->ops = array_grow(p->ops, p->n, &p->cap, sizeof(*p->ops));
	op = &p->ops[p->n++];
	*op = (struct op){ .kind = kind };
	ps->stack = (size_t)((ptrdiff_t)ps->stack + grow);
	if (ps->stack > p->stack)
		p->stack = ps->stack;
	return op;
}
