"""every header and framing, read by a strict receiver and by real ones

SPDX-License-Identifier: MIT
"""
import re

import pytest
from cef import ids
from receiver import TcpReceiver

HEADERS = {
    "rfc3164": re.compile(
        rb"<(\d+)>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d soc CEF:0\|"),
    "rfc5424": re.compile(
        rb"<(\d+)>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z soc cefwd - - - "
        rb"CEF:0\|"),
    "none": re.compile(rb"()CEF:0\|"),
}
# CEF severity -> syslog severity (the map of runner.py)
PRI = {b"1": 6, b"3": 6, b"5": 4, b"8": 3}
SHAPES = [(h, f) for h in HEADERS for f in ("lf", "octet-counting")]


def settings(header, framing):
    return {"header": header, "framing": framing, "host-name": "soc",
            "facility": "local3"}


def check(lines, header, sim):
    """Every line read as sent."""
    assert len(lines) == len(sim.store.ids())
    assert set(ids(lines)) == sim.store.ids()
    for line in lines:
        found = HEADERS[header].match(line)
        assert found, line
        if header != "none":
            severity = re.split(rb"(?<!\\)\|", line)[6]
            assert int(found[1]) == 19 * 8 + PRI[severity], line


@pytest.mark.parametrize("header, framing", SHAPES)
def test_a_strict_receiver_reads_every_shape(sim, cefwd, header, framing):
    with TcpReceiver(counted=framing != "lf") as receiver:
        cefwd.configure("tcp://127.0.0.1:%d" % receiver.port,
                        destination=settings(header, framing))
        result = cefwd.once()
        assert result.status == 0, result
        check(receiver.lines(), header, sim)
        assert receiver.partial == 0


@pytest.mark.parametrize("header", HEADERS)
def test_a_datagram_is_a_line_whatever_the_framing(sim, cefwd, udp, header):
    cefwd.configure("udp://127.0.0.1:%d" % udp.port,
                    destination=settings(header, "octet-counting"))
    result = cefwd.once()
    assert result.status == 0, result
    check(udp.lines(), header, sim)


@pytest.mark.parametrize("header, framing", SHAPES)
def test_rsyslog_reads_every_shape(sim, cefwd, rsyslog, header, framing):
    cefwd.configure("tcp://127.0.0.1:%d" % rsyslog.counted,
                    destination=settings(header, framing))
    result = cefwd.once()
    assert result.status == 0, result
    assert rsyslog.wait(30)
    check(rsyslog.lines(), header, sim)


@pytest.mark.parametrize("header, framing", SHAPES)
def test_syslog_ng_reads_every_shape(sim, cefwd, syslog_ng, header, framing):
    port = syslog_ng.tcp if framing == "lf" else syslog_ng.counted
    cefwd.configure("tcp://127.0.0.1:%d" % port,
                    destination=settings(header, framing))
    result = cefwd.once()
    assert result.status == 0, result
    assert syslog_ng.wait(30)
    check(syslog_ng.lines(), header, sim)


@pytest.mark.parametrize("header", HEADERS)
def test_max_line_counts_the_header_alone(sim, cefwd, header):
    """Not the LF, nor the octet count."""
    with TcpReceiver(counted=True) as receiver:
        cefwd.configure("tcp://127.0.0.1:%d" % receiver.port, destination={
            **settings(header, "octet-counting"), "max-line": "480"})
        result = cefwd.once()
        assert result.status == 0, result
        assert receiver.lines()
        assert max(map(len, receiver.lines())) <= 480
