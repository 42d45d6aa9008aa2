"""files and standard output: each alert is there, once, through rotations

SPDX-License-Identifier: MIT
"""
import os
import signal
import subprocess
import time

from cef import ids
from receiver import is_own
from runner import TIMEOUT


def lines_of(*paths):
    """Alerts in the files; whole lines only."""
    lines = []
    for path in paths:
        if not os.path.exists(path):
            continue
        with open(path, "rb") as f:
            text = f.read()
        lines += [x for x in text.split(b"\n")[:-1] if not is_own(x)]
    return lines


def wait_ids(service, want, *paths):
    end = time.monotonic() + TIMEOUT
    while not set(want) <= set(ids(lines_of(*paths))):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_a_file_gets_each_alert_once(sim, cefwd, tmp_path):
    path = str(tmp_path / "cef.log")
    cefwd.configure("file:" + path, destination={"header": "none"})
    for _ in range(2):
        result = cefwd.once()
        assert result.status == 0, result
        lines = lines_of(path)
        assert sorted(ids(lines)) == sorted(sim.store.ids())
        assert all(line.startswith(b"CEF:0|") for line in lines)
    assert os.stat(path).st_mode & 0o027 == 0


def test_a_rotated_file_loses_nothing(sim, cefwd, tmp_path):
    path, old = str(tmp_path / "cef.log"), str(tmp_path / "cef.log.1")
    service = cefwd.configure("file:" + path).start()
    assert wait_ids(service, sim.store.ids(), path), service.said()
    os.rename(path, old)
    with sim.lock:
        new = sim.store.add(5)
    assert wait_ids(service, new, path), service.said()
    assert service.stop() == 0
    assert sorted(ids(lines_of(old, path))) == sorted(sim.store.ids())


def test_sighup_opens_an_idle_file_anew(sim, cefwd, tmp_path):
    path, old = str(tmp_path / "cef.log"), str(tmp_path / "cef.log.1")
    service = cefwd.configure("file:" + path, top={"heartbeat": "0"}).start()
    assert wait_ids(service, sim.store.ids(), path), service.said()
    os.rename(path, old)
    service.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + TIMEOUT
    while not os.path.exists(path):
        assert time.monotonic() < end, service.said()
        time.sleep(0.02)
    assert service.stop() == 0
    assert sorted(ids(lines_of(old, path))) == sorted(sim.store.ids())


def test_killed_at_any_moment_a_file_has_everything(
        new_sim, new_cefwd, tmp_path):
    sim = new_sim(300)
    path = str(tmp_path / "cef.log")
    cefwd = new_cefwd(sim).configure("file:" + path)
    service = cefwd.start()
    end = time.monotonic() + TIMEOUT
    while not lines_of(path) and time.monotonic() < end:
        time.sleep(0.005)
    service.kill()
    result = cefwd.once()
    assert result.status == 0, result
    assert set(ids(lines_of(path))) == sim.store.ids()


def test_a_file_that_cannot_be_written_is_said(sim, cefwd, tmp_path):
    cefwd.configure("file:%s/no/such/cef.log" % tmp_path)
    result = cefwd.once("--timeout", "2s")
    assert result.status == 75, result
    assert "create the folder" in result.err


def test_standard_output_gets_each_alert_once(sim, cefwd):
    cefwd.configure("stdout:")
    result = cefwd.once()
    assert result.status == 0, result
    lines = [x for x in result.lines() if not is_own(x)]
    assert sorted(ids(lines)) == sorted(sim.store.ids())
    result = cefwd.once()
    assert result.status == 0, result
    assert not [x for x in result.lines() if not is_own(x)]


def test_a_reader_that_ends_does_not_settle_what_it_left(sim, cefwd):
    cefwd.configure("stdout:", destination={"settle": "100ms"})
    p = subprocess.Popen(cefwd.command("once", "--timeout", "2s"),
                         env=cefwd.env(), stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, bufsize=0)
    got = p.stdout.read(4096)
    p.stdout.close()
    said = p.stderr.read().decode()
    p.stderr.close()
    assert p.wait(TIMEOUT) == 75, said
    cefwd.inspect(said)
    result = cefwd.once()
    assert result.status == 0, result
    lines = got.split(b"\n")[:-1] + result.lines()
    lines = [x for x in lines if not is_own(x)]
    assert set(ids(lines)) == sim.store.ids()
