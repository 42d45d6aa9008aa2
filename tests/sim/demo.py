#!/usr/bin/python3
"""demo.py - a simulated tenant, a receiver, cefwd between them

SPDX-License-Identifier: MIT

Everything is on loopback and in a temporary folder, and gone afterwards.
CEFWD_SRCDIR and CEFWD_BUILDDIR say where the program and its maps are.
"""
import fcntl
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from receiver import TcpReceiver        # noqa: E402
from server import Sim                  # noqa: E402

ALERTS = 240
PATIENCE_S = 90
SHOWN = 3
WIDTH = 400             # characters of a line that are shown
ID = re.compile(rb" externalId=((?:\\.|[^\\ ])+)")
PAIR = re.compile(rb" \w+=")

CONF = """\
state-dir = {dir}/state
map-path  = {src}/cef

[source defender]
api                = graph-alerts
tenant             = contoso.example
client-id          = {client_id}
client-secret-file = {secret_file}
authority          = {login}        # simulated; leave out for Microsoft's
base-url           = {graph}        # likewise
ca-file            = {ca_file}
map                = graph-alerts.map
poll-interval      = 5s

[destination arcsight]
url    = tcp://127.0.0.1:{port}
settle = 1s
"""


def say(text=""):
    print(text, flush=True)


def cut(line):
    text = line.decode("utf-8", "replace")
    return text if len(text) <= WIDTH else text[:WIDTH] + " …"


def ids_of(lines):
    return [m.group(1).decode() for m in map(ID.search, lines) if m]


def wait_all(sim, receiver, service):
    """Until every alert has arrived, or the service ends, or patience."""
    want = sim.store.ids()
    end = time.monotonic() + PATIENCE_S
    shown = -1
    while time.monotonic() < end and service.poll() is None:
        got = len(want & set(ids_of(receiver.lines())))
        if got != shown and sys.stdout.isatty():
            print("\r  %d of %d alerts have arrived" % (got, len(want)),
                  end="", flush=True)
            shown = got
        if got == len(want):
            break
        time.sleep(0.1)
    if shown >= 0:
        say()


def stop(service):
    if service.poll() is None:
        service.terminate()
    try:
        return service.wait(30)
    except subprocess.TimeoutExpired:
        service.kill()
        return service.wait()
    except KeyboardInterrupt:
        service.kill()
        service.wait()
        raise


def on_terminal(command, columns):
    """What a command writes to a terminal of that width, without colours."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("4H", 50, columns, 0, 0))
    # no Popen.communicate(): a terminal ends with EIO
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=its,
                          stderr=its,
                          env={**os.environ, "NO_COLOR": "1"}) as process:
        os.close(its)
        text = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            text += part
    os.close(ours)
    return process.returncode, text.decode("utf-8", "replace").replace(
        "\r\n", "\n")


def explain(program, src, folder, record):
    """One alert, field by field."""
    path = os.path.join(folder, "alert.json")
    with open(path, "wb") as f:
        f.write(record.json())
    columns = min(100, shutil.get_terminal_size((100, 50)).columns)
    status, text = on_terminal(
        [program, "explain", "-m",
         os.path.join(src, "cef", "graph-alerts.map"), path], columns)
    if status != 0:
        say(text.rstrip())
        return False
    # Only the fields that the line has; of what no field carries, only how
    # much it is.
    head, *blocks = re.split(r"\n(?=\S)", text.rstrip())
    say(head)
    for block in blocks:
        if "\n    = - (" not in block and not block.startswith("No field"):
            say(block.rstrip())
    return True


def pick(sim, lines):
    """The alert with most to tell among those of a page's length."""
    def fields(line):
        ident = ids_of([line])
        if not ident:
            return -1
        short = len(sim.store.by_id[ident[0]].template.alert["evidence"]) <= 5
        return len(PAIR.findall(line)) if short else 0
    return sim.store.by_id[ids_of([max(lines, key=fields)])[0]]


def show(sim, lines, program, src, folder):
    say("\nSome of the lines, as the receiver got them:\n")
    step = max(1, len(lines) // SHOWN)
    for line in lines[::step][:SHOWN]:
        say("  " + cut(line) + "\n")
    record = pick(sim, lines)
    say("One of them explained (cefwd explain -m graph-alerts.map "
        "alert.json):\n")
    return explain(program, src, folder, record)


def demo(folder):
    src = os.environ["CEFWD_SRCDIR"]
    program = os.path.join(os.environ["CEFWD_BUILDDIR"], "cefwd")
    say("A simulated tenant with %d alerts and a TCP receiver start on "
        "loopback." % ALERTS)
    with Sim(ALERTS, os.path.join(folder, "tenant")) as sim, \
            TcpReceiver() as receiver:
        os.mkdir(os.path.join(folder, "state"), 0o700)
        conf = os.path.join(folder, "cefwd.conf")
        text = CONF.format(
            dir=folder, src=src, client_id=sim.client_id,
            secret_file=sim.secret_file, login=sim.login_url,
            graph=sim.graph_url, ca_file=sim.ca_file, port=receiver.port)
        with open(conf, "w") as f:
            f.write(text)
        say("cefwd runs with this configuration:\n")
        say("".join("  " + x + "\n" for x in text.splitlines()))
        start = time.monotonic()
        log_path = os.path.join(folder, "log")
        with open(log_path, "wb") as log:
            service = subprocess.Popen([program, "run", "-c", conf],
                                       stdout=log, stderr=log)
        try:
            wait_all(sim, receiver, service)
            seconds = time.monotonic() - start
        finally:
            status = stop(service)
        lines = receiver.lines()
        got = set(ids_of(lines))
        lost = sim.store.ids() - got
        explained = bool(got) and show(sim, lines, program, src, folder)
        say("\nalerts served %d, lines received %d, lost %d  (%.1f s; "
            "cefwd ended with status %d)" % (
                len(sim.store.ids()), len(lines), len(lost), seconds, status))
        if lost or status != 0:
            say("\nWhat cefwd said:\n")
            with open(log_path, errors="replace") as f:
                say(f.read()[-4000:])
        return 0 if not lost and status == 0 and explained else 1


NEXT = """
On to a real tenant:
  1. Register an application in the Entra admin centre; give it the Graph
     application permission SecurityAlert.Read.All, with admin consent, and
     make a client secret.
  2. Put the secret into a file that only cefwd can read.
  3. Copy dist/cefwd.conf.example; set tenant, client-id, client-secret-file
     and the address of the ArcSight connector.
  4. build/cefwd check -c FILE, then build/cefwd once -c FILE --dry-run, then
     build/cefwd run -c FILE.  README.md has the same in full.
"""


def main():
    def interrupt(number, _):
        raise KeyboardInterrupt
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    folder = tempfile.mkdtemp(prefix="cefwd-demo-")
    try:
        status = demo(folder)
        if status == 0:
            say(NEXT)
        return status
    except KeyboardInterrupt:
        say("\ninterrupted; everything is cleaned up")
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
