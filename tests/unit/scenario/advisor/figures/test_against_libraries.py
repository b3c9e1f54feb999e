import ast

import numpy
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benchmarks.advisor_figures import WINDOW, compared, difference, of_library, symbols
from scenarios.advisor.figures import formulas, performance, rolling
from scenarios.advisor.models import Series

from .made import grown, made

NEAR = 1e-8
CALLS = [(name, library) for name, formula in formulas().formulas.items() for library in sorted(formula.agrees)]


@pytest.mark.parametrize("product", ["P002", "P003", "P005", "P008", "P009"])
def test_the_sample_bank_gives_what_the_libraries_give(sample, product) -> None:
    benchmark = sample.benchmark(sample.product(product).benchmark)
    found = {
        (name, library): difference(ours, theirs)
        for name, ours, library, theirs in compared(sample.nav(product), benchmark, sample.rate("risk_free"))
    }
    assert sorted(found) == sorted(CALLS)  # no call in the list that is not compared
    assert {key: value for key, value in found.items() if not value <= NEAR} == {}


@settings(max_examples=25, deadline=None)
@given(
    returns=st.lists(st.integers(-2000, 2000), min_size=30, max_size=90),
    seed=st.integers(0, 2**32 - 1),
    rate=st.integers(0, 800),
    periods=st.sampled_from([12, 52, 242, 252]),
)
def test_any_series_gives_what_the_libraries_give(returns, seed, rate, periods) -> None:
    moves = numpy.array(returns) / 10_000.0
    its = numpy.random.default_rng(seed).normal(0.0, 0.01, len(moves)) + 0.5 * moves
    assume(moves.std() > 1e-3)
    series, benchmark, risk_free = made(grown(moves)), made(grown(its), "B"), rate / 10_000.0
    known = symbols(series, benchmark, risk_free, periods)
    ours = performance(series, benchmark, risk_free, periods)
    for name, library in CALLS:
        if name in ours and ours[name].value is not None:
            theirs = of_library(library, formulas().formulas[name].agrees[library], known)
            assert difference(ours[name].value, theirs) <= NEAR, (name, library)
        elif name in ours:
            assert ours[name].note


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([0.001, 0.01, 0.03]), window=st.integers(20, 60))
def test_any_moving_window_gives_what_quantstats_gives(seed, scale, window) -> None:
    generator = numpy.random.default_rng(seed)
    series = made(grown(generator.normal(0.0003, scale, 150)))
    benchmark = made(grown(generator.normal(0.0003, 0.01, 150)), "B")
    known = symbols(series, benchmark, 0.02, window=window)
    ours = rolling(series, benchmark, 0.02, window)
    compared_ = 0
    for name, one in ours.items():
        assert len(one.values) == 150 - window + 1 == len(one.days)
        for library, call in formulas().formulas[name].agrees.items():
            assert difference(one.values, of_library(library, call, known)) <= NEAR, name
            compared_ += 1
    assert compared_ == 3


def test_where_libraries_are_said_to_differ_they_do(sample) -> None:
    import quantstats.stats as quantstats
    import skfolio.measures as skfolio

    # 999 returns: with a multiple of 20 the worst 5 % are whole ones, and both expected shortfalls are equal.
    series, benchmark = (
        Series(one.name, one.days[:1000], one.values[:1000], one.source)
        for one in (sample.nav("P003"), sample.benchmark("equities"))
    )
    known = symbols(series, benchmark, sample.rate("risk_free"))
    ours = {name: one.value for name, one in performance(series, benchmark, sample.rate("risk_free")).items()}
    r, b = known["r"], known["b"]
    others = {
        "ulcer_index": quantstats.ulcer_index(r),
        "cvar_historical": -quantstats.conditional_value_at_risk(r, method="historical"),
        "treynor": quantstats.treynor_ratio(r, b, rf=float(known["rf"].mean())),
        "information_ratio": quantstats.information_ratio(r, b),
        "skew": skfolio.skew(r),
        "kurtosis": skfolio.kurtosis(r),
    }
    assert all(formulas().formulas[name].differs for name in others)
    assert {name for name, value in others.items() if difference(ours[name], value) <= NEAR} == set()


def test_each_performance_figure_is_compared_or_says_why_not() -> None:
    silent = [
        name for name, one in formulas().formulas.items() if one.kind != "fund" and not one.agrees and not one.differs
    ]
    assert silent == ["max_drawdown_trough", "max_drawdown_days"]


def test_the_calls_of_the_list_are_one_expression_each() -> None:
    for name, library in CALLS:
        ast.parse(formulas().formulas[name].agrees[library], mode="eval")
    assert WINDOW in (126, 252)
