"""Replays: the samples and transcripts of one's own, at once or at speed, kept or not."""

import asyncio

import pytest

from appliance.core.errors import InvalidRequest, NotFound
from appliance.scenario.loading import load_pack
from scenarios.agent_assist.calls import replaying
from scenarios.agent_assist.calls.samples import names, sample
from tests.unit.knowledge.principals import A_CALLER

from .conftest import PACK, turn

TRANSCRIPT = [turn(0, "您好，这里是青岚银行客服中心。", "seat"), turn(1, "我的银行卡丢了。"), turn(2, "好的", "seat")]


async def events_of(desk, **fields):
    return [event async for event in desk.replay(**fields)]


@pytest.mark.parametrize("name", names())
async def test_a_sample_shows_what_the_pack_does(desk, records, name):
    events = await events_of(desk, sample=name)
    kinds = [kind for kind, _data in events]
    assert kinds.count("assist") == len(sample(name).turns)
    assert kinds[-2:] == ["ended", "done"]
    done = events[-1][1]
    assert "alert" in kinds
    assert len(done.answer.splitlines()) > len(sample(name).turns) + 5
    assert any(data.steps for kind, data in events if kind == "assist")
    assert any(section.lines for section in done.after.summary.sections)
    assert done.after.sheet is not None
    assert (done.after.outbound is not None) is (sample(name).direction == "outbound")
    assert (await records.page(A_CALLER, "call")).records == ()
    assert len(desk.book.open) == 0


async def test_cards_are_shown_in_both_languages(desk):
    for name, text in (("zh-lost-card", "挂失"), ("en-card-dispute", "60 days")):
        events = await events_of(desk, sample=name)
        assert any(text in data.card.text for kind, data in events if kind == "assist" and data.card is not None)
        assert text in events[-1][1].answer


async def test_the_promise_in_the_outbound_sample_is_found(desk):
    done = (await events_of(desk, sample="zh-outbound-wealth"))[-1][1]
    assert "promise_of_return" in [item.rule for item in done.after.sheet.items if item.state == "broken"]
    assert done.after.sheet.score < 60


async def test_a_whole_answer_is_that_of_the_stream(desk):
    whole = await desk.call("replay", {"transcript": TRANSCRIPT, "language": "zh"})
    done = (await events_of(desk, transcript=TRANSCRIPT, language="zh"))[-1][1]
    assert whole["answer"] == done.answer
    assert "告知通话录音" in whole["answer"]
    english = await desk.call("replay", {"transcript": TRANSCRIPT})
    assert "Tells that the call is recorded" in english["answer"]


async def test_a_replay_may_be_kept(desk, records):
    done = (await events_of(desk, transcript=TRANSCRIPT, keep=True))[-1][1]
    (record,) = (await records.page(A_CALLER, "call")).records
    assert (record.id, record.data["state"]) == (done.call.id, "ended")
    shown = await desk.show({"id": done.call.id})
    assert [one["turn"]["text"] for one in shown["turns"]] == [one["text"] for one in TRANSCRIPT]


async def test_a_long_transcript_is_not_too_fast_for_itself(desk):
    turns = [turn(number, "好的", "seat") for number in range(150)]
    events = await events_of(desk, transcript=turns, keep=True)
    assert sum(kind == "assist" for kind, _data in events) == 150


async def test_speed_waits_between_turns(desk, monkeypatch):
    waited = []
    sleep = asyncio.sleep

    async def noted(seconds, *rest):
        waited.append(seconds)
        await sleep(0, *rest)

    turns = [turn(at, "好", "seat", start_s=start, end_s=start + 1) for at, start in enumerate((2.0, 12.0, 15.0))]
    await desk.shelf.now()
    monkeypatch.setattr(replaying.asyncio, "sleep", noted)
    await events_of(desk, transcript=turns, speed=2)
    assert [one for one in waited if one in (5.0, 1.5)] == [5.0, 1.5]
    waited.clear()
    await events_of(desk, transcript=turns)
    await desk.call("replay", {"transcript": turns, "speed": 2})
    assert [one for one in waited if one in (5.0, 1.5)] == []


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({}, "sample"),
        ({"sample": "zh-lost-card", "transcript": TRANSCRIPT}, "sample"),
        ({"transcript": []}, "transcript"),
        ({"transcript": TRANSCRIPT, "speed": -1}, "speed"),
        ({"transcript": [turn(0, "a"), turn(1, "b", start_s=8000.0)], "speed": 1}, "speed"),
        ({"transcript": [turn(0, "a", start_s=float("nan"))], "speed": 1}, "transcript"),
        ({"sample": "../rules/rules"}, "sample"),
        ({"sample": "zh-lost-card", "sped": 2}, "sped"),
    ],
)
async def test_a_replay_that_is_none(desk, fields, param):
    with pytest.raises((InvalidRequest, NotFound)) as caught:
        await events_of(desk, **fields)
    assert caught.value.param == param


async def test_samples_are_listed_in_the_readers_language(desk):
    english = (await desk.call("list-samples", None))["data"]
    chinese = (await desk.call("list-samples", None, language="zh_CN"))["data"]
    assert [one["name"] for one in english] == names() == [one["name"] for one in chinese]
    assert all(one["title"] != other["title"] for one, other in zip(english, chinese, strict=True))
    assert {one["direction"] for one in english} == {"inbound", "outbound"}


def test_the_pack_loads_and_its_smoke_is_a_sample():
    pack = load_pack(PACK)
    actions = pack.describe()["actions"]
    assert {action for action, _payload in pack.smoke} <= set(actions)
    assert {payload["sample"] for _action, payload in pack.smoke} <= set(names())
    assert actions["tell-turns"]["spoken"]
    assert pack.describe()["sockets"]["follow-call"]["message"]["action"] == "tell-turns"
