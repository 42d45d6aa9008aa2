"""conftest.py - what the scenarios are made of

SPDX-License-Identifier: MIT
"""
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "sim"))

from daemons import (                                    # noqa: E402
    Missing, Normalizer, Rsyslog, SyslogNg)
from receiver import TcpReceiver, UdpReceiver           # noqa: E402
from runner import Cefwd, PROGRAM                       # noqa: E402
from server import Sim, make_certificates               # noqa: E402


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return make_certificates(str(tmp_path_factory.mktemp("certificates")))


@pytest.fixture
def new_sim(tmp_path, certificates):
    """new_sim(alerts=N, ...): a simulated tenant, ended with the test."""
    made = []

    def make(alerts=30, **options):
        folder = tmp_path / ("sim%d" % len(made))
        made.append(Sim(alerts, str(folder), certificates=certificates,
                        **options))
        return made[-1]
    yield make
    for sim in made:
        sim.close()


@pytest.fixture
def sim(new_sim):
    """A tenant with 30 alerts."""
    return new_sim(30)


@pytest.fixture
def new_cefwd(tmp_path):
    """new_cefwd(sim): the program with a configuration of its own."""
    made = []

    def make(sim=None):
        folder = tmp_path / ("cefwd%d" % len(made))
        folder.mkdir()
        made.append(Cefwd(folder, sim))
        return made[-1]
    assert os.path.exists(PROGRAM), "no program at " + PROGRAM
    yield make
    for cefwd in made:
        cefwd.close()


@pytest.fixture
def cefwd(new_cefwd, sim):
    return new_cefwd(sim)


@pytest.fixture
def tcp():
    with TcpReceiver() as receiver:
        yield receiver


@pytest.fixture
def udp():
    with UdpReceiver() as receiver:
        yield receiver


def daemon(kind, folder):
    try:
        return kind(str(folder))
    except Missing as e:
        pytest.skip(str(e))


@pytest.fixture
def rsyslog(tmp_path):
    with daemon(Rsyslog, tmp_path / "rsyslog") as receiver:
        yield receiver


@pytest.fixture
def syslog_ng(tmp_path):
    with daemon(SyslogNg, tmp_path / "syslog-ng") as receiver:
        yield receiver


@pytest.fixture
def normalizer(tmp_path):
    with daemon(Normalizer, tmp_path / "normalizer") as receiver:
        yield receiver
