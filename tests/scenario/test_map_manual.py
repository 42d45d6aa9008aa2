"""The manual of the map language: every example in it is run, every table
compared with what it describes.

SPDX-License-Identifier: MIT
"""
import csv
import glob
import os
import re
import shutil
import subprocess

import pytest

SRC = os.environ.get("CEFWD_SRCDIR",
                     os.path.join(os.path.dirname(__file__), "..", ".."))
CEFWD = os.path.join(os.environ.get("CEFWD_BUILDDIR",
                                    os.path.join(SRC, "build")), "cefwd")
SHIPPED = sorted(os.path.basename(path)[:-len(".map")] for path in
                 glob.glob(os.path.join(SRC, "cef", "*.map")))


def manual():
    with open(os.path.join(SRC, "man", "cefwd-map.5"), encoding="utf-8") as f:
        return f.read()


def plain(text):
    """What a literal display of mdoc shows."""
    return text.replace("\\&", "").replace("\\e", "\\")


def displays(kind):
    """The displays that the manual marks as of that kind, by name."""
    found = re.findall(r'^\.\\" %s: (\S+)\n\.Bd [^\n]*\n(.*?)^\.Ed$' % kind,
                       manual(), re.M | re.S)
    assert len(found) == len(dict(found)), "a name is used twice"
    return {name: plain(text) for name, text in found}


def section(title):
    """From one .Ss or .Sh to the next."""
    body = re.search(r"^\.S[sh] %s\n(.*?)(?=^\.S[sh] |\Z)" % re.escape(title),
                     manual(), re.M | re.S)
    assert body, title
    return body[1]


def rows(text):
    """The rows of the tables in a part of the manual, without headings."""
    cells = [line[4:].split(" Ta ")
             for line in re.findall(r"^\.It .* Ta .*$", text, re.M)]
    return [c for c in cells if not c[0].startswith("Sy ")]


def dictionary():
    path = os.path.join(SRC, "cef", "dictionary.csv")
    with open(path, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def fields_of(name):
    """The fields that a shipped map sets itself, labels aside, in their
    order, event by event."""
    path = os.path.join(SRC, "cef", name + ".map")
    with open(path, encoding="utf-8") as f:
        event = f.read().split("[lookup", 1)[0]
    event = re.sub(r"\\\n[ \t]*", "", event)
    found = re.findall(r"^(\w+!?)\s*=", event, re.M)
    return [k for k in found if not k.endswith("Label") and
            k not in ("include", "each", "key", "when")]


@pytest.fixture(name="maps")
def fixture_maps(tmp_path):
    """A folder with the shipped maps and those of the manual."""
    for name in SHIPPED:
        shutil.copy(os.path.join(SRC, "cef", name + ".map"), tmp_path)
    for name, text in displays("map").items():
        assert name not in SHIPPED
        (tmp_path / (name + ".map")).write_text(text, encoding="utf-8")
    return tmp_path


def translate(folder, name):
    (folder / "in.json").write_text(displays("input")[name], encoding="utf-8")
    done = subprocess.run(
        [CEFWD, "translate", "-m", str(folder / (name + ".map")),
         str(folder / "in.json")],
        capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode == 64:
        pytest.skip("this cefwd has no translate")
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("name", sorted(displays("output")))
def test_example_makes_what_the_manual_shows(maps, name):
    done = translate(maps, name)
    # an indented line continues the one above it
    want = re.sub(r"\n {4}", " ", displays("output")[name])
    assert done.stdout == want
    assert "did not always fit" not in done.stderr


def test_every_example_is_whole():
    assert set(displays("input")) == set(displays("output"))
    assert set(displays("map")) <= set(displays("output"))
    assert len(displays("map")) >= 4


def type_of(row):
    words = {"Floating Point": "Float", "Double": "Float",
             "Time Stamp": "Time", "IPv4 Address": "IPv4",
             "IPv6 Address": "IPv6", "IP Address": "IP", "MAC Address": "MAC"}
    text = words.get(row["type"], row["type"])
    if row["max_length"]:
        text += " " + row["max_length"]
    if row["type"] == "String" and row["overflow"] == "cut":
        text += ", cut"
    return "see below" if row["key"] == "severity" else text


def test_the_fields_are_those_of_the_dictionary():
    want = [[r["key"], r["full_name"], type_of(r)] for r in dictionary()
            if r["direction"] != "consumer" and not r["key"].endswith("Label")]
    assert sorted(rows(section("FIELDS"))) == sorted(want)


def test_the_fields_of_arcsight_itself_are_named():
    text = section("FIELDS").split("These are written by ArcSight itself")[1]
    named = re.findall(r"^\.Ic (\w+)", text, re.M)
    assert named == [r["key"] for r in dictionary()
                     if r["direction"] == "consumer"]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_map_is_told_field_by_field(name):
    told = rows(section(name + ".map"))
    assert [r[0] for r in told] == fields_of(name)


@pytest.mark.parametrize("name", SHIPPED)
def test_labels_are_told(name):
    """Each custom field's row begins with the label that the map sets."""
    path = os.path.join(SRC, "cef", name + ".map")
    with open(path, encoding="utf-8") as f:
        labels = dict(re.findall(r'^(\w+)Label\s*= "(.*)"$', f.read(), re.M))
    told = {r[0].rstrip("!"): r[1] for r in rows(section(name + ".map"))}
    for key, label in labels.items():
        assert told[key].startswith(label + ": "), key


def test_every_filter_is_told():
    path = os.path.join(SRC, "src", "map", "filter.c")
    with open(path, encoding="utf-8") as f:
        known = re.findall(r'^\t\{ (?:TEXT\(|LIST\(|")(\w+)', f.read(), re.M)
    told = []
    for line in re.findall(r"^\.It Ic (.*)$", section("Filters"), re.M):
        told += re.sub(r" Ns .*", "", line).split(" , ")
    assert told == known
