"""What a question names that its answer has to hold."""

import pytest

from appliance.knowledge.asking.demands import Demands
from appliance.knowledge.language.terms import Matchable


def lacking(question, quote, around, *, row, same_language=True):
    read = Matchable.of(quote), Matchable.of(around)
    return Demands(question).lacking(quote, *read, row=row, same_language=same_language)


REWARD = "单笔拦截金额：5万元至20万元；网点奖励（元）：1200"
ROW = "产品：商户流水贷；2024年末余额（万元）：15,380；2025年末不良率（%）：2.31"


@pytest.mark.parametrize(
    ("question", "quote", "around", "row"),
    [
        ("How many litres does the tank hold?", "The generator runs for 8 hours with a full tank.", "", False),
        ("2025年拦住了多少起诈骗？", "2025年拦截诈骗损失2746万元。", "", False),
        ("商户流水贷2023年末的不良率是多少？", ROW, "", True),
        ("商户流水贷的起贷金额是多少？", ROW, "小微企业贷款", True),
        ("为什么要分级？", "数据分为5级。", "", False),
        ("Why are the doors closed?", "The doors close at 17:00.", "", False),
        ("血压计多久校准一次？", "网点应当配备血压计。", "", False),
        ("拦住一笔30万的骗局，网点能拿多少奖励？", REWARD, "", True),
        ("拦住8000元能拿多少奖励？", REWARD, "", True),
    ],
    ids=["unit-en", "unit-zh", "year", "attribute", "reason-zh", "reason-en", "frequency", "above", "below"],
)
def test_what_is_named_and_not_there_is_lacking(question, quote, around, row):
    assert lacking(question, quote, around, row=row) == 1


@pytest.mark.parametrize(
    ("question", "quote", "around", "row"),
    [
        ("How many litres does the tank hold?", "The tank holds 300 litres.", "", False),
        ("2025年拦住了多少起诈骗？", "2025年拦截诈骗312起。", "", False),
        ("商户流水贷2025年末的不良率是多少？", ROW, "", True),
        ("2025年的起存金额是多少？", "起存金额为20万元。", "存款条款（2025年版）", False),
        ("为什么要分级？", "为了按重要程度保护，数据分为5级。", "", False),
        ("血压计多久校准一次？", "血压计每半年校准一次。", "", False),
        ("年费多少钱？", "每年10元。", "", False),
        ("拦住一笔12万的骗局，网点能拿多少奖励？", REWARD, "", True),
        ("拦住20万元呢，奖励多少？", REWARD, "", True),
        ("拦住一笔30万的骗局，网点能拿多少奖励？", "20万元以上的奖励3500元。", "", True),
    ],
    ids=[
        "unit-en",
        "unit-zh",
        "year",
        "year-in-heading",
        "reason",
        "frequency",
        "nothing",
        "within",
        "edge",
        "no bracket",
    ],
)
def test_what_is_there_is_not_lacking(question, quote, around, row):
    assert lacking(question, quote, around, row=row) == 0


def test_a_unit_in_another_language_is_not_held_against_a_sentence():
    assert lacking("How many litres does the tank hold?", "油箱可装300升。", "", row=False, same_language=False) == 0
