#!/usr/bin/python3
"""long.py [POLLS]: a day's polls, and whether anything grew

SPDX-License-Identifier: MIT

A service polls every 50 ms; new alerts come now and then, some are updated,
the receiver breaks off at times.  Once it has warmed up, neither memory nor
the number of descriptors may grow.  make check-long does 1,440 polls, as many
as a day has at the default interval; make check a cut of it.
"""
import os
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "sim")]

from receiver import TcpReceiver                        # noqa: E402
from runner import Cefwd                                # noqa: E402
from server import Sim, make_certificates               # noqa: E402

# Of a heap that is only used again and again; a leak of 1 KiB a poll is more.
SLACK_KIB = 512
DEADLINE = 1800


def kib(pid):
    """Memory that is the process's own."""
    with open("/proc/%d/status" % pid) as f:
        return int(next(line for line in f
                        if line.startswith("RssAnon:")).split()[1])


def descriptors(pid):
    """Their number; None where only root may count them."""
    try:
        return len(os.listdir("/proc/%d/fd" % pid))
    except PermissionError:
        return None


class Long:
    def __init__(self, folder, polls):
        self.polls = polls
        self.sim = Sim(30, os.path.join(folder, "sim"),
                       certificates=make_certificates(folder))
        self.tcp = TcpReceiver()
        self.cefwd = Cefwd(folder, self.sim)
        self.cefwd.configure(
            "tcp://127.0.0.1:%d" % self.tcp.port,
            top={"heartbeat": "1s"},
            source={"poll-interval": "50ms", "overlap": "1m"},
            destination={"settle": "100ms"})

    def done(self):
        return len(self.sim.requests(place="alerts"))

    def stir(self, n):
        """What a day brings, at each of a hundred points of it."""
        with self.sim.lock:
            if n % 5 == 0:
                self.sim.store.add(2)
            if n % 7 == 0:
                self.sim.store.update(self.sim.store.records[0].id,
                                      status="number-%d" % n)
        if n % 20 == 10:
            self.tcp.reset()

    def run(self):
        """What was measured: (polls, KiB, descriptors), each."""
        service = self.cefwd.start()
        pid = service.process.pid
        out, end = [], time.monotonic() + DEADLINE
        step = max(1, self.polls // 100)
        while self.done() < self.polls:
            if service.process.poll() is not None:
                raise AssertionError(service.said())
            if time.monotonic() > end:
                raise AssertionError("only %d polls" % self.done())
            if self.done() >= len(out) * step:
                self.stir(len(out))
                out.append((self.done(), kib(pid), descriptors(pid)))
            time.sleep(0.02)
        wanted = self.sim.store.ids()
        if not self.tcp.wait_for(
                lambda lines: all(any(i.encode() in line for line in lines)
                                  for i in wanted), 60):
            raise AssertionError("alerts are missing\n" + service.said())
        if service.stop() != 0:
            raise AssertionError(service.said())
        return out

    def close(self):
        self.cefwd.close()
        self.tcp.stop()
        self.sim.close()


def grown(samples):
    """(KiB, descriptors) from the second quarter to the last one: what each
    quarter never went below."""
    q = len(samples) // 4
    warm, last = samples[q:2 * q], samples[-q:]
    memory = min(s[1] for s in last) - min(s[1] for s in warm)
    if warm[0][2] is None:
        return memory, None
    return memory, min(s[2] for s in last) - min(s[2] for s in warm)


def check(polls):
    with tempfile.TemporaryDirectory() as folder:
        long = Long(folder, polls)
        try:
            samples = long.run()
        finally:
            long.close()
    memory, fds = grown(samples)
    said = "%d polls: memory %d KiB at the end, grown by %d KiB, " \
        "descriptors grown by %s" % (samples[-1][0], samples[-1][1], memory,
                                     fds)
    # one fewer, that a connection has just closed, is no growth
    assert memory <= SLACK_KIB and (fds is None or fds <= 0), said
    return said


if __name__ == "__main__":
    print(check(int(sys.argv[1]) if sys.argv[1:] else 1440))
