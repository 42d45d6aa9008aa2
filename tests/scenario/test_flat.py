"""memory stays flat, however much waits for however long

SPDX-License-Identifier: MIT
"""
import os
import time

import pytest
from receiver import TcpReceiver
from runner import TIMEOUT

ALERTS = 20000
SANITIZED = "sanitize" in os.environ.get("CEFWD_CONFIGURED", "")


def memory(service):
    """Resident now and at most, KiB."""
    with open("/proc/%d/status" % service.process.pid) as f:
        rows = dict(line.split(":", 1) for line in f)
    return [int(rows[k].split()[0]) for k in ("VmRSS", "VmHWM")]


def rest(service):
    """Once the program asks for nothing more."""
    calm = 0
    before = 0
    end = time.monotonic() + TIMEOUT
    while calm < 8:
        assert time.monotonic() < end, service.said()
        time.sleep(0.25)
        now, _ = memory(service)
        calm = calm + 1 if now == before else 0
        before = now
    return before


@pytest.mark.skipif(SANITIZED, reason="a sanitizer keeps what was freed")
def test_a_receiver_that_stands_still_does_not_cost_memory(
        new_sim, new_cefwd):
    """20,000 alerts are some 20 MB of lines, and 60 of pages."""
    sim = new_sim(ALERTS)
    with TcpReceiver(rcvbuf=65536) as tcp:
        cefwd = new_cefwd(sim).configure(
            "tcp://127.0.0.1:%d" % tcp.port, destination={"window": "64k"})
        tcp.pause()
        service = cefwd.start()
        assert tcp.wait_connection(), service.said()
        full = rest(service)
        assert memory(service)[1] < 40 << 10
        # it goes on when the receiver does, and needs no more
        tcp.resume()
        assert tcp.wait(500, TIMEOUT), service.said()
        tcp.pause()
        assert rest(service) < full + (8 << 10)
        assert memory(service)[1] < 40 << 10
        assert service.stop() == 0
