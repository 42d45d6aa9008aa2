"""entra.py - a simulated Entra ID: discovery, token endpoints, tokens

SPDX-License-Identifier: MIT

Answers have the shape that Microsoft documents: error, error_description
with AADSTS code, error_codes, timestamp, trace_id, correlation_id.
"""
import base64
import json
import secrets
import threading
import time
import urllib.parse
import uuid

import assertion
import signin

# AADSTS code -> (status, error, description)
FAULTS = {
    7000215: (401, "invalid_client",
              "Invalid client secret provided. Ensure the secret being sent "
              "in the request is the client secret value, not the client "
              "secret ID, for a secret added to app '{client}'."),
    7000222: (401, "invalid_client",
              "The provided client secret keys for app '{client}' are "
              "expired."),
    7000216: (401, "invalid_client",
              "'client_assertion', 'client_secret' or 'request' is required "
              "for the 'client_credentials' grant type."),
    700027: (401, "invalid_client",
             "The certificate with identifier used to sign the client "
             "assertion is not registered on application. {what}"),
    700023: (401, "invalid_client",
             "Client assertion audience claim does not match Realm issuer. "
             "{what}"),
    700024: (401, "invalid_client",
             "Client assertion is not within its valid time range. {what}"),
    50027: (400, "invalid_request", "Invalid JWT token. {what}"),
    70021: (400, "invalid_request",
            "No matching federated identity record found for presented "
            "assertion. {what}"),
    700016: (400, "unauthorized_client",
             "Application with identifier '{client}' was not found in the "
             "directory '{tenant}'. This can happen if the application has "
             "not been installed by the administrator of the tenant or "
             "consented to by any user in the tenant."),
    7000112: (401, "unauthorized_client",
              "Application '{client}' is disabled."),
    90002: (400, "invalid_tenant",
            "Tenant '{tenant}' not found. Check to make sure you have the "
            "correct tenant ID and are signing into the correct cloud."),
    900144: (400, "invalid_request",
             "The request body must contain the following parameter: "
             "'{what}'."),
    70003: (400, "unsupported_grant_type",
            "The app requested an unsupported grant type '{what}'."),
    70011: (400, "invalid_scope",
            "The provided value for the input parameter 'scope' is not "
            "valid. The scope {what} is not valid."),
    1002012: (400, "invalid_scope",
              "The provided value for scope {what} is not valid. Client "
              "credential flows must have a scope value with /.default "
              "suffixed to the resource identifier (application ID URI)."),
    500011: (400, "invalid_resource",
             "The resource principal named {what} was not found in the "
             "tenant named {tenant}."),
    901002: (400, "invalid_request",
             "The 'resource' request parameter is not supported."),
    50194: (400, "invalid_request",
            "Application '{client}' is not configured as a multi-tenant "
            "application. Usage of the /common endpoint is not supported "
            "for such apps."),
    90033: (503, "temporarily_unavailable",
            "A transient error has occurred. Please try again."),
    **signin.FAULTS,
}

# audience -> what the simulated API of that name asks for
AUDIENCES = {
    "https://graph.microsoft.com": "graph",
    "https://graph.microsoft.us": "graph",
    "https://dod-graph.microsoft.us": "graph",
    "https://graph.windows.net": "siem",
    "https://WDATPAlertExport.Seville.onmicrosoft.com": "siem",
    "https://api.securitycenter.microsoft.com": "defender",
    "https://api-gcc.securitycenter.microsoft.us": "defender",
    "https://api-gov.securitycenter.microsoft.us": "defender",
    "https://api.security.microsoft.com": "xdr",
    "https://api-gcc.security.microsoft.us": "xdr",
    "https://api-gov.security.microsoft.us": "xdr",
}


class Entra:
    """Tenants, applications and the tokens that were issued."""

    def __init__(self, tenant, client_id, secret, life_s=3599):
        self.lock = threading.Lock()
        self.tenants = {tenant.lower(): tenant,
                        "contoso.example": tenant,
                        "contoso.onmicrosoft.com": tenant}
        # certificates: PEM files; federated: tokens of another issuer
        self.apps = {client_id.lower(): {"secret": secret, "old": [],
                                         "certificates": [], "federated": [],
                                         "disabled": False}}
        self.origin = ""        # of the token endpoint, for assertions
        self.used = set()       # jti of assertions
        self.algorithms = []    # of those that were good
        self.assertions = []    # as they came
        # the machine's managed identities; None: the system-assigned one
        self.identities = [None]
        self.roles = ["SecurityAlert.Read.All"]
        self.life_s = life_s
        self.tokens = {}        # access token -> what it is good for
        self.issued = 0
        self.users = signin.Users(self)
        self.audiences = dict(AUDIENCES)
        # where the tenant lives, as the discovery document says
        self.region = {"tenant_region_scope": "EU",
                       "cloud_instance_name": "microsoftonline.com"}

    def set_secret(self, client_id, secret):
        """A new secret; the old one is expired from now on."""
        with self.lock:
            app = self.apps[client_id.lower()]
            app["old"].append(app["secret"])
            app["secret"] = secret

    def expire_tokens(self):
        with self.lock:
            for token in self.tokens.values():
                token["end"] = 0

    def fault(self, code, **words):
        """(status, headers, body) of an error answer."""
        status, error, text = FAULTS[code]
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        stamp = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())
        words = {"client": "", "tenant": "", "what": "", **words}
        body = {
            "error": error,
            "error_description":
                "AADSTS%d: %s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\n"
                "Timestamp: %s" % (code, text.format(**words), trace,
                                   correlation, stamp),
            "error_codes": [code],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": "https://login.microsoftonline.com/error?code=%d"
                         % code,
        }
        return status, {}, json.dumps(body).encode()

    def discovery(self, tenant, origin):
        if tenant.lower() not in self.tenants:
            return self.fault(90002, tenant=tenant)
        tid = self.tenants[tenant.lower()]
        base = "%s/%s" % (origin, tid)
        body = {
            "token_endpoint": base + "/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": [
                "client_secret_post", "private_key_jwt",
                "client_secret_basic"],
            "jwks_uri": base + "/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "issuer": base + "/v2.0",
            "authorization_endpoint": base + "/oauth2/v2.0/authorize",
            "device_authorization_endpoint":
                base + "/oauth2/v2.0/devicecode",
            "cloud_graph_host_name": "graph.windows.net",
            "msgraph_host": "graph.microsoft.com",
            **self.region,
        }
        return 200, {}, json.dumps(body).encode()

    def token(self, tenant, version, form, authorization=None):
        """(status, headers, body) of a POST to a token endpoint."""
        form = urllib.parse.parse_qs(form, keep_blank_values=True)
        form = {k: v[0] for k, v in form.items()}
        if authorization and authorization.startswith("Basic "):
            pair = base64.b64decode(authorization[6:]).decode()
            name, _, secret = pair.partition(":")
            form.setdefault("client_id", urllib.parse.unquote_plus(name))
            form.setdefault("client_secret",
                            urllib.parse.unquote_plus(secret))
        client = form.get("client_id", "")
        words = {"client": client, "tenant": tenant}
        for name in ("grant_type", "client_id"):
            if not form.get(name):
                return self.fault(900144, what=name, **words)
        if form["grant_type"] not in ("client_credentials", *signin.GRANTS):
            return self.fault(70003, what=form["grant_type"], **words)
        if tenant in ("common", "organizations", "consumers"):
            return self.fault(50194, **words)
        if tenant.lower() not in self.tenants:
            return self.fault(90002, **words)
        with self.lock:
            app = self.apps.get(client.lower())
            if app is None:
                return self.fault(700016, **words)
            if app["disabled"]:
                return self.fault(7000112, **words)
            if form["grant_type"] in signin.GRANTS:
                return self.users.token(tenant, version, form, words)
            if "client_assertion" in form:
                refused = self._judge_assertion(app, tenant, version, form)
                if refused is not None:
                    return self.fault(refused[0], **{**words,
                                                     "what": refused[1]})
                return self.issue(tenant, version, form, words)
            if "client_secret" not in form:
                return self.fault(7000216, **words)
            if form["client_secret"] in app["old"]:
                return self.fault(7000222, **words)
            if form["client_secret"] != app["secret"]:
                return self.fault(7000215, **words)
            return self.issue(tenant, version, form, words)

    def _judge_assertion(self, app, tenant, version, form):
        """None, or the code and words of a refusal."""
        if form.get("client_assertion_type") != assertion.TYPE:
            return 50027, "client_assertion_type"
        jwt = form["client_assertion"]
        self.assertions.append(jwt)
        if jwt in app["federated"]:
            self.algorithms.append("federated")
            return None
        if not app["certificates"]:
            return 70021, ""
        audience = "%s/%s/oauth2/%stoken" % (
            self.origin, tenant, "v2.0/" if version == 2 else "")
        try:
            header = assertion.verify(jwt, app["certificates"], audience,
                                      form["client_id"], self.used)
        except assertion.Refused as e:
            return e.args
        self.algorithms.append(header["alg"])
        return None

    def imds(self, query, headers):
        """(status, headers, body) of the machine's metadata service."""
        args = {k: v[0] for k, v in urllib.parse.parse_qs(query).items()}
        if headers.get("Metadata") != "true" or "X-Forwarded-For" in headers:
            return 400, {}, json.dumps({
                "error": "invalid_request",
                "error_description": "Required metadata header not "
                                     "specified"}).encode()
        if args.get("api-version") != "2018-02-01":
            return 400, {}, json.dumps({
                "error": "bad_request",
                "error_description": "api-version"}).encode()
        if args.get("client_id") not in self.identities:
            return 400, {}, json.dumps({
                "error": "invalid_request",
                "error_description": "Identity not found"}).encode()
        tenant = next(iter(self.tenants))
        with self.lock:
            self.algorithms.append("imds")
            return self.issue(tenant, 1, {
                "client_id": args.get("client_id") or str(uuid.uuid4()),
                "resource": args.get("resource", "")}, {})

    def issue(self, tenant, version, form, words, is_user=False):
        if version == 2:
            if "resource" in form:
                return self.fault(901002, **words)
            scope = form.get("scope", "")
            if not scope:
                return self.fault(900144, what="scope", **words)
            if " " in scope.strip():
                return self.fault(70011, what=scope, **words)
            if not scope.endswith("/.default"):
                return self.fault(1002012, what=scope, **words)
            audience = scope[:-len("/.default")]
        else:
            audience = form.get("resource", "").rstrip("/")
            if not audience:
                return self.fault(900144, what="resource", **words)
        if audience not in self.audiences:
            return self.fault(500011, what=audience, **words)
        self.issued += 1
        now = int(time.time())
        claims = {"aud": audience, "tid": self.tenants[tenant.lower()],
                  "appid": form["client_id"], "iat": now,
                  "exp": now + self.life_s}
        if is_user:
            claims["scp"] = " ".join(self.roles)
        else:
            claims["roles"] = self.roles
        token = ".".join((_b64({"typ": "JWT", "alg": "RS256"}), _b64(claims),
                          secrets.token_urlsafe(48)))
        self.tokens[token] = {"end": now + self.life_s, "serial": self.issued,
                              "api": self.audiences[audience],
                              "tenant": self.tenants[tenant.lower()],
                              "roles": list(self.roles)}
        if version == 2:
            body = {"token_type": "Bearer", "expires_in": self.life_s,
                    "ext_expires_in": self.life_s, "access_token": token}
        else:           # v1 writes its numbers as strings
            body = {"token_type": "Bearer", "expires_in": str(self.life_s),
                    "ext_expires_in": str(self.life_s),
                    "expires_on": str(now + self.life_s),
                    "not_before": str(now - 300), "resource": audience,
                    "access_token": token}
        return 200, {}, json.dumps(body).encode()

    def tenant_of(self, authorization):
        """Whose token it is; None: nobody's."""
        with self.lock:
            known = self.tokens.get((authorization or "").partition(" ")[2])
        return known and known["tenant"]

    def judge(self, authorization, api):
        """(serial, None) for a good token, (0, why) for another."""
        if not authorization:
            return 0, "empty"
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer":
            return 0, "malformed"
        with self.lock:
            known = self.tokens.get(token.strip())
            if known is None:
                return 0, "malformed"
            if known["end"] <= time.time():
                return known["serial"], "expired"
            if known["api"] != api:
                return known["serial"], "audience"
            if not known["roles"]:
                return known["serial"], "roles"
            return known["serial"], None


def _b64(value):
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()
