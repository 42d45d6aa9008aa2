"""Polls by the hundred: nothing grows (make check-long: a day of them)

SPDX-License-Identifier: MIT
"""
import os
import subprocess
import sys

import pytest
from runner import PROGRAM, SRCDIR


def is_sanitized():
    with open(PROGRAM, "rb") as f:
        return b"__asan_init" in f.read()


def test_neither_memory_nor_descriptors_grow():
    if is_sanitized():
        pytest.skip("the sanitizer keeps what was freed")
    p = subprocess.run(
        [sys.executable, "-B",
         os.path.join(SRCDIR, "tests", "scenario", "long.py"), "160"],
        capture_output=True, text=True, timeout=900, check=False)
    assert p.returncode == 0, p.stdout + p.stderr
