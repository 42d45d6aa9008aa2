"""a few of the random schedules of faults; make check-faults runs 200

SPDX-License-Identifier: MIT

A failing seed is run again by: make check-faults COUNT=1 SEED=1003
"""
import pytest
import schedules


@pytest.fixture(scope="module")
def apis():
    return schedules.known_apis()


@pytest.mark.parametrize("seed", range(1000, 1006))
def test_nothing_is_lost_invented_or_altered_by_schedule(
        seed, certificates, apis):
    good, row, words = schedules.run_seed(seed, certificates, apis)
    assert good, "%s\n%s" % (schedules.FORMAT % row, words)
