"""Streams of a call: every event once, from any point; one that is not read falls off alone."""

import asyncio

import pytest

from appliance.core.errors import InvalidRequest, NotFound, TooManyRequests
from scenarios.agent_assist.calls import limits
from tests.unit.knowledge.principals import A_ADMIN

from .conftest import turn


async def read(events, until="ended"):
    """Return (event, number) up to and with the event `until`."""
    seen = []
    async for name, data in events:
        seen.append((name, getattr(data, "number", None)))
        if name == until:
            break
    await events.aclose()
    return seen


async def test_events_come_as_the_call_goes_on(desk):
    call = await desk.begin()
    reading = asyncio.create_task(read(desk.follow(call)))
    await asyncio.sleep(0.05)
    await desk.tell(call, turn(0, "喂，你好", "seat"), turn(1, "我的卡丢了"))
    await desk.tell(call, turn(2, "好的", "seat"))
    await desk.end(call)
    seen = await reading
    assert [one for one in seen if one[0] == "assist"] == [("assist", 1), ("assist", 2), ("assist", 3)]
    assert seen[-1] == ("ended", 4)
    assert ("alert", 3) in seen or ("alert", 4) in seen
    numbers = [number for _name, number in seen]
    assert numbers == sorted(numbers)


async def test_a_stream_goes_on_behind_what_was_seen(desk):
    call = await desk.begin()
    await desk.tell(call, *(turn(number, "好的", "seat") for number in range(4)))
    await desk.tell(call, turn(1, "好的好的", "seat", revision=2))
    follow = desk.follow(call, after=2)
    seen = [await anext(follow) for _event in range(3)]
    await follow.aclose()
    numbers = [data.number for name, data in seen if name == "assist"]
    assert numbers == sorted(numbers)
    assert min(numbers) == 3
    desk = desk.again()
    again = desk.follow(call, after=2)
    assert [(await anext(again))[1] for _event in range(3)] == [data for _name, data in seen]
    await again.aclose()


async def test_a_stream_of_an_ended_call_tells_all_and_ends(desk):
    call = await desk.begin()
    await desk.tell(call, turn(0, "好的", "seat"))
    after = await desk.end(call)
    for one in (desk, desk.again()):
        events = [event async for event in one.follow(call)]
        assert events[0][0] == "assist"
        assert events[-1][0] == "ended"
        assert events[-1][1].model_dump(mode="json", exclude={"number"}) == after
        assert [event async for event in one.follow(call, after=events[-1][1].number)] == []


async def test_a_stream_that_is_not_read_falls_off_and_others_do_not(desk, monkeypatch):
    monkeypatch.setattr("scenarios.agent_assist.calls.events.MOST_WAITING", 4)
    call = await desk.begin()
    asleep, awake = desk.follow(call), desk.follow(call, who=A_ADMIN)
    waiting = asyncio.create_task(anext(asleep))
    reading = asyncio.create_task(read(awake))
    await asyncio.sleep(0.05)
    for number in range(12):
        await desk.tell(call, turn(number, "好的。", "seat"))
        await asyncio.sleep(0)
    await waiting
    seen = await read(asleep, until="lagged")
    assert seen[-1][0] == "lagged"
    assert len(seen) <= 6
    await desk.end(call)
    whole = await reading
    assert [number for name, number in whole if name == "assist"] == list(range(1, 13))
    # Behind what it saw, the rest is there.
    last = max(number for _name, number in [*seen[:-1], ("assist", 1)])
    rest = [data.number async for name, data in desk.follow(call, after=last) if name == "assist"]
    assert rest == list(range(last + 1, 13))


async def test_how_many_streams_a_call_may_have(desk):
    call = await desk.begin()
    streams = [desk.follow(call) for _number in range(limits.MOST_LISTENERS + 1)]
    tasks = [asyncio.create_task(anext(one)) for one in streams[:-1]]
    await asyncio.sleep(0.05)
    with pytest.raises(TooManyRequests) as caught:
        await anext(streams[-1])
    assert caught.value.code == "too_many_streams"
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for one in streams:
        await one.aclose()
    last = desk.follow(call)
    task = asyncio.create_task(anext(last))
    await desk.tell(call, turn(0, "好的", "seat"))
    assert (await task)[0] == "assist"
    await last.aclose()


async def test_a_silence_is_told_while_nobody_speaks(desk):
    call = await desk.begin()
    await desk.tell(call, turn(0, "您好，这里是青岚银行，通话会被录音。", "seat"))
    follow = desk.follow(call, after=1)
    waiting = asyncio.create_task(anext(follow))
    await asyncio.sleep(0.05)
    desk.clock.now += 40
    await desk.book.open.sweep()
    name, data = await waiting
    assert (name, data.alert.rule) == ("alert", "silence")
    await desk.book.open.sweep()
    (assist,) = await desk.tell(call, turn(9, "喂？"))
    assert [alert for alert in assist["alerts"] if alert["key"] == data.alert.key] == []
    assert data.alert.key in [alert["key"] for alert in (await desk.show(call))["alerts"]]
    await follow.aclose()
    await desk.end(call)
    assert data.alert.key in [alert["key"] for alert in (await desk.again().show(call))["alerts"]]


async def test_a_call_that_is_deleted_ends_its_streams(desk):
    call = await desk.begin()
    reading = asyncio.create_task(read(desk.follow(call)))
    await asyncio.sleep(0.05)
    await desk.call("delete-call", None, call_id=call["id"])
    assert await reading == []
    with pytest.raises(NotFound):
        await anext(desk.follow(call))


async def test_a_socket_says_where_its_stream_ends(desk):
    call = await desk.begin()
    await desk.tell(call, turn(0, "好的", "seat"), turn(1, "谢谢"))
    await desk.end(call)
    events = [event async for event in desk.socket(call, after="1")]
    assert [name for name, _data in events][-2:] == ["ended", "done"]
    assert events[-1][1].after == 3
    with pytest.raises(NotFound):
        await anext(desk.socket({"id": "nowhere"}))
    with pytest.raises(InvalidRequest) as caught:
        await anext(desk.socket(call, after="-1"))
    assert caught.value.param == "after"
