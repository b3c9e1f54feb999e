from datetime import date

import pytest

from appliance.core.errors import ConfigError
from scenarios.reports.flows.analysing import analyse
from scenarios.reports.flows.measures import MEASURES
from scenarios.reports.flows.rules import MEASURES as GIVEN
from scenarios.reports.flows.rules import Book
from tests.unit.scenario.reports.flows.statements import payment

OWN = """
rules:
  rent:
    measure: wording
    with: {at_least: 1000}
    words: [房租]
    when: {value: total, above: 5000}
    severity: warning
    title: {en: rent, zh: 房租支出}
    text: {en: "Rent: {total}.", zh: "房租支出合计{total}。"}
"""
ROWS = [payment("2025-01-02", -6000.0, "房东", "一月房租"), payment("2025-02-02", -500.0, "房东", "二月房租")]


def names(own):
    return {finding.rule: finding.text for finding in analyse(ROWS, "", "zh_CN", own, (), date(2026, 1, 1)).findings}


def test_every_measure_is_described_and_gives_what_it_says():
    assert set(MEASURES) == set(GIVEN)
    assert {rule.measure for rule in Book.load().rules.values()} <= set(MEASURES)


def test_the_bank_adds_a_rule_without_code(tmp_path):
    (tmp_path / "payments.yaml").write_text(OWN, encoding="utf-8")
    assert names(tmp_path)["rent"] == "房租支出合计6,000.00元。"


def test_the_bank_changes_a_threshold_and_switches_a_rule_off(tmp_path):
    own = tmp_path / "payments.yaml"
    own.write_text(OWN.replace("above: 5000", "above: 7000"), encoding="utf-8")
    assert "rent" not in names(tmp_path)
    own.write_text("rules:\n  one_payer: {active: false}\n  round_trips: {severity: info}\n", encoding="utf-8")
    book = Book.load(own=own)
    assert not book.rules["one_payer"].active
    assert book.rules["round_trips"].severity == "info"
    assert book.rules["round_trips"].measure == "round_trips"


def test_labels_of_the_bank_are_added(tmp_path):
    own = tmp_path / "payments.yaml"
    own.write_text("columns: {day: [过账日]}\n", encoding="utf-8")
    assert {"过账日", "交易日期"} <= set(Book.load(own=own).columns.day)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (OWN.replace("measure: wording", "measure: wordings"), "wording"),
        (OWN.replace("at_least: 1000", "at_most: 1000"), "at_least"),
        (OWN.replace("value: total", "value: sum"), "sum"),
        (OWN.replace("above: 5000", ""), "above"),
        (OWN.replace("Rent: {total}.", "Rent: {price}."), "{price}"),
        (OWN.replace("Rent: {total}.", "Rent above 5000: {total}."), "braces"),
        (OWN.replace("severity: warning", "severity: grave"), "severity"),
        (OWN + "ranks: 0\n", "ranks"),
    ],
)
def test_a_fault_in_the_banks_rules_is_named(tmp_path, text, word):
    own = tmp_path / "payments.yaml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Book.load(own=own)
    assert word in str(caught.value)
    assert str(own) in str(caught.value)
