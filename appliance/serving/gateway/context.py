"""What the routes of one gateway replica share, and how a request finds it."""

import hashlib
import hmac
import time
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from appliance.core.errors import AuthenticationFailed, PermissionDenied
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.metering.metrics import GatewayMetrics
from appliance.serving.gateway.directory import Directory
from appliance.serving.gateway.exchange import Exchange
from appliance.serving.handles import Handles
from appliance.state.keys import KeyRecord, KeyRing

_BEARER = "bearer "


@dataclass
class GatewayContext:
    """One replica's keys, metrics, handles and settings."""

    keys: KeyRing
    pepper: bytes
    models: Handles
    version: str
    default_language: str
    disk_folder: str
    generation_timeout_s: float = 600.0
    keys_far_away: bool = False
    """The database is a server: asking it may wait, so it must not happen on the event loop."""
    directory: Directory = field(default_factory=Directory)
    metrics: GatewayMetrics = field(default_factory=GatewayMetrics)
    started: float = field(default_factory=time.time)

    def cache_salt(self, tenant: str) -> str:
        """Return the salt that keeps one tenant's prefix cache from being timed by another."""
        return hmac.digest(self.pepper, b"cache-salt:" + tenant.encode(), hashlib.sha256).hex()[:32]


def context_of(request: Request) -> GatewayContext:
    """Return the replica's context."""
    context: GatewayContext = request.app.state.context
    return context


def request_id_of(request: Request) -> str:
    """Return the id that the caller gets back in `X-Request-ID`."""
    return request.headers.get("x-request-id", "-")


def authenticate(request: Request) -> KeyRecord:
    """Return the caller's key. Raises `AuthenticationFailed`; `Unavailable` when keys cannot be checked."""
    presented = request.headers.get("authorization", "")
    if presented[: len(_BEARER)].lower() != _BEARER:
        raise AuthenticationFailed(
            _("This request carries no API key."),
            _("Send one as `Authorization: Bearer lma-…`; `appliance key create` makes one."),
            code="missing_api_key",
        )
    return context_of(request).keys.verify(presented[len(_BEARER) :].strip())


def key_of(request: Request) -> KeyRecord:
    """Return the key that `authenticate` found for this request."""
    record: KeyRecord = request.state.key
    return record


def principal_of(request: Request) -> Principal:
    """Return who asks, as checks of access take it."""
    key = key_of(request)
    return Principal(key.tenant, key.role, key.id)


def require_admin(request: Request) -> None:
    """Raise `PermissionDenied` unless the key's role is admin."""
    if key_of(request).role != "admin":
        raise PermissionDenied(
            _("This route needs an admin key."), _("Use the key in admin.key, or ask an administrator.")
        )


def exchange_of(request: Request, target: str, *, streaming: bool = False) -> Exchange:
    """Begin the exchange of this request with a model or scenario."""
    route: Any = request.scope.get("route")
    request.state.exchange = True
    return Exchange(
        metrics=context_of(request).metrics,
        request_id=request_id_of(request),
        route=getattr(route, "path", request.url.path),
        target=target,
        key=key_of(request),
        streaming=streaming,
    )
