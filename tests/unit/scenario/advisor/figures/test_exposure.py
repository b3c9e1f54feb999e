import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from scenarios.advisor.data.sample_market import sample_products
from scenarios.advisor.figures import exposures
from scenarios.advisor.figures.exposure import fit, inflation, with_calm

from .made import grown, made, wavy

MIXES = {row["id"]: row["mix"] for row in sample_products(numpy.datetime64("2020-11-02").astype(object), 80)}


@pytest.mark.parametrize("product", ["P005", "P011", "P013", "P018", "P026"])
def test_styles_of_the_sample_bank_are_found_again(sample, product) -> None:
    """Their own noise is 0.25 % a day; the two kinds of bonds are nearly one, so that their sum is compared."""
    found = exposures(sample.nav(product), sample.factors("style"), window=1400)[0]
    bonds = ("bond_government", "bond_credit", "money")
    for style in ("large_growth", "large_value", "small_growth", "small_value"):
        assert found.weights[style] == pytest.approx(MIXES[product].get(style, 0.0), abs=0.06), style
    wanted = 1.0 - sum(share for name, share in MIXES[product].items() if name not in bonds)
    assert sum(found.weights[name] for name in bonds) == pytest.approx(wanted, abs=0.08)


@pytest.mark.parametrize("product", ["P008", "P021", "P034", "P047"])
def test_industries_of_the_sample_bank_are_found_again(sample, product) -> None:
    factors = with_calm(sample.factors("industry"), sample.factors("style"))
    newest = exposures(sample.nav(product), factors)
    (industry, share), *_rest = MIXES[product].items()
    for one in newest:
        assert one.weights[industry] == pytest.approx(share, abs=0.1)
        assert max(one.weights, key=one.weights.get) == industry
        assert one.r_squared > 0.9
    assert len(newest) == 5
    assert all(one.last == other.first for one, other in zip(newest[1:], newest[:-1], strict=True))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 6), noise=st.sampled_from([0.0, 0.002, 0.01]))
def test_the_weights_are_the_best_that_there_are(seed, count, noise) -> None:
    generator = numpy.random.default_rng(seed)
    indices = generator.normal(0.0, 0.01, (120, count))
    returns = indices @ generator.dirichlet(numpy.ones(count)) + generator.normal(0.0005, noise, 120)
    weights, r_squared = fit(returns, indices)
    assert weights.min() >= 0.0
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)

    def left(chosen):
        return float(numpy.var(returns - indices @ chosen)) * 1e4

    other = minimize(
        left, numpy.full(count, 1.0 / count), method="SLSQP", bounds=[(0.0, 1.0)] * count,
        constraints={"type": "eq", "fun": lambda chosen: chosen.sum() - 1.0}, options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    assert left(weights) <= left(other.x / other.x.sum()) + 1e-7
    assert r_squared == pytest.approx(1.0 - left(weights) / (float(numpy.var(returns)) * 1e4), abs=1e-9)


def test_fees_do_not_change_the_weights() -> None:
    generator = numpy.random.default_rng(5)
    indices = generator.normal(0.0, 0.01, (252, 3))
    returns = indices @ [0.2, 0.3, 0.5]
    assert fit(returns - 0.001, indices)[0] == pytest.approx(fit(returns, indices)[0], abs=1e-9)


def test_indices_that_are_made_of_each_other_are_told() -> None:
    indices = numpy.random.default_rng(5).normal(0.0, 0.01, (252, 3))
    assert inflation(indices) < 2.0
    near = numpy.column_stack([indices, indices[:, 0] + numpy.random.default_rng(6).normal(0.0, 0.0005, 252)])
    assert inflation(near) > 100.0
    assert inflation(numpy.column_stack([indices, indices.sum(axis=1)])) == numpy.inf
    assert inflation(numpy.ones((252, 3))) == 1.0


def test_nothing_is_told_of_few_values_or_of_values_that_hardly_move() -> None:
    factors = {"one": wavy(300, seed=2), "two": wavy(300, seed=3)}
    assert exposures(wavy(200), factors) == ()
    assert exposures(made(grown([0.0001] * 299)), factors) == ()
    assert exposures(wavy(300), {}) == ()


def test_only_days_that_all_have_count() -> None:
    series, one, two = wavy(600), wavy(600, seed=2), wavy(600, seed=3)
    series.values = grown(0.6 * (one.values[1:] / one.values[:-1] - 1) + 0.4 * (two.values[1:] / two.values[:-1] - 1))
    one.days, one.values = one.days[:-10], one.values[:-10]
    (newest, *_more) = exposures(series, {"one": one, "two": two})
    assert newest.last == one.days[-1]
    assert newest.weights["one"] == pytest.approx(0.6, abs=1e-6)
