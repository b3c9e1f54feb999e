"""The join port: TLS without a certificate of the other side, which has none yet; a token opens it, once."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from appliance.cluster.enrolment import AUTHORITY_PATH, JOIN_PATH, OFFER_PATH, JoinAnswer, JoinRequest, Offer, Versions
from appliance.core.errors import ApplianceError, AuthenticationFailed
from appliance.packages.platform.releases import Installation
from appliance.packages.signed.trust import Trust
from appliance.serving.nodes import examining
from appliance.serving.nodes.answers import HANDLERS, log, object_in
from appliance.serving.nodes.attempts import DELAY_S, Attempts
from appliance.serving.nodes.head import Registry, record_of, settings_for
from appliance.state.node_records import unknown_token
from appliance.state.secret_files import load_or_create_token


class JoinDesk:
    """Lets machines in. `delay_s` is how long the answer to a bad token is held back; it blocks nobody else."""

    def __init__(
        self, registry: Registry, versions: Versions, installation: Installation | None, delay_s: float = DELAY_S
    ) -> None:
        self._registry = registry
        self._versions = versions
        self._installation = installation
        self._attempts = Attempts()
        self._delay_s = delay_s
        self._one_at_a_time = asyncio.Lock()

    def app(self) -> Starlette:
        """Return the application of the join port."""
        routes = [
            Route(AUTHORITY_PATH, self.authority, methods=["GET"]),
            Route(OFFER_PATH, self.offer, methods=["POST"]),
            Route(JOIN_PATH, self.join, methods=["POST"]),
        ]
        return Starlette(routes=routes, exception_handlers=dict(HANDLERS))

    async def authority(self, _request: Request) -> Response:
        """Return the authority's certificate, which a token names by its fingerprint."""
        return Response(self._registry.authority.pem, media_type="application/x-pem-file")

    async def offer(self, request: Request) -> JSONResponse:
        """Tell the bearer of a good token what it would get; the token stays good."""
        body = await object_in(request)
        await self._check_token(request, body)
        offer = await run_in_threadpool(self._offer, body)
        return JSONResponse(offer.model_dump(mode="json"))

    async def join(self, request: Request) -> JSONResponse:
        """Let a machine in that passes every check; the token is used up together with writing down the node."""
        body = await object_in(request)
        await self._check_token(request, body)
        async with self._one_at_a_time:
            answer = await run_in_threadpool(self._admit, body)
        log.info("node_joined", node=answer.node_id)
        return JSONResponse(answer.model_dump(mode="json"))

    async def _check_token(self, request: Request, body: Mapping[str, Any]) -> None:
        source = request.client.host if request.client else ""
        self._attempts.check(source)
        token = body.get("token")
        try:
            if not isinstance(token, str):
                raise unknown_token()
            await run_in_threadpool(self._registry.tokens.check, token)
        except AuthenticationFailed:
            self._attempts.failed(source)
            await asyncio.sleep(self._delay_s)
            raise
        self._attempts.succeeded(source)

    def _offer(self, body: Mapping[str, Any]) -> Offer:
        self._check_sides(body)
        registry = self._registry
        return Offer(settings=settings_for(registry.site, None), packages=registry.packages())

    def _admit(self, body: Mapping[str, Any]) -> JoinAnswer:
        registry = self._registry
        registry.tokens.check(body["token"])  # another may have used it up while this one waited
        self._check_sides(body)
        asked = examining.read_request(body)
        node = asked.node
        registry.forget_unfinished(of_home=node.home_id)
        examining.check_new(asked, registry.nodes.list())
        examining.check_address(node.address, registry.peer)
        examining.check_drivers(asked)
        examining.check_disk(asked)
        examining.call_back(asked, registry.clock)
        certificate = registry.authority.issue(asked.request.encode(), node.id, [node.address])
        answer = self._answer(asked, certificate)
        record = registry.tokens.admit(body["token"], record_of(node, certificate))
        try:
            registry.note("node.join", record, record.id)
        except ApplianceError:  # what cannot be audited has not happened
            registry.nodes.set_state(record.id, "removed")
            raise
        return answer

    def _check_sides(self, body: Mapping[str, Any]) -> None:
        examining.check_versions(body.get("versions"), self._versions)
        examining.check_not_upgrading(self._registry.home, self._installation)

    def _answer(self, asked: JoinRequest, certificate: bytes) -> JoinAnswer:
        """Gather all that can fail before the token is used up."""
        registry, node = self._registry, asked.node
        keys = Trust(registry.home.trusted_keys).keys().values()
        return JoinAnswer(
            node_id=node.id,
            certificate=certificate.decode(),
            authority=registry.authority.pem.decode(),
            ray_token=load_or_create_token(registry.home.ray_token_file),
            head=registry.peer,
            settings=settings_for(registry.site, node.address),
            packages=registry.packages(),
            peers=registry.peers(),
            trusted_keys=tuple(key.to_text() for key in keys),
        )
