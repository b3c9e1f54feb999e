"""The sample bank's market: trading days, factors with crises, products and their unit values. All made up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy
from numpy.random import Generator
from numpy.typing import NDArray

from .sample_names import FUND_FAMILIES, INDUSTRIES, SECURITIES, STYLES

Values = NDArray[numpy.float64]
_PERIODS: Final = 252
_CRISES: Final = ((0.22, 0.05, -0.30), (0.52, 0.10, -0.22), (0.83, 0.03, -0.15))
"""When, how long (parts of all days), and how deep."""
_HOLIDAYS: Final = ((1, 1, 1), (1, 28, 7), (4, 4, 2), (5, 1, 3), (10, 1, 7))
"""Month, first day, days: at about China's dates."""


@dataclass(frozen=True)
class _Kind:
    """A kind of product: `mix` names the shares of factors, STYLE and INDUSTRY stand for one that changes."""

    kind: str
    level: str
    asset: str
    en: str
    zh: str
    mix: Mapping[str, float]
    fee: float
    benchmark: str
    group: str


def trading_days(first: date, last: date) -> list[date]:
    """Return the sample's trading days: weekdays without holidays at about China's dates."""
    closed = {
        date(year, month, day) + timedelta(days=more)
        for year in range(first.year, last.year + 1)
        for month, day, length in _HOLIDAYS
        for more in range(length)
    }
    every = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in every if day.weekday() < 5 and day not in closed]


def factor_returns(generator: Generator, count: int) -> dict[str, Values]:
    """Return daily returns of the market, styles, industries and bonds."""
    market = generator.standard_t(5, count) * 0.0085 + 0.0003
    for when, how_long, depth in _CRISES:
        begin, length = int(when * count), max(5, int(how_long * count))
        market[begin : begin + length] += numpy.log1p(depth) / length
    rate = generator.normal(0.0, 0.0003, count)
    returns = {"market": market, "bond_government": 0.00011 - 5.0 * rate * 0.25, "money": numpy.full(count, 0.000075)}
    returns["bond_credit"] = 0.00015 + 0.6 * (returns["bond_government"] - 0.00011) + 0.03 * market * 0.5
    returns["gold"] = generator.normal(0.00025, 0.008, count) - 0.05 * market
    for number, name in enumerate(STYLES):
        returns[name] = (0.9 + 0.1 * number) * market + generator.normal(0.00003 * (number - 1), 0.0035, count)
    for number, name in enumerate(INDUSTRIES):
        returns[name] = (0.8 + 0.05 * number) * market + generator.normal(0.00002 * (number - 4), 0.006, count)
    return {name: numpy.clip(values, -0.19, 0.19) for name, values in returns.items()}


def sample_products(first: date, count: int) -> list[dict[str, Any]]:
    """Return the rows of products.csv, each with its `mix` of factors."""
    return [_product(number, first) for number in range(count)]


def _product(number: int, first: date) -> dict[str, Any]:
    """Return one product; the kinds follow each other in a fixed order, so that every peer group has several."""
    kind = _KINDS[number % len(_KINDS)]
    family_en, family_zh = FUND_FAMILIES[number % len(FUND_FAMILIES)]
    series = _series(number // len(_KINDS))
    chosen = {_factor(name, number): share for name, share in kind.mix.items()}
    risky = sum(share for name, share in chosen.items() if name in (*STYLES, *INDUSTRIES, "market"))
    securities = SECURITIES[number % 7 :: 3][:10] if risky > 0.05 else ()
    shares = kind.kind == "fund" and kind.asset == "equity"
    return {
        "id": f"P{number + 1:03}", "name_en": f"{family_en} {kind.en} {series}",
        "name_zh": f"{family_zh}{kind.zh}{series}", "kind": kind.kind, "asset_class": kind.asset,
        "issuer_level": kind.level, "seller_level": f"R{min(5, int(kind.level[1]) + (number % 9 == 4))}",
        "currency": "USD" if number % 20 == 13 else "CNY",
        "term_days": {"wealth": 180, "deposit": 365, "insurance": 1825}.get(kind.kind, 0),
        "redeem_days": {"fund": 2, "wealth": 1, "deposit": 0, "insurance": 5, "metal": 1}.get(kind.kind, 1),
        "minimum": {"wealth": 10000, "deposit": 50, "insurance": 1000}.get(kind.kind, 10),
        "private": "true" if number % 26 == 25 else "false", "issuer": family_en, "peer_group": kind.group,
        "benchmark": kind.benchmark, "management_fee": kind.fee, "custody_fee": round(kind.fee / 6, 5),
        "front_fee": 0.0015 if shares else 0.0,
        "back_fees": "7:0.015;30:0.0075;365:0.005" if shares or (kind.kind, kind.asset) == ("fund", "bond") else "",
        "industries": ";".join(f"{name}:{share:.3f}" for name, share in chosen.items() if name in INDUSTRIES),
        "constituents": ";".join(f"{name}:{0.9 * risky / 10:.4f}" for name in securities),
        "manager": f"M{number % 23 + 1:02}", "started_on": (first - timedelta(days=30 * (number % 40))).isoformat(),
        "mix": chosen,
    }  # fmt: skip


def _series(number: int) -> str:
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number % 26] + (str(number // 26 + 1) if number >= 26 else "")


def _factor(name: str, number: int) -> str:
    if name == "STYLE":
        return STYLES[number % len(STYLES)]
    return INDUSTRIES[number % len(INDUSTRIES)] if name == "INDUSTRY" else name


_KINDS: Final = (
    _Kind("fund", "R1", "cash", "Money Fund", "货币", {"money": 1.0}, 0.003, "money", "money"),
    _Kind(
        "fund", "R2", "bond", "Pure Bond", "纯债",
        {"bond_government": 0.4, "bond_credit": 0.6}, 0.006, "bonds", "bond",
    ),
    _Kind(
        "fund", "R4", "equity", "Growth Equity", "成长股票",
        {"STYLE": 0.7, "INDUSTRY": 0.25}, 0.012, "equities", "equity",
    ),
    _Kind(
        "wealth", "R2", "bond", "Steady Wealth", "稳健理财",
        {"bond_credit": 0.8, "market": 0.03}, 0.003, "bonds", "wealth",
    ),
    _Kind(
        "fund", "R3", "equity", "Balanced Mix", "平衡混合",
        {"STYLE": 0.45, "bond_credit": 0.5}, 0.01, "mixed", "mixed",
    ),
    _Kind("fund", "R4", "equity", "Index Fund", "指数", {"market": 0.98}, 0.005, "equities", "index"),
    _Kind("deposit", "R1", "cash", "Term Deposit", "定期存款", {"money": 1.1}, 0.0, "money", "deposit"),
    _Kind("fund", "R5", "equity", "Sector Equity", "行业股票", {"INDUSTRY": 0.95}, 0.015, "equities", "sector"),
    _Kind("metal", "R3", "commodity", "Gold Account", "积存金", {"gold": 1.0}, 0.002, "gold", "gold"),
    _Kind(
        "insurance", "R2", "insurance", "Annuity Insurance", "年金保险",
        {"bond_government": 0.7}, 0.008, "bonds", "insurance",
    ),
    _Kind(
        "fund", "R3", "bond", "Bond Plus", "债券增强",
        {"bond_credit": 0.8, "STYLE": 0.18}, 0.008, "bonds", "bond_plus",
    ),
    _Kind(
        "wealth", "R4", "alternative", "Alternative Plan", "另类策略",
        {"gold": 0.3, "market": 0.3}, 0.012, "mixed", "alternative",
    ),
    _Kind("fund", "R4", "equity", "Value Equity", "价值股票", {"STYLE": 0.92}, 0.012, "equities", "equity"),
)  # fmt: skip


def unit_values(
    generator: Generator, row: Mapping[str, Any], factors: Mapping[str, Values], count: int
) -> dict[str, Values]:
    """Return unit values, payouts and splits by day."""
    own = {"money": 0.000005, "deposit": 0.0, "bond": 0.0004, "insurance": 0.0002, "wealth": 0.0003}
    noise = own.get(row["peer_group"], 0.0025)
    growth = sum((share * factors[name] for name, share in row["mix"].items()), start=numpy.zeros(count))
    growth = growth + generator.normal(0.00004, noise, count) - row["management_fee"] / _PERIODS
    value, payouts, splits = numpy.empty(count), numpy.zeros(count), numpy.ones(count)
    value[0] = 1.0
    for at in range(1, count):
        value[at] = value[at - 1] * (1.0 + growth[at])
        if row["kind"] == "fund" and row["asset_class"] == "equity":
            if value[at] > 1.9:
                splits[at], value[at] = 2.0, value[at] / 2.0
            elif at % 500 == 0 and value[at] > 1.25:
                payouts[at], value[at] = 0.1, value[at] - 0.1
    return {"nav": numpy.round(value, 6), "payout": payouts, "split": splits}
