"""Which tenant and role somebody gets by what a directory says of them. Who fits no rule does not get in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.core.errors import PermissionDenied
from appliance.core.messages import _


@dataclass(frozen=True)
class ClaimRule:
    """One rule: whoever's `claim` is or holds `value` has this tenant and role. Dots lead into nested claims."""

    claim: str
    value: str
    tenant: str
    role: str


def place_of(claims: Mapping[str, Any], rules: Sequence[ClaimRule]) -> tuple[str, str]:
    """Return tenant and role by the first rule that fits. Raises `PermissionDenied` where none does."""
    for rule in rules:
        if rule.value in _values(claims, rule.claim):
            return rule.tenant, rule.role
    raise PermissionDenied(
        _("Your account is known, but no rule of this appliance lets it in."),
        _("Ask an administrator to add one of your groups to the rules in the site file."),
        code="no_rule",
    )


def _values(claims: Mapping[str, Any], path: str) -> Iterable[str]:
    """Return the texts of a claim; a name with dots in it counts more than the way into nested ones."""
    found: object = claims.get(path)
    if found is None and "." in path:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return (found,)
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list | tuple) else ()
