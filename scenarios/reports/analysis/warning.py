"""Holds the early-warning rules against figures, items, fields and checks: a finding for each that applies."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from appliance.scenario.yaml_files import read_yaml

from ..models import SURE, Fact, Figure, Finding, Item, Place
from ..showing import MISSING, period_title, shown
from .computing import Computing
from .expressions import NoValueError
from .ledger import Frame
from .rules import REFERENCE, Condition, Reference, Rule, references

_LIMIT: Final = "warning_limit"
_CHECKS: Final = Path(__file__).resolve().parent.parent / "statements" / "checks.yaml"


class Warnings:
    """The rules over one dossier; figures that rules made (their thresholds) are in `figures` afterwards."""

    def __init__(self, computing: Computing, rules: Mapping[str, Rule]) -> None:
        self._computing = computing
        self._rules = rules
        self._language = computing.language
        self._frames: Sequence[Frame] = [computing.ledger.frames[one] for one in computing.ledger.years()]
        self._facts = self._of_dossier()
        soft = soft_checks()
        self._failed = [one for one in computing.dossier.checks if not one.holds and one.name not in soft]
        self.figures: list[Figure] = []

    def findings(self) -> tuple[Finding, ...]:
        """Return what the rules found, the most serious first, else in the order of the rules."""
        rank = {"serious": 0, "warning": 1, "info": 2}
        found = [self._finding(name, rule) for name, rule in self._rules.items() if self._holds(rule.when)]
        return tuple(sorted(found, key=lambda one: rank[one.severity]))

    def _of_dossier(self) -> dict[str, Fact]:
        dossier = self._computing.dossier
        undecided = {one.about for one in dossier.conflicts if one.used is None}
        decided = {place for one in dossier.conflicts if one.used is not None for place in [one.places[one.used]]}
        facts: dict[str, Fact] = {}
        for one in dossier.facts:
            if one.confidence < SURE or one.group or f"field:{one.name}" in undecided:
                continue
            if one.name not in facts or one.place in decided or one.place.file == "officer":
                facts[one.name] = one
        return facts

    def _holds(self, one: Condition) -> bool:
        if one.all:
            return all(self._holds(below) for below in one.all)
        if one.any:
            return any(self._holds(below) for below in one.any)
        if one.checks:
            return bool(self._failed)
        if one.fact:
            return self._fact_holds(one, self._facts.get(one.fact))
        if len(self._frames) < one.years:
            return False
        return all(self._holds_at(one, len(self._frames) - 1 - back) for back in range(one.years))

    def _fact_holds(self, one: Condition, fact: Fact | None) -> bool:
        if fact is None:
            return False
        if one.contains:
            text = f"{fact.value} {fact.shown}".casefold()
            return any(word.casefold() in text for word in one.contains) and not any(
                word.casefold() in text for word in one.lacks
            )
        return fact.number is not None and _within(one, fact.number)

    def _holds_at(self, one: Condition, at: int) -> bool:
        value = self._value(one, at)
        if value is None or not _within(one, value):
            return False
        for name, further in ((one.below_figure, -one.by), (one.above_figure, one.by)):
            if name is None:
                continue
            other = self._figure_at(name, at)
            if other is None or other.value is None:
                return False
            if not (value > other.value + further if name is one.above_figure else value < other.value + further):
                return False
        if one.falls_by is None and one.rises_by is None and not one.falls and not one.rises:
            return True
        before = self._value(one, at - 1) if at > 0 and self._comparable(at) else None
        return before is not None and _moved(one, before, value)

    def _comparable(self, at: int) -> bool:
        """Whether the year before is the one right before, in the same scope and currency."""
        now, before = self._frames[at], self._frames[at - 1]
        return before.period == now.before and (now.scope, now.currency) == (before.scope, before.currency)

    def _value(self, one: Condition, at: int) -> float | None:
        if one.item is not None:
            item = self._item_at(one.item, at)
            return None if item is None else item.value
        figure = self._figure_at(one.figure or "", at)
        return None if figure is None else figure.value

    def _figure_at(self, name: str, at: int) -> Figure | None:
        if not 0 <= at < len(self._frames):
            return None
        frame = self._frames[at]
        prepared = self._computing.formulas.prepared[name]
        return self._computing.figure(name, frame) if self._computing.applies(prepared, frame) else None

    def _item_at(self, code: str, at: int) -> Item | None:
        if not 0 <= at < len(self._frames):
            return None
        frame = self._frames[at]
        statement = self._computing.formulas.accounts[code].statement
        try:
            return self._computing.ledger.item(code, statement, frame.period, frame.months, frame)
        except NoValueError:
            return None

    def _finding(self, name: str, rule: Rule) -> Finding:
        limit = self._limit(name, rule)
        if limit is not None:
            self.figures.append(limit)
        figures: list[Figure] = [limit] if limit is not None else []
        places: list[Place] = []
        for one in (*references(rule.text.within(self._language)), *_named(rule.when)):
            at = len(self._frames) - 1 if one.at == "last" else len(self._frames) - 2 if one.at == "prior" else 0
            if one.form == "figure":
                figure = self._figure_at(one.name, at)
                figures += [figure] if figure is not None and figure.value is not None else []
            elif one.form == "item":
                item = self._item_at(one.name, at)
                places += [item.place] if item is not None else []
            elif one.form == "fact" and one.name in self._facts:
                places.append(self._facts[one.name].place)
        if any(one.checks for one in rule.when.tree()):
            places += [place for check in self._failed for place in check.places]
        places += [place for figure in figures for place in figure.places]
        return Finding(
            rule=name,
            severity=rule.severity,
            title=rule.title.within(self._language),
            text=self._filled(rule.text.within(self._language), limit),
            figures=tuple(dict.fromkeys(figure.id for figure in figures)),
            places=tuple(dict.fromkeys(places)),
        )

    def _limit(self, name: str, rule: Rule) -> Figure | None:
        text = rule.text.within(self._language)
        value = rule.when.limit()
        if "{limit}" not in text or value is None or not self._frames:
            return None
        frame = self._frames[-1]
        one = next(below for below in rule.when.tree() if below.limit() == value and not (below.all or below.any))
        unit = frame.currency
        if one.falls_by is not None or one.rises_by is not None:
            unit = "share"
        elif one.figure is not None and self._computing.formulas.prepared[one.figure].formula.unit != "money":
            unit = self._computing.formulas.prepared[one.figure].formula.unit
        return Figure(
            id=f"{_LIMIT}.{name}@{frame.period}",
            name=f"{_LIMIT}.{name}",
            title=self._computing.formulas.note("limit_title", self._language, about=rule.title.within(self._language)),
            period=frame.period,
            value=value,
            unit=unit,
            shown=shown(value, unit, self._language),
            formula=self._computing.formulas.note("limit_formula", self._language),
            note=rule.source.within(self._language),
        )

    def _filled(self, text: str, limit: Figure | None) -> str:
        missing = MISSING["zh" if self._language.startswith("zh") else "en"]

        def value(one: Reference) -> str:
            at = len(self._frames) - 1 if one.at == "last" else len(self._frames) - 2 if one.at == "prior" else 0
            if one.form == "subject":
                return self._computing.dossier.subject
            if one.form == "checks":
                titles = dict.fromkeys(check.title for check in self._failed)
                return ("；" if self._language.startswith("zh") else "; ").join(titles) or missing
            if one.form == "limit":
                return limit.shown if limit is not None else missing
            if one.form == "period":
                return self._period(at if one.name == "" else _place(one.name, len(self._frames))) or missing
            if one.form == "fact":
                return self._facts[one.name].shown if one.name in self._facts else missing
            if one.form == "item":
                item = self._item_at(one.name, at)
                return missing if item is None else shown(item.value, item.currency, self._language)
            figure = self._figure_at(one.name, at)
            return missing if figure is None else figure.shown

        return _substituted(text, value)

    def _period(self, at: int) -> str:
        return period_title(self._frames[at].period, 12, self._language) if 0 <= at < len(self._frames) else ""


@cache
def soft_checks() -> frozenset[str]:
    """Return the names of the checks that are for information: what fails there is no fault."""
    listed = read_yaml(_CHECKS).get("checks", [])
    return frozenset(str(one["name"]) for one in listed if one.get("information"))


def _within(one: Condition, value: float) -> bool:
    return (
        (one.below is None or value < one.below)
        and (one.above is None or value > one.above)
        and (one.at_most is None or value <= one.at_most)
        and (one.at_least is None or value >= one.at_least)
    )


def _moved(one: Condition, before: float, now: float) -> bool:
    change = now - before
    if (one.falls and change >= 0.0) or (one.rises and change <= 0.0):
        return False
    # A change on nothing or on a loss has no share.
    if (one.falls_by is not None or one.rises_by is not None) and before <= 0.0:
        return False
    if one.falls_by is not None and -change < one.falls_by * before:
        return False
    return one.rises_by is None or change >= one.rises_by * before


def _named(condition: Condition) -> Iterable[Reference]:
    for one in condition.tree():
        for form, name in (
            ("figure", one.figure), ("figure", one.above_figure), ("figure", one.below_figure), ("item", one.item),
            ("fact", one.fact),
        ):  # fmt: skip
            if name is not None:
                yield Reference(form, name, "last", False)
                if one.falls or one.rises or one.falls_by or one.rises_by or one.years > 1:
                    yield Reference(form, name, "prior", False)


def _place(word: str, count: int) -> int:
    return {"last": count - 1, "prior": count - 2, "first": 0}[word]


def _substituted(text: str, value: Callable[[Reference], str]) -> str:
    def written(one: Reference) -> str:
        found = value(one)
        return found.replace("-", "", 1) if one.size else found

    done, at = [], 0
    for match, one in zip(REFERENCE.finditer(text), references(text), strict=True):
        done += [text[at : match.start()], written(one)]
        at = match.end()
    return "".join([*done, text[at:]])
