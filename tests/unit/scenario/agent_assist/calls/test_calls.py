"""Calls: begun, ended, read back after a restart, left alone, abandoned, deleted; how many may be open."""

import asyncio
import json

import pytest

from appliance.core.errors import Conflict, InvalidRequest, NotFound, TooManyRequests, Unavailable
from appliance.core.messages import _
from appliance.core.principal import Principal
from scenarios.agent_assist.calls import limits, open_calls
from scenarios.agent_assist.models import CallFacts
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER, B_CALLER

from .conftest import BEGIN, turn

COLLEAGUE = Principal("a", "caller", "lma-a-other")
GREETING = "您好，这里是青岚银行客服中心，本次通话将被录音。"
LOST = "我的银行卡丢了，挂失要收费吗？"
ANGRY = "你们太慢了，太气人了，我要投诉！"
TURNS = (
    turn(0, GREETING, "seat"),
    turn(1, LOST),
    turn(2, "电话挂失免费，我明天给您回电。", "seat"),
    turn(3, ANGRY),
)


async def test_the_same_id_again_is_the_same_call(desk):
    first = await desk.begin(call_id="ccid:2026-1", product="借记卡", recording_consent=True)
    again = await desk.begin(call_id="ccid:2026-1")
    assert again == first
    assert first["call_id"] == "ccid:2026-1"
    assert (first["state"], first["product"], first["turns"]) == ("open", "借记卡", 0)
    await desk.tell({"id": "ccid:2026-1"}, turn(0, LOST))
    shown = await desk.show({"id": "ccid:2026-1"})
    assert (shown["call"]["id"], shown["call"]["turns"]) == (first["id"], 1)
    assert shown["recording_consent"] is True
    assert await desk.begin(B_CALLER, call_id="ccid:2026-1") != first


async def test_begun_twice_at_once_is_one_call(desk, records):
    begun = await asyncio.gather(*(desk.begin(call_id="at-once") for _time in range(5)))
    assert len({one["id"] for one in begun}) == 1
    assert len((await records.page(A_CALLER, "call")).records) == 1


async def test_an_id_that_another_key_has_used(desk):
    await desk.begin(call_id="taken")
    with pytest.raises(Conflict) as caught:
        await desk.begin(COLLEAGUE, call_id="taken")
    assert caught.value.code == "call_id_taken"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"call_id": "call_" + "0" * 26}, "call_id"),
        ({"call_id": "a/b"}, "call_id"),
        ({"started_at": "yesterday"}, "started_at"),
        ({"started_at": "2026-03-01T09:30:00"}, "started_at"),
        ({"started_at": "9999-12-31T23:59:59Z"}, "started_at"),
        ({"started_at": "0001-01-01T00:00:00+08:00"}, "started_at"),
        ({"seat": "a\ud800"}, "seat"),
        ({"direction": "sideways"}, "direction"),
        ({"seat": ""}, "seat"),
        ({"seat": "a\nb"}, "seat"),
        ({"language": "fr"}, "language"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_beginning_that_is_none(desk, records, fields, param):
    with pytest.raises(InvalidRequest) as caught:
        await desk.begin(**fields)
    assert caught.value.param == param
    assert (await records.page(A_CALLER, "call")).records == ()


async def test_a_moment_is_kept_in_utc(desk):
    assert (await desk.begin(started_at="2026-03-01T09:30:00+08:00"))["started_at"] == "2026-03-01T01:30:00.000Z"


async def test_a_knowledge_base_that_is_not_there(desk):
    with pytest.raises(NotFound):
        await desk.begin(knowledge_base="nowhere")
    # The default one belongs to the tenant `a`: elsewhere calls go on without cards.
    call = await desk.begin(B_CALLER)
    (assist,) = await desk.tell(call, turn(0, LOST), who=B_CALLER)
    assert (assist["card"], assist["flags"]) == (None, [])


async def test_a_call_goes_on_after_a_restart_where_it_was(desk):
    call = await desk.begin(call_id="survivor", asked_in="zh_CN")
    first = [await desk.tell(call, one) for one in TURNS[:3]]
    before = await desk.show(call)
    restarted = desk.again()
    assert await restarted.show(call) == before
    assert await restarted.tell(call, TURNS[1]) == first[1]
    (after,) = await restarted.tell(call, TURNS[3])
    assert after["number"] == 4
    undisturbed = await desk.begin(asked_in="zh_CN")
    for one in TURNS:
        (expected,) = await desk.tell(undisturbed, one)
    for name in ("mood", "risk", "steps", "replies", "alerts", "analysis"):
        assert after[name] == expected[name], name


async def test_turns_of_which_the_database_knows_nothing_are_not_answered(desk, records, monkeypatch):
    call = await desk.begin()
    await desk.tell(call, TURNS[0])

    async def full(_items):
        raise Unavailable(_("The database cannot be reached."))

    with monkeypatch.context() as patched:
        patched.setattr(records, "create_many", full)
        with pytest.raises(Unavailable):
            await desk.tell(call, TURNS[1])
    assert [one["turn"]["id"] for one in (await desk.show(call))["turns"]] == ["t0"]
    assert (await desk.tell(call, TURNS[1]))[0]["number"] == 2


async def test_the_end_writes_what_there_was(desk, records):
    call = await desk.begin(asked_in="zh_CN")
    for one in TURNS:
        await desk.tell(call, one)
    after = await desk.end(call)
    assert (after["call"]["state"], after["call"]["turns"]) == ("ended", 4)
    assert 0 <= after["sheet"]["score"] <= 100
    assert after["call"]["score"] == after["sheet"]["score"]
    assert any(line["turns"] for section in after["summary"]["sections"] for line in section["lines"])
    assert after["outbound"] is None
    assert await desk.end(call) == after
    shown = await desk.again().show(call)
    assert shown["after"] == after
    assert shown["judgement"]["sheet"] == after["sheet"]
    (record,) = (await records.page(A_CALLER, "call")).records
    assert CallFacts.model_validate({name: record.data[name] for name in CallFacts.model_fields}).score is not None
    assert record.data["level"] == after["call"]["risk"]["level"]


async def test_a_call_of_which_more_is_written_than_a_record_holds(desk, records, monkeypatch):
    calls = [await desk.begin(), await desk.begin()]
    for call in calls:
        for number in range(60):
            desk.clock.now += 1
            await desk.tell(call, turn(number, f"我要还{number + 100}元，卡丢了，怎么办？"))
    await desk.end(calls[0])
    record = await records.get(A_CALLER, "call", calls[0]["id"])
    room = len(json.dumps(record.data, ensure_ascii=False, separators=(",", ":")).encode()) - 100
    monkeypatch.setattr("appliance.state.records.MOST_BYTES", room)
    after = await desk.end(calls[1])
    shown = await desk.again().show(calls[1])
    assert (shown["call"]["state"], shown["judgement"]) == ("ended", None)
    assert shown["after"]["sheet"]["score"] == after["sheet"]["score"]


async def test_an_outbound_call_has_a_result(desk):
    call = await desk.begin(direction="outbound", asked_in="zh_CN")
    await desk.tell(
        call, turn(0, "您好，我是青岚银行的客户经理，想跟您介绍一款理财。", "seat"), turn(1, "太贵了，不需要。")
    )
    assert (await desk.end(call))["outbound"]["reached"] in (True, False)


async def test_an_ended_call_takes_no_turn_but_knows_its_own(desk):
    call = await desk.begin()
    told = await desk.tell(call, TURNS[0])
    await desk.end(call)
    for one in (desk, desk.again()):
        assert await one.tell(call, TURNS[0]) == told
        for late in (TURNS[1], {**TURNS[0], "revision": 2}):
            with pytest.raises(Conflict) as caught:
                await one.tell(call, late)
            assert caught.value.code == "call_ended"
    assert (await desk.begin(call_id=None))["id"] != call["id"]


async def test_an_empty_call_may_end(desk):
    call = await desk.begin()
    assert (await desk.end(call))["call"]["turns"] == 0


async def test_turns_and_the_end_at_once(desk):
    call = await desk.begin()
    results = await asyncio.gather(
        *(desk.tell(call, turn(number, "好的")) for number in range(10)), desk.end(call), return_exceptions=True
    )
    taken = [one for one in results[:10] if not isinstance(one, Conflict)]
    assert results[10]["call"]["turns"] == len(taken)
    assert len((await desk.show(call))["turns"]) == len(taken)


async def test_a_deleted_call_takes_its_turns_along(desk, records):
    call = await desk.begin(call_id="to-go")
    await desk.tell(call, TURNS[0])
    assert await desk.call("delete-call", None, call_id="to-go") == {"id": call["id"], "deleted": True}
    assert (await records.page(A_CALLER, "turn", call["id"])).records == ()
    with pytest.raises(NotFound):
        await desk.tell(call, TURNS[1])
    assert (await desk.begin(call_id="to-go"))["turns"] == 0


async def test_an_idle_call_leaves_memory_and_comes_back(desk):
    call = await desk.begin()
    await desk.tell(call, *TURNS[:2])
    before = await desk.show(call)
    desk.clock.now += 599
    await desk.book.open.sweep()
    assert desk.book.open.in_memory == 1
    desk.clock.now += 2
    await desk.show(call)
    desk.clock.now += 601
    await desk.book.open.sweep()
    assert (desk.book.open.in_memory, len(desk.book.open)) == (0, 1)
    assert [facts.id for facts in await desk.book.open_now(A_ADMIN)] == [call["id"]]
    assert await desk.show(call) == before
    assert (await desk.tell(call, TURNS[2]))[0]["number"] == 3


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_call_that_never_ends_is_abandoned_with_its_summary(desk, restarted):
    call = await desk.begin()
    await desk.tell(call, *TURNS[:2])
    desk.clock.now += 1799
    await desk.book.open.sweep()
    assert (await desk.show(call))["call"]["state"] == "open"
    desk.clock.now += 2
    one = desk.again() if restarted else desk
    await one.book.open.adopt("a")
    await one.book.open.sweep()
    shown = await one.show(call)
    assert shown["call"]["state"] == "abandoned"
    assert shown["after"]["summary"]["sections"]
    assert len(one.book.open) == 0
    assert (await one.end(call))["call"]["state"] == "abandoned"


async def test_a_call_in_which_somebody_speaks_for_ever_ends_too(desk):
    call = await desk.begin()
    for number in range(9):
        desk.clock.now = BEGIN + 1600 * number
        await desk.book.open.sweep()
        assert len(await desk.tell(call, turn(number, "嗯"))) == 1
    desk.clock.now = BEGIN + 4 * 3600
    await desk.book.open.sweep()
    assert (await desk.show(call))["call"]["state"] == "abandoned"


async def test_how_many_calls_may_be_open(desk, monkeypatch):
    monkeypatch.setattr(open_calls, "MOST_OPEN_OF_TENANT", 2)
    monkeypatch.setattr(open_calls, "MOST_OPEN", 3)
    mine = [await desk.begin() for _number in range(2)]
    with pytest.raises(TooManyRequests) as caught:
        await desk.begin()
    assert caught.value.code == "too_many_calls"
    await desk.begin(B_CALLER)
    with pytest.raises(TooManyRequests):
        await desk.begin(B_CALLER)
    with pytest.raises(TooManyRequests):  # those of before a restart count too
        await desk.again().begin()
    await desk.end(mine[0])
    await desk.begin()


async def test_a_list_lags_a_little_and_a_risk_does_not(desk, records):
    async def kept():
        return (await records.page(A_CALLER, "call")).records[0].data

    call = await desk.begin(asked_in="zh_CN")
    await desk.tell(call, TURNS[0])
    assert (await kept())["turns"] == 0
    desk.clock.now += open_calls.FLUSH_EVERY_S
    await desk.book.open.sweep()
    assert (await kept())["turns"] == 1
    (assist,) = await desk.tell(call, turn(1, "太气人了，我要投诉你们，我要找银保监会，叫你们经理来！"))
    assert assist["risk"]["level"] != "low"
    for _time in range(200):
        if (await kept())["risk"] == assist["risk"]:
            break
        await asyncio.sleep(0.02)
    assert (await kept())["risk"] == assist["risk"]


async def test_nothing_is_lost_by_whoever_asks_and_goes(desk):
    call = await desk.begin()
    asking = asyncio.create_task(desk.tell(call, TURNS[1]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    (assist,) = await desk.tell(call, TURNS[2])
    shown = await desk.show(call)
    assert assist["number"] == len(shown["turns"])
    assert await desk.again().show(call) == shown


def test_limits_have_reasons_that_hold():
    assert limits.MOST_OPEN_OF_TENANT < limits.MOST_OPEN
    assert limits.MOST_CHARACTERS * limits.MOST_AT_ONCE < limits.MOST_TEXT
