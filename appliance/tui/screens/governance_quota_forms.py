"""A quota as it is shown, and the form that sets its limits."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.state.quotas import LIMITS, Scope
from appliance.tui import governance_words as words
from appliance.tui.screens.governance_form import Form, FormField
from appliance.tui.screens.governance_key_forms import approval_field

EVERY = "*"
"""The name of the quota of every key that has none of its own."""


@dataclass(frozen=True)
class QuotaRow:
    """A quota; `title` is what the key or person of it is called, where that is known."""

    scope: Scope
    name: str
    limits: Mapping[str, int | None]
    given: tuple[str, ...]
    """The limits that were set here; the others are those of the site file."""
    used: Mapping[str, int]
    title: str = ""

    def share(self, kind: str) -> float | None:
        """Return how much of a limit is used; None where there is no limit, or many keys share the row."""
        limit = self.limits.get(kind)
        return None if limit is None or self.name == EVERY else 1.0 if not limit else self.used.get(kind, 0) / limit


def limits_in(values: Mapping[str, str]) -> dict[str, int | None]:
    """Return the limits that are written; `none` is no limit. Raises `InvalidRequest`."""
    limits: dict[str, int | None] = {}
    for kind in LIMITS:
        text = values[kind].replace(",", "").replace("_", "").strip()
        if not text:
            continue
        if text != "none" and not (text.isascii() and text.isdecimal()):
            raise InvalidRequest(
                _("The limit {kind} cannot be {value}.", kind=kind, value=ascii(text)),
                _("Give a whole number from 0, or none for no limit."),
            )
        limits[kind] = None if text == "none" else int(text)
    if not limits:
        raise InvalidRequest(_("No limit was given."), _("Write a number into one of the fields at least."))
    return limits


def _check(values: Mapping[str, str]) -> None:
    if not values["name"]:
        raise InvalidRequest(_("Say whose limits they are."), _("An id of a key or person, a tenant, or a model."))
    limits_in(values)


def quota_form(row: QuotaRow | None, draft: Mapping[str, str]) -> Form:
    """Return the form of limits: of `row`, or of whom is written; what was written before is in `draft`."""
    same = row is None or (draft.get("scope"), draft.get("name")) == (row.scope, row.name)
    draft = draft if same else {}
    current = {kind: str(row.limits.get(kind)) for kind in row.given if row.limits.get(kind) is not None} if row else {}
    number = _("A whole number, or none for no limit; empty leaves it to the site file, or as it is.")
    scopes = [(scope, word) for scope, word in words.SCOPES.items()]
    return Form(
        _("Set limits"),
        (
            FormField(
                "scope", _("Of"), _("← and → take another."), row.scope if row else draft.get("scope", "tenant"), scopes
            ),
            FormField(
                "name", _("Name"), _("Id of a key or person (lma-…, lmu-…), a tenant, or the name of a model."),
                row.name if row else draft.get("name", ""),
            ),
            *(
                FormField(kind, label, number, draft.get(kind, current.get(kind, "")))
                for kind, label in words.LIMITS.items()
            ),
            approval_field(draft.get("approval", "")),
        ),
        quota_command,
        _check,
    )  # fmt: skip


def quota_command(values: Mapping[str, str]) -> str:
    """Return the command that sets the same limits."""
    parts = [f"appliance quota set {values['scope']} {shlex.quote(values['name'] or 'NAME')}"]
    parts += [f"--{kind.replace('_', '-')} {shlex.quote(values[kind])}" for kind in LIMITS if values[kind]]
    parts += [f"--approval {shlex.quote(values['approval'])}"] if values["approval"] else []
    return " ".join(parts)
