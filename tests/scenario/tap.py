#!/usr/bin/python3
"""tap.py FILE...: run scenarios with pytest, and tell automake in TAP

SPDX-License-Identifier: MIT

Each scenario is a line, so that make check counts and names them singly.
By hand: python3 -m pytest tests/scenario, with CEFWD_BUILDDIR set.
"""
import os
import re
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True      # the sources may be read-only
import pytest                       # noqa: E402


class Tap:
    """A pytest plugin: a TAP line for each test, then the plan."""

    def __init__(self):
        # before pytest begins to capture
        self.out = os.fdopen(os.dup(1), "w", encoding="utf-8",
                             errors="backslashreplace")
        self.n = 0
        self.failed = 0

    def line(self, verdict, name, tail="", why=""):
        self.n += 1
        # "#" begins a directive
        name = name.replace("#", "").replace("\n", " ")
        print("%s %d - %s%s" % (verdict, self.n, name, tail), file=self.out)
        for text in str(why).splitlines():
            print("# " + text, file=self.out)
        self.out.flush()

    def say(self, report):
        name = re.sub(r"^.*?([^/]+)\.py::", r"\1: ", report.nodeid)
        if report.skipped:
            why = report.longrepr
            why = why[2] if isinstance(why, tuple) else str(why)
            why = why.replace("Skipped: ", "").replace("\n", " ")
            self.line("ok", name, " # SKIP " + why)
        elif report.failed:
            self.failed += 1
            said = [str(report.longrepr)]
            said += ["%s\n%s" % s for s in report.sections]
            self.line("not ok", name, why="\n".join(said))
        else:
            self.line("ok", name)

    @staticmethod
    def pytest_addoption(parser):
        # pytest explains a failed assertion by this option of the terminal
        # plugin, which is not loaded here
        parser.addoption("--verbose", type=int, default=1)

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or not report.passed:
            self.say(report)

    def pytest_collectreport(self, report):
        if not report.passed:
            self.say(report)

    def pytest_internalerror(self, excrepr):
        self.failed += 1
        self.line("not ok", "pytest itself", why=excrepr)


def main():
    tap = Tap()
    base = tempfile.mkdtemp(prefix="cefwd-scenario-")
    status = pytest.main(
        ["-p", "no:terminal", "-p", "no:cacheprovider",
         "--basetemp", os.path.join(base, "t")] + sys.argv[1:],
        plugins=[tap])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED,
                      pytest.ExitCode.NO_TESTS_COLLECTED) and not tap.failed:
        tap.failed += 1
        tap.line("not ok", "pytest ended with %r" % status)
    if tap.failed:
        print("# kept: " + base, file=tap.out)
    else:
        shutil.rmtree(base, ignore_errors=True)
    print("1..%d" % tap.n, file=tap.out)
    tap.out.flush()
    return 0            # a status would be one more failure to automake


if __name__ == "__main__":
    sys.exit(main())
