"""A stream ends with `[DONE]` exactly once, or with an error event and without it; nothing stays in flight."""

import asyncio
import json

import pytest
from ray.exceptions import ActorDiedError

from appliance.config.site import GuardrailSettings
from appliance.guardrails.chain import Chain
from tests.unit.serving.deployments import USAGE, USAGE_ITEM, chunk
from tests.unit.serving.readings import gauges, requests_counted

PATH = "/v1/chat/completions"
CHAT = {"model": "general", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
PIECES = [chunk("a"), chunk("b")]


@pytest.fixture(scope="module")
def chain():
    """Give guardrails that are off: these tests are about the stream's form."""
    return Chain(GuardrailSettings(enabled=False), None)


async def events_of(http, **fields):
    response = await http.post(PATH, json={**CHAT, **fields})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    events = response.text.split("\n\n")
    assert events.pop() == ""
    assert all(event.startswith("data: ") for event in events)
    return [event.removeprefix("data: ") for event in events]


async def test_the_events_pass_unchanged_and_done_comes_once(http, context, model):
    model.scripts = [[*PIECES, USAGE_ITEM]]
    events = await events_of(http)
    assert [f"data: {event}\n\n" for event in events[:-1]] == PIECES
    assert events[-1] == "[DONE]"
    assert gauges(context) == {}
    assert requests_counted(context) == {("general", PATH, "200"): 1}
    assert context.metrics.traffic("general").completion_tokens_total == USAGE["completion_tokens"]
    assert context.metrics.traffic("general").ttft_p50_s > 0


@pytest.mark.parametrize(
    ("options", "told"),
    [(None, False), ({}, False), ({"include_usage": False}, False), ({"include_usage": True}, True)],
)
async def test_usage_is_sent_only_when_asked_for_and_always_counted(http, context, model, options, told):
    model.scripts = [[*PIECES, USAGE_ITEM]]
    events = await events_of(http, stream_options=options)
    assert any('"usage"' in event for event in events) is told
    if told:
        assert json.loads(events[-2]) == USAGE_ITEM["usage"]
    assert context.metrics.traffic("general").prompt_tokens_total == USAGE["prompt_tokens"]


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (
            {"error": {"message": "boom", "type": "InternalServerError", "param": None, "code": 500}},
            "502",
            "engine_failed",
        ),
        (
            {"error": {"message": "bad tool", "type": "BadRequestError", "param": None, "code": 400}},
            "400",
            "engine_refused",
        ),
        (ActorDiedError(), "502", "engine_failed"),
    ],
    ids=["engine error", "engine refusal", "replica died"],
)
async def test_an_error_in_mid_stream_is_an_event_and_no_done(http, context, model, failure, status, code):
    model.scripts = [[chunk("a"), failure, chunk("never")]]
    events = await events_of(http)
    assert len(events) == 2
    error = json.loads(events[1])["error"]
    assert {"message", "type", "param", "code"} <= set(error)
    assert error["code"] == code
    assert gauges(context) == {}
    assert requests_counted(context) == {("general", PATH, status): 1}
    assert model.streams[0].cancelled
    assert len(model.calls) == 1  # the caller has seen a part: nothing is replayed


async def test_what_nobody_foresaw_is_not_a_stream_that_just_stops(context, app, keys, model):
    model.scripts = [[chunk("a"), KeyError("secret detail")]]
    caller = Caller(keys["caller"])
    with pytest.raises(KeyError):
        await app(caller.scope, caller.receive, caller.send)
    text = b"".join(message.get("body", b"") for message in caller.sent).decode()
    assert '"internal_error"' in text
    assert "secret detail" not in text
    assert "[DONE]" not in text
    assert gauges(context) == {}
    assert requests_counted(context) == {("general", PATH, "500"): 1}


class Caller:
    """An ASGI caller: sends one request and, when told to, goes away."""

    def __init__(self, key, **fields):
        self._body = [{"type": "http.request", "body": json.dumps({**CHAT, **fields}).encode(), "more_body": False}]
        self.gone = asyncio.Event()
        self.sent = []
        self.stuck = False
        self.scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": PATH, "raw_path": PATH.encode(), "query_string": b"", "root_path": "", "server": ("x", 80),
            "headers": [(b"authorization", f"Bearer {key}".encode()), (b"x-request-id", b"test-2")],
        }  # fmt: skip

    async def receive(self):
        if self._body:
            return self._body.pop()
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.sent.append(message)
        if self.stuck:
            await asyncio.Event().wait()


async def test_a_caller_who_goes_away_in_mid_stream(app, context, keys, model, settle):
    model.scripts = [[chunk("a"), asyncio.Event()]]
    caller = Caller(keys["caller"])
    request = asyncio.create_task(app(caller.scope, caller.receive, caller.send))
    await settle(lambda: len(caller.sent) == 2)
    assert gauges(context) == {("appliance_requests_in_flight", "general", "default"): 1}
    caller.gone.set()
    await request
    assert model.streams[0].cancelled
    assert gauges(context) == {}
    assert requests_counted(context) == {("general", PATH, "499"): 1}


async def test_a_caller_who_goes_away_before_the_first_event_is_sent(app, context, keys, model, settle):
    model.scripts = [[chunk("a"), chunk("b")]]
    caller = Caller(keys["caller"])
    caller.stuck = True  # the network takes the headers and nothing more, so no event is ever asked for
    caller.gone.set()
    await app(caller.scope, caller.receive, caller.send)
    assert [message["type"] for message in caller.sent] == ["http.response.start"]
    assert model.streams[0].cancelled
    assert gauges(context) == {}
    assert requests_counted(context) == {("general", PATH, "499"): 1}


@pytest.mark.parametrize("stream", [True, False])
async def test_a_request_cancelled_while_it_waits_for_its_first_token(app, context, keys, model, settle, stream):
    model.scripts = [[asyncio.Event()]]
    caller = Caller(keys["caller"], stream=stream)
    request = asyncio.create_task(app(caller.scope, caller.receive, caller.send))
    await settle(lambda: model.streams)
    assert gauges(context) == {
        ("appliance_requests_in_flight", "general", "default"): 1,
        ("appliance_queue_depth", "general", "default"): 1,
    }
    request.cancel()  # what Serve does with a request whose caller has gone
    with pytest.raises(asyncio.CancelledError):
        await request
    assert model.streams[0].cancelled
    assert gauges(context) == {}
    assert requests_counted(context) == {("general", PATH, "499"): 1}


async def test_completions_stream_too(http, model):
    model.scripts = [['data: {"choices":[{"text":"x"}]}\n\n', USAGE_ITEM]]
    response = await http.post("/v1/completions", json={"model": "general", "prompt": "a", "stream": True})
    assert response.text.endswith("data: [DONE]\n\n")
    assert model.calls[0][0] == "completions"
