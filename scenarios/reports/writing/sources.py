"""What the references of an outline mean in one dossier: values as they are written, with their sources."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_words

from .. import showing
from ..models import Analysis, Conflict, Dossier, Fact, Figure, Finding, Item, Place
from ..outlines.references import Reference
from .choosing import chosen_facts, chosen_items
from .quantities import quantities
from .titles import kind_title, spelled, title

_TEXTS: Final = Path(__file__).with_name("texts.yaml")
MOST_PLACES: Final = 20
"""Of a sentence: a sum of a thousand payments names the first of them, its figure all."""
_YEARS: Final = 3
_LARGEST_GROUP: Final = 10**6


@dataclass(frozen=True)
class Value:
    """What a reference stands for, or that it is missing: then `text` is None."""

    reference: Reference
    text: str | None
    number: float | None = None
    figures: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()


class Sources:
    """A dossier and its analysis, asked by reference. Reads only."""

    def __init__(self, dossier: Dossier, analysis: Analysis) -> None:
        self.dossier = dossier
        self.analysis = analysis
        self.language = dossier.language
        self._items, years = chosen_items(dossier)
        self.years: tuple[str, ...] = analysis.periods or years
        self._facts = chosen_facts(dossier)
        self._figures = {one.id: one for one in analysis.figures}
        self._words: Mapping[str, Words] = read_words(_TEXTS)
        self._units = units_of(dossier)

    def say(self, name: str, /, **values: object) -> str:
        """Return one of the report's own texts."""
        return self._words[name].within(self.language).format(**values)

    # Periods ----------------------------------------------------------------------------------------------------------

    def period(self, name: str | None) -> str | None:
        """Return the day that a period's name means; None: there is no such period."""
        if name is None:
            name = "last"
        if name == "flows":
            return next((one.period for one in self.analysis.figures if one.name == "inflow_total"), None)
        if re.match(r"\d", name):
            return name
        if not self.years:
            return None
        at = {"first": 0, "last": -1, "prior": -2}.get(name)
        if at is None:
            at = -1 - int(name.removeprefix("last-"))
        if name == "first" and len(self.years) < 2:
            return None
        return self.years[at] if -len(self.years) <= at else None

    def last_years(self, most: int | str = _YEARS) -> tuple[str, ...]:
        """Return the ends of the latest years, oldest first."""
        return self.years if isinstance(most, str) else self.years[-most:]

    def period_title(self, period: str, *, end: bool = False) -> str:
        """Return what a period is called in texts and tables."""
        flows = (one.months for (_account, day), one in self._items.items() if day == period and one.months)
        return showing.period_title(period, 0 if end else next(flows, 12), self.language)

    # What there is ----------------------------------------------------------------------------------------------------

    def item(self, account: str, period: str | None) -> Item | None:
        """Return the item that the report goes by."""
        return self._items.get((account, period)) if period is not None else None

    def figure(self, name: str, period: str | None = None) -> Figure | None:
        """Return a figure by name and the name of a period; of one period only, it is found without."""
        day = self.period(period)
        found = self._figures.get(f"{name}@{day}") if day is not None else None
        if found is None and period is None:
            same = [one for one in self.analysis.figures if one.id.partition("@")[0] == name]
            found = same[0] if len(same) == 1 else None
        return found

    def family(self, family: str, period: str | None = None) -> list[Figure]:
        """Return the figures name.<key>, of one period where it is given, in the order of the keys."""
        day = self.period(period) if period is not None else None
        found = [
            one
            for one in self.analysis.figures
            if one.id.startswith(f"{family}.") and (day is None or one.id.endswith(f"@{day}"))
        ]
        return sorted(found, key=lambda one: natural(one.id))

    def fact(self, name: str, group: str | None = None, period: str | None = None) -> Fact | None:
        """Return a field: of the group, else of the year of a period (tax.2025), else of no group."""
        if group is not None and (name, group) in self._facts:
            return self._facts[name, group]
        if period is not None:
            day = self.period(period)
            suffix = f".{day[:4]}" if day else None
            of_year = (one for (own, of), one in self._facts.items() if suffix and own == name and of.endswith(suffix))
            return next(of_year, None)
        return self._facts.get((name, ""))

    def groups(self, group: str) -> list[str]:
        """Return the entries of a group (case.1, case.2, …) in order."""
        found = {one for _name, one in self._facts if one.partition(".")[0] == group}
        return sorted(found, key=natural)

    def entries(self, name: str) -> list[Fact]:
        """Return every fact of a name, or of a group of that name, in order."""
        found = [one for (own, of), one in self._facts.items() if name in (own.partition(".")[0], of.partition(".")[0])]
        return sorted(found, key=lambda one: (natural(one.group), natural(one.name)))

    def findings(self, source: str) -> list[Finding]:
        """Return findings of `warnings` (figures), `payments` (bank statements) or all, the most serious first."""
        order = ("serious", "warning", "info")
        of = [one for one in self.analysis.findings if source == "all" or (source == "payments") == self._of_flows(one)]
        return sorted(of, key=lambda one: order.index(one.severity))

    def _of_flows(self, finding: Finding) -> bool:
        places = self.places_of(finding)
        return bool(places) and all(one.file in self._flow_files for one in places)

    @cached_property
    def _flow_files(self) -> set[str]:
        """Files that payments were read from, and those that are bank statements."""
        statements = {one.id for one in self.dossier.files if one.kind in ("bank_statement", "transactions")}
        return statements | {one.place.file for one in self.dossier.payments}

    def conflict(self, about: str) -> Conflict | None:
        """Return the open conflict about something."""
        return next((one for one in self.dossier.conflicts if one.about == about and one.used is None), None)

    def has_kind(self, kinds: str) -> bool:
        """Whether a file of one of the kinds a|b was read."""
        wanted = kinds.split("|")
        return any(one.kind in wanted and one.fault is None for one in self.dossier.files)

    @cached_property
    def subject_place(self) -> Place | None:
        """Where the subject's name stands."""
        fact = self._facts.get(("company_name", ""))
        return self.place(fact.place, fact.value) if fact is not None else None

    # Sources ----------------------------------------------------------------------------------------------------------

    def place(self, place: Place, printed: str) -> Place:
        """Return a place with what stands there, where its reader left that out, and with its unit."""
        whole = self._with_unit(place)
        return whole if whole.quote else whole.model_copy(update={"quote": printed[:600]})

    def _with_unit(self, place: Place) -> Place:
        unit = self._units.get(place)
        return place if unit is None else place.model_copy(update={"unit": unit})

    def with_units(self, figures: Iterable[Figure]) -> tuple[Figure, ...]:
        """Return figures whose places name their units, as those of the sentences do."""
        return tuple(self._figure_with_units(one) for one in figures)

    def _figure_with_units(self, figure: Figure) -> Figure:
        if not any(one.place in self._units for one in figure.inputs):
            return figure
        inputs = (
            one if one.place is None else one.model_copy(update={"place": self._with_unit(one.place)})
            for one in figure.inputs
        )
        return figure.model_copy(update={"inputs": tuple(inputs)})

    def figure_places(self, figure: Figure, depth: int = 6) -> Iterator[Place]:
        """Yield where all that a figure was computed from was read."""
        yield from (self._with_unit(one) for one in figure.places)
        for one in figure.inputs if depth else ():
            below = self._figures.get(one.figure) if one.figure is not None else None
            if below is not None:
                yield from self.figure_places(below, depth - 1)

    def places_of(self, finding: Finding) -> tuple[Place, ...]:
        """Return the places of a finding and of its figures, each once."""
        figures = (self._figures[one] for one in finding.figures if one in self._figures)
        return each_once(
            (*map(self._with_unit, finding.places), *(place for one in figures for place in self.figure_places(one)))
        )

    def party(self, figure: Figure) -> str | None:
        """Return the counterparty of the payments that a figure was computed from, if it is one."""
        held = {one.place for one in figure.inputs if one.place is not None}
        named = {one.counterparty for one in self.dossier.payments if one.place in held and one.counterparty}
        return next(iter(named)) if len(named) == 1 else None

    # Names ------------------------------------------------------------------------------------------------------------

    def family_title(self, family: str) -> str:
        """Return what the figures family.<key> are called together."""
        return self.say(family) if family in self._words else title("figure", family, self.language) or spelled(family)

    def title(self, form: str, name: str, period: str | None = None) -> str:
        """Return what an item, a figure, a field or a kind of document is called."""
        if form == "figure":
            own = self.figure(name, period) or next(
                (one for one in self.analysis.figures if one.id.partition("@")[0] == name), None
            )
            return own.title if own else title("figure", name, self.language) or spelled(name)
        found = title(form, name, self.language)
        if found is None and form == "item" and self.language.startswith("zh"):
            found = next((one.label for one in self.dossier.items if one.account == name), None)
        if found is None and form == "fact":
            found = next((one.title for one in self.dossier.facts if one.name == name), None)
        return found or spelled(name)

    def kind_title(self, kinds: str) -> str:
        """Return what one of the kinds a|b is called; several are joined by or."""
        return kind_title(kinds, self.language)

    def joined(self, parts: Sequence[str]) -> str:
        """Join as prose does: A, B and C; A、B和C."""
        if len(parts) < 2:
            return "".join(parts)
        comma, last = ("、", "和") if self.language.startswith("zh") else (", ", " and ")
        return f"{comma.join(parts[:-1])}{last}{parts[-1]}"


def units_of(dossier: Dossier) -> dict[Place, str]:
    """Return the units of places that do not name them themselves: of accounts, and of fields from tables."""
    found: dict[Place, str] = {}
    for conflict in dossier.conflicts:
        for place, value in zip(conflict.places, conflict.values, strict=True):
            for one in quantities(value)[:1]:
                _keep(found, place, one.value, _SHARES if one.kind == "percent" else _AMOUNTS if one.unit else {})
    for fact in dossier.facts:
        if fact.number is not None:
            _keep(found, fact.place, fact.number, _SHARES if fact.unit == "share" else _AMOUNTS if fact.unit else {})
    for item in dossier.items:
        found[item.place] = item.unit.replace("元", _CURRENCIES.get(item.currency, "元"))
    return found


def _keep(found: dict[Place, str], place: Place, value: float, units: Mapping[str, float]) -> None:
    """Keep the unit of which the number printed at a place makes a value; none where it names its unit itself."""
    printed = [one for one in quantities(place.quote) if one.kind == "number" and not (one.unit or one.scaled)]
    for unit, scale in units.items():
        if any(abs(one.value * scale - abs(value)) <= 1e-6 * abs(value) for one in printed):
            found[place] = unit
            return


_CURRENCIES: Final = {"USD": "美元", "HKD": "港元", "EUR": "欧元"}
_SHARES: Final = {"%": 0.01}
_AMOUNTS: Final = {"元": 1.0, "千元": 1e3, "万元": 1e4, "百万元": 1e6, "亿元": 1e8}


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """Return a key that sorts case.2 before case.10."""
    return tuple((int(part), "") if part.isdigit() else (_LARGEST_GROUP, part) for part in re.split(r"(\d+)", text))


def each_once(places: Iterable[Place]) -> tuple[Place, ...]:
    """Return places in order, each once, at most as many as a sentence names."""
    return tuple(dict.fromkeys(places))[:MOST_PLACES]
