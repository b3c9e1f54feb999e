"""Settings that a second person must see before they count: compared at each start with those applied last."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import iso, utc_now
from appliance.core.errors import ApplianceError, ApprovalNeeded
from appliance.core.messages import _
from appliance.guardrails.lexicon.reloading import lexicon_digest
from appliance.operations.accounts import Accounts, nothing_there, open_accounts
from appliance.operations.operator import operator
from appliance.operations.redaction import without_secrets
from appliance.state.applied_settings import LEXICONS, Applied, Group, read_applied, write_applied
from appliance.state.approval_people import Person
from appliance.state.approval_records import Approval, canonical, sha256_of
from appliance.state.audit.records import NewRecord

_KINDS: Final[Mapping[Group, str]] = {
    "policy": "policy.change", "models": "model.switch", "retention": "retention.change"
}  # fmt: skip
_SECTIONS: Final[Mapping[Group, tuple[str, ...]]] = {
    "policy": ("guardrails", "quotas", "labels", "audit", "sign_in", "approvals"),
    "models": ("models", "embedder"),
    "retention": ("reviews",),
}
_ADDED_LATER: Final[tuple[Group, ...]] = ("retention",)


@dataclass(frozen=True)
class _Change:
    """A group that differs from what was applied last, with the ticket where one is needed and there."""

    group: Group
    before: Applied | None
    after: Applied
    settings: list[str]
    ticket: Approval | None = None


@contextmanager
def applying_settings(home: Home, site: SiteConfig) -> Iterator[None]:
    """Record the settings as applied for a start inside the block; where that fails, those before count again.

    Raises `ApprovalNeeded` where they differ from the last ones and the site, as it is or was, wants a second person.
    The first start takes them as they are. A ticket for exactly this change is found and used by itself.
    """
    with open_accounts(home, site) as accounts:
        changes = _decided(accounts, list(_changes(accounts, site)))
    applied: list[_Change] = []
    try:
        with open_accounts(home, site) as accounts:
            for change in changes:
                _apply(accounts, change)
                applied.append(change)
        yield
    except BaseException:
        with open_accounts(home, site) as accounts:
            for change in applied:
                _put_back(accounts, change)
        raise


def ask_for_settings(home: Home, site: SiteConfig, after: SiteConfig) -> None:
    """Ask the second person whom a start with `after` would need, before `after` is written; a ticket stays unused.

    Raises `ApprovalNeeded` where somebody must agree and has not. A home that never started needs nobody.
    """
    if nothing_there(home, site):
        return
    with open_accounts(home, site) as accounts:
        _decided(accounts, list(_changes(accounts, after)), starting=False)


def settings_of(site: SiteConfig, group: Group) -> dict[str, Any]:
    """Return what a group says that differs from the defaults, with the digest of each lexicon file of the site.

    Raises `ConfigError` for a lexicon that cannot be used.
    """
    found = site.model_dump(mode="json", include=set(_SECTIONS[group]), exclude_defaults=True)
    if group == "policy":
        guardrails = site.guardrails
        files = {guardrails.lexicon, *(one.lexicon for one in guardrails.tenants.values())} - {None}
        digests = {str(Path(file)): lexicon_digest(Path(file)) for file in sorted(filter(None, files))}
        found |= {LEXICONS: digests} if digests else {}
    return found


def changed_settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each setting that differs, by its dotted name, with both values; secrets are not shown."""
    old, new = _flat(before), _flat(after)
    return [
        {"setting": name, "before": without_secrets(name, old.get(name)), "after": without_secrets(name, new.get(name))}
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]


def _changes(accounts: Accounts, site: SiteConfig) -> Iterator[_Change]:
    now = iso(utc_now())
    for group in _SECTIONS:
        content = settings_of(site, group)
        text = canonical(content)
        before = read_applied(accounts.database, group) or _defaults_before(accounts, group, now)
        if before is None or before.sha256 != sha256_of(text):
            names = [one["setting"] for one in changed_settings(before.content if before else {}, content)]
            yield _Change(group, before, Applied(group, sha256_of(text), text, now, operator()), names)


def _defaults_before(accounts: Accounts, group: Group, now: str) -> Applied | None:
    """Return the defaults where a start applied settings before this group was looked at; None: nothing ever started.

    Else an upgrade would let one person change what two must agree on.
    """
    if group not in _ADDED_LATER or read_applied(accounts.database, "policy") is None:
        return None
    text = canonical({})
    return Applied(group, sha256_of(text), text, now, operator())


def _decided(accounts: Accounts, changes: list[_Change], *, starting: bool = True) -> list[_Change]:
    """Return the changes with their tickets. Raises `ApprovalNeeded` where one is missing, having asked for all."""
    decided: list[_Change] = []
    missing: list[tuple[_Change, Approval]] = []
    for change in changes:
        kind = _KINDS[change.group]
        if change.before is None or not accounts.approvals.required(kind):
            decided.append(change)
            continue
        payload = _payload(change, change.before)
        ticket = accounts.approvals.find_approved(kind, payload)
        if ticket is None:
            missing.append((change, accounts.approvals.ask(kind, payload, Person(operator()))[0]))
        else:
            decided.append(_Change(change.group, change.before, change.after, change.settings, ticket))
    if missing:
        raise _not_approved(missing, starting=starting)
    return decided


def _payload(change: _Change, before: Applied) -> dict[str, Any]:
    return {
        "action": f"settings.{change.group}",
        "before_sha256": before.sha256,
        "after_sha256": change.after.sha256,
        "changes": changed_settings(before.content, change.after.content),
    }


def _apply(accounts: Accounts, change: _Change) -> None:
    by = Person(operator())
    if change.ticket is not None and change.before is not None:
        ticket, payload = change.ticket, _payload(change, change.before)
        accounts.approvals.use(ticket.kind, payload, by, ticket.id, by_anyone=True)
    data = {
        "section": change.group,
        "sha256": change.after.sha256,
        "settings": change.settings[:200],
        "approval": None if change.ticket is None else change.ticket.id,
    }
    _write(accounts, "applied", change.group, change.after, data)


def _put_back(accounts: Accounts, change: _Change) -> None:
    data = {"section": change.group, "sha256": None if change.before is None else change.before.sha256}
    _write(accounts, "put_back", change.group, change.before, data)
    if change.ticket is not None:
        accounts.approvals.put_back(change.ticket.id, Person(operator()))


def _write(accounts: Accounts, event: str, group: Group, applied: Applied | None, data: dict[str, Any]) -> None:
    log = accounts.audit
    if log is None:  # the first start: the log begins with the ledger
        with accounts.database.write() as connection:
            write_applied(connection, group, applied)
        return
    record = NewRecord(
        f"admin.settings.{event}", actor=operator(), action=f"settings {event}", target=group, outcome="done", data=data
    )
    with log.changing() as (connection, chain):
        write_applied(connection, group, applied)
        chain.add([log.fields(record)])


def _not_approved(missing: list[tuple[_Change, Approval]], *, starting: bool) -> ApplianceError:
    tickets = [ticket for _change, ticket in missing]
    names = [name for change, _ticket in missing for name in change.settings]
    shown = ", ".join(names[:8]) + (f" … (+{len(names) - 8})" if len(names) > 8 else "")
    commands = ", ".join(f"`appliance approval approve {ticket.id}`" for ticket in tickets)
    if starting:
        told = _(
            "The site file has changed where a second person must agree: {settings}. Nothing was started.",
            settings=shown,
        )
        hint = _("Another person runs {commands}; then `appliance up` goes on by itself.", commands=commands)
    else:
        told = _("A second person must agree to this: {settings}. The site file is as it was.", settings=shown)
        hint = _("Another person runs {commands}; then do the same again.", commands=commands)
    return ApprovalNeeded(
        told, hint, details={"approval": tickets[0].id, "approvals": [ticket.id for ticket in tickets]}
    )


def _flat(value: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, inner in value.items():
        path = f"{above}.{name}" if above else name
        if isinstance(inner, Mapping) and inner:
            found |= _flat(inner, path)
        else:
            found[path] = json.loads(json.dumps(inner))
    return found
