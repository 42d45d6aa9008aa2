/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include "cmd/diff.h"

#define CONTEXT   ((size_t)3)
#define TABLE_MAX ((size_t)4 << 20) /* cells of 4 bytes; above: all replaced */

struct line {
	const char *p;
	size_t len; /* with its LF, if it has one */
};

struct lines {
	struct line *v;
	size_t n, cap;
};

/* The script: ' ' both, '-' only a, '+' only b. */
struct script {
	char *ops;
	size_t n;
};

static void
cut(const struct diff_text *t, struct lines *out)
{
	for (size_t at = 0; at < t->len;) {
		const char *lf = memchr(t->p + at, '\n', t->len - at);
		size_t end = lf == NULL ? t->len : (size_t)(lf - t->p) + 1;

		out->v = array_grow(out->v, out->n, &out->cap, sizeof(*out->v));
		out->v[out->n++] =
		    (struct line){ .p = t->p + at, .len = end - at };
		at = end;
	}
}

static bool
is_same(const struct line *a, const struct line *b)
{
	return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

static void
add(struct script *s, char op, size_t n)
{
	if (n > 0)
		memset(s->ops + s->n, op, n);
	s->n += n;
}

/* The longest common subsequence of two stretches, by the table of its
   lengths from the end. */
static void
middle(const struct line *a, size_t n, const struct line *b, size_t m,
    struct script *s)
{
	size_t width = m + 1, i = 0, j = 0;
	uint32_t *t;

	if (n == 0 || m == 0 || (n + 1) > TABLE_MAX / width) {
		add(s, '-', n);
		add(s, '+', m);
		return;
	}
	t = xcalloc((n + 1) * width, sizeof(*t));
	for (i = n; i-- > 0;) {
		for (j = m; j-- > 0;) {
			uint32_t skip_a = t[(i + 1) * width + j];
			uint32_t skip_b = t[i * width + j + 1];

			if (is_same(&a[i], &b[j]))
				t[i * width + j] =
				    t[(i + 1) * width + j + 1] + 1;
			else
				t[i * width + j] =
				    skip_a > skip_b ? skip_a : skip_b;
		}
	}
	for (i = 0, j = 0; i < n && j < m;) {
		if (is_same(&a[i], &b[j])) {
			add(s, ' ', 1);
			i++;
			j++;
		} else if (t[(i + 1) * width + j] >= t[i * width + j + 1]) {
			add(s, '-', 1);
			i++;
		} else {
			add(s, '+', 1);
			j++;
		}
	}
	add(s, '-', n - i);
	add(s, '+', m - j);
	free(t);
}

static void
compare(const struct lines *a, const struct lines *b, struct script *s)
{
	size_t head = 0, tail = 0;

	while (head < a->n && head < b->n && is_same(&a->v[head], &b->v[head]))
		head++;
	while (tail < a->n - head && tail < b->n - head &&
	    is_same(&a->v[a->n - 1 - tail], &b->v[b->n - 1 - tail]))
		tail++;
	s->ops = xcalloc(a->n + b->n + 1, 1);
	add(s, ' ', head);
	middle(a->v + head, a->n - head - tail, b->v + head, b->n - head - tail,
	    s);
	add(s, ' ', tail);
}

static void
print_line(FILE *out, char op, const struct line *l)
{
	(void)fputc(op, out);
	(void)fwrite(l->p, 1, l->len, out);
	if (l->p[l->len - 1] != '\n')
		(void)fputs("\n\\ No newline at end of file\n", out);
}

/* The end of the hunk that begins at from: where twice the context is the
   same. */
static size_t
hunk_end(const struct script *s, size_t from)
{
	size_t same = 0, end = from;

	for (size_t i = from; i < s->n && same <= 2 * CONTEXT; i++) {
		same = s->ops[i] == ' ' ? same + 1 : 0;
		if (same == 0)
			end = i + 1;
	}
	return s->n - end > CONTEXT ? end + CONTEXT : s->n;
}

static size_t
count(const struct script *s, size_t from, size_t to, char op)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		n += s->ops[i] == ' ' || s->ops[i] == op;
	return n;
}

static void
print_hunks(const struct lines *a, const struct lines *b,
    const struct script *s, FILE *out)
{
	size_t i = 0, at_a = 0, at_b = 0;

	while (i < s->n) {
		size_t next = i, from, to, n_a, n_b;

		while (next < s->n && s->ops[next] == ' ')
			next++;
		if (next == s->n)
			return;
		from = next - i > CONTEXT ? next - CONTEXT : i;
		at_a += from - i;
		at_b += from - i;
		to = hunk_end(s, next);
		n_a = count(s, from, to, '-');
		n_b = count(s, from, to, '+');
		/* An empty stretch is named by the line before it. */
		(void)fprintf(out, "@@ -%zu,%zu +%zu,%zu @@\n",
		    at_a + (n_a > 0), n_a, at_b + (n_b > 0), n_b);
		for (i = from; i < to; i++) {
			if (s->ops[i] == '+')
				print_line(out, '+', &b->v[at_b]);
			else
				print_line(out, s->ops[i], &a->v[at_a]);
			at_a += s->ops[i] != '+';
			at_b += s->ops[i] != '-';
		}
	}
}

bool
diff_print(const struct diff_text *a, const struct diff_text *b, FILE *out)
{
	struct lines la = { .n = 0 }, lb = { .n = 0 };
	struct script s = { .n = 0 };
	bool differs = a->len != b->len || memcmp(a->p, b->p, a->len) != 0;

	if (!differs)
		return false;
	cut(a, &la);
	cut(b, &lb);
	compare(&la, &lb, &s);
	(void)fprintf(out, "--- %s\n+++ %s\n", a->name, b->name);
	print_hunks(&la, &lb, &s, out);
	free(la.v);
	free(lb.v);
	free(s.ops);
	return true;
}
