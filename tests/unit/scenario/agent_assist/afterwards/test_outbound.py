"""Outbound calls: interest, objections, consent and the next contact."""

import jsonschema
import pytest
import yaml

from scenarios.agent_assist.afterwards.consent import consent_of
from scenarios.agent_assist.afterwards.outbound import outbound_result, schema_of_result
from tests.unit.scenario.agent_assist.afterwards.spoken import PACK, WEDNESDAY, call

OFFER = "S 您好，给您来电介绍一下我们的大额存单"
WISHES = yaml.safe_load((PACK / "evaluation" / "summaries" / "do_not_call.yaml").read_text(encoding="utf-8"))


def result_of(*rows):
    return outbound_result(call(*rows), "en", WEDNESDAY)


@pytest.mark.parametrize(
    ("rows", "level"),
    [
        (["C 不需要，谢谢"], "none"),
        (["C 利率多少？", "S 百分之二", "C 那算了，不要了"], "low"),
        (["C 以后再说吧"], "low"),
        (["C 利率多少？", "S 百分之二", "C 我考虑一下"], "medium"),
        (["C 听起来不错，怎么办理？"], "high"),
        (["C What's the rate?", "S Two percent.", "C Sounds good, sign me up."], "high"),
        (["C I'm not interested."], "none"),
        (["C Send me some details."], "medium"),
        (["C Maybe later."], "low"),
    ],
)
def test_interest_is_the_last_clear_stance(rows, level):
    result = result_of(OFFER, *rows)
    assert result.interest.level == level
    assert result.interest.turns


def test_objections_have_the_customers_words_and_turns():
    result = result_of(OFFER, "C 我在开会", "S 就一分钟", "C 收益太低了，而且我怕亏", "S 保本的", "C 我已经买了别家的")
    assert [(one.kind, one.turns) for one in result.objections] == [
        ("time", ("t2",)), ("price", ("t4",)), ("risk", ("t4",)), ("already_has", ("t6",)),
    ]  # fmt: skip


@pytest.mark.parametrize("said", ["C 利率是多少？", "C 风险大吗？", "C Is the rate high?", "C 我今天不忙"])
def test_a_plain_question_is_no_objection(said):
    assert result_of(OFFER, said).objections == ()


@pytest.mark.parametrize(("asked", "said", "expected"), WISHES["tune"])
def test_wishes_not_to_be_called(asked, said, expected):
    rows = [f"S {asked}", f"C {said}"] if asked else [f"C {said}"]
    consent = consent_of(call(*rows))
    assert consent.do_not_call is expected
    assert not expected or consent.turns == (f"t{len(rows)}",)


def test_a_wish_can_be_taken_back():
    turns = call("C 别再给我打电话了", "S 好的，有优惠存单也不通知您吗", "C 那有好的存单可以给我打电话")
    assert consent_of(turns[:1]).do_not_call
    assert not consent_of(turns).do_not_call
    again = consent_of([*turns, *call("C 别再打了", "C 以后别再打了")])
    assert (again.do_not_call, len(again.turns)) == (True, 2)


def test_who_does_not_want_calls_gets_no_next_contact():
    result = result_of(OFFER, "C 明天上午再打给我吧", "S 好的", "C 算了，以后别再给我打电话了")
    assert (result.consent.do_not_call, result.next_contact, result.interest.level) == (True, None, "none")


def test_unsure_words_against_calls_are_for_a_person_to_read():
    consent = consent_of(call("C 你们这电话，我真的不知道说什么好"))
    assert (consent.do_not_call, consent.to_review) == (False, ("t1",))


@pytest.mark.parametrize(
    ("rows", "date", "time", "channel", "turns"),
    [
        (["C 你周五下午三点再打给我"], "2026-03-06", "15:00", "call", ("t2",)),
        (["S 那我明天上午十点给您回电可以吗？", "C 可以"], "2026-03-05", "10:00", "call", ("t2", "t3")),
        (["S 您什么时候方便？", "C 周六上午十点吧"], "2026-03-07", "10:00", "call", ("t3",)),
        (["C 我周六上午十点去网点"], "2026-03-07", "10:00", "branch", ("t2",)),
        (["C Call me next Monday at four."], "2026-03-09", "16:00", "call", ("t2",)),
        (["S 明天上午十点再打给您", "C 十点半吧"], "2026-03-05", "10:30", "call", ("t2", "t3")),
    ],
)
def test_the_next_contact_is_put_on_the_calendar(rows, date, time, channel, turns):
    contact = result_of(OFFER, *rows).next_contact
    assert (contact.when.date, contact.when.time, contact.channel, contact.turns) == (date, time, channel, turns)


@pytest.mark.parametrize("rows", [["S 那我明天再打给您可以吗？", "C 不行"], ["C 你昨天下午三点打给我了"], ["C 不需要"]])
def test_a_refused_or_past_time_is_no_next_contact(rows):
    assert result_of(OFFER, *rows).next_contact is None


def test_a_stranger_at_the_phone_is_not_the_customer():
    assert not result_of(OFFER, "C 你打错了").reached
    assert result_of(OFFER, "C 利率多少？").reached


def test_products_come_from_slots():
    assert [one.name for one in result_of(OFFER, "C 好").products] == ["large-deposit"]


def test_the_result_is_of_its_schema():
    result = result_of(OFFER, "C 利率多少？", "S 百分之二", "C 你周五下午三点再打给我")
    jsonschema.validate(result.model_dump(mode="json"), schema_of_result())


def test_a_silent_call_has_no_result():
    assert result_of() is None
    assert result_of("C 喂") is None
