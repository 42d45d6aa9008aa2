"""assertion.py - verifies client assertions as Entra ID does

SPDX-License-Identifier: MIT

The signatures are checked by openssl(1), which shares no code of ours.
"""
import base64
import hashlib
import json
import os
import subprocess
import tempfile
import time

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFE_MAX_S = 600
# alg -> (header of the thumbprint, its hash, openssl's options)
ALGORITHMS = {
    "PS256": ("x5t#S256", "sha256", ["-sigopt", "rsa_padding_mode:pss",
                                     "-sigopt", "rsa_pss_saltlen:digest"]),
    "RS256": ("x5t", "sha1", []),
}


class Refused(Exception):
    """With the AADSTS code as its argument, and what was wrong."""


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def thumbprint(pem_file, kind):
    der = subprocess.run(["openssl", "x509", "-in", pem_file, "-outform",
                          "DER"], check=True, capture_output=True).stdout
    digest = hashlib.new(kind, der).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_signed(text, signature, pem_file, options):
    with tempfile.TemporaryDirectory() as folder:
        key, sig = os.path.join(folder, "key"), os.path.join(folder, "sig")
        with open(key, "wb") as f:
            f.write(subprocess.run(
                ["openssl", "x509", "-in", pem_file, "-pubkey", "-noout"],
                check=True, capture_output=True).stdout)
        with open(sig, "wb") as f:
            f.write(signature)
        return subprocess.run(
            ["openssl", "dgst", "-sha256", "-verify", key, "-signature", sig,
             *options], input=text, capture_output=True,
            check=False).returncode == 0


def verify(jwt, certificates, audience, client_id, seen, now=None):
    """The header of a good assertion; Refused otherwise.  seen: the jti of
    before."""
    now = now or time.time()
    try:
        head, claims, signature = jwt.split(".")
        header, body = json.loads(unb64(head)), json.loads(unb64(claims))
        name, kind, options = ALGORITHMS[header["alg"]]
    except (ValueError, KeyError) as e:
        raise Refused(50027, "malformed: %r" % e) from e
    good = [c for c in certificates if thumbprint(c, kind) == header.get(name)]
    if not good:
        raise Refused(700027, "the thumbprint is of no registered key")
    if not is_signed(("%s.%s" % (head, claims)).encode(), unb64(signature),
                     good[0], options):
        raise Refused(700027, "the signature does not match")
    if (body["aud"] != audience or body["iss"] != client_id
            or body["sub"] != client_id):
        raise Refused(700023, "aud, iss or sub: %r" % body)
    if not body["nbf"] - 300 <= now <= body["exp"] + 300:
        raise Refused(700024, "not within its validity")
    if body["exp"] - body["nbf"] > LIFE_MAX_S or body["jti"] in seen:
        raise Refused(50027, "lives too long, or was used before")
    seen.add(body["jti"])
    return header
