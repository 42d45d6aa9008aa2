/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "base/obj.h"

#include "source/api.h"

/* entra-docs, authentication-national-cloud.md. */
static const struct cloud_row clouds[CLOUD_COUNT] = {
	[CLOUD_PUBLIC] = { "public", "https://login.microsoftonline.com" },
	[CLOUD_GCC] = { "gcc", "https://login.microsoftonline.com" },
	[CLOUD_GCC_HIGH] = { "gcc-high", "https://login.microsoftonline.us" },
	[CLOUD_DOD] = { "dod", "https://login.microsoftonline.us" },
	[CLOUD_CHINA] = { "china", "https://login.partner.microsoftonline.cn" },
};

static const char *const id_graph[] = { "id", NULL };

/* One AlertId may come once for each of its indicators, so it is no identity;
   without a FullId the text of the record is. */
static const char *const id_wdatp[] = { "FullId", NULL };

static const char *const regions_wdatp[] = { "eu", "us", "uk", NULL };

/* Without it, newer enum members arrive as "unknownFutureValue". */
static const char *const headers_graph[] = {
	"Prefer: include-unknown-enum-members", NULL
};

static const char *const headers_none[] = { NULL };

static const struct api apis[] = {
	{
	    /* microsoft-graph-docs: security-list-alerts_v2.md; the cap on
	       $top: security-error-codes.md; the quota: throttling-limits.md.
	       The China cloud has no alerts_v2. */
	    .name = "graph-alerts",
	    .origin = {
		[CLOUD_PUBLIC] = "https://graph.microsoft.com",
		[CLOUD_GCC] = "https://graph.microsoft.com",
		[CLOUD_GCC_HIGH] = "https://graph.microsoft.us",
		[CLOUD_DOD] = "https://dod-graph.microsoft.us",
	    },
	    .path = "/v1.0/security/alerts_v2",
	    .scope = "%s/.default",
	    .permission = "the application permission SecurityAlert.Read.All "
			  "(Microsoft Graph) with admin consent",
	    .array = "value",
	    .id = id_graph,
	    .updated = "lastUpdateDateTime",
	    .created = "createdDateTime",
	    .paging = API_PAGING_NEXT_LINK,
	    .next_link = "@odata.nextLink",
	    .count = "@odata.count",
	    .page_size = 1000,
	    .page_max = 1000,
	    .filter_updated = "lastUpdateDateTime",
	    .filter_created = "createdDateTime",
	    .order_by = "createdDateTime",
	    .headers = headers_graph,
	    .calls_per_min = 150,
	},
	{
	    /* windows-itpro-docs: pull-alerts-using-rest-api.md; government
	       hosts: gov.md of 2021.  A detection is never updated: the time it
	       was processed is its creation and its update, and what the
	       parameters compare. */
	    .name = "wdatp-siem",
	    .origin = {
		[CLOUD_PUBLIC] = "https://wdatp-alertexporter-%s.windows.com",
		[CLOUD_GCC] = "https://wdatp-alertexporter-us.gcc."
			      "securitycenter.windows.us",
		[CLOUD_GCC_HIGH] = "https://wdatp-alertexporter-us."
				   "securitycenter.windows.us",
		[CLOUD_DOD] = "https://wdatp-alertexporter-us."
			      "securitycenter.windows.us",
	    },
	    .regions = regions_wdatp,
	    .path = "/api/alerts",
	    .resource = "https://graph.windows.net",
	    .permission = "SIEM integration enabled in the Defender portal, "
			  "for the application that it made",
	    .id = id_wdatp,
	    .updated = "LastProcessedTimeUtc",
	    .created = "LastProcessedTimeUtc",
	    .is_final = true,
	    .paging = API_PAGING_NONE,
	    .since_param = "sinceTimeUtc",
	    .until_param = "untilTimeUtc",
	    .headers = headers_none,
	},
};

const struct cloud_row *
cloud_row(enum cloud c)
{
	assert((unsigned int)c < CLOUD_COUNT);
	return &clouds[c];
}

int
cloud_parse(const char *name, enum cloud *out)
{
	for (size_t i = 0; i < NELEM(clouds); i++) {
		if (strcmp(name, clouds[i].name) == 0) {
			*out = (enum cloud)i;
			return 0;
		}
	}
	return -1;
}

const struct api *
api_find(const char *name)
{
	for (size_t i = 0; i < NELEM(apis); i++) {
		if (strcmp(name, apis[i].name) == 0)
			return &apis[i];
	}
	return NULL;
}

const struct api *
api_at(size_t i)
{
	return i < NELEM(apis) ? &apis[i] : NULL;
}
