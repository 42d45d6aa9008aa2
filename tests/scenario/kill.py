"""kill.py - receivers and senders that die in the middle: the cells

SPDX-License-Identifier: MIT

A cell is a receiver, a transport, a way to break, with or without sock_diag.
run(cell, ...) forwards so many lines while it breaks again and again, and
counts what arrived against what was served: lost, altered, repeated.

By hand: kill_matrix.py --help.
"""
import collections
import json
import os
import random
import signal
import subprocess
import sys
import time

from cef import ids
from daemons import Missing, Rsyslog, SyslogNg, free_port
from runner import BUILDDIR, Cefwd, Service
from server import Sim
import receiver as receivers

SETTLE_S = 0.2
# Bytes; bounds what is sent again, and is not reached at the rate of the
# feed: a full one would make pauses, in which nobody sees a receiver hang.
WINDOW = 128 << 10
# Lines of a page at least, and the time that each takes: pages are as large
# as the calls that the API allows in a minute (150) make them.
PAGE, LINE_S = 20, 0.0015
PAGES = 100
RCVBUF = 32 << 10               # of the plain receiver; the kernel doubles it
SHORT_S, LONG_S = 0.08, 3 * SETTLE_S
PATIENCE_S = 60                 # for one thing to happen


class Plain:
    """receiver.py as a process of its own: .signal(), .ask()."""
    name = "plain"

    def __init__(self, folder, transport, tls, lag=0):
        os.makedirs(folder, exist_ok=True)
        self.file = os.path.join(folder, "received")
        self.port = free_port()
        self.args = ["--rcvbuf", str(RCVBUF), "--commands"]
        if lag:
            self.args += ["--lag", str(lag)]
        if transport == "tls":
            self.args += ["--cert", tls.cert, "--key", tls.key]
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, receivers.__file__, "--tcp", str(self.port),
             "--file", self.file, *self.args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        json.loads(self.process.stdout.readline())

    def ask(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def signal(self, number):
        self.process.send_signal(number)

    def end(self, number):
        self.process.send_signal(number)
        self.process.wait(PATIENCE_S)
        self.process.stdin.close()
        self.process.stdout.close()

    def lines(self):
        try:
            with open(self.file, "rb") as f:
                return f.read().split(b"\n")[:-1]
        except FileNotFoundError:
            return []


class Real:
    """rsyslog or syslog-ng, likewise."""

    def __init__(self, kind, folder, transport, tls):
        self.name = kind.name
        self.daemon = kind(folder) if transport == "tcp" else kind(
            folder, tls=tls)
        self.port = self.daemon.tcp if transport == "tcp" else self.daemon.tls

    def start(self):
        self.daemon.start()

    def signal(self, number):
        self.daemon.process.send_signal(number)

    def end(self, number):
        # a stopped one takes no SIGTERM
        self.daemon.process.send_signal(signal.SIGCONT)
        self.daemon.end(number)

    def lines(self):
        return self.daemon.lines()


TRANSPORTS = ("tcp", "tls")
RECEIVERS = {
    "plain": Plain,
    "rsyslog": lambda *a: Real(Rsyslog, *a),
    "syslog-ng": lambda *a: Real(SyslogNg, *a),
}

# -- ways to break ------------------------------------------------------


def kill_9(r, s):
    """Bytes lie unread, then it dies."""
    r.signal(signal.SIGSTOP)
    time.sleep(SHORT_S)
    r.end(signal.SIGKILL)
    r.start()


def restart(r, s):
    r.end(signal.SIGTERM)
    r.start()


def reset(r, s):
    r.ask("pause")
    time.sleep(SHORT_S)
    r.ask("reset")
    r.ask("resume")


def half_close(r, s):
    """A FIN, no more reading, then the rest goes unread."""
    r.ask("half_close")
    time.sleep(SHORT_S)
    r.ask("reset")
    r.ask("resume")


def stop_kill(r, s):
    r.signal(signal.SIGSTOP)
    time.sleep(LONG_S)
    r.end(signal.SIGKILL)
    r.start()


def stop_resume(r, s):
    r.signal(signal.SIGSTOP)
    time.sleep(SHORT_S)
    r.signal(signal.SIGCONT)


def hang_resume(r, s):
    r.signal(signal.SIGSTOP)
    time.sleep(LONG_S)
    r.signal(signal.SIGCONT)


def zero_window(r, s):
    """It reads no more until our kernel can send no more, then resets."""
    r.ask("pause")
    time.sleep(LONG_S)
    r.ask("reset")
    r.ask("resume")


def kill_sender(r, s):
    s.kill()


def kill_both(r, s):
    r.signal(signal.SIGSTOP)
    s.kill()
    r.end(signal.SIGKILL)
    r.start()


def read_and_die(r, s):
    """What it had read into its memory dies with it: nobody can see that."""
    time.sleep(2 * LONG_S)
    r.end(signal.SIGKILL)
    r.start()


class Break:
    def __init__(self, do, only=None, sees=True, lag=0, drops=False,
                 idle=False, lasts=0):
        self.do = do
        self.only = only        # the one receiver that can do it
        # False: lost without sock_diag; None: with it, too
        self.sees = sees
        self.lag = lag
        self.drops = drops      # packets, in a network namespace
        self.idle = idle        # breaks when everything has settled
        # Seconds for which lines must keep coming: of a receiver that hangs
        # on a quiet feed nobody sees that it does.  The feed may be slower
        # than it should be, never faster.
        self.lasts = lasts
        self.more = 2 * int(lasts / LINE_S)


BREAKS = {
    "kill-9": Break(kill_9),
    "restart": Break(restart),
    "reset": Break(reset, only="plain"),
    "half-close": Break(half_close, only="plain"),
    "stop-short-kill": Break(kill_9),
    "stop-short-resume": Break(stop_resume),
    "stop-long-kill": Break(stop_kill, sees=False, lasts=LONG_S),
    "stop-long-resume": Break(hang_resume),
    "zero-window": Break(zero_window, only="plain", sees=False),
    "dropped-packets": Break(kill_9, drops=True),
    "idle-cut": Break(restart, idle=True),
    "sender-kill-9": Break(kill_sender),
    "both-kill-9": Break(kill_both),
    "read-then-dies": Break(read_and_die, only="plain", sees=None,
                            lag=2 * LONG_S),
}


class Cell(collections.namedtuple("Cell", "receiver transport how diag")):
    def __str__(self):
        return "%s %s %s %s" % (self.receiver, self.transport, self.how,
                                "diag" if self.diag else "no-diag")

    @property
    def is_blind(self):
        """Whether this is a loss that no sender can see."""
        sees = BREAKS[self.how].sees
        return sees is None or (sees is False and not self.diag)


def cells(transports=TRANSPORTS):
    """All of the matrix."""
    for receiver in RECEIVERS:
        for transport in transports:
            for how, b in BREAKS.items():
                if b.only not in (None, receiver):
                    continue
                for diag in (True, False):
                    yield Cell(receiver, transport, how, diag)


# -- a network that drops -----------------------------------------------

UNSHARE = ["unshare", "-U", "-r", "-n"]


def why_no_namespace():
    """Why packets cannot be dropped here, or None."""
    try:
        p = subprocess.run(
            [*UNSHARE, "sh", "-c", "ip link set lo up && nft add table ip t"],
            capture_output=True, text=True, check=False)
    except OSError as e:
        return str(e)
    return None if p.returncode == 0 else p.stderr.strip() or "refused"


def drop_packets(port, percent):
    """Of both directions, and only of that connection.  Call it inside."""
    rules = ("add table ip t\n"
             "add chain ip t i { type filter hook input priority 0; }\n")
    for side in ("dport", "sport"):
        rules += ("add rule ip t i tcp %s %d numgen random mod 100 < %d drop\n"
                  % (side, port, percent))
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)


# -- one cell -----------------------------------------------------------

class Outcome:
    def __init__(self):
        self.lines = self.lost = self.altered = self.repeats = 0
        self.invented = self.breaks = self.starts = 0
        self.quiet_s = 0        # the longest pause of a feed that must go on
        self.status = None
        self.said = ""

    def bound(self, shortest):
        """How many lines may come twice: what was unsettled at each break,
        and at a start of the sender what was not yet remembered (batches of
        1,000 lines or a second)."""
        per_break = WINDOW // max(shortest, 1) + 1
        return self.breaks * per_break + self.starts * (1000 + per_break)

    def blind_bound(self, shortest, lag):
        """How many lines the plain receiver's buffers hold at the breaks:
        the kernel's, a read, and what it keeps for a while in memory."""
        held = 2 * RCVBUF + receivers.READ + lag * WINDOW / SETTLE_S
        return self.breaks * int(held // max(shortest, 1) + 1)


def nodiag_env():
    return {"LD_PRELOAD": os.path.join(BUILDDIR, "tests/sim/nodiag.so"),
            "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get(
                "ASAN_OPTIONS", "")}


class Sender:
    """cefwd once, started again as often as it was killed."""

    def __init__(self, cefwd, command):
        self.cefwd, self.command, self.starts = cefwd, command, 0
        self.start()

    def start(self):
        self.service = Service(self.cefwd, self.command)
        self.starts += 1

    def kill(self):
        self.service.kill()
        self.start()

    def is_over(self):
        return self.service.process.poll() is not None


def wait_until(condition, sender):
    end = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < end:
        if sender.is_over():
            return False
        time.sleep(0.005)
    return time.monotonic() < end


def body(line):
    at = line.find(b"CEF:")
    return line[at:] if at >= 0 else line


def expected(sim, folder):
    """What arrives when nothing goes wrong: id -> line."""
    os.makedirs(folder)
    cefwd = Cefwd(folder, sim).configure("tcp://127.0.0.1:9")
    result = cefwd.run("once", "--dry-run", timeout=600)
    assert result.status == 0, result
    lines = [body(x) for x in result.lines()]
    return dict(zip(ids(lines), lines))


def at_rest(receiver, want, lag):
    """What has come once no more comes: without sock_diag a line may settle
    that the receiver has still to read."""
    quiet, n = 0, -1
    while quiet < 20 + 20 * lag:
        got = receiver.lines()
        if len(got) == n:
            quiet += 1
        else:
            quiet, n = 0, len(got)
        if lag == 0 and set(ids(map(body, got))) >= set(want):
            break
        time.sleep(0.1)
    return got


def judge(outcome, want, got):
    seen = collections.Counter()
    got = [line for line in got if not receivers.is_own(line)]
    for line, ident in zip(map(body, got), ids(map(body, got))):
        if ident not in want:
            outcome.invented += 1
        elif want[ident] != line:
            outcome.altered += 1
        else:
            seen[ident] += 1
    outcome.lines = len(want)
    outcome.lost = len(want) - len(seen)
    outcome.repeats = sum(seen.values()) - len(seen)


def run(cell, folder, certificates, lines=2000, breaks=4, seed=1):
    """Forward the lines, break so often, count.  Missing: no such receiver
    here."""
    how = BREAKS[cell.how]
    page = max(PAGE, lines // PAGES)
    r = random.Random("%s %d" % (cell, seed))
    outcome = Outcome()
    sim = Sim(lines + how.more, os.path.join(folder, "sim"), certificates=certificates,
              seed=seed)
    args = [os.path.join(folder, "receiver"), cell.transport,
            Tls(certificates)]
    if cell.receiver == "plain":
        args.append(how.lag)
    cefwd = receiver = None
    try:
        receiver = RECEIVERS[cell.receiver](*args)
        os.makedirs(os.path.join(folder, "cefwd"))
        cefwd = Cefwd(os.path.join(folder, "cefwd"), sim)
        if not cell.diag:
            cefwd.more_env = nodiag_env()
        cefwd.configure(
            "%s://127.0.0.1:%d" % (cell.transport, receiver.port),
            source={"page-size": str(page)},
            destination={"settle": "%dms" % (SETTLE_S * 1000),
                         "window": str(WINDOW),
                         **({"ca-file": certificates[0]}
                            if cell.transport == "tls" else {})})
        if how.drops:
            drop_packets(receiver.port, 10)
        want = expected(sim, os.path.join(folder, "want"))
        sim.set(page_delay_s=page * LINE_S)
        outcome.breaks = breaks
        if how.idle:
            idle(outcome, cefwd, sim, receiver, how, breaks)
            want = expected(sim, os.path.join(folder, "more"))
        else:
            busy(outcome, cefwd, sim, receiver, how,
                 sorted(r.randrange(lines // 20, lines * 19 // 20)
                        for _ in range(breaks)))
        judge(outcome, want, at_rest(receiver, want, how.lag))
        shortest = min(map(len, want.values()))
        outcome.bounded = outcome.repeats <= outcome.bound(shortest)
        if cell.is_blind and cell.receiver == "plain":
            outcome.bounded &= outcome.lost <= outcome.blind_bound(
                shortest, how.lag)
    finally:
        if cefwd is not None:
            cefwd.close()
        if receiver is not None:
            receiver.end(signal.SIGKILL)
        sim.close()
    return outcome


class Tls:
    def __init__(self, certificates):
        self.ca, self.cert, self.key = certificates


def pause(sim, start, end):
    """The longest time in between in which nothing was served."""
    times = [start, *(a.time for a in sim.ledger.answered("alerts")
                      if start < a.time < end), end]
    return max(b - a for a, b in zip(times, times[1:]))


def busy(outcome, cefwd, sim, receiver, how, points):
    """Break as soon as so many lines have come."""
    sender = Sender(cefwd, ("once", "--timeout", "900s"))
    for n in points:
        if not wait_until(lambda n=n: len(receiver.lines()) >= n, sender):
            break
        start = time.time()
        how.do(receiver, sender)
        if how.lasts:
            outcome.quiet_s = max(outcome.quiet_s, pause(
                sim, start, start + how.lasts))
    outcome.status = sender.service.process.wait(960)
    outcome.said = sender.service.said()
    outcome.starts = sender.starts - 1


def idle(outcome, cefwd, sim, receiver, how, breaks):
    """Break when all has settled, then raise more alerts."""
    sender = Sender(cefwd, ("run",))

    def arrived():
        return set(ids(map(body, receiver.lines()))) >= sim.store.ids()
    for _ in range(breaks):
        wait_until(arrived, sender)
        time.sleep(3 * SETTLE_S)
        how.do(receiver, sender)
        with sim.lock:
            sim.store.add(3)
    wait_until(arrived, sender)
    outcome.status = sender.service.stop()
    outcome.said = sender.service.said()


def skips(cell):
    """Why the cell cannot be run here, or None."""
    if BREAKS[cell.how].drops:
        why = why_no_namespace()
        if why is not None and not os.environ.get("CEFWD_IN_NAMESPACE"):
            return "no network namespace: " + why
    if not cell.diag and not os.path.exists(nodiag_env()["LD_PRELOAD"]):
        return "tests/sim/nodiag.so is not built"
    return None


__all__ = ["BREAKS", "Cell", "Missing", "UNSHARE", "cells", "run", "skips"]
