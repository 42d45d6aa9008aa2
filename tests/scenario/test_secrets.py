"""secrets stay secret: nothing that the program writes holds one

SPDX-License-Identifier: MIT

The simulated tenant knows every secret it accepts and every token it gave
out.  All that a run leaves behind is searched for them, in whole, by the
parts of a token that are not guessed, and percent-encoded.
"""
import os
import signal
import stat
import time
import urllib.parse

import pytest

from runner import TIMEOUT
from test_grants import PASSWORD, Pair, jwt
from test_login import Login, sign_in, token_file


def forbidden(sim):
    """Every text that may stand nowhere."""
    out = {sim.secret, urllib.parse.quote(sim.secret, safe="")}
    for token in list(sim.entra.tokens):
        out.add(token)
        out.add(token.split(".")[-1])
    for jwt in sim.entra.assertions:
        out.update((jwt, jwt.split(".")[-1]))
    out.update(sim.entra.users.everything())
    return [text.encode() for text in out]


def search(sim, folder, more=(), but=(), words=()):
    """Look through every file below folder but those, and through more
    (name, bytes), for those words too; the number of bytes looked at."""
    seen = 0
    words = forbidden(sim) + [word.encode() for word in words]
    assert len(words) > 2, "no token was ever given out"

    def look(name, data):
        for word in words:
            assert word not in data, "%s holds a secret" % name
        return len(data)
    for name, data in more:
        seen += look(name, data)
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            if path not in but and stat.S_ISREG(os.lstat(path).st_mode):
                with open(path, "rb") as f:
                    seen += look(path, f.read())
    return seen


def wait(what, timeout=TIMEOUT):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


def read(path):
    with open(path, "rb") as f:
        return f.read()


def troubles(sim):
    """Whatever makes the program talk about tokens."""
    sim.fault("token", "status", status=401, times=1,
              body='{"error":"invalid_client","error_description":'
                   '"AADSTS7000215: you sent %s"}'
                   % sim.secret.replace("%", "%25"))
    sim.fault("alerts", "expire", after=1, times=1)
    sim.fault("alerts", "status", status=503, after=2, times=1)
    sim.fault("alerts", "foreign", after=3, times=1)


@pytest.mark.parametrize("style", ["text", "json", "journal"])
def test_a_service_in_trouble_writes_no_secret_anywhere(
        sim, cefwd, tcp, style):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    trace = os.path.join(cefwd.dir, "wire.trace")
    # a token first: what follows must not keep the feed from going
    sim.fault("alerts", "expire", after=1, times=1)
    sim.fault("alerts", "status", status=503, retry_after=0, after=2, times=1)
    service = cefwd.start("-v", "--log-format", style, "--trace", trace)
    assert wait(lambda: len(sim.entra.tokens) >= 2), service.said()
    assert tcp.wait(len(sim.store.records)), service.said()
    pid = service.process.pid
    proc = [("cmdline", read("/proc/%d/cmdline" % pid))]
    # the state while it runs: with its write-ahead log
    assert search(sim, cefwd.dir, proc) > 1000
    assert service.stop() == 0
    search(sim, cefwd.dir, [("lines", b"\n".join(tcp.lines()))])
    text = read(trace).decode()
    assert "/oauth2/v2.0/token" in text
    assert "client_secret=***" in text
    assert "Authorization: ***" in text
    assert '"access_token":"*** (' in text
    assert "of the API's data, not shown" in text
    assert stat.S_IMODE(os.stat(trace).st_mode) == 0o600


def test_a_refused_secret_that_is_echoed_is_told_without_it(
        sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    trace = os.path.join(cefwd.dir, "wire.trace")
    good = cefwd.once("-v")
    assert good.status == 0, good
    troubles(sim)
    bad = cefwd.once("-v", "--trace", trace)
    assert bad.status == 77, bad
    search(sim, cefwd.dir, [("stderr", bad.err.encode()),
                            ("stdout", bad.out.encode())])
    assert "invalid_client" in read(trace).decode()


def test_a_trace_that_others_could_read_or_steer_is_refused(
        sim, cefwd, tcp, tmp_path):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    victim = tmp_path / "victim"
    victim.write_text("mine\n")
    link = tmp_path / "link"
    link.symlink_to(victim)
    result = cefwd.once("--trace", str(link))
    assert result.status == 78, result
    assert "--trace" in result.err
    assert victim.read_text() == "mine\n"
    victim.chmod(0o644)
    result = cefwd.once("--trace", str(victim))
    assert result.status == 78, result
    assert "0600" in result.err
    assert sim.requests() == []


def test_a_crash_leaves_no_core(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    service = cefwd.start()
    assert tcp.wait(len(sim.store.records)), service.said()
    pid = service.process.pid
    limits = read("/proc/%d/limits" % pid).decode()
    row = next(line for line in limits.splitlines()
               if line.startswith("Max core file size"))
    assert row.split()[4:6] == ["0", "0"], row
    service.process.send_signal(signal.SIGABRT)
    assert service.process.wait(TIMEOUT) == -signal.SIGABRT
    assert not [n for n in os.listdir(cefwd.dir) if n.startswith("core")]
    search(sim, cefwd.dir)


# Each: (keys of the source, what else is secret)

def by_certificate(sim, tmp_path):
    pair = Pair(tmp_path)
    sim.entra.apps[sim.client_id.lower()]["certificates"].append(pair.cert)
    with open(pair.key, encoding="ascii") as f:
        lines = f.read().splitlines()[1:-1]
    return {"client-certificate-file": pair.pkcs12(),
            "client-key-password-file": pair.password()}, [PASSWORD, *lines]


def by_federation(sim, tmp_path):
    token = jwt(1)
    sim.entra.apps[sim.client_id.lower()]["federated"].append(token)
    (tmp_path / "token").write_text(token)
    return {"federated-token-file": str(tmp_path / "token")}, [
        token, token.split(".")[-1]]


def by_browser(sim, tmp_path):
    return {}, []


def by_device_code(sim, tmp_path):
    return {}, []


def sign_in_by_code(sim, cefwd, *args):
    login = Login(cefwd, "--device-code", *args)
    assert login.wait_said("type the code "), login.said()
    code = login.said().split("type the code ")[1].split()[0]
    assert sim.entra.users.settle(code)
    assert login.ended() == 0, login.said()
    return login


SIGN_IN = {by_browser: sign_in, by_device_code: sign_in_by_code}


@pytest.mark.parametrize("way", [
    by_certificate, by_federation, by_browser, by_device_code])
def test_no_way_to_sign_in_leaves_its_secrets_behind(
        sim, cefwd, tcp, tmp_path, way):
    keys, words = way(sim, tmp_path)
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, source={
        "client-secret-file": None, **keys})
    trace = os.path.join(cefwd.dir, "wire.trace")
    said = []
    if way in SIGN_IN:
        said.append(SIGN_IN[way](sim, cefwd, "-v", "--trace", trace).said())
    good = cefwd.once("-v", "--trace", trace)
    assert good.status == 0, good
    sim.entra.users.kill_all(70043)
    sim.entra.apps[sim.client_id.lower()].update(
        certificates=[], federated=[])
    bad = cefwd.once("-v", "--trace", trace)
    assert bad.status in (77, 78), bad
    assert sim.entra.assertions or sim.entra.users.refresh
    said += [good.err, good.out, bad.err, bad.out]
    # of a live token the file is the one place
    search(sim, cefwd.dir, [("said", "".join(said).encode())],
           but=[token_file(cefwd)], words=words)
    assert b"/oauth2/v2.0/token" in read(trace)
