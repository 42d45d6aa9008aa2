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

static const char *const id_plain[] = { "id", NULL };
static const char *const id_incident[] = { "incidentId", NULL };

/* One AlertId may come once for each of its indicators, so it is no identity;
   without a FullId the text of the record is. */
static const char *const id_wdatp[] = { "FullId", NULL };

static const char *const regions_wdatp[] = { "eu", "us", "uk", NULL };

/* defender-docs: includes/improve-request-performance.md. */
static const char *const regions_defender[] = { "eu", "us", "uk", "au", "swa",
	"ina", "aea", NULL };

#define REGION_DEFENDER "https://%s.api.security.microsoft.com"

/* Without it, newer enum members arrive as "unknownFutureValue". */
static const char *const headers_graph[] = {
	"Prefer: include-unknown-enum-members", NULL
};

/* OData of both Graph lists.  A live tenant obeys this $orderby and no other;
   nothing relies on it. */
#define GRAPH_FROM                                        \
	"$filter=lastUpdateDateTime ge " API_UPDATED_FROM \
	" and createdDateTime ge " API_CREATED_FROM
static const char *const query_graph[] = { GRAPH_FROM API_FILTER,
	"$orderby=createdDateTime", "$top=" API_PAGE_SIZE, "$count=true",
	NULL };
static const char *const until_graph[] = {
	GRAPH_FROM " and createdDateTime lt " API_CREATED_UNTIL API_FILTER, NULL
};

/* Neither $orderby nor $count is documented for Defender's own lists. */
#define ALERTS_FROM                                   \
	"$filter=lastUpdateTime ge " API_UPDATED_FROM \
	" and alertCreationTime ge " API_CREATED_FROM
static const char *const query_alerts[] = { ALERTS_FROM API_FILTER,
	"$top=" API_PAGE_SIZE, NULL };
static const char *const until_alerts[] = { ALERTS_FROM
	" and alertCreationTime lt " API_CREATED_UNTIL API_FILTER,
	NULL };

#define INCIDENTS_FROM                                \
	"$filter=lastUpdateTime ge " API_UPDATED_FROM \
	" and createdTime ge " API_CREATED_FROM
static const char *const query_incidents[] = { INCIDENTS_FROM API_FILTER,
	"$top=" API_PAGE_SIZE, NULL };
static const char *const until_incidents[] = {
	INCIDENTS_FROM " and createdTime lt " API_CREATED_UNTIL API_FILTER, NULL
};

static const char *const query_wdatp[] = { "sinceTimeUtc=" API_CREATED_FROM,
	NULL };
static const char *const until_wdatp[] = { "untilTimeUtc=" API_CREATED_UNTIL,
	NULL };

#define GRAPH_ORIGINS                                            \
	{                                                        \
		[CLOUD_PUBLIC] = "https://graph.microsoft.com",  \
		[CLOUD_GCC] = "https://graph.microsoft.com",     \
		[CLOUD_GCC_HIGH] = "https://graph.microsoft.us", \
		[CLOUD_DOD] = "https://dod-graph.microsoft.us",  \
	}

/* What does not exist in the China cloud has no origin there. */
static const struct api apis[] = {
	{
	    /* microsoft-graph-docs: security-list-alerts_v2.md; the caps on
	       $top and $skip: security-error-codes.md; the quota:
	       throttling-limits.md. */
	    .name = "graph-alerts",
	    .origin = GRAPH_ORIGINS,
	    .path = "/v1.0/security/alerts_v2",
	    .scope = "%s/.default",
	    .permission = "the application permission SecurityAlert.Read.All "
			  "(Microsoft Graph) with admin consent",
	    .array = "value",
	    .id = id_plain,
	    .updated = "lastUpdateDateTime",
	    .created = "createdDateTime",
	    .paging = API_PAGING_LINK,
	    .next = "@odata.nextLink",
	    .next_param = "$skip",
	    .offset_max = 500,
	    .count = "@odata.count",
	    .page_size = 1000,
	    .page_max = 1000,
	    .query = query_graph,
	    .query_until = until_graph,
	    .is_from_exact = true,
	    .headers = headers_graph,
	    .quota = "graph-security",
	    .calls_per_min = 150,
	},
	{
	    /* microsoft-graph-docs: security-list-incidents.md.  The quota is
	       that of the alerts.  $expand=alerts with $filter can answer 500
	       for good: elastic/integrations issues 18144, 18277. */
	    .name = "graph-incidents",
	    .origin = GRAPH_ORIGINS,
	    .path = "/v1.0/security/incidents",
	    .scope = "%s/.default",
	    .permission = "the application permission SecurityIncident.Read."
			  "All (Microsoft Graph) with admin consent",
	    .array = "value",
	    .id = id_plain,
	    .updated = "lastUpdateDateTime",
	    .created = "createdDateTime",
	    .paging = API_PAGING_LINK,
	    .next = "@odata.nextLink",
	    .next_param = "$skip",
	    .count = "@odata.count",
	    .page_size = 50,
	    .page_max = 50,
	    .query = query_graph,
	    .query_until = until_graph,
	    .is_from_exact = true,
	    .expand = "$expand=alerts",
	    .item = "/v1.0/security/incidents/%s",
	    .headers = headers_graph,
	    .quota = "graph-security",
	    .calls_per_min = 150,
	},
	{
	    /* defender-docs: get-alerts.md, alerts.md, gov.md.  Where $top is
	       set no link comes; the order is not documented, so full pages are
	       cut, and $skip serves only inside a second. */
	    .name = "defender-alerts",
	    .origin = {
		[CLOUD_PUBLIC] = "https://api.securitycenter.microsoft.com",
		[CLOUD_GCC] = "https://api-gcc.securitycenter.microsoft.us",
		[CLOUD_GCC_HIGH] = "https://api-gov.securitycenter."
				   "microsoft.us",
		[CLOUD_DOD] = "https://api-gov.securitycenter.microsoft.us",
	    },
	    .region_origin = REGION_DEFENDER,
	    .regions = regions_defender,
	    .path = "/api/alerts",
	    .scope = "%s/.default",
	    .permission = "the application permission Alert.Read.All "
			  "(WindowsDefenderATP) with admin consent",
	    .array = "value",
	    .id = id_plain,
	    .updated = "lastUpdateTime",
	    .created = "alertCreationTime",
	    .paging = API_PAGING_OFFSET,
	    .next_param = "$skip",
	    .page_size = 1000,
	    .page_max = 10000,
	    .query = query_alerts,
	    .query_until = until_alerts,
	    .is_from_exact = true,
	    .expand = "$expand=evidence",
	    .calls_per_min = 100,
	    .calls_per_hour = 1500,
	},
	{
	    /* defender-docs: api-list-incidents.md, usgov.md.  The alerts are
	       inside without asking. */
	    .name = "defender-incidents",
	    .origin = {
		[CLOUD_PUBLIC] = "https://api.security.microsoft.com",
		[CLOUD_GCC] = "https://api-gcc.security.microsoft.us",
		[CLOUD_GCC_HIGH] = "https://api-gov.security.microsoft.us",
		[CLOUD_DOD] = "https://api-gov.security.microsoft.us",
	    },
	    .region_origin = REGION_DEFENDER,
	    .regions = regions_defender,
	    .path = "/api/incidents",
	    .scope = "%s/.default",
	    .permission = "the application permission Incident.Read.All "
			  "(Microsoft Threat Protection) with admin consent",
	    .array = "value",
	    .id = id_incident,
	    .updated = "lastUpdateTime",
	    .created = "createdTime",
	    .paging = API_PAGING_OFFSET,
	    .next_param = "$skip",
	    .page_size = 100,
	    .page_max = 100,
	    .query = query_incidents,
	    .query_until = until_incidents,
	    .is_from_exact = true,
	    .calls_per_min = 50,
	    .calls_per_hour = 1500,
	},
	{
	    /* windows-itpro-docs: pull-alerts-using-rest-api.md; government
	       hosts: gov.md of 2021.  A detection is never updated: the time it
	       was processed is its creation and its update, and what the
	       parameters compare.  Not documented whether the bound itself is
	       in. */
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
	    .query = query_wdatp,
	    .query_until = until_wdatp,
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

bool
api_takes_filter(const struct api *api)
{
	for (size_t i = 0; api->query != NULL && api->query[i] != NULL; i++) {
		if (strstr(api->query[i], API_FILTER) != NULL)
			return true;
	}
	return false;
}
