"""A worker's gateway whose network to the head is cut, on hosts of their own."""

import asyncio
import json
import socket
import sys
from contextlib import asynccontextmanager

import pytest

from appliance.serving.gateway.server import LOSS_S
from tests.unit.serving.relays import Certificates, HeadApp, head_servers, worker_home

INNER, PORT = 6391, 8080
CHAT = b"POST /v1/chat/completions?stream HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
MODELS = b"GET /v1/models HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@asynccontextmanager
async def asked(lab, request):
    """Send the worker's gateway a request from its own host; give what reads the answer."""
    with lab["worker"].network():
        connection = socket.create_connection((lab["worker"].address, PORT), timeout=5)
    reader, writer = await asyncio.open_connection(sock=connection)
    writer.write(request)
    try:
        yield reader
    finally:
        writer.close()


async def listening(lab):
    for _turn in range(400):
        try:
            async with asked(lab, MODELS) as reader:
                return await reader.read()
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)
    raise AssertionError("the relay never listened")


@pytest.fixture
async def app(lab, tmp_path):
    """Give the head's application, behind a relay that runs on the other host."""
    certificates, head = Certificates(tmp_path / "certificates", lab["head"].address), HeadApp()
    with lab["head"].network():
        servers = head_servers(head, certificates, port=INNER, address=lab["head"].address)
    await servers.start()
    worker = lab["worker"]
    home = worker_home(worker.home, certificates, INNER, PORT, head=lab["head"].address, host=worker.address)
    worker.start([sys.executable, "-m", "appliance.serving.relay", home])
    yield head
    await servers.stop(0.2)


async def test_a_cut_network_ends_a_stream_with_an_error_and_healing_lets_the_next_request_pass(lab, app):
    assert b"207" in (await listening(lab)).splitlines()[0]
    async with asked(lab, CHAT) as reader:
        app.pieces.put_nowait(b"data: 1\n\n")
        await asyncio.wait_for(reader.readuntil(b"data: 1\n\n"), 10)
        lab.cut("worker", "head")  # nothing is said to either side
        rest = await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), LOSS_S + 30)
    told = next(line for line in rest.splitlines() if line.startswith(b"data: "))
    assert json.loads(told.removeprefix(b"data: "))["error"]["code"] == "head_lost"
    assert b"DONE" not in rest
    lab.heal()
    async with asked(lab, MODELS) as reader:
        answer = await asyncio.wait_for(reader.read(), 30)
    assert b"207" in answer.splitlines()[0]
    await asyncio.wait_for(until_cancelled(app), LOSS_S + 30)  # the head has noticed too


async def until_cancelled(app):
    while "cancelled" not in app.ended:  # noqa: ASYNC110 - it is in another task of this loop
        await asyncio.sleep(0.1)
