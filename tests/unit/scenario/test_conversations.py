"""Conversations of the pack: whose they are, how long they get, what of them may still be read."""

import asyncio

import pytest

from appliance.core.errors import Conflict, InvalidRequest, NotFound
from appliance.core.principal import Principal
from appliance.knowledge.models import Details
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER, B_ADMIN

LOCKER = "How much does a small locker cost a year?"
BONUS = "How high is the yearly bonus of a branch manager?"
COLLEAGUE = Principal("a", "caller", "lma-a-other")


async def show(desk, conversation, who=A_CALLER, **parameters):
    return await desk.call("show-conversation", who=who, conversation_id=conversation["id"], **parameters)


async def test_a_conversation_keeps_questions_and_whole_answers(desk):
    conversation = await desk.begin(title="储物柜")
    replies = [await desk.turn(conversation, LOCKER), await desk.turn(conversation, "金卡补办多少钱？")]
    shown = await show(desk, conversation)
    assert (shown["title"], shown["turn_count"], shown["knowledge_base"]) == ("储物柜", 2, "rules")
    assert [turn["question"] for turn in shown["turns"]] == [LOCKER, "金卡补办多少钱？"]
    assert [turn["answer"] for turn in shown["turns"]] == replies
    assert [turn["id"] for turn in shown["turns"]] == [reply["answer_id"] for reply in replies]
    assert {reply["conversation_id"] for reply in replies} == {conversation["id"]}
    assert [turn["withheld"] for turn in shown["turns"]] == [0, 0]


@pytest.mark.parametrize(
    ("who", "user"),
    [(COLLEAGUE, "li"), (A_ADMIN, "li"), (A_ADMIN, None), (B_ADMIN, "li"), (A_CALLER, None), (A_CALLER, "wang")],
)
async def test_somebody_elses_conversation_looks_like_a_missing_one(desk, who, user):
    conversation = await desk.begin(user="li")
    as_user = {"user": user} if user else {}
    for name, payload in [("show-conversation", {}), ("delete-conversation", {}), ("ask", {"question": LOCKER})]:
        texts = []
        for place in (conversation["id"], "conversation_" + "0" * 26):
            with pytest.raises(NotFound) as caught:
                await desk.call(name, {**payload, "conversation_id": place, **as_user}, who)
            texts.append(str(caught.value).replace(place, ""))
        assert texts[0] == texts[1]
    assert (await desk.call("list-conversations", who=who, **as_user))["data"] == []
    assert (await show(desk, conversation, user="li"))["turn_count"] == 0


@pytest.mark.parametrize("place", ["../../etc/passwd", "conversation_\x00", "..", "' OR 1=1 --", "turn_" + "0" * 26])
async def test_an_id_that_is_none(desk, place):
    with pytest.raises(NotFound):
        await desk.call("show-conversation", conversation_id=place)


async def test_an_id_without_end(desk):
    with pytest.raises(InvalidRequest) as caught:
        await desk.call("show-conversation", conversation_id="x" * 5000)
    assert caught.value.param == "conversation_id"


async def test_a_base_that_the_caller_may_not_read_begins_nothing(desk):
    with pytest.raises(NotFound):
        await desk.begin(B_ADMIN)
    assert (await desk.call("list-conversations", who=B_ADMIN))["data"] == []


async def test_pages_of_conversations(desk):
    made = [(await desk.begin(title=str(number)))["id"] for number in range(5)]
    first = await desk.call("list-conversations", limit="3")
    rest = await desk.call("list-conversations", limit="3", cursor=first["next_cursor"])
    assert [one["id"] for one in first["data"] + rest["data"]] == made[::-1]
    assert rest["next_cursor"] is None
    for query, param in [({"limit": "many"}, "limit"), ({"limit": "0"}, "limit"), ({"cursor": "x"}, "cursor")]:
        with pytest.raises(InvalidRequest) as caught:
            await desk.call("list-conversations", **query)
        assert caught.value.param == param


async def test_a_deleted_conversation_takes_its_turns_along(desk, records):
    conversation = await desk.begin()
    await desk.turn(conversation, LOCKER)
    deleted = await desk.call("delete-conversation", conversation_id=conversation["id"])
    assert deleted == {"id": conversation["id"], "deleted": True}
    assert (await records.page(A_ADMIN, "turn")).records == ()
    with pytest.raises(NotFound):
        await desk.turn(conversation, LOCKER)


async def test_questions_at_once_are_all_kept(desk):
    conversation = await desk.begin()
    await asyncio.gather(*(desk.turn(conversation, LOCKER) for _number in range(4)))
    shown = await show(desk, conversation)
    assert (shown["turn_count"], len(shown["turns"])) == (4, 4)


async def test_a_full_conversation_says_so(desk, records):
    conversation = await desk.begin()
    record = await records.get(A_CALLER, "conversation", conversation["id"])
    await records.update(record, {**record.data, "turns": 199})
    await desk.turn(conversation, LOCKER)
    with pytest.raises(Conflict) as caught:
        await desk.turn(conversation, LOCKER)
    assert caught.value.code == "conversation_full"
    assert len((await show(desk, conversation))["turns"]) == 1


async def test_what_the_reader_may_not_read_any_more_is_withheld(desk, store, bonus):
    conversation = await desk.begin()
    reply = await desk.turn(conversation, BONUS)
    assert "80,000" in reply["answer"]
    await desk.turn(conversation, LOCKER)
    store.change_document(A_ADMIN, "rules", bonus.id, Details(access=["role:admin"]))
    first, second = (await show(desk, conversation))["turns"]
    assert first["withheld"] >= 1
    assert "80,000" not in str(first["answer"])
    assert "bonus.md" not in str(first["answer"])
    assert first["answer"]["answer"]
    assert (second["withheld"], second["answer"]["citations"][0]["document"]) == (0, "lockers.md")
    store.change_document(A_ADMIN, "rules", bonus.id, Details(access=["role:caller"]))
    assert (await show(desk, conversation))["turns"][0]["answer"] == reply


async def test_what_was_deleted_is_withheld_too(desk, store, bonus):
    conversation = await desk.begin()
    await desk.turn(conversation, BONUS)
    store.delete_document(A_ADMIN, "rules", bonus.id)
    (turn,) = (await show(desk, conversation))["turns"]
    assert turn["withheld"] >= 1
    assert "80,000" not in str(turn["answer"])
