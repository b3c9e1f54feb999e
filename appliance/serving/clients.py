"""`core.protocols` for scenarios, by deployment handle."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from appliance.core.errors import EngineFailed
from appliance.core.ids import new_id
from appliance.core.messages import _
from appliance.core.protocols import ChatResult
from appliance.serving.generation import Generation
from appliance.serving.handles import Handles
from appliance.serving.model_items import EVENT_END


class Spent:
    """Tokens that one action has used, by model alias: the gateway meters them for the action's caller."""

    def __init__(self) -> None:
        self._current: ContextVar[dict[str, list[int]] | None] = ContextVar("spent", default=None)

    def begin(self) -> dict[str, list[int]]:
        """Start a fresh count in this context; return it: alias to [prompt, completion]."""
        counts: dict[str, list[int]] = {}
        self._current.set(counts)
        return counts

    def add(self, alias: str, usage: Mapping[str, Any]) -> None:
        """Add what a generation used."""
        counts = self._current.get()
        if counts is not None:
            count = counts.setdefault(alias, [0, 0])
            count[0] += int(usage.get("prompt_tokens") or 0)
            count[1] += int(usage.get("completion_tokens") or 0)


def _texts(events: str) -> Iterator[str]:
    """Yield the pieces of text in one or more whole events."""
    for event in events.split(EVENT_END)[:-1]:
        for choice in json.loads(event.removeprefix("data: "))["choices"]:
            if text := choice["delta"].get("content"):
                yield text


class HandleChat:
    """`ChatClient` for the chat model behind an alias."""

    def __init__(self, handles: Handles, alias: str, spent: Spent) -> None:
        self._handles = handles
        self._alias = alias
        self._spent = spent

    async def chat(
        self, messages: Sequence[Mapping[str, str]], *, max_tokens: int, temperature: float = 0.0
    ) -> ChatResult:
        """Return the whole answer. Raises `Unavailable`, `TooManyRequests`."""
        async with self._generation(messages, max_tokens, temperature, stream=False) as generation:
            item = await generation.first()
            if not isinstance(item, dict) or "result" not in item:
                raise self._failed()
            result = item["result"]
            choice, usage = result["choices"][0], result["usage"]
            self._spent.add(self._alias, usage)
            return ChatResult(
                text=choice["message"].get("content") or "",
                prompt_tokens=usage["prompt_tokens"],
                completion_tokens=usage["completion_tokens"],
                finish_reason=choice["finish_reason"],
            )

    async def stream(
        self, messages: Sequence[Mapping[str, str]], *, max_tokens: int, temperature: float = 0.0
    ) -> AsyncIterator[str]:
        """Yield the answer's text piece by piece. Raises as `chat` does."""
        async with self._generation(messages, max_tokens, temperature, stream=True) as generation:
            item: Any = await generation.first()
            rest = generation.rest()
            while item is not None:
                if isinstance(item, dict) and "error" in item:
                    raise self._failed()
                if isinstance(item, dict) and "usage" in item:
                    self._spent.add(self._alias, item["usage"]["usage"])
                if isinstance(item, str):
                    for text in _texts(item):
                        yield text
                item = await anext(rest, None)

    def _generation(
        self, messages: Sequence[Mapping[str, str]], max_tokens: int, temperature: float, *, stream: bool
    ) -> Generation:
        body = {
            "model": self._alias,
            "messages": [dict(message) for message in messages],
            "max_tokens": max_tokens,
            "temperature": temperature,
            "stream": stream,
        }
        return Generation(self._handles.handle(self._alias), self._alias, "chat", body, new_id("req"))

    def _failed(self) -> EngineFailed:
        return EngineFailed(_("The model {target} gave no answer.", target=self._alias), _("Send the request again."))
