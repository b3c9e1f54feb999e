"""What only the head answers at its peer port: nodes show that they are there, leave, or get a new certificate."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from appliance.cluster.certificates import read_certificate
from appliance.cluster.enrolment import HEARTBEAT_PATH, LEAVE_PATH, RENEW_PATH, Beat, Heartbeat
from appliance.cluster.gateway_certificate import caller_names
from appliance.cluster.membership import NodeStanding
from appliance.core.errors import Conflict, InvalidRequest
from appliance.core.messages import _
from appliance.core.validation import invalid_request
from appliance.serving.gateway.inner import NODE
from appliance.serving.nodes.answers import log, object_in
from appliance.serving.nodes.head import Registry, peer_of
from appliance.state.nodes import NodeRecord

_START_FACT: Final = "start"


class HeadDesk:
    """The head's registry as its nodes reach it; a node speaks for itself only."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes."""
        return (
            Route(HEARTBEAT_PATH, self.heartbeat, methods=["POST"]),
            Route(LEAVE_PATH, self.leave, methods=["POST"]),
            Route(RENEW_PATH, self.renew, methods=["POST"]),
        )

    async def heartbeat(self, request: Request) -> JSONResponse:
        """Note that a node is there, and what it tells of itself (`Beat`)."""
        body = await object_in(request)
        try:
            told = Beat.model_validate(body)
        except ValidationError as error:
            raise invalid_request(error, body) from error
        beat = await run_in_threadpool(self._seen, request.scope[NODE], told)
        return JSONResponse(beat.model_dump(mode="json"))

    async def leave(self, request: Request) -> JSONResponse:
        """Take a node out that says so itself."""
        await run_in_threadpool(self._left, request.scope[NODE])
        log.info("node_left", node=request.scope[NODE])
        return JSONResponse({"state": "removed"})

    async def renew(self, request: Request) -> JSONResponse:
        """Give a node a new certificate for its own key, the address on record and the names that callers use."""
        asked = (await object_in(request)).get("request")
        if not isinstance(asked, str):
            raise InvalidRequest(_("The field {param} is missing.", param="request"), param="request")
        certificate = await run_in_threadpool(self._renewed, request.scope[NODE], asked)
        return JSONResponse({"certificate": certificate})

    def _seen(self, node_id: str, told: Beat) -> Heartbeat:
        registry, start = self._registry, told.start
        registry.nodes.seen(node_id, None if told.reading is None else told.reading.model_dump(mode="json"))
        node = registry.nodes.get(node_id)
        if told.ready and node.state == "joining":
            node = registry.nodes.set_state(node_id, "ready")
        if start and start != node.facts.get(_START_FACT):
            node = self._started(node, start, told.version)
        others = (one for one in registry.nodes.list() if one.role == "worker")
        standing = NodeStanding(state=node.state, labels=dict(node.labels))
        return Heartbeat(standing=standing, peers=(registry.peer, *map(peer_of, others)))

    def _started(self, node: NodeRecord, start: str, version: str) -> NodeRecord:
        """Note a start: Ray knows nothing of what was closed or emptied before it, so the node is open again."""
        nodes = self._registry.nodes
        again = _START_FACT in node.facts
        nodes.update(replace(node, facts={**node.facts, _START_FACT: start}, version=version or node.version))
        if again and node.state in ("cordoned", "draining"):
            self._registry.note("node.restarted", node, node.id)
            nodes.set_state(node.id, "ready")
        return nodes.get(node.id)

    def _left(self, node_id: str) -> None:
        node = self._registry.nodes.get(node_id)
        if node.role == "head":
            raise Conflict(_("The head node cannot leave its own appliance."), code="head_cannot_leave")
        self._registry.note("node.leave", node, node_id)
        self._registry.nodes.set_state(node_id, "removed")

    def _renewed(self, node_id: str, request_pem: str) -> str:
        node = self._registry.nodes.get(node_id)
        names = [node.address, *caller_names(self._registry.site)]
        certificate = self._registry.authority.issue(request_pem.encode(), node_id, names)
        shown = read_certificate(certificate)
        self._registry.nodes.update(
            replace(node, certificate_serial=shown.serial, certificate_fingerprint=shown.fingerprint)
        )
        return certificate.decode()
