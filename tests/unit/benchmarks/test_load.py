"""The benchmark's client against a small real HTTP server."""

import asyncio
import json
import threading

import pytest
from aiohttp import web
from load import ANSWER_TOKENS, BrokenReply, EventParser, has_text, prompt_for, run_burst

ROLE = {"choices": [{"delta": {"role": "assistant", "content": ""}}]}
PIECE = {"choices": [{"delta": {"content": "word "}}]}
USAGE = {"choices": [], "usage": {"prompt_tokens": 150, "completion_tokens": ANSWER_TOKENS}}


def test_events_are_found_wherever_the_bytes_are_cut():
    sent = b'data: {"a": "\xe9\x93\xb6"}\r\n\r\n: a comment\n\ndata:{"b": 2}\n\ndata: [DONE]\n\n'
    for size in range(1, len(sent)):
        parser = EventParser()
        found = [event for at in range(0, len(sent), size) for event in parser.feed(sent[at : at + size])]
        assert found == [b'{"a": "\xe9\x93\xb6"}', b'{"b": 2}', b"[DONE]"]


def test_only_text_counts_as_the_first_token():
    assert has_text(PIECE)
    assert not has_text(ROLE)
    assert not has_text(USAGE)


def test_prompts_are_the_same_for_both_servers_and_differ_from_their_first_word():
    prompts = [
        prompt_for(round_number, streams, number, 5)
        for round_number in (0, 1)
        for streams in (1, 8)
        for number in range(20)
    ]
    assert prompts[0] == prompt_for(0, 1, 0, 5)
    assert len({prompt.split()[0] for prompt in prompts}) == len(prompts)


class Server:
    """Streams what `events` says and notes the requests, on a thread of its own."""

    def __init__(self):
        self.events = [ROLE, PIECE, PIECE, USAGE]
        self.status = 200
        self.bodies = []
        self.keys = set()
        self.now = self.most = 0
        self.loop = asyncio.new_event_loop()
        self.url = None

    async def answer(self, request):
        self.keys.add(request.headers.get("Authorization"))
        self.bodies.append(await request.json())
        self.now += 1
        self.most = max(self.most, self.now)
        response = web.StreamResponse(status=self.status)
        await response.prepare(request)
        for event in self.events:
            await response.write(b"data: " + json.dumps(event).encode() + b"\n\n")
            await asyncio.sleep(0.002)
        await response.write(b"data: [DONE]\n\n")
        self.now -= 1
        return response

    async def start(self):
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self.answer)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"


@pytest.fixture
def server():
    made = Server()
    thread = threading.Thread(target=made.loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(made.start(), made.loop).result()
    yield made
    asyncio.run_coroutine_threadsafe(made.runner.cleanup(), made.loop).result()
    made.loop.call_soon_threadsafe(made.loop.stop)
    thread.join()
    made.loop.close()


def test_every_request_is_sent_once_with_so_many_at_a_time(server):
    burst = run_burst(server.url, "secret", "general", 4, [f"prompt {n}" for n in range(10)])
    assert len(burst.replies) == len(server.bodies) == 10
    assert server.most == 4
    assert server.keys == {"Bearer secret"}
    assert {body["messages"][0]["content"] for body in server.bodies} == {f"prompt {n}" for n in range(10)}
    assert server.bodies[0]["stream_options"] == {"include_usage": True}
    for reply in burst.replies:
        assert 0 < reply.ttft_s < burst.wall_s
        assert len(reply.gaps_s) == 1
        assert (reply.prompt_tokens, reply.completion_tokens) == (150, ANSWER_TOKENS)
    assert burst.tokens_per_s == pytest.approx(10 * ANSWER_TOKENS / burst.wall_s)


@pytest.mark.parametrize(
    ("status", "events", "reason"),
    [
        (429, [], "HTTP 429"),
        (200, [ROLE, USAGE], "without text"),
        (200, [PIECE], "without token counts"),
        (200, [PIECE, {"error": {"message": "engine died"}}], "engine died"),
    ],
)
def test_a_reply_that_is_not_whole_stops_the_measurement(server, status, events, reason):
    server.status, server.events = status, events
    with pytest.raises(BrokenReply, match=reason):
        run_burst(server.url, None, "general", 2, ["prompt"] * 4)


def test_a_server_that_is_not_there_is_a_broken_reply():
    with pytest.raises(BrokenReply, match="ConnectorError"):
        run_burst("http://127.0.0.1:9", None, "general", 1, ["prompt"])
