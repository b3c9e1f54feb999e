"""Names of accounts, fields, kinds of documents and figures that an outline may use."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from appliance.core.messages import Message, _
from appliance.scenario.yaml_files import nearest, read_as, read_yaml

from .references import Reference

_FILE: Final = Path(__file__).with_name("codes.yaml")
_PACK: Final = Path(__file__).resolve().parent.parent
LISTS: Final = ("files", "conflicts", "gaps", "questions", "warnings", "payments", "checks", "checks_failed")
"""What can be counted beside groups of fields."""
SEVERITIES: Final = ("serious", "warning", "info")


class _Names(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    accounts: dict[str, tuple[str, ...]]
    kinds: tuple[str, ...]
    facts: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]
    figures: tuple[str, ...]
    families: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Codes:
    """All names, by what they name; `statements` gives the accounts of each statement in order."""

    statements: Mapping[str, tuple[str, ...]]
    accounts: frozenset[str]
    kinds: frozenset[str]
    facts: frozenset[str]
    groups: frozenset[str]
    figures: frozenset[str]
    families: Mapping[str, tuple[str, ...]]

    def fault(self, reference: Reference) -> tuple[Message, Message | None] | None:
        """Return what is wrong with the name in a reference, and a hint; None: nothing."""
        form = reference.extra if reference.form in ("title", "series") else reference.form
        if form == "list" and reference.extra not in self.facts:
            return _unknown(_("there is no field {name}", name=reference.extra), reference.extra, self.facts)
        return self.name_fault({"list": "group", "plural": "count", "party": "figure"}.get(form, form), reference.name)

    def name_fault(self, form: str, name: str) -> tuple[Message, Message | None] | None:
        """Return what is wrong with a name of an item, a figure, a fact, a group, a count or a kind; None: nothing."""
        if form == "item" and name not in self.accounts:
            return _unknown(_("there is no account {name}", name=name), name, self.accounts)
        if form == "fact" and name not in self.facts:
            return _unknown(_("there is no field {name}", name=name), name, self.facts)
        if form == "group" and name not in self.groups:
            return _unknown(_("there is no group of fields {name}", name=name), name, self.groups)
        if form == "count" and name not in self.groups and name not in LISTS:
            return _unknown(_("nothing is called {name} that can be counted", name=name), name, {*self.groups, *LISTS})
        if form == "findings" and name not in SEVERITIES:
            return _unknown(_("there is no severity {name}", name=name), name, SEVERITIES)
        if form == "kind" and name not in self.kinds:
            return _unknown(_("there is no kind of document {name}", name=name), name, self.kinds)
        return self._figure_fault(name) if form == "figure" else None

    def _figure_fault(self, name: str) -> tuple[Message, Message | None] | None:
        if name in self.figures:
            return None
        family, dot, key = name.partition(".")
        if not dot:
            return _unknown(_("there is no figure {name}", name=name), name, self.figures)
        if family in self.families["key"]:
            return None
        if family in self.families["account"]:
            return None if key == "*" else self.name_fault("item", key)
        if family in self.families["figure"]:
            return None if key == "*" else self._figure_fault(key)
        return _unknown(_("there is no figure {name}", name=name), name, [*self.figures, *_all(self.families)])


def _all(groups: Mapping[str, Collection[str]]) -> list[str]:
    return [name for names in groups.values() for name in names]


def _unknown(reason: Message, name: str, names: Collection[str]) -> tuple[Message, Message | None]:
    return reason, nearest(name, names)


@cache
def shipped() -> Codes:
    """Return the names without a bank's own, read once."""
    return known()


@cache
def _shipped() -> _Names:
    return read_as(_FILE, _Names)


def known(own: Path | None = None) -> Codes:
    """Return all names: ours, those of the other parts' YAML files, and those of the bank's own in `own`."""
    names = _shipped()
    statements = {statement: tuple(accounts) for statement, accounts in names.accounts.items()} | _charted(own)
    return Codes(
        statements,
        frozenset([*_all(statements), *_all(names.accounts)]),
        frozenset([*names.kinds, *_keys("kinds", own, "kinds")]),
        frozenset([*names.facts, *_all(names.groups), *_keys("fields", own, "fields", "quotes"), *_columns(own)]),
        frozenset([*names.groups, *_keys("fields", own, "lists", "quotes")]),
        frozenset([*names.figures, *_keys("formulas", own, "formulas")]),
        names.families,
    )


_ELSEWHERE: Final = {"accounts": "statements", "kinds": "sorting", "fields": "fields", "formulas": "analysis"}
"""Files that other parts read, and the folder of each."""


def _charted(own: Path | None) -> dict[str, tuple[str, ...]]:
    """Return the accounts of each statement in the order of the chart of accounts."""
    found: dict[str, list[str]] = {}
    for path in _places("accounts", own):
        for code, entry in read_yaml(path).get("accounts", {}).items():
            listed = found.setdefault(str(entry.get("statement", "")), [])
            if code not in listed:
                listed.append(str(code))
    return {statement: tuple(codes) for statement, codes in found.items() if statement in _shipped().accounts}


def _places(name: str, own: Path | None) -> list[Path]:
    paths = [_PACK / _ELSEWHERE[name] / f"{name}.yaml", *([own / f"{name}.yaml"] if own is not None else [])]
    return [path for path in paths if path.is_file()]


def _keys(name: str, own: Path | None, *within: str) -> list[str]:
    """Return the names of the entries of `within` in a part's YAML file and the bank's own; they may be none."""
    found: list[str] = []
    for path in _places(name, own):
        data = read_yaml(path)
        for field in within:
            entries = data.get(field)
            found.extend(str(one) for one in (entries if isinstance(entries, dict) else ()))
    return found


def _columns(own: Path | None) -> list[str]:
    """Return the fields of the lists of fields.yaml."""
    lists = [one for path in _places("fields", own) for one in (read_yaml(path).get("lists") or {}).values()]
    return [str(name) for one in lists if isinstance(one, dict) for name in one.get("columns") or {}]
