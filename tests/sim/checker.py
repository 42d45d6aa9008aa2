"""checker.py - what was served against what was received

SPDX-License-Identifier: MIT

    checker = Checker(store, ledger, place, translate)
    checker.disturbed(rows)     # at every kill and break: what was on disk
    report = checker.check(lines, "changed")
    report.lost, report.invented, report.altered, report.repeated, ...

translate(JSON lines as bytes) gives the CEF lines that the program makes of
them with the map in force ("cefwd translate"): what is received is compared
with that, byte for byte behind the syslog header.

What is demanded, of every record that the store holds at the end:
    first    one line of any of its versions that was served
    changed  its last line is that of its last version, but for what moves
             with every update (the "!" fields: "end" in the maps of the tests)
    all      the same, "end" included
A version between two that was never seen by a pass, or was overtaken while a
crash was mended, is allowed and not demanded.

What may come twice (DESIGN, promises 1, 3 and 4): a line that had not settled
or whose row was not written when the forwarder was killed or its connection
broke, once more for each time.  All else is repeated without a cause.
"""
import collections
import json
import re
import time

CEF = re.compile(rb"CEF:\d\|")
OWN = re.compile(rb"CEF:\d\|cefwd\|cefwd\|")
MOVES = re.compile(rb" end=\d+")
MARK = "mark-between-records"


def body(line):
    """A received line without its syslog header."""
    m = CEF.search(line)
    return line[m.start():] if m else line


def still(line):
    """Without what moves with every update."""
    return MOVES.sub(b"", line, count=1)


class Report:
    def __init__(self):
        self.records = 0        # that the store holds
        self.served = 0         # versions
        self.delivered = 0      # lines of records
        self.own = 0            # lines of cefwd's own
        self.lost = []          # ids, and why
        self.invented = []      # lines that nothing served makes
        self.altered = []       # lines of a known id, but not as it was
        self.disordered = []    # lines against the order of the pages
        self.duplicates = 0     # lines that no policy asked for again
        self.allowed = 0        # so many might have been
        self.repeated = []      # lines that came more often than allowed

    @property
    def is_good(self):
        return not (self.lost or self.is_wrong)

    @property
    def is_wrong(self):
        """What patience does not mend."""
        return bool(self.invented or self.altered or self.disordered
                    or self.repeated)

    def __repr__(self):
        out = ("records=%d served=%d delivered=%d duplicates=%d of %d "
               "lost=%d invented=%d altered=%d disordered=%d repeated=%d" % (
                   self.records, self.served, self.delivered,
                   self.duplicates, self.allowed, len(self.lost),
                   len(self.invented), len(self.altered),
                   len(self.disordered), len(self.repeated)))
        for name in ("lost", "invented", "altered", "disordered", "repeated"):
            for item in getattr(self, name)[:3]:
                out += "\n  %s: %.600s" % (name, item)
        return out


class Checker:
    """One way from an API to a receiver; more of the same feed may share
    what it has had translated: like=."""

    def __init__(self, store, ledger, place, translate, tenant=None,
                 like=None):
        self.store, self.place, self.tenant = store, place, tenant
        self.ledger, self.translate = ledger, translate
        # (id, version) -> its lines
        self.made = {} if like is None else like.made
        self.disturbances = []  # (time, {id: [update times of its rows]})

    def disturbed(self, rows):
        """The forwarder was killed, or its connection is about to break.
        rows: (record, last update in ticks) of the memory on disk."""
        held = collections.defaultdict(list)
        for ident, updated in rows:
            held[ident].append(updated)
        self.disturbances.append((time.time(), held))

    def learn(self):
        """Have what is new translated, all in one go."""
        new = [r for r in self.store.versions()
               if (r.id, r.version) not in self.made]
        if not new:
            return
        text = b"".join(
            r.json() + b"\n" + json.dumps(mark(self.place)).encode() + b"\n"
            for r in new)
        lines, at = self.translate(text), 0
        for r in new:
            mine = []
            while MARK.encode() not in lines[at]:
                mine.append(lines[at])
                at += 1
            at += 1
            self.made[r.id, r.version] = mine
        assert at == len(lines), "translate wrote lines of nothing"

    def answers(self):
        return self.ledger.answered(self.place, self.tenant)

    def check(self, lines, updates="changed", is_ordered=True):
        """lines: as received, or a list of them for each connection."""
        self.learn()
        groups = lines if lines and isinstance(lines[0], list) else [lines]
        report = Report()
        report.records = len(self.store.records)
        answers = self.answers()
        served = {r for a in answers for r in a.records}
        report.served = len(served)
        groups = [[body(x) for x in g] for g in groups]
        report.own = sum(1 for g in groups for x in g if OWN.match(x))
        groups = [[x for x in g if not OWN.match(x)] for g in groups]
        flat = [x for g in groups for x in g]
        report.delivered = len(flat)
        self.find_invented(report, flat, served)
        self.find_lost(report, flat, updates)
        self.find_repeated(report, flat, answers, updates)
        if is_ordered:
            for group in groups:
                self.find_disorder(report, group, answers)
        return report

    def find_invented(self, report, flat, served):
        known = {x for r in served for x in self.made.get(r, ())}
        ids = [r.id.encode() for r in self.store.versions()]
        for line in set(flat) - known:
            near = any(b"externalId=" + i in line for i in ids)
            (report.altered if near else report.invented).append(line)

    def find_lost(self, report, flat, updates):
        last = {x: n for n, x in enumerate(flat)}
        as_it_moves = {}
        for n, x in enumerate(flat):
            as_it_moves[still(x)] = n
        versions = collections.defaultdict(list)
        for r in self.store.versions():
            versions[r.id].append(r.version)
        for r in self.store.records:
            if updates == "first":
                if not any(all(x in last for x in self.made[r.id, v])
                           for v in versions[r.id]):
                    report.lost.append("%s: no version came" % r.id)
                continue
            where = last if updates == "all" else as_it_moves
            for x in self.made[r.id, r.version]:
                x = x if updates == "all" else still(x)
                if x not in where:
                    report.lost.append("%s: version %d did not come"
                                       % (r.id, r.version))
                    break
        if updates != "first":
            self.find_overtaken(report, flat, versions)

    def find_overtaken(self, report, flat, versions):
        """An older version must not come last."""
        last = {still(x): n for n, x in enumerate(flat)}
        for r in self.store.records:
            mine = [still(x) for x in self.made[r.id, r.version]]
            for v in versions[r.id]:
                theirs = [still(x) for x in self.made[r.id, v]]
                for x, y in zip(mine, theirs):
                    if (len(mine) == len(theirs) and x != y and x in last
                            and last.get(y, -1) > last[x]):
                        report.lost.append(
                            "%s: version %d came after version %d"
                            % (r.id, v, r.version))

    def find_repeated(self, report, flat, answers, updates):
        """Lines are counted by what the policy tells apart."""
        first_served = {}
        for a in answers:
            for r in a.records:
                first_served.setdefault(r, a.time)
        versions = collections.defaultdict(list)
        for r in self.store.versions():
            if (r.id, r.version) in first_served:
                versions[r.id].append(r)
        came = collections.Counter(flat)
        for mine in versions.values():
            mine.sort(key=lambda r: r.version)
            for group, lines, legal in self.sendings(mine, updates):
                since = min(first_served[r.id, r.version] for r in group)
                more = sum(1 for at, held in self.disturbances if at >= since
                           and not self.is_on_disk(held, group, updates))
                report.allowed += more
                n = sum(came[x] for x in lines)
                report.duplicates += max(0, n - legal)
                if n > legal + more:
                    report.repeated.append(
                        "%s: %d times, allowed %d + %d: %r" % (
                            mine[0].id, n, legal, more, next(iter(lines))))

    def sendings(self, mine, updates):
        """Of the versions of a record: those that are one sending, their
        lines, and how often it is one."""
        for k in range(len(self.made[mine[0].id, mine[0].version])):
            def line(r, k=k):
                made = self.made[r.id, r.version]
                return made[k] if k < len(made) else None
            if updates == "first":
                yield mine, {line(r) for r in mine}, 1
                continue
            alike = still if updates == "changed" else bytes
            groups, runs, before = {}, collections.Counter(), None
            for r in mine:
                x = line(r)
                if x is None:
                    continue
                groups.setdefault(alike(x), []).append(r)
                # there, back and there again: sent each time
                if updates == "all" or alike(x) != before:
                    runs[alike(x)] += 1
                before = alike(x)
            for x, group in groups.items():
                yield group, {line(r) for r in group}, runs[x]

    def is_on_disk(self, held, group, updates):
        """All rows of the record say that this was sent."""
        rows = held.get(group[0].id, ())
        if len(rows) < len(self.made[group[0].id, group[0].version]):
            return False
        return updates == "first" or min(rows) >= min(
            r.updated for r in group)

    def find_disorder(self, report, group, answers):
        """What one connection brought must be a part of what was served, in
        its order."""
        left = collections.Counter(group)
        want = iter(group)
        line = next(want, None)
        for a in answers:
            for r in a.records:
                for x in self.made.get(r, ()):
                    if x == line:
                        left[line] -= 1
                        line = next(want, None)
        if line is not None:
            report.disordered.append(line)


def mark(place):
    """A record that yields one known line and no other."""
    return {"id": MARK, "AlertId": MARK, "incidentId": MARK, "alerts": [],
            "place": place}
