"""The comparison of gateways: the double in its three forms, and what becomes of the figures."""

import json

import httpx
import pytest
from alone_servers import Contestant
from gateway_alone import _row, measure, parse_arguments
from instant_engine import TOKENS, USAGE, InstantEngine, InstantModel, app, whole
from load import EventParser, has_text

WORDS = whole()["choices"][0]["message"]["content"]


def text_of(payloads):
    """Return the text of a stream, which has to end with [DONE]."""
    assert payloads[-1] == b"[DONE]"
    events = [json.loads(payload) for payload in payloads[:-1]]
    assert events[-1]["usage"] == USAGE
    assert sum(map(has_text, events)) == TOKENS
    return "".join(choice["delta"].get("content", "") for event in events for choice in event["choices"])


async def test_the_double_as_a_server():
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://double") as client:
        streamed = await client.post("/v1/chat/completions", json={"stream": True})
        assert (await client.post("/v1/chat/completions", json={})).json()["usage"] == USAGE
    assert streamed.headers["content-type"] == "text/event-stream"
    assert text_of(list(EventParser().feed(streamed.content))) == WORDS


async def test_the_double_as_the_appliances_model():
    items = [item async for item in InstantModel().generate("chat", {"stream": True}, "r")]
    assert items[-1]["usage"]["usage"] == USAGE
    assert "".join(items[:-1]).count(WORDS.split()[0]) == TOKENS
    (item,) = [item async for item in InstantModel().generate("chat", {}, "r")]
    assert item["result"]["usage"] == USAGE


async def test_the_double_as_an_engine_of_ray():
    class Request:
        stream = True

        class stream_options:
            include_usage = True

    sent = "".join([text async for text in InstantEngine(None).chat(Request)])
    assert text_of(list(EventParser().feed(sent.encode()))) == WORDS


def burst(seconds, cpu_s):
    return {"times": [(seconds, 2 * seconds)] * 10, "wall_s": 1.0, "cpu_s": cpu_s, "double_cpu_s": 0.5}


def test_a_row_has_processor_time_and_what_is_added_in_the_same_round():
    row = _row(True, 4, "x", [burst(0.03, 0.2), burst(0.13, 0.3)], [burst(0.01, 0.0), burst(0.11, 0.0)])
    assert row["requests"] == 20
    assert row["cpu_ms_per_request"] == pytest.approx(25.0)
    assert row["requests_per_core_s"] == pytest.approx(40.0)
    assert row["double_cpu_ms_per_request"] == pytest.approx(50.0)
    assert row["added_first_p50_ms"] == pytest.approx(20.0)  # though one round was slower for both
    assert row["added_end_p99_ms"] == pytest.approx(40.0)
    assert _row(True, 4, "direct", [burst(0.01, 0.0)], [burst(0.01, 0.0)])["requests_per_core_s"] is None


def test_everybody_is_asked_in_turns(monkeypatch):
    asked = []

    async def fake(one, clients, requests, *, stream):
        asked.append((one.name, clients, stream))
        return [(0.1, 0.2)] * requests, 1.0

    monkeypatch.setattr("gateway_alone._burst", fake)
    contestants = [Contestant(name, "", "", list) for name in ("direct", "a", "b")]
    rows = measure(contestants, parse_arguments(["--clients", "1", "--rounds", "3", "--requests", "5"]))
    assert len(rows) == 6
    measured = [name for name, _clients, stream in asked[6:] if not stream]
    assert measured == ["direct", "a", "b", "a", "b", "direct", "b", "direct", "a"]
