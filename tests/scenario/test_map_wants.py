"""The shipped maps: what of an alert must arrive, and where.

SPDX-License-Identifier: MIT

tests/maps/MAP.want lists, by hand, the members that the documentation of an
API names, and the CEF keys that carry them:

    path key...  [in=VALUE] [out=VALUE] [with=path,path]

A path leads from the record: "a.b" is a member, "a[]" an element of a list,
"a[type]" an element of that type of evidence.  The test puts a value there
that is nowhere else, of the sort that the key takes, and looks for it under
each of the keys.  "in" is the value instead, "out" what becomes of it; "with"
names members that must stand beside it.

tests/maps/MAP.json are made-up records, tests/maps/MAP.cef the lines that the
map makes of them.
"""
import csv
import glob
import json
import os
import re
import subprocess

import pytest

from cef import Event
from runner import PROGRAM, SRCDIR

MAPS = os.path.join(SRCDIR, "cef")
STORED = os.path.join(SRCDIR, "tests", "maps")
SHIPPED = sorted(os.path.basename(path)[:-len(".map")]
                 for path in glob.glob(os.path.join(MAPS, "*.map")))
HEADER = {"name": "name", "deviceProduct": "product", "severity": "severity",
          "deviceEventClassId": "class_id"}

# what every record of a map needs to make its lines
BASE = {
    "graph-alerts": {"id": "a", "title": "t"},
    "graph-incidents": {"id": "1", "displayName": "n"},
    "defender-alerts": {"id": "a", "title": "t"},
    "defender-incidents": {"incidentId": 1, "incidentName": "n"},
    "wdatp-siem": {"AlertId": "a", "AlertTitle": "t"},
}
BASE["defender-alerts-evidence"] = BASE["defender-alerts"]
BASE["graph-alerts-evidence"] = BASE["mcas-siem-agent"] = BASE["graph-alerts"]


def types():
    path = os.path.join(MAPS, "dictionary.csv")
    with open(path, encoding="utf-8", newline="") as f:
        return {row["key"]: row["type"] for row in csv.DictReader(f)}


TYPES = types()


def kind_of(key):
    return TYPES.get(key, "String")


def a_value(kind, n):
    """A value that only this row has, and how a key of its sort has it."""
    if kind in ("Integer", "Long", "Floating Point"):
        return 10000 + n, str(10000 + n)
    if kind == "IPv4 Address":
        address = "10.1.%d.%d" % (n // 250, n % 250 + 1)
        return address, address
    if kind == "IPv6 Address":
        return "2001:DB8::%x" % (n + 16), "2001:db8::%x" % (n + 16)
    if kind == "MAC Address":
        return "0a-00-00-00-%02x-%02x" % (n // 256, n % 256), \
            "0A:00:00:00:%02X:%02X" % (n // 256, n % 256)
    if kind == "Time Stamp":
        return ("2026-01-02T%02d:%02d:%02d.1234567Z"
                % (n // 3600, n // 60 % 60, n % 60),
                str(1767312000123 + n * 1000))
    return "w%dx" % n, "w%dx" % n


def parsed(text):
    """JSON if it is, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def element(items, kind, mark):
    """The element of that type in a list, made if there is none."""
    for item in items:
        if isinstance(item, dict) and mark.items() <= item.items():
            return item
    items.append(dict(mark))
    return items[-1] if kind is not None else items


def put(record, path, value, graph):
    """Sets what the path leads to; lists get one element of each type."""
    steps = re.findall(r"([^.\[\]]+)(\[[^\]]*\])?", path)
    here = record
    for i, (member, index) in enumerate(steps):
        last = i == len(steps) - 1
        if not index:
            if last:
                here[member] = value
            else:
                here = here.setdefault(member, {})
            continue
        items = here.setdefault(member, [])
        kind = index[1:-1]
        if last:
            items.append(value)
            return
        mark = {}
        if kind:
            mark = {"@odata.type": "#microsoft.graph.security.%sEvidence"
                    % kind} if graph else {"entityType": kind}
        here = element(items, kind, mark)


def rows(name):
    with open(os.path.join(STORED, name + ".want"), encoding="utf-8") as f:
        lines = [line.split("#")[0].split() for line in f]
    out = []
    for words in filter(None, lines):
        options = dict(w.split("=", 1) for w in words[1:] if "=" in w)
        keys = [w for w in words[1:] if "=" not in w]
        assert keys, words
        out += [(words[0], key, keys, options) for key in keys]
    return out


def value_for(key, keys, n):
    """A value of the sort that all the row's keys take: a number that also
    goes to a text is a number."""
    kind = kind_of(key)
    if kind != "String":
        return a_value(kind, n)
    kinds = [kind_of(k) for k in keys if kind_of(k) != "String"]
    value, _ = a_value(kinds[0] if kinds else kind, n)
    return value, str(value)


def carried(events, key, want):
    """Whether some line has it: text somewhere in the value, else alone."""
    for event in events:
        got = getattr(event, HEADER[key]) if key in HEADER \
            else event.ext.get(key)
        if got == want:
            return True
        if got is not None and want in got and \
                kind_of(key) == "String" and key != "severity":
            return True
    return False


def translate(name, records, folder):
    path = os.path.join(str(folder), "in.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(records, f)
    done = subprocess.run(
        [PROGRAM, "translate", "-m", os.path.join(MAPS, name + ".map"), path],
        capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return [Event(line) for line in done.stdout.splitlines()], done.stderr


def record_for(name, path, value, options):
    record = json.loads(json.dumps(BASE[name]))
    graph = not name.startswith("defender")
    for beside in filter(None, options.get("with", "").split(",")):
        where, _, what = beside.partition(":")
        put(record, where, parsed(what) if what else "beside", graph)
    put(record, path, value, graph)
    return record


@pytest.mark.parametrize("name", SHIPPED)
def test_every_documented_member_arrives(name, tmp_path):
    records, wants = [], []
    for n, (path, key, keys, options) in enumerate(rows(name)):
        value, want = value_for(key, keys, n)
        if "in" in options:
            value, want = parsed(options["in"]), options["in"]
        records.append(record_for(name, path, value, options))
        wants.append((path, key, options.get("out", want)))
    assert len(wants) >= 20
    events, said = translate(name, records, tmp_path)
    assert said.decode() == ""
    lost = ["%s: no %s in %s" % (path, want, key)
            for path, key, want in wants if not carried(events, key, want)]
    assert not lost, "%d of %d:\n%s" % (len(lost), len(wants),
                                        "\n".join(lost))


def fields_of(name):
    with open(os.path.join(MAPS, name + ".map"), encoding="utf-8") as f:
        text = re.sub(r"\\\n[ \t]*", "", f.read().split("[lookup", 1)[0])
    found = re.findall(r"^(\w+)!?\s*=\s*(.*)$", text, re.M)
    return {key for key, expr in found
            if ("$" in expr or "@" in expr) and not key.endswith("Label")
            and key not in ("each", "key", "when")}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_field_of_the_map_is_wanted(name):
    wanted = {key for _, key, _, _ in rows(name)}
    assert fields_of(name) - wanted == set()


@pytest.mark.parametrize("name", SHIPPED)
def test_stored_records_make_the_stored_lines(name):
    done = subprocess.run(
        [PROGRAM, "translate", "-m", os.path.join(MAPS, name + ".map"),
         "--expect", os.path.join(STORED, name + ".cef"),
         os.path.join(STORED, name + ".json")],
        capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "did not always fit" not in done.stderr
