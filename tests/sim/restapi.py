"""restapi.py - an alert API that is not Microsoft's, with its token endpoint

SPDX-License-Identifier: MIT

    with RestApi("cursor", count=250) as api:
        api.url, api.secret, api.alerts, api.calls, ...

paging is one of none, link, header, offset, cursor.  Alerts are served in
pages of at most api.most, in no order that means anything; "from" and
"before" bound their creation in seconds since 1970, "updated" their last
update.  shape is what the answer looks like: "items" as Sophos Central's
SIEM API has it, "nested" with everything inside of objects, "bare" an array.
"""
import collections
import http.server
import json
import secrets
import socketserver
import threading
import time
import urllib.parse
import zlib


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + (
        ".%03dZ" % (seconds % 1 * 1000))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        args = dict(urllib.parse.parse_qsl(body.decode()))
        api = self.server.api
        good = (self.path == "/oauth2/token"
                and args.get("grant_type") == "client_credentials"
                and args.get("client_id") == api.client_id
                and args.get("client_secret") == api.secret
                and args.get("scope") == "token")
        api.token_calls += 1
        if not good:
            return self.send(401, {"error": "invalid_client"})
        api.token = secrets.token_urlsafe(32)
        return self.send(200, {"access_token": api.token, "expires_in": 3600,
                               "token_type": "bearer"})

    def do_GET(self):
        api = self.server.api
        path, _, query = self.path.partition("?")
        args = dict(urllib.parse.parse_qsl(query))
        api.calls.append((path, args, self.headers.get("X-Tenant-ID")))
        if self.headers.get("Authorization") != "Bearer " + (api.token or "-"):
            return self.send(401, {"message": "who are you?"})
        if path != "/siem/v1/alerts":
            return self.send(404, {"message": "no such path"})
        return api.answer(self, args)

    def send(self, status, body, headers=None):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)


class Listener(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


class RestApi:
    client_id = "an-application"

    def __init__(self, paging, count=250, shape="items", most=100,
                 age_s=6 * 3600):
        self.paging, self.shape, self.most = paging, shape, most
        self.secret = secrets.token_urlsafe(24)
        self.token, self.token_calls = None, 0
        self.calls = []
        now = time.time()
        self.alerts = collections.OrderedDict()
        for i in range(count):
            self.add("alert-%d" % i, now - age_s + i * age_s / count)
        self.server = Listener(("127.0.0.1", 0), Handler)
        self.server.api = self
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True,
                         kwargs={"poll_interval": 0.05}).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()

    def add(self, ident, created=None):
        created = time.time() if created is None else created
        self.alerts[ident] = {
            "id": ident, "created": created, "updated": created,
            "severity": "high", "status": "open"}

    def update(self, ident, **members):
        self.alerts[ident].update(members, updated=time.time())

    def record(self, a):
        if self.shape == "nested":
            return {"meta": {"id": a["id"], "at": {"new": a["created"],
                                                   "now": a["updated"]}},
                    "severity": a["severity"], "status": a["status"]}
        return {"id": a["id"], "type": "Event::Example", "threat": "Mal/Ex",
                "description": "what happened", "severity": a["severity"],
                "created_at": iso(a["created"]), "when": iso(a["created"]),
                "updated_at": iso(a["updated"]), "status": a["status"],
                "location": "ws-01", "source": "CONTOSO\\a.bauer",
                "data": {"endpoint_id": "e1", "endpoint_type": "computer",
                         "source_info": {"ip": "192.0.2.7"}}}

    def wanted(self, args):
        found = [a for a in self.alerts.values()
                 if a["created"] >= float(args.get("from_date", 0))
                 and a["created"] < float(args.get("before", 1e12))
                 and a["updated"] >= float(args.get("updated", 0))]
        return sorted(found, key=lambda a: zlib.crc32(a["id"].encode()))

    def answer(self, handler, args):
        if float(args.get("from_date", 1e12)) < time.time() - 86400:
            return handler.send(400, {"message": "from_date must be within "
                                                 "last 24 hours"})
        found = self.wanted(args)
        most = min(self.most, int(args.get("limit", self.most)))
        if self.paging == "none":
            most = len(found)
        start = int(args.get("cursor") or args.get("offset") or 0)
        page = [self.record(a) for a in found[start:start + most]]
        more = start + most < len(found)
        after = "/siem/v1/alerts?" + urllib.parse.urlencode(
            {**args, "cursor": start + most})
        headers = {}
        if self.paging == "header":
            headers["Link"] = '<%s>; rel="first"' % "/siem/v1/alerts"
            if more:
                headers["Link"] += ', <%s>; rel="next"' % after
        return handler.send(200, self.body(page, more, after, start + len(page),
                                           len(found)), headers)

    def body(self, page, more, after, cursor, count):
        if self.shape == "bare":
            return page
        if self.shape == "nested":
            links = {"next": after} if more else {}
            return {"links": links, "meta": {"total": count},
                    "data": {"list": page, "n": len(page)}}
        out = {"has_more": more, "items": page}
        if self.paging == "cursor":     # it goes on naming the end
            out["next_cursor"] = str(cursor)
        return out
