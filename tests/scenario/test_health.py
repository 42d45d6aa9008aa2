"""cefwd tells how it does by CEF events of its own

SPDX-License-Identifier: MIT
"""
import os
import re
import sqlite3

import pytest
from cef import events, ids
from runner import SRCDIR, TIMEOUT
from receiver import TcpReceiver


def of(lines, name):
    """cefwd's own events of that class."""
    return [e for e in events(lines) if e.class_id == "cefwd:" + name]


def wait_told(service, receiver, name, n=1, **ext):
    def have(lines):
        return len([e for e in of(lines, name)
                    if all(e.ext.get(k) == v for k, v in ext.items())]) >= n
    assert receiver.wait_told(have, TIMEOUT), "no %s\n%s\n%s" % (
        name, receiver.told(), service.said())
    return of(receiver.told(), name)[-1]


def counts(event):
    """cn1 to cn3, flexNumber1 and 2 by their labels."""
    return {event.ext[key + "Label"]: int(event.ext[key])
            for key in ("cn1", "cn2", "cn3", "flexNumber1", "flexNumber2")
            if key in event.ext}


@pytest.fixture
def service(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    top={"heartbeat": "1s"})
    return cefwd.start()


def test_start_heartbeat_and_stop_are_told(sim, tcp, service):
    assert tcp.wait(len(sim.store.ids())), service.said()
    started = wait_told(service, tcp, "started")
    assert (started.vendor, started.product) == ("cefwd", "cefwd")
    assert started.ext["cs4"] == "agent:030"
    assert started.ext["dvcpid"] == str(service.process.pid)
    assert counts(started) == {"sources": 1, "destinations": 1, "gaps": 0}
    assert started.id is None
    assert service.stop() == 0
    stopping = of(tcp.told(), "stopping")
    assert len(stopping) == 1 and "lines held" in counts(stopping[0])
    assert len(of(tcp.told(), "started")) == 1
    assert events(tcp.told())[-1].class_id == "cefwd:stopping"


def test_heartbeats_count_what_was_served_against_what_settled(
        sim, tcp, service):
    n = len(sim.store.ids())

    def settled(lines):
        return sum(counts(e)["settled"] for e in of(lines, "heartbeat")) >= n
    assert tcp.wait_told(settled, TIMEOUT), service.said()
    with sim.lock:
        sim.store.add(4)
    n += 4
    assert tcp.wait_told(settled, TIMEOUT), service.said()
    beats = [counts(e) for e in of(tcp.told(), "heartbeat")]
    assert sum(b["settled"] for b in beats) == n == len(ids(tcp.lines()))
    for b in beats:
        assert b["served"] == b["settled"] + b["sent before"], beats
        assert b["gaps"] == 0
    # before the first window has closed it is the time since "start"
    assert beats[-1]["lag seconds"] < TIMEOUT
    last = of(tcp.told(), "heartbeat")[-1]
    assert last.ext["cs1"] == "sim" and last.ext["cs3"] == "out"
    assert service.stop() == 0


def test_a_source_that_fails_is_told_with_its_reason_and_its_return(
        sim, tcp, service):
    assert tcp.wait(len(sim.store.ids())), service.said()
    sim.fault("alerts", "status", status=503, times=100000)
    ill = wait_told(service, tcp, "source-unreachable")
    assert "503" in ill.ext["reason"] and ill.ext["cs1"] == "sim"
    sim.clear_faults()
    well = wait_told(service, tcp, "source-recovered")
    assert counts(well)["seconds"] >= 5
    sim.fault("alerts", "status", status=403, times=100000)
    refused = wait_told(service, tcp, "source-refused")
    assert "403" in refused.ext["reason"]
    assert int(refused.severity) > int(ill.severity)
    sim.clear_faults()
    wait_told(service, tcp, "source-recovered", 2)
    assert service.stop() == 0
    assert len(of(tcp.told(), "source-unreachable")) == 1
    assert len(of(tcp.told(), "source-refused")) == 1


def test_a_secret_that_has_ended_is_told_as_that(sim, tcp, service):
    assert tcp.wait(len(sim.store.ids())), service.said()
    sim.fault("token", "status", status=401, times=100000,
              body='{"error":"invalid_client","error_description":'
              '"AADSTS7000222: ended","error_codes":[7000222]}')
    sim.entra.expire_tokens()
    ended = wait_told(service, tcp, "secret-ending")
    assert "AADSTS7000222" in ended.ext["reason"]
    sim.clear_faults()
    os.utime(sim.secret_file, (1, 1))       # as if there were a new one
    wait_told(service, tcp, "source-recovered")
    assert of(tcp.told(), "source-refused") == []
    assert service.stop() == 0


def test_a_state_that_cannot_be_written_is_told(sim, cefwd, tcp, service):
    assert tcp.wait(len(sim.store.ids())), service.said()
    with sqlite3.connect(os.path.join(cefwd.state_dir, "state.db"),
                         isolation_level=None) as db:
        db.execute("BEGIN IMMEDIATE")
        with sim.lock:
            sim.store.add(1)
        ill = wait_told(service, tcp, "state-unwritable")
        assert ill.ext["reason"] and "cs1" not in ill.ext
        db.execute("ROLLBACK")
    wait_told(service, tcp, "state-writable")
    assert service.stop() == 0


def test_a_destination_that_is_away_is_told_here_and_elsewhere(
        sim, cefwd, tcp):
    with TcpReceiver() as other:
        cefwd.configure(
            "tcp://127.0.0.1:%d" % tcp.port,
            tail="\n[destination other]\nurl = tcp://127.0.0.1:%d\n"
            "settle = 300ms\nmax-line = 60000\n" % other.port)
        service = cefwd.start()
        assert tcp.wait(len(sim.store.ids())), service.said()
        assert other.wait(len(sim.store.ids())), service.said()
        other.stop()
        with sim.lock:
            sim.store.add(3)
        away = wait_told(service, tcp, "destination-away", cs3="other")
        assert away.ext["reason"] and away.ext["cs4"] == "agent:019"
        other.start()
        wait_told(service, tcp, "destination-back", cs3="other")
        drained = wait_told(service, tcp, "drained", cs3="other")
        assert counts(drained)["lines"] >= 3
        assert other.wait_for(
            lambda lines: set(ids(lines)) == sim.store.ids())
        # it hears of it itself, ahead of what it missed
        wait_told(service, other, "destination-away", cs3="other")
        assert service.stop() == 0


def test_an_alert_that_cannot_be_read_is_told_with_its_place(
        sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    sim.fault("alerts", "element", element='{"id": NaN}', at=3, times=1)
    result = cefwd.once()
    assert result.status == 0, result
    event, = of(tcp.told(), "unparsable")
    assert "record 4" in event.ext["msg"] and event.ext["reason"]
    assert set(ids(tcp.lines())) == sim.store.ids()
    # one pass has neither start nor heartbeat
    assert len(tcp.told()) == 1


def test_the_manual_has_every_event_as_the_program_has_it():
    with open(os.path.join(SRCDIR, "src", "lane", "health.c"),
              encoding="utf-8") as f:
        rows = re.findall(
            r'\{ "cefwd:([a-z-]+)",\s*"[^"]*",\s*(\d+),\s*(?:"([a-z0-9:]+)"|'
            r'NULL)', f.read())
    with open(os.path.join(SRCDIR, "man", "cefwd.8"),
              encoding="utf-8") as f:
        told = re.findall(r"^\.It Li ([a-z-]+) Ta (\d+) Ta "
                          r"(?:(agent:\d+)|\\&) Ta \S", f.read(), re.M)
    assert len(rows) > 20
    assert told == rows
