"""Figures, rows and sentences of a proposal."""

import hashlib
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from typing import Literal

import numpy

from ..figures.making import Maker
from ..models import Figure
from .backtest import Path, Tried, least_days
from .conflicts import offers
from .limits import Limit
from .optimising import TOLERANCE, Weights, broken
from .plan import Task
from .request import Backtest
from .result import BacktestReport, FrontierPoint, LimitRow, Proposal, TestedPath, WeightRow
from .returns import PERIODS, Floats
from .trades import Plan
from .universe import Asset
from .words import formulas

_ROUNDED = 5e-4  # of a share: what is missed by less is not worth a note
_PACKAGES = ("skfolio", "cvxpy-base", "clarabel", "scipy", "numpy", "scikit-learn")


def maker_of(task: Task) -> Maker:
    """Return the maker of the proposal's figures."""
    sources = (*task.universe.sources, *task.history.sources)
    return Maker("allocation", task.speaker.language, sources, catalogue=formulas())


def stated(task: Task, limits: Sequence[Limit], maker: Maker) -> dict[str, Figure]:
    """Return the numbers that sentences write besides: limits, what the universe offers, days."""
    found: dict[str, Figure] = {}

    def add(name: str, value: float | date, key: str, about: str = "") -> None:
        figure = maker.make(name, value, key=key, about=about)
        found[figure.id.removeprefix("allocation.")] = figure

    for limit in limits:
        for name, value, _unit in limit.numbers:
            add(name, value, f"limits.{limit.id}", limit.words)
    for (asset_class, level), count in offers(task.universe):
        add("offered", count, f"universe.{asset_class}.{level or 'index'}", f"{asset_class} {level}".strip())
    add("planned_share", task.universe.budget, "plan")
    add("kept_share", 1.0 - task.universe.budget, "plan")
    add("days_used", len(task.returns), "plan")
    add("days_in_common", len(task.history.values), "plan")
    add("first_day", date.fromisoformat(task.days[0]), "plan")
    add("last_day", date.fromisoformat(task.days[1]), "plan")
    add("universe_size", len(task.universe.assets), "plan")
    if task.request.backtest is not None:
        add("days_needed", least_days(task.look_back, task.request.backtest), "plan")
    if task.request.target_volatility is not None:
        add("asked_volatility", task.request.target_volatility, "plan")
    return found


def counted(task: Task, proposal: Proposal, maker: Maker) -> dict[str, Figure]:
    """Return what sentences count in a proposal."""
    planned = {one.id for one in task.universe.assets}
    values: dict[str, float | date] = {
        "weighed": sum(row.id in planned and (row.proposed.value or 0.0) > 0.0 for row in proposal.weights),
    }  # fmt: skip
    if proposal.rebalancing is not None:
        buys = sum(one.kind == "buy" for one in proposal.rebalancing.trades)
        values |= {"purchases": buys, "sales": len(proposal.rebalancing.trades) - buys}
    found = {f"plan.{name}": maker.make(name, value, key="plan") for name, value in values.items()}
    if proposal.backtest is not None:
        tested: dict[str, float | date] = {
            "rebalancings": proposal.backtest.rebalanced, "first_day": date.fromisoformat(proposal.backtest.first),
            "last_day": date.fromisoformat(proposal.backtest.last),
        }  # fmt: skip
        found |= {f"backtest.{name}": maker.make(name, value, key="backtest") for name, value in tested.items()}
    return found


def weight_rows(task: Task, weights: Floats, maker: Maker) -> list[WeightRow]:
    """Return a row for each asset that is held or proposed, the largest first; then what the plan does not touch."""
    covariance = numpy.cov(task.returns, rowvar=False, ddof=1).reshape(len(weights), len(weights))
    marginal = covariance @ weights
    variance = float(weights @ marginal)
    rows = []
    for at, asset in enumerate(task.universe.assets):
        now = task.universe.now[at]
        if weights[at] <= TOLERANCE and now <= 0.0:
            continue
        risk = float(weights[at] * marginal[at] / variance) if variance > 1e-16 else None
        rows.append(_weight_row(asset, now, float(weights[at]), risk, maker, task.history.sources[at].rows))
    rows.sort(key=lambda row: (-(row.proposed.value or 0.0), row.id))
    for asset, share in task.universe.kept:
        name = task.speaker.say("money") if asset.id == "money" else asset.name
        held = 0.0 if asset.id == "money" else share
        rows.append(_weight_row(asset, held, share, None, maker, "").model_copy(update={"name": name}))
    return rows


def _weight_row(asset: Asset, now: float, weight: float, risk: float | None, maker: Maker, _rows: str) -> WeightRow:
    def make(name: str, value: float | None) -> Figure:
        return maker.make(name, value, key=asset.id, about=asset.name)

    return WeightRow(
        id=asset.id, name=asset.name, asset_class=asset.asset_class, level=asset.level,
        now=make("weight_now", now), proposed=make("weight", weight), risk=make("risk_contribution", risk),
    )  # fmt: skip


def in_sample(task: Task, weights: Weights, maker: Maker) -> dict[str, Figure]:
    """Return what the past says of the proposal and of what is held now; of the planned part alone."""
    found: dict[str, Figure] = {}
    mixes = {"proposed": weights.values / task.universe.budget}
    held = numpy.array(task.universe.now)
    if held.sum() > TOLERANCE:
        mixes["now"] = held / held.sum()
    for key, mix in mixes.items():
        past = task.returns @ mix
        inputs: dict[str, float | int | str] = {
            "N": PERIODS, "n": len(past), "first": task.days[0], "last": task.days[1],
        }  # fmt: skip
        values = {
            "estimated_return": float(weights.means @ mix),
            "past_volatility": float(past.std(ddof=1) * PERIODS**0.5),
            "past_cvar": cvar(past, task.settings.cvar_confidence),
        }
        for name, value in values.items():
            more = {"confidence": task.settings.cvar_confidence} if name == "past_cvar" else {}
            found[f"{name}_{key}"] = maker.make(
                name, value, {**inputs, **more}, key=key, about=task.speaker.say(f"line_{key}")
            )
    if task.universe.wealth is not None:
        found["wealth"] = maker.make("wealth", task.universe.wealth, {"amount": task.request.amount}, unit="CNY")
    return found


def cvar(returns: Floats, confidence: float) -> float:
    """Return the mean of the worst days as a loss; the last return within the tail counts in part."""
    tail = (1.0 - confidence) * len(returns)
    whole = max(0, int(numpy.ceil(tail - 1e-9)) - 1)
    worst = numpy.sort(returns)[: whole + 1]
    return -float(worst[:whole].sum() + worst[whole] * (tail - whole)) / tail


def limit_rows(task: Task, limits: Sequence[Limit], weights: Floats) -> list[LimitRow]:
    """Return each limit with how the weights stand to it."""
    rows = []
    for one in limits:
        gap = broken_by(one, weights, task)
        rows.append(LimitRow(id=one.id, words=one.words, kept=gap <= TOLERANCE, binding=abs(gap) <= 1e-5))
    return rows


def broken_by(limit: Limit, weights: Floats, task: Task) -> float:
    """Return by how much one limit is missed; below 0: how much room is left."""
    if limit.kind == "turnover":
        return float(numpy.maximum(weights - numpy.array(task.universe.now), 0.0).sum()) - limit.value
    if limit.kind == "count":
        return float((weights > TOLERANCE).sum()) - limit.value
    return float((limit.rows @ weights - limit.bounds).max()) if len(limit.rows) else broken(weights, [], task.region)


def missed_after(task: Task, plan: Plan, limits: Sequence[Limit], maker: Maker) -> list[tuple[Limit, Figure]]:
    """Return the limits that the trades, rounded and without the small ones, miss, with where each then stands."""
    wealth = task.universe.wealth
    if wealth is None:
        return []
    reached = numpy.array([plan.after.get(one.id, 0.0) / wealth for one in task.universe.assets])
    missed = []
    for limit in limits:
        gap = broken_by(limit, reached, task)
        if limit.kind in ("linear", "fixed") and gap > _ROUNDED:
            inputs: dict[str, float | int | str] = {"limit": limit.value, "W": wealth}
            name = "reached_limit"
            missed.append(
                (limit, maker.make(name, limit.moved(gap), inputs, key=f"rounding.{limit.id}", about=limit.words))
            )
    return missed


def frontier_points(points: Sequence[tuple[float, float]], maker: Maker) -> list[FrontierPoint]:
    """Return the points as figures."""
    return [
        FrontierPoint(
            estimated_return=maker.make("frontier_return", expected, {"N": PERIODS}, key=f"frontier.{at}"),
            volatility=maker.make("frontier_volatility", spread, {"N": PERIODS}, key=f"frontier.{at}"),
        )
        for at, (expected, spread) in enumerate(points, 1)
    ]


def backtest_report(tried: Tried, how: Backtest, task: Task, maker: Maker) -> BacktestReport:
    """Return the test as figures."""
    paths: dict[Literal["method", "equal", "target"], Path | None] = {
        "method": tried.method, "equal": tried.equal, "target": tried.target,
    }  # fmt: skip
    return BacktestReport(
        first=str(tried.days[0]), last=str(tried.days[-1]), train_days=tried.train_days,
        rebalance_days=how.rebalance_days, delay_days=how.delay_days, rebalanced=tried.rebalanced,
        paths=tuple(
            TestedPath(
                name=name, title=path_title(name, task), figures=_path_figures(name, path, task, maker)
            )
            for name, path in paths.items()
            if path is not None
        ),
    )  # fmt: skip


def path_title(name: str, task: Task) -> str:
    """Return what a line of the test is called."""
    if name == "method":
        return task.speaker.say(f"method_{task.request.method}")
    return task.speaker.say(f"line_{name}")


def _path_figures(name: str, path: Path, task: Task, maker: Maker) -> dict[str, Figure]:
    values = {
        "annualised_return": path.annual, "volatility": path.volatility, "max_drawdown": path.max_drawdown,
        "costs": path.fees_a_year, "turnover": path.turnover_a_year,
    }  # fmt: skip
    inputs: dict[str, float | int | str] = {"N": PERIODS, "n": len(path.values), "rebalancings": len(path.fees)}
    return {
        key: maker.make(key, value, inputs, key=f"backtest.{name}", about=path_title(name, task))
        for key, value in values.items()
    }


def settings_of(task: Task) -> dict[str, str]:
    """Return versions and settings that make the same again."""
    settings = task.settings
    found = {f"version.{name}": version(name) for name in _PACKAGES}
    found |= {
        "solver": "CLARABEL; HiGHS for the limits", "method": settings.method, "objective": settings.objective,
        "covariance": settings.covariance, "risk_aversion": f"{settings.risk_aversion:g}",
        "risk_free": f"{settings.risk_free:g}", "look_back_days": str(len(task.returns)),
        "first": task.days[0], "last": task.days[1], "house_view": task.dataset.house_view.as_of,
        "bank_limits": hashlib.sha256(task.book.model_dump_json().encode()).hexdigest(),
        "request": hashlib.sha256(task.request.model_dump_json().encode()).hexdigest(),
    }  # fmt: skip
    if task.suits is not None:
        found["suitability_rules"] = task.suits.rules.version
    return found | {f"data.{table}": digest for table, digest in sorted(task.dataset.digests.items())}
