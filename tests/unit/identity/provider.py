"""A small, real OpenID provider: HTTP, authorization code with PKCE, RS256 tokens, keys that change."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "appliance", "client-secret"


def _base64(content):
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


class Provider:
    """What it says is in its attributes; a test changes them."""

    def __init__(self, issuer):
        self.issuer = issuer
        self.named = issuer  # what discovery says
        self.key = self.new_key()
        self.claims = {"sub": "42", "preferred_username": "Wang", "name": "王小明", "groups": ["staff", "north-admins"]}
        self.changes = {}  # claims of the ID token that differ from the right ones; None leaves one out
        self.header = {}
        self.sign_with = None
        self.codes = {}
        self.asked = []

    @staticmethod
    def new_key():
        return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})

    def discovery(self):
        return {
            "issuer": self.named,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }

    def id_token(self, nonce):
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": nonce,
            **self.claims, **self.changes,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.kid, **self.header}
        if header["alg"] in ("none", "HS256"):
            return self._forged(header, claims)
        return jwt.encode(header, claims, self.sign_with or self.key, algorithms=[header["alg"]])

    def _forged(self, header, claims):
        """Sign as a careful library refuses to: not at all, or with the public key as a password."""
        signed = ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))
        if header["alg"] == "none":
            return f"{signed}."
        return f"{signed}.{_base64(hmac.digest(self.key.as_pem(private=False), signed.encode(), 'sha256'))}"

    def authorize(self, query):
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form, authorization):
        begun = self.codes.pop(form["code"], None)
        if authorization != "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode():
            return 401, {"error": "invalid_client"}
        challenge = _base64(hashlib.sha256(form["code_verifier"].encode()).digest())
        if begun is None or begun["code_challenge"] != challenge or begun["code_challenge_method"] != "S256":
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(begun["nonce"])}


@contextmanager
def running():
    """Start a provider on this machine; give it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            if parts.path == "/.well-known/openid-configuration":
                self.answer(200, provider.discovery())
            elif parts.path == "/keys":
                self.answer(200, {"keys": [provider.key.as_dict(private=False)]})
            elif parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.end_headers()
            else:
                self.answer(404, {})

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.answer(*provider.token(form, self.headers.get("Authorization")))

        def answer(self, status, value):
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def browse(url):
    """Go where a browser is sent, agree, and return the query that it comes back with."""
    answer = httpx.get(url, follow_redirects=False, trust_env=False)
    return urlsplit(answer.headers["Location"]).query
