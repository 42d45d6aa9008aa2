#!/usr/bin/python3
"""journal.py COMMAND...: run it beside a journal that prints what it gets

SPDX-License-Identifier: MIT

For "unshare -r -m": /run is covered, and a socket takes the place of
journald's.  Each entry is printed as an object; the command's own output goes
to standard error.  The status is the command's.
"""
import json
import os
import select
import socket
import subprocess
import sys

PATH = "/run/systemd/journal/socket"


def fields(data):
    """Of the native protocol: KEY=value, or KEY, a length, and bytes."""
    out = {}
    while data:
        line, _, rest = data.partition(b"\n")
        if b"=" in line:
            key, _, value = line.partition(b"=")
        else:
            key, n = line, int.from_bytes(rest[:8], "little")
            value, rest = rest[8:8 + n], rest[9 + n:]
        out[key.decode()] = value.decode()
        data = rest
    return out


def main():
    subprocess.run(["mount", "-t", "tmpfs", "run", "/run"], check=True)
    os.makedirs(os.path.dirname(PATH))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(PATH)
        with subprocess.Popen(sys.argv[1:], stdout=sys.stderr) as p:
            while True:
                ended = p.poll() is not None
                if select.select([s], [], [], 0 if ended else 0.1)[0]:
                    print(json.dumps(fields(s.recv(1 << 20))), flush=True)
                elif ended:
                    return p.returncode


if __name__ == "__main__":
    sys.exit(main())
