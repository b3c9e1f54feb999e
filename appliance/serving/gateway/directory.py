"""Which models and scenarios there are. The gateway gets it as `user_config`: a change restarts nothing.

What serves a chat model is not in it but in the database (`serving.routing`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

from pydantic import BaseModel, ConfigDict

from appliance.core.authority import Permission
from appliance.core.errors import MethodNotAllowed, NotFound
from appliance.core.messages import _
from appliance.scenario.routes import ROOT, Method, address_of, match
from appliance.serving.gateway.errors import unknown_model, wrong_kind
from appliance.state.served import Slot, Variant

Kind = Literal["chat", "embedding"]
_ADDRESSED: Final = tuple(slot for slot in get_args(Slot) if slot != "previous")


class ModelEntry(BaseModel):
    """A model as `GET /v1/models` shows it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    alias: str
    kind: Kind
    package: str
    context_length: int
    languages: tuple[str, ...]
    created: int
    owned_by: str = "appliance"

    def to_openai(self, variants: Sequence[Variant] = (), *, every: bool = False) -> dict[str, Any]:
        """Return OpenAI's model object with further facts: those of the stable version among `variants`.

        With `every` each of them is told, as administrators see them.
        """
        stable = next((one for one in variants if one.slot == "stable"), None)
        body = {
            "id": self.alias,
            "object": "model",
            "created": self.created,
            "owned_by": self.owned_by,
            "kind": self.kind,
            "package": self.package if stable is None else stable.package,
            "version": None if stable is None else stable.version,
            "context_length": self.context_length if stable is None else stable.context_length,
            "languages": list(self.languages if stable is None else stable.languages),
        }
        return body | ({"variants": [one.to_dict() for one in variants]} if every else {})


class ActionEntry(BaseModel):
    """An action of a scenario: its address and what `scenario.actions.Action.describe` tells of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    summary: str
    method: Method = "POST"
    path: str
    status: int = 200
    streams: bool = False
    permission: Permission = Permission.SCENARIO_ASK
    spoken: bool = False
    files: tuple[str, ...] = ()
    download: bool = False
    reviews: bool = False
    parameters: tuple[dict[str, Any], ...] = ()
    request: dict[str, Any] | None
    response: dict[str, Any]


class MessageEntry(BaseModel):
    """What a frame that comes in at a socket runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: str
    permission: Permission = Permission.SCENARIO_ASK
    spoken: bool = False
    takes_id: bool = False
    """The frame's `id` belongs to the body."""
    request: dict[str, Any]
    response: dict[str, Any]


class SocketEntry(BaseModel):
    """A WebSocket of a scenario: what `scenario.sockets.Socket.describe` tells of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    summary: str
    path: str
    permission: Permission = Permission.SCENARIO_ASK
    parameters: tuple[dict[str, Any], ...] = ()
    message: MessageEntry | None = None


class ScenarioEntry(BaseModel):
    """A scenario as `GET /v1/scenarios` shows it, its actions by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    title: dict[str, str]
    description: dict[str, str]
    actions: dict[str, ActionEntry]
    sockets: dict[str, SocketEntry] = {}

    @property
    def addresses(self) -> list[str]:
        """Method and path of each action."""
        return [f"{action.method} {action.path or ROOT}" for action in self.actions.values()]

    @property
    def socket_addresses(self) -> list[str]:
        """Path of each socket."""
        return [socket.path for socket in self.sockets.values()]


@dataclass(frozen=True)
class Resolved:
    """The action that a request is for, and what its path has in the braces of the action's template."""

    scenario: ScenarioEntry
    name: str
    action: ActionEntry
    parameters: dict[str, str]


@dataclass(frozen=True)
class ResolvedSocket:
    """The socket that a connection is for, and what its path has in the braces of the socket's template."""

    scenario: ScenarioEntry
    name: str
    socket: SocketEntry
    parameters: dict[str, str]


class Directory(BaseModel):
    """Everything callers can address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[ModelEntry, ...] = ()
    scenarios: tuple[ScenarioEntry, ...] = ()

    def addressed(self, name: str) -> tuple[ModelEntry, Slot | None]:
        """Return the chat model that `ALIAS` or `ALIAS@SLOT` stands for, with the slot. Raises as `model`."""
        alias, at, slot = name.partition("@")
        if at and slot not in _ADDRESSED:
            raise unknown_model(name, [entry.alias for entry in self.models])
        return self.model(alias, "chat"), cast("Slot", slot) if at else None

    def model(self, alias: str, kind: Kind) -> ModelEntry:
        """Return the model. Raises `NotFound`, which lists the models, or `InvalidRequest` for the wrong kind."""
        for entry in self.models:
            if entry.alias == alias:
                if entry.kind != kind:
                    raise wrong_kind(alias, [other.alias for other in self.models if other.kind == kind])
                return entry
        raise unknown_model(alias, [entry.alias for entry in self.models])

    def action(self, scenario: str, method: str, path: str) -> Resolved:
        """Return the action at `path` below a scenario's address; a plain path goes before one with braces.

        Raises `NotFound`, which lists what there is, or `MethodNotAllowed` with the methods that the path takes.
        """
        entry = self._scenario(scenario)
        there = [
            Resolved(entry, name, action, found)
            for name, action in entry.actions.items()
            if (found := match(action.path, path)) is not None
        ]
        if not there:
            raise NotFound(
                _("The scenario {name} has no action {action}.", name=scenario, action=path[:200]),
                _("Actions: {actions}.", actions=", ".join(entry.addresses)),
                code="action_not_found",
                details={"actions": entry.addresses},
            )
        fitting = [resolved for resolved in there if resolved.action.method == method]
        if not fitting:
            raise _wrong_method(scenario, method, path, tuple(sorted({one.action.method for one in there})))
        return min(fitting, key=lambda resolved: len(resolved.parameters))

    def socket(self, scenario: str, path: str) -> ResolvedSocket:
        """Return the socket at `path` below a scenario's address, as `action` does. Raises `NotFound`."""
        entry = self._scenario(scenario)
        there = [
            ResolvedSocket(entry, name, socket, found)
            for name, socket in entry.sockets.items()
            if (found := match(socket.path, path)) is not None
        ]
        if not there:
            raise NotFound(
                _("The scenario {name} has no WebSocket {path}.", name=scenario, path=path[:200]),
                _("WebSockets: {paths}.", paths=", ".join(entry.socket_addresses) or "–"),
                code="socket_not_found",
                details={"sockets": entry.socket_addresses},
            )
        return min(there, key=lambda resolved: len(resolved.parameters))

    def _scenario(self, name: str) -> ScenarioEntry:
        for entry in self.scenarios:
            if entry.name == name:
                return entry
        raise NotFound(
            _("There is no scenario {name} here.", name=name),
            _("Scenarios: {names}.", names=", ".join(entry.name for entry in self.scenarios) or "–"),
            code="scenario_not_found",
        )


def _wrong_method(scenario: str, method: str, path: str, allowed: tuple[str, ...]) -> MethodNotAllowed:
    error = MethodNotAllowed(
        _("The route {path} does not take {method}.", path=address_of(scenario, path)[:200], method=method),
        _("It takes {methods}.", methods=", ".join(allowed)),
    )
    error.allowed = allowed
    return error
