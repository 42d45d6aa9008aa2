"""failures of the APIs by name, judged against the ledger

SPDX-License-Identifier: MIT

A row: what goes wrong, and what else than the verdict of the checker it
proves.  The checker proves of each that every alert came, as it was served,
and none twice.
"""
import collections
import re
import time
import urllib.parse

import pytest
from cef import ids
from checker import Checker

LINK = {"having": "skiptoken"}      # a request for any page but the first
ALWAYS = {"times": 10 ** 6}


def at_least(seconds):
    """The second request came no sooner."""
    def look(sim, result):
        first, second = [r["time"] for r in sim.requests(place="alerts")][:2]
        assert second - first >= seconds, result
    return look


def says(*words):
    def look(sim, result):
        for word in words:
            assert word in result.err, result
    return look


def tokens(least, most):
    def look(sim, result):
        n = len(sim.requests(place="token"))
        assert least <= n <= most, n
    return look


def refused(least):
    """The simulation's quota was met, and no call came before its time."""
    def look(sim, result):
        rows = sim.requests(place="alerts")
        assert sum(r["status"] == 429 for r in rows) >= least
        # where one was refused, the next one was not
        pairs = zip(rows, rows[1:])
        assert not any(a["status"] == b["status"] == 429 for a, b in pairs)
    return look


def nothing(sim, result):
    pass


Case = collections.namedtuple("Case", "faults ways look",
                              defaults=((), {}, nothing))
# name: faults (kind, options), the API's ways, what else is to be seen
CASES = {
    # -- 429 and Retry-After (RFC 9110, 10.2.3)
    "429 with a date": Case(
        [("status", {"status": 429, "retry_date": 3})], {}, at_least(1.5)),
    "429 with a date of a server whose clock is ahead": Case(
        [("status", {"status": 429, "retry_date": 3})],
        {"date_offset_s": 7200}, at_least(1.5)),
    "429 with a date of a server whose clock is behind": Case(
        [("status", {"status": 429, "retry_date": 3})],
        {"date_offset_s": -7200}, at_least(1.5)),
    "429 with a date that is past": Case(
        [("status", {"status": 429, "retry_date": -3600})], {},
        at_least(0.7)),
    "429 with what is no time": Case(
        [("status", {"status": 429, "retry_after": "soon"})], {},
        at_least(0.7)),
    "429 with zero seconds, four times": Case(
        [("status", {"status": 429, "retry_after": "0", "times": 4})], {},
        at_least(0.7)),
    "503 with a fraction of a second": Case(
        [("status", {"status": 503, "retry_after": "1.9"})], {},
        at_least(1.7)),
    "a quota that is reached again and again": Case(
        [], {"top_max": 12, "quota": (8, 2)}, refused(1)),
    # -- answers that are not whole
    "206 with a warning, twice": Case(
        [("partial", {"times": 2})], {}, says("part of the data")),
    "206 with a warning on a later page": Case(
        [("partial", {"times": 2, "after": 2})], {}),
    "206 behind a page, of an API that neither counts nor links": Case(
        [("partial", {"having": "skip="})],
        {"count_given": False, "links_given": False, "top_max": 60}),
    "all records of a page, but not its end": Case(
        [("cut", {"last": True})]),
    "JSON without its last bracket, under a proper end": Case(
        [("truncate", {"last": True})]),
    "a reset in the middle of a compressed page": Case(
        [("reset", {"bytes": 30000})]),
    "a reset in the middle of a plain page": Case(
        [("reset", {"bytes": 30000})], {"gzip": False}),
    "a stall, then the end": Case(
        [("stall", {"bytes": 20000, "seconds": 1})]),
    "no byte but the head": Case([("stall", {"bytes": 0, "seconds": 1})]),
    "five bad pages in a row": Case(
        [("cut", {"bytes": 9000}), ("truncate", {"bytes": 9000}),
         ("html", {}), ("status", {"status": 502}), ("drop", {})]),
    # -- answers that are something else
    "a proxy's page, twice": Case(
        [("html", {"times": 2})], {}, says("proxy")),
    "JSON as plain text": Case(
        [("mistype", {"type": "text/plain"})], {}, says("text/plain")),
    "a list where a page should be": Case([("raw", {"body": "[1, 2"})]),
    "nothing at all": Case([("raw", {"body": ""})]),
    "null for the records": Case([("raw", {"body": "{\"value\":null"})]),
    "a page of pages of noise": Case(
        [("raw", {"body": "\x00\xff" * 5000})]),
    # -- links
    "a link to its own page, once": Case([("repeat", {})]),
    "a link to its own page, always": Case([("repeat", ALWAYS)]),
    "a link to its own page, always, of an API that does not count": Case(
        [("repeat", ALWAYS)], {"count_given": False, "top_max": 60}),
    "a link to itself on every last page": Case([("end_repeat", ALWAYS)]),
    "a link to itself on every last page, no count": Case(
        [("end_repeat", ALWAYS)], {"count_given": False}),
    "links in a circle, always": Case([("circle", {**ALWAYS, **LINK})]),
    "a link that is missing, once": Case([("no_link", {})]),
    "410 for every link": Case(
        [("status", {"status": 410, **ALWAYS, **LINK})]),
    "400 for every link": Case(
        [("status", {"status": 400, **ALWAYS, **LINK})]),
    # -- order and time
    "newest first": Case([], {"order_obeyed": False}),
    "newest first, no links": Case(
        [], {"order_obeyed": False, "links_given": False}),
    "by last update": Case(
        [], {"order_obeyed": False, "order": "updated desc"}),
    "in no order, no count": Case(
        [], {"order_obeyed": False, "order": "arbitrary",
             "count_given": False}),
    "no Date": Case([], {"date_offset_s": None}, says("Date")),
    "a Date of another year": Case(
        [], {"date_offset_s": 400 * 86400}, says("Date")),
    # -- tokens
    "the token dies in the middle, three times": Case(
        [("expire", {"after": n}) for n in (1, 3, 5)], {"top_max": 50},
        tokens(4, 4)),
    "the token dies together with the connection": Case(
        [("expire", {"after": 1}), ("drop", {"after": 2})], {},
        tokens(2, 3)),
}


@pytest.fixture
def world(new_sim, new_cefwd, tcp):
    """world(ways): 250 alerts in pages of 100, the program, the judge."""
    def make(ways=None, alerts=250, **source):
        sim = new_sim(alerts)
        sim.set(**{"top_max": 100, **(ways or {})})
        cefwd = new_cefwd(sim).configure(
            "tcp://127.0.0.1:%d" % tcp.port,
            source={"page-size": "100", **source})
        checker = Checker(sim.store, sim.ledger, "alerts", lambda text:
                          cefwd.run("translate", "-m", cefwd.map,
                                    stdin=text).lines())
        return sim, cefwd, checker
    return make


def wait_for(n, tcp, service):
    assert tcp.wait_for(lambda lines: len(ids(lines)) >= n, 60), (
        service.said())


def prove(checker, tcp, updates="changed"):
    report = checker.check(tcp.lines(), updates)
    assert report.is_good, report
    assert report.duplicates == 0, report


@pytest.mark.parametrize("name", list(CASES))
def test_every_alert_comes_once_in_spite_of(world, tcp, name):
    case = CASES[name]
    sim, cefwd, checker = world(case.ways)
    for kind, options in case.faults:
        sim.fault("alerts", kind, **options)
    result = cefwd.once()
    assert result.status == 0, result
    prove(checker, tcp)
    assert not [f for f in sim.faults if f.times < 1000], "never met"
    case.look(sim, result)


def test_a_huge_retry_after_is_an_hour_and_told(world, tcp):
    """Else a header that names next year, by mistake, silences a feed."""
    sim, cefwd, _ = world()
    sim.fault("alerts", "status", status=429, retry_after="86400")
    result = cefwd.once("--timeout", "4s")
    assert result.status == 75, result
    assert "retry_ms=3600000" in result.err, result
    assert len(sim.requests(place="alerts")) == 1
    assert ids(tcp.lines()) == []


# What ends a pass ends neither the service nor the feed.
ENDINGS = {
    "a link to another host": ("foreign", {}),
    "a link that is no URL": ("link", {"link": "/relative"}),
    "a redirect": ("status", {"status": 302,
                              "location": "https://example.com/"}),
    "404": ("status", {"status": 404}),
    "403, then the permission is there": ("status", {"status": 403}),
    "400": ("status", {"status": 400}),
}


@pytest.mark.parametrize("name", list(ENDINGS))
def test_the_service_goes_on_after(world, tcp, name):
    sim, cefwd, checker = world()
    kind, options = ENDINGS[name]
    sim.fault("alerts", kind, **options)
    service = cefwd.start()
    wait_for(250, tcp, service)
    assert service.stop() == 0
    prove(checker, tcp)


def test_an_outage_is_told_when_it_begins_and_when_it_ends(world, tcp):
    sim, cefwd, checker = world()
    sim.fault("alerts", "status", status=503, times=5, retry_after="0")
    service = cefwd.start()
    wait_for(250, tcp, service)
    assert service.stop() == 0
    assert service.said().count("answered 503 ") == 1, service.said()
    assert service.said().count("answers again") == 1, service.said()
    prove(checker, tcp)


# Late: created and updated long ago, seen by the API only now.
@pytest.mark.parametrize("skew_s", [0, -600, 600, 5000])
def test_late_alerts_within_the_overlap_come_whatever_the_clock(
        new_sim, new_cefwd, tcp, skew_s):
    sim = new_sim(20, skew_s=skew_s)
    cefwd = new_cefwd(sim).configure("tcp://127.0.0.1:%d" % tcp.port)
    service = cefwd.start()
    wait_for(20, tcp, service)
    sim.store.add(1)            # the cursor is as late as can be
    wait_for(21, tcp, service)
    with sim.lock:
        for age_s in (1, 60, 800):
            sim.store.add(1, sim.store.clock() - age_s * 10 ** 7)
    wait_for(24, tcp, service)
    assert service.stop() == 0
    assert sorted(ids(tcp.lines())) == sorted(sim.store.ids())


def test_records_that_move_between_pages_are_neither_lost_nor_repeated(
        world, tcp):
    # within the calls of a minute
    sim, cefwd, checker = world({"top_max": 30, "moves": 1,
                                 "order_obeyed": False,
                                 "order": "updated desc"},
                                alerts=150, updates="first")
    result = cefwd.once()
    assert result.status == 0, result
    prove(checker, tcp, "first")


def test_records_that_vanish_while_they_are_paged_take_none_along(
        world, tcp):
    sim, cefwd, checker = world({"top_max": 10, "page_delay_s": 0.05})
    service = cefwd.start()
    for _ in range(20):
        time.sleep(0.05)
        with sim.lock:
            sim.store.remove(sim.store.records[0].id)
    assert tcp.wait_for(lambda lines: sim.store.ids() <= set(ids(lines)), 60)
    assert service.stop() == 0
    report = checker.check(tcp.lines(), is_ordered=False)
    assert not report.lost and not report.repeated, report


def test_alerts_of_one_moment_at_the_edge_of_a_pass_all_come(world, tcp):
    """Last update = the cursor: some are there when the pass ends, some
    come later with the very same time."""
    sim, cefwd, checker = world(alerts=5, overlap="1s")
    with sim.lock:
        at = sim.store.clock()
        sim.store.add(3, at, at)
    assert cefwd.once().status == 0
    with sim.lock:
        sim.store.add(3, at, at)
        sim.store.update(sim.store.records[0].id, at, status="changed")
    assert cefwd.once().status == 0
    assert cefwd.once().status == 0
    prove(checker, tcp)
    assert len(ids(tcp.lines())) == 5 + 3 + 3 + 1


def test_a_restart_goes_on_with_the_slice_that_was_under_way(world, tcp):
    sim, cefwd, checker = world({"links_given": False, "top_max": 20,
                                 "page_delay_s": 0.02})
    service = cefwd.start()
    wait_for(120, tcp, service)
    end = time.monotonic() + 60
    edge = ""
    while not edge:
        assert time.monotonic() < end, service.said()
        edge = cefwd.sql("SELECT created_done FROM pass").strip()
    service.kill()
    # the slices of records that are months old had been read by then
    edge = cefwd.sql("SELECT created_done FROM pass").strip()
    assert cefwd.once().status == 0
    rows = sim.requests()
    # what was under way at the kill may stand there late
    n = max(k for k, r in enumerate(rows) if r.get("place") == "token")
    query = urllib.parse.unquote(rows[n + 1]["query"])
    begin = re.search(r"createdDateTime ge (\S+)Z", query).group(1)
    assert begin.rstrip("0.") == edge.rstrip("Z").rstrip("0.")
    report = checker.check(tcp.lines(), is_ordered=False)
    assert not report.lost and not report.altered, report
