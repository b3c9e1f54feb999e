"""WebSockets through a relay, over real TLS: what passes, and what is said when the head goes."""

import pytest
from websockets.asyncio.client import connect

from appliance.serving.gateway import inner as inner_port
from appliance.serving.gateway import socket_connection
from appliance.serving.gateway.app import build_app
from appliance.serving.relay import head as relay_head
from tests.unit.serving.calls_pack import closed, read, refused, tell
from tests.unit.serving.readings import audited
from tests.unit.serving.relays import ADDRESS, Certificates, head_with, relay_to


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


async def test_a_relay_passes_sockets(context, calls, keys, certificates, settle):
    async with (
        head_with(build_app(context), certificates) as (_plain, inner),
        relay_to(inner, certificates.worker) as port,
    ):
        base = f"ws://{ADDRESS}:{port}/v1/scenarios/calls"
        headers = {"Authorization": f"Bearer {keys['caller']}"}
        async with connect(f"{base}/calls/c1/stream", additional_headers=headers, proxy=None) as socket:
            assert (await read(socket))["event"] == "call"
            await tell(socket, text="x" * 200_000, id="a")
            answers = [await read(socket), await read(socket)]
            assert {answer["event"] for answer in answers} == {"reply", "turn"}
            await socket.send(b"\x00")
            assert (await closed(socket))[1] == 1003
        status, code = await refused(connect(f"{base}/calls/none/stream", additional_headers=headers, proxy=None))
        assert (status, code) == (404, "call_not_found")
        offers = ["appliance.v1", f"bearer.{keys['caller']}"]
        async with connect(f"{base}/calls/c1/stream", subprotocols=offers, proxy=None) as socket:
            assert socket.subprotocol == "appliance.v1"
            await read(socket)
        await settle(lambda: context.sockets.count == 0)
        assert all(run.task.done() for run in calls.runs[:1])


async def test_a_relay_tells_when_the_head_goes_and_is_away(context, calls, keys, certificates, monkeypatch):
    headers = {"Authorization": f"Bearer {keys['caller']}"}
    async with head_with(build_app(context), certificates) as (_plain, inner):
        relaying = relay_to(inner, certificates.worker)
        port = await relaying.__aenter__()
        url = f"ws://{ADDRESS}:{port}/v1/scenarios/calls/calls/c1/stream"
        socket = await connect(url, additional_headers=headers, proxy=None)
        await read(socket)
    monkeypatch.setattr(relay_head, "PATIENCE_S", 0.1)
    try:
        assert (await closed(socket))[1] == 1012
        assert await refused(connect(url, additional_headers=headers, proxy=None)) == (503, "head_unavailable")
    finally:
        await relaying.__aexit__(None, None, None)


async def test_sockets_of_a_node_that_was_removed_end(context, calls, keys, certificates, ring, monkeypatch, settle):
    members = {"removed": False}
    monkeypatch.setattr(socket_connection, "LOOK_AGAIN_S", 0.05)
    monkeypatch.setattr(inner_port, "_KNOWN_S", 0.0)
    belongs = {"belongs": lambda _node: not members["removed"]}
    async with (
        head_with(build_app(context), certificates, **belongs) as (_plain, inner),
        relay_to(inner, certificates.worker) as port,
    ):
        headers = {"Authorization": f"Bearer {keys['caller']}"}
        url = f"ws://{ADDRESS}:{port}/v1/scenarios/calls/calls/c1/stream"
        async with connect(url, additional_headers=headers, proxy=None) as socket:
            await read(socket)
            members["removed"] = True
            assert (await closed(socket))[1] == 1013
        await settle(lambda: audited(ring, "system.socket.closed"))
        ((record, _data),) = audited(ring, "system.socket.closed")
        assert record.outcome == "node_removed"
