import math
from dataclasses import replace
from datetime import date, timedelta

import pytest

from appliance.core.errors import InvalidRequest, NotFound
from scenarios.advisor.models import Transaction
from scenarios.advisor.suitability import decide

from .conftest import TODAY, row


def outcome(bench, rule, **case):
    return row(bench.decide(**case), rule).outcome


def test_a_suitable_purchase_is_allowed_with_its_risk_disclosure(bench):
    decision = bench.decide()
    assert decision.allowed == "yes"
    assert decision.reasons == decision.remedies == decision.confirmations == decision.alternatives == ()
    assert decision.disclosures[0].startswith("R4")
    assert {one.outcome for one in decision.rows} == {"met", "not_applicable"}


@pytest.mark.parametrize("client", ["C1", "C2", "C3", "C4", "C5"])
@pytest.mark.parametrize("product", ["R1", "R2", "R3", "R4", "R5"])
def test_each_level_against_each(bench, client, product):
    levels = {"issuer_level": product, "seller_level": product}
    decision = bench.decide(client={"level": client}, product=levels)
    expected = "met" if product[1] <= client[1] else "broken"
    assert row(decision, "match_ordinary").outcome == expected
    assert (decision.allowed == "no") == (expected == "broken")


@pytest.mark.parametrize(("issuer", "seller"), [("R2", "R5"), ("R5", "R2")])
def test_the_higher_of_both_levels_counts_and_is_told(bench, issuer, seller):
    decision = bench.decide(product={"issuer_level": issuer, "seller_level": seller})
    assert (decision.product_level, decision.allowed) == ("R5", "no")
    assert any("rate this product differently" in text for text in decision.disclosures)


def test_clients_of_the_lowest_level_get_nothing_above_r1_even_as_professionals(bench):
    case = {"client": {"level": "C1", "kind": "professional"}, "product": {"issuer_level": "R2", "seller_level": "R2"}}
    decision = bench.decide(**case)
    assert decision.allowed == "no"
    assert row(decision, "least_tolerant").outcome == "broken"
    assert row(decision, "match_professional").outcome == "broken"
    assert row(decision, "match_ordinary").outcome == "not_applicable"


def test_a_professional_above_the_own_level_confirms(bench):
    decision = bench.decide(client={"level": "C3", "kind": "professional"})
    assert decision.allowed == "confirm"
    assert "in writing" in decision.confirmations[0]


@pytest.mark.parametrize(
    ("client", "rule"),
    [
        ({"level": None, "assessed_on": None}, "match_ordinary"),
        ({"assessed_on": None}, "assessment_validity"),
        ({"assessed_on": TODAY + timedelta(days=1)}, "assessment_validity"),
        ({"horizon_days": None}, "holding_period"),
        ({"birth_date": TODAY + timedelta(days=1)}, "age_65"),
    ],
)
def test_what_is_not_known_refuses_and_says_what_to_do(bench, client, rule):
    decision = bench.decide(client=client)
    found = row(decision, rule)
    assert decision.allowed == "no"
    assert (found.outcome, found.reason in decision.reasons, found.remedy in decision.remedies) == (
        "unknown",
        True,
        True,
    )


def test_an_assessment_is_valid_up_to_its_last_day(bench):
    oldest = TODAY - timedelta(days=365)
    assert outcome(bench, "assessment_validity", client={"assessed_on": oldest}) == "met"
    decision = bench.decide(client={"assessed_on": oldest - timedelta(days=1)})
    assert decision.allowed == "no"
    assert decision.remedies == ("Reassess: the assessment of 2025-11-01 is older than 365 days.",)


def test_too_many_assessments_refuse_where_the_bank_supplies_them(bench):
    days = [TODAY - timedelta(days=30 * number) for number in range(1, 5)]
    assert outcome(bench, "assessment_count") == "not_applicable"
    assert outcome(bench, "assessment_count", assessments=days[:3]) == "met"
    decision = bench.decide(assessments=days)
    assert decision.allowed == "no"
    assert str(days[3] + timedelta(days=365)) in row(decision, "assessment_count").remedy


@pytest.mark.parametrize(
    ("born", "level", "allowed"),
    [
        (date(1961, 11, 3), "R4", "yes"),
        (date(1961, 11, 2), "R4", "confirm"),
        (date(1961, 11, 2), "R1", "yes"),
        (date(1946, 11, 3), "R3", "confirm"),
        (date(1946, 11, 2), "R3", "no"),
        (date(1946, 11, 2), "R2", "confirm"),
        (date(2008, 11, 3), "R1", "no"),
        (date(2008, 11, 2), "R1", "yes"),
    ],
)
def test_age_bands_at_their_birthdays(bench, born, level, allowed):
    levels = {"issuer_level": level, "seller_level": level}
    assert bench.decide(client={"birth_date": born}, product=levels).allowed == allowed


def test_private_products_are_for_professionals_from_their_minimum(bench):
    ordinary = bench.decide(product={"private": True})
    assert ordinary.allowed == "no"
    assert row(ordinary, "private_offering").outcome == row(ordinary, "private_minimum").outcome == "broken"
    assert any("24 hours" in text for text in ordinary.disclosures)
    rich = {name: 10 * money for name, money in {"P001": 600_000.0, "P002": 300_000.0}.items()}
    professional = {"kind": "professional"}
    decision = bench.decide(1_000_000.0, client=professional, product={"private": True}, held=rich)
    assert decision.allowed == "yes"


def test_concentration_counts_the_purchase_and_says_for_how_much_there_is_room(bench):
    decision = bench.decide(350_000.0, product_id="P005")
    found = row(decision, "product_share")
    share = next(fact for fact in found.facts if fact.name == "share_after")
    assert found.outcome == "broken"
    assert share.value == pytest.approx(0.45)
    assert (share.shown, found.limit.shown) == ("45.00%", "40.00%")
    room = decision.figures()["suitability.product_share.room"]
    assert (room.value, room.shown) == (pytest.approx(300_000.0), "300,000.00 CNY")
    assert room.shown in found.remedy
    assert outcome(bench, "product_share", amount=299_999.0, product_id="P005") == "met"


def test_a_large_purchase_cut_into_small_ones_counts_together(bench, sample):
    dataset = bench.dataset({}, {}, "P003")
    booked = tuple(
        Transaction(id=f"T{number}", client="C9000", product="P003", kind="buy", day=date(2026, 11, 1), units=1.0,
                    amount=10_000.0)
        for number in range(39)
    )  # fmt: skip
    dataset = replace(dataset, kept_transactions={"C9000": booked})
    decision = decide(dataset, "C9000", "P003", 20_000.0, today=TODAY, rules=bench.rules)
    assert row(decision, "product_share").outcome == "broken"
    assert bench.decide(20_000.0).allowed == "yes"


def test_money_paid_in_since_the_statement_counts(bench):
    dataset = bench.dataset({}, {}, "P003", {"P001": 1000.0})
    paid = Transaction(id="T1", client="C9000", product="", kind="deposit", day=TODAY, units=0.0, amount=500_000.0)
    with pytest.raises(InvalidRequest):
        decide(dataset, "C9000", "P003", 20_000.0, today=TODAY, rules=bench.rules)
    dataset = replace(dataset, kept_transactions={"C9000": (paid,)})
    assert decide(dataset, "C9000", "P003", 20_000.0, today=TODAY, rules=bench.rules).allowed == "yes"


def test_a_term_beyond_the_horizon_refuses(bench):
    assert outcome(bench, "term", product={"term_days": 1825}) == "met"
    decision = bench.decide(product={"term_days": 1826})
    assert decision.allowed == "no"
    assert row(decision, "term").outcome == "broken"


def test_a_short_horizon_for_the_level_confirms(bench):
    decision = bench.decide(client={"horizon_days": 364})
    assert decision.allowed == "confirm"
    assert row(decision, "holding_period").limit.shown == "365 days"


def test_what_the_client_needs_within_a_year_stays_free(bench):
    locked = {"term_days": 400, "issuer_level": "R2", "seller_level": "R2"}
    assert bench.decide(250_000.0, client={"cash_need": 750_000.0}, product=locked).allowed == "confirm"
    decision = bench.decide(250_000.1, client={"cash_need": 750_000.0}, product=locked)
    assert decision.allowed == "no"
    assert row(decision, "cash_need").outcome == "broken"


def test_safe_money_below_the_need_confirms(bench):
    assert outcome(bench, "cash_reserve", client={"cash_need": 880_000.0}) == "met"
    decision = bench.decide(client={"cash_need": 880_001.0})
    assert decision.allowed == "confirm"


@pytest.mark.parametrize(("amount", "allowed"), [(9_999.99, "no"), (10_000.0, "yes")])
def test_the_minimum_of_the_product(bench, amount, allowed):
    assert bench.decide(amount, product={"minimum": 10_000.0}).allowed == allowed


def test_another_currency_confirms_and_is_valued_in_cny(bench, sample):
    decision = bench.decide(10_000.0, product={"currency": "USD"})
    rate = float(sample.fx("USD").between(None, TODAY).values[-1])
    purchase = next(fact for fact in row(decision, "product_share").facts if fact.name == "purchase")
    assert purchase.value == pytest.approx(10_000.0 * rate)
    assert decision.allowed == "confirm"
    assert any("exchange rate" in text for text in decision.confirmations)


def test_a_currency_without_a_rate_refuses(bench):
    dataset = bench.dataset({}, {"currency": "USD"}, "P003")
    dataset = replace(dataset, series={**dataset.series, "fx": {}})
    decision = decide(dataset, "C9000", "P003", 100.0, today=TODAY, rules=bench.rules)
    assert decision.allowed == "no"
    assert row(decision, "product_share").outcome == "unknown"


def test_insurance_and_products_abroad_are_told(bench):
    insurance = bench.decide(product={"kind": "insurance", "asset_class": "insurance"})
    assert any("cooling-off" in text for text in insurance.disclosures)
    assert any("invests abroad" in text for text in bench.decide(product={"peer_group": "qdii"}).disclosures)
    assert not any("cooling-off" in text for text in bench.decide().disclosures)


@pytest.mark.parametrize("amount", [0.0, -1.0, math.nan, math.inf, -math.inf, 1e13, True])
def test_an_amount_that_is_none_is_refused(bench, amount):
    with pytest.raises(InvalidRequest) as caught:
        bench.decide(amount)
    assert (caught.value.param, caught.value.code) == ("amount", "amount_not_valid")


def test_an_amount_above_what_the_client_has_is_refused(bench):
    with pytest.raises(InvalidRequest) as caught:
        bench.decide(1_000_001.0)
    assert caught.value.code == "amount_above_assets"
    assert "1,000,000.00 CNY" in str(caught.value)


def test_unknown_ids_are_not_found(bench, sample):
    for client, product in (("nobody", "P003"), ("C0001", "nothing")):
        with pytest.raises(NotFound):
            decide(sample, client, product, 1000.0, today=TODAY, rules=bench.rules)


def test_alternatives_are_of_its_kind_suitable_and_nearest_first(bench, sample):
    decision = bench.decide(client={"level": "C3"})
    assert decision.allowed == "no"
    assert 1 <= len(decision.alternatives) <= 5
    for one in decision.alternatives:
        assert one.level <= "R3"
        assert sample.products[one.id].asset_class == "equity" or one.peer_group == "equity"
        assert bench.decide(client={"level": "C3"}, product_id=one.id).allowed == one.allowed != "no"


def test_every_fact_says_where_it_comes_from_and_every_number_is_a_figure(bench):
    decision = bench.decide(client={"cash_need": 5000.0})
    facts = [fact for one in decision.rows for fact in one.facts]
    assert all(fact.sources or fact.name in ("purchase", "amount") for fact in facts)
    assert all(source.sha256 for fact in facts for source in fact.sources)
    figures = decision.figures()
    assert figures["suitability.assessment_validity.assessment_age"].value == 154.0
    assert figures["suitability.product_share.share_after"].formula == "min(1, (held + purchase) / assets)"


def test_a_decision_is_the_same_every_time_and_names_rules_and_data(bench, sample):
    first, again = bench.decide(), bench.decide()
    assert first == again
    assert first.fingerprint == again.fingerprint
    assert first.rules_version == bench.rules.version
    assert first.data["clients"] == sample.digests["clients"]
    assert bench.decide(20_001.0).fingerprint != first.fingerprint


def test_the_answer_is_in_the_language_asked_for(bench):
    decision = bench.decide(client={"level": "C2"}, language="zh_CN")
    assert "不得购买" in decision.summary
    texts = [*decision.reasons, *decision.remedies, *decision.disclosures]
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in text) for text in texts)
    assert "不得购买" not in bench.decide(client={"level": "C2"}).summary
