"""WebSockets of scenarios: a real pack in its real replica, the whole gateway over real connections."""

import asyncio
from dataclasses import replace

import httpx
import pytest
from websockets.asyncio.client import connect

from appliance.config.site import GuardrailSettings
from appliance.guardrails.chain import Chain
from appliance.serving.gateway import socket_connection
from appliance.serving.gateway.context import known
from appliance.serving.gateway.open_sockets import OpenSockets
from appliance.serving.gateway.openapi import build_openapi
from appliance.serving.gateway.socket_protocol import MOST_FRAME_BYTES
from tests.unit.serving.calls_pack import closed, read, refused, serving, tell
from tests.unit.serving.readings import audited, error_of, gauges, requests_counted
from tests.unit.serving.relays import ADDRESS


async def test_events_go_out_and_messages_come_in(follow, ring, context, settle):
    async with follow(headers={"Accept-Language": "zh-CN", "X-Request-ID": "branch-7"}) as socket:
        assert socket.response.headers["x-request-id"] == "branch-7"
        assert await read(socket) == {"event": "call", "data": {"text": "c1 default zh_CN"}}
        await tell(socket, text="你好", id=7)
        answers = [await read(socket), await read(socket)]
        assert {"event": "reply", "data": {"text": "heard 你好"}, "id": 7} in answers
        assert {"event": "turn", "data": {"text": "你好"}} in answers
        await tell(socket, text="end")
        frames, code = await closed(socket)
    assert {"event": "done", "data": {"text": "over"}} in frames
    assert {"event": "reply", "data": {"text": "heard end"}} in frames
    assert code == 1000
    await settle(lambda: audited(ring, "system.socket.closed"))
    ((record, data),) = audited(ring, "system.socket.closed")
    assert (record.request_id, record.outcome, record.target) == ("branch-7", "done", "calls")
    assert (data["messages"], data["events"], data["close_code"]) == (2, 3, 1000)
    counted = requests_counted(context)
    assert counted["calls", "/v1/scenarios/{scenario}/calls/{call_id}/stream", "101"] == 1
    assert counted["calls", "/v1/scenarios/{scenario}/calls/{call_id}/stream#message", "200"] == 2
    assert gauges(context) == {}
    await settle(lambda: context.sockets.count == 0)
    opened = [data for record, data in audited(ring, "request.opened") if "socket" in data]
    assert [one["socket"] for one in opened] == ["branch-7", "branch-7"]


async def test_a_message_that_is_wrong_is_an_error_and_the_rest_goes_on(follow):
    async with follow() as socket:
        await read(socket)
        wrong = [
            ("{", "invalid_json", None), ("[]", "invalid_body", None), ('{"id": "a"}', "missing_field", "a"),
            ('{"text": "x", "call_id": "c2", "id": "b"}', "unsupported_field", "b"),
            ('{"id": [1]}', "invalid_value", None), ('{"id": true, "text": "x"}', "invalid_value", None),
            ('{"id": "%s"}' % ("x" * 300), "invalid_value", None),
        ]  # fmt: skip
        for text, code, identity in wrong:
            await socket.send(text)
            answer = await read(socket)
            assert (answer["event"], answer["data"]["error"]["code"], answer.get("id")) == ("error", code, identity)
        await tell(socket, text="still here")
        assert {(await read(socket))["event"], (await read(socket))["event"]} == {"reply", "turn"}


@pytest.mark.parametrize(
    ("path", "role", "status", "code"),
    [
        ("calls/c1/stream", None, 401, "missing_api_key"),
        ("calls/c1/stream", "operator", 403, "permission_denied"),
        ("calls/c1/stream", "auditor", 403, "permission_denied"),
        ("supervise/c1", "caller", 403, "permission_denied"),
        ("nothing", "caller", 404, "socket_not_found"),
        ("export", "caller", 404, "socket_not_found"),
        ("calls/none/stream", "caller", 404, "call_not_found"),
        ("calls/far-too-long/stream", "caller", 400, "invalid_value"),
        ("calls/c1/stream?floods=perhaps", "caller", 400, "invalid_value"),
        ("calls/c1/stream?colour=red", "caller", 400, "unsupported_field"),
        ("calls/c1/stream?call_id=c2", "caller", 400, "invalid_value"),
    ],
)
async def test_what_may_not_be_is_refused_as_http_refuses(follow, context, path, role, status, code):
    assert await refused(follow(path, role)) == (status, code)
    assert sum(requests_counted(context).values()) == 1
    assert gauges(context) == {}
    assert context.sockets.count == 0


async def test_a_wrong_key_and_an_address_that_is_no_scenarios(follow, port, keys):
    assert await refused(follow(role=None, headers={"Authorization": "Bearer lma-wrong"})) == (401, "invalid_api_key")
    for path in ("/v1/models", "/mcp", "/", "/v1/scenarios/calls", "/v1/scenarios/other/x", "/healthz"):
        opening = connect(
            f"ws://{ADDRESS}:{port}{path}",
            additional_headers={"Authorization": f"Bearer {keys['admin']}"},
            proxy=None,
        )
        assert (await refused(opening))[0] == 404


async def test_a_key_of_other_scenarios_is_refused(follow, ring):
    from appliance.core.principal import Scopes

    _record, key = ring.create("narrow", role="caller", scopes=Scopes(scenarios=frozenset({"knowledge-qa"})))
    headers = {"Authorization": f"Bearer {key}"}
    assert await refused(follow(role=None, headers=headers)) == (403, "permission_denied")


async def test_supervisors_follow_what_is_theirs(follow):
    for role in ("admin", "editor", "auditor"):
        async with follow("supervise/c1", role) as socket:
            assert (await read(socket))["event"] == "call"
            await tell(socket, text="x", id=1)
            answer = await read(socket)
            assert (answer["data"]["error"]["code"], answer["id"]) == ("no_messages", 1)


async def test_a_browser_sends_its_key_as_a_subprotocol(follow, keys):
    offers = ["appliance.v1", f"bearer.{keys['caller']}"]
    async with follow(role=None, subprotocols=offers) as socket:
        assert socket.subprotocol == "appliance.v1"
        assert (await read(socket))["event"] == "call"
    assert await refused(follow(role=None, subprotocols=["appliance.v1", "bearer.lma-x"])) == (401, "invalid_api_key")


async def test_a_scenario_that_says_nothing_yet_is_followed_too(follow, monkeypatch):
    monkeypatch.setattr("appliance.serving.gateway.socket_routes.FIRST_EVENT_S", 0.05)
    async with follow("calls/quiet/stream") as socket:
        await tell(socket, text="hello")
        assert {(await read(socket))["event"], (await read(socket))["event"]} == {"reply", "turn"}


async def test_binary_is_told_and_ends_it(follow, calls, settle):
    async with follow() as socket:
        await read(socket)
        await socket.send(b"\x00\x01")
        frames, code = await closed(socket)
    assert [frame["data"]["error"]["code"] for frame in frames] == ["binary_message"]
    assert code == 1003
    await settle(lambda: calls.runs[0].task.done())


async def test_a_message_that_is_too_large_ends_it(follow, calls, settle):
    async with follow() as socket:
        await read(socket)
        await tell(socket, text="x" * MOST_FRAME_BYTES)
        _frames, code = await closed(socket)
    assert code == 1009
    await settle(lambda: calls.runs[0].task.done())


async def test_who_stops_reading_is_cut_off_and_others_are_not(follow, calls, context, ring, settle, monkeypatch):
    monkeypatch.setattr(socket_connection, "SEND_TIMEOUT_S", 0.3)
    monkeypatch.setattr(socket_connection, "_LAST_WORDS_S", 0.1)
    async with follow("calls/c2/stream") as other, follow("calls/c1/stream?floods=true", max_queue=1) as slow:
        slow.transport.pause_reading()
        await settle(lambda: audited(ring, "system.socket.closed"))
        ((record, _data),) = audited(ring, "system.socket.closed")
        assert record.outcome == "too_slow"
        assert calls.runs[1].cancelled
        await settle(lambda: context.sockets.count == 1)
        await read(other)
        await tell(other, text="hello")
        assert {(await read(other))["event"], (await read(other))["event"]} == {"reply", "turn"}
        slow.transport.resume_reading()
        assert (await closed(slow))[1] in (None, 1013)


async def test_a_revoked_key_ends_it(follow, ring, keys, monkeypatch, calls, settle):
    monkeypatch.setattr(socket_connection, "LOOK_AGAIN_S", 0.05)
    async with follow() as socket:
        await read(socket)
        await tell(socket, text="hello")
        ring.revoke(next(record.id for record in ring.list() if record.name == "caller key"))
        frames, code = await closed(socket)
    assert code == 1008
    assert frames[-1]["event"] == "error"
    assert frames[-1]["data"]["error"]["type"] == "authentication_error"
    await settle(lambda: calls.runs[0].task.done())


async def test_a_key_with_other_rights_connects_again(follow, ring, monkeypatch, calls, settle):
    async def promoted(connection):
        return replace(await known(connection), role="editor")

    monkeypatch.setattr(socket_connection, "LOOK_AGAIN_S", 0.05)
    async with follow() as socket:
        await read(socket)
        monkeypatch.setattr(socket_connection, "known", promoted)
        _frames, code = await closed(socket)
    assert code == 1013
    await settle(lambda: audited(ring, "system.socket.closed"))
    ((record, _data),) = audited(ring, "system.socket.closed")
    assert record.outcome == "rights_changed"
    assert calls.runs[0].cancelled


async def test_who_leaves_ends_the_work_for_them(follow, calls, ring, settle):
    async with follow() as socket:
        await read(socket)
        await tell(socket, text="slow")
        assert (await read(socket))["event"] == "turn"
    await settle(lambda: audited(ring, "system.socket.closed"))
    assert calls.runs[0].cancelled
    outcomes = [record.outcome for record, _data in audited(ring)]
    assert outcomes == ["ok", "cancelled"]


async def test_a_failure_in_the_scenario_is_told_and_ends_it(follow):
    async with follow() as socket:
        await read(socket)
        await tell(socket, text="break")
        frames, code = await closed(socket)
    assert [frame["event"] for frame in frames if frame["event"] != "reply"] == ["error"]
    assert code == 1013  # as 503: another try may go well


async def test_an_event_that_a_check_blocks_does_not_leave(follow, ring, settle):
    async with follow() as socket:
        await read(socket)
        await tell(socket, text="It costs 15 yuan.")
        assert {(await read(socket))["event"], (await read(socket))["event"]} == {"reply", "turn"}
        await tell(socket, text="It costs 16 yuan.")
        frames, code = await closed(socket)
    assert code == 1011
    assert [frame["data"]["error"]["code"] for frame in frames if frame["event"] == "error"] == ["content_filter"]
    assert all(frame["event"] != "turn" for frame in frames)
    await settle(lambda: audited(ring, "system.socket.closed"))
    ((_record, data),) = audited(ring, "system.socket.closed")
    assert [one["rule"] for one in data["verdicts"]] == ["numbers:not_given"]


async def test_so_many_and_no_more(follow, context, settle):
    context.sockets = OpenSockets(3, 2)
    async with follow("calls/c1/stream"), follow("calls/c2/stream"):
        assert await refused(follow("calls/c3/stream")) == (429, "too_many_sockets")
        async with follow("supervise/c3", "admin"):
            assert await refused(follow("supervise/c4", "editor")) == (503, "gateway_unavailable")
    await settle(lambda: context.sockets.count == 0)
    async with follow("calls/c3/stream") as socket:
        assert (await read(socket))["event"] == "call"


async def test_messages_take_the_gateways_places(context, calls, keys, settle):
    async with serving(context, max_ongoing_requests=1) as port:
        headers = {"Authorization": f"Bearer {keys['caller']}"}
        base = f"{ADDRESS}:{port}/v1/scenarios/calls"
        async with connect(f"ws://{base}/calls/c1/stream", additional_headers=headers, proxy=None) as socket:
            await read(socket)
            async with httpx.AsyncClient(headers=headers) as client:  # an open socket takes none
                assert (await client.post(f"http://{base}/swear", json={"text": "x"})).status_code == 200
                await tell(socket, text="slow")
                assert (await read(socket))["event"] == "turn"
                waiting = asyncio.ensure_future(client.post(f"http://{base}/swear", json={"text": "x"}))
                done, _rest = await asyncio.wait([waiting], timeout=0.2)
                assert not done
                await socket.close()
                assert (await waiting).status_code == 200


async def test_a_gateway_that_stops_says_so(context, calls, keys):
    async with serving(context) as port:
        headers = {"Authorization": f"Bearer {keys['caller']}"}
        url = f"ws://{ADDRESS}:{port}/v1/scenarios/calls/calls/c1/stream"
        socket = await connect(url, additional_headers=headers, proxy=None)
        await read(socket)
    assert (await closed(socket))[1] == 1012
    assert calls.runs[0].task.done() or calls.runs[0].cancelled


async def test_a_policy_that_holds_answers_allows_no_sockets(follow, context):
    context.chain = Chain(GuardrailSettings(review=("scenario:calls",)), None)
    assert await refused(follow()) == (409, "held_for_review")


async def test_a_plain_request_to_a_socket_finds_no_action(port, keys):
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {keys['caller']}"}) as client:
        response = await client.get(f"http://{ADDRESS}:{port}/v1/scenarios/calls/calls/c1/stream")
    error_of(response, 404, "action_not_found")


def test_the_document_tells_sockets_and_files(app, context, calls):
    paths = build_openapi(app, context.directory)["paths"]
    watch = paths["/v1/scenarios/calls/calls/{call_id}/stream"]["get"]
    assert "101" in watch["responses"]
    assert [one["name"] for one in watch["parameters"]] == ["call_id", "floods"]
    assert "calls.turn.request" in watch["description"]
    assert "scenario.supervise" in paths["/v1/scenarios/calls/supervise/{call_id}"]["get"]["description"]
    export = paths["/v1/scenarios/calls/export"]["get"]["responses"]["200"]["content"]
    assert export == {"*/*": {"schema": {"type": "string", "format": "binary"}}}
