"""Actions of scenarios as tools: a call does what the action's own address does, for the same caller."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.responses import Response

from appliance.core.authority import authorize, may
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _, current_language
from appliance.core.principal import Principal
from appliance.scenario.actions import Caller
from appliance.scenario.tools import TOOL_KEY, is_strict, tool_name
from appliance.serving.gateway.action_calls import ActionCall, carried_out
from appliance.serving.gateway.context import context_of, exchange_of, principal_of
from appliance.serving.gateway.directory import ActionEntry, Directory

_IN_TEXT = (str, bool, int, float)


@dataclass(frozen=True)
class ActionTool:
    """One action of one scenario as a tool."""

    scenario: str
    action: str
    entry: ActionEntry

    @property
    def name(self) -> str:
        """What a model calls it by."""
        return tool_name(self.scenario, self.action)

    @property
    def description(self) -> str:
        """What a model is told of it."""
        return str(self.entry.response[TOOL_KEY]["description"])

    @property
    def parameters(self) -> dict[str, Any]:
        """JSON schema of the arguments."""
        schema: dict[str, Any] = self.entry.response[TOOL_KEY]["parameters"]
        return schema

    @property
    def strict(self) -> bool:
        """Tell whether OpenAI's strict mode takes the schema as it is."""
        return is_strict(self.parameters)

    @property
    def reads_only(self) -> bool:
        """Tell whether a call certainly changes nothing."""
        return self.entry.method == "GET"

    @property
    def destroys(self) -> bool:
        """Tell whether a call may take something away."""
        return self.entry.method in ("DELETE", "PATCH")

    def is_for(self, who: Principal) -> bool:
        """Tell whether the action is for this caller."""
        return may(who, self.entry.permission, scenario=self.scenario)

    async def call(self, request: Request, arguments: object) -> Response:
        """Run the action; the answer is what it is at its own address, 202 where it waits for a person.

        Raises `PermissionDenied`, `InvalidRequest`, which names the argument, and what the scenario does.
        """
        who = principal_of(request)
        authorize(who, self.entry.permission, scenario=self.scenario)
        parameters, payload = self._parted(self._given(arguments))
        exchange = exchange_of(request, self.scenario)
        exchange.facts = {"action": self.action}
        caller = Caller(who, current_language(), exchange.request_id)
        call = ActionCall(
            self.scenario, self.action, payload, caller, parameters, self.entry.status, self.entry.spoken,
            files=self.entry.files,
        )  # fmt: skip
        return await carried_out(context_of(request), exchange, call)

    def _given(self, arguments: object) -> dict[str, Any]:
        """Return the arguments without those that say nothing: a model writes null for what it leaves out."""
        if not isinstance(arguments, dict):
            raise InvalidRequest(
                _("The request body is not valid: {reason}.", reason=_("it must be {type}", type=_("an object"))),
                code="invalid_body",
            )
        known: Mapping[str, Any] = self.parameters["properties"]
        for name in arguments:
            if name not in known:
                raise InvalidRequest(
                    _("The field {param} is not supported.", param=str(name)[:80]),
                    _("Fields: {names}.", names=", ".join(known) or "–"),
                    param=str(name)[:80],
                    code="unsupported_field",
                )
        required = self.parameters["required"]
        return {
            name: value
            for name, value in arguments.items()
            if value is not None or name in required or _takes_null(known[name])
        }

    def _parted(self, given: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any] | None]:
        """Return the parameters of path and query, and the body; None where the action has none."""
        in_address = {one["name"] for one in self.entry.parameters}
        in_path = {one["name"] for one in self.entry.parameters if one["in"] == "path"}
        parameters = {
            name: _text(name, value, part_of_path=name in in_path)
            for name, value in given.items() if name in in_address and value is not None
        }  # fmt: skip
        if self.entry.request is None:
            return parameters, None
        return parameters, {name: value for name, value in given.items() if name not in in_address}


def action_tools(directory: Directory) -> Iterator[ActionTool]:
    """Yield the actions that are tools."""
    for scenario in directory.scenarios:
        for name, entry in scenario.actions.items():
            if TOOL_KEY in entry.response and not entry.download:
                yield ActionTool(scenario.name, name, entry)


def _takes_null(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    if isinstance(kind, str):
        return kind == "null"
    return None in schema.get("enum", ()) or any(_takes_null(one) for one in schema.get("anyOf", ()))


def _text(name: str, value: object, *, part_of_path: bool) -> str:
    """Return an argument as an address has it. Raises `InvalidRequest` for what no address could have."""
    text = value if isinstance(value, str) else json.dumps(value) if isinstance(value, _IN_TEXT) else None
    if text is None or (part_of_path and (not text or "/" in text)):
        raise InvalidRequest(
            _("The field {param} cannot be a part of an address.", param=name),
            _("Give a text that is not empty and has no slash, a number, true or false."),
            param=name,
            code="invalid_value",
        )
    return text
