from datetime import timedelta

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenarios.advisor.suitability import RuleBook

from .conftest import TODAY

ORDER = {"no": 0, "confirm": 1, "yes": 2}
LEVELS = st.integers(1, 5)
CLIENT = st.fixed_dictionaries({
    "kind": st.sampled_from(["ordinary", "professional"]),
    "birth_date": st.integers(17 * 365, 90 * 365).map(lambda days: TODAY - timedelta(days=days)),
    "assessed_on": st.integers(0, 500).map(lambda days: TODAY - timedelta(days=days)),
    "cash_need": st.sampled_from([0.0, 10_000.0, 500_000.0, 950_000.0]),
    "horizon_days": st.sampled_from([None, 30, 200, 400, 1825]),
})  # fmt: skip
PRODUCT = st.fixed_dictionaries({
    "term_days": st.sampled_from([0, 180, 1000]),
    "private": st.booleans(),
    "kind": st.sampled_from(["fund", "insurance", "wealth"]),
    "asset_class": st.sampled_from(["cash", "bond", "equity", "alternative"]),
    "currency": st.sampled_from(["CNY", "USD"]),
})  # fmt: skip
AMOUNT = st.sampled_from([5.0, 1000.0, 49_000.0, 110_000.0])
RUN = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def allowed(bench, client, product, amount, level: int, issuer: int, seller: int, rules=None) -> int:
    client = {**client, "level": f"C{level}"}
    product = {**product, "issuer_level": f"R{issuer}", "seller_level": f"R{seller}"}
    return ORDER[bench.decide(amount, client=client, product=product, rules=rules).allowed]


@RUN
@given(CLIENT, PRODUCT, AMOUNT, LEVELS, LEVELS)
def test_a_higher_product_level_never_allows_more(bench, client, product, amount, level, seller):
    found = [allowed(bench, client, product, amount, level, issuer, seller) for issuer in range(1, 6)]
    assert found == sorted(found, reverse=True)


@RUN
@given(CLIENT, PRODUCT, AMOUNT, LEVELS)
def test_a_lower_client_level_never_allows_more(bench, client, product, amount, issuer):
    found = [allowed(bench, client, product, amount, level, issuer, issuer) for level in range(1, 6)]
    assert found == sorted(found)


STRICTER = st.fixed_dictionaries({
    "days": st.integers(1, 365),
    "down": st.integers(0, 3),
    "share": st.floats(0.01, 0.4),
    "age": st.integers(20, 65),
})  # fmt: skip


@RUN
@given(CLIENT, PRODUCT, AMOUNT, LEVELS, LEVELS, STRICTER)
def test_own_stricter_rules_never_allow_more(bench, tmp_path_factory, client, product, amount, level, issuer, stricter):
    highest = {f"C{number}": f"R{max(1, number - stricter['down'])}" for number in range(1, 6)}
    text = {"rules": [
        {"name": "match_ordinary", "highest": highest},
        {"name": "assessment_validity", "days": stricter["days"]},
        {"name": "product_share", "most": stricter["share"]},
        {"name": "age_65", "at_least": stricter["age"], "kind": "prohibit"},
    ]}  # fmt: skip
    own = tmp_path_factory.mktemp("own") / "suitability.yaml"
    own.write_text(yaml.safe_dump(text), encoding="utf-8")
    book = RuleBook.load(own=own)
    shipped = allowed(bench, client, product, amount, level, issuer, issuer)
    assert allowed(bench, client, product, amount, level, issuer, issuer, book) <= shipped


@RUN
@given(CLIENT, PRODUCT, LEVELS)
def test_a_larger_amount_never_allows_more_but_for_minimums(bench, client, product, level):
    product = {**product, "private": False, "minimum": 0.0}
    found = [allowed(bench, client, product, amount, level, 3, 3) for amount in (1000.0, 30_000.0, 60_000.0, 100_000.0)]
    assert found == sorted(found, reverse=True)
