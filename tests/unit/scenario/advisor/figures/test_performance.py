import math

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core.errors import InvalidRequest
from appliance.core.messages import speaking
from scenarios.advisor.figures import drawdowns, performance, rolling

from .made import grown, made, wavy


def test_a_figure_carries_formula_inputs_and_sources(sample) -> None:
    found = performance(
        sample.nav("P003"), sample.benchmark("equities"), sample.rate("risk_free"), language="zh_CN", prefix="fund.P003"
    )
    sharpe = found["sharpe"]
    assert (sharpe.id, sharpe.title, sharpe.unit) == ("fund.P003.sharpe", "夏普比率", "ratio")
    assert {"n", "N", "mean_e", "s_e", "t_0", "t_T"} <= sharpe.inputs.keys()
    assert sharpe.value == pytest.approx(sharpe.inputs["mean_e"] / sharpe.inputs["s_e"] * math.sqrt(252), rel=1e-12)
    assert [source.table for source in sharpe.sources] == ["nav", "rates", "benchmarks"]
    assert "P003" in sharpe.sources[0].rows
    assert len(sharpe.sources[0].sha256) == 64
    assert len({one.id for one in found.values()}) == len(found)
    assert all(one.formula for one in found.values())


def test_three_values_make_no_figure_and_say_so() -> None:
    found = performance(made([1.0, 1.1, 1.2]), made([1.0, 1.1, 1.2], "B"))
    assert {one.value for one in found.values()} == {None}
    assert {one.note for one in found.values()} == {"3 values: at least 30 are needed."}
    chinese = performance(made([1.0, 1.1, 1.2]), language="zh_CN")
    assert chinese["sharpe"].note == "只有3个净值，至少需要30个。"
    assert chinese["sharpe"].shown == "无"


def test_thirty_values_are_enough_and_twenty_nine_are_not() -> None:
    assert performance(wavy(30))["volatility"].value is not None
    assert performance(wavy(29))["volatility"].value is None
    assert performance(made([]))["volatility"].note == "0 values: at least 30 are needed."


def test_values_that_never_move_have_no_ratios() -> None:
    found = performance(made(numpy.ones(60)), wavy(60), 0.02)
    assert found["total_return"].value == 0.0
    assert found["max_drawdown"].value == 0.0
    for name in ("sharpe", "sortino", "calmar", "omega", "skew", "kurtosis", "correlation"):
        assert (found[name].value, found[name].note[:21]) == (None, "The values hardly mov"), name
    assert found["max_drawdown_peak"].note == "The values never fell."
    assert found["win_rate"].value is None


def test_a_benchmark_that_never_moves_has_no_beta() -> None:
    found = performance(wavy(60), made(numpy.ones(60), "B"))
    assert [found[name].value for name in ("beta", "alpha", "r_squared", "treynor", "capture_up")] == [None] * 5
    assert found["beta"].note == "The benchmark hardly moves."


def test_values_that_only_rise_have_no_sortino() -> None:
    found = performance(made(grown([0.01, 0.02] * 30)))
    assert (found["sortino"].value, found["sortino"].note) == (None, "There is no loss to divide by.")
    assert found["sharpe"].value > 0


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
def test_values_that_are_not_positive_are_refused(wrong) -> None:
    values = grown([0.01] * 40)
    values[7] = wrong
    with pytest.raises(InvalidRequest) as raised:
        performance(made(values))
    with speaking("en"):
        assert "A on 2024-01-11 is not positive" in str(raised.value)
    with pytest.raises(InvalidRequest):
        performance(wavy(41), made(values, "B"))


def test_a_benchmark_of_another_calendar_counts_on_common_days() -> None:
    series, benchmark = wavy(200), wavy(200, seed=2)
    keep = numpy.arange(200) % 7 != 3
    benchmark.days, benchmark.values = benchmark.days[keep], benchmark.values[keep]
    found = performance(series, benchmark)
    mine, its = series.values[keep], benchmark.values
    slope = numpy.cov(mine[1:] / mine[:-1], its[1:] / its[:-1])
    assert found["beta"].value == pytest.approx(slope[0, 1] / slope[1, 1], rel=1e-10)
    assert found["beta"].inputs["common_days"] == int(keep.sum())
    assert found["volatility"].inputs["n"] == 199


def test_a_benchmark_with_few_common_days_is_not_compared() -> None:
    series = wavy(100)
    found = performance(series, made(wavy(20).values, "B"))
    assert found["beta"].value is None
    assert found["beta"].note == "20 days in common with the benchmark: at least 30 are needed."
    assert found["sharpe"].value is not None


def test_days_of_the_deepest_fall() -> None:
    values = [1.0, 1.2, 1.1, 1.2, 0.9, 1.0, 1.1, 1.2, 1.3, 1.25, *([1.3] * 30)]
    found = performance(made(values))
    assert [found[f"max_drawdown_{name}"].shown for name in ("peak", "trough", "recovery")] == [
        "2024-01-05",
        "2024-01-08",
        "2024-01-11",
    ]
    assert found["max_drawdown"].shown == "-25.00%"
    assert found["max_drawdown_days"].shown == "6 days"


def test_a_fall_that_lasts_has_no_recovery() -> None:
    found = performance(made([*grown([0.01] * 35), 1.0, 1.1]))
    assert (found["max_drawdown_recovery"].value, found["max_drawdown_recovery"].shown) == (None, "n/a")
    assert found["max_drawdown_recovery"].note == "The earlier high has not been reached again."
    assert found["max_drawdown_days"].value == 2


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-2000, 2000), min_size=2, max_size=80))
def test_falls_do_not_overlap_and_the_deepest_comes_first(moves) -> None:
    series = made(grown(numpy.array(moves) / 10_000))
    falls = drawdowns(series, 100)
    whole = series.values / numpy.maximum.accumulate(series.values) - 1.0
    assert min([0.0, *(one.depth for one in falls)]) == pytest.approx(whole.min(), abs=1e-12)
    assert [one.depth for one in falls] == sorted(one.depth for one in falls)
    inside = 0
    for one in falls:
        assert one.peak < one.trough
        assert one.recovery is None or one.trough < one.recovery
        end = one.recovery or series.days[-1].astype(object)
        assert one.days == (end - one.peak).days
        inside += int(((series.days > numpy.datetime64(one.peak)) & (series.days <= numpy.datetime64(end))).sum())
        inside -= one.recovery is not None
    assert inside == int((whole < 0).sum())


def test_a_rate_by_day_is_taken_as_known_on_the_day() -> None:
    series = wavy(60)
    rates = made([0.01, 0.05], "rf")
    rates.days = series.days[[5, 30]]
    found = performance(series, risk_free=rates)
    daily = (1.0 + numpy.where(numpy.arange(1, 60) < 30, 0.01, 0.05)) ** (1 / 252) - 1.0
    assert found["sharpe"].inputs["f_mean"] == pytest.approx(daily.mean(), rel=1e-12)


def test_a_window_longer_than_the_series_rolls_nothing() -> None:
    assert rolling(wavy(100), wavy(100, seed=3), 0.02, 126) == {}


def test_a_rolling_window_that_does_not_move_has_no_sharpe() -> None:
    values = numpy.r_[numpy.ones(50), wavy(60).values]
    found = rolling(made(values), None, None, 30)
    assert numpy.isnan(found["rolling_sharpe"].values[:15]).all()
    assert numpy.isfinite(found["rolling_sharpe"].values[-15:]).all()
    assert "rolling_beta" not in found
