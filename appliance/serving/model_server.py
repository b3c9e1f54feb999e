"""The deployment around one chat model's engine. The gateway calls it by handle; it has no HTTP route of its own."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from pydantic import ValidationError
from ray.llm._internal.serve.core.server.llm_server import LLMServer

from appliance.serving.model_items import BEGUN, EVENT_END, Item, Operation

_DONE = "data: [DONE]"
_NO_CHOICES = '"choices":[]'
_INTERNAL = "InternalServerError"


class ModelServer(LLMServer):  # type: ignore[misc]
    """`ray.serve.llm`'s server with one streaming method that takes and gives plain data.

    The gateway needs neither vLLM nor its request classes, so it stays small and starts fast.
    """

    def _get_default_engine_class(self) -> type[Any]:
        from appliance.serving.vllm_engine import Engine

        return Engine

    async def _start_engine(self) -> None:
        # Without the parent's telemetry report: nothing leaves the appliance, and its actor takes 260 MB.
        await self.engine.start()

    async def generate(self, operation: Operation, body: dict[str, Any], request_id: str) -> AsyncIterator[Item]:
        """Run one request that the gateway has checked.

        Streaming yields server-sent events as text, then `{"usage": …}`; not streaming `BEGUN`, then `{"result": …}`.
        A failure is one item `{"error": {"message", "type", "param", "code"}}`, also in the middle of a stream; with
        `schema`, the field whose schema the engine could not keep to.
        """
        from vllm.exceptions import GenerationError, VLLMValidationError

        try:
            request = self._request(operation, body, request_id)
        except (VLLMValidationError, ValidationError) as error:  # fields that exclude one another
            reason = str(error).replace("\n", " ")
            yield {"error": {"message": reason, "type": "BadRequestError", "param": None, "code": 400}}
            return
        if not body.get("stream"):
            yield BEGUN
        outputs = self.engine.chat(request, None) if operation == "chat" else self.engine.completions(request, None)
        try:
            async for output in outputs_at_hand(outputs):
                if isinstance(output, str):
                    for item in _items(output):
                        yield blamed(item, body)
                elif hasattr(output, "error"):
                    yield {"error": {**output.error.model_dump(), **await self._lengths(operation, body)}}
                else:
                    yield {"result": output.model_dump(exclude_none=True)}
        except GenerationError as error:  # of this request alone
            failed = {"message": str(error), "type": _INTERNAL, "param": None, "code": int(error.status_code)}
            yield blamed({"error": failed}, body)

    async def _lengths(self, operation: Operation, body: dict[str, Any]) -> dict[str, int | None]:
        """Return how long a refused request is; the engine itself stops counting one token behind its context."""
        asked = body.get("max_completion_tokens") or body.get("max_tokens")
        count: int | None = None
        # The template may be what refused the messages; then the engine's own reason is all there is to tell.
        with contextlib.suppress(TemplateError, TypeError, ValueError, KeyError):
            count = await asyncio.to_thread(self._count_prompt, operation, body)
        return {"prompt_tokens": count, "max_tokens": asked}

    def _count_prompt(self, operation: Operation, body: dict[str, Any]) -> int:
        """Return the prompt's tokens, of several prompts the longest one's."""
        tokenizer = self.engine._engine_client.get_tokenizer()
        if operation == "chat":
            template = Path(self._llm_config.engine_kwargs["chat_template"]).read_text(encoding="utf-8")
            text = tokenizer.apply_chat_template(
                body["messages"],
                tools=body.get("tools"),
                chat_template=template,
                add_generation_prompt=True,
                tokenize=False,
            )
            return len(tokenizer.encode(text, add_special_tokens=False))
        prompts = [body["prompt"]] if isinstance(body["prompt"], str) else body["prompt"]
        return max(len(tokenizer.encode(prompt)) for prompt in prompts)

    async def canary(self) -> str:
        """Generate one token; return its text. Fails where a ping would still answer."""
        body = {"model": self._llm_config.model_id, "prompt": "1", "max_tokens": 1, "temperature": 0.0}
        async for item in self.generate("completions", body, "canary"):
            if item == BEGUN:
                continue
            if isinstance(item, dict) and "result" in item:
                return str(item["result"]["choices"][0]["text"])
            raise RuntimeError(str(item))
        raise RuntimeError("the engine gave no answer")

    @staticmethod
    def _request(operation: Operation, body: dict[str, Any], request_id: str) -> Any:  # noqa: ANN401 - vLLM's class
        from ray.llm._internal.serve.core.configs.openai_api_models import ChatCompletionRequest, CompletionRequest

        kind = ChatCompletionRequest if operation == "chat" else CompletionRequest
        if body.get("stream"):
            body = {**body, "stream_options": {"include_usage": True}}  # metering needs it, wanted or not
        return kind.model_validate({**body, "request_id": request_id})


async def outputs_at_hand(outputs: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Yield what the engine gives, texts that are there together as one text.

    An item costs some milliseconds on its way to the gateway. Nothing waits here: the first text leaves at once, and
    while it is on its way the next ones gather.
    """
    waiting: asyncio.Queue[Any] = asyncio.Queue()
    end = object()

    async def gather() -> None:
        try:
            async for output in outputs:
                waiting.put_nowait(output)
        finally:
            waiting.put_nowait(end)

    task = asyncio.create_task(gather())
    try:
        while (output := await waiting.get()) is not end:
            texts = []
            while isinstance(output, str):
                texts.append(output)
                output = waiting.get_nowait() if not waiting.empty() else None
            if texts:
                yield "".join(texts)
            if output is end:
                break
            if output is not None:
                yield output
        await task  # raises what the engine raised
    finally:
        task.cancel()
        await asyncio.wait([task])


def blamed(item: Item, body: dict[str, Any]) -> Item:
    """Return an item; where the engine gave up a request that had to keep to a schema, with the field it stands in.

    That is all the engine tells when a grammar cannot be compiled, or when no next token would fit it.
    """
    if not isinstance(item, dict) or item.get("error", {}).get("type") != _INTERNAL:
        return item
    form = body.get("response_format") or {}
    free = form.get("type", "text") == "text"
    field = "tools" if free and body.get("tools") and body.get("tool_choice") != "none" else None
    field = field if free else "response_format"
    return item if field is None else {"error": {**item["error"], "schema": field}}


def _items(text: str) -> list[Item]:
    """Return the items of one or more events: text to pass on, and apart the usage that closes a stream or an error."""
    items: list[Item] = []
    passed: list[str] = []
    for event in text.split(EVENT_END)[:-1]:
        if event.startswith(_DONE):
            continue
        if _NO_CHOICES in event:
            items.append({"usage": json.loads(event.removeprefix("data: "))})
        elif event.startswith('data: {"error"'):
            items.append(json.loads(event.removeprefix("data: ")))
        else:
            passed.append(event + EVENT_END)
    return ["".join(passed), *items] if passed else items
