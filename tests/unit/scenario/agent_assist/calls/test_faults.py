"""What goes wrong half-way: the database away at the end of a call, callers who are gone, records that changed."""

import asyncio
import json
import threading
from dataclasses import replace

import pytest

from appliance.core.errors import DiskFull, InvalidRequest, NotFound, QuotaExceeded, TooManyRequests, Unavailable
from appliance.core.messages import _
from appliance.state.records import ANYONE, NewRecord
from scenarios.agent_assist.calls import analysing, live, open_calls
from scenarios.agent_assist.calls.ending import shortened
from scenarios.agent_assist.calls.keeping import record_id
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER

from .conftest import turn

LOST = "我的银行卡丢了，挂失要收费吗？"


def away(*_arguments):
    raise Unavailable(_("The database cannot be reached."))


def full(*_arguments):
    raise DiskFull(_("The disk that holds the database is full."))


class Held:
    """Lets a method of the records wait after it has done its work."""

    def __init__(self, monkeypatch, records, name):
        self.done, self.go_on = asyncio.Event(), asyncio.Event()
        does = getattr(records, name)

        async def held(*arguments):
            result = await does(*arguments)
            self.done.set()
            await self.go_on.wait()
            return result

        monkeypatch.setattr(records, name, held)


async def gone_while(held, work):
    """Cancel work while it waits for the records, then let them answer."""
    asking = asyncio.create_task(work)
    await held.done.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    held.go_on.set()


@pytest.mark.parametrize("fault", [away, full])
async def test_a_call_that_could_not_be_abandoned_is_open_still(desk, records, monkeypatch, fault):
    call = await desk.begin()
    await desk.tell(call, turn(0, LOST))
    desk.clock.now += 1800
    with monkeypatch.context() as patched:
        patched.setattr(records._rows, "update", fault)
        await desk.book.open.sweep()
    desk.clock.now -= 60
    await desk.tell(call, turn(1, "喂？"))
    assert (await desk.show(call))["call"]["state"] == "open"
    after = await desk.end(call)
    assert (after["call"]["state"], after["call"]["turns"]) == ("ended", 2)


async def test_a_turn_too_large_to_be_kept_is_not_taken_as_known_when_it_comes_again(desk, records, monkeypatch):
    call, other = await desk.begin(), await desk.begin()
    await desk.tell(call, turn(0, "您好"))
    size = len(str((await records.page(A_CALLER, "turn", call["id"])).records[0].data).encode())
    with monkeypatch.context() as patched:
        patched.setattr("appliance.state.records.MOST_BYTES", size + 1000)
        results = await asyncio.gather(
            desk.tell(call, turn(1, "长" * 1000, "seat")),
            desk.tell(other, turn(0, "您好", "seat")),
            return_exceptions=True,
        )
        assert isinstance(results[0], InvalidRequest)
        assert len(results[1]) == 1
    assert [one["turn"]["id"] for one in (await desk.show(call))["turns"]] == ["t0"]
    await desk.tell(call, turn(1, "长" * 1000, "seat"))
    assert await desk.again().show(call) == await desk.show(call)


async def test_a_call_that_began_while_its_caller_was_gone_is_looked_after(desk, records, monkeypatch):
    with monkeypatch.context() as patched:
        held = Held(patched, records, "create_many")
        await gone_while(held, desk.begin(call_id="gone"))
    assert (await desk.begin(call_id="gone"))["id"] == record_id("a", "gone")
    assert len(desk.book.open) == 1


async def test_a_call_deleted_while_its_caller_was_gone_takes_no_turn(desk, records, monkeypatch):
    call = await desk.begin()
    await desk.tell(call, turn(0, LOST))
    with monkeypatch.context() as patched:
        held = Held(patched, records, "delete")
        await gone_while(held, desk.call("delete-call", None, call_id=call["id"]))
    with pytest.raises(NotFound):
        await desk.tell(call, turn(1, LOST))
    assert (await records.page(A_CALLER, "turn", call["id"])).records == ()


async def test_a_call_ended_while_a_supervisor_who_asked_was_gone_stays_ended(desk, records, monkeypatch):
    call = await desk.begin()
    await desk.tell(call, turn(0, LOST))
    desk.clock.now += 1800
    with monkeypatch.context() as patched:
        held = Held(patched, records, "update")
        await gone_while(held, desk.book.open_now(A_ADMIN))
    assert (await desk.show(call))["call"]["state"] == "abandoned"
    assert len(desk.book.open) == 0


@pytest.mark.parametrize("how", ["ended", "deleted"])
async def test_a_call_that_another_replica_ended_or_deleted_is_forgotten(desk, records, how):
    call = await desk.begin()
    await desk.tell(call, turn(0, LOST))
    other = desk.again()
    await other.book.open.adopt("a")
    if how == "ended":
        await desk.end(call)
        kept = await desk.show(call)
    else:
        await desk.call("delete-call", None, call_id=call["id"])
    desk.clock.now += 1800
    await other.book.open.sweep()
    assert (len(other.book.open), other.book.open.in_memory) == (0, 0)
    if how == "ended":
        assert await desk.again().show(call) == kept


async def test_one_call_that_cannot_be_read_stops_the_look_at_no_other(desk, records):
    broken, sound = await desk.begin(), await desk.begin()
    await records.create(A_ADMIN, NewRecord("turn", broken["id"], {"arrival": "none"}))
    other = desk.again()
    await other.book.open.adopt("a")
    desk.clock.now += 1800
    await other.book.open.sweep()
    assert (await other.show(sound))["call"]["state"] == "abandoned"


async def test_what_ended_the_takeover_of_open_calls_does_not_end_it_for_ever(desk, records, monkeypatch):
    call = await desk.begin()
    other = desk.again()
    with monkeypatch.context() as patched:
        patched.setattr(records._rows, "page", lambda *_arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await other.show(call)
    assert (await other.show(call))["call"]["id"] == call["id"]


async def test_calls_that_nobody_touched_for_longest_leave_memory_when_it_is_full(desk, monkeypatch):
    calls = [await desk.begin() for _number in range(4)]
    for place, call in enumerate(calls):
        desk.clock.now += 1
        await desk.tell(call, turn(0, f"您好 {place}", "seat"), turn(1, "好的", "seat"))
    followed = desk.follow(calls[0])
    assert (await anext(followed))[1].turn.id == "t0"
    monkeypatch.setattr(open_calls, "MOST_TURNS_IN_MEMORY", 4)
    await desk.book.open.sweep()
    assert (desk.book.open.turns_in_memory, desk.book.open.in_memory, len(desk.book.open)) == (4, 2, 4)
    assert (await desk.show(calls[1]))["call"]["turns"] == 2
    (assist,) = await desk.tell(calls[2], turn(2, "再见", "seat"))
    assert assist["number"] == 3
    monkeypatch.setattr(open_calls, "MOST_TURNS_IN_MEMORY", 1)
    with pytest.raises(TooManyRequests) as caught:
        await desk.begin()
    assert caught.value.code == "too_many_calls"
    await followed.aclose()
    await desk.book.open.sweep()
    assert (await desk.begin())["state"] == "open"


class Hanging:
    """The embedding model, which answers once `go_on` is set; `sizes` are of what it was asked for."""

    def __init__(self, embedder):
        self._embedder = embedder
        self.go_on = threading.Event()
        self.sizes = []

    def embed(self, texts, kind):
        self.sizes.append(len(texts))
        self.go_on.wait(20)
        return self._embedder.embed(texts, kind)


async def test_an_embedding_model_that_hangs_ends_the_turn_and_no_stream(desk, embedder, monkeypatch):
    call = await desk.begin()
    await desk.tell(call, turn(0, "您好", "seat"))
    followed = desk.follow(call)
    assert (await anext(followed))[1].turn.id == "t0"
    hanging = Hanging(embedder)
    with monkeypatch.context() as patched:
        patched.setattr(analysing, "EMBEDDED_WITHIN_S", 0.05)
        patched.setattr(desk.book.turning._analyst, "_context", replace(desk.context, embedder=hanging))
        with pytest.raises(Unavailable):
            await desk.tell(call, turn(1, LOST))
    hanging.go_on.set()
    (assist,) = await desk.tell(call, turn(1, LOST))
    async for name, data in followed:
        if name == "assist":
            assert data.model_dump(mode="json") == assist
            break
    await followed.aclose()


async def test_a_request_that_catches_up_leaves_room_for_other_calls(desk, near, embedder, monkeypatch):
    hanging = Hanging(embedder)
    hanging.go_on.set()
    monkeypatch.setattr(desk.book.turning._analyst, "_context", replace(desk.context, embedder=hanging))
    running, most = 0, 0
    asked = near.knowledge

    async def counted(method, *arguments):
        nonlocal running, most
        running += method == "answer"
        most = max(most, running)
        try:
            return await asked(method, *arguments)
        finally:
            running -= method == "answer"

    monkeypatch.setattr(near, "knowledge", counted)
    call = await desk.begin()
    assists = await desk.tell(call, *(turn(number, f"第{number}张卡丢了怎么办？") for number in range(20)))
    assert len(assists) == 20
    assert max(hanging.sizes) <= 8
    assert most <= 4


async def test_slow_lists_hold_up_neither_turns_nor_other_work(desk, records, monkeypatch):
    call = await desk.begin()
    go_on = threading.Event()
    page = records._rows.page

    def slow(*arguments):
        go_on.wait(20)
        return page(*arguments)

    monkeypatch.setattr(records._rows, "page", slow)
    lists = [asyncio.create_task(records.page(A_ADMIN, "call")) for _number in range(40)]
    await asyncio.sleep(0)
    assert len(await desk.tell(call, turn(0, LOST))) == 1
    assert not any(one.done() for one in lists)
    go_on.set()
    await asyncio.gather(*lists)


class Spent:
    """A chat model whose caller has no tokens left."""

    async def chat(self, *_arguments, **_more):
        raise QuotaExceeded(_("The quota is used up."))


async def test_a_chat_model_that_refuses_holds_up_no_end(desk, monkeypatch):
    call = await desk.begin()
    await desk.tell(call, turn(0, LOST), turn(1, "我明天给您回电。", "seat"))
    monkeypatch.setattr(desk.book.ending, "_context", replace(desk.context, chat=Spent()))
    after = await desk.end(call, phrase=True)
    assert after["call"]["state"] == "ended"
    assert after["summary"]["sections"]


async def test_silences_of_a_long_call_fill_no_record(desk, records, monkeypatch):
    monkeypatch.setattr(live, "MOST_BETWEEN", 1)
    call = await desk.begin()
    await desk.tell(call, turn(0, LOST))
    followed = desk.follow(call)
    await anext(followed)
    desk.clock.now += 600
    await desk.book.open.sweep()
    await desk.end(call)
    assert len((await records.get(A_CALLER, "call", call["id"])).data["between"]) == 1
    await followed.aclose()


def test_whatever_grows_with_a_call_is_cut_where_a_record_has_no_room():
    turns = [f"t{number}" for number in range(3000)]
    after = {
        "summary": {"sections": [{"lines": [{"text": "x", "turns": turns}] * 300}]},
        "sheet": {"items": [{"rule": f"r{number}", "turns": turns} for number in range(80)]},
        "tags": [{"name": "x", "turns": turns}],
        "forms": [{"fields": [{"value": "v", "turns": turns}] * 60}],
    }
    between = [{"rule": "silence", "turns": turns}] * 300
    short = shortened({"turns": 3000, "between": between, "judgement": {"outcomes": []}, "after": after})
    assert len(json.dumps(short)) < 200_000
    assert (len(short["after"]["sheet"]["items"]), len(short["after"]["forms"][0]["fields"])) == (80, 60)
    assert (short["turns"], len(short["between"])) == (3000, 50)
    assert (short["judgement"], short["after"]["tags"][0]["turns"]) == (None, turns[:50])


async def test_after_a_restart_only_marks_of_open_calls_are_read(desk, records, monkeypatch):
    ended, deleted, kept = [await desk.begin() for _number in range(3)]
    with monkeypatch.context() as patched:
        patched.setattr(desk.book._keeper, "close", lambda _record: asyncio.sleep(0))  # it stopped right then
        await desk.end(ended)
    await desk.call("delete-call", None, call_id=deleted["id"])
    asked = []
    page = records.page

    async def noted(who, kind, *arguments, **more):
        asked.append(kind)
        return await page(who, kind, *arguments, **more)

    monkeypatch.setattr(records, "page", noted)
    other = desk.again()
    assert [facts.id for facts in await other.book.open_now(A_ADMIN)] == [kept["id"]]
    assert set(asked) == {"open_call"}
    await other.end(kept)
    for _time in range(500):
        if not (await page(A_ADMIN, "open_call", ANYONE)).records:
            break
        await asyncio.sleep(0.01)
    assert (await page(A_ADMIN, "open_call", ANYONE)).records == ()
