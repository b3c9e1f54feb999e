"""The OpenAPI document: request bodies from the strict schemas, scenarios from what runs."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from appliance.core.authority import Permission
from appliance.scenario.routes import address_of
from appliance.serving.gateway.directory import ActionEntry, Directory, SocketEntry

_REF = "#/components/schemas/{model}"
_bodies: dict[str, type[BaseModel]] = {}


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return `openapi_extra` for a route that parses its body itself."""
    _bodies[model.__name__] = model
    return json_body(_REF.format(model=model.__name__))


def json_body(reference: str) -> dict[str, Any]:
    """Return a required JSON request body that `reference` describes."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": reference}}}}}


def build_openapi(app: FastAPI, directory: Directory) -> dict[str, Any]:
    """Return the document for `app` with the scenarios that `directory` lists."""
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    for name, model in _bodies.items():
        schema = model.model_json_schema(ref_template=_REF)
        schemas.update(schema.pop("$defs", {}))
        schemas[name] = schema
    schemas["Error"] = _ERROR
    document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"key": []}]
    for scenario in directory.scenarios:
        for name, action in scenario.actions.items():
            path = document["paths"].setdefault(address_of(scenario.name, action.path), {})
            path[action.method.lower()] = _operation(scenario.name, name, action, schemas)
        for name, socket in scenario.sockets.items():
            path = document["paths"].setdefault(address_of(scenario.name, socket.path), {})
            path["get"] = _socket(scenario.name, name, socket, schemas)
    return document


def _operation(scenario: str, name: str, action: ActionEntry, schemas: dict[str, Any]) -> dict[str, Any]:
    def placed(side: str, shape: dict[str, Any]) -> str:
        schema = dict(shape)
        schemas.update(schema.pop("$defs", {}))
        schemas[f"{scenario}.{name}.{side}"] = schema
        return _REF.format(model=f"{scenario}.{name}.{side}")

    content: dict[str, Any] = {"application/json": {"schema": {"$ref": placed("response", action.response)}}}
    if action.download:
        content = {"*/*": {"schema": action.response}}
    if action.streams:
        content["text/event-stream"] = {"schema": {"type": "string", "description": _EVENTS}}
    error = {"application/json": {"schema": {"$ref": _REF.format(model="Error")}}}
    operation: dict[str, Any] = {
        "tags": ["Scenarios"],
        "summary": action.summary,
        "operationId": f"{scenario}-{name}",
        "responses": {
            str(action.status): {"description": "OK", "content": content},
            "default": {"description": "Error", "content": error},
        },
    }
    if action.permission != Permission.SCENARIO_ASK:
        operation["description"] = f"Needs the permission `{action.permission.value}`."
    if action.parameters:
        operation["parameters"] = list(action.parameters)
    if action.request is not None:
        operation |= json_body(placed("request", action.request))
    return operation


def _socket(scenario: str, name: str, socket: SocketEntry, schemas: dict[str, Any]) -> dict[str, Any]:
    """Return a WebSocket as OpenAPI can tell it: a GET that answers 101."""
    described = [_SOCKET]
    if socket.permission != Permission.SCENARIO_ASK:
        described.append(f"Needs the permission `{socket.permission.value}`.")
    if socket.message is not None:
        for side, shape in (("request", socket.message.request), ("response", socket.message.response)):
            schema = dict(shape)
            schemas.update(schema.pop("$defs", {}))
            schemas[f"{scenario}.{socket.message.action}.{side}"] = schema
        described.append(
            f"A text frame with a `{scenario}.{socket.message.action}.request`, and an `id` if you like, is answered "
            f'by a frame `{{"event": "reply", "data": …, "id": …}}`, its data a '
            f"`{scenario}.{socket.message.action}.response`."
        )
    error = {"application/json": {"schema": {"$ref": _REF.format(model="Error")}}}
    return {
        "tags": ["Scenarios"],
        "summary": socket.summary,
        "description": " ".join(described),
        "operationId": f"{scenario}-{name}",
        "parameters": list(socket.parameters),
        "responses": {
            "101": {"description": "Switching Protocols"},
            "default": {"description": "Error", "content": error},
        },
    }


_SOCKET = (
    'A WebSocket: ask for an upgrade. It sends text frames `{"event": …, "data": …}`; errors come as the event '
    "`error`, with the object that HTTP has."
)
_EVENTS = "With `stream: true` in the body: server-sent events, the last one `done` with the whole answer, or `error`."
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string"},
            },
        }
    },
}
