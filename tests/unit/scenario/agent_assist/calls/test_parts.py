"""Parts that stand alone: batches, places in masked text, times, keys of records."""

import asyncio
import math

import pytest

from appliance.core.errors import InvalidRequest, Unavailable
from appliance.core.messages import _
from scenarios.agent_assist.calls.analysing import kept_text
from scenarios.agent_assist.calls.batches import Batches
from scenarios.agent_assist.calls.keeping import is_ours, record_id
from scenarios.agent_assist.calls.shapes import GivenTurn
from scenarios.agent_assist.calls.turning import times_of
from scenarios.agent_assist.models import Slot


async def test_items_of_many_tasks_are_done_together():
    sizes = []

    async def double(items):
        sizes.append(len(items))
        return [2 * item for item in items]

    batches = Batches(double, wait_s=0.001, most=8)
    assert await asyncio.gather(*(batches.add(number) for number in range(20))) == [2 * n for n in range(20)]
    assert sizes == [8, 8, 4]
    assert await batches.add_all([5, 6]) == [10, 12]
    assert await batches.add_all([]) == []


async def test_a_batch_that_fails_takes_no_other_along():
    async def picky(items):
        if "bad" in items:
            raise Unavailable(_("The database cannot be reached."))
        return items

    batches = Batches(picky, wait_s=0.001, most=2)
    results = await asyncio.gather(*(batches.add(item) for item in ("bad", "a", "b", "c")), return_exceptions=True)
    assert [type(one) for one in results] == [Unavailable, Unavailable, str, str]
    assert await batches.add("later") == "later"


async def test_the_fault_of_one_takes_no_other_of_its_batch_along():
    async def picky(items):
        if "large" in items:
            raise InvalidRequest(_("A record may hold {limit}.", limit="1 MiB"))
        return items

    batches = Batches(picky, wait_s=0.001, most=8)
    given = (["a"], ["large", "beside"], ["b", "c"])
    results = await asyncio.gather(*(batches.add_all(items) for items in given), return_exceptions=True)
    assert (results[0], results[2]) == (["a"], ["b", "c"])
    assert isinstance(results[1], InvalidRequest)


async def test_what_is_given_together_is_never_parted():
    seen = []

    async def note(items):
        seen.append(list(items))
        return items

    batches = Batches(note, wait_s=0.001, most=3)
    await asyncio.gather(*(batches.add_all(items) for items in ([1, 2], [3, 4], [5], [6, 7, 8, 9])))
    assert seen == [[1, 2], [3, 4, 5], [6, 7, 8, 9]]


async def test_too_few_results_are_a_failure_and_nobody_waits_for_ever():
    async def short(items):
        return items[1:]

    batches = Batches(short, wait_s=0.001, most=8)
    with pytest.raises(RuntimeError):
        await batches.add_all([1, 2])
    with pytest.raises(RuntimeError):
        await batches.add(1)


async def test_whoever_is_gone_holds_up_no_batch():
    async def slow(items):
        await asyncio.sleep(0.01)
        return items

    batches = Batches(slow, wait_s=0.001, most=8)
    gone = asyncio.create_task(batches.add("gone"))
    stays = asyncio.create_task(batches.add("stays"))
    await asyncio.sleep(0.005)
    gone.cancel()
    assert await stays == "stays"


def test_slots_have_their_places_in_the_text_that_is_kept():
    text = "卡号6222021234567890123，邮箱zhangwei@example.com，转5万元给青云路支行。"
    card = Slot(name="card", value="0123", text="**** 0123", start=2, end=21, valid=False)
    amount = Slot(
        name="amount", value="50000.00 CNY", text="5万元", start=text.index("5万"), end=text.index("给"), valid=True
    )
    branch = Slot(name="branch", value="x", text="青云路支行", start=text.index("青云"), end=len(text) - 1, valid=True)
    kept, slots = kept_text(text, (card, amount, branch))
    assert "6222021234567890123" not in kept
    assert "zhangwei" not in kept
    assert [kept[slot.start : slot.end] for slot in slots] == ["**** 0123", "5万元", "青云路支行"]


@pytest.mark.parametrize("said", ["手机13812345678。", "手机13812345678，邮箱zhangwei@example.com。"])
def test_what_a_slot_of_the_banks_own_reads_is_masked_too(said):
    mobile = Slot(name="mobile", value="+8613812345678", text="13812345678", start=2, end=13, valid=True)
    amount = Slot(name="amount", value="3.00 CNY", text="3元", start=len(said), end=len(said) + 2, valid=True)
    kept, slots = kept_text(f"{said}3元", (mobile, amount))
    assert "13812345678" not in kept
    assert all("13812345678" not in one for slot in slots for one in (slot.text, slot.value))
    assert (kept[slots[1].start : slots[1].end], slots[1].value) == ("3元", "3.00 CNY")


@pytest.mark.parametrize(
    ("start", "end", "last", "expected"),
    [
        (3.0, 4.0, 0.0, (3.0, 4.0, True)),
        (3.0, None, 0.0, (3.0, 3.0, True)),
        (-0.2, 1.0, 0.0, (0.0, 1.0, True)),
        (-3.0, 1.0, 0.0, (-1.0, 1.0, False)),
        (math.nan, 1.0, 0.0, (-1.0, 1.0, False)),
        (5.0, math.inf, 0.0, (5.0, -1.0, False)),
        (5.0, 4.0, 0.0, (5.0, 4.0, False)),
        (100.0, 101.0, 200.0, (100.0, 101.0, True)),
        (70.0, 71.0, 200.0, (70.0, 71.0, False)),
        (70.0, 71.0, None, (70.0, 71.0, True)),
    ],
)
def test_times_that_cannot_be_right(start, end, last, expected):
    turn = GivenTurn(id="t", speaker="seat", text="x", start_s=start, end_s=end)
    assert times_of(turn, last) == expected


def test_the_record_of_a_call_is_found_by_the_call_centres_own_id():
    own = record_id("a", "ccid-1")
    assert is_ours(own)
    assert record_id("a", own) == own
    assert own == record_id("a", "ccid-1")
    assert len({own, record_id("b", "ccid-1"), record_id("a", "ccid-2")}) == 3
    assert not is_ours("call_" + "U" * 26)
