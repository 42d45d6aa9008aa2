"""The service as systemd sees it: notify, watchdog, unit, privileges

SPDX-License-Identifier: MIT
"""
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest
from cef import ids
from runner import BUILDDIR, Cefwd, PROGRAM, SRCDIR, TIMEOUT

UNIT = os.path.join(BUILDDIR, "dist", "cefwd.service")


class Manager:
    """The socket that sd_notify(3) writes to: each message as a dict."""

    def __init__(self, folder):
        self.path = os.path.join(str(folder), "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(0.1)
        self.got = []

    def read(self):
        try:
            text = self.socket.recv(65536).decode()
        except TimeoutError:
            return
        self.got.append(dict(line.split("=", 1)
                             for line in text.splitlines()))

    def wait(self, key, value=None, number=1):
        """The message that has it, the number-th of its kind."""
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            found = [m for m in self.got
                     if key in m and value in (None, m[key])]
            if len(found) >= number:
                return found[number - 1]
            self.read()
        raise AssertionError("no %s=%s: %r" % (key, value, self.got))


@pytest.fixture
def manager(cefwd):
    m = Manager(tempfile.mkdtemp())     # a path of a socket has 107 bytes
    cefwd.more_env["NOTIFY_SOCKET"] = m.path
    yield m
    m.socket.close()
    shutil.rmtree(os.path.dirname(m.path))


def has_libsystemd():
    with open(os.path.join(BUILDDIR, "config.h")) as f:
        return "#define HAVE_LIBSYSTEMD 1" in f.read()


needs_libsystemd = pytest.mark.skipif(
    not has_libsystemd(), reason="built without libsystemd")


@needs_libsystemd
def test_systemd_is_told_ready_status_and_stopping(sim, cefwd, tcp, manager):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    top={"stop-timeout": "7s"})
    service = cefwd.start()
    ready = manager.wait("READY", "1")
    assert "lag" in ready["STATUS"]
    assert manager.got[0] is ready
    # 17 s: stop-timeout and some
    assert service.stop() == 0
    stopping = manager.wait("STOPPING", "1")
    assert stopping["EXTEND_TIMEOUT_USEC"] == "17000000"
    assert not any("WATCHDOG" in m for m in manager.got)


@needs_libsystemd
def test_the_loop_feeds_the_watchdog_and_says_how_it_does(
        sim, cefwd, tcp, manager):
    cefwd.more_env["WATCHDOG_USEC"] = "400000"
    service = cefwd.configure("tcp://127.0.0.1:%d" % tcp.port).start()
    manager.wait("WATCHDOG", "1", 5)
    n = len(sim.store.ids())
    assert tcp.wait_for(lambda lines: len(lines) == n), service.said()
    end = time.monotonic() + TIMEOUT
    while not any(re.match(r"healthy; lag \d+ s, %d lines settled, 0 held" % n,
                           m.get("STATUS", "")) for m in manager.got):
        assert time.monotonic() < end, manager.got
        manager.read()
    # an illness is told in the line
    tcp.stop()
    while not any(m.get("STATUS", "").startswith("destination out: away")
                  for m in manager.got):
        assert time.monotonic() < end, manager.got
        manager.read()
    assert service.stop() == 0


@needs_libsystemd
@pytest.mark.parametrize("is_good", [True, False])
def test_a_reload_begins_and_ends(sim, cefwd, tcp, manager, is_good):
    """sd_notify(3): RELOADING with the monotonic clock, then READY, also
    where a fault leaves the old in force."""
    url = "tcp://127.0.0.1:%d" % tcp.port
    service = cefwd.configure(url).start()
    manager.wait("READY", "1")
    before_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    cefwd.configure(url, top={"heartbeat": "6m"} if is_good else {
        "heartbeat": "never"})
    service.process.send_signal(signal.SIGHUP)
    reloading = manager.wait("RELOADING", "1")
    assert int(reloading["MONOTONIC_USEC"]) >= before_us
    ready = manager.wait("READY", "1", 2)
    assert any(m is ready
               for m in manager.got[manager.got.index(reloading):])
    assert service.stop() == 0


@needs_libsystemd
def test_a_start_that_fails_is_never_ready(sim, cefwd, tcp, manager):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    top={"listen": "unix:/nowhere/at/all"})
    service = cefwd.start()
    assert service.process.wait(TIMEOUT) != 0
    manager.read()
    assert not any("READY" in m for m in manager.got), manager.got


def test_a_watchdog_of_another_process_is_not_fed(sim, cefwd, tcp, manager):
    cefwd.more_env.update(WATCHDOG_USEC="100000", WATCHDOG_PID="1")
    service = cefwd.configure("tcp://127.0.0.1:%d" % tcp.port).start()
    n = len(sim.store.ids())
    assert tcp.wait_for(lambda lines: len(lines) == n), service.said()
    assert service.stop() == 0
    for _ in range(5):
        manager.read()
    assert not any("WATCHDOG" in m for m in manager.got), manager.got


@pytest.fixture
def unit(tmp_path):
    """The unit with the program that was built."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not there")
    with open(UNIT) as f:
        text = f.read()
    text = re.sub(r"(?<=[= ])/\S*/cefwd(?= )", PROGRAM, text)
    path = str(tmp_path / "cefwd.service")
    with open(path, "w") as f:
        f.write(text)
    return path


def analyze(*args):
    return subprocess.run(["systemd-analyze", "--no-pager", *args],
                          capture_output=True, text=True, timeout=TIMEOUT,
                          check=False)


def test_the_unit_has_no_fault(unit):
    p = analyze("verify", "--man=no", unit)
    ours = [line for line in (p.stdout + p.stderr).splitlines()
            if "cefwd" in line]
    assert ours == [], p


def test_the_unit_is_shut_in_but_can_ask_what_was_read(unit):
    p = analyze("security", "--offline=true", "--threshold=20", unit)
    if "unrecognized option" in p.stderr:
        pytest.skip("this systemd-analyze rates no files")
    found = re.search(r"exposure level for \S+: ([\d.]+)", p.stdout)
    assert found, p
    assert float(found.group(1)) < 2.0 and p.returncode == 0, p.stdout
    with open(unit) as f:
        families, = [line for line in f if line.startswith("RestrictAddress")]
    # sock_diag(7): without it settling is guesswork
    assert "AF_NETLINK" in families.split("=")[1].split()


@pytest.fixture
def open_folder():
    """A folder that any user can come to."""
    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o755)
    yield folder
    shutil.rmtree(folder)


needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root has privileges to give up")


def nobody():
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        pytest.skip("there is no user nobody")


@needs_root
@pytest.mark.parametrize("command", ["run", "once"])
def test_root_gives_its_privileges_up(sim, tcp, open_folder, command):
    user = nobody()
    cefwd = Cefwd(open_folder, sim)
    ca, secret = (os.path.join(open_folder, name) for name in ("ca", "secret"))
    shutil.copy(sim.ca_file, ca)
    shutil.copy(sim.secret_file, secret)
    os.chmod(ca, 0o644)
    os.chmod(secret, 0o600)
    os.chown(secret, user.pw_uid, user.pw_gid)
    os.chown(cefwd.state_dir, user.pw_uid, user.pw_gid)
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, top={"listen": "none"},
                    source={"ca-file": ca, "client-secret-file": secret})
    n = len(sim.store.ids())
    if command == "once":
        result = cefwd.once("--user", "nobody")
        assert result.status == 0, result
    else:
        service = cefwd.start("--user", "nobody")
        try:
            assert tcp.wait_for(lambda lines: len(lines) == n), service.said()
            with open("/proc/%d/status" % service.process.pid) as f:
                status = dict(line.split(":\t", 1) for line in f)
            assert set(status["Uid"].split()) == {str(user.pw_uid)}
            assert set(status["Gid"].split()) == {str(user.pw_gid)}
            assert "0" not in status["Groups"].split()
            assert int(status["CapPrm"], 16) == int(status["CapEff"], 16) == 0
            assert status["NoNewPrivs"].strip() == "1"
            assert service.stop() == 0
        finally:
            cefwd.close()
    assert len(ids(tcp.lines())) == n
    assert os.stat(os.path.join(cefwd.state_dir, "state.db")
                   ).st_uid == user.pw_uid


@pytest.mark.parametrize("user, status, says", [
    ("no-such-user-at-all", 64, "no such user"),
    ("root", 64, "that is root")])
def test_a_user_that_does_not_serve_is_refused(
        sim, cefwd, tcp, user, status, says):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = cefwd.run("run", "--user", user)
    assert result.status == status and says in result.err, result


COMPLETE = """\
. "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cefwd
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize("words, wanted, unwanted", [
    ([""], {"run", "once", "check", "status", "login"}, {"usage"}),
    (["st"], {"status"}, {"run"}),
    (["run", "--"], {"--user", "--trace", "--config"}, {"--since"}),
    (["once", "--s"], {"--since"}, {"--user"}),
    (["--log-format", "j"], {"json", "journal"}, {"text"}),
    (["-c", "CONF", "login", ""], {"sim"}, {"out"}),
    (["check", "-c", "CO"], set(), {"run"}),
])
def test_bash_completes_what_there_is(sim, cefwd, tcp, words, wanted,
                                      unwanted):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    script = os.path.join(SRCDIR, "dist", "cefwd.bash-completion")
    words = [cefwd.conf if word == "CONF" else word for word in words]
    p = subprocess.run(["bash", "-c", COMPLETE, "bash", script, PROGRAM,
                        *words], capture_output=True, text=True,
                       timeout=TIMEOUT, cwd=cefwd.dir, check=False)
    assert p.returncode == 0 and p.stderr == "", p
    got = set(p.stdout.split())
    assert wanted <= got and not unwanted & got, p


def test_logrotate_takes_its_file(tmp_path):
    program = shutil.which("logrotate", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("logrotate is not there")
    p = subprocess.run(
        [program, "--debug", "--state", str(tmp_path / "state"),
         os.path.join(SRCDIR, "dist", "cefwd.logrotate")],
        capture_output=True, text=True, timeout=TIMEOUT, check=False)
    said = [line for line in p.stderr.splitlines() if "error:" in line and
            "unknown user" not in line and "unknown group" not in line]
    assert said == [], p
