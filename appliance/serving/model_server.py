"""The deployment around one chat model's engine. The gateway calls it by handle; it has no HTTP route of its own."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from pydantic import ValidationError
from ray.llm._internal.serve.core.server.llm_server import LLMServer
from ray.serve.llm import LLMConfig

from appliance.serving.engine_load import Clock, load_of, replica_metrics
from appliance.serving.model_items import BEGUN, EVENT_END, Item, Operation
from appliance.serving.placement import one_on_each_node
from appliance.serving.pulse import EngineGone, Pulse
from appliance.serving.relocation import on_this_node

_DONE = "data: [DONE]"
_NO_CHOICES = '"choices":[]'
_INTERNAL = "InternalServerError"


class ModelServer(LLMServer):  # type: ignore[misc]
    """`ray.serve.llm`'s server with one streaming method that takes and gives plain data.

    The gateway needs neither vLLM nor its request classes, so it stays small and starts fast.
    """

    async def __init__(self, llm_config: LLMConfig) -> None:  # type: ignore[misc]  # Serve awaits it
        """Start the engine from the files of the node that the replica is on."""
        await super().__init__(on_this_node(llm_config))

    @classmethod
    def get_deployment_options(cls, llm_config: LLMConfig) -> dict[str, Any]:
        """Return Serve's options: on CPU one replica a node, and no placement group, as nothing is beside it."""
        options: dict[str, Any] = super().get_deployment_options(llm_config)
        return options if llm_config.accelerator_config.kind != "cpu" else one_on_each_node(options)

    def _get_default_engine_class(self) -> type[Any]:
        from appliance.serving.vllm_engine import Engine

        return Engine

    async def _start_engine(self) -> None:
        # Without the parent's telemetry report: nothing leaves the appliance, and its actor takes 260 MB.
        await self.engine.start()
        self._clock = Clock()
        self._pulse = Pulse()

    async def check_health(self) -> None:
        """Raise where the engine is gone, or is there and does nothing; a busy one is neither."""
        with _errors_for_all():
            await super().check_health()
            await self._pulse.check(self._sign_of_life)

    async def _sign_of_life(self) -> None:
        """Return when the engine has generated a token; one at work, when it comes between two steps to answering.

        A token would wait there behind the prompts that are being read.
        """
        if self._pulse.running:
            await self.engine._engine_client.is_sleeping()
        else:
            await self.canary()

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """Return what Serve's autoscaler is to know of this replica; Serve calls it every few seconds."""
        return replica_metrics(self.engine.load, self._clock)

    async def record_routing_stats(self) -> dict[str, float]:
        """Return what the status tells of this replica; it takes none of its places and does not keep the model awake.

        Serve's controller asks it too, every ten seconds, for its routers, which have no use for it.
        """
        return load_of(self.engine.load)

    async def generate(self, operation: Operation, body: dict[str, Any], request_id: str) -> AsyncIterator[Item]:
        """Do as `answer` does, and keep the model awake."""
        self._clock.begin()
        try:
            async with aclosing(self.answer(operation, body, request_id)) as items:
                async for item in items:
                    yield item
        finally:
            self._clock.end()

    async def answer(self, operation: Operation, body: dict[str, Any], request_id: str) -> AsyncGenerator[Item]:
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
        self._pulse.begin()
        try:
            with _errors_for_all():
                async for output in outputs_at_hand(outputs):
                    self._pulse.beat()
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
        finally:
            self._pulse.end()

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
        """Generate one token; return its text. Fails where a ping would still answer. Keeps no model awake."""
        body = {"model": self._llm_config.model_id, "prompt": "1", "max_tokens": 1, "temperature": 0.0}
        async for item in self.answer("completions", body, "canary"):
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


@contextlib.contextmanager
def _errors_for_all() -> Iterator[None]:
    """Raise what a dead engine raises as `EngineGone`.

    Whoever reads an error of vLLM's class imports vLLM for it; the gateway and Serve's controller would stand still.
    """
    from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

    try:
        yield
    except (EngineDeadError, EngineGenerateError) as error:
        raise EngineGone(f"{type(error).__name__}: {error}") from None


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
