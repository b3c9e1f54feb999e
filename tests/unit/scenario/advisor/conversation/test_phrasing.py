import pytest

from scenarios.advisor.conversation.answering import answer
from scenarios.advisor.conversation.phrasing import is_supported, phrase
from scenarios.advisor.conversation.running import run
from scenarios.advisor.conversation.tools import tool_box
from tests.unit.scenario.advisor.conversation.conftest import Chat


@pytest.fixture(scope="module")
def compared(desk):
    return run(desk, "compare_funds", tool_box().arguments("compare_funds", {"products": ["P003", "P016"]}), "en")


async def test_words_that_hold_take_the_place_of_the_built_ones(compared, sample):
    volatility = next(one.shown for one in compared.shown if one.name == "volatility")
    reply = answer(compared, "en")
    said = f"Yunqi Growth Equity A had a volatility of {volatility} over the past 1 year."
    phrased = await phrase(reply, compared, Chat(said), sample)
    assert phrased.generated
    assert phrased.text.startswith(said)
    assert compared.disclosures[0] in phrased.text
    assert reply.text != phrased.text
    assert not reply.generated


@pytest.mark.parametrize(
    "said",
    [
        "It returned 99.9% over the past 1 year.",
        "P003 will certainly rise.",
        "I recommend P003 over P016.",
        "P003 is a good buy.",
        "P016 had a volatility of {volatility} over the past 1 year.",
        "The Sharpe ratio of P003 was {volatility}.",
        "See https://example.com for more.",
        "云栖桥成长股票A的波动较大。",
        "",
        "x" * 2000,
    ],
)
async def test_words_that_do_not_hold_leave_the_built_ones(compared, sample, said):
    reply = answer(compared, "en")
    said = said.format(volatility=next(one.shown for one in compared.shown if one.name == "volatility"))
    assert await phrase(reply, compared, Chat(said), sample) == reply


async def test_a_decision_is_never_phrased(desk, sample):
    arguments = tool_box().arguments("suitability", {"client": "C0040", "product": "P003", "amount": 1000})
    result = run(desk, "suitability", arguments, "en")
    chat = Chat("It is fine.")
    reply = answer(result, "en")
    assert await phrase(reply, result, chat, sample) == reply
    assert chat.asked == []


def test_a_text_that_allows_a_refused_product_does_not_hold(desk, sample):
    arguments = tool_box().arguments("suitability", {"client": "C0040", "product": "P003", "amount": 1000})
    reply = answer(run(desk, "suitability", arguments, "en"), "en")
    assert not is_supported("Yunqi Growth Equity A may be bought.", reply.facts, reply, sample)
