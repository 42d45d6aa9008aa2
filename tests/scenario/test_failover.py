"""several urls: the next one serves, the first one is returned to

SPDX-License-Identifier: MIT
"""
import signal
import socket
import threading
import time

import pytest
from cef import ids
from receiver import TcpReceiver
from runner import TIMEOUT


@pytest.fixture(params=["tcp", "tls"])
def pair(request, certificates):
    """Two receivers and the scheme that they speak."""
    tls = certificates[1:3] if request.param == "tls" else None
    with TcpReceiver(tls=tls) as one, TcpReceiver(tls=tls) as two:
        yield request.param, one, two


def urls(scheme, *ports):
    return " ".join("%s://127.0.0.1:%d" % (scheme, p) for p in ports)


def configure(cefwd, certificates, pair, **more):
    scheme, one, two = pair
    keys = {"return-after": "1s", "settle": "200ms"}
    if scheme == "tls":
        keys["ca-file"] = certificates[0]
    keys.update({k.replace("_", "-"): v for k, v in more.items()})
    return cefwd.configure(urls(scheme, one.port, two.port),
                           destination=keys)


def have(receiver, want):
    return receiver.wait_for(
        lambda lines: set(want) <= set(ids(lines)), 30)


def test_the_first_is_returned_to_and_nothing_is_lost(
        sim, cefwd, certificates, pair):
    _, one, two = pair
    one.stop()
    service = configure(cefwd, certificates, pair).start()
    assert have(two, sim.store.ids()), service.said()
    destination, = cefwd.document()["destinations"]
    assert destination["port"] == str(two.port), destination
    one.start()
    assert one.wait_connection(), service.said()
    assert service.wait_said("uses url number 1 of its 2"), service.said()
    with sim.lock:
        new = sim.store.add(20)
    assert have(one, new), service.said()
    assert service.stop() == 0
    got = ids(one.lines()) + ids(two.lines())
    assert sorted(got) == sorted(sim.store.ids())


def test_breaks_of_both_lose_nothing(new_sim, new_cefwd, certificates, pair):
    _, one, two = pair
    sim = new_sim(30)
    cefwd = new_cefwd(sim)
    service = configure(cefwd, certificates, pair).start()
    for _ in range(3):
        for dying in (one, two):
            with sim.lock:
                sim.store.add(50)
            dying.stop(reset=True)
            with sim.lock:
                sim.store.add(50)
            dying.start()
    end = time.monotonic() + TIMEOUT
    while not sim.store.ids() <= set(ids(one.lines()) + ids(two.lines())):
        assert time.monotonic() < end, service.said()
        time.sleep(0.05)
    assert service.stop(signal.SIGTERM) == 0


def test_a_first_that_takes_lines_and_hangs_up_gives_way(
        sim, cefwd, certificates, tcp):
    """A balancer without a receiver behind it may try one for seconds."""
    listener = socket.create_server(("127.0.0.1", 0))

    def balance():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            time.sleep(1.5)     # longer than a connection has to last
            client.close()
    threading.Thread(target=balance, daemon=True).start()
    cefwd.configure(urls("tcp", listener.getsockname()[1], tcp.port),
                    destination={"return-after": "0"})
    service = cefwd.start()
    assert have(tcp, sim.store.ids()), service.said()
    assert service.stop() == 0
    listener.shutdown(socket.SHUT_RDWR)


def test_a_first_that_only_accepts_is_not_returned_to(
        sim, cefwd, certificates, pair):
    """As a balancer does that has nobody behind it."""
    _, one, two = pair
    one.stop()
    service = configure(cefwd, certificates, pair).start()
    assert have(two, sim.store.ids()), service.said()
    one.start()
    for n in range(1, 4):
        assert one.wait_connection(n), service.said()
        one.reset()
    with sim.lock:
        new = sim.store.add(5)
    assert have(two, new), service.said()
    assert service.stop() == 0
    assert ids(one.lines()) == []
