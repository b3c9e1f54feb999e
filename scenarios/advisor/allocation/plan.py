"""A request made ready: universe, returns, settings and limits, all checked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy

from ..data.dataset import Dataset
from ..data.targets import Target, View
from .book import LimitBook
from .estimators import Settings
from .feasibility import Region
from .limits import Limit, limits_of
from .optimising import moments_of
from .request import AllocationRequest
from .returns import PERIODS, Floats, Returns, returns_of, risk_free, why_unusable
from .suits import Suits
from .trades import back_fee
from .universe import Universe, universe_of
from .words import Speaker


@dataclass(frozen=True)
class Task:
    """What has to be solved."""

    dataset: Dataset = field(repr=False)
    request: AllocationRequest
    book: LimitBook
    suits: Suits | None
    speaker: Speaker
    today: date
    universe: Universe
    history: Returns
    """Of all days that the assets have in common."""
    look_back: int
    settings: Settings
    limits: tuple[Limit, ...]
    target: Floats | None
    """The client's target allocation over the assets; None: there is none, or a class has no asset."""
    views_left: tuple[View, ...]

    @property
    def returns(self) -> Floats:
        """Of the look-back."""
        return self.history.values[-self.look_back :]

    @property
    def days(self) -> tuple[str, str]:
        """First and last day of the look-back."""
        days = self.history.days[-self.look_back :]
        return str(days[0]), str(days[-1])

    @property
    def region(self) -> Region:
        """Where the weights may lie, before limits."""
        return Region(len(self.universe.assets), self.universe.budget, self.universe.now)


def prepare(
    dataset: Dataset, request: AllocationRequest, book: LimitBook, suits: Suits | None, speaker: Speaker, today: date
) -> Task:
    """Return the task of a request. Raises `InvalidRequest` and `NotFound` for what cannot be computed with."""
    universe = universe_of(
        dataset, request, speaker.language, None if suits is None else suits.why_not,
        lambda asset: why_unusable(dataset, asset),
    )  # fmt: skip
    history = returns_of(dataset, universe.assets, None)
    look_back = min(request.look_back_days or book.look_back_days, len(history.values))
    target = _target(dataset, request)
    weights, whole = _over_assets(target, universe)
    settings, views_left = _settings(dataset, request, book, universe, weights)
    means = None
    if request.limits.return_at_least is not None or book.limits.return_at_least is not None:
        means = moments_of(history.values[-look_back:], settings)[0] * PERIODS
    limits = limits_of(
        universe, (("bank", book.limits), ("request", request.limits)), target if request.keep_to_target else None,
        means, today, speaker,
    )  # fmt: skip
    return Task(
        dataset, request, book, suits, speaker, today, universe, history, look_back, settings, tuple(limits),
        weights if whole else None, views_left,
    )  # fmt: skip


def trading_costs(universe: Universe, held_days: int, today: date) -> tuple[Floats, Floats]:
    """Return what buying and selling costs, as shares of the amount: what is not held yet, after `held_days`."""
    buying = [one.product.front_fee if one.product else 0.0 for one in universe.assets]
    selling = []
    for one in universe.assets:
        position = universe.positions.get(one.id)
        if one.product is None:
            selling.append(0.0)
        elif position is None:
            selling.append(back_fee(one.product, held_days))
        else:
            fees = (units * back_fee(one.product, (today - day).days) for units, day in position.lots)
            selling.append(math.fsum(fees) / position.units)
    return numpy.array(buying), numpy.array(selling)


def _settings(
    dataset: Dataset, request: AllocationRequest, book: LimitBook, universe: Universe, reference: Floats | None
) -> tuple[Settings, tuple[View, ...]]:
    level = dataset.client(request.client).level if request.client is not None else None
    present = {one.asset_class for one in universe.assets}
    views = dataset.house_view.views if request.method == "black_litterman" else ()
    used = [one for one in views if one.asset in present and (one.against is None or one.against in present)]
    years = request.holding_days / 365.0
    buying, selling = trading_costs(universe, request.holding_days, dataset.last_day)
    target = request.target_volatility
    aversion = request.risk_aversion or book.risk_aversion[level or book.nobody]
    settings = Settings(
        request.method, request.aim, request.covariance, aversion,
        None if target is None else target / universe.budget, request.cvar_confidence,
        tuple(one.asset_class for one in universe.assets), tuple(used),
        reference if request.method == "black_litterman" else None, risk_free(dataset),
        (buying / years, selling / years) if (buying + selling).any() and any(universe.now) else None,
    )  # fmt: skip
    return settings, tuple(one for one in views if one not in used)


def _target(dataset: Dataset, request: AllocationRequest) -> Target | None:
    if request.client is None:
        return None
    return dataset.targets.targets.get(dataset.client(request.client).target)


def _over_assets(target: Target | None, universe: Universe) -> tuple[Floats | None, bool]:
    """Return the target spread evenly over the assets of each class, summing to 1, and whether each class has one."""
    if target is None:
        return None, False
    classes: Sequence[str] = [one.asset_class for one in universe.assets]
    weights = numpy.array([target.weights.get(of, 0.0) / classes.count(of) for of in classes])  # type: ignore[call-overload]
    total = float(weights.sum())
    if total <= 0.0:
        return None, False
    return weights / total, abs(total - 1.0) < 1e-6
