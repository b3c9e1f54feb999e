"""Answers as plain data: what a reviewer reads of them, what an edit makes of them, and whole ones as a stream."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from appliance.labels.content import LABEL_KEY
from appliance.serving.gateway.events import event
from appliance.state.review_records import Held

_REPEATING = ("sentences", "short", "model_text", "written", "label", "calculation", "conflicts")
"""Fields of a scenario's answer that say parts of `answer` once more, or what belongs to them."""


def question_text(question: object) -> str:
    """Return a question as a reviewer reads it: messages with their roles, prompts, the `question` of a payload."""
    if isinstance(question, str):
        return question
    if isinstance(question, Mapping) and isinstance(question.get("question"), str):
        return str(question["question"])
    if isinstance(question, list) and all(isinstance(one, str) for one in question):
        return "\n\n".join(question)
    if isinstance(question, list) and all(isinstance(one, Mapping) and "role" in one for one in question):
        if len(question) == 1:
            return _message_text(question[0])
        return "\n\n".join(f"[{message['role']}] {_message_text(message)}" for message in question)
    return json.dumps(question, ensure_ascii=False, indent=2)


def _message_text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    parts = [content] if isinstance(content, str) else [part.get("text", "") for part in content or ()]
    return "\n".join([*parts, *_calls(message)])


def _calls(message: Mapping[str, Any]) -> list[str]:
    calls = message.get("tool_calls") or ()
    return [f"{call['function'].get('name')}({call['function'].get('arguments')})" for call in calls]


def answer_text(body: Mapping[str, Any]) -> str:
    """Return every text of a model's answer: each choice with its reasoning and its tool calls."""
    told = []
    for choice in body.get("choices", ()):
        message = choice.get("message", {})
        texts = [message.get("reasoning_content") or message.get("reasoning"), message.get("content")]
        texts += [message.get("refusal"), choice.get("text"), *_calls(message)]
        told.append("\n\n".join(text for text in texts if text))
    if len(told) == 1:
        return told[0]
    return "\n\n".join(f"[{number}] {text}" for number, text in enumerate(told, 1))


def scenario_text(reply: Mapping[str, Any]) -> str:
    """Return the texts of a scenario's answer: those under `answer` and `model_text`, at any depth."""
    return "\n\n".join(dict.fromkeys(text for text in _under(reply, ("answer", "model_text")) if text))


def _under(value: object, names: tuple[str, ...]) -> Iterator[str]:
    inner = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        if name in names and isinstance(one, str):
            yield one
        yield from _under(one, names)


def edited(held: Held, text: str) -> Held:
    """Return a held answer with `text` in the place of all that was written; usage and label stay.

    Of several choices one is left: a reviewer releases one answer.
    """
    body = dict(held.body)
    if "choices" not in body:
        body |= {name: [] if isinstance(body[name], list) else None for name in _REPEATING if name in body}
        return Held({**body, "answer": text}, text)
    choice = {**body["choices"][0], "index": 0, "finish_reason": "stop"}
    if "logprobs" in choice:
        choice["logprobs"] = None
    if "message" in choice:
        choice["message"] = {"role": "assistant", "content": text}
    else:
        choice["text"] = text
    return Held({**body, "choices": [choice]}, text)


def emptied(body: dict[str, Any]) -> dict[str, Any]:
    """Return a model's answer with nothing that it wrote, only how each choice ended."""
    for choice in body.get("choices", ()):
        choice["logprobs"] = None
        if "message" in choice:
            choice["message"] = {"role": "assistant", "content": ""}
        else:
            choice["text"] = ""
    return body


def as_events(body: Mapping[str, Any], *, usage: bool) -> Iterator[str]:
    """Yield a whole answer of a model as the events of a stream, the label with each choice's end."""
    envelope = {name: body[name] for name in ("id", "created", "model") if name in body}
    chat = body.get("object") == "chat.completion"
    envelope["object"] = "chat.completion.chunk" if chat else body.get("object", "text_completion")
    label = {name: body[name] for name in (LABEL_KEY,) if name in body}
    for choice in body["choices"]:
        index, logprobs = choice.get("index", 0), choice.get("logprobs")
        for delta in _deltas(choice["message"]) if chat else ({"text": choice["text"]},):
            told = {"index": index, **({"delta": delta} if chat else delta), "logprobs": logprobs}
            yield event({**envelope, "choices": [{**told, "finish_reason": None}]})
            logprobs = None
        end: dict[str, Any] = {"index": index, "logprobs": None, "finish_reason": choice.get("finish_reason") or "stop"}
        end["delta" if chat else "text"] = {} if chat else ""
        yield event({**envelope, "choices": [end], **label})
    if usage:
        yield event({**envelope, "choices": [], "usage": body.get("usage")})
    yield "data: [DONE]\n\n"


def _deltas(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the role, then all that was written."""
    yield {"role": message.get("role", "assistant"), "content": ""}
    delta = {name: value for name, value in message.items() if name != "role" and value not in (None, "", [])}
    if "tool_calls" in delta:
        delta["tool_calls"] = [{**call, "index": number} for number, call in enumerate(delta["tool_calls"])]
    if delta:
        yield delta
