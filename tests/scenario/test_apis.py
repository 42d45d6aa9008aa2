"""each alert API as a row of the table, and one of the user's own

SPDX-License-Identifier: MIT
"""
import os
import re
import time

import pytest
import schedules
from cef import events, ids
from restapi import RestApi
from runner import SRCDIR

ROWS = list(schedules.APIS.values())
NAMES = [r["api"] for r in ROWS]
UPDATED = [r for r in ROWS if r["place"] != "siem"]


def start(new_sim, new_cefwd, tcp, row, count, **source):
    """A tenant with so many records of a row, and cefwd configured for it."""
    place = row["place"]
    sim = new_sim(count if place == "alerts" else 0,
                  detections=count if place == "siem" else 0,
                  records={place: count})
    cefwd = new_cefwd(sim)
    with open(cefwd.map, "w", encoding="utf-8") as f:
        f.write(schedules.map_of(row))
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, source={
        "api": row["api"], "base-url": getattr(sim, row["url"] + "_url"),
        **source})
    return sim, cefwd


def of_records(lines, row):
    """What came of the records themselves, not of alerts inside of them."""
    return [e for e in events(lines)
            if e.class_id == row["place"] and e.id is not None]


def expected(sim, row):
    store = sim.stores[row["place"]]
    if row["place"] == "siem":
        return len(store.records)
    return store.ids()


def arrived(tcp, row):
    came = of_records(tcp.lines(), row)
    if row["place"] == "siem":          # one alert has several detections
        return len(came)
    return {e.id for e in came}


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_every_record_comes_once_however_many_pages(
        new_sim, new_cefwd, tcp, row):
    # a page of 40 is less than was asked for, and not all
    sim, cefwd = start(new_sim, new_cefwd, tcp, row, 110)
    sim.set(top_max=40)
    result = cefwd.once()
    assert result.status == 0, result
    assert arrived(tcp, row) == expected(sim, row), result
    n = len(tcp.lines())
    assert cefwd.once().status == 0
    assert len(tcp.lines()) == n


@pytest.mark.parametrize("row", UPDATED, ids=[r["api"] for r in UPDATED])
def test_an_update_comes_again_and_a_new_one_too(
        new_sim, new_cefwd, tcp, row):
    sim, cefwd = start(new_sim, new_cefwd, tcp, row, 30)
    assert cefwd.once().status == 0
    store = sim.stores[row["place"]]
    changed = store.records[7].id
    with sim.lock:
        store.update(changed, status="looked at")
        store.add(3)
    before = len(tcp.lines())
    assert cefwd.once().status == 0
    again = of_records(tcp.lines()[before:], row)
    assert arrived(tcp, row) == store.ids()
    assert [e.ext["cs1"] for e in again if e.id == changed] == ["looked at"]
    assert len(again) == 4


def test_incidents_come_whole_where_expand_fails_for_good(
        new_sim, new_cefwd, tcp):
    row = schedules.APIS["graph-incidents"]
    sim, cefwd = start(new_sim, new_cefwd, tcp, row, 60)
    sim.fault("incidents", "status", status=500, times=10 ** 6,
              having="&$expand=alerts")
    result = cefwd.once()
    assert result.status == 0, result
    assert arrived(tcp, row) == sim.stores["incidents"].ids()
    inner = {i for e in events(tcp.lines()) if e.class_id == "alert"
             for i in [e.id]}
    assert len(inner) > 20
    assert "one by one" in result.err


def test_requests_are_those_of_the_documentation(new_sim, new_cefwd, tcp):
    """What Microsoft's pages say that may be asked."""
    wanted = {
        "graph-alerts": r"\$filter=lastUpdateDateTime%20ge%20\S+Z%20and%20"
                        r"createdDateTime%20ge%20[^&]+&\$orderby="
                        r"createdDateTime&\$top=1000&\$count=true",
        "graph-incidents": r"\$filter=lastUpdateDateTime%20ge%20[^&]+"
                           r"&\$orderby=createdDateTime&\$top=50"
                           r"&\$count=true&\$expand=alerts",
        "defender-alerts": r"\$filter=lastUpdateTime%20ge%20\S+Z%20and%20"
                           r"alertCreationTime%20ge%20[^&]+&\$top=1000"
                           r"&\$expand=evidence",
        "defender-incidents": r"\$filter=lastUpdateTime%20ge%20\S+Z%20and"
                              r"%20createdTime%20ge%20[^&]+&\$top=100",
        "wdatp-siem": r"sinceTimeUtc=[^&]+Z(&untilTimeUtc=[^&]+Z)?",
    }
    for row in ROWS:
        sim, cefwd = start(new_sim, new_cefwd, tcp, row, 2)
        assert cefwd.once().status == 0
        first = sim.requests(place=row["place"])[0]
        assert re.fullmatch(wanted[row["api"]], first["query"]), first


def test_a_budget_is_kept_by_two_sources_together(new_sim, new_cefwd, tcp):
    """Alerts and incidents of one application: never a 429."""
    row = schedules.APIS["graph-alerts"]
    sim, cefwd = start(new_sim, new_cefwd, tcp, row, 3)
    other = open(cefwd.conf, encoding="utf-8").read().split("[source sim]")[1]
    other = other.split("[")[0].replace("graph-alerts", "graph-incidents")
    with open(cefwd.conf, "a", encoding="utf-8") as f:
        f.write("[source two]\n" + other)
    sim.set(quota=True)
    service = cefwd.start()
    end = time.monotonic() + 60
    while time.monotonic() < end and not (
            sim.requests(place="alerts") and sim.requests(place="incidents")):
        time.sleep(0.05)
    assert service.stop() == 0
    assert {r["status"] for p in ("alerts", "incidents")
            for r in sim.requests(place=p)} == {200}


# -- an API of the user's own ----------------------------------------------

OWN = """
[api own]
base-url  = %(url)s
path      = /siem/v1/alerts
token-url = %(url)s/oauth2/token
scope     = token
headers   = "X-Tenant-ID: {tenant}"
%(more)s
"""
ITEMS = """parameters = updated={updated-from} limit={page-size}
until-parameters = before={created-until}
time-format = epoch
records = items
updated = updated_at
created = created_at
page-size = 50
"""
NESTED = """parameters = updated={updated-from} limit={page-size}
time-format = epoch
records = data/list
id = meta/id
updated = meta/at/now
created = meta/at/new
page-size = 50
count = meta/total
paging = link
next = links/next
"""
MAP = """\
[event]
deviceVendor = "Example"
deviceProduct = "Own"
deviceVersion = "1"
deviceEventClassId = "x"
name = $.status
severity = "5"
externalId = $.id ?? $.meta.id
"""
WAYS = {
    "everything at once": ("none", "bare", """created = created_at
updated = updated_at
page-size = 0
parameters = updated={updated-from}
time-format = epoch
"""),
    "cursor": ("cursor", "items", ITEMS + "paging = cursor\n"
               "next = next_cursor\nnext-parameter = cursor\n"),
    "offset": ("offset", "items", ITEMS + "paging = offset\n"
               "next-parameter = offset\n"),
    "offset, time cannot be cut": (
        "offset", "items", re.sub("until-.*\n", "", ITEMS)
        + "paging = offset\nnext-parameter = offset\n"),
    "Link header": ("header", "bare", re.sub("records.*\n", "", ITEMS)
                    + "paging = header\n"),
    "links inside of objects": ("link", "nested", NESTED),
}


def use(cefwd, tcp, api, source, more, folder):
    secret = folder / "own.secret"
    secret.touch(0o600)
    secret.write_text(api.secret + "\n")
    cefwd.sim = None
    with open(cefwd.map, "w", encoding="utf-8") as f:
        f.write(MAP)
    cefwd.sim = Own(str(secret))
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, source={
        "api": "own", "client-id": api.client_id, "authority": None,
        "base-url": None, "ca-file": None, **source},
        tail=OWN % {"url": api.url, "more": more})
    cefwd.sim = None
    return cefwd


class Own:
    """What configure() asks of a simulation."""
    client_id = login_url = graph_url = ca_file = None

    def __init__(self, secret_file):
        self.secret_file = secret_file


@pytest.mark.parametrize("name", list(WAYS))
def test_an_api_of_ones_own_is_read_whole(new_cefwd, tcp, tmp_path, name):
    paging, shape, more = WAYS[name]
    with RestApi(paging, 230, shape) as api:
        source = {"retention": "23h", "start": "23h"}
        cefwd = use(new_cefwd(), tcp, api, source, more, tmp_path)
        result = cefwd.once()
        assert result.status == 0, result
        assert sorted(ids(tcp.lines())) == sorted(api.alerts), result
        assert {c[2] for c in api.calls} == {"contoso.example"}
        api.add("new one")
        api.update("alert-9", status="closed")
        result = cefwd.once()
        assert result.status == 0, result
        assert sorted(ids(tcp.lines())[230:]) == ["alert-9", "new one"]
        assert api.token_calls == 2


def test_the_example_configuration_works(new_cefwd, tcp, tmp_path):
    """sophos-central.conf, with the simulation's host and secret."""
    with RestApi("cursor", 2300, most=1000) as api:
        cefwd = new_cefwd()
        secret = tmp_path / "sophos.secret"
        secret.touch(0o600)
        secret.write_text(api.secret + "\n")
        with open(os.path.join(SRCDIR, "dist", "sophos-central.conf"),
                  encoding="utf-8") as f:
            text = f.read()
        for old, new in (
                ("https://api-eu01.central.sophos.com", api.url),
                ("https://id.sophos.com/api/v2", api.url),
                ("/etc/cefwd/sophos.secret", str(secret)),
                ("4444cccc-3333-bbbb-2222-aaaa11110000", api.client_id),
                ("tcp://arcsight.example.com:514",
                 "tcp://127.0.0.1:%d" % tcp.port)):
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        with open(cefwd.conf, "w", encoding="utf-8") as f:
            f.write("state-dir = %s\nlisten = none\nmap-path = %s\n"
                    % (cefwd.state_dir, os.path.join(SRCDIR, "dist"))
                    + text + "settle = 300ms\n")
        live = cefwd.run("check", "--live")
        assert live.status == 0, live
        result = cefwd.once()
        assert result.status == 0, result
        assert sorted(ids(tcp.lines())) == sorted(api.alerts)
        event = events(tcp.lines())[0]
        assert (event.vendor, event.severity) == ("Sophos", "8")
        assert event.ext["src"] == "192.0.2.7"
        assert api.calls[-1][2] == "00001111-aaaa-2222-bbbb-3333cccc4444"
