"""The formulas of formulas.yaml, the bank's own over them: loaded, checked against the accounts, and expanded."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from appliance.core.messages import Message, _
from appliance.scenario.words import Words
from appliance.scenario.yaml_files import checked, nearest, read_yaml, refuse

from .accounts import STATEMENTS, Account
from .expressions import BUILT_IN, FUNCTIONS, NAME, THIS, Node, facts, names, parse, standing_for

SHIPPED: Final = Path(__file__).with_name("formulas.yaml")
OWN: Final = "formulas.yaml"
_RESERVED: Final = (*FUNCTIONS, *BUILT_IN, THIS)
Unit = Literal["share", "ratio", "money", "days", "count"]
Group = Literal[
    "solvency", "liquidity", "profitability", "efficiency", "dupont", "growth", "structure", "cash_flow", "risk",
    "cross_check",
]  # fmt: skip


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Formula(_Entry):
    """One entry: a figure, or with `over` one for each of several accounts."""

    group: Group
    title: Words = Field(description="With `over`: holds {account}.")
    unit: Unit
    formula: Words = Field(description="As a person reads it; with `over` it may hold {account}.")
    expression: str = Field(min_length=1, description="Over codes of accounts and names of figures.")
    better: Literal["higher", "lower"] | None = Field(default=None, description="Whether it is ranked among peers.")
    at: Literal["every", "last"] = Field(default="every", description="last: only for the last year.")
    interim: bool = Field(default=True, description="Whether it means anything for less than a year.")
    signed: bool = Field(default=False, description="Whether a denominator below zero makes sense.")
    over: tuple[str, ...] = Field(default=(), description="Codes of accounts, or balance, income, cash_flow: all.")
    family: str | None = Field(default=None, description="With `over`: the figures are family.<account>.")
    note: Words | None = Field(default=None, description="What is said of it wherever it is shown.")

    @field_validator("expression")
    @classmethod
    def _readable(cls, text: str) -> str:
        parse(text)
        return text

    @model_validator(mode="after")
    def _whole(self) -> "Formula":
        this = any(one == THIS for one in names(parse(self.expression)))
        if this != bool(self.over) or (self.family is not None) != bool(self.over):
            raise ValueError(_("`over`, `family` and `this` in the expression go together"))
        return self


class Zones(_Entry):
    """One form of Altman's Z: its expression, and where its zones begin."""

    formula: Words
    expression: str
    note: Words
    safe: float
    distress: float

    @model_validator(mode="after")
    def _ordered(self) -> "Zones":
        parse(self.expression)
        if self.distress >= self.safe:
            raise ValueError(_("`distress` must be below `safe`"))
        return self


class Altman(_Entry):
    """Altman's Z for firms without a market price."""

    title: Words
    headroom_title: Words
    headroom_formula: Words
    zone_title: Words
    zone_formula: Words
    zones: dict[Literal["safe", "grey", "distress"], Words]
    manufacturing: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        description="Words of a business scope that make the company a manufacturer."
    )
    manufacturer: Zones
    other: Zones


class FormulaFile(_Entry):
    """A formulas.yaml."""

    notes: dict[str, Words] = Field(default_factory=dict)
    altman: Altman | None = None
    formulas: dict[Annotated[str, Field(pattern=f"^{NAME}$")], Formula] = Field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """One formula as it is computed."""

    name: str
    formula: Formula
    node: Node
    account: Account | None
    entry: str
    """Its name in the file."""

    def title(self, language: str) -> str:
        """Return the figure's title."""
        return self._filled(self.formula.title, language)

    def written(self, language: str) -> str:
        """Return the formula as a person reads it."""
        return self._filled(self.formula.formula, language)

    def _filled(self, words: Words, language: str) -> str:
        text = words.within(language)
        return text.replace("{account}", self.account.title.within(language)) if self.account else text


@dataclass(frozen=True)
class Formulas:
    """All formulas by the names of their figures, with the accounts that they stand on."""

    prepared: Mapping[str, Prepared]
    notes: Mapping[str, Words]
    altman: Altman
    accounts: Mapping[str, Account]
    fields: Mapping[str, Words]
    """Titles of the fields with a number."""

    def note(self, name: str, language: str, **values: str) -> str:
        """Return a note."""
        return self.notes[name].within(language).format(**values)

    def title(self, name: str, language: str) -> str:
        """Return what an account or a figure is called; of others the name itself."""
        if name in self.accounts:
            return self.accounts[name].title.within(language)
        if name in self.prepared:
            return self.prepared[name].title(language)
        words = self.fields.get(name) or self.notes.get(f"name_{name}")
        return words.within(language) if words else name

    def with_z(self, *, manufacturer: bool) -> "Formulas":
        """Return the formulas with the form of Altman's Z that suits, and how far it lies above distress."""
        form = self.altman.manufacturer if manufacturer else self.altman.other
        one = Formula(
            group="risk", title=self.altman.title, unit="ratio", formula=form.formula, expression=form.expression,
            better="higher", interim=False, note=form.note,
        )  # fmt: skip
        z = Prepared("altman_z", one, parse(form.expression), None, "altman_z")
        over = f"altman_z - {form.distress:f}"
        further = one.model_copy(
            update={"title": self.altman.headroom_title, "formula": self.altman.headroom_formula, "better": None,
                    "expression": over, "note": None}
        )  # fmt: skip
        headroom = Prepared("altman_headroom", further, parse(over), None, "altman_z")
        return replace(self, prepared={**self.prepared, z.name: z, headroom.name: headroom})


@cache
def shipped() -> FormulaFile:
    """Return what ships with the pack, read once."""
    return checked(SHIPPED, FormulaFile, read_yaml(SHIPPED))


def load(accounts: Mapping[str, Account], fields: Mapping[str, Words], own: Path | None = None) -> Formulas:
    """Return the shipped formulas with those of the bank's file over them, which need not exist.

    `fields` are the titles of the fields that have a number.

    Raises `ConfigError` that names file, entry and fix: unknown accounts, formulas in a circle, unreadable expressions.
    """
    ours = shipped()
    theirs = FormulaFile()
    if own is not None and own.is_file():
        theirs = checked(own, FormulaFile, read_yaml(own))
    altman = theirs.altman or ours.altman
    if altman is None:
        refuse(SHIPPED, "altman", _("it is missing"))
    known = {**ours.formulas, **theirs.formulas}
    prepared: dict[str, Prepared] = {}
    for entry, formula in known.items():
        file = own if own is not None and entry in theirs.formulas else SHIPPED
        for one in _expanded(file, entry, formula, accounts):
            if one.name in accounts or one.name in _RESERVED:
                refuse(file, f"formulas.{entry}", _("{name} is the name of an account or a function", name=one.name))
            if one.name in prepared:
                refuse(file, f"formulas.{entry}", _("{name} is given twice", name=one.name))
            prepared[one.name] = one
    for one in prepared.values():
        file = own if own is not None and one.entry in theirs.formulas else SHIPPED
        _check_names(file, f"formulas.{one.entry}.expression", one.node, {*accounts, *prepared}, fields)
    _check_circles(own if own is not None and theirs.formulas else SHIPPED, prepared)
    for name, form in (("manufacturer", altman.manufacturer), ("other", altman.other)):
        file = own if own is not None and theirs.altman else SHIPPED
        _check_names(file, f"altman.{name}.expression", parse(form.expression), {*accounts, *prepared}, fields)
    return Formulas(prepared, {**ours.notes, **theirs.notes}, altman, accounts, fields)


def _expanded(file: Path, entry: str, formula: Formula, accounts: Mapping[str, Account]) -> Iterable[Prepared]:
    node = parse(formula.expression)
    if not formula.over:
        yield Prepared(entry, formula, node, None, entry)
        return
    for code in formula.over:
        if code not in accounts and code not in STATEMENTS:
            refuse(file, f"formulas.{entry}.over", _("there is no account {name}", name=code), nearest(code, accounts))
        chosen = [code] if code in accounts else [one for one, account in accounts.items() if account.statement == code]
        for one in chosen:
            yield Prepared(f"{formula.family}.{one}", formula, standing_for(node, one), accounts[one], entry)


def _check_names(file: Path, entry: str, node: Node, known: Collection[str], fields: Collection[str]) -> None:
    for name in sorted(names(node) - {THIS}):
        if name not in known:
            refuse(file, entry, _("there is no account or figure {name}", name=name), _near(name, known))
    for name in sorted(facts(node)):
        if name not in fields:
            refuse(file, entry, _("there is no field {name} with a number", name=name), _near(name, fields))


def _near(name: str, known: Collection[str]) -> Message:
    return nearest(name, known) or _("docs/report-figures.md lists the accounts and figures that it can name.")


def _check_circles(file: Path, prepared: Mapping[str, Prepared]) -> None:
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            circle = " → ".join((*above[above.index(name) :], name))
            refuse(file, f"formulas.{prepared[name].entry}", _("it is computed from itself: {circle}", circle=circle))
        if name in done or name not in prepared:
            return
        for one in sorted(names(prepared[name].node)):
            visit(one, (*above, name))
        done.add(name)

    for name in prepared:
        visit(name, ())
