"""The official client and LangChain's work unchanged."""

import base64
import json
import struct

import pytest
from langchain_openai import ChatOpenAI
from openai import AuthenticationError, BadRequestError, NotFoundError, OpenAI
from pydantic import BaseModel


@pytest.fixture(scope="module")
def openai(stack):
    client = OpenAI(base_url=stack.v1, api_key=stack.admin_key, max_retries=0)
    yield client
    client.close()


class Branch(BaseModel):
    name: str
    counters: int


def test_models_are_listed_by_alias(openai):
    models = {model.id: model for model in openai.models.list()}
    assert set(models) == {"general", "finance", "embedder"}
    assert models["general"].kind == "chat"
    assert models["general"].context_length == 8192
    assert openai.models.retrieve("embedder").id == "embedder"


def test_chat_answers_with_usage(openai):
    answer = openai.chat.completions.create(
        model="general", messages=[{"role": "user", "content": "What is the capital of France?"}],
        max_tokens=16, temperature=0,
    )  # fmt: skip
    assert "Paris" in answer.choices[0].message.content
    assert answer.model == "general"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert 0 < answer.usage.completion_tokens <= 16


def test_a_stream_gives_the_same_text_and_then_the_usage(openai):
    request = {
        "model": "general", "messages": [{"role": "user", "content": "Count from one to five."}],
        "max_tokens": 24, "temperature": 0, "seed": 1,
    }  # fmt: skip
    whole = openai.chat.completions.create(**request)
    chunks = list(openai.chat.completions.create(**request, stream=True, stream_options={"include_usage": True}))
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text == whole.choices[0].message.content
    assert len(chunks) > 5
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_a_stream_without_the_option_has_no_usage(openai):
    chunks = list(
        openai.chat.completions.create(
            model="general", messages=[{"role": "user", "content": "Hi"}], max_tokens=3, stream=True
        )
    )
    assert all(chunk.choices for chunk in chunks)


def test_several_choices(openai):
    answer = openai.chat.completions.create(
        model="general", messages=[{"role": "user", "content": "Name a colour."}], max_tokens=4, n=2, temperature=1
    )
    assert [choice.index for choice in answer.choices] == [0, 1]


def test_structured_output_holds_to_the_schema(openai):
    answer = openai.chat.completions.parse(
        model="general", messages=[{"role": "user", "content": "Describe the branch North with 4 counters."}],
        response_format=Branch, max_tokens=64, temperature=0,
    )  # fmt: skip
    parsed = answer.choices[0].message.parsed
    assert isinstance(parsed, Branch)


def test_a_json_object_is_json(openai):
    answer = openai.chat.completions.create(
        model="general", messages=[{"role": "user", "content": "Give a JSON object with the key city."}],
        response_format={"type": "json_object"}, max_tokens=48, temperature=0,
    )  # fmt: skip
    if answer.choices[0].finish_reason == "stop":
        assert isinstance(json.loads(answer.choices[0].message.content), dict)
    else:
        assert answer.choices[0].message.content.lstrip().startswith("{")


def test_a_named_tool_is_called_with_arguments_that_fit(openai):
    tool = {
        "type": "function",
        "function": {
            "name": "exchange_rate",
            "description": "Rate of a currency against the yuan",
            "parameters": {
                "type": "object",
                "properties": {"currency": {"type": "string", "enum": ["USD", "EUR"]}},
                "required": ["currency"],
                "additionalProperties": False,
            },
        },
    }
    answer = openai.chat.completions.create(
        model="general", messages=[{"role": "user", "content": "What is the dollar worth?"}], tools=[tool],
        tool_choice={"type": "function", "function": {"name": "exchange_rate"}}, max_tokens=48, temperature=0,
    )  # fmt: skip
    call = answer.choices[0].message.tool_calls[0]
    assert call.function.name == "exchange_rate"
    assert json.loads(call.function.arguments)["currency"] in ("USD", "EUR")
    followed = openai.chat.completions.create(
        model="general", max_tokens=8,
        messages=[
            {"role": "user", "content": "What is the dollar worth?"},
            answer.choices[0].message.model_dump(),
            {"role": "tool", "tool_call_id": call.id, "content": "7.1"},
        ],
    )  # fmt: skip
    assert followed.choices[0].message.role == "assistant"


def test_completions_whole_and_streamed(openai):
    request = {"model": "general", "prompt": "The bank opens at", "max_tokens": 8, "temperature": 0}
    whole = openai.completions.create(**request)
    streamed = "".join(chunk.choices[0].text for chunk in openai.completions.create(**request, stream=True))
    assert streamed == whole.choices[0].text


def test_embeddings_as_floats_and_as_base64(openai, http):
    answer = openai.embeddings.create(model="embedder", input=["savings account", "储蓄账户", "a red bicycle"])
    first, same_in_chinese, other = (row.embedding for row in answer.data)
    assert len(first) == 384
    assert sum(x * x for x in first) == pytest.approx(1, abs=1e-3)
    similar = sum(x * y for x, y in zip(first, same_in_chinese, strict=True))
    assert similar > sum(x * y for x, y in zip(first, other, strict=True))
    raw = http.post(
        "/v1/embeddings", json={"model": "embedder", "input": "savings account", "encoding_format": "base64"}
    ).json()
    decoded = struct.unpack("<384f", base64.b64decode(raw["data"][0]["embedding"]))
    assert decoded == pytest.approx(first, abs=1e-5)


def test_the_client_raises_its_own_errors(stack, openai):
    with pytest.raises(NotFoundError, match="general"):
        openai.chat.completions.create(model="gpt-4", messages=[{"role": "user", "content": "Hi"}])
    with pytest.raises(BadRequestError, match="n"):
        openai.chat.completions.create(model="general", messages=[{"role": "user", "content": "Hi"}], n=10_000)
    with OpenAI(base_url=stack.v1, api_key="lma-wrong", max_retries=0) as stranger, pytest.raises(AuthenticationError):
        stranger.models.list()


def test_langchain(stack):
    model = ChatOpenAI(base_url=stack.v1, api_key=stack.admin_key, model="general", max_tokens=16, temperature=0)
    assert "Paris" in model.invoke("What is the capital of France?").content
    assert "".join(chunk.content for chunk in model.stream("What is the capital of France?"))
    structured = model.bind(max_tokens=64).bind(
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "branch", "strict": True, "schema": Branch.model_json_schema()},
        }
    )
    Branch.model_validate_json(structured.invoke("Describe the branch North with 4 counters.").content)
