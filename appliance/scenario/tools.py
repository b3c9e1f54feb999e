"""Actions as tools that a model may call: names, and arguments as a JSON schema that every client understands."""

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from appliance.core.errors import ConfigError
from appliance.core.messages import _

TOOL_KEY: Final = "x-tool"
"""Where the description of an action's answer says that the action is a tool, with `description` and `parameters`."""
JOINT: Final = "__"
"""Between scenario and action in a tool's name; no scenario's name has it."""
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MOST_DESCRIPTION = 1024  # characters
_STREAM = "stream"
_DEFS = "#/$defs/"
_DROPPED = ("title", "default", "examples", "discriminator", "deprecated")
_NAMED_PARTS = ("properties", "patternProperties")
_LISTED_PARTS = ("anyOf", "allOf", "prefixItems")
_STRICT_KEYS = frozenset(
    {
        "type", "description", "enum", "const", "properties", "required", "additionalProperties", "items", "anyOf",
        "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems",
        "maxItems",
    }
)  # fmt: skip
"""Keywords that OpenAI's strict mode takes."""

Schema = dict[str, Any]


def tool_name(scenario: str, action: str) -> str:
    """Return the name that a model calls an action by."""
    return f"{scenario}{JOINT}{action}"


def check_tool(scenario: str, action: str, description: str, arguments: Mapping[str, Any]) -> None:
    """Raise `ConfigError` for a tool that clients would not take."""
    name = tool_name(scenario, action)
    if _NAME.fullmatch(name) is None or not 0 < len(description) <= _MOST_DESCRIPTION or "$ref" in str(arguments):
        raise ConfigError(
            _("The action {name} of the scenario {pack} cannot be a tool.", name=action, pack=scenario),
            _(
                "A tool answers with JSON, has a description of 1 to {limit} characters, a name of up to 64 ASCII "
                "letters, digits, - and _ together with the scenario's, and a request that does not hold itself.",
                limit=_MOST_DESCRIPTION,
            ),
        )


def arguments_of(request: type[BaseModel]) -> Schema:
    """Return the JSON schema of a tool's arguments: a request without `stream`.

    It stands alone: nothing refers to another place, but for a model that holds itself. Objects take no further fields.
    """
    schema = request.model_json_schema()
    inlined = _plain(schema, schema.get("$defs", {}), ())
    inlined.pop("description", None)  # the docstring of a class, which the tool's own description replaces
    properties: Schema = inlined.setdefault("properties", {})
    properties.pop(_STREAM, None)
    inlined["required"] = [name for name in inlined.get("required", ()) if name != _STREAM]
    inlined["additionalProperties"] = False
    return inlined


def is_strict(schema: Mapping[str, Any]) -> bool:
    """Tell whether a schema is one that OpenAI's strict mode takes: every field required, no keyword it knows not."""
    if not schema.keys() <= _STRICT_KEYS or not schema.keys() & {"type", "enum", "const", "anyOf"}:
        return False
    properties: Mapping[str, Any] = schema.get("properties", {})
    if schema.get("type") == "object" and (
        set(schema.get("required", ())) != set(properties) or schema.get("additionalProperties") is not False
    ):
        return False
    inner = [*properties.values(), *schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())]
    return all(isinstance(one, dict) and is_strict(one) for one in inner)


def _plain(schema: Mapping[str, Any], definitions: Mapping[str, Any], inside: tuple[str, ...]) -> Schema:
    """Return a schema without `$ref`, titles and defaults; `inside` names what it stands in."""
    name = str(schema.get("$ref", "")).removeprefix(_DEFS)
    if name and name not in inside:
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return _plain({**definitions[name], **beside}, definitions, (*inside, name))
    plain: Schema = {}
    for key, value in schema.items():
        if key in _DROPPED or key == "$defs":
            continue
        if key in _NAMED_PARTS:
            plain[key] = {one: _plain(part, definitions, inside) for one, part in value.items()}
        elif key == "oneOf" or key in _LISTED_PARTS:  # each member of pydantic's `oneOf` has its own tag
            plain["anyOf" if key == "oneOf" else key] = [_plain(part, definitions, inside) for part in value]
        elif isinstance(value, Mapping):
            plain[key] = _plain(value, definitions, inside)
        else:
            plain[key] = value
    if plain.get("type") == "object" and "properties" in plain:
        plain.setdefault("additionalProperties", False)
        plain.setdefault("required", [])
    return plain
