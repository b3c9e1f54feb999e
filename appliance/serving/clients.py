"""`core.protocols` for scenarios, by deployment handle."""

import json
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from appliance.core.errors import ContentFiltered, EngineFailed
from appliance.core.ids import new_id
from appliance.core.messages import _
from appliance.core.principal import urgency
from appliance.core.protocols import ChatResult
from appliance.serving.action_runs import ActionRun, ActionRuns
from appliance.serving.generation import Generation
from appliance.serving.handles import Handles
from appliance.serving.isolation import cache_salt
from appliance.serving.model_items import EVENT_END

FILTERED = "content_filter"
"""Finish reason of an answer that the guardrails ended."""


def _texts(events: str) -> Iterator[str]:
    """Yield the pieces of text in one or more whole events."""
    for event in events.split(EVENT_END)[:-1]:
        for choice in json.loads(event.removeprefix("data: "))["choices"]:
            if text := choice["delta"].get("content"):
                yield text


class HandleChat:
    """`ChatClient` for the chat model behind an alias, between the guardrails of the action that asks."""

    def __init__(self, handles: Handles, alias: str, runs: ActionRuns, pepper: bytes) -> None:
        self._handles = handles
        self._pepper = pepper
        self._alias = alias
        self._runs = runs

    async def chat(
        self, messages: Sequence[Mapping[str, str]], *, max_tokens: int, temperature: float = 0.0
    ) -> ChatResult:
        """Return the whole answer. Raises `Unavailable`, `TooManyRequests`."""
        run = self._runs.current()
        admitted = await run.messages(messages)
        if admitted is None:
            return ChatResult("", 0, 0, FILTERED)
        async with self._generation(run, admitted, max_tokens, temperature, stream=False) as generation:
            item = await generation.first()
            if not isinstance(item, dict) or "result" not in item:
                raise self._failed()
            result = item["result"]
            choice, usage = result["choices"][0], result["usage"]
            run.spend(self._alias, usage)
            verdict = await run.answer(choice["message"].get("content") or "")
            return ChatResult(
                text=verdict.text,
                prompt_tokens=usage["prompt_tokens"],
                completion_tokens=usage["completion_tokens"],
                finish_reason=FILTERED if verdict.action == "block" else choice["finish_reason"],
            )

    async def stream(
        self, messages: Sequence[Mapping[str, str]], *, max_tokens: int, temperature: float = 0.0
    ) -> AsyncGenerator[str, None]:
        """Yield the answer's text as it may leave. Raises as `chat` does, and `ContentFiltered`."""
        run = self._runs.current()
        admitted = await run.messages(messages)
        if admitted is None:
            raise self._filtered()
        output = run.output()
        async with aclosing(self._pieces(run, admitted, max_tokens, temperature)) as pieces:
            async for piece in pieces:
                released = await run.release(output, piece)
                if released.text:
                    yield released.text
                if released.blocked:
                    raise self._filtered()
        released = await run.rest(output)
        if released.text:
            yield released.text
        if released.blocked:
            raise self._filtered()

    async def _pieces(
        self, run: ActionRun, messages: Sequence[Mapping[str, str]], max_tokens: int, temperature: float
    ) -> AsyncGenerator[str, None]:
        """Yield the text as the model writes it; one that is left early is counted by its pieces."""
        written = 0
        try:
            async with self._generation(run, messages, max_tokens, temperature, stream=True) as generation:
                item: Any = await generation.first()
                rest = generation.rest()
                while item is not None:
                    if isinstance(item, dict) and "error" in item:
                        raise self._failed()
                    if isinstance(item, dict) and "usage" in item:
                        written = 0
                        run.spend(self._alias, item["usage"]["usage"])
                    if isinstance(item, str):
                        for text in _texts(item):
                            written += 1
                            yield text
                    item = await anext(rest, None)
        finally:
            if written:
                run.spend(self._alias, {"completion_tokens": written})

    def _generation(
        self,
        run: ActionRun,
        messages: Sequence[Mapping[str, str]],
        max_tokens: int,
        temperature: float,
        *,
        stream: bool,
    ) -> Generation:
        body = {
            "model": self._alias,
            "messages": [dict(message) for message in messages],
            "max_tokens": max_tokens,
            "temperature": temperature,
            "stream": stream,
            "priority": urgency(run.priority),
            "cache_salt": cache_salt(self._pepper, run.tenant),
        }
        # One action asks one version: the run's id is what the percentage goes by.
        route = self._handles.route(self._alias, run.tenant, run.id)
        return Generation(route, self._alias, "chat", body, new_id("req"))

    def _failed(self) -> EngineFailed:
        return EngineFailed(_("The model {target} gave no answer.", target=self._alias), _("Send the request again."))

    def _filtered(self) -> ContentFiltered:
        return ContentFiltered(
            _("The guardrails have ended the answer of the model {target}.", target=self._alias),
            _("Word it differently; an administrator can say what the rule forbids."),
        )
