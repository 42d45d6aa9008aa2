"""What cefwd logs, and where: text, JSON, the journal

SPDX-License-Identifier: MIT
"""
import json
import os
import re
import subprocess
import sys

import pytest
from runner import SRCDIR, TIMEOUT

JOURNAL = os.path.join(SRCDIR, "tests", "sim", "journal.py")
UNSHARE = ["unshare", "-U", "-r", "-m"]
TEXT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ "
                  r"(error|warning|info|debug): [a-z]+: \S.*")


@pytest.mark.parametrize("by", ["option", "file", "file, then option"])
def test_json_is_an_object_a_line(sim, cefwd, tcp, by):
    word = {"option": None, "file": "json"}.get(by, "text")
    args = [] if by == "file" else ["--log-format", "json"]
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port,
                    top={"log-format": word})
    result = cefwd.once(*args)
    assert result.status == 0, result
    entries = [json.loads(line) for line in result.err.splitlines()]
    assert {"time", "level", "room", "text"} <= set(entries[0])
    ended, = [e for e in entries if e["text"].startswith("ended ")]
    assert ended["values"]["settled"] == str(len(sim.store.ids()))
    up, = [e for e in entries if ": connected" in e["text"]]
    assert up["destination"] == "out" and up["level"] == "info"


def test_a_quiet_run_is_a_handful_of_lines(sim, cefwd, tcp):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = cefwd.once()
    assert result.status == 0, result
    lines = result.err.splitlines()
    assert 3 <= len(lines) <= 6, result
    assert all(TEXT.fullmatch(line) for line in lines), result


def test_the_journal_gets_fields(sim, cefwd, tcp):
    if subprocess.run(UNSHARE + ["true"], capture_output=True,
                      check=False).returncode != 0:
        pytest.skip("unshare(1) may not make a namespace here")
    secret = os.path.join(cefwd.dir, "wrong.secret")
    with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
        f.write("not it\n")
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, top={
        "log-format": "journal"}, source={"client-secret-file": secret})
    p = subprocess.run(
        UNSHARE + [sys.executable, "-B", JOURNAL, *cefwd.command("once")],
        capture_output=True, text=True, env=cefwd.env(), cwd=cefwd.dir,
        timeout=TIMEOUT, check=False)
    cefwd.inspect(p.stdout + p.stderr)
    entries = [json.loads(line) for line in p.stdout.splitlines()]
    if not entries and "<6>main: started" in p.stderr:
        pytest.skip("built without libsystemd")
    said = "%s\n%s" % (p.stdout, p.stderr)
    assert all(e["SYSLOG_IDENTIFIER"] == "cefwd" for e in entries), said
    started, = [e for e in entries if e["MESSAGE"].startswith("main: started")]
    assert started["PRIORITY"] == "6" and started["CEFWD_ROOM"] == "main"
    assert started["CEFWD_LANES"] == "1", said
    ill = [e for e in entries if e["PRIORITY"] in "34"]
    assert ill and "AADSTS7000215" in ill[-1]["MESSAGE"], said
    assert any(e.get("CEFWD_SOURCE") == "sim" and
               e.get("CEFWD_TENANT") == "contoso.example" for e in ill), said
    # what went there is not said again on standard error
    assert p.stderr == "" and p.returncode == 77, said


def test_without_a_journal_each_line_has_its_priority(sim, cefwd, tcp):
    if os.path.exists("/run/systemd/journal/socket"):
        pytest.skip("a journal runs here: what is logged goes to it")
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)
    result = cefwd.once("--log-format", "journal")
    assert result.status == 0, result
    assert all(re.match(r"<[3467]>[a-z]+: ", line)
               for line in result.err.splitlines()), result
