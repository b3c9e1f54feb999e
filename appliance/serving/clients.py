"""`core.protocols` for scenarios, by deployment handle."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from appliance.core.errors import EngineFailed
from appliance.core.ids import new_id
from appliance.core.messages import _
from appliance.core.protocols import ChatResult
from appliance.serving.generation import Generation
from appliance.serving.handles import Handles


class HandleChat:
    """`ChatClient` for the chat model behind an alias."""

    def __init__(self, handles: Handles, alias: str) -> None:
        self._handles = handles
        self._alias = alias

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
                if isinstance(item, str):
                    for choice in json.loads(item.removeprefix("data: "))["choices"]:
                        if text := choice["delta"].get("content"):
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
