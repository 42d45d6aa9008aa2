"""cefwd check --live: what works, and in words what does not

SPDX-License-Identifier: MIT
"""
import base64
import json
import os
import socket

import pytest

from test_secrets import search


def live(cefwd, *args):
    return cefwd.run("check", "--live", *args)


def dead_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def fact(result, label, level="ok"):
    """The text of the one fact with that label and level."""
    found = [line[18:] for line in result.out.splitlines()
             if line[:18].split() == [level, label]]
    assert len(found) == 1, (label, level, result)
    return found[0]


def challenge(claims):
    code = base64.b64encode(json.dumps(claims).encode()).decode()
    return ('Bearer realm="", error="insufficient_claims", claims="%s"'
            % code)


def test_all_that_works_is_told_a_line_a_fact(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = live(cefwd)
    assert result.status == 0, result
    assert result.err == ""
    base = "%s/%s/oauth2/v2.0/" % (sim.login_url, sim.tenant)
    assert fact(result, "sign-in") == base + "authorize"
    assert fact(result, "tokens") == base + "token"
    assert "EU" in fact(result, "cloud")
    assert "client secret from %s" % sim.secret_file in fact(result, "grant")
    assert fact(result, "token") == "got one that is good for 59 min"
    assert fact(result, "audience") == "https://graph.microsoft.com"
    assert fact(result, "roles") == "SecurityAlert.Read.All"
    assert "agrees" in fact(result, "clock")
    assert "200, there are alerts" in fact(result, "API")
    assert "nothing was sent" in fact(result, "open")
    assert result.out.endswith("all of it works\n")
    # one call, of the smallest page; not a byte to the receiver
    assert [r["served"] for r in sim.requests(place="alerts")] == [1]
    assert tcp.lines() == []
    assert os.listdir(cefwd.state_dir) == []


def test_quiet_and_well_says_nothing(cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = live(cefwd, "-q")
    assert (result.status, result.out, result.err) == (0, "", "")


def test_feeds_are_told_in_the_order_of_the_file_and_share_a_token(
        sim, cefwd, tcp):
    second = "".join(
        "\n[source again]\napi = graph-alerts\ntenant = contoso.example\n"
        "client-id = %s\nclient-secret-file = %s\nauthority = %s\n"
        "base-url = %s\nca-file = %s\nmap = %s\n"
        % (sim.client_id, sim.secret_file, sim.login_url, sim.graph_url,
           sim.ca_file, cefwd.map))
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, tail=second)
    sim.fault("alerts", "slow", seconds=1)
    result = live(cefwd)
    assert result.status == 0, result
    heads = [line for line in result.out.splitlines()
             if not line.startswith(" ")]
    assert [head.split(" (")[0] for head in heads[:3]] == [
        "source sim", "source again", "destination out"]
    assert sim.entra.issued == 1


def test_all_failures_are_told_in_one_go(sim, cefwd):
    port = dead_port()
    cefwd.configure("tcp://127.0.0.1:%d" % port)
    sim.entra.roles = []
    result = live(cefwd, "-q")
    assert result.status == 77, result
    lines = result.out.splitlines()
    assert len(lines) == 2, result
    assert lines[0].startswith("source sim (contoso.example): API: GET ")
    assert "403" in lines[0] and "SecurityAlert.Read.All" in lines[0]
    assert "the token names no role" in lines[0]
    assert lines[1].startswith(
        "destination out (tcp://127.0.0.1:%d): open: " % port)
    assert result.err == ""


def test_each_url_of_a_failover_list_is_tried(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d tcp://127.0.0.1:%d"
                    % (tcp.port, dead_port()))
    result = live(cefwd)
    assert result.status == 69, result
    fact(result, "open")
    assert "refused" in fact(result, "open", "FAIL")
    assert result.out.endswith("1 of 3 failed\n")


def test_of_a_datagram_nothing_can_be_known(sim, cefwd, udp):
    cefwd.configure("udp://127.0.0.1:%d" % udp.port,
                    destination={"max-line": "8191"})
    result = live(cefwd)
    assert result.status == 0, result
    assert "nothing can be known" in fact(result, "open")
    assert udp.lines() == []


# where, AADSTS, status, error -> exit status, words
REFUSALS = {
    "a wrong secret": (7000215, 401, "invalid_client", 77, "Secret ID"),
    "an expired secret": (7000222, 401, "invalid_client", 77, "make a new"),
    "no such application": (700016, 400, "unauthorized_client", 77,
                            "check client-id"),
    "no such tenant": (90002, 400, "invalid_tenant", 78, "check tenant"),
    "an unknown certificate": (700027, 401, "invalid_client", 77,
                               "upload this certificate"),
    "the clock": (700024, 401, "invalid_client", 77, "clock"),
    "no consent": (65001, 400, "invalid_grant", 77, "admin consent"),
    "Conditional Access": (53003, 400, "invalid_grant", 77,
                           "Conditional Access"),
    "another cloud": (900382, 400, "invalid_request", 78, "set cloud"),
    "a disabled application": (7000112, 401, "unauthorized_client", 77,
                               "disabled"),
    "no such API": (500011, 400, "invalid_resource", 78, "not present"),
    "a wrong scope": (70011, 400, "invalid_scope", 78, "/.default"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_told_in_words_with_the_mend(sim, cefwd, tcp, name):
    code, status, error, want, words = REFUSALS[name]
    body = json.dumps({
        "error": error, "error_codes": [code],
        "error_description": "AADSTS%d: As Entra says it.\r\nTrace ID: "
                             "0a1b\r\nCorrelation ID: 0c1d" % code})
    sim.fault("token", "status", status=status, body=body)
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = live(cefwd)
    assert result.status == want, result
    text = fact(result, "token", "FAIL")
    assert "AADSTS%d" % code in text and words in text
    assert "trace 0a1b" in text
    assert "GET " not in result.out
    fact(result, "open")


def test_the_secrets_id_in_place_of_the_secret_is_seen(sim, cefwd, tcp):
    path = os.path.join(cefwd.dir, "wrong.secret")
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write("5ec2e7ed-0a1b-4c1d-8a1b-0a1b2c3d4e5f\n")
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    source={"client-secret-file": path})
    result = live(cefwd)
    assert result.status == 77, result
    text = fact(result, "token", "FAIL")
    assert "AADSTS7000215" in text
    assert "has the form of a Secret ID" in text
    assert "5ec2e7ed" not in result.out


def test_an_unknown_tenant_is_told_once(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    source={"tenant": "nobody.example"})
    result = live(cefwd)
    assert result.status == 78, result
    assert "check tenant" in fact(result, "sign-in", "FAIL")
    assert result.out.count("AADSTS90002") == 1


CLOUDS = {
    "gcc-high": {"tenant_region_scope": "USG",
                 "tenant_region_sub_scope": "DODCON",
                 "cloud_instance_name": "microsoftonline.us"},
    "dod": {"tenant_region_scope": "USG", "tenant_region_sub_scope": "DOD",
            "cloud_instance_name": "microsoftonline.us"},
    "china": {"tenant_region_scope": "AS",
              "cloud_instance_name": "partner.microsoftonline.cn"},
}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_wrong_cloud_is_told_by_the_tenants_region(
        sim, cefwd, tcp, cloud):
    sim.entra.region = CLOUDS[cloud]
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = live(cefwd)
    assert result.status == 78, result
    assert fact(result, "cloud", "FAIL").endswith(
        "not in public; set cloud = " + cloud)


def test_a_tenant_of_gcc_is_a_warning(sim, cefwd, tcp):
    sim.entra.region = {"tenant_region_scope": "NA",
                        "tenant_region_sub_scope": "GCC",
                        "cloud_instance_name": "microsoftonline.com"}
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = live(cefwd)
    assert result.status == 0, result
    assert "set cloud = gcc" in fact(result, "cloud", "warn")


@pytest.mark.parametrize("offset", [-900, 900])
def test_a_wrong_clock_is_a_warning(sim, cefwd, tcp, offset):
    sim.set(date_offset_s=offset)
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = live(cefwd)
    assert result.status == 0, result
    text = fact(result, "clock", "warn")
    assert ("behind" if offset > 0 else "ahead of") in text
    assert "NTP" in text


def test_a_token_for_another_api_is_told(sim, cefwd, tcp):
    sim.entra.audiences["https://other.example"] = "other"
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    source={"scope": "https://other.example/.default"})
    result = live(cefwd)
    assert result.status == 77, result
    assert "401" in fact(result, "API", "FAIL")
    assert "check that scope and cloud" in fact(result, "API", "FAIL")


def test_a_claims_challenge_is_told_as_the_policy_it_is(sim, cefwd, tcp):
    sim.fault("alerts", "status", status=401, times=2,
              www_authenticate=challenge({"access_token": {
                  "xms_rp_ipaddr": {"value": "192.0.2.7"}}}))
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = live(cefwd)
    assert result.status == 77, result
    text = fact(result, "API", "FAIL")
    assert "Conditional Access" in text and "192.0.2.7" in text
    assert len(sim.requests(place="alerts")) <= 2


def test_a_proxy_that_refuses_is_told(sim, cefwd, tcp):
    port = dead_port()
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    source={"proxy": "http://127.0.0.1:%d" % port})
    result = live(cefwd)
    assert result.status == 69, result
    assert ("proxy 127.0.0.1:%d refused" % port
            in fact(result, "sign-in", "FAIL"))


def test_an_unknown_ca_names_ca_file(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    source={"ca-file": None})
    result = live(cefwd)
    assert result.status in (69, 78), result
    assert "ca-file" in fact(result, "sign-in", "FAIL")


def test_a_page_of_a_proxy_is_told(sim, cefwd, tcp):
    sim.fault("any", "html", times=9)
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = live(cefwd)
    assert result.status == 69, result
    assert "HTML page" in fact(result, "sign-in", "warn")
    assert "captive portal" in fact(result, "token", "FAIL")


def test_an_api_that_is_busy_is_69(sim, cefwd, tcp):
    sim.fault("alerts", "status", status=429, retry_after=600, times=9)
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = live(cefwd)
    assert result.status == 69, result
    assert "429" in fact(result, "API", "FAIL")


def test_a_faulty_configuration_asks_nobody(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    source={"client-id": "nonsense"})
    result = live(cefwd)
    assert result.status == 78, result
    assert sim.requests() == []


@pytest.mark.parametrize("args", [["--trace", "x"], ["--live", "a.map"]])
def test_options_that_do_not_go_together_are_64(cefwd, tcp, args):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    assert cefwd.run("check", *args).status == 64


def test_nothing_that_it_writes_holds_a_secret(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    trace = os.path.join(cefwd.dir, "wire.trace")
    result = live(cefwd, "-v", "--trace", trace)
    assert result.status == 0, result
    search(sim, cefwd.dir, [("stdout", result.out.encode()),
                            ("stderr", result.err.encode())])
    with open(trace) as f:
        text = f.read()
    assert '"tenant_region_scope":"EU"' in text
    assert "client_secret=***" in text
