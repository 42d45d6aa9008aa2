"""signin.py - users who sign in to the simulated Entra ID

SPDX-License-Identifier: MIT

Authorization code with PKCE (RFC 7636), device code (RFC 8628) and refresh
tokens, with Entra's own answers.  The user says yes at once, unless the test
says otherwise.
"""
import base64
import hashlib
import json
import secrets
import time
import urllib.parse

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = ("authorization_code", DEVICE, "refresh_token")
OPENID = {"offline_access", "openid", "profile"}

# AADSTS code -> (status, error, description)
FAULTS = {
    50011: (400, "invalid_request",
            "The redirect URI '{what}' specified in the request does not "
            "match the redirect URIs configured for the application "
            "'{client}'."),
    54005: (400, "invalid_grant",
            "OAuth2 Authorization code was already redeemed, please retry "
            "with a new valid code or use an existing refresh token."),
    501481: (400, "invalid_grant",
             "The Code_Verifier does not match the code_challenge supplied "
             "in the authorization request."),
    70000: (400, "invalid_grant",
            "Provided grant is invalid or malformed. {what}"),
    70008: (400, "invalid_grant",
            "The refresh token has expired due to inactivity."),
    70016: (400, "authorization_pending",
            "OAuth 2.0 device flow error. Authorization is pending. "
            "Continue polling."),
    70018: (400, "bad_verification_code",
            "Invalid verification code due to User typing in wrong user "
            "code for device code flow."),
    70020: (400, "expired_token",
            "The provided value for the input parameter 'device_code' is "
            "not valid. This device code has expired."),
    70043: (400, "invalid_grant",
            "The refresh token has expired or is invalid due to sign-in "
            "frequency checks by conditional access."),
    700082: (400, "invalid_grant",
             "The refresh token has expired due to inactivity. The token "
             "was issued on {what} and was inactive for 90.00:00:00."),
    65004: (400, "authorization_declined",
            "User declined to consent to access the app."),
}


class Users:
    """Codes and refresh tokens of one Entra; its lock is the entra's."""

    def __init__(self, entra):
        self.entra = entra
        self.redirects = ["http://localhost"]   # any port: RFC 8252 7.3
        self.refuses = None     # (error, description) of the sign-in page
        self.codes = {}
        self.devices = {}       # device code -> what is known of it
        self.slow_downs = 0     # so many polls are told to slow down
        self.interval_s = 1
        self.refresh = {}       # refresh token -> {..., "dead": AADSTS code}
        self.verifiers = []     # as they came
        self.rotates = True     # False: no answer brings a new one
        self.is_strict = False  # a used one is dead, as RFC 6819 5.2.2.3

    def kill_all(self, code):
        """No refresh token is good any more."""
        with self.entra.lock:
            for row in self.refresh.values():
                row["dead"] = code

    def everything(self):
        """Whatever of this must stay secret."""
        return [*self.codes, *self.devices, *self.refresh, *self.verifiers]

    # -- the sign-in page -----------------------------------------------

    def authorize(self, tenant, query):
        """(status, headers, body) of a browser's GET."""
        args = {k: v[0] for k, v in urllib.parse.parse_qs(query).items()}
        client = args.get("client_id", "")
        where = args.get("redirect_uri", "")
        url = urllib.parse.urlsplit(where)
        with self.entra.lock:
            if client.lower() not in self.entra.apps:
                return self.entra.fault(700016, client=client, tenant=tenant)
            if "%s://%s" % (url.scheme, url.hostname) not in self.redirects:
                return self.entra.fault(50011, client=client, what=where)
            if (args.get("response_type") != "code" or
                    args.get("code_challenge_method") != "S256" or
                    len(args.get("code_challenge", "")) != 43):
                return self.entra.fault(900144, what="code_challenge")
            if self.refuses is not None:
                back = {"error": self.refuses[0],
                        "error_description": self.refuses[1]}
            else:
                code = "0.A" + secrets.token_urlsafe(300)
                self.codes[code] = {
                    "client": client, "where": where, "tenant": tenant,
                    "challenge": args["code_challenge"],
                    "scope": args.get("scope", ""), "is_used": False}
                back = {"code": code, "session_state": secrets.token_hex(8)}
        back["state"] = args.get("state", "")
        return 302, {"Location": where + "?" + urllib.parse.urlencode(
            back)}, b"{}"

    def device(self, tenant, form):
        """(status, headers, body) of a POST to /devicecode."""
        form = {k: v[0] for k, v in urllib.parse.parse_qs(form).items()}
        client = form.get("client_id", "")
        with self.entra.lock:
            if client.lower() not in self.entra.apps:
                return self.entra.fault(700016, client=client, tenant=tenant)
            code = secrets.token_urlsafe(90)
            user = secrets.token_hex(5).upper()[:9]
            self.devices[code] = {
                "client": client, "tenant": tenant, "user": user,
                "scope": form.get("scope", ""), "state": "pending"}
        return 200, {}, json.dumps({
            "user_code": user, "device_code": code,
            "verification_uri": "https://microsoft.com/devicelogin",
            "expires_in": 900, "interval": self.interval_s,
            "message": "To sign in, use a web browser"}).encode()

    def settle(self, user_code, state="approved"):
        """What the user does with that code; False: nobody has it."""
        with self.entra.lock:
            for row in self.devices.values():
                if row["user"] == user_code:
                    row["state"] = state
                    return True
        return False

    # -- the token endpoint, under the lock ------------------------------

    def token(self, tenant, version, form, words):
        kind = form["grant_type"]
        if kind == "authorization_code":
            row, refused = self._by_code(form)
        elif kind == DEVICE:
            row, refused = self._by_device(form)
        else:
            row, refused = self._by_refresh(form)
        if refused is not None and refused[0] == "slow_down":
            return 400, {}, b'{"error":"slow_down"}'
        if refused is not None:
            return self.entra.fault(refused[0],
                                    **{**words, "what": refused[1]})
        if row["client"].lower() != form["client_id"].lower():
            return self.entra.fault(70000, **words)
        scopes = form.get("scope", row["scope"]).split()
        form["scope"] = " ".join(s for s in scopes if s not in OPENID)
        status, headers, body = self.entra.issue(
            tenant, version, form, words, is_user=True)
        if status != 200:
            return status, headers, body
        answer = json.loads(body)
        if "offline_access" in scopes or version == 1:
            if kind != "refresh_token" or self.rotates:
                answer["refresh_token"] = self._refresh(row, scopes)
        answer["scope"] = " ".join(scopes)
        return status, headers, json.dumps(answer).encode()

    def _refresh(self, row, scopes):
        token = "1.A" + secrets.token_urlsafe(400)
        self.refresh[token] = {"client": row["client"],
                               "scope": " ".join(scopes), "dead": None}
        return token

    def _by_code(self, form):
        row = self.codes.get(form.get("code", ""))
        if row is None:
            return None, (70000, "")
        if row["is_used"]:
            return None, (54005, "")
        row["is_used"] = True
        if form.get("code_verifier"):
            self.verifiers.append(form["code_verifier"])
        digest = hashlib.sha256(form.get("code_verifier", "").encode())
        made = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
        if made != row["challenge"]:
            return None, (501481, "")
        if form.get("redirect_uri") != row["where"]:
            return None, (50011, form.get("redirect_uri"))
        return row, None

    def _by_device(self, form):
        row = self.devices.get(form.get("device_code", ""))
        if row is None:
            return None, (70018, "")
        if row["state"] == "pending":
            if self.slow_downs > 0:
                self.slow_downs -= 1
                return None, ("slow_down", "")
            return None, (70016, "")
        if row["state"] != "approved":
            return None, ({"declined": 65004, "expired": 70020}[row["state"]],
                          "")
        row["state"] = "expired"
        return row, None

    def _by_refresh(self, form):
        row = self.refresh.get(form.get("refresh_token", ""))
        if row is None:
            return None, (70000, "")
        if row["dead"] is not None:
            return None, (row["dead"], time.strftime("%Y-%m-%dT%H:%M:%SZ"))
        if self.is_strict:
            row["dead"] = 70000
        return row, None
