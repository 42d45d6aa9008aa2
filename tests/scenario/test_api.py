"""what the API and the token endpoint can do to us

SPDX-License-Identifier: MIT
"""
import time

import pytest
from cef import ids

@pytest.fixture
def many(new_sim):
    """250 alerts in pages of 100 at most."""
    sim = new_sim(250)
    sim.set(top_max=100)
    return sim


def deliver(cefwd, sim, tcp, **source):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    source={**source})
    result = cefwd.once()
    assert result.status == 0, result
    assert set(ids(tcp.lines())) == sim.store.ids()
    return result


# What goes away by itself: every alert arrives, none twice.
PASSING = {
    "401 in the middle of a pass": [("alerts", "expire", {"after": 1})],
    "429 with Retry-After": [
        ("alerts", "status", {"status": 429, "retry_after": "1"})],
    "429 with a fraction": [
        ("alerts", "status", {"status": 429, "retry_after": "1.128"})],
    "429 without a word": [("alerts", "status", {"status": 429})],
    "500 twice": [("alerts", "status", {"status": 500, "times": 2})],
    "503 with Retry-After": [
        ("alerts", "status", {"status": 503, "retry_after": "1"})],
    "body cut in the middle": [("alerts", "cut", {"bytes": 20000})],
    "body cut at once": [("alerts", "cut", {"bytes": 0})],
    "second page cut": [("alerts", "cut", {"bytes": 5000, "after": 1})],
    "JSON that ends early": [("alerts", "truncate", {"bytes": 30000})],
    "JSON that is empty": [("alerts", "raw", {"body": ""})],
    "a page of a proxy": [("alerts", "html", {})],
    "connection dropped": [("alerts", "drop", {})],
    "slow answer": [("alerts", "slow", {"seconds": 1.5})],
    "slow body": [("alerts", "drip", {"seconds": 0.02})],
    "token endpoint: 503": [("token", "status", {"status": 503})],
    "token endpoint: 429": [
        ("token", "status", {"status": 429, "retry_after": "1"})],
    "token endpoint: dropped": [("token", "drop", {})],
    "token endpoint: page of a proxy": [("token", "html", {})],
    "token endpoint: cut": [("token", "cut", {"bytes": 20})],
}


@pytest.mark.parametrize("name", list(PASSING))
def test_what_passes_costs_nothing(many, new_cefwd, tcp, name):
    for where, kind, options in PASSING[name]:
        many.fault(where, kind, **options)
    deliver(new_cefwd(many), many, tcp, **{"page-size": "100"})
    got = ids(tcp.lines())
    assert len(got) == len(set(got))
    assert not many.faults, "the fault was never met"


def test_retry_after_is_obeyed(sim, cefwd, tcp):
    sim.fault("alerts", "status", status=429, retry_after="2")
    result = deliver(cefwd, sim, tcp)
    times = [r["time"] for r in sim.requests(place="alerts")]
    assert times[1] - times[0] >= 1.9, result


# Ways of an API that is not as it should be, all along.
WAYS = {
    "pages without a link": {"links_given": False},
    "no order": {"order_obeyed": False},
    "no order, no link": {"order_obeyed": False, "links_given": False},
    "no count": {"count_given": False},
    "small pages": {"top_max": 7},
    "no compression": {"gzip": False},
    "no Date": {"date_offset_s": None},
    "Date a day off": {"date_offset_s": -90000},
}


@pytest.mark.parametrize("name", list(WAYS))
def test_an_api_with_ways_of_its_own_is_read_whole(
        many, new_cefwd, tcp, name):
    many.set(**WAYS[name])
    deliver(new_cefwd(many), many, tcp)
    got = ids(tcp.lines())
    assert len(got) == len(set(got))


def test_full_pages_without_link_and_count_are_read_whole(
        new_sim, new_cefwd, tcp):
    """Only that a page is as full as was asked for tells that more may
    follow."""
    sim = new_sim(2500)
    sim.set(links_given=False, count_given=False)
    deliver(new_cefwd(sim), sim, tcp)


def test_sixty_alerts_of_one_moment_are_read_whole(
        new_sim, new_cefwd, tcp):
    sim = new_sim(0)
    with sim.lock:
        at = sim.store.now - 3600 * 10 ** 7
        for n in range(60):
            sim.store.add_raw({"id": "same%d" % n, "title": "t",
                               "severity": "low", "status": "new",
                               "category": "x", "description": "d"}, at)
    sim.set(top_max=20)
    deliver(new_cefwd(sim), sim, tcp)


def test_an_update_while_pages_are_read_loses_nothing(
        new_sim, new_cefwd, tcp):
    sim = new_sim(200)
    sim.set(top_max=20, page_delay_s=0.05)
    cefwd = new_cefwd(sim).configure("tcp://127.0.0.1:%d" % tcp.port)
    service = cefwd.start()
    for n in range(20):
        with sim.lock:
            sim.store.update(sim.store.records[n * 9].id, status="s%d" % n)
            sim.store.add(1)
        time.sleep(0.05)
    assert tcp.wait_for(lambda lines: set(ids(lines)) == sim.store.ids(), 30)
    assert service.stop() == 0


# Refused: status, words that the operator must see, what makes it so.
def wrong_secret(sim, cefwd):
    sim.entra.apps[sim.client_id.lower()]["secret"] = "another"


def expired_secret(sim, cefwd):
    sim.entra.set_secret(sim.client_id, "another")


def no_role(sim, cefwd):
    sim.entra.roles = []


def disabled(sim, cefwd):
    sim.entra.apps[sim.client_id.lower()]["disabled"] = True


def nothing(sim, cefwd):
    pass


REFUSED = {
    "wrong secret": (wrong_secret, {}, 77, ["AADSTS7000215", "secret"]),
    "expired secret": (expired_secret, {}, 77, ["AADSTS7000222"]),
    "unknown application": (
        nothing, {"client-id": "11111111-2222-3333-4444-555555555555"}, 77,
        ["AADSTS700016"]),
    "disabled application": (disabled, {}, 77, ["AADSTS7000112"]),
    "unknown tenant": (nothing, {"tenant": "nobody.example"}, 78,
                       ["AADSTS90002", "nobody.example"]),
    "permission missing": (no_role, {}, 77,
                           ["403", "SecurityAlert.Read.All"]),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_refusals_say_why_and_what_to_do(sim, cefwd, tcp, name):
    make, source, status, words = REFUSED[name]
    make(sim, cefwd)
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, source=source)
    result = cefwd.once()
    assert result.status == status, result
    for word in words:
        assert word in result.err
    assert ids(tcp.lines()) == []


def test_a_refused_service_goes_on_when_the_secret_is_mended(
        sim, cefwd, tcp):
    wrong_secret(sim, cefwd)
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    service = cefwd.start()
    assert service.wait_said("AADSTS7000215"), service.said()
    # A new file is tried at once; the same secret only after a minute,
    # since Entra throttles who repeats himself.
    secret = sim.entra.apps[sim.client_id.lower()]["secret"]
    with open(sim.secret_file, "w", encoding="ascii") as f:
        f.write(secret + "\n")
    assert tcp.wait_for(lambda lines: set(ids(lines)) == sim.store.ids(),
                        60), service.said()
    assert service.stop() == 0


def test_a_condition_is_logged_when_it_changes_not_at_every_attempt(
        sim, cefwd, tcp):
    wrong_secret(sim, cefwd)
    service = cefwd.configure("tcp://127.0.0.1:%d" % tcp.port).start()
    assert service.wait_said("AADSTS7000215"), service.said()
    time.sleep(4)
    assert service.stop() == 0
    assert service.said().count("AADSTS7000215") <= 2
    assert len(sim.requests(place="token")) <= 2


@pytest.mark.parametrize("kind, options", [
    ("foreign", {}),
    ("status", {"status": 302, "location": "https://127.0.0.1:1/"}),
    ("link", {"link": "http://127.0.0.1/x"}),
    ("link", {"link": "https://graph.microsoft.com@127.0.0.1/"}),
])
def test_a_bearer_token_never_goes_to_another_origin(
        many, new_cefwd, tcp, kind, options):
    if kind == "status":
        options = {**options, "location": many.foreign_url + "/x"}
    many.fault("alerts", kind, times=1000, **options)
    cefwd = new_cefwd(many).configure("tcp://127.0.0.1:%d" % tcp.port)
    result = cefwd.once("--timeout", "4s")
    assert result.status in (69, 75), result
    assert not [r for r in many.requests(role="foreign") if r["bearer"]]


def test_one_renewal_for_a_401_and_no_more(sim, cefwd, tcp):
    sim.fault("alerts", "expire", times=1000)
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = cefwd.once("--timeout", "5s")
    assert result.status in (75, 77), result
    assert len(sim.requests(place="token")) < 8


def test_an_untrusted_certificate_is_refused(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    source={"ca-file": None})
    result = cefwd.once("--timeout", "3s")
    assert result.status in (69, 75, 77), result
    assert "certificate" in result.err
    assert sim.requests() == []


# Elements that no JSON of ours may take: told, and stepped over.
BAD = {
    "not JSON": b"{\"id\":\"x\",}",
    "NaN": b"{\"id\":\"x\",\"n\":NaN}",
    "single quotes": b"{'id':'x'}",
    "raw control byte": b"{\"id\":\"x\x01\"}",
    "NUL in a name": b"{\"id\":\"x\",\"i\\u0000d\":\"y\"}",
    "too deep": b"[" * 100 + b"]" * 100,
    "a number": b"17",
    "null": b"null",
    "no id": b"{\"title\":\"t\"}",
    "not UTF-8": b"{\"id\":\"x\",\"title\":\"\xff\xfe\"}",
}


@pytest.mark.parametrize("name", list(BAD))
@pytest.mark.parametrize("at", [0, 13])
def test_an_element_that_cannot_be_parsed_does_not_stop_the_rest(
        sim, cefwd, tcp, name, at):
    sim.fault("alerts", "element", element=BAD[name], at=at, times=1000)
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = cefwd.once("--timeout", "10s")
    assert result.status == 0, result
    assert sim.store.ids() <= set(ids(tcp.lines()))
