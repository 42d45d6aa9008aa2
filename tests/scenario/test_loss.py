"""nothing is lost: crashes, receivers that die, stop reading, refuse

SPDX-License-Identifier: MIT
"""
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from cef import ids
from daemons import free_port
import receiver as receivers


class KilledReceiver:
    """receiver.py as a process of its own, for kill -9."""

    def __init__(self, folder):
        self.file = os.path.join(str(folder), "received")
        self.port = free_port()
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, receivers.__file__, "--tcp", str(self.port),
             "--file", self.file], stdout=subprocess.PIPE)
        json.loads(self.process.stdout.readline())

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def lines(self):
        try:
            with open(self.file, "rb") as f:
                return f.read().split(b"\n")[:-1]
        except FileNotFoundError:
            return []

    def wait(self, n, timeout=30):
        end = time.monotonic() + timeout
        while len(self.lines()) < n:
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True


def all_arrive(service, sim, lines, timeout=40):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if set(ids(lines())) == sim.store.ids():
            return True
        time.sleep(0.1)
    print(service.said())
    return False


@pytest.mark.parametrize("after", [1, 40, 150])
def test_kill_9_in_the_middle_and_the_next_run_completes_the_set(
        new_sim, new_cefwd, tcp, after):
    sim = new_sim(300)
    tcp.delay = 0.01
    tcp.per_read = 8192
    cefwd = new_cefwd(sim).configure("tcp://127.0.0.1:%d" % tcp.port)
    service = cefwd.start()
    assert tcp.wait(after), service.said()
    service.kill()
    tcp.delay = 0
    result = cefwd.once()
    assert result.status == 0, result
    assert set(ids(tcp.lines())) == sim.store.ids()
    tcp.clear()
    assert cefwd.once().status == 0
    assert ids(tcp.lines()) == []


def test_a_receiver_that_is_killed_and_started_again_misses_nothing(
        new_sim, new_cefwd, tmp_path):
    sim = new_sim(300)
    receiver = KilledReceiver(tmp_path)
    receiver.start()
    cefwd = new_cefwd(sim).configure("tcp://127.0.0.1:%d" % receiver.port)
    service = cefwd.start()
    try:
        for n in (20, 120):
            assert receiver.wait(n), service.said()
            receiver.kill()
            receiver.start()
        assert all_arrive(service, sim, receiver.lines)
        assert service.stop() == 0
    finally:
        receiver.kill()


def test_rsyslog_killed_in_the_middle_misses_nothing(
        new_sim, new_cefwd, rsyslog):
    sim = new_sim(300)
    cefwd = new_cefwd(sim).configure("tcp://127.0.0.1:%d" % rsyslog.tcp)
    service = cefwd.start()
    assert rsyslog.wait(30), service.said()
    rsyslog.kill()
    time.sleep(0.2)
    rsyslog.start()
    assert all_arrive(service, sim, rsyslog.lines)
    assert service.stop() == 0


def test_what_a_reset_connection_had_not_read_is_sent_again(
        new_sim, new_cefwd):
    sim = new_sim(300)
    with receivers.TcpReceiver(rcvbuf=65536) as tcp:
        cefwd = new_cefwd(sim).configure("tcp://127.0.0.1:%d" % tcp.port)
        service = cefwd.start()
        assert tcp.wait(10), service.said()
        tcp.pause()
        time.sleep(1)           # longer than settle: unread is not settled
        tcp.reset()
        tcp.resume()
        assert all_arrive(service, sim, tcp.lines)
        assert service.stop() == 0


def test_a_receiver_that_stops_reading_holds_the_memory_bounded(
        new_sim, new_cefwd):
    sim = new_sim(2000)
    with receivers.TcpReceiver(rcvbuf=65536) as tcp:
        cefwd = new_cefwd(sim).configure(
            "tcp://127.0.0.1:%d" % tcp.port, destination={"window": "64k"})
        tcp.pause()
        service = cefwd.start()
        assert tcp.wait_connection()
        time.sleep(2)
        with open("/proc/%d/status" % service.process.pid) as f:
            peak = [x for x in f if x.startswith("VmHWM")][0]
        if "sanitize" not in os.environ.get("CEFWD_CONFIGURED", ""):
            assert int(peak.split()[1]) < 300 * 1024, peak
        tcp.resume()
        assert all_arrive(service, sim, tcp.lines)
        assert service.stop() == 0


def test_a_receiver_that_comes_late_gets_everything(sim, cefwd, tcp):
    port = tcp.port
    tcp.stop()
    service = cefwd.configure("tcp://127.0.0.1:%d" % port).start()
    time.sleep(1)
    tcp.start()
    assert all_arrive(service, sim, tcp.lines)
    assert service.stop() == 0


def test_a_proper_farewell_of_the_receiver_settles_nothing(
        new_sim, new_cefwd, tcp):
    sim = new_sim(300)
    tcp.delay = 0.01
    cefwd = new_cefwd(sim).configure("tcp://127.0.0.1:%d" % tcp.port)
    service = cefwd.start()
    assert tcp.wait(10), service.said()
    tcp.finish()
    tcp.delay = 0
    assert all_arrive(service, sim, tcp.lines)
    assert service.stop() == 0


def test_udp_that_is_refused_for_a_while_loses_nothing(
        new_sim, new_cefwd, udp):
    sim = new_sim(100)
    udp.stop()
    cefwd = new_cefwd(sim).configure("udp://127.0.0.1:%d" % udp.port,
                                     destination={"max-line": "8191"})
    service = cefwd.start()
    time.sleep(1.5)
    udp.start()
    assert all_arrive(service, sim, udp.lines)
    assert service.stop() == 0


def test_once_gives_up_after_its_timeout_with_75_and_says_what_remained(
        sim, cefwd, tcp):
    tcp.pause()
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = cefwd.once("--timeout", "2s")
    assert result.status == 75, result
    assert "timeout" in result.err
    tcp.resume()
    tcp.finish()
    result = cefwd.once()
    assert result.status == 0, result
    assert set(ids(tcp.lines())) == sim.store.ids()


def test_once_with_no_receiver_gives_up_with_75(sim, cefwd):
    cefwd.configure("tcp://127.0.0.1:%d" % free_port())
    result = cefwd.once("--timeout", "2s")
    assert result.status == 75, result


def test_a_second_receiver_takes_over(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d tcp://127.0.0.1:%d"
                    % (free_port(), tcp.port))
    result = cefwd.once()
    assert result.status == 0, result
    assert set(ids(tcp.lines())) == sim.store.ids()


def test_one_dead_destination_does_not_stop_the_other(
        new_sim, new_cefwd, tcp):
    sim = new_sim(100)
    cefwd = new_cefwd(sim).configure(
        "tcp://127.0.0.1:%d" % tcp.port,
        tail="\n[destination dead]\nurl = tcp://127.0.0.1:%d\n"
             "window = 64k\n" % free_port())
    service = cefwd.start()
    assert all_arrive(service, sim, tcp.lines)
    assert service.stop(signal.SIGTERM) == 0


def test_a_state_that_cannot_be_written_stops_nothing(sim, cefwd, tcp):
    """Somebody holds the database, as a full disk would: forwarding goes
    on, and the cursor follows when it can."""
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    service = cefwd.start()
    assert all_arrive(service, sim, tcp.lines)
    blocker = subprocess.Popen(
        ["sqlite3", os.path.join(cefwd.state_dir, "state.db")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    blocker.stdin.write("BEGIN IMMEDIATE; SELECT 1;\n")
    blocker.stdin.flush()
    blocker.stdout.readline()
    try:
        with sim.lock:
            sim.store.add(3)
        assert all_arrive(service, sim, tcp.lines)
    finally:
        blocker.stdin.close()
        blocker.wait()
        blocker.stdout.close()
    assert service.stop() == 0
    tcp.clear()
    assert cefwd.once().status == 0
    assert ids(tcp.lines()) == []
