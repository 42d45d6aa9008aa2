"""cefwd run: the service, its signals, its lock, its updates

SPDX-License-Identifier: MIT
"""
import signal
import subprocess
import time

import pytest
from cef import events, ids
from runner import TIMEOUT


def wait_ids(receiver, want, timeout=30):
    return receiver.wait_for(
        lambda lines: set(want) <= set(ids(lines)), timeout)


def settle_down(service, sim, passes=2):
    """Until so many further passes have been asked for."""
    have = len(sim.requests(place="alerts"))
    end = time.monotonic() + 30
    while len(sim.requests(place="alerts")) < have + passes:
        assert time.monotonic() < end, service.said()
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_new_alerts_come_with_the_next_poll_and_a_signal_ends_with_0(
        sim, cefwd, tcp, number):
    service = cefwd.configure("tcp://127.0.0.1:%d" % tcp.port).start()
    assert wait_ids(tcp, sim.store.ids()), service.said()
    with sim.lock:
        new = sim.store.add(5)
    assert wait_ids(tcp, new), service.said()
    assert service.stop(number) == 0
    got = ids(tcp.lines())
    assert sorted(got) == sorted(sim.store.ids())


def test_after_a_restart_nothing_is_sent_again(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    service = cefwd.start()
    assert wait_ids(tcp, sim.store.ids()), service.said()
    assert service.stop() == 0
    tcp.clear()
    service = cefwd.start()
    settle_down(service, sim)
    assert service.stop() == 0
    assert ids(tcp.lines()) == []


@pytest.mark.parametrize("updates, touched, changed", [
    ("first", 1, 1), ("changed", 1, 2), ("all", 2, 2)])
def test_updates_decides_what_is_sent_again(
        sim, cefwd, tcp, updates, touched, changed):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    source={"updates": updates})
    assert cefwd.once().status == 0
    one, other = sim.store.records[0].id, sim.store.records[1].id
    with sim.lock:
        # the time moves; "end!" of the map moves with it, and no more
        sim.store.update(one)
        sim.store.update(other, status="a-new-status")
    result = cefwd.once()
    assert result.status == 0, result
    got = ids(tcp.lines())
    assert got.count(one) == touched
    assert got.count(other) == changed
    assert len(got) == len(sim.store.ids()) + touched + changed - 2
    again = [e.ext["cs1"] for e in events(tcp.lines()) if e.id == other]
    assert again[-1] == ("a-new-status" if changed == 2 else again[0])


def test_a_second_forwarder_is_refused_and_told_who_holds(sim, cefwd, tcp):
    service = cefwd.configure("tcp://127.0.0.1:%d" % tcp.port).start()
    assert wait_ids(tcp, sim.store.ids()), service.said()
    for command in ("run", "once"):
        result = cefwd.run(command)
        assert result.status == 75, result
        assert str(service.process.pid) in result.err
    # all other commands work beside it
    result = cefwd.once("--since", "24h", "--dry-run")
    assert result.status == 0, result
    result = cefwd.run("check")
    assert result.status == 0, result
    assert service.stop() == 0


def test_a_sigterm_waits_for_what_was_sent_to_settle(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    destination={"settle": "1s"})
    service = cefwd.start()
    assert wait_ids(tcp, sim.store.ids()), service.said()
    assert service.stop() == 0
    tcp.clear()
    assert cefwd.once().status == 0
    assert ids(tcp.lines()) == []


def test_without_standard_files_nothing_else_takes_their_place(
        sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    p = subprocess.run(["sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh",
                        *cefwd.command("once", "-v")],
                       env=cefwd.env(), timeout=TIMEOUT, check=False)
    assert p.returncode == 0
    assert sorted(ids(tcp.lines())) == sorted(sim.store.ids())


def test_a_sigterm_during_an_outage_still_ends_in_time(sim, cefwd, tcp):
    port = tcp.port
    tcp.stop()
    cefwd.configure("tcp://127.0.0.1:%d" % port, top={"stop-timeout": "1s"})
    service = cefwd.start()
    settle_down(service, sim, 1)
    start = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - start < 5


def test_a_receiver_that_comes_and_goes_does_not_fill_the_log(
        sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    destination={"settle": "100ms"})
    service = cefwd.start()
    for n in range(1, 5):
        assert tcp.wait_connection(n), service.said()
        with sim.lock:
            new = sim.store.add(2)
        assert wait_ids(tcp, new), service.said()
        tcp.finish()
    assert tcp.wait_connection(5), service.said()
    assert service.stop() == 0
    said = service.said()
    assert said.count("the receiver closed it") == 1, said
    assert said.count(": back ") == 1, said
    assert set(ids(tcp.lines())) == sim.store.ids()
