#!/usr/bin/python3
"""kill_matrix.py - every receiver, transport and way to die; make check-kill

SPDX-License-Identifier: MIT

Prints a row for each cell and ends with 0 only if no cell lost, altered or
invented a line, nor repeated more than the window allows.  Losses that no
sender can see are rows of their own.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "sim"))
sys.dont_write_bytecode = True

import kill                                             # noqa: E402
from server import make_certificates                    # noqa: E402

# Where every line and every break counts for most: long runs.
LONG = (kill.Cell("rsyslog", "tls", "kill-9", True),
        kill.Cell("syslog-ng", "tcp", "restart", False),
        kill.Cell("plain", "tcp", "reset", True))
ROW = "%-44s %7s %6s %7s %7s %8s  %s"


def one(cell, args, folder):
    """Run the cell in this process; its figures as JSON."""
    certificates = make_certificates(folder)
    try:
        o = kill.run(cell, folder, certificates, args.lines, args.breaks,
                     args.seed)
    except kill.Missing as e:
        return {"skip": str(e)}
    return {k: v for k, v in vars(o).items()}


# A machine under load: how often a cell is tried whose feed paused.
TRIES = 4


def apart(cell, args, base):
    """Run the cell; again where lines were to keep coming and, by the
    ledger, did not: what hangs on a quiet feed no sender can see."""
    for _ in range(TRIES):
        out = in_a_process(cell, args, base)
        if not out.get("lost") or out["quiet_s"] < kill.SETTLE_S / 2:
            break
    return out


def in_a_process(cell, args, base):
    """Run the cell in a process of its own, which may be in a namespace."""
    why = kill.skips(cell)
    if why is not None:
        return {"skip": why}
    folder = tempfile.mkdtemp(dir=base)
    command = [sys.executable, __file__, "--one", json.dumps(cell),
               "--lines", str(args.lines), "--breaks", str(args.breaks),
               "--seed", str(args.seed), "--folder", folder]
    env = dict(os.environ)
    if kill.BREAKS[cell.how].drops:
        command = [*kill.UNSHARE, "sh", "-c", 'ip link set lo up; exec "$@"',
                   "sh", *command]
        env["CEFWD_IN_NAMESPACE"] = "1"
    p = subprocess.run(command, env=env, capture_output=True, text=True,
                       check=False)
    try:
        out = json.loads(p.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return {"error": (p.stdout + p.stderr)[-3000:]}
    if not is_bad(cell, out):
        shutil.rmtree(folder, ignore_errors=True)
    return out


def is_bad(cell, out):
    if "skip" in out:
        return False
    if ("error" in out or out["altered"] or out["invented"] or out["status"]
            or not out["bounded"]):
        return True
    return out["lost"] > 0 and not cell.is_blind


def verdict(cell, out):
    if "skip" in out:
        return "skipped: " + out["skip"]
    if is_bad(cell, out):
        return "FAILED"
    return "no sender can see this" if cell.is_blind else "ok"


def say(cell, out):
    figures = [out.get(k, "-") for k in ("lines", "breaks", "lost", "altered",
                                         "repeats")]
    print(ROW % (cell, *figures, verdict(cell, out)), flush=True)
    if is_bad(cell, out):
        print(out.get("error") or out.get("said", "")[-3000:], flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--lines", type=int, default=2000)
    p.add_argument("--breaks", type=int, default=4)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--only", default="", help="cells whose name has this")
    p.add_argument("--long", action="store_true",
                   help="100,000 lines and 100 breaks in three cells")
    p.add_argument("--one", help=argparse.SUPPRESS)
    p.add_argument("--folder", help=argparse.SUPPRESS)
    args = p.parse_args()
    if args.one:
        cell = kill.Cell(*json.loads(args.one))
        print(json.dumps(one(cell, args, args.folder)))
        return 0
    if args.long:
        args.lines, args.breaks = 100000, 100
    todo = [c for c in (LONG if args.long else kill.cells())
            if args.only in str(c)]
    base = tempfile.mkdtemp(prefix="cefwd-kill-")
    print(ROW % ("receiver transport break sock_diag", "lines", "breaks",
                 "lost", "altered", "repeats", ""), flush=True)
    bad = 0
    with ThreadPoolExecutor(args.jobs) as pool:
        for cell, out in zip(todo, pool.map(
                lambda c: apart(c, args, base), todo)):
            say(cell, out)
            bad += is_bad(cell, out)
    if bad == 0:
        shutil.rmtree(base, ignore_errors=True)
    print("%d cells, %d failed%s" % (len(todo), bad,
                                     "; kept: " + base if bad else ""))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
