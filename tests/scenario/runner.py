"""runner.py - the real program in a folder of its own

SPDX-License-Identifier: MIT
"""
import json
import os
import signal
import subprocess
import time

TIMEOUT = 60
SRCDIR = os.environ.get("CEFWD_SRCDIR") or os.path.abspath(
    os.path.join(os.path.dirname(__file__), "..", ".."))
BUILDDIR = os.environ.get("CEFWD_BUILDDIR") or os.path.join(SRCDIR, "build")
PROGRAM = os.environ.get("CEFWD") or os.path.join(BUILDDIR, "cefwd")

# Small, with what the scenarios look at: identity, text, what changes.
MAP = """\
[event]
deviceVendor       = "Microsoft"
deviceProduct      = $.productName ?? "Microsoft Defender XDR"
deviceVersion      = "2.0"
deviceEventClassId = $.category ?? "none"
name               = $.title
severity           = $.severity | lookup(severity)
externalId         = $.id
rt                 = $.createdDateTime | time
end!               = $.lastUpdateDateTime | time
cs1                = $.status
cs1Label           = "status"
msg                = $.description

[lookup severity]
informational = 1
low           = 3
medium        = 5
high          = 8
*             = 5
"""


def clean_env():
    env = dict(os.environ)
    # nothing of the caller's may lead elsewhere
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        env.pop(name, None)
    return env


class Result:
    def __init__(self, status, out, err, seconds):
        self.status, self.out, self.err = status, out, err
        self.seconds = seconds

    def __repr__(self):
        return "status %s\n%s\n%s" % (self.status, self.out, self.err)

    def lines(self):
        return self.out.encode().split(b"\n")[:-1]


class Service:
    """cefwd run in the background."""

    def __init__(self, cefwd, args):
        self.cefwd = cefwd
        self.log = os.path.join(cefwd.dir, "log.%d" % len(cefwd.services))
        with open(self.log, "wb") as f:
            self.process = subprocess.Popen(
                cefwd.command(*args), env=cefwd.env(), stdout=f, stderr=f,
                stdin=subprocess.DEVNULL, cwd=cefwd.dir)
        cefwd.services.append(self)

    def said(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def wait_said(self, text, timeout=TIMEOUT):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if text in self.said():
                return True
            if self.process.poll() is not None:
                return text in self.said()
            time.sleep(0.02)
        return False

    def wait_for(self, what, condition):
        """Until it holds; the service has to live for it."""
        end = time.monotonic() + TIMEOUT
        while not condition():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, what + "\n" + self.said()
            time.sleep(0.05)

    def stop(self, number=signal.SIGTERM, timeout=TIMEOUT):
        """Its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        self.cefwd.inspect(self.said())
        return status

    def kill(self):
        """As the machine would, with no farewell."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Cefwd:
    """A configuration and a state folder; every output is looked through
    for secrets and for the marks of a crash."""

    def __init__(self, folder, sim=None):
        self.dir = str(folder)
        self.sim = sim
        self.services = []
        self.more_env = {}
        self.conf = os.path.join(self.dir, "cefwd.conf")
        self.state_dir = os.path.join(self.dir, "state")
        self.socket = os.path.join(self.dir, "s")
        os.makedirs(self.state_dir, exist_ok=True)
        self.map = os.path.join(self.dir, "test.map")
        with open(self.map, "w") as f:
            f.write(MAP)

    def configure(self, url, top=None, source=None, destination=None,
                  extra="", tail=""):
        """Write cefwd.conf.  A value of None takes the key out."""
        sim = self.sim
        # a path of a socket has 107 bytes
        listen = "none" if len(self.socket) > 107 else "unix:" + self.socket
        top = {"state-dir": self.state_dir, "stop-timeout": "5s",
               "listen": listen, **(top or {})}
        source = {
            "api": "graph-alerts",
            "tenant": "contoso.example",
            "client-id": sim.client_id,
            "client-secret-file": sim.secret_file,
            "authority": sim.login_url,
            "base-url": sim.graph_url,
            "ca-file": sim.ca_file,
            "map": self.map,
            "poll-interval": "1s",
            **(source or {})}
        destination = {"url": url, "settle": "300ms", "max-line": "60000",
                       **(destination or {})}
        text = "".join("%s = %s\n" % kv for kv in top.items()
                       if kv[1] is not None)
        for head, keys in (("source sim", source),
                           ("destination out", destination)):
            text += "\n[%s]\n" % head + "".join(
                "%s = %s\n" % kv for kv in keys.items() if kv[1] is not None)
        with open(self.conf, "w") as f:
            f.write(extra + text + tail)
        return self

    def env(self):
        return {**clean_env(), **self.more_env}

    def command(self, *args):
        if args and args[0] in ("translate", "explain"):
            return [PROGRAM, *args]
        return [PROGRAM, args[0], "-c", self.conf, *args[1:]]

    def run(self, *args, stdin=b"", timeout=TIMEOUT):
        start = time.monotonic()
        p = subprocess.run(self.command(*args), input=stdin,
                           capture_output=True, timeout=timeout,
                           env=self.env(), cwd=self.dir, check=False)
        out = p.stdout.decode("utf-8", "backslashreplace")
        err = p.stderr.decode("utf-8", "backslashreplace")
        self.inspect(out + err)
        assert p.returncode >= 0, "killed by %d: %s" % (-p.returncode, err)
        return Result(p.returncode, out, err, time.monotonic() - start)

    def once(self, *args, **options):
        return self.run("once", *args, **options)

    def document(self):
        """The running service's status."""
        result = self.run("status", "--json")
        assert result.status == 0, result
        return json.loads(result.out)

    def start(self, *args):
        return Service(self, ("run",) + args)

    def inspect(self, text):
        assert "AddressSanitizer" not in text, text
        assert "runtime error:" not in text, text
        assert "internal:" not in text, text
        if self.sim is not None:
            assert self.sim.secret not in text
            for token in list(self.sim.entra.tokens):
                assert token not in text
                assert token.split(".")[-1] not in text
            for secret in self.sim.entra.users.everything():
                assert secret not in text

    def sql(self, text):
        """Read the state with the sqlite3 shell, as an operator would."""
        return subprocess.run(
            ["sqlite3", "-readonly", os.path.join(self.state_dir,
                                                  "state.db"), text],
            capture_output=True, text=True, check=True).stdout

    def close(self):
        for service in self.services:
            service.kill()
