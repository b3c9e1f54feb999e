"""All performance figures of one series."""

from collections.abc import Callable
from datetime import date
from typing import Final, TypeAlias

import numpy

from ..models import Figure, Series
from . import measures
from .drawdowns import drawdowns
from .making import LEAST_VALUES, PERIODS, Maker
from .track import Common, RiskFree, Track, enough, is_flat, track

Inputs: TypeAlias = dict[str, float | int | str]
_OWN: Final[dict[str, Callable[[Track], float | None]]] = {
    "total_return": measures.total_return,
    "annualised_return": measures.annualised_return,
    "volatility": measures.volatility,
    "downside_deviation": measures.downside_deviation,
    "max_drawdown": measures.max_drawdown,
    "sharpe": measures.sharpe,
    "sortino": measures.sortino,
    "calmar": measures.calmar,
    "ulcer_index": measures.ulcer_index,
    "omega": measures.omega,
    "skew": measures.skew,
    "kurtosis": measures.kurtosis,
    "var_historical": measures.var_historical,
    "cvar_historical": measures.cvar_historical,
    "var_parametric": measures.var_parametric,
    "cvar_parametric": measures.cvar_parametric,
    "win_rate": measures.win_rate,
}
_AGAINST: Final[dict[str, Callable[[Track, Common], float | None]]] = {
    "excess_return": measures.excess_return,
    "tracking_error": measures.tracking_error,
    "information_ratio": measures.information_ratio,
    "beta": measures.beta,
    "alpha": measures.alpha,
    "correlation": measures.correlation,
    "r_squared": measures.r_squared,
    "treynor": measures.treynor,
    "capture_up": measures.capture_up,
    "capture_down": measures.capture_down,
}
_DATED: Final = ("best_day", "worst_day", "best_month", "worst_month")
_FALL: Final = ("max_drawdown_peak", "max_drawdown_trough", "max_drawdown_recovery", "max_drawdown_days")


def performance(
    series: Series,
    benchmark: Series | None = None,
    risk_free: RiskFree = None,
    periods: int = PERIODS,
    language: str = "en",
    prefix: str = "series",
    span: str = "",
) -> dict[str, Figure]:
    """Return the figures of a series by the name of their formula; those against a benchmark only where one is given.

    `risk_free` is an annual rate or a series of them. With fewer than 30 values every figure is None and its note says
    why. `span` names the days in titles, such as 1 year. Raises `InvalidRequest` for values that are not positive.
    """
    whole = track(series, benchmark, risk_free, periods)
    maker = Maker(prefix, language, whole.sources, span)
    names = [*_OWN, *_FALL, *_DATED, *(_AGAINST if benchmark is not None else ())]
    if not enough(len(whole.values)):
        note = maker.note("too_short", count=len(whole.values), least=LEAST_VALUES)
        return {name: maker.make(name, None, {"values": len(whole.values)}, note=note) for name in names}
    found = _own(maker, whole, risk_free) | _fall(maker, series, whole) | _dated(maker, whole)
    if whole.common is not None:
        found |= _against(maker, whole, whole.common)
    return {name: found[name] for name in names}


def _span(whole: Track) -> Inputs:
    return {
        "t_0": str(whole.days[0]),
        "t_T": str(whole.days[-1]),
        "n": len(whole.returns),
        "N": whole.periods,
    }


def _own(maker: Maker, whole: Track, risk_free: RiskFree) -> dict[str, Figure]:
    inputs = _span(whole)
    ends: Inputs = {"v_0": float(whole.values[0]), "v_T": float(whole.values[-1])}
    rate: Inputs = {
        "f_mean": float(whole.rates.mean()),
        "f": "none: 0" if risk_free is None else "series" if isinstance(risk_free, Series) else "constant",
    }
    moments: Inputs = {
        "mean_r": float(whole.returns.mean()),
        "s_r": float(whole.returns.std(ddof=1)),
        "mean_e": float(whole.excess.mean()),
        "s_e": float(whole.excess.std(ddof=1)),
    }
    more: dict[str, Inputs] = {
        "total_return": ends,
        "annualised_return": ends,
        "calmar": ends | {"max_drawdown": measures.max_drawdown(whole)},
        "max_drawdown": {},
        "ulcer_index": {},
        "win_rate": {
            "up": int(numpy.count_nonzero(whole.returns > 0.0)),
            "other_than_0": int(numpy.count_nonzero(whole.returns)),
        },
    }
    found = {}
    for name, measure in _OWN.items():
        value = measure(whole)
        note = None if value is not None else maker.note("flat" if whole.flat else "no_loss")
        found[name] = maker.make(name, value, inputs | more.get(name, moments | rate), note=note)
    return found


def _fall(maker: Maker, series: Series, whole: Track) -> dict[str, Figure]:
    deepest = drawdowns(series, 1)
    if not deepest:
        note = maker.note("no_drawdown")
        return {name: maker.make(name, None, _span(whole), note=note) for name in _FALL}
    fall = deepest[0]
    inputs = _span(whole) | {"max_drawdown": fall.depth}
    values: tuple[float | date | None, ...] = (fall.peak, fall.trough, fall.recovery, fall.days)
    return {
        name: maker.make(name, value, inputs, note=None if value is not None else maker.note("not_recovered"))
        for name, value in zip(_FALL, values, strict=True)
    }


def _dated(maker: Maker, whole: Track) -> dict[str, Figure]:
    inputs = _span(whole)
    months, by_month = measures.monthly(whole.days[1:], whole.returns)
    found = {}
    for name, days, values, place in (
        ("best_day", whole.days[1:], whole.returns, numpy.argmax),
        ("worst_day", whole.days[1:], whole.returns, numpy.argmin),
        ("best_month", months, by_month, numpy.argmax),
        ("worst_month", months, by_month, numpy.argmin),
    ):
        at = int(place(values))
        found[name] = maker.make(name, float(values[at]), inputs | {"when": str(days[at])})
    return found


def _against(maker: Maker, whole: Track, common: Common) -> dict[str, Figure]:
    inputs: Inputs = {"benchmark": common.name, "common_days": len(common.returns) + 1 if len(common.days) else 0}
    if not enough(int(inputs["common_days"])):
        note = maker.note("few_common", count=inputs["common_days"], least=LEAST_VALUES)
        return {name: maker.make(name, None, inputs, note=note) for name in _AGAINST}
    inputs |= {
        "t_1": str(common.days[0]),
        "t_T": str(common.days[-1]),
        "N": whole.periods,
        "mean_r": float(common.returns.mean()),
        "mean_b": float(common.benchmark.mean()),
        "mean_f": float(common.rates.mean()),
    }
    found = {}
    for name, measure in _AGAINST.items():
        value = measure(whole, common)
        reason: str | None = None
        if value is None:
            flat = is_flat(common.benchmark, whole.periods)
            reason = maker.note("no_such_days" if name.startswith("capture") else "benchmark_flat" if flat else "flat")
        found[name] = maker.make(name, value, inputs, note=reason)
    return found
