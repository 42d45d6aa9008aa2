#!/usr/bin/python3
"""receiver.py - a plain syslog receiver on loopback, as bad as a test wants

SPDX-License-Identifier: MIT

As a module: TcpReceiver() and UdpReceiver() run a thread; .port, .lines(),
.wait(n); pause() and resume() reading, finish() (FIN), reset() (RST),
stop() and start() again on the same port.

As a command: receiver.py --tcp 0 --file F (or --udp) prints its port as JSON
and appends every line to F at once, so that it can be killed at any moment.
"""
import argparse
import json
import os
import selectors
import signal
import socket
import ssl
import struct
import sys
import threading
import time

READ = 65536


def is_own(line):
    """Whether cefwd tells of itself: no test counts these as alerts."""
    return b"|cefwd|cefwd|" in line[:200]


def _by_lf(hold):
    """Whole lines, taken from the front."""
    end = hold.rfind(b"\n")
    if end < 0:
        return []
    lines = bytes(hold[:end]).split(b"\n")
    del hold[:end + 1]
    return lines


def _counted(hold):
    """The same, RFC 6587 3.4.1."""
    lines = []
    while True:
        count, blank, _ = bytes(hold[:12]).partition(b" ")
        assert not blank or (count.isdigit() and count[:1] != b"0"), count
        end = len(count) + 1 + int(count) if blank else 0
        if not blank or len(hold) < end:
            return lines
        lines.append(bytes(hold[len(count) + 1:end]))
        del hold[:end]


class TcpReceiver:
    """Lines end at LF, or are counted; what is not whole is not a line."""

    def __init__(self, port=0, rcvbuf=None, keep=None, tls=None,
                 counted=False):
        self.unframe = _counted if counted else _by_lf
        self.context = None
        if tls is not None:     # (certificate, key[, CA of the clients])
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*tls[:2])
            if len(tls) > 2:
                self.context.load_verify_locations(tls[2])
                self.context.verify_mode = ssl.CERT_REQUIRED
        self.refused = []       # what TLS said of connections that failed
        self.lock = threading.Condition()
        self.got = []           # lines, without LF
        self.own = []           # those in which cefwd tells of itself
        self.keep = keep        # called with each line, or None
        self.partial = 0        # bytes that came without an LF
        self.connections = 0
        self.rcvbuf = rcvbuf
        self.is_paused = False
        self.per_read = READ
        self.delay = 0.0        # after each read
        self.thread = None
        self.port = port
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def start(self):
        """Listen (again), on the same port."""
        if self.thread is not None:
            return
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.rcvbuf:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                     self.rcvbuf)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        self.wake_r, self.wake_w = socket.socketpair()
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(self.wake_r, selectors.EVENT_READ)
        self.open = {}          # socket -> bytes of an unfinished line
        self.todo = []          # what other threads ask for
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def ask(self, what):
        """Have the thread do something, and wait until it has."""
        if self.thread is None:
            return
        done = threading.Event()
        self.todo.append((what, done))
        self.wake_w.send(b"x")
        done.wait(5)

    def run(self):
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.wake_r:
                    self.wake_r.recv(100)
                    while self.todo:
                        what, done = self.todo.pop(0)
                        if what == "stop":
                            done.set()
                            return
                        getattr(self, "_" + what)()
                        done.set()
                elif key.fileobj is self.listener:
                    self.accept()
                elif key.fileobj in self.open and not self.is_paused:
                    self.read(key.fileobj)

    def accept(self):
        sock, _ = self.listener.accept()
        sock.setblocking(False)
        if self.context is not None:
            sock = self.context.wrap_socket(
                sock, server_side=True, do_handshake_on_connect=False)
        self.open[sock] = bytearray()
        with self.lock:
            self.connections += 1
            self.lock.notify_all()
        if not self.is_paused:
            self.selector.register(sock, selectors.EVENT_READ)

    def read(self, sock):
        try:
            data = sock.recv(self.per_read)
            # what TLS has decrypted no selector tells of
            while self.context is not None and sock.pending():
                data += sock.recv(self.per_read)
        except (BlockingIOError, ssl.SSLWantReadError,
                ssl.SSLWantWriteError):
            return
        except ssl.SSLError as e:
            self.refused.append(str(e))
            data = b""
        except OSError:
            data = b""
        if not data:
            self.drop(sock)
            return
        hold = self.open[sock]
        hold += data
        lines = self.unframe(hold)
        if lines:
            self.take(lines)
        if self.delay:
            time.sleep(self.delay)

    def take(self, lines):
        if self.keep is not None:
            for line in lines:
                self.keep(line)
        with self.lock:
            self.got += [line for line in lines if not is_own(line)]
            self.own += [line for line in lines if is_own(line)]
            self.lock.notify_all()

    def drop(self, sock):
        with self.lock:
            self.partial += len(self.open.pop(sock))
        try:
            self.selector.unregister(sock)
        except KeyError:
            pass
        sock.close()

    def _pause(self):
        self.is_paused = True
        for sock in self.open:
            try:
                self.selector.unregister(sock)
            except KeyError:
                pass

    def _resume(self):
        self.is_paused = False
        for sock in self.open:
            try:
                self.selector.register(sock, selectors.EVENT_READ)
            except KeyError:
                pass

    def _finish(self):
        for sock in list(self.open):
            self.drop(sock)

    def _reset(self):
        for sock in list(self.open):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
            self.drop(sock)

    def _half_close(self):
        """A FIN, and no reading from then on."""
        self._pause()
        for sock in self.open:
            try:
                # of the connection, without TLS's own farewell
                socket.socket.shutdown(sock, socket.SHUT_WR)
            except OSError:
                pass

    def half_close(self):
        """Say that nothing more will be sent, and read no more."""
        self.ask("half_close")

    def pause(self):
        """Stop reading; what comes stays in the kernel."""
        self.ask("pause")

    def resume(self):
        self.ask("resume")

    def finish(self):
        """Close the connections properly (unread bytes make it an RST)."""
        self.ask("finish")

    def reset(self):
        """Close the connections with RST; unread bytes are lost."""
        self.ask("reset")

    def stop(self, reset=False):
        """Listen no more and close everything; start() listens again."""
        if self.thread is None:
            return
        self.ask("stop")
        self.thread.join()
        self.thread = None
        if reset:
            self._reset()
        else:
            self._finish()
        for sock in (self.listener, self.wake_r, self.wake_w):
            sock.close()
        self.selector.close()
        self.is_paused = False

    def lines(self):
        with self.lock:
            return list(self.got)

    def count(self):
        with self.lock:
            return len(self.got)

    def clear(self):
        with self.lock:
            self.got = []

    def wait(self, n, timeout=20):
        """Until n lines have come; whether they have."""
        with self.lock:
            return self.lock.wait_for(lambda: len(self.got) >= n, timeout)

    def wait_for(self, condition, timeout=20):
        """Until condition(lines) holds; whether it does."""
        with self.lock:
            return self.lock.wait_for(lambda: condition(self.got), timeout)

    def told(self):
        """cefwd's own lines."""
        with self.lock:
            return list(self.own)

    def wait_told(self, condition, timeout=20):
        """Until condition(cefwd's own lines) holds; whether it does."""
        with self.lock:
            return self.lock.wait_for(lambda: condition(self.own), timeout)

    def wait_connection(self, n=1, timeout=20):
        with self.lock:
            return self.lock.wait_for(lambda: self.connections >= n, timeout)


class UdpReceiver:
    """A datagram is a line."""

    def __init__(self, port=0, keep=None):
        self.lock = threading.Condition()
        self.got = []
        self.own = []
        self.keep = keep
        self.port = port
        self.sock = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def start(self):
        if self.sock is not None:
            return
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.sock.bind(("127.0.0.1", self.port))
        self.sock.settimeout(0.1)
        self.port = self.sock.getsockname()[1]
        self.thread = threading.Thread(target=self.run, args=(self.sock,),
                                       daemon=True)
        self.thread.start()

    def run(self, sock):
        while True:
            try:
                data = sock.recv(65535)
            except TimeoutError:
                if sock is not self.sock:
                    return
                continue
            except OSError:
                return
            if self.keep is not None:
                self.keep(data)
            with self.lock:
                (self.own if is_own(data) else self.got).append(data)
                self.lock.notify_all()

    def stop(self):
        """The port refuses from now on (ICMP)."""
        if self.sock is None:
            return
        sock, self.sock = self.sock, None
        self.thread.join()
        sock.close()

    lines = TcpReceiver.lines
    told = TcpReceiver.told
    wait_told = TcpReceiver.wait_told
    count = TcpReceiver.count
    clear = TcpReceiver.clear
    wait = TcpReceiver.wait
    wait_for = TcpReceiver.wait_for


def main():
    p = argparse.ArgumentParser(description="a plain syslog receiver")
    p.add_argument("--tcp", type=int, metavar="PORT")
    p.add_argument("--udp", type=int, metavar="PORT")
    p.add_argument("--file", required=True)
    p.add_argument("--cert", help="speak TLS, with this certificate")
    p.add_argument("--key", help="and its key")
    p.add_argument("--rcvbuf", type=int, help="bytes the kernel may hold")
    p.add_argument("--lag", type=float, default=0,
                   help="seconds a line that was read is held in memory")
    p.add_argument("--commands", action="store_true",
                   help="obey what comes on standard input, a line each: "
                   "pause resume finish reset half_close")
    a = p.parse_args()
    fd = os.open(a.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    late = []

    def write(line):
        os.write(fd, line.rstrip(b"\n") + b"\n")

    def write_late():
        while True:
            time.sleep(a.lag / 10)
            while late and late[0][0] <= time.monotonic() - a.lag:
                write(late.pop(0)[1])

    def keep(line):
        if a.lag:
            late.append((time.monotonic(), line))
        else:
            write(line)

    def obey():
        for command in sys.stdin:
            getattr(receiver, command.strip())()
            print("done", flush=True)
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    if a.udp is not None:
        receiver = UdpReceiver(a.udp, keep)
    else:
        receiver = TcpReceiver(a.tcp or 0, keep=keep, rcvbuf=a.rcvbuf,
                               tls=(a.cert, a.key) if a.cert else None)
    if a.lag:
        threading.Thread(target=write_late, daemon=True).start()
    if a.commands:
        threading.Thread(target=obey, daemon=True).start()
    print(json.dumps({"port": receiver.port, "pid": os.getpid()}), flush=True)
    done.wait()
    receiver.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
