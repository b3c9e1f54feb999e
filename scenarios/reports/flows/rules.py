"""The rules of payments.yaml, shipped and the bank's own."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from appliance.core.messages import _
from appliance.scenario.words import Words
from appliance.scenario.yaml_files import checked, nearest, read_yaml, refuse

from .ledger import PartyWords

SHIPPED: Final = Path(__file__).with_name("payments.yaml")
FILE: Final = "payments.yaml"

MEASURES: Final[dict[str, tuple[dict[str, str], dict[str, str]]]] = {
    "balance_breaks": ({"count": "count", "largest": "money"}, {}),
    "duplicates": ({"count": "count", "total": "money"}, {}),
    "future_days": ({"count": "count", "total": "money"}, {}),
    "gap_days": ({"longest": "days"}, {}),
    "round_trips": (
        {"count": "count", "total": "money"},
        {"days": "days", "tolerance": "share", "at_least": "money", "banks": "count"},
    ),
    "related_parties": ({"count": "count", "total": "money", "share": "share"}, {}),
    "cash": ({"count": "count", "total": "money", "share": "share"}, {"at_least": "money"}),
    "cash_deposits": (
        {"count": "count", "total": "money", "share": "share", "largest_deposit": "money"},
        {"at_least": "money"},
    ),
    "round_amounts": ({"count": "count", "share": "share"}, {"multiple": "money", "at_least": "money"}),
    "night": ({"count": "count", "share": "share"}, {"from_hour": "count", "to_hour": "count", "at_least": "money"}),
    "weekend": ({"count": "count", "share": "share"}, {}),
    "structuring": (
        {"count": "count", "total": "money"},
        {"limit": "money", "below": "share", "days": "days", "times": "count"},
    ),
    "period_ends": (
        {"count": "count", "total": "money"},
        {"days": "days", "after": "days", "tolerance": "share", "at_least": "money"},
    ),
    "period_end_share": ({"share": "share", "total": "money"}, {"days": "days", "at_least": "money"}),
    "dormant_burst": ({"count": "count", "total": "money"}, {"dormant": "days", "days": "days", "at_least": "money"}),
    "top_share": ({"share": "share", "total": "money"}, {"top": "count", "inflow": "count"}),
    "season": ({"share": "share", "times_average": "ratio"}, {}),
    "recent_change": ({"recent": "money", "before": "money", "change": "share"}, {"months": "count"}),
    "pass_through": (
        {"count": "count", "total": "money", "share": "share"},
        {"days": "days", "left": "share", "at_least": "money"},
    ),
    "overdrawn": ({"count": "count", "worst": "money"}, {}),
    "wording": ({"count": "count", "total": "money"}, {"at_least": "money"}),
}
"""What each measure gives and which thresholds it takes, with their units."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(_Strict):
    """When a rule has found something."""

    value: str
    above: float | None = None
    below: float | None = None

    def holds(self, value: float | None) -> bool:
        """Say whether a value is beyond a limit; a missing one is not."""
        if value is None:
            return False
        return (self.above is not None and value > self.above) or (self.below is not None and value < self.below)


class Rule(_Strict):
    """A measure, the condition under which it is a finding, and what is said then."""

    measure: str
    thresholds: dict[str, float] = Field(default_factory=dict, alias="with")
    words: tuple[str, ...] = Field(default=(), max_length=200)
    when: Condition
    figures: dict[str, str] = Field(default_factory=dict)
    severity: Literal["info", "warning", "serious"]
    title: Words
    text: Words
    active: bool = True


class ColumnLabels(_Strict):
    """What columns of statements are called."""

    day: tuple[str, ...]
    time: tuple[str, ...]
    out: tuple[str, ...]
    in_: tuple[str, ...] = Field(alias="in")
    amount: tuple[str, ...]
    sign: tuple[str, ...]
    balance: tuple[str, ...]
    counterparty: tuple[str, ...]
    purpose: tuple[str, ...]
    account: tuple[str, ...]
    currency: tuple[str, ...]
    ignored: tuple[str, ...]


class Signs(_Strict):
    """What a direction column says."""

    out: tuple[str, ...]
    in_: tuple[str, ...] = Field(alias="in")


class Book(_Strict):
    """The content of payments.yaml."""

    kinds: tuple[str, ...]
    columns: ColumnLabels
    signs: Signs
    account_labels: tuple[str, ...]
    holder_labels: tuple[str, ...]
    currency_labels: tuple[str, ...]
    skipped: tuple[str, ...]
    cash_words: tuple[str, ...]
    deposit_words: tuple[str, ...]
    bank_words: tuple[str, ...]
    ranks: int = Field(ge=1, le=50)
    listed: int = Field(ge=1, le=200)
    rules: dict[str, Rule]

    @property
    def party_words(self) -> PartyWords:
        """Return the words that tell cash and lenders."""
        some = (self.cash_words, self.deposit_words, self.bank_words)
        return PartyWords(*(tuple(word.lower() for word in words) for words in some))

    @classmethod
    def load(cls, shipped: Path = SHIPPED, own: Path | None = None) -> "Book":
        """Read the shipped file and over it the bank's own, which need not exist. Raises `ConfigError`.

        Rules of the bank's take the place of shipped ones of their names, its labels are added.
        """
        values, source = read_yaml(shipped), shipped
        if own is not None and own.is_file():
            source = own
            values = _over(values, read_yaml(own))
        book = checked(source, cls, values)
        for name, rule in book.rules.items():
            _check(source, f"rules.{name}", rule)
        return book


def _over(values: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    merged = {**values, **own}
    for part in ("columns", "signs"):
        if isinstance(own.get(part), dict):
            merged[part] = {
                **values[part],
                **{
                    name: [*labels, *values[part].get(name, [])] if isinstance(labels, list) else labels
                    for name, labels in own[part].items()
                },
            }
    if isinstance(own.get("rules"), dict):
        rules = dict(values["rules"])
        for name, rule in own["rules"].items():
            shipped = rules.get(name)
            rules[name] = {**shipped, **rule} if isinstance(rule, dict) and isinstance(shipped, dict) else rule
        merged["rules"] = rules
    return merged


def _check(source: Path, entry: str, rule: Rule) -> None:
    """Refuse a rule whose measure, thresholds, condition or texts do not fit together."""
    if rule.measure not in MEASURES:
        hint = nearest(rule.measure, MEASURES) or _("The measures are {names}.", names=", ".join(MEASURES))
        refuse(source, entry, _("there is no measure {name}", name=rule.measure), hint)
    gives, takes = MEASURES[rule.measure]
    if set(rule.thresholds) != set(takes):
        wanted = ", ".join(takes) or "-"
        if rule.thresholds or rule.measure not in ("cash", "cash_deposits"):
            refuse(source, f"{entry}.with", _("its measure takes these thresholds: {names}", names=wanted))
    for name in (rule.when.value, *rule.figures):
        if name not in gives:
            names = ", ".join(gives)
            refuse(source, entry, _("its measure gives no {name}; it gives {names}", name=name, names=names))
    if rule.when.above is None and rule.when.below is None:
        refuse(source, f"{entry}.when", _("it needs above or below"))
    known = {*gives, *takes, "names"}
    for text in (rule.text.en, rule.text.zh):
        for name in re.findall(r"\{([^{}]*)\}", text):
            if name not in known:
                refuse(source, f"{entry}.text", _("there is nothing to put in for {name}", name=f"{{{name}}}"))
        if re.search(r"\d", re.sub(r"\{[^{}]*\}", "", text)):
            refuse(source, f"{entry}.text", _("a number in a text must be a value or threshold in braces"))


def book_in_force(own: Path | None) -> Book:
    """Return the rules with those of the bank's folder over them; read again when its file changes."""
    file = own / FILE if own is not None else None
    stamp = (file.stat().st_mtime_ns, file.stat().st_size) if file is not None and file.is_file() else None
    return _kept(file if stamp is not None else None, stamp)


@lru_cache(maxsize=8)
def _kept(own: Path | None, _stamp: tuple[int, int] | None) -> Book:
    return Book.load(SHIPPED, own)
