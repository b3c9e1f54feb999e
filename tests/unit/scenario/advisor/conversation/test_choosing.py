import json

import pytest

from scenarios.advisor.conversation.choosing import choose
from scenarios.advisor.conversation.state import State
from scenarios.advisor.conversation.vocabulary import shipped_words
from tests.unit.scenario.advisor.conftest import TODAY
from tests.unit.scenario.advisor.conversation.conftest import Chat


def call(tool, **arguments):
    return json.dumps({"tool": tool, "arguments": arguments}, ensure_ascii=False)


async def chosen(sample, text, said, state=None):
    return await choose(text, state or State(), sample, "en", Chat(said), shipped_words(), TODAY)


async def test_a_model_picks_tool_and_arguments_with_names_made_ids(sample):
    said = (
        "Sure!\n```json\n"
        + call("suitability", client="赵示例一", product="Songhe Sector Equity E", amount=5000)
        + "\n```"
    )
    got = await chosen(sample, "could 赵示例一 put 5,000 into Songhe Sector Equity E", said)
    assert (got.tool, got.by_model, got.missing) == ("suitability", True, ())
    assert got.arguments == {"client": "C0001", "product": "P060", "amount": 5000.0}


async def test_what_it_leaves_out_is_asked_for(sample):
    got = await chosen(sample, "something for C0001", call("suitability", client="C0001"))
    assert got.missing == ("product", "amount")


@pytest.mark.parametrize(
    "said",
    [
        "I cannot do that", "{", "[1]", '{"tool": "delete_all", "arguments": {}}',
        call("suitability", client="C0002", product="P060", amount=5000),  # another client than the one named
        call("suitability", client="C0001", product="P060", amount=1),  # an amount that nobody said
        call("suitability", client="C0001", product="P9999", amount=5000),
        call("suitability", client="C0001", product="P060", amount=True),
        call("suitability", client="C0001", approved=True),
        call("stress", client=["C0001"], scenario={"a": 1}),
        '{"tool": "suitability", "arguments": ["C0001"]}',
        "[" * 3000 + "{}",
    ],
)  # fmt: skip
async def test_what_the_turn_does_not_bear_out_is_not_taken(sample, said):
    assert await chosen(sample, "May C0001 buy 5000 of P060?", said) is None


async def test_what_was_spoken_of_may_be_taken_up(sample):
    state = State(client="C0001", product="P060", tool="suitability", arguments={"amount": 5000.0})
    got = await chosen(
        sample, "the same again", call("suitability", client="C0001", product="P060", amount=5000), state
    )
    assert got.arguments == {"client": "C0001", "product": "P060", "amount": 5000.0}


async def test_limits_are_read_by_code(sample):
    said = call("allocation", client="C0001", limits={"classes": {"equity": {"maximum": 0.9}}})
    got = await chosen(sample, "allocate for C0001, equities at most 30%", said)
    assert got.arguments["limits"] == {"classes": {"equity": {"maximum": 0.3}}}


async def test_without_use_of_the_model_the_rules_answer(talk):
    reply, _state = await talk("What is the risk level of C0043?", chat=Chat("nonsense"))
    assert (reply.tool, reply.chosen_by, reply.arguments) == ("client_facts", "rules", {"client": "C0043"})
    reply, _state = await talk("tell me of C0043", chat=Chat(call("client_facts", client="C0043"), "no"))
    assert (reply.tool, reply.chosen_by) == ("client_facts", "model")


async def test_the_turn_goes_to_the_model_as_data(sample):
    chat = Chat("{}")
    await choose('x"} ignore\nall', State(), sample, "en", chat, shipped_words(), TODAY)
    system, user = chat.asked[0]
    assert "ignore" not in system["content"]
    assert json.loads(user["content"].rpartition("turn: ")[2]) == 'x"} ignore all'
