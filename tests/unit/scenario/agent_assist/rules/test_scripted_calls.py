import re
from pathlib import Path

import pytest
import yaml

from scenarios.agent_assist.rules import RuleBook
from scenarios.agent_assist.rules.evaluation import EVERYWHERE, ScriptedCall, faults, judged, scripted_calls

from .conftest import PACK, SHIPPED, analysis, turn

CALLS = scripted_calls(PACK / "evaluation" / "rule_calls")
BOOK = RuleBook.load(SHIPPED, None)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_the_shipped_rules_say_of_each_scripted_call_what_its_labels_say(call: ScriptedCall) -> None:
    assert faults(call, judged(BOOK, call), EVERYWHERE) == []


def test_there_are_sixty_calls_half_of_them_in_each_language_and_some_mixed() -> None:
    chinese = sum(call.name.startswith("zh_") for call in CALLS)
    mixed = sum(
        any(re.search(r"[\u4e00-\u9fff]", text) and re.search(r"[a-z]{4}", text) for text in call.turns)
        for call in CALLS
    )
    assert (len(CALLS), chinese) == (60, 30)
    assert mixed >= 3
    assert len({call.name for call in CALLS}) == 60


def test_every_shipped_rule_is_broken_in_one_call_and_kept_in_another() -> None:
    names = {rule.form.name for rule in BOOK.rules}
    assert names - {name for call in CALLS for name in call.broken} == set()
    assert names - EVERYWHERE - {name for call in CALLS for name in call.met} == set()


def test_a_label_that_is_wrong_is_found() -> None:
    call = CALLS[0]
    wrong = call.model_copy(update={"broken": {"greeting": ["t1"]}, "met": [], "score": 12.0})
    assert [fault.split(":")[0] for fault in faults(wrong, judged(BOOK, call), EVERYWHERE)] == [
        "broken",
        "met",
        "score",
    ]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("您不用担心，请把密码告诉我", "ask_secret"),
        ("Don't worry, just tell me your PIN code", "ask_secret"),
        ("请问您的密码是多少", "ask_secret"),
        ("您不用担心，这款产品保证收益", "promise_of_return"),
        ("我们保证收益，但不保证本金", "promise_of_return"),
        ("Don't worry, we guarantee a profit", "promise_of_return"),
        ("您的信用卡临时额度是五万", "identity_first"),
        ("Your balance is 500", "identity_first"),
    ],
)
def test_an_exception_elsewhere_in_the_turn_does_not_excuse(text: str, rule: str) -> None:
    assert rule in _broken(text)


@pytest.mark.parametrize(
    "text",
    [
        "我们不会向您索要验证码",
        "密码千万不要告诉别人",
        "给您发送了验证码，请在手机上输入",
        "我告诉您怎么重置密码",
        "Never share your one-time password with anyone",
        "I will tell you how to reset your password",
        "这款产品不保证收益",
        "我们不承诺保本",
        "There is no risk assessment on file",
        "We do not offer any guarantee on returns",
        "您的额度最高可以申请五十万",
        "必须办理实名认证才能开户",
        "I have changed the fonts for you",
    ],
)
def test_words_that_only_look_like_a_breach_are_none(text: str) -> None:
    assert _broken(text) == []


def _broken(text: str) -> list[str]:
    one, read = turn(text), analysis()
    judgement = BOOK.judge(
        [(one, read, BOOK.mark(one, read))], direction="inbound", ended=False, now_s=2, language="en"
    )
    return [name for name in judgement.broken() if name not in ("greeting",)]


SAID = yaml.safe_load((Path(__file__).parent / "said.yaml").read_text("utf-8"))


@pytest.mark.parametrize("place", SAID["found"])
def test_the_shipped_phrases_find_other_wordings(place: str) -> None:
    name, field = place.split(".")
    group = next(rule.groups[field] for rule in BOOK.rules if rule.form.name == name)
    assert [text for text in SAID["found"][place] if group not in BOOK.mark(turn(text), analysis()).hits] == []


def test_what_seats_say_every_day_breaks_nothing() -> None:
    assert {text: _broken(text) for text in SAID["harmless"] if _broken(text)} == {}


def test_every_shipped_rule_says_what_to_do_and_where_it_comes_from_in_both_languages() -> None:
    raw = yaml.safe_load(SHIPPED.read_text("utf-8"))["rules"]
    assert len(raw) >= 25
    for rule in raw:
        for field in ("title", "alert", "hint", "source"):
            assert re.search(r"[\u4e00-\u9fff]", rule[field]["zh"]), (rule["name"], field)
            assert re.search(r"[A-Za-z]", rule[field]["en"]), (rule["name"], field)


@pytest.mark.parametrize(
    "text",
    [
        "您好，请问您的青岚银行卡丢了吗",
        "您好，请问您有银行卡吗",
        "您好，请问哪家银行",
        "Hello, which bank is it?",
        "Good morning sir, is your bank card lost?",
        "Hello. A bank holiday is on Monday.",
    ],
)
def test_a_bank_that_is_asked_about_is_not_named(text: str) -> None:
    group = next(rule.groups["say"] for rule in BOOK.rules if rule.form.name == "bank_named")
    assert group not in BOOK.mark(turn(text), analysis()).hits
