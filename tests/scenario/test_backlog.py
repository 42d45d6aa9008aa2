"""backlogs: new alerts come beside them, and nobody waits for another's

SPDX-License-Identifier: MIT
"""
import re
import sqlite3
import time

import pytest
from cef import ids
from runner import TIMEOUT
from receiver import TcpReceiver


@pytest.fixture
def other():
    with TcpReceiver() as receiver:
        yield receiver


ID = re.compile(rb" externalId=(\S+)")


class Arrivals:
    """The ids that come, each line looked at once."""

    def __init__(self, receiver):
        self.receiver, self.n, self.ids = receiver, 0, []

    def look(self):
        for line in self.receiver.lines()[self.n:]:
            self.n += 1
            self.ids.append(ID.search(line).group(1).decode())
        return set(self.ids)

    def wait(self, wanted, timeout=TIMEOUT):
        """Until all of these have come; how many lines that took."""
        end = time.monotonic() + timeout
        while not wanted <= self.look():
            if time.monotonic() > end:
                return None
            time.sleep(0.1)
        return self.n


def wait_for(service, what, condition, timeout=TIMEOUT):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, what + "\n" + service.said()
        time.sleep(0.1)


def test_new_alerts_do_not_wait_behind_a_first_sync(new_sim, new_cefwd, tcp):
    sim, came = new_sim(2500), Arrivals(tcp)
    cefwd = new_cefwd(sim)
    # what settles in a second is what the window holds: this paces it
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    source={"start": "180d", "page-size": "100"},
                    destination={"window": "64k", "settle": "1s"})
    service = cefwd.start()
    assert tcp.wait(300, TIMEOUT), service.said()
    with sim.lock:
        new = set(sim.store.add(3))
    before = came.wait(new)
    assert before is not None, service.said()
    assert before < 2200, "it waited for %d lines" % before
    assert came.wait(sim.store.ids(), 120), service.said()
    # what came beside the backlog does not come again with it
    assert len(ids(tcp.lines())) == len(sim.store.ids())
    lane, = cefwd.document()["lanes"]
    assert lane["lines"]["put"] == len(sim.store.ids())
    assert service.stop() == 0
    tcp.clear()
    assert cefwd.once().status == 0
    assert ids(tcp.lines()) == []


def test_a_week_off_goes_on_where_it_was_and_new_alerts_come_first(
        new_sim, new_cefwd, tcp):
    sim, came = new_sim(20), Arrivals(tcp)
    cefwd = new_cefwd(sim)
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    source={"start": "10d", "page-size": "100"},
                    destination={"window": "64k", "settle": "1s"})
    assert cefwd.once().status == 0
    # a week passes; the cursor stands where it was
    with sqlite3.connect(cefwd.state_dir + "/state.db") as db:
        db.execute("UPDATE lane SET cursor = strftime("
                   "'%Y-%m-%dT%H:%M:%f0000Z', 'now', '-7 days')")
    with sim.lock:
        now = sim.store.clock()
        for day in range(6, 0, -1):
            sim.store.add(400, created=now - day * 864000000000)
    service = cefwd.start()
    assert tcp.wait(400, TIMEOUT), service.said()
    with sim.lock:
        new = set(sim.store.add(2))
    before = came.wait(new)
    assert before is not None, service.said()
    assert before < 2200, "they waited for %d lines" % before
    assert came.wait(sim.store.ids(), 120), service.said()
    assert service.stop() == 0


def test_a_lane_that_is_held_leaves_the_pass_and_joins_again(
        new_sim, new_cefwd, tcp, other):
    """Promise 9: the other lane goes on; the held one catches up from its
    own cursor; then both share a pass again."""
    sim = new_sim(400)
    here, there = Arrivals(tcp), Arrivals(other)
    cefwd = new_cefwd(sim)
    cefwd.configure(
        "tcp://127.0.0.1:%d" % tcp.port, source={"start": "180d"},
        tail="\n[destination other]\nurl = tcp://127.0.0.1:%d\n"
        "settle = 300ms\nmax-line = 60000\nwindow = 64k\n" % other.port)
    other.pause()
    service = cefwd.start()
    assert here.wait(sim.store.ids()), service.said()
    assert service.wait_said("no room"), service.said()
    # it goes on, time and again, while the other one is held
    for _ in range(2):
        with sim.lock:
            new = set(sim.store.add(2))
        assert here.wait(new), service.said()
    other.resume()
    assert there.wait(sim.store.ids()), service.said()

    # level again: as many windows close for each lane as the feed reads
    def closed():
        doc = cefwd.document()
        return ([lane["windows_closed"] for lane in doc["lanes"]],
                doc["sources"][0]["passes"])

    def is_level():
        lanes, passes = closed()
        wait_for(service, "no pass", lambda: closed()[1] >= passes + 4)
        after, passes_after = closed()
        return all(b - a >= passes_after - passes - 1
                   for a, b in zip(lanes, after))
    wait_for(service, "never level", is_level)
    assert len(ids(other.lines())) == len(ids(tcp.lines())) == \
        len(sim.store.ids())
    assert service.stop() == 0
