"""The early-warning rules of warnings.yaml, the bank's own over them: their form, and what cannot be is refused."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from appliance.core.messages import Message, _
from appliance.scenario.words import Words
from appliance.scenario.yaml_files import checked, nearest, read_yaml, refuse

from .formulas import Formulas

SHIPPED: Final = Path(__file__).with_name("warnings.yaml")
OWN: Final = "warnings.yaml"
REFERENCE: Final = re.compile(r"\{([a-z]+)(?::([a-z0-9_.]+))?(?:@(last|prior|first))?(?:\|(size))?\}")
_BRACES: Final = re.compile(r"\{[^{}]*\}")
_FORMS: Final = ("figure", "item", "fact", "period", "limit", "subject", "checks")
_SOURCES: Final = ("all", "any", "figure", "item", "fact", "checks")
_BOUNDS: Final = ("below", "above", "at_most", "at_least")
_MOST_SHARE: Final = 10.0
_DEEPEST: Final = 4
_EXAMPLES: Final = "{figure:roe@last}, {item:revenue@prior}, {fact:auditor}, {period:last}, {limit}, {checks}"


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(_Entry):
    """What must hold: one source with tests, all of which must hold, or all or any of other conditions."""

    all: tuple["Condition", ...] = ()
    any: tuple["Condition", ...] = ()
    figure: str | None = Field(default=None, description="Name of a figure.")
    item: str | None = Field(default=None, description="Code of an account.")
    fact: str | None = Field(default=None, description="Name of a field.")
    checks: Literal["failed"] | None = Field(default=None, description="A test that two sides are equal has failed.")
    below: float | None = None
    above: float | None = None
    at_most: float | None = None
    at_least: float | None = None
    below_figure: str | None = Field(default=None, description="Below another figure of the same period.")
    above_figure: str | None = Field(default=None, description="Above another figure of the same period.")
    by: float = Field(default=0.0, ge=0.0, description="How far from the other figure at least.")
    falls_by: float | None = Field(default=None, gt=0.0, le=10.0, description="Share of the year before: 0.3 is 30 %.")
    rises_by: float | None = Field(default=None, gt=0.0, le=10.0, description="Share of the year before.")
    falls: Literal[True] | None = None
    rises: Literal[True] | None = None
    contains: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(), description="Of a field: one of them."
    )
    lacks: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(), description="With `contains`: none of them."
    )
    years: int = Field(default=1, ge=1, le=5, alias="for", description="In so many years in a row, up to the last.")

    @model_validator(mode="after")
    def _possible(self) -> "Condition":
        named = [name for name in _SOURCES if getattr(self, name)]
        if len(named) != 1:
            raise ValueError(_("a condition names one of {names}", names=", ".join(_SOURCES)))
        tests = {name for name in ("contains", *_BOUNDS, *_MOVES, *_OTHERS) if getattr(self, name) not in (None, ())}
        if named[0] in ("all", "any", "checks"):
            if tests or self.years != 1:
                raise ValueError(_("{name} stands without tests of its own", name=named[0]))
            return self
        if not tests:
            raise ValueError(_("it has no test, such as `below: 1`"))
        if self.lacks and not self.contains:
            raise ValueError(_("`lacks` goes with `contains`"))
        if self.contains and (named[0] != "fact" or len(tests) > 1):
            raise ValueError(_("`contains` goes with a fact and stands alone"))
        if named[0] == "fact" and (self.years != 1 or tests & {*_MOVES, *_OTHERS}):
            raise ValueError(_("a fact is of one day: it neither rises nor falls nor has years"))
        if (self.falls or self.falls_by) and (self.rises or self.rises_by):
            raise ValueError(_("it can never hold: a value does not rise and fall in one year"))
        if crossed([self]):
            raise ValueError(_("it can never hold: no value is {bounds}", bounds=bounds_text([self])))
        return self

    def tree(self) -> Iterator["Condition"]:
        """Yield the condition and all below it."""
        yield self
        for one in (*self.all, *self.any):
            yield from one.tree()

    def limit(self) -> float | None:
        """Return the first threshold in it."""
        for one in self.tree():
            for name in (*_BOUNDS, "falls_by", "rises_by"):
                found = getattr(one, name)
                if found is not None:
                    return float(found)
        return None


_MOVES: Final = ("falls_by", "rises_by", "falls", "rises")
_OTHERS: Final = ("below_figure", "above_figure")


class Rule(_Entry):
    """One rule."""

    severity: Literal["info", "warning", "serious"]
    title: Words
    source: Words = Field(description="Whose threshold it is.")
    when: Condition
    text: Words = Field(
        description="A sentence with {figure:…}, {item:…}, {fact:…}, {period:…}, {limit}, {subject} or {checks}."
    )


class RuleFile(_Entry):
    """A warnings.yaml; `without` names shipped rules that the bank does not want."""

    rules: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")], Rule] = Field(default_factory=dict)
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reference:
    """A place of a text that takes a value."""

    form: str
    name: str
    at: str
    size: bool
    """Without its sign."""


def references(text: str) -> list[Reference]:
    """Return the references in a text."""
    return [Reference(one[1], one[2] or "", one[3] or "last", one[4] == "size") for one in REFERENCE.finditer(text)]


def crossed(conditions: Collection[Condition]) -> bool:
    """Whether no value can be within all bounds of conditions on one figure."""
    above = [value for one in conditions for value in (one.above, one.at_least) if value is not None]
    below = [value for one in conditions for value in (one.below, one.at_most) if value is not None]
    if not above or not below:
        return False
    strict = any(one.above == max(above) or one.below == min(below) for one in conditions)
    return max(above) > min(below) or (strict and max(above) == min(below))


def bounds_text(conditions: Collection[Condition]) -> str:
    """Return the bounds as they are written, for a message."""
    found = [
        f"{name}: {getattr(one, name):g}" for one in conditions for name in _BOUNDS if getattr(one, name) is not None
    ]
    return ", ".join(found)


@cache
def shipped() -> RuleFile:
    """Return the rules that ship with the pack, read once."""
    return checked(SHIPPED, RuleFile, read_yaml(SHIPPED))


def load(formulas: Formulas, facts: Collection[str], own: Path | None = None) -> Mapping[str, Rule]:
    """Return the rules by name, the bank's own over ours.

    Raises `ConfigError` that names file, entry and fix: unknown names, conditions that can never hold, texts with
    numbers of their own.
    """
    ours, theirs = shipped(), RuleFile()
    if own is not None and own.is_file():
        theirs = checked(own, RuleFile, read_yaml(own))
        for name in theirs.without:
            if name not in ours.rules:
                refuse(own, "without", _("there is no rule {name}", name=name), nearest(name, ours.rules))
    rules = {name: rule for name, rule in ours.rules.items() if name not in theirs.without} | theirs.rules
    for name, rule in rules.items():
        file = own if own is not None and name in theirs.rules else SHIPPED
        _Checking(file, f"rules.{name}", formulas, facts).check(rule)
    return rules


class _Checking:
    def __init__(self, file: Path, entry: str, formulas: Formulas, facts: Collection[str]) -> None:
        self._file = file
        self._entry = entry
        self._formulas = formulas
        self._facts = facts

    def check(self, rule: Rule) -> None:
        self._condition(rule.when, f"{self._entry}.when", 0)
        for language in ("en", "zh"):
            self._text(getattr(rule.text, language), f"{self._entry}.text.{language}", rule)

    def _condition(self, one: Condition, entry: str, depth: int) -> None:
        if depth > _DEEPEST:
            refuse(self._file, entry, _("it is nested too deeply"))
        for form, name in (
            ("figure", one.figure), ("item", one.item), ("fact", one.fact), ("figure", one.below_figure),
            ("figure", one.above_figure),
        ):  # fmt: skip
            if name is not None:
                self._known(form, name, entry)
        if one.figure is not None and self._formulas.prepared[one.figure].formula.unit == "share":
            for name in _BOUNDS:
                value = getattr(one, name)
                if value is not None and abs(value) > _MOST_SHARE:
                    refuse(
                        self._file, f"{entry}.{name}", _("{figure} is a share and never {value}", figure=one.figure,
                        value=f"{value:g}"), _("A share is written as 0.7, not as 70."),
                    )  # fmt: skip
        if one.figure is not None and one.years > 1 and self._formulas.prepared[one.figure].formula.at == "last":
            refuse(self._file, f"{entry}.for", _("{figure} is computed for the last year only", figure=one.figure))
        for place, below in enumerate(one.all):
            same = [
                other
                for other in one.all
                if (other.figure, other.item, other.fact) == (below.figure, below.item, below.fact)
            ]
            if not (below.all or below.any) and crossed(same):
                refuse(
                    self._file, f"{entry}.all", _("it can never hold: no value is {bounds}", bounds=bounds_text(same)),
                    _("Take the bounds apart with `any`, or correct them."),
                )  # fmt: skip
            self._condition(below, f"{entry}.all.{place}", depth + 1)
        for place, below in enumerate(one.any):
            self._condition(below, f"{entry}.any.{place}", depth + 1)

    def _text(self, text: str, entry: str, rule: Rule) -> None:
        for found in _BRACES.findall(text):
            if not REFERENCE.fullmatch(found):
                refuse(self._file, entry, _("{reference} is no reference", reference=found), self._hint())
        for one in references(text):
            if one.form not in _FORMS or bool(one.name) != (one.form in ("figure", "item", "fact")):
                if one.form != "period":
                    refuse(self._file, entry, _("{reference} is no reference", reference=one.form), self._hint())
            elif one.name:
                self._known(one.form, one.name, entry)
            if one.form == "limit" and rule.when.limit() is None:
                refuse(self._file, entry, _("the condition has no threshold that could stand for it"))
        rest = _BRACES.sub("", text)
        if "{" in rest or "}" in rest:
            refuse(self._file, entry, _("a brace has no partner"), self._hint())
        if any(character.isdigit() for character in rest):
            refuse(
                self._file, entry, _("a text has no numbers of its own: each comes from a source"),
                _("Write {threshold} for the threshold, and {examples} for values.",
                  threshold="{limit}", examples="{figure:…}, {item:…}"),
            )  # fmt: skip

    def _known(self, form: str, name: str, entry: str) -> None:
        known: Collection[str] = {
            "figure": self._formulas.prepared, "item": self._formulas.accounts, "fact": self._facts
        }[form]  # fmt: skip
        if name not in known:
            reason = {
                "figure": _("there is no figure {name}", name=name),
                "item": _("there is no account {name}", name=name),
                "fact": _("there is no field {name}", name=name),
            }[form]
            refuse(self._file, entry, reason, nearest(name, known) or self._list())

    def _hint(self) -> Message:
        return _("References are {examples}.", examples=_EXAMPLES)

    def _list(self) -> Message:
        return _("docs/report-figures.md lists the accounts and figures that it can name.")
