"""The forms of keys, and the commands that do the same."""

import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime

from appliance.core.messages import Message, _
from appliance.core.principal import ROLES, Scopes
from appliance.operations.keys import parse_expiry
from appliance.state.accounts.fields import check_key_fields
from appliance.tui import governance_words as words
from appliance.tui.drawing import one_line
from appliance.tui.governance_source import KeySeen, TenantSeen
from appliance.tui.screens.governance_form import Form, FormField

_PRIORITIES = (
    ("interactive", _("somebody waits for the answer")),
    ("batch", _("may run behind what people wait for")),
)
_SCOPES = (("models", "--model"), ("scenarios", "--scenario"), ("knowledge_bases", "--base"), ("networks", "--network"))
_OVERLAP = "7d"


def names_in(text: str) -> tuple[str, ...] | None:
    """Return the names in a list with commas; None where nothing is written."""
    names = tuple(part for part in (one.strip() for one in text.replace("，", ",").split(",")) if part)
    return names or None


def approval_field(value: str = "") -> FormField:
    """Return the field of changes that a second person must approve."""
    hint = _("Only where a second person had to approve it: the id of their approval, apr_…")
    return FormField("approval", _("Approval"), hint, value)


def key_form(own_tenant: str, tenants: Sequence[TenantSeen], draft: Mapping[str, str], now: datetime) -> Form:
    """Return the form of a new key; what was written before is in `draft`."""
    of = [(one.name, Message(one_line(one.title))) for one in tenants] or [(own_tenant, Message(""))]
    many = _("Empty is every one. Several are parted by commas.")

    def line(name: str, label: Message, hint: Message) -> FormField:
        return FormField(name, label, hint, draft.get(name, ""))

    return Form(
        _("Make a key"),
        (
            line("name", _("Name"), _("What the key is for, such as the program that gets it.")),
            FormField(
                "tenant", _("Tenant"), _("Who its use is counted for. ← and →, or the first letter, take another."),
                draft.get("tenant", own_tenant), of,
            ),
            FormField(
                "role", _("Role"), _("What it may do. ← and →, or the first letter, take another."),
                draft.get("role", "caller"), [(role, words.ROLES[role]) for role in reversed(ROLES)],
            ),
            line("models", _("Models"), many),
            line("scenarios", _("Scenarios"), many),
            line("knowledge_bases", _("Knowledge bases"), many),
            line("networks", _("Networks"), _("Where it may be used from, such as 10.20.0.0/16; empty is anywhere.")),
            FormField(
                "expires", _("Ends"), _("12h, 30d, 8w, 1y, or a day such as 2027-12-31; empty: as your own key."),
                draft.get("expires", "1y"),
            ),
            FormField(
                "priority", _("Urgency"), _("Work that nobody waits for should be batch."),
                draft.get("priority", "interactive"), _PRIORITIES,
            ),
            approval_field(draft.get("approval", "")),
        ),
        create_command,
        lambda values: _check(values, now),
    )  # fmt: skip


def rotate_form(key: KeySeen, now: datetime) -> Form:
    """Return the form of a successor."""

    def check(values: Mapping[str, str]) -> None:
        if values["overlap"]:
            parse_expiry(values["overlap"], now)

    return Form(
        _("Replace the key {name}", name=one_line(key.name)),
        (
            FormField(
                "overlap",
                _("Old key ends in"),
                _("How long both are good: 12h, 7d, at most 30d; empty is at once."),
                _OVERLAP,
            ),
            approval_field(),
        ),
        lambda values: rotate_command(key.id, values),
        check,
    )


def create_command(values: Mapping[str, str]) -> str:
    """Return the command that makes the same key."""
    parts = [f"appliance key create {shlex.quote(values['name'] or 'NAME')}"]
    parts += [f"--tenant {shlex.quote(values['tenant'])}", f"--role {values['role']}"]
    parts += [f"{option} {shlex.quote(name)}" for kind, option in _SCOPES for name in names_in(values[kind]) or ()]
    parts += [f"--expires {shlex.quote(values['expires'])}"] if values["expires"] else []
    parts += ["--priority batch"] if values["priority"] == "batch" else []
    return " ".join(parts + _approval(values))


def rotate_command(key_id: str, values: Mapping[str, str]) -> str:
    """Return the command that makes the same successor."""
    parts = [f"appliance key rotate {key_id} --overlap {shlex.quote(values['overlap'] or '0h')}"]
    return " ".join(parts + _approval(values))


def _approval(values: Mapping[str, str]) -> list[str]:
    return [f"--approval {shlex.quote(values['approval'])}"] if values["approval"] else []


def _check(values: Mapping[str, str], now: datetime) -> None:
    """Raise `InvalidRequest` for what no key can have."""
    check_key_fields(values["name"], values["tenant"], values["role"], values["priority"], Scopes())
    if values["expires"]:
        parse_expiry(values["expires"], now)
