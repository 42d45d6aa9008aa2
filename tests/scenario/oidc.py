"""oidc.py - a certified OAuth server, and a person at its pages

SPDX-License-Identifier: MIT

The npm package oidc-provider, installed from tests/oidc/package-lock.json
into the build folder.
"""
import base64
import functools
import html.parser
import http.client
import http.cookies
import json
import os
import re
import shutil
import ssl
import subprocess
import threading
import time
import urllib.parse
import uuid

from runner import BUILDDIR, SRCDIR, TIMEOUT

FILES = (".npmrc", "package.json", "package-lock.json", "provider.mjs")
FOLDER = os.path.join(BUILDDIR, "oidc-provider")
SOURCE = os.path.join(SRCDIR, "tests", "oidc")
INSTALL_TIMEOUT = 900   # seconds: a hundred small packages, a busy machine
TENANT = "contoso.example"
BY_SECRET, BY_KEY, BY_USER = (str(uuid.uuid4()) for _ in range(3))
SCOPE = "https://graph.microsoft.com/.default"


class Unavailable(Exception):
    """The server cannot be had; the text says why."""


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return None


def why(output):
    """What npm said of its failure, in a line."""
    lines = [re.sub(r"^npm (error|ERR!) ?", "", line)
             for line in output.decode("utf-8", "replace").splitlines()
             if line.startswith(("npm error", "npm ERR!"))]
    return "; ".join([line for line in lines if line][:4]) or "no words"


def install(folder=FOLDER, env=None):
    """npm ci, unless what is there is what the lock file says."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise Unavailable("there is no %s; install it as ./bootstrap "
                              "does" % tool)
    os.makedirs(folder, exist_ok=True)
    stamp = os.path.join(folder, "node_modules", ".installed")
    lock = read(os.path.join(SOURCE, "package-lock.json"))
    for name in FILES:
        # not its mode: the sources may be read-only
        shutil.copyfile(os.path.join(SOURCE, name),
                        os.path.join(folder, name))
    if read(stamp) == lock:
        return
    try:
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder, env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=INSTALL_TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable("npm ci took longer than %d s; is the registry "
                          "within reach?" % INSTALL_TIMEOUT) from None
    if done.returncode != 0:
        raise Unavailable("npm ci failed; is the registry within reach?  "
                          "It said: " + why(done.stdout))
    with open(stamp, "wb") as f:
        f.write(lock)


@functools.lru_cache(maxsize=None)
def installed():
    """None, or why not: what failed once is not waited for again."""
    try:
        install()
    except Unavailable as e:
        return str(e)
    return None


class Provider:
    """The server, for as long as its standard input is open."""

    def __init__(self, folder, sim, tls, certificate=None,
                 algorithm="PS256", life_s=600):
        if installed() is not None:
            raise Unavailable(installed())
        ca_file, tls_certificate, tls_key = tls
        self.secret = "a secret/+ %&" + base64.b64encode(
            os.urandom(12)).decode()
        self.api_secret = base64.b64encode(os.urandom(18)).decode()
        options = os.path.join(folder, "provider.json")
        with open(options, "w") as f:
            json.dump({
                "tenant": TENANT, "bySecret": BY_SECRET, "byKey": BY_KEY,
                "byUser": BY_USER, "scope": SCOPE, "secret": self.secret,
                "apiSecret": self.api_secret, "life": life_s,
                "certificate": certificate or tls_certificate,
                "algorithm": algorithm,
                "tlsCertificate": tls_certificate, "tlsKey": tls_key}, f)
        self.context = ssl.create_default_context(cafile=ca_file)
        self.events = []
        self.process = subprocess.Popen(
            ["node", os.path.join(FOLDER, "provider.mjs"), options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.said = []
        self.port = self._read_port()
        self.url = "https://127.0.0.1:%d" % self.port
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        # the simulated API asks this server what a token is good for
        sim.entra.judge = self.judge

    def _read_port(self):
        late = threading.Timer(TIMEOUT, self.process.kill)
        late.start()
        try:
            for line in self.process.stdout:
                if line.strip().isdigit():
                    return int(line)
                self.said.append(line.decode("utf-8", "replace"))
        finally:
            late.cancel()
        self.close()
        raise Unavailable("the server ended: " + "".join(self.said))

    def _read(self):
        for line in self.process.stdout:
            text = line.decode("utf-8", "replace")
            if text.startswith("{"):
                self.events.append(json.loads(text))
            else:
                self.said.append(text)

    def grants(self):
        """The grants that were given, in order."""
        return [e["grant"] for e in self.events
                if e["event"] == "grant.success"]

    def granted(self, *want):
        """Whether these were given, in order, and no others: its words come
        by another way than its answers, and maybe later."""
        end = time.monotonic() + TIMEOUT
        while self.grants() != list(want) and time.monotonic() < end:
            time.sleep(0.02)
        return self.grants() == list(want)

    def secrets(self):
        """Whatever came to its token endpoint, or left, that is secret."""
        return {s for e in list(self.events) for s in e["secrets"]} | {
            self.secret, urllib.parse.quote(self.secret, safe="")}

    def errors(self):
        return [e for e in self.events if e["event"] == "grant.error"]

    def connect(self):
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, context=self.context, timeout=TIMEOUT)

    def post(self, path, form, headers=None):
        """(status, JSON) of a form that a client sends."""
        there = self.connect()
        there.request("POST", path, urllib.parse.urlencode(form), {
            "Content-Type": "application/x-www-form-urlencoded",
            **(headers or {})})
        answer = there.getresponse()
        body = json.loads(answer.read() or b"{}")
        there.close()
        return answer.status, body

    def judge(self, authorization, api):
        """RFC 7662: as Entra.judge, by introspection."""
        token = (authorization or "").partition(" ")[2]
        pair = base64.b64encode(("api:" + urllib.parse.quote(
            self.api_secret, safe="")).encode()).decode()
        status, body = self.post("/%s/introspect" % TENANT, {"token": token},
                                 {"Authorization": "Basic " + pair})
        assert status == 200, body
        if not body["active"]:
            return 0, "expired"
        if body.get("scope", "").split()[:1] != [SCOPE]:
            return 0, "audience"
        return 1, None

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Forms(html.parser.HTMLParser):
    """The forms of a page: (action, {name: value})."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.found.append((attrs.get("action"), {}))
        elif tag == "input" and attrs.get("name") and self.found:
            self.found[-1][1][attrs["name"]] = attrs.get("value") or ""


class Person:
    """Whoever sits at the browser: follows pages, fills in forms."""

    PAGES = 20

    def __init__(self, provider):
        self.provider = provider
        self.cookies = http.cookies.SimpleCookie()

    def _send(self, method, url, form=None):
        parts = urllib.parse.urlsplit(url)
        path = parts.path + ("?" + parts.query if parts.query else "")
        headers = {"Cookie": "; ".join(
            "%s=%s" % (c.key, c.value) for c in self.cookies.values()
            if parts.path.startswith(c["path"] or "/"))}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            form = urllib.parse.urlencode(form)
        there = self.provider.connect()
        there.request(method, path, form, headers)
        answer = there.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self.cookies.load(value)
        text = answer.read().decode("utf-8", "replace")
        there.close()
        return answer.status, answer.getheader("Location"), text

    def visit(self, url, code=None):
        """Sign in there, and consent; the address outside the server that
        the pages lead to, or the last page."""
        method, form = "GET", None
        for _ in range(self.PAGES):
            status, to, text = self._send(method, url, form)
            if to is not None:
                url = urllib.parse.urljoin(url, to)
                if not url.startswith(self.provider.url):
                    return url
                method, form = "GET", None
                continue
            forms = Forms()
            forms.feed(text)
            if status != 200 or not forms.found or "Success" in text:
                return text
            action, form = forms.found[0]
            url, method = urllib.parse.urljoin(url, action or url), "POST"
            for name, value in (("login", "analyst"), ("password", "any"),
                                ("user_code", code)):
                if name in form and not form[name]:
                    form[name] = value
        raise AssertionError("the pages lead nowhere: %s" % url)
