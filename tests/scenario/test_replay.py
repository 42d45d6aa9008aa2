"""once --since --until: a window is sent again, exactly it

SPDX-License-Identifier: MIT
"""
import os

import pytest
from alerts import TICKS, stamp
from cef import ids
from checker import Checker, still

MINUTE = 60 * TICKS


@pytest.fixture
def store(sim):
    """An alert each minute of an hour, two of them at the full minute 30."""
    with sim.lock:
        store = sim.store
        for ident in list(store.by_id):
            store.remove(ident)
        base = (store.now // MINUTE - 120) * MINUTE
        for n in range(60):
            store.add(1, base + n * MINUTE)
        store.add(1, base - 40 * 86400 * TICKS, base + 30 * MINUTE)
    store.base = base
    return store


def wanted(store, since, until):
    return sorted(r.id for r in store.records
                  if since <= r.updated < until)


def window(store, since, until):
    """In minutes, and ticks beside them."""
    return (store.base + since[0] * MINUTE + since[1],
            store.base + until[0] * MINUTE + until[1])


# Borders: the first moment is in, the last is not.
WINDOWS = {
    "ten minutes": ((10, 0), (20, 0)),
    "a border between two": ((10, 1), (20, 1)),
    "one tick": ((30, 0), (30, 1)),
    "up to the tick before": ((29, 1), (30, 0)),
    "from the tick behind": ((30, 1), (31, 0)),
    "all": ((-1, 0), (61, 0)),
    "nothing": ((70, 0), (80, 0)),
}


@pytest.mark.parametrize("ways", [{}, {"top_max": 7, "order_obeyed": False},
                                  {"links_given": False, "top_max": 7}],
                         ids=["plain", "small pages", "no links"])
@pytest.mark.parametrize("name", list(WINDOWS))
def test_exactly_the_window_is_sent(sim, cefwd, tcp, store, name, ways):
    since, until = window(store, *WINDOWS[name])
    sim.set(**ways)
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = cefwd.once("--since", stamp(since), "--until", stamp(until))
    assert result.status == 0, result
    assert sorted(ids(tcp.lines())) == wanted(store, since, until)
    assert not os.path.exists(os.path.join(cefwd.state_dir, "state.db"))


def test_each_replay_sends_the_same_lines(sim, cefwd, tcp, store):
    since, until = window(store, (5, 0), (55, 0))
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    assert cefwd.once().status == 0
    before = cefwd.sql(".dump")
    rounds = []
    for _ in range(3):
        tcp.clear()
        result = cefwd.once("--since", stamp(since), "--until", stamp(until))
        assert result.status == 0, result
        checker = Checker(sim.store, sim.ledger, "alerts", lambda text:
                          cefwd.run("translate", "-m", cefwd.map,
                                    stdin=text).lines())
        report = checker.check(tcp.lines())
        assert not (report.invented or report.altered or report.repeated)
        rounds.append([still(x[x.index(b"CEF:"):]) for x in tcp.lines()
                       if b"|cefwd|" not in x])
    assert len(rounds[0]) == 51
    assert rounds[0] == rounds[1] == rounds[2]
    assert cefwd.sql(".dump") == before


FAULTS = {
    "an outage": ("status", {"status": 503, "times": 2}),
    "a reset in the body": ("reset", {"bytes": 20000}),
    "a token that dies": ("expire", {}),
    "a part that is missing": ("partial", {}),
}


@pytest.mark.parametrize("name", list(FAULTS))
def test_a_window_is_whole_in_spite_of(sim, cefwd, tcp, store, name):
    since, until = window(store, (0, 0), (60, 0))
    kind, options = FAULTS[name]
    sim.fault("alerts", kind, **options)
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = cefwd.once("--since", stamp(since), "--until", stamp(until))
    assert result.status == 0, result
    assert sorted(ids(tcp.lines())) == wanted(store, since, until)


def test_a_window_that_cannot_be_fetched_whole_is_no_success(
        sim, cefwd, tcp, store):
    since, until = window(store, (0, 0), (60, 0))
    sim.fault("alerts", "status", status=503, times=1000)
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = cefwd.once("--since", stamp(since), "--until", stamp(until),
                        "--timeout", "3s")
    assert result.status == 75, result


def test_a_window_can_be_sent_beside_the_running_service(
        sim, cefwd, tcp, store):
    since, until = window(store, (10, 0), (20, 0))
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    service = cefwd.start()
    assert tcp.wait_for(lambda lines: len(ids(lines)) >= 61), service.said()
    result = cefwd.once("--since", stamp(since), "--until", stamp(until))
    assert result.status == 0, result
    assert len(ids(tcp.lines())) == 61 + 10
    sim.store.add(1)            # and the service goes on as before
    assert tcp.wait_for(lambda lines: len(ids(lines)) >= 72), service.said()
    assert service.stop() == 0
    assert len(ids(tcp.lines())) == 72


def test_a_gap_of_a_week_is_closed_slice_by_slice(new_sim, new_cefwd, tcp):
    """600 alerts that nobody fetched for days, then the service again."""
    sim = new_sim(600, span_s=7 * 86400)
    sim.set(top_max=50, links_given=False)
    cefwd = new_cefwd(sim).configure(
        "tcp://127.0.0.1:%d" % tcp.port, source={"start": "8d"})
    result = cefwd.once()
    assert result.status == 0, result
    assert sorted(ids(tcp.lines())) == sorted(sim.store.ids())
