"""Addresses of actions below `/v1/scenarios/<pack>/`: templates such as `conversations/{conversation_id}`.

The empty template is the scenario's own address, `/v1/scenarios/<pack>`.
"""

import re
from typing import Final, Literal

Method = Literal["GET", "POST", "PATCH", "DELETE"]

ROOT: Final = "/"
"""As the path of an action: the scenario's own address."""

_PART = re.compile(r"[a-z0-9][a-z0-9_.-]*|\{[a-z][a-z0-9_]*\}")


def placeholders(template: str) -> tuple[str, ...]:
    """Return the names in braces, in order."""
    return tuple(part[1:-1] for part in template.split("/") if part.startswith("{"))


def is_template(template: str) -> bool:
    """Tell whether each part is a plain word or one name in braces, no name twice; the empty one is a template too."""
    names = placeholders(template)
    fits = all(_PART.fullmatch(part) for part in template.split("/"))
    return template == "" or (fits and len(set(names)) == len(names))


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


def address_of(scenario: str, template: str) -> str:
    """Return where callers find a template of a scenario."""
    return f"/v1/scenarios/{scenario}/{template}".removesuffix("/")
