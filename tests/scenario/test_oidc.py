"""every grant that is not Entra's alone, against a certified OAuth server

SPDX-License-Identifier: MIT

Where the server cannot be had these fail, each by its name: a grant that was
tried against our own simulation only may agree with its mistakes.
"""
import os
import urllib.parse

import pytest
from cef import ids
from oidc import (
    BY_KEY, BY_SECRET, BY_USER, SCOPE, TENANT, Person, Provider, Unavailable)
from test_grants import Pair
from test_login import Login, browse, token_file


@pytest.fixture
def new_provider(sim, tmp_path, certificates):
    made = []

    def make(**options):
        try:
            made.append(Provider(str(tmp_path), sim, certificates, **options))
        except Unavailable as e:
            pytest.fail(str(e), pytrace=False)
        return made[-1]
    yield make
    for provider in made:
        provider.close()


@pytest.fixture
def setup(cefwd, tcp, tmp_path):
    """setup(provider, client, keys): a source that signs in there."""
    def make(provider, client, **keys):
        cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, source={
            "authority": provider.url, "client-id": client,
            "client-secret-file": None, **keys})
        return cefwd
    return make


def secret_file(tmp_path, secret):
    path = tmp_path / "provider.secret"
    path.touch(0o600)
    path.write_text(secret + "\n")
    return str(path)


def all_came(sim, tcp):
    return set(ids(tcp.lines())) == sim.store.ids()


def sign_in(provider, cefwd, sim):
    login = Login(cefwd)
    back = Person(provider).visit(login.url())
    assert back.startswith("http://localhost:"), back
    assert browse(sim, back)[0] == 200
    assert login.ended() == 0, login.said()
    with open(token_file(cefwd), encoding="ascii") as f:
        return f.read().strip()


def test_client_secret(sim, tcp, tmp_path, new_provider, setup):
    provider = new_provider()
    cefwd = setup(provider, BY_SECRET, **{
        "client-secret-file": secret_file(tmp_path, provider.secret)})
    result = cefwd.once()
    assert result.status == 0, result
    assert all_came(sim, tcp)
    assert provider.grants() == ["client_credentials"]


def test_a_wrong_client_secret_is_refused(tcp, tmp_path, new_provider, setup):
    provider = new_provider()
    cefwd = setup(provider, BY_SECRET, **{
        "client-secret-file": secret_file(tmp_path, "wrong")})
    result = cefwd.once()
    assert result.status == 77 and "invalid_client" in result.err, result
    assert tcp.lines() == []


@pytest.mark.parametrize("assertion", ["sha256", "sha1"])
def test_private_key_jwt(
        sim, tcp, tmp_path, new_provider, setup, assertion):
    pair = Pair(tmp_path)
    provider = new_provider(certificate=pair.cert)
    cefwd = setup(provider, BY_KEY, **{
        "client-certificate-file": pair.pem(),
        "client-assertion": assertion})
    for _ in range(2):              # a jti that is used again is refused
        result = cefwd.once()
        assert result.status == 0, result
    assert all_came(sim, tcp)
    assert provider.grants() == ["client_credentials"] * 2


def test_private_key_jwt_of_another_key_is_refused(
        tcp, tmp_path, new_provider, setup):
    pair, other = Pair(tmp_path), Pair(tmp_path, "other")
    provider = new_provider(certificate=pair.cert)
    cefwd = setup(provider, BY_KEY, **{
        "client-certificate-file": other.pem()})
    result = cefwd.once()
    assert result.status == 77 and "invalid_client" in result.err, result
    assert tcp.lines() == []


def test_authorization_code_with_pkce(sim, tcp, new_provider, setup):
    provider = new_provider()
    cefwd = setup(provider, BY_USER)
    sign_in(provider, cefwd, sim)
    assert provider.grants() == ["authorization_code"]
    result = cefwd.once()
    assert result.status == 0, result
    assert all_came(sim, tcp)
    assert provider.grants() == ["authorization_code", "refresh_token"]


def test_a_code_that_is_used_again_is_refused(sim, new_provider, setup):
    """What comes back to the browser is worth nothing to who reads it."""
    provider = new_provider()
    cefwd = setup(provider, BY_USER)
    login = Login(cefwd)
    url = login.url()
    back = Person(provider).visit(url)
    asked = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(back).query)["code"]
    status, body = provider.post("/%s/oauth2/v2.0/token" % TENANT, {
        "grant_type": "authorization_code", "client_id": BY_USER,
        "code": code[0], "redirect_uri": asked["redirect_uri"][0],
        "code_verifier": "v" * 43})
    assert status == 400 and body["error"] == "invalid_grant"
    assert login.process.poll() is None


def test_device_code(sim, tcp, new_provider, setup):
    provider = new_provider()
    cefwd = setup(provider, BY_USER)
    login = Login(cefwd, "--device-code")
    assert login.wait_said("type the code "), login.said()
    where, _, rest = login.said().partition("open ")[2].partition(
        " in any browser and type the code ")
    page = Person(provider).visit(where, rest.split()[0])
    assert "Success" in page, page
    assert login.ended() == 0, login.said()
    result = cefwd.once()
    assert result.status == 0, result
    assert all_came(sim, tcp)
    assert provider.grants()[-1] == "refresh_token"


def test_refresh_tokens_rotate(sim, tcp, new_provider, setup):
    """Each is used once; who comes with an old one ends them all."""
    provider = new_provider()
    cefwd = setup(provider, BY_USER)
    seen = [sign_in(provider, cefwd, sim)]
    for _ in range(3):
        result = cefwd.once()
        assert result.status == 0, result
        with open(token_file(cefwd), encoding="ascii") as f:
            seen.append(f.read().strip())
    assert len(set(seen)) == 4
    status, body = provider.post("/%s/oauth2/v2.0/token" % TENANT, {
        "grant_type": "refresh_token", "client_id": BY_USER,
        "refresh_token": seen[0], "scope": SCOPE})
    assert status == 400 and body["error"] == "invalid_grant"
    result = cefwd.once()
    assert result.status == 77 and "cefwd login" in result.err, result
    assert all_came(sim, tcp)


def test_a_service_lives_on_short_tokens(sim, tcp, new_provider, setup):
    """Tokens of some seconds: each page may need another, and each refresh
    token is used once."""
    provider = new_provider(life_s=3)
    cefwd = setup(provider, BY_USER)
    sign_in(provider, cefwd, sim)
    service = cefwd.start()
    assert tcp.wait(30), service.said()
    want = 30
    while provider.grants().count("refresh_token") < 4:
        with sim.lock:
            sim.store.add(1)
        want += 1
        assert tcp.wait(want), service.said()
    assert service.stop() == 0
    assert all_came(sim, tcp)
    assert provider.errors() == []


def test_check_live_reads_its_discovery(sim, tmp_path, new_provider, setup):
    provider = new_provider()
    cefwd = setup(provider, BY_SECRET, **{
        "client-secret-file": secret_file(tmp_path, provider.secret)})
    result = cefwd.run("check", "--live")
    assert result.status == 0, result
    assert "%s/%s/oauth2/v2.0/token" % (provider.url, TENANT) in result.out


def test_no_registry_stands_in_a_file():
    folder = os.path.join(os.path.dirname(__file__), "..", "oidc")
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            text = f.read()
        assert "registry" not in text.replace(
            "omit-lockfile-registry-resolved", ""), name
        assert '"resolved"' not in text, name
