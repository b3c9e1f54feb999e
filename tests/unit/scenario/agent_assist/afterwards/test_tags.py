"""Tags of calls with their evidence."""

import pytest

from scenarios.agent_assist.afterwards.tags import TagBook, tags_of
from scenarios.agent_assist.models import CallFacts, Emotion, Risk
from tests.unit.scenario.agent_assist.afterwards.spoken import SHIPPED, call

BOOK = TagBook.load(SHIPPED / "tags.yaml", None)


def tags(*rows, language="en", **more):
    return {
        tag.name: tag for tag in tags_of(call(*rows, intents=more.pop("intents", {})), BOOK, language=language, **more)
    }


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("C 我要投诉你们", "complaint_declared"),
        ("C I want to make a complaint", "complaint_declared"),
        ("C 再不处理我就找12378", "regulator_or_press"),
        ("C Get me a manager", "supervisor_wanted"),
        ("C 我今年七十多了，眼睛不好", "vulnerable"),
        ("C I'm hard of hearing", "vulnerable"),
        ("C 有人让我把钱转到安全账户", "fraud_suspicion"),
        ("C I gave him the code and now I think it was a scam", "fraud_suspicion"),
        ("C 那我销户吧，不用你们了", "churn_risk"),
        ("C I will close my account", "churn_risk"),
        ("C 这个月房贷还不上了", "hardship"),
        ("C 你的服务真好", "praise"),
    ],
)
def test_words_give_tags_with_their_turn(said, name):
    assert tags("S 您好", said)[name].turns == ("t2",)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("C 我不是要投诉，就是问问", "complaint_declared"),
        ("C I don't want to close my account", "churn_risk"),
        ("S 您可以投诉，我要投诉这句不算", "complaint_declared"),
        ("C I like the pressing iron", "regulator_or_press"),
    ],
)
def test_denied_words_those_of_the_seat_and_parts_of_words_do_not_count(said, name):
    assert name not in tags(said)


def test_an_intent_gives_a_tag():
    assert tags("C 卡呢", intents={"t1": "card_arrival"})["card_delivery"].turns == ("t1",)


def test_one_angry_turn_is_no_complaint_but_two_are_and_so_is_high_risk():
    angry = Emotion(label="angry", score=-0.9)
    turns = [(turn, analysis.model_copy(update={"emotion": angry})) for turn, analysis in call("C 烦", "C 真烦")]
    facts = CallFacts(
        id="c", state="ended", direction="inbound", seat="s", started_at="2026-03-04T00:00:00Z",
        risk=Risk(escalation=0.9, complaint=0.9, level="high"),
    )  # fmt: skip
    named = lambda found: [tag.name for tag in found]  # noqa: E731
    assert "complaint" not in named(tags_of(turns[:1], BOOK, language="en"))
    assert "complaint" in named(tags_of(turns, BOOK, language="en"))
    assert "complaint" in named(tags_of(turns[:1], BOOK, language="en", facts=facts))


def test_products_are_tags_and_titles_follow_the_language():
    found = tags("C 我想问大额存单", language="zh_CN")
    assert (found["product:large-deposit"].title, found["product:large-deposit"].group) == ("大额存单", "product")
    assert found["savings"].title == "存款与理财"
