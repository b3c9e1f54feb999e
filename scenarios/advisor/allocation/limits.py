"""Limits as linear rows over the weights, each with the words that state it."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

from ..data.targets import Target
from ..models import AssetClass
from .request import Limits
from .returns import Floats
from .universe import Asset, Universe
from .words import Speaker

Kind = Literal["linear", "turnover", "count", "fixed"]


@dataclass(frozen=True, eq=False)
class Limit:
    """`rows @ weights <= bounds`, where all bounds move together when the limit is relaxed.

    `turnover` and `count` limits have no rows: the purchases sum to at most `value`, at most `value` assets are held.
    A `fixed` limit is a fact, such as a term, and is not relaxed. `minimum` limits were multiplied by -1.
    """

    id: str
    words: str
    value: float
    kind: Kind = "linear"
    minimum: bool = False
    unit: str = "share"
    standing: bool = True
    """Holds at each rebalancing, not at this one alone."""
    rows: Floats = field(default_factory=lambda: numpy.zeros((0, 0)), repr=False)
    bounds: Floats = field(default_factory=lambda: numpy.zeros(0), repr=False)
    numbers: tuple[tuple[str, float, str], ...] = ()
    """Each number in `words`: formula, value, unit."""

    def moved(self, slack: float) -> float:
        """Return the value that the limit has when it gives way by `slack`."""
        return self.value - slack if self.minimum else self.value + slack


def limits_of(
    universe: Universe,
    stated: Sequence[tuple[str, Limits]],
    target: Target | None,
    means: Floats | None,
    day: date,
    speaker: Speaker,
) -> list[Limit]:
    """Return all limits that hold: of each of `stated` (whose, limits), of the target allocation, of terms.

    `means` are the expected returns a year of the assets. Raises `InvalidRequest` for unknown products and issuers.
    """
    made = _Making(universe, speaker)
    found: list[Limit] = [*made.locked(day), *made.held_only()]
    for whose, limits in stated:
        made.whose = whose
        found += made.of(limits, means)
    if target is not None:
        made.whose = "target"
        found += made.bands(target)
    return found


class _Making:
    def __init__(self, universe: Universe, speaker: Speaker) -> None:
        self.universe = universe
        self.speaker = speaker
        self.whose = ""

    def of(self, limits: Limits, means: Floats | None) -> Iterator[Limit]:
        """Yield the limits of one section."""
        yield from self._products(limits)
        yield from self._issuers(limits)
        for asset_class, share in limits.classes.items():
            yield from self._class(asset_class, share.minimum, share.maximum, "class")
        for level, most in limits.above_levels.items():
            yield self._at_most("level", level, _above(level), most, level=level)
        for need in limits.liquidity:
            yield self._at_least(
                "liquidity", str(need.within_days), _free_within(need.within_days),
                need.minimum, days=self.speaker.shown(need.within_days, "days"),
            )  # fmt: skip
        if limits.cash_minimum is not None:
            yield self._at_least("cash", "", _with("asset_class", "cash"), limits.cash_minimum)
        if limits.turnover is not None:
            yield self._limit("turnover", "", limits.turnover, "turnover", standing=False)
        if limits.products_at_most is not None:
            yield self._limit("count", "", limits.products_at_most, "count", unit="count")
        if limits.return_at_least is not None and means is not None:
            rows = -means[None, :]
            bounds = numpy.array([-limits.return_at_least])
            yield self._limit(
                "return", "", limits.return_at_least, minimum=True, standing=False, rows=rows, bounds=bounds
            )

    def locked(self, day: date) -> Iterator[Limit]:
        """Yield what cannot be sold because its term has not ended."""
        wealth = self.universe.wealth
        for at, asset in enumerate(self.universe.assets):
            position = self.universe.positions.get(asset.id)
            if position is None or wealth is None or asset.product is None:
                continue
            locked = position.locked_units(day) * position.price * position.rate / wealth
            if locked > 0.0:
                row = numpy.zeros((1, len(self.universe.assets)))
                row[0, at] = -1.0
                yield self._limit(
                    "locked", asset.id, locked, "fixed", minimum=True, standing=False, rows=row,
                    bounds=numpy.array([-locked]), words={"name": asset.name},
                )  # fmt: skip

    def held_only(self) -> Iterator[Limit]:
        """Yield what is held and of which suitability allows no more."""
        for at, asset in enumerate(self.universe.assets):
            if asset.hold_only:
                row = numpy.zeros((1, len(self.universe.assets)))
                row[0, at] = 1.0
                most = self.universe.now[at]
                yield self._limit(
                    "suitability", asset.id, most, "fixed", standing=False, rows=row, bounds=numpy.array([most]),
                    words={"name": asset.name},
                )  # fmt: skip

    def bands(self, target: Target) -> Iterator[Limit]:
        """Yield the client's target allocation with its drift."""
        title = target.title.within(self.speaker.language)
        for asset_class in sorted({one.asset_class for one in self.universe.assets} | set(target.weights)):
            share = target.weights.get(asset_class, 0.0)
            low, high = max(0.0, share - target.drift), min(1.0, share + target.drift)
            yield from self._class(asset_class, low, high, "band", target=title)

    def _products(self, limits: Limits) -> Iterator[Limit]:
        assets = self.universe.assets
        if limits.each_product is not None:
            rows = numpy.eye(len(assets))
            bounds = numpy.full(len(assets), limits.each_product)
            yield self._limit(
                "each_product", "", limits.each_product, rows=rows, bounds=bounds, words={"count": len(assets)}
            )
        known = {one.id for one in assets}
        for product_id, share in limits.products.items():
            if product_id not in known:
                raise InvalidRequest(
                    _("The limits name the product {id}, which is not in the universe.", id=product_id),
                    _("Take it out of limits.products, or add it to products."),
                    param="limits.products",
                    code="product_not_found",
                )
            if share.minimum > 0.0:
                yield self._at_least("product", product_id, _with("id", product_id), share.minimum,
                                     name=product_id)  # fmt: skip
            if share.maximum < 1.0:
                yield self._at_most("product", product_id, _with("id", product_id), share.maximum,
                                    name=product_id)  # fmt: skip

    def _issuers(self, limits: Limits) -> Iterator[Limit]:
        everything = [*self.universe.assets, *(one for one, _share in self.universe.kept)]
        issuers = sorted({one.issuer for one in everything if one.issuer})
        for issuer, most in limits.issuers.items():
            if issuer in issuers:
                yield self._at_most("issuer", issuer, _with("issuer", issuer), most, name=issuer)
        if limits.each_issuer is not None and issuers:
            made = [self._at_most("issuer", issuer, _with("issuer", issuer), limits.each_issuer) for issuer in issuers]
            yield self._limit(
                "each_issuer", "", limits.each_issuer, rows=numpy.vstack([one.rows for one in made]),
                bounds=numpy.concatenate([one.bounds for one in made]), words={"count": len(issuers)},
            )  # fmt: skip

    def _class(self, asset_class: AssetClass, low: float, high: float, kind: str, **words: str) -> Iterator[Limit]:
        words["name"] = self.speaker.asset_class(asset_class)
        if low > 0.0:
            yield self._at_least(kind, asset_class, _with("asset_class", asset_class), low, **words)
        if high < 1.0:
            yield self._at_most(kind, asset_class, _with("asset_class", asset_class), high, **words)

    def _at_least(
        self, kind: str, key: str, counts: Callable[[Asset], bool], least: float, /, **words: object
    ) -> Limit:
        rows, kept = self._row(counts)
        return self._limit(
            f"{kind}_minimum", key, least, minimum=True, rows=-rows, bounds=numpy.array([kept - least]), words=words
        )

    def _at_most(self, kind: str, key: str, counts: Callable[[Asset], bool], most: float, /, **words: object) -> Limit:
        rows, kept = self._row(counts)
        return self._limit(f"{kind}_maximum", key, most, rows=rows, bounds=numpy.array([most - kept]), words=words)

    def _row(self, counts: Callable[[Asset], bool]) -> tuple[Floats, float]:
        row = numpy.array([[float(counts(one)) for one in self.universe.assets]])
        return row, math.fsum(share for one, share in self.universe.kept if counts(one))

    def _limit(
        self, name: str, key: str, value: float, kind: Kind = "linear", /, *, minimum: bool = False,
        unit: str = "share", standing: bool = True, rows: Floats | None = None, bounds: Floats | None = None,
        words: Mapping[str, object] | None = None,
    ) -> Limit:  # fmt: skip
        words = words or {}
        stated = self.speaker.say(f"limit_{name}", **{"name": key, **words, "value": self.speaker.shown(value, unit)})
        if self.whose in ("bank", "request"):
            stated = self.speaker.say(f"whose_{self.whose}", limit=stated)
        numbers = [("limit" if unit == "share" else "limit_count", float(value), unit)]
        if "count" in words:
            numbers.append(("limit_subjects", float(str(words["count"])), "count"))
        if name.startswith("liquidity"):
            numbers.append(("limit_days", float(key), "days"))
        return Limit(
            ".".join(part for part in (self.whose, name, key) if part), stated, float(value), kind, minimum, unit,
            standing, numpy.zeros((0, len(self.universe.assets))) if rows is None else rows,
            numpy.zeros(0) if bounds is None else bounds, tuple(numbers),
        )  # fmt: skip


def _with(attribute: str, value: str) -> Callable[[Asset], bool]:
    return lambda asset: bool(getattr(asset, attribute) == value)


def _above(level: str) -> Callable[[Asset], bool]:
    return lambda asset: (asset.level or "R1") > level


def _free_within(days: int) -> Callable[[Asset], bool]:
    return lambda asset: asset.free_in <= days
