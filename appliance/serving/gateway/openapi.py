"""The OpenAPI document: request bodies from the strict schemas, scenarios from what runs."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from appliance.serving.gateway.directory import Directory

_REF = "#/components/schemas/{model}"
_bodies: dict[str, type[BaseModel]] = {}


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return `openapi_extra` for a route that parses its body itself."""
    _bodies[model.__name__] = model
    return json_body(_REF.format(model=model.__name__))


def json_body(reference: str) -> dict[str, Any]:
    """Return a required JSON request body that `reference` describes."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": reference}}}}}


def file_body() -> dict[str, Any]:
    """Return a multipart request body with one file."""
    schema = {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary"}},
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


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
        for action, shapes in scenario.actions.items():
            path = f"/v1/scenarios/{scenario.name}/{action}"
            document["paths"][path] = {"post": _operation(scenario.name, action, shapes, schemas)}
    return document


def _operation(scenario: str, action: str, shapes: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    references = {}
    for side in ("request", "response"):
        schema = dict(shapes[side])
        schemas.update(schema.pop("$defs", {}))
        name = f"{scenario}.{action}.{side}"
        schemas[name] = schema
        references[side] = _REF.format(model=name)
    return {
        "tags": ["Scenarios"],
        "summary": shapes.get("summary", action),
        "operationId": f"{scenario}-{action}",
        **json_body(references["request"]),
        "responses": {
            "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": references["response"]}}},
            },
            "default": {
                "description": "Error",
                "content": {"application/json": {"schema": {"$ref": _REF.format(model="Error")}}},
            },
        },
    }


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
