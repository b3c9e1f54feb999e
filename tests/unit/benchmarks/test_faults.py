"""The judgement of the fault tests, and their callers against a small real server that fails in every way."""

import asyncio
import hashlib
import json
import threading
import time

import pytest
import yaml
from aiohttp import web
from faults.outcomes import (
    Outcome,
    back_after,
    counted,
    failed,
    first_text,
    open_at,
    sent_after,
    silent,
    well_after,
)
from faults.run import parse_arguments
from faults.streams import Load, NotInTime, leave_in_the_middle
from faults.table import Row, as_markdown, as_text
from faults.updates import ask_for_missing_weights, copied, damage_weights

from tests.unit.benchmarks.serving import serving

TEXT = b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"total_tokens":7}}\n\n'
DONE = b"data: [DONE]\n\n"
ERROR = b'data: {"error":{"message":"the replica is gone"}}\n\n'


class Server:
    """Answers as its `mode` says; `closed` is set when a caller has gone away in the middle."""

    def __init__(self):
        self.mode = "whole"
        self.asked = 0
        self.closed = threading.Event()

    async def answer(self, request):
        self.asked += 1
        if self.mode in ("429", "503", "500"):
            headers = {} if self.mode == "500" else {"Retry-After": "1"}
            return web.Response(status=int(self.mode), text="no", headers=headers)
        if self.mode == "503 without a word":
            return web.Response(status=503, text="no")
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(TEXT)
        if self.mode == "endless":
            try:
                while True:
                    await response.write(TEXT)
                    await asyncio.sleep(0.01)
            except ConnectionError:
                self.closed.set()
                raise
        if self.mode == "broken":
            request.transport.abort()
            return response
        await response.write({"whole": USAGE + DONE, "error": ERROR, "silent": b""}[self.mode])
        return response


@pytest.fixture
async def server():
    made = Server()
    async with serving("/v1/chat/completions", made.answer) as made.url:
        yield made


def asked(url, **options):
    """Let two callers ask a few times; return what became of it."""
    with Load(url, "k", "t", clients=2, refused_pause_s=0.01, **options) as load:
        deadline = time.monotonic() + 30
        while len(load.outcomes) < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
    return load.outcomes


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("whole", "whole"),
        ("error", "error event"),
        ("silent", "silent end"),
        ("broken", "broken off"),
        ("429", "refused"),
        ("503", "refused"),
        ("503 without a word", "failed"),
        ("500", "failed"),
    ],
)
async def test_what_became_of_a_request_is_told_apart(server, mode, kind):
    server.mode = mode
    outcomes = await asyncio.to_thread(asked, server.url)
    assert {one.kind for one in outcomes} == {kind}
    assert len({one.request_id for one in outcomes}) == len(outcomes)
    if kind == "whole":
        assert {one.tokens for one in outcomes} == {7}
        assert all(one.sent < one.first < one.ended for one in outcomes)


async def test_an_appliance_that_is_not_there_is_no_silence():
    outcomes = await asyncio.to_thread(asked, "http://127.0.0.1:1")
    assert {one.kind for one in outcomes} == {"no connection"}
    assert silent(outcomes) == []


async def test_a_stream_that_never_ends_hangs(server, monkeypatch):
    monkeypatch.setattr("faults.streams._LEAVE_S", 0.3)
    server.mode = "endless"

    def hangs():
        with Load(server.url, "k", "t", clients=2) as load:
            load.await_open(2, 30)
            with pytest.raises(NotInTime):
                load.await_whole(1, 0.1)
        return load

    load = await asyncio.to_thread(hangs)
    assert [one.kind for one in load.outcomes] == ["hung", "hung"]
    assert len(silent(load.outcomes)) == 2


async def test_a_caller_can_leave_in_the_middle(server):
    server.mode = "endless"
    pieces, closed = await asyncio.to_thread(leave_in_the_middle, server.url, "k", "r", 100)
    assert pieces >= 2
    assert abs(closed - time.time()) < 30
    assert await asyncio.to_thread(server.closed.wait, 30)


def outcome(kind="whole", sent=0.0, first=0.5, ended=1.0):
    return Outcome("r", kind, sent, ended, first)


def test_failures_are_counted_by_kind():
    outcomes = [outcome(), outcome("refused"), outcome("refused"), outcome("hung")]
    assert counted(outcomes) == "2 refused, 1 whole, 1 hung"
    assert counted([]) == "none"
    assert len(failed(outcomes)) == 3
    assert [one.kind for one in silent(outcomes)] == ["hung"]


def test_it_is_back_with_the_first_whole_answer_to_a_request_sent_after_the_fault():
    outcomes = [outcome(sent=1, ended=9), outcome("failed", sent=6, ended=7), outcome(sent=8, ended=12)]
    assert back_after(outcomes, 5) == 7
    assert back_after(outcomes, 9) is None
    assert well_after(outcomes, 5) == 1
    assert well_after(outcomes, 7) == 0
    assert len(sent_after(outcomes, 6)) == 2


def test_a_stream_in_its_middle_had_text_and_had_not_ended():
    outcomes = [outcome(first=1, ended=3), outcome(first=None, ended=3), outcome(first=1, ended=1.5)]
    assert open_at(outcomes, 2) == [outcomes[0]]


def test_only_whole_answers_count_for_the_first_text():
    outcomes = [outcome(sent=0, first=1), outcome(sent=0, first=3), outcome("error event", sent=0, first=90)]
    assert first_text(outcomes, 0.5) == 2


def test_faults_are_chosen_by_number_and_unknown_ones_refused(capsys):
    assert parse_arguments(["--only", "5,1"]).only == [5, 1]
    assert {1, 2, 3, 4, 5, 7, 8, 9, 10, 14, 15, 16, 17} <= set(parse_arguments([]).only)
    with pytest.raises(SystemExit):
        parse_arguments(["--only", "99"])
    assert "no such fault: 99" in capsys.readouterr().err


def test_the_table_holds_every_word():
    row = Row("1", "a gateway replica dies", "back within 10 s", "back after 3.1 s; " * 6 + "a | b", "met")
    text = as_text([row])
    for word in " ".join(row.cells).split():
        assert word in text
    assert max(map(len, text.splitlines())) <= 130
    assert as_markdown([row]).splitlines()[-1].count(" | ") == 4
    assert "a \\| b" in as_markdown([row])


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "models" / "base"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "config.json").write_text('{"num_hidden_layers": 2}')
    (folder / "card.yaml").write_text("files: {config.json: {size_bytes: 1, sha256: '0'}}")
    return tmp_path


def test_a_spoilt_copy_leaves_the_model_that_serves_alone(home):
    base = home / "models" / "base"
    before = {path.name: path.read_bytes() for path in base.iterdir()}
    with copied(home) as folder:
        damage_weights(folder)
        ask_for_missing_weights(folder)
        assert (folder / "model.safetensors").read_bytes()[:3] == b"wei"
        assert (folder / "model.safetensors").read_bytes() != b"weights"
        config = (folder / "config.json").read_bytes()
        assert json.loads(config) == {"num_hidden_layers": 3}
        told = yaml.safe_load((folder / "card.yaml").read_text())["files"]["config.json"]
        assert told == {"size_bytes": len(config), "sha256": hashlib.sha256(config).hexdigest()}
    assert not folder.exists()
    assert {path.name: path.read_bytes() for path in base.iterdir()} == before
