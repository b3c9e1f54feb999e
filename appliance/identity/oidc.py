"""Sign-in by OpenID Connect: discovery, authorization code with PKCE, and the checks of the ID token.

What must survive between the two halves (state, nonce, verifier) goes sealed to the browser, as a cookie: any gateway
replica can finish, and only the browser that began.
"""

import base64
import hmac
import json
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from cryptography.fernet import Fernet, InvalidToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from appliance.core.errors import AuthenticationFailed, ConfigError, Unavailable
from appliance.core.messages import Message, _
from appliance.identity.rules import ClaimRule

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a key that only the provider has: never none, never HMAC."""
ATTEMPT_LIFETIME_S: Final = 600
_LEEWAY_S: Final = 60
_TIMEOUT_S: Final = 10.0
_MOST_BYTES: Final = 1024 * 1024
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class OidcSettings:
    """One provider. `redirect_uri` is this appliance's address that the provider sends people back to."""

    issuer: str
    client_id: str
    redirect_uri: str
    rules: tuple[ClaimRule, ...]
    client_secret: str | None = None
    scopes: tuple[str, ...] = ("openid", "profile")
    name_claim: str = "preferred_username"
    ca_file: str | None = None
    """Certificates that the provider's TLS is checked against; None takes the system's."""


@dataclass(frozen=True)
class Claims:
    """What a provider says of somebody, verified."""

    issuer: str
    subject: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Begun:
    """Where to send the browser, and the cookie to give it (HttpOnly, Secure, SameSite=Lax), good for `lasts_s`."""

    url: str
    sealed: str
    lasts_s: int = ATTEMPT_LIFETIME_S


class OidcClient:
    """One provider's client. Discovery and keys are fetched at first use; an unknown key is asked for once more."""

    def __init__(
        self,
        settings: OidcSettings,
        pepper: bytes,
        *,
        keys_again_after_s: float = 30.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        _check_address(settings.issuer)
        self.settings = settings
        seal = hmac.digest(pepper, b"oidc-attempt:" + settings.issuer.encode(), "sha256")
        self._seal = Fernet(base64.urlsafe_b64encode(seal))
        self._keys_again_after_s = keys_again_after_s
        self._clock = clock
        self._lock = threading.Lock()
        self._metadata: dict[str, Any] | None = None
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    def begin(self) -> Begun:
        """Return where to send the browser. Raises `Unavailable` where the provider does not answer."""
        attempt = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
        with self._client() as client:
            url, _state = client.create_authorization_url(
                self._provider()["authorization_endpoint"],
                state=attempt["state"], nonce=attempt["nonce"], code_verifier=attempt["verifier"],
            )  # fmt: skip
        return Begun(url, self._seal.encrypt_at_time(json.dumps(attempt).encode(), int(self._clock())).decode())

    def finish(self, sealed: str, query: str) -> Claims:
        """Return who came back: `sealed` is the cookie, `query` the query string of the address they came to.

        Raises `AuthenticationFailed` for anything that does not hold, `Unavailable`.
        """
        attempt = self._attempt(sealed)
        told = {name: values[0] for name, values in parse_qs(query).items() if len(values) == 1}
        if not hmac.compare_digest(told.get("state", "").encode(), attempt["state"].encode()):
            raise _failed(_("the answer belongs to another attempt"))
        if told.get("iss", self.settings.issuer) != self.settings.issuer:  # RFC 9207
            raise _failed(_("the answer comes from another provider"))
        if "code" not in told:
            raise _failed(_("the provider said {error}", error=ascii(told.get("error", "-")[:80])))
        token = self._exchange(told["code"], attempt["verifier"])
        return self.claims_of(token.get("id_token"), attempt["nonce"], token.get("access_token"))

    def claims_of(self, id_token: object, nonce: str, access_token: object = None) -> Claims:
        """Verify an ID token: signature, issuer, audience, times, nonce. Raises as `finish`."""
        if not isinstance(id_token, str):
            raise _failed(_("the provider sent no ID token"))
        issuer, client = self.settings.issuer, self.settings.client_id
        try:
            decoded = self._decoded(id_token)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client}},
                {"nonce": nonce, "client_id": client, "access_token": access_token},
            )
            claims.validate(now=int(self._clock()), leeway=_LEEWAY_S)
        except (JoseError, ValueError, TypeError, AttributeError) as error:  # a hostile token may hold any type
            raise _failed(_("the ID token is not valid ({kind})", kind=type(error).__name__)) from error
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise _failed(_("the ID token names nobody"))
        return Claims(issuer, subject, dict(claims))

    def _attempt(self, sealed: str) -> dict[str, str]:
        try:
            opened = self._seal.decrypt_at_time(sealed.encode(), ATTEMPT_LIFETIME_S, int(self._clock()))
        except (InvalidToken, UnicodeEncodeError) as error:
            raise _failed(_("this attempt is too old or was not begun here")) from error
        attempt: dict[str, str] = json.loads(opened)
        return attempt

    def _decoded(self, id_token: str) -> jwt.Token:
        try:
            return jwt.decode(id_token, self._key_set(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            # The provider may have changed its keys since they were fetched.
            with self._lock:
                if self._clock() - self._keys_at < self._keys_again_after_s:
                    raise
                self._keys = None
            return jwt.decode(id_token, self._key_set(), algorithms=ALGORITHMS)

    def _exchange(self, code: str, verifier: str) -> dict[str, Any]:
        try:
            with self._client() as client:
                endpoint = self._provider()["token_endpoint"]
                return dict(client.fetch_token(endpoint, code=code, code_verifier=verifier))
        except OAuthError as error:
            raise _failed(_("the provider said {error}", error=ascii(str(error.error)[:80]))) from error
        except (httpx2.HTTPError, ValueError) as error:
            raise _silent(self.settings.issuer, error) from error

    def _provider(self) -> dict[str, Any]:
        """Return the provider's metadata. Raises `Unavailable`, `ConfigError` for one that names another issuer."""
        with self._lock:
            known = self._metadata
        if known is not None:
            return known
        issuer = self.settings.issuer
        found = self._fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise ConfigError(
                _("{issuer} calls itself {other}.", issuer=issuer, other=ascii(str(found.get("issuer"))[:200])),
                _("Write the issuer into the site file exactly as the provider does."),
            )
        for name in _ENDPOINTS:
            _check_address(str(found.get(name)))
        with self._lock:
            self._metadata = found
        return found

    def _key_set(self) -> KeySet:
        with self._lock:
            known = self._keys
        if known is not None:
            return known
        found = KeySet.import_key_set(self._fetch(self._provider()["jwks_uri"]))  # type: ignore[arg-type]
        with self._lock:
            self._keys, self._keys_at = found, self._clock()
        return found

    def _fetch(self, url: str) -> dict[str, Any]:
        try:
            with self._client() as client:
                answer = client.request("GET", url, withhold_token=True)
                answer.raise_for_status()
                found = answer.json() if len(answer.content) <= _MOST_BYTES else None
        except (httpx2.HTTPError, ValueError) as error:
            raise _silent(self.settings.issuer, error) from error
        if not isinstance(found, dict):
            raise _silent(self.settings.issuer, ValueError(url))
        return found

    def _client(self) -> OAuth2Client:
        settings = self.settings
        return OAuth2Client(
            settings.client_id,
            settings.client_secret,
            scope=" ".join(settings.scopes),
            redirect_uri=settings.redirect_uri,
            code_challenge_method="S256",
            timeout=_TIMEOUT_S,
            verify=_tls(settings.ca_file),
            trust_env=False,
            follow_redirects=False,
        )


def _tls(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ConfigError(
            _("The certificates in {path} cannot be read: {reason}.", path=ca_file, reason=error),
            _("Make it a PEM file that this user may read."),
        ) from error


def _check_address(url: str) -> None:
    """Raise `ConfigError` for an address that is not HTTPS; on this machine itself HTTP will do."""
    parts = urlsplit(url)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        raise ConfigError(
            _("The provider's address {address} is not HTTPS.", address=ascii(url[:200])),
            _("Give one that begins with https://."),
        )


def _failed(reason: Message) -> AuthenticationFailed:
    return AuthenticationFailed(
        _("The sign-in did not succeed: {reason}.", reason=reason), _("Begin again."), code="sign_in_failed"
    )


def _silent(issuer: str, error: Exception) -> Unavailable:
    return Unavailable(
        _("The sign-in provider {issuer} does not answer: {kind}.", issuer=issuer, kind=type(error).__name__),
        _("Try again; if it stays so, check the network and the provider."),
    )
