"""WebSockets of a scenario: events that leave at once, and messages that come in on the same connection."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from appliance.core.authority import Permission
from appliance.core.errors import ConfigError
from appliance.core.messages import _
from appliance.scenario.actions import DONE, Action, Caller, Event, Stream, check_actions, request_of
from appliance.scenario.checks import OutputCheck
from appliance.scenario.routes import placeholders


@dataclass(frozen=True)
class Socket:
    """A WebSocket of a scenario: `GET /v1/scenarios/<pack>/<path>` with an upgrade.

    `request` has as fields what the path has in braces and the query's parameters. `events` runs once for each
    connection, with that request: each (name, data) that it yields leaves at once as a text frame
    `{"event": name, "data": {...}}`. It may end with `done`, after which the connection is closed; it is cancelled
    where the connection ends first.

    A text frame from the other side runs `message`, an action whose request is the frame's JSON object and what the
    path has in braces. Its answer is a frame `{"event": "reply", "data": {...}, "id": ...}` with the frame's own `id`,
    which belongs to the body only where the action's request has such a field. Frames of one connection run one after
    the other. Without `message` a socket only tells.

    `checks` judge each event before it leaves, as `Action.checks` do with an event of `whole_events`.
    """

    name: str
    summary: str
    path: str
    request: type[BaseModel]
    events: Stream
    message: Action | None = None
    permission: Permission = Permission.SCENARIO_ASK
    checks: tuple[OutputCheck[Any], ...] = ()
    unchecked: frozenset[str] = frozenset()

    @property
    def listening(self) -> Action:
        """The socket as an action without a body: what its request is checked and its events are judged by."""
        return Action(
            self.name, self.summary, self.request, _Nothing, _never, method="GET", path=self.path,
            permission=self.permission, checks=self.checks, unchecked=self.unchecked,
        )  # fmt: skip

    def describe(self) -> dict[str, Any]:
        """Return the address, the parameters and the JSON schema of messages (None: it takes none)."""
        told = self.listening.describe()
        kept = {name: told[name] for name in ("summary", "path", "permission", "parameters")}
        return {**kept, "message": None if self.message is None else _described(self.message, self.path)}


class _Nothing(BaseModel):
    """The answer that a socket does not have."""


async def _never(request: Any, caller: Caller) -> BaseModel:  # noqa: ANN401 - as `Run`
    raise NotImplementedError("a socket has events, not an answer")


def _described(message: Action, path: str) -> dict[str, Any]:
    """Return what a message is, without what the socket's own path gives."""
    body = message.request.model_json_schema(ref_template="#/components/schemas/{model}")
    in_path = placeholders(path)
    body["properties"] = {name: one for name, one in body.get("properties", {}).items() if name not in in_path}
    body["required"] = [name for name in body.get("required", []) if name not in in_path]
    told = message.describe()
    return {
        "action": message.name,
        "permission": told["permission"],
        "spoken": told["spoken"],
        "takes_id": "id" in message.request.model_fields,
        "request": body,
        "response": told["response"],
    }


async def socket_events(socket: Socket, caller: Caller, parameters: Mapping[str, str]) -> AsyncGenerator[Event, None]:
    """Yield the events of one connection, up to and with `done` where there is one.

    `parameters` are those of path and query. Raises `PermissionDenied`, `InvalidRequest`, what the events raise.
    """
    request = request_of(socket.listening, None, caller, parameters)
    async with aclosing(socket.events(request, caller)) as events:
        async for name, data in events:
            yield name, data
            if name == DONE:
                return


def check_sockets(pack: str, sockets: Sequence[Socket], actions: Sequence[Action]) -> None:
    """Raise `ConfigError` for sockets that could not be told apart or addressed, from each other or from actions."""
    check_actions(pack, [*actions, *(socket.listening for socket in sockets)])
    names = {action.name: action for action in actions}
    for socket in sockets:
        message = socket.message
        if message is not None:
            check_actions(pack, [message])
            fits = set(placeholders(socket.path)) <= set(message.request.model_fields)
            plain = message.stream is None and not message.downloads
            own = names.setdefault(message.name, message) is message and message.name != socket.name
        if any(check.reviews for check in socket.checks) or (message is not None and not (fits and plain and own)):
            raise ConfigError(
                _("The socket {name} of the scenario {pack} cannot be used.", name=socket.name, pack=pack),
                _(
                    "What its path has in braces is a field of its message's request too, its message has a name of "
                    "its own and neither events nor a file as its answer, and none of its checks asks for a person."
                ),
            )
