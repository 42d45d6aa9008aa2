"""cefwd once: each alert arrives, once, as it was

SPDX-License-Identifier: MIT
"""
import json
import os
import subprocess

import alerts as made
from cef import Event, events, ids
from runner import SRCDIR, TIMEOUT


def expect_all(sim, lines):
    """Every alert came once."""
    got = ids(lines)
    assert set(got) == sim.store.ids()
    assert len(got) == len(set(got))


def test_every_alert_reaches_rsyslog_over_tcp_and_none_twice(
        new_sim, new_cefwd, rsyslog):
    sim = new_sim(200)
    cefwd = new_cefwd(sim).configure("tcp://127.0.0.1:%d" % rsyslog.tcp)
    result = cefwd.once()
    assert result.status == 0, result
    assert rsyslog.wait(200)
    expect_all(sim, rsyslog.lines())
    before = len(rsyslog.lines())
    result = cefwd.once()
    assert result.status == 0, result
    rsyslog.stop()
    assert ids(rsyslog.lines()[before:]) == []


def test_every_alert_reaches_rsyslog_over_udp_and_none_twice(
        new_sim, new_cefwd, rsyslog):
    sim = new_sim(200)
    cefwd = new_cefwd(sim).configure("udp://127.0.0.1:%d" % rsyslog.udp,
                                     destination={"max-line": "8191"})
    result = cefwd.once()
    assert result.status == 0, result
    assert rsyslog.wait(200)
    expect_all(sim, rsyslog.lines())
    before = len(rsyslog.lines())
    assert cefwd.once().status == 0
    rsyslog.stop()
    assert ids(rsyslog.lines()[before:]) == []


def test_every_alert_reaches_syslog_ng_over_tcp(
        new_sim, new_cefwd, syslog_ng):
    sim = new_sim(200)
    cefwd = new_cefwd(sim).configure("tcp://127.0.0.1:%d" % syslog_ng.tcp)
    result = cefwd.once()
    assert result.status == 0, result
    assert syslog_ng.wait(200)
    expect_all(sim, syslog_ng.lines())


def normalised(text):
    """A text as one line can carry it (reference: emission policy)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(" " if ord(c) < 32 and c != "\n" or ord(c) == 127 else c
                   for c in text)
    return text.encode("utf-8", "replace").decode()


def test_no_alert_can_forge_or_break_a_line(new_sim, new_cefwd, tcp):
    sim = new_sim(400)
    cefwd = new_cefwd(sim).configure("tcp://127.0.0.1:%d" % tcp.port)
    assert cefwd.once().status == 0
    got = events(tcp.lines())
    assert tcp.partial == 0
    assert {e.vendor for e in got if e.id} == {"Microsoft"}
    assert {e.name for e in got}.isdisjoint({"forged event", "forged"})
    by_id = {e.id: e for e in got if e.id}
    for rec in sim.store.records:
        alert = json.loads(rec.json())
        e = by_id[rec.id]
        assert e.version == "0"
        assert e.class_id == alert["category"]
        assert e.ext["cs1"] == alert["status"]
        assert e.ext["rt"] == str(rec.created // 10000)
        want = normalised(alert["description"].replace("\ud83d", "\ufffd"))
        have = e.ext["msg"]
        assert len(have) <= 1023
        assert want.strip().startswith(have.rstrip("\ufffd")[:1000].strip())


def test_a_line_has_the_syslog_header_and_length_that_were_asked_for(
        new_sim, new_cefwd, tcp):
    sim = new_sim(200)
    cefwd = new_cefwd(sim).configure(
        "tcp://127.0.0.1:%d" % tcp.port,
        destination={"facility": "local4", "host-name": "soc-forwarder",
                     "max-line": "700"})
    assert cefwd.once().status == 0
    lines = tcp.lines()
    expect_all(sim, lines)
    assert max(len(line) for line in lines) <= 700
    for e in events(lines):
        assert e.pri >> 3 == 20
        assert e.host == "soc-forwarder"


def test_dry_run_prints_and_moves_nothing(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = cefwd.once("--dry-run")
    assert result.status == 0, result
    assert {Event(line).id for line in result.lines()} == sim.store.ids()
    assert tcp.connections == 0
    assert cefwd.once().status == 0
    expect_all(sim, tcp.lines())


def test_a_dry_run_that_cannot_be_written_is_no_success(cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    with open("/dev/full", "wb") as full:
        p = subprocess.run(cefwd.command("once", "--dry-run"), stdout=full,
                           stderr=subprocess.PIPE, env=cefwd.env(),
                           timeout=TIMEOUT, check=False)
    assert p.returncode == 75, p
    assert b"standard output" in p.stderr


def test_each_source_that_is_refused_is_named(sim, cefwd, tcp, tmp_path):
    wrong = tmp_path / "wrong.secret"
    wrong.touch(0o600)
    wrong.write_text("not-the-secret")
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    source={"client-secret-file": wrong})
    with open(cefwd.conf, encoding="utf-8") as f:
        text = f.read()
    start, end = text.index("[source sim]"), text.index("[destination")
    with open(cefwd.conf, "w", encoding="utf-8") as f:
        f.write(text + "\n" + text[start:end].replace("sim]", "other]"))
    result = cefwd.once()
    assert result.status == 77, result
    for name in ("source sim ", "source other "):
        assert result.err.count(name) == 1, result


def test_what_moves_nothing_needs_no_state(sim, cefwd, tcp):
    away = cefwd.state_dir + "/not/there"
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, top={"state-dir": away})
    result = cefwd.once("--dry-run")
    assert result.status == 0, result
    assert len(result.lines()) == len(sim.store.ids())
    result = cefwd.once("--since", "24h")
    assert result.status == 0, result
    expect_all(sim, tcp.lines())
    result = cefwd.once()
    assert result.status == 75, result
    assert away in result.err
    assert not os.path.exists(away)


def test_a_window_is_sent_again_and_leaves_the_state_alone(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    assert cefwd.once().status == 0
    before = cefwd.sql(".dump")
    tcp.clear()
    middle = sim.store.now - 6 * 3600 * made.TICKS
    result = cefwd.once("--since", made.stamp(middle))
    assert result.status == 0, result
    want = {r.id for r in sim.store.records if r.updated >= middle}
    assert 0 < len(want) < len(sim.store.records)
    assert sorted(ids(tcp.lines())) == sorted(want)
    tcp.clear()
    result = cefwd.once("--since", "24h", "--until", made.stamp(middle))
    assert result.status == 0, result
    want = {r.id for r in sim.store.records if r.updated < middle}
    assert sorted(ids(tcp.lines())) == sorted(want)
    assert cefwd.sql(".dump") == before


def test_the_first_pass_goes_back_as_far_as_start(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, source={"start": "3h"})
    assert cefwd.once().status == 0
    edge = made.now_ticks() - 3 * 3600 * made.TICKS
    got = set(ids(tcp.lines()))
    near = 60 * made.TICKS
    assert {r.id for r in sim.store.records if r.updated > edge + near} <= got
    assert not got & {r.id for r in sim.store.records
                      if r.updated < edge - near}


def test_a_filter_of_the_user_is_joined_to_ours(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, source={
        "filter": '"severity ne \'informational\' or status eq \'new\'"'})
    result = cefwd.once()
    assert result.status == 0, result
    want = {r.id for r in sim.store.records
            if r.template.severity != "informational"
            or r.template.status == "new"}
    assert set(ids(tcp.lines())) == want


def test_the_shipped_map_sends_every_alert(new_sim, new_cefwd, tcp):
    sim = new_sim(200)
    cefwd = new_cefwd(sim).configure(
        "tcp://127.0.0.1:%d" % tcp.port,
        top={"map-path": os.path.join(SRCDIR, "cef")},
        source={"map": "graph-alerts.map"})
    result = cefwd.once()
    assert result.status == 0, result
    assert set(ids(tcp.lines())) == sim.store.ids()


def test_the_shipped_siem_map_sends_every_detection(new_sim, new_cefwd, tcp):
    sim = new_sim(0, detections=150)
    cefwd = new_cefwd(sim).configure(
        "tcp://127.0.0.1:%d" % tcp.port,
        top={"map-path": os.path.join(SRCDIR, "cef")},
        source={"api": "wdatp-siem", "map": "wdatp-siem.map",
                "base-url": sim.siem_url})
    result = cefwd.once()
    assert result.status == 0, result
    assert set(ids(tcp.lines())) == sim.detections.ids()
    tcp.clear()
    assert cefwd.once().status == 0
    assert ids(tcp.lines()) == []


def test_every_tenant_of_a_source_is_read(new_sim, new_cefwd, tcp):
    sim = new_sim(10)
    cefwd = new_cefwd(sim).configure(
        "tcp://127.0.0.1:%d" % tcp.port,
        source={"tenant": "contoso.example contoso.onmicrosoft.com"})
    result = cefwd.once()
    assert result.status == 0, result
    # one tenant under two names: two feeds, so each alert twice
    assert sorted(ids(tcp.lines())) == sorted(list(sim.store.ids()) * 2)


def test_two_destinations_each_get_everything(sim, cefwd, tcp, udp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, tail="""
[destination second]
url = udp://127.0.0.1:%d
""" % udp.port)
    result = cefwd.once()
    assert result.status == 0, result
    expect_all(sim, tcp.lines())
    expect_all(sim, udp.lines())
