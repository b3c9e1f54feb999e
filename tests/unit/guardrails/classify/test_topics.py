from pathlib import Path

import pytest
import yaml

from appliance.guardrails.classify.folding import fold
from appliance.guardrails.classify.rules import load_rules
from appliance.guardrails.classify.topics import RULES, TopicCheck

HERE = Path(__file__).parent
CASES = yaml.safe_load((HERE / "topic_cases.yaml").read_text("utf-8"))


def found(text):
    return {hit.rule.path for hit in load_rules(RULES).find(fold(text), "output")}


@pytest.fixture(scope="module")
def check(embedder):
    return TopicCheck(embedder)


def test_every_rule_has_cases_of_both_kinds():
    assert {rule.path for rule in load_rules(RULES).rules} == set(CASES)
    assert all(case["attack"] and case["harmless"] for case in CASES.values())


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, case in CASES.items() for text in case["attack"]])
def test_a_rule_finds_its_topic(rule, text):
    assert rule in found(text)


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, case in CASES.items() for text in case["harmless"]])
def test_no_rule_finds_a_negation_or_a_quoted_prohibition(rule, text):
    assert not found(text)


@pytest.mark.parametrize(
    "text",
    [
        "本产品不保本，投资有风险。",
        "销售人员不得承诺保本保息。",
        "Returns are not guaranteed and you may lose your capital.",
        "三年期定期存款利率是多少？",
        "The regulator published new rules on disclosure.",
    ],
)
def test_ordinary_bank_text_has_no_topic(check, text):
    assert check.find(text) == []


def test_the_classifier_knows_a_promise_that_no_rule_has_words_for(check):
    text = (
        "The branch opens at nine every day of the week, and on Saturdays it closes at noon, as it has done for years. "
        * 3
    )
    promise = "With us you will certainly make 12%, you cannot lose a cent, I give you my word."
    findings = check.find(text + promise)
    assert {finding.rule for finding in findings} == {"topic:investment_promise/classifier"}
    assert all(finding.start <= len(text) + 20 and finding.end >= len(text) + 20 for finding in findings)
    assert not found(promise)


def test_actions_are_chosen_by_topic_and_a_topic_without_one_is_not_judged(embedder):
    check = TopicCheck(embedder, actions={"investment_promise": "warn"})
    assert {finding.action for finding in check.find("这只基金稳赚不赔。")} == {"warn"}
    assert check.find("证监会都是废物。") == []
    with pytest.raises(KeyError):
        TopicCheck(embedder, actions={"weather": "block"})
