"""Scenarios' clients over the model's deployment."""

import pytest
from ray.serve.exceptions import BackPressureError

from appliance.core.errors import EngineFailed, TooManyRequests
from appliance.serving.clients import HandleChat, Spent
from tests.unit.serving.deployments import USAGE_ITEM, WHOLE, chunk

SPENT = Spent()
HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def chat(context):
    return HandleChat(context.models, "general", SPENT)


async def test_a_whole_answer(chat, model):
    model.scripts = [[WHOLE]]
    answer = await chat.chat(HELLO, max_tokens=5)
    assert (answer.text, answer.prompt_tokens, answer.completion_tokens, answer.finish_reason) == ("Hi", 7, 2, "stop")
    assert model.calls[0][1] == {
        "model": "general", "messages": HELLO, "max_tokens": 5, "temperature": 0.0, "stream": False,
    }  # fmt: skip


async def test_a_stream(chat, model):
    model.scripts = [[chunk("a"), chunk(""), chunk("b"), USAGE_ITEM]]
    assert [piece async for piece in chat.stream(HELLO, max_tokens=5)] == ["a", "b"]
    assert not model.streams[0].cancelled


async def test_what_an_action_spends_is_counted_for_it_alone(chat, model):
    model.scripts = [[WHOLE], [chunk("a"), USAGE_ITEM], [WHOLE]]
    spent = SPENT.begin()
    await chat.chat(HELLO, max_tokens=5)
    assert [piece async for piece in chat.stream(HELLO, max_tokens=5)] == ["a"]
    assert spent == {"general": [14, 4]}
    other = SPENT.begin()
    await chat.chat(HELLO, max_tokens=5)
    assert other == {"general": [7, 2]}
    assert spent == {"general": [14, 4]}


async def test_a_stream_that_is_left_early_is_cancelled(chat, model):
    model.scripts = [[chunk("a"), chunk("b")]]
    pieces = chat.stream(HELLO, max_tokens=5)
    assert await anext(pieces) == "a"
    await pieces.aclose()
    assert model.streams[0].cancelled


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ([], EngineFailed),
        ([{"error": {"message": "x", "code": 400}}], EngineFailed),
        ([BackPressureError(1, 1)], TooManyRequests),
    ],
)
async def test_failures(chat, model, script, kind):
    model.scripts = [script]
    with pytest.raises(kind):
        await chat.chat(HELLO, max_tokens=5)
    with pytest.raises(kind):
        _pieces = [piece async for piece in chat.stream(HELLO, max_tokens=5)]


async def test_an_error_in_mid_stream(chat, model):
    model.scripts = [[chunk("a"), {"error": {"message": "x", "code": 500}}]]
    pieces = chat.stream(HELLO, max_tokens=5)
    assert await anext(pieces) == "a"
    with pytest.raises(EngineFailed):
        await anext(pieces)
