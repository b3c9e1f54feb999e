"""Limits on JSON schemas that callers send: the engine compiles them, and some would never end."""

import re
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from appliance.core.messages import _
from appliance.core.validation import Fault

_MAX_DEPTH = 32
_MAX_NODES = 1_000  # checking one takes a third of a millisecond
_MAX_TOGETHER = 2_000
_MAX_COUNT = 10_000
_MAX_PATTERN = 512
_MAX_REPEAT = 256  # the engine unrolls a{1,10000}: eight seconds, then it fails
_REPEAT = re.compile(r"\{(\d*)(?:,(\d*))?\}")
_COUNTS = (
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
    "minContains",
    "maxContains",
)


def depth_and_size(value: object, limit: int) -> tuple[int, int]:
    """Return nesting depth and number of containers of parsed JSON, without recursion; stops counting past `limit`."""
    deepest, count = 0, 0
    stack: list[tuple[object, int]] = [(value, 1)]
    while stack:
        node, depth = stack.pop()
        children: list[object]
        if isinstance(node, dict):
            children = list(node.values())
        elif isinstance(node, list):
            children = node
        else:
            continue
        deepest, count = max(deepest, depth), count + 1
        if deepest > limit:
            break
        stack.extend((child, depth + 1) for child in children)
    return deepest, count


def check_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return `schema` unchanged, or raise `Fault` that says which limit it breaks."""
    depth, count = depth_and_size(schema, _MAX_DEPTH)
    if depth > _MAX_DEPTH:
        raise Fault(_("the schema is nested more than {limit} levels deep", limit=_MAX_DEPTH))
    if count > _MAX_NODES:
        raise Fault(_("the schema has more than {limit} parts", limit=_MAX_NODES))
    _check_keywords(schema)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise Fault(_("it is not a valid JSON schema ({reason})", reason=error.message[:200])) from error
    return schema


def check_together(tools: object) -> object:
    """Return a request's tools unchanged, or raise `Fault` when their schemas are too much work together."""
    if depth_and_size(tools, 2 * _MAX_DEPTH)[1] > _MAX_TOGETHER:
        raise Fault(_("the schemas have more than {limit} parts together", limit=_MAX_TOGETHER))
    return tools


def _check_keywords(schema: dict[str, Any]) -> None:
    stack: list[object] = [schema]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, dict):
            stack.extend(node.values())
            for name in _COUNTS:
                count = node.get(name)
                if isinstance(count, int | float) and count > _MAX_COUNT:
                    raise Fault(_("{name} in the schema may be at most {limit}", name=name, limit=_MAX_COUNT))
            named = node.get("patternProperties")
            for pattern in (node.get("pattern"), *(named if isinstance(named, dict) else ())):
                if isinstance(pattern, str):
                    _check_pattern(pattern)
            reference = node.get("$ref")
            if isinstance(reference, str) and not reference.startswith("#"):
                raise Fault(_("$ref in the schema may only point inside the schema"))


def _check_pattern(pattern: str) -> None:
    if len(pattern) > _MAX_PATTERN:
        raise Fault(_("a pattern in the schema may have at most {limit} characters", limit=_MAX_PATTERN))
    times = 1
    for repeat in _REPEAT.finditer(pattern):
        bound = max(int(digits) for digits in ("1", *repeat.groups()) if digits)
        times *= bound
        if bound > _MAX_REPEAT or times > _MAX_COUNT:
            raise Fault(_("a pattern in the schema may repeat a part at most {limit} times", limit=_MAX_REPEAT))
