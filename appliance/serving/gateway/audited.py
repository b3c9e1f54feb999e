"""The audit of what is not a request to a model: changes, searches, sign-ins. The answer leaves once it is written."""

from collections.abc import Callable
from typing import Any

from fastapi import Request
from starlette.responses import Response
from starlette.types import Message, Send

from appliance.core.errors import ApplianceError
from appliance.serving.gateway.context import context_of, request_id_of, source_of

_READING = ("GET", "HEAD", "OPTIONS")


def changes(request: Request) -> bool:
    """Tell whether a request may change something: every method but those that read."""
    return request.method not in _READING


class Audited:
    """ASGI's `send` for one request; `refusal` makes the answer where the audit cannot be written."""

    def __init__(self, request: Request, send: Send, refusal: Callable[[Request, ApplianceError], Response]) -> None:
        self._request = request
        self._send = send
        self._refusal = refusal
        self._refused = False

    async def __call__(self, message: Message) -> None:
        """Write the record when the answer begins; requests to models and scenarios have an entry of their own."""
        if self._refused:
            return
        if message["type"] == "http.response.start" and not hasattr(self._request.state, "exchange"):
            try:
                await self._record(message["status"])
            except ApplianceError as error:
                self._refused = True
                await self._refusal(self._request, error)(self._request.scope, self._request.receive, self._send)
                return
        await self._send(message)

    async def _record(self, status: int) -> None:
        request = self._request
        who = getattr(request.state, "principal", None)  # none signs in, or shows a key that is not valid
        caller: dict[str, Any] = {"request_id": request_id_of(request)}
        if who is not None:
            caller |= {"tenant": who.tenant, "actor": who.key_id, "role": who.role}
        route = getattr(request.scope.get("route"), "path", "-")
        data = {
            "action": f"{request.method} {route}",
            "target": "/".join(map(str, request.path_params.values()))[:300],
            "outcome": "ok" if status < 400 else "refused",
            "status": status,
            "source": source_of(request),
        }
        await context_of(request).models.ledger("record", "admin.request", caller, data)
