"""apis.py - the five alert APIs as rows: what they take, what they answer

SPDX-License-Identifier: MIT

Facts from Microsoft's documentation and from what clients have seen; what a
row says is what a Sim does unless its Settings say otherwise.
"""
import base64
import hashlib
import hmac
import json
import urllib.parse
import zlib

import alerts as made
from odata import FilterError, Property, compile_filter, ticks


def _member(name):
    return Property(False, lambda x: x.template.alert.get(name))


def _times(created, updated):
    return {created: Property(True, lambda x: x.created),
            updated: Property(True, lambda x: x.updated)}


def arbitrary(rec):
    """An order that means nothing, and stays."""
    return zlib.crc32(rec.id.encode())


# of records by creation
ORDERS = {
    "created asc": lambda found: found,
    "created desc": lambda found: found[::-1],
    "updated desc": lambda found: sorted(found, key=lambda r: -r.updated),
    "arbitrary": lambda found: sorted(found, key=arbitrary),
}


class Api:
    """One row.  place is its name in the ledger and in faults."""

    def __init__(self, place, role, path, **row):
        self.place, self.role, self.path = place, role, path
        self.audience = row["audience"]         # of entra.AUDIENCES
        self.permission = row["permission"]
        self.properties = row["properties"]
        self.options = row["options"]
        self.entity = row["entity"]
        self.created = row["created"]
        self.order = row["order"]               # of ORDERS
        self.default_top = row["default_top"]
        self.top_max = row["top_max"]
        self.top_over = row["top_over"]         # "clamp" or "400"
        self.skip_max = row.get("skip_max")     # None: no cap
        self.count_given = row.get("count_given", False)
        self.links = row["links"]       # "always" "without $top" "never"
        self.calls = row["calls"]               # in so many seconds
        self.has_inner = row.get("has_inner", True)


GRAPH_STRINGS = {n: _member(n) for n in (
    "severity", "status", "serviceSource", "classification",
    "determination", "assignedTo")}
DEFENDER_STRINGS = {n: _member(n) for n in (
    "incidentId", "investigationId", "assignedTo", "detectionSource",
    "status", "severity", "category")}

APIS = {a.place: a for a in (
    # security-list-alerts_v2.md, security-error-codes.md; $skip beyond 500
    # and full pages without a link: seen in the field
    Api("alerts", "graph", "/v1.0/security/alerts_v2",
        audience="graph", permission="SecurityAlert.Read.All",
        properties={**_times("createdDateTime", "lastUpdateDateTime"),
                    **GRAPH_STRINGS},
        options="$filter $top $skip $count $orderby".split(),
        entity="alert", created="createdDateTime", order="created desc",
        default_top=100, top_max=1000, top_over="clamp", skip_max=500,
        count_given=True, links="always", calls=(150, 60)),
    # security-list-incidents.md: without $expand there are no alerts
    Api("incidents", "graph", "/v1.0/security/incidents",
        audience="graph", permission="SecurityIncident.Read.All",
        properties={**_times("createdDateTime", "lastUpdateDateTime"),
                    **GRAPH_STRINGS},
        options="$filter $top $skip $count $orderby $expand".split(),
        entity="incident", created="createdDateTime", order="created desc",
        default_top=50, top_max=50, top_over="400", skip_max=None,
        count_given=True, links="always", calls=(150, 60)),
    # defender-endpoint/api/get-alerts.md; no link with $top: seen
    Api("defender-alerts", "defender", "/api/alerts",
        audience="defender", permission="Alert.Read.All",
        properties={**_times("alertCreationTime", "lastUpdateTime"),
                    **DEFENDER_STRINGS},
        options="$filter $top $skip $count $orderby $expand".split(),
        entity="Alert", created="alertCreationTime", order="arbitrary",
        default_top=1000, top_max=10000, top_over="400",
        links="without $top", calls=(100, 60)),
    # defender-xdr/api-list-incidents.md; its alerts always come
    Api("defender-incidents", "defender", "/api/incidents",
        audience="xdr", permission="Incident.Read.All",
        properties={**_times("createdTime", "lastUpdateTime"),
                    "status": _member("status"),
                    "assignedTo": _member("assignedTo")},
        options="$filter $top $skip $count $orderby".split(),
        entity="Incident", created="createdTime", order="updated desc",
        default_top=100, top_max=100, top_over="400", links="never",
        calls=(50, 60), has_inner=False),
)}


class Page:
    def __init__(self, records, link, count, number, expanded):
        self.records, self.link = records, link
        self.count, self.number = count, number
        self.expanded = expanded


def _number(args, name, default):
    text = args.get(name, str(default))
    if not text.isdigit():
        raise FilterError("Invalid value '%s' for %s query option found."
                          % (text, name))
    return int(text)


class Pager:
    """The pages of one Store; an offset into what matches at the moment, so
    that a record which comes or goes meanwhile moves the others."""

    def __init__(self, settings):
        self.settings = settings
        self.key = b"a key that lives as long as its links"
        self.cache = {}

    def get(self, api, name):
        """A setting, else the row's own."""
        value = getattr(self.settings, name)
        return getattr(api, name) if value is None else value

    def matching(self, api, store, text, order):
        key = (id(store), api.place, text, order, store.generation)
        if key not in self.cache:
            keep = compile_filter(text, api.properties, api.entity)
            found = ORDERS[order]([r for r in store.records if keep(r)])
            if len(self.cache) > 8:
                self.cache.clear()
            self.cache[key] = found
        return self.cache[key]

    def page(self, api, store, origin, query):
        """The page that a query asks for; FilterError: 400."""
        head, mark, token = query.partition("&$skiptoken=")
        args = urllib.parse.parse_qs(head, keep_blank_values=True)
        args = {k: v[0] for k, v in args.items()}
        for name in args:
            if name not in api.options:
                raise FilterError("The query option '%s' is not supported."
                                  % name)
        top = self.top(api, args)
        start, number = self.skip(api, args), 0
        if mark:
            start, number = self.read_token(head, token)
        order = self.settings.order or api.order
        if (args.get("$orderby", "").partition(" ")[0] == api.created
                and self.settings.order_obeyed
                and not args["$orderby"].endswith(" desc")):
            order = "created asc"
        found = self.matching(api, store, args.get("$filter", ""), order)
        records = found[start:start + top]
        link = None
        if start + top < len(found) and self.links(api, args):
            link = "%s%s?%s&$skiptoken=%s" % (
                origin, api.path, head,
                self.make_token(head, start + top, number + 1))
        count = None
        if (args.get("$count") == "true" and number == 0
                and self.get(api, "count_given")):
            count = len(found)
        return Page(records, link, count, number,
                    not api.has_inner or "$expand" in args)

    def links(self, api, args):
        if self.settings.links_given is not None:
            return self.settings.links_given
        return api.links == "always" or (api.links == "without $top"
                                         and "$top" not in args)

    def top(self, api, args):
        top = _number(args, "$top", self.get(api, "default_top"))
        # a test's smaller cap is a silent one, or nothing could be asked for
        most = api.top_max
        if top > most and api.top_over == "400":
            raise FilterError("The limit of '%d' for Top query has been "
                              "exceeded. The value from the incoming request "
                              "is '%d'." % (most, top))
        return max(1, min(top, self.get(api, "top_max")))

    def skip(self, api, args):
        skip = _number(args, "$skip", 0)
        most = self.get(api, "skip_max")
        if most is not None and skip > most:
            raise FilterError("$skip=%d cannot exceed %d" % (skip, most))
        return skip

    def make_token(self, head, start, number):
        """Signed over the rest of the URL: it must come back unaltered."""
        text = "%d.%d" % (start, number)
        mac = hmac.new(self.key, (text + head).encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(
            text.encode() + b"." + mac.hexdigest()[:16].encode()).decode()

    def read_token(self, head, token):
        try:
            text = base64.urlsafe_b64decode(token).decode()
            start, number, _ = text.split(".")
            if self.make_token(head, int(start), int(number)) == token:
                return int(start), int(number)
        except (ValueError, UnicodeDecodeError):
            pass
        raise FilterError("Skip token is not valid.")


def page_body(api, origin, page, link, bad=None):
    """The bytes of a page, piece by piece.  bad: (at, raw text) that is put
    among its records."""
    head = {"@odata.context": "%s/v1.0/$metadata#security%s"
            % (origin, api.path[api.path.rindex("/"):])}
    if page.count is not None:
        head["@odata.count"] = page.count
    early = link is not None and page.number % 2 == 0
    if early:               # an annotation may stand anywhere
        head["@odata.nextLink"] = link
    yield json.dumps(head)[:-1].encode() + b',"value":'
    yield from array(page.records, page.expanded, bad)
    if link is not None and not early:
        yield b',"@odata.nextLink":' + json.dumps(link).encode()
    yield b"}"


def array(records, is_expanded=True, bad=None):
    """A JSON array of records, one piece for each."""
    yield b"["
    for i, rec in enumerate(records):
        if bad is not None and i == bad[0]:
            yield (b"," if i else b"") + bad[1] + b","
        elif i:
            yield b","
        yield rec.json(is_expanded)
    yield b"]"


def inner_alerts(rec):
    """GET /security/incidents/{id}/alerts."""
    inner = json.loads(rec.json()).get("alerts", [])
    return json.dumps({"value": inner}).encode()


def detections_of(store, query, window_s):
    """What the WDATP SIEM API answers; ValueError: 400."""
    args = urllib.parse.parse_qs(query, keep_blank_values=True)
    args = {k.lower(): v[0] for k, v in args.items()}
    for name in args:
        if name not in ("sincetimeutc", "untiltimeutc", "limit", "ago",
                        "machinegroups"):
            raise ValueError("Unknown parameter: " + name)
    now = store.clock()
    since, until = now - window_s * made.TICKS, now
    if "sincetimeutc" in args:
        since = ticks(args["sincetimeutc"])
    if "untiltimeutc" in args:
        until = ticks(args["untiltimeutc"])
    found = [r for r in store.records if since <= r.updated <= until]
    if "limit" in args:             # the most recent ones
        found.sort(key=lambda r: r.updated)
        found = found[-int(args["limit"]):]
    return found
