"""What the routes of one gateway replica share, and how a request finds it."""

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from appliance.core.errors import AuthenticationFailed, Unavailable
from appliance.core.messages import _
from appliance.core.networks import caller_behind
from appliance.core.principal import Principal
from appliance.guardrails.chain import Chain
from appliance.identity.callers import Callers
from appliance.labels.content import make_label
from appliance.labels.formats.json_body import labelled
from appliance.metering.metrics import GatewayMetrics
from appliance.serving.gateway.accounts import GatewayAccounts
from appliance.serving.gateway.batches import GatewayBatches
from appliance.serving.gateway.directory import Directory
from appliance.serving.gateway.exchange import Exchange
from appliance.serving.gateway.open_sockets import OpenSockets
from appliance.serving.handles import Handles
from appliance.serving.isolation import cache_salt
from appliance.serving.model_loads import ModelLoads
from appliance.state.accounts.sessions import SESSION_PREFIX
from appliance.state.reviews import Reviews

if TYPE_CHECKING:
    from appliance.state.nodes import Nodes

_BEARER = "bearer "


@dataclass
class GatewayContext:
    """One replica's callers, metrics, handles and settings."""

    callers: Callers
    chain: Chain
    pepper: bytes
    models: Handles
    version: str
    default_language: str
    disk_folder: str
    generation_timeout_s: float = 600.0
    keys_far_away: bool = False
    """The database is a server: asking it may wait, so it must not happen on the event loop."""
    audit_content: Literal["none", "masked", "full"] = "none"
    """What the site keeps of prompts."""
    guards_slowly: bool = False
    """The guardrails embed sentences of answers: not on the event loop."""
    label_producer: str | None = None
    """Provider code of the labels on what models write; None: no implicit label."""
    directory: Directory = field(default_factory=Directory)
    metrics: GatewayMetrics = field(default_factory=GatewayMetrics)
    trusted_proxies: tuple[str, ...] = ()
    """Networks of proxies whose word on where a request comes from is taken."""
    accounts: GatewayAccounts | None = None
    """What the account routes work on; None: this gateway has none of them."""
    batches: GatewayBatches | None = None
    """Files and batches; None: this gateway has none of them."""
    reviews: Reviews | None = None
    """Answers that wait for a person; None: this gateway cannot hold any."""
    sockets: OpenSockets = field(default_factory=OpenSockets)
    """The WebSockets that are open here."""
    nodes: "Nodes | None" = None
    """The appliance's nodes; None on one that others cannot reach."""
    loads: ModelLoads = field(default_factory=ModelLoads)
    """Asks the engines of chat models what they carry."""
    started: float = field(default_factory=time.time)

    def cache_salt(self, tenant: str) -> str:
        """Return what `isolation.cache_salt` does."""
        return cache_salt(self.pepper, tenant)

    def labelled(self, body: dict[str, Any], request_id: str) -> dict[str, Any]:
        """Return an answer with its label as generated content, where the site has a provider code."""
        if self.label_producer is None:
            return body
        return labelled(body, make_label(self.label_producer, produce_id_of(request_id)))

    def labelled_event(self, text: str, request_id: str) -> str:
        """Return an event of a stream; the one that ends a choice carries the label."""
        if self.label_producer is None or '"finish_reason":null' in text or '"finish_reason":"' not in text:
            return text
        data = json.loads(text.removeprefix("data: "))
        body = self.labelled(data, request_id)
        return f"data: {json.dumps(body, ensure_ascii=False, separators=(',', ':'))}\n\n"


def produce_id_of(request_id: str) -> str:
    """Return a request id with the characters that a label may have."""
    return "".join(char for char in request_id if "!" <= char <= "}" and char not in '"\\')[:64] or "-"


def context_of(request: HTTPConnection) -> GatewayContext:
    """Return the replica's context."""
    context: GatewayContext = request.app.state.context
    return context


def request_id_of(request: HTTPConnection) -> str:
    """Return the id that the caller gets back in `X-Request-ID`."""
    return request.headers.get("x-request-id", "-")


def bearer_of(request: HTTPConnection) -> str:
    """Return the key or token that a request carries. Raises `AuthenticationFailed` where there is none."""
    presented = request.headers.get("authorization", "")
    if presented[: len(_BEARER)].lower() != _BEARER:
        raise AuthenticationFailed(
            _("This request carries no API key."),
            _("Send one as `Authorization: Bearer lma-…`; `appliance key create` makes one."),
            code="missing_api_key",
        )
    return presented[len(_BEARER) :].strip()


def authenticate(request: HTTPConnection) -> Principal:
    """Return who asks. Raises `AuthenticationFailed`; `Unavailable` when keys cannot be checked."""
    return context_of(request).callers.identify(bearer_of(request), source_of(request))


def presents_session(request: HTTPConnection) -> bool:
    """Tell whether a request carries a session's token; to check one may write."""
    return request.headers.get("authorization", "")[len(_BEARER) :].lstrip().startswith(f"{SESSION_PREFIX}-")


def source_of(request: HTTPConnection) -> str | None:
    """Return the address that a request comes from, as the proxies in front of this replica saw it."""
    peer = request.client.host if request.client else None
    forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
    return caller_behind(context_of(request).trusted_proxies, peer, forwarded)


async def known(request: HTTPConnection) -> Principal:
    """Return who asks, without holding other requests up. Raises as `authenticate`."""
    if context_of(request).keys_far_away or presents_session(request):
        return await run_in_threadpool(authenticate, request)
    return authenticate(request)


def accounts_of(request: Request) -> GatewayAccounts:
    """Return the replica's accounts. Raises `Unavailable` where it has none."""
    accounts = context_of(request).accounts
    if accounts is None:
        raise Unavailable(_("This gateway keeps no accounts."), _("Ask the operator; the gateway's log says more."))
    return accounts


def batches_of(request: Request) -> GatewayBatches:
    """Return the replica's files and batches. Raises `Unavailable` where it has none."""
    batches = context_of(request).batches
    if batches is None:
        raise Unavailable(_("This gateway keeps no files."), _("Ask the operator; the gateway's log says more."))
    return batches


def reviews_of(context: GatewayContext) -> Reviews:
    """Return the replica's queue of held answers. Raises `Unavailable` where it has none."""
    if context.reviews is None:
        raise Unavailable(_("This gateway holds no answers."), _("Ask the operator; the gateway's log says more."))
    return context.reviews


def principal_of(request: Request) -> Principal:
    """Return who asks, as `authenticate` found."""
    who: Principal = request.state.principal
    return who


def exchange_of(request: Request, target: str, *, streaming: bool = False) -> Exchange:
    """Begin the exchange of this request with a model or scenario."""
    route: Any = request.scope.get("route")
    exchange = Exchange(
        metrics=context_of(request).metrics,
        request_id=request_id_of(request),
        route=getattr(route, "path", request.url.path),
        target=target,
        who=principal_of(request),
        streaming=streaming,
    )
    request.state.exchange = exchange
    return exchange
