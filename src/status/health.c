/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/stamp.h"

#include "status/status_priv.h"

const char *const status__severities[LANE_SEVERITIES] = { "low", "medium",
	"high", "very-high" };

const char *
status__feed_word(const struct feed_stats *f)
{
	switch (f->state) {
	case SOURCE_OK:
		return f->passed == STAMP_NONE ? "starting" : "ok";
	case SOURCE_NO_TOKEN:
		return "no-token";
	case SOURCE_REFUSED:
		return "refused";
	case SOURCE_THROTTLED:
		return "throttled";
	case SOURCE_UNREACHABLE:
		return "unreachable";
	}
	return "";
}

const char *
status__dest_word(const struct dest_stats *d)
{
	switch (d->state) {
	case DEST_CONNECTING:
		return d->ill_ms > 0 ? "away" : "connecting";
	case DEST_UP:
		return "up";
	case DEST_AWAY:
		return "away";
	case DEST_HOLDING:
		return "holding";
	}
	return "";
}

size_t
status_reasons(
    const struct forwarder_stats *st, status_reason_fn *fn, void *ctx)
{
	struct buf b;
	size_t n = 0;

	buf_init(&b, (size_t)2 * ERR_TEXT_MAX);
	if (st->is_stopping) {
		n++;
		fn(ctx, "stopping");
	}
	/* Being told to wait is no illness; lag tells when it becomes one. */
	for (size_t i = 0; i < st->n_feeds; i++) {
		const struct feed_stats *f = &st->feeds[i];

		if (f->state == SOURCE_OK || f->state == SOURCE_THROTTLED)
			continue;
		buf_reset(&b);
		buf_addf(&b, "source %s (%s): %s: %s", f->source, f->tenant,
		    status__feed_word(f), f->why);
		n++;
		fn(ctx, b.p);
	}
	for (size_t i = 0; i < st->n_dests; i++) {
		const struct dest_stats *d = &st->dests[i];

		if (d->state == DEST_UP)
			continue;
		buf_reset(&b);
		buf_addf(
		    &b, "destination %s: %s", d->name, status__dest_word(d));
		if (d->why[0] != '\0' && d->ill_ms > 0)
			buf_addf(&b, ": %s", d->why);
		n++;
		fn(ctx, b.p);
	}
	if (st->unwritten != NULL) {
		buf_reset(&b);
		buf_addf(&b, "state: cannot be written: %s", st->unwritten);
		n++;
		fn(ctx, b.p);
	}
	buf_fini(&b);
	return n;
}

struct first_reason {
	struct buf *out;
	size_t n;
};

static void
add_first(void *ctx, const char *text)
{
	struct first_reason *f = ctx;

	if (f->n++ == 0)
		buf_adds(f->out, text);
}

void
status_line(
    const struct status *s, const struct forwarder_stats *st, struct buf *out)
{
	struct first_reason f = { .out = out };
	uint64_t lag = 0, held = 0, settled = 0;
	size_t n;

	for (size_t i = 0; i < st->n_lanes; i++) {
		if (st->lanes[i].lag_ms > lag)
			lag = st->lanes[i].lag_ms;
		held += st->lanes[i].held;
		settled += st->lanes[i].settled;
	}
	n = status_reasons(st, add_first, &f);
	if (n == 0)
		buf_adds(out, "healthy");
	else if (n > 1)
		buf_addf(out, " (and %zu more)", n - 1);
	buf_addf(out,
	    "; lag %" PRIu64 " s, %" PRIu64 " lines settled, %" PRIu64 " held",
	    lag / 1000, settled, held);
	if (s->reload_fault != NULL)
		buf_addf(
		    out, "; the last reload was refused: %s", s->reload_fault);
}
