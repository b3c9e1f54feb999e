"""An allocation from a request: weights within the limits and what follows from them, or the limits that conflict."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from appliance.core.messages import speaking

from ..data.dataset import Dataset
from ..figures.making import Maker
from ..models import Chart, Figure
from ..suitability.loading import RuleBook
from .backtest import Tried, walk_forward
from .book import LimitBook
from .conflicts import conflict_of, sentences_of
from .feasibility import Clash
from .frontier import frontier_of
from .limits import Limit
from .optimising import Weights, optimise
from .pictures import backtest_chart, frontier_chart, weights_chart
from .plan import Task, prepare, trading_costs
from .rebalancing import caps_of, plan_of, rebalancing_of, refused_in, without
from .reporting import (
    backtest_report,
    counted,
    frontier_points,
    in_sample,
    limit_rows,
    maker_of,
    missed_after,
    path_title,
    settings_of,
    stated,
    weight_rows,
)
from .request import AllocationRequest
from .result import Change, Conflict, Proposal
from .suits import Suits
from .telling import notes_of, sentences_about
from .trades import Plan
from .words import Speaker

_ROUNDS = 4


def propose(
    dataset: Dataset, request: AllocationRequest, language: str = "en", *, book: LimitBook | None = None,
    rules: RuleBook | None = None, today: date | None = None,
) -> Proposal:  # fmt: skip
    """Return an allocation for a request.

    `book` are the bank's limits, `rules` those of suitability, the shipped ones by default; `today` is the day of the
    decision, by default the newest of the data. A request whose limits conflict gives a proposal that says which.
    Raises `InvalidRequest` and `NotFound` for bad input, `Unavailable` where the solver finds nothing.
    """
    day = today or dataset.last_day
    speaker = Speaker(language)
    suits = None
    if request.client is not None:
        dataset.client(request.client)
        suits = Suits(dataset, request.client, rules or RuleBook.load(), day, language)
    with speaking(language):
        task = prepare(dataset, request, book or LimitBook.load(), suits, speaker, day)
        maker = maker_of(task)
        clash = task.region.clash(task.limits)
        if clash is not None:
            return _infeasible(task, clash, maker)
        weights, calm = _weights(task, task.limits)
        if calm is not None:
            return _too_calm(task, calm, maker)
        return _proposal(task, weights, maker)


def _weights(task: Task, limits: Sequence[Limit]) -> tuple[Weights, float | None]:
    """Return the weights; and the least volatility where the one asked for is below it."""
    if task.settings.objective == "target_volatility":
        calm = replace(task.settings, objective="minimum_risk", target_volatility=None)
        least = optimise(task.returns, calm, limits, task.region)
        lowest = float(least.values @ least.covariance @ least.values) ** 0.5
        asked = task.request.target_volatility or 0.0
        if lowest > asked + 1e-6:
            return least, lowest
        if lowest > asked - 1e-5:
            return least, None
    return optimise(task.returns, task.settings, limits, task.region), None


def _proposal(task: Task, weights: Weights, maker: Maker) -> Proposal:
    weights, limits, plan, refused = _with_trades(task, weights)
    rows = weight_rows(task, weights.values, maker)
    figures = in_sample(task, weights, maker)
    points = frontier_points(
        frontier_of(task.returns, task.settings, limits, task.region, task.request.frontier_points), maker
    )
    tried = _tried(task)
    report = None
    if tried is not None and task.request.backtest is not None:
        report = backtest_report(tried, task.request.backtest, task, maker)
    trades = None if plan is None else rebalancing_of(task, plan, refused, maker)
    missed = [] if plan is None else missed_after(task, plan, limits, maker)
    figures |= {figure.id.removeprefix("allocation."): figure for _limit, figure in missed}
    shell = _shell(task)
    shell |= {
        "status": "proposed", "weights": tuple(rows), "figures": figures,
        "limits": tuple(limit_rows(task, limits, weights.values)), "rebalancing": trades, "frontier": tuple(points),
        "backtest": report, "notes": (*notes_of(task, weights, missed), *shell["notes"]), "texts": (),
    }  # fmt: skip
    proposal = Proposal(**shell)
    proposal = proposal.model_copy(
        update={"figures": figures | stated(task, limits, maker) | counted(task, proposal, maker)}
    )
    return proposal.model_copy(
        update={"texts": tuple(sentences_about(task, proposal)), "charts": _charts(task, proposal, tried)}
    )


def _with_trades(
    task: Task, weights: Weights
) -> tuple[Weights, tuple[Limit, ...], Plan | None, dict[str, Sequence[str]]]:
    """Return weights whose purchases suitability and minimum amounts allow: what may not be bought is weighed anew.

    What is refused even then is not bought, and its money stays as cash.
    """
    limits = task.limits
    plan = plan_of(task, weights.values)
    refused = {} if plan is None else refused_in(task, plan)
    for _round in range(_ROUNDS):
        caps = [] if plan is None else caps_of(task, plan, refused)
        if plan is None or not caps:
            break
        named = {one.id for one in caps}
        tighter = (*(one for one in limits if one.id not in named), *caps)
        if not task.region.possible(tighter):
            break
        found, calm = _weights(task, tighter)
        if calm is not None:
            break
        weights, limits = found, tighter
        plan = plan_of(task, weights.values)
        refused = {} if plan is None else refused_in(task, plan)
    return weights, limits, plan if plan is None else without(plan, list(refused)), refused


def _tried(task: Task) -> Tried | None:
    how = task.request.backtest
    if how is None:
        return None
    settings = task.settings
    if settings.objective == "target_volatility":
        # In some past windows the target cannot be met: the calmest weights stand in for it there.
        settings = replace(settings, objective="minimum_risk", target_volatility=None)
    held_days = round(how.rebalance_days * 365 / 252)
    fresh = replace(task.universe, positions={})
    costs = trading_costs(fresh, held_days, task.today)
    return walk_forward(task.history, settings, task.limits, task.region, how, task.look_back, costs, task.target)


def _charts(task: Task, proposal: Proposal, tried: Tried | None) -> tuple[Chart, ...]:
    if not task.request.charts:
        return ()
    found = [weights_chart(proposal.weights, task.speaker)]
    if len(proposal.frontier) > 1:
        marks = {
            task.speaker.say(f"line_{key}"): _place(proposal.figures, key)
            for key in ("proposed", "now")
            if f"past_volatility_{key}" in proposal.figures
        }
        found.append(frontier_chart(proposal.frontier, marks, task.speaker))
    if tried is not None:
        titles = {name: path_title(name, task) for name in ("method", "equal", "target")}
        found.append(backtest_chart(tried, titles, task.speaker))
    return tuple(found)


def _place(figures: dict[str, Figure], key: str) -> tuple[float, float]:
    return figures[f"past_volatility_{key}"].value or 0.0, figures[f"estimated_return_{key}"].value or 0.0


def _infeasible(task: Task, clash: Clash, maker: Maker) -> Proposal:
    conflict = conflict_of(clash, maker)
    texts = sentences_of(clash, conflict, task.universe, task.speaker)
    return Proposal(**_shell(task) | {
            "status": "infeasible", "conflict": conflict, "texts": tuple(texts),
            "figures": stated(task, task.limits, maker),
        })  # fmt: skip


def _too_calm(task: Task, lowest: float, maker: Maker) -> Proposal:
    asked = task.request.target_volatility or 0.0
    least = maker.make("least_volatility", lowest)
    words = task.speaker.say("limit_volatility", value=task.speaker.shown(asked, "share"))
    change = Change(limit="request.volatility", words=words, value=least, enough=True)
    conflict = Conflict(sets=(("request.volatility",),), words=((words,),), changes=(change,), together=(change,))
    text = task.speaker.say("too_calm", least=least.shown, asked=task.speaker.shown(asked, "share"))
    return Proposal(**_shell(task) | {
            "status": "infeasible", "conflict": conflict, "texts": (text,),
            "figures": stated(task, task.limits, maker),
        })  # fmt: skip


def _shell(task: Task) -> dict[str, Any]:
    """Return what every proposal says."""
    request, speaker = task.request, task.speaker
    return {
        "client": request.client, "method": request.method, "objective": task.settings.objective,
        "as_of": str(task.dataset.last_day), "settings": settings_of(task), "notes": (),
        "left_out": tuple(
            speaker.say("note_left_out", name=name, why=why) for name, why in task.universe.left_out
        ),
        "disclosures": tuple(one.within(speaker.language) for one in task.book.disclosures),
    }  # fmt: skip
