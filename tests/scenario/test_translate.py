"""translate and explain: what comes in, what goes out, how they end.

SPDX-License-Identifier: MIT
"""
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import termios

import fcntl
import pytest

from runner import PROGRAM

MAP = """\
[event]
deviceVendor       = "v"
deviceProduct      = "p"
deviceEventClassId = "c"
name               = $.title
externalId         = $.id
msg                = $.text ?? $.more[*].text
"""
HEAD = "CEF:0|v|p|unknown|c|unknown|Unknown|"


@pytest.fixture(name="run")
def fixture_run(tmp_path):
    """run(command, *args, text=""): in a folder with t.map."""
    (tmp_path / "t.map").write_text(MAP)

    def run(command, *args, text=""):
        data = text.encode() if isinstance(text, str) else text
        return subprocess.run([PROGRAM, command, "-m", "t.map", *args],
                              input=data, capture_output=True, check=False,
                              cwd=tmp_path, timeout=60)
    run.folder = tmp_path
    return run


def line(number):
    return HEAD + " externalId=%d\n" % number


@pytest.mark.parametrize("text", [
    '{"value":[{"id":1},{"id":2}],"@odata.nextLink":"x"}',
    '[{"id":1},{"id":2}]',
    '{"id":1}\n{"id":2}\n',
    '{"id":1} [{"id":2}]',
    '\n {"id":1}\r\n\r\n{"value":[{"id":2}]}',
])
def test_every_shape_of_input_is_read(run, text):
    done = run("translate", text=text)
    assert done.stdout.decode() == line(1) + line(2)
    assert (done.returncode, done.stderr) == (0, b"")


def test_files_and_standard_input_mix(run):
    (run.folder / "a.json").write_text('{"id":1}')
    (run.folder / "b.json").write_text('{"id":3}')
    done = run("translate", "a.json", "-", "b.json", text='{"id":2}')
    assert done.stdout.decode() == line(1) + line(2) + line(3)
    assert done.returncode == 0


def test_good_records_come_out_among_bad_ones(run):
    done = run("translate", text='[{"id":1},{"id":"x\x01"},{"id":nan},3,'
                                 '{"i\\u0000d":9},{"id":2}]')
    assert done.stdout.decode() == line(1) + line(2)
    assert done.returncode == 65
    said = done.stderr.decode()
    for number, at in (2, 10), (3, 22), (4, 33), (5, 35):
        assert "stdin: record %d at byte %d: " % (number, at) in said


@pytest.mark.parametrize("text", ["", "[]", '{"value":[]}', "nonsense", "[",
                                  '{"error":{"code":"x","message":"y"}}'])
def test_input_without_a_record_is_bad_data(run, text):
    for command in "translate", "explain":
        done = run(command, text=text)
        assert (done.stdout, done.returncode) == (b"", 65)
        assert b"stdin" in done.stderr


def test_a_missing_file_is_told_and_the_others_are_read(run):
    (run.folder / "a.json").write_text('{"id":1}')
    done = run("translate", "none.json", "a.json")
    assert done.stdout.decode() == line(1)
    assert done.returncode == 66
    assert b"none.json cannot be read: No such file" in done.stderr


def test_a_faulty_map_is_told_whole(run):
    (run.folder / "t.map").write_text(MAP + "shst = $.a\nreason = $.a |\n")
    done = run("translate", text="{}")
    assert (done.stdout, done.returncode) == (b"", 78)
    assert done.stderr.decode().startswith(
        't.map:8:1: unknown field "shst"; did you mean "shost"?\n'
        "    8 | shst = $.a\n"
        "      | ^~~~\n"
        "t.map:9:15: ")


def test_what_did_not_fit_is_said_once(run):
    text = json.dumps([{"id": "x" * 41}] * 3 + [{"id": 1, "text": "m" * 1024}])
    done = run("translate", text=text)
    said = done.stderr.decode().splitlines()
    assert len(said) == 2
    assert "externalId did not always fit" in said[0]
    assert "too-long=3" in said[0]
    assert "msg did not always fit" in said[1] and "cut=1" in said[1]
    assert done.returncode == 0


def test_expected_output_is_compared(run):
    text = "".join('{"id":%d}\n' % i for i in range(1, 21))
    done = run("translate", "--expect", "none.cef", text=text)
    assert done.returncode == 66
    want = [line(i) for i in range(1, 21)]
    expected = run.folder / "want.cef"
    expected.write_text("".join(want))
    done = run("translate", "--expect", "want.cef", text=text)
    assert (done.stdout, done.returncode) == (b"", 0)

    want[9] = "changed\n"
    del want[15]
    expected.write_text("".join(want) + "more")
    done = run("translate", "--expect", "want.cef", text=text)
    assert done.returncode == 65
    out = done.stdout.decode()
    assert out.startswith("--- want.cef\n+++ translated\n@@ -7,")
    assert "\n-changed\n+" + line(10) in out
    assert "\n+" + line(16) in out
    assert out.endswith("-more\n\\ No newline at end of file\n")
    # what it prints, patch takes
    if shutil.which("patch") is None:
        pytest.skip("patch is not there")
    (run.folder / "out.diff").write_text(out)
    subprocess.run(["patch", "-s", "want.cef", "out.diff"], check=True,
                   cwd=run.folder)
    assert expected.read_text() == "".join(line(i) for i in range(1, 21))


def test_a_reader_that_leaves_ends_it_quietly(run):
    (run.folder / "a.json").write_text('{"id":1}\n' * 200000)
    with subprocess.Popen([PROGRAM, "translate", "-m", "t.map", "a.json"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          cwd=run.folder) as process:
        assert process.stdout.readline().decode() == line(1)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 75


def test_memory_stays_flat(run):
    """64 MiB of records in less than a third of it."""
    with open(PROGRAM, "rb") as f:
        if b"__asan_init" in f.read():
            pytest.skip("the sanitizer takes memory of its own")
    record = json.dumps({"id": 1, "more": [{"text": "m" * 1000}] * 8})
    part = ((record + ",\n") * 128).encode()
    with subprocess.Popen([PROGRAM, "translate", "-q", "-m", "t.map"],
                          stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          cwd=run.folder) as process:
        process.stdin.write(b'{"value":[')
        for _ in range((64 << 20) // len(part)):
            process.stdin.write(part)
        process.stdin.flush()
        with open("/proc/%d/status" % process.pid, encoding="ascii") as f:
            peak = re.search(r"VmHWM:\s*(\d+) kB", f.read())
        process.stdin.write(record.encode() + b"]}")
    assert process.returncode == 0
    assert int(peak[1]) < 20 << 10


def test_hostile_text_does_not_reach_the_terminal(run):
    evil = "a\x1b[31mb\u202ec\u200bd\r\ne\u2028f"
    text = json.dumps({"id": 1, "title": evil, "k\x1b": evil})
    done = run("explain", text=text)
    out = done.stdout.decode()
    for c in "\x1b\u202e\u200b\u2028\r":
        assert c not in out
    # in a name every newline and control is a blank already
    assert "b<U+202E>c<U+200B>d" in out
    assert "from a<U+001B>[31mb<U+202E>c<U+200B>d<U+000D><U+000A>e" in out
    # an event is one line
    done = run("translate", text=text)
    assert done.stdout.count(b"\n") == 1


def test_explain_tells_what_is_not_carried(run):
    text = json.dumps({"id": 1, "title": "t", "lost": [1, {"x": "y"}, None],
                       "more": [{"text": "a", "n": 2}, {"text": "b"}]})
    out = run("explain", text=text).stdout.decode()
    assert "stdin, record 1, event 1, key $\n" in out
    assert out.endswith("No field carries:\n"
                        "  $['lost'][0] = 1\n"
                        "  $['lost'][1]['x'] = y\n"
                        "  $['more'][0]['n'] = 2\n\n"
                        "4 of 7 values are carried (57 %).\n\n")

    done = run("explain", "--json", text=text)
    told = json.loads(done.stdout)
    assert (told["file"], told["record"]) == ("stdin", 1)
    assert (told["values"], told["carried"]) == (7, 4)
    assert told["not_carried"][1] == {"path": "$['lost'][1]['x']",
                                      "value": "y"}
    fields = {f["key"]: f for f in told["events"][0]["fields"]}
    assert fields["msg"] == {
        "key": "msg", "full_name": "message", "type": "String 1023",
        "file": "t.map", "line": 7,
        "expression": "$.text ?? $.more[*].text", "raw": "a,b",
        "value": "a,b",
        "paths": ["$['more'][0]['text']", "$['more'][1]['text']"]}


def test_a_limit_costs_the_field_and_not_the_record(run):
    (run.folder / "t.map").write_text(MAP.replace(
        "$.text ?? $.more[*].text", "$..[?count($..*) > 0]"))
    text = json.dumps({"id": 1, "title": "t", "more": [[1, 2]] * 3000})
    done = run("translate", text=text + '{"id":2}')
    lines = done.stdout.decode().splitlines()
    assert lines[0].endswith(" externalId=1")
    assert " externalId=2" in lines[1]
    assert done.returncode == 0
    assert b"msg did not always fit" in done.stderr
    assert b"limit=1" in done.stderr
    out = run("explain", text=text).stdout.decode()
    assert "(left out: an evaluation limit was passed)" in out


def test_explain_says_why_a_field_is_missing(run):
    text = json.dumps({"id": "x" * 41, "text": "m" * 1024})
    fields = {f["key"]: f for f in json.loads(run(
        "explain", "--json", text=text).stdout)["events"][0]["fields"]}
    assert "value" not in fields["externalId"]
    assert fields["externalId"]["raw"] == "x" * 41
    assert fields["externalId"]["why"] == "left out: longer than the field"
    assert fields["msg"]["why"] == "cut: longer than the field"
    assert len(fields["msg"]["value"]) == 1023
    assert fields["name"]["why"] == "no value"


def on_terminal(run, columns, *args, **environment):
    """What explain writes on a terminal that is so wide."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ,
                struct.pack("HHHH", 24, columns, 0, 0))
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    env.update({"TERM": "xterm"}, **environment)
    with subprocess.Popen([PROGRAM, "explain", "-m", "t.map", *args],
                          stdout=slave, cwd=run.folder, env=env):
        os.close(slave)
        out = b""
        try:
            while True:
                out += os.read(master, 65536)
        except OSError:         # the other side is closed
            pass
    os.close(master)
    return out.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [40, 80, 132, 200])
def test_explain_fits_the_terminal(run, columns):
    record = {"id": 1, "title": "word " * 20 + "W" * 150, "text": "\u4e16" * 99,
              "lost": {"k" * 50: "v" * 500}}
    (run.folder / "a.json").write_text(json.dumps(record))
    out = on_terminal(run, columns, "a.json", NO_COLOR="1")
    lines = out.split("\n")
    assert ("KEY" in out) == (columns >= 132)
    for text in lines:
        width = len(text) + text.count("\u4e16")
        assert width <= columns, text
    # nothing of a value is lost by wrapping it
    assert "W" * 150 in re.sub(r"\s", "", out)
    assert out.count("\u4e16") == 99


def test_of_a_giant_explain_shows_the_beginning(run):
    (run.folder / "a.json").write_text(json.dumps({"text": "m" * 1023}))
    out = on_terminal(run, 80, "a.json", NO_COLOR="1")
    assert 800 < out.count("m" * 10) * 10 < 1000
    assert re.search(r"\.\.\. and \d+ bytes more\n", out)
    # in a pipe it is whole
    done = run("explain", "a.json")
    assert "m" * 1023 in done.stdout.decode()


def test_colours_are_for_terminals_that_want_them(run):
    (run.folder / "a.json").write_text('{"id":1,"lost":"\\u001b[31m"}')
    plain = run("explain", "a.json").stdout.decode()
    assert "\033" not in plain
    out = on_terminal(run, 200, "a.json")
    assert "\033[" in out and "\033[31m" not in out
    assert re.sub("\033\\[[0-9;]*m", "", out) == plain
    for environment in {"NO_COLOR": "0"}, {"TERM": "dumb"}, {"TERM": ""}:
        assert on_terminal(run, 200, "a.json", **environment) == plain
    assert on_terminal(run, 200, "a.json", NO_COLOR="") == out
    assert "\033" not in on_terminal(run, 200, "--json", "a.json")


def test_explain_tells_where_each_value_stood(run):
    text = json.dumps({"more": [{"text": t} for t in ["a", "", "b"]]})
    out = run("explain", text=text).stdout.decode()
    assert re.search(r" a,b\n +at \$\['more'\]\[0\]\['text'\]\n"
                     r" +at \$\['more'\]\[2\]\['text'\]\n", out)
    text = json.dumps({"more": [{"text": "a"}] * 18})
    out = run("explain", text=text).stdout.decode()
    assert out.count("  at $") == 16
    assert "  and 2 more places\n" in out
    told = json.loads(run("explain", "--json", text=text).stdout)
    assert [len(f["paths"]) for f in told["events"][0]["fields"]
            if f["key"] == "msg"] == [18]


def test_json_for_scripts_hides_nothing_and_moves_no_cursor(run):
    evil = "a\x1b[31mb\u202ec\x9b2Jd\U000e0041e\u2028f\x00g"
    text = json.dumps({"id": 1, "text": evil, "lost\u202e": evil})
    done = run("explain", "--json", text=text)
    out = done.stdout.decode()
    assert out.isascii() and out.count("\n") == 1
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f]", out)
    told = json.loads(out)
    # a value is as a reader of the line will have it, and its raw as it came
    fields = {f["key"]: f for f in told["events"][0]["fields"]}
    assert fields["msg"]["value"] == "a [31mb\u202ec 2Jd\U000e0041e\nf g"
    assert told["not_carried"] == [{"path": "$['lost\u202e']",
                                    "value": evil}]


def test_wrong_usage_is_64(run):
    for args in (["--cef-version", "2"], ["--nonsense"]):
        assert run("translate", *args).returncode == 64
    done = subprocess.run([PROGRAM, "translate"], capture_output=True,
                          check=False)
    assert (done.returncode, done.stderr) == (
        64, b'cefwd translate: which map? give -m MAP; '
            b'try "cefwd translate --help"\n')
