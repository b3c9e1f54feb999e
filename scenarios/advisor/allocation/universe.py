"""What may be in an allocation: products that suit the client, or indices; and what the client holds now."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TypeAlias

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

from ..data.dataset import Dataset
from ..models import AssetClass, Client, Product, ProductLevel, Series, Source
from .request import AllocationRequest

MaySell: TypeAlias = Callable[[Product], "Refusal | None"]
"""Why a product may not be sold to the client; None: it may."""
_OFF = 1e-6


@dataclass(frozen=True)
class Refusal:
    """Why a product may not be sold to a client; `matched`: not for its level."""

    why: str
    matched: bool


@dataclass(frozen=True)
class Asset:
    """One thing that has a weight. `free_in` are the days from a purchase until its money can be there."""

    id: str
    name: str
    asset_class: AssetClass
    level: ProductLevel | None = None
    issuer: str = ""
    free_in: int = 0
    product: Product | None = None
    series: Series | None = field(default=None, repr=False)
    hold_only: bool = False
    """It is held and may be sold, no more of it may be bought."""


@dataclass(frozen=True)
class Position:
    """What is held of one product on a day; `lots` are (units, bought on), the oldest first."""

    product: Product
    lots: tuple[tuple[float, date], ...]
    price: float
    rate: float
    """CNY for one unit of the product's currency."""

    @property
    def units(self) -> float:
        """All units."""
        return math.fsum(units for units, _day in self.lots)

    @property
    def value(self) -> float:
        """In CNY."""
        return self.units * self.price * self.rate

    def locked_units(self, day: date) -> float:
        """Units whose term has not ended."""
        term = timedelta(days=self.product.term_days)
        return math.fsum(units for units, bought_on in self.lots if bought_on + term > day)


@dataclass(frozen=True)
class Universe:
    """Assets, and what is held: `now` in shares of the wealth, in the order of the assets.

    `kept` are shares that the plan does not touch: money held back and what is held outside the universe.
    """

    assets: tuple[Asset, ...]
    now: tuple[float, ...]
    kept: tuple[tuple[Asset, float], ...]
    positions: Mapping[str, Position]
    wealth: float | None
    """In CNY; None: not known, there are no trades then."""
    left_out: tuple[tuple[str, str], ...]
    """(product, why)."""
    sources: tuple[Source, ...] = ()

    @property
    def budget(self) -> float:
        """The share of the wealth that the plan distributes."""
        return 1.0 - math.fsum(share for _asset, share in self.kept)


def universe_of(
    dataset: Dataset,
    request: AllocationRequest,
    language: str,
    may_sell: MaySell | None,
    usable: Callable[[Asset], str | None],
) -> Universe:
    """Return the universe of a request.

    `usable` says why an asset's values cannot be used. Products that `may_sell` refuses are left out or, where they
    were asked for by name, refused with `InvalidRequest`; so are those with unusable values, unless `leave_out_bad`.
    """
    client = dataset.client(request.client) if request.client is not None else None
    positions = positions_of(dataset, client.id, dataset.last_day) if client and not request.indices else {}
    assets, left_out = _candidates(dataset, request, language, client, may_sell, positions)
    assets, bad = _usable(assets, request, usable)
    if all(one.hold_only for one in assets):
        raise _empty(left_out + bad)
    return _with_positions(dataset, request, language, assets, positions, left_out + bad)


def positions_of(dataset: Dataset, client_id: str, day: date) -> dict[str, Position]:
    """Return what a client holds by the newest statement, at the values of `day`."""
    lots: dict[str, list[tuple[float, date]]] = {}
    for holding in dataset.holdings(client_id, day):
        if holding.units > 0.0:
            lots.setdefault(holding.product, []).append((holding.units, holding.bought_on))
    return {
        product_id: Position(
            dataset.product(product_id),
            tuple(sorted(held, key=lambda lot: lot[1])),
            dataset.price(product_id, day),
            dataset.cny_for(dataset.product(product_id).currency, day),
        )
        for product_id, held in sorted(lots.items())
    }


def _candidates(
    dataset: Dataset,
    request: AllocationRequest,
    language: str,
    client: Client | None,
    may_sell: MaySell | None,
    positions: Mapping[str, Position],
) -> tuple[list[Asset], list[tuple[str, str]]]:
    if request.indices:
        return [
            Asset(f"{of}:{name}", name, of, series=dataset.benchmark(name)) for of, name in request.indices.items()
        ], []
    wanted = request.products or tuple(sorted(dataset.products))
    products = [dataset.product(product_id) for product_id in wanted]
    if client is None and not request.products:
        raise InvalidRequest(
            _("There is neither a client nor a list of products or indices."),
            _("Give client, products or indices."),
            param="products",
            code="universe_missing",
        )
    refused: list[tuple[str, str]] = []
    suited = []
    for product in products:
        why = may_sell(product) if client is not None and may_sell is not None else None
        if why is None:
            suited.append(_asset(product, language))
        elif why.matched and product.id in positions and not request.products:
            suited.append(replace(_asset(product, language), hold_only=True))
        else:
            refused.append((product.id, why.why))
    if refused and request.products:
        lines = "\n".join(f"{product_id}: {why}" for product_id, why in refused)
        raise InvalidRequest(
            _("These products may not be sold to the client:\n{lines}", lines=lines),
            _("Leave them out of products; what suits the client is decided by the rules alone."),
            param="products",
            code="not_suitable",
        )
    return suited, refused


def _asset(product: Product, language: str) -> Asset:
    return Asset(
        product.id,
        product.name.within(language),
        product.asset_class,
        product.level,
        product.issuer,
        product.term_days + product.redeem_days,
        product,
    )


def _usable(
    assets: Sequence[Asset], request: AllocationRequest, usable: Callable[[Asset], str | None]
) -> tuple[list[Asset], list[tuple[str, str]]]:
    why = {asset.id: usable(asset) for asset in assets}
    bad = [(name, reason) for name, reason in why.items() if reason is not None]
    if bad and not request.leave_out_bad:
        raise InvalidRequest(
            _(
                "These products have no values that can be computed with:\n{lines}.",
                lines="\n".join(f"{name}: {reason}" for name, reason in bad).rstrip(".。"),
            ),
            _("Correct their values, or set leave_out_bad to leave them out."),
            param="leave_out_bad",
            code="values_not_usable",
        )
    return [asset for asset in assets if why[asset.id] is None], bad


def _with_positions(
    dataset: Dataset,
    request: AllocationRequest,
    language: str,
    assets: Sequence[Asset],
    positions: Mapping[str, Position],
    left_out: Sequence[tuple[str, str]],
) -> Universe:
    inside = {asset.id for asset in assets}
    kept: list[tuple[Asset, float]] = []
    if request.reserve > 0.0:
        kept.append((Asset("money", "money", "cash"), request.reserve))
    if request.now:
        now = _given_weights(request, inside)
        return Universe(
            tuple(assets), tuple(now.get(one.id, 0.0) for one in assets), tuple(kept), {}, None, tuple(left_out)
        )
    wealth = math.fsum(position.value for position in positions.values()) + request.amount
    if positions and wealth <= 0.0:
        raise InvalidRequest(
            _("Nothing is left to invest: the holdings and the amount come to {wealth:.2f} CNY.", wealth=wealth),
            _("Pay out less, or give an amount to invest."),
            param="amount",
            code="nothing_to_invest",
        )
    known = wealth if wealth > 0.0 else None
    for product_id, position in positions.items() if known is not None else ():
        if product_id not in inside:
            asset = _asset(position.product, language)
            locked = position.locked_units(dataset.last_day) * position.price * position.rate
            stays = locked if request.sell_others else position.value
            if stays > 0.0:
                kept.append((asset, stays / wealth))
    share = math.fsum(weight for _asset, weight in kept)
    if share >= 1.0 - _OFF:
        raise InvalidRequest(
            _("What stays as it is comes to {share:.2%} of the wealth: nothing is left to distribute.", share=share),
            _("Set sell_others, lower reserve, or give an amount to invest."),
            param="reserve",
            code="nothing_to_invest",
        )
    now_shares = tuple(positions[one.id].value / wealth if one.id in positions else 0.0 for one in assets)
    held = [dataset.source("holdings", f"client={request.client}")] if positions else []
    return Universe(
        tuple(assets), now_shares, tuple(kept), positions, known, tuple(left_out), tuple(held),
    )  # fmt: skip


def _given_weights(request: AllocationRequest, inside: set[str]) -> dict[str, float]:
    if request.client is not None:
        raise InvalidRequest(_("Both a client and weights held now are given."), _("Give one of the two."), param="now")
    total = math.fsum(request.now.values())
    low = [name for name, share in request.now.items() if not share >= 0.0]
    if low or not abs(total - 1.0) <= _OFF:
        raise InvalidRequest(
            _("The weights in now are to be 0 or more and to sum to 1; they sum to {total:g}.", total=total),
            _("Correct the weights."),
            param="now",
            code="weights_not_valid",
        )
    strangers = sorted(set(request.now) - inside)
    if strangers:
        raise InvalidRequest(
            _("The weights in now name what is not in the universe: {names}.", names=", ".join(strangers)),
            _("Add it to products, or take it out of now."),
            param="now",
            code="weights_not_valid",
        )
    return request.now


def _empty(left_out: Sequence[tuple[str, str]]) -> InvalidRequest:
    return InvalidRequest(
        _("No product is left to choose from; {count} were left out.", count=len(left_out)),
        _("Widen products; the first reason is: {why}", why=left_out[0][1] if left_out else "-"),
        param="products",
        code="universe_empty",
    )
