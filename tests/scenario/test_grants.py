"""every way to sign in, end to end against the simulated Entra ID

SPDX-License-Identifier: MIT
"""
import base64
import json
import os
import socket
import subprocess
import threading

import pytest
from cef import ids

PASSWORD = "correct horse battery"


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


class Pair:
    """A key and its certificate, in the forms that administrators have."""

    def __init__(self, folder, name="app", days="2", kind="rsa:2048"):
        self.folder, self.name = str(folder), name
        self.key, self.cert = self.path("key"), self.path("crt")
        openssl("req", "-x509", "-newkey", kind, *(
            ["-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else []),
            "-nodes", "-days", days, "-subj", "/CN=cefwd",
            "-keyout", self.key, "-out", self.cert)

    def path(self, tail):
        return os.path.join(self.folder, "%s.%s" % (self.name, tail))

    def write(self, tail, text, mode=0o600):
        fd = os.open(self.path(tail), os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                     mode)
        with os.fdopen(fd, "w") as f:
            f.write(text)
        os.chmod(self.path(tail), mode)
        return self.path(tail)

    def pem(self, *more):
        """Key and certificate in one file, other certificates before."""
        text = ""
        for file in (*more, self.cert, self.key):
            with open(file) as f:
                text += f.read()
        return self.write("pem", text)

    def pkcs12(self, *options):
        openssl("pkcs12", "-export", "-inkey", self.key, "-in", self.cert,
                "-out", self.path("pfx"), "-passout", "pass:" + PASSWORD,
                *options)
        os.chmod(self.path("pfx"), 0o600)
        return self.path("pfx")

    def password(self, text=PASSWORD):
        return self.write("password", text + "\n")


def app(sim):
    return sim.entra.apps[sim.client_id.lower()]


@pytest.fixture
def pair(tmp_path, sim):
    """A certificate that is registered."""
    made = Pair(tmp_path)
    app(sim)["certificates"].append(made.cert)
    return made


@pytest.fixture
def sign_in(sim, cefwd, tcp):
    """sign_in(keys): configure, run once; its result."""
    def run(status=0, **keys):
        cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, source={
            "client-secret-file": None,
            **{k.replace("_", "-"): v for k, v in keys.items()}})
        result = cefwd.once()
        assert result.status == status, result
        if status == 0:
            assert set(ids(tcp.lines())) == sim.store.ids()
        else:
            assert tcp.lines() == []
        return result
    return run


def test_secret_at_the_v1_endpoint(sim, sign_in):
    sign_in(client_secret_file=sim.secret_file,
            resource="https://graph.microsoft.com")
    assert sim.requests(place="token")[0]["version"] == 1


def test_certificate_in_one_pem_file(sim, sign_in, pair):
    sign_in(client_certificate_file=pair.pem())
    assert sim.entra.algorithms == ["PS256"]


def test_certificate_at_the_v1_endpoint(sim, sign_in, pair):
    sign_in(client_certificate_file=pair.pem(),
            resource="https://graph.microsoft.com")
    assert sim.entra.algorithms == ["PS256"]


def test_certificate_and_key_in_two_files(sign_in, pair):
    sign_in(client_certificate_file=pair.cert, client_key_file=pair.key)


def test_the_certificate_of_the_key_is_found_in_a_chain(
        sign_in, pair, tmp_path):
    other = Pair(tmp_path, "other")
    sign_in(client_certificate_file=pair.pem(other.cert))


def test_an_encrypted_key(sign_in, pair):
    openssl("rsa", "-aes256", "-in", pair.key, "-out", pair.path("enc"),
            "-passout", "pass:" + PASSWORD)
    os.chmod(pair.path("enc"), 0o600)
    sign_in(client_certificate_file=pair.cert,
            client_key_file=pair.path("enc"),
            client_key_password_file=pair.password())


def test_pkcs12(sim, sign_in, pair):
    sign_in(client_certificate_file=pair.pkcs12(),
            client_key_password_file=pair.password())
    assert sim.entra.algorithms == ["PS256"]


def test_sha1_thumbprint_for_old_endpoints(sim, sign_in, pair):
    sign_in(client_certificate_file=pair.pem(), client_assertion="sha1")
    assert sim.entra.algorithms == ["RS256"]


def test_a_renewed_certificate_needs_no_restart(
        sim, cefwd, tcp, pair, tmp_path):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, source={
        "client-secret-file": None, "client-certificate-file": pair.pem()})
    service = cefwd.start()
    assert tcp.wait(30), service.said()
    new = Pair(tmp_path, "new")
    app(sim)["certificates"][:] = [new.cert]
    os.replace(new.pem(), pair.path("pem"))
    with sim.lock:
        sim.store.add(2)
    sim.entra.expire_tokens()
    assert tcp.wait(32), service.said()
    assert service.stop() == 0
    assert len(sim.entra.used) >= 2


def faulty(tmp_path):
    """name -> (keys, what is said)."""
    good, other = Pair(tmp_path, "good"), Pair(tmp_path, "other")
    ec = Pair(tmp_path, "ec", kind="ec")
    small = Pair(tmp_path, "small", kind="rsa:1024")
    open_one = Pair(tmp_path, "open")
    os.chmod(open_one.pem(), 0o644)
    pfx = good.pkcs12()
    return {
        "no-key": ({"client_certificate_file": good.cert,
                    "client_key_file": good.write("none", "nothing\n")},
                   "holds no private key"),
        "another-key": ({"client_certificate_file": other.cert,
                         "client_key_file": good.key},
                        "put the two that belong together"),
        "no-certificate": ({"client_certificate_file": good.write(
            "only", open(good.key, encoding="ascii").read())},
            "holds no certificate"),
        "elliptic": ({"client_certificate_file": ec.pem()}, "no RSA key"),
        "small": ({"client_certificate_file": small.pem()}, "has 1024 bits"),
        "garbage": ({"client_certificate_file": good.write(
            "junk", "\x01\x02\x03")}, "neither PEM nor PKCS#12"),
        "wrong-password": ({"client_certificate_file": pfx,
                            "client_key_password_file":
                            good.password("wrong")}, "does not open it"),
        "readable": ({"client_certificate_file": open_one.path("pem")},
                     "others can get at the secret"),
        "missing": ({"client_certificate_file": "/nonexistent.pem"},
                    "cannot be read"),
        "two-ways": ({"client_certificate_file": good.pem(),
                      "managed_identity": "yes"},
                     "more than one way to sign in"),
    }


@pytest.mark.parametrize("name", [
    "no-key", "another-key", "no-certificate", "elliptic", "small",
    "garbage", "wrong-password", "readable", "missing", "two-ways"])
def test_a_certificate_that_cannot_be_used_is_told_at_the_start(
        sign_in, tmp_path, name):
    keys, says = faulty(tmp_path)[name]
    result = sign_in(78, **keys)
    assert says in result.err and PASSWORD not in result.err, result


def test_a_certificate_that_is_not_registered_is_refused_with_the_mend(
        sign_in, tmp_path, pair):
    result = sign_in(77, client_certificate_file=Pair(
        tmp_path, "stranger").pem())
    assert "AADSTS700027" in result.err, result


def test_check_live_tells_when_the_certificate_ends(cefwd, tcp, pair):
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, source={
        "client-secret-file": None, "client-certificate-file": pair.pem()})
    result = cefwd.run("check", "--live")
    assert "certificate" in result.out and "renew it" in result.out, result


def jwt(serial):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(
            b"=").decode()
    return ".".join((part({"alg": "RS256"}), part({"sub": "pod", "n": serial}),
                     base64.urlsafe_b64encode(os.urandom(60)).decode()))


def test_federated_token_is_read_anew_at_each_exchange(
        sim, cefwd, tcp, tmp_path):
    path = str(tmp_path / "token")

    def issue(serial):
        token = jwt(serial)
        app(sim)["federated"][:] = [token]
        with open(path + ".new", "w") as f:
            f.write(token)
        os.replace(path + ".new", path)
    issue(1)
    cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, source={
        "client-secret-file": None, "federated-token-file": path})
    service = cefwd.start()
    assert tcp.wait(30), service.said()
    issue(2)
    with sim.lock:
        sim.store.add(2)
    sim.entra.expire_tokens()
    assert tcp.wait(32), service.said()
    assert service.stop() == 0
    assert sim.entra.algorithms[:2] == ["federated"] * 2


def test_a_federated_token_that_nobody_trusts_is_refused(sign_in, tmp_path):
    (tmp_path / "token").write_text(jwt(1))
    result = sign_in(78, federated_token_file=str(tmp_path / "token"))
    assert "AADSTS70021" in result.err, result


def test_a_federated_token_file_that_holds_none(sign_in, tmp_path):
    (tmp_path / "token").write_text("hello\n")
    result = sign_in(78, federated_token_file=str(tmp_path / "token"))
    assert "holds no JSON Web Token" in result.err, result


@pytest.mark.parametrize("assigned", ["system", "user"])
def test_managed_identity(sim, sign_in, assigned):
    if assigned == "user":
        sim.entra.identities = [sim.client_id]
    sign_in(managed_identity="yes", imds_url=sim.imds_url,
            client_id=sim.client_id if assigned == "user" else None)
    assert sim.entra.algorithms == ["imds"]


def test_managed_identity_that_the_machine_has_not(sign_in, sim):
    result = sign_in(78, managed_identity="yes", imds_url=sim.imds_url)
    assert "Identity not found" in result.err
    assert "the metadata service did not take the request" in result.err
    assert "assigned to this machine" in result.err, result


def test_managed_identity_waits_for_a_service_that_is_updated(sim, sign_in):
    sim.entra.identities = [None]
    sim.fault("token", "status", status=410, times=1)
    sign_in(managed_identity="yes", imds_url=sim.imds_url, client_id=None)


def test_the_metadata_service_is_never_asked_through_a_proxy(
        sim, cefwd, tcp):
    """The proxy takes whatever comes, and passes on nothing."""
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def accept():
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                seen.append(peer.recv(4096))
                peer.close()
        threading.Thread(target=accept, daemon=True).start()
        cefwd.configure("tcp://127.0.0.1:%d" % tcp.port, source={
            "client-secret-file": None, "client-id": None,
            "managed-identity": "yes", "imds-url": sim.imds_url,
            "proxy": "http://127.0.0.1:%d" % listener.getsockname()[1]})
        result = cefwd.once("--timeout", "3s")
        assert result.status == 75, result
        listener.shutdown(socket.SHUT_RDWR)
    assert sim.entra.algorithms == ["imds"]
    assert seen and all(b"metadata" not in x for x in seen)
