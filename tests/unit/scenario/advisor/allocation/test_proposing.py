"""Whole proposals over the sample bank: suitability, figures, texts, trades, conflicts and bad input."""

import json
import math
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy
import pytest
from pydantic import ValidationError

from appliance.core.errors import InvalidRequest, NotFound
from scenarios.advisor.allocation import AllocationRequest, LimitBook, Limits, propose
from scenarios.advisor.allocation.pictures import weights_chart
from scenarios.advisor.allocation.returns import series_of
from scenarios.advisor.allocation.suits import Suits
from scenarios.advisor.allocation.words import Speaker
from scenarios.advisor.models import Series
from scenarios.advisor.suitability.deciding import decide
from scenarios.advisor.suitability.loading import RuleBook

METHODS = ("mean_variance", "risk_parity", "hierarchical_risk_parity", "cvar", "black_litterman")
QUICK = {"backtest": None, "frontier_points": 0, "charts": False}
FUNDS = ("P001", "P002", "P003", "P005", "P006", "P009", "P010", "P011")


def suited(sample, rules):
    """Return a client of C4 for whom there is a proposal with purchases, and one of C1 who may buy something."""
    found = {}
    for client in sample.clients.values():
        if client.level not in ("C1", "C4") or client.level in found or len(sample.holdings(client.id)) < 2:
            continue
        request = AllocationRequest(client=client.id, amount=20000.0, keep_to_target=client.level == "C4", **QUICK)
        try:
            proposal = propose(sample, request, rules=rules)
        except InvalidRequest:
            continue
        trades = proposal.rebalancing.trades if proposal.rebalancing else ()
        if any(one.kind == "buy" for one in trades):
            found[client.level] = client.id
        if len(found) == 2:
            break
    return found


@pytest.fixture(scope="session")
def clients(sample):
    return suited(sample, RuleBook.load())


@pytest.fixture(scope="session")
def whole(sample, clients):
    return {
        language: propose(sample, AllocationRequest(client=clients["C4"], amount=20000.0), language)
        for language in ("en", "zh_CN")
    }


def changed(sample, product_id, values, days=None):
    series = sample.series["nav"][product_id]
    new = Series(series.name, series.days if days is None else days, values, series.source, series.currency)
    return replace(sample, series={**sample.series, "nav": {**sample.series["nav"], product_id: new}}, memo={})


@pytest.mark.parametrize("method", METHODS)
def test_a_list_of_products_gets_weights_that_sum_to_one(sample, method):
    found = propose(sample, AllocationRequest(products=FUNDS, method=method, **QUICK))
    assert found.status == "proposed"
    assert sum(row.proposed.value for row in found.weights) == pytest.approx(1.0)
    assert all(row.kept for row in found.limits)
    assert sum(row.risk.value for row in found.weights) == pytest.approx(1.0)


def test_nothing_above_the_clients_level_is_ever_in_the_universe(sample, clients):
    found = propose(sample, AllocationRequest(client=clients["C1"], keep_to_target=False, **QUICK))
    rules = RuleBook.load()
    bought = [row for row in found.weights if row.proposed.value > row.now.value + 1e-9]
    for row in bought:
        product = sample.product(row.id)
        decision = decide(sample, clients["C1"], row.id, max(product.minimum, 1.0), today=sample.last_day, rules=rules)
        assert decision.allowed != "no"
        assert row.level == "R1"
    assert any("R4" in line for line in found.left_out)


def test_why_a_product_is_left_out_are_sentences_without_an_amount_that_nobody_gave(sample):
    private = {product.id for product in sample.products.values() if product.private}
    for language, apart in (("en", ".;"), ("zh_CN", "。；")):
        for client in ("C0001", "C0002", "C0005", "C0008"):
            suits = Suits(sample, client, RuleBook.load(), sample.last_day, language)
            refused = {name: suits.why_not(sample.product(name)) for name in sample.products}
            told = [one.why for one in refused.values() if one is not None]
            assert told
            assert all(refused[name] is not None and refused[name].why for name in private)
            for why in told:
                assert apart not in why
                assert "The amount" not in why
                assert "购买金额10" not in why


def test_a_product_that_does_not_suit_is_refused_by_name(sample, clients):
    with pytest.raises(InvalidRequest) as told:
        propose(sample, AllocationRequest(client=clients["C1"], products=("P001", "P003"), **QUICK))
    assert told.value.code == "not_suitable"
    assert "P003" in str(told.value)
    assert "P001" not in str(told.value)


def test_every_purchase_is_one_that_suitability_allows(sample, clients, whole):
    rules = RuleBook.load()
    buys = [one for one in whole["en"].rebalancing.trades if one.kind == "buy"]
    assert buys
    for one in buys:
        decision = decide(sample, clients["C4"], one.product, one.amount.value, today=sample.last_day, rules=rules)
        assert decision.allowed == one.allowed != "no"


def test_the_chart_of_weights_says_when_it_shows_the_largest_alone(whole):
    row = whole["en"].weights[0]
    many = [row.model_copy(update={"name": f"Fund {number}"}) for number in range(21)]
    assert "the 20 largest of 21" in weights_chart(many, Speaker("en")).title
    assert "largest" not in weights_chart(many[:20], Speaker("en")).title


def test_the_whole_proposal_has_every_part(whole):
    found = whole["en"]
    assert [chart.name for chart in found.charts] == [
        "allocation_weights",
        "allocation_frontier",
        "allocation_backtest",
    ]
    assert len(found.frontier) >= 3
    returns = [point.estimated_return.value for point in found.frontier]
    assert returns == sorted(returns)
    assert {path.name for path in found.backtest.paths} >= {"method", "equal"}
    assert found.settings["version.skfolio"]
    assert len(found.disclosures) == 3
    trades = found.rebalancing
    assert trades.cash.value >= 0.0


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_number_in_the_texts_is_one_of_the_figures(sample, whole, language):
    found = whole[language]
    shown = sorted({one.shown for one in found.all_figures().values()}, key=len, reverse=True)
    names = sorted({row.name for row in found.weights}, key=len, reverse=True)
    for text in found.texts:
        rest = text.replace("CVaR", "")
        for known in (*names, *shown):
            rest = rest.replace(known, " ")
        assert not re.search(r"\d", rest), (text, rest)
    assert not any(mark in text for text in found.texts for mark in ("nan", "None", "inf"))


def test_texts_are_in_the_readers_language(whole):
    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in (*whole["zh_CN"].texts, *whole["zh_CN"].disclosures))
    assert not any(re.search(r"[\u4e00-\u9fff]", text) for text in whole["en"].texts)


def test_the_same_request_gives_the_same_proposal(sample, clients, whole):
    again = propose(sample, AllocationRequest(client=clients["C4"], amount=20000.0), "en")
    assert again.model_dump_json() == whole["en"].model_dump_json()


def test_no_number_that_is_none_leaves(whole):
    def check(part):
        if isinstance(part, float):
            assert math.isfinite(part)
        for one in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            check(one)

    check(json.loads(whole["en"].model_dump_json()))


def test_figures_of_the_sample_are_marked_as_such(whole):
    figures = whole["en"].figures
    assert "in sample" in figures["estimated_return_proposed"].title
    assert "no forecast" in figures["estimated_return_proposed"].formula
    assert any("no forecast" in text for text in whole["en"].texts)


def test_conflicting_limits_are_an_answer_with_numbers(sample):
    limits = {"classes": {"equity": {"minimum": 0.4}}, "above_levels": {"R2": 0.2}}
    found = propose(sample, AllocationRequest(products=FUNDS, limits=limits, **QUICK))
    assert found.status == "infeasible"
    assert found.weights == ()
    assert "equities at least 40.00%" in found.texts[0]
    assert "products above R2 at most 20.00%" in found.texts[0]
    assert found.conflict.sets == (("request.class_minimum.equity", "request.level_maximum.R2"),)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_number_of_a_conflict_is_one_of_the_figures(sample, language):
    limits = {"each_product": 0.2, "products_at_most": 3, "liquidity": [{"within_days": 3, "minimum": 0.95}]}
    found = propose(sample, AllocationRequest(products=FUNDS, limits=limits, reserve=0.05, **QUICK), language)
    assert found.status == "infeasible"
    shown = sorted({one.shown for one in found.all_figures().values()}, key=len, reverse=True)
    for text in found.texts:
        rest = re.sub(r"R[1-5]", "", text)
        for known in shown:
            rest = rest.replace(known, " ")
        assert not re.search(r"\d", rest), (text, rest)


def test_what_is_held_and_may_not_be_bought_is_sold_or_kept(sample, clients, whole):
    rules = RuleBook.load()
    rows = {row.id: row for row in whole["en"].weights}
    for limit in whole["en"].limits:
        if limit.id.startswith("suitability."):
            row = rows.get(limit.id.removeprefix("suitability."))
            assert limit.kept
            assert row is None or row.level <= "R4"
    for row in rows.values():
        product = sample.product(row.id)
        decision = decide(sample, clients["C4"], row.id, max(product.minimum, 1.0), today=sample.last_day, rules=rules)
        if decision.allowed == "no":
            assert row.proposed.value <= row.now.value + 1e-6


def test_a_volatility_below_what_can_be_had_names_the_least(sample):
    limits = {"classes": {"equity": {"minimum": 0.8}}}
    found = propose(
        sample,
        AllocationRequest(
            products=FUNDS, objective="target_volatility", target_volatility=0.01, limits=limits, **QUICK
        ),
    )
    assert found.status == "infeasible"
    least = found.conflict.changes[0].value
    assert least.value > 0.01
    assert least.shown in found.texts[0]


def test_indices_stand_for_asset_classes(sample):
    found = propose(
        sample,
        AllocationRequest(
            indices={"cash": "money", "bond": "bonds", "equity": "equities", "commodity": "gold"},
            method="black_litterman", limits={"each_product": 0.6}, now={"cash:money": 1.0}, **QUICK,
        ),
    )  # fmt: skip
    # The bank's own limit of 35 % for each also holds.
    assert found.status == "proposed"
    assert max(row.proposed.value for row in found.weights) <= 0.35 + 1e-6
    assert found.rebalancing is None


def test_views_without_a_product_are_named(sample):
    found = propose(sample, AllocationRequest(products=("P001", "P002", "P004"), method="black_litterman", **QUICK))
    assert any("Views without a product" in note for note in found.notes)


def test_others_are_sold_only_when_asked(sample, clients):
    client = clients["C4"]
    held = [one.product for one in sample.holdings(client)]
    others = tuple(name for name in ("P001", "P014", "P027", "P002", "P015", "P006", "P019") if name not in held)
    request = {"client": client, "products": others, "keep_to_target": False, "amount": 50000.0, **QUICK}
    book = LimitBook.load().model_copy(update={"limits": Limits()})
    kept = propose(sample, AllocationRequest(**request), book=book)
    sold = propose(sample, AllocationRequest(**request, sell_others=True), book=book)
    assert [one for one in kept.rebalancing.trades if one.kind == "sell"] == []
    assert [one for one in sold.rebalancing.trades if one.kind == "sell"]
    assert any("left as it is" in note for note in kept.notes)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"limits": {"products": {"P001": {"minimum": 0.5, "maximum": 0.2}}}}, "is more than maximum"),
        ({"products": ("P001", "P001")}, "named twice"),
        ({"limits": {"each_product": 1.2}}, "less than or equal to 1"),
        ({"limits": {"eahc_product": 0.2}}, "Extra inputs"),
        ({"method": "cvar", "objective": "utility"}, "minimum_risk alone"),
        ({"objective": "target_volatility"}, "is missing"),
        ({"amount": float("nan")}, "finite"),
        ({"look_back_days": 20}, "greater than or equal to 250"),
    ],
)
def test_requests_that_make_no_sense_are_refused(fields, error):
    with pytest.raises(ValidationError, match=error):
        AllocationRequest(**{"products": FUNDS, **fields})


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"P001": 0.5, "P002": 0.4}, "sum to 0.9"),
        ({"P001": 1.5, "P002": -0.5}, "0 or more"),
        ({"P001": float("nan"), "P002": 1.0}, "0 or more"),
        ({"P079": 1.0}, "P079"),
    ],
)
def test_weights_held_now_must_be_weights(sample, now, words):
    with pytest.raises(InvalidRequest, match=words):
        propose(sample, AllocationRequest(products=FUNDS, now=now, **QUICK))


def test_unknown_names_are_named(sample):
    with pytest.raises(NotFound, match="P999"):
        propose(sample, AllocationRequest(products=("P001", "P999"), **QUICK))
    with pytest.raises(NotFound, match="C9999"):
        propose(sample, AllocationRequest(client="C9999", **QUICK))
    with pytest.raises(InvalidRequest, match="P070"):
        propose(sample, AllocationRequest(products=FUNDS, limits={"products": {"P070": {"minimum": 0.1}}}, **QUICK))
    with pytest.raises(InvalidRequest, match="neither a client"):
        propose(sample, AllocationRequest(**QUICK))


@pytest.mark.parametrize("fault", ["short", "zero", "nan", "gap", "ended"])
def test_values_that_cannot_be_used_are_an_error_or_left_out_when_asked(sample, fault):
    series = sample.series["nav"]["P003"]
    values, days = series.values.copy(), series.days
    if fault == "short":
        values, days = values[-100:], days[-100:]
    elif fault == "gap":
        values, days = numpy.delete(values, range(-80, -60)), numpy.delete(days, range(-80, -60))
    elif fault == "ended":
        values, days = values[:-60], days[:-60]
    else:
        values[-5] = 0.0 if fault == "zero" else numpy.nan
    bad = changed(sample, "P003", values, days)
    with pytest.raises(InvalidRequest, match="P003") as told:
        propose(bad, AllocationRequest(products=FUNDS, **QUICK))
    assert told.value.code == "values_not_usable"
    found = propose(bad, AllocationRequest(products=FUNDS, leave_out_bad=True, **QUICK))
    assert "P003" not in {row.id for row in found.weights}
    assert any("P003" in line for line in found.left_out)


@pytest.mark.parametrize("method", METHODS)
def test_a_money_fund_that_never_moves_breaks_nothing(sample, method):
    flat = changed(sample, "P001", numpy.ones(len(sample.series["nav"]["P001"])))
    found = propose(flat, AllocationRequest(products=FUNDS, method=method, frontier_points=3, charts=False))
    assert all(math.isfinite(one.value) for one in found.all_figures().values() if one.value is not None)


def test_only_money_funds_that_never_move(sample):
    names = ("P001", "P007", "P020")
    flat = sample
    for name in names:
        flat = changed(flat, name, numpy.ones(len(sample.series["nav"][name])))
    found = propose(flat, AllocationRequest(products=names, method="risk_parity", frontier_points=3, charts=False))
    assert [row.proposed.value for row in found.weights] == pytest.approx([1 / 3] * 3)
    assert all(row.risk.value is None for row in found.weights)


def test_a_product_in_another_currency_moves_with_its_rate(sample):
    flat = changed(sample, "P014", numpy.ones(len(sample.series["nav"]["P014"])))
    assert flat.nav("P014").currency == "USD"
    found = series_of(flat, SimpleNamespace(id="P014", series=None))
    assert found.currency == "CNY"
    assert found.values[-1] == flat.cny_for("USD", flat.last_day)
    assert found.values.std() > 0.0


def test_one_product_needs_the_bank_to_allow_it(sample):
    found = propose(sample, AllocationRequest(products=("P002",), **QUICK))
    assert found.status == "infeasible"
    assert any("each of 1 products at most 35.00%" in text for text in found.texts)


def test_all_that_stays_leaves_nothing_to_plan(sample, clients):
    with pytest.raises(InvalidRequest, match="nothing is left to distribute"):
        propose(sample, AllocationRequest(client=clients["C4"], reserve=1.0, **QUICK))
    with pytest.raises(InvalidRequest, match="Nothing is left to invest"):
        propose(sample, AllocationRequest(client=clients["C4"], amount=-1e9, **QUICK))
