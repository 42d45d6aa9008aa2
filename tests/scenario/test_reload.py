"""SIGHUP: the files are read again, all of it holds or none

SPDX-License-Identifier: MIT
"""
import os
import re
import signal

import pytest
from cef import events, ids
from receiver import TcpReceiver
from runner import MAP

TAKEN = "read again and is in force"
REFUSED = "the old one stays in force"


class Reloads:
    def __init__(self, service):
        self.service = service

    def count(self, text):
        return self.service.said().count(text)

    def ask(self, text=TAKEN):
        n = self.count(text)
        self.service.process.send_signal(signal.SIGHUP)
        self.service.wait_for("not told: " + text,
                 lambda: self.count(text) > n)


def arrived(receiver, wanted):
    return lambda: set(wanted) <= set(ids(receiver.lines()))


@pytest.fixture
def other():
    receiver = TcpReceiver()
    yield receiver
    receiver.stop()


def url(receiver):
    return "tcp://127.0.0.1:%d" % receiver.port


def second(receiver, name="second", settle="300ms"):
    return "\n[destination %s]\nurl = %s\nsettle = %s\n" % (
        name, url(receiver), settle)


def add(sim, n):
    with sim.lock:
        return sim.store.add(n)


def test_what_has_not_changed_does_not_reconnect(sim, cefwd, tcp, other):
    cefwd.configure(url(tcp))
    service = cefwd.start()
    reloads = Reloads(service)
    service.wait_for("nothing came", arrived(tcp, sim.store.ids()))
    reloads.ask()
    # a destination more, one less, another one in its place
    cefwd.configure(url(tcp), tail=second(other))
    reloads.ask()
    service.wait_for("the new one got nothing",
                     arrived(other, sim.store.ids()))
    cefwd.configure(url(tcp), source={"poll-interval": "2s"})
    reloads.ask()
    cefwd.configure(url(tcp), tail=second(other, settle="200ms"))
    reloads.ask()
    new = add(sim, 5)
    service.wait_for("new ones", arrived(tcp, new))
    service.wait_for("new ones", arrived(other, new))
    assert tcp.connections == 1, service.said()
    got = ids(tcp.lines())
    assert sorted(got) == sorted(sim.store.ids()), "sent twice"
    assert cefwd.document()["reload"]["taken"] == 4
    assert service.stop() == 0


def test_a_destination_that_moved_gets_what_is_new(sim, cefwd, tcp, other):
    service = cefwd.configure(url(tcp)).start()
    reloads = Reloads(service)
    service.wait_for("nothing came", arrived(tcp, sim.store.ids()))
    cefwd.configure(url(other))
    reloads.ask()
    new = add(sim, 7)
    service.wait_for("new ones", arrived(other, new))
    assert service.stop() == 0
    # it is the same lane: what the old address got is not sent again
    assert set(ids(other.lines())) <= set(new) | set(ids(tcp.lines()))
    assert set(ids(tcp.lines())) | set(ids(other.lines())) == sim.store.ids()


def test_what_had_not_settled_moves_with_the_destination(
        sim, cefwd, tcp, other):
    cefwd.configure(url(tcp), top={"stop-timeout": "1s"},
                    destination={"settle": "10m"})
    service = cefwd.start()
    reloads = Reloads(service)
    service.wait_for("nothing came", arrived(tcp, sim.store.ids()))
    cefwd.configure(url(other), top={"stop-timeout": "1s"})
    reloads.ask()
    service.wait_for("not sent again", arrived(other, sim.store.ids()))
    assert service.stop() == 0


@pytest.mark.parametrize("fault, says", [
    ("polll-interval = 3s\n", 'did you mean "poll-interval"'),
    ("map = /nowhere/no.map\n", "no.map"),
    ("[source sim]\n", "stands twice"),
])
def test_a_fault_leaves_the_old_in_force(sim, cefwd, tcp, fault, says):
    service = cefwd.configure(url(tcp)).start()
    reloads = Reloads(service)
    service.wait_for("nothing came", arrived(tcp, sim.store.ids()))
    with open(cefwd.conf) as f:
        text = f.read()
    with open(cefwd.conf, "w") as f:
        f.write(re.sub(r"(?m)^map = .*\n", "", text).replace(
            "[source sim]\n", "[source sim]\n" + fault))
    reloads.ask(REFUSED)
    assert says in service.said()
    new = add(sim, 3)
    service.wait_for("new ones", arrived(tcp, new))
    doc = cefwd.document()
    assert doc["reload"]["taken"] == 0 and doc["reload"]["at"]
    assert "cefwd.conf:" in doc["reload"]["fault"]
    assert doc["healthy"], "what runs is well"
    table = cefwd.run("status").out
    assert "the old configuration runs: " in table and "cefwd.conf:" in table
    service.wait_for("no health event", lambda: any(
        b"cefwd:reload-refused" in line for line in tcp.told()))
    # mended
    cefwd.configure(url(tcp))
    reloads.ask()
    assert cefwd.document()["reload"]["fault"] is None
    assert "old configuration" not in cefwd.run("status").out
    assert tcp.connections == 1
    assert service.stop() == 0


def test_a_map_is_another_from_then_on(sim, cefwd, tcp):
    service = cefwd.configure(url(tcp)).start()
    reloads = Reloads(service)
    service.wait_for("nothing came", arrived(tcp, sim.store.ids()))
    with open(cefwd.map, "w") as f:
        f.write(MAP.replace('"Microsoft"', '"Another"'))
    reloads.ask()
    new = add(sim, 3)
    service.wait_for("new ones", arrived(tcp, new))
    vendors = {e.id: e.vendor for e in events(tcp.lines())}
    assert {vendors[i] for i in new} == {"Another"}
    assert tcp.connections == 1
    assert service.stop() == 0


def test_a_secret_is_another_from_then_on(sim, cefwd, tcp):
    service = cefwd.configure(url(tcp)).start()
    reloads = Reloads(service)
    service.wait_for("nothing came", arrived(tcp, sim.store.ids()))
    n = len(sim.requests(place="token"))
    os.utime(sim.secret_file)
    with open(sim.secret_file, "r+") as f:
        text = f.read()
        f.seek(0)
        f.write(text)
    reloads.ask()
    service.wait_for("no new token",
                     lambda: len(sim.requests(place="token")) > n)
    assert service.stop() == 0


def test_the_log_level_is_another_from_then_on(sim, cefwd, tcp):
    service = cefwd.configure(url(tcp)).start()
    reloads = Reloads(service)
    service.wait_for("nothing came", arrived(tcp, sim.store.ids()))
    assert " debug: " not in service.said()
    cefwd.configure(url(tcp), top={"log-level": "debug"})
    reloads.ask()
    service.wait_for("nothing more is said",
                     lambda: " debug: " in service.said())
    assert service.stop() == 0


def test_what_needs_a_restart_is_told(sim, cefwd, tcp):
    service = cefwd.configure(url(tcp)).start()
    service.wait_for("nothing came", arrived(tcp, sim.store.ids()))
    cefwd.configure(url(tcp), top={
        "state-dir": cefwd.state_dir + "2", "listen": "none",
        "log-level": "warning"})
    service.process.send_signal(signal.SIGHUP)
    for key in ("state-dir", "listen"):
        assert service.wait_said('"%s" has changed' % key), service.said()
    assert "log-level" not in service.said()
    new = add(sim, 3)
    service.wait_for("new ones", arrived(tcp, new))
    assert service.stop() == 0


def shapes(tcp, other, third):
    """Configurations that differ in each way that a reload knows."""
    tail = second(other)
    yield {}, {}, tail
    yield {"heartbeat": "1s"}, {"poll-interval": "2s"}, tail
    yield {}, {"updates": "all"}, second(third)         # it moved
    yield {}, {"page-size": "150"}, tail                # the feed is another
    yield {}, {}, tail + second(third, "third")
    yield {}, {}, tail + "\n[forward]\nsource = sim\ndestination = out\n"
    yield {}, {"retention": "90d"}, ""                  # it goes


def test_a_storm_of_reloads_loses_nothing(new_sim, new_cefwd, tcp, other):
    sim = new_sim(200)
    cefwd = new_cefwd(sim)
    third = TcpReceiver()
    forms = list(shapes(tcp, other, third))

    def configure(form):
        top, source, tail = form
        cefwd.configure(url(tcp), top={"stop-timeout": "2s", **top},
                        source={"poll-interval": "1s", "page-size": "200",
                                **source}, tail=tail)
    configure(forms[0])
    service = cefwd.start()
    reloads = Reloads(service)
    assert service.wait_said("started version="), service.said()
    try:
        for n in range(3 * len(forms)):
            add(sim, 20)
            configure(forms[n % len(forms)])
            if n % 4 == 3:      # a fault in between
                with open(cefwd.conf, "a") as f:
                    f.write("[nonsense]\n")
                reloads.ask(REFUSED)
            else:
                reloads.ask()
                # one upon the other
                for _ in range(3):
                    service.process.send_signal(signal.SIGHUP)
        configure(forms[0])
        reloads.ask()
        new = add(sim, 10)
        service.wait_for("the first", arrived(tcp, sim.store.ids()))
        service.wait_for("new ones", arrived(other, new))
        assert tcp.connections == 1, service.said()
        # the state agrees: nothing is held, nothing is behind
        service.wait_for("not settled", lambda: all(
            lane["lines"]["held"] == 0 for lane in cefwd.document()["lanes"]))
        assert service.stop() == 0
    finally:
        third.stop()
    # "second" was at two addresses in turn: together they have all
    assert set(ids(other.lines())) | set(ids(third.lines())) >= \
        sim.store.ids()
    got = ids(tcp.lines())
    assert set(got) == sim.store.ids()
    assert len(got) == len(set(got)), "the lane that stayed repeats nothing"
