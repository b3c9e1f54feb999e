"""The sentences of a proposal; numbers are written as figures show them."""

from collections.abc import Iterator, Sequence

from ..models import Figure
from .limits import Limit
from .optimising import Weights
from .plan import Task
from .result import Proposal

_NAMED = 5


def sentences_about(task: Task, proposal: Proposal) -> Iterator[str]:
    """Yield what the proposal comes to."""
    speaker, figures = task.speaker, proposal.figures
    planned = {one.id for one in task.universe.assets}
    held = [row for row in proposal.weights if row.id in planned and (row.proposed.value or 0.0) > 0.0]
    yield speaker.say(
        "done", method=speaker.say(f"method_{proposal.method}"), days=figures["plan.days_used"].shown,
        first=figures["plan.first_day"].shown, last=figures["plan.last_day"].shown,
        count=figures["plan.weighed"].shown, of=figures["plan.universe_size"].shown,
    )  # fmt: skip
    joined = speaker.say("joined")
    yield speaker.say(
        "largest",
        weights=joined.join(speaker.say("weight", name=row.name, share=row.proposed.shown) for row in held[:_NAMED]),
    )
    if "past_volatility_now" in figures:
        yield speaker.say(
            "risk_then", volatility=figures["past_volatility_proposed"].shown, now=figures["past_volatility_now"].shown
        )
    else:
        yield speaker.say("risk_then_alone", volatility=figures["past_volatility_proposed"].shown)
    if proposal.rebalancing is not None:
        yield _about_trades(task, proposal)
    yield from _about_test(task, proposal)


def _about_trades(task: Task, proposal: Proposal) -> str:
    found = proposal.rebalancing
    assert found is not None, "asked for only where there is one"
    if not found.trades:
        return task.speaker.say("no_trades")
    figures = proposal.figures
    return task.speaker.say(
        "trades", buys=figures["plan.purchases"].shown, sells=figures["plan.sales"].shown, fees=found.fees.shown,
        cash=found.cash.shown,
    )  # fmt: skip


def _about_test(task: Task, proposal: Proposal) -> Iterator[str]:
    speaker, how = task.speaker, task.request.backtest
    if how is None:
        return
    report = proposal.backtest
    if report is None:
        count, least = proposal.figures["plan.days_in_common"], proposal.figures["plan.days_needed"]
        yield speaker.say("not_tried", count=count.shown, least=least.shown)
        return
    paths = {path.name: path.figures for path in report.paths}
    method, equal = paths["method"], paths["equal"]
    yield speaker.say(
        "tried", first=proposal.figures["backtest.first_day"].shown,
        last=proposal.figures["backtest.last_day"].shown, count=proposal.figures["backtest.rebalancings"].shown,
        annual=method["annualised_return"].shown, volatility=method["volatility"].shown,
        loss=method["max_drawdown"].shown, equal_annual=equal["annualised_return"].shown,
        equal_volatility=equal["volatility"].shown, equal_loss=equal["max_drawdown"].shown,
    )  # fmt: skip
    if "target" in paths:
        target = paths["target"]
        yield speaker.say(
            "tried_target", annual=target["annualised_return"].shown, volatility=target["volatility"].shown,
            loss=target["max_drawdown"].shown,
        )  # fmt: skip
    yield speaker.say("survivors")


def notes_of(task: Task, weights: Weights, missed: Sequence[tuple[Limit, Figure]]) -> Iterator[str]:
    """Yield what was done besides, and the limits that are missed after rounding, with where they stand."""
    speaker, joined = task.speaker, task.speaker.say("joined")
    for note in weights.notes:
        yield speaker.say(f"note_{note}")
    if task.request.method == "black_litterman":
        if task.views_left:
            names = [speaker.asset_class(one.asset) for one in task.views_left]
            yield speaker.say("note_views_left", names=joined.join(names))
        if not task.settings.views:
            yield speaker.say("note_no_views")
    kept = [one.name for one, _share in task.universe.kept if one.id != "money"]
    if kept:
        yield speaker.say("note_kept", names=joined.join(kept))
    if not task.request.indices:
        yield speaker.say("note_fees")
    for limit, figure in missed:
        yield speaker.say("note_rounding", limit=limit.words, value=figure.shown)
