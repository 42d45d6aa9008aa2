"""a small cut of the kill matrix (make check-kill): nothing is lost

SPDX-License-Identifier: MIT
"""
import argparse

import pytest
import kill
import kill_matrix

# Every way to break at least once, each receiver at least twice.
CUT = [kill.Cell(*words.split(), diag) for words, diag in (
    ("plain tcp kill-9", True),
    ("rsyslog tcp kill-9", False),
    ("syslog-ng tcp kill-9", True),
    ("rsyslog tcp restart", True),
    ("plain tcp reset", False),
    ("plain tcp half-close", True),
    ("plain tcp stop-short-resume", False),
    ("syslog-ng tcp stop-long-kill", True),
    ("plain tcp stop-long-resume", True),
    ("plain tcp zero-window", True),
    ("plain tcp dropped-packets", True),
    ("syslog-ng tcp idle-cut", True),
    ("rsyslog tcp sender-kill-9", True),
    ("plain tcp both-kill-9", False),
    ("plain tls kill-9", False),
    ("plain tls zero-window", True),
    ("rsyslog tls stop-long-kill", True),
    ("syslog-ng tls restart", True),
    ("plain tls both-kill-9", True),
)]
ARGS = argparse.Namespace(lines=400, breaks=2, seed=1)


@pytest.mark.parametrize("cell", CUT, ids=str)
def test_nothing_is_lost(cell, tmp_path):
    out = kill_matrix.apart(cell, ARGS, str(tmp_path))
    if "skip" in out:
        pytest.skip(out["skip"])
    assert not kill_matrix.is_bad(cell, out), out
    assert out["lines"] >= 400 and out["breaks"] == 2, out


def test_a_loss_that_no_sender_can_see_is_no_larger_than_the_buffers(
        tmp_path):
    """It is counted, so that the matrix cannot pass by looking away."""
    cell = kill.Cell("plain", "tcp", "read-then-dies", True)
    args = argparse.Namespace(lines=1500, breaks=2, seed=1)
    out = kill_matrix.apart(cell, args, str(tmp_path))
    assert not kill_matrix.is_bad(cell, out), out
    assert out["lost"] > 0, out
