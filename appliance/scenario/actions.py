"""Actions: what a scenario does, each with an address, a typed request and a typed answer, whole or as events."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError, create_model

from appliance.core.authority import Permission, authorize
from appliance.core.errors import ConfigError, InvalidRequest
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.core.validation import invalid_request
from appliance.scenario.checks import OutputCheck
from appliance.scenario.downloads import Download
from appliance.scenario.routes import ROOT, Method, is_template, placeholders, shape_of
from appliance.scenario.tools import TOOL_KEY, arguments_of, check_tool

DONE = "done"
"""Name of a stream's last event; its data are the whole answer."""
_REFERENCE = "#/components/schemas/{model}"  # where an OpenAPI document keeps the schemas of parts
_WITHOUT_BODY = ("GET", "DELETE")
_CHECK_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_OTHER_RULES = ("lexicon", "personal", "injection", "topic", "chain", "model", "scenario")


@dataclass(frozen=True)
class Caller:
    """Who asks, the language (`en` or `zh_CN`) of what the appliance itself says, and the request's id for logs."""

    principal: Principal
    language: str
    request_id: str = "-"

    @property
    def tenant(self) -> str:
        """The tenant of the caller's key."""
        return self.principal.tenant


Run = Callable[[Any, Caller], Awaitable[BaseModel]]
Event = tuple[str, BaseModel]
Stream = Callable[[Any, Caller], AsyncGenerator[Event, None]]


@dataclass(frozen=True)
class Action:
    """One thing a scenario does: `METHOD /v1/scenarios/<pack>/<path>`.

    What a path has in braces and, for GET and DELETE, the query's parameters are fields of the request. `path` is the
    name unless given; `/` is the scenario's own address. `stream` yields (name, data) of events, the last one named
    `done` with the answer that `run` would give; it runs instead when the body says `"stream": true`. `status` is that
    of success; callers need `permission`. An action whose `response` is `downloads.Download` answers with a file.

    `spoken` says that the texts of the request were spoken or written by somebody else and are recorded here, such as
    the turns of a call: the guardrails look and their findings are kept, but refuse and change nothing.

    `files` names fields at the top of the request that hold a file's bytes in base64: they are no text, so that neither
    the guardrails read them nor the quota counts them. What is read out of such a file must not reach a model as it is.

    `generated` tells of an answer whether it holds text that a model wrote, kept from an earlier request maybe: such an
    answer is labelled as generated content. Without it, every answer for which a chat model was asked counts as that;
    text that people wrote, that is quoted or that code computed is not labelled.

    `checks` judge what the action says before it leaves, by the facts that it gives them while it runs. They read
    every text of answers and events; the fields of any depth that `unchecked` names are left out, such as ids and
    citations. In a stream, events named in `whole_events` stand alone and leave when they have passed; all others wait
    for the end (`scenario.said`). An action that shows an answer again, kept from an earlier request, has them too.

    `tool` tells a model, in English, what the action does and when to call it; the action is then one of `/v1/tools`
    and of the MCP server too, as `<pack>__<name>`, its answer whole. Descriptions of the request's fields are read by
    the model as well. Without it the action is no tool.
    """

    name: str
    summary: str
    request: type[BaseModel]
    response: type[BaseModel]
    run: Run
    method: Method = "POST"
    path: str = ""
    status: int = 200
    stream: Stream | None = None
    permission: Permission = Permission.SCENARIO_ASK
    spoken: bool = False
    files: tuple[str, ...] = ()
    generated: Callable[[Any], bool] | None = None
    checks: tuple[OutputCheck[Any], ...] = ()
    unchecked: frozenset[str] = frozenset()
    whole_events: frozenset[str] = frozenset()
    tool: str | None = None

    def holds_generated(self, answer: BaseModel, *, asked: bool) -> bool:
        """Tell whether an answer holds a model's words; `asked` whether a chat model was asked for it."""
        return asked if self.generated is None else self.generated(answer)

    @property
    def downloads(self) -> bool:
        """Tell whether the action answers with a file."""
        return issubclass(self.response, Download)

    @property
    def template(self) -> str:
        """The path below the scenario's own address."""
        return "" if self.path == ROOT else self.path or self.name

    def describe(self) -> dict[str, Any]:
        """Return the address and the JSON schemas of parameters, body (None: it has none) and answer."""
        body = self.request.model_json_schema(ref_template=_REFERENCE)
        fields: dict[str, Any] = body.get("properties", {})
        in_path = placeholders(self.template)
        in_query = [name for name in fields if name not in in_path] if self.method in _WITHOUT_BODY else []
        required = body.get("required", [])
        parameters = [
            {
                "name": name,
                "in": "path" if name in in_path else "query",
                "required": name in in_path or name in required,
                "schema": fields[name],
                "description": fields[name].get("description", ""),
            }
            for name in (*in_path, *in_query)
        ]
        body["properties"] = {name: schema for name, schema in fields.items() if name not in in_path}
        body["required"] = [name for name in required if name not in in_path]
        return {
            "summary": self.summary,
            "method": self.method,
            "path": self.template,
            "status": self.status,
            "streams": self.stream is not None,
            "permission": self.permission.value,
            "spoken": self.spoken,
            "files": list(self.files),
            "download": self.downloads,
            "reviews": any(check.reviews for check in self.checks),
            "parameters": parameters,
            "request": None if self.method in _WITHOUT_BODY else body,
            "response": self._described_response(),
        }

    def _described_response(self) -> dict[str, Any]:
        if self.downloads:
            return {"type": "string", "format": "binary"}
        schema = self.response.model_json_schema(mode="serialization", ref_template=_REFERENCE)
        if self.tool is None:
            return schema
        return {**schema, TOOL_KEY: {"description": self.tool, "parameters": arguments_of(self.request)}}


def check_actions(pack: str, actions: Sequence[Action]) -> None:
    """Raise `ConfigError` for actions that could not be told apart or addressed."""
    names: set[str] = set()
    addresses: set[tuple[str, str]] = set()
    for action in actions:
        address = action.method, shape_of(action.template)
        fields = action.request.model_fields
        fits = is_template(action.template) and set(placeholders(action.template)) <= set(fields)
        streams = action.stream is None or (action.method == "POST" and "stream" in fields)
        plain = not action.downloads or (action.stream is None and not action.checks)
        plain = plain and set(action.files) <= set(fields)
        if not fits or not streams or not plain or action.name in names or address in addresses:
            raise ConfigError(
                _("The action {name} of the scenario {pack} cannot be used.", name=action.name, pack=pack),
                _(
                    "Names and addresses differ, what a path has in braces is a field of the request, an action "
                    "that streams takes POST and has a field `stream`, and one that answers with a file has neither "
                    "events nor checks."
                ),
            )
        if action.tool is not None:
            check_tool(pack, action.name, "" if action.downloads else action.tool, arguments_of(action.request))
        _check_checks(pack, action)
        names.add(action.name)
        addresses.add(address)


def _check_checks(pack: str, action: Action) -> None:
    """Raise `ConfigError` for checks that could not be told apart, from each other or from rules of the appliance."""
    names = [check.name for check in action.checks]
    for name in names:
        if _CHECK_NAME.fullmatch(name) is None or name in _OTHER_RULES or names.count(name) > 1:
            raise ConfigError(
                _("The check {check} of the action {name} of the scenario {pack} cannot be used.",
                  check=repr(name), name=action.name, pack=pack),
                _("Its name begins with a letter and has small letters, digits, - and _; no other rule has it."),
            )  # fmt: skip


async def invoke(
    action: Action, payload: object, caller: Caller, parameters: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Check the request, run the action and return its answer as plain values, not judged by the action's checks.

    `parameters` are those of path and query. Raises `PermissionDenied`, `InvalidRequest`, whose `param` is the dotted
    name of the first field at fault, and what the action raises.
    """
    return (await perform(action, payload, caller, parameters)).model_dump(mode="json")


async def perform(
    action: Action, payload: object, caller: Caller, parameters: Mapping[str, str] | None = None
) -> BaseModel:
    """Do as `invoke`, and return the answer itself."""
    return await action.run(request_of(action, payload, caller, parameters or {}), caller)


async def stream(
    action: Action, payload: object, caller: Caller, parameters: Mapping[str, str] | None = None
) -> AsyncGenerator[tuple[str, dict[str, Any]], None]:
    """Yield the action's events as plain values, up to and with `done`. Raises as `invoke` does."""
    async with aclosing(events_of(action, payload, caller, parameters)) as events:
        async for name, data in events:
            yield name, data.model_dump(mode="json")


async def events_of(
    action: Action, payload: object, caller: Caller, parameters: Mapping[str, str] | None = None
) -> AsyncGenerator[Event, None]:
    """Do as `stream`, and yield the data themselves."""
    assert action.stream is not None, "the caller looks whether the action streams"
    async with aclosing(action.stream(request_of(action, payload, caller, parameters or {}), caller)) as events:
        async for name, data in events:
            yield name, data
            if name == DONE:
                return
    raise RuntimeError(f"the stream of {action.name} ended without its event {DONE!r}")


def request_of(action: Action, payload: object, caller: Caller, parameters: Mapping[str, str]) -> BaseModel:
    """Return the checked request: parameters are read from text, a body is taken strictly as it is."""
    authorize(caller.principal, action.permission)
    given = payload
    if parameters or action.method in _WITHOUT_BODY:
        given = {**_body(payload, parameters), **_read(action.request, parameters)}
    try:
        return action.request.model_validate(given, strict=True)
    except ValidationError as error:
        raise invalid_request(error, given) from error


def _body(payload: object, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return a body that goes with parameters. Raises `InvalidRequest`."""
    if payload is None:
        return {}
    if not isinstance(payload, dict):
        raise InvalidRequest(
            _("The request body is not valid: {reason}.", reason=_("it must be {type}", type=_("an object"))),
            code="invalid_body",
        )
    for name in parameters:
        if name in payload:
            raise InvalidRequest(
                _("The field {param} is not supported.", param=name),
                _("Leave it out; the address has it."),
                param=name,
                code="unsupported_field",
            )
    return payload


def _read(model: type[BaseModel], parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return parameters with the types of the fields that they are for. Raises `InvalidRequest`."""
    known = tuple(sorted(name for name in parameters if name in model.model_fields))
    try:
        read = _reader(model, known).model_validate_strings({name: parameters[name] for name in known})
    except ValidationError as error:
        raise invalid_request(error, dict(parameters)) from error
    return {**parameters, **dict(read)}  # the request itself says whether it takes what is not known


@lru_cache(maxsize=256)
def _reader(model: type[BaseModel], names: tuple[str, ...]) -> type[BaseModel]:
    """Return a model of these fields alone, which reads each from text."""
    fields: dict[str, Any] = {name: (model.model_fields[name].annotation, model.model_fields[name]) for name in names}
    return create_model("Parameters", **fields)
