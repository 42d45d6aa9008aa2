/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "base/obj.h"
#include "base/utf8.h"
#include "cef/cef_priv.h"

const char *
cef_fit_word(enum cef_fit fit)
{
	switch (fit) {
	case CEF_FIT_OK:
		return "ok";
	case CEF_FIT_CUT:
		return "cut";
	case CEF_FIT_EMPTY:
		return "empty";
	case CEF_FIT_DROPPED_LONG:
		return "too long";
	case CEF_FIT_DROPPED_TYPE:
		return "wrong type";
	}
	return "?";
}

static bool
is_word(const char *in, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(in, word, len) == 0;
}

const char *
cef_severity(const char *in, size_t len)
{
	static const char *const numbers[] = { "0", "1", "2", "3", "4", "5",
		"6", "7", "8", "9", "10" };
	static const struct {
		const char *word, *written;
	} words[] = {
		{ "low", "Low" },
		{ "medium", "Medium" },
		{ "high", "High" },
		{ "very-high", "Very-High" },
		{ "very high", "Very-High" },
		{ "veryhigh", "Very-High" },
	};
	uint64_t v;

	if (num_u64(in, len, 0, 10, &v, NULL) == 0)
		return numbers[v];
	for (size_t i = 0; i < NELEM(words); i++) {
		if (is_word(in, len, words[i].word))
			return words[i].written;
	}
	return "Unknown";
}

static enum cef_fit
severity(struct buf *out)
{
	bool says_unknown = is_word(out->p, out->len, "unknown");
	const char *s = cef_severity(out->p, out->len);

	buf_reset(out);
	if (strcmp(s, "Unknown") == 0 && !says_unknown)
		return CEF_FIT_DROPPED_TYPE;
	buf_adds(out, s);
	return CEF_FIT_OK;
}

/* Hold the text in out against the length of its field. */
static enum cef_fit
fit_length(const struct cef_key *key, struct buf *out)
{
	size_t keep = out->len;

	/* A character is at least a byte: most values need no count. */
	if (key->max_chars != 0 && out->len > key->max_chars)
		keep = utf8_prefix(out->p, out->len, key->max_chars);
	/* A buffer that is full holds whole characters, but not all. */
	if (keep == out->len && buf_ok(out))
		return CEF_FIT_OK;
	if (key->overflow == CEF_OVERFLOW_DROP) {
		buf_reset(out);
		return CEF_FIT_DROPPED_LONG;
	}
	buf_cut(out, keep);
	cef__trim_end(out, 0, key->is_header);
	/* Where the cut left a header field nothing but backslashes. */
	return out->len == 0 ? CEF_FIT_EMPTY : CEF_FIT_CUT;
}

enum cef_fit
cef_value(
    const struct cef_key *key, const char *in, size_t len, struct buf *out)
{
	buf_reset(out);
	cef__text(in, len, key->is_header, out);
	/* Five readers of thirteen take the pipe behind "\\" for text. */
	if (key->is_header)
		cef__trim_end(out, 0, true);
	if (out->len == 0)
		return CEF_FIT_EMPTY;
	if (key == cef_header_key(CEF_H_SEVERITY))
		return severity(out);
	if (key->type == CEF_STRING)
		return fit_length(key, out);
	if (buf_ok(out) && cef__typed(key->type, out))
		return CEF_FIT_OK;
	buf_reset(out);
	return CEF_FIT_DROPPED_TYPE;
}
