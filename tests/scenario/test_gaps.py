"""what the API cannot give is told, tried again, and closed

SPDX-License-Identifier: MIT
"""
import json
import os
import sqlite3
import time

import pytest
from cef import ids
from runner import TIMEOUT
from test_health import counts, of, wait_told


@pytest.fixture
def broken(sim, cefwd, tcp):
    """A tenant with more alerts in one second than the API hands out, and a
    forwarder that has met it."""
    with sim.lock:
        made = sim.store.add(25, created=sim.store.clock() - 36000000000)
    sim.set(links_given=False, top_max=10, skip_max=0)
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    source={"page-size": "10", "start": "3d"})
    result = cefwd.once()
    assert result.status == 0, result
    assert "could not be read" in result.err
    return made


def due(cefwd):
    """As if the gaps had been found an hour ago."""
    with sqlite3.connect(os.path.join(cefwd.state_dir, "state.db")) as db:
        db.execute("UPDATE gap SET since = strftime("
                   "'%Y-%m-%dT%H:%M:%f0000Z', 'now', '-1 hour')")


def lane(cefwd):
    """The one lane of the status, as soon as there is one."""
    end = time.monotonic() + TIMEOUT
    while (result := cefwd.run("status", "--json")).status != 0:
        assert time.monotonic() < end, result
        time.sleep(0.05)
    return json.loads(result.out)["lanes"][0]


def test_a_gap_is_told_and_the_rest_goes_on(sim, cefwd, tcp, broken):
    told = of(tcp.told(), "gap")
    assert len(told) == 1
    assert told[0].ext["reason"] and told[0].ext["cs1"] == "sim"
    start, end = int(told[0].ext["start"]), int(told[0].ext["end"])
    assert 0 < end - start <= 2000
    got = set(ids(tcp.lines()))
    assert got >= sim.store.ids() - set(broken) and got < sim.store.ids()
    # the overlap meets it again, and says nothing new
    assert cefwd.once().status == 0
    assert len(of(tcp.told(), "gap")) == 1
    assert cefwd.sql("SELECT count(*) FROM gap").strip() == "1"


def test_status_shows_a_gap_until_it_is_closed(sim, cefwd, tcp, broken):
    service = cefwd.start()
    started = wait_told(service, tcp, "started")
    assert counts(started)["gaps"] == 1
    shown = lane(cefwd)
    assert shown["gaps"] == 1 and len(shown["gap_list"]) == 1
    assert shown["gap_list"][0]["reason"]
    assert service.stop() == 0
    sim.set(links_given=True, skip_max=None)
    due(cefwd)
    service = cefwd.start()
    closed = wait_told(service, tcp, "gap-closed")
    assert counts(closed)["gaps"] == 0 and counts(closed)["seconds"] >= 3600
    assert closed.ext["start"] == of(tcp.told(), "gap")[0].ext["start"]
    assert tcp.wait_for(lambda lines: set(ids(lines)) == sim.store.ids())
    assert len(ids(tcp.lines())) == len(sim.store.ids())
    assert lane(cefwd)["gaps"] == 0
    assert service.stop() == 0
    assert cefwd.sql("SELECT count(*) FROM gap").strip() == "0"


def test_a_gap_that_stays_is_counted_and_does_not_stop_the_feed(
        sim, cefwd, tcp, broken):
    due(cefwd)
    service = cefwd.start()
    end = time.monotonic() + TIMEOUT
    while not lane(cefwd)["gap_list"][0]["tries"]:
        assert time.monotonic() < end, service.said()
        time.sleep(0.05)
    assert lane(cefwd)["gap_list"][0]["tried"]
    with sim.lock:
        new = sim.store.add(2)
    assert tcp.wait_for(lambda lines: set(new) <= set(ids(lines)))
    assert of(tcp.told(), "source-unreachable") == []
    assert service.stop() == 0
    assert len(of(tcp.told(), "gap")) == 1


def test_once_closes_what_is_due(sim, cefwd, tcp, broken):
    sim.set(links_given=True, skip_max=None)
    due(cefwd)
    result = cefwd.once()
    assert result.status == 0, result
    assert len(of(tcp.told(), "gap-closed")) == 1
    assert set(ids(tcp.lines())) == sim.store.ids()
    assert cefwd.sql("SELECT count(*) FROM gap").strip() == "0"


def test_a_gap_survives_a_kill_while_it_is_closed(sim, cefwd, tcp, broken):
    """Its alerts have come, but have not settled."""
    sim.set(links_given=True, skip_max=None)
    due(cefwd)
    tcp.pause()
    service = cefwd.start()
    end = time.monotonic() + TIMEOUT
    while lane(cefwd)["lines"]["held"] == 0:
        assert time.monotonic() < end, service.said()
        time.sleep(0.05)
    service.kill()
    tcp.reset()
    tcp.resume()
    assert cefwd.sql("SELECT count(*) FROM gap").strip() == "1"
    due(cefwd)
    assert cefwd.once().status == 0
    assert set(ids(tcp.lines())) == sim.store.ids()
    assert cefwd.sql("SELECT count(*) FROM gap").strip() == "0"
