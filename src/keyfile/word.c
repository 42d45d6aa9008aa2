/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "keyfile/keyfile_priv.h"

/* The text between two quotes, its escapes undone; -1 after a fault.  *pos is
   at the opening quote, then behind the closing one. */
static int
quoted(const struct kf_entry *en, size_t *pos, struct buf *out,
    struct faults *faults)
{
	static const char from[] = "\\\"nt", to[] = "\\\"\n\t";
	const char *p = en->value, *esc;
	const size_t start = *pos;
	size_t i, n;
	int status = 1;

	for (i = start + 1; i < en->value_len && p[i] != '"'; i++) {
		if (p[i] != '\\') {
			buf_addc(out, p[i]);
			continue;
		}
		i++;
		if (i == en->value_len)
			break;
		esc = strchr(from, p[i]);
		if (esc != NULL) {
			buf_addc(out, to[esc - from]);
			continue;
		}
		n = utf8_prefix(p + i, en->value_len - i, 1);
		kf_fault_value(faults, FAULT_ERROR, en, i - 1, n + 1,
		    "no escape \"\\%.*s\"; there are \\\\ \\\" \\n \\t", (int)n,
		    p + i);
		status = -1;
	}
	if (i >= en->value_len) {
		/* The reader has seen to the quotes of a whole value, but a
		   map's are not counted as these are. */
		*pos = en->value_len;
		kf_fault_value(faults, FAULT_ERROR, en, start, 1,
		    "a quote that is not closed");
		return -1;
	}
	*pos = i + 1;
	return status;
}

static size_t
word_end(const struct kf_entry *en, size_t i)
{
	while (i < en->value_len && !kf__is_blank(en->value[i]))
		i++;
	return i;
}

int
kf_word(const struct kf_entry *en, size_t *pos, struct buf *out,
    size_t *word_at, size_t *word_len, struct faults *faults)
{
	const char *p = en->value;
	size_t at = *pos, end;
	const char *quote;
	int status = 1;

	buf_reset(out);
	while (at < en->value_len && kf__is_blank(p[at]))
		at++;
	*pos = at;
	if (at >= en->value_len)
		return 0;
	if (p[at] == '"')
		status = quoted(en, pos, out, faults);
	end = word_end(en, *pos);
	if (p[at] == '"' && end > *pos) {
		kf_fault_value(faults, FAULT_ERROR, en, *pos, end - *pos,
		    "text right behind a quote; put a blank between them");
		status = -1;
	} else if (p[at] != '"') {
		quote = memchr(p + at, '"', end - at);
		buf_add(out, p + at, end - at);
		if (quote != NULL) {
			kf_fault_value(faults, FAULT_ERROR, en,
			    (size_t)(quote - p), 1,
			    "a quote inside a word; quote the whole word");
			/* Blanks in those quotes would be words. */
			end = en->value_len;
			status = -1;
		}
	}
	*pos = end;
	if (word_at != NULL)
		*word_at = at;
	if (word_len != NULL)
		*word_len = end - at;
	return status;
}
