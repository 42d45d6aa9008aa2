"""alerts.py - made-up Defender alerts in Microsoft's shapes

SPDX-License-Identifier: MIT

A Store holds the alerts of a simulated tenant, sorted by creation time.  An
alert is a template (its JSON, cut where id and times go) and the few values
that differ, so that 200,000 of them cost seconds and some tens of MB.  The
same seed, count and "now" give the same bytes.
"""
import bisect
import json
import random
import time

from shapes import (COMMON, EVIDENCE, MARKS, NESTED, PRODUCTS, SENTENCES,
                    TITLES)

TICKS = 10_000_000              # .NET ticks (100 ns) in a second
POOL_MAX = 1000                 # templates; beyond, they are used again
DEPTH_MAX = 3                   # evidence inside evidence
TENANT = "7d0f2c1e-5b6a-4c3d-9e8f-0a1b2c3d4e5f"
SEVERITIES = ("informational", "low", "medium", "medium", "high", "unknown")
STATUSES = ("new", "new", "inProgress", "resolved", "unknown")
TECHNIQUES = ("T1003.001", "T1021.002", "T1027", "T1053.005", "T1055.012",
              "T1059.001", "T1071.001", "T1078.004", "T1486", "T1566.002")
WORDS = ("Contoso", "Fabrikam", "Litware", "north wind", "Größe", "測試",
         "alpha-1", "beta_2", "a=b", "x|y", "gamma\\delta", "***", "xxxx")
HOSTS = ("ws-01", "srv-db2", "LAPTOP-7QX", "dc1", "build.agent", "ip-10-0-0-7")
USERS = ("a.bauer", "c.dubois", "svc_backup", "Administrator", "j.o'neil",
         "*****", "müller", "root")
DOMAINS = ("contoso.example", "corp.example.com", "fabrikam.example.net",
           "CONTOSO")


def stamp(ticks, digits=7):
    """Ticks since 1970 as Microsoft writes them: trailing zeros cut."""
    seconds, part = divmod(ticks, TICKS)
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    fraction = ("%07d" % part)[:digits].rstrip("0")
    return text + ("." + fraction if fraction else "") + "Z"


def now_ticks():
    return time.time_ns() // 100


class Maker:
    """Values for one alert, drawn from one random sequence."""

    def __init__(self, key, at):
        self.r = random.Random(key)
        self.at = at

    def hexa(self, n):
        return "%0*x" % (n, self.r.getrandbits(4 * n))

    def guid(self):
        h = self.hexa(32)
        return "-".join((h[:8], h[8:12], h[12:16], h[16:20], h[20:]))

    def ip(self):
        n = self.r.randrange(1, 255)
        return self.r.choice((
            "192.0.2.%d" % n, "198.51.100.%d" % n, "203.0.113.%d" % n,
            "10.1.2.%d" % n, "10.20.30.%d" % n, "2001:db8::%x" % n,
            "::ffff:198.51.100.%d" % n, "fe80::%x" % n, ""))

    def text(self):
        parts = [self.r.choice(SENTENCES)
                 for _ in range(self.r.randrange(1, 4))]
        if self.r.random() < 0.25:
            parts.append(self.r.choice(MARKS))
        return " ".join(parts)

    def url(self):
        return "https://%s/%s/?q=%s&r=a%%20b|c" % (
            self.r.choice(("example.com", "files.example.net",
                           "bücher.example", "xn--bcher-kva.example")),
            self.r.choice(("load", "a b", "pfad/zur/datei")), self.hexa(6))

    def cmd(self):
        return self.r.choice((
            "\"C:\\Program Files\\App\\app.exe\" /quiet /id=%s" % self.hexa(4),
            "powershell.exe -NoP -Enc " + self.hexa(200) + "==",
            "cmd.exe /c echo a|find \"b\" & set X=%PATH%",
            "/bin/sh -c 'tail -n 1 /var/log/x | grep \"k=v\"'\n# second line",
            "rundll32 a.dll,Start\x00hidden", ""))

    # kind -> value
    def make(self, kind, depth):
        r = self.r
        if kind.startswith("*"):
            n = r.choice((0, 1, 1, 2, 3))
            return [self.make(kind[1:], depth) for _ in range(n)]
        if kind.startswith("="):
            return r.choice(kind[1:].split("/"))
        if kind.startswith("@"):
            return self.nested(kind[1:], depth)
        simple = {
            "guid": self.guid, "ip": self.ip, "text": self.text,
            "url": self.url, "cmd": self.cmd,
            "time": lambda: stamp(self.at - r.randrange(10 ** 12),
                                  r.choice((7, 7, 3, 0))),
            "sha1": lambda: self.hexa(40), "sha256": lambda: self.hexa(64),
            "md5": lambda: self.hexa(32), "hex": lambda: self.hexa(16),
            "user": lambda: r.choice(USERS), "dom": lambda: r.choice(DOMAINS),
            "host": lambda: r.choice(HOSTS),
            "upn": lambda: r.choice(USERS) + "@" + r.choice(DOMAINS),
            "dns": lambda: r.choice(HOSTS) + "." + r.choice(DOMAINS),
            "dir": lambda: r.choice(("C:\\Windows\\System32",
                                     "\\\\srv\\share\\a=b", "/usr/bin", "")),
            "file": lambda: r.choice(("a.exe", "bericht (1).docx", "x|y.ps1",
                                      "\u202egnp.exe", "run=now.js")),
            "int": lambda: r.choice((0, 7, 4096, 2 ** 31, 2 ** 40)),
            "int64": lambda: r.choice((2 ** 53 + 1, 2 ** 63 - 1, -2 ** 63)),
            "pid": lambda: r.randrange(2 ** 20),
            "port": lambda: r.randrange(65536),
            "float": lambda: round(r.uniform(-90, 90), 4),
            "bool": lambda: r.random() < 0.5,
            "mac": lambda: ":".join(self.hexa(2) for _ in range(6)),
            "sid": lambda: "S-1-5-21-%d-%d-%d" % (
                r.randrange(2 ** 31), r.randrange(2 ** 31), r.randrange(5000)),
            "arm": lambda: "/subscriptions/" + self.guid()
                           + "/resourceGroups/rg/providers/x/vm",
            "arn": lambda: "arn:aws:s3:::bucket/" + self.hexa(8),
            "msgid": lambda: "<" + self.hexa(12) + "=@mail.example.com>",
            "hive": lambda: r.choice(("HKEY_LOCAL_MACHINE",
                                      "HKEY_CURRENT_USER")),
            "regkey": lambda: "SOFTWARE\\Contoso\\" + self.hexa(4),
            "dn": lambda: "CN=Group %s,OU=A\\, B,DC=contoso" % self.hexa(2),
            "threat": lambda: r.choice(("Trojan:Win32/Made.up!x",
                                        "HackTool:Script/Fake=1|2")),
            "labels": lambda: {"app": "web", "tier=1": "a|b",
                               "note": self.text()},
        }.get(kind)
        return r.choice(WORDS) if simple is None else simple()

    def members(self, row, depth):
        out = {}
        for word in row.split():
            name, _, kind = word.partition(":")
            luck = self.r.random()
            if luck < 0.06:
                continue
            if luck < 0.16:
                out[name] = [] if kind.startswith("*") else None
            else:
                out[name] = self.make(kind, depth)
        return out

    def nested(self, name, depth):
        if name in NESTED:
            return self.members(NESTED[name], depth)
        if depth >= DEPTH_MAX:
            return None
        return self.evidence(name, depth + 1)

    def evidence(self, name, depth=0):
        kind = {"@odata.type": "#microsoft.graph.security.%sEvidence" % name}
        own = self.members(COMMON + " " + EVIDENCE[name], depth)
        # its place among the members is not promised
        return {**own, **kind} if self.r.random() < 0.2 else {**kind, **own}


def graph_alert(seed, i, at):
    """The i-th alert as Graph shows it; id and times are filled in later."""
    m = Maker("%s/graph/%d" % (seed, i), at)
    r = m.r
    service, detection, product, _, categories, always = (
        PRODUCTS[i % len(PRODUCTS)])
    kinds = list(EVIDENCE)
    names = list(always) + [kinds[i % len(kinds)]]
    names += [r.choice(kinds) for _ in range(r.choice((0, 0, 1, 3, 12)))]
    title = r.choice(TITLES).format(
        host=r.choice(HOSTS), user=r.choice(USERS), ip=m.ip() or "::1",
        upn=r.choice(USERS) + "@" + r.choice(DOMAINS))
    description = m.text()
    if i % 17 == 3:
        description += MARKS[(i // 17) % len(MARKS)]
    if i % 53 == 7:
        description = (description + " ") * (20000 // (len(description) + 1))
    if i % 61 == 11:
        description += "\ud83d half of a pair"
    alert = {
        "@odata.type": "#microsoft.graph.security.alert",
        "id": "@ID@",
        "providerAlertId": "@ID@",
        "incidentId": str(r.randrange(1, 100000)),
        "status": r.choice(STATUSES),
        "severity": r.choice(SEVERITIES),
        "classification": r.choice((None, "unknown", "truePositive",
                                    "falsePositive")),
        "determination": r.choice((None, "unknown", "malware", "phishing",
                                   "other")),
        "serviceSource": service,
        "detectionSource": detection,
        "productName": product,
        "detectorId": m.guid(),
        "alertPolicyId": r.choice((None, m.guid())),
        "tenantId": TENANT,
        "title": title,
        "description": description,
        "recommendedActions": r.choice((None, "", m.text(), "A\r\n\tB\r\n")),
        "category": r.choice(categories),
        "assignedTo": r.choice((None, "Automation", "soc@contoso.example")),
        "alertWebUrl": "https://security.microsoft.com/alerts/@ID@?tid="
                       + TENANT,
        "incidentWebUrl": "https://security.microsoft.com/incidents/%d?tid=%s"
                          % (r.randrange(1, 100000), TENANT),
        "actorDisplayName": r.choice((None, None, "Made Up Storm", "A=B|C")),
        "threatDisplayName": r.choice((None, "Trojan:Win32/Made.up!x")),
        "threatFamilyName": r.choice((None, "Madeup")),
        "mitreTechniques": r.sample(TECHNIQUES, r.randrange(0, 4)),
        "createdDateTime": "@CREATED@",
        "lastUpdateDateTime": "@UPDATED@",
        "resolvedDateTime": None,
        "firstActivityDateTime": "@FIRST@",
        "lastActivityDateTime": "@LAST@",
        "systemTags": r.choice(([], ["Defender Experts"])),
        "customDetails": r.choice((None, {"Rule": m.text(), "n": "12"})),
        "additionalData": r.choice((None, {"ÄÖ": "ü", "x-y": ["1", 2]})),
        "comments": [m.nested("comment", 0)
                     for _ in range(r.choice((0, 0, 0, 1, 2)))],
        "evidence": [m.evidence(n) for n in names],
    }
    if i % 29 == 5:
        alert["evidence"] = []
    if i % 31 == 6:             # unknown to every client so far
        alert["evidence"].append(
            {"@odata.type": "#microsoft.graph.security.moonEvidence",
             "phase": "full"})
        alert["serviceSource"] = "microsoftDefenderForMoon"
        alert["brandNewMember"] = {"deep": [[[{"er": [None]}]]]}
    if i % 37 == 8:
        for name in ("alertPolicyId", "assignedTo", "comments", "categories",
                     "mitreTechniques", "productName"):
            alert.pop(name, None)
    return alert


def detection(seed, i, at):
    """The i-th detection as the WDATP SIEM API showed it."""
    m = Maker("%s/wdatp/%d" % (seed, i), at)
    r = m.r
    null = r.choice((None, ""))
    alert_id = "@ID@"
    ioc = m.hexa(43) + "="
    sha1 = m.hexa(40)
    out = {
        "AlertTime": "@FIRST@",
        "ComputerDnsName": m.make("dns", 0),
        "AlertTitle": r.choice(TITLES).format(
            host="ws-01", user="a.bauer", ip="192.0.2.1", upn="a@b.example"),
        "Category": r.choice(("Malware", "Backdoor", "SuspiciousActivity")),
        "Severity": r.choice(("High", "Medium", "Low", "Informational")),
        "AlertId": alert_id,
        "Actor": r.choice((null, "MADEUP")),
        "LinkToWDATP": "https://securitycenter.windows.com/alert/@ID@",
        "IocName": null, "IocValue": r.choice((null, sha1)),
        "CreatorIocName": null, "CreatorIocValue": null,
        "Sha1": sha1, "FileHash": sha1, "Md5": m.hexa(32),
        "Sha256": m.hexa(64),
        "FileName": m.make("file", 0), "FilePath": m.make("dir", 0),
        "CommandLine": m.cmd(), "IpAddress": m.ip(), "Url": r.choice(
            (null, m.url())),
        "IoaDefinitionId": m.guid(), "UserName": m.make("user", 0),
        "UserDomain": "CONTOSO", "AlertPart": r.randrange(3),
        "FullId": "@ID@:" + ioc, "IocUniqueId": ioc,
        "LastProcessedTimeUtc": "@UPDATED@",
        "ThreatCategory": null, "ThreatFamily": r.choice((null, "Madeup")),
        "ThreatName": m.make("threat", 0),
        "RemediationAction": r.choice((null, "Quarantine")),
        "RemediationIsSuccess": r.choice((True, False, None)),
        "Source": r.choice(("EDR", "Antivirus", "Windows Defender ATP")),
        "WasExecutingWhileDetected": r.choice((True, False, None)),
        "MachineDomain": "contoso.example", "MachineName": m.make("host", 0),
        "MachineGroup": r.choice((null, "Servers")),
        "DeviceID": m.hexa(40), "ReportID": r.randrange(10 ** 9),
        "LogOnUsers": "contoso\\a.bauer; contoso\\c.dubois",
        "InternalIPv4List": "10.0.0.%d;192.0.2.7" % r.randrange(255),
        "InternalIPv6List": "2001:db8::1;fe80::2",
        "DeviceCreatedMachineTags": null, "CloudCreatedMachineTags": "a,b",
        "Description": m.text(), "ExternalId": m.hexa(40),
        "LinkToMTP": "https://security.microsoft.com/alert/@ID@",
        "IncidentLinkToMTP": null, "IncidentLinkToWDATP": null,
    }
    for name in list(out):
        if out[name] is None and r.random() < 0.3:
            del out[name]
    return out


PLACES = (b"@ID@", b"@CREATED@", b"@UPDATED@", b"@FIRST@", b"@LAST@",
          b'"@NUMBER@"')


class Template:
    """JSON text cut at its places, and what $filter can ask for.  lean is
    the same without the member that only $expand brings."""

    def __init__(self, alert, expanded=None):
        self.alert = alert
        self.severity = alert.get("severity")
        self.status = alert.get("status")
        self.service = alert.get("serviceSource")
        self.expanded, self.lean = expanded, None
        if expanded is not None:
            self.lean = Template({k: v for k, v in alert.items()
                                  if k != expanded})
        try:
            text = json.dumps(alert, ensure_ascii=False,
                              separators=(",", ":")).encode()
        except UnicodeEncodeError:      # half of a surrogate pair
            text = json.dumps(alert).encode()
        self.parts = [text]
        for n, place in enumerate(PLACES):
            cut = []
            for part in self.parts:
                if isinstance(part, int):
                    cut.append(part)
                    continue
                for k, piece in enumerate(part.split(place)):
                    cut += [n, piece] if k else [piece]
            self.parts = cut

    def fill(self, values):
        return b"".join(values[p] if isinstance(p, int) else p
                        for p in self.parts)


class Record:
    """A record as it is from one update to the next; never changed."""
    __slots__ = ("id", "created", "updated", "template", "version")

    def __init__(self, ident, created, updated, template, version=0):
        self.id, self.created, self.updated = ident, created, updated
        self.template, self.version = template, version

    def json(self, is_expanded=True):
        template = self.template
        if not is_expanded and template.lean is not None:
            template = template.lean
        ident = self.id.encode()
        return template.fill((
            ident, stamp(self.created).encode(),
            stamp(self.updated).encode(),
            stamp(self.created - 3 * 60 * TICKS, 3).encode(),
            stamp(self.updated - 60 * TICKS, 2).encode(), ident))


def alert_ident(i):
    return "%s%d_%d" % (PRODUCTS[i % len(PRODUCTS)][3],
                        637000000000000000 + i * 977,
                        (i * 7919) % 2 ** 31 - 2 ** 30)


class Store:
    """The records of one API of one tenant, by creation time.

    make.expanded names the member that only $expand brings, make.ident the
    function that numbers them; both may be missing."""

    def __init__(self, make=graph_alert, seed=1, count=0, now=None,
                 span_s=12 * 3600, old=0.1, pool=None, skew_s=0):
        self.make, self.seed = make, seed
        self.skew_s = skew_s
        self.expanded = getattr(make, "expanded", None)
        self.ident = getattr(make, "ident", alert_ident)
        self.now = now or self.clock()
        self.pool = [] if pool is None else pool
        self.generation = 0     # changes with every change
        self.records = []       # sorted by created
        self.by_id = {}
        self.history = {}       # id -> what it was before its updates
        self.made = 0
        r = random.Random("%s/times" % seed)
        for _ in range(count):
            age = r.randrange(60 * TICKS, max(span_s, 120) * TICKS)
            updated = self.now - age
            created = updated - r.choice((0, 0, 0, r.randrange(600 * TICKS)))
            if r.random() < old:        # old ones that were touched lately
                created = updated - r.randrange(150 * 86400 * TICKS)
            if r.random() < 0.05:       # bulk changes stamp many alike
                updated = self.now - 1800 * TICKS
                created = min(created, updated)
            self._new(created, updated)
        self.records.sort(key=lambda x: x.created)

    def clock(self):
        return now_ticks() + self.skew_s * TICKS

    def _template(self, i):
        k = i % POOL_MAX
        while len(self.pool) <= k:
            self.pool.append(Template(
                self.make(self.seed, len(self.pool), self.now),
                self.expanded))
        return self.pool[k]

    def _new(self, created, updated):
        i = self.made
        self.made += 1
        rec = Record(self.ident(i), created, updated, self._template(i))
        self.records.append(rec)
        self.by_id[rec.id] = rec
        return rec

    def add(self, count=1, created=None, updated=None):
        """New ones, created now; their ids.  With a time that is past they
        are late: created then, and not to be seen before now."""
        at = created or self.clock()
        out = []
        for k in range(count):
            out.append(self._new(at + k, (updated or at) + k).id)
        self.records.sort(key=lambda x: x.created)
        self.generation += 1
        return out

    def add_raw(self, alert, created=None):
        """A Graph alert of the caller's own; its id and times are
        replaced."""
        at = created or self.clock()
        alert = dict(alert)
        ident = alert.get("id", "raw%d" % self.made)
        alert.update(id="@ID@", createdDateTime="@CREATED@",
                     lastUpdateDateTime="@UPDATED@")
        self.made += 1
        rec = Record(ident, at, at, Template(alert))
        bisect.insort(self.records, rec, key=lambda x: x.created)
        self.by_id[ident] = rec
        self.generation += 1
        return ident

    def update(self, ident, at=None, **members):
        """Something changes; without members only the update time moves."""
        old = self.by_id[ident]
        template = old.template
        if members:
            template = Template({**template.alert, **members},
                                template.expanded)
        rec = Record(ident, old.created, at or self.clock(), template,
                     old.version + 1)
        k = bisect.bisect_left(self.records, old.created,
                               key=lambda x: x.created)
        while self.records[k] is not old:
            k += 1
        self.records[k] = self.by_id[ident] = rec
        self.history.setdefault(ident, []).append(old)
        self.generation += 1

    def remove(self, ident):
        self.records.remove(self.by_id.pop(ident))
        self.generation += 1

    def versions(self):
        """Every record as it is and as it was."""
        out = list(self.records)
        for old in self.history.values():
            out += old
        return out

    def ids(self):
        return set(self.by_id)
