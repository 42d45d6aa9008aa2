"""The shipped maps: what an analyst gets from each sort of alert.

SPDX-License-Identifier: MIT
"""
import csv
import glob
import json
import os
import re
import subprocess

import pytest

from cef import Event
from runner import PROGRAM, SRCDIR

SAMPLES = os.environ.get("CEFWD_SAMPLES",
                         os.path.join(SRCDIR, "..", "shared", "samples"))
MAPS = os.path.join(SRCDIR, "cef")


def translate(name, text, folder):
    path = os.path.join(str(folder), "in.json")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    done = subprocess.run(
        [PROGRAM, "translate", "-m", os.path.join(MAPS, name + ".map"), path],
        capture_output=True, check=False)
    if done.returncode == 64:
        pytest.skip("this cefwd has no translate")
    assert done.returncode == 0, done.stderr
    return [Event(line) for line in done.stdout.splitlines()], done.stderr


def ev(kind, **members):
    return {"@odata.type": "#microsoft.graph.security.%sEvidence" % kind,
            **members}


def ip(address):
    return ev("ip", ipAddress=address)


def file(name, folder, sha1=None, sha256=None, size=None):
    return ev("file", fileDetails={"fileName": name, "filePath": folder,
                                   "sha1": sha1, "sha256": sha256,
                                   "fileSize": size})


def process(pid, line, program, parent=None, parent_pid=None, user=None):
    details = {"fileName": program, "filePath": "/bin"}
    return ev("process", processId=pid, processCommandLine=line,
              imageFile=details, parentProcessId=parent_pid,
              parentProcessImageFile=parent and {"fileName": parent},
              userAccount=user and {"accountName": user})


SHA1, SHA256 = "a" * 40, "b" * 64
CONNECTION = ev("networkConnection", sourceAddress=ip("192.0.2.1"),
                destinationAddress=ip("198.51.100.1"), sourcePort=1234,
                destinationPort=443, protocol="tcp")

# what the alert is about, its evidence, the fields that the evidence gives
EVIDENCE = [
    ("no evidence", [], {}),
    ("null for evidence", None, {}),
    ("a machine",
     [ev("device", deviceDnsName="pc.example.com", mdeDeviceId="M",
         lastIpAddress="192.0.2.5")],
     {"dhost": "pc.example.com", "dvchost": "pc.example.com",
      "destinationDnsDomain": "example.com", "deviceExternalId": "M",
      "dst": "192.0.2.5"}),
    ("name and address of the same machine",
     [ev("device", deviceDnsName="a", mdeDeviceId="A", lastIpAddress=None,
         ipInterfaces=["192.0.2.9"]),
      ev("device", deviceDnsName="b", mdeDeviceId="B",
         lastIpAddress="2001:DB8::5")],
     {"dhost": "b", "dvchost": "b", "deviceExternalId": "B",
      "c6a3": "2001:db8::5", "c6a3Label": "Destination IPv6 Address"}),
    ("no address where two machines have none named",
     [ev("device", deviceDnsName="a", ipInterfaces=["127.0.0.1"]),
      ev("device", deviceDnsName="b", ipInterfaces=["192.0.2.9"])],
     {"dhost": "a", "dvchost": "a"}),
    ("interfaces that others can reach",
     [ev("device", deviceDnsName="a", ipInterfaces=[
         "127.0.0.1", "::1", "fe80::1", "169.254.1.1", "2001:db8::7",
         "192.0.2.9"])],
     {"dhost": "a", "dvchost": "a", "dst": "192.0.2.9", "c6a3": "2001:db8::7",
      "c6a3Label": "Destination IPv6 Address"}),
    ("an IPv4 address inside an IPv6 one", [ip("::ffff:192.0.2.1")],
     {"src": "192.0.2.1"}),
    ("an address of its own family", [ip(""), ip("2001:DB8:0::1")],
     {"c6a2": "2001:db8::1", "c6a2Label": "Source IPv6 Address"}),
    ("a connection", [CONNECTION],
     {"src": "192.0.2.1", "spt": "1234", "dst": "198.51.100.1", "dpt": "443",
      "proto": "tcp"}),
    ("a connection beside a machine says nothing of it",
     [ev("device", deviceDnsName="h", lastIpAddress="192.0.2.7"), CONNECTION],
     {"dhost": "h", "dvchost": "h", "dst": "192.0.2.7"}),
    ("a user",
     [process(1, "x", "x", user="SYSTEM"),
      ev("user", userAccount={
          "accountName": "alice", "domainName": "EXAMPLE",
          "userSid": "S-1-5-21-1", "azureAdUserId": "guid",
          "userPrincipalName": "alice@example.com"})],
     {"duser": "alice", "dntdom": "EXAMPLE", "duid": "S-1-5-21-1",
      "fname": "x", "filePath": "/bin/x", "dproc": "x", "dpid": "1",
      "cs2": "x", "cs2Label": "Command line",
      "MicrosoftDefenderUserPrincipalName": "alice@example.com"}),
    ("two users: the id of the first alone",
     [ev("user", userAccount={"userPrincipalName": "a@example.com"}),
      ev("user", userAccount={"accountName": "b", "domainName": "B",
                              "userSid": "S-1-5-21-2"})],
     {"duser": "a@example.com",
      "MicrosoftDefenderUserPrincipalName": "a@example.com"}),
    ("two files: the hash of the first alone",
     [file("a.exe", "C:\\x"), file("b.exe", "C:\\y", SHA1, SHA256, 7)],
     {"fname": "a.exe", "filePath": "C:\\x\\a.exe"}),
    ("a file",
     [file('e="v|il,\\', "/opt/x", SHA1, SHA256, 50)],
     {"fname": 'e="v|il,\\', "fileHash": SHA1, "cs6": SHA256,
      "cs6Label": "SHA-256", "fsize": "50", "filePath": '/opt/x/e="v|il,\\'}),
    ("a file's name cannot forge its hash",
     [file('a","sha1":"%s' % SHA1, "/")],
     {"fname": 'a","sha1":"%s' % SHA1, "filePath": '/a","sha1":"%s' % SHA1}),
    ("a size that does not fit has another field",
     [file("a", None, size=2 ** 31)],
     {"fname": "a", "cn3": "2147483648", "cn3Label": "File size"}),
    ("the greatest size that fits", [file("a", None, size=1999999999)],
     {"fname": "a", "fsize": "1999999999"}),
    ("the number of a process that does not fit",
     [ev("process", processId=2 ** 32 - 1, imageFile={"fileName": "x"})],
     {"fname": "x", "dproc": "x", "cn2": "4294967295",
      "cn2Label": "Process ID"}),
    ("a name where an address should be", [ip("proxy.example.com")],
     {"shost": "proxy.example.com"}),
    ("an address with its port", [ip("192.0.2.3:8080")],
     {"src": "192.0.2.3"}),
    ("an address that is masked", [ip("192.0.*.*")], {}),
    ("a folder that is the root", [file("a", "C:\\")],
     {"fname": "a", "filePath": "C:\\a"}),
    ("a share", [file("a", "\\\\srv\\share")],
     {"fname": "a", "filePath": "\\\\srv\\share\\a"}),
    ("the process whose parent is known, and that parent",
     [process(1, "a -x", "a", user="root"),
      process(2, "b -y", "b", parent="p", parent_pid=7)],
     {"dproc": "b", "dpid": "2", "cs2": "b -y", "cs2Label": "Command line",
      "sproc": "p", "spid": "7", "duser": "root", "fname": "a",
      "filePath": "/bin/a"}),
    ("a message",
     [ev("mailbox", primaryAddress="box@example.com",
         userAccount={"accountName": "box"}),
      ev("analyzedMessage", subject="Hello", senderIp="2001:db8::25",
         p1Sender={"emailAddress": "env@example.net"},
         p2Sender={"emailAddress": "from@example.net"},
         recipientEmailAddress="to@example.com", deliveryAction="Blocked",
         urls=["http://x.example/"], verdict="Malicious",
         remediationStatus="None")],
     {"duser": "box@example.com", "suser": "from@example.net",
      "c6a2": "2001:db8::25", "c6a2Label": "Source IPv6 Address",
      "request": "http://x.example/", "act": "Blocked",
      "outcome": "Malicious", "msg": "Subject: Hello\nStory"}),
    ("a message that a user sent in",
     [ev("submissionMail", subject="S", sender="s@example.net",
         recipient="r@example.com", senderIp="192.0.2.1")],
     {"duser": "r@example.com", "suser": "s@example.net", "src": "192.0.2.1",
      "msg": "Subject: S\nStory"}),
    ("a chat message",
     [ev("teamsMessage", senderFromAddress="x@example.net",
         senderIP="192.0.2.4", recipients=["y@example.com"],
         urls=[ev("url", url="http://t.example/")])],
     {"duser": "y@example.com", "suser": "x@example.net", "src": "192.0.2.4",
      "request": "http://t.example/"}),
    ("a cloud application",
     [ev("cloudApplication", appId=20893, displayName="Box", instanceId=0,
         saasAppId=20893)],
     {"destinationServiceName": "Box"}),
    ("an OAuth application",
     [ev("oauthApplication", appId="29c9", displayName="Reader")],
     {"destinationServiceName": "Reader", "duid": "29c9"}),
    ("a service principal",
     [ev("servicePrincipal", appId="x", servicePrincipalName="svc",
         servicePrincipalObjectId="oid")],
     {"duser": "svc", "duid": "oid"}),
    ("a session in the cloud",
     [ev("cloudLogonSession", userAgent="UA/1", deviceName="pc",
         account=ev("user", userAccount={"accountName": "z"}))],
     {"duser": "z", "requestClientApplication": "UA/1"}),
    ("a resource in Azure",
     [ev("azureResource", resourceId="/subscriptions/1", resourceName="vm1",
         resourceType="Virtual Machine")],
     {"dhost": "vm1", "deviceExternalId": "/subscriptions/1"}),
    ("a resource at Amazon",
     [ev("amazonResource", amazonResourceId="arn:x", resourceName="i-1")],
     {"dhost": "i-1", "deviceExternalId": "arn:x"}),
    ("a device of a plant",
     [ev("ioTDevice", deviceId="D1", deviceName="plc",
         ipAddress=ip("192.0.2.77"), macAddress="00-0d-60-af-1b-61")],
     {"dhost": "plc", "deviceExternalId": "D1", "dst": "192.0.2.77",
      "dmac": "00:0D:60:AF:1B:61"}),
    ("malware and where it lay",
     [ev("malware", name="EICAR"),
      ev("blob", url="https://s.example/f", blobContainer={"name": "c"})],
     {"cs4": "EICAR", "cs4Label": "Threat", "request": "https://s.example/f"}),
    ("what was done and thought, each word once",
     [ev("url", url="http://a.example/", verdict="unknown",
         remediationStatus="none"),
      ev("file", verdict="malicious", remediationStatus="prevented",
         detectionStatus="prevented"),
      ev("file", verdict="suspicious", remediationStatus="active")],
     {"act": "prevented, active", "outcome": "malicious, suspicious",
      "request": "http://a.example/"}),
]


@pytest.mark.parametrize("about, evidence, want", EVIDENCE,
                         ids=[row[0] for row in EVIDENCE])
def test_graph_evidence(about, evidence, want, tmp_path):
    alert = {"id": "1", "title": about, "category": "c",
             "description": "Story", "severity": "high",
             "evidence": evidence}
    events, _ = translate("graph-alerts", json.dumps(alert), tmp_path)
    assert len(events) == 1
    shared = {"externalId": "1", "cs3": "1", "cs3Label": "Alert ID",
              "cat": "c", "msg": "Story"}
    assert events[0].ext == {**shared, **want}
    assert events[0].name == about
    assert events[0].severity == "8"


ALERTS = [
    # severity, product, class, ids
    ({"severity": "informational"}, {"severity": "1"}, {}),
    ({"severity": "Medium"}, {"severity": "6"}, {}),
    ({"severity": "catastrophic"}, {"severity": "5"}, {}),
    ({"severity": None}, {"severity": "Unknown"}, {}),
    ({"productName": "P"}, {"product": "P"}, {}),
    ({"serviceSource": "microsoftSentinel"},
     {"product": "Microsoft Sentinel"}, {"deviceFacility": "microsoftSentinel"}),
    ({"serviceSource": "new"}, {"product": "Microsoft Defender XDR"},
     {"deviceFacility": "new"}),
    ({"detectorId": "d", "category": "c"}, {"class_id": "d"}, {"cat": "c"}),
    ({"categories": ["a", "b"]}, {"class_id": "unknown"}, {"cat": "a, b"}),
    ({"id": "x" * 40}, {}, {"externalId": "x" * 40, "cs3": "x" * 40}),
    ({"id": "x" * 41}, {}, {"externalId": None, "cs3": "x" * 41}),
    ({"incidentId": "23"}, {}, {"cn1": "23", "cn1Label": "Incident ID"}),
    ({"incidentId": "none"}, {}, {"cn1": None, "cn1Label": None}),
    # times
    ({"createdDateTime": "2026-01-02T03:04:05.1234567Z",
      "firstActivityDateTime": "2026-01-02T03:04:05Z",
      "lastActivityDateTime": "2026-01-02T03:04:06.9Z",
      "lastUpdateDateTime": "2026-01-02T03:04:07Z",
      "resolvedDateTime": "2026-01-02T03:04:08Z"}, {},
     {"rt": "1767323045123", "start": "1767323045000",
      "end": "1767323046900", "deviceCustomDate1": "1767323047000",
      "deviceCustomDate2": "1767323048000"}),
    ({"resolvedDateTime": "0001-01-01T00:00:00Z"}, {},
     {"deviceCustomDate2": None, "deviceCustomDate2Label": None}),
    # people
    ({"classification": "truePositive", "determination": "malware"}, {},
     {"reason": "truePositive: malware"}),
    ({"classification": "unknown", "determination": "unknown"}, {},
     {"reason": None}),
    ({"mitreTechniques": ["T1078", "T1078.004"]}, {},
     {"cs1": "T1078 T1078.004", "cs1Label": "MITRE techniques"}),
    ({"threatFamilyName": "F", "actorDisplayName": "A"}, {}, {"cs4": "F"}),
    ({"description": "a\r\nb"}, {}, {"msg": "a\nb"}),
]


@pytest.mark.parametrize("alert, header, extension", ALERTS,
                         ids=[json.dumps(row[0])[:60] for row in ALERTS])
def test_graph_alert(alert, header, extension, tmp_path):
    whole = {"id": "1", "title": "t", "severity": "low", **alert}
    events, _ = translate("graph-alerts", json.dumps(whole), tmp_path)
    assert len(events) == 1
    for name, value in header.items():
        assert getattr(events[0], name) == value
    for key, value in extension.items():
        assert events[0].ext.get(key) == value, key


# Microsoft's table of the FlexConnector, version 2.0: the member, a value of
# it, and the ArcSight field that it went to
FLEX = [
    ("AlertTitle", "Mimikatz found", "name", None),
    ("Severity", "High", "severity", "8"),
    ("Category", "Malware", "deviceEventCategory", None),
    ("Source", "Antivirus", "sourceServiceName", None),
    ("MachineName", "desktop-1", "sourceHostName", None),
    ("FileName", "a.exe", "fileName", None),
    ("FilePath", "C:\\x\\a.exe", "filePath", None),
    ("UserDomain", "EXAMPLE", "sourceNtDomain", None),
    ("UserName", "alice", "sourceUserName", None),
    ("Sha1", SHA1, "fileHash", None),
    ("Sha256", SHA256, "deviceCustomString6", None),
    ("Md5", "c" * 32, "deviceCustomString5", None),
    ("ThreatName", "HackTool", "deviceCustomString1", None),
    ("IpAddress", "192.0.2.1", "sourceAddress", None),
    ("Url", "down.example.com", "requestUrl", None),
    ("RemediationIsSuccess", True, "deviceCustomNumber2", "1"),
    ("WasExecutingWhileDetected", False, "deviceCustomNumber1", "0"),
    ("AlertId", "636210704265059241_673569822", "externalId", None),
    ("LinkToWDATP", "https://example.com/alert/6", "flexString1", None),
    ("AlertTime", "2017-05-07T01:56:59.3191352Z", "deviceReceiptTime",
     "1494122219319"),
    ("MachineDomain", "example.com", "sourceDnsDomain", None),
    ("Actor", "BORON", "deviceCustomString4", None),
    ("LogOnUsers", "example\\bob; example\\eve", "sourceUserId", None),
]


def test_wdatp_keeps_the_fields_of_the_flexconnector(tmp_path):
    alert = {member: value for member, value, _, _ in FLEX}
    events, said = translate("wdatp-siem", json.dumps([alert]), tmp_path)
    with open(os.path.join(MAPS, "dictionary.csv"), encoding="utf-8",
              newline="") as f:
        short = {r["full_name"]: r["key"] for r in csv.DictReader(f)}
    short["severity"] = "severity"
    assert len(events) == 1 and said == b""
    e = events[0]
    assert (e.vendor, e.product, e.device_version) == (
        "Microsoft", "Microsoft Defender ATP", "2.0")
    for member, value, field, written in FLEX:
        got = e.ext.get(short[field]) or getattr(e, field, None)
        assert got == (written or value), member


SAMPLE_MAPS = [
    ("graph-alert*v2*.json", "graph-alerts"),
    ("graph-alert*v2*.json", "graph-alerts-evidence"),
    ("graph-alert*v2*.json", "mcas-siem-agent"),
    ("graph-incidents*.json", "graph-incidents"),
    ("mde-alerts*.json", "defender-alerts"),
    ("mde-alerts*.json", "defender-alerts-evidence"),
    ("m365-incidents*.json", "defender-incidents"),
    ("wdatp-siem*.json", "wdatp-siem"),
]


def lines_wanted(name, record):
    if name.endswith("-incidents"):
        return 1 + len(record.get("alerts") or [])
    if name.endswith("-evidence"):
        return 1 + len(record.get("evidence") or [])
    return 1


@pytest.mark.parametrize("pattern, name", SAMPLE_MAPS,
                         ids=[name for _, name in SAMPLE_MAPS])
def test_real_samples_make_sound_lines(pattern, name, tmp_path):
    files = sorted(glob.glob(os.path.join(SAMPLES, pattern)))
    if not files:
        pytest.skip("no samples in " + SAMPLES)
    for path in files:
        with open(path, encoding="utf-8") as f:
            text = f.read()
        records = json.loads(text)
        if isinstance(records, dict):
            records = records.get("value", [records])
        if not records:
            continue
        events, said = translate(name, text, tmp_path)
        assert len(events) == sum(lines_wanted(name, r)
                                  for r in records), path
        titles = {member.strip() for record in records
                  for alert in [record] + (record.get("alerts") or [])
                  for member in (alert.get("title"), alert.get("AlertTitle"),
                                 alert.get("displayName"),
                                 str(alert.get("incidentName")))
                  if member}
        for event in events:
            assert event.name in titles, path
            assert event.ext["rt"].isdigit(), path
            assert len(event.ext.get("cs3") or event.ext["externalId"]) > 0
        # what does not fit its type is told: nothing of the samples may be
        for line in said.decode().splitlines():
            assert "wrong-type=0" in line and "too-long=0" in line and \
                "limit=0" in line, path + ": " + line
        if name in ("graph-alerts", "wdatp-siem"):
            assert said == b"", path


INCIDENT = {
    "graph-incidents": {
        "id": "7", "displayName": "I", "status": "active",
        "severity": "high", "lastUpdateDateTime": "2026-01-02T03:04:05Z",
        "alerts": [{"id": "a1", "title": "A", "severity": "low"},
                   {"id": "a2", "title": "B", "severity": "medium"}]},
    "defender-incidents": {
        "incidentId": 7, "incidentName": "I", "status": "Active",
        "severity": "High", "lastUpdateTime": "2026-01-02T03:04:05Z",
        "alerts": [{"alertId": "a1", "title": "A", "severity": "Low"},
                   {"alertId": "a2", "title": "B", "severity": "Medium"}]},
}


@pytest.mark.parametrize("name", sorted(INCIDENT))
def test_an_incident_has_a_line_and_one_for_each_alert(name, tmp_path):
    events, said = translate(name, json.dumps(INCIDENT[name]), tmp_path)
    assert said == b""
    assert [(e.name, e.ext["externalId"], e.severity, e.ext["cn1"])
            for e in events] == [
                ("A", "a1", "3", "7"), ("B", "a2", "6", "7"),
                ("I", "7", "8", "7")]
    assert events[2].ext["cs3"] == "a1 a2"


@pytest.mark.parametrize("alerts", [[], None])
@pytest.mark.parametrize("name", sorted(INCIDENT))
def test_an_incident_without_alerts_has_a_line(name, alerts, tmp_path):
    record = {**INCIDENT[name], "alerts": alerts}
    events, _ = translate(name, json.dumps(record), tmp_path)
    assert [e.name for e in events] == ["I"]


@pytest.mark.parametrize("name", sorted(
    os.path.basename(p) for p in glob.glob(os.path.join(MAPS, "*.map"))))
def test_a_map_with_each_has_a_key(name):
    with open(os.path.join(MAPS, name), encoding="utf-8") as f:
        text = f.read()
    for event in text.split("[event")[1:]:
        if re.search(r"^each\b", event, re.M):
            assert re.search(r"^key\b", event, re.M)


def keys_of(name, record, folder):
    """The keys of a record's events: what they are remembered by."""
    path = os.path.join(str(folder), "in.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(record, f)
    done = subprocess.run(
        [PROGRAM, "explain", "--json", "-m",
         os.path.join(MAPS, name + ".map"), path],
        capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return [e["key"] for e in json.loads(done.stdout)["events"]]


def test_evidence_is_remembered_by_what_it_is(tmp_path):
    """Neither its place in the list nor what was done about it counts."""
    def alert(evidence):
        return {"id": "1", "title": "t", "evidence": evidence}
    evidence = [file("a", "/", SHA1), file("b", "/", SHA1), ip("192.0.2.1"),
                ev("user", verdict="unknown", remediationStatus=None,
                   userAccount={"accountName": 'a"b'})]
    before = keys_of("graph-alerts-evidence", alert(evidence), tmp_path)
    assert len(set(before)) == 5
    for item in evidence:
        item.update(verdict='mal"icious\\', remediationStatus="active",
                    remediationStatusDetails='said "so", \\ and left')
    after = keys_of("graph-alerts-evidence", alert(evidence[::-1]), tmp_path)
    assert len(set(after)) == 5
    assert after[0] == before[0]
    assert after[:0:-1] == before[1:]


@pytest.mark.parametrize("name, alert", [("graph-incidents", "id"),
                                         ("defender-incidents", "alertId")])
def test_an_alert_of_an_incident_is_remembered_by_its_id(name, alert,
                                                         tmp_path):
    record = json.loads(json.dumps(INCIDENT[name]))
    before = keys_of(name, record, tmp_path)
    record["alerts"].reverse()
    record["alerts"].insert(0, {alert: "a3"})
    after = keys_of(name, record, tmp_path)
    assert len(set(before)) == 3
    assert after[1:] == [before[1], before[0], before[2]]
