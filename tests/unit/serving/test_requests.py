"""Request bodies: what is refused and how it is named, and that what clients send is taken."""

import json

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.messages import ToolMessage as LangchainToolMessage
from langchain_openai.chat_models.base import _convert_message_to_dict
from openai.types.chat import ChatCompletionMessage
from openai.types.chat.chat_completion_message_function_tool_call import ChatCompletionMessageFunctionToolCall, Function

from appliance.core.errors import InvalidRequest
from appliance.core.messages import LANGUAGES
from appliance.serving.gateway.body import parse_body, parse_json
from appliance.serving.gateway.schemas import ChatCompletionRequest, CompletionRequest, EmbeddingRequest

HELLO = [{"role": "user", "content": "Hello"}]
TOOL = {"type": "function", "function": {"name": "rate", "parameters": {"type": "object"}}}


def chat(**fields):
    return json.dumps({"model": "general", "messages": HELLO, **fields}).encode()


def refusal(raw, model=ChatCompletionRequest):
    with pytest.raises(InvalidRequest) as caught:
        parse_body(raw, model)
    for language in LANGUAGES:
        text = caught.value.render(language)
        assert text
        assert caught.value.param is None or caught.value.param in text
        json.dumps({"message": text, "param": caught.value.param}, ensure_ascii=False).encode()
    return caught.value


def schema(value):
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": value}}


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"n": 9}, "n", "invalid_value"),
        ({"n": 0}, "n", "invalid_value"),
        ({"n": 1.5}, "n", "invalid_value"),
        ({"n": "2"}, "n", "invalid_value"),
        ({"n": True}, "n", "invalid_value"),
        ({"stop": ["x"] * 17}, "stop", "invalid_value"),
        ({"stop": ""}, "stop", "invalid_value"),
        ({"stop": ["a", ""]}, "stop.1", "invalid_value"),
        ({"stop": 5}, "stop", "invalid_value"),
        ({"max_tokens": 0}, "max_tokens", "invalid_value"),
        ({"max_completion_tokens": 10**7}, "max_completion_tokens", "invalid_value"),
        ({"temperature": 2.1}, "temperature", "invalid_value"),
        ({"top_p": 0}, "top_p", "invalid_value"),
        ({"top_k": 1001}, "top_k", "invalid_value"),
        ({"min_p": -1}, "min_p", "invalid_value"),
        ({"repetition_penalty": 0}, "repetition_penalty", "invalid_value"),
        ({"presence_penalty": -3}, "presence_penalty", "invalid_value"),
        ({"frequency_penalty": 3}, "frequency_penalty", "invalid_value"),
        ({"seed": 2**63}, "seed", "invalid_value"),
        ({"user": "x" * 257}, "user", "invalid_value"),
        ({"stream": 1}, "stream", "invalid_value"),
        ({"stream_options": {"include_usage": True, "more": 1}}, "stream_options.more", "unsupported_field"),
        ({"top_logprobs": 21}, "top_logprobs", "invalid_value"),
        ({"model": "a b"}, "model", "invalid_value"),
        ({"model": None}, "model", "invalid_value"),
        ({"messages": None}, "messages", "invalid_value"),
        ({"messages": []}, "messages", "invalid_value"),
        ({"messages": [5]}, "messages.0", "invalid_value"),
        ({"messages": HELLO * 2049}, "messages", "invalid_value"),
        ({"messages": [*HELLO, {"role": "user"}]}, "messages.1.content", "missing_field"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.tool_call_id", "missing_field"),
        ({"messages": [{"role": "system", "content": "x", "tools": []}]}, "messages.0.tools", "unsupported_field"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://x"}}]}]},
            "messages.0.content.0.image_url",
            "unsupported_field",
        ),
        ({"response_format": {"type": "grammar"}}, "response_format", "invalid_value"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "missing_field"),
        ({"response_format": schema({"type": "nothing"})}, "response_format.json_schema.schema", "invalid_value"),
        ({"tools": []}, "tools", "invalid_value"),
        ({"tools": [TOOL] * 65}, "tools", "invalid_value"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools.0.function.name", "invalid_value"),
        ({"tool_choice": "any"}, "tool_choice", "invalid_value"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.function", "missing_field"),
        ({"logit_bias": {"1": 1}}, "logit_bias", "unsupported_field"),
        ({"bad_words": ["x"]}, "bad_words", "unsupported_field"),
        ({"chat_template": "x"}, "chat_template", "unsupported_field"),
        ({"chat_template_kwargs": {}}, "chat_template_kwargs", "unsupported_field"),
        ({"structured_outputs": {"regex": "a"}}, "structured_outputs", "unsupported_field"),
        ({"cache_salt": "other"}, "cache_salt", "unsupported_field"),
        ({"priority": 1}, "priority", "unsupported_field"),
        ({"prompt_embeds": "AA"}, "prompt_embeds", "unsupported_field"),
        ({"kv_transfer_params": {}}, "kv_transfer_params", "unsupported_field"),
        ({"vllm_xargs": {}}, "vllm_xargs", "unsupported_field"),
        ({"request_id": "x"}, "request_id", "unsupported_field"),
    ],
)
def test_a_bad_chat_field_is_named(fields, param, code):
    error = refusal(chat(**fields))
    assert (error.param, error.code) == (param, code)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"prompt": []}, "prompt"),
        ({"prompt": ["x"] * 17}, "prompt"),
        ({"prompt": [1, 2]}, "prompt.0"),
        ({"prompt": [[1, 2]]}, "prompt.0"),
        ({}, "prompt"),
        ({"prompt": "x", "logprobs": 6}, "logprobs"),
        ({"prompt": "x", "echo": True}, "echo"),
        ({"prompt": "x", "suffix": "y"}, "suffix"),
        ({"prompt": "x", "best_of": 2}, "best_of"),
    ],
)
def test_a_bad_completion_field_is_named(body, param):
    assert refusal(json.dumps({"model": "general", **body}).encode(), CompletionRequest).param == param


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": []}, "input"),
        ({"input": ["x"] * 257}, "input"),
        ({"input": [1]}, "input.0"),
        ({"input": 5}, "input"),
        ({"input": "x", "encoding_format": "int8"}, "encoding_format"),
        ({"input": "x", "dimensions": 1.5}, "dimensions"),
        ({"input": "x", "input_type": "text"}, "input_type"),
        ({"input": "x", "truncate_prompt_tokens": 5}, "truncate_prompt_tokens"),
    ],
)
def test_a_bad_embedding_field_is_named(body, param):
    assert refusal(json.dumps({"model": "embedder", **body}).encode(), EmbeddingRequest).param == param


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b'{"a": NaN}', "invalid_json"),
        (b'{"a": -Infinity}', "invalid_json"),
        (b'{"a": 1e999}', "invalid_json"),
        (b'{"a": ' + b"9" * 5000 + b"}", "invalid_json"),
        (b"\xff\xfe{}", "invalid_json"),
        (b"\xef\xbb\xbf{}", "invalid_json"),
        (b'{"a": "\\ud800"}', "invalid_json"),
        (b'{"\\udc00": 1}', "invalid_json"),
        (b"[" * 100_000, "nested_too_deep"),
        (b"[" * 100_000 + b"]" * 100_000, "nested_too_deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested_too_deep"),
        (b"[" * 65 + b"]" * 65, "nested_too_deep"),
        (b"[]", "invalid_body"),
        (b'"text"', "invalid_body"),
        (b"null", "invalid_body"),
    ],
)
def test_a_body_that_is_no_request(raw, code):
    assert refusal(raw).code == code


def test_json_that_only_looks_odd_is_taken():
    assert parse_json(b"[" * 64 + b"]" * 64)
    assert parse_json('{"a": "\\ud83d\\ude00 \\u4e2d 😀"}'.encode()) == {"a": "😀 中 😀"}
    assert parse_json(b'{"a": 1e5, "b": -12}') == {"a": 1e5, "b": -12}


TOOL_CALL = ChatCompletionMessageFunctionToolCall(
    id="call_1", type="function", function=Function(name="rate", arguments='{"currency": "USD"}')
)


@pytest.mark.parametrize(
    "message",
    [
        ChatCompletionMessage(role="assistant", content="Hi"),
        ChatCompletionMessage(role="assistant", content=None, tool_calls=[TOOL_CALL]),
        ChatCompletionMessage.model_construct(role="assistant", content="Hi", tool_calls=[], reasoning="because"),
    ],
    ids=["text", "tool call", "as the engine gives it"],
)
@pytest.mark.parametrize("options", [{}, {"exclude_none": True}, {"exclude_unset": True}], ids=str)
def test_an_answer_of_the_openai_package_can_be_sent_back(message, options):
    history = [*HELLO, message.model_dump(**options), {"role": "tool", "tool_call_id": "call_1", "content": "7.1"}]
    request = parse_body(chat(messages=history), ChatCompletionRequest)
    sent = request.model_dump(exclude_none=True, mode="json")["messages"][1]
    assert sent["role"] == "assistant"
    assert [call["id"] for call in sent.get("tool_calls", [])] == [call.id for call in message.tool_calls or []]


def test_langchains_messages_are_taken():
    history = [
        SystemMessage("Be brief."),
        HumanMessage([{"type": "text", "text": "What is the dollar worth?"}]),
        AIMessage("", tool_calls=[{"name": "rate", "args": {"currency": "USD"}, "id": "call_1"}]),
        LangchainToolMessage("7.1", tool_call_id="call_1"),
        AIMessage("7.1 yuan"),
    ]
    request = parse_body(
        chat(messages=[_convert_message_to_dict(message) for message in history]), ChatCompletionRequest
    )
    assert [message.role for message in request.messages] == ["system", "user", "assistant", "tool", "assistant"]


@pytest.mark.parametrize(
    "fields",
    [
        {"n": 8, "stop": ["x"] * 16, "temperature": 0, "top_p": 1, "seed": -1, "user": "u", "stream": True},
        {"stream_options": {"include_usage": True}, "logprobs": True, "top_logprobs": 20},
        {"tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": True},
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "rate"}}},
        {"response_format": {"type": "text"}},
        {"response_format": {"type": "json_object"}},
        {"max_tokens": None, "stop": None, "tools": None, "response_format": None},
    ],
)
def test_ordinary_requests_are_taken(fields):
    parse_body(chat(**fields), ChatCompletionRequest)


def test_a_schema_reaches_the_engine_as_it_was_sent():
    value = {"type": "object", "properties": {"a": {"enum": [None, 1, "中"], "default": None}}, "required": ["a"]}
    request = parse_body(chat(response_format=schema(value)), ChatCompletionRequest)
    dumped = request.model_dump(exclude_none=True, mode="json")
    assert dumped["response_format"] == {"type": "json_schema", "json_schema": {"name": "x", "schema": value}}
