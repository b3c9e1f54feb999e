"""A call as lines to read."""

import pytest

from scenarios.agent_assist.calls.shapes import AfterCall
from scenarios.agent_assist.calls.telling import told
from scenarios.agent_assist.models import Analysis, Assist, CallFacts, Intent, Mood, Risk, Turn

from .conftest import turn

TRANSCRIPT = [turn(0, "您好，很高兴为您服务。", "seat"), turn(1, "我的银行卡丢了。"), turn(2, "好的", "seat")]
OFFERED = [
    turn(0, "您好，这里是青岚银行，想给您介绍一款理财产品。", "seat"),
    turn(1, "我有5万元想买理财，2026年3月1日到期的钱，投诉编号TS2026030001。"),
]


async def test_what_is_due_is_told_as_what_to_say_now(desk):
    told = (await desk.call("replay", {"transcript": TRANSCRIPT, "language": "en"}))["answer"]
    assert "    ! Say now: Shall I block the card for you now?" in told.splitlines()
    assert "! notice: Shall I" not in told


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("zh", {"金额：50000.00 CNY", "日期：2026-03-01", "产品：理财产品", "投诉编号：TS2026030001"}),
        ("en", {"Amount: 50000.00 CNY", "Date: 2026-03-01", "Product: wealth product",
                "complaint number: TS2026030001"}),
    ],
)  # fmt: skip
async def test_slots_are_told_by_their_titles(desk, language, lines):
    answer = (await desk.call("replay", {"transcript": OFFERED, "language": language}))["answer"]
    assert lines - {line.strip() for line in answer.splitlines()} == set()


@pytest.mark.parametrize(("language", "name"), [("zh", "意向："), ("en", "Interest: ")])
async def test_interest_is_told_in_words(desk, language, name):
    replayed = await desk.call("replay", {"transcript": OFFERED, "direction": "outbound", "language": language})
    level = replayed["after"]["outbound"]["interest"]["level"]
    word = {"none": "无", "low": "低", "medium": "中", "high": "高"}[level] if language == "zh" else level
    assert f"{name}{word}" in replayed["answer"].splitlines()


def _wanted(*heard):
    """Return the intents told of a call, given as (speaker, intent, confidence)."""
    assists = [
        Assist(
            number=at,
            turn=Turn(id=f"t{at}", revision=1, speaker=speaker, text="…", start_s=at, end_s=at + 1),
            analysis=Analysis(
                language="en", intent=name and Intent(name=name, title=name, confidence=confidence)
            ),
            mood=Mood(score=0, trend="steady"),
            risk=Risk(escalation=0, complaint=0, level="low"),
        )
        for at, (speaker, name, confidence) in enumerate(heard)
    ]  # fmt: skip
    call = CallFacts(id="c", state="ended", direction="inbound", seat="s", started_at="2026-03-01T09:00:00Z")
    after = AfterCall(call=call, summary={"sections": (), "outcome": "unclear"}, sheet=None)
    lines = told(assists, [], after, "en", {}).splitlines()
    return [line.split()[1] for line in lines if line.startswith("    Wants:")]


def test_an_intent_that_is_half_sure_is_told_until_another_was_heard_well():
    sure, other = ("customer", "lost", 0.9), ("customer", "fee", 0.58)
    nothing = ("customer", None, 0.0)
    assert _wanted(other) == ["fee"]
    assert _wanted(("customer", "fee", 0.45)) == []
    assert _wanted(sure, ("seat", None, 0.0), other) == ["lost"]
    assert _wanted(sure, ("customer", "fee", 0.75)) == ["lost", "fee"]
    assert _wanted(sure, ("customer", "lost", 0.58)) == ["lost", "lost"]
    assert _wanted(sure, *[nothing] * 7, other) == ["lost"]
    assert _wanted(sure, *[nothing] * 8, other) == ["lost", "fee"]
