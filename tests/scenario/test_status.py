"""cefwd status, /metrics and /healthz of a running service

SPDX-License-Identifier: MIT
"""
import fcntl
import json
import os
import pty
import socket
import stat
import struct
import subprocess
import termios

import pytest
from cef import ids
from runner import TIMEOUT


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(where, path, host="localhost"):
    """(status, headers, body) of a request to a port or a socket's path."""
    family = socket.AF_INET if isinstance(where, int) else socket.AF_UNIX
    with socket.socket(family) as s:
        s.settimeout(TIMEOUT)
        s.connect(("127.0.0.1", where) if isinstance(where, int) else where)
        s.sendall(("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                   % (path, host)).encode())
        got = b""
        while part := s.recv(65536):
            got += part
    head, _, body = got.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode(), body.decode()


def is_open(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def samples(text):
    """Every sample by name and labels; a real parser of the format."""
    parser = pytest.importorskip("prometheus_client.parser")
    out = {}
    for family in parser.text_string_to_metric_families(text):
        assert family.documentation and family.type in ("counter", "gauge")
        for s in family.samples:
            key = (s.name, tuple(sorted(s.labels.items())))
            assert key not in out, "twice: %r" % (key,)
            out[key] = s.value
    return out


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def service(sim, cefwd, tcp, port):
    cefwd.configure(
        "tcp://127.0.0.1:%d" % tcp.port,
        top={"listen": "unix:%s 127.0.0.1:%d" % (cefwd.socket, port),
             "listen-host": "soc.example.com"})
    service = cefwd.start()
    assert service.wait_said("started version="), service.said()
    service.wait_for("no socket", lambda: os.path.exists(cefwd.socket))
    service.wait_for("no port", lambda: is_open(port))
    return service


def all_settled(cefwd, sim):
    def check():
        lines = cefwd.document()["lanes"][0]
        return (lines["lines"]["settled"] == len(sim.store.ids())
                and lines["window"])
    return check


def test_status_agrees_with_what_was_served_and_received(
        sim, cefwd, tcp, service):
    service.wait_for("not settled", all_settled(cefwd, sim))
    doc = cefwd.document()
    n = len(sim.store.ids())
    lane, = doc["lanes"]
    assert set(ids(tcp.lines())) == sim.store.ids()
    assert lane["lines"]["put"] == n
    assert lane["lines"]["held"] == 0
    assert lane["lines"]["resent"] == 0
    for state in ("queued", "sent", "acknowledged", "read"):
        assert lane["lines"][state] == 0
    assert sum(lane["severity"].values()) == n
    assert lane["gaps"] == 0 and lane["gap_list"] == []
    assert lane["last_error"] is None
    assert 0 <= lane["lag_seconds"] < TIMEOUT
    # a closed window: what was served is either known or settled
    window = lane["window"]
    assert window["served"] == window["known"] + window["settled"]
    sums = lane["windows"]
    assert sums["served"] == sums["known"] + sums["settled"]
    assert sums["settled"] == n
    source, = doc["sources"]
    assert source["state"] == "ok" and source["api"] == "graph-alerts"
    assert source["served"] >= n
    assert 1 <= source["calls"] <= len(sim.requests(place="alerts"))
    assert source["token_seconds"] > 0
    destination, = doc["destinations"]
    assert destination["state"] == "up"
    assert destination["settles_by"] == "read"
    assert destination["port"] == str(tcp.port)
    # and what cefwd tells of itself
    assert n < destination["settled"] <= n + 2
    assert destination["held_bytes"] == 0
    assert doc["healthy"] and doc["reasons"] == []
    assert doc["pid"] == service.process.pid
    assert stat.S_IMODE(os.stat(cefwd.socket).st_mode) == 0o660
    assert service.stop() == 0
    assert not os.path.exists(cefwd.socket)


def test_a_receiver_that_does_not_read_shows_how_far_lines_came(
        sim, cefwd, tcp, service):
    service.wait_for("not settled", all_settled(cefwd, sim))
    tcp.pause()
    with sim.lock:
        sim.store.add(7)
    service.wait_for("nothing acknowledged", lambda: cefwd.document()
             ["lanes"][0]["lines"]["acknowledged"] == 7)
    lines = cefwd.document()["lanes"][0]["lines"]
    assert lines["held"] == 7 and lines["read"] == lines["queued"] == 0
    tcp.resume()
    service.wait_for("not settled", all_settled(cefwd, sim))
    # a break: what had not settled is sent again
    tcp.pause()
    with sim.lock:
        sim.store.add(3)
    service.wait_for("nothing held", lambda: cefwd.document()
             ["lanes"][0]["lines"]["acknowledged"] == 3)
    tcp.resume()
    tcp.reset()
    service.wait_for("not settled", all_settled(cefwd, sim))
    doc = cefwd.document()
    # what was read before the reset may have settled
    assert doc["destinations"][0]["breaks"] == 1
    assert doc["lanes"][0]["last_error"]["text"]
    assert service.stop() == 0


def test_health_follows_the_api_and_the_receiver(
        sim, cefwd, tcp, service, port):
    service.wait_for("not healthy",
                     lambda: get(port, "/healthz")[0] == 200)
    assert get(port, "/healthz")[2] == "ok\n"
    sim.fault("alerts", "status", status=500, times=1000)
    service.wait_for("still healthy",
                     lambda: get(port, "/healthz")[0] == 503)
    reasons = get(port, "/healthz")[2].splitlines()
    assert len(reasons) == 1
    assert reasons[0].startswith("source sim (contoso.example): unreachable: ")
    doc = cefwd.document()
    assert not doc["healthy"] and doc["reasons"] == reasons
    assert doc["sources"][0]["state"] == "unreachable"
    text = cefwd.run("status").out
    assert "not healthy" in text and "unreachable" in text
    assert samples(get(port, "/metrics")[2])[
        "cefwd_source_up", (("source", "sim"),
                            ("tenant", "contoso.example"))] == 0
    sim.clear_faults()
    service.wait_for("not healthy again",
                     lambda: get(port, "/healthz")[0] == 200)
    tcp.stop()
    service.wait_for("still healthy",
                     lambda: get(port, "/healthz")[0] == 503)
    assert "destination out: away: " in get(port, "/healthz")[2]
    assert service.stop() == 0


def test_metrics_are_what_a_real_parser_reads(
        sim, cefwd, tcp, service, port):
    service.wait_for("not settled", all_settled(cefwd, sim))
    status, head, body = get(port, "/metrics")
    assert status == 200
    assert "text/plain; version=0.0.4" in head
    got = samples(body)
    feed = (("source", "sim"), ("tenant", "contoso.example"))
    lane = (("destination", "out"),) + feed
    n = len(sim.store.ids())
    assert got["cefwd_lines_settled_total", lane] == n
    assert got["cefwd_lines_sent_total", lane] == n
    assert got["cefwd_windows_settled_total", lane] == n
    assert got["cefwd_windows_served_total", lane] == (
        n + got["cefwd_windows_known_total", lane])
    assert sum(v for (name, _), v in got.items()
               if name == "cefwd_alerts_total") == n
    assert got["cefwd_gaps", lane] == 0
    assert got["cefwd_state_writable", ()] == 1
    assert got["cefwd_source_up", feed] == 1
    assert got["cefwd_source_calls_total", feed] >= 1
    assert got["cefwd_token_life_seconds", feed] > 0
    assert got["cefwd_destination_up", (("destination", "out"),)] == 1
    assert 0 <= got["cefwd_lag_seconds", lane] < TIMEOUT
    assert got["process_resident_memory_bytes", ()] > 0
    version = cefwd.run("status", "--version").out.split()[1]
    assert got["cefwd_build_info", (("version", version),)] == 1
    # conventions: counters and they alone end in _total; base units
    for line in body.splitlines():
        if line.startswith("# TYPE"):
            _, _, name, kind = line.split()
            assert name.endswith("_total") == (kind == "counter"), line
            assert not name.endswith(("_ms", "_milliseconds", "_minutes"))
    assert service.stop() == 0


def test_tcp_shows_no_status_and_answers_to_its_own_names_only(
        cefwd, service, port):
    assert get(port, "/status")[0] == 404
    assert get(port, "/")[0] == 404
    assert get(cefwd.socket, "/status")[0] == 200
    assert get(cefwd.socket, "/metrics")[0] == 200
    for host in ("localhost", "127.0.0.1:%d" % port, "soc.example.com"):
        assert get(port, "/metrics", host)[0] == 200
    for host in ("evil.example", "soc.example.com.evil.example"):
        status, _, body = get(port, "/metrics", host)
        assert status == 403 and "listen-host" in body
    assert service.stop() == 0


def test_the_table_fits_its_terminal_and_asks_for_no_secret(
        sim, cefwd, service):
    service.wait_for("not settled", all_settled(cefwd, sim))
    plain = cefwd.run("status")
    assert plain.status == 0, plain
    assert "\033" not in plain.out
    for word in ("LAG", "ACKED", "SETTLED", "contoso.example", "healthy",
                 "graph-alerts", "up"):
        assert word in plain.out
    # a member of the group may read the configuration, and no secret
    os.unlink(sim.secret_file)
    assert cefwd.run("status").status == 0
    for columns in (60, 200):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 50, columns, 0, 0))
        env = {**cefwd.env(), "TERM": "xterm", "NO_COLOR": "1"}
        with subprocess.Popen(cefwd.command("status"), stdout=slave,
                              env=env) as p:
            os.close(slave)
            got = b""
            try:
                while part := os.read(master, 65536):
                    got += part
            except OSError:
                pass
            assert p.wait(TIMEOUT) == 0
        os.close(master)
        assert b"\033" not in got
        lines = got.decode().replace("\r", "").split("\n")
        assert max(map(len, lines)) <= columns, got.decode()
    assert service.stop() == 0


def test_watch_asks_again_until_the_service_is_gone(cefwd, service):
    with subprocess.Popen(cefwd.command("status", "--json", "--watch=1"),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=cefwd.env()) as p:
        first = json.loads(p.stdout.readline())
        second = json.loads(p.stdout.readline())
        assert first["now"] < second["now"]
        assert service.stop() == 0
        assert p.wait(TIMEOUT) == 69
        assert b"no service answers" in p.stderr.read()


def test_who_gets_no_answer_is_told_why(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = cefwd.run("status")
    assert result.status == 69, result
    assert cefwd.socket in result.err and "systemctl" in result.err
    result = cefwd.run("status", "--socket", "/nowhere/s")
    assert result.status == 69 and "/nowhere/s" in result.err, result
    result = cefwd.run("status", "--watch=0")
    assert result.status == 64, result
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, top={"listen": "none"})
    result = cefwd.run("status")
    assert result.status == 78 and "--socket" in result.err, result
    # a socket that hangs, or speaks another language
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(cefwd.socket)
        s.listen()
        with subprocess.Popen(
                cefwd.command("status", "--socket", cefwd.socket),
                stderr=subprocess.PIPE, env=cefwd.env()) as p:
            s.accept()[0].close()           # the knock
            conn = s.accept()[0]
            conn.recv(4096)
            conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]")
            assert p.wait(TIMEOUT) == 69
            assert b"is it cefwd's?" in p.stderr.read()
            conn.close()


def test_a_socket_that_may_not_be_asked_is_a_refusal(cefwd, service):
    if os.geteuid() != 0:
        os.chmod(cefwd.socket, 0)
        result = cefwd.run("status")
        status, err = result.status, result.err
    else:
        p = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
             *cefwd.command("status", "--socket", "/proc/1/root/s")],
            capture_output=True, text=True, timeout=TIMEOUT, check=False)
        status, err = p.returncode, p.stderr
        if "No such file" in err and "setpriv" in err:
            pytest.skip("no setpriv")
    assert status == 77, err
    assert "group" in err
    assert service.stop() == 0


def test_a_place_that_cannot_be_had_is_a_fault_only_where_it_was_named(
        sim, cefwd, tcp):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                        top={"listen": "127.0.0.1:%d" % s.getsockname()[1]})
        service = cefwd.start()
        assert service.process.wait(TIMEOUT) == 75, service.said()
        assert "another process uses it" in service.said()
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    top={"listen": "unix:/nowhere/s"})
    service = cefwd.start()
    assert service.process.wait(TIMEOUT) == 78, service.said()
    assert "make its folder" in service.said()
    if os.path.exists("/run/cefwd"):
        pytest.skip("/run/cefwd is there")
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, top={"listen": None})
    service = cefwd.start()
    assert service.wait_said("will get no answer"), service.said()
    assert tcp.wait(len(sim.store.ids())), service.said()
    assert service.stop() == 0


def test_after_a_kill_the_socket_is_taken_over(sim, cefwd, tcp, service):
    service.kill()
    assert os.path.exists(cefwd.socket)
    service = cefwd.start()
    service.wait_for("no answer",
                     lambda: cefwd.run("status").status == 0)
    assert service.stop() == 0
