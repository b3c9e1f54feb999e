"""Diagnoses of the sample bank's accounts, and of accounts that are not as most are."""

import math
import re
from dataclasses import replace
from datetime import date, timedelta

import numpy
import pytest
from skfolio import Portfolio

from appliance.core.errors import InvalidRequest, NotFound
from appliance.core.messages import _
from scenarios.advisor.accounts import diagnose, diagnose_many
from scenarios.advisor.accounts.book import account_formulas
from scenarios.advisor.accounts.market import market_of
from scenarios.advisor.accounts.positions import account_of
from scenarios.advisor.accounts.risk import risk_of
from scenarios.advisor.data.faults import Fault
from scenarios.advisor.figures.formulas import formulas
from scenarios.advisor.models import Holding, Transaction
from scenarios.advisor.suitability import RuleBook
from tests.unit.scenario.advisor.conftest import LAST, TODAY

NUMBER = re.compile(r"\d+(?:[,.:/-]\d+)*%?")


@pytest.fixture(scope="module")
def diagnosed(sample):
    return {client: diagnose(sample, client, charts=False) for client in sample.clients}


def changed(sample, **fields):
    """Return the dataset with other fields, and nothing computed yet."""
    return replace(sample, memo={}, **fields)


def holding(product, units=1000.0, cost=1000.0, bought=date(2024, 1, 4), as_of=LAST):
    return Holding(client="C0001", product=product, units=units, cost=cost, bought_on=bought, as_of=as_of)


def with_holdings(sample, *holdings, **fields):
    return changed(sample, kept_holdings={"C0001": holdings}, kept_transactions={}, **fields)


def first_of(sample, group):
    return next(name for name, product in sample.products.items() if product.peer_group == group)


def test_values_are_units_times_value_times_rate(sample, diagnosed):
    for client in ("C0001", "C0010", "C0077"):
        total = 0.0
        for one in sample.holdings(client):
            fx = sample.fx(sample.product(one.product).currency)
            total += one.units * sample.price(one.product, LAST) * (1.0 if fx is None else fx.values[-1])
        assert diagnosed[client].figure("total_value").value == pytest.approx(total, rel=1e-12)


def test_shares_sum_to_one_and_contributions_to_the_volatility(diagnosed):
    for found in diagnosed.values():
        shares = [found.figure("position_share", line.product).value for line in found.positions]
        assert math.fsum(shares) == pytest.approx(1.0)
        assert math.fsum(
            found.figure("class_share", line.asset_class).value for line in found.classes
        ) == pytest.approx(1.0)
        parts = {id_: figure.value for id_, figure in found.figures.items() if figure.name == "risk_contribution"}
        by_class = math.fsum(value for id_, value in parts.items() if ".P" not in id_)
        volatility = found.figure("volatility").value
        assert by_class == pytest.approx(volatility, rel=1e-9, abs=1e-12)
        assert math.fsum(parts.values()) - by_class == pytest.approx(volatility, rel=1e-9, abs=1e-12)


def test_changes_sum_and_are_explained(sample, diagnosed):
    seen = 0
    for found in diagnosed.values():
        for line in found.changes:
            before, bought, sold, paid_out, market, other, after = (
                found.figures[line.figures[f"change_{name}"]].value
                for name in ("before", "bought", "sold", "paid_out", "market", "other", "after")
            )
            assert before + bought - sold - paid_out + market + other == pytest.approx(after, abs=1e-6)
            assert abs(other) < 1e-5 * max(1.0, after)
            seen += bool(line.product and sold)
        if found.changes:
            total = found.figures[found.changes[0].figures["change_after"]].value
            assert total == pytest.approx(found.figure("total_value").value)
    assert seen > 20


def test_risk_is_that_of_skfolio(sample):
    account = account_of(sample, "C0004")
    risk = risk_of(account, market_of(sample))
    found = diagnose(sample, "C0004", charts=False)
    portfolio = Portfolio(X=risk.returns, weights=risk.weights)
    assert found.figure("volatility").value == pytest.approx(portfolio.standard_deviation * 252**0.5, rel=1e-8)
    assert found.figure("cvar_historical").value == pytest.approx(portfolio.cvar, rel=1e-8)
    assert found.figure("diversification_ratio").value == pytest.approx(portfolio.diversification, rel=1e-8)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_number_in_the_text_is_a_figure(sample, language):
    for client in list(sample.clients)[:60]:
        found = diagnose(sample, client, language=language, charts=False)
        known = set()
        for figure in found.figures.values():
            known |= set(NUMBER.findall(figure.shown))
        for text in (*found.text, *found.notes, *found.disclosures):
            for line in found.positions:
                text = text.replace(line.name, "")
            assert set(NUMBER.findall(text)) <= known, text


def test_every_figure_has_its_formula_and_a_value_or_a_note(diagnosed):
    catalogue = {**formulas().formulas, **account_formulas().formulas}
    for found in diagnosed.values():
        for id_, figure in found.figures.items():
            assert figure.id == id_
            assert figure.formula == catalogue[figure.name].formula.en
            assert figure.value is not None or figure.note or figure.name.startswith("max_drawdown"), id_
            assert figure.sources


def test_money_and_time_weighted_returns_are_found_where_transactions_lead_to_the_holdings(diagnosed):
    for found in diagnosed.values():
        assert found.figure("money_weighted_return").value is not None
        assert -0.9 < found.figure("time_weighted_return").value < 2.0


def test_transactions_that_do_not_lead_to_the_holdings_give_no_return(sample):
    told = dict(sample.kept_transactions)
    told["C0003"] = told["C0003"][1:]
    found = diagnose(changed(sample, kept_transactions=told), "C0003", charts=False)
    for name in ("money_weighted_return", "time_weighted_return"):
        assert found.figure(name).value is None
        assert "do not lead to the units held" in found.figure(name).note
    assert not any("money-weighted" in text for text in found.text)


def test_a_change_that_is_not_told_is_named(sample):
    newest = max(one.as_of for one in sample.kept_holdings["C0003"])
    held = tuple(
        one.model_copy(update={"units": one.units * 1.5}) if one.as_of == newest else one
        for one in sample.kept_holdings["C0003"]
    )
    found = diagnose(changed(sample, kept_holdings={"C0003": held}), "C0003", charts=False)
    other = found.figure("change_other")
    assert other.value > 0.2 * found.figure("total_value").value
    assert any(other.shown in note for note in found.notes)


def test_payments_of_cash_are_shown_beside_the_change(sample):
    day = LAST - timedelta(days=30)
    paid = [("deposit", 500.0), ("withdrawal", 200.0), ("fee", 10.0)]
    more = tuple(
        Transaction(id=f"X{kind}", client="C0003", product="", kind=kind, day=day, units=0.0, amount=amount)
        for kind, amount in paid
    )
    found = diagnose(
        changed(sample, kept_transactions={"C0003": (*sample.kept_transactions["C0003"], *more)}), "C0003", charts=False
    )
    assert found.figure("change_paid_in").value == pytest.approx(290.0)
    assert abs(found.figure("change_other").value) < 0.1


def test_an_all_cash_account(sample, diagnosed):
    found = diagnosed["C0050"]
    assert {line.asset_class for line in found.positions} == {"cash"}
    assert found.figure("class_share", "cash").value == pytest.approx(1.0)
    assert "All of it is in cash products." in found.text
    assert found.figure("volatility").value < 0.01
    assert found.figure("unsuitable_value").value == 0.0
    assert found.figure("hhi").value == pytest.approx(1.0)


def test_an_empty_account(sample):
    dataset = changed(sample, kept_holdings={}, kept_transactions={})
    for language in ("en", "zh_CN"):
        found = diagnose(dataset, "C0001", language=language)
        assert found.positions == ()
        assert found.charts == ()
        assert found.figure("total_value").value == 0.0
        assert found.figure("largest_product").value is None
        assert found.figure("as_of").shown in found.text[0]
        assert len(found.text) == 1


def test_an_account_of_one_product(sample):
    name = first_of(sample, "index")
    found = diagnose(with_holdings(sample, holding(name)), "C0001", charts=False)
    assert found.figure("risk_share", name).value == pytest.approx(1.0)
    assert found.figure("diversification_ratio").value == pytest.approx(1.0)
    assert found.overlaps == ()
    assert found.figure("money_weighted_return").note == "No transactions were supplied."
    assert found.previous is None
    assert found.changes == ()


def test_lots_of_one_product_are_one_position_and_free_by_their_own_days(sample):
    name = first_of(sample, "wealth")
    assert sample.product(name).term_days == 180
    old, new = holding(name, 1000.0), holding(name, 3000.0, bought=LAST - timedelta(days=10))
    found = diagnose(with_holdings(sample, old, new), "C0001", charts=False)
    assert len(found.positions) == 1
    value = found.figure("total_value").value
    assert found.figure("redeemable", "d7").value == pytest.approx(value / 4)
    assert found.figure("redeemable", "d365").value == pytest.approx(value)


def test_a_need_that_cannot_be_met_is_said(sample):
    name = first_of(sample, "insurance")
    client = sample.client("C0001").model_copy(update={"cash_need": 5000.0})
    held = holding(name, bought=LAST - timedelta(days=10))
    found = diagnose(with_holdings(sample, held, clients={"C0001": client}), "C0001", charts=False)
    assert found.figure("cash_gap").value == pytest.approx(5000.0)
    assert found.figure("cash_coverage").value == 0.0
    assert any("is not covered" in text and "5,000.00 CNY" in text for text in found.text)


def test_a_need_in_another_currency_is_taken_into_cny(sample):
    client = sample.client("C0001").model_copy(update={"cash_need": 100.0, "currency": "USD"})
    dataset = with_holdings(sample, holding(first_of(sample, "money")), clients={"C0001": client})
    need = diagnose(dataset, "C0001", charts=False).figure("cash_need")
    assert need.value == pytest.approx(100.0 * sample.fx("USD").values[-1])
    unknown = replace(dataset, memo={}, series={**sample.series, "fx": {}})
    need = diagnose(unknown, "C0001", charts=False).figure("cash_need")
    assert need.value is None
    assert "'USD'" in need.note


def test_a_target_that_is_not_known(sample):
    client = sample.client("C0001").model_copy(update={"target": "unheard"})
    found = diagnose(changed(sample, clients={"C0001": client}), "C0001", charts=False)
    assert "There is no target allocation to compare with." in found.text
    assert {line.off for line in found.classes} == {None}
    drift = found.figure("class_drift", found.classes[0].asset_class)
    assert (drift.value, drift.note) == (None, "There is no target allocation of the name unheard.")


def test_a_product_with_bad_values_is_at_cost_and_out_of_the_risk(sample):
    bad, good = first_of(sample, "index"), first_of(sample, "bond")
    fault = Fault("nav", "nav.parquet", 7, "nav", _("it must be above {least:g}", least=0.0), key=bad)
    dataset = with_holdings(sample, holding(bad, cost=4321.0), holding(good), faults=(fault,))
    found = diagnose(dataset, "C0001", charts=False)
    line = next(line for line in found.positions if line.product == bad)
    assert line.basis == "cost"
    assert "nav.parquet, row 7, column nav" in line.note
    assert line.note in found.notes
    assert found.figure("position_value", bad).value == 4321.0
    assert found.figure("position_gain", bad).value is None
    assert f"account.C0001.{bad}.risk_share" not in found.figures
    assert found.figure("risk_share", good).value == pytest.approx(1.0)
    assert found.figure("risk_coverage").value < 1.0
    assert all(bad in line.missing for line in found.stress)


def test_a_product_without_a_rate_of_its_currency_is_left_out(sample):
    foreign = next(name for name, product in sample.products.items() if product.currency == "USD")
    good = first_of(sample, "bond")
    series = {**sample.series, "fx": {}}
    found = diagnose(with_holdings(sample, holding(foreign), holding(good), series=series), "C0001", charts=False)
    assert found.figure("position_value", foreign).value is None
    assert found.figure("total_value").value == pytest.approx(found.figure("position_value", good).value)
    assert any(foreign in note and "left out of all figures" in note for note in found.notes)


def test_a_product_with_a_short_history_is_out_of_the_risk_and_said_so(sample):
    young, good = first_of(sample, "index"), first_of(sample, "bond")
    part = sample.nav(young).between(LAST - timedelta(days=2), None)
    series = {**sample.series, "nav": {**sample.series["nav"], young: part}}
    dataset = with_holdings(sample, holding(young), holding(good), series=series, plain={**sample.plain, young: part})
    found = diagnose(dataset, "C0001", charts=False)
    assert len(part) == 3
    assert found.figure("position_value", young).value > 0.0
    assert f"account.C0001.{young}.risk_share" not in found.figures
    assert any("do not reach back a year" in note for note in found.notes)


def test_values_that_are_old_are_named(sample):
    name = first_of(sample, "index")
    old = sample.raw_nav(name).between(None, LAST - timedelta(days=60))
    adjusted = sample.nav(name).between(None, LAST - timedelta(days=60))
    series = {**sample.series, "nav": {**sample.series["nav"], name: adjusted}}
    found = diagnose(
        with_holdings(sample, holding(name), series=series, plain={**sample.plain, name: old}), "C0001", charts=False
    )
    assert any("The newest value of" in note for note in found.notes)
    assert f"account.C0001.{name}.risk_share" not in found.figures


def test_levels_above_the_clients_are_named_and_the_banks_own_rules_count(sample, diagnosed, tmp_path):
    high = first_of(sample, "sector")
    client = sample.client("C0001").model_copy(update={"level": "C3"})
    dataset = with_holdings(sample, holding(high), clients={"C0001": client})
    found = diagnose(dataset, "C0001", charts=False)
    assert found.positions[0].suitable is False
    assert found.figure("unsuitable_share").value == pytest.approx(1.0)
    assert any("C3" in reason for reason in found.positions[0].reasons)
    own = tmp_path / "suitability.yaml"
    own.write_text(
        "rules: [{name: match_ordinary, highest: {C1: R1, C2: R1, C3: R1, C4: R1, C5: R1}}]", encoding="utf-8"
    )
    low = with_holdings(sample, holding(first_of(sample, "bond")), clients={"C0001": client})
    assert diagnose(low, "C0001", charts=False).positions[0].suitable is True
    stricter = RuleBook.load(own=own)
    assert diagnose(low, "C0001", charts=False, rules=stricter).positions[0].suitable is False
    never = diagnosed["C0040"]
    assert never.positions[0].suitable is None
    assert never.figure("unsuitable_value").value is None
    assert any("has not been assessed" in text for text in never.text)


def test_overlap_of_funds_with_the_same_securities(sample):
    first, second = [name for name, product in sample.products.items() if product.peer_group == "index"][:2]
    same = sample.product(second).model_copy(update={"constituents": sample.product(first).constituents})
    dataset = with_holdings(sample, holding(first), holding(second), products={**sample.products, second: same})
    (pair,) = diagnose(dataset, "C0001", charts=False).overlaps
    assert {pair.first, pair.second} == {first, second}
    assert set(pair.securities) == set(same.constituents)


def test_an_earlier_day_and_an_earlier_statement(sample):
    days = sample.statement_days("C0003")
    found = diagnose(sample, "C0003", days[0] + timedelta(days=5), charts=False)
    assert found.statement == days[0]
    assert found.previous is None
    assert found.figure("as_of").shown == str(days[0] + timedelta(days=5))
    newest = diagnose(sample, "C0003", previous=days[0] + timedelta(days=3), charts=False)
    assert newest.previous == days[0]


def test_what_cannot_be_asked(sample):
    with pytest.raises(NotFound):
        diagnose(sample, "C9999")
    with pytest.raises(InvalidRequest) as raised:
        diagnose(sample, "C0001", date(2027, 1, 1))
    assert raised.value.code == "as_of_ahead"
    with pytest.raises(InvalidRequest) as raised:
        diagnose(sample, "C0001", previous=date(2001, 1, 1))
    assert raised.value.code == "statement_not_found"


def test_charts_show_the_figures(sample):
    found = diagnose(sample, "C0004", language="zh_CN")
    assert [chart.name for chart in found.charts] == ["allocation", "risk", "stress"]
    values = found.charts[0].vega_lite["data"]["values"]
    shares = [found.figure("class_share", line.asset_class).value for line in found.classes]
    assert numpy.isclose(sorted(row["value"] for row in values if row["group"] == "当前"), sorted(shares)).all()


def test_a_batch_gives_what_one_by_one_gives(sample, sample_folder, diagnosed):
    briefs = diagnose_many(sample_folder, ["C0004", "C9999", "C0050"], today=TODAY)
    assert [brief.client for brief in briefs] == ["C0004", "C9999", "C0050"]
    assert "There is no client 'C9999'" in briefs[1].error
    for brief in (briefs[0], briefs[2]):
        assert brief.text == diagnosed[brief.client].text
        assert brief.values == {id_: figure.value for id_, figure in diagnosed[brief.client].figures.items()}


def test_the_sample_bank_is_said_to_be_made_up(sample):
    found = diagnose(changed(sample, made_up=True), "C0004", charts=False)
    assert any("made up" in text for text in found.disclosures)


def test_an_assessment_that_is_no_longer_valid_is_said(sample):
    client = sample.client("C0001").model_copy(update={"level": "C3", "assessed_on": LAST - timedelta(days=400)})
    found = diagnose(changed(sample, clients={"C0001": client}), "C0001", charts=False)
    assert any("no longer valid" in text and found.figure("assessed_on").shown in text for text in found.text)
    fresh = client.model_copy(update={"assessed_on": LAST - timedelta(days=30)})
    found = diagnose(changed(sample, clients={"C0001": fresh}), "C0001", charts=False)
    assert not any("no longer valid" in text for text in found.text)
