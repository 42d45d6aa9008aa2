"""defender.py - made-up records of Defender for Endpoint, XDR and incidents

SPDX-License-Identifier: MIT

The shapes are those of defender-endpoint/api/alerts.md, defender-xdr/
api-incident.md and Graph's security-incident.md; the words are alerts.py's.
"""
import json

import alerts as made

STATUS = ("New", "InProgress", "Resolved")
SEVERITY = ("UnSpecified", "Informational", "Low", "Medium", "High")


def _evidence(m, kind):
    """One flat shape; null where a member is not meant."""
    out = dict.fromkeys((
        "evidenceCreationTime", "sha1", "sha256", "fileName", "filePath",
        "processId", "processCommandLine", "processCreationTime",
        "parentProcessId", "parentProcessCreationTime", "ipAddress", "url",
        "registryKey", "registryHive", "registryValueType", "registryValue",
        "accountName", "domainName", "userSid", "aadUserId",
        "userPrincipalName"))
    out["entityType"] = kind
    out["evidenceCreationTime"] = m.make("time", 0)
    mine = {
        "User": "accountName:user domainName:dom userSid:sid aadUserId:guid",
        "Process": "fileName:file filePath:dir sha1:sha1 processId:pid"
                   " processCommandLine:cmd parentProcessId:pid",
        "File": "fileName:file filePath:dir sha1:sha1 sha256:sha256",
        "Ip": "ipAddress:ip", "Url": "url:url",
        "Registry": "registryHive:hive registryKey:regkey registryValue:cmd",
    }[kind]
    out.update(m.members(mine, 0))
    return out


def _evidences(m):
    kinds = ("User", "Process", "File", "Ip", "Url", "Registry")
    return [_evidence(m, m.r.choice(kinds))
            for _ in range(m.r.choice((0, 1, 2, 5)))]


def alert(seed, i, at):
    """The i-th alert as /api/alerts of Defender for Endpoint shows it."""
    m = made.Maker("%s/mde/%d" % (seed, i), at)
    r = m.r
    return {
        "id": "@ID@", "incidentId": r.randrange(1, 10 ** 5),
        "investigationId": r.choice((None, r.randrange(1, 10 ** 5))),
        "assignedTo": r.choice((None, "soc@contoso.example")),
        "severity": r.choice(SEVERITY), "status": r.choice(STATUS),
        "classification": r.choice((None, "TruePositive")),
        "determination": r.choice((None, "Malware")),
        "investigationState": r.choice(("Queued", "UnsupportedAlertType")),
        "detectionSource": r.choice(("WindowsDefenderAtp", "CustomTI")),
        "detectorId": m.guid(), "category": r.choice(("Malware", "Execution")),
        "threatFamilyName": r.choice((None, "Madeup", "null")),
        "threatName": r.choice((None, m.make("threat", 0))),
        "title": r.choice(made.TITLES).format(
            host="ws-01", user="a.bauer", ip="192.0.2.1", upn="a@b.example"),
        "description": m.text(),
        "alertCreationTime": "@CREATED@", "firstEventTime": "@FIRST@",
        "lastEventTime": "@LAST@", "lastUpdateTime": "@UPDATED@",
        "resolvedTime": None, "machineId": m.hexa(40),
        "computerDnsName": m.make("dns", 0), "rbacGroupName": "Servers",
        "aadTenantId": made.TENANT,
        "mitreTechniques": r.sample(made.TECHNIQUES, r.randrange(0, 4)),
        "relatedUser": r.choice((None, {"userName": m.make("user", 0),
                                        "domainName": "CONTOSO"})),
        "comments": [], "evidence": _evidences(m),
    }


def incident(seed, i, at):
    """The i-th incident as Defender XDR shows it, its alerts inside."""
    m = made.Maker("%s/xdr/%d" % (seed, i), at)
    r = m.r
    inner = []
    for k in range(r.choice((0, 1, 1, 2, 4))):
        inner.append({
            "alertId": "da@ID@_%d" % k, "providerAlertId": "p@ID@_%d" % k,
            "incidentId": "@NUMBER@", "serviceSource": r.choice((
                "MicrosoftDefenderForEndpoint", "MicrosoftCloudAppSecurity")),
            "creationTime": "@CREATED@", "lastUpdatedTime": "@UPDATED@",
            "resolvedTime": None, "firstActivity": "@FIRST@",
            "lastActivity": "@LAST@", "title": r.choice(made.TITLES),
            "description": m.text(), "category": "Execution",
            "status": r.choice(STATUS), "severity": r.choice(SEVERITY),
            "investigationId": None, "investigationState": "Queued",
            "classification": None, "determination": None,
            "detectionSource": "WindowsDefenderAtp", "detectorId": m.guid(),
            "assignedTo": None, "actorName": None,
            "threatFamilyName": r.choice((None, "Madeup")),
            "mitreTechniques": r.sample(made.TECHNIQUES, 2),
            "devices": [{"mdatpDeviceId": m.hexa(40), "aadDeviceId": None,
                         "deviceDnsName": m.make("dns", 0),
                         "osPlatform": "Windows11", "tags": []}],
            "entities": _evidences(m),
        })
    return {
        "incidentId": "@NUMBER@", "redirectIncidentId": None,
        "incidentName": m.text(), "createdTime": "@CREATED@",
        "lastUpdateTime": "@UPDATED@", "assignedTo": r.choice(
            (None, "soc@contoso.example")),
        "classification": "Unknown", "determination": "NotAvailable",
        "status": r.choice(("Active", "InProgress", "Resolved")),
        "severity": r.choice(SEVERITY), "tags": [], "comments": [],
        "alerts": inner,
    }


def graph_incident(seed, i, at):
    """The i-th incident as Graph shows it with $expand=alerts."""
    m = made.Maker("%s/incident/%d" % (seed, i), at)
    r = m.r
    inner = []
    for k in range(r.choice((0, 1, 1, 2))):
        text = json.dumps(made.graph_alert(seed, 3 * i + k, at))
        inner.append(json.loads(text.replace("@ID@", "da@ID@_%d" % k)))
    return {
        "id": "@ID@", "displayName": m.text(), "description": None,
        "summary": None, "status": r.choice(("active", "resolved")),
        "severity": r.choice(made.SEVERITIES), "classification": "unknown",
        "determination": "unknown", "assignedTo": None,
        "createdDateTime": "@CREATED@", "lastUpdateDateTime": "@UPDATED@",
        "lastModifiedBy": "Microsoft 365 Defender-AlertCorrelation",
        "incidentWebUrl": "https://security.microsoft.com/incidents/@ID@?tid="
                          + made.TENANT,
        "redirectIncidentId": None, "resolvingComment": None,
        "priorityScore": r.randrange(100), "tenantId": made.TENANT,
        "customTags": [], "systemTags": [], "comments": [], "alerts": inner,
    }


def _number(i):
    return str(100000 + i * 7)


# what Store asks of a maker
alert.expanded = "evidence"
graph_incident.expanded = "alerts"
incident.ident = graph_incident.ident = _number
