"""broken inputs: a clear word, the right status, no crash, no secret

SPDX-License-Identifier: MIT

Cefwd.run() looks through every output for secrets, signals and the marks of
a sanitizer.
"""
import os
import re

import pytest
from cef import ids
from runner import MAP

PLACE = re.compile(r"[^\s:]+:\d+:\d+")


@pytest.fixture
def ready(cefwd, tcp):
    return cefwd.configure("tcp://127.0.0.1:%d" % tcp.port)


def read(path):
    with open(path) as f:
        return f.read()


def write(path, text):
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())


def put(old, new, count=1):
    """A configuration in which old has become new."""
    def change(cefwd):
        text = read(cefwd.conf)
        assert re.search(old, text, re.M), old
        write(cefwd.conf, re.sub(old, lambda m: new, text, count, re.M))
    return change


def whole(text):
    return lambda cefwd: write(cefwd.conf, text)


def more(text):
    return lambda cefwd: write(cefwd.conf,
                               read(cefwd.conf).encode() + _bytes(text))


def _bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def no_file(cefwd):
    os.unlink(cefwd.conf)


def a_folder(cefwd):
    os.unlink(cefwd.conf)
    os.mkdir(cefwd.conf)


def open_secret(cefwd):
    path = os.path.join(cefwd.dir, "secret")
    write(path, "s3cret-that-must-not-be-shown\n")
    os.chmod(path, 0o644)
    put("^client-secret-file.*", "client-secret-file = " + path)(cefwd)


def empty_secret(cefwd):
    path = os.path.join(cefwd.dir, "secret")
    write(path, "")
    os.chmod(path, 0o600)
    put("^client-secret-file.*", "client-secret-file = " + path)(cefwd)


# name -> (what is done to the configuration, words that must be said,
# whether with a place)
CONFIGURATIONS = {
    "no file": (no_file, ["cefwd.conf"], False),
    "a folder": (a_folder, ["cefwd.conf"], False),
    "empty": (whole(""), ["source"], False),
    "no destination": (put(r"\n\[destination out\](.|\n)*", "\n"),
                       ["destination"], False),
    "misspelt key": (put("^client-id", "clinet-id"),
                     ["clinet-id", "client-id"], True),
    "misspelt section": (put(r"^\[source sim\]", "[sorce sim]"),
                         ["sorce", "source"], True),
    "key of another section": (more("facilty = user\n"), ["facility"], True),
    "unknown api": (put("^api .*", "api = graph-alert"),
                    ["graph-alert", "graph-alerts"], True),
    "duration in words": (put("^poll-interval.*", "poll-interval = often"),
                          ["often", "60s"], True),
    "negative duration": (put("^poll-interval.*", "poll-interval = -1s"),
                          ["-1s"], True),
    "duration without unit": (put("^settle.*", "settle = 5"), ["5"], True),
    "size with a wrong unit": (more("window = 4q\n"), ["4q"], True),
    "switch word": (put("^api ", "updates = sometimes\napi "),
                    ["sometimes", "changed"], True),
    "key twice": (more("url = tcp://127.0.0.1:1\n"), ["url"], True),
    "section twice": (more("[destination out]\nurl = tcp://127.0.0.1\n"),
                      ["out"], True),
    "no tenant": (put("^tenant.*\n", ""), ["tenant"], True),
    "no map": (put("^map .*\n", ""), ["map"], True),
    "map that is not there": (put("^map .*", "map = nowhere.map"),
                              ["nowhere.map"], True),
    "secret file not there": (
        put("^client-secret-file.*", "client-secret-file = /nonexistent/s"),
        ["/nonexistent/s"], True),
    "secret that others can read": (open_secret, ["chmod"], True),
    "empty secret": (empty_secret, ["secret"], True),
    "no credentials": (put("^client-secret-file.*\n", ""),
                       ["client-secret-file"], True),
    "unknown scheme": (put("^url .*", "url = ftp://127.0.0.1:514"),
                       ["ftp", "tcp://"], True),
    "address without a host": (put("^url .*", "url = tcp://"),
                               ["tcp://"], True),
    "port out of range": (put("^url .*", "url = tcp://127.0.0.1:70000"),
                          ["70000"], True),
    "plain http beyond loopback": (
        put("^base-url.*", "base-url = http://graph.example.com"),
        ["http", "https"], True),
    "quote without an end": (put("^tenant.*", 'tenant = "contoso'),
                             ["\""], True),
    "name with capitals": (put(r"^\[source sim\]", "[source Sim]"),
                           ["Sim"], True),
    "way to nowhere": (more("[forward]\nsource = sim\n"
                            "destination = nowhere\n"), ["nowhere"], True),
    "line without an equals sign": (more("just words\n"), ["just"], True),
    "not UTF-8": (more(b"host-name = \xff\xfe\n"), ["UTF-8"], True),
    "NUL": (more(b"host-name = a\0b\n"), [], True),
    "bytes of a program": (whole(b"\x7fELF\x02\x01\x01" + bytes(range(256))
                                 * 20), [], True),
    "a line of 100 KB": (more("host-name = " + "x" * 100000 + "\n"),
                         [], True),
    "section without an end": (more("[destination\n"), ["]"], True),
    "no value": (put("^tenant.*", "tenant ="), ["tenant"], True),
}


@pytest.mark.parametrize("name", list(CONFIGURATIONS))
def test_a_broken_configuration_ends_the_start_with_78(ready, name):
    change, words, has_place = CONFIGURATIONS[name]
    change(ready)
    for command in ("check", "once"):
        result = ready.run(command)
        assert result.status == 78, result
        for word in words:
            assert word in result.err, word
        if has_place:
            assert PLACE.search(result.err), result
        assert "s3cret-that-must-not-be-shown" not in result.err
    assert ready.sim.requests() == []


def test_all_faults_are_told_in_one_go(ready):
    put("^client-id", "clinet-id")(ready)
    put("^settle.*", "settle = soon")(ready)
    put("^api .*", "api = nothing")(ready)
    write(ready.map, MAP.replace("$.title", "$.[").replace("| time", "| tme"))
    result = ready.run("check")
    assert result.status == 78
    for word in ("clinet-id", "soon", "nothing", "$.[", "tme"):
        assert word in result.err, word


def swap(old, new):
    assert old in MAP, old
    return MAP.replace(old, new, 1)


MAPS = {
    "empty": ("", []),
    "unknown field": (swap("externalId ", "externalIdd "),
                      ["externalIdd", "externalId"]),
    "unknown filter": (swap("| time", "| tiem"), ["tiem", "time"]),
    "bad path": (swap("$.title", "$..["), ["$..["]),
    "path without its root": (swap("$.title", "title"), ["title"]),
    "string without an end": (swap('"Microsoft"\n', '"Microsoft\n'), ["\""]),
    "brace without an end": (swap('"2.0"', '"{$.a"'), ["{"]),
    "unknown escape": (swap('"2.0"', '"\\q"'), ["\\q"]),
    "bad regular expression": (
        swap("$.title", "$.title | replace(/(/, \"x\")"), ["("]),
    "lookup that is not there": (swap("lookup(severity)", "lookup(sev)"),
                                 ["sev", "severity"]),
    "label missing": (swap('cs1Label           = "status"\n', ""),
                      ["cs1Label"]),
    "label without its field": (swap("cs1                = $.status\n", ""),
                                ["cs1Label"]),
    "field twice": (swap("msg  ", "name = $.title\nmsg  "), ["name"]),
    "section unknown": (MAP + "[lookpu x]\na = 1\n", ["lookpu"]),
    "lookup value missing": (MAP + "[lookup x]\na =\n", ["a"]),
    "include of itself": ("include = test.map\n" + MAP, ["include"]),
    "include not there": ("include = gone.map\n" + MAP, ["gone.map"]),
    "header field missing": (swap('name               = $.title\n', ""),
                             ["name"]),
    "not UTF-8": (MAP.encode() + b"# \xff\n", ["UTF-8"]),
    "pipe to nowhere": (swap("$.title", "$.title |"), ["|"]),
    "too deep": (swap("$.title", "(" * 200 + "$.title" + ")" * 200), []),
}


@pytest.mark.parametrize("name", list(MAPS))
def test_a_broken_map_ends_the_start_with_78_at_its_place(ready, name):
    text, words = MAPS[name]
    write(ready.map, text)
    for result in (ready.run("check"),
                   ready.run("translate", "-m", ready.map, stdin=b"{}")):
        assert result.status == 78, result
        assert "test.map" in result.err
        for word in words:
            assert word in result.err, word


INPUTS = {
    "nothing": (b"", 65),
    "words": (b"hello\n", 65),
    "a number": (b"17\n", 65),
    "cut": (b'{"value":[{"id":"a","title":', 65),
    "cut array": (b'[{"id":"a"},', 65),
    "too deep": (b"[" * 5000, 65),
    "an empty page": (b'{"value":[]}', 65),
    "NaN": (b'[{"id":"a","n":NaN}]', 65),
    "not UTF-8": (b'[{"id":"a","title":"\xff"}', 65),
    "binary": (bytes(range(256)) * 10, 65),
}


@pytest.mark.parametrize("name", list(INPUTS))
def test_input_that_holds_no_record_is_65(ready, name):
    data, status = INPUTS[name]
    result = ready.run("translate", "-m", ready.map, stdin=data)
    assert result.status == status, result
    assert result.err.strip()


def test_an_input_file_that_is_not_there_is_66(ready):
    result = ready.run("translate", "-m", ready.map, "/nonexistent.json")
    assert result.status == 66, result
    assert "/nonexistent.json" in result.err


@pytest.mark.parametrize("args", [
    ["nonsense"], ["once", "--sinse", "1h"], ["once", "--since", "soon"],
    ["once", "--until", "1h"], ["run", "now"], ["translate"],
    ["once", "--timeout", "0s"]])
def test_a_wrong_command_line_is_64(ready, args):
    result = ready.run(*args)
    assert result.status == 64, result
    assert "help" in result.err


TOKENS = {
    "not JSON": "<html>",
    "an array": "[]",
    "no token": '{"token_type":"Bearer","expires_in":3599}',
    "an empty token": '{"token_type":"Bearer","expires_in":1,'
                      '"access_token":""}',
    "a token with a line end": '{"token_type":"Bearer","expires_in":3599,'
                               '"access_token":"a\\r\\nX-Evil: 1"}',
    "a number for a token": '{"token_type":"Bearer","expires_in":3599,'
                            '"access_token":12}',
    "null": "null",
    "a cut answer": '{"token_type":"Bearer","access_to',
    "half a megabyte": '{"access_token":"' + "x" * 500000 + '"}',
    "deep": '{"a":' * 300 + "1" + "}" * 300,
    "nothing": "",
}


@pytest.mark.parametrize("name", list(TOKENS))
def test_a_broken_token_answer_is_told_and_not_used(ready, name):
    ready.sim.fault("token", "raw", body=TOKENS[name], times=1000)
    result = ready.once("--timeout", "1s")
    assert result.status in (69, 75, 77), result
    assert "token" in result.err
    assert ready.sim.requests(place="alerts") == []


REFUSALS = {
    "an error of many lines": (
        400, '{"error":"invalid_grant","error_description":"AADSTS1: a\\r\\n'
        'b\\nFORGED line\\u001b[31m\\r\\nTrace ID: x","error_codes":[1]}'),
    "an error without a description": (401, '{"error":"invalid_client"}'),
    "an error that is a number": (400, '{"error":7}'),
    "HTML": (403, "<html>no</html>"),
    "a long error": (400, '{"error":"x","error_description":"%s"}'
                     % ("y" * 100000)),
}


@pytest.mark.parametrize("name", list(REFUSALS))
def test_a_strange_refusal_is_one_line_and_a_status(ready, name):
    status, body = REFUSALS[name]
    ready.sim.fault("token", "status", status=status, body=body, times=1000)
    result = ready.once("--timeout", "2s")
    assert result.status in (69, 75, 77, 78), result
    assert "\nFORGED" not in result.err and "\nb\n" not in result.err
    assert "\x1b" not in result.err
    assert max(len(line) for line in result.err.splitlines()) < 3000


PAGES = {
    "HTML for ever": ("html", {}),
    "an object without a list": ("raw", {"body": "{}"}),
    "a list that is a number": ("raw", {"body": '{"value":5}'}),
    "words": ("raw", {"body": "hello"}),
    "nothing": ("raw", {"body": ""}),
    "cut for ever": ("cut", {"bytes": 3000}),
    "an early end for ever": ("truncate", {"bytes": 3000}),
    "brackets without end": ("raw", {"body": '{"value":' + "[" * 100000}),
    "a link that is a number": (
        "raw", {"body": '{"value":[],"@odata.nextLink":5}'}),
    "500 for ever": ("status", {"status": 500}),
    "400": ("status", {"status": 400}),
    "404": ("status", {"status": 404}),
    "dropped for ever": ("drop", {}),
}


@pytest.mark.parametrize("name", list(PAGES))
def test_a_broken_page_is_told_and_ends_in_time(ready, name):
    kind, options = PAGES[name]
    ready.sim.fault("alerts", kind, times=100000, **options)
    result = ready.once("--timeout", "2s")
    assert result.status in (65, 69, 75, 77, 78), result
    assert result.err.strip()
    assert result.seconds < 20


def test_links_to_themselves_are_told_and_cost_no_alert(ready, tcp):
    """The slice is halved until each part fits on one page."""
    ready.sim.fault("alerts", "repeat", times=100000)
    result = ready.once("--timeout", "20s")
    assert result.status == 0, result
    assert "warning" in result.err, result
    assert set(ids(tcp.lines())) == ready.sim.store.ids()
