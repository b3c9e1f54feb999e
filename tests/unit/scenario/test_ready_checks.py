"""The checks that a scenario takes with one line: numbers that were given, products that suit."""

import pytest

from appliance.guardrails.handed import judge
from appliance.scenario.checks import bound
from appliance.scenario.numbers import numbers
from appliance.scenario.suitability import Suitability, suitability

SOURCES = [
    "How much does a card of 50,000 yuan cost, and within how many working days does it come?",
    "The fee is 0.1% of the amount, minimum 50 yuan, maximum 260 yuan. It comes within 3 working days.",
    "青稳一号为R2级产品，起购金额5万元，期限180天，业绩比较基准3.2%，管理费率0.15%。",
    "2026-12-31",
]


def judged(check, facts, text):
    return judge(text, bound([check], {check.name: facts}))


def rules(text, facts=SOURCES, **options):
    return [(one.rule, text[one.start : one.end]) for one in judged(numbers(**options), facts, text).findings]


@pytest.mark.parametrize(
    "text",
    [
        "The fee is at least 50 yuan and at most 260 yuan.",
        "It comes within three working days.",
        "50,000 yuan are enough.",
        "起购金额为50,000元，期限180天。",
        "起购金额是五万元。",
        "业绩比较基准为3.2%。",
        "青稳一号是一个R2级产品。",
        "This is one of several products.",
        "It ends on 31 December 2026.",
        "No number at all.",
        "",
    ],
)
def test_numbers_that_were_given(text):
    assert rules(text, company=False) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("The fee is 51 yuan.", "The fee is 51 yuan."),
        ("It is cheap. It costs 0.2%. Come soon.", "It costs 0.2%."),
        ("收益率可达3.5%。", "收益率可达3.5%。"),
        ("起购金额5元。", "起购金额5元。"),
        ("期限180个月。", "期限180个月。"),  # the unit is another
        ("三年期限。", "三年期限。"),
        ("提前一个月通知。", "提前一个月通知。"),
        ("It comes within five working days.", "It comes within five working days."),
        ("It ends on 2027-12-31.", "It ends on 2027-12-31."),
        ("产品为R4级。", "产品为R4级。"),
        ("１２３元", "１２３元"),
    ],
)
def test_a_number_that_was_not_given(text, sentence):
    assert rules(text) == [("numbers:not_given", sentence)]
    verdict = judged(numbers(), SOURCES, text)
    assert (verdict.action, verdict.text) == ("block", "")


def test_a_number_is_not_put_beside_other_words():
    text = "The maximum is 50 yuan."
    assert rules(text) == [("numbers:other_company", text)]
    assert rules(text, company=False) == []
    assert rules("管理费率为3.2%。") == [("numbers:other_company", "管理费率为3.2%。")]
    assert rules("管理费率为3.2%。", ["3.2%"]) == []  # a figure that the action itself computed


def test_no_facts_give_no_number():
    assert rules("It costs 1 yuan.", []) == [("numbers:not_given", "It costs 1 yuan.")]
    assert rules("It costs nothing.", []) == []


def test_facts_of_another_shape_block():
    assert rules("50", "50") == [("chain:numbers/failed", "50")]
    assert rules("50", None) == [("chain:numbers/failed", "50")]


@pytest.mark.parametrize("action", ["warn", "mask", "review", "block"])
def test_a_scenario_says_what_is_done(action):
    verdict = judged(numbers(action), SOURCES, "Fine. It costs 7 yuan.")
    assert (verdict.action, numbers(action).reviews) == (action, action == "review")
    assert verdict.text == {"mask": "Fine. " + "*" * 16, "block": ""}.get(action, "Fine. It costs 7 yuan.")


PRODUCTS = {"青稳": "R1", "青稳进取": "R4", "Harbour Bond Fund": "R2", "海豚增长": "R5", "海豚": "R4", "海豚货币": "R1"}


def unsuitable(text, customer="C2", products=PRODUCTS):
    found = judged(suitability(), Suitability(customer, products), text).findings
    return [(one.rule, text[one.start : one.end]) for one in found]


@pytest.mark.parametrize(("grade", "least"), [(f"R{n}", n) for n in range(1, 6)])
def test_each_grade_against_each_class(grade, least):
    for customer in range(1, 6):
        found = unsuitable("建议了解甲产品。", f"C{customer}", {"甲产品": grade})
        assert found == ([] if customer >= least else [(f"suitability:{grade}/C{customer}", "甲产品")])


def test_what_suits_is_named_freely_and_what_does_not_is_found():
    assert unsuitable("青稳与 Harbour Bond Fund 都适合您。") == []
    assert unsuitable("青稳进取收益更高。") == [("suitability:R4/C2", "青稳进取")]
    assert unsuitable("海豚货币适合您，") == []  # 海豚 alone is R4, inside the longer name it is not meant
    assert unsuitable("海豚货币和海豚") == [("suitability:R4/C2", "海豚")]
    assert unsuitable("Ask for the harbour bond fund.", "C1") == [("suitability:R2/C1", "harbour bond fund")]


@pytest.mark.parametrize("text", ["海 豚 增 长", "海豚\u200b增长", "海豚增長", "海豚-增长"])
def test_other_spellings_are_found(text):
    assert unsuitable(text) == [("suitability:R5/C2", text)]


@pytest.mark.parametrize(
    ("customer", "products"),
    [("C6", PRODUCTS), (None, PRODUCTS), ("C2", {"青稳": "R9"}), ("C2", {"": "R1"}), ("C2", None)],
)
def test_facts_that_say_nothing_block(customer, products):
    assert unsuitable("青稳", customer, products) == [("chain:suitability/failed", "青稳")]
