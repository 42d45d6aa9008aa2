#!/usr/bin/python3
"""server.py - simulated Microsoft endpoints on loopback

SPDX-License-Identifier: MIT

As a module:
    with Sim(alerts=200, state_dir=path) as sim:
        sim.graph_url, sim.login_url, sim.siem_url, sim.ca_file, ...
        sim.fault("alerts", "status", status=429, retry_after=1, times=2)
        sim.store.update(some_id, status="resolved")
        sim.served("alerts")            # Counter of ids
As a command:
    server.py --alerts 200 --state-dir DIR
prints one line of JSON (URLs, files, identities) and serves until SIGTERM,
SIGINT, or, with --until-eof, the end of its standard input.

A fault is (where, kind, options).  where: discovery token alerts incidents
defender-alerts defender-incidents siem any.
    status      status=, retry_after= (text, optional), body=, retry_date=
                (seconds from now, written as a date)
    html        200 with a page of a proxy
    drop        the connection is closed without an answer
    cut         the connection is closed after `bytes` bytes of the body; with
                last=True all records have been written, but not the end
    reset       the same, with RST
    stall       the same, after `seconds` in which nothing comes
    truncate    the answer ends properly, its JSON after `bytes` bytes
    raw         200 with body= as it stands
    element     raw text `element` is put before element `at` of the page
    foreign     the nextLink leads to another origin
    link        the nextLink is `link`
    no_link     a page without its nextLink
    repeat      the nextLink leads to the same page
    circle      the nextLink leads to the first page
    end_repeat  the last page has a nextLink, which leads to the same page
    slow        waits `seconds`, then answers properly
    drip        `seconds` between every 16 KiB of the body
    expire      all tokens end now, so this request is 401
    partial     206 and a Warning header
    mistype     a proper answer under the content type `type`
For all: times= (1), after= (0: answers of that place to let pass first),
having= (only requests with this text in their URL), tenant= (only its own).
"""
import argparse
import collections
import http.server
import json
import os
import random
import secrets
import signal
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import threading
import time
import uuid
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import alerts as made                                   # noqa: E402
import apis                                             # noqa: E402
import defender                                         # noqa: E402
from entra import Entra                                 # noqa: E402
from ledger import Ledger                               # noqa: E402
from odata import FilterError                           # noqa: E402
from script import Player                               # noqa: E402

CLIENT_ID = "0f1e2d3c-4b5a-4697-8877-665544332211"
CHUNK = 65536
KINDS = ("status html drop cut reset stall truncate raw element foreign link "
         "no_link repeat circle end_repeat slow drip expire partial mistype").split()
PLACES = ["discovery", "token", "siem", "any", *apis.APIS]


class Fault:
    def __init__(self, where, kind, times=1, after=0, **options):
        if where not in PLACES or kind not in KINDS:
            raise ValueError("no such fault: %s %s" % (where, kind))
        self.where, self.kind = where, kind
        self.times, self.after, self.options = times, after, options

    def get(self, name, default=None):
        return self.options.get(name, default)

    def meets(self, place, url, tenant):
        return (self.where in (place, "any")
                and self.get("having", "") in url
                and self.get("tenant") in (None, tenant))


class Settings:
    """How the APIs behave; None: as the row of apis.py says."""
    default_top = None
    top_max = None              # larger values are clamped silently
    skip_max = None
    order_obeyed = True         # $orderby=<creation time>
    order = None                # of apis.ORDERS, without $orderby
    count_given = None          # @odata.count
    links_given = None          # @odata.nextLink on a full page
    quota = None                # (calls, seconds); True: the row's own
    moves = 0                   # records updated after each page
    poison = ()                 # ids whose pages are answered with 500
    gzip = True
    date_offset_s = 0           # of the Date header; None: no header
    page_delay_s = 0.0
    wdatp_window_s = 7200       # without sinceTimeUtc


class Aborted(Exception):
    """A fault ends the connection."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "cefwd-sim"
    timeout = 120

    def setup(self):
        # the handshake is done here, so that it cannot stop the accepting
        self.request.settimeout(self.timeout)
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
        super().setup()

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.answer("GET")

    def do_POST(self):
        self.answer("POST")

    def answer(self, method):
        sim = self.server.sim
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        path, _, query = self.path.partition("?")
        self.row = {"role": self.server.role, "method": method, "path": path,
                    "query": query if method == "GET" else ""}
        self.faults, self.served = [], None
        try:
            if sim.stopped:
                raise Aborted
            self.route(sim, method, path, query, body)
        except (Aborted, ConnectionError, ssl.SSLError, TimeoutError) as e:
            self.row.setdefault("status", 0)
            self.row["ended"] = type(e).__name__
            self.close_connection = True
            self.abort()
        self.row["faults"] = [f.kind for f in self.faults]
        if self.server.role != "control":
            sim.ledger.write(self.served, **self.row)

    def abort(self):
        """End the connection without TLS's own farewell."""
        try:
            sock = self.connection
            if isinstance(sock, ssl.SSLSocket):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            else:
                sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def route(self, sim, method, path, query, body):
        parts = path.strip("/").split("/")
        role = self.server.role
        if role == "control":
            return self.control(sim, path, body)
        if role == "foreign":
            self.row["bearer"] = "Authorization" in self.headers
            return self.send(200, b'{"value":[]}')
        if role == "login":
            if path.endswith("/.well-known/openid-configuration"):
                return self.login(sim, "discovery", lambda:
                                  sim.entra.discovery(parts[0],
                                                      sim.login_url))
            if path.endswith("/oauth2/v2.0/authorize"):
                return self.login(sim, "authorize", lambda:
                                  sim.entra.users.authorize(parts[0], query))
            if path.endswith("/oauth2/v2.0/devicecode"):
                return self.login(sim, "devicecode", lambda:
                                  sim.entra.users.device(
                                      parts[0], body.decode()))
            for tail, version in (("/oauth2/v2.0/token", 2),
                                  ("/oauth2/token", 1)):
                if path.endswith(tail) and method == "POST":
                    self.row["version"] = version
                    return self.login(sim, "token", lambda: sim.entra.token(
                        parts[0], version, body.decode("utf-8", "replace"),
                        self.headers.get("Authorization")))
        if role == "imds" and path == "/metadata/identity/oauth2/token":
            return self.login(sim, "token", lambda: sim.entra.imds(
                query, self.headers))
        for api in apis.APIS.values():
            if role == api.role and path == api.path:
                return self.odata(sim, api, query)
            if role == api.role and path.startswith(api.path + "/"):
                return self.one(sim, api, path[len(api.path) + 1:], query)
        if role == "siem" and path.rstrip("/") == "/api/alerts":
            return self.siem(sim, query)
        return self.send(404, self.graph_error(
            "ResourceNotFound", "Resource not found for the segment '%s'."
            % parts[-1]))

    # -- faults ---------------------------------------------------------

    def start_faults(self, sim, place, tenant):
        """Faults that replace the answer; True if one has."""
        self.row["place"], self.row["tenant"] = place, tenant
        self.faults = sim.due(place, self.path, tenant)
        for f in self.faults:
            if f.kind == "drop":
                raise Aborted
            if f.kind == "slow":
                sim.sleep(f.get("seconds", 1))
            elif f.kind == "expire":
                sim.entra.expire_tokens()
            elif f.kind == "html":
                self.send(200, b"<html><body>Sign in to the proxy, please"
                          b"</body></html>", "text/html; charset=utf-8")
                return True
            elif f.kind == "raw":
                self.send(200, _bytes(f.get("body", "")),
                          f.get("type", "application/json"))
                return True
            elif f.kind == "status":
                self.send_status(f)
                return True
        return False

    def send_status(self, f):
        status = f.get("status", 500)
        extra = {}
        if f.get("retry_after") is not None:
            extra["Retry-After"] = str(f.get("retry_after"))
        if f.get("retry_date") is not None:
            extra["Retry-After"] = self.date_time_string(
                time.time() + f.get("retry_date")
                + (self.server.sim.settings.date_offset_s or 0))
        if f.get("www_authenticate"):
            extra["WWW-Authenticate"] = f.get("www_authenticate")
        if f.get("location"):
            extra["Location"] = f.get("location")
        body = f.get("body")
        if body is None:
            words = {429: ("TooManyRequests", "Please retry again later."),
                     503: ("ServiceNotAvailable", "The service is busy."),
                     403: ("Forbidden", "Access to the resource is denied."),
                     }.get(status, ("UnknownError", "An error occurred."))
            body = self.graph_error(*words)
        self.send(status, _bytes(body), headers=extra)

    def has(self, *kinds):
        return next((f for f in self.faults if f.kind in kinds), None)

    def break_off(self, f):
        """What was written of the body is all of it."""
        self.wfile.flush()
        if f.kind == "stall":
            self.server.sim.sleep(f.get("seconds", 60))
        if f.kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
            socket.socket.close(self.connection)
        raise Aborted

    # -- answers --------------------------------------------------------

    def begin(self, status, kind, headers):
        sim = self.server.sim
        self.row["status"] = status
        if self.has("mistype"):
            kind = self.has("mistype").get("type", "text/plain")
        self.send_response_only(status)
        if sim.settings.date_offset_s is not None:
            self.send_header("Date", self.date_time_string(
                time.time() + sim.settings.date_offset_s))
        self.send_header("Content-Type", kind)
        self.send_header("request-id", self.request_id())
        client = self.headers.get("client-request-id")
        if client:
            self.send_header("client-request-id", client)
        for name, value in (headers or {}).items():
            self.send_header(name, value)

    def request_id(self):
        if not hasattr(self, "_request_id"):
            self._request_id = str(uuid.uuid4())
        return self._request_id

    def send(self, status, body, kind="application/json", headers=None):
        cut = self.has("cut", "reset", "stall")
        short = self.has("truncate")
        if short is not None:
            body = body[:short.get("bytes", len(body) // 2)]
        self.begin(status, kind, headers)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if cut is not None:
            self.wfile.write(body[:cut.get("bytes", len(body) // 2)])
            self.break_off(cut)
        self.wfile.write(body)

    def stream(self, status, pieces, kind, headers=None):
        """Chunked, gzip where asked: never the whole page in memory."""
        sim = self.server.sim
        zipped = (sim.settings.gzip
                  and "gzip" in self.headers.get("Accept-Encoding", ""))
        headers = dict(headers or {})
        if zipped:
            headers["Content-Encoding"] = "gzip"
        self.begin(status, kind, headers)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        packer = zlib.compressobj(1, zlib.DEFLATED, 31) if zipped else None
        cut, short = self.has("cut", "reset", "stall"), self.has("truncate")
        drip = self.has("drip")
        size = 16384 if drip else CHUNK
        sent, hold = 0, bytearray()

        def flush(last=False):
            data = bytes(hold)
            hold.clear()
            if packer is not None:
                data = packer.compress(data)
                if last:
                    data += packer.flush()
                elif cut or drip:
                    data += packer.flush(zlib.Z_SYNC_FLUSH)
            if data:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            if drip:
                self.wfile.flush()
                sim.sleep(drip.get("seconds", 0.1))

        for piece in pieces:
            room = room_in(cut or short, piece, sent)
            if room < len(piece):
                hold += piece[:room]
                flush(last=short is not None)
                if cut is not None:
                    self.break_off(cut)
                break
            hold += piece
            sent += len(piece)
            if len(hold) >= size:
                flush()
        else:
            flush(last=True)
            self.row["whole"] = True
        self.wfile.write(b"0\r\n\r\n")
        self.row["bytes"] = sent

    def graph_error(self, code, message):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        return json.dumps({"error": {
            "code": code, "message": message, "innerError": {
                "date": stamp, "request-id": self.request_id(),
                "client-request-id": self.headers.get(
                    "client-request-id") or self.request_id()}}}).encode()

    # -- places ---------------------------------------------------------

    def login(self, sim, place, make):
        tenant = self.path.strip("/").split("/")[0]
        if self.start_faults(sim, place, sim.entra.tenants.get(
                tenant.lower())):
            return
        status, headers, body = make()
        self.row["codes"] = json.loads(body).get("error_codes", [])
        self.send(status, body, "application/json; charset=utf-8", headers)

    def authorized(self, sim, audience, permission):
        """False after a 401 or 403."""
        serial, why = sim.entra.judge(self.headers.get("Authorization"),
                                      audience)
        self.row["token"] = serial
        if why is None:
            return True
        if why == "roles":
            self.send(403, self.graph_error(
                "Forbidden", "Missing application roles. API required roles: "
                "%s, application roles: ." % permission))
            return False
        message = {
            "empty": "Access token is empty.",
            "malformed": "CompactToken parsing failed with error code: "
                         "80049217",
            "expired": "Lifetime validation failed, the token is expired.",
            "audience": "Access token validation failure. Invalid audience.",
        }[why]
        self.send(401, self.graph_error("InvalidAuthenticationToken",
                                        message),
                  headers={"WWW-Authenticate":
                           'Bearer realm="", authorization_uri="%s/common/'
                           'oauth2/authorize"' % sim.login_url})
        return False

    def begin_api(self, sim, place, audience, permission, calls=None):
        """The store to answer from; None: the answer was another."""
        tenant = sim.entra.tenant_of(self.headers.get("Authorization"))
        if (self.start_faults(sim, place, tenant)
                or not self.authorized(sim, audience, permission)):
            return None
        wait = sim.over_quota(place, tenant, calls)
        if wait:
            self.send(429, self.graph_error(
                "TooManyRequests", "You have sent too many requests. Please "
                "wait %d seconds before trying again." % wait),
                headers={"Retry-After": str(wait)})
            return None
        return sim.store_of(tenant, place)

    def link_of(self, sim, page):
        if self.has("foreign"):
            return sim.foreign_url + self.path + "&$skiptoken=away"
        if self.has("link"):
            return self.has("link").get("link", "")
        itself = getattr(sim, self.server.role + "_url") + self.path
        if page.link is None:
            return itself if self.has("end_repeat") else None
        if self.has("repeat"):
            return itself
        if self.has("circle"):
            return (getattr(sim, self.server.role + "_url")
                    + self.path.partition("&$skiptoken=")[0])
        return None if self.has("no_link") else page.link

    def odata(self, sim, api, query):
        store = self.begin_api(sim, api.place, api.audience, api.permission,
                               api.calls)
        if store is None:
            return
        origin = getattr(sim, api.role + "_url")
        try:
            with sim.lock:
                page = sim.pager.page(api, store, origin, query)
                sim.move(store)
        except FilterError as e:
            self.send(400, self.graph_error("BadRequest", str(e)))
            return
        if any(r.id in sim.settings.poison for r in page.records):
            self.send(500, self.graph_error("UnknownError", ""))
            return
        self.serve(sim, api.place, store, page.records)
        sim.sleep(sim.settings.page_delay_s)
        partial = self.has("partial")
        self.stream(
            206 if partial else 200,
            apis.page_body(api, origin, page, self.link_of(sim, page),
                           self.element()),
            "application/json;odata.metadata=minimal;odata.streaming=true;"
            "IEEE754Compatible=false;charset=utf-8",
            {"Warning": '199 - "Microsoft/Sim/504/10000"'} if partial
            else None)

    def serve(self, sim, place, store, records):
        self.served = sim.ledger.serve(place, store.tenant, records)
        self.row["served"] = len(records)

    def element(self):
        bad = self.has("element")
        return bad and (bad.get("at", 0), _bytes(bad.get("element")))

    def one(self, sim, api, rest, query):
        """/{id}, and /{id}/alerts of an incident."""
        store = self.begin_api(sim, api.place, api.audience, api.permission,
                               api.calls)
        if store is None:
            return
        ident, _, inner = rest.partition("/")
        rec = store.by_id.get(ident)
        if rec is None or inner not in ("", "alerts"):
            self.send(404, self.graph_error("ResourceNotFound", "No such "
                                            "%s." % api.entity))
        elif inner:
            self.row["inner"] = ident
            self.send(200, apis.inner_alerts(rec))
        else:
            self.row["inner"] = ident
            self.send(200, rec.json("$expand" in query or not api.has_inner))

    def siem(self, sim, query):
        store = self.begin_api(sim, "siem", "siem", "the SIEM connector")
        if store is None:
            return
        try:
            with sim.lock:
                records = apis.detections_of(store, query,
                                             sim.settings.wdatp_window_s)
        except (FilterError, ValueError) as e:
            self.send(400, json.dumps({"Message": str(e)}).encode())
            return
        self.serve(sim, "siem", store, records)
        self.stream(200, apis.array(records, bad=self.element()),
                    "application/json; charset=utf-8")

    def control(self, sim, path, body):
        """POST /fault {where, kind, ...}, /settings {...}, /expire,
        /clear, /add {count}, /update {id, ...}; GET /ledger, /served."""
        args = json.loads(body) if body else {}
        out = {}
        try:
            if path == "/fault":
                sim.fault(**args)
            elif path == "/clear":
                sim.clear_faults()
            elif path == "/settings":
                sim.set(**args)
            elif path == "/expire":
                sim.entra.expire_tokens()
            elif path == "/add":
                with sim.lock:
                    out["ids"] = sim.stores[args.get("place", "alerts")].add(
                        args.get("count", 1))
            elif path == "/update":
                with sim.lock:
                    sim.stores[args.pop("place", "alerts")].update(
                        args.pop("id"), **args)
            elif path == "/served":
                out = {k: dict(v) for k, v in sim.ledger.ids.items()}
            elif path == "/ledger":
                out["rows"] = sim.ledger.select()
            else:
                return self.send(404, b'{"error":"no such control"}')
        except (TypeError, ValueError, KeyError) as e:
            return self.send(400, json.dumps({"error": str(e)}).encode())
        return self.send(200, json.dumps(out).encode())


class Listener(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024

    def __init__(self, sim, role, context, port=0):
        self.sim, self.role, self.context = sim, role, context
        self.open = set()
        self.accepted = 0
        super().__init__(("127.0.0.1", port), Handler)
        scheme = "https" if context else "http"
        self.url = "%s://127.0.0.1:%d" % (scheme, self.server_port)

    def server_bind(self):
        # without HTTPServer's look-up of the host's name
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def get_request(self):
        sock, peer = super().get_request()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.context is not None:
            sock = self.context.wrap_socket(
                sock, server_side=True, do_handshake_on_connect=False)
        self.open.add(sock)
        self.accepted += 1
        return sock, peer

    def shutdown_request(self, request):
        self.open.discard(request)
        try:
            super().shutdown_request(request)
        except (OSError, ValueError):
            pass

    def handle_error(self, request, client_address):
        pass                    # a client that goes away is no news

    def close_all(self):
        for sock in list(self.open):
            try:
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                pass


def room_in(fault, piece, sent):
    """How much of a piece a fault lets pass."""
    if fault is None:
        return len(piece)
    if fault.get("last"):
        return 0 if piece in (b"]", b"}") else len(piece)
    return max(0, min(len(piece), fault.get("bytes", 1000) - sent))


def _bytes(value):
    return value if isinstance(value, bytes) else value.encode()


def make_certificates(folder):
    """A CA and a certificate for loopback; (ca.pem, server.pem with key)."""
    ca, key = os.path.join(folder, "ca.pem"), os.path.join(folder, "ca.key")
    cert = os.path.join(folder, "server.pem")
    server_key = os.path.join(folder, "server.key")
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
           "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    quiet = {"check": True, "stdout": subprocess.DEVNULL,
             "stderr": subprocess.PIPE}
    subprocess.run(new + [
        "-keyout", key, "-out", ca, "-subj", "/CN=cefwd simulation CA",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign"], **quiet)
    subprocess.run(new + [
        "-keyout", server_key, "-out", cert, "-CA", ca, "-CAkey", key,
        "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-addext", "basicConstraints=critical,CA:FALSE",
        "-addext", "extendedKeyUsage=serverAuth"], **quiet)
    os.unlink(key)
    return ca, cert, server_key


MAKES = {
    "alerts": made.graph_alert,
    "siem": made.detection,
    "incidents": defender.graph_incident,
    "defender-alerts": defender.alert,
    "defender-incidents": defender.incident,
}
EMPTY = made.Store()
EMPTY.tenant = None


class Sim:
    def __init__(self, alerts=200, state_dir=None, seed=1, detections=0,
                 now=None, life_s=3599, ports=None, span_s=12 * 3600,
                 old=0.1, certificates=None, records=None, skew_s=0):
        """records: {place: count} for the APIs beside alerts and siem.
        skew_s: how far the clock of all of it is ahead of this host's."""
        os.makedirs(state_dir, exist_ok=True)
        self.state_dir = state_dir
        self.lock = threading.RLock()
        self.halt = threading.Event()
        self.settings = Settings()
        self.settings.date_offset_s = skew_s
        self.faults = []
        self.pager = apis.Pager(self.settings)
        self.called = collections.defaultdict(collections.deque)
        self.random = random.Random("%s/moves" % seed)
        self.tenant, self.client_id = made.TENANT, CLIENT_ID
        # what a real one can hold, and percent-encoding must carry over
        self.secret = "Sim~+/=&%_.-" + secrets.token_urlsafe(24)
        self.secret_file = os.path.join(state_dir, "client.secret")
        fd = os.open(self.secret_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                     0o600)
        with os.fdopen(fd, "w") as f:
            f.write(self.secret + "\n")
        self.entra = Entra(self.tenant, self.client_id, self.secret, life_s)
        counts = {"alerts": alerts, "siem": detections, **(records or {})}
        self.tenants = {self.tenant: {
            place: made.Store(make, seed, counts.get(place, 0), now, span_s,
                              old, skew_s=skew_s)
            for place, make in MAKES.items()}}
        for store in self.stores.values():
            store.tenant = self.tenant
        self.ledger_file = os.path.join(state_dir, "ledger.jsonl")
        self.ledger = Ledger(self.ledger_file)
        self.ca_file, cert, key = (certificates
                                   or make_certificates(state_dir))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.listeners = {}
        for role in ("login", "graph", "siem", "defender", "foreign",
                     "control", "imds"):
            plain = role in ("control", "imds")
            self.listeners[role] = Listener(
                self, role, None if plain else self.context,
                (ports or {}).get(role, 0))
        self.entra.origin = self.login_url
        for listener in self.listeners.values():
            threading.Thread(target=listener.serve_forever,
                             kwargs={"poll_interval": 0.05},
                             daemon=True).start()

    def __getattr__(self, name):
        if name.endswith("_url"):
            return self.__dict__["listeners"][name[:-4]].url
        raise AttributeError(name)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    @property
    def stores(self):
        """Of the first tenant, by place."""
        return self.tenants[self.tenant]

    @property
    def store(self):
        return self.stores["alerts"]

    @property
    def detections(self):
        return self.stores["siem"]

    @property
    def stopped(self):
        return self.halt.is_set()

    def sleep(self, seconds):
        if seconds and self.halt.wait(seconds):
            raise Aborted

    def close(self):
        self.halt.set()
        for listener in self.listeners.values():
            listener.shutdown()
            listener.server_close()
            listener.close_all()
        self.ledger.close()

    def describe(self):
        out = {role: l.url for role, l in self.listeners.items()}
        out.update(pid=os.getpid(), ca_file=self.ca_file, tenant=self.tenant,
                   client_id=self.client_id, secret_file=self.secret_file,
                   ledger=self.ledger_file, alerts=len(self.store.records),
                   detections=len(self.detections.records))
        return out

    # -- what a test turns ----------------------------------------------

    def fault(self, where, kind, **options):
        with self.lock:
            self.faults.append(Fault(where, kind, **options))

    def clear_faults(self):
        with self.lock:
            self.faults = []

    def set(self, **settings):
        for name, value in settings.items():
            if not hasattr(Settings, name):
                raise ValueError("no such setting: " + name)
            setattr(self.settings, name, value)

    def due(self, place, url="", tenant=None):
        """The faults of this answer."""
        out = []
        with self.lock:
            for f in list(self.faults):
                if not f.meets(place, url, tenant):
                    continue
                if f.after > 0:
                    f.after -= 1
                    continue
                f.times -= 1
                out.append(f)
                if f.times <= 0:
                    self.faults.remove(f)
        return out

    def served(self, place="alerts"):
        with self.ledger.lock:
            return collections.Counter(self.ledger.ids[place])

    def requests(self, **wanted):
        return self.ledger.select(**wanted)

    def play(self, steps):
        """Do what a script says, from now on; the Player."""
        return Player(self, steps)

    # -- the data -------------------------------------------------------

    def add_tenant(self, name, alerts=10, place="alerts"):
        """Another tenant, whose records share the first one's text; its
        stores by place."""
        guid = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        first = self.stores[place]
        store = made.Store(first.make, "%s/%s" % (first.seed, name), alerts,
                           first.now, pool=first.pool)
        store.tenant = guid
        with self.lock:
            self.tenants[guid] = {place: store}
            self.entra.tenants[name.lower()] = guid
        return self.tenants[guid]

    def store_of(self, tenant, place):
        stores = self.tenants.get(tenant, self.stores)
        return stores.get(place) or EMPTY

    def move(self, store):
        """Records that change while they are paged."""
        for _ in range(self.settings.moves if store.records else 0):
            store.update(self.random.choice(store.records).id)

    def over_quota(self, place, tenant, row):
        """Seconds to wait; 0: none.  What is refused counts, too."""
        quota = self.settings.quota
        calls, span = (row if quota is True else quota) or (0, 0)
        if not calls:
            return 0
        now = time.monotonic()
        with self.lock:
            at = self.called[place, tenant]
            at.append(now)
            while at[0] <= now - span:
                at.popleft()
            return int(at[0] + span - now) + 1 if len(at) > calls else 0


def main():
    p = argparse.ArgumentParser(description="simulated Microsoft endpoints")
    p.add_argument("--alerts", type=int, default=200)
    p.add_argument("--detections", type=int, default=0)
    for place in ("incidents", "defender-alerts", "defender-incidents"):
        p.add_argument("--" + place, type=int, default=0)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--state-dir", required=True)
    p.add_argument("--token-life", type=int, default=3599)
    p.add_argument("--until-eof", action="store_true",
                   help="end with the end of standard input")
    a = p.parse_args()
    sim = Sim(a.alerts, a.state_dir, a.seed, a.detections,
              life_s=a.token_life,
              records={"incidents": a.incidents,
                       "defender-alerts": a.defender_alerts,
                       "defender-incidents": a.defender_incidents})
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    if a.until_eof:
        def watch():
            while os.read(0, 4096):
                pass
            done.set()
        threading.Thread(target=watch, daemon=True).start()
    print(json.dumps(sim.describe()), flush=True)
    done.wait()
    sim.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
