"""a user signs in, against the simulated Entra ID

SPDX-License-Identifier: MIT
"""
import http.client
import os
import socket
import ssl
import stat
import subprocess
import time
import urllib.parse

import pytest
from cef import ids
from runner import TIMEOUT, Service
from test_health import wait_told


class Login(Service):
    """cefwd login, as somebody types it in a terminal."""

    def __init__(self, cefwd, *args):
        self.cefwd = cefwd
        self.log = os.path.join(cefwd.dir, "login.%d" % len(cefwd.services))
        with open(self.log, "wb") as f:
            self.process = subprocess.Popen(
                [*cefwd.command("login"), *args, "sim"], env=cefwd.env(),
                stdout=f, stderr=f, stdin=subprocess.DEVNULL, cwd=cefwd.dir)
        cefwd.services.append(self)

    def url(self):
        assert self.wait_said("https://"), self.said()
        assert self.wait_said("\n", 5)
        line = next(x for x in self.said().splitlines()
                    if x.startswith("https://"))
        return line

    def ended(self):
        status = self.process.wait(TIMEOUT)
        self.cefwd.inspect(self.said())
        return status


def browse(sim, url):
    """A GET as of a browser that goes nowhere by itself: status, Location,
    text."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=sim.ca_file)
        there = http.client.HTTPSConnection(parts.hostname, parts.port,
                                            context=context, timeout=TIMEOUT)
    else:
        there = http.client.HTTPConnection("127.0.0.1", parts.port,
                                           timeout=TIMEOUT)
    there.request("GET", "%s?%s" % (parts.path or "/", parts.query))
    answer = there.getresponse()
    text = answer.read().decode()
    there.close()
    return answer.status, answer.getheader("Location"), text


def sign_in(sim, cefwd, *args):
    """The whole of it, by the browser."""
    login = Login(cefwd, *args)
    status, back, text = browse(sim, login.url())
    assert status == 302, text
    status, _, text = browse(sim, back)
    assert status == 200 and "may be closed" in text
    assert login.ended() == 0, login.said()
    return login


def token_file(cefwd, tenant="contoso.example"):
    return os.path.join(cefwd.state_dir, "tokens", "sim@" + tenant)


@pytest.fixture
def user(sim, cefwd, tcp):
    """The program without a credential: a user has to sign in."""
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    source={"client-secret-file": None})
    return cefwd


def test_a_browser_signs_in_and_alerts_come(sim, user, tcp):
    login = sign_in(sim, user)
    path = token_file(user)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
    with open(path, encoding="ascii") as f:
        assert f.read().strip() in sim.entra.users.refresh
    for secret in sim.entra.users.everything():
        assert secret not in login.said()
    result = user.once()
    assert result.status == 0, result
    assert set(ids(tcp.lines())) == sim.store.ids()


def test_the_page_is_asked_for_as_the_standards_say(sim, user):
    url = Login(user).url()
    args = {k: v[0] for k, v in urllib.parse.parse_qs(
        urllib.parse.urlsplit(url).query).items()}
    assert url.startswith("%s/contoso.example/oauth2/v2.0/authorize?"
                          % sim.login_url)
    assert args["response_type"] == "code"
    assert args["code_challenge_method"] == "S256"
    assert len(args["code_challenge"]) == 43 and len(args["state"]) == 43
    assert args["client_id"] == sim.client_id
    assert args["scope"].split() == [
        "https://graph.microsoft.com/.default", "offline_access"]
    assert urllib.parse.urlsplit(args["redirect_uri"]).hostname == "localhost"


def test_each_use_brings_a_new_token_that_is_kept_first(sim, user, tcp):
    sim.entra.users.is_strict = True
    sign_in(sim, user)
    seen = set()
    for _ in range(3):
        with open(token_file(user), encoding="ascii") as f:
            seen.add(f.read())
        result = user.once()
        assert result.status == 0, result
    assert len(seen) == 3
    assert os.listdir(os.path.dirname(token_file(user))) == [
        "sim@contoso.example"]


def test_a_server_that_rotates_nothing(sim, user):
    sim.entra.users.rotates = False
    sign_in(sim, user)
    for _ in range(2):
        assert user.once().status == 0


def test_a_foreign_visitor_cannot_end_the_sign_in(sim, user):
    login = Login(user)
    _, back, _ = browse(sim, login.url())
    there = back.split("?")[0]
    for query in ("code=stolen", "code=stolen&state=guessed",
                  "error=access_denied&state=", "state=%00&code=%zz", ""):
        assert browse(sim, there + "?" + query)[0] == 404
    assert browse(sim, there + "favicon.ico")[0] == 404
    assert login.process.poll() is None
    assert browse(sim, back)[0] == 200
    assert login.ended() == 0, login.said()


def test_a_browser_that_connects_ahead_keeps_nothing_waiting(sim, user):
    login = Login(user)
    _, back, _ = browse(sim, login.url())
    port = urllib.parse.urlsplit(back).port
    with socket.create_connection(("127.0.0.1", port)) as idle, \
            socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(b"GET /?co")
        assert browse(sim, back)[0] == 200
        assert login.ended() == 0, login.said()
        idle.close()


def test_a_refusal_on_the_page_is_told(sim, user):
    sim.entra.users.refuses = (
        "access_denied", "AADSTS65004: User declined\r\n to consent \x1b[1m")
    login = Login(user)
    _, back, _ = browse(sim, login.url())
    status, _, text = browse(sim, back)
    assert status == 200 and "refused" in text
    assert login.ended() == 77
    said = login.said().splitlines()[-1]
    assert "access_denied" in said and "AADSTS65004" in said
    assert "\x1b" not in said
    assert not os.path.exists(token_file(user))


def test_nobody_comes(sim, user):
    login = Login(user, "--timeout", "300ms")
    assert login.ended() == 75
    assert "nobody signed in" in login.said()


@pytest.mark.parametrize("slow", [0, 1])
def test_device_code(sim, user, tcp, slow):
    login = Login(user, "--device-code")
    sim.entra.users.slow_downs = slow
    assert login.wait_said("type the code "), login.said()
    assert "https://microsoft.com/devicelogin" in login.said()
    code = login.said().split("type the code ")[1].split()[0]
    end = time.monotonic() + TIMEOUT
    while not [r for r in sim.requests(place="token")]:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert sim.entra.users.settle(code)
    assert login.ended() == 0, login.said()
    assert user.once().status == 0
    assert set(ids(tcp.lines())) == sim.store.ids()


@pytest.mark.parametrize("state, status, says", [
    ("declined", 77, "AADSTS65004"), ("expired", 77, "AADSTS70020")])
def test_device_code_that_leads_nowhere(sim, user, state, status, says):
    login = Login(user, "--device-code")
    assert login.wait_said("type the code "), login.said()
    code = login.said().split("type the code ")[1].split()[0]
    assert sim.entra.users.settle(code, state)
    assert login.ended() == status, login.said()
    assert says in login.said()


def test_a_running_service_goes_on_after_a_new_sign_in(sim, user, tcp):
    sign_in(sim, user)
    service = user.start()
    assert tcp.wait(30), service.said()
    sim.entra.users.kill_all(700082)
    sim.entra.expire_tokens()
    with sim.lock:
        sim.store.add(2)
    assert service.wait_said("AADSTS700082"), service.said()
    assert "cefwd login" in service.said()
    lapsed = wait_told(service, tcp, "sign-in-lapsed")
    assert "AADSTS700082" in lapsed.ext["reason"]
    sign_in(sim, user)
    assert tcp.wait(32), service.said()
    wait_told(service, tcp, "source-recovered")
    assert service.stop() == 0


def test_a_service_whose_token_is_gone_waits_for_a_sign_in(sim, user, tcp):
    sign_in(sim, user)
    service = user.start()
    assert tcp.wait(30), service.said()
    os.unlink(token_file(user))
    sim.entra.expire_tokens()
    with sim.lock:
        sim.store.add(2)
    assert service.wait_said("nobody has signed in"), service.said()
    sign_in(sim, user)
    assert tcp.wait(32), service.said()
    assert service.stop() == 0


@pytest.mark.parametrize("command", ["once", "run", "check"])
def test_without_a_sign_in_the_start_ends_with_the_mend(sim, user, command):
    result = user.run(command)
    assert result.status == 78
    assert "nobody has signed in for tenant contoso.example" in result.err
    assert 'run "cefwd login sim"' in result.err
    assert sim.requests() == []


def test_check_live_shows_the_sign_in(sim, user):
    sign_in(sim, user)
    result = user.run("check", "--live")
    assert result.status == 0, result
    assert "sign-in of a user, kept in " + token_file(user) in result.out


def test_what_the_command_line_may_say(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = cefwd.run("login", "sim")
    assert result.status == 78 and "signs in by itself" in result.err
    result = cefwd.run("login", "sin")
    assert result.status == 64 and 'did you mean "sim"' in result.err
    assert cefwd.run("login").status == 64
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, source={
        "client-secret-file": None,
        "tenant": "contoso.example contoso.onmicrosoft.com"})
    result = cefwd.run("login", "sim")
    assert result.status == 64 and "--tenant" in result.err
    sign_in(sim, cefwd, "--tenant", "contoso.onmicrosoft.com")
    assert os.path.exists(token_file(cefwd, "contoso.onmicrosoft.com"))
    assert not os.path.exists(token_file(cefwd))


def test_a_token_that_others_can_read_is_not_used(sim, user):
    sign_in(sim, user)
    os.chmod(token_file(user), 0o644)
    result = user.once()
    assert result.status == 78 and "others" in result.err, result
