"""Scenarios: which there are, their actions as the OpenAPI document tells them, and requests to them."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import httpx
from pydantic import BaseModel, ConfigDict

from appliance.core.errors import ApplianceError, Conflict, NotFound, PermissionDenied, Unavailable
from appliance.core.messages import _
from appliance.operations.gateways import TRY_AGAIN
from appliance.tui.connection import HttpConnection
from appliance.tui.local import Local, in_thread

if TYPE_CHECKING:
    from appliance.operations.scenario_errors import ScenarioError
    from appliance.operations.scenario_examples import Example

Json = dict[str, Any]
ROOT: Final = "/v1/scenarios"
ANSWER_S: Final = 120.0
"""How long an answer may take."""
_READING_S: Final = 20.0
_METHODS: Final = ("get", "post", "patch", "delete")

Method = Literal["GET", "POST", "PATCH", "DELETE"]


class Scenario(BaseModel):
    """A scenario; texts by language."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    version: str
    title: dict[str, str]
    description: dict[str, str]
    actions: tuple[str, ...] = ()

    def titled(self, language: str) -> str:
        """Return its title in a language, else in English, else its name."""
        return self.title.get(language) or self.title.get("en") or self.name


class _Scenarios(BaseModel):
    data: tuple[Scenario, ...]


@dataclass(frozen=True)
class ActionFacts:
    """An action: its address, what it wants, and a payload that it would take."""

    name: str
    method: Method
    path: str
    summary: str
    needs: str
    """What the OpenAPI document says of permissions; empty where everybody who may ask may use it."""
    payload: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ScenarioFacts:
    """What one scenario's screen shows.

    `errors` is None where the audit log is on another machine, or could not be read: then `unread` says why.
    """

    actions: tuple[ActionFacts, ...]
    examples: tuple["Example", ...]
    errors: tuple["ScenarioError", ...] | None
    unread: ApplianceError | None = None


class ScenariosSource(Protocol):
    """Gives scenarios and asks them. Every method raises `ApplianceError` with what to do."""

    @property
    def address(self) -> str:
        """The appliance's address, for examples."""
        ...

    async def find(self) -> tuple[Scenario, ...]:
        """Return the scenarios."""
        ...

    async def facts(self, name: str, local: Local | None, language: str) -> ScenarioFacts:
        """Return the actions of one, requests to try it with, and its last errors."""
        ...

    async def examples(self, name: str, local: Local | None, language: str) -> tuple["Example", ...]:
        """Return requests to try one with."""
        ...

    async def call(
        self, method: Method, path: str, body: Json | None = None, params: Mapping[str, str] | None = None
    ) -> Json:
        """Return an action's answer. Raises `Conflict` where it waits for a person."""
        ...

    async def events(self, path: str, body: Json) -> list[tuple[str, Json]]:
        """Return the events of an action that streams, with their names, once they are complete."""
        ...


class HttpScenariosSource:
    """Reads and asks over `/v1/scenarios` and `/openapi.json`."""

    def __init__(self, connection: HttpConnection) -> None:
        self._connection = connection

    @property
    def address(self) -> str:
        """The appliance's address, for examples."""
        return self._connection.address

    async def find(self) -> tuple[Scenario, ...]:
        """Return the scenarios by name."""
        found = await self._connection.read("GET", ROOT, _Scenarios, self._forbidden())
        return tuple(sorted(found.data, key=lambda one: one.name))

    async def facts(self, name: str, local: Local | None, language: str) -> ScenarioFacts:
        """Return the actions of one, requests to try it with, and its last errors."""
        response = await self._connection.send("GET", "/openapi.json", timeout_s=_READING_S)
        if not response.is_success:
            raise self._connection.refusal(response, self._forbidden())
        try:
            document = response.json()
            actions = await asyncio.to_thread(actions_in, document, name)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._connection.not_understood() from error
        if not actions:
            raise NotFound(_("There is no scenario {name} any more.", name=name), _("Go back, and refresh the list."))
        examples = await self.examples(name, local, language)
        if local is None:
            return ScenarioFacts(actions, examples, None)
        try:
            return ScenarioFacts(actions, examples, await in_thread(lambda: _errors(local, name), language))
        except ApplianceError as error:
            return ScenarioFacts(actions, examples, None, error)

    async def examples(self, name: str, local: Local | None, language: str) -> tuple["Example", ...]:
        """Return requests to try one with."""
        return await in_thread(lambda: _examples(local, name), language)

    async def call(
        self, method: Method, path: str, body: Json | None = None, params: Mapping[str, str] | None = None
    ) -> Json:
        """Return an action's answer. Raises `Conflict` where it waits for a person."""
        answer: object
        response = await self._asked(method, path, body, params)
        try:
            answer = response.json()
        except ValueError as error:
            raise self._connection.not_understood() from error
        if not isinstance(answer, dict):
            raise self._connection.not_understood()
        return answer

    async def events(self, path: str, body: Json) -> list[tuple[str, Json]]:
        """Return the events of an action that streams. Raises `Unavailable` where its last one is an error."""
        response = await self._asked("POST", path, {**body, "stream": True}, None)
        try:
            events = list(_events(response.text))
        except ValueError as error:
            raise self._connection.not_understood() from error
        for name, data in events:
            if name == "error":
                raise Unavailable(
                    _("The scenario broke off: {reason}", reason=(data.get("error") or {}).get("message", name)),
                    TRY_AGAIN,
                )
        return events

    async def _asked(
        self, method: Method, path: str, body: Json | None, params: Mapping[str, str] | None
    ) -> httpx.Response:
        response = await self._connection.send(method, path, body=body, params=params, timeout_s=ANSWER_S)
        if not response.is_success:
            raise self._connection.refusal(response, self._forbidden())
        if response.status_code == httpx.codes.ACCEPTED and b'"status_url"' in response.content:
            raise Conflict(
                _("This answer waits for a person: a rule of the policy holds it back."),
                _("A reviewer decides on it under Reviews."),
            )
        return response

    def _forbidden(self) -> PermissionDenied:
        return PermissionDenied(
            _("The key in {file} may not use this scenario.", file=self._connection.key_file),
            _("Use a key whose role holds scenario.ask."),
        )


def _examples(local: Local | None, name: str) -> tuple["Example", ...]:
    from appliance.operations.scenario_examples import tried_requests

    return tried_requests(None if local is None else local.home, name)


def _errors(local: Local, name: str) -> tuple["ScenarioError", ...]:
    from appliance.operations.scenario_errors import last_errors

    return last_errors(local.home, local.site(), name)


def actions_in(document: Mapping[str, Any], name: str) -> tuple[ActionFacts, ...]:
    """Return a scenario's actions in an OpenAPI document, in its order; WebSockets are none."""
    from appliance.operations.scenario_examples import payload_of

    found = []
    own, schemas = f"{ROOT}/{name}", document["components"]["schemas"]
    for path, operations in document["paths"].items():
        if path != own and not path.startswith(f"{own}/"):
            continue
        for method in _METHODS:
            operation = operations.get(method)
            if operation is None or "101" in operation.get("responses", {}):
                continue
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            found.append(
                ActionFacts(
                    name=str(operation.get("operationId", path)).removeprefix(f"{name}-"),
                    method=method.upper(),  # type: ignore[arg-type]
                    path=path + _query(operation.get("parameters", ())),
                    summary=str(operation.get("summary", "")),
                    needs=_permission(str(operation.get("description", ""))),
                    payload=None if content is None else payload_of(content["schema"], schemas),
                )
            )
    return tuple(found)


def _permission(description: str) -> str:
    """Return the permission that a description of the document names, such as `scenario.supervise`."""
    return description.split("`")[1] if description.count("`") >= 2 else ""


def _query(parameters: Iterable[Mapping[str, Any]]) -> str:
    """Return the query that an action requires, values in capitals."""
    wanted = [str(one["name"]) for one in parameters if one.get("in") == "query" and one.get("required")]
    return "?" + "&".join(f"{one}={one.upper()}" for one in wanted) if wanted else ""


def _events(text: str) -> Iterable[tuple[str, Json]]:
    """Yield names and data of server-sent events. Raises ValueError."""
    for block in text.replace("\r\n", "\n").split("\n\n"):
        fields = [line.partition(":") for line in block.split("\n") if line and not line.startswith(":")]
        data = "\n".join(value.removeprefix(" ") for name, _colon, value in fields if name == "data")
        if not data:
            continue
        named = [value.strip() for name, _colon, value in fields if name == "event"]
        told = json.loads(data)
        if not isinstance(told, dict):
            raise ValueError("an event holds an object")
        yield (named[-1] if named else "message"), told
