"""The risk of today's holdings: what they would have done with today's shares on every day, and who contributes."""

from dataclasses import dataclass
from datetime import date

import numpy

from ..asset_classes import CLASSES
from ..data.dataset import Dataset
from ..figures.making import PERIODS
from ..figures.performance import performance
from ..figures.track import Days, Floats, is_flat
from ..models import Series, Source
from .book import Book
from .market import Market, market_of
from .positions import Account, Position

SHOWN = ("annualised_return", "volatility", "var_historical", "cvar_historical", "max_drawdown",
         "max_drawdown_peak", "max_drawdown_trough", "sharpe")  # fmt: skip


@dataclass(frozen=True)
class Risk:
    """The positions in the risk figures, their weights (sum 1), returns (T, n) and the volatility that each adds."""

    positions: tuple[Position, ...]
    left_out: tuple[Position, ...]
    weights: Floats
    returns: Floats
    days: Days
    contributions: Floats
    """Of each position, a year; they sum to the volatility."""

    @property
    def volatility(self) -> float:
        """The standard deviation (n - 1) of the portfolio's returns, a year."""
        return float(self.portfolio.std(ddof=1)) * PERIODS**0.5 if len(self.portfolio) > 1 else 0.0

    @property
    def portfolio(self) -> Floats:
        """The returns with today's shares on every day."""
        result: Floats = self.returns @ self.weights
        return result

    @property
    def flat(self) -> bool:
        """Tell whether the holdings hardly move."""
        return is_flat(self.portfolio, PERIODS)


def risk_of(account: Account, market: Market) -> Risk:
    """Return the risk over all days on which every position with a year of values has some."""
    end = market.end(account.as_of)
    used = [one for one in account.positions if one.basis == "value" and market.usable(one.product.id, end)]
    used = [one for one in used if one.value > 0.0]
    left_out = tuple(one for one in account.positions if one not in used)
    if not used:
        nothing = numpy.empty(0)
        return Risk((), left_out, nothing, numpy.empty((0, 0)), market.days[:0], nothing)
    begin = max(market.first[one.product.id] for one in used)
    columns = [market.columns[one.product.id] for one in used]
    returns = market.returns[begin:end, columns]
    values = numpy.array([one.value for one in used])
    weights = values / values.sum()
    return Risk(tuple(used), left_out, weights, returns, market.days[begin : end + 1], contributions(returns, weights))


def contributions(returns: Floats, weights: Floats) -> Floats:
    """Return what each column adds to the volatility of returns (T, n) at weights (n,), a year (Euler's theorem)."""
    centred = returns - returns.mean(axis=0)
    portfolio = centred @ weights
    deviation = float(numpy.sqrt(portfolio @ portfolio / (len(portfolio) - 1)))
    if deviation == 0.0:
        return numpy.zeros_like(weights)
    with_portfolio = centred.T @ portfolio / (len(portfolio) - 1)
    result: Floats = weights * with_portfolio / deviation * PERIODS**0.5
    return result


def add_risk(book: Book, dataset: Dataset, account: Account) -> Risk:
    """Add the risk figures of the account, of each position in them and of each class."""
    risk = risk_of(account, market_of(dataset))
    covered = sum(one.value for one in risk.positions)
    share = covered / account.total if account.total > 0.0 else None
    book.add("risk_coverage", share, {"covered": covered, "sum_V": account.total})
    if not risk.positions:
        book.add("diversification_ratio", None, note=book.note("no_history"))
        return risk
    source = _source(dataset, risk)
    found = performance(_index(risk, source), None, _risk_free(dataset, account.as_of), language=book.language,
                        prefix=f"account.{account.client.id}")  # fmt: skip
    for name in SHOWN:
        book.keep(found[name])
    total, calm = risk.volatility, book.note("calm") if risk.flat else None

    def add(part: float, key: str, about: str) -> None:
        book.add("risk_contribution", part, {"volatility": total}, key=key, about=about, sources=(source,))
        share = None if risk.flat else part / total
        book.add("risk_share", share, {"contribution": part, "volatility": total}, key=key, about=about, note=calm)

    by_class: dict[str, float] = {}
    for one, part in zip(risk.positions, risk.contributions.tolist(), strict=True):
        add(part, one.product.id, one.product.name.within(book.language))
        by_class[one.product.asset_class] = by_class.get(one.product.asset_class, 0.0) + part
    for asset, title in CLASSES.items():
        if asset in by_class:
            add(by_class[asset], asset, title.within(book.language))
    spread = float(risk.weights @ risk.returns.std(axis=0, ddof=1)) * PERIODS**0.5
    ratio = None if risk.flat else spread / total
    book.add("diversification_ratio", ratio, {"weighted": spread, "volatility": total}, note=calm, sources=(source,))
    return risk


def _index(risk: Risk, source: Source) -> Series:
    values = numpy.concatenate([[100.0], 100.0 * numpy.cumprod(1.0 + risk.portfolio)])
    return Series("holdings", risk.days, values, source)


def _source(dataset: Dataset, risk: Risk) -> Source:
    names = ", ".join(one.product.id for one in risk.positions)
    return dataset.source("nav", f"{names}, {risk.days[0]} to {risk.days[-1]}, {len(risk.days)} days")


def _risk_free(dataset: Dataset, as_of: date) -> Series | None:
    rates = dataset.series.get("rates", {})
    return dataset.rate("risk_free").between(None, as_of) if "risk_free" in rates else None
