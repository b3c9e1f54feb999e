"""One open WebSocket: events go out as they come, messages that come in run one after the other, and it has an end."""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

import structlog
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from appliance.core.authority import authorize
from appliance.core.errors import ApplianceError, InvalidRequest, PermissionDenied, Unavailable
from appliance.core.ids import new_id
from appliance.core.messages import _, current_language
from appliance.core.units import MIB
from appliance.scenario.actions import DONE, Caller
from appliance.serving.gateway.action_calls import ActionCall, carried_out, json_of
from appliance.serving.gateway.body import parse_json
from appliance.serving.gateway.context import GatewayContext, known
from appliance.serving.gateway.directory import MessageEntry, ResolvedSocket
from appliance.serving.gateway.errors import error_body
from appliance.serving.gateway.exchange import Exchange, unforeseen
from appliance.serving.gateway.inner import BELONGS
from appliance.serving.gateway.places import place_in
from appliance.serving.gateway.socket_frames import Frames
from appliance.serving.gateway.socket_protocol import ABORT
from appliance.serving.generation import StreamedCall

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")

SEND_TIMEOUT_S: Final = 10.0
"""How long a caller may take no byte, or be behind with events, before the connection ends."""
LOOK_AGAIN_S: Final = 3.0
"""How soon a key that was revoked or has fewer rights ends its connections."""
_OUTGOING, _INCOMING = 64, 16  # frames that may wait
_MOST_OUTGOING, _MOST_INCOMING = 4 * MIB, MIB  # and their characters: a key may have thousands of connections
_LAST_WORDS_S: Final = 2.0  # for the frame that says why it ends
_MOST_FINDINGS = 100  # in the record of the end; a connection may last for days
_MOST_ID = 200
_LEFT = {1000: "closed", 1001: "closed", 1005: "closed", 1009: "message_too_large", 1012: "gateway_stopped"}

ENDED, UNSUPPORTED, REFUSED, FAILED, TRY_AGAIN = 1000, 1003, 1008, 1011, 1013
"""Close codes of RFC 6455 and, the last one, of who reads too slowly or whose scenario is away.

A gateway that stops says 1012, a message that is too large is answered with 1009.
"""


@dataclass(frozen=True)
class Opened:
    """What is known of a connection when it opens."""

    connection: HTTPConnection
    gateway: GatewayContext
    caller: Caller
    found: ResolvedSocket
    route: str


class _End(Exception):
    """Ends the connection; `why` is for the audit, `code` for the other side, which may be gone (None)."""

    def __init__(self, code: int | None, why: str, error: ApplianceError | None = None) -> None:
        super().__init__(why)
        self.code = code
        self.why = why
        self.error = error


class Connection:
    """The life of one WebSocket from its opening on."""

    def __init__(self, opened: Opened, scope: Scope, receive: Receive, send: Send) -> None:
        self._opened = opened
        self._scope = scope
        self._receive = receive
        self._send = send
        self._language = current_language()
        self._caller = opened.caller
        self._outgoing = Frames(_OUTGOING, _MOST_OUTGOING)
        self._incoming = Frames(_INCOMING, _MOST_INCOMING)
        self._findings: list[dict[str, Any]] = []
        self._tokens: dict[str, tuple[int, int]] = {}
        self._counts = {"events": 0, "messages": 0, "findings": 0}
        self._started = time.monotonic()

    async def follow(self, call: StreamedCall, first: "asyncio.Task[Any]") -> None:
        """Do all until one side ends it; `call` is closed and the audit has the end then."""
        steps: list[Coroutine[Any, Any, None]] = [
            self._tell(call, first), self._hear(), self._answer_all(), self._send_all(), self._look_after(),
        ]  # fmt: skip
        tasks = [asyncio.ensure_future(step) for step in steps]
        end = _End(None, "cancelled")
        try:
            done, _rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            end = self._end_of(next(task for task in tasks if task in done))
        finally:
            for task in (*tasks, first):
                task.cancel()
            await asyncio.wait([*tasks, first])
            for task in (*tasks, first):
                if not task.cancelled():
                    task.exception()  # of several ends at once the others are of no interest
            call.close()
            await self._close(end)
            await self._record(end)

    def _end_of(self, task: "asyncio.Task[None]") -> _End:
        """Return what the first step that ended means for the connection."""
        error = task.exception()
        if isinstance(error, _End):
            return error
        if isinstance(error, ApplianceError):
            for_records = error.for_records or {}
            self._note(for_records.get("findings", []))
            self._tokens = for_records.get("tokens") or self._tokens
            return _End(TRY_AGAIN if isinstance(error, Unavailable) else FAILED, error.code, error)
        if isinstance(error, OSError):  # to write to a caller who has gone
            return _End(None, "gone")
        assert isinstance(error, Exception), "no step returns"
        return _End(FAILED, "internal_error", unforeseen(error, self._caller.request_id, self._opened.route))

    async def _tell(self, call: StreamedCall, first: "asyncio.Task[Any]") -> None:
        """Put the scenario's events into the queue. Raises `_End`, and what the scenario raises."""
        await self._event(await first)
        async for item in call.rest():
            await self._event(item)
        raise _End(FAILED, "broken_off")

    async def _event(self, item: dict[str, Any]) -> None:
        self._note(item["findings"])
        self._tokens = item["tokens"] or self._tokens
        if time.monotonic() - item["at"] > SEND_TIMEOUT_S:
            raise _End(TRY_AGAIN, "too_slow")  # what waits for this caller grows elsewhere
        data = item["data"]
        if item["generated"]:
            data = self._opened.gateway.labelled(data, self._caller.request_id)
        await self._put({"event": item["event"], "data": data})
        self._counts["events"] += 1
        if item["event"] == DONE:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SEND_TIMEOUT_S):  # what was asked before is answered
                    await self._incoming.join()
                    await self._outgoing.join()
            raise _End(ENDED, "done")

    async def _hear(self) -> None:
        """Put messages into the queue; while it is full the server reads no more of this caller. Raises `_End`."""
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                raise _End(None, _LEFT.get(int(message.get("code") or 1005), "gone"))
            text = message.get("text")
            if text is None:
                raise _End(
                    UNSUPPORTED,
                    "binary_message",
                    InvalidRequest(
                        _("A binary message is not taken here."),
                        _("Send text with a JSON object."),
                        code="binary_message",
                    ),
                )
            await self._incoming.put(text)

    async def _answer_all(self) -> None:
        """Run messages, one after the other."""
        while True:
            text = await self._incoming.get()
            self._counts["messages"] += 1
            identity: dict[str, Any] = {}
            try:
                name, data = await self._answer(text, identity)
            except ApplianceError as error:
                name, data = "error", error_body(error, self._language)
            except Exception as error:  # noqa: BLE001 - a message's failure ends that message alone
                failure = unforeseen(error, self._caller.request_id, self._opened.route)
                name, data = "error", error_body(failure, self._language)
            await self._put({"event": name, "data": data, **identity})
            self._incoming.task_done()

    async def _answer(self, text: str, identity: dict[str, Any]) -> tuple[str, Any]:
        """Return a message's answer, `reply` or `held`; `identity` gets the message's own id. Raises as its action."""
        found, gateway = self._opened.found, self._opened.gateway
        message = found.socket.message
        frame = parse_json(text.encode())
        if not isinstance(frame, dict):
            raise InvalidRequest(
                _("The request body is not valid: {reason}.", reason=_("it must be {type}", type=_("an object"))),
                code="invalid_body",
            )
        if "id" in frame:
            identity["id"] = _identity(frame["id"])
        if message is None:
            raise InvalidRequest(
                _("This WebSocket takes no messages."), _("It only tells events."), code="no_messages"
            )  # fmt: skip
        if not message.takes_id:
            frame.pop("id", None)
        authorize(self._caller.principal, message.permission, scenario=found.scenario.name)
        async with place_in(self._scope):
            response = await carried_out(gateway, self._exchange(), self._call(message, frame))
        return ("held" if response.status_code == 202 else "reply"), json_of(response)

    def _exchange(self) -> Exchange:
        opened = self._opened
        return Exchange(
            opened.gateway.metrics,
            new_id("req"),
            f"{opened.route}#message",
            opened.found.scenario.name,
            self._caller.principal,
            facts={"socket": opened.caller.request_id},
        )

    def _call(self, message: MessageEntry, frame: dict[str, Any]) -> ActionCall:
        found = self._opened.found
        return ActionCall(
            found.scenario.name, message.action, frame, self._caller, found.parameters, spoken=message.spoken
        )

    async def _put(self, frame: dict[str, Any]) -> None:
        """Queue a frame. Raises `_End` where the queue stays full."""
        text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._outgoing.put(text)
        except TimeoutError:
            raise _End(TRY_AGAIN, "too_slow") from None

    async def _send_all(self) -> None:
        """Send what is in the queue. Raises `_End` where the caller takes nothing."""
        while True:
            text = await self._outgoing.get()
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self._send({"type": "websocket.send", "text": text})
            except TimeoutError:
                raise _End(TRY_AGAIN, "too_slow") from None
            self._outgoing.task_done()

    async def _look_after(self) -> None:
        """Look every few seconds whether the key still may. Raises `_End`."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_S)
            try:
                who = await known(self._opened.connection)
                authorize(who, self._opened.found.socket.permission, scenario=self._opened.found.scenario.name)
            except Unavailable:
                continue  # that it cannot be told now ends nothing
            except ApplianceError as error:
                why = "permission_denied" if isinstance(error, PermissionDenied) else error.code
                raise _End(REFUSED, why, error) from error
            before = self._caller.principal
            if (who.role, who.scopes) != (before.role, before.scopes):
                # What it follows was looked up with the rights of its opening: a new connection has those of now.
                raise _End(TRY_AGAIN, "rights_changed")
            if not await self._node_belongs():
                raise _End(TRY_AGAIN, "node_removed")
            self._caller = Caller(who, self._caller.language, self._caller.request_id)

    async def _node_belongs(self) -> bool:
        """Tell whether the node that handed the connection in, if one did, is still one of the appliance."""
        belongs: Callable[[], Awaitable[bool]] | None = self._scope.get(BELONGS)
        try:
            return belongs is None or await belongs()
        except Unavailable:
            return True  # that it cannot be told now ends nothing

    async def _close(self, end: _End) -> None:
        """Say why it ends where somebody hears it; a caller who takes nothing is cut off."""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                if end.code is None:
                    return
                if end.error is not None:
                    frame = {"event": "error", "data": error_body(end.error, self._language)}
                    await self._send({"type": "websocket.send", "text": json.dumps(frame, ensure_ascii=False)})
                await self._send({"type": "websocket.close", "code": end.code, "reason": end.why[:100]})
                return
        if ABORT in self._scope:
            self._scope[ABORT]()

    async def _record(self, end: _End) -> None:
        """Have the audit say how it ended; the tokens of its events are counted."""
        opened = self._opened
        who = opened.caller.principal
        for alias, (prompt, completion) in self._tokens.items():
            opened.gateway.metrics.tokens(alias, who.tenant, prompt, completion)
        facts = {
            "action": f"CLOSE {opened.route}", "target": opened.found.scenario.name, "outcome": end.why,
            "close_code": end.code, "seconds": round(time.monotonic() - self._started, 3), **self._counts,
            "tokens": {alias: list(spent) for alias, spent in self._tokens.items()}, "verdicts": self._findings,
        }  # fmt: skip
        log.info("socket", request_id=opened.caller.request_id, route=opened.route, outcome=end.why)
        told = {"request_id": opened.caller.request_id, "tenant": who.tenant, "actor": who.key_id, "role": who.role}
        # It goes on where the server ends this task: what was done is written down.
        writing = asyncio.ensure_future(opened.gateway.models.ledger("record", "system.socket.closed", told, facts))
        try:
            await asyncio.shield(writing)
        except ApplianceError as error:
            log.error("ledger", request_id=opened.caller.request_id, code=error.code)

    def _note(self, findings: list[dict[str, Any]]) -> None:
        self._counts["findings"] += len(findings)
        self._findings += findings[: _MOST_FINDINGS - len(self._findings)]


def _identity(value: object) -> str | int:
    """Return the id that a caller gave a message. Raises `InvalidRequest`."""
    if isinstance(value, bool) or not isinstance(value, str | int) or len(str(value)) > _MOST_ID:
        raise InvalidRequest(
            _(
                "The field {param} is not valid: {reason}.",
                param="id",
                reason=_("a short text or a whole number"),
            ),
            param="id",
            code="invalid_value",
        )
    return value
