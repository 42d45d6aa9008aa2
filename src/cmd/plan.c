/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <stdlib.h>

#include "base/mem.h"

#include "cmd/plan.h"

/* The configuration's sources by tenant, and the lanes between them and the
   destinations. */
static void
fill_feeds(
    struct forwarder_options *o, const struct config *conf, size_t *first_feed)
{
	struct feed_options *feeds;
	size_t n = 0;

	for (size_t i = 0; i < conf->n_sources; i++)
		n += conf->sources[i].n_feeds;
	feeds = xcalloc(n, sizeof(*feeds));
	o->feeds = feeds;
	for (size_t i = 0; i < conf->n_sources; i++) {
		const struct config_source *s = &conf->sources[i];

		first_feed[i] = o->n_feeds;
		for (size_t j = 0; j < s->n_feeds; j++) {
			feeds[o->n_feeds++] = (struct feed_options){
				.source = s->feeds[j].source,
				.auth = s->feeds[j].auth,
				.map = s->map,
				.poll_interval_ms = s->poll_interval_ms,
				.start_ms = s->start_ms,
				.overlap_ms = s->overlap_ms,
				.updates = s->updates,
				.remember_ms = s->remember_ms,
				.quiet_after_ms = s->quiet_after_ms,
				.print = s->print,
				.map_print = s->map_print,
			};
		}
	}
}

static bool
is_forwarded(const struct config *conf, size_t source, size_t dest)
{
	if (conf->n_forwards == 0)
		return true;
	for (size_t i = 0; i < conf->n_forwards; i++) {
		if (conf->forwards[i].source == source &&
		    conf->forwards[i].destination == dest)
			return true;
	}
	return false;
}

static void
fill_lanes(struct forwarder_options *o, const struct config *conf,
    const size_t *first_feed)
{
	struct lane_pair *lanes;

	lanes = xcalloc(o->n_feeds * conf->n_destinations, sizeof(*lanes));
	o->lanes = lanes;
	for (size_t i = 0; i < conf->n_sources; i++) {
		for (size_t d = 0; d < conf->n_destinations; d++) {
			if (!is_forwarded(conf, i, d))
				continue;
			for (size_t j = 0; j < conf->sources[i].n_feeds; j++)
				lanes[o->n_lanes++] = (struct lane_pair){
					.feed = first_feed[i] + j,
					.dest = d,
				};
		}
	}
}

void
plan_init(struct forwarder_options *o, const struct forward_args *args,
    const struct config *conf)
{
	size_t *first_feed = xcalloc(conf->n_sources, sizeof(*first_feed));

	*o = (struct forwarder_options){
		.mode = args->mode,
		.is_printing = args->is_printing,
		.since = args->since,
		.until = args->until,
		.state_dir = conf->state_dir,
		.heartbeat_ms = conf->heartbeat_ms,
		.stop_timeout_ms = conf->stop_timeout_ms,
		.dests = conf->destinations,
		.n_dests = conf->n_destinations,
	};
	fill_feeds(o, conf, first_feed);
	fill_lanes(o, conf, first_feed);
	free(first_feed);
}

void
plan_fini(const struct forwarder_options *o)
{
	free((void *)(uintptr_t)o->feeds);
	free((void *)(uintptr_t)o->lanes);
}
