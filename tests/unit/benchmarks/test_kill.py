"""The judgement of the kill test, and its client against a small real server."""

import asyncio
import json
import time
from types import SimpleNamespace

import aiohttp
import psutil
import pytest
from aiohttp import web
from kill import Acknowledged, Cut, Seen, ask, completed_in, replicas, request_of, run, tokens_of, verdicts

from tests.unit.benchmarks.serving import serving

ANSWERS = [Acknowledged("a", "chat", 5), Acknowledged("b", "chat", 7)]


def missed(seen, completed, counted, whole=True):
    return [text for text, met in verdicts(seen, completed, counted, whole=whole) if not met]


def test_everything_is_accounted():
    assert missed(Seen(ANSWERS), {"a": 1, "b": 1, "c": 1}, 12) == []
    assert missed(Seen(ANSWERS), {"a": 1, "b": 1}, 40) == []


@pytest.mark.parametrize(
    ("completed", "counted", "whole", "word"),
    [
        ({"a": 1}, 12, True, "not in the audit: 1"),
        ({"a": 1, "b": 2}, 12, True, "twice: 1"),
        ({"a": 1, "b": 1}, 11, True, "12 ≤ tokens in the usage 11"),
        ({"a": 1, "b": 1}, 12, False, "verifies"),
    ],
)
def test_what_is_lost_is_told(completed, counted, whole, word):
    (text,) = missed(Seen(ANSWERS), completed, counted, whole)
    assert word in text


def test_requests_without_an_answer_are_told():
    assert missed(Seen(ANSWERS, given_up=1), {"a": 1, "b": 1}, 12) == ["requests that never got an answer: 1"]


def test_only_ends_of_requests_are_counted():
    records = [
        {"kind": "request.opened", "request_id": "a"},
        {"kind": "request.completed", "request_id": "a"},
        {"kind": "request.completed", "request_id": "b"},
        {"kind": "request.aborted", "request_id": "c"},
        {"statement": "checkpoint"},
    ]
    assert completed_in(map(json.dumps, records)) == {"a": 1, "b": 1}


def test_tokens_are_those_that_the_answer_tells():
    assert tokens_of({"usage": {"total_tokens": 9}}) == 9
    assert tokens_of({}) == tokens_of({"usage": None}) == 0


def test_only_descendants_of_the_appliance_with_the_title_are_found(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "instance.json").write_text(json.dumps({"head_pid": psutil.Process().pid}))
    assert replicas(tmp_path, "ray::ServeReplica:gateway:") == []


class Flaky:
    """A server whose every third answer fails, in another way each time."""

    def __init__(self):
        self.count = 0
        self.answered = []

    async def answer(self, request):
        self.count += 1
        body = await request.json()
        headers = {"X-Request-ID": request.headers["X-Request-ID"]}
        if self.count % 3 == 0:
            return web.json_response({}, status=503)
        if body.get("stream"):
            response = web.StreamResponse(headers=headers)
            await response.prepare(request)
            await response.write(b'data: {"choices": [], "usage": {"total_tokens": 3}}\n\n')
            if self.count % 2:
                return response  # without [DONE]
            await response.write(b"data: [DONE]\n\n")
        else:
            response = web.json_response({"usage": {"total_tokens": 3}}, headers=headers)
        self.answered.append(headers["X-Request-ID"])
        return response


@pytest.fixture
async def flaky():
    server = Flaky()
    async with serving("/{path:.*}", server.answer) as server.url:
        yield server


async def test_a_request_is_sent_again_until_it_is_answered_and_each_try_has_an_id_of_its_own(
    flaky, monkeypatch, tmp_path
):
    monkeypatch.setattr("kill._AGAIN_S", 0.01)
    struck = []

    async def strike(_home, victim, _title, seen):
        struck.append(victim)
        seen.kills[victim] += 1
        seen.down[victim] = time.monotonic()

    monkeypatch.setattr("kill.strike", strike)
    arguments = SimpleNamespace(seed=1, requests=20, clients=2, kills=2, seconds=60)
    seen = await asyncio.wait_for(run(flaky.url, "k", tmp_path, arguments, {"gateway": "g", "ledger": "l"}), 60)
    assert len(seen.acknowledged) == 20
    assert sorted(one.request_id for one in seen.acknowledged) == sorted(flaky.answered)
    assert len(set(flaky.answered)) == 20
    assert seen.failures["HTTP 503"] > 0
    assert sorted(struck) == ["gateway", "ledger"]
    assert all(seconds > 0 for _victim, seconds in seen.back)


async def test_when_the_time_is_over_nothing_more_is_sent_and_what_was_answered_is_told(flaky, monkeypatch, tmp_path):
    monkeypatch.setattr("kill._AGAIN_S", 0.01)
    arguments = SimpleNamespace(seed=1, requests=1_000_000, clients=2, kills=0, seconds=0.5)
    seen = await asyncio.wait_for(run(flaky.url, "k", tmp_path, arguments, {"gateway": "g"}), 60)
    assert 0 < len(seen.acknowledged) < 1_000_000
    assert sorted(one.request_id for one in seen.acknowledged) == sorted(flaky.answered)


def test_it_answers_again_when_a_request_sent_after_the_kill_is_answered():
    seen = Seen(down={"gateway": 10.0, "ledger": 20.0})
    seen.answered(ANSWERS[0], sent=9.0, now=11.0)  # the kill has not met it
    assert seen.back == []
    seen.answered(ANSWERS[1], sent=12.0, now=14.5)
    assert seen.back == [("gateway", 4.5)]
    assert seen.down == {"ledger": 20.0}


async def test_a_stream_without_its_end_is_not_acknowledged(flaky):
    assert request_of(1)[2]["stream"] is True
    async with aiohttp.ClientSession() as session:
        with pytest.raises(Cut, match="without an end"):
            await ask(session, flaky.url, 1, "r")
