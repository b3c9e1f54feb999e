"""Example calls of a scenario: payloads from what its pack tries at a start, or from an action's JSON schema."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.config.home import Home
from appliance.config.installation import shipped

Json = dict[str, Any]
_DEEPEST: Final = 6
_KEY: Final = "Authorization: Bearer $APPLIANCE_KEY"


@dataclass(frozen=True)
class Example:
    """One request: the action's name and its payload."""

    action: str
    payload: Json = field(default_factory=dict)


class _Smoke(BaseModel):
    model_config = ConfigDict(extra="ignore")

    action: str
    payload: Json = Field(default_factory=dict)


class _Description(BaseModel):
    model_config = ConfigDict(extra="ignore")

    smoke: list[_Smoke] = Field(default_factory=list)


def tried_requests(home: Home | None, scenario: str) -> tuple[Example, ...]:
    """Return what `appliance up` asks a scenario, read from its description alone; none where it cannot be read.

    Without a home, on another machine, the packs that are shipped count.
    """
    try:
        text = (_folder(home, scenario) / "scenario.yaml").read_text(encoding="utf-8")
        described = _Description.model_validate(yaml.safe_load(text))
    except (OSError, ValueError, yaml.YAMLError, ValidationError):
        return ()
    return tuple(Example(one.action, one.payload) for one in described.smoke)


def _folder(home: Home | None, scenario: str) -> Path:
    if home is None:
        return shipped("scenarios") / scenario.replace("-", "_")
    from appliance.scenario.places import pack_folders  # loads all that packs may use

    return pack_folders(home).get(scenario, home.root / "scenarios" / scenario)


def payload_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Json:
    """Return a small payload that a JSON schema takes: what it requires, with names in capitals for texts.

    `schemas` are those that `$ref`s name by their last part.
    """
    value = _value("", schema, schemas, 0)
    return value if isinstance(value, dict) else {}


def _value(name: str, schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int) -> Any:  # noqa: ANN401 - JSON
    reference = schema.get("$ref")
    if isinstance(reference, str) and depth < _DEEPEST:
        return _value(name, schemas.get(reference.rsplit("/", 1)[-1], {}), schemas, depth + 1)
    given = [*schema.get("examples", ()), schema.get("const"), *schema.get("enum", ()), schema.get("default")]
    known = next((one for one in given if one is not None), None)
    if known is not None:
        return known
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        if choice.get("type") != "null" and depth < _DEEPEST:
            return _value(name, choice, schemas, depth + 1)
    return _plain(name, schema, schemas, depth)


def _plain(name: str, schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int) -> Any:  # noqa: ANN401 - JSON
    kind = schema.get("type")
    if kind == "object" and depth < _DEEPEST:
        wanted = schema.get("required", ())
        properties = schema.get("properties", {})
        return {key: _value(key, properties[key], schemas, depth + 1) for key in wanted if key in properties}
    if kind == "array":
        least = schema.get("minItems") and depth < _DEEPEST
        return [_value(name, schema.get("items", {}), schemas, depth + 1)] if least else []
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return False
    return "YYYY-MM-DD" if schema.get("format") == "date" else name.upper() or {}


def curl(address: str, method: str, path: str, payload: Mapping[str, Any] | None) -> str:
    """Return the command that makes a request, on a few lines; the key is in the variable `APPLIANCE_KEY`.

    Names in braces in the path are written in capitals.
    """
    named = "/".join(part[1:-1].upper() if part.startswith("{") else part for part in path.split("/"))
    first = ["curl", "-s"] + ([] if method in ("GET", "POST") else ["-X", method]) + ["-H", f'"{_KEY}"']
    lines = [" ".join(first)]
    if method in ("POST", "PATCH"):
        lines.append('-H "Content-Type: application/json"')
    lines.append(shlex.quote(address + named))
    if method in ("POST", "PATCH"):
        lines.append("-d " + shlex.quote(json.dumps(payload or {}, ensure_ascii=False)))
    return " \\\n  ".join(lines)
