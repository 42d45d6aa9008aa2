"""daemons.py - real syslog daemons as receivers, run from unpacked packages

SPDX-License-Identifier: MIT

tests/sim/get-receivers unpacks them; nothing is installed, nothing needs
root.  find(name) says why one cannot be had, for a test to skip by.
"""
import glob
import os
import shutil
import signal
import socket
import subprocess
import time

PROGRAMS = {"rsyslog": "usr/sbin/rsyslogd", "syslog-ng": "usr/sbin/syslog-ng"}


class Missing(Exception):
    """A receiver that is not there: skip."""


def folder():
    return os.environ.get("CEFWD_RECEIVERS") or os.path.join(
        os.environ.get("CEFWD_BUILDDIR", "."), "receivers")


def find(name):
    """(root of the unpacked package, program)."""
    root = os.path.join(folder(), name)
    program = os.path.join(root, PROGRAMS[name])
    if os.path.exists(program):
        return root, program
    program = shutil.which(os.path.basename(PROGRAMS[name]),
                           path="/usr/sbin:/usr/bin")
    if program:
        return "/", program
    raise Missing("%s is not unpacked in %s (tests/sim/get-receivers DIR)"
                  % (name, folder()))


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def vars_of(tls):
    return {"ca": tls.ca, "cert": tls.cert, "key": tls.key}


class Daemon:
    """One receiver: .tcp, .udp and, with certificates, .tls ports,
    .lines(), stop(), kill().  tls: .ca, .cert, .key."""
    name = ""

    def __init__(self, state_dir, tls=None):
        self.root, self.program = find(self.name)
        self.dir = state_dir
        os.makedirs(state_dir, exist_ok=True)
        self.out = os.path.join(state_dir, "received")
        self.tcp = free_port()
        self.udp = free_port(socket.SOCK_DGRAM)
        self.counted = free_port()  # lines with their length in front
        self.certificates = tls
        self.tls = free_port() if tls else None
        self.process = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def libraries(self):
        return sorted({os.path.dirname(p) for pattern in
                       ("lib/*/*.so*", "usr/lib/*/*.so*", "usr/lib/*.so*")
                       for p in glob.glob(os.path.join(self.root, pattern))})

    def start(self):
        env = dict(os.environ)
        if self.root != "/":
            env["LD_LIBRARY_PATH"] = ":".join(self.libraries())
        with open(os.path.join(self.dir, "log"), "ab") as log:
            self.process = subprocess.Popen(
                self.command(), env=env, cwd=self.dir, stdout=log,
                stderr=log, stdin=subprocess.DEVNULL)
        self.wait_ready()

    def wait_ready(self, timeout=15):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                with socket.create_connection(("127.0.0.1", self.tcp), 1):
                    return
            except OSError:
                time.sleep(0.02)
        with open(os.path.join(self.dir, "log"), errors="replace") as f:
            said = f.read()[-2000:]
        self.stop()
        raise RuntimeError("%s did not start: %s" % (self.name, said))

    def lines(self):
        """Whole lines so far, as they came."""
        try:
            with open(self.out, "rb") as f:
                data = f.read()
        except FileNotFoundError:
            return []
        return data.split(b"\n")[:-1]

    def wait(self, n, timeout=20):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if len(self.lines()) >= n:
                return True
            time.sleep(0.05)
        return False

    def end(self, number):
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        self.cut_half_a_line()

    def cut_half_a_line(self):
        """What it was writing when it died is no line: the next one would
        stand behind it."""
        try:
            with open(self.out, "r+b") as f:
                data = f.read()
                f.truncate(data.rfind(b"\n") + 1)
        except FileNotFoundError:
            pass

    def stop(self):
        self.end(signal.SIGTERM)

    def kill(self):
        self.end(signal.SIGKILL)


class Rsyslog(Daemon):
    name = "rsyslog"

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.counted = self.tcp     # it takes both

    def command(self):
        conf = os.path.join(self.dir, "rsyslog.conf")
        with open(conf, "w") as f:
            f.write("""\
global(workDirectory="%(dir)s" maxMessageSize="64k"
       parser.escapeControlCharactersOnReceive="off")
module(load="imtcp")
module(load="imudp")
template(name="raw" type="string" string="%%rawmsg%%\\n")
ruleset(name="keep") {
    action(type="omfile" file="%(out)s" template="raw")
}
input(type="imtcp" address="127.0.0.1" port="%(tcp)d" ruleset="keep")
input(type="imudp" address="127.0.0.1" port="%(udp)d" ruleset="keep"
      rcvbufSize="8m")
""" % {"dir": self.dir, "out": self.out, "tcp": self.tcp, "udp": self.udp})
            if self.tls:
                f.write("""\
input(type="imtcp" address="127.0.0.1" port="%(port)d" ruleset="keep"
      streamDriver.name="ossl" streamDriver.mode="1"
      streamDriver.authMode="anon" streamDriver.caFile="%(ca)s"
      streamDriver.certFile="%(cert)s" streamDriver.keyFile="%(key)s")
""" % {"port": self.tls, **vars_of(self.certificates)})
        command = [self.program, "-n", "-C", "-f", conf,
                   "-i", os.path.join(self.dir, "pid")]
        modules = glob.glob(os.path.join(self.root, "usr/lib/*/rsyslog"))
        if self.root != "/" and modules:
            command += ["-M", modules[0]]
        return command


class Normalizer(Rsyslog):
    """rsyslog that reads each line with liblognorm's "cef" parser; a line of
    .lines() is what it read, as JSON, in the order of arrival."""

    def command(self):
        command = super().command()
        rules = os.path.join(self.dir, "cef.rulebase")
        with open(rules, "w") as f:
            f.write("version=2\nrule=:%cef:cef%\n")
        with open(os.path.join(self.dir, "rsyslog.conf"), "w") as f:
            f.write("""\
global(workDirectory="%(dir)s" maxMessageSize="2m"
       parser.escapeControlCharactersOnReceive="off")
main_queue(queue.workerThreads="1")
module(load="imtcp")
module(load="mmnormalize")
template(name="read" type="string" string="%%$!all-json%%\\n")
ruleset(name="keep") {
    action(type="mmnormalize" rulebase="%(rules)s" userawmsg="on")
    action(type="omfile" file="%(out)s" template="read")
}
input(type="imtcp" address="127.0.0.1" port="%(tcp)d" ruleset="keep")
""" % {"dir": self.dir, "out": self.out, "tcp": self.tcp, "rules": rules})
        return command


class SyslogNg(Daemon):
    name = "syslog-ng"

    def command(self):
        conf = os.path.join(self.dir, "syslog-ng.conf")
        with open(conf, "w") as f:
            f.write("""\
@version: %(version)s
options { flush-lines(1); log-msg-size(65536); };
source s {
    network(transport("tcp") ip("127.0.0.1") port(%(tcp)d) flags(no-parse));
    network(transport("udp") ip("127.0.0.1") port(%(udp)d) flags(no-parse)
            so-rcvbuf(8388608));
    syslog(transport("tcp") ip("127.0.0.1") port(%(counted)d)
           flags(no-parse));
%(more)s};
destination d { file("%(out)s" template("${MESSAGE}\\n")); };
log { source(s); destination(d); };
""" % {"version": self.version(), "out": self.out, "tcp": self.tcp,
                "udp": self.udp, "counted": self.counted, "more": self.tls_source()})
        at = os.path.join
        command = [self.program, "-F", "-f", conf, "--no-caps",
                   "-p", at(self.dir, "pid"), "-R", at(self.dir, "persist"),
                   "-c", at(self.dir, "ctl")]
        modules = self.module_path()
        if modules:
            command += ["--module-path", modules]
        return command

    def tls_source(self):
        if not self.tls:
            return ""
        return """\
    network(transport("tls") ip("127.0.0.1") port(%(port)d) flags(no-parse)
            tls(cert-file("%(cert)s") key-file("%(key)s")
                peer-verify(optional-untrusted)));
""" % {"port": self.tls, **vars_of(self.certificates)}

    def module_path(self):
        found = glob.glob(os.path.join(self.root, "usr/lib/syslog-ng/*/"))
        return found[0] if self.root != "/" and found else None

    def libraries(self):
        return super().libraries() + [
            os.path.dirname(p) for p in glob.glob(os.path.join(
                self.root, "usr/lib/syslog-ng/libsyslog-ng*.so.0"))][:1]

    def version(self):
        path = self.module_path()
        return os.path.basename(path.rstrip("/")) if path else "3.35"
