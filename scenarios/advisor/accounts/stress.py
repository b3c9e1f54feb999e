"""Stress scenarios from YAML, and what each would do to today's holdings."""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from appliance.core.errors import InvalidRequest, NotFound
from appliance.core.messages import _
from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_as

from ..asset_classes import CLASSES
from ..data.dataset import Dataset
from ..figures.exposure import exposures
from ..models import AssetClass, Product
from .answer import StressLine
from .book import Book
from .positions import Account, Position

SHIPPED: Final = Path(__file__).with_name("stress.yaml")
_MEMO: Final = "accounts.styles"
_EXPLAINED: Final = 0.5  # R² below which a regression says too little of what a product holds
Shock = Annotated[float, Field(ge=-1.0, le=1.0)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Durations(_Section):
    """Years by peer group, else by asset class; others have none."""

    groups: dict[str, Annotated[float, Field(ge=0.0, le=40.0)]] = Field(default_factory=dict)
    classes: dict[AssetClass, Annotated[float, Field(ge=0.0, le=40.0)]] = Field(default_factory=dict)


class Scenario(_Section):
    """One scenario: shocks are changes of value, -0.5 is a loss of half."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    title: Words
    description: Words
    source: Words
    classes: dict[AssetClass, Shock] = Field(default_factory=dict)
    groups: dict[str, Shock] = Field(default_factory=dict)
    products: dict[str, Shock] = Field(default_factory=dict)
    styles: dict[str, Shock] = Field(default_factory=dict)
    industries: dict[str, Shock] = Field(default_factory=dict)
    rate_shift: float = Field(default=0.0, ge=-0.2, le=0.2)


class StressBook(_Section):
    """`stress.yaml`: the scenarios and what they share."""

    durations: Durations = Durations()
    blends: dict[str, dict[AssetClass, Annotated[float, Field(gt=0.0, le=1.0)]]] = Field(default_factory=dict)
    scenarios: tuple[Scenario, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> "StressBook":
        names = [one.name for one in self.scenarios]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(_("scenarios have the same name: {names}", names=", ".join(sorted(twice))))
        for group, parts in self.blends.items():
            if abs(sum(parts.values()) - 1.0) > 1e-6:
                raise ValueError(
                    _("blends.{group} is to sum to 1, not to {total}", group=group, total=f"{sum(parts.values()):g}")
                )
        return self

    @classmethod
    def load(cls, shipped: Path = SHIPPED, own: Path | None = None) -> "StressBook":
        """Read the bank's own file where there is one, else the shipped one. Raises `ConfigError`."""
        return read_as(own if own is not None and own.is_file() else shipped, cls)

    def only(self, names: Sequence[str]) -> "StressBook":
        """Return the book with some scenarios alone. Raises `InvalidRequest` for one that it does not have."""
        known = {one.name: one for one in self.scenarios}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise InvalidRequest(
                _("There is no stress scenario {name}.", name=repr(unknown[0][:40])),
                _("Known scenarios: {names}.", names=", ".join(known)),
                param="scenarios",
                code="scenario_not_found",
            )
        return self.model_copy(update={"scenarios": tuple(known[name] for name in names)})

    def shock(self, scenario: Scenario, product: Product, styles: Mapping[str, float]) -> float | None:
        """Return the change of a product's value; None where the scenario says nothing of it.

        `styles` are the weights of indices that a regression found, empty for none.
        """
        if product.id in scenario.products:
            return scenario.products[product.id]
        if product.peer_group in scenario.groups:
            return scenario.groups[product.peer_group]
        base = self._base(scenario, product, styles)
        if base is None:
            return None
        known = {name: share for name, share in product.industries.items() if name in scenario.industries}
        shock = math.fsum(share * scenario.industries[name] for name, share in known.items())
        shock += max(0.0, 1.0 - math.fsum(known.values())) * base
        return max(-1.0, shock - self._duration(product) * scenario.rate_shift)

    def _base(self, scenario: Scenario, product: Product, styles: Mapping[str, float]) -> float | None:
        """Return the shock of what is in no industry of the scenario."""
        if styles and all(name in scenario.styles for name, weight in styles.items() if weight > 0.0):
            return math.fsum(weight * scenario.styles[name] for name, weight in styles.items() if weight > 0.0)
        parts = self.blends.get(product.peer_group) or {product.asset_class: 1.0}
        if any(name not in scenario.classes for name in parts):
            return None
        return math.fsum(share * scenario.classes[name] for name, share in parts.items())

    def _duration(self, product: Product) -> float:
        by_class = self.durations.classes.get(product.asset_class, 0.0)
        return self.durations.groups.get(product.peer_group, by_class)


@cache
def shipped_stress() -> StressBook:
    """Return the scenarios that come with the pack, read once. Raises `ConfigError`."""
    return StressBook.load()


def styles_of(dataset: Dataset, product: Product) -> Mapping[str, float]:
    """Return what a product of shares moves like, as weights of style indices; empty where that is not clear."""
    known: dict[str, Mapping[str, float]] = dataset.memo.setdefault(_MEMO, {})
    if product.id not in known:
        known[product.id] = _regressed(dataset, product) if product.asset_class == "equity" else {}
    return known[product.id]


def stress_lines(book: Book, dataset: Dataset, account: Account, stress: StressBook) -> tuple[StressLine, ...]:
    """Add what each scenario would do to the account and to each class."""
    return tuple(_line(book, dataset, account, stress, scenario) for scenario in stress.scenarios)


def _line(book: Book, dataset: Dataset, account: Account, stress: StressBook, scenario: Scenario) -> StressLine:
    title = scenario.title.within(book.language)
    by_class: dict[str, float] = {}
    missing: list[Position] = []
    for one in account.positions:
        styles = styles_of(dataset, one.product) if scenario.styles else {}
        shock = stress.shock(scenario, one.product, styles) if one.basis == "value" else None
        if shock is None:
            missing.append(one)
        else:
            asset = one.product.asset_class
            by_class[asset] = by_class.get(asset, 0.0) + one.value * shock
    loss = math.fsum(by_class.values())
    uncovered = math.fsum(one.value for one in missing)
    none = None if by_class or not account.positions else book.note("no_stress")
    share = loss / account.total if account.total > 0.0 and none is None else None
    inputs: dict[str, float | int | str] = {"scenario": scenario.name, "sum_V": account.total}
    made = [
        book.add("stress_loss", loss if none is None else None, inputs, key=scenario.name, about=title, note=none),
        book.add("stress_share", share, inputs | {"change": loss}, key=scenario.name, about=title, note=none),
    ]
    if account.total > 0.0:
        made.append(book.add("stress_uncovered", uncovered / account.total, inputs, key=scenario.name, about=title))
    classes = {}
    for asset, words in CLASSES.items():
        if asset in by_class:
            about = f"{title}, {words.within(book.language)}"
            figure = book.add("stress_class", by_class[asset], key=f"{scenario.name}.{asset}", about=about)
            classes[str(asset)] = figure.id
    return StressLine(
        scenario=scenario.name, title=title, description=scenario.description.within(book.language),
        source=scenario.source.within(book.language), figures={figure.name: figure.id for figure in made},
        by_class=classes, missing=tuple(one.product.id for one in missing),
    )  # fmt: skip


def _regressed(dataset: Dataset, product: Product) -> Mapping[str, float]:
    try:
        found = exposures(dataset.nav(product.id), dataset.factors("style"), most=1)
    except (InvalidRequest, NotFound):
        return {}
    return found[0].weights if found and found[0].r_squared >= _EXPLAINED else {}
