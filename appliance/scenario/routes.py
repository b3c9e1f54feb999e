"""Addresses of actions below `/v1/scenarios/<pack>/`: templates such as `conversations/{conversation_id}`."""

import re
from typing import Literal

Method = Literal["GET", "POST", "PATCH", "DELETE"]

_PART = re.compile(r"[a-z0-9][a-z0-9_.-]*|\{[a-z][a-z0-9_]*\}")


def placeholders(template: str) -> tuple[str, ...]:
    """Return the names in braces, in order."""
    return tuple(part[1:-1] for part in template.split("/") if part.startswith("{"))


def is_template(template: str) -> bool:
    """Tell whether each part is a plain word or one name in braces, no name twice."""
    names = placeholders(template)
    return len(set(names)) == len(names) and all(_PART.fullmatch(part) for part in template.split("/"))


def shape_of(template: str) -> str:
    """Return the template without its names: two of one shape match the same paths."""
    return "/".join("{}" if part.startswith("{") else part for part in template.split("/"))


def match(template: str, path: str) -> dict[str, str] | None:
    """Return what `path` puts in the braces of `template`, or None where it does not fit."""
    wanted, given = template.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    found: dict[str, str] = {}
    for part, text in zip(wanted, given, strict=True):
        if part.startswith("{") and text:
            found[part[1:-1]] = text
        elif part != text:
            return None
    return found
