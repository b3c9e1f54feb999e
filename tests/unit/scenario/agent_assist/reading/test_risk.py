import pytest

from appliance.core.errors import ConfigError
from scenarios.agent_assist.models import Analysis, Intent, Turn
from scenarios.agent_assist.reading.emotion import read_emotion
from scenarios.agent_assist.reading.language import language_of
from scenarios.agent_assist.reading.risk import SHIPPED, RiskRules, risk_of

RULES = RiskRules.load()


def _call(*texts, speaker="customer", intents=()):
    turns = []
    for at, text in enumerate(texts):
        turn = Turn(id=str(at), revision=1, speaker=speaker, text=text, start_s=at, end_s=at + 1)
        intent = Intent(name=intents[at], title=intents[at], confidence=0.9) if intents else None
        emotion = read_emotion(text) if speaker == "customer" else None
        turns.append((turn, Analysis(language=language_of(text), intent=intent, emotion=emotion)))
    return turns


def _risk(*texts, language="en", rules=RULES, **more):
    return risk_of(_call(*texts, **more), rules, language)


def test_a_plain_call_has_no_risk():
    risk = _risk("你好，我想查一下余额", "好的", "what is the fee", "thank you, bye")
    assert risk.model_dump() == {"escalation": 0.0, "complaint": 0.0, "level": "low", "reasons": ()}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("叫你们经理来", "The customer asks for a supervisor."),
        ("I want to speak to your manager", "The customer asks for a supervisor."),
        ("why can't I speak to your manager", "The customer asks for a supervisor."),
        ("给我转人工", "The customer wants another person."),
        ("我要打12378", "The customer mentions the regulator or the ombudsman."),
        ("I'll go to the ombudsman", "The customer mentions the regulator or the ombudsman."),
        ("我让律师来找你们", "The customer threatens legal steps."),
        ("我要找媒体曝光", "The customer threatens to go public."),
        ("I'll post this online", "The customer threatens to go public."),
        ("this is the third time I'm calling", "It is not the first call about this."),
        ("上周就打过电话了", "It is not the first call about this."),
        ("i want to make a complaint", "The customer speaks of a complaint."),
    ],
)
def test_what_callers_say_raises_the_risk(text, reason):
    risk = _risk(text)
    assert reason in risk.reasons
    assert max(risk.escalation, risk.complaint) > 0


@pytest.mark.parametrize(
    "text", ["我不投诉", "我没有要投诉的意思，我不想投诉", "I don't want to complain", "I am not going to sue"]
)
def test_what_is_denied_does_not_count(text):
    assert _risk(text).complaint == 0


def test_the_seats_words_do_not_count():
    assert _risk("您可以拨打12378投诉", speaker="seat").level == "low"


def test_the_same_request_three_times_counts_and_different_ones_do_not():
    again = ("我的退款怎么还没到", "我问的是我的退款怎么还没到", "所以我的退款怎么还没到呢")
    assert "The same request was made three times or more." in _risk(*again).reasons
    assert _risk(*again[:2]).reasons == ()
    assert _risk(*again, intents=("refund", "card", "fee")).reasons == ()
    assert _risk("where is my card please", "what does the loan cost me", "when do you open on friday").reasons == ()


def test_anger_that_grows_counts_more_and_a_calm_end_takes_back():
    first = _risk("我想问一下退款", "你们怎么回事")
    later = _risk("我想问一下退款", "你们怎么回事", "太过分了", "气死我了")
    calmed = _risk("我想问一下退款", "你们怎么回事", "太过分了", "气死我了", "哦到账了，太好了，谢谢你")
    assert first.escalation < later.escalation > calmed.escalation
    assert "The mood is getting worse." in later.reasons


def test_levels_follow_the_higher_figure():
    assert _risk("叫你们经理来").level == "high"
    assert _risk("我要销户").level == "medium"


def test_reasons_are_in_the_language_asked_for_whatever_was_said():
    assert _risk("get me your supervisor", language="zh_CN").reasons[0] == "客户要求主管或经理接听。"


def test_marks_kept_with_the_turns_give_the_same_risk():
    turns = _call("我的退款呢", "第三次打来了", "叫你们经理来", "我要投诉")
    marks = [RULES.mark(turn, analysis) for turn, analysis in turns]
    for upto in range(len(turns) + 1):
        assert RULES.risk(marks[:upto], "en") == risk_of(turns[:upto], RULES, "en")


OWN = """
levels: {medium: 0.2, high: 0.9}
without: [leaves]
rules:
  - name: hotline
    title: {en: The customer names the mayor's hotline., zh: 客户提到市长热线。}
    complaint: 0.5
    phrases: {zh: [市长热线], en: [mayor's (line|hotline)]}
  - name: complains
    title: {en: Complaint., zh: 投诉。}
    complaint: 0.1
    phrases: {zh: [投诉]}
"""


def test_the_banks_own_rules_add_replace_and_leave_out(tmp_path):
    own = tmp_path / "risk.yaml"
    own.write_text(OWN, encoding="utf-8")
    rules = RiskRules.load(SHIPPED, own)
    assert _risk("我打市长热线", rules=rules).model_dump()["complaint"] == 0.5
    assert _risk("call the mayors hotline", rules=rules).level == "medium"
    assert "Complaint." in _risk("投诉", rules=rules).reasons
    assert "The customer speaks of leaving the bank." not in _risk("我要销户", rules=rules).reasons


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules: [{name: a, title: {en: A, zh: 甲}, complaint: 0.1}]", "exactly one of"),
        ("rules: [{name: a, title: {en: A, zh: 甲}, complaint: 3, repeats: 3}]", "rules.1 (a).complaint"),
        ("rules: [{name: a, title: {en: A, zh: 甲}, phrases: {zh: ['(a|b']}}]", "brackets"),
        ("rules: [{name: a, title: {en: A, zh: 甲}, repeat: 3}]", "this field is not known"),
        ("levels: {medium: 0.6, high: 0.3}", "high must be above medium"),
        ("without: [nothing]", "there is no shipped rule nothing"),
    ],
)
def test_a_fault_names_the_file_and_the_entry(tmp_path, text, says):
    own = tmp_path / "risk.yaml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        RiskRules.load(SHIPPED, own)
    assert "risk.yaml" in str(caught.value)
    assert says in str(caught.value)
