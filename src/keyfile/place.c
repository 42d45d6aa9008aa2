/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <assert.h>

#include "base/utf8.h"
#include "keyfile/keyfile_priv.h"

/* Files are at most KF_FILE_MAX bytes, so all of these fit. */
static unsigned int
narrow(size_t n)
{
	return (unsigned int)n;
}

void
kf__locate(const struct kf *kf, const struct kf_seg *segs, size_t n_segs,
    size_t at, size_t len, struct fault_at *out)
{
	const struct kf_seg *seg = segs;
	const struct kf_line *line;
	size_t off, stretch;

	assert(n_segs > 0);
	for (size_t i = 1; i < n_segs && segs[i].at <= at; i++)
		seg = &segs[i];
	line = &kf->lines[seg->line];
	off = seg->off + (at - seg->at);
	if (off > line->len)
		off = line->len;
	stretch = line->len - off;
	/* A place has one line: mark what stands on the first. */
	if (seg + 1 < segs + n_segs && seg[1].at - at < stretch)
		stretch = seg[1].at - at;
	if (len < stretch)
		stretch = len;
	*out = (struct fault_at){
		.file = kf->file,
		.line = narrow(seg->line + 1),
		.col = narrow(utf8_count(line->text, off) + 1),
		.len = narrow(utf8_count(line->text + off, stretch)),
		.text = line->text,
	};
}

static void
in_place(const struct kf_place *p, size_t at, size_t len, struct fault_at *out)
{
	kf__locate(p->kf, p->segs, p->n_segs, at, len, out);
}

void
kf_section_at(const struct kf_section *s, struct fault_at *at)
{
	const struct kf_place *p = s->priv;

	/* What stands above the first section has no header. */
	if (p->n_segs == 0)
		*at = (struct fault_at){ .file = p->kf->file };
	else
		in_place(p, p->head_at, p->head_len, at);
}

void
kf_key_at(const struct kf_entry *en, struct fault_at *at)
{
	const struct kf_place *p = en->priv;

	in_place(p, p->head_at, p->head_len, at);
}

void
kf_value_at(
    const struct kf_entry *en, size_t offset, size_t len, struct fault_at *at)
{
	const struct kf_place *p = en->priv;

	if (offset < p->value_len) {
		if (len > p->value_len - offset)
			len = p->value_len - offset;
		in_place(p, p->value_at + offset, len, at);
		return;
	}
	/* Behind the last byte, on that byte's line. */
	if (p->value_len == 0) {
		in_place(p, p->value_at, 0, at);
		return;
	}
	in_place(p, p->value_at + p->value_len - 1, 1, at);
	at->col++;
	at->len = 0;
}

void
kf_fault_key(struct faults *f, enum fault_level level,
    const struct kf_entry *en, const char *fmt, ...)
{
	struct fault_at at;
	va_list ap;

	kf_key_at(en, &at);
	va_start(ap, fmt);
	fault_add_va(f, level, &at, fmt, ap);
	va_end(ap);
}

void
kf_fault_value(struct faults *f, enum fault_level level,
    const struct kf_entry *en, size_t offset, size_t len, const char *fmt, ...)
{
	struct fault_at at;
	va_list ap;

	kf_value_at(en, offset, len, &at);
	va_start(ap, fmt);
	fault_add_va(f, level, &at, fmt, ap);
	va_end(ap);
}

void
kf_fault_section(struct faults *f, enum fault_level level,
    const struct kf_section *s, const char *fmt, ...)
{
	struct fault_at at;
	va_list ap;

	kf_section_at(s, &at);
	va_start(ap, fmt);
	fault_add_va(f, level, &at, fmt, ap);
	va_end(ap);
}
