#!/usr/bin/python3
"""many.py - hundreds of tenants on one loop, some of them ill

SPDX-License-Identifier: MIT

    many.py --feeds 500             figures as they come, then the verdict

One source with so many tenants, one receiver.  At first all of them read at
the same moment, which is the most that memory and descriptors may ever be.
Then rounds of new alerts go to all tenants, and some are ill all the while
(throttled for an hour, dropped, hanging in the middle of a body, refused).
What is looked at: every alert of the well ones arrives, once, round by round;
the ill ones are told and get theirs when they are well again; memory and
descriptors do not grow; connections are used again; the figures of "status"
are those of the ledger.
"""
import argparse
import collections
import os
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "sim"))

from cef import ids                                     # noqa: E402
from receiver import TcpReceiver                        # noqa: E402
from runner import Cefwd                                # noqa: E402
from server import Sim, make_certificates               # noqa: E402

PATIENCE_S = 300
ALERTS = 4              # of each tenant at the start
ALWAYS = 10 ** 6
# SQLite's caches fill up to 2,000 KiB for each of the two connections; a pass
# under way keeps room for its largest record, and they differ
GROWTH_KIB = 2 * 2000 + 1024
FEED_KIB = 24
# A feed may have a second connection for a token or for what is new beside a
# backlog; some are kept for the next one who asks
CONNECTION_KIB = 160
IDLE = 32

# What ails one of every so many tenants; an hour is longer than any test.
ILLS = (
    ("throttled for an hour", "alerts", "status",
     {"status": 429, "retry_after": "3600"}),
    ("dropped", "alerts", "drop", {}),
    ("hanging in the body", "alerts", "stall",
     {"bytes": 100, "seconds": 3600}),
    ("answering 500", "alerts", "status", {"status": 500}),
    ("refused a token", "token", "status",
     {"status": 401, "body": '{"error":"invalid_client",'
      '"error_description":"AADSTS7000222: expired","error_codes":'
      '[7000222]}'}),
)


class Watch(threading.Thread):
    """The most that a process has of everything, phase by phase."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid = pid
        self.ended = threading.Event()
        self.begin()
        self.start()

    def begin(self):
        self.rss_kib = self.descriptors = 0

    def look(self):
        with open("/proc/%d/status" % self.pid, encoding="ascii") as f:
            rows = dict(r.split(":", 1) for r in f)
        self.rss_kib = max(self.rss_kib, int(rows["VmRSS"].split()[0]))
        self.descriptors = max(self.descriptors,
                               len(os.listdir("/proc/%d/fd" % self.pid)))

    def run(self):
        while not self.ended.wait(0.1):
            try:
                self.look()
            except (OSError, KeyError):     # it is gone
                return

    def phase(self):
        """(KiB, descriptors) since the last call."""
        self.look()
        out = self.rss_kib, self.descriptors
        self.begin()
        return out


class Many:
    def __init__(self, feeds, folder, certificates, say=lambda text: None):
        self.say = say
        self.sim = Sim(0, os.path.join(folder, "sim"),
                       certificates=certificates)
        self.receiver = TcpReceiver()
        os.makedirs(os.path.join(folder, "cefwd"))
        self.cefwd = Cefwd(os.path.join(folder, "cefwd"), self.sim)
        self.names = ["t%03d.example" % n for n in range(feeds)]
        self.stores = {n: self.sim.add_tenant(n, ALERTS)["alerts"]
                       for n in self.names}
        # ids are counted from the same begin in each store
        for k, store in enumerate(self.stores.values()):
            store.ident = lambda i, k=k: "t%03d_%d" % (k, i)
            store.records, store.by_id, store.made = [], {}, 0
            store.add(ALERTS, store.now - 3600 * 10 ** 7)
        self.watch = None
        self.looked_at, self.counted = 0, collections.Counter()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.watch is not None:
            self.watch.ended.set()
        self.cefwd.close()
        self.receiver.stop()
        self.sim.close()

    def start(self, poll_s):
        self.cefwd.configure(
            "tcp://127.0.0.1:%d" % self.receiver.port,
            # with the overlap of 15 m each pass would read all there ever was
            source={"tenant": " ".join(self.names), "overlap": "10s",
                    "poll-interval": "%ds" % poll_s})
        self.service = self.cefwd.start()
        self.watch = Watch(self.service.process.pid)

    def phase(self, what):
        kib, descriptors = self.watch.phase()
        self.say("%-30s %6d lines, at most %6d KiB, %4d descriptors" % (
            what, self.receiver.count(), kib, descriptors))
        return kib, descriptors

    def fall_ill(self, names):
        """Each of these in another way."""
        for k, name in enumerate(names):
            _, where, kind, options = ILLS[k % len(ILLS)]
            self.sim.fault(where, kind, times=ALWAYS,
                           tenant=self.stores[name].tenant, **options)
        # who has a token does not ask for one
        self.sim.entra.expire_tokens()

    def traffic(self):
        """(calls, connections) of the API so far."""
        return (len(self.sim.requests(role="graph")),
                self.sim.listeners["graph"].accepted)

    def add(self, count=1):
        with self.sim.lock:
            for store in self.stores.values():
                store.add(count)

    def got(self):
        """Lines by tenant."""
        new = self.receiver.lines()[self.looked_at:]
        self.looked_at += len(new)
        self.counted.update(i.partition("_")[0] + ".example"
                            for i in ids(new))
        return self.counted

    def wait(self, names):
        """Until these tenants have got everything."""
        want = {n: len(self.stores[n].records) for n in names}
        end = time.monotonic() + PATIENCE_S
        while True:
            got = self.got()
            less = [n for n in names if got[n] < want[n]]
            if not less:
                return
            assert self.service.process.poll() is None, self.service.said()
            assert time.monotonic() < end, "%d tenants wait, as %s\n%s" % (
                len(less), less[:3], self.service.said()[-3000:])
            time.sleep(0.3)

    def assert_once(self):
        """Each alert came once, and no other."""
        got = collections.Counter(ids(self.receiver.lines()))
        want = set()
        for store in self.stores.values():
            want |= store.ids()
        assert set(got) <= want, "invented"
        assert max(got.values()) == 1, got.most_common(3)


def run(feeds, ill, rounds, poll_s, folder, certificates, say=print):
    """The whole story; AssertionError says what is not as it should be."""
    sick_and_well = slice(None, ill), slice(ill, None)
    with Many(feeds, folder, certificates, say) as m:
        sick, well = (m.names[s] for s in sick_and_well)
        m.sim.fault("alerts", "drip", seconds=2 + feeds / 50, times=feeds)
        m.start(poll_s)
        m.wait(m.names)
        most_kib, most = m.phase("all at the same moment")
        m.sim.clear_faults()
        m.fall_ill(sick)
        calls, accepted = m.traffic()
        for n in range(rounds):
            m.add()
            m.wait(well)
            kib, descriptors = m.phase("round %d, %d tenants ill"
                                       % (n + 1, ill))
            more = max(0, descriptors - most)
            assert more <= feeds + IDLE, "descriptors grow: %d" % descriptors
            most_now = most_kib + GROWTH_KIB + feeds * FEED_KIB + (
                more * CONNECTION_KIB)
            assert kib <= most_now, "memory grows: %d of %d KiB" % (
                kib, most_now)
        m.assert_once()
        assert all(m.got()[n] == ALERTS for n in sick), "nobody was ill"
        look_at_figures(m, sick, well)
        calls, accepted = (b - a for a, b in zip((calls, accepted),
                                                 m.traffic()))
        assert accepted < calls, "no connection was used again"
        assert m.service.stop() == 0
        recover(m)
        say("%d lines, each once; %d calls over %d connections" % (
            m.receiver.count(), calls, accepted))


def recover(m):
    """Who was ill gets everything at last."""
    m.sim.clear_faults()
    result = m.cefwd.once(timeout=PATIENCE_S)
    assert result.status == 0, result
    got = m.got()
    assert all(got[n] == len(m.stores[n].records) for n in m.names)
    m.assert_once()


def look_at_figures(m, sick, well):
    """What "status" says is what the ledger and the receiver say."""
    end = time.monotonic() + PATIENCE_S
    while True:
        doc = m.cefwd.document()
        lanes = {x["tenant"]: x for x in doc["lanes"]}
        sources = {x["tenant"]: x for x in doc["sources"]}
        states = {n: sources[n]["state"] for k, n in enumerate(sick)
                  # who hangs is not known to be ill for a minute
                  if not ILLS[k % len(ILLS)][0].startswith("hanging")}
        hold = [n for n in well if lanes[n]["lines"]["held"]]
        if not hold and "ok" not in states.values():
            break
        assert time.monotonic() < end, (hold, states)
        time.sleep(0.2)
    assert len(lanes) == len(sources) == len(m.names)
    got = m.got()
    for n in m.names:
        assert lanes[n]["lines"]["settled"] == got[n], (n, lanes[n], got[n])
    for n in well:
        assert sources[n]["state"] == "ok", (n, sources[n])
    m.say("status: %d lanes, ill in the words: %s" % (
        len(lanes), " ".join(sorted(set(states.values())))))


def main():
    p = argparse.ArgumentParser(description="many tenants, some of them ill")
    p.add_argument("--feeds", type=int, default=500)
    p.add_argument("--ill", type=int, default=25)
    p.add_argument("--rounds", type=int, default=6)
    p.add_argument("--poll", type=int, default=10, metavar="SECONDS")
    a = p.parse_args()
    with tempfile.TemporaryDirectory(prefix="cefwd-many-") as folder:
        run(a.feeds, a.ill, a.rounds, a.poll, folder,
            make_certificates(folder),
            lambda text: print(text, flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
