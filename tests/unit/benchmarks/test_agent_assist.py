"""The replay harness: its transcripts, its figures, and its client against a small real server."""

import asyncio
import contextlib
import itertools
import time

import agent_assist
import agent_assist_calls
import aiohttp
import pytest
from agent_assist import parse_arguments, result_of, summarise, tables, verdicts
from agent_assist_calls import ROOT, CallFault, Played, Player, Told
from agent_assist_transcripts import LONGEST_TURN_S, SHORTEST_TURN_S, Line, Transcript, transcript
from aiohttp import web

SPEAKERS = ("seat", "customer", "seat", "customer")
LINES = tuple(Line(who, f"turn {at}", at * 0.01, at * 0.01 + 0.01) for at, who in enumerate(SPEAKERS))
QUICK = Transcript(0, "en", "x", LINES)


def test_calls_differ_and_the_same_number_is_the_same_call():
    calls = [transcript(number) for number in range(200)]
    assert calls[7] == transcript(7)
    assert len({tuple(line.text for line in call.lines) for call in calls}) == 200
    assert {call.language for call in calls} == {"en", "zh"}
    for call in calls:
        assert len(call.lines) >= 12
        assert [line.speaker for line in call.lines] == ["seat", "customer"] * (len(call.lines) // 2) + ["seat"]
        assert "{" not in "".join(line.text for line in call.lines)


def test_turns_are_at_speaking_speed():
    for call in map(transcript, range(20)):
        starts = [line.start_s for line in call.lines]
        gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
        assert all(SHORTEST_TURN_S - 0.01 <= gap <= LONGEST_TURN_S + 0.01 for gap in gaps)
        assert all(line.start_s < line.end_s for line in call.lines)


class Server:
    """Answers as the pack does; `card` and the faults are what a test sets."""

    def __init__(self):
        self.begun = []
        self.turns = []
        self.ended = []
        self.deleted = []
        self.refuse = None
        self.silent = False
        self.close_after = None
        self.hold_until = 0
        self.all_came = asyncio.Event()

    def assist(self, turn):
        self.turns.append(turn)
        customer = turn["speaker"] == "customer"
        card = {"text": "…"} if customer else None
        return {"turn": turn, "card": card, "analysis": {"intent": {"name": "x"} if customer else None}}

    async def begin(self, request):
        self.begun.append(await request.json())
        return web.json_response({"id": f"call_{len(self.begun)}"}, status=201)

    async def tell(self, request):
        body = await request.json()
        if self.refuse:
            return web.json_response({"error": {"code": self.refuse}}, status=429)
        if self.silent:
            await asyncio.sleep(5)
        answer = {"data": [self.assist(turn) for turn in body["turns"]]}
        if len(self.turns) >= self.hold_until:
            self.all_came.set()
        await self.all_came.wait()
        return web.json_response(answer)

    async def end(self, request):
        self.ended.append(request.match_info["id"])
        return web.json_response({})

    async def delete(self, request):
        self.deleted.append(request.match_info["id"])
        return web.json_response({})

    async def stream(self, request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            frame = message.json()
            if self.close_after == len(self.turns):
                break
            if self.refuse:
                await socket.send_json({"event": "error", "data": {"error": {"code": self.refuse}}, "id": frame["id"]})
                continue
            if self.silent:
                continue
            (turn,) = frame["turns"]
            await socket.send_json({"event": "assist", "data": self.assist(turn)})
            await socket.send_json({"event": "reply", "data": {"data": []}, "id": frame["id"]})
        await socket.close()
        return socket


@contextlib.asynccontextmanager
async def playing(server, mode, base=None):
    application = web.Application()
    application.add_routes(
        [
            web.post(f"{ROOT}/calls", server.begin),
            web.post(f"{ROOT}/calls/{{id}}/turns", server.tell),
            web.post(f"{ROOT}/calls/{{id}}/end", server.end),
            web.delete(f"{ROOT}/calls/{{id}}", server.delete),
            web.get(f"{ROOT}/calls/{{id}}/stream", server.stream),
        ]
    )
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession() as session:
        yield Player(session, f"http://127.0.0.1:{runner.addresses[0][1]}", mode, base)
    await runner.cleanup()


@pytest.mark.parametrize("mode", ["http", "websocket"])
async def test_each_turn_is_sent_once_and_its_assist_is_noted(mode):
    server = Server()
    async with playing(server, mode, "handbook") as player:
        await player.play(QUICK, "bench-1")
        await player.delete_calls()
    assert server.begun == [{"seat": "bench-1", "direction": "inbound", "knowledge_base": "handbook"}]
    assert [(turn["id"], turn["text"]) for turn in server.turns] == [(f"t{at}", f"turn {at - 1}") for at in range(1, 5)]
    assert server.ended == server.deleted == ["call_1"]
    told = player.played.turns
    assert [one.speaker for one in told] == ["seat", "customer", "seat", "customer"]
    assert all(one.seconds > 0 and one.fault is None for one in told)
    assert [one.has_card for one in told] == [one.has_intent for one in told] == [False, True, False, True]
    assert (player.played.most_open, player.played.open_now, player.played.faults) == (1, 0, [])


async def test_a_turn_that_is_answered_late_does_not_put_off_the_next():
    server = Server()
    server.hold_until = 4  # no turn is answered before the last one has come
    async with playing(server, "http") as player:
        await player.play(QUICK, "bench-1")
    assert all(one.seconds is not None for one in player.played.turns)


@pytest.mark.parametrize("mode", ["http", "websocket"])
async def test_a_turn_that_is_refused_has_failed_and_says_why(mode):
    server = Server()
    server.refuse = "too_many_turns"
    async with playing(server, mode) as player:
        await player.play(QUICK, "bench-1")
    figures = summarise(player.played.turns)
    assert (figures["failed"], figures["dropped"]) == (4, 0)
    assert "too_many_turns" in next(iter(figures["faults"]))


@pytest.mark.parametrize("mode", ["http", "websocket"])
async def test_a_turn_without_an_answer_is_dropped(mode, monkeypatch):
    monkeypatch.setattr(agent_assist_calls, "GIVEN_UP_S", 0.2)
    monkeypatch.setattr(agent_assist_calls, "_TIMEOUT", aiohttp.ClientTimeout(total=0.2))
    server = Server()
    server.silent = True
    async with playing(server, mode) as player:
        await player.play(QUICK, "bench-1")
    figures = summarise(player.played.turns)
    assert (figures["failed"], figures["dropped"], figures["p95_ms"]) == (0, 4, None)


async def test_a_socket_that_closes_fails_the_turns_that_wait():
    server = Server()
    server.close_after = 2
    async with playing(server, "websocket") as player:
        await player.play(QUICK, "bench-1")
    figures = summarise(player.played.turns)
    assert (figures["turns"], figures["failed"], figures["dropped"]) == (4, 2, 0)


async def test_a_seat_takes_the_next_call_until_the_time_is_over(monkeypatch):
    numbers = []

    def quick(number):
        numbers.append(number)
        return QUICK

    monkeypatch.setattr(agent_assist_calls, "transcript", quick)
    monkeypatch.setattr(agent_assist_calls, "LONGEST_TURN_S", 0.1)
    server = Server()
    async with playing(server, "http") as player:
        now = time.perf_counter()
        await player.take_calls(3, 10, now, now + 0.4)
    assert numbers == list(range(3, 3 + 10 * len(numbers), 10))
    assert len(server.ended) == len(numbers)


async def test_no_call_begins_when_no_turn_of_it_would_be_due():
    server = Server()
    async with playing(server, "http") as player:
        now = time.perf_counter()
        await player.take_calls(0, 1, now, now + LONGEST_TURN_S - 1)
    assert server.begun == []


async def test_a_call_that_cannot_begin_is_a_fault():
    async with playing(Server(), "http") as player:
        player._url += "/absent"
        with pytest.raises(CallFault, match="HTTP 404"):
            await player.play(QUICK, "bench-1")


def played():
    return Played(
        turns=[
            Told("customer", 0.5, 0.9),
            Told("customer", 200.0, 0.9),
            *(Told("customer", 1.0 + at, at / 1000, has_card=at % 2 == 0, has_intent=True) for at in range(1, 101)),
            Told("seat", 5.0, 0.02),
            Told("customer", 6.0),
            Told("customer", 7.0, fault="HTTP 503"),
        ],
        begins_s=[0.01, 0.02],
        call_ids=["a"],
    )


def test_the_figures_are_of_what_was_sent_while_all_calls_went_on():
    used = {"cores": {"scenario": 0.4}, "scenario_bytes": 300 * 1024}
    result = result_of("http", 200, played(), (1.0, 200.0), used, 100 * 1024)
    customer = result["customer"]
    assert (customer["turns"], result["other_turns"], result["seat"]["turns"]) == (102, 2, 1)
    assert (customer["p50_ms"], customer["p95_ms"], customer["most_ms"]) == (50.5, 95.0, 100.0)
    assert (customer["failed"], customer["dropped"], customer["with_card"]) == (1, 1, 0.5)
    assert result["memory_a_call_kib"] == 1.0
    table = tables([result])
    assert "| http | 200 | customer | 102 | 50.5 | 95 | 99 | 100 | 50% | 1 | 1 |" in table
    assert "scenario 0.40" in table
    told = dict(verdicts([result]))
    assert told == {"http, 200 calls: p95 95 ms ≤ 250 ms": True, "http, 200 calls: 2 turns or calls lost": False}


def test_an_appliance_elsewhere_has_no_memory_to_be_read():
    result = result_of("websocket", 2, Played(), (0.0, 1.0), {"cores": {}, "scenario_bytes": 0}, 0)
    assert result["memory_a_call_kib"] is None
    assert "| websocket | 0 | – | – | – | – |  |" in tables([result])
    assert not verdicts([result])[0][1]


def test_the_command_line(capsys):
    options = parse_arguments([])
    assert (options.calls, options.mode, options.keep) == (200, "both", False)
    with pytest.raises(SystemExit):
        parse_arguments(["--calls", "0"])
    assert "positive" in capsys.readouterr().err


async def test_a_whole_run_against_a_server(monkeypatch):
    monkeypatch.setattr(agent_assist_calls, "transcript", lambda _number: QUICK)
    monkeypatch.setattr(agent_assist_calls, "LONGEST_TURN_S", 0.1)
    monkeypatch.setattr(agent_assist, "LONGEST_TURN_S", 0.1)
    server = Server()
    async with playing(server, "http") as player:
        url = player._url.removesuffix(ROOT)
        options = parse_arguments(["--calls", "3", "--minutes", "0.02", "--stagger", "0.1"])
        result = await agent_assist.measure(options, url, "key", "websocket")
    assert result["calls_played"] >= 3
    assert result["customer"]["failed"] == result["customer"]["dropped"] == 0
    assert result["customer"]["with_card"] == 1.0
    assert sorted(server.deleted) == sorted(server.ended)
