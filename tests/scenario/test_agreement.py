"""Whatever an alert holds, a line is one event, and readers read back just
the values that explain shows.

SPDX-License-Identifier: MIT

CEFWD_AGREEMENT_CASES sets how many alerts go through (default 3000, half a
minute), CEFWD_AGREEMENT_SEED which.
"""
import json
import os
import random
import socket
import subprocess

import pytest

import hostile
from cef import HEADER, Event
from runner import PROGRAM, clean_env

CASES = int(os.environ.get("CEFWD_AGREEMENT_CASES", "3000"))
SEED = int(os.environ.get("CEFWD_AGREEMENT_SEED", "1"))
A_MAP = 60                  # alerts for each map
READERS = 600               # of them for liblognorm
NAMES = ("vendor", "product", "device_version", "class_id", "name",
         "severity")
KEYS = dict(zip(hostile.HEADERS, NAMES))


def run(command, folder, *args):
    done = subprocess.run([PROGRAM, command, "-q", "-m", "t.map", *args,
                           "alerts.json"], capture_output=True, check=False,
                          cwd=folder, timeout=120, env=clean_env())
    said = done.stderr.decode("utf-8", "backslashreplace")
    assert done.returncode == 0, said
    assert "runtime error" not in said and "Sanitizer" not in said, said
    return done.stdout


def explained(text):
    """[(header, extension in order)] of each event."""
    out = []
    for line in text.decode().split("\n")[:-1]:
        for event in json.loads(line)["events"]:
            header = dict.fromkeys(NAMES, "unknown")
            header["severity"] = "Unknown"
            pairs = []
            for f in event["fields"]:
                if "value" not in f:
                    continue
                if f["key"] in KEYS:
                    header[KEYS[f["key"]]] = f["value"]
                else:
                    pairs.append((f["key"], f["value"]))
            out.append((header, pairs))
    return out


class Round:
    """A map and its alerts: lines as translated, values as explained."""

    def __init__(self, folder, seed, n, versions="001"):
        rng = random.Random(seed)
        self.maps = hostile.Maps(rng)
        self.map = self.maps.map()
        alerts = hostile.Alerts(rng)
        with open(os.path.join(folder, "t.map"), "w") as f:
            f.write(self.map)
        with open(os.path.join(folder, "alerts.json"), "wb") as f:
            for _ in range(n):
                f.write(alerts.alert() + b"\n")
        version = rng.choice(versions)
        lines = run("translate", folder, "--cef-version", version)
        assert lines.endswith(b"\n") or not lines
        self.lines = lines.split(b"\n")[:-1]
        self.version = version
        self.events = [
            (header, [(k, v) for k, v in pairs
                      if version == "1" or k not in self.maps.v1])
            for header, pairs in explained(
                run("explain", folder, "--json"))]

    def check(self, seed):
        assert len(self.lines) == len(self.events), "seed %d" % seed
        for line, (header, pairs) in zip(self.lines, self.events):
            got = Event(line)
            assert got.version == self.version
            assert {n: getattr(got, n) for n in HEADER[1:]} == header, seed
            assert list(got.ext.items()) == pairs, seed


def test_the_strict_reader_reads_back_what_explain_shows(tmp_path, capsys):
    cases = lines = pairs = 0
    seed = SEED * 1000000
    while cases < CASES:
        n = min(A_MAP, CASES - cases)
        r = Round(tmp_path, seed, n)
        r.check(seed)
        seed += 1
        cases += n
        lines += len(r.lines)
        pairs += sum(len(p) for _, p in r.events)
    with capsys.disabled():
        print("# %d alerts, %d maps, %d lines, %d values agree"
              % (cases, seed - SEED * 1000000, lines, pairs))


def feed(receiver, lines):
    with socket.create_connection(("127.0.0.1", receiver.tcp), 10) as s:
        s.sendall(b"".join(line + b"\n" for line in lines))


def test_liblognorm_reads_back_what_explain_shows(tmp_path, normalizer,
                                                  capsys):
    sent, want = [], []
    for seed in range(SEED * 1000000 + 500000,
                      SEED * 1000000 + 500000 + READERS // A_MAP):
        # CEF:1 is left out: liblognorm 2.0.6 (Debian 12) rejects it
        r = Round(tmp_path, seed, A_MAP, versions="0")
        sent += r.lines
        want += [(header, dict(pairs)) for header, pairs in r.events]
    assert sent
    feed(normalizer, sent)
    assert normalizer.wait(len(sent), 60)
    assert len(normalizer.lines()) == len(sent)
    names = ("DeviceVendor", "DeviceProduct", "DeviceVersion",
             "SignatureID", "Name", "Severity")
    for line, (header, pairs), text in zip(sent, want, normalizer.lines()):
        got = json.loads(text)
        assert "cef" in got, (line, got)
        got = got["cef"]
        assert {n: got[k] for n, k in zip(NAMES, names)} == header, line
        assert got["Extensions"] == pairs, line
    with capsys.disabled():
        print("# liblognorm: %d lines agree; CEF:1 is left out" % len(sent))


@pytest.mark.parametrize("line", [
    b"CEF:0|v|p|1|c|n|5",
    b"CEF:0|v|p|1|c|n|5|act=x",
    b"CEF:0|v|p|1|c|n|5|  act=x",
    b"CEF:0|v|p|1|c|n|5| act=",
    b"CEF:0|v|p|1|c|n|5| act=x ",
    b"CEF:0|v|p|1|c|n|5| act=x  cat=y",
    b"CEF:0|v|p|1|c|n|5| act=x act=y",
    b"CEF:0|v|p|1|c|n|5| act=x=y",
    b"CEF:0|v|p|1|c|n|5| act=x\\|y",
    b"CEF:0|v|p|1|c|n|5| act=x\\",
    b"CEF:0|v|p|1|c|n|5| act=x\\ty",
    b"CEF:0|v|p|1|c|n\\=|5| act=x",
    b"CEF:0|v|p|1|c|n|5| act=x\ty",
    b"CEF:0|v|p|1|c|n|5| act=x\xc2\x85y",
    b"CEF:0|v|p|1|c|n|5| act=x\xe2\x80\xa8y",
    b"CEF:0|v|p|1|c|n|5| act=x\xff",
    b"CEF:0|v|p|1|c|n|5| a-b=x",
    b"cef:0|v|p|1|c|n|5| act=x",
])
def test_the_strict_reader_is_strict(line):
    with pytest.raises((AssertionError, IndexError, UnicodeDecodeError)):
        Event(line)
