"""The model's deployment without its engine: events, refusals, and what becomes of the engine's own words."""

import asyncio
import json
import pickle
import subprocess
import sys

import pytest
from jinja2 import TemplateError
from vllm.entrypoints.generate.base.protocol import DeltaMessage
from vllm.entrypoints.openai.chat_completion.protocol import (
    ChatCompletionResponseStreamChoice,
    ChatCompletionStreamResponse,
)
from vllm.entrypoints.serve.engine.protocol import UsageInfo
from vllm.exceptions import GenerationError, VLLMValidationError
from vllm.renderers.params import TokenizeParams
from vllm.v1.engine.exceptions import EngineDeadError

from appliance.core.errors import EngineFailed, InvalidRequest
from appliance.serving.engine_load import Clock, EngineLoad
from appliance.serving.gateway.errors import from_engine
from appliance.serving.model_items import BEGUN
from appliance.serving.model_server import ModelServer, outputs_at_hand
from appliance.serving.model_server import _items as events_of
from appliance.serving.pulse import EngineGone, EngineSilent, Pulse

CONTEXT = 8192


class Refusing:
    """An engine that refuses with `reason`; `tokens` is the prompt's length, or the error that counting it gives."""

    def __init__(self, reason, tokens):
        self._reason = reason
        self.tokens = tokens

    async def chat(self, request, _info):
        yield Answer(error=Answer(message=self._reason, type="BadRequestError", param=None, code=400))

    completions = chat


class Answer:
    def __init__(self, **fields):
        self.__dict__ |= fields

    def model_dump(self, **_options):
        return dict(self.__dict__)


class Server(ModelServer):
    def _count_prompt(self, operation, body):
        if isinstance(self.engine.tokens, Exception):
            raise self.engine.tokens
        return self.engine.tokens

    def __del__(self):
        """Ray's own is a coroutine function, which nobody awaits outside an actor."""


def server(engine=None):
    made = Server.__new__(Server)
    made.engine = engine
    made._clock = Clock()
    made._pulse = Pulse()
    return made


async def items(engine, operation, **body):
    if operation == "chat":
        body["messages"] = [{"role": "user", "content": "Hello"}]
    found = [item async for item in server(engine).generate(operation, {"model": "general", **body}, "r")]
    return [item for item in found if item != BEGUN]


def sse(chunk):
    return f"data: {chunk.model_dump_json(exclude_unset=True)}\n\n"


def stream_chunk(text):
    choice = ChatCompletionResponseStreamChoice(index=0, delta=DeltaMessage(content=text))
    return ChatCompletionStreamResponse(id="c", created=1, model="general", choices=[choice])


@pytest.mark.parametrize("text", ["Hi", '"choices":[]', 'data: {"error"', "[DONE]", "\n\n", "中"])
def test_text_is_passed_on_whatever_it_looks_like(text):
    event = sse(stream_chunk(text))
    assert events_of(event + event) == [event + event]


def test_the_last_chunk_is_the_usage():
    usage = UsageInfo(prompt_tokens=1, completion_tokens=2, total_tokens=3)
    event = sse(ChatCompletionStreamResponse(id="c", created=1, model="general", choices=[], usage=usage))
    text = sse(stream_chunk("x"))
    kept, last = events_of(text + event)
    assert kept == text
    assert last["usage"]["usage"]["total_tokens"] == 3


def test_an_error_and_the_end_mark():
    error = {"message": "boom", "type": "x", "param": None, "code": 500}
    assert events_of(f"data: {json.dumps({'error': error})}\n\n") == [{"error": error}]
    assert events_of("data: [DONE]\n\n") == []


async def collected(outputs):
    return [output async for output in outputs_at_hand(outputs)]


async def test_texts_that_are_there_together_leave_as_one():
    async def engine():
        for text in ("a", "b"):
            yield text
        await asyncio.sleep(0.01)
        yield "c"
        yield 1
        yield "d"

    assert await collected(engine()) == ["ab", "c", 1, "d"]


async def test_what_was_there_leaves_before_the_engines_error():
    async def engine():
        yield "a"
        raise ValueError("boom")

    outputs = outputs_at_hand(engine())
    assert await anext(outputs) == "a"
    with pytest.raises(ValueError, match="boom"):
        await anext(outputs)


async def test_leaving_early_ends_the_engines_work():
    ended = asyncio.Event()

    async def engine():
        try:
            yield "a"
            await asyncio.sleep(60)
        finally:
            ended.set()

    outputs = outputs_at_hand(engine())
    assert await anext(outputs) == "a"
    await outputs.aclose()
    assert ended.is_set()


def test_a_stream_is_always_asked_for_its_usage():
    body = {"model": "general", "messages": [{"role": "user", "content": "x"}]}
    assert ModelServer._request("chat", {**body, "stream": True}, "r").stream_options.include_usage
    assert ModelServer._request("chat", body, "r").stream_options is None
    assert ModelServer._request("completions", {"model": "general", "prompt": "x"}, "r").request_id == "r"


@pytest.mark.parametrize("fields", [{"tool_choice": "required"}, {"tool_choice": "auto"}, {"top_logprobs": 3}], ids=str)
async def test_fields_that_exclude_one_another_are_the_callers_fault(fields):
    (item,) = await items(None, "chat", **fields)
    error = from_engine(item["error"], CONTEXT)
    assert isinstance(error, InvalidRequest)
    assert next(iter(fields)) in error.render("en")


def refusal_of_vllm(prompt, output):
    """Return what vLLM itself says to so many tokens."""
    try:
        params = TokenizeParams(max_total_tokens=CONTEXT, max_output_tokens=output)
        # Its tokenizer stops one behind what fits, so it does not know how long the prompt really is.
        params._token_len_check(None, [1] * min(prompt, params.max_input_tokens + 1))
    except VLLMValidationError as error:
        return str(error)
    raise AssertionError("vLLM takes it")


@pytest.mark.parametrize(
    ("prompt", "output", "param"),
    [(20_000, 2, "messages"), (8193, 500, "messages"), (10, 100_000, "max_tokens")],
)
@pytest.mark.parametrize("operation", ["chat", "completions"])
async def test_a_request_longer_than_the_context_is_told_with_both_numbers(operation, prompt, output, param):
    engine = Refusing(refusal_of_vllm(prompt, output), prompt)
    (item,) = await items(
        engine, operation, max_tokens=output, **({"prompt": "x"} if operation == "completions" else {})
    )
    error = from_engine(item["error"], CONTEXT)
    assert isinstance(error, InvalidRequest)
    assert (error.code, error.param) == ("context_length_exceeded", param)
    assert error.details == {"context_length": CONTEXT, "requested_tokens": prompt + output, "prompt_tokens": prompt}
    for language in ("en", "zh_CN"):
        assert str(CONTEXT) in error.render(language)
        assert str(prompt + output) in error.render(language)


def test_a_prompt_that_leaves_no_room_for_an_answer():
    error = from_engine({"message": "x", "code": 400, "prompt_tokens": CONTEXT, "max_tokens": None}, CONTEXT)
    assert error.details["requested_tokens"] == CONTEXT + 1


@pytest.mark.parametrize("tokens", [5, 8000, ValueError("roles must alternate"), TemplateError("no such role")])
async def test_another_refusal_keeps_its_reason(tokens):
    (item,) = await items(Refusing("no such tool", tokens), "chat", max_tokens=500)
    error = from_engine(item["error"], CONTEXT)
    assert error.code == "engine_refused"
    assert "no such tool" in error.render("en")


@pytest.mark.parametrize("code", [500, 503, None, "x"])
def test_what_is_not_the_callers_fault_keeps_its_reason_to_itself(code):
    error = from_engine({"message": "CUDA error at /home/x", "code": code}, CONTEXT)
    assert isinstance(error, EngineFailed)
    assert "CUDA" not in error.render("en")


SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}


class GivingUp(Refusing):
    """An engine whose grammar fails: it tells of it in the stream, and by an exception where nothing is streamed."""

    async def chat(self, request, _info):
        if not request.stream:
            raise GenerationError
        yield sse(stream_chunk(""))
        error = {"message": "Internal server error", "type": "InternalServerError", "param": None, "code": 500}
        yield f"data: {json.dumps({'error': error})}\n\n"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fields", "param"),
    [({"response_format": SCHEMA}, "response_format"), ({"tools": [TOOL]}, "tools"),
     ({"tools": [TOOL], "response_format": SCHEMA}, "response_format")],
)  # fmt: skip
async def test_a_schema_that_the_engine_gives_up_on_is_the_callers_fault(fields, param, stream):
    *_begun, item = await items(GivingUp("no", 5), "chat", stream=stream, **fields)
    error = from_engine(item["error"], CONTEXT)
    assert (error.code, error.param) == ("schema_not_usable", param)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fields", [{}, {"response_format": {"type": "text"}}])
async def test_an_engine_that_gives_up_without_a_schema_has_failed(fields, stream):
    *_begun, item = await items(GivingUp("no", 5), "chat", stream=stream, **fields)
    assert isinstance(from_engine(item["error"], CONTEXT), EngineFailed)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_whole_answer_is_announced_so_that_it_is_not_sent_elsewhere(stream):
    messages = [{"role": "user", "content": "Hello"}]
    body = {"model": "general", "messages": messages, "stream": stream}
    found = [item async for item in server(Refusing("no", 5)).generate("chat", body, "r")]
    assert (found[0] == BEGUN) is not stream
    assert len(found) == 2 - stream


async def test_requests_keep_a_model_awake_and_looks_at_its_health_do_not():
    class Answering(Refusing):
        load = EngineLoad()

        async def completions(self, request, _info):
            assert (made._clock.since_last() == 0) is not looking
            yield Answer(choices=[{"text": "a"}])

    made, looking = server(Answering("no", 5)), False
    made._llm_config = Answer(model_id="general")
    now = [0.0]
    made._clock = Clock(lambda: now[0])
    now[0] = 50.0
    _items = [item async for item in made.generate("completions", {"model": "general", "prompt": "a"}, "r")]
    now[0], looking = 90.0, True
    await made.canary()
    assert (await made.record_autoscaling_stats())["since_last_s"] == 40.0
    assert await made.record_routing_stats() == {"running": 0, "waiting": 0, "kv_use": 0.0}
    assert (await made.record_autoscaling_stats())["since_last_s"] == 40.0


async def test_the_canary_waits_for_what_was_generated():
    class Answering(Refusing):
        async def completions(self, request, _info):
            yield Answer(choices=[{"text": "a"}])

    made = server(Answering("no", 5))
    made._llm_config = Answer(model_id="general")
    assert await made.canary() == "a"


class Stopped:
    """An engine whose process is there and answers nothing."""

    def __init__(self):
        self.asked = []
        self._engine_client = self

    async def check_health(self):
        """Tell what its process does: it lives."""

    async def completions(self, request, _info):
        self.asked.append("token")
        await asyncio.Event().wait()
        yield request

    async def is_sleeping(self):
        self.asked.append("step")
        await asyncio.Event().wait()


@pytest.fixture
def stopped():
    """Return a replica whose engine hangs, with no patience."""
    made = server(Stopped())
    made._pulse = Pulse(quiet_s=0, answer_s=0.05)
    made._llm_config = Answer(model_id="general")
    return made


async def _ask(replica):
    body = {"model": "general", "prompt": "1", "stream": True}
    return [item async for item in replica.generate("completions", body, "r")]


@pytest.mark.parametrize("call", [_ask, Server.check_health])
async def test_the_error_of_a_dead_engine_is_read_without_vllm(stopped, call):
    async def dead(*_arguments):
        raise EngineDeadError
        yield

    stopped.engine.check_health, stopped.engine.completions = (lambda: anext(dead())), dead
    with pytest.raises(EngineGone) as found:
        await call(stopped)
    code = f"import pickle, sys; pickle.loads({pickle.dumps(found.value)!r}); sys.exit('vllm' in sys.modules)"
    read = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], check=False)
    assert read.returncode == 0


async def test_a_replica_whose_engine_generates_nothing_is_not_healthy(stopped):
    with pytest.raises(EngineSilent):
        await stopped.check_health()
    assert stopped.engine.asked == ["token"]


async def test_a_replica_at_work_is_asked_whether_its_engine_steps(stopped):
    body = {"model": "general", "prompt": "1", "stream": True}
    streaming = asyncio.create_task(anext(stopped.generate("completions", body, "r")))
    while not stopped.engine.asked:  # noqa: ASYNC110 - it is in another task of this loop
        await asyncio.sleep(0)
    with pytest.raises(EngineSilent):
        await stopped.check_health()
    assert stopped.engine.asked == ["token", "step"]
    streaming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await streaming
    assert stopped._pulse.running == 0
