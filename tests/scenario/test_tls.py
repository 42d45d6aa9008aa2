"""syslog over TLS: who is trusted, what is told, nothing lost

SPDX-License-Identifier: MIT
"""
import os
import socket
import subprocess
import threading

import daemons
import pytest
from cef import ids
from conftest import daemon
from receiver import TcpReceiver
from test_grants import Pair


@pytest.fixture
def new_tls(certificates):
    """new_tls(): a receiver that speaks TLS; (ca, port) as kill.py's."""
    made = []

    def make(cert=None, key=None, clients=None, **options):
        pair = (cert or certificates[1], key or certificates[2])
        made.append(TcpReceiver(
            tls=pair + ((clients,) if clients else ()), **options))
        return made[-1]
    yield make
    for receiver in made:
        receiver.stop()


@pytest.fixture
def setup(cefwd, certificates):
    def make(port, host="127.0.0.1", scheme="tls", **keys):
        return cefwd.configure(
            "%s://%s:%d" % (scheme, host, port),
            destination={"ca-file": certificates[0], **{
                k.replace("_", "-"): v for k, v in keys.items()}})
    return make


def all_came(sim, receiver):
    return set(ids(receiver.lines())) == sim.store.ids()


def resolved(host):
    """A container may have no /etc/hosts."""
    try:
        socket.getaddrinfo(host, None)
    except OSError as e:
        pytest.skip("%s: %s" % (host, e))
    return host


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_lines_arrive(sim, new_tls, setup, host):
    receiver = new_tls()
    result = setup(receiver.port, resolved(host)).once()
    assert result.status == 0, result
    assert all_came(sim, receiver)
    assert receiver.refused == [] and receiver.partial == 0


def test_a_name_of_its_own(sim, new_tls, setup):
    receiver = new_tls()
    result = setup(receiver.port, server_name="localhost").once()
    assert result.status == 0, result
    assert all_came(sim, receiver)


def issue(folder, name, ca=None, days="2", alt="DNS:localhost,IP:127.0.0.1"):
    """A certificate; (certificate, key).  ca: (certificate, key)."""
    cert = os.path.join(str(folder), name + ".crt")
    key = os.path.join(str(folder), name + ".key")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:P-256", "-nodes", "-days", days,
               "-subj", "/CN=" + name, "-keyout", key, "-out", cert]
    if alt:
        command += ["-addext", "subjectAltName=" + alt]
    if ca:
        command += ["-CA", ca[0], "-CAkey", ca[1],
                    "-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run(command, check=True, capture_output=True)
    os.chmod(key, 0o600)
    return cert, key


def refused(result, receiver, *says):
    assert result.status in (69, 75), result
    for words in says:
        assert words in result.err, result
    assert receiver.lines() == []


def test_an_unknown_authority_is_refused_with_the_mend(
        new_tls, setup, tmp_path):
    cert, key = issue(tmp_path, "stranger")
    receiver = new_tls(cert, key)
    refused(setup(receiver.port).once("--timeout", "2s"), receiver,
            "self-signed certificate", "set ca-file")


def test_another_name_is_refused_with_the_mend(new_tls, setup, tmp_path):
    ca = issue(tmp_path, "ca", alt=None)
    cert, key = issue(tmp_path, "other", ca, alt="DNS:other.example.com")
    receiver = new_tls(cert, key)
    cefwd = setup(receiver.port, ca_file=ca[0])
    refused(cefwd.once("--timeout", "2s"), receiver,
            "mismatch", "set server-name")
    cefwd = setup(receiver.port, ca_file=ca[0], server_name="localhost")
    refused(cefwd.once("--timeout", "2s"), receiver,
            "mismatch", "set server-name")
    result = setup(receiver.port, ca_file=ca[0],
                   server_name="other.example.com").once()
    assert result.status == 0, result


def test_to_a_plain_receiver_nothing_is_told(setup, tcp):
    """It waits for a line, and never answers."""
    result = setup(tcp.port).once("--timeout", "2s")
    assert result.status == 75, result
    assert not any(b"CEF:" in x for x in tcp.lines())


def test_a_plain_talker_is_named(setup, tmp_path):
    """It greets in plain text, as another service on that port would."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def greet():
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                peer.sendall(b"220 mail.example.com ESMTP\r\n")
                peer.close()
        threading.Thread(target=greet, daemon=True).start()
        result = setup(listener.getsockname()[1]).once("--timeout", "2s")
        assert result.status in (69, 75)
        assert "no TLS is spoken there" in result.err, result
        listener.shutdown(socket.SHUT_RDWR)


def test_a_client_certificate_is_shown(sim, new_tls, setup, tmp_path):
    cert, key = issue(tmp_path, "client")
    receiver = new_tls(clients=cert)
    result = setup(receiver.port, client_certificate_file=cert,
                   client_key_file=key).once()
    assert result.status == 0, result
    assert all_came(sim, receiver)


def locked_up(pair, password="x"):
    """The pair's key behind a password; (key, file with the password)."""
    subprocess.run(["openssl", "rsa", "-aes256", "-in", pair.key, "-out",
                    pair.path("enc"), "-passout", "pass:x"],
                   check=True, capture_output=True)
    os.chmod(pair.path("enc"), 0o600)
    pair.write("password", password + "\n")
    return pair.path("enc"), pair.path("password")


def test_a_key_may_have_a_password(sim, new_tls, setup, tmp_path):
    pair = Pair(tmp_path)
    key, password = locked_up(pair)
    receiver = new_tls(clients=pair.cert)
    result = setup(receiver.port, client_certificate_file=pair.cert,
                   client_key_file=key,
                   client_key_password_file=password).once()
    assert result.status == 0, result
    assert all_came(sim, receiver)


def test_a_client_certificate_that_is_wanted_is_named(
        new_tls, setup, tmp_path):
    receiver = new_tls(clients=issue(tmp_path, "client")[0])
    refused(setup(receiver.port).once("--timeout", "2s"), receiver,
            "set client-certificate-file")


def test_certificates_that_end_soon_are_warned_of(
        sim, new_tls, setup, tmp_path):
    cert, key = issue(tmp_path, "client")
    receiver = new_tls(clients=cert)
    result = setup(receiver.port, client_certificate_file=cert,
                   client_key_file=key).once()
    assert result.status == 0, result
    assert result.err.count("certificate ends in 1 days") == 2, result


@pytest.mark.parametrize("what", [
    "no-ca", "no-key", "readable-key", "encrypted-key", "wrong-password",
    "no-password", "readable-password", "password-alone", "tcp", "key-alone"])
def test_a_fault_of_the_files_ends_the_start(setup, tmp_path, what):
    cert, key = issue(tmp_path, "client")
    keys, scheme = {}, "tls"
    if what == "no-ca":
        keys, says = {"ca_file": key}, "holds no certificates in PEM"
    elif what == "no-key":
        keys = {"client_certificate_file": cert}
        os.chmod(cert, 0o600)
        says = "holds no private key"
    elif what == "readable-key":
        os.chmod(key, 0o644)
        keys = {"client_certificate_file": cert, "client_key_file": key}
        says = "others can get at"
    elif what == "encrypted-key":
        pair = Pair(tmp_path)
        keys = {"client_certificate_file": pair.cert,
                "client_key_file": locked_up(pair)[0]}
        says = "set client-key-password-file"
    elif what == "password-alone":
        keys, says = {"client_key_password_file": key}, "without"
    elif what.endswith("-password"):
        pair = Pair(tmp_path)
        key, password = locked_up(pair, "" if what == "no-password" else "y")
        if what == "readable-password":
            os.chmod(password, 0o644)
        keys = {"client_certificate_file": pair.cert, "client_key_file": key,
                "client_key_password_file": password}
        says = {"wrong-password": "password in client-key-password-file opens",
                "no-password": "%s is empty" % password,
                "readable-password": "others can get at"}[what]
    elif what == "tcp":
        scheme, says = "tcp", "is for tls:// alone"
    else:
        keys, says = {"client_key_file": key}, "without"
    result = setup(514, scheme=scheme, **keys).run("check")
    assert result.status == 78 and says in result.err, result


def test_check_live_opens_it(sim, new_tls, setup, tmp_path):
    receiver = new_tls()
    result = setup(receiver.port).run("check", "--live")
    assert result.status == 0, result
    cert, key = issue(tmp_path, "stranger")
    receiver = new_tls(cert, key)
    result = setup(receiver.port).run("check", "--live")
    assert result.status == 69 and "set ca-file" in result.out, result


def test_many_lines_in_records_of_every_size(new_sim, new_cefwd, new_tls,
                                             certificates):
    sim = new_sim(3000)
    receiver = new_tls(rcvbuf=8192)
    receiver.per_read = 1000
    cefwd = new_cefwd(sim).configure(
        "tls://127.0.0.1:%d" % receiver.port,
        destination={"ca-file": certificates[0], "window": "256k"})
    result = cefwd.once()
    assert result.status == 0, result
    got = ids(receiver.lines())
    assert set(got) == sim.store.ids() and len(got) == 3000


def test_a_reset_in_the_middle_loses_nothing(new_sim, new_cefwd, new_tls,
                                             certificates):
    sim = new_sim(2000)
    sim.set(page_delay_s=0.01)
    receiver = new_tls()
    cefwd = new_cefwd(sim).configure(
        "tls://127.0.0.1:%d" % receiver.port, source={"page-size": "20"},
        destination={"ca-file": certificates[0], "settle": "200ms"})
    service = cefwd.start()
    for n in (200, 700, 1200):
        assert receiver.wait(n, 60), service.said()
        receiver.pause()
        receiver.reset()
        receiver.resume()
    assert receiver.wait_for(
        lambda got: len(set(ids(got))) == 2000, 60), service.said()
    assert service.stop() == 0
    assert all_came(sim, receiver)


@pytest.mark.parametrize("kind", ["rsyslog", "syslog-ng"])
def test_real_receivers_read_every_line(
        sim, cefwd, certificates, tmp_path, kind):
    make = {"rsyslog": daemons.Rsyslog, "syslog-ng": daemons.SyslogNg}[kind]

    class Tls:
        ca, cert, key = certificates
    with daemon(lambda folder: make(folder, tls=Tls), tmp_path / kind) as r:
        cefwd.configure("tls://127.0.0.1:%d" % r.tls,
                        destination={"ca-file": certificates[0]})
        result = cefwd.once()
        assert result.status == 0, result
        assert r.wait(30)
        assert set(ids(r.lines())) == sim.store.ids()
