"""Turns of a call: in order, late, repeated, corrected, at once; what the seat is shown and what is kept."""

import asyncio
import json
import math

import pytest

from appliance.core.errors import Conflict, InvalidRequest, NotFound, TooManyRequests
from appliance.core.principal import Principal
from scenarios.agent_assist.calls import limits
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER, B_ADMIN

from .conftest import turn

COLLEAGUE = Principal("a", "caller", "lma-a-other")
LOST = "你好，我的银行卡丢了，挂失要收费吗？"
GREETING = "您好，这里是青岚银行客服中心，本次通话将被录音。"


async def test_a_turn_of_the_customer_is_answered_with_everything_the_seat_needs(desk, own_files):
    (own_files / "settings.yaml").write_text("card_within_s: 10\n")  # the first search of a process takes longest
    await desk.shelf.refresh()
    call = await desk.begin(asked_in="zh_CN")
    (first,) = await desk.tell(call, turn(0, GREETING, "seat"))
    (assist,) = await desk.tell(call, turn(1, LOST))
    assert (first["number"], assist["number"]) == (1, 2)
    assert (first["card"], first["steps"], first["replies"], first["analysis"]["emotion"]) == (None, [], [], None)
    assert assist["analysis"]["language"] == "zh"
    assert assist["analysis"]["intent"]["name"] == "lost_or_stolen_card"
    assert "挂失" in assist["card"]["text"]
    assert assist["card"]["knowledge_base"] == "seat-handbook"
    assert assist["steps"]
    assert assist["flags"] == []


async def test_turns_in_any_order_come_to_the_same_call(desk):
    turns = [turn(0, GREETING, "seat"), turn(1, LOST), turn(2, "请稍等。", "seat"), turn(3, "你们太慢了，我要投诉！")]
    shown = []
    for order in ([0, 1, 2, 3], [3, 1, 0, 2], [2, 3, 0, 1]):
        call = await desk.begin()
        for place in order:
            await desk.tell(call, turns[place])
        shown.append(await desk.show(call))
    for one in shown:
        assert [assist["turn"]["id"] for assist in one["turns"]] == ["t0", "t1", "t2", "t3"]
        assert one["judgement"]["outcomes"] == shown[0]["judgement"]["outcomes"]
        for name in ("mood", "risk", "intent", "turns", "duration_s", "languages"):
            assert one["call"][name] == shown[0]["call"][name], name


async def test_a_repeated_turn_has_the_same_answer_and_changes_nothing(desk, records):
    call = await desk.begin()
    first = await desk.tell(call, turn(0, LOST))
    assert await desk.tell(call, turn(0, LOST)) == first
    assert await desk.tell(call, turn(0, "something else")) == first
    assert len((await records.page(A_CALLER, "turn", call["id"])).records) == 1
    assert (await desk.tell(call, turn(1, "喂？")))[0]["number"] == 2


async def test_a_corrected_turn_takes_the_place_of_the_one_before(desk):
    call = await desk.begin()
    await desk.tell(call, turn(0, "我的银行卡", revision=1), turn(1, "好的", "seat"))
    (corrected,) = await desk.tell(call, turn(0, LOST, revision=3))
    (late,) = await desk.tell(call, turn(0, "我的银行卡丢", revision=2))
    assert late == corrected
    assert corrected["number"] == 3
    shown = await desk.show(call)
    assert [(one["turn"]["id"], one["turn"]["revision"]) for one in shown["turns"]] == [("t0", 3), ("t1", 1)]
    assert shown["turns"][0]["turn"]["text"] == LOST
    assert shown["call"]["turns"] == 2


async def test_one_request_may_hold_a_turn_and_its_correction(desk):
    call = await desk.begin()
    answers = await desk.tell(call, turn(0, "我的卡"), turn(0, LOST, revision=2))
    assert [one["turn"]["text"] for one in answers] == [LOST, LOST]
    assert (await desk.show(call))["call"]["turns"] == 1


async def test_requests_at_once_lose_nothing(desk):
    call = await desk.begin()
    await asyncio.gather(*(desk.tell(call, turn(number, f"第{number}句")) for number in range(30)))
    shown = await desk.show(call)
    assert [one["turn"]["id"] for one in shown["turns"]] == [f"t{number}" for number in range(30)]
    assert sorted(one["number"] for one in shown["turns"]) == list(range(1, 31))


async def test_many_calls_at_once_do_not_mix(desk):
    calls = await asyncio.gather(*(desk.begin(seat=f"seat-{number}") for number in range(20)))
    await asyncio.gather(
        *(desk.tell(call, turn(place, f"{call['seat']} {place}")) for place in range(3) for call in calls)
    )
    for call in calls:
        shown = await desk.show(call)
        assert [one["turn"]["text"] for one in shown["turns"]] == [f"{call['seat']} {place}" for place in range(3)]


async def test_an_alert_is_new_once(desk):
    call = await desk.begin()
    alerts = []
    for number, text in enumerate(("喂", "说吧", "什么事", "快点说", "嗯")):
        (assist,) = await desk.tell(call, turn(number, text, "seat"))
        alerts += assist["alerts"]
    keys = [alert["key"] for alert in alerts]
    assert any(alert["rule"] == "bank_named" for alert in alerts)
    assert len(keys) == len(set(keys))
    assert [alert["key"] for alert in (await desk.show(call))["alerts"]] == keys


async def test_only_masked_text_is_kept(desk, records):
    call = await desk.begin()
    said = "我叫张伟，手机13812345678，卡号6222021234567890123，身份证11010519491231002X。"
    assist, _seat = await desk.tell(call, turn(0, said), turn(1, "好的，张伟先生，13812345678对吗？", "seat"))
    kept = json.dumps(
        [record.data for record in (await records.page(A_CALLER, "turn", call["id"])).records]
        + [(await records.page(A_CALLER, "call")).records[0].data],
        ensure_ascii=False,
    )
    for secret in ("张伟", "13812345678", "6222021234567890123", "11010519491231002X"):
        assert secret not in kept, secret
        assert secret not in json.dumps(assist, ensure_ascii=False), secret
    for slot in assist["analysis"]["slots"]:
        assert assist["turn"]["text"][slot["start"] : slot["end"]] == slot["text"]


@pytest.mark.parametrize(
    "times",
    [
        {"start_s": -5.0, "end_s": 1.0},
        {"start_s": math.nan, "end_s": 1.0},
        {"start_s": math.inf, "end_s": 1.0},
        {"start_s": 10.0, "end_s": 4.0},
        {"start_s": 1e9, "end_s": 1e9},
    ],
)
async def test_a_clock_that_cannot_be_right_is_flagged_and_time_is_not_judged(desk, times):
    call = await desk.begin()
    await desk.tell(call, turn(0, GREETING, "seat"))
    (assist,) = await desk.tell(call, turn(1, LOST, **times))
    assert assist["flags"] == ["clock"]
    await desk.tell(call, turn(2, "请稍等。", "seat"))
    shown = await desk.show(call)
    assert [one["turn"]["id"] for one in shown["turns"]] == ["t0", "t1", "t2"]
    states = {one["rule"]: one["state"] for one in shown["judgement"]["outcomes"]}
    assert states["silence"] == "not_judged"
    assert (await desk.again().show(call))["judgement"] == shown["judgement"]


async def test_a_clock_that_runs_backwards(desk):
    call = await desk.begin()
    for number, start in enumerate((300.0, 305.0, 10.0, 15.0)):
        (assist,) = await desk.tell(call, turn(number, "好的", "seat", start_s=start, end_s=start + 1))
        assert assist["flags"] == (["clock"] if number > 1 else [])
    shown = await desk.show(call)
    assert [one["turn"]["id"] for one in shown["turns"]] == ["t0", "t1", "t2", "t3"]
    assert {one["state"] for one in shown["judgement"]["outcomes"] if one["rule"] == "silence"} == {"not_judged"}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"text": "长" * 100_000}, "turns.0.text"),
        ({"text": "a\x00b"}, "turns.0.text"),
        ({"text": "\x1b[2J"}, "turns.0.text"),
        ({"text": ""}, "turns.0.text"),
        ({"text": "\ud800"}, "turns.0.text"),
        ({"text": b"\xff\xfe".decode("latin-1") + "\x01"}, "turns.0.text"),
        ({"speaker": "agent"}, "turns.0.speaker"),
        ({"speaker": None}, "turns.0.speaker"),
        ({"id": "../x"}, "turns.0.id"),
        ({"id": ""}, "turns.0.id"),
        ({"revision": 0}, "turns.0.revision"),
        ({"start_s": "soon"}, "turns.0.start_s"),
        ({"mood": "bad"}, "turns.0.mood"),
    ],
)
async def test_a_turn_that_is_none(desk, records, fields, param):
    call = await desk.begin()
    with pytest.raises(InvalidRequest) as caught:
        await desk.tell(call, turn(0, LOST) | fields)
    assert caught.value.param == param
    if len(str(fields.get("text"))) > limits.MOST_CHARACTERS:
        assert str(limits.MOST_CHARACTERS) in str(caught.value)
    assert (await records.page(A_CALLER, "turn", call["id"])).records == ()
    assert len(await desk.tell(call, turn(0, LOST))) == 1


@pytest.mark.parametrize("turns", [[], [turn(number, "x") for number in range(limits.MOST_AT_ONCE + 1)]])
async def test_no_turn_and_too_many_in_a_request(desk, turns):
    call = await desk.begin()
    with pytest.raises(InvalidRequest) as caught:
        await desk.tell(call, *turns)
    assert caught.value.param == "turns"


async def test_a_thousand_turns_in_a_second_are_refused_and_other_calls_go_on(desk):
    flooded, other = await desk.begin(), await desk.begin()
    taken, refused = 0, []
    for number in range(1000):
        desk.clock.now += 0.001
        try:
            await desk.tell(flooded, turn(number, "嗯", "seat"))
            taken += 1
        except TooManyRequests as error:
            refused.append(error)
    assert limits.BURST <= taken <= limits.BURST + limits.TURNS_PER_S
    assert len(refused) == 1000 - taken
    assert {error.code for error in refused} == {"too_many_turns"}
    assert all(error.retry_after_s >= 1 for error in refused)
    assert len(await desk.tell(other, turn(0, LOST))) == 1
    desk.clock.now += 1
    assert len(await desk.tell(flooded, turn(5000, LOST))) == 1


async def test_a_call_takes_only_so_many_turns_and_characters(desk, monkeypatch):
    monkeypatch.setattr(limits, "MOST_TURNS", 3)
    monkeypatch.setattr(limits, "MOST_TEXT", 60)
    call = await desk.begin()
    await desk.tell(call, turn(0, "好"), turn(1, "好"))
    with pytest.raises(Conflict, match="60") as caught:
        await desk.tell(call, turn(2, "好" * 59))
    assert caught.value.code == "call_full"
    await desk.tell(call, turn(2, "好"))
    with pytest.raises(Conflict, match="3"):
        await desk.tell(call, turn(3, "好"))
    assert len(await desk.tell(call, turn(2, "好的", revision=2))) == 1
    assert (await desk.end(call))["call"]["turns"] == 3


async def test_a_card_that_does_not_come_in_time_is_left_out(desk, near, own_files):
    (own_files / "settings.yaml").write_text("card_within_s: 0.05\n")
    await desk.shelf.refresh()
    call = await desk.begin()
    near.held = asyncio.Event()
    (late,) = await desk.tell(call, turn(0, LOST))
    assert (late["card"], late["flags"]) == (None, ["card_late"])
    near.held.set()
    near.held = None
    (own_files / "settings.yaml").write_text("card_within_s: 10  # enough\n")
    await desk.shelf.refresh()
    (next_one,) = await desk.tell(call, turn(1, "银行卡挂失要收费吗？"))
    assert next_one["flags"] == []


async def test_a_knowledge_base_that_is_gone_takes_only_the_cards_along(desk, handbook):
    handbook.ensure_base(A_ADMIN, "passing", "Passing")
    call = await desk.begin(knowledge_base="passing")
    handbook.delete_base(A_ADMIN, "passing")
    (assist,) = await desk.tell(call, turn(0, LOST))
    assert (assist["card"], assist["flags"]) == (None, ["card_unavailable"])
    assert assist["analysis"]["intent"] is not None


@pytest.mark.parametrize("who", [COLLEAGUE, B_ADMIN])
async def test_somebody_elses_call_looks_like_a_missing_one(desk, who):
    call = await desk.begin(call_id="ccid-1")
    await desk.tell(call, turn(0, LOST))
    for name, payload in [
        ("show-call", None), ("delete-call", None), ("end-call", {}), ("tell-turns", {"turns": [turn(1, "x")]})
    ]:  # fmt: skip
        texts = []
        for place in (call["id"], "ccid-1", "call_" + "0" * 26):
            with pytest.raises(NotFound) as caught:
                await desk.call(name, payload, who, call_id=place)
            assert caught.value.code == "call_not_found"
            texts.append(str(caught.value).replace(place, ""))
        assert len(set(texts)) == 1
    with pytest.raises(NotFound):
        await anext(desk.follow(call, who=who))
    assert (await desk.show(call))["call"]["turns"] == 1


async def test_a_supervisor_sees_every_call_of_the_tenant(desk):
    call = await desk.begin()
    await desk.tell(call, turn(0, LOST))
    assert (await desk.show(call, A_ADMIN))["call"]["id"] == call["id"]


@pytest.mark.parametrize("place", ["call_\x00", "..", "' OR 1=1 --", "turn_" + "0" * 26, "x" * 101, "呼叫"])
async def test_an_id_that_is_none(desk, place):
    with pytest.raises((NotFound, InvalidRequest)):
        await desk.call("show-call", None, call_id=place)
