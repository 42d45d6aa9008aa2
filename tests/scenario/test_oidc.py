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
    BY_KEY, BY_SECRET, BY_USER, SCOPE, TENANT, Person, Provider, Unavailable,
    install)
from test_grants import Pair
from test_login import Login, browse, token_file
from test_secrets import search


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


def sign_in(provider, cefwd, sim, *args):
    login = Login(cefwd, *args)
    back = Person(provider).visit(login.url())
    assert back.startswith("http://localhost:"), back
    assert browse(sim, back)[0] == 200
    assert login.ended() == 0, login.said()
    with open(token_file(cefwd), encoding="ascii") as f:
        return f.read().strip()


def replay(provider, token):
    """Somebody else comes with a token that was used."""
    status, body = provider.post("/%s/oauth2/v2.0/token" % TENANT, {
        "grant_type": "refresh_token", "client_id": BY_USER,
        "refresh_token": token, "scope": SCOPE})
    assert status == 400 and body["error"] == "invalid_grant", body


def test_client_secret(sim, tcp, tmp_path, new_provider, setup):
    provider = new_provider()
    cefwd = setup(provider, BY_SECRET, **{
        "client-secret-file": secret_file(tmp_path, provider.secret)})
    result = cefwd.once()
    assert result.status == 0, result
    assert all_came(sim, tcp)
    assert provider.granted("client_credentials"), provider.events


def test_a_wrong_client_secret_is_refused(tcp, tmp_path, new_provider, setup):
    provider = new_provider()
    cefwd = setup(provider, BY_SECRET, **{
        "client-secret-file": secret_file(tmp_path, "wrong")})
    result = cefwd.once()
    assert result.status == 77 and "invalid_client" in result.err, result
    assert tcp.lines() == []


@pytest.mark.parametrize("assertion, algorithm", [
    ("sha256", "PS256"), ("sha1", "RS256")])
def test_private_key_jwt(
        sim, tcp, tmp_path, new_provider, setup, assertion, algorithm):
    pair = Pair(tmp_path)
    provider = new_provider(certificate=pair.cert, algorithm=algorithm)
    cefwd = setup(provider, BY_KEY, **{
        "client-certificate-file": pair.pem(),
        "client-assertion": assertion})
    for _ in range(2):              # a jti that is used again is refused
        result = cefwd.once()
        assert result.status == 0, result
    assert all_came(sim, tcp)
    assert provider.granted(*["client_credentials"] * 2), provider.events


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
    assert provider.granted("authorization_code"), provider.events
    result = cefwd.once()
    assert result.status == 0, result
    assert all_came(sim, tcp)
    assert provider.granted("authorization_code", "refresh_token")


def test_a_code_without_its_verifier_is_refused(new_provider, setup):
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
    assert provider.granted(
        "urn:ietf:params:oauth:grant-type:device_code", "refresh_token")


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
    replay(provider, seen[0])
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


def test_tokens_of_no_known_shape_stay_secret(
        sim, tcp, new_provider, setup):
    """Entra's begin in a way that can be looked for; here all are
    random letters."""
    provider = new_provider()
    cefwd = setup(provider, BY_USER)
    trace = os.path.join(cefwd.dir, "wire.trace")
    first = sign_in(provider, cefwd, sim, "-v", "--trace", trace)
    good = cefwd.once("-v", "--trace", trace)
    assert good.status == 0, good
    replay(provider, first)
    bad = cefwd.once("-v", "--trace", trace)
    assert bad.status == 77, bad
    assert provider.granted("authorization_code", "refresh_token")
    words = provider.secrets()
    assert first in words and len(words) > 6, words
    said = "".join((good.err, good.out, bad.err, bad.out)).encode()
    assert search(sim, cefwd.dir, [("said", said)], but=[token_file(cefwd)],
                  words=words) > 1000


def test_check_live_reads_its_discovery(sim, tmp_path, new_provider, setup):
    provider = new_provider()
    cefwd = setup(provider, BY_SECRET, **{
        "client-secret-file": secret_file(tmp_path, provider.secret)})
    result = cefwd.run("check", "--live")
    assert result.status == 0, result
    assert "%s/%s/oauth2/v2.0/token" % (provider.url, TENANT) in result.out


def test_without_a_registry_the_reason_is_one_line(tmp_path):
    with pytest.raises(Unavailable) as caught:
        install(str(tmp_path / "npm"), {
            **os.environ, "npm_config_cache": str(tmp_path / "cache"),
            "npm_config_registry": "http://127.0.0.1:1/",
            "npm_config_fetch_retries": "0"})
    said = str(caught.value)
    assert said.startswith("npm ci failed; is the registry within reach?")
    assert "ECONNREFUSED" in said and "\n" not in said, said


def test_no_registry_stands_in_a_file():
    folder = os.path.join(os.path.dirname(__file__), "..", "oidc")
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            text = f.read()
        assert "registry" not in text.replace(
            "omit-lockfile-registry-resolved", ""), name
        assert '"resolved"' not in text, name
