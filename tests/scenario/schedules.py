#!/usr/bin/python3
"""schedules.py - seeded schedules of faults, kills, updates, late arrivals

SPDX-License-Identifier: MIT

    schedules.py --seed 1 --count 200           a table; 1 if anything is lost
    schedules.py --seed 17                      that one again, with its story

A seed decides the API, the records, what becomes of them and when, the faults
of the API, the token endpoint and the receivers (one or two, a lane to each),
and when the forwarder is killed.  When the schedule is over, the forwarder
goes on until everything has arrived; then the checker compares what was
served with what was received.  What could have come twice (column "may") is
counted from what was on disk at each kill and break; what came twice beyond
that is a fault as well.
"""
import argparse
import concurrent.futures
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "sim"))

from checker import Checker                             # noqa: E402
from receiver import TcpReceiver                        # noqa: E402
from runner import Cefwd                                # noqa: E402
from server import Sim, make_certificates               # noqa: E402

LENGTH_S = 3.5          # of the schedule
LONG_S = 7              # a lane without room leaves its pass after 5 s
QUIET_S = 240           # patience afterwards: a budget of calls is a minute's

# Small maps: identity, what changes, and "end" that moves with an update.
HEAD = """\
[event]
deviceVendor       = "Microsoft"
deviceProduct      = "Defender"
deviceVersion      = "2.0"
deviceEventClassId = "%(place)s"
name               = %(name)s
severity           = $.%(severity)s | lower
externalId         = %(id)s
rt                 = $.%(created)s | time
end!               = $.%(updated)s | time
msg                = %(text)s
"""
TAIL = """\
cs1                = $.%(changes)s
cs1Label           = "status"
"""
INNER = """\
[event alert]
each               = $.alerts[*]
key                = @.%(inner)s
deviceVendor       = "Microsoft"
deviceProduct      = "Defender"
deviceVersion      = "2.0"
deviceEventClassId = "alert"
name               = @.title
severity           = "5"
externalId         = @.%(inner)s
cs1                = @.status
cs1Label           = "status"
"""


def row(place, ident, created, updated, **more):
    base = {"place": place, "id": ident, "created": created,
            "updated": updated, "severity": "severity", "changes": "status",
            "name": "$.title", "text": "$.description", "inner": None,
            "url": "graph", "api": place}
    return {**base, **more}


APIS = {a["api"]: a for a in (
    row("alerts", "$.id", "createdDateTime", "lastUpdateDateTime",
        api="graph-alerts"),
    row("siem", "$.AlertId", "LastProcessedTimeUtc", "LastProcessedTimeUtc",
        api="wdatp-siem", url="siem", severity="Severity",
        name="$.AlertTitle", text="$.Description", changes="Category"),
    row("incidents", "$.id", "createdDateTime", "lastUpdateDateTime",
        api="graph-incidents", name="$.displayName", text='"incident"',
        inner="id"),
    row("defender-alerts", "$.id", "alertCreationTime", "lastUpdateTime",
        url="defender"),
    row("defender-incidents", "$.incidentId", "createdTime", "lastUpdateTime",
        url="defender", name="$.incidentName", text='"incident"',
        inner="alertId"),
)}
def map_of(api):
    text = (HEAD + TAIL) % api
    return text + INNER % api if api["inner"] else text


# What an API can do to a request: name, kind, options by the seed's random.
API_FAULTS = (
    ("5xx", "status", lambda r: {"status": r.choice((500, 502, 503, 504)),
                                 "times": r.randrange(1, 4)}),
    ("429, whole seconds", "status", lambda r: {
        "status": 429, "retry_after": str(r.randrange(0, 3))}),
    ("429, a fraction", "status", lambda r: {
        "status": 429, "retry_after": r.choice(("0.5", "1.128"))}),
    ("429, a date", "status", lambda r: {
        "status": 429, "retry_date": r.randrange(-5, 3)}),
    ("429, no time", "status", lambda r: {"status": 429}),
    ("429, a time that is none", "status", lambda r: {
        "status": 429, "retry_after": r.choice(("soon", "-1", ""))}),
    ("206 with a warning", "partial", lambda r: {}),
    ("connection dropped", "drop", lambda r: {"times": r.randrange(1, 3)}),
    ("end in the body", "cut", lambda r: {"bytes": r.randrange(60000)}),
    ("reset in the body", "reset", lambda r: {"bytes": r.randrange(60000)}),
    ("stall in the body", "stall", lambda r: {
        "bytes": r.randrange(60000), "seconds": r.random()}),
    ("truncated JSON", "truncate", lambda r: {"bytes": r.randrange(60000)}),
    ("no page of records", "raw", lambda r: {"body": r.choice((
        "", "{", "[1,2", "{\"value\":[", "null", "{\"value\":7}"))}),
    ("HTML with 200", "html", lambda r: {}),
    ("wrong content type", "mistype", lambda r: {"type": "text/plain"}),
    ("slow body", "drip", lambda r: {"seconds": 0.02}),
    ("slow answer", "slow", lambda r: {"seconds": r.random()}),
    ("token dies", "expire", lambda r: {"after": r.randrange(3)}),
    ("record that is no JSON", "element", lambda r: {
        "element": r.choice(("{'a':1}", "{\"a\":NaN}", "{\"a\":1,}")),
        "at": r.randrange(3)}),
    ("nextLink missing", "no_link", lambda r: {}),
    ("nextLink to its own page", "repeat", lambda r: {}),
    ("nextLink in a circle", "circle", lambda r: {"after": 1}),
    ("last nextLink to its own page", "end_repeat", lambda r: {}),
    ("nextLink elsewhere", "foreign", lambda r: {}),
    ("410 on a nextLink", "status", lambda r: {
        "status": 410, "having": "skip"}),
    ("400 on a nextLink", "status", lambda r: {
        "status": 400, "having": "skip"}),
)
TOKEN_FAULTS = (
    ("token: 503", "status", lambda r: {"status": 503}),
    ("token: 429", "status", lambda r: {"status": 429, "retry_after": "1"}),
    ("token: dropped", "drop", lambda r: {}),
    ("token: HTML", "html", lambda r: {}),
    ("token: cut", "cut", lambda r: {"bytes": 20}),
)
# of a receiver, and for how long at most; a pause breaks nothing
RECEIVER_FAULTS = (("reset", 0), ("finish", 0), ("pause", 1), ("restart", 1),
                   ("pause", LONG_S), ("restart", LONG_S))


class Schedule:
    """What a seed says."""

    def __init__(self, seed, known):
        r = self.r = random.Random("cefwd/%d" % seed)
        self.seed = seed
        self.api = APIS[r.choice(known)]
        self.count = r.choice((3, 20, 60, 150))
        self.updates = r.choice(("first", "changed", "changed", "all"))
        self.skew_s = r.choice((0, 0, 0, -400, 400, 5000))
        self.settings = self.ways(r)
        self.window = r.choice(("64k", "4m"))
        self.steps = []
        self.kills = sorted(r.uniform(0.1, LENGTH_S)
                            for _ in range(r.choice((0, 1, 1, 2, 3))))
        self.faults = 0
        self.changes(r)
        self.troubles(r)

    def ways(self, r):
        """What the API is like, all along."""
        out = {"page_delay_s": r.choice((0, 0, 0.05))}
        if r.random() < 0.15:
            out["date_offset_s"] = r.choice((None, -90000, 90000))
        if self.api["place"] == "siem":     # never updated, never paged
            return out
        # the two of Defender allow few calls a minute
        out["top_max"] = r.choice((None, 7, 20, 50) if self.api["url"]
                                  == "graph" else (None, 50, 80))
        out["order_obeyed"] = r.random() < 0.7
        out["order"] = r.choice((None, None, "updated desc", "arbitrary"))
        out["moves"] = r.choice((0, 0, 1))
        if self.api["url"] == "graph":
            out["links_given"] = r.choice((None, None, False))
            out["count_given"] = r.choice((None, None, False))
            if out["links_given"] is False:     # a second's must fit in
                out["top_max"] = r.choice((None, 80))
        return out

    def at(self, r):
        return r.uniform(0, LENGTH_S)

    def step(self, when, action, /, **arguments):
        self.steps.append((when, action, arguments))

    def changes(self, r):
        place = self.api["place"]
        for _ in range(r.randrange(1, 6)):
            self.step(self.at(r), "add", place=place,
                      count=r.choice((1, 2, 10)))
        for _ in range(r.randrange(0, 4)):
            self.step(self.at(r), "late", place=place, count=r.choice((1, 3)),
                      age_s=r.randrange(1, 13 * 60))
        if place == "siem":
            return
        for _ in range(r.randrange(0, 8)):
            members = r.choice((None, {"status": "s%d" % r.randrange(1000)}))
            self.step(self.at(r), "update", place=place,
                      pick=r.randrange(10 ** 6), members=members)
        for _ in range(r.randrange(0, 2)):
            self.step(self.at(r), "alike", place=place,
                      picks=[r.randrange(10 ** 6) for _ in range(8)],
                      members={"status": "alike"})

    def troubles(self, r):
        for _ in range(r.randrange(0, 5)):
            name, kind, options = r.choice(API_FAULTS)
            options = options(r)
            self.step(self.at(r) * 0.7, "fault", where=self.api["place"],
                      kind=kind, name=name, **options)
            self.faults += options.get("times", 1)
        if r.random() < 0.3:
            name, kind, options = r.choice(TOKEN_FAULTS)
            self.step(0, "fault", where="token", kind=kind, name=name,
                      **options(r))
            self.faults += 1
        # (when, what, for how long) for each
        self.receiver_steps = [sorted(
            (self.at(r), what, r.random() * most)
            for what, most in r.choices(RECEIVER_FAULTS,
                                        k=r.choice((0, 0, 1, 2))))
            for _ in range(r.choice((1, 1, 2)))]

    def story(self):
        out = ["seed %d: %s, %d records, updates = %s, window = %s, "
               "skew_s = %d, %s" % (
                   self.seed, self.api["api"], self.count, self.updates,
                   self.window, self.skew_s, self.settings)]
        all_ = ([(t, a + " " + repr(o)) for t, a, o in self.steps]
                + [(t, "kill -9") for t in self.kills]
                + [(t, "receiver %d %s %.1f s" % (n, what, seconds))
                   for n, steps in enumerate(self.receiver_steps)
                   for t, what, seconds in steps])
        return "\n".join(out + ["  %.2f s  %s" % x for x in sorted(all_)])


class Lines(TcpReceiver):
    """Keeps apart what came over which connection."""

    def __init__(self):
        self.groups = {}
        super().__init__(rcvbuf=65536)

    def read(self, sock):
        self.reading = self.open[sock]
        super().read(sock)

    def take(self, lines):
        with self.lock:
            # a bytearray of its own for each connection
            self.groups.setdefault(id(self.reading), (self.reading, []))[
                1].extend(lines)
        super().take(lines)

    def split(self):
        with self.lock:
            return [list(g) for _, g in self.groups.values()]

    def trouble(self, what, seconds):
        if what == "pause":
            self.pause()
            time.sleep(seconds)
            self.resume()
        elif what == "restart":
            self.stop(reset=True)
            time.sleep(seconds)
            self.start()
        else:
            getattr(self, what)()


def rows_on_disk(state_dir, destination):
    """(record, last update) of what the forwarder remembers; it may be dead
    or alive."""
    path = os.path.join(state_dir, "state.db")
    if not os.path.exists(path):
        return []
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True, timeout=10)
    try:
        return db.execute(
            "SELECT record, updated FROM memory JOIN lane ON lane.id = lane"
            " WHERE destination = ?", (destination,)).fetchall()
    except sqlite3.OperationalError:    # killed before the tables were made
        return []
    finally:
        db.close()


class Way:
    """A destination: its receiver, and the judge of what comes there."""

    def __init__(self, name, steps, cefwd, checker):
        self.name, self.steps = name, steps
        self.cefwd, self.checker = cefwd, checker
        self.receiver = Lines()
        self.breaks = 0
        self.thread = threading.Thread(target=self.trouble)

    def trouble(self):
        start = time.monotonic()
        for at, what, seconds in self.steps:
            time.sleep(max(0, start + at - time.monotonic()))
            if what != "pause":
                self.disturbed()
                self.breaks += 1
            self.receiver.trouble(what, seconds)

    def disturbed(self):
        self.checker.disturbed(rows_on_disk(self.cefwd.state_dir, self.name))

    def report(self, updates):
        return self.checker.check(self.receiver.split() or [[]], updates)

    def records(self):
        return [x for x in self.receiver.lines() if b"|cefwd|" not in x]


class Run:
    """One seed, from start to verdict."""

    def __init__(self, seed, folder, certificates, known):
        self.plan = Schedule(seed, known)
        self.folder, self.certificates = folder, certificates
        self.kills = 0
        self.ways = []
        self.said = ""

    def __call__(self):
        """A report for each destination."""
        plan, api = self.plan, self.plan.api
        place = api["place"]
        with Sim(plan.count if place == "alerts" else 0,
                 os.path.join(self.folder, "sim"), plan.seed,
                 detections=plan.count if place == "siem" else 0,
                 certificates=self.certificates, skew_s=plan.skew_s,
                 records={place: plan.count}) as sim:
            sim.set(**plan.settings)
            os.makedirs(os.path.join(self.folder, "cefwd"))
            cefwd = Cefwd(os.path.join(self.folder, "cefwd"), sim)
            try:
                self.make_ways(sim, cefwd, place)
                self.configure(sim, cefwd, api)
                return self.play(sim, cefwd)
            finally:
                cefwd.close()
                for way in self.ways:
                    way.receiver.stop()

    def make_ways(self, sim, cefwd, place):
        checker = None
        for name, steps in zip(("out", "second"), self.plan.receiver_steps):
            checker = Checker(
                sim.stores[place], sim.ledger, place, lambda text: cefwd.run(
                    "translate", "-m", cefwd.map, stdin=text).lines(),
                like=checker)
            self.ways.append(Way(name, steps, cefwd, checker))

    def configure(self, sim, cefwd, api):
        plan = self.plan
        with open(cefwd.map, "w", encoding="utf-8") as f:
            f.write(map_of(api))
        keys = {"settle": "200ms", "window": plan.window}
        tail = "".join(
            "\n[destination %s]\nurl = tcp://127.0.0.1:%d\nmax-line = 60000\n"
            % (way.name, way.receiver.port)
            + "".join("%s = %s\n" % kv for kv in keys.items())
            for way in self.ways[1:])
        cefwd.configure(
            "tcp://127.0.0.1:%d" % self.ways[0].receiver.port,
            source={"api": api["api"], "updates": plan.updates,
                    "base-url": getattr(sim, api["url"] + "_url")},
            destination=keys, tail=tail)

    def play(self, sim, cefwd):
        plan = self.plan
        service = cefwd.start()
        player = sim.play(plan.steps)
        for way in self.ways:
            way.thread.start()
        start = time.monotonic()
        for at in plan.kills:
            time.sleep(max(0, start + at - time.monotonic()))
            service.kill()
            for way in self.ways:
                way.disturbed()
            self.kills += 1
            service = cefwd.start()
        player.done.wait()
        for way in self.ways:
            way.thread.join()
        sim.set(moves=0)        # else it is never quiet
        with sim.lock:          # what was not met yet is not met now
            sim.clear_faults()
            sim.stores[plan.api["place"]].add(1)
        assert player.error is None, player.error
        reports = self.until_quiet()
        if not all(r.is_good for r in reports):
            self.said = service.said()
            return reports
        status = service.stop()
        assert status == 0, "ended with %d" % status
        return self.nothing_more(cefwd)

    def nothing_more(self, cefwd):
        """All of it is remembered after a whole pass: one more has nothing
        to send."""
        self.once(cefwd)
        before = [len(way.records()) for way in self.ways]
        self.once(cefwd)
        for way, n in zip(self.ways, before):
            more = way.records()[n:]
            assert not more, "sent again by once: %r" % more[:3]
        return [way.report(self.plan.updates) for way in self.ways]

    def once(self, cefwd):
        result = cefwd.once(timeout=QUIET_S)
        assert result.status == 0, result

    def until_quiet(self):
        """Everything demanded has come, and nothing more comes."""
        end = time.monotonic() + QUIET_S
        while True:
            reports = [way.report(self.plan.updates) for way in self.ways]
            if (all(r.is_good for r in reports)
                    or any(r.is_wrong for r in reports)
                    or time.monotonic() > end):
                return reports
            time.sleep(0.3)


COLUMNS = ("seed", "api", "updates", "to", "faults", "breaks", "kills",
           "served", "delivered", "lost", "twice", "may", "verdict")
FORMAT = "%5s %-18s %-8s %2s %6s %6s %5s %6s %9s %5s %5s %5s  %s"
NUMBERS = slice(3, 12)


def run_seed(seed, certificates, known):
    """A row of the table, and words where something is wrong."""
    folder = tempfile.mkdtemp(prefix="cefwd-seed-%d-" % seed)
    run = Run(seed, folder, certificates, known)
    plan = run.plan
    try:
        reports = run()
        words = "\n".join(map(repr, reports))
    except Exception:           # pylint: disable=broad-except
        reports, words = [], traceback.format_exc()
    good = bool(reports) and all(r.is_good for r in reports)

    def total(get):
        return sum(map(get, reports)) if reports else "?"
    out = (seed, plan.api["api"], plan.updates, len(plan.receiver_steps),
           plan.faults, sum(w.breaks for w in run.ways), run.kills,
           total(lambda r: r.served), total(lambda r: r.delivered),
           total(lambda r: len(r.lost)), total(lambda r: r.duplicates),
           total(lambda r: r.allowed), "ok" if good else "NOT OK")
    if good:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        words += "\n%s\n%s\nkept: %s" % (plan.story(), run.said[-3000:],
                                         folder)
    return good, out, words


def known_apis():
    """The APIs that the program under test has."""
    with tempfile.TemporaryDirectory() as folder:
        cefwd = Cefwd(folder)

        def is_known(name):
            with open(cefwd.conf, "w", encoding="ascii") as f:
                f.write("[source a]\napi = %s\n" % name)
            return ("cefwd.conf:2:" not in cefwd.run("check").err)
        return tuple(name for name in APIS if is_known(name))


def main():
    p = argparse.ArgumentParser(description="seeded schedules of faults")
    p.add_argument("--seed", type=int, default=1, help="the first one")
    p.add_argument("--count", type=int, default=1)
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--api", action="append",
                   help="only this one; a seed means another schedule then")
    a = p.parse_args()
    seeds = range(a.seed, a.seed + a.count)
    known = tuple(a.api or known_apis())
    base = tempfile.mkdtemp(prefix="cefwd-certificates-")
    certificates = make_certificates(base)
    bad, totals = [], [0] * len(COLUMNS[NUMBERS])
    print("APIs: " + " ".join(known))
    if len(seeds) == 1:
        print(Schedule(seeds[0], known).story())
    print(FORMAT % COLUMNS, flush=True)
    with concurrent.futures.ProcessPoolExecutor(a.jobs) as pool:
        for good, out, words in pool.map(
                run_seed, seeds, [certificates] * len(seeds),
                [known] * len(seeds)):
            print(FORMAT % out, flush=True)
            if not good:
                bad.append(str(out[0]))
                print(words, flush=True)
            totals = [t + (v if isinstance(v, int) else 0)
                      for t, v in zip(totals, out[NUMBERS])]
    shutil.rmtree(base, ignore_errors=True)
    print(FORMAT % ("all", "%d seeds" % len(seeds), "", *totals,
                    "%d not ok" % len(bad)))
    if bad:
        print("again, one by one: make check-faults COUNT=1 SEED="
              + bad[0] + " (and %s)" % " ".join(bad[1:]) * (len(bad) > 1))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
